/**
 * The way of one token through the model: the stream after every step, and what would come next if it ended there.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {ReturnType<typeof import("./gpt.mjs").way>} Rows
 * @typedef {{rows: Rows, layer: number, head: number, name: (token: number) => string}} Seen
 */

import * as ui from "../../assets/demos/ui.mjs";

const [LABEL, ENDS, LINE] = [108, 92, 20]; // pixels: of a name, of what would come next, of a row

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
    this.canvas = ui.canvas(parent, {
      width: room.clientWidth < 500 ? 320 : 640, // on a phone the rows stay as high
      height: steps * LINE,
      label:
        "The stream of the chosen token, a row for each step and a column for each number; arrow keys move",
      draw: (context, size, colours) => this.draw(context, size, colours),
      onPointer: ({ x, y, kind }) => {
        if (kind === "up") return;
        const { width, height } = this.canvas.size;
        const { rows } = this.seen();
        const cell = (width - LABEL - ENDS) / rows[0].values.length;
        this.choose(Math.floor((y / height) * rows.length), Math.floor((x - LABEL) / cell));
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
    const value = values[this.column].toFixed(3).replace("-", "−");
    const ends =
      token < 0 ? "" : ` If the model ended here: “${name(token)}”, probability ${p.toFixed(3)}.`;
    const step = named(rows[this.row], layer, head).trim();
    const text = `${step}: number ${this.column + 1} of ${values.length} is ${value}.${ends}`;
    this.line.textContent = text;
    this.told(text);
  }

  /** @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours */
  draw(g, { width, height }, colours) {
    if (width < LABEL + ENDS) return; // folded
    const { rows, layer, head, name } = this.seen();
    const line = height / rows.length;
    const cell = (width - LABEL - ENDS) / rows[0].values.length;
    g.font = "13px sans-serif";
    g.textBaseline = "middle";
    rows.forEach((row, i) => {
      const top = i * line;
      g.globalAlpha = 1;
      g.fillStyle = row.token < 0 ? colours.muted : colours.ink;
      g.fillText(named(row, layer, head), 2, top + line / 2);
      if (row.token >= 0) {
        g.fillText(
          `${name(row.token).slice(0, 8)} ${row.p.toFixed(2)}`,
          width - ENDS + 8,
          top + line / 2,
        );
      }
      const most = Math.max(...row.values.map(Math.abs)) || 1;
      row.values.forEach((value, k) => {
        g.globalAlpha = Math.abs(value) / most;
        g.fillStyle = colours.series[value > 0 ? 1 : 0];
        g.fillRect(LABEL + k * cell, top + 2, Math.max(cell - 0.5, 1), line - 4);
      });
    });
    g.globalAlpha = 1;
    g.strokeStyle = colours.ink;
    g.lineWidth = 2;
    const row = Math.min(this.row, rows.length - 1);
    const column = Math.min(this.column, rows[row].values.length - 1);
    g.strokeRect(LABEL + column * cell, row * line + 1, Math.max(cell, 3), line - 2);
  }
}
