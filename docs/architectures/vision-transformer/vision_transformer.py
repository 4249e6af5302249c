"""A vision transformer: patches become tokens, a class token gathers, positions have two dimensions.

Letters:
    B, C, S    images in a batch; channels; side of an image in pixels
    P, N       side of a patch; patches of an image, (S / P)²
    E, H, L    width of a token; heads of attention; blocks
    K          classes
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

LETTER = ((0, 4, 0, 0), (0, 4, 0, 0), (0, 4, 4, 4), (0, 0, 0, 0))  # the example, a bright L
# A patch is read row by row: how bright it is, right minus left, top minus bottom; three features stay free.
FILTERS = ((1, 1, 1, 1), (-1, 1, -1, 1), (1, 1, -1, -1), (0,) * 4, (0,) * 4, (0,) * 4)
PLACES = ((0, 0, 0, -1, -1, 0), (0, 0, 0, -1, 1, 0), (0, 0, 0, 1, -1, 0), (0, 0, 0, 1, 1, 0))
CLASS = (0, 0, 0, 0, 0, 1)  # the class token of the example: its last feature says what it is


# --8<-- [start:patches]
def patches(x: Tensor, side: int) -> Tensor:
    """Images x (B, C, S, S) cut into patches of side P, row by row: (B, N, C·P·P).

    Raises ValueError if P does not divide S. Source: dosovitskiy2021image, section 3.1.
    """
    if x.shape[-1] % side or x.shape[-2] % side:
        raise ValueError(f"patches of side {side} do not fill an image of {tuple(x.shape[-2:])}")
    count, channels, high, wide = x.shape
    x = x.reshape(count, channels, high // side, side, wide // side, side)
    return x.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)
    # --8<-- [end:patches]


def unpatch(tokens: Tensor, side: int, channels: int) -> Tensor:
    """The way back: tokens (B, N, C·P·P) of a square grid to images (B, C, S, S). Source: definition."""
    grid = math.isqrt(tokens.shape[1])
    x = tokens.reshape(-1, grid, grid, channels, side, side)
    return x.permute(0, 3, 1, 4, 2, 5).flatten(4).flatten(2, 3)


# --8<-- [start:waves]
def waves(grid: int, width: int, base: float = 10000.0) -> Tensor:
    """Positions by rows and by columns: half of the E features for each, as sines and cosines, (N, E).

    Source: this page, eq-vision-transformer-waves.
    """
    at = torch.arange(grid, dtype=torch.float64)
    frequencies = base ** (-torch.arange(width // 4, dtype=torch.float64) / (width // 4))
    angles = at[:, None] * frequencies  # (grid, E / 4)
    one = torch.cat([angles.sin(), angles.cos()], 1)
    rows, columns = one.repeat_interleave(grid, 0), one.repeat(grid, 1)
    return torch.cat([rows, columns], 1)
    # --8<-- [end:waves]


# --8<-- [start:resize]
def resize(table: Tensor, grid: int) -> Tensor:
    """Positions, a table (N, E), for a square grid of other size, bicubic: (grid·grid, E).

    Source: dosovitskiy2021image, section 3.2.
    """
    old = math.isqrt(len(table))
    square = table.T.reshape(1, -1, old, old)
    new = functional.interpolate(square, (grid, grid), mode="bicubic", align_corners=False)
    return new.flatten(2)[0].T
    # --8<-- [end:resize]


class Block(nn.Module):
    """Attention and a feed-forward layer, each behind a norm and added to its input."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    # --8<-- [start:block]
    def attention(self, x: Tensor) -> Tensor:
        """Each token asks all, without a mask: x (B, N, E) to (B, N, E). Source: vaswani2017attention."""
        q, k, v = self.qkv(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        a = torch.softmax(q @ k.mT / math.sqrt(q.shape[-1]), -1)  # (B, H, N, N)
        out: Tensor = self.out((a @ v).transpose(1, 2).flatten(2))
        return out

    def feed(self, x: Tensor) -> Tensor:
        """Each token alone: x (B, N, E) to (B, N, E). Source: definition."""
        out: Tensor = self.down(functional.gelu(self.up(x)))
        return out

    def forward(self, x: Tensor) -> Tensor:
        """x (B, N, E) to (B, N, E). Source: this page, eq-vision-transformer-block."""
        x = x + self.attention(self.norm1(x))
        return x + self.feed(self.norm2(x))
        # --8<-- [end:block]


class ViT(nn.Module):
    """A vision transformer from images to class scores: (B, C, S, S) to (B, K).

    Args:
        side, patch, channels: of an image. width, heads, depth: of the network. classes: K.
        pool: who speaks for the image, "class" or "mean".
        positions: "table", learned; "waves", fixed; or "none".
    """

    def __init__(
        self, side: int = 8, patch: int = 2, channels: int = 1, width: int = 24, heads: int = 4,
        depth: int = 2, classes: int = 10, pool: str = "class", positions: str = "table",
    ) -> None:  # fmt: skip
        super().__init__()
        self.patch, self.pool, grid = patch, pool, side // patch
        self.embed = nn.Linear(channels * patch**2, width)
        self.token = nn.Parameter(torch.randn(1, 1, width) / 2) if pool == "class" else None
        self.places = nn.Parameter(torch.randn(grid**2, width) / 2)
        if positions != "table":
            fixed = waves(grid, width).float() if positions == "waves" else 0 * self.places
            self.places = nn.Parameter(fixed.detach(), requires_grad=False)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, classes)

    # --8<-- [start:forward]
    def forward(self, x: Tensor) -> Tensor:
        """Class scores: x (B, C, S, S) to (B, K). Raises ValueError where `patches` does.

        Source: dosovitskiy2021image, eqs. 1 to 4.
        """
        h = self.embed(patches(x, self.patch))  # (B, N, E)
        h = h + self.places
        if self.token is not None:
            h = torch.cat([self.token.expand(len(h), -1, -1), h], 1)  # (B, 1 + N, E)
        for block in self.blocks:
            h = block(h)
        h = self.norm(h)
        spoken = h[:, 0] if self.token is not None else h.mean(1)  # (B, E)
        out: Tensor = self.head(spoken)
        return out
        # --8<-- [end:forward]


# --8<-- [start:counts]
def parameters(side: int, patch: int, channels: int, width: int, depth: int, classes: int) -> int:
    """Parameters of a ViT with class token, whose row of the table counts too. Source: dosovitskiy2021image."""
    tokens = (side // patch) ** 2
    inside = depth * (12 * width**2 + 13 * width) + 2 * width
    return (channels * patch**2 + 1) * width + (tokens + 2) * width + inside + classes * (width + 1)


def operations(tokens: int, width: int, depth: int) -> int:
    """Multiplications and additions of the blocks, forward. Source: this page, eq-vision-transformer-cost."""
    return depth * (24 * tokens * width**2 + 4 * tokens**2 * width)
    # --8<-- [end:counts]


# --8<-- [start:example]
def example(image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The example by hand, no norm: image (4, 4) to tokens (5, 6), weights (5,) and output (4,) of the class token.

    The class token asks by brightness; it takes edges and places. Raises ValueError where `patches` does.
    Source: definition.
    """
    filters = torch.tensor(FILTERS, dtype=torch.float64) / 4
    x = patches(image[None, None], 2)[0] @ filters.T + torch.tensor(PLACES)
    x = torch.cat([torch.tensor([CLASS]), x])  # (5, 6)
    query = x[0, 5] * math.log(2)  # brightness 1 more doubles the weight
    a = torch.softmax(query * x[:, 0], 0)
    return x, a, a @ x[:, 1:5]
    # --8<-- [end:example]


def main() -> None:
    """The example, patch embedding beside a convolution with a stride, and the parameters of ViT-B/16."""
    image = torch.tensor(LETTER, dtype=torch.float64)
    x, a, out = example(image)
    filters = torch.tensor(FILTERS, dtype=torch.float64).reshape(6, 1, 2, 2) / 4
    strided = functional.conv2d(image[None, None], filters, stride=2)
    print("embedded", (x[1:] - torch.tensor(PLACES))[:, :3].tolist())
    print("strided ", strided.flatten(2)[0].T[:, :3].tolist())
    print(
        "weights ", [round(v, 4) for v in a.tolist()], "output", [round(v, 4) for v in out.tolist()]
    )
    print("ViT-B/16", f"{parameters(224, 16, 3, 768, 12, 1000):,}", "published 86,567,656")


if __name__ == "__main__":
    main()
