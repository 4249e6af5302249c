/** The law of scaling_laws.py: the loss of a split, the best split of its budget, and the least work if it is used. */

/** @typedef {{e: number, a: number, b: number, alpha: number, beta: number}} Law */
/** @typedef {{n: number, d: number}} Split parameters and tokens of training */

/** @type {Record<string, Law>} */
export const LAWS = {
  example: { e: 1, a: 1, b: 4, alpha: 0.5, beta: 0.5 }, // in millions
  2024: { e: 1.8172, a: 482.01, b: 2085.43, alpha: 0.3478, beta: 0.3658 },
  2022: { e: 1.69, a: 406.4, b: 410.7, alpha: 0.34, beta: 0.28 },
};

/** @param {Law} p @param {number} n @param {number} d @returns {number} */
export const loss = (p, n, d) => p.e + p.a / n ** p.alpha + p.b / d ** p.beta;

/** @param {Law} p */
const ratio = (p) => ((p.alpha * p.a) / (p.beta * p.b)) ** (1 / (p.alpha + p.beta));

/** @param {Law} p @param {number} c operations @returns {Split} of the lowest loss */
export function optimum(p, c) {
  const n = ratio(p) * (c / 6) ** (p.beta / (p.alpha + p.beta));
  return { n, d: c / (6 * n) };
}

/** @param {Law} p @param {number} wanted loss @returns {number} operations with which the best split reaches it */
export function budget(p, wanted) {
  const g = ratio(p);
  const factor = p.a * g ** -p.alpha + p.b * g ** p.beta;
  return 6 * (factor / (wanted - p.e)) ** ((p.alpha + p.beta) / (p.alpha * p.beta));
}

/** @param {Law} p @param {number} wanted loss @param {number} served tokens @returns {Split} of the fewest operations, 6ND + 2N served */
export function lifetime(p, wanted, served) {
  const gap = wanted - p.e;
  const tokens = (/** @type {number} */ share) => (p.b / (share * gap)) ** (1 / p.beta);
  let [low, high] = [0, 1]; // share of the reducible loss that is left to the data
  for (let i = 0; i < 100; i++) {
    const share = (low + high) / 2;
    const more = p.alpha * (1 - share) > p.beta * share * (1 + served / (3 * tokens(share)));
    [low, high] = more ? [share, high] : [low, share];
  }
  const share = (low + high) / 2;
  return { n: (p.a / ((1 - share) * gap)) ** (1 / p.alpha), d: tokens(share) };
}

/** @param {Split} split @param {number} served tokens @returns {number} operations of a life */
export const life = ({ n, d }, served) => 6 * n * d + 2 * n * served;

/**
 * @param {string} name of the law @param {number} n @param {number} d @param {number} served
 * @returns {number[]} loss, best size and loss of its budget, share of the budget that its loss needs, the split of the
 *   least work, and what that saves
 */
export function outcome(name, n, d, served) {
  const p = LAWS[name];
  const c = 6 * n * d;
  const found = loss(p, n, d);
  const best = optimum(p, c);
  const used = lifetime(p, found, served);
  const saved = 1 - life(used, served) / life({ n, d }, served);
  return [found, best.n, loss(p, best.n, best.d), budget(p, found) / c, used.n, used.d, saved];
}
