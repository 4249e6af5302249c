/**
 * What the buttons of the demo set, and the sentence that says what to see.
 *
 * @typedef {{name: string, beta: number, show: string, see: string}} Preset `show` is on the plane
 */

export const PRESETS = /** @type {Preset[]} */ ([
  {
    name: "A code and its width",
    beta: 1,
    show: "digits",
    see: "The ellipses are the encoder's answer, one and two σ wide. Drag the ring inside them: the digit hardly changes.",
  },
  {
    name: "A walk to a 9",
    beta: 1,
    show: "walk to a 9",
    see: "Half-way between a 2 and a 9 the decoder writes a 3; the mean of the two images shows both at once and is no digit.",
  },
  {
    name: "The gap",
    beta: 1,
    show: "posterior",
    see: "The shade is the exact posterior, the ellipses are the encoder's answer: how they differ is the gap in the table.",
  },
  {
    name: "Collapse, β = 20",
    beta: 20,
    show: "digits",
    see: "Every place shows the same digit and the KL is zero: the code carries nothing. Drag the ring to see it.",
  },
  {
    name: "Holes, β = 0.1",
    beta: 0.1,
    show: "codes",
    see: "The codes lie far apart, and a code from the prior falls between them: sample a few and look for what is no digit.",
  },
]);
