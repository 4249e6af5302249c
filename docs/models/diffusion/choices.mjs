/**
 * What the demo of diffusion can show: data in the plane, and presets with what to see.
 *
 * @typedef {import("./diffusion.mjs").Mixture} Mixture
 */

// Steps at the start: of the page's example, of all other data.
export const [FEW, MANY] = [4, 40];

/** @param {number} n @param {number} r @returns {number[][]} */
const ring = (n, r) =>
  Array.from({ length: n }, (_, i) => (2 * Math.PI * i) / n).map((angle) => [
    r * Math.cos(angle),
    r * Math.sin(angle),
  ]);
const moon = Array.from({ length: 12 }, (_, i) => (Math.PI * i) / 11).map((angle) => [
  1.1 * Math.cos(angle),
  1.1 * Math.sin(angle),
]);
const spiral = Array.from({ length: 24 }, (_, i) => {
  const [angle, radius] = [0.6 + i * 0.38, 0.15 + 0.062 * i];
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
});

/** @type {Record<string, Mixture>} */
export const SHAPES = {
  two: {
    means: [
      [-1, 0],
      [1, 0],
    ],
    spread: 0,
  },
  three: { means: ring(3, 1.3).map(([x, y]) => [y, x]), spread: 0.2 },
  ring: { means: ring(8, 1.5), spread: 0.12 },
  moons: {
    means: [
      ...moon.map(([x, y]) => [x - 0.5, y - 0.2]),
      ...moon.map(([x, y]) => [0.5 - x, 0.2 - y]),
    ],
    spread: 0.1,
  },
  spiral: { means: spiral, spread: 0.09 },
};

/**
 * What can be loaded with one press, and what to see.
 * @type {{name: string, see: string, shape: string, steps: number, wanted: number, scale: number}[]}
 */
export const PRESETS = [
  {
    name: "Two points",
    see: "The page’s example. Press Step four times: the status line follows its point to 1.00.",
    shape: "two",
    steps: FEW,
    wanted: 0,
    scale: 1,
  },
  {
    name: "Enough steps",
    see: "Forty steps: the samples lie around the modes as data do.",
    shape: "three",
    steps: MANY,
    wanted: 0,
    scale: 1,
  },
  {
    name: "Too few steps",
    see: "Two steps: the samples stop between the modes.",
    shape: "three",
    steps: 2,
    wanted: 0,
    scale: 1,
  },
  {
    name: "Strong guidance",
    see: "Towards mode 1 with g = 4: the samples crowd together, beyond the mode.",
    shape: "three",
    steps: MANY,
    wanted: 1,
    scale: 4,
  },
];
