/**
 * What the search shows: pages with their sections, each with the piece of its text that was asked for.
 * Loaded with the first search; the texts of a page are loaded when the page is seen in the list.
 */

import { make } from "./dom.mjs";
import { find, MOST, read } from "./search-engine.mjs";
import { stem, words } from "./search-index.mjs";
import { attend } from "./search-keys.mjs";

export { attend, read };

/** @typedef {import("./search-engine.mjs").Answer} Answer */
/** @typedef {import("./search-engine.mjs").Group} Group */
/** @typedef {import("./search-index.mjs").Index} Index */
/** @typedef {import("./search-index.mjs").Page} Page */
/** @typedef {import("./search-index.mjs").Section} Section */
/** @typedef {(word: string) => string} Fit the stem that a word of a text was found by, or "" */

const LENGTH = 30; // words of an excerpt
const BEFORE = 6; // of these, before the first that is marked
const MANY = 100; // sections of a page from which on its texts are several files

/** @type {Map<string, Promise<Record<string, string>>>} */
const texts = new Map();
/** @type {IntersectionObserver | undefined} */
let seen;

/**
 * The texts of a page's sections, by their anchors; nothing if they do not come: an excerpt is not needed.
 * Those of a page with many sections are several files, by the first sign of the anchor.
 * @param {Page} page
 * @param {string} anchor
 * @param {URL} base
 */
function textsOf(page, anchor, base) {
  const stem = page.address.replace(/\/$/, "") || "index";
  const part = anchor && page.sections.length > MANY ? `/${anchor[0]}` : "";
  const url = new URL(`search/texts/${stem}${part}.json`, base).href;
  const known = texts.get(url);
  if (known) return known;
  /** @type {Promise<Record<string, string>>} */
  const coming = fetch(url)
    .then((answer) => (answer.ok ? answer.json() : {}))
    .catch(() => {
      texts.delete(url);
      return {};
    });
  texts.set(url, coming);
  return coming;
}

/**
 * By which of the stems a word was found.
 * @param {Answer} answer
 * @returns {Fit}
 */
function fitting({ stems, begun }) {
  const known = new Set(stems);
  return (word) => {
    const [folded] = words(word);
    if (!folded) return "";
    const own = stem(folded);
    return known.has(own) ? own : begun.length > 1 && folded.startsWith(begun) ? begun : "";
  };
}

/**
 * A text with the words marked.
 * @param {string[]} pieces words, and what stands between them
 * @param {Fit} fit
 */
const marked = (pieces, fit) =>
  pieces.map((piece, i) => (i % 2 && fit(piece) ? make("mark", {}, piece) : piece));

/**
 * The part of a text that holds most of the words, with the words marked.
 * @param {string} text
 * @param {Fit} fit
 */
export function excerpt(text, fit) {
  const pieces = text.split(/([\p{L}\p{N}]+)/u);
  const hits = pieces.map((piece, i) => (i % 2 ? fit(piece) : ""));
  let first = 0;
  let most = 0;
  for (let at = 1; at < pieces.length; at += 2) {
    if (!hits[at]) continue;
    const held = new Set(hits.slice(at, at + 2 * (LENGTH - BEFORE)).filter(Boolean)).size;
    if (held > most) [most, first] = [held, at];
  }
  // Words stand at odd places, and what stands between them at even ones.
  const from = Math.max(0, first - 1 - 2 * BEFORE);
  const to = from + 2 * LENGTH;
  return [
    ...(from ? ["… "] : []),
    ...marked(pieces.slice(from, to), fit),
    ...(pieces.length > to ? [" …"] : []),
  ];
}

/**
 * An option of the list: a page or a section of it.
 * @param {Section} section
 * @param {string} kind
 * @param {Fit} fit
 * @param {URL} base
 * @param {string} marks
 */
function option(section, kind, fit, base, marks) {
  const title = marked(section.title.split(/([\p{L}\p{N}]+)/u), fit);
  return make(
    "a",
    {
      href: new URL(section.location, base).href,
      role: "option",
      class: `search-${kind}`,
      tabindex: "-1",
      "aria-selected": "false",
      "data-mark": marks,
      "data-anchor": section.anchor,
    },
    make("span", { class: "search-title" }, ...title),
    make("span", { class: "search-text" }),
  );
}

/**
 * A page that was found, with its sections.
 * @param {Group} group
 * @param {Fit} fit
 * @param {URL} base
 * @param {string} marks
 */
function found({ page, parts }, fit, base, marks) {
  const group = make(
    "div",
    { role: "group", class: "search-group", "aria-label": page.title },
    option(page.sections[0], "page", fit, base, marks),
    ...parts.map((part) => option(part, "part", fit, base, marks)),
  );
  return { group, fill: () => fill(group, page, fit, base) };
}

/**
 * @param {HTMLElement} group
 * @param {Page} page
 * @param {Fit} fit
 * @param {URL} base
 */
async function fill(group, page, fit, base) {
  const links = [...group.querySelectorAll("a")];
  const anchors = links.map((link) => link.dataset.anchor ?? "");
  const all = await Promise.all(anchors.map((anchor) => textsOf(page, anchor, base)));
  for (const [i, link] of links.entries()) {
    const text = excerpt(all[i][anchors[i]] ?? "", fit);
    link.querySelector(".search-text")?.replaceChildren(...text);
  }
}

/**
 * What is said of an answer.
 * @param {Answer} answer
 * @param {boolean} asked whether there is a word in the query
 */
function said({ groups, mended }, asked) {
  if (!asked) return ["Type a word: a model, a method, a name."];
  if (!groups.length) return ["Nothing found."];
  const count = `${groups.length}${groups.length === MOST ? " or more" : ""}`;
  const pages = `${count} ${groups.length === 1 ? "page" : "pages"}`;
  const whole = Math.max(...groups.map(({ share }) => share)) > 0.99;
  const tail = whole ? "" : ", none with all words";
  if (!mended.length) return [`${pages}${tail}`];
  const slips = mended.map(([typed]) => `“${typed}”`).join(" and ");
  const right = mended.map(([, meant]) => meant).join(" ");
  return [`${pages}${tail} for `, make("b", {}, right), `, as nothing is spelt ${slips}`];
}

/**
 * Show the answer to a query.
 * @param {Index} index
 * @param {string} query
 * @param {HTMLInputElement} input
 * @param {HTMLElement} list
 * @param {URL} base the address of the site
 * @returns {(Node | string)[]} what is said of it
 */
export function show(index, query, input, list, base) {
  const answer = find(index, query);
  const fit = fitting(answer);
  const marks = [...answer.stems, ...(answer.begun ? [`${answer.begun}*`] : [])].join(" ");
  const rows = answer.groups.map((group) => found(group, fit, base, marks));
  const fills = new Map(rows.map(({ group, fill: act }) => [/** @type {Element} */ (group), act]));
  seen?.disconnect();
  seen = new IntersectionObserver(
    (changes) => {
      for (const { target, isIntersecting } of changes)
        if (isIntersecting) {
          seen?.unobserve(target);
          fills.get(target)?.();
        }
    },
    { root: list },
  );
  list.replaceChildren(...rows.map(({ group }) => group));
  list.hidden = !rows.length;
  list.scrollTop = 0;
  input.setAttribute("aria-expanded", String(rows.length > 0));
  input.removeAttribute("aria-activedescendant");
  for (const [at, link] of list.querySelectorAll("a").entries()) link.id = `search-${at}`;
  for (const group of fills.keys()) seen.observe(group);
  return said(answer, words(query).length > 0);
}
