/**
 * The picture of the demo: the policy's probabilities with marks at the reference, and the log-ratios against the step.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 */

import { levels } from "../../assets/demos/labels.mjs";
import { fixed } from "../../assets/demos/ui.mjs";
import { ANSWERS, REFERENCE } from "./preference-optimisation.mjs";

const BARS = 84; // pixels for the three bars
const TOP = 20;
const DASHES = [[], [7, 4], [2, 3]];
const LEAST = 1; // nats that the lower picture shows to both sides at least

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{way: number[][], best: number[] | undefined}} now the policies, and the best one where it is known
 */
export function drawPolicy(g, size, colours, { way, best }) {
  g.font = `${size.width < 380 ? 11 : 12}px sans-serif`;
  g.textAlign = "left";
  g.fillStyle = colours.ink;
  g.fillText(`Line: reference${best ? "; ring: best policy" : ""}`, 4, 14);
  const tall = BARS / ANSWERS.length;
  const [left, full] = [24, size.width - 80];
  for (const [y, p] of way[way.length - 1].entries()) {
    const top = TOP + y * tall;
    g.fillStyle = colours.ink;
    g.fillText(ANSWERS[y], 6, top + tall / 2 + 4);
    g.fillStyle = colours.grid;
    g.fillRect(left, top + 4, full, tall - 8);
    g.fillStyle = colours.series[y];
    g.fillRect(left, top + 4, full * p, tall - 8);
    g.fillStyle = colours.ink;
    g.fillRect(left + full * REFERENCE[y] - 1, top + 1, 2.5, tall - 2);
    g.fillText(p.toFixed(3), left + full + 8, top + tall / 2 + 4);
    if (!best) continue;
    g.strokeStyle = colours.ink;
    g.lineWidth = 2;
    g.beginPath();
    g.arc(left + full * best[y], top + tall / 2, 6, 0, 2 * Math.PI);
    g.stroke();
  }
  drawRatios(g, size, colours, { way, top: TOP + BARS + 26 });
}

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{way: number[][], top: number}} now
 */
function drawRatios(g, size, colours, { way, top }) {
  const [left, bottom] = [30, size.height - 18];
  const ratios = REFERENCE.map((ref, y) => way.map((p) => Math.log(p[y] / ref)));
  const reach = Math.min(6, Math.max(LEAST, ...ratios.flat().map(Math.abs)));
  const steps = Math.max(1, way.length - 1);
  const x = (/** @type {number} */ t) => left + (t / steps) * (size.width - left - 30);
  const y = (/** @type {number} */ value) =>
    bottom - ((Math.max(-reach, Math.min(reach, value)) + reach) / (2 * reach)) * (bottom - top);
  g.fillStyle = colours.ink;
  g.textAlign = "left";
  g.fillText("log-ratio u of each answer", 4, top - 8);
  const marks = [-reach, 0, reach].map(
    (level) => /** @type {[number, string]} */ ([level, fixed(level, 1)]),
  );
  levels(g, colours, { left, right: size.width - 30, y }, marks);
  g.textAlign = "left";
  g.fillText("step 0", left, size.height - 4);
  g.textAlign = "right";
  g.fillText(`step ${way.length - 1}`, size.width - 30, size.height - 4);
  for (const [answer, line] of ratios.entries()) {
    g.strokeStyle = colours.series[answer];
    g.lineWidth = 2.5;
    g.setLineDash(DASHES[answer]);
    g.beginPath();
    for (const [t, value] of line.entries()) g.lineTo(x(t), y(value));
    g.stroke();
    g.setLineDash([]);
    g.fillStyle = colours.ink;
    g.textAlign = "left";
    g.fillText(ANSWERS[answer], size.width - 24, y(line[line.length - 1]) + 4);
  }
}
