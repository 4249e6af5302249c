/**
 * What the keyboard does in the search's dialog, and what the address says of it. Loaded with the first search.
 */

/**
 * @param {HTMLDialogElement} dialog
 * @param {HTMLInputElement} input
 * @param {HTMLElement} list
 */
export function attend(dialog, input, list) {
  sharing(dialog, input);
  keys(input, list);
}

/**
 * The query is in the address while the search is open, so that it can be shared.
 * @param {HTMLDialogElement} dialog
 * @param {HTMLInputElement} input
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
  // Once the reader pauses: browsers allow few changes a second.
  const soon = () => {
    clearTimeout(timer);
    timer = window.setTimeout(note, 400);
  };
  input.addEventListener("input", soon);
  soon();
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
 * @param {HTMLInputElement} input
 * @param {HTMLElement} list
 */
function keys(input, list) {
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
  list.addEventListener("click", (event) => {
    const link = /** @type {Element} */ (event.target).closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const url = new URL(link.href);
    url.searchParams.set("mark", link.dataset.mark ?? "");
    event.preventDefault();
    location.assign(url);
  });
}
