/**
 * A mixture of experts as mixture_of_experts.py has it: tokens are numbers, experts and router are lines.
 *
 * @typedef {[number, number]} Line slope and offset
 * @typedef {{router: Line[], experts: Line[], bias: number[]}} Network
 * @typedef {{k: number, alpha: number, gamma: number, most: number}} Settings weight of the balancing loss,
 *   step of the biases, most tokens of an expert (`Infinity` for no limit)
 */

import { random } from "../../assets/demos/rng.mjs";

export const TOKENS = [-2, 0, 2, 3, 4, 5];
export const REACH = 5;
export const RATE = 0.05;
export const BATCH = 64;

/** @param {number} x @returns {number} what the layer should add to a token */
export function zigzag(x) {
  if (x < -1) return x + 3;
  return x > 1 ? x - 3 : -2 * x;
}

/** @returns {Network} router and experts of the example */
export function example() {
  const unit = Math.log(2);
  return {
    router: [
      [-unit, 0],
      [0, unit],
      [unit, 0],
    ],
    experts: [
      [1, 3],
      [-2, 0],
      [1, -3],
    ],
    bias: [0, 0, 0],
  };
}

/** @param {Line[]} lines @param {number} x @returns {number[]} the value of each line */
export const values = (lines, x) => lines.map(([slope, offset]) => slope * x + offset);

/** @param {number[]} s @returns {number[]} probabilities */
export function softmax(s) {
  const top = Math.max(...s);
  const raised = s.map((value) => Math.exp(value - top));
  const sum = raised.reduce((a, b) => a + b, 0);
  return raised.map((value) => value / sum);
}

/**
 * A token takes the k experts with the greatest s + b; the bias changes the choice, not the weight.
 * @param {number[]} s @param {number[]} p @param {number} k @param {number[]} bias
 * @returns {number[]} weights, zero where not chosen, divided by their sum if k is more than one
 */
export function choose(s, p, k, bias) {
  const order = s.map((_, i) => i).sort((a, b) => s[b] + bias[b] - s[a] - bias[a]);
  const chosen = new Set(order.slice(0, k));
  const g = p.map((value, i) => (chosen.has(i) ? value : 0));
  const sum = k > 1 ? g.reduce((a, b) => a + b, 0) : 1;
  return g.map((value) => value / sum);
}

/** @param {number} n @param {number} m @param {number} k @param {number} factor @returns {number} most tokens */
export const capacity = (n, m, k, factor) => Math.ceil((factor * k * n) / m);

/**
 * @param {number[][]} g @param {number} most
 * @returns {boolean[][]} which assignments are kept: each expert keeps the first `most` of its tokens
 */
export function kept(g, most) {
  const count = g[0].map(() => 0);
  return g.map((row) =>
    row.map((weight, i) => {
      if (!weight) return false;
      count[i] += 1;
      return count[i] <= most;
    }),
  );
}

/** @param {number[][]} g @returns {number[]} how many tokens each expert has */
export const loads = (g) => g[0].map((_, i) => g.filter((row) => row[i] > 0).length);

/** @param {number[][]} g @param {number[][]} p @returns {number} the load balancing loss, 1 if all is even */
export function balanceLoss(g, p) {
  const c = loads(g);
  const all = c.reduce((a, b) => a + b, 0);
  const mean = p[0].map((_, i) => p.reduce((sum, row) => sum + row[i], 0) / p.length);
  return c.length * c.reduce((sum, count, i) => sum + (count / all) * mean[i], 0);
}

/** @param {number[]} bias @param {number[][]} g @param {number} gamma @returns {number[]} the next biases */
export function biasStep(bias, g, gamma) {
  const c = loads(g);
  const mean = c.reduce((a, b) => a + b, 0) / c.length;
  return bias.map((b, i) => b + gamma * Math.sign(mean - c[i]));
}

/** @param {Network} network @param {number[]} x @param {number} k @param {number} most */
export function forward({ router, experts, bias }, x, k, most) {
  const s = x.map((token) => values(router, token));
  const p = s.map(softmax);
  const g = s.map((row, n) => choose(row, p[n], k, bias));
  const keep = kept(g, most);
  const f = x.map((token) => values(experts, token));
  const y = g.map((row, n) =>
    row.reduce((sum, weight, i) => sum + (keep[n][i] ? weight * f[n][i] : 0), 0),
  );
  return { p, g, keep, f, y };
}

/**
 * One batch: a step of gradient descent on squared error and balancing loss, then one of the biases.
 * @param {Network} network @param {number[]} x @param {Settings} settings @returns {Network}
 */
export function learn(network, x, { k, alpha, gamma, most }) {
  const { p, g, keep, f, y } = forward(network, x, k, most);
  const m = network.router.length;
  const c = loads(g);
  const all = c.reduce((a, b) => a + b, 0);
  const share = c.map((count) => count / all);
  const router = network.router.map((line) => /** @type {Line} */ ([...line]));
  const experts = network.experts.map((line) => /** @type {Line} */ ([...line]));
  const move = (
    /** @type {Line} */ line,
    /** @type {number} */ slope,
    /** @type {number} */ at,
  ) => {
    line[0] -= RATE * slope * at;
    line[1] -= RATE * slope;
  };
  for (const [n, token] of x.entries()) {
    const error = (2 * (y[n] - zigzag(token))) / x.length;
    const even = share.reduce((sum, part, i) => sum + part * p[n][i], 0);
    for (let i = 0; i < m; i += 1) {
      const out = keep[n][i] ? f[n][i] : 0;
      const weight = k > 1 ? g[n][i] : p[n][i];
      const score =
        error * weight * (out - y[n]) + (alpha * m * p[n][i] * (share[i] - even)) / x.length;
      move(router[i], score, token);
      if (keep[n][i]) move(experts[i], error * g[n][i], token);
    }
  }
  return { router, experts, bias: biasStep(network.bias, g, gamma) };
}

/** @param {number} seed @param {number} m @returns {Network} a random start */
export function start(seed, m = 3) {
  const { normal } = random(seed);
  const lines = (/** @type {number} */ scale) =>
    Array.from({ length: m }, () => /** @type {Line} */ ([scale * normal(), scale * normal()]));
  return { router: lines(1), experts: lines(0.5), bias: Array.from({ length: m }, () => 0) };
}

/** @param {() => number} uniform @returns {number[]} the tokens of a batch */
export const draw = (uniform) => Array.from({ length: BATCH }, () => REACH * (2 * uniform() - 1));

/**
 * Mean squared error and loads on 400 tokens that cover -5 to 5 evenly.
 * @param {Network} network @param {number} k
 */
export function measure(network, k) {
  const x = Array.from({ length: 400 }, (_, n) => REACH * ((2 * n) / 399 - 1));
  const { g, y } = forward(network, x, k, Number.POSITIVE_INFINITY);
  const error = y.reduce((sum, value, n) => sum + (value - zigzag(x[n])) ** 2, 0) / x.length;
  return { error, loads: loads(g) };
}

/** @param {Network} n @returns {number[]} all its numbers, for comparison */
const flat = (n) => [...n.router.flat(), ...n.experts.flat(), ...n.bias];

/** @param {Network} network @param {number[]} x @param {Settings} settings @returns {number[]} after one batch */
export const learned = (network, x, settings) => flat(learn(network, x, settings));

/** @param {Network} network @param {number[]} x @param {number} k @param {number} most */
export function outcome(network, x, k, most) {
  const { p, g, keep, y } = forward(network, x, k, most);
  const held = keep.flat().filter(Boolean).length;
  return [...loads(g), held, balanceLoss(g, p), ...y];
}

/** @param {number} seed @param {Settings} settings @param {number} batches @returns {number[]} error, loads, numbers */
export function trained(seed, settings, batches) {
  const { uniform } = random(seed + 1000);
  let network = start(seed);
  for (let n = 0; n < batches; n += 1) network = learn(network, draw(uniform), settings);
  const { error, loads: c } = measure(network, settings.k);
  return [error, ...c, ...flat(network)];
}
