/** Three answers of preference_optimisation.py: the losses of pairs, their gradients, and descent on them. */

/** @typedef {"dpo" | "ipo" | "kto" | "orpo" | "simpo"} Name of a loss */
/** @typedef {"one" | "four" | "all"} Pairs A over B alone; three times in four; all pairs by their strengths */
/** @typedef {{loss: Name, pairs: Pairs, beta: number, weight: number, alike: number, steps: number}} Setting weight: of the likelihood of the chosen */

export const ANSWERS = ["A", "B", "C"];
export const REFERENCE = [0.2, 0.5, 0.3];
const STRENGTHS = [6, 2, 1];
const LENGTHS = [7, 4, 1];
const RATE = 0.3;
const TARGET = 0.55; // of SimPO, times beta

const sigmoid = (/** @type {number} */ x) => 1 / (1 + Math.exp(-x));

/** @param {Pairs} pairs @returns {[number, number, number][]} chosen, rejected, and the weight */
function pairsOf(pairs) {
  if (pairs === "one") return [[0, 1, 1]];
  if (pairs === "four")
    return [
      [0, 1, 0.75],
      [1, 0, 0.25],
    ];
  return [0, 1, 2].flatMap((w) =>
    [0, 1, 2]
      .filter((l) => l !== w)
      .map(
        (l) =>
          /** @type {[number, number, number]} */ ([
            w,
            l,
            STRENGTHS[w] / (STRENGTHS[w] + STRENGTHS[l]) / 3,
          ]),
      ),
  );
}

/**
 * @param {number} alike how much A and B share @returns {number[][]} features of the answers: what moves B moves A
 *   along, and C the other way; without likeness each moves alone
 */
export function features(alike) {
  const rest = Math.sqrt(1 - alike * alike);
  return [
    [1, 0, 0],
    [alike, rest, 0],
    [0, -alike, rest],
  ];
}

/** @param {number[]} theta @param {number[][]} phi @returns {number[]} probabilities of the answers */
function policy(theta, phi) {
  const scores = phi.map(
    (row, y) => Math.log(REFERENCE[y]) + row.reduce((sum, one, i) => sum + one * theta[i], 0),
  );
  const most = Math.max(...scores);
  const parts = scores.map((score) => Math.exp(score - most));
  const sum = parts.reduce((a, b) => a + b, 0);
  return parts.map((part) => part / sum);
}

/**
 * @param {Setting} setting @param {number[]} p @param {number} w @param {number} l
 * @returns {[number, number]} the slope of the loss with respect to the log-probability of the chosen and of the rejected
 */
export function slopes({ loss, beta, weight }, p, w, l) {
  const u = (/** @type {number} */ y) => Math.log(p[y] / REFERENCE[y]);
  const mean = (/** @type {number} */ y) => Math.log(p[y]) / LENGTHS[y];
  const likely = weight / LENGTHS[w];
  if (loss === "dpo") {
    const pull = beta * sigmoid(-beta * (u(w) - u(l)));
    return [-pull - likely, pull];
  }
  if (loss === "ipo") {
    const pull = 2 * (1 / (2 * beta) - (u(w) - u(l)));
    return [-pull - likely, pull];
  }
  if (loss === "kto") {
    const slope = (/** @type {number} */ x) => beta * sigmoid(x) * sigmoid(-x);
    return [-slope(beta * u(w)) - likely, slope(-beta * u(l))];
  }
  if (loss === "simpo") {
    const pull = beta * sigmoid(TARGET * beta - beta * (mean(w) - mean(l)));
    return [-pull / LENGTHS[w] - likely, pull / LENGTHS[l]];
  }
  const odds = (/** @type {number} */ y) => mean(y) - Math.log1p(-Math.exp(mean(y)));
  const pull = beta * sigmoid(odds(l) - odds(w));
  const steep = (/** @type {number} */ y) => pull / (1 - Math.exp(mean(y))) / LENGTHS[y];
  return [-1 / LENGTHS[w] - steep(w) - likely, steep(l)];
}

/** @param {Setting} setting @returns {number[][]} the policy before each step and after the last */
export function train(setting) {
  const phi = features(setting.alike);
  const known = pairsOf(setting.pairs);
  const scaled = ["ipo", "orpo"].includes(setting.loss) ? RATE : RATE / setting.beta ** 2;
  let theta = [0, 0, 0];
  const found = [policy(theta, phi)];
  for (let t = 0; t < setting.steps; t++) {
    const p = found[t];
    const middle = [0, 1, 2].map((i) => phi.reduce((sum, row, y) => sum + p[y] * row[i], 0));
    const slope = [0, 0, 0];
    for (const [w, l, share] of known) {
      const [chosen, rejected] = slopes(setting, p, w, l);
      for (let i = 0; i < 3; i++)
        slope[i] += share * (chosen * (phi[w][i] - middle[i]) + rejected * (phi[l][i] - middle[i]));
    }
    theta = theta.map((one, i) => one - scaled * slope[i]);
    found.push(policy(theta, phi));
  }
  return found;
}

/** @param {number} beta @returns {number[]} the best policy under the KL penalty, if the strengths are rewards */
export function best(beta) {
  const parts = REFERENCE.map((p, y) => p * STRENGTHS[y] ** (1 / beta));
  const sum = parts.reduce((a, b) => a + b, 0);
  return parts.map((part) => part / sum);
}

/** @param {Setting} setting @returns {number[]} the last policy, and that after half of the steps */
export function outcome(setting) {
  const all = train(setting);
  return [...all[setting.steps], ...all[setting.steps >> 1]];
}
