/**
 * What a model costs: the sums of calculators.py and pictures.py, with the same names.
 * One operation is a multiplication or an addition; memory is in bytes.
 *
 * @typedef {Record<string, any>} Model an entry of models.toml
 * @typedef {Record<string, number>} Parts
 */

/** @type {Model} */
const DEFAULTS = {
  kind: "transformer",
  kv_heads: 0,
  head_width: 0,
  gated: false,
  tied: false,
  positions: 0,
  norm: "rms",
  bias: "none",
  head_norms: false,
  experts: 0,
  used: 0,
  shared: 0,
  expert_inner: 0,
  dense: 0,
  latent: 0,
  query_latent: 0,
  rotated: 0,
  reach: 0,
  windowed: 0,
};

/** @type {Record<string, number[]>} bytes of a parameter in training: weight, gradient, what Adam keeps */
const BYTES = { mixed: [2, 2, 12], fp32: [4, 4, 8], bf16: [2, 2, 4] };
const WAVES = 256;

/**
 * The entries of models.toml, whose values are all JSON.
 * @param {string} text @returns {Record<string, Model[]>}
 */
export function entries(text) {
  /** @type {Record<string, Model[]>} */
  const found = {};
  /** @type {Model | undefined} */
  let entry;
  for (const line of text.split("\n")) {
    const head = /^\[\[(\w+)\]\]$/.exec(line.trim());
    const pair = /^(\w+) = (.+)$/.exec(line.trim());
    if (head) {
      entry = {};
      found[head[1]] = [...(found[head[1]] ?? []), entry];
    } else if (pair && entry) entry[pair[1]] = JSON.parse(pair[2]);
  }
  return found;
}

/** @param {Model} row @returns {Model} with all its settings */
export function complete(row) {
  const m = { ...DEFAULTS, ...row };
  m.kv_heads = m.kv_heads || m.heads;
  m.head_width = m.head_width || Math.floor(m.width / m.heads);
  m.dense = m.experts ? m.dense : m.layers;
  return m;
}

/**
 * A complete model with other settings, in which no part is more than its whole.
 * @param {Model} m @param {Model} fresh @returns {Model}
 */
export function changed(m, fresh) {
  const n = { ...m, ...fresh };
  n.windowed = Math.floor((m.windowed * n.layers) / m.layers);
  n.dense = Math.min(n.dense, n.layers);
  n.used = Math.min(n.used, n.experts);
  n.kv_heads = Math.min(n.kv_heads, n.heads);
  return complete(n);
}

/** @param {Model} m @returns {number} weights of the matrices of attention in one layer */
export function attention(m) {
  const d = m.width;
  const wide = m.heads * m.head_width;
  if (m.kind === "retnet") return 2 * d * d + 3 * d * m.value_width;
  if (m.latent) {
    const queries = d * m.query_latent + m.query_latent * (wide + m.heads * m.rotated);
    return queries + d * (m.latent + m.rotated) + m.latent * 2 * wide + wide * d;
  }
  return 2 * d * wide + 2 * d * m.kv_heads * m.head_width;
}

/** @param {Model} m @param {number} inner @returns {number} weights of one feed-forward network */
export const feed = (m, inner) => (m.gated ? 3 : 2) * m.width * inner;

/** @param {Model} m @returns {number} norms and biases of all layers, and the last norm */
export function rest(m) {
  const d = m.width;
  const layers = m.layers;
  const each = m.norm === "layer" ? 2 * d : d;
  const inside = m.query_latent + m.latent + (m.head_norms ? 2 * m.head_width : 0);
  let biases = 0;
  if (m.bias === "qkv" || m.bias === "all")
    biases += (m.heads + 2 * m.kv_heads) * m.head_width * layers;
  if (m.bias === "all") {
    const hidden = m.gated ? 2 : 1;
    const one = hidden * m.expert_inner + d;
    biases += d * layers + m.dense * (hidden * m.inner + d);
    biases += (layers - m.dense) * ((m.experts + m.shared) * one + m.experts);
  }
  return layers * (2 * each + inside) + each + biases;
}

/** @param {Model} m @returns {Parts} parameters by part, all, active, and those that multiply a token */
export function parameters(m) {
  const d = m.width;
  const sparse = m.layers - m.dense;
  const expert = feed(m, m.expert_inner);
  const always = m.dense * feed(m, m.inner) + sparse * m.shared * expert;
  const parts = {
    input: (m.vocabulary + m.positions) * d,
    attention: m.layers * attention(m),
    feed: always + sparse * m.experts * expert,
    extra: sparse * m.experts * d,
    head: m.tied ? 0 : m.vocabulary * d,
    rest: rest(m),
  };
  const total = sum(parts);
  const idle = sparse * (m.experts - m.used) * expert;
  const used = parts.attention + parts.feed - idle + parts.extra;
  return { ...parts, total, active: total - idle, multiplied: used + m.vocabulary * d };
}

/** @param {Parts} parts */
const sum = (parts) => Object.values(parts).reduce((a, b) => a + b, 0);

/** @param {Model} m @param {number} keys @returns {number} operations of one token's scores and sums */
export function mixing(m, keys) {
  if (m.kind === "retnet") return (4 * m.layers * m.width * m.value_width) / m.heads;
  return 2 * m.heads * (2 * m.head_width + m.rotated) * seen(m, keys);
}

/** @param {Model} m @param {number} tokens @returns {number} keys in all layers */
function seen(m, tokens) {
  const near = m.reach ? Math.min(tokens, m.reach) : tokens;
  return m.windowed * near + (m.layers - m.windowed) * tokens;
}

/** @param {Model} m @param {number} tokens @param {number} [before] @returns {number} operations */
export const forward = (m, tokens, before = 0) =>
  tokens * (2 * parameters(m).multiplied + mixing(m, tokens + before));

/** @param {Model} m @param {number} tokens @param {number} length @returns {number} operations of training */
export const training = (m, tokens, length) => (3 * forward(m, length) * tokens) / length;

/** @param {number} operations @param {number} peak @param {number} mfu @returns {number} hours of one GPU */
export const hours = (operations, peak, mfu) => operations / (peak * mfu * 3600);

/** @param {number} operations @param {number} peak @param {number} spent @returns {number} share of the peak */
export const utilisation = (operations, peak, spent) => operations / (peak * spent * 3600);

/** @param {number} n @param {number} bits @param {number} [group] @returns {number} bytes */
export const weights = (n, bits, group = 0) => (n * (bits + (group ? 16 / group : 0))) / 8;

/** @param {Model} m @param {number} tokens @param {number} [size] @returns {number} bytes that one text keeps */
export function cache(m, tokens, size = 2) {
  if (m.kind === "retnet") return ((m.layers * m.width * m.value_width) / m.heads) * size;
  const each = m.latent ? m.latent + m.rotated : 2 * m.kv_heads * m.head_width;
  return each * seen(m, tokens) * size;
}

/** @param {number} n @param {string} precision @returns {number} bytes of weights, gradients and Adam */
export const states = (n, precision) => n * BYTES[precision].reduce((a, b) => a + b, 0);

/**
 * @param {Model} m @param {number} batch @param {number} length @param {string} kept
 * @returns {number} bytes of activations
 */
export function activations(m, batch, length, kept) {
  const d = m.width;
  /** @type {Record<string, number>} */
  const each = { all: 34 * d + 5 * m.heads * length, selected: 34 * d, inputs: 2 * d };
  return m.layers * length * batch * each[kept];
}

/** @param {Model} m @param {number} batch @returns {number} parameters that a step reads */
export function reading(m, batch) {
  const p = parameters(m);
  let idle = 0;
  if (m.experts) {
    const routed = (m.layers - m.dense) * m.experts * feed(m, m.expert_inner);
    idle = routed * (1 - m.used / m.experts) ** batch;
  }
  return p.total - (m.tied ? 0 : p.input) - idle;
}

/**
 * @param {Model} m @param {Model} gpu @param {number} gpus @param {number} held bytes of a parameter
 * @param {number} batch @param {number} context @returns {number} least seconds for one more token of each text
 */
export function step(m, gpu, gpus, held, batch, context) {
  const read = reading(m, batch) * held + batch * cache(m, context);
  const work = batch * forward(m, 1, context);
  return Math.max(read / (gpus * gpu.bandwidth), work / (gpus * gpu.peak));
}

/** @param {number} seconds @param {number} gpus @param {number} batch @param {number} hourly @returns {number} */
export const price = (seconds, gpus, batch, hourly) =>
  (((hourly * gpus) / 3600) * seconds * 1e6) / batch;

/**
 * All sums of one use, as the test of Python has them.
 * @param {Model} row @param {Model} gpu @param {number} tokens @param {number} before @param {number} batch
 * @returns {number[]}
 */
export function outcome(row, gpu, tokens, before, batch) {
  const m = complete(row);
  return [
    ...Object.values(parameters(m)),
    forward(m, tokens, before),
    training(m, 1e9 * batch, tokens),
    cache(m, tokens + before, 1.5),
    reading(m, batch),
    step(m, gpu, 8, 0.515625, batch, tokens),
    ...["all", "selected", "inputs"].map((kept) => activations(m, batch, tokens, kept)),
  ];
}

/** @param {Model} m @returns {Parts} parameters of a DiT, without its fixed table of positions */
export function dit(m) {
  const d = m.width;
  const patch = m.patch ** 2 * m.channels;
  const parts = {
    input: patch * d + (WAVES + d) * d + (m.classes + 1) * d,
    attention: m.layers * 4 * d * d,
    feed: m.layers * 2 * d * m.inner,
    extra: (6 * m.layers + 2) * d * d,
    head: 2 * patch * d,
    rest: m.layers * (11 * d + m.inner) + 5 * d + 2 * patch,
  };
  return { ...parts, total: sum(parts) };
}

/** @param {Model} m @param {number} tokens @returns {number} operations for one picture */
export function picture(m, tokens) {
  const p = dit(m);
  const d = m.width;
  const each = m.patch ** 2 * m.channels * d + p.attention + p.feed + p.head;
  const once = (WAVES + d) * d + p.extra;
  return 2 * (each * tokens + once) + 4 * m.layers * d * tokens * tokens;
}

/** @param {number} a @param {number} b @param {number} time @returns {number} a residual block of a U-Net */
function block(a, b, time) {
  const past = a === b ? 0 : a * b + b;
  return 2 * a + 9 * a * b + b + (time + 1) * b + 2 * b + 9 * b * b + b + past;
}

/** @param {number} c @returns {number} attention over the places of a picture */
const look = (c) => 2 * c + 4 * (c * c + c);

/** @param {Model} m @returns {number} parameters of the U-Net of DDPM */
export function unet(m) {
  const base = m.width;
  const time = 4 * base;
  const sizes = m.multipliers.map((/** @type {number} */ factor) => base * factor);
  const last = sizes.length - 1;
  let total = base * time + time + time * time + time + 9 * m.channels * base + base;
  const kept = [base];
  let now = base;
  for (let level = 0; level <= last; level += 1) {
    const wide = sizes[level];
    for (let i = 0; i < m.blocks; i += 1) {
      total += block(now, wide, time) + (m.attended.includes(level) ? look(wide) : 0);
      now = wide;
      kept.push(now);
    }
    if (level < last) {
      total += 9 * now * now + now;
      kept.push(now);
    }
  }
  total += 2 * block(now, now, time) + look(now);
  for (let level = last; level >= 0; level -= 1) {
    const wide = sizes[level];
    for (let i = 0; i <= m.blocks; i += 1) {
      total += block(now + (kept.pop() ?? 0), wide, time);
      total += m.attended.includes(level) ? look(wide) : 0;
      now = wide;
    }
    total += level ? 9 * now * now + now : 0;
  }
  return total + 2 * now + 9 * now * m.channels + m.channels;
}
