"""docs/inference/speculative/diagram.svg: one call, from the draft to the tokens that are appended."""

from importlib import import_module

from scripts.figures import diagram, style

speculative = import_module("docs.inference.speculative.speculative")

DRAFTED = (1, 2)  # milk, then water
U = (0.3, 0.8, 0.6)  # two decisions and the redraw


def numbers() -> style.Table:
    """q and p of two drafted words, their ratio, the random numbers, and the words that are appended."""
    p, q = speculative.turned(speculative.P), speculative.turned(speculative.Q)
    before = (0, *DRAFTED[:-1])
    chances = [(float(p[b, x]), float(q[b, x])) for b, x in zip(before, DRAFTED, strict=True)]
    good = [u * b < a for u, (a, b) in zip(U, chances, strict=False)]
    n = good.index(False)
    redrawn = speculative.rest(p, q)[before[n]].cumsum(0)
    last = int((redrawn <= U[-1]).sum())
    return {
        "drafted": [float(x) for x in DRAFTED],
        "q": [b for _, b in chances],
        "p": [a for a, _ in chances],
        "ratio": [min(1.0, a / b) for a, b in chances],
        "u": list(U[:2]),
        "accepted": [float(one) for one in good],
        "redraw": [U[-1], float(last)],
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """One way round: text, draft, target, decision, text."""
    (narrow if sheet.narrow else wide)(table, sheet)


def words(table: style.Table) -> tuple[list[str], list[str], list[str], str]:
    """The drafted words with q, with p, with p / q, and the redrawn word."""
    names = [speculative.WORDS[int(x)] for x in table["drafted"]]
    rows = [
        [f"{name} {value:.1f}" for name, value in zip(names, table[column], strict=True)]
        for column in ("q", "p", "ratio")
    ]
    return rows[0], rows[1], rows[2], speculative.WORDS[int(table["redraw"][1])]


def chance(table: style.Table) -> list[str]:
    """The random numbers of the decisions."""
    return [f"u = {value:.1f}" for value in table["u"]]


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right, and back below."""
    q, p, ratio, last = words(table)
    sheet.band(0, 300)
    text = sheet.box(50, 112, 86, 34, "Ann drinks")
    draft = sheet.network(142, 112, 66, 46, "Draft", "$k$ times")
    guesses = sheet.box(238, 112, 86, 56, *q)
    target = sheet.network(336, 112, 70, 46, "Target", "once")
    checked = sheet.box(432, 112, 86, 56, *p)
    test = sheet.pill(530, 112, 78, 56, "accept if", "$u$ < $p$ / $q$")
    good = sheet.box(642, 112, 108, 56, f"{ratio[0]}: yes", f"{ratio[1]}: no")
    random = sheet.box(530, 34, 76, 44, *chance(table), random=True)
    redraw = sheet.pill(642, 206, 106, 50, "redraw from", "$(p-q)_+$")
    second = sheet.box(526, 206, 74, 30, f"u = {table['redraw'][0]:.1f}", random=True)
    out = sheet.box(336, 264, 150, 32, f"append milk, {last}")
    sheet.label(238, 72, "drafted: $x$, $q$", size=12.5)
    sheet.label(432, 72, "of each: $p$", size=12.5)
    sheet.label(642, 72, "$p$ / $q$", size=12.5)
    sheet.label(512, 244, "no rejection: one more from $p$", size=12.5)
    sheet.chain([text, draft, guesses, target, checked, test, good, redraw])
    sheet.arrow(random, test)
    sheet.arrow(second, redraw)
    sheet.arrow(guesses.bottom(), test.bottom(), via=[(238, 166), (530, 166)])
    sheet.arrow(text.top(), target.top(), via=[(50, 24), (336, 24)])
    sheet.arrow(redraw.bottom(), out.right(), via=[(642, 264)])
    sheet.arrow(out.left(), text.bottom(), via=[(50, 264)])


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom, and back at the left."""
    q, p, ratio, last = words(table)
    sheet.band(0, 672)
    text = sheet.box(180, 30, 100, 32, "Ann drinks")
    draft = sheet.network(180, 96, 110, 44, "Draft", "$k$ times")
    guesses = sheet.box(180, 176, 92, 52, *q)
    target = sheet.network(180, 256, 110, 44, "Target", "once")
    checked = sheet.box(180, 336, 92, 52, *p)
    test = sheet.pill(180, 416, 118, 44, "accept if", "$u$ < $p$ / $q$")
    good = sheet.box(180, 496, 100, 52, f"{ratio[0]}: yes", f"{ratio[1]}: no")
    redraw = sheet.pill(180, 572, 130, 50, "redraw from", "$(p-q)_+$")
    out = sheet.box(180, 646, 150, 28, f"append milk, {last}")
    random = sheet.box(302, 416, 66, 44, *chance(table), random=True)
    second = sheet.box(302, 572, 66, 30, f"u = {table['redraw'][0]:.1f}", random=True)
    sheet.label(236, 180, "drafted: $x$, $q$", anchor="start", size=12.5)
    sheet.label(236, 340, "of each: $p$", anchor="start", size=12.5)
    sheet.label(240, 500, "$p$ / $q$", anchor="start", size=12.5)
    sheet.chain([text, draft, guesses, target, checked, test, good, redraw, out])
    sheet.arrow(random, test)
    sheet.arrow(second, redraw)
    sheet.label(246, 606, "no rejection:", anchor="start", size=12.5)
    sheet.label(246, 622, "draw from $p$", anchor="start", size=12.5)
    sheet.arrow(guesses.left(), test.left(), via=[(90, 176), (90, 416)])
    sheet.arrow(text.right(), target.right(), via=[(334, 30), (334, 256)])
    sheet.arrow(out.left(), text.left(), via=[(40, 646), (40, 30)])


FIGURES = [diagram.Recipe("inference/speculative/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
