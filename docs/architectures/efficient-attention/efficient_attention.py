"""Efficient attention: fewer keys and values, fewer pairs, fewer reads and writes.

Letters, with the letter of the paper where it differs; "..." are any leading dimensions:
    N, M      tokens; keys that a query may look at
    H, G, D   query heads (n_h); heads of keys and values; width of a head (d_h)
    E, C, R   width of the model; of a latent vector (d_c in deepseekai2024deepseekv2); of its rotated key (d_h^R)
    w, sinks  tokens of a window; first tokens that stay in the cache
    T         rows and columns of a tile (B_r, B_c in dao2022flashattention)
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

EXPONENTIALS = (1, 2, 1, 2, 1, 4, 1, 4)  # of the scores of the eighth token
VALUES = (8, 0, 0, 4, 0, 2, 4, 0)  # their first number


def example() -> tuple[Tensor, Tensor, Tensor]:
    """One head of the example: a query (1, 2), keys (8, 2), values (8, 2). Source: definition."""
    k = torch.tensor([[math.log2(e), 0.0] for e in EXPONENTIALS]).double()
    v = torch.tensor([[float(value), 1.0] for value in VALUES]).double()
    return torch.tensor([[math.sqrt(2) * math.log(2), 0.0]]).double(), k, v


# --8<-- [start:masks]
def window_mask(n: int, w: int, sinks: int = 0) -> Tensor:
    """Each token sees itself, the w - 1 tokens before it, and the first ones: (n, n). Source: definition."""
    i, j = torch.arange(n)[:, None], torch.arange(n)
    return (j <= i) & ((i - j < w) | (j < sinks))


def fixed_mask(n: int, w: int) -> Tensor:
    """The last w tokens, and the last of each block of w: (n, n). Source: child2019generating, the fixed pattern."""
    i, j = torch.arange(n)[:, None], torch.arange(n)
    return (j <= i) & ((i - j < w) | (j % w == w - 1))


def reach(allowed: Tensor, layers: int) -> Tensor:
    """Which tokens have a path to which through some layers: allowed (N, N) to (N, N). Source: definition."""
    paths = torch.eye(len(allowed))
    for _ in range(layers):
        paths = (allowed.float() @ paths > 0).float()
    return paths.bool()
    # --8<-- [end:masks]


# --8<-- [start:attend]
def attend(q: Tensor, k: Tensor, v: Tensor, allowed: Tensor | None = None) -> Tensor:
    """Attention with shared keys and values: q (H, N, D), k and v (G, M, D), allowed (N, M) to (H, N, D).

    Raises ValueError if G does not divide H. Source: ainslie2023gqa.
    """
    if len(q) % len(k):
        raise ValueError(f"{len(q)} query heads cannot share {len(k)} heads of keys and values")
    k, v = (x.repeat_interleave(len(q) // len(k), 0) for x in (k, v))
    s = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])  # (H, N, M)
    if allowed is not None:
        s = s.masked_fill(~allowed, -math.inf)
    return s.softmax(-1) @ v
    # --8<-- [end:attend]


# --8<-- [start:ring]
class Ring:
    """A cache of fixed size: the first tokens stay, of the others the newest replaces the oldest."""

    def __init__(self, groups: int, d: int, w: int, sinks: int = 0) -> None:
        self.k, self.v = torch.zeros(2, groups, sinks + w, d).double()
        self.w, self.sinks, self.count = w, sinks, 0

    def append(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Keep a new token, k and v (G, D); returns what is kept, (G, M, D) each. Source: xiao2024efficient."""
        slot = self.count
        if slot >= self.sinks:
            slot = self.sinks + (slot - self.sinks) % self.w
        self.k[:, slot], self.v[:, slot] = k, v
        self.count += 1
        filled = min(self.count, self.sinks + self.w)
        return self.k[:, :filled], self.v[:, :filled]
        # --8<-- [end:ring]


# --8<-- [start:write]
def write(x: Tensor, weights: dict[str, Tensor], d: int, cache: Ring) -> Tensor:
    """One new token through a layer: x (E,) to (E,).

    weights: (H·D, E) q, (G·D, E) k and v, (E, H·D) o.

    Raises ValueError as `attend` does. Source: ainslie2023gqa; xiao2024efficient.
    """
    q = (weights["q"] @ x).view(-1, 1, d)  # (H, 1, D)
    k, v = ((weights[name] @ x).view(-1, d) for name in ("k", "v"))  # (G, D)
    keys, values = cache.append(k, v)
    out = attend(q, keys, values)
    return weights["o"] @ out.flatten()
    # --8<-- [end:write]


class Latent(NamedTuple):
    """Matrices of multi-head latent attention: up_k and up_v (H, D, C) make the keys and values of each head."""

    up_k: Tensor
    up_v: Tensor

    def expanded(self, q: Tensor, q_r: Tensor, c: Tensor, k_r: Tensor) -> Tensor:
        """Keys and values written out: q (H, D), q_r (H, R), c (M, C), k_r (M, R) to (H, D).

        Source: deepseekai2024deepseekv2, eq. 10, 11, 17 to 19.
        """
        k, v = c @ self.up_k.mT, c @ self.up_v.mT  # (H, M, D)
        s = (q[:, None] @ k.mT).squeeze(1) + q_r @ k_r.T  # (H, M)
        a = (s / math.sqrt(q.shape[-1] + q_r.shape[-1])).softmax(-1)
        return (a[:, None] @ v).squeeze(1)

    # --8<-- [start:latent]
    def absorbed(self, q: Tensor, q_r: Tensor, c: Tensor, k_r: Tensor) -> Tensor:
        """The same from the latent vectors alone, as in multi-query attention.

        q (H, D), q_r (H, R), c (M, C), k_r (M, R) to (H, D). Source: this page, eq-efficient-attention-absorb.
        """
        q_c = (q[:, None] @ self.up_k).squeeze(1)  # (H, C)
        s = q_c @ c.T + q_r @ k_r.T
        a = (s / math.sqrt(q.shape[-1] + q_r.shape[-1])).softmax(-1)
        mean = a @ c  # (H, C)
        return (self.up_v @ mean[..., None]).squeeze(-1)
        # --8<-- [end:latent]


def rotate(x: Tensor, angle: float) -> Tensor:
    """Turn pairs x (..., 2) by an angle, in radians: (..., 2). Source: su2021roformer."""
    cos, sin = math.cos(angle), math.sin(angle)
    return x @ torch.tensor([[cos, sin], [-sin, cos]], dtype=x.dtype)


class Traffic:
    """How many numbers have gone between the slow memory and the fast one."""

    read = written = 0

    def load(self, x: Tensor) -> Tensor:
        """Count x (...) as read; gives it back (...). Source: definition."""
        self.read += x.numel()
        return x

    def store(self, x: Tensor) -> Tensor:
        """Count x (...) as written; gives it back (...). Source: definition."""
        self.written += x.numel()
        return x


# --8<-- [start:traffic]
def written_out(q: Tensor, k: Tensor, v: Tensor, traffic: Traffic) -> Tensor:
    """Three passes, each from and to the slow memory: q (N, D), k and v (M, D) to (N, D). Source: definition."""
    s = traffic.store(traffic.load(q) @ traffic.load(k).T / math.sqrt(q.shape[-1]))
    a = traffic.store(traffic.load(s).softmax(-1))
    return traffic.store(traffic.load(a) @ traffic.load(v))
    # --8<-- [end:traffic]


def in_blocks(
    q: Tensor, k: Tensor, v: Tensor, t: int, allowed: Tensor, traffic: Traffic
) -> tuple[Tensor, Tensor]:
    """Attention tile by tile: q (N, D), k and v (M, D), allowed (N, M) to (N, D) and (N, 1).

    The second result is the logarithm of each row's sum of exponentials. Source: dao2023flashattention.
    """
    out, log_sum = torch.empty_like(q), torch.empty_like(q[:, :1])
    for i in range(0, len(q), t):
        # --8<-- [start:blocks]
        rows = traffic.load(q[i : i + t]) / math.sqrt(q.shape[-1])
        top = torch.full_like(rows[:, :1], -math.inf)  # greatest score so far
        total, sums = torch.zeros_like(top), torch.zeros_like(rows)
        for j in range(0, len(k), t):
            seen = allowed[i : i + t, j : j + t]
            if not seen.any():
                continue
            keys, values = traffic.load(k[j : j + t]), traffic.load(v[j : j + t])
            s = (rows @ keys.T).masked_fill(~seen, -math.inf)
            new = torch.maximum(top, s.amax(-1, keepdim=True))
            base = new.clamp(min=torch.finfo(new.dtype).min)  # a row that has seen nothing yet
            shrink, e = torch.exp(top - base), torch.exp(s - base)
            total = shrink * total + e.sum(-1, keepdim=True)
            sums = shrink * sums + e @ values
            top = new
        out[i : i + t] = traffic.store(sums / total)
        log_sum[i : i + t] = traffic.store(top + torch.log(total))
        # --8<-- [end:blocks]
    return out, log_sum


# --8<-- [start:merge]
def merge(outs: Tensor, log_sums: Tensor) -> Tensor:
    """Join results over different keys: outs (P, N, D) and log_sums (P, N, 1) of P parts to (N, D).

    Source: this page, eq-efficient-attention-merge.
    """
    return (log_sums.softmax(0) * outs).sum(0)
    # --8<-- [end:merge]


# --8<-- [start:cost]
class Shape(NamedTuple):
    """A layer: heads, heads of keys and values, width of a head, latent width and width of the rotated key."""

    h: int
    g: int
    d: int
    c: int = 0
    r: int = 0

    def kept(self) -> int:
        """Numbers in the cache for each token; a latent vector takes the place of keys and values."""
        return self.c + self.r if self.c else 2 * self.g * self.d

    def operations(self, m: int) -> int:
        """Multiplications and additions of one query over m tokens of the cache, in all heads."""
        scores, means = (self.c + self.r, self.c) if self.c else (self.d, self.d)
        return 2 * m * self.h * (scores + means)
        # --8<-- [end:cost]

    def cache(self, m: int, layers: int = 1, batch: int = 1, number: int = 2) -> int:
        """Bytes of the cache for m tokens, with `number` bytes each."""
        return number * layers * batch * m * self.kept()


FORMS = {"MHA": Shape(4, 4, 2), "GQA": Shape(4, 2, 2), "MQA": Shape(4, 1, 2)}
FORMS |= {"MLA": Shape(4, 4, 2, c=4, r=2)}


def main() -> None:
    """The example's forms, and attention in blocks against the library's."""
    for name, shape in FORMS.items():
        print(f"{name}: {shape.kept()} numbers a token, {shape.cache(8)} bytes for 8 tokens")
    q, k, v = (torch.randn(64, 16, generator=torch.Generator().manual_seed(n)) for n in range(3))
    traffic, plain = Traffic(), Traffic()
    causal = window_mask(64, 64)
    out, _ = in_blocks(q, k, v, 16, causal, traffic)
    library = torch.nn.functional.scaled_dot_product_attention(q[None], k[None], v[None], causal)
    written_out(q, k, v, plain)
    moved = [t.read + t.written for t in (plain, traffic)]
    print(f"written out {moved[0]} numbers moved, in causal blocks {moved[1]}")
    print(f"blocks differ from the library by {(out - library).abs().max():.1e}")


if __name__ == "__main__":
    main()
