"""docs/training/fine-tuning/diagram.svg: what is reused, one tuning with the page's example, and use."""

from importlib import import_module
from typing import Any

from scripts.figures import diagram, style

code: Any = import_module("docs.training.fine-tuning.fine_tuning")


def numbers() -> style.Table:
    """Start, one step, the end, and the outputs of the example."""
    start, x, y, _ = code.example()
    one = code.descend(start, x, y, code.RATE, 1)
    end = code.nearest(start, x, y)
    return {
        "start": start.tolist(),
        "x": x[0].tolist(),
        "wanted": y.tolist(),
        "before": (x @ start).tolist(),
        "one": one.tolist(),
        "after one": (x @ one).tolist(),
        "end": [round(v, 9) for v in end.tolist()],
        "loss": [float((x @ start - y).square().sum() / 2)],
    }


def row(values: list[float]) -> str:
    """A vector in one line."""
    return "(" + ", ".join(diagram.decimal(v, "g") for v in values) + ")"


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Pre-training, tuning, use."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    start, x, end = (row(table[name]) for name in ("start", "x", "end"))
    sheet.band(0, 120, "Pre-training", "once, much data of the source")
    old = sheet.box(150, 66, 120, 40, "old examples", gloss="many")
    big = sheet.network(370, 66, 130, 46, "Model", r"$\mathbf{w}$")
    first = sheet.loss(570, 66, 90, 42, "old loss")
    sheet.chain([old, big, first])
    sheet.gradient(first.bottom(), big.bottom(40), via=104)
    sheet.band(130, 190, "Fine-tuning", "few examples; here one")
    given = sheet.box(70, 206, 108, 38, rf"$\mathbf{{x}}$ = {x}")
    low = sheet.network(214, 206, 110, 44, "Lower layers", gloss="frozen, or learn", frozen=True)
    top = sheet.network(370, 206, 130, 44, "Last layer", r"learns $\mathbf{w}$")
    out = sheet.box(504, 206, 80, 38, f"{table['before'][0]:g}", gloss="output")
    loss = sheet.loss(630, 206, 100, 46, "new loss", gloss=f"here {table['loss'][0]:g}")
    wanted = sheet.box(630, 286, 100, 36, f"wanted {table['wanted'][0]:g}")
    pull = sheet.loss(214, 286, 174, 44, "pull to the start", gloss="may be left out")
    sheet.chain([given, low, top, out, loss])
    sheet.arrow(big.bottom(-30), top.top(-30))
    sheet.label(352, 158, rf"start $\mathbf{{w}}_0$ = {start}", anchor="start")
    sheet.arrow(wanted, loss)
    sheet.gradient(loss.bottom(-30), top.bottom(30), via=[(600, 250), (400, 250)])
    sheet.gradient(pull.right(), top.bottom(-20), via=[(350, 286)])
    sheet.label(492, 268, f"one step: {row(table['one'])}", colour=diagram.LOSS)
    sheet.label(492, 300, f"in the end: {end}")
    sheet.band(330, 84, "Use", "nothing learns")
    new = sheet.box(90, 380, 108, 38, rf"$\mathbf{{x}}$ = {x}")
    model = sheet.network(330, 380, 180, 40, rf"$\mathbf{{w}}$ = {end}", frozen=True)
    y = sheet.box(560, 380, 86, 38, f"{table['wanted'][0]:g}", gloss="output")
    sheet.chain([new, model, y])


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    start, x, end = (row(table[name]) for name in ("start", "x", "end"))
    sheet.band(0, 176, "Pre-training", "once, much data")
    old = sheet.box(88, 62, 120, 40, "old examples", gloss="many")
    big = sheet.network(256, 62, 124, 44, "Model", r"$\mathbf{w}$")
    first = sheet.loss(274, 138, 88, 40, "old loss")
    got = sheet.box(88, 138, 128, 40, rf"$\mathbf{{w}}_0$ = {start}", gloss="the start")
    sheet.chain([old, big])
    sheet.arrow(big.bottom(18), first.top())
    sheet.gradient(first.right(), big.right(), via=[(334, 138), (334, 62)])
    sheet.arrow(big.bottom(-48), got.right(), via=[(208, 138)])
    sheet.band(186, 348, "Fine-tuning", "here one example")
    given = sheet.box(88, 248, 120, 36, rf"$\mathbf{{x}}$ = {x}")
    low = sheet.network(88, 316, 130, 44, "Lower layers", gloss="frozen, or learn", frozen=True)
    top = sheet.network(88, 392, 130, 44, "Last layer", rf"$\mathbf{{w}}$, from {start}")
    out = sheet.box(258, 248, 100, 38, f"{table['before'][0]:g}", gloss="output")
    loss = sheet.loss(258, 330, 106, 46, "new loss", gloss=f"here {table['loss'][0]:g}")
    wanted = sheet.box(258, 404, 100, 36, f"wanted {table['wanted'][0]:g}")
    pull = sheet.loss(96, 490, 160, 44, "pull to the start", gloss="may be left out")
    sheet.chain([given, low, top])
    sheet.arrow(top.right(-8), out.left(), via=[(180, 384), (180, 248)])
    sheet.arrow(out, loss)
    sheet.arrow(wanted, loss)
    sheet.gradient(loss.left(8), top.right(8), via=[(192, 338), (192, 400)])
    sheet.gradient(pull.top(), top.bottom(8))
    sheet.label(268, 452, f"one step: {row(table['one'])}", colour=diagram.LOSS)
    sheet.label(268, 474, f"in the end: {end}")
    sheet.band(544, 84, "Use", "nothing learns")
    new = sheet.box(64, 594, 96, 36, rf"$\mathbf{{x}}$ = {x}")
    model = sheet.network(190, 594, 116, 40, rf"$\mathbf{{w}}$ = {end}", frozen=True)
    y = sheet.box(304, 594, 66, 38, f"{table['wanted'][0]:g}", gloss="output")
    sheet.chain([new, model, y])


FIGURES = [diagram.Recipe("training/fine-tuning/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
