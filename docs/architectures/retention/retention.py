"""Retention: a decay in place of the softmax of attention, in three forms that give the same numbers.

Letters, with the letter of the paper where it differs:
    N, H       tokens; heads
    E          width of the model (d_model)
    D, V       numbers of a query or key, and of a value (d and 2d in a RetNet)
    B          tokens of a chunk
    gamma      decay of a head, between 0 and 1
    S          state, one matrix (D, V) for each head
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor


def example() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Four tokens: queries (1, 4, 2), keys (1, 4, 2), values (1, 4, 1), a decay (1,). Source: definition."""
    q = torch.tensor([[[1.0, 0], [1, 0], [0, 1], [1, 2]]]).double()
    k = torch.tensor([[[1.0, 0], [0, 1], [1, 0], [0, 1]]]).double()
    v = torch.tensor([[[8.0], [4], [6], [1]]]).double()
    return q, k, v, torch.tensor([0.5]).double()


# --8<-- [start:parallel]
def mask(gamma: Tensor, n: int) -> Tensor:
    """Powers of the decay below the diagonal, zero above: gamma (H,) to (H, N, N). Source: sun2023retentive, eq. 5."""
    age = torch.arange(n)[:, None] - torch.arange(n)
    return torch.where(age >= 0, gamma[:, None, None] ** age.clamp(min=0), 0.0)


def parallel(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Tensor:
    """All tokens at once: q and k (H, N, D), v (H, N, V), gamma (H,) to (H, N, V). Source: sun2023retentive, eq. 5."""
    scores = q @ k.mT  # (H, N, N)
    weights = scores * mask(gamma, q.shape[1])
    return weights @ v
    # --8<-- [end:parallel]


# --8<-- [start:recurrent]
def step(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """One token: state (H, D, V), q and k (H, D), v (H, V), gamma (H,) to (H, V) and (H, D, V).

    Source: sun2023retentive, eq. 6.
    """
    state = gamma[:, None, None] * state
    state = state + k[:, :, None] * v[:, None, :]
    return (q[:, None, :] @ state).squeeze(1), state


def recurrent(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Tensor:
    """Token after token: q and k (H, N, D), v (H, N, V), gamma (H,) to (H, N, V). Source: sun2023retentive, eq. 6."""
    state, out = torch.zeros(len(q), q.shape[2], v.shape[2], dtype=q.dtype), torch.empty_like(v)
    for n in range(q.shape[1]):
        out[:, n], state = step(state, q[:, n], k[:, n], v[:, n], gamma)
    return out
    # --8<-- [end:recurrent]


# --8<-- [start:chunkwise]
def chunkwise(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, size: int) -> Tensor:
    """Chunk after chunk: q and k (H, N, D), v (H, N, V), gamma (H,) to (H, N, V). Source: sun2023retentive, eq. 7."""
    state, outs = torch.zeros(len(q), q.shape[2], v.shape[2], dtype=q.dtype), []
    for start in range(0, q.shape[1], size):
        queries, keys, values = (x[:, start : start + size] for x in (q, k, v))
        length = queries.shape[1]
        since = gamma[:, None] ** torch.arange(1, length + 1)  # (H, B)
        left = gamma[:, None] ** torch.arange(length - 1, -1, -1)
        inner = parallel(queries, keys, values, gamma)
        outs.append(inner + since[..., None] * (queries @ state))
        state = gamma[:, None, None] ** length * state + keys.mT @ (left[..., None] * values)
    return torch.cat(outs, 1)
    # --8<-- [end:chunkwise]


# --8<-- [start:decay]
def decays(heads: int) -> Tensor:
    """One decay a head, nearer to 1 from head to head: (H,). Source: sun2023retentive, eq. 8."""
    return 1 - 2.0 ** -(5 + torch.arange(heads).double())


def half_life(gamma: float) -> float:
    """Tokens until a weight is halved. Source: this page, eq-retention-half-life."""
    return math.log(2) / -math.log(gamma)
    # --8<-- [end:decay]


# --8<-- [start:gated]
def gated(q: Tensor, k: Tensor, v: Tensor, gates: Tensor) -> Tensor:
    """A decay that each token chooses: q and k (H, N, D), v (H, N, V), gates (H, N) to (H, N, V).

    Raises ValueError if a gate is not above 0, or above 1. Source: dao2024transformers.
    """
    if bool((gates <= 0).any() or (gates > 1).any()):
        raise ValueError(f"gates must lie above 0 and not above 1, but are {gates.tolist()}")
    total = gates.log().cumsum(-1)  # (H, N)
    kept = (total[:, :, None] - total[:, None, :]).exp().tril()
    return (q @ k.mT * kept) @ v
    # --8<-- [end:gated]


# --8<-- [start:delta]
def delta(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Tensor:
    """Replace what a key stood for: q and k (H, N, D), v (H, N, V), gamma (H,) to (H, N, V), with keys of length 1.

    Source: yang2024parallelizing.
    """
    kept = mask(gamma, q.shape[1])
    overlap = (k @ k.mT * kept).tril(-1) + torch.eye(q.shape[1], dtype=q.dtype)
    news = torch.linalg.solve_triangular(overlap, v, upper=False)  # what each token adds
    out: Tensor = (q @ k.mT * kept) @ news
    return out
    # --8<-- [end:delta]


class Layer(NamedTuple):
    """Learned matrices: q and k (E, E), v and g (E, 2E), o (2E, E); and the number of heads."""

    q: Tensor
    k: Tensor
    v: Tensor
    g: Tensor
    o: Tensor
    heads: int

    def parts(self, x: Tensor, first: int = 0) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys, values: x (N, E) to (H, N, D), (H, N, D), (H, N, V). Source: sun2023retentive, eq. 5."""
        q, k, v = ((x @ w).view(len(x), self.heads, -1) for w in (self.q, self.k, self.v))
        q, k, v = (part.transpose(0, 1) for part in (q, k, v))
        return rotate(q, first), rotate(k, first) / math.sqrt(k.shape[-1]), v

    # --8<-- [start:layer]
    def finish(self, o: Tensor, x: Tensor) -> Tensor:
        """Norm of each head, gate, last matrix: o (H, N, V), x (N, E) to (N, E). Source: sun2023retentive, eq. 8."""
        o = o / (o.square().mean(-1, keepdim=True) + 1e-6).sqrt()
        joined = o.transpose(0, 1).flatten(1)
        gate = torch.nn.functional.silu(x @ self.g)
        return (gate * joined) @ self.o

    def __call__(self, x: Tensor, form: Callable[..., Tensor] = parallel) -> Tensor:
        """A whole text in one of the forms: x (N, E) to (N, E). Source: sun2023retentive, eq. 8."""
        return self.finish(form(*self.parts(x), decays(self.heads).to(x.dtype)), x)

    def write(self, x: Tensor, state: Tensor, position: int) -> tuple[Tensor, Tensor]:
        """One token: x (E,), state (H, D, V) to (E,) and (H, D, V). Source: sun2023retentive, eq. 6."""
        q, k, v = (part[:, 0] for part in self.parts(x[None], position))
        o, state = step(state, q, k, v, decays(self.heads).to(x.dtype))
        return self.finish(o[:, None], x[None])[0], state
        # --8<-- [end:layer]


def rotate(x: Tensor, first: int = 0) -> Tensor:
    """Turn pairs of numbers with the position: x (..., N, D) to (..., N, D). Source: su2021roformer."""
    n, d = x.shape[-2:]
    speeds = 10_000.0 ** -torch.linspace(0, 1, d // 2, dtype=x.dtype)
    angles = torch.arange(first, first + n)[:, None] * speeds
    pairs = torch.view_as_complex(x.reshape(*x.shape[:-1], d // 2, 2))
    return torch.view_as_real(pairs * torch.polar(torch.ones_like(angles), angles)).flatten(-2)


# --8<-- [start:cost]
def state_bytes(layers: int, heads: int, d: int, v: int, number: int = 2) -> int:
    """Bytes that retention keeps, whatever the length. Source: this page, eq-retention-bytes."""
    return layers * heads * d * v * number


def cache_bytes(layers: int, groups: int, d: int, n: int, number: int = 2) -> int:
    """Bytes of the keys and values of n tokens in attention. Source: efficient-attention, its cache."""
    return layers * 2 * groups * d * n * number
    # --8<-- [end:cost]


def main() -> None:
    """The example in three forms, and a layer of random numbers."""
    q, k, v, gamma = example()
    chunks = chunkwise(q, k, v, gamma, 2)
    for name, out in (
        ("parallel ", parallel(q, k, v, gamma)),
        ("recurrent", recurrent(q, k, v, gamma)),
        ("chunkwise", chunks),
    ):
        print(name, [f"{x:g}" for x in out.flatten().tolist()])
    print("half-lives", [f"{half_life(float(g)):.1f}" for g in decays(8)])
    generator = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(8, 256, 16, generator=generator).double() for _ in range(3))
    outs = [form(q, k, v, decays(8)) for form in (parallel, recurrent)]
    outs.append(chunkwise(q, k, v, decays(8), 64))
    print(f"the forms differ by {max(float((o - outs[0]).abs().max()) for o in outs):.1e}")


if __name__ == "__main__":
    main()
