/**
 * The picture of the demo: the mean reward of all runs against the step, and the texts' probabilities at one step.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 * @typedef {import("./policy-gradient.mjs").Run} Run
 */

import { levels } from "../../assets/demos/labels.mjs";
import { short } from "../../assets/demos/ui.mjs";
import { REWARDS, TEXTS } from "./policy-gradient.mjs";

const PAD = { left: 34, right: 10, top: 22 };
const BARS = 78; // pixels for the four bars below
const [LOW, HIGH] = [-2, 6.4];

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{runs: Run[], step: number}} now the first run is the chosen one
 */
export function drawRuns(g, size, colours, { runs, step }) {
  g.font = `${size.width < 380 ? 11 : 12}px sans-serif`;
  const bottom = size.height - BARS - 40;
  const steps = runs[0].curve.length - 1;
  const x = (/** @type {number} */ t) =>
    PAD.left + (t / steps) * (size.width - PAD.left - PAD.right);
  const y = (/** @type {number} */ value) =>
    bottom - ((value - LOW) / (HIGH - LOW)) * (bottom - PAD.top);
  g.fillStyle = colours.ink;
  g.textAlign = "left";
  g.fillText(`Mean reward of ${runs.length} runs; thick: the chosen one`, 4, 14);
  const marks = [-2, 0, 2, 4, 6].map(
    (level) => /** @type {[number, string]} */ ([level, short(level, 0)]),
  );
  levels(g, colours, { left: PAD.left, right: size.width - PAD.right, y }, marks);
  for (const [i, { curve }] of [...runs.entries()].reverse()) {
    g.strokeStyle = i ? colours.muted : colours.series[0];
    g.globalAlpha = i ? 0.6 : 1;
    g.lineWidth = i ? 1 : 3;
    g.beginPath();
    for (const [t, value] of curve.entries()) g.lineTo(x(t), y(value));
    g.stroke();
  }
  g.globalAlpha = 1;
  g.fillStyle = colours.series[1];
  g.beginPath();
  g.arc(x(step), y(runs[0].curve[step]), 5, 0, 2 * Math.PI);
  g.fill();
  g.fillStyle = colours.muted;
  g.textAlign = "center";
  for (const t of [0, steps / 2, steps]) g.fillText(`step ${t}`, nudged(x(t), size), bottom + 15);
  drawBars(g, size, colours, { run: runs[0], step, top: bottom + 26 });
}

/** @param {number} x @param {Size} size @returns {number} so that a short text is not cut */
const nudged = (x, { width }) => Math.min(Math.max(x, 26), width - 30);

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{run: Run, step: number, top: number}} now
 */
function drawBars(g, size, colours, { run, step, top }) {
  const tall = BARS / TEXTS.length;
  const left = 118;
  const full = size.width - left - 60;
  const { drawn } = run.groups[step];
  for (const [text, p] of run.policies[step].entries()) {
    const at = top + text * tall;
    g.fillStyle = colours.ink;
    g.textAlign = "left";
    g.fillText(`${TEXTS[text]}   reward ${short(REWARDS[text], 0)}`, 4, at + 12);
    g.fillStyle = colours.grid;
    g.fillRect(left, at + 2, full, tall - 6);
    g.fillStyle = colours.series[0];
    g.fillRect(left, at + 2, full * p, tall - 6);
    g.fillStyle = colours.ink;
    g.fillText(p.toFixed(3), left + full + 6, at + 12);
    const marks = drawn.filter((one) => one === text).length;
    g.fillStyle = colours.series[1];
    for (let i = 0; i < marks; i++) {
      g.beginPath();
      g.arc(left + 8 + 14 * i, at + tall / 2 - 1, 4, 0, 2 * Math.PI);
      g.fill();
    }
  }
}
