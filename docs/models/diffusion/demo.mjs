/**
 * The stage of diffusion.mjs: samples in the plane, where the density may be drawn, with the exact score
 * or with a network that is trained before the reader's eyes. Below it digits (digits.mjs).
 *
 * @typedef {import("./diffusion.mjs").Mixture} Mixture
 */

import { plane } from "../../assets/demos/plane.mjs";
import { random } from "../../assets/demos/rng.mjs";
import { keep } from "../../assets/demos/state.mjs";
import * as ui from "../../assets/demos/ui.mjs";
import { FEW, MANY, PRESETS, SHAPES } from "./choices.mjs";
import * as diffusion from "./diffusion.mjs";
import { digits } from "./digits.mjs";
import { drawPlane, REACH } from "./draw.mjs";

const SEED = 1;
const { place } = plane(REACH);
const COUNT = 300; // samples
const TRAILS = 12; // samples that show their way
const MOST = 60; // points of the reader's own
const NAMED = 24; // modes that can be guided to
const [HIDDEN, TOTAL, BATCH] = [48, 2000, 64]; // of the network and its training
const START = 0.2; // where the first point of the example begins

class Stage {
  shape = "two";
  drawn = /** @type {number[][]} */ ([]);
  cursor = [0, 0];
  steps = FEW;
  eta = 0;
  scale = 1;
  wanted = 0; // 0: no condition, else the number of a mode
  seed = SEED;
  rng = random(SEED);
  at = 0; // steps done
  x = /** @type {number[][]} */ ([]);
  trails = /** @type {number[][][]} */ ([]);
  learned = false; // whether the network's score is used
  net = /** @type {ReturnType<typeof diffusion.trainer> | null} */ (null);
  timer = 0; // of a training without motion

  /** @param {HTMLElement} root */
  constructor(root) {
    const { stage, controls, buttons, status } = ui.frame(root);
    this.status = status;
    this.view = this.viewOn(stage);
    this.view.answer(false);
    this.training = ui.loop(root, () => this.learn());
    this.sampling = ui.loop(root, () => this.frame());
    this.play = ui.button(buttons, "Sample", () => this.sample(), "Sample");
    this.play.classList.add("demo-first");
    ui.button(buttons, "Step", () => this.step());
    ui.button(buttons, "Noise the data", () => this.noiseData());
    this.teach = ui.button(buttons, "Train a network", () => this.train(), "Train a network");
    ui.button(buttons, "Reset", () => this.reset());
    const { data, score, sampler, count, mode, scaling } = this.choicesOn(controls);
    this.data = data;
    this.score = score;
    this.sampler = sampler;
    this.count = count;
    this.mode = mode;
    this.scaling = scaling;
    ui.beside(root, stage);
    this.see = ui.presetsFirst(root, PRESETS, (preset) => this.load(preset));
    this.see.textContent = PRESETS[0].see;
    this.reset();
  }

  // The picture.

  /** @param {Element} stage */
  viewOn(stage) {
    const view = ui.canvas(stage, {
      width: 440,
      height: 440,
      label:
        "The plane: modes of the data as circles, samples as dots, arrows towards the data at the present noise level. With data that you draw: arrow keys move the cursor, space sets a point.",
      draws: true,
      draw: (context, size, colours) => {
        const a = this.levels()[this.at];
        drawPlane(context, size, colours, {
          mixture: this.mixture(),
          wanted: this.wanted,
          a,
          x: this.x,
          trails: this.trails,
          cursor: this.shape === "own" ? this.cursor : null,
          eps: (points) => this.eps(points, Math.min(a, 0.98)),
        });
      },
      onPointer: ({ x, y, kind }) => {
        if (kind === "up") return;
        const [u, v] = place([x, y], view.size.width);
        const last = this.drawn.at(-1);
        this.cursor = [u, v];
        if (kind === "down" || !last || Math.hypot(last[0] - u, last[1] - v) > 0.2) this.place();
      },
      onKey: ui.cursorKeys(
        (by) => this.moveCursor(by),
        () => this.place(),
      ),
    });
    return view;
  }

  // Controls.

  /** @param {Element} controls */
  choicesOn(controls) {
    const data = this.dataOn(controls);
    const score = ui.select(controls, {
      label: "Score",
      options: [
        ["exact", "exact, without training"],
        ["learned", "of a network, trained here"],
      ],
      value: "exact",
      onInput: (value) => {
        this.learned = value === "learned";
        if (this.learned && !this.net) this.train();
        else this.start();
      },
    });
    const sampler = ui.select(controls, {
      label: "Sampler",
      options: [
        ["0", "DDIM: no fresh noise"],
        ["1", "DDPM: with fresh noise"],
      ],
      value: "0",
      onInput: (value) => this.change({ eta: Number(value) }),
    });
    const count = ui.slider(controls, {
      label: "Steps",
      min: 2,
      max: 200,
      step: 1,
      value: this.steps,
      onInput: (value) => this.change({ steps: value }),
    });
    const mode = ui.select(controls, {
      label: "Guide towards",
      options: [["0", "nothing"]],
      value: "0",
      onInput: (value) => this.change({ wanted: Number(value) }),
    });
    const scaling = ui.slider(controls, {
      label: "Scale of the guidance g",
      min: 0,
      max: 5,
      step: 0.25,
      value: this.scale,
      format: (value) => value.toFixed(2),
      onInput: (value) => this.change({ scale: value }),
    });
    ui.number(controls, {
      label: "Seed",
      value: this.seed,
      onInput: (value) => this.change({ seed: value }),
    });
    return { data, score, sampler, count, mode, scaling };
  }

  /** @param {Element} controls */
  dataOn(controls) {
    return ui.select(controls, {
      label: "Data",
      options: [
        ["two", "two points"],
        ["three", "three modes"],
        ["ring", "ring of eight"],
        ["moons", "two moons"],
        ["spiral", "spiral"],
        ["own", "draw it"],
      ],
      value: this.shape,
      onInput: (value) => this.take(value),
    });
  }

  /** @param {typeof PRESETS[number]} preset all but the example begin to sample at once */
  load({ shape, steps, wanted, scale, see }) {
    this.see.textContent = see;
    this.data.set(shape);
    this.take(shape);
    this.sampler.set("0");
    this.count.set(steps);
    this.mode.set(String(wanted));
    this.scaling.set(scale);
    this.change({ eta: 0, steps, wanted, scale });
    if (shape !== "two") this.sample();
  }

  /** @param {Partial<Pick<Stage, "eta" | "steps" | "wanted" | "scale" | "seed">>} what */
  change(what) {
    Object.assign(this, what);
    this.start();
  }

  // The data.

  /** @returns {Mixture} */
  mixture() {
    if (this.shape === "own" && this.drawn.length) return { means: this.drawn, spread: 0.15 };
    return SHAPES[this.shape] ?? SHAPES.three;
  }

  /** @param {string} shape */
  take(shape) {
    this.shape = shape;
    this.steps = shape === "two" ? FEW : MANY;
    this.count.set(this.steps);
    this.view.answer(shape === "own"); // else a finger scrolls the page, and Tab passes by
    this.reset();
    if (shape !== "own") return;
    this.status(
      "Draw in the plane, or focus it and use the arrow keys and space, to set points of the data. Until the first one the three modes stay.",
    );
  }

  /** After the data have changed: what knows only the old ones goes. */
  modes() {
    this.wanted = 0;
    this.learned = false;
    this.net = null;
    this.score.set("exact");
    const { input } = this.mode;
    input.replaceChildren();
    ui.element("option", { value: "0", text: "nothing" }, input);
    const count = Math.min(NAMED, this.mixture().means.length);
    for (let k = 1; k <= count; k++) {
      ui.element("option", { value: String(k), text: `mode ${k}` }, input);
    }
  }

  /** @param {[number, number]} by */
  moveCursor(by) {
    this.cursor = this.cursor.map((c, i) => Math.max(-2.6, Math.min(2.6, c + by[i] / 5)));
    this.status(`Cursor at ${this.cursor.map((c) => c.toFixed(1)).join(", ")}.`);
    this.view.redraw();
  }

  place() {
    if (this.drawn.length >= MOST) {
      this.status("Sixty points are as many as fit. Reset takes them away.");
      return;
    }
    this.drawn.push([...this.cursor]);
    this.modes();
    this.start();
    const at = this.cursor.map((c) => c.toFixed(1)).join(", ");
    this.status(`Point ${this.drawn.length} of the data at ${at}.`);
  }

  // Sampling.

  /** Whether the page's example runs: its data, and its levels. */
  example() {
    return this.shape === "two" && this.steps === FEW;
  }

  levels() {
    return this.example() ? diffusion.exampleLevels() : diffusion.levels(this.steps);
  }

  /** @param {number[][]} points @param {number} a alpha-bar @returns {number[][]} the noise that is seen in them */
  eps(points, a) {
    const { wanted, scale } = this;
    const net = this.learned ? this.net : null;
    return diffusion.planeEps(points, a, this.mixture(), { net, wanted, scale, most: REACH });
  }

  /** Fresh noise; nothing runs any more. */
  start() {
    this.rest();
    this.stop();
    this.rng = random(this.seed);
    this.x = Array.from({ length: COUNT }, () => [this.rng.normal(), this.rng.normal()]);
    if (this.shape === "two") this.x[0] = [START, this.x[0][1]];
    this.trails = this.x.slice(0, TRAILS).map((point) => [point]);
    this.at = 0;
    this.tell(false);
  }

  reset() {
    this.drawn = [];
    this.modes();
    this.start();
  }

  /** @param {number} count of steps from fresh noise, at once */
  run(count) {
    this.start();
    while (this.at < count) this.once();
    this.tell(false);
  }

  /** One step. @returns {boolean} whether there are more */
  once() {
    if (this.at >= this.steps) return false;
    const all = this.levels();
    const [a, to] = [all[this.at], all[this.at + 1]];
    this.x = diffusion.step(this.x, this.eps(this.x, a), a, to, this.eta, this.rng.normal);
    this.at += 1;
    for (const [i, trail] of this.trails.entries()) trail.push(this.x[i]);
    return this.at < this.steps;
  }

  frame() {
    const more = this.once();
    this.tell(more);
    if (!more) this.play.textContent = "Sample";
    return more;
  }

  stop() {
    this.sampling.stop();
    this.play.textContent = "Sample";
  }

  sample() {
    this.rest();
    if (this.sampling.running()) {
      this.stop();
      this.tell(false);
      return;
    }
    if (this.at >= this.steps) this.start();
    if (ui.calm()) {
      while (this.once());
      this.tell(false);
      return;
    }
    this.sampling.start();
    this.play.textContent = "Pause";
  }

  step() {
    this.rest();
    this.stop();
    if (this.at >= this.steps) this.start();
    this.once();
    this.tell(false);
  }

  noiseData() {
    this.start();
    const { means, spread } = this.mixture();
    const { rng } = this;
    const datum = () => means[rng.integer(means.length)].map((m) => m + spread * rng.normal());
    const data = this.x.map(datum);
    const noise = this.x.map(() => [rng.normal(), rng.normal()]);
    this.trails = [];
    this.at = Math.floor(this.steps / 2);
    const a = this.levels()[this.at];
    this.x = data.map((point, n) => diffusion.noised(point, noise[n], a));
    this.tell(false);
  }

  /** @param {boolean} quiet */
  tell(quiet) {
    const { x, wanted, at, steps } = this;
    const { means, spread } = this.mixture();
    const done = at === steps ? "Done: " : `Step ${at} of ${steps}: `;
    const distance = diffusion.distance(x, means).toFixed(2);
    const expected = (spread * Math.sqrt(Math.PI / 2)).toFixed(2);
    let text = `${done}mean distance to the nearest mode ${distance}, of data about ${expected}.`;
    if (this.example() && this.trails.length) {
      const path = this.trails[0].map(([u]) => ui.fixed(u, 2)).join(", ");
      text = `${done}the first point is at ${path}. Of all points, the ${text.slice(done.length)}`;
    }
    if (wanted) {
      const share = wanted <= means.length ? diffusion.shareOf(x, means, wanted - 1) : 0;
      text += ` ${Math.round(100 * share)} % are nearest to mode ${wanted}; spread ${diffusion.spreadOf(x).toFixed(2)}, of the mode ${spread.toFixed(2)}.`;
    }
    this.status(text, quiet);
    this.view.redraw();
  }

  // Training.

  train() {
    const going = this.training.running() || this.timer;
    this.start();
    if (going) return;
    if (!this.net || this.net.done() >= TOTAL) {
      const { means, spread } = this.mixture();
      this.net = diffusion.trainer(this.seed, HIDDEN, TOTAL, BATCH, means, spread);
    }
    this.learned = true;
    this.score.set("learned");
    this.teach.textContent = "Pause training";
    this.status("Training begins.");
    if (ui.calm()) this.learnAtAStretch();
    else this.training.start();
  }

  /** With less motion nothing is shown until the end. */
  learnAtAStretch() {
    const slice = () => {
      this.timer = this.learn() ? window.setTimeout(slice) : 0;
    };
    this.timer = window.setTimeout(slice);
  }

  /** As many steps as fit into a frame. @returns {boolean} whether there are more */
  learn() {
    const { net } = this;
    if (!net) return false;
    const until = performance.now() + 12;
    let loss = 0;
    do loss = net.next();
    while (net.done() < TOTAL && performance.now() < until);
    const over = net.done() >= TOTAL;
    if (over) this.teach.textContent = "Train a network";
    if (over || !ui.calm()) {
      const told = over
        ? `Trained in ${TOTAL} steps: `
        : `Training, step ${net.done()} of ${TOTAL}, loss ${loss.toFixed(2)}: `;
      const fault = (100 * diffusion.faultOf(net, this.mixture())).toFixed(1);
      this.status(
        `${told}half-way in the noise, the network is ${fault} % off the exact score.`,
        !over,
      );
      this.view.redraw();
    }
    return !over;
  }

  /** No training any more. */
  rest() {
    this.training.stop();
    clearTimeout(this.timer);
    this.timer = 0;
    const begun = this.net && this.net.done() < TOTAL;
    this.teach.textContent = begun ? "Train on" : "Train a network";
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  const points = ui.element("div", {}, root);
  const stage = new Stage(points);
  keep(root, "taken", {
    read: () => String(stage.sampling.running() ? 0 : stage.at), // what runs will run again
    write: (text) => {
      const good = /^\d{1,3}$/.test(text) && Number(text) <= stage.steps;
      if (good) stage.run(Number(text));
      return good;
    },
  });
  digits(ui.element("div", { class: "demo-output" }, root), points);
}
