"""What one would write today for a fixed system: SciPy makes the steps, runs them, and convolves."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import cont2discrete, fftconvolve, lfilter


# --8<-- [start:filters]
def held(
    a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64], step: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What a step of the system keeps and takes: a (N, N), b (N, 1), c (1, N) to (N, N) and (N, 1).

    Source: this page, eq-state-space-hold.
    """
    keep, take, *_ = cont2discrete((a, b, c, np.zeros((1, 1))), step, method="zoh")
    return keep, take


def by_steps(keep: float, take: float, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """One number of state, step by step: x (T,) to (T,). Source: this page, eq-state-space-forms."""
    return np.asarray(lfilter([take], [1, -keep], x))


def by_convolution(keep: float, take: float, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same with the kernel, by Fourier: x (T,) to (T,). Source: this page, eq-state-space-forms."""
    weights = take * keep ** np.arange(len(x))
    return np.asarray(fftconvolve(weights, x)[: len(x)])
    # --8<-- [end:filters]


def main() -> None:
    """The cup of the page, both ways."""
    rate = np.array([[np.log(2)]])
    keep, take = held(-rate, rate, np.ones((1, 1)), 1.0)
    x = np.array([8.0, 0, 0, 4])
    for way in (by_steps, by_convolution):
        print(way.__name__, way(keep.item(), take.item(), x).round(3))


if __name__ == "__main__":
    main()
