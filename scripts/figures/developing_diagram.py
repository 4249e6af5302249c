"""docs/models/developing/diagram.svg: a token in a memory that learns, and how the rest of the layer is trained."""

from importlib import import_module

from scripts.figures import diagram, style

developing = import_module("docs.models.developing.developing")

GATES = r"$\theta$ = 1/2, $\eta$ = 1/2, $\alpha$ = 0"
NEW_S, NEW_M = r"$S_t = \eta S_{t-1} - \theta G_t$", r"$M_t = (1 - \alpha) M_{t-1} + S_t$"


def numbers() -> style.Table:
    """The last number of the example, with momentum: what is held before and after, and the step."""
    held = developing.example(0.5, 0.5)
    steps = [b - a for a, b in zip([0.0, *held], held, strict=False)]
    return {"M": held[-2:], "S": steps[-2:], "v": list(developing.VALUES[-2:])}


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """A token above, training below."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """The memory runs along the top; what the token says comes from below."""
    (m, after_m), (s, after_s), v = table["M"], table["S"], table["v"][1]
    sheet.band(0, 290, "A token, in use", "the last number of the example, with momentum")
    before = sheet.box(83, 66, 146, 40, rf"$M_{{t-1}}$ = {m:g}, $S_{{t-1}}$ = {s:g}")
    update = sheet.pill(392, 66, 208, 52, NEW_S, NEW_M)
    after = sheet.box(616, 66, 120, 40, rf"$M_t$ = {after_m:g}, $S_t$ = {after_s:g}")
    sheet.chain([before, update, after])
    loss = sheet.loss(184, 146, 160, 48, r"½ $(M_{t-1} k - v)^2$", f"= {(m - v) ** 2 / 2:g}")
    sheet.arrow(before.bottom(), loss.left(), via=[(83, 146)])
    sheet.gradient(loss.right(), update.bottom(-60), via=[(332, 146)])
    sheet.label(324, 162, rf"gradient $G_t$ = {diagram.decimal(m - v)}", colour=diagram.LOSS)
    pair = sheet.network(184, 226, 92, 40, r"$W_K$, $W_V$")
    gates = sheet.network(430, 226, 92, 40, "gates")
    ask = sheet.network(560, 226, 64, 40, r"$W_Q$")
    read = sheet.pill(616, 146, 72, 34, r"$M_t\, q$")
    out = sheet.box(682, 226, 36, 34, "$o_t$")
    x = sheet.box(60, 246, 72, 76, "$x_t$", gloss="one token")
    sheet.arrow(x.right(-20), pair.left())
    sheet.arrow(pair, loss)
    sheet.label(192, 190, f"$k$ = 1, $v$ = {v:g}", anchor="start")
    sheet.arrow(x.right(18), gates.bottom(), via=[(430, 264)])
    sheet.arrow(gates.top(), update.bottom(38))
    sheet.label(422, 192, GATES, anchor="end")
    sheet.arrow(x.right(32), ask.bottom(), via=[(560, 278)])
    sheet.arrow(ask.top(), read.left(), via=[(560, 146)])
    sheet.arrow(after, read)
    sheet.arrow(read.right(), out.top(), via=[(682, 146)])
    sheet.band(302, 136, "Training", "through all steps of the memory at once")
    text = sheet.box(70, 386, 100, 40, "all tokens $x$")
    layer = sheet.network(
        288, 386, 236, 56, "the layer, token by token", r"$W_K$, $W_V$, $W_Q$, gates, $M_0$"
    )
    outs = sheet.box(484, 386, 92, 40, "all $o$")
    final = sheet.loss(624, 386, 124, 48, "loss of the", "whole model")
    sheet.chain([text, layer, outs, final])
    sheet.gradient(final.top(), layer.top(), "gradient", via=338)


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """The same from top to bottom."""
    (m, after_m), (s, after_s), v = table["M"], table["S"], table["v"][1]
    sheet.band(0, 480, "A token, in use", "the last number")
    x = sheet.box(175, 60, 110, 34, "token $x_t$")
    pair = sheet.network(60, 128, 92, 38, r"$W_K$, $W_V$")
    gates = sheet.network(202, 128, 76, 38, "gates")
    ask = sheet.network(304, 128, 60, 38, r"$W_Q$")
    sheet.arrow(x.left(), pair.top(), via=[(60, 60)])
    sheet.arrow(x.bottom(27), gates.top())
    sheet.arrow(x.right(), ask.top(), via=[(304, 60)])
    loss = sheet.loss(88, 226, 156, 48, r"½ $(M_{t-1} k - v)^2$", f"= {(m - v) ** 2 / 2:g}")
    sheet.arrow(pair.bottom(), loss.top(-28))
    sheet.label(70, 176, f"$k$ = 1, $v$ = {v:g}", anchor="start")
    update = sheet.pill(196, 320, 208, 52, NEW_S, NEW_M)
    sheet.arrow(gates.bottom(), update.top(6))
    sheet.label(212, 196, r"$\theta$ = 1/2", anchor="start")
    sheet.label(212, 216, r"$\eta$ = 1/2", anchor="start")
    sheet.label(212, 236, r"$\alpha$ = 0", anchor="start")
    sheet.gradient(loss.bottom(50), update.top(-58))
    sheet.label(130, 272, rf"$G_t$ = {diagram.decimal(m - v)}", anchor="end", colour=diagram.LOSS)
    before = sheet.box(44, 400, 76, 48, rf"$M_{{t-1}}$ = {m:g}", rf"$S_{{t-1}}$ = {s:g}")
    sheet.arrow(before.top(-20), loss.bottom(-64))
    sheet.arrow(before.right(), update.bottom(-60), via=[(136, 400)])
    after = sheet.box(190, 412, 72, 48, rf"$M_t$ = {after_m:g}", rf"$S_t$ = {after_s:g}")
    sheet.arrow(update.bottom(-6), after.top())
    read = sheet.pill(304, 404, 60, 34, r"$M_t\, q$")
    sheet.arrow(after.right(-8), read)
    sheet.arrow(ask.bottom(14), read.top(14))
    out = sheet.box(304, 456, 44, 30, "$o_t$")
    sheet.arrow(read, out)
    sheet.band(492, 232, "Training", "through all steps at once")
    text = sheet.box(70, 558, 100, 36, "all tokens $x$")
    layer = sheet.network(
        196, 618, 236, 52, "the layer, token by token", r"$W_K$, $W_V$, $W_Q$, gates, $M_0$"
    )
    outs = sheet.box(96, 688, 80, 34, "all $o$")
    final = sheet.loss(236, 688, 140, 48, "loss of the", "whole model")
    sheet.arrow(text.bottom(40), layer.top(-86))
    sheet.arrow(layer.bottom(-100), outs.top())
    sheet.arrow(outs, final)
    sheet.gradient(final.right(), layer.right(10), via=330)


FIGURES = [diagram.Recipe("models/developing/diagram", numbers, draw, absolute=1e-6)]

if __name__ == "__main__":
    style.main(FIGURES)
