"""What docs/models/comparison.md tells in words: a flow with fresh noise, and measures of samples that scatter."""

from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from scripts.figures import comparison as figures
from scripts.figures import numbers, seeds, style

measures = import_module("docs.models.comparison.measures")
runs = import_module("scripts.weights.comparison")

SEEDS = 3
ADDED = (0.0, 0.3, 0.5)
"""Deviations of the normal noise that is added to real digits."""
WIDE = 5.0
"""Deviation of a normal density that is set against the ring."""


class Fresh:
    """The training items of the digits, with noise that is drawn anew each time that they are taken."""

    def __init__(self, x: Tensor, seed: int) -> None:
        self.levels: Tensor = ((x / 4 + 0.5) * measures.LEVELS).floor()
        self.generator = torch.Generator().manual_seed(2000 + seed)

    def __len__(self) -> int:
        return len(self.levels)

    def __getitem__(self, picked: Tensor) -> Tensor:
        """Items with noise, scaled: picked (B,) to (B, 64)."""
        levels = self.levels[picked]
        noise = torch.rand(levels.shape, generator=self.generator)
        return 4 * ((levels + noise) / float(measures.LEVELS) - 0.5)


def flow(seed: int) -> dict[str, float]:
    """Bits for a pixel, precision and recall of the flow of the tables, but for the noise of its batches."""
    budget, (train, _, test) = runs.SETS["digits"], runs.data("digits")
    torch.manual_seed(seed)
    model = runs.comparison.fitted(runs.CLASSES["flow"], budget["parameters"], size=train.shape[1])
    rate = figures.runs()["digits"]["flow"]["rate"]
    fresh: Any = Fresh(train, seed)
    runs.comparison.train(model, fresh, budget["steps"], budget["batch"], rate, seed)
    judged = runs.judged("digits", runs.sampled(model, budget["measured"], seed))
    bits = {
        name: runs.likelihood("digits", "flow", model, x)
        for name, x in (("bits", test), ("bits of training", train[:500]))
    }
    return bits | {name: judged[name] for name in ("precision", "recall")}


def noise() -> style.Table:
    """The flow with noise drawn anew in each batch, a row a seed."""
    torch.set_num_threads(1)
    rows = [flow(seed) for seed in range(SEEDS)]
    return {"seed": [float(n) for n in range(SEEDS)]} | {
        name: [row[name] for row in rows] for name in rows[0]
    }


def scattered() -> style.Table:
    """Precision and recall of training digits to which noise is added, mean and deviation of the seeds."""
    torch.set_num_threads(1)
    train, _, test = runs.data("digits")
    table: style.Table = {"noise": list(ADDED)}
    for deviation in ADDED:
        found: dict[str, list[float]] = {"precision": [], "recall": []}
        for seed in range(SEEDS):
            draw = torch.Generator().manual_seed(seed)
            x = train[torch.randperm(len(train), generator=draw)[: len(test)]]
            x = x + deviation * torch.randn(x.shape, generator=draw)
            for name, values in found.items():
                values.append(getattr(measures, name)(x, test))
        for name, values in found.items():
            seeds.put(table, name, values)
    return table


def wide() -> style.Table:
    """A normal density far wider than the ring, a row a seed."""
    torch.set_num_threads(1)
    rows = []
    for seed in range(SEEDS):
        draw = torch.Generator().manual_seed(seed)
        rows.append(runs.judged("ring", WIDE * torch.randn(2000, 2, generator=draw)))
    return {
        name: [float(row[name]) for row in rows]
        for name in ("near", "modes", "precision", "recall")
    }


# Rounding errors grow in training and differ from one processor to the next.
TRAINED = {"bits": 0.2, "precision": 0.1, "recall": 0.1}
FIGURES = [
    numbers.Numbers("models/comparison/noise", noise, absolute=TRAINED),
    numbers.Numbers("models/comparison/scattered", scattered, absolute=0.01),
    numbers.Numbers("models/comparison/wide", wide, absolute=0.01),
]

if __name__ == "__main__":
    style.main(FIGURES)
