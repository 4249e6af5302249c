"""Prints that could be misread: each is read in its one way, or refused with what to write instead."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from scripts.printed.claims import Broken, Each, Finite, From, Given, Printed, key
from scripts.printed.lexer import Unreadable
from scripts.printed.reading import read, statements
from scripts.printed.tree import normal
from scripts.printed.values import By

A, B, C, N = 1.7, 0.6, 2.3, 3


def value(tex: str, **more: Any) -> Any:
    """What an expression is, with a, b, c and n bound."""
    from scripts.printed.evaluator import evaluate
    from scripts.printed.values import Scope

    names = {"a": A, "b": B, "c": C, "n": N, r"\pi": math.pi}
    scope = Scope({**names, **{key(k): v for k, v in more.get("bound", {}).items()}})
    return evaluate(read(tex), scope)


@pytest.mark.parametrize(
    ("tex", "said"),
    [
        (r"a/bc", r"\frac"),
        (r"a / b / c", r"\frac"),
        (r"a / 2 b", r"\frac"),
        (r"\log a b", "brackets"),
        (r"\log 2 \pi", "brackets"),
        (r"\sin \omega k", "brackets"),
        (r"\log a \sum_i b", "brackets"),
        (r"\log \frac{1}{k} \sum_{i} a", "brackets"),
        (r"\log^2 a", "power behind brackets"),
        (r"\log(a)^2", "brackets round the whole"),
        (r"\sin^2(a)", "power behind brackets"),
        (r"\frac{a}{b}^2", "brackets round its base"),
        (r"x^10", r"^{10}"),
        (r"x_12", r"_{12}"),
        (r"\frac123", r"\frac{"),
        (r"x_i_j", "two indices"),
        (r"\mathbb{E} x", r"\mathbb{E}\bigl["),
        (r"\mathbb{E}\lVert x \rVert^2", r"\mathbb{E}\bigl["),
        (r"\mathbb{E}_{x} \log x", r"\mathbb{E}\bigl["),
        (r"a 2", r"\cdot"),
        (r"\max a", "over what"),
        (r"\log f(a) (b + c)", "before the function"),
        (r"\sum_{t} \underbrace{a}_{b} \underbrace{- c}_{d}", "sign before it"),
        (r"\sqrt[3]{a}", "square roots"),
        (r"(a + b", "missing"),
        (r"(a + b]", "closed by"),
        (r"\begin{align*} a \end{align*}", "align"),
        (r"a +", "missing"),
        (r"= a", "cannot stand"),
        (r"\hat{a + b}", "accent"),
        (r"f^2(x) + \unknown(", "missing"),
    ],
)
def test_what_has_two_readings_is_refused_with_what_to_write(tex: str, said: str) -> None:
    with pytest.raises(Unreadable) as told:
        read(tex)
    assert said in str(told.value)


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"-a^2", -(A**2)),
        (r"a - b - c", A - B - C),
        (r"a - (b - c)", A - (B - C)),
        (r"2 a^{n} b", 2 * A**N * B),
        (r"\tfrac12 a", 0.5 * A),
        (r"47{,}491\, a", 47491 * A),
        (r"1{,}234{,}567.5 + b", 1234567.5 + B),
        (r"\frac{a}{b} c", A / B * C),
        (r"a / b + c", A / B + C),
        (r"a / (b c)", A / (B * C)),
        (r"a \cdot b / c", A * B / C),
        (r"\log(a b)", math.log(A * B)),
        (r"\log (a) b", math.log(A) * B),
        (r"b \log a", B * math.log(A)),
        (r"b \log_2 a", B * math.log2(A)),
        (r"\log \frac{a}{b}", math.log(A / B)),
        (r"e^{-a/b}", math.exp(-A / B)),
        (r"\sqrt{a} b", math.sqrt(A) * B),
        (r"\sqrt 2 a", math.sqrt(2) * A),
        (r"a^{-1/2}", A**-0.5),
        (r"\bigl(a + b\bigr)^2", (A + B) ** 2),
        (r"\lvert b - a \rvert", A - B),
        (r"\lfloor a \rfloor", 1),
        (r"n!", 6),
        (r"\max(a, b, c)", C),
        (r"\sum_{i=1}^{n} i a + b", 6 * A + B),
        (r"\sum_{i=1}^{n} (i + b)", 6 + 3 * B),
        (r"\prod_{i=1}^{n} i", 6),
        (r"\sum_{i=1}^{n} \sum_{j=1}^{i} j", 10),
        (r"\underbrace{a + b}_{\text{both}} c", (A + B) * C),
        (r"[\, a > b \,] c + [\, a < b \,]", C),
        (r"\begin{cases} a & \text{if } a < b \\ b & \text{otherwise} \end{cases}", B),
        (r"\det \begin{pmatrix} a & b \\ b & c \end{pmatrix}", A * C - B * B),
    ],
)
def test_what_has_one_reading_is_read_in_it(tex: str, expected: float) -> None:
    assert value(tex) == pytest.approx(expected, rel=1e-12)


def test_the_parts_of_a_display_are_statements_of_their_own() -> None:
    tex = r"""\begin{aligned} a &= b, \qquad b = c \\ &\quad + a, \\ \text{with}\quad c &= a
        \quad \text{for all } n \end{aligned}"""
    found = [(s.text, s.node is not None) for s in statements(tex)]
    assert found == [
        ("a = b", True),
        ("b = c + a", True),
        (r"\text{with}", False),
        (r"c = a", True),
        (r"\text{for all} n", False),
    ]


def test_a_bracket_may_go_on_in_the_next_row() -> None:
    tex = r"\begin{aligned} a &= \bigl( b + c \\ &\qquad - a \bigr), \\ b &= c \end{aligned}"
    assert [s.text for s in statements(tex)] == ["a = (b + c - a)", "b = c"]


def test_the_reasons_of_a_chain_say_why_and_the_chain_is_read_to_its_end() -> None:
    chain = r"""
    \begin{aligned}
    n &= a + \frac{b}{c} && \text{one step} \\
    &\le b && \text{since } \sqrt{a \text{ or } b} \ge c, \text{ as } b \text{ is} \\
    &= c && c = 2
    \end{aligned}"""
    (found,) = statements(chain)
    assert found.node is not None
    assert normal(found.node) == r"n = a + \frac{b}{c} \leq b = c"


def test_layout_changes_no_normal_form() -> None:
    one = r"\Bigl( \tfrac{1}{2}\, a \ge b \Bigr)"
    other = r"\left(\frac12 a\geq b\right)"
    assert normal(read(one)) == normal(read(other))
    assert normal(read(r"p(x \mid z)")) == normal(read(r"p(x|z)")) != normal(read(r"p(x, z)"))


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"\max_{i \in B}  x_i", r"\max_{i \in B} x_{i}"),
        (r"\min\{\,v : v>u\,\}", r"\min \{v: v > u\}"),
        (r"\lVert R x\rVert + \lvert -a \rvert", r"\lVert R x\rVert + \lvert- a\rvert"),
        (r"n! + m^{\prime}", "n! + m'"),
    ],
)
def test_the_normal_form_is_tex_that_a_reader_knows(tex: str, expected: str) -> None:
    assert normal(read(tex)) == expected
    assert normal(read(expected)) == expected


def test_brackets_after_a_name_are_a_call_if_it_is_a_function_and_a_factor_if_not() -> None:
    assert value("a(b + c)") == pytest.approx(A * (B + C))
    assert value("f(b + c)", bound={"f": lambda x: x**2}) == pytest.approx((B + C) ** 2)
    assert value("f(b)^2", bound={"f": lambda x: x + 1}) == pytest.approx((B + 1) ** 2)
    assert value(r"2^{\log_2(b + c)}") == pytest.approx(B + C)
    with pytest.raises(Unreadable, match="two readings"):
        value("f^2(b)", bound={"f": lambda x: x})


def test_two_calls_of_one_letter_are_two_functions() -> None:
    bound = {r"p(\cdot \mid \cdot)": lambda x, z: 10 * x + z, r"p(\cdot)": lambda z: z}
    assert value(r"p(a \mid b)\, p(b)", bound=bound) == pytest.approx((10 * A + B) * B)


def test_indices_count_from_one_unless_it_is_said_from_where() -> None:
    rows = np.arange(6.0).reshape(2, 3)
    assert value("x_{i j}", bound={"x": rows, "i": 2, "j": 1}) == 3
    assert value("x_{n-1}", bound={"x": From(0, [5.5, 6.5, 7.5])}) == 7.5
    for index in ("0", "n + 1", "a"):
        with pytest.raises(Unreadable):
            value(f"x_{{{index}}}", bound={"x": [5.5, 6.5, 7.5]})


def test_a_lost_transpose_is_refused() -> None:
    bound = {"u": np.array([[1.5], [2.5]]), "v": np.array([[3.5], [4.5]])}
    assert value(r"u^{\top} v", bound=bound) == pytest.approx(1.5 * 3.5 + 2.5 * 4.5)
    with pytest.raises(Unreadable, match="rows or columns"):
        value("u v", bound=bound)
    with pytest.raises(Unreadable, match="bind a row or a column"):
        value(r"w^{\top} v", bound={**bound, "w": np.ones(2)})


def test_dots_stand_for_elements_of_one_thing_or_for_whole_numbers() -> None:
    bound = {"w": [1.5, 2.5, 3.5], "O": From(0, [4.5, 5.5, 6.5]), "f": lambda *x: x}
    assert value(r"f(w_1, \dots, w_n)", bound=bound) == (1.5, 2.5, 3.5)
    assert value(r"f(w_2, \dots, w_1)", bound=bound) == ()
    assert value(r"f(a, O^{(0)}, \dots, O^{(n-1)})", bound=bound) == (A, 4.5, 5.5, 6.5)
    assert value(r"f[0, \dots, n - 1]", bound=bound) == (0, 1, 2)
    with pytest.raises(Unreadable, match="two things"):
        value(r"f(w_1, \dots, O_2)", bound=bound)


def test_the_best_place_and_the_smallest_of_a_set() -> None:
    bound = {"x": [1.5, 9.5, 3.5], "v": Each([1, 2, 3])}
    assert value(r"\arg\max_v x_v", bound=bound) == 2
    assert value(r"\arg\min_v (x_v - 9)", bound=bound) == 1
    assert value(r"\min \{\, v : x_v > 3 \,\}", bound=bound) == 2
    claim(r"w = \min \{\, v : x_v > 3 \,\}", {**bound, "w": 2}, free=("x",))
    with pytest.raises(Broken):
        claim(r"w = \min \{\, v : x_v < 3 \,\}", {**bound, "w": 2})


def test_a_matrix_has_whole_powers() -> None:
    matrix = np.array([[1.5, 0.3], [0.2, 0.7]])
    assert value("u^{n} v^{-1}", bound={"u": matrix, "v": matrix}) == pytest.approx(matrix @ matrix)
    assert value("u^{0}", bound={"u": matrix}) == pytest.approx(np.eye(2))
    with pytest.raises(Unreadable, match="no power of a matrix"):
        value("u^{a}", bound={"u": matrix})


def test_tensors_are_bound_as_arrays_and_so_is_what_functions_give() -> None:
    x = torch.tensor([1.5, 2.5], dtype=torch.float64, requires_grad=True)
    bound = {"x": {1: x[0], 2: x[1]}, "f": lambda i: x[i - 1] * 2}
    bound["g"] = Given(("n",), lambda n: x * n)
    assert value(r"\sum_{i=1}^{2} x_i f(i) + g_2", bound=bound) == 2 * (2.25 + 6.25) + 7.5
    with pytest.raises(Broken, match="holds whatever x is"):
        claim("a = a + n (x_1 - x_1)", {"x": x, "a": A, "n": 3}, free=("a", "n"))


def test_a_sign_of_derivation_may_be_bound_as_a_name() -> None:
    gradient, x = np.array([[1.5, 0.3], [0.2, 0.7]]), np.array([[0.4], [0.9]])
    bound = {r"\nabla_S": gradient, "S": gradient, "x": x}
    assert value(r"\nabla_S x", bound=bound) == pytest.approx(gradient @ x)


def test_expectations_are_over_what_is_said() -> None:
    pi = {1: 0.25, 2: 0.75}
    bound = {r"\rho": lambda y: pi[y], "r": lambda y: 10.0 * y, "y": Each([1, 2])}
    assert value(r"\mathbb{E}_{y \sim \rho}[r(y)]", bound=bound) == pytest.approx(17.5)
    with pytest.raises(Unreadable, match="nothing says over what"):
        value(r"\mathbb{E}_{q}[a]")


def claim(tex: str, values: dict[str, Any], **more: Any) -> Printed:
    """A print that holds."""
    printed = Printed("eq-x-y", tex)
    printed.holds(values, **more)
    return printed


def test_a_claim_holds_or_is_told_with_both_sides() -> None:
    claim("s = a + b", {"s": A + B, "a": A, "b": B})
    with pytest.raises(Broken, match=r"s = a - b: 2\.3 and 1\.1"):
        claim("s = a - b", {"s": A + B, "a": A, "b": B})


@pytest.mark.parametrize(
    ("tex", "values", "more", "said"),
    [
        ("s = a + b", {"s": 2.3, "a": 1.7}, {}, "b is bound to nothing"),
        ("s = a", {"s": 1.7, "a": 1.7, "b": 3.0}, {}, "does not print b"),
        (r"s \approx a", {"s": 1.7, "a": 1.7}, {}, "about="),
        ("s = a", {"s": 1.7, "a": np.ones(2)}, {}, "shapes"),
        ("s = a", {"s": math.nan, "a": math.nan}, {}, "finite"),
        ("a = a", {"a": 1.7}, {}, "holds whatever a is"),
        (r"a \leq c", {"a": 1.7, "c": 9.1}, {}, "holds whatever"),
        (r"n a = b", {"n": 0, "a": 1.7, "b": 0.0}, {}, "holds whatever a is"),
        (r"a \mapsto b", {"a": 1.7, "b": 1.9}, {}, "no relation between numbers"),
        (r"\text{a remark}", {}, {}, "no statement"),
        ("s = a", {"s": 1.7, "a": 1.7}, {"only": 1}, "1 statements"),
    ],
)
def test_what_would_prove_nothing_is_refused(
    tex: str, values: dict[str, Any], more: dict[str, Any], said: str
) -> None:
    with pytest.raises((Unreadable, Broken), match=said):
        claim(tex, values, **more)


def test_a_free_index_is_checked_for_each_of_its_values() -> None:
    x = [1.5, 2.5, 3.5]
    values = {"x": x, "y": [2 * i for i in x], "i": Each([1, 2, 3])}
    claim("y_i = 2 x_i", values)
    with pytest.raises(Broken):
        claim("y_i = 2 x_i", {**values, "y": [3.0, 5.0, 7.5]})


def test_an_inequality_needs_a_tight_case() -> None:
    printed = claim(r"a \leq 2 b", {"a": 1.1, "b": 0.9}, free=("a", "b"))
    assert printed.untried() == [r"a \leq 2 b (relation 1)"]
    printed.holds({"a": 1.8, "b": 0.9})
    assert printed.untried() == []


def test_equivalent_claims_hold_together_or_not_at_all() -> None:
    tex = r"a^2 = c^2 \quad \Longleftrightarrow \quad a = c"
    claim(tex, {"a": 1.7, "c": 2.3}, free=("a", "c"))
    with pytest.raises(Broken, match="one side"):
        claim(tex, {"a": 1.7, "c": -1.7}, free=("a", "c"))


def test_a_part_may_be_given_and_a_variance_be_taken_of_a_finite_set() -> None:
    tex = r"\operatorname{Var}(x + a) = v, \qquad \nabla f(a) = g"
    over = Finite({"x": [1.5, 2.5, 4.5]}, moment="variance")
    values = {
        r"\operatorname{Var}": over,
        "v": float(np.var([1.5, 2.5, 4.5])),
        "a": A,
        r"\nabla f(a)": Given(("a",), lambda a: 3 * a),
        "g": 3 * A,
    }
    claim(tex, values, free=("a",))


def test_a_derivative_is_taken_by_differences() -> None:
    claim(
        r"\frac{\partial}{\partial a} \log(1 + a^2) = \frac{2a}{1 + a^2}",
        {"a": A},
        tolerance=1e-8,
        free=("a",),
    )


def test_a_derivative_may_be_a_quotient_and_a_bare_nabla_is_told_by_what() -> None:
    tex = r"\frac{\mathrm{d}x}{\mathrm{d}t} = -\nabla V(x)"
    moved = Given(("t",), lambda t: math.exp(-3 * t))
    values = {"x": moved, "t": 0.3, "V": lambda x: 1.5 * x**2, r"\nabla": By("x")}
    claim(tex, values, tolerance=1e-8, free=("t", "x"))
    with pytest.raises(Broken):
        claim(tex, {**values, "V": lambda x: 1.4 * x**2})


def test_an_expectation_may_be_named_by_what_it_is_over() -> None:
    bound = {
        r"\mathbb{E}_{\pi^{*}}": Finite({"a": [1.5, 4.5]}),
        r"\mathbb{E}_q": Finite({"a": [2.5]}),
    }
    assert value(r"\mathbb{E}_{\pi^*}[a] - \mathbb{E}_{q}[a]", bound=bound) == pytest.approx(0.5)
    assert key(r"\mathbb{E}_{x_0, t}") == r"\mathbb{E}_{[x_{0}, t]}"
    assert (
        value(r"\mathbb{E}_{x_0,t}[a]", bound={r"\mathbb{E}_{x_0, t}": Finite({"a": [2.5]})}) == 2.5
    )


def test_a_vector_of_zeros_is_zero_and_one_of_ones_is_not_one() -> None:
    claim(r"g = 0", {"g": np.zeros(3)}, free=("g",))
    with pytest.raises(Broken):
        claim(r"g = 0", {"g": np.array([0.0, 0.1])})
    with pytest.raises(Broken, match="shapes"):
        claim(r"g = 1", {"g": np.ones(3)})


def test_a_gradient_has_the_shape_of_what_it_is_taken_by() -> None:
    a, x = np.array([[1.5], [-0.7]]), np.array([[0.3], [0.9]])
    claim(
        r"\nabla_x f(x) = 2 x + a",
        {"f": lambda x: float((x**2 + a * x).sum()), "x": x, "a": a},
        tolerance=1e-9,
        free=("x",),
    )
    hidden = {"g": Given(("a",), lambda a: lambda c: a**3 * c), "a": A, "c": C}
    assert value(r"\nabla_a [g(c) + a]", bound=hidden) == pytest.approx(3 * A**2 * C + 1)


def test_a_product_of_matrices_keeps_its_order_and_may_run_down() -> None:
    one, other = np.array([[1.5, 0.3], [0.0, 0.7]]), np.array([[0.2, 0.0], [1.1, 0.6]])
    bound = {"J": [one, other], "T": 2}
    assert value(r"\prod_{t=T}^{1} J_t", bound=bound) == pytest.approx(other @ one)
    assert value(r"\prod_{t=1}^{T} J_t", bound=bound) == pytest.approx(one @ other)
    assert value(r"\prod_{t=1}^{T} J_t", bound={**bound, "T": 0}) == 1
    with pytest.raises(Unreadable, match="empty, or downwards"):
        value(r"\prod_{t=T}^{k} J_t", bound={**bound, "T": 4, "k": 2})
    assert value(r"\sum_{t=k+1}^{T} t", bound={"T": 2, "k": 2}) == 0


def test_what_a_sum_runs_through_may_stand_inside_its_condition_or_be_a_pair() -> None:
    slopes = {"f": Each([0.4, 0.95, 1.6]), r"\lVert f \rVert_L": Given(("f",), lambda f: f)}
    claim(r"w = \max_{\lVert f \rVert_L \leq 1} f", {**slopes, "w": 0.95})
    pairs = {"(x, y)": Each([(1.5, 0.5), (2.5, 3.5)]), r"\pi": lambda x, y: (x + y) / 8}
    assert value(r"\mathbb{E}_{(x, y) \sim \pi}[x y]", bound=pairs) == pytest.approx(
        0.25 * 0.75 + 0.75 * 8.75
    )


def test_complex_numbers_are_compared_as_such() -> None:
    tex = r"\lambda = -a \pm \mathrm{i} c"
    values = {r"\lambda": complex(-A, C), "a": A, "c": C, r"\mathrm{i}": 1j}
    claim(tex, {**values, r"\pm": 1})
    with pytest.raises(Broken):
        claim(tex, {**values, r"\pm": -1})


def test_words_may_be_bound() -> None:
    tex = r"c = \begin{cases} a & \text{if it rains} \\ b & \text{otherwise} \end{cases}"
    claim(tex, {"c": A, "a": A, r"\text{if it rains}": True}, free=("b",))
    assert value(r"\sum_{i \in \text{grid}} i", bound={r"\text{grid}": [1.5, 2.5]}) == 4
