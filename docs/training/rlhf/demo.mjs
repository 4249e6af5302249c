/**
 * The stage of rlhf.mjs: the reader (or an automatic reader with a known reward) compares pairs of
 * answers, chooses what the reward model sees, and moves the policy by the weight of the KL penalty.
 */

import { random } from "../../assets/demos/rng.mjs";
import * as ui from "../../assets/demos/ui.mjs";
import { drawBars, drawCurve } from "./draw.mjs";
import * as rlhf from "./rlhf.mjs";

const SEED = 1;
const AT_ONCE = 50; // pairs that the automatic reader judges
const SIZE = { width: 560, height: 300 };
const TWELVE = {
  names: rlhf.texts().map((_, i) => String(i + 1)),
  texts: rlhf.texts(),
  gold: rlhf.gold(),
  reference: rlhf.reference(),
  wins: rlhf.texts().map(() => Array(rlhf.COUNT).fill(0)),
  prior: rlhf.PRIOR,
};
const SETS = { three: rlhf.EXAMPLE, twelve: TWELVE };

const percent = (/** @type {number} */ log, /** @type {number} */ digits) =>
  `${(100 * Math.exp(log)).toFixed(digits)} %`;

/** @param {HTMLElement} parent what is folded, with a table in it */
function detailsOn(parent) {
  const details = ui.element("details", {}, parent);
  ui.element("summary", { text: "All numbers" }, details);
  const text =
    "Features: correct, clear, polite, length, confident. The surface is the last three.";
  ui.element("p", { text }, details);
  return /** @type {HTMLElement} */ (ui.element("div", {}, details));
}

class Stage {
  seed = SEED;
  rng = random(SEED);
  voice = random(SEED + 1); // apart, so that asking changes no judgement
  set = rlhf.EXAMPLE;
  wins = this.set.wins;
  judged = 0;
  pair = [0, 1];
  seen = "surface"; // of the twelve; the three are seen each by itself
  exponent = 0; // of the weight of the KL penalty
  reward = /** @type {number[]} */ ([0, 0, 0]);
  policy = this.set.reference;

  /** @param {HTMLElement} root */
  constructor(root) {
    const { stage, controls, buttons, status, output } = ui.frame(root);
    this.status = status;
    this.cards = this.cardsOn(stage);
    root.addEventListener("keydown", (event) => this.key(event));
    this.bars = this.barsOn(stage);
    this.curve = this.curveOn(stage);
    ui.button(buttons, `Let the automatic reader judge ${AT_ONCE} pairs`, () => this.automatic());
    ui.button(buttons, "Ask the policy", () => this.ask());
    ui.button(buttons, "Reset", () => this.reset());
    this.controlsOn(controls);
    this.numbers = detailsOn(output);
    this.reset();
  }

  // Pictures and controls.

  /** @param {Element} stage */
  cardsOn(stage) {
    const style = "display: grid; gap: 0.5rem; width: 100%; justify-items: start";
    const box = ui.element("div", { style }, stage);
    ui.element("p", { text: "Why is the sky blue? Which answer is better?" }, box);
    return [0, 1].map((side) => ui.button(box, "", () => this.prefer(side)));
  }

  /** @param {Element} stage */
  barsOn(stage) {
    return ui.canvas(stage, {
      ...SIZE,
      label:
        "Probability of each answer under the reference and under the trained policy; the same numbers stand in the table below",
      draw: (context, size, colours) => {
        const { reference, names } = this.set;
        drawBars(context, size, colours, this.policy, reference, names);
      },
    });
  }

  /** @param {Element} stage */
  curveOn(stage) {
    return ui.canvas(stage, {
      ...SIZE,
      label:
        "Mean reward against the root of the divergence: what the reward model believes, shifted to start where the truth starts, and what is true",
      draw: (context, size, colours) => {
        const { reference, gold } = this.set;
        const at = (/** @type {number[]} */ policy) =>
          rlhf.standing(policy, reference, this.reward, gold);
        const betas = Array.from({ length: 36 }, (_, i) => 10 ** (1.2 - i * 0.09));
        const all = betas.map((beta) => at(rlhf.optimum(reference, this.reward, beta)));
        drawCurve(context, size, colours, all, at(this.policy));
      },
    });
  }

  /** @param {Element} controls */
  controlsOn(controls) {
    ui.select(controls, {
      label: "Answers",
      options: [
        ["three", "the three of the example"],
        ["twelve", "all twelve"],
      ],
      value: "three",
      onInput: (value) => {
        this.set = SETS[/** @type {"three" | "twelve"} */ (value)];
        this.reset();
      },
    });
    ui.select(controls, {
      label: "Reward model sees, of the twelve,",
      options: [
        ["surface", "the surface alone"],
        ["all", "all five features"],
        ["table", "each by itself"],
      ],
      value: this.seen,
      onInput: (value) => {
        this.seen = value;
        this.update();
      },
    });
    ui.slider(controls, {
      label: "KL penalty β",
      min: -2,
      max: 1,
      step: 0.05,
      value: this.exponent,
      format: (value) => (10 ** value).toPrecision(2),
      onInput: (value) => {
        this.exponent = value;
        this.update();
      },
    });
    ui.number(controls, {
      label: "Seed",
      value: this.seed,
      onInput: (value) => {
        this.seed = value;
        this.reset();
      },
    });
  }

  // Comparisons.

  deal() {
    const { reference, texts } = this.set;
    const first = rlhf.choose(reference, this.rng.uniform());
    let second = first;
    while (second === first) second = rlhf.choose(reference, this.rng.uniform());
    this.pair = [first, second];
    for (const [side, card] of this.cards.entries()) {
      card.textContent = `${side + 1}. ${texts[this.pair[side]]}`;
    }
  }

  /** @param {number} side of the better answer */
  judge(side) {
    this.wins[this.pair[side]][this.pair[1 - side]] += 1;
    this.judged += 1;
    this.deal();
  }

  /** @param {number} side */
  prefer(side) {
    this.judge(side);
    this.update();
    this.cards[side].focus();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const shortcut = event.ctrlKey || event.metaKey || event.altKey;
    if (shortcut || target.matches("input, select")) return;
    const side = ["1", "2"].indexOf(event.key);
    if (side >= 0) this.prefer(side);
  }

  automatic() {
    const { gold } = this.set;
    for (let i = 0; i < AT_ONCE; i++) {
      const [first, second] = this.pair;
      this.judge(this.rng.uniform() < rlhf.sigmoid(gold[first] - gold[second]) ? 0 : 1);
    }
    this.update();
  }

  // What follows from them.

  ask() {
    const { names, texts, gold } = this.set;
    const i = rlhf.choose(this.policy, this.voice.uniform());
    this.status(
      `The policy answers: ${texts[i]} (answer ${names[i]}, true reward ${gold[i].toFixed(2)})`,
    );
  }

  update() {
    const { judged, wins } = this;
    const { names, texts, gold, reference, prior } = this.set;
    const few = this.set === rlhf.EXAMPLE;
    const fitted = judged
      ? rlhf.fitReward(wins, few ? "table" : this.seen, prior)
      : texts.map(() => 0);
    this.reward = few ? fitted.map((r) => r - fitted[2]) : fitted; // C has the reward 0, as on the page
    this.policy = rlhf.optimum(reference, this.reward, 10 ** this.exponent);
    this.bars.redraw();
    this.curve.redraw();
    this.tell();
    ui.table(
      this.numbers,
      "The answers, their rewards and their probabilities",
      ["answer", "true reward", "fitted reward", "reference", "policy"],
      texts.map((text, i) => [
        `${names[i]}. ${text}`,
        gold[i].toFixed(2),
        this.reward[i].toFixed(2),
        percent(reference[i], 1),
        percent(this.policy[i], 1),
      ]),
    );
  }

  tell() {
    const { judged, policy } = this;
    const { names, gold, reference } = this.set;
    const best = policy.indexOf(Math.max(...policy));
    const [now, before] = [policy, reference].map((p) => rlhf.meanReward(p, gold).toFixed(2));
    const kl = rlhf.divergence(policy, reference).toFixed(2);
    this.status(
      `${judged} ${judged === 1 ? "comparison" : "comparisons"}. The policy gives answer ${names[best]} most often, ${percent(policy[best], 0)}. ` +
        `True reward ${now}, of the reference ${before}; divergence ${kl} nats.`,
    );
  }

  reset() {
    this.rng = random(this.seed);
    this.voice = random(this.seed + 1);
    this.wins = this.set.wins.map((row) => [...row]);
    this.judged = this.wins.flat().reduce((a, b) => a + b, 0);
    this.deal();
    this.update();
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
