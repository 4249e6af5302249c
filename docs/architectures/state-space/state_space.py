"""State-space layers: one linear recurrence as steps, as a convolution, as a scan and as masked attention.

Letters, with the letter of the paper where it differs:
    T, D, N    steps; channels; numbers of the state for each channel
    a, b, c    rate of change of the state, weight of the input, weight of the output (A, B, C in gu2023mamba)
    step       time between two inputs (the Greek letter Delta)
    keep, take what one step keeps of the state, and what it takes of the input (A and B with a bar)
    q, k, v    query, key, value (C, B and x in dao2024transformers)
    S          state as a matrix, values by keys
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import softplus

RATE = -math.log(2)  # the memory of the example halves in each second
SIGNAL = (8.0, 0.0, 0.0, 4.0)


# --8<-- [start:hold]
def hold(a: Tensor, b: Tensor, step: Tensor) -> tuple[Tensor, Tensor]:
    """What a step keeps and takes: a, b and step (...) to (...) and (...). Source: this page, eq-state-space-hold."""
    keep = torch.exp(a * step)
    take = torch.expm1(a * step) / a * b
    return keep, take
    # --8<-- [end:hold]


def euler(a: Tensor, b: Tensor, step: Tensor) -> tuple[Tensor, Tensor]:
    """Euler's rule, the slope at the start of the step: a, b and step (...) to (...) and (...). Source: definition."""
    return 1 + a * step, b * step


# --8<-- [start:steps]
def steps(keep: Tensor, take: Tensor, c: Tensor, x: Tensor) -> Tensor:
    """The recurrence: keep, take and c (N,), x (T,) to (T,). Source: this page, eq-state-space-forms."""
    h, out = torch.zeros_like(keep), []
    for value in x:
        h = keep * h + take * value
        out.append((c * h).sum())
    return torch.stack(out)
    # --8<-- [end:steps]


# --8<-- [start:convolution]
def kernel(keep: Tensor, take: Tensor, c: Tensor, n: int) -> Tensor:
    """Weights of the inputs by distance: keep, take and c (N,) to (n,). Source: this page, eq-state-space-forms."""
    powers = keep ** torch.arange(n)[:, None]  # (n, N)
    return powers @ (c * take)


def convolve(weights: Tensor, x: Tensor) -> Tensor:
    """Causal convolution by the fast Fourier transform: weights and x (T,) to (T,). Source: gu2022efficiently."""
    n = 2 * len(x)  # room for what would wrap around
    y: Tensor = torch.fft.irfft(torch.fft.rfft(weights, n) * torch.fft.rfft(x, n), n)
    return y[: len(x)]
    # --8<-- [end:convolution]


# --8<-- [start:scan]
def join(first: tuple[Tensor, Tensor], then: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Two pairs as one: first and then (...) to (...) and (...). Source: this page, eq-state-space-join."""
    return then[0] * first[0], then[0] * first[1] + then[1]


def scan(keep: Tensor, add: Tensor) -> Tensor:
    """All states of h_t = keep_t h_{t-1} + add_t: keep and add (T, ...) to (T, ...). Source: blelloch1990prefix."""
    reach = 1
    while reach < len(keep):
        longer = join((keep[:-reach], add[:-reach]), (keep[reach:], add[reach:]))
        keep, add = (torch.cat([x[:reach], y]) for x, y in zip((keep, add), longer, strict=True))
        reach *= 2
    return add
    # --8<-- [end:scan]


# --8<-- [start:selective]
def selective(x: Tensor, a: Tensor, weights: dict[str, Tensor]) -> Tensor:
    """A selective layer: x (T, D), a (D, N) to (T, D). Source: gu2023mamba, algorithm 2.

    weights: (D, D) step, (D,) bias, (N, D) b and c.
    """
    step = softplus(x @ weights["step"].T + weights["bias"])  # (T, D)
    b, c = x @ weights["b"].T, x @ weights["c"].T  # (T, N)
    keep, take = hold(a, b[:, None], step[..., None])  # (T, D, N)
    h = scan(keep, take * x[..., None])
    return (h * c[:, None]).sum(-1)
    # --8<-- [end:selective]


# --8<-- [start:update]
def update(
    S: Tensor, k: Tensor, v: Tensor, keep: Tensor | float = 1.0, beta: Tensor | float | None = None
) -> Tensor:
    """One step of every form in the table: S (V, K), k (K,), v (V,), keep (), (K,) or (V, K), beta () to (V, K).

    Without beta the pair is added; with it, what the state says to k is moved towards v.
    Source: this page, eq-state-space-unrolled and eq-state-space-delta.
    """
    S = keep * S
    if beta is None:
        return S + torch.outer(v, k)
    return S + beta * torch.outer(v - S @ k, k)
    # --8<-- [end:update]


# --8<-- [start:masked]
def decay(log_keep: Tensor) -> Tensor:
    """What is kept of token s at token t: log_keep (T,) to (T, T). Source: this page, eq-state-space-mask."""
    total = log_keep.cumsum(0)
    later = torch.ones(len(total), len(total)).triu(1).bool()
    return (total[:, None] - total).masked_fill(later, -math.inf).exp()


def masked(q: Tensor, k: Tensor, v: Tensor, log_keep: Tensor) -> Tensor:
    """Attention without softmax: q and k (T, K), v (T, V), log_keep (T,) to (T, V). Source: dao2024transformers."""
    return (decay(log_keep) * (q @ k.T)) @ v
    # --8<-- [end:masked]


# --8<-- [start:chunks]
def chunks(q: Tensor, k: Tensor, v: Tensor, log_keep: Tensor, size: int) -> Tensor:
    """The same in chunks: q and k (T, K), v (T, V), log_keep (T,) to (T, V). Source: dao2024transformers."""
    S, out = q.new_zeros(v.shape[1], k.shape[1]), []
    for i in range(0, len(q), size):
        part = slice(i, i + size)
        total = log_keep[part].cumsum(0)[:, None]
        before = torch.exp(total) * (q[part] @ S.T)
        out.append(before + masked(q[part], k[part], v[part], log_keep[part]))
        S = torch.exp(total[-1]) * S + (torch.exp(total[-1] - total) * v[part]).T @ k[part]
    return torch.cat(out)
    # --8<-- [end:chunks]


def linear_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """With its normaliser: positive q and k (T, K), v (T, V) to (T, V). Source: katharopoulos2020transformers."""
    v = torch.cat(
        [v, torch.ones(len(v), 1, dtype=v.dtype)], 1
    )  # the last row of the state sums the keys
    S, out = q.new_zeros(v.shape[1], k.shape[1]), []
    for t in range(len(q)):
        S = update(S, k[t], v[t])
        out.append(S @ q[t])
    sums = torch.stack(out)
    return sums[:, :-1] / sums[:, -1:]


# --8<-- [start:hippo]
def hippo(n: int) -> tuple[Tensor, Tensor]:
    """The matrices of HiPPO-LegS: (n, n) and (n,). Source: gu2020hippo, theorem 2."""
    i = torch.arange(n).double()
    b = (2 * i + 1).sqrt()
    return torch.outer(b, b).tril(-1) + torch.diag(i + 1), b


def compress(f: Tensor, n: int) -> Tensor:
    """n coefficients of all that has been read, by the bilinear rule: f (T,) to (n,). Source: gu2020hippo, eq. 4."""
    a, b = hippo(n)
    c, one = torch.zeros(n).double(), torch.eye(n).double()
    for t, value in enumerate(f, start=1):
        c = torch.linalg.solve(one + a / (2 * t), (one - a / (2 * t)) @ c + b * value / t)
    return c
    # --8<-- [end:hippo]


def legendre(n: int, count: int) -> Tensor:
    """The first n Legendre polynomials, scaled to mean square 1, at count places in (-1, 1): (n, count).

    Source: definition, by the three-term recurrence.
    """
    z = (2 * torch.arange(count).double() + 1) / count - 1
    rows = [torch.ones(count).double(), z]
    for i in range(1, n - 1):
        rows.append(((2 * i + 1) * z * rows[i] - i * rows[i - 1]) / (i + 1))
    return torch.stack(rows[:n]) * (2 * torch.arange(n).double()[:, None] + 1).sqrt()


# --8<-- [start:bytes]
def state_bytes(layers: int, d: int, n: int, number: int = 2) -> int:
    """Bytes of all states of one text, whatever its length. Source: this page, eq-state-space-bytes."""
    return number * layers * d * n


def cache_bytes(layers: int, groups: int, width: int, tokens: int, number: int = 2) -> int:
    """Bytes of a KV cache. Source: this page, eq-state-space-bytes."""
    return number * layers * 2 * groups * width * tokens
    # --8<-- [end:bytes]


def main() -> None:
    """The example in three ways, and the masked form against the recurrence."""
    one = torch.ones(1).double()
    keep, take = hold(RATE * one, -RATE * one, one)
    x = torch.tensor(SIGNAL).double()
    print(f"keep {keep.item():.2f}, take {take.item():.2f}")
    by_steps = steps(keep, take, one, x)
    by_kernel = convolve(kernel(keep, take, one, len(x)), x)
    by_scan = scan(keep.expand(4), take * x)
    for name, y in (("steps", by_steps), ("convolution", by_kernel), ("scan", by_scan)):
        print(f"{name:12}", " ".join(f"{value:.3f}" for value in y.tolist()))
    q, k, v = torch.randn(3, 100, 8, generator=torch.Generator().manual_seed(0)).double()
    log_keep = -torch.linspace(0.01, 2, 100).double()
    S, out = torch.zeros(8, 8).double(), []
    for t in range(100):
        S = update(S, k[t], v[t], log_keep[t].exp())
        out.append(S @ q[t])
    difference = (masked(q, k, v, log_keep) - torch.stack(out)).abs().max()
    print(f"masked attention differs from the recurrence by {difference:.1e}")


if __name__ == "__main__":
    main()
