"""Sharper scores for a longer text with PyTorch's attention: the factor goes into its scale."""

import math

import torch
from torch import Tensor
from torch.nn.attention.bias import causal_lower_right
from torch.nn.functional import scaled_dot_product_attention


# --8<-- [start:sharper]
def attend(q: Tensor, k: Tensor, v: Tensor, trained: int) -> Tensor:
    """Scores times ln n / ln C beyond C tokens: q (..., m, D), k, v (..., n, D) to (..., m, D).

    The last m of n tokens ask. Source: chiang2022overcoming, divided by ln C.
    """
    (m, d), n = q.shape[-2:], k.shape[-2]
    sharp = math.log(max(n, trained)) / math.log(trained)
    seen = causal_lower_right(m, n)  # the last query sees all keys
    return scaled_dot_product_attention(q, k, v, seen, scale=sharp / math.sqrt(d))


# --8<-- [end:sharper]

if __name__ == "__main__":
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 1, 2, 64, 16)
    print(tuple(attend(q, k, v, trained=32).shape))
    print(tuple(attend(q[..., -1:, :], k, v, trained=32).shape))
