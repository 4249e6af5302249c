"""Small classifiers, several side by side, that are pre-trained, tuned with parts frozen, and kept from forgetting.

S  networks side by side, one a seed     layers: weights (S, i, o) and biases (S, 1, o), from the input on
data   inputs (S, n, 64) and labels (S, n)
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

SIZES = (64, 48, 48, 10)


def fresh(seeds: int) -> list[Tensor]:
    """Weights at random, each network from its own seed; biases at zero: to (S, i, o). Source: definition."""
    layers: list[Tensor] = []
    draws = [torch.Generator().manual_seed(seed) for seed in range(seeds)]
    for i, o in pairwise(SIZES):
        weights = [torch.randn(i, o, generator=draw) * math.sqrt(2 / i) for draw in draws]
        layers += [torch.stack(weights), torch.zeros(seeds, 1, o)]
    return layers


def hidden(layers: list[Tensor], x: Tensor) -> list[Tensor]:
    """What goes into each layer, and the logits at the end: layers (S, i, o), x (S, n, 64) to (S, n, ...).

    Source: definition.
    """
    steps = [x]
    for at in range(0, len(layers), 2):
        z = torch.baddbmm(layers[at + 1], steps[-1], layers[at])
        steps.append(z.relu() if at + 2 < len(layers) else z)
    return steps


def losses(layers: list[Tensor], data: tuple[Tensor, Tensor]) -> Tensor:
    """Mean of -log p of the labels, nats: layers (S, i, o), data (S, n, 64) to (S,) for each network.

    Source: definition.
    """
    logits = hidden(layers, data[0])[-1].log_softmax(-1)
    return -logits.gather(-1, data[1][..., None]).mean((1, 2))


def right(layers: list[Tensor], data: tuple[Tensor, Tensor]) -> Tensor:
    """Share of right answers of each network: layers (S, i, o), data (S, n, 64) to (S,). Source: definition."""
    return (hidden(layers, data[0])[-1].argmax(-1) == data[1]).float().mean(1)


# --8<-- [start:tune]
def tune(
    start: list[Tensor],
    data: tuple[Tensor, Tensor],
    rates: Sequence[float],
    steps: int,
    penalty: Callable[[list[Tensor]], Tensor] | None = None,
    unfreeze: Sequence[int] = (0, 0, 0),
) -> list[Tensor]:
    """Adam from `start` on all examples; a rate of 0 freezes a layer, `unfreeze` names the step at which it joins.

    Args: start (S, i, o); data (S, n, 64); penalty () of layers. Returns (S, i, o).
    Source: howard2018universal, section 3.
    """
    layers = [part.clone().requires_grad_(rates[at // 2] > 0) for at, part in enumerate(start)]
    groups = [
        {"params": [p], "lr": rates[at // 2]} for at, p in enumerate(layers) if p.requires_grad
    ]
    optimiser = torch.optim.Adam(groups)
    for step in range(steps):
        optimiser.zero_grad()
        total = losses(layers, data).sum()
        if penalty:
            total = total + penalty(layers)
        torch.autograd.backward(total)
        for at, part in enumerate(layers):
            if step < unfreeze[at // 2]:
                part.grad = None
        optimiser.step()
    return [part.detach() for part in layers]
    # --8<-- [end:tune]


# --8<-- [start:importance]
def importance(layers: list[Tensor], x: Tensor) -> list[Tensor]:
    """Diagonal of the Fisher information, labels drawn by the model.

    Args: layers (S, i, o); x (S, n, 64). Returns (S, i, o), one number a weight.
    Source: kirkpatrick2017overcoming, eq. 3.
    """
    steps = hidden(layers, x)
    p = steps[-1].softmax(-1)
    found = [torch.zeros_like(part) for part in layers]
    for label in range(p.shape[-1]):
        back = p.clone()
        back[..., label] -= 1  # gradient with respect to the logits
        for at in range(len(layers) - 2, -1, -2):
            square = p[..., label, None] * back.square() / x.shape[1]
            found[at] += steps[at // 2].square().mT @ square
            found[at + 1] += square.sum(1, keepdim=True)
            back = (back @ layers[at].mT) * (steps[at // 2] > 0)
    return found
    # --8<-- [end:importance]


# --8<-- [start:pull]
def pull(
    start: list[Tensor], weights: list[Tensor], strength: float
) -> Callable[[list[Tensor]], Tensor]:
    """Half the strength times the weighted squared change; weights of 1 are L2 to the start.

    Args: start (S, i, o); weights (S, i, o). Returns a function of layers (S, i, o) to ().
    Source: this page, eq-fine-tuning-ewc.
    """

    def penalty(layers: list[Tensor]) -> Tensor:
        parts = [
            (f * (now - then).square()).sum()
            for f, now, then in zip(weights, layers, start, strict=True)
        ]
        return strength / 2 * torch.stack(parts).sum()

    return penalty
    # --8<-- [end:pull]


def between(start: list[Tensor], tuned: list[Tensor], part: float) -> list[Tensor]:
    """Weights between start (S, i, o) and tuned (S, i, o): to (S, i, o). Source: wortsman2022robust, eq. 1."""
    return [a.lerp(b, part) for a, b in zip(start, tuned, strict=True)]
