/** The stage of serving.mjs: the reader chooses requests, batching, slots and the budget of a step. */

import * as ui from "../../assets/demos/ui.mjs";
import { drawRows } from "./draw.mjs";
import * as serving from "./serving.mjs";

const SEED = 1;

/** @type {[string, string][]} */
const REQUESTS = [
  ["example", "four short answers"],
  ["chats", "twelve chats"],
  ["long", "three chats, a long prompt"],
];

/** @typedef {{name: string, requests?: string, batching?: string, slots?: number, budget?: string, see: string}} Preset */

/** @type {Preset[]} */
const PRESETS = [
  {
    name: "The example",
    batching: "static",
    slots: 2,
    see: "Two slots, answers of 2, 8, 2 and 2 tokens: the slot of request 1 stays empty until request 2 is done. Ten steps of 8 ms.",
  },
  {
    name: "Continuous",
    slots: 2,
    see: "A request begins as soon as a slot is free: eight steps in place of ten, and half the wait for the first token.",
  },
  {
    name: "Twelve chats",
    requests: "chats",
    see: "Prompts are read in steps that others write in: such steps take longer. Choose static batching, then move the slots.",
  },
  {
    name: "A long prompt",
    requests: "long",
    budget: "0",
    see: "Request 3 brings 16,000 tokens. They are read in one step, and requests 1 and 2 stand still for more than 0.8 seconds.",
  },
  {
    name: "In chunks",
    requests: "long",
    see: "At most 512 tokens a step: no pause is longer than 27 ms. Request 3 waits a little longer for its first token. Try 128.",
  },
];

class Stage {
  /** @type {serving.Served[]} */
  served = [];

  /** @param {HTMLElement} root */
  constructor(root) {
    const { stage, controls, buttons, status, output, see } = ui.staged(root, PRESETS, (preset) =>
      this.load(preset),
    );
    this.status = status;
    this.see = see;
    this.output = output;
    this.picture = ui.canvas(stage, {
      width: 430,
      height: 280,
      label:
        "A row for each request over time: a thin bar while it waits, a low one while its prompt is read, a tall one for each token that it writes",
      draw: (g, size, colours) => drawRows(g, size, colours, { served: this.served }),
    });
    this.controls = this.settingsOn(controls);
    ui.button(buttons, "Reset", () => this.load(PRESETS[0]));
    this.load(PRESETS[0]);
  }

  /** @param {HTMLElement} parent */
  settingsOn(parent) {
    const onInput = () => this.show();
    const select = (
      /** @type {string} */ label,
      /** @type {[string, string][]} */ options,
      /** @type {string} */ value,
    ) => ui.select(parent, { label, options, value, onInput });
    return {
      requests: select("Requests", REQUESTS, "example"),
      batching: select(
        "Batching",
        [
          ["static", "static"],
          ["continuous", "continuous"],
        ],
        "static",
      ),
      slots: ui.slider(parent, { label: "Slots", min: 1, max: 12, step: 1, value: 2, onInput }),
      budget: select(
        "Tokens a step",
        [
          ["0", "prompts whole, in own steps"],
          ["128", "at most 128"],
          ["512", "at most 512"],
          ["2048", "at most 2,048"],
        ],
        "512",
      ),
      seed: ui.number(parent, { label: "Seed", value: SEED, onInput }),
    };
  }

  /** @param {Preset} preset */
  load({ see, requests = "example", batching = "continuous", slots = 4, budget = "512" }) {
    const { controls } = this;
    controls.requests.set(requests);
    controls.batching.set(batching);
    controls.slots.set(slots);
    controls.budget.set(budget);
    controls.seed.set(SEED);
    this.see.textContent = see;
    this.show();
  }

  serve() {
    const set = this.controls;
    return serving.serve(serving.requests(set.requests.value(), set.seed.value()), {
      slots: set.slots.value(),
      batching: set.batching.value(),
      budget: +set.budget.value(),
    });
  }

  show() {
    const served = this.serve();
    this.served = served;
    this.controls.seed.input.disabled = this.controls.requests.value() !== "chats";
    this.picture.redraw();
    const [end, first, pause, speed] = serving.told(served);
    this.status(
      `All done after ${whole(end)} ms, ${whole(speed)} tokens a second. First token after ${whole(first)} ms in the mean; longest pause between two tokens ${ui.fixed(pause, 1)} ms.`,
    );
    const rows = served.map(({ arrival, prompt, answer, times }, i) => [
      i + 1,
      prompt.toLocaleString("en"),
      answer,
      whole(times[0] - arrival),
      ui.fixed((times[answer - 1] - times[0]) / (answer - 1), 1),
    ]);
    const head = ["Request", "Prompt", "Answer", "TTFT", "TPOT"];
    ui.table(this.output, "Requests: tokens, and times in ms", head, rows, true);
  }
}

/** @param {number} value */
const whole = (value) => Math.round(value).toLocaleString("en");

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
