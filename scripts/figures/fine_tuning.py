"""docs/training/fine-tuning/*.svg: data against similarity, exact and on small networks; what is frozen; forgetting."""

import math
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import torch
from sklearn.datasets import load_digits
from torch import Tensor
from torch.nn import functional

from scripts.figures import style
from scripts.figures.numbers import Numbers
from scripts.figures.seeds import MARKS, put

code: Any = import_module("docs.training.fine-tuning.fine_tuning")
net: Any = import_module("docs.training.fine-tuning.networks")

SEEDS, RATE, STEPS, LONG = 5, 0.003, 100, 400
SOURCE, POOL = 800, 1280  # images for pre-training, then the new task's, then the test's
SIZES = (10, 20, 40, 80, 160, 320)
NEAR, MANY = (
    30,
    160,
)  # the start and the number of examples of the parts on freezing and on forgetting
STARTS = {
    "scratch": "from scratch", "15": "turned by 15°", "30": "by 30°", "60": "by 60°",
    "labels": "random labels",
}  # fmt: skip
SIDE, DRAWS, NOISE = 40, 200, 0.1
GAPS = {"near": 0.25, "zero": 1.0, "far": 2.0}
COUNTS = (0, 4, 8, 12, 16, 20, 24, 28, 32)
CURES: dict[str, tuple[float, ...]] = {
    "rate": (0.0003, 0.001, 0.003),
    "pull": (0.03, 0.3, 3.0),
    "ewc": (3.0, 30.0, 300.0),
    "replay": (10, 40, 160),
    "average": (0.25, 0.5, 0.75),
}
NAMES = {
    "rate": "smaller rate", "pull": "L2 to the start", "ewc": "EWC",
    "replay": "replay", "average": "average of weights",
}  # fmt: skip


def turned(x: Tensor, degrees: float) -> Tensor:
    """Images (n, 8, 8) turned about their middle."""
    a = math.radians(degrees)
    move = torch.tensor([[math.cos(a), -math.sin(a), 0.0], [math.sin(a), math.cos(a), 0.0]])
    grid = functional.affine_grid(move.expand(len(x), 2, 3), [len(x), 1, 8, 8], align_corners=False)
    return functional.grid_sample(x[:, None], grid, align_corners=False)[:, 0]


@cache
def digits() -> tuple[Tensor, Tensor]:
    """Images (1797, 8, 8) and labels in a fixed order."""
    torch.set_num_threads(1)
    found, labels = load_digits(return_X_y=True)
    order = torch.randperm(len(found), generator=torch.Generator().manual_seed(0))
    x = torch.tensor(found, dtype=torch.float32).reshape(-1, 8, 8) / 16
    return x[order], torch.tensor(labels)[order]


def data(first: int, last: int | None, degrees: float = 0) -> Any:
    """Some of the images, the same for each network side by side, and their labels."""
    x, y = digits()
    x, y = turned(x[first:last], degrees).flatten(1), y[first:last]
    return x.expand(SEEDS, -1, -1).contiguous(), y.expand(SEEDS, -1).contiguous()


@cache
def start(name: str) -> Any:
    """Networks that have learned the source, or none."""
    if name == "scratch":
        return net.fresh(SEEDS)
    x, y = data(0, SOURCE, 0 if name == "labels" else float(name))
    if name == "labels":
        y = torch.randint(10, y.shape[1:], generator=torch.Generator().manual_seed(5)).expand_as(y)
    return net.tune(net.fresh(SEEDS), (x, y), (RATE,) * 3, LONG if name == "labels" else STEPS)


def loss(layers: Any, degrees: float = 0) -> list[float]:
    """Test losses of the networks."""
    return list(net.losses(layers, data(POOL, None, degrees)).tolist())


def tuned(
    name: str, n: int, rates: tuple[float, ...] = (RATE,) * 3, steps: int = STEPS,
    penalty: Callable[[Any], Tensor] | None = None, unfreeze: tuple[int, ...] = (0, 0, 0),
) -> Any:  # fmt: skip
    """Networks tuned on n upright images."""
    return net.tune(start(name), data(SOURCE, SOURCE + n), rates, steps, penalty, unfreeze)


def transfer() -> style.Table:
    """Test loss on upright digits by number of examples, from each start, all weights learned."""
    table: style.Table = {"n": [float(n) for n in SIZES]}
    for name in STARTS:
        for n in SIZES:
            put(table, name, loss(tuned(name, n)))
    return table


def draw_transfer(table: style.Table, axes: style.Axes) -> None:
    """A line for each start."""
    for k, (name, label) in enumerate(STARTS.items()):
        axes.errorbar(
            table["n"], table[name], table[f"{name}, deviation"], fmt=MARKS[k],
            color=style.SERIES[k], label=label, elinewidth=1,
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(SIZES, [str(n) for n in SIZES])
    axes.set_yticks([0.2, 0.5, 1, 2, 5, 10], ["0.2", "0.5", "1", "2", "5", "10"])
    axes.minorticks_off()
    axes.set_xlabel("examples of the new task")
    axes.set_ylabel("test loss (nats)")
    axes.legend(loc="upper right")


def long() -> style.Table:
    """Test losses after four times the steps, by number of examples, from four starts."""
    few = (20, MANY)
    table: style.Table = {"n": [float(n) for n in few]}
    for name in ("scratch", "15", "60", "labels"):
        for n in few:
            put(table, name, loss(tuned(name, n, steps=LONG)))
    return table


def frozen() -> style.Table:
    """Losses on the new and the old task by what is learned, from the near start."""
    table: style.Table = {"n": [20.0, float(MANY)]}
    low, mid = RATE / 2.6**2, RATE / 2.6
    third = STEPS // 3
    for n in (20, MANY):
        runs = {
            "last": tuned(str(NEAR), n, (0, 0, RATE)),
            "two": tuned(str(NEAR), n, (0, RATE, RATE)),
            "first": tuned(str(NEAR), n, (RATE, 0, 0)),
            "all": tuned(str(NEAR), n),
            "rates": tuned(str(NEAR), n, (low, mid, RATE)),
            "gradual": tuned(str(NEAR), n, unfreeze=(2 * third, third, 0)),
            "scratch": tuned("scratch", n),
        }
        for name, layers in runs.items():
            put(table, f"{name}, new", loss(layers))
            put(table, f"{name}, old", loss(layers, NEAR))
    put(table, "before, new", loss(start(str(NEAR))))
    put(table, "before, old", loss(start(str(NEAR)), NEAR))
    for name in ("before, new", "before, old"):
        for key in (name, f"{name}, deviation"):
            table[key] *= 2
    return table


@cache
def important() -> Any:
    """The Fisher information of each weight on the old task."""
    return net.importance(start(str(NEAR)), data(0, SOURCE, NEAR)[0])


def cured(name: str, value: float) -> Any:
    """Networks tuned on the new task with one cure of forgetting."""
    begin, near = start(str(NEAR)), str(NEAR)
    if name == "rate":
        return tuned(near, MANY, (value,) * 3)
    if name == "average":
        return net.between(begin, tuned(near, MANY), value)
    if name == "replay":
        new, old = data(SOURCE, SOURCE + MANY), data(0, int(value), NEAR)
        both = tuple(torch.cat(pair, 1) for pair in zip(new, old, strict=True))
        return net.tune(begin, both, (RATE,) * 3, STEPS)
    weights = [torch.ones_like(part) for part in begin] if name == "pull" else important()
    return tuned(near, MANY, penalty=net.pull(begin, weights, value))


def kept() -> style.Table:
    """Losses on the new and the old task, a row for each setting of a cure; and of plain tuning, and before."""
    table: style.Table = {"row": [0.0, 1.0, 2.0]}
    for name, values in CURES.items():
        table[name] = list(values)
        for value in values:
            layers = cured(name, value)
            put(table, f"{name}, new", loss(layers))
            put(table, f"{name}, old", loss(layers, NEAR))
    return table


def draw_kept(table: style.Table, axes: style.Axes) -> None:
    """A line for each cure in the plane of both losses."""
    for k, (name, label) in enumerate(NAMES.items()):
        axes.errorbar(
            table[f"{name}, old"], table[f"{name}, new"], table[f"{name}, new, deviation"],
            table[f"{name}, old, deviation"], fmt=MARKS[k], color=style.SERIES[k], label=label,
            elinewidth=0.7,
        )  # fmt: skip
    axes.set_xlabel("loss on the old task (nats)")
    axes.set_ylabel("loss on the new task (nats)")
    axes.legend(loc="upper right")


def exact() -> style.Table:
    """Squared distance from the true weights by number of examples: by formula, and the mean of random draws."""
    torch.set_num_threads(1)
    draw = torch.Generator().manual_seed(0)
    table: style.Table = {"n": [float(n) for n in COUNTS]}
    for name, gap in GAPS.items():
        for n in COUNTS:
            found = []
            for _ in range(DRAWS):
                true, off, x = (
                    torch.randn(*s, generator=draw, dtype=torch.float64)
                    for s in ((SIDE,), (SIDE,), (n, SIDE))
                )
                y = x @ true + math.sqrt(NOISE) * torch.randn(
                    n, generator=draw, dtype=torch.float64
                )
                begin = true + math.sqrt(gap) * off / off.norm()
                found.append(float((code.nearest(begin, x, y) - true).square().sum()))
            put(table, name, found)
            table.setdefault(f"{name}, formula", []).append(
                code.expected_error(n, SIDE, gap, NOISE)
            )
    return table


def draw_exact(table: style.Table, axes: style.Axes) -> None:
    """Lines by formula, marks by draws."""
    labels = {"near": "start near", "zero": "from zero", "far": "start far"}
    for k, (name, label) in enumerate(labels.items()):
        axes.plot(table["n"], table[f"{name}, formula"], color=style.SERIES[k], lw=1)
        axes.plot(
            table["n"], table[name], MARKS[k][0], color=style.SERIES[k], label=label,
            fillstyle="none",
        )  # fmt: skip
    axes.set_ylim(0, None)
    axes.set_xlabel("examples of the new task")
    axes.set_ylabel("squared distance from the truth")
    axes.legend(loc="upper right")


FIGURES = [
    style.Recipe("training/fine-tuning/exact", exact, draw_exact, (440, 300), tolerance=0.02),
    style.Recipe(
        "training/fine-tuning/transfer", transfer, draw_transfer, (480, 380), tolerance=0.1
    ),
    style.Recipe("training/fine-tuning/kept", kept, draw_kept, (440, 360), tolerance=0.1),
    Numbers("training/fine-tuning/long", long, tolerance=0.1),
    Numbers("training/fine-tuning/frozen", frozen, tolerance=0.1),
]

if __name__ == "__main__":
    style.main(FIGURES)
