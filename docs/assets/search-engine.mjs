/**
 * What the search finds, and in which order: pure functions, loaded with the first search.
 */

import { beginning, places, read, stem, words } from "./search-index.mjs";
import { hints, understand } from "./search-query.mjs";

export { read };

/** @typedef {import("./search-index.mjs").Index} Index */
/** @typedef {import("./search-index.mjs").Page} Page */
/** @typedef {import("./search-index.mjs").Section} Section */
/** @typedef {import("./search-query.mjs").Concept} Concept */
/** @typedef {import("./search-query.mjs").Word} Word */
/** @typedef {{page: Page, score: number, share: number, parts: Section[]}} Group */
/** @typedef {{groups: Group[], mended: [string, string][], stems: string[], begun: string}} Answer */
/** @typedef {{body: Float32Array, head: Float32Array, weight: number, rarity: number, owners: Map<number, number>}} Found */

const TITLE = 2.5; // what a word in the title of a page counts, if one in its text counts one
const HEAD = 1.2; // in the heading of a section
const LEAD = 1.5; // in what the page says of itself
const OWNED = 5; // for the page that owns the term
const SURE = 4; // the same, however common the term is, if nothing else is asked
const HINTED = 0.7; // for a page that owns a term with the same words
const RELATED = 0.35; // for a page that owns a term with one of the words
const STARTED = 0.8; // for the page whose title begins with the query
const HEADED = 0.5; // for a page with a section whose heading is the query
const PARTIAL = 0.5; // some words of a term, if not all
const BEGUN = 0.6; // a word of which the beginning was typed
const GUESSED = 0.4; // what a word counts in which a slip was mended
const SHARE = 1; // the power by which a page is worth less if it lacks some of what is asked
const LEAST = 0.3; // the share of the best page's share that is shown
const GLOSSARY = "references/glossary/";
export const MOST = 10; // pages that are shown
const PARTS = 3; // sections of a page that are shown

/**
 * How well each section holds a word, in its text or its heading; sections that do not are left out.
 * @param {Index} index
 * @param {Word} word
 * @param {"body" | "head"} where
 */
function hits(index, { stem: one, begun }, where) {
  /** @type {Map<number, number>} */
  const found = new Map();
  const list = (/** @type {string} */ key) =>
    where === "body" ? places(index, key) : (index.heads.get(key) ?? []);
  // One letter begins a tenth of all words: it finds headings alone, and at once.
  if (begun && (where === "head" || begun.length > 1))
    for (const other of beginning(where === "body" ? index.stems : index.headStems, begun))
      for (const at of list(other)) found.set(at, BEGUN);
  for (const at of list(one)) found.set(at, 1);
  return found;
}

/**
 * How well each section holds a concept, in whatever way it is said, and how rare that is.
 * @param {Index} index
 * @param {Concept} concept
 * @param {"body" | "head"} where
 */
function meet(index, { ways }, where) {
  const sections = index.sections.length;
  const best = new Float32Array(sections);
  for (const way of ways) {
    const each = way.map((word) => hits(index, word, where));
    const rare = each.map((found) => Math.log(1 + sections / (1 + found.size)));
    const all = rare.reduce((sum, value) => sum + value, 0);
    for (const at of new Set(each.flatMap((found) => [...found.keys()]))) {
      let sum = 0;
      let least = 1;
      each.forEach((found, i) => {
        const value = found.get(at) ?? 0;
        sum += value * rare[i];
        least = Math.min(least, value);
      });
      best[at] = Math.max(best[at], least || (PARTIAL * sum) / all);
    }
  }
  let count = 1;
  for (const value of best) count += value > PARTIAL ? 1 : value;
  return { values: best, rarity: Math.log(1 + sections / count) };
}

/** @param {Concept} concept whether a slip was mended in it */
const guessed = ({ ways, term }) => !term && ways[0].some((word) => word.slip);

/**
 * The pages whose titles say a concept and nothing else.
 * @param {Index} index
 * @param {Concept} concept
 */
function* named(index, { ways }) {
  const keys = new Set(ways.map((way) => way.map((word) => word.stem).join("")));
  for (const { key, number } of index.pages) if (keys.has(key)) yield number;
}

/**
 * What the sections of a page and the page as a whole are worth.
 * @param {Page} page
 * @param {Found[]} all
 * @param {number} total the weight of all that is asked
 */
function judge(page, all, total) {
  const { first, sections } = page;
  const values = sections.map(() => 0);
  const shares = sections.map(() => 0);
  let score = 0;
  let share = 0;
  for (const { body, head, weight, rarity, owners } of all) {
    let sum = 0;
    let heading = 0;
    for (let i = 0; i < sections.length; i++) {
      const inside = body[first + i];
      const above = head[first + i] * rarity * (sections[i].elsewhere ? 0.5 : 1);
      sum += inside;
      if (i) heading = Math.max(heading, above);
      values[i] += weight * (inside + 2 * above);
      shares[i] += weight * Math.max(inside, head[first + i]);
    }
    const own = owners.get(page.number) ?? 0;
    // The text of a page without sections is more than what it says of itself.
    const lead = (sections.length > 1 ? LEAD : LEAD / 3) * body[first];
    const often = sum / (sum + 1 + sections.length / 40) + lead;
    score += weight * (often + HEAD * heading + TITLE * head[first] * rarity);
    score += own * ((SURE * weight) / total + OWNED * weight);
    share += weight * Math.max(Math.min(1, sum), head[first], heading ? 1 : 0, own === 1 ? 1 : 0);
  }
  const rated = sections
    .map((section, i) => ({ section, value: values[i] * (shares[i] / total) ** SHARE }))
    .sort((a, b) => b.value - a.value);
  return { score: score + rated[0].value, share: share / total, rated };
}

/**
 * The pages that hold what is asked, or most of it, best first.
 * @param {Index} index
 * @param {string} query
 * @returns {Answer}
 */
export function find(index, query) {
  const { concepts, mended, asked } = understand(index, query);
  const sections = index.sections.length;
  const rare = (/** @type {string} */ one) =>
    Math.log(1 + sections / (1 + places(index, one).length));
  // What a slip meant is a guess; what is spelt right counts more beside it.
  const sure = concepts.filter((concept) => !guessed(concept)).length;
  const all = concepts.map((concept) => {
    const body = meet(index, concept, "body");
    const head = meet(index, concept, "head");
    const rarity = head.rarity / Math.log(1 + sections);
    const owners = new Map();
    if (concept.owner >= 0) owners.set(concept.owner, 1);
    // A page that is called so is the place for it, whoever defines the word first.
    for (const page of named(index, concept)) owners.set(page, 1);
    if (!owners.size)
      for (const [page, share] of hints(index, [concept], rare)) owners.set(page, RELATED * share);
    const weight = body.rarity * (sure && guessed(concept) ? GUESSED : 1);
    return { body: body.values, head: head.values, weight, rarity, owners };
  });
  const total = all.reduce((sum, { weight }) => sum + weight, 0);
  const single = concepts.length === 1 && concepts[0].term;
  const owned = single && concepts[0].owner >= 0;
  const hinted = single ? new Map() : hints(index, concepts, rare);
  const begun = words(query).join("");
  const short = index.shorts.has(begun);
  // Who types an abbreviation means no word that merely has its stem: CLIP is not clipping.
  const headed = (/** @type {import("./search-index.mjs").Section} */ { key, title }) =>
    asked.has(key) && !(short && key === stem(begun) && words(title).join("") !== begun);
  // An abbreviation that no page and no heading owns is explained by its entry.
  const entries = short && single && !owned && !index.sections.some(headed) ? GLOSSARY : null;
  for (const page of index.pages)
    if (page.address === entries) for (const { owners } of all) owners.set(page.number, 1);
  const groups = index.pages.map((page) => {
    const { score, share, rated } = judge(page, all, total);
    const title = words(page.title);
    const extra = Math.max(
      asked.has(page.key) ? 1 : 0,
      begun.length > 2 && title.join("").startsWith(begun) ? STARTED : 0,
      !owned && page.sections.some(headed) ? HEADED : 0,
      HINTED * (hinted.get(page.number) ?? 0),
    );
    const parts = rated.filter(({ section, value }) => value && section.anchor);
    return {
      page,
      score: (score + extra * (SURE + OWNED * total)) * share ** SHARE,
      share,
      parts: parts.slice(0, PARTS).map(({ section }) => section),
    };
  });
  const best = Math.max(...groups.map(({ share }) => share));
  return {
    groups: groups
      .filter(({ score, share }) => score > 0 && share >= best * LEAST)
      .sort((a, b) => b.score - a.score)
      .slice(0, MOST),
    mended,
    stems: [...new Set(concepts.flatMap(({ ways }) => ways.flat().map((word) => word.stem)))],
    begun:
      concepts.flatMap(({ ways }) => ways.flat().map((word) => word.begun)).find(Boolean) ?? "",
  };
}
