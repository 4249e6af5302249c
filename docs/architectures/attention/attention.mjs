/**
 * One query among five keys: the running example of the page, with the same numbers.
 */

export const WORDS = ["Ann", "told", "Tom", "her", "plan"];

/** The keys: how far each word is a person, and female or, if negative, male. */
export const KEYS = [
  [1, 1],
  [0, 0],
  [1, -1],
  [0.5, 0.5],
  [0, 0],
];

/** How much each word stands for Ann and for Tom. */
export const VALUES = [
  [1, 0],
  [0, 0],
  [0, 1],
  [0.5, 0],
  [0, 0],
];

/**
 * Scaled dot-product attention of one query.
 * @param {number[]} query two features
 * @param {number} scale factor of the scores
 * @param {boolean[]} allowed which words may be looked at, one of them at least
 * @returns {{weights: number[], output: number[]}}
 */
export function attend(query, scale, allowed) {
  if (!allowed.some(Boolean)) throw new RangeError("the query may look at nothing");
  const scores = KEYS.map((key) => scale * (query[0] * key[0] + query[1] * key[1]));
  const top = Math.max(...scores.filter((_, j) => allowed[j]));
  const e = scores.map((s, j) => (allowed[j] ? Math.exp(s - top) : 0));
  const total = e.reduce((a, b) => a + b, 0);
  const weights = e.map((value) => value / total);
  const output = [0, 1].map((c) => weights.reduce((sum, a, j) => sum + a * VALUES[j][c], 0));
  return { weights, output };
}
