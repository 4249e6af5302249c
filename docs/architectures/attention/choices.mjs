/** What the demo of attention can load with one press, and what to see. */

const BACK = [true, true, true, true, false]; // what the causal mask leaves to "her"
const OPEN = BACK.map(() => true);

/**
 * The head and the word whose query is asked, what it may look at, and whether to divide by √D.
 * @type {{name: string, see: string, head: number, word: number, allowed: boolean[], root: boolean}[]}
 */
export const PRESETS = [
  {
    name: "The example",
    see: "“her” asks for a female person, and “plan” is masked: Ann has 0.735, “her” itself 0.179.",
    head: 0,
    word: 3,
    allowed: BACK,
    root: true,
  },
  {
    name: "No mask",
    see: "“plan” is seen too and takes 0.042. All other weights shrink, Ann to 0.704: the sum stays one.",
    head: 0,
    word: 3,
    allowed: OPEN,
    root: true,
  },
  {
    name: "Without √D",
    see: "The scores are larger, so the softmax is sharper: Ann has 0.853.",
    head: 0,
    word: 3,
    allowed: BACK,
    root: false,
  },
  {
    name: "Look ahead",
    see: "“told” asks for a person. Without a mask it already sees Tom, who comes later: 0.336, as much as Ann. Untick the last three, and Ann has 0.804.",
    head: 0,
    word: 1,
    allowed: OPEN,
    root: true,
  },
  {
    name: "Second head",
    see: "The same word with other matrices: “her” now asks for an action, and “told” has most, 0.403.",
    head: 1,
    word: 3,
    allowed: BACK,
    root: true,
  },
];
