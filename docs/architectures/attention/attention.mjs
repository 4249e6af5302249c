/**
 * One query among five keys: both heads of the page's running example, with the same numbers.
 *
 * @typedef {{name: string, axes: string[], queries: number[][], keys: number[][], values: number[][], out: string[]}} Head
 */

export const WORDS = ["Ann", "told", "Tom", "her", "plan"];

/**
 * What each head has for the five words; `axes` says what the two numbers of a query and of a key stand
 * for (right, up, down), `out` what the two numbers of a value do.
 * @type {Head[]}
 */
export const HEADS = [
  {
    name: "first: asks for a person",
    axes: ["a person →", "female ↑", "male ↓"],
    queries: [
      [0, 0],
      [2, 0],
      [0, 0],
      [2, 2],
      [1, 1],
    ],
    keys: [
      [1, 1],
      [0, 0],
      [1, -1],
      [0.5, 0.5],
      [0, 0],
    ],
    values: [
      [1, 0],
      [0, 0],
      [0, 1],
      [0.5, 0],
      [0, 0],
    ],
    out: ["Ann", "Tom"],
  },
  {
    name: "second: asks for an action",
    axes: ["an action →", "belonging ↑", ""],
    queries: [
      [2, 0],
      [0, 0],
      [2, 0],
      [1, 0],
      [0, 0],
    ],
    keys: [
      [0, 0],
      [1, 0],
      [0, 0],
      [0, 1],
      [0, 0.5],
    ],
    values: [
      [0, 0],
      [1, 0],
      [0, 0],
      [0, 1],
      [0, 0.5],
    ],
    out: ["action", "belonging"],
  },
];

/**
 * Scaled dot-product attention of one query.
 * @param {number[]} query two numbers
 * @param {number} scale factor of the inner products
 * @param {boolean[]} allowed which words may be looked at, one of them at least
 * @param {number[][]} keys of the five words
 * @param {number[][]} values of the five words
 * @returns {{scores: number[], weights: number[], output: number[]}}
 */
export function attend(query, scale, allowed, keys, values) {
  if (!allowed.some(Boolean)) throw new RangeError("the query may look at nothing");
  const scores = keys.map((key) => scale * (query[0] * key[0] + query[1] * key[1]));
  const top = Math.max(...scores.filter((_, j) => allowed[j]));
  const e = scores.map((s, j) => (allowed[j] ? Math.exp(s - top) : 0));
  const total = e.reduce((a, b) => a + b, 0);
  const weights = e.map((value) => value / total);
  const output = [0, 1].map((c) => weights.reduce((sum, a, j) => sum + a * values[j][c], 0));
  return { scores, weights, output };
}
