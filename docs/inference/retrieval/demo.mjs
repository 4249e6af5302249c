/** The stage of retrieval.mjs: the reader asks, changes the notes, and sets what BM25 pays for. */

import * as ui from "../../assets/demos/ui.mjs";
import { drawScores } from "./draw.mjs";
import * as retrieval from "./retrieval.mjs";

const MOST = 12; // notes
const WHOLE = 9; // of the slider of letters: all of them
const NOTES = [
  "library hours: see door",
  "friday reading rooms shut at noon",
  "friday is film night at the town library",
];

/** @typedef {{name: string, question?: string, notes?: string[], k1?: number, b?: number, letters?: number, see: string}} Preset */

/** @type {Preset[]} */
const PRESETS = [
  {
    name: "The example",
    see: "Note 2 is the answer, and comes last: it says “reading rooms” and “noon”. Only “friday” is shared.",
  },
  {
    name: "Its own words",
    question: "when do the reading rooms shut on friday",
    see: "Asked in the words of the note, it comes first. Three rare words count more than what note 3 shares.",
  },
  {
    name: "No price for length",
    b: 0,
    see: "With b = 0 a long note pays nothing: “library” and “friday” now count as much in note 3 as their weights, 0.94.",
  },
  {
    name: "A word repeated",
    question: "library",
    notes: ["library hours: see door", "library library library library", "town map"],
    see: "Four times the word gives less than twice the score. Move k₁ to 0: a repetition counts nothing.",
  },
  {
    name: "Beginnings",
    question: "opening hour of libraries",
    letters: 4,
    see: "No word is shared. By their first four letters “hour” and “libr” are found. Set the letters to all of them.",
  },
];

class Stage {
  /** @type {Parameters<typeof drawScores>[3]} */
  judged = { notes: [], terms: [], found: [], order: [] };

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
      height: 214,
      label:
        "The notes, best first, each with a bar of its score, in parts by the words of the question",
      draw: (g, size, colours) => drawScores(g, size, colours, this.judged),
    });
    this.texts = this.textsOn(controls);
    this.controls = this.settingsOn(controls);
    ui.button(buttons, "Reset", () => this.load(PRESETS[0]));
    this.load(PRESETS[0]);
  }

  /** @param {HTMLElement} parent */
  textsOn(parent) {
    const box = () => ui.element("div", { style: "grid-column: 1 / -1" }, parent);
    const question = ui.textarea(box(), {
      id: "demo-question",
      label: "Question",
      rows: 1,
      maxlength: 120,
    });
    const notes = ui.textarea(box(), {
      id: "demo-notes",
      label: "Notes, one a line",
      rows: 3,
      maxlength: 300,
    });
    for (const one of [question, notes]) one.addEventListener("input", () => this.show());
    return { question, notes };
  }

  /** @param {HTMLElement} parent */
  settingsOn(parent) {
    const onInput = () => this.show();
    const two = (/** @type {number} */ value) => value.toFixed(2);
    return {
      k1: ui.slider(parent, {
        label: "Repetition, k₁",
        min: 0,
        max: 3,
        step: 0.1,
        value: 1.2,
        format: two,
        onInput,
      }),
      b: ui.slider(parent, {
        label: "Length, b",
        min: 0,
        max: 1,
        step: 0.05,
        value: 0.75,
        format: two,
        onInput,
      }),
      letters: ui.slider(parent, {
        label: "Letters that count",
        min: 3,
        max: WHOLE,
        step: 1,
        value: WHOLE,
        format: (value) => (value === WHOLE ? "all" : `first ${value}`),
        onInput,
      }),
    };
  }

  /** @param {Preset} preset */
  load({ see, question = "library hours friday", notes = NOTES, k1 = 1.2, b = 0.75, letters }) {
    const { controls, texts } = this;
    texts.question.value = question;
    texts.notes.value = notes.join("\n");
    controls.k1.set(k1);
    controls.b.set(b);
    controls.letters.set(letters ?? WHOLE);
    this.see.textContent = see;
    this.show();
  }

  /** @returns {retrieval.Setting} */
  setting() {
    const set = this.controls;
    const lines = this.texts.notes.value.split("\n");
    const notes = lines.filter((line) => retrieval.words(line, 0).length).slice(0, MOST);
    const letters = set.letters.value();
    return {
      question: this.texts.question.value,
      notes: notes.length ? notes : ["an empty note"],
      k1: set.k1.value(),
      b: set.b.value(),
      letters: letters === WHOLE ? 0 : letters,
    };
  }

  show() {
    const setting = this.setting();
    const { notes } = setting;
    const terms = retrieval.terms(setting);
    const found = retrieval.scores(terms, notes.length);
    const order = retrieval.ranked(found);
    this.judged = { notes, terms, found, order };
    this.picture.redraw();
    const hits = order.filter((note) => found[note] > 0);
    const list = hits
      .slice(0, 3)
      .map((note) => `note ${note + 1} with ${ui.fixed(found[note], 2)}`);
    const missing = terms.filter(({ notes }) => !notes).length;
    const lost = `${missing} of ${terms.length} words of the question stand${missing === 1 ? "s" : ""} in no note.`;
    this.status(
      `${hits.length ? `Found: ${list.join(", ")}.` : "No note shares a word with the question."} ${lost}`,
    );
    const rows = terms
      .slice(0, 8)
      .map(({ word, idf, notes, parts }) => [
        word,
        notes,
        idf.toFixed(2),
        ...parts.slice(0, 4).map((part) => part.toFixed(2)),
      ]);
    const names = found.slice(0, 4).map((_, note) => `Note ${note + 1}`);
    ui.table(this.output, "What each word adds", ["Word", "In", "Weight", ...names], rows, true);
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
