"""What a text costs in each order of filling: the likelihood, its bound, and the loss of masked diffusion.

The letters are those of text_diffusion.py; size is the number A of letters, and the mask is the number A.
"""

import math
from collections.abc import Callable
from itertools import combinations, permutations

import torch
from torch import Tensor

Text = tuple[int, ...]
Denoiser = Callable[[Text], Tensor]  # a text with masks to (L, A)


# --8<-- [start:paths]
def paths(denoise: Denoiser, x: Text, size: int) -> Tensor:
    """log p of a text in each order of filling, one place a call: (N,). Source: this page, eq-text-diffusion-chain."""
    logs = []
    for order in permutations(range(len(x))):
        text, log_p = [size] * len(x), 0.0
        for place in order:
            log_p += math.log(denoise(tuple(text))[place, x[place]])
            text[place] = x[place]
        logs.append(log_p)
    return torch.tensor(logs, dtype=torch.float64)
    # --8<-- [end:paths]


def log_likelihood(denoise: Denoiser, x: Text, size: int) -> float:
    """log p of filling in random order, the mean over orders inside. Source: this page, eq-text-diffusion-jensen."""
    logs = paths(denoise, x, size)
    return float(logs.logsumexp(0)) - math.log(len(logs))


def bound(denoise: Denoiser, x: Text, size: int) -> float:
    """The mean over orders outside the logarithm. Source: this page, eq-text-diffusion-jensen."""
    return float(paths(denoise, x, size).mean())


# --8<-- [start:sets]
def expected_loss(denoise: Denoiser, x: Text, size: int) -> float:
    """The loss of one text, over all times and masks. Source: this page, eq-text-diffusion-weight."""
    places, total = range(len(x)), 0.0
    for m in range(1, len(x) + 1):
        weight = 1 / (m * math.comb(len(x), m))  # the mean of t^(m - 1) (1 - t)^(L - m)
        for hidden in combinations(places, m):
            rows = denoise(tuple(size if n in hidden else x[n] for n in places))
            total -= weight * sum(math.log(rows[n, x[n]]) for n in hidden)
    return total
    # --8<-- [end:sets]


def pencil(text: Text) -> Tensor:
    """The example's chain by its two rules; between two known letters it looks left, (3, 2). Source: definition."""
    rows = torch.full((3, 2), 0.5, dtype=torch.float64)
    for place, order in enumerate(((1, 2), (0, 2), (1, 0))):
        for other in order:
            if text[other] < 2:
                same = 3 / 4 if abs(place - other) == 1 else 5 / 8
                rows[place] = torch.tensor([1 - same, 1 - same], dtype=torch.float64)
                rows[place, text[other]] = same
                break
    return rows


def main() -> None:
    """A table with one fault: its orders disagree, and the bound is loose."""
    for text in ((0, 0, 0), (0, 0, 1)):
        p = paths(pencil, text, 2).exp().tolist()
        print(f"{text}: " + ", ".join(f"{value:.5f}" for value in p))
        print(
            f"    likelihood {log_likelihood(pencil, text, 2):.5f}, bound {bound(pencil, text, 2):.5f}"
        )
        print(f"    loss {expected_loss(pencil, text, 2):.5f}")


if __name__ == "__main__":
    main()
