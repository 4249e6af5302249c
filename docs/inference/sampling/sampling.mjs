/**
 * The rules of sampling.py on one distribution: logits of six words, and how often each has occurred.
 *
 * @typedef {{temperature: number, topK: number, topP: number, minP: number, typical: number, repetition: number,
 *   presence: number, frequency: number}} Settings top-k 0 keeps all
 */

export const WORDS = ["tea", "milk", "water", "juice", "ink", "sand"];
export const P = [1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 32];
export const SURE = [7 / 8, 1 / 16, 1 / 32, 1 / 64, 1 / 128, 1 / 128];
export const FLAT = [3 / 16, 3 / 16, 3 / 16, 3 / 16, 1 / 8, 1 / 8];
const BASE = 5 * Math.log(2); // the least logit of the example is zero

/** @type {Settings} */
export const NONE = {
  temperature: 1,
  topK: 0,
  topP: 1,
  minP: 0,
  typical: 1,
  repetition: 1,
  presence: 0,
  frequency: 0,
};

/** @param {number[]} p @returns {number[]} logits, as a model might give them */
export const logits = (p) => p.map((value) => Math.log(value) + BASE);

/** @param {number[]} z @returns {number[]} probabilities */
export function softmax(z) {
  const top = Math.max(...z);
  const raised = z.map((value) => Math.exp(value - top));
  const sum = raised.reduce((a, b) => a + b, 0);
  return raised.map((value) => value / sum);
}

/** @param {number[]} p @returns {number} entropy in bits */
export const bits = (p) =>
  p.reduce((sum, value) => (value > 0 ? sum - value * Math.log2(value) : sum), 0);

/** @param {number[]} rank @returns {number[]} places in order of rank, ties as they stand */
const sorted = (rank) => rank.map((_, n) => n).sort((a, b) => rank[a] - rank[b] || a - b);

/** @param {number[]} z @param {Set<number>} kept @returns {number[]} logits, the others cut */
const only = (z, kept) => z.map((value, n) => (kept.has(n) ? value : Number.NEGATIVE_INFINITY));

/** @param {number[]} z @param {number[]} rank @param {number} mass @returns {number[]} the fewest that hold it */
function cut(z, rank, mass) {
  const p = softmax(z);
  const kept = new Set();
  let before = 0;
  for (const n of sorted(rank)) {
    if (before < mass - 1e-9) kept.add(n);
    before += p[n];
  }
  return only(z, kept);
}

/** @param {number[]} z @param {number} mass @returns {number[]} those whose surprise is nearest the entropy */
function typical(z, mass) {
  const p = softmax(z);
  const entropy = bits(p) * Math.log(2);
  return cut(
    z,
    p.map((value) => Math.abs(-Math.log(value) - entropy)),
    mass,
  );
}

/** @param {number[]} z @param {number[]} counts @param {Settings} s @returns {number[]} */
function penalised(z, counts, s) {
  return z.map((value, n) => {
    if (!counts[n]) return value;
    const scaled = value > 0 ? value / s.repetition : value * s.repetition;
    return scaled - s.frequency * counts[n] - s.presence;
  });
}

/** @param {number[]} z0 @param {Settings} s @param {number[]} counts @returns {number[]} probabilities to draw from */
export function distribution(z0, s, counts) {
  let z = penalised(z0, counts, s);
  if (s.temperature === 0) {
    const best = z.indexOf(Math.max(...z));
    return z.map((_, n) => (n === best ? 1 : 0));
  }
  z = z.map((value) => value / s.temperature);
  const likely = () => z.map((value) => -value);
  if (s.topK) z = only(z, new Set(sorted(likely()).slice(0, s.topK)));
  if (s.topP < 1) z = cut(z, likely(), s.topP);
  if (s.minP > 0) {
    const p = softmax(z);
    const least = s.minP * Math.max(...p);
    z = only(z, new Set(sorted(likely()).filter((n) => p[n] >= least - 1e-12)));
  }
  if (s.typical < 1) z = typical(z, s.typical);
  return softmax(z);
}

/** @param {number[]} p @param {Settings} s @param {number[]} counts @returns {number[]} shares, entropy, what is kept */
export function outcome(p, s, counts) {
  const q = distribution(logits(p), s, counts);
  const kept = p.reduce((sum, value, n) => (q[n] > 0 ? sum + value : sum), 0);
  return [...q, bits(q), kept];
}
