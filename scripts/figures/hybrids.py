"""docs/models/hybrids/*.svg: recall of stacks, bytes of caches, samples of three heads, steps of the flow head."""

from functools import cache
from importlib import import_module

import torch
from torch import Tensor

from scripts.figures import style

hybrids = import_module("docs.models.hybrids.hybrids")
heads = import_module("docs.models.hybrids.heads")

SEEDS, PAIRS = 3, (2, 4, 8, 12, 16)
LONG = 2400  # steps for the stacks that still improve after the usual number
STACKS = {  # pattern, numbers of a key, steps
    "RRRA": ("RRRA", 4, hybrids.STEPS),
    "RRRL": ("RRRL", 4, LONG),
    "RRRR, wide": ("RRRR", 8, LONG),
    "RRRR": ("RRRR", 4, LONG),
    "RRRR, short": ("RRRR", 4, hybrids.STEPS),
}
LABELS = {
    "RRRA": "one layer of attention",
    "RRRL": "one of local attention",
    "RRRR, wide": "states only, twice as large",
    "RRRR": "states only",
    "RRRR, short": "states only, a quarter of the steps",
}
MARKS = ("o-", "s--", "^-.", "v:", "D-")
LAYERS, KV_HEADS, HEAD_WIDTH = 32, 8, 128  # of Jamba
CHANNELS, HELD, LAST = 8192, 16, 4  # its Mamba: numbers of a channel, inputs of the convolution
STATE = CHANNELS * (HELD + LAST)
SHARES = {"all": 32, "one in four": 8, "one in eight": 4, "none": 0}
TOKENS = tuple(2**k for k in range(12, 21, 2))
NETS, POINTS, SHOWN = 5, 4000, 150
CALLS = (1, 2, 4, 8, 16, 32)


@torch.enable_grad()
def recall() -> style.Table:
    """Mean, least and largest share of right answers over seeds, by pairs, for each stack."""
    torch.set_num_threads(1)
    table: style.Table = {"pairs": [float(n) for n in PAIRS]}
    for name, (pattern, key, steps) in STACKS.items():
        nets = [hybrids.train(pattern, seed, steps, key) for seed in range(SEEDS)]
        found = [[hybrids.right(net, n, seed) for seed, net in enumerate(nets)] for n in PAIRS]
        table[name] = [sum(row) / SEEDS for row in found]
        table[f"{name}, least"] = [min(row) for row in found]
        table[f"{name}, most"] = [max(row) for row in found]
    return table


def draw_recall(table: style.Table, axes: style.Axes) -> None:
    """Four curves with their ranges, and the line of guessing."""
    for n, name in enumerate(STACKS):
        axes.plot(table["pairs"], table[name], MARKS[n], color=style.SERIES[n], label=LABELS[name])
        axes.fill_between(
            table["pairs"],
            table[f"{name}, least"],
            table[f"{name}, most"],
            color=style.SERIES[n],
            alpha=0.15,
            lw=0,
        )
    axes.axhline(1 / hybrids.ANSWERS, color=style.MUTED, lw=1)
    axes.set_xlabel("pairs read")
    axes.set_ylabel("share right")
    axes.set_ylim(0, 1.75)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    axes.set_xticks(list(PAIRS))
    axes.legend(loc="upper right")


def memory() -> style.Table:
    """GiB of caches and states by tokens, for four shares of attention layers."""
    table: style.Table = {"tokens": [float(n) for n in TOKENS]}
    for name, layers in SHARES.items():
        held = hybrids.state_bytes(LAYERS - layers, STATE)
        table[name] = [
            (hybrids.cache_bytes(layers, KV_HEADS, HEAD_WIDTH, n) + held) / 2**30 for n in TOKENS
        ]
    return table


def draw_memory(table: style.Table, axes: style.Axes) -> None:
    """Four lines on logarithmic axes."""
    for n, name in enumerate(SHARES):
        axes.plot(table["tokens"], table[name], MARKS[n], color=style.SERIES[n], label=name)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(list(TOKENS), ["4,096", "16,384", "65,536", "262,144", "1,048,576"])
    axes.minorticks_off()
    axes.set_yticks([0.01, 0.1, 1, 10, 100], ["0.01", "0.1", "1", "10", "100"])
    axes.set_ylim(0.004, 300)
    axes.set_xlabel("tokens")
    axes.set_ylabel("GiB kept")
    axes.legend(title="layers of attention", loc="upper left", ncols=2)


@cache
@torch.enable_grad()
def trained(head: str) -> object:
    """The networks of one head, one for each seed."""
    torch.set_num_threads(1)
    return heads.train(head, NETS)


def drawn(head: str, calls: int) -> Tensor:
    """Points of the networks of one head."""
    found: Tensor = heads.sample(trained(head), NETS, POINTS, calls)
    return found


def samples() -> style.Table:
    """Points of the data and of the first network of each head."""
    data = heads.ring(1, SHOWN, torch.Generator().manual_seed(3))[0]
    table: style.Table = {"data, x": data[:, 0].tolist(), "data, y": data[:, 1].tolist()}
    for head in ("gaussian", "table", "flow"):
        x = drawn(head, 16)[0, :SHOWN]
        table[f"{head}, x"], table[f"{head}, y"] = x[:, 0].tolist(), x[:, 1].tolist()
    return table


def draw_samples(table: style.Table, panels: list[style.Axes]) -> None:
    """Four panels of points."""
    names = (("data", "data"), ("gaussian", "Gaussian"), ("table", "table"), ("flow", "flow"))
    for n, (axes, (name, title)) in enumerate(zip(panels, names, strict=True)):
        colour = style.MUTED if n == 0 else style.SERIES[n - 1]
        axes.plot(table[f"{name}, x"], table[f"{name}, y"], ".", ms=3, color=colour)
        axes.set_title(title)
        axes.set_xlim(-1.8, 1.8)
        axes.set_ylim(-1.8, 1.8)
        axes.set_aspect("equal")
        axes.set_xticks([-1, 0, 1])
        axes.set_yticks([-1, 0, 1] if n % 2 == 0 else [])


def steps() -> style.Table:
    """Share of points off the ring: the flow head by calls, the others at each place of the axis."""
    table: style.Table = {"calls": [float(n) for n in CALLS], "flow": [], "flow, deviation": []}
    for calls in CALLS:
        share = heads.off(drawn("flow", calls))
        table["flow"].append(float(share.mean()))
        table["flow, deviation"].append(float(share.std()))
    for head in ("gaussian", "table"):
        share = heads.off(drawn(head, 1))
        table[head] = [float(share.mean())] * len(CALLS)
        table[f"{head}, deviation"] = [float(share.std())] * len(CALLS)
    return table


def draw_steps(table: style.Table, axes: style.Axes) -> None:
    """The flow head falls, the others are lines."""
    axes.errorbar(
        table["calls"],
        table["flow"],
        yerr=table["flow, deviation"],
        fmt="o-",
        color=style.SERIES[2],
        capsize=2,
        label="flow",
    )
    axes.plot(table["calls"], table["gaussian"], "--", color=style.SERIES[0], label="Gaussian")
    axes.plot(table["calls"], table["table"], ":", color=style.SERIES[1], label="table")
    axes.set_xscale("log", base=2)
    axes.set_xticks(list(CALLS), [str(n) for n in CALLS])
    axes.set_xlabel("calls of the flow head for one number")
    axes.set_ylabel("share off the ring")
    axes.set_ylim(0, 1.04)
    axes.legend(loc="upper right")


FIGURES = [
    style.Recipe("models/hybrids/recall", recall, draw_recall, absolute=0.1),
    style.Recipe("models/hybrids/bytes", memory, draw_memory),
    style.Recipe(
        "models/hybrids/samples", samples, draw_samples, size=(360, 380), grid=(2, 2), absolute=0.2
    ),
    style.Recipe("models/hybrids/steps", steps, draw_steps, absolute=0.03),
]

if __name__ == "__main__":
    style.main(FIGURES)
