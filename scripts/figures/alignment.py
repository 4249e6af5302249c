"""docs/training/alignment/*.svg: pressure on the example, tails of the error, claims that are followed, weak labels."""

import math
from functools import cache
from importlib import import_module
from typing import Any

import torch
from sklearn.datasets import load_digits
from torch import Tensor

from scripts.figures import style
from scripts.figures.numbers import Numbers
from scripts.figures.seeds import MARKS, put

code: Any = import_module("docs.training.alignment.alignment")
net: Any = import_module("docs.training.alignment.networks")

SEEDS, TEST = 5, 1200  # pictures from this place on are for tests alone
LOUD, SEEN, STEPS, RATE, HIDDEN = 3.0, 400, 100, 0.01, 32
PARTED = (0, 4, 20, 80, 200)
LOUDNESS = (0.3, 1.0, 2.0, 3.0, 6.0)
TAUGHT, LABELLED, WEAK_STEPS, WEAK_RATE = 80, 500, 200, 0.03
TIMES, STUDENT_RATE, STUDENT = (20, 40, 80, 160, 320), 0.003, (64, 48, 48, 10)
COUNTS = (1, 3, 10, 30, 100, 300, 1000, 3000, 10000, 30000, 100000, 300000, 1000000)


@cache
def digits() -> tuple[Tensor, Tensor]:
    """Pictures (1797, 64) and labels in a fixed order."""
    torch.set_num_threads(1)
    found, labels = load_digits(return_X_y=True)
    order = torch.randperm(len(found), generator=torch.Generator().manual_seed(0))
    return torch.tensor(found, dtype=torch.float32)[order] / 16, torch.tensor(labels)[order]


def some(first: int, last: int) -> tuple[Tensor, Tensor]:
    """For each seed its own pictures (S, n, 64) of those for training, and their labels (S, n)."""
    x, y = digits()
    orders = [
        torch.randperm(TEST, generator=torch.Generator().manual_seed(100 + seed))
        for seed in range(SEEDS)
    ]
    return tuple(torch.stack([part[order[first:last]] for order in orders]) for part in (x, y))  # type: ignore[return-value]


def held() -> tuple[Tensor, Tensor]:
    """The pictures and labels of the test, the same for each seed."""
    x, y = digits()
    return x[TEST:].expand(SEEDS, -1, -1).contiguous(), y[TEST:].expand(SEEDS, -1).contiguous()


def pressure() -> style.Table:
    """Mean score and mean value of the example by the factor of a point."""
    reference, value, score = code.example()
    table: style.Table = {"factor": [], "score": [], "value": [], "flattery": []}
    for step in range(49):
        factor = 2 ** (step / 12)
        policy = code.tilt(reference, score, math.log(factor))
        table["factor"].append(factor)
        table["score"].append(float(policy @ score))
        table["value"].append(float(policy @ value))
        table["flattery"].append(float(policy[code.FLATTERY]))
    return table


def draw_pressure(table: style.Table, axes: style.Axes) -> None:
    """Two lines that part."""
    axes.plot(table["factor"], table["score"], color=style.SERIES[0], label="score")
    axes.plot(table["factor"], table["value"], "--", color=style.SERIES[1], label="value")
    axes.set_xscale("log", base=2)
    axes.set_xticks([1, 2, 4, 8, 16], ["1", "2", "4", "8", "16"])
    axes.minorticks_off()
    axes.set_xlabel("factor for each point of the score")
    axes.set_ylabel("mean of an answer (points)")
    axes.legend(loc="lower left")


def tails() -> style.Table:
    """Mean value of the best-scored of n answers, by the tail of the error."""
    counts = torch.tensor(COUNTS, dtype=torch.float64)
    table: style.Table = {"n": [float(n) for n in COUNTS]}
    for name, error in code.ERRORS.items():
        value, score = code.best_of(counts, error)
        table[name], table[f"{name}, score"] = value.tolist(), score.tolist()
    return table


def draw_tails(table: style.Table, axes: style.Axes) -> None:
    """A line for each kind of error."""
    labels = {
        "normal": "normal error",
        "exponential": "exponential tail",
        "power": "tail like a power",
    }
    for k, (name, label) in enumerate(labels.items()):
        axes.plot(table["n"], table[name], MARKS[k], color=style.SERIES[k], label=label)
    axes.set_xscale("log")
    axes.set_xlabel("answers to choose from, n")
    axes.set_ylabel("mean value of the best-scored")
    axes.legend(loc="upper left")


def parted() -> style.Table:
    """What networks say when the claim is wrong, right or missing, by how many training examples part the two."""
    x, y = some(0, SEEN)
    tx, ty = held()
    false = net.other(ty[0], torch.Generator().manual_seed(7)).expand(SEEDS, -1)
    table: style.Table = {"parted": [float(k) for k in PARTED]}
    for k in PARTED:
        wrong = net.other(y, torch.Generator().manual_seed(3))
        claims = torch.where(torch.arange(SEEN) < k, wrong, y)
        (layers,) = net.train(
            net.fresh((74, HIDDEN, 10), SEEDS), net.beside(x, claims, LOUD), y, (STEPS,), RATE
        )
        lied, told = net.beside(tx, false, LOUD), net.beside(tx, ty, LOUD)
        put(table, "true", net.says(layers, lied, ty).tolist())
        put(table, "claim", net.says(layers, lied, false).tolist())
        put(table, "right claim", net.says(layers, told, ty).tolist())
        put(table, "no claim", net.says(layers, net.beside(tx, None, LOUD), ty).tolist())
    (alone,) = net.train(
        net.fresh((74, HIDDEN, 10), SEEDS), net.beside(x, None, LOUD), y, (STEPS,), RATE
    )
    for _ in PARTED:
        put(table, "never shown", net.says(alone, net.beside(tx, None, LOUD), ty).tolist())
    return table


def loudness() -> style.Table:
    """What networks say that never saw a wrong claim, by how loud the claims are."""
    x, y = some(0, SEEN)
    tx, ty = held()
    false = net.other(ty[0], torch.Generator().manual_seed(7)).expand(SEEDS, -1)
    table: style.Table = {"loudness": list(LOUDNESS)}
    for loud in LOUDNESS:
        (layers,) = net.train(
            net.fresh((74, HIDDEN, 10), SEEDS), net.beside(x, y, loud), y, (STEPS,), RATE
        )
        lied = net.beside(tx, false, loud)
        put(table, "true", net.says(layers, lied, ty).tolist())
        put(table, "claim", net.says(layers, lied, false).tolist())
        put(table, "no claim", net.says(layers, net.beside(tx, None, loud), ty).tolist())
    return table


def draw_parted(table: style.Table, axes: style.Axes) -> None:
    """Three lines over the number of examples that part the claim and the truth."""
    labels = {
        "right claim": "right claim: the truth",
        "true": "wrong claim: the truth",
        "claim": "wrong claim: the claim",
    }
    places = list(range(len(PARTED)))
    for k, (name, label) in enumerate(labels.items()):
        axes.errorbar(
            places, [100 * v for v in table[name]], [100 * v for v in table[f"{name}, deviation"]],
            fmt=MARKS[k], color=style.SERIES[k], label=label, elinewidth=1,
        )  # fmt: skip
    axes.set_xticks(places, [str(k) for k in PARTED])
    axes.set_ylim(-3, 103)
    axes.set_xlabel(f"of {SEEN} training examples, those with a wrong claim")
    axes.set_ylabel("said by the network (%)")
    axes.legend(loc="center left")


def repeats(layers: list[Tensor], x: Tensor, misread: Tensor, truth: Tensor) -> Tensor:
    """Of the pictures that the supervisor misreads, the share for which the student says the same: to (S,)."""
    same = (net.logits(layers, x).argmax(-1) == misread) & (misread != truth)
    share: Tensor = same.sum(-1) / (misread != truth).sum(-1)
    return share


def weak() -> style.Table:
    """Accuracy of students on labels of a weak supervisor, and on labels that are as often wrong at random."""
    x, y = some(0, TAUGHT)
    (supervisor,) = net.train(
        net.fresh((16, 10), SEEDS), net.coarse(x), y, (WEAK_STEPS,), WEAK_RATE
    )
    x, y = some(TAUGHT, TAUGHT + LABELLED)
    tx, ty = held()
    labels = net.logits(supervisor, net.coarse(x)).argmax(-1)
    wrong = (labels != y).float().mean(-1)
    start = net.fresh(STUDENT, SEEDS)
    kinds = {
        "systematic": labels,
        "random": net.noisy(y, wrong, torch.Generator().manual_seed(5)),
        "true": y,
    }
    table: style.Table = {"steps": [float(t) for t in TIMES]}
    base = net.says(supervisor, net.coarse(tx), ty)
    misread = net.logits(supervisor, net.coarse(tx)).argmax(-1)
    trained = {name: net.train(start, x, told, TIMES, STUDENT_RATE) for name, told in kinds.items()}
    runs = {name: [net.says(layers, tx, ty) for layers in trained[name]] for name in kinds}
    ceiling = runs["true"][-1]
    for at in range(len(TIMES)):
        put(table, "supervisor", base.tolist())
        put(table, "wrong labels", wrong.tolist())
        for name in kinds:
            put(table, name, runs[name][at].tolist())
            put(table, f"{name}, recovered", code.recovered(base, runs[name][at], ceiling).tolist())
            put(table, f"{name}, same error", repeats(trained[name][at], tx, misread, ty).tolist())
    return table


def draw_weak(table: style.Table, axes: style.Axes) -> None:
    """Two kinds of wrong labels between supervisor and ceiling."""
    labels = {
        "true": "true labels",
        "random": "errors at random",
        "systematic": "labels of the supervisor",
    }
    for k, (name, label) in enumerate(labels.items()):
        axes.errorbar(
            table["steps"], [100 * v for v in table[name]],
            [100 * v for v in table[f"{name}, deviation"]],
            fmt=MARKS[k], color=style.SERIES[k], label=label, elinewidth=1,
        )  # fmt: skip
    axes.plot(table["steps"], [100 * v for v in table["supervisor"]], ":", color=style.SERIES[3])
    axes.annotate(
        "supervisor", (table["steps"][2], 100 * table["supervisor"][2]), (4, -13),
        textcoords="offset points", ha="left", color=style.SERIES[3],
    )  # fmt: skip
    axes.set_xscale("log")
    axes.set_xticks(TIMES, [str(t) for t in TIMES])
    axes.minorticks_off()
    axes.set_xlabel("steps of training")
    axes.set_ylabel("right on test pictures (%)")
    axes.legend(loc="lower center")


FIGURES = [
    style.Recipe("training/alignment/pressure", pressure, draw_pressure, (440, 280)),
    style.Recipe("training/alignment/tails", tails, draw_tails, (440, 300), tolerance=0.01),
    style.Recipe("training/alignment/parted", parted, draw_parted, (460, 320), tolerance=0.1),
    Numbers("training/alignment/loudness", loudness, tolerance=0.1),
    style.Recipe("training/alignment/weak", weak, draw_weak, (460, 320), tolerance=0.1),
]

if __name__ == "__main__":
    style.main(FIGURES)
