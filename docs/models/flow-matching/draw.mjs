/**
 * The pictures of the demo: left the lines of training, right the flow with the steps of one point.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 * @typedef {import("./flow-matching.mjs").Step} Step
 * @typedef {{points: number[], curves: number[][], ends: number[]}} Flow
 */

import { short } from "../../assets/demos/ui.mjs";

export const REACH = 2.6; // of the line that is shown, both ways
const PAD = { left: 26, right: 12, top: 22, bottom: 20 };

/** @param {Size} size @returns {(t: number, x: number) => [number, number]} data on the left, noise on the right */
export const toPicture = (size) => (t, x) => [
  PAD.left + t * (size.width - PAD.left - PAD.right),
  PAD.top + ((REACH - x) / (2 * REACH)) * (size.height - PAD.top - PAD.bottom),
];

/** @param {Size} size @param {number} y of the picture @returns {number} the place on the line */
export function toLine(size, y) {
  const x = REACH - ((y - PAD.top) / (size.height - PAD.top - PAD.bottom)) * 2 * REACH;
  return Math.max(-REACH, Math.min(REACH, x));
}

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {string} title @param {number[]} points
 */
function frame(g, size, colours, title, points) {
  const at = toPicture(size);
  g.font = "13px sans-serif";
  g.fillStyle = colours.ink;
  g.textAlign = "left";
  g.fillText(title, PAD.left, 14);
  g.fillStyle = colours.muted;
  g.fillText("t = 0: data", PAD.left, size.height - 5);
  g.textAlign = "right";
  g.fillText("t = 1: noise", size.width - PAD.right, size.height - 5);
  for (const x of [-2, -1, 0, 1, 2]) {
    const [left, top] = at(0, x);
    g.fillStyle = colours.muted;
    g.fillText(short(x, 2), left - 7, top + 4);
    g.fillStyle = colours.grid;
    g.fillRect(left, top, at(1, x)[0] - left, 1);
  }
  g.fillStyle = colours.ink;
  for (const point of points) {
    const [left, top] = at(0, point);
    g.fillRect(left - 4, top - 4, 8, 8);
  }
}

/**
 * @param {CanvasRenderingContext2D} g @param {[number, number][]} places of the picture
 * @param {string} colour @param {number} width
 */
function line(g, places, colour, width) {
  g.strokeStyle = colour;
  g.lineWidth = width;
  g.beginPath();
  for (const place of places) g.lineTo(...place);
  g.stroke();
}

/** @param {CanvasRenderingContext2D} g @param {[number, number]} place @param {number} radius */
function disc(g, [left, top], radius) {
  g.beginPath();
  g.arc(left, top, radius, 0, 7);
  g.fill();
}

/**
 * Lines from noises to points, as dark as their pairs are likely; those through the place of the step are bold.
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{points: number[], noises: number[], shares: number[][], step: Step | undefined, origins: number[]}} shown
 */
export function drawLines(g, size, colours, { points, noises, shares, step, origins }) {
  const at = toPicture(size);
  frame(g, size, colours, "Lines of training", points);
  for (const [n, eps] of noises.entries()) {
    for (const [k, point] of points.entries()) {
      g.globalAlpha = Math.min(1, 1.6 * shares[n][k]) * (step ? 0.5 : 1);
      line(g, [at(0, point), at(1, eps)], colours.series[0], 1);
    }
    g.globalAlpha = 1;
    g.fillStyle = colours.muted;
    disc(g, at(1, eps), 2.5);
  }
  if (!step) return;
  const { t, x } = step;
  for (const [k, point] of points.entries()) {
    if (origins[k] < 0.005) continue;
    const far = (x - (1 - t) * point) / t; // its noise, which may lie outside the picture
    const cut = Math.min(1, (REACH - Math.sign(far) * point) / Math.abs(far - point));
    g.globalAlpha = 0.25 + 0.75 * origins[k];
    line(g, [at(0, point), at(cut, point + cut * (far - point))], colours.series[1], 3);
  }
  g.globalAlpha = 1;
  g.fillStyle = colours.ink;
  disc(g, at(t, x), 5);
}

/**
 * The flow as thin curves, where samples of the solver end as a brush at t = 0, and the steps of one point.
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {Flow} flow @param {Step[]} steps those that are done @param {number} start
 */
export function drawFlow(g, size, colours, { points, curves, ends }, steps, start) {
  const at = toPicture(size);
  frame(g, size, colours, "Flow, and steps of one point", points);
  for (const curve of curves) {
    const last = curve.length - 1;
    const places = curve.map((x, i) => at(1 - i / last, x));
    line(g, places, colours.series[0], 1);
  }
  g.fillStyle = colours.series[2];
  for (const end of ends) {
    const [left, top] = at(0, end);
    g.fillRect(left + 5, top - 1, 10, 2);
  }
  const places = [at(1, start), ...steps.map(({ t, h, next }) => at(t - h, next))];
  line(g, places, colours.series[1], 2.5);
  g.fillStyle = colours.series[1];
  for (const place of places) disc(g, place, 3.5);
  g.fillStyle = colours.ink;
  disc(g, places[places.length - 1], 5);
  g.strokeStyle = colours.ink;
  g.lineWidth = 1.5;
  for (const { t, h, x, half } of steps) {
    if (half === x) continue;
    g.beginPath();
    g.arc(...at(t - h / 2, half), 3.5, 0, 7);
    g.stroke();
  }
}
