/** The table of the image: the terms of its ELBO, and what the exact integral gives. */

import * as ui from "../../assets/demos/ui.mjs";
import { two } from "./draw.mjs";
import * as vae from "./vae.mjs";

export const pair = (/** @type {number[]} */ z) => `(${two(z[0])}, ${two(z[1])})`;

/**
 * @param {HTMLElement} output
 * @param {import("./vae.mjs").Gaussian} q
 * @param {ReturnType<typeof vae.elboTerms>} terms
 * @param {ReturnType<typeof vae.integrate> | null} posterior if it is integrated already
 */
export function tableOf(output, q, { reconstruction, kl, elbo }, posterior) {
  const deviations = q.logVar.map((v) => Math.exp(0.5 * v));
  const wait = "integrating …";
  ui.table(
    output,
    "The image x, in nats",
    ["quantity", "value"],
    [
      ["mean of q(z|x)", pair(q.mean)],
      ["σ of q(z|x)", pair(deviations)],
      ["reconstruction term", two(reconstruction)],
      ["KL by unit", vae.klToPrior(q.mean, q.logVar).map(two).join(", ")],
      ["KL(q(z|x) ‖ p(z))", two(kl)],
      ["ELBO", two(elbo)],
      ["log p(x)", posterior ? two(posterior.evidence) : wait],
      ["gap", posterior ? two(posterior.evidence - elbo) : wait],
    ],
  );
  // A value never takes a second line: the table keeps its height.
  for (const cell of output.querySelectorAll("td")) cell.style.whiteSpace = "nowrap";
}
