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
  /** @type {number[][]} the weights before the first step and after each */
  way = [];

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
      height: 290,
      label:
        "Above, the way of the two weights from the start towards their best place, over ellipses of equal loss; below, the loss after each step",
      draw: (g, size, colours) => {
        const steep = this.controls.steep.value();
        drawWay(g, size, colours, { way: this.way, steep });
      },
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
    return {
      rule: /** @type {optimisation.Rule} */ (set.rule.value()),
      rate: set.rate.value(),
      beta: set.beta.value(),
      steep: set.steep.value(),
      noise: set.noise.value(),
      falls: set.falls.value(),
      seed: set.seed.value(),
      steps: set.steps.value(),
    };
  }

  show() {
    const run = this.run();
    this.way = optimisation.path(run);
    const losses = this.way.map((w) => optimisation.loss(w, run.steep));
    this.controls.beta.input.disabled = run.rule === "plain";
    this.picture.redraw();
    this.status(`${this.told(losses)} ${this.why(run, losses)}`.trim());
    this.rows(losses);
  }

  /** @param {number[]} losses @returns {string} where it is */
  told(losses) {
    const last = losses.length - 1;
    const [a, b] = this.way[last];
    const steps = `${last} step${last === 1 ? "" : "s"}`;
    return `After ${steps}: w₁ = ${small(a)}, w₂ = ${small(b)}, loss ${small(losses[last])}.`;
  }

  /** @param {optimisation.Run} run @param {number[]} losses @returns {string} what is known of the long run */
  why(run, losses) {
    if (run.noise) {
      const late = losses.slice(-10);
      const mean = late.reduce((sum, one) => sum + one, 0) / late.length;
      return `Mean loss of the last ${late.length}: ${small(mean)}.`;
    }
    const left = optimisation.factors(run);
    if (run.falls || !left.length) return "";
    const [flat, steep] = left.map((one) => ui.fixed(one, 2));
    const verdict =
      Math.max(...left) > 1 ? "It grows without end." : "In the long run the slower one counts.";
    return `A step leaves ${flat} of the flat weight and ${steep} of the steep one. ${verdict}`;
  }

  /** @param {number[]} losses */
  rows(losses) {
    const last = losses.length - 1;
    const shown = [...new Set([0, 1, 2, 3, 4, last])].filter((t) => t <= last);
    const rows = shown.map((t) => [t, ...this.way[t].map(small), small(losses[t])]);
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
