/**
 * What all demos share: native controls with labels, a canvas that follows size and colour scheme,
 * a status line for screen readers, an animation loop that rests when nobody can see it.
 * Every function appends what it makes to `parent` and returns a small handle.
 *
 * @typedef {{ink: string, muted: string, grid: string, paper: string, accent: string, series: string[]}} Colours
 * @typedef {{width: number, height: number}} Size
 * @typedef {{x: number, y: number}} Place in the canvas's own coordinates
 * @typedef {Place & {kind: "down" | "move" | "up"}} Point
 * @typedef {(text: string, quiet?: boolean) => void} Status tells what has changed, politely; `quiet`
 *   shows it without telling, for every animation frame
 */

/**
 * @param {string} tag
 * @param {Record<string, any>} [attributes] `text` sets the text, `on…` adds a listener; `style` is
 *   set as one, since the page's policy forbids the attribute
 * @param {Element} [parent]
 * @returns {any} the element
 */
export function element(tag, attributes = {}, parent) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") node.textContent = value;
    else if (name === "style") node.style.cssText = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== undefined) node.setAttribute(name, String(value));
  }
  parent?.append(node);
  return node;
}

let count = 0;
const unique = (/** @type {string} */ stem) => `demo-${stem}-${++count}`;

/**
 * The parts of a demo, in reading order.
 * @param {HTMLElement} root
 * @returns {{stage: HTMLElement, controls: HTMLElement, buttons: HTMLElement, status: Status, output: HTMLElement}}
 *   `stage` for pictures, `controls` for sliders and choices, `buttons`, `status(text)`, `output`
 *   for tables and text
 */
export function frame(root) {
  const stage = element("div", { class: "demo-stage demo-watch" }, root);
  const controls = element("div", { class: "demo-controls" }, root);
  const buttons = element("div", { class: "demo-buttons" }, root);
  const status = statusLine(root);
  const output = element("div", { class: "demo-output" }, root);
  return { stage, controls, buttons, status, output };
}

/**
 * On a phone the whole stage stays in sight while its controls are moved; where it is too high for that,
 * the one part of it that they change does, and leaves the stage.
 * @param {Element} stage @param {Element} part @param {"before" | "after"} side of the stage
 */
export function watch(stage, part, side) {
  if (!matchMedia("(max-width: 44.99rem)").matches) return;
  stage.classList.remove("demo-watch");
  part.classList.add("demo-watch");
  stage[side](part);
}

/**
 * Puts buttons and status beside the picture where there is room, else below it, before the other controls.
 * @param {HTMLElement} root with the parts of `frame` @param {HTMLElement} stage
 * @returns {HTMLElement} the side, for more
 */
export function beside(root, stage) {
  const pair = element("div", { class: "demo-beside" });
  root.prepend(pair);
  pair.append(stage);
  const side = element("div", { class: "demo-side" }, pair);
  side.append(...root.querySelectorAll(":scope > :is(.demo-buttons, .demo-status, .demo-told)"));
  return side;
}

/**
 * Shows the second of two parts in place of the first, and a button that turns them.
 * @param {Element} parent where the button stands @param {[HTMLElement, HTMLElement]} parts
 * @param {[string, string]} names what the button says while the first, or the second, is hidden
 */
export function alternate(parent, [first, second], [showFirst, showSecond]) {
  first.hidden = true;
  const turn = button(parent, showFirst, () => {
    first.hidden = !first.hidden;
    second.hidden = !first.hidden;
    turn.textContent = first.hidden ? showFirst : showSecond;
  });
}

/** @param {Element} parent @returns {Status} */
export function statusLine(parent) {
  const shown = element("p", { class: "demo-status", "aria-hidden": "true" }, parent);
  const told = element("p", { class: "demo-told", role: "status", "aria-live": "polite" }, parent);
  let timer = 0;
  return (text, quiet = false) => {
    shown.textContent = text;
    if (quiet) return;
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      told.textContent = text;
    }, 250);
  };
}

/**
 * @param {Element} parent
 * @param {{label: string, min: number, max: number, step: number | "any", value: number, format?: (value: number) => string, onInput: (value: number) => void}} options
 * @returns {{input: HTMLInputElement, value: () => number, set: (value: number) => void}}
 */
export function slider(parent, { label, min, max, step, value, format = String, onInput }) {
  const id = unique("slider");
  const box = element("div", { class: "demo-control" }, parent);
  element("label", { for: id, text: label }, box);
  const shown = element("output", { for: id, text: format(value) }, box);
  const input = element("input", { id, type: "range", min, max, step, value }, box);
  const show = () => {
    shown.textContent = format(input.valueAsNumber);
    input.setAttribute("aria-valuetext", format(input.valueAsNumber));
  };
  show();
  input.addEventListener("input", () => {
    show();
    onInput(input.valueAsNumber);
  });
  return {
    input,
    value: () => input.valueAsNumber,
    set: (next) => {
      input.valueAsNumber = next;
      show();
    },
  };
}

/**
 * @param {Element} parent
 * @param {{label: string, options: [string, string][], value: string, onInput: (value: string) => void}} options
 *   pairs of value and text
 * @returns {{input: HTMLSelectElement, value: () => string, set: (value: string) => void}}
 */
export function select(parent, { label, options, value, onInput }) {
  const id = unique("select");
  const box = element("div", { class: "demo-control" }, parent);
  element("label", { for: id, text: label }, box);
  const input = element("select", { id }, box);
  for (const [key, text] of options) element("option", { value: key, text }, input);
  input.value = value;
  input.addEventListener("change", () => onInput(input.value));
  return {
    input,
    value: () => input.value,
    set: (next) => {
      input.value = next;
    },
  };
}

/**
 * @param {Element} parent
 * @param {{label: string, value: boolean, onInput: (value: boolean) => void}} options
 * @returns {{input: HTMLInputElement, value: () => boolean, set: (value: boolean) => void}}
 */
export function toggle(parent, { label, value, onInput }) {
  const id = unique("toggle");
  const box = element("div", { class: "demo-control demo-toggle" }, parent);
  const input = element("input", { id, type: "checkbox" }, box);
  input.checked = value;
  element("label", { for: id, text: label }, box);
  input.addEventListener("change", () => onInput(input.checked));
  return {
    input,
    value: () => input.checked,
    set: (next) => {
      input.checked = next;
    },
  };
}

/**
 * A whole number such as a seed. What is no whole number in range is refused: a line beside it says so
 * until the next try, and the last good number stands again.
 * @param {Element} parent
 * @param {{label: string, value: number, min?: number, max?: number, onInput: (value: number) => void}} options
 * @returns {{input: HTMLInputElement, value: () => number, set: (value: number) => void}}
 */
export function number(parent, { label, value, min = 0, max = 999999, onInput }) {
  const id = unique("number");
  const box = element("div", { class: "demo-control" }, parent);
  element("label", { for: id, text: label }, box);
  const input = element(
    "input",
    { id, type: "number", inputmode: "numeric", min, max, step: 1, value },
    box,
  );
  input.setAttribute("aria-describedby", `${id}-refused`);
  const refused = element("p", { id: `${id}-refused`, class: "demo-refused", role: "alert" }, box);
  let last = value;
  const set = (/** @type {number} */ next) => {
    last = next;
    input.valueAsNumber = next;
    refused.textContent = "";
  };
  input.addEventListener("change", () => {
    const next = input.valueAsNumber;
    if (Number.isInteger(next) && next >= min && next <= max) {
      set(next);
      onInput(next);
      return;
    }
    const given = input.value === "" ? "That" : input.value;
    set(last);
    refused.textContent = `${given} is no whole number from ${min} to ${max}: still ${last}.`;
  });
  return { input, value: () => last, set };
}

/**
 * @param {Element} parent
 * @param {string} text
 * @param {() => void} onClick
 * @param {string} [widest] the longest text that it will have: it keeps the room, and its neighbours their place
 * @returns {HTMLButtonElement}
 */
export function button(parent, text, onClick, widest) {
  const style = widest ? { style: `min-width: calc(${widest.length}ch + 2rem)` } : {};
  const plain = { type: "button", class: "demo-button", text, onclick: onClick };
  return element("button", { ...plain, ...style }, parent);
}

/**
 * A text that the reader may change, below its label.
 * @param {Element} parent
 * @param {{id: string, label: string, rows: number, maxlength?: number}} options
 * @returns {HTMLTextAreaElement}
 */
export function textarea(parent, { label, ...options }) {
  element("label", { for: options.id, text: label }, parent);
  const plain = { class: "demo-text", spellcheck: "false", autocomplete: "off" };
  return /** @type {HTMLTextAreaElement} */ (element("textarea", { ...plain, ...options }, parent));
}

/**
 * A button that loads settings which are worth seeing; the address names the last one that was pressed.
 * @param {Element} parent @param {string} text @param {() => void} onClick
 * @returns {HTMLButtonElement}
 */
export function preset(parent, text, onClick) {
  const node = button(parent, text, onClick);
  node.dataset.preset = "";
  node.setAttribute("aria-pressed", "false");
  return node;
}

/**
 * All presets of a demo, and the line that says what to see, in the room that its longest sentence takes
 * at any width: what stands below never moves. The demo puts both in their place.
 * @template {{name: string, see?: string}} P
 * @param {readonly P[]} all @param {(preset: P) => void} load
 */
export function presets(all, load) {
  const list = element("div", { class: "demo-buttons", role: "group", "aria-label": "Presets" });
  const room = element("div", { class: "demo-room" });
  const see = element("p", { class: "demo-see", "aria-live": "polite" }, room);
  for (const { see: text } of all)
    if (text) element("p", { "data-text": text, "aria-hidden": "true" }, room);
  const buttons = all.map((one) => preset(list, one.name, () => load(one)));
  return { list, see, room, buttons };
}

/**
 * The same at the top of a demo.
 * @template {{name: string, see?: string}} P
 * @param {HTMLElement} root @param {readonly P[]} all @param {(preset: P) => void} load
 * @returns {HTMLElement} the line that says what to see
 */
export function presetsFirst(root, all, load) {
  const { list, see, room } = presets(all, load);
  root.prepend(list, room);
  return see;
}

/**
 * The parts of a demo with its presets on top, and buttons and status beside the picture.
 * @template {{name: string, see?: string}} P
 * @param {HTMLElement} root @param {readonly P[]} all @param {(preset: P) => void} load
 */
export function staged(root, all, load) {
  const parts = frame(root);
  beside(root, parts.stage);
  return { ...parts, see: presetsFirst(root, all, load) };
}

/**
 * A number with so many digits behind the point, a true minus sign, and no minus before zero.
 * @param {number} value @param {number} digits
 */
export function fixed(value, digits) {
  return (Number(value.toFixed(digits)) + 0).toFixed(digits).replace("-", "−");
}

/**
 * The same without the zeros at its end.
 * @param {number} value @param {number} digits
 */
export function short(value, digits) {
  return String(Number(value.toFixed(digits)) + 0).replace("-", "−");
}

const NAMES = ["ink", "muted", "grid", "paper", "1", "2", "3", "4", "5", "6"];

/**
 * The colours of the figures in the present scheme, to be read anew before each drawing.
 * @param {Element} root
 * @returns {Colours}
 */
export function palette(root) {
  const style = getComputedStyle(root);
  const [ink, muted, grid, paper, ...series] = NAMES.map(
    (name) => style.getPropertyValue(`--fig-${name}`).trim() || style.color,
  );
  const accent = style.getPropertyValue("--md-accent-fg-color").trim() || ink;
  return { ink, muted, grid, paper, accent, series };
}

/** @returns {boolean} whether the reader asked for less motion */
export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** @param {string} key @returns {[number, number] | undefined} an arrow key: how far to the right, and up */
export const arrow = (key) =>
  /** @type {Record<string, [number, number]>} */ ({
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowUp: [0, 1],
    ArrowDown: [0, -1],
  })[key];

/**
 * The keys of a canvas with a cursor: the arrows move it, space and Enter do something at its place.
 *
 * @param {(by: [number, number]) => void} move
 * @param {() => void} act
 * @returns {(key: string) => boolean} what `onKey` of a canvas wants
 */
export const cursorKeys = (move, act) => (key) => {
  const by = arrow(key);
  if (by) move(by);
  else if (key === " " || key === "Enter") act();
  else return false;
  return true;
};

/**
 * A canvas in CSS pixels that is drawn anew when its size or the colour scheme changes.
 *
 * With `onPointer` or `onKey` it answers, and `answer(false)` lets that rest: with `onKey` it is a place
 * of Tab while it answers. Return true from `onKey` for a key that was used. A finger that swipes up or
 * down scrolls the page; one that taps or moves sideways acts, and so does one that begins on a thing
 * that can be dragged (`grips` tells where these are). Where a finger draws (`draws`), it never scrolls.
 * @param {Element} parent
 * @param {{width: number, height: number, label: string, draw: (context: CanvasRenderingContext2D, size: Size, colours: Colours) => void, onPointer?: (point: Point) => void, onKey?: (key: string, event: KeyboardEvent) => boolean, grips?: () => number[][], draws?: boolean}} options
 *   `width` is the largest width; height keeps the ratio
 * @returns {{canvas: HTMLCanvasElement, redraw: () => void, size: Size, answer: (on: boolean) => void}}
 */
export function canvas(
  parent,
  { width, height, label, draw, onPointer, onKey, grips, draws = false },
) {
  const node = element("canvas", { class: "demo-canvas", "aria-label": label }, parent);
  node.style.aspectRatio = `${width} / ${height}`;
  node.style.maxWidth = `${width}px`;
  node.style.setProperty("--ratio", String(width / height));
  const size = { width, height };
  const redraw = painter(node, size, draw);
  new ResizeObserver(() => {
    const box = node.getBoundingClientRect();
    if (!box.width) return;
    size.width = box.width;
    size.height = (box.width * height) / width;
    redraw();
  }).observe(node);
  new MutationObserver(redraw).observe(document.body, {
    attributes: true,
    attributeFilter: ["data-md-color-scheme"],
  });
  let answers = false;
  const answer = (/** @type {boolean} */ on) => {
    answers = on;
    const keys = on && onKey;
    node.setAttribute("role", keys ? "application" : "img");
    if (keys) node.tabIndex = 0;
    else node.removeAttribute("tabindex");
    node.style.touchAction = on && draws ? "none" : "pan-y";
  };
  if (onPointer) {
    const held = (/** @type {Place} */ { x, y }) =>
      answers && grips?.().some(([u, v]) => Math.hypot(u - x, v - y) < GRIP);
    pointing(node, grips && held, (point) => {
      if (answers) onPointer(point);
    });
  }
  node.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (!answers || event.ctrlKey || event.metaKey || event.altKey) return;
    if (onKey?.(event.key, event)) event.preventDefault();
  });
  answer(Boolean(onPointer || onKey));
  redraw();
  return { canvas: node, redraw, size, answer };
}

/**
 * @param {HTMLCanvasElement} node @param {Size} size
 * @param {(context: CanvasRenderingContext2D, size: Size, colours: Colours) => void} draw
 * @returns {() => void} draws at the next frame, however often it is called before
 */
function painter(node, size, draw) {
  let pending = false;
  const paint = () => {
    pending = false;
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const pixels = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    if (node.width !== pixels[0] || node.height !== pixels[1]) [node.width, node.height] = pixels;
    const context = /** @type {CanvasRenderingContext2D} */ (node.getContext("2d"));
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, size.width, size.height);
    draw(context, size, palette(node));
  };
  return () => {
    if (pending) return;
    pending = true;
    requestAnimationFrame(paint);
  };
}

/**
 * Mouse, pen and finger. A finger that may yet scroll is held back until it has moved sideways or was
 * lifted: a swipe changes nothing, unless it begins where something can be gripped.
 * @param {HTMLCanvasElement} node
 * @param {((place: Place) => boolean | undefined) | undefined} grips whether something can be gripped there
 * @param {(point: Point) => void} use
 */
function pointing(node, grips, use) {
  /** @type {PointerEvent | undefined} */
  let held;
  const place = (/** @type {{clientX: number, clientY: number}} */ event) => {
    const box = node.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const at = (/** @type {PointerEvent} */ event, /** @type {Point["kind"]} */ kind) =>
    use({ ...place(event), kind });
  const moved = (/** @type {PointerEvent} */ from, /** @type {PointerEvent} */ to) => [
    Math.abs(to.clientX - from.clientX),
    Math.abs(to.clientY - from.clientY),
  ];
  let caught = false; // asked before anything moves: what a touch changes may move the picture itself
  const still = (/** @type {TouchEvent} */ event) => {
    const [first, second] = event.touches;
    if (!second && (caught || grips?.(place(first)))) event.preventDefault();
    caught = false;
  };
  // Who may stop a scroll makes it wait: only where something can be gripped.
  if (grips) node.addEventListener("touchstart", still, { passive: false });
  node.addEventListener("pointerdown", (event) => {
    const scrolls = event.pointerType === "touch" && node.style.touchAction !== "none";
    caught = scrolls && Boolean(grips?.(place(event)));
    if (scrolls && !caught) {
      held = event;
      return;
    }
    node.setPointerCapture(event.pointerId);
    at(event, "down");
  });
  node.addEventListener("pointermove", (event) => {
    if (held) {
      const [across, along] = moved(held, event);
      if (across < SLOP || across < along) return;
      at(held, "down");
      held = undefined;
    }
    if (event.buttons) at(event, "move");
  });
  node.addEventListener("pointerup", (event) => {
    const tap = held && Math.max(...moved(held, event)) < SLOP;
    if (held && tap) at(held, "down");
    if (!held || tap) at(event, "up");
    held = undefined;
  });
  node.addEventListener("pointercancel", (event) => {
    if (!held) at(event, "up");
    held = undefined;
  });
}

const SLOP = 8; // pixels that a finger may tremble
const GRIP = 26; // pixels from the middle of a thing where a finger has it

/**
 * Calls `step` once a frame while started, on screen and in the foreground.
 * Never starts by itself; under reduced motion `start` makes one step only.
 * @param {Element} root what must be on screen
 * @param {(seconds: number) => boolean | void} step return false to stop
 * @returns {{start: () => void, stop: () => void, running: () => boolean}}
 */
export function loop(root, step) {
  let on = false;
  let seen = true;
  let handle = 0;
  let last = 0;
  const tick = (/** @type {number} */ now) => {
    handle = 0;
    if (!on) return;
    const seconds = last ? Math.min((now - last) / 1000, 0.1) : 1 / 60;
    last = now;
    if (step(seconds) === false) on = false;
    next();
  };
  const next = () => {
    if (on && seen && !document.hidden && !handle) handle = requestAnimationFrame(tick);
  };
  new IntersectionObserver(([entry]) => {
    seen = entry.isIntersecting;
    last = 0;
    next();
  }).observe(root);
  document.addEventListener("visibilitychange", () => {
    last = 0;
    next();
  });
  return {
    start: () => {
      if (calm()) {
        step(1 / 60);
        return;
      }
      on = true;
      last = 0;
      next();
    },
    stop: () => {
      on = false;
    },
    running: () => on,
  };
}

/**
 * What scrolls sideways is a place of Tab, and only while it does.
 * @type {ResizeObserver | undefined}
 */
let widths;

/** @param {HTMLElement} box @param {Element} content */
function reachable(box, content) {
  widths ??= new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const scroller = target.closest("[data-scrolls]");
      if (!scroller) continue;
      if (scroller.scrollWidth > scroller.clientWidth) scroller.setAttribute("tabindex", "0");
      else scroller.removeAttribute("tabindex");
    }
  });
  box.dataset.scrolls = "";
  widths.observe(box);
  widths.observe(content);
}

const NUMBER = /^[−-]?[\d.,]+( ?%)?$/; // needs less room than words

/**
 * A table of numbers, built anew on every call. The parent scrolls if the table is too wide for it.
 * @param {HTMLElement} parent emptied first
 * @param {string} caption
 * @param {string[]} head
 * @param {(string | number)[][]} rows the first cell of a row heads it
 * @param {boolean} [tight] no cell is wider than what stands in it
 */
export function table(parent, caption, head, rows, tight = false) {
  const style = tight ? { style: "min-width: 0" } : {};
  parent.replaceChildren();
  parent.classList.add("demo-scroll");
  parent.setAttribute("role", "region");
  parent.setAttribute("aria-label", caption);
  const node = element("table", { class: "demo-table" }, parent);
  reachable(parent, node);
  element("caption", { text: caption }, node);
  const top = element("tr", {}, element("thead", {}, node));
  for (const text of head) element("th", { scope: "col", text, ...style }, top);
  const body = element("tbody", {}, node);
  for (const [first, ...rest] of rows) {
    const row = element("tr", {}, body);
    element("th", { scope: "row", text: String(first), ...style }, row);
    for (const cell of rest) {
      const text = String(cell);
      element(
        "td",
        { text, ...(NUMBER.test(text) ? { class: "demo-number" } : {}), ...style },
        row,
      );
    }
  }
}
