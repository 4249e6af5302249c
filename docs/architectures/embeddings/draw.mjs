/**
 * The pictures of the demo: the plane with both tables and the state, and probabilities as bars.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {{h: number[], names: string[], p: number[], share: number[]}} Shown
 */

import { around, write } from "../../assets/demos/labels.mjs";
import { plane } from "../../assets/demos/plane.mjs";
import { NEIGHBOURS, U, W, WORDS } from "./embeddings.mjs";

export const REACH = 2; // the plane shows -REACH … REACH
const FONT = "13px sans-serif";

export const { at, place } = plane(REACH, 11);

/** @param {CanvasRenderingContext2D} g @param {number} width @param {number[]} to */
function arrow(g, width, to) {
  const [fromX, fromY] = at([0, 0], width);
  const [x, y] = at(to, width);
  const angle = Math.atan2(y - fromY, x - fromX);
  g.lineWidth = 2;
  g.beginPath();
  g.moveTo(fromX, fromY);
  g.lineTo(x, y);
  for (const side of [-0.5, 0.5]) {
    g.moveTo(x, y);
    g.lineTo(x - 9 * Math.cos(angle + side), y - 9 * Math.sin(angle + side));
  }
  g.stroke();
}

/**
 * Words as points, neighbours as arrows, and the state that the reader moves.
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours @param {number[]} h
 */
export function drawPlane(g, { width }, colours, h) {
  g.font = FONT;
  g.lineWidth = 1;
  g.strokeStyle = colours.grid;
  for (let tick = -REACH; tick <= REACH; tick++) {
    const [x, y] = at([tick, tick], width);
    g.strokeRect(x, -1, 0, width + 2);
    g.strokeRect(-1, y, width + 2, 0);
  }
  /** @type {import("../../assets/demos/labels.mjs").Label[]} */
  const names = [];
  g.strokeStyle = colours.series[1];
  for (const [v, row] of U.entries()) {
    arrow(g, width, row);
    const [x, y] = at([1.3 * row[0], 1.28 * row[1]], width);
    names.push({ text: NEIGHBOURS[v], x, y, colour: colours.series[1], away: 0 });
  }
  for (const [v, row] of W.entries()) {
    const [x, y] = at(row, width);
    g.fillStyle = colours.series[0];
    g.beginPath();
    g.arc(x, y, 5, 0, 2 * Math.PI);
    g.fill();
    names.push({ text: WORDS[v], x, y, colour: colours.series[0], away: 10 });
  }
  const [x, y] = at(h, width);
  g.strokeStyle = colours.ink;
  g.lineWidth = 2.5;
  g.beginPath();
  g.arc(x, y, 9, 0, 2 * Math.PI);
  g.stroke();
  names.push({ text: "state", x, y, colour: colours.ink, away: 10 });
  const marks = [...W, ...U, h].map((point) => around(at(point, width), 7));
  write(g, { width, height: width }, names, marks);
}

/**
 * A bar for each probability; a line across it is the share that is wanted.
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours @param {Shown} shown
 */
export function drawBars(g, { width, height }, colours, { names, p, share }) {
  const [start, end] = [62, width - 44];
  const line = (height - 24) / names.length;
  g.font = FONT;
  g.textBaseline = "middle";
  g.textAlign = "left";
  g.fillStyle = colours.muted;
  g.fillText("Probability; line: wanted", 4, 12);
  for (const [v, name] of names.entries()) {
    const y = 24 + line * (v + 0.5);
    const tall = Math.min(26, 0.6 * line);
    g.fillStyle = colours.ink;
    g.textAlign = "right";
    g.fillText(name, start - 8, y);
    g.textAlign = "left";
    g.fillText(p[v].toFixed(2), end + 6, y);
    g.fillStyle = colours.grid;
    g.fillRect(start, y - tall / 2, end - start, tall);
    g.fillStyle = colours.series[0];
    g.fillRect(start, y - tall / 2, (end - start) * p[v], tall);
    g.fillStyle = colours.ink;
    g.fillRect(start + (end - start) * share[v] - 1, y - tall / 2 - 5, 2.5, tall + 10);
  }
}
