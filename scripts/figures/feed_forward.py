"""docs/architectures/feed-forward/*.svg: the curves, facts against hidden units, superposition, the stream."""

from functools import cache
from importlib import import_module

import torch
from torch import Tensor

from scripts.figures import style

layer = import_module("docs.architectures.feed-forward.feed_forward")
toys = import_module("docs.architectures.feed-forward.toys")

CURVES = (("ReLU", torch.relu), ("GELU", layer.gelu), ("SiLU", layer.silu))
COUNTS = (32, 64, 128, 256, 512)
NETS = (("linear", 0), ("gelu", 12), ("gelu", 24), ("swiglu", 16))
SEEDS, TRIALS = 3, 5
CHANCES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
SHOWN = (0.05, 0.2, 0.5)
FEATURES, WIDTH = 5, 2
LAYERS = 24
MARKS = ("-", "--", "-.", ":")


def curves() -> style.Table:
    """The three curves and their slopes."""
    x = (torch.arange(-40, 31, dtype=torch.float64) / 10).requires_grad_()
    table: style.Table = {"x": x.tolist()}
    for name, curve in CURVES:
        y = curve(x)
        (slope,) = torch.autograd.grad(y.sum(), x)
        table[name.lower()] = y.tolist()
        table[f"{name.lower()}_slope"] = slope.tolist()
    return table


def draw_curves(table: style.Table, panels: list[style.Axes]) -> None:
    """Values in the first panel, slopes in the second."""
    for n, (name, _) in enumerate(CURVES):
        for axes, column in zip(panels, (name.lower(), f"{name.lower()}_slope"), strict=True):
            axes.plot(table["x"], table[column], MARKS[n], color=style.SERIES[n])
            axes.set_xlabel("before the curve")
    for n, (name, _) in enumerate(CURVES):
        dash = ("solid", "dashed", "dash-dot")[n]
        panels[0].text(-3.8, 2.6 - 0.5 * n, f"{name}, {dash}", color=style.SERIES[n], fontsize=12)
        x, y = ((-3.9, 0.06), (0.4, 1.2), (-3.4, -0.2))[n]
        panels[1].text(x, y, name, color=style.SERIES[n], fontsize=11)
    panels[0].set_title("activation")
    panels[1].set_title("slope")
    panels[1].set_ylim(-0.3, 1.35)


@cache
def known(kind: str, count: int, inner: int) -> Tensor:
    """The share of facts that each seed knows."""
    torch.set_num_threads(1)  # the sums are small
    shares: Tensor = toys.facts(kind, count, inner, seeds=SEEDS)
    return shares


def facts() -> style.Table:
    """Share of facts known, mean and range of the seeds."""
    table: style.Table = {"facts": [float(count) for count in COUNTS]}
    for kind, inner in NETS:
        rows = torch.stack([known(kind, count, inner) for count in COUNTS])
        for name, row in (("mean", rows.mean(1)), ("least", rows.amin(1)), ("most", rows.amax(1))):
            table[f"{kind}_{inner}_{name}"] = row.tolist()
    return table


def draw_facts(table: style.Table, axes: style.Axes) -> None:
    """A line for each layer."""
    labels = ("no hidden units", "GELU, F = 12", "GELU, F = 24", "SwiGLU, F = 16")
    for n, (kind, inner) in enumerate(NETS):
        ribbon(axes, table, "facts", f"{kind}_{inner}", n)
        end = table[f"{kind}_{inner}_mean"][-1]
        axes.text(545, end - 0.02, labels[n], color=style.SERIES[n], fontsize=11)
    axes.set_xscale("log", base=2)
    axes.set_xticks(COUNTS, [str(count) for count in COUNTS])
    axes.set_xlim(28, 1500)
    axes.set_ylim(0, 1.1)
    axes.set_xlabel("facts to learn")
    axes.set_ylabel("share known")


def ribbon(axes: style.Axes, table: style.Table, x: str, key: str, n: int) -> None:
    """A mean over seeds, the range as a ground."""
    colour = style.SERIES[n]
    axes.plot(table[x], table[f"{key}_mean"], MARKS[n], color=colour)
    low, high = table[f"{key}_least"], table[f"{key}_most"]
    axes.fill_between(table[x], low, high, color=colour, alpha=0.2, linewidth=0)


@cache
def trained() -> tuple[Tensor, Tensor, Tensor]:
    """Codes, thresholds and lost shares for every probability and seed."""
    torch.set_num_threads(1)
    made: tuple[Tensor, Tensor, Tensor] = toys.superpose(FEATURES, WIDTH, CHANCES, TRIALS)
    return made


def codes() -> style.Table:
    """The directions of the features, of the first seed, for three probabilities."""
    table: style.Table = {name: [] for name in ("p", "x", "y", "threshold")}
    for p in SHOWN:
        at = CHANCES.index(p)
        x, y = trained()[0][at, 0].tolist()
        table["p"] += [p] * FEATURES
        table["x"] += x
        table["y"] += y
        table["threshold"] += trained()[1][at, 0].tolist()
    return table


def draw_codes(table: style.Table, panels: list[style.Axes]) -> None:
    """An arrow from the origin to each code."""
    for axes, p in zip(panels, SHOWN, strict=True):
        for q, x, y in zip(table["p"], table["x"], table["y"], strict=True):
            if q == p:
                axes.plot([0, x], [0, y], "-", color=style.SERIES[0])
                axes.plot([x], [y], "o", color=style.SERIES[0])
        axes.set_title(f"p = {p:g}")
        axes.set_xlim(-1.4, 1.4)
        axes.set_ylim(-1.4, 1.4)
        axes.set_aspect("equal")
        axes.set_xticks([-1, 0, 1])
        axes.set_yticks([-1, 0, 1])


def lost() -> style.Table:
    """Share of the variance that is lost, against the probability of a feature."""
    shares = trained()[2]
    return {
        "p": list(CHANCES),
        "trained_mean": shares.mean(1).tolist(),
        "trained_least": shares.amin(1).tolist(),
        "trained_most": shares.amax(1).tolist(),
        "own": [1 - WIDTH / FEATURES] * len(CHANCES),
    }


def draw_lost(table: style.Table, axes: style.Axes) -> None:
    """What is trained, and two features that keep a number each."""
    ribbon(axes, table, "p", "trained", 0)
    axes.plot(table["p"], table["own"], "--", color=style.SERIES[1])
    axes.text(0.01, 0.63, "two features kept, three given up", color=style.SERIES[1], fontsize=11)
    axes.text(0.2, 0.29, "five share two numbers", color=style.SERIES[0], fontsize=11)
    axes.set_ylim(0, 0.72)
    axes.set_xlabel("probability of a feature")
    axes.set_ylabel("variance lost")


def stream() -> style.Table:
    """Size of the stream and of the gradient after each layer, geometric means over eight seeds, with their range."""
    table: style.Table = {"layer": [float(n) for n in range(LAYERS + 1)]}
    for kind in ("none", "skip", "norm"):
        for name, values in zip(("size", "back"), toys.depth(kind, LAYERS), strict=True):
            logs = values.log10()
            for which, row in (
                ("mean", logs.mean(0)),
                ("least", logs.amin(0)),
                ("most", logs.amax(0)),
            ):
                table[f"{kind}_{name}_{which}"] = row.tolist()
    return table


def draw_stream(table: style.Table, panels: list[style.Axes]) -> None:
    """Forwards in the first panel, backwards in the second."""
    labels = ("no skip connection", "skip connection", "skip and norm")
    for axes, name in zip(panels, ("size", "back"), strict=True):
        for n, kind in enumerate(("none", "skip", "norm")):
            ribbon(axes, table, "layer", f"{kind}_{name}", n)
        axes.set_xlabel("layer")
        axes.set_yticks([-12, -8, -4, 0, 4], ["1e-12", "1e-8", "1e-4", "1", "1e4"])
        axes.set_ylim(-15, 6)
    for n, (x, y) in enumerate(((1, -11), (7, 3.4), (13, -1.6))):
        panels[0].text(x, y, labels[n], color=style.SERIES[n], fontsize=11)
    panels[0].set_title("mean square of the stream")
    panels[1].set_title("of the gradient, last = 1")


FIGURES = [
    style.Recipe("architectures/feed-forward/curves", curves, draw_curves, (640, 260), (1, 2)),
    style.Recipe("architectures/feed-forward/facts", facts, draw_facts, (440, 290), absolute=0.06),
    style.Recipe(
        "architectures/feed-forward/codes", codes, draw_codes, (640, 240), (1, 3), absolute=0.05
    ),
    style.Recipe("architectures/feed-forward/lost", lost, draw_lost, (440, 280), absolute=0.02),
    style.Recipe(
        "architectures/feed-forward/stream", stream, draw_stream, (640, 290), (1, 2), absolute=0.02
    ),
]

if __name__ == "__main__":
    style.main(FIGURES)
