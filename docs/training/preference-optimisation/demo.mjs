/** The stage of preference-optimisation.mjs: the reader chooses a loss and its pairs, and sees where the policy goes. */

import * as ui from "../../assets/demos/ui.mjs";
import { drawPolicy } from "./draw.mjs";
import * as preference from "./preference-optimisation.mjs";

const STEPS = 400;

/** @type {[preference.Name, string][]} */
const LOSSES = [
  ["dpo", "DPO"],
  ["ipo", "IPO"],
  ["kto", "KTO, common point 0"],
  ["orpo", "ORPO, β as its weight"],
  ["simpo", "SimPO"],
];

/** @type {[preference.Pairs, string][]} */
const PAIRS = [
  ["all", "all pairs, as often as they win"],
  ["four", "A over B, three times in four"],
  ["one", "A over B alone"],
];

/** @typedef {{name: string, loss?: preference.Name, pairs?: preference.Pairs, weight?: number, alike?: number, see: string}} Preset */

/** @type {Preset[]} */
const PRESETS = [
  {
    name: "The example",
    see: "All pairs, each as often as it wins: the policy comes to rest at the best one, 0.48, 0.40 and 0.12. Move β.",
  },
  {
    name: "One pair",
    pairs: "one",
    see: "A over B, and never the reverse: the loss has no minimum, and the curves part without end. Choose IPO, and they stop.",
  },
  {
    name: "Displaced",
    pairs: "one",
    alike: 0.9,
    see: "A and B share most of their features: what lowers B lowers A as well. A was chosen and falls from 0.20 to 0.01; C has nearly all.",
  },
  {
    name: "Likelihood term",
    pairs: "one",
    alike: 0.9,
    weight: 1,
    see: "The same pair with the likelihood of the chosen answer in the loss: A rises. The margin grows less.",
  },
  {
    name: "IPO",
    loss: "ipo",
    pairs: "one",
    see: "IPO asks for h = 1/(2β) = 0.5, and stops there, though B never wins. Lower β: it asks for more.",
  },
];

class Stage {
  /** @type {number[][]} the policy before each step and after the last */
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
      height: 270,
      label:
        "Bars of the probabilities of the three answers, with a line at the reference; below, the log-ratio of each answer against the step",
      draw: (g, size, colours) => {
        const setting = this.setting();
        const best = this.known(setting) ? preference.best(setting.beta) : undefined;
        drawPolicy(g, size, colours, { way: this.way, best });
      },
    });
    this.controls = this.settingsOn(controls);
    ui.button(buttons, "Reset", () => this.load(PRESETS[0]));
    this.load(PRESETS[0]);
  }

  /** @param {preference.Setting} setting @returns {boolean} whether theory says where the policy ends */
  known({ loss, pairs, weight, alike }) {
    return loss === "dpo" && pairs === "all" && !weight && !alike;
  }

  /** @param {HTMLElement} parent */
  settingsOn(parent) {
    const onInput = () => this.show();
    const two = (/** @type {number} */ value) => value.toFixed(2);
    const slider = (
      /** @type {string} */ label,
      /** @type {number[]} */ [min, max, step, value],
      format = two,
    ) => ui.slider(parent, { label, min, max, step, value, format, onInput });
    return {
      loss: ui.select(parent, { label: "Loss", options: LOSSES, value: "dpo", onInput }),
      pairs: ui.select(parent, { label: "Pairs", options: PAIRS, value: "all", onInput }),
      beta: slider("Strength, β", [0.25, 2, 0.05, 1]),
      weight: slider("Weight of the likelihood", [0, 2, 0.05, 0]),
      alike: slider("What A and B share", [0, 0.95, 0.05, 0]),
      steps: slider("Steps", [0, STEPS, 5, STEPS], String),
    };
  }

  /** @param {Preset} preset */
  load({ see, loss = "dpo", pairs = "all", weight = 0, alike = 0 }) {
    const { controls } = this;
    controls.loss.set(loss);
    controls.pairs.set(pairs);
    controls.beta.set(1);
    controls.weight.set(weight);
    controls.alike.set(alike);
    controls.steps.set(STEPS);
    this.see.textContent = see;
    this.show();
  }

  /** @returns {preference.Setting} */
  setting() {
    const set = this.controls;
    return {
      loss: /** @type {preference.Name} */ (set.loss.value()),
      pairs: /** @type {preference.Pairs} */ (set.pairs.value()),
      beta: set.beta.value(),
      weight: set.weight.value(),
      alike: set.alike.value(),
      steps: set.steps.value(),
    };
  }

  show() {
    const setting = this.setting();
    this.way = preference.train(setting);
    const p = this.way[setting.steps];
    const u = p.map((one, y) => Math.log(one / preference.REFERENCE[y]));
    const h = u[0] - u[1];
    this.picture.redraw();
    const move = u[0] > 5e-3 ? "risen" : u[0] < -5e-3 ? "fallen" : "stayed";
    this.status(
      `After ${setting.steps} steps A has ${move}: log-ratio ${ui.fixed(u[0], 2)}. For A over B h is ${ui.fixed(h, 2)}, the margin ${ui.fixed(setting.beta * h, 2)}.`,
    );
    const cells = (/** @type {number[]} */ row) => row.map((value) => ui.fixed(value, 3));
    const rows = [
      ["Reference", ...cells(preference.REFERENCE)],
      ["Policy", ...cells(p)],
      ["Log-ratio u", ...cells(u)],
      [
        "Best, by theory",
        ...(this.known(setting) ? cells(preference.best(setting.beta)) : ["–", "–", "–"]),
      ],
    ];
    ui.table(this.output, "Three answers", ["Quantity", ...preference.ANSWERS], rows, true);
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
