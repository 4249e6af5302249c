"""Small classifiers, several side by side: a claim beside the picture, and labels of a weak supervisor.

S  networks side by side, one a seed     layers: weights (S, i, o) and biases (S, 1, o), from the input on
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional


def fresh(sizes: Sequence[int], seeds: int) -> list[Tensor]:
    """Weights at random, each network from its own seed; biases at zero: to (S, i, o). Source: definition."""
    layers: list[Tensor] = []
    draws = [torch.Generator().manual_seed(seed) for seed in range(seeds)]
    for i, o in pairwise(sizes):
        layers.append(
            torch.stack([torch.randn(i, o, generator=d) * math.sqrt(2 / i) for d in draws])
        )
        layers.append(torch.zeros(seeds, 1, o))
    return layers


def logits(layers: Sequence[Tensor], x: Tensor) -> Tensor:
    """What the last layer gives: layers (S, i, o), x (S, n, i) to (S, n, 10). Source: definition."""
    for at in range(0, len(layers), 2):
        x = torch.baddbmm(layers[at + 1], x, layers[at])
        x = x.relu() if at + 2 < len(layers) else x
    return x


def says(layers: Sequence[Tensor], x: Tensor, what: Tensor) -> Tensor:
    """Share of inputs for which each network says this: layers (S, i, o), x (S, n, i), what (S, n) to (S,).

    Source: definition.
    """
    return (logits(layers, x).argmax(-1) == what).float().mean(-1)


# --8<-- [start:train]
def train(
    layers: Sequence[Tensor], x: Tensor, labels: Tensor, steps: Sequence[int], rate: float
) -> list[list[Tensor]]:
    """Adam on all examples; the networks after each of these numbers of steps.

    Args: layers (S, i, o); x (S, n, i); labels (S, n). Returns (S, i, o), for each number of steps.
    Source: definition.
    """
    learned = [part.clone().requires_grad_() for part in layers]
    optimiser = torch.optim.Adam(learned, rate)
    kept = []
    for step in range(1, max(steps) + 1):
        optimiser.zero_grad()
        loss = -logits(learned, x).log_softmax(-1).gather(-1, labels[..., None]).mean((1, 2))
        torch.autograd.backward(loss.sum())
        optimiser.step()
        if step in steps:
            kept.append([part.detach().clone() for part in learned])
    return kept
    # --8<-- [end:train]


def other(labels: Tensor, draw: torch.Generator) -> Tensor:
    """A wrong label for each, any of nine alike: labels (...) to (...). Source: definition."""
    return (labels + torch.randint(1, 10, labels.shape, generator=draw)) % 10


# --8<-- [start:beside]
def beside(pictures: Tensor, claims: Tensor | None, loudness: float) -> Tensor:
    """A picture with what the user claims about it: pictures (..., 64), claims (...) to (..., 74).

    Source: definition.
    """
    if claims is None:
        said = torch.zeros(*pictures.shape[:-1], 10)
    else:
        said = loudness * functional.one_hot(claims, 10).float()
    return torch.cat([pictures, said], -1)
    # --8<-- [end:beside]


def coarse(pictures: Tensor) -> Tensor:
    """What a weak supervisor sees, means of 2 by 2 pixels: pictures (..., 64) to (..., 16). Source: definition."""
    squares = pictures.reshape(*pictures.shape[:-1], 4, 2, 4, 2)
    return squares.mean((-3, -1)).flatten(-2)


def noisy(labels: Tensor, wrong: Tensor, draw: torch.Generator) -> Tensor:
    """Labels as often wrong as given, at places drawn at random: labels (S, n), wrong (S,) to (S, n).

    Source: definition.
    """
    order = torch.rand(labels.shape, generator=draw).argsort(-1)
    return torch.where(order < wrong[:, None] * labels.shape[-1], other(labels, draw), labels)
