"""docs/models/flow-matching/diagram.svg: one training example and one generated point, with their numbers."""

from importlib import import_module
from itertools import pairwise

import torch

from scripts.figures import diagram, style

flow = import_module("docs.models.flow-matching.flow_matching")

DATA, NOISE, TIME = 1.0, -0.6, 0.5
NAME = r"$v_\theta(x_t, t)$"


def numbers() -> style.Table:
    """The place and the target of the training example, the exact velocity there, and the generated path."""
    one = [torch.tensor([[value]], dtype=torch.float64) for value in (DATA, NOISE)]
    at = torch.tensor([TIME], dtype=torch.float64)
    x, u = flow.path(*one, at)
    path = [torch.tensor([[flow.START]], dtype=torch.float64)]
    for t, s in pairwise(flow.times(flow.STEPS)):
        path.append(flow.euler(flow.POINTS.velocity, path[-1], torch.stack([t, s])))
    return {
        "example": [DATA, NOISE, TIME, float(x), float(u), float(flow.POINTS.velocity(x, at))],
        "path": [float(p) for p in path],
        "t": flow.times(flow.STEPS).tolist(),
    }


def said(value: float, digits: int = 2) -> str:
    """A number as formulas have it."""
    return f"{value:.{digits}f}"


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Training above, generation below; the network stands in both."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """Training to the right, generation to the left, as time runs."""
    data, noise, time, place, target, _ = table["example"]
    sheet.band(0, 196, "Training", "one example: a point on the straight path, and its velocity")
    x0 = sheet.box(62, 70, 92, 32, f"$x_0 = {data:.0f}$")
    eps = sheet.box(62, 114, 92, 32, rf"$\varepsilon = {noise}$", random=True)
    t = sheet.box(62, 158, 92, 32, f"$t = {time}$", random=True)
    mix = sheet.pill(
        226, 114, 158, 44, r"$x_t = (1 - t)\, x_0 + t\, \varepsilon$", f"= {said(place, 1)}"
    )
    network = sheet.network(402, 114, 122, 58, "Network", NAME)
    loss = sheet.loss(560, 114, 108, 44, r"$(v_\theta - u)^2$")
    want = sheet.pill(560, 52, 158, 36, rf"$u = \varepsilon - x_0 = {said(target, 1)}$")
    sheet.arrow(x0.right(4), mix.left(-12), via=126)
    sheet.arrow(eps, mix)
    sheet.arrow(t.right(-8), mix.left(12), via=126)
    sheet.arrow(x0.right(-10), want.left(8))
    sheet.arrow(eps.left(), want.left(-8), via=[(7, 114), (7, 44)])
    sheet.arrow(t.right(8), network.bottom(-22), via=[(380, 166)])
    sheet.arrow(mix, network)
    sheet.arrow(network, loss)
    sheet.arrow(want, loss)
    sheet.gradient(loss.bottom(), network.bottom(22), "gradient", via=166)
    sheet.band(
        208, 176, "Generation", "the same network; steps go from t = 1 (noise) to t = 0 (data)"
    )
    y = 340
    columns = [64, 208, 352, 496, 640]
    path = table["path"]
    here = []
    for k, x in enumerate(columns):
        step = len(path) - 1 - k
        here.append(sheet.box(x, y, 68, 32, said(path[step]), random=k == len(columns) - 1))
        sheet.label(x, y + 32, f"$t = {table['t'][step]:g}$")
    again = sheet.network(352, 264, 122, 44, NAME)
    moves = [sheet.pill(x - 72, y, 48, 30, r"$- h v$") for x in columns[1:]]
    for k, move in enumerate(moves):
        sheet.arrow(here[k + 1], move)
        sheet.arrow(move, here[k])
    sheet.arrow(here[2].top(), again.bottom())
    sheet.arrow(again.left(), moves[1].top())
    sheet.label(270, 254, "$v$", muted=False)


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """The same from top to bottom."""
    data, noise, time, place, target, _ = table["example"]
    sheet.band(0, 294, "Training", "one example")
    t = sheet.box(54, 58, 84, 30, f"$t = {time}$", random=True)
    x0 = sheet.box(162, 58, 84, 30, f"$x_0 = {data:.0f}$")
    eps = sheet.box(270, 58, 84, 30, rf"$\varepsilon = {noise}$", random=True)
    mix = sheet.pill(
        162, 118, 158, 44, r"$x_t = (1 - t)\, x_0 + t\, \varepsilon$", f"= {said(place, 1)}"
    )
    network = sheet.network(162, 190, 122, 50, "Network", NAME)
    loss = sheet.loss(162, 258, 108, 40, r"$(v_\theta - u)^2$")
    want = sheet.pill(
        280, 190, 100, 44, r"$u = \varepsilon - x_0$", f"= {said(target, 1)}".replace("-", "−")
    )
    sheet.arrow(t.bottom(), mix.left(), via=[(54, 118)])
    sheet.arrow(t.bottom(), network.left(-10), via=[(54, 180)])
    sheet.arrow(x0, mix)
    sheet.arrow(eps.bottom(-14), mix.right(), via=[(256, 118)])
    sheet.arrow(eps.bottom(20), want.top(10))
    sheet.arrow(x0.top(), want.right(), via=[(162, 34), (342, 34), (342, 190)])
    sheet.arrow(mix, network)
    sheet.arrow(network, loss)
    sheet.arrow(want.bottom(), loss.right(), via=[(280, 258)])
    sheet.gradient(loss.left(), network.left(12), via=66)
    sheet.label(58, 228, "gradient", anchor="end", colour=diagram.LOSS)
    sheet.band(304, 166, "Generation", "steps go from t = 1 to t = 0")
    y = 426
    columns = [36, 106, 176, 246, 316]
    path = table["path"]
    here = []
    for k, x in enumerate(columns):
        step = len(path) - 1 - k
        here.append(sheet.box(x, y, 46, 30, said(path[step]), random=k == len(columns) - 1))
        sheet.label(x, y + 32, f"{table['t'][step]:g}" if k else "$t = 0$")
    again = sheet.network(176, 356, 122, 38, NAME)
    for k in range(len(columns) - 1):
        sheet.arrow(here[k + 1], here[k])
    move = sheet.dot(140, y)
    sheet.label(145, y - 20, r"$- h v$", anchor="start", muted=False)
    sheet.arrow(here[2].top(), again.bottom())
    sheet.arrow(again.bottom(-36), move.top(), "$v$", side="left")


FIGURES = [diagram.Recipe("models/flow-matching/diagram", numbers, draw, absolute=1e-6)]

if __name__ == "__main__":
    style.main(FIGURES)
