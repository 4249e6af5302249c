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
  let attended = false;

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
      if (!attended) engine.attend(dialog, input, list);
      attended = true;
      status.replaceChildren(...engine.show(index, query, input, list, base));
    } catch (error) {
      if (coming !== mine || told === mine) return;
      told = mine;
      fail(error);
    }
  };
  /** @param {string} [query] what stands in the field from now on, unless it stays as it is */
  const open = (query) => {
    if (dialog.open) return;
    if (query) input.value = query;
    // `showModal` would make all of a long page inert, and that takes a slow phone a fifth of a second.
    for (const other of document.querySelectorAll(":popover-open"))
      if (other instanceof HTMLElement) other.hidePopover();
    dialog.show();
    input.select();
    show();
  };
  input.addEventListener("input", show);
  input.form?.addEventListener("submit", (event) => event.preventDefault());
  // Who opens the search once more tries once more.
  dialog.addEventListener("close", () => coming?.catch(() => (coming = undefined)));
  modal(dialog);
  opening(open);
  arrive(open);
}

/**
 * What makes a dialog modal: who clicks beside it or presses Escape closes it, and Tab stays inside.
 * @param {HTMLDialogElement} dialog
 */
function modal(dialog) {
  document.addEventListener(
    "click",
    (event) => {
      const target = /** @type {Element} */ (event.target);
      if (!dialog.open || (dialog.contains(target) && !target.closest(".search-close"))) return;
      if (!dialog.contains(target)) event.stopPropagation();
      event.preventDefault();
      dialog.close();
    },
    true,
  );
  document.addEventListener("keydown", (event) => {
    if (!dialog.open || event.defaultPrevented) return;
    if (event.key === "Escape") {
      event.preventDefault();
      dialog.close();
    } else if (event.key === "Tab") {
      /** @type {HTMLElement[]} */
      const stops = [...dialog.querySelectorAll("a, button, input")]
        .map((one) => /** @type {HTMLElement} */ (one))
        .filter((one) => one.tabIndex >= 0 && one.checkVisibility());
      const [from, to] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
      const inside = dialog.contains(document.activeElement);
      if (inside && document.activeElement !== from) return;
      event.preventDefault();
      to?.focus();
    }
  });
}

/**
 * What an address asks for: a query, or words to be marked, which then leave it.
 * @param {(query?: string) => void} open
 */
function arrive(open) {
  const url = new URL(location.href);
  const marked = url.searchParams.get("mark");
  const query = url.searchParams.get("q");
  if (marked) {
    url.searchParams.delete("mark");
    history.replaceState(history.state, "", url);
    import("./search-marks.mjs").then(({ mark }) => mark(marked));
  }
  if (query) open(query);
}

/** @param {(query?: string) => void} open what a button, "/" and Ctrl+K do; a button may name the words */
function opening(open) {
  for (const button of document.querySelectorAll("[data-search]"))
    button.addEventListener("click", () => open(button.getAttribute("data-search") || undefined));
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
