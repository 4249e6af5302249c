"""The classes that refine noise in many passes: an energy, diffusion, flow matching.

Letters: x are items (N, D), t times (N,) from data (0) to noise (1), a and s the shares of data and noise.
"""

import math
from importlib import import_module
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

exact = import_module("docs.models.comparison.exact")

Generator = torch.Generator
RANGE = exact.RANGE
STEPS = 50  # of a sampler that refines
net, normal, gaussian, bend = exact.net, exact.normal, exact.gaussian, exact.bend


class Energy(nn.Module):
    """An energy, trained by chains of Langevin steps that go on. Source: du2019implicit, alg. 1."""

    kept = 2000  # chains
    fresh = 0.05  # of them begin anew at each step

    def __init__(self, size: int, width: int, walk: int, step: float, scale: float) -> None:
        super().__init__()
        self.size, self.walk, self.step, self.scale = size, walk, step, scale
        self.passes = 10 * walk
        self.network = net(size, 1, width)
        self.chains: Tensor | None = None

    def energy(self, x: Tensor) -> Tensor:
        """Nats up to a constant; far away a parabola wins: x (N, D) to (N,). Source: definition."""
        found: Tensor = self.scale * self.network(x)[:, 0] + (x**2).sum(-1) / (2 * RANGE**2)
        return found

    def langevin(self, x: Tensor, steps: int, generator: Generator) -> Tensor:
        """Places after so many steps down the energy with noise: x (N, D) to (N, D). Source: du2019implicit."""
        for _ in range(steps):
            x = x.detach().requires_grad_()
            (slope,) = torch.autograd.grad(self.energy(x).sum(), x)
            x = x - self.step * slope + math.sqrt(2 * self.step) * normal(x, generator)
        return x.detach()

    def start(self, n: int, generator: Generator) -> Tensor:
        """Places at random in the range: (n, D). Source: definition."""
        result: Tensor = (2 * torch.rand(n, self.size, generator=generator) - 1) * RANGE / 2
        return result

    # --8<-- [start:energy]
    def loss(self, x: Tensor, generator: Generator) -> Tensor:
        """Energy of data less that of chains, and a penalty: x (N, D) to (). Source: du2019implicit, alg. 1."""
        if self.chains is None:
            self.chains = self.start(self.kept, generator)
        picked = torch.randperm(self.kept, generator=generator)[: len(x)]
        old, new = self.chains[picked], self.start(len(x), generator)
        old = torch.where(torch.rand(len(x), 1, generator=generator) < self.fresh, new, old)
        self.chains[picked] = fake = self.langevin(old, self.walk, generator)
        low, high = self.energy(x), self.energy(fake)
        return (low - high).mean() + 0.01 * (low**2 + high**2).mean() / self.scale
        # --8<-- [end:energy]

    def sample(self, n: int, generator: Generator, steps: int = 0) -> Tensor:
        """Long walks from places at random: (n, D). Source: definition."""
        return self.langevin(self.start(n, generator), steps or self.passes, generator)


class Path(nn.Module):
    """Data that become noise along a path a(t) x + s(t) noise, t from 0 to 1, and a network for its slope.

    Raises NotImplementedError for a path without a and s of its own.
    """

    passes = STEPS

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.size, self.network = size, net(size + 9, size, width)

    def slope(self, x: Tensor, t: Tensor) -> Tensor:
        """What the network takes for dx/dt: x (N, D), t (N,) to (N, D). Source: definition."""
        angle = t[:, None] * math.pi * 2.0 ** torch.arange(4)
        found: Tensor = self.network(torch.cat([x, t[:, None], angle.sin(), angle.cos()], 1))
        return found

    def path(self, t: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """a, s and their derivatives: t (N,) or () to that, each (...). Source: definition."""
        raise NotImplementedError

    # --8<-- [start:path]
    def loss(self, x: Tensor, generator: Generator) -> Tensor:
        """The mean squared error of the slope at a place of the path: x (N, D) to (). Source: lipman2023flow."""
        t = torch.rand(len(x), generator=generator)
        a, s, by_a, by_s = (part[:, None] for part in self.path(t))
        noise = normal(x, generator)
        found = self.slope(a * x + s * noise, t)
        result: Tensor = ((found - (by_a * x + by_s * noise)) ** 2).mean()
        return result
        # --8<-- [end:path]

    def divergence(self, x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """The slope, (N, D), and the trace of its Jacobian by x, (N,): x (N, D), t (N,).

        Source: this page, eq-comparison-divergence.
        """
        angle = t[:, None] * math.pi * 2.0 ** torch.arange(4)
        first, second, last = (layer for layer in self.network if isinstance(layer, nn.Linear))
        above = first(torch.cat([x, t[:, None], angle.sin(), angle.cos()], 1))
        below = second(functional.silu(above))
        through = second.weight * (first.weight[:, : self.size] @ last.weight).T
        trace = (bend(below) @ through * bend(above)).sum(1)
        return last(functional.silu(below)), trace

    @torch.no_grad()
    def log_density(self, x: Tensor) -> Tensor:
        """Nats, along the ODE from data to noise by Heun's rule: x (N, D) to (N,). Source: song2021score."""
        total, step = torch.zeros(len(x)), 1 / STEPS
        for i in range(STEPS):
            first, trace = self.divergence(x, torch.full((len(x),), i * step))
            second, other = self.divergence(x + step * first, torch.full((len(x),), (i + 1) * step))
            x, total = x + step / 2 * (first + second), total + step / 2 * (trace + other)
        found: Tensor = gaussian(x) + total
        return found


class Diffusion(Path):
    """The path cos, sin of a circle; its slope is v. Source: salimans2022progressive, app. D."""

    def path(self, t: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """cos, sin and their derivatives: t (N,) or () to that, each (...). Source: salimans2022progressive, app. D."""
        a, s = (t * math.pi / 2).cos(), (t * math.pi / 2).sin()
        return a, s, -math.pi / 2 * s, math.pi / 2 * a

    @torch.no_grad()
    def sample(self, n: int, generator: Generator, steps: int = STEPS) -> Tensor:
        """Steps from noise to data with fresh noise in each: (n, D). Source: ho2020denoising, alg. 2."""
        x = torch.randn(n, self.size, generator=generator)
        times = torch.linspace(1, 0, steps + 1)
        for t, then in pairwise(times):
            a, s, _, _ = self.path(t)
            b, r, _, _ = self.path(then)
            v = self.slope(x, t.expand(n)) / (math.pi / 2)
            data, noise = a * x - s * v, s * x + a * v
            fresh = ((r / s) ** 2 * (1 - (a / b) ** 2)).clamp(min=0).sqrt()
            x = (
                b * data
                + (r**2 - fresh**2).clamp(min=0).sqrt() * noise
                + fresh * normal(x, generator)
            )
        return x


class Matching(Path):
    """Flow matching: straight paths. Source: lipman2023flow, eq. 23."""

    def path(self, t: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """1 - t, t and their derivatives: t (N,) or () to that, each (...). Source: definition."""
        return 1 - t, t, -torch.ones_like(t), torch.ones_like(t)

    @torch.no_grad()
    def sample(self, n: int, generator: Generator, steps: int = STEPS) -> Tensor:
        """Euler's steps from noise to data: (n, D). Source: definition."""
        x = torch.randn(n, self.size, generator=generator)
        for i in range(steps):
            x = x - self.slope(x, torch.full((n,), 1 - i / steps)) / steps
        return x
