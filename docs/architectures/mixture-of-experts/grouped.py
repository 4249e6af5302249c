"""Experts without a loop and without dropped tokens: sort the tokens by expert, and multiply group by group."""

import torch
from torch import Tensor
from torch.nn import functional


# --8<-- [start:grouped]
def grouped(x: Tensor, s: Tensor, k: int, gate: Tensor, up: Tensor, down: Tensor) -> Tensor:
    """Tokens x (N, E) with scores s (N, M) to (N, E), by experts' matrices gate, up (M, E, F) and down (M, F, E).

    Source: gale2023megablocks. Departs: PyTorch's product of groups in place of their own.
    """
    weight, expert = s.softmax(-1).topk(k, -1)  # (N, k)
    weight = weight / weight.sum(-1, keepdim=True)
    order = expert.flatten().argsort(stable=True)  # assignments of expert 0 first, then of 1, ...
    mine = x[order // k]  # (N k, E)
    ends = torch.bincount(expert.flatten(), minlength=s.shape[-1]).cumsum(0).to(torch.int32)
    inner = functional.silu(functional.grouped_mm(mine, gate, offs=ends))
    inner = inner * functional.grouped_mm(mine, up, offs=ends)
    out = functional.grouped_mm(inner, down, offs=ends) * weight.flatten()[order, None]
    return torch.zeros_like(x).index_add(0, order // k, out)
    # --8<-- [end:grouped]
