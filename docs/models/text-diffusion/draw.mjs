/**
 * The pictures of the demo: the text with the guesses for its hidden places, and the probabilities of all texts.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 */

import { MASK, texts } from "./text-diffusion.mjs";

const BOX = 44;
const HIGH = 92; // pixels of a bar of probability one
const PAD = { left: 34, right: 8, top: 26, bottom: 24 };

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{text: number[], rows: number[][], fresh: number[]}} now
 */
export function drawText(g, size, colours, { text, rows, fresh }) {
  const step = size.width / (text.length || 1);
  for (const [n, letter] of text.entries()) {
    const x = (n + 0.5) * step;
    const hidden = letter === MASK;
    g.lineWidth = fresh.includes(n) ? 3 : 1.5;
    g.strokeStyle = fresh.includes(n) ? colours.series[1] : colours.ink;
    g.setLineDash(hidden ? [5, 4] : []);
    g.strokeRect(x - BOX / 2, 14, BOX, BOX);
    g.setLineDash([]);
    g.fillStyle = colours.ink;
    g.font = "22px sans-serif";
    g.textAlign = "center";
    g.fillText("ab?"[letter], x, 43);
    g.font = "13px sans-serif";
    for (const [v, p] of rows[n].entries()) {
      if (!hidden) continue;
      const left = x + (v - 0.5) * 26;
      const base = size.height - 22;
      g.fillStyle = colours.series[v ? 2 : 0];
      g.fillRect(left - 10, base - p * HIGH, 20, p * HIGH);
      g.fillStyle = colours.ink;
      g.fillText("ab"[v], left, base + 16);
      g.fillText(p.toFixed(2).replace("0.", "."), left, base - p * HIGH - 5);
    }
  }
}

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{truth: number[], made: number[]}} now
 */
export function drawBars(g, size, colours, { truth, made }) {
  const count = truth.length;
  if (!count) return;
  const most = Math.max(0.4, ...truth, ...made);
  const wide = (size.width - PAD.left - PAD.right) / count;
  const base = size.height - PAD.bottom;
  const up = (/** @type {number} */ p) => base - (p / most) * (base - PAD.top);
  g.font = "13px sans-serif";
  g.textAlign = "right";
  for (const p of [0, 0.2, 0.4]) {
    g.fillStyle = colours.grid;
    g.fillRect(PAD.left, up(p), size.width - PAD.left - PAD.right, 1);
    g.fillStyle = colours.muted;
    g.fillText(String(p), PAD.left - 6, up(p) + 4);
  }
  g.textAlign = "left";
  g.fillStyle = colours.ink;
  g.fillText("Bars: the data; dots: what is made", PAD.left, 14);
  const names = texts(Math.round(Math.log2(count)));
  g.textAlign = "center";
  if (wide < 34) g.font = "10px sans-serif";
  for (const [k, p] of truth.entries()) {
    const x = PAD.left + (k + 0.5) * wide;
    g.fillStyle = colours.grid;
    g.fillRect(x - 0.38 * wide, up(p), 0.76 * wide, base - up(p));
    g.strokeStyle = colours.muted;
    g.lineWidth = 1;
    g.strokeRect(x - 0.38 * wide, up(p), 0.76 * wide, base - up(p));
    g.fillStyle = colours.series[1];
    g.beginPath();
    g.arc(x, up(made[k]), 4.5, 0, 7);
    g.fill();
    g.fillStyle = colours.ink;
    const name = names[k].map((letter) => "ab"[letter]).join("");
    if (wide >= 20 || k % 2 === 0) g.fillText(name, x, base + 15);
  }
}
