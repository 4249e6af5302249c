"""U-Nets that take noise off a bar on a circle: with and without skip connections, told the condition in four ways.

A signal has N = 32 places on a circle and a bar, eight places wide, of height 1 or -1, that begins at one of
eight places. Noise of level 0.25 to 4 is added; the network is asked for the signal without it.
"""

import sys
from dataclasses import dataclass
from math import log

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state
from torch.nn import functional

PLACES, STARTS, BAR, TOLD = 32, 8, 8, 16
LEAST, MOST = 0.25, 4.0
LEVELS = (0.25, 0.5, 1.0, 2.0, 4.0)  # at which the error is measured
KINDS = ("nothing", "film", "cross", "places", "map", "grain", "bare")
STEPS, BATCH, RATE, TESTED = 150, 32, 0.005, 256


# --8<-- [start:level]
def embedding(level: Tensor, width: int) -> Tensor:
    """Sines and cosines of the logarithm of the noise level: level (B,) to (B, width). Source: definition."""
    frequencies = torch.exp(torch.linspace(-log(2), log(8), width // 2))
    angles = level.log()[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], 1)
    # --8<-- [end:level]


# --8<-- [start:film]
def film(h: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Channels scaled and shifted, alike at all places: h (B, C, N), scale, shift (B, C) to (B, C, N).

    Source: perez2018film, eq. 2.
    """
    return scale[..., None] * h + shift[..., None]
    # --8<-- [end:film]


def same(inputs: int, outputs: int, stride: int = 1) -> nn.Conv1d:
    """A convolution of width 3 on a circle, where the last place is the neighbour of the first."""
    return nn.Conv1d(inputs, outputs, 3, stride, padding=1, padding_mode="circular")


class Block(nn.Module):
    """Twice norm, SiLU and convolution, told e in between, added to the input: (B, inputs, N) to (B, outputs, N)."""

    def __init__(self, inputs: int, outputs: int, told: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(4, inputs), same(inputs, outputs)
        self.norm2, self.conv2 = nn.GroupNorm(4, outputs), same(outputs, outputs)
        self.tell, self.past = nn.Linear(told, 2 * outputs), nn.Conv1d(inputs, outputs, 1)

    # --8<-- [start:block]
    def forward(self, h: Tensor, e: Tensor) -> Tensor:
        """h (B, inputs, N), e (B, E) to (B, outputs, N). Source: dhariwal2021diffusion."""
        g = self.conv1(functional.silu(self.norm1(h)))
        scale, shift = self.tell(e).chunk(2, 1)
        g = film(self.norm2(g), 1 + scale, shift)
        out: Tensor = self.past(h) + self.conv2(functional.silu(g))
        return out
        # --8<-- [end:block]


class Cross(nn.Module):
    """Cross-attention of places to tokens, one head: h (B, C, N), tokens (B, M, E) to (B, C, N)."""

    def __init__(self, channels: int, told: int, places: int) -> None:
        super().__init__()
        self.query, self.key = nn.Linear(channels, channels), nn.Linear(told, channels)
        self.value = nn.Linear(told, channels)
        self.places = nn.Parameter(torch.randn(channels, places)) if places else None

    def forward(self, h: Tensor, tokens: Tensor) -> Tensor:
        """h (B, C, N), tokens (B, M, E) to (B, C, N). Source: rombach2022high.

        Each place asks the tokens; with a table of places it knows where it is.
        """
        h = h if self.places is None else h + self.places
        asked = functional.scaled_dot_product_attention(
            self.query(h.mT), self.key(tokens), self.value(tokens)
        )
        return h + asked.mT


class UNet(nn.Module):
    """Down twice, up twice, with skip connections: (B, inputs, N) to (B, 1, N); N must be a multiple of 4.

    Args:
        width: channels; twice as many below.
        told: numbers of the vector e.
        inputs: channels of the input, the noisy signal and perhaps a map.
        skips: whether features pass across.
        places: of the table of the cross-attention in the middle; none if 0.
    """

    def __init__(
        self, width: int = 8, told: int = 16, inputs: int = 1, skips: bool = True, places: int = 0
    ) -> None:
        super().__init__()
        self.skips, self.told = skips, told
        wide = 2 * width
        self.level, self.first = nn.Linear(told, told), same(inputs, width)
        self.down = nn.ModuleList([Block(width, width, told), Block(width, wide, told)])
        self.halve = nn.ModuleList([same(width, width, 2), same(wide, wide, 2)])
        self.middle, self.cross = Block(wide, wide, told), Cross(wide, told, places)
        self.up = nn.ModuleList([Block(2 * wide, width, told), Block(2 * width, width, told)])
        self.last = same(width, 1)

    # --8<-- [start:unet]
    def forward(
        self, x: Tensor, level: Tensor, vector: Tensor | None = None, tokens: Tensor | None = None
    ) -> Tensor:
        """x (B, inputs, N), level (B,), told vector (B, E), tokens (B, M, E) to (B, 1, N). Source: ho2020denoising."""
        e = self.level(embedding(level, self.told))
        e = e if vector is None else e + vector
        h, kept = self.first(x), []
        for block, halve in zip(self.down, self.halve, strict=True):
            h = block(h, e)
            kept.append(h)
            h = halve(h)  # (B, C, N / 2)
        h = self.middle(h, e)
        h = h if tokens is None else self.cross(h, tokens)
        for block in self.up:
            across = kept.pop()
            h = functional.interpolate(h, scale_factor=2.0)  # each place twice
            h = block(torch.cat([h, across if self.skips else 0 * across], 1), e)
        out: Tensor = self.last(h)
        return out
        # --8<-- [end:unet]


def signals(
    count: int, generator: torch.Generator, grain: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    """Signals (count, 1, PLACES), and their conditions: sign, 0 or 1, and start, 0 to 7, (count,) each.

    With grain a half is added or taken off at every place, at random. Source: definition.
    """
    sign = torch.randint(2, (count,), generator=generator)
    start = torch.randint(STARTS, (count,), generator=generator)
    at = (torch.arange(PLACES) - PLACES // STARTS * start[:, None]) % PLACES
    x = (at < BAR) * (2.0 * sign[:, None] - 1)
    if grain:
        x = x + torch.randint(2, x.shape, generator=generator) - 0.5
    return x[:, None], sign, start


class Told(nn.Module):
    """A U-Net and the way in which it is told sign and start."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.signs, self.starts = nn.Embedding(2, TOLD), nn.Embedding(STARTS, TOLD)
        self.net = UNet(
            told=TOLD,
            inputs=2 if kind == "map" else 1,
            skips=kind != "bare",
            places=PLACES // 4 if kind == "places" else 0,
        )

    # --8<-- [start:told]
    def forward(self, z: Tensor, level: Tensor, sign: Tensor, start: Tensor) -> Tensor:
        """z (B, 1, PLACES), level, sign, start (B,) to (B, 1, PLACES). Source: definition."""
        out: Tensor
        a, b = self.signs(sign), self.starts(start)
        if self.kind == "film":
            out = self.net(z, level, vector=a + b)
        elif self.kind in ("cross", "places"):
            out = self.net(z, level, tokens=torch.stack([a, b], 1))
        elif self.kind == "map":
            mark = torch.zeros_like(z).scatter(2, (PLACES // STARTS * start)[:, None, None], 1.0)
            out = self.net(torch.cat([z, mark], 1), level, vector=a)
        else:
            out = self.net(z, level)
        return out
        # --8<-- [end:told]


@dataclass
class Run:
    """Networks of one kind; weights (networks, ...), each of them stacked."""

    model: Told
    weights: dict[str, Tensor]

    def __call__(self, *given: Tensor) -> Tensor:
        """The arguments of Told, cut into equal parts, one for each network: (networks, B, 1, PLACES)."""
        seeds = len(next(iter(self.weights.values())))

        def one(weights: dict[str, Tensor], *part: Tensor) -> Tensor:
            out: Tensor = functional_call(self.model, weights, part)
            return out

        return torch.vmap(one)(
            self.weights, *(part.reshape(seeds, -1, *part.shape[1:]) for part in given)
        )


def train(kind: str, seeds: int) -> Run:
    """STEPS steps of Adam on the squared error of the signal, for networks from seeds 0, 1, ... side by side."""
    torch.set_num_threads(1)  # small tensors: more threads only wait for one another
    models = []
    for seed in range(seeds):
        torch.manual_seed(seed)
        models.append(Told(kind))
    weights, _ = stack_module_state(models)
    run, generator = Run(models[0], weights), torch.Generator().manual_seed(0)
    optimiser = torch.optim.Adam(list(weights.values()), lr=RATE)
    for _ in range(STEPS):
        x, sign, start = signals(seeds * BATCH, generator, kind in ("grain", "bare"))
        level = LEAST * (MOST / LEAST) ** torch.rand(seeds * BATCH, generator=generator)
        z = x + level[:, None, None] * torch.randn(x.shape, generator=generator)
        away = run(z, level, sign, start) - x.reshape(seeds, BATCH, 1, PLACES)
        loss = away.square().mean((1, 2, 3))
        optimiser.zero_grad()
        torch.autograd.backward(loss.sum())  # each network has its own examples and its own loss
        optimiser.step()
    return run


def errors(kind: str, seeds: int = 3) -> Tensor:
    """Mean squared error of trained networks at each of LEVELS: (seeds, 5). Source: definition."""
    run, generator = train(kind, seeds), torch.Generator().manual_seed(1000)
    x, sign, start = signals(seeds * TESTED, generator, kind in ("grain", "bare"))
    noise, found = torch.randn(x.shape, generator=generator), []
    for level in LEVELS:
        with torch.no_grad():
            out = run(x + level * noise, torch.full((seeds * TESTED,), level), sign, start)
        found.append((out - x.reshape(out.shape)).square().mean((1, 2, 3)))
    return torch.stack(found, 1)


def main() -> None:
    """The kinds that are named, or three of them; a guess of zero everywhere has the error 0.25."""
    for kind in sys.argv[1:] or ["nothing", "film", "map"]:
        row = errors(kind).mean(0).tolist()
        print(
            f"{kind:14}",
            "  ".join(f"{level:g}: {e:.4f}" for level, e in zip(LEVELS, row, strict=True)),
        )


if __name__ == "__main__":
    main()
