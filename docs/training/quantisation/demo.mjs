/** The stage of quantisation.mjs: a row of weights, a format, who shares a scale, and one weight that grows. */

import { random } from "../../assets/demos/rng.mjs";
import * as ui from "../../assets/demos/ui.mjs";
import { drawRow } from "./draw.mjs";
import * as quantisation from "./quantisation.mjs";

const SEED = 1; // the weights of the page
const LARGE = 3; // the place of the weight that grows
const FEW = 4;

/** @type {[quantisation.FormatName, string][]} */
const NAMES = [
  ["int8", "int8"],
  ["int4", "int4"],
  ["int3", "int3"],
  ["int2", "int2"],
  ["NF4", "NF4"],
  ["MXFP4", "E2M1, as in MXFP4"],
  ["ternary", "ternary"],
];

/** @typedef {{name: string, format: quantisation.FormatName, share: number, grows?: number, see: string}} Preset */

/** @type {Preset[]} */
const PRESETS = [
  {
    name: "The example",
    format: "int4",
    share: FEW,
    see: "Four weights share a scale. The first four are those of the page: 0.56, −0.22, 0.32 and −1.4 become 0.6, −0.2, 0.4 and −1.4.",
  },
  {
    name: "One outlier",
    format: "int4",
    share: 16,
    grows: 2,
    see: "Weight 4 is −140 and shares its scale with all: the other fifteen become 0.",
  },
  {
    name: "Smaller groups",
    format: "int4",
    share: FEW,
    grows: 2,
    see: "The same outlier, and four weights to a scale: its three neighbours become 0, the other twelve are as before. A weight takes 8 bits now.",
  },
  {
    name: "NF4",
    format: "NF4",
    share: 16,
    see: "The values are denser near 0, where most weights are. Change to int4 and compare the error.",
  },
  {
    name: "Ternary",
    format: "ternary",
    share: 16,
    see: "Three values and one scale, the mean size of all weights. Of each weight a sign is left, or nothing.",
  },
];

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
      height: 250,
      label:
        "Sixteen weights: rings where they were, bars for what is used, lines at the values that each group of weights may take",
      draw: (g, size, colours) => drawRow(g, size, colours, this.now()),
    });
    this.controls = this.settingsOn(controls);
    ui.button(buttons, "New weights", () => {
      this.controls.seed.set(this.controls.seed.value() + 1);
      this.show();
    });
    ui.button(buttons, "Reset", () => this.load(PRESETS[0]));
    this.load(PRESETS[0]);
  }

  /** @param {HTMLElement} parent */
  settingsOn(parent) {
    const onInput = () => this.show();
    return {
      format: ui.select(parent, { label: "Format", options: NAMES, value: "int4", onInput }),
      share: ui.select(parent, {
        label: "Weights that share a scale",
        options: [4, 8, 16].map((many) => [String(many), String(many)]),
        value: String(FEW),
        onInput,
      }),
      grows: ui.slider(parent, {
        label: "Weight 4, times",
        min: 0,
        max: 2,
        step: 0.1,
        value: 0,
        format: (value) => (10 ** value).toFixed(value < 1 ? 1 : 0),
        onInput,
      }),
      seed: ui.number(parent, { label: "Seed", value: SEED, onInput }),
    };
  }

  /** @returns {number[]} the weights */
  row() {
    const seed = this.controls?.seed.value() ?? SEED;
    const { normal } = random(seed);
    const row = quantisation.ROW.map((value) => (seed === SEED ? value : 0.6 * normal()));
    row[LARGE] *= 10 ** (this.controls?.grows.value() ?? 0);
    return row;
  }

  now() {
    const row = this.row();
    const name = /** @type {quantisation.FormatName} */ (this.controls?.format.value() ?? "int4");
    const group = Number(this.controls?.share.value() ?? FEW);
    const { made, scales } = quantisation.quantise(row, name, group);
    const { grid } = quantisation.FORMATS[name];
    const levels = scales.map((scale) => grid.map((value) => value * scale));
    return { row, made, scales, levels, group, name };
  }

  /** @param {Preset} preset */
  load({ format, share, grows = 0, see }) {
    const { controls } = this;
    controls.format.set(format);
    controls.share.set(String(share));
    controls.grows.set(grows);
    controls.seed.set(SEED);
    this.see.textContent = see;
    this.show();
  }

  show() {
    const { row, made, scales, group, name } = this.now();
    this.picture.redraw();
    const bits = quantisation.bitsAWeight(name, group, row.length);
    const others = (/** @type {number[]} */ values) => values.filter((_, n) => n !== LARGE);
    const lost = made.filter((value, n) => value === 0 && row[n] !== 0).length;
    const percent = (/** @type {number} */ value) => `${(100 * value).toFixed(1)} %`;
    const alone = name === "ternary" ? " The scale is that of all sixteen." : "";
    this.status(
      `${ui.fixed(bits, 2)} bits a weight. Error of all weights ${percent(quantisation.error(row, made))}, of all but weight 4 ${percent(quantisation.error(others(row), others(made)))}. ${lost} of 16 became 0.${alone}`,
    );
    const first = (/** @type {number[]} */ values) => values.slice(0, 8);
    ui.table(
      this.output,
      "The first eight weights",
      ["Weight", ...first(row).map((_, n) => String(n + 1))],
      [
        ["Before", ...first(row).map((value) => ui.fixed(value, 2))],
        ["Scale", ...first(scales).map((value) => ui.fixed(value, 3))],
        ["Used", ...first(made).map((value) => ui.fixed(value, 2))],
      ],
      true,
    );
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
