/**
 * A button that loads the weights of a demo when the reader asks for them, and not before.
 *
 * @typedef {import("./weights.mjs").Weights} Weights
 */

import { button, element } from "./ui.mjs";
import { load } from "./weights.mjs";

/**
 * @param {HTMLElement} root what is made stands in it until the weights are there
 * @param {{text: string, note?: string, url: URL, open: (weights: Weights) => HTMLElement}} options
 *   `open` makes the demo and returns what the focus goes to, since the button that had it is gone
 */
export function starter(root, { text, note, url, open }) {
  const box = element("div", {}, root);
  if (note) element("p", { text: note }, box);
  const buttons = element("div", { class: "demo-buttons" }, box);
  const status = element("p", { class: "demo-status", role: "status" }, box);
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
      const why = error instanceof Error ? error.message : error;
      status.textContent = `The weights could not be loaded: ${why}.`;
    }
  });
}
