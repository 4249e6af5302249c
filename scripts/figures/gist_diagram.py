"""docs/inference/gist/diagram.svg: the mask of the example, training with it, one compression, one request."""

from importlib import import_module
from typing import Any

from scripts.figures import diagram, style

code: Any = import_module("docs.inference.gist.gist")

WORDS = ["a2", "b0", "c3", "d1", "e2", "f0", "G", "c", "e"]


def numbers() -> style.Table:
    """The mask, row by row, and the answers."""
    n, m = len(code.RULES), len(code.INPUT)
    number = code.pack(code.RULES)
    at = ["abcdef".index(letter) for letter in code.INPUT]
    return {
        "mask": code.gist_mask(n, 1, m).double().flatten().tolist(),
        "answers": [float(code.unpack(number, one, n)) for one in at],
    }


def rows(table: style.Table) -> list[list[float]]:
    """The mask, row by row."""
    values, side = table["mask"], len(WORDS)
    return [values[i : i + side] for i in range(0, len(values), side)]


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Training with the mask, and use in two parts."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    said = [f"{one:g}" for one in table["answers"]]
    sheet.band(0, 280, "Training", "with the mask: a row looks at the filled columns")
    mask = sheet.matrix(
        166, 160, rows(table), cell=(26, 20), digits=None, top=1.5, rows=WORDS, columns=WORDS
    )
    sheet.label(166, 268, "c and e see G, not the six rules")
    given = sheet.box(424, 74, 150, 36, "six rules, G, c e")
    model = sheet.network(424, 160, 130, 46, "Model", "learns, with G")
    wanted = sheet.box(610, 74, 110, 36, f"wanted {said[0]} {said[1]}")
    loss = sheet.loss(610, 160, 100, 44, "loss")
    sheet.arrow(mask, model)
    sheet.arrow(given, model)
    sheet.arrow(model, loss)
    sheet.arrow(wanted, loss)
    sheet.gradient(loss.bottom(), model.bottom(), "gradient", via=224)
    sheet.band(290, 196, "Use", "nothing learns")
    prompt = sheet.tokens(146, 354, WORDS[:7], width=30)
    once = sheet.network(376, 354, 110, 44, "Model", gloss="frozen, once", frozen=True)
    kept = sheet.box(578, 354, 176, 44, "keys and values of G", gloss="1 entry kept in place of 6")
    sheet.arrow(prompt[-1], once)
    sheet.arrow(once, kept)
    asked = sheet.tokens(236, 442, WORDS[7:], width=30)
    each = sheet.network(376, 442, 140, 44, "Model", gloss="frozen, each request", frozen=True)
    told = sheet.tokens(578, 442, said, width=30)
    sheet.arrow(asked[-1], each)
    sheet.arrow(each, told[0])
    sheet.arrow(kept.bottom(-50), each.top(20))


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    said = [f"{one:g}" for one in table["answers"]]
    sheet.band(0, 440, "Training", "a row looks at filled columns")
    mask = sheet.matrix(
        188, 158, rows(table), cell=(26, 20), digits=None, top=1.5, rows=WORDS, columns=WORDS
    )
    sheet.label(212, 268, "c and e see G, not the six rules")
    model = sheet.network(88, 334, 120, 46, "Model", "learns, with G")
    loss = sheet.loss(270, 334, 100, 44, "loss")
    given = sheet.box(88, 408, 140, 36, "six rules, G, c e")
    wanted = sheet.box(270, 408, 110, 36, f"wanted {said[0]} {said[1]}")
    sheet.arrow(mask.bottom(-100), model.top())
    sheet.arrow(given, model)
    sheet.arrow(model, loss)
    sheet.arrow(wanted, loss)
    sheet.gradient(loss.top(), model.top(40), "gradient", via=294)
    sheet.band(450, 320, "Use", "nothing learns")
    whole = sheet.frame(175, 504, 262, 36)
    sheet.tokens(175, 504, WORDS[:7], width=30)
    once = sheet.network(98, 570, 110, 44, "Model", gloss="frozen, once", frozen=True)
    kept = sheet.box(254, 570, 140, 44, "keys, values of G", gloss="1 entry, not 6")
    sheet.arrow(whole.bottom(-77), once.top())
    sheet.arrow(once, kept)
    asked = sheet.frame(136, 652, 80, 36)
    sheet.tokens(136, 652, WORDS[7:], width=30)
    each = sheet.network(176, 714, 144, 44, "Model", gloss="frozen, each request", frozen=True)
    told = sheet.tokens(300, 714, said, width=30)
    sheet.arrow(asked.bottom(), each.top(-40))
    sheet.arrow(each, told[0])
    sheet.arrow(kept.bottom(), each.top(30))


FIGURES = [diagram.Recipe("inference/gist/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
