"""LoRA by PyTorch's own parametrisations: the weight is W + (alpha / r) BA at each use, and one call merges it."""

import math

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize


# --8<-- [start:change]
class Change(nn.Module):
    """What is done to a weight (d, k) before it is used."""

    def __init__(self, d: int, k: int, r: int, alpha: float) -> None:
        super().__init__()
        self.scale = alpha / r
        self.a = nn.Parameter(torch.randn(r, k) / math.sqrt(k))
        self.b = nn.Parameter(torch.zeros(d, r))

    def forward(self, w: Tensor) -> Tensor:
        """Weight w (d, k) to (d, k). Source: hu2022lora, section 4.1."""
        return w + self.scale * self.b @ self.a
        # --8<-- [end:change]


# --8<-- [start:parametrise]
def add(linear: nn.Linear, r: int, alpha: float) -> None:
    """Freeze a linear map and give its weight a low-rank change. Source: hu2022lora, section 4.1."""
    linear.requires_grad_(requires_grad=False)
    change = Change(linear.out_features, linear.in_features, r, alpha)
    parametrize.register_parametrization(linear, "weight", change)


def merge(linear: nn.Linear) -> None:
    """Keep the sum as the weight; A and B are gone. Source: hu2022lora, section 4.1."""
    parametrize.remove_parametrizations(linear, "weight", leave_parametrized=True)
    # --8<-- [end:parametrise]
