"""docs/architectures/recurrence/*.svg: the example, reach of gradients, a cliff, three tasks."""

from functools import cache

import torch
from torch import Tensor

from docs.architectures.recurrence import recurrence, tasks
from scripts.figures import style

WEIGHTS = (0.5, 1.0, 2.0)
RADII = (0.5, 1.0, 2.0, 3.0)
BIASES = (1.0, 3.0)
NETS = (
    *(("rnn", radius) for radius in RADII),
    ("linear", 1.0),
    *((kind, bias) for bias in BIASES for kind in ("lstm", "gates")),
)
SEEDS = 8
FAR = 40
GAP = 30  # steps of the long example
LENGTH = 20  # of the adding task
STEPS = 320
WINDOW = 20
KINDS = (
    ("rnn", "rnn", 0.0),
    ("lstm", "lstm", 1.0),
    ("lstm_0", "lstm", 0.0),
    ("attention", "attention", 0.0),
)
SIZES = (8, 16, 32)
LENGTHS = (4, 8, 12, 16, 24, 32, 48, 64)
NOISE = 0.2
TURNS = 24
TRIALS = 3


def fade() -> style.Table:
    """The states of the example and the errors on their way back, for three weights."""
    table: style.Table = {"step": [1.0, 2.0, 3.0, 4.0]}
    for w in WEIGHTS:
        states = recurrence.run(w, recurrence.MARKED)
        errors, _ = recurrence.back(w, states, 0.0)  # any target: only shares are shown
        table[f"state_{w:g}"] = states[1:]
        table[f"share_{w:g}"] = [error / errors[-1] for error in errors]
    return table


def draw_fade(table: style.Table, panels: list[style.Axes]) -> None:
    """Forwards in the first panel, backwards in the second."""
    marks = ("o-", "s--", "^:")
    for n, w in enumerate(WEIGHTS):
        for axes, name in zip(panels, ("state", "share"), strict=True):
            axes.plot(table["step"], table[f"{name}_{w:g}"], marks[n], color=style.SERIES[n])
            axes.set_xticks([1, 2, 3, 4])
            axes.set_yscale("log", base=2)
            axes.set_xlabel("step")
    panels[0].set_yticks([1, 2, 4, 8, 16, 32], ["1", "2", "4", "8", "16", "32"])
    panels[0].set_title("state, step by step")
    panels[1].set_yticks([0.125, 0.25, 0.5, 1, 2, 4, 8], ["1/8", "1/4", "1/2", "1", "2", "4", "8"])
    panels[1].set_title("error on its way back, last = 1")
    for n, w in enumerate(WEIGHTS):
        at = table[f"share_{w:g}"][1]
        below = -14 if w < 1 else 5
        style.label_line(panels[1], 2, at, f"w = {w:g}", color=style.SERIES[n], dx=7, dy=below)


@cache
def reaches(kind: str, start: float) -> Tensor:
    """The logarithms of what is left of a gradient, (seeds, distance)."""
    rows = [recurrence.reach(kind, start, FAR, seed=seed) for seed in range(SEEDS)]
    return torch.stack(rows).log10()


def vanish() -> style.Table:
    """Geometric means over seeds, with the least and the greatest."""
    table: style.Table = {"distance": [float(n) for n in range(0, FAR + 1, 2)]}
    for kind, start in NETS:
        logs = reaches(kind, start)[:, ::2]
        for name, row in (("mean", logs.mean(0)), ("least", logs.amin(0)), ("most", logs.amax(0))):
            table[f"{kind}_{start:g}_{name}"] = row.tolist()
    return table


def draw_vanish(table: style.Table, panels: list[style.Axes]) -> None:
    """Simple networks in the first panel, LSTMs in the second; thin what is computed beside."""
    marks = ("-", "--", "-.", ":")
    texts = ("0.5", "1", "2", "3")
    places = ((11, -7.6), (24, -6.2), (37, -1.9), (14, 3.1))
    for n, radius in enumerate(RADII):
        ribbon(panels[0], table, f"rnn_{radius:g}", marks[n], style.SERIES[n])
        x, y = places[n]
        panels[0].text(x, y, texts[n], color=style.SERIES[n], fontsize=11)
    panels[0].plot(table["distance"], table["linear_1_mean"], "-", color=style.INK, lw=1)
    panels[0].text(21, -1.75, "1, no tanh", fontsize=11)
    panels[0].set_title("RNN, by spectral radius")
    for n, bias in enumerate(BIASES):
        colour = style.SERIES[n]
        ribbon(panels[1], table, f"lstm_{bias:g}", marks[n], colour)
        panels[1].plot(
            table["distance"], table[f"gates_{bias:g}_mean"], marks[n], color=colour, lw=1
        )
        panels[1].text(24, (-3.0, 1.0)[n], f"bias {bias:g}", color=colour, fontsize=11)
    panels[1].text(4, -5.6, "thin: forget gates alone", fontsize=11)
    panels[1].set_title("LSTM, by forget bias")
    ticks = ["1e-8", "1e-6", "1e-4", "0.01", "1", "100", "1e4"]
    for axes in panels:
        axes.set_ylim(-8.5, 5)
        axes.set_yticks([-8, -6, -4, -2, 0, 2, 4], ticks)
        axes.set_xlabel("steps back")
    panels[0].set_ylabel("gradient, last step = 1")


def ribbon(axes: style.Axes, table: style.Table, key: str, mark: str, colour: str) -> None:
    """A mean over seeds, the range as a ground."""
    axes.plot(table["distance"], table[f"{key}_mean"], mark, color=colour)
    low, high = table[f"{key}_least"], table[f"{key}_most"]
    axes.fill_between(table["distance"], low, high, color=colour, alpha=0.15, linewidth=0)


def loss(w: float, steps: int) -> float:
    """The loss of the example with a gap: the two marked numbers stand at the ends of `steps` places."""
    x = [4.0, *[0.0] * (steps - 2), 2.0]
    return (recurrence.run(w, x)[-1] - recurrence.TARGET) ** 2 / 2


@cache
def descent(w: float, most: float, updates: int = 40, rate: float = recurrence.RATE) -> list[float]:
    """Weights of gradient descent with clipping, on the long example."""
    x = [4.0, *[0.0] * (GAP - 2), 2.0]
    path = [w]
    for _ in range(updates):
        states = recurrence.run(path[-1], x)
        _, gradient = recurrence.back(path[-1], states, recurrence.TARGET)
        path.append(path[-1] - rate * float(recurrence.clip(torch.tensor(gradient), most)))
    return path


def cliff() -> style.Table:
    """The loss against w for the short and the long example."""
    ws = [0.5 + 0.01 * n for n in range(66)]
    return {"w": ws, "short": [loss(w, 4) for w in ws], "long": [loss(w, GAP) for w in ws]}


def draw_cliff(table: style.Table, axes: style.Axes) -> None:
    """Two curves; the minimum is at one for both."""
    axes.plot(table["w"], table["short"], "--", color=style.SERIES[0])
    axes.plot(table["w"], table["long"], "-", color=style.SERIES[1])
    axes.set_ylim(-2, 40)
    axes.set_xlim(0.5, 1.16)
    style.label_line(axes, 0.62, 4.6, "4 steps", color=style.SERIES[0], dx=-40, dy=-22)
    style.label_line(axes, 0.62, 8, f"{GAP} steps", color=style.SERIES[1], dy=6)
    axes.set_xlabel("w")
    axes.set_ylabel("loss")


@cache
def curves(kind: str, forget: float) -> Tensor:
    """Errors on the adding task while training, (steps, seeds)."""
    torch.set_num_threads(1)  # the sums are small
    return tasks.train(kind, LENGTH, STEPS, forget=forget)


def add() -> style.Table:
    """Means over windows of steps and three seeds, with the least and the greatest seed."""
    table: style.Table = {"step": [WINDOW * (n + 0.5) for n in range(STEPS // WINDOW)]}
    for name, kind, forget in KINDS:
        windows = curves(kind, forget).reshape(-1, WINDOW, 3).mean(1)
        table[f"{name}_mean"] = windows.mean(1).tolist()
        table[f"{name}_least"] = windows.amin(1).tolist()
        table[f"{name}_most"] = windows.amax(1).tolist()
    return table


def draw_add(table: style.Table, axes: style.Axes) -> None:
    """A line for each kind, its seeds as a ground."""
    labels = ("RNN", "LSTM, bias 1", "LSTM, bias 0", "attention")
    for n, ((kind, *_), label) in enumerate(zip(KINDS, labels, strict=True)):
        colour = style.SERIES[n]
        axes.plot(table["step"], table[f"{kind}_mean"], ("-", "--", "-.", ":")[n], color=colour)
        low, high = table[f"{kind}_least"], table[f"{kind}_most"]
        axes.fill_between(table["step"], low, high, color=colour, alpha=0.15, linewidth=0)
        x, y = ((60, 0.24), (126, 0.045), (222, 0.24), (62, 0.0012))[n]
        axes.text(
            x,
            y,
            label,
            color=colour,
            fontsize=11,
        )
    axes.axhline(1 / 6, color=style.MUTED, lw=1)
    axes.set_yscale("log")
    axes.set_ylim(2e-4, 2)
    axes.set_xlabel("training step")
    axes.set_ylabel("mean squared error")


def copying() -> style.Table:
    """Share of the inputs that is read from the last state, by number of units and length."""
    table: style.Table = {"length": [float(n) for n in LENGTHS]}
    for units in SIZES:
        table[f"units_{units}"] = [tasks.memory(units, n) for n in LENGTHS]
    return table


def draw_copying(table: style.Table, axes: style.Axes) -> None:
    """A line for each size of the state."""
    for n, units in enumerate(SIZES):
        column = table[f"units_{units}"]
        axes.plot(table["length"], column, ("o-", "s--", "^:")[n], color=style.SERIES[n])
        style.label_line(axes, 48, column[6], f"H = {units}", color=style.SERIES[n], dy=8)
    axes.set_ylim(0, 1.1)
    axes.set_xlabel("numbers read")
    axes.set_ylabel("share given back")


@cache
def radii() -> tuple[list[list[float]], list[list[float]]]:
    """Distance from the centre while going on alone: after teacher forcing, and after training alone."""
    torch.set_num_threads(1)
    rows: tuple[list[list[float]], list[list[float]]] = ([], [])
    begin = torch.tensor([1.0, 0.0])
    for seed in range(TRIALS):
        seen = tasks.circle(240, NOISE, seed)
        for kept, step in zip(rows, (tasks.forced(seen), tasks.unforced(seen, 12)), strict=True):
            kept.append(tasks.alone(step, begin, TURNS).norm(dim=1).tolist())
    return rows


def forcing() -> style.Table:
    """Means, least and greatest of the seeds, step by step; what theory says beside."""
    table: style.Table = {"step": [float(n) for n in range(1, TURNS + 1)]}
    for name, rows in zip(("forced", "alone"), radii(), strict=True):
        by_step = list(zip(*rows, strict=True))
        table[f"{name}_mean"] = [sum(row) / len(row) for row in by_step]
        table[f"{name}_least"] = [min(row) for row in by_step]
        table[f"{name}_most"] = [max(row) for row in by_step]
    shrink = 0.5 / (0.5 + NOISE**2)
    table["theory"] = [shrink**n for n in range(1, TURNS + 1)]
    return table


def draw_forcing(table: style.Table, axes: style.Axes) -> None:
    """Two lines with their spread, and the theory of the first."""
    for n, (name, label) in enumerate(
        (("forced", "teacher forcing"), ("alone", "trained 12 steps alone"))
    ):
        colour = style.SERIES[n]
        axes.plot(table["step"], table[f"{name}_mean"], ("-", "--")[n], color=colour)
        low, high = table[f"{name}_least"], table[f"{name}_most"]
        axes.fill_between(table["step"], low, high, color=colour, alpha=0.15, linewidth=0)
        style.label_line(axes, 10, table[f"{name}_mean"][9], label, color=colour, dx=6, dy=6)
    axes.plot(table["step"], table["theory"], ":", color=style.INK, lw=1.5)
    axes.set_ylim(0, 1.1)
    axes.set_xlabel("steps alone")
    axes.set_ylabel("radius, truth = 1")


FIGURES = [
    style.Recipe("architectures/recurrence/fade", fade, draw_fade, (640, 250), (1, 2)),
    style.Recipe(
        "architectures/recurrence/vanish",
        vanish,
        draw_vanish,
        (640, 330),
        (1, 2),
        tolerance=0.02,
        absolute=0.1,
    ),
    style.Recipe("architectures/recurrence/cliff", cliff, draw_cliff, (440, 280)),
    style.Recipe(
        "architectures/recurrence/add", add, draw_add, (440, 300), tolerance=0.5, absolute=0.03
    ),
    style.Recipe(
        "architectures/recurrence/copying", copying, draw_copying, (420, 280), tolerance=0.02
    ),
    style.Recipe(
        "architectures/recurrence/forcing", forcing, draw_forcing, (420, 280), tolerance=0.01
    ),
]

if __name__ == "__main__":
    style.main(FIGURES)
