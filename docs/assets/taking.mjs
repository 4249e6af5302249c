/**
 * What can be taken along: figures, large and with their files, and the TeX of formulas. It is loaded with the
 * first sign that somebody may want it, and the TeX lies in a file beside the page.
 */

import { copies, make } from "./dom.mjs";

const sheet = make("link", {
  rel: "stylesheet",
  href: new URL("stylesheets/taking.css", import.meta.url).href,
});
/** Nothing is put into the page before its style is there. */
const styled = new Promise((done) => {
  sheet.addEventListener("load", done);
  sheet.addEventListener("error", done);
});
document.head.append(sheet);

/** @type {Promise<void> | undefined} */
let loading;

/**
 * Brings the TeX of all formulas that the page had when it was read; some are their own TeX.
 * @param {Element[]} formulas
 */
export function carry(formulas) {
  loading ??= fetch("formulas.json")
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(answer.statusText))))
    .then((told) => {
      if (told.length !== formulas.length) return;
      formulas.forEach((formula, at) => {
        if (told[at]) formula.setAttribute("data-tex", told[at]);
      });
    });
  loading.catch(() => (loading = undefined));
  return loading;
}

/** @param {Element} formula */
const tex = (formula) => formula.getAttribute("data-tex") ?? formula.textContent ?? "";

/** @param {Element} formula as Markdown and TeX write it in their text */
const written = (formula) =>
  formula.getAttribute("display") === "block"
    ? make("pre", {}, `$$\n${tex(formula)}\n$$`)
    : `$${tex(formula)}$`;

/**
 * A button that copies a text, and says so.
 * @param {Element} place
 * @param {Record<string, string>} attributes
 * @param {string} label
 * @param {() => Promise<string> | string} text
 */
function copier(place, attributes, label, text) {
  const button = make("button", { type: "button", ...attributes }, label);
  copies(button, text, () => "Not copied");
  place.append(button);
}

/**
 * A button at a displayed equation that copies its TeX, with its number and address as a comment.
 * @param {Element} equation
 * @param {Element[]} formulas of the page
 */
function copyable(equation, formulas) {
  const number = /** @type {HTMLAnchorElement | null} */ (
    equation.querySelector(".equation-number")
  );
  const formula = equation.querySelector("math");
  if (!number || !formula || equation.querySelector(".equation-copy")) return;
  const name = `Equation ${number.textContent}`;
  copier(
    equation,
    { class: "equation-copy", "aria-label": `Copy TeX of ${name}` },
    "Copy TeX",
    async () => {
      await carry(formulas);
      return `% ${name}, ${number.href}\n${tex(formula)}\n`;
    },
  );
}

/**
 * What is selected, with whole formulas.
 * @param {Range} range
 */
function whole(range) {
  const copy = range.cloneRange();
  const formula = (/** @type {Node} */ node) =>
    (node instanceof Element ? node : node.parentElement)?.closest("math");
  const [first, last] = [formula(range.startContainer), formula(range.endContainer)];
  if (first) copy.setStartBefore(first);
  if (last) copy.setEndAfter(last);
  return copy.cloneContents();
}

/**
 * Text that is copied has the TeX of its formulas: their signs alone would come one to a line.
 * @param {ClipboardEvent} event
 */
function copied(event) {
  const selection = getSelection();
  const inside = document.activeElement;
  if (!selection?.rangeCount || selection.isCollapsed || !event.clipboardData) return;
  if (inside?.matches("input, textarea")) return;
  const parts = [...Array(selection.rangeCount).keys()].map((at) =>
    whole(selection.getRangeAt(at)),
  );
  // Rendered for a moment outside the window, so that its text has the lines that are seen.
  const box = make("div", { class: "md-typeset taken" }, ...parts);
  const formulas = [...box.querySelectorAll("math")];
  if (!formulas.length) return;
  for (const part of box.querySelectorAll("button, [id]"))
    part.matches("button") ? part.remove() : part.removeAttribute("id");
  for (const link of box.querySelectorAll("a[href]")) link.setAttribute("href", link.href);
  const html = box.innerHTML;
  for (const formula of formulas) formula.replaceWith(written(formula));
  document.body.append(box);
  // biome-ignore lint/performance/useDomNodeTextContent: the lines that are seen are wanted.
  const text = box.innerText.replace(/\n{3,}/g, "\n\n").trim();
  box.remove();
  event.clipboardData.setData("text/plain", text);
  event.clipboardData.setData("text/html", html);
  event.preventDefault();
}

/**
 * Who is to be named with a figure, in one line.
 * @param {Element} figure
 */
function attribution(figure) {
  const number = figure.querySelector(".figure-number")?.textContent ?? "Figure";
  const title = document.querySelector("h1")?.firstChild?.textContent?.trim() ?? document.title;
  const site = document.querySelector(".top-home")?.getAttribute("aria-label");
  const licence = document.querySelector(".foot [rel=license]")?.textContent;
  const address = location.href.replace(/[?#].*/s, "");
  const parts = [
    `${number} of “${title}”`,
    site?.replace(/, home$/, ""),
    `${address}#${figure.id}`,
  ];
  return [...parts, licence].filter(Boolean).join(", ");
}

/**
 * Shows a figure as large as the window allows, with its files, until it is closed.
 * @param {HTMLElement} figure
 * @param {HTMLElement} opener what gets the focus back
 */
function enlarge(figure, opener) {
  const number = figure.querySelector(".figure-number")?.textContent ?? "Figure";
  const panels = [...figure.querySelectorAll(".figure-panel:not(.diagram-narrow) > *")].map((one) =>
    one.cloneNode(true),
  );
  const shown = make(
    "div",
    { class: "large-panels", tabindex: "0", role: "region", "aria-label": `${number}, large` },
    ...panels,
  );
  // The parts that a drawing uses twice are found in the page, under their names.
  for (const part of shown.querySelectorAll("[id]")) part.removeAttribute("id");
  const close = make("button", { class: "large-close", type: "button" }, "Close");
  const title = make("p", { class: "large-title", id: "large-title" }, number);
  const credit = make("p", { class: "large-credit" }, attribution(figure));
  const files = figure.querySelector(".figure-data")?.cloneNode(true) ?? "";
  const foot = make("div", { class: "large-foot" }, files, credit);
  copier(foot, { class: "large-copy" }, "Copy attribution", () => attribution(figure));
  const dialog = make(
    "dialog",
    { class: "large", "aria-labelledby": "large-title" },
    make("div", { class: "large-head" }, title, close),
    shown,
    foot,
  );
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (/** @type {Event} */ event) => {
    if (event.target === dialog) dialog.close(); // beside it
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    opener.focus({ preventScroll: true });
  });
  document.body.append(dialog);
  dialog.showModal();
}

/**
 * A button at a figure that shows it large.
 * @param {HTMLElement} figure
 */
function enlargeable(figure) {
  const words = figure.querySelector("figcaption");
  if (!words?.querySelector(".figure-data") || words.querySelector(".figure-large")) return;
  const name = `Enlarge ${figure.querySelector(".figure-number")?.textContent}`;
  const attributes = { class: "figure-large", type: "button", "aria-label": name };
  const button = make("button", attributes, "Enlarge");
  button.addEventListener("click", () => enlarge(figure, button));
  words.append(button);
}

/**
 * Puts the button of an equation or a figure in its place when that is pointed at, tapped or reached with Tab.
 * @param {Element} place
 * @param {Element[]} formulas of the page, as it was written
 */
export async function take(place, formulas) {
  await styled;
  if (place instanceof HTMLElement && place.matches("figure")) return enlargeable(place);
  carry(formulas).catch(() => {}); // the button says so when it is pressed
  copyable(place, formulas);
}

document.addEventListener("copy", copied);
