/** The stage of attention.mjs: the reader moves the query, the scale and the mask. */

import { random } from "../../assets/demos/rng.mjs";
import * as ui from "../../assets/demos/ui.mjs";
import { attend, KEYS, WORDS } from "./attention.mjs";
import { drawBars, drawPlane, REACH } from "./draw.mjs";

const START = [2, 2];
const SCALE = 1;
const ROOT = Math.SQRT2;
const CAUSAL = [true, true, true, true, false];
const SEED = 1;
const SIZE = { width: 320, height: 320 };

class Stage {
  query = [...START];
  allowed = [...CAUSAL];
  source = random(SEED);

  /** @param {HTMLElement} root */
  constructor(root) {
    const { stage, controls, buttons, status, output } = ui.frame(root);
    this.status = status;
    this.output = output;
    this.plane = this.planeOn(stage);
    this.bars = ui.canvas(stage, {
      ...SIZE,
      label: "Weights of the five words; the numbers are in the table below",
      draw: (g, size, colours) => drawBars(g, size, colours, this.shown()),
    });
    this.scale = ui.slider(controls, {
      label: "Scale of the scores",
      min: 0,
      max: 4,
      step: 0.05,
      value: SCALE,
      format: (value) => value.toFixed(2),
      onInput: () => this.show(),
    });
    this.root = ui.toggle(controls, {
      label: "divide the scores by √D",
      value: true,
      onInput: () => this.show(),
    });
    this.seed = ui.number(controls, {
      label: "Seed",
      value: SEED,
      onInput: (value) => {
        this.source = random(value);
        status(`The next random queries are drawn with seed ${value}.`);
      },
    });
    this.seen = WORDS.map((word, j) =>
      ui.toggle(controls, {
        label: `may look at “${word}”`,
        value: CAUSAL[j],
        onInput: (value) => this.allow(j, value),
      }),
    );
    ui.button(buttons, "Random query", () => this.draw());
    ui.button(buttons, "Reset", () => this.reset());
    this.show();
  }

  /** @param {Element} stage */
  planeOn(stage) {
    const plane = ui.canvas(stage, {
      ...SIZE,
      label: "Plane of two features with the keys and the query; arrow keys move the query",
      draw: (g, size, colours) => drawPlane(g, size, colours, this.shown()),
      onPointer: ({ x, y, kind }) => {
        const { width } = plane.size;
        this.move(((x / width) * 2 - 1) * REACH, (1 - (y / width) * 2) * REACH, kind !== "up");
      },
      onKey: (key) => {
        const by = ui.arrow(key);
        if (by) this.move(this.query[0] + by[0] / 4, this.query[1] + by[1] / 4);
        return Boolean(by);
      },
    });
    return plane;
  }

  /** What an inner product is multiplied by. */
  factor() {
    return this.scale.value() / (this.root.value() ? ROOT : 1);
  }

  /** What the pictures show. */
  shown() {
    const { query, allowed } = this;
    return { query, allowed, ...attend(query, this.factor(), allowed) };
  }

  /** @param {number} x @param {number} y */
  move(x, y, quiet = false) {
    const limit = (/** @type {number} */ value) =>
      Math.round(Math.min(REACH, Math.max(-REACH, value)) * 20) / 20;
    this.query = [limit(x), limit(y)];
    this.show(quiet);
  }

  draw() {
    const feature = () => Math.round((this.source.uniform() * 2 - 1) * 12) / 4;
    this.move(feature(), feature());
  }

  /** @param {number} j @param {boolean} value */
  allow(j, value) {
    this.allowed[j] = value;
    if (this.allowed.some(Boolean)) {
      this.show();
      return;
    }
    this.allowed[j] = true;
    this.seen[j].set(true);
    this.status("A query must be allowed to look at one word at least.");
  }

  reset() {
    this.scale.set(SCALE);
    this.root.set(true);
    this.seed.set(SEED);
    this.source = random(SEED);
    this.allowed = [...CAUSAL];
    for (const [j, box] of this.seen.entries()) box.set(CAUSAL[j]);
    this.move(START[0], START[1]);
  }

  show(quiet = false) {
    const { weights, output } = this.shown();
    this.plane.redraw();
    this.bars.redraw();
    const score = (/** @type {number[]} */ key) =>
      this.factor() * (this.query[0] * key[0] + this.query[1] * key[1]);
    ui.table(
      this.output,
      "Scores and weights",
      ["Word", "Score", "Weight"],
      WORDS.map((word, j) => [
        word,
        score(KEYS[j]).toFixed(2),
        this.allowed[j] ? weights[j].toFixed(3) : "masked",
      ]),
    );
    const most = weights.indexOf(Math.max(...weights));
    const [x, y] = this.query.map((value) => value.toFixed(2));
    const [ann, tom] = output.map((value) => value.toFixed(3));
    this.status(
      `Query (${x}, ${y}): most weight on “${WORDS[most]}”, ${weights[most].toFixed(3)}; output (${ann}, ${tom}).`,
      quiet,
    );
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
