/**
 * The picture of the demo: the change that is wanted, what has been learned, what is left, and the error after each step.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 * @typedef {import("./peft.mjs").Matrix} Matrix
 */

import { levels } from "../../assets/demos/labels.mjs";
import { SIDE } from "./peft.mjs";

const TOP = 20; // of the tables
const FULL = 32; // the largest error that is shown
const MOST = 2.2; // of an entry, for the strongest tone

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{change: Matrix, learned: Matrix, errors: number[], steps: number, least: number}} now
 */
export function drawFit(g, size, colours, { change, learned, errors, steps, least }) {
  g.font = `${size.width < 380 ? 11 : 12}px sans-serif`;
  const cell = Math.floor((size.width - 40) / 3 / SIDE);
  const left = change.map((row, i) => row.map((one, j) => one - learned[i][j]));
  const parts = /** @type {[string, Matrix][]} */ ([
    ["wanted", change],
    ["learned, (α/r) BA", learned],
    ["left", left],
  ]);
  const gap = (size.width - 3 * cell * SIDE - 8) / 2;
  for (const [i, [name, table]] of parts.entries())
    drawTable(g, colours, { name, table, cell, x: 4 + i * (cell * SIDE + gap) });
  drawErrors(g, size, colours, { errors, steps, least, top: TOP + cell * SIDE + 28 });
}

/**
 * @param {CanvasRenderingContext2D} g @param {Colours} colours
 * @param {{name: string, table: Matrix, cell: number, x: number}} now blue above zero, red below
 */
function drawTable(g, colours, { name, table, cell, x }) {
  g.fillStyle = colours.ink;
  g.textAlign = "left";
  g.fillText(name, x, 14);
  g.fillStyle = colours.paper;
  g.fillRect(x, TOP, cell * SIDE, cell * SIDE);
  for (const [i, row] of table.entries())
    for (const [j, value] of row.entries()) {
      g.fillStyle = value > 0 ? colours.series[0] : colours.series[1];
      g.globalAlpha = Math.min(1, Math.abs(value) / MOST);
      g.fillRect(x + j * cell, TOP + i * cell, cell - 1, cell - 1);
    }
  g.globalAlpha = 1;
  g.strokeStyle = colours.grid;
  g.lineWidth = 1;
  g.strokeRect(x - 0.5, TOP - 0.5, cell * SIDE + 1, cell * SIDE + 1);
}

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{errors: number[], steps: number, least: number, top: number}} now
 */
function drawErrors(g, size, colours, { errors, steps, least, top }) {
  const [left, bottom] = [30, size.height - 18];
  const x = (/** @type {number} */ t) => left + (t / Math.max(1, steps)) * (size.width - left - 10);
  const y = (/** @type {number} */ value) =>
    bottom - (Math.min(value, FULL) / FULL) * (bottom - top);
  g.fillStyle = colours.ink;
  g.textAlign = "left";
  g.fillText("squared error; dashed: the least of this rank", 4, top - 8);
  levels(g, colours, { left, right: size.width - 10, y }, [
    [0, "0"],
    [15, "15"],
    [30, "30"],
  ]);
  g.textAlign = "left";
  g.fillText("step 0", left, size.height - 4);
  g.textAlign = "right";
  g.fillText(`step ${steps}`, size.width - 10, size.height - 4);
  g.strokeStyle = colours.ink;
  g.setLineDash([5, 4]);
  g.beginPath();
  g.moveTo(left, y(least));
  g.lineTo(size.width - 10, y(least));
  g.stroke();
  g.setLineDash([]);
  g.strokeStyle = colours.series[0];
  g.lineWidth = 2.5;
  g.beginPath();
  for (const [t, value] of errors.entries()) g.lineTo(x(t), y(value));
  g.stroke();
}
