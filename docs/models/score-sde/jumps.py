"""A consistency model on a line: a network that jumps along the flow to its end, with a teacher and without.

The letters:
    x    points, (R, N), R runs side by side        t    time, (R, N): the variance of the added noise
    x0   data, (R, N)                               z    standard normal noise, (R, N)
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Back = Callable[
    [Tensor, Tensor, Tensor, Tensor], Tensor
]  # x0, z, t, s (R, N) to a place at time s < t (R, N)
WIDTH, RATE = 24, 0.01
VARIANCE = 0.25  # of a mode of the data


# --8<-- [start:network]
@dataclass(frozen=True)
class Jumps:
    """R networks side by side; f(x, 0) = x by construction: layers (R, in, out), (R, 1, out)."""

    layers: list[tuple[Tensor, Tensor]]  # weights (R, in, out), biases (R, 1, out)

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        """Where the flow through x at time t ends: x, t (R, N) to (R, N). Source: this page, eq-score-sde-skip."""
        keep = VARIANCE / (VARIANCE + t)  # 1 at t = 0
        h = torch.stack([x / (1 + t).sqrt(), (VARIANCE + t).log(), x], -1)
        for weight, bias in self.layers[:-1]:
            h = torch.nn.functional.silu(h @ weight + bias)
        weight, bias = self.layers[-1]
        return keep * x + (1 - keep) * (h @ weight + bias)[..., 0]
        # --8<-- [end:network]


def start(runs: int, generator: torch.Generator) -> Jumps:
    """Untrained networks. Source: definition."""
    sizes = [(3, WIDTH), (WIDTH, WIDTH), (WIDTH, 1)]
    return Jumps(
        [
            (
                torch.randn(runs, i, o, generator=generator, dtype=torch.float64) / i**0.5,
                torch.zeros(runs, 1, o, dtype=torch.float64),
            )
            for i, o in sizes
        ]
    )


def with_teacher(velocity: Callable[[Tensor, Tensor], Tensor]) -> Back:
    """A Heun step of a finished model: velocity (R, N). Source: song2023consistency, algorithm 2."""

    def back(x0: Tensor, z: Tensor, t: Tensor, s: Tensor) -> Tensor:
        x = x0 + t.sqrt() * z
        first = velocity(x, t)
        second = velocity(x + (s - t) * first, s)
        return x + (s - t) * (first + second) / 2

    return back


def without_teacher(x0: Tensor, z: Tensor, t: Tensor, s: Tensor) -> Tensor:
    """The same noise, less of it: x0, z, t, s (R, N) to (R, N). Source: song2023consistency, algorithm 3."""
    return x0 + s.sqrt() * z


# --8<-- [start:loss]
def loss(f: Jumps, x0: Tensor, z: Tensor, t: Tensor, s: Tensor, back: Back) -> Tensor:
    """Mean squared difference of two jumps: x0, z, t, s (R, N) to (R,). Source: this page, eq-score-sde-loss."""
    with torch.no_grad():
        target = f(back(x0, z, t, s), s)
    return ((f(x0 + t.sqrt() * z, t) - target) ** 2).mean(-1)
    # --8<-- [end:loss]


# --8<-- [start:train]
def train(
    f: Jumps,
    draw: Callable[[torch.Generator], tuple[Tensor, Tensor]],
    pairs: tuple[Tensor, Tensor],
    back: Back,
    rounds: int,
    generator: torch.Generator,
) -> Jumps:
    """Adam: draw (R, N), pairs (R, P) of later and earlier levels. Source: song2023consistency, algorithm 2."""
    parameters = [p.requires_grad_() for layer in f.layers for p in layer]
    optimizer = torch.optim.Adam(parameters, lr=RATE, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, rounds)
    for _ in range(rounds):
        x0, z = draw(generator)
        n = torch.randint(pairs[0].shape[1], x0.shape, generator=generator)
        t, s = pairs[0].gather(1, n), pairs[1].gather(1, n)
        optimizer.zero_grad()
        torch.autograd.backward(loss(f, x0, z, t, s, back).sum())
        optimizer.step()
        schedule.step()
    return Jumps([(w.detach(), b.detach()) for w, b in f.layers])
    # --8<-- [end:train]
