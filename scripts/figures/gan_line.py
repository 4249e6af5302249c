"""The example of docs/models/gan.md: two data points, two samples, and one number for each player."""

import math

import numpy as np
import torch

from docs.models.gan import gan
from scripts.figures import style

ROUNDS = 40


def rounds() -> style.Table:
    """theta, psi and both losses before each round, and after the last one."""
    start = torch.tensor([-1.0, math.log(4)], dtype=torch.float64).unbind()
    table: style.Table = {
        name: [] for name in ("round", "theta", "psi", "discriminator", "generator")
    }
    for number, (theta, psi) in enumerate([(start[0], start[1]), *gan.line_game(ROUNDS)]):
        real, fake = psi * gan.PAIR[0], psi * (gan.PAIR[0] + theta)
        losses = (
            gan.discriminator_loss(real, fake, "non-saturating"),
            gan.generator_loss(fake, "non-saturating"),
        )
        told = [float(number), *(float(value) for value in (theta, psi, *losses))]
        for column, value in zip(table.values(), told, strict=True):
            column.append(value)
    return table


def draw_rounds(table: style.Table, axes: style.Axes) -> None:
    """Both numbers swing round zero and come to rest."""
    x = table["round"]
    axes.axhline(0, color=style.MUTED, linestyle=":")
    axes.plot(x, table["theta"], marker="s", markevery=4, color=style.SERIES[1])
    axes.plot(x, table["psi"], "--", marker="o", markevery=4, color=style.SERIES[0])
    style.label_line(axes, 3.6, 1.2, "ψ, of the discriminator", color=style.SERIES[0], dx=6)
    style.label_line(axes, 9.5, 0.62, "θ, of the generator", color=style.SERIES[1], dx=6)
    axes.set_ylim(-1.15, 1.7)
    axes.set_xlabel("rounds")
    axes.set_title("One number for each player")


def first_round() -> style.Table:
    """D along the line before and after the first round, and where the first sample lies then."""
    x = [i / 20 for i in range(-32, 33)]
    (theta, psi), *_ = gan.line_game(1)
    curves = [
        torch.sigmoid(slope * torch.tensor(x, dtype=torch.float64)).tolist()
        for slope in (math.log(4), float(psi))
    ]
    return {"x": x, "before": curves[0], "after": curves[1], "theta": [float(theta)] * len(x)}


def draw_first_round(table: style.Table, axes: style.Axes) -> None:
    """The curve of D with the data, the samples, and where they go."""
    real, fake = style.SERIES[0], style.SERIES[1]

    def at(places: list[float], when: str) -> list[float]:
        return [float(y) for y in np.interp(places, table["x"], table[when])]

    data, old = [0.0, 1.0], [-1.0, 0.0]
    new = [table["theta"][0], table["theta"][0] + 1]
    axes.plot(table["x"], table["before"], color=style.MUTED)
    axes.plot(table["x"], table["after"], ":", color=style.MUTED)
    axes.plot(data, at(data, "before"), "o", color=real, markersize=13, mfc="none", mew=2)
    axes.plot(old, at(old, "before"), "s", color=fake, markersize=6)
    axes.plot(new, at(new, "after"), "s", color=fake, markersize=6, mfc=style.PAPER)
    for left, right in zip(old, new, strict=True):
        arrow = {"arrowstyle": "-|>", "color": fake, "shrinkA": 6, "shrinkB": 5}
        ends = (right, at([right], "after")[0]), (left, at([left], "before")[0])
        axes.annotate("", *ends, arrowprops=arrow)
    for text, place, color, dx, dy in (
        ("data", 0.0, real, -12, 8),
        ("data", 1.0, real, -12, 10),
        ("samples", -1.0, fake, -8, 10),
    ):
        axes.annotate(
            text,
            (place, at([place], "before")[0]),
            (dx, dy),
            textcoords="offset points",
            ha="right",
            color=color,
            fontsize=11,
        )
    axes.set_ylim(0, 1)
    axes.set_xlabel("x")
    axes.set_title("D(x), and the first round")


FIGURES = [
    style.Recipe("models/gan/line", first_round, draw_first_round),
    style.Recipe("models/gan/rounds", rounds, draw_rounds),
]

if __name__ == "__main__":
    style.main(FIGURES)
