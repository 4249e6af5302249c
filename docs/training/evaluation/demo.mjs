/** The stage of evaluation.mjs: two models with known true scores are tested again and again. */

import { random } from "../../assets/demos/rng.mjs";
import * as ui from "../../assets/demos/ui.mjs";
import { drawTests, SHOWN } from "./draw.mjs";
import * as evaluation from "./evaluation.mjs";

const SEED = 1;
const MANY = 100; // tests at once
const ITEMS = [30, 50, 100, 200, 500, 1000, 2000];
const Z = 1.96;
const SMALL = 0.05; // a p-value that is called small

/** @typedef {{name: string, a: number, b: number, alike: number, n: number, see: string}} Preset */

/** @type {Preset[]} */
const PRESETS = [
  {
    name: "The example",
    a: 0.7,
    b: 0.76,
    alike: 0.82,
    n: 200,
    see: "The bar drawn now is the test of the page. Thick below: the same items; thin: as if they were others. Press “100 tests”: about 95 of 100 bars hold the truth.",
  },
  {
    name: "Few items",
    a: 0.95,
    b: 0.95,
    alike: 0.5,
    n: 30,
    see: "The usual bar of A holds the truth in 78 % of all tests. Choose Wilson’s: 94 %.",
  },
  {
    name: "Unlike models",
    a: 0.7,
    b: 0.76,
    alike: 0,
    n: 200,
    see: "Which items are hard for A says nothing of B: pairs no longer help, and thick bars are as long as thin ones.",
  },
  {
    name: "Equal models",
    a: 0.7,
    b: 0.7,
    alike: 0.8,
    n: 200,
    see: "Neither is better. Press “100 tests”: now and then the p-value is below 0.05 all the same.",
  },
  {
    name: "Two points",
    a: 0.7,
    b: 0.72,
    alike: 0.82,
    n: 200,
    see: "In most tests of 200 items the p-value is not small. Choose 2,000 items: now in most it is.",
  },
];

const points = (/** @type {number} */ value) => ui.fixed(100 * value, 1);

/** @param {number} middle @param {number} error @returns {evaluation.Bar} */
const around = (middle, error) => ({ middle, low: middle - Z * error, high: middle + Z * error });

class Stage {
  /** @type {evaluation.Counts[]} */
  shown = [];
  tests = 0;
  heldA = 0;
  heldDifference = 0;
  small = 0;

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
      height: 270,
      label:
        "The last tests. Above, the score of A with its error bar; below, the difference of B and A with the bar of the same items, and a thin one as if the items were others; lines at the truth",
      draw: (g, size, colours) => drawTests(g, size, colours, this.panels()),
    });
    this.controls = this.settingsOn(controls);
    ui.button(buttons, "One test", () => this.run(1));
    ui.button(buttons, `${MANY} tests`, () => this.run(MANY));
    ui.button(buttons, "Reset", () => this.load(PRESETS[0]));
    this.load(PRESETS[0]);
  }

  /** @param {HTMLElement} parent */
  settingsOn(parent) {
    const onInput = () => this.begin();
    const share = { min: 0.5, max: 0.99, step: 0.01, onInput };
    const format = (/** @type {number} */ value) => `${Math.round(100 * value)} %`;
    return {
      a: ui.slider(parent, { label: "True score of A", value: 0.7, format, ...share }),
      b: ui.slider(parent, { label: "True score of B", value: 0.76, format, ...share }),
      alike: ui.slider(parent, {
        label: "Same items hard, 0 to 1",
        min: 0,
        max: 1,
        step: 0.01,
        value: 0.82,
        format: (value) => value.toFixed(2),
        onInput,
      }),
      n: ui.select(parent, {
        label: "Items",
        options: ITEMS.map((many) => [String(many), many.toLocaleString("en")]),
        value: "200",
        onInput,
      }),
      kind: ui.select(parent, {
        label: "Bar of a score",
        options: [
          ["usual", "the usual one"],
          ["Wilson", "Wilson’s"],
        ],
        value: "usual",
        onInput: () => this.again(),
      }),
      seed: ui.number(parent, { label: "Seed", value: SEED, onInput }),
    };
  }

  /** @param {Preset} preset */
  load({ see, a, b, alike, n }) {
    const { controls } = this;
    controls.a.set(a);
    controls.b.set(b);
    controls.alike.set(alike);
    controls.n.set(String(n));
    controls.kind.set("usual");
    controls.seed.set(SEED);
    this.see.textContent = see;
    this.begin();
  }

  settings() {
    const { a, b, alike, n, kind } = this.controls;
    const bar = /** @type {evaluation.Kind} */ (kind.value());
    return { a: a.value(), b: b.value(), alike: alike.value(), n: Number(n.value()), kind: bar };
  }

  /** Forget all tests; the first is that of the page where its settings are chosen. */
  begin() {
    this.random = random(this.controls.seed.value());
    this.shown = [];
    this.tests = this.heldA = this.heldDifference = this.small = 0;
    const { a, b, alike, n } = this.settings();
    const { a: wantedA, b: wantedB, alike: wantedAlike, n: wantedN } = PRESETS[0];
    const page = a === wantedA && b === wantedB && alike === wantedAlike && n === wantedN;
    if (page) this.add(evaluation.EXAMPLE);
    else this.add(evaluation.test(a, b, alike, n, () => this.random.uniform()));
    this.show();
  }

  /** The same tests with the other bar of A. */
  again() {
    const { tests } = this;
    this.begin();
    this.run(tests - 1);
  }

  /** @param {number} many */
  run(many) {
    const { a, b, alike, n } = this.settings();
    for (let i = 0; i < many; i++)
      this.add(evaluation.test(a, b, alike, n, () => this.random.uniform()));
    this.show();
  }

  /** @param {evaluation.Counts} counts of a test */
  add(counts) {
    const { a, b, n, kind } = this.settings();
    const { low, high } = evaluation.bar(counts.both + counts.onlyA, n, kind);
    const { mean, paired } = evaluation.difference(counts);
    this.tests++;
    this.heldA += Number(low <= a && a <= high);
    this.heldDifference += Number(Math.abs(mean - (b - a)) <= Z * paired);
    this.small += Number(evaluation.mcnemar(counts.onlyA, counts.onlyB) < SMALL);
    this.shown = [...this.shown, counts].slice(-SHOWN);
  }

  panels() {
    if (!this.controls) return [];
    const { a, b, n, kind } = this.settings();
    const scores = this.shown.map((counts) => ({
      own: evaluation.bar(counts.both + counts.onlyA, n, kind),
    }));
    const pairs = this.shown.map((counts) => {
      const { mean, paired, apart } = evaluation.difference(counts);
      return { own: around(mean, paired), wide: around(mean, apart) };
    });
    return [
      { title: "Score of A, the last tests (40 at most)", truth: a, zero: false, bars: scores },
      {
        title: "B minus A; red bars miss the line of the truth",
        truth: b - a,
        zero: true,
        bars: pairs,
      },
    ];
  }

  show() {
    this.picture.redraw();
    const last = this.shown[this.shown.length - 1];
    const { mean, paired, apart } = evaluation.difference(last);
    const p = evaluation.mcnemar(last.onlyA, last.onlyB);
    const { a, n, kind } = this.settings();
    const all = this.tests === 1 ? "1 test" : `${this.tests} tests`;
    const held = (/** @type {number} */ many) => (many ? "holds" : "misses");
    const told =
      this.tests === 1
        ? `The bar of A ${held(this.heldA)} the truth, that of the difference ${held(this.heldDifference)} it.`
        : `Of ${all}, ${this.heldA} bars of A and ${this.heldDifference} of the difference hold the truth, and ${this.small} p-values are below 0.05.`;
    this.status(
      `The last test: B minus A ${points(mean)} ± ${points(Z * paired)} points, p-value ${p < 0.001 ? "below 0.001" : ui.fixed(p, 3)}. ${told}`,
    );
    const right = [last.both + last.onlyA, last.both + last.onlyB];
    const bars = right.map((many) => evaluation.bar(many, n, kind));
    const row = (/** @type {string} */ name, /** @type {evaluation.Bar} */ bar) => [
      name,
      points(bar.middle),
      points(bar.low),
      points(bar.high),
    ];
    ui.table(
      this.output,
      `The last test in per cent. The bar of A holds the truth in ${points(evaluation.coverage(a, n, kind))} % of all tests, counted; the p-value was below 0.05 in ${this.small} of ${all}.`,
      ["Score", "found", "from", "to"],
      [
        row("A", bars[0]),
        row("B", bars[1]),
        row("B minus A, same items", around(mean, paired)),
        row("B minus A, as if others", around(mean, apart)),
      ],
    );
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
