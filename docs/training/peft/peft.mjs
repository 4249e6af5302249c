/** Low-rank adaptation of peft.py on a change of eight by eight: gradient descent on A and B, and the least error that a rank allows. */

import { random } from "../../assets/demos/rng.mjs";

/** @typedef {number[][]} Matrix rows */
/** @typedef {"usual" | "zero" | "both"} Begin B zero; both zero; both random */
/** @typedef {{sizes: number[], rank: number, alpha: number, rate: number, begin: Begin, seed: number, steps: number}} Setting */

export const SIDE = 8;
export const ENDLESS = 1e9; // an error at which training stops
/** The change's singular values; their squares sum to 30. */
export const SIZES = {
  one: [Math.sqrt(30)],
  four: [4, 3, 2, 1],
  eight: Array.from({ length: SIDE }, () => Math.sqrt(30 / SIDE)),
};

/** @param {Matrix} a @param {Matrix} b @returns {Matrix} */
const product = (a, b) =>
  a.map((row) => b[0].map((_, j) => row.reduce((sum, one, i) => sum + one * b[i][j], 0)));

/** @param {Matrix} m @returns {Matrix} */
const turned = (m) => m[0].map((_, j) => m.map((row) => row[j]));

/** @param {Matrix} m @returns {number} sum of squares */
export const squares = (m) => m.flat().reduce((sum, one) => sum + one * one, 0);

/** @param {Matrix} a @param {Matrix} b @param {number} scale @returns {Matrix} */
const plus = (a, b, scale) => a.map((row, i) => row.map((one, j) => one + scale * b[i][j]));

/** @param {number} many @param {() => number} normal @returns {Matrix} rows of length 1 at right angles, drawn at random */
function directions(many, normal) {
  /** @type {Matrix} */
  const found = [];
  while (found.length < many) {
    let row = Array.from({ length: SIDE }, normal);
    for (const other of found) {
      const shared = row.reduce((sum, one, i) => sum + one * other[i], 0);
      row = row.map((one, i) => one - shared * other[i]);
    }
    const length = Math.sqrt(squares([row]));
    found.push(row.map((one) => one / length));
  }
  return found;
}

/** @param {number[]} sizes @param {() => number} normal @returns {Matrix} a random change with these singular values */
export function change(sizes, normal) {
  const left = directions(sizes.length, normal);
  const right = directions(sizes.length, normal);
  return product(turned(left.map((row, i) => row.map((one) => one * sizes[i]))), right);
}

/** @param {Setting} setting @returns {{change: Matrix, learned: Matrix, errors: number[]}} the squared error before each step and after the last */
export function train({ sizes, rank, alpha, rate, begin, seed, steps }) {
  const { normal } = random(seed);
  const wanted = change(sizes, normal);
  const drawn = (/** @type {number} */ rows, /** @type {number} */ columns) =>
    Array.from({ length: rows }, () =>
      Array.from({ length: columns }, () => normal() / Math.sqrt(SIDE)),
    );
  let a = drawn(rank, SIDE);
  let b = drawn(SIDE, rank);
  if (begin === "zero") a = plus(a, a, -1);
  if (begin !== "both") b = plus(b, b, -1);
  const s = alpha / rank;
  const errors = [];
  for (let t = 0; ; t++) {
    const left = plus(wanted, product(b, a), -s);
    errors.push(Math.min(squares(left), ENDLESS));
    if (t === steps || errors[t] >= ENDLESS) break;
    const byA = product(turned(b), left);
    const byB = product(left, turned(a));
    a = plus(a, byA, rate * s);
    b = plus(b, byB, rate * s);
  }
  return { change: wanted, learned: product(b, a).map((row) => row.map((x) => s * x)), errors };
}

/** @param {number[]} sizes from the largest @param {number} rank @returns {number} the least squared error of any change of that rank */
export const least = (sizes, rank) => sizes.slice(rank).reduce((sum, one) => sum + one * one, 0);

/** @param {Setting} setting @returns {number[]} errors at five times, the least one, and the learned change */
export function outcome(setting) {
  const { learned, errors } = train(setting);
  const at = [0, 1, 2, 3, 4].map((i) => errors[Math.round((i * setting.steps) / 4)]);
  return [...at, least(setting.sizes, setting.rank), ...learned.flat()];
}
