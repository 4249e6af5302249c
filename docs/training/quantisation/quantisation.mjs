/** The formats of quantisation.py on a row of weights: rounded in groups that share a scale. */

/** @typedef {{grid: number[], bits: number, scaleBits: number, rule: "absmax" | "power" | "mean"}} Format */
/** @typedef {"int8" | "int4" | "int3" | "int2" | "NF4" | "MXFP4" | "ternary"} FormatName */

/** The four weights of the page, the four of its exercise, and eight more. */
export const ROW = [
  0.56, -0.22, 0.32, -1.4, 0.9, -0.35, 0.5, 0.12, -0.64, 0.08, 0.27, -0.9, 1.1, -0.05, -0.48, 0.7,
];

/** @param {number} bits @returns {number[]} whole numbers, zero in the middle */
function integers(bits) {
  const top = 2 ** (bits - 1) - 1;
  return Array.from({ length: 2 * top + 1 }, (_, n) => n - top);
}

const NF4 = [
  -1, -0.696192806, -0.525072959, -0.394917426, -0.284441309, -0.184773403, -0.091049976, 0,
  0.079580315, 0.160930144, 0.246112251, 0.337915137, 0.440709732, 0.562616888, 0.722956644, 1,
];
const E2M1 = [-6, -4, -3, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 4, 6];

/** @type {Record<FormatName, Format>} */
export const FORMATS = {
  int8: { grid: integers(8), bits: 8, scaleBits: 16, rule: "absmax" },
  int4: { grid: integers(4), bits: 4, scaleBits: 16, rule: "absmax" },
  int3: { grid: integers(3), bits: 3, scaleBits: 16, rule: "absmax" },
  int2: { grid: integers(2), bits: 2, scaleBits: 16, rule: "absmax" },
  NF4: { grid: NF4, bits: 4, scaleBits: 16, rule: "absmax" },
  MXFP4: { grid: E2M1, bits: 4, scaleBits: 8, rule: "power" },
  ternary: { grid: integers(2), bits: Math.log2(3), scaleBits: 16, rule: "mean" },
};

/** @param {number} value @param {number[]} grid sorted @returns {number} the place of the nearest, of two the lower */
export function nearest(value, grid) {
  let at = 0;
  while (at < grid.length - 1 && value > (grid[at] + grid[at + 1]) / 2) at++;
  return at;
}

/** @param {number[]} weights @returns {number} the mean of their sizes */
const meanSize = (weights) =>
  weights.reduce((sum, value) => sum + Math.abs(value), 0) / weights.length;

/** @param {number[]} part the weights that share a scale @param {number[]} row all @param {Format} format */
function scaleOf(part, row, { grid, rule }) {
  if (rule === "mean") return meanSize(row);
  const largest = Math.max(...part.map(Math.abs), 1e-30);
  const top = grid[grid.length - 1];
  if (rule === "power") return 2 ** (Math.floor(Math.log2(largest)) - Math.floor(Math.log2(top)));
  return largest / top;
}

/**
 * @param {number[]} row @param {FormatName} name @param {number} group weights that share a scale
 * @returns {{made: number[], scales: number[]}} a scale for each weight
 */
export function quantise(row, name, group) {
  const format = FORMATS[name];
  const made = [];
  const scales = [];
  for (let start = 0; start < row.length; start += group) {
    const part = row.slice(start, start + group);
    const scale = scaleOf(part, row, format);
    for (const value of part) {
      made.push(format.grid[nearest(value / scale, format.grid)] * scale);
      scales.push(scale);
    }
  }
  return { made, scales };
}

/** @param {FormatName} name @param {number} group @param {number} all weights of the row @returns {number} */
export function bitsAWeight(name, group, all) {
  const { bits, scaleBits, rule } = FORMATS[name];
  return bits + scaleBits / (rule === "mean" ? all : group);
}

/** @param {number[]} row @param {number[]} made @returns {number} size of the error over the size of the weights */
export function error(row, made) {
  const square = (/** @type {number[]} */ values) => values.reduce((sum, v) => sum + v * v, 0);
  return Math.sqrt(square(row.map((value, n) => value - made[n])) / square(row));
}

/** @param {number[]} row @param {FormatName} name @param {number} group @returns {number[]} weights, bits, error */
export function outcome(row, name, group) {
  const { made } = quantise(row, name, group);
  return [...made, bitsAWeight(name, group, row.length), error(row, made)];
}
