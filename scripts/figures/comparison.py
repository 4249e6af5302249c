"""docs/models/comparison/*.svg: samples and measures of all classes, from what scripts/weights/comparison.py kept."""

import json
import math
import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from scripts.figures import seeds, style
from scripts.figures.vq_vae import squares

ROOT = Path(__file__).resolve().parents[2]
RUNS = ROOT / "scripts" / "weights" / "comparison_runs.json"
SAMPLES = ROOT / "docs" / "models" / "comparison" / "samples.mjs"
NAMES = {
    "autoregressive": "autoregressive",
    "vae": "VAE",
    "gan": "GAN",
    "flow": "flow",
    "energy": "energy",
    "diffusion": "diffusion",
    "matching": "flow matching",
}
REFINING = ("energy", "diffusion", "matching")
MARKS = ("o-", "s--", "^-.", "v:", "D-", "P--", "X-.")
COLOURS = (*style.SERIES, style.INK)
SHOWN, IN_A_ROW = 80, 10
BESIDE = {
    "flow": (-24, 7),
    "energy": (-16, -16),
    "diffusion": (6, -14),
}  # labels that would collide


@cache
def runs() -> dict[str, Any]:
    """What was measured."""
    found: dict[str, Any] = json.loads(RUNS.read_text(encoding="utf-8"))
    return found


@cache
def kept() -> dict[str, list[list[str]]]:
    """The texts of the demo's samples, by class and seed."""
    found: dict[str, list[list[str]]] = {}
    for line in SAMPLES.read_text(encoding="utf-8").splitlines():
        if head := re.match(r"  (\w+): \[", line):
            found[head[1]] = []
        elif line == "    [":
            found[list(found)[-1]].append([])
        elif text := re.match(r'      "(\w+)",', line):
            found[list(found)[-1]][-1].append(text[1])
    return found


def points(text: str) -> list[tuple[float, float]]:
    """Points from the text that keeps them: two signs a number, hundredths above -3, base 36."""
    values = [int(a + b, 36) / 100 - 3 for a, b in zip(text[::2], text[1::2], strict=True)]
    return [(round(x, 2), round(y, 2)) for x, y in pairwise(values)][::2]


def ring() -> style.Table:
    """Points of the data and of the first seed of each class."""
    table: style.Table = {}
    for name in ("data", *NAMES):
        texts = kept()[name][0]
        found = points(texts[runs()["passes"].index(50)] if len(texts) > 1 else texts[0])[:SHOWN]
        table[f"{name}, x"], table[f"{name}, y"] = ([p[i] for p in found] for i in (0, 1))
    return table


def draw_ring(table: style.Table, panels: list[style.Axes]) -> None:
    """Eight panels."""
    for n, (axes, name) in enumerate(zip(panels, ("data", *NAMES), strict=True)):
        colour = style.SERIES[0] if n else style.MUTED
        axes.plot(table[f"{name}, x"], table[f"{name}, y"], ".", ms=3, color=colour)
        axes.set_title(NAMES.get(name, "data"))
        axes.set_xlim(-2.4, 2.4)
        axes.set_ylim(-2.4, 2.4)
        axes.set_aspect("equal")
        axes.set_xticks([])
        axes.set_yticks([])


def measured(name: str) -> style.Table:
    """A row for each class, then data and the fitted normal: every measure with its deviation over seeds."""
    found = runs()[name]
    rows = [found[kind]["runs"] for kind in NAMES] + [found["edges"][k] for k in ("data", "normal")]
    nothing = [math.nan] * len(rows[0])
    table: style.Table = {"row": [float(n) for n in range(len(rows))]}
    for kept in rows[0][0]:
        for row in rows:
            seeds.put(table, kept, [run[kept] for run in row] if kept in row[0] else nothing)
    for kept in ("parameters", "passes", "rate"):
        table[kept] = [float(found[kind][kept]) for kind in NAMES] + [math.nan] * 2
    for n in range(3):
        table[f"tried {n + 1}"] = [found[kind]["tried"][n] for kind in NAMES] + [math.nan] * 2
    return table


def draw_bars(table: style.Table, axes: style.Axes, name: str, title: str) -> None:
    """A dot with its deviation for each class."""
    places = range(len(NAMES))
    axes.errorbar(
        table[name][: len(NAMES)], places, xerr=table[f"{name}, deviation"][: len(NAMES)],
        fmt="o", color=style.SERIES[0], capsize=3,
    )  # fmt: skip
    axes.set_yticks(list(places), list(NAMES.values()))
    axes.invert_yaxis()
    axes.set_title(title)


def draw_near(table: style.Table, panels: list[style.Axes]) -> None:
    """The share near a mode, and bits above the entropy."""
    draw_bars(table, panels[0], "near", "share near a mode")
    for row, colour in ((len(NAMES), style.INK), (len(NAMES) + 1, style.MUTED)):
        panels[0].axvline(table["near"][row], color=colour, lw=1)
    panels[0].set_xlim(0, 1.03)
    draw_bars(table, panels[1], "likelihood", "bits above the entropy")
    panels[1].axvline(0, color=style.INK, lw=1)
    panels[1].axvline(table["likelihood"][len(NAMES) + 1], color=style.MUTED, lw=1)
    panels[1].set_yticklabels([])


def digits() -> style.Table:
    """Tones, 0 to 4, of digits: of scikit-learn's test items, and of the first seed of each class; a column each."""
    table: style.Table = {}
    for name in ("data", *NAMES):
        for n, picture in enumerate(runs()["digits"][name]["drawn"][:IN_A_ROW]):
            table[f"{name} {n}"] = [float(value // 4) for value in picture]
    return table


def draw_digits(table: style.Table, panels: list[style.Axes]) -> None:
    """A row of digits for each class."""
    for axes, name in zip(panels, ("data", *NAMES), strict=True):
        shown = [np.array(table[f"{name} {n}"]).reshape(8, 8) for n in range(IN_A_ROW)]
        squares(axes, [picture.round() for picture in shown])
        axes.set_xlim(-0.5, 9 * IN_A_ROW)
        axes.set_ylim(8.5, -0.5)
        axes.set_aspect("equal")
        style.bare(axes)
        axes.set_title(NAMES.get(name, "data"), loc="left", fontsize=11)


def draw_covered(table: style.Table, axes: style.Axes) -> None:
    """Recall against precision."""
    names = [*NAMES.values(), "data", "normal"]
    for n, name in enumerate(names):
        colour = style.SERIES[0] if n < len(NAMES) else style.MUTED
        x, y = table["precision"][n], table["recall"][n]
        axes.errorbar(
            x, y, xerr=table["precision, deviation"][n], yerr=table["recall, deviation"][n],
            fmt="o", ms=4, color=colour, capsize=2,
        )  # fmt: skip
        beside = BESIDE.get(name, (5, 5))
        axes.annotate(name, (x, y), xytext=beside, textcoords="offset points", fontsize=10)
    axes.set_xlim(0, 1.05)
    axes.set_ylim(0, 1.05)
    axes.set_xlabel("precision")
    axes.set_ylabel("recall")


def budgets() -> style.Table:
    """The share near a mode by the number of steps, for each class."""
    steps = runs()["budgets"]
    table: style.Table = {"steps": [float(n) for n in steps]}
    for kind in NAMES:
        for row in runs()["ring"][kind]["budgets"]:
            seeds.put(table, kind, [run["near"] for run in row])
    return table


def passes() -> style.Table:
    """The share near a mode by the passes of a sample, for the classes that refine."""
    tried = runs()["passes"]
    table: style.Table = {"passes": [float(n) for n in tried]}
    for kind in REFINING:
        by_seed = runs()["ring"][kind]["by_passes"]
        for n in range(len(tried)):
            seeds.put(table, kind, [rows[n]["near"] for rows in by_seed])
    return table


def draw_curves(table: style.Table, axes: style.Axes, label: str) -> None:
    """Mean and deviation for each class against a count."""
    count = next(iter(table))
    for n, kind in enumerate(NAMES):
        if kind in table:
            axes.errorbar(
                table[count], table[kind], yerr=table[f"{kind}, deviation"], fmt=MARKS[n], ms=4,
                color=COLOURS[n], capsize=2, lw=1.5, label=NAMES[kind],
            )  # fmt: skip
    axes.set_xscale("log")
    axes.set_xticks(table[count], [f"{n:,.0f}" for n in table[count]])
    axes.minorticks_off()
    axes.set_xlabel(label)
    axes.set_ylabel("share near a mode")


def draw_budgets(table: style.Table, axes: style.Axes) -> None:
    """Seven curves."""
    draw_curves(table, axes, "steps of training")
    axes.set_ylim(0.2, 1.35)
    axes.set_yticks([0.2, 0.4, 0.6, 0.8, 1])
    axes.legend(loc="upper left", ncols=2)


def draw_passes(table: style.Table, axes: style.Axes) -> None:
    """Three curves."""
    draw_curves(table, axes, "passes for a sample")
    axes.set_ylim(0, 1.03)
    axes.legend(loc="lower right")


FIGURES = [
    style.Recipe("models/comparison/ring", ring, draw_ring, size=(540, 300), grid=(2, 4)),
    style.Recipe("models/comparison/near", lambda: measured("ring"), draw_near, size=(540, 240), grid=(1, 2)),
    style.Recipe("models/comparison/digits", digits, draw_digits, size=(540, 300), grid=(4, 2)),
    style.Recipe("models/comparison/covered", lambda: measured("digits"), draw_covered, size=(420, 320)),
    style.Recipe("models/comparison/budgets", budgets, draw_budgets, size=(420, 320)),
    style.Recipe("models/comparison/passes", passes, draw_passes),
]  # fmt: skip

if __name__ == "__main__":
    style.main(FIGURES)
