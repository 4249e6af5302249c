/**
 * The picture of the demo: weights and caches as one bar, against the memory of the GPUs.
 *
 * @typedef {{weights: number, caches: number, card: number, cards: number, write: (bytes: number) => string}} Memory
 */

const WIDE = { left: 8, right: 8, top: 24, bottom: 24 };
const FLAT = { left: 4, right: 4, top: 17, bottom: 5 }; // on a phone

/**
 * @param {CanvasRenderingContext2D} g @param {import("../../assets/demos/ui.mjs").Size} size
 * @param {import("../../assets/demos/ui.mjs").Colours} colours @param {Memory} memory
 */
export function drawMemory(g, size, colours, { weights, caches, card, cards, write }) {
  const flat = size.height < 60;
  const pad = flat ? FLAT : WIDE;
  const there = card * cards;
  const most = 1.05 * Math.max(weights + caches, there);
  const scale = (size.width - pad.left - pad.right) / most;
  const high = size.height - pad.top - pad.bottom;
  const at = (/** @type {number} */ bytes) => pad.left + bytes * scale;
  g.font = flat ? "11px sans-serif" : "13px sans-serif";
  g.textBaseline = "middle";
  g.globalAlpha = 0.7;
  g.fillStyle = colours.series[0];
  g.fillRect(at(0), pad.top, weights * scale, high);
  g.fillStyle = colours.series[1];
  g.fillRect(at(weights), pad.top, caches * scale, high);
  g.globalAlpha = 1;
  g.strokeStyle = colours.ink;
  g.strokeRect(at(weights), pad.top, caches * scale, high);
  g.fillStyle = colours.ink;
  g.textAlign = "left";
  g.fillText(`weights ${write(weights)}, then caches ${write(caches)}`, pad.left, flat ? 8 : 12);
  g.strokeStyle = colours.ink;
  g.setLineDash([5, 4]);
  g.beginPath();
  g.moveTo(at(there), pad.top - 4);
  g.lineTo(at(there), pad.top + high + 6);
  g.stroke();
  g.setLineDash([]);
  if (flat) return; // the status says how much it is
  g.textAlign = at(there) > size.width / 2 ? "right" : "left";
  g.fillText(`dashed: ${write(there)} of memory`, at(there), size.height - 10);
}
