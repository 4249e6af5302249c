"""docs/models/autoregressive/diagram.svg: one row of pixels in training, and the drawing of its third pixel."""

import numpy as np

from docs.models.autoregressive import autoregressive
from scripts.figures import diagram, style


def numbers() -> style.Table:
    """The row of the example, the probability of light before each pixel, and the bits of each pixel."""
    row = autoregressive.ROW
    light = [float(autoregressive.SHARE[1]), *(float(autoregressive.MOVE[x, 1]) for x in row[:-1])]
    found = autoregressive.factors(autoregressive.joint(len(row)), row, range(len(row)))
    return {"x": [float(x) for x in row], "light": light, "bits": (-np.log2(found)).tolist()}


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Training above, generation below."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    total = f"{sum(table['bits']):.2f} bits"
    sheet.band(0, 186, "Training", "all pixels at once; each sees only those before it")
    row = sheet.box(
        90,
        100,
        124,
        50,
        r"$\mathbf{x}$ = " + diagram.vector(table["x"], ".0f"),
        gloss="a row of the data",
    )
    net = sheet.network(272, 100, 130, 56, "Network", r"$p_\theta(x_t \mid x_{<t})$")
    made = sheet.box(
        452, 100, 162, 50, diagram.vector(table["light"], ".2f"), gloss="probability of light"
    )
    loss = sheet.loss(628, 100, 124, 56, r"bits of $\mathbf{x}$", total)
    sheet.chain([row, net, made, loss])
    sheet.arrow(row.bottom(), loss.bottom(), "the same pixels, as targets", via=160, side="below")
    sheet.gradient(loss.top(), net.top(), "gradient", via=48)
    sheet.band(
        198, 172, "Generation", "one pixel after the other; the same network, nothing learns"
    )
    so_far = sheet.box(
        90, 292, 124, 50, diagram.vector(table["x"][:2], ".0f"), gloss="drawn so far"
    )
    net = sheet.network(272, 292, 130, 56, "Network", r"$p_\theta(x_t \mid x_{<t})$", frozen=True)
    made = sheet.box(440, 292, 120, 50, f"{table['light'][2]:.2f}", gloss="probability of light")
    pill = sheet.pill(552, 292, 64, 36, "draw")
    new = sheet.box(650, 292, 76, 50, "$x_3$ = 1", random=True)
    sheet.chain([so_far, net, made, pill, new])
    sheet.arrow(
        new.bottom(),
        so_far.bottom(),
        "append, and go on with the next pixel",
        via=346,
        side="below",
    )


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    total = f"{sum(table['bits']):.2f} bits"
    sheet.band(0, 372, "Training", "all pixels at once")
    row = sheet.box(
        190,
        66,
        170,
        50,
        r"$\mathbf{x}$ = " + diagram.vector(table["x"], ".0f"),
        gloss="a row of the data",
    )
    net = sheet.network(190, 152, 170, 56, "Network", r"$p_\theta(x_t \mid x_{<t})$")
    made = sheet.box(
        190, 238, 170, 50, diagram.vector(table["light"], ".2f"), gloss="probability of light"
    )
    loss = sheet.loss(190, 328, 150, 56, r"bits of $\mathbf{x}$", total)
    sheet.chain([row, net, made, loss])
    sheet.arrow(row.left(), loss.left(), via=70)
    sheet.label(62, 192, "targets", anchor="end")
    sheet.gradient(loss.right(), net.right(), via=290)
    sheet.label(296, 300, "gradient", anchor="start")
    sheet.band(384, 440, "Generation", "one after the other")
    so_far = sheet.box(
        190, 450, 150, 50, diagram.vector(table["x"][:2], ".0f"), gloss="drawn so far"
    )
    net = sheet.network(190, 536, 170, 56, "Network", r"$p_\theta(x_t \mid x_{<t})$", frozen=True)
    made = sheet.box(190, 622, 150, 50, f"{table['light'][2]:.2f}", gloss="probability of light")
    pill = sheet.pill(190, 698, 74, 36, "draw")
    new = sheet.box(190, 776, 90, 44, "$x_3$ = 1", random=True)
    sheet.chain([so_far, net, made, pill, new])
    sheet.arrow(new.left(), so_far.left(), via=70)
    sheet.label(62, 622, "append", anchor="end")


FIGURES = [diagram.Recipe("models/autoregressive/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
