/**
 * The way of one token through the model: the stream after every step, and what would come next if it ended there.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {ReturnType<typeof import("./gpt.mjs").way>} Rows
 * @typedef {{rows: Rows, layer: number, head: number, name: (token: number) => string}} Seen
 */

import * as ui from "../../assets/demos/ui.mjs";

const LINE = 20; // pixels of a row
// Pixels left and right of the numbers, for a name and for what would come next; on a phone both stand above.
const [WIDE, NARROW] = [
  { label: 108, ends: 92, above: 0 },
  { label: 0, ends: 0, above: 16 },
];

/** @param {Rows[number]} row @param {number} layer @param {number} head both from 0 */
function named({ step, layer: of }, layer, head) {
  if (step === "token") return "token";
  if (step === "position") return "+ position";
  if (step === "attention" || step === "network") {
    return `${of + 1}: + ${step === "attention" ? "attention" : "MLP"}`;
  }
  return `   ${step} ${layer + 1}.${head + 1}`;
}

export class Way {
  row = 0;
  column = 0;

  /**
   * @param {Element} parent folded, so that it has no width yet @param {Element} room that it has once it is open
   * @param {{steps: number, seen: () => Seen, told: (text: string) => void}} of how many rows there are, what is
   *   seen now, and how the reader is told of a number
   */
  constructor(parent, room, { steps, seen, told }) {
    this.seen = seen;
    this.told = told;
    ui.element("p", { class: "demo-title", text: "The way of one token" }, parent);
    const text =
      "A row is the stream of the chosen token after a step: blue above zero, red or orange below, the stronger the larger within its row. At the end stands the token that would be likeliest to come next if the model ended there. Query, key and value are those of the chosen head. Choose a number.";
    ui.element("p", { text }, parent);
    const phone = room.clientWidth < 500;
    this.place = phone ? NARROW : WIDE;
    this.canvas = ui.canvas(parent, {
      width: phone ? 320 : 640, // on a phone the rows stay as high
      height: steps * (LINE + this.place.above),
      label:
        "The stream of the chosen token, a row for each step and a column for each number; arrow keys move",
      draw: (context, size, colours) => this.draw(context, size, colours),
      onPointer: ({ x, y, kind }) => {
        if (kind === "up") return;
        const { width, height } = this.canvas.size;
        const { rows } = this.seen();
        const { label, ends } = this.place;
        const cell = (width - label - ends) / rows[0].values.length;
        this.choose(Math.floor((y / height) * rows.length), Math.floor((x - label) / cell));
      },
      onKey: (key) => {
        const by = ui.arrow(key);
        if (by) this.choose(this.row - by[1], this.column + by[0]);
        return Boolean(by);
      },
    });
    // The line that is told stands far above.
    this.line = ui.element("p", { "aria-hidden": "true" }, parent);
  }

  /** @param {number} row @param {number} column */
  choose(row, column) {
    const { rows, layer, head, name } = this.seen();
    this.row = Math.min(rows.length - 1, Math.max(0, row));
    const { values, token, p } = rows[this.row];
    this.column = Math.min(values.length - 1, Math.max(0, column));
    this.canvas.redraw();
    const value = ui.fixed(values[this.column], 3);
    const ends =
      token < 0 ? "" : ` If the model ended here: “${name(token)}”, probability ${p.toFixed(3)}.`;
    const step = named(rows[this.row], layer, head).trim();
    const text = `${step}: number ${this.column + 1} of ${values.length} is ${value}.${ends}`;
    this.line.textContent = text;
    this.told(text);
  }

  /** @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours */
  draw(g, { width, height }, colours) {
    const { label, ends, above } = this.place;
    if (width <= label + ends) return; // folded
    const { rows, layer, head, name } = this.seen();
    const line = height / rows.length;
    const cell = (width - label - ends) / rows[0].values.length;
    g.font = "13px sans-serif";
    g.textBaseline = "middle";
    rows.forEach((row, i) => {
      const top = i * line;
      const text = top + (above ? above / 2 + 2 : line / 2);
      g.globalAlpha = 1;
      g.fillStyle = row.token < 0 ? colours.muted : colours.ink;
      g.fillText(named(row, layer, head), 2, text);
      if (row.token >= 0) {
        const next = `${name(row.token).slice(0, 8)} ${row.p.toFixed(2)}`;
        g.fillText(next, width - WIDE.ends + 8, text);
      }
      const most = Math.max(...row.values.map(Math.abs)) || 1;
      row.values.forEach((value, k) => {
        g.globalAlpha = Math.abs(value) / most;
        g.fillStyle = colours.series[value > 0 ? 1 : 0];
        const box = [label + k * cell, top + above + 2, Math.max(cell - 0.5, 1)];
        g.fillRect(box[0], box[1], box[2], line - above - 4);
      });
    });
    g.globalAlpha = 1;
    g.strokeStyle = colours.ink;
    g.lineWidth = 2;
    const row = Math.min(this.row, rows.length - 1);
    const column = Math.min(this.column, rows[row].values.length - 1);
    const [x, y] = [label + column * cell, row * line + above + 1];
    g.strokeRect(x, y, Math.max(cell, 3), line - above - 2);
  }
}
