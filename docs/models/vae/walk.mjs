/**
 * A walk from the image to a digit of another class: decoded from the codes on a straight line, and mixed by pixels.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {{x: ArrayLike<number>, mean: number[], codes: number[][], digits: number[][], classes: number[], decode: (code: number[]) => ArrayLike<number>}} Seen
 *   the image and its code; the test digits, their codes and classes
 */

import * as ui from "../../assets/demos/ui.mjs";
import { drawPath, drawWalks } from "./draw.mjs";
import * as vae from "./vae.mjs";

const STEPS = 7; // images of a walk, both ends among them

const NAME = "walk to a "; // before the class; what the reader chooses, and what an address holds
export const WALKS = Array.from(
  { length: 10 },
  (_, i) => /** @type {[string, string]} */ ([`${NAME}${i}`, `a ${NAME}${i}`]),
);

export class Walk {
  goal = -1; // the class to which it leads, if any

  /**
   * @param {HTMLElement} figure @param {HTMLElement} instead what gives way to it
   * @param {() => Seen} seen what is seen now
   */
  constructor(figure, instead, seen) {
    this.figure = figure;
    this.instead = instead;
    this.seen = seen;
    figure.hidden = true;
    this.canvas = ui.canvas(figure, {
      width: 250,
      height: 118,
      label:
        "Two walks of seven images: decoded from codes on a straight line, and mixed by pixels.",
      draw: (context, size, colours) => this.draw(context, size, colours),
    });
  }

  /** @param {string} show one of WALKS, or something else */
  turnTo(show) {
    this.goal = show.startsWith(NAME) ? Number(show.slice(NAME.length)) : -1;
    this.figure.hidden = this.goal < 0;
    this.instead.hidden = this.goal >= 0;
  }

  codes() {
    const { mean, codes, classes } = this.seen();
    return vae.walk(mean, codes[classes.indexOf(this.goal)], STEPS);
  }

  /** @param {CanvasRenderingContext2D} context @param {Size} size @param {Colours} colours */
  draw(context, size, colours) {
    if (this.goal < 0) return;
    const { x, digits, classes, decode } = this.seen();
    const mixed = vae.walk(x, digits[classes.indexOf(this.goal)], STEPS);
    drawWalks(context, size, colours, [
      ["decoded, along the line", this.codes().map(decode)],
      ["mixed by pixels", mixed],
    ]);
  }

  /**
   * The line on the plane of codes.
   * @param {CanvasRenderingContext2D} context @param {Size} size @param {Colours} colours
   * @param {import("./draw.mjs").Ground} ground
   */
  line(context, size, colours, ground) {
    if (this.goal >= 0) drawPath(context, size, colours, ground, this.codes());
  }

  /** What a reader is told who can't see it. */
  told() {
    const { digits, classes, decode } = this.seen();
    const near = this.codes().map((code) => classes[vae.nearest(digits, decode(code))]);
    const last = near[near.length - 1];
    const end =
      last === this.goal
        ? ""
        : ` The last is decoded from the code of a ${this.goal}, and comes out nearest to a ${last}.`;
    return `On the way to a ${this.goal} the decoded images are nearest to ${near.join(", ")}.${end}`;
  }
}
