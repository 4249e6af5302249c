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
  { name: "sinusoids", short: "sines", scheme: "sinusoidal", causal: false },
  { name: "RoPE", short: "RoPE", scheme: "rope", causal: false },
  { name: "ALiBi, mask", short: "ALiBi", scheme: "alibi", causal: true },
  { name: "mask alone", short: "mask", scheme: "none", causal: true },
];
const CHOSEN = 2;
const MASKED = 3; // ALiBi

/**
 * What can be loaded with one press, and what to see.
 * @type {{name: string, at: number[], chosen: number, see: string}[]}
 */
const PRESETS = [
  {
    name: "dog bites man",
    at: START,
    chosen: CHOSEN,
    see: "The page’s example: in every row but the first, “bites” gives the dog far more weight than the man.",
  },
  {
    name: "man bites dog",
    at: [2, 1, 0],
    chosen: CHOSEN,
    see: "The nouns have changed places: the two weights change places too, in every row but the first.",
  },
  {
    name: "two later",
    at: [2, 3, 4],
    chosen: 1,
    see: "“dog bites man” at 2, 3 and 4: the row of RoPE stays; with sinusoids the man now has 0.844.",
  },
  {
    name: "a full turn",
    at: [0, 5, 6],
    chosen: CHOSEN,
    see: "The dog is five places back, and RoPE scores it as if it were one place back. Turn by 30° instead: 2 becomes −0.73.",
  },
  {
    name: "a far dog",
    at: [0, 8, 9],
    chosen: MASKED,
    see: "Eight places back, ALiBi scores the dog −2, less than “bites” itself. Make the slope 0.125, and it scores 1.",
  },
];

const shown = (/** @type {number | null} */ value) =>
  value === null ? "masked" : ui.short(value, 2);

/** @param {HTMLInputElement} input @param {boolean} on whether its control can be seen and used */
const shownIf = (input, on) => {
  const box = /** @type {HTMLElement} */ (input.closest(".demo-control"));
  box.style.display = on ? "" : "none";
};

/**
 * Status and table, and beside them, where there is room, what the reader sets.
 * @param {HTMLElement} root @param {HTMLElement} above @param {HTMLElement[]} settings
 */
function besides(root, above, settings) {
  const pair = ui.element("div", { class: "demo-pair" });
  above.after(pair);
  const results = ui.element("div", { style: "flex: 1 1 20rem; min-width: 0" }, pair);
  const told = ":scope > :is(.demo-status, .demo-told, .demo-output)";
  results.append(...root.querySelectorAll(told));
  ui.element("div", { style: "flex: 1 1 13rem" }, pair).append(...settings);
}

class Stage {
  at = [...START];
  held = 0; // the word that the pointer moves
  moved = { word: -1, from: START }; // the last one that was moved, and all places before
  source = random(SEED);

  /** @param {HTMLElement} root */
  constructor(root) {
    const { stage, controls, buttons, status, output } = ui.frame(root);
    this.status = status;
    this.output = output;
    this.plane = ui.canvas(stage, {
      width: 200,
      height: 200,
      label: "The query of bites and the keys of dog and man as they enter the inner product",
      draw: (g, size, colours) => drawPlane(g, size, colours, this.state()),
    });
    this.chart = this.chartOn(stage);
    const { list, see, room } = ui.presets(PRESETS, (preset) => this.load(preset));
    this.see = see;
    stage.after(list, room);
    besides(root, room, [controls, buttons]);
    ui.button(buttons, "Random", () => this.draw());
    ui.button(buttons, "Reset", () => this.reset());
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
    const { way, turn, slope, seed } = this.settingsOn(controls);
    this.way = way;
    this.turn = turn;
    this.slope = slope;
    this.seed = seed;
    this.load(PRESETS[0]);
  }

  /** @param {Element} controls */
  settingsOn(controls) {
    const onInput = () => this.show();
    const way = ui.select(controls, {
      label: "Scheme shown",
      options: WAYS.map(({ name }, n) => [String(n), name]),
      value: String(CHOSEN),
      onInput,
    });
    const turn = ui.slider(controls, {
      label: "Turn per position",
      min: 5,
      max: 180,
      step: 5,
      value: TURN,
      format: (value) => `${value}°`,
      onInput,
    });
    const slope = ui.slider(controls, {
      label: "Slope of ALiBi",
      min: 0,
      max: 1,
      step: 0.125,
      value: SLOPE,
      format: (value) => value.toFixed(3),
      onInput,
    });
    const seed = ui.number(controls, {
      label: "Seed",
      value: SEED,
      onInput: (value) => {
        this.source = random(value);
        this.status(`The next random places are drawn with seed ${value}.`);
      },
    });
    return { way, turn, slope, seed };
  }

  /** @param {Element} stage */
  chartOn(stage) {
    const chart = ui.canvas(stage, {
      width: 426,
      height: 200,
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
   * Moves one word; a word that stands there goes to where the one that moves came from, until it has passed.
   * @param {number} n @param {number} position
   */
  place(n, position, quiet = false) {
    if (position < 0 || position > LAST) return;
    if (n !== this.moved.word) this.moved = { word: n, from: this.at };
    const { from } = this.moved;
    const at = from.map((place) => (place === position ? from[n] : place));
    at[n] = position;
    this.set(at, quiet);
  }

  /** @param {number[]} at all words */
  move(at) {
    this.moved = { word: -1, from: at };
    this.set(at);
  }

  /** @param {number[]} at */
  set(at, quiet = false) {
    this.at = [...at];
    for (const [n, slider] of this.sliders.entries()) slider.set(at[n]);
    this.show(quiet);
  }

  draw() {
    const free = Array.from({ length: LAST + 1 }, (_, position) => position);
    this.move(START.map(() => free.splice(this.source.integer(free.length), 1)[0]));
  }

  /** @param {typeof PRESETS[number]} preset */
  load({ at, chosen, see }) {
    this.way.set(String(chosen));
    this.turn.set(TURN);
    this.slope.set(SLOPE);
    this.see.textContent = see;
    this.move(at);
  }

  reset() {
    this.seed.set(SEED);
    this.source = random(SEED);
    this.load(PRESETS[0]);
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
      const weights = shares.map((share) => share.toFixed(3)).join(", ");
      return [name, scores.map(shown).join(", "), weights];
    });
    ui.table(
      this.output,
      "Scores and weights of “bites”",
      ["Scheme", "Scores of dog, bites, man", "Weights of dog, man"],
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
