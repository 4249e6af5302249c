"""docs/inference/long-context/*.svg: slowed pairs, recall by length and by place, who counts at the end."""

import math
from importlib import import_module

import torch
from torch import Tensor

from scripts.figures import style

long_context = import_module("docs.inference.long-context.long_context")
recall = import_module("docs.inference.long-context.recall")

HEAD, TRAINED, FACTOR = 128, 4096, 8.0
LENGTHS = (8, 32, 128, 512)
SEEDS = 3
STOPS = (500, 1000)
PLACES = 256  # keys of the experiment on places


def scaled() -> style.Table:
    """By which factor each of 64 pairs is slowed, and how many turns it made in training."""
    w = long_context.frequencies(HEAD)
    table: style.Table = {
        "pair": [float(m) for m in range(HEAD // 2)],
        "turns": long_context.turns(w, TRAINED).tolist(),
    }
    for how in ("interpolation", "base", "yarn"):
        table[how] = (w / long_context.scaled(w, how, FACTOR, TRAINED)).tolist()
    return table


def draw_scaled(table: style.Table, axes: style.Axes) -> None:
    """Three ways to slow the pairs; marks where a pair makes 32 turns and one."""
    ways = (
        ("interpolation", "-.", "position interpolation"),
        ("base", "--", "NTK-aware"),
        ("yarn", "-", "YaRN"),
    )
    for n, (how, dash, label) in enumerate(ways):
        axes.plot(table["pair"], table[how], dash, color=style.SERIES[n], label=label)
    for turns, words in ((32, "32 turns"), (1, "one turn")):
        pair = sum(t > turns for t in table["turns"]) - 0.5
        axes.axvline(pair, color=style.GRID, lw=1.2, zorder=0)
        axes.text(pair + 0.8, 0.3, words, fontsize=11)
    axes.set_ylim(0, 9)
    axes.set_xlabel("pair of features")
    axes.set_ylabel("slowed by")
    axes.legend(loc="center left")


def spread(runs: list[list[float]]) -> tuple[list[float], list[float]]:
    """Mean and standard deviation over the seeds, for each column."""
    values = torch.tensor(runs, dtype=torch.float64)
    return values.mean(0).tolist(), values.std(0).tolist()


def dilution() -> style.Table:
    """Right answers by the number of items, for readers that were trained on 32, with and without sharper scores."""
    torch.set_num_threads(1)
    runs: dict[str, list[list[float]]] = {"plain": [], "sharper": []}
    for seed in range(SEEDS):
        model = recall.Reader(1, rotary=False, seed=seed)
        next(recall.train(model, [800], seed))
        for name, sharp in (("plain", False), ("sharper", True)):
            row = []
            for n in LENGTHS:
                model.sharp = math.log(n) / math.log(32) if sharp else 1.0
                row.append(recall.right(model, n, 1024, seed)[0].double().mean().item())
            runs[name].append(row)
    table: style.Table = {"items": [float(n) for n in LENGTHS]}
    for name, rows in runs.items():
        table[name], table[f"spread, {name}"] = spread(rows)
    return table


def draw_dilution(table: style.Table, axes: style.Axes) -> None:
    """Two curves with their spread."""
    for n, (name, mark, label) in enumerate(
        (("sharper", "s-", r"scores times $\ln n / \ln 32$"), ("plain", "o--", "as trained"))
    ):
        axes.errorbar(
            table["items"], table[name], table[f"spread, {name}"], fmt=mark,
            color=style.SERIES[n], ms=4, capsize=3, label=label,
        )  # fmt: skip
    axes.set_xscale("log", base=2)
    axes.set_xticks(list(LENGTHS), [str(n) for n in LENGTHS])
    axes.set_ylim(0, 1.04)
    axes.axvline(32, color=style.GRID, lw=1.2, zorder=0)
    axes.set_xlabel("items in the list; trained on 32")
    axes.set_ylabel("right answers")
    axes.legend(loc="lower left")


def eighths(hits: Tensor, place: Tensor) -> list[float]:
    """The share of right answers in each eighth of the list."""
    return [hits[place // 4 == n].double().mean().item() for n in range(8)]


def middle() -> style.Table:
    """Right answers by place, after training on questions about any place, or about both ends."""
    torch.set_num_threads(1)
    runs: dict[str, list[list[float]]] = {}
    for name, ends in (("any", 0.0), ("ends", 1.0)):
        for seed in range(SEEDS):
            model = recall.Reader(2, rotary=True, seed=seed)
            for step in recall.train(model, STOPS, seed, ends, PLACES):
                found = eighths(*recall.right(model, 32, 4096, seed, PLACES))
                runs.setdefault(f"{name}, {step}", []).append(found)
    table: style.Table = {"eighth": [float(n) for n in range(1, 9)]}
    for name, rows in runs.items():
        table[name], table[f"spread, {name}"] = spread(rows)
    return table


def draw_middle(table: style.Table, axes: style.Axes) -> None:
    """Four curves with their spread."""
    marks = {"any, 500": "o--", "any, 1000": "o-", "ends, 500": "s--", "ends, 1000": "s-"}
    for name, mark in marks.items():
        where, steps = name.split(", ")
        axes.errorbar(
            table["eighth"], table[name], table[f"spread, {name}"], fmt=mark, ms=4, capsize=3,
            color=style.SERIES[0 if where == "any" else 1],
            label=f"{'asked anywhere' if where == 'any' else 'asked at the ends'}, {steps} steps",
        )  # fmt: skip
    axes.set_ylim(0, 1.04)
    axes.set_xticks(range(1, 9))
    axes.set_xlabel("eighth of the list in which the item stands")
    axes.set_ylabel("right answers")
    axes.legend(loc="lower center", bbox_to_anchor=(0.46, 1.0), ncol=1)


# Layers; the part of near heads; the part that stays.
WAYS = {
    "one layer": (1, 0.0, 0.0),
    "four layers": (4, 0.0, 0.0),
    "with near heads": (4, 0.5, 0.5),
}


def influence() -> style.Table:
    """Share of each of 64 tokens in the last output, where content does not count."""
    table: style.Table = {"token": [float(n) for n in range(1, 65)]}
    for name, (layers, share, stay) in WAYS.items():
        table[name] = long_context.influence(64, layers, share, stay=stay).tolist()
    return table


def draw_influence(table: style.Table, axes: style.Axes) -> None:
    """Three curves on a logarithmic axis."""
    for n, (name, dash) in enumerate(zip(WAYS, ("--", "-.", "-"), strict=True)):
        axes.plot(table["token"], table[name], dash, color=style.SERIES[n], label=name)
    axes.set_yscale("log")
    axes.set_ylim(3e-4, 1)
    axes.set_xlabel("token of 64")
    axes.set_ylabel("share in the last output")
    axes.legend(loc="upper center")


FIGURES = [
    style.Recipe("inference/long-context/scaled", scaled, draw_scaled),
    style.Recipe("inference/long-context/dilution", dilution, draw_dilution, absolute=0.03),
    style.Recipe(
        "inference/long-context/middle", middle, draw_middle, size=(360, 330), absolute=0.05
    ),
    style.Recipe("inference/long-context/influence", influence, draw_influence),
]

if __name__ == "__main__":
    style.main(FIGURES)
