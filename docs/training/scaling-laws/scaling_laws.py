"""A scaling law, L = E + A / N^alpha + B / D^beta: its fit, its best split of a budget, and what others made of it.

Letters: N parameters, D tokens of training, C operations of training, L loss in nats a token; E, A, B, alpha and
beta are fitted. `Law` has them in this order.
"""

import math
from typing import Any, NamedTuple

import numpy as np

Array = Any  # a number, or an array of numpy


class Law(NamedTuple):
    """The five numbers of a law."""

    e: float
    a: float
    b: float
    alpha: float
    beta: float


EXAMPLE = Law(1, 1, 4, 0.5, 0.5)  # N and D in millions
HOFFMANN = Law(1.69, 406.4, 410.7, 0.34, 0.28)  # hoffmann2022training, as printed
BESIROGLU = Law(1.8172, 482.01, 2085.43, 0.3478, 0.3658)  # besiroglu2024replication
CHINCHILLA = 5.88e23  # operations, 6 times 70 billion times 1.4 trillion


# --8<-- [start:law]
def law(p: Law, n: Array, d: Array) -> Array:
    """The loss that the law says for n parameters and d tokens. Source: hoffmann2022training."""
    return p.e + p.a / n**p.alpha + p.b / d**p.beta
    # --8<-- [end:law]


# --8<-- [start:optimum]
def optimum(p: Law, c: Array) -> tuple[Array, Array]:
    """Parameters and tokens of the lowest loss for c operations, in closed form. Source: hoffmann2022training."""
    g = (p.alpha * p.a / (p.beta * p.b)) ** (1 / (p.alpha + p.beta))
    n = g * (c / 6) ** (p.beta / (p.alpha + p.beta))
    d = c / (6 * n)
    return n, d
    # --8<-- [end:optimum]


# --8<-- [start:lifetime]
def lifetime(p: Law, loss: float, served: float) -> tuple[float, float]:
    """Parameters and tokens of the fewest operations, 6ND + 2N served, for a loss. Source: sardana2024beyond."""
    low, high = 0.0, 1.0  # share of the reducible loss that is left to the data
    gap = loss - p.e
    for _ in range(200):
        share = (low + high) / 2
        d = (p.b / (share * gap)) ** (1 / p.beta)
        left = p.alpha * (1 - share)
        right = p.beta * share * (1 + served / (3 * d))
        low, high = (share, high) if left > right else (low, share)
    n = (p.a / ((1 - share) * gap)) ** (1 / p.alpha)
    return n, d
    # --8<-- [end:lifetime]


def linear(n: Array, d: Array, loss: Array, powers: Array, free: bool = True) -> Any:
    """Best E, A, B (K, 3) for each pair of exponents (K, 2), and the squared errors (K). Source: definition."""
    mean_n, mean_d = np.exp(np.log(n).mean()), np.exp(np.log(d).mean())
    parts = (n / mean_n) ** -powers[:, :1], (d / mean_d) ** -powers[:, 1:]
    x = np.stack([np.ones_like(parts[0]), *parts], -1)[..., 0 if free else 1 :] / loss[:, None]
    y = x.sum(1)[..., None]  # the products with 1, to which loss / loss should come near
    found = np.linalg.solve(np.swapaxes(x, 1, 2) @ x, y)
    errors = ((x @ found)[..., 0] - 1) ** 2
    found = found[..., 0] if free else np.pad(found[..., 0], ((0, 0), (1, 0)))
    return found * np.stack(
        [np.ones(len(powers)), mean_n ** powers[:, 0], mean_d ** powers[:, 1]], -1
    ), errors.sum(-1)


# --8<-- [start:fit]
def fit(n: Array, d: Array, loss: Array, free: bool = True) -> Law:
    """The law of least relative errors, E = 0 if not free: a grid made finer. Source: czech2026problems."""
    middle, reach = np.array([0.5, 0.5]), 0.48
    around = np.stack(np.meshgrid(*[np.linspace(-1, 1, 9)] * 2), -1).reshape(-1, 2)
    for _ in range(36):
        powers = np.maximum(middle + reach * around, 0.01)
        found, errors = linear(n, d, loss, powers, free)
        best = int(errors.argmin())
        middle, reach = powers[best], reach * 0.7
    return Law(*map(float, [*found[best], *middle]))
    # --8<-- [end:fit]


# --8<-- [start:bootstrap]
def bootstrap(n: Array, d: Array, loss: Array, times: int, seed: int = 0) -> list[Law]:
    """Fits to runs that are drawn again with replacement. Source: efron1979bootstrap."""
    draw = np.random.default_rng(seed)
    rows = (draw.integers(0, len(n), len(n)) for _ in range(times))
    return [fit(n[r], d[r], loss[r]) for r in rows]
    # --8<-- [end:bootstrap]


# --8<-- [start:vertex]
def vertex(p: Law, c: float, reach: float = 4.0, off: float = 1.0, points: int = 7) -> float:
    """Parameters at the lowest point of a parabola through losses of one budget. Source: hoffmann2022training."""
    middle = math.log(optimum(p, c)[0] * off)
    x = np.linspace(-1, 1, points) * math.log(reach)
    n = np.exp(middle + x)
    square, slope, _ = np.polyfit(x, law(p, n, c / (6 * n)), 2)
    return math.exp(middle - slope / (2 * square))
    # --8<-- [end:vertex]


# --8<-- [start:counted]
OMEGA = 47_491


def total(bare: Array) -> Array:
    """All parameters of a model from those without embeddings. Source: pearce2024reconciling."""
    return bare + OMEGA * bare ** (1 / 3)


def counted(p: Law, bare: Array) -> Array:
    """Operations at which a size is best, if embeddings are not counted. Source: pearce2024reconciling."""
    n = total(bare)
    growth = 1 + OMEGA * bare ** (-2 / 3) / 3  # of n with bare
    d = (p.beta * p.b / (p.alpha * p.a * n ** (-p.alpha - 1) * growth * bare)) ** (1 / p.beta)
    return 6 * bare * d
    # --8<-- [end:counted]


# --8<-- [start:repeated]
REPEATS = 15.387756  # datablations2023


def repeated(unique: Array, epochs: Array) -> Array:
    """Fresh tokens that tokens read several times are worth. Source: muennighoff2023scaling."""
    return unique * (1 + REPEATS * (1 - np.exp(-(epochs - 1) / REPEATS)))
    # --8<-- [end:repeated]


def main() -> None:
    """Print the example, and Chinchilla's budget split by two fits of the same law."""
    for c in (96, 1536):
        n, d = optimum(EXAMPLE, c)
        print(f"C = {c}: N = {n:.4g}, D = {d:.4g}, L = {law(EXAMPLE, n, d):.4g}")
    n, d = lifetime(EXAMPLE, loss=2, served=432)
    print(f"L = 2, 432 served: N = {n:.4g}, D = {d:.4g}")
    for name, p in (("as printed in 2022", HOFFMANN), ("fitted again in 2024", BESIROGLU)):
        n, d = optimum(p, CHINCHILLA)
        print(
            f"{name}: {n / 1e9:.1f} billion parameters, {d / 1e12:.2f} trillion tokens, {d / n:.1f} a parameter"
        )


if __name__ == "__main__":
    main()
