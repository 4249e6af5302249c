/**
 * The three pictures of the demo: the attention of all heads, that of the chosen head, and the
 * probabilities of the next token.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 */

const NAMED = 24; // tokens that still have room for their names beside the map

/** @param {number} width @param {number} n how many tokens @returns where the cells of the map are */
export function layout(width, n) {
  const named = n <= NAMED;
  const left = named ? 64 : 8;
  return { named, left, top: named ? 48 : 8, cell: (width - left - 8) / n };
}

/**
 * @param {CanvasRenderingContext2D} g @param {number[][]} a the weights of a head
 * @param {number} x @param {number} y @param {number} cell
 */
function drawCells(g, a, x, y, cell) {
  const side = Math.max(cell - 0.5, 1);
  for (const [i, row] of a.entries()) {
    for (const [j, weight] of row.entries()) {
      if (weight < 0.004) continue;
      g.globalAlpha = Math.min(1, 0.08 + 0.92 * weight);
      g.fillRect(x + j * cell, y + i * cell, side, side);
    }
  }
  g.globalAlpha = 1;
}

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{attention: number[][][][], layer: number, head: number}} shown
 */
export function drawHeads(g, { width, height }, colours, { attention, layer, head }) {
  if (!attention.length) return;
  const [w, h] = [width / attention[0].length, height / attention.length];
  const side = Math.min(w, h - 14) - 6;
  g.font = "11px sans-serif";
  attention.forEach((maps, row) => {
    maps.forEach((a, column) => {
      const [x, y] = [column * w + 3, row * h + 14];
      g.fillStyle = colours.ink;
      g.fillText(`${row + 1}.${column + 1}`, x, y - 3);
      g.strokeStyle = colours.grid;
      g.lineWidth = 1;
      g.strokeRect(x - 0.5, y - 0.5, side + 1, side + 1);
      g.fillStyle = colours.series[0];
      drawCells(g, a, x, y, side / a.length);
      if (row !== layer || column !== head) return;
      g.strokeStyle = colours.ink;
      g.lineWidth = 2;
      g.strokeRect(x - 1, y - 1, side + 2, side + 2);
    });
  });
}

/**
 * Where cells are lower than a line of text, some names give way, never that of the marked cell.
 * @param {number} i @param {number} marked @param {number} cell in pixels
 */
function fits(i, marked, cell) {
  const every = Math.ceil(12 / cell);
  return i === marked || (Math.abs(i - marked) >= every && i % every === 0);
}

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{weights: number[][] | undefined, names: string[], query: number, key: number}} shown
 *   the weights of the chosen head, the names of the tokens, and the marked cell
 */
export function drawMap(g, { width }, colours, { weights, names, query, key }) {
  if (!weights) return;
  const { named, left, top, cell } = layout(width, names.length);
  const side = cell * names.length;
  g.strokeStyle = colours.grid;
  g.strokeRect(left - 0.5, top - 0.5, side + 1, side + 1);
  g.fillStyle = colours.series[0];
  drawCells(g, weights, left, top, cell);
  if (named) {
    g.fillStyle = colours.ink;
    g.font = "12px sans-serif";
    g.textBaseline = "middle";
    names.forEach((name, i) => {
      const middle = (i + 0.5) * cell;
      g.textAlign = "right";
      if (fits(i, query, cell)) g.fillText(name.slice(0, 9), left - 5, top + middle);
      if (!fits(i, key, cell)) return;
      g.save();
      g.translate(left + middle, top - 5);
      g.rotate(-Math.PI / 3);
      g.textAlign = "left";
      g.fillText(name.slice(0, 7), 0, 0);
      g.restore();
    });
    g.textAlign = "left";
    g.textBaseline = "alphabetic";
  }
  g.strokeStyle = colours.ink;
  g.lineWidth = 2;
  g.strokeRect(left + key * cell, top + query * cell, cell, cell);
  g.lineWidth = 1;
}

/**
 * Solid bars: to draw from. Outlined bars: the model's own probabilities.
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{name: string, plain: number, chosen: number}[]} tokens the most probable ones
 */
export function drawBars(g, { width, height }, colours, tokens) {
  if (!tokens.length) return;
  const line = height / tokens.length;
  const most = Math.max(...tokens.flatMap(({ plain, chosen }) => [plain, chosen]));
  const room = width - 76 - 52;
  g.font = "12px sans-serif";
  g.textBaseline = "middle";
  tokens.forEach(({ name, plain, chosen }, i) => {
    const y = (i + 0.5) * line;
    g.fillStyle = chosen ? colours.ink : colours.muted;
    g.textAlign = "right";
    g.fillText(name.slice(0, 10), 70, y);
    g.textAlign = "left";
    g.fillText(chosen.toFixed(3), width - 46, y);
    g.fillStyle = colours.series[0];
    g.fillRect(76, y - line * 0.32, (chosen / most) * room, line * 0.64);
    g.strokeStyle = colours.series[1];
    g.lineWidth = 1.5;
    g.strokeRect(76, y - line * 0.32, (plain / most) * room, line * 0.64);
  });
  g.textBaseline = "alphabetic";
}
