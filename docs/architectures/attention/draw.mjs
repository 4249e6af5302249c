/**
 * The two pictures of the demo: the plane of two features, and the weights as bars.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {{query: number[], allowed: boolean[], weights: number[], output: number[]}} Shown
 */

import { KEYS, WORDS } from "./attention.mjs";

export const REACH = 3; // the plane shows -REACH … REACH

/** @param {CanvasRenderingContext2D} g @param {number} width @param {Colours} colours */
function drawGrid(g, width, colours) {
  g.strokeStyle = colours.grid;
  g.lineWidth = 1;
  for (let tick = -3; tick <= 3; tick++) {
    const [x, y] = [((tick / REACH + 1) / 2) * width, ((1 - tick / REACH) / 2) * width];
    g.beginPath();
    g.moveTo(x, 0);
    g.lineTo(x, width);
    g.moveTo(0, y);
    g.lineTo(width, y);
    g.stroke();
  }
  g.font = "12px sans-serif";
  g.fillStyle = colours.muted;
  g.fillText("a person →", width - 68, width / 2 - 5);
  g.fillText("female ↑", width / 2 + 5, 13);
  g.fillText("male ↓", width / 2 + 5, width - 6);
}

/**
 * The keys, the query, and between them lines as thick as the weights.
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours @param {Shown} shown
 */
export function drawPlane(g, { width }, colours, { query, allowed, weights }) {
  const at = (/** @type {number[]} */ [x, y]) => [
    ((x / REACH + 1) / 2) * width,
    ((1 - y / REACH) / 2) * width,
  ];
  drawGrid(g, width, colours);
  const [qx, qy] = at(query);
  g.strokeStyle = colours.series[0];
  KEYS.forEach((key, j) => {
    if (weights[j] <= 0.01) return;
    g.lineWidth = 12 * weights[j];
    g.beginPath();
    g.moveTo(qx, qy);
    const [x, y] = at(key);
    g.lineTo(x, y);
    g.stroke();
  });
  KEYS.forEach((key, j) => {
    const [x, y] = at(key);
    g.fillStyle = allowed[j] ? colours.ink : colours.muted;
    g.fillRect(x - 4, y - 4, 8, 8);
    const name = allowed[j] ? WORDS[j] : `(${WORDS[j]})`;
    g.fillText(name, x + 8, y + (WORDS[j] === "plan" ? 16 : -6));
  });
  g.fillStyle = colours.paper;
  g.strokeStyle = colours.series[1];
  g.lineWidth = 3;
  g.beginPath();
  g.arc(qx, qy, 8, 0, 2 * Math.PI);
  g.fill();
  g.stroke();
  g.fillStyle = colours.ink;
  g.fillText("query", qx - 42, qy - 10);
}

/**
 * The weights of the words, and below them the output.
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours @param {Shown} shown
 */
export function drawBars(g, { width, height }, colours, { weights, output }) {
  const [first, second] = colours.series;
  const rows = [
    ...WORDS.map((word, j) => ({ text: word, value: weights[j], colour: first })),
    { text: "output: Ann", value: output[0], colour: second },
    { text: "output: Tom", value: output[1], colour: second },
  ];
  const line = height / rows.length;
  g.font = "12px sans-serif";
  g.textBaseline = "middle";
  rows.forEach(({ text, value, colour }, i) => {
    const y = (i + 0.5) * line;
    g.fillStyle = colours.ink;
    g.textAlign = "right";
    g.fillText(text, 76, y);
    g.textAlign = "left";
    g.fillText(value.toFixed(3), width - 38, y);
    g.fillStyle = colour;
    g.fillRect(84, y - line * 0.3, value * (width - 84 - 46), line * 0.6);
  });
  g.textBaseline = "alphabetic";
}
