"""The memory as a module of torch, written by an optimiser of torch: any network and any optimiser will do."""

import torch
from torch import Tensor, nn


# --8<-- [start:read]
def read(
    k: Tensor, v: Tensor, q: Tensor, memory: nn.Module, rate: float, momentum: float
) -> Tensor:
    """A step of training for each token, then the answer: k, v and q (T, D) to (T, D). Source: behrouz2024titans."""
    optimiser = torch.optim.SGD(memory.parameters(), lr=rate, momentum=momentum)
    out = []
    for key, value, query in zip(k, v, q, strict=True):
        optimiser.zero_grad()
        loss = 0.5 * (memory(key) - value).square().sum()
        loss.backward()
        optimiser.step()
        out.append(memory(query).detach())
    return torch.stack(out)


def deep(d: int) -> nn.Module:
    """A memory of two layers, (..., d) to (..., d). Source: sun2025learning, TTT-MLP without its norm."""
    return nn.Sequential(nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d))
    # --8<-- [end:read]
