"""Toys whose answers are known: sparse autoencoders on planted features, and probes on a network with a planted spare.

S  networks or autoencoders side by side, one a seed     M  features that are planted     E  numbers of a state
F  units of an autoencoder                               B  states in a batch
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional


class Draws:
    """Random numbers from one generator a seed, so that a seed gives the same whoever is beside it."""

    def __init__(self, seeds: int, first: int = 0) -> None:
        self.all = [torch.Generator().manual_seed(first + seed) for seed in range(seeds)]

    def normal(self, *shape: int) -> Tensor:
        """Standard normal numbers: to (S, ...). Source: definition."""
        return torch.stack([torch.randn(*shape, generator=g) for g in self.all])

    def uniform(self, *shape: int) -> Tensor:
        """Uniform numbers from 0 to 1: to (S, ...). Source: definition."""
        return torch.stack([torch.rand(*shape, generator=g) for g in self.all])


def planted(draws: Draws, features: int, width: int) -> Tensor:
    """Random directions of length 1 that are to be found: to (S, M, E). Source: elhage2022toy."""
    return functional.normalize(draws.normal(features, width), dim=-1)


def sparse(draws: Draws, batch: int, features: int, chance: float) -> Tensor:
    """How strong each feature is: on with a chance, then from 0.5 to 1.5: to (S, B, M). Source: definition."""
    both = draws.uniform(2, batch, features)
    return (both[:, 0] < chance) * (both[:, 1] + 0.5)


class Coder(NamedTuple):
    """A sparse autoencoder: read (S, E, F), bias (S, 1, F), directions (S, F, E) of length 1, and k or 0."""

    read: Tensor
    bias: Tensor
    directions: Tensor
    k: int

    # --8<-- [start:encode]
    def encode(self, x: Tensor) -> Tensor:
        """Activations: x (S, B, E) to (S, B, F); with k, all but the k largest are 0. Source: gao2024scaling."""
        z = torch.baddbmm(self.bias, x, self.read).relu()
        if self.k:
            kept = z.topk(self.k, -1)
            z = torch.zeros_like(z).scatter(-1, kept.indices, kept.values)
        return z
        # --8<-- [end:encode]

    def decode(self, z: Tensor) -> Tensor:
        """The state rebuilt: z (S, B, F) to (S, B, E). Source: bricken2023monosemanticity."""
        return z @ self.directions


# --8<-- [start:train]
def train(
    codes: Tensor, draws: Draws, units: int, chance: float, price: float = 0.0, k: int = 0,
    steps: int = 1000, batch: int = 128, rate: float = 0.01,
) -> Coder:  # fmt: skip
    """Adam on fresh states: codes (S, M, E). Source: this page, eq-interpretability-sae."""
    start = functional.normalize(draws.normal(units, codes.shape[-1]), dim=-1)
    read = start.mT.clone().requires_grad_()
    bias = torch.zeros(len(codes), 1, units, requires_grad=True)
    directions = start.clone().requires_grad_()
    optimiser = torch.optim.Adam([read, bias, directions], rate)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.05, steps)
    pool = sparse(draws, 64 * batch, codes.shape[1], chance) @ codes
    for step in range(steps):
        first = step % 64 * batch
        x = pool[:, first : first + batch]
        coder = Coder(read, bias, functional.normalize(directions, dim=-1), k)
        z = coder.encode(x)
        off = (coder.decode(z) - x).square().sum(-1) / 2
        optimiser.zero_grad()
        torch.autograd.backward((off + price * z.sum(-1)).mean(1).sum())
        optimiser.step()
        schedule.step()
    return Coder(read.detach(), bias.detach(), functional.normalize(directions.detach(), dim=-1), k)
    # --8<-- [end:train]


class Found(NamedTuple):
    """What an autoencoder has found: cosine, recovered, dead, active, lost, size (S,), one number a seed."""

    cosine: Tensor  # mean over planted features of the best cosine with a unit that is ever on
    recovered: Tensor  # share of planted features with a cosine above 0.95
    dead: Tensor  # share of units that are off for all states
    active: Tensor  # units that are on for a state, mean
    lost: Tensor  # share of the states' mean square that is not rebuilt
    size: Tensor  # activation of the matching unit less the true strength, for states with one feature, recovered


def judge(coder: Coder, codes: Tensor, draws: Draws, chance: float, batch: int = 4096) -> Found:
    """Compare with what was planted, on fresh states: codes (S, M, E). Source: sharkey2022taking."""
    s = sparse(draws, batch, codes.shape[1], chance)
    x = s @ codes
    z = coder.encode(x)
    alive = (z > 0).any(1)  # (S, F)
    cosines = (codes @ coder.directions.mT).masked_fill(~alive[:, None], -1)  # (S, M, F)
    best, unit = cosines.max(-1)
    matched = z.gather(-1, unit[:, None].expand(-1, batch, -1))
    one = (s > 0) & ((s > 0).sum(-1, keepdim=True) == 1) & (best > 0.95)[:, None]
    return Found(
        best.mean(-1),
        (best > 0.95).float().mean(-1),
        1 - alive.float().mean(-1),
        (z > 0).float().sum(-1).mean(-1),
        (coder.decode(z) - x).square().sum((1, 2)) / x.square().sum((1, 2)),
        ((s - matched) * one).sum((1, 2)) / one.sum((1, 2)),
    )
