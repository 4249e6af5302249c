/**
 * A variational autoencoder with two latent units, live: drag a code to decode it, draw a digit to
 * encode it, change beta. The sums are those of vae.py, with weights that vae.py has trained.
 *
 * @typedef {import("../../assets/demos/weights.mjs").Weights} Weights
 * @typedef {{weight: Float64Array, bias: Float64Array}} Layer
 * @typedef {{encoder: Layer[], decoder: Layer[], noise: number, beta: number}} Network
 */

import { random } from "../../assets/demos/rng.mjs";
import { button, canvas, element, frame, number, select, slider, table, toggle } from "../../assets/demos/ui.mjs";
import { load } from "../../assets/demos/weights.mjs";

const PIXELS = 64;
const PAD = 32;
const CELLS = 48;
const LOG_TAU = Math.log(2 * Math.PI);

/** @param {Weights} weights @param {number} index which beta @returns {Network} */
export function network(weights, index) {
  const part = (/** @type {string} */ name) =>
    [0, 2, 4].map((i) => ({
      weight: weights.tensors[`${index}.${name}.${i}.weight`].data,
      bias: weights.tensors[`${index}.${name}.${i}.bias`].data,
    }));
  const { betas, noise } = weights.meta;
  return { encoder: part("encoder"), decoder: part("decoder"), noise, beta: betas[index] };
}

/** @param {Layer[]} layers @param {ArrayLike<number>} input @returns {Float64Array} */
function run(layers, input) {
  let values = Float64Array.from(input);
  for (let depth = 0; depth < layers.length; depth++) {
    const { weight, bias } = layers[depth];
    const next = new Float64Array(bias.length);
    const width = values.length;
    for (let i = 0; i < next.length; i++) {
      let sum = bias[i];
      for (let j = 0, k = i * width; j < width; j++, k++) sum += weight[k] * values[j];
      next[i] = depth < layers.length - 1 ? Math.tanh(sum) : sum;
    }
    values = next;
  }
  return values;
}

/**
 * @param {Weights} weights @param {number} index @param {ArrayLike<number>} x 64 pixels in [0, 1]
 * @returns {{mean: number[], logVar: number[]}} of q(z|x)
 */
export function encode(weights, index, x) {
  const out = Array.from(run(network(weights, index).encoder, x));
  return { mean: out.slice(0, 2), logVar: out.slice(2) };
}

/** @param {Weights} weights @param {number} index @param {number[]} z @returns {number[]} f(z) */
export function decode(weights, index, z) {
  return Array.from(run(network(weights, index).decoder, z));
}

/** @param {number[]} mean @param {number[]} logVar @returns {number[]} KL(q || N(0, 1)) of each unit, nats */
export function klToPrior(mean, logVar) {
  return mean.map((m, i) => 0.5 * (m * m + Math.exp(logVar[i]) - 1 - logVar[i]));
}

/** @param {ArrayLike<number>} x @param {ArrayLike<number>} f @param {number} noise @returns {number} log N(x; f, noise²), nats */
export function logLikelihood(x, f, noise) {
  let squared = 0;
  for (let i = 0; i < x.length; i++) squared += (x[i] - f[i]) ** 2;
  return -0.5 * (squared / noise ** 2 + x.length * (2 * Math.log(noise) + LOG_TAU));
}

/**
 * The two terms of the ELBO; the first averaged over codes mean + exp(logVar / 2) * noise.
 * @param {Weights} weights @param {number} index @param {ArrayLike<number>} x
 * @param {number[][]} noises standard normal pairs
 * @returns {{reconstruction: number, kl: number, elbo: number}} nats
 */
export function elboTerms(weights, index, x, noises) {
  const { decoder, noise } = network(weights, index);
  const { mean, logVar } = encode(weights, index, x);
  let reconstruction = 0;
  for (const pair of noises) {
    const z = pair.map((e, i) => mean[i] + Math.exp(0.5 * logVar[i]) * e);
    reconstruction += logLikelihood(x, run(decoder, z), noise) / noises.length;
  }
  const kl = klToPrior(mean, logVar).reduce((a, b) => a + b);
  return { reconstruction, kl, elbo: reconstruction - kl };
}

/** @param {number} seed @param {number} count @returns {number[][]} standard normal pairs */
export function normalPairs(seed, count) {
  const rng = random(seed);
  return Array.from({ length: count }, () => [rng.normal(), rng.normal()]);
}

/**
 * The decoder's output on a grid of codes on [-reach, reach]², row by row of the first unit.
 * @param {Network} net @param {number} reach @param {number} step
 */
export function plane(net, reach, step) {
  const side = 2 * Math.round(reach / step) + 1;
  const images = new Float64Array(side * side * PIXELS);
  let row = 0;
  return {
    side,
    reach,
    step,
    images,
    /** Decodes one more row. @returns {boolean} whether all are done */
    more() {
      if (row < side) {
        for (let j = 0; j < side; j++) {
          images.set(run(net.decoder, [row * step - reach, j * step - reach]), (row * side + j) * PIXELS);
        }
        row++;
      }
      return row === side;
    },
  };
}

/**
 * log p(x, z) on the grid, and log p(x): its sum times the area of a cell.
 * @param {ReturnType<typeof plane>} grid @param {ArrayLike<number>} x @param {number} noise
 * @returns {{joint: Float64Array, top: number, evidence: number}} nats
 */
export function integrate({ side, reach, step, images }, x, noise) {
  const joint = new Float64Array(side * side);
  let top = -Infinity;
  for (let g = 0; g < joint.length; g++) {
    const a = Math.floor(g / side) * step - reach;
    const b = (g % side) * step - reach;
    let squared = 0;
    for (let i = 0; i < PIXELS; i++) squared += (x[i] - images[g * PIXELS + i]) ** 2;
    joint[g] = -0.5 * (squared / noise ** 2 + a * a + b * b);
    top = Math.max(top, joint[g]);
  }
  let sum = 0;
  for (const value of joint) sum += Math.exp(value - top);
  const constant = -0.5 * PIXELS * (2 * Math.log(noise) + LOG_TAU) - LOG_TAU;
  return { joint, top, evidence: top + Math.log(sum) + constant + 2 * Math.log(step) };
}

/** @param {Weights} weights @param {number} index @param {ArrayLike<number>} x @returns {number} log p(x), nats */
export function logEvidence(weights, index, x, reach = 5, step = 1 / 16) {
  const net = network(weights, index);
  const grid = plane(net, reach, step);
  while (!grid.more());
  return integrate(grid, x, net.noise).evidence;
}

/**
 * What the data set's makers did to a scanned digit: count the inked cells of each 4 × 4 block.
 * @param {ArrayLike<number>} cells 32 × 32 of 0 or 1 @returns {number[]} 64 pixels in [0, 1]
 */
export function blocks(cells) {
  const x = new Array(PIXELS).fill(0);
  for (let i = 0; i < PAD * PAD; i++) {
    x[8 * Math.floor(i / PAD / 4) + Math.floor((i % PAD) / 4)] += cells[i] / 16;
  }
  return x;
}

/** @param {string} text a character for each pixel, 0 … g @returns {number[]} 64 pixels in [0, 1] */
export function digit(text) {
  return Array.from(text, (character) => parseInt(character, 17) / 16);
}

const two = (/** @type {number} */ value) => value.toFixed(2).replace("-", "−");
const pair = (/** @type {number[]} */ z) => `(${two(z[0])}, ${two(z[1])})`;
const clamp = (/** @type {number} */ value, /** @type {number} */ low, /** @type {number} */ high) =>
  Math.min(Math.max(value, low), high);

/**
 * A square of values between 0 and 1 as ink. It is painted small and then enlarged, without seams.
 * @param {CanvasRenderingContext2D} context @param {ArrayLike<number>} values @param {number} left
 * @param {number} top @param {number} size @param {string} ink
 */
function image(context, values, left, top, size, ink, strength = 1, smooth = false) {
  const side = Math.round(Math.sqrt(values.length));
  const tile = document.createElement("canvas");
  tile.width = tile.height = side;
  const small = /** @type {CanvasRenderingContext2D} */ (tile.getContext("2d"));
  small.fillStyle = ink;
  for (let i = 0; i < values.length; i++) {
    small.globalAlpha = clamp(values[i], 0, 1) * strength;
    small.fillRect(i % side, Math.floor(i / side), 1, 1);
  }
  context.imageSmoothingEnabled = smooth;
  context.drawImage(tile, left, top, size, size);
}

/** @param {HTMLElement} root @param {Weights} weights */
function start(root, weights) {
  const { meta } = weights;
  const digits = /** @type {string[]} */ (meta.digits).map(digit);
  const { stage, controls, buttons, status, output } = frame(root);

  const first = { index: meta.betas.indexOf(1), z: [0.5, 0.5], digit: 0, seed: 1 };
  let index = first.index;
  let net = network(weights, index);
  let z = first.z;
  let shownDigit = first.digit;
  let x = digits[shownDigit];
  let seed = first.seed;
  let draws = 0;
  let show = "digits";
  let noisy = false;
  let cells = new Uint8Array(PAD * PAD);
  let pen = { row: 16, column: 16, down: false };
  let drawn = false;

  let q = encode(weights, index, x);
  let codes = digits.map((d) => encode(weights, index, d).mean);
  let view = 3;
  let grid = plane(net, 5, 1 / 16);
  let ready = false;
  let posterior = /** @type {ReturnType<typeof integrate> | null} */ (null);
  let zoom = /** @type {{centre: number[], half: number, density: Float64Array} | null} */ (null);
  let task = 0;
  let settling = 0;
  let aloud = false; // whether the reader is told of what settles next

  const closest = (/** @type {ArrayLike<number>} */ y) => {
    const distance = (/** @type {number[]} */ d) => d.reduce((sum, v, i) => sum + (v - y[i]) ** 2, 0);
    let best = 0;
    digits.forEach((d, i) => {
      if (distance(d) < distance(digits[best])) best = i;
    });
    return meta.classes[best];
  };

  // Pictures.

  const columns = [340, 240].map((width) => {
    const node = element("div", {}, stage);
    node.style.flex = `1 1 ${width}px`;
    node.style.minWidth = "0";
    return node;
  });
  const figure = (/** @type {Element} */ column, /** @type {string} */ caption) => {
    const node = element("figure", { class: "demo-figure" }, column);
    node.style.margin = "0 0 0.75rem";
    element("figcaption", { text: caption }, node);
    return node;
  };

  /** The part of the plane that is shown. */
  const shown = () => (show === "posterior" && zoom ? zoom : { centre: [0, 0], half: view });
  const toPlane = (/** @type {{width: number, height: number}} */ size, /** @type {number[]} */ code) => {
    const { centre, half } = shown();
    return [
      ((code[0] - centre[0]) / half + 1) * 0.5 * size.width,
      (1 - (code[1] - centre[1]) / half) * 0.5 * size.height,
    ];
  };

  const layer = document.createElement("canvas");
  let layerKey = "";

  /** The background changes seldom: it is kept as a picture. */
  const background = (
    /** @type {{width: number, height: number}} */ size,
    /** @type {import("../../assets/demos/ui.mjs").palette extends (...a: any) => infer R ? R : never} */ colours,
  ) => {
    const { centre, half } = shown();
    const key = [show, index, size.width, colours.ink, colours.series[2], centre, half].join();
    if (key === layerKey) return;
    layerKey = key;
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    layer.width = size.width * ratio;
    layer.height = size.height * ratio;
    const context = /** @type {CanvasRenderingContext2D} */ (layer.getContext("2d"));
    context.scale(ratio, ratio);
    if (show === "digits") {
      const n = 11;
      const cell = size.width / n;
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          const code = [((2 * i + 1) / n - 1) * view, (1 - (2 * j + 1) / n) * view];
          image(context, run(net.decoder, code), i * cell + cell * 0.1, j * cell + cell * 0.1, cell * 0.8, colours.ink, 0.6);
        }
      }
    } else if (show === "codes") {
      context.font = "13px sans-serif";
      context.textAlign = "center";
      context.textBaseline = "middle";
      codes.forEach((code, i) => {
        const [left, top] = toPlane(size, code);
        context.fillStyle = colours.series[meta.classes[i] % 6];
        context.fillText(String(meta.classes[i]), left, top);
      });
    } else if (zoom) {
      image(context, zoom.density, 0, 0, size.width, colours.series[2], 1, true);
    }
  };

  /** p(z|x) in fine cells where it and q have their mass, the highest 1. */
  const look = () => {
    zoom = null;
    if (show !== "posterior" || !posterior) return;
    const ends = q.mean.map((m, i) => [-3, 3].map((d) => m + d * Math.exp(0.5 * q.logVar[i])));
    const { joint, top: best } = posterior;
    joint.forEach((value, g) => {
      if (value < best - 4.5) return; // about three standard deviations
      const code = [Math.floor(g / grid.side), g % grid.side].map((k) => k * grid.step - grid.reach);
      ends.forEach((end, i) => {
        end[0] = Math.min(end[0], code[i] - grid.step);
        end[1] = Math.max(end[1], code[i] + grid.step);
      });
    });
    const centre = ends.map(([low, high]) => (low + high) / 2);
    const half = Math.max(0.3, ...ends.map(([low, high]) => (high - low) / 2));
    const density = Float64Array.from({ length: CELLS * CELLS }, (_, g) => {
      const a = centre[0] + ((2 * (g % CELLS) + 1) / CELLS - 1) * half;
      const b = centre[1] + (1 - (2 * Math.floor(g / CELLS) + 1) / CELLS) * half;
      return logLikelihood(x, run(net.decoder, [a, b]), net.noise) - 0.5 * (a * a + b * b);
    });
    const top = density.reduce((m, value) => Math.max(m, value));
    zoom = { centre, half, density: density.map((value) => Math.exp(value - top)) };
  };

  const planeBox = figure(columns[0], "The plane of codes: drag the ring");
  const caption = /** @type {Element} */ (planeBox.firstElementChild);
  const planeCanvas = canvas(planeBox, {
    width: 400,
    height: 400,
    label: "Plane of codes. Arrow keys move the code z by 0.1, with Shift by 0.5; Home moves it to the mean of q.",
    draw: (context, size, colours) => {
      background(size, colours);
      context.drawImage(layer, 0, 0, size.width, size.height);
      context.strokeStyle = colours.muted;
      context.lineWidth = 1;
      context.strokeRect(0.5, 0.5, size.width - 1, size.height - 1);
      const [cx, cy] = toPlane(size, q.mean);
      const { centre, half } = shown();
      const unit = size.width / (2 * half);
      context.strokeStyle = colours.series[1];
      for (const [deviations, width] of [[1, 2.5], [2, 1.2]]) {
        context.lineWidth = width;
        context.beginPath();
        const [rx, ry] = q.logVar.map((v) => Math.max(1, deviations * Math.exp(0.5 * v) * unit));
        context.ellipse(cx, cy, rx, ry, 0, 0, 2 * Math.PI);
        context.stroke();
      }
      context.fillStyle = colours.series[1];
      context.fillRect(cx - 1.5, cy - 6, 3, 12);
      context.fillRect(cx - 6, cy - 1.5, 12, 3);
      const [left, top] = toPlane(size, z);
      context.beginPath();
      context.arc(left, top, 13, 0, 2 * Math.PI);
      context.strokeStyle = colours.paper;
      context.lineWidth = 5;
      context.stroke();
      context.strokeStyle = colours.series[0];
      context.lineWidth = 2.5;
      context.stroke();
      const [from, to] = [-half, half].map((side) => centre.map((c) => two(c + side)));
      const text = `The plane of codes, z₁ ${from[0]} to ${to[0]}, z₂ ${from[1]} to ${to[1]}: drag the ring`;
      if (caption.textContent !== text) caption.textContent = text;
    },
    onPointer: ({ x: left, y: top, kind }) => {
      const { width, height } = planeCanvas.size;
      const { centre, half } = shown();
      const code = [(left / width) * 2 - 1, 1 - (top / height) * 2].map((u, i) => centre[i] + u * half);
      moveTo(code, kind !== "up");
    },
    onKey: (key, event) => {
      const step = event.shiftKey ? 0.5 : 0.1;
      const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
      if (key === "Home") moveTo(q.mean.slice());
      else if (key in moves) {
        const [a, b] = moves[/** @type {keyof typeof moves} */ (key)];
        moveTo([z[0] + a, z[1] + b]);
      } else return false;
      return true;
    },
  });

  const padBox = figure(columns[1], "Draw a digit, as large as the square");
  const padCanvas = canvas(padBox, {
    width: 240,
    height: 240,
    label: "Drawing pad. Arrow keys move the pen, Space puts it down or lifts it, Delete clears the pad.",
    draw: (context, size, colours) => {
      const cell = size.width / PAD;
      context.strokeStyle = colours.grid;
      context.lineWidth = 1;
      for (let i = 1; i < 8; i++) {
        context.strokeRect(-1, i * 4 * cell, size.width + 2, 0);
        context.strokeRect(i * 4 * cell, -1, 0, size.height + 2);
      }
      if (!drawn) {
        image(context, x, 0, 0, size.width, colours.muted, 0.75);
      }
      image(context, cells, 0, 0, size.width, colours.ink);
      context.strokeStyle = colours.muted;
      context.strokeRect(0.5, 0.5, size.width - 1, size.height - 1);
      if (padCanvas?.canvas.matches(":focus-visible")) {
        context.strokeStyle = colours.series[0];
        context.lineWidth = pen.down ? 4 : 2;
        context.strokeRect((pen.column - 1.5) * cell, (pen.row - 1.5) * cell, 4 * cell, 4 * cell);
      }
    },
    onPointer: ({ x: left, y: top, kind }) => {
      const { width, height } = padCanvas.size;
      const next = { row: Math.floor((top / height) * PAD), column: Math.floor((left / width) * PAD) };
      if (kind === "up") settle();
      else stroke(kind === "down" ? next : pen, next);
      pen = { ...next, down: false };
    },
    onKey: (key) => {
      const moves = { ArrowLeft: [0, -2], ArrowRight: [0, 2], ArrowUp: [-2, 0], ArrowDown: [2, 0] };
      if (key in moves) {
        const [a, b] = moves[/** @type {keyof typeof moves} */ (key)];
        const next = { row: clamp(pen.row + a, 2, PAD - 3), column: clamp(pen.column + b, 2, PAD - 3) };
        const { down } = pen;
        if (down) stroke(pen, next);
        pen = { ...next, down };
        padCanvas.redraw();
        if (down) settle();
        status(`Pen ${down ? "down" : "up"}, row ${pen.row + 1} and column ${pen.column + 1} of 32.`);
      } else if (key === " ") {
        pen.down = !pen.down;
        if (pen.down) stroke(pen, pen);
        settle();
        status(pen.down ? "Pen down: arrow keys draw." : "Pen up.");
      } else if (key === "Delete" || key === "Backspace") clear();
      else return false;
      return true;
    },
  });
  padCanvas.canvas.addEventListener("focus", padCanvas.redraw);
  padCanvas.canvas.addEventListener("blur", padCanvas.redraw);

  const stripBox = figure(columns[0], "What the encoder sees; what the decoder makes of it");
  const stripCanvas = canvas(stripBox, {
    width: 400,
    height: 150,
    label: "Three images: x as the encoder sees it, decoded from the mean of q, and decoded from the code z.",
    draw: (context, size, colours) => {
      const side = Math.min((size.width - 24) / 3, size.height - 24);
      const noise = noisy ? normalPairs(seed + 1, PIXELS) : null;
      const rows = [x, run(net.decoder, q.mean), run(net.decoder, z)];
      ["x", "f(mean of q)", noisy ? "f(z) + noise" : "f(z)"].forEach((text, i) => {
        const left = i * (side + 12);
        const values = i === 2 && noise ? rows[2].map((v, k) => v + net.noise * noise[k][0]) : rows[i];
        image(context, values, left, 20, side, colours.ink);
        context.strokeStyle = [colours.muted, colours.series[1], colours.series[0]][i];
        context.lineWidth = 2;
        context.strokeRect(left + 1, 21, side - 2, side - 2);
        context.font = "13px sans-serif";
        context.fillStyle = colours.ink;
        context.fillText(text, left, 14);
      });
    },
  });

  const curveBox = figure(columns[1], "What a code costs and buys, on 360 test digits");
  const curveCanvas = canvas(curveBox, {
    width: 400,
    height: 240,
    label: "Trade-off curve: for each β the mean reconstruction term over the mean KL; the present β is marked.",
    draw: (context, size, colours) => {
      const { test_kl: kl, test_reconstruction: reconstruction, betas } = meta;
      const at = (/** @type {number} */ i) => [
        34 + (kl[i] / 9.5) * (size.width - 60),
        size.height - 34 - ((reconstruction[i] + 16) / 38) * (size.height - 52),
      ];
      context.font = "12px sans-serif";
      context.strokeStyle = colours.muted;
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(30, 6);
      context.lineTo(30, size.height - 26);
      context.lineTo(size.width - 4, size.height - 26);
      context.stroke();
      context.fillStyle = colours.ink;
      context.textAlign = "center";
      context.fillText("KL, nats", size.width / 2, size.height - 8);
      context.save();
      context.translate(14, size.height / 2 - 10);
      context.rotate(-Math.PI / 2);
      context.fillText("reconstruction, nats", 0, 0);
      context.restore();
      context.strokeStyle = colours.series[0];
      context.lineWidth = 2;
      context.beginPath();
      betas.forEach((/** @type {number} */ _, /** @type {number} */ i) => {
        const [left, top] = at(i);
        if (i) context.lineTo(left, top);
        else context.moveTo(left, top);
      });
      context.stroke();
      betas.forEach((/** @type {number} */ beta, /** @type {number} */ i) => {
        const [left, top] = at(i);
        const here = i === index;
        context.fillStyle = here ? colours.series[1] : colours.series[0];
        context.beginPath();
        context.arc(left, top, here ? 7 : 4, 0, 2 * Math.PI);
        context.fill();
        context.fillStyle = colours.ink;
        context.fillText(String(beta), left + (beta > 1 ? 18 : 0), top + (beta > 1 ? 7 : -11));
      });
      context.textAlign = "right";
      context.fillText(`● you are here: β = ${betas[index]}`, size.width - 8, size.height - 62);
      const here = `KL ${two(kl[index])}, reconstruction ${two(reconstruction[index])}`;
      context.fillText(here, size.width - 8, size.height - 42);
    },
  });

  // What changes.

  const redraw = () => {
    for (const each of [planeCanvas, padCanvas, stripCanvas, curveCanvas]) each.redraw();
  };

  const numbers = () => {
    const { reconstruction, kl, elbo } = elboTerms(weights, index, x, normalPairs(seed, 256));
    const units = klToPrior(q.mean, q.logVar);
    const wait = "integrating …";
    table(output, "The image x, in nats", ["quantity", "value"], [
      ["mean of q(z|x)", pair(q.mean)],
      ["standard deviation of q(z|x)", pair(q.logVar.map((v) => Math.exp(0.5 * v)))],
      ["reconstruction term, mean of 256 codes", two(reconstruction)],
      ["KL of unit 1, unit 2", units.map(two).join(", ")],
      ["KL(q(z|x) ‖ p(z))", two(kl)],
      ["ELBO = reconstruction − KL", two(elbo)],
      ["log p(x), integrated over the plane", posterior ? two(posterior.evidence) : wait],
      ["gap = KL(q(z|x) ‖ p(z|x))", posterior ? two(posterior.evidence - elbo) : wait],
    ]);
    return { kl, elbo };
  };

  /** Once the image rests: the exact integral, the table, what is told. */
  const settle = (told = true) => {
    clearTimeout(settling);
    aloud = told;
    settling = window.setTimeout(() => {
      posterior = ready ? integrate(grid, x, net.noise) : null;
      look();
      const { kl, elbo } = numbers();
      redraw();
      if (!aloud) return;
      aloud = false;
      const exact = posterior ? `, log p(x) ${two(posterior.evidence)}` : "";
      status(`Encoded: mean ${pair(q.mean)}, KL ${two(kl)}, ELBO ${two(elbo)}${exact} nats.`);
    }, 60);
  };

  const see = (/** @type {number[]} */ next) => {
    x = next;
    q = encode(weights, index, x);
    z = q.mean.slice();
    posterior = zoom = null;
    redraw();
  };

  const moveTo = (/** @type {number[]} */ code, quiet = false) => {
    const { centre, half } = shown();
    z = code.map((value, i) => clamp(value, centre[i] - half, centre[i] + half));
    planeCanvas.redraw();
    stripCanvas.redraw();
    const text = `z = ${pair(z)}: decoded, nearest to a test digit ${closest(run(net.decoder, z))}.`;
    status(text, quiet);
  };

  const stroke = (/** @type {{row: number, column: number}} */ from, /** @type {{row: number, column: number}} */ to) => {
    const steps = Math.max(Math.abs(to.row - from.row), Math.abs(to.column - from.column), 1);
    for (let s = 0; s <= steps; s++) {
      const row = from.row + ((to.row - from.row) * s) / steps;
      const column = from.column + ((to.column - from.column) * s) / steps;
      for (let i = 0; i < PAD * PAD; i++) {
        const a = Math.floor(i / PAD) - row - 0.5;
        const b = (i % PAD) - column - 0.5;
        if (a * a + b * b < 4.6) cells[i] = 1;
      }
    }
    drawn = true;
    see(blocks(cells));
  };

  const clear = () => {
    cells = new Uint8Array(PAD * PAD);
    drawn = true;
    see(blocks(cells));
    settle(false);
    status("The pad is empty. An empty pad is encoded like any other image.");
  };

  const pick = (/** @type {number} */ next) => {
    shownDigit = next;
    cells = new Uint8Array(PAD * PAD);
    drawn = false;
    see(digits[shownDigit]);
    settle();
  };

  const change = (/** @type {number} */ next, told = true) => {
    index = next;
    net = network(weights, index);
    codes = digits.map((d) => encode(weights, index, d).mean);
    view = Math.max(3, ...codes.flat().map((value) => Math.abs(value) + 0.2));
    see(x);
    grid = plane(net, 5, 1 / 16);
    ready = false;
    clearTimeout(task);
    const more = () => {
      const until = performance.now() + 8;
      while (!(ready = grid.more()) && performance.now() < until);
      if (ready) settle(aloud); // what the reader did meanwhile is still said
      else task = window.setTimeout(more);
    };
    task = window.setTimeout(more);
    numbers();
    if (told) {
      const [kl, reconstruction] = [meta.test_kl[index], meta.test_reconstruction[index]];
      status(`β = ${net.beta}: on test digits reconstruction ${two(reconstruction)}, KL ${two(kl)} nats.`);
    }
  };

  // Controls.

  const beta = slider(controls, {
    label: "β, the weight of the KL term",
    min: 0,
    max: meta.betas.length - 1,
    step: 1,
    value: index,
    format: (value) => String(meta.betas[value]),
    onInput: (value) => change(value),
  });
  const choice = select(controls, {
    label: "Show on the plane",
    options: [
      ["digits", "decoded digits"],
      ["codes", "codes of test digits"],
      ["posterior", "exact posterior p(z|x)"],
    ],
    value: show,
    onInput: (value) => {
      show = value;
      look();
      z = q.mean.slice();
      planeCanvas.redraw();
      stripCanvas.redraw();
      status(`The plane shows ${choice.input.selectedOptions[0].text}.`);
    },
  });
  const noise = toggle(controls, {
    label: "Add the decoder's noise",
    value: noisy,
    onInput: (value) => {
      noisy = value;
      stripCanvas.redraw();
      status(noisy ? `f(z) now carries noise of standard deviation ${net.noise}.` : "f(z) is shown without noise.");
    },
  });
  const seedBox = number(controls, {
    label: "Seed",
    value: seed,
    onInput: (value) => {
      seed = value;
      draws = 0;
      redraw();
      settle(false);
      status(`Seed ${seed}.`);
    },
  });
  button(buttons, "Next test digit", () => pick((shownDigit + 1) % digits.length));
  button(buttons, "Clear the pad", clear);
  button(buttons, "Sample from the prior", () => {
    draws += 1;
    moveTo(normalPairs(seed, draws)[draws - 1]);
  });
  button(buttons, "Reset", () => {
    [z, seed, draws, show, noisy] = [first.z, first.seed, 0, "digits", false];
    beta.set(first.index);
    choice.set(show);
    noise.set(noisy);
    seedBox.set(seed);
    pen = { row: 16, column: 16, down: false };
    pick(first.digit);
    change(first.index, false);
    status("Reset: β = 1, the first test digit, seed 1.");
  });
  change(index, false);
  status(`A test digit ${meta.classes[0]} is encoded. Drag the ring, or draw.`);
}

/** @param {HTMLElement} root */
export function mount(root) {
  const box = element("div", { class: "demo-buttons" }, root);
  const note = element("p", { class: "demo-status", role: "status" });
  const go = button(box, "Start: load 230 kB of weights", async () => {
    go.disabled = true;
    note.textContent = "Loading …";
    try {
      const weights = await load(new URL("weights.json", import.meta.url));
      root.replaceChildren();
      start(root, weights);
      /** @type {HTMLElement | null} */ (root.querySelector("canvas"))?.focus({ preventScroll: true });
    } catch (error) {
      go.disabled = false;
      note.textContent = `The weights could not be loaded: ${error instanceof Error ? error.message : error}.`;
    }
  });
  root.append(note);
}
