"""docs/architectures/normalisation/diagram.svg: what a norm computes, and where it stands beside a skip connection."""

from functools import partial

import torch

from docs.architectures.normalisation import normalisation
from scripts.figures import diagram, style

vector = partial(diagram.vector, form=".5g")


def numbers() -> style.Table:
    """The example before and after both norms, what the layer adds, and the stream after either order."""
    x, update = torch.tensor(normalisation.EXAMPLE), torch.tensor(normalisation.UPDATE)
    one = torch.ones(4)

    def rms(x: torch.Tensor) -> torch.Tensor:
        return normalisation.rms_norm(x, one, 0.0)

    return {
        "x": x.tolist(),
        "mean": [float(x.mean())] * 4,
        "size": [float(x.square().mean().sqrt())] * 4,
        "read": rms(x).tolist(),
        "update": update.tolist(),
        "pre": (x + update).tolist(),
        "post": rms(x + update).tolist(),
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """A norm above, the two orders below."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    sheet.band(0, 178, "RMSNorm", "for each position alone; the same in training and in use")
    x = sheet.box(60, 86, 96, 34, vector(table["x"]))
    sheet.label(60, 60, r"$\mathbf{x}$, $E = 4$", muted=False)
    size = sheet.pill(202, 140, 166, 34, "root of the mean square")
    found = sheet.box(338, 140, 44, 32, f"{table['size'][0]:g}")
    divide = sheet.pill(338, 86, 80, 32, "divide")
    y = sheet.box(462, 86, 132, 34, vector(table["read"]))
    gain = sheet.network(606, 86, 116, 44, "Gain", r"$\mathbf{g}$, $E$ numbers")
    sheet.chain([x, divide, y, gain])
    sheet.arrow(x.bottom(), size.left())
    sheet.arrow(size, found)
    sheet.arrow(found, divide)
    sheet.label(
        384, 136, "LayerNorm: take the mean, 4, off before,", "and add a learned bias $\\mathbf{b}$ at the end",
        anchor="start",
    )  # fmt: skip
    sheet.arrow(gain.right(), diagram.Port(696, 86, -1, 0))
    orders(table, sheet)


def orders(table: style.Table, sheet: diagram.Sheet) -> None:
    """Pre-norm and post-norm, one below the other."""
    sheet.band(190, 164, "Pre-norm", "the stream itself is never normalised")
    x = sheet.box(60, 262, 96, 34, vector(table["x"]))
    norm = sheet.network(190, 322, 66, 34, "Norm")
    layer = sheet.network(320, 322, 90, 34, "Layer $f$")
    add = sheet.pill(430, 262, 40, 32, "+")
    after = sheet.box(590, 262, 112, 34, vector(table["pre"]))
    sheet.arrow(x.right(6), add.left(6))
    sheet.arrow(x.bottom(), norm.left())
    sheet.arrow(norm, layer)
    sheet.arrow(layer.right(), add.bottom())
    sheet.arrow(add.right(6), after.left(6))
    sheet.label(440, 327, vector(table["update"]), anchor="start", muted=False)
    sheet.gradient(after.left(-8), add.right(-8))
    sheet.gradient(add.left(-8), x.right(-8), "gradient, unchanged")
    sheet.band(366, 164, "Post-norm", "the sum goes through the norm, each time")
    x = sheet.box(60, 438, 96, 34, vector(table["x"]))
    layer = sheet.network(240, 498, 90, 34, "Layer $f$")
    add = sheet.pill(350, 438, 40, 32, "+")
    norm = sheet.network(460, 438, 66, 34, "Norm")
    after = sheet.box(620, 438, 122, 34, vector(table["post"]))
    sheet.arrow(x.right(6), add.left(6))
    sheet.arrow(x.bottom(), layer.left())
    sheet.arrow(layer.right(), add.bottom())
    sheet.arrow(add.right(6), norm.left(6))
    sheet.arrow(norm.right(6), after.left(6))
    sheet.label(360, 503, vector(table["update"]), anchor="start", muted=False)
    sheet.gradient(after.left(-8), norm.right(-8))
    sheet.gradient(norm.left(-8), add.right(-8))
    sheet.gradient(add.left(-8), x.right(-8), "gradient, changed by the norm")


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    sheet.band(0, 352, "RMSNorm", "for each position")
    x = sheet.box(110, 62, 104, 32, vector(table["x"]))
    sheet.label(172, 66, r"$\mathbf{x}$, $E = 4$", anchor="start", muted=False)
    size = sheet.pill(250, 118, 180, 32, "root of the mean square")
    found = sheet.box(250, 174, 44, 30, f"{table['size'][0]:g}")
    divide = sheet.pill(110, 174, 80, 32, "divide")
    y = sheet.box(110, 226, 124, 32, vector(table["read"]))
    gain = sheet.network(110, 288, 120, 44, "Gain", r"$\mathbf{g}$, $E$ numbers")
    sheet.chain([x, divide, y, gain])
    sheet.arrow(x.bottom(30), size.left())
    sheet.arrow(size, found)
    sheet.arrow(found, divide)
    sheet.arrow(gain.bottom(), diagram.Port(110, 342, 0, -1))
    sheet.label(
        188,
        226,
        "LayerNorm: take the",
        "mean, 4, off before,",
        "and add a learned",
        "bias at the end",
        anchor="start",
    )
    sheet.band(364, 292, "Pre-norm", "stream never normalised")
    x = sheet.box(120, 418, 104, 32, vector(table["x"]))
    norm = sheet.network(274, 462, 70, 32, "Norm")
    layer = sheet.network(274, 516, 90, 32, "Layer $f$")
    add = sheet.pill(120, 572, 40, 30, "+")
    after = sheet.box(120, 626, 112, 32, vector(table["pre"]))
    sheet.arrow(x.bottom(6), add.top(6))
    sheet.arrow(x.right(), norm.top())
    sheet.arrow(norm, layer)
    sheet.arrow(layer.bottom(), add.right())
    sheet.arrow(add.bottom(6), after.top(6))
    sheet.label(226, 595, vector(table["update"]), muted=False)
    sheet.gradient(after.top(-8), add.bottom(-8))
    sheet.gradient(add.top(-8), x.bottom(-8))
    sheet.label(100, 490, "gradient,", "unchanged", anchor="end")
    sheet.band(668, 290, "Post-norm", "the sum is normalised")
    x = sheet.box(120, 722, 104, 32, vector(table["x"]))
    layer = sheet.network(274, 766, 90, 32, "Layer $f$")
    add = sheet.pill(120, 816, 40, 30, "+")
    norm = sheet.network(120, 868, 70, 32, "Norm")
    after = sheet.box(120, 926, 124, 32, vector(table["post"]))
    sheet.arrow(x.bottom(6), add.top(6))
    sheet.arrow(x.right(), layer.top())
    sheet.arrow(layer.bottom(), add.right())
    sheet.arrow(add.bottom(6), norm.top(6))
    sheet.arrow(norm.bottom(6), after.top(6))
    sheet.label(226, 839, vector(table["update"]), muted=False)
    sheet.gradient(after.top(-8), norm.bottom(-8))
    sheet.gradient(norm.top(-8), add.bottom(-8))
    sheet.gradient(add.top(-8), x.bottom(-8))
    sheet.label(100, 766, "gradient,", "changed", anchor="end")


FIGURES = [diagram.Recipe("architectures/normalisation/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
