"""The same fit with SciPy: five numbers at once, on logarithms of the loss, from several starts."""

from importlib import import_module

import numpy as np
from scipy import optimize

scaling = import_module("docs.training.scaling-laws.scaling_laws")


# --8<-- [start:lines]
def log_law(x: np.ndarray, e: float, a: float, b: float, alpha: float, beta: float) -> np.ndarray:
    """Logarithm of the law; e, a and b are logarithms too: x (2, R) to (R,). Source: hoffmann2022training."""
    n, d = x
    parts = np.stack([np.full(n.shape, e), a - alpha * np.log(n), b - beta * np.log(d)])
    return np.asarray(np.logaddexp.reduce(parts))


def fitted(n: np.ndarray, d: np.ndarray, loss: np.ndarray) -> np.ndarray:
    """E, A, B, alpha, beta with the Huber loss of 2022: n, d, loss (R,) to (5,). Source: hoffmann2022training."""
    found = []
    for start in ((0.5, 2, 2, 0.3, 0.3), (0.5, 5, 5, 0.6, 0.6), (1, 8, 8, 1, 1)):
        fit = optimize.least_squares(
            lambda p: log_law(np.stack([n, d]), *p) - np.log(loss),
            start,
            loss="huber",
            f_scale=1e-3,
        )
        found.append((fit.cost, fit.x))
    best = min(found, key=lambda one: one[0])[1]
    return np.concatenate([np.exp(best[:3]), best[3:]])
    # --8<-- [end:lines]


def main() -> None:
    """Recover the law of the example from 25 of its values."""
    n, d = (x.ravel() for x in np.meshgrid(2.0 ** np.arange(5), 2.0 ** np.arange(4, 9)))
    print(fitted(n, d, scaling.law(scaling.EXAMPLE, n, d)).round(4))


if __name__ == "__main__":
    main()
