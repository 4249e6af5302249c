/**
 * A variational autoencoder with two latent units: the sums of vae.py, with weights that vae.py has
 * trained.
 *
 * @typedef {import("../../assets/demos/weights.mjs").Weights} Weights
 * @typedef {{weight: Float64Array, bias: Float64Array}} Layer
 * @typedef {{encoder: Layer[], decoder: Layer[], noise: number, beta: number}} Network
 * @typedef {{mean: number[], logVar: number[]}} Gaussian with a diagonal covariance
 * @typedef {{centre: number[], half: number, density: Float64Array}} Closeup of a density in the plane
 */

import { random } from "../../assets/demos/rng.mjs";

export const PIXELS = 64;
export const PAD = 32; // cells of a side of the drawing pad
const CELLS = 48; // of a side of the picture of the posterior
const LOG_TAU = Math.log(2 * Math.PI);

/** @param {Weights} weights @param {number} index which beta @returns {Network} */
export function network(weights, index) {
  const part = (/** @type {string} */ name) =>
    [0, 2, 4].map((i) => ({
      weight: weights.tensors[`${index}.${name}.${i}.weight`].data,
      bias: weights.tensors[`${index}.${name}.${i}.bias`].data,
    }));
  const { betas, noise } = weights.meta;
  return { encoder: part("encoder"), decoder: part("decoder"), noise, beta: betas[index] };
}

/** @param {Layer[]} layers @param {ArrayLike<number>} input @returns {Float64Array} */
export function run(layers, input) {
  let values = Float64Array.from(input);
  for (let depth = 0; depth < layers.length; depth++) {
    const { weight, bias } = layers[depth];
    const next = new Float64Array(bias.length);
    const width = values.length;
    for (let i = 0; i < next.length; i++) {
      let sum = bias[i];
      for (let j = 0, k = i * width; j < width; j++, k++) sum += weight[k] * values[j];
      next[i] = depth < layers.length - 1 ? Math.tanh(sum) : sum;
    }
    values = next;
  }
  return values;
}

/**
 * @param {Weights} weights @param {number} index @param {ArrayLike<number>} x 64 pixels in [0, 1]
 * @returns {Gaussian} q(z|x)
 */
export function encode(weights, index, x) {
  const out = Array.from(run(network(weights, index).encoder, x));
  return { mean: out.slice(0, 2), logVar: out.slice(2) };
}

/** @param {Weights} weights @param {number} index @param {number[]} z @returns {number[]} f(z) */
export function decode(weights, index, z) {
  return Array.from(run(network(weights, index).decoder, z));
}

/** @param {number[]} mean @param {number[]} logVar @returns {number[]} KL(q || N(0, 1)) of each unit, nats */
export function klToPrior(mean, logVar) {
  return mean.map((m, i) => 0.5 * (m * m + Math.exp(logVar[i]) - 1 - logVar[i]));
}

/**
 * The exact posterior of a pair of readings under the example's decoder, f(z) = (2z, 2z) with noise 1.
 * @param {number[]} x @returns {{mean: number, deviation: number}}
 */
export function pairPosterior([first, second]) {
  return { mean: (2 * (first + second)) / 9, deviation: 1 / 3 };
}

/**
 * The terms of the ELBO of a pair, without sampling, and log p(x).
 * @param {number[]} x @param {number} mean @param {number} deviation of the encoder's answer
 * @returns {{reconstruction: number, kl: number, evidence: number}} nats
 */
export function pairTerms([first, second], mean, deviation) {
  const squared = (first - 2 * mean) ** 2 + (second - 2 * mean) ** 2 + 8 * deviation ** 2;
  const form = (5 * (first ** 2 + second ** 2) - 8 * first * second) / 9;
  return {
    reconstruction: -0.5 * squared - LOG_TAU,
    kl: klToPrior([mean], [2 * Math.log(deviation)])[0],
    evidence: -0.5 * (form + Math.log(9)) - LOG_TAU,
  };
}

/** @param {ArrayLike<number>} x @param {ArrayLike<number>} f @param {number} noise @returns {number} log N(x; f, noise²), nats */
export function logLikelihood(x, f, noise) {
  let squared = 0;
  for (let i = 0; i < x.length; i++) squared += (x[i] - f[i]) ** 2;
  return -0.5 * (squared / noise ** 2 + x.length * (2 * Math.log(noise) + LOG_TAU));
}

/**
 * The two terms of the ELBO; the first averaged over codes mean + exp(logVar / 2) * noise.
 * @param {Weights} weights @param {number} index @param {ArrayLike<number>} x
 * @param {number[][]} noises standard normal pairs
 * @returns {{reconstruction: number, kl: number, elbo: number}} nats
 */
export function elboTerms(weights, index, x, noises) {
  const { decoder, noise } = network(weights, index);
  const { mean, logVar } = encode(weights, index, x);
  let reconstruction = 0;
  for (const pair of noises) {
    const z = pair.map((e, i) => mean[i] + Math.exp(0.5 * logVar[i]) * e);
    reconstruction += logLikelihood(x, run(decoder, z), noise) / noises.length;
  }
  const kl = klToPrior(mean, logVar).reduce((a, b) => a + b);
  return { reconstruction, kl, elbo: reconstruction - kl };
}

/**
 * Codes, or images, on the straight line between two, ends included.
 * @param {ArrayLike<number>} from @param {ArrayLike<number>} to @param {number} count @returns {number[][]}
 */
export function walk(from, to, count) {
  return Array.from({ length: count }, (_, step) =>
    Array.from(from, (value, i) => value + (step / (count - 1)) * (to[i] - value)),
  );
}

/** @param {number} seed @param {number} count @returns {number[][]} standard normal pairs */
export function normalPairs(seed, count) {
  const rng = random(seed);
  return Array.from({ length: count }, () => [rng.normal(), rng.normal()]);
}

/**
 * The decoder's output on a grid of codes on [-reach, reach]², row by row of the first unit.
 * @param {Network} net @param {number} reach @param {number} step
 */
export function plane(net, reach, step) {
  const side = 2 * Math.round(reach / step) + 1;
  const images = new Float64Array(side * side * PIXELS);
  let row = 0;
  return {
    side,
    reach,
    step,
    images,
    /** Decodes one more row. @returns {boolean} whether all are done */
    more() {
      if (row < side) {
        for (let j = 0; j < side; j++) {
          images.set(
            run(net.decoder, [row * step - reach, j * step - reach]),
            (row * side + j) * PIXELS,
          );
        }
        row++;
      }
      return row === side;
    },
  };
}

/**
 * log p(x, z) on the grid, and log p(x): its sum times the area of a cell.
 * @param {ReturnType<typeof plane>} grid @param {ArrayLike<number>} x @param {number} noise
 * @returns {{joint: Float64Array, top: number, evidence: number}} nats
 */
export function integrate({ side, reach, step, images }, x, noise) {
  const joint = new Float64Array(side * side);
  let top = -Infinity;
  for (let g = 0; g < joint.length; g++) {
    const a = Math.floor(g / side) * step - reach;
    const b = (g % side) * step - reach;
    let squared = 0;
    for (let i = 0; i < PIXELS; i++) squared += (x[i] - images[g * PIXELS + i]) ** 2;
    joint[g] = -0.5 * (squared / noise ** 2 + a * a + b * b);
    top = Math.max(top, joint[g]);
  }
  let sum = 0;
  for (const value of joint) sum += Math.exp(value - top);
  const constant = -0.5 * PIXELS * (2 * Math.log(noise) + LOG_TAU) - LOG_TAU;
  return { joint, top, evidence: top + Math.log(sum) + constant + 2 * Math.log(step) };
}

/**
 * p(z|x) in fine cells where it and q have their mass, the highest 1.
 * @param {Network} net @param {ReturnType<typeof plane>} grid @param {ReturnType<typeof integrate>} posterior
 * @param {Gaussian} q @param {ArrayLike<number>} x
 * @returns {Closeup}
 */
export function closeup(net, grid, { joint, top: best }, q, x) {
  const ends = q.mean.map((m, i) => [-3, 3].map((d) => m + d * Math.exp(0.5 * q.logVar[i])));
  joint.forEach((value, g) => {
    if (value < best - 4.5) return; // about three standard deviations
    const code = [Math.floor(g / grid.side), g % grid.side].map((k) => k * grid.step - grid.reach);
    ends.forEach((end, i) => {
      end[0] = Math.min(end[0], code[i] - grid.step);
      end[1] = Math.max(end[1], code[i] + grid.step);
    });
  });
  const centre = ends.map(([low, high]) => (low + high) / 2);
  const half = Math.max(0.3, ...ends.map(([low, high]) => (high - low) / 2));
  const density = Float64Array.from({ length: CELLS * CELLS }, (_, g) => {
    const a = centre[0] + ((2 * (g % CELLS) + 1) / CELLS - 1) * half;
    const b = centre[1] + (1 - (2 * Math.floor(g / CELLS) + 1) / CELLS) * half;
    return logLikelihood(x, run(net.decoder, [a, b]), net.noise) - 0.5 * (a * a + b * b);
  });
  const top = density.reduce((m, value) => Math.max(m, value));
  return { centre, half, density: density.map((value) => Math.exp(value - top)) };
}

/** @param {Weights} weights @param {number} index @param {ArrayLike<number>} x @returns {number} log p(x), nats */
export function logEvidence(weights, index, x, reach = 5, step = 1 / 16) {
  const net = network(weights, index);
  const grid = plane(net, reach, step);
  while (!grid.more());
  return integrate(grid, x, net.noise).evidence;
}

/**
 * What the data set's makers did to a scanned digit: count the inked cells of each 4 × 4 block.
 * @param {ArrayLike<number>} cells 32 × 32 of 0 or 1 @returns {number[]} 64 pixels in [0, 1]
 */
export function blocks(cells) {
  const x = new Array(PIXELS).fill(0);
  for (let i = 0; i < PAD * PAD; i++) {
    x[8 * Math.floor(i / PAD / 4) + Math.floor((i % PAD) / 4)] += cells[i] / 16;
  }
  return x;
}

/** @param {string} text a character for each pixel, 0 … g @returns {number[]} 64 pixels in [0, 1] */
export function digit(text) {
  return Array.from(text, (character) => parseInt(character, 17) / 16);
}

/**
 * Inks the cells of the pad that a round pen touches on its way.
 * @typedef {{row: number, column: number}} Cell
 * @param {Uint8Array} cells 32 × 32, changed in place @param {Cell} from @param {Cell} to
 */
export function ink(cells, from, to) {
  const steps = Math.max(Math.abs(to.row - from.row), Math.abs(to.column - from.column), 1);
  for (let s = 0; s <= steps; s++) {
    const row = from.row + ((to.row - from.row) * s) / steps;
    const column = from.column + ((to.column - from.column) * s) / steps;
    for (let i = 0; i < PAD * PAD; i++) {
      const a = Math.floor(i / PAD) - row - 0.5;
      const b = (i % PAD) - column - 0.5;
      if (a * a + b * b < 4.6) cells[i] = 1;
    }
  }
}

/** @param {number[][]} digits @param {ArrayLike<number>} y @returns {number} which of the digits is nearest to y */
export function nearest(digits, y) {
  const away = digits.map((d) => d.reduce((sum, v, i) => sum + (v - y[i]) ** 2, 0));
  return away.indexOf(Math.min(...away));
}
