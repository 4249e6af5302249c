/**
 * The notes on sources and terms, loaded where there are marks of any. Who points at a mark or reaches it
 * with Tab sees the note beside it. Who taps it, or presses Enter on it, gets the note as a card to stay in, with a way to the source or the
 * glossary: a sheet at the foot of a phone, a popover elsewhere. A click goes where the link goes, as it
 * does without JavaScript.
 */

import { make, named } from "./dom.mjs";

const MARKS = ".md-typeset :is(a.footnote-ref, a.term, abbr[title], abbr[data-title])";

/** @typedef {{title: string, href: string, way: string, content: Node[], more?: Promise<Node[]>}} Note */

/** @param {Event} event the mark on which something happens: of a term its abbreviation */
const marked = (event) => {
  if (!(event.target instanceof Element)) return null;
  const found = event.target.closest(MARKS);
  return /** @type {HTMLElement | null} */ (
    found?.matches("a.term") ? found.querySelector("abbr") : found
  );
};

/** @param {HTMLElement} mark what of it can have the focus */
const stop = (mark) => /** @type {HTMLElement} */ (mark.closest("a") ?? mark);

/** @param {HTMLAnchorElement} mark */
function source(mark) {
  const entry = named(mark.hash);
  if (!entry) return null;
  const copy = /** @type {Element} */ (entry.cloneNode(true));
  for (const back of copy.querySelectorAll(".footnote-backref")) back.remove();
  for (const part of copy.querySelectorAll("[id]")) part.removeAttribute("id");
  const title = mark.getAttribute("aria-label") ?? `Note ${mark.textContent}`;
  const way = title.startsWith("Source") ? "Go to the source" : "Go to the note";
  return { title, href: mark.href, way, content: [...copy.childNodes] };
}

/** @type {Promise<Document> | undefined} */
let glossary;

/**
 * What the glossary says of a term. Nobody loads it before a term is pointed at.
 * @param {string} url
 * @param {string} term
 * @returns {Promise<{id: string, sentence: Node[]}>}
 */
async function explained(url, term) {
  glossary ??= fetch(url)
    .then((answer) =>
      answer.ok ? answer.text() : Promise.reject(new Error(String(answer.status))),
    )
    .then((text) => new DOMParser().parseFromString(text, "text/html"));
  glossary.catch(() => (glossary = undefined));
  const entries = [...(await glossary).querySelectorAll("main dt[id]")];
  const entry = entries.find(
    (dt) => dt.textContent?.replace(/\s*\([^()]*\)\s*$/, "").trim() === term,
  );
  const told = entry?.nextElementSibling;
  if (!entry || !told?.matches("dd")) return { id: "", sentence: [] };
  const copy = document.importNode(told, true);
  for (const link of copy.querySelectorAll("a[href]"))
    link.setAttribute("href", new URL(link.getAttribute("href") ?? "", url).href);
  const blocks = copy.querySelector("p") ? [...copy.children] : [make("p", {}, ...copy.childNodes)];
  return { id: entry.id, sentence: blocks };
}

/** @param {HTMLElement} mark */
function term(mark) {
  // The browser's own note would come on top of ours: its text rests meanwhile.
  mark.dataset.title ||= mark.title;
  mark.removeAttribute("title");
  const long = mark.dataset.title ?? "";
  const title = `${long} (${(mark.textContent ?? "").replace(/s$/, "")})`;
  const page = document.querySelector("main")?.dataset.glossary;
  if (!page) return { title, href: "", way: "", content: [] };
  const url = new URL(page, location.href).href;
  /** @type {Note} */
  const note = {
    title,
    href: mark.closest("a")?.href ?? url,
    way: "Go to the glossary",
    content: [],
  };
  note.more = explained(url, long).then(({ id, sentence }) => {
    if (id) note.href = `${url}#${id}`;
    return sentence;
  });
  note.more.catch(() => {}); // the long form and the way to the glossary stay
  return note;
}

/**
 * @param {HTMLElement} mark
 * @returns {Note | null}
 */
const read = (mark) => (mark.matches("abbr") ? term(mark) : source(/** @type {any} */ (mark)));

/**
 * Puts a note below its mark, or above it where there is no room.
 * @param {HTMLElement} note
 * @param {HTMLElement} mark
 * @param {boolean} stays whether it stays beside the mark when the page scrolls
 */
function place(note, mark, stays) {
  const box = mark.getClientRects()[0] ?? mark.getBoundingClientRect();
  const wide = note.offsetWidth;
  const high = note.offsetHeight;
  const left = Math.max(12, Math.min(box.left + box.width / 2 - wide / 2, innerWidth - wide - 12));
  const below = box.bottom + 8 + high < innerHeight || box.top - 8 - high < 0;
  const top = below ? box.bottom + 8 : box.top - 8 - high;
  note.style.setProperty("--left", `${left + (stays ? scrollX : 0)}px`);
  note.style.setProperty("--top-of-note", `${top + (stays ? scrollY : 0)}px`);
}

/** The note that comes when a mark is pointed at or has the focus, and goes with it. */
function hint() {
  const note = make("div", {
    class: "aside-note md-typeset",
    id: "aside-note",
    role: "tooltip",
    popover: "manual",
  });
  /** @type {HTMLElement | undefined} */
  let owner;
  let timer = 0;
  const hide = () => {
    clearTimeout(timer);
    if (!owner) return;
    stop(owner).removeAttribute("aria-describedby");
    if (owner.dataset.title) owner.title = owner.dataset.title;
    owner = undefined;
    note.hidePopover();
  };
  const show = (/** @type {HTMLElement} */ mark) => {
    clearTimeout(timer);
    if (owner === mark) return;
    hide();
    const told = read(mark);
    if (!told) return;
    const isTerm = mark.matches("abbr");
    note.replaceChildren(
      ...(isTerm ? [make("p", { class: "note-title" }, told.title)] : told.content),
    );
    stop(mark).setAttribute("aria-describedby", note.id);
    owner = mark;
    note.showPopover();
    place(note, mark, false);
    told.more?.then(
      (more) => {
        if (owner !== mark) return;
        note.append(...more);
        place(note, mark, false);
      },
      () => {},
    );
  };
  const after = (/** @type {number} */ wait, /** @type {() => void} */ act) => {
    clearTimeout(timer);
    timer = window.setTimeout(act, wait);
  };
  const held = () => owner && stop(owner).matches(":focus-visible");
  document.addEventListener("pointerover", (event) => {
    const at = marked(event);
    if (at && event.pointerType !== "touch") after(owner ? 0 : 120, () => show(at));
    else if (note.contains(/** @type {Node} */ (event.target)) || !owner) clearTimeout(timer);
    else if (!held()) after(250, hide);
  });
  addEventListener("scroll", () => owner && !held() && !note.matches(":hover") && hide(), {
    passive: true,
  });
  return { note, show, hide };
}

/** The note that stays until it is closed: Escape, its button, a tap beside it, or its way. */
function card() {
  const title = make("p", { class: "note-title", id: "note-title" });
  const body = make("div", { class: "note-body", id: "note-body" });
  // A link without an address would be none, to crawlers as well; each note writes its own.
  const way = make("a", { class: "note-way", href: "#note-title" });
  const close = make(
    "button",
    { class: "note-close", type: "button", popovertarget: "note", popovertargetaction: "hide" },
    "Close",
  );
  const names = {
    role: "dialog",
    "aria-labelledby": "note-title",
    "aria-describedby": "note-body",
  };
  const note = make(
    "div",
    { class: "note-card md-typeset", id: "note", popover: "auto", ...names },
    title,
    body,
    make("div", { class: "note-ways" }, way, close),
  );
  /** @type {HTMLElement | undefined} */
  let owner;
  const show = (/** @type {HTMLElement} */ mark) => {
    const told = read(mark);
    if (!told) return false;
    const way_ = () => {
      way.hidden = !told.href;
      way.href = told.href;
    };
    title.textContent = told.title;
    body.replaceChildren(...told.content);
    way.textContent = told.way;
    way_();
    // When the card closes, the focus returns to what has it now.
    stop(mark).focus({ preventScroll: true });
    owner = mark;
    note.showPopover();
    place(note, mark, true);
    (told.href ? way : close).focus({ preventScroll: true });
    told.more?.then(
      (more) => {
        if (owner !== mark) return;
        body.replaceChildren(...more);
        way_();
        place(note, mark, true);
      },
      () => {},
    );
    return true;
  };
  way.addEventListener("click", () => note.hidePopover());
  note.addEventListener("toggle", (/** @type {ToggleEvent} */ event) => {
    if (event.newState === "open" || !owner) return;
    if (owner.dataset.title) owner.title = owner.dataset.title;
    owner = undefined;
  });
  return { note, show, shown: () => owner };
}

/** Notes on all marks of the page. */
function notes() {
  const beside = hint();
  const stays = card();
  (document.querySelector("main") ?? document.body).append(beside.note, stays.note);
  const within = (/** @type {Event} */ event) =>
    beside.note.contains(/** @type {Node} */ (event.target));
  let pressed = "";
  /** @type {HTMLElement | undefined} */
  let before;
  document.addEventListener(
    "pointerdown",
    (event) => {
      pressed = event.pointerType;
      before = stays.shown(); // a second tap on its mark closes the card
    },
    true,
  );
  document.addEventListener("click", (event) => {
    const at = marked(event);
    const by = event.detail ? pressed : "key";
    if (!at) {
      if (!within(event)) beside.hide();
    } else if (by === "mouse") {
      if (at.closest("a")) beside.hide();
      else beside.show(at);
    } else if (!(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)) {
      beside.hide();
      if ((by !== "key" && before === at) || stays.show(at)) event.preventDefault();
    }
  });
  document.addEventListener("focusin", (event) => {
    const at = marked(event);
    if (at && !stays.shown() && /** @type {Element} */ (event.target).matches(":focus-visible"))
      beside.show(at);
    else if (!within(event)) beside.hide();
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && beside.hide());
}

notes();
