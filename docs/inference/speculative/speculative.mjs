/** The sums of speculative.py on eight words: what a rule makes of one place, and one call with its draws. */

import { pick } from "../../assets/demos/rng.mjs";

export const WORDS = ["tea", "milk", "water", "juice", "coffee", "cocoa", "ink", "sand"];
export const P = [0.4, 0.2, 0.1, 0.1, 0.08, 0.06, 0.04, 0.02]; // target
export const Q = [0.3, 0.4, 0.1, 0.05, 0.05, 0.05, 0.03, 0.02]; // draft

/** @typedef {{accept: number[], instead: number[]}} Rule chance that each word is accepted, and what is drawn else */
/** @typedef {"right" | "rest from p" | "only q ≤ p" | "no check"} RuleName */
/** @typedef {{drafted: number[], accepted: number, last: number}} Call `accepted` of the drafted words are kept */

const sum = (/** @type {number[]} */ values) => values.reduce((a, b) => a + b, 0);

/** @param {number[]} p @param {number[]} q @returns {number} the chance that a drafted word is accepted */
export const rate = (p, q) => sum(p.map((value, n) => Math.min(value, q[n])));

/** @param {number[]} p @param {number[]} q @returns {number[]} what to draw from after a rejection; p if nothing is missing */
export function rest(p, q) {
  const missing = p.map((value, n) => Math.max(value - q[n], 0));
  const all = sum(missing);
  return all > 1e-12 ? missing.map((value) => value / all) : p;
}

/** @param {RuleName} name @param {number[]} p @param {number[]} q @returns {Rule} */
export function rule(name, p, q) {
  const each = (/** @type {(p: number, q: number) => number} */ accept) =>
    p.map((value, n) => accept(value, q[n]));
  const ratio = each((a, b) => (b > 0 ? Math.min(a / b, 1) : 1));
  if (name === "rest from p") return { accept: ratio, instead: p };
  if (name === "only q ≤ p")
    return { accept: each((a, b) => (b <= a ? 1 : 0)), instead: rest(p, q) };
  if (name === "no check") return { accept: each(() => 1), instead: rest(p, q) };
  return { accept: ratio, instead: rest(p, q) };
}

/**
 * One place: of each word what is accepted and what redraws add, and how far the sum is from p.
 * @param {RuleName} name @param {number[]} p @param {number[]} q
 * @returns {{kept: number[], added: number[], far: number}}
 */
export function place(name, p, q) {
  const { accept, instead } = rule(name, p, q);
  const kept = q.map((value, n) => value * accept[n]);
  const refused = 1 - sum(kept);
  const added = instead.map((value) => value * refused);
  const far = sum(p.map((value, n) => Math.abs(kept[n] + added[n] - value))) / 2;
  return { kept, added, far };
}

/** @param {number} alpha chance that a draft is accepted @param {number} k drafts @returns {number} words a call adds */
export function expected(alpha, k) {
  let words = 0;
  for (let j = 0; j <= k; j++) words += alpha ** j;
  return words;
}

/** @param {number} alpha @param {number} k @param {number} c time of a draft in calls @returns {number} times as fast */
export const speed = (alpha, k, c) => expected(alpha, k) / (1 + c * k);

/** @param {number} alpha @param {number} c @param {number} [most] @returns {number} the fewest drafts with the greatest speed */
export function best(alpha, c, most = Number.POSITIVE_INFINITY) {
  let k = 0;
  while (k < most && alpha ** (k + 1) > c * speed(alpha, k, c)) k++;
  return k;
}

/**
 * One call; every place has the same p and q.
 * @param {RuleName} name @param {number[]} p @param {number[]} q @param {number} k
 * @param {() => number} uniform random numbers: two for each draft until one is rejected, one for the last word
 * @returns {Call}
 */
export function call(name, p, q, k, uniform) {
  const drafted = Array.from({ length: k }, () => pick(q, uniform()));
  const { accept, instead } = rule(name, p, q);
  let accepted = 0;
  while (accepted < k && uniform() < accept[drafted[accepted]]) accepted++;
  return { drafted, accepted, last: pick(accepted < k ? instead : p, uniform()) };
}

/**
 * What the demo shows of its settings, as one list: kept and added of each word, the distance, the rate, words a
 * call, times as fast.
 * @param {RuleName} name @param {number[]} p @param {number[]} q @param {number} k @param {number} c
 */
export function outcome(name, p, q, k, c) {
  const { kept, added, far } = place(name, p, q);
  const alpha = sum(kept);
  return [...kept, ...added, far, alpha, expected(alpha, k), speed(alpha, k, c)];
}
