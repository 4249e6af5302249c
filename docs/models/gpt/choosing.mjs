/** How the next token is chosen: temperature, top-k, top-p and the seed. */

import * as ui from "../../assets/demos/ui.mjs";

export const SEED = 1;
export const TOP_K = [1, 2, 3, 5, 10, 20, 50, 100, 0]; // 0: all

/**
 * @param {Element} controls
 * @param {{changed: () => void, reseeded: (seed: number) => void}} of what follows
 */
export function choosingOn(controls, { changed: onInput, reseeded }) {
  const temperature = ui.slider(controls, {
    label: "Temperature",
    min: 0.1,
    max: 2,
    step: 0.1,
    value: 1,
    format: (value) => value.toFixed(1),
    onInput,
  });
  const topK = ui.slider(controls, {
    label: "Top-k",
    min: 0,
    max: TOP_K.length - 1,
    step: 1,
    value: TOP_K.length - 1,
    format: (value) => (TOP_K[value] ? String(TOP_K[value]) : "all"),
    onInput,
  });
  const topP = ui.slider(controls, {
    label: "Top-p",
    min: 0.05,
    max: 1,
    step: 0.05,
    value: 1,
    format: (value) => value.toFixed(2),
    onInput,
  });
  const seed = ui.number(controls, {
    label: "Seed",
    value: SEED,
    onInput: reseeded,
  });
  return { temperature, topK, topP, seed };
}
