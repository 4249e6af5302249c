/**
 * The settings of a demo in the address of its page: `?temperature=0.5&preset=no-mask#demo`. Whoever opens
 * such an address finds the demo as it was. The names come from the labels of the controls, so that a demo
 * that uses ui.mjs need not do anything; `keep` adds what has no control. Only what differs from the start,
 * or from the preset, is written, and never as a new entry of the history. What an address asks for is
 * taken as if the reader had set it; what is no value of its control is refused in words, and names that no
 * control has are left alone.
 *
 * @typedef {{read: () => string, write: (text: string) => boolean}} Kept `write` says whether it took the text
 * @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Control
 */

import { copies } from "../dom.mjs";
import { element } from "./ui.mjs";

export const LONGEST = 300; // characters of a text that go into an address
const REST = 300; // ms without a change before the address is written; browsers limit how often it may be
const ROUNDED = 1e-4; // of the value of a slider, as an address has it
const PRESET = "preset";

/** @param {Event} event @returns {HTMLButtonElement | null} the button that was pressed */
const pressedIn = ({ target }) => /** @type {Element} */ (target).closest("button");

/** @param {HTMLButtonElement | null} button @returns {boolean} whether it brings back the first opening */
const resets = (button) => button?.textContent === "Reset";

/** @param {string} text */
const slug = (text) =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");

/** @type {WeakMap<Element, Map<string, Kept>>} */
const extras = new WeakMap();

/**
 * Keeps in the address what no control of the demo shows, such as a point that is dragged.
 * @param {Element} root of the demo @param {string} name @param {Kept} kept
 */
export function keep(root, name, kept) {
  const known = extras.get(root) ?? new Map();
  extras.set(root, known.set(name, kept));
}

/**
 * Numbers of an address.
 * @param {string} text @param {number} count how many there must be @param {number} most the largest size of each
 * @returns {number[] | undefined} nothing if they are not such numbers
 */
export function numbers(text, count, most) {
  const found = text.split(",");
  const good = found.every((one) => /^-?\d{1,4}(\.\d{1,4})?$/.test(one) && Math.abs(+one) <= most);
  return good && found.length === count ? found.map(Number) : undefined;
}

/** @param {number[]} values @returns {string} as `numbers` reads them */
export const written = (values) => values.map((value) => +value.toFixed(4)).join(",");

/** @param {Control} node */
function read(node) {
  if (node.type === "range") return written([+node.value]);
  return node instanceof HTMLInputElement && node.type === "checkbox"
    ? String(Number(node.checked))
    : node.value;
}

/** @param {Control} node @param {string} text @returns {boolean} whether the control can have this value */
function fits(node, text) {
  if (node.disabled) return false;
  if (node instanceof HTMLSelectElement)
    return [...node.options].some(({ value }) => value === text);
  if (node instanceof HTMLTextAreaElement) return text.length <= LONGEST;
  if (node.type === "checkbox") return text === "0" || text === "1";
  if (node.type === "text") return text.length <= LONGEST;
  const form = node.type === "number" ? /^\d{1,6}$/ : /^-?\d{1,6}(\.\d{1,6})?$/;
  const near = node.type === "range" ? ROUNDED : 0; // an end that was rounded is that end
  return form.test(text) && +text >= +node.min - near && +text <= +node.max + near;
}

/** @param {Control} node @param {string} text what it is set to: an end of a slider, if it is that end rounded */
function snapped(node, text) {
  if (!(node instanceof HTMLInputElement) || node.type !== "range") return text;
  return [node.min, node.max].find((end) => Math.abs(+end - +text) < ROUNDED) ?? text;
}

/** @param {Control} node @param {string} text @returns {boolean} whether it was taken */
function enter(node, text) {
  if (read(node) === text) return true;
  if (!fits(node, text)) return false;
  if (node instanceof HTMLInputElement && node.type === "checkbox") node.checked = text === "1";
  else node.value = snapped(node, text);
  const typed = node instanceof HTMLTextAreaElement || ["range", "text"].includes(node.type);
  node.dispatchEvent(new Event(typed ? "input" : "change", { bubbles: true }));
  return true;
}

/** What depends on what: a choice may set sliders, and text is read by what was chosen. */
const ORDER = ["select-one", "number", "checkbox", "range", "text", "textarea"];

/** @param {Element} root @returns {Map<string, Kept>} all settings by name, in the order in which they are set */
function settings(root) {
  const nodes = [
    .../** @type {NodeListOf<Control>} */ (root.querySelectorAll("input, select, textarea")),
  ];
  /** @type {{node: Control, name: string}[]} */
  const named = [];
  const taken = new Set();
  for (const node of nodes) {
    const stem = slug(node.labels?.[0]?.textContent ?? "");
    if (!stem) continue;
    let name = stem;
    for (let i = 2; taken.has(name); i++) name = `${stem}-${i}`;
    taken.add(name);
    named.push({ node, name });
  }
  named.sort((a, b) => ORDER.indexOf(a.node.type) - ORDER.indexOf(b.node.type));
  return new Map([
    ...named.map(
      ({ node, name }) =>
        /** @type {[string, Kept]} */ ([
          name,
          { read: () => read(node), write: (text) => enter(node, text) },
        ]),
    ),
    ...(extras.get(root) ?? []),
  ]);
}

class Shared {
  preset = "";
  quiet = false; // while the address is read
  timer = 0;
  left = /** @type {string[]} */ ([]); // what is too long for an address
  asked = new Map(new URLSearchParams(location.search));

  /** @param {HTMLElement} root @param {Element} foot where the button stands */
  constructor(root, foot) {
    this.root = root;
    this.first = this.values();
    this.told = [...root.querySelectorAll(".demo-see")].map((one) => one.textContent);
    this.base = new Map(this.first);
    this.refused = element("p", { class: "demo-refused", role: "alert" });
    root.after(this.refused);
    this.last = this.first;
    for (const type of ["input", "change", "keyup", "pointerup"])
      root.addEventListener(type, () => this.later());
    // What came before a choice is not its doing; its own "input" comes before its "change".
    for (const type of ["input", "keyup", "pointerup"])
      root.addEventListener(type, () => {
        this.last = this.values();
      });
    root.addEventListener("input", () => this.pressed(null));
    root.addEventListener("change", (event) => this.changed(event));
    root.addEventListener("click", (event) => this.clicked(event));
    // Before the demo itself hears of it, every setting has its first value.
    root.addEventListener("click", (event) => resets(pressedIn(event)) && this.restore(), true);
    root.addEventListener("demo-more", () => this.enter());
    const title = "The link holds the settings of this demo";
    const copy = element(
      "button",
      { type: "button", class: "demo-button", text: "Copy link", title },
      foot,
    );
    copies(
      copy,
      () => this.link(),
      () => {
        history.replaceState(history.state, "", this.link());
        return "See the address bar";
      },
    );
    this.enter();
  }

  /** @returns {Map<string, string>} */
  values() {
    return new Map([...settings(this.root)].map(([name, kept]) => [name, kept.read()]));
  }

  /**
   * What a choice has set besides itself is its start from now on: the choice in the address brings it back.
   * @param {Event} event
   */
  changed({ target }) {
    const now = this.values();
    if (target instanceof HTMLSelectElement) {
      const own = slug(target.labels?.[0]?.textContent ?? "");
      for (const [name, value] of now)
        if (name !== own && value !== this.last.get(name)) this.base.set(name, value);
    }
    this.last = now;
    this.pressed(null);
  }

  /**
   * Shows which preset holds; the sentence of one that holds no more steps back.
   * @param {Element | null} preset
   */
  pressed(preset) {
    for (const one of this.root.querySelectorAll("[data-preset]"))
      one.setAttribute("aria-pressed", String(one === preset));
    for (const one of this.root.querySelectorAll(".demo-see"))
      one.classList.toggle("demo-seen", !preset);
  }

  /** All settings as at the first opening; some have their first value only after others have it. */
  restore() {
    this.quiet = true;
    for (let pass = 0; pass < 2; pass++)
      for (const [name, { read, write }] of settings(this.root)) {
        const first = this.first.get(name);
        if (first !== undefined && first !== read()) write(first);
      }
    this.quiet = false;
  }

  /** @param {Event} event */
  clicked(event) {
    const pressed = pressedIn(event);
    const now = this.values();
    if (pressed?.dataset.preset !== undefined) {
      this.preset = slug(pressed.textContent ?? "");
      this.base = new Map(now);
      this.pressed(pressed);
    } else if (resets(pressed)) {
      if ([...this.first].every(([name, value]) => now.get(name) === value)) {
        this.preset = "";
        this.base = new Map(this.first);
        this.pressed(null);
        // What a demo says at its start is of its start.
        for (const [i, one] of this.root.querySelectorAll(".demo-see").entries()) {
          one.classList.remove("demo-seen");
          one.textContent = this.told[i] ?? "";
        }
      }
    } else if (pressed && [...now].some(([name, value]) => value !== this.base.get(name)))
      this.pressed(null); // a step or a draw has left what the preset had set
    this.last = now;
    this.later();
  }

  /** Takes from the address what there are controls for by now; the rest when a demo that is busy has loaded more. */
  enter() {
    this.quiet = true;
    const wanted = this.asked.get(PRESET);
    const presets = /** @type {HTMLElement[]} */ ([...this.root.querySelectorAll("[data-preset]")]);
    const preset = presets.find((one) => slug(one.textContent ?? "") === wanted);
    if (preset) {
      this.asked.delete(PRESET);
      preset.click();
    }
    const wrong = [];
    const all = presets.length && !this.root.querySelector("[data-more]"); // no more presets may come
    if (wanted && !preset && all && !settings(this.root).has(PRESET)) {
      this.asked.delete(PRESET);
      wrong.push(`${PRESET} = ${wanted.slice(0, 40)}`);
    }
    for (const [name, kept] of settings(this.root)) {
      if (!this.first.has(name)) this.first.set(name, kept.read());
      if (!this.base.has(name)) this.base.set(name, kept.read());
      const text = this.asked.get(name);
      if (text === undefined || this.root.ariaBusy === "true") continue;
      this.asked.delete(name);
      if (!kept.write(text)) wrong.push(`${name} = ${text.slice(0, 40)}`);
      else if (kept.read() !== this.base.get(name)) this.pressed(null);
    }
    if (wrong.length)
      this.refused.textContent = `The address asks for ${wrong.join(", ")}. The demo has no such value, and keeps its own.`;
    this.quiet = false;
  }

  /** @returns {URL} the address with the settings in it */
  address() {
    const url = new URL(location.href);
    const put = (/** @type {string} */ name, /** @type {string} */ value) =>
      url.searchParams.set(name, value);
    if (!this.asked.has(PRESET)) url.searchParams.delete(PRESET);
    if (this.preset) put(PRESET, this.preset);
    this.left = [];
    for (const [name, { read }] of settings(this.root)) {
      const value = read();
      if (value.length > LONGEST) this.left.push(`“${name.replaceAll("-", " ")}”`);
      if (value === (this.base.get(name) ?? value) || value.length > LONGEST) {
        if (name !== PRESET || !this.preset) url.searchParams.delete(name);
      } else put(name, value);
    }
    return url;
  }

  later() {
    if (this.quiet) return;
    this.refused.textContent = "";
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.note(), REST);
  }

  note() {
    const { href } = this.address();
    if (href !== location.href) history.replaceState(history.state, "", href);
  }

  /** @returns {string} the address that leads to the demo itself */
  link() {
    const url = this.address();
    url.hash = this.root.parentElement?.id ?? "";
    if (this.left.length)
      this.refused.textContent = `The link leaves out ${this.left.join(" and ")}: more than ${LONGEST} characters.`;
    return url.href;
  }
}

/**
 * Ties a running demo to the address.
 * @param {HTMLElement} root @param {Element} foot where the button that copies the link is put
 */
export function share(root, foot) {
  new Shared(root, foot);
}
