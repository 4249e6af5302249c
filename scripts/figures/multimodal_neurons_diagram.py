"""docs/models/multimodal-neurons/diagram.svg: the map learns, units are scored, units are removed."""

from functools import partial
from importlib import import_module
from typing import Any

import torch

from scripts.figures import diagram, style

mm: Any = import_module("docs.models.multimodal-neurons.multimodal_neurons")
row = partial(diagram.vector, form=".3g")


def numbers() -> style.Table:
    """The example from the picture to the logits, its loss, scores, and the logits without a unit."""
    f, projection = torch.tensor(mm.FEATURES), torch.tensor(mm.PROJECTION)
    whole = mm.small(f, projection, torch.ones(4))
    score, _ = mm.weigh(f, projection)
    without = [mm.small(f, projection, keep).logits.tolist() for keep in 1 - torch.eye(4)]
    return {
        "f": f.tolist(),
        "x": whole.x.tolist(),
        "h": whole.h.tolist(),
        "logits": whole.logits.tolist(),
        "loss": [float(-whole.logits.log_softmax(0)[0])],
        "score": [float(value) + 0.0 for value in score],
        "slope": (torch.tensor(mm.VALUES) @ torch.tensor(mm.WORDS)[0]).tolist(),
        "without A": without[0],
        "without C": without[2],
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Training, score and removal, one band each."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From the left to the right."""
    sheet.band(0, 190, "Training", "pictures with captions; the text network stays as it was")
    picture = sheet.box(50, 90, 76, 46, row(table["f"]), gloss=r"$\mathbf{f}$ of an 8")
    project = sheet.network(160, 90, 96, 52, "Map", r"$P, \mathbf{b}$")
    x = sheet.box(276, 90, 88, 46, row(table["x"]), gloss=r"$\mathbf{x}$")
    text = sheet.network(410, 90, 118, 60, "Text network", "frozen", frozen=True)
    logits = sheet.box(530, 90, 80, 46, row(table["logits"]), gloss="eight, one")
    loss = sheet.loss(640, 90, 92, 48, "loss", f"{table['loss'][0]:.3f}")
    prompt = sheet.box(260, 158, 160, 30, "prompt words, places")
    caption = sheet.box(640, 158, 110, 30, "caption: eight")
    sheet.chain([picture, project, x, text, logits, loss])
    sheet.arrow(prompt.right(), text.bottom(), via=[(410, 158)])
    sheet.arrow(caption, loss)
    sheet.gradient(loss.top(), project.top(), "gradient", via=[(640, 40), (160, 40)], side="below")
    sheet.band(202, 118, "Score", "one pass forward, one backward: which unit should matter?")
    h = sheet.box(90, 276, 130, 46, row(table["h"]), gloss="activations")
    slope = sheet.box(270, 276, 130, 46, row(table["slope"]), gloss="gradients")
    times = sheet.pill(390, 276, 44, 32, "×")
    score = sheet.box(510, 276, 130, 46, row(table["score"]), gloss="scores")
    best = sheet.box(650, 276, 84, 46, "unit A", gloss="the best")
    sheet.arrow(h.top(), times.top(), via=[(90, 240), (390, 240)])
    sheet.chain([slope, times, score, best])
    sheet.band(332, 168, "Removal", "does it matter?")
    cut = sheet.network(150, 396, 180, 44, "Text network, A off", frozen=True)
    other = sheet.network(150, 462, 180, 44, "Text network, C off", frozen=True)
    left = sheet.box(340, 396, 88, 44, row(table["without A"]), gloss="logits")
    right = sheet.box(340, 462, 88, 44, row(table["without C"]), gloss="logits")
    says = sheet.box(500, 396, 110, 36, "says “one”")
    stays = sheet.box(500, 462, 110, 36, "says “eight”")
    sheet.chain([cut, left, says])
    sheet.chain([other, right, stays])
    sheet.label(580, 400, "A matters", anchor="start")
    sheet.label(580, 466, "C fires, no effect", anchor="start")


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From the top to the bottom."""
    sheet.band(0, 420, "Training", "the text network stays")
    picture = sheet.box(100, 66, 90, 46, row(table["f"]), gloss=r"$\mathbf{f}$ of an 8")
    project = sheet.network(100, 146, 96, 52, "Map", r"$P, \mathbf{b}$")
    x = sheet.box(100, 226, 90, 46, row(table["x"]), gloss=r"$\mathbf{x}$")
    prompt = sheet.box(250, 226, 156, 30, "prompt words, places")
    text = sheet.network(100, 306, 120, 50, "Text network", "frozen", frozen=True)
    logits = sheet.box(262, 306, 84, 46, row(table["logits"]), gloss="eight, one")
    loss = sheet.loss(262, 384, 92, 48, "loss", f"{table['loss'][0]:.3f}")
    caption = sheet.box(110, 384, 112, 30, "caption: eight")
    sheet.chain([picture, project, x, text, logits, loss])
    sheet.arrow(prompt.bottom(-30), text.top(30), via=262)
    sheet.arrow(caption, loss)
    sheet.gradient(loss.right(), project.right(), via=336)
    sheet.label(250, 132, "gradient", colour=diagram.LOSS)
    sheet.band(432, 300, "Score", "which unit should matter?")
    h = sheet.box(100, 500, 130, 46, row(table["h"]), gloss="activations")
    slope = sheet.box(250, 500, 130, 46, row(table["slope"]), gloss="gradients")
    times = sheet.pill(175, 568, 44, 32, "×")
    score = sheet.box(175, 636, 130, 46, row(table["score"]), gloss="scores")
    best = sheet.box(175, 702, 120, 34, "unit A is best")
    sheet.arrow(h.bottom(), times.left(), via=[(100, 568)])
    sheet.arrow(slope.bottom(), times.right(), via=[(250, 568)])
    sheet.chain([times, score, best])
    sheet.band(744, 250, "Removal", "does it matter?")
    cut = sheet.network(90, 816, 120, 48, "Text network", "A off", frozen=True)
    left = sheet.box(260, 816, 120, 44, row(table["without A"]), gloss="“one” wins")
    other = sheet.network(90, 900, 120, 48, "Text network", "C off", frozen=True)
    right = sheet.box(260, 900, 120, 44, row(table["without C"]), gloss="“eight” stays")
    sheet.arrow(cut, left)
    sheet.arrow(other, right)
    sheet.label(175, 960, "A matters; C fires without effect")


FIGURES = [diagram.Recipe("models/multimodal-neurons/diagram", numbers, draw, absolute=1e-6)]

if __name__ == "__main__":
    style.main(FIGURES)
