/**
 * The two pictures of the demo: the plane of queries and keys, and the weights as bars.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {{query: number[], keys: number[][], moved: number, axes: string[], out: string[], allowed: boolean[], scores: number[], weights: number[], output: number[]}} Shown
 *   `moved` is the word whose key is moved, or -1 for the query
 */

import { around, write } from "../../assets/demos/labels.mjs";
import { plane } from "../../assets/demos/plane.mjs";
import { fixed } from "../../assets/demos/ui.mjs";
import { WORDS } from "./attention.mjs";

export const REACH = 3; // the plane shows -REACH … REACH
const FONT = "12px sans-serif";

export const { at, place } = plane(REACH, 10);

/**
 * The grid.
 * @param {CanvasRenderingContext2D} g @param {number} width @param {Colours} colours
 */
function drawGrid(g, width, colours) {
  g.strokeStyle = colours.grid;
  g.lineWidth = 1;
  for (let tick = -3; tick <= 3; tick++) {
    const [x, y] = at([tick, tick], width);
    g.beginPath();
    g.moveTo(x, 0);
    g.lineTo(x, width);
    g.moveTo(0, y);
    g.lineTo(width, y);
    g.stroke();
  }
}

/**
 * What the ends of the grid mean; points and their names come first.
 * @param {number} width @param {Colours} colours @param {string[]} axes
 */
const ends = (width, colours, [right, up, down]) => [
  { text: right, x: width, y: width / 2, colour: colours.muted, away: 4 },
  { text: up, x: width / 2, y: 12, colour: colours.muted, away: 5 },
  { text: down, x: width / 2, y: width - 8, colour: colours.muted, away: 5 },
];

/**
 * @param {CanvasRenderingContext2D} g @param {number} width @param {Colours} colours @param {Shown} shown
 * @returns {import("../../assets/demos/labels.mjs").Label[]} their names
 */
function drawKeys(g, width, colours, { keys, allowed, moved }) {
  return keys.map((key, j) => {
    const [x, y] = at(key, width);
    const side = moved === j ? 6 : 4;
    g.fillStyle = moved === j ? colours.series[1] : allowed[j] ? colours.ink : colours.muted;
    g.fillRect(x - side, y - side, 2 * side, 2 * side);
    const text = allowed[j] ? WORDS[j] : `(${WORDS[j]})`;
    return { text, x, y, colour: allowed[j] ? colours.ink : colours.muted };
  });
}

/**
 * The keys, the query, and between them lines as thick as the weights.
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours @param {Shown} shown
 */
export function drawPlane(g, { width }, colours, shown) {
  const { query, keys, weights, moved } = shown;
  g.font = FONT;
  drawGrid(g, width, colours);
  const [qx, qy] = at(query, width);
  g.strokeStyle = colours.series[0];
  keys.forEach((key, j) => {
    if (weights[j] <= 0.01) return;
    g.lineWidth = 12 * weights[j];
    g.beginPath();
    g.moveTo(qx, qy);
    const [x, y] = at(key, width);
    g.lineTo(x, y);
    g.stroke();
  });
  const names = drawKeys(g, width, colours, shown);
  g.fillStyle = colours.paper;
  g.strokeStyle = colours.series[1];
  g.lineWidth = moved < 0 ? 3 : 1.5;
  g.beginPath();
  g.arc(qx, qy, 8, 0, 2 * Math.PI);
  g.fill();
  g.stroke();
  names.push({ text: "query", x: qx, y: qy, colour: colours.ink, away: 10 });
  const marks = keys.map((key) => around(at(key, width), 8));
  marks.push(around([qx, qy], 10));
  write(g, { width, height: width }, [...names, ...ends(width, colours, shown.axes)], marks);
}

/**
 * Scores and weights of the words, and below them the output.
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours @param {Shown} shown
 */
export function drawBars(g, { width, height }, colours, { out, allowed, scores, weights, output }) {
  const [first, second] = colours.series;
  const rows = [
    ...WORDS.map((text, j) => ({
      text,
      score: allowed[j] ? fixed(scores[j], 2) : "masked",
      value: weights[j],
      colour: first,
    })),
    ...out.map((text, c) => ({
      text: `output: ${text}`,
      score: "",
      value: output[c],
      colour: second,
    })),
  ];
  const line = (height - 22) / rows.length;
  g.font = FONT;
  const names = 6;
  const widest = Math.max(...rows.map(({ text }) => g.measureText(text).width));
  const [start, end] = [Math.max(108, names + widest + 8), width - 42];
  g.textBaseline = "middle";
  g.fillStyle = colours.muted;
  g.textAlign = "right";
  g.fillText("score", start - 8, 12);
  g.textAlign = "left";
  g.fillText("weight", start, 12);
  rows.forEach(({ text, score, value, colour }, i) => {
    const y = 22 + (i + 0.5) * line;
    g.fillStyle = colours.ink;
    g.textAlign = "left";
    g.fillText(text, names, y);
    g.fillText(fixed(value, 3), end + 6, y);
    g.textAlign = "right";
    g.fillText(score, start - 8, y);
    g.fillStyle = colour;
    const long = Math.max(-1, Math.min(1, value)) * (end - start);
    g.fillRect(start, y - line * 0.3, long, line * 0.6);
  });
  g.textAlign = "left";
  g.textBaseline = "alphabetic";
}
