/**
 * The game with two numbers in the demo: its picture, its controls and the numbers of some rounds.
 *
 * @typedef {import("./gan.mjs").Kind} Kind
 */

import * as ui from "../../assets/demos/ui.mjs";
import { drawPhases } from "./draw.mjs";
import { diracField, diracPath, lineLosses } from "./gan.mjs";

const STEPS = 400; // rounds of the path
const FAR = 50; // a path that goes further has left for good
const TOLD = [0, 1, 2, 3, 4, 8, 40]; // rounds whose numbers are shown

export const EXAMPLE = {
  kind: /** @type {Kind} */ ("non-saturating"),
  gamma: 0,
  start: [-1, Math.log(4)],
  spread: 0,
  rate: 0.5,
  pair: true,
  turns: true,
};

/** @param {number} value @param {number} most @returns {number} the nearest value in [-most, most] */
export const limit = (value, most) => Math.max(-most, Math.min(most, value));

/** @param {number} value @returns {number} it in the plane, with as many digits as an address has */
const kept = (value) => Number(limit(value, 3).toFixed(4));

/** @param {number} value @returns {string} */
const three = (value) => ui.fixed(value, 3);

/** The game with two numbers: a start, its switches, the path that follows, and its rounds as numbers. */
export class Line {
  setting = EXAMPLE;
  path = /** @type {number[][]} */ ([]);

  /**
   * @param {HTMLElement} parent @param {import("../../assets/demos/ui.mjs").Status} status
   * @param {() => void} reset the whole demo
   */
  constructor(parent, status, reset) {
    this.status = status;
    const pair = ui.element("div", { class: "demo-beside" }, parent);
    this.phases = this.phasesOn(ui.element("div", { class: "demo-stage demo-watch" }, pair));
    const side = ui.element("div", { class: "demo-side" }, pair);
    side.style.flexBasis = "19rem"; // the widest numbers: a shorter one moves nothing
    const buttons = ui.element("div", { class: "demo-buttons" }, side);
    ui.button(buttons, "D alone", () => this.move(1));
    ui.button(buttons, "G alone", () => this.move(0));
    ui.button(buttons, "Reset", reset);
    this.numbers = ui.element("div", {}, side);
    this.controls = this.controlsOn(ui.element("div", { class: "demo-controls" }, parent));
    this.follow();
  }

  /** @param {HTMLElement} controls */
  controlsOn(controls) {
    const data = ui.select(controls, {
      label: "Data on the line",
      options: [
        ["pair", "two points, 0 and 1"],
        ["one", "one point (Dirac-GAN)"],
      ],
      value: "pair",
      onInput: (value) => this.change({ pair: value === "pair" }),
    });
    const kind = ui.select(controls, {
      label: "Loss on the line",
      options: [
        ["non-saturating", "non-saturating"],
        ["saturating", "saturating"],
        ["wasserstein", "Wasserstein"],
      ],
      value: this.setting.kind,
      onInput: (value) => this.change({ kind: /** @type {Kind} */ (value) }),
    });
    const turns = ui.toggle(controls, {
      label: "The players move in turn",
      value: this.setting.turns,
      onInput: (value) => this.change({ turns: value }),
    });
    const slider = (/** @type {"gamma" | "rate" | "spread"} */ name, /** @type {string} */ label) =>
      ui.slider(controls, {
        label,
        min: name === "rate" ? 0.1 : 0,
        max: { gamma: 3, rate: 1, spread: 2 }[name],
        step: 0.1,
        value: this.setting[name],
        format: (value) => value.toFixed(1),
        onInput: (value) => this.change({ [name]: value }),
      });
    const gamma = slider("gamma", "Penalty on the slope, γ");
    const rate = slider("rate", "Learning rate h");
    const spread = slider("spread", "Noise on what D sees, s");
    return { data, kind, turns, gamma, rate, spread };
  }

  /** @param {HTMLElement} parent */
  phasesOn(parent) {
    const phases = ui.canvas(parent, {
      width: 400,
      height: 320,
      label:
        "Phase plane of the game with two numbers: the generator's shift to the right, the discriminator's slope upwards. Move the start with the arrow keys.",
      draw: (context, size, colours) =>
        drawPhases(context, size, colours, { ...this.setting, path: this.path }),
      grips: () => {
        const { width, height } = phases.size;
        const [theta, psi] = this.setting.start;
        return [[width / 2 + (theta * height) / 6, height / 2 - (psi * height) / 6]];
      },
      onPointer: ({ x, y, kind }) => {
        if (kind === "up") return;
        const { width, height } = phases.size;
        this.from([(x - width / 2) / (height / 6), (height / 2 - y) / (height / 6)]);
      },
      onKey: (key) => {
        const by = ui.arrow(key);
        if (by) this.from(this.setting.start.map((value, i) => value + by[i] / 10));
        return Boolean(by);
      },
    });
    return phases;
  }

  /** The path anew, up to where it leaves for good, and the numbers of some of its rounds. */
  follow() {
    const { start, kind, gamma, spread, turns, pair, rate } = this.setting;
    const path = diracPath(start, STEPS, kind, gamma, spread, turns, pair, rate);
    const out = path.findIndex(([theta, psi]) => !(Math.hypot(theta, psi) < FAR));
    this.path = out < 0 ? path : path.slice(0, out);
    this.phases.redraw();
    const rows = TOLD.map((round) => {
      if (round >= this.path.length) return [round, "–", "–", "–", "–"];
      const [theta, psi] = this.path[round];
      return [round, ...[theta, psi, ...lineLosses(theta, psi, kind, pair)].map(three)];
    });
    ui.table(this.numbers, "Some rounds", ["After", "θ", "ψ", "Loss of D", "Loss of G"], rows);
  }

  /** @param {number[]} point */
  from(point) {
    this.change({ start: point.map(kept) });
  }

  /** A step of one player from the start, which moves there. @param {number} player 0: G, 1: D */
  move(player) {
    const { start, kind, gamma, spread, pair, rate } = this.setting;
    const [theta, psi] = start;
    const point = [...start];
    point[player] += rate * diracField(theta, psi, kind, gamma, spread, pair)[player];
    this.setting = { ...this.setting, start: point.map(kept) };
    this.follow();
    const [d, g] = lineLosses(this.setting.start[0], this.setting.start[1], kind, pair).map(three);
    this.status(
      `A step of ${player ? "D alone: ψ" : "G alone: θ"} from ${three(start[player])} to ${three(point[player])}. Loss of D ${d}, of G ${g}.`,
    );
  }

  /** @param {Partial<typeof EXAMPLE>} what all of it, with the controls @param {boolean} [told] */
  load(what, told = true) {
    this.change({ ...EXAMPLE, ...what }, told);
    const { data, kind, turns, gamma, rate, spread } = this.controls;
    data.set(this.setting.pair ? "pair" : "one");
    kind.set(this.setting.kind);
    turns.set(this.setting.turns);
    gamma.set(this.setting.gamma);
    rate.set(this.setting.rate);
    spread.set(this.setting.spread);
  }

  /** @param {Partial<typeof EXAMPLE>} what @param {boolean} [told] */
  change(what, told = true) {
    this.setting = { ...this.setting, ...what };
    this.follow();
    if (told) this.tell();
  }

  tell() {
    const { start, rate, gamma } = this.setting;
    const [theta, psi] = start.map((value) => ui.fixed(value, 2));
    const far = ([a, b] = start) => Math.hypot(a, b).toFixed(2);
    const here = `From θ ${theta}, ψ ${psi}: distance to the equilibrium ${far()} at the start`;
    if (this.path.length > STEPS) {
      this.status(`${here}, ${far(this.path[STEPS])} after ${STEPS} rounds.`);
      return;
    }
    const why =
      rate * gamma > 1.5
        ? `the steps are too large, since h times γ is ${(rate * gamma).toFixed(1)} and must stay below about 2`
        : "each step leads outwards";
    this.status(`${here}; after ${this.path.length} rounds it has left for good: ${why}.`);
  }
}
