/**
 * RLHF with one prompt and twelve answers: the reader (or an automatic reader with a known reward)
 * compares pairs, a reward model is fitted, and the best policy for it is computed in closed form.
 * The same algorithm as rlhf.py.
 */

import { button, canvas, element, frame, number, select, slider, table } from "../../assets/demos/ui.mjs";
import { random } from "../../assets/demos/rng.mjs";

/** @type {[string, number[]][]} an answer; whether it is correct, clear, polite; length; confidence */
const ANSWERS = [
  ["Air scatters blue light more than red.", [1, 1, 0, 0.7, 1]],
  ["Good question! Air scatters blue light most, so it reaches you from all sides.", [1, 1, 1, 1.4, 1]],
  ["Rayleigh scattering.", [1, 0, 0, 0.2, 1]],
  ["I am not sure, but I think that air scatters blue light.", [1, 1, 0, 1.1, 0]],
  ["It reflects the sea.", [0, 1, 0, 0.4, 1]],
  ["Great question! It reflects the sea, as every child knows.", [0, 1, 1, 1.0, 1]],
  ["I do not know.", [0, 1, 0, 0.4, 0]],
  ["Sorry, I do not know. Shall I look it up for you?", [0, 1, 1, 1.1, 0]],
  ["Because.", [0, 0, 0, 0.1, 1]],
  ["What a wonderful question! Thank you for asking! The sky has many colours, and blue is one of them, and the more you look the more there are.", [0, 0, 1, 2.8, 1]],
  ["Thank you! Scattering of light by molecules goes as the fourth power of its frequency, which is why blue, in all its beauty, wins.", [1, 0, 1, 2.4, 1]],
  ["Delighted that you ask! Experts agree beyond all doubt that the ozone layer is painted by the sun, day after day, with great love, for all of us, for ever.", [0, 0, 1, 2.9, 1]],
];
const COUNT = ANSWERS.length;
const GOLD_WEIGHTS = [2.0, 1.0, 0.3, -0.2, 0.1];
const PRIOR = 0.01;

/** @returns {string[]} */
export const texts = () => ANSWERS.map(([text]) => text);

/** @param {number[]} a @param {number[]} b @returns {number} */
const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

/** @returns {number[]} the known reward of each answer, nats */
export const gold = () => ANSWERS.map(([, features]) => dot(features, GOLD_WEIGHTS));

/** @param {number[]} logits @returns {number[]} log-probabilities */
export function logSoftmax(logits) {
  const top = Math.max(...logits);
  const total = top + Math.log(logits.reduce((sum, value) => sum + Math.exp(value - top), 0));
  return logits.map((value) => value - total);
}

/** @returns {number[]} log-probabilities of the reference policy */
export const reference = () => logSoftmax(ANSWERS.map((_, i) => 0.6 - (1.2 * i) / (COUNT - 1)));

/** @param {number} x @returns {number} */
const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/** @param {string} name what the reward model sees @returns {number[][]} one row an answer */
export function featuresOf(name) {
  if (name === "table") return ANSWERS.map((_, i) => ANSWERS.map((_, j) => (i === j ? 1 : 0)));
  return ANSWERS.map(([, features]) => (name === "surface" ? features.slice(2) : features));
}

/** @param {number[][]} matrix symmetric, positive definite @param {number[]} right @returns {number[]} */
export function solve(matrix, right) {
  const a = matrix.map((row, i) => [...row, right[i]]);
  const n = right.length;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const factor = a[j][i] / a[i][i];
      for (let k = i; k <= n; k++) a[j][k] -= factor * a[i][k];
    }
  }
  const x = Array(n).fill(0);
  for (let i = n - 1; i >= 0; i--) {
    let rest = a[i][n];
    for (let k = i + 1; k < n; k++) rest -= a[i][k] * x[k];
    x[i] = rest / a[i][i];
  }
  return x;
}

/**
 * Bradley and Terry's reward by Newton's method.
 * @param {number[][]} wins wins[i][j]: how often i was preferred to j
 * @param {string} name what the reward model sees: all, surface or table
 * @param {number} prior weight of half the squared weights
 * @returns {number[]} the reward of each answer
 */
export function fitReward(wins, name, prior) {
  const features = featuresOf(name);
  const size = features[0].length;
  const total = wins.flat().reduce((a, b) => a + b, 0);
  let weight = Array(size).fill(0);
  for (let step = 0; step < 30 && total > 0; step++) {
    const slope = weight.map((w) => prior * w);
    const curvature = weight.map((_, i) => weight.map((_, j) => (i === j ? prior : 0)));
    for (let i = 0; i < wins.length; i++) {
      for (let j = 0; j < wins.length; j++) {
        if (!wins[i][j]) continue;
        const gap = features[i].map((value, k) => value - features[j][k]);
        const p = sigmoid(dot(gap, weight));
        const share = wins[i][j] / total;
        for (let k = 0; k < size; k++) {
          slope[k] -= share * (1 - p) * gap[k];
          for (let l = 0; l < size; l++) curvature[k][l] += share * p * (1 - p) * gap[k] * gap[l];
        }
      }
    }
    const move = solve(curvature, slope);
    weight = weight.map((w, k) => w - move[k]);
  }
  return features.map((row) => dot(row, weight));
}

/**
 * The best policy for a reward and a price: proportional to the reference times exp(r / beta).
 * @param {number[]} logRef @param {number[]} r @param {number} beta @returns {number[]}
 */
export const optimum = (logRef, r, beta) => logSoftmax(logRef.map((value, i) => value + r[i] / beta));

/** @param {number[]} logPi @param {number[]} logRef @returns {number} KL(pi || ref), nats */
export const divergence = (logPi, logRef) =>
  logPi.reduce((sum, value, i) => sum + Math.exp(value) * (value - logRef[i]), 0);

/** @param {number[]} logPi @param {number[]} r @returns {number} the mean reward of a policy */
export const meanReward = (logPi, r) => logPi.reduce((sum, value, i) => sum + Math.exp(value) * r[i], 0);

/** @param {number[]} logPi @param {number} u uniform in [0, 1) @returns {number} the answer drawn */
export function choose(logPi, u) {
  for (let i = 0; i < logPi.length; i++) {
    u -= Math.exp(logPi[i]);
    if (u < 0) return i;
  }
  return logPi.length - 1;
}

/**
 * Where a policy stands on the curve of over-optimisation. Only differences of the fitted reward mean
 * anything, so its curve is shifted to start where that of the truth starts.
 * @param {number[]} logPi @param {number[]} logRef @param {number[]} r fitted @param {number[]} truth
 * @returns {{way: number, gold: number, proxy: number}} root of the divergence, the two mean rewards
 */
export const standing = (logPi, logRef, r, truth) => ({
  way: Math.sqrt(Math.max(0, divergence(logPi, logRef))),
  gold: meanReward(logPi, truth),
  proxy: meanReward(logPi, r) + meanReward(logRef, truth) - meanReward(logRef, r),
});

/** @param {HTMLElement} root */
export function mount(root) {
  const { stage, controls, buttons, status, output } = frame(root);
  const truth = gold();
  const logRef = reference();
  let seed = 1;
  let rng = random(seed);
  let voice = random(seed + 1); // apart, so that asking changes no judgement
  let wins = logRef.map(() => Array(COUNT).fill(0));
  let judged = 0;
  let pair = [0, 1];
  let seen = "surface";
  let exponent = 0;
  let r = Array(COUNT).fill(0);
  let policy = logRef;

  const choice = element("div", { style: "display: grid; gap: 0.5rem; width: 100%; justify-items: start" }, stage);
  element("p", { text: "Why is the sky blue? Which answer is better?" }, choice);
  const cards = [0, 1].map((side) =>
    button(choice, "", () => {
      judge(side);
      deal();
      update();
      cards[side].focus();
    }),
  );
  root.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.matches("input, select")) return;
    const side = ["1", "2"].indexOf(event.key);
    if (side >= 0) cards[side].click();
  });

  const deal = () => {
    const first = choose(logRef, rng.uniform());
    let second = first;
    while (second === first) second = choose(logRef, rng.uniform());
    pair = [first, second];
    cards.forEach((card, side) => (card.textContent = `${side + 1}. ${ANSWERS[pair[side]][0]}`));
  };
  const judge = (/** @type {number} */ side) => {
    wins[pair[side]][pair[1 - side]] += 1;
    judged += 1;
  };

  const size = { width: 560, height: 300 };
  const bars = canvas(stage, {
    ...size,
    label: "Probability of each answer under the reference and under the trained policy; the same numbers stand in the table below",
    draw: (context, { width, height }, colours) => {
      const most = Math.max(0.2, ...policy.map(Math.exp), ...logRef.map(Math.exp));
      const slot = (width - 44) / COUNT;
      const top = height - 36;
      const room = top - 34;
      context.font = "12px sans-serif";
      context.fillStyle = colours.ink;
      context.fillText("Probability. Filled: policy, dashed: reference", 2, 12);
      for (const y of [0, most]) {
        context.fillText(`${(100 * y).toFixed(0)} %`, 2, top - (y / most) * room + 4);
        context.fillStyle = colours.grid;
        context.fillRect(36, top - (y / most) * room, width - 40, 1);
        context.fillStyle = colours.ink;
      }
      context.fillText("number of the answer", 40, height - 4);
      context.textAlign = "center";
      policy.forEach((value, i) => {
        const x = 40 + i * slot;
        const before = (Math.exp(logRef[i]) / most) * room;
        const now = (Math.exp(value) / most) * room;
        context.fillStyle = colours.series[0];
        context.fillRect(x + slot * 0.46, top - now, slot * 0.4, now);
        context.strokeStyle = colours.series[1];
        context.lineWidth = 1.5;
        context.setLineDash([4, 3]);
        context.strokeRect(x + slot * 0.1, top - before, slot * 0.3, before);
        context.setLineDash([]);
        context.fillStyle = colours.ink;
        context.fillText(String(i + 1), x + slot * 0.48, top + 15);
      });
      context.textAlign = "left";
    },
  });

  /** Along falling prices. */
  const points = () =>
    Array.from({ length: 36 }, (_, i) => at(optimum(logRef, r, 10 ** (1.2 - i * 0.09))));
  const at = (/** @type {number[]} */ logPi) => standing(logPi, logRef, r, truth);
  const curve = canvas(stage, {
    ...size,
    label: "Mean reward against the root of the divergence: what the reward model believes, shifted to start where the truth starts, and what is true",
    draw: (context, { width, height }, colours) => {
      const [left, right, top, low] = [36, width - 10, 46, height - 40];
      const all = points();
      const here = at(policy);
      const values = [...all, here].flatMap(({ gold: a, proxy: b }) => [a, b]);
      const [least, most] = [Math.min(...values) - 0.05, Math.max(...values) + 0.05];
      const reach = Math.max(0.5, here.way, ...all.map(({ way }) => way));
      const px = (/** @type {number} */ way) => left + (way / reach) * (right - left);
      const py = (/** @type {number} */ y) => low - ((y - least) / (most - least)) * (low - top);
      context.font = "12px sans-serif";
      context.fillStyle = colours.ink;
      for (const y of [least, most]) {
        context.fillText(y.toFixed(1), 2, py(y) + 4);
        context.fillStyle = colours.grid;
        context.fillRect(left, py(y), right - left, 1);
        context.fillStyle = colours.ink;
      }
      for (const x of [0, reach]) {
        const told = x.toFixed(1);
        context.fillText(told, Math.min(px(x), right - context.measureText(told).width), low + 16);
      }
      context.fillText("root of the divergence, falling price →", left + 4, height - 6);
      const line = (/** @type {"proxy" | "gold"} */ of, /** @type {string} */ color, /** @type {number[]} */ dash, /** @type {string} */ name, /** @type {number} */ y) => {
        context.fillStyle = color;
        context.strokeStyle = color;
        context.lineWidth = 2;
        context.setLineDash(dash);
        context.beginPath();
        context.moveTo(2, y - 4);
        context.lineTo(28, y - 4);
        context.stroke();
        context.fillText(name, 34, y);
        // The way so far in full strength, the rest faintly.
        for (const [alpha, part] of /** @type {[number, typeof all][]} */ ([
          [1, [...all.filter(({ way }) => way < here.way), here]],
          [0.35, [here, ...all.filter(({ way }) => way > here.way)]],
        ])) {
          context.globalAlpha = alpha;
          context.beginPath();
          part.forEach((p, i) => (i ? context.lineTo(px(p.way), py(p[of])) : context.moveTo(px(p.way), py(p[of]))));
          context.stroke();
        }
        context.globalAlpha = 1;
        context.setLineDash([]);
        context.beginPath();
        context.arc(px(here.way), py(here[of]), 5, 0, 7);
        context.fill();
      };
      line("proxy", colours.series[1], [6, 4], "mean reward, as the reward model believes", 12);
      line("gold", colours.series[0], [], "mean reward in truth", 28);
    },
  });

  const update = () => {
    r = judged ? fitReward(wins, seen, PRIOR) : Array(COUNT).fill(0);
    policy = optimum(logRef, r, 10 ** exponent);
    bars.redraw();
    curve.redraw();
    const best = policy.indexOf(Math.max(...policy));
    const kl = divergence(policy, logRef);
    status(
      `${judged} ${judged === 1 ? "comparison" : "comparisons"}. The policy gives answer ${best + 1} most often, ${(100 * Math.exp(policy[best])).toFixed(0)} %. ` +
        `True reward ${meanReward(policy, truth).toFixed(2)}, of the reference ${meanReward(logRef, truth).toFixed(2)}; divergence ${kl.toFixed(2)} nats.`,
    );
    table(
      numbers,
      "The answers, their rewards and their probabilities",
      ["true reward", "fitted reward", "reference", "policy"],
      ANSWERS.map(([text], i) => [
        `${i + 1}. ${text}`,
        truth[i].toFixed(2),
        r[i].toFixed(2),
        `${(100 * Math.exp(logRef[i])).toFixed(1)} %`,
        `${(100 * Math.exp(policy[i])).toFixed(1)} %`,
      ]),
    );
  };
  const reset = () => {
    rng = random(seed);
    voice = random(seed + 1);
    wins = logRef.map(() => Array(COUNT).fill(0));
    judged = 0;
    deal();
    update();
  };

  button(buttons, "Let the automatic reader judge 50 pairs", () => {
    for (let i = 0; i < 50; i++) {
      judge(rng.uniform() < sigmoid(truth[pair[0]] - truth[pair[1]]) ? 0 : 1);
      deal();
    }
    update();
  });
  button(buttons, "Ask the policy", () => {
    const i = choose(policy, voice.uniform());
    status(`The policy answers: ${ANSWERS[i][0]} (answer ${i + 1}, true reward ${truth[i].toFixed(2)})`);
  });
  button(buttons, "Reset", reset);
  select(controls, {
    label: "Reward model sees",
    options: [["surface", "the surface alone"], ["all", "all five features"], ["table", "each by itself"]],
    value: seen,
    onInput: (value) => {
      seen = value;
      update();
    },
  });
  slider(controls, {
    label: "Price of divergence β",
    min: -2, max: 1, step: 0.05, value: exponent,
    format: (value) => (10 ** value).toPrecision(2),
    onInput: (value) => {
      exponent = value;
      update();
    },
  });
  number(controls, {
    label: "Seed", value: seed,
    onInput: (value) => {
      seed = value;
      reset();
    },
  });
  const details = element("details", {}, output);
  element("summary", { text: "All numbers" }, details);
  element("p", { text: "Features: correct, clear, polite, length, confident. The surface is the last three." }, details);
  const numbers = element("div", { class: "demo-scroll", tabindex: 0, role: "region", "aria-label": "All numbers" }, details);
  reset();
}
