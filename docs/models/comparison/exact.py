"""The classes that draw a sample in one pass or one number after the other, and the parts of all classes.

Letters: x are items (N, D), z noise or codes; width is the number of units of a hidden layer.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

Generator = torch.Generator
RANGE = 2.0  # data lie in [-RANGE, RANGE]


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
    """Standard normal numbers of the shape and type of like (...), (...). Source: definition."""
    return torch.randn(like.shape, dtype=like.dtype, generator=generator)


def bend(x: Tensor) -> Tensor:
    """The derivative of SiLU: x (...) to (...). Source: definition."""
    return x.sigmoid() * (1 + x * (1 - x.sigmoid()))


def gaussian(x: Tensor, mean: Tensor | float = 0.0, log_scale: Tensor | float = 0.0) -> Tensor:
    """Log density, nats, of independent normals: x (..., D), mean, log_scale (...) to (...). Source: definition."""
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
        """Logits of K bins from the numbers before: x (N, D) to (N, D, K). Source: germain2015made, sec. 3."""
        linear = [layer for layer in self.layers if isinstance(layer, nn.Linear)]
        for i, (layer, mask) in enumerate(zip(linear, self.masks, strict=True)):
            x = functional.linear(functional.silu(x) if i else x, layer.weight * mask, layer.bias)
        return x.view(-1, self.size, self.bins)

    # --8<-- [start:autoregressive]
    def log_density(self, x: Tensor) -> Tensor:
        """Exact, nats: log of each bin's probability over its width, summed: x (N, D) to (N,). Source: definition."""
        place = ((x + RANGE) / (2 * RANGE) * self.bins).long().clamp(0, self.bins - 1)
        chosen = self.logits(x).log_softmax(-1).gather(-1, place[..., None])[..., 0]
        return (chosen - math.log(2 * RANGE / self.bins)).sum(-1)

    def loss(self, x: Tensor, generator: Generator) -> Tensor:
        """The mean negative log likelihood, nats: x (N, D) to (). Source: definition."""
        return -self.log_density(x).mean()
        # --8<-- [end:autoregressive]

    @torch.no_grad()
    def sample(self, n: int, generator: Generator) -> Tensor:
        """One pass for each number: a bin is drawn, then a place in it: (n, D). Source: definition."""
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
        """The lower bound of log p(x), nats, by a code for each: x (N, D) to (N,). Source: kingma2014auto, eq. 10."""
        mean, log_scale = self.encoder(x).chunk(2, -1)
        z = mean + log_scale.exp() * normal(mean, generator)
        kl = (mean**2 + (2 * log_scale).exp() - 1) / 2 - log_scale
        found: Tensor = gaussian(x, self.decoder(z), self.log_scale) - kl.sum(-1)
        return found

    def loss(self, x: Tensor, generator: Generator) -> Tensor:
        """Minus the mean bound, nats: x (N, D) to (). Source: kingma2014auto, eq. 10."""
        return -self.bound(x, generator).mean()

    @torch.no_grad()
    def sample(self, n: int, generator: Generator) -> Tensor:
        """A code, its mean, and the noise of the decoder: (n, D). Source: definition."""
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
        """Samples with their graph: (n, D). Source: definition."""
        made: Tensor = self.generator(torch.randn(n, self.code, generator=generator))
        return made

    # --8<-- [start:adversarial]
    def loss_of_judge(self, x: Tensor, generator: Generator) -> Tensor:
        """Nats for data and samples confused, and the slope: x (N, D) to (). Source: mescheder2018which, eq. 9."""
        x = x.clone().requires_grad_()
        real, fake = self.judge(x), self.judge(self.fake(len(x), generator).detach())
        (slope,) = torch.autograd.grad(real.sum(), x, create_graph=True)
        missed = functional.softplus(-real).mean() + functional.softplus(fake).mean()
        return missed + self.penalty / 2 * (slope**2).sum(-1).mean()

    def loss_of_generator(self, x: Tensor, generator: Generator) -> Tensor:
        """Samples that are found out, nats: x (N, D), for its N, to (). Source: goodfellow2014generative, sec. 3."""
        return functional.softplus(-self.judge(self.fake(len(x), generator))).mean()
        # --8<-- [end:adversarial]

    @torch.no_grad()
    def sample(self, n: int, generator: Generator) -> Tensor:
        """One pass: (n, D). Source: definition."""
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
        """Exact, nats: density of the noise and log volume: x (N, D) to (N,). Source: dinh2017density."""
        volume = torch.zeros(len(x))
        for order, layer in zip(self.orders, self.nets, strict=True):
            first, second = x[:, order].tensor_split([x.shape[1] // 2], 1)
            scale, shift = layer(first).chunk(2, -1)
            scale = 2 * (scale / 2).tanh()
            x = torch.cat([first, second * scale.exp() + shift], 1)
            volume = volume + scale.sum(-1)
        return gaussian(x) + volume

    def loss(self, x: Tensor, generator: Generator) -> Tensor:
        """The mean negative log likelihood, nats: x (N, D) to (). Source: definition."""
        return -self.log_density(x).mean()
        # --8<-- [end:flow]

    @torch.no_grad()
    def sample(self, n: int, generator: Generator) -> Tensor:
        """The layers backwards, one pass in all: (n, D). Source: dinh2017density, eq. 8."""
        size = len(self.orders[0])
        x = torch.randn(n, size, generator=generator)
        for order, layer in zip(self.orders[::-1], self.nets[::-1], strict=True):
            first, second = x.tensor_split([size // 2], 1)
            scale, shift = layer(first).chunk(2, -1)
            second = (second - shift) * (-2 * (scale / 2).tanh()).exp()
            x = torch.cat([first, second], 1)[:, order.argsort()]
        return x
