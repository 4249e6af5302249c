/** The stage of structured-output.mjs: the reader sets the menu, the model and the way, and draws answers. */

import { random } from "../../assets/demos/rng.mjs";
import * as ui from "../../assets/demos/ui.mjs";
import { drawWords } from "./draw.mjs";
import * as output from "./structured-output.mjs";

const SEED = 1;
const MANY = 100;
const SIXTEENTHS = 14; // of "ffee" after "co", in the example

/** @type {[output.Way, string][]} */
const WAYS = [
  ["free", "no mask"],
  ["mask", "a mask at each token"],
  ["draws", "n masked draws, one by weight"],
  ["ahead", "look ahead"],
];

/** @typedef {{name: string, way?: output.Way, n?: number, coffee?: boolean, see: string}} Preset */

/** @type {Preset[]} */
const PRESETS = [
  {
    name: "The example",
    see: "All that the model meant for coffee becomes coke: 0.57, where 0.14 is right. Move the slider of “ffee” down.",
  },
  {
    name: "Two draws",
    way: "draws",
    n: 2,
    see: "Coke has kept only 7/64 of its probability, tea and milk 7/8. Of two draws the heavier one mostly wins: coke falls to 0.38.",
  },
  {
    name: "Sixteen draws",
    way: "draws",
    n: 16,
    see: "The bars stand nearly at the lines. The price: sixteen answers are written for one.",
  },
  {
    name: "Look ahead",
    way: "ahead",
    see: "Each token is weighed by the chance that a valid word follows, 1/8 for “co”: right at once, if one knows that chance.",
  },
  {
    name: "Coffee, too",
    coffee: true,
    see: "With coffee on the menu only wine is cut. What is cut no longer depends on the word, and the mask is right.",
  },
];

class Stage {
  /** @type {number | undefined} */
  last = undefined;
  answers = 0;
  counts = output.WORDS.map(() => 0);

  /** @param {HTMLElement} root */
  constructor(root) {
    const {
      stage,
      controls,
      buttons,
      status,
      output: below,
      see,
    } = ui.staged(root, PRESETS, (preset) => this.load(preset));
    this.status = status;
    this.see = see;
    this.below = below;
    this.random = random(SEED);
    this.picture = ui.canvas(stage, {
      width: 430,
      height: 248,
      label:
        "A bar for each word: how often it comes out; a line at the model's probability of it, given that the word is valid",
      draw: (g, size, colours) => {
        const setting = this.setting();
        const [out, right] = [output.law(setting), output.exact(setting)];
        drawWords(g, size, colours, { out, right, menu: setting.menu, last: this.last });
      },
    });
    this.controls = this.settingsOn(controls);
    ui.button(buttons, "One answer", () => this.run(1));
    ui.button(buttons, `${MANY} answers`, () => this.run(MANY));
    ui.button(buttons, "Reset", () => this.load(PRESETS[0]));
    this.load(PRESETS[0]);
  }

  /** @param {HTMLElement} parent */
  settingsOn(parent) {
    const onInput = () => this.begin();
    return {
      way: ui.select(parent, { label: "Way", options: WAYS, value: "mask", onInput }),
      n: ui.slider(parent, { label: "Draws, n", min: 1, max: 16, step: 1, value: 2, onInput }),
      coffee: ui.slider(parent, {
        label: "“ffee” after “co”",
        min: 1,
        max: 15,
        step: 1,
        value: SIXTEENTHS,
        format: (value) => (value / 16).toFixed(3),
        onInput,
      }),
      seed: ui.number(parent, { label: "Seed", value: SEED, onInput }),
      menu: output.WORDS.map((word) =>
        ui.toggle(parent, { label: `Menu: ${word}`, value: true, onInput: () => this.ordered() }),
      ),
    };
  }

  /** A menu without a word has no valid answer: tea stays. */
  ordered() {
    const { menu } = this.controls;
    if (!menu.some((one) => one.value())) menu[0].set(true);
    this.begin();
  }

  /** @param {Preset} preset */
  load({ see, way = "mask", n = 2, coffee = false }) {
    const { controls } = this;
    controls.way.set(way);
    controls.n.set(n);
    controls.coffee.set(SIXTEENTHS);
    controls.seed.set(SEED);
    for (const [word, one] of controls.menu.entries()) one.set(word < 3 || (word === 3 && coffee));
    this.see.textContent = see;
    this.begin();
  }

  /** @returns {output.Setting} */
  setting() {
    const set = this.controls;
    return {
      way: /** @type {output.Way} */ (set.way.value()),
      n: set.n.value(),
      coffee: set.coffee.value() / 16,
      menu: set.menu.map((one) => one.value()),
    };
  }

  /** Nothing is drawn yet. */
  begin() {
    this.random = random(this.controls.seed.value());
    this.last = undefined;
    this.answers = 0;
    this.counts = output.WORDS.map(() => 0);
    this.controls.n.input.disabled = this.controls.way.value() !== "draws";
    this.show();
  }

  /** @param {number} many */
  run(many) {
    const setting = this.setting();
    for (let i = 0; i < many; i++) {
      this.last = output.draw(setting, () => this.random.uniform());
      this.counts[this.last]++;
      this.answers++;
    }
    this.show();
  }

  show() {
    const setting = this.setting();
    const [out, right] = [output.law(setting), output.exact(setting)];
    this.picture.redraw();
    const far = output.apart(out, right);
    const valid = output
      .model(setting.coffee)
      .reduce((sum, p, word) => sum + (setting.menu[word] ? p : 0), 0);
    const verdict =
      far < 5e-4
        ? "What comes out is right."
        : `${ui.fixed(far, 2)} of the probability is on the wrong words.`;
    this.status(
      `${this.told()} Without a mask ${ui.fixed(valid, 2)} of the answers are valid. ${verdict}`.trim(),
    );
    this.rows(setting, right);
  }

  /** @returns {string} the last answer, and how it came about */
  told() {
    if (this.last === undefined) return "";
    const setting = this.setting();
    const word = output.WORDS[this.last];
    if (setting.way !== "mask") return `It wrote ${word}.`;
    const [first, after] = output.kept(setting)[this.last];
    const two = this.last === 2 || this.last === 3 ? ` and then ${ui.fixed(after, 2)}` : "";
    return `It wrote ${word}; the masks kept ${ui.fixed(first, 2)}${two}.`;
  }

  /** @param {output.Setting} setting @param {number[]} right */
  rows(setting, right) {
    const { q, weight } = output.masked(setting);
    const cells = (/** @type {number[]} */ row, digits = 3) =>
      row.map((value, word) => (setting.menu[word] ? value.toFixed(digits) : "–"));
    const shares = this.counts.map((count) =>
      this.answers ? (count / this.answers).toFixed(2) : "–",
    );
    ui.table(
      this.below,
      "Probabilities",
      ["Word", ...output.WORDS],
      [
        ["Model", ...output.model(setting.coffee).map((p) => p.toFixed(3))],
        ["Masked", ...cells(q)],
        ["Weight", ...cells(weight)],
        ["Right", ...cells(right)],
        ["Drawn", ...shares],
      ],
      true,
    );
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
