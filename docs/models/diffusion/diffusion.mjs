/**
 * Diffusion in the plane, where the density may be drawn, with the exact score of a mixture or with
 * a network that is trained in the page; and digits of a chosen class from a network that comes with
 * it. The same algorithm as diffusion.py.
 *
 * @typedef {import("../../assets/demos/weights.mjs").Weights} Weights
 * @typedef {Weights["tensors"]} Tensors
 * @typedef {ReturnType<typeof random>} Random
 */

import { button, calm, canvas, element, frame, loop, number, select, slider } from "../../assets/demos/ui.mjs";
import { random } from "../../assets/demos/rng.mjs";
import { load } from "../../assets/demos/weights.mjs";

/** @param {number} t from 0 (data) to 1 (noise) @returns {number} alpha-bar of the cosine schedule */
export function alphaBar(t) {
  const at = (/** @type {number} */ u) => Math.cos(((u + 0.008) / 1.008) * (Math.PI / 2)) ** 2;
  return Math.min(1, Math.max(0, at(t) / at(0)));
}

/** @param {number} steps @returns {number[]} noise levels from noise to data */
export function levels(steps) {
  return Array.from({ length: steps + 1 }, (_, i) => {
    const exact = 1000 - (1000 * i) / steps;
    const floor = Math.floor(exact);
    const even = exact - floor === 0.5 ? floor + (floor % 2) : Math.round(exact);
    return Math.max(1e-4, alphaBar(even / 1000));
  });
}

/**
 * The best prediction of the noise in x for data that are a mixture of normal modes.
 * @param {number[][]} x @param {number} a alpha-bar
 * @param {number[][]} means @param {number} spread @param {number[]} weights
 * @returns {number[][]}
 */
export function exactEps(x, a, means, spread, weights) {
  const keep = Math.sqrt(a);
  const variance = a * spread * spread + 1 - a;
  const factor = Math.sqrt(1 - a) / variance;
  return x.map((row) => {
    let top = -Infinity;
    const logs = means.map((mean, k) => {
      let square = 0;
      for (let i = 0; i < row.length; i++) square += (row[i] - keep * mean[i]) ** 2;
      const log = Math.log(weights[k]) - square / (2 * variance);
      if (log > top) top = log;
      return log;
    });
    let total = 0;
    const out = Array(row.length).fill(0);
    logs.forEach((log, k) => {
      const share = Math.exp(log - top);
      total += share;
      for (let i = 0; i < row.length; i++) out[i] += share * (row[i] - keep * means[k][i]);
    });
    return out.map((value) => (factor * value) / total);
  });
}

/**
 * From noise level a to the lower level `to`: DDPM for eta = 1, DDIM for eta = 0.
 * @param {number[][]} x @param {number[][]} eps @param {number} a @param {number} to
 * @param {number} eta @param {(() => number) | null} normal
 * @returns {number[][]}
 */
export function step(x, eps, a, to, eta, normal) {
  const [keep, noise] = [Math.sqrt(a), Math.sqrt(1 - a)];
  const fresh = eta * Math.sqrt(((1 - to) / (1 - a)) * (1 - a / to));
  const rest = Math.sqrt(Math.max(0, 1 - to - fresh * fresh));
  return x.map((row, n) =>
    row.map((value, i) => {
      const x0 = (value - noise * eps[n][i]) / keep;
      const moved = Math.sqrt(to) * x0 + rest * eps[n][i];
      return eta && normal ? moved + fresh * normal() : moved;
    }),
  );
}

/**
 * DDIM, or DDPM with the noise of a seed, with the exact model of a mixture, for the comparison with Python.
 * @param {number[][]} x @param {number} steps
 * @param {number[][]} means @param {number} spread @param {number[]} weights
 * @param {number} eta @param {number} seed
 */
export function sampleExact(x, steps, means, spread, weights, eta = 0, seed = 0) {
  const all = levels(steps);
  const { normal } = random(seed);
  for (let i = 0; i < steps; i++) {
    x = step(x, exactEps(x, all[i], means, spread, weights), all[i], all[i + 1], eta, normal);
  }
  return x;
}

/** @param {number} a @returns {number} */
const silu = (a) => a / (1 + Math.exp(-a));

/** @param {ArrayLike<number>} x @param {{shape: number[], data: Float64Array}} w @param {Float64Array | null} b */
function linear(x, w, b) {
  const [rows, size] = w.shape;
  const { data } = w;
  const out = new Float64Array(rows);
  for (let j = 0, at = 0; j < rows; j++) {
    let sum = b ? b[j] : 0;
    for (let k = 0; k < size; k++, at++) sum += data[at] * x[k];
    out[j] = sum;
  }
  return out;
}

/** @param {number} a alpha-bar @returns {number[]} what the network sees of it */
function wavesOf(a) {
  const ratio = 0.5 * Math.log(Math.max(1e-6, 1 - a) / Math.max(1e-6, a));
  const angles = [0.25, 0.5, 1, 2].map((f) => f * ratio);
  return [...angles.map(Math.sin), ...angles.map(Math.cos)];
}

/**
 * One row through the network, with all that the way back needs.
 * @param {Tensors} w @param {number[]} row @param {Float64Array} level its level, as the hidden units see it @param {number} kind
 */
function pass(w, row, level, kind) {
  const size = level.length;
  const z = linear(row, w["start.weight"], w["start.bias"].data).map(
    (value, i) => value + level[i] + w["kind.weight"].data[kind * size + i],
  );
  const h = z.map(silu);
  const u = linear(h, w["middle.weight"], w["middle.bias"].data).map((value, i) => h[i] + value);
  const s = u.map(silu);
  return { z, h, u, s, eps: linear(s, w["end.weight"], w["end.bias"].data) };
}

/**
 * The noise that a network sees in x.
 * @param {{tensors: Tensors}} weights @param {number[][]} x @param {number} a @param {number} kind 0 for none, else the class + 1
 * @returns {number[][]}
 */
export function netEps(weights, x, a, kind) {
  const level = linear(wavesOf(a), weights.tensors["level.weight"], null);
  return x.map((row) => [...pass(weights.tensors, row, level, kind).eps]);
}

/**
 * The mean squared error of the noise that a network sees, and its gradient by the chain rule.
 * @param {Tensors} w @param {number[][]} x with noise @param {number[]} a of each row
 * @param {number[][]} eps the noise in x @param {number[]} kind of each row
 * @returns {{loss: number, gradient: Record<string, Float64Array>}}
 */
export function gradient(w, x, a, eps, kind) {
  const g = Object.fromEntries(Object.entries(w).map(([name, t]) => [name, new Float64Array(t.data.length)]));
  /** Adds to the gradients of a linear part; gives back that of its input. */
  const into = (/** @type {string} */ name, /** @type {Float64Array} */ back, /** @type {ArrayLike<number>} */ input) => {
    const size = input.length;
    const [weight, to] = [w[`${name}.weight`].data, g[`${name}.weight`]];
    const bias = g[`${name}.bias`];
    const out = new Float64Array(size);
    for (let j = 0, at = 0; j < back.length; j++) {
      const b = back[j];
      if (bias) bias[j] += b;
      for (let k = 0; k < size; k++, at++) {
        to[at] += b * input[k];
        out[k] += b * weight[at];
      }
    }
    return out;
  };
  const slope = (/** @type {number} */ v) => {
    const s = 1 / (1 + Math.exp(-v));
    return s * (1 + v * (1 - s));
  };
  let loss = 0;
  x.forEach((row, n) => {
    const waves = wavesOf(a[n]);
    const at = pass(w, row, linear(waves, w["level.weight"], null), kind[n]);
    const error = at.eps.map((value, i) => value - eps[n][i]);
    const count = x.length * row.length;
    for (const e of error) loss += (e * e) / count;
    const du = into("end", error.map((e) => (2 * e) / count), at.s).map((v, i) => v * slope(at.u[i]));
    const dz = into("middle", du, at.h).map((v, i) => (v + du[i]) * slope(at.z[i]));
    into("start", dz, row);
    into("level", dz, waves);
    dz.forEach((v, i) => (g["kind.weight"][kind[n] * dz.length + i] += v));
  });
  return { loss, gradient: g };
}

/**
 * A new network for a mixture in the plane, its modes as classes, and its training: `next` does one
 * step of Adam on fresh examples, with a rate that falls to 0 over `total` steps.
 * @param {number} seed @param {number} hidden @param {number} total @param {number} size of a batch
 * @param {number[][]} means @param {number} spread
 */
export function trainer(seed, hidden, total, size, means, spread) {
  const rng = random(seed);
  /** @type {Tensors} */
  const tensors = {};
  const add = (/** @type {string} */ name, /** @type {number[]} */ shape, /** @type {number} */ inputs) => {
    const data = new Float64Array(shape.reduce((p, q) => p * q, 1));
    const value = () => (inputs ? (2 * rng.uniform() - 1) / Math.sqrt(inputs) : rng.normal());
    tensors[name] = { shape, data: data.map(value) };
  };
  add("start.weight", [hidden, 2], 2);
  add("start.bias", [hidden], 2);
  add("level.weight", [hidden, 8], 8);
  add("kind.weight", [means.length + 1, hidden], 0);
  add("middle.weight", [hidden, hidden], hidden);
  add("middle.bias", [hidden], hidden);
  add("end.weight", [2, hidden], hidden);
  add("end.bias", [2], hidden);
  const first = Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, new Float64Array(t.data.length)]));
  const second = Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, new Float64Array(t.data.length)]));
  let done = 0;
  const next = () => {
    /** @type {number[][]} */
    const [x, eps] = [[], []];
    const [a, kind] = [/** @type {number[]} */ ([]), /** @type {number[]} */ ([])];
    for (let n = 0; n < size; n++) {
      const mode = rng.integer(means.length);
      const x0 = means[mode].map((m) => m + spread * rng.normal());
      a.push(Math.cos((rng.uniform() * Math.PI) / 2) ** 2);
      eps.push(x0.map(() => rng.normal()));
      kind.push(rng.uniform() < 0.15 ? 0 : mode + 1);
      x.push(x0.map((v, i) => Math.sqrt(a[n]) * v + Math.sqrt(1 - a[n]) * eps[n][i]));
    }
    const found = gradient(tensors, x, a, eps, kind);
    const rate = 0.01 * (1 - done / total);
    done += 1;
    for (const [name, { data }] of Object.entries(tensors)) {
      const [g, m, v] = [found.gradient[name], first[name], second[name]];
      for (let i = 0; i < data.length; i++) {
        m[i] = 0.9 * m[i] + 0.1 * g[i];
        v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
        data[i] -= (rate * m[i]) / (1 - 0.9 ** done) / (Math.sqrt(v[i] / (1 - 0.999 ** done)) + 1e-8);
      }
    }
    return found.loss;
  };
  return { tensors, next, done: () => done };
}

/**
 * The first steps of a training, for the comparison with Python.
 * @param {number} count @param {Parameters<typeof trainer>} rest
 */
export function trained(count, ...rest) {
  const { tensors, next } = trainer(...rest);
  const losses = Array.from({ length: count }, next);
  return { losses, ...Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, t.data])) };
}

/**
 * The noise in x if the data that it implies are cut off at -most and most: near pure noise the
 * smallest error of eps is divided by sqrt(a) on its way to the data.
 * @param {number[][]} x @param {number[][]} eps @param {number} a @param {number} most @returns {number[][]}
 */
export function clip(x, eps, a, most = 1) {
  const [keep, noise] = [Math.sqrt(a), Math.sqrt(1 - a)];
  return x.map((row, n) =>
    row.map((value, i) => (value - keep * Math.min(most, Math.max(-most, (value - noise * eps[n][i]) / keep))) / noise),
  );
}

/** @param {number[][]} without @param {number[][]} withIt @param {number} g */
export const guide = (without, withIt, g) =>
  without.map((row, n) => row.map((value, i) => value + g * (withIt[n][i] - value)));

const ring = (/** @type {number} */ n, /** @type {number} */ r) =>
  Array.from({ length: n }, (_, i) => [r * Math.cos((2 * Math.PI * i) / n), r * Math.sin((2 * Math.PI * i) / n)]);
/** @type {Record<string, {means: number[][], spread: number}>} */
const SHAPES = {
  three: { means: ring(3, 1.3).map(([x, y]) => [y, x]), spread: 0.2 },
  ring: { means: ring(8, 1.5), spread: 0.12 },
  moons: {
    means: [
      ...Array.from({ length: 12 }, (_, i) => [1.1 * Math.cos((Math.PI * i) / 11) - 0.5, 1.1 * Math.sin((Math.PI * i) / 11) - 0.2]),
      ...Array.from({ length: 12 }, (_, i) => [0.5 - 1.1 * Math.cos((Math.PI * i) / 11), 0.2 - 1.1 * Math.sin((Math.PI * i) / 11)]),
    ],
    spread: 0.1,
  },
  spiral: {
    means: Array.from({ length: 24 }, (_, i) => {
      const angle = 0.6 + i * 0.38;
      const radius = 0.15 + 0.062 * i;
      return [radius * Math.cos(angle), radius * Math.sin(angle)];
    }),
    spread: 0.09,
  },
};
const REACH = 3;
const COUNT = 300;
const [HIDDEN, TOTAL, BATCH] = [48, 2000, 64];

/** @param {HTMLElement} root */
export function mount(root) {
  const { stage, controls, buttons, status, output } = frame(root);
  let shape = "three";
  let drawn = /** @type {number[][]} */ ([]);
  let cursor = [0, 0];
  let steps = 40;
  let eta = 0;
  let scale = 1;
  let wanted = 0; // 0: no condition, else the number of a mode
  let seed = 1;
  let rng = random(seed);
  let at = 0;
  let x = /** @type {number[][]} */ ([]);
  let trails = /** @type {number[][][]} */ ([]);
  let learned = false;
  let net = /** @type {ReturnType<typeof trainer> | null} */ (null);

  const density = () => (shape === "own" && drawn.length ? { means: drawn, spread: 0.15 } : SHAPES[shape] ?? SHAPES.three);
  const even = (/** @type {number} */ n) => Array(n).fill(1 / n);
  const epsAt = (/** @type {number[][]} */ points, /** @type {number} */ a) => {
    const { means, spread } = density();
    const by = learned ? net : null;
    const seen = (/** @type {number} */ kind) => {
      if (by) return netEps(by, points, a, kind);
      return kind ? exactEps(points, a, [means[kind - 1]], spread, [1]) : exactEps(points, a, means, spread, even(means.length));
    };
    const free = seen(0);
    const eps = !wanted || wanted > means.length ? free : guide(free, seen(wanted), scale);
    return by ? clip(points, eps, a, REACH) : eps;
  };
  const plan = () => levels(steps);

  const view = canvas(stage, {
    width: 440,
    height: 440,
    label: "The plane: modes of the data as circles, samples as dots, arrows towards the data at the present noise level",
    draw: (context, size, colours) => {
      const px = (/** @type {number} */ v) => ((v + REACH) / (2 * REACH)) * size.width;
      const py = (/** @type {number} */ v) => ((REACH - v) / (2 * REACH)) * size.height;
      const a = plan()[at];
      const { means, spread } = density();
      context.lineWidth = 1.5;
      means.forEach(([u, v], k) => {
        context.strokeStyle = wanted === k + 1 ? colours.series[2] : colours.series[0];
        context.beginPath();
        context.arc(px(u), py(v), Math.max(3, px(2 * spread) - px(0)), 0, 7);
        context.stroke();
      });
      context.strokeStyle = colours.muted;
      context.lineWidth = 1;
      const grid = [];
      for (let u = -2.7; u < 2.8; u += 0.45) for (let v = -2.7; v < 2.8; v += 0.45) grid.push([u, v]);
      context.beginPath();
      epsAt(grid, Math.min(a, 0.98)).forEach(([u, v], i) => {
        const length = 0.16 / Math.max(0.5, Math.hypot(u, v));
        const [gx, gy] = grid[i];
        const [tx, ty] = [gx - u * length, gy - v * length];
        context.moveTo(px(gx), py(gy));
        context.lineTo(px(tx), py(ty));
        for (const side of [-0.5, 0.5]) {
          context.moveTo(px(tx), py(ty));
          context.lineTo(px(tx + length * (0.4 * u - side * 0.5 * v)), py(ty + length * (0.4 * v + side * 0.5 * u)));
        }
      });
      context.stroke();
      context.strokeStyle = colours.series[1];
      context.globalAlpha = 0.5;
      for (const trail of trails) {
        context.beginPath();
        trail.forEach(([u, v], i) => (i ? context.lineTo(px(u), py(v)) : context.moveTo(px(u), py(v))));
        context.stroke();
      }
      context.globalAlpha = 1;
      context.fillStyle = colours.series[1];
      for (const [u, v] of x) context.fillRect(px(u) - 1.5, py(v) - 1.5, 3, 3);
      context.font = "13px sans-serif";
      const share = `share of data ${(100 * a).toFixed(0)} %`;
      context.fillStyle = colours.paper;
      context.fillRect(4, size.height - 25, context.measureText(share).width + 8, 21);
      context.fillStyle = colours.ink;
      context.fillText(share, 8, size.height - 10);
      if (shape === "own") context.strokeRect(px(cursor[0]) - 5, py(cursor[1]) - 5, 10, 10);
    },
    onPointer: ({ x: u, y: v, kind }) => {
      if (shape !== "own" || kind === "up") return;
      cursor = [(u / view.size.width) * 2 * REACH - REACH, REACH - (v / view.size.height) * 2 * REACH];
      const last = drawn[drawn.length - 1];
      if (kind === "down" || !last || Math.hypot(last[0] - cursor[0], last[1] - cursor[1]) > 0.2) place();
    },
    onKey: (key) => {
      if (shape !== "own") return false;
      const moves = { ArrowLeft: [-0.2, 0], ArrowRight: [0.2, 0], ArrowUp: [0, 0.2], ArrowDown: [0, -0.2] };
      const move = moves[/** @type {keyof typeof moves} */ (key)];
      if (move) {
        cursor = cursor.map((c, i) => Math.max(-2.6, Math.min(2.6, c + move[i])));
        status(`Cursor at ${cursor[0].toFixed(1)}, ${cursor[1].toFixed(1)}.`);
        view.redraw();
        return true;
      }
      if (key !== " " && key !== "Enter") return false;
      place();
      return true;
    },
  });

  // A finger scrolls the page over the plane, except while it draws.
  const touch = () => (view.canvas.style.touchAction = shape === "own" ? "none" : "pan-y");
  touch();
  const place = () => {
    if (drawn.length >= 60) {
      status("Sixty points are as many as fit. Reset takes them away.");
      return;
    }
    drawn.push([...cursor]);
    modes();
    start(false);
    status(`Point ${drawn.length} of the data at ${cursor[0].toFixed(1)}, ${cursor[1].toFixed(1)}.`);
  };

  const distance = () => {
    const { means } = density();
    const total = x.reduce((sum, [u, v]) => sum + Math.min(...means.map(([a, b]) => Math.hypot(u - a, v - b))), 0);
    return total / x.length;
  };
  /** Standard deviation of the samples about their own mean, on average over both directions. */
  const spreadOf = (/** @type {number[][]} */ points) => {
    const mean = [0, 1].map((i) => points.reduce((sum, p) => sum + p[i], 0) / points.length);
    const square = points.reduce((sum, p) => sum + (p[0] - mean[0]) ** 2 + (p[1] - mean[1]) ** 2, 0);
    return Math.sqrt(square / points.length / 2);
  };
  const tell = (/** @type {boolean} */ quiet) => {
    const { means, spread } = density();
    const expected = spread * Math.sqrt(Math.PI / 2);
    const done = at === steps ? "Done: " : `Step ${at} of ${steps}: `;
    const share = x.filter(([u, v]) => wanted && wanted <= means.length &&
      means.every(([a, b]) => Math.hypot(u - a, v - b) >= Math.hypot(u - means[wanted - 1][0], v - means[wanted - 1][1]) - 1e-9)).length;
    status(
      `${done}mean distance to the nearest mode ${distance().toFixed(2)}, of data about ${expected.toFixed(2)}.` +
        (wanted ? ` ${Math.round((100 * share) / x.length)} % are nearest to mode ${wanted}; spread ${spreadOf(x).toFixed(2)}, of the mode ${spread.toFixed(2)}.` : ""),
      quiet,
    );
    view.redraw();
  };
  /** How far the network is from the exact score at equal shares of data and noise, as a share of its size. */
  const fault = () => {
    const { means, spread } = density();
    const test = random(0);
    const points = Array.from({ length: 200 }, () =>
      means[test.integer(means.length)].map((m) => Math.SQRT1_2 * (m + spread * test.normal() + test.normal())),
    );
    const exact = exactEps(points, 0.5, means, spread, even(means.length));
    const square = (/** @type {number[][]} */ rows) => rows.flat().reduce((sum, v) => sum + v * v, 0);
    return net ? square(netEps(net, points, 0.5, 0).map((row, n) => row.map((v, i) => v - exact[n][i]))) / square(exact) : 1;
  };
  const learn = () => {
    if (!net) return false;
    const until = performance.now() + 12;
    let loss = 0;
    do loss = net.next();
    while (net.done() < TOTAL && performance.now() < until);
    const over = net.done() >= TOTAL;
    if (over) teach.textContent = "Train a network";
    const told = over ? `Trained in ${TOTAL} steps: ` : `Training, step ${net.done()} of ${TOTAL}, loss ${loss.toFixed(2)}: `;
    if (over || !calm()) {
      status(`${told}half-way in the noise, the network is ${(100 * fault()).toFixed(1)} % off the exact score.`, !over);
      view.redraw();
    }
    return !over;
  };
  const training = loop(root, learn);
  let timer = 0; // with less motion nothing moves until the end
  const teach = button(buttons, "Train a network", () => {
    const going = training.running() || timer;
    start(false);
    if (going) return;
    const { means, spread } = density();
    if (!net || net.done() >= TOTAL) net = trainer(seed, HIDDEN, TOTAL, BATCH, means, spread);
    learned = true;
    score.set("learned");
    teach.textContent = "Pause training";
    status("Training begins.");
    if (!calm()) training.start();
    else {
      const slice = () => (timer = learn() ? window.setTimeout(slice) : 0);
      timer = window.setTimeout(slice);
    }
  });
  const once = () => {
    if (at >= steps) return false;
    const all = plan();
    x = step(x, epsAt(x, all[at]), all[at], all[at + 1], eta, rng.normal);
    at += 1;
    trails.forEach((trail, i) => trail.push(x[i]));
    return at < steps;
  };
  const run = loop(root, () => {
    const more = once();
    tell(more);
    if (!more) play.textContent = "Sample";
    return more;
  });
  const play = button(buttons, "Sample", () => {
    rest();
    if (run.running()) {
      run.stop();
      play.textContent = "Sample";
      tell(false);
      return;
    }
    if (at >= steps) start(false);
    if (calm()) {
      while (once());
      tell(false);
      return;
    }
    run.start();
    play.textContent = "Pause";
  });
  button(buttons, "Step", () => {
    rest();
    run.stop();
    play.textContent = "Sample";
    if (at >= steps) start(false);
    once();
    tell(false);
  });
  const rest = () => {
    training.stop();
    clearTimeout(timer);
    timer = 0;
    teach.textContent = net && net.done() < TOTAL ? "Train on" : "Train a network";
  };
  const start = (/** @type {boolean} */ clear) => {
    rest();
    run.stop();
    play.textContent = "Sample";
    if (clear) drawn = [];
    rng = random(seed);
    x = Array.from({ length: COUNT }, () => [rng.normal(), rng.normal()]);
    trails = x.slice(0, 12).map((point) => [point]);
    at = 0;
    tell(false);
  };
  button(buttons, "Noise the data", () => {
    start(false);
    const { means, spread } = density();
    const all = plan();
    const data = x.map(() => means[rng.integer(means.length)].map((m) => m + spread * rng.normal()));
    const noise = x.map(() => [rng.normal(), rng.normal()]);
    trails = [];
    at = Math.floor(steps / 2);
    const a = all[at];
    x = data.map((p, n) => p.map((v, i) => Math.sqrt(a) * v + Math.sqrt(1 - a) * noise[n][i]));
    tell(false);
  });
  button(buttons, "Reset", () => {
    start(true);
    modes();
  });

  select(controls, {
    label: "Data",
    options: [["three", "three modes"], ["ring", "ring of eight"], ["moons", "two moons"], ["spiral", "spiral"], ["own", "draw it"]],
    value: shape,
    onInput: (value) => {
      shape = value;
      modes();
      start(true);
      touch();
      if (shape === "own") {
        status("Draw in the plane, or focus it and use the arrow keys and space, to set points of the data. Until the first one the three modes stay.");
      }
    },
  });
  const score = select(controls, {
    label: "Score",
    options: [["exact", "exact, without training"], ["learned", "of a network, trained here"]],
    value: "exact",
    onInput: (value) => {
      learned = value === "learned";
      if (learned && !net) teach.click();
      else start(false);
    },
  });
  select(controls, {
    label: "Sampler",
    options: [["0", "DDIM: no fresh noise"], ["1", "DDPM: with fresh noise"]],
    value: "0",
    onInput: (value) => {
      eta = Number(value);
      start(false);
    },
  });
  slider(controls, {
    label: "Steps", min: 2, max: 200, step: 1, value: steps,
    onInput: (value) => {
      steps = value;
      start(false);
    },
  });
  const mode = select(controls, {
    label: "Guide towards",
    options: [["0", "nothing"]],
    value: "0",
    onInput: (value) => {
      wanted = Number(value);
      start(false);
    },
  });
  slider(controls, {
    label: "Scale of the guidance g", min: 0, max: 5, step: 0.25, value: scale,
    format: (value) => value.toFixed(2),
    onInput: (value) => {
      scale = value;
      start(false);
    },
  });
  number(controls, {
    label: "Seed", value: seed,
    onInput: (value) => {
      seed = value;
      start(false);
    },
  });
  const modes = () => {
    wanted = 0;
    learned = false;
    net = null; // it knows the old density only
    score.set("exact");
    const { means } = density();
    mode.input.replaceChildren();
    element("option", { value: "0", text: "nothing" }, mode.input);
    means.slice(0, 24).forEach((_, k) => element("option", { value: String(k + 1), text: `mode ${k + 1}` }, mode.input));
  };
  modes();
  start(false);
  digits(output, status);
}

/** @param {HTMLElement} parent @param {(text: string, quiet?: boolean) => void} status */
function digits(parent, status) {
  element("p", { class: "demo-title", text: "Digits of a class you choose" }, parent);
  const box = element("div", { class: "demo-digits" }, parent);
  const starter = button(box, "Load the network (about 220 kB)", async () => {
    starter.disabled = true;
    try {
      const weights = await load(new URL("weights.json", import.meta.url));
      starter.remove();
      open(weights);
    } catch (error) {
      starter.disabled = false;
      status(`The weights could not be loaded: ${error instanceof Error ? error.message : error}.`);
    }
  });

  /** @param {Weights} weights */
  const open = (weights) => {
    let digit = 3;
    let g = 1.5;
    let seed = 1;
    let at = 0;
    const total = 25;
    const all = levels(total);
    let x = /** @type {number[][]} */ ([]);
    const controls = element("div", { class: "demo-controls" }, box);
    const view = canvas(box, {
      width: 440,
      height: 180,
      label: "Ten digits of eight by eight pixels on their way from noise",
      draw: (context, size, colours) => {
        const cell = size.width / 5;
        const pixel = (cell - 8) / 8;
        context.fillStyle = colours.ink;
        x.forEach((row, n) => {
          row.forEach((value, i) => {
            context.globalAlpha = Math.min(1, Math.max(0, (value + 1) / 2));
            const left = (n % 5) * cell + 4 + (i % 8) * pixel;
            const top = Math.floor(n / 5) * cell + 4 + Math.floor(i / 8) * pixel;
            context.fillRect(left, top, pixel + 0.3, pixel + 0.3);
          });
        });
        context.globalAlpha = 1;
      },
    });
    const shown = element("p", { class: "demo-status", "aria-hidden": "true" }, box);
    const told = element("p", { class: "demo-told", role: "status", "aria-live": "polite" }, box);
    const say = (/** @type {string} */ text, quiet = false) => {
      shown.textContent = text;
      if (!quiet) told.textContent = text;
    };
    const start = () => {
      const rng = random(seed);
      x = Array.from({ length: 10 }, () => Array.from({ length: 64 }, () => rng.normal()));
      at = 0;
      view.redraw();
      say(`Ten pictures of noise; Denoise turns them into the digit ${digit}.`);
    };
    const once = () => {
      if (at >= total) return false;
      const free = netEps(weights, x, all[at], 0);
      const eps = clip(x, guide(free, netEps(weights, x, all[at], digit + 1), g), all[at]);
      x = step(x, eps, all[at], all[at + 1], 0, null);
      at += 1;
      view.redraw();
      const said = at === total ? `Ten attempts at the digit ${digit}.` : `Step ${at} of ${total} towards the digit ${digit}.`;
      say(said, at < total);
      return at < total;
    };
    const run = loop(box, once);
    const buttons = element("div", { class: "demo-buttons" });
    shown.before(buttons);
    button(buttons, "Denoise", () => {
      if (at >= total) start();
      if (calm()) while (once());
      else run.start();
    });
    button(buttons, "One step", () => {
      run.stop();
      if (at >= total) start();
      once();
    });
    button(buttons, "New noise", () => {
      run.stop();
      seed += 1;
      start();
    });
    select(controls, {
      label: "Digit",
      options: Array.from({ length: 10 }, (_, i) => /** @type {[string, string]} */ ([String(i), String(i)])),
      value: String(digit),
      onInput: (value) => {
        digit = Number(value);
        run.stop();
        start();
      },
    });
    slider(controls, {
      label: "Scale of the guidance g", min: 0, max: 6, step: 0.25, value: g,
      format: (value) => value.toFixed(2),
      onInput: (value) => {
        g = value;
        run.stop();
        start();
      },
    });
    start();
  };
}
