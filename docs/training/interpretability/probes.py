"""A network trained on two of six bits, and linear probes: what can be read, and what is used.

S  networks side by side, one a seed     B  examples in a batch     F  numbers of a state
"""

import math
from itertools import pairwise, product

import torch
from torch import Tensor
from torch.nn import functional

BITS, SIZES, NOISE = 6, (16, 32, 32, 1), 0.1
PATTERNS = torch.tensor(list(product((-1.0, 1.0), repeat=BITS)))  # (64, 6)


def data(seeds: int, copies: int, first: int = 0) -> tuple[Tensor, Tensor]:
    """Inputs, the bits turned into 16 numbers with noise, and bits: to (S, B, 16), (B, 6). Source: definition."""
    bits = PATTERNS.repeat(copies, 1)
    inputs = []
    for seed in range(seeds):
        turn = torch.randn(BITS, SIZES[0], generator=torch.Generator().manual_seed(seed))
        noise = torch.Generator().manual_seed(1000 + first + seed)
        x = bits @ turn / math.sqrt(BITS)
        inputs.append(x + NOISE * torch.randn(x.shape, generator=noise))
    return torch.stack(inputs), bits


def labels(bits: Tensor, seeds: int) -> dict[str, Tensor]:
    """Whether: two bits differ (the task), the first is on, a spare one is on, and a coin of each pattern.

    Args: bits (B, 6). Returns (S, B) for each name. Source: hewitt2019designing.
    """
    coins = [
        torch.randint(2, (len(PATTERNS),), generator=torch.Generator().manual_seed(2000 + seed))
        for seed in range(seeds)
    ]
    found = {
        "task": bits[:, 0] != bits[:, 1],
        "first": bits[:, 0] > 0,
        "spare": bits[:, 2] > 0,
    }
    every = {name: y.float().expand(seeds, -1) for name, y in found.items()}
    return every | {"coin": torch.stack(coins).repeat(1, len(bits) // len(PATTERNS)).float()}


def states(layers: list[Tensor], x: Tensor) -> list[Tensor]:
    """Input, two hidden states, logit: layers (S, i, o), x (S, B, 16) to (S, B, ...). Source: definition."""
    steps = [x]
    for at in range(0, len(layers), 2):
        z = torch.baddbmm(layers[at + 1], steps[-1], layers[at])
        steps.append(z.relu() if at + 2 < len(layers) else z)
    return steps


def fresh(seeds: int) -> list[Tensor]:
    """Weights at random, biases at zero: to (S, i, o). Source: definition."""
    draws = [torch.Generator().manual_seed(3000 + seed) for seed in range(seeds)]
    layers: list[Tensor] = []
    for i, o in pairwise(SIZES):
        drawn = [torch.randn(i, o, generator=draw) * math.sqrt(2 / i) for draw in draws]
        layers += [torch.stack(drawn), torch.zeros(seeds, 1, o)]
    return layers


def learn(start: list[Tensor], x: Tensor, y: Tensor, steps: int = 300) -> list[Tensor]:
    """Adam on all examples: start (S, i, o), x (S, B, 16), y (S, B) to (S, i, o). Source: definition."""
    layers = [part.clone().requires_grad_() for part in start]
    optimiser = torch.optim.Adam(layers, 0.003)
    for _ in range(steps):
        optimiser.zero_grad()
        logit = states(layers, x)[-1][..., 0]
        loss = functional.binary_cross_entropy_with_logits(logit, y, reduction="none")
        torch.autograd.backward(loss.mean(1).sum())
        optimiser.step()
    return [part.detach() for part in layers]


# --8<-- [start:probe]
def probe(x: Tensor, y: Tensor, ridge: float = 1e-3) -> tuple[Tensor, Tensor]:
    """Least squares on labels of -1 and 1: states x (S, B, F), y (S, B) to weights (S, F, 1), bias (S, 1, 1).

    Source: alain2016understanding, with squares for the logistic loss.
    """
    middle, aim = x.mean(1, keepdim=True), (2 * y - 1)[..., None]
    off = x - middle
    inner = off.mT @ off / x.shape[1] + ridge * torch.eye(x.shape[-1])
    weights: Tensor = torch.linalg.solve(inner, off.mT @ aim / x.shape[1])
    return weights, aim.mean(1, keepdim=True) - middle @ weights
    # --8<-- [end:probe]


def right(found: tuple[Tensor, Tensor], x: Tensor, y: Tensor) -> Tensor:
    """Share of right answers of a probe: found (S, F, 1), x (S, B, F), y (S, B) to (S,). Source: definition."""
    guess = torch.baddbmm(found[1], x, found[0])[..., 0] > 0
    return (guess == (y > 0.5)).float().mean(1)


# --8<-- [start:without]
def without(layers: list[Tensor], x: Tensor, y: Tensor, at: int, u: Tensor) -> Tensor:
    """Share of right answers when state `at` is set to its mean along u.

    Args: layers (S, i, o); x (S, B, 16); y (S, B); u (S, F, 1). Returns (S,). Source: elazar2021amnesic.
    """
    state = states(layers, x)[at]
    u = functional.normalize(u, dim=1)
    part = state @ u
    state = state - (part - part.mean(1, keepdim=True)) @ u.mT
    logit = states(layers[2 * at :], state)[-1][..., 0]
    return ((logit > 0) == (y > 0.5)).float().mean(1)
    # --8<-- [end:without]
