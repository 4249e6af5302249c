"""U-Nets that take noise off a bar on a circle: with and without skip connections, told the condition in four ways.

A signal has N = 32 places on a circle and a bar, eight places wide, of height 1 or -1, that begins at one of
eight places. Noise of level 0.25 to 4 is added; the network is asked for the signal without it.
"""

import sys
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state

try:
    from docs.architectures.convolution.convolution import UNet
except ImportError:
    from convolution import UNet  # type: ignore[import-not-found,no-redef]

PLACES, STARTS, BAR, TOLD = 32, 8, 8, 16
LEAST, MOST = 0.25, 4.0
LEVELS = (0.25, 0.5, 1.0, 2.0, 4.0)  # at which the error is measured
KINDS = ("nothing", "film", "cross", "places", "map", "grain", "bare")
STEPS, BATCH, RATE, TESTED = 150, 32, 0.005, 256


def signals(
    count: int, generator: torch.Generator, grain: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    """Signals (count, 1, PLACES), and their conditions: sign, 0 or 1, and start, 0 to 7, (count,) each.

    With grain a half is added or taken off at every place, at random.
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
        """z (B, 1, PLACES) with noise of that level (B,), told in one way: to (B, 1, PLACES)."""
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
    """Networks of one kind with their weights, each stacked along a first dimension, the networks."""

    model: Told
    weights: dict[str, Tensor]

    def __call__(self, *given: Tensor) -> Tensor:
        """The arguments of Told, cut into equal parts, one for each network: (networks, B, 1, PLACES)."""
        seeds = len(next(iter(self.weights.values())))

        def one(weights: dict[str, Tensor], *part: Tensor) -> Tensor:
            out: Tensor = functional_call(self.model, weights, part)
            return out

        return torch.vmap(one)(self.weights, *(part.unflatten(0, (seeds, -1)) for part in given))


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
        loss = (run(z, level, sign, start) - x.unflatten(0, (seeds, -1))).square().mean((1, 2, 3))
        optimiser.zero_grad()
        loss.sum().backward()  # each network has its own examples and its own loss
        optimiser.step()
    return run


def errors(kind: str, seeds: int = 3) -> Tensor:
    """Mean squared error at each of LEVELS on TESTED signals, of trained networks: (seeds, 5)."""
    run, generator = train(kind, seeds), torch.Generator().manual_seed(1000)
    x, sign, start = signals(seeds * TESTED, generator, kind in ("grain", "bare"))
    noise, found = torch.randn(x.shape, generator=generator), []
    for level in LEVELS:
        with torch.no_grad():
            out = run(x + level * noise, torch.full((seeds * TESTED,), level), sign, start)
        found.append((out - x.unflatten(0, (seeds, -1))).square().mean((1, 2, 3)))
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
