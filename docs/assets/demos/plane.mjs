/**
 * A square picture of a plane, its middle the origin, up to `reach` in each direction: from a point to its
 * place in pixels, and back.
 * @param {number} reach @param {number} [edge] pixels beyond that, for what is drawn round a point there
 */
export const plane = (reach, edge = 0) => ({
  /** @param {number[]} point @param {number} width of the picture @returns {number[]} */
  at: ([x, y], width) => [
    edge + ((x / reach + 1) / 2) * (width - 2 * edge),
    edge + ((1 - y / reach) / 2) * (width - 2 * edge),
  ],
  /** @param {number[]} place @param {number} width of the picture @returns {number[]} */
  place: ([x, y], width) => [
    (((x - edge) / (width - 2 * edge)) * 2 - 1) * reach,
    (1 - ((y - edge) / (width - 2 * edge)) * 2) * reach,
  ],
});
