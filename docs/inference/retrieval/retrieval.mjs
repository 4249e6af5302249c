/** BM25 of retrieval.py over a few notes, word by word. */

/** @typedef {{question: string, notes: string[], k1: number, b: number, letters: number}} Setting letters of a word that count; 0: all */
/** @typedef {{word: string, idf: number, notes: number, parts: number[]}} Term a word of the question: its weight, in how many notes it stands, and what it adds to each */

/** @param {string} text @param {number} letters @returns {string[]} its words in small letters, cut */
export const words = (text, letters) =>
  (text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? []).map((word) =>
    letters ? word.slice(0, letters) : word,
  );

/** @param {Setting} setting @returns {Term[]} in the order of the question */
export function terms({ question, notes, k1, b, letters }) {
  const texts = notes.map((note) => words(note, letters));
  const mean = texts.reduce((sum, text) => sum + text.length, 0) / texts.length;
  return words(question, letters).map((word) => {
    const counts = texts.map((text) => text.filter((one) => one === word).length);
    const having = counts.filter((count) => count > 0).length;
    const idf = Math.log(1 + (notes.length - having + 0.5) / (having + 0.5));
    const parts = counts.map((f, i) => {
      const norm = 1 - b + (b * texts[i].length) / mean;
      return f ? (idf * f * (k1 + 1)) / (f + k1 * norm) : 0;
    });
    return { word, idf, notes: having, parts };
  });
}

/** @param {Term[]} all of a question @param {number} notes how many @returns {number[]} the score of each note */
export const scores = (all, notes) =>
  Array.from({ length: notes }, (_, i) => all.reduce((sum, { parts }) => sum + parts[i], 0));

/** @param {number[]} values @returns {number[]} numbers of the notes, best first; of equal scores the earlier one first */
export const ranked = (values) =>
  values.map((_, i) => i).sort((one, other) => values[other] - values[one] || one - other);

/** @param {Setting} setting @returns {number[]} the scores, then the ranking */
export function outcome(setting) {
  const found = scores(terms(setting), setting.notes.length);
  return [...found, ...ranked(found)];
}
