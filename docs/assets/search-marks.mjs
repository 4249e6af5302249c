/**
 * Words that were searched for are marked on the page that the search led to; nothing of the page changes.
 */

import { stem, words } from "./search-index.mjs";

/** @param {string} asked stems, and beginnings of words, which end with a star */
export function mark(asked) {
  if (!("highlights" in CSS)) return;
  const all = asked.split(" ");
  const stems = new Set(all.filter((one) => !one.endsWith("*")));
  const begun = all
    .filter((one) => one.length > 2 && one.endsWith("*"))
    .map((one) => one.slice(0, -1));
  const fits = (/** @type {string} */ word) => {
    const [folded] = words(word);
    return folded && (stems.has(stem(folded)) || begun.some((one) => folded.startsWith(one)));
  };
  const main = document.querySelector("main");
  if (!main) return;
  const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
  const ranges = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement?.closest("script, style, math, svg, button")) continue;
    for (const found of (node.nodeValue ?? "").matchAll(/[\p{L}\p{N}]+/gu)) {
      if (!fits(found[0])) continue;
      const range = document.createRange();
      range.setStart(node, found.index);
      range.setEnd(node, found.index + found[0].length);
      ranges.push(range);
    }
  }
  CSS.highlights.set("search", new Highlight(...ranges));
}
