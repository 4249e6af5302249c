/** The sums of the demo: kept samples as points, and what is measured of them. */

import { PASSES, POINTS } from "./samples.mjs";

const RADIUS = 1.4;
const DEVIATION = 0.15;
const MODES = 8;

/** The middles of the eight modes. */
export const CENTRES = Array.from({ length: MODES }, (_, k) => [
  RADIUS * Math.cos((k * 2 * Math.PI) / MODES),
  RADIUS * Math.sin((k * 2 * Math.PI) / MODES),
]);

/**
 * Points from the text that keeps them: two signs a number, hundredths above −3, base 36.
 * @param {string} text
 */
export function points(text) {
  const numbers = (text.match(/../g) ?? []).map((signs) => Number.parseInt(signs, 36) / 100 - 3);
  const rows = [];
  for (let n = 0; n < numbers.length; n += 2) rows.push([numbers[n], numbers[n + 1]]);
  return rows;
}

/**
 * Whether the number of passes of a class can be chosen.
 * @param {string} name
 */
export const refines = (name) => POINTS[name][0].length > 1;

/**
 * The samples of a class by seed and number of passes, which only counts for classes that refine.
 * @param {string} name @param {number} seed @param {number} passes
 */
export function samples(name, seed, passes) {
  const texts = POINTS[name][seed];
  return points(refines(name) ? texts[PASSES.indexOf(passes)] : texts[0]);
}

/** @param {number[]} a @param {number[]} b */
const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);

/**
 * The share of points within three deviations of a mode, and the modes with a quarter of their due.
 * @param {number[][]} x
 */
export function near(x) {
  const counts = new Array(MODES).fill(0);
  for (const point of x) {
    const far = CENTRES.map((centre) => distance(point, centre));
    const least = Math.min(...far);
    if (least < 3 * DEVIATION) counts[far.indexOf(least)] += 1;
  }
  const share = counts.reduce((sum, count) => sum + count, 0) / x.length;
  return [share, counts.filter((count) => count / x.length > 1 / MODES / 4).length];
}

/**
 * A squared distance of kept points in hundredths: a whole number, so that equal distances are equal.
 * @param {number[]} a @param {number[]} b
 */
const square = (a, b) =>
  Math.round(100 * (a[0] - b[0])) ** 2 + Math.round(100 * (a[1] - b[1])) ** 2;

/**
 * The share of kept points x in a neighbourhood of y, which reaches to the k-th nearest other item.
 * @param {number[][]} x @param {number[][]} y @param {number} k
 */
export function covered(x, y, k) {
  const reach = y.map((a) => y.map((b) => square(a, b)).sort((p, q) => p - q)[k]);
  return x.filter((a) => y.some((b, n) => square(a, b) <= reach[n])).length / x.length;
}

/**
 * What the demo shows of a class: near a mode, modes, precision, recall.
 * @param {string} name @param {number} seed @param {number} passes
 */
export function measured(name, seed, passes) {
  const x = samples(name, seed, passes);
  const y = points(POINTS.data[2][0]);
  return [...near(x), covered(x, y, 3), covered(y, x, 3)];
}
