"""docs/architectures/retention/*.svg: decay by head, bytes kept, recall and changed values, trained small."""

from importlib import import_module

import torch

from scripts.figures import style

retention = import_module("docs.architectures.retention.retention")
recall = import_module("docs.architectures.retention.recall")

HEADS = (1, 3, 5, 8)  # of the eight, counted from 1
AGES = [2**n for n in range(13)]
LENGTHS = [2**n for n in range(6, 18)]
LAYERS, COUNT, KEY, VALUE = 32, 16, 256, 432  # layers, heads, their widths: RetNet of 7 billion
SEEDS = 3
PAIRS = (2, 4, 8, 12, 16)
READERS = {
    "attention, width 8": ("softmax", 8),
    "retention, width 8": ("retention", 8),
    "retention, width 16": ("retention", 16),
    "delta rule, width 8": ("delta", 8),
}
TIMES = (1, 2, 3, 4)
WRITERS = {
    "delta rule, 31/32": ("delta", 31 / 32),
    "retention, 3/4": ("retention", 3 / 4),
    "retention, 31/32": ("retention", 31 / 32),
}
MARKS = ("o-", "s--", "^:", "D-.")


def decay() -> style.Table:
    """The weight of a token, by how far back it is, for some heads."""
    gammas = retention.decays(8)
    table = {"tokens back": [float(age) for age in AGES]}
    return table | {f"head {h}": [float(gammas[h - 1]) ** age for age in AGES] for h in HEADS}


def draw_decay(table: style.Table, axes: style.Axes) -> None:
    """A line for each head, and a thin one at one half."""
    for n, h in enumerate(HEADS):
        axes.plot(
            table["tokens back"],
            table[f"head {h}"],
            MARKS[n],
            color=style.SERIES[n],
            label=f"head {h}",
            markersize=4,
        )
    axes.axhline(0.5, color=style.MUTED, linewidth=1)
    axes.set_xscale("log", base=2)
    axes.set_xticks([1, 8, 64, 512, 4096], ["1", "8", "64", "512", "4,096"])
    axes.minorticks_off()
    axes.set_xlabel("tokens back")
    axes.set_ylabel("weight")
    axes.legend(loc="lower left")


def kept() -> style.Table:
    """MiB that 32 layers keep at two bytes a number, by length."""
    mib = 2**20
    state = retention.state_bytes(LAYERS, COUNT, KEY, VALUE) / mib
    table = {"tokens": [float(n) for n in LENGTHS]}
    for name, groups in (("attention, 32 heads", 32), ("attention, 8 groups", 8)):
        table[name] = [retention.cache_bytes(LAYERS, groups, 128, n) / mib for n in LENGTHS]
    table["retention"] = [state for _ in LENGTHS]
    return table


def draw_kept(table: style.Table, axes: style.Axes) -> None:
    """Two caches that grow, and a state that does not, on logarithmic axes."""
    for n, name in enumerate(list(table)[1:]):
        axes.plot(
            table["tokens"], table[name], MARKS[n], color=style.SERIES[n], label=name, markersize=4
        )
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks([64, 1024, 16384, 131072], ["64", "1,024", "16,384", "131,072"])
    axes.set_yticks([10, 100, 1000, 10000], ["10", "100", "1,000", "10,000"])
    axes.minorticks_off()
    axes.set_xlabel("tokens")
    axes.set_ylabel("MiB kept")
    axes.legend(loc="upper left")


def spread(table: style.Table, name: str, found: list[list[float]]) -> None:
    """Mean, least and greatest over seeds: found by seed, then by size."""
    columns = list(zip(*found, strict=True))
    table[name] = [sum(column) / len(column) for column in columns]
    table[f"{name}, least"] = [min(column) for column in columns]
    table[f"{name}, greatest"] = [max(column) for column in columns]


def recalled() -> style.Table:
    """The share of right answers by the number of pairs, for networks of several forms."""
    table = {"pairs": [float(n) for n in PAIRS]}
    for name, (form, d) in READERS.items():
        found = []
        for seed in range(SEEDS):
            net = recall.train(form, d, seed)
            found.append([recall.right(net, n, seed) for n in PAIRS])
        spread(table, name, found)
    return table


def changed() -> style.Table:
    """The share of right answers by how often each key was written."""
    table = {"times": [float(n) for n in TIMES]}
    for name, (form, gamma) in WRITERS.items():
        found = []
        for seed in range(SEEDS):
            net = recall.train(form, 16, seed, gamma=gamma, changed=True)
            found.append([recall.right(net, n, seed, changed=True) for n in TIMES])
        spread(table, name, found)
    return table


def draw_shares(table: style.Table, axes: style.Axes) -> None:
    """Means over seeds, with the range as a bar, and guessing as a thin line."""
    across = next(iter(table))
    names = [name for name in list(table)[1:] if not name.endswith(("least", "greatest"))]
    for n, name in enumerate(names):
        low, high = table[f"{name}, least"], table[f"{name}, greatest"]
        bars = [
            [max(0.0, mean - least) for mean, least in zip(table[name], low, strict=True)],
            [max(0.0, most - mean) for mean, most in zip(table[name], high, strict=True)],
        ]
        axes.errorbar(
            table[across],
            table[name],
            bars,
            fmt=MARKS[n],
            color=style.SERIES[n],
            label=name,
            markersize=4,
            capsize=2,
        )
    axes.axhline(1 / recall.VALUES, color=style.MUTED, linewidth=1)
    axes.set_xticks(table[across])
    axes.set_ylim(0, 1.05)
    axes.set_xlabel(
        "pairs read" if across == "pairs" else "times that each of four keys was written"
    )
    axes.set_ylabel("share right")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 0.12))


def once(compute: str) -> style.Table:
    """A table whose networks are trained on one thread, so that they come out the same."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return recalled() if compute == "recall" else changed()
    finally:
        torch.set_num_threads(before)


FIGURES = [
    style.Recipe("architectures/retention/decay", decay, draw_decay, (440, 280)),
    style.Recipe("architectures/retention/bytes", kept, draw_kept, (440, 290)),
    style.Recipe(
        "architectures/retention/recall",
        lambda: once("recall"),
        draw_shares,
        (460, 300),
        absolute=0.03,
    ),
    style.Recipe(
        "architectures/retention/changed",
        lambda: once("changed"),
        draw_shares,
        (460, 290),
        absolute=0.03,
    ),
]

if __name__ == "__main__":
    style.main(FIGURES)
