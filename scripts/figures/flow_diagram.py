"""docs/models/flow/diagram.svg: the example through two coupling layers, both ways, and one layer from inside."""

import math

import torch

from docs.models.flow import flow
from scripts.figures import diagram, style


def numbers() -> style.Table:
    """The point after each layer, the logarithm of each layer's volume, and the loss."""
    z = torch.tensor(flow.POINT, dtype=torch.float64)
    middle, first = flow.generate(z, flow.EXAMPLE[:1])
    x, both = flow.generate(z, flow.EXAMPLE)
    loss = -float(flow.log_density(x, flow.EXAMPLE))
    return {
        "noise": z.tolist(),
        "middle": middle.tolist(),
        "data": x.tolist(),
        "volume": [float(first), float(both - first)],
        "loss": [loss],
    }


def volume(value: float) -> str:
    """The factor of a layer's volume."""
    return f"{math.exp(value):.0f}"


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Training above, generation below it, a layer from inside at the bottom."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """Training to the right, generation to the left."""
    columns = (56, 168, 280, 392, 504)
    sheet.band(0, 166, "Training", "data to noise: every layer backwards")
    x = sheet.box(columns[0], 84, 72, 32, f"$x$ = {diagram.vector(table['data'])}")
    second = sheet.network(columns[1], 84, 92, 46, "Layer 2", "backwards")
    middle = sheet.box(columns[2], 84, 64, 32, diagram.vector(table["middle"]))
    first = sheet.network(columns[3], 84, 92, 46, "Layer 1", "backwards")
    z = sheet.box(columns[4], 84, 84, 32, f"$z$ = {diagram.vector(table['noise'])}")
    loss = sheet.loss(632, 84, 116, 46, r"$-\log p(x)$", f"= {table['loss'][0]:.2f}")
    sheet.chain([x, second, middle, first, z, loss])
    log = sheet.pill(
        280,
        142,
        176,
        30,
        f"volume: {volume(table['volume'][1])} · {volume(table['volume'][0])} = 4",
    )
    sheet.arrow(second.bottom(-14), log.left(), via=[(154, 142)])
    sheet.arrow(first.bottom(-14), log.right(), via=[(378, 142)])
    sheet.arrow(log.bottom(), loss.bottom(), via=[(280, 163), (632, 163)])
    sheet.gradient(loss.top(10), second.top(), via=34)
    sheet.gradient(loss.top(-10), first.top(), "gradient", via=54)
    sheet.band(178, 92, "Generation", "noise to data: the same layers, forwards")
    y = 230
    z = sheet.box(columns[4], y, 84, 32, f"$z$ = {diagram.vector(table['noise'])}", random=True)
    first = sheet.network(columns[3], y, 92, 46, "Layer 1", "forwards")
    middle = sheet.box(columns[2], y, 64, 32, diagram.vector(table["middle"]))
    second = sheet.network(columns[1], y, 92, 46, "Layer 2", "forwards")
    x = sheet.box(columns[0], y, 72, 32, f"$x$ = {diagram.vector(table['data'])}")
    sheet.chain([z, first, middle, second, x])
    sheet.band(282, 156, "Layer 1, forwards, from inside", "a coupling layer")
    kept = sheet.box(80, 336, 96, 32, f"$z_1$ = {table['noise'][0]:g}")
    moved = sheet.box(80, 400, 96, 32, f"$z_2$ = {table['noise'][1]:g}")
    same = sheet.box(620, 336, 96, 32, f"{table['middle'][0]:g}, kept")
    net = sheet.network(250, 368, 104, 36, "Network")
    out = sheet.pill(440, 400, 190, 36, rf"$z_2 \cdot 2 + 1$ = {table['middle'][1]:g}")
    new = sheet.box(620, 400, 96, 32, f"{table['middle'][1]:g}, changed")
    sheet.arrow(kept, same)
    sheet.arrow(kept.bottom(20), net.left(), via=[(100, 368)])
    sheet.arrow(net.right(), out.top(), "scale 2, shift 1", via=[(440, 368)])
    sheet.arrow(moved, out)
    sheet.arrow(out, new)


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """The same from top to bottom: training down at the left, generation up at the right."""
    sheet.band(0, 396, "Training", x=0, width=198)
    x = sheet.box(70, 52, 96, 30, f"$x$ = {diagram.vector(table['data'])}")
    second = sheet.network(70, 110, 108, 42, "Layer 2", "backwards")
    middle = sheet.box(70, 164, 96, 30, diagram.vector(table["middle"]))
    first = sheet.network(70, 222, 108, 42, "Layer 1", "backwards")
    z = sheet.box(70, 280, 96, 30, f"$z$ = {diagram.vector(table['noise'])}")
    loss = sheet.loss(70, 350, 112, 44, r"$-\log p(x)$", f"= {table['loss'][0]:.2f}")
    sheet.chain([x, second, middle, first, z, loss])
    log = sheet.pill(162, 166, 64, 44, "volume", "2 · 2 = 4")
    sheet.arrow(second.right(-8), log.top(8), via=[(170, 102)])
    sheet.arrow(first.right(8), log.bottom(-8), via=[(154, 230)])
    sheet.arrow(log.bottom(8), loss.right(), via=[(170, 350)])
    sheet.gradient(loss.left(), first.left(), via=7)
    sheet.gradient(loss.left(), second.left(), via=7)
    sheet.band(0, 396, "Generation", x=208, width=142)
    x = sheet.box(278, 52, 96, 30, f"$x$ = {diagram.vector(table['data'])}")
    second = sheet.network(278, 110, 108, 42, "Layer 2", "forwards")
    middle = sheet.box(278, 164, 96, 30, diagram.vector(table["middle"]))
    first = sheet.network(278, 222, 108, 42, "Layer 1", "forwards")
    z = sheet.box(278, 280, 96, 30, f"$z$ = {diagram.vector(table['noise'])}", random=True)
    sheet.chain([z, first, middle, second, x])
    sheet.band(406, 248, "Layer 1, forwards, from inside")
    kept = sheet.box(60, 454, 92, 30, f"$z_1$ = {table['noise'][0]:g}")
    moved = sheet.box(290, 454, 92, 30, f"$z_2$ = {table['noise'][1]:g}")
    net = sheet.network(150, 516, 92, 34, "Network")
    out = sheet.pill(262, 572, 150, 34, rf"$z_2 \cdot 2 + 1$ = {table['middle'][1]:g}")
    same = sheet.box(60, 624, 92, 30, f"{table['middle'][0]:g}, kept")
    new = sheet.box(290, 624, 92, 30, f"{table['middle'][1]:g}, changed")
    sheet.arrow(kept, same)
    sheet.arrow(kept.bottom(20), net.left(), via=[(80, 516)])
    sheet.arrow(net.right(), out.top(-30), "2, 1", via=[(232, 516)])
    sheet.arrow(moved.bottom(), out.top(28))
    sheet.arrow(out.bottom(28), new.top())


FIGURES = [diagram.Recipe("models/flow/diagram", numbers, draw, absolute=1e-6)]

if __name__ == "__main__":
    style.main(FIGURES)
