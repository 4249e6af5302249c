/**
 * RLHF with one prompt and twelve answers: pairs are compared, a reward model is fitted, and the best
 * policy for it is computed in closed form. The same algorithm as rlhf.py.
 */

/** @type {[string, number[]][]} an answer; whether it is correct, clear, polite; length; confidence */
const ANSWERS = [
  ["Air scatters blue light more than red.", [1, 1, 0, 0.7, 1]],
  [
    "Good question! Air scatters blue light most, so it reaches you from all sides.",
    [1, 1, 1, 1.4, 1],
  ],
  ["Rayleigh scattering.", [1, 0, 0, 0.2, 1]],
  ["I am not sure, but I think that air scatters blue light.", [1, 1, 0, 1.1, 0]],
  ["It reflects the sea.", [0, 1, 0, 0.4, 1]],
  ["Great question! It reflects the sea, as every child knows.", [0, 1, 1, 1.0, 1]],
  ["I do not know.", [0, 1, 0, 0.4, 0]],
  ["Sorry, I do not know. Shall I look it up for you?", [0, 1, 1, 1.1, 0]],
  ["Because.", [0, 0, 0, 0.1, 1]],
  [
    "What a wonderful question! Thank you for asking! The sky has many colours, and blue is one of them, and the more you look the more there are.",
    [0, 0, 1, 2.8, 1],
  ],
  [
    "Thank you! Scattering of light by molecules goes as the fourth power of its frequency, which is why blue, in all its beauty, wins.",
    [1, 0, 1, 2.4, 1],
  ],
  [
    "Delighted that you ask! Experts agree beyond all doubt that the ozone layer is painted by the sun, day after day, with great love, for all of us, for ever.",
    [0, 0, 1, 2.9, 1],
  ],
];
export const COUNT = ANSWERS.length;
const GOLD_WEIGHTS = [2.0, 1.0, 0.3, -0.2, 0.1];
export const PRIOR = 0.01;

/** @returns {string[]} */
export const texts = () => ANSWERS.map(([text]) => text);

/** @param {number[]} a @param {number[]} b @returns {number} */
const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

/** @returns {number[]} the known reward of each answer, nats */
export const gold = () => ANSWERS.map(([, features]) => dot(features, GOLD_WEIGHTS));

/** @param {number[]} logits @returns {number[]} log-probabilities */
export function logSoftmax(logits) {
  const top = Math.max(...logits);
  const total = top + Math.log(logits.reduce((sum, value) => sum + Math.exp(value - top), 0));
  return logits.map((value) => value - total);
}

/** @returns {number[]} log-probabilities of the reference policy */
export const reference = () => logSoftmax(ANSWERS.map((_, i) => 0.6 - (1.2 * i) / (COUNT - 1)));

/** @param {number} x @returns {number} */
export const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/**
 * The example of the page: answers 1, 5 and 9 as A, B and C, with strengths, a reference and comparisons
 * of their own; the truth is what the comparisons say.
 */
export const EXAMPLE = {
  names: ["A", "B", "C"],
  texts: [0, 4, 8].map((i) => ANSWERS[i][0]),
  gold: [6, 2, 1].map(Math.log),
  reference: [0.2, 0.5, 0.3].map(Math.log),
  wins: [
    [0, 6, 6],
    [2, 0, 4],
    [1, 2, 0],
  ],
  prior: 1e-6,
};

/** @returns {number[][]} the comparisons of the example */
export const exampleWins = () => EXAMPLE.wins;

/** @returns {number[]} its reference, log-probabilities */
export const exampleReference = () => EXAMPLE.reference;

/**
 * @param {string} name what the reward model sees @param {number} count of the answers
 * @returns {number[][]} one row an answer
 */
export function featuresOf(name, count = COUNT) {
  const all = Array.from({ length: count }, (_, i) => i);
  if (name === "table") return all.map((i) => all.map((j) => (i === j ? 1 : 0)));
  return ANSWERS.map(([, features]) => (name === "surface" ? features.slice(2) : features));
}

/** @param {number[][]} matrix symmetric, positive definite @param {number[]} right @returns {number[]} */
export function solve(matrix, right) {
  const a = matrix.map((row, i) => [...row, right[i]]);
  const n = right.length;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const factor = a[j][i] / a[i][i];
      for (let k = i; k <= n; k++) a[j][k] -= factor * a[i][k];
    }
  }
  const x = Array(n).fill(0);
  for (let i = n - 1; i >= 0; i--) {
    let rest = a[i][n];
    for (let k = i + 1; k < n; k++) rest -= a[i][k] * x[k];
    x[i] = rest / a[i][i];
  }
  return x;
}

/**
 * Bradley and Terry's reward by Newton's method.
 * @param {number[][]} wins wins[i][j]: how often i was preferred to j
 * @param {string} name what the reward model sees: all, surface or table
 * @param {number} prior weight of half the squared weights
 * @returns {number[]} the reward of each answer
 */
export function fitReward(wins, name, prior) {
  const features = featuresOf(name, wins.length);
  const size = features[0].length;
  const total = wins.flat().reduce((a, b) => a + b, 0);
  let weight = Array(size).fill(0);
  for (let step = 0; step < 30 && total > 0; step++) {
    const slope = weight.map((w) => prior * w);
    const curvature = weight.map((_, i) => weight.map((_, j) => (i === j ? prior : 0)));
    for (let i = 0; i < wins.length; i++) {
      for (let j = 0; j < wins.length; j++) {
        if (!wins[i][j]) continue;
        const gap = features[i].map((value, k) => value - features[j][k]);
        const p = sigmoid(dot(gap, weight));
        const share = wins[i][j] / total;
        for (let k = 0; k < size; k++) {
          slope[k] -= share * (1 - p) * gap[k];
          for (let l = 0; l < size; l++) curvature[k][l] += share * p * (1 - p) * gap[k] * gap[l];
        }
      }
    }
    const move = solve(curvature, slope);
    weight = weight.map((w, k) => w - move[k]);
  }
  return features.map((row) => dot(row, weight));
}

/**
 * The best policy for a reward and a weight of the KL penalty: proportional to the reference times exp(r / beta).
 * @param {number[]} logRef @param {number[]} r @param {number} beta @returns {number[]}
 */
export const optimum = (logRef, r, beta) =>
  logSoftmax(logRef.map((value, i) => value + r[i] / beta));

/** @param {number[]} logPi @param {number[]} logRef @returns {number} KL(pi || ref), nats */
export const divergence = (logPi, logRef) =>
  logPi.reduce((sum, value, i) => sum + Math.exp(value) * (value - logRef[i]), 0);

/** @param {number[]} logPi @param {number[]} r @returns {number} the mean reward of a policy */
export const meanReward = (logPi, r) =>
  logPi.reduce((sum, value, i) => sum + Math.exp(value) * r[i], 0);

/** @param {number[]} logPi @param {number} u uniform in [0, 1) @returns {number} the answer drawn */
export function choose(logPi, u) {
  for (let i = 0; i < logPi.length; i++) {
    u -= Math.exp(logPi[i]);
    if (u < 0) return i;
  }
  return logPi.length - 1;
}

/**
 * Where a policy stands on the curve of over-optimisation. Only differences of the fitted reward mean
 * anything, so its curve is shifted to start where that of the truth starts.
 * @param {number[]} logPi @param {number[]} logRef @param {number[]} r fitted @param {number[]} truth
 * @returns {{way: number, gold: number, proxy: number}} root of the divergence, the two mean rewards
 */
export const standing = (logPi, logRef, r, truth) => ({
  way: Math.sqrt(Math.max(0, divergence(logPi, logRef))),
  gold: meanReward(logPi, truth),
  proxy: meanReward(logPi, r) + meanReward(logRef, truth) - meanReward(logRef, r),
});
