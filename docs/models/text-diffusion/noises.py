"""Masks beside uniform noise: what a perfect model makes of both, in any number of steps, without chance.

The letters are those of text_diffusion.py; a noisy letter is one of S symbols: A letters, and the mask if masks are
the noise. All places are denoised at once, each for itself, as D3PM does.
"""

from itertools import product

import torch
from torch import Tensor


# --8<-- [start:limit]
def limit(size: int, masks: bool) -> Tensor:
    """What noise leaves of a letter at t = 1: the mask, or any letter; (S,). Source: definition."""
    if masks:
        return torch.eye(size + 1, dtype=torch.float64)[size]
    return torch.full((size,), 1 / size, dtype=torch.float64)
    # --8<-- [end:limit]


# --8<-- [start:kernel]
def kernel(keep: float, end: Tensor) -> Tensor:
    """A symbol is kept, or drawn from end (S,): rows from, columns to, (S, S). Source: austin2021structured, A.2."""
    return keep * torch.eye(len(end), dtype=end.dtype) + (1 - keep) * end
    # --8<-- [end:kernel]


# --8<-- [start:clean]
def clean(joint: Tensor, seen: tuple[int, ...], t: float, end: Tensor) -> Tensor:
    """P(letter | seen): joint (A,) * L, end (S,) to (L, A). Source: this page, eq-text-diffusion-uniform."""
    noise = kernel(1 - t, end)
    possible = joint
    for n, symbol in enumerate(seen):
        shape = [-1 if m == n else 1 for m in range(len(seen))]
        possible = possible * noise[: joint.shape[0], symbol].view(shape)
    rows = [possible.sum([m for m in range(len(seen)) if m != n]) for n in range(len(seen))]
    return torch.stack(rows) / possible.sum().clamp_min(1e-300)
    # --8<-- [end:clean]


# --8<-- [start:back]
def back(rows: Tensor, seen: tuple[int, ...], t: float, s: float, end: Tensor) -> Tensor:
    """From t to s, each place for itself: rows (L, A), end (S,) to (L, S). Source: austin2021structured, eq. 3."""
    size = rows.shape[1]
    at_s, at_t = kernel(1 - s, end)[:size], kernel(1 - t, end)[:size]  # (A, S) from a clean letter
    step = kernel((1 - t) / (1 - s), end)
    moved = []
    for row, symbol in zip(rows, seen, strict=True):
        share = torch.where(at_t[:, symbol] > 0, row / at_t[:, symbol].clamp_min(1e-300), 0.0)
        moved.append(step[:, symbol] * (share @ at_s))
    return torch.stack(moved)
    # --8<-- [end:back]


# --8<-- [start:made]
def made(joint: Tensor, steps: int, masks: bool) -> Tensor:
    """What equal steps from t = 1 to 0 make, with perfect guesses: joint (A,) * L to (A,) * L. Source: definition."""
    size, length = joint.shape[0], joint.ndim
    end = limit(size, masks)
    now = {seen: float(end[list(seen)].prod()) for seen in product(range(len(end)), repeat=length)}
    for k in range(steps, 0, -1):
        t, s = k / steps, (k - 1) / steps
        after = torch.zeros((len(end),) * length, dtype=joint.dtype)
        for seen, p in now.items():
            if p > 0:
                spread = torch.full((), p, dtype=joint.dtype)
                for row in back(clean(joint, seen, t, end), seen, t, s, end):
                    spread = spread[..., None] * row
                after += spread
        now = {seen: float(after[seen]) for seen in now}
    return after[(slice(size),) * length]
    # --8<-- [end:made]


def main() -> None:
    """The chain of the example, from one step to sixteen."""
    stay = torch.tensor([[0.75, 0.25], [0.25, 0.75]], dtype=torch.float64)
    joint = 0.5 * stay[:, :, None] * stay[None]
    for steps in (1, 2, 4, 8, 16):
        gone = [
            float((joint - made(joint, steps, masks)).abs().sum()) / 2 for masks in (True, False)
        ]
        print(f"{steps:2} steps: masks {gone[0]:.4f} off, uniform noise {gone[1]:.4f} off")


if __name__ == "__main__":
    main()
