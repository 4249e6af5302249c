/**
 * What each form of attention keeps, reads and computes for one more token, as in efficient_attention.py.
 *
 * @typedef {{h: number, g: number, d: number, c: number, r: number, n: number, w: number, layers: number, batch: number, number: number}} Settings
 *   query heads, heads of keys and values, width of a head, latent width, width of the rotated key, tokens,
 *   tokens that stay in sight, layers, texts in a batch, bytes of a number
 */

/** Heads of keys and values: all, groups, one, none with latent vectors, groups of the nearest tokens alone. */
const LAST = 4;

/**
 * @param {Settings} settings
 * @returns {number[][]} for each form: numbers kept for a token in a layer, bytes of the cache, operations
 *   of one step of writing, operations for each byte
 */
export function forms({ h, g, d, c, r, n, w, layers, batch, number }) {
  const near = Math.min(n, w);
  const heads = [h, g, 1, 0, g];
  return heads.map((pairs, form) => {
    const seen = form === LAST ? near : n;
    const kept = pairs ? 2 * pairs * d : c + r;
    const bytes = number * layers * batch * seen * kept;
    const widths = pairs ? 2 * d : 2 * c + r;
    const operations = 2 * h * widths * seen * layers * batch;
    return [kept, bytes, operations, operations / bytes];
  });
}

/**
 * @param {number} n tokens @param {number} d width of a head @param {number} t rows of a tile
 * @returns {[number, number]} numbers that one head moves without a mask: scores written out, and in tiles
 */
export function traffic(n, d, t) {
  return [4 * n * d + 4 * n * n, 2 * n * d * (1 + Math.ceil(n / t)) + n];
}
