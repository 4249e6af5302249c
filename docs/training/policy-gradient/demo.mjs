/** The stage of policy-gradient.mjs: the reader chooses a baseline and a step, and follows one of twenty runs. */

import * as ui from "../../assets/demos/ui.mjs";
import { drawRuns } from "./draw.mjs";
import * as policy from "./policy-gradient.mjs";

const SEED = 1;
const RUNS = 20;
const STEPS = 200;
const NEAR = 0.9; // of the best reward

/** @type {[policy.Kind, string][]} */
const KINDS = [
  ["none", "none"],
  ["others", "mean of the others (RLOO)"],
  ["mean", "mean of the group"],
  ["divided", "mean, then divided (GRPO)"],
];

/** @typedef {{name: string, kind?: policy.Kind, texts?: number, rate?: number, lift?: number, see: string}} Preset */

/** @type {Preset[]} */
const PRESETS = [
  {
    name: "The example",
    see: "Each step draws four texts, the dots in the bars. Every run finds the best text, 4 with a full stop. Move the step.",
  },
  {
    name: "No baseline",
    kind: "none",
    lift: 10,
    see: "Ten is added to every reward. The mean of the estimate is the same, its spread is several times larger: some runs settle on a poor text.",
  },
  {
    name: "With a baseline",
    lift: 10,
    see: "The same rewards, less the mean of the others: the curves are those of the example, whatever is added.",
  },
  {
    name: "Too large steps",
    texts: 2,
    rate: 4,
    see: "A lucky draw makes a text certain at once. A run that is certain of a poor text draws nothing else, and each advantage is 0.",
  },
  {
    name: "GRPO",
    kind: "divided",
    see: "Divided by the spread of their group, rewards ten times as large would give the same steps. The first estimate is no longer 0.64 on average.",
  },
];

class Stage {
  /** @type {policy.Run[]} */
  runs = [];
  moments = [0, 0]; // of the first estimate: mean and standard deviation

  /** @param {HTMLElement} root */
  constructor(root) {
    const { stage, controls, buttons, status, output, see } = ui.staged(root, PRESETS, (preset) =>
      this.load(preset),
    );
    this.status = status;
    this.see = see;
    this.output = output;
    this.picture = ui.canvas(stage, {
      width: 430,
      height: 300,
      label:
        "Twenty curves of the mean reward against the step; below, bars of the probabilities of the four texts, with a dot for each that the step draws",
      draw: (g, size, colours) => {
        drawRuns(g, size, colours, { runs: this.runs, step: this.step() });
      },
    });
    this.controls = this.settingsOn(controls);
    ui.button(buttons, "Next step", () => this.walk());
    ui.button(buttons, "Reset", () => this.load(PRESETS[0]));
    this.load(PRESETS[0]);
  }

  step() {
    return this.controls.step.value();
  }

  /** @param {HTMLElement} parent */
  settingsOn(parent) {
    const onInput = () => this.begin();
    return {
      kind: ui.select(parent, { label: "Baseline", options: KINDS, value: "others", onInput }),
      texts: ui.slider(parent, {
        label: "Texts a step",
        min: 2,
        max: 5,
        step: 1,
        value: 4,
        onInput,
      }),
      rate: ui.slider(parent, {
        label: "Step size",
        min: 0.1,
        max: 4,
        step: 0.1,
        value: 0.1,
        format: (value) => value.toFixed(1),
        onInput,
      }),
      lift: ui.slider(parent, {
        label: "Added to each reward",
        min: 0,
        max: 20,
        step: 1,
        value: 0,
        onInput,
      }),
      step: ui.slider(parent, {
        label: "Step",
        min: 0,
        max: STEPS,
        step: 1,
        value: 0,
        onInput: () => this.show(),
      }),
      seed: ui.number(parent, { label: "Seed", value: SEED, onInput }),
    };
  }

  /** @param {Preset} preset */
  load({ see, kind = "others", texts = 4, rate = 0.1, lift = 0 }) {
    const { controls } = this;
    controls.kind.set(kind);
    controls.texts.set(texts);
    controls.rate.set(rate);
    controls.lift.set(lift);
    controls.step.set(0);
    controls.seed.set(SEED);
    this.see.textContent = see;
    this.begin();
  }

  /** @returns {policy.Setting} */
  setting() {
    const { kind, texts, rate, lift } = this.controls;
    const name = /** @type {policy.Kind} */ (kind.value());
    return {
      kind: name,
      texts: texts.value(),
      rate: rate.value(),
      lift: lift.value(),
      steps: STEPS,
    };
  }

  begin() {
    this.runs = policy.runs(this.setting(), this.controls.seed.value(), RUNS);
    this.moments = policy.moments(this.setting());
    this.show();
  }

  walk() {
    const { step } = this.controls;
    step.set((step.value() + 1) % (STEPS + 1));
    this.show();
  }

  show() {
    this.picture.redraw();
    const [mean, spread] = this.moments;
    const near = this.runs.filter(({ curve }) => curve[STEPS] > NEAR * policy.BEST).length;
    const here = ui.fixed(this.runs[0].curve[this.step()], 2);
    this.status(
      `First estimate for the logit of 4: mean ${ui.fixed(mean, 2)}, standard deviation ${ui.fixed(spread, 2)}; exact 0.64. At step ${this.step()} the chosen run earns ${here}. At the end ${near} of ${RUNS} runs are near 6.`,
    );
    this.rows();
  }

  /** What this step draws, and how good each text was for it. */
  rows() {
    const { drawn, advantage } = this.runs[0].groups[this.step()];
    const lift = this.setting().lift;
    const rows = drawn.map((text, i) => [
      policy.TEXTS[text],
      ui.short(policy.REWARDS[text] + lift, 0),
      ui.fixed(advantage[i], 2),
    ]);
    ui.table(this.output, "Drawn at this step", ["Text", "Reward", "Advantage"], rows, true);
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
