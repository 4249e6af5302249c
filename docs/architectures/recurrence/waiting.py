"""Steps that wait: operations in sequence and in all, of a recurrence and of attention over the same elements.

The functions compute with plain numbers, and count when they are given numbers that are `Timed`.
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar


@dataclass(frozen=True)
class Timed:
    """A number by the length of the longest chain of operations that leads to it; `made` holds that of every result."""

    made: list[int]
    ready: int = 0

    def __add__(self, other: "Timed | float") -> "Timed":
        """A result that waits for the later of two numbers; a constant is there from the start."""
        begin = max(self.ready, other.ready) if isinstance(other, Timed) else self.ready
        self.made.append(begin + 1)
        return Timed(self.made, begin + 1)

    __mul__ = __truediv__ = __add__

    def exp(self) -> "Timed":
        """The exponential, one operation."""
        return self + 0.0


A = TypeVar("A")
N = TypeVar("N", float, Timed)


# --8<-- [start:waiting]
def halves(join: Callable[[A, A], A], row: Sequence[A]) -> A:
    """A row joined to one, neighbours first. Source: definition."""
    while len(row) > 1:
        pairs = zip(row[::2], row[1::2], strict=False)
        alone = row[len(row) - len(row) % 2 :]
        row = [*(join(left, right) for left, right in pairs), *alone]
    return row[0]


def last_state(w: N, x: Sequence[N]) -> N:
    """The last state of h_t = w h_{t-1} + x_t from h_0 = 0, by halves. Source: definition."""

    def two(first: tuple[N, N], second: tuple[N, N]) -> tuple[N, N]:
        """Two steps as one, each by its weight and its element."""
        return first[0] * second[0], second[0] * first[1] + second[1]

    return halves(two, [(w, value) for value in x])[1]
    # --8<-- [end:waiting]


def attend(q: N, keys: Sequence[N], values: Sequence[N], exp: Callable[[N], N]) -> N:
    """Attention of one query, all of one number, with the softmax as printed. Source: vaswani2017attention."""
    weights = [exp(q * k) for k in keys]
    parts = [weight * value for weight, value in zip(weights, values, strict=True)]
    return halves(operator.add, parts) / halves(operator.add, weights)
