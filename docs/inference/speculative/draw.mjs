/**
 * The picture of the demo: what a rule makes of one place, and below it the last call.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 * @typedef {import("./speculative.mjs").Call} Call
 */

const PAD = { side: 8, top: 28, bottom: 78 };
const BOX = 26; // height of a word of the call

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{words: string[], p: number[], q: number[], kept: number[], added: number[], call: Call | undefined}} now
 */
export function drawCall(g, size, colours, now) {
  g.font = `${size.width < 380 ? 11 : 12}px sans-serif`;
  g.textAlign = "left";
  g.fillStyle = colours.ink;
  g.fillText("Bars: output; line: target; dashed: rejected", 4, 14);
  drawPlace(g, size, colours, now);
  drawWords(g, size, colours, now);
}

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{words: string[], p: number[], q: number[], kept: number[], added: number[]}} now
 */
function drawPlace(g, size, colours, { words, p, q, kept, added }) {
  const base = size.height - PAD.bottom;
  const room = (size.width - 2 * PAD.side) / words.length;
  const most = Math.max(...p, ...q, ...kept.map((value, n) => value + added[n]));
  const high = (/** @type {number} */ value) => (value / most) * (base - PAD.top - 16);
  g.textAlign = "center";
  for (const [n, word] of words.entries()) {
    const x = PAD.side + room * (n + 0.5);
    const wide = room * 0.64;
    const [low, top] = [high(kept[n]), high(kept[n] + added[n])];
    g.fillStyle = colours.series[0];
    g.fillRect(x - wide / 2, base - low, wide, low);
    g.fillStyle = colours.series[1];
    g.fillRect(x - wide / 2, base - top, wide, top - low);
    if (q[n] > kept[n] + 1e-9) {
      g.strokeStyle = colours.muted;
      g.lineWidth = 1;
      g.setLineDash([4, 3]);
      g.strokeRect(x - wide / 2, base - high(q[n]), wide, high(q[n]) - low);
      g.setLineDash([]);
    }
    g.strokeStyle = colours.ink;
    g.lineWidth = 2;
    g.beginPath();
    g.moveTo(x - wide / 2 - 3, base - high(p[n]));
    g.lineTo(x + wide / 2 + 3, base - high(p[n]));
    g.stroke();
    g.fillStyle = colours.ink;
    g.fillText(word, x, base + 15);
    const above = Math.max(top, high(p[n]), high(q[n]));
    g.fillText((kept[n] + added[n]).toFixed(2), x, base - above - 5);
  }
}

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{words: string[], call: Call | undefined}} now
 */
function drawWords(g, size, colours, { words, call }) {
  const top = size.height - BOX - 4;
  g.textAlign = "left";
  g.fillStyle = colours.muted;
  g.fillText(call ? "The last call: drafts, and one more word" : "No call yet", 4, top - 8);
  if (!call) return;
  const shown = [...call.drafted, call.last];
  const room = Math.min(64, (size.width - 2 * PAD.side) / shown.length);
  g.textAlign = "center";
  for (const [at, word] of shown.entries()) {
    const x = PAD.side + room * at;
    const last = at === call.drafted.length;
    const good = at < call.accepted;
    g.fillStyle = good ? colours.series[0] : colours.series[1];
    if (good || last) g.fillRect(x + 1, top, room - 2, BOX);
    else {
      g.strokeStyle = colours.muted;
      g.lineWidth = 1;
      g.strokeRect(x + 1.5, top + 0.5, room - 3, BOX - 1);
    }
    g.fillStyle = good || last ? colours.paper : colours.muted;
    g.fillText(words[word], x + room / 2, top + BOX / 2 + 4, room - 4);
    if (good || last) continue;
    g.beginPath();
    g.moveTo(x + 5, top + BOX / 2);
    g.lineTo(x + room - 5, top + BOX / 2);
    g.stroke();
  }
}
