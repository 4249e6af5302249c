/** The stage of mixture-of-experts.mjs: the reader routes the example, balances it, and trains three experts. */

import { random } from "../../assets/demos/rng.mjs";
import { keep } from "../../assets/demos/state.mjs";
import * as ui from "../../assets/demos/ui.mjs";
import { drawLine, drawLoads } from "./draw.mjs";
import * as moe from "./mixture-of-experts.mjs";

const ALPHA = 0.3;
const GAMMA = 0.01;
const STEP = 0.3 * Math.log(2); // of the biases in the example
const NO_LIMIT = 3; // a capacity factor with which one expert could take all
const GIVEN = "example";

/** @typedef {{name: string, start: string, seed: number, balance: string, factor: number, batches: number, see: string}} Preset */
/** @typedef {{balance: string, k: number, factor: number}} How a batch is learned */

/** @type {Preset[]} */
const PRESETS = [
  {
    name: "The example",
    start: GIVEN,
    seed: 1,
    balance: "none",
    factor: 1,
    batches: 0,
    see: "Six tokens: experts 1 and 2 get one each, expert 3 gets four. With the factor 1 an expert takes two, so 4 and 5 are dropped (crosses).",
  },
  {
    name: "Bias only",
    start: GIVEN,
    seed: 1,
    balance: "bias",
    factor: NO_LIMIT,
    batches: 0,
    see: "Press One batch seven times. Nothing is learned; the biases alone move the borders until each expert has two tokens.",
  },
  {
    name: "Collapse",
    start: "random",
    seed: 6,
    balance: "none",
    factor: NO_LIMIT,
    batches: 1000,
    see: "After 1,000 batches without balancing: expert 1 got all tokens, so it alone has learned, and one line cannot follow a zigzag.",
  },
  {
    name: "Balancing loss",
    start: "random",
    seed: 6,
    balance: "loss",
    factor: NO_LIMIT,
    batches: 1000,
    see: "The same start, trained with the loss: a second expert is in use and the error falls to a tenth. The third one is not yet.",
  },
  {
    name: "Balancing by bias",
    start: "random",
    seed: 6,
    balance: "bias",
    factor: NO_LIMIT,
    batches: 1000,
    see: "The same start, with biases alone: all three experts are in use, a third of the tokens each.",
  },
];

/** How the address tells batches: how many, and with which settings. */
const PART = /^(\d{1,6})-(none|loss|bias)-([12])-([0-3](?:\.\d{1,2})?)$/;
const MOST = 20000; // batches that an address may ask for

/** @param {How} how */
const told = ({ balance, k, factor }) => [balance, k, factor];

class Stage {
  /** @param {HTMLElement} root */
  constructor(root) {
    const { stage, controls, buttons, status, output } = ui.frame(root);
    this.status = status;
    this.output = output;
    this.network = moe.example();
    this.tokens = moe.TOKENS;
    this.random = random(0);
    this.done = 0;
    this.trained = /** @type {(How & {batches: number})[]} */ ([]);
    this.see = ui.presetsFirst(root, PRESETS, (preset) => this.load(preset));
    this.picturesOn(stage);
    this.settingsOn(controls);
    ui.button(buttons, "One batch", () => this.train(1));
    ui.button(buttons, "100 batches", () => this.train(100));
    ui.button(buttons, "Reset", () => this.load(PRESETS[0]));
    this.load(PRESETS[0]);
    keep(root, "trained", {
      read: () =>
        this.trained.map(({ batches, ...how }) => [batches, ...told(how)].join("-")).join(","),
      write: (text) => this.again(text),
    });
  }

  /** @param {HTMLElement} stage */
  picturesOn(stage) {
    const now = () => ({
      network: this.network,
      k: this.k,
      tokens: this.tokens,
      most: this.most,
    });
    this.pictures = [
      ui.canvas(stage, {
        width: 420,
        height: 230,
        label:
          "What the layer adds along the line, and the tokens of the batch in the rows of their experts",
        draw: (g, size, colours) => drawLine(g, size, colours, now()),
      }),
      ui.canvas(stage, {
        width: 210,
        height: 230,
        label:
          "How many tokens each expert has; mean dashed, capacity solid, dropped tokens hollow",
        draw: (g, size, colours) => {
          const { g: weights } = moe.forward(this.network, this.tokens, this.k, this.most);
          drawLoads(g, size, colours, { loads: moe.loads(weights), most: this.most });
        },
      }),
    ];
  }

  /** @param {HTMLElement} controls */
  settingsOn(controls) {
    const onInput = () => this.show();
    this.start = ui.select(controls, {
      label: "Start",
      options: [
        [GIVEN, "the example, fixed"],
        ["random", "random, learns"],
      ],
      value: GIVEN,
      onInput: () => this.begin(),
    });
    this.balance = ui.select(controls, {
      label: "Balancing",
      options: [
        ["none", "none"],
        ["loss", "loss"],
        ["bias", "bias"],
      ],
      value: "none",
      onInput,
    });
    this.each = ui.select(controls, {
      label: "Experts a token, k",
      options: [
        ["1", "1"],
        ["2", "2"],
      ],
      value: "1",
      onInput,
    });
    this.factor = ui.slider(controls, {
      label: "Capacity factor",
      min: 0.5,
      max: NO_LIMIT,
      step: 0.25,
      value: 1,
      format: (value) => (value === NO_LIMIT ? "no limit" : value.toFixed(2)),
      onInput,
    });
    this.seed = ui.number(controls, {
      label: "Seed",
      value: 1,
      onInput: () => this.begin(),
    });
  }

  get k() {
    return Number(this.each?.value() ?? 1);
  }

  get most() {
    const factor = this.factor?.value() ?? 1;
    if (factor === NO_LIMIT) return Number.POSITIVE_INFINITY;
    return moe.capacity(this.tokens.length, this.network.router.length, this.k, factor);
  }

  get fixed() {
    return this.start?.value() !== "random";
  }

  /** @param {Preset} preset */
  load({ start, seed, balance, factor, batches, see }) {
    this.start?.set(start);
    this.seed?.set(seed);
    this.set({ balance, k: 1, factor });
    this.see.textContent = see;
    this.begin();
    if (batches) this.train(batches);
  }

  /** How a batch is learned from now. @returns {How} */
  how() {
    const balance = this.balance?.value() ?? "none";
    return { balance, k: this.k, factor: this.factor?.value() ?? 1 };
  }

  /**
   * The same batches from the start on, with the settings that each had.
   * @param {string} text @returns {boolean} whether it names such batches
   */
  again(text) {
    const parts = text ? text.split(",").map((part) => part.match(PART)) : [];
    const found = parts.flatMap((part) => (part ? [part.slice(1)] : []));
    const all = found.reduce((sum, [batches]) => sum + Number(batches), 0);
    if (found.length < parts.length || all > MOST) return false;
    const now = this.how();
    this.begin();
    for (const [batches, balance, k, factor] of found) {
      this.set({ balance, k: Number(k), factor: Number(factor) });
      this.train(Number(batches));
    }
    this.set(now);
    this.show();
    return true;
  }

  /** @param {How} how */
  set({ balance, k, factor }) {
    this.balance?.set(balance);
    this.each?.set(String(k));
    this.factor?.set(factor);
  }

  begin() {
    const seed = this.seed?.value() ?? 0;
    this.network = this.fixed ? moe.example() : moe.start(seed);
    this.random = random(seed + 1000);
    this.tokens = this.fixed ? moe.TOKENS : moe.draw(random(seed + 2000).uniform);
    this.done = 0;
    this.trained = [];
    this.show();
  }

  /** @param {number} batches */
  train(batches) {
    const balance = this.balance?.value();
    for (let n = 0; n < batches; n += 1) {
      if (!this.fixed) this.tokens = moe.draw(this.random.uniform);
      const settings = {
        k: this.k,
        alpha: balance === "loss" ? ALPHA : 0,
        gamma: balance === "bias" ? (this.fixed ? STEP : GAMMA) : 0,
        most: this.most,
      };
      const next = moe.learn(this.network, this.tokens, settings);
      this.network = this.fixed ? { ...this.network, bias: next.bias } : next;
    }
    this.done += batches;
    const last = this.trained.at(-1);
    if (last && told(last).join() === told(this.how()).join()) last.batches += batches;
    else this.trained.push({ batches, ...this.how() });
    this.show();
  }

  show() {
    for (const picture of this.pictures ?? []) picture.redraw();
    const { p, g, keep, y } = moe.forward(this.network, this.tokens, this.k, this.most);
    const counts = moe.loads(g);
    const held = keep.flat().filter(Boolean).length;
    const all = this.k * this.tokens.length;
    const error =
      this.tokens.reduce((sum, x, n) => sum + (y[n] - moe.zigzag(x)) ** 2, 0) / this.tokens.length;
    const mean = p[0].map((_, i) => p.reduce((sum, row) => sum + row[i], 0) / p.length);
    const unit = this.fixed ? Math.log(2) : 1;
    const rows = counts.map((count, i) => [
      `${i + 1}`,
      count,
      keep.filter((row) => row[i]).length,
      mean[i].toFixed(3),
      ui.fixed(this.network.bias[i] / unit, 2),
    ]);
    const bias = this.fixed ? "Bias / log 2" : "Bias";
    const head = ["Expert", "Tokens", "Kept", "Mean p", bias];
    ui.table(this.output, "The last batch", head, rows, true);
    const balance = moe.balanceLoss(g, p).toFixed(3);
    const still =
      this.fixed && this.done && this.balance?.value() === "none"
        ? " Nothing is learned in the example, and without balancing no border moves."
        : "";
    this.status(
      `After ${this.done} batch${this.done === 1 ? "" : "es"}: loads ${counts.join(", ")}; ${all - held} of ${all} dropped; squared error ${error.toFixed(3)}; balancing loss ${balance}.${still}`,
    );
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
