/**
 * What a query asks for: terms and words, slips mended. Pure functions, loaded with the first search.
 */

import { beginning, places, stem, words } from "./search-index.mjs";

/** @typedef {import("./search-index.mjs").Index} Index */
/** @typedef {import("./search-index.mjs").Term} Term */
/** @typedef {{stem: string, begun: string, typed: string, idle: boolean, slip?: boolean}} Word its stem, what it begins with if it is unfinished, how it was typed, whether it says nothing, and whether it was typed otherwise */
/** @typedef {{ways: Word[][], owner: number, term: boolean}} Concept ways to say it, the number of the page that owns it, or -1, and whether it is a term */

const LONGEST = 6; // words of a term
const ENDINGS = ["s", "es", "ed", "er", "ers", "ing", "ings", "ation", "ations", "al"];
const ENDING = /^(?:s|e|es|ed|er|ers|i|in|ing|ings|a|at|ati|atio|ation|ations|y|ie|ies)$/;

/**
 * The stem of a word that is typed past it and not to its end, as "normalisat" is; or "".
 * @param {Index} index
 * @param {string} begun
 */
function past(index, begun) {
  const same = begun.replace(/([iy])z(?=[aei])/, "$1s").replace(/parametris/, "parameteris");
  for (let end = same.length - 1; end > 2; end--)
    if (ENDING.test(same.slice(end)) && index.forms.has(same.slice(0, end)))
      return same.slice(0, end);
  return "";
}

/**
 * How many letters are wrong, left out, added or changed with their neighbour; more than `most` is `most + 1`.
 * @param {string} a
 * @param {string} b
 * @param {number} most
 */
export function distance(a, b, most) {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let before = /** @type {number[]} */ ([]);
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, before[j - 2] + 1);
      next.push(cost);
      least = Math.min(least, cost);
    }
    if (least > most) return most + 1;
    before = row;
    row = next;
  }
  return row[b.length];
}

/**
 * Which letters a word has, as bits.
 * @param {string} word
 */
function letters(word) {
  let found = 0;
  for (let i = 0; i < word.length; i++) found |= 1 << (word.charCodeAt(i) & 31);
  return found;
}

/**
 * How many letters of one word another does not have.
 * @param {number} one
 * @param {number} other
 */
function missing(one, other) {
  let left = one & ~other;
  let count = 0;
  for (; left; left &= left - 1) count++;
  return count;
}

/**
 * How far a word is from a stem with some ending.
 * @param {string} word
 * @param {string} other
 * @param {number} most
 */
function stretched(word, other, most) {
  const same = word.replace(/([iy])z/g, "$1s");
  let best = most + 1;
  // A letter left out or added moves the place where the ending begins.
  for (let cut = other.length - 1; cut < other.length + 2; cut++) {
    const rest = same.slice(cut);
    const ending = Math.min(...ENDINGS.map((one) => distance(rest, one, 1)));
    best = Math.min(best, distance(same.slice(0, cut), other, most) + ending);
  }
  return best;
}

/**
 * The nearest word that the index knows, or "". Of words as near as each other the commonest.
 * @param {Index} index
 * @param {string} word
 * @param {boolean} open whether the word may be unfinished
 */
function nearest(index, word, open) {
  const memory = `${word}${open ? " " : ""}`;
  const known = index.mended.get(memory);
  if (known !== undefined) return known;
  let best = "";
  let least = word.length < 4 ? 0 : word.length < 7 ? 1.7 : 2.7;
  const most = Math.floor(least);
  const own = stem(word);
  const wanted = letters(word);
  for (const [other, form] of most ? index.forms : []) {
    if (form.length < 3 || form.length < word.length - most) continue;
    if (!open && form.length > word.length + most + 3) continue;
    if (missing(wanted, letters(form)) > most) continue;
    const often = (index.signs.get(other)?.length ?? 0) + (index.heads.get(other)?.length ?? 0) * 5;
    const rank = (form[0] === word[0] ? 0 : 0.6) - Math.min(often, 400) / 1000;
    let far = Math.min(distance(word, form, most), distance(own, other, most));
    if (far > most && word.length > 6 && other.slice(0, 3) === word.slice(0, 3))
      far = Math.min(far, stretched(word, other, most));
    if (open && far > most && form.length > word.length)
      far = distance(word, form.slice(0, word.length), most) + 0.5;
    if (far < most + 1 && far + rank < least) [least, best] = [far + rank, other];
  }
  index.mended.set(memory, best);
  return best;
}

/**
 * A word that is unknown as two that are known, as "finetuning" is; or nothing.
 * @param {Index} index
 * @param {string} word
 */
function halves(index, word) {
  for (let cut = 3; cut <= word.length - 3; cut++) {
    const pair = [stem(word.slice(0, cut)), stem(word.slice(cut))];
    if (pair.every((half) => index.forms.has(half))) return pair;
  }
  return undefined;
}

/**
 * What a query asks for: terms and words, without those that say nothing; slips are mended.
 * @param {Index} index
 * @param {string} query
 */
export function understand(index, query) {
  const typed = joined(index, words(query));
  const open = !/[\s?!.]$/.test(query) && (typed.at(-1) ?? "").length > 1;
  const telling = typed.some((word) => !index.stop.has(word));
  /** @type {[string, string][]} */
  const mended = [];
  const meant = typed.flatMap((_, at) => mend(index, typed, at, open, mended));
  /** @type {Concept[]} */
  const concepts = [];
  for (let at = 0; at < meant.length; ) {
    const count = longest(index, meant, at);
    const piece = meant.slice(at, at + Math.max(count, 1));
    if (count) concepts.push(ofTerm(index, piece));
    else if (!telling || !piece[0].idle) concepts.push(ofWord(index, meant, at));
    at += piece.length;
  }
  const ways = concepts.length === 1 && concepts[0].term ? concepts[0].ways.flat() : meant;
  const spelt = meant.length > 1 || ways.some((word) => word.stem === meant[0]?.stem);
  const asked = new Set(spelt ? [meant.map((word) => word.stem).join("")] : []);
  if (concepts.length === 1)
    for (const way of concepts[0].ways) asked.add(way.map((word) => word.stem).join(""));
  return { concepts, mended, asked };
}

/**
 * The words of a query; two that are rarer apart than together are one, as "auto encoder" is.
 * @param {Index} index
 * @param {string[]} typed
 */
function joined(index, typed) {
  const often = (/** @type {string} */ word) =>
    index.stop.has(word) ? Number.POSITIVE_INFINITY : places(index, stem(word)).length;
  const found = [];
  for (let at = 0; at < typed.length; at++) {
    const next = typed[at + 1] ?? "";
    const both = typed[at] + next;
    // A number is in no index: of "llama 3" the name says how often both are meant.
    const apart = [typed[at], next].filter((word) => !/^\d+$/.test(word)).map(often);
    if (next && often(both) > Math.min(...apart)) {
      found.push(both);
      at++;
    } else found.push(typed[at]);
  }
  return found;
}

/**
 * The words that are meant by a typed one: itself, if it is known, or the nearest; none if there is no such.
 * @param {Index} index
 * @param {string[]} typed
 * @param {number} at
 * @param {boolean} open
 * @param {[string, string][]} mended is told of slips
 * @returns {Word[]}
 */
function mend(index, typed, at, open, mended) {
  const word = typed[at];
  const last = open && at === typed.length - 1;
  const plain = (/** @type {string} */ one, begun = "") => ({
    stem: one,
    begun,
    typed: one === stem(word) ? word : one,
    idle: index.stop.has(word),
  });
  const own = plain(stem(word), last ? word : "");
  const pairs = [typed.slice(at, at + 2), typed.slice(Math.max(at - 1, 0), at + 1)];
  const wholes = pairs.map((pair) => (pair.length > 1 ? stem(pair.join("")) : ""));
  if (own.idle || index.forms.has(own.stem) || index.terms.has(own.stem)) return [own];
  if (wholes.some((one) => index.forms.has(one) || index.terms.has(one))) return [own];
  const begun = open && at > typed.length - 3 ? typed.slice(-2).join("") : "";
  if (begun && typed.length > 1 && beginning(index.stems, begun).length) return [own];
  if (last && [index.stems, index.headStems].some((list) => beginning(list, word).length))
    return [own];
  if (last && past(index, word)) return [plain(past(index, word))];
  const term = index.initials.get(word);
  if (term) return term.map((one) => plain(one));
  const meant = /\d/.test(word) ? "" : nearest(index, word, last);
  // One slip is likelier than a blank left out between two words.
  const pair = distance(word, index.forms.get(meant) ?? "", 1) > 1 && halves(index, word);
  if (pair) return pair.map((half) => plain(half));
  if (!meant) return word.length < 3 || /\d/.test(word) ? [] : [own];
  mended.push([word, index.forms.get(meant) ?? meant]);
  return [{ ...plain(meant), slip: true }];
}

/**
 * How many words from here on are a term, in whatever order; the longest if there are several.
 * @param {Index} index
 * @param {Word[]} meant
 * @param {number} at
 */
function longest(index, meant, at) {
  for (let count = Math.min(LONGEST, meant.length - at); count; count--) {
    const piece = meant.slice(at, at + count);
    const alone = count === 1 && piece[0].idle && meant.length > 1;
    if (!alone && termOf(index, piece)) return count;
  }
  return 0;
}

/**
 * @param {Index} index
 * @param {Word[]} piece
 */
function termOf(index, piece) {
  const stems = piece.map((word) => word.stem);
  // "clip" is CLIP rather than clipping.
  const short = index.shorts.get(piece.map((word) => word.typed).join(""));
  if (short) return short;
  return index.terms.get(stems.join("")) ?? index.bags.get(stems.sort().join(" "));
}

/**
 * @param {Index} index
 * @param {Word[]} piece the words that name a term
 * @returns {Concept}
 */
function ofTerm(index, piece) {
  const term = /** @type {Term} */ (termOf(index, piece));
  const own = piece.map((word) => word.stem).join(" ");
  const others = term.words
    .filter((one) => one.join(" ") !== own)
    .map((one) =>
      one.map((word) => ({ stem: word, begun: "", typed: word, idle: index.stop.has(word) })),
    );
  // The letters of an abbreviation may be the stem of a word, as of "clipping": without an owner its long form is asked.
  const [{ typed }] = piece;
  const word = piece.length === 1 && term.page < 0 && index.shorts.has(typed);
  const ways = word && others.length ? others : [piece, ...others];
  const telling = ways.map((way) => way.filter((word) => !word.idle));
  return { ways: telling.filter((way) => way.length), owner: term.page, term: true };
}

/**
 * @param {Index} index
 * @param {Word[]} meant
 * @param {number} at
 * @returns {Concept}
 */
function ofWord(index, meant, at) {
  const ways = [[meant[at]]];
  const whole = past(index, meant[at].begun);
  if (whole.length > 3) ways.push([{ ...meant[at], stem: whole, begun: "" }]);
  // Two words that others write as one.
  for (const pair of [meant.slice(at, at + 2), meant.slice(Math.max(at - 1, 0), at + 1)]) {
    const joined = stem(pair.map((word) => word.begun || word.stem).join(""));
    const begun = pair[1]?.begun ? pair.map((word) => word.typed).join("") : "";
    if (pair.length < 2) continue;
    if (index.signs.has(joined) || (begun && beginning(index.stems, begun).length))
      ways.push([{ stem: joined, begun, typed: joined, idle: false }]);
  }
  return { ways, owner: -1, term: false };
}

/**
 * How much the terms of each page, or its title, are about what is asked: the share of the rarity of all words of both
 * that lies in the words that they have in common.
 * @param {Index} index
 * @param {Concept[]} concepts
 * @param {(stem: string) => number} rarity
 */
export function hints(index, concepts, rarity) {
  const asked = concepts.flatMap(({ ways }) => ways[0]);
  const all = asked.reduce((sum, word) => sum + rarity(word.stem), 0);
  /** @type {Map<number, number>} */
  const found = new Map();
  for (const { words: names, page } of [...index.terms.values(), ...index.titles]) {
    if (page < 0) continue;
    const common = new Set();
    let both = 0;
    for (const word of asked)
      if (names[0].some((one) => one === word.stem || (word.begun && one.startsWith(word.begun)))) {
        both += rarity(word.stem);
        common.add(word.stem);
      }
    if (!both) continue;
    const more = names[0].filter(
      (one) =>
        !index.stop.has(one) &&
        !asked.some((word) => one === word.stem || (word.begun && one.startsWith(word.begun))),
    );
    const share = both / (all + more.reduce((sum, one) => sum + rarity(one), 0));
    found.set(page, Math.max(found.get(page) ?? 0, share));
  }
  return found;
}
