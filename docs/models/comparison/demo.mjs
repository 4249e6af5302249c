/** The stage of comparison.mjs: the reader sets samples of two classes beside each other. */

import * as ui from "../../assets/demos/ui.mjs";
import * as sums from "./comparison.mjs";
import { PASSES } from "./samples.mjs";

const REACH = 2.1;

/** @type {[string, string][]} */
const NAMES = [
  ["data", "data"],
  ["autoregressive", "autoregressive"],
  ["vae", "VAE"],
  ["gan", "GAN"],
  ["flow", "flow"],
  ["energy", "energy"],
  ["diffusion", "diffusion"],
  ["matching", "flow matching"],
];
const TITLES = Object.fromEntries(NAMES);

/** @type {{name: string, left: string, right: string, passes: number, see: string}[]} */
const PRESETS = [
  {
    name: "Against data",
    left: "data",
    right: "autoregressive",
    passes: 50,
    see: "150 points of the data and of the autoregressive model: nearly all lie in a circle. Choose other classes; the slider acts on energy, diffusion and flow matching.",
  },
  {
    name: "One pass",
    left: "vae",
    right: "gan",
    passes: 50,
    see: "VAE and GAN make a sample in one pass. Both find all modes, and both leave points between the circles.",
  },
  {
    name: "Five passes",
    left: "diffusion",
    right: "matching",
    passes: 5,
    see: "Five passes each: most points have found a circle. Move the slider to 2, then to 1.",
  },
  {
    name: "A hundred passes",
    left: "diffusion",
    right: "matching",
    passes: 100,
    see: "Twenty times the passes: with these 150 points diffusion gains a little and flow matching nothing; with all samples and seeds both gain 0.04. What is still missing, more passes do not give.",
  },
  {
    name: "A short walk",
    left: "energy",
    right: "flow",
    passes: 10,
    see: "Ten steps of the energy’s walk beside one pass of the flow. Set the slider to 1: less than half of the points of the walk are in a circle.",
  },
];

/**
 * @param {CanvasRenderingContext2D} g @param {ui.Size} size @param {ui.Colours} colours
 * @param {{name: string, x: number[][]}} now
 */
function draw(g, size, colours, { name, x }) {
  const scale = size.width / (2 * REACH);
  const place = (/** @type {number[]} */ [a, b]) => [
    size.width / 2 + a * scale,
    size.height - size.width / 2 - b * scale, // the name stands above the square
  ];
  g.strokeStyle = colours.muted;
  g.lineWidth = 1;
  for (const centre of sums.CENTRES) {
    const [a, b] = place(centre);
    g.beginPath();
    g.arc(a, b, 0.45 * scale, 0, 2 * Math.PI);
    g.stroke();
  }
  g.fillStyle = colours.series[0];
  const dot = size.width < 200 ? 2 : 3; // side by side on a phone
  for (const point of x) {
    const [a, b] = place(point);
    g.fillRect(a - dot / 2, b - dot / 2, dot, dot);
  }
  g.fillStyle = colours.ink;
  g.font = "13px sans-serif";
  g.fillText(TITLES[name], 8, 18);
}

class Stage {
  /** @param {HTMLElement} root */
  constructor(root) {
    const { stage, controls, buttons, status, output } = ui.frame(root);
    this.status = status;
    this.output = output;
    this.see = ui.presetsFirst(root, PRESETS, (preset) => this.load(preset));
    const sides = ["left", "right"];
    this.pictures = sides.map((side, n) =>
      ui.canvas(ui.element("div", { style: "flex: 1 1 9rem" }, stage), {
        width: 320,
        height: 352,
        label: `Samples of the class on the ${side}; circles are the modes of the data`,
        draw: (g, size, colours) =>
          draw(g, size, colours, { name: this.names()[n], x: this.samples(n) }),
      }),
    );
    const onInput = () => this.show();
    this.choices = sides.map((side, n) =>
      ui.select(controls, {
        label: `Class on the ${side}`,
        options: NAMES,
        value: n ? PRESETS[0].right : PRESETS[0].left,
        onInput,
      }),
    );
    this.seed = ui.select(controls, {
      label: "Seed",
      options: [
        ["0", "first"],
        ["1", "second"],
      ],
      value: "0",
      onInput,
    });
    this.passes = ui.slider(controls, {
      label: "Passes",
      min: 0,
      max: PASSES.length - 1,
      step: 1,
      value: PASSES.indexOf(PRESETS[0].passes),
      format: (value) => String(PASSES[value]),
      onInput,
    });
    ui.button(buttons, "Reset", () => this.load(PRESETS[0]));
    this.load(PRESETS[0]);
  }

  names() {
    return this.choices?.map((choice) => choice.value()) ?? [PRESETS[0].left, PRESETS[0].right];
  }

  chosen() {
    return {
      seed: Number(this.seed?.value() ?? 0),
      passes: PASSES[this.passes?.value() ?? PASSES.indexOf(PRESETS[0].passes)],
    };
  }

  /** @param {number} n */
  samples(n) {
    const { seed, passes } = this.chosen();
    return sums.samples(this.names()[n], seed, passes);
  }

  /** @param {{left: string, right: string, passes: number, see: string}} preset */
  load({ left, right, passes, see }) {
    this.choices?.[0].set(left);
    this.choices?.[1].set(right);
    this.seed?.set("0");
    this.passes?.set(PASSES.indexOf(passes));
    this.see.textContent = see;
    this.show();
  }

  show() {
    for (const picture of this.pictures) picture.redraw();
    const { seed, passes } = this.chosen();
    const told = [];
    const rows = [];
    for (const name of this.names()) {
      const [share, modes, precision, recall] = sums.measured(name, seed, passes);
      const after = sums.refines(name) ? `, ${passes} pass${passes === 1 ? "" : "es"}` : "";
      told.push(`${TITLES[name]}${after}: ${share.toFixed(2)} near a mode, ${modes} modes`);
      rows.push([
        TITLES[name] + after,
        share.toFixed(2),
        modes,
        precision.toFixed(2),
        recall.toFixed(2),
      ]);
    }
    const head = ["Class", "Near", "Modes", "Precision", "Recall"];
    ui.table(this.output, "150 samples each", head, rows);
    const idle = this.names().some(sums.refines) ? "" : " The passes change nothing here.";
    this.status(`${told.join("; ")}.${idle}`);
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
