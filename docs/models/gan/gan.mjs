/**
 * GAN on points in the plane: the same algorithm as gan.py, with the derivatives written by hand. And
 * the Dirac-GAN, the smallest game with the same trouble.
 *
 * @typedef {{w: number[][], b: number[]}} Layer weights (out, in) and biases
 * @typedef {"saturating" | "non-saturating" | "wasserstein"} Kind
 * @typedef {{m: number[], v: number[], t: number}} Moments of Adam
 */

import { random } from "../../assets/demos/rng.mjs";

const LEAK = 0.2;
const RATE = 1e-2;
const BETAS = [0.5, 0.9];
const CLIP = 0.1;

/** @param {number} a @returns {number} */
export const sigmoid = (a) => (a >= 0 ? 1 / (1 + Math.exp(-a)) : Math.exp(a) / (1 + Math.exp(a)));
/** @param {number} a @returns {number} */
export const logSigmoid = (a) => (a >= 0 ? -Math.log1p(Math.exp(-a)) : a - Math.log1p(Math.exp(a)));

/** @param {number[]} values @returns {number} */
export const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

/**
 * A multilayer perceptron with leaky ReLU: weights normal with variance 2/fan-in, biases zero.
 * @param {number[]} sizes
 * @param {{normal: () => number}} rng
 * @returns {Layer[]}
 */
export function network(sizes, rng) {
  return sizes.slice(1).map((out, i) => {
    const scale = Math.sqrt(2 / sizes[i]);
    const row = () => Array.from({ length: sizes[i] }, () => scale * rng.normal());
    return { w: Array.from({ length: out }, row), b: Array(out).fill(0) };
  });
}

/** @param {number[]} sizes @param {number} seed @returns {Layer[]} for the comparison with Python */
export const fresh = (sizes, seed) => network(sizes, random(seed));

/**
 * @param {Layer[]} net
 * @param {number[]} x one sample
 * @returns {{inputs: number[][], masks: number[][], out: number[]}} what each layer saw, the slopes
 *   of the leaky ReLU behind it, and the output
 */
export function run(net, x) {
  const inputs = [];
  const masks = [];
  let h = x;
  for (let i = 0; i < net.length; i++) {
    const { w, b } = net[i];
    const [count, last] = [h.length, i === net.length - 1];
    const mask = new Array(b.length);
    const next = new Array(b.length);
    for (let j = 0; j < b.length; j++) {
      const row = w[j];
      let a = b[j];
      for (let k = 0; k < count; k++) a += row[k] * h[k];
      mask[j] = last || a > 0 ? 1 : LEAK;
      next[j] = a * mask[j];
    }
    inputs.push(h);
    masks.push(mask);
    h = next;
  }
  return { inputs, masks, out: h };
}

/** @param {Layer[]} net @param {number[][]} x @returns {number[][]} the outputs, one row a sample */
export function forward(net, x) {
  return x.map((row) => run(net, row).out);
}

/** @param {Layer[]} net @returns {Layer[]} zeros of the same shape */
const zeros = (net) =>
  net.map(({ w, b }) => ({ w: w.map((row) => row.map(() => 0)), b: b.map(() => 0) }));

/**
 * Adds the gradient of one sample to `grads`; returns the gradient by the sample itself.
 * @param {Layer[]} net
 * @param {ReturnType<typeof run>} cache
 * @param {number[]} slope by the output
 * @param {Layer[] | null} grads null to leave the weights alone
 * @returns {number[]}
 */
function back(net, cache, slope, grads) {
  let d = slope;
  for (let i = net.length - 1; i >= 0; i--) {
    const x = cache.inputs[i];
    const next = Array(x.length).fill(0);
    for (let j = 0; j < d.length; j++) {
      const dj = d[j] * cache.masks[i][j];
      const row = net[i].w[j];
      for (let k = 0; k < x.length; k++) next[k] += row[k] * dj;
      if (grads) {
        const into = grads[i].w[j];
        for (let k = 0; k < x.length; k++) into[k] += dj * x[k];
        grads[i].b[j] += dj;
      }
    }
    d = next;
  }
  return d;
}

/**
 * The losses of both players from logits (or the critic's values).
 * @param {number[]} real @param {number[]} fake @param {Kind} kind
 * @returns {{d: number, g: number}}
 */
export function losses(real, fake, kind) {
  if (kind === "wasserstein") return { d: mean(fake) - mean(real), g: -mean(fake) };
  const d = -mean(real.map(logSigmoid)) - mean(fake.map((a) => logSigmoid(-a)));
  const saturating = mean(fake.map((a) => logSigmoid(-a)));
  return { d, g: kind === "saturating" ? saturating : -mean(fake.map(logSigmoid)) };
}

/** @param {number} a @param {Kind} kind @returns {number} the generator's slope by one logit */
export function slopeG(a, kind) {
  if (kind === "wasserstein") return -1;
  return kind === "saturating" ? -sigmoid(a) : -(1 - sigmoid(a));
}

/**
 * Adds the gradient of gamma/2 * |slope of D at x|^2 / count to `grads`; returns that term.
 * The slope is a product of weights and masks; leaky ReLU bends nowhere else.
 * @param {Layer[]} net @param {ReturnType<typeof run>} cache
 * @param {number} gamma @param {number} count @param {Layer[]} grads
 */
function penalise(net, cache, gamma, count, grads) {
  const v = [];
  let u = [1];
  for (let i = net.length - 1; i >= 0; i--) {
    const now = u.map((value, j) => value * cache.masks[i][j]);
    v[i] = now;
    const columns = cache.inputs[i].length;
    u = Array(columns).fill(0);
    for (let j = 0; j < now.length; j++) {
      const row = net[i].w[j];
      for (let k = 0; k < columns; k++) u[k] += row[k] * now[j];
    }
  }
  const term = (gamma / 2 / count) * u.reduce((sum, value) => sum + value * value, 0);
  let d = u.map((value) => (gamma / count) * value);
  for (let i = 0; i < net.length; i++) {
    const next = new Array(net[i].w.length);
    for (let j = 0; j < next.length; j++) {
      const [row, into, factor] = [net[i].w[j], grads[i].w[j], v[i][j]];
      let sum = 0;
      for (let k = 0; k < d.length; k++) {
        into[k] += factor * d[k];
        sum += row[k] * d[k];
      }
      next[j] = sum;
    }
    d = next.map((value, j) => value * cache.masks[i][j]);
  }
  return term;
}

/**
 * The discriminator's loss and its gradient.
 * @param {Layer[]} g @param {Layer[]} d @param {number[][]} real @param {number[][]} z
 * @param {Kind} kind @param {number} gamma
 * @returns {{loss: number, grads: Layer[]}}
 */
export function gradientD(g, d, real, z, kind, gamma) {
  const grads = zeros(d);
  const good = real.map((x) => run(d, x));
  const bad = forward(g, z).map((x) => run(d, x));
  const a = good.map((cache) => cache.out[0]);
  const b = bad.map((cache) => cache.out[0]);
  let loss = losses(a, b, kind).d;
  good.forEach((cache, i) => {
    const slope = kind === "wasserstein" ? -1 : -(1 - sigmoid(a[i]));
    back(d, cache, [slope / a.length], grads);
    if (gamma > 0) loss += penalise(d, cache, gamma, a.length, grads);
  });
  bad.forEach((cache, i) => {
    const slope = kind === "wasserstein" ? 1 : sigmoid(b[i]);
    back(d, cache, [slope / b.length], grads);
  });
  return { loss, grads };
}

/**
 * The generator's loss, its gradient, and the direction in which each sample is pushed.
 * @param {Layer[]} g @param {Layer[]} d @param {number[][]} z @param {Kind} kind
 * @returns {{loss: number, grads: Layer[], samples: number[][], push: number[][]}}
 */
export function gradientG(g, d, z, kind) {
  const grads = zeros(g);
  /** @type {number[][]} */
  const push = [];
  const caches = z.map((row) => run(g, row));
  const samples = caches.map((cache) => cache.out);
  const seen = samples.map((x) => run(d, x));
  const fake = seen.map((cache) => cache.out[0]);
  caches.forEach((cache, i) => {
    const by = back(d, seen[i], [slopeG(fake[i], kind) / z.length], null);
    back(g, cache, by, grads);
    push.push(by.map((value) => -value * z.length));
  });
  return { loss: losses(fake, fake, kind).g, grads, samples, push };
}

/** @param {Layer[]} net @returns {Moments} */
export function moments(net) {
  const count = net.reduce((sum, { w, b }) => sum + w.length * w[0].length + b.length, 0);
  return { m: Array(count).fill(0), v: Array(count).fill(0), t: 0 };
}

/**
 * One step of Adam, in place. Order of the numbers: layer by layer, weights by row, then biases.
 * @param {Layer[]} net @param {Layer[]} grads @param {Moments} state
 */
export function adam(net, grads, state) {
  state.t += 1;
  const [first, second] = BETAS;
  const scale = [1 - first ** state.t, 1 - second ** state.t];
  let n = 0;
  const move = (/** @type {number[]} */ values, /** @type {number[]} */ slopes) => {
    for (let i = 0; i < values.length; i++, n++) {
      state.m[n] = first * state.m[n] + (1 - first) * slopes[i];
      state.v[n] = second * state.v[n] + (1 - second) * slopes[i] ** 2;
      values[i] -= (RATE * state.m[n]) / scale[0] / (Math.sqrt(state.v[n] / scale[1]) + 1e-8);
    }
  };
  net.forEach(({ w, b }, i) => {
    for (const [j, row] of w.entries()) move(row, grads[i].w[j]);
    move(b, grads[i].b);
  });
}

/**
 * One step of the discriminator, in place; a critic without a penalty is clipped.
 * @param {Layer[]} g @param {Layer[]} d @param {Moments} md @param {number[][]} real @param {number[][]} z
 * @param {Kind} kind @param {number} gamma
 * @returns {number} its loss before the step
 */
export function stepD(g, d, md, real, z, kind, gamma) {
  const { loss, grads } = gradientD(g, d, real, z, kind, gamma);
  adam(d, grads, md);
  if (kind === "wasserstein" && gamma === 0) {
    for (const values of d.flatMap(({ w, b }) => [...w, b])) {
      for (const [i, value] of values.entries()) values[i] = Math.min(CLIP, Math.max(-CLIP, value));
    }
  }
  return loss;
}

/**
 * One step of the generator, in place.
 * @param {Layer[]} g @param {Layer[]} d @param {Moments} mg @param {number[][]} z @param {Kind} kind
 * @returns {ReturnType<typeof gradientG>} of before the step
 */
export function stepG(g, d, mg, z, kind) {
  const step = gradientG(g, d, z, kind);
  adam(g, step.grads, mg);
  return step;
}

/**
 * One round: a step of D, then one step of G for each batch of noise after the first.
 * @param {Layer[]} g @param {Layer[]} d @param {Moments} mg @param {Moments} md
 * @param {number[][]} real @param {number[][][]} z @param {Kind} kind @param {number} gamma
 * @returns {{lossD: number, lossG: number, samples: number[][], push: number[][]}}
 */
export function playRound(g, d, mg, md, real, z, kind, gamma) {
  const lossD = stepD(g, d, md, real, z[0], kind, gamma);
  let forG = {
    loss: 0,
    samples: /** @type {number[][]} */ ([]),
    push: /** @type {number[][]} */ ([]),
  };
  for (const batch of z.slice(1)) forG = stepG(g, d, mg, batch, kind);
  return { lossD, lossG: forG.loss, samples: forG.samples, push: forG.push };
}

/**
 * Plays rounds from given networks and returns both networks after them, for the comparison with Python.
 * @param {Layer[]} g @param {Layer[]} d @param {number[][][]} reals @param {number[][][][]} zs
 * @param {Kind} kind @param {number} gamma
 */
export function play(g, d, reals, zs, kind, gamma) {
  const mine = structuredClone({ g, d });
  const [mg, md] = [moments(mine.g), moments(mine.d)];
  const rounds = reals.map((real, i) => {
    const { lossD, lossG } = playRound(mine.g, mine.d, mg, md, real, zs[i], kind, gamma);
    return [lossD, lossG];
  });
  return { rounds, ...mine };
}

/**
 * How many centres hold at least 2 % of the samples, and which part of them is near a centre.
 * @param {number[][]} x @param {number[][]} centres @param {number} spread
 * @returns {[number, number]}
 */
export function modesReached(x, centres, spread) {
  const counts = centres.map(() => 0);
  let good = 0;
  for (const [a, b] of x) {
    const away = centres.map(([c, d]) => Math.hypot(a - c, b - d));
    const nearest = away.indexOf(Math.min(...away));
    if (away[nearest] < 3 * spread) {
      counts[nearest] += 1;
      good += 1;
    }
  }
  return [counts.filter((count) => count >= 0.02 * x.length).length, good / x.length];
}

/**
 * Points and weights whose weighted sum is the mean over normal noise.
 * @param {number} spread @returns {[number, number][]}
 */
function noiseOf(spread) {
  if (spread === 0) return [[0, 1]];
  const points = Array.from({ length: 81 }, (_, i) => (i - 40) * 0.175);
  const weights = points.map((x) => Math.exp((-x * x) / 2));
  const total = weights.reduce((sum, w) => sum + w, 0);
  return points.map((x, i) => [spread * x, weights[i] / total]);
}

/**
 * The places of the data, and of the samples before theta moves them, with their probabilities.
 * @param {number} spread standard deviation of the noise on what the discriminator sees
 * @param {boolean} pair whether the data are 0 and 1 instead of 0 alone
 * @returns {[number, number][]}
 */
function cloudOf(spread, pair) {
  const noise = noiseOf(spread);
  if (!pair) return noise;
  const half = (/** @type {number} */ x) =>
    noise.map(([at, share]) => /** @type {[number, number]} */ ([x + at, share / 2]));
  return [...half(0), ...half(1)];
}

/**
 * The velocities of both players of the game on the line.
 * @param {number} theta @param {number} psi @param {Kind} kind @param {number} gamma
 * @param {number} [spread] standard deviation of the noise on what the discriminator sees
 * @param {boolean} [pair] whether the data are 0 and 1 instead of 0 alone
 * @returns {[number, number]}
 */
export function diracField(theta, psi, kind, gamma, spread = 0, pair = false) {
  if (kind === "wasserstein") return [psi, -theta - gamma * psi];
  let [pull, push] = [0, 0];
  for (const [at, share] of cloudOf(spread, pair)) {
    const fake = sigmoid(psi * (theta + at));
    pull += share * (kind === "saturating" ? fake : 1 - fake);
    push += share * ((1 - sigmoid(psi * at)) * at - fake * (theta + at));
  }
  return [pull * psi, push - gamma * psi];
}

/**
 * The path of both players of the game on the line.
 * @param {number[]} start theta and psi @param {number} steps
 * @param {Kind} kind @param {number} gamma @param {number} spread
 * @param {boolean} turns whether psi moves first and theta answers
 * @param {boolean} [pair] whether the data are 0 and 1 instead of 0 alone
 * @param {number} [rate] of learning, the size of a step
 * @returns {number[][]} steps + 1 points
 */
export function diracPath(start, steps, kind, gamma, spread, turns, pair = false, rate = 0.1) {
  let [theta, psi] = start;
  const path = [[theta, psi]];
  for (let i = 0; i < steps; i++) {
    const [a, b] = diracField(theta, psi, kind, gamma, spread, pair);
    psi += rate * b;
    theta += rate * (turns ? diracField(theta, psi, kind, gamma, spread, pair)[0] : a);
    path.push([theta, psi]);
  }
  return path;
}

/**
 * The losses of discriminator and generator on the line, without noise.
 * @param {number} theta @param {number} psi @param {Kind} kind @param {boolean} pair
 * @returns {[number, number]}
 */
export function lineLosses(theta, psi, kind, pair) {
  const places = pair ? [0, 1] : [0];
  const real = places.map((x) => psi * x);
  const fake = places.map((x) => psi * (theta + x));
  const { d, g } = losses(real, fake, kind);
  return [d, g];
}

export const SPREAD = 0.1; // of each mode
export const BATCH = 128;

/** @type {Record<string, number[][]>} */
export const DATA = {
  ring: Array.from({ length: 8 }, (_, i) => [
    2 * Math.cos((i * Math.PI) / 4),
    2 * Math.sin((i * Math.PI) / 4),
  ]),
  grid: [-1.8, 0, 1.8].flatMap((x) => [-1.8, 0, 1.8].map((y) => [x, y])),
  pair: [
    [-1.6, 0],
    [1.6, 0],
  ],
};

/**
 * A game from the beginning: both networks, what Adam knows of them, and the points by which modes are
 * counted; all of it follows from the seed.
 * @param {number} seed
 */
export function game(seed) {
  const rng = random(seed);
  const noise = (/** @type {number} */ count) =>
    Array.from({ length: count }, () => [rng.normal(), rng.normal()]);
  const g = network([2, 32, 32, 2], rng);
  const d = network([2, 32, 32, 1], rng);
  return { rng, noise, g, d, mg: moments(g), md: moments(d), probe: noise(500) };
}

/** @param {number[][]} centres @param {{normal: () => number, integer: (n: number) => number}} rng */
export const batchOf = (centres, rng) =>
  Array.from({ length: BATCH }, () => {
    const [x, y] = centres[rng.integer(centres.length)];
    return [x + SPREAD * rng.normal(), y + SPREAD * rng.normal()];
  });
