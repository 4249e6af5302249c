"""RoPE and ALiBi with PyTorch's attention, as one writes them today."""

import math

import torch
from torch import Tensor
from torch.nn import functional


# --8<-- [start:rotary]
def rotary_attention(q: Tensor, k: Tensor, v: Tensor, base: float = 10_000.0) -> Tensor:
    """Causal attention with RoPE, features paired by halves: q, k, v (B, H, N, D) to (B, H, N, D).

    Source: su2021roformer, eq. 34, with m and m + D/2 as a pair.
    """
    n, d = q.shape[-2:]
    w = base ** (-torch.arange(0, d, 2) / d)
    angles = torch.outer(torch.arange(n), w)  # (N, D/2), in 32 bits
    c, s = angles.cos().to(q), angles.sin().to(q)

    def turn(x: Tensor) -> Tensor:
        first, second = x.chunk(2, -1)
        return torch.cat([first * c - second * s, first * s + second * c], -1)

    return functional.scaled_dot_product_attention(turn(q), turn(k), v, is_causal=True)
    # --8<-- [end:rotary]


# --8<-- [start:biased]
def biased_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal attention with ALiBi: q, k, v (B, H, N, D) to (B, H, N, D). Source: press2022train, section 3."""
    heads, n = q.shape[1:3]
    slopes = 2.0 ** (-8 * torch.arange(1, heads + 1) / heads)
    i = torch.arange(n)
    bias = -slopes[:, None, None] * (i[:, None] - i)  # (H, N, N)
    bias = bias.masked_fill(i[:, None] < i, -math.inf).to(q)
    return functional.scaled_dot_product_attention(q, k, v, attn_mask=bias)
    # --8<-- [end:biased]
