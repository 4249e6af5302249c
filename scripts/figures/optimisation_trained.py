"""docs/training/optimisation/: warm-up, schedules, widths and failures on a small network that learns letters."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor

from docs.training.optimisation import network as net
from docs.training.optimisation import optimisation as code
from scripts.figures import seeds, style
from scripts.figures.numbers import Numbers
from scripts.weights import gpt as weights

SEEDS, HELD = 5, 1000
SHORT, LONG = 300, 1200
WARM = {SHORT: 30, LONG: 120}
RATES = (0.004, 0.008, 0.016, 0.032, 0.064, 0.128)
KINDS = ("constant", "averaged", "linear", "cosine", "wsd")
SCHEDULED, EVERY, TRIED = 600, 60, (0.004, 0.008, 0.016, 0.032)
WIDTHS, WIDE_SEEDS = (32, 64, 128, 256), 3
PEAK = 0.016
Compute = Callable[[], style.Table]
Draw = Callable[[style.Table, Any], None]


@cache
def text() -> tuple[Tensor, Tensor]:
    """Letters to learn from, and windows of others to measure on."""
    known, other = (net.read(t) for t in weights.split(weights.CORPUS.read_text(encoding="utf-8")))
    generator = torch.Generator().manual_seed(7)
    begin = torch.randint(len(other) - net.T - 1, (HELD, 1), generator=generator)
    return known, other[begin + torch.arange(net.T + 1)]


def run(
    shares: Sequence[float], rates: Sequence[float], s: net.Settings, repeats: int = SEEDS
) -> tuple[Tensor, Tensor]:
    """Losses at the marks, and those of averaged weights: twice (marks, rates, seeds)."""
    torch.set_num_threads(1)
    plan = torch.tensor(shares)[:, None] * torch.tensor(rates).repeat_interleave(repeats)
    both = net.train(*text(), plan, [n for _ in rates for n in range(repeats)], s)
    shape = (-1, len(rates), repeats)
    return both[0].view(shape), both[1].view(shape)


def shares(kind: str, steps: int, warm: int, last: float = 0.0) -> list[float]:
    """Shares of the highest rate at all steps."""
    return [code.schedule(kind, t, steps, warm, last) for t in range(steps)]


def warmed() -> style.Table:
    """Loss at the end by rate: without and with warm-up, without correction, after 300 and 1,200 steps."""
    table: style.Table = {"rate": list(RATES)}
    for steps in (SHORT, LONG):
        kinds = (("none", 0, True), ("warm", WARM[steps], True), ("uncorrected", 0, False))
        for name, warm, right in kinds:
            s = net.Settings(correct=right, betas=(0.9, 0.999))
            for losses in run(shares("linear", steps, warm), RATES, s)[0][-1]:
                seeds.put(table, f"{name} {steps}", losses.tolist())
    return table


def band(axes: style.Axes, table: style.Table, x: str, name: str, n: int, label: str) -> None:
    """A line of means, and the deviation as a band."""
    mean, apart = table[name], table[f"{name}, deviation"]
    colour = style.SERIES[n % len(style.SERIES)]
    axes.plot(table[x], mean, seeds.MARKS[n % len(seeds.MARKS)], color=colour, label=label)
    low = [m - d for m, d in zip(mean, apart, strict=True)]
    high = [m + d for m, d in zip(mean, apart, strict=True)]
    axes.fill_between(table[x], low, high, color=colour, alpha=0.2, linewidth=0)


def by_rate(axes: style.Axes, rates: Sequence[float]) -> None:
    """A logarithmic axis of rates."""
    axes.set_xscale("log", base=2)
    axes.set_xticks(list(rates)[::2], [f"{r:g}" for r in list(rates)[::2]])
    axes.minorticks_off()
    axes.set_xlabel("highest learning rate")


def draw_warmed(table: style.Table, axes: style.Axes) -> None:
    """The runs of 300 steps."""
    names = {
        "none": "no warm-up",
        "warm": "30 steps of warm-up",
        "uncorrected": "no warm-up, means not corrected",
    }
    for n, (name, label) in enumerate(names.items()):
        band(axes, table, "rate", f"{name} {SHORT}", n, label)
    by_rate(axes, RATES)
    axes.set_ylim(2.15, 3.4)
    axes.set_title("loss after 300 steps, nats a letter")
    axes.legend(loc="upper left", fontsize=10)


def scheduled() -> style.Table:
    """Loss on the way and at the end for five schedules, each at the best of four rates."""
    marks = tuple(range(EVERY, SCHEDULED + 1, EVERY))
    table: style.Table = {"step": [float(m) for m in marks]}
    for kind in KINDS:
        plan = shares("constant" if kind == "averaged" else kind, SCHEDULED, 30)
        found = run(plan, TRIED, net.Settings(ema=0.98, marks=marks))[kind == "averaged"]
        best = int(found[-1].mean(1).argmin())
        for losses in found[:, best]:
            seeds.put(table, kind, losses.tolist())
        table[f"{kind}, rate"] = [TRIED[best]] * len(marks)
    return table


def draw_scheduled(table: style.Table, axes: style.Axes) -> None:
    """Five lines."""
    labels = ("constant", "constant, weights averaged", "linear", "cosine", "WSD")
    for n, (kind, label) in enumerate(zip(KINDS, labels, strict=True)):
        axes.plot(table["step"], table[kind], seeds.MARKS[n], color=style.SERIES[n], label=label)
    axes.set_ylim(2.0, 2.7)
    axes.set_xlabel("steps")
    axes.set_title("loss, nats a letter")
    axes.legend(loc="upper right", fontsize=10)


def widths() -> style.Table:
    """Loss after 300 steps by rate for four widths, with the usual rates and with muP."""
    rates = (*RATES, 0.256)
    table: style.Table = {"rate": list(rates)}
    for name, scaled in (("usual", 0), ("muP", WIDTHS[0])):
        for width in WIDTHS:
            s = net.Settings(width=width, scaled=scaled)
            for losses in run(shares("linear", SHORT, 30), rates, s, WIDE_SEEDS)[0][-1]:
                seeds.put(table, f"{name} {width}", losses.tolist())
    return table


def draw_widths(table: style.Table, panels: list[style.Axes]) -> None:
    """A panel for each rule, a line for each width."""
    titles = (("usual", "one rate for all"), ("muP", "μP"))
    for axes, (name, title) in zip(panels, titles, strict=True):
        for n, width in enumerate(WIDTHS):
            band(axes, table, "rate", f"{name} {width}", n, f"{width} units")
        by_rate(axes, table["rate"])
        axes.set_ylim(2.0, 2.95)
        axes.set_title(f"loss after 300 steps, {title}")
    panels[0].legend(loc="lower right", fontsize=9)


def failures() -> style.Table:
    """Losses after 1,200 steps at one rate: one row a setting, in the order of NAMES."""
    table: style.Table = {}
    whole, early = shares("linear", LONG, 30), shares("cosine", SHORT, 30, 0.1)
    settings = [
        (whole, net.Settings()),
        (whole, net.Settings(decay=0.1)),
        (whole, net.Settings(decay=0.1, decay_all=True)),
        (whole, net.Settings(decay=0.3)),
        (whole, net.Settings(decay=0.3, decay_all=True)),
        (whole, net.Settings(clip=1.0)),
        (whole, net.Settings(eps=0.1)),
        (shares("cosine", LONG, 30, 0.1), net.Settings()),
        (early + [0.1] * (LONG - SHORT), net.Settings()),
        (early + shares("linear", LONG - SHORT, 30), net.Settings()),
        (shares("wsd", LONG, 30), net.Settings()),
    ]
    for plan, s in settings:
        seeds.put(table, "loss", run(plan, [PEAK], s)[0][-1, 0].tolist())
    return table


NAMES = (
    "plain", "decay 0.1", "decay 0.1 all", "decay 0.3", "decay 0.3 all", "clip 1", "eps 0.1",
    "cosine", "early", "warmed again", "wsd",
)  # fmt: skip


def recipe(name: str, compute: Compute, draw: Draw, high: int, rows: int = 1) -> style.Recipe:
    """A figure of trained networks, whose numbers may differ a little between machines."""
    size = (440, high)
    return style.Recipe(name, compute, draw, size, (rows, 1), 0.02, 0.02)


FIGURES = [
    recipe("training/optimisation/warm", warmed, draw_warmed, 320),
    recipe("training/optimisation/schedules", scheduled, draw_scheduled, 320),
    recipe("training/optimisation/widths", widths, draw_widths, 520, 2),
    Numbers("training/optimisation/failures", failures, tolerance=0.02, absolute=0.02),
]

if __name__ == "__main__":
    torch.set_num_threads(1)
    style.main(FIGURES[:-1])
