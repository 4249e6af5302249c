"""The flow and the likelihood by a solver of SciPy that chooses its steps."""

from collections.abc import Callable

import numpy as np
import torch
from scipy.integrate import solve_ivp
from torch import Tensor


# --8<-- [start:solve]
def solve(
    velocity: Callable[[Tensor, float], Tensor], x: Tensor, begin: float, end: float
) -> tuple[Tensor, Tensor, int]:
    """End of the flow, integral of slopes, calls: velocity, x (N,) to (N,), (N,). Source: song2021score, app. D.2."""

    def rates(t: float, state: np.ndarray) -> np.ndarray:
        at = torch.tensor(state[: len(x)]).requires_grad_()
        v = velocity(at, t)
        (divergence,) = torch.autograd.grad(v.sum(), at)
        return torch.cat([v.detach(), divergence]).numpy()

    state = torch.cat([x, torch.zeros_like(x)]).numpy()
    found = solve_ivp(rates, (begin, end), state, method="RK45", rtol=1e-8, atol=1e-10)
    last = torch.from_numpy(found.y[:, -1])
    return last[: len(x)], last[len(x) :], found.nfev
    # --8<-- [end:solve]
