"""What recipes share that repeat a run over seeds: columns with their spread, and how these are drawn."""

import torch
from torch import Tensor

from scripts.figures import style

MARKS = ("o-", "s--", "^:", "D-.", "v-")


def put(table: style.Table, name: str, values: list[float]) -> None:
    """One more row of a column: the mean of the seeds' values, and beside it their deviation."""
    found = torch.tensor(values, dtype=torch.float64)
    table.setdefault(name, []).append(float(found.mean()))
    table.setdefault(f"{name}, deviation", []).append(float(found.std()))


def span(table: style.Table, name: str, rows: Tensor) -> None:
    """Three columns: mean, least and most of each row, (rows, seeds)."""
    table[f"{name}_mean"] = rows.mean(1).tolist()
    table[f"{name}_least"] = rows.amin(1).tolist()
    table[f"{name}_most"] = rows.amax(1).tolist()


def draw_span(
    axes: style.Axes,
    table: style.Table,
    x: str,
    name: str,
    n: int,
    label: str,
    every: int | None = None,
) -> None:
    """The mean as the n-th line, with a mark at `every` so many points, in the band from least to most."""
    colour, mark = style.SERIES[n], MARKS[n]
    axes.plot(table[x], table[f"{name}_mean"], mark, color=colour, label=label, markevery=every)
    axes.fill_between(
        table[x],
        table[f"{name}_least"],
        table[f"{name}_most"],
        color=colour,
        alpha=0.2,
        linewidth=0,
    )


def marks_in_rows(
    axes: style.Axes,
    table: style.Table,
    by: str,
    names: list[str],
    marks: tuple[tuple[str, str, str], ...],
    apart: float,
) -> None:
    """From the top a row for each name, with the deviation of each column: its name, its mark, its label."""
    middle = (len(marks) - 1) / 2
    for n, (name, mark, label) in enumerate(marks):
        axes.errorbar(
            table[name],
            [row + apart * (n - middle) for row in table[by]],
            xerr=table[f"{name}, deviation"],
            fmt=mark,
            color=style.SERIES[n],
            capsize=3,
            label=label,
        )
    axes.set_yticks(table[by], names)
    axes.invert_yaxis()
