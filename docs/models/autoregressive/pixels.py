"""A small PixelCNN: images of 8 x 8 pixels in four grey levels, one pixel after the other.

Letters:
    B, C, H, W  images in a batch; channels; height and width
    K           grey levels
"""

from math import log

import torch
from torch import Tensor, nn
from torch.nn import functional

SIDE, LEVELS, WIDTH, DEPTH = 8, 4, 24, 3
STEPS, BATCH, RATE, TRAINING, EVERY = 80, 48, 0.01, 1437, 20


def rows_of_a_chain(count: int, generator: torch.Generator) -> Tensor:
    """Images whose rows are written by the example's source, 0 or 1: (count, 8, 8). Source: definition."""
    chance = torch.rand(count, SIDE, SIDE, generator=generator)
    x = (chance < 1 / 3).long()  # the first pixel of each row
    for n in range(1, SIDE):
        x[..., n] = (chance[..., n] < torch.tensor([0.25, 0.5])[x[..., n - 1]]).long()
    return x


# --8<-- [start:masked]
class Masked(nn.Conv2d):
    """A convolution that sees the pixels before a pixel in reading order, and the pixel itself if `itself`.

    mask (K, K) is 1 where a weight is kept.
    """

    mask: Tensor

    def __init__(self, inputs: int, outputs: int, size: int, itself: bool) -> None:
        super().__init__(inputs, outputs, size, padding=size // 2)
        mask, middle = torch.zeros(size, size), size // 2
        mask[:middle] = 1  # the rows above
        mask[middle, : middle + itself] = 1  # the same row, to the left
        self.register_buffer("mask", mask)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, inputs, H, W) to (B, outputs, H, W). Source: vandenoord2016pixel, fig. 2."""
        return functional.conv2d(x, self.weight * self.mask, self.bias, padding=self.padding)
        # --8<-- [end:masked]


class PixelCNN(nn.Module):
    """Scores of the K grey levels of each pixel, from the pixels before it.

    Args:
        size: side of the filters, of the first layer too.
        depth: masked layers after the first.
    """

    def __init__(self, size: int = 3, depth: int = DEPTH, width: int = WIDTH) -> None:
        super().__init__()
        self.first = Masked(LEVELS, width, size, itself=False)
        self.layers = nn.ModuleList(Masked(width, width, 3, itself=True) for _ in range(depth))
        self.place = nn.Parameter(torch.zeros(width, SIDE, SIDE))
        self.last = nn.Conv2d(width, LEVELS, 1)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, 8, 8) of grey levels to logits (B, K, 8, 8). Source: this page, eq-autoregressive-chain."""
        return self.scores(functional.one_hot(x, LEVELS).movedim(-1, 1).float())

    # --8<-- [start:scores]
    def scores(self, x: Tensor) -> Tensor:
        """x (B, K, 8, 8), a one for each grey level, to logits (B, K, 8, 8). Source: vandenoord2016pixel."""
        h = self.first(x) + self.place
        for layer in self.layers:
            h = h + layer(functional.relu(h))  # (B, C, 8, 8)
        logits: Tensor = self.last(functional.relu(h))
        return logits
        # --8<-- [end:scores]


# --8<-- [start:bits]
def bits(model: nn.Module, x: Tensor) -> Tensor:
    """Bits per pixel of images x (B, 8, 8): (). Source: this page, eq-autoregressive-bits."""
    return functional.cross_entropy(model(x), x) / log(2)
    # --8<-- [end:bits]


# --8<-- [start:train]
def train(model: nn.Module, x: Tensor, fresh: Tensor, generator: torch.Generator) -> list[float]:
    """STEPS steps of Adam on images x (N, 8, 8); bits of fresh (B, 8, 8) every EVERY steps. Source: definition."""
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, STEPS)
    found = []
    for step in range(STEPS):
        if step % EVERY == 0:
            found.append(measured(model, fresh))
        batch = x[torch.randint(len(x), (BATCH,), generator=generator)]
        loss = bits(model, batch)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
    return [*found, measured(model, fresh)]
    # --8<-- [end:train]


@torch.no_grad()
def measured(model: nn.Module, x: Tensor) -> float:
    """Bits per pixel of images x (B, 8, 8), as a number. Source: definition."""
    return float(bits(model, x))


def alone(x: Tensor, fresh: Tensor) -> float:
    """Bits per pixel of fresh (B, 8, 8) by the frequencies of each place in x (N, 8, 8). Source: definition."""
    counts = functional.one_hot(x, LEVELS).sum(0) + 1.0  # (8, 8, K)
    p = counts / counts.sum(-1, keepdim=True)
    return float(-p.expand(len(fresh), -1, -1, -1).gather(-1, fresh[..., None]).log2().mean())


# --8<-- [start:sees]
def sees(model: PixelCNN, row: int, column: int) -> Tensor:
    """Whether the scores of a pixel change with each pixel, by gradient: (8, 8). Source: definition."""
    x = torch.rand(1, LEVELS, SIDE, SIDE, requires_grad=True)  # any numbers will do for grey levels
    (slope,) = torch.autograd.grad(model.scores(x)[0, :, row, column].square().sum(), x)
    return (slope[0] != 0).any(0)
    # --8<-- [end:sees]


# --8<-- [start:sample]
@torch.no_grad()
def sample(model: nn.Module, count: int, generator: torch.Generator) -> Tensor:
    """Draw images pixel by pixel, one pass for each: (count, 8, 8). Source: this page, eq-autoregressive-chain."""
    x = torch.zeros(count, SIDE, SIDE, dtype=torch.long)
    for row in range(SIDE):
        for column in range(SIDE):
            p = model(x)[:, :, row, column].softmax(1)  # (B, K)
            x[:, row, column] = torch.multinomial(p, 1, generator=generator)[:, 0]
    return x
    # --8<-- [end:sample]


def main() -> None:
    """Images whose rows the example's source has written, with a known entropy, and a network that learns them."""
    torch.set_num_threads(1)  # small tensors: more threads only wait for one another
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    x, fresh = rows_of_a_chain(TRAINING, generator), rows_of_a_chain(TRAINING, generator)
    least = (log(3) - 2 / 3 * log(2)) / 8 + 7 / 8 * (2 * log(2) - log(3) / 2 - log(2) / 3)
    print(f"entropy {least / log(2):.3f} bits per pixel, each pixel alone {alone(x, fresh):.3f}")
    print("PixelCNN", [f"{found:.3f}" for found in train(PixelCNN(), x, fresh, generator)])


if __name__ == "__main__":
    main()
