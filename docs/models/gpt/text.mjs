/** The reader's text, and below it its tokens as buttons. */

import { element, presets, textarea } from "../../assets/demos/ui.mjs";

/** @param {Element} parent @param {HTMLElement} buttons which stand next to the text, also on a phone */
export function promptOn(parent, buttons) {
  const id = `gpt-prompt-${Math.trunc(performance.now())}`;
  const prompt = textarea(parent, { id, label: "Your text", rows: 2 });
  parent.append(buttons);
  return prompt;
}

/** @param {Element} parent @returns {HTMLElement} where each token is a button */
export function stripOn(parent) {
  const label = "Tokens: choose one to see what it attends to";
  const strip = element("div", { role: "group", "aria-label": label }, parent);
  Object.assign(strip.style, {
    display: "flex",
    flexWrap: "wrap",
    gap: "2px",
    marginTop: "0.75rem",
  });
  return strip;
}

/** @param {HTMLElement} strip @param {() => void} onClick */
function tokenOn(strip, onClick) {
  const token = element("button", { type: "button", onclick: onClick }, strip);
  Object.assign(token.style, {
    minWidth: "1.75rem",
    minHeight: "2rem",
    padding: "0 0.25rem",
    border: "1px solid transparent",
    borderBottomWidth: "3px",
    font: "inherit",
    color: "inherit",
    cursor: "pointer",
  });
}

/**
 * @param {HTMLElement} strip
 * @param {{name: string, weight: number, written: boolean}[]} tokens how much each is looked at, and
 *   whether the model wrote it
 * @param {number} query which of them looks
 * @param {(i: number) => void} onClick
 */
export function showTokens(strip, tokens, query, onClick) {
  while (strip.children.length > tokens.length) strip.lastChild?.remove();
  while (strip.children.length < tokens.length) {
    const i = strip.children.length;
    tokenOn(strip, () => onClick(i));
  }
  tokens.forEach(({ name, weight, written }, i) => {
    const node = /** @type {HTMLElement} */ (strip.children[i]);
    const share = Math.round(60 * weight);
    const told = `${name}, weight ${weight.toFixed(2)}${written ? ", written by the model" : ""}`;
    node.textContent = name;
    node.style.background = `color-mix(in srgb, var(--fig-1) ${share}%, transparent)`;
    node.style.borderBottomColor = written ? "var(--fig-2)" : "transparent";
    node.style.outline = i === query ? "2px solid currentColor" : "";
    node.setAttribute("aria-pressed", String(i === query));
    node.setAttribute("aria-label", told);
  });
}

/** @typedef {{text?: string, temperature?: number, topK?: number, topP?: number}} Preset */

/** @type {[string, Preset][]} what the page tells of the example */
const PRESETS = [
  ["Ann", { text: "Ann" }],
  ["Ann likes", {}],
  ["Tom likes", { text: "Tom likes" }],
  ["T = 0.5", { temperature: 0.5 }],
  ["T = 2", { temperature: 2 }],
  ["Top-k 2", { topK: 2 }],
  ["Top-p 0.8", { topP: 0.8 }],
];

/** @param {Element} parent @param {(preset: Preset) => void} onChoose */
export function presetsOn(parent, onChoose) {
  const all = PRESETS.map(([name, chosen]) => ({ name, chosen }));
  parent.append(presets(all, ({ chosen }) => onChoose(chosen)).list);
}

/** @param {Element} parent of a model without presets: their room, so that the choice of a model stays in its place */
export function roomOn(parent) {
  const row = element("div", { class: "demo-buttons", "aria-hidden": "true" }, parent);
  row.style.visibility = "hidden";
  for (const [text] of PRESETS) element("span", { class: "demo-button", text }, row);
}

/** @param {HTMLElement} parent @param {number} perSecond tokens of a run @returns {HTMLElement} where the table is put, folded */
export function foldedOn(parent, perSecond) {
  const details = element("details", {}, parent);
  element("summary", { text: "All numbers, and what the pictures show" }, details);
  const text = `Solid bars: to draw from. Outlined bars: the model at temperature 1. A run writes at most ${perSecond} tokens a second.`;
  element("p", { text }, details);
  const note =
    "The larger model is a file of about 250 kB. It is loaded when you choose it, and nothing that you type leaves this page.";
  element("p", { text: note }, details);
  return element("div", {}, details);
}
