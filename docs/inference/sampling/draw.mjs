/**
 * The picture of the demo: a bar for each word as it will be drawn, a line where the model had it.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 */

const PAD = { left: 10, right: 10, top: 26, bottom: 24 };

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{words: string[], p: number[], q: number[], last: number}} now `last`: the word drawn, or −1
 */
export function drawBars(g, size, colours, { words, p, q, last }) {
  const base = size.height - PAD.bottom;
  const room = (size.width - PAD.left - PAD.right) / words.length;
  const up = (/** @type {number} */ value) => base - value * (base - PAD.top - 18);
  g.font = "13px sans-serif";
  g.textAlign = "left";
  g.fillStyle = colours.ink;
  g.fillText("Bars: drawn from; lines: before", 4, 15);
  g.strokeStyle = colours.grid;
  g.lineWidth = 1;
  for (const level of [0, 0.5, 1]) {
    g.beginPath();
    g.moveTo(PAD.left, up(level));
    g.lineTo(size.width - PAD.right, up(level));
    g.stroke();
  }
  g.textAlign = "center";
  for (const [n, word] of words.entries()) {
    const x = PAD.left + room * (n + 0.5);
    const wide = room * 0.62;
    g.fillStyle = colours.series[n === last ? 1 : 0];
    g.fillRect(x - wide / 2, up(q[n]), wide, base - up(q[n]));
    g.strokeStyle = colours.ink;
    g.lineWidth = 2;
    g.beginPath();
    g.moveTo(x - wide / 2 - 3, up(p[n]));
    g.lineTo(x + wide / 2 + 3, up(p[n]));
    g.stroke();
    g.fillStyle = q[n] > 0 ? colours.ink : colours.muted;
    g.fillText(word, x, size.height - 7);
    g.fillText(q[n] > 0 ? q[n].toFixed(2) : "cut", x, Math.min(up(q[n]), up(p[n])) - 5);
  }
}
