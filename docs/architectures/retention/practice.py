"""Retention's recurrence as a filter over the tokens: SciPy's `lfilter` on all numbers of the state at once."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter


# --8<-- [start:filtered]
def filtered(
    q: NDArray[np.float64], k: NDArray[np.float64], v: NDArray[np.float64], gamma: float
) -> NDArray[np.float64]:
    """One head: q and k (N, D), v (N, V) to (N, V). Source: sun2023retentive, eq. 6."""
    news = k[:, :, None] * v[:, None, :]  # (N, D, V)
    states = lfilter([1.0], [1.0, -gamma], news, axis=0)
    out: NDArray[np.float64] = np.einsum("nd,ndv->nv", q, states)
    return out
    # --8<-- [end:filtered]
