/**
 * The exact flow of points on a line as flow_matching.py has it: which lines of training pass through a place,
 * their mean velocity for each way to pair noise and data, and the steps of two solvers along it.
 *
 * @typedef {{origins: number[], guess: number}} Seen the probability that a line through a place comes from
 *   each point, and the mean of the points
 * @typedef {(x: number, t: number) => Seen} Look
 * @typedef {{t: number, h: number, x: number, guess: number, v: number, half: number, next: number}} Step h is the
 *   length; the guess is that at x; v is what the step follows; half is where the midpoint method asks, for Euler x
 */

const LEAST = 1e-300; // of a probability, so that it has a logarithm
const FAR = 8; // beyond it the normal distribution has nothing left that matters
export const SAMPLES = 200;

/** @param {number} z @returns {number} the normal distribution function, by its series around 0 */
export function normal(z) {
  if (Math.abs(z) > FAR) return z > 0 ? 1 : 0;
  let term = z;
  let sum = z;
  for (let k = 3; Math.abs(term) > 1e-17; k += 2) {
    term *= (z * z) / k;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}

/** @param {number} p from 0 to 1 @returns {number} where the distribution function is p, by halving */
export function quantile(p) {
  let [low, high] = [-FAR, FAR];
  for (let i = 0; i < 60; i += 1) {
    const middle = (low + high) / 2;
    const there = normal(middle);
    if (there === p) return middle;
    if (there < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** @param {number} n @returns {number[]} noise without chance: the middles of n equally likely pieces */
export const quantiles = (n) => Array.from({ length: n }, (_, i) => quantile((i + 0.5) / n));

/** @param {number} n @returns {(p: number) => number[]} the probabilities of 0 to n successes */
function binomial(n) {
  const logs = [0];
  for (let k = 1; k <= n; k += 1) logs.push(logs[k - 1] + Math.log((n - k + 1) / k));
  return (p) => {
    const sure = Math.min(Math.max(p, LEAST), 1 - 1e-16);
    const [yes, no] = [Math.log(sure), Math.log1p(-sure)];
    return logs.map((log, k) => Math.exp(log + k * yes + (n - k) * no));
  };
}

/**
 * @param {number[]} points ascending, equally likely @param {number} batch that is sorted before it is paired
 * @returns {(eps: number) => number[]} the probability that a noise is paired with each point
 */
function dealer(points, batch) {
  const rank = binomial(batch - 1);
  const count = binomial(batch);
  const more = points.slice(1).map((_, i) => {
    const chances = count((i + 1) / points.length);
    for (let k = batch - 1; k >= 0; k -= 1) chances[k] += chances[k + 1];
    return chances.slice(1); // that more than 0, 1, … data points lie this low
  });
  return (eps) => {
    const ranks = rank(normal(eps));
    const below = more.map((row) => row.reduce((sum, p, r) => sum + p * ranks[r], 0));
    const edges = [0, ...below, 1];
    return points.map((_, i) => edges[i + 1] - edges[i]);
  };
}

/** @param {number[]} points @returns {number[]} the noises at which an exact flow parts */
const borders = (points) => points.slice(1).map((_, i) => quantile((i + 1) / points.length));

/**
 * @param {number[]} points @param {number} batch 0 after reflow
 * @returns {(eps: number) => number[]} the probability that a noise is paired with each point
 */
export function pairing(points, batch) {
  if (batch) return dealer(points, batch);
  const edges = [-Infinity, ...borders(points), Infinity];
  return (eps) => {
    const on = points.map((_, i) => Number(edges[i] <= eps && eps <= edges[i + 1]));
    return on.map((one) => one / on.reduce((sum, other) => sum + other, 0));
  };
}

/** @param {number[]} points @param {number} batch @param {number} eps @returns {number[]} */
export const shareOf = (points, batch, eps) => pairing(points, batch)(eps);

/**
 * After reflow each noise has the point to which the flow took it, and no two lines cross. Between the
 * lines from two points lies a wedge without a line; there the guess runs from one point to the other.
 * @param {number[]} points @returns {Look}
 */
function straight(points) {
  const dealt = pairing(points, 0);
  const parts = borders(points);
  return (x, t) => {
    if (t === 1) {
      const origins = dealt(x);
      return { origins, guess: origins.reduce((sum, p, i) => sum + p * points[i], 0) };
    }
    let i = 0; // the lines of the points before it lie lower
    while (i < parts.length && x - t * parts[i] >= (1 - t) * points[i + 1]) i += 1;
    if (i < parts.length && x - (1 - t) * points[i] > t * parts[i])
      return { origins: points.map(() => 0), guess: (x - t * parts[i]) / (1 - t) };
    return { origins: points.map((_, k) => Number(k === i)), guess: points[i] };
  };
}

/** @param {number[]} points @param {number} batch 1 for independent pairs, 0 after reflow @returns {Look} */
export function looker(points, batch) {
  if (!batch) return straight(points);
  const dealt = dealer(points, batch);
  return (x, t) => {
    const logs = points.map((point, i) => {
      const eps = (x - (1 - t) * point) / t;
      return Math.log(Math.max(dealt(eps)[i], LEAST)) - (eps * eps) / 2;
    });
    const most = Math.max(...logs);
    const weights = logs.map((log) => Math.exp(log - most));
    const total = weights.reduce((sum, w) => sum + w, 0);
    const origins = weights.map((w) => w / total);
    return { origins, guess: origins.reduce((sum, p, i) => sum + p * points[i], 0) };
  };
}

/** @param {number[]} points @param {number} batch @param {number} x @param {number} t @returns {number} */
export const velocity = (points, batch, x, t) => (x - looker(points, batch)(x, t).guess) / t;

/**
 * @param {Look} look @param {string} solver euler or midpoint @param {number} start @param {number} count of steps
 * @returns {Step[]} from noise to data
 */
export function follow(look, solver, start, count) {
  const steps = [];
  let x = start;
  for (let k = count; k > 0; k -= 1) {
    const [t, h] = [k / count, 1 / count];
    const { guess } = look(x, t);
    let v = (x - guess) / t;
    let half = x;
    if (solver === "midpoint") {
      half = x - (h / 2) * v;
      v = (half - look(half, t - h / 2).guess) / (t - h / 2);
    }
    steps.push({ t, h, x, guess, v, half, next: x - h * v });
    x -= h * v;
  }
  return steps;
}

/**
 * @param {number[]} points @param {number} batch @param {string} solver @param {number} start @param {number} count
 * @returns {number[]} the places, from noise to data
 */
export function places(points, batch, solver, start, count) {
  return [start, ...follow(looker(points, batch), solver, start, count).map(({ next }) => next)];
}

/** @param {number[]} points @param {number} x @returns {number} how far the nearest point is */
const distance = (points, x) => Math.min(...points.map((point) => Math.abs(x - point)));

const NOISES = quantiles(SAMPLES);

/**
 * @param {number[]} points @param {number} batch @param {string} solver @param {number} count of steps
 * @returns {number} the mean distance of samples from the nearest point
 */
export function off(points, batch, solver, count) {
  const look = looker(points, batch);
  const ends = NOISES.map((eps) => follow(look, solver, eps, count)[count - 1].next);
  return ends.reduce((sum, end) => sum + distance(points, end), 0) / SAMPLES;
}
