/**
 * Exercises that answer back: a field or a choice below the question, and what the answer is worth. Without
 * it, and on paper, the question and its folded solution stand alone. Nothing is stored or sent.
 *
 * @typedef {import("./answer-values.mjs").Wanted & {label: string, unit: string}} Part
 * @typedef {{exercise: string, parts?: Part[], expected?: string, of?: string[]}} Told what the build says
 * @typedef {{says: string, values: number[], texts: Node[][]}} Reply
 * @typedef {{verdict: string, text?: (Node | string)[]}} Said
 */

import { compare, readings, same, VERDICTS } from "./answer-values.mjs";
import { make } from "./dom.mjs";

/** @type {Record<string, [string, string]>} */
const SAID = {
  right: ["Right.", ""],
  nearly: ["Nearly.", "It is close, but not close enough."],
  sign: ["Nearly.", "The size is right, the sign is not."],
  factor: ["Nearly.", "It is off by a constant factor."],
  wrong: ["Not yet.", ""],
  unread: ["Not read.", "Write it like 1.5, 3/2, 1e-3, 2^10 or sqrt(2)."],
  empty: ["Nothing yet.", "Give an answer first."],
};

/** @param {Element} box @returns {Reply[]} */
const replies = (box) =>
  [...(box.querySelector("template")?.content.children ?? [])].map((one) => ({
    says: one.getAttribute("data-says") ?? "",
    values: JSON.parse(one.getAttribute("data-values") ?? "[]"),
    texts: [...one.children].map((text) => [...text.childNodes]),
  }));

/** Tells two fields of a page apart, to those who do not see where they stand. @param {string} exercise */
const numbered = (exercise) =>
  exercise ? make("span", { class: "hidden" }, ` (exercise ${exercise})`) : "";

/** @param {string} id @param {string} label @param {string} exercise @param {string} [unit] */
function field(id, label, exercise, unit) {
  const input = make("input", {
    id,
    type: "text",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    maxlength: "80",
    "aria-describedby": `${id}-unit`,
  });
  const tail = make("span", { class: "answer-unit", id: `${id}-unit` }, unit ?? "");
  const line = make("span", { class: "answer-line" }, input, tail);
  return { input, row: make("p", {}, make("label", { for: id }, label, numbered(exercise)), line) };
}

/** @param {string} id @param {Told} told @param {Reply[]} all @returns {{rows: Node[], inputs: HTMLInputElement[], judge: () => Said}} */
function typed(id, { exercise, parts, expected = "", of = [] }, all) {
  const names = parts ?? [{ label: "", unit: `in ${of.join(", ")}` }];
  const made = names.map(({ label, unit }, i) =>
    field(`${id}-${i}`, label || "Your answer", exercise, unit),
  );
  const inputs = made.map(({ input }) => input);
  const judge = () => {
    const texts = inputs.map((input) => input.value.trim());
    if (texts.includes("")) return { verdict: "empty" };
    if (!parts) return { verdict: same(texts[0], expected, of) };
    const given = parts.map(({ unit }, i) => readings(texts[i], unit));
    const each = parts.map((part, i) => compare(given[i] ?? [], part));
    const verdict = VERDICTS.find((one) => each.includes(one)) ?? "wrong";
    for (const [i, one] of each.entries())
      inputs[i].setAttribute("aria-invalid", String(one !== "right"));
    if (verdict === "right" || verdict === "unread") return { verdict };
    const meant = all.find(
      ({ values }) =>
        values.length === parts.length &&
        parts.every(({ value, within, near }, i) => {
          const to = values[i] ?? 0;
          const wanted = { value: to, within: Math.abs((within * to) / (value || 1)), near };
          return compare(given[i] ?? [], wanted) === "right";
        }),
    );
    if (meant) return { verdict: meant.says, text: meant.texts[0] };
    const good = parts.filter((_, i) => each[i] === "right").map(({ label }) => label);
    const why = SAID[verdict]?.[1] ?? "";
    return {
      verdict,
      text: [good.length ? `${why} Right so far: ${good.join(", ")}.`.trim() : why],
    };
  };
  return { rows: made.map(({ row }) => row), inputs, judge };
}

/** @param {string} id @param {Told} told @param {Reply[]} all */
function choice(id, { exercise }, all) {
  const rows = all.map(({ texts }, i) => {
    const input = make("input", { type: "radio", name: id, id: `${id}-${i}`, value: String(i) });
    return make("p", {}, input, make("label", { for: input.id }, ...(texts[0] ?? [])));
  });
  const legend = make("legend", {}, "Your choice", numbered(exercise));
  const group = make("fieldset", {}, legend, ...rows);
  /** @returns {Said} */
  const judge = () => {
    const chosen = all[Number(group.querySelector(":checked")?.value ?? -1)];
    return chosen ? { verdict: chosen.says, text: chosen.texts[1] } : { verdict: "empty" };
  };
  return { rows: [group], inputs: [...group.querySelectorAll("input")], judge };
}

/** @param {HTMLElement} box */
function exercise(box) {
  /** @type {Told} */
  const told = JSON.parse(box.dataset.answer ?? "{}");
  const all = replies(box);
  const hint = all.find(({ says }) => says === "hint")?.texts[0];
  const asked = all.filter(({ says }) => says !== "hint");
  const id = `${box.id}-field`;
  const { rows, inputs, judge } = (told.parts || told.expected ? typed : choice)(id, told, asked);
  const button = make("button", { class: "button" }, "Check");
  const help = { class: "button", type: "button", "aria-expanded": "false", hidden: "" };
  const more = make("button", { ...help, "aria-controls": `${id}-hint` }, "Hint");
  const told_ = make("div", { class: "answer-said", role: "status" });
  const shown = make(
    "div",
    { class: "answer-hint", id: `${id}-hint`, hidden: "" },
    ...(hint ?? []),
  );
  const buttons = make("p", { class: "answer-buttons" }, button, more);
  const form = make("form", { novalidate: "" }, ...rows, buttons, told_, shown);
  form.addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    for (const input of inputs) input.removeAttribute("aria-invalid");
    const { verdict, text } = judge();
    const [word = "", otherwise = ""] = SAID[verdict] ?? [];
    const copy = text?.map((part) => (part instanceof Node ? part.cloneNode(true) : part));
    told_.dataset.verdict = verdict;
    told_.replaceChildren(make("strong", {}, word), " ", ...(copy ?? [otherwise]));
    if (hint && verdict !== "right" && verdict !== "empty") more.hidden = false;
    if (verdict === "empty")
      inputs.find((input) => !input.value || input.type === "radio")?.focus();
  });
  more.addEventListener("click", () => {
    shown.hidden = !shown.hidden;
    more.setAttribute("aria-expanded", String(!shown.hidden));
  });
  box.replaceChildren(form);
}

for (const box of document.querySelectorAll("div.answer"))
  exercise(/** @type {HTMLElement} */ (box));
