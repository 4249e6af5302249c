/**
 * The translator of encoder_decoder.py with trained weights: encoder, decoder with cross-attention, beam search.
 *
 * @typedef {import("../../assets/demos/weights.mjs").Weights} Weights
 * @typedef {number[][]} Rows a vector for each place
 * @typedef {{words: number[], logP: number}} Beginning
 */

const START = 1;
const END = 2;
const HEADS = 2;

/** @param {Weights} weights @param {string} name @returns {Rows} the rows of a matrix */
function matrix(weights, name) {
  const { shape, data } = weights.tensors[name];
  return Array.from({ length: shape[0] }, (_, i) =>
    Array.from(data.subarray(i * shape[1], (i + 1) * shape[1])),
  );
}

/** @param {number[]} a @param {number[]} b */
const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

/** @param {Weights} weights @param {string} name @param {Rows} rows @returns {Rows} */
function linear(weights, name, rows) {
  const w = matrix(weights, `${name}.weight`);
  return rows.map((row) => w.map((out) => dot(out, row)));
}

/** @param {Rows} a @param {Rows} b @returns {Rows} */
const plus = (a, b) => a.map((row, i) => row.map((value, k) => value + b[i][k]));

/** @param {Weights} weights @param {string} name @param {Rows} rows mean 0, variance 1, then the gain */
function norm(weights, name, rows) {
  const gain = weights.tensors[`${name}.weight`].data;
  return rows.map((row) => {
    const mean = row.reduce((a, b) => a + b, 0) / row.length;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
    return row.map((value, k) => ((value - mean) / Math.sqrt(variance + 1e-5)) * gain[k]);
  });
}

/** @param {number[]} scores */
function logSoftmax(scores) {
  const top = Math.max(...scores);
  const total = Math.log(scores.reduce((sum, s) => sum + Math.exp(s - top), 0)) + top;
  return scores.map((s) => s - total);
}

/**
 * Who may look at whom, a row of zeros and ones for each query.
 * @param {number} n source words @param {number} m words that the decoder reads
 */
export function masks(n, m) {
  /** @param {number} rows @param {number} columns @param {(i: number, j: number) => boolean} see */
  const grid = (rows, columns, see) =>
    Array.from({ length: rows }, (_, i) =>
      Array.from({ length: columns }, (_, j) => Number(see(i, j))),
    );
  const before = (/** @type {number} */ i, /** @type {number} */ j) => j <= i;
  return {
    encoder: grid(n, n, () => true),
    decoder: grid(m, m, before),
    cross: grid(m, n, () => true),
    prefix: grid(n + m, n + m, (i, j) => j <= i || j < n),
    causal: grid(n + m, n + m, before),
  };
}

/**
 * Queries from x, keys and values from context.
 * @param {Weights} weights @param {string} name @param {Rows} x @param {Rows} context @param {number[][]} allowed
 */
function attend(weights, name, x, context, allowed) {
  const [q, k, v] = ["q", "k", "v"].map((part) =>
    linear(weights, `${name}.${part}`, part === "q" ? x : context),
  );
  const d = q[0].length / HEADS;
  const mixed = q.map((row) => row.map(() => 0));
  const heads = Array.from({ length: HEADS }, (_, h) =>
    q.map((row, i) => {
      const part = (/** @type {number[]} */ all) => all.slice(h * d, (h + 1) * d);
      const scores = k.map((key, j) =>
        allowed[i][j] ? dot(part(row), part(key)) / Math.sqrt(d) : Number.NEGATIVE_INFINITY,
      );
      const a = logSoftmax(scores).map(Math.exp);
      for (const [j, weight] of a.entries()) {
        for (let c = h * d; c < (h + 1) * d; c += 1) mixed[i][c] += weight * v[j][c];
      }
      return a;
    }),
  );
  return { out: linear(weights, `${name}.o`, mixed), heads };
}

/** @param {Weights} weights @param {string} name @param {Rows} x */
function feed(weights, name, x) {
  const inner = linear(weights, `${name}.up`, x).map((row) => row.map((v) => Math.max(0, v)));
  return linear(weights, `${name}.down`, inner);
}

/** @param {Weights} weights @param {number[]} tokens @returns {Rows} */
function embed(weights, tokens) {
  const [words, places] = [matrix(weights, "words"), matrix(weights, "places")];
  return tokens.map((token, i) => words[token].map((value, k) => value + places[i][k]));
}

/** @param {Weights} weights @param {number[]} source @returns {Rows} a vector for each word */
export function encode(weights, source) {
  let h = embed(weights, source);
  const y = norm(weights, "encoder.0.norms.0", h);
  h = plus(h, attend(weights, "encoder.0.attend", y, y, masks(source.length, 0).encoder).out);
  h = plus(h, feed(weights, "encoder.0", norm(weights, "encoder.0.norms.1", h)));
  return norm(weights, "after.0", h);
}

/**
 * What follows the words that are written, and the weights of cross-attention by head, query and key.
 * @param {Weights} weights @param {Rows} h vectors of the source @param {number[]} words
 */
export function decode(weights, h, words) {
  const { decoder, cross } = masks(h.length, words.length);
  let x = embed(weights, words);
  const y = norm(weights, "decoder.0.norms.0", x);
  x = plus(x, attend(weights, "decoder.0.attend", y, y, decoder).out);
  const seen = attend(weights, "decoder.0.cross", norm(weights, "decoder.0.norms.1", x), h, cross);
  x = plus(x, seen.out);
  x = plus(x, feed(weights, "decoder.0", norm(weights, "decoder.0.norms.2", x)));
  const [last] = norm(weights, "after.1", x.slice(-1));
  return { logits: matrix(weights, "words").map((row) => dot(row, last)), attention: seen.heads };
}

/** @param {Weights} weights @param {number[]} source @param {number[]} words */
export const look = (weights, source, words) => decode(weights, encode(weights, source), words);

/** @param {Beginning} one @param {number} alpha */
export const score = ({ words, logP }, alpha) => logP / (words.length - 1) ** alpha;

/**
 * @param {Weights} weights @param {number[]} source @param {number} k beginnings that are kept
 * @param {number} alpha exponent of the length @param {number} most words
 * @returns {{found: Beginning[], steps: Beginning[][]}} texts, the best first, and what was kept at each step
 */
export function search(weights, source, k, alpha, most = 9) {
  const h = encode(weights, source);
  let kept = [{ words: [START], logP: 0 }];
  /** @type {Beginning[]} */
  const done = [];
  const steps = [];
  for (let t = 0; t < most && kept.length && done.length < k; t += 1) {
    const longer = kept.flatMap(({ words, logP }) =>
      logSoftmax(decode(weights, h, words).logits).map((more, word) => ({
        words: [...words, word],
        logP: logP + more,
      })),
    );
    const best = longer.sort((a, b) => b.logP - a.logP).slice(0, k);
    steps.push(best);
    done.push(...best.filter(({ words }) => words[words.length - 1] === END));
    kept = best.filter(({ words }) => words[words.length - 1] !== END);
  }
  const found = done.length ? done : kept;
  return { found: found.sort((a, b) => score(b, alpha) - score(a, alpha)), steps };
}

/** @param {Weights} weights @param {number[]} source @param {number} k @param {number} alpha */
export const translate = (weights, source, k, alpha) =>
  search(weights, source, k, alpha).found.map(({ words, logP }) => [words, logP]);
