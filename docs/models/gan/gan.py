"""Generative adversarial network: two networks, one game, on points in the plane.

The letters:
    p, q    densities of the data and of the generator's samples (p_data and p_g in the papers)
    x, z    a sample, real if from p, fake if from q; noise, standard normal: each (N, 2)
    a       logit of the discriminator, D(x) = sigmoid(a); for Wasserstein the critic's value f(x)
    theta   the generator's number in the games on the line, G(z) = theta + z
    psi     the discriminator's number there, a(x) = psi * x
    gamma   weight of the gradient penalty on the discriminator
Losses are in nats. Numbers are in double precision: training a GAN magnifies rounding errors.
"""

import functools
import itertools
import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

LOSSES = ("saturating", "non-saturating", "wasserstein")


# --8<-- [start:value]
def value(real: Tensor, fake: Tensor) -> Tensor:
    """The value of the game, nats, E log D(x) + E log(1 - D(G(z))): logits real (N,), fake (M,) to ().

    Source: goodfellow2014generative, eq. 1.
    """
    return functional.logsigmoid(real).mean() + functional.logsigmoid(-fake).mean()
    # --8<-- [end:value]


# --8<-- [start:optimal]
def optimal_discriminator(p: Tensor, q: Tensor) -> Tensor:
    """The discriminator that maximises the value: densities p, q (...) at the same points to (...).

    Raises ValueError if the shapes differ or a density is negative. Source: goodfellow2014generative, eq. 2.
    """
    if p.shape != q.shape or min(p.min(), q.min()) < 0:
        raise ValueError(
            f"p {tuple(p.shape)} from {p.min():g}, q {tuple(q.shape)} from {q.min():g}"
        )
    return p / (p + q)
    # --8<-- [end:optimal]


# --8<-- [start:jensen]
def jensen_shannon(p: Tensor, q: Tensor, width: float = 1.0) -> Tensor:
    """The Jensen-Shannon divergence, nats, (), of p, q (K,), densities amid cells of a width.

    Source: goodfellow2014generative, eq. 6.
    """
    middle = (p + q) / 2
    terms = torch.xlogy(p, p) + torch.xlogy(q, q) - 2 * torch.xlogy(middle, middle)
    return terms.sum() * width / 2
    # --8<-- [end:jensen]


# --8<-- [start:losses]
def generator_loss(fake: Tensor, kind: str) -> Tensor:
    """What the generator makes small, from the logits of its samples: fake (N,) to ().

    Raises ValueError if there is no such loss. Source: goodfellow2014generative; arjovsky2017wasserstein.
    """
    if kind == "saturating":
        return functional.logsigmoid(-fake).mean()
    if kind == "non-saturating":
        return -functional.logsigmoid(fake).mean()
    if kind == "wasserstein":
        return -fake.mean()
    raise ValueError(f"no loss {kind!r}; there are {', '.join(LOSSES)}")


def discriminator_loss(real: Tensor, fake: Tensor, kind: str) -> Tensor:
    """What the discriminator makes small, minus value or critic's gap: real (N,), fake (M,) to ().

    Source: goodfellow2014generative, eq. 1; arjovsky2017wasserstein.
    """
    return fake.mean() - real.mean() if kind == "wasserstein" else -value(real, fake)
    # --8<-- [end:losses]


# --8<-- [start:wasserstein]
def wasserstein(x: Tensor, y: Tensor) -> Tensor:
    """The Wasserstein-1 distance of two samples of one size on the line, in units of x: x, y (N,) to ().

    Raises ValueError if the shapes differ. Source: peyre2019computational, section 2.6: on the line the
    optimal transport keeps the order.
    """
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError(f"x is {tuple(x.shape)} but y is {tuple(y.shape)}; both must be (N,)")
    return (x.sort().values - y.sort().values).abs().mean()
    # --8<-- [end:wasserstein]


Cloud = tuple[Tensor, Tensor]  # places on the line and their probabilities, (K,) each
POINT: Cloud = (torch.zeros(1).double(), torch.ones(1).double())
PAIR: Cloud = (torch.arange(2).double(), torch.full((2,), 0.5).double())


@functools.cache
def hermite(spread: float) -> Cloud:
    """Points and weights, (K,) each, whose weighted sum is the mean over normal noise. Source: definition."""
    points, weights = np.polynomial.hermite_e.hermegauss(40)
    return spread * torch.from_numpy(points), torch.from_numpy(weights / weights.sum())


# --8<-- [start:dirac]
def dirac_field(
    theta: Tensor, psi: Tensor, kind: str, gamma: float = 0.0, cloud: Cloud = POINT
) -> tuple[Tensor, Tensor]:
    """Minus the gradient of the generator's loss by theta and of the discriminator's by psi, () each.

    Args:
        theta, psi: (). gamma: weight of the penalty R1.
        cloud: places and probabilities, (K,) each, of the data, and, moved by theta, of the samples.

    Source: mescheder2018which, definition 2.1, section 3 (noise) and section 4.1 (R1).
    """
    at, share = cloud
    real, fake = torch.sigmoid(psi * at), torch.sigmoid(psi * (theta + at))
    if kind == "wasserstein":  # a(x) is linear: only the distance of the means counts
        return psi, -theta - gamma * psi
    pull = fake if kind == "saturating" else 1 - fake
    push = (1 - real) * at - fake * (theta + at)
    return (share * pull).sum() * psi, (share * push).sum() - gamma * psi
    # --8<-- [end:dirac]


# --8<-- [start:line]
def line_game(rounds: int, kind: str = "non-saturating", rate: float = 0.5) -> Iterator[Cloud]:
    """theta and psi, () each, after each round of the example: psi moves first. Source: definition."""
    theta, psi = torch.tensor([-1, math.log(4)]).double().unbind()
    for _ in range(rounds):
        psi = psi + rate * dirac_field(theta, psi, kind, cloud=PAIR)[1]
        theta = theta + rate * dirac_field(theta, psi, kind, cloud=PAIR)[0]
        yield theta, psi
    # --8<-- [end:line]


# --8<-- [start:penalty]
def gradient_penalty(d: nn.Module, x: Tensor) -> Tensor:
    """Half the mean squared slope of the discriminator at real samples, R1: x (N, 2) to ().

    Source: mescheder2018which, eq. 9 with gamma = 1.
    """
    x = x.detach().requires_grad_()
    (slope,) = torch.autograd.grad(d(x).sum(), x, create_graph=True)
    return slope.pow(2).sum(dim=1).mean() / 2
    # --8<-- [end:penalty]


def modes(radius: float = 2.0) -> Tensor:
    """The centres of eight modes on a circle, (8, 2). Source: definition."""
    angle = torch.arange(8, dtype=torch.float64) * (math.pi / 4)
    return radius * torch.stack([angle.cos(), angle.sin()], dim=1)


def noise(n: int, generator: torch.Generator) -> Tensor:
    """Standard normal noise, (n, 2). Source: definition."""
    return torch.randn(n, 2, generator=generator, dtype=torch.float64)


def sample_ring(n: int, generator: torch.Generator, spread: float = 0.1) -> Tensor:
    """Data: n points of eight normal modes with standard deviation `spread`, (n, 2). Source: definition."""
    return modes()[torch.randint(8, (n,), generator=generator)] + spread * noise(n, generator)


# --8<-- [start:reached]
def modes_reached(x: Tensor, spread: float = 0.1, share: float = 0.02) -> tuple[int, float]:
    """How many modes hold at least `share` of the samples x (N, 2), and which part is near a mode.

    Near is within three standard deviations of a centre. Source: definition.
    """
    distance, nearest = torch.cdist(x, modes()).min(dim=1)
    good = distance < 3 * spread
    counts = torch.bincount(nearest[good], minlength=8)
    return int((counts >= share * len(x)).sum()), float(good.double().mean())
    # --8<-- [end:reached]


def network(sizes: tuple[int, ...], generator: torch.Generator) -> nn.Sequential:
    """A multilayer perceptron with leaky ReLU, weights normal with variance 2/fan-in, biases 0."""
    layers: list[nn.Module] = []
    for fan_in, fan_out in itertools.pairwise(sizes):
        layer = nn.Linear(fan_in, fan_out, dtype=torch.float64)
        weight = torch.randn(fan_out, fan_in, generator=generator, dtype=torch.float64)
        layer.weight = nn.Parameter(weight * math.sqrt(2 / fan_in))
        layer.bias = nn.Parameter(torch.zeros(fan_out, dtype=torch.float64))
        layers += [layer, nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers[:-1])


# --8<-- [start:loss]
def loss_of_discriminator(
    g: nn.Module, d: nn.Module, real: Tensor, z: Tensor, kind: str, gamma: float
) -> Tensor:
    """Its loss with the gradient penalty: real, z (N, 2) to (). Source: mescheder2018which."""
    loss = discriminator_loss(d(real)[:, 0], d(g(z).detach())[:, 0], kind)
    return loss + gamma * gradient_penalty(d, real) if gamma > 0 else loss
    # --8<-- [end:loss]


def descend(loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
    """One step of one player on loss (). Source: definition."""
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    optimizer.step()


# --8<-- [start:train]
def train(
    kind: str, rounds: int, generator: torch.Generator, gamma: float = 0.0, ratio: int = 1
) -> Iterator[nn.Module]:
    """The generator after each round, one step of D and `ratio` of G, by Adam. Raises ValueError for another kind."""
    g, d = network((2, 32, 32, 2), generator), network((2, 32, 32, 1), generator)
    optimizer_g = torch.optim.Adam(g.parameters(), lr=1e-2, betas=(0.5, 0.9))
    optimizer_d = torch.optim.Adam(d.parameters(), lr=1e-2, betas=(0.5, 0.9))
    for _ in range(rounds):
        real, z = sample_ring(128, generator), noise(128, generator)
        descend(loss_of_discriminator(g, d, real, z, kind, gamma), optimizer_d)
        if kind == "wasserstein" and gamma == 0:  # keep the slopes of the critic bounded
            nn.utils.vector_to_parameters(
                nn.utils.parameters_to_vector(d.parameters()).detach().clamp(-0.1, 0.1),
                d.parameters(),
            )
        for _ in range(ratio):
            descend(generator_loss(d(g(noise(128, generator)))[:, 0], kind), optimizer_g)
        yield g
    # --8<-- [end:train]


def main() -> None:
    """Train for some seconds and compare with as many samples of the data."""
    torch.set_num_threads(1)
    for kind, gamma in (("non-saturating", 0.0), ("non-saturating", 0.1), ("wasserstein", 0.3)):
        generator = torch.Generator().manual_seed(2)
        *_, g = train(kind, 400, generator, gamma)
        reached, good = modes_reached(g(noise(2000, generator)).detach())
        print(f"{kind}, gamma {gamma}: {reached} of 8 modes, {good:.0%} of the samples near one")
    reached, good = modes_reached(sample_ring(2000, generator))
    print(f"the data themselves: {reached} of 8 modes, {good:.0%} near one (exactly 98.9 %)")


if __name__ == "__main__":
    main()
