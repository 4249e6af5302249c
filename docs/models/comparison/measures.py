"""The two data sets of the comparison, and what is measured of samples.

The letters:
    x, y    samples and data, (N, D) and (M, D)
    k       a neighbourhood of an item reaches to its k-th nearest other item
Digits are scaled so that their 17 levels, each with uniform noise, fill [-RANGE, RANGE].
"""

import math
from importlib import import_module

import torch
from torch import Tensor

comparison = import_module("docs.models.comparison.comparison")

RADIUS, DEVIATION, MODES = 1.4, 0.15, 8
LEVELS = 17  # of a pixel of a digit
ENTROPY = 3 + math.log2(
    2 * math.pi * math.e * DEVIATION**2
)  # of the ring, bits; its modes hardly overlap


def centres() -> Tensor:
    """The modes of the ring: (8, 2). Source: definition."""
    angle = torch.arange(MODES) * 2 * math.pi / MODES
    return RADIUS * torch.stack([angle.cos(), angle.sin()], 1)


def ring(n: int, seed: int) -> Tensor:
    """Points of eight normals on a ring: (n, 2). Source: definition."""
    generator = torch.Generator().manual_seed(seed)
    mode = torch.randint(MODES, (n,), generator=generator)
    return centres()[mode] + DEVIATION * torch.randn(n, 2, generator=generator)


def log_ring(x: Tensor) -> Tensor:
    """The log density of the ring, nats: x (N, 2) to (N,). Source: definition."""
    parts = [comparison.gaussian(x, mode, math.log(DEVIATION)) for mode in centres()]
    return torch.logsumexp(torch.stack(parts), 0) - math.log(MODES)


def digits(levels: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    """1,000 items to learn from and the others, with noise, shuffled: levels (N, 64) to (1000, 64), (N - 1000, 64).

    Source: definition.
    """
    generator = torch.Generator().manual_seed(seed)
    levels = levels[torch.randperm(len(levels), generator=generator)]
    filled = (levels + torch.rand(levels.shape, generator=generator)) / LEVELS
    x = (2 * filled - 1) * comparison.RANGE
    return x[:1000], x[1000:]


def bits(log_density: Tensor) -> float:
    """Nats for a scaled digit to bits for a pixel: log_density (N,). Source: this page, eq-comparison-dimension."""
    pixels = 64
    volume = pixels * math.log(2 * comparison.RANGE / LEVELS)
    return -float(log_density.mean() + volume) / pixels / math.log(2)


# --8<-- [start:near]
def near(x: Tensor) -> tuple[float, int]:
    """The share within three deviations of a mode, and the modes with more than a quarter of their due: x (N, 2).

    Source: definition.
    """
    distance, mode = torch.cdist(x, centres()).min(1)
    close = distance < 3 * DEVIATION
    share = torch.bincount(mode[close], minlength=MODES) / len(x)
    return float(close.float().mean()), int((share > 1 / MODES / 4).sum())
    # --8<-- [end:near]


# --8<-- [start:covered]
def covered(x: Tensor, y: Tensor, k: int = 3) -> float:
    """The share of x (N, D) in a neighbourhood of y (M, D). Source: kynkaanniemi2019improved, eqs. 1 and 2."""
    reach = torch.cdist(y, y).kthvalue(k + 1, dim=1).values  # the nearest is the item itself
    return float((torch.cdist(x, y) <= reach).any(1).float().mean())


def precision(x: Tensor, y: Tensor, k: int = 3) -> float:
    """The share of samples x (N, D) in a neighbourhood of data y (M, D). Source: kynkaanniemi2019improved."""
    return covered(x, y, k)


def recall(x: Tensor, y: Tensor, k: int = 3) -> float:
    """The share of data y (M, D) in a neighbourhood of samples x (N, D). Source: kynkaanniemi2019improved."""
    return covered(y, x, k)
    # --8<-- [end:covered]


# --8<-- [start:distance]
def energy_distance(x: Tensor, y: Tensor) -> float:
    """Mean distances, twice across less those within; zero for equals: x (N, D), y (M, D). Source: rizzo2016energy."""

    def within(z: Tensor) -> Tensor:
        return torch.cdist(z, z).sum() / (len(z) * (len(z) - 1))  # no item with itself

    return float(2 * torch.cdist(x, y).mean() - within(x) - within(y))
    # --8<-- [end:distance]


def copied(x: Tensor, y: Tensor, train: Tensor) -> float:
    """The share of x (N, D) nearer to train (T, D) than 95 % of other data y (M, D) are. Source: definition."""
    usual = torch.cdist(y, train).amin(1).quantile(0.05)
    return float((torch.cdist(x, train).amin(1) < usual).float().mean())
