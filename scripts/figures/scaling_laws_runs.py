"""docs/training/scaling-laws/family.csv: exact losses of 36 models, each at four learning rates with three seeds."""

from functools import cache
from importlib import import_module

import torch

from scripts.figures import style
from scripts.figures.numbers import Numbers

family = import_module("docs.training.scaling-laws.family")


def column(rate: float, seed: int) -> str:
    """Name of a column of final losses."""
    return f"rate {rate:g}, seed {seed}"


@cache
def runs() -> style.Table:
    """A row for each width and number of tokens; `early` is read on the way of the longest run."""
    torch.set_num_threads(1)  # the sums are small
    widths, tokens = list(family.WIDTHS), family.TOKENS
    table: style.Table = {
        "width": [float(w) for _ in tokens for w in widths],
        "size": [float(family.size(w)) for _ in tokens for w in widths],
        "tokens": [float(d) for d in tokens for _ in widths],
    }
    for rate in family.RATES:
        for seed in range(family.SEEDS):
            found = []
            for d in tokens:
                marks = tokens[:-1] if d == tokens[-1] else ()
                losses = family.train(widths, d, seed, rate, marks)
                found += losses[-1].tolist()
            table[column(rate, seed)] = found
            table[f"early, {column(rate, seed)}"] = [x for one in losses for x in one.tolist()]
    return table


FIGURES = [Numbers("training/scaling-laws/family", runs, tolerance=0.02)]

if __name__ == "__main__":
    style.main(FIGURES)
