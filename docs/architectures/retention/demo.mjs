/** The stage of retention.mjs: the reader sets decay, chunk, keys and values of four tokens, and sees three forms agree. */

import * as ui from "../../assets/demos/ui.mjs";
import { halfLife, run } from "./retention.mjs";

/** @typedef {{gamma: number, size: number, value: number, same: boolean, replace: boolean}} Settings */

const QUERIES = [
  [1, 0],
  [1, 0],
  [0, 1],
  [1, 2],
];
const SAME = [1, 0]; // the key of tokens 1 and 3
const OTHER = [0, 1];

/** @type {{name: string, settings: Settings, see: string}[]} */
const PRESETS = [
  {
    name: "The example",
    settings: { gamma: 0.5, size: 2, value: 6, same: true, replace: false },
    see: "The numbers of the page: three forms, the same outputs 8, 4, 2, 8. Change the chunk: nothing changes.",
  },
  {
    name: "Nothing fades",
    settings: { gamma: 1, size: 2, value: 6, same: true, replace: false },
    see: "With a decay of 1 all that was read is there in full: the state ends at (14, 5), and old and new are one sum.",
  },
  {
    name: "Fast decay",
    settings: { gamma: 0.0625, size: 2, value: 6, same: true, replace: false },
    see: "A decay of 1/16: outputs 8, 0.5, 0.25, 2.408. What is one token old counts 1/16, what is two old 1/256.",
  },
  {
    name: "RetNet, head 1",
    settings: { gamma: 0.96875, size: 2, value: 6, same: true, replace: false },
    see: "31/32, a half-life of 21.8 tokens: over four tokens nearly nothing is forgotten.",
  },
  {
    name: "Delta rule",
    settings: { gamma: 0.5, size: 2, value: 6, same: true, replace: true },
    see: "Token 3 takes away the 2 that its key still gives and adds 4, so the first number is 6, not 8; the last output is 5.",
  },
];

const short = (/** @type {number} */ x) => ui.short(x, 3);

class Stage {
  /** @param {HTMLElement} root */
  constructor(root) {
    const { stage, controls, buttons, status, output } = ui.frame(root);
    this.status = status;
    this.output = output;
    this.settings = { ...PRESETS[0].settings };
    this.see = ui.presetsFirst(root, PRESETS, (preset) => this.load(preset));
    this.cells = ui.canvas(stage, {
      width: 640,
      height: 220,
      label: "Weights of four tokens as cells, and the state after each as bars",
      draw: (g, area, colours) => this.drawCells(g, area, colours),
    });
    controls.style.gridTemplateColumns = "repeat(auto-fit, minmax(200px, 1fr))";
    this.gamma = ui.slider(controls, {
      label: "Decay",
      min: 0,
      max: 32,
      step: 1,
      value: 16,
      format: (x) => short(x / 32),
      onInput: (x) => this.change({ gamma: x / 32 }),
    });
    this.size = ui.slider(controls, {
      label: "Tokens of a chunk",
      min: 1,
      max: 4,
      step: 1,
      value: 2,
      format: String,
      onInput: (size) => this.change({ size }),
    });
    this.value = ui.slider(controls, {
      label: "Value of token 3",
      min: -8,
      max: 8,
      step: 1,
      value: 6,
      format: short,
      onInput: (value) => this.change({ value }),
    });
    this.same = ui.select(controls, {
      label: "Key 3",
      options: [
        ["same", "(1, 0)"],
        ["other", "(0, 1)"],
      ],
      value: "same",
      onInput: (value) => this.change({ same: value === "same" }),
    });
    this.rule = ui.toggle(controls, {
      label: "Tokens replace",
      value: false,
      onInput: (replace) => this.change({ replace }),
    });
    ui.button(buttons, "Reset", () => this.load(PRESETS[0]));
    controls.append(buttons);
    this.load(PRESETS[0]);
  }

  /** @param {Partial<Settings>} some */
  change(some) {
    this.settings = { ...this.settings, ...some };
    this.show();
  }

  /** @param {typeof PRESETS[number]} preset */
  load({ settings, see }) {
    this.settings = { ...settings };
    this.gamma?.set(settings.gamma * 32);
    this.size?.set(settings.size);
    this.value?.set(settings.value);
    this.same?.set(settings.same ? "same" : "other");
    this.rule?.set(settings.replace);
    this.see.textContent = see;
    this.show();
  }

  text() {
    const { gamma, size, value, same, replace } = this.settings;
    const k = [SAME, OTHER, same ? SAME : OTHER, OTHER];
    return { q: QUERIES, k, v: [8, 4, value, 1], gamma, size, replace };
  }

  /**
   * @param {CanvasRenderingContext2D} g @param {import("../../assets/demos/ui.mjs").Size} area
   * @param {import("../../assets/demos/ui.mjs").Colours} colours
   */
  drawCells(g, area, colours) {
    const { weights, states } = run(this.text());
    const half = area.width / 2;
    const [top, left, w, h] = [26, 20, (half - 28) / 4, (area.height - 32) / 4];
    g.font = `${area.width < 400 ? 11 : 13}px sans-serif`;
    g.textBaseline = "middle";
    g.textAlign = "center";
    g.fillStyle = colours.ink;
    g.fillText("score × decay", left + 2 * w, 11);
    g.fillText("state after each token", half + (half - 20) / 2, 11);
    const most = Math.max(0.001, ...weights.flat().map(Math.abs));
    const long = Math.max(0.001, ...states.flat().map(Math.abs));
    const room = (half - 130) / 2;
    weights.forEach((row, n) => {
      const y = top + h * (n + 0.5);
      g.textAlign = "right";
      g.fillStyle = colours.ink;
      g.fillText(String(n + 1), left - 6, y);
      g.textAlign = "center";
      row.slice(0, n + 1).forEach((x, m) => {
        g.globalAlpha = (0.6 * Math.abs(x)) / most;
        g.fillStyle = colours.series[x < 0 ? 1 : 0];
        g.fillRect(left + w * m + 1, y - h / 2 + 1, w - 2, h - 2);
        g.globalAlpha = 1;
        g.fillStyle = colours.ink;
        g.fillText(short(x), left + w * (m + 0.5), y);
      });
      states[n].forEach((x, i) => {
        const at = half + 20 + i * (half / 2 - 6);
        const wide = (Math.abs(x) / long) * room;
        g.globalAlpha = 0.6;
        g.fillStyle = colours.series[x < 0 ? 1 : 2];
        g.fillRect(at, y - h * 0.32, wide, h * 0.64);
        g.globalAlpha = 1;
        g.fillStyle = colours.ink;
        g.textAlign = "left";
        g.fillText(short(x), at + wide + 4, y);
        g.textAlign = "center";
      });
    });
  }

  show() {
    const text = this.text();
    const { news, states, parallel, recurrent, chunkwise } = run(text);
    this.cells?.redraw();
    const head = ["Token", "Adds", "State", "Parallel", "Recurrent", "Chunkwise"];
    const cells = news.map((x, n) => [
      String(n + 1),
      short(x),
      `(${states[n].map(short).join(", ")})`,
      short(parallel[n]),
      short(recurrent[n]),
      short(chunkwise[n]),
    ]);
    ui.table(this.output, "What each token adds, the state after it, and its output", head, cells);
    for (const cell of this.output.querySelectorAll("th, td")) {
      if (cell instanceof HTMLElement) cell.style.cssText = "min-width: 0";
    }
    const life = text.gamma > 0 ? halfLife(text.gamma) : 0;
    const fades = life === Infinity ? "nothing fades" : `half-life in tokens: ${short(life)}`;
    this.status(
      `Outputs ${parallel.map(short).join(", ")} in all three forms; the state ends at (${states[3]
        .map(short)
        .join(", ")}); ${fades}.`,
    );
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
