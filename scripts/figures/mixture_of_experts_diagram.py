"""docs/architectures/mixture-of-experts/diagram.svg: a token on its way, and what balances the experts."""

import math
from importlib import import_module

import torch

from scripts.figures import diagram, style

moe = import_module("docs.architectures.mixture-of-experts.mixture_of_experts")

TOKEN = 2  # place of the token that is followed
NAMES = ("x + 3", "−2x", "x − 3")


def numbers() -> style.Table:
    """Scores in units of log 2, probabilities and output of one token; loads of the batch and their balancing loss."""
    router, experts = moe.example()
    x = torch.tensor(moe.TOKENS)
    s = moe.lines(router, x)
    g, p = moe.route(s, 1, torch.zeros(3))
    f = moe.lines(experts, x)
    out = (g * f)[TOKEN].sum()
    return {
        "x": [float(x[TOKEN])],
        "s": (s[TOKEN] / math.log(2)).tolist(),
        "p": p[TOKEN].tolist(),
        "f": f[TOKEN].tolist(),
        "out": [float(out), float(x[TOKEN] + out)],
        "loads": moe.loads(g).tolist(),
        "balance": [float(moe.balance_loss(g, p))],
    }


def result(table: style.Table) -> str:
    """What becomes of the token."""
    change, out = (diagram.decimal(value, ".2f") for value in table["out"])
    return f"{table['x'][0]:.0f} {change.replace('−', '− ')} = {out}"


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Forward in the middle, counting above, the loss below; on a phone from top to bottom."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    loads = ", ".join(f"{load:.0f}" for load in table["loads"])
    sheet.band(0, 146, "Training: count the batch")
    sheet.band(158, 214)
    sheet.label(168, 180, "Forward", anchor="start", bold=True, muted=False, size=13.5)
    sheet.band(384, 70)
    sheet.label(36, 408, "Training: gradient", anchor="start", bold=True, muted=False, size=13.5)
    x = sheet.box(46, 230, 60, 34, f"x = {table['x'][0]:.0f}")
    router = sheet.network(146, 230, 88, 50, "Router", "$W$")
    p = sheet.matrix(246, 230, [[v] for v in table["p"]], cell=(46, 22), label="$p$")
    pick = sheet.pill(358, 230, 120, 46, "send to the $k$", "with most $s + b$")
    g = sheet.box(510, 230, 84, 34, f"g = {table['p'][2]:.2f}")
    experts = [
        sheet.network(
            92 + 133 * i, 322, 108, 50, f"Expert {i + 1}", f"${NAMES[i].replace('−', '-')}$"
        )
        for i in range(3)
    ]
    weigh = sheet.pill(510, 322, 76, 36, "times g")
    out = sheet.box(636, 322, 124, 34, result(table))
    sheet.chain([x, router, p, pick, g])
    sheet.arrow(pick, experts[2], f"x = {table['x'][0]:.0f}", side="left")
    sheet.label(366, 276, "if it has room", anchor="start")
    sheet.arrow(g, weigh)
    sheet.arrow(experts[2], weigh, diagram.decimal(table["f"][2], ".0f"), side="above")
    sheet.arrow(weigh, out)
    count = sheet.box(566, 100, 124, 34, f"loads {loads}")
    step = sheet.pill(432, 100, 92, 44, "high: down", "low: up")
    bias = sheet.box(342, 100, 44, 34, "$b$")
    balance = sheet.loss(182, 70, 190, 42, "balancing loss", f"{table['balance'][0]:.2f}")
    sheet.arrow(g.top(), count.bottom(-56))
    sheet.chain([count, step, bias])
    sheet.arrow(bias.bottom(), pick.top(-16))
    sheet.arrow(count.top(), balance.right(-6), via=[(566, 64)])
    sheet.arrow(p.top(), balance.bottom(64))
    sheet.gradient(balance.bottom(-36), router.top(), "gradient", side="left")
    loss = sheet.loss(552, 424, 160, 36, "loss of the model")
    sheet.arrow(out.bottom(30), loss.right(), via=[(666, 424)])
    sheet.gradient(loss.left(-6), experts[2].bottom(), via=[(358, 418)])
    sheet.gradient(loss.left(6), router.bottom(), via=[(20, 430), (20, 278), (146, 278)])


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """The same parts from top to bottom, with counting at the right."""
    loads = ", ".join(f"{load:.0f}" for load in table["loads"])
    sheet.band(0, 522, "Forward")
    sheet.band(36, 226, "Training: count the batch", x=104, width=246)
    x = sheet.box(60, 50, 70, 28, f"x = {table['x'][0]:.0f}")
    router = sheet.network(60, 104, 78, 46, "Router", "$W$")
    p = sheet.matrix(60, 178, [[v] for v in table["p"]], cell=(46, 22))
    sheet.label(30, 182, "$p$", anchor="end")
    balance = sheet.loss(236, 104, 150, 44, "balancing", f"loss {table['balance'][0]:.2f}")
    count = sheet.box(302, 230, 88, 30, f"loads {loads}")
    step = sheet.pill(194, 230, 94, 46, "high: down", "low: up")
    bias = sheet.box(119, 230, 22, 30, "$b$")
    pick = sheet.pill(112, 306, 150, 42, "send to the $k$", "with most $s + b$")
    g = sheet.box(284, 306, 84, 30, f"g = {table['p'][2]:.2f}")
    experts = [
        sheet.network(
            62 + 100 * i, 390, 84, 48, f"Expert {i + 1}", f"${NAMES[i].replace('−', '-')}$"
        )
        for i in range(3)
    ]
    weigh = sheet.pill(262, 448, 84, 30, "times g")
    out = sheet.box(278, 498, 124, 28, result(table))
    sheet.chain([x, router, p])
    sheet.arrow(p.bottom(), pick.top(-52))
    sheet.arrow(pick, g)
    sheet.arrow(pick.bottom(), experts[2].top(), via=346)
    sheet.label(130, 361, f"x = {table['x'][0]:.0f}, if it has room", anchor="start")
    sheet.arrow(experts[2], weigh, diagram.decimal(table["f"][2], ".0f"), side="right")
    sheet.arrow(weigh.bottom(), out.top(-16))
    sheet.arrow(g.right(), weigh.right(), via=342)
    sheet.arrow(g.top(18), count.bottom())
    sheet.chain([count, step, bias])
    sheet.arrow(bias.bottom(), pick.top(7))
    sheet.arrow(count.top(-14), balance.bottom(52))
    sheet.arrow(p.right(), balance.bottom(-52), via=[(184, 178)])
    sheet.gradient(balance, router)
    sheet.band(532, 84)
    sheet.label(24, 554, "Training: gradient", anchor="start", bold=True, muted=False, size=13.5)
    loss = sheet.loss(248, 586, 168, 36, "loss of the model")
    sheet.arrow(out.bottom(), loss.top(30))
    sheet.gradient(loss.top(-36), experts[2].left(), via=[(212, 390)])
    sheet.gradient(loss.left(), router.left(), via=[(7, 586), (7, 104)])


FIGURES = [diagram.Recipe("architectures/mixture-of-experts/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
