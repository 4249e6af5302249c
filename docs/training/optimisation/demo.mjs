/** The stage of optimisation.mjs: the reader chooses rule, rate, momentum, curvature and noise, and follows the way. */

import * as ui from "../../assets/demos/ui.mjs";
import { drawWay } from "./draw.mjs";
import * as optimisation from "./optimisation.mjs";

const SEED = 1;
const STEPS = 20;
const LONGEST = 100;

/** @type {Record<optimisation.Rule, string>} */
const RULES = {
  plain: "gradient descent",
  momentum: "momentum",
  nesterov: "Nesterov’s momentum",
  adam: "Adam",
};

/** @typedef {{name: string, see: string} & Partial<optimisation.Run>} Preset */

/** @type {Preset[]} */
const PRESETS = [
  {
    name: "The example",
    see: "The steep weight jumps from side to side, the flat one waits: each step leaves 0.80 of either. No other rate does better.",
  },
  {
    name: "Momentum",
    rule: "momentum",
    rate: 0.25,
    beta: 0.25,
    see: "A quarter of each step is kept. In the long run a step leaves 0.50 of the error: the loss falls much faster.",
  },
  {
    name: "Too fast",
    rate: 0.23,
    see: "Above 2/9 = 0.222 the steep weight grows with every step, though the flat one still shrinks. Set the rate to 0.22.",
  },
  {
    name: "Adam",
    rule: "adam",
    rate: 0.5,
    beta: 0.9,
    see: "Both weights move by 0.5 at first, whatever their gradients. The short one is soon past its best place, and swings.",
  },
  {
    name: "Noise",
    rate: 0.1,
    noise: 5,
    steps: 60,
    see: "Gradients of small batches: the loss falls and then stays near a level. Let the rate fall to 0, or set the noise to 1.",
  },
];

class Stage {
  /** @param {HTMLElement} root */
  constructor(root) {
    const { stage, controls, buttons, status, output } = ui.frame(root);
    ui.beside(root, stage);
    this.status = status;
    this.output = output;
    this.see = ui.presetsFirst(root, PRESETS, (preset) => this.load(preset));
    this.picture = ui.canvas(stage, {
      width: 430,
      height: 290,
      label:
        "Above, the way of the two weights from the start towards their best place, over ellipses of equal loss; below, the loss after each step",
      draw: (g, size, colours) => drawWay(g, size, colours, this.now()),
    });
    this.controls = this.settingsOn(controls);
    ui.button(buttons, "One step", () => this.walk(1));
    ui.button(buttons, "Reset", () => this.load(PRESETS[0]));
    this.load(PRESETS[0]);
  }

  /** @param {HTMLElement} parent */
  settingsOn(parent) {
    const onInput = () => this.show();
    const two = (/** @type {number} */ value) => value.toFixed(2);
    const slider = (
      /** @type {string} */ label,
      /** @type {number[]} */ [min, max, step, value],
      /** @type {(value: number) => string} */ format = String,
    ) => ui.slider(parent, { label, min, max, step, value, format, onInput });
    return {
      rule: ui.select(parent, {
        label: "Rule",
        options: Object.entries(RULES),
        value: "plain",
        onInput,
      }),
      rate: slider("Learning rate", [0.01, 1, 0.01, 0.2], two),
      beta: slider("Momentum, β", [0, 0.99, 0.01, 0.9], two),
      steps: slider("Steps", [0, LONGEST, 1, STEPS]),
      steep: slider("Steep curvature", [1, 50, 1, 9]),
      noise: slider("Noise of a gradient", [0, 10, 0.5, 0]),
      falls: ui.toggle(parent, { label: "The rate falls to 0", value: false, onInput }),
      seed: ui.number(parent, { label: "Seed", value: SEED, onInput }),
    };
  }

  /** @param {Preset} preset */
  load({ see, rule = "plain", rate = 0.2, beta = 0.9, noise = 0, steps = STEPS }) {
    const { controls } = this;
    controls.rule.set(rule);
    controls.rate.set(rate);
    controls.beta.set(beta);
    controls.steps.set(steps);
    controls.steep.set(9);
    controls.noise.set(noise);
    controls.falls.set(false);
    controls.seed.set(SEED);
    this.see.textContent = see;
    this.show();
  }

  /** @param {number} more */
  walk(more) {
    const { steps } = this.controls;
    steps.set(steps.value() >= LONGEST ? 0 : steps.value() + more);
    this.show();
  }

  /** @returns {optimisation.Run} */
  run() {
    const set = this.controls;
    if (!set)
      return {
        rule: "plain",
        rate: 0.2,
        beta: 0,
        steep: 9,
        noise: 0,
        falls: false,
        seed: SEED,
        steps: STEPS,
      };
    const rule = /** @type {optimisation.Rule} */ (set.rule.value());
    return {
      rule,
      rate: set.rate.value(),
      beta: set.beta.value(),
      steep: set.steep.value(),
      noise: set.noise.value(),
      falls: set.falls.value(),
      seed: set.seed.value(),
      steps: set.steps.value(),
    };
  }

  now() {
    const run = this.run();
    return { way: optimisation.path(run), steep: run.steep };
  }

  show() {
    const run = this.run();
    this.controls.beta.input.disabled = run.rule === "plain";
    this.picture.redraw();
    this.status(`${this.told(run)} ${this.why(run)}`.trim());
    this.rows(run);
  }

  /** @param {optimisation.Run} run @returns {string} where it is */
  told(run) {
    const [a, b, loss] = optimisation.outcome(run);
    const steps = `${run.steps} step${run.steps === 1 ? "" : "s"}`;
    return `After ${steps}: w₁ = ${small(a)}, w₂ = ${small(b)}, loss ${small(loss)}.`;
  }

  /** @param {optimisation.Run} run @returns {string} what is known of the long run */
  why(run) {
    const [, , , ...left] = optimisation.outcome(run);
    if (run.noise) {
      const late = optimisation.path(run).slice(-10);
      const mean = late.reduce((sum, w) => sum + optimisation.loss(w, run.steep), 0) / late.length;
      return `Mean loss of the last ${late.length}: ${small(mean)}.`;
    }
    if (run.falls || !left.length) return "";
    const [flat, steep] = left.map((one) => ui.fixed(one, 2));
    const verdict =
      Math.max(...left) > 1 ? " It grows without end." : ` In the long run the slower one counts.`;
    return `A step leaves ${flat} of the flat weight and ${steep} of the steep one.${verdict}`;
  }

  /** @param {optimisation.Run} run */
  rows(run) {
    const way = optimisation.path(run);
    const last = way.length - 1;
    const shown = [...new Set([0, 1, 2, 3, 4, last])].filter((t) => t <= last);
    const rows = shown.map((t) => [
      t,
      small(way[t][0]),
      small(way[t][1]),
      small(optimisation.loss(way[t], run.steep)),
    ]);
    ui.table(this.output, "Weights and loss", ["Step", "w₁", "w₂", "Loss"], rows, true);
  }
}

/** @param {number} value */
function small(value) {
  const size = Math.abs(value);
  if (size >= 1e6) return value < 0 ? "below −1,000,000" : "over 1,000,000";
  if (size >= 100) return Math.round(value).toLocaleString("en").replace("-", "−");
  if (size < 0.001) return size < 1e-12 ? "0" : value.toExponential(1).replaceAll("-", "−");
  return ui.fixed(value, size < 1 ? 4 : 3);
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
