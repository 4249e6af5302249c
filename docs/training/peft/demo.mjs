/** The stage of peft.mjs: the reader chooses a change, a rank, α and how A and B begin, and sees what training leaves. */

import * as ui from "../../assets/demos/ui.mjs";
import { drawFit } from "./draw.mjs";
import * as peft from "./peft.mjs";

const SEED = 1;
const STEPS = 200;
const RATE = 0.05;

/** @typedef {keyof typeof peft.SIZES} Change */

/** @type {[Change, string][]} */
const CHANGES = [
  ["one", "one size, rank 1"],
  ["four", "sizes 4, 3, 2, 1"],
  ["eight", "eight equal sizes"],
];

/** @type {[peft.Begin, string][]} */
const BEGINS = [
  ["usual", "A at random, B zero"],
  ["zero", "both zero"],
  ["both", "both at random"],
];

/** @typedef {{name: string, change?: Change, rank?: number, alpha?: number, begin?: peft.Begin, see: string}} Preset alpha: doublings */

/** @type {Preset[]} */
const PRESETS = [
  {
    name: "The example",
    see: "The change has the sizes 4, 3, 2 and 1, so rank 4 is enough: nothing is left. Lower the rank: 1, 5 and 14 are left.",
  },
  {
    name: "Too small a rank",
    rank: 2,
    alpha: 1,
    see: "Rank 2 takes the sizes 4 and 3; the squares of the others, 4 + 1, are left, however long it trains.",
  },
  {
    name: "No small sizes",
    change: "eight",
    rank: 2,
    alpha: 1,
    see: "Eight equal sizes: rank 2 takes two of them, and three quarters of the error stay. There is nothing small to leave out.",
  },
  {
    name: "Both zero",
    begin: "zero",
    see: "The gradient of A has B as a factor, and that of B has A: neither ever learns.",
  },
  {
    name: "A small α",
    alpha: 0,
    see: "A quarter of the scale α/r: the same rate moves the product less, and after 200 steps it is not done.",
  },
];

class Stage {
  /** @type {ReturnType<typeof peft.train>} */
  made = { change: [], learned: [], errors: [] };

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
        "Three tables of eight by eight numbers: the change that is wanted, what was learned, what is left; below, the squared error against the step",
      draw: (g, size, colours) => {
        const { sizes, rank, steps } = this.setting();
        drawFit(g, size, colours, { ...this.made, steps, least: peft.least(sizes, rank) });
      },
    });
    this.controls = this.settingsOn(controls);
    ui.button(buttons, "Reset", () => this.load(PRESETS[0]));
    this.load(PRESETS[0]);
  }

  /** @param {HTMLElement} parent */
  settingsOn(parent) {
    const onInput = () => this.show();
    return {
      change: ui.select(parent, { label: "Change", options: CHANGES, value: "four", onInput }),
      begin: ui.select(parent, { label: "Start", options: BEGINS, value: "usual", onInput }),
      rank: ui.slider(parent, {
        label: "Rank, r",
        min: 1,
        max: peft.SIDE,
        step: 1,
        value: 4,
        onInput,
      }),
      alpha: ui.slider(parent, {
        label: "Scale, α",
        min: 0,
        max: 5,
        step: 1,
        value: 2,
        format: (value) => String(2 ** value),
        onInput,
      }),
      steps: ui.slider(parent, {
        label: "Steps",
        min: 0,
        max: STEPS,
        step: 5,
        value: STEPS,
        onInput,
      }),
      seed: ui.number(parent, { label: "Seed", value: SEED, onInput }),
    };
  }

  /** @param {Preset} preset */
  load({ see, change = "four", rank = 4, alpha = 2, begin = "usual" }) {
    const { controls } = this;
    controls.change.set(change);
    controls.begin.set(begin);
    controls.rank.set(rank);
    controls.alpha.set(alpha);
    controls.steps.set(STEPS);
    controls.seed.set(SEED);
    this.see.textContent = see;
    this.show();
  }

  /** @returns {peft.Setting} */
  setting() {
    const set = this.controls;
    const change = /** @type {Change} */ (set.change.value());
    return {
      sizes: peft.SIZES[change],
      rank: set.rank.value(),
      alpha: 2 ** set.alpha.value(),
      rate: RATE,
      begin: /** @type {peft.Begin} */ (set.begin.value()),
      seed: set.seed.value(),
      steps: set.steps.value(),
    };
  }

  show() {
    const setting = this.setting();
    this.made = peft.train(setting);
    const { errors } = this.made;
    const left = errors[errors.length - 1];
    const floor = peft.least(setting.sizes, setting.rank);
    this.picture.redraw();
    const learned = 2 * setting.rank * peft.SIDE;
    const reached =
      left >= peft.ENDLESS
        ? "The steps are too long: the error grows without end."
        : told(left, setting.steps);
    this.status(
      `${reached} The least for rank ${setting.rank} is ${ui.fixed(floor, 2)}. A and B hold ${learned} numbers, the whole table ${peft.SIDE ** 2}.`,
    );
    const ranks = [1, 2, 3, 4, 8];
    const trained = ranks.map((rank) => {
      const { errors: all } = peft.train({
        ...setting,
        rank,
        alpha: (setting.alpha / setting.rank) * rank,
      });
      return all.length > setting.steps ? ui.fixed(all[setting.steps], 2) : "–";
    });
    ui.table(
      this.output,
      "Squared error by rank, with this α/r",
      ["Rank", ...ranks.map(String)],
      [
        ["Reached", ...trained],
        ["Least", ...ranks.map((rank) => ui.fixed(peft.least(setting.sizes, rank), 2))],
      ],
      true,
    );
  }
}

/** @param {number} left @param {number} steps */
const told = (left, steps) =>
  `After ${steps} steps ${ui.fixed(left, 2)} of the squared error is left.`;

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
