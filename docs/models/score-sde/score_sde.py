"""Score models in continuous time: noise as an equation, two ways back, likelihood, and the exact jump to the end.

The letters:
    x    points on a line, (N,)                     t    time, 0 for data; here also the variance of the added noise
    V    variance of a mode at time t               h    length of a step back in time
    m    middle of a mode                           z    standard normal noise, (N,)
A mixture of normal modes has the exact score at every time, so nothing here is trained.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

Field = Callable[[Tensor, float], Tensor]  # x (N,), t to (N,)


# --8<-- [start:processes]
@dataclass(frozen=True)
class Exploding:
    """dx = dw: only noise is added."""

    pull: float = 0.0  # the drift is -pull x

    def marginal(self, t: float) -> tuple[float, float]:
        """Factor of the data and variance of the noise. Source: this page, eq-score-sde-marginal."""
        return 1.0, t


@dataclass(frozen=True)
class Preserving:
    """dx = -x/2 dt + dw: data fade while noise is added."""

    pull: float = 0.5

    def marginal(self, t: float) -> tuple[float, float]:
        """Factor of the data and variance of the noise. Source: this page, eq-score-sde-marginal."""
        return math.exp(-t / 2), 1 - math.exp(-t)
        # --8<-- [end:processes]


@dataclass(frozen=True)
class Model:
    """Normal modes of one variance under a process: means (K,), weights (K,)."""

    means: Tensor
    variance: float
    weights: Tensor
    process: Exploding | Preserving = Exploding()

    def modes(self, t: float) -> tuple[Tensor, float]:
        """Middles (K,) and variance V of the modes at a time. Source: this page, eq-score-sde-marginal."""
        a, noise = self.process.marginal(t)
        return a * self.means, a**2 * self.variance + noise

    def log_density(self, x: Tensor, t: float) -> Tensor:
        """Logarithm of the density at a time: x (N,) to (N,). Source: this page, eq-score-sde-marginal."""
        m, v = self.modes(t)
        parts = self.weights.log() - (x[..., None] - m) ** 2 / (2 * v)
        return torch.logsumexp(parts, -1) - math.log(2 * math.pi * v) / 2

    # --8<-- [start:score]
    def guess(self, x: Tensor, t: float) -> Tensor:
        """Mean of the middles behind a place: x (N,) to (N,). Source: this page, eq-score-sde-score."""
        m, v = self.modes(t)
        share = torch.softmax(self.weights.log() - (x[..., None] - m) ** 2 / (2 * v), -1)
        return (share * m).sum(-1)

    def score(self, x: Tensor, t: float) -> Tensor:
        """Slope of the log-density: x (N,) to (N,). Source: this page, eq-score-sde-score."""
        return (self.guess(x, t) - x) / self.modes(t)[1]
        # --8<-- [end:score]

    # --8<-- [start:velocity]
    def velocity(self, x: Tensor, t: float) -> Tensor:
        """Of the probability flow: x (N,) to (N,). Source: this page, eq-score-sde-family."""
        return -self.process.pull * x - self.score(x, t) / 2
        # --8<-- [end:velocity]

    # --8<-- [start:jump]
    def below(self, x: Tensor, t: float) -> Tensor:
        """Probability to the left of a place: x (N,) to (N,). Source: definition."""
        m, v = self.modes(t)
        parts: Tensor = self.weights * torch.special.ndtr((x[..., None] - m) / math.sqrt(v))
        return parts.sum(-1)

    def place(self, share: Tensor, t: float) -> Tensor:
        """The place with a share of probability to its left, by halving: share (N,) to (N,). Source: definition."""
        low, high = torch.full_like(share, -60), torch.full_like(share, 60)
        for _ in range(60):
            middle = (low + high) / 2
            less = self.below(middle, t) < share
            low, high = torch.where(less, middle, low), torch.where(less, high, middle)
        return (low + high) / 2

    def jump(self, x: Tensor, t: float, to: float = 0.0) -> Tensor:
        """Where the flow ends, without steps: x (N,) to (N,). Source: this page, eq-score-sde-jump."""
        return self.place(self.below(x, t), to)
        # --8<-- [end:jump]


# --8<-- [start:example]
MEANS, WEIGHTS = torch.tensor([-1.0, 1.0]).double(), torch.tensor([0.25, 0.75]).double()
EXAMPLE = Model(MEANS, 0.25, WEIGHTS)  # the data: a quarter around -1, three quarters around 1
CLOCK = [3.75, 1.75, 0.75, 0.25, 0.0]  # so that V is 4, 2, 1, 1/2 and 1/4
START, DRAWS = -1.2, [-0.3, 0.9, 0.4, 0.1]  # the first place, and the noise of four steps
# --8<-- [end:example]


def spaced(end: float, steps: int, variance: float = 0.25) -> list[float]:
    """Times from the end to 0 at which V falls by one factor, (steps + 1). Source: definition."""
    ratio = (variance / (end + variance)) ** (1 / steps)
    return [(end + variance) * ratio**k - variance for k in range(steps)] + [0.0]


# --8<-- [start:flow]
def euler(field: Field, x: Tensor, clock: list[float]) -> Tensor:
    """The flow, a call a step: x (N,) to (N,). Source: this page, eq-score-sde-steps."""
    for t, s in pairwise(clock):
        x = x + (s - t) * field(x, t)
    return x


def heun(field: Field, x: Tensor, clock: list[float]) -> Tensor:
    """The flow, two calls a step: x (N,) to (N,). Source: karras2022elucidating, algorithm 1."""
    for t, s in pairwise(clock):
        first = field(x, t)
        second = field(x + (s - t) * first, s)
        x = x + (s - t) * (first + second) / 2
    return x
    # --8<-- [end:flow]


# --8<-- [start:noisy]
def euler_maruyama(
    model: Model, x: Tensor, clock: list[float], draws: Tensor, noise: float = 1.0
) -> Tensor:
    """The noisy way back: x (N,), draws (S, N) to (N,). Source: this page, eq-score-sde-steps."""
    for (t, s), z in zip(pairwise(clock), draws, strict=True):
        h = t - s
        drift = model.process.pull * x + (1 + noise**2) / 2 * model.score(x, t)
        x = x + h * drift + noise * math.sqrt(h) * z
    return x
    # --8<-- [end:noisy]


# --8<-- [start:likelihood]
def slope(field: Field, x: Tensor, t: float) -> tuple[Tensor, Tensor]:
    """Velocity and its derivative in x: x (N,) to (N,), (N,). Source: definition."""
    x = x.detach().requires_grad_()
    v = field(x, t)
    (rate,) = torch.autograd.grad(v.sum(), x)
    return v.detach(), rate


def log_likelihood(model: Model, x: Tensor, clock: list[float]) -> Tensor:
    """By Heun steps from data to noise: x (N,) to (N,). Source: this page, eq-score-sde-likelihood."""
    total = torch.zeros_like(x)
    for s, t in pairwise(reversed(clock)):
        first, rate = slope(model.velocity, x, s)
        second, later = slope(model.velocity, x + (t - s) * first, t)
        x = x + (t - s) * (first + second) / 2
        total = total + (t - s) * (rate + later) / 2
    return model.log_density(x, clock[0]) + total
    # --8<-- [end:likelihood]


# --8<-- [start:multistep]
def multistep(jump: Field, x: Tensor, levels: list[float], draws: Tensor) -> Tensor:
    """Jump, add noise, jump again: x (N,), draws (S - 1, N) to (N,). Source: song2023consistency, algorithm 1."""
    x = jump(x, levels[0])
    for t, z in zip(levels[1:], draws, strict=True):
        x = jump(x + math.sqrt(t) * z, t)
    return x
    # --8<-- [end:multistep]


def main() -> None:
    """The example both ways, and the likelihood of a place against the known density."""
    x = torch.tensor([START]).double()
    noisy = x
    for k, (t, s) in enumerate(pairwise(CLOCK)):
        draw = torch.tensor([[DRAWS[k]]]).double()
        x = euler(EXAMPLE.velocity, x, [t, s])
        noisy = euler_maruyama(EXAMPLE, noisy, [t, s], draw)
        print(f"t = {s:.2f}: flow {x.item():6.3f}, noisy way {noisy.item():6.3f}")
    end = EXAMPLE.jump(torch.tensor([START]).double(), CLOCK[0]).item()
    print(f"exact end of the flow {end:.3f}")
    here = torch.tensor([0.3]).double()
    told = log_likelihood(EXAMPLE, here, spaced(CLOCK[0], 64)).item()
    print(f"log-likelihood of 0.3: {told:.4f}, exact {EXAMPLE.log_density(here, 0.0).item():.4f}")


if __name__ == "__main__":
    main()
