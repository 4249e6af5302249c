/**
 * The stage of gpt.mjs: the reader types, lets the model write, looks at its attention and changes how
 * the next token is chosen.
 *
 * @typedef {import("../../assets/demos/weights.mjs").Weights} Weights
 */

import { random } from "../../assets/demos/rng.mjs";
import * as ui from "../../assets/demos/ui.mjs";
import { load } from "../../assets/demos/weights.mjs";
import { choosingOn, SEED, TOP_K } from "./choosing.mjs";
import { drawBars, drawHeads, drawMap, layout } from "./draw.mjs";
import * as gpt from "./gpt.mjs";
import { kept } from "./kept.mjs";
import { foldedOn, presetsOn, promptOn, roomOn, showTokens, stripOn } from "./text.mjs";
import { Way } from "./way.mjs";

const PROMPT = "Attention is";
const LONGEST = 2000; // characters that are read of a pasted text
const PER_SECOND = 5; // tokens that a run writes at most
const AT_ONCE = 20; // tokens of a run, for who asked for less motion
const SIZE = { width: 320, height: 320 };

/** @param {Element} stage @returns {Element} room for one of three pictures side by side */
const beside = (stage) => ui.element("div", { style: "flex: 1 1 9rem" }, stage);

class Stage {
  tokens = /** @type {number[]} */ ([]);
  written = 0; // tokens at the end that the model wrote
  asRead = true; // whether the tokens are those of the text
  layer = 0;
  head = 0;
  query = 0;
  key = 0;
  attention = /** @type {number[][][][]} */ ([]);
  logits = /** @type {number[]} */ ([]);
  plain = /** @type {number[]} */ ([]); // probabilities of the model
  chosen = /** @type {number[]} */ ([]); // probabilities to draw from
  source = random(SEED);
  typing = 0; // the timer that waits for the end of typing
  waited = 0;

  /**
   * @param {HTMLElement} root
   * @param {Weights} weights of the model that is shown
   * @param {{label: string, open: () => Promise<Weights>}[]} models to choose from
   * @param {number} shown which of them the weights are of
   */
  constructor(root, weights, models, shown) {
    const around = new Set(root.children);
    this.weights = weights;
    this.start = weights.meta.words ? "Ann likes" : PROMPT;
    this.config = /** @type {{layers: number, heads: number, context: number}} */ (
      weights.meta.config
    );
    const { stage, controls, buttons, status, output } = ui.frame(root);
    this.status = status;
    this.output = foldedOn(output, PER_SECOND);
    this.way = this.wayOn(/** @type {Element} */ (this.output.parentElement), output);
    const wide = ui.element("div", {}, stage);
    wide.style.flexBasis = "100%";
    this.prompt = promptOn(wide, buttons);
    this.strip = stripOn(wide);
    this.heads = this.headsOn(stage);
    this.map = this.mapOn(stage);
    this.bars = this.barsOn(stage);
    ui.watch(stage, /** @type {Element} */ (this.bars.canvas.parentElement), "after");
    this.model = ui.select(controls, {
      label: "Model",
      options: models.map(({ label }, i) => [String(i), label]),
      value: String(shown),
      onInput: async (value) => {
        this.stop();
        clearTimeout(this.typing);
        this.status("Loading …");
        root.ariaBusy = "true";
        try {
          const opened = await models[Number(value)].open();
          if (!root.contains(this.model.input)) return; // another was chosen meanwhile
          const { activeElement } = document; // who pressed Reset had the focus there
          for (const node of [...root.children]) if (!around.has(node)) node.remove();
          const next = new Stage(root, opened, models, Number(value));
          const first = activeElement === this.again ? next.again : next.model.input;
          first.focus({ preventScroll: true });
          next.status(`Another model. ${next.best()}`);
        } catch (error) {
          this.model.set(String(shown));
          const why = error instanceof Error ? error.message : error;
          this.status(`The weights could not be loaded: ${why}.`);
        }
        root.ariaBusy = "false";
        root.dispatchEvent(new Event("demo-more"));
      },
    });
    this.looking = this.lookingOn(controls);
    this.choosing = choosingOn(controls, {
      changed: () => this.decide(true),
      reseeded: (seed) => {
        this.source = random(seed);
        this.status(`The next tokens are drawn with seed ${seed}.`);
      },
    });
    this.motion = ui.loop(root, (seconds) => this.frame(seconds));
    this.one = ui.button(buttons, "One token", () => {
      this.pause();
      this.step(false);
    });
    this.one.classList.add("demo-first");
    this.play = ui.button(buttons, "Run", () => this.run(), "Pause");
    ui.button(buttons, "Shuffle the tokens", () => this.shuffle());
    this.again = ui.button(buttons, "Reset", () => this.reset());
    if (weights.meta.words) presetsOn(wide, (preset) => this.preset(preset));
    else roomOn(wide);
    this.prompt.addEventListener("input", () => this.type());
    this.reset();
    kept(root, this);
  }

  /** @param {Element} parent @param {Element} room */
  wayOn(parent, room) {
    return new Way(parent, room, {
      steps: 5 + 2 * this.config.layers,
      seen: () => {
        const { query, layer, head } = this;
        const rows = gpt.way(this.weights, this.tokens, this.switches(), { query, layer, head });
        return { rows, layer, head, name: (token) => this.name(token) };
      },
      told: (text) => this.status(text),
    });
  }

  // Pictures.

  /** @param {Element} stage */
  headsOn(stage) {
    const { layers, heads } = this.config;
    const picture = ui.canvas(beside(stage), {
      ...SIZE,
      label: `Attention of all ${layers * heads} heads, one small map each; arrow keys choose a head`,
      draw: (g, size, colours) => drawHeads(g, size, colours, this),
      onPointer: ({ x, y, kind }) => {
        if (kind === "up") return;
        const { width, height } = picture.size;
        const across = Math.min(heads - 1, Math.max(0, Math.floor((x / width) * heads)));
        const down = Math.min(layers - 1, Math.max(0, Math.floor((y / height) * layers)));
        this.choose(down, across);
      },
      onKey: (key) => {
        const by = ui.arrow(key);
        if (!by) return false;
        this.choose((this.layer - by[1] + layers) % layers, (this.head + by[0] + heads) % heads);
        return true;
      },
    });
    return picture;
  }

  /** @param {Element} stage */
  mapOn(stage) {
    const picture = ui.canvas(beside(stage), {
      ...SIZE,
      label:
        "Attention of the chosen head: a row for each token that looks, a column for each that is looked at; arrow keys move",
      draw: (g, size, colours) => {
        const { query, key } = this;
        const names = this.seen().map((token) => this.name(token));
        drawMap(g, size, colours, { weights: this.lookedAt(), names, query, key });
      },
      onPointer: ({ x, y, kind }) => {
        if (kind === "up") return;
        const { left, top, cell } = layout(picture.size.width, this.seen().length);
        this.point(Math.floor((y - top) / cell), Math.floor((x - left) / cell));
      },
      onKey: (key) => {
        const by = ui.arrow(key);
        if (by) this.point(this.query - by[1], this.key + by[0]);
        return Boolean(by);
      },
    });
    return picture;
  }

  /** @param {Element} stage */
  barsOn(stage) {
    return ui.canvas(beside(stage), {
      ...SIZE,
      label:
        "The ten most probable next tokens, before and after temperature, top-k and top-p; the numbers are in the table below",
      draw: (g, size, colours) => {
        const [plain, chosen] = [this.plain, this.chosen];
        const rows = this.ranked().map((token) => ({
          name: this.name(token),
          plain: plain[token],
          chosen: chosen[token],
        }));
        drawBars(g, size, colours, rows);
      },
    });
  }

  // Controls.

  /** @param {Element} controls */
  lookingOn(controls) {
    const { layers, heads } = this.config;
    const head = ui.select(controls, {
      label: "Head",
      options: Array.from({ length: layers * heads }, (_, i) => [
        String(i),
        `layer ${Math.floor(i / heads) + 1}, head ${(i % heads) + 1}`,
      ]),
      value: "0",
      onInput: (value) => this.choose(Math.floor(Number(value) / heads), Number(value) % heads),
    });
    const onInput = () => this.compute(true);
    const causal = ui.toggle(controls, { label: "Causal mask", value: true, onInput });
    const placed = ui.toggle(controls, { label: "Positions", value: true, onInput });
    return { head, causal, placed };
  }

  // What is seen.

  /** The tokens that the model sees. */
  seen() {
    return this.tokens.slice(-this.config.context);
  }

  /** @param {number} token */
  name(token) {
    return gpt.name(this.weights, token);
  }

  /** The weights of the chosen head. */
  lookedAt() {
    return this.attention[this.layer]?.[this.head];
  }

  /** The ten most probable next tokens. */
  ranked() {
    const { plain, chosen } = this;
    const tokens = plain.map((_, token) => token);
    return tokens.sort((a, b) => chosen[b] - chosen[a] || plain[b] - plain[a]).slice(0, 10);
  }

  best() {
    const [token] = this.ranked();
    return `Most probable next token: “${this.name(token)}”, ${this.chosen[token].toFixed(3)}.`;
  }

  show() {
    const row = this.lookedAt()[this.query];
    const tokens = this.seen().map((token, i, { length }) => ({
      name: this.name(token),
      weight: row[i],
      written: i >= length - this.written,
    }));
    showTokens(this.strip, tokens, this.query, (i) => this.point(i, i));
    this.heads.redraw();
    this.map.redraw();
    this.bars.redraw();
    this.way.canvas.redraw();
    ui.table(
      this.output,
      "The ten most probable next tokens",
      ["Token", "Number", "Model", "To draw from"],
      this.ranked().map((token) => [
        this.name(token),
        token,
        this.plain[token].toFixed(4),
        this.chosen[token].toFixed(4),
      ]),
    );
  }

  tellCell() {
    const tokens = this.seen();
    const [query, key] = [this.query, this.key].map((i) => `“${this.name(tokens[i])}”`);
    const weight = this.lookedAt()[this.query][this.key].toFixed(3);
    const where = `layer ${this.layer + 1}, head ${this.head + 1}`;
    this.status(
      this.looking.causal.value() && this.key > this.query
        ? `${query} may not look at the later ${key}.`
        : `${query} looks at ${key} with weight ${weight} (${where}).`,
    );
  }

  // What is computed: the text read, the model run, the next token's probabilities.

  type() {
    this.stop();
    clearTimeout(this.typing);
    this.typing = window.setTimeout(() => this.read(), 120);
  }

  /** Reads what was typed, if that has not happened yet. */
  flush() {
    if (this.typing) this.read();
  }

  /** The tokens of the text that stands there. */
  cut() {
    const tokens = gpt.encode(this.weights, this.prompt.value.slice(-LONGEST));
    return tokens.length ? tokens : [this.weights.meta.words ? 5 : 10];
  }

  /** The tokens, if reading the text would give others. */
  apart() {
    const same = this.asRead || this.cut().join() === this.tokens.join();
    return same ? [] : this.tokens;
  }

  /** @param {number[]} tokens whatever the text that they make would give */
  take(tokens) {
    this.tokens = tokens;
    this.asRead = false;
    this.written = 0;
    this.prompt.value = gpt.decode(this.weights, tokens);
    this.compute(false);
    this.status(`${tokens.length} tokens. ${this.best()}`);
  }

  /** Reads the text anew. */
  read() {
    clearTimeout(this.typing);
    this.typing = 0;
    const { value } = this.prompt;
    const { context } = this.config;
    const tokens = gpt.encode(this.weights, value.slice(-LONGEST));
    this.tokens = this.cut();
    this.asRead = true;
    this.written = 0;
    this.compute(false);
    const count = this.seen().length;
    if (!tokens.length && this.weights.meta.words) {
      this.status("None of its six words: the model begins after a full stop.");
    } else if (!tokens.length) this.status("No text: the model begins after a line break.");
    else if (tokens.length > context || value.length > LONGEST) {
      this.status(`The text is longer than the context: the model sees its last ${count} tokens.`);
    } else this.status(`${count} token${count > 1 ? "s" : ""}. ${this.best()}`);
  }

  /** The parts of the model that are at work. */
  switches() {
    const { causal, placed } = this.looking;
    return { causal: causal.value(), placed: placed.value() };
  }

  /** @param {boolean} tell */
  compute(tell) {
    const switches = this.switches();
    const { logits, attention } = gpt.forward(this.weights, this.tokens, switches);
    this.attention = attention;
    this.logits = logits;
    this.query = this.key = this.seen().length - 1;
    this.decide(false);
    if (!tell) return;
    const off = [!switches.causal && "causal mask", !switches.placed && "positions"].filter(
      Boolean,
    );
    this.status(
      off.length
        ? `Without ${off.join(" and ")}, which this model was never trained for. ${this.best()}`
        : `As trained. ${this.best()}`,
    );
  }

  /** @param {boolean} tell */
  decide(tell) {
    const { temperature, topK, topP } = this.choosing;
    this.plain = gpt.probabilities(this.logits);
    this.chosen = gpt.probabilities(this.logits, {
      temperature: temperature.value(),
      topK: TOP_K[topK.value()],
      topP: topP.value(),
    });
    this.show();
    if (!tell) return;
    const left = this.chosen.filter((p) => p > 0).length;
    this.status(`${left} token${left > 1 ? "s" : ""} can be drawn. ${this.best()}`);
  }

  // What the reader does.

  /** @param {number} layer @param {number} head */
  choose(layer, head) {
    this.layer = layer;
    this.head = head;
    this.looking.head.set(String(layer * this.config.heads + head));
    this.show();
    this.tellCell();
  }

  /** @param {number} query @param {number} key */
  point(query, key) {
    const last = this.seen().length - 1;
    this.query = Math.min(last, Math.max(0, query));
    this.key = Math.min(last, Math.max(0, key));
    this.show();
    this.tellCell();
  }

  /** @param {boolean} quiet */
  step(quiet) {
    this.flush();
    const token = gpt.pick(this.chosen, this.source.uniform());
    const p = this.chosen[token];
    this.tokens.push(token);
    this.asRead = false;
    this.written += 1;
    this.prompt.value = gpt.decode(this.weights, this.tokens);
    this.prompt.scrollTop = this.prompt.scrollHeight;
    this.compute(false);
    this.status(`Drawn: “${this.name(token)}”, probability ${p.toFixed(3)}.`, quiet);
  }

  /** @param {number} seconds since the last frame @returns {boolean} whether to go on */
  frame(seconds) {
    this.waited += seconds;
    if (this.waited < 1 / PER_SECOND) return true;
    this.waited = 0;
    this.step(true);
    const more = this.written < 3 * this.config.context;
    if (!more) this.pause();
    return more;
  }

  run() {
    if (this.motion.running()) {
      this.pause();
      return;
    }
    if (ui.calm()) {
      for (let i = 0; i < AT_ONCE; i++) this.step(true);
      const text = gpt.decode(this.weights, this.tokens.slice(-AT_ONCE));
      this.status(`${AT_ONCE} tokens were written: ${text}`);
      return;
    }
    this.play.textContent = "Pause";
    this.waited = 1;
    this.motion.start();
  }

  stop() {
    this.motion.stop();
    this.play.textContent = "Run";
  }

  pause() {
    if (!this.motion.running() && this.play.textContent === "Run") return;
    this.stop();
    this.status(`Paused after ${this.written} tokens.`);
  }

  shuffle() {
    this.pause();
    this.flush();
    const before = this.plain;
    const kept = this.seen();
    if (kept.length < 3) {
      this.status("There is nothing to shuffle before the last token.");
      return;
    }
    this.take(gpt.shuffled(kept, this.choosing.seed.value()));
    const moved = gpt.distance(before, this.plain).toFixed(3);
    this.status(
      `All tokens but the last changed places. The distribution of the next token moved by ${moved} (0 is not at all, 1 is entirely).`,
    );
  }

  /** @param {import("./text.mjs").Preset} preset */
  preset({ text, temperature, topK, topP }) {
    this.reset();
    if (text) {
      this.prompt.value = text;
      this.read();
    }
    if (temperature) this.choosing.temperature.set(temperature);
    if (topK) this.choosing.topK.set(TOP_K.indexOf(topK));
    if (topP) this.choosing.topP.set(topP);
    this.decide(true);
  }

  reset() {
    const { head, causal, placed } = this.looking;
    const { temperature, topK, topP, seed } = this.choosing;
    this.stop();
    this.prompt.value = this.start;
    seed.set(SEED);
    this.source = random(SEED);
    causal.set(true);
    placed.set(true);
    temperature.set(1);
    topK.set(TOP_K.length - 1);
    topP.set(1);
    this.layer = this.head = 0;
    head.set("0");
    this.read();
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  const url = new URL("weights.json", import.meta.url);
  const models = [
    { label: "the example, by hand", open: async () => gpt.byHand() },
    { label: "trained on this site", open: () => load(url) },
  ];
  new Stage(root, gpt.byHand(), models, 0);
}
