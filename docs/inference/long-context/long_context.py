"""Long context: slower clocks, sharper scores, a ring of machines, and who still counts at the end.

Letters:
    N, D      tokens of a text; features of a head (even)
    C, s      trained length; factor by which it is stretched
    w         angular frequencies of the pairs of features, radians a token: (D/2,)
    n, a      distractors; weight of the one key that is looked for
    P         machines in a ring, each with N / P tokens
The features 2m and 2m + 1 are turned together.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

EXAMPLE = torch.tensor([90.0, 30.0, 10.0]).double().deg2rad()  # three hands, radians a token
TRAINED, FACTOR = 8, 4.0


# --8<-- [start:turns]
def frequencies(d: int, base: float = 10_000.0) -> Tensor:
    """Radians a token of each pair: base^(-2m/d), (d/2,). Source: su2021roformer."""
    return base ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)


def turns(w: Tensor, trained: int) -> Tensor:
    """Full circles that each pair makes in a text of the trained length: w (D/2,) to (D/2,). Source: peng2024yarn."""
    return w * trained / (2 * math.pi)
    # --8<-- [end:turns]


# --8<-- [start:scaled]
def scaled(
    w: Tensor, how: str, s: float, trained: int, slow: float = 1.0, fast: float = 32.0
) -> Tensor:
    """Frequencies for s times the trained length: w (D/2,) to (D/2,). Source: chen2023extending; peng2024yarn."""
    if how == "interpolation":
        return w / s
    if how == "base":
        m = torch.arange(len(w), dtype=w.dtype)
        return w * s ** (-m / (len(w) - 1))
    # YaRN: 1 keeps the speed, 0 slows by the whole factor.
    kept = ((turns(w, trained) - slow) / (fast - slow)).clamp(0, 1)
    return w * (kept + (1 - kept) / s)
    # --8<-- [end:scaled]


def sharpened(s: float) -> float:
    """YaRN's factor on all scores, s times the trained length. Source: peng2024yarn."""
    return (0.1 * math.log(s) + 1) ** 2


# --8<-- [start:rotate]
def rotate(x: Tensor, positions: Tensor, w: Tensor) -> Tensor:
    """Turn pairs by position times frequency: x (N, D), positions (N,), w (D/2,) to (N, D). Source: su2021roformer."""
    angles = positions[:, None] * w
    even, odd = x[..., 0::2], x[..., 1::2]
    turned = (
        even * angles.cos() - odd * angles.sin(),
        even * angles.sin() + odd * angles.cos(),
    )
    return torch.stack(turned, -1).flatten(-2)
    # --8<-- [end:rotate]


# --8<-- [start:margin]
def weight(margin: float, others: Tensor) -> Tensor:
    """Softmax weight of a key whose score is `margin`, among others (..., n): (...). Source: definition."""
    return torch.sigmoid(margin - others.logsumexp(-1))


def margin(n: float, a: float, sigma: float = 0.0) -> float:
    """Score that holds the weight a among n keys with scores of mean 0 and spread sigma. Source: this page."""
    return math.log(n) + math.log(a / (1 - a)) + sigma**2 / 2
    # --8<-- [end:margin]


class Part(NamedTuple):
    """What one block of keys gives: out (N, D), and log_sum (N,), of the exponentials. Source: definition."""

    out: Tensor
    log_sum: Tensor


def attend(q: Tensor, k: Tensor, v: Tensor, seen: Tensor) -> Part:
    """One block: q (N, D), k and v (M, D), seen (N, M). What sees nothing weighs 0. Source: definition."""
    scores = (q @ k.T / math.sqrt(q.shape[-1])).masked_fill(~seen, -math.inf)
    log_sum = scores.logsumexp(-1)
    weights = (scores - log_sum.clamp(min=-1e300)[:, None]).exp()
    return Part(weights @ v, log_sum)


# --8<-- [start:merge]
def merge(a: Part, b: Part) -> Part:
    """Two blocks as one: the outputs, weighted by their sums. Source: milakov2018online."""
    total = torch.logaddexp(a.log_sum, b.log_sum)
    shares = [(part.log_sum - total).exp()[:, None] for part in (a, b)]
    return Part(shares[0] * a.out + shares[1] * b.out, total)
    # --8<-- [end:merge]


def ring(q: Tensor, k: Tensor, v: Tensor, machines: int) -> tuple[Tensor, int]:
    """Causal attention by machines in a ring: q, k, v (N, D) to (N, D), and the numbers each has sent.

    The machine p holds the p-th block of queries; keys and values go round. Source: liu2023ring.
    """
    size = len(q) // machines
    blocks = [torch.arange(size) + size * p for p in range(machines)]
    held = list(range(machines))  # whose keys and values each machine has now
    done: list[Part | None] = [None] * machines
    sent = 0
    for step in range(machines):
        for p, mine in enumerate(blocks):
            theirs = blocks[held[p]]
            part = attend(q[mine], k[theirs], v[theirs], mine[:, None] >= theirs)
            before = done[p]
            done[p] = part if before is None else merge(before, part)
        if step < machines - 1:
            held = [held[p - 1] for p in range(machines)]  # each takes from its neighbour
            sent += 2 * size * q.shape[-1]
    return torch.cat([part.out for part in done if part is not None]), sent


# --8<-- [start:traffic]
def traffic(tokens: int, machines: int, groups: int, d: int, number: float = 2) -> float:
    """Bytes that one machine sends in a layer: `groups` heads of keys and values. Source: this page."""
    return (machines - 1) * 2 * tokens / machines * groups * d * number


def block(flops: float, link: float, heads: int, groups: int, number: float = 2) -> float:
    """Tokens a machine must hold so that computing hides sending. Source: liu2023ring, section 3."""
    return groups * number * flops / (2 * heads * link)
    # --8<-- [end:traffic]


# --8<-- [start:influence]
def influence(
    n: int, layers: int, share: float = 0.0, decay: float = 0.5, stay: float = 0.0
) -> Tensor:
    """Share of each token in the last output, if content does not count: (n,). Source: wu2025emergence.

    A layer leaves a part `stay` of each token where it is; of the rest, a part `share` goes through
    attention that falls by exp(-decay) a token, the other through attention that is equal over all seen.
    """
    i = torch.arange(n, dtype=torch.float64)
    later = i[:, None] < i
    equal = torch.zeros(n, n, dtype=torch.float64).masked_fill(later, -math.inf).softmax(-1)
    near = (-decay * (i[:, None] - i)).masked_fill(later, -math.inf).softmax(-1)
    mixed = share * near + (1 - share) * equal
    row = torch.eye(n, dtype=torch.float64)[-1]
    for _ in range(layers):
        row = stay * row + (1 - stay) * (row @ mixed)
    return row
    # --8<-- [end:influence]


# --8<-- [start:price]
def prefill(tokens: float, parameters: float, layers: int, width: int) -> tuple[float, float]:
    """Operations of the products with parameters, and of scores and weighted sums: all pairs. Source: this page."""
    return 2 * parameters * tokens, 4 * layers * width * tokens**2
    # --8<-- [end:price]


def main() -> None:
    """The example's hands at the last distance, and a ring against attention in one piece."""
    for how in ("unchanged", "interpolation", "base", "yarn"):
        w = EXAMPLE if how == "unchanged" else scaled(EXAMPLE, how, FACTOR, TRAINED, 1, 2)
        print(f"{how}: degrees a token {[round(x, 1) for x in w.rad2deg().tolist()]}")
    q, k, v = torch.randn(
        3, 64, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    )
    whole = torch.nn.functional.scaled_dot_product_attention(
        q[None], k[None], v[None], is_causal=True
    )[0]
    out, sent = ring(q, k, v, 4)
    gap = (out - whole).abs().max().item()
    print(f"4 machines against one: differ by {gap:.0e}; each sent {sent} numbers")


if __name__ == "__main__":
    main()
