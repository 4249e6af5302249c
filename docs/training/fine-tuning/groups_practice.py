"""Freezing, a rate for each layer, and averaged weights, by PyTorch's own means."""

import torch
from torch import Tensor, nn


# --8<-- [start:groups]
def prepare(layers: nn.Sequential, rate: float, factor: float, frozen: int) -> torch.optim.AdamW:
    """Freeze the first layers, and give each other one a rate that falls by a factor from the top.

    Source: howard2018universal, section 3.2.
    """
    for layer in list(layers)[:frozen]:
        layer.requires_grad_(requires_grad=False)
    learned = [layer for layer in list(layers)[frozen:] if any(True for _ in layer.parameters())]
    groups = [
        {"params": list(layer.parameters()), "lr": rate / factor**n}
        for n, layer in enumerate(reversed(learned))
    ]
    return torch.optim.AdamW(groups, weight_decay=0.0)  # decay would pull to zero, not to the start
    # --8<-- [end:groups]


def average(start: dict[str, Tensor], tuned: dict[str, Tensor], part: float) -> dict[str, Tensor]:
    """Weights between two states of a model, for `load_state_dict`.

    Args: start (...); tuned (...), tensors by name. Returns (...), by name. Source: wortsman2022robust, eq. 1.
    """
    return {name: start[name].lerp(tuned[name], part) for name in start}
