/**
 * The pictures of the demo: what the layer adds along the line, with the tokens in the rows of their
 * experts below it, and the loads.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 * @typedef {import("./mixture-of-experts.mjs").Network} Network
 */

import { short } from "../../assets/demos/ui.mjs";
import { forward, REACH, zigzag } from "./mixture-of-experts.mjs";

const EDGE = REACH + 0.5;
const PAD = { left: 62, right: 10, top: 24, bottom: 22 };
const ROW = 20; // pixels of an expert's row
const HIGH = 3.4; // the values that are shown, up and down
const STEPS = 220;

/** @param {CanvasRenderingContext2D} g @param {[number, number][]} points @param {string} colour @param {number} width @param {number[]} dash */
function path(g, points, colour, width, dash = []) {
  g.strokeStyle = colour;
  g.lineWidth = width;
  g.setLineDash(dash);
  g.beginPath();
  for (const [n, [x, y]] of points.entries()) {
    if (n) g.lineTo(x, y);
    else g.moveTo(x, y);
  }
  g.stroke();
  g.setLineDash([]);
}

/** @param {CanvasRenderingContext2D} g @param {number} x @param {number} y @param {string} colour */
function cross(g, x, y, colour) {
  path(
    g,
    [
      [x - 4, y - 4],
      [x + 4, y + 4],
    ],
    colour,
    2,
  );
  path(
    g,
    [
      [x - 4, y + 4],
      [x + 4, y - 4],
    ],
    colour,
    2,
  );
}

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{network: Network, k: number, tokens: number[], most: number}} now
 */
export function drawLine(g, size, colours, { network, k, tokens, most }) {
  const m = network.router.length;
  const base = size.height - PAD.bottom - m * ROW;
  const middle = (PAD.top + base) / 2;
  const across = (/** @type {number} */ x) =>
    PAD.left + ((x + EDGE) / (2 * EDGE)) * (size.width - PAD.left - PAD.right);
  const up = (/** @type {number} */ y) =>
    middle - (Math.max(-HIGH, Math.min(HIGH, y)) / HIGH) * ((base - PAD.top) / 2 - 2);
  g.font = "13px sans-serif";
  g.textAlign = "left";
  g.fillStyle = colours.ink;
  g.fillText("Added to a token: solid; goal: dashed", 4, 15);
  path(
    g,
    [
      [PAD.left, middle],
      [size.width - PAD.right, middle],
    ],
    colours.grid,
    1,
  );
  const line = Array.from({ length: STEPS + 1 }, (_, n) => EDGE * ((2 * n) / STEPS - 1));
  const { g: weights, y } = forward(network, line, k, Number.POSITIVE_INFINITY);
  path(
    g,
    line.map((x) => [across(x), up(zigzag(x))]),
    colours.muted,
    2,
    [5, 4],
  );
  for (let n = 1; n <= STEPS; n += 1) {
    const first = weights[n].indexOf(Math.max(...weights[n]));
    const before = weights[n - 1].indexOf(Math.max(...weights[n - 1]));
    if (first !== before) continue; // another expert begins
    const piece = /** @type {[number, number][]} */ (
      [n - 1, n].map((at) => [across(line[at]), up(y[at])])
    );
    path(g, piece, colours.series[first], 3);
  }
  const { keep, g: chosen } = forward(network, tokens, k, most);
  for (let i = 0; i < m; i += 1) {
    const at = base + ROW * (i + 0.5);
    g.fillStyle = colours.series[i];
    g.fillText(`Expert ${i + 1}`, 4, at + 4);
    path(
      g,
      [
        [PAD.left, at],
        [size.width - PAD.right, at],
      ],
      colours.grid,
      1,
    );
    for (const [n, x] of tokens.entries()) {
      if (!chosen[n][i]) continue;
      if (keep[n][i]) {
        g.fillStyle = colours.series[i];
        g.beginPath();
        g.arc(across(x), at, 4, 0, 2 * Math.PI);
        g.fill();
      } else cross(g, across(x), at, colours.ink);
    }
  }
  g.fillStyle = colours.muted;
  g.textAlign = "center";
  for (let x = -4; x <= 4; x += 2) g.fillText(short(x, 0), across(x), size.height - 6);
}

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{loads: number[], most: number}} now
 */
export function drawLoads(g, size, colours, { loads, most }) {
  const all = loads.reduce((a, b) => a + b, 0);
  const mean = all / loads.length;
  const base = size.height - PAD.bottom;
  const limit = Number.isFinite(most) ? most : 0;
  const scale = (base - PAD.top - 26) / Math.max(...loads, limit, 1.5 * mean);
  const room = (size.width - 20) / loads.length;
  g.font = "13px sans-serif";
  g.textAlign = "left";
  g.fillStyle = colours.ink;
  g.fillText("Tokens of each expert", 4, 15);
  g.textAlign = "center";
  for (const [i, load] of loads.entries()) {
    const x = 10 + room * (i + 0.5);
    const taken = Math.min(load, most);
    g.fillStyle = colours.series[i];
    g.fillRect(x - room * 0.3, base - scale * taken, room * 0.6, scale * taken);
    if (load > most) {
      g.strokeStyle = colours.ink;
      g.lineWidth = 1.5;
      g.strokeRect(x - room * 0.3, base - scale * load, room * 0.6, scale * (load - most));
    }
    g.fillStyle = colours.ink;
    g.fillText(String(load), x, base - scale * load - 6);
    g.fillText(String(i + 1), x, size.height - 6);
  }
  const level = (/** @type {number} */ value) =>
    /** @type {[number, number][]} */ ([
      [10, base - scale * value],
      [size.width - 10, base - scale * value],
    ]);
  path(g, level(mean), colours.muted, 1.5, [5, 4]);
  if (limit) path(g, level(limit), colours.ink, 1.5);
}
