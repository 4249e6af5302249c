/** The stage of reasoning.mjs: the reader sets a model and a verifier, and asks one question with several answers. */

import { random } from "../../assets/demos/rng.mjs";
import * as ui from "../../assets/demos/ui.mjs";
import { drawShares } from "./draw.mjs";
import * as reasoning from "./reasoning.mjs";

const SEED = 1;
const MOST = 32; // answers
const MANY = 100; // questions at once

/** @typedef {{name: string, n?: number, p?: number, frequent?: number, f?: number, e?: number, see: string}} Preset */

/** @type {Preset[]} */
const PRESETS = [
  {
    name: "The example",
    see: "Right with 0.5, a frequent mistake with 0.3. Of three answers one is right with 0.875; the majority is right with 0.56.",
  },
  {
    name: "25 answers",
    n: 25,
    see: "The most likely answer is right here, so more votes make it surer: 0.86. The price is 25 answers to one question.",
  },
  {
    name: "A popular mistake",
    n: 25,
    p: 0.3,
    frequent: 0.8,
    see: "A mistake is more likely than the right answer: the more votes, the fewer are right. A verifier still helps.",
  },
  {
    name: "A lax verifier",
    n: 25,
    f: 0.5,
    see: "It accepts half of the wrong answers: however many are drawn, at most 0.67 are right, now fewer than by the majority.",
  },
  {
    name: "A verifier that is fooled",
    n: 9,
    e: 0.1,
    see: "One draw in ten is a wrong answer that scores above all right ones. Three answers are best for the best score, 0.67; with nine it is 0.39: more is worse.",
  },
];

class Stage {
  /** @type {reasoning.Drawn | undefined} */
  last = undefined;
  asked = 0;
  won = { any: 0, majority: 0, verifier: 0, scored: 0 };

  /** @param {HTMLElement} root */
  constructor(root) {
    const { stage, controls, buttons, status, output, see } = ui.staged(root, PRESETS, (preset) =>
      this.load(preset),
    );
    this.status = status;
    this.see = see;
    this.output = output;
    this.random = random(SEED);
    this.picture = ui.canvas(stage, {
      width: 430,
      height: 280,
      label:
        "Four curves of the share of right answers against the number of answers drawn; below, the answers to the last question",
      draw: (g, size, colours) => {
        const curves = Array.from({ length: MOST }, (_, i) =>
          reasoning.right(this.setting(), i + 1),
        );
        const n = this.controls.n.value();
        drawShares(g, size, colours, { curves, n, answers: this.last?.answers ?? [] });
      },
    });
    this.controls = this.settingsOn(controls);
    ui.button(buttons, "One question", () => this.ask(1));
    ui.button(buttons, `${MANY} questions`, () => this.ask(MANY));
    ui.button(buttons, "Reset", () => this.load(PRESETS[0]));
    this.load(PRESETS[0]);
  }

  /** @param {HTMLElement} parent */
  settingsOn(parent) {
    const two = (/** @type {number} */ value) => value.toFixed(2);
    const slider = (
      /** @type {string} */ label,
      /** @type {number[]} */ [min, max, step, value],
      format = two,
    ) =>
      ui.slider(parent, {
        label,
        min,
        max,
        step,
        value,
        format,
        onInput: () => this.begin(),
      });
    return {
      n: slider("Answers to a question, n", [1, MOST, 1, 3], String),
      p: slider("Right, p", [0.05, 0.95, 0.05, 0.5]),
      frequent: slider("Wrong ones that are alike", [0, 1, 0.05, 0.6]),
      f: slider("Wrong ones accepted, f", [0, 1, 0.05, 0.2]),
      e: slider("Fools the score, e", [0, 0.5, 0.05, 0]),
      seed: ui.number(parent, { label: "Seed", value: SEED, onInput: () => this.begin() }),
    };
  }

  /** @param {Preset} preset */
  load({ see, n = 3, p = 0.5, frequent = 0.6, f = 0.2, e = 0 }) {
    const { controls } = this;
    controls.n.set(n);
    controls.p.set(p);
    controls.frequent.set(frequent);
    controls.f.set(f);
    controls.e.set(e);
    controls.seed.set(SEED);
    this.see.textContent = see;
    this.begin();
  }

  /** @returns {reasoning.Setting} */
  setting() {
    const set = this.controls;
    return {
      p: set.p.value(),
      frequent: set.frequent.value(),
      f: set.f.value(),
      e: set.e.value(),
    };
  }

  /** No question has been asked, but one is shown. */
  begin() {
    this.random = random(this.controls.seed.value());
    this.asked = 0;
    this.won = { any: 0, majority: 0, verifier: 0, scored: 0 };
    this.last = undefined;
    this.show();
  }

  /** @param {number} many */
  ask(many) {
    for (let i = 0; i < many; i++) {
      const n = this.controls.n.value();
      const made = reasoning.draw(this.setting(), n, () => this.random.uniform());
      this.asked++;
      this.won.any += Number(made.answers.includes(reasoning.RIGHT));
      this.won.majority += Number(made.majority === reasoning.RIGHT);
      this.won.verifier += Number(made.verifier === reasoning.RIGHT);
      this.won.scored += Number(made.scored === reasoning.RIGHT);
      this.last = made;
    }
    this.show();
  }

  show() {
    this.picture.redraw();
    const found = reasoning.right(this.setting(), this.controls.n.value());
    const three = (/** @type {number} */ share) => ui.fixed(share, 3);
    const name = ["right", "the frequent mistake", "a rare mistake"];
    const last = this.last ? ` The last vote was for ${name[this.last.majority]}.` : "";
    this.status(
      `At least one right: ${three(found.any)}. Majority: ${three(found.majority)}. First accepted: ${three(found.verifier)}. Best score: ${three(found.scored)}.${last}`,
    );
    const ways = /** @type {[reasoning.Way, string][]} */ ([
      ["any", "One is right"],
      ["majority", "Majority"],
      ["verifier", "Accepted"],
      ["scored", "Best score"],
    ]);
    const rows = [
      ["One answer", ...ways.map(() => three(this.setting().p))],
      ["By the formula", ...ways.map(([way]) => three(found[way]))],
      [
        `Of ${this.asked} questions`,
        ...ways.map(([way]) => (this.asked ? three(this.won[way] / this.asked) : "–")),
      ],
    ];
    const head = ["Right", ...ways.map(([, text]) => text)];
    ui.table(this.output, "Share of right answers", head, rows, true);
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
