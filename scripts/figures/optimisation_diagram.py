"""docs/training/optimisation/diagram.svg: one step of AdamW on the example, and what is kept."""

import torch

from docs.training.optimisation import optimisation as code
from scripts.figures import diagram, style

PEAK, WARM, STEPS, DECAY, MOST = 1.0, 1, 10, 0.1, 20.0


def numbers() -> style.Table:
    """The example through its first step: gradient, means, direction, rate, new weights."""
    w = torch.tensor(code.START, dtype=torch.float64)
    g = code.slope(w)
    code.clip([g], MOST)
    kept = code.fresh(w)
    rate = PEAK * code.schedule("cosine", 0, STEPS, WARM)
    new = code.adamw(w, g, kept, rate, eps=0.0, decay=DECAY)
    decayed = (1 - rate * DECAY) * w
    return {
        "w": w.tolist(),
        "g": g.tolist(),
        "m": kept.m.tolist(),
        "v": kept.v.tolist(),
        "direction": ((decayed - new) / rate).tolist(),
        "rate": [rate, PEAK],
        "step": (decayed - new).tolist(),
        "decayed": decayed.tolist(),
        "new": new.tolist(),
    }


def two(values: list[float]) -> str:
    """Two numbers."""
    return ", ".join(f"{v:.4g}" for v in values)


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Gradient and means above, the step in the middle, weights below."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """Three rows."""
    sheet.band(
        0, 330, "A step of AdamW", "the weights learn; means and count are kept for the next step"
    )
    batch = sheet.box(80, 72, 120, 46, "a batch", gloss="examples")
    grad = sheet.pill(212, 72, 86, 34, "gradient")
    g = sheet.box(330, 72, 92, 46, two(table["g"]), gloss="g")
    clip = sheet.pill(440, 72, 82, 34, "clip at 20")
    kept = sheet.box(
        590, 72, 150, 62, f"m: {two(table['m'])}", gloss=f"v: {two(table['v'])}; t = 1"
    )
    sheet.chain([batch, grad, g, clip, kept])
    right = sheet.pill(590, 166, 140, 34, "correct, m / √v")
    way = sheet.box(440, 166, 92, 46, two(table["direction"]), gloss="direction")
    times = sheet.pill(330, 166, 76, 34, "× rate")
    rate = sheet.box(190, 166, 150, 46, f"rate {table['rate'][0]:g}", gloss="schedule: half of 1")
    sheet.arrow(kept.bottom(), right.top())
    sheet.arrow(right, way)
    sheet.arrow(way, times)
    sheet.arrow(rate, times)
    w = sheet.network(80, 274, 104, 46, two(table["w"]), gloss="weights")
    decay = sheet.pill(196, 274, 84, 34, "× 0.95")
    less = sheet.box(330, 274, 92, 46, two(table["decayed"]), gloss="decayed")
    minus = sheet.pill(440, 274, 82, 34, "subtract")
    new = sheet.network(590, 274, 124, 46, two(table["new"]), gloss="new weights")
    sheet.chain([w, decay, less, minus, new])
    sheet.arrow(times.bottom(), minus.top(), via=[(330, 222), (440, 222)])
    sheet.arrow(w.left(), grad.bottom(), via=[(14, 274), (14, 118), (212, 118)])


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    sheet.band(0, 646, "A step of AdamW", "the weights learn")
    batch = sheet.box(90, 72, 120, 46, "a batch", gloss="examples")
    w = sheet.network(262, 72, 116, 46, two(table["w"]), gloss="weights")
    grad = sheet.pill(90, 144, 86, 34, "gradient")
    g = sheet.box(90, 208, 92, 46, two(table["g"]), gloss="g")
    clip = sheet.pill(90, 268, 86, 34, "clip at 20")
    kept = sheet.box(
        90, 338, 150, 62, f"m: {two(table['m'])}", gloss=f"v: {two(table['v'])}; t = 1"
    )
    right = sheet.pill(90, 410, 140, 34, "correct, m / √v")
    way = sheet.box(90, 472, 92, 46, two(table["direction"]), gloss="direction")
    times = sheet.pill(90, 540, 76, 34, "× rate")
    rate = sheet.box(90, 610, 150, 46, f"rate {table['rate'][0]:g}", gloss="schedule: half of 1")
    decay = sheet.pill(262, 160, 84, 34, "× 0.95")
    less = sheet.box(262, 230, 100, 46, two(table["decayed"]), gloss="decayed")
    minus = sheet.pill(262, 310, 84, 34, "subtract")
    new = sheet.network(262, 388, 124, 46, two(table["new"]), gloss="new weights")
    sheet.chain([batch, grad])
    sheet.arrow(grad.bottom(), g.top())
    sheet.arrow(g.bottom(), clip.top())
    sheet.arrow(clip.bottom(), kept.top())
    sheet.arrow(kept.bottom(), right.top())
    sheet.arrow(right.bottom(), way.top())
    sheet.arrow(way.bottom(), times.top())
    sheet.arrow(rate.top(), times.bottom())
    sheet.arrow(w.left(), grad.right(), via=[(184, 72), (184, 144)])
    sheet.arrow(w.bottom(), decay.top())
    sheet.arrow(decay.bottom(), less.top())
    sheet.arrow(less.bottom(), minus.top())
    sheet.arrow(minus.bottom(), new.top())
    sheet.arrow(times.right(), minus.left(), via=[(186, 540), (186, 310)])


FIGURES = [diagram.Recipe("training/optimisation/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
