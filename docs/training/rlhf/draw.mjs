/**
 * The two pictures of the demo: the probabilities of the answers, and the curve of over-optimisation.
 *
 * @typedef {import("../../assets/demos/ui.mjs").Colours} Colours
 * @typedef {import("../../assets/demos/ui.mjs").Size} Size
 * @typedef {ReturnType<typeof import("./rlhf.mjs").standing>} Standing
 */

/**
 * @param {CanvasRenderingContext2D} context @param {Size} size @param {Colours} colours
 * @param {number[]} policy log-probabilities @param {number[]} reference log-probabilities
 * @param {string[]} names of the answers
 */
export function drawBars(context, { width, height }, colours, policy, reference, names) {
  const most = Math.max(0.2, ...policy.map(Math.exp), ...reference.map(Math.exp));
  const slot = (width - 44) / names.length;
  const low = height - 36;
  const up = (/** @type {number} */ p) => (p / most) * (low - 34);
  context.font = "12px sans-serif";
  context.fillStyle = colours.ink;
  context.fillText("Filled: policy, dashed: reference", 2, 12);
  for (const p of [0, most]) {
    context.fillText(`${(100 * p).toFixed(0)} %`, 2, low - up(p) + 4);
    context.fillStyle = colours.grid;
    context.fillRect(36, low - up(p), width - 40, 1);
    context.fillStyle = colours.ink;
  }
  context.fillText("answer", 40, height - 4);
  context.textAlign = "center";
  policy.forEach((value, i) => {
    const x = 40 + i * slot;
    const [before, now] = [up(Math.exp(reference[i])), up(Math.exp(value))];
    context.fillStyle = colours.series[0];
    context.fillRect(x + slot * 0.46, low - now, slot * 0.4, now);
    context.strokeStyle = colours.series[1];
    context.lineWidth = 1.5;
    context.setLineDash([4, 3]);
    context.strokeRect(x + slot * 0.1, low - before, slot * 0.3, before);
    context.setLineDash([]);
    context.fillStyle = colours.ink;
    context.fillText(names[i], x + slot * 0.48, low + 15);
  });
  context.textAlign = "left";
}

/**
 * @param {CanvasRenderingContext2D} context @param {Size} size @param {Colours} colours
 * @param {Standing[]} all along a falling beta @param {Standing} here that of the policy
 * @param {boolean} same whether the truth is what the reward model believes
 */
export function drawCurve(context, { width, height }, colours, all, here, same) {
  const [left, right, top, low] = [36, width - 10, 46, height - 40];
  const values = [...all, here].flatMap(({ gold, proxy }) => [gold, proxy]);
  const [least, most] = [Math.min(...values) - 0.05, Math.max(...values) + 0.05];
  const reach = Math.max(0.5, here.way, ...all.map(({ way }) => way));
  const px = (/** @type {number} */ way) => left + (way / reach) * (right - left);
  const py = (/** @type {number} */ y) => low - ((y - least) / (most - least)) * (low - top);
  context.font = "12px sans-serif";
  context.fillStyle = colours.ink;
  for (const y of [least, most]) {
    context.fillText(y.toFixed(1), 2, py(y) + 4);
    context.fillStyle = colours.grid;
    context.fillRect(left, py(y), right - left, 1);
    context.fillStyle = colours.ink;
  }
  for (const x of [0, reach]) {
    const told = x.toFixed(1);
    const end = right - context.measureText(told).width;
    context.fillText(told, Math.min(px(x), end), low + 16);
  }
  context.fillText("√ divergence, falling β →", left + 4, height - 6);
  // The way so far in full strength, the rest faintly.
  const before = [...all.filter(({ way }) => way < here.way), here];
  const after = [here, ...all.filter(({ way }) => way > here.way)];
  const line = (/** @type {"proxy" | "gold"} */ of, /** @type {Stroke} */ stroke) => {
    const at = ({ way, [of]: y } = here) => [px(way), py(y)];
    drawLine(context, stroke, before.map(at), after.map(at));
  };
  const believed = { colour: colours.series[1], dash: [6, 4], name: "mean reward, believed" };
  const actual = { colour: colours.series[0], dash: [], name: "mean reward, true" };
  if (!same) line("proxy", { ...believed, height: 12 });
  line("gold", same ? { ...actual, name: "mean reward", height: 12 } : { ...actual, height: 28 });
}

/**
 * One of the two lines, with its name.
 * @typedef {{colour: string, dash: number[], name: string, height: number}} Stroke `height`: of the name
 * @param {CanvasRenderingContext2D} context @param {Stroke} stroke
 * @param {number[][]} before points, the last of them here @param {number[][]} after points
 */
function drawLine(context, { colour, dash, name, height }, before, after) {
  context.fillStyle = colour;
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.setLineDash(dash);
  const key = [
    [2, height - 4],
    [28, height - 4],
  ];
  for (const [alpha, points] of /** @type {[number, number[][]][]} */ ([
    [1, key],
    [1, before],
    [0.35, after],
  ])) {
    context.globalAlpha = alpha;
    context.beginPath();
    for (const [x, y] of points) context.lineTo(x, y);
    context.stroke();
  }
  context.globalAlpha = 1;
  context.setLineDash([]);
  context.fillText(name, 34, height);
  context.beginPath();
  const [x, y] = after[0];
  context.arc(x, y, 5, 0, 7);
  context.fill();
}
