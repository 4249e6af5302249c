/** The stage of state-space.mjs: the reader sets the steps of marked and other tokens, and watches the state. */

import * as ui from "../../assets/demos/ui.mjs";
import { hold, scan, steps, weights } from "./state-space.mjs";

/** @typedef {import("./state-space.mjs").Pair} Pair */
/** @typedef {import("../../assets/demos/ui.mjs").Size} Size */
/** @typedef {import("../../assets/demos/ui.mjs").Colours} Colours */

/** The rows: inputs, and which of them are marked. */
/** @type {Record<string, {x: number[], marked: number[]}>} */
const ROWS = {
  example: { x: [8, 0, 0, 4], marked: [] },
  noise: { x: [8, 3, 1, 4], marked: [0] },
  two: { x: [8, 3, 1, 6, 2, 5], marked: [0, 3] },
};

/** @type {{name: string, row: string, half: number, plain: number, mark: number, see: string}[]} */
const PRESETS = [
  {
    name: "The example",
    row: "example",
    half: 1,
    plain: 1,
    mark: 1,
    see: "States 4, 2, 1, 2.5. The kernel stands in the last column, the latest weight at the bottom: 1/2, 1/4, 1/8, 1/16.",
  },
  {
    name: "Two seconds each",
    row: "example",
    half: 1,
    plain: 2,
    mark: 2,
    see: "Twice the time at each token: a quarter is kept, three quarters are taken, and the first 8 has nearly gone at the end.",
  },
  {
    name: "Noise comes in",
    row: "noise",
    half: 1,
    plain: 1,
    mark: 1,
    see: "The 8 is marked, but all steps are alike: of the last state, 3.125, only 0.5 comes from the 8.",
  },
  {
    name: "Choose the mark",
    row: "noise",
    half: 1,
    plain: 0,
    mark: 3,
    see: "Three seconds at the mark, none at the rest: the state is 7 from then on, and the weights of the noise are 0.",
  },
  {
    name: "A new mark",
    row: "two",
    half: 1,
    plain: 0,
    mark: 3,
    see: "The second mark takes the place of the first: an eighth of 7 is left beside seven eighths of 6. Lengthen the step to leave less.",
  },
];

const FINE = 24; // places of the curve in each token

class Stage {
  /** @param {HTMLElement} root */
  constructor(root) {
    const { stage, controls, buttons, status, output } = ui.frame(root);
    this.status = status;
    this.output = output;
    this.see = ui.presetsFirst(root, PRESETS, (preset) => this.load(preset));
    this.picture = ui.canvas(stage, {
      width: 640,
      height: 180,
      label: "Inputs as grey steps, marked ones with a dot, and the state as a curve",
      draw: (g, size, colours) => this.draw(g, size, colours),
    });
    controls.style.gridTemplateColumns = "repeat(auto-fit, minmax(165px, 1fr))";
    const onInput = () => this.show();
    this.row = ui.select(controls, {
      label: "Inputs",
      options: [
        ["example", "8, 0, 0, 4"],
        ["noise", "8 and noise"],
        ["two", "two marks"],
      ],
      value: "example",
      onInput,
    });
    /** @param {string} label @param {number} min */
    const seconds = (label, min) =>
      ui.slider(controls, {
        label,
        min,
        max: 6,
        step: 0.25,
        value: 1,
        format: (value) => `${value} s`,
        onInput,
      });
    this.mark = seconds("Step at a mark", 0);
    this.plain = seconds("Step elsewhere", 0);
    this.half = seconds("Time to halve", 0.25);
    ui.button(buttons, "Reset", () => this.load(PRESETS[0]));
    controls.append(buttons);
    this.load(PRESETS[0]);
  }

  /** @param {typeof PRESETS[number]} preset */
  load({ row, half, plain, mark, see }) {
    this.row?.set(row);
    this.half?.set(half);
    this.plain?.set(plain);
    this.mark?.set(mark);
    this.see.textContent = see;
    this.show();
  }

  /** The row, the step of each token, and what it keeps and takes. */
  now() {
    const { x, marked } = ROWS[this.row?.value() ?? "example"];
    const a = -Math.LN2 / (this.half?.value() ?? 1);
    const time = x.map(
      (_, t) => (marked.includes(t) ? this.mark?.value() : this.plain?.value()) ?? 1,
    );
    const held = time.map((step) => hold(a, -a, step));
    const row = held.map(([keep, take], t) => /** @type {Pair} */ ([keep, take * x[t]]));
    return { x, marked, a, time, held, row };
  }

  /** @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours */
  draw(g, size, colours) {
    const { x, marked, a, time, row } = this.now();
    const wide = (size.width - 40) / x.length;
    const y = (/** @type {number} */ value) => size.height - 24 - (value / 9) * (size.height - 40);
    g.font = "13px sans-serif";
    g.textAlign = "right";
    g.textBaseline = "middle";
    g.strokeStyle = colours.grid;
    g.lineWidth = 1;
    for (const value of size.height < 120 ? [0, 4, 8] : [0, 2, 4, 6, 8]) {
      g.fillStyle = colours.muted;
      g.fillText(String(value), 22, y(value));
      g.beginPath();
      g.moveTo(28, y(value));
      g.lineTo(size.width - 8, y(value));
      g.stroke();
    }
    g.textAlign = "center";
    for (const [t, value] of x.entries()) {
      g.fillStyle = colours.muted;
      g.globalAlpha = 0.25;
      g.fillRect(32 + t * wide, y(value), wide, y(0) - y(value));
      g.globalAlpha = 1;
      g.fillStyle = colours.ink;
      g.fillText(`${value}, ${time[t]} s`, 32 + (t + 0.5) * wide, size.height - 10);
      if (marked.includes(t)) {
        g.fillStyle = colours.series[1];
        g.beginPath();
        g.arc(32 + (t + 0.5) * wide, y(value) - 8, 4, 0, 2 * Math.PI);
        g.fill();
      }
    }
    const states = [0, ...steps(row)];
    g.strokeStyle = colours.series[0];
    g.lineWidth = 2.5;
    g.beginPath();
    g.moveTo(32, y(0));
    for (const [t, value] of x.entries()) {
      for (let n = 1; n <= FINE; n += 1) {
        const [keep, take] = hold(a, -a, (time[t] * n) / FINE);
        g.lineTo(32 + (t + n / FINE) * wide, y(keep * states[t] + take * value));
      }
    }
    g.stroke();
  }

  show() {
    const { x, marked, held, row } = this.now();
    this.picture?.redraw();
    if (this.mark) this.mark.input.disabled = !marked.length;
    const states = steps(row);
    const shares = weights(held);
    const head = ["Token", "Keep", "Take", "State", "Weight"];
    const cells = x.map((_, t) => [
      `${t + 1}${marked.includes(t) ? ", marked" : ""}`,
      ui.fixed(held[t][0], 3),
      ui.fixed(held[t][1], 3),
      ui.fixed(states[t], 3),
      ui.fixed(shares[t], 4),
    ]);
    ui.table(this.output, "What each step keeps and takes", head, cells);
    for (const cell of this.output.querySelectorAll("th, td")) {
      if (cell instanceof HTMLElement) cell.style.cssText = "min-width: 0";
    }
    const rounds = scan(row);
    const sum = shares.reduce((all, share, t) => all + share * x[t], 0);
    const last = rounds[rounds.length - 1][x.length - 1][1];
    this.status(
      `Last state: ${ui.fixed(states[x.length - 1], 3)} step by step, ${ui.fixed(sum, 3)} as a sum of inputs ` +
        `with these weights, ${ui.fixed(last, 3)} by a scan of ${rounds.length - 1} rounds.`,
    );
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
