/** The stage of recurrence.mjs: the reader sets the weight and the length, and lets gradient descent step. */

import { keep } from "../../assets/demos/state.mjs";
import * as ui from "../../assets/demos/ui.mjs";
import { drawErrors, drawStates } from "./draw.mjs";
import { back, clip, descend, marked, run } from "./recurrence.mjs";

const TARGET = 6;
const RATE = 0.01;
const LIMIT = 1;
const MOST = 1.5; // the largest weight that is shown

/** @type {{name: string, w: number, steps: number, clip: boolean, see: string}[]} */
const PRESETS = [
  {
    name: "The example",
    w: 0.5,
    steps: 4,
    clip: false,
    see: "States 4, 2, 1, 2.5 and errors −3.5, −1.75, −0.875, −0.4375: the gradient is −10.5. Let it step until the last state is near 6.",
  },
  {
    name: "Nothing fades",
    w: 1,
    steps: 30,
    clip: false,
    see: "With w = 1 the 4 stays for thirty steps, and the answer is exact. Move w a little to either side.",
  },
  {
    name: "Vanishing",
    w: 0.5,
    steps: 30,
    clip: false,
    see: "The error at the first step is −7.45e−9, the gradient −1.73e−6: ten steps of descent leave w where it is.",
  },
  {
    name: "Exploding",
    w: 1.1,
    steps: 30,
    clip: false,
    see: "The gradient is 99,454. Press One step: it would throw w to −993.",
  },
  {
    name: "Clipped",
    w: 1.1,
    steps: 30,
    clip: true,
    see: "The same gradient, cut to length 1. Press Ten steps: w walks back to 1.",
  },
];

/** @param {number} value @returns {string} three digits, with a true minus sign */
function shown(value) {
  const size = Math.abs(value);
  const plain = size === 0 || (size >= 0.001 && size < 1e5);
  const text = plain ? String(Number(value.toPrecision(5))) : value.toExponential(2);
  return text.replaceAll("-", "−");
}

class Stage {
  exact = PRESETS[0].w; // the slider shows it rounded

  /** @param {HTMLElement} root */
  constructor(root) {
    const { stage, controls, buttons, status, output } = ui.frame(root);
    this.status = status;
    this.output = output;
    this.see = ui.presetsFirst(root, PRESETS, (preset) => this.load(preset));
    this.pictures = [
      ui.canvas(stage, {
        width: 316,
        height: 165,
        label: "The state at each step, and the goal 6 as a dashed line",
        draw: (g, size, colours) => drawStates(g, size, colours, this.now().states.slice(1)),
      }),
      ui.canvas(stage, {
        width: 316,
        height: 165,
        label: "The size of the error at each step, on a logarithmic scale",
        draw: (g, size, colours) => drawErrors(g, size, colours, this.now().errors),
      }),
    ];
    this.settingsOn(controls);
    ui.button(buttons, "One step", () => this.descend(1));
    ui.button(buttons, "Ten steps", () => this.descend(10));
    ui.button(buttons, "Reset", () => this.load(PRESETS[0]));
    this.load(PRESETS[0]);
    keep(root, "exact", {
      // Descent leaves the places that the slider has.
      read: () => (this.exact === this.w?.value() ? "" : String(this.exact)),
      write: (text) => {
        const good = /^[01]\.\d{1,20}$/.test(text) && Number(text) <= MOST;
        if (good) {
          this.to(Number(text));
          this.show();
        }
        return good;
      },
    });
  }

  /** @param {Element} controls */
  settingsOn(controls) {
    const onInput = () => this.show();
    this.w = ui.slider(controls, {
      label: "Weight w",
      min: 0,
      max: MOST,
      step: 0.001,
      value: PRESETS[0].w,
      format: (value) => value.toFixed(3),
      onInput: (value) => {
        this.exact = value;
        this.show();
      },
    });
    this.steps = ui.slider(controls, {
      label: "Steps",
      min: 2,
      max: 40,
      step: 1,
      value: PRESETS[0].steps,
      onInput,
    });
    this.clip = ui.toggle(controls, { label: "Clip the gradient to 1", value: false, onInput });
  }

  /** @param {typeof PRESETS[number]} preset */
  load({ w, steps, clip, see }) {
    this.to(w);
    this.steps?.set(steps);
    this.clip?.set(clip);
    this.see.textContent = see;
    this.show();
  }

  now() {
    const w = this.exact;
    const x = marked(this.steps?.value() ?? PRESETS[0].steps);
    const states = run(w, x);
    return { w, x, states, ...back(w, states, TARGET) };
  }

  /** @param {number} times */
  descend(times) {
    const most = this.clip?.value() ? LIMIT : Number.POSITIVE_INFINITY;
    const steps = this.steps?.value() ?? PRESETS[0].steps;
    let w = this.now().w;
    for (let n = 0; n < times; n += 1) {
      const next = descend(w, steps, RATE, most);
      if (!(next >= 0 && next <= MOST)) {
        this.to(w);
        this.show();
        this.status(
          `The step would throw w from ${shown(w)} to ${shown(next)}: it is not taken. Clip the gradient.`,
        );
        return;
      }
      w = next;
    }
    this.to(w);
    this.show();
  }

  /** @param {number} w */
  to(w) {
    this.exact = w;
    this.w?.set(w);
  }

  show() {
    const { w, x, states, errors, gradient } = this.now();
    for (const picture of this.pictures) picture.redraw();
    const last = x.length;
    const rows = [...new Set([1, 2, last - 1, last])]
      .filter((t) => t > 0)
      .map((t) => [
        t,
        x[t - 1],
        shown(states[t]),
        shown(errors[t - 1]),
        shown(errors[t - 1] * states[t - 1]),
      ]);
    const head = ["Step", "Input", "State", "Error there", "Its share of the gradient"];
    ui.table(this.output, "First and last steps", head, rows);
    const loss = (states[last] - TARGET) ** 2 / 2;
    const cut = clip(gradient, LIMIT);
    const told = this.clip?.value() && cut !== gradient ? `, cut to ${shown(cut)}` : "";
    this.status(
      `w = ${shown(w)}: the last state is ${shown(states[last])}, the loss ${shown(loss)}, the gradient ${shown(gradient)}${told}.`,
    );
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
