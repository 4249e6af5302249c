"""Score and removal of units in any torch model, by hooks on the module whose output is the activation."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


# --8<-- [start:score]
def attribution(layer: nn.Module, logit: Callable[[], Tensor]) -> Tensor:
    """Activation times gradient of a layer: logit () to (..., F); it runs the model. Source: definition."""
    kept: list[Tensor] = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    try:
        y = logit()
    finally:
        handle.remove()
    (gradient,) = torch.autograd.grad(y, kept[0])
    return (kept[0] * gradient).detach()
    # --8<-- [end:score]


# --8<-- [start:removal]
@contextmanager
def removed(layer: nn.Module, units: list[int], value: float = 0.0) -> Iterator[None]:
    """Inside the with block these units of a layer have a fixed activation. Source: definition."""

    def fix(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        return output.index_fill(-1, torch.tensor(units, device=output.device), value)

    handle = layer.register_forward_hook(fix)
    try:
        yield
    finally:
        handle.remove()
    # --8<-- [end:removal]
