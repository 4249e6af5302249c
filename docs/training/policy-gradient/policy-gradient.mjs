/** The four texts of policy_gradient.py: advantages inside a group, the estimate's mean and spread over all groups, and runs. */

import { pick, random } from "../../assets/demos/rng.mjs";

/** @typedef {"none" | "mean" | "others" | "divided"} Kind of baseline */
/** @typedef {{kind: Kind, texts: number, rate: number, lift: number, steps: number}} Setting */
/** @typedef {{drawn: number[], advantage: number[]}} Group of a step */
/** @typedef {{curve: number[], policies: number[][], groups: Group[]}} Run mean reward and the texts' probabilities before each step and after the last */

export const TEXTS = ["4 .", "4 !", "5 .", "5 !"];
export const REWARDS = [6, 4, 2, -2];
export const BEST = 6;
const START = [0.2, 0.8, 0.5, 0.5, 0.75, 0.25].map(Math.log); // logits: first token; second after 4, after 5
const PLACES = [0, 1, 2, 3].map((text) => [text >> 1, 2 + text]); // of each text's tokens among the logits

/** @param {number[]} logits six @returns {number[]} probability of each token in its state */
const tokens = (logits) => logits.map((one, i) => 1 / (1 + Math.exp(logits[i ^ 1] - one)));

/** @param {number[]} p of tokens @returns {number[]} of the texts */
const textsOf = (p) => PLACES.map(([a, b]) => p[a] * p[b]);

/** @param {number[]} rewards of a group @param {Kind} kind @returns {number[]} advantages */
export function advantages(rewards, kind) {
  const n = rewards.length;
  if (kind === "none") return rewards;
  const mean = rewards.reduce((a, b) => a + b, 0) / n;
  const centred = rewards.map((one) => one - mean);
  if (kind === "mean") return centred;
  if (kind === "others") return centred.map((one) => (one * n) / (n - 1));
  const spread = Math.sqrt(centred.reduce((sum, one) => sum + one * one, 0) / n);
  return centred.map((one) => (spread > 1e-12 ? one / spread : 0));
}

/** @param {number[]} p of tokens @param {Group} group @returns {number[]} the estimate of the gradient, one number for each logit */
function estimate(p, { drawn, advantage }) {
  const slope = p.map(() => 0);
  for (const [i, text] of drawn.entries())
    for (const place of PLACES[text]) {
      const weight = advantage[i] / drawn.length;
      slope[place] += weight * (1 - p[place]);
      slope[place ^ 1] -= weight * p[place ^ 1];
    }
  return slope;
}

/**
 * @param {Setting} setting @returns {number[]} exact mean and standard deviation, over all groups that the start can
 *   draw, of the estimate for the logit of the first token 4
 */
export function moments({ kind, texts, lift }) {
  const p = tokens(START);
  const q = textsOf(p);
  let [mean, square] = [0, 0];
  for (let code = 0; code < 4 ** texts; code++) {
    const drawn = Array.from({ length: texts }, (_, i) => Math.floor(code / 4 ** i) % 4);
    const advantage = advantages(
      drawn.map((text) => REWARDS[text] + lift),
      kind,
    );
    const chance = drawn.reduce((product, text) => product * q[text], 1);
    const [first] = estimate(p, { drawn, advantage });
    mean += chance * first;
    square += chance * first * first;
  }
  return [mean, Math.sqrt(Math.max(0, square - mean * mean))];
}

/** @param {Setting} setting @param {number} seed @returns {Run} */
export function run({ kind, texts, rate, lift, steps }, seed) {
  const { uniform } = random(seed);
  let logits = START;
  /** @type {Run} */
  const made = { curve: [], policies: [], groups: [] };
  for (let t = 0; t <= steps; t++) {
    const p = tokens(logits);
    const q = textsOf(p);
    made.policies.push(q);
    made.curve.push(q.reduce((sum, one, text) => sum + one * REWARDS[text], 0));
    const drawn = Array.from({ length: texts }, () => pick(q, uniform()));
    const group = {
      drawn,
      advantage: advantages(
        drawn.map((text) => REWARDS[text] + lift),
        kind,
      ),
    };
    made.groups.push(group);
    const slope = estimate(p, group);
    logits = logits.map((one, i) => one + rate * slope[i]);
  }
  return made;
}

/** @param {Setting} setting @param {number} seed @param {number} count @returns {Run[]} with seeds of their own */
export const runs = (setting, seed, count) =>
  Array.from({ length: count }, (_, i) => run(setting, seed + 1000 * i));

/** @param {Setting} setting @param {number} seed @returns {number[]} the curve of a run, then the texts' probabilities at its end */
export function outcome(setting, seed) {
  const { curve, policies } = run(setting, seed);
  return [...curve, ...policies[setting.steps]];
}
