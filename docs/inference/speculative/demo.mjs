/** The stage of speculative.mjs: the reader chooses draft, rule and number of drafts, and runs calls. */

import { random } from "../../assets/demos/rng.mjs";
import * as ui from "../../assets/demos/ui.mjs";
import { drawCall } from "./draw.mjs";
import * as speculative from "./speculative.mjs";

const SEED = 1;
const MANY = 100; // calls at once

/** @type {Record<string, {text: string, q: number[]}>} */
const DRAFTS = {
  example: { text: "the draft of the example", q: speculative.Q },
  itself: { text: "the target itself", q: speculative.P },
  even: { text: "all eight words alike", q: speculative.P.map(() => 1 / 8) },
  milk: { text: "always milk", q: speculative.P.map((_, n) => Number(n === 1)) },
};

/** @type {[speculative.RuleName, string][]} */
const RULES = [
  ["right", "the right one"],
  ["rest from p", "redraw from p"],
  ["only q ≤ p", "accept only q ≤ p"],
  ["no check", "accept every draft"],
];

/** @typedef {{name: string, draft?: string, rule?: speculative.RuleName, k?: number, c?: number, see: string}} Preset */

/** @type {Preset[]} */
const PRESETS = [
  {
    name: "The example",
    see: "Blue is kept of the draft, 0.80 in all; what redraws add fills each word up to the target’s line. Press “One call” a few times.",
  },
  {
    name: "Accept all",
    rule: "no check",
    see: "Five words a call, and four of them are the draft’s: there milk has 0.40, twice what the target gives it.",
  },
  {
    name: "Redraw from p",
    rule: "rest from p",
    see: "A common slip: what is missing is not filled. Milk comes out too often, with 0.24, and tea too rarely, with 0.38.",
  },
  {
    name: "Dear draft",
    c: 0.5,
    see: "A draft that takes half as long as a call: four of them gain 1.12 times. Lower the drafts to 1: 1.20 times.",
  },
  {
    name: "Always milk",
    draft: "milk",
    k: 8,
    see: "A guess without a model is kept one time in five, and each word still comes out right. Eight guesses cost more than they give; with c = 0 even they pay.",
  },
];

const digits = (/** @type {number} */ value) => ui.fixed(value, 2);

class Stage {
  /** @type {speculative.Call | undefined} */
  call = undefined;
  calls = 0;
  words = 0;
  counts = speculative.P.map(() => 0);

  /** @param {HTMLElement} root */
  constructor(root) {
    const { stage, controls, buttons, status, output, see } = ui.staged(root, PRESETS, (preset) =>
      this.load(preset),
    );
    this.status = status;
    this.see = see;
    this.output = output;
    this.random = random(SEED);
    this.picture = ui.canvas(stage, {
      width: 430,
      height: 260,
      label:
        "Bars: of each word what is kept of the draft and what redraws add, with a line at the target's probability; below, the words of the last call",
      draw: (g, size, colours) =>
        drawCall(g, size, colours, {
          words: speculative.WORDS,
          p: speculative.P,
          q: this.q(),
          ...this.place(),
          call: this.call,
        }),
    });
    this.controls = this.settingsOn(controls);
    ui.button(buttons, "One call", () => this.run(1));
    ui.button(buttons, `${MANY} calls`, () => this.run(MANY));
    ui.button(buttons, "Reset", () => this.load(PRESETS[0]));
    this.load(PRESETS[0]);
  }

  /** @returns {number[]} */
  q() {
    return DRAFTS[this.controls?.draft.value() ?? "example"].q;
  }

  place() {
    const name = /** @type {speculative.RuleName} */ (this.controls?.rule.value() ?? "right");
    return speculative.place(name, speculative.P, this.q());
  }

  /** @param {HTMLElement} parent */
  settingsOn(parent) {
    const onInput = () => this.begin();
    return {
      draft: ui.select(parent, {
        label: "Draft",
        options: Object.entries(DRAFTS).map(([name, { text }]) => [name, text]),
        value: "example",
        onInput,
      }),
      rule: ui.select(parent, { label: "Rule", options: RULES, value: "right", onInput }),
      k: ui.slider(parent, {
        label: "Drafts a call, k",
        min: 0,
        max: 8,
        step: 1,
        value: 4,
        onInput,
      }),
      c: ui.slider(parent, {
        label: "Time of a draft, c",
        min: 0,
        max: 1,
        step: 0.05,
        value: 0.1,
        format: (value) => `${value.toFixed(2)} calls`,
        onInput: () => this.show(),
      }),
      seed: ui.number(parent, { label: "Seed", value: SEED, onInput }),
    };
  }

  /** @param {Preset} preset */
  load({ see, draft = "example", rule = "right", k = 4, c = 0.1 }) {
    const { controls } = this;
    controls.draft.set(draft);
    controls.rule.set(rule);
    controls.k.set(k);
    controls.c.set(c);
    controls.seed.set(SEED);
    this.see.textContent = see;
    this.begin();
  }

  /** Nothing is written yet. */
  begin() {
    this.random = random(this.controls.seed.value());
    this.call = undefined;
    this.calls = this.words = 0;
    this.counts = speculative.P.map(() => 0);
    this.show();
  }

  /** @param {number} many */
  run(many) {
    const { controls } = this;
    const rule = /** @type {speculative.RuleName} */ (controls.rule.value());
    for (let i = 0; i < many; i++) {
      const made = speculative.call(rule, speculative.P, this.q(), controls.k.value(), () =>
        this.random.uniform(),
      );
      for (const word of [...made.drafted.slice(0, made.accepted), made.last]) this.counts[word]++;
      this.words += made.accepted + 1;
      this.calls++;
      this.call = made;
    }
    this.show();
  }

  show() {
    this.picture.redraw();
    this.status(`${this.told()} ${this.sums()}`);
    this.rows();
  }

  /** @returns {string} what the last call did */
  told() {
    if (!this.call) return "No call yet.";
    const { drafted, accepted, last } = this.call;
    const word = speculative.WORDS[last];
    if (!drafted.length) return `The call had no draft and wrote ${word}.`;
    const kept = `${accepted === drafted.length ? "all" : `${accepted} of`} ${drafted.length}`;
    return `The call kept ${kept} drafts and added ${word}.`;
  }

  /** @returns {string} what was run, beside the formulas */
  sums() {
    const { k, c } = this.controls;
    const { kept, far } = this.place();
    const alpha = kept.reduce((a, b) => a + b, 0);
    const words = speculative.expected(alpha, k.value());
    const fast = speculative.speed(alpha, k.value(), c.value());
    const away =
      far > 1e-9
        ? `A drafted place is ${digits(far)} from the target.`
        : "Each word comes out as the target has it.";
    const run = this.calls
      ? `${this.words} word${this.words === 1 ? "" : "s"} in ${this.calls} call${this.calls === 1 ? "" : "s"}, ${digits(this.words / this.calls)} a call; by the formula`
      : "By the formula";
    return `${run} ${digits(words)} a call, ${digits(fast)} times as fast. ${away}`;
  }

  rows() {
    const { kept, added } = this.place();
    const numbers = (/** @type {number[]} */ row) => row.map((value) => value.toFixed(3));
    const shares = this.counts.map((count) => (this.words ? (count / this.words).toFixed(3) : "–"));
    ui.table(
      this.output,
      "Probabilities",
      ["Word", ...speculative.WORDS],
      [
        ["Target", ...numbers(speculative.P)],
        ["Draft", ...numbers(this.q())],
        ["Comes out", ...numbers(kept.map((value, n) => value + added[n]))],
        ["Written", ...shares],
      ],
      true,
    );
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
