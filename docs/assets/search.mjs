/**
 * The search's dialog: it loads the index when it is first opened, shows what is found, and says what
 * is wrong when the index does not come.
 */

import { make } from "./dom.mjs";

/** @typedef {typeof import("./search-engine.mjs")} Engine */
/** @typedef {import("./search-engine.mjs").Entry} Entry */
/** @typedef {import("./search-engine.mjs").Index} Index */
/** @typedef {{engine: Engine, index: Index}} Known */

const PATIENCE = 10_000; // milliseconds until a search that hangs says so

/** Something that the reader is told. */
class Trouble extends Error {}

/**
 * The engine and the index. The number of the try is in the address of the engine, since a browser may
 * remember that a module could not be loaded (Firefox does before 155).
 * @param {string} url
 * @param {number} tries how often it was tried before
 * @returns {Promise<Known>}
 */
async function load(url, tries) {
  const stop = new AbortController();
  /** @type {Promise<never>} */
  const expired = new Promise((_, reject) => {
    const late = new Trouble(`the index has not come within ${PATIENCE / 1000} seconds`);
    const timer = setTimeout(() => {
      reject(late);
      stop.abort();
    }, PATIENCE);
    stop.signal.addEventListener("abort", () => clearTimeout(timer));
  });
  try {
    return await Promise.race([expired, ask(url, tries, stop.signal)]);
  } finally {
    stop.abort();
  }
}

/**
 * @param {string} url
 * @param {number} tries
 * @param {AbortSignal} signal
 * @returns {Promise<Known>}
 */
async function ask(url, tries, signal) {
  const unreachable = () => {
    throw new Trouble("the index cannot be reached");
  };
  const [engine, answer] = await Promise.all([
    import(`./search-engine.mjs${tries ? `?${tries}` : ""}`),
    fetch(url, { signal, cache: tries ? "reload" : "default" }),
  ]).catch(unreachable);
  if (!answer.ok) throw new Trouble(`the server answers ${answer.status} for the index`);
  const text = await answer.text().catch(unreachable);
  try {
    return { engine, index: engine.build(JSON.parse(text).docs) };
  } catch {
    throw new Trouble("the index is damaged");
  }
}

/**
 * The part of a text around the first of the words, with the words marked.
 * @param {Engine} engine
 * @param {string} text
 * @param {string[]} stems
 */
function excerpt({ fold, stem }, text, stems) {
  const fits = (/** @type {string} */ word) =>
    stems.some((one) => stem(fold(word)) === one || fold(word).startsWith(one));
  const pieces = text.split(/([\p{L}\p{N}]+)/u);
  const first = Math.max(
    0,
    pieces.findIndex((piece, i) => i % 2 && fits(piece)),
  );
  const from = Math.max(0, first - 14);
  const nodes = pieces
    .slice(from, from + 56)
    .map((piece, i) => ((from + i) % 2 && fits(piece) ? make("mark", {}, piece) : piece));
  return [...(from ? ["… "] : []), ...nodes, ...(pieces.length > from + 56 ? [" …"] : [])];
}

/**
 * A page that was found, with its parts.
 * @param {Engine} engine
 * @param {{page: Entry, parts: Entry[]}} group
 * @param {string[]} stems
 * @param {URL} base
 */
function found(engine, { page, parts }, stems, base) {
  const row = (/** @type {Entry} */ entry, /** @type {string} */ kind) =>
    make(
      "a",
      { href: new URL(entry.location, base).href, class: `search-${kind}` },
      make(
        "span",
        { class: "search-title" },
        ...(entry.title ? excerpt(engine, entry.title, stems) : [page.title]),
      ),
      ...(kind === "part" || parts.includes(page) || !parts.length
        ? [make("span", { class: "search-text" }, ...excerpt(engine, entry.text, stems))]
        : []),
    );
  return make(
    "li",
    {},
    row(page, "page"),
    ...parts.filter((part) => part !== page).map((part) => row(part, "part")),
  );
}

/**
 * How many pages were found, and whether a key completes the word.
 * @param {number} count
 * @param {string} rest
 */
function counted(count, rest) {
  const pages = `${count}${count === 20 ? " or more" : ""} ${count === 1 ? "page" : "pages"}`;
  return rest ? `${pages} – right arrow completes the word` : pages;
}

/** @param {HTMLDialogElement} dialog */
export function search(dialog) {
  const input = /** @type {HTMLInputElement} */ (dialog.querySelector("input"));
  const status = /** @type {HTMLElement} */ (dialog.querySelector("[role=status]"));
  const list = /** @type {HTMLElement} */ (dialog.querySelector("ol"));
  const ghost = /** @type {HTMLElement} */ (dialog.querySelector(".search-ghost"));
  const address = dialog.dataset.index ?? "";
  const base = new URL("..", new URL(address, location.href));
  /** @type {Promise<Known> | undefined} */
  let coming;
  /** @type {Promise<Known> | undefined} the one of whose failure the reader was told */
  let told;
  let tries = 0;

  const button = (/** @type {string} */ text, /** @type {() => void} */ act) => {
    const made = make("button", { type: "button", class: "search-mend" }, text);
    made.addEventListener("click", () => {
      input.focus();
      act();
      show();
    });
    return made;
  };
  const fail = (/** @type {unknown} */ error) => {
    const why = error instanceof Trouble ? error.message : `of a fault in its script (${error})`;
    const again = button("Try again", () => (coming = undefined));
    const home = make("a", { href: base.href }, "the map");
    list.hidden = true;
    status.replaceChildren(
      `The search does not work now: ${why}. `,
      again,
      " or go by ",
      home,
      ".",
    );
  };
  const tell = (/** @type {Known} */ { engine, index }, /** @type {string} */ query) => {
    const rest = engine.completion(index, query);
    ghost.replaceChildren(make("span", {}, query), rest);
    const stems = engine.words(query).map(engine.stem);
    const groups = engine.find(index, query);
    list.replaceChildren(...groups.map((group) => found(engine, group, stems, base)));
    list.hidden = !groups.length;
    const mended = groups.length || !stems.length ? "" : engine.correction(index, query);
    if (!stems.length) status.textContent = "Type a word: a model, a method, a name.";
    else if (groups.length) status.textContent = counted(groups.length, rest);
    else if (mended)
      status.replaceChildren(
        "Nothing found. Did you mean ",
        button(mended, () => (input.value = mended)),
        "?",
      );
    else status.textContent = "Nothing found.";
  };
  const show = async () => {
    const query = input.value;
    if (!coming) {
      status.textContent = "Loading the index …";
      coming = load(address, tries++);
    }
    const mine = coming;
    try {
      const known = await mine;
      if (query === input.value) tell(known, query);
    } catch (error) {
      if (coming !== mine || told === mine) return;
      told = mine;
      fail(error);
    }
  };
  const open = () => {
    if (dialog.open) return;
    dialog.showModal();
    input.select();
    show();
  };
  input.addEventListener("input", show);
  // Who opens the search once more tries once more.
  dialog.addEventListener("close", () => coming?.catch(() => (coming = undefined)));
  keys(dialog, input, list, () => {
    const text = ghost.textContent ?? "";
    if (!ghost.lastChild?.textContent || text.length <= input.value.length) return;
    input.value = text;
    show();
  });
  opening(open);
}

/**
 * What keys and clicks do in the open dialog.
 * @param {HTMLDialogElement} dialog
 * @param {HTMLInputElement} input
 * @param {HTMLElement} list
 * @param {() => void} complete
 */
function keys(dialog, input, list, complete) {
  const move = (/** @type {number} */ step) => {
    const stops = [input, ...list.querySelectorAll("a")];
    const at = stops.indexOf(/** @type {any} */ (document.activeElement));
    stops[(Math.max(at, 0) + step + stops.length) % stops.length].focus();
  };
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      move(event.key === "ArrowDown" ? 1 : -1);
      event.preventDefault();
    } else if (event.target !== input) return;
    else if (event.key === "Enter") {
      event.preventDefault();
      if (!event.isComposing) list.querySelector("a")?.click();
    } else if (event.key === "ArrowRight" && input.selectionStart === input.value.length)
      complete();
  });
  dialog.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (target === dialog || target.closest("a, .search-close")) dialog.close();
  });
}

/** @param {() => void} open what a button, "/" and Ctrl+K do */
function opening(open) {
  for (const button of document.querySelectorAll("[data-search]"))
    button.addEventListener("click", open);
  document.addEventListener("keydown", (event) => {
    const field = /** @type {Element} */ (event.target).closest(
      "input, select, textarea, [contenteditable]",
    );
    const plainly = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (
      (event.key === "/" && plainly && !field) ||
      (event.key === "k" && (event.ctrlKey || event.metaKey))
    ) {
      event.preventDefault();
      open();
    }
  });
}
