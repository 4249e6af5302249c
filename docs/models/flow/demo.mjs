/** The stage of flow.mjs: a grid of noise and one point go through two layers, as far as the reader wants. */

import { plane } from "../../assets/demos/plane.mjs";
import * as ui from "../../assets/demos/ui.mjs";
import { density, generate, mass, normal, normalise } from "./flow.mjs";

/** @typedef {import("./flow.mjs").Pair} Pair */

const [REACH, LINES, DOTS] = [2, 9, 33]; // of the grid
const GRAIN = 0.05; // of the point
const { at, place } = plane(3); // of the noise
const [WIDE, CELLS] = [3.5, 240]; // of the sum, over the noise

/** @type {[string, string][]} */
const NETS = [
  ["bend", "scale 2^k, shift k²"],
  ["height", "scale 2, shift 3"],
  ["wave", "scale and shift by sines"],
  ["jumps", "shift by whole numbers"],
  ["none", "scale 1, shift 0"],
];

/** @type {{name: string, nets: string[], applied: number, point: Pair, see: string}[]} */
const PRESETS = [
  {
    name: "The example",
    nets: ["bend", "height"],
    applied: 2,
    point: [1, 0.5],
    see: "The point (1, 0.5) goes to (5, 2), and areas there grow by 4. Move “Layers applied” back to 0 and see each layer at work.",
  },
  {
    name: "Layer 1 alone",
    nets: ["bend", "height"],
    applied: 1,
    point: [1, 0.5],
    see: "Upright lines stay where they are: the first number is kept. Where they get longer, the density falls.",
  },
  {
    name: "A straight line",
    nets: ["none", "height"],
    applied: 2,
    point: [1, 0.5],
    see: "Only x = 3 + 2z is left: the first number of the point becomes 5, everything is twice as wide, and areas grow by 2 everywhere.",
  },
  {
    name: "Wild networks",
    nets: ["wave", "wave"],
    applied: 2,
    point: [1, 0.5],
    see: "No sine has an inverse, and yet the way back is exact, and the density sums to one.",
  },
  {
    name: "Jumps",
    nets: ["jumps", "none"],
    applied: 2,
    point: [1, 0.5],
    see: "A network that jumps tears the grid. The inverse is still exact, and areas stay as they are.",
  },
];

/** @param {number} value */
const shown = (value) => ui.fixed(value, 2);
/** @param {Pair} pair */
const told = ([first, second]) => `(${shown(first)}, ${shown(second)})`;

/** @returns {Pair[][]} upright lines, then level ones */
function grid() {
  const at = (/** @type {number} */ k, /** @type {number} */ n) =>
    (2 * REACH * k) / (n - 1) - REACH;
  const fine = Array.from({ length: DOTS }, (_, k) => at(k, DOTS));
  const rough = Array.from({ length: LINES }, (_, k) => at(k, LINES));
  return [
    ...rough.map((a) => fine.map((b) => /** @type {Pair} */ ([a, b]))),
    ...rough.map((b) => fine.map((a) => /** @type {Pair} */ ([a, b]))),
  ];
}

class Stage {
  lines = grid();
  /** @type {string} */
  summed = "";
  sum = 1;

  /** @param {HTMLElement} root */
  constructor(root) {
    const { stage, controls, buttons, status, output } = ui.frame(root);
    this.status = status;
    this.output = output;
    this.see = ui.presetsFirst(root, PRESETS, (preset) => this.load(preset));
    this.controls = this.settingsOn(controls);
    this.pictures = this.picturesOn(stage);
    ui.button(buttons, "Reset", () => this.load(PRESETS[0]));
    this.load(PRESETS[0]);
  }

  /** @param {Element} stage */
  picturesOn(stage) {
    const left = ui.canvas(stage, {
      width: 190,
      height: 190,
      label: "Noise: a square grid and the point. Arrow keys move the point.",
      draw: (g, size, colours) => this.draw(g, size, colours, 0, [-3, 3, -3, 3]),
      grips: () => [at(this.point(), left.size.width)],
      onPointer: ({ x, y, kind }) => {
        if (kind === "up") return;
        const [first, second] = place([x, y], left.size.width);
        this.move(first, second);
      },
      onKey: (key) => {
        const by = ui.arrow(key);
        const [first, second] = this.point();
        if (by) this.move(first + GRAIN * by[0], second + GRAIN * by[1]);
        return Boolean(by);
      },
    });
    const right = ui.canvas(stage, {
      width: 300,
      height: 190,
      label: "The same grid and point after the layers that are applied.",
      draw: (g, size, colours) =>
        this.draw(g, size, colours, this.applied(), [-10.5, 17.3, -5, 12.6]),
    });
    return [left, right];
  }

  /** @param {Element} controls */
  settingsOn(controls) {
    const onInput = () => this.show();
    const net = (/** @type {string} */ label, /** @type {string} */ value) =>
      ui.select(controls, { label, options: NETS, value, onInput });
    const number = (/** @type {string} */ label) =>
      ui.slider(controls, {
        label,
        min: -2,
        max: 2,
        step: GRAIN,
        value: 0,
        format: shown,
        onInput,
      });
    return {
      one: net("Layer 1, k = first", "bend"),
      two: net("Layer 2, k = second", "height"),
      applied: ui.slider(controls, {
        label: "Layers applied",
        min: 0,
        max: 2,
        step: GRAIN,
        value: 2,
        format: shown,
        onInput,
      }),
      first: number("First number of the noise"),
      second: number("Second number of the noise"),
    };
  }

  applied() {
    return this.controls.applied.value();
  }

  names() {
    return [this.controls.one.value(), this.controls.two.value()];
  }

  /** @returns {Pair} */
  point() {
    return [this.controls.first.value(), this.controls.second.value()];
  }

  /** @param {typeof PRESETS[number]} preset */
  load({ nets, applied, point, see }) {
    const { controls } = this;
    controls.one.set(nets[0]);
    controls.two.set(nets[1]);
    controls.applied.set(applied);
    controls.first.set(point[0]);
    controls.second.set(point[1]);
    this.see.textContent = see;
    this.show();
  }

  /** @param {number} first @param {number} second */
  move(first, second) {
    this.controls.first.set(Math.round(first / GRAIN) * GRAIN);
    this.controls.second.set(Math.round(second / GRAIN) * GRAIN);
    this.controls.second.input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /**
   * @param {CanvasRenderingContext2D} g @param {ui.Size} size @param {ui.Colours} colours
   * @param {number} applied @param {number[]} box left, right, bottom, top
   */
  draw(g, { width, height }, colours, applied, [left, right, bottom, top]) {
    const place = (/** @type {Pair} */ z) => {
      const { x } = generate(z, this.names(), applied);
      return [(width * (x[0] - left)) / (right - left), (height * (top - x[1])) / (top - bottom)];
    };
    g.fillStyle = colours.muted;
    g.font = "11px sans-serif";
    const step = right > 5 ? 5 : 2; // the two pictures have scales of their own
    for (let tick = Math.ceil(left / step) * step; tick <= right; tick += step) {
      g.fillText(ui.fixed(tick, 0), (width * (tick - left)) / (right - left) - 4, height - 3);
    }
    this.lines.forEach((line, k) => {
      g.strokeStyle = colours.series[k < LINES ? 0 : 1];
      g.lineWidth = 1.2;
      g.beginPath();
      for (const z of line) {
        const [x, y] = place(z);
        g.lineTo(x, y);
      }
      g.stroke();
    });
    const [x, y] = place(this.point());
    g.fillStyle = colours.ink;
    g.beginPath();
    g.arc(x, y, 5, 0, 2 * Math.PI);
    g.fill();
  }

  show() {
    const [names, applied, z] = [this.names(), this.applied(), this.point()];
    const { x, middle, volume } = generate(z, names, applied);
    const back = normalise(x, names, applied).z;
    const key = `${names} ${applied}`;
    if (key !== this.summed) [this.summed, this.sum] = [key, mass(names, applied, WIDE, CELLS)];
    const p = density(x, names, applied);
    for (const picture of this.pictures) picture.redraw();
    this.status(
      `${told(z)} becomes ${told(x)}, and back ${told(back)}. Areas change by the factor ${shown(Math.exp(volume))}: density ${ui.fixed(normal(z), 4)} / ${shown(Math.exp(volume))} = ${ui.fixed(p, 4)}. Over the image of noise up to ±${WIDE} it sums to ${shown(this.sum)}.`,
    );
    const rows = [
      ...(applied > 0 ? [["After layer 1", ...middle.map(shown)]] : []),
      ...(applied > 1 ? [["After layer 2", ...x.map(shown)]] : []),
      ["Way back", ...back.map(shown)],
    ];
    ui.table(this.output, "The point", ["Where", "First", "Second"], rows);
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
