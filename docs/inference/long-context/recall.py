"""A small Transformer that looks up one of n items, to see what length and place do to it.

Letters:
    B, N, E   lists in a batch; items of a list; width of the model
    H, D      heads, width of a head
An item is a key and a value, in one token; the last token names a key, and the answer is its value.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

KEYS, VALUES = 1024, 8


class Lists(NamedTuple):
    """One question about each list: key, value (B, n), asked, answer, place (B,). Source: definition."""

    key: Tensor
    value: Tensor
    asked: Tensor
    answer: Tensor
    place: Tensor


# --8<-- [start:lists]
def lists(
    batch: int, n: int, generator: torch.Generator, ends: float = 0.0, keys: int = KEYS
) -> Lists:
    """n items each, one of which is asked for.

    A share `ends` of the questions is about the first or the last eighth, the others about any place.
    """
    key = torch.rand(batch, keys, generator=generator).topk(n, -1).indices
    value = torch.randint(VALUES, (batch, n), generator=generator)
    place = torch.randint(n, (batch,), generator=generator)
    near = torch.randint(n // 8, (batch,), generator=generator)
    far = torch.rand(batch, generator=generator) < 0.5
    outer = torch.rand(batch, generator=generator) < ends
    place = torch.where(outer, torch.where(far, n - 1 - near, near), place)
    rows = torch.arange(batch)
    return Lists(key, value, key[rows, place], value[rows, place], place)
    # --8<-- [end:lists]


class Reader(nn.Module):
    """A causal Transformer; with `rotary`, queries and keys are turned by their positions.

    Args: layers; rotary; width E; heads H; seed.
    """

    def __init__(
        self, layers: int, rotary: bool, width: int = 32, heads: int = 2, seed: int = 0
    ) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)

        def matrix(*shape: int, std: float) -> nn.Parameter:
            return nn.Parameter(torch.randn(*shape, generator=generator) * std)

        std = width**-0.5
        self.key, self.value = matrix(KEYS, width, std=1.0), matrix(VALUES, width, std=1.0)
        self.ask, self.head = matrix(1, width, std=1.0), matrix(VALUES, width, std=std)
        self.qkv = nn.ParameterList(matrix(3 * width, width, std=std) for _ in range(layers))
        self.out = nn.ParameterList(matrix(width, width, std=std) for _ in range(layers))
        self.up = nn.ParameterList(matrix(4 * width, width, std=std) for _ in range(layers))
        self.down = nn.ParameterList(matrix(width, 4 * width, std=std / 2) for _ in range(layers))
        self.heads, self.rotary, self.sharp = heads, rotary, 1.0
        self.w = 10_000.0 ** (-torch.arange(0, width // heads, 2) / (width // heads))

    def turn(self, x: Tensor) -> Tensor:
        """RoPE: x (B, H, N, D) to (B, H, N, D). Source: su2021roformer."""
        angles = torch.arange(x.shape[-2])[:, None] * self.w
        c, s = angles.cos(), angles.sin()
        even, odd = x[..., 0::2], x[..., 1::2]
        return torch.stack([even * c - odd * s, even * s + odd * c], -1).flatten(-2)

    # --8<-- [start:forward]
    def forward(self, key: Tensor, value: Tensor, asked: Tensor) -> Tensor:
        """Logits of the answer: key, value (B, N), asked (B,) to (B, VALUES). Source: definition."""
        x = torch.cat([self.key[key] + self.value[value], self.key[asked][:, None] + self.ask], 1)
        later = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        for qkv, out, up, down in zip(self.qkv, self.out, self.up, self.down, strict=True):
            split = (normalise(x) @ qkv.T).reshape(*x.shape[:2], 3, self.heads, -1)
            q, k, v = split.permute(2, 0, 3, 1, 4)  # (B, H, N, D)
            if self.rotary:
                q, k = self.turn(q), self.turn(k)
            s = self.sharp * (q @ k.transpose(-2, -1)) / math.sqrt(q.shape[-1])
            a = s.masked_fill(later, -math.inf).softmax(-1)
            x = x + (a @ v).transpose(1, 2).flatten(2) @ out.T
            x = x + nn.functional.gelu(normalise(x) @ up.T) @ down.T
        return normalise(x[:, -1]) @ self.head.T
        # --8<-- [end:forward]


def normalise(x: Tensor) -> Tensor:
    """Mean zero and variance one along the last dimension: x (..., E) to (..., E). Source: definition."""
    return nn.functional.layer_norm(x, x.shape[-1:])


# --8<-- [start:train]
def train(
    model: Reader, stops: Sequence[int], seed: int, ends: float = 0.0, keys: int = KEYS, n: int = 32
) -> Iterator[int]:
    """Adam on fresh lists of n items, 64 a step; gives control back after each number of steps in `stops`."""
    generator = torch.Generator().manual_seed(100 + seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3, fused=True)
    for step in range(1, max(stops) + 1):
        key, value, asked, answer, _ = lists(64, n, generator, ends, keys)
        loss = nn.functional.cross_entropy(model(key, value, asked), answer)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        if step in stops:
            yield step
    # --8<-- [end:train]


def right(
    model: Reader, n: int, count: int, seed: int = 0, keys: int = KEYS
) -> tuple[Tensor, Tensor]:
    """Whether each of `count` questions was answered right, and its place: (count,) each. Source: definition."""
    generator = torch.Generator().manual_seed(200 + seed)
    key, value, asked, answer, place = lists(count, n, generator, keys=keys)
    with torch.no_grad():
        rows = (x.chunk(max(count // 128, 1)) for x in (key, value, asked))
        parts = [model(*some) for some in zip(*rows, strict=True)]
    return torch.cat(parts).argmax(-1) == answer, place


def main() -> None:
    """Train on lists of 32 items, then read longer ones, as they are and with sharper scores."""
    torch.set_num_threads(1)
    model = Reader(1, rotary=False)
    next(train(model, [300], 0))
    for n in (32, 512):
        model.sharp = 1.0
        plain = right(model, n, 512)[0].double().mean().item()
        model.sharp = math.log(n) / math.log(32)
        sharp = right(model, n, 512)[0].double().mean().item()
        print(
            f"{n} items: {plain:.2f} right, {sharp:.2f} with scores multiplied by {model.sharp:.2f}"
        )


if __name__ == "__main__":
    main()
