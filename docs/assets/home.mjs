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

/** @param {Element} path the points of a path of dots, in its own coordinates */
const points = (path) => [...(path.getAttribute("d") ?? "").matchAll(/M ?([\d.-]+) ([\d.-]+)/g)].flatMap((m) => [+m[1], +m[2]]);

/** @param {Element} figure */
export function mount(figure) {
  const picture = figure.querySelector("svg");
  const status = figure.querySelector("[role=status]");
  const paths = [...figure.querySelectorAll("svg path")];
  if (!picture || !status || paths.length < 4) return;
  const [letters, marks] = paths.slice(-2).map(points);
  const data = Float64Array.from([...letters, ...marks], (v, i) => (v - CENTRE[i % 2]) / SCALE[i % 2]);
  const canvas = document.createElement("canvas");
  canvas.className = "home-canvas";
  canvas.setAttribute("aria-hidden", "true");
  const places = new Float64Array(2 * COUNT);
  let seed = 1;
  let at = -1; // the step that was made last; -1: the picture as it was printed
  let handle = 0;

  const angle = (/** @type {number} */ n) => (Math.PI / 2) * (1 - n / STEPS) ** 1.5;
  const draw = (fresh = false) => {
    const box = picture.getBoundingClientRect();
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const size = [Math.round(box.width * ratio), Math.round(box.height * ratio)];
    if (canvas.width !== size[0] || canvas.height !== size[1]) {
      [canvas.width, canvas.height] = size;
      canvas.style.width = `${box.width}px`;
      canvas.style.height = `${box.height}px`;
      fresh = true;
    }
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const style = getComputedStyle(figure);
    const scale = size[0] / WIDTH;
    // The last places fade instead of going at once: what is left of them are the paths.
    context.globalAlpha = fresh || at >= STEPS ? 1 : 0.16;
    context.globalCompositeOperation = "destination-out";
    context.fillRect(0, 0, size[0], size[1]);
    context.globalCompositeOperation = "source-over";
    context.globalAlpha = 1;
    const half = letters.length;
    for (let i = 0; i < places.length; i += 2) {
      // Near the end the nearest point says which sign this one belongs to.
      let mark = false;
      if (at > STEPS * 0.9) {
        let best = Infinity;
        for (let k = 0; k < data.length; k += 2) {
          const far = (data[k] - places[i]) ** 2 + (data[k + 1] - places[i + 1]) ** 2;
          if (far < best) [best, mark] = [far, k >= half];
        }
      }
      context.fillStyle = style.getPropertyValue(mark ? "--fig-2" : "--fig-ink");
      context.beginPath();
      context.arc((places[i] * SCALE[0] + CENTRE[0]) * scale, (places[i + 1] * SCALE[1] + CENTRE[1]) * scale, 2 * scale, 0, 7);
      context.fill();
    }
    status.textContent = at >= STEPS ? "No noise left." : `Noise ${Math.round(100 * Math.sin(angle(at)) ** 2)} %`;
  };
  const restart = () => {
    const { normal } = random(seed);
    for (let i = 0; i < places.length; i++) places[i] = normal();
    at = 0;
    if (!canvas.isConnected) picture.after(canvas);
    picture.style.visibility = "hidden";
    draw(true);
  };
  const advance = (/** @type {number} */ count) => {
    for (let n = 0; n < count && at < STEPS; n++, at++) step(places, angle(at), angle(at + 1), data);
    draw();
  };
  const buttons = Object.fromEntries(
    [...figure.querySelectorAll("[data-home]")].map((button) => [button.getAttribute("data-home"), /** @type {HTMLButtonElement} */ (button)]),
  );
  const stop = () => {
    cancelAnimationFrame(handle);
    handle = 0;
    buttons.play.textContent = "Play";
  };
  const frame = () => {
    advance(1);
    if (at >= STEPS) stop();
    else handle = requestAnimationFrame(frame);
  };
  buttons.play.addEventListener("click", () => {
    if (handle) return stop();
    if (at < 0 || at >= STEPS) restart();
    buttons.play.textContent = "Pause";
    handle = requestAnimationFrame(frame);
  });
  buttons.step.addEventListener("click", () => {
    stop();
    if (at < 0 || at >= STEPS) restart();
    else advance(10);
  });
  buttons.noise.addEventListener("click", () => {
    stop();
    seed++;
    restart();
  });
  // Who asked for less motion goes step by step.
  buttons.play.hidden = matchMedia("(prefers-reduced-motion: reduce)").matches;
  document.addEventListener("visibilitychange", () => document.hidden && stop());
  const redraw = () => at >= 0 && draw(true);
  new MutationObserver(redraw).observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
  new ResizeObserver(redraw).observe(picture);
}

const figure = typeof document === "undefined" ? null : document.querySelector(".home-first figure");
if (figure) mount(figure);
