"""docs/architectures/recurrence/diagram.svg: one cell at four steps, the error on its way back, and an LSTM's cell."""

from docs.architectures.recurrence import recurrence
from scripts.figures import diagram, style


def numbers() -> style.Table:
    """Inputs, states and errors of the example."""
    states = recurrence.run(0.5, recurrence.MARKED)
    errors, _ = recurrence.back(0.5, states, recurrence.TARGET)
    return {"x": list(recurrence.MARKED), "h": states[1:], "error": errors}


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Time from left to right, or on a phone from top to bottom."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """The example above, the LSTM's cell below."""
    sheet.band(
        0, 206, "Unrolled in time", "the same weights at every step; gradients flow back (dashed)"
    )
    cells = [sheet.network(74 + 138 * n, 108, 72, 46, "Cell", "$W, U$") for n in range(4)]
    for n, cell in enumerate(cells):
        given = sheet.box(cell.x, 178, 84, 30, f"$x_{n + 1}$ = {table['x'][n]:g}")
        sheet.arrow(given, cell)
    loss = sheet.loss(642, 108, 84, 46, "loss", "$y$ = 6")
    for n, (left, right) in enumerate(zip(cells, [*cells[1:], loss], strict=True)):
        sheet.arrow(left, right)
        sheet.label((left.x + right.x) / 2, 128, f"$h_{n + 1}$ = {table['h'][n]:g}", muted=False)
        end = left.top(18) if n else left.top()
        begin = right.top(-18) if n < 3 else right.top()
        sheet.gradient(begin, end, diagram.decimal(table["error"][n]), via=58)
    sheet.band(218, 186, "An LSTM's cell", "gates decide what is kept, written and shown")
    before = sheet.box(44, 284, 60, 32, r"$c_{t-1}$")
    keep = sheet.pill(180, 284, 90, 32, "keep: ×")
    write = sheet.pill(336, 284, 90, 32, "write: + $i g$")
    after = sheet.box(460, 284, 50, 32, "$c_t$")
    show = sheet.pill(570, 284, 110, 32, "show: tanh, ×")
    state = sheet.box(668, 284, 44, 32, "$h_t$")
    sheet.chain([before, keep, write, after, show, state])
    reads = r"reads $h_{t-1}$, $x_t$"
    for pill, name in ((keep, "Forget $f$"), (write, "Input $i$, new $g$"), (show, "Output $o$")):
        sheet.arrow(sheet.network(pill.x, 362, 132, 50, name, gloss=reads), pill)


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """The same from top to bottom."""
    sheet.band(0, 436, "Unrolled in time")
    cells = [sheet.network(190, 66 + 88 * n, 80, 46, "Cell", "$W, U$") for n in range(4)]
    for n, cell in enumerate(cells):
        given = sheet.box(66, cell.y, 84, 30, f"$x_{n + 1}$ = {table['x'][n]:g}")
        sheet.arrow(given, cell)
    loss = sheet.loss(190, 408, 116, 32, "loss, $y$ = 6")
    for n, (upper, lower) in enumerate(zip(cells, [*cells[1:], loss], strict=True)):
        sheet.arrow(upper, lower)
        y = (upper.y + lower.y) / 2
        sheet.label(180, y + 4, f"$h_{n + 1}$ = {table['h'][n]:g}", anchor="end", muted=False)
        end = upper.right(12) if n else upper.right()
        begin = lower.right(-12) if n < 3 else lower.right()
        sheet.gradient(begin, end, diagram.decimal(table["error"][n]), via=266, side="right")
    sheet.label(338, 32, "gradients", anchor="end")
    sheet.band(448, 372, "An LSTM's cell")
    before = sheet.box(90, 500, 60, 30, r"$c_{t-1}$")
    keep = sheet.pill(90, 560, 90, 32, "keep: ×")
    write = sheet.pill(90, 630, 90, 32, "write: + $i g$")
    after = sheet.box(90, 690, 50, 30, "$c_t$")
    show = sheet.pill(90, 750, 120, 32, "show: tanh, ×")
    state = sheet.box(90, 800, 44, 28, "$h_t$")
    sheet.chain([before, keep, write, after, show, state])
    reads = r"reads $h_{t-1}$, $x_t$"
    for pill, name in ((keep, "Forget $f$"), (write, "Input $i$, new $g$"), (show, "Output $o$")):
        sheet.arrow(sheet.network(258, pill.y, 140, 50, name, gloss=reads), pill)


FIGURES = [diagram.Recipe("architectures/recurrence/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
