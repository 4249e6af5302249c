/** The sums of evaluation.py on tests of two models: error bars, pairs, and how often a bar holds the truth. */

const Z = 1.96;

/** @typedef {{both: number, onlyA: number, onlyB: number, none: number}} Counts of items that both, one or none gets right */
/** @typedef {"usual" | "Wilson"} Kind of error bar */
/** @typedef {{middle: number, low: number, high: number}} Bar */

/** The test of the page. */
export const EXAMPLE = { both: 134, onlyA: 6, onlyB: 18, none: 42 };

/** @param {number} right @param {number} n @returns {number} of the share of right answers */
export const standardError = (right, n) => Math.sqrt(((right / n) * (1 - right / n)) / n);

/** @param {number} right @param {number} n @param {Kind} kind @returns {Bar} */
export function bar(right, n, kind) {
  const share = right / n;
  if (kind === "usual") {
    const half = Z * standardError(right, n);
    return { middle: share, low: share - half, high: share + half };
  }
  const down = 1 + (Z * Z) / n;
  const middle = (share + (Z * Z) / (2 * n)) / down;
  const half = (Z / down) * Math.sqrt((share * (1 - share)) / n + (Z * Z) / (4 * n * n));
  return { middle: share, low: middle - half, high: middle + half };
}

/** @param {Counts} counts @returns {{mean: number, paired: number, apart: number}} B − A and its two standard errors */
export function difference({ both, onlyA, onlyB, none }) {
  const n = both + onlyA + onlyB + none;
  const mean = (onlyB - onlyA) / n;
  const paired = Math.sqrt(((onlyA + onlyB) / n - mean * mean) / n);
  const apart = Math.hypot(standardError(both + onlyA, n), standardError(both + onlyB, n));
  return { mean, paired, apart };
}

/** @param {number} n @returns {number[]} logarithms of 0! to n! */
function factorials(n) {
  const logs = [0];
  for (let i = 1; i <= n; i++) logs.push(logs[i - 1] + Math.log(i));
  return logs;
}

/** @param {number} onlyA @param {number} onlyB @returns {number} chance of so uneven a split by a coin */
export function mcnemar(onlyA, onlyB) {
  const n = onlyA + onlyB;
  const logs = factorials(n);
  let sum = 0;
  for (let i = 0; i <= Math.min(onlyA, onlyB); i++)
    sum += Math.exp(logs[n] - logs[i] - logs[n - i] - n * Math.log(2));
  return Math.min(1, 2 * sum);
}

/** @param {number} p true share, between 0 and 1 @param {number} n items @param {Kind} kind @returns {number} chance that the bar holds it */
export function coverage(p, n, kind) {
  const logs = factorials(n);
  let sum = 0;
  for (let c = 0; c <= n; c++) {
    const { low, high } = bar(c, n, kind);
    if (low > p || p > high) continue;
    sum += Math.exp(logs[n] - logs[c] - logs[n - c] + c * Math.log(p) + (n - c) * Math.log(1 - p));
  }
  return sum;
}

/**
 * How often both are right: from independent items to items that are hard for both or for none.
 * @param {number} a true share of A @param {number} b @param {number} alike from 0 to 1
 */
export const together = (a, b, alike) => a * b + alike * (Math.min(a, b) - a * b);

/**
 * One test.
 * @param {number} a @param {number} b @param {number} alike @param {number} n items
 * @param {() => number} uniform random numbers, one an item @returns {Counts}
 */
export function test(a, b, alike, n, uniform) {
  const both = together(a, b, alike);
  const counts = { both: 0, onlyA: 0, onlyB: 0, none: 0 };
  for (let i = 0; i < n; i++) {
    const u = uniform();
    if (u < both) counts.both++;
    else if (u < a) counts.onlyA++;
    else if (u < a + b - both) counts.onlyB++;
    else counts.none++;
  }
  return counts;
}

/** @param {Counts} counts @param {Kind} kind @returns {number[]} the bar of A, the difference, its errors, its p-value */
export function outcome(counts, kind) {
  const n = counts.both + counts.onlyA + counts.onlyB + counts.none;
  const { low, high } = bar(counts.both + counts.onlyA, n, kind);
  const { mean, paired, apart } = difference(counts);
  return [low, high, mean, paired, apart, mcnemar(counts.onlyA, counts.onlyB)];
}
