"""The figures of docs/models/vae.md on collapse and its cures, and on what beta trades."""

import math
from collections.abc import Callable, Sequence
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
TRAINED_BETAS = (3.0, 8.0, 14.0)
LINEAR_STEPS, LINEAR_RATE = 1000, 4e-2


def centred() -> tuple[Tensor, Tensor]:
    """The training digits around their mean, and the eigenvalues of their covariance."""
    x = weights.digits()[0]
    x = x - x.mean(0)
    return x, torch.linalg.eigvalsh(torch.cov(x.T, correction=0)).flip(0)


def thresholds() -> style.Table:
    """KL of each unit of a linear beta-VAE on digits: in closed form, or trained."""
    _, values = centred()
    noise_var = weights.NOISE**2
    names = [f"unit{i + 1}" for i in range(UNITS)]
    table: style.Table = {name: [] for name in ("beta", "trained", *names)}
    feet = [v / noise_var for v in values[:UNITS].tolist()]  # where a line has its kink
    for beta in sorted([20 ** (i / 24) for i in range(25)] + feet):
        rates = vae.linear_rates(values[:UNITS], noise_var, beta)
        for name, value in zip(table, [beta, 0.0, *rates.tolist()], strict=True):
            table[name].append(value)
    for beta, found in zip(TRAINED_BETAS, linear_runs(), strict=True):
        ranked = found.sort(-1, descending=True).values
        for name, value in zip(table, [beta, 1.0, *ranked.mean(0).tolist()], strict=True):
            table[name].append(value)
    return table


def linear_runs() -> Tensor:
    """KL of each unit of trained linear VAEs, (betas, seeds, units): beta as a noise variance, eq-vae-beta."""
    torch.set_num_threads(1)
    x = centred()[0].float()
    members = [
        vae.VAE((64, UNITS), weights.NOISE * math.sqrt(beta), chance(seed))
        for beta in TRAINED_BETAS
        for seed in range(SEEDS)
    ]
    model = Together(members, [False] * len(members))
    vae.train(model, x, LINEAR_STEPS, rate=LINEAR_RATE, generator=chance(1))
    with torch.no_grad():
        rates = vae.kl_to_prior(*model.encode(x)).mean(1)
    return rates.reshape(len(TRAINED_BETAS), SEEDS, UNITS)


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


class Layers(torch.nn.Module):
    """The networks of several VAEs as one: a batch (B, D) or (members, B, D) to (members, B, Z)."""

    def __init__(self, networks: Sequence[torch.nn.Sequential]) -> None:
        super().__init__()
        self.names = [str(i) for i in range(0, len(networks[0]), 2)]
        for name in self.names:
            layer = torch.nn.Module()
            for kind in ("weight", "bias"):
                parts = [network.get_parameter(f"{name}.{kind}").detach() for network in networks]
                stack = torch.stack(parts)
                stack = stack.mT.contiguous() if kind == "weight" else stack[:, None]
                layer.register_parameter(kind, torch.nn.Parameter(stack))
            self.add_module(name, layer)

    def forward(self, x: Tensor) -> Tensor:
        """All networks on the same batch, or each on its own."""
        for name in self.names:
            weight = self.get_parameter(f"{name}.weight")
            x = x if name == "0" else torch.tanh(x)
            x = torch.baddbmm(
                self.get_parameter(f"{name}.bias"), x.expand(len(weight), -1, -1), weight
            )
        return x


class Together(vae.VAE):
    """Several VAEs that are trained at once by the page's `train`, on the same batches.

    The loss is the sum of theirs and Adam goes by each weight alone, so that none feels the others.
    """

    def __init__(self, members: Sequence[vae.VAE], trained_noise: Sequence[bool]) -> None:
        torch.nn.Module.__init__(self)
        self.encoder = Layers([member.encoder for member in members])  # type: ignore[assignment]
        self.decoder = Layers([member.decoder for member in members])  # type: ignore[assignment]
        start = torch.stack([member.log_noise_var.detach() for member in members])
        free = torch.tensor(trained_noise)[:, None]
        self.log_noise_var = torch.nn.Parameter(start[:, None])
        self.log_noise_var.register_hook(lambda slope: slope * free)  # type: ignore[no-untyped-call]

    def each(self, x: Tensor, generator: vae.Chance = None) -> tuple[Tensor, Tensor]:
        """Reconstruction terms (members, B) and KL (members, B, Z)."""
        return super().terms(x, generator)

    def terms(self, x: Tensor, generator: vae.Chance = None) -> tuple[Tensor, Tensor]:
        """Sum of the reconstruction terms, (B,), and the KL of all units of all members, (B, members Z)."""
        reconstruction, kl = self.each(x, generator)
        return reconstruction.sum(0), kl.transpose(0, 1).flatten(1)


HIDDEN = 48


class Peeking(Together):
    """Decoders that also see all earlier pixels through a linear map, each kept with probability keep."""

    def __init__(
        self, rows: Sequence[tuple[float, bool]], keep: float, seeds: Sequence[int]
    ) -> None:
        """Rows: the noise to begin with, and whether it is fixed; each with all seeds."""
        members = [
            vae.VAE((64, HIDDEN, 8), noise, chance(10 * seed))
            for noise, _ in rows
            for seed in seeds
        ]
        super().__init__(members, [not fixed for _, fixed in rows for _ in seeds])
        self.peek = torch.nn.Parameter(torch.zeros(len(members), 64, 64))
        self.keep, self.generator = keep, chance(2)

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """log p(x|z) as the product of p(pixel | earlier pixels, z)."""
        seen = x.expand(len(self.peek), -1, -1)
        if self.training and self.keep < 1:
            seen = seen * (torch.rand(seen.shape, generator=self.generator) < self.keep)
        return super().log_likelihood(x - seen @ torch.tril(self.peek, -1).mT, z)


STEPS = 300
LONG = 700
"""Steps after which the runs are looked at: few, and as many as the optimum needs."""
CURES: dict[str, tuple[float, int, float]] = {
    "none": (1.0, 0, 0.0),
    "warm_up": (1.0, 150, 0.0),
    "free_bits": (1.0, 0, 0.5),
    "weaker": (0.5, 0, 0.0),
}
"""By name: share of pixels that the decoder may see, warm-up steps, free bits a unit."""
TRAINED, FIXED = (0.5, False), (0.3, True)
"""The noise to begin with, and whether it is fixed."""
SETTINGS = (TRAINED, FIXED)
SEEDS = 3


def runs(steps: int, cure: str) -> tuple[tuple[float, bool], ...]:
    """The settings in which a cure is looked at after that many steps."""
    if steps == STEPS:
        return (TRAINED,)
    return SETTINGS if cure in ("none", "warm_up") else (FIXED,)


@cache
def collapse_runs(cure: str, steps: int) -> dict[tuple[float, bool], tuple[Tensor, Tensor, Tensor]]:
    """By setting: KL of each unit by step (steps, seeds, 8); KL and ELBO on the test digits (seeds,)."""
    torch.set_num_threads(1)  # the networks are small: more threads only wait for one another
    keep, warm_up, free_bits = CURES[cure]
    train, _, test, _ = weights.digits()
    rows = runs(steps, cure)
    model = Peeking(rows, keep, range(SEEDS))
    history = vae.train(
        model, train.float(), steps, 1.0, warm_up, free_bits, rate=2e-2, generator=chance(1)
    )
    model.eval()
    with torch.no_grad():
        reconstruction, kl = model.each(test.float().repeat(10, 1), chance(3))
    rate = kl.sum(-1).mean(1)
    parts = (history.reshape(steps, -1, 8), rate, reconstruction.mean(1) - rate)
    at = [slice(i * SEEDS, (i + 1) * SEEDS) for i in range(len(rows))]
    return {
        row: (parts[0][:, part], parts[1][part], parts[2][part])
        for row, part in zip(rows, at, strict=True)
    }


EVERY = 20


def units(cure: str) -> style.Table:
    """KL of each of eight units by step, mean of `EVERY` steps; the noise is trained from 0.5, seed 0."""
    history = collapse_runs(cure, LONG)[TRAINED][0][:, 0].reshape(-1, EVERY, 8).mean(1)
    table: style.Table = {"step": [EVERY * (i + 1.0) for i in range(len(history))]}
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
    """Total KL by step where collapse is the optimum, mean of three seeds: the noise is fixed at 0.3."""
    table: style.Table = {}
    for cure in CURES:
        history = collapse_runs(cure, LONG)[FIXED][0].sum(-1).mean(1).reshape(-1, EVERY).mean(1)
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
        "free_bits": (700, 2.2),
        "weaker": (700, 5.6),
    }
    for i, (cure, at) in enumerate(places.items()):
        align = "left" if cure == "warm_up" else "right"
        style.label_line(axes, *at, NAMES[cure], color=style.SERIES[i], dx=0, dy=0, ha=align)
    axes.set_ylim(0, 23)
    axes.set_title("noise fixed at 0.3")
    axes.set_xlabel("training step")
    axes.set_ylabel("KL of all units, nats")


def price() -> style.Table:
    """KL and ELBO on the test digits after training, for each setting, number of steps and cure.

    The mean over SEEDS runs, and their standard deviation.
    """
    names = ("noise_trained", "cure", "steps", "kl", "elbo", "kl_spread", "elbo_spread")
    table: style.Table = {name: [] for name in names}
    for setting in SETTINGS:
        for steps in (STEPS, LONG):
            for i, cure in enumerate(CURES):
                if setting not in runs(steps, cure):
                    continue
                found = torch.stack(collapse_runs(cure, steps)[setting][1:])
                means, spread = found.mean(1).tolist(), found.std(1).tolist()
                row = (float(not setting[1]), float(i), float(steps), *means, *spread)
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
    style.label_line(axes, 16.8, 29.5, f"noise trained, {LONG} steps", dx=0, dy=0, ha="right")
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
