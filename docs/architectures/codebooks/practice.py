"""Codebooks in a row for vectors that are there already, with scikit-learn."""

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans


# --8<-- [start:rows]
def rows(
    u: NDArray[np.float64], books: int, codes: int
) -> tuple[list[NDArray[np.float64]], NDArray[np.int64]]:
    """Codebooks and the number of each vector in each of them: u (B, D) to M times (K, D) and (B, M).

    Source: zeghidour2022soundstream, algorithm 1.
    """
    left, found, numbers = u, [], []
    for _ in range(books):
        means = KMeans(codes, n_init=1, random_state=0).fit(left)
        found.append(means.cluster_centers_)
        numbers.append(means.labels_)
        left = left - means.cluster_centers_[means.labels_]
    return found, np.stack(numbers, 1)
    # --8<-- [end:rows]


def main() -> None:
    """Three codebooks of four for pairs of normal numbers: squared error a number after each."""
    u = np.random.default_rng(0).standard_normal((2000, 2))
    found, numbers = rows(u, 3, 4)
    left = u
    for book, k in zip(found, numbers.T, strict=True):
        left = left - book[k]
        print(f"{(left**2).mean():.3f}")


if __name__ == "__main__":
    main()
