/**
 * The picture of the entrance, moving: the exact probability-flow ODE of scripts/figures/home.py,
 * from noise to the points of the sign. Nothing moves before somebody asks for it.
 */

import { random } from "./demos/rng.mjs";

/**
 * The mean of the data given x = cos(angle) data + sin(angle) noise, exactly.
 * @param {number} x
 * @param {number} y
 * @param {number} angle in (0, pi/2]
 * @param {Float64Array} data x and y in turn
 * @returns {[number, number]}
 */
export function denoise(x, y, angle, data) {
  const shrink = Math.cos(angle);
  const scale = -1 / (2 * Math.sin(angle) ** 2);
  let top = -Infinity;
  for (let i = 0; i < data.length; i += 2)
    top = Math.max(top, ((x - shrink * data[i]) ** 2 + (y - shrink * data[i + 1]) ** 2) * scale);
  let sum = 0;
  let meanX = 0;
  let meanY = 0;
  for (let i = 0; i < data.length; i += 2) {
    const exponent = ((x - shrink * data[i]) ** 2 + (y - shrink * data[i + 1]) ** 2) * scale - top;
    if (exponent < -30) continue;
    const weight = Math.exp(exponent);
    sum += weight;
    meanX += weight * data[i];
    meanY += weight * data[i + 1];
  }
  return [meanX / sum, meanY / sum];
}

/**
 * One step of the flow, exact as long as the denoiser's answer does not change (DDIM).
 * @param {Float64Array} places x and y in turn, changed in place
 * @param {number} from angle
 * @param {number} to smaller angle
 * @param {Float64Array} data
 */
export function step(places, from, to, data) {
  for (let i = 0; i < places.length; i += 2) {
    const clean = denoise(places[i], places[i + 1], from, data);
    for (const k of [0, 1]) {
      const noise = (places[i + k] - Math.cos(from) * clean[k]) / Math.sin(from);
      places[i + k] = Math.cos(to) * clean[k] + Math.sin(to) * noise;
    }
  }
}

const COUNT = 640;
const STEPS = 120;
const WIDTH = 680;
const SCALE = [140, 72];
const CENTRE = [340, 178];
const AT_ONCE = 10; // steps of the button

/** @param {Element} path the points of a path of dots, in its own coordinates */
const points = (path) =>
  [...(path.getAttribute("d") ?? "").matchAll(/M ?([\d.-]+) ([\d.-]+)/g)].flatMap((m) => [
    Number(m[1]),
    Number(m[2]),
  ]);

/** @param {number} n @returns {number} the angle after n steps */
const angle = (n) => (Math.PI / 2) * (1 - n / STEPS) ** 1.5;

/**
 * @param {Float64Array} data x and y in turn @param {number} x @param {number} y
 * @returns {number} the place of the nearest point in `data`
 */
function nearest(data, x, y) {
  let best = Infinity;
  let place = 0;
  for (let k = 0; k < data.length; k += 2) {
    const far = (data[k] - x) ** 2 + (data[k + 1] - y) ** 2;
    if (far < best) [best, place] = [far, k];
  }
  return place;
}

class Entrance {
  places = new Float64Array(2 * COUNT);
  seed = 1;
  at = -1; // the step that was made last; -1: the picture as it was printed
  handle = 0;

  /**
   * @param {Element} figure @param {SVGElement} picture @param {Element} status
   * @param {number[]} letters @param {number[]} marks the points of the sign, x and y in turn
   */
  constructor(figure, picture, status, letters, marks) {
    this.figure = figure;
    this.picture = picture;
    this.status = status;
    this.half = letters.length;
    this.data = Float64Array.from(
      [...letters, ...marks],
      (v, i) => (v - CENTRE[i % 2]) / SCALE[i % 2],
    );
    this.canvas = document.createElement("canvas");
    this.canvas.className = "home-canvas";
    this.canvas.setAttribute("aria-hidden", "true");
    /** @type {Record<string, HTMLButtonElement>} */
    this.buttons = {};
    for (const button of figure.querySelectorAll("button[data-home]")) {
      const name = button.getAttribute("data-home") ?? "";
      this.buttons[name] = /** @type {HTMLButtonElement} */ (button);
    }
    this.listen();
  }

  listen() {
    const { play, step: one, noise } = this.buttons;
    play.addEventListener("click", () => this.play());
    one.addEventListener("click", () => {
      this.stop();
      if (this.at < 0 || this.at >= STEPS) this.restart();
      else this.advance(AT_ONCE);
    });
    noise.addEventListener("click", () => {
      this.stop();
      this.seed++;
      this.restart();
    });
    // Who asked for less motion goes step by step.
    play.hidden = matchMedia("(prefers-reduced-motion: reduce)").matches;
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.stop();
    });
    const redraw = () => {
      if (this.at >= 0) this.draw(true);
    };
    const what = { attributeFilter: ["data-md-color-scheme"] };
    new MutationObserver(redraw).observe(document.body, what);
    new ResizeObserver(redraw).observe(this.picture);
  }

  /** The canvas as large as the picture. @returns {boolean} whether it has changed and is empty */
  fit() {
    const { canvas } = this;
    const box = this.picture.getBoundingClientRect();
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const size = [Math.round(box.width * ratio), Math.round(box.height * ratio)];
    if (canvas.width === size[0] && canvas.height === size[1]) return false;
    [canvas.width, canvas.height] = size;
    canvas.style.width = `${box.width}px`;
    canvas.style.height = `${box.height}px`;
    return true;
  }

  draw(fresh = false) {
    const { canvas, places, data, at } = this;
    const empty = this.fit() || fresh;
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const style = getComputedStyle(this.figure);
    const scale = canvas.width / WIDTH;
    // The last places fade instead of going at once: what is left of them are the paths.
    context.globalAlpha = empty || at >= STEPS ? 1 : 0.16;
    context.globalCompositeOperation = "destination-out";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.globalCompositeOperation = "source-over";
    context.globalAlpha = 1;
    const [letter, mark] = ["--fig-ink", "--fig-2"].map((name) => style.getPropertyValue(name));
    for (let i = 0; i < places.length; i += 2) {
      const [x, y] = [places[i], places[i + 1]];
      // Near the end the nearest point says which sign this one belongs to.
      const late = at > STEPS * 0.9 && nearest(data, x, y) >= this.half;
      const [left, top] = [x * SCALE[0] + CENTRE[0], y * SCALE[1] + CENTRE[1]];
      context.fillStyle = late ? mark : letter;
      context.beginPath();
      context.arc(left * scale, top * scale, 2 * scale, 0, 7);
      context.fill();
    }
    const share = Math.round(100 * Math.sin(angle(at)) ** 2);
    this.status.textContent = at >= STEPS ? "No noise left." : `Noise ${share} %`;
  }

  restart() {
    const { normal } = random(this.seed);
    for (let i = 0; i < this.places.length; i++) this.places[i] = normal();
    this.at = 0;
    if (!this.canvas.isConnected) this.picture.after(this.canvas);
    this.picture.style.visibility = "hidden";
    this.draw(true);
  }

  /** @param {number} count of steps */
  advance(count) {
    for (let n = 0; n < count && this.at < STEPS; n++, this.at++) {
      step(this.places, angle(this.at), angle(this.at + 1), this.data);
    }
    this.draw();
  }

  frame() {
    this.advance(1);
    if (this.at >= STEPS) this.stop();
    else this.next();
  }

  next() {
    this.handle = requestAnimationFrame(() => this.frame());
  }

  play() {
    if (this.handle) {
      this.stop();
      return;
    }
    if (this.at < 0 || this.at >= STEPS) this.restart();
    this.buttons.play.textContent = "Pause";
    this.next();
  }

  stop() {
    cancelAnimationFrame(this.handle);
    this.handle = 0;
    this.buttons.play.textContent = "Play";
  }
}

/** @param {Element} figure */
export function mount(figure) {
  const picture = figure.querySelector("svg");
  const status = figure.querySelector("[role=status]");
  const paths = [...figure.querySelectorAll("svg path")];
  if (!picture || !status || paths.length < 4) return;
  const [letters, marks] = paths.slice(-2).map(points);
  new Entrance(figure, picture, status, letters, marks);
}

const figure =
  typeof document === "undefined" ? null : document.querySelector(".home-first figure");
if (figure) mount(figure);
