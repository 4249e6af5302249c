/** The stage of efficient-attention.mjs: the reader sets a model and a text, and compares five forms. */

import * as ui from "../../assets/demos/ui.mjs";
import { forms, traffic } from "./efficient-attention.mjs";

/** @typedef {import("./efficient-attention.mjs").Settings} Settings */

const FORMS = ["MHA", "GQA", "MQA", "MLA", "GQA, window"]; // in the order of their rows
const TILE = 128; // rows of a tile in the last sentence, at most half of the text

/** @type {{name: string, settings: Settings, see: string}[]} */
const PRESETS = [
  {
    name: "The example",
    settings: { h: 4, g: 2, d: 2, c: 4, r: 2, n: 8, w: 4, layers: 1, batch: 1, number: 2 },
    see: "256, 128, 64 and 96 bytes; the window of 4 halves the 128 bytes of GQA. Lengthen the text: the window alone stays.",
  },
  {
    name: "Llama 3 8B",
    settings: {
      h: 32,
      g: 8,
      d: 128,
      c: 512,
      r: 64,
      n: 131072,
      w: 4096,
      layers: 32,
      batch: 1,
      number: 2,
    },
    see: "The model is GQA with 8 groups: 16 GiB at 131,072 tokens, where MHA would keep 64. Its weights at two bytes are about as large.",
  },
  {
    name: "Mistral 7B",
    settings: {
      h: 32,
      g: 8,
      d: 128,
      c: 512,
      r: 64,
      n: 32768,
      w: 4096,
      layers: 32,
      batch: 1,
      number: 2,
    },
    see: "The model is GQA with a window: 512 MiB, whatever the length. Without its window it would keep 4 GiB here.",
  },
  {
    name: "DeepSeek-V3",
    settings: {
      h: 128,
      g: 8,
      d: 128,
      c: 512,
      r: 64,
      n: 131072,
      w: 4096,
      layers: 61,
      batch: 1,
      number: 2,
    },
    see: "The model is MLA: 576 numbers a token and 242 operations a byte. MHA with its 128 heads would keep 57 times as much.",
  },
  {
    name: "gpt-oss-120b",
    settings: {
      h: 64,
      g: 8,
      d: 64,
      c: 512,
      r: 64,
      n: 131072,
      w: 128,
      layers: 18,
      batch: 1,
      number: 2,
    },
    see: "Half of the 36 layers have a window of 128, half see everything: add the rows GQA and window, 4.5 GiB and 4.5 MiB.",
  },
];

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** @param {number} bytes @returns {string} */
function size(bytes) {
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number(value.toPrecision(4)).toLocaleString("en")} ${UNITS[unit]}`;
}

/** @param {number} value @returns {string} with the words of thousands */
function many(value) {
  const names = ["", " thousand", " million", " billion", " trillion"];
  let [small, place] = [value, 0];
  while (small >= 9999.5 && place < names.length - 1) {
    small /= 1000;
    place += 1;
  }
  return `${Number(small.toPrecision(4)).toLocaleString("en")}${names[place]}`;
}

/** @param {number} value @returns {string} */
const power = (value) => (2 ** value).toLocaleString("en");

/** The sliders: key, label, least and greatest; `log` counts in powers of two. */
/** @type {[keyof Settings, string, number, number, boolean][]} */
const SLIDERS = [
  ["n", "Tokens", 3, 20, true],
  ["batch", "Texts at once", 0, 8, true],
  ["w", "Window", 0, 16, true],
  ["h", "Query heads", 0, 7, true],
  ["g", "Groups", 0, 7, true],
  ["d", "Width of a head", 1, 8, true],
  ["c", "Latent width", 1, 10, true],
  ["r", "Rotated key", 1, 7, true],
  ["layers", "Layers", 1, 128, false],
];

class Stage {
  /** @param {HTMLElement} root */
  constructor(root) {
    const { stage, controls, buttons, status, output } = ui.frame(root);
    this.status = status;
    this.output = output;
    this.settings = { ...PRESETS[0].settings };
    this.see = ui.presetsFirst(root, PRESETS, (preset) => this.load(preset));
    this.bars = ui.canvas(stage, {
      width: 640,
      height: 130,
      label: "Bytes of the cache of each form, as bars",
      draw: (g, area, colours) => this.drawBars(g, area, colours),
    });
    /** @type {Map<keyof Settings, (value: number) => void>} */
    this.setters = new Map();
    controls.style.gridTemplateColumns = "repeat(auto-fit, minmax(200px, 1fr))";
    this.slidersOn(controls);
    this.number = ui.select(controls, {
      label: "Bytes a number",
      options: [
        ["1", "1"],
        ["2", "2"],
        ["4", "4"],
      ],
      value: "2",
      onInput: (value) => this.change("number", Number(value)),
    });
    ui.button(buttons, "Reset", () => this.load(PRESETS[0]));
    controls.append(buttons);
    this.load(PRESETS[0]);
  }

  /** @param {Element} controls */
  slidersOn(controls) {
    for (const [key, label, min, max, log] of SLIDERS) {
      const value = this.settings[key];
      const slider = ui.slider(controls, {
        label,
        min,
        max,
        step: 1,
        value: log ? Math.log2(value) : value,
        format: log ? power : String,
        onInput: (next) => this.change(key, log ? 2 ** next : next),
      });
      this.setters.set(key, (next) => slider.set(log ? Math.log2(next) : next));
    }
  }

  /** @param {keyof Settings} key @param {number} value groups never outnumber heads */
  change(key, value) {
    const next = { ...this.settings, [key]: value };
    if (next.g > next.h) {
      const other = key === "g" ? "h" : "g";
      next[other] = value;
      this.setters.get(other)?.(value);
    }
    this.settings = next;
    this.show();
  }

  /** @param {typeof PRESETS[number]} preset */
  load({ settings, see }) {
    this.settings = { ...settings };
    for (const [key, set] of this.setters) set(settings[key]);
    this.number?.set(String(settings.number));
    this.see.textContent = see;
    this.show();
  }

  /**
   * @param {CanvasRenderingContext2D} g @param {import("../../assets/demos/ui.mjs").Size} area
   * @param {import("../../assets/demos/ui.mjs").Colours} colours
   */
  drawBars(g, area, colours) {
    const rows = forms(this.settings);
    const bytes = rows.map((row) => row[1]);
    const most = Math.max(...bytes);
    const [left, right, high] = [96, 104, area.height / rows.length];
    g.font = "13px sans-serif";
    g.textBaseline = "middle";
    rows.forEach((row, n) => {
      const y = high * (n + 0.5);
      const long = (row[1] / most) * (area.width - left - right);
      g.fillStyle = colours.series[n === 4 ? 1 : 0];
      g.globalAlpha = 0.6;
      g.fillRect(left, y - high * 0.32, long, high * 0.64);
      g.globalAlpha = 1;
      g.fillStyle = colours.ink;
      g.textAlign = "right";
      g.fillText(FORMS[n], left - 8, y);
      g.textAlign = "left";
      g.fillText(size(row[1]), left + long + 6, y);
    });
  }

  show() {
    const rows = forms(this.settings);
    this.bars?.redraw();
    const head = ["Form", "Kept", "Cache", "Operations", "A byte"];
    const cells = rows.map(([kept, bytes, operations, rate], n) => [
      FORMS[n],
      kept.toLocaleString("en"),
      size(bytes),
      many(operations),
      Number(rate.toPrecision(3)),
    ]);
    ui.table(this.output, "One more token: numbers kept, bytes read, operations", head, cells);
    for (const cell of this.output.querySelectorAll("th, td")) {
      if (cell instanceof HTMLElement) cell.style.cssText = "min-width: 0";
    }
    const { n, d, number } = this.settings;
    const rowsOfTile = Math.min(TILE, n / 2);
    const [out, tiles] = traffic(n, d, rowsOfTile);
    this.status(
      `GQA keeps ${size(rows[1][1])}, MLA ${size(rows[3][1])}, a window ${size(rows[4][1])}. ` +
        `Reading the text at once, one head moves ${size(out * number)} with scores written out, ` +
        `${size(tiles * number)} in tiles of ${rowsOfTile}.`,
    );
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
