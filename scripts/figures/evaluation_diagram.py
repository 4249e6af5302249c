"""docs/training/evaluation/diagram.svg: a score, a comparison on the same items, ratings from preferences, FID."""

from docs.training.evaluation import evaluation as code
from scripts.figures import diagram, style

THETA = r"$\theta$"


def numbers() -> style.Table:
    """Those of the example: scores, their error bars, the items on which the models differ."""
    a, b = code.example()
    d, error = code.difference(a, b)
    return {
        "items": [code.ITEMS],
        "right": [a.sum(), b.sum()],
        "a": [a.mean(), round(code.Z * code.standard_error(a), 6)],
        "only": [code.ONLY_A, code.ONLY_B],
        "d": [round(d, 6), round(code.Z * error, 6)],
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Four bands: one model, two models, preferences, samples without references."""
    words = {
        "items": f"{table['items'][0]:g} items",
        "right": f"{table['right'][0]:g} right",
        "score": "{:.2f} ± {:.3f}".format(*table["a"]),
        "only": "{:g} and {:g}".format(*table["only"]),
        "d": "{:.2f} ± {:.3f}".format(*table["d"]),
    }
    (narrow if sheet.narrow else wide)(words, sheet)


def wide(words: dict[str, str], sheet: diagram.Sheet) -> None:
    """From left to right."""
    sheet.band(0, 116, "Score one model", "nothing learns")
    y = 74
    items = sheet.box(72, y, 112, 46, words["items"], gloss="and references")
    model = sheet.network(198, y, 96, 42, "model A", frozen=True)
    check = sheet.pill(326, y, 112, 36, "check answers")
    right = sheet.box(452, y, 96, 46, words["right"], gloss="scores 0 or 1")
    score = sheet.box(614, y, 132, 46, words["score"], gloss="with error bar")
    sheet.chain([items, model, check, right, score])
    sheet.arrow(items.top(), check.top(), via=36)
    sheet.band(126, 116, "Compare two models", "nothing learns")
    y = 200
    items = sheet.box(72, y, 112, 46, "same items", gloss="and references")
    models = sheet.network(198, y, 96, 42, "A and B", frozen=True)
    check = sheet.pill(326, y, 112, 36, "check, subtract")
    only = sheet.box(452, y, 96, 46, words["only"], gloss="only A, only B")
    d = sheet.box(614, y, 132, 46, words["d"], gloss="B minus A")
    sheet.chain([items, models, check, only, d])
    sheet.arrow(items.top(), check.top(), via=162)
    sheet.band(252, 136, "Rate by preference", f"{THETA} learns")
    y = 334
    prompts = sheet.box(58, y, 84, 34, "prompts")
    models = sheet.network(166, y, 84, 42, "A, B, C …", frozen=True)
    judge = sheet.network(288, y, 108, 46, "judge", gloss="person or model", frozen=True)
    wins = sheet.box(414, y, 88, 46, "wins", gloss="of each pair")
    loss = sheet.loss(526, y, 84, 44, "loss", gloss="− log p")
    theta = sheet.network(644, y, 92, 46, THETA, gloss="ratings")
    sheet.chain([prompts, models, judge, wins, loss])
    sheet.arrow(theta, loss)
    sheet.gradient(loss.bottom(), theta.bottom(), "gradient", via=376)
    sheet.band(398, 150, "Measure samples without references", "nothing learns")
    noise = sheet.box(66, 462, 84, 34, "noise", random=True)
    made = sheet.network(192, 462, 104, 42, "generator", frozen=True)
    data = sheet.box(192, 516, 104, 34, "data")
    seen = sheet.network(352, 489, 132, 46, "feature network", frozen=True)
    moments = sheet.box(510, 489, 132, 46, "mean, covariance", gloss="of both")
    out = sheet.box(642, 489, 76, 34, "FID")
    sheet.chain([noise, made])
    sheet.arrow(made.right(), seen.left(-8))
    sheet.arrow(data.right(), seen.left(8))
    sheet.chain([seen, moments, out])


def narrow(words: dict[str, str], sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    for top, title, left, middle, step, facts, end in (
        (0, "Score one model", (words["items"], "and references"), "model A", "check answers",
         (words["right"], "scores 0 or 1"), (words["score"], "with error bar")),
        (184, "Compare two models", ("same items", "and references"), "A and B", "check, subtract",
         (words["only"], "only A, only B"), (words["d"], "B minus A")),
    ):  # fmt: skip
        sheet.band(top, 174, title, "nothing learns")
        items = sheet.box(78, top + 66, 112, 46, left[0], gloss=left[1])
        model = sheet.network(214, top + 66, 96, 42, middle, frozen=True)
        check = sheet.pill(66, top + 136, 118, 36, step)
        right = sheet.box(187, top + 136, 92, 46, facts[0], gloss=facts[1])
        score = sheet.box(296, top + 136, 94, 46, end[0], gloss=end[1])
        sheet.arrow(items, model)
        sheet.arrow(items.bottom(-28), check.top(-16))
        sheet.arrow(model.bottom(), check.top(20), via=top + 102)
        sheet.chain([check, right, score])
    sheet.band(368, 256, "Rate by preference", f"{THETA} learns")
    prompts = sheet.box(62, 428, 84, 34, "prompts")
    models = sheet.network(182, 428, 92, 42, "A, B, C …", frozen=True)
    judge = sheet.network(240, 500, 116, 46, "judge", gloss="person or model", frozen=True)
    wins = sheet.box(92, 500, 96, 46, "wins", gloss="of each pair")
    loss = sheet.loss(92, 576, 96, 44, "loss", gloss="− log p")
    theta = sheet.network(260, 576, 100, 46, THETA, gloss="ratings")
    sheet.chain([prompts, models])
    sheet.arrow(models.bottom(), judge.top(), via=464)
    sheet.chain([judge, wins, loss])
    sheet.arrow(theta, loss)
    sheet.gradient(loss.bottom(), theta.bottom(), "gradient", via=612)
    sheet.band(634, 246, "Samples, no references", "nothing learns")
    noise = sheet.box(78, 694, 84, 34, "noise", random=True)
    data = sheet.box(250, 694, 104, 34, "data")
    made = sheet.network(78, 758, 104, 42, "generator", frozen=True)
    seen = sheet.network(250, 758, 136, 46, "feature network", frozen=True)
    moments = sheet.box(250, 836, 136, 46, "mean, covariance", gloss="of both")
    out = sheet.box(78, 836, 76, 34, "FID")
    sheet.arrow(noise, made)
    sheet.arrow(made, seen)
    sheet.arrow(data, seen)
    sheet.arrow(seen, moments)
    sheet.arrow(moments, out)


FIGURES = [diagram.Recipe("training/evaluation/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
