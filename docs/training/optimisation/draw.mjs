/**
 * The picture of the demo: above, the way of the two weights over lines of equal loss; below, the loss of each step.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 */

import { levels } from "../../assets/demos/labels.mjs";
import { loss } from "./optimisation.mjs";

const REACH = [12.5, 2.5]; // of the weights that are shown
const TOP = 22;
const SPLIT = 0.6; // share of the height above the loss
const LEVELS = [0.5, 2, 8, 20, 40, 80, 160];
const FLOOR = 1e-6; // the least loss that is shown
const HIGH = 1e3;

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{way: number[][], steep: number}} now
 */
export function drawWay(g, size, colours, { way, steep }) {
  g.font = `${size.width < 380 ? 11 : 12}px sans-serif`;
  const below = Math.round(size.height * SPLIT);
  drawPlane(g, { ...size, height: below }, colours, { way, steep });
  drawLosses(g, size, colours, { losses: way.map((w) => loss(w, steep)), top: below + 24 });
}

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{way: number[][], steep: number}} now
 */
function drawPlane(g, size, colours, { way, steep }) {
  const middle = [size.width / 2, TOP + (size.height - TOP) / 2];
  const unit = [size.width / 2 / REACH[0], (size.height - TOP) / 2 / REACH[1]];
  const at = (/** @type {number[]} */ [a, b]) => [middle[0] + unit[0] * a, middle[1] - unit[1] * b];
  g.fillStyle = colours.ink;
  g.textAlign = "left";
  g.fillText("w₁ to the right, w₂ upwards; each ellipse: one loss", 4, 14);
  g.save();
  g.beginPath();
  g.rect(0, TOP, size.width, size.height - TOP);
  g.clip();
  g.strokeStyle = colours.grid;
  g.lineWidth = 1;
  for (const level of LEVELS) {
    g.beginPath();
    const radii = [unit[0] * Math.sqrt(2 * level), unit[1] * Math.sqrt((2 * level) / steep)];
    g.ellipse(middle[0], middle[1], radii[0], radii[1], 0, 0, 2 * Math.PI);
    g.stroke();
  }
  g.strokeStyle = colours.series[0];
  g.lineWidth = 1.5;
  g.beginPath();
  for (const w of way) g.lineTo(...pair(at(w)));
  g.stroke();
  for (const [t, w] of way.entries()) {
    const [x, y] = at(w);
    const last = t === way.length - 1;
    g.fillStyle = last ? colours.series[1] : colours.series[0];
    g.beginPath();
    g.arc(x, y, last ? 6 : 2.5, 0, 2 * Math.PI);
    g.fill();
  }
  g.restore();
  g.strokeStyle = colours.ink;
  const [x, y] = at([0, 0]);
  g.beginPath();
  g.moveTo(x - 5, y);
  g.lineTo(x + 5, y);
  g.moveTo(x, y - 5);
  g.lineTo(x, y + 5);
  g.stroke();
}

/** @param {number[]} point @returns {[number, number]} within what a canvas draws */
const pair = ([x, y]) => [Math.max(-1e5, Math.min(1e5, x)), Math.max(-1e5, Math.min(1e5, y))];

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{losses: number[], top: number}} now
 */
function drawLosses(g, size, colours, { losses, top }) {
  const bottom = size.height - 18;
  const left = 44;
  const x = (/** @type {number} */ t) =>
    left + (t / Math.max(1, losses.length - 1)) * (size.width - left - 10);
  const log = (/** @type {number} */ value) =>
    Math.log10(Math.max(FLOOR, Math.min(HIGH, value || FLOOR)));
  const y = (/** @type {number} */ value) =>
    bottom - ((log(value) - log(FLOOR)) / (log(HIGH) - log(FLOOR))) * (bottom - top);
  g.fillStyle = colours.ink;
  g.textAlign = "left";
  g.fillText("loss after each step", 4, top - 8);
  levels(g, colours, { left, right: size.width - 10, y }, [
    [1e3, "1000"],
    [1, "1"],
    [1e-3, "0.001"],
  ]);
  g.fillText(`step ${losses.length - 1}`, size.width - 10, size.height - 4);
  g.textAlign = "left";
  g.fillText("0", left, size.height - 4);
  g.strokeStyle = colours.series[0];
  g.lineWidth = 2;
  g.beginPath();
  for (const [t, value] of losses.entries()) g.lineTo(x(t), y(value));
  g.stroke();
}
