/**
 * The picture of the demo: the share of right answers by four ways against the number of draws, and the draws of one question.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 * @typedef {import("./reasoning.mjs").Way} Way
 */

import { levels, write } from "../../assets/demos/labels.mjs";

const PAD = { left: 34, right: 12, top: 40 }; // room for a name above the highest curve
const BELOW = 58; // pixels for the draws
const DASHES = { any: [2, 3], majority: [], verifier: [8, 4], scored: [8, 3, 2, 3] };
const NAMES = /** @type {[Way, string][]} */ ([
  ["any", "one is right"],
  ["majority", "majority"],
  ["verifier", "first accepted"],
  ["scored", "best score"],
]);
const SIGNS = ["✓", "×", "○"];

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{curves: Record<Way, number>[], n: number, answers: number[]}} now the curves begin at one draw
 */
export function drawShares(g, size, colours, { curves, n, answers }) {
  g.font = `${size.width < 380 ? 11 : 12}px sans-serif`;
  const bottom = size.height - BELOW - 20;
  const most = curves.length;
  const x = (/** @type {number} */ at) =>
    PAD.left + ((at - 1) / (most - 1)) * (size.width - PAD.left - PAD.right);
  const y = (/** @type {number} */ share) => bottom - share * (bottom - PAD.top);
  g.fillStyle = colours.ink;
  g.textAlign = "left";
  g.fillText("Share right, against the number of answers", 4, 14);
  levels(g, colours, { left: PAD.left, right: size.width - PAD.right, y }, [
    [0, "0"],
    [0.5, "0.5"],
    [1, "1"],
  ]);
  g.textAlign = "center";
  for (const at of [1, most / 4, most / 2, most]) g.fillText(String(at), x(at), bottom + 15);
  g.strokeStyle = colours.ink;
  g.beginPath();
  g.moveTo(x(n), PAD.top);
  g.lineTo(x(n), bottom);
  g.stroke();
  for (const [i, [way]] of NAMES.entries()) {
    g.strokeStyle = colours.series[i];
    g.lineWidth = 2.5;
    g.setLineDash(DASHES[way]);
    g.beginPath();
    for (const [at, shares] of curves.entries()) g.lineTo(x(at + 1), y(shares[way]));
    g.stroke();
  }
  g.setLineDash([]);
  const place = Math.round(most * 0.55);
  write(
    g,
    { ...size, height: bottom },
    NAMES.map(([way, text], i) => ({
      text,
      x: x(place + (i % 2) * 3),
      y: y(curves[place + (i % 2) * 3 - 1][way]),
      colour: colours.series[i],
    })),
  );
  drawAnswers(g, size, colours, { answers, top: bottom + 24 });
}

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{answers: number[], top: number}} now
 */
function drawAnswers(g, size, colours, { answers, top }) {
  g.textAlign = "left";
  g.fillStyle = colours.ink;
  g.fillText("Drawn: ✓ right, × the frequent mistake, ○ a rare one", 4, top + 10);
  const wide = Math.min(24, (size.width - 8) / Math.max(1, answers.length));
  g.textAlign = "center";
  for (const [i, answer] of answers.entries()) {
    g.fillStyle = answer ? colours.grid : colours.series[0];
    g.fillRect(4 + i * wide, top + 18, wide - 2, 24);
    g.fillStyle = answer ? colours.ink : colours.paper;
    g.fillText(SIGNS[answer], 4 + (i + 0.5) * wide - 1, top + 34);
  }
}
