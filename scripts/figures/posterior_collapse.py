"""The figures of docs/models/vae.md on collapse and its cures, and on what beta trades."""

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

from docs.models.vae import vae
from scripts.figures import style
from scripts.figures.vae import chance, recipe
from scripts.weights import vae as weights

MARKERS = "os^Dv"
DASHES = ("-", "--", "-.", ":")

UNITS = 6
TRAINED = (3.0, 8.0, 14.0)


def centred() -> tuple[Tensor, Tensor]:
    """The training digits around their mean, and the eigenvalues of their covariance."""
    x = weights.digits()[0]
    x = x - x.mean(0)
    return x, torch.linalg.eigvalsh(torch.cov(x.T, correction=0)).flip(0)


def thresholds() -> style.Table:
    """KL of each unit of a linear beta-VAE on digits: in closed form, or trained."""
    x, values = centred()
    noise_var = weights.NOISE**2
    names = [f"unit{i + 1}" for i in range(UNITS)]
    table: style.Table = {name: [] for name in ("beta", "trained", *names)}
    feet = [v / noise_var for v in values[:UNITS].tolist()]  # where a line has its kink
    for beta in sorted([20 ** (i / 24) for i in range(25)] + feet):
        rates = vae.linear_rates(values[:UNITS], noise_var, beta)
        for name, value in zip(table, [beta, 0.0, *rates.tolist()], strict=True):
            table[name].append(value)
    for beta in TRAINED:
        model = vae.VAE((64, UNITS), weights.NOISE, chance(0)).double()
        model.log_noise_var.requires_grad_(False)
        vae.train(model, x, 300, beta, rate=4e-2, generator=chance(1))
        with torch.no_grad():
            rates = vae.kl_to_prior(*model.encode(x)).mean(0)
        ranked = sorted(rates.tolist(), reverse=True)
        for name, value in zip(table, [beta, 1.0, *ranked], strict=True):
            table[name].append(value)
    return table


def draw_thresholds(table: style.Table, axes: style.Axes) -> None:
    """A falling line for each unit, marks where a network was trained."""
    for i in range(UNITS):
        rows = list(zip(table["beta"], table["trained"], table[f"unit{i + 1}"], strict=True))
        line = [(b, v) for b, trained, v in rows if not trained]
        axes.plot(*zip(*line, strict=True), color=style.SERIES[i], lw=1.5)
        marks = [(b, v) for b, trained, v in rows if trained]
        marker = (*MARKERS, "P")[i]
        axes.plot(*zip(*marks, strict=True), marker, color=style.SERIES[i], ms=4.5)
    style.label_line(axes, 1, table["unit1"][0], "unit 1", color=style.SERIES[0], dx=2, dy=3)
    style.label_line(axes, 1, 0.6, f"unit {UNITS}", color=style.SERIES[UNITS - 1], dx=2, dy=0)
    axes.set_xscale("log")
    axes.set_xticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
    axes.minorticks_off()
    axes.set_xlabel("β")
    axes.set_ylabel("KL of the unit, nats")


class Peeking(vae.VAE):
    """A decoder that also sees all earlier pixels, each kept with probability keep."""

    def __init__(self, noise: float, keep: float, seed: int = 0) -> None:
        super().__init__((64, 64, 8), noise, chance(10 * seed))
        self.peek = torch.nn.Parameter(torch.zeros(64, 64))
        self.keep, self.generator = keep, chance(10 * seed + 2)

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """log p(x|z) as the product of p(pixel | earlier pixels, z)."""
        seen = x
        if self.training and self.keep < 1:
            seen = x * (torch.rand(x.shape, generator=self.generator) < self.keep)
        return super().log_likelihood(x - seen @ torch.tril(self.peek, -1).T, z)


STEPS = 300
LONG = 1500
"""Steps after which the runs without a cure and with warm-up are looked at again."""
CURES: dict[str, tuple[float, int, float]] = {
    "none": (1.0, 0, 0.0),
    "warm_up": (1.0, 150, 0.0),
    "free_bits": (1.0, 0, 0.5),
    "weaker": (0.5, 0, 0.0),
}
"""By name: share of pixels that the decoder may see, warm-up steps, free bits a unit."""
AGAIN = ("none", "warm_up")
"""The cures that are run for `LONG` steps too."""


@cache
def collapse_run(
    noise: float, frozen: bool, cure: str, seed: int = 0, steps: int = STEPS
) -> tuple[Tensor, float, float]:
    """KL of each unit by step; KL and ELBO on the test digits at the end."""
    torch.set_num_threads(1)  # the networks are small: more threads only wait for one another
    keep, warm_up, free_bits = CURES[cure]
    train, _, test, _ = weights.digits()
    model = Peeking(noise, keep, seed).double()
    model.log_noise_var.requires_grad_(not frozen)
    history = vae.train(
        model, train, steps, 1.0, warm_up, free_bits, rate=2e-2, generator=chance(10 * seed)
    )
    model.eval()
    with torch.no_grad():
        reconstruction, kl = model.terms(test.repeat(10, 1), chance(3))
    return history, float(kl.sum(-1).mean()), float(reconstruction.mean() - kl.sum(-1).mean())


EVERY = 10
SELDOM = 20


def units(cure: str) -> style.Table:
    """KL of each of eight units by step, mean of `SELDOM` steps; the noise is trained from 0.5."""
    history = collapse_run(0.5, False, cure, steps=LONG)[0].reshape(-1, SELDOM, 8).mean(1)
    table: style.Table = {"step": [SELDOM * (i + 1.0) for i in range(len(history))]}
    return table | {f"unit{i + 1}": history[:, i].tolist() for i in range(8)}


def draw_units(title: str) -> Callable[[style.Table, style.Axes], None]:
    """Eight thin lines."""

    def draw(table: style.Table, axes: style.Axes) -> None:
        for i in range(8):
            color, dash = style.SERIES[i % 6], DASHES[i // 2]
            axes.plot(table["step"], table[f"unit{i + 1}"], dash, color=color, lw=1.4)
        axes.set_title(title)
        axes.set_ylim(0, 3)
        axes.set_xlabel("training step")
        axes.set_ylabel("KL of each unit, nats")

    return draw


NAMES = {
    "none": "no cure",
    "warm_up": "warm-up",
    "free_bits": "free bits",
    "weaker": "weaker decoder",
}


def strong() -> style.Table:
    """Total KL by step where collapse is the optimum: the noise is fixed at 0.3."""
    table: style.Table = {}
    for cure in CURES:
        history = collapse_run(0.3, True, cure)[0].sum(1).reshape(-1, EVERY).mean(1)
        table.setdefault("step", [EVERY * (i + 1.0) for i in range(len(history))])
        table[cure] = history.tolist()
    return table


def draw_strong(table: style.Table, axes: style.Axes) -> None:
    """Four lines, labelled at their ends."""
    for i, cure in enumerate(CURES):
        axes.plot(table["step"], table[cure], DASHES[i], color=style.SERIES[i])
    places = {
        "none": (112, 1.5),
        "warm_up": (88, 8.2),
        "free_bits": (300, 2.3),
        "weaker": (300, 5.4),
    }
    for i, (cure, at) in enumerate(places.items()):
        align = "left" if cure == "warm_up" else "right"
        style.label_line(axes, *at, NAMES[cure], color=style.SERIES[i], dx=0, dy=0, ha=align)
    axes.set_ylim(0, 23)
    axes.set_title("noise fixed at 0.3")
    axes.set_xlabel("training step")
    axes.set_ylabel("KL of all units, nats")


SETTINGS = ((0.5, False), (0.3, True))
SEEDS = 3


def price() -> style.Table:
    """KL and ELBO on the test digits after training, for both settings, each cure and number of steps.

    The mean over SEEDS runs, and their standard deviation.
    """
    names = ("noise_trained", "cure", "steps", "kl", "elbo", "kl_spread", "elbo_spread")
    table: style.Table = {name: [] for name in names}
    for noise, frozen in SETTINGS:
        for steps, cure in [(STEPS, cure) for cure in CURES] + [(LONG, cure) for cure in AGAIN]:
            runs = torch.tensor(
                [collapse_run(noise, frozen, cure, seed, steps)[1:] for seed in range(SEEDS)]
            )
            i = list(CURES).index(cure)
            spread = runs.std(0).tolist()
            row = (float(not frozen), float(i), float(steps), *runs.mean(0).tolist(), *spread)
            for name, value in zip(names, row, strict=True):
                table[name].append(value)
    return table


def draw_price(table: style.Table, axes: style.Axes) -> None:
    """Two groups of marks, a line from `no cure` to each cure; hollow after many steps."""
    rows = list(zip(*table.values(), strict=True))
    for trained in (1.0, 0.0):
        for steps in (STEPS, LONG):
            group = [
                (*row[1:2], *row[3:5]) for row in rows if row[0] == trained and row[2] == steps
            ]
            for cure, kl, elbo in group:
                i = int(cure)
                axes.plot([group[0][1], kl], [group[0][2], elbo], color=style.MUTED, lw=0.8)
                fill = style.SERIES[i] if steps == STEPS else "none"
                axes.plot(kl, elbo, MARKERS[i], color=style.SERIES[i], ms=7, mfc=fill)
                if trained and steps == STEPS:
                    style.label_line(
                        axes, kl, elbo, list(NAMES.values())[i], color=style.SERIES[i],
                        dx=(-7, -7, 7, -4)[i], dy=(-4, 4, -8, -15)[i],
                        ha="left" if i == 2 else "right",
                    )  # fmt: skip
    axes.set_xlim(-0.8, 17)
    style.label_line(axes, 5.6, 7.5, "noise fixed at 0.3", dx=0, dy=0)
    style.label_line(axes, 16.8, 29.5, "noise trained, 1,500 steps", dx=0, dy=0, ha="right")
    axes.set_ylim(0, 32)
    axes.set_xlabel("KL on test digits, nats")
    axes.set_ylabel("ELBO on test digits, nats")


# What beta trades.


def tradeoff() -> style.Table:
    """Reconstruction term and KL on the test digits by beta; linear is 1 for the linear VAE."""
    train, _, test, _ = weights.digits()
    mean = train.mean(0)
    x, _ = centred()
    values, vectors = torch.linalg.eigh(torch.cov(x.T, correction=0))
    table: style.Table = {name: [] for name in ("beta", "kl", "reconstruction", "linear")}

    def add(*row: float) -> None:
        for name, value in zip(table, row, strict=True):
            table[name].append(value)

    for beta, model in weights.load().items():
        likelihood, kl = weights.measure(model, test)
        add(beta, kl, likelihood, 0.0)
    noise_var = weights.NOISE**2
    for beta in weights.BETAS:
        spread = (values[-2:] - beta * noise_var).clamp(min=0)
        m = spread + beta * noise_var
        codes = (test - mean) @ vectors[:, -2:] * spread.sqrt() / m
        log_var = (beta * noise_var / m).log().expand_as(codes)
        rest = test - mean - (codes * spread.sqrt()) @ vectors[:, -2:].T
        squared = (rest**2).sum(-1) + (spread * log_var.exp()).sum(-1)
        reconstruction = vae.log_normal(squared, torch.tensor(noise_var).log(), 64).mean()
        add(beta, float(vae.kl_to_prior(codes, log_var).sum(-1).mean()), float(reconstruction), 1.0)
    return table


def draw_tradeoff(table: style.Table, axes: style.Axes) -> None:
    """Two curves, a label for each beta on the upper one, and lines of equal ELBO."""
    for elbo in (-10, 0, 10):
        axes.plot([0, 10], [elbo, elbo + 10], color=style.GRID, lw=0.8)
        style.label_line(
            axes, 9.7, elbo + 9.7, f"ELBO {elbo}", color=style.MUTED, dx=0, dy=-15, ha="right"
        )
    rows = list(zip(*table.values(), strict=True))
    for kind, label, marker, color in ((0, "VAE", "o", 0), (1, "linear VAE", "s", 1)):
        points = [(kl, r) for _, kl, r, linear_one in rows if linear_one == kind]
        axes.plot(*zip(*points, strict=True), f"-{marker}", color=style.SERIES[color])
        at = points[3] if kind == 0 else points[0]
        style.label_line(axes, *at, label, color=style.SERIES[color], dx=-6, dy=8, ha="center")
    for beta, kl, reconstruction, kind in rows:
        if not kind:
            offset = (5, -12) if beta > 1 else (-4, 7)
            style.label_line(axes, kl, reconstruction, f"{beta:g}", dx=offset[0], dy=offset[1])
    axes.set_xlim(-0.4, 9.8)
    axes.set_ylim(-18, 24)
    axes.set_xlabel("KL, nats (what a code costs)")
    axes.set_ylabel("reconstruction term, nats")


FIGURES = [
    recipe("models/vae/thresholds", thresholds, draw_thresholds, loose=True),
    recipe("models/vae/collapse", lambda: units("none"), draw_units("no cure"), loose=True),
    recipe("models/vae/cure", lambda: units("warm_up"), draw_units("KL warm-up"), loose=True),
    recipe("models/vae/strong", strong, draw_strong, loose=True),
    recipe("models/vae/price", price, draw_price, loose=True),
    recipe("models/vae/tradeoff", tradeoff, draw_tradeoff),
]

if __name__ == "__main__":
    style.main(FIGURES)
