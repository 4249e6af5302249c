/**
 * The picture of the demo: each weight as it was and as it is used, on the lines of the values that its group has.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 */

import { fixed } from "../../assets/demos/ui.mjs";

const PAD = { side: 8, top: 24, bottom: 22 };
const HIGH = 1.7; // the largest weight that is drawn

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{row: number[], made: number[], levels: number[][], group: number}} now `levels`: the values of each weight's group
 */
export function drawRow(g, size, colours, { row, made, levels, group }) {
  const room = (size.width - 2 * PAD.side) / row.length;
  const middle = (PAD.top + size.height - PAD.bottom) / 2;
  const scale = (size.height - PAD.bottom - PAD.top) / 2 / HIGH;
  const at = (/** @type {number} */ value) =>
    middle - Math.max(-HIGH, Math.min(HIGH, value)) * scale;
  g.font = `${size.width < 380 ? 11 : 12}px sans-serif`;
  g.fillStyle = colours.ink;
  g.textAlign = "left";
  g.fillText("Rings: weights; bars: what is used; lines: values", 4, 14);
  for (let start = 0; start < row.length; start += group) {
    const [left, right] = [PAD.side + room * start + 2, PAD.side + room * (start + group) - 2];
    g.lineWidth = 1;
    g.strokeStyle = colours.grid;
    for (const level of levels[start].filter((value) => Math.abs(value) <= HIGH)) {
      g.beginPath();
      g.moveTo(left, at(level));
      g.lineTo(right, at(level));
      g.stroke();
    }
  }
  g.textAlign = "center";
  for (const [n, value] of row.entries()) {
    const x = PAD.side + room * (n + 0.5);
    g.fillStyle = colours.series[0];
    const [top, base] = [Math.min(at(made[n]), middle), Math.max(at(made[n]), middle)];
    g.fillRect(x - room * 0.3, top - 1, room * 0.6, base - top + 2);
    g.lineWidth = 2;
    g.strokeStyle = colours.ink;
    g.beginPath();
    g.arc(x, at(value), 4, 0, 2 * Math.PI);
    g.stroke();
    g.fillStyle = colours.ink;
    const outside = Math.abs(value) > HIGH;
    if (outside) {
      // What is cut says how far it would go.
      const side = n === row.length - 1 ? -1 : 1;
      const digits = Math.abs(value) < 10 ? 1 : 0;
      g.fillText(
        `${value < 0 ? "↓" : "↑"} ${fixed(value, digits)}`,
        x + side * room * 1.3,
        at(value) + 4,
      );
    }
    g.fillStyle = colours.muted;
    g.fillText(String(n + 1), x, size.height - 6);
  }
}
