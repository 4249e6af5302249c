/** The stage of flow-matching.mjs: pairs, solver, steps and the start of one point are set by the reader. */

import { keep } from "../../assets/demos/state.mjs";
import * as ui from "../../assets/demos/ui.mjs";
import { drawFlow, drawLines, toLine, toPicture } from "./draw.mjs";
import { follow, looker, off, pairing, quantiles, SAMPLES } from "./flow-matching.mjs";

const [NOISES, FINE] = [quantiles(12), 60]; // curves of the flow, and steps of each
const MOST = 16; // steps
const GRAIN = 0.05; // of the start
const [EXAMPLE, MODEST] = [0.4, 4];

/** @type {Record<string, {text: string, points: number[]}>} */
const DATA = {
  two: { text: "two points, −1 and 1", points: [-1, 1] },
  one: { text: "one point, 0.5", points: [0.5] },
  four: { text: "four points", points: [-1.5, -0.5, 0.5, 1.5] },
};

/** @type {[string, string][]} */
const PAIRS = [
  ["1", "independent"],
  ["4", "optimal, batches of 4"],
  ["16", "optimal, batches of 16"],
  ["64", "optimal, batches of 64"],
  ["0", "reflow"],
];

/** @type {{name: string, pairs: string, solver: string, steps: number, see: string}[]} */
const PRESETS = [
  {
    name: "The example",
    pairs: "1",
    solver: "euler",
    steps: MODEST,
    see: "The bold point goes from 0.4 to 0.30, 0.24, 0.35 and 1.00. Press Step five times to see which lines meet where it is.",
  },
  {
    name: "One step",
    pairs: "1",
    solver: "euler",
    steps: 1,
    see: "Every start lands at 0, the mean of both points: samples are off by 1.00. Raise the steps.",
  },
  {
    name: "Batches of 64",
    pairs: "64",
    solver: "euler",
    steps: 1,
    see: "Optimal pairs have the least distance within their batch: hardly a line crosses, and one step is off by 0.14.",
  },
  {
    name: "Reflow",
    pairs: "0",
    solver: "euler",
    steps: 1,
    see: "Each noise is paired with the point that the flow takes it to. No lines cross: one step is exact.",
  },
  {
    name: "Midpoint",
    pairs: "1",
    solver: "midpoint",
    steps: 2,
    see: "Two steps of two calls each are off by 0.29, four Euler steps by 0.05: with data that are points, a last Euler step ends near one.",
  },
];

/** @param {number} value */
const shown = (value) => ui.fixed(value, 2);

class Stage {
  done = MODEST; // steps that are shown
  start = EXAMPLE;
  run = this.compute(DATA.two.points, 1, "euler", MODEST);

  /** @param {HTMLElement} root */
  constructor(root) {
    const { stage, controls, buttons, status, output } = ui.frame(root);
    this.status = status;
    this.output = output;
    this.see = ui.presetsFirst(root, PRESETS, (preset) => this.load(preset));
    this.pictures = this.picturesOn(stage);
    this.controls = this.settingsOn(controls);
    ui.button(buttons, "Step", () => this.step()).classList.add("demo-first");
    ui.button(buttons, "All steps", () => this.show());
    ui.button(buttons, "Reset", () => this.load(PRESETS[0]));
    this.load(PRESETS[0]);
    keep(root, "taken", {
      read: () => (this.done === this.run.steps.length ? "" : String(this.done)), // else all
      write: (text) => {
        const good = /^\d{1,3}$/.test(text) && Number(text) < this.run.steps.length;
        if (good) {
          this.done = Number(text);
          this.tell();
        }
        return good;
      },
    });
  }

  /** @param {Element} stage */
  picturesOn(stage) {
    const left = ui.canvas(stage, {
      width: 316,
      height: 208,
      label:
        "Lines of training from the data at the left to noises at the right, the darker, the likelier a pair; in bold those through the place of the present step.",
      draw: (g, size, colours) => drawLines(g, size, colours, { ...this.run, ...this.present() }),
    });
    const right = ui.canvas(stage, {
      width: 316,
      height: 208,
      label:
        "The flow as curves from noise at the right to data at the left, and the steps of one point; strokes at the left: where samples end. Arrow keys move the start.",
      draw: (g, size, colours) =>
        drawFlow(g, size, colours, this.run, this.run.steps.slice(0, this.done), this.start),
      grips: () => [toPicture(right.size)(1, this.start)],
      onPointer: ({ y, kind }) => {
        if (kind !== "up") this.move(toLine(right.size, y));
      },
      onKey: (key) => {
        const by = ui.arrow(key);
        if (by) this.move(this.start + GRAIN * (by[0] + by[1]));
        return Boolean(by);
      },
    });
    return [left, right];
  }

  /** @param {Element} controls */
  settingsOn(controls) {
    const onInput = () => this.show();
    const pairs = ui.select(controls, {
      label: "Pairs",
      options: PAIRS,
      value: "1",
      onInput,
    });
    const data = ui.select(controls, {
      label: "Data",
      options: Object.entries(DATA).map(([name, { text }]) => [name, text]),
      value: "two",
      onInput,
    });
    const solver = ui.select(controls, {
      label: "Solver",
      options: [
        ["euler", "Euler: 1 call a step"],
        ["midpoint", "midpoint: 2 calls a step"],
      ],
      value: "euler",
      onInput,
    });
    const steps = ui.slider(controls, {
      label: "Steps",
      min: 1,
      max: MOST,
      step: 1,
      value: MODEST,
      onInput,
    });
    const start = ui.slider(controls, {
      label: "Start",
      min: -2.5,
      max: 2.5,
      step: GRAIN,
      value: EXAMPLE,
      format: shown,
      onInput,
    });
    return { pairs, data, solver, steps, start };
  }

  /** @param {typeof PRESETS[number]} preset */
  load({ pairs, solver, steps, see }) {
    const { controls } = this;
    controls.pairs.set(pairs);
    controls.data.set("two");
    controls.solver.set(solver);
    controls.steps.set(steps);
    controls.start.set(EXAMPLE);
    this.see.textContent = see;
    this.show();
  }

  /** @param {number} x where the point begins */
  move(x) {
    this.controls.start.set(Math.round(x / GRAIN) * GRAIN);
    this.controls.start.input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /**
   * All that is drawn and said for one setting.
   * @param {number[]} points @param {number} batch @param {string} solver @param {number} count
   */
  compute(points, batch, solver, count) {
    const look = looker(points, batch);
    const curves = NOISES.map((eps) => [
      eps,
      ...follow(look, "euler", eps, FINE).map(({ next }) => next),
    ]);
    const deal = pairing(points, batch);
    const end = (/** @type {number} */ eps) => follow(look, solver, eps, count)[count - 1].next;
    return {
      points,
      solver,
      look,
      noises: NOISES,
      shares: NOISES.map(deal),
      curves,
      ends: NOISES.map(end),
      steps: follow(look, solver, this.start, count),
      off: off(points, batch, solver, count),
    };
  }

  /** @returns {{step: import("./flow-matching.mjs").Step | undefined, origins: number[]}} the step to come */
  present() {
    const { steps, look } = this.run;
    const step = steps[this.done];
    return { step, origins: step ? look(step.x, step.t).origins : [] };
  }

  /** The run anew, with all its steps. */
  show() {
    const { pairs, data, solver, steps, start } = this.controls;
    this.start = start.value();
    const { points } = DATA[data.value()];
    this.run = this.compute(points, Number(pairs.value()), solver.value(), steps.value());
    this.done = steps.value();
    this.tell();
  }

  /** One step more, or after the last one back to the start. */
  step() {
    this.done = (this.done + 1) % (this.run.steps.length + 1);
    this.tell();
  }

  tell() {
    for (const picture of this.pictures) picture.redraw();
    this.status(this.done < this.run.steps.length ? this.there() : this.whole());
    const { steps } = this.run;
    const rows = steps
      .map(({ t, x, guess, v, next }) => [t, x, guess, v, next].map(shown))
      .filter((_, k) => k < 2 || k >= steps.length - 2);
    const hidden = steps.length - rows.length;
    const title = hidden ? `First and last steps; ${hidden} between them are left out` : "Steps";
    const v = this.run.solver === "midpoint" ? "v half-way" : "v";
    ui.table(this.output, title, ["t", "x", "Guess", v, "Next x"], rows);
  }

  /** @returns {string} the place of the point before a step, and what it will do */
  there() {
    const { points, steps } = this.run;
    const { origins } = this.present();
    const { t, h, x, v, next } = steps[this.done];
    const from = points
      .map((point, k) => ({ point, share: Math.round(100 * origins[k]) }))
      .filter(({ share }) => share > 0)
      .map(({ point, share }) => `${ui.short(point, 2)} (${share} %)`);
    const lines = from.length
      ? `lines from ${from.join(" and ")} pass here`
      : "no line passes here, and the flow keeps between its neighbours";
    const asked = this.run.solver === "midpoint" ? "the velocity half-way" : "their mean velocity";
    const minus = v < 0 ? "+" : "−";
    return `Step ${this.done + 1} of ${steps.length}: at time ${shown(t)} the point is at ${shown(x)}; ${lines}; ${asked} is ${shown(v)}, so it goes to ${shown(x)} ${minus} ${shown(h)} · ${shown(Math.abs(v))} = ${shown(next)}.`;
  }

  /** @returns {string} the way of the point, and how far samples end from the data */
  whole() {
    const { solver, steps } = this.run;
    const way = [this.start, ...steps.map(({ next }) => next)].map(shown);
    const short = way.length > 6 ? [...way.slice(0, 3), "…", ...way.slice(-2)] : way;
    const name = solver === "euler" ? "Euler" : "midpoint";
    const calls = steps.length * (solver === "euler" ? 1 : 2);
    const count = (/** @type {number} */ n, /** @type {string} */ what) =>
      `${n} ${what}${n === 1 ? "" : "s"}`;
    return `${short.join(" → ")} in ${count(steps.length, `${name} step`)}, ${count(calls, "call")}. Of ${SAMPLES} samples the mean distance from the data is ${shown(this.run.off)}.`;
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
