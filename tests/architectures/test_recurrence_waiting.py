"""Steps that wait: the counts of docs/architectures/recurrence.md, by formula and by counting."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from docs.architectures.recurrence import recurrence, waiting
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "recurrence.md"
said = sayings(PAGE)
rows_of = tables(PAGE)
X = [4.0, 3.0, 1.0, 2.0, -1.0, 0.5, 2.5]
# The formulas of the table: operations in sequence, and in all.
FORMULAS: dict[str, tuple[str, Callable[[int], int], str, Callable[[int], int]]] = {
    "State after state": ("$2 T$", lambda T: 2 * T, "$2 T$", lambda T: 2 * T),
    "Linear recurrence, by halves": (
        r"$2 \lceil \log_2 T \rceil$",
        lambda T: 2 * math.ceil(math.log2(T)),
        "$3 (T - 1)$",
        lambda T: 3 * (T - 1),
    ),
    "Attention, one query": (
        r"$4 + \lceil \log_2 T \rceil$",
        lambda T: 4 + math.ceil(math.log2(T)),
        "$5 T - 1$",
        lambda T: 5 * T - 1,
    ),
    "Attention, a query at each place": (
        r"$4 + \lceil \log_2 T \rceil$",
        lambda T: 4 + math.ceil(math.log2(T)),
        "$T (5 T - 1)$",
        lambda T: T * (5 * T - 1),
    ),
}


def counted(way: str, length: int) -> tuple[int, int]:
    """Operations in sequence and in all, for so many elements."""
    made: list[int] = []
    one: Any = waiting.Timed(made)
    row = [one] * length
    if way == "State after state":
        recurrence.run(one, row)
    elif way.startswith("Linear"):
        waiting.last_state(one, row)
    else:
        for _ in range(length if "each place" in way else 1):
            waiting.attend(one, row, row, waiting.Timed.exp)
    return max(made), len(made)


def test_what_is_counted_computes_what_it_should() -> None:
    for length in range(1, len(X) + 1):
        x = X[:length]
        assert waiting.last_state(0.5, x) == pytest.approx(recurrence.run(0.5, x)[-1])
        keys = torch.tensor(x)
        known = (0.3 * keys).softmax(0) @ (keys + 1)
        mine = waiting.attend(0.3, x, [value + 1 for value in x], math.exp)
        assert mine == pytest.approx(float(known), rel=1e-5)
    w, h, first, second = 0.5, 3.0, *X[:2]
    assert recurrence.run(w, (h, first, second))[-1] == w**2 * h + (w * first + second)
    said("The same works for two steps of the smallest network, which are one step with another")
    said("another element: $w (w h + x_1) + x_2 = w^2 h + (w x_1 + x_2)$")


@pytest.mark.parametrize("way", FORMULAS)
def test_the_steps_that_wait_are_those_of_the_formulas(way: str) -> None:
    depth, in_sequence, total, in_all = FORMULAS[way]
    for length in (2, 3, 4, 30, 64, 65):
        assert counted(way, length) == (in_sequence(length), in_all(length))
    (row,) = [row for row in rows_of("tab-recurrence-waiting") if row[0] == way]
    printed = [f"{made(1000):,}" for made in (in_sequence, in_all)]
    assert list(row) == [way, depth, printed[0], total, printed[1]]
