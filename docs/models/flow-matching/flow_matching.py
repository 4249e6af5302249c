"""Flow matching: straight paths between data and noise, their mean velocity, steps along it from noise to data.

The letters:
    x0, eps   a data point and its noise, each (N, D)     t    time, (N,): 0 for data, 1 for noise
    x         the place on the path, (N, D)               u    velocity of one path, eps - x0
    v         velocity of the flow, the mean of u at a place
A field is any function (x, t) -> v. Mixtures and points on a line have the exact one.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

Field = Callable[[Tensor, Tensor], Tensor]  # x (N, D), t (N,) to v (N, D)
Draw = Callable[[int, torch.Generator], tuple[Tensor, Tensor]]  # to x0, eps, (N, D) each


# --8<-- [start:path]
def path(x0: Tensor, eps: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """Place x and velocity u: x0, eps (N, D), t (N,) to (N, D), (N, D). Source: this page, eq-flow-matching-path."""
    t = t[:, None]
    return (1 - t) * x0 + t * eps, eps - x0
    # --8<-- [end:path]


@dataclass(frozen=True)
class Mixture:
    """Normal modes, or points if spread is 0: means (K, D), weights (K,)."""

    means: Tensor
    spread: float
    weights: Tensor

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Data points, (n, D). Source: definition."""
        which = torch.multinomial(self.weights, n, replacement=True, generator=generator)
        noise = torch.randn(n, self.means.shape[1], generator=generator, dtype=self.means.dtype)
        return self.means[which] + self.spread * noise

    # --8<-- [start:field]
    def velocity(self, x: Tensor, t: Tensor) -> Tensor:
        """Mean of u at a place: x (N, D), t (N,) to v (N, D). Source: this page, eq-flow-matching-gaussian."""
        t = t[:, None]
        variance = ((1 - t) * self.spread) ** 2 + t**2
        away = x[:, None, :] - (1 - t)[..., None] * self.means  # (N, K, D)
        log_weight = self.weights.log() - (away**2).sum(-1) / (2 * variance)
        share = torch.softmax(log_weight, 1)[..., None]  # which mode the path comes from
        stretch = (t - (1 - t) * self.spread**2) / variance
        return (share * (stretch[..., None] * away - self.means)).sum(1)
        # --8<-- [end:field]


# --8<-- [start:pairs]
def share_below(eps: Tensor, below: float, batch: int) -> Tensor:
    """P(x0 <= a | eps) for sorted batches, a with P(x0 <= a) = below: eps (N,) to (N,). Source: definition."""
    rank = _binomial(batch - 1, torch.special.ndtr(eps))  # noises of the batch that are smaller
    count = _binomial(batch, torch.tensor([below], dtype=eps.dtype))  # data points that are <= a
    more = count.flip(-1).cumsum(-1).flip(-1)[:, 1:]  # P(count > r), r = 0 to batch - 1
    return (rank * more).sum(-1)
    # --8<-- [end:pairs]


def _binomial(n: int, p: Tensor) -> Tensor:
    """Probabilities of 0 to n successes: p (N,) to (N, n + 1)."""
    k = torch.arange(n + 1, dtype=p.dtype)
    choose = math.lgamma(n + 1) - torch.lgamma(k + 1) - torch.lgamma(n - k + 1)
    p = p[:, None].clamp(1e-300, 1 - 1e-16)
    return torch.exp(choose + k * p.log() + (n - k) * torch.log1p(-p))


@dataclass(frozen=True)
class Line:
    """Points on a line, equally likely; noise is dealt out in sorted batches: points (K,), ascending."""

    points: Tensor
    batch: int = 1

    def shares(self, eps: Tensor) -> Tensor:
        """Which point a noise is paired with: eps (N,) to (N, K). Source: definition."""
        k = len(self.points)
        below = [share_below(eps, (i + 1) / k, self.batch) for i in range(k - 1)]
        edges = [torch.zeros_like(eps), *below, torch.ones_like(eps)]
        return torch.stack([b - a for a, b in pairwise(edges)], 1)

    def origins(self, x: Tensor, t: Tensor) -> Tensor:
        """Which point a path through x comes from: x (N,), t (N,) to (N, K). Source: definition."""
        eps = (x[:, None] - (1 - t)[:, None] * self.points) / t[:, None]
        prior = torch.stack([self.shares(eps[:, i])[:, i] for i in range(len(self.points))], 1)
        return torch.softmax(prior.clamp(min=1e-300).log() - eps**2 / 2, 1)

    def velocity(self, x: Tensor, t: Tensor, kept: slice = slice(None)) -> Tensor:
        """Mean of u over the kept points: x (N, 1), t (N,) to (N, 1). Source: this page, eq-flow-matching-points."""
        share = self.origins(x[:, 0], t)[:, kept]
        share = share / share.sum(1, keepdim=True).clamp(min=1e-300)
        return (x - (share * self.points[kept]).sum(1, keepdim=True)) / t[:, None]


# --8<-- [start:example]
POINTS = Line(torch.tensor([-1.0, 1.0], dtype=torch.float64))  # the data of the example
START, STEPS = 0.4, 4  # the generated point begins at 0.4 and takes four steps
# --8<-- [end:example]


# --8<-- [start:sample]
def times(steps: int, shift: float = 1.0) -> Tensor:
    """From 1 to 0, (steps + 1,), shifted towards noise. Source: esser2024scaling, section 5.3.2."""
    t = torch.linspace(1, 0, steps + 1, dtype=torch.float64)
    return shift * t / (1 + (shift - 1) * t)


def euler(field: Field, x: Tensor, clock: Tensor) -> Tensor:
    """From noise to data, a call a step: x (N, D), clock (S + 1,) to (N, D). Source: definition."""
    for t, s in pairwise(clock):
        x = x + (s - t) * field(x, t.expand(len(x)))
    return x


def midpoint(field: Field, x: Tensor, clock: Tensor) -> Tensor:
    """The same with two calls a step: x (N, D), clock (S + 1,) to (N, D). Source: definition."""
    for t, s in pairwise(clock):
        half = x + (s - t) / 2 * field(x, t.expand(len(x)))
        x = x + (s - t) * field(half, ((t + s) / 2).expand(len(x)))
    return x
    # --8<-- [end:sample]


class Velocity(nn.Module):
    """A perceptron that predicts v from x (N, D) and t (N,)."""

    def __init__(self, data: int, hidden: int) -> None:
        super().__init__()
        self.start = nn.Linear(data + 3, hidden, dtype=torch.float64)
        self.middle = nn.Linear(hidden, hidden, dtype=torch.float64)
        self.end = nn.Linear(hidden, data, dtype=torch.float64)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """The predicted velocity: x (N, D), t (N,) to (N, D). Source: definition."""
        angle = math.pi * t[:, None]
        seen = torch.cat([x, t[:, None], angle.sin(), angle.cos()], 1)
        h = nn.functional.silu(self.middle(nn.functional.silu(self.start(seen))))
        v: Tensor = self.end(h)
        return v


# --8<-- [start:loss]
def loss(model: Velocity, x0: Tensor, eps: Tensor, t: Tensor) -> Tensor:
    """Mean squared error of the velocity: x0, eps (N, D), t (N,) to (). Source: lipman2023flow, eq. 23."""
    x, u = path(x0, eps, t)
    error: Tensor = (model(x, t) - u) ** 2
    return error.sum(1).mean()


def uniform(n: int, generator: torch.Generator) -> Tensor:
    """Times, all equally likely, (n,). Source: definition."""
    return torch.rand(n, generator=generator, dtype=torch.float64)


def logit_normal(n: int, generator: torch.Generator) -> Tensor:
    """Times, most of them in the middle, (n,). Source: esser2024scaling, section 3.1."""
    return torch.sigmoid(torch.randn(n, generator=generator, dtype=torch.float64))
    # --8<-- [end:loss]


def independent(data: Mixture) -> Draw:
    """Pairs of a data point and a noise that know nothing of each other. Source: lipman2023flow."""

    def draw(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        x0 = data.sample(n, generator)
        return x0, torch.randn(x0.shape, generator=generator, dtype=x0.dtype)

    return draw


# --8<-- [start:reflow]
def reflow(field: Field, start: Tensor, steps: int) -> Draw:
    """Pairs of a noise and where the field takes it, from start (N, D). Source: liu2023flow, algorithm 1."""
    with torch.no_grad():
        ends = euler(field, start, times(steps))

    def draw(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        rows = torch.randint(len(start), (n,), generator=generator)
        return ends[rows], start[rows]

    return draw
    # --8<-- [end:reflow]


def train(
    model: Velocity, draw: Draw, steps: int, generator: torch.Generator, when: Callable[..., Tensor]
) -> None:
    """Fit with Adam, batches of 128, rate falling to 0, at times of when (N,). Source: definition."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for i in range(steps):
        optimizer.param_groups[0]["lr"] = 1e-2 * (1 - i / steps)
        x0, eps = draw(128, generator)
        optimizer.zero_grad()
        torch.autograd.backward(loss(model, x0, eps, when(len(x0), generator)))
        optimizer.step()


def main() -> None:
    """The path of the example; what more steps, batches and reflow do to where samples end."""
    x = torch.tensor([[START]], dtype=torch.float64)
    for t, s in pairwise(times(STEPS)):
        x = euler(POINTS.velocity, x, torch.stack([t, s]))
        print(f"t = {s:.2f}: {x.item():.4f}")
    noise = torch.special.ndtri((torch.arange(200, dtype=torch.float64) + 0.5) / 200)[:, None]
    for batch in (1, 4, 16, 64):
        line = Line(POINTS.points, batch)
        off = [(1 - euler(line.velocity, noise, times(n)).abs()).mean() for n in (1, 4, 16)]
        print(f"batches of {batch}: off by " + ", ".join(f"{o:.3f}" for o in off))
    generator = torch.Generator().manual_seed(0)
    data = Mixture(torch.tensor([[-1.0, 0.0], [1.0, 0.0]]).double(), 0.2, torch.ones(2).double())
    model = Velocity(2, 32)
    train(model, independent(data), 500, generator, uniform)
    x, t = torch.randn(500, 2, generator=generator, dtype=torch.float64), torch.full((500,), 0.5)
    with torch.no_grad():
        off = ((model(x, t.double()) - data.velocity(x, t.double())) ** 2).sum(1).mean()
    print(f"network against the exact field at t = 0.5: mean squared error {off:.3f}")


if __name__ == "__main__":
    main()
