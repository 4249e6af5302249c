/**
 * The pictures of the demo: a map of cross-attention, and three masks side by side.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 */

const FONT = "13px sans-serif";

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {string[]} source @param {string[]} given the words that were read @param {string[]} next
 * @param {number[][]} weights a row for each word that was read
 */
export function drawCross(g, size, colours, source, given, next, weights) {
  const left = 100;
  const top = 24;
  const wide = (size.width - left - 4) / source.length;
  const high = Math.min(34, (size.height - top - 4) / given.length);
  g.font = FONT;
  g.fillStyle = colours.ink;
  g.textBaseline = "middle";
  g.textAlign = "center";
  for (const [j, word] of source.entries()) g.fillText(word, left + wide * (j + 0.5), top / 2);
  for (const [i, row] of weights.entries()) {
    const y = top + high * (i + 0.5);
    g.textAlign = "right";
    g.fillStyle = colours.ink;
    g.fillText(`${given[i]} › ${next[i]}`, left - 6, y);
    g.textAlign = "center";
    for (const [j, weight] of row.entries()) {
      const x = left + wide * j;
      g.fillStyle = colours.series[0];
      g.globalAlpha = 0.05 + 0.5 * weight;
      g.fillRect(x + 1, y - high / 2 + 1, wide - 2, high - 2);
      g.globalAlpha = 1;
      g.fillStyle = colours.ink;
      g.fillText(weight.toFixed(2), x + wide / 2, y);
    }
  }
}

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{name: string, rows: number[][], line: number}[]} masks `line` columns are the source
 */
export function drawMasks(g, size, colours, masks) {
  const room = size.width / masks.length;
  const most = Math.max(...masks.map(({ rows }) => rows[0].length));
  const cell = Math.min((room - 12) / most, (size.height - 44) / most);
  g.font = FONT;
  g.textBaseline = "middle";
  for (const [n, { name, rows, line }] of masks.entries()) {
    const x = room * n + 4;
    const count = rows.flat().reduce((a, b) => a + b, 0);
    g.fillStyle = colours.ink;
    g.textAlign = "left";
    g.fillText(name, x, 10);
    g.fillText(`${count} pairs`, x, 27);
    for (const [i, row] of rows.entries()) {
      for (const [j, allowed] of row.entries()) {
        g.strokeStyle = colours.grid;
        g.strokeRect(x + cell * j + 0.5, 40 + cell * i + 0.5, cell - 1, cell - 1);
        if (!allowed) continue;
        g.fillStyle = colours.series[j < line ? 0 : 1];
        g.globalAlpha = 0.55;
        g.fillRect(x + cell * j + 1, 40 + cell * i + 1, cell - 2, cell - 2);
        g.globalAlpha = 1;
      }
    }
  }
}
