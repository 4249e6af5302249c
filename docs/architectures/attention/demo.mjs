/** The stage of attention.mjs: the reader moves the query and the keys, the scale and the mask. */

import { random } from "../../assets/demos/rng.mjs";
import { keep, numbers } from "../../assets/demos/state.mjs";
import * as ui from "../../assets/demos/ui.mjs";
import { attend, HEADS, WORDS } from "./attention.mjs";
import { PRESETS } from "./choices.mjs";
import { at, drawBars, drawPlane, place, REACH } from "./draw.mjs";

const SCALE = 1;
const SEED = 1;
const NEAR = 14; // pixels between a pointer and the key that it takes
/** @type {[string, string][]} */
const CHOICES = [["-1", "the query"]];
for (const [j, word] of WORDS.entries()) CHOICES.push([String(j), `the key of “${word}”`]);
const SIDE = 270; // of the plane, and the height of the bars

/** @param {number[]} numbers @param {number} digits */
const told = (numbers, digits) => numbers.map((x) => ui.fixed(x, digits)).join(", ");

class Stage {
  head = 0;
  query = [0, 0];
  keys = /** @type {number[][]} */ ([]);
  allowed = [...PRESETS[0].allowed];
  moved = -1; // the word whose key is moved, or the query
  source = random(SEED);

  /** @param {HTMLElement} root */
  constructor(root) {
    const { stage, controls, buttons, status, output } = ui.frame(root);
    this.status = status;
    this.plane = this.planeOn(ui.element("div", { style: `flex: 0 1 ${SIDE}px` }, stage));
    this.bars = ui.canvas(ui.element("div", { style: "flex: 1 1 18rem" }, stage), {
      width: 384,
      height: SIDE,
      label: "Scores and weights of the five words; the numbers are in the table below",
      draw: (g, size, colours) => drawBars(g, size, colours, this.shown()),
    });
    const above = ui.element("div");
    controls.before(above);
    this.see = this.presetsOn(above);
    const row = ui.element("div", { class: "demo-buttons" }, above);
    this.seen = this.maskOn(row);
    this.divided = ui.toggle(row, {
      label: "divide by √D",
      value: true,
      onInput: () => this.show(),
    });
    const { scale, which } = this.controlsOn(controls);
    this.scale = scale;
    this.which = which;
    ui.button(buttons, "Random query", () => this.draw());
    this.seed = ui.number(buttons, {
      label: "Seed",
      value: SEED,
      onInput: (value) => {
        this.source = random(value);
        status(`The next random queries are drawn with seed ${value}.`);
      },
    });
    ui.button(buttons, "Reset", () => this.reset());
    const details = ui.element("details", {}, output);
    ui.element("summary", { text: "All numbers" }, details);
    this.numbers = ui.element("div", {}, details);
    this.load(PRESETS[0]);
    this.keepOn(root);
  }

  /** @param {HTMLElement} root what is dragged stands in the address */
  keepOn(root) {
    keep(root, "query", {
      read: () => this.query.join(","),
      write: (text) => {
        const found = numbers(text, 2, REACH);
        if (found) this.query = found;
        this.show();
        return Boolean(found);
      },
    });
    keep(root, "keys", {
      read: () => this.keys.join(","),
      write: (text) => {
        const found = numbers(text, 2 * WORDS.length, REACH);
        if (found) this.keys = WORDS.map((_, j) => found.slice(2 * j, 2 * j + 2));
        this.show();
        return Boolean(found);
      },
    });
  }

  // Pictures and controls.

  /** @param {Element} parent */
  planeOn(parent) {
    const plane = ui.canvas(parent, {
      width: SIDE,
      height: SIDE,
      label:
        "Plane with the keys and the query; drag the query or a key, or choose one below and use the arrow keys",
      draw: (g, size, colours) => drawPlane(g, size, colours, this.shown()),
      grips: () => [this.query, ...this.keys].map((point) => at(point, plane.size.width)),
      onPointer: ({ x, y, kind }) => {
        const to = place([x, y], plane.size.width);
        if (kind === "down") this.take(to);
        this.move(to, kind !== "up");
      },
      onKey: (key) => {
        const by = ui.arrow(key);
        const from = this.moved < 0 ? this.query : this.keys[this.moved];
        if (by) this.move([from[0] + by[0] / 4, from[1] + by[1] / 4]);
        return Boolean(by);
      },
    });
    return plane;
  }

  /** @param {Element} parent @returns {HTMLElement} where it is told what to see */
  presetsOn(parent) {
    const { list, see, room } = ui.presets(PRESETS, (preset) => this.load(preset));
    parent.append(list, room);
    return see;
  }

  /** @param {Element} parent @returns one box for each word */
  maskOn(parent) {
    const style = "display: flex; flex-wrap: wrap; gap: 0 0.75rem; margin-right: 0.75rem";
    const row = ui.element("div", { role: "group", "aria-label": "May look at", style }, parent);
    ui.element("span", { text: "May look at", style: "padding: 0.6875rem 0" }, row);
    return WORDS.map((word, j) =>
      ui.toggle(row, {
        label: word,
        value: this.allowed[j],
        onInput: (value) => this.allow(j, value),
      }),
    );
  }

  /** @param {Element} parent */
  controlsOn(parent) {
    const scale = ui.slider(parent, {
      label: "Scale, on top of the division",
      min: 0,
      max: 4,
      step: 0.05,
      value: SCALE,
      format: (value) => value.toFixed(2),
      onInput: () => this.show(),
    });
    const which = ui.select(parent, {
      label: "Move",
      options: CHOICES,
      value: "-1",
      onInput: (value) => {
        this.moved = Number(value);
        this.show();
      },
    });
    return { scale, which };
  }

  // What is shown.

  /** What an inner product is multiplied by. */
  factor() {
    return this.scale.value() / (this.divided.value() ? Math.SQRT2 : 1);
  }

  shown() {
    const { query, keys, allowed, moved } = this;
    const { axes, out, values } = HEADS[this.head];
    const found = attend(query, this.factor(), allowed, keys, values);
    return { query, keys, allowed, moved, axes, out, ...found };
  }

  show(quiet = false) {
    this.plane.redraw();
    this.bars.redraw();
    const { scores, weights, output, out } = this.shown();
    ui.table(
      this.numbers,
      `Scores and weights, head ${HEADS[this.head].name}`,
      ["Word", "Key", "Score", "Weight"],
      WORDS.map((word, j) => [
        word,
        `(${told(this.keys[j], 2)})`,
        ui.fixed(scores[j], 2),
        this.allowed[j] ? weights[j].toFixed(3) : "masked",
      ]),
    );
    const most = Math.max(...weights);
    const best = WORDS.filter((_, j) => this.allowed[j] && weights[j] > most - 1e-9);
    const where =
      best.length === 1
        ? `most weight on “${best[0]}”, ${most.toFixed(3)}`
        : `the same weight, ${most.toFixed(3)}, on ${best.map((word) => `“${word}”`).join(", ")}`;
    const query = `uery (${told(this.query, 2)})`;
    const key =
      this.moved < 0 ? "" : `Key of “${WORDS[this.moved]}” (${told(this.keys[this.moved], 2)}), `;
    this.status(
      `${key}${key ? "q" : "Q"}${query}: ${where}; output ${out.join(", ")} (${told(output, 3)}).`,
      quiet,
    );
  }

  // What the reader does.

  /** @param {number[]} to @param {boolean} [quiet] moves what is chosen */
  move(to, quiet = false) {
    const kept = to.map((x) => Math.round(Math.min(REACH, Math.max(-REACH, x)) * 20) / 20 + 0);
    if (this.moved < 0) this.query = kept;
    else this.keys[this.moved] = kept;
    this.show(quiet);
  }

  /** @param {number[]} to chooses the query or a key there; at the origin keys lie upon each other */
  take(to) {
    const near = (/** @type {number[]} */ [x, y]) =>
      (Math.hypot(x - to[0], y - to[1]) / (2 * REACH)) * this.plane.size.width < NEAR;
    if (near(this.query)) this.choose(-1);
    else {
      const j = this.keys.findIndex((key) => near(key) && Math.hypot(...key) > 0.2);
      if (j >= 0) this.choose(j);
    }
  }

  /** @param {number} j the word whose key is moved, or -1 for the query */
  choose(j) {
    this.moved = j;
    this.which.set(String(j));
  }

  draw() {
    const feature = () => Math.round((this.source.uniform() * 2 - 1) * 12) / 4;
    this.choose(-1);
    this.move([feature(), feature()]);
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

  /** @param {typeof PRESETS[number]} preset */
  load({ see, head, word, allowed, root }) {
    this.see.textContent = see;
    this.head = head;
    this.query = [...HEADS[head].queries[word]];
    this.keys = HEADS[head].keys.map((key) => [...key]);
    this.allowed = [...allowed];
    for (const [j, box] of this.seen.entries()) box.set(allowed[j]);
    this.scale.set(SCALE);
    this.divided.set(root);
    this.choose(-1);
    this.show();
  }

  reset() {
    this.seed.set(SEED);
    this.source = random(SEED);
    this.load(PRESETS[0]);
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
