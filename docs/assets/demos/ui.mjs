/**
 * What all demos share: native controls with labels, a canvas that follows size and colour scheme,
 * a status line for screen readers, an animation loop that rests when nobody can see it.
 * Every function appends what it makes to `parent` and returns a small handle.
 */

/**
 * @param {string} tag
 * @param {Record<string, any>} [attributes] `text` sets the text, `on…` adds a listener
 * @param {Element} [parent]
 * @returns {any} the element
 */
export function element(tag, attributes = {}, parent) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") node.textContent = value;
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
 * @returns {{stage: HTMLElement, controls: HTMLElement, buttons: HTMLElement, status: (text: string, quiet?: boolean) => void, output: HTMLElement}}
 *   `stage` for pictures, `controls` for sliders and choices, `buttons`, `status(text)` tells
 *   what has changed (politely; `quiet` shows it without telling, for every animation frame),
 *   `output` for tables and text
 */
export function frame(root) {
  const stage = element("div", { class: "demo-stage" }, root);
  const controls = element("div", { class: "demo-controls" }, root);
  const buttons = element("div", { class: "demo-buttons" }, root);
  const shown = element("p", { class: "demo-status", "aria-hidden": "true" }, root);
  const told = element("p", { class: "demo-told", role: "status", "aria-live": "polite" }, root);
  const output = element("div", { class: "demo-output" }, root);
  let timer = 0;
  const status = (/** @type {string} */ text, quiet = false) => {
    shown.textContent = text;
    if (quiet) return;
    clearTimeout(timer);
    timer = window.setTimeout(() => (told.textContent = text), 250);
  };
  return { stage, controls, buttons, status, output };
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
  return { input, value: () => input.value, set: (next) => (input.value = next) };
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
  return { input, value: () => input.checked, set: (next) => (input.checked = next) };
}

/**
 * A whole number such as a seed; what is no whole number in range is refused and told.
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
  let last = value;
  input.addEventListener("change", () => {
    const next = input.valueAsNumber;
    const good = Number.isInteger(next) && next >= min && next <= max;
    input.setCustomValidity(good ? "" : `Give a whole number from ${min} to ${max}.`);
    if (!good) {
      input.reportValidity();
      input.valueAsNumber = last;
      input.setCustomValidity("");
      return;
    }
    last = next;
    onInput(next);
  });
  return {
    input,
    value: () => last,
    set: (next) => {
      last = next;
      input.valueAsNumber = next;
    },
  };
}

/**
 * @param {Element} parent
 * @param {string} text
 * @param {() => void} onClick
 * @returns {HTMLButtonElement}
 */
export function button(parent, text, onClick) {
  return element("button", { type: "button", class: "demo-button", text, onclick: onClick }, parent);
}

const NAMES = ["ink", "muted", "grid", "paper", "1", "2", "3", "4", "5", "6"];

/**
 * The colours of the figures in the present scheme, to be read anew before each drawing.
 * @param {Element} root
 * @returns {{ink: string, muted: string, grid: string, paper: string, accent: string, series: string[]}}
 */
export function palette(root) {
  const style = getComputedStyle(root);
  const [ink, muted, grid, paper, ...series] = NAMES.map((name) =>
    style.getPropertyValue(`--fig-${name}`).trim() || style.color,
  );
  const accent = style.getPropertyValue("--md-accent-fg-color").trim() || ink;
  return { ink, muted, grid, paper, accent, series };
}

/** @returns {boolean} whether the reader asked for less motion */
export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/**
 * A canvas in CSS pixels that is drawn anew when its size or the colour scheme changes.
 * Pointer positions are in the canvas's own coordinates. With `onKey` it can be focused;
 * return true from it for a key that was used.
 * @param {Element} parent
 * @param {{width: number, height: number, label: string, draw: (context: CanvasRenderingContext2D, size: {width: number, height: number}, colours: ReturnType<typeof palette>) => void, onPointer?: (point: {x: number, y: number, kind: "down" | "move" | "up"}) => void, onKey?: (key: string, event: KeyboardEvent) => boolean}} options
 *   `width` is the largest width; height keeps the ratio
 * @returns {{canvas: HTMLCanvasElement, redraw: () => void, size: {width: number, height: number}}}
 */
export function canvas(parent, { width, height, label, draw, onPointer, onKey }) {
  const node = element("canvas", { class: "demo-canvas", role: "img", "aria-label": label }, parent);
  node.style.aspectRatio = `${width} / ${height}`;
  node.style.maxWidth = `${width}px`;
  const size = { width, height };
  let pending = false;
  const paint = () => {
    pending = false;
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const pixels = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    if (node.width !== pixels[0] || node.height !== pixels[1]) [node.width, node.height] = pixels;
    const context = node.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, size.width, size.height);
    draw(context, size, palette(node));
  };
  const redraw = () => {
    if (pending) return;
    pending = true;
    requestAnimationFrame(paint);
  };
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
  if (onPointer) {
    node.style.touchAction = "none";
    const at = (/** @type {PointerEvent} */ event, /** @type {"down" | "move" | "up"} */ kind) => {
      const box = node.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * size.width;
      const y = ((event.clientY - box.top) / box.height) * size.height;
      onPointer({ x, y, kind });
    };
    node.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
      node.setPointerCapture(event.pointerId);
      at(event, "down");
    });
    node.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
      if (event.buttons) at(event, "move");
    });
    node.addEventListener("pointerup", (/** @type {PointerEvent} */ event) => at(event, "up"));
    node.addEventListener("pointercancel", (/** @type {PointerEvent} */ event) => at(event, "up"));
  }
  if (onKey) {
    node.tabIndex = 0;
    node.setAttribute("role", "application");
    node.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (onKey(event.key, event)) event.preventDefault();
    });
  }
  redraw();
  return { canvas: node, redraw, size };
}

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
 * A table of numbers, built anew on every call.
 * @param {HTMLElement} parent emptied first
 * @param {string} caption
 * @param {string[]} head
 * @param {(string | number)[][]} rows the first cell of a row heads it
 */
export function table(parent, caption, head, rows) {
  parent.replaceChildren();
  const node = element("table", { class: "demo-table" }, parent);
  element("caption", { text: caption }, node);
  const top = element("tr", {}, element("thead", {}, node));
  for (const text of head) element("th", { scope: "col", text }, top);
  const body = element("tbody", {}, node);
  for (const [first, ...rest] of rows) {
    const row = element("tr", {}, body);
    element("th", { scope: "row", text: String(first) }, row);
    for (const cell of rest) element("td", { text: String(cell) }, row);
  }
}
