/** What the demo can show: a training text, the number of merges, a text to cut, and what to see. */

/** Article 1 of the Universal Declaration of Human Rights. */
const ENGLISH =
  "All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience and should act towards one another in a spirit of brotherhood.";
const HINDI = "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है ।";
const EXAMPLE = "banana bandana";

/** Small numbers, round ones and years, the later the more often. */
const NUMBERS = [
  ...Array.from({ length: 40 }, (_, n) => String(n + 1)),
  "100 200 300 1000 2000 2000 1999 1999",
  ...Array.from({ length: 16 }, (_, n) => `${2010 + n} ${2010 + n}`),
].join(" ");

/** @typedef {{name: string, training: string, merges: number, text: string, see: string}} Preset */

/** @type {Preset[]} */
export const PRESETS = [
  {
    name: "A new word",
    training: EXAMPLE,
    merges: 3,
    text: "bana",
    see: "“bana” was not in the training text and becomes “b” and “ana”. Take the merges away one by one.",
  },
  {
    name: "A token never seen",
    training: EXAMPLE,
    merges: 3,
    text: "ananas",
    see: "The first token is 256, “an”. In the training text, cut by the same list, it occurs 0 times.",
  },
  {
    name: "An emoji",
    training: EXAMPLE,
    merges: 3,
    text: "🍌 Banana",
    see: "The picture is four bytes, and the capital letter is another byte than the small one. Nothing is lost.",
  },
  {
    name: "English from English",
    training: ENGLISH,
    merges: 60,
    text: "They are free and equal in rights.",
    see: "Frequent words are one token, with the space before them. More merges learn the text by heart.",
  },
  {
    name: "Hindi from English",
    training: ENGLISH,
    merges: 60,
    text: HINDI,
    see: "No merge fits: a letter takes three bytes and three tokens. Add the text to the training text.",
  },
  {
    name: "Numbers",
    training: NUMBERS,
    merges: 40,
    text: "from 2024 2025 2026 2027 1999 1998",
    see: "Years of the training text are one token; 2026, 2027 and 1998 are two or three.",
  },
];
