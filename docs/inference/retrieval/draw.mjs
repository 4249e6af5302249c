/**
 * The picture of the demo: the score of each note, best first, as a row of what each word adds.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 * @typedef {import("./retrieval.mjs").Term} Term
 */

const PAD = { left: 6, right: 48, top: 6 };
const SHOWN = 5; // notes
const FEWEST = 3; // rows that share the height, so that no bar is a block

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{terms: Term[], notes: string[], found: number[], order: number[]}} now the scores of the notes, and their ranking
 */
export function drawScores(g, size, colours, { terms, notes, found, order }) {
  const font = size.width < 380 ? 11 : 12;
  g.font = `${font}px sans-serif`;
  g.textAlign = "left";
  const shown = order.slice(0, SHOWN);
  const tall = (size.height - PAD.top) / Math.max(FEWEST, shown.length);
  const most = Math.max(1, ...found);
  const full = size.width - PAD.left - PAD.right;
  for (const [row, note] of shown.entries()) {
    const top = PAD.top + row * tall;
    g.fillStyle = colours.ink;
    g.fillText(cut(g, `${note + 1}. ${notes[note]}`, size.width - 12), PAD.left, top + font);
    const bar = top + font + 5;
    const height = tall - font - 12;
    let left = PAD.left;
    for (const [at, { word, parts }] of terms.entries()) {
      const wide = (full * parts[note]) / most;
      if (!wide) continue;
      g.fillStyle = colours.series[at % colours.series.length];
      g.fillRect(left, bar, Math.max(1, wide - 2), height);
      g.fillStyle = colours.paper;
      if (g.measureText(word).width < wide - 8) g.fillText(word, left + 4, bar + height / 2 + 4);
      left += wide;
    }
    g.fillStyle = colours.ink;
    g.fillText(found[note].toFixed(2), left + 4, bar + height / 2 + 4);
  }
}

/** @param {CanvasRenderingContext2D} g @param {string} text @param {number} room @returns {string} as much as has room */
function cut(g, text, room) {
  if (g.measureText(text).width <= room) return text;
  let end = text.length;
  while (end > 1 && g.measureText(`${text.slice(0, end)}…`).width > room) end--;
  return `${text.slice(0, end)}…`;
}
