/** The stage of encoder-decoder.mjs: the reader writes a sentence, and sets the beam and the exponent. */

import { atOnce } from "../../assets/demos/starter.mjs";
import * as ui from "../../assets/demos/ui.mjs";
import { drawCross, drawMasks } from "./draw.mjs";
import { look, masks, score, search } from "./encoder-decoder.mjs";

/** @typedef {import("../../assets/demos/weights.mjs").Weights} Weights */

const LONGEST = 8; // words
const WIDEST = 5;

/** @type {{name: string, text: string, k: number, alpha: number, see: string}[]} */
const PRESETS = [
  {
    name: "The example",
    text: "red cat sleeps",
    k: 2,
    alpha: 0,
    see: "zum wins with 0.41. In head 1, the row “mi › tok” looks at red: the adjective is fetched behind its noun.",
  },
  {
    name: "Greedy",
    text: "red cat sleeps",
    k: 1,
    alpha: 0,
    see: "One beginning is kept: ga, 0.59, is taken, and the text ends at 0.30. Move the beam to 2.",
  },
  {
    name: "Two phrases",
    text: "red cat sees small dog",
    k: 2,
    alpha: 0,
    see: "mi looks for its adjective at red, ra at small. The second beginning has hardly any probability.",
  },
  {
    name: "Divided by length",
    text: "cat sleeps",
    k: 3,
    alpha: 1.5,
    see: "The longer text has 0.30, the shorter 0.41, and the longer wins. Lower the exponent to 1.",
  },
  {
    name: "No object",
    text: "cat sees",
    k: 2,
    alpha: 0,
    see: "There is no right translation. The network writes lu, a bird, and is 99 % sure of it.",
  },
];

class Stage {
  /** @param {HTMLElement} root @param {Weights} weights */
  constructor(root, weights) {
    this.weights = weights;
    this.names = /** @type {string[]} */ (weights.meta.words);
    const { stage, controls, buttons, status, output } = ui.frame(root);
    this.status = status;
    this.output = output;
    const { list, see, room, buttons: presets } = ui.presets(PRESETS, (one) => this.load(one));
    this.see = see;
    this.presets = presets;
    root.prepend(list, room);
    const wide = ui.element("div", { style: "flex: 1 1 100%" }, stage);
    this.text = ui.textarea(wide, {
      id: "encoder-decoder-sentence",
      label: "Sentence",
      rows: 1,
      maxlength: 80,
    });
    this.text.addEventListener("input", () => this.show());
    this.picturesOn(stage);
    this.controlsOn(controls);
    ui.button(buttons, "Reset", () => this.load(PRESETS[0]));
    this.load(PRESETS[0]);
  }

  /** @param {Element} stage */
  picturesOn(stage) {
    this.map = ui.canvas(stage, {
      width: 326,
      height: 190,
      label:
        "Weights of cross-attention: a row for each word that was read, a column for each of the source",
      draw: (g, size, colours) => {
        const { source, given, next, attention } = this.now;
        const head = Number(this.head?.value() ?? 0);
        const named = (/** @type {number[]} */ row) => row.map((word) => this.names[word]);
        drawCross(g, size, colours, named(source), named(given), named(next), attention[head]);
      },
    });
    this.grids = ui.canvas(stage, {
      width: 326,
      height: 190,
      label: "Who may look at whom: encoder, decoder with the source at its left, prefix decoder",
      draw: (g, size, colours) => {
        const n = this.now.source.length;
        const made = masks(n, this.now.given.length);
        const decoder = made.cross.map((row, i) => [...row, ...made.decoder[i]]);
        drawMasks(g, size, colours, [
          { name: "Encoder", rows: made.encoder, line: n },
          { name: "Decoder", rows: decoder, line: n },
          { name: "Prefix", rows: made.prefix, line: n },
        ]);
      },
    });
  }

  /** @param {Element} controls */
  controlsOn(controls) {
    const onInput = () => this.show();
    this.k = ui.slider(controls, {
      label: "Beam k",
      min: 1,
      max: WIDEST,
      step: 1,
      value: 2,
      onInput,
    });
    this.alpha = ui.slider(controls, {
      label: "Exponent of the length",
      min: 0,
      max: 2,
      step: 0.1,
      value: 0,
      format: (value) => value.toFixed(1),
      onInput,
    });
    this.head = ui.select(controls, {
      label: "Head",
      options: [
        ["0", "1"],
        ["1", "2"],
      ],
      value: "0",
      onInput: () => this.map?.redraw(),
    });
  }

  /** What is shown: a source, its translation, and where each step looked. */
  now = {
    source: /** @type {number[]} */ ([]),
    given: /** @type {number[]} */ ([]),
    next: /** @type {number[]} */ ([]),
    attention: /** @type {number[][][]} */ ([[], []]),
  };

  /** @param {typeof PRESETS[number]} preset */
  load({ text, k, alpha, see }) {
    this.text.value = text;
    this.k?.set(k);
    this.alpha?.set(alpha);
    this.head?.set("0");
    this.see.textContent = see;
    this.show();
  }

  /** @returns {number[] | undefined} the sentence as numbers; what is wrong with it is told */
  read() {
    const words = this.text.value.toLowerCase().match(/\S+/g) ?? [];
    const known = this.names.slice(3, 12);
    const strange = words.find((word) => !known.includes(word));
    if (words.length && words.length <= LONGEST && !strange)
      return words.map((word) => this.names.indexOf(word));
    const why = strange
      ? `“${strange}” is not one of them`
      : words.length
        ? `at most ${LONGEST}`
        : "at least one";
    this.status(`Words of the source: ${known.join(", ")}; ${why}. The last translation stays.`);
    return undefined;
  }

  show() {
    const source = this.read();
    if (!source) return;
    const [k, alpha] = [this.k?.value() ?? 2, this.alpha?.value() ?? 0];
    const { found, steps } = search(this.weights, source, k, alpha);
    const [best] = found;
    const given = best.words.slice(0, -1);
    const { attention } = look(this.weights, source, given);
    this.now = { source, given, next: best.words.slice(1), attention };
    this.map?.redraw();
    this.grids?.redraw();
    const texts = (/** @type {number[]} */ words) =>
      words.map((word) => this.names[word]).join(" ");
    const leads = (/** @type {number[]} */ words) =>
      words.every((word, t) => word === best.words[t]) ? " ◂" : "";
    const rows = Array.from({ length: k }, (_, i) => [
      `${i + 1}.`,
      ...steps.map((kept, t) => {
        if (!kept[i]) return "–";
        const { words, logP } = kept[i];
        return `${this.names[words[t + 1]]} ${Math.exp(logP).toFixed(2)}${leads(words)}`;
      }),
    ]);
    const head = ["Kept", ...steps.map((_, t) => `Step ${t + 1}`)];
    ui.table(
      this.output,
      "The beam by rank: last word of each text kept, probability of the whole text; ◂ leads to the text below",
      head,
      rows,
    );
    const p = Math.exp(best.logP).toFixed(2);
    const points = ui.fixed(score(best, alpha), 2);
    this.status(`${texts(best.words.slice(1))}: probability ${p}, score ${points}.`);
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  return atOnce(root, {
    url: new URL("weights.json", import.meta.url), // 12 kB
    open: (weights) => new Stage(root, weights).presets[0],
  });
}
