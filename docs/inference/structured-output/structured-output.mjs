/** The menu of structured_output.py: five words of one or two tokens, and what each way of keeping the valid ones samples. */

import { pick } from "../../assets/demos/rng.mjs";

/** @typedef {"free" | "mask" | "draws" | "ahead"} Way */
/** @typedef {{way: Way, n: number, coffee: number, menu: boolean[]}} Setting coffee: probability of "ffee" after "co" */

export const WORDS = ["tea", "milk", "coke", "coffee", "wine"];
const FIRST = [2 / 8, 1 / 8, 4 / 8, 4 / 8, 1 / 8]; // of each word's first token; coke and coffee share "co"
const [COKE, COFFEE] = [2, 3];

/** @param {number} coffee @returns {number[]} of each word's second token, 1 if it has none */
const second = (coffee) => [1, 1, 1 - coffee, coffee, 1];

/** @param {number} coffee @returns {number[]} the model's probability of each word */
export const model = (coffee) => second(coffee).map((p, word) => p * FIRST[word]);

/** @param {number[]} values @returns {number[]} the same, divided by their sum */
const shares = (values) => {
  const sum = values.reduce((a, b) => a + b, 0);
  return values.map((value) => value / sum);
};

/** @param {Setting} setting @returns {number[]} the model's, given that the word is on the menu */
export const exact = ({ coffee, menu }) =>
  shares(model(coffee).map((p, word) => (menu[word] ? p : 0)));

/** @param {Setting} setting @returns {[number, number][]} what the masks keep at each word's first and second token */
export function kept({ coffee, menu }) {
  const co = menu[COKE] || menu[COFFEE];
  const first = [menu[0], menu[1], co, false, menu[4]].reduce(
    (sum, allowed, word) => sum + (allowed ? FIRST[word] : 0),
    0,
  );
  const after = (menu[COKE] ? 1 - coffee : 0) + (menu[COFFEE] ? coffee : 0);
  return WORDS.map((_, word) => [first, word === COKE || word === COFFEE ? after : 1]);
}

/** @param {Setting} setting @returns {{q: number[], weight: number[]}} masked probabilities, and the weights of the draws */
export function masked(setting) {
  const weight = kept(setting).map(([a, b]) => a * b);
  const q = model(setting.coffee).map((p, word) => (setting.menu[word] ? p / weight[word] : 0));
  return { q, weight };
}

/**
 * One of n masked draws, taken in proportion to its weight: the sum over all numbers of times that each word is drawn.
 * @param {number[]} q @param {number[]} weight @param {number} n @returns {number[]}
 */
export function resampled(q, weight, n) {
  const out = q.map(() => 0);
  const counts = q.map(() => 0);
  const visit = (
    /** @type {number} */ word,
    /** @type {number} */ left,
    /** @type {number} */ chance,
  ) => {
    if (word === q.length - 1) {
      counts[word] = left;
      const all = chance * q[word] ** left;
      if (!all) return;
      const total = counts.reduce((sum, count, i) => sum + count * weight[i], 0);
      for (const [i, count] of counts.entries()) out[i] += (all * count * weight[i]) / total;
      return;
    }
    let ways = chance;
    for (let count = 0; count <= left; count++) {
      counts[word] = count;
      visit(word + 1, left - count, ways);
      ways *= (q[word] * (left - count)) / (count + 1);
    }
  };
  visit(0, n, 1);
  return out;
}

/** @param {Setting} setting @returns {number[]} what comes out, over the five words */
export function law(setting) {
  if (setting.way === "free") return model(setting.coffee);
  if (setting.way === "ahead") return exact(setting);
  const { q, weight } = masked(setting);
  return setting.way === "mask" ? q : resampled(q, weight, setting.n);
}

/** @param {Setting} setting @param {() => number} uniform @returns {number} a word, drawn in the chosen way */
export function draw(setting, uniform) {
  if (setting.way !== "draws") return pick(law(setting), uniform());
  const { q, weight } = masked(setting);
  const drawn = Array.from({ length: setting.n }, () => pick(q, uniform()));
  const share = shares(drawn.map((word) => weight[word]));
  return drawn[pick(share, uniform())];
}

/** @param {number[]} a @param {number[]} b @returns {number} half the sum of the differences */
export const apart = (a, b) => a.reduce((sum, one, i) => sum + Math.abs(one - b[i]), 0) / 2;

/** @param {Setting} setting @returns {number[]} what comes out, then the weights of the words on the menu, else 0 */
export function outcome(setting) {
  const { weight } = masked(setting);
  return [...law(setting), ...weight.map((one, word) => (setting.menu[word] ? one : 0))];
}
