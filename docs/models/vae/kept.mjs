/** What the address of the VAE demo holds besides its controls: the image, the drawing, and the code. */

import { keep, numbers, written } from "../../assets/demos/state.mjs";

/**
 * @param {Uint8Array} cells of the pad, 0 or 1 each, a multiple of four
 * @returns {string} four cells a digit
 */
export function packed(cells) {
  return Array.from({ length: cells.length / 4 }, (_, i) =>
    cells
      .subarray(4 * i, 4 * i + 4)
      .reduce((sum, cell) => 2 * sum + cell, 0)
      .toString(16),
  ).join("");
}

/**
 * @param {string} text @param {number} count of cells
 * @returns {Uint8Array<ArrayBuffer> | undefined} nothing if the text is no such pad
 */
export function unpacked(text, count) {
  if (text.length !== count / 4 || !/^[0-9a-f]+$/.test(text)) return undefined;
  return Uint8Array.from({ length: count }, (_, i) => {
    const four = Number.parseInt(text[Math.floor(i / 4)], 16);
    return (four >> (3 - (i % 4))) & 1;
  });
}

/**
 * @template {{z: number[], shownDigit: number, drawn: boolean, digits: unknown[], cells: Uint8Array<ArrayBuffer>, q: {mean: number[]}, pick: (digit: number) => void, take: (cells: Uint8Array<ArrayBuffer>, told: boolean) => void, moveTo: (code: number[]) => void}} S
 * @param {Element} root of the demo @param {S} stage
 * @param {number} reach the largest number of a code
 * @returns {S} the same stage
 */
export function kept(root, stage, reach) {
  keep(root, "test-digit", {
    read: () => String(stage.shownDigit),
    write: (text) => {
      const good = /^\d{1,3}$/.test(text) && Number(text) < stage.digits.length;
      if (good) stage.pick(Number(text));
      return good;
    },
  });
  keep(root, "drawing", {
    read: () => (stage.drawn ? packed(stage.cells) : ""),
    write: (text) => {
      const cells = unpacked(text, stage.cells.length);
      if (cells) stage.take(cells, true);
      return Boolean(cells);
    },
  });
  const code = () => written(stage.z);
  const mean = () => written(stage.q.mean);
  keep(root, "code", {
    // The mean of the present image is where the code stands by itself.
    read: () => (code() === mean() ? "" : code()),
    write: (text) => {
      const found = text === "" ? [...stage.q.mean] : numbers(text, 2, reach);
      if (found) stage.moveTo(found);
      return Boolean(found);
    },
  });
  return stage;
}
