/**
 * The picture of the demo: a row for each request, with its waiting, its prefill and its tokens over time.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 * @typedef {import("./serving.mjs").Served} Served
 */

const PAD = { left: 34, right: 12, top: 24, bottom: 30 };
const LEAST = 2; // pixels of a token that must be told from its neighbour

/** @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours @param {{served: Served[]}} now */
export function drawRows(g, size, colours, { served }) {
  g.font = `${size.width < 380 ? 11 : 12}px sans-serif`;
  const end = Math.max(...served.map(({ times }) => times[times.length - 1]));
  const x = (/** @type {number} */ time) =>
    PAD.left + (time / end) * (size.width - PAD.left - PAD.right);
  const tall = (size.height - PAD.top - PAD.bottom) / served.length;
  key(g, colours);
  g.textAlign = "right";
  for (const [i, r] of served.entries()) {
    const top = PAD.top + i * tall + tall * 0.15;
    const height = tall * 0.7;
    g.fillStyle = colours.muted;
    g.fillText(String(i + 1), PAD.left - 6, top + height / 2 + 4);
    g.fillStyle = colours.grid;
    const until = r.times[r.times.length - 1];
    g.fillRect(x(r.arrival), top + height * 0.35, x(until) - x(r.arrival), height * 0.3);
    for (const { from, to, tokens } of r.work) {
      const written = r.times.includes(to) && tokens === 1 && r.times[0] !== to;
      const wide = x(to) - x(from);
      g.fillStyle = written ? colours.series[0] : colours.series[1];
      const gap = wide > LEAST ? 1 : 0;
      if (written) g.fillRect(x(from), top, wide - gap, height);
      else g.fillRect(x(from), top + height * 0.2, Math.max(wide - gap, 1), height * 0.6);
    }
  }
  axis(g, size, colours, { end, x });
}

/** @param {CanvasRenderingContext2D} g @param {Colours} colours */
function key(g, colours) {
  let left = 4;
  g.textAlign = "left";
  const parts = /** @type {[string, string][]} */ ([
    [colours.grid, "waits"],
    [colours.series[1], "its prompt is read"],
    [colours.series[0], "writes a token (tall)"],
  ]);
  for (const [colour, text] of parts) {
    g.fillStyle = colour;
    g.fillRect(left, 5, 11, 11);
    g.fillStyle = colours.ink;
    g.fillText(text, left + 15, 15);
    left += 15 + g.measureText(text).width + 14;
  }
}

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{end: number, x: (time: number) => number}} scale
 */
function axis(g, size, colours, { end, x }) {
  const bottom = size.height - PAD.bottom;
  const unit = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000].find((one) => end / one <= 6) ?? 1e4;
  g.strokeStyle = colours.muted;
  g.fillStyle = colours.muted;
  g.lineWidth = 1;
  g.beginPath();
  g.moveTo(PAD.left, bottom);
  g.lineTo(size.width - PAD.right, bottom);
  for (let time = 0; time <= end; time += unit) {
    g.moveTo(x(time), bottom);
    g.lineTo(x(time), bottom + 4);
    g.textAlign = "center";
    g.fillText(String(time), x(time), bottom + 16);
  }
  g.stroke();
  g.fillText("milliseconds", size.width / 2, size.height - 2);
}
