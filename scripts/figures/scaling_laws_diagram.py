"""docs/training/scaling-laws/diagram.svg: runs are measured, a law is fitted, a budget is split by it."""

from importlib import import_module

from scripts.figures import diagram, style

code = import_module("docs.training.scaling-laws.scaling_laws")
BUDGET, SERVED = 1536, 432
LAW = ("E = 1, A = 1, B = 4", "α = β = 1/2")


def numbers() -> style.Table:
    """The best split of the example, and that with tokens to be served at the same loss."""
    n, d = code.optimum(code.EXAMPLE, BUDGET)
    loss = code.law(code.EXAMPLE, n, d)
    less, more = code.lifetime(code.EXAMPLE, loss, SERVED)
    return {
        "split": [round(v, 6) for v in (n, d, loss)],
        "served": [round(v, 6) for v in (less, more)],
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Two bands: measure and fit, use."""
    (narrow if sheet.narrow else wide)(table, sheet)


def texts(table: style.Table) -> tuple[str, str, str]:
    """The answers in words."""
    n, d, loss = table["split"]
    less, more = table["served"]
    return f"$N$ = {n:g}, $D$ = {d:g}", f"$L$ = {loss:g}", f"$N$ = {less:g}, $D$ = {more:g}"


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    split, loss, served = texts(table)
    sheet.band(0, 196, "Measure and fit", "many small models, each trained to its end")
    y = 92
    grid = sheet.box(70, y, 116, 56, "$N$, $D$, seed", gloss="of each run")
    models = sheet.network(222, y, 118, 60, "models", gloss="weights learn")
    text = sheet.box(222, 164, 140, 34, "text for training")
    losses = sheet.box(372, y, 112, 56, "loss $L$", gloss="on other text")
    fit = sheet.pill(480, y, 50, 36, "fit")
    law = sheet.network(610, y, 148, 76, LAW[0], LAW[1], gloss="the law, fitted")
    sheet.chain([grid, models, losses, fit, law])
    sheet.arrow(text, models)
    sheet.band(208, 174, "Use", "nothing learns")
    budget = sheet.box(96, 266, 152, 44, f"$C$ = {BUDGET:,}", gloss="operations to train")
    first = sheet.pill(274, 266, 118, 36, "best split")
    found = sheet.box(426, 266, 132, 36, split)
    said = sheet.box(576, 266, 80, 36, loss)
    goal = sheet.box(96, 338, 152, 48, f"{loss}; {SERVED} served", gloss="wanted, expected")
    second = sheet.pill(274, 338, 118, 36, "least cost")
    smaller = sheet.box(440, 338, 160, 36, served)
    sheet.chain([budget, first, found, said])
    sheet.chain([goal, second, smaller])
    sheet.label(612, 342, "smaller, longer")
    for pill in (first.bottom(), second.top()):
        sheet.arrow(law.bottom(50), pill, via=[(660, 302), (274, 302)])


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    split, loss, served = texts(table)
    sheet.band(0, 414, "Measure and fit", "models trained to their end")
    grid = sheet.box(96, 78, 130, 48, "$N$, $D$, seed", gloss="of each run")
    text = sheet.box(256, 78, 140, 36, "text for training")
    models = sheet.network(175, 160, 150, 54, "models", gloss="weights learn")
    losses = sheet.box(175, 236, 130, 48, "loss $L$", gloss="on other text")
    fit = sheet.pill(175, 296, 60, 32, "fit")
    law = sheet.network(175, 366, 176, 66, LAW[0], LAW[1], gloss="the law, fitted")
    sheet.arrow(grid.bottom(), models.top(-30), via=[(96, 118), (145, 118)])
    sheet.arrow(text.bottom(), models.top(30), via=[(256, 118), (205, 118)])
    sheet.chain([models, losses, fit, law])
    sheet.band(424, 300, "Use", "nothing learns")
    budget = sheet.box(88, 490, 140, 46, f"$C$ = {BUDGET:,}", gloss="to train")
    goal = sheet.box(262, 490, 152, 46, f"{loss}; {SERVED} served", gloss="wanted, expected")
    first = sheet.pill(88, 566, 110, 34, "best split")
    second = sheet.pill(262, 566, 110, 34, "least cost")
    found = sheet.box(88, 632, 132, 34, split)
    said = sheet.box(88, 690, 80, 34, loss)
    smaller = sheet.box(262, 632, 160, 34, served)
    sheet.label(262, 668, "smaller, longer")
    sheet.chain([budget, first, found, said])
    sheet.chain([goal, second, smaller])
    sheet.arrow(law.bottom(), first.right(), via=[(175, 566)])
    sheet.arrow(law.bottom(), second.left(), via=[(175, 566)])


FIGURES = [diagram.Recipe("training/scaling-laws/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
