/**
 * One query among three words: the running example of the page, with the same numbers.
 *
 * @typedef {"none" | "sinusoidal" | "rope" | "alibi"} Scheme
 */

export const WORDS = ["dog", "bites", "man"];

/** "bites" looks for a noun before it. */
export const QUERY = [1, 1];
export const KEYS = [
  [0, 2],
  [0, 0],
  [0, 2],
];

/** How much each word stands for the dog and for the man. */
const VALUES = [
  [1, 0],
  [0, 0],
  [0, 1],
];

/**
 * A query or a key as it enters the inner product.
 * @param {Scheme} scheme
 * @param {number[]} vector of two features
 * @param {number} position
 * @param {number} turn radians from one position to the next
 * @returns {number[]}
 */
export function entering(scheme, [x, y], position, turn) {
  const [sine, cosine] = [Math.sin(position * turn), Math.cos(position * turn)];
  if (scheme === "sinusoidal") return [x + sine, y + cosine];
  if (scheme === "rope") return [x * cosine - y * sine, x * sine + y * cosine];
  return [x, y];
}

/**
 * The score that the query gives to a key.
 * @param {Scheme} scheme
 * @param {number[]} key
 * @param {number} i position of the query
 * @param {number} j position of the key
 * @param {number} turn radians from one position to the next
 * @param {number} slope of the linear bias
 * @returns {number}
 */
export function score(scheme, key, i, j, turn, slope) {
  const q = entering(scheme, QUERY, i, turn);
  const k = entering(scheme, key, j, turn);
  const bias = scheme === "alibi" ? slope * Math.abs(i - j) : 0;
  return q[0] * k[0] + q[1] * k[1] - bias;
}

/**
 * What "bites" takes from the three words.
 * @param {Scheme} scheme
 * @param {number[]} at positions of the three words
 * @param {boolean} causal whether "bites" sees nothing behind itself
 * @param {number} turn radians from one position to the next
 * @param {number} slope of the linear bias
 * @returns {{scores: (number | null)[], shares: number[]}} null where masked; shares of dog and of man
 */
export function example(scheme, at, causal, turn, slope) {
  const scores = KEYS.map((key, j) =>
    causal && at[j] > at[1] ? null : score(scheme, key, at[1], at[j], turn, slope),
  );
  const top = Math.max(...scores.map((s) => s ?? -Infinity));
  const e = scores.map((s) => (s === null ? 0 : Math.exp(s - top)));
  const total = e.reduce((a, b) => a + b, 0);
  const shares = [0, 1].map((c) => e.reduce((sum, value, j) => sum + value * VALUES[j][c], 0));
  return { scores, shares: shares.map((value) => value / total) };
}
