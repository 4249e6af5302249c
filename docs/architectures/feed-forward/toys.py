"""Five small experiments on feed-forward layers: superposition, its untangling, facts, dead units, depth.

Networks of several seeds are trained side by side in one tensor; the first axis counts them.
The letters: E width of the stream, F hidden units, M features, K facts, p the probability of a feature.
"""

import itertools
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

Curve = Callable[[Tensor], Tensor]  # (...,) to (...,)


# --8<-- [start:states]
def states(features: int, p: Tensor) -> tuple[Tensor, Tensor]:
    """All combinations of features that are there or not, and their probabilities.

    Each feature is there with probability p (...,), independently of the others, to (N, M) and (..., N), where N is
    2^M. Source: definition.
    """
    every = torch.tensor(list(itertools.product([0.0, 1.0], repeat=features)))
    there = every.sum(1)
    weight = p[..., None] ** there * (1 - p[..., None]) ** (features - there)
    return every, weight
    # --8<-- [end:states]


def superpose(
    features: int, width: int, chances: Sequence[float], seeds: int, steps: int = 600
) -> tuple[Tensor, Tensor, Tensor]:
    """Train codes and thresholds on the exact mean over all combinations of features.

    Returns codes (chances, seeds, E, M), thresholds (chances, seeds, M), and the share of the variance of the
    features that is lost (chances, seeds). Source: elhage2022toy.

    Departs: features are 0 or 1, since all combinations can then be listed.
    """
    p = torch.tensor(chances)[:, None].expand(-1, seeds)
    every, weight = states(features, p)
    draw = torch.Generator().manual_seed(0)
    codes = 0.5 * torch.randn(len(chances), seeds, width, features, generator=draw)
    codes, bias = codes.requires_grad_(), torch.zeros(len(chances), seeds, 1, features)
    optimiser = torch.optim.Adam([codes, bias.requires_grad_()])
    # --8<-- [start:superpose]
    for step in range(steps + 1):
        optimiser.param_groups[0]["lr"] = 0.03 * (1 - step / steps)
        found = torch.relu(every @ codes.mT @ codes + bias)
        lost = (weight * (found - every).square().sum(-1)).sum(-1)
        optimiser.zero_grad()
        torch.autograd.backward(lost.sum())
        optimiser.step()
    share = lost / (features * p * (1 - p))
    # --8<-- [end:superpose]
    return codes.detach(), bias.detach().squeeze(2), share.detach()


def untangle(
    rows: Tensor, weight: Tensor, wide: int, penalty: float = 0.1, steps: int = 600
) -> tuple[Tensor, Tensor]:
    """Train a sparse autoencoder of `wide` units on rows of a stream.

    rows (seeds, N, E) and their probabilities, weight (N,), to directions of length 1 (seeds, wide, E), and the
    share of the mean square of the rows that is not rebuilt (seeds,). Source: cunningham2023sparse.
    """
    draw = torch.Generator().manual_seed(3)
    down = torch.randn(len(rows), wide, rows.shape[-1], generator=draw)
    down = down / down.norm(dim=2, keepdim=True)
    up, bias = down.mT.clone(), torch.zeros(len(rows), 1, wide)
    optimiser = torch.optim.Adam([w.requires_grad_() for w in (down, up, bias)])
    # --8<-- [start:untangle]
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = 0.01 * (1 - step / steps)
        codes = down / down.norm(dim=2, keepdim=True)
        hidden = torch.relu(rows @ up + bias)
        error = (hidden @ codes - rows).square().sum(2)
        optimiser.zero_grad()
        torch.autograd.backward((weight * (error + penalty * hidden.sum(2))).sum())
        optimiser.step()
        # --8<-- [end:untangle]
    rest = (weight * error).sum(1) / (weight * rows.square().sum(2)).sum(1)
    return codes.detach(), rest.detach()


def facts(
    kind: str, count: int, inner: int, seeds: int = 3, width: int = 12, steps: int = 200
) -> Tensor:
    """Share of `count` random facts that a layer knows after training, (seeds,).

    A fact is a random key (E,) and one of E answers; the layer writes a row of the stream, whose largest number
    is the answer. `kind` is `gelu`, `swiglu` or `linear`, which has no hidden units. Source: definition.
    """
    draw = torch.Generator().manual_seed(count)
    x = torch.randn(seeds, count, width, generator=draw)
    answers = torch.randint(0, width, (seeds, count), generator=draw)
    if kind == "linear":
        shapes = [(width, width)]
    else:
        shapes = [(width, inner)] * (2 if kind == "swiglu" else 1) + [(inner, width)]
    weights = [torch.randn(seeds, *shape, generator=draw) / shape[0] ** 0.5 for shape in shapes]
    bias = torch.zeros(seeds, 1, shapes[0][1])
    optimiser = torch.optim.Adam([w.requires_grad_() for w in (*weights, bias)], lr=0.02)
    # --8<-- [start:facts]
    for _ in range(steps):
        hidden = x @ weights[0] + bias
        if kind == "swiglu":
            hidden = nn.functional.silu(hidden) * (x @ weights[1])
        elif kind == "gelu":
            hidden = nn.functional.gelu(hidden)
        written = hidden if kind == "linear" else hidden @ weights[-1]
        loss = nn.functional.cross_entropy(written.mT, answers, reduction="sum") / count
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    known: Tensor = (written.argmax(-1) == answers).float().mean(1)
    return known
    # --8<-- [end:facts]


def dead(curve: Curve, rate: float, seeds: int = 5, steps: int = 100) -> tuple[Tensor, Tensor]:
    """Share of 64 hidden units below zero on all 128 examples after training, and the error: (seeds,) each.

    The task is sin(2 x_1) + x_2 x_3 of eight normal numbers, by gradient descent. Source: definition.
    """
    draw = torch.Generator().manual_seed(1)
    x = torch.randn(seeds, 128, 8, generator=draw)
    y = torch.sin(2 * x[..., :1]) + x[..., 1:2] * x[..., 2:3]
    up = torch.randn(seeds, 8, 64, generator=draw) / 2
    down = torch.randn(seeds, 64, 1, generator=draw) / 8
    bias = torch.zeros(seeds, 1, 64)
    optimiser = torch.optim.SGD([w.requires_grad_() for w in (up, down, bias)], lr=rate)
    # --8<-- [start:dead]
    for _ in range(steps):
        before = x @ up + bias
        error = (curve(before) @ down - y).square().mean((1, 2))
        optimiser.zero_grad()
        torch.autograd.backward(error.sum())
        optimiser.step()
    return (before <= 0).all(1).float().mean(1), error.detach()
    # --8<-- [end:dead]


def depth(kind: str, layers: int, seeds: int = 8, width: int = 16) -> tuple[Tensor, Tensor]:
    """How large the stream is after each layer, and how much of a gradient comes back to each: (seeds, layers + 1).

    `kind` is `none` (no skip connection), `skip`, or `norm`, which reads a copy of root mean square 1. Both are
    mean squares, the gradient divided by that at the end; layers are random, with F = 2E. Source: definition.
    """
    draw = torch.Generator().manual_seed(2)
    x = torch.randn(seeds, 32, width, generator=draw).requires_grad_()
    seen = [x]
    # --8<-- [start:depth]
    for _ in range(layers):
        up = torch.randn(seeds, width, 2 * width, generator=draw) / width**0.5
        down = torch.randn(seeds, 2 * width, width, generator=draw) / (2 * width) ** 0.5
        row = x / x.square().mean(-1, keepdim=True).sqrt() if kind == "norm" else x
        written = nn.functional.gelu(row @ up) @ down
        x = written if kind == "none" else x + written
        seen.append(x)
        # --8<-- [end:depth]
    v = torch.randn(x.shape, generator=draw)
    slopes = torch.autograd.grad((x * v).sum(), seen)
    sizes = torch.stack([s.detach().square().mean((1, 2)) for s in seen], 1)
    back = torch.stack([s.square().mean((1, 2)) / v.square().mean((1, 2)) for s in slopes], 1)
    return sizes, back
