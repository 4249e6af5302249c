/**
 * A square picture of a plane, its middle the origin, up to `reach` in each direction: from a point to its
 * place in pixels, and back.
 * @param {number} reach
 */
export const plane = (reach) => ({
  /** @param {number[]} point @param {number} width of the picture @returns {number[]} */
  at: ([x, y], width) => [((x / reach + 1) / 2) * width, ((1 - y / reach) / 2) * width],
  /** @param {number[]} place @param {number} width of the picture @returns {number[]} */
  place: ([x, y], width) => [((x / width) * 2 - 1) * reach, (1 - (y / width) * 2) * reach],
});
