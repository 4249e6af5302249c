"""Vector quantisation: the nearest code, its gradients, its updates, residual codes, FSQ, and codes for a Gaussian.

Letters:
    B, D, K    vectors in a batch; numbers in a vector; codes in the codebook
    u          output of the encoder (B, D)
    e          codes (K, D)
    k          index of the code that is chosen (B,)
    z          what the decoder reads (B, D)
    M          codebooks in a row, for residual codes
"""

from collections.abc import Sequence
from math import log2, pi

import torch
from torch import Tensor

OUTPUTS = ((3.0, 1.0), (5.0, 1.0), (1.0, 3.0), (-1.0, 3.0), (1.0, 0.0), (-1.0, 0.0))  # the example
CODES = ((0.0, 0.0), (4.0, 0.0), (0.0, 4.0), (9.0, 9.0))
FINE = ((1.0, 1.0), (-1.0, 1.0), (1.0, -1.0), (-1.0, -1.0))  # a second codebook, for what is left
COMMITMENT = 0.25


# --8<-- [start:nearest]
def nearest(u: Tensor, e: Tensor) -> Tensor:
    """Index of the nearest code of each vector: u (B, D), e (K, D) to (B,). Source: this page, eq-codebooks-nearest.

    Raises ValueError if vectors and codes differ in length.
    """
    if u.shape[-1] != e.shape[-1]:
        raise ValueError(f"vectors of {u.shape[-1]} numbers, codes of {e.shape[-1]}")
    distance = u.square().sum(-1, keepdim=True) - 2 * u @ e.mT + e.square().sum(-1)  # (B, K)
    return distance.argmin(-1)
    # --8<-- [end:nearest]


# --8<-- [start:quantise]
def quantise(u: Tensor, e: Tensor, commitment: float = COMMITMENT) -> tuple[Tensor, Tensor, Tensor]:
    """Codes with a straight-through gradient, the two further terms of the loss, and indices.

    u (B, D), e (K, D) to z (B, D), terms (B,), k (B,). Source: vandenoord2017neural, eq. 3.
    Raises ValueError as nearest does.
    """
    k = nearest(u, e)
    chosen = e[k]  # (B, D)
    z = u + (chosen - u).detach()
    moves = (chosen - u.detach()).square().sum(-1)
    stays = (u - chosen.detach()).square().sum(-1)
    return z, moves + commitment * stays, k
    # --8<-- [end:quantise]


# --8<-- [start:ema]
def ema(
    e: Tensor, counts: Tensor, u: Tensor, k: Tensor, decay: float = 0.99
) -> tuple[Tensor, Tensor]:
    """Codes and counts after one batch, as moving averages: e (K, D), counts (K,), u (B, D), k (B,) to (K, D), (K,).

    Source: this page, eq-codebooks-ema. A code that is not chosen stays where it is, and its count falls.
    """
    who = torch.nn.functional.one_hot(k, len(e)).to(u)  # (B, K)
    sums = decay * counts[:, None] * e + (1 - decay) * who.mT @ u
    counts = decay * counts + (1 - decay) * who.sum(0)
    moved = sums / counts.clamp_min(1e-12)[:, None]
    return torch.where(counts[:, None] > 0, moved, e), counts
    # --8<-- [end:ema]


# --8<-- [start:restart]
def restart(
    e: Tensor, counts: Tensor, u: Tensor, least: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Put each code whose count is below least on a vector of the batch, drawn at random, with a count of 1.

    e (K, D), counts (K,), u (B, D) to (K, D), (K,). Without the new count a code could be restarted again at once.
    Source: dhariwal2020jukebox, section 3.1.
    """
    drawn = u[torch.randint(len(u), (len(e),), generator=generator)]
    dead = counts < least
    e = torch.where(dead[:, None], drawn, e)
    counts = torch.where(dead, 1.0, counts)
    return e, counts
    # --8<-- [end:restart]


# --8<-- [start:use]
def use(k: Tensor, count: int) -> tuple[int, float]:
    """Codes that occur, and the perplexity of their use: k (B,), K = count. Source: this page, eq-codebooks-use."""
    share = torch.bincount(k.flatten(), minlength=count).double() / k.numel()
    used = share[share > 0]
    return len(used), float(torch.exp2(-(used * used.log2()).sum()))
    # --8<-- [end:use]


# --8<-- [start:residual]
def residual(u: Tensor, books: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Sum of one code from each codebook (B, D), and the indices (B, M): u (B, D), books (K, D), M times.

    Each codebook quantises what those before it have left. Source: zeghidour2022soundstream, algorithm 1.
    Raises ValueError as nearest does.
    """
    left, indices = u, []
    for e in books:
        k = nearest(left, e)
        left = left - e[k]
        indices.append(k)
    return u - left, torch.stack(indices, -1)
    # --8<-- [end:residual]


# --8<-- [start:fsq]
def fsq(u: Tensor, levels: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Each number squashed and rounded to one of an odd number of levels: u (B, D) to z (B, D), index (B,).

    Source: mentzer2024finite, section 3.1. Departs: only odd levels; even ones need half a step of shift.
    Raises ValueError if a number of levels is even.
    """
    if any(level % 2 == 0 for level in levels):
        raise ValueError(f"levels must be odd, got {tuple(levels)}")
    half = torch.tensor([level // 2 for level in levels])
    bounded = half * torch.tanh(u)
    z = bounded + (bounded.round() - bounded).detach()  # straight through
    place = torch.tensor([1, *levels[:-1]]).cumprod(0)
    return z, ((z.detach().round().long() + half) * place).sum(-1)
    # --8<-- [end:fsq]


# --8<-- [start:lloyd]
def lloyd(u: Tensor, e: Tensor, steps: int) -> Tensor:
    """Codes after steps of k-means: u (B, D), e (K, D) to (K, D). Source: lloyd1982least.

    Each step assigns every vector to its nearest code and moves each code to the mean of its vectors.
    Raises ValueError as nearest does.
    """
    for _ in range(steps):
        e, _ = ema(e, torch.zeros(len(e)).to(u), u, nearest(u, e), decay=0.0)
    return e
    # --8<-- [end:lloyd]


def scalar(count: int) -> tuple[Tensor, float]:
    """The best count = K codes for a standard normal number, (K,), and their mean squared error.

    Lloyd's two steps with exact means instead of those of a sample. Source: max1960quantizing.
    """
    e = torch.linspace(-2, 2, count, dtype=torch.float64)
    moved = 1.0
    while moved > 1e-10:
        edge = torch.cat([torch.tensor([-40.0]), (e[1:] + e[:-1]) / 2, torch.tensor([40.0])])
        mass = torch.special.ndtr(edge).diff()
        density = torch.exp(-(edge**2) / 2) / (2 * pi) ** 0.5
        moved, e = float((e + density.diff() / mass).abs().max()), -density.diff() / mass
    return e, float(1 - (mass * e**2).sum())


def main() -> None:
    """The example, and the best scalar codes for a Gaussian beside Max's table of 1960 and the bound."""
    u, e = torch.tensor(OUTPUTS), torch.tensor(CODES)
    k = nearest(u, e)
    used, perplexity = use(k, len(e))
    moved = lloyd(u, e, 1)
    print("codes", k.tolist(), f"{used} of {len(e)} used, perplexity {perplexity:.2f}")
    for name, codes in (("before", e), ("after one step", moved)):
        error = (u - codes[nearest(u, codes)]).square().sum(-1).mean()
        print(f"error {name}: {error:.2f}")
    print("bits  error   Max, 1960  bound")
    for count, printed in ((2, 0.3634), (4, 0.1175), (8, 0.03454)):
        print(f"{log2(count):g}     {scalar(count)[1]:.4f}  {printed:<9}  {count**-2.0:.4f}")


if __name__ == "__main__":
    main()
