/** The stage of text-diffusion.mjs: the reader sets order and places a call, draws texts, and repairs them. */

import { random } from "../../assets/demos/rng.mjs";
import { keep } from "../../assets/demos/state.mjs";
import * as ui from "../../assets/demos/ui.mjs";
import { drawBars, drawText } from "./draw.mjs";
import * as sums from "./text-diffusion.mjs";

const STAY = 0.75;

/** @type {[string, string][]} */
const WAYS = [
  ["left", "left to right"],
  ["ends", "both ends first"],
  ["middle", "middle first"],
  ["random", "random order"],
  ["place", "surest place first"],
  ["draw", "surest draw kept"],
];

/** @type {{name: string, length: string, way: string, atOnce: number, stay: number, see: string}[]} */
const PRESETS = [
  {
    name: "The example",
    length: "3",
    way: "middle",
    atOnce: 1,
    stay: STAY,
    see: "One place a call, the middle first: what is made is the data. Press One call three times to fill a text, then choose another order.",
  },
  {
    name: "All at once",
    length: "3",
    way: "left",
    atOnce: 3,
    stay: STAY,
    see: "One call for three places: each is right for itself, and all eight texts come equally often. Press Remask.",
  },
  {
    name: "Ends together",
    length: "3",
    way: "ends",
    atOnce: 2,
    stay: STAY,
    see: "Two calls. The ends do not know of each other, so equal ends are too rare: an eighth of the texts is off.",
  },
  {
    name: "Surest draw",
    length: "3",
    way: "draw",
    atOnce: 1,
    stay: STAY,
    see: "One place a call, but the likeliest draw is kept, the leftmost of equals: likely letters win too often, and aaa and bbb are too many.",
  },
  {
    name: "Middle alone",
    length: "3",
    way: "middle",
    atOnce: 2,
    stay: STAY,
    see: "Two calls again, the middle alone and then both ends: nothing is off, because the middle tells the ends all that they share.",
  },
];

class Stage {
  /** @type {number[]} */ text = [];
  /** @type {number[]} */ fresh = [];
  /** @type {number[]} */ made = [];
  /** @type {number[]} */ truth = [];
  calls = 0; // of this text
  least = 1; // places a call that make the same texts
  asked = 0; // presses of the button, since the settings were made
  repairs = 0;
  draw = random(0);
  order = sums.listed([]);

  /** @param {HTMLElement} root */
  constructor(root) {
    const { stage, controls, buttons, status, output } = ui.frame(root);
    this.status = status;
    this.output = output;
    this.see = ui.presetsFirst(root, PRESETS, (preset) => this.load(preset));
    this.pictures = this.picturesOn(stage);
    this.controls = this.settingsOn(controls);
    ui.button(buttons, "One call", () => this.call()).classList.add("demo-first");
    ui.button(buttons, "Remask", () => this.repair());
    ui.button(buttons, "Reset", () => this.load(PRESETS[0]));
    this.load(PRESETS[0]);
    this.again(
      root,
      "called",
      () => this.asked,
      () => this.call(),
    );
    this.again(
      root,
      "remasked",
      () => this.repairs,
      () => this.repair(),
    );
  }

  /**
   * What a button has done since the settings were made stands in the address.
   * @param {HTMLElement} root @param {string} name @param {() => number} count how often it was pressed
   * @param {() => void} press
   */
  again(root, name, count, press) {
    keep(root, name, {
      read: () => String(count()),
      write: (text) => {
        const good = /^\d{1,3}$/.test(text) && Number(text) >= count();
        if (good) while (count() < Number(text)) press();
        return good;
      },
    });
  }

  /** @param {Element} stage */
  picturesOn(stage) {
    return [
      ui.canvas(stage, {
        width: 250,
        height: 210,
        label:
          "The text: a box for each place, hidden places with bars of the probabilities of a and b",
        draw: (g, size, colours) => {
          const rows = this.controls ? sums.guess(this.text, this.stay) : [];
          drawText(g, size, colours, { text: this.text, rows, fresh: this.fresh });
        },
      }),
      ui.canvas(stage, {
        width: 400,
        height: 210,
        label: "Bars of the probability of each text in the data, and dots of what is made",
        draw: (g, size, colours) =>
          drawBars(g, size, colours, { truth: this.truth, made: this.made }),
      }),
    ];
  }

  /** @param {Element} controls */
  settingsOn(controls) {
    const onInput = () => this.begin();
    return {
      way: ui.select(controls, { label: "Order", options: WAYS, value: "middle", onInput }),
      atOnce: ui.slider(controls, {
        label: "Places a call",
        min: 1,
        max: 4,
        step: 1,
        value: 1,
        onInput,
      }),
      length: ui.select(controls, {
        label: "Length",
        options: [
          ["3", "three letters"],
          ["4", "four letters"],
        ],
        value: "3",
        onInput,
      }),
      stay: ui.slider(controls, {
        label: "A letter stays",
        min: 0.5,
        max: 0.95,
        step: 0.05,
        value: STAY,
        format: (value) => ui.fixed(value, 2),
        onInput,
      }),
      seed: ui.number(controls, { label: "Seed", value: 1, onInput }),
    };
  }

  get stay() {
    return this.controls.stay.value();
  }

  get length() {
    return Number(this.controls.length.value());
  }

  /** @param {typeof PRESETS[number]} preset */
  load({ length, way, atOnce, stay, see }) {
    const { controls } = this;
    controls.length.set(length);
    controls.way.set(way);
    controls.atOnce.set(atOnce);
    controls.stay.set(stay);
    controls.seed.set(1);
    this.see.textContent = see;
    this.begin();
  }

  /** The settings anew: nothing but masks. */
  begin() {
    this.draw = random(this.controls.seed.value());
    this.truth = sums.data(this.length, this.stay);
    this.made = sums.made(
      this.length,
      this.stay,
      this.controls.way.value(),
      this.controls.atOnce.value(),
    );
    this.repairs = 0;
    this.asked = 0;
    this.least = this.fewest();
    this.empty();
    this.tell();
  }

  /** A text of masks, and the order in which it will be filled. */
  empty() {
    this.text = new Array(this.length).fill(sums.MASK);
    this.fresh = [];
    this.calls = 0;
    const every = sums.permutations(this.length);
    const way = this.controls.way.value();
    const random = way === "random";
    this.order = sums.listed(
      random
        ? [every[Math.floor(this.draw.uniform() * every.length)]]
        : sums.phases(this.length, way),
    );
  }

  /** One call of the model: some places more, or a new text after the last one. */
  call() {
    this.asked += 1;
    if (!this.text.includes(sums.MASK)) {
      this.empty();
      this.tell();
      return;
    }
    const rows = sums.guess(this.text, this.stay);
    const letters = rows.map((row) => (this.draw.uniform() < row[0] ? 0 : 1));
    const hidden = this.text.map((_, n) => n).filter((n) => this.text[n] === sums.MASK);
    const many = this.controls.atOnce.value();
    const way = this.controls.way.value();
    const order = (way === "place" ? sums.surest : this.order)(this.text, rows);
    const drawn = hidden.map((n) => letters[n]);
    this.fresh =
      way === "draw"
        ? sums.surestDraws(hidden, drawn, rows, many)
        : order.filter((n) => hidden.includes(n)).slice(0, many);
    this.text = this.text.map((old, n) => (this.fresh.includes(n) ? letters[n] : old));
    this.calls += 1;
    this.tell();
  }

  /** The fewest places a call that make the same texts in as many calls. */
  fewest() {
    const way = this.controls.way.value();
    const most = this.controls.atOnce.value();
    const all = sums.made(this.length, this.stay, way, most);
    const same = (/** @type {number} */ many) =>
      sums.calls(this.length, way, many) === sums.calls(this.length, way, most) &&
      sums.made(this.length, this.stay, way, many).every((p, n) => Math.abs(p - all[n]) < 1e-12);
    let many = most;
    while (many > 1 && same(many - 1)) many -= 1;
    return many;
  }

  /** All texts that are made have one random place hidden and drawn anew. */
  repair() {
    this.made = sums.remask(this.length, this.stay, this.made);
    this.repairs += 1;
    this.tell();
  }

  tell() {
    for (const picture of this.pictures) picture.redraw();
    const word = this.text.map((letter) => "ab?"[letter]).join(" ");
    const gone = ui.fixed(100 * sums.off(this.truth, this.made), 1);
    const nats = ui.fixed(sums.lost(this.truth, this.made), 3);
    const count = (/** @type {number} */ n, /** @type {string} */ what) =>
      `${n} ${what}${n === 1 ? "" : "s"}`;
    const repaired = this.repairs ? ` after ${count(this.repairs, "remasking")}` : "";
    const calls = sums.calls(this.length, this.controls.way.value(), this.controls.atOnce.value());
    const more = this.least < this.controls.atOnce.value();
    const idle = more ? ` With ${count(this.least, "place")} a call it is the same.` : "";
    this.status(
      `Text ${word} after ${count(this.calls, "call")}. In ${count(calls + this.repairs, "call")} a text, ${gone} % of texts are off${repaired}, ${nats} nats lost.${idle}`,
    );
    const rows = sums
      .texts(this.length)
      .map((text, k) => [
        text.map((letter) => "ab"[letter]).join(""),
        ui.fixed(this.truth[k], 3),
        ui.fixed(this.made[k], 3),
      ])
      .slice(0, 2 ** (this.length - 1));
    const title = "Texts that begin with a; those with a and b changed are as likely";
    ui.table(this.output, title, ["Text", "Data", "Made"], rows);
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
