/**
 * One query among five keys: the running example of the page, with the same numbers.
 * The pure functions come first; `mount` shows them.
 */

import { random } from "../../assets/demos/rng.mjs";
import * as ui from "../../assets/demos/ui.mjs";

export const WORDS = ["Ann", "told", "Tom", "her", "plan"];

/** Features of the keys: a person, female or male, an action, a thing. */
export const KEYS = [
  [2, 2, 0, 0],
  [0, 0, 2, 0],
  [2, -2, 0, 0],
  [1, 1, 0, 0],
  [0, 0, 0, 2],
];

/** How much each word stands for Ann and for Tom. */
export const VALUES = [
  [1, 0],
  [0, 0],
  [0, 1],
  [0.5, 0],
  [0, 0],
];

/**
 * Scaled dot-product attention of one query, whose third and fourth feature are zero.
 * @param {number[]} query the first two features
 * @param {number} scale factor of the scores
 * @param {boolean[]} allowed which words may be looked at, one of them at least
 * @returns {{weights: number[], output: number[]}}
 */
export function attend(query, scale, allowed) {
  if (!allowed.some(Boolean)) throw new RangeError("the query may look at nothing");
  const scores = KEYS.map((key) => scale * (query[0] * key[0] + query[1] * key[1]));
  const top = Math.max(...scores.filter((_, j) => allowed[j]));
  const e = scores.map((s, j) => (allowed[j] ? Math.exp(s - top) : 0));
  const total = e.reduce((a, b) => a + b, 0);
  const weights = e.map((value) => value / total);
  const output = [0, 1].map((c) => weights.reduce((sum, a, j) => sum + a * VALUES[j][c], 0));
  return { weights, output };
}

const START = [2, 2];
const SCALE = 0.5;
const CAUSAL = [true, true, true, true, false];
const REACH = 3.5; // the plane shows -REACH … REACH
const SEED = 1;

/** @param {HTMLElement} root */
export function mount(root) {
  const { stage, controls, buttons, status, output } = ui.frame(root);
  const state = { query: [...START], allowed: [...CAUSAL], source: random(SEED) };
  const result = () => attend(state.query, scale.value(), state.allowed);

  const plane = ui.canvas(stage, {
    width: 320,
    height: 320,
    label: "Plane of two features with the keys and the query; arrow keys move the query",
    draw: drawPlane,
    onPointer: ({ x, y, kind }) => {
      const { width } = plane.size;
      move(((x / width) * 2 - 1) * REACH, (1 - (y / width) * 2) * REACH, kind !== "up");
    },
    onKey: (key) => {
      const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[key];
      if (!by) return false;
      move(state.query[0] + by[0] / 4, state.query[1] + by[1] / 4, false);
      return true;
    },
  });
  const bars = ui.canvas(stage, {
    width: 320,
    height: 320,
    label: "Weights of the five words; the numbers are in the table below",
    draw: drawBars,
  });

  const scale = ui.slider(controls, {
    label: "Scale of the scores",
    min: 0,
    max: 4,
    step: 0.05,
    value: SCALE,
    format: (value) => `${value.toFixed(2)}${value === SCALE ? " = 1/√D" : ""}`,
    onInput: () => show(),
  });
  const seed = ui.number(controls, {
    label: "Seed",
    value: SEED,
    onInput: (value) => {
      state.source = random(value);
      status(`The next random queries are drawn with seed ${value}.`);
    },
  });
  const seen = WORDS.map((word, j) =>
    ui.toggle(controls, {
      label: `may look at “${word}”`,
      value: CAUSAL[j],
      onInput: (value) => {
        state.allowed[j] = value;
        if (!state.allowed.some(Boolean)) {
          state.allowed[j] = true;
          seen[j].set(true);
          status("A query must be allowed to look at one word at least.");
          return;
        }
        show();
      },
    }),
  );
  ui.button(buttons, "Random query", () => {
    const draw = () => Math.round((state.source.uniform() * 2 - 1) * 12) / 4;
    move(draw(), draw(), false);
  });
  ui.button(buttons, "Reset", () => {
    scale.set(SCALE);
    seed.set(SEED);
    state.source = random(SEED);
    state.allowed = [...CAUSAL];
    seen.forEach((box, j) => box.set(CAUSAL[j]));
    move(START[0], START[1], false);
  });

  /** @param {number} x @param {number} y @param {boolean} quiet */
  function move(x, y, quiet) {
    const limit = (/** @type {number} */ value) =>
      Math.round(Math.min(REACH, Math.max(-REACH, value)) * 20) / 20;
    state.query = [limit(x), limit(y)];
    show(quiet);
  }

  function show(quiet = false) {
    const { weights, output: out } = result();
    plane.redraw();
    bars.redraw();
    ui.table(
      output,
      "Scores and weights",
      ["Word", "Score", "Weight"],
      WORDS.map((word, j) => [
        word,
        (scale.value() * (state.query[0] * KEYS[j][0] + state.query[1] * KEYS[j][1])).toFixed(2),
        state.allowed[j] ? weights[j].toFixed(3) : "masked",
      ]),
    );
    const most = weights.indexOf(Math.max(...weights));
    const [x, y] = state.query.map((value) => value.toFixed(2));
    status(
      `Query (${x}, ${y}): most weight on “${WORDS[most]}”, ${weights[most].toFixed(3)}; output (${out[0].toFixed(3)}, ${out[1].toFixed(3)}).`,
      quiet,
    );
  }

  /** @param {CanvasRenderingContext2D} g @param {{width: number, height: number}} size @param {ReturnType<typeof ui.palette>} colours */
  function drawPlane(g, { width }, colours) {
    const at = (/** @type {number} */ x, /** @type {number} */ y) => [
      ((x / REACH + 1) / 2) * width,
      ((1 - y / REACH) / 2) * width,
    ];
    g.strokeStyle = colours.grid;
    g.lineWidth = 1;
    for (let tick = -3; tick <= 3; tick++) {
      const [x, y] = at(tick, tick);
      g.beginPath();
      g.moveTo(x, 0);
      g.lineTo(x, width);
      g.moveTo(0, y);
      g.lineTo(width, y);
      g.stroke();
    }
    g.font = "12px sans-serif";
    g.fillStyle = colours.muted;
    g.fillText("a person →", width - 68, width / 2 - 5);
    g.fillText("female ↑", width / 2 + 5, 13);
    g.fillText("male ↓", width / 2 + 5, width - 6);
    const [qx, qy] = at(state.query[0], state.query[1]);
    const { weights } = result();
    KEYS.forEach((key, j) => {
      const [x, y] = at(key[0], key[1]);
      g.strokeStyle = colours.series[0];
      g.lineWidth = 12 * weights[j];
      if (weights[j] > 0.01) {
        g.beginPath();
        g.moveTo(qx, qy);
        g.lineTo(x, y);
        g.stroke();
      }
    });
    KEYS.forEach((key, j) => {
      const [x, y] = at(key[0], key[1]);
      g.fillStyle = state.allowed[j] ? colours.ink : colours.muted;
      g.fillRect(x - 4, y - 4, 8, 8);
      const name = state.allowed[j] ? WORDS[j] : `(${WORDS[j]})`;
      g.fillText(name, x + 8, y + (WORDS[j] === "plan" ? 16 : -6));
    });
    g.fillStyle = colours.paper;
    g.strokeStyle = colours.series[1];
    g.lineWidth = 3;
    g.beginPath();
    g.arc(qx, qy, 8, 0, 2 * Math.PI);
    g.fill();
    g.stroke();
    g.fillStyle = colours.ink;
    g.fillText("query", qx - 42, qy - 10);
  }

  /** @param {CanvasRenderingContext2D} g @param {{width: number, height: number}} size @param {ReturnType<typeof ui.palette>} colours */
  function drawBars(g, { width, height }, colours) {
    const { weights, output: out } = result();
    const rows = [
      ...WORDS.map((word, j) => ({ text: word, value: weights[j], colour: colours.series[0] })),
      { text: "output: Ann", value: out[0], colour: colours.series[1] },
      { text: "output: Tom", value: out[1], colour: colours.series[1] },
    ];
    const line = height / rows.length;
    g.font = "12px sans-serif";
    g.textBaseline = "middle";
    rows.forEach(({ text, value, colour }, i) => {
      const y = (i + 0.5) * line;
      g.fillStyle = colours.ink;
      g.textAlign = "right";
      g.fillText(text, 76, y);
      g.textAlign = "left";
      g.fillText(value.toFixed(3), width - 38, y);
      g.fillStyle = colour;
      g.fillRect(84, y - line * 0.3, value * (width - 84 - 46), line * 0.6);
    });
    g.textAlign = "left";
    g.textBaseline = "alphabetic";
  }

  show();
}
