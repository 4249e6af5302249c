"""A VQ-VAE: encoder, codes and decoder first, then a prior over the codes; sampling, bits, and an exact likelihood.

A picture is cut into T parts of P numbers; each part gets one code.

Letters:
    B, T, P    pictures in a batch; parts of a picture, one code each; numbers in a part
    K, D       codes in the codebook; numbers in a code
    x, k       parts of pictures (B, T, P); codes of each (B, T), from 0
    s          standard deviation of the decoder's Gaussian
"""

from itertools import product
from math import log, pi

import torch
from torch import Tensor, nn
from torch.nn import functional

# The example: rows of four numbers, two parts of two.
CODES = ((2.0, 2.0), (8.0, 8.0))  # code 1, dark, and code 2, light
ROW = ((1.0, 3.0), (8.0, 8.0))
COUNTS = ((2, 4), (2, 0))  # of eight rows: 1 1, 1 2; 2 1, 2 2
COMMITMENT = 0.25


# --8<-- [start:priors]
def priors(counts: Tensor) -> dict[str, Tensor]:
    """Three priors over two codes, from counts (K, K) of the pairs: each (K, K), summing to 1. Source: definition."""
    joint = counts / counts.sum()
    first = joint.sum(1, keepdim=True)  # (K, 1)
    return {
        "uniform": torch.full_like(joint, 1 / joint.numel()),
        "each alone": first * joint.sum(0),
        "in order": first * (counts / counts.sum(1, keepdim=True)),  # p(k1) p(k2 | k1)
    }
    # --8<-- [end:priors]


def cost(data: Tensor, prior: Tensor) -> float:
    """Mean bits of codes that occur as data (K, K) says, under a prior (K, K). Source: this page, eq-vq-vae-rate."""
    return float(-torch.special.xlogy(data, prior).sum() / log(2))


class VQVAE(nn.Module):
    """Encoder for each part, codebook, and a decoder that reads the codes of all parts."""

    def __init__(self, parts: int, size: int, codes: int, dim: int = 4, width: int = 64) -> None:
        super().__init__()
        self.coder = nn.Sequential(nn.Linear(size, width), nn.ReLU(), nn.Linear(width, dim))
        self.codebook = nn.Parameter(torch.randn(codes, dim))
        self.decoder = nn.Sequential(
            nn.Flatten(), nn.Linear(parts * dim, width), nn.ReLU(),
            nn.Linear(width, parts * size), nn.Unflatten(1, (parts, size)),
        )  # fmt: skip

    # --8<-- [start:encode]
    def encode(self, x: Tensor) -> Tensor:
        """The nearest code of each part: x (B, T, P) to k (B, T). Source: vandenoord2017neural, eq. 1."""
        return torch.cdist(self.coder(x), self.codebook).argmin(-1)
        # --8<-- [end:encode]

    # --8<-- [start:decode]
    def decode(self, k: Tensor) -> Tensor:
        """The decoder's mean: k (B, T) to (B, T, P). Source: this page, eq-vq-vae-gauss."""
        mean: Tensor = self.decoder(self.codebook[k])
        return mean
        # --8<-- [end:decode]

    # --8<-- [start:loss]
    def loss(self, x: Tensor) -> Tensor:
        """Error, the term that moves codes, commitment: x (B, T, P) to (). Source: vandenoord2017neural, eq. 3."""
        u = self.coder(x)  # (B, T, D)
        e = self.codebook[torch.cdist(u, self.codebook).argmin(-1)]
        restored = self.decoder(u + (e - u).detach())  # straight through
        moves, stays = (e - u.detach()).square(), (u - e.detach()).square()
        error: Tensor = (restored - x).square().mean()
        total: Tensor = error + (moves + COMMITMENT * stays).mean()
        return total
        # --8<-- [end:loss]

    @torch.no_grad()
    def restart(self, x: Tensor, generator: torch.Generator) -> None:
        """Put codes that no part of x (B, T, P) chooses on outputs drawn at random. Source: dhariwal2020jukebox."""
        u = self.coder(x).flatten(0, 1)
        unused = torch.bincount(self.encode(x).flatten(), minlength=len(self.codebook)) == 0
        self.codebook[unused] = u[torch.randint(len(u), (int(unused.sum()),), generator=generator)]


class Prior(nn.Module):
    """Scores of each code, given the codes before it: a recurrent network over T codes."""

    def __init__(self, codes: int, width: int = 64) -> None:
        super().__init__()
        self.embed, self.cell = (
            nn.Embedding(codes + 1, width),
            nn.GRU(width, width, batch_first=True),
        )
        self.last = nn.Linear(width, codes)

    def forward(self, k: Tensor) -> Tensor:
        """k (B, T) to scores (B, T, K). Source: this page, eq-vq-vae-model."""
        start = torch.full_like(k[:, :1], self.last.out_features)
        scores: Tensor = self.last(self.cell(self.embed(torch.cat([start, k[:, :-1]], 1)))[0])
        return scores


# --8<-- [start:fit]
def fit(
    model: VQVAE,
    x: Tensor,
    steps: int,
    generator: torch.Generator,
    batch: int = 128,
    rate: float = 3e-3,
) -> None:
    """Stage one: train encoder, codebook and decoder on x (N, T, P). Source: vandenoord2017neural, section 3.2."""
    adam = torch.optim.Adam(model.parameters(), lr=rate)
    for step in range(steps):
        rows = x[torch.randint(len(x), (batch,), generator=generator)]
        if step % 20 == 0 and step < steps * 3 // 4:
            model.restart(rows, generator)
        adam.zero_grad()
        torch.autograd.backward(model.loss(rows))
        adam.step()
    # --8<-- [end:fit]


# --8<-- [start:prior]
def fit_prior(
    prior: nn.Module,
    k: Tensor,
    steps: int,
    generator: torch.Generator,
    batch: int = 128,
    rate: float = 5e-3,
) -> None:
    """Stage two: train the prior on codes k (N, T) of a fixed encoder. Source: vandenoord2017neural, section 3.3."""
    adam = torch.optim.Adam(prior.parameters(), lr=rate)
    for _ in range(steps):
        rows = k[torch.randint(len(k), (batch,), generator=generator)]
        adam.zero_grad()
        torch.autograd.backward(bits(prior, rows).mean())
        adam.step()
    # --8<-- [end:prior]


# --8<-- [start:bits]
def bits(prior: nn.Module, k: Tensor) -> Tensor:
    """Bits that the codes of each picture cost: k (B, T) to (B,). Source: this page, eq-vq-vae-rate."""
    return functional.cross_entropy(prior(k).mT, k, reduction="none").sum(1) / log(2)
    # --8<-- [end:bits]


# --8<-- [start:sample]
@torch.no_grad()
def sample(prior: nn.Module, count: int, parts: int, generator: torch.Generator) -> Tensor:
    """Codes of new pictures, one place after the other: (count, T). Source: this page, eq-vq-vae-model."""
    k = torch.zeros(count, parts, dtype=torch.long)
    for t in range(parts):
        p = prior(k)[:, t].softmax(-1)
        k[:, t] = torch.multinomial(p, 1, generator=generator)[:, 0]
    return k
    # --8<-- [end:sample]


# --8<-- [start:likelihood]
def log_normal(x: Tensor, mean: Tensor, s: float) -> Tensor:
    """log p(x | k), nats: x (B, T, P), the decoder's mean (B, T, P) to (B,). Source: this page, eq-vq-vae-gauss."""
    size = x[0].numel()
    return -(x - mean).square().sum((1, 2)) / (2 * s**2) - size / 2 * log(2 * pi * s**2)


@torch.no_grad()
def bound(model: VQVAE, prior: nn.Module, x: Tensor, s: float) -> Tensor:
    """Lower bound of log p(x), nats: x (B, T, P) to (B,). Source: this page, eq-vq-vae-bound."""
    k = model.encode(x)
    return log_normal(x, model.decode(k), s) - bits(prior, k) * log(2)
    # --8<-- [end:likelihood]


@torch.no_grad()
def joint(model: VQVAE, prior: nn.Module, x: Tensor, s: float) -> Tensor:
    """log p(x, k), nats, for all rows of codes: x (B, T, P) to (K^T, B). Source: this page, eq-vq-vae-model."""
    k = torch.tensor(list(product(range(len(model.codebook)), repeat=x.shape[1])))
    mean, cost = model.decode(k).flatten(1), bits(prior, k) * log(2)  # (K^T, T P), (K^T,)
    flat, size = x.flatten(1), x[0].numel()
    apart = flat.square().sum(1) - 2 * mean @ flat.mT + mean.square().sum(1, keepdim=True)
    return -apart / (2 * s**2) - cost[:, None] - size / 2 * log(2 * pi * s**2)


def exact(model: VQVAE, prior: nn.Module, x: Tensor, s: float) -> Tensor:
    """log p(x), nats, by a sum over all K^T rows of codes: x (B, T, P) to (B,). Source: this page, eq-vq-vae-model."""
    return joint(model, prior, x, s).logsumexp(0)


def rows_of(count: int, generator: torch.Generator) -> Tensor:
    """Rows as in the example, divided by 10, with noise of deviation 0.05: (count, 2, 2). Source: definition."""
    pairs = torch.multinomial(
        torch.tensor(COUNTS).flatten().float(), count, True, generator=generator
    )
    k = torch.stack([pairs // 2, pairs % 2], 1)
    return (torch.tensor(CODES)[k] + 0.5 * torch.randn(count, 2, 2, generator=generator)) / 10


@torch.no_grad()
def shown(model: VQVAE, prior: nn.Module, x: Tensor, generator: torch.Generator) -> None:
    """Print what a trained network does with rows x (N, 2, 2): bits, samples, error. Source: definition."""
    k = model.encode(x)
    made = model.decode(sample(prior, 2000, 2, generator)).mean(2)
    light, error = (made > 0.5).all(1).double().mean(), (model.decode(k) - x).square().mean()
    print(f"network   : {bits(prior, k).mean():.3f} bits, light light {light:.3f}")
    print(f"squared error {error:.4f}, of the noise 0.0025")


def main() -> None:
    """The example by table, and a network trained on such rows beside the entropy of the codes, 1.5 bits."""
    data = priors(torch.tensor(COUNTS).double())
    for name, table in data.items():
        print(f"{name:10}: {cost(data['in order'], table):.3f} bits, light light {table[1, 1]:.3f}")
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    x = rows_of(2000, generator)
    model, prior = VQVAE(2, 2, 2, dim=1, width=16), Prior(2, 8)
    fit(model, x, 300, generator, rate=0.01)
    fit_prior(prior, model.encode(x), 200, generator)
    shown(model, prior, x, generator)


if __name__ == "__main__":
    main()
