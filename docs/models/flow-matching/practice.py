"""What a library does of flow matching: pair a batch at least cost, solve the flow with a step that adapts."""

from collections.abc import Callable

import numpy as np
import torch
from scipy.integrate import solve_ivp
from scipy.optimize import linear_sum_assignment
from torch import Tensor


# --8<-- [start:pair]
def pair(x0: Tensor, eps: Tensor) -> Tensor:
    """The noises in the order nearest to x0: x0, eps (N, D) to (N, D). Source: tong2024improving."""
    cost = torch.cdist(x0, eps) ** 2
    _, columns = linear_sum_assignment(cost.numpy())
    return eps[torch.from_numpy(columns)]
    # --8<-- [end:pair]


# --8<-- [start:solve]
def solve(
    field: Callable[[Tensor, Tensor], Tensor], start: Tensor, end: float
) -> tuple[Tensor, int]:
    """From t = 1 to t = end by Runge-Kutta: field, start (N, D) to (N, D), and calls. Source: definition."""

    def slope(t: float, flat: np.ndarray) -> np.ndarray:
        x = torch.from_numpy(flat).reshape(start.shape)
        return field(x, torch.full((len(x),), t, dtype=x.dtype)).numpy().ravel()

    found = solve_ivp(slope, (1.0, end), start.numpy().ravel(), method="RK45", rtol=1e-5)
    return torch.from_numpy(found.y[:, -1]).reshape(start.shape), found.nfev
    # --8<-- [end:solve]
