"""docs/architectures/state-space/diagram.svg: one step of a selective layer, and all steps at once in three ways."""

from importlib import import_module

from scripts.figures import diagram, style

state_space = import_module("docs.architectures.state-space.state_space")


def numbers() -> style.Table:
    """The inputs of the example, and its states by the recurrence."""
    one = state_space.torch.ones(1)
    keep, take = state_space.hold(state_space.RATE * one, -state_space.RATE * one, one)
    x = state_space.torch.tensor(state_space.SIGNAL)
    return {"x": x.tolist(), "y": state_space.steps(keep, take, one, x).tolist()}


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """One step above, all steps below."""
    (narrow if sheet.narrow else wide)(table, sheet)


def row(name: str, values: list[float]) -> str:
    """A name and its numbers."""
    return f"${name}$ = " + ", ".join(f"{value:g}" for value in values)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """The state runs along the top; what the token chooses comes from below."""
    sheet.band(0, 286, "One step of a selective layer", "in use: one state is kept")
    before = sheet.box(250, 62, 64, 34, r"$\mathbf{h}_{t-1}$")
    keep = sheet.pill(372, 62, 84, 34, "× keep")
    add = sheet.pill(490, 62, 56, 34, "+")
    state = sheet.box(600, 62, 52, 34, r"$\mathbf{h}_t$")
    sheet.chain([before, keep, add, state])
    hold = sheet.pill(372, 132, 84, 34, "hold")
    write = sheet.pill(490, 132, 92, 34, "take × $x$")
    read = sheet.pill(600, 132, 72, 34, "× $c$, sum")
    out = sheet.box(676, 132, 40, 34, "$y_t$")
    sheet.arrow(hold, keep)
    sheet.arrow(hold, write)
    sheet.arrow(write, add)
    sheet.chain([state, read, out])
    step = sheet.network(226, 132, 96, 40, r"$W_\Delta$", "softplus")
    rate = sheet.network(372, 200, 52, 34, "$a$")
    w_b = sheet.network(466, 200, 44, 34, "$W_B$")
    w_c = sheet.network(600, 200, 44, 34, "$W_C$")
    x = sheet.box(60, 240, 84, 60, "$x_t$", gloss="one token")
    sheet.arrow(x.top(), step.left(), via=[(60, 132)])
    sheet.arrow(step, hold)
    sheet.label(302, 116, r"$\Delta_t$", muted=False)
    sheet.arrow(rate, hold)
    sheet.arrow(x.right(-8), w_b.bottom(), via=[(466, 232)])
    sheet.arrow(w_b.top(), write.bottom(-24))
    sheet.arrow(x.right(6), write.bottom(30), via=[(520, 246)])
    sheet.arrow(x.right(20), w_c.bottom(), via=[(600, 260)])
    sheet.arrow(w_c, read)
    sheet.band(298, 194, "All steps at once, three ways", "in training: the example")
    given = sheet.box(92, 410, 140, 36, row("x", table["x"]))
    ways = [
        sheet.pill(
            356, 352, 292, 48, "convolution, kernel 1/2, 1/4, 1/8, 1/16", "(fixed step only)"
        ),
        sheet.pill(356, 410, 292, 36, "scan: join stretches by halves"),
        sheet.pill(
            356, 462, 292, 48, "masked attention without softmax", "(one rate for all numbers)"
        ),
    ]
    result = sheet.box(612, 410, 150, 36, row("y", table["y"]))
    for n, way in enumerate(ways):
        turn, back = 184, 520
        if n == 1:
            sheet.arrow(given, way)
            sheet.arrow(way, result)
            continue
        dy = 10 * (n - 1)
        sheet.arrow(given.right(dy), way.left(), via=[(turn, 410 + dy), (turn, way.y)])
        sheet.arrow(way.right(), result.left(dy), via=[(back, way.y), (back, 410 + dy)])


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """The same, closer together."""
    sheet.band(0, 312, "One step, in use")
    before = sheet.box(34, 62, 52, 34, r"$\mathbf{h}_{t-1}$")
    keep = sheet.pill(108, 62, 64, 34, "× keep")
    add = sheet.pill(172, 62, 32, 34, "+")
    state = sheet.box(226, 62, 38, 34, r"$\mathbf{h}_t$")
    read = sheet.pill(282, 62, 42, 34, "× $c$")
    out = sheet.box(332, 62, 28, 34, "$y_t$")
    sheet.chain([before, keep, add, state, read, out])
    step = sheet.network(40, 138, 44, 34, r"$W_\Delta$")
    hold = sheet.pill(108, 138, 52, 34, "hold")
    write = sheet.pill(194, 138, 84, 34, "take × $x$")
    rate = sheet.network(108, 206, 36, 34, "$a$")
    w_b = sheet.network(170, 206, 40, 34, "$W_B$")
    w_c = sheet.network(282, 138, 40, 34, "$W_C$")
    x = sheet.box(40, 266, 52, 56, "$x_t$")
    sheet.arrow(x, step)
    sheet.chain([step, hold, write])
    sheet.arrow(hold, keep)
    sheet.arrow(rate, hold)
    sheet.arrow(write.top(-22), add.bottom())
    sheet.arrow(x.right(-16), w_b.bottom(), via=[(170, 250)])
    sheet.arrow(w_b.top(), write.bottom(-24))
    sheet.arrow(x.right(0), write.bottom(22), via=[(216, 266)])
    sheet.arrow(x.right(16), w_c.bottom(), via=[(282, 282)])
    sheet.arrow(w_c, read)
    sheet.band(324, 236, "All steps at once", "in training")
    given = sheet.box(157, 382, 140, 34, row("x", table["x"]))
    ways = [
        sheet.pill(58, 456, 100, 50, "convolution", "(fixed step)"),
        sheet.pill(157, 456, 78, 50, "scan", "by halves"),
        sheet.pill(274, 456, 136, 50, "masked attention", "(one rate)"),
    ]
    result = sheet.box(157, 530, 146, 34, row("y", table["y"]))
    sheet.arrow(given.left(), ways[0].top(), via=[(58, 382)])
    sheet.arrow(given, ways[1])
    sheet.arrow(given.right(), ways[2].top(), via=[(274, 382)])
    sheet.arrow(ways[0].bottom(), result.left(), via=[(58, 530)])
    sheet.arrow(ways[1], result)
    sheet.arrow(ways[2].bottom(), result.right(), via=[(274, 530)])


FIGURES = [diagram.Recipe("architectures/state-space/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
