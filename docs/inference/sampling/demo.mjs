/** The stage of sampling.mjs: the reader sets the rules, sees what they make of six words, and draws. */

import { pick, random } from "../../assets/demos/rng.mjs";
import * as ui from "../../assets/demos/ui.mjs";
import { drawBars } from "./draw.mjs";
import * as sampling from "./sampling.mjs";

const SEED = 1;

/** @type {Record<string, {text: string, p: number[]}>} */
const TEXTS = {
  example: { text: "the example", p: sampling.P },
  sure: { text: "little choice", p: sampling.SURE },
  flat: { text: "nearly even", p: sampling.FLAT },
};

/** @typedef {Partial<sampling.Settings> & {name: string, seen?: number, see: string}} Preset */

/** @type {Preset[]} */
const PRESETS = [
  {
    name: "The example",
    see: "The distribution of the page, as it is: tea 1/2, and 1.94 bits. The two words that make no sense share 1/16.",
  },
  {
    name: "Greedy",
    temperature: 0,
    see: "Temperature 0 always takes tea. No chance is left: 0.00 bits.",
  },
  {
    name: "Code",
    temperature: 0.2,
    topP: 0.95,
    see: "A low temperature gives tea 0.97, and top-p 0.95 cuts the rest. Choose “nearly even”: five words stay, since there the text leaves a choice.",
  },
  {
    name: "Story",
    temperature: 1.5,
    minP: 0.1,
    see: "A high temperature with min-p: all six words stay, since ink still has 0.16 times the share of tea. Raise min-p to 0.20.",
  },
  {
    name: "Loop",
    temperature: 0,
    seen: 2,
    see: "Tea has occurred twice, and greedy decoding takes it again. Raise the frequency penalty: from 0.35 on it takes milk.",
  },
  {
    name: "Typical",
    typical: 0.2,
    see: "The surprise of milk, 2 bits, is nearest to the entropy of 1.94, so milk alone is kept, and tea, the likeliest, is cut.",
  },
];

class Stage {
  last = -1; // the word that was drawn

  /** @param {HTMLElement} root */
  constructor(root) {
    const { stage, controls, buttons, status, output, see } = ui.staged(root, PRESETS, (preset) =>
      this.load(preset),
    );
    this.status = status;
    this.see = see;
    this.output = output;
    this.random = random(SEED);
    this.q = sampling.P;
    this.picture = ui.canvas(stage, {
      width: 430,
      height: 190,
      label:
        "Bars: the probability of each of six words by the rules; lines: the probability that the model gave it",
      draw: (g, size, colours) =>
        drawBars(g, size, colours, {
          words: sampling.WORDS,
          p: this.p(),
          q: this.q,
          last: this.last,
        }),
    });
    this.controls = this.settingsOn(controls);
    ui.button(buttons, "Draw a word", () => this.draw());
    ui.button(buttons, "Reset", () => this.load(PRESETS[0]));
    this.load(PRESETS[0]);
  }

  /** @returns {number[]} what the model gave */
  p() {
    return TEXTS[this.controls?.text.value() ?? "example"].p;
  }

  /** @param {HTMLElement} parent */
  settingsOn(parent) {
    const onInput = () => this.show();
    /** @param {string} label @param {number[]} range least, most, step and value @param {number} digits */
    const slider = (label, [min, max, step, value], digits, off = "") =>
      ui.slider(parent, {
        label,
        min,
        max,
        step,
        value,
        format: (now) => (off && now === value ? off : now.toFixed(digits)),
        onInput,
      });
    return {
      text: ui.select(parent, {
        label: "Distribution",
        options: Object.entries(TEXTS).map(([name, { text }]) => [name, text]),
        value: "example",
        onInput,
      }),
      temperature: slider("Temperature", [0, 3, 0.1, 1], 1),
      topK: slider("Top-k", [0, 5, 1, 0], 0, "all"),
      topP: slider("Top-p", [0.05, 1, 0.05, 1], 2),
      minP: slider("Min-p", [0, 1, 0.05, 0], 2),
      typical: slider("Typical", [0.05, 1, 0.05, 1], 2),
      seen: slider("Tea has occurred", [0, 5, 1, 0], 0),
      repetition: slider("Repetition penalty", [1, 3, 0.1, 1], 1),
      presence: slider("Presence penalty", [0, 2, 0.05, 0], 2),
      frequency: slider("Frequency penalty", [0, 2, 0.05, 0], 2),
      seed: ui.number(parent, {
        label: "Seed",
        value: SEED,
        onInput: (value) => {
          this.random = random(value);
          this.show();
        },
      }),
    };
  }

  /** @param {Preset} preset */
  load({ see, seen = 0, ...given }) {
    const { controls } = this;
    const all = { ...sampling.NONE, ...given };
    controls.text.set("example");
    controls.seen.set(seen);
    for (const name of /** @type {(keyof sampling.Settings)[]} */ (Object.keys(sampling.NONE)))
      controls[name].set(all[name]);
    this.see.textContent = see;
    controls.seed.set(SEED);
    this.random = random(SEED);
    this.show();
  }

  /** One word, by a new random number. */
  draw() {
    const u = this.random.uniform();
    this.last = pick(this.q, u);
    this.tell(`The random number ${u.toFixed(3)} picks ${sampling.WORDS[this.last]}. `);
  }

  show() {
    const { controls } = this;
    const entries = Object.keys(sampling.NONE).map((name) => [
      name,
      controls[/** @type {keyof sampling.Settings} */ (name)].value(),
    ]);
    const settings = /** @type {sampling.Settings} */ (Object.fromEntries(entries));
    const counts = sampling.WORDS.map((_, n) => (n ? 0 : controls.seen.value()));
    this.q = sampling.distribution(sampling.logits(this.p()), settings, counts);
    this.last = -1;
    this.tell("");
  }

  /** @param {string} before what has just happened */
  tell(before) {
    this.picture.redraw();
    const p = this.p();
    const kept = p.reduce((sum, value, n) => (this.q[n] > 0 ? sum + value : sum), 0);
    const many = this.q.filter((value) => value > 0).length;
    const greedy = p.indexOf(Math.max(...p));
    const [now, was] = [this.q, p].map((one) => ui.fixed(sampling.bits(one), 2));
    this.status(
      `${before}${now} bits (${was} before); ${many} of ${p.length} words kept, which held ${(100 * kept).toFixed(1)} %; ${sampling.WORDS[greedy]}, the likeliest before, has ${this.q[greedy].toFixed(3)}.`,
    );
    const rows = [p, this.q].map((row, n) => [
      ["Before", "After"][n],
      ...row.map((value) => value.toFixed(3)),
    ]);
    ui.table(this.output, "Probabilities", ["Word", ...sampling.WORDS], rows, true);
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
