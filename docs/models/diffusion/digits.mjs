/**
 * The second part of the demo: digits of a class that the reader chooses, from a network that comes
 * with the page; from the same noise without guidance and with it.
 *
 * @typedef {import("../../assets/demos/weights.mjs").Weights} Weights
 */

import { random } from "../../assets/demos/rng.mjs";
import { starter } from "../../assets/demos/starter.mjs";
import { keep } from "../../assets/demos/state.mjs";
import * as ui from "../../assets/demos/ui.mjs";
import { clip, guide, levels, netEps, step } from "./diffusion.mjs";
import { drawDigits } from "./draw.mjs";

const STEPS = 25;
const LEVELS = levels(STEPS);
const [PICTURES, PIXELS] = [5, 64];
const PLAIN = 1; // the scale that guides nothing

const FIRST = { digit: 3, scale: 1.5, seed: 1 };

class Digits {
  digit = FIRST.digit;
  scale = FIRST.scale;
  seed = FIRST.seed;
  at = 0; // the step that is seen
  ways = /** @type {number[][][][]} */ ([]); // by step, the pictures of both rows

  /** @param {HTMLElement} box @param {Weights} weights */
  constructor(box, weights) {
    this.weights = weights;
    const controls = ui.element("div", { class: "demo-controls" }, box);
    this.view = ui.canvas(box, {
      width: 440,
      height: 152,
      label:
        "Two rows of five digits of eight by eight pixels on their way from the same noise: without guidance, and with the scale that is set.",
      draw: (context, size, colours) => {
        const [plain, guided] = this.ways[this.at];
        const name = (/** @type {number} */ scale) => `g = ${Number(scale.toFixed(2))}`;
        drawDigits(context, size, colours, [
          [name(PLAIN), plain],
          [name(this.scale), guided],
        ]);
      },
    });
    const buttons = ui.element("div", { class: "demo-buttons" }, box);
    this.status = ui.statusLine(box);
    this.run = ui.loop(box, () => this.once());
    this.denoise = ui.button(buttons, "Denoise", () => this.go());
    ui.button(buttons, "One step", () => this.one());
    ui.button(buttons, "New noise", () => this.reseed(this.seed + 1));
    ui.button(buttons, "Reset", () => this.reseed(FIRST.seed)); // the controls are there already
    this.time = this.controlsOn(controls);
    this.start();
  }

  /** @param {Element} controls @returns the slider that turns time back */
  controlsOn(controls) {
    const names = Array.from({ length: 10 }, (_, i) => String(i));
    ui.select(controls, {
      label: "Digit",
      options: names.map((name) => [name, name]),
      value: String(this.digit),
      onInput: (value) => {
        this.digit = Number(value);
        this.start();
      },
    });
    ui.slider(controls, {
      label: "Scale of the guidance g",
      min: 0,
      max: 6,
      step: 0.25,
      value: this.scale,
      format: (value) => value.toFixed(2),
      onInput: (value) => {
        this.scale = value;
        this.start();
      },
    });
    return ui.slider(controls, {
      label: "Time",
      min: 0,
      max: STEPS,
      step: 1,
      value: 0,
      format: (value) => `${value} of ${STEPS}`,
      onInput: (value) => this.turnTo(value),
    });
  }

  /** @param {number} seed of the noise */
  reseed(seed) {
    this.seed = seed;
    this.start();
  }

  start() {
    this.run.stop();
    const rng = random(this.seed);
    const picture = () => Array.from({ length: PIXELS }, () => rng.normal());
    const x = Array.from({ length: PICTURES }, picture);
    this.ways = [[x, x]];
    this.show(0);
    this.status(
      `The same five pictures of noise twice; Denoise turns them into the digit ${this.digit}.`,
    );
  }

  /** @param {number} at */
  show(at) {
    this.at = at;
    this.time.set(at);
    this.view.redraw();
  }

  /** Both rows, one step further. */
  further() {
    const { weights, digit, scale } = this;
    const done = this.ways.length - 1;
    const [a, to] = [LEVELS[done], LEVELS[done + 1]];
    const rows = this.ways[done].map((x, row) => {
      const told = netEps(weights, x, a, digit + 1);
      const eps = row ? guide(netEps(weights, x, a, 0), told, scale) : told;
      return step(x, clip(x, eps, a), a, to, 0, null);
    });
    this.ways.push(rows);
  }

  /** @param {number} at a step, computed if it is not yet */
  turnTo(at) {
    this.run.stop();
    while (this.ways.length <= at) this.further();
    this.show(at);
    this.tell(false);
  }

  /** @param {boolean} quiet */
  tell(quiet) {
    const { at, digit } = this;
    this.status(
      at < STEPS
        ? `Step ${at} of ${STEPS} towards the digit ${digit}.`
        : `Five attempts at the digit ${digit}, without guidance and with it.`,
      quiet,
    );
  }

  /** One step. @returns {boolean} whether there are more */
  once() {
    if (this.at >= STEPS) return false;
    if (this.ways.length <= this.at + 1) this.further();
    this.show(this.at + 1);
    const more = this.at < STEPS;
    this.tell(more);
    return more;
  }

  go() {
    if (this.at >= STEPS) this.start();
    if (ui.calm()) while (this.once());
    else this.run.start();
  }

  one() {
    this.run.stop();
    if (this.at >= STEPS) this.start();
    this.once();
  }
}

/** @param {HTMLElement} parent @param {HTMLElement} points which give way to the digits */
export function digits(parent, points) {
  ui.element("p", { class: "demo-title", text: "Digits of a class you choose" }, parent);
  const other = ui.element("div", { class: "demo-buttons" }, parent);
  const box = ui.element("div", { class: "demo-digits" }, parent);
  starter(box, {
    text: "Load the network (about 220 kB)",
    url: new URL("weights.json", import.meta.url),
    open: (weights) => {
      ui.alternate(other, [points, box], ["Show the points", "Show the digits"]);
      const shown = new Digits(box, weights);
      const root = /** @type {Element} */ (parent.parentElement);
      keep(root, "noise", {
        read: () => String(shown.seed),
        write: (text) => {
          const good = /^\d{1,4}$/.test(text);
          if (good) {
            const { at } = shown;
            shown.reseed(Number(text));
            shown.turnTo(at);
          }
          return good;
        },
      });
      return shown.denoise;
    },
  });
}
