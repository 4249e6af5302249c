"""Ratings against scipy's optimiser, a pencil and simulation: Bradley-Terry, Elo, a judge with a favourite place."""

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import optimize, stats

from docs.training.evaluation import ratings
from scripts.printed.values import Each, Given
from tests.answers.plugin import Bench
from tests.printed.plugin import Equations
from tests.said import sayings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "training" / "evaluation.md"
said = sayings(PAGE)


def logit(p: float) -> float:
    """The inverse of the logistic function."""
    return math.log(p / (1 - p))


@pytest.mark.equation("eq-evaluation-gradient")
def test_the_gradient_of_the_likelihood(printed: Equations) -> None:
    w = np.array([[0.0, 30, 35], [10, 0, 20], [5, 20, 0]])
    theta = np.array([0.4, -0.3, 0.1])

    def ell(at: np.ndarray) -> float:
        return float((w * np.log(1 / (1 + np.exp(at[None] - at[:, None])))).sum())

    slope = optimize.approx_fprime(theta, ell, 1e-7)
    p = 1 / (1 + np.exp(theta[None] - theta[:, None]))
    printed.excuse(
        r"\frac{\partial \ell}{\partial \theta_{i}} = \sum_{j = 1}^{M} (w_{i j} (1 - p_{i j}) - "
        r"w_{j i} (1 - p_{j i})) = \sum_{j = 1}^{M} (w_{i j} - N_{j i} p_{i j})",
        "the number of games of a pair is symmetric",
    )
    printed("eq-evaluation-gradient").holds(
        {
            r"\frac{\partial \ell}{\partial \theta_i}": Given(("i",), lambda i: slope[i - 1]),
            "w": w,
            "N": w + w.T,
            "p": p,
            "i": Each([1, 2, 3]),
            "M": 3,
        },
        tolerance=1e-5,
    )
    fitted, covariance = ratings.bradley_terry(w)
    theirs = optimize.minimize(lambda at: -ell(at), theta).x
    np.testing.assert_allclose(fitted, theirs - theirs.mean(), atol=1e-4)
    assert covariance.sum(0) == pytest.approx(np.zeros(3), abs=1e-9)


def test_the_error_of_a_pair_is_that_of_a_log_odds() -> None:
    theta, covariance = ratings.bradley_terry(np.array([[0.0, 30], [10, 0]]))
    assert theta[0] - theta[1] == pytest.approx(math.log(3))
    spread = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    assert spread == pytest.approx(1 / 30 + 1 / 10)
    said(f"differ by $\\log 3 = {math.log(3):.2f}$")
    said(f"$400 \\log_{{10}} 3 = {400 * math.log10(3):.0f}$ points")


@pytest.mark.equation("eq-evaluation-elo")
def test_elo_by_hand_and_by_print(printed: Equations) -> None:
    win, lose = [0, 1], [1, 0]
    first = ratings.elo(np.array([win]), 2)
    assert first.tolist() == [1016, 984]
    one, other = (ratings.elo(np.array(games), 2)[0] for games in ([win, lose], [lose, win]))
    p = 1 / (1 + 10 ** (-32 / 400))
    said(f"whose probability was {1 - p:.3f}; A pays $32 \\cdot {p:.3f} = {32 * p:.1f}$")
    said(f"and has {one:.1f}.", f"A would have {other:,.1f} after the same two games.")
    start = np.array([[0, 1]] * 3 + [[1, 0]])
    before, after = ratings.elo(start, 2, 20), ratings.elo(np.vstack([start, [0, 1]]), 2, 20)
    share = 10 ** (before[0] / 400) / (10 ** (before[0] / 400) + 10 ** (before[1] / 400))
    printed("eq-evaluation-elo").holds(
        {
            "R_i'": after[0],
            "R_i": before[0],
            "R_j": before[1],
            "K": 20,
            "p_{ij}": share,
        }
    )


@pytest.mark.equation("eq-evaluation-judge")
def test_both_orders_cancel_the_favourite_place(printed: Equations) -> None:
    b, random = logit(0.7), np.random.default_rng(0)
    for gap in (0.0, 1.0):
        first, both = ratings.judged(gap, b)
        order = random.integers(0, 2, 20_000) * 2 - 1  # A first or second
        won = random.random(20_000) < 1 / (1 + np.exp(-gap - b * order))
        assert won.mean() == pytest.approx(both, abs=0.01)
        assert won[order == 1].mean() == pytest.approx(first, abs=0.01)
    assert ratings.judged(0, b) == pytest.approx((0.7, 0.5))
    said(f"it is {both:.2f}, where without the bias it would be {ratings.logistic(1):.2f}")
    share = stats.logistic.cdf(0.6 + 0.9) / 2 + stats.logistic.cdf(0.6 - 0.9) / 2
    printed("eq-evaluation-judge").holds(
        {"P_A": share, r"\Delta": 0.6, "b": 0.9, r"\sigma": stats.logistic.cdf}
    )


# Exercises.


@pytest.mark.answer("answer-evaluation-elo")
def test_exercise_3_elo(answer: Bench) -> None:
    b = 1 / (1 + 10**0.5)
    assert round(b, 3) == 0.240
    answer("answer-evaluation-elo").is_(32 * (1 - b), 32 * b)


@pytest.mark.answer("answer-evaluation-judge")
def test_exercise_5_the_judge(answer: Bench) -> None:
    answer("answer-evaluation-judge").is_(
        "Equal models get 50 %, and a better model wins less clearly than with a fair judge."
    )
    assert [round(ratings.judged(gap, logit(0.7))[1], 2) for gap in (0, 1)] == [0.5, 0.7]


@pytest.mark.answer("answer-evaluation-ratings")
def test_exercise_7_ratings(answer: Bench) -> None:
    w = np.array([[0.0, 30, 35], [10, 0, 20], [5, 20, 0]])
    theta, _ = ratings.bradley_terry(w)
    found = ratings.rating(theta)
    said(f"1,{found[0] - 1000:.0f}, with B at {found[1]:.0f} and C at {found[2]:.0f}.")
    assert round(theta[0], 2) == 0.98
    answer("answer-evaluation-ratings").is_(found[0], 1000 + 400 * theta[0])
    said(f"$400 / \\log 10 = {ratings.SCALE:.0f}$ points for one logit")
