/** The stage of calculators.mjs: the reader chooses a model, a machine and a use, and reads what they cost. */

import { keep } from "../../assets/demos/state.mjs";
import * as ui from "../../assets/demos/ui.mjs";
import * as calc from "./calculators.mjs";
import { drawMemory } from "./draw.mjs";

/** @typedef {import("./calculators.mjs").Model} Model */
/** @typedef {{name: string, which: string, gpu: string, gpus: number, format: string, tokens: number, batch: number, trained: number, mfu: number, hourly: number, see: string}} Preset */

/** @type {Record<string, [string, number]>} what the reader may change: its name, and the most */
const FIELDS = {
  layers: ["Layers", 999],
  width: ["Width", 99999],
  heads: ["Query heads", 999],
  kv_heads: ["KV heads", 999],
  inner: ["Inner width", 999999],
  expert_inner: ["Expert’s inner width", 999999],
  vocabulary: ["Vocabulary", 999999],
  experts: ["Experts", 9999],
  used: ["Experts a token", 999],
};

/** @param {Model} m @param {string} key @returns {boolean} whether a setting of a complete model has an effect */
function matters(m, key) {
  if (key === "inner") return m.dense > 0;
  if (key === "kv_heads") return !m.latent && m.kind !== "retnet";
  return Boolean(m[key]);
}

/** @type {Model} */
const EXAMPLE = {
  name: "The example",
  layers: 2,
  width: 4,
  heads: 2,
  kv_heads: 1,
  inner: 8,
  gated: true,
  vocabulary: 10,
};
const TOY = { name: "Toy, 10⁶ a second", peak: 1e6, bandwidth: 1e6, memory: 1e4 };

/** @type {Record<string, [string, number, number]>} name, bits, parameters that share a scale */
const FORMATS = {
  fp32: ["fp32", 32, 0],
  bf16: ["bf16", 16, 0],
  int8: ["int8", 8, 0],
  int4: ["int4, groups of 128", 4, 128],
};
const SHARED = { gpu: "H100 80 GB", mfu: 40, hourly: 2, trained: 56, batch: 1 };

/** @param {number} n a place of the slider @returns {number} tokens: 1, 1.5, 2, 3, 5 and 7 thousand, and so on */
const trained = (n) => [1, 1.5, 2, 3, 5, 7][n % 6] * 10 ** (3 + Math.floor(n / 6));

/** @type {Preset[]} */
const PRESETS = [
  {
    ...SHARED,
    name: "The example",
    which: EXAMPLE.name,
    gpu: TOY.name,
    gpus: 1,
    format: "bf16",
    tokens: 3,
    trained: 0,
    hourly: 3.6,
    see: "388 parameters, 776 bytes. Press “Costs”: 912 operations for the eighth token, 6.84 s for training on 1,000 tokens.",
  },
  {
    ...SHARED,
    name: "70B",
    which: "Llama 3 70B",
    gpus: 2,
    format: "bf16",
    tokens: 13,
    see: "282 GB, 141 GB, 71 GB or 36 GB. In 16 bits two GPUs of 80 GB hold the weights; change the format.",
  },
  {
    ...SHARED,
    name: "128k",
    which: "Llama 3 70B",
    gpus: 4,
    format: "bf16",
    tokens: 17,
    batch: 4,
    see: "One text of Llama 3.1, of this shape, keeps 43 GB, four more than the weights take. Choose Mistral 7B, then DeepSeek-V3.",
  },
  {
    ...SHARED,
    name: "Training",
    which: "Llama 2 70B",
    gpu: "A100 80 GB",
    gpus: 2000,
    format: "bf16",
    tokens: 12,
    see: "Two trillion tokens on A100s, 40 % of their peak used: about two million hours. Change MFU, then the GPU.",
  },
  {
    ...SHARED,
    name: "Experts",
    which: "DeepSeek-V3",
    gpus: 16,
    format: "int8",
    tokens: 13,
    batch: 64,
    see: "671 billion parameters, an eighteenth of them multiply a token. Press “Costs”, then change the texts at once.",
  },
];

/** @param {number} value @param {string[]} units @param {number} base @returns {string} three digits and a unit */
function scaled(value, units, base = 1000) {
  let at = 0;
  let left = value;
  while (left >= base && at < units.length - 1) {
    left /= base;
    at += 1;
  }
  const digits = at === 0 && Number.isInteger(left) ? 0 : left < 10 ? 2 : left < 100 ? 1 : 0;
  return `${left.toFixed(digits)}${units[at]}`;
}

const bytes = (/** @type {number} */ n) => scaled(n, [" B", " kB", " MB", " GB", " TB"]);
const counted = (/** @type {number} */ n) => scaled(n, ["", " k", " M", " bn", " tn"]);
const plain = (/** @type {number} */ n) => (n < 1000 ? n.toPrecision(3) : counted(n));

/** @param {number} n @returns {string} operations, as a power of ten if they are many */
function worked(n) {
  if (n < 1e6) return Math.round(n).toLocaleString("en");
  const [digits, power] = n.toExponential(2).split("e+");
  return `${digits} · 10${[...power].map((one) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[+one]).join("")}`;
}

const short = (/** @type {number} */ n) => (n < 1e5 ? n.toLocaleString("en") : counted(n));

/** @param {number} n @returns {string} hours, or seconds if they are few */
function time(n) {
  if (n < 1) return `${(n * 3600).toPrecision(3)} s`;
  return `${counted(n)} h`;
}

class Stage {
  /** @param {HTMLElement} root @param {Record<string, Model[]>} data */
  constructor(root, data) {
    const { stage, controls, buttons, status, output } = ui.frame(root);
    this.status = status;
    this.models = [EXAMPLE, ...data.model];
    this.gpus = [TOY, ...data.gpu];
    this.see = ui.presetsFirst(root, PRESETS, (preset) => this.load(preset));
    this.picture = ui.canvas(stage, {
      width: 640,
      height: 84,
      label: "Memory: weights and caches of all texts, against the memory of the GPUs",
      draw: (g, size, colours) => {
        if (this.batch) drawMemory(g, size, colours, this.memory());
      },
    });
    this.choicesOn(controls);
    buttons.remove();
    this.parts = [ui.element("div"), ui.element("div")]; // what belongs to memory, and to costs
    controls.after(...this.parts);
    const [own, run] = this.parts.map((part) =>
      ui.element("div", { class: "demo-controls" }, part),
    );
    this.numbersOn(own);
    this.runOn(run);
    this.tables = this.parts.map(() => ui.element("div", {}, output));
    const list = root.querySelector('[aria-label="Presets"]') ?? root;
    ui.button(list, "Reset", () => this.load(PRESETS[0]));
    this.turn = ui.button(list, "Costs", () => this.view(!this.costly), "Memory");
    keep(root, "view", {
      read: () => (this.costly ? "costs" : "memory"),
      write: (text) => {
        if (text !== "costs" && text !== "memory") return false;
        this.view(text === "costs");
        return true;
      },
    });
    this.load(PRESETS[0]);
  }

  /** @param {HTMLElement} controls */
  choicesOn(controls) {
    const onInput = () => this.show();
    this.which = ui.select(controls, {
      label: "Which model",
      options: this.models.map(({ name }) => [name, name]),
      value: EXAMPLE.name,
      onInput: () => this.take(),
    });
    this.format = ui.select(controls, {
      label: "Format",
      options: Object.entries(FORMATS).map(([key, [text]]) => [key, text]),
      value: "bf16",
      onInput,
    });
    this.tokens = this.slide(controls, "Tokens of a text", [0, 20, 1, 3], (n) =>
      (2 ** n).toLocaleString("en"),
    );
    this.batch = this.count(controls, "Texts at once", 1, 9999);
  }

  /** @param {HTMLElement} controls */
  runOn(controls) {
    this.gpu = ui.select(controls, {
      label: "GPU",
      options: this.gpus.map(({ name }) => [name, name]),
      value: TOY.name,
      onInput: () => this.show(),
    });
    this.many = this.count(controls, "GPUs", 1, 99999);
    this.trained = this.slide(controls, "Training tokens", [0, 66, 1, 0], (n) =>
      counted(trained(n)),
    );
    this.mfu = this.slide(controls, "MFU", [5, 100, 1, 40], (n) => `${n} %`);
    this.hourly = this.slide(controls, "Price of a GPU hour", [0.1, 10, 0.1, 3.6], (n) =>
      n.toFixed(2),
    );
  }

  /** @param {boolean} costly whether work and price are shown in place of model and memory */
  view(costly) {
    this.costly = costly;
    for (const [n, part] of (this.parts ?? []).entries()) part.hidden = costly !== Boolean(n);
    for (const [n, table] of (this.tables ?? []).entries()) table.hidden = costly !== Boolean(n);
    if (this.turn) this.turn.textContent = costly ? "Memory" : "Costs";
  }

  /** @param {HTMLElement} controls */
  numbersOn(controls) {
    this.fields = Object.entries(FIELDS).map(
      ([key, [label, max]]) =>
        /** @type {[string, ReturnType<typeof ui.number>]} */ ([
          key,
          this.count(controls, label, EXAMPLE[key] ?? 1, max),
        ]),
    );
  }

  /**
   * @param {HTMLElement} controls @param {string} label
   * @param {[number, number, number, number]} range least, most, step, value
   * @param {(value: number) => string} format
   */
  slide(controls, label, [min, max, step, value], format) {
    const onInput = () => this.show();
    return ui.slider(controls, { label, min, max, step, value, format, onInput });
  }

  /** @param {HTMLElement} controls @param {string} label @param {number} value @param {number} max */
  count(controls, label, value, max) {
    return ui.number(controls, { label, value, min: 1, max, onInput: () => this.show() });
  }

  /** @returns {Model} the chosen entry of the data */
  get entry() {
    return this.models.find(({ name }) => name === this.which?.value()) ?? EXAMPLE;
  }

  get reads() {
    return !["dit", "unet"].includes(this.entry.kind ?? "");
  }

  /** @returns {Model} with what the reader has changed */
  get model() {
    if (!this.reads) return this.entry;
    const m = calc.complete(this.entry);
    const changed = Object.fromEntries(
      (this.fields ?? [])
        .filter(([key]) => matters(m, key))
        .map(([key, field]) => [key, field.value()]),
    );
    return calc.changed(m, changed);
  }

  /** The settings of the chosen model into their fields; what has no effect is not shown. */
  take() {
    const m = this.reads ? calc.complete(this.entry) : {};
    for (const [key, field] of this.fields ?? []) {
      const idle = !this.reads || !matters(m, key);
      field.input.disabled = idle;
      const box = field.input.parentElement;
      if (box) box.style.display = idle ? "none" : "";
      field.set(m[key] || 1); // what the fields start with
    }
    this.show();
  }

  /** @param {Preset} preset */
  load(preset) {
    this.which?.set(preset.which);
    this.format?.set(preset.format);
    this.gpu?.set(preset.gpu);
    this.tokens?.set(preset.tokens);
    this.trained?.set(preset.trained);
    this.mfu?.set(preset.mfu);
    this.hourly?.set(preset.hourly);
    this.batch?.set(preset.batch);
    this.many?.set(preset.gpus);
    this.see.textContent = preset.see;
    this.view(preset.name === "Training");
    this.take();
  }

  /** @returns {import("./draw.mjs").Memory} */
  memory() {
    const gpu = this.gpus.find(({ name }) => name === this.gpu?.value()) ?? TOY;
    const [, bits, group] = FORMATS[this.format?.value() ?? "bf16"];
    const m = this.model;
    const texts = this.batch?.value() ?? 1;
    const kept = this.reads ? calc.cache(m, 2 ** (this.tokens?.value() ?? 0)) : 0;
    return {
      weights: calc.weights(this.total(), bits, group),
      caches: texts * kept,
      card: gpu.memory,
      cards: this.many?.value() ?? 1,
      write: bytes,
    };
  }

  total() {
    const m = this.model;
    if (m.kind === "unet") return calc.unet(m);
    return m.kind === "dit" ? calc.dit(m).total : calc.parameters(m).total;
  }

  show() {
    if (!this.tables) return; // not all controls are there
    const held = this.model;
    for (const [key, field] of this.fields ?? [])
      if (this.reads && matters(held, key) && field.value() !== held[key]) field.set(held[key]);
    this.picture?.redraw();
    const { weights, caches, card, cards } = this.memory();
    const n = this.total();
    const rows = Object.values(FORMATS).map(([name, bits, group]) => [
      `Weights, ${name}`,
      bytes(calc.weights(n, bits, group)),
    ]);
    const [memory, costs] = this.tables ?? [];
    ui.table(
      memory,
      "Model and memory",
      ["Model and memory", "Value"],
      [
        ["Parameters", short(n)],
        ...rows,
        ["Cache of one text", this.reads ? bytes(caches / (this.batch?.value() ?? 1)) : "–"],
        ["Training, 16 B each", bytes(calc.states(n, "mixed"))],
      ],
    );
    ui.table(costs, "Work, time and price", ["Work, time and price", "Value"], this.costs());
    for (const part of [memory, costs]) part.querySelector("caption")?.remove(); // the head says it
    const fits = weights + caches <= card * cards;
    this.status(
      `${this.entry.name}: weights ${bytes(weights)}, caches ${bytes(caches)}; ${bytes(card * cards)} of ${cards} GPU${cards === 1 ? "" : "s"} ${fits ? "hold them" : "do not hold them"}.`,
    );
  }

  /** @returns {[string, string][]} */
  costs() {
    if (!this.reads) return [["Operations for a token", "–"]];
    const m = this.model;
    const length = 2 ** (this.tokens?.value() ?? 0);
    const gpu = this.gpus.find(({ name }) => name === this.gpu?.value()) ?? TOY;
    const cards = this.many?.value() ?? 1;
    const texts = this.batch?.value() ?? 1;
    const hourly = this.hourly?.value() ?? 1;
    const mfu = (this.mfu?.value() ?? 40) / 100;
    const work = calc.training(m, trained(this.trained?.value() ?? 0), length);
    const spent = calc.hours(work, gpu.peak, mfu);
    const [, bits, group] = FORMATS[this.format?.value() ?? "bf16"];
    const seconds = calc.step(m, gpu, cards, calc.weights(1, bits, group), texts, length);
    const first = calc.hours(calc.forward(m, length), gpu.peak * cards, mfu);
    return [
      ["Parameters that multiply", short(calc.parameters(m).multiplied)],
      ["Last token, operations", worked(calc.forward(m, 1, length - 1))],
      ["Reading a text", time(first)],
      ["Tokens a second, at most", plain(texts / seconds)],
      ["A million tokens, at least", plain(calc.price(seconds, cards, texts, hourly))],
      ["Training, operations", worked(work)],
      ["Training on one GPU", time(spent)],
      [`On ${cards} GPU${cards === 1 ? "" : "s"}`, time(spent / cards)],
      ["Price of training", plain(spent * hourly)],
    ];
  }
}

/** @param {HTMLElement} root */
export async function mount(root) {
  const answer = await fetch(new URL("models.toml", import.meta.url));
  if (!answer.ok) throw new Error(`the data of the models answered ${answer.status}`);
  new Stage(root, calc.entries(await answer.text()));
}
