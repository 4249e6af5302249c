"""docs/training/peft/diagram.svg: one step of training with the page's example, and two ways to use what it gives."""

import torch

from docs.training.peft import peft
from scripts.figures import diagram, style

ALPHA, RATE = 2.0, 0.25


def numbers() -> style.Table:
    """Outputs before and after one step, what comes out of A, gradients, and the learned B."""
    w, a, x, wanted = peft.example()
    b = torch.zeros(3, 1)
    before = peft.layer(w, a, b, ALPHA, x)
    by_a, by_b = peft.gradients(a, b, ALPHA, x, before - wanted)
    new = b - RATE * by_b
    return {
        "x": x.tolist(),
        "wanted": wanted.tolist(),
        "before": before.tolist(),
        "inner": (a @ x).tolist(),
        "loss": [float((before - wanted).square().sum() / 2)],
        "by b": by_b.flatten().tolist(),
        "by a": by_a.flatten().tolist(),
        "b": new.flatten().tolist(),
        "after": (peft.merge(w, a, new, ALPHA) @ x).tolist(),
    }


def row(values: list[float]) -> str:
    """A vector in one line."""
    return "(" + ", ".join(diagram.decimal(v, "g") for v in values) + ")"


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """One step above, use below."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    sheet.band(0, 232, "Training", "one step; A starts at random, B at zero")
    x = sheet.box(66, 78, 92, 38, f"x = {row(table['x'])}")
    w = sheet.network(270, 78, 130, 48, "Weights", "$W$", frozen=True)
    sheet.label(270, 50, "frozen")
    a = sheet.network(190, 152, 84, 40, "$A$ (r × k)")
    b = sheet.network(310, 152, 84, 40, "$B$ (d × r)")
    scale = sheet.pill(416, 152, 62, 34, r"× $\alpha/r$")
    add = sheet.pill(416, 78, 36, 30, "+")
    y = sheet.box(520, 78, 106, 38, f"y = {row(table['before'])}")
    loss = sheet.loss(640, 78, 92, 44, "loss", f"here {table['loss'][0]:g}")
    wanted = sheet.box(640, 152, 106, 46, "wanted", row(table["wanted"]))
    sheet.chain([x, w, add, y, loss])
    sheet.arrow(x.bottom(), a.left())
    sheet.arrow(a, b, f"{table['inner'][0]:g}", side="above")
    sheet.arrow(b, scale, "0", side="above")
    sheet.arrow(scale, add)
    sheet.arrow(wanted, loss)
    sheet.gradient(
        loss.bottom(-30), b.bottom(), via=[(610, 114), (570, 114), (570, 194), (310, 194)]
    )
    sheet.gradient(
        loss.bottom(-30), a.bottom(), via=[(610, 114), (570, 114), (570, 194), (190, 194)]
    )
    sheet.label(440, 212, f"gradient: {row(table['by b'])} for B", colour=diagram.LOSS)
    sheet.label(190, 212, "0 for A in the first step", colour=diagram.LOSS)
    sheet.band(240, 122, "Use, merged", width=340)
    x1 = sheet.box(50, 312, 80, 34, row(table["x"]))
    one = sheet.network(170, 312, 124, 44, r"$W + (\alpha/r) B A$", frozen=True)
    y1 = sheet.box(290, 312, 80, 34, row(table["after"]))
    sheet.chain([x1, one, y1])
    sheet.band(240, 122, "Use, many adapters", "W once in memory", x=348, width=356)
    x2 = sheet.box(392, 312, 64, 40, "$x$", "task i")
    w2 = sheet.network(506, 286, 70, 32, "$W$", frozen=True)
    ab = sheet.network(506, 338, 70, 32, "$A_i, B_i$", frozen=True)
    plus = sheet.pill(590, 312, 36, 26, "+")
    y2 = sheet.box(660, 312, 44, 34, "$y$")
    sheet.arrow(x2.right(-8), w2.left(), via=448)
    sheet.arrow(x2.right(8), ab.left(), via=448)
    sheet.arrow(w2.right(), plus.top(), via=[(590, 286)])
    sheet.arrow(ab.right(), plus.bottom(), via=[(590, 338)])
    sheet.arrow(plus, y2)


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    sheet.band(0, 448, "Training", "one step; B starts at 0")
    x = sheet.box(175, 58, 108, 34, f"x = {row(table['x'])}")
    w = sheet.network(96, 132, 116, 44, "Weights", "$W$", frozen=True)
    sheet.label(96, 170, "frozen")
    a = sheet.network(250, 122, 96, 36, "$A$ (r × k)")
    b = sheet.network(250, 186, 96, 36, "$B$ (d × r)")
    scale = sheet.pill(250, 244, 66, 32, r"× $\alpha/r$")
    add = sheet.pill(96, 244, 36, 30, "+")
    y = sheet.box(96, 300, 116, 34, f"y = {row(table['before'])}")
    wanted = sheet.box(250, 300, 106, 46, "wanted", row(table["wanted"]))
    loss = sheet.loss(140, 366, 104, 40, "loss", f"here {table['loss'][0]:g}")
    sheet.arrow(x.bottom(-20), w.top(), via=90)
    sheet.arrow(x.bottom(20), a.top(), via=90)
    sheet.arrow(a, b, f"{table['inner'][0]:g}", side="right")
    sheet.arrow(b, scale, "0", side="right")
    sheet.arrow(scale, add)
    sheet.arrow(w.bottom(-40), add.left(), via=[(56, 244)])
    sheet.arrow(add, y)
    sheet.arrow(y.bottom(), loss.top(-44))
    sheet.arrow(wanted.bottom(), loss.top(20), via=334)
    sheet.gradient(loss.right(), b.right(), via=[(330, 366), (330, 186)])
    sheet.gradient(loss.right(), a.right(), via=[(330, 366), (330, 122)])
    sheet.label(
        20, 414, f"gradient: {row(table['by b'])} for B,", anchor="start", colour=diagram.LOSS
    )
    sheet.label(20, 432, "0 for A in the first step", anchor="start", colour=diagram.LOSS)
    sheet.band(456, 92, "Use, merged")
    x1 = sheet.box(50, 512, 76, 32, row(table["x"]))
    one = sheet.network(172, 512, 122, 40, r"$W + (\alpha/r) B A$", frozen=True)
    y1 = sheet.box(294, 512, 76, 32, row(table["after"]))
    sheet.chain([x1, one, y1])
    sheet.band(556, 122, "Use, many adapters", "W once in memory")
    x2 = sheet.box(50, 627, 64, 40, "$x$", "task i")
    w2 = sheet.network(164, 602, 76, 32, "$W$", frozen=True)
    ab = sheet.network(164, 652, 76, 32, "$A_i, B_i$", frozen=True)
    plus = sheet.pill(248, 627, 36, 26, "+")
    y2 = sheet.box(312, 627, 44, 32, "$y$")
    sheet.arrow(x2.right(-8), w2.left(), via=104)
    sheet.arrow(x2.right(8), ab.left(), via=104)
    sheet.arrow(w2.right(), plus.top(), via=[(248, 602)])
    sheet.arrow(ab.right(), plus.bottom(), via=[(248, 652)])
    sheet.arrow(plus, y2)


FIGURES = [diagram.Recipe("training/peft/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
