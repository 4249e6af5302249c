"""AI feedback against enumeration, binomial laws, autograd and simulation; what the page tells is in _told."""

import itertools
import math
from importlib import import_module
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from scripts.figures import style
from scripts.printed.values import Each, Finite
from tests.draws import normal
from tests.printed.plugin import Equations

code: Any = import_module("docs.training.ai-feedback.ai_feedback")
PAGE = style.DOCS / "training" / "ai-feedback.md"


def read(name: str) -> dict[str, list[float]]:
    """The numbers of a figure or of runs."""
    return style.read_table(PAGE.parent / "ai-feedback" / name)


def verdicts(lazy: float, skill: float) -> dict[bool, float]:
    """By listing what may happen: how often the judge is right, by whether the better one stands first."""
    right = {True: 0.0, False: 0.0}
    for first, looks, sees in itertools.product((True, False), repeat=3):
        chance = (1 - lazy if looks else lazy) * (skill if sees else 1 - skill)
        takes_first = sees == first if looks else True
        right[first] += chance * (takes_first == first)
    return right


def law(n: int, seed: int = 0) -> Tensor:
    """A distribution of n answers."""
    return normal(n, seed=seed).softmax(0)


def table(n: int, seed: int = 3) -> Tensor:
    """A judge: chances that the row is preferred to the column, which add up to 1."""
    drawn = normal(n, n, seed=seed)
    return torch.sigmoid(drawn - drawn.T)


def kept(p: Tensor, win: Tensor) -> Tensor:
    """The law of the chosen one of two drawn answers, by listing all pairs."""
    found = torch.zeros_like(p)
    for x, y in itertools.product(range(len(p)), repeat=2):
        found[x] += p[x] * p[y] * win[x, y]
        found[y] += p[x] * p[y] * win[y, x]
    return found


# The judge.


@pytest.mark.equation("eq-ai-feedback-order")
def test_the_lazy_judge_in_random_order(printed: Equations) -> None:
    for lazy, skill in ((0.2, 0.8), (0.37, 0.91)):
        right = verdicts(lazy, skill)
        assert code.judged(lazy, skill) == pytest.approx((right[True], right[False]))
        printed("eq-ai-feedback-order").holds(
            {"t": (right[True] + right[False]) / 2, "s": lazy, "r": skill}
        )


@pytest.mark.equation("eq-ai-feedback-agree")
def test_two_orders_that_agree(printed: Equations) -> None:
    for a, b in ((0.84, 0.64), (0.7, 0.55)):
        both = {
            (x, y): (a if x else 1 - a) * (b if y else 1 - b)
            for x, y in itertools.product((True, False), repeat=2)
        }
        agree = both[True, True] + both[False, False]
        assert code.agreeing(a, b) == pytest.approx((agree, both[True, True] / agree))
        printed("eq-ai-feedback-agree").holds(
            {
                r"P(\text{right} \mid \text{agree})": both[True, True] / agree,
                "a": a,
                "b": b,
            }
        )


@pytest.mark.equation("eq-ai-feedback-measured")
def test_the_measured_share(printed: Equations) -> None:
    for q, t, u in ((0.4, 0.84, 0.64), (0.7, 0.9, 0.55)):
        listed = 0.0
        for better, right in itertools.product((True, False), repeat=2):
            rate = t if better else u
            says_a = better == right
            listed += says_a * (q if better else 1 - q) * (rate if right else 1 - rate)
        assert code.measured(q, t, u) == pytest.approx(listed)
        printed("eq-ai-feedback-measured").holds({"m": listed, "q": q, "t": t, "u": u})


@pytest.mark.equation("eq-ai-feedback-corrected")
def test_the_corrected_share_finds_the_simulated_truth(printed: Equations) -> None:
    for q, t, u in ((0.4, 0.84, 0.64), (0.73, 0.9, 0.55)):
        m = q * t + (1 - q) * (1 - u)
        assert code.corrected(m, t, u) == pytest.approx(q)
        printed("eq-ai-feedback-corrected").holds({"q": q, "m": m, "t": t, "u": u})
    for fair, t, u in ((False, 0.84, 0.64), (True, 0.74, 0.74)):
        seen = code.simulate(0.4, 0.84, 0.64, 400_000, fair, 5)
        assert seen == pytest.approx(code.measured(0.4, t, u), abs=0.003)
        assert code.corrected(seen, t, u) == pytest.approx(0.4, abs=0.007)
    for t, u in ((0.5, 0.5), (0.3, 0.6)):
        with pytest.raises(ValueError, match="no better than a coin"):
            code.corrected(0.5, t, u)


@pytest.mark.equation("eq-ai-feedback-variance")
def test_the_error_is_that_of_autograd_and_of_simulation(printed: Equations) -> None:
    q, t, u, n, n_a, n_b = 0.35, 0.92, 0.81, 3000, 700, 400
    m = code.measured(q, t, u)
    point = torch.tensor([m, t, u], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad((point[0] + point[2] - 1) / (point[1] + point[2] - 1), point)
    parts = [m * (1 - m) / n, t * (1 - t) / n_a, u * (1 - u) / n_b]
    spread = torch.tensor(parts, dtype=torch.float64)
    value = float((slope.square() * spread).sum())
    assert code.error(q, t, u, n, n_a, n_b) == pytest.approx(math.sqrt(value))
    printed("eq-ai-feedback-variance").holds(
        {
            r"\operatorname{Var}(\hat q)": value,
            "q": q,
            "t": t,
            "u": u,
            "m": m,
            "n": n,
            "n_A": n_a,
            "n_B": n_b,
        },
        about=1e-9,
    )
    rng = np.random.default_rng(0)
    draw = [rng.binomial(k, p, 20_000) / k for k, p in ((n, m), (n_a, t), (n_b, u))]
    found = (draw[0] + draw[2] - 1) / (draw[1] + draw[2] - 1)
    assert float(found.std()) == pytest.approx(math.sqrt(value), rel=0.03)


@pytest.mark.equation("eq-ai-feedback-slopes")
def test_the_slopes_are_those_of_autograd(printed: Equations) -> None:
    for values in ((0.55, 0.9, 0.8), (0.4, 0.7, 0.75)):
        point = torch.tensor(values, dtype=torch.float64, requires_grad=True)
        m, t, u = point
        q = (m + u - 1) / (t + u - 1)
        (slope,) = torch.autograd.grad(q, point)
        printed("eq-ai-feedback-slopes").holds(
            {
                r"\frac{\partial q}{\partial m}": slope[0].item(),
                r"\frac{\partial q}{\partial t}": slope[1].item(),
                r"\frac{\partial q}{\partial u}": slope[2].item(),
                "q": q.item(),
                **dict(zip("mtu", values, strict=True)),
            }
        )


# Panels.


@pytest.mark.equation("eq-ai-feedback-panel")
def test_the_majority_of_judges(printed: Equations) -> None:
    for t, k, c in ((0.74, 5, 0.3), (0.62, 7, 0.15)):
        own = float(stats.binom(k, t).sf(k // 2))
        assert code.panel(t, k, c) == pytest.approx(c * t + (1 - c) * own)
        assert code.panel(t, 1, c) == pytest.approx(t)
        printed("eq-ai-feedback-panel").holds(
            {"M_k": c * t + (1 - c) * own, "c": c, "t": t, "k": k}
        )
    assert code.panel(0.74, 1001, 0.3) == pytest.approx(0.3 * 0.74 + 0.7)


@pytest.mark.equation("eq-ai-feedback-votes")
def test_the_votes_of_judges_who_share(printed: Equations) -> None:
    for t, k, c in ((0.74, 5, 0.3), (0.62, 4, 0.15)):
        share = mean = 0.0
        for row in itertools.product((0, 1), repeat=k):
            own = math.prod(t if v else 1 - t for v in row)
            same = (t if row[0] else 1 - t) if len(set(row)) == 1 else 0.0
            chance = c * same + (1 - c) * own
            mean += chance * sum(row) / k
            share += chance * (sum(row) / k) ** 2
        value = share - mean**2
        assert t * (1 - t) / code.votes(k, c) == pytest.approx(value)
        printed("eq-ai-feedback-votes").holds(
            {
                r"\operatorname{Var}(\bar v)": value,
                "t": t,
                "k": k,
                "c": c,
                r"k_{\text{eff}}": code.votes(k, c),
            }
        )


# What is taught.


@pytest.mark.equation("eq-ai-feedback-chosen")
def test_the_chosen_of_two(printed: Equations) -> None:
    p, win = law(5), table(5)
    after = kept(p, win)
    rate = [float(sum(p[x] * win[y, x] for x in range(5))) for y in range(5)]
    torch.testing.assert_close(code.chosen(p, win), after)
    assert float(after.sum()) == pytest.approx(1)
    printed("eq-ai-feedback-chosen").holds(
        {
            "p'": lambda y: after[y].item(),
            "p": lambda y: p[y].item(),
            "w": lambda y: rate[y],
            "y": Each(range(5)),
        }
    )


@pytest.mark.equation("eq-ai-feedback-price")
def test_a_round_moves_the_value_by_a_covariance(printed: Equations) -> None:
    p, win, g = law(6), table(6), normal(6, seed=7)
    after, rate = kept(p, win), win @ p
    values = {"g": g.tolist(), "w": rate.tolist()}
    printed("eq-ai-feedback-price").holds(
        {
            r"\mathbb{E}_{p'}": Finite(values, after.tolist()),
            r"\mathbb{E}_p": Finite(values, p.tolist()),
            r"\operatorname{Cov}_p(g, w)": float(np.cov(g, rate, aweights=p.numpy(), ddof=0)[0, 1]),
        },
        tolerance=1e-9,
    )


@pytest.mark.equation("eq-ai-feedback-noise")
def test_random_errors_keep_the_sign(printed: Equations) -> None:
    p, g, score, flips = law(6), normal(6, seed=7), normal(6, seed=8), 0.17
    clean, noisy = code.wins(score, 0.0) @ p, code.wins(score, flips) @ p

    def cov(w: Tensor) -> float:
        return float(np.cov(g, w, aweights=p.numpy(), ddof=0)[0, 1])

    printed("eq-ai-feedback-noise").holds(
        {
            "w_e": lambda y: noisy[y].item(),
            "w": lambda y: clean[y].item(),
            "e": flips,
            "y": Each(range(6)),
            r"\operatorname{Cov}_p(g, w_e)": cov(noisy),
            r"\operatorname{Cov}_p(g, w)": cov(clean),
        },
        tolerance=1e-9,
    )


def test_the_judge_prefers_the_higher_score() -> None:
    win = code.wins(torch.tensor([1.0, 2.0, 2.0]), 0.1)
    assert win.tolist() == [
        pytest.approx([0.5, 0.1, 0.1]),
        pytest.approx([0.9, 0.5, 0.5]),
        pytest.approx([0.9, 0.5, 0.5]),
    ]


def test_the_answers_are_those_of_the_page() -> None:
    given = code.answers()
    assert float(given.p.sum()) == pytest.approx(1)
    seen = {}
    for p, steps, filler in zip(*(column.tolist() for column in given), strict=True):
        seen[int(steps), int(filler)] = p
    assert len(seen) == 20
    for steps, share in enumerate((0.4, 0.3, 0.2, 0.1)):
        for filler, part in enumerate((1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 16)):
            assert seen[steps, filler] == pytest.approx(share * part)
    assert float(given.score(-0.4)[-1]) == pytest.approx(3 - 0.4 * 4)


def test_rounds_keep_a_law_and_the_first_answers() -> None:
    p, win = law(4), table(4)
    path = code.rounds(p, win, 3, 0.25)
    assert path.shape == (4, 4)
    assert path.sum(1).tolist() == pytest.approx([1] * 4)
    now = p
    for row in path[1:]:
        now = 0.75 * kept(now, win) + 0.25 * p
        torch.testing.assert_close(row, now)


def test_rounding_does_not_grow_over_many_rounds() -> None:
    path = code.rounds(law(4), table(4), 200)
    assert path.sum(1).tolist() == pytest.approx([1] * 201, abs=1e-12)


def test_an_answer_that_is_not_drawn_keeps_its_place() -> None:
    start = torch.tensor([0.5, 0.5, 0.0, 0.0]).double()
    path = code.drawn(start, torch.arange(4.0), 3, 50, 0)
    assert path.shape == (4, 4)
    assert path[:, 2:].abs().max() == 0


def test_drawn_rounds_follow_the_exact_ones() -> None:
    given = code.answers()
    score = given.score(0.3)
    exact = code.rounds(given.p, code.wins(score, 0.26), 3)
    path = code.drawn(given.p, score, 3, 200_000, 4)
    torch.testing.assert_close(path, exact, atol=0.005, rtol=0)


# A critique.


@pytest.mark.equation("eq-ai-feedback-critique")
def test_a_critique_by_listing(printed: Equations) -> None:
    for a, d, f, h in ((0.4, 0.6, 0.2, 0.5), (0.85, 0.7, 0.15, 0.35)):
        after = 0.0
        for right, flagged, mended in itertools.product((True, False), repeat=3):
            rate = f if right else d
            chance = (a if right else 1 - a) * (rate if flagged else 1 - rate)
            chance *= h if mended else 1 - h
            after += chance * (mended if flagged else right)
        assert code.revised(a, d, f, h) == pytest.approx(after)
        printed("eq-ai-feedback-critique").holds({"a'": after, "a": a, "d": d, "f": f, "h": h})


@pytest.mark.equation("eq-ai-feedback-even")
def test_the_share_that_a_critique_leaves(printed: Equations) -> None:
    d, f, h = 0.7, 0.15, 0.35
    low, high = 0.0, 1.0
    for _ in range(60):  # by halving
        middle = (low + high) / 2
        low, high = (middle, high) if code.revised(middle, d, f, h) > middle else (low, middle)
    assert code.even(d, f, h) == pytest.approx(low)
    printed("eq-ai-feedback-even").holds({"a^{*}": low, "d": d, "f": f, "h": h}, tolerance=1e-9)
