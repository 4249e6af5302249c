/**
 * Large weights of a demo are loaded by a button, when the reader asks for them; small ones at once.
 *
 * @typedef {import("./weights.mjs").Weights} Weights
 */

import { button, element } from "./ui.mjs";
import { load } from "./weights.mjs";

/**
 * @param {HTMLElement} root what is made stands in it until the weights are there
 * @param {{text: string, note?: string, url: URL, open: (weights: Weights) => HTMLElement}} options
 *   `open` makes the demo and returns what the focus goes to, since the button that had it is gone
 * @param {unknown} [failed] why a first attempt to load them failed
 */
export function starter(root, { text, note, url, open }, failed) {
  const box = element("div", { "data-more": true }, root);
  if (note) element("p", { text: note }, box);
  const buttons = element("div", { class: "demo-buttons" }, box);
  const told = { class: "demo-status", role: "status", style: "min-height: 1.45em" };
  const status = element("p", told, box);
  if (failed) status.textContent = refusal(failed);
  let loading = false;
  const start = button(buttons, text, async () => {
    if (loading) return;
    loading = true; // a button that is disabled would lose the focus
    start.setAttribute("aria-disabled", "true");
    status.textContent = "Loading …";
    try {
      const weights = await load(url);
      const focused = box.contains(document.activeElement);
      box.remove();
      const first = open(weights);
      root.dispatchEvent(new Event("demo-more", { bubbles: true }));
      if (focused) first.focus({ preventScroll: true });
    } catch (error) {
      loading = false;
      start.removeAttribute("aria-disabled");
      status.textContent = refusal(error);
    }
  });
}

/** @param {unknown} error */
function refusal(error) {
  return `The weights could not be loaded: ${error instanceof Error ? error.message : error}.`;
}

/**
 * Loads small weights without being asked; only if that fails there is a button, to try again.
 * @param {HTMLElement} root
 * @param {{url: URL, open: (weights: Weights) => HTMLElement}} options as of `starter`
 * @returns {Promise<void>} settled when there is something to be seen
 */
export async function atOnce(root, { url, open }) {
  let weights;
  try {
    weights = await load(url);
  } catch (error) {
    const box = element("div", {}, root);
    return starter(box, { text: "Load the weights again", url, open }, error);
  }
  open(weights); // what fails here is no failure to load
}
