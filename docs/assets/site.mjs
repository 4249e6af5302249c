/**
 * What a page does beyond HTML and CSS: colour scheme, columns, search, copying of code,
 * the place in the contents. Without it every page is complete, but for the search.
 */

import { copies, make, named } from "./dom.mjs";
import { search } from "./search.mjs";

/** The dialog of the search, if the page has one. */
function searching() {
  const dialog = document.querySelector("dialog.search");
  if (dialog instanceof HTMLDialogElement) search(dialog);
}

/** The button that switches the colour scheme; what it chose is kept for this site, and for no other of its host. */
function scheme() {
  const button = document.querySelector("[data-scheme]");
  if (!button) return;
  const key = document.documentElement.dataset.storage ?? "scheme"; // as the first script of the page found it
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const show = (/** @type {string} */ name) => {
    if (document.body.getAttribute("data-md-color-scheme") !== name)
      document.body.setAttribute("data-md-color-scheme", name);
    button.setAttribute("aria-pressed", String(name === "slate"));
  };
  const stored = () => {
    try {
      const name = localStorage.getItem(key);
      return name === "slate" || name === "default" ? name : null;
    } catch {
      return null;
    }
  };
  const follow = () => show(stored() ?? (dark.matches ? "slate" : "default"));
  button.addEventListener("click", () => {
    const next =
      document.body.getAttribute("data-md-color-scheme") === "slate" ? "default" : "slate";
    try {
      // Who goes back to what the system says, follows the system again.
      if ((next === "slate") === dark.matches) localStorage.removeItem(key);
      else localStorage.setItem(key, next);
    } catch {
      // Private windows may refuse to store; the choice then holds for this page.
    }
    show(next);
  });
  dark.addEventListener("change", follow);
  addEventListener("storage", follow);
  follow();
}

/** The button that hides both columns for reading: what they hold then opens from the head, as on a phone. */
function columns() {
  const button = document.querySelector("[data-columns]");
  if (!button) return;
  const root = document.documentElement;
  const key = (root.dataset.storage ?? "scheme").replace("scheme", "columns");
  const show = (/** @type {boolean} */ off) => {
    root.classList.toggle("plain", off);
    button.setAttribute("aria-pressed", String(off));
  };
  button.addEventListener("click", () => {
    const off = !root.classList.contains("plain");
    try {
      if (off) localStorage.setItem(key, "off");
      else localStorage.removeItem(key);
    } catch {
      // As with the scheme, the choice then holds for this page.
    }
    show(off);
  });
  addEventListener("storage", (event) => event.key === key && show(event.newValue === "off"));
  show(root.classList.contains("plain"));
}

/** @param {Element} block */
function copying(block) {
  const code = block.querySelector("pre code");
  if (!code || code.closest(".demo")) return;
  const button = make(
    "button",
    { class: "copy", type: "button", "aria-label": "Copy this code" },
    "Copy",
  );
  copies(
    button,
    () => (code.textContent ?? "").trimEnd(),
    () => {
      getSelection()?.selectAllChildren(code);
      return "Selected";
    },
  );
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

/** Does something with elements when the browser has nothing better to do, a few at a time. */
function idle(/** @type {string} */ selector, /** @type {(elements: Element[]) => void} */ act) {
  const waiting = [...document.querySelectorAll(selector)];
  const some = () => {
    act(waiting.splice(0, 20));
    if (waiting.length) soon();
  };
  const soon = () =>
    "requestIdleCallback" in window
      ? requestIdleCallback(some, { timeout: 2000 })
      : setTimeout(some, 50);
  soon();
}

const BOXES = ".md-typeset :is(pre, .table-box, .equation-body)";

/** Makes a stop of Tab of each box that scrolls sideways, and of no other. */
function stops(/** @type {Element[]} */ boxes) {
  // First everything is read, then everything written: the page is laid out once.
  const over = boxes.map((box) => box.scrollWidth > box.clientWidth);
  boxes.forEach((box, i) => {
    if (!over[i]) box !== document.activeElement && box.removeAttribute("tabindex");
    else if (!box.hasAttribute("tabindex")) box.setAttribute("tabindex", "0");
  });
}

/** What scrolls sideways can be reached with the keyboard, however far below it is; demos see to their own. */
function scrollable() {
  const observer = new ResizeObserver((entries) => {
    const seen = new Set(entries.map(({ target }) => target.closest(BOXES)));
    stops([...seen].filter((box) => box !== null));
  });
  idle(BOXES, (boxes) => {
    // A far part of the ledger is laid out when it comes near; to measure it before would take seconds. Until
    // then a box in it is a stop. A fold is laid out when it opens.
    const far = boxes.filter(
      (box) =>
        !box.closest("details:not([open])") &&
        !box.checkVisibility({ contentVisibilityAuto: true }),
    );
    for (const box of far) box.setAttribute("tabindex", "0");
    for (const box of boxes) {
      observer.observe(box);
      // What is inside may grow later, as when a font arrives.
      if (box.firstElementChild) observer.observe(box.firstElementChild);
    }
  });
}

/** A button on each piece of code that copies it. */
function copyable() {
  near("div.highlight:not(.no-copy)", copying);
}

/**
 * The contents show the link of the section that is read.
 * @param {Element} panel
 */
function follow(panel) {
  const link = panel.querySelector("[aria-current]");
  if (!link || panel.scrollHeight <= panel.clientHeight) return;
  const [box, frame] = [link.getBoundingClientRect(), panel.getBoundingClientRect()];
  const middle = frame.top + panel.clientHeight / 2;
  if (box.top < frame.top + 48 || box.bottom > frame.bottom - 48)
    panel.scrollTop += box.top - middle;
}

/** Exercises answer back when one of them comes near; nothing moves, since their places are as high before. */
function answering() {
  near("div.answer", () => import("./answers.mjs"));
}

/** Marks in the contents where the reader is. */
function contents() {
  const links = new Map();
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (
    document.querySelectorAll(".toc li a")
  )) {
    const target = named(link.hash);
    if (target) links.set(target, link);
  }
  if (!links.size) return;
  const targets = [...links.keys()];
  const panel = document.querySelector(".toc");
  let waiting = false;
  const mark = () => {
    waiting = false;
    const end = innerHeight + scrollY >= document.documentElement.scrollHeight - 4;
    const now = end
      ? targets.at(-1)
      : targets.findLast((target) => target.getBoundingClientRect().top < 140);
    for (const [target, link] of links) {
      if (target !== now) link.removeAttribute("aria-current");
      else if (!link.hasAttribute("aria-current")) {
        link.setAttribute("aria-current", "true");
        if (panel?.checkVisibility()) follow(panel);
      }
    }
  };
  addEventListener(
    "scroll",
    () => {
      if (!waiting) requestAnimationFrame(mark);
      waiting = true;
    },
    { passive: true },
  );
  if (!(panel instanceof HTMLElement)) return;
  panel.addEventListener("toggle", () => {
    mark();
    follow(panel);
  });
  panel.addEventListener("click", (event) => {
    if (
      event.target instanceof Element &&
      event.target.closest("a") &&
      panel.matches(":popover-open")
    )
      panel.hidePopover();
  });
}

/** Opens the fold that an address leads into, and all folds on paper. */
function folded() {
  const reveal = () => {
    const target = named(location.hash);
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

/** The open page of a long navigation is in sight. */
function navigation() {
  near(".nav [aria-current]", (here) => {
    const nav = here.closest(".nav");
    if (nav) nav.scrollTop += Math.max(0, here.getBoundingClientRect().top - innerHeight / 2);
  });
}

/** Copies of formulas, and large figures: what makes them comes with the first sign that somebody wants one. */
function taking() {
  // As the page was written: before anything is added to it, or taken out of what waits.
  const formulas = [...document.querySelectorAll("math, template")].flatMap((found) =>
    found instanceof HTMLTemplateElement ? [...found.content.querySelectorAll("math")] : found,
  );
  const sign = (/** @type {Event} */ { target }) => {
    const place =
      target instanceof Element && target.closest(".equation[id], .ledger-entry, figure[id]");
    if (place) import("./taking.mjs").then(({ take }) => take(place, formulas));
  };
  document.addEventListener("pointerover", sign);
  document.addEventListener("focusin", sign);
  document.addEventListener("selectionchange", () => {
    if (formulas.length && !getSelection()?.isCollapsed)
      import("./taking.mjs").then(({ carry }) => carry(formulas)).catch(() => {});
  });
}

/** Does each step, whatever becomes of the others: what fails is reported as if nobody had caught it. */
function start() {
  for (const step of [
    scheme,
    columns,
    searching,
    contents,
    folded,
    scrollable,
    copyable,
    answering,
    navigation,
    taking,
  ]) {
    try {
      step();
    } catch (error) {
      reportError(error);
    }
  }
}

start();
