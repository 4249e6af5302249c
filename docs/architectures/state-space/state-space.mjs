/** One number of state, read step by step, as weights of its inputs, and as a scan; as in state_space.py. */

/** @typedef {[number, number]} Pair what a stretch of steps keeps, and what it adds */

/**
 * @param {number} a rate of change, negative @param {number} b weight of the input @param {number} step
 * @returns {Pair} what a held step keeps of the state, and what it takes of the input
 */
export function hold(a, b, step) {
  return [Math.exp(a * step), (Math.expm1(a * step) / a) * b];
}

/** @param {Pair} first @param {Pair} then @returns {Pair} two stretches as one */
export function join(first, then) {
  return [then[0] * first[0], then[0] * first[1] + then[1]];
}

/** @param {Pair[]} row @returns {number[]} the state after each step, one after the other */
export function steps(row) {
  let h = 0;
  return row.map(([keep, add]) => {
    h = keep * h + add;
    return h;
  });
}

/** @param {Pair[]} row @returns {Pair[][]} the stretches after each round, first those of one step */
export function scan(row) {
  const rounds = [row];
  for (let reach = 1; reach < row.length; reach *= 2) {
    const last = rounds[rounds.length - 1];
    rounds.push(last.map((pair, t) => (t < reach ? pair : join(last[t - reach], pair))));
  }
  return rounds;
}

/** @param {Pair[]} row keep and take of each step @returns {number[]} weight of each input in the last state */
export function weights(row) {
  let left = 1;
  const out = row.map(() => 0);
  for (let t = row.length - 1; t >= 0; t -= 1) {
    out[t] = left * row[t][1];
    left *= row[t][0];
  }
  return out;
}
