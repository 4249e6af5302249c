"""Attention: every query takes a weighted mean of the values whose keys resemble it.

Letters, with the letter of vaswani2017attention where it differs; "..." are any leading dimensions:
    q, k, v   queries, keys, values (Q, K, V)
    B, N, M   sequences in a batch; queries; keys (N = M in self-attention)
    D, V      width of one query or key (d_k); width of one value (d_v)
    E, H, G   width of the model (d_model); query heads (h); key-value heads, G divides H
    s, a      scores before and weights after the softmax
    allowed   True where a query may look at a key
"""

import math

import torch
from torch import Tensor

WORDS = ("Ann", "told", "Tom", "her", "plan")


# --8<-- [start:example]
def example() -> tuple[Tensor, dict[str, Tensor]]:
    """Five words by four features: a person, female or male, belonging, an action; weights by hand.

    Returns:
        x: (1, 5, 4). weights: (4, 4) each; rows 0 and 1 (columns of o) are head 1, the others head 2.
    Source: definition.
    """
    x = [[1, 1, 0, 0], [0, 0, 0, 1], [1, -1, 0, 0], [0.5, 0.5, 1, 0], [0, 0, 0.5, 0]]
    weights = {
        "q": [[0, 0, 2, 2], [0, 0, 2, 0], [2, 0, 0, 0], [0, 0, 0, 0]],
        "k": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]],
        "v": [[0.5, 0.5, 0, 0], [0.5, -0.5, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]],
        "o": [[1, 1, 0, 0], [1, -1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]],
    }
    return torch.tensor([x]).double(), {n: torch.tensor(w).double() for n, w in weights.items()}
    # --8<-- [end:example]


def first_head() -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values of the example's first head: each (5, 2). Source: definition."""
    x, weights = example()
    q, k, v = ((x @ weights[name].T)[0, :, :2] for name in ("q", "k", "v"))
    return q, k, v


# --8<-- [start:softmax]
def softmax(s: Tensor) -> Tensor:
    """Exponentials divided by their sum, along the last dimension: s (..., M) to (..., M).

    The row's maximum is taken off first: it cancels, and no exponential overflows.

    Source: this page, eq-attention-softmax.
    """
    e = torch.exp(s - s.amax(-1, keepdim=True))
    return e / e.sum(-1, keepdim=True)
    # --8<-- [end:softmax]


def softmax_jacobian(a: Tensor) -> Tensor:
    """Derivative of every weight by every score: a (..., M) to (..., M, M).

    Source: this page, eq-attention-jacobian.
    """
    return torch.diag_embed(a) - a[..., :, None] * a[..., None, :]


# --8<-- [start:masks]
def causal_mask(n: int, m: int | None = None) -> Tensor:
    """Query i of the last n of m positions may look at positions up to its own: (n, m).

    Raises ValueError unless 0 < n <= m. Source: this page, eq-attention-causal.
    """
    m = n if m is None else m
    if not 0 < n <= m:
        raise ValueError(f"there are {n} queries but {m} keys; the queries are the last of them")
    return torch.ones(n, m, dtype=torch.bool).tril(m - n)


def padding_mask(lengths: Tensor, m: int) -> Tensor:
    """Nobody may look beyond the end of a sequence: lengths (B,) to (B, 1, 1, M). Source: definition."""
    return (torch.arange(m) < lengths[:, None])[:, None, None, :]
    # --8<-- [end:masks]


def attention(
    q: Tensor, k: Tensor, v: Tensor, allowed: Tensor | None = None, scale: float | None = None
) -> tuple[Tensor, Tensor]:
    """Scaled dot-product attention: plain, masked, causal and cross in one function.

    Args:
        q: (..., N, D).
        k: (..., M, D).
        v: (..., M, V).
        allowed: (..., N, M) or what broadcasts to it, boolean; None allows all.
        scale: factor of the inner products; None means 1 / sqrt(D).

    Returns:
        The outputs (..., N, V) and the weights (..., N, M), whose rows sum to one.

    Raises:
        ValueError: if widths or lengths do not fit, or a query may look at nothing.
    Source: vaswani2017attention, eq. 1.
    """
    if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ValueError(f"q {tuple(q.shape)}, k {tuple(k.shape)}, v {tuple(v.shape)} do not fit")
    if allowed is not None and not allowed.any(-1).all():
        raise ValueError(f"a row of allowed {tuple(allowed.shape)} has no True: {allowed.any(-1)}")
    # --8<-- [start:attention]
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    s = scale * q @ k.transpose(-2, -1)  # (..., N, M)
    if allowed is not None:
        s = s.masked_fill(~allowed, -math.inf)
    a = softmax(s)
    return a @ v, a  # (..., N, V), (..., N, M)
    # --8<-- [end:attention]


# --8<-- [start:gradient]
def attention_gradient(
    q: Tensor, k: Tensor, v: Tensor, grad: Tensor, allowed: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of a loss by q (..., N, D), k (..., M, D) and v (..., M, V).

    Args:
        grad: (..., N, V), the gradient by the output. allowed: (..., N, M).

    Returns (..., N, D), (..., M, D), (..., M, V). Raises ValueError as `attention` does.
    Source: this page, eq-attention-gradient.
    """
    out, a = attention(q, k, v, allowed)
    grad_a = grad @ v.transpose(-2, -1)  # (..., N, M)
    grad_s = a * (grad_a - (grad * out).sum(-1, keepdim=True))
    grad_s = grad_s / math.sqrt(q.shape[-1])
    return grad_s @ k, grad_s.transpose(-2, -1) @ q, a.transpose(-2, -1) @ grad
    # --8<-- [end:gradient]


# --8<-- [start:multihead]
def multi_head(
    x: Tensor, context: Tensor, weights: dict[str, Tensor], d: int, allowed: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Attention in several heads; if there are fewer key-value heads, they are shared.

    Args:
        x: (B, N, E), asks. context: (B, M, E), answers; x itself in self-attention.
        weights: (H·D, E) q, (G·D, E) k and v, (E, H·D) o; H is a multiple of G.
        d: width D of a head. allowed: (B, H, N, M).

    Returns (B, N, E) and the weights (B, H, N, M). Raises ValueError if d or heads do not fit.
    Source: vaswani2017attention, section 3.2.2; ainslie2023gqa for G < H.
    """
    q = split_heads(x @ weights["q"].T, d)  # (B, H, N, D)
    k, v = (split_heads(context @ weights[name].T, d) for name in ("k", "v"))  # (B, G, M, D)
    k, v = share(k, q.shape[1]), share(v, q.shape[1])
    out, a = attention(q, k, v, allowed)  # (B, H, N, D)
    return out.transpose(1, 2).flatten(2) @ weights["o"].T, a
    # --8<-- [end:multihead]


def split_heads(x: Tensor, d: int) -> Tensor:
    """x (B, N, H·D) to (B, H, N, D). Raises ValueError if d does not divide the width. Source: definition."""
    if x.shape[-1] % d:
        raise ValueError(f"a width of {x.shape[-1]} does not split into heads of {d}")
    return x.reshape(*x.shape[:2], -1, d).transpose(1, 2)


# --8<-- [start:share]
def share(x: Tensor, heads: int) -> Tensor:
    """Give each of G key-value heads to H / G query heads in a row: x (B, G, M, D) to (B, H, M, D).

    Raises ValueError if G does not divide H. Source: ainslie2023gqa.
    """
    if heads % x.shape[1]:
        raise ValueError(f"{heads} query heads cannot share {x.shape[1]} key-value heads evenly")
    return x.repeat_interleave(heads // x.shape[1], dim=1)
    # --8<-- [end:share]


# --8<-- [start:streaming]
def streaming_attention(q: Tensor, k: Tensor, v: Tensor, block: int) -> Tensor:
    """The same output from `block` keys at a time: no (N, M) matrix ever exists.

    q (..., N, D), k (..., M, D), v (..., M, V) to (..., N, V).
    Source: milakov2018online, algorithm 3, as used by dao2022flashattention.
    """
    scale = 1 / math.sqrt(q.shape[-1])
    top = q.new_full((*q.shape[:-1], 1), -math.inf)  # the greatest score so far
    total = torch.zeros_like(top)
    out = q.new_zeros(*q.shape[:-1], v.shape[-1])
    for start in range(0, k.shape[-2], block):
        part = slice(start, start + block)
        s = scale * q @ k[..., part, :].transpose(-2, -1)  # (..., N, block)
        new = torch.maximum(top, s.amax(-1, keepdim=True))
        shrink, e = torch.exp(top - new), torch.exp(s - new)
        total = total * shrink + e.sum(-1, keepdim=True)
        out = out * shrink + e @ v[..., part, :]
        top = new
    return out / total
    # --8<-- [end:streaming]


# --8<-- [start:kernel]
def kernel_regression(x: Tensor, points: Tensor, y: Tensor, width: float) -> Tensor:
    """Mean of y, weighted by a Gaussian around each query x: attention with one more coordinate.

    Args:
        x: (N, D). points: (M, D). y: (M, V). width: standard deviation of the Gaussian.

    Returns (N, V). Raises ValueError if widths or lengths do not fit.
    Source: nadaraya1964estimating; watson1964smooth.
    """
    q = torch.cat([x, torch.ones_like(x[:, :1])], -1)
    k = torch.cat([points, -points.square().sum(-1, keepdim=True) / 2], -1)
    return attention(q, k, y, scale=1 / width**2)[0]
    # --8<-- [end:kernel]


# --8<-- [start:cost]
def cost(n: int, e: int, h: int, g: int, m: int | None = None) -> dict[str, int]:
    """Multiplications and additions of one layer's forward pass, and its numbers in memory.

    Args:
        n: tokens that are computed. e: width of the model. h: query heads. g: key-value heads.
        m: tokens that are looked at: n, or more with a cache.
    """
    m, kv = n if m is None else m, e * g // h  # kv: width of all keys together
    return {
        "parameters": 2 * e * e + 2 * e * kv,  # q and o; k and v
        "projections": 2 * n * (2 * e * e + 2 * e * kv),
        "scores": 4 * n * m * e,  # q·k and a·v; the mask saves half if its blocks are skipped
        "weights_stored": h * n * m,
        "cache": 2 * m * kv,
    }
    # --8<-- [end:cost]


def main() -> None:
    """Print what "her" sees in the running example, and the distance to the library's attention."""
    q, k, v = first_head()
    for allowed in (None, causal_mask(len(WORDS))):
        out, a = attention(q, k, v, allowed)
        print("causal" if allowed is not None else "unmasked", "weights of 'her':")
        print("  ", "  ".join(f"{w} {p:.4f}" for w, p in zip(WORDS, a[3].tolist(), strict=True)))
        library = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=allowed)
        print(f"   output {out[3].tolist()}; library differs by {(out - library).abs().max():.1e}")


if __name__ == "__main__":
    main()
