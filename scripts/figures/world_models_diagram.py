"""docs/models/world-models/diagram.svg: one step of training and one imagined plan, with the numbers of the example."""

import math
from importlib import import_module

import torch

from scripts.figures import diagram, style

world = import_module("docs.models.world-models.world_models")


def numbers() -> style.Table:
    """Where three walks from place 0 lead in the learned table, by step, and the loss of one walk that succeeds."""
    table = world.learn(world.diary(world.WINS, world.TRIES))
    where = torch.eye(4, dtype=torch.float64)[0]
    found: style.Table = {"loss": [-math.log(float(table[0, world.WALK, 1]))]}
    for step in (1, 2, 3):
        where = where @ table[:, world.WALK]
        found[f"after {step}"] = where.tolist()
    return found


def shares(table: style.Table, step: int) -> str:
    """The probabilities of the places that can be reached."""
    return ", ".join(f"{p:.2g}" for p in table[f"after {step}"][: step + 1])


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Training above, planning below; the same model stands in both."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    sheet.band(0, 166, "Training", "from the diary: what followed each action?")
    place = sheet.box(66, 64, 96, 32, "place $s$ = 0")
    action = sheet.box(66, 116, 96, 32, "$a$ = walk")
    model = sheet.network(206, 90, 104, 56, "Model", r"$\hat{P}$")
    ahead = sheet.box(350, 90, 108, 46, shares(table, 1), gloss="place 0, place 1")
    loss = sheet.loss(486, 90, 104, 46, "−log 0.8", f"= {table['loss'][0]:.3f}")
    seen = sheet.box(630, 90, 104, 46, "seen: $s'$ = 1", gloss="the label")
    sheet.arrow(place.right(), model.left(-12), via=134)
    sheet.arrow(action.right(), model.left(12), via=134)
    sheet.chain([model, ahead, loss])
    sheet.arrow(seen, loss)
    sheet.gradient(loss.bottom(), model.bottom(), "gradient", via=144)
    sheet.band(
        178, 216, "Planning", "the model is frozen; actions are tried in it, not in the world"
    )
    xs = (133, 305, 527)
    start = sheet.box(46, 296, 68, 40, "$s$ = 0", gloss="observed")
    models = [sheet.network(x, 296, 66, 44, "Model", frozen=True) for x in xs]
    for n, each in enumerate(models):
        tried = sheet.box(each.x, 232, 84, 28, f"$a_{n + 1}$ = walk", random=True)
        sheet.arrow(tried, each)
    one = sheet.box(222, 296, 64, 40, shares(table, 1), gloss="places")
    two = sheet.box(416, 296, 112, 40, shares(table, 2), gloss="places")
    goal = sheet.box(634, 296, 104, 40, f"goal: {table['after 3'][3]:.3f}", gloss="promised")
    sheet.chain([start, models[0], one, models[1], two, models[2], goal])
    best = sheet.pill(500, 364, 170, 34, "best of $N$ plans")
    act = sheet.box(256, 364, 190, 42, "first action: walk", gloss="in the world, then plan anew")
    sheet.arrow(goal.bottom(), best.right(), via=[(634, 364)])
    sheet.arrow(best, act)
    sheet.arrow(act.left(), start.bottom(), via=[(46, 364)])


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    sheet.band(0, 246, "Training", "from the diary")
    place = sheet.box(80, 54, 100, 32, "place $s$ = 0")
    action = sheet.box(250, 54, 100, 32, "$a$ = walk")
    model = sheet.network(165, 116, 110, 48, "Model", r"$\hat{P}$")
    ahead = sheet.box(80, 202, 110, 44, shares(table, 1), gloss="place 0, place 1")
    loss = sheet.loss(210, 202, 90, 44, "−log 0.8", f"= {table['loss'][0]:.3f}")
    seen = sheet.box(302, 202, 66, 44, "$s'$ = 1", gloss="seen")
    sheet.arrow(place.bottom(), model.left(), via=[(80, 116)])
    sheet.arrow(action.bottom(), model.right(8), via=[(250, 124)])
    sheet.arrow(model.bottom(-30), ahead.top(), via=158)
    sheet.arrow(ahead, loss)
    sheet.arrow(seen, loss)
    sheet.gradient(loss.top(), model.bottom(30), via=158)
    sheet.label(222, 164, "gradient", anchor="start", colour=diagram.LOSS)
    sheet.band(258, 496, "Planning", "the model is frozen")
    start = sheet.box(120, 312, 90, 40, "$s$ = 0", gloss="observed")
    models = [sheet.network(120, y, 90, 36, "Model", frozen=True) for y in (376, 490, 604)]
    for n, each in enumerate(models):
        tried = sheet.box(270, each.y, 90, 30, f"$a_{n + 1}$ = walk", random=True)
        sheet.arrow(tried, each)
    one = sheet.box(120, 433, 100, 38, shares(table, 1), gloss="places")
    two = sheet.box(120, 547, 130, 38, shares(table, 2), gloss="places")
    goal = sheet.box(120, 661, 130, 38, f"goal: {table['after 3'][3]:.3f}", gloss="promised return")
    sheet.chain([start, models[0], one, models[1], two, models[2], goal])
    best = sheet.pill(278, 661, 112, 34, "best of $N$ plans")
    sheet.arrow(goal, best)
    act = sheet.box(250, 722, 176, 42, "first action: walk", gloss="in the world, then anew")
    sheet.arrow(best, act.top(28))
    sheet.arrow(act.left(), start.left(), via=[(28, 722), (28, 312)])


FIGURES = [diagram.Recipe("models/world-models/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
