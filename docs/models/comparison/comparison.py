"""Seven classes of generative models on the same data with the same budget.

The letters:
    x       items of the data, (N, D); z a code or noise of a model
    width   units of each hidden layer, found by `fitted` so that all classes have as many parameters
Every class has `loss(x, generator)` for one step of training (or `play`, where two networks alternate),
`sample(n, generator)`, and `passes`, the calls of a network that one sample takes. `log_density` is in
nats where the class gives it: exact for the first three, along the ODE for diffusion and flow matching.
"""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

Generator = torch.Generator
RANGE = 2.0  # data lie in [-RANGE, RANGE]
STEPS = 50  # of a sampler that refines


def net(inputs: int, outputs: int, width: int) -> nn.Sequential:
    """Two hidden layers: (N, inputs) to (N, outputs). Source: definition."""
    return nn.Sequential(
        nn.Linear(inputs, width),
        nn.SiLU(),
        nn.Linear(width, width),
        nn.SiLU(),
        nn.Linear(width, outputs),
    )


def normal(like: Tensor, generator: Generator) -> Tensor:
    """Standard normal numbers of the shape and type of a tensor. Source: definition."""
    return torch.randn(like.shape, dtype=like.dtype, generator=generator)


def bend(x: Tensor) -> Tensor:
    """The derivative of SiLU. Source: definition."""
    return x.sigmoid() * (1 + x * (1 - x.sigmoid()))


def gaussian(x: Tensor, mean: Tensor | float = 0.0, log_scale: Tensor | float = 0.0) -> Tensor:
    """Log density, nats, of a normal with independent components: (N, D) to (N,). Source: definition."""
    log_scale = torch.as_tensor(log_scale, dtype=x.dtype)
    terms = ((x - mean) / log_scale.exp()) ** 2 / 2 + log_scale + math.log(2 * math.pi) / 2
    return -terms.sum(-1)


class Autoregressive(nn.Module):
    """A number after the other, each as one of K bins, by a network with masks. Source: germain2015made."""

    def __init__(self, size: int, width: int, bins: int) -> None:
        super().__init__()
        self.size, self.bins, self.passes = size, bins, size
        self.layers = nn.ModuleList(
            [nn.Linear(size, width), nn.Linear(width, width), nn.Linear(width, size * bins)]
        )
        place, hidden = torch.arange(size), torch.arange(width) % max(size - 1, 1)
        self.masks = [  # a hidden unit of degree d sees the numbers 0 ... d
            (hidden[:, None] >= place[None]).float(),
            (hidden[:, None] >= hidden[None]).float(),
            (place[:, None] > hidden[None]).float().repeat_interleave(bins, 0),
        ]

    def logits(self, x: Tensor) -> Tensor:
        """Logits of the bins of each number, from the numbers before it: (N, D) to (N, D, K)."""
        linear = [layer for layer in self.layers if isinstance(layer, nn.Linear)]
        for i, (layer, mask) in enumerate(zip(linear, self.masks, strict=True)):
            x = functional.linear(functional.silu(x) if i else x, layer.weight * mask, layer.bias)
        return x.view(-1, self.size, self.bins)

    # --8<-- [start:autoregressive]
    def log_density(self, x: Tensor) -> Tensor:
        """Exact: the log probability of each bin over its width, summed: (N, D) to (N,), nats."""
        place = ((x + RANGE) / (2 * RANGE) * self.bins).long().clamp(0, self.bins - 1)
        chosen = self.logits(x).log_softmax(-1).gather(-1, place[..., None])[..., 0]
        return (chosen - math.log(2 * RANGE / self.bins)).sum(-1)

    def loss(self, x: Tensor, generator: Generator) -> Tensor:
        """The mean negative log likelihood, nats."""
        return -self.log_density(x).mean()
        # --8<-- [end:autoregressive]

    @torch.no_grad()
    def sample(self, n: int, generator: Generator) -> Tensor:
        """One pass for each number: a bin is drawn, then a place in it: (n, D)."""
        x = torch.zeros(n, self.size)
        for i in range(self.size):
            bins = torch.multinomial(self.logits(x)[:, i].softmax(-1), 1, generator=generator)[:, 0]
            x[:, i] = (bins + torch.rand(n, generator=generator)) / self.bins * 2 * RANGE - RANGE
        return x


class Autoencoder(nn.Module):
    """A VAE with one learned scale for all components. Source: kingma2014auto, eq. 10."""

    passes = 1

    def __init__(self, size: int, width: int, code: int) -> None:
        super().__init__()
        self.code = code
        self.encoder, self.decoder = net(size, 2 * code, width), net(code, size, width)
        self.log_scale = nn.Parameter(torch.tensor(-2.0))

    def bound(self, x: Tensor, generator: Generator) -> Tensor:
        """The lower bound of log p(x) with one code for each item: (N, D) to (N,), nats."""
        mean, log_scale = self.encoder(x).chunk(2, -1)
        z = mean + log_scale.exp() * normal(mean, generator)
        kl = (mean**2 + (2 * log_scale).exp() - 1) / 2 - log_scale
        found: Tensor = gaussian(x, self.decoder(z), self.log_scale) - kl.sum(-1)
        return found

    def loss(self, x: Tensor, generator: Generator) -> Tensor:
        """Minus the mean bound, nats."""
        return -self.bound(x, generator).mean()

    @torch.no_grad()
    def sample(self, n: int, generator: Generator) -> Tensor:
        """A code, its mean, and the noise of the decoder: (n, D)."""
        mean: Tensor = self.decoder(torch.randn(n, self.code, generator=generator))
        return mean + self.log_scale.exp() * normal(mean, generator)


class Adversarial(nn.Module):
    """A GAN: the non-saturating loss with a penalty on the slope at data. Source: mescheder2018which, eq. 9."""

    passes = 1

    def __init__(self, size: int, width: int, code: int, penalty: float) -> None:
        super().__init__()
        self.code, self.penalty = code, penalty
        self.generator, self.judge = net(code, size, width), net(size, 1, width)

    def fake(self, n: int, generator: Generator) -> Tensor:
        """Samples with their graph: (n, D)."""
        made: Tensor = self.generator(torch.randn(n, self.code, generator=generator))
        return made

    # --8<-- [start:adversarial]
    def loss_of_judge(self, x: Tensor, generator: Generator) -> Tensor:
        """What the discriminator pays for data and samples, nats, and for its slope at the data."""
        x = x.clone().requires_grad_()
        real, fake = self.judge(x), self.judge(self.fake(len(x), generator).detach())
        (slope,) = torch.autograd.grad(real.sum(), x, create_graph=True)
        missed = functional.softplus(-real).mean() + functional.softplus(fake).mean()
        return missed + self.penalty / 2 * (slope**2).sum(-1).mean()

    def loss_of_generator(self, x: Tensor, generator: Generator) -> Tensor:
        """What the generator pays for samples that are found out, nats."""
        return functional.softplus(-self.judge(self.fake(len(x), generator))).mean()
        # --8<-- [end:adversarial]

    @torch.no_grad()
    def sample(self, n: int, generator: Generator) -> Tensor:
        """One pass: (n, D)."""
        return self.fake(n, generator)


class Flow(nn.Module):
    """Affine coupling layers, each over a half of the components. Source: dinh2017density, eqs. 7 and 8."""

    passes = 1
    layers = 6

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        orders = [torch.randperm(size, generator=generator) for _ in range(self.layers)]
        if size == 2:
            orders = [torch.tensor([i % 2, 1 - i % 2]) for i in range(self.layers)]
        self.orders, half = orders, size // 2
        self.nets = nn.ModuleList([net(half, 2 * (size - half), width) for _ in range(self.layers)])

    # --8<-- [start:flow]
    def log_density(self, x: Tensor) -> Tensor:
        """Exact: the normal density of the noise and the log factor of volume: (N, D) to (N,), nats."""
        volume = torch.zeros(len(x))
        for order, layer in zip(self.orders, self.nets, strict=True):
            first, second = x[:, order].tensor_split([x.shape[1] // 2], 1)
            scale, shift = layer(first).chunk(2, -1)
            scale = 2 * (scale / 2).tanh()
            x = torch.cat([first, second * scale.exp() + shift], 1)
            volume = volume + scale.sum(-1)
        return gaussian(x) + volume

    def loss(self, x: Tensor, generator: Generator) -> Tensor:
        """The mean negative log likelihood, nats."""
        return -self.log_density(x).mean()
        # --8<-- [end:flow]

    @torch.no_grad()
    def sample(self, n: int, generator: Generator) -> Tensor:
        """The layers backwards, one pass in all: (n, D)."""
        size = len(self.orders[0])
        x = torch.randn(n, size, generator=generator)
        for order, layer in zip(self.orders[::-1], self.nets[::-1], strict=True):
            first, second = x.tensor_split([size // 2], 1)
            scale, shift = layer(first).chunk(2, -1)
            second = (second - shift) * (-2 * (scale / 2).tanh()).exp()
            x = torch.cat([first, second], 1)[:, order.argsort()]
        return x


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
        """(N, D) to (N,), in nats up to a constant; far away a parabola wins."""
        found: Tensor = self.scale * self.network(x)[:, 0] + (x**2).sum(-1) / (2 * RANGE**2)
        return found

    def langevin(self, x: Tensor, steps: int, generator: Generator) -> Tensor:
        """Places after so many steps down the energy with noise: (N, D) to (N, D)."""
        for _ in range(steps):
            x = x.detach().requires_grad_()
            (slope,) = torch.autograd.grad(self.energy(x).sum(), x)
            x = x - self.step * slope + math.sqrt(2 * self.step) * normal(x, generator)
        return x.detach()

    def start(self, n: int, generator: Generator) -> Tensor:
        """Places at random in the range: (n, D)."""
        return (2 * torch.rand(n, self.size, generator=generator) - 1) * RANGE / 2

    # --8<-- [start:energy]
    def loss(self, x: Tensor, generator: Generator) -> Tensor:
        """Mean energy of the data minus that of chains, whose gradient is that of the likelihood."""
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
        """Long walks from places at random: (n, D)."""
        return self.langevin(self.start(n, generator), steps or self.passes, generator)


class Path(nn.Module):
    """Data that become noise along a path a(t) x + s(t) noise, t from 0 to 1, and a network for its slope."""

    passes = STEPS

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.size, self.network = size, net(size + 9, size, width)

    def slope(self, x: Tensor, t: Tensor) -> Tensor:
        """What the network takes for dx/dt: x (N, D), t (N,) to (N, D)."""
        angle = t[:, None] * math.pi * 2.0 ** torch.arange(4)
        found: Tensor = self.network(torch.cat([x, t[:, None], angle.sin(), angle.cos()], 1))
        return found

    def path(self, t: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """a, s and their derivatives by t."""
        raise NotImplementedError

    # --8<-- [start:path]
    def loss(self, x: Tensor, generator: Generator) -> Tensor:
        """The squared error of the slope at a place of the path, averaged over components."""
        t = torch.rand(len(x), generator=generator)
        a, s, by_a, by_s = (part[:, None] for part in self.path(t))
        noise = normal(x, generator)
        found = self.slope(a * x + s * noise, t)
        return ((found - (by_a * x + by_s * noise)) ** 2).mean()
        # --8<-- [end:path]

    def divergence(self, x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """The slope, (N, D), and the trace of its Jacobian by x, (N,). Source: this page, eq-comparison-divergence."""
        angle = t[:, None] * math.pi * 2.0 ** torch.arange(4)
        first, second, last = (layer for layer in self.network if isinstance(layer, nn.Linear))
        above = first(torch.cat([x, t[:, None], angle.sin(), angle.cos()], 1))
        below = second(functional.silu(above))
        through = second.weight * (first.weight[:, : self.size] @ last.weight).T
        trace = (bend(below) @ through * bend(above)).sum(1)
        return last(functional.silu(below)), trace

    @torch.no_grad()
    def log_density(self, x: Tensor) -> Tensor:
        """Along the ODE from data to noise by Heun's rule: (N, D) to (N,), nats."""
        total, step = torch.zeros(len(x)), 1 / STEPS
        for i in range(STEPS):
            first, trace = self.divergence(x, torch.full((len(x),), i * step))
            second, other = self.divergence(x + step * first, torch.full((len(x),), (i + 1) * step))
            x, total = x + step / 2 * (first + second), total + step / 2 * (trace + other)
        return gaussian(x) + total


class Diffusion(Path):
    """The path cos, sin of a circle; its slope is v. Source: salimans2022progressive, app. D."""

    def path(self, t: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """cos, sin and their derivatives."""
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
        """1 - t, t and their derivatives."""
        return 1 - t, t, -torch.ones_like(t), torch.ones_like(t)

    @torch.no_grad()
    def sample(self, n: int, generator: Generator, steps: int = STEPS) -> Tensor:
        """Euler's steps from noise to data: (n, D)."""
        x = torch.randn(n, self.size, generator=generator)
        for i in range(steps):
            x = x - self.slope(x, torch.full((n,), 1 - i / steps)) / steps
        return x


Model = Autoregressive | Autoencoder | Adversarial | Flow | Energy | Diffusion | Matching


# --8<-- [start:train]
def train(model: Model, data: Tensor, steps: int, batch: int, rate: float, seed: int) -> None:
    """The same for each class: so many steps of Adam on batches of data (N, D), drawn anew."""
    generator = torch.Generator().manual_seed(seed)
    if isinstance(model, Adversarial):
        pairs = [
            (model.loss_of_judge, model.judge.parameters()),
            (model.loss_of_generator, model.generator.parameters()),
        ]
    else:
        pairs = [(model.loss, model.parameters())]
    betas = (0.5, 0.99) if isinstance(model, Adversarial | Energy) else (0.9, 0.99)
    moves = [(loss, torch.optim.Adam(part, rate, betas)) for loss, part in pairs]
    for step in range(steps):
        x = data[torch.randint(len(data), (batch,), generator=generator)]
        for loss, optimiser in moves:
            optimiser.param_groups[0]["lr"] = rate * (1 + math.cos(math.pi * step / steps)) / 2
            optimiser.zero_grad()
            torch.autograd.backward(loss(x, generator))
            optimiser.step()
    # --8<-- [end:train]


def size(model: nn.Module) -> int:
    """How many numbers are learned. Source: definition."""
    return sum(p.numel() for p in model.parameters())


def fitted(make: Callable[..., Any], budget: int, **settings: Any) -> Any:
    """The model of the class whose width brings its size nearest to a budget. Source: definition."""
    low, high = 4, 4096
    while high - low > 1:
        middle = (low + high) // 2
        small = size(make(width=middle, **settings)) < budget
        low, high = (middle, high) if small else (low, middle)
    return min(
        (make(width=w, **settings) for w in (low, high)), key=lambda m: abs(size(m) - budget)
    )


def main() -> None:
    """A short run of one class on the ring, compared with the known density."""
    from importlib import import_module

    measures = import_module("docs.models.comparison.measures")
    torch.manual_seed(0)
    model = fitted(Autoregressive, 10_000, size=2, bins=50)
    train(model, measures.ring(20_000, 1), 750, 256, 1e-2, 0)
    x = measures.ring(2000, 3)
    lost = float((measures.log_ring(x) - model.log_density(x).detach()).mean()) / math.log(2)
    share, modes = measures.near(model.sample(2000, torch.Generator().manual_seed(1000)))
    print(f"autoregressive, {size(model)} parameters, 750 steps of 256")
    print(f"{share:.3f} of 2,000 samples near a mode (of the data 0.989), {modes} modes of 8")
    print(f"{lost:.3f} bits a point above the entropy, {measures.ENTROPY:.3f} bits")


if __name__ == "__main__":
    main()
