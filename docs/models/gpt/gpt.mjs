/**
 * A small GPT in the browser: the same tokens, attention, logits and choice as gpt.py.
 *
 * @typedef {import("../../assets/demos/weights.mjs").Weights} Weights
 * @typedef {{causal?: boolean, placed?: boolean}} Switches
 * @typedef {{temperature?: number, topK?: number, topP?: number}} Choice
 */

import { random } from "../../assets/demos/rng.mjs";

// Bytes are handled as characters 0 … 255, so that the expression is the one of gpt.py.
const PIECE = / ?[A-Za-z]+| ?[0-9]+| ?[^A-Za-z0-9 \t-\r]+|[ \t-\r]+/g;

/** @param {string} text @returns {string} its UTF-8 bytes as characters */
const toBytes = (text) =>
  Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");

/** @param {string} bytes @returns {string} the text; what is no UTF-8 becomes U+FFFD */
const fromBytes = (bytes) =>
  new TextDecoder("utf-8", { ignoreBOM: true }).decode(
    Uint8Array.from(bytes, (c) => c.charCodeAt(0)),
  );

/** @type {WeakMap<Weights, {pairs: number[][], pieces: Map<string, number[]>, bytes: string[]}>} */
const tables = new WeakMap();

/** @param {Weights} weights the merges, a memory of pieces, the bytes of every token; or a list of words */
function tokenizer(weights) {
  let table = tables.get(weights);
  if (!table && weights.meta.words) {
    const bytes = weights.meta.words.map(toBytes);
    const pieces = new Map(
      bytes.map((/** @type {string} */ word, /** @type {number} */ i) => [word, [i]]),
    );
    table = { pairs: [], pieces, bytes };
    tables.set(weights, table);
  }
  if (!table) {
    const merges = weights.meta.merges ? weights.meta.merges.split(" ") : [];
    const pairs = merges.map((/** @type {string} */ pair) => pair.split(",").map(Number));
    const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));
    for (const [a, b] of pairs) bytes.push(bytes[a] + bytes[b]);
    table = { pairs, pieces: new Map(), bytes };
    tables.set(weights, table);
  }
  return table;
}

/**
 * Text to tokens: its bytes, merged within each piece in the order of learning.
 * @param {Weights} weights
 * @param {string} text
 * @returns {number[]}
 */
export function encode(weights, text) {
  const { pairs, pieces } = tokenizer(weights);
  /** @type {number[]} */
  const tokens = [];
  for (const piece of toBytes(text).match(PIECE) ?? []) {
    let word = pieces.get(piece);
    if (!word && weights.meta.words) continue; // it knows these words and no other text
    if (!word) {
      word = Array.from(piece, (c) => c.charCodeAt(0));
      for (let rank = 0; rank < pairs.length && word.length > 1; rank++) {
        const [a, b] = pairs[rank];
        /** @type {number[]} */
        const out = [];
        for (const token of word) {
          if (token === b && out.length && out[out.length - 1] === a)
            out[out.length - 1] = 256 + rank;
          else out.push(token);
        }
        word = out;
      }
      pieces.set(piece, word);
    }
    tokens.push(...word);
  }
  return tokens;
}

/**
 * Tokens to text.
 * @param {Weights} weights
 * @param {number[]} tokens
 */
export function decode(weights, tokens) {
  const { bytes } = tokenizer(weights);
  return fromBytes(tokens.map((token) => bytes[token]).join(""));
}

/**
 * A token as it can be read: blanks and line breaks visible, bytes that are no text in hexadecimal.
 * @param {Weights} weights
 * @param {number} token
 */
export function name(weights, token) {
  const bytes = tokenizer(weights).bytes[token];
  const text = fromBytes(bytes);
  const control = (/** @type {string} */ c) => (c < " " && c !== "\n") || c === "\x7f";
  if (text.includes("\ufffd") || Array.from(text).some(control)) {
    const hex = Array.from(bytes, (c) => c.charCodeAt(0).toString(16).padStart(2, "0"));
    return `‹${hex.join(" ")}›`;
  }
  return text.replaceAll(" ", "·").replaceAll("\n", "↵");
}

/**
 * Rows of x times the transposed matrix, plus a bias: (n, inner) and (outer, inner) to (n, outer).
 * @param {Float64Array} x @param {Float64Array} w @param {Float64Array} b @param {number} n
 */
function linear(x, w, b, n) {
  const outer = b.length;
  const inner = w.length / outer;
  const out = new Float64Array(n * outer);
  for (let i = 0; i < n; i++) {
    for (let o = 0; o < outer; o++) {
      let sum = b[o];
      for (let k = 0, p = i * inner, q = o * inner; k < inner; k++) sum += x[p + k] * w[q + k];
      out[i * outer + o] = sum;
    }
  }
  return out;
}

/** Mean zero and variance one in every row, then gain and bias.
 * @param {Float64Array} x @param {Float64Array} gain @param {Float64Array} bias */
function layerNorm(x, gain, bias) {
  const e = gain.length;
  const out = new Float64Array(x.length);
  for (let p = 0; p < x.length; p += e) {
    let mean = 0;
    for (let k = 0; k < e; k++) mean += x[p + k] / e;
    let variance = 0;
    for (let k = 0; k < e; k++) variance += (x[p + k] - mean) ** 2 / e;
    const scale = 1 / Math.sqrt(variance + 1e-5);
    for (let k = 0; k < e; k++) out[p + k] = (x[p + k] - mean) * scale * gain[k] + bias[k];
  }
  return out;
}

/** @param {number} x */
const gelu = (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));

/** @param {Float64Array} x changed in place @param {Float64Array} more */
function add(x, more) {
  for (let p = 0; p < x.length; p++) x[p] += more[p];
}

/** Exponentials over their sum. @param {number[]} scores @returns {number[]} */
export function softmax(scores) {
  const top = Math.max(...scores);
  const e = scores.map((s) => Math.exp(s - top));
  const total = e.reduce((a, b) => a + b, 0);
  return e.map((value) => value / total);
}

/**
 * Attention of all heads: what is added to the stream before the projection, and the weights.
 * @param {Float64Array} qkv (n, 3e) @param {number} n @param {number} heads @param {boolean} causal
 */
function attend(qkv, n, heads, causal) {
  const row = qkv.length / n;
  const e = row / 3;
  const d = e / heads;
  const mixed = new Float64Array(n * e);
  const weights = [];
  for (let h = 0; h < heads; h++) {
    const head = [];
    for (let i = 0; i < n; i++) {
      const scores = [];
      for (let j = 0; j < (causal ? i + 1 : n); j++) {
        let s = 0;
        for (let k = 0; k < d; k++) s += qkv[i * row + h * d + k] * qkv[j * row + e + h * d + k];
        scores.push(s / Math.sqrt(d));
      }
      const a = softmax(scores);
      for (let j = 0; j < a.length; j++) {
        for (let k = 0; k < d; k++) {
          mixed[i * e + h * d + k] += a[j] * qkv[j * row + 2 * e + h * d + k];
        }
      }
      while (a.length < n) a.push(0);
      head.push(a);
    }
    weights.push(head);
  }
  return { mixed, weights };
}

/**
 * The whole model on the last `context` of the tokens.
 * @param {Weights} weights
 * @param {number[]} tokens
 * @param {Switches} [switches] the causal mask; the vectors of the positions
 * @param {(step: string, layer: number, rows: Float64Array) => void} [seen] is shown the stream after each step,
 *   and queries, keys and values
 * @returns {{logits: number[], attention: number[][][][]}}
 *   logits after the last token; attention by layer, head, query, key
 */
export function forward(weights, tokens, { causal = true, placed = true } = {}, seen = () => {}) {
  const { width: e, heads, layers, context, vocabulary } = weights.meta.config;
  const ids = tokens.slice(-context);
  if (!ids.length || !ids.every((id) => Number.isInteger(id) && id >= 0 && id < vocabulary)) {
    throw new RangeError(`tokens ${tokens} are none, or not all in 0 … ${vocabulary - 1}`);
  }
  const n = ids.length;
  const get = (/** @type {string} */ key) => weights.tensors[key].data;
  const [wte, wpe] = [get("wte"), get("wpe")];
  const x = new Float64Array(n * e);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < e; k++) x[i * e + k] = wte[ids[i] * e + k] + (placed ? wpe[i * e + k] : 0);
  }
  seen("position", 0, x);
  const attention = [];
  for (let layer = 0; layer < layers; layer++) {
    const part = (/** @type {string} */ key) => get(`blocks.${layer}.${key}`);
    const read = (/** @type {string} */ norm) =>
      layerNorm(x, part(`${norm}.weight`), part(`${norm}.bias`));
    const apply = (/** @type {string} */ key, /** @type {Float64Array} */ input) =>
      linear(input, part(`${key}.weight`), part(`${key}.bias`), n);
    const qkv = apply("qkv", read("ln_1"));
    seen("qkv", layer, qkv);
    const { mixed, weights: a } = attend(qkv, n, heads, causal);
    attention.push(a);
    add(x, apply("proj", mixed));
    seen("attention", layer, x);
    add(x, apply("down", apply("up", read("ln_2")).map(gelu)));
    seen("network", layer, x);
  }
  const last = layerNorm(x.slice((n - 1) * e), get("ln_f.weight"), get("ln_f.bias"));
  const logits = Array.from(linear(last, wte, new Float64Array(vocabulary), 1));
  return { logits, attention };
}

/**
 * The way of one token: its stream after every step, with the likeliest next token if the model ended there
 * (the *logit lens*), and query, key and value of one head, after which `token` is -1.
 * @param {Weights} weights @param {number[]} tokens @param {Switches} switches
 * @param {{query: number, layer: number, head: number}} chosen the place of the token among those that are seen
 * @returns {{step: string, layer: number, values: number[], token: number, p: number}[]}
 */
export function way(weights, tokens, switches, { query, layer: shown, head }) {
  const { width: e, heads, context, vocabulary } = weights.meta.config;
  const get = (/** @type {string} */ key) => weights.tensors[key].data;
  const wte = get("wte");
  /** @type {{step: string, layer: number, values: number[], token: number, p: number}[]} */
  const rows = [];
  const push = (
    /** @type {string} */ step,
    /** @type {number} */ layer,
    /** @type {Float64Array} */ x,
  ) => {
    const last = layerNorm(x, get("ln_f.weight"), get("ln_f.bias"));
    const p = softmax(Array.from(linear(last, wte, new Float64Array(vocabulary), 1)));
    const most = Math.max(...p);
    rows.push({ step, layer, values: Array.from(x), token: p.indexOf(most), p: most });
  };
  const id = tokens.slice(-context)[query];
  push("token", 0, wte.slice(id * e, (id + 1) * e));
  forward(weights, tokens, switches, (step, layer, x) => {
    if (step !== "qkv") push(step, layer, x.slice(query * e, (query + 1) * e));
    else if (layer === shown) {
      ["query", "key", "value"].forEach((name, part) => {
        const from = (3 * query + part) * e + (head * e) / heads;
        const values = Array.from(x.slice(from, from + e / heads));
        rows.push({ step: name, layer, values, token: -1, p: 0 });
      });
    }
  });
  return rows;
}

/**
 * Probabilities to sample from: temperature, then the best k, then the fewest that hold p.
 * @param {number[]} logits
 * @param {Choice} [choice] topK 0 keeps all
 * @returns {number[]}
 */
export function probabilities(logits, { temperature = 1, topK = 0, topP = 1 } = {}) {
  if (!(temperature > 0) || !(topK >= 0) || !(topP > 0 && topP <= 1)) {
    throw new RangeError(`temperature ${temperature}, topK ${topK}, topP ${topP}: out of range`);
  }
  const p = softmax(logits.map((logit) => logit / temperature));
  const order = p.map((_, token) => token).sort((a, b) => p[b] - p[a] || a - b);
  const kept = order.slice(0, topK || order.length);
  const enough = topP * kept.reduce((sum, token) => sum + p[token], 0);
  const out = new Array(p.length).fill(0);
  let before = 0;
  for (const token of kept) {
    // In Python: what came before, as the running sum without the token itself.
    if (before + p[token] - p[token] >= enough) break;
    out[token] = p[token];
    before += p[token];
  }
  const total = out.reduce((sum, value) => sum + value, 0);
  return out.map((value) => value / total);
}

/**
 * The token at which the running sum of p passes a number drawn from [0, 1).
 * @param {number[]} p
 * @param {number} uniform
 */
export function pick(p, uniform) {
  const goal = uniform * p.reduce((sum, value) => sum + value, 0);
  let sum = 0;
  let last = 0;
  for (let token = 0; token < p.length; token++) {
    if (!p[token]) continue;
    sum += p[token];
    last = token;
    if (sum > goal) break;
  }
  return last;
}

/**
 * Append `count` sampled tokens.
 * @param {Weights} weights @param {number[]} tokens @param {number} count @param {number} seed
 * @param {Choice} [choice] @param {Switches} [switches]
 */
export function generate(weights, tokens, count, seed, choice = {}, switches = {}) {
  const { uniform } = random(seed);
  const out = [...tokens];
  for (let i = 0; i < count; i++) {
    out.push(pick(probabilities(forward(weights, out, switches).logits, choice), uniform()));
  }
  return out;
}

/**
 * All tokens but the last in another order.
 * @param {number[]} tokens @param {number} seed
 */
export function shuffled(tokens, seed) {
  const { integer } = random(seed);
  const out = [...tokens];
  for (let i = out.length - 2; i > 0; i--) {
    const j = integer(i + 1);
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}

/** Total variation distance, from 0 (equal) to 1. @param {number[]} p @param {number[]} q */
export const distance = (p, q) => p.reduce((sum, value, i) => sum + Math.abs(value - q[i]), 0) / 2;

/** @param {number[][]} rows */
const tensor = (rows) => ({
  shape: [rows.length, rows[0].length],
  data: Float64Array.from(rows.flat()),
});

/** A row of numbers, all alike. @param {number} n @param {number} value */
const alike = (n, value) => new Array(n).fill(value);

/**
 * The model of the page's example, whose weights were written by hand.
 * @returns {Weights}
 */
export function byHand() {
  const [name, verb, drink] = [
    [1, 1, -1, -1],
    [1, -1, 1, -1],
    [1, -1, -1, 1],
  ];
  const times = (/** @type {number} */ a, /** @type {number[]} */ x) => x.map((v) => a * v);
  const plus = (/** @type {number[]} */ x, /** @type {number[]} */ y) => x.map((v, i) => v + y[i]);
  const minus = (/** @type {number[]} */ x) => times(-1, x);
  const qkv = Array.from({ length: 12 }, () => alike(4, 0));
  qkv[0] = times(1 / 2, verb);
  qkv[4] = times(-1 / 2, verb);
  qkv[8] = times(1 / 4, name);
  /** @type {[number[], number, number[]][]} what is looked for, the threshold, what is added */
  const units = [
    [plus(name, minus(verb)), 16, verb],
    [plus(minus(name), minus(verb)), 16, verb],
    [plus(name, verb), 24, drink],
    [plus(minus(name), verb), 24, minus(drink)],
    [drink, 15, minus(verb)],
    [minus(drink), 15, minus(verb)],
  ];
  while (units.length < 16) units.push([alike(4, 0), 0, alike(4, 0)]);
  /** @type {Record<string, number[][]>} */
  const parts = {
    wte: [name, minus(name), verb, drink, minus(drink), minus(verb)],
    wpe: [alike(4, 0), times(1 / 2, verb), alike(4, 0), times(-1 / 2, verb)],
    "blocks.0.qkv.weight": qkv,
    "blocks.0.qkv.bias": [alike(12, 0)],
    "blocks.0.proj.weight": name.map((v) => [v, 0, 0, 0]),
    "blocks.0.proj.bias": [alike(4, 0)],
    "blocks.0.up.weight": units.map(([pattern]) => times(5, pattern)),
    "blocks.0.up.bias": [units.map(([, threshold]) => -threshold)],
    "blocks.0.down.weight": name.map((_, row) => units.map(([, , added]) => added[row])),
    "blocks.0.down.bias": [alike(4, 0)],
  };
  for (const norm of ["blocks.0.ln_1", "blocks.0.ln_2", "ln_f"]) {
    parts[`${norm}.weight`] = [alike(4, 1)];
    parts[`${norm}.bias`] = [alike(4, 0)];
  }
  return {
    meta: {
      words: ["Ann", "Tom", " likes", " tea", " milk", "."],
      config: { vocabulary: 6, context: 4, layers: 1, heads: 1, width: 4 },
    },
    tensors: Object.fromEntries(Object.entries(parts).map(([key, rows]) => [key, tensor(rows)])),
  };
}

/**
 * The tokens of a text for the model of the example, and the probabilities of the next one.
 * @param {string} text
 */
export function example(text) {
  const weights = byHand();
  const tokens = encode(weights, text);
  return { tokens, p: probabilities(forward(weights, tokens).logits) };
}
