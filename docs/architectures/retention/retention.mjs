/**
 * Retention in three forms, and the delta rule, as in retention.py: one head, values of one number.
 *
 * @typedef {{q: number[][], k: number[][], v: number[], gamma: number, size: number, replace: boolean}} Text
 *   queries and keys by token, values, the decay, tokens of a chunk, whether a token replaces what its key gives
 * @typedef {{weights: number[][], news: number[], states: number[][], parallel: number[], recurrent: number[], chunkwise: number[]}} Run
 *   weights by row and column, what each token adds, the state after it, the outputs of each form
 */

/** @param {number[]} a @param {number[]} b @returns {number} */
const inner = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);

/**
 * What each token adds to the state: its value, or under the delta rule what is missing to it.
 *
 * @param {Text} text
 * @returns {number[]}
 */
export function additions({ k, v, gamma, replace }) {
  /** @type {number[]} */
  const news = [];
  for (let n = 0; n < v.length; n += 1) {
    const there = news.reduce((sum, x, m) => sum + gamma ** (n - m) * inner(k[n], k[m]) * x, 0);
    news.push(replace ? v[n] - there : v[n]);
  }
  return news;
}

/**
 * @param {number[][]} q @param {number[][]} k @param {number} gamma
 * @returns {number[][]} scores times decay, zero above the diagonal
 */
export function weights(q, k, gamma) {
  return q.map((row, n) => k.map((key, m) => (m > n ? 0 : gamma ** (n - m) * inner(row, key))));
}

/**
 * @param {number[]} state @param {number[]} key @param {number} value @param {number} gamma
 * @returns {number[]} the state one token later
 */
const next = (state, key, value, gamma) => state.map((x, i) => gamma * x + key[i] * value);

/** @param {number} gamma @returns {number} tokens until a weight is halved */
export const halfLife = (gamma) => (gamma >= 1 ? Infinity : Math.log(2) / -Math.log(gamma));

/**
 * @param {Text} text
 * @returns {Run}
 */
export function run(text) {
  const { q, k, gamma, size } = text;
  const news = additions(text);
  const rows = weights(q, k, gamma);
  /** @type {number[][]} */
  const states = [];
  /** @type {number[]} */
  const chunkwise = [];
  let state = k[0].map(() => 0);
  let before = state;
  for (let n = 0; n < news.length; n += 1) {
    if (n % size === 0) before = state; // the state when the chunk began
    const since = (n % size) + 1;
    const first = n - (n % size);
    const inside = news.slice(first, n + 1).reduce((sum, x, i) => sum + rows[n][first + i] * x, 0);
    chunkwise.push(gamma ** since * inner(q[n], before) + inside);
    state = next(state, k[n], news[n], gamma);
    states.push(state);
  }
  return {
    weights: rows,
    news,
    states,
    parallel: rows.map((row) => inner(row, news)),
    recurrent: states.map((x, n) => inner(q[n], x)),
    chunkwise,
  };
}
