"""A source whose entropy is known, the chain rule in any order, and tables of counts that learn it.

The source writes rows of pixels, 0 for dark and 1 for light, each drawn by the one before alone: a Markov chain.

Letters:
    T, N        pixels of a row; pixels to learn from
    P           probability of the next pixel, a row for each pixel before
    pi          share of dark and light pixels in the long run
    k           pixels before that a table looks at, its order
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

# --8<-- [start:source]
MOVE = np.array([[3 / 4, 1 / 4], [1 / 2, 1 / 2]])  # P: the next pixel, after dark and after light
SHARE = np.array([2 / 3, 1 / 3])  # pi: dark, light
ROW = (0, 0, 1, 1)  # the example: dark, dark, light, light
# --8<-- [end:source]


def joint(count: int, move: np.ndarray = MOVE) -> np.ndarray:
    """The probability of each row of count pixels, with a table move (2, 2): (2, 2, ..., 2). Source: definition."""
    table = SHARE
    for _ in range(count - 1):
        table = table[..., None] * move
    return table


# --8<-- [start:factors]
def factors(table: np.ndarray, row: Sequence[int], order: Sequence[int]) -> list[float]:
    """The factors of the chain rule for a row, its places taken in an order: T numbers.

    Args:
        table: (K, ..., K), probability of each row.
        row: the T elements.
        order: the T places, each once.

    Source: this page, eq-autoregressive-chain.
    """
    known, before, found = list[int](), 1.0, []
    for place in order:
        known.append(place)
        at = tuple(row[n] if n in known else slice(None) for n in range(len(row)))
        now = float(table[at].sum())  # the probability of what is known, this place included
        found.append(now / before)
        before = now
    return found
    # --8<-- [end:factors]


def entropy(table: np.ndarray) -> float:
    """Bits of a distribution, table (K, ..., K). Source: definition."""
    p = table[table > 0]
    return float(-(p * np.log2(p)).sum())


# --8<-- [start:rate]
def entropy_rate(move: np.ndarray = MOVE, share: np.ndarray = SHARE) -> float:
    """Bits per pixel of the source: move (2, 2), share (2,). Source: this page, eq-autoregressive-rate."""
    return float(-(share[:, None] * move * np.log2(move)).sum())
    # --8<-- [end:rate]


def seen(table: np.ndarray, order: Sequence[int], window: int) -> float:
    """Bits per element of the best model that sees only the last `window` in the order: table (K, ..., K).

    Source: definition.
    """
    total = 0.0
    for t, place in enumerate(order):
        before = list(order[max(0, t - window) : t])
        total += entropy(kept(table, [*before, place])) - entropy(kept(table, before))
    return total / len(order)


def kept(table: np.ndarray, places: Sequence[int]) -> np.ndarray:
    """The distribution of some places alone: table (K, ..., K) to (K, ..., K). Source: definition."""
    return np.asarray(table.sum(tuple(n for n in range(table.ndim) if n not in places)))


def draw(count: int, generator: np.random.Generator, lag: int = 1) -> np.ndarray:
    """A row of the source, (count,), in which each pixel goes by the one `lag` before. Source: definition."""
    chance, row = generator.random(count), np.zeros(count, int)
    row[:lag] = chance[:lag] < SHARE[1]
    for t in range(lag, count):
        row[t] = chance[t] < MOVE[row[t - lag], 1]
    return row


# --8<-- [start:fit]
def fit(row: np.ndarray, order: int, add: float = 1.0) -> np.ndarray:
    """A table of order k, learned by counting: row (N,) to (2, ..., 2).

    Source: this page, eq-autoregressive-counts.
    """
    counts = np.full((2,) * (order + 1), add)
    windows = np.lib.stride_tricks.sliding_window_view(row, order + 1)
    np.add.at(counts, tuple(windows.T), 1)
    return np.asarray(counts / counts.sum(-1, keepdims=True))
    # --8<-- [end:fit]


# --8<-- [start:bits]
def bits(model: np.ndarray, row: np.ndarray) -> float:
    """Bits per pixel after the first k: model (2, ..., 2), row (N,). Source: this page, eq-autoregressive-bits."""
    windows = np.lib.stride_tricks.sliding_window_view(row, model.ndim)
    return float(-np.log2(model[tuple(windows.T)]).mean())
    # --8<-- [end:bits]


def expected(model: np.ndarray) -> float:
    """The mean over rows of the source: model (2, ..., 2). Source: this page, eq-autoregressive-excess."""
    return float(-(joint(model.ndim) * np.log2(model)).sum())


# --8<-- [start:write]
def write(
    model: np.ndarray, row: Sequence[int], count: int, generator: np.random.Generator
) -> list[int]:
    """Append count pixels, drawn by model (2, ..., 2), to k or more. Source: this page, eq-autoregressive-chain."""
    written = list(row)
    for _ in range(count):
        p = model[tuple(written[len(written) - model.ndim + 1 :])]
        written.append(int(generator.random() < p[1]))
    return written
    # --8<-- [end:write]


# --8<-- [start:middle]
def middle(left: int, right: int, steps: int) -> np.ndarray:
    """The pixel halfway between two that are 2 * steps apart: (2,). Source: this page, eq-autoregressive-middle."""
    reach = np.linalg.matrix_power(MOVE, steps)
    both = reach[left] * reach[:, right]
    return np.asarray(both / both.sum())
    # --8<-- [end:middle]


# --8<-- [start:scales]
def by_scales(row: Sequence[int]) -> list[float]:
    """The probability of each round: first pixel, last pixel, then all middles at once; T = 2^m + 1 pixels.

    Source: definition.
    """
    last = len(row) - 1
    steps, across = last, np.linalg.matrix_power(MOVE, last)
    rounds = [float(SHARE[row[0]]), float(across[row[0], row[last]])]
    while steps > 1:
        ends = list(pairwise(range(0, last + 1, steps)))
        steps //= 2
        chances = [middle(row[a], row[b], steps)[row[a + steps]] for a, b in ends]
        rounds.append(float(np.prod(chances)))
    return rounds
    # --8<-- [end:scales]


def receptive(kernel: int, dilations: Sequence[int]) -> int:
    """Elements that causal convolutions of one width see, by formula. Source: this page, eq-autoregressive-field."""
    return 1 + (kernel - 1) * sum(dilations)


def main() -> None:
    """The example in three orders, and tables that learn, beside the entropy rate."""
    table = joint(4)
    for order in ((0, 1, 2, 3), (3, 2, 1, 0), (0, 3, 1, 2)):
        parts = factors(table, ROW, order)
        print(order, [f"{p:.3f}" for p in parts], f"{np.prod(parts):.4f}")
    print(f"entropy rate {entropy_rate():.4f} bits per pixel")
    generator = np.random.default_rng(0)
    for count in (100, 10_000):
        row, fresh = draw(count, generator), draw(10_000, generator)
        for k in (0, 1, 4):
            model = fit(row, k)
            print(
                f"N = {count:5}, k = {k}: {bits(model, fresh):.4f}, expected {expected(model):.4f}"
            )


if __name__ == "__main__":
    main()
