/** The stage of scaling-laws.mjs: a law, a model and its text, and tokens to be served. */

import * as ui from "../../assets/demos/ui.mjs";
import { drawBudgets } from "./draw.mjs";
import * as scaling from "./scaling-laws.mjs";

const NONE = -1; // of the slider of tokens to be served
const FINE = 8; // steps of a doubling

/** @typedef {{name: string, law: string, n: number, d: number, served?: number, see: string}} Preset doublings of the unit */

/** @type {Preset[]} */
const PRESETS = [
  {
    name: "The example",
    law: "example",
    n: 2,
    d: 6,
    see: "Four million parameters, 64 million tokens: the lowest point of its budget, the filled dot. Move one slider: the budget moves too.",
  },
  {
    name: "Too large",
    law: "example",
    n: 4,
    d: 4,
    see: "The same budget, a model four times as large, a quarter of the text: loss 2.25. The best split reaches it with 41 % of the budget.",
  },
  {
    name: "Much used",
    law: "example",
    n: 2,
    d: 6,
    served: 8.75,
    see: "About 430 million tokens will be served. The green ring: a smaller model, trained on more text, has the same loss for 22 % less work in all.",
  },
  {
    name: "GPT-3",
    law: "2024",
    n: 7.5,
    d: 8.25,
    see: "About 175 billion parameters and 300 billion tokens: by the law of 2024 the best split would have reached its loss with 60 % of its budget.",
  },
  {
    name: "Chinchilla",
    law: "2024",
    n: 6.125,
    d: 10.5,
    see: "About 70 billion parameters and 1.4 trillion tokens: near the lowest point, 21 tokens a parameter.",
  },
];

/** @param {number} value a few digits */
const few = (value) =>
  value >= 1000
    ? Math.round(value).toLocaleString("en")
    : value.toPrecision(3).replace(/\.?0+$/, "");

const percent = (/** @type {number} */ share) =>
  share < 0.01 && share > 0 ? "less than 1 %" : `${Math.round(100 * share)} %`;

class Stage {
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
        "Three curves of the loss against the size of the model, one for each budget, with dots at their lowest points, a ring at the chosen model, and one at the model of the least work",
      draw: (g, size, colours) => drawBudgets(g, size, colours, this.now()),
    });
    this.controls = this.settingsOn(controls);
    ui.button(buttons, "Reset", () => this.load(PRESETS[0]));
    this.load(PRESETS[0]);
  }

  /** @param {HTMLElement} parent */
  settingsOn(parent) {
    const onInput = () => this.show();
    const amount = (/** @type {number} */ value) => this.amount(2 ** value);
    const slider = (/** @type {string} */ label, /** @type {number[]} */ [min, max, value]) =>
      ui.slider(parent, { label, min, max, step: 1 / FINE, value, format: amount, onInput });
    return {
      law: ui.select(parent, {
        label: "Law",
        options: [
          ["example", "the example, millions"],
          ["2024", "fitted in 2024, billions"],
          ["2022", "printed in 2022, billions"],
        ],
        value: "example",
        onInput: () => this.renamed(),
      }),
      n: slider("Parameters, N", [-5, 12, 2]),
      d: slider("Tokens, D", [0, 16, 6]),
      served: ui.slider(parent, {
        label: "Tokens to be served",
        min: NONE,
        max: 16,
        step: 1 / FINE,
        value: NONE,
        format: (value) => (value === NONE ? "none" : amount(value)),
        onInput,
      }),
    };
  }

  /** @param {number} value in units of the law @returns {string} */
  amount(value) {
    const millions = (this.controls?.law.value() ?? "example") === "example";
    if (value >= 1000) return `${few(value / 1000)} ${millions ? "billion" : "trillion"}`;
    if (value < 1) return `${few(value * 1000)} ${millions ? "thousand" : "million"}`;
    return `${few(value)} ${millions ? "million" : "billion"}`;
  }

  /** The sliders say their amounts in the units of another law. */
  renamed() {
    const { n, d, served } = this.controls;
    for (const one of [n, d, served]) one.set(one.value());
    this.show();
  }

  /** @param {Preset} preset */
  load({ law, n, d, served = NONE, see }) {
    const { controls } = this;
    controls.law.set(law);
    controls.n.set(n);
    controls.d.set(d);
    controls.served.set(served);
    this.see.textContent = see;
    this.show();
  }

  settings() {
    const name = this.controls?.law.value() ?? "example";
    const unit = name === "example" ? 1 : 1e9; // the example counts in millions, the others one by one
    const [n, d, served] = [
      this.controls?.n.value() ?? PRESETS[0].n,
      this.controls?.d.value() ?? PRESETS[0].d,
      this.controls?.served.value() ?? NONE,
    ];
    const later = served === NONE ? 0 : unit * 2 ** served;
    return { name, unit, law: scaling.LAWS[name], n: unit * 2 ** n, d: unit * 2 ** d, later };
  }

  now() {
    const { law, unit, n, d, later } = this.settings();
    const wanted = scaling.loss(law, n, d);
    const used = later ? scaling.lifetime(law, wanted, later) : undefined;
    return {
      law,
      here: { n, d },
      used,
      name: (/** @type {number} */ size) => this.amount(size / unit),
    };
  }

  show() {
    const { name, unit, n, d, later } = this.settings();
    this.picture.redraw();
    const [found, bestN, bestLoss, share, usedN, usedD, saved] = scaling.outcome(name, n, d, later);
    const size = (/** @type {number} */ value) => this.amount(value / unit);
    const served = later
      ? ` Served ${size(later)}: N = ${size(usedN)}, D = ${size(usedD)}, ${percent(saved)} less work.`
      : "";
    this.status(
      `Loss ${ui.fixed(found, 3)}, D / N = ${few(d / n)}. Best of this budget: ${ui.fixed(bestLoss, 3)}; this loss needs ${percent(share)} of it.${served}`,
    );
    const best = scaling.optimum(scaling.LAWS[name], 6 * n * d);
    const rows = [
      ["Chosen", size(n), size(d), ui.fixed(found, 3)],
      ["Best", size(bestN), size(best.d), ui.fixed(bestLoss, 3)],
      [
        "Least work",
        later ? size(usedN) : "–",
        later ? size(usedD) : "–",
        later ? ui.fixed(found, 3) : "–",
      ],
    ];
    ui.table(this.output, "Splits", ["Model", "N", "D", "Loss"], rows, true);
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
