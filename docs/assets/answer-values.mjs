/**
 * Answers of exercises as values: what a reader types is read as numbers or as an expression, and compared
 * with what is wanted. Nothing here knows of the page, and nothing is run that a reader has typed.
 *
 * @typedef {{value: number, within: number, near: number}} Wanted
 * @typedef {"unread" | "wrong" | "sign" | "factor" | "nearly" | "right"} Verdict
 */

/** @type {Verdict[]} from the worst to the best */
export const VERDICTS = ["unread", "wrong", "factor", "sign", "nearly", "right"];

const { log, log2, log10, sqrt, exp, sin, cos, tan, tanh, abs } = Math;
/** @type {Record<string, (x: number) => number>} */
const FUNCTIONS = { sqrt, exp, log, ln: log, log2, log10, sin, cos, tan, tanh, abs };
const CONSTANTS = { pi: Math.PI, π: Math.PI, e: Math.E, inf: Infinity, "∞": Infinity };
const TOKEN = /(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[\p{L}∞][\p{L}\d_]*|\S/giu;
const POINTS = [0.37, 0.71, 1.3, 1.9, 2.6];

/** One sign for what is written in several ways. @param {string} text */
const signs = (text) =>
  text
    .replace(/[⁻⁰¹²³⁴-⁹]+/g, (power) => `^(${power.normalize("NFKC")})`)
    .replace(/(\d*)\s*([¼-¾⅐-⅞])/g, (_, whole, part) => `(${whole || 0}+${part})`)
    .normalize("NFKC")
    .replace(/[−–]/g, "-")
    .replace(/\*\*/g, "^")
    .replace(/[·×⋅]/g, "*")
    .replace(/[⁄÷]/g, "/")
    .replace(/√/g, " sqrt ");

/**
 * The value of an expression of + - * / ^ %, brackets, functions and names; NaN if it cannot be read.
 * @param {string} text
 * @param {Record<string, number>} [names]
 */
export function evaluate(text, names = {}) {
  const tokens = signs(text).match(TOKEN) ?? [];
  /** @type {Record<string, number>} */
  const known = { ...CONSTANTS, ...names };
  let at = 0;
  const next = (/** @type {string} */ sign) => tokens[at] === sign && Boolean(++at);
  const sum = () => {
    let value = product();
    for (;;) {
      if (next("+")) value += product();
      else if (next("-")) value -= product();
      else return value;
    }
  };
  const product = () => {
    let value = signed();
    for (;;) {
      if (next("*")) value *= signed();
      else if (next("/")) value /= signed();
      else if (/^[\p{L}(∞]/u.test(tokens[at] ?? "")) value *= power();
      else return value;
    }
  };
  /** @type {() => number} */
  const signed = () => (next("-") ? -signed() : next("+") ? signed() : power());
  /** @type {() => number} */
  const power = () => {
    let value = atom();
    while (next("%")) value /= 100;
    return next("^") ? value ** signed() : value;
  };
  /** @type {() => number} */
  const atom = () => {
    const token = tokens[at++] ?? "";
    if (token === "(") {
      const value = sum();
      return next(")") ? value : Number.NaN;
    }
    if (Object.hasOwn(known, token)) return known[token] ?? Number.NaN;
    if (Object.hasOwn(FUNCTIONS, token))
      return FUNCTIONS[token]?.(tokens[at] === "(" ? atom() : power()) ?? Number.NaN;
    return Number(token || Number.NaN);
  };
  const value = sum();
  return at === tokens.length ? value : Number.NaN;
}

/**
 * The numbers that a text may mean: "1,625" is one and more than a thousand; a unit is passed over.
 * @param {string} text
 * @param {string} [unit]
 */
export function readings(text, unit = "") {
  let bare = text.replace(/^.*[=≈]/, "").trim();
  if (unit && bare.endsWith(unit)) bare = bare.slice(0, -unit.length);
  bare = bare
    .replace(/(?<=[\d)½%])\s*(\p{L}[\p{L}. ]*)$/u, (all, word) =>
      Object.hasOwn(CONSTANTS, word) ? all : "",
    )
    .replace(/(?<=\d)[\s'’](?=\d{3}(?!\d))/g, "");
  const thousands = bare.replace(/(?<![\d.])[1-9]\d{0,2}(,\d{3})+(?!\d)/g, (all) =>
    all.replaceAll(",", ""),
  );
  return [...new Set([thousands, bare.replace(",", ".")])]
    .map((one) => evaluate(one))
    .filter((value) => !Number.isNaN(value));
}

/**
 * @param {number[]} values the numbers that a text may mean
 * @param {Wanted} wanted
 * @returns {Verdict} of the best of them
 */
export function compare(values, { value, within, near }) {
  const slack = within + 1e-9 * abs(value);
  const one = (/** @type {number} */ given) => {
    if (given === value || abs(given - value) <= slack) return "right";
    if (abs(given - value) <= near) return "nearly";
    return given === -value || abs(given + value) <= slack ? "sign" : "wrong";
  };
  return best(values.map(one));
}

/** @param {Verdict[]} verdicts */
const best = (verdicts) =>
  VERDICTS[Math.max(0, ...verdicts.map((verdict) => VERDICTS.indexOf(verdict)))] ?? "unread";

/**
 * Whether two expressions have the same values, at a few points.
 * @param {string} text
 * @param {string} wanted
 * @param {string[]} names of the variables
 * @returns {Verdict}
 */
export function same(text, wanted, names) {
  const pairs = POINTS.map((_, i) => {
    const at = Object.fromEntries(names.map((name, k) => [name, POINTS[(i + 2 * k) % 5] ?? 1]));
    return [evaluate(text, at), evaluate(wanted, at)];
  });
  if (pairs.every(([given]) => Number.isNaN(given))) return "unread";
  const ratios = pairs.map(([given = 0, value = 0]) => (given === value ? 1 : given / value));
  const all = (/** @type {number} */ ratio) => ratios.every((one) => abs(one - ratio) < 1e-6);
  if (all(1)) return "right";
  if (all(-1)) return "sign";
  return ratios[0] && all(ratios[0]) ? "factor" : "wrong";
}
