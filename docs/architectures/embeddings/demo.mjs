/** The stage of embeddings.mjs: the reader moves the state and the temperature, or lets gradient descent step. */

import * as ui from "../../assets/demos/ui.mjs";
import { at, drawBars, drawPlane, place, REACH } from "./draw.mjs";
import * as sums from "./embeddings.mjs";

/** What is predicted: the names, their rows, the shares that are wanted, and who wants them. */
const KINDS = {
  neighbours: { names: sums.NEIGHBOURS, table: sums.U, share: [0.4, 0.1, 0.4, 0.1] },
  words: { names: sums.WORDS, table: sums.W, share: [0.5, 0, 0, 0.5] },
};

/** @type {{name: string, h: number[], t: number, kind: keyof typeof KINDS, see: string}[]} */
const PRESETS = [
  {
    name: "The word king",
    h: [1, 1],
    t: 1,
    kind: "neighbours",
    see: "The row of king as state: crown and he get 0.4 each, as counted. Drag the state to the place of another word.",
  },
  {
    name: "Colder",
    h: [1, 1],
    t: 0.5,
    kind: "neighbours",
    see: "T = 0.5 sharpens: 0.47 and 0.03. Make T large, and all four come near 0.25.",
  },
  {
    name: "From zero",
    h: [0, 0],
    t: 1,
    kind: "neighbours",
    see: "All four have 0.25. Press One step: the state goes to (0.21, 0.21), and more steps take it to king.",
  },
  {
    name: "King or woman",
    h: [0, 0],
    t: 1,
    kind: "words",
    see: "Now words are predicted, king or woman, each one half. No place and no T brings the loss below 1.386; the best would be 0.693.",
  },
  {
    name: "Crown, she",
    h: [0.347, -0.347],
    t: 1,
    kind: "words",
    see: "The mean of the rows of crown and she. Its cosine with queen is 1, whatever its length.",
  },
];

class Stage {
  /** @param {HTMLElement} root */
  constructor(root) {
    const { stage, controls, buttons, status, output } = ui.frame(root);
    this.status = status;
    this.output = output;
    this.see = ui.presetsFirst(root, PRESETS, (preset) => this.load(preset));
    this.plane = this.planeOn(stage);
    this.bars = ui.canvas(stage, {
      width: 340,
      height: 220,
      label: "The four probabilities as bars, each with the share that is wanted",
      draw: (g, size, colours) => drawBars(g, size, colours, this.now()),
    });
    this.settingsOn(controls);
    ui.button(buttons, "One step", () => this.descend(1));
    ui.button(buttons, "Ten steps", () => this.descend(10));
    ui.button(buttons, "Reset", () => this.load(PRESETS[0]));
    this.load(PRESETS[0]);
  }

  /** @param {Element} stage */
  planeOn(stage) {
    const plane = ui.canvas(stage, {
      width: 260,
      height: 260,
      label: "Plane with words, neighbours and the state; drag the state or use the arrow keys",
      draw: (g, size, colours) => drawPlane(g, size, colours, this.now().h),
      grips: () => [at(this.now().h, plane.size.width)],
      onPointer: ({ x, y, kind }) => this.move(place([x, y], plane.size.width), kind !== "up"),
      onKey: (key) => {
        const by = ui.arrow(key);
        const { h } = this.now();
        if (by) this.move([h[0] + by[0] / 4, h[1] + by[1] / 4]);
        return Boolean(by);
      },
    });
    return plane;
  }

  /** @param {Element} controls */
  settingsOn(controls) {
    const onInput = () => this.show();
    this.kind = ui.select(controls, {
      label: "Predicted",
      options: [
        ["neighbours", "what stands beside king"],
        ["words", "king or woman"],
      ],
      value: PRESETS[0].kind,
      onInput,
    });
    this.t = ui.slider(controls, {
      label: "Temperature T",
      min: 0.1,
      max: 4,
      step: 0.1,
      value: PRESETS[0].t,
      format: (value) => value.toFixed(1),
      onInput,
    });
    this.h = ["first", "second"].map((which, e) =>
      ui.slider(controls, {
        label: `State, ${which} number`,
        min: -REACH,
        max: REACH,
        step: 0.001,
        value: PRESETS[0].h[e],
        format: (value) => ui.fixed(value, 2),
        onInput,
      }),
    );
  }

  /** @param {typeof PRESETS[number]} preset */
  load({ h, t, kind, see }) {
    this.kind?.set(kind);
    this.t?.set(t);
    this.see.textContent = see;
    this.move(h);
  }

  now() {
    const h = this.h?.map((slider) => slider.value()) ?? PRESETS[0].h;
    const t = this.t?.value() ?? PRESETS[0].t;
    const kind = /** @type {keyof typeof KINDS} */ (this.kind?.value() ?? PRESETS[0].kind);
    const { names, table, share } = KINDS[kind];
    return { h, t, names, table, share, p: sums.probabilities(h, table, t) };
  }

  /** @param {number[]} h */
  move(h, quiet = false) {
    for (const [e, value] of h.entries()) {
      this.h?.[e].set(Math.min(REACH, Math.max(-REACH, value)));
    }
    this.show(quiet);
  }

  /** @param {number} times */
  descend(times) {
    const { t, table, share } = this.now();
    let { h } = this.now();
    for (let n = 0; n < times; n += 1) h = sums.step(h, table, t, share);
    this.move(h);
  }

  show(quiet = false) {
    const { h, t, names, table, share, p } = this.now();
    this.plane.redraw();
    this.bars.redraw();
    const z = sums.logits(h, table);
    const near = sums.cosines(h, table);
    const rows = names.map((name, v) => [
      name,
      ui.fixed(z[v], 2),
      ui.fixed(p[v], 3),
      ui.fixed(share[v], 1),
      ui.fixed(near[v], 2),
    ]);
    const head = ["Entry", "Logit", "Probability", "Wanted", "Cosine"];
    ui.table(this.output, "The four entries", head, rows);
    const told = names.map((name, v) => `${name} ${ui.fixed(p[v], 2)}`).join(", ");
    const now = ui.fixed(sums.loss(h, table, t, share), 3);
    const best = ui.fixed(sums.entropy(share), 3);
    const place = h.map((value) => ui.fixed(value, 2)).join(", ");
    this.status(
      `State (${place}), T = ${ui.fixed(t, 1)}: ${told}. Loss ${now}, at best ${best}.`,
      quiet,
    );
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
