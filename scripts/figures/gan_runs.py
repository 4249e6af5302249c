"""Runs of which docs/models/gan.md tells the end in words: critics, other rates, hasty games."""

import math

import torch

from docs.models.gan import gan, practice
from scripts.figures import gan as figures
from scripts.figures import numbers, style

CRITICS = {
    "clipped": (0.1, False),
    "penalty": (math.inf, False),
    "clipped, papers' rates": (0.01, True),
    "penalty, papers' rates": (math.inf, True),
}
"""Bound of the weights, and whether rates, optimisers and batches are those of the papers."""

GAMES = {
    "saturating, balanced": (1, "saturating", (1e-2, 1e-2)),
    "hasty, slower generator": (5, "non-saturating", (2e-3, 1e-2)),
    "hasty, faster discriminator": (5, "non-saturating", (1e-2, 5e-2)),
}
"""Steps of the generator in a round, loss, and the rates of G and D."""

PROGRAM = {
    "non-saturating": ("non-saturating", 0.0),
    "penalty 0.1": ("non-saturating", 0.1),
    "wasserstein": ("wasserstein", 0.3),
}
"""The games that the program plays, each with loss and weight of its penalty."""


def end_of_critics(seed: int, clip: float, paper: bool) -> tuple[int, float]:
    """Modes and share of good samples after 400 rounds of a Wasserstein GAN on the ring, five critic steps each."""
    draw, n = torch.Generator().manual_seed(seed), 64 if paper else 128
    nets = gan.network((2, 32, 32, 2), draw), gan.network((2, 32, 32, 1), draw)
    players: list[torch.optim.Optimizer] = []
    for net in reversed(nets):
        if paper and clip < 1:
            players.append(torch.optim.RMSprop(net.parameters(), lr=5e-5))
        else:
            rate, momentum = (1e-4, 0.0) if paper else (1e-2, 0.5)
            players.append(torch.optim.Adam(net.parameters(), lr=rate, betas=(momentum, 0.9)))
    for _ in range(figures.ROUNDS):
        batches = [
            (
                gan.sample_ring(n, draw),
                gan.noise(n, draw),
                torch.rand(n, 1, generator=draw, dtype=torch.float64),
            )
            for _ in range(5)
        ]
        practice.wgan(*nets, players, batches, gan.noise(n, draw), clip)
    return gan.modes_reached(nets[0](gan.noise(500, torch.Generator().manual_seed(1))).detach())


def critics() -> style.Table:
    """Modes and share of good samples of each way to bound a critic, a row a seed."""
    torch.set_num_threads(1)
    table: style.Table = {"seed": [0.0, 1.0, 2.0, 3.0]}
    for name, (clip, paper) in CRITICS.items():
        ends = [end_of_critics(int(seed), clip, paper) for seed in table["seed"]]
        table[f"modes, {name}"] = [float(modes) for modes, _ in ends]
        table[f"share, {name}"] = [share for _, share in ends]
    return table


def games() -> style.Table:
    """Modes and share of good samples at the end of games that differ from the figure's in one thing, a row a run."""
    torch.set_num_threads(1)
    table: style.Table = {"run": [float(run) for run in range(figures.COPIES)]}
    for name, (ratio, kind, rates) in GAMES.items():
        reached, good = figures.play(0, ratio, figures.ROUNDS, kind, rates)
        table[f"modes, {name}"] = reached[-1]
        table[f"share, {name}"] = good[-1]
    return table


def hasty() -> style.Table:
    """Modes and share of good samples of the program's games with five steps of the generator, and its seed."""
    torch.set_num_threads(1)
    table: style.Table = {"seed": [2.0]}
    for name, (kind, gamma) in PROGRAM.items():
        generator = torch.Generator().manual_seed(2)
        *_, g = gan.train(kind, figures.ROUNDS, generator, gamma, 5)
        modes, share = gan.modes_reached(g(gan.noise(2000, generator)).detach())
        table[f"modes, {name}"], table[f"share, {name}"] = [float(modes)], [share]
    return table


# A game magnifies rounding errors, which differ from one processor to the next.
CHAOS = {"modes": 4.0, "share": 0.3}
FIGURES = [
    numbers.Numbers("models/gan/critics", critics, absolute=CHAOS),
    numbers.Numbers("models/gan/games", games, absolute=CHAOS),
    numbers.Numbers("models/gan/hasty", hasty, absolute=CHAOS),
]

if __name__ == "__main__":
    style.main(FIGURES)
