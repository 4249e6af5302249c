/**
 * A small GPT in the browser: the same tokens, attention, logits and choice as docs/models/gpt.py.
 * The pure functions come first; `mount` shows them.
 *
 * @typedef {import("../../assets/demos/weights.mjs").Weights} Weights
 * @typedef {{causal?: boolean, placed?: boolean}} Switches
 * @typedef {{temperature?: number, topK?: number, topP?: number}} Choice
 */

import { random } from "../../assets/demos/rng.mjs";
import * as ui from "../../assets/demos/ui.mjs";
import { load } from "../../assets/demos/weights.mjs";

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

/** @param {Weights} weights the merges, a memory of pieces, the bytes of every token */
function tokenizer(weights) {
  let table = tables.get(weights);
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
    if (!word) {
      word = Array.from(piece, (c) => c.charCodeAt(0));
      for (let rank = 0; rank < pairs.length && word.length > 1; rank++) {
        const [a, b] = pairs[rank];
        /** @type {number[]} */
        const out = [];
        for (const token of word) {
          if (token === b && out.length && out[out.length - 1] === a) out[out.length - 1] = 256 + rank;
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
  if (text.includes("\ufffd") || /[\0-\t\v-\x1f\x7f]/.test(text)) {
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
const gelu = (x) =>
  0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));

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
 * @returns {{logits: number[], attention: number[][][][]}}
 *   logits after the last token; attention by layer, head, query, key
 */
export function forward(weights, tokens, { causal = true, placed = true } = {}) {
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
  const attention = [];
  for (let layer = 0; layer < layers; layer++) {
    const part = (/** @type {string} */ key) => get(`blocks.${layer}.${key}`);
    const read = (/** @type {string} */ norm) =>
      layerNorm(x, part(`${norm}.weight`), part(`${norm}.bias`));
    const apply = (/** @type {string} */ key, /** @type {Float64Array} */ input) =>
      linear(input, part(`${key}.weight`), part(`${key}.bias`), n);
    const { mixed, weights: a } = attend(apply("qkv", read("ln_1")), n, heads, causal);
    attention.push(a);
    apply("proj", mixed).forEach((value, p) => (x[p] += value));
    apply("down", apply("up", read("ln_2")).map(gelu)).forEach((value, p) => (x[p] += value));
  }
  const last = layerNorm(x.slice((n - 1) * e), get("ln_f.weight"), get("ln_f.bias"));
  const logits = Array.from(linear(last, wte, new Float64Array(vocabulary), 1));
  return { logits, attention };
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

const PROMPT = "Attention is";
const SEED = 1;
const LONGEST = 2000; // characters that are read of a pasted text
const TOP_K = [1, 2, 3, 5, 10, 20, 50, 100, 0];
const PER_SECOND = 5;

/** @param {HTMLElement} root */
export function mount(root) {
  const note = ui.element("p", {}, root);
  note.textContent =
    "The model is a file of about 250 kB. It is loaded when you start it, and nothing that you type leaves this page.";
  const begin = ui.button(root, "Load the model", async () => {
    begin.disabled = true;
    try {
      const weights = await load(new URL("weights.json", import.meta.url));
      note.remove();
      begin.remove();
      run(root, weights);
    } catch (error) {
      begin.disabled = false;
      note.textContent = `The model could not be loaded: ${error instanceof Error ? error.message : error}.`;
    }
  });
}

/** @param {HTMLElement} root @param {Weights} weights */
function run(root, weights) {
  const { layers, heads, context } = weights.meta.config;
  const { stage, controls, buttons, status, output } = ui.frame(root);
  const state = {
    /** @type {number[]} */ tokens: [],
    written: 0, // tokens at the end that the model wrote
    layer: 0,
    head: 0,
    query: 0,
    key: 0,
    /** @type {number[][][][]} */ attention: [],
    /** @type {number[]} */ logits: [],
    /** @type {number[]} */ plain: [],
    /** @type {number[]} */ chosen: [],
    source: random(SEED),
  };
  const seen = () => state.tokens.slice(-context);
  const label = (/** @type {number} */ token) => name(weights, token);
  const shown = (/** @type {number} */ token) => `“${label(token)}”`;
  const head = () => state.attention[state.layer][state.head];
  const headName = () => `layer ${state.layer + 1}, head ${state.head + 1}`;

  const wide = ui.element("div", {}, stage);
  wide.style.flexBasis = "100%";
  const id = `gpt-prompt-${Math.trunc(performance.now())}`;
  ui.element("label", { for: id, text: "Your text" }, wide);
  const prompt = ui.element("textarea", { id, rows: 3, spellcheck: "false", autocomplete: "off" }, wide);
  Object.assign(prompt.style, {
    display: "block",
    boxSizing: "border-box",
    width: "100%",
    padding: "0.5rem",
    font: "inherit",
    color: "inherit",
    background: "var(--paper, transparent)",
    border: "1px solid var(--edge, currentColor)",
  });
  wide.append(buttons); // next to the text, also on a phone
  const strip = ui.element("div", { role: "group", "aria-label": "Tokens: choose one to see what it attends to" }, wide);
  Object.assign(strip.style, { display: "flex", flexWrap: "wrap", gap: "2px", marginTop: "0.75rem" });

  const overview = ui.canvas(stage, {
    width: 320,
    height: 320,
    label: `Attention of all ${layers * heads} heads, one small map each; arrow keys choose a head`,
    draw: drawHeads,
    onPointer: ({ x, y, kind }) => {
      if (kind === "up") return;
      const { width, height } = overview.size;
      const across = Math.min(heads - 1, Math.max(0, Math.floor((x / width) * heads)));
      const down = Math.min(layers - 1, Math.max(0, Math.floor((y / height) * layers)));
      choose(down, across);
    },
    onKey: (key) => {
      const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[key];
      if (!move) return false;
      choose((state.layer + move[0] + layers) % layers, (state.head + move[1] + heads) % heads);
      return true;
    },
  });
  const map = ui.canvas(stage, {
    width: 320,
    height: 320,
    label: "Attention of the chosen head: a row for each token that looks, a column for each that is looked at; arrow keys move",
    draw: drawMap,
    onPointer: ({ x, y, kind }) => {
      if (kind === "up") return;
      const n = seen().length;
      const { left, top, cell } = layout(map.size.width, n);
      point(Math.floor((y - top) / cell), Math.floor((x - left) / cell));
    },
    onKey: (key) => {
      const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[key];
      if (!move) return false;
      point(state.query + move[0], state.key + move[1]);
      return true;
    },
  });
  const bars = ui.canvas(stage, {
    width: 320,
    height: 320,
    label: "The ten most probable next tokens, before and after temperature, top-k and top-p; the numbers are in the table below",
    draw: drawBars,
  });

  const headChoice = ui.select(controls, {
    label: "Head",
    options: Array.from({ length: layers * heads }, (_, i) => [
      String(i),
      `layer ${Math.floor(i / heads) + 1}, head ${(i % heads) + 1}`,
    ]),
    value: "0",
    onInput: (value) => choose(Math.floor(Number(value) / heads), Number(value) % heads),
  });
  const causal = ui.toggle(controls, { label: "Causal mask", value: true, onInput: () => compute(true) });
  const placed = ui.toggle(controls, { label: "Positions", value: true, onInput: () => compute(true) });
  const temperature = ui.slider(controls, {
    label: "Temperature",
    min: 0.1,
    max: 2,
    step: 0.1,
    value: 1,
    format: (value) => value.toFixed(1),
    onInput: () => decide(true),
  });
  const topK = ui.slider(controls, {
    label: "Top-k",
    min: 0,
    max: TOP_K.length - 1,
    step: 1,
    value: TOP_K.length - 1,
    format: (value) => (TOP_K[value] ? String(TOP_K[value]) : "all"),
    onInput: () => decide(true),
  });
  const topP = ui.slider(controls, {
    label: "Top-p",
    min: 0.05,
    max: 1,
    step: 0.05,
    value: 1,
    format: (value) => value.toFixed(2),
    onInput: () => decide(true),
  });
  const seed = ui.number(controls, {
    label: "Seed",
    value: SEED,
    onInput: (value) => {
      state.source = random(value);
      status(`The next tokens are drawn with seed ${value}.`);
    },
  });

  let typing = 0; // the timer that waits for the end of typing
  let waited = 0;
  const motion = ui.loop(root, (seconds) => {
    waited += seconds;
    if (waited < 1 / PER_SECOND && !ui.calm()) return true;
    waited = 0;
    step(true);
    const more = state.written < 3 * context;
    if (!more) pause();
    return more;
  });
  ui.button(buttons, "One token", () => {
    pause();
    step(false);
  });
  const play = ui.button(buttons, "Run", () => {
    if (motion.running()) return pause();
    if (ui.calm()) {
      for (let i = 0; i < 20; i++) step(true);
      status(`20 tokens were written: ${decode(weights, state.tokens.slice(-20))}`);
      return;
    }
    play.textContent = "Pause";
    waited = 1;
    motion.start();
  });
  ui.button(buttons, "Shuffle the tokens", shuffle);
  ui.button(buttons, "Reset", reset);

  function pause() {
    if (!motion.running() && play.textContent === "Run") return;
    motion.stop();
    play.textContent = "Run";
    status(`Paused after ${state.written} tokens.`);
  }

  /** Read what was typed, if that has not happened yet. */
  function flush() {
    if (typing) read();
  }

  /** Read the text anew. */
  function read() {
    clearTimeout(typing);
    typing = 0;
    const text = prompt.value.slice(-LONGEST);
    const tokens = encode(weights, text);
    state.tokens = tokens.length ? tokens : [10];
    state.written = 0;
    compute(false);
    const count = seen().length;
    if (!tokens.length) status("No text: the model begins after a line break.");
    else if (tokens.length > context || prompt.value.length > LONGEST) {
      status(`The text is longer than the context: the model sees its last ${count} tokens.`);
    } else status(`${count} token${count > 1 ? "s" : ""}. ${best()}`);
  }

  /** @param {boolean} tell */
  function compute(tell) {
    const { logits, attention } = forward(weights, state.tokens, {
      causal: causal.value(),
      placed: placed.value(),
    });
    state.attention = attention;
    state.logits = logits;
    state.query = state.key = seen().length - 1;
    decide(false);
    if (tell) {
      const off = [!causal.value() && "causal mask", !placed.value() && "positions"].filter(Boolean);
      status(
        off.length
          ? `Without ${off.join(" and ")}, which this model was never trained for. ${best()}`
          : `As trained. ${best()}`,
      );
    }
  }

  /** @param {boolean} tell */
  function decide(tell) {
    state.plain = probabilities(state.logits);
    state.chosen = probabilities(state.logits, {
      temperature: temperature.value(),
      topK: TOP_K[topK.value()],
      topP: topP.value(),
    });
    show();
    if (tell) {
      const left = state.chosen.filter((p) => p > 0).length;
      status(`${left} token${left > 1 ? "s" : ""} can be drawn. ${best()}`);
    }
  }

  const ranked = () =>
    state.plain
      .map((_, token) => token)
      .sort((a, b) => state.chosen[b] - state.chosen[a] || state.plain[b] - state.plain[a])
      .slice(0, 10);
  const best = () => {
    const [token] = ranked();
    return `Most probable next token: ${shown(token)}, ${state.chosen[token].toFixed(3)}.`;
  };

  /** @param {boolean} quiet */
  function step(quiet) {
    flush();
    const token = pick(state.chosen, state.source.uniform());
    const p = state.chosen[token];
    state.tokens.push(token);
    state.written += 1;
    prompt.value = decode(weights, state.tokens);
    prompt.scrollTop = prompt.scrollHeight;
    compute(false);
    status(`Drawn: ${shown(token)}, probability ${p.toFixed(3)}.`, quiet);
  }

  function shuffle() {
    pause();
    flush();
    const before = state.plain;
    const kept = seen();
    if (kept.length < 3) return status("There is nothing to shuffle before the last token.");
    state.tokens = shuffled(kept, seed.value());
    state.written = 0;
    prompt.value = decode(weights, state.tokens);
    compute(false);
    const moved = distance(before, state.plain);
    status(
      `All tokens but the last changed places. The distribution of the next token moved by ${moved.toFixed(3)} (0 is not at all, 1 is entirely).`,
    );
  }

  function reset() {
    motion.stop();
    play.textContent = "Run";
    prompt.value = PROMPT;
    seed.set(SEED);
    state.source = random(SEED);
    causal.set(true);
    placed.set(true);
    temperature.set(1);
    topK.set(TOP_K.length - 1);
    topP.set(1);
    [state.layer, state.head] = [0, 0];
    headChoice.set("0");
    read();
  }

  /** @param {number} layer @param {number} index */
  function choose(layer, index) {
    [state.layer, state.head] = [layer, index];
    headChoice.set(String(layer * heads + index));
    show();
    tellCell();
  }

  /** @param {number} query @param {number} key */
  function point(query, key) {
    const last = seen().length - 1;
    state.query = Math.min(last, Math.max(0, query));
    state.key = Math.min(last, Math.max(0, key));
    show();
    tellCell();
  }

  function tellCell() {
    const tokens = seen();
    const weight = head()[state.query][state.key];
    const hidden = causal.value() && state.key > state.query;
    status(
      hidden
        ? `${shown(tokens[state.query])} may not look at the later ${shown(tokens[state.key])}.`
        : `${shown(tokens[state.query])} looks at ${shown(tokens[state.key])} with weight ${weight.toFixed(3)} (${headName()}).`,
    );
  }

  function show() {
    const tokens = seen();
    const row = head()[state.query];
    while (strip.children.length > tokens.length) strip.lastChild?.remove();
    while (strip.children.length < tokens.length) {
      const i = strip.children.length;
      const made = ui.element("button", { type: "button", onclick: () => point(i, i) }, strip);
      Object.assign(made.style, {
        minWidth: "1.75rem",
        minHeight: "2rem",
        padding: "0 0.25rem",
        border: "1px solid transparent",
        borderBottomWidth: "3px",
        font: "inherit",
        color: "inherit",
        cursor: "pointer",
      });
    }
    tokens.forEach((token, i) => {
      const node = /** @type {HTMLElement} */ (strip.children[i]);
      const strength = Math.round(60 * row[i]);
      node.textContent = label(token);
      node.style.background = `color-mix(in srgb, var(--fig-1) ${strength}%, transparent)`;
      const written = i >= tokens.length - state.written;
      node.style.borderBottomColor = written ? "var(--fig-2)" : "transparent";
      node.style.outline = i === state.query ? "2px solid currentColor" : "";
      node.setAttribute("aria-pressed", String(i === state.query));
      node.setAttribute(
        "aria-label",
        `${label(token)}, weight ${row[i].toFixed(2)}${written ? ", written by the model" : ""}`,
      );
    });
    overview.redraw();
    map.redraw();
    bars.redraw();
    ui.table(
      output,
      "The ten most probable next tokens",
      ["Token", "Number", "Model", "To draw from"],
      ranked().map((token) => [
        label(token),
        token,
        state.plain[token].toFixed(4),
        state.chosen[token].toFixed(4),
      ]),
    );
  }

  /** Where the map's cells are. @param {number} width @param {number} n */
  function layout(width, n) {
    const margin = n <= 24 ? 64 : 8;
    return { left: margin, top: n <= 24 ? 48 : 8, cell: (width - margin - 8) / n };
  }

  /** @param {CanvasRenderingContext2D} g @param {number[][]} a @param {number} x @param {number} y @param {number} cell */
  function cells(g, a, x, y, cell) {
    a.forEach((row, i) =>
      row.forEach((weight, j) => {
        if (weight < 0.004) return;
        g.globalAlpha = Math.min(1, 0.08 + 0.92 * weight);
        g.fillRect(x + j * cell, y + i * cell, Math.max(cell - 0.5, 1), Math.max(cell - 0.5, 1));
      }),
    );
    g.globalAlpha = 1;
  }

  /** @param {CanvasRenderingContext2D} g @param {{width: number, height: number}} size @param {ReturnType<typeof ui.palette>} colours */
  function drawHeads(g, { width, height }, colours) {
    if (!state.attention.length) return;
    const [w, h] = [width / heads, height / layers];
    const side = Math.min(w, h - 14) - 6;
    g.font = "11px sans-serif";
    state.attention.forEach((maps, layer) =>
      maps.forEach((a, i) => {
        const [x, y] = [i * w + 3, layer * h + 14];
        g.fillStyle = colours.ink;
        g.fillText(`${layer + 1}.${i + 1}`, x, y - 3);
        g.strokeStyle = colours.grid;
        g.lineWidth = 1;
        g.strokeRect(x - 0.5, y - 0.5, side + 1, side + 1);
        g.fillStyle = colours.series[0];
        cells(g, a, x, y, side / a.length);
        if (layer === state.layer && i === state.head) {
          g.strokeStyle = colours.ink;
          g.lineWidth = 2;
          g.strokeRect(x - 1, y - 1, side + 2, side + 2);
        }
      }),
    );
  }

  /** @param {CanvasRenderingContext2D} g @param {{width: number, height: number}} size @param {ReturnType<typeof ui.palette>} colours */
  function drawMap(g, { width }, colours) {
    if (!state.attention.length) return;
    const tokens = seen();
    const { left, top, cell } = layout(width, tokens.length);
    g.strokeStyle = colours.grid;
    g.strokeRect(left - 0.5, top - 0.5, cell * tokens.length + 1, cell * tokens.length + 1);
    g.fillStyle = colours.series[0];
    cells(g, head(), left, top, cell);
    if (left > 8) {
      g.fillStyle = colours.ink;
      g.font = "12px sans-serif";
      g.textBaseline = "middle";
      tokens.forEach((token, i) => {
        const middle = (i + 0.5) * cell;
        g.textAlign = "right";
        g.fillText(label(token).slice(0, 9), left - 5, top + middle);
        g.save();
        g.translate(left + middle, top - 5);
        g.rotate(-Math.PI / 3);
        g.textAlign = "left";
        g.fillText(label(token).slice(0, 7), 0, 0);
        g.restore();
      });
      g.textAlign = "left";
      g.textBaseline = "alphabetic";
    }
    g.strokeStyle = colours.ink;
    g.lineWidth = 2;
    g.strokeRect(left + state.key * cell, top + state.query * cell, cell, cell);
    g.lineWidth = 1;
  }

  /** @param {CanvasRenderingContext2D} g @param {{width: number, height: number}} size @param {ReturnType<typeof ui.palette>} colours */
  function drawBars(g, { width, height }, colours) {
    if (!state.plain.length) return;
    const tokens = ranked();
    const line = height / tokens.length;
    const most = Math.max(...tokens.flatMap((t) => [state.plain[t], state.chosen[t]]));
    const room = width - 76 - 52;
    g.font = "12px sans-serif";
    g.textBaseline = "middle";
    tokens.forEach((token, i) => {
      const y = (i + 0.5) * line;
      g.fillStyle = state.chosen[token] ? colours.ink : colours.muted;
      g.textAlign = "right";
      g.fillText(label(token).slice(0, 10), 70, y);
      g.textAlign = "left";
      g.fillText(state.chosen[token].toFixed(3), width - 46, y);
      g.fillStyle = colours.series[0];
      g.fillRect(76, y - line * 0.32, (state.chosen[token] / most) * room, line * 0.64);
      g.strokeStyle = colours.series[1];
      g.lineWidth = 1.5;
      g.strokeRect(76, y - line * 0.32, (state.plain[token] / most) * room, line * 0.64);
    });
    g.textAlign = "left";
    g.textBaseline = "alphabetic";
  }

  prompt.addEventListener("input", () => {
    motion.stop();
    play.textContent = "Run";
    clearTimeout(typing);
    typing = window.setTimeout(read, 120);
  });
  reset();
  ui.element(
    "p",
    { text: `Solid bars: to draw from. Outlined bars: the model at temperature 1. A run writes at most ${PER_SECOND} tokens a second.` },
    root,
  );
}
