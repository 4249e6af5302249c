"""Precision and recall of samples with scikit-learn, for any items that have become vectors.

Letters: x, y are samples and data, (N, D) and (M, D).
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import NearestNeighbors


# --8<-- [start:covered]
def covered(x: NDArray[np.float64], y: NDArray[np.float64], k: int = 3) -> float:
    """The share of x (N, D) near some y (M, D): its k-th nearest is farther. Source: kynkaanniemi2019improved."""
    near = NearestNeighbors(n_neighbors=k).fit(y)
    reach = near.kneighbors()[0][:, -1]  # without an argument an item is no neighbour of its own
    return float((pairwise_distances(x, y) <= reach).any(axis=1).mean())


def precision_recall(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Quality and coverage of samples x (N, D) against data y (M, D). Source: kynkaanniemi2019improved."""
    return covered(x, y), covered(y, x)
    # --8<-- [end:covered]


def main() -> None:
    """Points of a square against those of its left half."""
    rng = np.random.default_rng(0)
    data = rng.random((500, 2))
    half = rng.random((500, 2)) * [0.5, 1]
    print("precision and recall of the half:", precision_recall(half, data))


if __name__ == "__main__":
    main()
