"""The figures of docs/models/gan.md: slopes, distances, the Dirac-GAN, collapsed modes."""

import copy
import itertools
import math

import numpy as np
import torch
from torch import Tensor, nn

from docs.models.gan import gan
from scripts.figures import style

ROUNDS = 400
EVERY = 20
COPIES = 8
DATA_SHARE = 1 - math.exp(-4.5)  # of normal points in the plane, within three standard deviations
RUNS = {
    "balanced": (0.0, 1),
    "balanced with penalty": (0.1, 1),
    "hasty": (0.0, 5),
    "hasty with penalty": (0.1, 5),
}


def slopes() -> style.Table:
    """The size of the slope of each generator loss by the logit, against D(G(z))."""
    believed = torch.linspace(0.01, 0.99, 50, dtype=torch.float64)
    table: style.Table = {"believed": believed.tolist()}
    for kind in gan.LOSSES[:2]:
        a = torch.logit(believed).requires_grad_()
        (slope,) = torch.autograd.grad(gan.generator_loss(a, kind) * len(a), a)
        table[kind] = slope.tolist()
    return table


def draw_slopes(table: style.Table, axes: style.Axes) -> None:
    """One line for each loss, labelled where it is far from the other."""
    x = table["believed"]
    for color, kind, mark, down in zip(
        style.SERIES, gan.LOSSES[:2], ("o", "s"), (8, -12), strict=False
    ):
        axes.plot(x, table[kind], color=color, marker=mark, markevery=12)
        style.label_line(axes, x[12], table[kind][12], kind, color=color, dx=8, dy=down)
    axes.set_ylim(-1.12, 0.08)
    axes.set_xlabel("D(G(z)): how real the sample seems")
    axes.set_title("Slope of the loss by the logit")


def apart() -> style.Table:
    """Jensen-Shannon and Wasserstein between the example's data and its samples at theta and theta + 1."""
    steps = range(-25, 6)  # twentieths
    shannon, transport = [], []
    for step in steps:
        p, q = torch.zeros(2, 60, dtype=torch.float64)
        p[[30, 50]] = 0.5
        q[[30 + step, 50 + step]] = 0.5
        shannon.append(float(gan.jensen_shannon(p, q)))
        data = gan.PAIR[0]
        transport.append(float(gan.wasserstein(data, data + step / 20)))
    return {
        "theta": [step / 20 for step in steps],
        "jensen_shannon": shannon,
        "wasserstein": transport,
    }


def draw_apart(table: style.Table, axes: style.Axes) -> None:
    """The gaps in the line of one divergence and the straight line of the other."""
    x, jump, top = table["theta"], table["jensen_shannon"], math.log(2)
    met = [i for i, value in enumerate(jump) if value < 0.69]
    color = style.SERIES[0]
    for left, right in itertools.pairwise([0, *met, len(x) - 1]):
        axes.plot([x[left], x[right]], [top, top], color=color)
    axes.plot(
        [x[i] for i in met], [top for _ in met], "o", color=color, mfc=style.PAPER, markersize=7
    )
    axes.plot([x[i] for i in met], [jump[i] for i in met], "o", color=color, markersize=7, zorder=4)
    axes.plot(x, table["wasserstein"], "--", marker="s", markevery=(5, 5), color=style.SERIES[1])
    style.label_line(axes, -0.95, jump[met[0]], "Jensen–Shannon", color=color, dy=-2)
    style.label_line(axes, -0.75, 0.75, "Wasserstein", color=style.SERIES[1], dx=8, dy=12)
    axes.set_ylim(-0.08, 1.38)
    axes.set_xlabel("θ: the samples are θ and θ + 1")
    axes.set_title("From the data 0 and 1: nats, and length")


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
    """Three paths in the plane of both players, with arrows for the direction of time."""
    names = list(table)
    labels = ("saturating", "non-saturating", "with penalty")
    places = ((-1.95, 2.05), (-0.55, -1.25), (-0.5, 0.16))
    for number, (label, place) in enumerate(zip(labels, places, strict=True)):
        color = style.SERIES[number]
        x, y = table[names[2 * number]], table[names[2 * number + 1]]
        axes.plot(x, y, ("-", "--", "-")[number], color=color, linewidth=(1.2, 1.2, 2.4)[number])
        axes.plot(x[-1], y[-1], ("o", "s", "^")[number], color=color, markersize=7)
        for at in ((60, 180), (25, 90), (10,))[number]:
            arrow = {"arrowstyle": "-|>", "color": color, "lw": 0, "mutation_scale": 14}
            axes.annotate("", (x[at + 2], y[at + 2]), (x[at], y[at]), arrowprops=arrow)
        axes.annotate(label, place, color=color, fontsize=11)
    axes.plot(1, 1, "x", color=style.INK, markersize=8)
    axes.annotate("start", (1, 1), (-6, 7), textcoords="offset points", ha="right", fontsize=11)
    axes.set_aspect("equal")
    axes.set_xlim(-2.3, 2.3)
    axes.set_ylim(-2.3, 2.3)
    axes.set_xlabel("θ: where the sample lies")
    axes.set_title("Three Dirac-GANs from one start")
    axes.set_ylabel("ψ: slope of the discriminator")


class Copies(nn.Module):
    """Networks of one shape side by side; the rows of the input go to them in equal parts."""

    def __init__(self, sizes: tuple[int, ...], generator: torch.Generator) -> None:
        """As many networks as COPIES, each made by the page's code."""
        super().__init__()
        made = [list(gan.network(sizes, generator))[::2] for _ in range(COPIES)]
        pairs = [list(layers) for layers in zip(*made, strict=True)]
        self.weights = nn.ParameterList(stack(layers, "weight").mT for layers in pairs)
        self.biases = nn.ParameterList(stack(layers, "bias")[:, None] for layers in pairs)

    def forward(self, x: Tensor) -> Tensor:
        """From (COPIES * N, in) to (COPIES * N, out)."""
        h = x.view(COPIES, -1, x.shape[-1])
        for number, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            h = torch.baddbmm(bias, h, weight)
            if number < len(self.weights) - 1:
                h = nn.functional.leaky_relu(h, 0.2)
        return h.reshape(len(x), -1)


def stack(layers: list[nn.Module], name: str) -> Tensor:
    """The weights or the biases of the same layer of all copies."""
    return torch.stack([layer.get_parameter(name).detach() for layer in layers])


def play(
    gamma: float,
    ratio: int,
    rounds: int,
    kind: str = "non-saturating",
    rates: tuple[float, float] = (1e-2, 1e-2),
) -> tuple[list[list[float]], list[list[float]]]:
    """Modes reached, and the share of good samples, of all copies after every EVERY rounds.

    The game is that of `gan.train`. A sum over the copies of the mean loss of each has the same
    gradients as each copy alone, and Adam treats every number by itself. The rates are of G and of D.
    """
    generator = torch.Generator().manual_seed(0)
    g, d = Copies((2, 32, 32, 2), generator), Copies((2, 32, 32, 1), generator)
    players = [
        torch.optim.Adam(net.parameters(), lr=rate, betas=(0.5, 0.9), fused=True)
        for net, rate in zip((g, d), rates, strict=True)
    ]
    n = 128 * COPIES
    reached, good = [], []
    for number in range(1, rounds + 1):
        real, z = gan.sample_ring(n, generator), gan.noise(n, generator)
        d.requires_grad_(True)
        gan.descend(COPIES * gan.loss_of_discriminator(g, d, real, z, kind, gamma), players[1])
        d.requires_grad_(False)  # the generator's steps need no slopes of these weights
        for _ in range(ratio):
            fake = d(g(gan.noise(n, generator)))[:, 0]
            gan.descend(COPIES * gan.generator_loss(fake, kind), players[0])
        if number % EVERY == 0:
            fixed = torch.Generator().manual_seed(1)
            x = g(gan.noise(500 * COPIES, fixed)).detach().view(COPIES, 500, 2)
            counts, shares = zip(*map(gan.modes_reached, x), strict=True)
            reached.append([float(count) for count in counts])
            good.append(list(shares))
    return reached, good


def training() -> style.Table:
    """Modes reached and the share of samples near one, mean and spread over runs of four games."""
    torch.set_num_threads(1)
    table: style.Table = {"round": [float(EVERY * (i + 1)) for i in range(ROUNDS // EVERY)]}
    for name, (gamma, ratio) in RUNS.items():
        played = play(gamma, ratio, ROUNDS)
        table[f"runs above three, {name}"] = [float(sum(n > 3 for n in row)) for row in played[0]]
        for what, runs in zip(("modes", "share"), played, strict=True):
            table[f"mean {what}, {name}"] = [float(np.mean(row)) for row in runs]
            table[f"spread {what}, {name}"] = [float(np.std(row, ddof=1)) for row in runs]
    return table


def draw_training(table: style.Table, panels: list[style.Axes]) -> None:
    """The mean number of modes by round, and below it how many of the samples are near one."""
    marks, lines = ("o", "s", "^", "v"), ("-", "-", "--", "--")
    for axes, what in zip(panels, ("modes", "share"), strict=True):
        for number, name in enumerate(RUNS):
            axes.plot(
                table["round"],
                table[f"mean {what}, {name}"],
                lines[number],
                marker=marks[number],
                markevery=3,
                color=style.SERIES[number],
                label=name,
            )
    top, bottom = panels
    top.set_ylim(-0.3, 10.5)
    top.set_yticks([0, 2, 4, 6, 8])
    top.legend(loc="upper left", ncols=2, borderaxespad=0)
    top.set_title(f"Modes reached, of 8: mean of {COPIES} runs")
    bottom.set_ylim(-0.04, 1.06)
    bottom.axhline(DATA_SHARE, color=style.MUTED, linestyle=":")
    style.label_line(bottom, 20, DATA_SHARE, "the data", dy=-14)
    bottom.set_xlabel("rounds")
    bottom.set_title("Share of the samples near a mode")


LONG = 2000
AVERAGED = 0.99
"""How much of the moving average of the generator's weights is kept in a round."""


def long_run(falling: bool) -> tuple[list[list[float]], list[list[float]]]:
    """Shares of good samples of all copies after every 100 rounds, of the last weights and of their average.

    The game is the balanced one without penalty. With `falling` the learning rate of both players falls
    to zero in a straight line.
    """
    generator = torch.Generator().manual_seed(0)
    g, d = Copies((2, 32, 32, 2), generator), Copies((2, 32, 32, 1), generator)
    average = copy.deepcopy(g)
    players = [
        torch.optim.Adam(net.parameters(), lr=1e-2, betas=(0.5, 0.9), fused=True) for net in (g, d)
    ]
    n, kind = 128 * COPIES, "non-saturating"
    shares: tuple[list[list[float]], list[list[float]]] = [], []
    for number in range(1, LONG + 1):
        for player in players:
            player.param_groups[0]["lr"] = 1e-2 * (1 - (number - 1) / LONG if falling else 1)
        real, z = gan.sample_ring(n, generator), gan.noise(n, generator)
        d.requires_grad_(True)
        gan.descend(COPIES * gan.loss_of_discriminator(g, d, real, z, kind, 0), players[1])
        d.requires_grad_(False)
        gan.descend(
            COPIES * gan.generator_loss(d(g(gan.noise(n, generator)))[:, 0], kind), players[0]
        )
        with torch.no_grad():
            for mean, weight in zip(average.parameters(), g.parameters(), strict=True):
                mean.lerp_(weight, 1 - AVERAGED)
        if number % 100 == 0:
            z = gan.noise(500 * COPIES, torch.Generator().manual_seed(1))
            for net, told in zip((g, average), shares, strict=True):
                x = net(z).detach().view(COPIES, 500, 2)
                told.append([gan.modes_reached(samples)[1] for samples in x])
    return shares


def cures() -> style.Table:
    """The share of samples near a mode in long games: plain, with averaged weights, with a falling rate."""
    torch.set_num_threads(1)
    table: style.Table = {"round": [float(100 * (i + 1)) for i in range(LONG // 100)]}
    plain, averaged = long_run(falling=False)
    falling, _ = long_run(falling=True)
    for name, runs in (("plain", plain), ("averaged", averaged), ("falling", falling)):
        table[f"mean share, {name}"] = [float(np.mean(row)) for row in runs]
        table[f"spread share, {name}"] = [float(np.std(row, ddof=1)) for row in runs]
    return table


def draw_cures(table: style.Table, axes: style.Axes) -> None:
    """Three rising lines below that of the data."""
    names = (("plain", "as it is"), ("averaged", "averaged weights"), ("falling", "falling rate"))
    for number, (name, label) in enumerate(names):
        axes.plot(
            table["round"],
            table[f"mean share, {name}"],
            ("-", "--", "-")[number],
            marker=("o", "s", "^")[number],
            markevery=4,
            color=style.SERIES[number],
            label=label,
        )
    axes.axhline(DATA_SHARE, color=style.MUTED, linestyle=":")
    style.label_line(axes, 40, DATA_SHARE, "the data", dy=-14)
    axes.set_ylim(0, 1.06)
    axes.legend(loc="lower right")
    axes.set_xlabel("rounds")
    axes.set_title(f"Share near a mode: mean of {COPIES} runs")


FIGURES = [
    style.Recipe("models/gan/slopes", slopes, draw_slopes),
    style.Recipe("models/gan/apart", apart, draw_apart),
    style.Recipe("models/gan/cures", cures, draw_cures, absolute={"share": 0.12}),
    style.Recipe("models/gan/dirac", dirac, draw_dirac, size=(360, 360)),
    style.Recipe(
        "models/gan/modes",
        training,
        draw_training,
        size=(360, 440),
        grid=(2, 1),
        absolute={"modes": 1.5, "share": 0.15, "runs": 4},  # a game magnifies rounding errors
    ),
]

if __name__ == "__main__":
    style.main(FIGURES)
