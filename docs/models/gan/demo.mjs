/**
 * The stage of gan.mjs: the reader trains a GAN on points in the plane and counts its modes. Below it
 * the game with two numbers under the same loss and penalty.
 *
 * @typedef {import("./gan.mjs").Kind} Kind
 */

import * as ui from "../../assets/demos/ui.mjs";
import { drawHistory, drawPhases, drawPlane, REACH } from "./draw.mjs";
import {
  BATCH,
  batchOf,
  DATA,
  diracPath,
  forward,
  game,
  lineLosses,
  modesReached,
  playRound,
  SPREAD,
} from "./gan.mjs";

const SEED = 1;
const MOST = 20; // points of the reader's own
const AT_ONCE = 25; // rounds, for who asked for less motion
const STEPS = 400; // of the path in the game with two numbers
const TOLD = [0, 1, 2, 3, 4, 8, 40]; // rounds whose numbers are shown
const KEPT = 400; // counts that the chart keeps

const LEGEND =
  "Rings: the modes of the data. Squares: samples, with a line in the direction in which each is pushed. Shade: taken for real in the first colour, for fake in the second; the light seam between them is where the discriminator cannot tell.";

/** @param {number} value @param {number} most @returns {number} the nearest value in [-most, most] */
const limit = (value, most) => Math.max(-most, Math.min(most, value));

/** The game with two numbers: a start, its switches, the path that follows, and its rounds as numbers. */
class Line {
  kind = /** @type {Kind} */ ("non-saturating");
  gamma = 0;
  start = [-1, Math.log(4)];
  spread = 0;
  rate = 0.5;
  pair = true;
  turns = true;
  path = /** @type {number[][]} */ ([]);

  /** @param {HTMLElement} parent @param {import("../../assets/demos/ui.mjs").Status} status */
  constructor(parent, status) {
    this.status = status;
    ui.element(
      "p",
      { class: "demo-title", text: "The game with two numbers, with the loss and penalty above" },
      parent,
    );
    this.phases = this.phasesOn(parent);
    this.numbers = ui.element("div", {}, parent);
    this.controlsOn(ui.element("div", { class: "demo-controls" }, parent));
    this.follow();
  }

  /** @param {HTMLElement} controls */
  controlsOn(controls) {
    ui.select(controls, {
      label: "Data on the line",
      options: [
        ["pair", "two points, 0 and 1"],
        ["one", "one point (Dirac-GAN)"],
      ],
      value: "pair",
      onInput: (value) => this.change({ pair: value === "pair" }),
    });
    ui.slider(controls, {
      label: "Learning rate",
      min: 0.1,
      max: 1,
      step: 0.1,
      value: this.rate,
      format: (value) => value.toFixed(1),
      onInput: (value) => this.change({ rate: value }),
    });
    ui.slider(controls, {
      label: "Noise on what D sees, s",
      min: 0,
      max: 2,
      step: 0.1,
      value: this.spread,
      format: (value) => value.toFixed(1),
      onInput: (value) => this.change({ spread: value }),
    });
    ui.toggle(controls, {
      label: "The players move in turn",
      value: this.turns,
      onInput: (value) => this.change({ turns: value }),
    });
  }

  /** @param {HTMLElement} parent */
  phasesOn(parent) {
    const phases = ui.canvas(parent, {
      width: 420,
      height: 340,
      label:
        "Phase plane of the game with two numbers: the generator's shift to the right, the discriminator's slope upwards. Move the start with the arrow keys.",
      draw: (context, size, colours) => drawPhases(context, size, colours, this),
      onPointer: ({ x, y, kind }) => {
        if (kind === "up") return;
        const { width, height } = phases.size;
        this.from([(x - width / 2) / (height / 6), (height / 2 - y) / (height / 6)]);
      },
      onKey: (key) => {
        const by = ui.arrow(key);
        if (by) this.from(this.start.map((value, i) => value + by[i] / 10));
        return Boolean(by);
      },
    });
    return phases;
  }

  /** The path anew, and the numbers of some of its rounds. */
  follow() {
    const { start, kind, gamma, spread, turns, pair, rate } = this;
    this.path = diracPath(start, STEPS, kind, gamma, spread, turns, pair, rate);
    this.phases.redraw();
    const rows = TOLD.map((round) => {
      const [theta, psi] = this.path[round];
      const told = [theta, psi, ...lineLosses(theta, psi, kind, pair)];
      return [round, ...told.map((value) => value.toFixed(3).replace("-", "−"))];
    });
    ui.table(this.numbers, "Some rounds", ["After", "θ", "ψ", "Loss of D", "Loss of G"], rows);
  }

  /** @param {number[]} point */
  from(point) {
    this.change({ start: point.map((value) => limit(value, 2)) });
  }

  /**
   * @param {Partial<Pick<Line, "kind" | "gamma" | "start" | "spread" | "turns" | "pair" | "rate">>} what
   */
  change(what, told = true) {
    Object.assign(this, what);
    this.follow();
    if (!told) return;
    const [theta, psi] = this.start.map((value) => value.toFixed(2));
    const far = ([a, b] = this.start) => Math.hypot(a, b).toFixed(2);
    this.status(
      `From θ ${theta}, ψ ${psi}: distance to the equilibrium ${far()} at the start, ${far(this.path[STEPS])} after ${STEPS} rounds.`,
    );
  }
}

class Stage {
  kind = /** @type {Kind} */ ("non-saturating");
  gamma = 0;
  ratio = 1; // steps of G for each step of D
  speed = 1; // rounds a frame; 0: two a second
  shape = "ring";
  own = /** @type {number[][]} */ ([]);
  cursor = [0, 0];
  seed = SEED;
  rounds = 0;
  waited = 0;
  game = game(SEED);
  last = /** @type {ReturnType<typeof playRound> | null} */ (null);
  history = /** @type {number[][]} */ ([]);

  /** @param {HTMLElement} root */
  constructor(root) {
    const { stage, controls, buttons, status, output } = ui.frame(root);
    this.status = status;
    this.view = this.viewOn(stage);
    this.view.answer(false);
    const side = ui.element("div", { style: "flex: 1 1 12rem" }, stage);
    this.chart = this.chartOn(side);
    ui.element("p", { text: LEGEND }, side);
    this.training = ui.loop(root, (seconds) => this.frame(seconds));
    this.play = ui.button(buttons, this.rest(), () => this.train());
    ui.button(buttons, "Step", () => this.step());
    ui.button(buttons, "Reset", () => this.reset());
    this.choicesOn(controls);
    this.slidersOn(controls);
    this.line = new Line(output, status);
    this.tell(false);
  }

  // Pictures.

  /** @param {Element} stage */
  viewOn(stage) {
    const view = ui.canvas(stage, {
      width: 420,
      height: 420,
      label:
        "The plane: data, samples of the generator, and what the discriminator believes. With points of your own: arrow keys move the cursor, space sets a point.",
      draw: (context, size, colours) =>
        drawPlane(context, size, colours, {
          d: this.game.d,
          kind: this.kind,
          centres: this.centres(),
          last: this.last,
          cursor: this.shape === "own" ? this.cursor : null,
        }),
      onPointer: ({ x, y, kind }) => {
        if (kind !== "down") return;
        const { width, height } = view.size;
        this.cursor = [(x / width) * 2 * REACH - REACH, REACH - (y / height) * 2 * REACH];
        this.place();
      },
      onKey: ui.cursorKeys(
        (by) => this.moveCursor(by),
        () => this.place(),
      ),
    });
    return view;
  }

  /** @param {Element} side */
  chartOn(side) {
    return ui.canvas(side, {
      width: 232,
      height: 150,
      label: "Modes reached, against rounds; the number stands in the line of text below",
      draw: (context, size, colours) => {
        const { history, rounds } = this;
        drawHistory(context, size, colours, { history, rounds, most: this.centres().length });
      },
    });
  }

  // Controls.

  /** @param {Element} controls */
  choicesOn(controls) {
    ui.select(controls, {
      label: "Data",
      options: [
        ["ring", "ring of eight"],
        ["grid", "grid of nine"],
        ["pair", "two points"],
        ["own", "my own points"],
      ],
      value: this.shape,
      onInput: (value) => this.take(value),
    });
    ui.select(controls, {
      label: "Loss",
      options: [
        ["non-saturating", "non-saturating"],
        ["saturating", "saturating"],
        ["wasserstein", "Wasserstein"],
      ],
      value: this.kind,
      onInput: (value) => {
        this.kind = /** @type {Kind} */ (value);
        this.reset(false);
        this.line.change({ kind: this.kind }, false);
      },
    });
  }

  /** @param {Element} controls */
  slidersOn(controls) {
    ui.slider(controls, {
      label: "Gradient penalty γ",
      min: 0,
      max: 3,
      step: 0.1,
      value: this.gamma,
      format: (value) => value.toFixed(1),
      onInput: (value) => {
        this.gamma = value;
        this.line.change({ gamma: value }, !this.training.running());
      },
    });
    ui.slider(controls, {
      label: "Steps of G for each step of D",
      min: 1,
      max: 6,
      step: 1,
      value: this.ratio,
      onInput: (value) => {
        this.ratio = value;
      },
    });
    ui.select(controls, {
      label: "Speed",
      options: [
        ["0", "2 rounds a second"],
        ["1", "1 round a frame"],
        ["5", "5 rounds a frame"],
      ],
      value: String(this.speed),
      onInput: (value) => {
        this.speed = Number(value);
      },
    });
    ui.number(controls, {
      label: "Seed",
      value: this.seed,
      onInput: (value) => {
        this.seed = value;
        this.reset(false);
      },
    });
  }

  // The reader's own points.

  centres() {
    return this.shape === "own" && this.own.length ? this.own : (DATA[this.shape] ?? DATA.ring);
  }

  /** @param {string} shape */
  take(shape) {
    this.shape = shape;
    this.view.answer(shape === "own");
    this.reset();
    if (shape === "own") {
      this.status(
        "Click into the plane, or focus it and use the arrow keys and space, to set points.",
      );
    }
  }

  /** @param {[number, number]} by */
  moveCursor(by) {
    this.cursor = this.cursor.map((c, i) => limit(c + by[i] / 5, 3));
    this.view.redraw();
    this.status(`Cursor at ${this.cursor.map((c) => c.toFixed(1)).join(", ")}.`);
  }

  place() {
    if (this.own.length >= MOST) {
      this.status("Twenty points are as many as fit. Reset takes them away.");
      return;
    }
    this.own.push([...this.cursor]);
    const at = this.cursor.map((c) => c.toFixed(1)).join(", ");
    this.status(`Point ${this.own.length} at ${at}.`);
    this.view.redraw();
    this.chart.redraw();
  }

  // Training.

  /** What the button says while nothing runs: with less motion the pictures between are left out. */
  rest() {
    return ui.calm() ? `Train ${AT_ONCE} rounds` : "Train";
  }

  once() {
    const { g, d, mg, md, rng, noise } = this.game;
    const z = Array.from({ length: this.ratio + 1 }, () => noise(BATCH));
    this.last = playRound(g, d, mg, md, batchOf(this.centres(), rng), z, this.kind, this.gamma);
    this.rounds += 1;
  }

  /** @param {number} seconds since the last frame */
  frame(seconds) {
    this.waited += seconds;
    if (this.speed === 0 && this.waited < 0.5) return;
    this.waited = 0;
    for (let i = 0; i < Math.max(1, this.speed); i++) this.once();
    this.show(true);
  }

  train() {
    if (ui.calm()) {
      for (let i = 0; i < AT_ONCE; i++) this.once();
      this.play.textContent = this.rest();
      this.show();
      return;
    }
    if (this.training.running()) this.training.stop();
    else this.training.start();
    this.play.textContent = this.training.running() ? "Pause" : this.rest();
    this.tell(false);
  }

  pause() {
    this.training.stop();
    this.play.textContent = this.rest();
  }

  step() {
    this.pause();
    this.once();
    this.show();
  }

  reset(points = true) {
    this.pause();
    if (points && this.shape === "own") this.own = [];
    this.game = game(this.seed);
    this.last = null;
    this.rounds = 0;
    this.waited = 0;
    this.history = [];
    this.chart.redraw();
    this.show();
  }

  show(quiet = false) {
    if (!quiet || this.rounds % 10 === 0) this.tell(quiet);
    this.view.redraw();
  }

  /** @param {boolean} quiet */
  tell(quiet) {
    if (!this.last) {
      this.status("Nothing is trained yet. Train plays rounds; Step plays one.", quiet);
      return;
    }
    const { g, probe } = this.game;
    const count = this.centres().length;
    const [reached, good] = modesReached(forward(g, probe), this.centres(), SPREAD);
    if (this.history.at(-1)?.[0] !== this.rounds) this.history.push([this.rounds, reached]);
    if (this.history.length > KEPT) this.history = this.history.filter((_, i) => i % 2);
    this.chart.redraw();
    const name = this.kind === "wasserstein" ? "critic's loss" : "discriminator's loss";
    this.status(
      `Round ${this.rounds}: ${reached} of ${count} ${count === 1 ? "mode" : "modes"}, ${Math.round(100 * good)} % of the samples near one, ${name} ${this.last.lossD.toFixed(2)}.`,
      quiet,
    );
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
