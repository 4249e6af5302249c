/** Test-time compute of reasoning.py in closed form: one question, three answers, and four ways to use several draws. */

import { pick } from "../../assets/demos/rng.mjs";

/** @typedef {{p: number, frequent: number, f: number, e: number}} Setting chance of the right answer, share of the wrong ones that are the frequent mistake, share of wrong answers that the verifier accepts, chance of a wrong answer that it scores above all right ones */
/** @typedef {"any" | "majority" | "verifier" | "scored"} Way */
/** @typedef {{answers: number[], majority: number, verifier: number | undefined, scored: number}} Drawn what is drawn, and what each way answers */

export const [RIGHT, FREQUENT, RARE] = [0, 1, 2];

/** @param {Setting} setting @returns {number[]} chances of the right answer, the frequent mistake and the rare one */
export const chances = ({ p, frequent }) => [p, (1 - p) * frequent, (1 - p) * (1 - frequent)];

/** @param {number} n @returns {number[]} logarithms of 0! to n! */
function factorials(n) {
  const found = [0];
  for (let i = 1; i <= n; i++) found.push(found[i - 1] + Math.log(i));
  return found;
}

/** @param {number[]} q @param {number} n @returns {number} chance that the most frequent of n answers is the right one, ties drawn */
export function majority(q, n) {
  const log = factorials(n);
  let total = 0;
  for (let k = 1; k <= n; k++)
    for (let i = 0; k + i <= n; i++) {
      const votes = [k, i, n - k - i];
      const most = Math.max(...votes);
      if (k < most) continue;
      const ties = votes.filter((vote) => vote === most).length;
      if (votes.some((vote, a) => vote > 0 && !q[a])) continue;
      const chance = votes.reduce(
        (sum, vote, a) => sum + (vote ? vote * Math.log(q[a]) : 0) - log[vote],
        log[n],
      );
      total += Math.exp(chance) / ties;
    }
  return total;
}

/** @param {Setting} setting @param {number} n @returns {Record<Way, number>} chance of a right answer by each way */
export function right(setting, n) {
  const { p, f } = setting;
  const e = Math.min(setting.e, 1 - p);
  const accept = p + (1 - p) * f;
  return {
    any: 1 - (1 - p) ** n,
    majority: majority(chances(setting), n),
    verifier: (p / accept) * (1 - (1 - accept) ** n),
    scored: (1 - e) ** n - (1 - p - e) ** n,
  };
}

/** @param {Setting} setting @param {number} n @param {() => number} uniform @returns {Drawn} */
export function draw(setting, n, uniform) {
  const q = chances(setting);
  const answers = Array.from({ length: n }, () => pick(q, uniform()));
  const votes = q.map((_, a) => answers.filter((one) => one === a).length);
  const first = votes
    .map((vote, a) => (vote === Math.max(...votes) ? a : -1))
    .filter((a) => a >= 0);
  const verifier = answers.find((one) => one === RIGHT || uniform() < setting.f);
  const e = Math.min(setting.e, 1 - setting.p);
  const fooled = answers.find((one) => one !== RIGHT && uniform() < e / (1 - setting.p));
  const scored = fooled ?? answers.find((one) => one === RIGHT) ?? answers[0];
  return { answers, majority: first[Math.floor(uniform() * first.length)], verifier, scored };
}

/** @param {Setting} setting @param {number} n @returns {number[]} */
export function outcome(setting, n) {
  const found = right(setting, n);
  return [found.any, found.majority, found.verifier, found.scored];
}
