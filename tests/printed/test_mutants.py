"""Changed prints: which there are, and that a binding which lets one pass is told."""

import numpy as np
import pytest
import torch

from scripts.printed.claims import Each, Printed
from scripts.printed.mutants import mutants, survivors
from scripts.printed.reading import read
from scripts.printed.tree import normal


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        ("s = a - b", {"s = a + b", "s = - a - b"}),
        (r"s = \frac{1}{2} x_{ij}", {r"s = \frac{2}{2} x_{i j}", r"s = \frac{2}{1} x_{i j}"}),
        (r"s = 3 x_{ij}", {"s = 4 x_{i j}", "s = x_{i j}", "s = 3", "s = 3 x_{j i}"}),
        (r"s \leq a^{2}", {r"s \geq a^{2}", r"s \leq a^{3}", r"s \leq a"}),
        (r"s = u^{\top} v", {"s = u v", r"s = u^{\top}"}),
        (
            r"s = \sum_{i=1}^{n} x_i",
            {r"s = \sum_{i = 2}^{n} x_{i}", r"s = \sum_{i = 1}^{n} x_{i + 1}"},
        ),
        ("s = a - b + c", {"s = a - b", "s = a + c", "s = - b + c"}),
        (r"s = p(y_t \mid y_{<t})", {r"s = p (y_{<t} | y_{t})", r"s = p (y_{t} | y_{\leqt})"}),
        (r"s = \log f(a)", {"s = f (a)"}),
        (r"s = K(p \,\|\, q)", {r"s = K (q\| p)"}),
        (r"s = p(x \mid y)", {"s = p (y | x)"}),
        (r"s = x_{2 m}", {"s = x_{3 m}"}),
    ],
)
def test_signs_factors_indices_and_exponents_are_changed(tex: str, expected: set[str]) -> None:
    found = {normal(mutant) for mutant in mutants(read(tex))}
    assert expected <= found
    assert normal(read(tex)) not in found
    assert "s = x_{m 2}" not in found  # two times m is m times two


def test_a_binding_that_sees_every_change_has_no_survivors() -> None:
    x = np.array([1.5, 2.7, 3.1])
    printed = Printed("eq-x-y", r"s = \frac{1}{2} \sum_{i=1}^{n} (x_i^2 - a)")
    printed.holds({"s": 0.5 * float((x**2 - 0.7).sum()), "x": x, "n": 3, "a": 0.7})
    count, passed = survivors(printed)
    assert count > 8
    assert passed == []


def test_a_binding_that_lets_a_change_pass_is_told() -> None:
    printed = Printed("eq-x-y", r"x_i \leq c^2")
    printed.holds({"x": [1.5, 1.9], "c": 1.5, "i": Each([1, 2])}, free=("x",))
    assert r"x_{i} \leq c^{3}" in survivors(printed)[1]
    printed.holds({"x": [1.5, 2.25], "c": 1.5, "i": Each([1, 2])}, free=("x",))
    assert survivors(printed)[1] == []  # a weaker bound is seen where the printed one is tight


def test_values_that_the_guard_changes_are_no_case_near_equality() -> None:
    printed = Printed("eq-x-y", r"a \leq x \leq b")
    printed.holds({"a": 2.9, "x": 3.0, "b": 3.3}, free=("a", "b"))
    assert len(printed.untried()) == 2


def test_shapes_that_a_library_refuses_are_seen() -> None:
    product = torch.tensor([[1.5, 2.5]], dtype=torch.float64)
    printed = Printed("eq-x-y", "f(a x) = a f(x)")
    values = {"f": lambda x: product @ torch.as_tensor(x), "a": 3.5, "x": np.ones((2, 1)) / 3}
    printed.holds(values, free=("x", "f", "a"), tolerance=1e-6)
    assert survivors(printed)[1] == []
