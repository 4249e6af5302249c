"""Normalising flows: a map with an inverse turns noise into data, and the density follows from how far it stretches.

    x  a point of the data          z  the noise that it comes from       D  numbers of a point
    a  logarithm of a scale         b  a shift; both may come from a network
    t  time of a continuous flow, 0 at the data and 1 at the noise        v  its velocity

Every map gives, beside the point, the logarithm of the factor by which it stretches a small volume there.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

DATA = (1.0, 5.0)  # the example: for these two numbers x = 3 + 2 z is the best straight line
POINT = (1.0, 0.5)  # the example in the plane: a noise
RATE = math.log(2)  # the example as a continuous flow: doubles within the time 1

Net = Callable[[Tensor], tuple[Tensor, Tensor]]  # kept (..., D/2) to a, b, (..., D/2) each
Base = Callable[[Tensor], Tensor]  # (..., D) to (...)
Field = Callable[[Tensor, float], Tensor]  # x (..., D) to v (..., D)


def log_normal(z: Tensor) -> Tensor:
    """Log density of the standard normal distribution, nats: z (..., D) to (...). Source: definition."""
    return -(z.square() + math.log(2 * math.pi)).sum(-1) / 2


# --8<-- [start:line]
def line_loss(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Mean of -log p(x), nats, of x = b + e^a z: x (N, 1), a (), b () to (). Source: this page, eq-flow-line."""
    z = (x - b) * torch.exp(-a)
    return -(log_normal(z) - a).mean()
    # --8<-- [end:line]


# --8<-- [start:coupling]
def couple(z: Tensor, net: Net, first: bool) -> tuple[Tensor, Tensor]:
    """Stretch and shift one half of z (..., D) as a network of the other half says: (..., D), log volume (...).

    Args: first: whether the first half changes, and the second one is kept. Source: dinh2017density, eq. 4.
    """
    kept, moved = z.chunk(2, -1)[:: -1 if first else 1]
    a, b = net(kept)
    moved = moved * torch.exp(a) + b
    return torch.cat([moved, kept] if first else [kept, moved], -1), a.sum(-1)
    # --8<-- [end:coupling]


# --8<-- [start:uncouple]
def uncouple(x: Tensor, net: Net, first: bool) -> tuple[Tensor, Tensor]:
    """The inverse: x (..., D) to z (..., D), log volume (...). Source: dinh2017density, eq. 8."""
    kept, moved = x.chunk(2, -1)[:: -1 if first else 1]
    a, b = net(kept)
    moved = (moved - b) * torch.exp(-a)
    return torch.cat([moved, kept] if first else [kept, moved], -1), -a.sum(-1)
    # --8<-- [end:uncouple]


def bend(z: Tensor) -> tuple[Tensor, Tensor]:
    """First "network" of the example: scale 2^z, shift z^2: z (..., 1) to a, b, (..., 1) each. Source: definition."""
    return math.log(2) * z, z.square()


def height(z: Tensor) -> tuple[Tensor, Tensor]:
    """Second one: always scale 2, shift 3: z (..., 1) to a, b, (..., 1) each. Source: definition."""
    return torch.full_like(z, math.log(2)), torch.full_like(z, 3.0)


EXAMPLE: list[Net] = [bend, height]  # layers change the second number, the first, the second, ...


def generate(z: Tensor, nets: list[Net]) -> tuple[Tensor, Tensor]:
    """Noise z (..., D) through all layers: x (..., D), log volume (...). Source: this page, eq-flow-chain."""
    volume = torch.zeros(z.shape[:-1], dtype=z.dtype)
    for k, net in enumerate(nets):
        z, more = couple(z, net, k % 2 == 1)
        volume = volume + more
    return z, volume


# --8<-- [start:flow]
def normalise(x: Tensor, nets: list[Net]) -> tuple[Tensor, Tensor]:
    """Data x (..., D) back through all layers: z (..., D), log volume (...). Source: this page, eq-flow-chain."""
    volume = torch.zeros(x.shape[:-1], dtype=x.dtype)
    for k, net in reversed(list(enumerate(nets))):
        x, more = uncouple(x, net, k % 2 == 1)
        volume = volume + more
    return x, volume


def log_density(x: Tensor, nets: list[Net], base: Base = log_normal) -> Tensor:
    """Log density of the flow, nats: x (..., D) to (...). Source: this page, eq-flow-volume."""
    z, volume = normalise(x, nets)
    return base(z) + volume
    # --8<-- [end:flow]


class Network(nn.Module):
    """What stands in a coupling layer: D/2 numbers to scale and shift of D/2 others; need not be invertible."""

    def __init__(self, half: int, width: int, most: float = 2.0) -> None:
        super().__init__()
        self.most = most
        self.layers = nn.Sequential(
            nn.Linear(half, width),
            nn.Tanh(),
            nn.Linear(width, width),
            nn.Tanh(),
            nn.Linear(width, 2 * half),
        )

    def forward(self, kept: Tensor) -> tuple[Tensor, Tensor]:
        """kept (..., D/2) to a, b, (..., D/2) each, |a| below `most`. Source: dinh2017density, section 3.2."""
        a, b = self.layers(kept).chunk(2, -1)
        return self.most * torch.tanh(a / self.most), b


# --8<-- [start:train]
def train(
    nets: list[Net],
    parameters: list[Tensor],
    draw: Callable[[], Tensor],
    steps: int,
    base: Base = log_normal,
) -> None:
    """Maximum likelihood: parameters (…), draw (..., D) makes a batch. Source: this page, eq-flow-loss."""
    optimiser = torch.optim.Adam(parameters, lr=0.005)
    for _ in range(steps):
        x = draw()
        loss = -log_density(x, nets, base).mean()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    # --8<-- [end:train]


class Masked(nn.Module):
    """Scale and shift of each number from the numbers before it: matrices with zeros from the diagonal on."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.scale, self.shift = nn.Parameter(torch.randn(d, d)), nn.Parameter(torch.randn(d, d))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """x (..., D) to a, b, (..., D) each. Source: papamakarios2017masked, section 3.1."""
        return torch.tanh(x @ self.scale.tril(-1).mT), torch.sin(x) @ self.shift.tril(-1).mT


# --8<-- [start:autoregressive]
def all_at_once(x: Tensor, net: Net) -> tuple[Tensor, Tensor]:
    """Data to noise in one pass: x (..., D) to z (..., D), log volume (...). Source: papamakarios2017masked, eq. 4."""
    a, b = net(x)
    return (x - b) * torch.exp(-a), -a.sum(-1)


def one_by_one(z: Tensor, net: Net) -> Tensor:
    """Noise to data: z (..., D) to x (..., D) in D passes. Source: papamakarios2017masked, eq. 3."""
    x = torch.zeros_like(z)
    for i in range(z.shape[-1]):  # number i is right once all before it are
        a, b = net(x)
        x[..., i] = (z * torch.exp(a) + b)[..., i]
    return x
    # --8<-- [end:autoregressive]


def divergence(field: Field, x: Tensor, t: float) -> Tensor:
    """Sum of the derivatives of each velocity by its own number: x (N, D) to (N,). Source: definition."""
    rows = torch.func.vmap(torch.func.jacrev(lambda point: field(point, t)))(x)
    return torch.diagonal(rows, dim1=-2, dim2=-1).sum(-1)


# --8<-- [start:continuous]
def follow(
    field: Field, x: Tensor, steps: int, back: bool = False, middle: bool = False
) -> tuple[Tensor, Tensor]:
    """From noise at t = 1 to data at t = 0, or back: x (N, D) to (N, D), log volume (N,). Source: chen2018neural.

    Args: middle: take the velocity in the middle of each step, two calls a step, in place of Euler's one.
    """
    h = (1.0 if back else -1.0) / steps
    volume = torch.zeros(len(x), dtype=x.dtype)
    for k in range(steps):
        t, at = (0.0 if back else 1.0) + k * h, x
        if middle:
            t, at = t + h / 2, x + h / 2 * field(x, t)
        x, volume = x + h * field(at, t), volume + h * divergence(field, at, t)
    return x, volume
    # --8<-- [end:continuous]


def doubling(x: Tensor, t: float) -> Tensor:
    """The example as a velocity: x (..., 1) to (..., 1), away from the data, so towards -3. Source: definition."""
    return -RATE * (x + 3) + 0 * t


SPREAD, TWO, THREE = 0.4, (-2.0, 2.0), (-4.0, 0.0, 4.0)  # blobs in a row


def blobs(n: int, draw: torch.Generator, centres: tuple[float, ...] = TWO) -> Tensor:
    """Round blobs, equally likely: (n, 2). Source: definition."""
    at = torch.tensor(centres)[torch.randint(len(centres), (n,), generator=draw)]
    noise = SPREAD * torch.randn(n, 2, generator=draw)
    return noise + torch.stack([at, torch.zeros(n)], -1)


def between(x: Tensor, centres: tuple[float, ...] = TWO) -> Tensor:
    """Whether x (..., 2) lies between the blobs, more than 1 from each centre: (...). Source: definition."""
    first = x[..., 0]
    near = torch.stack([(first - c).abs() <= 1 for c in centres]).any(0)
    return ~near & (first.abs() < max(centres))


# --8<-- [start:mixture]
def two_bumps(z: Tensor, log_spread: Tensor) -> Tensor:
    """Log density, nats, of two bells at -2 and 2: z (..., 2), log_spread () to (...). Source: definition."""
    side = torch.tensor([2.0, 0.0], dtype=z.dtype)
    parts = [log_normal((z - c * side) * torch.exp(-log_spread)) for c in (-1, 1)]
    return torch.logaddexp(*parts) - math.log(2) - 2 * log_spread
    # --8<-- [end:mixture]


def mass(density: Base, reach: float, cells: int) -> float:
    """Integral of a log density over the square from -reach to reach, by midpoints. Source: definition."""
    middle = (torch.arange(cells, dtype=torch.float64) + 0.5) * (2 * reach / cells) - reach
    area = (2 * reach / cells) ** 2
    return float(density(torch.cartesian_prod(middle, middle)).exp().sum()) * area


def main() -> None:
    """The example by pencil, its density on a grid, its inverse, and a flow that is trained on two blobs."""
    x, volume = generate(torch.tensor(POINT, dtype=torch.float64), EXAMPLE)
    back, _ = normalise(x, EXAMPLE)
    print(f"{list(POINT)} to {x.tolist()}, volume {volume.exp():.2f}, back to {back.tolist()}")
    whole = mass(lambda x: log_density(x, EXAMPLE), 40, 800)
    print(f"density there {log_density(x, EXAMPLE).exp():.4f}, sum over a grid {whole:.4f}")
    torch.manual_seed(0)
    draw = torch.Generator().manual_seed(0)
    parts = [Network(1, 16) for _ in range(4)]
    parameters: list[Tensor] = [p for net in parts for p in net.parameters()]
    train(list(parts), parameters, lambda: blobs(128, draw), 300)
    with torch.no_grad():
        x, _ = generate(torch.randn(20_000, 2, generator=draw), list(parts))
    print(f"samples between two blobs: {between(x).double().mean():.1%}")


if __name__ == "__main__":
    main()
