/**
 * The stage of vae.mjs: drag a code to decode it, draw a digit to encode it, change beta.
 *
 * @typedef {import("../../assets/demos/weights.mjs").Weights} Weights
 * @typedef {import("../../assets/demos/ui.mjs").Point} Point
 */

import { starter } from "../../assets/demos/starter.mjs";
import * as ui from "../../assets/demos/ui.mjs";
import { drawCodes, drawPad, drawStrip, keptGround, toPicture, two } from "./draw.mjs";
import { kept } from "./kept.mjs";
import { pair, tableOf } from "./numbers.mjs";
import { column, figure } from "./places.mjs";
import { PRESETS } from "./presets.mjs";
import { thermometers } from "./thermometers.mjs";
import * as vae from "./vae.mjs";
import { WALKS, Walk } from "./walk.mjs";

const { PAD, PIXELS } = vae;
const FIRST = { beta: 1, z: [0.5, 0.5], digit: 0, seed: 1, show: "digits" };
const REACH = 5; // the posterior is integrated over [-REACH, REACH]²
const STEP = 1 / 16;

const clamp = (
  /** @type {number} */ value,
  /** @type {number} */ low,
  /** @type {number} */ high,
) => Math.min(Math.max(value, low), high);
const blank = () => new Uint8Array(PAD * PAD);

class Stage {
  // What the reader has chosen.
  z = FIRST.z;
  shownDigit = FIRST.digit;
  seed = FIRST.seed;
  show = FIRST.show;
  noisy = false;
  draws = 0;
  cells = blank();
  pen = { row: 16, column: 16, down: false };
  drawn = false;

  // What follows from it.
  view = 3;
  grid = /** @type {ReturnType<typeof vae.plane> | null} */ (null); // null until all is decoded
  posterior = /** @type {ReturnType<typeof vae.integrate> | null} */ (null);
  zoom = /** @type {import("./vae.mjs").Closeup | null} */ (null);
  task = 0;
  settling = 0;
  aloud = false; // whether the reader is told of what settles next

  /** @param {HTMLElement} root @param {Weights} weights */
  constructor(root, weights) {
    this.weights = weights;
    this.digits = /** @type {string[]} */ (weights.meta.digits).map(vae.digit);
    this.index = weights.meta.betas.indexOf(FIRST.beta);
    this.net = vae.network(weights, this.index);
    this.x = this.digits[this.shownDigit];
    this.q = vae.encode(weights, this.index, this.x);
    this.codes = this.codesOf();

    const { stage, controls, buttons, status, output } = ui.frame(root);
    this.status = status;
    this.output = output;
    const columns = [column(stage, 200), column(stage, 160), column(stage, 250)];
    columns[1].className = "demo-stage"; // on a phone pad and strip stand side by side
    ui.watch(stage, columns[0], "before");
    const either = ui.element("div", { class: "demo-room" }, columns[2]);
    either.append(output);
    this.plane = this.planeOn(figure(columns[0], "The plane of codes"));
    this.pad = this.padOn(figure(columns[1], "Draw a digit, as large as the square"));
    this.strip = this.stripOn(figure(columns[1], "Seen by the encoder; decoded"));
    this.controls = this.controlsOn(controls);
    this.walk = this.walkOn(figure(either, "From x to the other digit"));
    root.prepend(ui.presets(PRESETS, (preset) => this.preset(preset)).list);
    ui.button(buttons, "Next test digit", () =>
      this.pick((this.shownDigit + 1) % this.digits.length),
    );
    ui.button(buttons, "Clear", () => this.clear());
    ui.button(buttons, "Sample p(z)", () => this.sample());
    ui.button(buttons, "Reset", () => this.reset());
    this.change(this.index, false);
    status(
      `A test digit ${weights.meta.classes[0]} is encoded. Drag the ring, or draw on the square.`,
    );
  }

  // Pictures.

  /** @param {HTMLElement} parent */
  planeOn(parent) {
    const ground = keptGround();
    const caption = /** @type {Element} */ (parent.firstElementChild);
    const plane = ui.canvas(parent, {
      width: 300,
      height: 300,
      label:
        "Plane of codes. Arrow keys move the code z by 0.1, with Shift by 0.5; Home moves it to the mean of q.",
      draw: (context, size, colours) => {
        const below = this.ground();
        ground(context, size, colours, below);
        this.walk.line(context, size, colours, below);
        drawCodes(context, size, colours, below, this.q, this.z);
        const [from, to] = [-below.half, below.half].map((s) =>
          below.centre.map((c) => two(c + s)),
        );
        const text = `z₁ ${from[0]} to ${to[0]}, z₂ ${from[1]} to ${to[1]}`;
        if (caption.textContent !== text) caption.textContent = text;
      },
      grips: () => [toPicture(plane.size, this.shown(), this.z)],
      onPointer: ({ x, y, kind }) => {
        const { width, height } = plane.size;
        const { centre, half } = this.shown();
        const code = [(x / width) * 2 - 1, 1 - (y / height) * 2].map(
          (u, i) => centre[i] + u * half,
        );
        this.moveTo(code, kind !== "up");
      },
      onKey: (key, event) => {
        const by = ui.arrow(key);
        const step = event.shiftKey ? 0.5 : 0.1;
        if (key === "Home") this.moveTo(this.q.mean.slice());
        else if (by) this.moveTo(this.z.map((value, i) => value + step * by[i]));
        else return false;
        return true;
      },
    });
    return plane;
  }

  /** @param {HTMLElement} parent */
  padOn(parent) {
    const pad = ui.canvas(parent, {
      width: 150,
      height: 150,
      label:
        "Drawing pad. Arrow keys move the pen, Space puts it down or lifts it, Delete clears the pad.",
      draws: true,
      draw: (context, size, colours) =>
        drawPad(context, size, colours, {
          cells: this.cells,
          below: this.drawn ? null : this.x,
          pen: pad.canvas.matches(":focus-visible") ? this.pen : null,
        }),
      onPointer: (point) => this.draw(point),
      onKey: (key) => this.padKey(key),
    });
    pad.canvas.addEventListener("focus", pad.redraw);
    pad.canvas.addEventListener("blur", pad.redraw);
    return pad;
  }

  /** @param {HTMLElement} parent */
  stripOn(parent) {
    return ui.canvas(parent, {
      width: 250,
      height: 100,
      label:
        "Three images: x as the encoder sees it, decoded from the mean of q, and decoded from the code z.",
      draw: (context, size, colours) => {
        const { decoder, noise } = this.net;
        const sample = vae.run(decoder, this.z);
        if (this.noisy) {
          const draws = vae.normalPairs(this.seed + 1, PIXELS);
          for (let i = 0; i < PIXELS; i++) sample[i] += noise * draws[i][0];
        }
        drawStrip(context, size, colours, [
          ["x", this.x],
          ["f(μ)", vae.run(decoder, this.q.mean)],
          [this.noisy ? "noisy f(z)" : "f(z)", sample],
        ]);
      },
    });
  }

  /** @param {HTMLElement} parent */
  walkOn(parent) {
    return new Walk(parent, this.output, () => ({
      x: this.x,
      mean: this.q.mean,
      codes: this.codes,
      digits: this.digits,
      classes: this.weights.meta.classes,
      decode: (code) => vae.run(this.net.decoder, code),
    }));
  }

  redraw() {
    for (const each of [this.plane, this.pad, this.strip, this.walk.canvas]) each.redraw();
  }

  // Controls.

  /** @param {HTMLElement} parent */
  controlsOn(parent) {
    const { betas } = this.weights.meta;
    const beta = ui.slider(parent, {
      label: "β, the weight of the KL term",
      min: 0,
      max: betas.length - 1,
      step: 1,
      value: this.index,
      format: (value) => String(betas[value]),
      onInput: (value) => this.change(value),
    });
    const show = ui.select(parent, {
      label: "Show on the plane",
      options: [
        ["digits", "decoded digits"],
        ["codes", "codes of test digits"],
        ["posterior", "exact posterior p(z|x)"],
        ...WALKS,
      ],
      value: this.show,
      onInput: (value) => this.turnTo(value, show.input.selectedOptions[0].text),
    });
    const noise = ui.toggle(parent, {
      label: "Add the decoder's noise",
      value: this.noisy,
      onInput: (value) => this.withNoise(value),
    });
    const seed = ui.number(parent, {
      label: "Seed",
      value: this.seed,
      onInput: (value) => this.reseed(value),
    });
    return { beta, show, noise, seed };
  }

  // What is seen.

  /** The part of the plane that is shown. */
  shown() {
    if (this.show === "posterior" && this.zoom) return this.zoom;
    return { centre: [0, 0], half: this.view };
  }

  /** What is drawn under ring and ellipse. */
  ground() {
    const { show, index, net, codes, zoom } = this;
    const { centre, half } = this.shown();
    return {
      show: this.walk.goal < 0 ? show : "codes",
      index,
      net,
      codes,
      classes: this.weights.meta.classes,
      centre,
      half,
      zoom,
    };
  }

  codesOf() {
    return this.digits.map((d) => vae.encode(this.weights, this.index, d).mean);
  }

  look() {
    const { net, grid, posterior, q, x } = this;
    const wanted = this.show === "posterior" && grid && posterior;
    this.zoom = wanted ? vae.closeup(net, grid, posterior, q, x) : null;
  }

  numbers() {
    const noises = vae.normalPairs(this.seed, 256);
    const terms = vae.elboTerms(this.weights, this.index, this.x, noises);
    tableOf(this.output, this.q, terms, this.posterior);
    return terms;
  }

  // What changes.

  /** Once the image rests: the exact integral, the table, what is told. */
  settle(told = true) {
    clearTimeout(this.settling);
    this.aloud = told;
    this.settling = window.setTimeout(() => {
      this.posterior = this.grid && vae.integrate(this.grid, this.x, this.net.noise);
      this.look();
      const { kl, elbo } = this.numbers();
      this.redraw();
      if (!this.aloud) return;
      this.aloud = false;
      const exact = this.posterior ? `, log p(x) ${two(this.posterior.evidence)}` : "";
      this.status(
        `Encoded: mean ${pair(this.q.mean)}, KL ${two(kl)}, ELBO ${two(elbo)}${exact} nats.`,
      );
    }, 60);
  }

  /** @param {number[]} x another image */
  see(x) {
    this.x = x;
    this.q = vae.encode(this.weights, this.index, x);
    this.z = this.q.mean.slice();
    this.posterior = null;
    this.zoom = null;
    this.redraw();
  }

  /** @param {number[]} code @param {boolean} [quiet] */
  moveTo(code, quiet = false) {
    const { centre, half } = this.shown();
    this.z = code.map((value, i) => clamp(value, centre[i] - half, centre[i] + half));
    this.plane.redraw();
    this.strip.redraw();
    const digit =
      this.weights.meta.classes[vae.nearest(this.digits, vae.run(this.net.decoder, this.z))];
    this.status(`z = ${pair(this.z)}: decoded, nearest to a test digit ${digit}.`, quiet);
  }

  /** @param {Point} point of mouse or finger on the pad */
  draw({ x, y, kind }) {
    const { width, height } = this.pad.size;
    const to = { row: Math.floor((y / height) * PAD), column: Math.floor((x / width) * PAD) };
    if (kind === "up") this.settle();
    else this.stroke(kind === "down" ? to : this.pen, to);
    this.pen = { ...to, down: false };
  }

  /** @param {string} key @returns {boolean} whether it was used */
  padKey(key) {
    const by = ui.arrow(key);
    if (by) this.movePen(by);
    else if (key === " ") {
      this.pen.down = !this.pen.down;
      if (this.pen.down) this.stroke(this.pen, this.pen);
      this.settle();
      this.status(this.pen.down ? "Pen down: arrow keys draw." : "Pen up.");
    } else if (key === "Delete" || key === "Backspace") this.clear();
    else return false;
    return true;
  }

  /** @param {[number, number]} by to the right and up */
  movePen([right, up]) {
    const { row, column, down } = this.pen;
    const next = {
      row: clamp(row - 2 * up, 2, PAD - 3),
      column: clamp(column + 2 * right, 2, PAD - 3),
    };
    if (down) this.stroke(this.pen, next);
    this.pen = { ...next, down };
    this.pad.redraw();
    if (down) this.settle();
    this.status(
      `Pen ${down ? "down" : "up"}, row ${next.row + 1} and column ${next.column + 1} of ${PAD}.`,
    );
  }

  /** @param {import("./vae.mjs").Cell} from @param {import("./vae.mjs").Cell} to */
  stroke(from, to) {
    vae.ink(this.cells, from, to);
    this.drawn = true;
    this.see(vae.blocks(this.cells));
  }

  /** @param {Uint8Array<ArrayBuffer>} cells of the pad, as drawn */
  take(cells, told = false) {
    this.cells = cells;
    this.drawn = true;
    this.see(vae.blocks(cells));
    this.settle(told);
  }

  clear() {
    this.take(blank());
    this.status("The pad is empty. An empty pad is encoded like any other image.");
  }

  /** @param {number} digit one of the test digits */
  pick(digit) {
    this.shownDigit = digit;
    this.cells = blank();
    this.drawn = false;
    this.see(this.digits[digit]);
    this.settle();
  }

  sample() {
    this.draws += 1;
    this.moveTo(vae.normalPairs(this.seed, this.draws)[this.draws - 1]);
  }

  /** @param {number} index which beta */
  change(index, told = true) {
    this.index = index;
    this.net = vae.network(this.weights, index);
    this.codes = this.codesOf();
    this.view = Math.max(3, ...this.codes.flat().map((value) => Math.abs(value) + 0.2));
    this.see(this.x);
    this.decodeAll();
    this.numbers();
    if (!told) return;
    const { test_kl: kl, test_reconstruction: reconstruction } = this.weights.meta;
    this.status(
      `β = ${this.net.beta}: on test digits reconstruction ${two(reconstruction[index])}, KL ${two(kl[index])} nats.`,
    );
  }

  /** Decodes the whole plane, a few milliseconds at a time; what the reader did meanwhile is still said. */
  decodeAll() {
    const grid = vae.plane(this.net, REACH, STEP);
    this.grid = null;
    clearTimeout(this.task);
    const more = () => {
      const until = performance.now() + 8;
      let done = false;
      do done = grid.more();
      while (!done && performance.now() < until);
      if (done) {
        this.grid = grid;
        this.settle(this.aloud);
      } else this.task = window.setTimeout(more);
    };
    this.task = window.setTimeout(more);
  }

  /** @param {string} show @param {string} name */
  turnTo(show, name) {
    this.show = show;
    this.walk.turnTo(show);
    this.look();
    this.z = this.q.mean.slice();
    this.redraw();
    this.status(this.walk.goal < 0 ? `The plane shows ${name}.` : this.walk.told());
  }

  /** @param {boolean} noisy */
  withNoise(noisy) {
    this.noisy = noisy;
    this.strip.redraw();
    const told = noisy
      ? `f(z) now carries noise of standard deviation ${this.net.noise}.`
      : "f(z) is shown without noise.";
    this.status(this.walk.goal < 0 ? told : `${told} ${this.walk.told()}`);
  }

  /** @param {number} seed */
  reseed(seed) {
    this.seed = seed;
    this.draws = 0;
    this.redraw();
    this.settle(false);
    this.status(`Seed ${seed}.`);
  }

  /** @param {import("./presets.mjs").Preset} preset shown with the first test digit */
  preset({ beta, show, see }) {
    const index = this.weights.meta.betas.indexOf(beta);
    this.controls.beta.set(index);
    this.controls.show.set(show);
    this.show = show;
    this.walk.turnTo(show);
    this.draws = 0;
    this.shownDigit = FIRST.digit;
    this.cells = blank();
    this.drawn = false;
    this.aloud = false;
    this.x = this.digits[FIRST.digit];
    this.change(index, false);
    this.status(see);
  }

  reset() {
    const { beta, show, noise, seed } = this.controls;
    this.z = FIRST.z;
    this.seed = FIRST.seed;
    this.draws = 0;
    this.show = FIRST.show;
    this.walk.turnTo(FIRST.show);
    this.noisy = false;
    const index = this.weights.meta.betas.indexOf(FIRST.beta);
    beta.set(index);
    show.set(this.show);
    noise.set(false);
    seed.set(this.seed);
    this.pen = { row: 16, column: 16, down: false };
    this.pick(FIRST.digit);
    this.change(index, false);
    this.status("Reset: β = 1, the first test digit, seed 1.");
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  const pair = ui.element("div", {}, root);
  thermometers(pair);
  starter(ui.element("div", {}, root), {
    note: "The same with digits of 64 pixels and a code of two numbers:",
    text: "Start: load 230 kB of weights",
    url: new URL("weights.json", import.meta.url),
    open: (weights) => {
      const other = ui.element("div", { class: "demo-buttons" }, root);
      const digits = ui.element("div", {}, root);
      digits.style.marginTop = "0.75rem";
      ui.alternate(other, [pair, digits], ["Show the two thermometers", "Show the digits"]);
      return kept(root, new Stage(digits, weights), REACH).plane.canvas;
    },
  });
}
