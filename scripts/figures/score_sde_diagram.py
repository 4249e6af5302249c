"""docs/models/score-sde/diagram.svg: the score learned, and three ways from noise to data, with numbers."""

from importlib import import_module
from itertools import pairwise

import torch

from scripts.figures import diagram, style

sde = import_module("docs.models.score-sde.score_sde")

DATA, NOISE, TIME = 1.0, -0.6, 0.25
NAME = r"$s_\theta(x_t, t)$"


def numbers() -> style.Table:
    """The training example and the three ways."""
    flow = [torch.tensor([sde.START]).double()]
    noisy = list(flow)
    for (t, s), draw in zip(pairwise(sde.CLOCK), sde.DRAWS, strict=True):
        z = torch.tensor([[draw]]).double()
        flow.append(sde.euler(sde.EXAMPLE.velocity, flow[-1], [t, s]))
        noisy.append(sde.euler_maruyama(sde.EXAMPLE, noisy[-1], [t, s], z))
    return {
        "example": [DATA, NOISE, TIME, DATA + TIME**0.5 * NOISE, -NOISE / TIME**0.5],
        "flow": [float(x) for x in flow],
        "noisy": [float(x) for x in noisy],
        "jump": [float(sde.EXAMPLE.jump(flow[0], sde.CLOCK[0]))],
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Training above, generation below."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    data, noise, time, place, target = table["example"]
    sheet.band(0, 190, "Training", "regression on noise that was added")
    x0 = sheet.box(62, 64, 92, 32, f"$x_0 = {data:.0f}$")
    eps = sheet.box(62, 108, 92, 32, rf"$\varepsilon = {noise}$", random=True)
    t = sheet.box(62, 152, 92, 32, f"$t = {time}$", random=True)
    mix = sheet.pill(226, 108, 158, 44, r"$x_t = x_0 + \sqrt{t}\, \varepsilon$", f"= {place:.1f}")
    network = sheet.network(402, 108, 122, 58, "Network", NAME)
    want = sheet.pill(560, 40, 150, 44, r"$-\varepsilon / \sqrt{t}$", f"= {target:.1f}")
    loss = sheet.loss(560, 108, 150, 44, r"$(s_\theta + \varepsilon / \sqrt{t})^2$")
    sheet.arrow(x0.right(), mix.left(-12), via=126)
    sheet.arrow(eps, mix)
    sheet.arrow(t.right(-8), mix.left(12), via=126)
    sheet.arrow(eps.left(), want.left(), via=[(7, 108), (7, 40)])
    sheet.arrow(t.left(), want.left(), via=[(7, 152), (7, 40)])
    sheet.arrow(t.right(8), network.bottom(-22), via=[(380, 160)])
    sheet.arrow(mix, network)
    sheet.arrow(network, loss)
    sheet.arrow(want, loss)
    sheet.gradient(loss.bottom(), network.bottom(22), "gradient", via=160)
    sheet.band(202, 330, "Generation", "three ways from the same noise; t falls to 0")
    columns = [64, 208, 352, 496, 640]
    again = sheet.network(352, 342, 644, 40, NAME)
    for name, y in (("flow", 272), ("noisy", 412)):
        row = table[name]
        here = [
            sheet.box(x, y, 58, 32, diagram.decimal(v, ".2f"), random=not k)
            for k, (x, v) in enumerate(zip(columns, row, strict=True))
        ]
        above = name == "flow"
        for k, x in enumerate(columns[1:]):
            pill = (
                sheet.pill(x - 72, y, 54, 30, r"$+ h s / 2$")
                if above
                else sheet.pill(x - 72, y, 60, 44, r"$+ h s$", r"$+ \sqrt{h}\, z$")
            )
            sheet.arrow(here[k], pill)
            sheet.arrow(pill, here[k + 1])
            at = columns[k] - 352
            if above:
                sheet.arrow(here[k].bottom(), again.top(at))
                sheet.arrow(again.top(at + 72), pill.bottom())
            else:
                sheet.arrow(here[k].top(), again.bottom(at))
                sheet.arrow(again.bottom(at + 72), pill.top())
    for x, time in zip(columns, sde.CLOCK, strict=True):
        sheet.label(x, 242, f"$t = {time:g}$")
    first = sheet.box(64, 488, 58, 32, diagram.decimal(table["flow"][0], ".2f"), random=True)
    jump = sheet.network(352, 488, 210, 54, "second network", r"$f_\theta(x_t, t)$")
    last = sheet.box(640, 488, 58, 32, diagram.decimal(table["jump"][0], ".2f"))
    sheet.arrow(first, jump)
    sheet.arrow(jump, last)


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    data, noise, time, place, target = table["example"]
    sheet.band(0, 290, "Training", "one example")
    t = sheet.box(54, 58, 84, 30, f"$t = {time}$", random=True)
    x0 = sheet.box(162, 58, 84, 30, f"$x_0 = {data:.0f}$")
    eps = sheet.box(270, 58, 84, 30, rf"$\varepsilon = {noise}$", random=True)
    mix = sheet.pill(162, 118, 140, 44, r"$x_t = x_0 + \sqrt{t}\, \varepsilon$", f"= {place:.1f}")
    network = sheet.network(162, 188, 122, 50, "Network", NAME)
    want = sheet.pill(288, 188, 96, 44, r"$-\varepsilon / \sqrt{t}$", f"= {target:.1f}")
    loss = sheet.loss(162, 256, 130, 40, r"$(s_\theta + \varepsilon / \sqrt{t})^2$")
    sheet.arrow(t.bottom(10), mix.left(), via=[(64, 118)])
    sheet.arrow(t.bottom(-14), network.left(-10), via=[(40, 178)])
    sheet.arrow(x0, mix)
    sheet.arrow(eps.bottom(-20), mix.right(), via=[(250, 118)])
    sheet.arrow(eps.bottom(18), want.top())
    sheet.arrow(t.top(), want.right(), via=[(54, 36), (346, 36), (346, 188)])
    sheet.arrow(mix, network)
    sheet.arrow(network, loss)
    sheet.arrow(want.bottom(), loss.right(), via=[(288, 256)])
    sheet.gradient(loss.left(), network.left(12), via=66)
    sheet.label(58, 226, "gradient", anchor="end", colour=diagram.LOSS)
    sheet.band(300, 330, "Generation", "three ways; t falls to 0")
    columns = [38, 107, 176, 245, 314]
    again = sheet.network(176, 444, 318, 36, NAME)
    for name, y in (("flow", 384), ("noisy", 504)):
        row = table[name]
        here = [
            sheet.box(x, y, 52, 30, diagram.decimal(v, ".2f"), random=not k)
            for k, (x, v) in enumerate(zip(columns, row, strict=True))
        ]
        for k, x in enumerate(columns[:-1]):
            sheet.arrow(here[k], here[k + 1])
            move = sheet.dot(x + 34, y)
            at = x - 176
            if name == "flow":
                sheet.arrow(here[k].bottom(), again.top(at))
                sheet.arrow(again.top(at + 34), move.bottom())
            else:
                sheet.arrow(here[k].top(), again.bottom(at))
                sheet.arrow(again.bottom(at + 34), move.top())
    for x, time in zip(columns, sde.CLOCK, strict=True):
        sheet.label(x, 356, f"{time:g}" if x > 40 else f"$t = {time:g}$")
    sheet.label(176, 538, r"flow: $+ h s / 2$; noisy: $+ h s$ and $+ \sqrt{h}\, z$")
    first = sheet.box(38, 592, 52, 30, diagram.decimal(table["flow"][0], ".2f"), random=True)
    jump = sheet.network(176, 592, 150, 54, "second network", r"$f_\theta(x_t, t)$")
    last = sheet.box(314, 592, 52, 30, diagram.decimal(table["jump"][0], ".2f"))
    sheet.arrow(first, jump)
    sheet.arrow(jump, last)


FIGURES = [diagram.Recipe("models/score-sde/diagram", numbers, draw, absolute=1e-6)]

if __name__ == "__main__":
    style.main(FIGURES)
