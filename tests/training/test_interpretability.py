"""Interpretability: the example by pencil, what probes fit, removal, sparse codes, patches and their sums, steering."""

import runpy
from collections.abc import Callable
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
from scipy.optimize import brentq, linprog, minimize_scalar
from torch import Tensor
from torch.nn import functional

from scripts.printed.values import Each
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.printed.bound import column, columns
from tests.printed.plugin import Equations
from tests.said import sayings, tables

code: Any = import_module("docs.training.interpretability.interpretability")
PAGE = Path(code.__file__).parent.with_suffix(".md")
said = sayings(PAGE)
rows_of = tables(PAGE)
FEATURES = torch.cat([torch.zeros(1, 3), torch.eye(3)]).double()
DRY, RAIN, NIGHT, STORM = (FEATURES[n : n + 1] for n in range(4))
CODES = code.vector(code.CODES)


def told(v: float) -> str:
    """A number with one decimal at most, as the page writes it."""
    return f"{round(v, 1) + 0.0:g}".replace("-", "−")


def row(x: Tensor) -> str:
    """A state as the page writes it."""
    return "(" + ", ".join(told(v) for v in x.tolist()) + ")"


def logit(v: float) -> str:
    """An answer as the page writes it."""
    return f"{told(v)}, {'yes' if v > 0 else 'no'}"


# The example.


def test_the_model_in_the_table() -> None:
    early = code.first(FEATURES)
    late = code.second(early)
    unit = (late - early)[:, 0]
    for n, cells in enumerate(rows_of("tab-interpretability-model")):
        assert cells == [
            ("dry", *code.NAMES)[n],
            row(early[n]),
            told(float(unit[n])),
            row(late[n]),
            logit(float(code.answer(late)[n])),
        ]
    torch.testing.assert_close(code.run(FEATURES), code.answer(late))
    said(
        f"rain as {row(CODES[0])}, night as {row(CODES[1])}, storm as {row(CODES[2])}.",
        f"Read storm after layer 1 as though it were the end: $0.6 - 0.8 = "
        f"{float(code.answer(early)[3]):.1f}$, no.",
    )
    assert code.BIAS == -0.8
    assert code.THRESHOLD == 1


def test_night_is_readable_twice_and_used_nowhere_as_night() -> None:
    early = code.first(FEATURES)
    for state in (early, code.second(early)):
        assert (state[:, 1] > 0.9).tolist() == [False, False, True, False]
        assert (state[:, 1] >= 0.8).tolist() == [False, False, True, True]
    without = code.run(FEATURES, late=lambda x: code.remove(x, CODES[1]))
    torch.testing.assert_close(without, code.run(FEATURES))
    changed = code.run(FEATURES, early=lambda x: code.remove(x, CODES[1]))
    assert ((changed > 0) != (code.run(FEATURES) > 0)).tolist() == [False, False, False, True]
    said(
        f"After layer 1 storm becomes {row(code.remove(early[3], CODES[1]))}, the unit is off, and the answer is "
        f"{told(float(changed[3]))}, no."
    )


def test_patches_of_the_example_restore_what_the_table_says() -> None:
    high, low = code.run(STORM), code.run(DRY)
    assert float(high - low) == pytest.approx(1)
    for places, cells in zip(
        ([0], [1], [0, 1]), rows_of("tab-interpretability-patch"), strict=True
    ):
        state = torch.zeros(2).double()
        state[places] = CODES[2][places]
        result = code.patched(STORM, DRY, places)
        assert cells[1:] == [
            row(state),
            told(float(result)),
            f"{100 * float(code.restored(result, high, low)):.0f} %",
        ]
        torch.testing.assert_close(result, code.answer(code.second(state[None])))
    lost = 1 - code.restored(code.patched(DRY, STORM, [1]), high, low)
    said(f"and yet storm without it loses {100 * float(lost):.0f} %.")
    part = code.run(STORM, early=lambda x: code.remove(x, CODES[1]))
    said(
        f"The gap between the two answers is {told(float(high - low))}, from {told(float(low))} to "
        f"{told(float(high))}; an answer of {told(float(part))} has {told(float(part - low))} of it restored."
    )
    late = code.patched(STORM, DRY, [0], late=True)
    torch.testing.assert_close(late, high)
    torch.testing.assert_close(code.patched(STORM, DRY, [1], late=True), low)


def test_rain_and_storm_back_each_other_up() -> None:
    both = code.run(RAIN + STORM)
    said(f"With rain *and* storm the answer is {told(float(both))}.")
    assert min(float(code.run(RAIN)), float(code.run(STORM))) > 0 > float(code.run(DRY))


def test_a_steering_vector_of_the_example() -> None:
    late = code.second(code.first(FEATURES))
    yes, no = late[[1, 3]], late[[0, 2]]
    v = code.steering(yes, no)
    new = late[2] + v
    said(
        f"with yes have the mean {row(yes.mean(0))}, those with no {row(no.mean(0))}. The difference, {row(v)}, is a",
        f"Added to night it gives {row(new)} and the answer {told(float(code.answer(new)))}, yes.",
        f"For night and the vector of the example it is {-float(code.answer(late)[2]) / float(v[0]):.1f}.",
        f"also moves the second number by {told(float(v[1]))}, which nobody asked for",
    )
    assert bool((code.answer(late + code.vector(code.READER)) > 0).all())


def test_the_program_prints_codes_beside_features(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(code.__file__, run_name="__main__")
    printed = capsys.readouterr().out
    assert "storm: [0.6, 0.8]" in printed
    assert "patched [0]: 60 % restored" in printed
    assert "[0.0, 0.0, 0.9]" in printed
    assert "taken out early: -0.8 +0.2 -0.8 -0.2" in printed
    assert "taken out late: -0.8 +0.2 -0.8 +0.2" in printed


def test_what_to_change_in_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code, "THRESHOLD", 1.5)
    assert float(code.run(STORM)) == pytest.approx(-0.2)
    assert float(code.patched(STORM, DRY, [0])) == pytest.approx(-0.2)
    monkeypatch.setattr(code, "THRESHOLD", 1.0)
    monkeypatch.setattr(code, "KEY", (1.0, 0.0))
    for place in ("early", "late"):
        without = code.run(FEATURES, **{place: lambda x: code.remove(x, CODES[1])})
        torch.testing.assert_close(without, code.run(FEATURES))


# Reading.


@pytest.mark.equation("eq-interpretability-read")
def test_a_reading_is_the_feature_and_interference(printed: Equations) -> None:
    codes, s = functional.normalize(normal(4, 3, seed=1), dim=1), normal(4, seed=2).abs() + 0.3
    x = s @ codes
    torch.testing.assert_close(code.read(x[None], codes)[0], (codes * x).sum(1))
    printed.excuse(
        r"\mathbf{c}_{i}^{\top} \mathbf{x} = \sum_{j = 1}^{M} ⟨s_{j} \mathbf{c}_{i}^{\top} \mathbf{c}_{j}⟩ = s_{i} + "
        r"\sum_{j = 1}^{M} ⟨s_{j} (\mathbf{c}_{i}^{\top} \mathbf{c}_{j} - \delta_{[j, i]})⟩",
        "whether two are equal does not depend on their order",
    )
    printed("eq-interpretability-read").holds(
        {
            r"\mathbf{x}": column(x),
            r"\mathbf{c}": columns(codes),
            "s": s,
            "M": 4,
            r"\delta": torch.eye(4).double().numpy(),
            "i": Each([1, 2, 3, 4]),
        }
    )
    assert float(code.read(CODES[2][None], CODES)[0, 0]) == 0.6
    said("Storm reads as 0.6 of rain.")


def separable(points: Tensor) -> int:
    """How many labellings of points (n, d) a plane through the origin fits, by linear programs."""
    found = 0
    for labels in product((-1.0, 1.0), repeat=len(points)):
        rows = -(torch.tensor(labels).double()[:, None] * points).numpy()
        d = points.shape[1]
        result = linprog([0.0] * d, A_ub=rows, b_ub=[-1.0] * len(points), bounds=[(None, None)] * d)
        found += result.status == 0
    return found


@pytest.mark.equation("eq-interpretability-fits")
def test_how_many_labellings_a_probe_fits(printed: Equations) -> None:
    counts = {(n, d): separable(normal(n, d, seed=10 * n + d)) for n in (4, 5) for d in (2, 3)}
    for (n, d), count in counts.items():
        assert code.share_that_fits(n, d) == count / 2**n
    printed("eq-interpretability-fits").holds(
        {
            "N": lambda n, d: counts.get((int(n), int(d)), -1.0),
            "n": 5,
            "d": 3,
        }
    )
    early = code.first(FEATURES)
    with_bias = torch.cat([early, torch.ones(4, 1).double()], 1)
    said(f"give {separable(with_bias)} of the 16 labellings; at $n = 2d$ the share is one half.")
    assert all(code.share_that_fits(2 * d, d) == 0.5 for d in (1, 2, 5, 33))
    assert all(
        code.share_that_fits(1, d) == code.share_that_fits(n, 1) * 2 ** (n - 1) == 1
        for n in (2, 6)
        for d in (1, 4)
    )


@pytest.mark.equation("eq-interpretability-removal")
def test_what_removal_does_to_the_logit(printed: Equations) -> None:
    x, r = normal(4, seed=3), normal(4, seed=4)
    u = functional.normalize(normal(4, seed=5), dim=0)
    left = code.remove(x, u)
    assert abs(float(left @ u)) < 1e-12
    torch.testing.assert_close(left @ r, r @ x - (r @ u) * (u @ x))
    printed("eq-interpretability-removal").holds(
        {r"\mathbf{x}": column(x), r"\mathbf{r}": column(r), r"\mathbf{u}": column(u)},
        free=(r"\mathbf{x}", r"\mathbf{r}", r"\mathbf{u}"),  # an identity
    )


# Sparse codes.


@pytest.mark.equation("eq-interpretability-shrink")
def test_a_price_shrinks_a_lone_feature(printed: Equations) -> None:
    c = CODES[2]
    for s, price in ((0.9, 0.35), (0.25, 0.4)):
        x = s * c

        def loss(z: float, x: Tensor = x, price: float = price) -> float:
            return float((x - z * c).square().sum() / 2 + price * z)

        found = minimize_scalar(loss, bounds=(0, 2), method="bounded", options={"xatol": 1e-10}).x
        assert float(code.shrunk(torch.tensor([s]), price)) == pytest.approx(found, abs=1e-6)
        z = code.sparse_code(x[None], c[None], price)
        assert float(z[0, 0]) == pytest.approx(found, abs=1e-6)
        if s > price:
            printed("eq-interpretability-shrink").holds(
                {"z^*": found, "s": s, r"\lambda": price}, tolerance=1e-5
            )
    said("storm is written with 0.9 in place of 1")
    costs = [(float((CODES[2] - z * CODES[2]).square().sum()) / 2, 0.1 * z) for z in (1.0, 0.9)]
    said(
        f"say 0.1 for an activation of 1, beside half the square of what is not rebuilt. Storm with 1 costs "
        f"{sum(costs[0]):.1f}; with 0.9 it costs {costs[1][0]:.3f} + {costs[1][1]:.2f}, which is less."
    )
    assert sum(costs[1]) < sum(costs[0])
    z = code.sparse_code(code.first(FEATURES), CODES, 0.1)
    torch.testing.assert_close(z, FEATURES * 0.9, atol=1e-6, rtol=0)


def test_two_ways_to_rebuild_storm_have_different_sums() -> None:
    other = code.vector([0.6, 0.8, 0.0])
    torch.testing.assert_close(other @ CODES, CODES[2])
    said(
        f"The first has a sum of activations of 1, the second of {float(other.sum()):.1f}; the smaller sum wins."
    )


@pytest.mark.equation("eq-interpretability-absorb")
def test_one_unit_for_a_pair_costs_less(printed: Equations) -> None:
    q = torch.linalg.qr(normal(3, 3, seed=6))[0]
    for s, t in ((0.8, 1.3), (1.7, 0.01)):
        pair = s * q[0] + t * q[1]
        unit = functional.normalize(pair, dim=0)
        separate, merged = (
            code.sparse_code(pair[None], codes, 1e-6).sum() for codes in (q[:2], unit[None])
        )
        assert float(merged) < float(separate)
        assert float(separate) == pytest.approx(s + t, abs=1e-5)
    for form in (
        r"\lambda \lVert- s \mathbf{c}_{1} + t \mathbf{c}_{2}\rVert = \lambda \sqrt{s^{2} + t^{2}} < \lambda (s + t)",
        r"\lambda \lVert s \mathbf{c}_{1} - t \mathbf{c}_{2}\rVert = \lambda \sqrt{s^{2} + t^{2}} < \lambda (s + t)",
    ):
        printed.excuse(form, "of orthogonal codes, the sum is as long as the difference")
    for s, t in ((0.8, 1.3), (1.7, 1e-8)):
        printed("eq-interpretability-absorb").holds(
            {r"\lambda": 0.3, "s": s, "t": t, r"\mathbf{c}": columns(q[:2])},
            free=(r"\lambda", "s", "t"),  # any strengths
        )


def test_rain_and_night_are_read_as_storm() -> None:
    z = code.sparse_code(code.first(RAIN + NIGHT), CODES, 1e-3, 20000)[0]
    said(
        f"But {float(z[2]):.2f} of storm and {float(z[0]):.2f} of rain rebuild it as well, with the sum "
        f"{float(z.sum()):.1f}: night has vanished."
    )
    assert float(z[1]) == 0


# Patching, sums of effects, steering.


def test_a_direction_joins_a_part_that_is_not_read_to_an_idle_one() -> None:
    dry, night = code.second(code.first(torch.cat([DRY, NIGHT])))
    storm = CODES[2]
    along = code.remove(dry, storm) + night - code.remove(night, storm)
    moved = float(code.answer(along))
    low, far = told(float(code.answer(dry))), f"{moved:.2f}".replace("-", "−")
    assert float(code.answer(night)) == float(code.answer(dry))
    said(
        f"After layer 2 dry has {row(dry)}, night {row(night)}, and both have the answer {low}. Patch dry",
        f"the states differ by {float((night - dry) @ storm):.1f} along it, so that the state becomes "
        f"$0.8 \\cdot {row(storm)} = ({along[0]:.2f}, {along[1]:.2f})$, and the answer {far}. Yet no",
        f"or the whole state, and the answer stays {low}: this",
    )
    for places in ([0], [1], [0, 1]):
        assert float(code.patched(NIGHT, DRY, places, late=True)) == float(code.answer(dry))
    cell = f"night moves an answer that doesn't read it, from {low} to {far}"
    assert rows_of("tab-interpretability-failures")[6][1] == cell


@pytest.mark.equation("eq-interpretability-gradient")
def test_what_a_gradient_leaves_out_of_a_patch(printed: Equations) -> None:
    half, b, x, d = normal(3, 3, seed=7), normal(3, seed=8), normal(3, seed=9), normal(3, seed=10)

    def value(v: Any) -> Tensor:
        v = torch.as_tensor(v).flatten()
        total: Tensor = v @ half @ v + b @ v
        return total

    at = x.clone().requires_grad_()
    (g,) = torch.autograd.grad(value(at), at)
    hessian: Any = torch.autograd.functional.hessian
    h = hessian(value, x)
    printed("eq-interpretability-gradient").holds(
        {
            r"\ell": lambda v: value(v).item(),
            r"\mathbf{x}": column(x),
            r"\mathbf{d}": column(d),
            r"\mathbf{g}": column(g),
            "H": h.numpy(),
        },
        free=(r"\mathbf{d}",),  # any change
    )
    state = code.first(DRY).requires_grad_()
    (slope,) = torch.autograd.grad(code.answer(code.second(state)).sum(), state)
    guess = float((slope * (code.first(STORM) - state.detach())).sum())
    said(f"guesses {100 * guess:.0f} % for both numbers together where the patch restores 100 %.")


@pytest.mark.equation("eq-interpretability-joint")
def test_joint_effect_single_effects_and_interaction(printed: Equations) -> None:
    gates: dict[str, Callable[[float, float], float]] = {
        "*or*": lambda a, b: 1 - (1 - a) * (1 - b),
        "*and*": lambda a, b: a * b,
    }
    for cells in rows_of("tab-interpretability-gates"):
        gate = gates[cells[0]]
        one, other, both = code.together(gate)
        assert cells[1:] == [f"{v:.0f}" for v in (one, other, both, gate(1, 0) - gate(0, 0))]
    values = {(1, 1): 2.3, (0, 1): 0.7, (1, 0): -0.4, (0, 0): 0.15}

    def f(a: float, b: float) -> float:
        return values[int(a), int(b)]

    one, other, both = code.together(f)
    assert one == pytest.approx(2.3 - 0.7)  # without the first
    interaction = values[1, 1] - values[0, 1] - values[1, 0] + values[0, 0]
    assert both == pytest.approx(one + other - interaction)
    printed("eq-interpretability-joint").holds({"f": f}, free=("f",))
    assert code.together(gates["*or*"]) == (0, 0, 1)
    assert rows_of("tab-interpretability-failures")[2][1] == "two effects of 0, together 1"


@pytest.mark.equation("eq-interpretability-steer")
def test_at_which_factor_the_answer_turns(printed: Equations) -> None:
    x, v, r, b = normal(3, seed=11), normal(3, seed=12), normal(3, seed=13), -0.6
    turn = brentq(lambda a: float(r @ (x + a * v)) + b, -50, 50, xtol=1e-13)
    printed("eq-interpretability-steer").holds(
        {
            r"\alpha^*": turn,
            r"\mathbf{r}": column(r),
            r"\mathbf{x}": column(x),
            r"\mathbf{v}": column(v),
            "b": b,
        }
    )


# Exercises.


@pytest.mark.answer("answer-interpretability-lens")
def test_exercise_1_a_strong_storm(answer: Bench) -> None:
    early = code.first(2 * STORM)
    assert row(early[0]) == "(1.2, 1.6)"
    lens, end = float(code.answer(early)), float(code.run(2 * STORM))
    answer("answer-interpretability-lens").is_((lens, end), (lens, lens))


@pytest.mark.answer("answer-interpretability-fits")
def test_exercise_2_labellings_of_five_states(answer: Bench) -> None:
    answer("answer-interpretability-fits").is_(
        code.share_that_fits(5, 3), code.share_that_fits(5, 2)
    )


@pytest.mark.answer("answer-interpretability-price")
def test_exercise_3_what_a_price_takes(answer: Bench) -> None:
    x = code.first(STORM)
    z = code.sparse_code(x, CODES, 0.3)
    lost = float((x - z @ CODES).square().sum() / x.square().sum())
    answer("answer-interpretability-price").is_((float(z[0, 2]), lost), (float(z[0, 2]), lost**0.5))


@pytest.mark.answer("answer-interpretability-selective")
def test_exercise_4_selectivity(answer: Bench) -> None:
    real, control = 0.98, 0.97
    assert real - control == pytest.approx(0.01)
    answer("answer-interpretability-selective").is_(
        "Nothing yet: the probe fits labels by coin as well."
    )


@pytest.mark.answer("answer-interpretability-or")
def test_exercise_5_either_is_enough(answer: Bench) -> None:

    def either(a: float, b: float) -> float:
        return max(a, b)

    assert code.together(either)[:2] == (0, 0)
    assert either(1, 0) - either(0, 0) == either(0, 1) - either(0, 0) == 1
    answer("answer-interpretability-or").is_("Denoising: put each into the other run.")


@pytest.mark.answer("answer-interpretability-absorbed")
def test_exercise_6_absorbed(answer: Bench) -> None:
    z = code.sparse_code(code.vector([[1.0, 1.0]]), CODES, 1e-3, 20000)[0]
    answer("answer-interpretability-absorbed").is_((float(z[0]), float(z[2])), (1, 0))


@pytest.mark.answer("answer-interpretability-factor")
def test_exercise_7_factors(answer: Bench) -> None:
    late = code.second(code.first(FEATURES))
    v = code.steering(late[[1, 3]], late[[0, 2]])
    slope = float(v @ code.vector(code.READER))
    factors = [-float(code.answer(x)) / slope for x in (code.first(DRY), code.first(STORM))]
    answer("answer-interpretability-factor").is_((factors[0], factors[1]), (1, 1))
