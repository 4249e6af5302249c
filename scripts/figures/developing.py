"""docs/models/developing/*.svg: the example, two memories at one rate and at the best, chunks, learned slow weights."""

from importlib import import_module

import torch

from scripts.figures import style

developing = import_module("docs.models.developing.developing")
tracking = import_module("docs.models.developing.tracking")

LONG = (4.0, 4.0, 4.0, 8.0, 8.0, 8.0)  # the example, and two numbers more
MOMENTA, SEEDS = (0.0, 0.5, 0.9), 20
SIZES = (1, 2, 4, 8, 16, 32, 64)
RUNS, UPDATES, PAIRS, WIDTH, EVERY = 4, 200, 4, 8, 10  # of the layer whose slow weights are learned
BIAS = (0.0, -2.0, -4.0)  # rate, momentum and forgetting at the start, before the sigmoid


def example() -> style.Table:
    """What the memory holds after each number, added, by half and whole steps, and with momentum."""
    added = [sum(LONG[: n + 1]) for n in range(len(LONG))]
    return {
        "number": [float(n + 1) for n in range(len(LONG))],
        "value": list(LONG),
        "added": added,
        "half": developing.example(0.5, 0.0, LONG),
        "whole": developing.example(1.0, 0.0, LONG),
        "momentum": developing.example(0.5, 0.5, LONG),
    }


def draw_example(table: style.Table, axes: style.Axes) -> None:
    """The numbers as a wide step, the memories as lines; what was added leaves the picture."""
    n = table["number"]
    axes.step(
        n,
        table["value"],
        where="mid",
        color=style.MUTED,
        linewidth=5,
        alpha=0.4,
        label="numbers read",
    )
    for name, mark, label, colour in (
        ("added", "D:", "added", style.SERIES[3]),
        ("whole", "^--", "whole steps", style.SERIES[2]),
        ("half", "o-", "half steps", style.SERIES[0]),
        ("momentum", "s-.", "half steps, momentum", style.SERIES[1]),
    ):
        axes.plot(n, table[name], mark, color=colour, label=label, markersize=5)
    axes.set_ylim(0, 14)
    axes.set_xlabel("numbers read")
    axes.set_ylabel("the memory holds")
    axes.legend(loc="lower right", fontsize=10)


def tuned() -> style.Table:
    """Mean and standard deviation of the error by rate, for three momenta; nan where it has exploded."""
    table: style.Table = {"rate": list(tracking.RATES)}
    for momentum in MOMENTA:
        found = tracking.follow(torch.tensor(tracking.RATES), momentum, SEEDS)
        mean, deviation = found.mean(1), found.std(1)
        gone = ~(mean < 10)
        table[f"momentum {momentum:g}"] = mean.masked_fill(gone, torch.nan).tolist()
        table[f"deviation {momentum:g}"] = deviation.masked_fill(gone, torch.nan).tolist()
    return table


def draw_tuned(table: style.Table, axes: style.Axes) -> None:
    """A line with its spread for each momentum; the rate at which all are compared; always saying zero."""
    for n, (momentum, mark) in enumerate(zip(MOMENTA, ("o-", "s--", "^:"), strict=True)):
        axes.errorbar(
            table["rate"],
            table[f"momentum {momentum:g}"],
            table[f"deviation {momentum:g}"],
            fmt=mark,
            color=style.SERIES[n],
            label=rf"$\eta$ = {momentum:g}",
            markersize=5,
        )
    axes.axvline(0.05, color=style.MUTED, linewidth=1, linestyle="--")
    axes.set_xscale("log")
    axes.set_xticks([0.02, 0.05, 0.1, 0.2, 0.5, 1], ["0.02", "0.05", "0.1", "0.2", "0.5", "1"])
    axes.minorticks_off()
    axes.set_ylim(0, 0.8)
    axes.set_xlabel(r"rate $\theta$")
    axes.set_ylabel("error")
    axes.legend(loc="upper center", bbox_to_anchor=(0.62, 1))


def chunks() -> style.Table:
    """The least mean error over the rates by the size of a chunk, its deviation, and the rate that gives it."""
    table: style.Table = {"size": [], "error": [], "deviation": [], "rate": []}
    for size in SIZES:
        found = tracking.follow(torch.tensor(tracking.RATES), 0.0, SEEDS, size)
        best = int(found.mean(1).nan_to_num(torch.inf).argmin())
        row = (size, found.mean(1)[best].item(), found.std(1)[best].item(), tracking.RATES[best])
        for name, value in zip(table, row, strict=True):
            table[name].append(float(value))
    return table


def draw_chunks(table: style.Table, axes: style.Axes) -> None:
    """One line with its spread."""
    axes.errorbar(
        table["size"],
        table["error"],
        table["deviation"],
        fmt="o-",
        color=style.SERIES[0],
        markersize=5,
    )
    axes.set_xscale("log", base=2)
    axes.set_xticks(SIZES, [str(n) for n in SIZES])
    axes.minorticks_off()
    axes.set_ylim(0, 0.6)
    axes.set_xlabel("tokens in a chunk")
    axes.set_ylabel("error at the best rate")


def learned() -> style.Table:
    """Mean, least and greatest of the runs, each averaged over some updates."""
    runs = []
    for seed in range(RUNS):
        generator = torch.Generator().manual_seed(seed)
        weights = developing.initial(WIDTH, generator, BIAS)
        runs.append(developing.train(weights, UPDATES, PAIRS, generator))
    found = torch.tensor(runs).reshape(RUNS, UPDATES // EVERY, EVERY).mean(2)
    return {
        "updates": [float(n) for n in range(EVERY, UPDATES + 1, EVERY)],
        "mean": found.mean(0).tolist(),
        "least": found.amin(0).tolist(),
        "greatest": found.amax(0).tolist(),
    }


def draw_learned(table: style.Table, axes: style.Axes) -> None:
    """A line with its range; a thin line for always saying zero."""
    axes.plot(table["updates"], table["mean"], "o-", color=style.SERIES[0], markersize=4)
    axes.fill_between(
        table["updates"], table["least"], table["greatest"], alpha=0.15, color=style.SERIES[0]
    )
    axes.axhline(1, color=style.MUTED, linewidth=1)
    axes.set_ylim(0, 1.2)
    axes.set_xlabel("updates of the slow weights")
    axes.set_ylabel("mean squared error")


torch.set_num_threads(1)

FIGURES = [
    style.Recipe("models/developing/example", example, draw_example, (440, 290)),
    style.Recipe("models/developing/tuned", tuned, draw_tuned, (440, 290)),
    style.Recipe("models/developing/chunks", chunks, draw_chunks, (440, 250)),
    style.Recipe("models/developing/learned", learned, draw_learned, (440, 250)),
]

if __name__ == "__main__":
    style.main(FIGURES)
