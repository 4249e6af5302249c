/**
 * The example of the page, two thermometers: the encoder's answer is moved by hand, and the bound follows.
 */

import * as ui from "../../assets/demos/ui.mjs";
import { two } from "./draw.mjs";
import { pairPosterior, pairTerms } from "./vae.mjs";

const READING = [2.5, 2];
const EXACT = pairPosterior(READING);
const PRESETS = /** @type {[string, number, number][]} */ ([
  ["The posterior", EXACT.mean, EXACT.deviation],
  ["Nearly a point", 1, 0.01],
  ["Too wide", 1, 1],
  ["The prior", 0, 1],
]);
const LOWEST = 0.01;

/** @param {number} z @param {number} mean @param {number} deviation */
const density = (z, mean, deviation) =>
  Math.exp(-0.5 * ((z - mean) / deviation) ** 2) / (deviation * Math.sqrt(2 * Math.PI));

/**
 * @param {CanvasRenderingContext2D} context @param {ui.Size} size @param {ui.Colours} colours
 * @param {number} mean @param {number} deviation
 */
function draw(context, { width, height }, colours, mean, deviation) {
  const across = (/** @type {number} */ z) => ((z + 3) / 6) * width;
  const top = Math.min(3, 1.1 * Math.max(density(0, 0, deviation), density(0, 0, EXACT.deviation)));
  const floor = height - 22;
  const curves = /** @type {[string, number, number, number[], number][]} */ ([
    [colours.muted, 0, 1, [2, 3], 1.5],
    [colours.series[2], EXACT.mean, EXACT.deviation, [6, 4], 2],
    [colours.series[0], mean, deviation, [], 2.5],
  ]);
  context.font = "13px sans-serif";
  context.textAlign = "center";
  context.fillStyle = colours.ink;
  for (const z of [-2, -1, 0, 1, 2]) {
    context.fillText(ui.short(z, 2), across(z), height - 5);
  }
  for (const [color, m, s, dash, line] of curves) {
    context.strokeStyle = color;
    context.lineWidth = line;
    context.setLineDash(dash);
    context.beginPath();
    for (let i = 0; i <= 600; i++) {
      const z = -3 + i / 100;
      context.lineTo(across(z), floor * (1 - Math.min(density(z, m, s) / top, 1)));
    }
    context.stroke();
    if (color !== colours.series[2]) continue; // the posterior is a surface, so that it is seen below the answer
    context.fillStyle = color;
    context.globalAlpha = 0.2;
    context.fill();
    context.globalAlpha = 1;
  }
  context.setLineDash([]);
  context.textAlign = "left";
  ["prior, dotted", "posterior, dashed", "encoder's answer, solid"].forEach((text, i) => {
    context.fillStyle = curves[i][0];
    context.fillText(text, 6, 16 + 18 * i);
  });
}

/** @param {HTMLElement} root */
export function thermometers(root) {
  let [, mean, deviation] = PRESETS[0];
  const canvas = ui.canvas(root, {
    width: 640,
    height: 200,
    label:
      "Three densities of the code z: the prior, the exact posterior, and the encoder's answer.",
    draw: (context, size, colours) => draw(context, size, colours, mean, deviation),
  });
  const controls = ui.element("div", { class: "demo-controls" }, root);
  const buttons = ui.element("div", { class: "demo-buttons" }, root);
  const output = ui.element("div", { class: "demo-output" }, root);
  const told = ui.element("output", { class: "demo-told" }, root);

  const show = () => {
    const { reconstruction, kl, evidence } = pairTerms(READING, mean, deviation);
    const elbo = reconstruction - kl;
    const gap = Math.max(0, evidence - elbo); // at the posterior a rounding may lie below zero
    canvas.redraw();
    ui.table(
      output,
      "The pair (2.5, 2), in nats",
      ["quantity", "value"],
      [
        ["reconstruction term, averaged over ε", two(reconstruction)],
        ["KL(q(z|x) ‖ p(z))", two(kl)],
        ["ELBO = reconstruction − KL", two(elbo)],
        ["log p(x)", two(evidence)],
        ["gap = KL(q(z|x) ‖ p(z|x))", two(gap)],
      ],
    );
    told.textContent = `ELBO ${two(elbo)}, gap ${two(gap)} nats.`;
  };
  const place = ui.slider(controls, {
    label: "Mean μ of the encoder's answer",
    min: -2,
    max: 2,
    step: 0.05,
    value: mean,
    format: two,
    onInput: (value) => {
      mean = value;
      show();
    },
  });
  const width = ui.slider(controls, {
    label: "Its standard deviation σ",
    min: Math.log(LOWEST),
    max: Math.log(2),
    step: "any",
    value: Math.log(deviation),
    format: (value) => Math.exp(value).toFixed(value < Math.log(0.1) ? 3 : 2),
    onInput: (value) => {
      deviation = Math.exp(value);
      show();
    },
  });
  const load = (/** @type {number} */ m, /** @type {number} */ s) => {
    [mean, deviation] = [m, s];
    place.set(m);
    width.set(Math.log(s));
    show();
  };
  for (const [name, m, s] of PRESETS) ui.preset(buttons, name, () => load(m, s));
  ui.button(buttons, "Reset", () => load(PRESETS[0][1], PRESETS[0][2]));
  show();
}
