"""docs/architectures/feed-forward/diagram.svg: a layer beside the stream, one step of learning, and a gated layer."""

from functools import partial
from importlib import import_module

import torch

from scripts.figures import diagram, style

row = partial(diagram.vector, form=".3g")
layer = import_module("docs.architectures.feed-forward.feed_forward")


def numbers() -> style.Table:
    """The example from the stream and back, and the values before and after a step of learning."""
    x, up, bias, down = (torch.tensor(v) for v in (layer.FRANCE, layer.UP, layer.BIAS, layer.DOWN))
    before, hidden, written = layer.forward(x, up, bias, down)
    empty = torch.zeros(3, 2)
    taught = layer.learn(x, 1.0, empty)
    gates = [torch.tensor(v) for v in (layer.GATE, layer.GATED_UP, layer.GATED_DOWN)]
    return {
        "x": x.tolist(),
        "before": before.tolist(),
        "hidden": hidden.tolist(),
        "written": written.tolist(),
        "after": (x + written).tolist(),
        "taught": taught[2].tolist(),
        "gated": layer.gated(x, *gates).tolist(),
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """The stream from left to right, or on a phone from top to bottom."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """Three bands: use, learning, the gated form."""
    sheet.band(0, 190, "Forward", "one token; the stream runs above, the layer reads and adds")
    x = sheet.box(62, 62, 92, 42, row(table["x"]), gloss=r"$\mathbf{x}$")
    plus = sheet.pill(546, 62, 44, 32, "+")
    out = sheet.box(640, 62, 92, 42, row(table["after"]), gloss="new stream")
    sheet.arrow(x, plus, "residual stream: capital, country, city")
    sheet.arrow(plus, out)
    up = sheet.network(62, 144, 92, 52, "Up", r"$W_{\mathrm{up}}, \mathbf{b}$")
    before = sheet.box(180, 144, 72, 42, row(table["before"]), gloss="before")
    relu = sheet.pill(282, 144, 64, 34, "ReLU")
    hidden = sheet.box(382, 144, 72, 42, row(table["hidden"]), gloss=r"$\mathbf{h}$")
    down = sheet.network(546, 144, 92, 52, "Down", r"$W_{\mathrm{down}}$")
    sheet.arrow(x, up)
    sheet.chain([up, before, relu, hidden, down])
    sheet.arrow(down, plus, row(table["written"]), side="right")
    sheet.band(202, 128, "Learning", "one step, with values that are still zero")
    known = sheet.box(62, 280, 72, 42, row(table["hidden"]), gloss=r"$\mathbf{h}$")
    value = sheet.network(
        240, 280, 176, 72, "Down", r"values 0, 0", gloss=f"then {row(table['taught'])}"
    )
    city = sheet.box(426, 280, 84, 42, "city 0", gloss="predicted")
    loss = sheet.loss(600, 280, 116, 46, "loss", gloss="city should be 1")
    sheet.chain([known, value, city, loss])
    sheet.gradient(loss.top(), value.top(), "error −1", via=238)
    sheet.band(342, 168, "Gated", "three matrices: SwiGLU")
    start = sheet.box(62, 438, 92, 42, row(table["x"]), gloss=r"$\mathbf{x}$")
    gate = sheet.network(206, 402, 92, 50, "Gate", r"$W_{\mathrm{gate}}$")
    also = sheet.network(206, 472, 92, 50, "Up", r"$W_{\mathrm{up}}$")
    silu = sheet.pill(318, 402, 64, 32, "SiLU")
    times = sheet.pill(420, 438, 44, 32, "×")
    lower = sheet.network(528, 438, 92, 52, "Down", r"$W_{\mathrm{down}}$")
    result = sheet.box(646, 438, 92, 42, row(table["gated"]), gloss="to be added")
    sheet.arrow(start.right(-8), gate.left(), via=128)
    sheet.arrow(start.right(8), also.left(), via=128)
    sheet.arrow(gate, silu)
    sheet.arrow(silu.right(), times.top())
    sheet.arrow(also.right(), times.bottom())
    sheet.chain([times, lower, result])


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """The same from top to bottom."""
    sheet.band(0, 402, "Forward", "one token")
    x = sheet.box(72, 66, 96, 42, row(table["x"]), gloss=r"$\mathbf{x}$")
    plus = sheet.pill(72, 318, 44, 32, "+")
    out = sheet.box(72, 374, 96, 42, row(table["after"]), gloss="new stream")
    sheet.arrow(x, plus)
    sheet.label(62, 180, "residual", anchor="end")
    sheet.label(62, 196, "stream", anchor="end")
    sheet.arrow(plus, out)
    up = sheet.network(250, 66, 100, 46, "Up", r"$W_{\mathrm{up}}, \mathbf{b}$")
    before = sheet.box(250, 132, 76, 42, row(table["before"]), gloss="before")
    relu = sheet.pill(250, 190, 68, 32, "ReLU")
    hidden = sheet.box(250, 250, 76, 42, row(table["hidden"]), gloss=r"$\mathbf{h}$")
    down = sheet.network(250, 318, 100, 46, "Down", r"$W_{\mathrm{down}}$")
    sheet.arrow(x, up)
    sheet.chain([up, before, relu, hidden, down])
    sheet.arrow(down, plus, row(table["written"]), side="below")
    sheet.band(414, 296, "Learning", "one step")
    known = sheet.box(150, 466, 76, 42, row(table["hidden"]), gloss=r"$\mathbf{h}$")
    value = sheet.network(
        150, 544, 176, 72, "Down", r"values 0, 0", gloss=f"then {row(table['taught'])}"
    )
    city = sheet.box(150, 620, 88, 42, "city 0", gloss="predicted")
    loss = sheet.loss(150, 682, 124, 46, "loss", gloss="city should be 1")
    sheet.chain([known, value, city, loss])
    sheet.gradient(loss.right(), value.right(), "error −1", via=270, side="right")
    sheet.band(722, 362, "Gated", "three matrices: SwiGLU")
    start = sheet.box(170, 774, 96, 42, row(table["x"]), gloss=r"$\mathbf{x}$")
    gate = sheet.network(90, 846, 100, 46, "Gate", r"$W_{\mathrm{gate}}$")
    also = sheet.network(250, 846, 100, 46, "Up", r"$W_{\mathrm{up}}$")
    silu = sheet.pill(90, 908, 68, 32, "SiLU")
    times = sheet.pill(170, 946, 44, 32, "×")
    lower = sheet.network(170, 1000, 100, 48, "Down", r"$W_{\mathrm{down}}$")
    result = sheet.box(170, 1058, 120, 40, row(table["gated"]), gloss="to be added")
    sheet.arrow(start.bottom(-10), gate.top(), via=810)
    sheet.arrow(start.bottom(10), also.top(), via=810)
    sheet.arrow(gate, silu)
    sheet.arrow(silu.bottom(), times.left())
    sheet.arrow(also.bottom(), times.right())
    sheet.chain([times, lower, result])


FIGURES = [diagram.Recipe("architectures/feed-forward/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
