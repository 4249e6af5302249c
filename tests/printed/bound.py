"""Tensors as a print reads them: vectors are columns, and functions of tensors are functions of arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor


def column(x: Tensor) -> np.ndarray:
    """A vector as a matrix of one column."""
    return x.detach().numpy().reshape(-1, 1)


def columns(x: Tensor) -> list[np.ndarray]:
    """The rows of a matrix as columns, one for each."""
    return [column(row) for row in x]


def rows(x: Tensor) -> list[np.ndarray]:
    """The rows of a matrix as matrices of one row."""
    return [column(row).T for row in x]


def taking(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A function of tensors that takes arrays."""
    return lambda *arrays: function(*(torch.as_tensor(np.asarray(array)) for array in arrays))


def on_columns(function: Callable[[Tensor], Tensor]) -> Callable[[Any], Any]:
    """A function of a vector that takes a column and gives one; a number stays a number."""

    def of(x: Any) -> Any:
        found = function(torch.as_tensor(np.asarray(x)).flatten())
        return found.reshape(-1, 1) if np.ndim(x) else found.item()

    return of
