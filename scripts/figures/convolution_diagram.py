"""docs/architectures/convolution/diagram.svg: one filter over the example, and a U-Net with all that goes into it."""

import torch

from docs.architectures.convolution import convolution
from scripts.figures import diagram, style


def numbers() -> style.Table:
    """The example, what the filter makes of it, its halved and restored copies, and what is lost on that way."""
    x = torch.tensor(convolution.EXAMPLE)
    y = convolution.convolve(x[None, None], torch.tensor(convolution.EDGES)[None, None], padding=1)
    halved = x.reshape(-1, 2).mean(1)
    restored = halved.repeat_interleave(2)
    return {
        "x": x.tolist(),
        "y": y.flatten().tolist(),
        "halved": halved.repeat_interleave(2).tolist(),
        "lost": (x - restored).tolist(),
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """A convolution above, a U-Net below."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    sheet.band(0, 110, "Convolution", "the same filter at every place")
    x = sheet.box(130, 66, 168, 34, diagram.vector(table["x"]))
    w = sheet.network(352, 66, 150, 48, "Filter", r"$\mathbf{w} = (−1, 0, 1)$")
    y = sheet.box(580, 66, 186, 34, diagram.vector(table["y"]))
    sheet.chain([x, w, y])
    sheet.band(122, 364, "U-Net", "noisy signal in, clean signal out; halved once here")
    z = sheet.box(80, 206, 112, 48, "noisy signal", r"$C \times N$")
    mark = sheet.box(80, 284, 112, 48, "map", gloss="says where")
    down = sheet.network(246, 206, 112, 48, "Block", r"$F \times N$")
    up = sheet.network(478, 206, 112, 48, "Block", r"$2F \to F$")
    out = sheet.box(630, 206, 112, 48, "clean signal", r"$C \times N$")
    halve = sheet.network(246, 306, 112, 40, "Halve")
    double = sheet.pill(478, 306, 112, 36, "repeat")
    middle = sheet.network(362, 396, 132, 48, "Middle", r"$F \times N/2$")
    told = sheet.box(80, 396, 124, 60, "noise level,", "class", gloss="a vector")
    tokens = sheet.box(624, 396, 124, 48, "text tokens", r"$M \times E$")
    sheet.arrow(z, down)
    sheet.arrow(mark.right(), down.left(14), via=164)
    sheet.arrow(down, up, "skip connection")
    sheet.arrow(up, out)
    sheet.arrow(down, halve)
    sheet.arrow(halve.bottom(), middle.left(-10))
    sheet.arrow(middle.right(-10), double.bottom())
    sheet.arrow(double, up)
    sheet.arrow(told.right(8), middle.left(8))
    sheet.label(222, 436, "FiLM, into every block", muted=True)
    sheet.arrow(tokens.left(8), middle.right(8))
    sheet.label(500, 440, "cross-attention", muted=True)
    sheet.label(
        362, 464, f"the example halved: {diagram.vector(table['halved'][::2])}", muted=False
    )


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    sheet.band(0, 216, "Convolution", "at every place alike")
    x = sheet.box(175, 58, 176, 34, diagram.vector(table["x"]))
    w = sheet.network(175, 120, 150, 46, "Filter", r"$\mathbf{w} = (−1, 0, 1)$")
    y = sheet.box(175, 184, 196, 34, diagram.vector(table["y"]))
    sheet.chain([x, w, y])
    sheet.band(228, 520, "U-Net", "halved once here")
    z = sheet.box(80, 288, 112, 48, "noisy signal", r"$C \times N$")
    out = sheet.box(270, 288, 112, 48, "clean signal", r"$C \times N$")
    mark = sheet.box(50, 548, 84, 48, "map", gloss="says where")
    down = sheet.network(80, 374, 112, 48, "Block", r"$F \times N$")
    up = sheet.network(270, 374, 112, 48, "Block", r"$2F \to F$")
    halve = sheet.network(108, 462, 84, 40, "Halve")
    double = sheet.pill(270, 462, 112, 36, "repeat")
    middle = sheet.network(206, 548, 120, 48, "Middle", r"$F \times N/2$")
    told = sheet.box(84, 660, 124, 60, "noise level,", "class", gloss="a vector")
    tokens = sheet.box(266, 660, 124, 48, "text tokens", r"$M \times E$")
    sheet.arrow(z, down)
    sheet.arrow(up, out)
    sheet.arrow(mark.top(-10), down.bottom(-40))
    sheet.arrow(down, up)
    sheet.label(175, 410, "skip", muted=True)
    sheet.arrow(down.bottom(28), halve.top())
    sheet.arrow(halve.right(), middle.top(-40))
    sheet.arrow(middle.right(), double.bottom(20))
    sheet.arrow(double, up)
    sheet.arrow(told.top(), middle.bottom(-24))
    sheet.arrow(tokens.top(), middle.bottom(24))
    sheet.label(84, 708, "FiLM, every block", muted=True)
    sheet.label(266, 708, "cross-attention", muted=True)


FIGURES = [diagram.Recipe("architectures/convolution/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
