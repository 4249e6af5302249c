"""Activation patching with PyTorch's own hooks, for any model and any of its parts that returns a tensor."""

import torch
from torch import Tensor, nn


# --8<-- [start:patch]
def patched(model: nn.Module, part: nn.Module, clean: Tensor, other: Tensor) -> Tensor:
    """Run the other input with one part's activation of the clean one: clean (n, ...), other (n, ...) to (n, ...).

    Source: zhang2023towards.
    """
    kept: list[Tensor] = []
    with torch.no_grad():
        hook = part.register_forward_hook(lambda _, given, out: kept.append(out.detach()))
        model(clean)
        hook.remove()
        hook = part.register_forward_hook(lambda _, given, out: kept[0])  # its return replaces
        result: Tensor = model(other)
        hook.remove()
    return result
    # --8<-- [end:patch]
