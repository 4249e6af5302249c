"""docs/inference/prompting/diagram.svg: parts of a prompt, the template, the prefix, the model, and what it gives."""

from docs.inference.prompting import prompting
from scripts.figures import diagram, style

WORDS = ("good", "bad", "cold", "cool")
PROMPT = ("Rate:", "fresh: good", "fresh: good")
U = 0.5


def numbers() -> style.Table:
    """What follows the prompt of the diagram, and the word that u picks."""
    p = [float(prompting.answer(PROMPT)[word]) for word in WORDS]
    token = next(n for n in range(len(p)) if sum(p[: n + 1]) > U)
    return {"p": p, "token": [float(token)]}


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """From the parts to a prefix, to probabilities, to a word that is appended."""
    (narrow if sheet.narrow else wide)(table, sheet)


def shares(table: style.Table) -> list[str]:
    """Each word with its probability."""
    return [f"{word} {p:.2f}" for word, p in zip(WORDS, table["p"], strict=True)]


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right, and back below."""
    sheet.band(0, 300)
    fixed = sheet.box(72, 52, 116, 46, "instruction", gloss="Rate:")
    shown = sheet.box(72, 122, 116, 46, "examples", gloss="fresh: good, twice")
    asked = sheet.box(72, 192, 116, 46, "question", gloss="warm:")
    template = sheet.pill(206, 122, 104, 64, "template:", "one text,", "with roles")
    tokens = sheet.box(336, 122, 96, 88, "Rate:", "fresh: good", "fresh: good", "warm:")
    sheet.label(336, 68, "tokens", size=12.5)
    model = sheet.network(446, 122, 76, 46, "Model", frozen=True)
    sheet.label(446, 88, "frozen", size=12.5)
    p = sheet.box(552, 122, 82, 96, *shares(table))
    pick = sheet.pill(652, 122, 64, 36, "draw")
    chance = sheet.box(652, 52, 72, 32, f"$u$ = {U}", random=True)
    out = sheet.box(652, 236, 70, 34, WORDS[int(table["token"][0])])
    for part in (fixed, shown, asked):
        sheet.arrow(part, template)
    sheet.chain([template, tokens, model, p, pick, out])
    sheet.arrow(chance, pick)
    sheet.arrow(out.left(), tokens.bottom(), via=[(336, 236)])
    sheet.label(494, 258, "append, and read again", size=12.5)
    sheet.label(540, 192, "$p$(next word | prompt)", size=12.5)


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom, and back at the right."""
    sheet.band(0, 700)
    fixed = sheet.box(58, 42, 96, 46, "instruction", gloss="Rate:")
    shown = sheet.box(177, 42, 124, 46, "examples", gloss="fresh: good, twice")
    asked = sheet.box(294, 42, 92, 46, "question", gloss="warm:")
    template = sheet.pill(177, 124, 150, 48, "template: one text,", "with roles")
    tokens = sheet.box(176, 226, 110, 88, "Rate:", "fresh: good", "fresh: good", "warm:")
    sheet.label(112, 226, "tokens", anchor="end", size=12.5)
    model = sheet.network(176, 326, 100, 44, "Model", frozen=True)
    sheet.label(112, 326, "frozen", anchor="end", size=12.5)
    p = sheet.box(176, 432, 92, 96, *shares(table))
    pick = sheet.pill(176, 542, 80, 36, "draw")
    chance = sheet.box(66, 542, 76, 32, f"$u$ = {U}", random=True)
    out = sheet.box(176, 622, 80, 34, WORDS[int(table["token"][0])])
    sheet.arrow(fixed.bottom(), template.top(-40), via=82)
    sheet.arrow(shown, template)
    sheet.arrow(asked.bottom(), template.top(40), via=82)
    sheet.chain([template, tokens, model, p, pick, out])
    sheet.arrow(chance, pick)
    sheet.arrow(out.right(), tokens.right(), via=[(318, 622), (318, 226)])
    sheet.label(176, 668, "append, and read again", size=12.5)
    sheet.label(118, 432, "$p$", anchor="end", size=12.5)


FIGURES = [diagram.Recipe("inference/prompting/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
