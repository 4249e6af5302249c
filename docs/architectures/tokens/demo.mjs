/** The stage of tokens.mjs: the reader changes the training text, the merges, and the text to cut. */

import * as ui from "../../assets/demos/ui.mjs";
import { PRESETS } from "./presets.mjs";
import { bytesOf, decode, encode, train, vocabulary } from "./tokens.mjs";

const MOST = 100; // merges
const LONGEST = 1200; // characters of the training text
const SHOWN = 3; // merges in the table

/** @param {number[]} bytes @returns {string} their text, a space as a dot; bytes that are no text as numbers */
function name(bytes) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(bytes));
    return text.replaceAll(" ", "·").replaceAll("\n", "↵");
  } catch {
    return bytes.join(",");
  }
}

/**
 * @param {Element} parent
 * @param {{label: string, rows: number, onInput: () => void}} options
 * @returns {HTMLTextAreaElement}
 */
function textOn(parent, { label, rows, onInput }) {
  const id = `tokens-${label.toLowerCase().replaceAll(" ", "-")}`;
  const box = ui.element("div", { style: "margin: 0.25rem 0" }, parent);
  const area = ui.textarea(box, { id, label, rows, maxlength: LONGEST });
  area.style.resize = "vertical";
  area.addEventListener("input", onInput);
  return area;
}

class Stage {
  /** @param {HTMLElement} root */
  constructor(root) {
    const { stage, controls, buttons, status, output } = ui.frame(root);
    this.status = status;
    this.output = output;
    stage.style.display = "block";
    stage.classList.remove("demo-watch"); // the text that it cuts stands among the controls
    this.see = ui.presetsFirst(root, PRESETS, (preset) => this.load(preset));
    const onInput = () => this.show();
    this.training = textOn(stage, { label: "Training text", rows: 2, onInput });
    this.merges = ui.slider(stage, {
      label: "Merges",
      min: 0,
      max: MOST,
      step: 1,
      value: 3,
      onInput,
    });
    stage.append(buttons); // above what changes its height
    this.text = textOn(stage, { label: "Text to cut", rows: 1, onInput });
    this.strip = ui.element("ol", { "aria-label": "Tokens and their numbers" }, stage);
    Object.assign(this.strip.style, {
      display: "flex",
      flexWrap: "wrap",
      gap: "3px",
      margin: "0.75rem 0 0",
      padding: "0",
      listStyle: "none",
      maxHeight: "6rem",
      overflowY: "auto",
    });
    controls.remove();
    ui.button(buttons, "Merge +1", () => this.step(1));
    ui.button(buttons, "Merge −1", () => this.step(-1));
    ui.button(buttons, "Reset", () => this.load(PRESETS[0]));
    this.load(PRESETS[0]);
  }

  /** @param {import("./presets.mjs").Preset} preset */
  load({ training, merges, text, see }) {
    this.training.value = training;
    this.merges.set(merges);
    this.text.value = text;
    this.see.textContent = see;
    this.show();
  }

  /** @param {number} by */
  step(by) {
    // Not from what was asked for: a short text has few pairs to join.
    const made = train(this.training.value, this.merges.value()).length;
    this.merges.set(Math.min(MOST, Math.max(0, made + by)));
    this.show();
  }

  /** @param {number[]} tokens @param {number[][]} table */
  showTokens(tokens, table) {
    this.strip.replaceChildren();
    for (const token of tokens) {
      const item = ui.element("li", {}, this.strip);
      const share = token > 255 ? 30 : 8;
      Object.assign(item.style, {
        margin: "0",
        padding: "0.1rem 0.35rem",
        textAlign: "center",
        lineHeight: "1.25",
        border: "1px solid var(--edge, currentColor)",
        background: `color-mix(in srgb, var(--fig-1) ${share}%, transparent)`,
      });
      ui.element("span", { text: name(table[token]), style: "display: block" }, item);
      ui.element("span", { text: token, style: "font-size: 0.75em" }, item);
    }
    if (this.strip.scrollHeight > this.strip.clientHeight) this.strip.tabIndex = 0;
    else this.strip.removeAttribute("tabindex");
  }

  show() {
    const wanted = this.merges.value();
    const merges = train(this.training.value, wanted);
    const table = vocabulary(merges);
    const text = this.text.value;
    const tokens = encode(text, merges);
    this.showTokens(tokens, table);
    const trained = encode(this.training.value, merges);
    const first = Math.max(0, merges.length - SHOWN);
    const rows = merges.slice(first).map(({ pair: [a, b], count }, n) => {
      const token = 256 + first + n;
      const left = trained.filter((other) => other === token).length;
      return [`${token} = ${name(table[a])} + ${name(table[b])}`, count, left];
    });
    const head = ["Merge", "Pairs", "Left"];
    ui.table(this.output, "The last merges: pairs joined, tokens left", head, rows.reverse());
    for (const cell of this.output.querySelectorAll("th, td")) {
      if (cell instanceof HTMLElement) cell.style.cssText = "min-width: 0; white-space: nowrap";
    }
    const bytes = bytesOf(text).length;
    const rate = tokens.length ? (bytes / tokens.length).toFixed(2) : "0.00";
    const same = decode(tokens, merges) === text ? "the same text" : "another text";
    const few = merges.length < wanted ? ` Only ${merges.length} merges: no pair is left.` : "";
    this.status(
      `${bytes} bytes, ${tokens.length} tokens, ${rate} bytes a token; decoded: ${same}.${few}`,
    );
  }
}

/** @param {HTMLElement} root */
export function mount(root) {
  new Stage(root);
}
