"""Codes that die and four cures: small autoencoders with 64 codes, several side by side.

A signal is a bump on 16 places, of random centre, width and height. An encoder makes one vector of it, a quantiser
replaces that by a code, and a decoder makes the signal of the code. S networks are trained at once, each with its
own seed; every tensor begins with S.
"""

import sys
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

PLACES, HIDDEN, WIDE, LOW, CODES = 16, 32, 32, 4, 64
STEPS, BATCH, RATE, DECAY, TESTED = 300, 64, 0.01, 0.9, 512
EVERY, LEAST = (
    10,
    0.05,
)  # steps between restarts; chosen in a batch, on average, below which a code is restarted
LEVELS = (9, 7)  # of FSQ: 63 codes
KINDS = ("plain", "data", "loose", "restart", "low", "fsq")


def signals(networks: int, count: int, generator: torch.Generator) -> Tensor:
    """Bumps, (S, B, PLACES) for S = networks and B = count. Source: definition."""
    centre = torch.rand(networks, count, 1, generator=generator) * (PLACES - 1)
    width = 1 + 2 * torch.rand(networks, count, 1, generator=generator)
    height = 0.5 + torch.rand(networks, count, 1, generator=generator)
    return height * torch.exp(-(((torch.arange(PLACES) - centre) / width) ** 2) / 2)


@dataclass
class Coder:
    """Encoders, decoders and codebooks of S networks, and how often each code is chosen on average.

    Args:
        kind: one of KINDS.
        weights: (S, inputs, outputs) and biases (S, 1, outputs), of two layers of the encoder and two of the decoder.
        e: (S, K, D), the codes.
        counts: (S, K).
    """

    kind: str
    weights: list[Tensor]
    e: Tensor
    counts: Tensor

    # --8<-- [start:encode]
    def encode(self, x: Tensor) -> Tensor:
        """Signals x (S, B, PLACES) to vectors (S, B, D): on the unit sphere if "low", between the levels if "fsq".

        Source: definition.
        """
        w, b, v, c = self.weights[:4]
        u = functional.relu(x @ w + b) @ v + c
        if self.kind == "fsq":
            return torch.tensor(LEVELS) // 2 * torch.tanh(u)
        return functional.normalize(u, dim=-1) if self.kind == "low" else u
        # --8<-- [end:encode]

    def decode(self, z: Tensor) -> Tensor:
        """Codes z (S, B, D) to signals (S, B, PLACES). Source: definition."""
        w, b, v, c = self.weights[4:]
        return functional.relu(z @ w + b) @ v + c

    def look(self, u: Tensor) -> Tensor:
        """Index of the nearest code, (S, B), of vectors u (S, B, D). Source: this page, eq-codebooks-nearest."""
        return (self.e.square().sum(-1)[:, None] - 2 * u @ self.e.mT).argmin(-1)

    # --8<-- [start:quantise]
    def quantise(self, u: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Codes (S, B, D) of vectors u (S, B, D), the terms beside reconstruction (S,), and indices (S, B).

        FSQ has no such terms. Source: this page, eq-codebooks-loss.
        """
        if self.kind == "fsq":
            k = (u.round().long() + torch.tensor(LEVELS) // 2) @ torch.tensor([1, LEVELS[0]])
            return u + (u.round() - u).detach(), torch.zeros(len(u)), k
        k = self.look(u)
        chosen = torch.gather(self.e, 1, k[..., None].expand(-1, -1, u.shape[-1]))
        commitment = 0.0 if self.kind == "loose" else 0.25
        stays = (u - chosen).square().sum(-1).mean(1)
        return u + (chosen - u).detach(), commitment * stays, k
        # --8<-- [end:quantise]

    # --8<-- [start:update]
    def update(self, u: Tensor, k: Tensor, restarts: bool, generator: torch.Generator) -> None:
        """Codes as moving averages of u (S, B, D) with indices k (S, B), then restarts.

        Source: this page, eq-codebooks-ema.
        """
        who = functional.one_hot(k, self.e.shape[1]).float()
        sums = DECAY * self.counts[..., None] * self.e + (1 - DECAY) * who.mT @ u
        self.counts = DECAY * self.counts + (1 - DECAY) * who.sum(1)
        moved = sums / self.counts.clamp_min(1e-12)[..., None]
        self.e = torch.where(self.counts[..., None] > 1e-12, moved, self.e)
        if restarts:
            drawn = torch.randint(u.shape[1], k.shape[:1] + self.e.shape[1:2], generator=generator)
            fresh = torch.gather(u, 1, drawn[..., None].expand(-1, -1, u.shape[-1]))
            dead = self.counts < LEAST
            self.e = torch.where(dead[..., None], fresh, self.e)
            self.counts = torch.where(dead, torch.ones(()), self.counts)
        if self.kind == "low":
            self.e = functional.normalize(self.e, dim=-1)
        # --8<-- [end:update]


def fresh(kind: str, networks: int, generator: torch.Generator) -> Coder:
    """Networks that know nothing: weights of variance 1 / inputs, codes standard normal."""
    width = {"low": LOW, "fsq": len(LEVELS)}.get(kind, WIDE)
    weights = []
    for inputs, outputs in ((PLACES, HIDDEN), (HIDDEN, width), (width, HIDDEN), (HIDDEN, PLACES)):
        shape = (networks, inputs, outputs)
        weights.append(torch.randn(shape, generator=generator) / inputs**0.5)
        weights.append(torch.zeros(networks, 1, outputs))
    e = torch.randn(networks, CODES, width, generator=generator)
    e = functional.normalize(e, dim=-1) if kind == "low" else e
    return Coder(kind, [w.requires_grad_() for w in weights], e, torch.ones(networks, CODES))


def train(kind: str, networks: int = 5, steps: int = STEPS, seed: int = 0) -> Coder:
    """S = networks of a kind, trained side by side."""
    generator = torch.Generator().manual_seed(seed)
    coder = fresh(kind, networks, generator)
    if kind in ("data", "loose"):
        with torch.no_grad():
            coder.e = coder.encode(signals(networks, CODES, generator))
    optimiser = torch.optim.Adam(coder.weights, RATE)
    for step in range(steps):
        x = signals(networks, BATCH, generator)
        u = coder.encode(x)
        z, extra, k = coder.quantise(u)
        loss = (coder.decode(z) - x).square().sum(-1).mean(1) + extra
        optimiser.zero_grad()
        torch.autograd.backward(loss.sum())
        optimiser.step()
        if kind != "fsq":
            restarts = kind == "restart" and step % EVERY == EVERY - 1
            coder.update(u.detach(), k, restarts, generator)
    return coder


# --8<-- [start:measure]
def measure(coder: Coder) -> Tensor:
    """Error, codes used, perplexity and distance to the code of each network on new signals: (4, S).

    Source: this page, eq-codebooks-use.
    """
    generator = torch.Generator().manual_seed(1000)
    with torch.no_grad():
        x = signals(len(coder.e), TESTED, generator)
        u = coder.encode(x)
        z, _, k = coder.quantise(u)
        error = (coder.decode(z) - x).square().sum(-1).mean(1)
        share = functional.one_hot(k, CODES).double().mean(1)
        bits = -torch.special.xlogy(share, share).sum(1) / torch.tensor(2.0).log()
        apart = (u - z).square().sum(-1).mean(1)
        return torch.stack([error, (share > 0).sum(1), torch.exp2(bits), apart])
    # --8<-- [end:measure]


def main() -> None:
    """Train the kinds that are named, or all, and print error, codes used and perplexity; mean and range of five."""
    for kind in sys.argv[1:] or KINDS:
        rows = measure(train(kind))
        said = [
            f"{name} {row.mean():.3f} ({row.min():.3f} to {row.max():.3f})"
            for name, row in zip(("error", "used", "perplexity", "apart"), rows, strict=True)
        ]
        print(f"{kind:8}", ", ".join(said))


if __name__ == "__main__":
    main()
