/**
 * The second part of the demo: digits of a class that the reader chooses, from a network that comes
 * with the page.
 *
 * @typedef {import("../../assets/demos/weights.mjs").Weights} Weights
 */

import { random } from "../../assets/demos/rng.mjs";
import { starter } from "../../assets/demos/starter.mjs";
import * as ui from "../../assets/demos/ui.mjs";
import { clip, guide, levels, netEps, step } from "./diffusion.mjs";
import { drawDigits } from "./draw.mjs";

const STEPS = 25;
const LEVELS = levels(STEPS);
const [PICTURES, PIXELS] = [10, 64];

class Digits {
  digit = 3;
  scale = 1.5;
  seed = 1;
  at = 0; // steps done
  x = /** @type {number[][]} */ ([]);

  /** @param {HTMLElement} box @param {Weights} weights */
  constructor(box, weights) {
    this.weights = weights;
    const controls = ui.element("div", { class: "demo-controls" }, box);
    this.view = ui.canvas(box, {
      width: 440,
      height: 180,
      label: "Ten digits of eight by eight pixels on their way from noise",
      draw: (context, size, colours) => drawDigits(context, size, colours, this.x),
    });
    const buttons = ui.element("div", { class: "demo-buttons" }, box);
    this.status = ui.statusLine(box);
    this.run = ui.loop(box, () => this.once());
    this.denoise = ui.button(buttons, "Denoise", () => this.go());
    ui.button(buttons, "One step", () => this.one());
    ui.button(buttons, "New noise", () => {
      this.seed += 1;
      this.start();
    });
    this.controlsOn(controls);
    this.start();
  }

  /** @param {Element} controls */
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
  }

  start() {
    this.run.stop();
    const rng = random(this.seed);
    const picture = () => Array.from({ length: PIXELS }, () => rng.normal());
    this.x = Array.from({ length: PICTURES }, picture);
    this.at = 0;
    this.view.redraw();
    this.status(`Ten pictures of noise; Denoise turns them into the digit ${this.digit}.`);
  }

  /** One step. @returns {boolean} whether there are more */
  once() {
    if (this.at >= STEPS) return false;
    const { x, weights, digit, scale } = this;
    const [a, to] = [LEVELS[this.at], LEVELS[this.at + 1]];
    const free = netEps(weights, x, a, 0);
    const eps = clip(x, guide(free, netEps(weights, x, a, digit + 1), scale), a);
    this.x = step(x, eps, a, to, 0, null);
    this.at += 1;
    this.view.redraw();
    const more = this.at < STEPS;
    this.status(
      more
        ? `Step ${this.at} of ${STEPS} towards the digit ${digit}.`
        : `Ten attempts at the digit ${digit}.`,
      more,
    );
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

/** @param {HTMLElement} parent */
export function digits(parent) {
  ui.element("p", { class: "demo-title", text: "Digits of a class you choose" }, parent);
  const box = /** @type {HTMLElement} */ (ui.element("div", { class: "demo-digits" }, parent));
  starter(box, {
    text: "Load the network (about 220 kB)",
    url: new URL("weights.json", import.meta.url),
    open: (weights) => new Digits(box, weights).denoise,
  });
}
