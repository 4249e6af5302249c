"""Interpretability by pencil: a frozen network with two numbers a state, looked into in five ways.

x  state of the network (2,) or of several inputs (n, 2)     C  codes of the features, one a row (M, 2)
r  what the answer is read by (2,)                           u  a direction of length 1 (2,)
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

# The example: three features in two numbers; the answer is yes if its logit is positive.
NAMES = ("rain", "night", "storm")
CODES = ((1.0, 0.0), (0.0, 1.0), (0.6, 0.8))
KEY, THRESHOLD, VALUE = (1.0, 1.0), 1.0, (1.0, 0.0)
READER, BIAS = (1.0, 0.0), -0.8


def vector(numbers: object) -> Tensor:
    """Numbers as a tensor (...). Source: definition."""
    return torch.tensor(numbers, dtype=torch.float64)


def same(x: Tensor) -> Tensor:
    """No change: x (...) to (...). Source: definition."""
    return x


# --8<-- [start:model]
def first(features: Tensor) -> Tensor:
    """State after layer 1, the sum of the codes: features (n, 3) to (n, 2). Source: definition."""
    return features @ vector(CODES)


def second(x: Tensor) -> Tensor:
    """Layer 2 adds its value as often as its unit says: x (n, 2) to (n, 2). Source: definition."""
    unit = (x @ vector(KEY) - THRESHOLD).relu()
    return x + unit[..., None] * vector(VALUE)


def answer(x: Tensor) -> Tensor:
    """Logit of yes: x (n, 2) to (n,). Source: definition."""
    return x @ vector(READER) + BIAS
    # --8<-- [end:model]


# --8<-- [start:run]
def run(
    features: Tensor,
    early: Callable[[Tensor], Tensor] = same,
    late: Callable[[Tensor], Tensor] = same,
) -> Tensor:
    """Logit; the state after layer 1 or 2 may be changed: features (n, 3), early (n, 2), late (n, 2) to (n,).

    Source: definition.
    """
    x = early(first(features))
    return answer(late(second(x)))
    # --8<-- [end:run]


def read(x: Tensor, codes: Tensor) -> Tensor:
    """Products with all codes: x (n, E), codes (M, E) to (n, M). Source: this page, eq-interpretability-read."""
    return x @ codes.T


# --8<-- [start:remove]
def remove(x: Tensor, u: Tensor) -> Tensor:
    """The state without its part along u: x (n, E), u (E,) to (n, E).

    Source: this page, eq-interpretability-removal.
    """
    return x - (x @ u)[..., None] * u
    # --8<-- [end:remove]


# --8<-- [start:fits]
def share_that_fits(n: int, d: int) -> float:
    """Share of all labellings of n points in general position that a probe of d weights fits.

    Source: cover1965geometrical.
    """
    fits = sum(math.comb(n - 1, k) for k in range(d))
    return fits / float(2 ** (n - 1))
    # --8<-- [end:fits]


# --8<-- [start:code]
def sparse_code(x: Tensor, codes: Tensor, price: float, steps: int = 500) -> Tensor:
    """Activations z that rebuild x, each unit of activation at a price: x (n, E), codes (M, E) to (n, M).

    Source: beck2009fast, without its acceleration.
    """
    rate = 1 / float(torch.linalg.matrix_norm(codes, 2)) ** 2
    z = torch.zeros(len(x), len(codes), dtype=x.dtype)
    for _ in range(steps):
        z = (z + rate * ((x - z @ codes) @ codes.T - price)).relu()
    return z
    # --8<-- [end:code]


def shrunk(s: Tensor, price: float) -> Tensor:
    """What a price leaves of a lone feature: s (n,) to (n,). Source: this page, eq-interpretability-shrink."""
    return (s - price).relu()


# --8<-- [start:patch]
def patched(clean: Tensor, other: Tensor, places: list[int], late: bool = False) -> Tensor:
    """Run the other input with some numbers of the clean run's state: clean (n, 3), other (n, 3) to (n,).

    Source: vig2020investigating.
    """
    source = second(first(clean)) if late else first(clean)

    def put(x: Tensor) -> Tensor:
        x = x.clone()
        x[..., places] = source[..., places]
        return x

    return run(other, late=put) if late else run(other, early=put)
    # --8<-- [end:patch]


# --8<-- [start:restored]
def restored(result: Tensor, clean: Tensor, other: Tensor) -> Tensor:
    """Share of the gap that a patch restores: result (n,), clean (n,), other (n,) to (n,).

    Source: this page, eq-interpretability-restored.
    """
    return (result - other) / (clean - other)
    # --8<-- [end:restored]


def together(f: Callable[[float, float], float]) -> tuple[float, float, float]:
    """Effects of taking out a part, the other, and both, of f with both at 1.

    Source: this page, eq-interpretability-joint.
    """
    full = f(1, 1)
    return full - f(0, 1), full - f(1, 0), full - f(0, 0)


# --8<-- [start:steer]
def steering(yes: Tensor, no: Tensor) -> Tensor:
    """Difference of mean states: yes (n, E), no (m, E) to (E,). Source: rimsky2023steering."""
    return yes.mean(0) - no.mean(0)
    # --8<-- [end:steer]


def main() -> None:
    """The example in five ways; the sparse code is compared with the features that are known to be there."""
    features = torch.cat([torch.zeros(1, 3), torch.eye(3)]).double()
    early = first(features)
    late = second(early)
    for name, x, y, guess, logit in zip(
        ("dry", *NAMES), early.tolist(), late.tolist(), answer(early), answer(late), strict=True
    ):
        print(f"{name}: {x}, {y}; lens {guess:+.1f}, answer {logit:+.1f}")
    night = vector([0.0, 1.0])
    for place in ("early", "late"):
        left = run(features, **{place: lambda x: remove(x, night)})
        print(f"second number taken out {place}:", *(f"{v:+.1f}" for v in left))
    storm, dry = features[3:], features[:1]
    for places in ([0], [1], [0, 1]):
        share = restored(patched(storm, dry, places), run(storm), run(dry))
        print(f"patched {places}: {100 * float(share[0]):.0f} % restored")
    z = sparse_code(early, vector(CODES), 0.1)
    print("sparse codes:", [[round(v, 3) for v in row] for row in z.tolist()])
    print("features    :", features.tolist())
    v = steering(late[[1, 3]], late[[0, 2]])
    print("steering vector:", v.tolist(), "night with it:", float(answer(late[2] + v)))


if __name__ == "__main__":
    main()
