/**
 * What the search finds in the index, and in which order: pure functions, loaded with the first search.
 */

/** @typedef {{location: string, title: string, text: string, page: Entry, words: Map<string, number>, head: Set<string>, terms: Set<string>, boost: number}} Entry */
/** @typedef {{entries: Entry[], vocabulary: Map<string, number>}} Index */

/** @param {string} text what one types: lower case, no accents, no ligatures */
export const fold = (text) =>
  text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("ß", "ss");

/** @param {string} word the word without the endings of plural and verb, roughly; -ize is -ise */
export const stem = (word) =>
  word.length < 5
    ? word.replace(/s$/, "")
    : word
        .replace(/(?:ies|ied|y)$/, "i")
        .replace(/(?:ations?|ings?|ers?|ed|es|s|e)$/, "")
        .replace(/iz$/, "is")
        .replace(/parametris$/, "parameteris");

/** @param {string} text */
export const words = (text) => fold(text).match(/[\p{L}\p{N}]+/gu) ?? [];

/** @param {string} text a term in one spelling of all: "pre-training" is "pretraining" */
const term = (text) => words(text).map(stem).join("");

/** @param {string} html the text of a piece of the index */
const plain = (html) =>
  html
    .replace(/<\/?(?:p|li|ul|ol|h\d|tr|td|th|dd|dt|div|pre|br)\b[^>]*>/g, " ")
    .replace(/<[^>]+>/g, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&")
    .replaceAll("¶", "")
    .replace(/\s+/g, " ")
    .trim();

/**
 * @param {{location: string, title: string, text: string, boost?: number, tags?: string[]}[]} docs
 * @returns {Index}
 */
export function build(docs) {
  /** @type {Map<string, Entry>} */
  const pages = new Map();
  /** @type {Map<string, number>} */
  const vocabulary = new Map();
  const entries = docs.map((doc) => {
    const title = plain(doc.title);
    const text = plain(doc.text);
    /** @type {any} */
    const entry = { location: doc.location, title, text, words: new Map(), boost: doc.boost ?? 1 };
    for (const word of words(text)) {
      entry.words.set(stem(word), (entry.words.get(stem(word)) ?? 0) + 1);
      if (word.length > 3) vocabulary.set(word, (vocabulary.get(word) ?? 0) + 1);
    }
    entry.head = new Set(words(title).map(stem));
    for (const word of words(title)) vocabulary.set(word, (vocabulary.get(word) ?? 0) + 20);
    const [address, anchor] = doc.location.split("#");
    if (!anchor) pages.set(address, entry);
    entry.page = pages.get(address) ?? entry;
    // The tags of a page are the terms that it explains for all others.
    entry.terms = new Set((doc.tags ?? []).map(term));
    return entry;
  });
  return { entries, vocabulary };
}

/**
 * How well each entry answers one word of a query.
 * @param {Index} index
 * @param {string} word its stem
 * @param {string} begun what the word begins with, if it may be unfinished
 * @returns {Map<Entry, number>}
 */
function hits(index, word, begun) {
  const fits = (/** @type {string} */ other) =>
    other === word || (begun !== "" && other.startsWith(begun));
  /** @type {Map<Entry, number>} */
  const found = new Map();
  for (const entry of index.entries) {
    let score = 0;
    const count = entry.words.get(word) ?? 0;
    if (count) score += count / (count + 1.2);
    else if (begun) for (const other of entry.words.keys()) if (fits(other)) score = 0.3;
    const head = entry.head.has(word) ? 1 : begun && [...entry.head].some(fits) ? 0.7 : 0;
    score += head * (entry.page === entry ? 8 : 4);
    if (score) found.set(entry, score * entry.boost);
  }
  return found;
}

/**
 * The entries that hold every word of the query (the last one may be unfinished), best first.
 * @param {Index} index
 * @param {string} query
 * @returns {{page: Entry, score: number, parts: Entry[]}[]} grouped by page
 */
export function find(index, query) {
  const typed = words(query);
  const last = typed.at(-1) ?? "";
  const open = !/\s$/.test(query) && last.length > 1;
  /** @type {Map<Entry, number>} */
  let scores = new Map();
  typed.map(stem).forEach((word, position) => {
    const found = hits(index, word, open && position === typed.length - 1 ? last : "");
    const rarity = Math.log(1 + index.entries.length / (1 + found.size));
    const before = scores;
    scores = new Map();
    for (const [entry, score] of found)
      if (position === 0 || before.has(entry))
        scores.set(entry, (before.get(entry) ?? 0) + score * rarity);
  });
  const asked = term(query);
  const best = Math.max(1, ...scores.values());
  for (const entry of index.entries)
    if (entry.terms.has(asked)) scores.set(entry, (scores.get(entry) ?? 0) + best);
  return grouped(scores, fold(query).trim());
}

/**
 * @param {Map<Entry, number>} scores
 * @param {string} phrase
 * @returns {{page: Entry, score: number, parts: Entry[]}[]}
 */
function grouped(scores, phrase) {
  /** @type {Map<Entry, {page: Entry, score: number, parts: Entry[]}>} */
  const groups = new Map();
  for (const [entry, value] of [...scores].sort((a, b) => b[1] - a[1])) {
    const exact = fold(entry.title) === phrase ? 3 : 1;
    const group = groups.get(entry.page) ?? { page: entry.page, score: 0, parts: [] };
    group.score = Math.max(group.score, value * exact) + value * 0.02;
    if (group.parts.length < 3) group.parts.push(entry);
    groups.set(entry.page, group);
  }
  return [...groups.values()].sort((a, b) => b.score - a.score).slice(0, 20);
}

/**
 * The commonest word that begins so, without what is typed already.
 * @param {Index} index
 * @param {string} query
 */
export function completion(index, query) {
  const last = /[\p{L}\p{N}]+$/u.exec(query)?.[0] ?? "";
  if (last.length < 2) return "";
  let best = "";
  for (const [word, count] of index.vocabulary)
    if (
      word.length > last.length &&
      word.startsWith(fold(last)) &&
      count > (index.vocabulary.get(best) ?? 0)
    )
      best = word;
  return best.slice(last.length);
}

/**
 * The nearest known word for each unknown one, or "" if there is none.
 * @param {Index} index
 * @param {string} query
 */
export function correction(index, query) {
  const distance = (/** @type {string} */ a, /** @type {string} */ b) => {
    let row = Array.from({ length: b.length + 1 }, (_, i) => i);
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      for (let j = 1; j <= b.length; j++)
        next[j] = Math.min(
          next[j - 1] + 1,
          row[j] + 1,
          row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1),
        );
      row = next;
    }
    return row[b.length];
  };
  const mended = words(query).map((word) => {
    if (index.vocabulary.has(word)) return word;
    let best = "";
    let least = word.length > 5 ? 2.5 : 1.5;
    for (const [other, count] of index.vocabulary) {
      if (Math.abs(other.length - word.length) > 2) continue;
      const far = distance(word, other) - Math.min(count, 100) / 1000;
      if (far < least) [least, best] = [far, other];
    }
    return best;
  });
  return mended.includes("") || mended.join(" ") === words(query).join(" ") ? "" : mended.join(" ");
}
