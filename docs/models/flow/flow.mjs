/**
 * The sums of flow.py in the plane: two coupling layers, forwards and back, and the density.
 * A layer may be applied in part: a share of the logarithm of its scale, and of its shift.
 *
 * @typedef {[number, number]} Pair
 */

/** @type {Record<string, (kept: number) => Pair>} logarithm of the scale, and shift, from the kept number */
const NETS = {
  bend: (kept) => [Math.LN2 * kept, kept * kept],
  height: () => [Math.LN2, 3],
  wave: (kept) => [Math.sin(3 * kept), 2 * Math.sin(2 * kept)],
  jumps: (kept) => [0, Math.floor(kept + 1 / 3)], // between the points of the demo, where rounding does not matter
  none: () => [0, 0],
};

/**
 * Shares of both layers when so many layers are applied.
 * @param {number} applied from 0 to 2 @returns {Pair}
 */
const shares = (applied) => [Math.min(applied, 1), Math.max(applied - 1, 0)];

/**
 * Noise to data: layer 1 changes the second number, layer 2 the first.
 * @param {Pair} z @param {string[]} names of both networks @param {number} applied
 * @returns {{x: Pair, middle: Pair, volume: number}} `volume` is a logarithm
 */
export function generate(z, names, applied) {
  const [one, two] = shares(applied);
  const [a1, b1] = NETS[names[0]](z[0]);
  const second = z[1] * Math.exp(one * a1) + one * b1;
  const [a2, b2] = NETS[names[1]](second);
  const first = z[0] * Math.exp(two * a2) + two * b2;
  return { x: [first, second], middle: [z[0], second], volume: one * a1 + two * a2 };
}

/**
 * Data to noise.
 * @param {Pair} x @param {string[]} names @param {number} applied
 * @returns {{z: Pair, volume: number}}
 */
export function normalise(x, names, applied) {
  const [one, two] = shares(applied);
  const [a2, b2] = NETS[names[1]](x[1]);
  const first = (x[0] - two * b2) * Math.exp(-two * a2);
  const [a1, b1] = NETS[names[0]](first);
  const second = (x[1] - one * b1) * Math.exp(-one * a1);
  return { z: [first, second], volume: -one * a1 - two * a2 };
}

/** @param {Pair} z @returns {number} density of the noise */
export const normal = (z) => Math.exp(-(z[0] ** 2 + z[1] ** 2) / 2) / (2 * Math.PI);

/**
 * @param {Pair} x @param {string[]} names @param {number} applied
 * @returns {number} density of the data; by logarithms, since far out one factor is 0 and the other huge
 */
export function density(x, names, applied) {
  const { z, volume } = normalise(x, names, applied);
  return Math.exp(volume - (z[0] ** 2 + z[1] ** 2) / 2) / (2 * Math.PI);
}

/**
 * The density summed over the image of the noise from -reach to reach, at the midpoints of cells.
 * All rows of cells are equally high, and each is as wide as layer 2 stretches it.
 * @param {string[]} names @param {number} applied @param {number} reach @param {number} cells in a row and in a column
 * @returns {number}
 */
export function mass(names, applied, reach, cells) {
  const step = (2 * reach) / cells;
  const middles = Array.from({ length: cells }, (_, k) => (k + 0.5) * step - reach);
  const ends = middles.flatMap((first) =>
    [-reach, reach].map((second) => generate([first, second], names, applied).x[1]),
  );
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const tall = (high - low) / cells;
  const share = shares(applied)[1];
  let sum = 0;
  for (let row = 0; row < cells; row++) {
    const second = low + (row + 0.5) * tall;
    const [a, b] = NETS[names[1]](second);
    const scale = Math.exp(share * a);
    for (const middle of middles) {
      const at = /** @type {Pair} */ ([scale * middle + share * b, second]);
      sum += density(at, names, applied) * scale * step * tall;
    }
  }
  return sum;
}
