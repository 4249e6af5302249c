"""The figures of docs/models/gan.md: slopes, distances, the Dirac-GAN, collapsed modes."""

import math

import torch

from docs.models import gan
from scripts.figures import style

ROUNDS = 1000
EVERY = 50
RUNS = {
    "balanced": (0.0, 1),
    "balanced with penalty": (1.0, 1),
    "hasty": (0.0, 5),
    "hasty with penalty": (1.0, 5),
}


def slopes() -> style.Table:
    """The size of the slope of each generator loss by the logit, against D(G(z))."""
    believed = torch.linspace(0.01, 0.99, 50, dtype=torch.float64)
    table: style.Table = {"believed": believed.tolist()}
    for kind in gan.LOSSES:
        a = torch.logit(believed).requires_grad_()
        (slope,) = torch.autograd.grad(gan.generator_loss(a, kind) * len(a), a)
        table[kind] = slope.tolist()
    return table


def draw_slopes(table: style.Table, axes: style.Axes) -> None:
    """One line for each loss, labelled where it is far from the others."""
    x = table["believed"]
    marks = {"saturating": "o", "non-saturating": "s", "wasserstein": "^"}
    for color, kind in zip(style.SERIES, gan.LOSSES, strict=False):
        axes.plot(x, table[kind], color=color, marker=marks[kind], markevery=12)
    for color, kind, at, dy in zip(
        style.SERIES, gan.LOSSES, (20, 22, 30), (8, -16, -14), strict=False
    ):
        style.label_line(axes, x[at], table[kind][at], kind, color=color, dy=dy)
    axes.set_ylim(-1.12, 0.08)
    axes.set_xlabel("D(G(z)): how real the sample seems")
    axes.set_title("Slope of the loss by the logit")


def apart() -> style.Table:
    """Jensen-Shannon and Wasserstein between a point at 0 and a point at theta."""
    offsets = [i / 10 for i in range(21)]
    origin = torch.zeros(1, dtype=torch.float64)
    shannon = []
    for offset in offsets:
        cells = torch.zeros(2, 21, dtype=torch.float64)
        cells[0, 0] = cells[1, round(10 * offset)] = 1
        shannon.append(float(gan.jensen_shannon(cells[0], cells[1])))
    return {
        "theta": offsets,
        "jensen_shannon": shannon,
        "wasserstein": [float(gan.wasserstein(origin, origin + x)) for x in offsets],
    }


def draw_apart(table: style.Table, axes: style.Axes) -> None:
    """The jump of one divergence and the straight line of the other."""
    x, jump = table["theta"], table["jensen_shannon"]
    axes.plot(x[1:], jump[1:], marker="o", markevery=4, color=style.SERIES[0])
    axes.plot(x[:1], jump[:1], "o", color=style.SERIES[0])
    axes.plot(x, table["wasserstein"], "--", marker="s", markevery=4, color=style.SERIES[1])
    style.label_line(axes, 1.05, jump[-1], "Jensen–Shannon", color=style.SERIES[0], dy=-16)
    style.label_line(axes, 0.75, 1.4, "Wasserstein", color=style.SERIES[1])
    axes.set_xlabel("distance of the two points")
    axes.set_title("Between two points: nats, and length")


def dirac() -> style.Table:
    """Simultaneous gradient steps of the Dirac-GAN from (1, 1), 300 steps of size 0.1."""
    table: style.Table = {}
    runs = (("saturating", 0.0), ("non-saturating", 0.0), ("non-saturating", 1.0))
    for kind, gamma in runs:
        theta = psi = torch.tensor(1.0, dtype=torch.float64)
        path = [(1.0, 1.0)]
        for _ in range(300):
            by_theta, by_psi = gan.dirac_field(theta, psi, kind, gamma)
            theta, psi = theta + 0.1 * by_theta, psi + 0.1 * by_psi
            path.append((theta.item(), psi.item()))
        name = f"{kind} {gamma:g}"
        table[f"theta, {name}"] = [point[0] for point in path]
        table[f"psi, {name}"] = [point[1] for point in path]
    return table


def draw_dirac(table: style.Table, axes: style.Axes) -> None:
    """Three paths in the plane of both players."""
    names = list(table)
    labels = ("saturating", "non-saturating", "with penalty")
    places = ((0.1, 1.9), (-1.05, -1.25), (0.2, 0.05))
    for number, (label, place) in enumerate(zip(labels, places, strict=True)):
        color = style.SERIES[number]
        x, y = table[names[2 * number]], table[names[2 * number + 1]]
        axes.plot(x, y, ("-", "--", "-")[number], color=color, linewidth=(1.2, 1.2, 2.4)[number])
        axes.plot(x[-1], y[-1], ("o", "s", "^")[number], color=color, markersize=7)
        axes.annotate(label, place, color=color, fontsize=11)
    axes.plot(1, 1, "x", color=style.INK, markersize=8)
    axes.annotate("start", (1, 1), (5, 4), textcoords="offset points", fontsize=11)
    axes.set_aspect("equal")
    axes.set_xlim(-2.3, 2.3)
    axes.set_ylim(-2.3, 2.3)
    axes.set_xlabel("theta: where the sample lies")
    axes.set_ylabel("psi: slope of D")


def training() -> style.Table:
    """Modes reached and the share of good samples while four games are played."""
    torch.set_num_threads(1)
    table: style.Table = {"round": [float(EVERY * (i + 1)) for i in range(ROUNDS // EVERY)]}
    for name, (gamma, ratio) in RUNS.items():
        generator = torch.Generator().manual_seed(0)
        rounds = ROUNDS if ratio == 1 else ROUNDS // 2
        reached, good = [], []
        for number, g in enumerate(gan.train("non-saturating", rounds, generator, gamma, ratio), 1):
            if number % EVERY == 0:
                fixed = torch.Generator().manual_seed(1)
                count, share = gan.modes_reached(g(gan.noise(1000, fixed)).detach())
                reached.append(float(count))
                good.append(share)
        short = ROUNDS // EVERY - len(reached)
        table[f"modes, {name}"] = reached + [math.nan] * short
        table[f"good, {name}"] = good + [math.nan] * short
    return table


def draw_training(table: style.Table, axes: style.Axes) -> None:
    """Modes reached by round."""
    marks, lines = ("o", "s", "^", "v"), ("-", "-", "--", "--")
    for number, name in enumerate(RUNS):
        axes.plot(
            table["round"],
            table[f"modes, {name}"],
            lines[number],
            marker=marks[number],
            markevery=3,
            color=style.SERIES[number],
            label=name,
        )
    axes.set_ylim(-0.3, 10.5)
    axes.set_yticks([0, 2, 4, 6, 8])
    axes.legend(loc="upper left", ncols=2, borderaxespad=0)
    axes.set_xlabel("rounds")
    axes.set_title("Modes reached, of 8")


FIGURES = [
    style.Recipe("models/gan.slopes", slopes, draw_slopes),
    style.Recipe("models/gan.apart", apart, draw_apart),
    style.Recipe("models/gan.dirac", dirac, draw_dirac, size=(360, 360)),
    style.Recipe("models/gan.modes", training, draw_training, absolute=1.0),
]

if __name__ == "__main__":
    style.main(FIGURES)
