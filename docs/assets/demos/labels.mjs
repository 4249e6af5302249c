/** Names beside points of a picture, each at a side where it covers no other and is not cut; levels with their names. */

/**
 * @typedef {{text: string, x: number, y: number, colour: string, away?: number}} Label a name, its point,
 *   and how far from it the name stands
 * @typedef {{left: number, top: number, right: number, bottom: number}} Box
 */

// Where a name may stand, the wanted one first: right and above, then round the point.
const SIDES = [
  [1, -1],
  [1, 1],
  [-1, -1],
  [-1, 1],
  [0, -1.6],
  [0, 1.6],
  [1, -3],
  [1, 3],
  [-1, -3],
  [-1, 3],
];

/** @param {Box} a @param {Box} b @returns {number} the area that both cover */
const shared = (a, b) =>
  Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left)) *
  Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));

/** @param {number[]} point @param {number} reach in pixels @returns {Box} */
export const around = ([x, y], reach) => ({
  left: x - reach,
  top: y - reach,
  right: x + reach,
  bottom: y + reach,
});

/** @param {Label} label @param {number[]} side @param {number} wide @param {number} tall @returns {Box} */
function box({ x, y, away = 8 }, [across, along], wide, tall) {
  const left = across ? (across > 0 ? x + away : x - away - wide) : x - wide / 2;
  const top = y + along * (away + tall / 4) - tall / 2;
  return { left, top, right: left + wide, bottom: top + tall };
}

/**
 * Where each name stands; earlier ones choose first.
 * @param {Label[]} labels
 * @param {number[]} widths of the texts, in pixels
 * @param {number} tall the height of a line
 * @param {{width: number, height: number}} size of the picture
 * @param {Box[]} [taken] what should stay free
 * @returns {Box[]}
 */
export function placed(labels, widths, tall, size, taken = []) {
  /** @type {Box[]} */
  const boxes = [];
  const frame = { left: 0, top: 0, right: size.width, bottom: size.height };
  for (const [i, label] of labels.entries()) {
    const cost = (/** @type {Box} */ one) => {
      const outside = widths[i] * tall - shared(one, frame);
      const covered = [...boxes, ...taken].reduce((sum, other) => sum + shared(one, other), 0);
      return 4 * outside + covered;
    };
    const ways = SIDES.map((side) => box(label, side, widths[i], tall));
    const costs = ways.map(cost);
    boxes.push(ways[costs.indexOf(Math.min(...costs))]);
  }
  return boxes;
}

/**
 * Writes the names, and gives where.
 * @param {CanvasRenderingContext2D} g its font is that of the names
 * @param {{width: number, height: number}} size @param {Label[]} labels @param {Box[]} [taken]
 * @returns {Box[]}
 */
export function write(g, size, labels, taken) {
  const tall = Number.parseFloat(g.font);
  const widths = labels.map(({ text }) => g.measureText(text).width);
  g.textAlign = "left";
  g.textBaseline = "alphabetic";
  const boxes = placed(labels, widths, tall, size, taken);
  for (const [i, { left, bottom }] of boxes.entries()) {
    g.fillStyle = labels[i].colour;
    g.fillText(labels[i].text, left, bottom - tall * 0.2);
  }
  return boxes;
}

/**
 * Lines across a picture, each with its name at the left.
 * @param {CanvasRenderingContext2D} g @param {import("./ui.mjs").Colours} colours
 * @param {{left: number, right: number, y: (level: number) => number}} place
 * @param {[number, string][]} marks
 */
export function levels(g, colours, { left, right, y }, marks) {
  g.lineWidth = 1;
  g.strokeStyle = colours.grid;
  g.fillStyle = colours.muted;
  g.textAlign = "right";
  for (const [level, name] of marks) {
    g.beginPath();
    g.moveTo(left, y(level));
    g.lineTo(right, y(level));
    g.stroke();
    g.fillText(name, left - 5, y(level) + 4);
  }
}
