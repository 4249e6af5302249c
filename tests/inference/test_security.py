"""Formulas on filters: against enumeration, distributions of SciPy and simulation; the printed equations."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import optimize, stats

from docs.inference.security import security
from tests.printed.plugin import Equations


@pytest.mark.equation("eq-security-tries")
def test_tries_by_enumeration(printed: Equations) -> None:
    r, k = 0.7, 3
    stopped = itertools.product((True, False), repeat=k)
    passed = sum(math.prod(r if s else 1 - r for s in way) for way in stopped if not all(way))
    assert security.through(r, k) == pytest.approx(passed)
    printed("eq-security-tries").holds({"A_k": passed, "s": [r] * k, "r": r, "k": k}, free=("k",))


@pytest.mark.equation("eq-security-half")
def test_tries_for_half(printed: Equations) -> None:
    root = optimize.brentq(lambda k: 0.93**k - 0.5, 1, 50)
    assert security.tries_for_half(0.93) == pytest.approx(root)
    printed("eq-security-half").holds({"k_{1/2}": root, "r": 0.93}, tolerance=1e-8)


@pytest.mark.equation("eq-security-kinds")
def test_who_keeps_one_kind(printed: Equations) -> None:
    w, r, k = [0.2, 0.5, 0.3], [0.9, 0.6, 0.75], 3
    kept = sum(share * stats.geom.cdf(k, 1 - stop) for share, stop in zip(w, r, strict=True))
    assert security.kinds(w, r, k)[1] == pytest.approx(kept)
    mean = sum(share * stop for share, stop in zip(w, r, strict=True))
    assert security.kinds(w, r, k)[0] == pytest.approx(stats.geom.cdf(k, 1 - mean))
    printed("eq-security-kinds").holds({"A_k": kept, "w": w, "r": r, "k": k, "J": 3})


@pytest.mark.equation("eq-security-bayes")
def test_alarms_are_counted(printed: Equations) -> None:
    hits, false = Fraction(1000) / 20 * 9 / 10, Fraction(1000) * 19 / 20 * 3 / 100
    share = float(hits / (hits + false))
    assert security.precision(0.9, 0.03, 0.05) == pytest.approx(share)
    printed("eq-security-bayes").holds({"P": share, "b": 0.05, "r": 0.9, "f": 0.03})


@pytest.mark.equation("eq-security-both")
def test_two_filters_over_kinds(printed: Equations) -> None:
    w, u, v = np.array([0.2, 0.5, 0.3]), np.array([0.4, 0.1, 0.7]), np.array([0.6, 0.3, 0.25])
    both = sum(
        share * math.prod(miss if lost else 1 - miss for miss, lost in zip(pair, way, strict=True))
        for share, *pair in zip(w, u, v, strict=True)
        for way in itertools.product((True, False), repeat=2)
        if all(way)
    )
    means = {r"\bar u": float(w @ u), r"\bar v": float(w @ v)}
    printed("eq-security-both").holds({"M_2": both, "w": w, "u": u, "v": v, "J": 3, **means})
    start = (
        r"M_{2} = \sum_{j = 1}^{J} ⟨w_{j} u_{j} v_{j}⟩ = \bar{u} \bar{v} + \sum_{j = 1}^{J} ⟨w_{j} "
    )
    for factors in (
        r"(u_{j} + \bar{u}) (v_{j} - \bar{v})⟩",
        r"(u_{j}) (v_{j} - \bar{v})⟩",
        r"(u_{j} - \bar{u}) (v_{j} + \bar{v})⟩",
        r"(u_{j} - \bar{u}) (v_{j})⟩",
    ):
        printed.excuse(start + factors, "a covariance needs one of its two factors centred alone")


@pytest.mark.equation("eq-security-floor")
def test_filters_with_common_misses(printed: Equations) -> None:
    m, c, n = 0.2, 0.4, 3
    alone = (m - c * m) / (1 - c * m)
    ways = itertools.product((True, False), repeat=n)
    rest = sum(math.prod(alone if x else 1 - alone for x in way) for way in ways if all(way))
    all_ = c * m * 1 + (1 - c * m) * rest
    assert security.missed_by_all(m, c, n) == pytest.approx(all_)
    assert security.missed_by_all(m, c, 1) == pytest.approx(m)
    printed("eq-security-floor").holds({"M_n": all_, "c": c, "m": m, "n": n})


@pytest.mark.equation("eq-security-locked")
def test_honest_users_who_are_locked_out(printed: Equations) -> None:
    f, n, least = 0.15, 7, 3
    tail = float(stats.binom.sf(least - 1, n, f))
    assert security.locked_out(f, n, least) == pytest.approx(tail)
    printed("eq-security-locked").holds(
        {"L": tail, "f": f, "n": n, "l": least, r"C(\cdot, \cdot)": math.comb}
    )


@pytest.mark.equation("eq-security-none")
def test_no_success_leaves_a_rate_open(printed: Equations) -> None:
    upper = float(stats.beta.ppf(0.95, 1, 37))  # Clopper and Pearson, one side
    assert security.none_seen(37) == pytest.approx(upper)
    printed("eq-security-none").holds({"a": upper, "n": 37})


@pytest.mark.equation("eq-security-bill")
def test_the_bill_is_added_up(printed: Equations) -> None:
    dollars = sum(700 * 3e-6 + 50 * 11e-6 for _ in range(40))
    assert security.bill(40, 700, 50, 3, 11) == pytest.approx(dollars)
    printed("eq-security-bill").holds(
        {"C": dollars, "N": 40, "t_r": 700, "c_r": 3e-6, "t_w": 50, "c_w": 11e-6}
    )


# The simulations use none of the formulas.


def test_simulations_agree_with_the_formulas() -> None:
    rng = np.random.default_rng(5)
    runs = security.simulate_tries(0.9, 12, 20_000, rng)
    for k in (1, 5, 12):
        assert runs[k - 1] == pytest.approx(1 - 0.9**k, abs=0.015)
    assert (np.diff(runs) >= 0).all()
    found = security.simulate_alarms(0.9, 0.03, 0.05, 200_000, rng)
    assert found == pytest.approx(security.precision(0.9, 0.03, 0.05), abs=0.01)
    for n in (1, 2, 3):
        found = security.simulate_layers(0.2, 0.4, n, 200_000, rng)
        assert found == pytest.approx(security.missed_by_all(0.2, 0.4, n), abs=0.004)


def test_the_toy_filter_refuses_its_share_and_a_score_helps() -> None:
    rng = np.random.default_rng(6)
    filter_ = security.Filter(rng, places=10, recall=0.95)
    texts = [np.array(t) for t in itertools.product((0, 1), repeat=10)]
    passed = [t for t in texts if filter_.score(t) < filter_.threshold]
    assert len(passed) == 52  # 5 % of 1,024, rounded up
    shown = [security.climb(filter_, 200, rng) for _ in range(60)]
    hidden = [security.draw(filter_, 200, rng) for _ in range(60)]
    assert np.mean(shown) < np.mean(hidden)
    assert min(shown + hidden) >= 1
    assert max(shown + hidden) <= 200


def test_the_program_prints_both(capsys: pytest.CaptureFixture[str]) -> None:
    security.main()
    printed = capsys.readouterr().out
    assert "  100    0.634" in printed
    assert "both miss, 0.5 shared: 0.00503" in printed
