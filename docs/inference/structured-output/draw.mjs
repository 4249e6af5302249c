/**
 * The picture of the demo: for each word what the chosen way gives it, and a line at what it should have.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 */

import { WORDS } from "./structured-output.mjs";

const PAD = { left: 62, right: 52, top: 26, bottom: 8 };

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{out: number[], right: number[], menu: boolean[], last: number | undefined}} now
 */
export function drawWords(g, size, colours, { out, right, menu, last }) {
  g.font = `${size.width < 380 ? 11 : 12}px sans-serif`;
  g.textAlign = "left";
  g.fillStyle = colours.ink;
  g.fillText("Bars: comes out. Lines: the model, given a valid word.", 4, 15);
  const tall = (size.height - PAD.top - PAD.bottom) / WORDS.length;
  const full = size.width - PAD.left - PAD.right;
  for (const [word, name] of WORDS.entries()) {
    const top = PAD.top + word * tall;
    const middle = top + tall / 2 + 4;
    g.fillStyle = menu[word] ? colours.ink : colours.muted;
    g.fillText(name, 4, middle);
    g.fillStyle = colours.grid;
    g.fillRect(PAD.left, top + tall * 0.2, full, tall * 0.6);
    g.fillStyle = menu[word] ? colours.series[0] : colours.series[1];
    g.fillRect(PAD.left, top + tall * 0.2, full * out[word], tall * 0.6);
    g.fillStyle = colours.ink;
    if (menu[word])
      g.fillRect(PAD.left + full * right[word] - 1.5, top + tall * 0.08, 3, tall * 0.84);
    g.fillText(
      menu[word] || out[word] ? out[word].toFixed(2) : "cut",
      size.width - PAD.right + 8,
      middle,
    );
    if (word !== last) continue;
    g.strokeStyle = colours.ink;
    g.lineWidth = 2;
    g.strokeRect(PAD.left - 2, top + tall * 0.1, full + 4, tall * 0.8);
  }
}
