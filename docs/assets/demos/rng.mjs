/**
 * Seeded random numbers, the same as tests/rng.py gives for the same seed.
 * The generator is mulberry32: 32 bits of state, enough for pictures, not for statistics.
 */

/**
 * @param {number} seed any integer
 * @returns {{uniform: () => number, normal: () => number, integer: (n: number) => number}}
 *   uniform in [0, 1); standard normal by Box and Muller; integer in 0 … n − 1
 */
export function random(seed) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const normal = () => {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    return radius * Math.cos(2 * Math.PI * uniform());
  };
  return { uniform, normal, integer: (n) => Math.floor(uniform() * n) };
}

/** @param {number[]} p probabilities @param {number} u uniform on [0, 1) @returns {number} the place that it picks */
export function pick(p, u) {
  let below = 0;
  for (const [n, value] of p.entries()) {
    below += value;
    if (below > u) return n;
  }
  return p.reduce((last, value, n) => (value > 0 ? n : last), 0); // rounding must not reach beyond it
}
