/** The stage of positions.mjs: the reader moves three words, and sees each scheme's scores. */

import { random } from "../../assets/demos/rng.mjs";
import * as ui from "../../assets/demos/ui.mjs";
import { drawChart, drawPlane, LAST, positionAt } from "./draw.mjs";
import { example, WORDS } from "./positions.mjs";

const START = [0, 1, 2];
const SEED = 1;
const TURN = 90; // degrees from one position to the next
const SLOPE = 0.5;

/** @type {import("./draw.mjs").Way[]} in the order of the page's table */
const WAYS = [
  { name: "no positions", short: "none", scheme: "none", causal: false },
  { name: "sinusoids added", short: "sines", scheme: "sinusoidal", causal: false },
  { name: "RoPE", short: "RoPE", scheme: "rope", causal: false },
  { name: "ALiBi, causal mask", short: "ALiBi", scheme: "alibi", causal: true },
  { name: "causal mask alone", short: "mask", scheme: "none", causal: true },
];
const CHOSEN = 2;

const shown = (/** @type {number | null} */ value, digits = 2) =>
  value === null ? "masked" : (value + 0).toFixed(digits).replace(/^-(?=0\.?0*$)/, "");

/** @param {HTMLInputElement} input @param {boolean} on whether its control can be seen and used */
const shownIf = (input, on) => {
  const box = /** @type {HTMLElement} */ (input.closest(".demo-control"));
  box.style.display = on ? "" : "none";
};

class Stage {
  at = [...START];
  held = 0; // the word that the pointer moves
  source = random(SEED);

  /** @param {HTMLElement} root */
  constructor(root) {
    const { stage, controls, buttons, status, output } = ui.frame(root);
    this.status = status;
    this.output = output;
    this.plane = ui.canvas(stage, {
      width: 225,
      height: 225,
      label: "The query of bites and the keys of dog and man as they enter the inner product",
      draw: (g, size, colours) => drawPlane(g, size, colours, this.state()),
    });
    this.chart = this.chartOn(stage);
    this.way = ui.select(controls, {
      label: "Scheme shown",
      options: WAYS.map(({ name }, n) => [String(n), name]),
      value: String(CHOSEN),
      onInput: () => this.show(),
    });
    this.sliders = WORDS.map((word, n) =>
      ui.slider(controls, {
        label: `Position of “${word}”`,
        min: 0,
        max: LAST,
        step: 1,
        value: START[n],
        onInput: (value) => this.place(n, value),
      }),
    );
    this.turn = ui.slider(controls, {
      label: "Turn for each position",
      min: 5,
      max: 180,
      step: 5,
      value: TURN,
      format: (value) => `${value}°`,
      onInput: () => this.show(),
    });
    this.slope = ui.slider(controls, {
      label: "Slope of ALiBi",
      min: 0,
      max: 1,
      step: 0.125,
      value: SLOPE,
      format: (value) => value.toFixed(3),
      onInput: () => this.show(),
    });
    this.seed = ui.number(controls, {
      label: "Seed",
      value: SEED,
      onInput: (value) => {
        this.source = random(value);
        status(`The next random places are drawn with seed ${value}.`);
      },
    });
    ui.button(buttons, "dog bites man", () => this.move([0, 1, 2]));
    ui.button(buttons, "man bites dog", () => this.move([2, 1, 0]));
    ui.button(buttons, "Two places on", () => this.shift(2));
    ui.button(buttons, "Random", () => this.draw());
    ui.button(buttons, "Reset", () => this.reset());
    this.show();
  }

  /** @param {Element} stage */
  chartOn(stage) {
    const chart = ui.canvas(stage, {
      width: 425,
      height: 225,
      label:
        "Score of a noun against its position; left and right move dog, up and down move bites",
      draw: (g, size, colours) => drawChart(g, size, colours, this.state()),
      onPointer: ({ x, kind }) => {
        const position = Math.min(LAST, Math.max(0, positionAt(chart.size, x)));
        const away = this.at.map((place) => Math.abs(place - position));
        if (kind === "down") this.held = away.indexOf(Math.min(...away));
        this.place(this.held, position, kind !== "up");
      },
      onKey: (key) => {
        const by = ui.arrow(key);
        if (by?.[0]) this.place(0, this.at[0] + by[0]);
        if (by?.[1]) this.place(1, this.at[1] + by[1]);
        return Boolean(by);
      },
    });
    return chart;
  }

  /** What the pictures show. */
  state() {
    const turn = (this.turn.value() * Math.PI) / 180;
    const way = WAYS[Number(this.way.value())];
    return { way, ways: WAYS, at: this.at, turn, slope: this.slope.value() };
  }

  /**
   * Moves one word; a word that stands there changes places with it.
   * @param {number} n @param {number} position
   */
  place(n, position, quiet = false) {
    if (position < 0 || position > LAST) return;
    const other = this.at.findIndex((place, m) => m !== n && place === position);
    if (other >= 0) this.at[other] = this.at[n];
    this.at[n] = position;
    this.move(this.at, quiet);
  }

  /** @param {number[]} at */
  move(at, quiet = false) {
    this.at = [...at];
    for (const [n, slider] of this.sliders.entries()) slider.set(at[n]);
    this.show(quiet);
  }

  /** @param {number} by */
  shift(by) {
    if (Math.max(...this.at) + by > LAST) {
      this.status(`The last position is ${LAST}: there is no room.`);
      return;
    }
    this.move(this.at.map((place) => place + by));
  }

  draw() {
    const free = Array.from({ length: LAST + 1 }, (_, position) => position);
    this.move(START.map(() => free.splice(this.source.integer(free.length), 1)[0]));
  }

  reset() {
    this.way.set(String(CHOSEN));
    this.turn.set(TURN);
    this.slope.set(SLOPE);
    this.seed.set(SEED);
    this.source = random(SEED);
    this.move(START);
  }

  show(quiet = false) {
    const { way, at, turn, slope } = this.state();
    const biased = way.scheme === "alibi";
    shownIf(this.slope.input, biased);
    shownIf(this.turn.input, !biased);
    this.plane.redraw();
    this.chart.redraw();
    const rows = WAYS.map(({ name, scheme, causal }) => {
      const { scores, shares } = example(scheme, at, causal, turn, slope);
      return [name, ...scores.map((s) => shown(s)), ...shares.map((share) => shown(share, 3))];
    });
    ui.table(
      this.output,
      "What “bites” sees",
      ["Scheme", "score: dog", "bites", "man", "takes from dog", "from man"],
      rows,
    );
    const { shares } = example(way.scheme, at, way.causal, turn, slope);
    const order = [0, 1, 2].sort((a, b) => at[a] - at[b]).map((n) => `${WORDS[n]} ${at[n]}`);
    const [dog, man] = shares.map((share) => share.toFixed(3));
    this.status(`${order.join(", ")}. With ${way.name}: dog ${dog}, man ${man}.`, quiet);
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
