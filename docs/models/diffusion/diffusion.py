"""Diffusion model: add noise level by level, learn to predict it, generate by removing it.

The letters:
    x0, x       data; data with noise, each (N, D)      eps     the noise in x, standard normal
    t           level, 1 to T; 0 is no noise            a       alpha-bar of a level: share of
    keep, noise     sqrt(a), sqrt(1 - a)                        the variance that is still data
    v           keep * eps - noise * x0                 score   gradient of log p_t at x
    g           scale of guidance: 0 none of the condition, 1 the conditional model, more: beyond
A model is any function (x, a) -> eps, with a of shape (N,). Mixtures have the exact one.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

Model = Callable[[Tensor, Tensor], Tensor]  # x (N, D), alpha-bar (N,) to eps (N, D)
KINDS = ("eps", "x0", "v", "score")


def cosine_schedule(steps: int) -> Tensor:
    """alpha-bar, (T + 1,), beta unclipped. Raises ValueError if steps < 1. Source: nichol2021improved, eq. 17."""
    if steps < 1:
        raise ValueError(f"steps is {steps}, less than 1")
    t = torch.arange(steps + 1, dtype=torch.float64) / steps
    a = torch.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2
    return (a / a[0]).clamp(0, 1)


def linear_schedule(steps: int, first: float = 1e-4, last: float = 0.02) -> Tensor:
    """alpha-bar for a beta that grows in equal steps, (T + 1,). Source: ho2020denoising, section 4."""
    beta = torch.linspace(first, last, steps, dtype=torch.float64)
    return torch.cat([torch.ones(1, dtype=torch.float64), torch.cumprod(1 - beta, 0)])


def add_noise(x0: Tensor, a: Tensor, eps: Tensor) -> Tensor:
    """x0, eps (N, D), a (N,) or () to x (N, D). Raises ValueError for a < 0 or > 1. Source: ho2020denoising, eq. 4."""
    a = _column(a, x0)
    return a.sqrt() * x0 + (1 - a).sqrt() * eps


def _column(a: Tensor, x: Tensor) -> Tensor:
    """Noise levels that broadcast over the dimensions of x."""
    if ((a < 0) | (a > 1)).any():
        raise ValueError(f"alpha-bar is from {a.min():g} to {a.max():g}, not in [0, 1]")
    return a.reshape(-1, *[1] * (x.ndim - 1)) if a.ndim else a


def posterior(x0: Tensor, x: Tensor, a: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (N, D), variance () a level before: x0, x (N, D), a, before (). Source: ho2020denoising, eq. 7."""
    beta = 1 - a / before
    mean = before.sqrt() * beta * x0 + (1 - beta).sqrt() * (1 - before) * x
    return mean / (1 - a), beta * (1 - before) / (1 - a)


def convert(value: Tensor, x: Tensor, a: Tensor, source: str, target: str) -> Tensor:
    """Between `KINDS`: value, x (N, D), a (N,) to (N, D). Raises ValueError. Source: salimans2022progressive, s. 4."""
    if source not in KINDS or target not in KINDS:
        raise ValueError(f"no {source!r} or no {target!r}; there are {', '.join(KINDS)}")
    a = _column(a, x)
    keep, noise = a.sqrt(), (1 - a).sqrt()
    from_x0, from_v = (x - keep * value) / noise, noise * x + keep * value
    eps = {"eps": value, "x0": from_x0, "v": from_v, "score": -noise * value}[source]
    x0 = (x - noise * eps) / keep
    return {"eps": eps, "x0": x0, "v": keep * eps - noise * x0, "score": -eps / noise}[target]


@dataclass(frozen=True)
class Mixture:
    """Normal modes, or points if spread is 0: means (K, D), weights (K,). Raises ValueError for a outside [0, 1]."""

    means: Tensor
    spread: float
    weights: Tensor

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Points, (n, D). Source: definition."""
        which = torch.multinomial(self.weights, n, replacement=True, generator=generator)
        eps = torch.randn(n, self.means.shape[1], generator=generator, dtype=self.means.dtype)
        return self.means[which] + self.spread * eps

    # --8<-- [start:exact]
    def eps(self, x: Tensor, a: Tensor) -> Tensor:
        """The best guess of eps, E[eps | x]: x (N, D), a (N,) to (N, D). Source: this page, eq-diffusion-score."""
        a = _column(a, x)
        variance = a * self.spread**2 + 1 - a
        away = x[:, None, :] - a.sqrt()[..., None] * self.means  # (N, K, D)
        log_weight = self.weights.log() - (away**2).sum(-1) / (2 * variance)
        share = torch.softmax(log_weight, 1)[..., None]  # which mode x comes from
        return (1 - a).sqrt() * (share * away).sum(1) / variance
        # --8<-- [end:exact]

    def log_density(self, x: Tensor, a: Tensor) -> Tensor:
        """log p of noised data at x, nats: x (N, D), a (N,) to (N,). Source: definition."""
        a = _column(a, x)
        variance = a * self.spread**2 + 1 - a
        away = ((x[:, None, :] - a.sqrt()[..., None] * self.means) ** 2).sum(-1)
        away = away / variance + x.shape[1] * torch.log(2 * math.pi * variance)
        return torch.logsumexp(self.weights.log() - away / 2, 1)


# --8<-- [start:example]
# means, spread (points have none), weights
POINTS = Mixture(torch.tensor([[-1.0], [1.0]]).double(), 0.0, torch.tensor([0.5, 0.5]).double())
# alpha-bar of the levels t = 0 to 4, the squares of its roots
LEVELS = torch.tensor([1.0, 0.96, 0.8, 0.6, 0.28], dtype=torch.float64).square()
# --8<-- [end:example]


# --8<-- [start:step]
def step(
    x: Tensor, eps: Tensor, a: Tensor, to: Tensor, eta: float, generator: torch.Generator | None
) -> Tensor:
    """One step, DDPM for eta = 1, DDIM for 0: x, eps (N, D), a, to () to (N, D). Source: song2021denoising, eq. 12."""
    x0 = (x - (1 - a).sqrt() * eps) / a.sqrt()
    fresh = eta * ((1 - to) / (1 - a) * (1 - a / to)).sqrt()  # noise that is drawn anew
    x = to.sqrt() * x0 + (1 - to - fresh**2).clamp(min=0).sqrt() * eps
    if eta > 0:
        x = x + fresh * torch.randn(x.shape, generator=generator, dtype=x.dtype)
    return x
    # --8<-- [end:step]


# --8<-- [start:sample]
def sample(
    model: Model, x: Tensor, levels: Tensor, eta: float, generator: torch.Generator | None = None
) -> Tensor:
    """From noise x (N, D) at levels (S + 1,), rising to 1, to data (N, D), a call a step. Source: song2021denoising."""
    for a, to in pairwise(levels):
        x = step(x, model(x, a.expand(len(x))), a, to, eta, generator)
    return x


def few(alpha_bar: Tensor, steps: int, most: float = 1e-4) -> Tensor:
    """The noise levels of a sampler with fewer steps: alpha_bar (T + 1,) to (steps + 1,). Source: song2021denoising."""
    index = torch.linspace(len(alpha_bar) - 1, 0, steps + 1).round().long()
    return alpha_bar[index].clamp(min=most)
    # --8<-- [end:sample]


def sample_heun(model: Model, x: Tensor, levels: Tensor) -> Tensor:
    """Probability-flow ODE by Heun: x (N, D), levels (S + 1,) to (N, D). Source: karras2022elucidating, alg. 1."""
    sigma = ((1 - levels) / levels).sqrt()  # noise per unit of data
    y = x / levels[0].sqrt()  # in these units dy/dsigma is eps
    for (a, to), size in zip(pairwise(levels), sigma.diff(), strict=True):
        slope = model(y * a.sqrt(), a.expand(len(y)))
        if to < 1:
            ahead = y + size * slope
            slope = (slope + model(ahead * to.sqrt(), to.expand(len(y)))) / 2
        y = y + size * slope
    return y


def langevin(
    model: Model, x: Tensor, levels: Tensor, rounds: int, rate: float, generator: torch.Generator
) -> Tensor:
    """Steps of size rate * (1 - a) at levels (S,): x (N, D) to (N, D). Source: song2019generative, alg. 1."""
    for a in levels.repeat_interleave(rounds):
        h, score = rate * (1 - a), -model(x, a.expand(len(x))) / (1 - a).sqrt()
        x = x + h / 2 * score + h.sqrt() * torch.randn(x.shape, generator=generator, dtype=x.dtype)
    return x


# --8<-- [start:guide]
def guide(conditional: Model, unconditional: Model, g: float) -> Model:
    """Classifier-free guidance. Source: ho2021classifier, eq. 6 with w = g - 1."""
    return lambda x, a: (1 - g) * unconditional(x, a) + g * conditional(x, a)
    # --8<-- [end:guide]


class Denoiser(nn.Module):
    """A perceptron that predicts eps from x (N, D), alpha-bar (N,) and a class (N,); 0 is none."""

    def __init__(self, data: int, hidden: int, classes: int = 1) -> None:
        super().__init__()
        self.start = nn.Linear(data, hidden, dtype=torch.float64)
        self.level = nn.Linear(8, hidden, bias=False, dtype=torch.float64)
        self.kind = nn.Embedding(classes, hidden, dtype=torch.float64)
        self.middle = nn.Linear(hidden, hidden, dtype=torch.float64)
        self.end = nn.Linear(hidden, data, dtype=torch.float64)

    def forward(self, x: Tensor, a: Tensor, kind: Tensor | None = None) -> Tensor:
        """The predicted noise: x (N, D), a, kind (N,) to (N, D). Source: definition."""
        ratio = 0.5 * torch.log((1 - a).clamp(min=1e-6) / a.clamp(min=1e-6))[:, None]
        angle = ratio * torch.tensor([0.25, 0.5, 1.0, 2.0], dtype=a.dtype)
        waves = torch.cat([angle.sin(), angle.cos()], 1)
        kind = torch.zeros(len(x), dtype=torch.long) if kind is None else kind
        h = nn.functional.silu(self.start(x) + self.level(waves) + self.kind(kind))
        eps: Tensor = self.end(nn.functional.silu(h + self.middle(h)))
        return eps


# --8<-- [start:loss]
def loss(model: Denoiser, x0: Tensor, kind: Tensor, generator: torch.Generator) -> Tensor:
    """Mean squared error of the noise: x0 (N, D), kind (N,) to (). Source: ho2020denoising, eq. 14."""
    a = torch.cos(torch.rand(len(x0), generator=generator, dtype=x0.dtype) * math.pi / 2) ** 2
    eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype)
    kind = torch.where(torch.rand(len(x0), generator=generator) < 0.15, 0, kind)
    error: Tensor = (model(add_noise(x0, a, eps), a, kind) - eps) ** 2
    return error.mean()
    # --8<-- [end:loss]


def train(
    model: Denoiser, x0: Tensor, kind: Tensor, steps: int, generator: torch.Generator
) -> None:
    """Fit with Adam, batches of 256 of x0 (N, D) and kind (N,), the rate falling to 0. Source: definition."""
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for i in range(steps):
        optimizer.param_groups[0]["lr"] = 3e-3 * (1 - i / steps)
        rows = torch.randint(len(x0), (256,), generator=generator)
        optimizer.zero_grad()
        torch.autograd.backward(loss(model, x0[rows], kind[rows], generator))
        optimizer.step()


def main() -> None:
    """The path of the example; the spread that samples of N(0, 1/4) keep, with its exact model."""
    start = torch.full((1, 1), 0.2, dtype=torch.float64)
    print(f"The example ends at {sample(POINTS.eps, start, LEVELS.flip(0), 0.0).item():.4f}")
    generator = torch.Generator().manual_seed(0)
    data = Mixture(torch.zeros(1, 1).double(), 0.5, torch.ones(1).double())
    for name, eta in (("DDPM", 1.0), ("DDIM", 0.0)):
        for steps in (10, 50, 250):
            x = torch.randn(5_000, 1, generator=generator, dtype=torch.float64)
            x = sample(data.eps, x, few(cosine_schedule(1000), steps), eta, generator)
            print(f"{name}, {steps} steps: {x.std() / data.spread:.2f} of the spread")


if __name__ == "__main__":
    main()
