"""Evaluation against scipy, enumeration and simulation: error bars, pass@k, FID, the best of many."""

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, linalg, optimize, stats

from docs.training.evaluation import evaluation as code
from docs.training.evaluation import practice
from scripts.printed.values import Finite
from tests import golden as shared
from tests.answers.plugin import Bench
from tests.printed.plugin import Equations
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "training" / "evaluation.md"
GOLDEN = Path(__file__).with_name("evaluation.golden.json")
A, B = code.example()
said = sayings(PAGE)
rows_of = tables(PAGE)


# Scores and error bars.


def test_the_example_has_the_counts_of_the_page() -> None:
    assert (A.sum(), B.sum(), len(A)) == (140, 152, 200)
    assert (int((A > B).sum()), int((B > A).sum())) == (6, 18)
    said("Model A answers 140 of 200 items right: 70 %.", "Model B answers 152 of the same items")
    said("On 6 items A alone is right, on 18 B alone; on the other 176 the difference is 0.")
    one = code.standard_error(A)
    assert one == pytest.approx(stats.binom(200, 0.7).std() / 200)
    said(
        f"= {one:.4f}$, and about 95 %",
        f"$\\pm {1.96 * one:.4f}$.",
        f"$70.0 \\pm {196 * one:.1f}$ %",
    )
    d, error = code.difference(A, B)
    apart = math.hypot(one, code.standard_error(B))
    said(f"= {apart:.4f}$, and the difference would be $6.0 \\pm {196 * apart:.1f}$ points")
    said(f"$24/200 - 0.06^2 = {np.var(B - A):.4f}$", f"$\\sqrt{{0.1164 / 200}} = {error:.4f}$")
    said(f"${100 * d:.1f} \\pm {196 * error:.1f}$ points: 0 lies outside")
    said(f"bar of the example is {apart / error:.2f} times as wide")
    said(f"$1.84^2 = {1.84**2:.1f}$ times as many items")


def test_the_table_of_error_bars() -> None:
    for items, *halves in rows_of("tab-evaluation-bars"):
        n = int(items.replace(",", ""))
        for p, half in zip((0.5, 0.7, 0.9), halves, strict=True):
            assert half == f"{196 * stats.binom(n, p).std() / n:.1f}"
    items = code.Z**2 * 0.21 / 0.03**2
    said(f"${1.96**2:.4f} \\cdot 0.21 / 0.0009 = {items:.1f}$, so {math.ceil(items)}.")


def test_mcnemar_is_scipys_exact_test() -> None:
    for a, b in ((6, 18), (0, 4), (5, 5), (9, 2)):
        assert code.mcnemar(a, b) == pytest.approx(stats.binomtest(a, a + b).pvalue)
    said(f"has a probability of {code.mcnemar(6, 18):.3f}: this is")


@pytest.mark.equation("eq-evaluation-wilson")
def test_wilson_is_scipys_and_its_ends_are_z_deviations_away(printed: Equations) -> None:
    for c, n in ((140, 200), (30, 30), (0, 7), (3, 11)):
        theirs = stats.binomtest(c, n).proportion_ci(method="wilson")
        assert code.wilson(c, n, stats.norm.ppf(0.975)) == pytest.approx(theirs, abs=1e-12)
    low, high = code.wilson(140, 200)
    said(f"reaches from {100 * low:.1f} to {100 * high:.1f} %")
    n, z, share = 11, 1.7, 3 / 11
    for end in (1, -1):
        bracket = (share, 0.999) if end > 0 else (0.001, share)
        p = optimize.brentq(
            lambda q: abs(share - q) - z * stats.binom(n, q).std() / n, *bracket, xtol=1e-14
        )
        printed("eq-evaluation-wilson").holds(
            {"p": p, r"\hat p": share, "n": n, "z": z, r"\pm": end}, tolerance=1e-9
        )


def test_intervals_hold_the_truth_as_often_as_the_table_says() -> None:
    for items, share, usual, wilson in rows_of("tab-evaluation-held"):
        n, p = int(items), float(share.removesuffix(" %")) / 100
        held = np.zeros(2)
        for c in range(n + 1):
            half = 1.96 * math.sqrt(c / n * (1 - c / n) / n)
            low, high = code.wilson(c, n)
            inside = np.array([abs(c / n - p) <= half, low <= p <= high])
            held += stats.binom(n, p).pmf(c) * inside
        assert [usual, wilson] == [f"{100 * h:.1f} %" for h in held]
    low, _ = code.wilson(30, 30)
    said(f"Wilson says {100 * low:.1f} to 100 %.")
    said(
        "the truth in 78 % of cases, where it promised 95 %.", "held it in 94 %, for no more items."
    )


def test_the_bootstrap_agrees_with_scipys() -> None:
    low, high = code.bootstrap(A, 10_000, np.random.default_rng(0))
    said(f"With 10,000 draws it gives {100 * low:.1f} to {100 * high:.1f} %.")
    theirs = stats.bootstrap((A,), np.mean, method="percentile", rng=1).confidence_interval
    assert (low, high) == pytest.approx(tuple(theirs), abs=0.006)


@pytest.mark.equation("eq-evaluation-paired")
def test_the_variance_of_a_difference(printed: Equations) -> None:
    cov = np.cov(A, B, bias=True)
    _, error = code.difference(A, B)
    printed("eq-evaluation-paired").holds(
        {
            "V": error**2,
            "V_a": cov[0, 0],
            "V_b": cov[1, 1],
            "V_{ab}": cov[0, 1],
            "u": 6,
            "v": 18,
            "n": 200,
        }
    )


def items_for(power: float, delta: float, q: float) -> float:
    """Items from which on the bar excludes 0 with this power: solved from the normal law, not by the formula."""

    def missing(n: float) -> float:
        error = math.sqrt((q - delta**2) / n)
        return float(stats.norm.sf(code.Z * error, delta, error)) - power

    return float(optimize.brentq(missing, 1, 1e7))


@pytest.mark.equation("eq-evaluation-power")
def test_the_items_that_a_power_takes(printed: Equations) -> None:
    quantile = float(stats.norm.ppf(0.8))
    printed("eq-evaluation-power").holds(
        {
            "n": items_for(0.8, 0.05, 0.17),
            "z": code.Z,
            "z_P": quantile,
            "q": 0.17,
            r"\delta": 0.05,
        }
    )
    said(f"{quantile:.2f} for 80 % and {stats.norm.ppf(0.9):.2f} for 90 %:")
    half, most, nearly_all = (math.ceil(items_for(p, 0.02, 0.17) - 1e-6) for p in (0.5, 0.8, 0.9))
    said(
        f"For 2 points and $q = 0.17$ these are {most:,} items for 80 % and {nearly_all:,} for 90 %. "
        f"With {half:,} items the bar is as long as the difference, so $z_P = 0$ and the power is one half;"
    )
    ratio = items_for(0.8, 0.02, 0.17) / items_for(0.5, 0.02, 0.17)
    said(
        f"Such a bar shows the difference in half of the tests only; "
        f"a [power](#difference) of 80 % takes {ratio:.2f} times as many items"
    )
    draw, shown = np.random.default_rng(0), []
    for n in (half, most, nearly_all):
        only_a, only_b, _ = draw.multinomial(n, [0.075, 0.095, 0.83], size=20_000).T
        d = (only_b - only_a) / n
        error = np.sqrt(((only_a + only_b) / n - d**2) / n)
        shown.append(100 * float(np.mean(d - code.Z * error > 0)))
    said(
        f"in 20,000 simulated tests with {half:,}, {most:,} and {nearly_all:,} items the difference was shown "
        f"in {shown[0]:.0f}, {shown[1]:.0f} and {shown[2]:.0f} %"
    )


@pytest.mark.equation("eq-evaluation-clusters")
def test_the_clustered_error(printed: Equations) -> None:
    scores = np.array([[1.0, 0, 1], [0, 0, 0], [1, 1, 1], [1, 0.5, 1]])
    groups = np.repeat(np.arange(4), 3)
    direct = code.clustered_error(scores.ravel(), groups)
    same = np.equal.outer(groups, groups)
    d = scores.ravel() - scores.mean()
    assert direct**2 == pytest.approx(d @ (same * 1.0) @ d / 144)  # all pairs within a group
    assert code.clustered_error(A, np.arange(200)) == pytest.approx(code.standard_error(A))
    printed("eq-evaluation-clusters").holds(
        {"E": direct, "n": 12, "G": 4, "m": 3, "s": scores, r"\bar s": scores.mean()}
    )


# Answers and tries.


def test_exact_match_normalises_as_the_page_says() -> None:
    assert code.normalise("The  Seine.") == "seine" == code.normalise("Seine")
    assert code.exact_match("The Seine.", ["Loire", "Seine"])
    assert not code.exact_match("The Seine at Paris", ["Seine"])
    assert code.normalise("3.5") == code.normalise("35") == "35"
    assert code.normalise("Theatre and a panther") == "theatre and panther"


@pytest.mark.equation("eq-evaluation-passk")
def test_pass_at_k_counts_choices(printed: Equations) -> None:
    for n, c, k in itertools.product((4, 5, 7), (0, 1, 3), (1, 2, 4)):
        right = [1] * c + [0] * (n - c)
        share = np.mean([max(choice) for choice in itertools.combinations(right, k)])
        assert code.pass_at_k(n, c, k) == pytest.approx(share)
    said("Of the 10 pairs 3 hold none, so pass@2 is $1 - 3/10 = 0.7$")
    said(f"$1 - (1 - 2/5)^2 = {1 - 0.6**2:.2f}$, looks simpler")
    with pytest.raises(ValueError, match="between 1 and n"):
        code.pass_at_k(3, 1, 4)
    printed("eq-evaluation-passk").holds(
        {r"\hat P_k": 1 - 4 / 35, "C": math.comb, "n": 7, "c": 3, "k": 3}
    )


@pytest.mark.equation("eq-evaluation-unbiased")
def test_its_mean_is_the_truth(printed: Equations) -> None:
    n, k, p = 7, 3, 0.35
    law = stats.binom(n, p).pmf(range(n + 1))
    mean = sum(law[c] * code.pass_at_k(n, c, k) for c in range(n + 1))
    assert mean == pytest.approx(1 - (1 - p) ** k)
    for last in ("n", "n + k"):
        printed.excuse(
            r"\sum_{c = 0}^{n} ⟨C (n, c) p^{c} (1 - p)^{n - c} \frac{C (n - c, k)}{C (n, k)}⟩ = "
            rf"\sum_{{c = 0}}^{{{last}}} ⟨C (n - k, c) p^{{c}} (1 - p)^{{n - c}}⟩ = (1 - p)^{{k}}",
            "there is no choice of more than n - k out of n - k: the added terms are zero",
        )
    printed("eq-evaluation-unbiased").holds(
        {"C": math.comb, "n": n, "k": k, "p": p}, free=("n", "k", "p")
    )


@pytest.mark.equation("eq-evaluation-biased")
def test_the_simple_formula_is_too_low(printed: Equations) -> None:
    random = np.random.default_rng(0)
    c = random.binomial(5, 0.4, 100_000)
    fair = np.array([code.pass_at_k(5, i, 2) for i in range(6)])[c].mean()
    simple = (1 - (1 - c / 5) ** 2).mean()
    shown = {row[0]: row[1] for row in rows_of("tab-evaluation-try")}
    assert shown["pass@2, unbiased"] == f"{fair:.3f}"
    assert shown["pass@2, by the simple formula"] == f"{simple:.3f}"
    scores = (f"{s.mean():.2f} ± {1.96 * code.standard_error(s):.3f}" for s in (A, B))
    assert shown["A and B"] == ", ".join(scores)
    d, error = code.difference(A, B)
    apart = math.hypot(code.standard_error(A), code.standard_error(B))
    assert shown["B - A, same items"] == f"{d:.2f} ± {1.96 * error:.3f}"
    assert shown["B - A, other items"] == f"{d:.2f} ± {1.96 * apart:.3f}"
    said("$0.64 - 0.048 = 0.592$, what", "$1 - 0.6^2 = 0.640$")
    law = stats.binom(5, 0.3).pmf(range(6))
    printed("eq-evaluation-biased").holds({r"\mathbb{E}": _shares(5, law), "p": 0.3, "n": 5})


def _shares(n: int, law: np.ndarray) -> Finite:
    return Finite({r"\hat p": [c / n for c in range(n + 1)]}, law.tolist())


# Samples.


@pytest.mark.equation("eq-evaluation-fid")
def test_fid_is_the_formula_with_scipys_root(printed: Equations) -> None:
    random = np.random.default_rng(0)
    x, y = random.standard_normal((50, 3)), random.standard_normal((40, 3)) @ np.diag([1, 2, 0.5])
    y = y + np.array([0.3, -0.1, 0.7])
    s, t = np.cov(x.T), np.cov(y.T)
    printed("eq-evaluation-fid").holds(
        {
            r"\operatorname{FID}": code.fid(x, y),
            r"\boldsymbol{\mu}": x.mean(0)[:, None],
            r"\boldsymbol{\nu}": y.mean(0)[:, None],
            "S": s,
            "T": t,
            "(S T)^{1/2}": linalg.sqrtm(s @ t).real,
            r"\operatorname{tr}": np.trace,
        },
        tolerance=1e-7,
    )
    one = code.fid_of(np.zeros(1), np.eye(1), np.ones(1), 4 * np.eye(1))
    assert one == pytest.approx(2)
    said(
        "Data with mean 0 and deviation 1 and samples with mean 1 and deviation 2 have $1 + 1 = 2$."
    )


@pytest.mark.equation("eq-evaluation-means")
def test_scatter_of_means_adds_to_their_distance(printed: Equations) -> None:
    s, t, n = np.diag([1.0, 0.25]), np.diag([4.0, 2.25]), 2
    mu, nu = np.array([[0.5], [-0.2]]), np.array([[0.1], [0.9]])
    # Two draws of two independent values ± deviation for each: all 256 outcomes are equally likely.
    signs = np.array(list(itertools.product((-1.0, 1.0), repeat=8))).reshape(-1, 2, 2, 2)
    means = signs.mean(1)  # (256, list, feature)
    x = mu.T + means[:, 0] * np.sqrt(np.diag(s))
    y = nu.T + means[:, 1] * np.sqrt(np.diag(t))
    printed("eq-evaluation-means").holds(
        {
            r"\mathbb{E}": Finite(
                {
                    r"\bar{\mathbf{x}}": [row[:, None] for row in x],
                    r"\bar{\mathbf{y}}": [row[:, None] for row in y],
                }
            ),
            r"\boldsymbol{\mu}": mu,
            r"\boldsymbol{\nu}": nu,
            "S": s,
            "T": t,
            r"\operatorname{tr}": np.trace,
            "n": n,
        }
    )


@pytest.mark.equation("eq-evaluation-extrapolate")
def test_the_line_through_two_sizes(printed: Equations) -> None:
    bias, truth = 150.0, 0.7
    measured = [truth + bias / n for n in (300, 800)]
    assert code.extrapolate([300, 800], measured) == pytest.approx(truth)
    printed("eq-evaluation-extrapolate").holds(
        {
            r"F_\infty": truth,
            "F_{n_1}": measured[0],
            "F_{n_2}": measured[1],
            "n_1": 300,
            "n_2": 800,
        }
    )


# The best of many.


@pytest.mark.equation("eq-evaluation-best")
def test_the_best_of_many(printed: Equations) -> None:
    n, p, m = 6, 0.7, 3
    law = stats.binom(n, p)
    best = sum(
        max(c) * float(np.prod(law.pmf(c))) for c in itertools.product(range(n + 1), repeat=m)
    )
    assert code.expected_best(n, p, m) == pytest.approx(best / n)
    assert code.expected_best(200, 0.7, 1) == pytest.approx(0.7)
    for last in ("n", "n + 1"):
        printed.excuse(
            rf"M_{{m}} = \frac{{1}}{{n}} \sum_{{j = 0}}^{{{last}}} (1 - F (j)^{{m}})",
            "nobody gets more than n right: the added terms are zero",
        )
    printed("eq-evaluation-best").holds({"M_m": best / n, "n": n, "m": m, "F": law.cdf})
    normal = integrate.quad(lambda x: x * 16 * stats.norm.cdf(x) ** 15 * stats.norm.pdf(x), -9, 9)
    spread = code.standard_error(A)
    assert code.expected_best(200, 0.7, 16) == pytest.approx(0.7 + spread * normal[0], abs=0.002)


def test_the_best_of_models_that_err_together() -> None:
    """Each item has one shared draw, which a model takes with probability root rho: then two correlate by rho."""
    n, p, m, rho = 200, 0.7, 16, 0.7
    assert np.corrcoef(A, B)[0, 1] == pytest.approx(rho, abs=0.01)
    taken = math.sqrt(rho)
    easy, hard = stats.bernoulli(taken + (1 - taken) * p), stats.bernoulli((1 - taken) * p)
    both = p * easy.mean() ** 2 + (1 - p) * hard.mean() ** 2
    assert (both - p * p) / (p * (1 - p)) == pytest.approx(rho)
    best = 0.0
    for right in range(
        n + 1
    ):  # shared draws that are right; given these the models are independent
        law = np.convolve(
            stats.binom(right, easy.mean()).pmf(range(right + 1)),
            stats.binom(n - right, hard.mean()).pmf(range(n - right + 1)),
        )
        mean = (1 - np.minimum(np.cumsum(law), 1)[:n] ** m).sum() / n
        best += stats.binom(n, p).pmf(right) * mean
    said(f"If any two of them correlate by {rho} on an item, as A and B do,")
    said(f"the best of {m} has about {100 * best:.0f} %: checkpoints")


# The lines of practice.


def test_scipy_gives_the_same() -> None:
    found = practice.report(A, B)
    assert found["score of A"] == pytest.approx(code.wilson(140, 200), abs=1e-4)
    assert found["B minus A"] == pytest.approx(
        code.bootstrap(B - A, 10_000, np.random.default_rng(0)), abs=0.006
    )
    low, high = (100 * v for v in found["B minus A"])
    said(f"75.9 % for A, {low:.1f} to {high:.1f} points for the difference and 0.023 for")
    assert found["p value"][0] == pytest.approx(code.mcnemar(6, 18))


# Exercises.


@pytest.mark.answer("answer-evaluation-pass")
def test_try_it_pass(answer: Bench) -> None:
    answer("answer-evaluation-pass").is_(
        (code.pass_at_k(4, 1, 2), 1 - 0.75**2), (0.25, 1 - 0.75**2)
    )


@pytest.mark.answer("answer-evaluation-bar")
def test_exercise_1_the_bar(answer: Bench) -> None:
    one = 100 * math.sqrt(0.9 * 0.1 / 500)
    answer("answer-evaluation-bar").is_(1.96 * one, one)


@pytest.mark.answer("answer-evaluation-bytes")
def test_exercise_2_bytes(answer: Bench) -> None:
    answer("answer-evaluation-bytes").is_((250 * 3 / 1000, 400 * 2 / 1000), (3, 2))
    assert (2**3, 2**2) == (8, 4)


@pytest.mark.answer("answer-evaluation-known")
def test_exercise_4_what_to_know(answer: Bench) -> None:
    answer("answer-evaluation-known").is_(
        "How many items only the first and only the second has right."
    )
    for differ, sure in ((15, True), (100, False)):  # 15 more of 500
        u = (differ - 15) / 2
        error = math.sqrt((differ / 500 - 0.03**2) / 500)
        assert u >= 0
        assert (1.96 * error < 0.03) is sure


@pytest.mark.answer("answer-evaluation-best")
def test_exercise_6_the_best_of_twenty(answer: Bench) -> None:
    answer("answer-evaluation-best").is_(
        (code.expected_best(200, 0.7, 20), code.expected_best(500, 0.7, 20)), (0.7, 0.7)
    )


def golden() -> dict[str, object]:
    """What the demo and Python must agree on: bars, pairs, p-values, and how often a bar holds the truth."""
    cases = []
    for both, only_a, only_b, none in ((134, 6, 18, 42), (27, 1, 2, 0), (400, 60, 41, 499)):
        n = both + only_a + only_b + none
        a = np.repeat([1.0, 1.0, 0.0, 0.0], (both, only_a, only_b, none))
        b = np.repeat([1.0, 0.0, 1.0, 0.0], (both, only_a, only_b, none))
        mean, paired = code.difference(a, b)
        apart = math.hypot(code.standard_error(a), code.standard_error(b))
        half = code.Z * code.standard_error(a)
        counts = {"both": both, "onlyA": only_a, "onlyB": only_b, "none": none}
        for kind, bar in (
            ("usual", (a.mean() - half, a.mean() + half)),
            ("Wilson", code.wilson(a.sum(), n)),
        ):
            told = [*map(float, bar), mean, paired, apart, code.mcnemar(only_a, only_b)]
            cases.append({"function": "outcome", "args": [counts, kind], "returns": told})
    for p, n in ((0.95, 30), (0.7, 200), (0.9, 2000)):
        for kind in ("usual", "Wilson"):
            held = 0.0
            for c in range(n + 1):
                half = code.Z * math.sqrt(c / n * (1 - c / n) / n)
                low, high = (c / n - half, c / n + half) if kind == "usual" else code.wilson(c, n)
                held += float(stats.binom(n, p).pmf(c)) * (low <= p <= high)
            cases.append({"function": "coverage", "args": [p, n, kind], "returns": held})
    return {"module": "training/evaluation/evaluation.mjs", "tolerance": 1e-5, "cases": cases}


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())
