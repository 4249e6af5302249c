"""What the tests of docs/architectures/efficient-attention.md share: arrays, counts, the example by pencil."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention as sdpa
from torch.utils.flop_counter import FlopCounterMode

efficient = import_module("docs.architectures.efficient-attention.efficient_attention")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "efficient-attention.md"
FOLDER = PAGE.with_suffix("")


def draw(*shape: int, seed: int = 0) -> Tensor:
    """Normal numbers in double precision."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).double()


def column(x: Tensor) -> np.ndarray:
    """A vector as a column."""
    return x.numpy()[:, None]


def flops(run: Any, *args: Any) -> int:
    """Operations in the matrix products of a call, counted by torch."""
    with FlopCounterMode(display=False) as counter:
        run(*args)
    return int(counter.get_total_flops())


def running(blocks: int) -> list[tuple[float, float, float]]:
    """Sum, sum of values and largest exponential after each of equal blocks of the example, by pencil."""
    size, total, values, top, states = 8 // blocks, 0.0, 0.0, 1e-9, []
    for start in range(0, 8, size):
        e = efficient.EXPONENTIALS[start : start + size]
        new = max(top, *e)
        total, values = total * top / new + sum(e) / new, values * top / new
        values += sum(a * b for a, b in zip(e, efficient.VALUES[start:], strict=False)) / new
        top = new
        states.append((total, values, top))
    return states


def count(n: int, d: int, t: int = 0, allowed: Tensor | None = None) -> int:
    """Numbers moved, by the code that counts them; without tiles if t is 0."""
    q, k, v = draw(n, d), draw(n, d, seed=1), draw(n, d, seed=2)
    traffic = efficient.Traffic()
    if t:
        allowed = torch.ones(n, n).bool() if allowed is None else allowed
        efficient.in_blocks(q, k, v, t, allowed, traffic)
    else:
        torch.testing.assert_close(
            efficient.written_out(q, k, v, traffic), sdpa(q[None], k[None], v[None])[0]
        )
    return int(traffic.read + traffic.written)


def layers_to(allowed: Tensor, first: bool) -> int:
    """Layers until the last token has a path to the first, or to all."""
    for layers in range(1, 20):
        row = efficient.reach(allowed, layers)[-1]
        if bool(row[0] if first else row.all()):
            return layers
    raise AssertionError(allowed)
