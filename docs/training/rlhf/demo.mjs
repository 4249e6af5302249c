/**
 * The stage of rlhf.mjs: the reader (or an automatic reader with a known reward) compares pairs of
 * answers, chooses what the reward model sees, and moves the policy by the weight of the KL penalty.
 */

import { random } from "../../assets/demos/rng.mjs";
import { keep, LONGEST } from "../../assets/demos/state.mjs";
import * as ui from "../../assets/demos/ui.mjs";
import { drawBars, drawCurve } from "./draw.mjs";
import * as rlhf from "./rlhf.mjs";

const SEED = 1;
const AT_ONCE = 50; // pairs that the automatic reader judges
const AUTOMATIC = "a"; // how an address tells that it judged so many
const SIZE = { width: 310, height: 205 }; // two of them side by side
const TWELVE = {
  names: rlhf.texts().map((_, i) => String(i + 1)),
  texts: rlhf.texts(),
  gold: rlhf.gold(),
  reference: rlhf.reference(),
  wins: rlhf.texts().map(() => Array(rlhf.COUNT).fill(0)),
  prior: rlhf.PRIOR,
};

/**
 * What can be seen in a few seconds: the answers, what the reward model sees, how many pairs the
 * automatic reader has judged, and the logarithm of the weight of the KL penalty.
 * @type {Record<string, {name: string, set: typeof TWELVE, seen: string, pairs: number, exponent: number, see: string}>}
 */
const PRESETS = {
  example: {
    name: "the example",
    set: rlhf.EXAMPLE,
    seen: "table",
    pairs: 0,
    exponent: 0,
    see: "The best policy of the page: A 48 %, B 40 %, C 12 %. Move β and watch the bars.",
  },
  half: {
    name: "the example, half the penalty",
    set: rlhf.EXAMPLE,
    seen: "table",
    pairs: 0,
    exponent: -0.3,
    see: "With β = 0.5 the policy leaves the reference further behind: A has 76 %.",
  },
  right: {
    name: "twelve answers, a good reward",
    set: TWELVE,
    seen: "all",
    pairs: 4 * AT_ONCE,
    exponent: -0.5,
    see: "A reward model that sees all five features: belief and truth rise together.",
  },
  small: {
    name: "β too small",
    set: TWELVE,
    seen: "all",
    pairs: 4 * AT_ONCE,
    exponent: -2,
    see: "The same reward model at the lowest β: one answer takes all, and the truth is a little below its peak.",
  },
  wrong: {
    name: "a wrong reward",
    set: TWELVE,
    seen: "surface",
    pairs: 4 * AT_ONCE,
    exponent: -2,
    see: "The reward model sees politeness, length and confidence alone: belief rises, truth falls below its start. Raise β and both come back.",
  },
  few: {
    name: "few comparisons",
    set: TWELVE,
    seen: "table",
    pairs: AT_ONCE,
    exponent: -2,
    see: "Each answer has a reward of its own, from fifty comparisons: at this β the truth has fallen again. Raise β to 0.5. With other seeds it only rises.",
  },
  yours: {
    name: "your own comparisons",
    set: TWELVE,
    seen: "surface",
    pairs: 0,
    exponent: 0,
    see: "Nothing is compared yet, so the policy is the reference. Choose the better answer a few times.",
  },
};

const percent = (/** @type {number} */ log, /** @type {number} */ digits) =>
  `${(100 * Math.exp(log)).toFixed(digits)} %`;

/** @param {Element} parent @returns {Element} room for one of two pictures side by side */
const beside = (parent) => ui.element("div", { style: "flex: 1 1 16rem" }, parent);

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
  own = ""; // judgements since the preset, one sign each: 1 or 2, or a for all that the automatic reader gives at once
  pair = [0, 1];
  seen = "table"; // by the reward model
  exponent = 0; // of the weight of the KL penalty
  preset = PRESETS.example;
  reward = /** @type {number[]} */ ([0, 0, 0]);
  policy = this.set.reference;

  /** @param {HTMLElement} root */
  constructor(root) {
    const { stage, controls, buttons, status, output } = ui.frame(root);
    this.status = status;
    root.addEventListener("keydown", (event) => this.key(event));
    this.bars = this.barsOn(stage);
    this.curve = this.curveOn(stage);
    ui.button(buttons, `Let the automatic reader judge ${AT_ONCE} pairs`, () => {
      this.own += AUTOMATIC;
      this.automatic(AT_ONCE);
      this.update();
    });
    ui.button(buttons, "Ask the policy", () => this.ask());
    ui.button(buttons, "Reset", () => this.reset());
    const { beta, sees } = this.controlsOn(controls);
    this.beta = beta;
    this.sees = sees;
    this.told = ui.element("p", {}, output);
    this.cards = this.cardsOn(output);
    this.numbers = detailsOn(output);
    this.reset();
    keep(root, "judged", {
      read: () => this.own,
      write: (text) => {
        const good = /^[12a]*$/.test(text) && text.length <= LONGEST;
        if (good) this.again(text);
        return good;
      },
    });
  }

  // Pictures and controls.

  /** @param {Element} stage */
  cardsOn(stage) {
    ui.element("p", { text: "Why is the sky blue? Which answer is better?" }, stage);
    const style =
      "display: grid; gap: 0.5rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr))";
    const box = ui.element("div", { style }, stage);
    return [0, 1].map((side) => ui.button(box, "", () => this.prefer(side)));
  }

  /** @param {Element} stage */
  barsOn(stage) {
    return ui.canvas(beside(stage), {
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
    return ui.canvas(beside(stage), {
      ...SIZE,
      label:
        "Mean reward against the root of the divergence: what the reward model believes, shifted to start where the truth starts, and what is true",
      draw: (context, size, colours) => {
        const { reference, gold } = this.set;
        const at = (/** @type {number[]} */ policy) =>
          rlhf.standing(policy, reference, this.reward, gold);
        const betas = Array.from({ length: 36 }, (_, i) => 10 ** (1.2 - i * 0.09));
        const all = betas.map((beta) => at(rlhf.optimum(reference, this.reward, beta)));
        drawCurve(context, size, colours, all, at(this.policy), this.set === rlhf.EXAMPLE);
      },
    });
  }

  /** @param {Element} controls */
  controlsOn(controls) {
    const beta = ui.slider(controls, {
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
    ui.select(controls, {
      label: "Preset",
      options: Object.entries(PRESETS).map(([key, { name }]) => [key, name]),
      value: "example",
      onInput: (value) => {
        this.preset = PRESETS[value];
        this.reset();
      },
    });
    const sees = ui.select(controls, {
      label: "Reward model sees",
      options: [
        ["surface", "the surface alone"],
        ["all", "all five features"],
        ["table", "each answer by itself"],
      ],
      value: this.seen,
      onInput: (value) => {
        this.seen = value;
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
    return { beta, sees };
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
    this.own += String(side + 1);
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

  /** @param {number} pairs that the automatic reader judges */
  automatic(pairs) {
    const { gold } = this.set;
    for (let i = 0; i < pairs; i++) {
      const [first, second] = this.pair;
      this.judge(this.rng.uniform() < rlhf.sigmoid(gold[first] - gold[second]) ? 0 : 1);
    }
  }

  /** The same judgements from the start of the preset on. @param {string} own */
  again(own) {
    this.reset();
    for (const sign of own) {
      if (sign === AUTOMATIC) this.automatic(AT_ONCE);
      else this.judge(Number(sign) - 1);
    }
    this.own = own;
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
    const fitted = judged ? rlhf.fitReward(wins, this.seen, prior) : texts.map(() => 0);
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
    const { set, seen, pairs, exponent, see } = this.preset;
    this.set = set;
    this.seen = seen;
    this.exponent = exponent;
    this.sees.set(seen);
    this.sees.input.disabled = set === rlhf.EXAMPLE; // its three answers are seen each by itself
    this.beta.set(exponent);
    this.told.textContent = `What to see: ${see}`;
    this.rng = random(this.seed);
    this.voice = random(this.seed + 1);
    this.own = "";
    this.wins = this.set.wins.map((row) => [...row]);
    this.judged = this.wins.flat().reduce((a, b) => a + b, 0);
    this.deal();
    this.automatic(pairs);
    this.update();
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
