/**
 * Filling a text of two letters in any order, as text_diffusion.py has it, with an exact model: what it guesses,
 * what some ways of filling make, and how far that is from the data.
 *
 * @typedef {number[]} Text letters 0 and 1; 2 is the mask
 * @typedef {(text: Text, rows: number[][]) => number[]} Order a text and the guess for it to places, the next first
 */

export const MASK = 2;

/** @param {number} length @returns {Text[]} all texts, in the order of the alphabet */
export function texts(length) {
  /** @type {Text[]} */
  let all = [[]];
  for (let n = 0; n < length; n += 1) all = all.flatMap((text) => [0, 1].map((v) => [...text, v]));
  return all;
}

/** @param {Text} text without masks @param {number} stay @returns {number} its probability in the data */
export function chance(text, stay) {
  let p = 0.5;
  for (let n = 1; n < text.length; n += 1) p *= text[n] === text[n - 1] ? stay : 1 - stay;
  return p;
}

/** @param {number} length @param {number} stay @returns {number[]} of all texts */
export const data = (length, stay) => texts(length).map((text) => chance(text, stay));

/** @param {Text} text with masks @param {number} stay @returns {number[][]} probabilities of both letters, for each place */
export function guess(text, stay) {
  const rows = text.map(() => [0, 0]);
  let all = 0;
  for (const full of texts(text.length)) {
    if (full.some((letter, n) => text[n] !== MASK && text[n] !== letter)) continue;
    const p = chance(full, stay);
    all += p;
    for (const [n, letter] of full.entries()) rows[n][letter] += p;
  }
  return rows.map((row) => row.map((p) => p / all));
}

const round = (/** @type {number} */ value) => Math.round(value * 1e9);

/** The place whose best letter is most probable first. @type {Order} */
export function surest(text, rows) {
  const best = rows.map((row) => round(Math.max(...row)));
  return text.map((_, n) => n).sort((a, b) => best[b] - best[a] || a - b);
}

/** @param {number} length @returns {number[][]} all orders of the places */
export function permutations(length) {
  if (length === 0) return [[]];
  return permutations(length - 1).flatMap((rest) =>
    Array.from({ length }, (_, at) => [...rest.slice(0, at), length - 1, ...rest.slice(at)]),
  );
}

/** @param {Text} text @param {number} [base] @returns {number} its place in the order of the alphabet */
const index = (text, base = 2) => text.reduce((sum, letter) => base * sum + letter, 0);

/**
 * Probabilities of all texts that filling makes, so many places a call.
 * @param {number} length @param {number} stay @param {Order} order @param {number} atOnce
 * @returns {number[]}
 */
export function filling(length, stay, order, atOnce) {
  const result = new Array(2 ** length).fill(0);
  /** @param {Text} text @param {number} p */
  function go(text, p) {
    if (!text.includes(MASK)) {
      result[index(text)] += p;
      return;
    }
    const rows = guess(text, stay);
    const places = order(text, rows)
      .filter((n) => text[n] === MASK)
      .slice(0, atOnce);
    for (const letters of texts(places.length)) {
      const drawn = [...text];
      let now = p;
      for (const [k, n] of places.entries()) {
        drawn[n] = letters[k];
        now *= rows[n][letters[k]];
      }
      go(drawn, now);
    }
  }
  go(new Array(length).fill(MASK), 1);
  return result;
}

/**
 * Which draws stay: those with the greatest probability.
 * @param {number[]} hidden places @param {number[]} letters that were drawn there @param {number[][]} rows
 * @param {number} atOnce
 */
export function surestDraws(hidden, letters, rows, atOnce) {
  const sure = hidden.map((n, k) => round(rows[n][letters[k]]));
  const order = hidden.map((_, k) => k).sort((a, b) => sure[b] - sure[a] || a - b);
  return order.slice(0, atOnce).map((k) => hidden[k]);
}

/** @param {number} length @param {number} stay @param {number} atOnce @returns {number[]} what keeping the surest draws makes */
export function draws(length, stay, atOnce) {
  const result = new Array(2 ** length).fill(0);
  /** @param {Text} text @param {number} p */
  function go(text, p) {
    const hidden = text.map((_, n) => n).filter((n) => text[n] === MASK);
    if (hidden.length === 0) {
      result[index(text)] += p;
      return;
    }
    const rows = guess(text, stay);
    for (const letters of texts(hidden.length)) {
      const keep = surestDraws(hidden, letters, rows, atOnce);
      const drawn = [...text];
      let now = p;
      for (const [k, n] of hidden.entries()) {
        now *= rows[n][letters[k]];
        if (keep.includes(n)) drawn[n] = letters[k];
      }
      go(drawn, now);
    }
  }
  go(new Array(length).fill(MASK), 1);
  return result;
}

/** @param {number} length @param {string} way @returns {number[][]} phases of a fixed order; no call mixes two */
export function phases(length, way) {
  const places = Array.from({ length }, (_, n) => n);
  const both = [[0, length - 1], places.slice(1, -1)];
  if (way === "ends") return both;
  return way === "middle" ? both.reverse() : [places];
}

/** @param {number[][]} parts @returns {Order} the hidden places of the first phase that has some */
export const listed = (parts) => (text) =>
  parts.map((part) => part.filter((n) => text[n] === MASK)).find((part) => part.length) ?? [];

/** @param {number} length @param {string} way @param {number} atOnce @returns {number} of the model, for a text */
export const calls = (length, way, atOnce) =>
  phases(length, way).reduce((sum, part) => sum + Math.ceil(part.length / atOnce), 0);

/**
 * What a way of filling makes.
 * @param {number} length @param {number} stay @param {string} way left, ends, middle, random, place or draw
 * @param {number} atOnce @returns {number[]}
 */
export function made(length, stay, way, atOnce) {
  if (way === "draw") return draws(length, stay, atOnce);
  if (way === "place") return filling(length, stay, surest, atOnce);
  if (way !== "random") return filling(length, stay, listed(phases(length, way)), atOnce);
  const every = permutations(length).map((order) => filling(length, stay, listed([order]), atOnce));
  return every[0].map((_, k) => every.reduce((sum, one) => sum + one[k], 0) / every.length);
}

/** @param {number[]} p @param {number[]} q @returns {number} half the sum of all differences */
export const off = (p, q) => p.reduce((sum, value, k) => sum + Math.abs(value - q[k]), 0) / 2;

/** @param {number[]} p @param {number[]} q @returns {number} Kullback–Leibler divergence, nats */
export const lost = (p, q) =>
  p.reduce((sum, value, k) => sum + (value > 0 ? value * Math.log(value / q[k]) : 0), 0);

/** @param {number} length @param {number} stay @param {number[]} now @returns {number[]} after one random place was hidden and drawn anew */
export function remask(length, stay, now) {
  const after = now.map(() => 0);
  for (const [k, text] of texts(length).entries()) {
    for (let n = 0; n < length; n += 1) {
      const hidden = text.map((letter, m) => (m === n ? MASK : letter));
      const row = guess(hidden, stay)[n];
      for (const letter of [0, 1]) {
        const next = text.map((old, m) => (m === n ? letter : old));
        after[index(next)] += (now[k] * row[letter]) / length;
      }
    }
  }
  return after;
}
