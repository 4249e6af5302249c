/**
 * Byte-pair encoding as tokens.py has it: merges, encoding and decoding, on the bytes of a text.
 *
 * @typedef {{pair: [number, number], count: number}} Merge a pair of tokens, and how often it occurred
 */

const PIECES = / ?[A-Za-z\x80-\xff]+| ?[0-9]+| ?[^A-Za-z0-9\x80-\xff \t-\r]+|[ \t-\r]+/g;

/** @param {string} text @returns {number[]} its bytes in UTF-8 */
export const bytesOf = (text) => Array.from(new TextEncoder().encode(text));

/** @param {string} text @returns {number[][]} words with the space before them, as bytes */
export function split(text) {
  const letters = bytesOf(text).map((byte) => String.fromCharCode(byte));
  const pieces = letters.join("").match(PIECES) ?? [];
  return pieces.map((piece) => Array.from(piece, (letter) => letter.charCodeAt(0)));
}

/**
 * @param {number[]} tokens
 * @param {[number, number]} pair
 * @param {number} by the new token
 */
export function merge(tokens, [a, b], by) {
  /** @type {number[]} */
  const out = [];
  for (const token of tokens) {
    if (token === b && out.length && out[out.length - 1] === a) out[out.length - 1] = by;
    else out.push(token);
  }
  return out;
}

/** @param {number[][]} words @param {number[]} times @returns {Merge | undefined} the most frequent pair */
function mostFrequent(words, times) {
  /** @type {Map<string, Merge>} */
  const counts = new Map();
  for (const [n, word] of words.entries()) {
    for (let i = 1; i < word.length; i += 1) {
      const key = `${word[i - 1]} ${word[i]}`;
      const known = counts.get(key) ?? { pair: [word[i - 1], word[i]], count: 0 };
      known.count += times[n];
      counts.set(key, known);
    }
  }
  /** @type {Merge | undefined} */
  let best;
  for (const found of counts.values()) {
    const more = best ? found.count - best.count : 1;
    const [a, b] = best ? [found.pair[0] - best.pair[0], found.pair[1] - best.pair[1]] : [1, 1];
    if (more > 0 || (more === 0 && (a > 0 || (a === 0 && b > 0)))) best = found;
  }
  return best;
}

/**
 * Learn merges: again and again the most frequent pair, of equals the one with the greater numbers.
 * @param {string} text @param {number} merges at most
 * @returns {Merge[]}
 */
export function train(text, merges) {
  const found = split(text);
  /** @type {Map<string, number>} */
  const places = new Map();
  /** @type {number[][]} */
  let words = [];
  /** @type {number[]} */
  const times = [];
  for (const word of found) {
    const key = word.join(" ");
    const place = places.get(key) ?? words.length;
    if (place === words.length) words.push(word);
    places.set(key, place);
    times[place] = (times[place] ?? 0) + 1;
  }
  /** @type {Merge[]} */
  const learnt = [];
  while (learnt.length < merges) {
    const best = mostFrequent(words, times);
    if (!best) break;
    learnt.push(best);
    words = words.map((word) => merge(word, best.pair, 255 + learnt.length));
  }
  return learnt;
}

/** @param {string} text @param {Merge[]} merges @returns {number[]} its tokens */
export function encode(text, merges) {
  return split(text).flatMap((word) =>
    merges.reduce((tokens, { pair }, n) => merge(tokens, pair, 256 + n), word),
  );
}

/** @param {Merge[]} merges @returns {number[][]} the bytes that each token stands for */
export function vocabulary(merges) {
  const table = Array.from({ length: 256 }, (_, byte) => [byte]);
  for (const { pair } of merges) table.push([...table[pair[0]], ...table[pair[1]]]);
  return table;
}

/** @param {number[]} tokens @param {Merge[]} merges @returns {string} the text */
export function decode(tokens, merges) {
  const table = vocabulary(merges);
  return new TextDecoder().decode(new Uint8Array(tokens.flatMap((token) => table[token])));
}

/** @param {string} text @param {number} merges @returns {number[][]} pairs and their counts, for comparison */
export const learned = (text, merges) =>
  train(text, merges).map(({ pair, count }) => [...pair, count]);

/** @param {string} training @param {number} merges @param {string} text @returns {number[]} */
export const cut = (training, merges, text) => encode(text, train(training, merges));
