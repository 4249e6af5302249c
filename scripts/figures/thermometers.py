"""The figures of the example of docs/models/vae.md: two thermometers, one hidden temperature."""

import math

import torch
from torch import Tensor

from docs.models.vae import vae
from scripts.figures import style
from scripts.figures.vae import chance, recipe

SLOPE, NOISE = 2.0, 1.0
"""The decoder of the example, f(z) = (2z, 2z), and the error of a thermometer."""
READING = (2.5, 2.0)
"""What the two thermometers say."""
CODE, SPREAD = 1.0, 1 / 3
"""Mean and standard deviation of the exact posterior of this reading."""


def model() -> vae.VAE:
    """The VAE of the example, with its exact posterior as encoder."""
    exact = vae.VAE((2, 1), NOISE).double().requires_grad_(False)
    decoder, encoder = (part.get_parameter("0.weight") for part in (exact.decoder, exact.encoder))
    precision = 2 * SLOPE**2 / NOISE**2 + 1
    decoder.fill_(SLOPE)
    encoder.copy_(torch.tensor([[SLOPE / NOISE**2 / precision] * 2, [0.0, 0.0]]))
    exact.encoder.get_parameter("0.bias").copy_(torch.tensor([0.0, -math.log(precision)]))
    return exact


def terms(mean: float, spread: float) -> tuple[float, float]:
    """Reconstruction term and KL, nats, of the reading for the encoder's answer N(mean, spread^2), exactly."""
    exact, x = model(), torch.tensor([READING]).double()
    codes = torch.tensor([[mean - spread], [mean + spread]]).double()  # a quadratic: two points do
    likelihood = exact.log_likelihood(x, codes).mean()
    log_var = torch.tensor(2 * math.log(spread)).double()
    return float(likelihood), float(vae.kl_to_prior(torch.tensor(mean).double(), log_var))


def log_evidence() -> float:
    """log p(x) of the reading, nats: the bound at the exact posterior."""
    reconstruction, kl = terms(CODE, SPREAD)
    return reconstruction - kl


def readings() -> style.Table:
    """Pairs of readings, the reading of the example first."""
    _, draws = model().generate(120, chance(3))
    pairs: Tensor = torch.cat([torch.tensor([READING]).double(), draws])
    return {"first": pairs[:, 0].tolist(), "second": pairs[:, 1].tolist()}


def draw_readings(table: style.Table, axes: style.Axes) -> None:
    """Points, the line of what the decoder can say, and what the encoder answers to one pair."""
    axes.plot(table["first"][1:], table["second"][1:], ".", color=style.MUTED, ms=3)
    ends = [SLOPE * z for z in (-3, 3)]
    axes.plot(ends, ends, color=style.SERIES[0], lw=1.2)
    for z in (-2, -1, 2):
        axes.plot(SLOPE * z, SLOPE * z, "|", color=style.SERIES[0], ms=9)
        text = f"z = {z}".replace("-", "−")
        style.label_line(
            axes, SLOPE * z, SLOPE * z, text, color=style.SERIES[0], dx=8, dy=-12
        )  # fmt: skip
    answer = [SLOPE * (CODE + step * SPREAD) for step in (-1, 1)]
    axes.plot(answer, answer, color=style.SERIES[1], lw=6, solid_capstyle="butt", alpha=0.75)
    axes.plot(*READING, "D", color=style.INK, ms=6)
    style.label_line(axes, *READING, "x = (2.5, 2)", dx=8, dy=-12)
    style.label_line(
        axes, answer[0], answer[0], "2(μ ± σ)", color=style.SERIES[1], dx=-6, dy=4, ha="right"
    )
    axes.set_xlim(-6, 6)
    axes.set_ylim(-6, 6)
    axes.set_aspect("equal")
    axes.set_xlabel("first thermometer, degrees")
    axes.set_ylabel("second thermometer, degrees")


def width() -> style.Table:
    """The two terms of the bound by the encoder's standard deviation, its mean right."""
    names = ("spread", "reconstruction", "kl", "elbo", "log_p")
    table: style.Table = {name: [] for name in names}
    for spread in [10 ** (-2 + i / 10) for i in range(21)] + [SPREAD]:
        reconstruction, kl = terms(CODE, spread)
        row = (spread, reconstruction, kl, reconstruction - kl, log_evidence())
        for name, value in zip(names, row, strict=True):
            table[name].append(value)
    return table


def draw_width(table: style.Table, axes: style.Axes) -> None:
    """Reconstruction falls, minus KL rises, their sum touches log p(x) at one place."""
    rows = [row[:-1] for row in (table["spread"], table["reconstruction"], table["elbo"])]
    spread, reconstruction, elbo = rows
    minus_kl = [-value for value in table["kl"][:-1]]
    axes.axhline(table["log_p"][0], color=style.INK, lw=1, ls="--")
    axes.plot(spread, reconstruction, "-.", color=style.SERIES[2])
    axes.plot(spread, minus_kl, ":", color=style.SERIES[1])
    axes.plot(spread, elbo, color=style.SERIES[0])
    axes.plot(table["spread"][-1], table["elbo"][-1], "o", color=style.SERIES[0])
    style.label_line(axes, 0.0105, table["log_p"][0], "log p(x)", dx=0, dy=-14)
    style.label_line(axes, 0.03, -1.9, "reconstruction", color=style.SERIES[2], dx=0, dy=4)
    style.label_line(axes, 0.3, -1.3, "− KL", color=style.SERIES[1], dx=-2, dy=10, ha="right")
    style.label_line(axes, 0.04, elbo[6], "ELBO", color=style.SERIES[0], dx=6, dy=-12)
    axes.set_xscale("log")
    axes.set_xticks([0.01, 0.1, 1 / 3, 1], ["0.01", "0.1", "⅓", "1"])
    axes.minorticks_off()
    axes.set_ylim(-7.2, 0.4)
    axes.set_xlabel("the encoder's σ, with μ = 1")
    axes.set_ylabel("nats")


FIGURES = [
    recipe("models/vae/readings", readings, draw_readings, (360, 360)),
    recipe("models/vae/width", width, draw_width),
]

if __name__ == "__main__":
    style.main(FIGURES)
