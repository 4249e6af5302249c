"""docs/contributing/style/shapes.svg: every shape of the diagrams with what it means.

It has no formulas, so that the page needs no font for them.
"""

from collections.abc import Callable

from scripts.figures import diagram, style

Draw = Callable[[diagram.Sheet, float, float], object]

DIGIT = [0, 7, 9, 2, 0, 0, 9, 5, 0, 4, 8, 0, 3, 9, 2, 0, 9, 9, 9, 5]
"""Tones of a small picture, five rows of four."""


def shapes(table: style.Table, narrow: bool) -> list[tuple[str, Draw]]:
    """Each meaning with the part that has it."""
    pixels = [v / 9 for v in table["tone"]]
    wide = 92 if narrow else 104

    def arrow(sheet: diagram.Sheet, x: float, y: float, gradient: bool = False) -> None:
        start, end = diagram.Port(x - 36, y, dx=1), diagram.Port(x + 36, y, dx=-1)
        sheet.arrow(start, end, gradient=gradient)

    return [
        ("value, shown", lambda s, x, y: s.picture(x, y, pixels, cell=10, columns=4)),
        ("value, not shown", lambda s, x, y: s.box(x, y, 70, 34, "vector")),
        ("drawn at random", lambda s, x, y: s.box(x, y, 70, 34, "noise", random=True)),
        ("loss", lambda s, x, y: s.loss(x, y, wide, 40, "error")),
        ("learns here", lambda s, x, y: s.network(x, y, wide, 48, "Network")),
        ("frozen", lambda s, x, y: s.network(x, y, wide, 48, "Network", frozen=True)),
        ("narrows: encoder", lambda s, x, y: s.encoder(x, y, wide, 56, "Encoder")),
        ("widens: decoder", lambda s, x, y: s.decoder(x, y, wide, 56, "Decoder")),
        ("fixed computation", lambda s, x, y: s.pill(x, y, 70, 34, "step")),
        ("value flows", arrow),
        ("gradient flows", lambda s, x, y: arrow(s, x, y, True)),
        ("table of numbers", lambda s, x, y: s.matrix(x, y, [[0.7, 0.3], [0.2, 0.8]], digits=1)),
    ]


def numbers() -> style.Table:
    """The tones of the small picture."""
    return {"tone": [float(tone) for tone in DIGIT]}


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """The shapes in rows of four, or of three."""
    parts = shapes(table, sheet.narrow)
    columns = 3 if sheet.narrow else 4
    step, row = sheet.width / columns, 104
    sheet.band(0, 24 + row * -(-len(parts) // columns), "Shapes", "and what they mean")
    for place, (meaning, part) in enumerate(parts):
        x, y = step * (place % columns + 0.5), 68 + row * (place // columns)
        part(sheet, round(x), y)
        sheet.label(round(x), y + 48, meaning)


FIGURES = [diagram.Recipe("contributing/style/shapes", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
