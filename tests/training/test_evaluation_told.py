"""What the page of evaluation tells of its figures, from the tables that the recipes write."""

import math
from pathlib import Path

import numpy as np

from docs.training.evaluation import evaluation as code
from docs.training.evaluation import ratings
from scripts.figures import evaluation as figures
from scripts.figures import style
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "training" / "evaluation.md"
said = sayings(PAGE)
rows_of = tables(PAGE)


def read(name: str) -> style.Table:
    """The numbers of a figure of the page."""
    return style.read_table(PAGE.parent / "evaluation" / name)


def test_what_is_told_of_fid() -> None:
    found = read("fid.csv")
    assert found["n"] == [100, 200, 400, 800, 1600, 3200]
    assert (figures.WIDTH, figures.DRAWS, figures.NARROW, figures.WIDE) == (32, 20, 0.8, 1.17)
    narrow, wide, data = (found[f"{name}_mean"] for name in ("narrow", "wide", "data"))
    true = [found[f"{name} true"][0] for name in ("narrow", "wide", "data")]
    said(f"$32 \\cdot 0.2^2 = {true[0]:.2f}$ and $32 \\cdot 0.17^2 = {true[1]:.2f}$.")
    assert np.allclose(true, [32 * 0.2**2, 32 * 0.17**2, 0])
    said(f"From 400 samples W measures {wide[2]:.2f} and N {narrow[2]:.2f} on average:")
    said(f"At 1,600 they measure {wide[4]:.2f} and {narrow[4]:.2f}, both still too large.")
    said(f"Data against data measure {data[2]:.2f} at 400.")
    ends = [found[f"{name} extrapolated"][0] for name in ("wide", "narrow")]
    spread = [found[f"{name} extrapolated, deviation"][0] for name in ("wide", "narrow")]
    said(f"ends at {ends[0]:.2f} and {ends[1]:.2f} (deviations {spread[0]:.2f} and {spread[1]:.2f}")
    said("FID from few samples [ranked two generators wrongly](#fid-bias).")
    said(f"here from {figures.SAMPLES[2]} on for {figures.WIDTH}, so that")
    said("but the bands overlap; from 1,600 on they do not.")
    bands = zip(found["n"], found["narrow_least"], found["wide_most"], strict=True)
    assert all(
        (wide_most < narrow_least) == (size >= 1600) for size, narrow_least, wide_most in bands
    )
    assert all(
        (w > n) == (size <= 400) for size, w, n in zip(found["n"], wide, narrow, strict=True)
    )
    for series, truth in zip((narrow, wide, data), true, strict=True):
        assert series == sorted(series, reverse=True)
        assert series[-1] > truth
    assert all(d < min(w, n) for d, w, n in zip(data[1:], wide[1:], narrow[1:], strict=True))


def orders_that_differ(k: float) -> int:
    """In how many of the recipe's orders Elo with this K ranks the models otherwise than the fit."""
    models = len(figures.TRUTH)
    games = ratings.play(np.array(figures.TRUTH), figures.GAMES, np.random.default_rng(0))
    order = np.argsort(-ratings.bradley_terry(ratings.wins(games, models))[0])
    random = np.random.default_rng(1)
    runs = [ratings.elo(random.permutation(games), models, k) for _ in range(figures.ORDERS)]
    return int((np.argsort(-np.array(runs), axis=1) != order).any(1).sum())


def test_what_is_told_of_elo() -> None:
    found = read("rated.csv")
    assert (figures.GAMES, figures.ORDERS, len(figures.TRUTH)) == (1000, 200, 4)
    said(f"Model A, truly {found['true'][0]:,.0f}, is fitted at {found['fitted'][0]:,.0f} ± ")
    least, most = found["elo least"][0], found["elo most"][0]
    said(f"± {found['error'][0]:.0f}; Elo gives it from {least:.0f} to {most:,.0f}.")
    wrong = round(found["other order"][0] * 200)
    said(f"In {wrong} of the 200 orders the four stand otherwise", f"in {wrong} of 200 [orders of")
    others = {k: orders_that_differ(k) for k in (32, 16, 8, 4)}
    assert others[32] == wrong
    said(f"With $K = 16$ it is {others[16]} of them, with $K = 8$ it is {others[8]}, with")
    said(f"with $K = 4$ it is {others[4]}: a small $K$")
    gaps = np.abs(np.subtract(found["elo"], found["fitted"]))
    said(f"Averaged over the orders Elo is within {math.ceil(gaps.max())} points of the fit.")
    for n in range(4):
        assert abs(found["true"][n] - found["fitted"][n]) < found["error"][n]
        assert found["elo most"][n] - found["elo least"][n] > 4 * 2 * found["error"][n]
    for n in range(3):
        assert found["elo least"][n] < found["elo most"][n + 1]
    checks = read("checks.csv")
    held = checks["Bradley-Terry"][0]
    said(
        f"held the truth in {100 * held:.1f} % of {figures.SETS * 4} cases.",
        "Over 200 sets of games",
    )


def test_what_is_told_of_groups() -> None:
    checks = read("checks.csv")
    plain, clustered = checks["plain"][0], checks["clustered"][0]
    assert (figures.REPEATS, figures.GROUPS, figures.IN_GROUP) == (4000, 40, 5)
    assert figures.COHERENT == 0.5
    said("4,000 tests were made of 40 groups with 5 items")
    said(f"held the truth in {100 * plain:.1f} % of them;")
    said(f"[the clustered one](#clustered) in {100 * clustered:.1f} %.")
    said(f"$\\sqrt{{1 + 4 \\cdot 0.5}} = {math.sqrt(3):.2f}$ times as wide")
    said(
        f"Items in groups: {100 * plain:.0f} %. Errors by [group](#groups): {100 * clustered:.0f} %"
    )
    said("with bars 1.73 times as wide.")


def test_clustered_bars_are_as_wide_as_told() -> None:
    random, ratios = np.random.default_rng(0), []
    groups = np.repeat(np.arange(40), 5)
    for _ in range(500):
        shared = np.repeat(random.random(40) < 0.7, 5)
        own = random.random(200) < 0.7
        s = np.where(random.random(200) < math.sqrt(0.5), shared, own).astype(float)
        ratios.append(code.clustered_error(s, groups) / code.standard_error(s))
    assert abs(np.mean(ratios) - math.sqrt(3)) < 0.05


def test_what_is_told_of_the_leak() -> None:
    found = read("leak.csv")
    assert (figures.FEATURES, figures.TRAINED, figures.INPUTS, figures.FLIPPED) == (
        1000,
        200,
        10,
        0.2,
    )
    assert (figures.TESTED, figures.FRESH, figures.SEEDS) == (200, 2000, 10)
    test, fresh, control = (found[f"{name}_mean"] for name in ("test", "fresh", "control"))
    said(f"The test rises from {test[0]:.2f} to {test[-1]:.2f}; 2,000 fresh items stay")
    said(f"items stay between {min(fresh):.2f} and {max(fresh):.2f}.")
    said(f"the test ends at {control[-1]:.2f}, so it was not")
    said(f"[{100 * test[0]:.0f} % became {100 * test[-1]:.0f} %](#contamination)")
    assert found["share"][3] == 0.5
    said(f"$q + (1 - q) \\cdot {test[0]:.3f}$, where {test[0]:.3f} is the score")
    said(f"full skill would get about {100 * (1 - figures.FLIPPED):.0f} %, so 100 %")
    said(f"at $q = 0.5$ this is {0.5 + 0.5 * test[0]:.2f}, and {test[3]:.2f} was measured.")
    for q, measured in zip(found["share"], test, strict=True):
        assert abs(q + (1 - q) * test[0] - measured) < 0.015
    assert test == sorted(test)
    assert max(fresh) - min(fresh) < 0.012
    assert max(abs(c - 0.61) for c in control) < 0.025


def test_what_is_told_of_the_best() -> None:
    found = read("best.csv")
    assert found["models"] == [1, 2, 4, 8, 16, 32, 64]
    assert figures.REPEATS == 4000
    chosen, fresh, formula = (found[name] for name in ("chosen", "fresh", "formula"))
    said(
        f"The best of 16 has {100 * chosen[4]:.1f} % on average, and {100 * fresh[4]:.1f} % on fresh"
    )
    said(f"seemed [{100 * chosen[4] - 70:.1f} points better](#best) than it is.")
    said("**Choosing on the test inflates its score.** Dots: means of 4,000 simulations.")
    assert np.allclose(chosen, formula, atol=0.0015)
    assert all(abs(value - 0.7) < 0.001 for value in fresh)
    steps = np.diff(formula)
    assert list(steps) == sorted(steps, reverse=True)
    assert formula[-1] > 0.77


def test_saturation_by_pencil() -> None:
    items = 1.96**2 * (0.03 - 0.01**2) / 0.01**2
    said(f"= {round(items):,}$ items".replace(",", "{,}"))


def test_the_bar_of_humaneval() -> None:
    told = {row[0].split(",")[0]: row for row in rows_of("tab-evaluation-practice")}
    half = 196 * math.sqrt(0.7 * 0.3 / 164)
    assert told["HumanEval"][3] == f"one answer a task: ± {half:.1f} points at 70 %"
