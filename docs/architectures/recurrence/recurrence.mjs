/** The smallest recurrence as recurrence.py has it: states, errors on their way back, clipping, a step of descent. */

/** @param {number} steps @returns {number[]} 4, then zeros, then 2 */
export function marked(steps) {
  return Array.from({ length: steps }, (_, t) => (t === 0 ? 4 : t === steps - 1 ? 2 : 0));
}

/** @param {number} w @param {number[]} x @returns {number[]} the states from 0 on */
export function run(w, x) {
  const states = [0];
  for (const value of x) states.push(w * states[states.length - 1] + value);
  return states;
}

/**
 * @param {number} w @param {number[]} states @param {number} target
 * @returns {{errors: number[], gradient: number}} the error at each step, and the derivative of the loss
 */
export function back(w, states, target) {
  const last = states.length - 1;
  const errors = [states[last] - target];
  for (let t = last; t > 1; t -= 1) errors.unshift(w * errors[0]);
  const gradient = errors.reduce((sum, error, t) => sum + error * states[t], 0);
  return { errors, gradient };
}

/** @param {number} gradient @param {number} most @returns {number} the same, no longer than `most` */
export function clip(gradient, most) {
  return gradient * Math.min(1, most / Math.abs(gradient || 1));
}

/** @param {number} w @param {number} steps @returns {number[]} errors and gradient of the example, for comparison */
export function slopes(w, steps) {
  const { errors, gradient } = back(w, run(w, marked(steps)), 6);
  return [...errors, gradient];
}

/**
 * @param {number} w @param {number} steps @param {number} rate @param {number} most the limit of the norm
 * @returns {number} the weight after one step of gradient descent
 */
export function descend(w, steps, rate, most) {
  const { gradient } = back(w, run(w, marked(steps)), 6);
  return w - rate * clip(gradient, most);
}
