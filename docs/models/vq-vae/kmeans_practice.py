"""What one would write today for small data: codes of parts by k-means of scikit-learn, and a prior by counting."""

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits


def digits() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """scikit-learn's digits from 0 to 1 in quarters, and their classes: (1797, 4, 16), (1797,). Source: definition."""
    data = load_digits()
    quarters = data.images.reshape(-1, 2, 4, 2, 4).swapaxes(2, 3).reshape(-1, 4, 16)
    return quarters / 16, data.target


# --8<-- [start:codes]
def codes(x: NDArray[np.float64], count: int) -> tuple[KMeans, NDArray[np.int64]]:
    """Stage one: a codebook for parts x (N, T, P), and the codes of all parts, (N, T). Source: definition."""
    book = KMeans(count, n_init=1, random_state=0).fit(x.reshape(-1, x.shape[2]))
    return book, book.labels_.reshape(x.shape[:2])
    # --8<-- [end:codes]


# --8<-- [start:chain]
def chain(k: NDArray[np.int64], count: int, add: float = 0.1) -> NDArray[np.float64]:
    """Stage two: how likely each code is at a place, given the code before: k (N, T) to (T, K, K).

    Source: this page, eq-vq-vae-model. Departs: each place sees the one before it alone.
    """
    table = np.full((k.shape[1], count, count), add)
    before = np.concatenate([np.zeros((len(k), 1), int), k[:, :-1]], 1)
    for t in range(k.shape[1]):
        np.add.at(table[t], (before[:, t], k[:, t]), 1)
    return np.asarray(table / table.sum(2, keepdims=True))
    # --8<-- [end:chain]


def run(count: int) -> tuple[float, float]:
    """Squared error of a pixel and bits of the last 360 digits, with codes of the others. Source: definition."""
    x, _ = digits()
    book, k = codes(x[:1437], count)
    new = book.predict(x[1437:].reshape(-1, 16)).reshape(-1, 4)
    before = np.concatenate([np.zeros((len(new), 1), int), new[:, :-1]], 1)
    bits = -np.log2(chain(k, count)[np.arange(4), before, new]).sum(1).mean()
    return float(((book.cluster_centers_[new] - x[1437:]) ** 2).mean()), float(bits)


def main() -> None:
    """Digits in quarters: error, and bits under the uniform prior and under counts."""
    error, bits = run(16)
    print(f"squared error {error:.4f}, {bits:.1f} of 16 bits")


if __name__ == "__main__":
    main()
