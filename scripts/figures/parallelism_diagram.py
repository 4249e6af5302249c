"""docs/training/parallelism/diagram.svg: examples split over two workers, and a layer split over two workers."""

from docs.training.parallelism import parallelism as code
from scripts.figures import diagram, style


def numbers() -> style.Table:
    """The example: sums of gradients, counts, the new weight; a layer of two inner numbers."""
    sums = [code.slope(pairs, code.START) for pairs in code.EXAMPLE]
    counts = [float(len(pairs)) for pairs in code.EXAMPLE]
    x, a, b = code.LAYER
    return {
        "w": [code.START],
        "sums": [*sums, sum(sums)],
        "counts": [*counts, sum(counts)],
        "new": [round(code.START - code.RATE * sum(sums) / sum(counts), 6)],
        "x": [x],
        "inner": [max(0.0, x * v) for v in a],
        "shares": [max(0.0, x * v) * u for v, u in zip(a, b, strict=True)],
        "y": [sum(max(0.0, x * v) * u for v, u in zip(a, b, strict=True))],
    }


def said(value: float) -> str:
    """A number with a minus sign."""
    return f"{value:g}".replace("-", "−")


def pairs(n: int) -> str:
    """The examples of a worker."""
    return ", ".join(f"({x:g}, {y:g})" for x, y in code.EXAMPLE[n])


def brought(table: style.Table, n: int) -> str:
    """Sum of gradients and count of a worker, or of both."""
    return f"{said(table['sums'][n])}, {table['counts'][n]:g}"


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Two bands: a step by data, and a layer by columns and rows."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    w, new = table["w"][0], said(table["new"][0])
    sheet.band(0, 196, "Split the examples: data parallel", "$w$ learns, the same on both")
    middle = 110
    add = sheet.pill(484, middle, 92, 40, "all-reduce")
    for n, (name, y) in enumerate((("A", 64), ("B", 156))):
        given = sheet.box(74, y, 124, 48, pairs(n), gloss=f"{name}'s examples")
        net = sheet.network(196, y, 80, 44, f"$w$ = {w:g}", gloss=f"on {name}")
        own = sheet.box(334, y, 164, 48, brought(table, n), gloss="sum of gradients, count")
        sheet.chain([given, net, own])
        sheet.arrow(
            own.right(),
            add.left(-8 if n == 0 else 8),
            via=[(424, y), (424, middle + (8 if n else -8))],
        )
    both = sheet.box(594, 64, 116, 48, brought(table, 2), gloss="on both")
    after = sheet.network(600, 156, 104, 44, f"$w$ = {new}", gloss="on both")
    sheet.arrow(add.right(), both.bottom(-30), via=[(564, middle)])
    sheet.arrow(both.bottom(6), after.top())
    sheet.label(648, 112, "divide, step")
    sheet.band(
        206, 180, "Split a layer: tensor parallel", "the matrices learn, each worker its part"
    )
    middle = 310
    given = sheet.box(58, middle, 72, 48, f"$x$ = {said(table['x'][0])}", gloss="on both")
    add = sheet.pill(530, middle, 92, 40, "all-reduce")
    _, a, b = code.LAYER
    for n, (name, y) in enumerate((("A", 270), ("B", 350))):
        up = sheet.network(172, y, 96, 44, f"column ({said(a[n])})", gloss=f"on {name}")
        act = sheet.pill(264, y, 56, 34, "ReLU")
        inner = sheet.box(324, y, 36, 34, said(table["inner"][n]))
        down = sheet.network(398, y, 76, 44, f"row ({said(b[n])})", gloss=f"on {name}")
        share = sheet.box(472, y, 36, 34, said(table["shares"][n]))
        sheet.chain([up, act, inner, down, share])
        sheet.arrow(given.top() if n == 0 else given.bottom(), up.left(), via=[(58, y)])
        sheet.arrow(share.right(), add.top() if n == 0 else add.bottom(), via=[(530, y)])
    out = sheet.box(638, middle, 80, 48, f"$y$ = {said(table['y'][0])}", gloss="on both")
    sheet.arrow(add, out)


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom, worker A on the left."""
    w, new = table["w"][0], said(table["new"][0])
    sheet.band(0, 372, "Split the examples", "$w$ learns")
    add = sheet.pill(175, 248, 110, 36, "all-reduce")
    for n, (name, x) in enumerate((("A", 92), ("B", 258))):
        given = sheet.box(x, 68, 124, 46, pairs(n), gloss=f"{name}'s examples")
        net = sheet.network(x, 132, 84, 44, f"$w$ = {w:g}", gloss=f"on {name}")
        own = sheet.box(x, 196, 162, 46, brought(table, n), gloss="sum of gradients, count")
        sheet.chain([given, net, own])
        sheet.arrow(own.bottom(), add.left() if n == 0 else add.right(), via=[(x, 248)])
    both = sheet.box(92, 316, 118, 46, brought(table, 2), gloss="on both")
    after = sheet.network(258, 316, 104, 44, f"$w$ = {new}", gloss="on both")
    sheet.arrow(add.bottom(), both.top(), via=280)
    sheet.arrow(both, after)
    sheet.label(178, 355, "divide, step")
    sheet.band(382, 410, "Split a layer", "each worker learns its part")
    given = sheet.box(175, 444, 76, 46, f"$x$ = {said(table['x'][0])}", gloss="on both")
    add = sheet.pill(175, 718, 110, 36, "all-reduce")
    _, a, b = code.LAYER
    for n, (name, x) in enumerate((("A", 92), ("B", 258))):
        up = sheet.network(x, 502, 100, 44, f"column ({said(a[n])})", gloss=f"on {name}")
        act = sheet.pill(x - 34, 560, 60, 34, "ReLU")
        inner = sheet.box(x + 34, 560, 40, 34, said(table["inner"][n]))
        down = sheet.network(x, 618, 92, 44, f"row ({said(b[n])})", gloss=f"on {name}")
        share = sheet.box(x, 674, 44, 34, said(table["shares"][n]))
        sheet.arrow(up.bottom(-34), act.top())
        sheet.arrow(act, inner)
        sheet.arrow(inner.bottom(), down.top(34))
        sheet.arrow(down, share)
        sheet.arrow(given.left() if n == 0 else given.right(), up.top(), via=[(x, 444)])
        sheet.arrow(share.bottom(), add.left() if n == 0 else add.right(), via=[(x, 718)])
    out = sheet.box(175, 772, 110, 32, f"$y$ = {said(table['y'][0])} on both")
    sheet.arrow(add, out)


FIGURES = [diagram.Recipe("training/parallelism/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
