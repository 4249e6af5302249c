"""Alignment: the example, how much of a gain is real, tails, two rules, looks, students, debate, the off switch."""

import math
import runpy
from importlib import import_module
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import laplace, norm, t
from torch import Tensor

from scripts.figures.style import read_table
from scripts.printed.values import Finite
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.printed.bound import column
from tests.printed.plugin import Equations
from tests.said import sayings, tables

code: Any = import_module("docs.training.alignment.alignment")
PAGE = Path(code.__file__).parent.with_suffix(".md")
DATA = PAGE.with_suffix("")
said = sayings(PAGE)
rows_of = tables(PAGE)
ORACLES = {
    "normal": norm(),
    "exponential": laplace(scale=math.sqrt(0.5)),
    "power": t(3, scale=math.sqrt(1 / 3)),
}


def under(factor: float, score: Tensor | None = None) -> tuple[Tensor, float, float]:
    """Policy, mean score and mean value of the example."""
    reference, value, own = code.example()
    policy = code.tilt(reference, own if score is None else score, math.log(factor))
    return policy, float(policy @ own), float(policy @ value)


# The example.


def test_the_table_of_answers_by_counting_sixteenths() -> None:
    reference, value, score = code.example()
    policy, _, _ = under(4)
    for row, name, share, v, s, p in zip(
        rows_of("tab-alignment-answers"), code.ANSWERS, reference, value, score, policy, strict=True
    ):
        product = round(float(share * 16) * 4 ** float(s))
        cells = [
            f"{round(float(share * 16))}/16",
            f"{v:.0f}".replace("-", "−"),
            f"{s:.0f}",
            f"{product}/16",
        ]
        assert row == [name, *cells, f"{100 * p:.0f} %"]
        assert float(p) == pytest.approx(product / (8 + 16 + 48 + 64))


def test_what_the_page_tells_about_pressure() -> None:
    at = {factor: under(factor) for factor in (1, 2, 4, 16)}
    said(
        f"At first the mean score is {at[1][1]:.2f} and the mean value {at[1][2]:.2f}.",
        f"With the factor 2 the score rises to {at[2][1]:.2f}, and the value to {at[2][2]:.2f}.",
        f"With the factor 4 the score rises to {at[4][1]:.2f}, and the value falls to {at[4][2]:.2f}:",
        f"Before training they meet flattery with probability $1 - (15/16)^3 = {100 * code.found(1 / 16, 3):.0f}$ %, "
        f"afterwards with $1 - (72/136)^3 = {100 * code.found(64 / 136, 3):.0f}$ %.",
        f"the score {at[4][1]:.2f} is seen. Check: the frozen model draws answers, experts judge them anew, and find "
        f"the value {at[4][2]:.2f} with {100 * at[4][0][3]:.0f} % flattery",
    )
    _, value, score = code.example()
    policy, _, mended = under(4, code.mend(score, value, torch.tensor([False, False, False, True])))
    said(f"The value is {mended:.2f} now, and flattery {100 * policy[3]:.1f} %.")
    assert float(policy[3]) == pytest.approx(4.0**-2 / (8 + 16 + 48 + 4.0**-2))
    table = read_table(DATA / "pressure.csv")
    peak = max(range(len(table["value"])), key=lambda n: table["value"][n])
    said(
        f"The score rises from {at[1][1]:.2f} to {at[16][1]:.2f}. The value rises a little, to its peak of "
        f"{table['value'][peak]:.2f} near {table['factor'][peak]:.1f}, and falls below zero near 5",
    )
    assert all(a < b for a, b in pairwise(table["score"]))
    below = next(f for f, v in zip(table["factor"], table["value"], strict=True) if v < 0)
    assert 4.8 < below < 5.1
    assert under(4, torch.tensor([0.0, 1.0, 2.0, 1.0]).double())[2] == pytest.approx(2.0)
    said("as if raters saw through flattery: with the factor 4 the value is 2.00.")
    reference = torch.tensor([8.0, 4, 4, 0]).double() / 16
    assert float(code.tilt(reference, score, 5.0)[3]) == 0.0


def test_the_program_prints_a_comparison_with_something_known(
    capsys: pytest.CaptureFixture[str],
) -> None:
    runpy.run_path(code.__file__, run_name="__main__")
    printed = capsys.readouterr().out
    assert "factor 4: score 2.24, value 0.24, flattery 47%, found by 3 looks 85%" in printed
    assert "normal errors, best of 1, 10, 1,000, 1,000,000: value 0.00, 1.09, 2.29, 3.44" in printed
    assert printed.endswith("= 1.09\n")


# How much of a gain is real.


@pytest.mark.equation("eq-alignment-slope")
def test_the_slope_of_the_density_tells_the_value(printed: Equations) -> None:
    errors, weights, spread, s = np.array([-1.3, 0.4, 2.1]), np.array([0.5, 0.3, 0.2]), 1.4, 0.9
    density = norm(scale=spread)

    def slope(x: Any) -> Any:  # by a difference, not by the rule that is claimed
        return (density.pdf(x + 1e-5) - density.pdf(x - 1e-5)) / 2e-5

    p = float(weights @ density.pdf(s - errors))
    values = s - errors  # each error with the value that gives this score
    posterior = weights * density.pdf(values)
    printed("eq-alignment-slope").holds(
        {
            r"p'(s)": float(
                weights @ (density.pdf(s + 1e-5 - errors) - density.pdf(s - 1e-5 - errors)) / 2e-5
            ),
            r"\mathbb{E}_{\varepsilon}": Finite(
                {r"\varepsilon": errors.tolist()}, weights.tolist()
            ),
            r"q'": slope,
            r"q": density.pdf,
            r"\sigma_v": spread,
            "s": s,
            r"\mathbb{E}[v \mid s]": float(posterior @ values / posterior.sum()),
            "p(s)": p,
        },
        tolerance=1e-6,
    )


@pytest.mark.equation("eq-alignment-share")
def test_with_normal_errors_a_fixed_share_is_real(printed: Equations) -> None:
    value, error, s = 1.3, 0.7, 1.9
    joint = lambda v: norm.pdf(v, scale=value) * norm.pdf(s - v, scale=error)  # noqa: E731
    mean = quad(lambda v: v * joint(v), -9, 9)[0] / quad(joint, -9, 9)[0]
    printed("eq-alignment-share").holds(
        {r"\mathbb{E}[v \mid s]": mean, r"\sigma_v": value, r"\sigma_\varepsilon": error, "s": s},
        tolerance=1e-6,
    )


@pytest.mark.parametrize("name", list(ORACLES))
def test_densities_and_regained_value_against_scipy(name: str) -> None:
    x = torch.linspace(-6, 6, 25).double()
    torch.testing.assert_close(code.ERRORS[name](x), torch.tensor(ORACLES[name].pdf(x.numpy())))
    assert ORACLES[name].var() == pytest.approx(1)
    s = torch.tensor([-1.0, 0.5, 3.0]).double()
    p, value = code.regained(s, code.ERRORS[name])
    for at, one, mean in zip(s.tolist(), p.tolist(), value.tolist(), strict=True):
        joint = lambda v, at=at: norm.pdf(v) * ORACLES[name].pdf(at - v)  # noqa: E731
        whole = quad(joint, -9, 9, points=[at])[0]
        assert one == pytest.approx(whole, rel=1e-4)
        assert mean == pytest.approx(
            quad(lambda v, j=joint: v * j(v), -9, 9, points=[at])[0] / whole, abs=2e-4
        )


@pytest.mark.equation("eq-alignment-best")
def test_the_best_of_some_by_enumeration_of_normal_order(printed: Equations) -> None:
    n, value, error = 5, 1.3, 0.7
    highest = quad(lambda x: x * n * norm.cdf(x) ** (n - 1) * norm.pdf(x), -9, 9)[0]
    draw = np.random.default_rng(0)
    v = draw.normal(0, value, (400_000, n))
    s = v + draw.normal(0, error, v.shape)
    chosen = np.take_along_axis(v, s.argmax(1)[:, None], 1).mean()
    printed("eq-alignment-best").holds(
        {
            r"\mathbb{E}[v_{\text{best}}]": float(chosen),
            r"\sigma_v": value,
            r"\sigma_\varepsilon": error,
            "M_n": highest,
        },
        tolerance=0.01,
    )


@pytest.mark.parametrize("name", list(ORACLES))
def test_the_best_of_many_meets_random_draws(name: str) -> None:
    n = 20
    draw = np.random.default_rng(1)
    v = draw.normal(size=(60_000, n))
    s = v + ORACLES[name].rvs(v.shape, random_state=draw)
    chosen = np.take_along_axis(v, s.argmax(1)[:, None], 1)
    value, score = code.best_of(torch.tensor([float(n)]).double(), code.ERRORS[name])
    assert float(value) == pytest.approx(chosen.mean(), abs=4 * chosen.std() / math.sqrt(len(v)))
    assert float(score) == pytest.approx(s.max(1).mean(), rel=0.02)
    one, two = code.best_of(torch.tensor([1.0, 2.0]).double(), code.ERRORS[name])[0].tolist()
    assert one == pytest.approx(0, abs=1e-4)  # no choice, no gain
    best = np.take_along_axis(v[:, :2], s[:, :2].argmax(1)[:, None], 1)
    assert two == pytest.approx(best.mean(), abs=4 * best.std() / math.sqrt(len(v)))


@pytest.mark.equation("eq-alignment-tails")
def test_far_out_an_exponential_tail_levels_off_and_a_power_comes_to_nothing() -> None:
    s = torch.tensor([20.0, 200.0, 2000.0]).double()
    b = math.sqrt(0.5)
    level = code.regained(s[:1], code.exponential_error)[1]
    assert float(level) == pytest.approx(1 / b, rel=1e-3)
    power = s * code.regained(s, code.power_error)[1]
    assert [abs(float(x) - 4) for x in power] == sorted(
        (abs(float(x) - 4) for x in power), reverse=True
    )
    assert float(power[-1]) == pytest.approx(3 + 1, rel=1e-3)


def test_what_the_page_tells_about_tails() -> None:
    table = read_table(DATA / "tails.csv")
    ten, thirty = table["n"].index(10), table["n"].index(30)
    assert max(table["power"]) == table["power"][thirty]
    last = [table[name][-1] for name in ("normal", "exponential", "power")]
    said(
        f"With a normal error the value goes on rising, to {last[0]:.2f}; with an exponential tail it levels off at "
        f"{last[1]:.2f}; with a tail like a power it peaks at {table['power'][thirty]:.2f} near 30 and falls to "
        f"{last[2]:.2f}",
        f"the score of the best rises from {table['power, score'][thirty]:.1f} to {table['power, score'][-1]:.1f} with",
        f"Among 10 answers the three gain {table['normal'][ten]:.2f}, {table['exponential'][ten]:.2f} and "
        f"{table['power'][ten]:.2f}: here a test",
    )


@pytest.mark.equation("eq-alignment-divergence")
def test_value_and_divergence_of_tilted_normal_answers(printed: Equations) -> None:
    pressure, value, error = 0.6, 1.3, 0.7
    draw = np.linspace(-14, 14, 1401)
    v, e = np.meshgrid(draw, draw, indexing="ij")
    start = norm.pdf(v, scale=value) * norm.pdf(e, scale=error)
    start /= start.sum()
    moved = start * np.exp(pressure * (v + e))
    moved /= moved.sum()
    inside = moved > 0
    divergence = float((moved[inside] * np.log(moved[inside] / start[inside])).sum())
    printed("eq-alignment-divergence").holds(
        {
            r"\mathbb{E}_\lambda[v]": float((moved * v).sum()),
            r"\operatorname{KL}(\pi_\lambda \,\|\, \pi_{\text{ref}})": divergence,
            r"\lambda": pressure,
            r"\sigma_v": value,
            r"\sigma_\varepsilon": error,
        },
        tolerance=1e-6,
    )


# Two rules.


@pytest.mark.equation("eq-alignment-cue")
def test_the_smallest_weights_follow_the_louder(printed: Equations) -> None:
    goals, loudness, goal = normal(4, seed=2), 1.7, 1.3
    w = torch.zeros(2).double()
    x = code.together(goals, loudness)
    for _ in range(4000):  # descent from zero, not the formula
        w -= 0.02 * x.T @ (x @ w - goals)
    torch.testing.assert_close(code.nearest(x, goals), w)
    printed("eq-alignment-cue").holds(
        {r"\mathbf{w}": column(w), "a": loudness, "g": goal},
        free=("g",),  # both sides are linear in it
        tolerance=1e-6,
    )
    lied = code.apart(torch.tensor([goal]).double(), loudness)
    assert float(lied @ w) == pytest.approx(goal * (1 - loudness**2) / (1 + loudness**2))
    both = torch.cat([x, lied])
    torch.testing.assert_close(
        code.nearest(both, torch.cat([goals, torch.tensor([goal]).double()])),
        torch.tensor([1.0, 0.0]).double(),
    )


# Looks.


@pytest.mark.equation("eq-alignment-found")
def test_looks_by_enumeration(printed: Equations) -> None:
    share, looks = 0.3, 4
    met = sum(
        math.prod(share if bad else 1 - share for bad in kinds)
        for kinds in product((True, False), repeat=looks)
        if any(kinds)
    )
    assert code.found(share, looks) == pytest.approx(met)
    printed("eq-alignment-found").holds({"P_m": met, "p": share, "m": looks})


@pytest.mark.equation("eq-alignment-looks")
def test_looks_that_are_needed(printed: Equations) -> None:
    share, looks = 0.3, 5
    chance = code.found(share, looks)
    printed("eq-alignment-looks").holds({"m": looks, "c": chance, "p": share}, tolerance=1e-6)
    needed = {p: code.looks_for(p, 0.95) for p in (1 / 16, 1e-4)}
    for p, m in needed.items():
        assert code.found(p, m) >= 0.95 > code.found(p, m - 1)
    said(
        f"For 1/16 and 95 % it takes {needed[1 / 16]} looks, for one answer in 10,000 it takes {needed[1e-4]:,}."
    )


# Students.


@pytest.mark.equation("eq-alignment-misfit")
def test_a_student_gains_what_it_fails_to_imitate(printed: Equations) -> None:
    x, true = normal(9, 4, seed=3), normal(4, seed=4)
    supervisor = x @ true + normal(9, seed=5)
    w = torch.zeros(4).double()
    for _ in range(6000):  # least squares by descent
        w -= 0.02 * x.T @ (x @ w - supervisor)
    torch.testing.assert_close(code.student(x, supervisor), x @ w)
    printed("eq-alignment-misfit").holds(
        {
            r"\mathbf{f}_w": column(supervisor),
            r"\mathbf{f}": column(x @ true),
            r"\mathbf{f}_s": column(x @ w),
        },
        free=(r"\mathbf{f}",),  # any answers that the student can say
    )
    imitable = x @ (true + 1)  # an error within the student's reach is kept
    torch.testing.assert_close(code.student(x, imitable), imitable)
    assert code.recovered(0.5, 0.8, 0.9) == pytest.approx(0.75)


# Debate and the switch.


@pytest.mark.equation("eq-alignment-debate")
def test_what_the_judge_reads(printed: Equations) -> None:
    for count in (1, 2, 8, 1024):
        numbers = [float(n % 7) for n in range(count)]
        for at in {0, count // 3, count - 1}:
            assert code.debate(numbers, 2.5, at) == (True, 1 + round(math.log2(count)))
    seen, read = code.debate([float(n) for n in range(64)], 2.5, 17)
    assert seen
    printed("eq-alignment-debate").holds({"R": read, "N": 64})
    assert not code.debate([1.0] * 64, 2.5, 17, honest=False)[0]
    said(f"claims, {code.debate([1.0] * 1024, 2.5, 5)[1]} for 1,024 numbers.")


@pytest.mark.equation("eq-alignment-switch")
def test_asking_is_never_worse(printed: Equations) -> None:
    p = [0.5, 0.3, 0.2]
    for utility in ([-2.0, 0.7, 3.1], [-0.001, 1.4, 2.2], [0.9, 1.4, 2.2]):  # far, near, equal
        asked, alone = code.asking(torch.tensor(utility), torch.tensor(p))
        assert asked == pytest.approx(sum(w * max(u, 0) for u, w in zip(utility, p, strict=True)))
        assert alone == pytest.approx(max(sum(w * u for u, w in zip(utility, p, strict=True)), 0))
        assert (asked == pytest.approx(alone)) == (utility[0] > 0)
        if utility[0] < 0:
            printed("eq-alignment-switch").holds(
                {r"\mathbb{E}": Finite({"u": utility}, p)}, free=(r"\mathbb{E}",)
            )


# Exercises.


@pytest.mark.answer("answer-alignment-three")
def test_exercise_1_the_factor_three(answer: Bench) -> None:
    policy, _, value = under(3)
    _, v, s = code.example()
    bare = torch.softmax(math.log(3) * s, 0)
    answer("answer-alignment-three").is_(
        (value, float(policy[3])), (float(bare @ v), float(bare[3]))
    )


@pytest.mark.answer("answer-alignment-looks")
def test_exercise_2_looks(answer: Bench) -> None:
    assert code.found(0.01, 100) == pytest.approx(0.63, abs=0.005)
    assert math.log(0.05) / math.log(0.99) == pytest.approx(298.1, abs=0.05)
    answer("answer-alignment-looks").is_(code.looks_for(0.01, 0.95), 100)


@pytest.mark.answer("answer-alignment-worth")
def test_exercise_3_worth(answer: Bench) -> None:
    answer("answer-alignment-worth").is_(1 / (1 + 2**2) * 5, 1 / (1 + 2) * 5)


@pytest.mark.answer("answer-alignment-which")
def test_exercise_4_which(answer: Bench) -> None:
    goals = normal(3, seed=6)
    x = code.together(goals, 2.0)
    w = code.nearest(x, goals)
    torch.testing.assert_close(x @ w, goals)  # right on each training example
    assert (
        float(code.apart(goals[:1], 2.0) @ w) * float(goals[0]) < 0
    )  # and wrong where the two part
    answer("answer-alignment-which").is_("Goal misgeneralisation.")


@pytest.mark.answer("answer-alignment-misfit")
def test_exercise_5_misfit(answer: Bench) -> None:
    answer("answer-alignment-misfit").is_(0.5 - 0.3, 0.5 + 0.3)


@pytest.mark.answer("answer-alignment-power")
def test_exercise_6_power(answer: Bench) -> None:
    counts = torch.tensor([100.0, 10000.0]).double()
    power, plain = (
        tuple(code.best_of(counts, e)[0].tolist()) for e in (code.power_error, code.normal_error)
    )
    answer("answer-alignment-power").is_(power, plain)


@pytest.mark.answer("answer-alignment-cue")
def test_exercise_7_cue(answer: Bench) -> None:
    goals = torch.tensor([0.5, -1.0]).double()
    one = torch.ones(1).double()
    lied = code.apart(one, 2.0)
    x = code.together(goals, 2.0)
    never = float(lied @ code.nearest(x, goals))
    once = float(lied @ code.nearest(torch.cat([x, lied]), torch.cat([goals, one])))
    answer("answer-alignment-cue").is_((never, once), (-never, once))
