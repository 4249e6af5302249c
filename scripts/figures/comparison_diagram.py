"""docs/models/comparison/diagram.svg: how seven classes are trained, tuned and measured alike."""

from importlib import import_module

import torch

from scripts.figures import diagram, style

measures = import_module("docs.models.comparison.measures")

DATA, MADE = (0.0, 1.0, 10.0, 11.0), (0.0, 1.0, 2.0, 3.0)


def numbers() -> style.Table:
    """Precision and recall of the example, with the nearest neighbour."""
    y, x = (torch.tensor(values)[:, None] for values in (DATA, MADE))
    return {"precision": [measures.precision(x, y, 1)], "recall": [measures.recall(x, y, 1)]}


def words(table: style.Table) -> dict[str, str]:
    """What stands in the parts."""
    return {
        "precision": f"precision {diagram.decimal(table['precision'][0], '.2f')}",
        "recall": f"recall {diagram.decimal(table['recall'][0], '.2f')}",
        "data": ", ".join(f"{value:.0f}" for value in DATA),
        "made": ", ".join(f"{value:.0f}" for value in MADE),
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Training, choosing the rate, measuring."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    w = words(table)
    sheet.band(0, 128, "Training", "as many parameters and as many examples for each class")
    x = sheet.box(84, 84, 132, 46, "$x$, a batch", "of training data", random=True)
    noise = sheet.box(240, 84, 140, 46, "noise, time, code:", "by class", random=True)
    model = sheet.network(412, 84, 132, 52, "Networks", "of one class")
    loss = sheet.loss(606, 84, 132, 46, "the loss", "of its class")
    sheet.arrow(x.bottom(), model.bottom(-30), via=[(84, 118), (382, 118)])
    sheet.chain([noise, model, loss])
    sheet.gradient(loss.top(), model.top(), "gradient", via=50)
    sheet.band(140, 112, "Choosing the rate", "three rates, on a seed that is not reported")
    rates = sheet.box(84, 212, 132, 46, "rates 0.001,", "0.003, 0.01")
    tried = sheet.network(262, 212, 146, 50, "Networks", "trained three times")
    near = sheet.pill(448, 212, 150, 46, "energy distance", "to data kept for it")
    best = sheet.box(622, 212, 100, 46, "the rate", "of the least")
    sheet.chain([rates, tried, near, best])
    sheet.band(264, 168, "Measuring", "several seeds, test data")
    start = sheet.box(84, 338, 132, 40, "noise", random=True)
    net = sheet.network(262, 338, 132, 50, "Networks", "1 to 80 passes")
    made = sheet.box(448, 338, 132, 46, "samples", w["made"])
    test = sheet.box(448, 402, 132, 46, "test data", w["data"])
    quality = sheet.pill(622, 370, 120, 46, w["precision"], w["recall"])
    bits = sheet.pill(262, 402, 150, 40, r"$\log p_\theta$ of test data")
    sheet.chain([start, net, made])
    sheet.arrow(made.right(), quality.left(-8), via=540)
    sheet.arrow(test.right(), quality.left(8), via=540)
    sheet.arrow(test, bits)
    sheet.arrow(net.bottom(), bits.top())


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    w = words(table)
    sheet.band(0, 232, "Training", "one budget")
    x = sheet.box(92, 70, 150, 44, "$x$, a batch", "of training data", random=True)
    noise = sheet.box(262, 70, 140, 44, "noise, time, code:", "by class", random=True)
    model = sheet.network(176, 140, 150, 50, "Networks", "of one class")
    loss = sheet.loss(176, 206, 160, 36, "the loss of its class")
    sheet.arrow(x.bottom(), model.top(-40))
    sheet.arrow(noise.bottom(), model.top(40))
    sheet.arrow(model, loss)
    sheet.gradient(loss.right(), model.right(), "gradient", via=278)
    sheet.band(244, 176, "Choosing the rate", "on a seed apart")
    rates = sheet.box(92, 312, 150, 44, "rates 0.001,", "0.003, 0.01")
    tried = sheet.network(264, 312, 148, 50, "Networks", "trained three times")
    near = sheet.pill(264, 382, 150, 44, "energy distance", "to data kept for it")
    best = sheet.box(92, 382, 120, 44, "the rate", "of the least")
    sheet.chain([rates, tried, near, best])
    sheet.band(432, 276, "Measuring", "seeds and test data")
    start = sheet.box(92, 498, 120, 38, "noise", random=True)
    net = sheet.network(264, 498, 150, 50, "Networks", "1 to 80 passes")
    made = sheet.box(264, 570, 132, 44, "samples", w["made"])
    test = sheet.box(104, 570, 132, 44, "test data", w["data"])
    quality = sheet.pill(264, 668, 132, 44, w["precision"], w["recall"])
    bits = sheet.pill(104, 668, 140, 44, r"$\log p_\theta$", "of the test data")
    sheet.chain([start, net, made])
    sheet.arrow(made, quality)
    sheet.arrow(test.right(12), quality.left(), via=[(183, 582), (183, 668)])
    sheet.arrow(test, bits)
    sheet.arrow(net.left(14), bits.left(), via=[(180, 512), (180, 536), (14, 536), (14, 668)])


FIGURES = [diagram.Recipe("models/comparison/diagram", numbers, draw, absolute=1e-6)]

if __name__ == "__main__":
    style.main(FIGURES)
