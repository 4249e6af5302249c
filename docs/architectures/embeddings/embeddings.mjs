/** One word of the example as embeddings.py has it: probabilities, loss, a step of the state, cosines. */

export const WORDS = ["king", "queen", "man", "woman"];
export const NEIGHBOURS = ["crown", "plough", "he", "she"];

/** The embedding, a row for each word. */
export const W = [
  [1, 1],
  [1, -1],
  [-1, 1],
  [-1, -1],
];

/** The unembedding, a row for each neighbour. */
export const U = [
  [Math.LN2, 0],
  [-Math.LN2, 0],
  [0, Math.LN2],
  [0, -Math.LN2],
];

/** @param {number[]} x @param {number[]} z */
const inner = (x, z) => x.reduce((sum, value, e) => sum + value * z[e], 0);

/** @param {number[]} h @param {number[][]} table @returns {number[]} the inner product with each row */
export function logits(h, table) {
  return table.map((row) => inner(row, h));
}

/**
 * @param {number[]} h @param {number[][]} table @param {number} temperature
 * @returns {number[]} the softmax of the logits, divided by the temperature
 */
export function probabilities(h, table, temperature) {
  const z = logits(h, table).map((value) => value / temperature);
  const most = Math.max(...z);
  const powers = z.map((value) => Math.exp(value - most));
  const sum = powers.reduce((total, value) => total + value, 0);
  return powers.map((value) => value / sum);
}

/**
 * @param {number[]} h @param {number[][]} table @param {number} temperature @param {number[]} share
 * @returns {number} the mean loss if entries come with these shares, nats
 */
export function loss(h, table, temperature, share) {
  const z = logits(h, table).map((value) => value / temperature);
  const most = Math.max(...z);
  const sum = z.reduce((total, value) => total + Math.exp(value - most), 0);
  return inner(
    share,
    z.map((value) => most + Math.log(sum) - value),
  );
}

/** @param {number[]} share @returns {number} the least that a loss can be, nats */
export function entropy(share) {
  return share.reduce((sum, value) => (value > 0 ? sum - value * Math.log(value) : sum), 0);
}

/**
 * @param {number[]} h @param {number[][]} table @param {number} temperature @param {number[]} share
 * @returns {number[]} the state after a step of size 1 against the gradient
 */
export function step(h, table, temperature, share) {
  const p = probabilities(h, table, temperature);
  return h.map((value, e) =>
    table.reduce((sum, row, v) => sum - ((p[v] - share[v]) * row[e]) / temperature, value),
  );
}

/** @param {number[]} h @param {number[][]} table @returns {number[]} 0 if the state is */
export function cosines(h, table) {
  const long = (/** @type {number[]} */ x) => Math.max(Math.sqrt(inner(x, x)), 1e-12);
  return table.map((row) => inner(row, h) / (long(row) * long(h)));
}
