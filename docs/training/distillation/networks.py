"""Small classifiers side by side: a teacher made of several networks, and students that learn from labels or from it.

S  networks side by side, one a seed     n  pictures     C  classes
layers: weights (S, i, o) and biases (S, 1, o), from the input on
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor


def fresh(sizes: Sequence[int], seeds: Sequence[int]) -> list[Tensor]:
    """Weights at random, each network from its own seed; biases at zero: to (S, i, o). Source: definition."""
    layers: list[Tensor] = []
    draws = [torch.Generator().manual_seed(seed) for seed in seeds]
    for i, o in pairwise(sizes):
        weights = [torch.randn(i, o, generator=draw) * math.sqrt(2 / i) for draw in draws]
        layers += [torch.stack(weights), torch.zeros(len(draws), 1, o)]
    return layers


def logits(layers: list[Tensor], x: Tensor) -> Tensor:
    """What each network says: layers (S, i, o), x (n, i) to (S, n, C). Source: definition."""
    z = x.expand(len(layers[0]), -1, -1)
    for at in range(0, len(layers), 2):
        z = torch.baddbmm(layers[at + 1], z, layers[at])
        z = z.relu() if at + 2 < len(layers) else z
    return z


# --8<-- [start:teach]
def teach(layers: list[Tensor], x: Tensor) -> Tensor:
    """The teacher: the mean of its networks' logits.

    Args: layers (S, i, o); x (n, i). Returns (n, C). Source: hinton2015distilling, section 1.
    """
    return logits(layers, x).mean(0)
    # --8<-- [end:teach]


# --8<-- [start:train]
def train(
    start: list[Tensor], x: Tensor, loss: Callable[[Tensor], Tensor], steps: int, rate: float
) -> list[Tensor]:
    """Adam on all pictures at once; `loss` takes the logits (S, n, C) of all networks.

    Args: start (S, i, o); x (n, i); loss () of logits. Returns (S, i, o). Source: definition.
    """
    layers = [part.clone().requires_grad_() for part in start]
    optimiser = torch.optim.Adam(layers, rate)
    for _ in range(steps):
        optimiser.zero_grad()
        torch.autograd.backward(loss(logits(layers, x)))
        optimiser.step()
    return [part.detach() for part in layers]
    # --8<-- [end:train]


def errors(layers: list[Tensor], x: Tensor, labels: Tensor) -> Tensor:
    """Wrong answers in per cent: layers (S, i, o), x (n, i), labels (n,) to (S,). Source: definition."""
    return 100 * (logits(layers, x).argmax(-1) != labels).double().mean(1)


def weights(sizes: Sequence[int]) -> int:
    """Numbers that a network of these sizes learns. Source: definition."""
    return sum((i + 1) * o for i, o in pairwise(sizes))
