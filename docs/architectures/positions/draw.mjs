/**
 * The two pictures of the demo: the vectors as they enter the inner product, and the score of a noun by its
 * position.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {import("./positions.mjs").Scheme} Scheme
 * @typedef {{name: string, short: string, scheme: Scheme, causal: boolean}} Way
 * @typedef {{way: Way, ways: Way[], at: number[], turn: number, slope: number}} Shown
 */

import { short } from "../../assets/demos/ui.mjs";
import { entering, KEYS, QUERY, score, WORDS } from "./positions.mjs";

export const LAST = 15; // the positions are 0 … LAST
const REACH = 3.4; // the plane shows -REACH … REACH
const [LOW, HIGH] = [-5.5, 7.5]; // scores that the chart shows
const EDGE = { left: 30, right: 10, top: 28, bottom: 42 };
const DASHES = [[2, 4], [7, 4], [], [9, 3, 2, 3], [1, 3]];

/** @param {Size} size @param {number} position @returns {number} where a position stands in the chart */
export const across = ({ width }, position) =>
  EDGE.left + ((width - EDGE.left - EDGE.right) * (position + 0.5)) / (LAST + 1);

/** @param {Size} size @param {number} x @returns {number} the position at a place of the chart */
export const positionAt = ({ width }, x) =>
  Math.round(((x - EDGE.left) / (width - EDGE.left - EDGE.right)) * (LAST + 1) - 0.5);

/**
 * An arrow from the origin.
 * @param {CanvasRenderingContext2D} g @param {number} width @param {number[]} vector
 */
function arrow(g, width, [x, y]) {
  const [a, b] = [((x / REACH + 1) / 2) * width, ((1 - y / REACH) / 2) * width];
  g.beginPath();
  g.moveTo(width / 2, width / 2);
  g.lineTo(a, b);
  g.stroke();
  g.beginPath();
  g.arc(a, b, 4, 0, 2 * Math.PI);
  g.fill();
  return [a, b];
}

/**
 * The query and both nouns' keys: dashed as the words give them, solid as they enter the inner product.
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours @param {Shown} shown
 */
export function drawPlane(g, { width }, colours, { way, at, turn }) {
  g.strokeStyle = colours.grid;
  g.lineWidth = 1;
  for (let tick = -3; tick <= 3; tick++) {
    const t = ((tick / REACH + 1) / 2) * width;
    g.beginPath();
    g.moveTo(t, 0);
    g.lineTo(t, width);
    g.moveTo(0, t);
    g.lineTo(width, t);
    g.stroke();
  }
  const parts = [
    { text: "query", vector: QUERY, position: at[1], colour: colours.series[0] },
    { text: "dog", vector: KEYS[0], position: at[0], colour: colours.series[1] },
    { text: "man", vector: KEYS[2], position: at[2], colour: colours.series[2] },
  ];
  g.font = "13px sans-serif";
  const moves = parts.map(({ vector, position }) => entering(way.scheme, vector, position, turn));
  g.lineWidth = 1;
  g.setLineDash([3, 3]); // all of these first: none may cover a solid arrow
  for (const [n, { vector, colour }] of parts.entries()) {
    if (Math.hypot(moves[n][0] - vector[0], moves[n][1] - vector[1]) < 0.01) continue;
    g.strokeStyle = colour;
    g.fillStyle = colour;
    arrow(g, width, vector);
  }
  g.setLineDash([]);
  g.lineWidth = 2.5;
  /** @type {number[][]} */
  const taken = [];
  for (const [n, { text, colour }] of parts.entries()) {
    g.strokeStyle = colour;
    g.fillStyle = colour;
    const [x, y] = arrow(g, width, moves[n]);
    const crowded = taken.filter(([a, b]) => Math.hypot(a - x, b - y) < 14).length;
    taken.push([x, y]);
    g.fillStyle = colours.ink;
    const left = x < width / 2 - 4 || x > width - 50;
    g.textAlign = left ? "right" : "left";
    g.fillText(text, x + (left ? -8 : 8), y + (y < 20 ? 14 : -5) + 15 * crowded);
  }
  g.textAlign = "left";
}

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {(score: number) => number} up
 */
function drawAxes(g, size, colours, up) {
  g.font = "12px sans-serif";
  g.lineWidth = 1;
  for (let tick = -4; tick <= 6; tick += 2) {
    g.strokeStyle = tick ? colours.grid : colours.muted;
    g.beginPath();
    g.moveTo(EDGE.left, up(tick));
    g.lineTo(size.width - EDGE.right, up(tick));
    g.stroke();
    g.fillStyle = colours.muted;
    g.textAlign = "right";
    g.fillText(short(tick, 2), EDGE.left - 6, up(tick) + 4);
  }
  g.textAlign = "center";
  for (let position = 0; position <= LAST; position++) {
    g.fillText(String(position), across(size, position), size.height - EDGE.bottom + 15);
  }
}

/**
 * The score of a noun by its position, for all ways: the chosen one with a dot at each position.
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours @param {Shown} shown
 */
export function drawChart(g, size, colours, { way, ways, at, turn, slope }) {
  const tall = size.height - EDGE.top - EDGE.bottom;
  const up = (/** @type {number} */ s) => EDGE.top + (tall * (HIGH - s)) / (HIGH - LOW);
  drawAxes(g, size, colours, up);
  if (way.causal) {
    const x = across(size, at[1] + 0.5);
    g.fillStyle = colours.grid;
    g.globalAlpha = 0.6;
    g.fillRect(x, EDGE.top, size.width - EDGE.right - x, tall);
    g.globalAlpha = 1;
  }
  for (const one of [...ways.filter((other) => other !== way), way]) {
    const number = ways.indexOf(one);
    const scoreAt = (/** @type {number} */ j) => score(one.scheme, KEYS[0], at[1], j, turn, slope);
    g.strokeStyle = colours.series[number];
    g.fillStyle = colours.series[number];
    g.globalAlpha = one === way ? 1 : 0.45;
    g.lineWidth = one === way ? 2.5 : 1;
    g.setLineDash(DASHES[number]);
    g.beginPath();
    for (let j = 0; j <= LAST; j += 0.125) g.lineTo(across(size, j), up(scoreAt(j)));
    g.stroke();
    g.setLineDash([]);
    if (one !== way) continue;
    for (let j = 0; j <= LAST; j++) {
      if (one.causal && j > at[1]) continue;
      g.beginPath();
      g.arc(across(size, j), up(scoreAt(j)), 3, 0, 2 * Math.PI);
      g.fill();
    }
  }
  g.globalAlpha = 1;
  drawLegend(g, size, colours, ways, way);
  drawWords(g, size, colours, at);
}

/**
 * Which line is whose: above the chart, in one row.
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {Way[]} ways @param {Way} way the chosen one
 */
function drawLegend(g, size, colours, ways, way) {
  g.textAlign = "left";
  const step = (size.width - EDGE.left) / ways.length;
  ways.forEach((one, number) => {
    const x = EDGE.left + number * step;
    g.font = `${one === way ? "bold " : ""}12px sans-serif`;
    g.strokeStyle = colours.series[number];
    g.lineWidth = one === way ? 2.5 : 1.5;
    g.setLineDash(DASHES[number]);
    g.beginPath();
    g.moveTo(x, 12);
    g.lineTo(x + 15, 12);
    g.stroke();
    g.setLineDash([]);
    g.fillStyle = colours.ink;
    g.fillText(one.short, x + 18, 16);
  });
}

/** @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours @param {number[]} at */
function drawWords(g, size, colours, at) {
  g.font = "bold 13px sans-serif";
  const wide = WORDS.map((word) => g.measureText(word).width);
  const order = WORDS.map((_, n) => n).sort((a, b) => at[a] - at[b]);
  const near = (/** @type {number} */ n, /** @type {number} */ m) =>
    Math.abs(across(size, at[n]) - across(size, at[m])) < (wide[n] + wide[m]) / 2 + 8;
  const [first, middle, last] = order;
  // The middle word has the upper row; who is near it has the lower one, where two lean away from each other.
  const lean = near(first, middle) && near(middle, last) && near(first, last);
  WORDS.forEach((word, n) => {
    const x = across(size, at[n]);
    g.strokeStyle = colours.ink;
    g.lineWidth = 1;
    g.beginPath();
    g.moveTo(x, EDGE.top);
    g.lineTo(x, size.height - EDGE.bottom);
    g.stroke();
    g.fillStyle = colours.ink;
    const low = n !== middle && near(n, middle);
    const side = lean && low ? (n === first ? 4 - wide[n] : -4) : -wide[n] / 2;
    const left = Math.min(size.width - wide[n], Math.max(0, x + side));
    g.fillText(word, left, size.height - (low ? 3 : 15));
  });
  g.textAlign = "left";
}
