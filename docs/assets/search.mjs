/**
 * The search's dialog, a combobox: it loads the index when it is first opened, and says what is wrong when
 * the index does not come. `?q=` in the address opens it with a query.
 */

import { make } from "./dom.mjs";

/** @typedef {typeof import("./search-results.mjs")} Engine */
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
    import(`./search-results.mjs${tries ? `?${tries}` : ""}`),
    fetch(url, { signal, cache: tries ? "reload" : "default" }),
  ]).catch(unreachable);
  if (!answer.ok) throw new Trouble(`the server answers ${answer.status} for the index`);
  const text = await answer.text().catch(unreachable);
  try {
    return { engine, index: await engine.read(JSON.parse(text)) };
  } catch {
    throw new Trouble("the index is damaged");
  }
}

/** @param {HTMLDialogElement} dialog */
export function search(dialog) {
  const input = /** @type {HTMLInputElement} */ (dialog.querySelector("input"));
  const status = /** @type {HTMLElement} */ (dialog.querySelector("[role=status]"));
  const list = /** @type {HTMLElement} */ (dialog.querySelector("[role=listbox]"));
  const address = dialog.dataset.index ?? "";
  const base = new URL("..", new URL(address, location.href));
  /** @type {Promise<Known> | undefined} */
  let coming;
  /** @type {Promise<Known> | undefined} the one of whose failure the reader was told */
  let told;
  let tries = 0;

  const fail = (/** @type {unknown} */ error) => {
    const why = error instanceof Trouble ? error.message : `of a fault in its script (${error})`;
    const again = make("button", { type: "button", class: "search-mend" }, "Try again");
    again.addEventListener("click", () => {
      input.focus();
      coming = undefined;
      show();
    });
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
  const show = async () => {
    const query = input.value;
    if (!coming) {
      status.textContent = "Loading the index …";
      coming = load(address, tries++);
    }
    const mine = coming;
    try {
      const { engine, index } = await mine;
      if (query !== input.value) return;
      status.replaceChildren(...engine.show(index, query, list, base));
      activate(input, list, null);
      input.setAttribute("aria-expanded", String(!list.hidden));
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
  const share = sharing(dialog, input);
  input.addEventListener("input", () => {
    show();
    share();
  });
  // Who opens the search once more tries once more.
  dialog.addEventListener("close", () => coming?.catch(() => (coming = undefined)));
  keys(dialog, input, list);
  opening(open);
  arrive(input, open);
}

/**
 * The query is in the address while the search is open, so that it can be shared.
 * @param {HTMLDialogElement} dialog
 * @param {HTMLInputElement} input
 * @returns {() => void} what notes the query, once the reader pauses: browsers allow few changes a second
 */
function sharing(dialog, input) {
  let timer = 0;
  const note = () => {
    const url = new URL(location.href);
    if (dialog.open && input.value.trim()) url.searchParams.set("q", input.value.trim());
    else url.searchParams.delete("q");
    if (url.href !== location.href) history.replaceState(history.state, "", url);
  };
  dialog.addEventListener("close", () => {
    clearTimeout(timer);
    note();
  });
  return () => {
    clearTimeout(timer);
    timer = setTimeout(note, 400);
  };
}

/**
 * What an address asks for: a query, or words to be marked, which then leave it.
 * @param {HTMLInputElement} input
 * @param {() => void} open
 */
function arrive(input, open) {
  const url = new URL(location.href);
  const marked = url.searchParams.get("mark");
  const query = url.searchParams.get("q");
  if (marked) {
    url.searchParams.delete("mark");
    history.replaceState(history.state, "", url);
    import("./search-marks.mjs").then(({ mark }) => mark(marked));
  }
  if (query) {
    input.value = query;
    open();
  }
}

/**
 * Make one of the options the active one; the focus stays in the field.
 * @param {HTMLInputElement} input
 * @param {HTMLElement} list
 * @param {HTMLElement | null} option
 */
function activate(input, list, option) {
  for (const other of list.querySelectorAll("[aria-selected=true]"))
    other.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) input.setAttribute("aria-activedescendant", option.id);
  else input.removeAttribute("aria-activedescendant");
}

/**
 * What keys and clicks do in the open dialog.
 * @param {HTMLDialogElement} dialog
 * @param {HTMLInputElement} input
 * @param {HTMLElement} list
 */
function keys(dialog, input, list) {
  const options = () =>
    list.hidden ? [] : /** @type {HTMLElement[]} */ ([...list.querySelectorAll("[role=option]")]);
  const active = () => options().find((option) => option.getAttribute("aria-selected") === "true");
  const move = (/** @type {number} */ step) => {
    const stops = [null, ...options()];
    const at = stops.indexOf(active() ?? null);
    activate(input, list, stops[(at + step + stops.length) % stops.length]);
  };
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp")
      move(event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "Enter") (active() ?? options()[0])?.click();
    else return;
    event.preventDefault();
  });
  dialog.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    const link = target.closest("a");
    if (target !== dialog && !target.closest("a, .search-close")) return;
    const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (link?.dataset.mark && !elsewhere) {
      const url = new URL(link.href);
      url.searchParams.set("mark", link.dataset.mark);
      event.preventDefault();
      location.assign(url);
    } else if (!elsewhere) dialog.close();
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
