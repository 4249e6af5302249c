/**
 * The words of the search and its index: pure functions, loaded with the first search. `fold`, `stem` and
 * `slug` are the same functions as in scripts/search_index.py, which writes the index.
 */

/** @typedef {{page: Page, title: string, key: string, anchor: string, location: string, elsewhere: boolean}} Section `elsewhere`: another page owns the term of its heading */
/** @typedef {{number: number, address: string, title: string, key: string, first: number, sections: Section[]}} Page `key`: the stems of its title as one word */
/** @typedef {{words: string[][], page: number}} Term the ways to say it, in stems, and who owns it */
/** @typedef {{pages: Page[], sections: Section[], stop: Set<string>, stems: string[], forms: Map<string, string>, signs: Map<string, string>, places: Map<string, number[]>, heads: Map<string, number[]>, headStems: string[], terms: Map<string, Term>, bags: Map<string, Term>, titles: Term[], shorts: Map<string, Term>, initials: Map<string, string[]>, mended: Map<string, string>}} Index */

const FINAL = 57; // signs of the last digit of a gap
const MORE = 34; // signs of the digits before it
const TURN = 8; // milliseconds until reading the index lets the page have its turn

/** @param {string} text what one types: lower case, no accents, no ligatures */
export const fold = (text) =>
  text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("ß", "ss");

/** @param {string} word the word without the endings of plural and verb, roughly; -ize is -ise, -our is -or */
export const stem = (word) =>
  word.length < 4
    ? word
    : word
        .replace(/ies$/, "y")
        .replace(/(ss|x|ch|sh)es$/, "$1")
        .replace(/(?<![si])(?<!ia)(?<!...u)s$/, "")
        .replace(/(?<=..)y$/, "i")
        .replace(/(?<=...)(?:ation|ing|er|ed|e)$/, "")
        .replace(/(?<=.{5})at$/, "")
        .replace(/ional$/, "ion")
        .replace(/([bdglmnprt])\1$/, "$1")
        .replace(/([iy])z$/, "$1s")
        .replace(/parametris$/, "parameteris")
        .replace(/our$/, "or");

/** @param {string} text */
export const words = (text) => fold(text).match(/[\p{L}\p{N}]+/gu) ?? [];

/** @param {string} title the anchor of a section that has no name of its own */
export const slug = (title) =>
  fold(title)
    .replace(/[^a-z0-9_\s-]/g, "")
    .trim()
    .replace(/[-\s]+/g, "-");

/**
 * @param {Map<string, number[]>} lists
 * @param {string} key
 * @param {number} value
 */
function note(lists, key, value) {
  const list = lists.get(key);
  if (!list) lists.set(key, [value]);
  else if (list.at(-1) !== value) list.push(value);
}

/**
 * The index as it is searched.
 * @param {{stop: string, pages: string[][], terms: [string, string, number][], words: string, places: string}} data
 * @returns {Promise<Index>} a page is not held up by it: it pauses
 */
export async function read(data) {
  let since = performance.now();
  const pause = async () => {
    if (performance.now() - since < TURN) return;
    await new Promise((done) => setTimeout(done));
    since = performance.now();
  };
  const forms = data.words.split(" ");
  const signs = data.places.split(" ");
  /** @type {string[]} */
  const stems = [];
  for (const form of forms) {
    stems.push(stem(form));
    if (stems.length % 100 === 0) await pause();
  }
  /** @type {Index} */
  const index = {
    pages: [],
    sections: [],
    stop: new Set(data.stop.split(" ")),
    stems,
    forms: new Map(stems.map((one, i) => [one, forms[i]])),
    signs: new Map(stems.map((one, i) => [one, signs[i]])),
    places: new Map(),
    heads: new Map(),
    headStems: [],
    terms: new Map(),
    bags: new Map(),
    titles: [],
    shorts: new Map(),
    initials: new Map(),
    mended: new Map(),
  };
  for (const [address, title, ...sections] of data.pages) {
    const stemmed = words(title).map(stem);
    const key = stemmed.join("");
    const page = { number: index.pages.length, address, title, key, first: index.sections.length };
    const made = /** @type {Page} */ ({ ...page, sections: [] });
    for (const entry of [`${title}#`, ...sections]) {
      const cut = entry.lastIndexOf("#");
      const head = cut < 0 ? entry : entry.slice(0, cut);
      const anchor = cut < 0 ? slug(entry) : entry.slice(cut + 1);
      const location = anchor ? `${address}#${anchor}` : address;
      for (const word of words(head)) {
        note(index.heads, stem(word), index.sections.length);
        if (!index.forms.has(stem(word))) index.forms.set(stem(word), word);
      }
      const key = words(head.replace(/\(.*?\)/g, ""))
        .map(stem)
        .join("");
      const section = { page: made, title: head, key, anchor, location, elsewhere: false };
      made.sections.push(section);
      index.sections.push(section);
    }
    index.titles.push({ words: [stemmed], page: made.number });
    index.pages.push(made);
    await pause();
  }
  index.headStems = [...index.heads.keys()].sort();
  await pause();
  for (const [long, short, page] of data.terms) name(index, long, short, page);
  for (const section of index.sections) {
    const owner = index.terms.get(section.key)?.page ?? -1;
    section.elsewhere = owner >= 0 && owner !== section.page.number;
  }
  return index;
}

/**
 * Make a term known by its words, its abbreviation and its first letters.
 * @param {Index} index
 * @param {string} long
 * @param {string} short
 * @param {number} page
 */
function name(index, long, short, page) {
  const names = [long, short].filter(Boolean).map(words);
  const term = { words: names.map((one) => one.map(stem)), page };
  if (short) index.shorts.set(words(short).join(""), term);
  for (const one of term.words) {
    for (const key of [one.join(""), stem(one.join(""))]) {
      const known = index.terms.get(key);
      if (!known || (known.page < 0 && page >= 0)) index.terms.set(key, term);
    }
    if (one.length > 1) index.bags.set([...one].sort().join(" "), term);
  }
  for (const word of names.flat())
    if (!index.forms.has(stem(word))) index.forms.set(stem(word), word);
  const [first] = names;
  for (const kept of [first, first.filter((word) => !index.stop.has(word))])
    if (kept.length > 2) {
      const letters = kept.map((word) => word[0]).join("");
      if (!index.initials.has(letters)) index.initials.set(letters, term.words[0]);
    }
}

/**
 * The numbers of the sections that hold a word.
 * @param {Index} index
 * @param {string} word its stem
 * @returns {number[]}
 */
export function places(index, word) {
  const known = index.places.get(word);
  if (known) return known;
  const found = [];
  let at = -1;
  let high = 0;
  const signs = index.signs.get(word) ?? "";
  for (let i = 0; i < signs.length; i++) {
    const code = signs.charCodeAt(i);
    if (code > 92) high = high * MORE + code - 93;
    else {
      at += high * FINAL + code - 34;
      high = 0;
      found.push(at);
    }
  }
  index.places.set(word, found);
  return found;
}

/**
 * The words of a sorted list that begin so.
 * @param {string[]} sorted
 * @param {string} begun
 */
export function beginning(sorted, begun) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < begun) low = middle + 1;
    else high = middle;
  }
  const from = low;
  while (low < sorted.length && sorted[low].startsWith(begun)) low++;
  return sorted.slice(from, low);
}
