"""Pre-training data: near-duplicates by MinHash and bands, shares of sources, packing with its mask, model collapse.

Letters, with the name in the source where it differs:
    A, B, s    sets of shingles, the runs of w words of a document; their Jaccard similarity
    k, b, r    values of a signature; bands it is cut into, values of a band (k = b r)
    n, a, p    tokens of each source, exponent that flattens the shares, share of each source
    m          weight of a token in the loss, 0 or 1
    N, v, q    samples of a round, variance of the fitted Gaussian, share of real samples
"""

import hashlib
import math
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

PRIME = 2**31 - 1
A, B, C = "the cat sat on the mat", "the cat sat on the hat", "a dog sat on the mat"
SIZES, BUDGET = (90.0, 10.0), 100.0  # billions of tokens of the example


# --8<-- [start:shingles]
def shingles(text: str, w: int = 2) -> set[str]:
    """Runs of w words of a text, each once. Source: broder1997resemblance."""
    words = text.lower().split()
    return {" ".join(words[i : i + w]) for i in range(len(words) - w + 1)}


def jaccard(a: set[str], b: set[str]) -> float:
    """Shared elements over all elements. Source: broder1997resemblance, "resemblance"."""
    return len(a & b) / len(a | b)
    # --8<-- [end:shingles]


# --8<-- [start:minhash]
def code_of(shingle: str) -> int:
    """A number below PRIME for a shingle, the same in every run. Source: definition."""
    return int.from_bytes(hashlib.blake2b(shingle.encode(), digest_size=8).digest()) % PRIME


def signature(parts: set[str], k: int, seed: int = 0) -> np.ndarray:
    """Least value of k random orders of the shingles, to (k,). Source: broder1997resemblance.

    Departs: an order is drawn as x -> (c x + d) mod PRIME, which is only nearly a random permutation.
    Raises ValueError if there is no shingle.
    """
    if not parts:
        raise ValueError("a document of fewer words than a shingle has no signature")
    random = np.random.default_rng(seed)
    c, d = random.integers(1, PRIME, (k, 1)), random.integers(0, PRIME, (k, 1))
    x = np.array([code_of(part) for part in sorted(parts)])
    return np.asarray(((c * x + d) % PRIME).min(1))
    # --8<-- [end:minhash]


# --8<-- [start:bands]
def keys(row: np.ndarray, b: int) -> list[tuple[int, bytes]]:
    """The bands of a signature, each with its number: row (k,). Source: leskovec2020mining, section 3.4."""
    return [(i, band.tobytes()) for i, band in enumerate(np.split(row, b))]


def candidates(rows: Sequence[np.ndarray], b: int) -> set[tuple[int, int]]:
    """Pairs of documents that agree in a whole band: rows (n, k). Source: leskovec2020mining, section 3.4."""
    buckets: defaultdict[tuple[int, bytes], list[int]] = defaultdict(list)
    for n, row in enumerate(rows):
        for key in keys(row, b):
            buckets[key].append(n)
    return {(m, n) for found in buckets.values() for m in found for n in found if m < n}


def caught(s: float, b: int, r: int) -> float:
    """Probability that a pair of similarity s becomes a candidate. Source: leskovec2020mining, section 3.4.2."""
    return 1 - (1 - s**r) ** b
    # --8<-- [end:bands]


# --8<-- [start:keep]
def keep(count: int, pairs: set[tuple[int, int]]) -> list[int]:
    """The first document of each group that the pairs join. Source: definition."""
    head = list(range(count))

    def root(n: int) -> int:
        while head[n] != n:
            n = head[n]
        return n

    for m, n in pairs:
        low, high = sorted((root(m), root(n)))
        head[high] = low
    return [n for n in range(count) if head[n] == n]
    # --8<-- [end:keep]


# --8<-- [start:mix]
def shares(n: Sequence[float], a: float) -> list[float]:
    """Share of each source, proportional to its size to the power a. Source: xue2021mt5, section 3.2."""
    powers = [size**a for size in n]
    return [power / sum(powers) for power in powers]


def passes(n: Sequence[float], a: float, budget: float) -> list[float]:
    """How often each source is read on average. Source: definition."""
    return [budget * p / size for p, size in zip(shares(n, a), n, strict=True)]
    # --8<-- [end:mix]


# --8<-- [start:pack]
def pack(documents: Sequence[Sequence[int]], window: int, end: int) -> tuple[Tensor, Tensor]:
    """One stream, an end token after each document, cut into windows: tokens and documents' numbers (windows, window).

    What does not fill the last window is left out. Source: brown2020language, appendix B.
    """
    stream = [(token, n) for n, text in enumerate(documents) for token in (*text, end)]
    rows = len(stream) // window
    both = torch.tensor(stream[: rows * window]).reshape(rows, window, 2)
    return both[..., 0], both[..., 1]
    # --8<-- [end:pack]


# --8<-- [start:mask]
def document_mask(owner: Tensor) -> Tensor:
    """Whether a token may see another: earlier or itself, of its document: owner (T,) to (T, T). Source: definition."""
    causal = torch.ones(len(owner), len(owner), dtype=torch.bool).tril()
    return causal & (owner[:, None] == owner[None])


def positions(owner: Tensor) -> Tensor:
    """The place of each token in what the window shows of its document: owner (T,) to (T,). Source: definition."""
    return document_mask(owner).sum(1) - 1
    # --8<-- [end:mask]


# --8<-- [start:loss]
def masked_loss(logits: Tensor, tokens: Tensor, owner: Tensor) -> Tensor:
    """Mean surprise at next tokens within documents: logits (T, V), tokens, owner (T,) to (). Source: definition."""
    m = (owner[1:] == owner[:-1]).to(logits)
    surprise = torch.nn.functional.cross_entropy(logits[:-1], tokens[1:], reduction="none")
    return (m * surprise).sum() / m.sum()
    # --8<-- [end:loss]


# --8<-- [start:collapse]
def rounds(
    N: int, real: int, count: int, runs: int, random: np.random.Generator, unbiased: bool = False
) -> np.ndarray:
    """Variance of each fit to real samples of N(0, 1) and N - real of the fit before: to (runs, count + 1).

    Source: this page, eq-pre-training-shrink.
    """
    mean, v = np.zeros(runs), np.ones(runs)
    found = [v]
    for _ in range(count):
        made = mean + np.sqrt(v) * random.standard_normal((N - real, runs))
        x = np.concatenate([made, random.standard_normal((real, runs))])
        mean, v = x.mean(0), x.var(0, ddof=int(unbiased))
        found.append(v)
    return np.stack(found, 1)
    # --8<-- [end:collapse]


# --8<-- [start:formulas]
def expected(N: int, t: int) -> float:
    """Mean variance after t rounds on samples of the fit alone, from 1. Source: this page, eq-pre-training-shrink."""
    return ((N - 1) / N) ** t


def drift(N: int, unbiased: bool = False) -> float:
    """What a round adds to the logarithm of the variance on average. Source: this page, eq-pre-training-drift."""
    half = (N - 1) / 2
    return float(torch.digamma(torch.tensor(half, dtype=torch.float64))) - math.log(
        half if unbiased else N / 2
    )


def floor(N: int, q: float) -> float:
    """Mean variance that is left with a share q of real samples. Source: this page, eq-pre-training-floor."""
    return 1 - 1 / (N * q * (2 - q) + 1 - q)
    # --8<-- [end:formulas]


def main() -> None:
    """The example: similarity, equal minima, bands; shares and passes; and the collapse against its formula."""
    sets = [shingles(text) for text in (A, B, C)]
    rows = [signature(one, 4096) for one in sets]
    print(f"A, B: Jaccard {jaccard(*sets[:2]):.3f}, equal minima {(rows[0] == rows[1]).mean():.3f}")
    print(f"A, C: Jaccard {jaccard(sets[0], sets[2]):.3f}, equal {(rows[0] == rows[2]).mean():.3f}")
    print(f"caught in 3 bands of 2: {caught(2 / 3, 3, 2):.3f} and {caught(3 / 7, 3, 2):.3f}")
    print("shares", shares(SIZES, 0.5), "passes", passes(SIZES, 0.5, BUDGET))
    found = rounds(4, 0, 3, 100_000, np.random.default_rng(0)).mean(0)
    print("variance", found.round(3), "by formula", [round(expected(4, t), 3) for t in range(4)])


if __name__ == "__main__":
    main()
