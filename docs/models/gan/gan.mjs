/**
 * GAN on points in the plane, trained in the browser: the same algorithm as gan.py, with the
 * derivatives written by hand. Below it the Dirac-GAN, the smallest game with the same trouble.
 *
 * @typedef {{w: number[][], b: number[]}} Layer weights (out, in) and biases
 * @typedef {"saturating" | "non-saturating" | "wasserstein"} Kind
 * @typedef {{m: number[], v: number[], t: number}} Moments of Adam
 */

import { button, calm, canvas, element, frame, loop, number, select, slider, toggle } from "../../assets/demos/ui.mjs";
import { random } from "../../assets/demos/rng.mjs";

const LEAK = 0.2;
const RATE = 1e-2;
const BETAS = [0.5, 0.9];
const BATCH = 128;
const CLIP = 0.1;

/** @param {number} a @returns {number} */
export const sigmoid = (a) => (a >= 0 ? 1 / (1 + Math.exp(-a)) : Math.exp(a) / (1 + Math.exp(a)));
/** @param {number} a @returns {number} */
export const logSigmoid = (a) => (a >= 0 ? -Math.log1p(Math.exp(-a)) : a - Math.log1p(Math.exp(a)));

/** @param {number[]} values @returns {number} */
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

/**
 * A multilayer perceptron with leaky ReLU: weights normal with variance 2/fan-in, biases zero.
 * @param {number[]} sizes
 * @param {{normal: () => number}} rng
 * @returns {Layer[]}
 */
export function network(sizes, rng) {
  return sizes.slice(1).map((out, i) => {
    const scale = Math.sqrt(2 / sizes[i]);
    const row = () => Array.from({ length: sizes[i] }, () => scale * rng.normal());
    return { w: Array.from({ length: out }, row), b: Array(out).fill(0) };
  });
}

/** @param {number[]} sizes @param {number} seed @returns {Layer[]} for the comparison with Python */
export const fresh = (sizes, seed) => network(sizes, random(seed));

/**
 * @param {Layer[]} net
 * @param {number[]} x one sample
 * @returns {{inputs: number[][], masks: number[][], out: number[]}} what each layer saw, the slopes
 *   of the leaky ReLU behind it, and the output
 */
function run(net, x) {
  const inputs = [];
  const masks = [];
  let h = x;
  for (let i = 0; i < net.length; i++) {
    const { w, b } = net[i];
    const [count, last] = [h.length, i === net.length - 1];
    const mask = new Array(b.length);
    const next = new Array(b.length);
    for (let j = 0; j < b.length; j++) {
      const row = w[j];
      let a = b[j];
      for (let k = 0; k < count; k++) a += row[k] * h[k];
      mask[j] = last || a > 0 ? 1 : LEAK;
      next[j] = a * mask[j];
    }
    inputs.push(h);
    masks.push(mask);
    h = next;
  }
  return { inputs, masks, out: h };
}

/** @param {Layer[]} net @param {number[][]} x @returns {number[][]} the outputs, one row a sample */
export function forward(net, x) {
  return x.map((row) => run(net, row).out);
}

/** @param {Layer[]} net @returns {Layer[]} zeros of the same shape */
const zeros = (net) =>
  net.map(({ w, b }) => ({ w: w.map((row) => row.map(() => 0)), b: b.map(() => 0) }));

/**
 * Adds the gradient of one sample to `grads`; returns the gradient by the sample itself.
 * @param {Layer[]} net
 * @param {ReturnType<typeof run>} cache
 * @param {number[]} slope by the output
 * @param {Layer[] | null} grads null to leave the weights alone
 * @returns {number[]}
 */
function back(net, cache, slope, grads) {
  let d = slope;
  for (let i = net.length - 1; i >= 0; i--) {
    const x = cache.inputs[i];
    const next = Array(x.length).fill(0);
    for (let j = 0; j < d.length; j++) {
      const dj = d[j] * cache.masks[i][j];
      const row = net[i].w[j];
      for (let k = 0; k < x.length; k++) next[k] += row[k] * dj;
      if (grads) {
        const into = grads[i].w[j];
        for (let k = 0; k < x.length; k++) into[k] += dj * x[k];
        grads[i].b[j] += dj;
      }
    }
    d = next;
  }
  return d;
}

/**
 * The losses of both players from logits (or the critic's values).
 * @param {number[]} real @param {number[]} fake @param {Kind} kind
 * @returns {{d: number, g: number}}
 */
export function losses(real, fake, kind) {
  if (kind === "wasserstein") return { d: mean(fake) - mean(real), g: -mean(fake) };
  const d = -mean(real.map(logSigmoid)) - mean(fake.map((a) => logSigmoid(-a)));
  const saturating = mean(fake.map((a) => logSigmoid(-a)));
  return { d, g: kind === "saturating" ? saturating : -mean(fake.map(logSigmoid)) };
}

/** @param {number} a @param {Kind} kind @returns {number} the generator's slope by one logit */
export function slopeG(a, kind) {
  if (kind === "wasserstein") return -1;
  return kind === "saturating" ? -sigmoid(a) : -(1 - sigmoid(a));
}

/**
 * Adds the gradient of gamma/2 * |slope of D at x|^2 / count to `grads`; returns that term.
 * The slope is a product of weights and masks; leaky ReLU bends nowhere else.
 * @param {Layer[]} net @param {ReturnType<typeof run>} cache
 * @param {number} gamma @param {number} count @param {Layer[]} grads
 */
function penalise(net, cache, gamma, count, grads) {
  const v = [];
  let u = [1];
  for (let i = net.length - 1; i >= 0; i--) {
    const now = u.map((value, j) => value * cache.masks[i][j]);
    v[i] = now;
    const columns = cache.inputs[i].length;
    u = Array(columns).fill(0);
    for (let j = 0; j < now.length; j++) {
      const row = net[i].w[j];
      for (let k = 0; k < columns; k++) u[k] += row[k] * now[j];
    }
  }
  const term = (gamma / 2 / count) * u.reduce((sum, value) => sum + value * value, 0);
  let d = u.map((value) => (gamma / count) * value);
  for (let i = 0; i < net.length; i++) {
    const next = new Array(net[i].w.length);
    for (let j = 0; j < next.length; j++) {
      const [row, into, factor] = [net[i].w[j], grads[i].w[j], v[i][j]];
      let sum = 0;
      for (let k = 0; k < d.length; k++) {
        into[k] += factor * d[k];
        sum += row[k] * d[k];
      }
      next[j] = sum;
    }
    d = next.map((value, j) => value * cache.masks[i][j]);
  }
  return term;
}

/**
 * The discriminator's loss and its gradient.
 * @param {Layer[]} g @param {Layer[]} d @param {number[][]} real @param {number[][]} z
 * @param {Kind} kind @param {number} gamma
 * @returns {{loss: number, grads: Layer[]}}
 */
export function gradientD(g, d, real, z, kind, gamma) {
  const grads = zeros(d);
  const good = real.map((x) => run(d, x));
  const bad = forward(g, z).map((x) => run(d, x));
  const a = good.map((cache) => cache.out[0]);
  const b = bad.map((cache) => cache.out[0]);
  let loss = losses(a, b, kind).d;
  good.forEach((cache, i) => {
    const slope = kind === "wasserstein" ? -1 : -(1 - sigmoid(a[i]));
    back(d, cache, [slope / a.length], grads);
    if (gamma > 0) loss += penalise(d, cache, gamma, a.length, grads);
  });
  bad.forEach((cache, i) => {
    const slope = kind === "wasserstein" ? 1 : sigmoid(b[i]);
    back(d, cache, [slope / b.length], grads);
  });
  return { loss, grads };
}

/**
 * The generator's loss, its gradient, and the direction in which each sample is pushed.
 * @param {Layer[]} g @param {Layer[]} d @param {number[][]} z @param {Kind} kind
 * @returns {{loss: number, grads: Layer[], samples: number[][], push: number[][]}}
 */
export function gradientG(g, d, z, kind) {
  const grads = zeros(g);
  /** @type {number[][]} */
  const push = [];
  const caches = z.map((row) => run(g, row));
  const samples = caches.map((cache) => cache.out);
  const seen = samples.map((x) => run(d, x));
  const fake = seen.map((cache) => cache.out[0]);
  caches.forEach((cache, i) => {
    const by = back(d, seen[i], [slopeG(fake[i], kind) / z.length], null);
    back(g, cache, by, grads);
    push.push(by.map((value) => -value * z.length));
  });
  return { loss: losses(fake, fake, kind).g, grads, samples, push };
}

/** @param {Layer[]} net @returns {Moments} */
export function moments(net) {
  const count = net.reduce((sum, { w, b }) => sum + w.length * w[0].length + b.length, 0);
  return { m: Array(count).fill(0), v: Array(count).fill(0), t: 0 };
}

/**
 * One step of Adam, in place. Order of the numbers: layer by layer, weights by row, then biases.
 * @param {Layer[]} net @param {Layer[]} grads @param {Moments} state
 */
export function adam(net, grads, state) {
  state.t += 1;
  const [first, second] = BETAS;
  const scale = [1 - first ** state.t, 1 - second ** state.t];
  let n = 0;
  const move = (/** @type {number[]} */ values, /** @type {number[]} */ slopes) => {
    for (let i = 0; i < values.length; i++, n++) {
      state.m[n] = first * state.m[n] + (1 - first) * slopes[i];
      state.v[n] = second * state.v[n] + (1 - second) * slopes[i] ** 2;
      values[i] -= (RATE * state.m[n]) / scale[0] / (Math.sqrt(state.v[n] / scale[1]) + 1e-8);
    }
  };
  net.forEach(({ w, b }, i) => {
    w.forEach((row, j) => move(row, grads[i].w[j]));
    move(b, grads[i].b);
  });
}

/**
 * One round: a step of D, then one step of G for each batch of noise after the first.
 * @param {Layer[]} g @param {Layer[]} d @param {Moments} mg @param {Moments} md
 * @param {number[][]} real @param {number[][][]} z @param {Kind} kind @param {number} gamma
 * @returns {{lossD: number, lossG: number, samples: number[][], push: number[][]}}
 */
export function playRound(g, d, mg, md, real, z, kind, gamma) {
  const forD = gradientD(g, d, real, z[0], kind, gamma);
  adam(d, forD.grads, md);
  if (kind === "wasserstein" && gamma === 0) {
    const clip = (/** @type {number[]} */ values) =>
      values.forEach((value, i) => (values[i] = Math.min(CLIP, Math.max(-CLIP, value))));
    for (const { w, b } of d) [...w, b].forEach(clip);
  }
  let forG = { loss: 0, samples: /** @type {number[][]} */ ([]), push: /** @type {number[][]} */ ([]) };
  for (const batch of z.slice(1)) {
    const step = gradientG(g, d, batch, kind);
    adam(g, step.grads, mg);
    forG = step;
  }
  return { lossD: forD.loss, lossG: forG.loss, samples: forG.samples, push: forG.push };
}

/**
 * Plays rounds from given networks and returns both networks after them, for the comparison with Python.
 * @param {Layer[]} g @param {Layer[]} d @param {number[][][]} reals @param {number[][][][]} zs
 * @param {Kind} kind @param {number} gamma
 */
export function play(g, d, reals, zs, kind, gamma) {
  const mine = structuredClone({ g, d });
  const [mg, md] = [moments(mine.g), moments(mine.d)];
  const rounds = reals.map((real, i) => {
    const { lossD, lossG } = playRound(mine.g, mine.d, mg, md, real, zs[i], kind, gamma);
    return [lossD, lossG];
  });
  return { rounds, ...mine };
}

/**
 * How many centres hold at least 2 % of the samples, and which part of them is near a centre.
 * @param {number[][]} x @param {number[][]} centres @param {number} spread
 * @returns {[number, number]}
 */
export function modesReached(x, centres, spread) {
  const counts = centres.map(() => 0);
  let good = 0;
  for (const [a, b] of x) {
    const away = centres.map(([c, d]) => Math.hypot(a - c, b - d));
    const nearest = away.indexOf(Math.min(...away));
    if (away[nearest] < 3 * spread) {
      counts[nearest] += 1;
      good += 1;
    }
  }
  return [counts.filter((count) => count >= 0.02 * x.length).length, good / x.length];
}

/**
 * Points and weights whose weighted sum is the mean over normal noise.
 * @param {number} spread @returns {[number, number][]}
 */
function noiseOf(spread) {
  if (spread === 0) return [[0, 1]];
  const points = Array.from({ length: 81 }, (_, i) => (i - 40) * 0.175);
  const weights = points.map((x) => Math.exp((-x * x) / 2));
  const total = weights.reduce((sum, w) => sum + w, 0);
  return points.map((x, i) => [spread * x, weights[i] / total]);
}

/**
 * The velocities of the Dirac-GAN's players.
 * @param {number} theta @param {number} psi @param {Kind} kind @param {number} gamma
 * @param {number} [spread] standard deviation of the noise on what the discriminator sees
 * @returns {[number, number]}
 */
export function diracField(theta, psi, kind, gamma, spread = 0) {
  if (kind === "wasserstein") return [psi, -theta - gamma * psi];
  let [pull, push] = [0, 0];
  for (const [at, share] of noiseOf(spread)) {
    const fake = sigmoid(psi * (theta + at));
    pull += share * (kind === "saturating" ? fake : 1 - fake);
    push += share * ((1 - sigmoid(psi * at)) * at - fake * (theta + at));
  }
  return [pull * psi, push - gamma * psi];
}

/**
 * The path of the Dirac-GAN.
 * @param {number[]} start theta and psi @param {number} steps of size 0.1
 * @param {Kind} kind @param {number} gamma @param {number} spread
 * @param {boolean} turns whether psi moves first and theta answers
 * @returns {number[][]} steps + 1 points
 */
export function diracPath(start, steps, kind, gamma, spread, turns) {
  let [theta, psi] = start;
  const path = [[theta, psi]];
  for (let i = 0; i < steps; i++) {
    const [a, b] = diracField(theta, psi, kind, gamma, spread);
    psi += 0.1 * b;
    theta += 0.1 * (turns ? diracField(theta, psi, kind, gamma, spread)[0] : a);
    path.push([theta, psi]);
  }
  return path;
}

const SPREAD = 0.1;
const REACH = 3.2; // the plane is shown from -REACH to REACH

/** @type {Record<string, number[][]>} */
const DATA = {
  ring: Array.from({ length: 8 }, (_, i) => [2 * Math.cos((i * Math.PI) / 4), 2 * Math.sin((i * Math.PI) / 4)]),
  grid: [-1.8, 0, 1.8].flatMap((x) => [-1.8, 0, 1.8].map((y) => [x, y])),
  pair: [[-1.6, 0], [1.6, 0]],
};

/** @param {HTMLElement} root */
export function mount(root) {
  const { stage, controls, buttons, status, output } = frame(root);
  let kind = /** @type {Kind} */ ("non-saturating");
  let gamma = 0.1;
  let ratio = 1;
  let speed = 1;
  let shape = "ring";
  let own = /** @type {number[][]} */ ([]);
  let cursor = [0, 0];
  let seed = 1;
  let rounds = 0;
  let waited = 0;
  let rng = random(seed);
  let g = network([2, 32, 32, 2], rng);
  let d = network([2, 32, 32, 1], rng);
  let mg = moments(g);
  let md = moments(d);
  let last = /** @type {{lossD: number, samples: number[][], push: number[][]} | null} */ (null);

  const centres = () => (shape === "own" && own.length ? own : DATA[shape] ?? DATA.ring);
  const noise = () => Array.from({ length: BATCH }, () => [rng.normal(), rng.normal()]);
  const sample = () =>
    Array.from({ length: BATCH }, () => {
      const [x, y] = centres()[rng.integer(centres().length)];
      return [x + SPREAD * rng.normal(), y + SPREAD * rng.normal()];
    });

  const view = canvas(stage, {
    width: 420,
    height: 420,
    label: "The plane: data, samples of the generator, and what the discriminator believes. With points of your own: arrow keys move the cursor, space sets a point.",
    draw: (context, size, colours) => {
      const px = (/** @type {number} */ x) => ((x + REACH) / (2 * REACH)) * size.width;
      const py = (/** @type {number} */ y) => ((REACH - y) / (2 * REACH)) * size.height;
      const cells = 28;
      const step = (2 * REACH) / cells;
      const edge = (/** @type {number} */ i) => Math.round((i * size.width) / cells);
      const values = [];
      for (let i = 0; i < cells * cells; i++) {
        const x = -REACH + ((i % cells) + 0.5) * step;
        const y = REACH - (Math.floor(i / cells) + 0.5) * step;
        values.push(run(d, [x, y]).out[0]);
      }
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const real = values.map((a) => (kind === "wasserstein" ? (a - low) / (high - low || 1) : sigmoid(a)));
      real.forEach((p, i) => {
        const [column, row] = [i % cells, Math.floor(i / cells)];
        context.fillStyle = colours.series[p > 0.5 ? 0 : 1];
        context.globalAlpha = 0.1 + 1.2 * Math.min(0.5, Math.abs(p - 0.5));
        const [left, top] = [edge(column), edge(row)];
        context.fillRect(left, top, edge(column + 1) - left, edge(row + 1) - top);
      });
      context.globalAlpha = 1;
      context.fillStyle = colours.paper;
      real.forEach((p, i) => {
        const [left, top] = [edge(i % cells), edge(Math.floor(i / cells))];
        const [right, below] = [(i + 1) % cells ? real[i + 1] : p, real[i + cells] ?? p];
        if (p > 0.5 !== right > 0.5) context.fillRect(edge((i % cells) + 1) - 1, top, 2, size.width / cells);
        if (p > 0.5 !== below > 0.5) context.fillRect(left, edge(Math.floor(i / cells) + 1) - 1, size.width / cells, 2);
      });
      context.strokeStyle = colours.ink;
      context.lineWidth = 1.5;
      for (const [x, y] of centres()) {
        context.beginPath();
        context.arc(px(x), py(y), px(3 * SPREAD) - px(0), 0, 7);
        context.stroke();
      }
      if (last) {
        const { samples, push } = last;
        const sizes = push.map(([u, v]) => Math.hypot(u, v));
        const usual = mean(sizes) || 1;
        context.lineWidth = 1;
        samples.forEach(([x, y], i) => {
          context.fillStyle = colours.ink;
          context.fillRect(px(x) - 2, py(y) - 2, 4, 4);
          if (i >= 48) return;
          const scale = (14 / usual) * Math.min(1, (2 * usual) / (sizes[i] || 1));
          context.beginPath();
          context.moveTo(px(x), py(y));
          context.lineTo(px(x) + push[i][0] * scale, py(y) - push[i][1] * scale);
          context.stroke();
        });
      }
      if (shape === "own") {
        const [x, y] = [px(cursor[0]), py(cursor[1])];
        context.lineWidth = 2;
        context.strokeRect(x - 6, y - 6, 12, 12);
      }
    },
    onPointer: ({ x, y, kind: what }) => {
      if (shape !== "own" || what !== "down") return;
      cursor = [(x / view.size.width) * 2 * REACH - REACH, REACH - (y / view.size.height) * 2 * REACH];
      place();
    },
    onKey: (key) => {
      if (shape !== "own") return false;
      const moves = { ArrowLeft: [-0.2, 0], ArrowRight: [0.2, 0], ArrowUp: [0, 0.2], ArrowDown: [0, -0.2] };
      const move = moves[/** @type {keyof typeof moves} */ (key)];
      if (move) {
        cursor = cursor.map((c, i) => Math.max(-3, Math.min(3, c + move[i])));
        view.redraw();
        status(`Cursor at ${cursor[0].toFixed(1)}, ${cursor[1].toFixed(1)}.`);
        return true;
      }
      if (key !== " " && key !== "Enter") return false;
      place();
      return true;
    },
  });

  const side = element("div", { style: "flex: 1 1 12rem" }, stage);
  /** @type {number[][]} */
  let history = [];
  const chart = canvas(side, {
    width: 232,
    height: 150,
    label: "Modes reached, against rounds; the number stands in the line of text below",
    draw: (context, size, colours) => {
      const [left, top, low] = [18, 24, size.height - 18];
      const most = centres().length;
      const reach = Math.max(200, rounds);
      const px = (/** @type {number} */ x) => left + (x / reach) * (size.width - left - 6);
      const py = (/** @type {number} */ y) => low - (y / most) * (low - top);
      context.font = "12px sans-serif";
      context.fillStyle = colours.ink;
      context.fillText("Modes reached", 2, 12);
      context.strokeStyle = colours.grid;
      for (const y of [0, most]) {
        context.fillText(String(y), 2, py(y) + 4);
        context.strokeRect(left, py(y), size.width - left - 6, 0.5);
      }
      const told = `${reach} rounds`;
      context.fillText(told, size.width - 6 - context.measureText(told).width, size.height - 4);
      context.strokeStyle = colours.series[0];
      context.lineWidth = 2;
      context.beginPath();
      history.forEach(([x, y], i) => (i ? context.lineTo(px(x), py(y)) : context.moveTo(px(x), py(y))));
      context.stroke();
    },
  });
  element("p", { text: "Rings: the modes of the data. Squares: samples, with a line in the direction in which each is pushed. Shade: taken for real in the first colour, for fake in the second; the light seam between them is where the discriminator cannot tell." }, side);

  const place = () => {
    if (own.length >= 20) {
      status("Twenty points are as many as fit. Reset takes them away.");
      return;
    }
    own.push([...cursor]);
    status(`Point ${own.length} at ${cursor[0].toFixed(1)}, ${cursor[1].toFixed(1)}.`);
    view.redraw();
    chart.redraw();
  };

  const tell = (/** @type {boolean} */ quiet) => {
    if (!last) {
      status("Nothing is trained yet. Train plays rounds; Step plays one.", quiet);
      return;
    }
    const [reached, good] = modesReached(forward(g, probe), centres(), SPREAD);
    if (history.at(-1)?.[0] !== rounds) history.push([rounds, reached]);
    if (history.length > 400) history = history.filter((_, i) => i % 2);
    chart.redraw();
    const name = kind === "wasserstein" ? "critic's loss" : "discriminator's loss";
    status(
      `Round ${rounds}: ${reached} of ${centres().length} ${centres().length === 1 ? "mode" : "modes"}, ${Math.round(100 * good)} % of the samples near one, ${name} ${last.lossD.toFixed(2)}.`,
      quiet,
    );
  };
  let probe = Array.from({ length: 500 }, () => [rng.normal(), rng.normal()]);

  const once = () => {
    const z = Array.from({ length: ratio + 1 }, noise);
    last = playRound(g, d, mg, md, sample(), z, kind, gamma);
    rounds += 1;
  };
  const show = (quiet = false) => {
    if (!quiet || rounds % 10 === 0) tell(quiet);
    view.redraw();
  };
  const training = loop(root, (seconds) => {
    waited += seconds;
    if (speed === 0 && waited < 0.5) return;
    waited = 0;
    for (let i = 0; i < Math.max(1, speed); i++) once();
    show(true);
  });
  // Who asked for less motion gets the rounds without the pictures between them.
  const rest = () => (calm() ? "Train 25 rounds" : "Train");
  const play = button(buttons, rest(), () => {
    if (calm()) {
      for (let i = 0; i < 25; i++) once();
      play.textContent = rest();
      show();
      return;
    }
    if (training.running()) training.stop();
    else training.start();
    play.textContent = training.running() ? "Pause" : rest();
    tell(false);
  });
  button(buttons, "Step", () => {
    training.stop();
    play.textContent = rest();
    once();
    show();
  });
  const reset = (points = true) => {
    training.stop();
    play.textContent = rest();
    if (points && shape === "own") own = [];
    rng = random(seed);
    g = network([2, 32, 32, 2], rng);
    d = network([2, 32, 32, 1], rng);
    probe = Array.from({ length: 500 }, () => [rng.normal(), rng.normal()]);
    [mg, md, last, rounds, waited] = [moments(g), moments(d), null, 0, 0];
    history = [];
    chart.redraw();
    show();
  };
  button(buttons, "Reset", () => reset());

  select(controls, {
    label: "Data",
    options: [["ring", "ring of eight"], ["grid", "grid of nine"], ["pair", "two points"], ["own", "my own points"]],
    value: shape,
    onInput: (value) => {
      shape = value;
      reset();
      if (shape === "own") status("Click into the plane, or focus it and use the arrow keys and space, to set points.");
    },
  });
  select(controls, {
    label: "Loss",
    options: [["non-saturating", "non-saturating"], ["saturating", "saturating"], ["wasserstein", "Wasserstein"]],
    value: kind,
    onInput: (value) => {
      kind = /** @type {Kind} */ (value);
      reset(false);
      drawPath();
    },
  });
  slider(controls, {
    label: "Gradient penalty γ",
    min: 0, max: 3, step: 0.1, value: gamma,
    format: (value) => value.toFixed(1),
    onInput: (value) => {
      gamma = value;
      drawPath();
      if (!training.running()) tellPath();
    },
  });
  slider(controls, {
    label: "Steps of G for each step of D",
    min: 1, max: 6, step: 1, value: ratio,
    onInput: (value) => (ratio = value),
  });
  select(controls, {
    label: "Speed",
    options: [["0", "2 rounds a second"], ["1", "1 round a frame"], ["5", "5 rounds a frame"]],
    value: String(speed),
    onInput: (value) => (speed = Number(value)),
  });
  number(controls, {
    label: "Seed", value: seed,
    onInput: (value) => {
      seed = value;
      reset(false);
    },
  });

  element("p", { class: "demo-title", text: "The Dirac-GAN under the same loss and penalty" }, output);
  let start = [1, 1];
  let spread = 0;
  let turns = false;
  /** @type {number[][]} */
  let path = [];
  const drawPath = () => {
    path = diracPath(start, 400, kind, gamma, spread, turns);
    plane.redraw();
  };
  const tellPath = () => {
    const far = (/** @type {number[]} */ point) => Math.hypot(point[0], point[1]).toFixed(2);
    status(`Dirac-GAN from θ ${start[0].toFixed(1)}, ψ ${start[1].toFixed(1)}: distance to the equilibrium ${far(start)} at the start, ${far(path[400])} after 400 steps.`);
  };
  const set = (/** @type {number[]} */ point) => {
    start = point.map((value) => Math.max(-2, Math.min(2, value)));
    drawPath();
    tellPath();
  };
  const plane = canvas(output, {
    width: 420,
    height: 340,
    label: "Phase plane of the Dirac-GAN: the generator's point to the right, the discriminator's slope upwards. Move the start with the arrow keys.",
    draw: (context, size, colours) => {
      const unit = size.height / 6;
      const px = (/** @type {number} */ x) => size.width / 2 + x * unit;
      const py = (/** @type {number} */ y) => size.height / 2 - y * unit;
      context.strokeStyle = colours.grid;
      context.beginPath();
      context.moveTo(0, py(0));
      context.lineTo(size.width, py(0));
      context.moveTo(px(0), 0);
      context.lineTo(px(0), size.height);
      context.stroke();
      context.strokeStyle = colours.muted;
      for (let x = -4; x <= 4; x += 0.5) {
        for (let y = -2.5; y <= 2.5; y += 0.5) {
          const [a, b] = diracField(x, y, kind, gamma, spread);
          const scale = 0.3 / Math.max(0.3, Math.hypot(a, b));
          context.beginPath();
          context.moveTo(px(x), py(y));
          context.lineTo(px(x + a * scale), py(y + b * scale));
          context.stroke();
          context.fillStyle = colours.muted;
          context.fillRect(px(x) - 1, py(y) - 1, 2, 2);
        }
      }
      context.strokeStyle = colours.accent;
      context.lineWidth = 2;
      context.beginPath();
      path.forEach(([x, y], i) => (i ? context.lineTo(px(x), py(y)) : context.moveTo(px(x), py(y))));
      context.stroke();
      context.lineWidth = 1;
      context.fillStyle = colours.accent;
      context.beginPath();
      context.arc(px(start[0]), py(start[1]), 6, 0, 7);
      context.fill();
      context.fillStyle = colours.ink;
      context.font = "13px sans-serif";
      for (const [name, x, y] of /** @type {[string, number, number][]} */ ([
        ["θ, the sample", size.width - 88, py(0) - 6],
        ["ψ, the slope of D", px(0) + 6, 14],
      ])) {
        context.fillStyle = colours.paper;
        context.fillRect(x - 3, y - 12, context.measureText(name).width + 6, 16);
        context.fillStyle = colours.ink;
        context.fillText(name, x, y);
      }
    },
    onPointer: ({ x, y, kind: what }) => {
      if (what === "up") return;
      const unit = plane.size.height / 6;
      set([(x - plane.size.width / 2) / unit, (plane.size.height / 2 - y) / unit]);
    },
    onKey: (key) => {
      const moves = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] };
      const move = moves[/** @type {keyof typeof moves} */ (key)];
      if (!move) return false;
      set(start.map((value, i) => value + move[i]));
      return true;
    },
  });
  const more = element("div", { class: "demo-controls" }, output);
  slider(more, {
    label: "Noise on what D sees, s",
    min: 0, max: 2, step: 0.1, value: spread,
    format: (value) => value.toFixed(1),
    onInput: (value) => {
      spread = value;
      drawPath();
      tellPath();
    },
  });
  toggle(more, {
    label: "The players move in turn",
    value: turns,
    onInput: (value) => {
      turns = value;
      drawPath();
      tellPath();
    },
  });
  drawPath();
  tell(false);
}
