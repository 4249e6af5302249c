"""Words and readers with NumPy and scikit-learn alone."""

import numpy as np
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors


# --8<-- [start:words]
def words(u: np.ndarray, table: np.ndarray, count: int) -> np.ndarray:
    """Words of each vector, coarse first: u (B, D), table (V, D) to (B, count). Source: this page, eq-spae-target."""
    index, target = NearestNeighbors(n_neighbors=1).fit(table), u
    found = []
    for _ in range(count):
        k = index.kneighbors(target, return_distance=False)[:, 0]
        target = u + (target - table[k])  # what is left goes on top of u
        found.append(k)
    return np.stack(found, 1)
    # --8<-- [end:words]


# --8<-- [start:reader]
def read(shown: np.ndarray, labels: np.ndarray, query: np.ndarray) -> np.ndarray:
    """The label of the nearest example: shown (N, D), labels (N,), query (B, D) to (B,). Source: definition."""
    return np.asarray(KNeighborsClassifier(n_neighbors=1).fit(shown, labels).predict(query))
    # --8<-- [end:reader]
