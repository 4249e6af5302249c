"""docs/training/ai-feedback/*.svg: measured shares, the error of the correction, panels, rounds of training."""

import math
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from scripts.figures import numbers, seeds, style

code: Any = import_module("docs.training.ai-feedback.ai_feedback")

FIRST, SECOND = code.judged(code.LAZY, code.SKILL)
MEAN = (FIRST + SECOND) / 2
SHARES = tuple(n / 10 for n in range(11))
SEEDS, VERDICTS = 20, 500  # of the simulated shares
RATES = tuple(0.6 + 0.02 * n for n in range(20))
LABELS, MANY = 100, 1000  # pairs that people labelled, of each kind; verdicts of the judge
JUDGES = (1, 3, 5, 7, 9, 15, 25)
SHARED = (0.0, 0.25, 0.5, 1.0)
ROUNDS, PAIRS = 40, 500
PEOPLE = (0.1, 0.3, 0.5)  # of the pairs
KEEPS = (0.1, 0.2)
CHECKED, PATIENCE = 100, 3  # answers that people score in a round; rounds without a new best


def share() -> style.Table:
    """By the true share: measured with A first and in random order, by the formula and simulated; corrected."""
    table: style.Table = {"share": list(SHARES)}
    table["first"] = [code.measured(q, FIRST, SECOND) for q in SHARES]
    table["fair"] = [code.measured(q, MEAN, MEAN) for q in SHARES]
    for q in SHARES:
        for name, fair, t, u in (("first", False, FIRST, SECOND), ("fair", True, MEAN, MEAN)):
            seen = [code.simulate(q, FIRST, SECOND, VERDICTS, fair, s) for s in range(SEEDS)]
            seeds.put(table, f"{name} seen", seen)
            seeds.put(table, f"{name} corrected", [code.corrected(m, t, u) for m in seen])
    return table


def draw_share(table: style.Table, axes: style.Axes) -> None:
    """Lines by the formula, marks by simulation."""
    x = table["share"]
    axes.plot(x, x, color=style.SERIES[4], linewidth=1)
    lines = (("first", "A always first", "o", 0), ("fair", "random order", "s", 1))
    for name, label, mark, n in lines:
        axes.plot(x, table[name], color=style.SERIES[n])
        axes.errorbar(
            x,
            table[f"{name} seen"],
            yerr=table[f"{name} seen, deviation"],
            fmt=mark,
            color=style.SERIES[n],
            capsize=2,
            label=label,
        )
    axes.errorbar(
        x,
        table["fair corrected"],
        yerr=table["fair corrected, deviation"],
        fmt="^",
        color=style.SERIES[2],
        capsize=2,
        label="corrected",
    )
    axes.set_xlabel("share of prompts on which A is better")
    axes.set_title("share of verdicts for A")
    axes.legend(loc="upper left")


def calibrate() -> style.Table:
    """By the judge's rate: error of the corrected share, from verdicts alone and with labels; people alone."""
    table: style.Table = {"rate": list(RATES)}
    table["known"] = [code.error(code.SHARE, t, t, MANY, math.inf, math.inf) for t in RATES]
    table["labelled"] = [code.error(code.SHARE, t, t, MANY, LABELS, LABELS) for t in RATES]
    alone = math.sqrt(code.SHARE * (1 - code.SHARE) / (2 * LABELS))
    table["people"] = [alone] * len(RATES)
    return table


def draw_calibrate(table: style.Table, axes: style.Axes) -> None:
    """Three lines, and the judge of the example."""
    x = table["rate"]
    axes.plot(x, table["labelled"], "o-", color=style.SERIES[0], markevery=3)
    axes.plot(x, table["known"], "s--", color=style.SERIES[1], markevery=3)
    axes.plot(x, table["people"], ":", color=style.SERIES[2])
    axes.set_ylim(0, 0.13)
    style.label_line(axes, x[6], table["labelled"][6], "rates from 200 labels", dx=8, dy=8)
    style.label_line(axes, x[3], table["known"][3], "rates known", dx=8, dy=6)
    style.label_line(axes, x[0], table["people"][0], "200 labels alone", dx=0, dy=-16)
    axes.set_xlabel("how often the judge is right")
    axes.set_title("standard error of the share")


def panel() -> style.Table:
    """By the number of judges: how often the majority is right, for shared verdicts; worth in votes."""
    table: style.Table = {"judges": [float(k) for k in JUDGES]}
    for c in SHARED:
        table[f"right {c}"] = [code.panel(MEAN, k, c) for k in JUDGES]
        table[f"votes {c}"] = [code.votes(k, c) for k in JUDGES]
    return table


def draw_panel(table: style.Table, axes: style.Axes) -> None:
    """A line for each share."""
    for n, c in enumerate(SHARED):
        axes.plot(table["judges"], table[f"right {c}"], seeds.MARKS[n], color=style.SERIES[n])
        words = {0.0: "independent", 1.0: "one judge copied"}.get(
            c, f"{c:.0%} shared".replace("%", " %")
        )
        style.label_line(axes, 25, table[f"right {c}"][-1], words, dx=8, dy=-4)
    axes.set_xlim(0, 35)
    axes.set_xticks([1, 5, 9, 15, 25])
    axes.set_ylim(0.7, 1.01)
    axes.set_xlabel("judges")
    axes.set_title("majority is right")


def settings() -> dict[str, tuple[Tensor, float]]:
    """What the judge prefers and which share of the first answers is kept, by name."""
    given = code.answers()
    flips = 1 - MEAN
    biased = code.wins(given.score(code.LIKES), flips)
    true = code.wins(given.score(-code.COSTS), 0.0)
    found = {
        "judge": (biased, 0.0),
        "exact": (code.wins(given.score(code.LIKES), 0.0), 0.0),
        "fair": (code.wins(given.score(-code.COSTS), flips), 0.0),
        "blind": (code.wins(given.score(0.0), flips), 0.0),
    }
    found |= {f"people {h}": ((1 - h) * biased + h * true, 0.0) for h in PEOPLE}
    return found | {f"keep {k}": (biased, k) for k in KEEPS}


def rounds() -> style.Table:
    """By round: true value of each setting, exact; the judge's score and filler; value in drawn runs."""
    given = code.answers()
    table: style.Table = {"round": [float(n) for n in range(ROUNDS + 1)]}
    for name, (win, keep) in settings().items():
        path = code.rounds(given.p, win, ROUNDS, keep)
        table[name] = (path @ given.score(-code.COSTS)).tolist()
        if name == "judge":
            table["score"] = (path @ given.score(code.LIKES)).tolist()
            table["filler"] = (path @ given.filler).tolist()
    for path in torch.stack([ran(s) @ given.score(-code.COSTS) for s in range(SEEDS)]).T:
        seeds.put(table, "drawn", path.tolist())
    return table


def ran(seed: int) -> Tensor:
    """A run with drawn pairs."""
    given = code.answers()
    return torch.as_tensor(code.drawn(given.p, given.score(code.LIKES), ROUNDS, PAIRS, seed))


def draw_rounds(table: style.Table, panels: list[style.Axes]) -> None:
    """The judge and the truth above, cures below."""
    above, below = panels
    x = table["round"]
    above.plot(x, table["score"], "s--", color=style.SERIES[1], markevery=5)
    above.plot(x, table["judge"], color=style.SERIES[0])
    above.errorbar(
        x[::4],
        table["drawn"][::4],
        yerr=table["drawn, deviation"][::4],
        fmt="o",
        color=style.SERIES[0],
        capsize=2,
    )
    style.label_line(above, 22, table["score"][22], "the judge's score", dx=0, dy=-18)
    style.label_line(above, 22, table["judge"][22], "true value", dx=0, dy=8)
    above.set_ylim(0, 4.5)
    above.set_title("points of an answer, with the judge who likes filler")
    shown = (
        ("fair", "fair judge", 40, 4),
        ("blind", "blind to filler", 40, -4),
        ("people 0.3", "30 % people", 40, -16),
        ("judge", "no cure", 40, 0),
        ("keep 0.1", "10 % kept", 40, -12),
    )
    for n, (name, words, at, dy) in enumerate(shown):
        below.plot(x, table[name], seeds.MARKS[n], color=style.SERIES[n], markevery=(n, 8))
        style.label_line(below, at, table[name][at], words, dx=6, dy=dy)
    below.set_ylim(0, 3.3)
    for axes in panels:
        axes.set_xlim(0, 53)
        axes.set_xticks([0, 10, 20, 30, 40])
    below.set_title("true value, with cures")
    below.set_xlabel("rounds of training")


def stopped() -> style.Table:
    """Runs that people stop: true value at the end, highest value, rounds and labels, a row for each seed."""
    given = code.answers()
    true = given.score(-code.COSTS)
    table: style.Table = {name: [] for name in ("seed", "value", "highest", "last", "rounds")}
    for seed in range(SEEDS):
        path = ran(seed)
        value = path @ true
        generator = torch.Generator().manual_seed(1000 + seed)
        best, at, n = -math.inf, 0, 0
        for n, p in enumerate(path):
            told = float(true[torch.multinomial(p, CHECKED, True, generator=generator)].mean())
            if told > best:
                best, at = told, n
            elif n - at >= PATIENCE:
                break
        row = (seed, float(value[at]), float(value.max()), float(value[-1]), n)
        for name, number in zip(table, row, strict=True):
            table[name].append(float(number))
    return table


FIGURES = [
    style.Recipe("training/ai-feedback/share", share, draw_share, size=(440, 340)),
    style.Recipe("training/ai-feedback/calibrate", calibrate, draw_calibrate, size=(440, 300)),
    style.Recipe("training/ai-feedback/panel", panel, draw_panel, size=(440, 300)),
    style.Recipe("training/ai-feedback/rounds", rounds, draw_rounds, size=(440, 520), grid=(2, 1)),
    numbers.Numbers("training/ai-feedback/stopped", stopped),
]

if __name__ == "__main__":
    torch.set_num_threads(1)
    style.main(FIGURES)
