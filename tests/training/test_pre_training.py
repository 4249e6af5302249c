"""Pre-training data: equal minima and bands by enumeration, shares, packing against single documents, collapse."""

import itertools
import math
import random
import runpy
from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import optimize, special, stats

from scripts.printed.values import Finite
from tests.answers.plugin import Bench
from tests.printed.plugin import Equations
from tests.said import sayings, tables

code: Any = import_module("docs.training.pre-training.pre_training")
PAGE = Path(code.__file__).parent.with_suffix(".md")
A, B, C = (code.shingles(text) for text in (code.A, code.B, code.C))
said = sayings(PAGE)
rows_of = tables(PAGE)


def orders_with_equal_minima(one: set[str], other: set[str]) -> tuple[int, int]:
    """Of all orders of the shingles, those in which the first of either set is the same, and all of them."""
    equal = 0
    total = 0
    for order in itertools.permutations(sorted(one | other)):
        total += 1
        equal += next(x for x in order if x in one) == next(x for x in order if x in other)
    return equal, total


# Near copies.


@pytest.mark.equation("eq-pre-training-minima")
def test_equal_minima_by_all_orders(printed: Equations) -> None:
    assert sorted(A) == ["cat sat", "on the", "sat on", "the cat", "the mat"]
    assert (len(A & B), len(A | B)) == (4, 6)
    assert (len(A & C), len(A | C)) == (3, 7)
    for one, other in ((A, B), (A, C)):
        equal, total = orders_with_equal_minima(one, other)
        assert equal / total == pytest.approx(code.jaccard(one, other))
    first, second = orders_with_equal_minima(A, B), orders_with_equal_minima(A, C)
    said(f"{first[0]} of all {first[1]} orders", f"{second[0]:,} of {second[1]:,}.")
    said("A and B share 4 shingles out of 6 different ones.", "A and C share 3 of 7.")
    printed("eq-pre-training-minima").holds(
        {"g": second[0] / second[1], "c": 3, "u": 7, "s": 3 / 7}
    )


def first_of(one: set[str], order: Sequence[str]) -> str:
    """The first shingle of a text in an order of all shingles."""
    return next(x for x in order if x in one)


def test_the_order_that_is_written_out() -> None:
    line = "dog sat, cat sat, the mat, on the, a dog, the hat, sat on, the cat"
    order = line.split(", ")
    assert set(order) == A | B | C
    a, b, c = (first_of(one, order) for one in (A, B, C))
    assert a == b != c
    said(f"In the order *{line}* the minimum of A is *{a}*, of B *{b}*, of C *{c}*: A and B agree.")


def test_what_six_orders_keep_by_all_orders() -> None:
    pairs = ((0, 1), (0, 2), (1, 2))
    single: Counter[tuple[bool, ...]] = Counter()
    for order in itertools.permutations(sorted(A | B | C)):
        minima = [first_of(one, order) for one in (A, B, C)]
        single[tuple(minima[m] == minima[n] for m, n in pairs)] += 1
    chance = 0.0
    for drawn in itertools.product(single, repeat=6):
        bands = [[x and y for x, y in zip(*drawn[i : i + 2], strict=True)] for i in (0, 2, 4)]
        met = {pair for i, pair in enumerate(pairs) if any(band[i] for band in bands)}
        if code.keep(3, met) == [0, 2]:
            chance += math.prod(single[x] for x in drawn) / math.factorial(8) ** 6
    share = f"{100 * chance:.0f} % of all draws"
    said(f"In the example A and C alone are kept, as in the first picture, in {share}.")


@pytest.mark.equation("eq-pre-training-spread")
def test_the_share_of_equal_minima_scatters_like_a_binomial(printed: Equations) -> None:
    s, k = 0.3, 7
    law = stats.binom(k, s).pmf(range(k + 1))
    share = Finite({r"\hat s": [i / k for i in range(k + 1)]}, law.tolist())
    printed("eq-pre-training-spread").holds({r"\mathbb{E}": share, "s": s, "k": k})
    said(f"about $\\pm {math.sqrt(2 / 9 / 112):.2f}$ at $s = 4/6$ and $k = 112$")


def test_the_hash_is_nearly_a_random_order() -> None:
    for one, other in ((A, B), (A, C)):
        s = code.jaccard(one, other)
        equal = (code.signature(one, 20_000) == code.signature(other, 20_000)).mean()
        assert equal == pytest.approx(s, abs=4 * math.sqrt(s * (1 - s) / 20_000) + 0.003)
    for k in range(1, 6):  # the minimum of a union is the least of the minima
        least = np.minimum(code.signature(A, k), code.signature(C, k))
        assert np.array_equal(code.signature(A | C, k), least)
    assert not np.array_equal(code.signature(A, 5, 1), code.signature(A, 5, 2))
    with pytest.raises(ValueError, match="no signature"):
        code.signature(set(), 3)


@pytest.mark.equation("eq-pre-training-bands")
def test_bands_by_all_orders(printed: Equations) -> None:
    """Two sets with 1 of 3 shingles in common: all 6^6 choices of six orders, as 3 bands of 2 and 2 bands of 3."""
    one, other = {"x", "y"}, {"x", "z"}
    agree = [
        next(e for e in order if e in one) == next(e for e in order if e in other)
        for order in itertools.permutations("xyz")
    ]
    draws: Any = np.array(list(itertools.product(agree, repeat=6)))
    for b, r in ((3, 2), (2, 3), (6, 1), (1, 6)):
        found = draws.reshape(-1, b, r).all(2).any(1).mean()
        assert code.caught(1 / 3, b, r) == pytest.approx(found)
    found = draws.reshape(-1, 3, 2).all(2).any(1).mean()
    printed("eq-pre-training-bands").holds({"f": found, "s": 1 / 3, "r": 2, "b": 3})
    said(f"$604/729 = {604 / 729:.2f}$, A and C with {code.caught(3 / 7, 3, 2):.2f}.")
    assert code.caught(4 / 6, 3, 2) == pytest.approx(604 / 729)
    said(
        f"At a similarity of 0.2 the first find {100 * code.caught(0.2, 3, 2):.0f} % and FineWeb's "
        f"find {100 * code.caught(0.2, 14, 8):.3f} %"
    )
    said(f"FineWeb's bands miss {100 - 100 * code.caught(0.75, 14, 8):.0f} % of the pairs at 0.75.")


@pytest.mark.equation("eq-pre-training-half")
def test_half_are_found_at(printed: Equations) -> None:
    half = {
        (b, r): optimize.brentq(lambda s, b=b, r=r: code.caught(s, b, r) - 0.5, 0, 1, xtol=1e-14)
        for b, r in ((3, 2), (20, 4), (14, 8))
    }
    printed("eq-pre-training-half").holds({"s_{1/2}": half[20, 4], "b": 20, "r": 4}, tolerance=1e-8)
    said(
        f"find half at {half[3, 2]:.2f}, 20 bands of 4 at {half[20, 4]:.2f}, and FineWeb's 14 bands "
        f"of 8 at {half[14, 8]:.2f}"
    )


def test_candidates_share_a_band_and_groups_keep_their_first() -> None:
    rows = [np.array(row) for row in ([1, 2, 3, 4], [1, 2, 9, 9], [5, 2, 3, 9], [7, 7, 9, 9])]
    direct = {
        (m, n)
        for m, n in itertools.combinations(range(4), 2)
        if any((rows[m][i : i + 2] == rows[n][i : i + 2]).all() for i in (0, 2))
    }
    assert code.candidates(rows, 2) == direct == {(0, 1), (1, 3)}
    assert code.keep(4, direct) == [0, 2]
    assert code.keep(4, {(2, 3), (0, 3), (1, 2)}) == [0]
    assert code.keep(5, {(3, 4), (1, 4)}) == [0, 1, 2]
    shifted = [np.array([1, 2, 3, 4]), np.array([3, 4, 1, 2])]  # the same bands at other places
    assert code.candidates(shifted, 2) == set()


# Mixing.


@pytest.mark.equation("eq-pre-training-mixture")
def test_shares_and_passes(printed: Equations) -> None:
    n, a, budget = [90.0, 10.0, 33.0], 0.3, 57.0
    p = np.exp(a * np.log(n) - special.logsumexp(a * np.log(n)))  # a softmax of a times log n
    assert code.shares(n, a) == pytest.approx(p.tolist())
    printed("eq-pre-training-mixture").holds(
        {"p": p, "n": n, "a": a, "S": 3, "D": budget, "e": code.passes(n, a, budget), "i": 2},
        free=("i",),
    )
    assert code.shares(n, 1) == pytest.approx([v / 133 for v in n])
    assert code.shares(n, 0) == pytest.approx([1 / 3] * 3)
    assert code.shares(code.SIZES, 0.5) == pytest.approx([0.75, 0.25])
    first, second = code.passes(code.SIZES, 0.5, code.BUDGET)
    said(f"$75/90 = {first:.2f}$ times", f"$25/10 = {second:.1f}$ times")
    said("so 75 % and 25 %.", "has 90 billion tokens, source 2 has 10, and 100 shall be read")


# Windows.


def packed() -> Any:
    """A and C of the example as numbers of words, in windows of 10."""
    words = sorted(set((code.A + " " + code.C).split()))
    return code.pack([[words.index(w) for w in t.split()] for t in (code.A, code.C)], 10, 99)


def test_the_window_of_the_example() -> None:
    tokens, owner = packed()
    assert tokens.shape == (1, 10)
    assert tokens[0, 6] == 99
    assert owner[0].tolist() == [0] * 7 + [1] * 3
    mask = code.document_mask(owner[0])
    assert int(mask.sum()) == 28 + 6
    assert int(torch.ones(10, 10).tril().sum()) == 55
    said(
        "of the 55 pairs of a token and one before it or itself, $28 + 6 = 34$ remain; "
        "positions start again at 0 with C."
    )
    assert code.positions(owner[0]).tolist() == [0, 1, 2, 3, 4, 5, 6, 0, 1, 2]
    assert int((owner[0][1:] == owner[0][:-1]).sum()) == 8
    said("so 8 of 9 count.", "A and C have 6 words each, the window has room for 10.")
    assert not mask[7:, :7].any()
    assert not mask.triu(1).any()


@pytest.mark.equation("eq-pre-training-loss")
def test_the_loss_is_that_of_the_documents_alone(printed: Equations) -> None:
    torch.manual_seed(0)
    owner = torch.tensor([0, 0, 0, 1, 1, 1, 1])
    tokens, logits = torch.randint(5, (7,)), torch.randn(7, 5, dtype=torch.float64)
    alone = [
        torch.nn.functional.cross_entropy(logits[i : j - 1], tokens[i + 1 : j], reduction="sum")
        for i, j in ((0, 3), (3, 7))
    ]
    mean = float(sum(alone)) / 5
    assert float(code.masked_loss(logits, tokens, owner)) == pytest.approx(mean)
    p = logits.softmax(-1)[range(6), tokens[1:]]
    printed("eq-pre-training-loss").holds(
        {r"\mathcal{L}": mean, "m": [1, 1, 0, 1, 1, 1], "p": p.numpy(), "T": 6}
    )


# Collapse.


@pytest.mark.equation("eq-pre-training-shrink")
def test_the_variance_shrinks_by_enumeration(printed: Equations) -> None:
    """Three samples of a skewed coin of mean 0: no Gaussian."""
    values, chances, n = (-1.2, 0.6), (1 / 3, 2 / 3), 3
    draws = list(itertools.product(range(2), repeat=n))
    x = np.array([[values[i] for i in draw] for draw in draws])
    weights = [math.prod(chances[i] for i in draw) for draw in draws]
    law = Finite(
        {"x": x[:, 0].tolist(), r"\bar x": x.mean(1).tolist(), "v_{t+1}": x.var(1).tolist()},
        weights,
    )
    printed("eq-pre-training-shrink").holds({r"\mathbb{E}": law, "v_t": 0.72, "N": n})
    assert code.expected(4, 3) == pytest.approx(0.75**3)
    said(f"After three rounds $0.75^3 = {code.expected(4, 3):.2f}$ of the variance")


@pytest.mark.equation("eq-pre-training-drift")
def test_the_drift_of_the_logarithm(printed: Equations) -> None:
    n, v = 7, 0.83
    nodes, weights = special.roots_genlaguerre(120, (n - 3) / 2)  # half a chi-squared number
    following = (2 * nodes * v / n).tolist()
    law = Finite(
        {"v_{t+1}": following, "v_t": [v] * len(nodes)}, (weights / weights.sum()).tolist()
    )
    printed("eq-pre-training-drift").holds(
        {"d": code.drift(n), r"\mathbb{E}": law, r"\psi": special.digamma, "N": n}, tolerance=1e-5
    )
    assert code.drift(n, True) - code.drift(n) == pytest.approx(math.log(n / (n - 1)))
    said(f"which is ${code.drift(10, True):.3f}$ for ten samples")
    for samples in range(2, 60):
        assert code.drift(samples, unbiased=True) < 0


def one_round(samples: int, real: int, mean: float, v: float) -> tuple[float, float]:
    """Mean of the squared fitted mean and of the fitted variance over all signs of the samples."""
    squares, variances = [], []
    for signs in itertools.product((-1, 1), repeat=samples):
        x = np.array(signs, float)
        x[real:] = mean + math.sqrt(v) * x[real:]
        squares.append(x.mean() ** 2)
        variances.append(x.var())
    return float(np.mean(squares)), float(np.mean(variances))


@pytest.mark.equation("eq-pre-training-mixed")
def test_a_round_with_real_samples_by_enumeration(printed: Equations) -> None:
    m, v = 0.07, 0.6
    new_m, new_v = one_round(4, 1, math.sqrt(m), v)
    printed("eq-pre-training-mixed").holds(
        {"M_{t+1}": new_m, "V_{t+1}": new_v, "M_t": m, "V_t": v, "q": 1 / 4, "N": 4}
    )


@pytest.mark.equation("eq-pre-training-floor")
def test_the_floor_is_where_rounds_stay(printed: Equations) -> None:
    samples, real = 6, 2
    m, v = 0.0, 1.0
    for _ in range(60):
        m, v = one_round(samples, real, math.sqrt(m), v)
    printed("eq-pre-training-floor").holds(
        {r"V_\infty": v, "q": real / samples, "N": samples}, tolerance=1e-9
    )
    assert code.floor(samples, real / samples) == pytest.approx(v)
    assert code.floor(10, 0) == pytest.approx(0)
    assert code.floor(10, 1) == pytest.approx(0.9)
    said(
        f"One real sample in ten gives {code.floor(10, 0.1):.2f}, five give {code.floor(10, 0.5):.3f}."
    )
    said(f"are {code.floor(10, 0.1):.2f} and {code.floor(10, 0.5):.3f}.")


def test_rounds_agree_with_their_formulas() -> None:
    found = code.rounds(4, 0, 3, 40_000, np.random.default_rng(1))
    for t in range(4):
        error = found[:, t].std() / math.sqrt(len(found))
        assert abs(found[:, t].mean() - code.expected(4, t)) <= 4 * error + 1e-12
    logs = np.log(code.rounds(5, 0, 2, 20_000, np.random.default_rng(2), unbiased=True))
    assert logs[:, 2].mean() == pytest.approx(2 * code.drift(5, True), abs=0.05)
    held = code.rounds(10, 3, 30, 20_000, np.random.default_rng(3))[:, -1]
    assert held.mean() == pytest.approx(code.floor(10, 0.3), abs=0.02)


def test_the_program_prints_the_example(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(code.__file__, run_name="__main__")
    out = capsys.readouterr().out
    assert "Jaccard 0.667" in out
    assert "0.829 and 0.456" in out
    assert "0.422]" in out


# Exercises.


@pytest.mark.answer("answer-pre-training-try")
def test_try_it(answer: Bench) -> None:
    d, e = (code.shingles(t) for t in ("the dog sat on the mat", "the dog sat on the rug"))
    s = code.jaccard(d, e)
    answer("answer-pre-training-try").is_(
        (len(d & e), len(d | e), s, code.caught(s, 3, 2)), (5, 6, 5 / 6, code.caught(5 / 6, 3, 2))
    )


@pytest.mark.answer("answer-pre-training-bands")
def test_exercise_1_bands(answer: Bench) -> None:
    s, wrong = 6 / (8 + 8 - 6), 6 / 8
    answer("answer-pre-training-bands").is_(
        (s, round(100 * code.caught(s, 2, 2))), (wrong, 100 * code.caught(wrong, 2, 2))
    )


@pytest.mark.answer("answer-pre-training-shares")
def test_exercise_2_shares(answer: Bench) -> None:
    n = (64.0, 4.0)
    answer("answer-pre-training-shares").is_(
        (code.shares(n, 0.5)[1], code.passes(n, 0.5, 40)[1]),
        (code.shares(n, 1)[1], code.passes(n, 1, 40)[1]),
    )


@pytest.mark.answer("answer-pre-training-rounds")
def test_exercise_3_rounds(answer: Bench) -> None:
    rounds = next(t for t in range(99) if code.expected(10, t) < 0.5)
    answer("answer-pre-training-rounds").is_(rounds, 5)


@pytest.mark.answer("answer-pre-training-pairs")
def test_exercise_4_pairs(answer: Bench) -> None:
    mask = code.document_mask(torch.tensor([0] * 4 + [1] * 3 + [2] * 5))
    answer("answer-pre-training-pairs").is_((int(mask.sum()), 12 * 13 / 2), (12, 78))


@pytest.mark.answer("answer-pre-training-leak")
def test_exercise_5_the_leak(answer: Bench) -> None:
    answer("answer-pre-training-leak").is_("Copies of test documents came in with the new ones.")
    corpus: Any = import_module("docs.training.pre-training.corpus")
    draw = random.Random(0)
    texts = ["".join(draw.choices("abcd", k=80)) for _ in range(60)]
    test, fresh, pool = texts[:10], texts[10:20], texts[20:40]
    before, after = corpus.Counts(pool), corpus.Counts(pool + texts[40:50] + test)
    assert after.bits(test) < before.bits(test) - 0.5
    assert abs(after.bits(fresh) - before.bits(fresh)) < 0.2


@pytest.mark.answer("answer-pre-training-mixed")
def test_exercise_6_mixed(answer: Bench) -> None:
    run = code.rounds(20, 2, 60, 4000, np.random.default_rng(0)).mean(0)[-1]
    answer("answer-pre-training-mixed").is_((run, code.floor(20, 0.1)))


@pytest.mark.answer("answer-pre-training-half")
def test_exercise_7_half(answer: Bench) -> None:
    half = [
        optimize.brentq(lambda s, b=b, r=r: code.caught(s, b, r) - 0.5, 0, 1)
        for b, r in ((450, 20), (14, 8))
    ]
    answer("answer-pre-training-half").is_(*half)
