/**
 * The stage of rlhf.mjs: the reader (or an automatic reader with a known reward) compares pairs of
 * answers, chooses what the reward model sees, and moves the policy by the price of divergence.
 */

import { random } from "../../assets/demos/rng.mjs";
import * as ui from "../../assets/demos/ui.mjs";
import { drawBars, drawCurve } from "./draw.mjs";
import * as rlhf from "./rlhf.mjs";

const SEED = 1;
const AT_ONCE = 50; // pairs that the automatic reader judges
const { COUNT } = rlhf;
const SIZE = { width: 560, height: 300 };
const TEXTS = rlhf.texts();
const TRUTH = rlhf.gold();
const REFERENCE = rlhf.reference();

const zeros = () => TEXTS.map(() => Array(COUNT).fill(0));
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
  wins = zeros();
  judged = 0;
  pair = [0, 1];
  seen = "surface";
  exponent = 0; // of the price
  reward = /** @type {number[]} */ (Array(COUNT).fill(0));
  policy = REFERENCE;

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
      draw: (context, size, colours) => drawBars(context, size, colours, this.policy, REFERENCE),
    });
  }

  /** @param {Element} stage */
  curveOn(stage) {
    return ui.canvas(stage, {
      ...SIZE,
      label:
        "Mean reward against the root of the divergence: what the reward model believes, shifted to start where the truth starts, and what is true",
      draw: (context, size, colours) => {
        const at = (/** @type {number[]} */ policy) =>
          rlhf.standing(policy, REFERENCE, this.reward, TRUTH);
        const prices = Array.from({ length: 36 }, (_, i) => 10 ** (1.2 - i * 0.09));
        const all = prices.map((beta) => at(rlhf.optimum(REFERENCE, this.reward, beta)));
        drawCurve(context, size, colours, all, at(this.policy));
      },
    });
  }

  /** @param {Element} controls */
  controlsOn(controls) {
    ui.select(controls, {
      label: "Reward model sees",
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
      label: "Price of divergence β",
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
    const first = rlhf.choose(REFERENCE, this.rng.uniform());
    let second = first;
    while (second === first) second = rlhf.choose(REFERENCE, this.rng.uniform());
    this.pair = [first, second];
    for (const [side, card] of this.cards.entries()) {
      card.textContent = `${side + 1}. ${TEXTS[this.pair[side]]}`;
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
    for (let i = 0; i < AT_ONCE; i++) {
      const [first, second] = this.pair;
      this.judge(this.rng.uniform() < rlhf.sigmoid(TRUTH[first] - TRUTH[second]) ? 0 : 1);
    }
    this.update();
  }

  // What follows from them.

  ask() {
    const i = rlhf.choose(this.policy, this.voice.uniform());
    this.status(
      `The policy answers: ${TEXTS[i]} (answer ${i + 1}, true reward ${TRUTH[i].toFixed(2)})`,
    );
  }

  update() {
    const { judged, wins, seen } = this;
    this.reward = judged ? rlhf.fitReward(wins, seen, rlhf.PRIOR) : Array(COUNT).fill(0);
    this.policy = rlhf.optimum(REFERENCE, this.reward, 10 ** this.exponent);
    this.bars.redraw();
    this.curve.redraw();
    this.tell();
    ui.table(
      this.numbers,
      "The answers, their rewards and their probabilities",
      ["answer", "true reward", "fitted reward", "reference", "policy"],
      TEXTS.map((text, i) => [
        `${i + 1}. ${text}`,
        TRUTH[i].toFixed(2),
        this.reward[i].toFixed(2),
        percent(REFERENCE[i], 1),
        percent(this.policy[i], 1),
      ]),
    );
  }

  tell() {
    const { judged, policy } = this;
    const best = policy.indexOf(Math.max(...policy));
    const [now, before] = [policy, REFERENCE].map((p) => rlhf.meanReward(p, TRUTH).toFixed(2));
    const kl = rlhf.divergence(policy, REFERENCE).toFixed(2);
    this.status(
      `${judged} ${judged === 1 ? "comparison" : "comparisons"}. The policy gives answer ${best + 1} most often, ${percent(policy[best], 0)}. ` +
        `True reward ${now}, of the reference ${before}; divergence ${kl} nats.`,
    );
  }

  reset() {
    this.rng = random(this.seed);
    this.voice = random(this.seed + 1);
    this.wins = zeros();
    this.judged = 0;
    this.deal();
    this.update();
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
