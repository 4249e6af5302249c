"""Sharper scores for a longer text with PyTorch's attention: the factor goes into its scale."""

import math

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention


# --8<-- [start:sharper]
def attend(q: Tensor, k: Tensor, v: Tensor, trained: int) -> Tensor:
    """Scores times ln n / ln C beyond C tokens: q, k, v (..., n, D) to (..., n, D). Source: nakanishi2025scalable."""
    n, d = q.shape[-2:]
    sharp = math.log(max(n, trained)) / math.log(trained)
    return scaled_dot_product_attention(q, k, v, is_causal=True, scale=sharp / math.sqrt(d))


# --8<-- [end:sharper]

if __name__ == "__main__":
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 1, 2, 64, 16)
    print(tuple(attend(q, k, v, trained=32).shape))
