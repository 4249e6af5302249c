"""Made scenes: two places side by side, in each a coloured shape; pictures, words about them, questions.

The letters:
    colour, shape  numbers of what stands left and right, (B, 2)
    x              pixels of the cells, (B, N, P)
    words          numbers of words of KNOWN
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

COLOURS, SHAPES = ("red", "green", "blue", "yellow"), ("square", "frame", "cross", "bar")
KNOWN = (*COLOURS, *SHAPES, "left", "right", "colour", "shape", *"0123456789")
LEFT, COLOUR, SHAPE, ZERO = (KNOWN.index(word) for word in ("left", "colour", "shape", "0"))
LIGHT = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0]])  # red, green and blue light
DRAWN = ("1111111111111111", "1111100110011111", "1001011001101001", "0110011001100110")
FORMS = torch.tensor([[float(c) for c in rows] for rows in DRAWN]).view(4, 4, 4)
CELL = 6  # pixels of a side


@dataclass(frozen=True)
class Scene:
    """What stands in the cells of each picture: colour, shape (B, N); -1 is an empty cell."""

    colour: Tensor
    shape: Tensor

    # --8<-- [start:paint]
    def paint(self, generator: torch.Generator, noise: float = 0.1) -> Tensor:
        """Pixels: each form somewhere in its cell, and noise: (B, N, 108). Source: definition."""
        b, n = self.colour.shape
        x = noise * torch.randn(b, n, CELL, CELL, 3, generator=generator)
        dark = (self.colour < 0)[..., None, None, None]
        form = FORMS[self.shape][..., None] * LIGHT[self.colour][:, :, None, None]
        form = form.masked_fill(dark, 0.0)
        down, along = torch.randint(CELL - 3, (2, b, n), generator=generator)
        rows, columns = (s[..., None] + torch.arange(4) for s in (down, along))
        where = torch.arange(b)[:, None, None, None], torch.arange(n)[:, None, None]
        x[(*where, rows[..., None], columns[..., None, :])] += form
        return x.flatten(2)
        # --8<-- [end:paint]

    def told(self) -> Tensor:
        """The same in words, such as "red square blue bar": (B, 4). Source: definition."""
        return torch.stack([self.colour, self.shape + 4], -1).flatten(1)


# --8<-- [start:scenes]
def scenes(n: int, generator: torch.Generator, bias: float = 0.0) -> Scene:
    """Two different shapes; a share of the shapes has the usual colour, its own. Source: definition."""
    shape = torch.rand(n, 4, generator=generator).argsort(1)[:, :2]
    other = (shape + torch.randint(1, 4, (n, 2), generator=generator)) % 4
    usual = torch.rand(n, 2, generator=generator) < bias
    free = torch.randint(4, (n, 2), generator=generator)
    return Scene(torch.where(usual, shape, other) if bias else free, shape)


def asked(scene: Scene, generator: torch.Generator, kinds: int = 3) -> tuple[Tensor, Tensor]:
    """A question of two words for each scene, and the answer: (B, 2), (B,). Source: definition."""
    n = len(scene.colour)
    kind = torch.randint(kinds, (n,), generator=generator)  # 0: the colour of a shape
    side = torch.randint(2, (n,), generator=generator)
    colour, shape = (m.gather(1, side[:, None])[:, 0] for m in (scene.colour, scene.shape))
    first = torch.where(kind == 2, SHAPE, COLOUR)
    second = torch.where(kind == 0, shape + 4, LEFT + side)
    return torch.stack([first, second], 1), torch.where(kind == 2, shape + 4, colour)
    # --8<-- [end:scenes]


class Encoder(nn.Module):
    """The image encoder: a perceptron for each cell, trained to name colour and shape, then frozen."""

    def __init__(self, pixels: int = 3 * CELL * CELL, hidden: int = 64, width: int = 24) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(pixels, hidden), nn.ReLU(), nn.Linear(hidden, width))
        self.names = nn.Linear(width, 8)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, N, P) to (B, N, D). Source: definition."""
        z: Tensor = self.layers(x)
        return z


@torch.enable_grad()
def encoder(seed: int, steps: int = 300) -> Encoder:
    """An encoder after its own training. Source: definition."""
    generator = torch.Generator().manual_seed(seed)
    model = Encoder()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, foreach=True)
    for _ in range(steps):
        scene = scenes(64, generator)
        scores = model.names(torch.relu(model(scene.paint(generator)))).flatten(0, 1)
        loss = cross_entropy(scores[:, :4], scene.colour.flatten())
        loss = loss + cross_entropy(scores[:, 4:], scene.shape.flatten())
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    return model.requires_grad_(False)


# --8<-- [start:counted]
def counted(count: Tensor, cells: int, generator: torch.Generator) -> Scene:
    """Pictures with so many shapes among their cells: count (B,). Source: definition."""
    n = len(count)
    rank = torch.rand(n, cells, generator=generator).argsort(1).argsort(1)
    there = rank < count[:, None]
    colour, shape = torch.randint(4, (2, n, cells), generator=generator)
    return Scene(torch.where(there, colour, -1), torch.where(there, shape, 0))
    # --8<-- [end:counted]


# --8<-- [start:patches]
def patches(x: Tensor, side: int) -> Tensor:
    """Squares of pixels: x (B, S, S) to (B, N, side * side). Source: definition."""
    cut = x.unfold(1, side, side).unfold(2, side, side)  # (B, S / side, S / side, side, side)
    return cut.flatten(3).flatten(1, 2)


def smaller(x: Tensor, times: int) -> Tensor:
    """Each square of pixels becomes its mean: x (B, S, S) to (B, S / times, S / times). Source: definition."""
    return x.unfold(1, times, times).unfold(2, times, times).mean((-1, -2))
    # --8<-- [end:patches]
