"""RoPE and ALiBi with PyTorch's attention, as one writes them today."""

import math

import torch
from torch import Tensor
from torch.nn import functional


# --8<-- [start:rotary]
def rotate(x: Tensor, start: int = 0, base: float = 10_000.0) -> Tensor:
    """Turn the features m and m + D/2 as a pair: x (..., N, D), at start, start + 1, …, to (..., N, D).

    Source: su2021roformer, eq. 34.
    """
    n, d = x.shape[-2:]
    w = base ** (-torch.arange(0, d, 2) / d)
    angles = torch.outer(torch.arange(start, start + n), w)  # (N, D/2), in 32 bits
    c, s = angles.cos().to(x), angles.sin().to(x)
    first, second = x.chunk(2, -1)
    return torch.cat([first * c - second * s, first * s + second * c], -1)


def rotary_attention(q: Tensor, k: Tensor, v: Tensor, base: float = 10_000.0) -> Tensor:
    """Causal attention with RoPE, features paired by halves: q, k, v (B, H, N, D) to (B, H, N, D).

    Source: su2021roformer, eq. 34.
    """
    q, k = rotate(q, 0, base), rotate(k, 0, base)
    return functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    # --8<-- [end:rotary]


# --8<-- [start:cached]
def next_token(
    q: Tensor, k: Tensor, v: Tensor, cache: tuple[Tensor, Tensor], slopes: Tensor | None = None
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """One new token, by RoPE or ALiBi: q, k, v (B, H, 1, D), cache (B, H, t, D) twice, slopes (H,).

    Returns what is taken (B, H, 1, D), keys (B, H, t + 1, D) and values (B, H, t + 1, D).
    Source: definition.
    """
    keys, values = cache
    t = keys.shape[-2]
    if slopes is None:
        q, k = rotate(q, t), rotate(k, t)
    keys, values = torch.cat([keys, k], -2), torch.cat([values, v], -2)
    bias = None
    if slopes is not None:
        bias = -slopes[:, None, None] * (t - torch.arange(t + 1))  # (H, 1, t + 1)
    out = functional.scaled_dot_product_attention(q, keys, values, attn_mask=bias)
    return out, (keys, values)
    # --8<-- [end:cached]


# --8<-- [start:embedded]
def embed_next(token: Tensor, embed: Tensor, table: Tensor, t: int) -> Tensor:
    """A new token at position t, with the vector of its place: token (B,), embed (V, E), table (C, E) to (B, E).

    Raises IndexError if the table ends before t. Source: definition.
    """
    return embed[token] + table[t]


def position_ids(real: Tensor) -> Tensor:
    """Positions that begin at the first real token, whatever padding is before it: real (B, N) to (B, N).

    Source: definition.
    """
    return (real.long().cumsum(-1) - 1).clamp(min=0)
    # --8<-- [end:embedded]


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
