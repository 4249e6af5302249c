"""docs/inference/long-context/diagram.svg: where a longer text changes one head, with the hands of the example."""

from importlib import import_module

from scripts.figures import diagram, style

long_context = import_module("docs.inference.long-context.long_context")


def numbers() -> style.Table:
    """Degrees a token before and after YaRN, and the factor on the scores."""
    hands = long_context.EXAMPLE
    slowed = long_context.scaled(hands, "yarn", long_context.FACTOR, long_context.TRAINED, 1, 2)
    return {
        "before": [round(x, 9) for x in hands.rad2deg().tolist()],
        "after": [round(x, 9) for x in slowed.rad2deg().tolist()],
        "sharper": [long_context.sharpened(long_context.FACTOR)],
    }


def hands(values: list[float]) -> str:
    """Three speeds."""
    return ", ".join(f"{value:g}°" for value in values)


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """One head, its clocks below."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From the tokens on the left to the output on the right."""
    sheet.band(0, 168, "One head")
    tokens = sheet.box(50, 94, 76, 48, "vectors", gloss="32 tokens")
    value = sheet.network(154, 56, 84, 34, "$W_V$")
    learned = sheet.network(154, 132, 84, 34, "$W_Q$, $W_K$")
    turn = sheet.pill(262, 132, 74, 34, "turn")
    scores = sheet.pill(366, 132, 74, 34, "scores")
    sharp = sheet.pill(466, 132, 74, 34, f"× {table['sharper'][0]:.2f}", marked=True)
    soft = sheet.pill(564, 132, 74, 34, "softmax")
    mean = sheet.pill(564, 56, 116, 34, "weighted mean")
    out = sheet.box(668, 56, 58, 34, "output")
    sheet.arrow(tokens.right(-8), value.left(), via=100)
    sheet.arrow(tokens.right(8), learned.left(), via=100)
    sheet.chain([learned, turn, scores, sharp, soft, mean, out])
    sheet.arrow(value, mean, "values", side="above")
    sheet.band(180, 120, "Its clocks")
    given = sheet.box(72, 258, 124, 40, hands(table["before"]), gloss="a token, fixed")
    slow = sheet.pill(214, 258, 96, 40, "slow (YaRN)", marked=True)
    after = sheet.box(356, 258, 124, 40, hands(table["after"]), gloss="a token")
    settings = sheet.box(168, 214, 108, 24, "$C$ = 8, $s$ = 4")
    places = sheet.box(520, 258, 120, 40, "positions", gloss="0 to 31")
    sheet.chain([given, slow, after])
    sheet.arrow(settings.bottom(36), slow.top(-10))
    sheet.arrow(after.top(), turn.bottom(-10), via=[(356, 200), (252, 200)])
    sheet.arrow(places.top(), turn.bottom(10), via=[(520, 174), (272, 174)])


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    sheet.band(0, 200, "Its clocks")
    given = sheet.box(92, 62, 130, 40, hands(table["before"]), gloss="a token, fixed")
    settings = sheet.box(262, 62, 130, 30, "$C$ = 8, $s$ = 4")
    slow = sheet.pill(92, 118, 110, 32, "slow (YaRN)", marked=True)
    after = sheet.box(92, 172, 130, 40, hands(table["after"]), gloss="a token")
    places = sheet.box(262, 172, 130, 40, "positions", gloss="0 to 31")
    sheet.chain([given, slow, after])
    sheet.arrow(settings.bottom(), slow.right(), via=[(262, 118)])
    sheet.band(212, 330, "One head")
    tokens = sheet.box(262, 256, 130, 40, "vectors", gloss="32 tokens")
    learned = sheet.network(226, 310, 78, 32, "$W_Q$, $W_K$")
    value = sheet.network(312, 310, 60, 32, "$W_V$")
    turn = sheet.pill(128, 310, 74, 32, "turn")
    scores = sheet.pill(128, 360, 74, 30, "scores")
    sharp = sheet.pill(128, 408, 74, 30, f"× {table['sharper'][0]:.2f}", marked=True)
    soft = sheet.pill(128, 456, 74, 30, "softmax")
    mean = sheet.pill(272, 456, 124, 30, "weighted mean")
    out = sheet.box(272, 514, 90, 32, "output")
    sheet.arrow(tokens.bottom(-30), learned.top(6))
    sheet.arrow(tokens.bottom(40), value.top(-10))
    sheet.arrow(learned, turn)
    sheet.arrow(after.bottom(20), turn.top(-16))
    sheet.arrow(places.bottom(-40), turn.top(16), via=[(222, 206), (144, 206)])
    sheet.chain([turn, scores, sharp, soft, mean, out])
    sheet.arrow(value.bottom(0), mean.top(40))
    sheet.label(304, 390, "values", anchor="end")


FIGURES = [diagram.Recipe("inference/long-context/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
