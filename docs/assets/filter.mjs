/**
 * The filter of a long list, loaded where there is one: typing leaves the entries that have all words, and an entry
 * that is filtered out is shown when its address is asked for.
 */

import { named } from "./dom.mjs";

/** @param {string} text what is compared: small letters without accents */
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** @returns {HTMLElement[][]} the entries of the list: of a term its name and what it means */
function entries() {
  const items = /** @type {NodeListOf<HTMLElement>} */ (
    document.querySelectorAll(".letters ~ ul > li, .letters ~ dl > *")
  );
  /** @type {HTMLElement[][]} */
  const found = [];
  for (const item of items)
    if (item.localName === "dd") found.at(-1)?.push(item);
    else found.push([item]);
  return found;
}

/**
 * @param {HTMLInputElement} box
 * @param {Element} status
 */
function filter(box, status) {
  const list = entries();
  /** @type {string[]} */
  let texts = [];
  const show = () => {
    const words = plain(box.value).split(/\s+/).filter(Boolean);
    // Nobody reads all texts before a word is typed.
    if (words.length && !texts.length)
      texts = list.map((parts) => plain(parts.map((part) => part.textContent).join(" ")));
    let count = 0;
    list.forEach((parts, at) => {
      const kept = words.every((word) => texts[at].includes(word));
      if (kept) count++;
      for (const part of parts) if (part.hidden === kept) part.hidden = !kept;
    });
    const said = count ? `${count} of ${list.length} entries` : "No entry has all these words.";
    status.textContent = words.length ? said : "";
  };
  /** @param {string} hash shows the whole list again if it leads to an entry that is filtered out */
  const reveal = (hash) => {
    if (!named(hash)?.closest("[hidden]")) return false;
    box.value = "";
    show();
    return true;
  };
  box.addEventListener("input", show);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !box.value) return;
    event.preventDefault();
    box.value = "";
    show();
  });
  // Before the browser goes there; it would not tell of an address that it has already.
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest("a[href^='#']");
    if (link instanceof HTMLAnchorElement) reveal(link.hash);
  });
  addEventListener("hashchange", () => {
    if (reveal(location.hash)) named(location.hash)?.scrollIntoView();
  });
  show(); // what the browser has kept of an earlier visit
  if (reveal(location.hash)) named(location.hash)?.scrollIntoView();
}

const box = document.querySelector(".filter input");
const status = document.querySelector(".filter [role=status]");
if (box instanceof HTMLInputElement && status) filter(box, status);
