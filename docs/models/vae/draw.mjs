/**
 * The three pictures of the demo: the plane of codes, the drawing pad, and the three images.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {import("./vae.mjs").Network} Network
 * @typedef {import("./vae.mjs").Gaussian} Gaussian
 * @typedef {import("./vae.mjs").Closeup} Closeup
 * @typedef {{show: string, index: number, net: Network, codes: number[][], classes: number[], centre: number[], half: number, zoom: Closeup | null}} Ground
 *   what is drawn under ring and ellipse, and the part of the plane that is seen
 */

import { fixed } from "../../assets/demos/ui.mjs";
import { PAD, run } from "./vae.mjs";

/** @param {number} value @returns {string} */
export const two = (value) => fixed(value, 2);

/**
 * A square of values between 0 and 1 as ink. It is painted small and then enlarged, without seams.
 * @param {CanvasRenderingContext2D} context @param {ArrayLike<number>} values @param {number} left
 * @param {number} top @param {number} size @param {string} ink
 */
function image(context, values, left, top, size, ink, strength = 1, smooth = false) {
  const side = Math.round(Math.sqrt(values.length));
  const tile = document.createElement("canvas");
  tile.width = tile.height = side;
  const small = /** @type {CanvasRenderingContext2D} */ (tile.getContext("2d"));
  small.fillStyle = ink;
  for (let i = 0; i < values.length; i++) {
    small.globalAlpha = Math.min(Math.max(values[i], 0), 1) * strength;
    small.fillRect(i % side, Math.floor(i / side), 1, 1);
  }
  context.imageSmoothingEnabled = smooth;
  context.drawImage(tile, left, top, size, size);
}

/** @param {Size} size @param {{centre: number[], half: number}} ground @param {number[]} code @returns {number[]} its place in the picture */
export const toPicture = (size, { centre, half }, code) => [
  ((code[0] - centre[0]) / half + 1) * 0.5 * size.width,
  (1 - (code[1] - centre[1]) / half) * 0.5 * size.height,
];

/** @param {CanvasRenderingContext2D} context @param {Size} size @param {Colours} colours @param {Ground} ground */
function drawGround(context, size, colours, ground) {
  const { show, net, codes, classes, half, zoom } = ground;
  if (show === "digits") {
    const n = 11;
    const cell = size.width / n;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const code = [((2 * i + 1) / n - 1) * half, (1 - (2 * j + 1) / n) * half];
        const [left, top] = [i * cell + cell * 0.1, j * cell + cell * 0.1];
        image(context, run(net.decoder, code), left, top, cell * 0.8, colours.ink, 0.6);
      }
    }
  } else if (show === "codes") {
    context.font = "13px sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    codes.forEach((code, i) => {
      const [left, top] = toPicture(size, ground, code);
      context.fillStyle = colours.series[classes[i] % 6];
      context.fillText(String(classes[i]), left, top);
    });
  } else if (zoom) {
    image(context, zoom.density, 0, 0, size.width, colours.series[2], 1, true);
  }
}

/**
 * The ground changes seldom: it is kept as a picture.
 * @returns {(context: CanvasRenderingContext2D, size: Size, colours: Colours, ground: Ground) => void}
 */
export function keptGround() {
  const layer = document.createElement("canvas");
  let key = "";
  return (context, size, colours, ground) => {
    const { show, index, centre, half } = ground;
    const now = [show, index, size.width, colours.ink, colours.series[2], centre, half].join();
    if (now !== key) {
      key = now;
      const ratio = Math.min(window.devicePixelRatio || 1, 2);
      layer.width = size.width * ratio;
      layer.height = size.height * ratio;
      const below = /** @type {CanvasRenderingContext2D} */ (layer.getContext("2d"));
      below.scale(ratio, ratio);
      drawGround(below, size, colours, ground);
    }
    context.drawImage(layer, 0, 0, size.width, size.height);
  };
}

/**
 * The frame, q(z|x) as two ellipses of one and two standard deviations, and the ring at the code.
 * @param {CanvasRenderingContext2D} context @param {Size} size @param {Colours} colours
 * @param {Ground} ground @param {Gaussian} q @param {number[]} z
 */
export function drawCodes(context, size, colours, ground, q, z) {
  context.strokeStyle = colours.muted;
  context.lineWidth = 1;
  context.strokeRect(0.5, 0.5, size.width - 1, size.height - 1);
  const [cx, cy] = toPicture(size, ground, q.mean);
  const unit = size.width / (2 * ground.half);
  context.strokeStyle = colours.series[1];
  for (const [deviations, width] of [
    [1, 2.5],
    [2, 1.2],
  ]) {
    context.lineWidth = width;
    context.beginPath();
    const [rx, ry] = q.logVar.map((v) => Math.max(1, deviations * Math.exp(0.5 * v) * unit));
    context.ellipse(cx, cy, rx, ry, 0, 0, 2 * Math.PI);
    context.stroke();
  }
  context.fillStyle = colours.series[1];
  context.fillRect(cx - 1.5, cy - 6, 3, 12);
  context.fillRect(cx - 6, cy - 1.5, 12, 3);
  const [left, top] = toPicture(size, ground, z);
  context.beginPath();
  context.arc(left, top, 13, 0, 2 * Math.PI);
  context.strokeStyle = colours.paper;
  context.lineWidth = 5;
  context.stroke();
  context.strokeStyle = colours.series[0];
  context.lineWidth = 2.5;
  context.stroke();
}

/**
 * The codes of a walk: a line with a mark at each.
 * @param {CanvasRenderingContext2D} context @param {Size} size @param {Colours} colours
 * @param {Ground} ground @param {number[][]} codes
 */
export function drawPath(context, size, colours, ground, codes) {
  const places = codes.map((code) => toPicture(size, ground, code));
  context.beginPath();
  for (const [left, top] of places) context.lineTo(left, top);
  context.strokeStyle = colours.series[3];
  context.lineWidth = 2;
  context.stroke();
  context.fillStyle = colours.series[3];
  for (const [left, top] of places) context.fillRect(left - 3, top - 3, 6, 6);
}

/**
 * Two walks between the same two images, one below the other.
 * @param {CanvasRenderingContext2D} context @param {Size} size @param {Colours} colours
 * @param {[string, ArrayLike<number>[]][]} walks two names and the images of each
 */
export function drawWalks(context, size, colours, walks) {
  const side = Math.min(size.width / walks[0][1].length, (size.height - 36) / 2) - 3;
  walks.forEach(([name, images], row) => {
    const top = row * (side + 21);
    context.font = "13px sans-serif";
    context.fillStyle = colours.ink;
    context.fillText(name, 0, top + 12);
    images.forEach((values, i) => {
      image(context, values, i * (side + 3), top + 17, side, colours.ink);
      context.strokeStyle = row ? colours.muted : colours.series[3];
      context.lineWidth = 1;
      context.strokeRect(i * (side + 3) + 0.5, top + 17.5, side - 1, side - 1);
    });
  });
}

/**
 * @param {CanvasRenderingContext2D} context @param {Size} size @param {Colours} colours
 * @param {{cells: Uint8Array, below: number[] | null, pen: {row: number, column: number, down: boolean} | null}} pad
 *   `below`: an image to see under an empty pad; `pen`: where the keys have it
 */
export function drawPad(context, size, colours, { cells, below, pen }) {
  const cell = size.width / PAD;
  context.strokeStyle = colours.grid;
  context.lineWidth = 1;
  for (let i = 1; i < 8; i++) {
    context.strokeRect(-1, i * 4 * cell, size.width + 2, 0);
    context.strokeRect(i * 4 * cell, -1, 0, size.height + 2);
  }
  if (below) image(context, below, 0, 0, size.width, colours.muted, 0.75);
  image(context, cells, 0, 0, size.width, colours.ink);
  context.strokeStyle = colours.muted;
  context.strokeRect(0.5, 0.5, size.width - 1, size.height - 1);
  if (!pen) return;
  context.strokeStyle = colours.series[0];
  context.lineWidth = pen.down ? 4 : 2;
  context.strokeRect((pen.column - 1.5) * cell, (pen.row - 1.5) * cell, 4 * cell, 4 * cell);
}

/**
 * @param {CanvasRenderingContext2D} context @param {Size} size @param {Colours} colours
 * @param {[string, ArrayLike<number>][]} images three names and their pixels
 */
export function drawStrip(context, size, colours, images) {
  const side = Math.min((size.width - 24) / 3, size.height - 24);
  images.forEach(([name, values], i) => {
    const left = i * (side + 12);
    image(context, values, left, 20, side, colours.ink);
    context.strokeStyle = [colours.muted, colours.series[1], colours.series[0]][i];
    context.lineWidth = 2;
    context.strokeRect(left + 1, 21, side - 2, side - 2);
    context.font = "13px sans-serif";
    context.fillStyle = colours.ink;
    // The last name may be wider than its image: it ends where the picture does.
    const most = size.width - context.measureText(name).width;
    context.fillText(name, i === images.length - 1 ? Math.min(left, most) : left, 14);
  });
}
