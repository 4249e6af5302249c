"""Speculative decoding: a cheap draft q proposes k tokens, one call of the target p accepts or replaces them.

p, q: probabilities of the next token, (V,) or (..., V). k: drafted tokens of a call. alpha: the chance that a
drafted token is accepted (beta in leviathan2023fast, its mean alpha). c: time of a drafted token in calls of
the target. A chain (V, V) has a row for each last token.
Run it: the output of four rules against the target's own distribution, and tokens a call three ways.
"""

from collections.abc import Callable

import torch
from torch import Tensor

WORDS = ("tea", "milk", "water", "juice", "coffee", "cocoa", "ink", "sand")
P = (0.40, 0.20, 0.10, 0.10, 0.08, 0.06, 0.04, 0.02)  # target, after "Ann drinks"
Q = (0.30, 0.40, 0.10, 0.05, 0.05, 0.05, 0.03, 0.02)  # draft

Model = Callable[[Tensor], Tensor]  # tokens (N,) to probabilities of the token after each (N, V)


# --8<-- [start:rate]
def rate(p: Tensor, q: Tensor) -> Tensor:
    """The chance that a drafted token is accepted: p, q (..., V) to (...). Source: leviathan2023fast, th. 3.5."""
    return torch.minimum(p, q).sum(-1)


def rest(p: Tensor, q: Tensor) -> Tensor:
    """What to draw from after a rejection: p, q (..., V) to (..., V). Source: leviathan2023fast, alg. 1."""
    missing = (p - q).clamp(min=0)
    return missing / missing.sum(-1, keepdim=True)
    # --8<-- [end:rate]


# --8<-- [start:verify]
def verify(p: Tensor, q: Tensor, drafted: Tensor, generator: torch.Generator) -> Tensor:
    """The tokens that one call adds: p (k + 1, V), q (k, V), drafted (k,) to (n + 1,).

    n are accepted. Source: leviathan2023fast, alg. 1.
    """
    k = len(drafted)
    at = torch.arange(k)
    u = torch.rand(k, generator=generator, dtype=p.dtype)
    good = u * q[at, drafted] < p[at, drafted]
    n = int(good.long().cumprod(0).sum())  # up to the first rejection
    last = rest(p[n], q[n]) if n < k else p[k]
    return torch.cat([drafted[:n], last.multinomial(1, generator=generator)])
    # --8<-- [end:verify]


# --8<-- [start:write]
def write(
    target: Model, draft: Model, text: Tensor, tokens: int, k: int, generator: torch.Generator
) -> tuple[Tensor, int]:
    """Text (N,) to a text (M,), at least so many tokens longer, and calls of the target. Source: leviathan2023fast."""
    calls, end = 0, len(text) + tokens
    while len(text) < end:
        start, longer, q = len(text), text, []
        for _ in range(k):
            q.append(draft(longer)[-1])
            longer = torch.cat([longer, q[-1].multinomial(1, generator=generator)])
        p = target(longer)[start - 1 :]
        calls += 1
        text = torch.cat([text, verify(p, torch.stack(q), longer[start:], generator)])
    return text, calls
    # --8<-- [end:write]


# --8<-- [start:rules]
# p, q (..., V) to the chance that each token is accepted and to what is drawn from otherwise
Rule = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]  # to (..., V) and (..., V)

RULES: dict[str, Rule] = {
    "right": lambda p, q: ((p / q).clamp(max=1), rest(p, q)),
    "rest from p": lambda p, q: ((p / q).clamp(max=1), p),
    "only q ≤ p": lambda p, q: ((q <= p).to(p.dtype), rest(p, q)),
    "no check": lambda p, q: (torch.ones_like(p), rest(p, q)),
}
# --8<-- [end:rules]


# --8<-- [start:law]
def law(p: Tensor, q: Tensor, start: int, n: int, k: int, rule: Rule = RULES["right"]) -> Tensor:
    """Probability of each text of n tokens, every draft and decision counted: p, q (V, V) to (V,) * n.

    Source: definition.
    """
    accept, instead = rule(p, q)
    kept = q * accept
    refused = (1 - kept.sum(-1, keepdim=True)) * instead.nan_to_num()
    v = len(p)
    ways = [
        torch.zeros(1, v, dtype=p.dtype) for _ in range(k + 1)
    ]  # by drafts accepted in this call
    ways[0][0, start] = 1
    for _ in range(n):
        new = [torch.zeros(way.numel(), v, dtype=p.dtype) for way in ways]
        for j, way in enumerate(ways):
            each = way.reshape(-1, v)[..., None]
            if j == k:  # all were accepted: one more from the target
                new[0] += (each * p).reshape(-1, v)
            else:
                new[j + 1] += (each * kept).reshape(-1, v)
                new[0] += (each * refused).reshape(-1, v)
        ways = new
    total = torch.stack(ways).sum(0)
    return total.reshape(-1, *[v] * n)[start]
    # --8<-- [end:law]


def own(p: Tensor, start: int, n: int) -> Tensor:
    """Probability of each text of n tokens that the chain itself writes: p (V, V) to (V,) * n. Source: definition."""
    text = p[start]
    for _ in range(n - 1):
        text = text[..., None] * p
    return text


def turned(p: tuple[float, ...]) -> Tensor:
    """A chain with the same probabilities after each word, turned by its number: to (V, V). Source: definition."""
    row = torch.tensor(p, dtype=torch.float64)
    return torch.stack([row.roll(n) for n in range(len(row))])


def moods() -> tuple[Tensor, Tensor]:
    """Four easy words and four hard ones, among which a text stays: to (8, 8) and (8, 8). Source: definition."""
    p = torch.full((8, 8), 0.025, dtype=torch.float64)
    p[:4, :4] = p[4:, 4:] = 0.225
    q = p.clone()
    q[4:, 4:6], q[4:, 6:] = 0.425, 0.025  # rate 0.6 after a hard word, 1 after an easy one
    return p, q


# --8<-- [start:expected]
def expected(alpha: float, k: int) -> float:
    """Tokens that a call adds, if each draft is accepted with alpha. Source: leviathan2023fast, eq. 1."""
    return sum(alpha**j for j in range(k + 1))


def speed(alpha: float, k: int, c: float) -> float:
    """How many times as fast as without a draft. Source: leviathan2023fast, th. 3.8."""
    return expected(alpha, k) / (1 + c * k)


def best(alpha: float, c: float) -> int:
    """The fewest drafted tokens with the greatest speed. Source: this page, eq-speculative-more."""
    k = 0
    while alpha ** (k + 1) > c * speed(alpha, k, c):
        k += 1
    return k
    # --8<-- [end:expected]


# --8<-- [start:chain]
def by_chain(p: Tensor, q: Tensor, k: int) -> tuple[Tensor, float]:
    """Tokens of a call by the token before it, and in the long run: p, q (V, V) to (V,), float. Source: definition."""
    v = len(p)
    reached, adds, ends = torch.eye(v, dtype=p.dtype), 0 * p[0], 0 * p
    for _ in range(k):
        adds = adds + reached.sum(1)
        ends = ends + reached @ (p - q).clamp(min=0)  # a rejection, and what takes its place
        reached = reached @ torch.minimum(p, q)
    adds, ends = adds + reached.sum(1), ends + reached @ p
    system = torch.cat([(ends - torch.eye(v, dtype=p.dtype)).T, torch.ones(1, v, dtype=p.dtype)])
    right = torch.zeros(v + 1, 1, dtype=p.dtype)
    right[-1] = 1
    often = torch.linalg.lstsq(system, right).solution[:, 0]  # where calls begin
    return adds, float(often @ adds)
    # --8<-- [end:chain]


# --8<-- [start:calls]
def calls(w: list[float], k: int) -> float:
    """Mean calls for a finished text whose token i would have been accepted with w[i]. Source: this page."""
    n = len(w)
    need = [0.0] * (n + k + 2)
    for t in range(n - 1, -1, -1):
        need[t], alive = 1.0, 1.0
        for j in range(t, min(t + k, n)):
            need[t] += alive * (1 - w[j]) * need[j + 1]
            alive *= w[j]
        need[t] += alive * need[t + k + 1]
    return need[0]
    # --8<-- [end:calls]


def candidates(p: Tensor, q: Tensor, m: int) -> tuple[float, Tensor]:
    """Acceptance and output with m draws from q for a place: p, q (V,) to a number, (V,). Source: miao2024specinfer."""
    out, left = torch.zeros_like(p), 1.0
    for _ in range(m):
        out = out + left * torch.minimum(p, q)
        left, p = left * float(1 - rate(p, q)), rest(p, q)
    return 1 - left, out + left * p


# --8<-- [start:batch]
def seconds(tokens: float, texts: float, length: float) -> float:
    """A step of the model of the page on serving: arithmetic or reading. Source: eq-serving-step."""
    arithmetic = 2 * 8e9 * tokens / 312e12
    reading = (2 * 8e9 + 2 * 32 * 8 * 128 * 2 * texts * length) / 2e12
    return max(arithmetic, reading)


def with_batch(texts: int, k: int, alpha: float, c: float, length: float) -> float:
    """Speed-up for so many texts at once; a drafted token takes c of a plain step. Source: this page."""
    plain = seconds(texts, texts, length)
    return expected(alpha, k) * plain / (seconds(texts * (k + 1), texts, length) + k * c * plain)
    # --8<-- [end:batch]


if __name__ == "__main__":
    torch.set_num_threads(1)
    chain, cheap = turned(P), turned(Q)
    for name, rule in RULES.items():
        far = [
            0.5 * float((law(chain, cheap, 0, n, 4, rule) - own(chain, 0, n)).abs().sum())
            for n in (1, 2, 3, 4)
        ]
        print(f"{name:12} distance from the target:", *(f"{abs(one):.3f}" for one in far))
    generator = torch.Generator().manual_seed(1)
    added = made = 0
    for _ in range(50):  # texts of 40 tokens and a little more
        text, many = write(
            lambda x: chain[x], lambda x: cheap[x], torch.tensor([0]), 40, 4, generator
        )
        added, made = added + len(text) - 1, made + many
    print(
        f"tokens a call: formula {expected(0.8, 4):.3f}, chain {by_chain(chain, cheap, 4)[1]:.3f},"
    )
    print(f"run {added / made:.3f}; best k at c = 0.1: {best(0.8, 0.1)}")
