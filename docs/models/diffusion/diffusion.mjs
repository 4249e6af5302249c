/**
 * Diffusion with the exact score of a mixture, or with a network and its training. The same algorithm
 * as diffusion.py.
 *
 * @typedef {import("../../assets/demos/weights.mjs").Weights} Weights
 * @typedef {Weights["tensors"]} Tensors
 * @typedef {{means: number[][], spread: number}} Mixture of equally probable normal modes
 */

import { random } from "../../assets/demos/rng.mjs";

/** @param {number} t from 0 (data) to 1 (noise) @returns {number} alpha-bar of the cosine schedule */
export function alphaBar(t) {
  const at = (/** @type {number} */ u) => Math.cos(((u + 0.008) / 1.008) * (Math.PI / 2)) ** 2;
  return Math.min(1, Math.max(0, at(t) / at(0)));
}

/** @param {number} steps @returns {number[]} noise levels from noise to data */
export function levels(steps) {
  return Array.from({ length: steps + 1 }, (_, i) => {
    const exact = 1000 - (1000 * i) / steps;
    const floor = Math.floor(exact);
    const even = exact - floor === 0.5 ? floor + (floor % 2) : Math.round(exact);
    return Math.max(1e-4, alphaBar(even / 1000));
  });
}

/** @returns {number[]} the noise levels of the page's example, from noise to data */
export const exampleLevels = () => [0.28, 0.6, 0.8, 0.96, 1].map((root) => root * root);

/**
 * The best prediction of the noise in x for data that are a mixture of normal modes.
 * @param {number[][]} x @param {number} a alpha-bar
 * @param {number[][]} means @param {number} spread @param {number[]} weights
 * @returns {number[][]}
 */
export function exactEps(x, a, means, spread, weights) {
  const keep = Math.sqrt(a);
  const variance = a * spread * spread + 1 - a;
  const factor = Math.sqrt(1 - a) / variance;
  return x.map((row) => {
    let top = -Infinity;
    const logs = means.map((mean, k) => {
      let square = 0;
      for (let i = 0; i < row.length; i++) square += (row[i] - keep * mean[i]) ** 2;
      const log = Math.log(weights[k]) - square / (2 * variance);
      if (log > top) top = log;
      return log;
    });
    let total = 0;
    const out = Array(row.length).fill(0);
    logs.forEach((log, k) => {
      const share = Math.exp(log - top);
      total += share;
      for (let i = 0; i < row.length; i++) out[i] += share * (row[i] - keep * means[k][i]);
    });
    return out.map((value) => (factor * value) / total);
  });
}

/**
 * From noise level a to the lower level `to`: DDPM for eta = 1, DDIM for eta = 0.
 * @param {number[][]} x @param {number[][]} eps @param {number} a @param {number} to
 * @param {number} eta @param {(() => number) | null} normal
 * @returns {number[][]}
 */
export function step(x, eps, a, to, eta, normal) {
  const [keep, noise] = [Math.sqrt(a), Math.sqrt(1 - a)];
  const fresh = eta * Math.sqrt(((1 - to) / (1 - a)) * (1 - a / to));
  const rest = Math.sqrt(Math.max(0, 1 - to - fresh * fresh));
  return x.map((row, n) =>
    row.map((value, i) => {
      const x0 = (value - noise * eps[n][i]) / keep;
      const moved = Math.sqrt(to) * x0 + rest * eps[n][i];
      return eta && normal ? moved + fresh * normal() : moved;
    }),
  );
}

/**
 * DDIM, or DDPM with the noise of a seed, with the exact model of a mixture, for the comparison with Python.
 * @param {number[][]} x @param {number} steps
 * @param {number[][]} means @param {number} spread @param {number[]} weights
 * @param {number} eta @param {number} seed
 */
export function sampleExact(x, steps, means, spread, weights, eta = 0, seed = 0) {
  const all = levels(steps);
  const { normal } = random(seed);
  for (let i = 0; i < steps; i++) {
    x = step(x, exactEps(x, all[i], means, spread, weights), all[i], all[i + 1], eta, normal);
  }
  return x;
}

/** @param {number} a @returns {number} */
const silu = (a) => a / (1 + Math.exp(-a));

/** @param {ArrayLike<number>} x @param {{shape: number[], data: Float64Array}} w @param {Float64Array | null} b */
function linear(x, w, b) {
  const [rows, size] = w.shape;
  const { data } = w;
  const out = new Float64Array(rows);
  for (let j = 0, at = 0; j < rows; j++) {
    let sum = b ? b[j] : 0;
    for (let k = 0; k < size; k++, at++) sum += data[at] * x[k];
    out[j] = sum;
  }
  return out;
}

/** @param {number} a alpha-bar @returns {number[]} what the network sees of it */
function wavesOf(a) {
  const ratio = 0.5 * Math.log(Math.max(1e-6, 1 - a) / Math.max(1e-6, a));
  const angles = [0.25, 0.5, 1, 2].map((f) => f * ratio);
  return [...angles.map(Math.sin), ...angles.map(Math.cos)];
}

/**
 * One row through the network, with all that the way back needs.
 * @param {Tensors} w @param {number[]} row @param {Float64Array} level its level, as the hidden units see it @param {number} kind
 */
function pass(w, row, level, kind) {
  const size = level.length;
  const z = linear(row, w["start.weight"], w["start.bias"].data).map(
    (value, i) => value + level[i] + w["kind.weight"].data[kind * size + i],
  );
  const h = z.map(silu);
  const u = linear(h, w["middle.weight"], w["middle.bias"].data).map((value, i) => h[i] + value);
  const s = u.map(silu);
  return { z, h, u, s, eps: linear(s, w["end.weight"], w["end.bias"].data) };
}

/**
 * The noise that a network sees in x.
 * @param {{tensors: Tensors}} weights @param {number[][]} x @param {number} a @param {number} kind 0 for none, else the class + 1
 * @returns {number[][]}
 */
export function netEps(weights, x, a, kind) {
  const level = linear(wavesOf(a), weights.tensors["level.weight"], null);
  return x.map((row) => [...pass(weights.tensors, row, level, kind).eps]);
}

/** @param {Tensors} w @returns {Record<string, Float64Array>} zeros of the same sizes */
const zeros = (w) =>
  Object.fromEntries(Object.entries(w).map(([name, t]) => [name, new Float64Array(t.data.length)]));

/**
 * The mean squared error of the noise that a network sees, and its gradient by the chain rule.
 * @param {Tensors} w @param {number[][]} x with noise @param {number[]} a of each row
 * @param {number[][]} eps the noise in x @param {number[]} kind of each row
 * @returns {{loss: number, gradient: Record<string, Float64Array>}}
 */
export function gradient(w, x, a, eps, kind) {
  const g = zeros(w);
  /** Adds to the gradients of a linear part; gives back that of its input. */
  const into = (
    /** @type {string} */ name,
    /** @type {Float64Array} */ back,
    /** @type {ArrayLike<number>} */ input,
  ) => {
    const size = input.length;
    const [weight, to] = [w[`${name}.weight`].data, g[`${name}.weight`]];
    const bias = g[`${name}.bias`];
    const out = new Float64Array(size);
    for (let j = 0, at = 0; j < back.length; j++) {
      const b = back[j];
      if (bias) bias[j] += b;
      for (let k = 0; k < size; k++, at++) {
        to[at] += b * input[k];
        out[k] += b * weight[at];
      }
    }
    return out;
  };
  const slope = (/** @type {number} */ v) => {
    const s = 1 / (1 + Math.exp(-v));
    return s * (1 + v * (1 - s));
  };
  let loss = 0;
  x.forEach((row, n) => {
    const waves = wavesOf(a[n]);
    const at = pass(w, row, linear(waves, w["level.weight"], null), kind[n]);
    const error = at.eps.map((value, i) => value - eps[n][i]);
    const count = x.length * row.length;
    for (const e of error) loss += (e * e) / count;
    const du = into(
      "end",
      error.map((e) => (2 * e) / count),
      at.s,
    ).map((v, i) => v * slope(at.u[i]));
    const dz = into("middle", du, at.h).map((v, i) => (v + du[i]) * slope(at.z[i]));
    into("start", dz, row);
    into("level", dz, waves);
    const row0 = kind[n] * dz.length;
    for (const [i, v] of dz.entries()) g["kind.weight"][row0 + i] += v;
  });
  return { loss, gradient: g };
}

/**
 * An example to train on: data, its noise level, the noise, and the mode as its class or 0 for none.
 * @param {ReturnType<typeof random>} rng @param {number[][]} means @param {number} spread
 */
function example(rng, means, spread) {
  const mode = rng.integer(means.length);
  const x0 = means[mode].map((m) => m + spread * rng.normal());
  const a = Math.cos((rng.uniform() * Math.PI) / 2) ** 2;
  const eps = x0.map(() => rng.normal());
  const kind = rng.uniform() < 0.15 ? 0 : mode + 1;
  return { x: noised(x0, eps, a), a, eps, kind };
}

/** @param {number[]} x0 @param {number[]} eps @param {number} a @returns {number[]} data with noise */
export const noised = (x0, eps, a) =>
  x0.map((value, i) => Math.sqrt(a) * value + Math.sqrt(1 - a) * eps[i]);

/**
 * A new network for a mixture in the plane, its modes as classes, and its training: `next` does one
 * step of Adam on fresh examples, with a rate that falls to 0 over `total` steps.
 * @param {number} seed @param {number} hidden @param {number} total @param {number} size of a batch
 * @param {number[][]} means @param {number} spread
 */
export function trainer(seed, hidden, total, size, means, spread) {
  const rng = random(seed);
  /** @type {Tensors} */
  const tensors = {};
  const add = (
    /** @type {string} */ name,
    /** @type {number[]} */ shape,
    /** @type {number} */ inputs,
  ) => {
    const data = new Float64Array(shape.reduce((p, q) => p * q, 1));
    const value = () => (inputs ? (2 * rng.uniform() - 1) / Math.sqrt(inputs) : rng.normal());
    tensors[name] = { shape, data: data.map(value) };
  };
  add("start.weight", [hidden, 2], 2);
  add("start.bias", [hidden], 2);
  add("level.weight", [hidden, 8], 8);
  add("kind.weight", [means.length + 1, hidden], 0);
  add("middle.weight", [hidden, hidden], hidden);
  add("middle.bias", [hidden], hidden);
  add("end.weight", [2, hidden], hidden);
  add("end.bias", [2], hidden);
  const [first, second] = [zeros(tensors), zeros(tensors)];
  let done = 0;
  const next = () => {
    const rows = Array.from({ length: size }, () => example(rng, means, spread));
    const found = gradient(
      tensors,
      rows.map(({ x }) => x),
      rows.map(({ a }) => a),
      rows.map(({ eps }) => eps),
      rows.map(({ kind }) => kind),
    );
    const rate = 0.01 * (1 - done / total);
    done += 1;
    for (const [name, { data }] of Object.entries(tensors)) {
      const [g, m, v] = [found.gradient[name], first[name], second[name]];
      for (let i = 0; i < data.length; i++) {
        m[i] = 0.9 * m[i] + 0.1 * g[i];
        v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
        data[i] -=
          (rate * m[i]) / (1 - 0.9 ** done) / (Math.sqrt(v[i] / (1 - 0.999 ** done)) + 1e-8);
      }
    }
    return found.loss;
  };
  return { tensors, next, done: () => done };
}

/**
 * The first steps of a training, for the comparison with Python.
 * @param {number} count @param {Parameters<typeof trainer>} rest
 */
export function trained(count, ...rest) {
  const { tensors, next } = trainer(...rest);
  const losses = Array.from({ length: count }, next);
  return {
    losses,
    ...Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, t.data])),
  };
}

/**
 * The noise in x if the data that it implies are cut off at -most and most: near pure noise the
 * smallest error of eps is divided by sqrt(a) on its way to the data.
 * @param {number[][]} x @param {number[][]} eps @param {number} a @param {number} most @returns {number[][]}
 */
export function clip(x, eps, a, most = 1) {
  const [keep, noise] = [Math.sqrt(a), Math.sqrt(1 - a)];
  return x.map((row, n) =>
    row.map(
      (value, i) =>
        (value - keep * Math.min(most, Math.max(-most, (value - noise * eps[n][i]) / keep))) /
        noise,
    ),
  );
}

/** @param {number[][]} without @param {number[][]} withIt @param {number} g */
export const guide = (without, withIt, g) =>
  without.map((row, n) => row.map((value, i) => value + g * (withIt[n][i] - value)));

const even = (/** @type {number} */ n) => Array(n).fill(1 / n);

/**
 * What the plane's samples are denoised by: the noise in the points, exact or as a network sees it,
 * guided towards a mode.
 * @param {number[][]} points @param {number} a alpha-bar @param {Mixture} mixture
 * @param {{net: {tensors: Tensors} | null, wanted: number, scale: number, most: number}} by the network,
 *   if not the exact score; the number of the mode, 0 for none; the scale of the guidance; where the data
 *   that a network implies are cut off
 */
export function planeEps(points, a, { means, spread }, { net, wanted, scale, most }) {
  const seen = (/** @type {number} */ kind) => {
    if (net) return netEps(net, points, a, kind);
    if (kind) return exactEps(points, a, [means[kind - 1]], spread, [1]);
    return exactEps(points, a, means, spread, even(means.length));
  };
  const free = seen(0);
  const eps = !wanted || wanted > means.length ? free : guide(free, seen(wanted), scale);
  return net ? clip(points, eps, a, most) : eps;
}

/**
 * How far a network is from the exact score at equal shares of data and noise, as a share of its size.
 * @param {{tensors: Tensors}} net @param {Mixture} mixture
 */
export function faultOf(net, { means, spread }) {
  const rng = random(0);
  const points = Array.from({ length: 200 }, () =>
    means[rng.integer(means.length)].map(
      (m) => Math.SQRT1_2 * (m + spread * rng.normal() + rng.normal()),
    ),
  );
  const square = (/** @type {number[][]} */ rows) => rows.flat().reduce((sum, v) => sum + v * v, 0);
  const exact = exactEps(points, 0.5, means, spread, even(means.length));
  const seen = netEps(net, points, 0.5, 0);
  return square(seen.map((row, n) => row.map((v, i) => v - exact[n][i]))) / square(exact);
}

/** @param {number[][]} x @param {number[][]} means @returns {number} mean distance to the nearest mode */
export function distance(x, means) {
  const away = x.map(([u, v]) => Math.min(...means.map(([a, b]) => Math.hypot(u - a, v - b))));
  return away.reduce((sum, value) => sum + value, 0) / x.length;
}

/** @param {number[][]} x @param {number[][]} means @param {number} mode @returns {number} share that is nearest to a mode */
export function shareOf(x, means, mode) {
  const near = x.filter(([u, v]) => {
    const away = means.map(([a, b]) => Math.hypot(u - a, v - b));
    return away.every((value) => value >= away[mode] - 1e-9);
  });
  return near.length / x.length;
}

/** @param {number[][]} x @returns {number} standard deviation about the mean, on average over both directions */
export function spreadOf(x) {
  const mean = [0, 1].map((i) => x.reduce((sum, p) => sum + p[i], 0) / x.length);
  const square = x.reduce((sum, p) => sum + (p[0] - mean[0]) ** 2 + (p[1] - mean[1]) ** 2, 0);
  return Math.sqrt(square / x.length / 2);
}
