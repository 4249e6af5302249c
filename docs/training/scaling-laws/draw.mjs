/**
 * The picture of the demo: the loss of each size at one budget, at a sixteenth and at sixteen times of it.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 * @typedef {import("./scaling-laws.mjs").Law} Law
 * @typedef {import("./scaling-laws.mjs").Split} Split
 */

import { levels } from "../../assets/demos/labels.mjs";
import { loss, optimum } from "./scaling-laws.mjs";

const PAD = { left: 40, right: 10, top: 22, bottom: 36 };
const FACTORS = [1 / 16, 1, 16];
const WIDE = 5; // doublings of the size to both sides of the best of the middle budget
const POINTS = 61;

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{law: Law, here: Split, used: Split | undefined, name: (n: number) => string}} now
 */
export function drawBudgets(g, size, colours, { law, here, used, name }) {
  const c = 6 * here.n * here.d;
  const middle = Math.log2(optimum(law, c).n);
  const ends = [middle - WIDE, middle + WIDE];
  const left = Math.min(ends[0], Math.log2(here.n) - 1, used ? Math.log2(used.n) - 1 : ends[0]);
  const right = Math.max(ends[1], Math.log2(here.n) + 1);
  const best = FACTORS.map((factor) => optimum(law, factor * c));
  const lowest = loss(law, best[2].n, best[2].d);
  const top = Math.max(loss(law, best[0].n, best[0].d), loss(law, here.n, here.d));
  const most = top + 0.25 * (top - lowest);
  const x = (/** @type {number} */ n) =>
    PAD.left + ((Math.log2(n) - left) / (right - left)) * (size.width - PAD.left - PAD.right);
  const y = (/** @type {number} */ value) =>
    PAD.top + ((most - value) / (most - lowest + 1e-9)) * (size.height - PAD.top - PAD.bottom);
  g.font = `${size.width < 380 ? 11 : 12}px sans-serif`;
  g.textAlign = "left";
  g.fillStyle = colours.ink;
  g.fillText("Loss by size: 1/16, 1 and 16 budgets; red ring: chosen", 4, 14);
  frame(g, size, colours, { lowest, most, y });
  g.save();
  g.beginPath();
  g.rect(
    PAD.left,
    PAD.top,
    size.width - PAD.left - PAD.right,
    size.height - PAD.top - PAD.bottom + 4,
  );
  g.clip();
  for (const [at, factor] of FACTORS.entries()) {
    g.strokeStyle = at === 1 ? colours.series[0] : colours.muted;
    g.lineWidth = at === 1 ? 3 : 1.5;
    g.beginPath();
    for (let i = 0; i < POINTS; i++) {
      const n = 2 ** (left + ((right - left) * i) / (POINTS - 1));
      const value = loss(law, n, (factor * c) / (6 * n));
      if (i) g.lineTo(x(n), y(value));
      else g.moveTo(x(n), y(value));
    }
    g.stroke();
    dot(g, x(best[at].n), y(loss(law, best[at].n, best[at].d)), 3.5, colours.ink);
  }
  g.restore();
  g.fillStyle = colours.muted;
  g.textAlign = "center";
  const places = [best[1].n / 16, best[1].n, best[1].n * 16];
  for (const n of places) g.fillText(name(n), x(n), size.height - 20);
  g.fillText("parameters", size.width / 2, size.height - 5);
  const ring = (/** @type {Split} */ split, /** @type {string} */ colour) => {
    g.strokeStyle = colour;
    g.lineWidth = 2.5;
    g.beginPath();
    g.arc(x(split.n), y(loss(law, split.n, split.d)), 7, 0, 2 * Math.PI);
    g.stroke();
  };
  ring(here, colours.series[1]);
  if (used) ring(used, colours.series[2]);
}

/** @param {CanvasRenderingContext2D} g @param {number} x @param {number} y @param {number} radius @param {string} colour */
function dot(g, x, y, radius, colour) {
  g.fillStyle = colour;
  g.beginPath();
  g.arc(x, y, radius, 0, 2 * Math.PI);
  g.fill();
}

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{lowest: number, most: number, y: (value: number) => number}} scale
 */
function frame(g, size, colours, { lowest, most, y }) {
  const step = [0.05, 0.1, 0.25, 0.5, 1, 2, 5].find((one) => (most - lowest) / one < 6) ?? 10;
  /** @type {[number, string][]} */
  const marks = [];
  for (let level = Math.ceil(lowest / step) * step; level <= most; level += step)
    marks.push([level, level.toFixed(2)]);
  levels(g, colours, { left: PAD.left, right: size.width - PAD.right, y }, marks);
}
