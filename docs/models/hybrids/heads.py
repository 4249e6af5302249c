"""Hybrids of classes: an autoregression whose next number is drawn by a Gaussian, a table, or a small flow.

Letters:
    S, B       networks side by side, one a seed; points of a batch
    H          width of a network
    z          what the network says about the numbers so far, (S, B, H)
    x, t, v    place, time from data (0) to noise (1), velocity of the flow
Data: a ring of radius 1 in the plane; its second number, given the first, has two likely values.
"""

import math
from itertools import pairwise

import torch
from torch import Tensor

H, BATCH, STEPS, RATE = 48, 256, 1500, 0.005
SPREAD, EDGE, BINS = 0.1, 1.5, 16  # of the radius; ends and bins of the table
UP = 2 / 3  # share of values 1 in the example


# --8<-- [start:example]
def guess(x: float, t: float) -> float:
    """The mean of the values 1 and -1 behind a place, at a time in (0, 1]. Source: this page, eq-hybrids-guess."""
    odds = math.log(UP / (1 - UP)) + 2 * (1 - t) * x / t**2
    return math.tanh(odds / 2)


def draw(x: float, steps: int) -> list[float]:
    """A noise and the places that follow it, by Euler steps. Source: lipman2023flow."""
    places = [x]
    for n in range(steps, 0, -1):
        velocity = (x - guess(x, n / steps)) / (n / steps)
        x = x - velocity / steps
        places.append(x)
    return places
    # --8<-- [end:example]


def ring(seeds: int, count: int, generator: torch.Generator) -> Tensor:
    """Points of the ring, (S, count, 2). Source: definition."""
    angle = 2 * math.pi * torch.rand(seeds, count, generator=generator)
    radius = 1 + SPREAD * torch.randn(seeds, count, generator=generator)
    return torch.stack([radius * angle.cos(), radius * angle.sin()], -1)


def layers(sizes: list[int], seeds: int, generator: torch.Generator) -> list[Tensor]:
    """Weights (S, before, after) and biases (S, 1, after) of a network for each seed, in turn. Source: definition."""
    found = []
    for before, after in pairwise(sizes):
        w = torch.randn(seeds, before, after, generator=generator) / math.sqrt(before)
        found += [w, torch.zeros(seeds, 1, after)]
    return [p.requires_grad_() for p in found]


def mlp(p: list[Tensor], x: Tensor) -> Tensor:
    """A network for each seed: p (S, inputs, outputs), x (S, B, inputs) to (S, B, outputs). Source: definition."""
    for i in range(0, len(p), 2):
        x = torch.baddbmm(p[i + 1], x, p[i])
        x = torch.nn.functional.silu(x) if i + 2 < len(p) else x
    return x


class Model:
    """A context network that reads the numbers so far, and a head that draws the next one.

    Raises: ValueError for a head that is none of gaussian, table and flow.
    """

    def __init__(self, head: str, seeds: int, generator: torch.Generator) -> None:
        sizes = {"gaussian": [H, 2], "table": [H, BINS], "flow": [H + 2, H, H, 1]}
        if head not in sizes:
            raise ValueError(f"a head is one of {sorted(sizes)}, not {head!r}")
        self.head = head
        self.context = layers([2, H, H], seeds, generator)
        self.out = layers(sizes[head], seeds, generator)

    def read(self, before: Tensor, place: int) -> Tensor:
        """z from the number before, at first 0, and its place: before (S, B, 1) to (S, B, H). Source: definition."""
        seen = torch.cat([before, torch.full_like(before, place)], -1)
        return torch.nn.functional.silu(mlp(self.context, seen))

    # --8<-- [start:loss]
    def loss(self, x: Tensor, before: Tensor, place: int, generator: torch.Generator) -> Tensor:
        """What each head is trained on: x, before (S, B, 1) to (). Source: li2024autoregressive, eq. 1."""
        z = self.read(before, place)
        if self.head == "flow":
            t = torch.rand(x.shape, generator=generator)
            noise = torch.randn(x.shape, generator=generator)
            seen = torch.cat([(1 - t) * x + t * noise, t, z], -1)
            return ((mlp(self.out, seen) - (noise - x)) ** 2).mean()
        found = mlp(self.out, z)
        if self.head == "gaussian":
            mean, log_sd = found[..., :1], found[..., 1:]
            return (((x - mean) / log_sd.exp()) ** 2 / 2 + log_sd).mean()
        which = ((x + EDGE) / (2 * EDGE) * BINS).long().clamp(0, BINS - 1)
        return -found.log_softmax(-1).gather(-1, which).mean()
        # --8<-- [end:loss]

    # --8<-- [start:next]
    def next(self, before: Tensor, place: int, generator: torch.Generator, steps: int) -> Tensor:
        """One number drawn by the head: before (S, B, 1) to (S, B, 1). Source: li2024autoregressive."""
        z = self.read(before, place)
        x = torch.randn(before.shape, generator=generator)
        if self.head == "flow":
            for n in range(steps, 0, -1):
                t = torch.full_like(x, n / steps)
                x = x - mlp(self.out, torch.cat([x, t, z], -1)) / steps
            return x
        found = mlp(self.out, z)
        if self.head == "gaussian":
            mean, log_sd = found[..., :1], found[..., 1:]
            return mean + log_sd.exp() * x
        shares = found.softmax(-1).flatten(0, -2)
        which = torch.multinomial(shares, 1, generator=generator).reshape(x.shape)
        within = torch.rand(x.shape, generator=generator)
        return (which + within) / BINS * 2 * EDGE - EDGE
        # --8<-- [end:next]


# --8<-- [start:train]
def train(head: str, seeds: int, steps: int = STEPS) -> Model:
    """Context and head together, with Adam, on new points at each step. Source: definition.

    Raises: ValueError for a head that is none of gaussian, table and flow.
    """
    generator = torch.Generator().manual_seed(0)
    model = Model(head, seeds, generator)
    weights = model.context + model.out
    descent = torch.optim.Adam(weights, lr=RATE)
    slower = torch.optim.lr_scheduler.CosineAnnealingLR(descent, steps)
    for _ in range(steps):
        x = ring(seeds, BATCH, generator)
        first, second = x[..., :1], x[..., 1:]
        loss = model.loss(first, torch.zeros_like(first), 0, generator)
        loss = loss + model.loss(second, first, 1, generator)
        descent.zero_grad()
        torch.autograd.backward(loss * seeds)
        descent.step()
        slower.step()
    return model
    # --8<-- [end:train]


# --8<-- [start:sample]
@torch.no_grad()
def sample(model: Model, seeds: int, count: int, steps: int = 16) -> Tensor:
    """Points, number after number, (S, count, 2). Source: definition."""
    generator = torch.Generator().manual_seed(1)
    first = model.next(torch.zeros(seeds, count, 1), 0, generator, steps)
    second = model.next(first, 1, generator, steps)
    return torch.cat([first, second], -1)
    # --8<-- [end:sample]


def off(x: Tensor) -> Tensor:
    """The share of points more than 0.3 off the ring, for each seed: x (S, count, 2) to (S,). Source: definition."""
    far = (torch.linalg.vector_norm(x, dim=-1) - 1).abs() > 3 * SPREAD
    share: Tensor = far.float().mean(-1)
    return share


def main() -> None:
    """The example, and the share of points off the ring for data and three heads, one seed."""
    print("places of the example", [round(x, 2) for x in draw(0.4, 4)])
    data = ring(1, 4000, torch.Generator().manual_seed(2))
    print(f"data: {off(data).item():.3f} off the ring, by the normal distribution 0.003")
    for head in ("gaussian", "table", "flow"):
        print(f"{head}: {off(sample(train(head, 1), 1, 4000)).item():.3f} off the ring")


if __name__ == "__main__":
    main()
