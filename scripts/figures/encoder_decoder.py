"""docs/architectures/encoder-decoder/*.svg: who looks at whom, a beam, and runs with a part left out."""

import json
import math
from functools import cache
from importlib import import_module
from typing import Any

import torch
from matplotlib.patches import Rectangle

from scripts.figures import style
from scripts.weights import encoder_decoder as weights

ed = import_module("docs.architectures.encoder-decoder.encoder_decoder")

SOURCE, TARGET = "red cat sleeps", "mi tok zum"


@cache
def model() -> Any:
    """The translator of the demo."""
    return weights.load()[0]


def names(row: list[int]) -> list[str]:
    """Numbers to words."""
    return [ed.WORDS[number] for number in row]


def example() -> tuple[torch.Tensor, torch.Tensor]:
    """The example as numbers: source (1, 3), and what the decoder reads (1, 4)."""
    return ed.numbers([SOURCE.split()], False), ed.numbers([TARGET.split()], True)[:, :-1]


def cross() -> style.Table:
    """Weights of cross-attention over the example, for both heads."""
    source, given = example()
    with torch.no_grad():
        _, a = model().decode(given, model().encode(source), source)
    places = torch.ones_like(a[0]).nonzero().tolist()
    table: style.Table = {name: [] for name in ("head", "query", "key", "weight")}
    for place in places:
        for name, value in zip(table, (*place, a[0][tuple(place)].item()), strict=True):
            table[name].append(float(value))
    return table


def cell(axes: style.Axes, row: float, column: float, strength: float, text: str = "") -> None:
    """One square of a map, as strong as its value, with a number in it."""
    square = Rectangle((column - 0.47, row - 0.47), 0.94, 0.94, edgecolor=style.MUTED, lw=0.6)
    square.set_facecolor(style.SERIES[0])
    square.set_alpha(0.05 + 0.5 * strength)
    axes.add_patch(square)
    if text:
        axes.text(column, row, text, ha="center", va="center", fontsize=11)


def chart(axes: style.Axes, rows: list[str], columns: list[str]) -> None:
    """A map with words at its rows and above its columns."""
    style.bare(axes)
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xticks(range(len(columns)), columns)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)


def draw_cross(table: style.Table, panels: list[style.Axes]) -> None:
    """A map for each head: the word that was read and the next one, against the source."""
    given = ["<start>", *TARGET.split()]
    rows = [f"{a} › {b}" for a, b in zip(given, [*given[1:], "<end>"], strict=True)]
    for n, axes in enumerate(panels):
        chart(axes, rows if n == 0 else [""] * 4, SOURCE.split())
        axes.set_title(f"head {n + 1}", fontsize=12, pad=12)
    for head, query, key, weight in zip(*table.values(), strict=True):
        cell(panels[int(head)], query, key, weight, f"{weight:.2f}")


def masks() -> style.Table:
    """The pairs that may look: 0 encoder, 1 decoder with cross-attention at its left, 2 prefix, 3 causal."""
    n, m = (part.shape[1] for part in example())
    made = ed.masks(n, m)
    both = torch.cat([made["cross"], made["decoder"]], 1)
    table: style.Table = {name: [] for name in ("mask", "query", "key", "allowed")}
    for which, mask in enumerate((made["encoder"], both, made["prefix"], made["causal"])):
        for query, row in enumerate(mask.tolist()):
            for key, allowed in enumerate(row):
                values = (which, query, key, allowed)
                for name, value in zip(table, values, strict=True):
                    table[name].append(float(value))
    return table


def draw_masks(table: style.Table, panels: list[style.Axes]) -> None:
    """Four maps, with the number of allowed pairs above each."""
    source, given = SOURCE.split(), ["<start>", *TARGET.split()]
    words = [source, given, source + given, source + given]
    counts = [0] * 4
    for which, query, key, allowed in zip(*table.values(), strict=True):
        counts[int(which)] += int(allowed)
        if allowed:
            cell(panels[int(which)], query, key, 0.9)
    for axes, rows, count, name in zip(
        panels, words, counts, ("Encoder", "Decoder", "Prefix", "Causal"), strict=True
    ):
        columns = source if name == "Encoder" else source + given
        chart(axes, rows, columns)
        axes.set_xticks(range(len(columns)), columns, rotation=90)
        axes.set_xlim(-0.5, 6.5)  # the same size of squares in all four
        axes.set_ylim((6.5 if len(rows) == 7 else 3.5), -0.5)
        axes.set_title(f"{name}: {count} pairs", fontsize=12, pad=8)
        axes.set_aspect("equal")
        if name != "Encoder":
            axes.plot([2.5, 2.5], [-0.5, len(rows) - 0.5], color=style.INK, lw=1.5)


def beam() -> style.Table:
    """The beginnings that a beam of two writes out: step, row, word, probability so far, row before, kept."""
    step = weights.stepper(model(), "both", SOURCE)
    table: style.Table = {
        name: [] for name in ("step", "row", "word", "p", "before", "greedy", "beam")
    }
    kept = [([ed.START], 0.0, 0)]
    greedy = ed.beam_search(step, 1)[0].words
    for t in range(1, 6):
        longer = [
            ([*words, word], log_p + more, row)
            for words, log_p, row in kept
            if words[-1] != ed.END
            for word, more in enumerate(step(words))
        ]
        best = sorted(longer, key=lambda one: -one[1])[:3]
        best = [one for one in best if math.exp(one[1]) > 0.01]
        kept = []
        for row, one in enumerate(sorted(best, key=lambda one: one[2])):
            words, log_p, before = one
            values = (t, row, words[-1], math.exp(log_p), before)
            marks = (words == greedy[: t + 1], one in best[:2])
            for name, value in zip(table, (*values, *marks), strict=True):
                table[name].append(float(value))
            if one in best[:2]:
                kept.append((words, log_p, row))
    return table


def draw_beam(table: style.Table, axes: style.Axes) -> None:
    """A tree from left to right; what greedy search follows is dashed."""
    axes.text(0, 0, "<start>", ha="center", va="center", fontsize=12)
    for t, row, word, p, before, greedy, kept in zip(*table.values(), strict=True):
        colour = style.SERIES[0] if kept else style.MUTED
        line = "--" if greedy else "-"
        axes.plot(
            [t - 1 + (0.5 if t == 1 else 0.32), t - (0.5 if int(word) == ed.END else 0.32)],
            [before, row],
            line,
            color=style.SERIES[1] if greedy else colour,
            lw=2 if kept else 1,
        )
        axes.text(
            t,
            row - 0.09,
            ed.WORDS[int(word)],
            ha="center",
            va="center",
            fontsize=13,
            color=style.INK if kept else style.MUTED,
        )
        axes.text(t, row + 0.22, f"{p:.2f}", ha="center", va="center", fontsize=11)
    axes.set_xlim(-0.5, 5.5)
    axes.set_ylim(2.5, -0.5)
    style.bare(axes)


@cache
def runs() -> dict[str, Any]:
    """What the recipe of the weights has kept of its shorter runs."""
    found: dict[str, Any] = json.loads(weights.RUNS.read_text(encoding="utf-8"))
    return found


def without() -> style.Table:
    """Loss by step: mean, least and greatest of five seeds, with all parts and with one left out."""
    table: style.Table = {
        "step": [float(n) for n in range(0, weights.SHORT, weights.EVERY)],
    }
    for form in ("both", "peek", "blind"):
        columns = list(zip(*(one["losses"] for one in runs()[form]), strict=True))
        table[form] = [sum(column) / len(column) for column in columns]
        table[f"{form} least"] = [min(column) for column in columns]
        table[f"{form} most"] = [max(column) for column in columns]
    return table


def draw_without(table: style.Table, axes: style.Axes) -> None:
    """Three curves, with what can be reached with the source and without it."""
    for n, (form, label, line) in enumerate(
        (
            ("blind", "no cross-attention", "-."),
            ("both", "all parts", "-"),
            ("peek", "no causal mask", "--"),
        )
    ):
        axes.fill_between(
            table["step"],
            table[f"{form} least"],
            table[f"{form} most"],
            color=style.SERIES[n],
            alpha=0.2,
            lw=0,
        )
        axes.plot(table["step"], table[form], line, color=style.SERIES[n], label=label)
    axes.axhline(floor(True), color=style.MUTED, lw=1, ls=":")
    axes.axhline(floor(False), color=style.MUTED, lw=1, ls=":")
    axes.text(299, floor(True) * 0.93, "least with the source", ha="right", va="top", fontsize=11)
    axes.text(299, floor(False) * 0.93, "least without it", ha="right", va="top", fontsize=11)
    axes.set_yscale("log")
    axes.set_ylim(0.008, 5)
    axes.set_yticks([0.01, 0.1, 1], ["0.01", "0.1", "1"])
    axes.minorticks_off()
    axes.set_xlim(0, 300)
    axes.set_xlabel("training steps")
    axes.set_ylabel("loss, nats a word")
    axes.legend(loc="lower left")


@cache
def floor(with_source: bool) -> float:
    """The least loss that any network can reach on the rows to train on, nats a word: an entropy."""
    source, target = weights.rows()
    words = int((target[:, 1:] != ed.PAD).sum())
    wholes = [tuple(row) for row in target.tolist()]
    given = [tuple(row) if with_source else () for row in source.tolist()]
    pairs = list(zip(given, wholes, strict=True))
    bits = (math.log(pairs.count(pair) / given.count(pair[0])) for pair in pairs)
    return -sum(bits) / words


FIGURES = [
    style.Recipe(
        "architectures/encoder-decoder/cross", cross, draw_cross, (400, 220), (1, 2), absolute=1e-5
    ),
    style.Recipe("architectures/encoder-decoder/masks", masks, draw_masks, (400, 400), (2, 2)),
    style.Recipe("architectures/encoder-decoder/beam", beam, draw_beam, (400, 190), absolute=1e-5),
    style.Recipe("architectures/encoder-decoder/without", without, draw_without, (380, 300)),
]

if __name__ == "__main__":
    style.main(FIGURES)
