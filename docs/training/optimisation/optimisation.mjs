/** The example of optimisation.py: two weights on two curvatures, and four rules for a step. */

import { random } from "../../assets/demos/rng.mjs";

/** @typedef {"plain" | "momentum" | "nesterov" | "adam"} Rule */
/** @typedef {{rule: Rule, rate: number, beta: number, steep: number, noise: number, falls: boolean, seed: number, steps: number}} Run */

export const START = [10, 1];
const SECOND = 0.999; // Adam's mean of squares
const EPS = 1e-8;

/** @param {number[]} w @param {number} steep the second curvature; the first is 1 */
export const loss = ([a, b], steep) => (a * a + steep * b * b) / 2;

/**
 * @param {Rule} rule @param {number} beta @returns {(w: number[], g: number[], rate: number) => number[]}
 *   a step, which remembers
 */
function optimiser(rule, beta) {
  let m = [0, 0];
  let v = [0, 0];
  let t = 0;
  if (rule === "adam")
    return (w, g, rate) => {
      t++;
      m = m.map((mean, i) => beta * mean + (1 - beta) * g[i]);
      v = v.map((mean, i) => SECOND * mean + (1 - SECOND) * g[i] ** 2);
      const size = v.map((mean) => Math.sqrt(mean / (1 - SECOND ** t)) + EPS);
      return w.map((one, i) => one - (rate * m[i]) / (1 - beta ** t) / size[i]);
    };
  const keep = rule === "plain" ? 0 : beta;
  return (w, g, rate) => {
    v = v.map((one, i) => keep * one + g[i]);
    const ahead = rule === "nesterov" ? v.map((one, i) => g[i] + keep * one) : v;
    return w.map((one, i) => one - rate * ahead[i]);
  };
}

/** @param {Run} run @returns {number[][]} the weights before the first step and after each */
export function path({ rule, rate, beta, steep, noise, falls, seed, steps }) {
  const { normal } = random(seed);
  const step = optimiser(rule, beta);
  const found = [START];
  for (let t = 0; t < steps; t++) {
    const w = found[t];
    const g = [w[0], steep * w[1]].map((one) => one + (noise ? noise * normal() : 0));
    found.push(step(w, g, falls ? rate * (1 - t / steps) : rate));
  }
  return found;
}

/** @param {number} rate @param {number} beta @param {number} curve @returns {number} what a step leaves of the error, in the long run */
export function factor(rate, beta, curve) {
  const half = (1 + beta - rate * curve) / 2;
  return half * half < beta ? Math.sqrt(beta) : Math.abs(half) + Math.sqrt(half * half - beta);
}

/** @param {Run} run @returns {number[]} the factor of each curvature; none for a rule without one */
export function factors({ rule, rate, beta, steep }) {
  if (rule !== "plain" && rule !== "momentum") return [];
  return [1, steep].map((curve) => factor(rate, rule === "plain" ? 0 : beta, curve));
}

/** @param {Run} run @returns {number[]} the last weights, their loss, and the factors */
export function outcome(run) {
  const last = path(run)[run.steps];
  return [...last, loss(last, run.steep), ...factors(run)];
}
