/**
 * The pictures of the demo: the plane of the data, modes and losses over the rounds, and the phase plane of the
 * game with two numbers.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {import("./gan.mjs").Kind} Kind
 */

import { fixed } from "../../assets/demos/ui.mjs";
import { diracField, mean, run, SPREAD, sigmoid } from "./gan.mjs";

export const REACH = 3.2; // the plane is shown from -REACH to REACH
const CELLS = 28; // of a side of the shade
const ARROWS = 48; // samples that show where they are pushed

/** @param {CanvasRenderingContext2D} context @param {Iterable<number[]>} points */
function line(context, points) {
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  context.stroke();
}

/**
 * How real the discriminator takes each cell to be, from 0 to 1; a critic's values are stretched to that.
 * @param {import("./gan.mjs").Layer[]} d @param {Kind} kind
 */
function beliefs(d, kind) {
  const step = (2 * REACH) / CELLS;
  const values = Array.from({ length: CELLS * CELLS }, (_, i) => {
    const x = -REACH + ((i % CELLS) + 0.5) * step;
    const y = REACH - (Math.floor(i / CELLS) + 0.5) * step;
    return run(d, [x, y]).out[0];
  });
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return values.map((a) => (kind === "wasserstein" ? (a - low) / (high - low || 1) : sigmoid(a)));
}

/**
 * The shade, and the seam where the discriminator cannot tell.
 * @param {CanvasRenderingContext2D} context @param {number} width @param {Colours} colours
 * @param {number[]} real of each cell
 */
function drawShade(context, width, colours, real) {
  const edge = (/** @type {number} */ i) => Math.round((i * width) / CELLS);
  real.forEach((p, i) => {
    const [left, top] = [edge(i % CELLS), edge(Math.floor(i / CELLS))];
    const [right, low] = [edge((i % CELLS) + 1), edge(Math.floor(i / CELLS) + 1)];
    context.fillStyle = colours.series[p > 0.5 ? 0 : 1];
    context.globalAlpha = 0.1 + 1.2 * Math.min(0.5, Math.abs(p - 0.5));
    context.fillRect(left, top, right - left, low - top);
  });
  context.globalAlpha = 1;
  context.fillStyle = colours.paper;
  real.forEach((p, i) => {
    const [left, top] = [edge(i % CELLS), edge(Math.floor(i / CELLS))];
    const right = (i + 1) % CELLS ? real[i + 1] : p;
    const below = real[i + CELLS] ?? p;
    const side = width / CELLS;
    if (p > 0.5 !== right > 0.5) context.fillRect(edge((i % CELLS) + 1) - 1, top, 2, side);
    if (p > 0.5 !== below > 0.5) {
      context.fillRect(left, edge(Math.floor(i / CELLS) + 1) - 1, side, 2);
    }
  });
}

/**
 * @param {CanvasRenderingContext2D} context @param {Size} size @param {Colours} colours
 * @param {{d: import("./gan.mjs").Layer[], kind: Kind, centres: number[][], last: {samples: number[][], push: number[][]} | null, real: number[][], cursor: number[] | null}} shown
 *   `last`: the samples of the last round; `real`: its data; `cursor`: where keys set a point
 */
export function drawPlane(context, size, colours, { d, kind, centres, last, real, cursor }) {
  const px = (/** @type {number} */ x) => ((x + REACH) / (2 * REACH)) * size.width;
  const py = (/** @type {number} */ y) => ((REACH - y) / (2 * REACH)) * size.height;
  drawShade(context, size.width, colours, beliefs(d, kind));
  context.strokeStyle = colours.ink;
  context.lineWidth = 1.5;
  for (const [x, y] of centres) {
    context.beginPath();
    context.arc(px(x), py(y), px(3 * SPREAD) - px(0), 0, 7);
    context.stroke();
  }
  context.fillStyle = colours.series[2];
  for (const [x, y] of real) {
    context.beginPath();
    context.arc(px(x), py(y), 2, 0, 7);
    context.fill();
  }
  if (last) {
    const sizes = last.push.map(([u, v]) => Math.hypot(u, v));
    const usual = mean(sizes) || 1;
    context.lineWidth = 1;
    context.fillStyle = colours.ink;
    last.samples.forEach(([x, y], i) => {
      const [left, top] = [px(x), py(y)];
      context.fillRect(left - 2, top - 2, 4, 4);
      if (i >= ARROWS) return;
      const scale = (14 / usual) * Math.min(1, (2 * usual) / (sizes[i] || 1));
      const [u, v] = last.push[i];
      line(context, [
        [left, top],
        [left + u * scale, top - v * scale],
      ]);
    });
  }
  if (cursor) {
    context.lineWidth = 2;
    context.strokeRect(px(cursor[0]) - 6, py(cursor[1]) - 6, 12, 12);
  }
}

/**
 * @param {CanvasRenderingContext2D} context @param {Size} size @param {Colours} colours
 * @param {{history: number[][], most: number, rounds: number}} shown round and modes reached, first in each row
 */
export function drawHistory(context, size, colours, { history, most, rounds }) {
  const [left, top, low] = [18, 24, size.height - 18];
  const reach = Math.max(200, rounds);
  const px = (/** @type {number} */ x) => left + (x / reach) * (size.width - left - 6);
  const py = (/** @type {number} */ y) => low - (y / most) * (low - top);
  context.font = "12px sans-serif";
  context.fillStyle = colours.ink;
  context.fillText("Modes reached", 2, 12);
  context.strokeStyle = colours.grid;
  for (const y of [0, most]) {
    context.fillText(String(y), 2, py(y) + 4);
    context.strokeRect(left, py(y), size.width - left - 6, 0.5);
  }
  const told = `${reach} rounds`;
  context.fillText(told, size.width - 6 - context.measureText(told).width, size.height - 4);
  context.strokeStyle = colours.series[0];
  context.lineWidth = 2;
  line(
    context,
    history.map(([x, y]) => [px(x), py(y)]),
  );
}

/**
 * @param {CanvasRenderingContext2D} context @param {Size} size @param {Colours} colours
 * @param {{history: number[][], rounds: number}} shown round, modes and the losses of D and of G in each row
 */
export function drawLosses(context, size, colours, { history, rounds }) {
  const [left, top, low] = [26, 24, size.height - 18];
  const reach = Math.max(200, rounds);
  const all = history.flatMap((row) => row.slice(2));
  const [least, most] = [Math.min(0, ...all), Math.max(2, ...all)];
  const px = (/** @type {number} */ x) => left + (x / reach) * (size.width - left - 6);
  const py = (/** @type {number} */ y) => low - ((y - least) / (most - least)) * (low - top);
  context.font = "12px sans-serif";
  for (const [i, name] of ["loss of D", "loss of G"].entries()) {
    context.fillStyle = colours.series[i];
    context.fillRect(2 + 82 * i, 4, 10, 8);
    context.fillStyle = colours.ink;
    context.fillText(name, 16 + 82 * i, 12);
  }
  context.strokeStyle = colours.grid;
  for (const y of [least, most]) {
    context.fillText(fixed(y, 1), 2, py(y) + 4);
    context.strokeRect(left, py(y), size.width - left - 6, 0.5);
  }
  const told = `${reach} rounds`;
  context.fillText(told, size.width - 6 - context.measureText(told).width, size.height - 4);
  context.lineWidth = 2;
  for (const i of [0, 1]) {
    context.strokeStyle = colours.series[i];
    line(
      context,
      history.map((row) => [px(row[0]), py(row[2 + i])]),
    );
  }
}

/**
 * The field of velocities.
 * @param {CanvasRenderingContext2D} context @param {Size} size @param {Colours} colours
 * @param {(theta: number, psi: number) => [number, number]} field
 */
function drawField(context, size, colours, field) {
  const unit = size.height / 6;
  const px = (/** @type {number} */ x) => size.width / 2 + x * unit;
  const py = (/** @type {number} */ y) => size.height / 2 - y * unit;
  context.strokeStyle = colours.grid;
  line(context, [
    [0, py(0)],
    [size.width, py(0)],
  ]);
  line(context, [
    [px(0), 0],
    [px(0), size.height],
  ]);
  context.strokeStyle = colours.muted;
  context.fillStyle = colours.muted;
  for (let x = -4; x <= 4; x += 0.5) {
    for (let y = -2.5; y <= 2.5; y += 0.5) {
      const [a, b] = field(x, y);
      const scale = 0.3 / Math.max(0.3, Math.hypot(a, b));
      line(context, [
        [px(x), py(y)],
        [px(x + a * scale), py(y + b * scale)],
      ]);
      context.fillRect(px(x) - 1, py(y) - 1, 2, 2);
    }
  }
}

/**
 * @param {CanvasRenderingContext2D} context @param {Size} size @param {Colours} colours
 * @param {{kind: Kind, gamma: number, spread: number, pair: boolean, start: number[], path: number[][]}} shown
 */
export function drawPhases(context, size, colours, { kind, gamma, spread, pair, start, path }) {
  const unit = size.height / 6;
  const px = (/** @type {number} */ x) => size.width / 2 + x * unit;
  const py = (/** @type {number} */ y) => size.height / 2 - y * unit;
  drawField(context, size, colours, (x, y) => diracField(x, y, kind, gamma, spread, pair));
  context.strokeStyle = colours.accent;
  context.lineWidth = 2;
  line(
    context,
    path.map(([x, y]) => [px(x), py(y)]),
  );
  context.fillStyle = colours.accent;
  context.beginPath();
  context.arc(px(start[0]), py(start[1]), 6, 0, 7);
  context.fill();
  context.font = "13px sans-serif";
  for (const [name, x, y] of /** @type {[string, number, number][]} */ ([
    ["θ, of the generator", size.width - 126, py(0) - 6],
    ["ψ, of the discriminator", px(0) + 6, 14],
  ])) {
    context.fillStyle = colours.paper;
    context.fillRect(x - 3, y - 12, context.measureText(name).width + 6, 16);
    context.fillStyle = colours.ink;
    context.fillText(name, x, y);
  }
}
