/**
 * What a page does beyond HTML and CSS: colour scheme, search, notes on hover, copying of code,
 * the place in the contents. Without it every page is complete, but for the search.
 */

/**
 * @template {Element} T
 * @param {string} tag
 * @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} children
 * @returns {any}
 */
const make = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
};

// ---------------------------------------------------------------------------------------- search

/** @typedef {{location: string, title: string, text: string, page: Entry, words: Map<string, number>, head: Set<string>, boost: number}} Entry */
/** @typedef {{entries: Entry[], vocabulary: Map<string, number>}} Index */

/** @param {string} text what one types: lower case, no accents, no ligatures */
export const fold = (text) =>
  text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("ß", "ss");

/** @param {string} word the word without the endings of plural and verb, roughly */
export const stem = (word) =>
  word.length < 5 ? word.replace(/s$/, "") : word.replace(/(?:ies|ied|y)$/, "i").replace(/(?:ations?|ings?|ers?|ed|es|s|e)$/, "");

/** @param {string} text */
export const words = (text) => fold(text).match(/[\p{L}\p{N}]+/gu) ?? [];

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
 * @param {{location: string, title: string, text: string, boost?: number}[]} docs
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
    return entry;
  });
  return { entries, vocabulary };
}

/**
 * The entries that hold every word of the query (the last one may be unfinished), best first.
 * @param {Index} index
 * @param {string} query
 * @returns {{page: Entry, score: number, parts: Entry[]}[]} grouped by page
 */
export function find(index, query) {
  const typed = words(query);
  if (!typed.length) return [];
  const stems = typed.map(stem);
  const last = typed.at(-1) ?? "";
  const open = !/\s$/.test(query) && last.length > 1;
  const total = index.entries.length;
  /** @type {Map<Entry, number>} */
  const scores = new Map();
  stems.forEach((word, position) => {
    const prefix = open && position === stems.length - 1;
    const fits = (/** @type {string} */ other) => other === word || (prefix && other.startsWith(last));
    /** @type {Map<Entry, number>} */
    const hits = new Map();
    for (const entry of index.entries) {
      let score = 0;
      const count = entry.words.get(word) ?? 0;
      if (count) score += count / (count + 1.2);
      else if (prefix) for (const other of entry.words.keys()) if (fits(other)) score = 0.3;
      const head = entry.head.has(word) ? 1 : prefix && [...entry.head].some(fits) ? 0.7 : 0;
      score += head * (entry.page === entry ? 8 : 4);
      if (score) hits.set(entry, score * entry.boost);
    }
    const rarity = Math.log(1 + total / (1 + hits.size));
    for (const [entry, score] of hits) {
      if (position === 0) scores.set(entry, score * rarity);
      else if (scores.has(entry)) scores.set(entry, (scores.get(entry) ?? 0) + score * rarity);
    }
    if (position > 0) for (const entry of scores.keys()) if (!hits.has(entry)) scores.delete(entry);
  });
  const phrase = fold(query).trim();
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
    if (word.length > last.length && word.startsWith(fold(last)) && count > (index.vocabulary.get(best) ?? 0))
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
        next[j] = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
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

/**
 * The part of a text around the first of the words, with the words marked.
 * @param {string} text
 * @param {string[]} stems
 */
function excerpt(text, stems) {
  const fits = (/** @type {string} */ word) => stems.some((one) => stem(fold(word)) === one || fold(word).startsWith(one));
  const pieces = text.split(/([\p{L}\p{N}]+)/u);
  const first = Math.max(0, pieces.findIndex((piece, i) => i % 2 && fits(piece)));
  const from = Math.max(0, first - 14);
  const nodes = pieces.slice(from, from + 56).map((piece, i) => ((from + i) % 2 && fits(piece) ? make("mark", {}, piece) : piece));
  return [...(from ? ["… "] : []), ...nodes, ...(pieces.length > from + 56 ? [" …"] : [])];
}

/** @param {HTMLDialogElement} dialog */
function search(dialog) {
  const input = /** @type {HTMLInputElement} */ (dialog.querySelector("input"));
  const status = /** @type {HTMLElement} */ (dialog.querySelector("[role=status]"));
  const list = /** @type {HTMLElement} */ (dialog.querySelector("ol"));
  const ghost = /** @type {HTMLElement} */ (dialog.querySelector(".search-ghost"));
  const base = new URL("..", new URL(dialog.dataset.index ?? "", location.href));
  /** @type {Promise<Index> | undefined} */
  let index;
  // Nobody asked for the index until here.
  const load = () =>
    (index ??= fetch(dialog.dataset.index ?? "")
      .then((answer) => {
        if (!answer.ok) throw new Error(`the index could not be read (${answer.status})`);
        return answer.json();
      })
      .then(({ docs }) => build(docs)));

  const show = async () => {
    const query = input.value;
    let known;
    try {
      if (!index) status.textContent = "Loading the index …";
      known = await load();
    } catch (error) {
      index = undefined;
      status.textContent = `The search does not work now: ${error instanceof Error ? error.message : error}.`;
      return;
    }
    if (query !== input.value) return;
    const rest = completion(known, query);
    ghost.replaceChildren(make("span", {}, query), rest);
    const stems = words(query).map(stem);
    const groups = find(known, query);
    list.replaceChildren(
      ...groups.map(({ page, parts }) => {
        const row = (/** @type {Entry} */ entry, /** @type {string} */ kind) =>
          make("a", { href: new URL(entry.location, base).href, class: `search-${kind}` },
            make("span", { class: "search-title" }, ...(entry.title ? excerpt(entry.title, stems) : [page.title])),
            ...(kind === "part" || parts.includes(page) || !parts.length
              ? [make("span", { class: "search-text" }, ...excerpt(entry.text, stems))] : []));
        return make("li", {}, row(page, "page"), ...parts.filter((part) => part !== page).map((part) => row(part, "part")));
      }),
    );
    list.hidden = !groups.length;
    const mended = groups.length || !stems.length ? "" : correction(known, query);
    if (!stems.length) status.textContent = "Type a word: a model, a method, a name.";
    else if (groups.length) status.textContent = `${groups.length}${groups.length === 20 ? " or more" : ""} ${groups.length === 1 ? "page" : "pages"}${rest ? " – right arrow completes the word" : ""}`;
    else if (mended) {
      const button = make("button", { type: "button", class: "search-mend" }, mended);
      button.addEventListener("click", () => {
        input.value = mended;
        input.focus();
        show();
      });
      status.replaceChildren("Nothing found. Did you mean ", button, "?");
    } else status.textContent = "Nothing found.";
  };

  const open = () => {
    if (dialog.open) return;
    dialog.showModal();
    input.select();
    show();
  };
  const move = (/** @type {number} */ step) => {
    const stops = [input, ...list.querySelectorAll("a")];
    const at = stops.indexOf(/** @type {any} */ (document.activeElement));
    stops[(Math.max(at, 0) + step + stops.length) % stops.length].focus();
  };
  input.addEventListener("input", show);
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      move(event.key === "ArrowDown" ? 1 : -1);
      event.preventDefault();
    } else if (event.target !== input) return;
    else if (event.key === "Enter") {
      event.preventDefault();
      if (!event.isComposing) list.querySelector("a")?.click();
    } else if (event.key === "ArrowRight" && input.selectionStart === input.value.length && ghost.lastChild?.textContent) {
      const text = ghost.textContent ?? "";
      if (text.length > input.value.length) {
        input.value = text;
        show();
      }
    }
  });
  dialog.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (target === dialog || target.closest("a, .search-close")) dialog.close();
  });
  for (const button of document.querySelectorAll("[data-search]")) button.addEventListener("click", open);
  document.addEventListener("keydown", (event) => {
    const field = /** @type {Element} */ (event.target).closest("input, select, textarea, [contenteditable]");
    const plainly = !event.ctrlKey && !event.metaKey && !event.altKey;
    if ((event.key === "/" && plainly && !field) || (event.key === "k" && (event.ctrlKey || event.metaKey))) {
      event.preventDefault();
      open();
    }
  });
}

// ---------------------------------------------------------------------------------- colour scheme

/** @param {HTMLElement} button */
function scheme(button) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const show = (/** @type {string} */ name) => {
    if (document.body.getAttribute("data-md-color-scheme") !== name) document.body.setAttribute("data-md-color-scheme", name);
    button.setAttribute("aria-pressed", String(name === "slate"));
  };
  const stored = () => {
    try {
      return localStorage.getItem("scheme");
    } catch {
      return null;
    }
  };
  const follow = () => show(stored() ?? (dark.matches ? "slate" : "default"));
  button.addEventListener("click", () => {
    const next = document.body.getAttribute("data-md-color-scheme") === "slate" ? "default" : "slate";
    try {
      // Who goes back to what the system says, follows the system again.
      if ((next === "slate") === dark.matches) localStorage.removeItem("scheme");
      else localStorage.setItem("scheme", next);
    } catch {
      // Private windows may refuse to store; the choice then holds for this page.
    }
    show(next);
  });
  dark.addEventListener("change", follow);
  addEventListener("storage", follow);
  follow();
}

// ------------------------------------------------------------------- notes on sources and terms

function notes() {
  const note = make("div", { class: "aside-note md-typeset", id: "aside-note", role: "tooltip", popover: "manual" });
  (document.querySelector("main") ?? document.body).append(note);
  /** @type {HTMLElement | undefined} */
  let owner;
  let timer = 0;
  const hide = () => {
    clearTimeout(timer);
    owner?.removeAttribute("aria-describedby");
    if (owner?.dataset.title) owner.title = owner.dataset.title;
    owner = undefined;
    if (note.matches(":popover-open")) note.hidePopover();
  };
  const place = (/** @type {HTMLElement} */ host) => {
    const box = host.getClientRects()[0] ?? host.getBoundingClientRect();
    const wide = note.offsetWidth;
    const high = note.offsetHeight;
    const left = Math.max(12, Math.min(box.left + box.width / 2 - wide / 2, innerWidth - wide - 12));
    const below = box.bottom + 8 + high < innerHeight || box.top - 8 - high < 0;
    note.style.left = `${left}px`;
    note.style.top = `${below ? box.bottom + 8 : box.top - 8 - high}px`;
  };
  const show = (/** @type {HTMLElement} */ host) => {
    if (owner === host) return clearTimeout(timer);
    hide();
    if (host.matches("abbr")) {
      // The browser's own note would come on top of ours: its text rests meanwhile.
      host.dataset.title ||= host.title;
      host.removeAttribute("title");
      note.replaceChildren(make("p", {}, host.dataset.title ?? ""));
    } else {
      const source = document.getElementById(decodeURIComponent(new URL(/** @type {any} */ (host).href).hash.slice(1)));
      if (!source) return;
      const copy = /** @type {Element} */ (source.cloneNode(true));
      for (const extra of copy.querySelectorAll(".footnote-backref, [id]")) extra.matches("[id]") ? extra.removeAttribute("id") : extra.remove();
      note.replaceChildren(...copy.childNodes);
      host.setAttribute("aria-describedby", "aside-note");
    }
    owner = host;
    note.showPopover();
    place(host);
  };
  const later = () => {
    clearTimeout(timer);
    timer = window.setTimeout(hide, 250);
  };
  const host = (/** @type {Event} */ event) => {
    if (!(event.target instanceof Element)) return null;
    const found = event.target.closest(".md-typeset :is(a.footnote-ref, a.term, abbr[title], abbr[data-title])");
    return /** @type {HTMLElement | null} */ (found?.matches("a.term") ? found.querySelector("abbr") : found);
  };
  document.addEventListener("pointerover", (event) => {
    const at = host(event);
    if (at && event.pointerType !== "touch") {
      clearTimeout(timer);
      timer = window.setTimeout(() => show(at), owner ? 0 : 120);
    } else if (note.contains(/** @type {Node} */ (event.target))) clearTimeout(timer);
    else if (owner && !owner.matches(":focus-visible, :focus-visible *")) later();
    else if (!owner) clearTimeout(timer);
  });
  document.addEventListener("focusin", (event) => {
    const at = host(event);
    if (at && /** @type {Element} */ (event.target).matches(":focus-visible")) show(at);
    else if (owner && !note.contains(/** @type {Node} */ (event.target))) hide();
  });
  document.addEventListener("click", (event) => {
    const at = host(event);
    if (at?.matches("abbr") && !at.closest("a")) show(at);
    else if (owner && !note.contains(/** @type {Node} */ (event.target))) hide();
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
  addEventListener("scroll", () => owner && !owner.matches(":focus-visible, :focus-visible *") && !note.matches(":hover") && hide(), { passive: true });
}

// --------------------------------------------------------------------------------- code and text

/** @param {Element} block */
function copying(block) {
  const code = block.querySelector("pre code");
  if (!code || code.closest(".demo")) return;
  const button = make("button", { class: "copy", type: "button", "aria-label": "Copy this code" }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText((code.textContent ?? "").trimEnd());
      button.textContent = "Copied";
    } catch {
      getSelection()?.selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  block.append(button);
}

/** Does something with each element when it comes near the window: a long page is not worked through at once. */
function near(/** @type {string} */ selector, /** @type {(element: Element) => void} */ act) {
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        observer.unobserve(target);
        act(target);
      }
    },
    { rootMargin: "1000px" },
  );
  for (const element of document.querySelectorAll(selector)) observer.observe(element);
}

/** Does something with each element when the browser has nothing better to do, a few at a time. */
function idle(/** @type {string} */ selector, /** @type {(element: Element) => void} */ act) {
  const waiting = [...document.querySelectorAll(selector)];
  const some = () => {
    waiting.splice(0, 20).forEach(act);
    if (waiting.length) soon();
  };
  const soon = () => ("requestIdleCallback" in window ? requestIdleCallback(some, { timeout: 2000 }) : setTimeout(some, 50));
  soon();
}

/** What scrolls sideways can be reached with the keyboard, however far below it is, and only then. */
function scrollable() {
  const boxes = ".md-typeset :is(pre, .table-box, .equation-body)";
  const observer = new ResizeObserver((entries) => {
    const seen = new Set(entries.map(({ target }) => target.closest(boxes)));
    // First everything is read, then everything written: the page is laid out once.
    const sizes = [...seen].map((box) => /** @type {const} */ ([box, box ? box.scrollWidth - box.clientWidth : 0]));
    for (const [box, over] of sizes) {
      if (!over) box?.removeAttribute("tabindex");
      else if (!box?.hasAttribute("tabindex")) box?.setAttribute("tabindex", "0");
    }
  });
  idle(boxes, (box) => {
    observer.observe(box);
    // What is inside may grow later, as when a font arrives.
    if (box.firstElementChild) observer.observe(box.firstElementChild);
  });
}

function contents() {
  const links = new Map();
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll(".toc a"))) {
    const target = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (target) links.set(target, link);
  }
  if (!links.size) return;
  const targets = [...links.keys()];
  let waiting = false;
  const mark = () => {
    waiting = false;
    const end = innerHeight + scrollY >= document.documentElement.scrollHeight - 4;
    const now = end ? targets.at(-1) : targets.findLast((target) => target.getBoundingClientRect().top < 140);
    for (const [target, link] of links) {
      if (target !== now) link.removeAttribute("aria-current");
      else if (!link.hasAttribute("aria-current")) link.setAttribute("aria-current", "true");
    }
  };
  addEventListener("scroll", () => {
    if (!waiting) requestAnimationFrame(mark);
    waiting = true;
  }, { passive: true });
  document.querySelector(".toc")?.addEventListener("click", (event) => {
    const panel = /** @type {HTMLElement} */ (event.currentTarget);
    if (event.target instanceof Element && event.target.closest("a") && panel.matches(":popover-open")) panel.hidePopover();
  });
}

function folded() {
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const details = target?.closest("details:not([open])");
    if (!details) return;
    details.setAttribute("open", "");
    target?.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();
  /** @type {Element[]} */
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll(".md-typeset details:not([open])")];
    for (const details of opened) details.setAttribute("open", "");
  });
  addEventListener("afterprint", () => {
    for (const details of opened) details.removeAttribute("open");
  });
}

function start() {
  const dialog = document.querySelector("dialog.search");
  if (dialog instanceof HTMLDialogElement) search(dialog);
  const button = document.querySelector("[data-scheme]");
  if (button instanceof HTMLElement) scheme(button);
  scrollable();
  near(".highlight", copying);
  contents();
  folded();
  notes();
  near(".nav [aria-current]", (here) => {
    // The open page of a long navigation is in sight.
    const nav = here.closest(".nav");
    if (nav) nav.scrollTop += Math.max(0, here.getBoundingClientRect().top - innerHeight / 2);
  });
}

if (typeof document !== "undefined") start();
