/**
 * The pictures of the demo: the plane with data, samples and arrows, and the ten digits.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {import("./diffusion.mjs").Mixture} Mixture
 */

export const REACH = 3; // the plane is shown from -REACH to REACH

/** Where the arrows begin. */
const GRID = Array.from({ length: 13 * 13 }, (_, i) => [
  0.45 * Math.floor(i / 13) - 2.7,
  0.45 * (i % 13) - 2.7,
]);

/** @param {Size} size @returns {(point: number[]) => [number, number]} from the plane to the picture */
const toPicture =
  (size) =>
  ([x, y]) => [((x + REACH) / (2 * REACH)) * size.width, ((REACH - y) / (2 * REACH)) * size.height];

/**
 * @param {CanvasRenderingContext2D} context @param {Size} size
 * @param {(points: number[][]) => number[][]} eps the noise that is seen in points
 */
function drawArrows(context, size, eps) {
  const at = toPicture(size);
  context.beginPath();
  eps(GRID).forEach(([u, v], i) => {
    const length = 0.16 / Math.max(0.5, Math.hypot(u, v));
    const [x, y] = GRID[i];
    const [tx, ty] = [x - u * length, y - v * length];
    context.moveTo(...at([x, y]));
    context.lineTo(...at([tx, ty]));
    for (const side of [-0.5, 0.5]) {
      context.moveTo(...at([tx, ty]));
      const [hx, hy] = [0.4 * u - side * 0.5 * v, 0.4 * v + side * 0.5 * u];
      context.lineTo(...at([tx + length * hx, ty + length * hy]));
    }
  });
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context @param {Size} size @param {Colours} colours
 * @param {{mixture: Mixture, wanted: number, a: number, x: number[][], trails: number[][][], cursor: number[] | null, eps: (points: number[][]) => number[][]}} shown
 *   `wanted`: the mode that is guided to; `a`: alpha-bar; `cursor`: where keys set a point
 */
export function drawPlane(context, size, colours, shown) {
  const { mixture, wanted, a, x, trails, cursor, eps } = shown;
  const at = toPicture(size);
  const radius = Math.max(3, ((2 * mixture.spread) / (2 * REACH)) * size.width);
  context.lineWidth = 1.5;
  for (const [k, mean] of mixture.means.entries()) {
    context.strokeStyle = wanted === k + 1 ? colours.series[2] : colours.series[0];
    context.beginPath();
    context.arc(...at(mean), radius, 0, 7);
    context.stroke();
  }
  context.strokeStyle = colours.muted;
  context.lineWidth = 1;
  drawArrows(context, size, eps);
  context.strokeStyle = colours.series[1];
  context.globalAlpha = 0.5;
  for (const trail of trails) {
    context.beginPath();
    for (const point of trail) context.lineTo(...at(point));
    context.stroke();
  }
  context.globalAlpha = 1;
  context.fillStyle = colours.series[1];
  for (const point of x) {
    const [left, top] = at(point);
    context.fillRect(left - 1.5, top - 1.5, 3, 3);
  }
  context.font = "13px sans-serif";
  const share = `share of data ${(100 * a).toFixed(0)} %`;
  context.fillStyle = colours.paper;
  context.fillRect(4, size.height - 25, context.measureText(share).width + 8, 21);
  context.fillStyle = colours.ink;
  context.fillText(share, 8, size.height - 10);
  if (!cursor) return;
  const [left, top] = at(cursor);
  context.strokeRect(left - 5, top - 5, 10, 10);
}

/**
 * Rows of five pictures of eight by eight pixels, each behind its name.
 * @param {CanvasRenderingContext2D} context @param {Size} size @param {Colours} colours
 * @param {[string, number[][]][]} rows names, and pixels from -1 to 1
 */
export function drawDigits(context, size, colours, rows) {
  const margin = 64; // for the name
  const cell = (size.width - margin) / 5;
  const pixel = (cell - 8) / 8;
  context.fillStyle = colours.ink;
  context.font = "14px sans-serif";
  context.textBaseline = "middle";
  rows.forEach(([name, pictures], row) => {
    context.fillText(name, 4, (row + 0.5) * cell);
    pictures.forEach((values, n) => {
      values.forEach((value, i) => {
        context.globalAlpha = Math.min(1, Math.max(0, (value + 1) / 2));
        const left = margin + n * cell + 4 + (i % 8) * pixel;
        const top = row * cell + 4 + Math.floor(i / 8) * pixel;
        context.fillRect(left, top, pixel + 0.3, pixel + 0.3);
      });
      context.globalAlpha = 1;
    });
  });
}
