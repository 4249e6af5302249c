"""Optimisers of a page's length: gradient descent, momentum, Adam, AdamW and Muon, and what is exact about them.

Letters: w weights, g gradient, v velocity or mean of squares, m mean of gradients, t the number of the step.
The example is the loss (w1² + 9 w2²) / 2, whose curvatures are 1 and 9.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

CURVES, START = (1.0, 9.0), (10.0, 1.0)
QUINTIC = (3.4445, -4.775, 2.0315)  # Muon's numbers: fast, and only near 1
CUBIC = (1.5, -0.5, 0.0)  # the classical ones: slower, and exact in the end


def slope(w: Tensor) -> Tensor:
    """Gradient of the example: w (2,) to (2,). Source: definition."""
    return torch.tensor(CURVES, dtype=w.dtype) * w


# Gradient descent and momentum.


def descend(w: Tensor, g: Tensor, rate: float) -> Tensor:
    """Gradient descent; with a batch's gradient, SGD: w (n,), g (n,) to (n,). Source: definition."""
    return w - rate * g


# --8<-- [start:momentum]
def roll(
    w: Tensor, v: Tensor, g: Tensor, rate: float, beta: float, *, nesterov: bool = False
) -> tuple[Tensor, Tensor]:
    """New weights and velocity: w (n,), v (n,), g (n,) to (n,), (n,). Source: goh2017momentum, polyak1964methods."""
    v = beta * v + g
    ahead = g + beta * v if nesterov else v
    return w - rate * ahead, v
    # --8<-- [end:momentum]


def path(rate: float, beta: float, steps: int) -> Tensor:
    """Weights of the example from START, (steps + 1, 2); beta = 0 is gradient descent. Source: definition."""
    w = torch.tensor(START, dtype=torch.float64)
    v, found = torch.zeros_like(w), [w]
    for _ in range(steps):
        w, v = roll(w, v, slope(w), rate, beta)
        found.append(w)
    return torch.stack(found)


def factor(rate: float, beta: float, curve: float) -> float:
    """What the error is multiplied by a step, in the long run, on one curvature. Source: goh2017momentum."""
    half = (1 + beta - rate * curve) / 2
    if half * half < beta:  # a pair of complex roots, whose product is beta
        return math.sqrt(beta)
    return abs(half) + math.sqrt(half * half - beta)


def best_plain(least: float, most: float) -> tuple[float, float]:
    """Best rate of gradient descent between two curvatures, and its factor. Source: goh2017momentum."""
    return 2 / (least + most), (most - least) / (most + least)


def best_momentum(least: float, most: float) -> tuple[float, float]:
    """Best rate and beta of momentum; the factor is the root of beta. Source: polyak1964methods."""
    low, high = math.sqrt(least), math.sqrt(most)
    return (2 / (low + high)) ** 2, ((high - low) / (high + low)) ** 2


# Adam and AdamW.


@dataclass
class Adam:
    """What Adam keeps: means m (n,) and v (n,), and the number of the step. Source: kingma2015adam."""

    m: Tensor
    v: Tensor
    t: int = 0


# --8<-- [start:adamw]
def adamw(
    w: Tensor,
    g: Tensor,
    kept: Adam,
    rate: float | Tensor,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    decay: float = 0.0,
) -> Tensor:
    """New weights: w (n,), g (n,), rate () to (n,). Source: kingma2015adam, loshchilov2019decoupled."""
    kept.t += 1
    kept.m = betas[0] * kept.m + (1 - betas[0]) * g
    kept.v = betas[1] * kept.v + (1 - betas[1]) * g * g
    mean = kept.m / (1 - betas[0] ** kept.t)
    size = (kept.v / (1 - betas[1] ** kept.t)).sqrt()
    w = (1 - rate * decay) * w
    return w - rate * mean / (size + eps)
    # --8<-- [end:adamw]


def fresh(w: Tensor) -> Adam:
    """Means of zero, as before the first step: w (n,). Source: kingma2015adam."""
    return Adam(torch.zeros_like(w), torch.zeros_like(w))


def steady(w: float, g: float, rate: float, steps: int, *, decay: float, coupled: bool) -> float:
    """A weight after steps of Adam with the constant gradient g and decay, either way. Source: definition."""
    here = torch.tensor(w, dtype=torch.float64)
    kept = fresh(here)
    for _ in range(steps):
        if coupled:  # a penalty in the loss: its gradient goes through the means
            here = adamw(here, g + decay * here, kept, rate)
        else:
            here = adamw(here, torch.full_like(here, g), kept, rate, decay=decay)
    return float(here)


# Muon.


# --8<-- [start:muon]
def orthogonal(m: Tensor, steps: int = 5, numbers: tuple[float, float, float] = QUINTIC) -> Tensor:
    """Nearly U Vᵀ of m = U S Vᵀ, by products alone: m (a, b) to (a, b). Source: jordan2024muon."""
    a, b, c = numbers
    x: Tensor = m / m.norm()  # all singular values at most 1
    for _ in range(steps):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x
    # --8<-- [end:muon]


def muon(
    w: Tensor, v: Tensor, g: Tensor, rate: float, beta: float = 0.95, decay: float = 0.1
) -> tuple[Tensor, Tensor]:
    """A step of Muon: w (a, b), v (a, b), g (a, b) to (a, b), (a, b). Source: jordan2024muon."""
    v = beta * v + (1 - beta) * g
    ahead = (1 - beta) * g + beta * v
    grow = math.sqrt(max(1.0, w.shape[0] / w.shape[1]))
    return (1 - rate * decay) * w - rate * grow * orthogonal(ahead), v


def faded(kind: torch.dtype, beta: float, steps: int) -> float:
    """A mean of squares of 1 after steps without gradient, kept in numbers of a kind. Source: definition."""
    v = torch.ones((), dtype=kind)
    for _ in range(steps):
        v = beta * v
    return float(v)


def after_spike(size: float, steps: int, beta: float, most: float = math.inf) -> list[float]:
    """Adam's step over its rate, for gradients of 1 and one of a size, which is cut to most. Source: definition."""
    w = torch.zeros((), dtype=torch.float64)
    kept, found = Adam(torch.ones_like(w), torch.ones_like(w), 10**6), []
    for t in range(steps):
        g = torch.full_like(w, min(size, most) if t == 0 else 1.0)
        found.append(-float(adamw(w, g, kept, 1.0, (0.9, beta))))
    return found


# Around the step.


# --8<-- [start:clip]
def clip(gradients: list[Tensor], most: float) -> float:
    """Shorten gradients (n,) together to a length, if longer; the one before. Source: pascanu2013difficulty."""
    length = math.sqrt(sum(float(g.square().sum()) for g in gradients))
    for g in gradients:
        g *= min(1.0, most / (length + 1e-6))
    return length
    # --8<-- [end:clip]


# --8<-- [start:schedule]
def schedule(
    kind: str, t: int, steps: int, warm: int, last: float = 0.0, cool: float = 0.2
) -> float:
    """Share of the highest rate at step t of 0 to steps - 1. Source: loshchilov2017sgdr, hu2024minicpm."""
    rise = min(1.0, (t + 1) / (warm + 1))
    past = max(0, t - warm) / (steps - warm)
    if kind == "linear":
        fall = 1 - past
    elif kind == "cosine":
        fall = (1 + math.cos(math.pi * past)) / 2
    elif kind == "wsd":  # warm-up, stable, decay
        fall = min(1.0, (1 - t / steps) / cool)
    else:
        fall = 1.0
    return rise * (last + (1 - last) * fall)
    # --8<-- [end:schedule]


def average(mean: Tensor, w: Tensor, keep: float) -> Tensor:
    """Exponential moving average of weights: mean (n,), w (n,) to (n,). Source: definition."""
    return keep * mean + (1 - keep) * w


# Noise of batches.


def floor(rate: float, curve: float, noise: float, batch: int) -> float:
    """Variance at which SGD on one curvature settles; noise: variance of one example's gradient. Source: definition."""
    return rate * noise / (batch * curve * (2 - rate * curve))


def noise_scale(gradient: Tensor, hessian: Tensor, covariance: Tensor) -> float:
    """The batch that gains half: gradient (d,), hessian (d, d), covariance (d, d). Source: mccandlish2018empirical."""
    return float((hessian @ covariance).trace() / (gradient @ hessian @ gradient))


def gain(rate: float, batch: float, gradient: Tensor, hessian: Tensor, covariance: Tensor) -> float:
    """Mean fall: gradient (d,), hessian (d, d), covariance (d, d). Source: this page, eq-optimisation-fall."""
    bent = gradient @ hessian @ gradient + (hessian @ covariance).trace() / batch
    return float(rate * gradient @ gradient - rate**2 * bent / 2)


def main() -> None:
    """The example against its closed forms, and AdamW against torch.optim."""
    for name, (rate, beta) in (("gradient descent", (0.2, 0.0)), ("momentum", (0.25, 0.25))):
        print(f"{name}: {path(rate, beta, 4)[:, 0].tolist()}, factor {factor(rate, beta, 9):.2f}")
    torch.manual_seed(0)
    w = torch.randn(5, dtype=torch.float64)
    theirs = torch.nn.Parameter(w.clone())
    library, kept = torch.optim.AdamW([theirs], 0.01, weight_decay=0.1), fresh(w)
    for _ in range(100):
        g = torch.randn(5, dtype=torch.float64)
        theirs.grad = g.clone()
        library.step()
        w = adamw(w, g, kept, 0.01, decay=0.1)
    print(f"AdamW and torch.optim differ by {float((w - theirs.detach()).abs().max()):.0e} at most")
    m = torch.randn(8, 6, dtype=torch.float64)
    values = torch.linalg.svdvals(orthogonal(m))
    print(f"Muon's singular values: {float(values.min()):.2f} to {float(values.max()):.2f}")


if __name__ == "__main__":
    main()
