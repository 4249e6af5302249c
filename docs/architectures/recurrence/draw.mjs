/**
 * The pictures of the demo: states step by step, and errors on their way back on a logarithmic scale.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 */

const LOW = -9; // powers of ten that are shown, more if an error is beyond them
const HIGH = 7;
const PAD = { left: 44, right: 8, top: 26, bottom: 24 };

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {string} title @param {number} steps
 */
function frame(g, size, colours, title, steps) {
  g.font = "13px sans-serif";
  g.fillStyle = colours.ink;
  g.textAlign = "left";
  g.fillText(title, 4, 14);
  g.textAlign = "center";
  g.fillStyle = colours.muted;
  g.fillText("1", PAD.left + 6, size.height - 6);
  g.fillText(`step ${steps}`, size.width - PAD.right - 22, size.height - 6);
}

/** @param {Size} size @param {number} steps @returns {(t: number) => [number, number]} left and width of a bar */
const bars = (size, steps) => (t) => {
  const room = (size.width - PAD.left - PAD.right) / steps;
  return [PAD.left + room * (t + 0.12), room * 0.76];
};

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {number[]} states without the first zero
 */
export function drawStates(g, size, colours, states) {
  frame(g, size, colours, "State, goal 6", states.length);
  const top = Math.max(8, ...states.map(Math.abs));
  const base = size.height - PAD.bottom;
  const high = base - PAD.top;
  const place = bars(size, states.length);
  g.textAlign = "right";
  for (const value of [0, top]) {
    g.fillStyle = colours.muted;
    const text = value < 1000 ? String(Math.round(value)) : value.toExponential(0);
    g.fillText(text, PAD.left - 6, base - (high * value) / top + 4);
  }
  for (const [t, state] of states.entries()) {
    const [x, wide] = place(t);
    const tall = (high * Math.abs(state)) / top;
    g.fillStyle = colours.series[0];
    g.fillRect(x, base - tall, wide, tall);
  }
  const goal = base - (high * 6) / top;
  g.strokeStyle = colours.ink;
  g.setLineDash([4, 4]);
  g.beginPath();
  g.moveTo(PAD.left, goal);
  g.lineTo(size.width - PAD.right, goal);
  g.stroke();
  g.setLineDash([]);
}

/**
 * @param {CanvasRenderingContext2D} g @param {Size} size @param {Colours} colours
 * @param {number[]} errors
 */
export function drawErrors(g, size, colours, errors) {
  frame(g, size, colours, "Size of the error, on its way back", errors.length);
  const powers = errors.map((error) => (error === 0 ? LOW : Math.log10(Math.abs(error))));
  const low = Math.min(LOW, ...powers.map(Math.floor));
  const high = Math.max(HIGH, ...powers.map(Math.ceil));
  const base = size.height - PAD.bottom;
  const at = (/** @type {number} */ power) =>
    base - ((base - PAD.top) * (power - low)) / (high - low);
  g.textAlign = "right";
  const step = high - low > 20 ? 8 : 4;
  for (let power = Math.ceil(low / step) * step; power < high; power += step) {
    g.fillStyle = colours.muted;
    const text = power ? `1e${power < 0 ? "−" : ""}${Math.abs(power)}` : "1";
    g.fillText(text, PAD.left - 6, at(power) + 4);
    g.fillStyle = colours.grid;
    g.fillRect(PAD.left, at(power), size.width - PAD.left - PAD.right, 1);
  }
  const place = bars(size, errors.length);
  for (const [t, power] of powers.entries()) {
    const [x, wide] = place(t);
    const y = at(power);
    g.fillStyle = colours.series[1];
    g.fillRect(x, y, wide, base - y);
  }
}
