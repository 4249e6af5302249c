"""Convolution in one dimension: filters, strides, dilation, their transpose, the field they see, and a U-Net.

Letters:
    B, C, N    examples in a batch; channels; places
    k, s, d    width of a filter, stride, dilation
    w, b       weights (outputs, inputs, k), biases (outputs,)
    e          vector that says noise level and condition, (B, E)
"""

from collections.abc import Sequence
from math import log

import torch
from torch import Tensor, nn
from torch.nn import functional

EXAMPLE = (0.0, 0.0, 4.0, 4.0, 4.0, 0.0, 0.0, 0.0)  # a bright bar, three pixels wide
EDGES = (-1.0, 0.0, 1.0)  # the filter of the example: right neighbour less left neighbour
Layer = tuple[int, int, int]  # width, stride, dilation


# --8<-- [start:convolve]
def convolve(x: Tensor, w: Tensor, stride: int = 1, dilation: int = 1, padding: int = 0) -> Tensor:
    """Filters w (outputs, C, k) at every place: x (B, C, N) to (B, outputs, n). Zeros are padded at both ends.

    Source: this page, eq-convolution-definition. Raises ValueError if the filter is longer than the signal.
    """
    x = functional.pad(x, (padding, padding))
    reach = dilation * (w.shape[-1] - 1) + 1
    if reach > x.shape[-1]:
        raise ValueError(f"a filter over {reach} places does not fit into {x.shape[-1]}")
    windows = x.unfold(-1, reach, stride)[..., ::dilation]  # (B, C, n, k)
    return torch.einsum("bcnk,ock->bon", windows, w)
    # --8<-- [end:convolve]


# --8<-- [start:transposed]
def transposed(z: Tensor, w: Tensor, stride: int = 1) -> Tensor:
    """Each number writes the filter: z (B, C, n), w (C, outputs, k) to (B, outputs, (n - 1) stride + k).

    Source: this page, eq-convolution-transpose.
    """
    count, k = z.shape[-1], w.shape[-1]
    y = z.new_zeros(z.shape[0], w.shape[1], (count - 1) * stride + k)
    for j in range(count):
        y[..., j * stride : j * stride + k] += torch.einsum("bc,cok->bok", z[..., j], w)
    return y
    # --8<-- [end:transposed]


def matrix(w: Tensor, count: int, stride: int = 1, dilation: int = 1, padding: int = 0) -> Tensor:
    """The matrix that a filter w (k,) applies to a signal of count places: (n, count)."""
    units = torch.eye(count, dtype=w.dtype)[:, None]
    return convolve(units, w[None, None], stride, dilation, padding)[:, 0].T


# --8<-- [start:field]
def field(layers: Sequence[Layer]) -> int:
    """How many places an output sees, by formula. Source: this page, eq-convolution-field."""
    seen, step = 1, 1
    for k, stride, dilation in layers:
        seen += (k - 1) * dilation * step
        step *= stride
    return seen


def probe(layers: Sequence[Layer], count: int) -> Tensor:
    """How much one output in the middle owes to each input, (count,): its gradient, all weights 1 / k."""
    x = torch.zeros(1, 1, count, dtype=torch.float64, requires_grad=True)
    y: Tensor = x
    for k, stride, dilation in layers:
        w = torch.full((1, 1, k), 1 / k, dtype=torch.float64)
        y = convolve(y, w, stride, dilation)
    (owed,) = torch.autograd.grad(y[0, 0, y.shape[-1] // 2], x)
    return owed[0, 0]
    # --8<-- [end:field]


# --8<-- [start:level]
def embedding(level: Tensor, width: int) -> Tensor:
    """Sines and cosines of the logarithm of the noise level: level (B,) to (B, width)."""
    frequencies = torch.exp(torch.linspace(-log(2), log(8), width // 2))
    angles = level.log()[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], 1)
    # --8<-- [end:level]


# --8<-- [start:film]
def film(h: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Each channel scaled and shifted alike at all places: h (B, C, N), scale, shift (B, C). Source: perez2018film."""
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
        """h (B, inputs, N), e (B, E)."""
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
        """Each place asks the tokens; with a table of places it knows where it is."""
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
        """x (B, inputs, N), level (B,), and what is told: vector (B, E), tokens (B, M, E)."""
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


def main() -> None:
    """The example, and its convolution beside that of PyTorch."""
    x, w = torch.tensor(EXAMPLE)[None, None], torch.tensor(EDGES)[None, None]
    ours, library = convolve(x, w, padding=1), functional.conv1d(x, w, padding=1)
    print("ours   ", [f"{v:g}" for v in ours.flatten().tolist()])
    print("PyTorch", [f"{v:g}" for v in library.flatten().tolist()])


if __name__ == "__main__":
    main()
