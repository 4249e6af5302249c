"""Digits of 8 x 8 pixels: vision transformers and a convolutional network on little and on more data.

Needs scikit-learn for the digits. Networks of all sizes of the training set and all seeds train side by side.
The vision transformer is that of vision_transformer.py, with a choice of what stands before and after its blocks.
"""

import math
import sys
from collections.abc import Callable

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state
from torch.nn import functional

SIZES = (50, 150, 400, 1200)
STEPS, BATCH, SEEDS, RATE = 300, 32, 4, {"cnn": 0.01}  # other kinds: 0.005
TRAINING, VALIDATION = 1200, 237  # of 1,797; the rest, 360, is the test
MEAN, SPREAD = 4.9, 6.0  # of the pixels, which are 0 to 16
WIDTH, HEADS, GRID = 24, 4, 4
KINDS = ("vit", "stem", "cnn", "mean", "waves", "none")


def digits(part: str) -> tuple[Tensor, Tensor]:
    """Images (n, 1, 8, 8), mean about 0, and classes (n,) of "training", "validation" or "test". Source: definition."""
    images, labels = load_digits(return_X_y=True)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    x = (torch.tensor(images, dtype=torch.float32).reshape(-1, 1, 8, 8) - MEAN) / SPREAD
    ends = {"training": (0, TRAINING), "validation": (TRAINING, TRAINING + VALIDATION)}
    rows = order[slice(*ends.get(part, (TRAINING + VALIDATION, None)))]
    return x[rows], torch.tensor(labels)[rows]


class Convolutional(nn.Module):
    """Three convolutions of 3 x 3, the second with stride 2, with norms, and the mean over all places."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(1, 16, 3, padding=1), nn.Conv2d(16, 32, 3, 2, padding=1)
        self.c, self.head = nn.Conv2d(32, 32, 3, padding=1), nn.Linear(32, 10)
        self.norms = nn.ModuleList(nn.GroupNorm(4, channels) for channels in (16, 32, 32))

    def forward(self, h: Tensor) -> Tensor:
        """h (B, 1, 8, 8) to scores (B, 10). Source: definition."""
        for layer, norm in zip((self.a, self.b, self.c), self.norms, strict=True):
            h = functional.relu(norm(layer(h)))
        out: Tensor = self.head(h.mean((2, 3)))
        return out


class Block(nn.Module):
    """The block of vision_transformer.py: (B, N, E) to (B, N, E)."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, N, E) to (B, N, E). Source: this page, eq-vision-transformer-block."""
        q, k, v = self.qkv(self.norm1(x)).unflatten(2, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
        a = torch.softmax(q @ k.mT / math.sqrt(q.shape[-1]), -1)
        x = x + self.out((a @ v).transpose(1, 2).flatten(2))
        out: Tensor = x + self.down(functional.gelu(self.up(self.norm2(x))))
        return out


def waves() -> Tensor:
    """Positions by rows and by columns, (16, E); those of vision_transformer.py. Source: definition."""
    angles = torch.arange(GRID)[:, None] * 10000.0 ** (-torch.arange(WIDTH // 4) / (WIDTH // 4))
    one = torch.cat([angles.sin(), angles.cos()], 1)
    return torch.cat([one.repeat_interleave(GRID, 0), one.repeat(GRID, 1)], 1)


class Small(nn.Module):
    """Two blocks on 16 patches of 2 x 2: images (B, 1, 8, 8) to scores (B, 10).

    Args:
        kind: "vit", with table and class token; "stem", two convolutions in place of the patch embedding;
            "mean", the mean of the tokens in place of the class token; "waves" or "none" for the positions.
    """

    def __init__(self, kind: str = "vit") -> None:
        super().__init__()
        self.embed: nn.Module = nn.Conv2d(1, WIDTH, 2, 2)  # the patch embedding
        if kind == "stem":
            layers = (
                nn.Conv2d(1, 16, 3, padding=1),
                nn.ReLU(),
                nn.Conv2d(16, WIDTH, 3, 2, padding=1),
            )
            self.embed = nn.Sequential(*layers)
        self.token = None if kind == "mean" else nn.Parameter(torch.randn(1, 1, WIDTH) / 2)
        self.places = nn.Parameter(torch.randn(GRID**2, WIDTH) / 2)
        if kind in ("waves", "none"):
            self.places = nn.Parameter(
                waves() if kind == "waves" else torch.zeros(16, WIDTH), False
            )
        self.blocks = nn.ModuleList(Block() for _ in range(2))
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 10)

    # --8<-- [start:small]
    def forward(self, x: Tensor) -> Tensor:
        """x (B, 1, 8, 8) to scores (B, 10). Source: dosovitskiy2021image, eqs. 1 to 4."""
        h = self.embed(x).flatten(2).mT + self.places
        if self.token is not None:
            h = torch.cat([self.token.expand(len(h), -1, -1), h], 1)
        for block in self.blocks:
            h = block(h)
        h = self.norm(h)
        out: Tensor = self.head(h.mean(1) if self.token is None else h[:, 0])
        return out
        # --8<-- [end:small]


def train(
    kind: str, sizes: tuple[int, ...] = SIZES, seeds: int = SEEDS, steps: int = STEPS
) -> tuple[nn.Module, dict[str, Tensor]]:
    """Networks for each size of the training set and each seed, side by side: a model, stacked weights (nets, ...).

    Each takes the same number of steps; each seed has its own images. Source: definition.
    """
    torch.set_num_threads(1)  # small tensors: more threads only wait for one another
    (images, labels), models, pools = digits("training"), [], []
    for size in sizes:
        for seed in range(seeds):
            torch.manual_seed(seed)
            models.append(Convolutional() if kind == "cnn" else Small(kind))
            pools.append(torch.randperm(len(images))[:size])
    weights, _ = stack_module_state(models)
    learned = [value for value in weights.values() if value.requires_grad]
    optimiser = torch.optim.Adam(learned, lr=RATE.get(kind, 0.005))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    generator = torch.Generator().manual_seed(0)
    for _ in range(steps):
        pick = torch.cat([p[torch.randint(len(p), (BATCH,), generator=generator)] for p in pools])
        scores = run(models[0], weights, images[pick].reshape(len(pools), BATCH, 1, 8, 8))
        loss = functional.cross_entropy(scores.flatten(0, 1), labels[pick])
        optimiser.zero_grad()
        torch.autograd.backward(loss * len(pools))  # each network has its own mean
        optimiser.step()
        schedule.step()
    return models[0], {name: value.detach() for name, value in weights.items()}


def run(model: nn.Module, weights: dict[str, Tensor], x: Tensor) -> Tensor:
    """Scores of stacked networks: weights (nets, ...), x (nets, B, 1, S, S) to (nets, B, 10). Source: definition."""

    def one(own: dict[str, Tensor], part: Tensor) -> Tensor:
        out: Tensor = functional_call(model, own, (part,))
        return out

    return torch.vmap(one)(weights, x)


def accuracy(
    model: nn.Module, weights: dict[str, Tensor], change: Callable[[Tensor], Tensor] | None = None
) -> Tensor:
    """The share of right test digits: weights (nets, ...) to (nets,).

    The images are changed first: change (B, 1, 8, 8) gives (B, 1, 8, 8).
    Source: definition.
    """
    images, labels = digits("test")
    x = images if change is None else change(images)
    nets = len(next(iter(weights.values())))
    scores = run(model, weights, x.expand(nets, *x.shape))
    return (scores.argmax(2) == labels).double().mean(1)


def shuffled(x: Tensor) -> Tensor:
    """The 16 patches of each image in one other order: x (B, 1, 8, 8) to (B, 1, 8, 8). Source: definition."""
    order = torch.randperm(GRID**2, generator=torch.Generator().manual_seed(1))
    parts = functional.unfold(x, 2, stride=2)[:, :, order]
    return functional.fold(parts, (8, 8), 2, stride=2)


def main() -> None:
    """The kinds that are named, or two of them, at each size: mean and range; guessing gives about 10 %."""
    for kind in sys.argv[1:] or ["vit", "cnn"]:
        rows = accuracy(*train(kind)).reshape(len(SIZES), SEEDS)
        for size, row in zip(SIZES, rows, strict=True):
            print(f"{kind:5} {size:5}: {row.mean():.3f} ({row.amin():.3f} to {row.amax():.3f})")


if __name__ == "__main__":
    main()
