/**
 * The picture of the demo: the last tests, each as a bar around what it found, and lines at the truth.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 * @typedef {import("./evaluation.mjs").Bar} Bar
 */

export const SHOWN = 40; // tests
const PAD = { left: 52, right: 8, top: 22, gap: 30, bottom: 6 };

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{title: string, truth: number, zero: boolean, bars: {own: Bar, wide?: Bar}[]}[]} panels one below the other
 */
export function drawTests(g, size, colours, panels) {
  const high = (size.height - PAD.top - PAD.bottom - PAD.gap * (panels.length - 1)) / panels.length;
  g.font = `${size.width < 380 ? 11 : 12}px sans-serif`;
  for (const [at, panel] of panels.entries())
    drawPanel(g, size, colours, panel, { top: PAD.top + at * (high + PAD.gap), high });
}

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {{title: string, truth: number, zero: boolean, bars: {own: Bar, wide?: Bar}[]}} panel
 * @param {{top: number, high: number}} place
 */
function drawPanel(g, size, colours, { title, truth, zero, bars }, { top, high }) {
  const all = bars.flatMap(({ own, wide }) => [own, wide ?? own]);
  const ends = all.flatMap(({ low, high: most }) => [low, most]);
  const [least, most] = [Math.min(truth, ...ends), Math.max(truth, ...ends)];
  const spread = most - least || 0.1;
  const y = (/** @type {number} */ value) => top + high - ((value - least) / spread) * high;
  const room = (size.width - PAD.left - PAD.right) / SHOWN;
  g.textAlign = "left";
  g.fillStyle = colours.ink;
  g.fillText(title, 4, top - 8);
  const level = (/** @type {number} */ value, /** @type {string} */ colour) => {
    g.strokeStyle = colour;
    g.lineWidth = 1.5;
    g.beginPath();
    g.moveTo(PAD.left - 4, y(value));
    g.lineTo(size.width - PAD.right, y(value));
    g.stroke();
  };
  if (zero && least <= 0 && most >= 0 && Math.abs(y(0) - y(truth)) > 12) {
    level(0, colours.grid);
    g.fillStyle = colours.muted;
    g.fillText("0", 4, y(0) + 4);
  }
  level(truth, colours.ink);
  g.fillStyle = colours.ink;
  g.fillText(`${(100 * truth).toFixed(1).replace("-", "−")} %`, 4, y(truth) + 4);
  for (const [n, { own, wide }] of bars.entries()) {
    const x = PAD.left + room * (n + 0.5);
    const stroke = (
      /** @type {Bar} */ bar,
      /** @type {string} */ colour,
      /** @type {number} */ width,
    ) => {
      g.strokeStyle = colour;
      g.lineWidth = width;
      g.beginPath();
      g.moveTo(x, y(bar.low));
      g.lineTo(x, y(bar.high));
      g.stroke();
    };
    if (wide) stroke(wide, colours.muted, 1);
    const holds = own.low <= truth && truth <= own.high;
    stroke(own, colours.series[holds ? 0 : 1], 3.5);
    g.fillStyle = colours.ink;
    g.fillRect(x - 2, y(own.middle) - 1, 4, 2);
  }
}
