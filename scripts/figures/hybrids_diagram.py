"""docs/models/hybrids/diagram.svg: a stack with two kinds of layers, and a head that draws the next number."""

from importlib import import_module

from scripts.figures import diagram, style

hybrids = import_module("docs.models.hybrids.hybrids")
heads = import_module("docs.models.hybrids.heads")

TARGET, NOISE, TIME = 1.0, 0.4, 0.5
CALLS = 4


def numbers() -> style.Table:
    """What state and cache answer to b; the training of the head; the places of a draw."""
    state = hybrids.VALUES.mT @ hybrids.KEYS
    b = hybrids.KEYS[1]
    return {
        "state": state[0].tolist(),
        "b": [
            float(hybrids.read_state(state, b)),
            float(hybrids.read_cache(hybrids.KEYS, hybrids.VALUES, b)),
        ],
        "mixed": [(1 - TIME) * TARGET + TIME * NOISE, NOISE - TARGET],
        "places": heads.draw(NOISE, CALLS),
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Layers above, classes below: training, then use."""
    (narrow if sheet.narrow else wide)(table, sheet)


def words(table: style.Table) -> dict[str, str]:
    """What stands in the parts."""
    one, two = (diagram.decimal(value, ".2f") for value in table["b"])
    mixed, target = (diagram.decimal(value, ".1f") for value in table["mixed"])
    return {
        "state": f"$S = {diagram.vector(table['state'], '.1f')}$",
        "by state": one,
        "by cache": two,
        "mixed": mixed,
        "target": target,
    }


def layers(table: style.Table, sheet: diagram.Sheet) -> None:
    """The upper half of the wide drawing: two layers with a state, one with attention."""
    w = words(table)
    sheet.band(0, 186, "Hybrid of layers", "read a, b, c; then ask b")
    read = sheet.box(62, 88, 96, 52, "a 1, b −1, c 1", "b ?")
    one, two = (sheet.network(x, 88, 104, 54, "Layer", "with a state") for x in (192, 326))
    last = sheet.network(472, 88, 124, 54, "Layer", "with attention")
    out = sheet.box(622, 88, 108, 52, "value of b", f"≈ {w['by cache']}")
    sheet.chain([read, one, two, last, out])
    state = sheet.box(192, 158, 238, 32, f"{w['state']}, answers {w['by state']}")
    cache = sheet.box(550, 158, 240, 32, "cache: all keys and values")
    sheet.arrow(state.top(), one.bottom())
    sheet.arrow(cache.top(-78), last.bottom())


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    w = words(table)
    layers(table, sheet)
    sheet.band(198, 266, "Hybrid of classes: training", "the value of d is known")
    x = sheet.box(62, 268, 92, 32, f"$x = {TARGET:.0f}$")
    eps = sheet.box(62, 312, 92, 32, rf"$\varepsilon = {NOISE}$", random=True)
    t = sheet.box(62, 356, 92, 32, f"$t = {TIME}$", random=True)
    mix = sheet.pill(226, 312, 158, 44, r"$x_t = (1 - t)\, x + t\, \varepsilon$", f"= {w['mixed']}")
    head = sheet.network(402, 312, 122, 58, "Flow head", r"$v_\theta(x_t, t, z)$")
    loss = sheet.loss(580, 312, 108, 44, r"$(v_\theta - u)^2$")
    want = sheet.pill(580, 250, 120, 44, r"$u = \varepsilon - x$", f"= {w['target']}")
    past = sheet.box(92, 420, 152, 32, "a 1, b −1, c 1, d")
    context = sheet.network(254, 420, 112, 46, "Context", "network")
    z = sheet.box(358, 420, 34, 32, "$z$")
    sheet.arrow(x.right(4), mix.left(-12), via=126)
    sheet.arrow(eps, mix)
    sheet.arrow(t.right(-8), mix.left(12), via=126)
    sheet.arrow(x.right(-10), want.left(8))
    sheet.arrow(eps.left(), want.left(-8), via=[(7, 312), (7, 242)])
    sheet.arrow(t.right(8), head.bottom(-22), via=[(380, 364)])
    sheet.chain([mix, head, loss])
    sheet.arrow(want, loss)
    sheet.chain([past, context, z])
    sheet.arrow(z.right(), head.bottom(6), via=[(408, 420)])
    sheet.gradient(loss.bottom(-12), head.bottom(36), "gradient", via=368)
    sheet.gradient(loss.bottom(12), context.bottom(), via=457)
    sheet.band(
        476, 150, "Hybrid of classes: use", "from noise in four calls; then the number is appended"
    )
    middle = 340
    again = sheet.network(middle, 538, 580, 34, r"$v_\theta(x_t, t, z)$")
    sheet.arrow(sheet.box(680, 538, 34, 32, "$z$").left(), again.right())
    columns = [64, 208, 352, 496, 640]
    places = [
        sheet.box(c, 594, 68, 32, diagram.decimal(p, ".2f"), random=k == 0)
        for k, (c, p) in enumerate(zip(columns, table["places"], strict=True))
    ]
    for k in range(CALLS):
        move = sheet.pill(columns[k] + 72, 594, 48, 30, r"$- h v$")
        sheet.arrow(places[k].top(), again.bottom(columns[k] - middle))
        sheet.arrow(places[k], move)
        sheet.arrow(move, places[k + 1])
        sheet.arrow(again.bottom(columns[k] + 72 - middle), move.top())


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    w = words(table)
    sheet.band(0, 318, "Hybrid of layers", "read a, b, c; ask b")
    read = sheet.box(82, 62, 116, 46, "a 1, b −1, c 1", "b ?")
    one, two = (sheet.network(82, y, 116, 44, "Layer", "with a state") for y in (126, 188))
    last = sheet.network(82, 250, 124, 44, "Layer", "with attention")
    out = sheet.box(82, 302, 150, 26, f"value of b ≈ {w['by cache']}")
    sheet.chain([read, one, two, last, out])
    state = sheet.box(256, 126, 170, 44, w["state"], f"answers {w['by state']}")
    cache = sheet.box(264, 250, 148, 44, "cache: all keys", "and values")
    sheet.arrow(state, one)
    sheet.arrow(cache, last)
    sheet.band(328, 370, "Hybrid of classes: training", "d is known")
    t = sheet.box(54, 386, 84, 30, f"$t = {TIME}$", random=True)
    x = sheet.box(162, 386, 84, 30, f"$x = {TARGET:.0f}$")
    eps = sheet.box(270, 386, 84, 30, rf"$\varepsilon = {NOISE}$", random=True)
    mix = sheet.pill(162, 446, 158, 44, r"$x_t = (1 - t)\, x + t\, \varepsilon$", f"= {w['mixed']}")
    head = sheet.network(162, 518, 122, 50, "Flow head", r"$v_\theta(x_t, t, z)$")
    loss = sheet.loss(162, 586, 108, 40, r"$(v_\theta - u)^2$")
    want = sheet.pill(283, 518, 88, 44, r"$u = \varepsilon - x$", f"= {w['target']}")
    past = sheet.box(270, 664, 132, 30, "a 1, b −1, c 1, d")
    context = sheet.network(134, 664, 100, 44, "Context", "network")
    z = sheet.box(40, 664, 34, 30, "$z$")
    sheet.arrow(t.bottom(), mix.left(), via=[(54, 446)])
    sheet.arrow(t.bottom(), head.left(-10), via=[(54, 508)])
    sheet.arrow(x, mix)
    sheet.arrow(eps.bottom(-14), mix.right(), via=[(256, 446)])
    sheet.arrow(eps.bottom(20), want.top(7))
    sheet.arrow(x.top(), want.right(), via=[(162, 362), (342, 362), (342, 518)])
    sheet.chain([mix, head, loss])
    sheet.arrow(want.bottom(), loss.right(), via=[(283, 586)])
    sheet.arrow(past.left(), context.right())
    sheet.arrow(context.left(), z.right())
    sheet.arrow(z.top(), head.left(12), via=[(40, 530)])
    sheet.gradient(loss.top(-32), head.bottom(-32))
    sheet.gradient(loss.bottom(), context.top(), via=628)
    sheet.label(120, 562, "gradient", anchor="end", colour=diagram.LOSS)
    sheet.band(708, 150, "Hybrid of classes: use", "four calls")
    middle = 158
    again = sheet.network(middle, 762, 284, 36, r"$v_\theta(x_t, t, z)$")
    sheet.arrow(sheet.box(328, 762, 28, 30, "$z$").left(), again.right())
    columns = [36, 106, 176, 246, 316]
    places = [
        sheet.box(c, 826, 46, 30, diagram.decimal(p, ".2f"), random=k == 0)
        for k, (c, p) in enumerate(zip(columns, table["places"], strict=True))
    ]
    for k in range(CALLS):
        sheet.arrow(places[k].top(), again.bottom(columns[k] - middle))
        sheet.arrow(places[k], places[k + 1])
        move = sheet.dot(columns[k] + 35, 826)
        sheet.arrow(
            again.bottom(columns[k] + 35 - middle),
            move.top(),
            r"$- h v$" if k == CALLS - 1 else "",
            side="right",
        )


FIGURES = [diagram.Recipe("models/hybrids/diagram", numbers, draw, absolute=1e-6)]

if __name__ == "__main__":
    style.main(FIGURES)
