/**
 * The stage of gan.mjs: the reader trains a GAN on points in the plane and counts its modes, or plays the
 * game with two numbers (line.mjs). One of the two games is shown.
 *
 * @typedef {import("./gan.mjs").Kind} Kind
 */

import { plane } from "../../assets/demos/plane.mjs";
import { keep, numbers, written } from "../../assets/demos/state.mjs";
import * as ui from "../../assets/demos/ui.mjs";
import { drawHistory, drawLosses, drawPlane, REACH } from "./draw.mjs";
import {
  BATCH,
  batchOf,
  DATA,
  forward,
  game,
  modesReached,
  playRound,
  SPREAD,
  stepD,
  stepG,
} from "./gan.mjs";
import { Line, limit } from "./line.mjs";

const SEED = 1;
const { place } = plane(REACH);
const MOST = 20; // points of the reader's own
const AT_ONCE = 25; // rounds, for who asked for less motion
const KEPT = 400; // counts that the charts keep

const LEGEND =
  "Rings: the modes of the data. Dots: data of the last round. Squares: samples, with a line in the direction in which each is pushed. Shade: taken for real in the first colour, for fake in the second; the light seam between them is where the discriminator cannot tell.";

/**
 * What can be seen in a few seconds: settings of one game, and a sentence.
 * @type {{name: string, see: string, line?: Partial<typeof import("./line.mjs").EXAMPLE>, plane?: {ratio: number}}[]}
 */
const PRESETS = [
  {
    name: "the round by hand",
    line: {},
    see: "The page's example. Press D alone, then G alone: ψ 1.486, then θ −0.511. The path shows the rounds that follow.",
  },
  {
    name: "circling",
    line: { pair: false },
    see: "One data point: nothing damps the players, and the distance falls ever more slowly. With the saturating loss it does not fall.",
  },
  {
    name: "damped",
    line: { pair: false, gamma: 1 },
    see: "The same game with a penalty on the slope of the discriminator: the players come to rest.",
  },
  {
    name: "eight modes",
    plane: { ratio: 1 },
    see: "One step each. For some seconds most modes are missing, then most are reached; half of the samples still lie between them.",
  },
  {
    name: "mode hopping",
    plane: { ratio: 5 },
    see: "Five steps of G for each of D: all samples run to one place, and on to the next as soon as D has answered.",
  },
];

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
  last = /** @type {{samples: number[][], push: number[][]} | null} */ (null);
  losses = [0, 0]; // of D and of G, when each was last computed
  real = /** @type {number[][]} */ ([]);
  history = /** @type {number[][]} */ ([]); // round, modes, loss of D, loss of G

  /** @param {HTMLElement} root */
  constructor(root) {
    this.presetsOn(root);
    const plane = ui.element("div", {}, root);
    const line = ui.element("div", { hidden: true }, root);
    this.games = { plane, line };
    const status = ui.statusLine(root);
    this.status = status;
    const pair = ui.element("div", { class: "demo-beside" }, plane);
    this.view = this.viewOn(ui.element("div", { class: "demo-stage demo-watch" }, pair));
    this.view.answer(false);
    const side = ui.element("div", { class: "demo-side" }, pair);
    this.training = ui.loop(root, (seconds) => this.frame(seconds));
    const buttons = ui.element("div", { class: "demo-buttons" }, side);
    this.play = ui.button(buttons, this.rest(), () => this.train(), "Pause");
    this.play.classList.add("demo-first");
    ui.button(buttons, "Step", () => this.step());
    ui.button(buttons, "D alone", () => this.alone("D"));
    ui.button(buttons, "G alone", () => this.alone("G"));
    ui.button(buttons, "Reset", () => this.begin());
    this.charts = this.chartsOn(side);
    const controls = ui.element("div", { class: "demo-controls" }, plane);
    this.controls = { ...this.choicesOn(controls), ...this.slidersOn(controls) };
    const legend = ui.element("details", {}, plane);
    ui.element("summary", { text: "What the picture shows" }, legend);
    ui.element("p", { text: LEGEND }, legend);
    this.line = new Line(line, status, () => this.begin());
    this.tell(false);
    this.keepOn(root);
  }

  /** @param {HTMLElement} root points stand in the address: the reader's own, and where two numbers start */
  keepOn(root) {
    keep(root, "points", {
      read: () => (this.shape === "own" ? this.own.join(",") : ""),
      write: (text) => {
        const count = text.split(",").length;
        const found = text === "" ? [] : numbers(text, count, REACH);
        if (!found || this.shape !== "own" || count > 2 * MOST || found.length % 2) return false;
        this.own = found.flatMap((_, i) => (i % 2 ? [] : [found.slice(i, i + 2)]));
        this.reset(false);
        return true;
      },
    });
    keep(root, "start", {
      read: () => written(this.line.setting.start),
      write: (text) => {
        const found = numbers(text, 2, REACH);
        if (!found || this.games.line.hidden) return false;
        this.line.from(found);
        return true;
      },
    });
  }

  /** @param {HTMLElement} root */
  presetsOn(root) {
    const { list, see, room } = ui.presets(PRESETS, (preset) => {
      see.textContent = preset.see;
      this.load(preset);
    });
    see.textContent =
      "Choose what to see. The first three play with two numbers, the others with networks.";
    root.append(list, room);
  }

  /** @param {typeof PRESETS[number]} preset a game of networks begins to train at once */
  load({ line, plane }) {
    this.games.line.hidden = !line;
    this.games.plane.hidden = Boolean(line);
    this.pause();
    if (line) this.line.load(line);
    if (!plane) return;
    this.kind = "non-saturating";
    this.gamma = 0;
    this.shape = "ring";
    this.ratio = plane.ratio;
    const { data, loss, gamma, ratio } = this.controls;
    data.set(this.shape);
    loss.set(this.kind);
    gamma.set(this.gamma);
    ratio.set(this.ratio);
    this.view.answer(false);
    this.reset();
    this.train();
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
          real: this.real,
          cursor: this.shape === "own" ? this.cursor : null,
        }),
      onPointer: ({ x, y, kind }) => {
        if (kind !== "down") return;
        this.cursor = place([x, y], view.size.width);
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
  chartsOn(side) {
    return [
      ui.canvas(side, {
        width: 280,
        height: 120,
        label: "Modes reached, against rounds; the number stands in the line of text below",
        draw: (context, size, colours) => {
          const { history, rounds } = this;
          drawHistory(context, size, colours, { history, rounds, most: this.centres().length });
        },
      }),
      ui.canvas(side, {
        width: 280,
        height: 120,
        label:
          "Losses of both players, against rounds; the last ones stand in the line of text below",
        draw: (context, size, colours) => {
          const { history, rounds } = this;
          drawLosses(context, size, colours, { history, rounds });
        },
      }),
    ];
  }

  // Controls.

  /** @param {Element} controls */
  choicesOn(controls) {
    const data = ui.select(controls, {
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
    const loss = ui.select(controls, {
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
      },
    });
    return { data, loss };
  }

  /** @param {Element} controls */
  slidersOn(controls) {
    const gamma = ui.slider(controls, {
      label: "Gradient penalty γ",
      min: 0,
      max: 3,
      step: 0.1,
      value: this.gamma,
      format: (value) => value.toFixed(1),
      onInput: (value) => {
        this.gamma = value;
      },
    });
    const ratio = ui.slider(controls, {
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
    return { gamma, ratio };
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
    this.own.push(this.cursor.map((c) => Number(c.toFixed(2)))); // as the address tells it
    const at = this.cursor.map((c) => c.toFixed(1)).join(", ");
    this.status(`Point ${this.own.length} at ${at}.`);
    this.view.redraw();
    this.redrawCharts();
  }

  // Training.

  /** What the button says while nothing runs: with less motion the pictures between are left out. */
  rest() {
    return ui.calm() ? `Train ${AT_ONCE} rounds` : "Train";
  }

  redrawCharts() {
    for (const chart of this.charts) chart.redraw();
  }

  once() {
    const { g, d, mg, md, rng, noise } = this.game;
    const z = Array.from({ length: this.ratio + 1 }, () => noise(BATCH));
    this.real = batchOf(this.centres(), rng);
    const { lossD, lossG, ...last } = playRound(g, d, mg, md, this.real, z, this.kind, this.gamma);
    this.last = last;
    this.losses = [lossD, lossG];
    this.rounds += 1;
  }

  /** A step of one player, which counts as no round. @param {"D" | "G"} player */
  alone(player) {
    this.pause();
    const { g, d, mg, md, rng, noise } = this.game;
    if (player === "D") {
      this.real = batchOf(this.centres(), rng);
      this.losses[0] = stepD(g, d, md, this.real, noise(BATCH), this.kind, this.gamma);
    } else {
      const { loss, samples, push } = stepG(g, d, mg, noise(BATCH), this.kind);
      this.losses[1] = loss;
      this.last = { samples, push };
    }
    this.view.redraw();
    const at = this.losses[player === "D" ? 0 : 1].toFixed(2);
    this.status(
      player === "D"
        ? `A step of D alone: the shade changes, no sample moves. Its loss was ${at}.`
        : `A step of G alone: the samples move, the shade stays. Its loss was ${at}.`,
    );
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

  /** As at the first opening, with the first of the games. */
  begin() {
    this.games.line.hidden = true;
    this.games.plane.hidden = false;
    this.line.load({}, false);
    this.reset();
  }

  reset(points = true) {
    this.pause();
    if (points && this.shape === "own") this.own = [];
    this.game = game(this.seed);
    this.last = null;
    this.real = [];
    this.rounds = 0;
    this.waited = 0;
    this.history = [];
    this.redrawCharts();
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
    const [d, other] = this.losses;
    if (this.rounds && this.history.at(-1)?.[0] !== this.rounds) {
      this.history.push([this.rounds, reached, d, other]);
    }
    if (this.history.length > KEPT) this.history = this.history.filter((_, i) => i % 2);
    this.redrawCharts();
    const name = this.kind === "wasserstein" ? "critic's loss" : "discriminator's loss";
    this.status(
      `Round ${this.rounds}: ${reached} of ${count} ${count === 1 ? "mode" : "modes"}, ${Math.round(100 * good)} % of the samples near one, ${name} ${d.toFixed(2)}, generator's ${other.toFixed(2)}.`,
      quiet,
    );
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
