/** The simulator of serving.py, without its pool of pages: requests that share one accelerator, step by step. */

import { random } from "../../assets/demos/rng.mjs";

/** @typedef {{arrival: number, prompt: number, answer: number}} Request milliseconds and tokens */
/** @typedef {{from: number, to: number, tokens: number}} Piece of work on a request; more than one token is prefill */
/** @typedef {Request & {cached: number, times: number[], work: Piece[]}} Served */
/** @typedef {{slots: number, batching: string, budget: number}} Policy batching is static or continuous; budget 0: prompts whole, in own steps */

const PARAMETERS = 8e9; // a model of two bytes a weight on an A100, as on the page
const KEPT = 2 * 32 * 8 * 128 * 2; // bytes of keys and values that a token leaves
const FLOPS = 312e12;
const BANDWIDTH = 2e12;

/** @param {number} tokens @param {number} read tokens of the cache @returns {number} milliseconds of a step: the slower of arithmetic and reading */
export const step = (tokens, read) =>
  1000 * Math.max((2 * PARAMETERS * tokens) / FLOPS, (2 * PARAMETERS + KEPT * read) / BANDWIDTH);

/** @param {Served} r */
const missing = (r) => r.prompt + r.times.length - r.cached;
/** @param {Served} r */
const ready = (r) => r.times.length > 0 && missing(r) === 1;
/** @param {Served} r */
const done = (r) => r.times.length === r.answer;

/** @param {Served[]} running @param {number} budget @returns {[Served, number][]} the requests of the next step, each with its tokens */
function plan(running, budget) {
  /** @type {[Served, number][]} */
  const decode = running.filter((r) => ready(r) && !done(r)).map((r) => [r, 1]);
  const prompts = running.filter((r) => !ready(r) && !done(r));
  if (!budget) return prompts.length ? prompts.map((r) => [r, missing(r)]) : decode;
  let left = budget - decode.length;
  for (const r of prompts) {
    const chunk = Math.min(missing(r), left);
    if (chunk <= 0) continue;
    decode.push([r, chunk]);
    left -= chunk;
  }
  return decode;
}

/** @param {Request[]} requests in the order of arrival @param {Policy} policy @returns {Served[]} */
export function serve(requests, { slots, batching, budget }) {
  /** @type {Served[]} */
  const all = requests.map((r) => ({ ...r, cached: 0, times: [], work: [] }));
  const coming = [...all];
  /** @type {Served[]} */
  const waiting = [];
  /** @type {Served[]} */
  let running = [];
  let now = 0;
  while (coming.length || waiting.length || running.length) {
    while (coming.length && coming[0].arrival <= now) waiting.push(...coming.splice(0, 1));
    if (batching === "continuous" || !running.length)
      running.push(...waiting.splice(0, slots - running.length));
    if (!running.length) {
      now = coming[0].arrival;
      continue;
    }
    const work = plan(running, budget);
    const from = now;
    now += step(
      work.reduce((sum, [, n]) => sum + n, 0),
      work.reduce((sum, [r]) => sum + r.cached, 0),
    );
    for (const [r, tokens] of work) {
      r.cached += tokens;
      r.work.push({ from, to: now, tokens });
      if (missing(r) === 0) r.times.push(now);
    }
    if (batching === "continuous" || running.every(done)) running = running.filter((r) => !done(r));
  }
  return all;
}

/** @param {number} seed @returns {Request[]} twelve chats at random times, of random lengths */
export function chats(seed) {
  const { uniform } = random(seed);
  const drawn = (/** @type {number} */ mean) => -mean * Math.log(1 - uniform());
  let arrival = 0;
  return Array.from({ length: 12 }, () => {
    arrival += drawn(20);
    const prompt = 1 + Math.floor(drawn(200));
    return { arrival, prompt, answer: 2 + Math.floor(drawn(20)) };
  });
}

/** @param {string} name @param {number} seed @returns {Request[]} */
export function requests(name, seed) {
  if (name === "chats") return chats(seed);
  const at = (
    /** @type {number} */ arrival,
    /** @type {number} */ prompt,
    /** @type {number} */ answer,
  ) => ({
    arrival,
    prompt,
    answer,
  });
  if (name === "example") return [2, 8, 2, 2].map((answer) => at(0, 1, answer));
  return [at(0, 100, 60), at(0, 100, 80), at(100, 16000, 20), at(120, 100, 40)];
}

/** @param {Served[]} served @returns {number[]} when all is done, mean time to the first token, longest pause between two tokens, tokens a second */
export function told(served) {
  const end = Math.max(...served.map(({ times }) => times[times.length - 1]));
  const first = served.map(({ arrival, times }) => times[0] - arrival);
  const pauses = served.flatMap(({ times }) => times.slice(1).map((time, i) => time - times[i]));
  const tokens = served.reduce((sum, { answer }) => sum + answer, 0);
  return [
    end,
    first.reduce((a, b) => a + b, 0) / first.length,
    Math.max(...pauses),
    (1000 * tokens) / end,
  ];
}

/** @param {string} name @param {number} seed @param {Policy} policy @returns {number[]} */
export const outcome = (name, seed, policy) => told(serve(requests(name, seed), policy));
