"""The claims of docs/overview/index.md."""

import math
from collections import Counter
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.naive_bayes import GaussianNB

from scripts.figures import overview, overview_diagram, style
from scripts.printed.values import Each, Given
from tests.printed.plugin import Equations
from tests.said import sayings

said = sayings(style.DOCS / "overview" / "index.md")

DATA = ("Ann saw Tom .", "Tom saw Ann .", "Ann saw Ann .")


def chance(sentence: str, ann: Fraction) -> Fraction:
    """The probability of a sentence by the die and the coin: names are Ann with probability `ann`."""
    steps = {"Ann": ann, "Tom": 1 - ann, "saw": Fraction(1, 2), ".": Fraction(1, 2)}
    return math.prod((steps[word] for word in sentence.split()), start=Fraction(1))


def mean_loss(likelihood: Fraction) -> float:
    """Nats for each of the twelve tokens."""
    return -math.log(likelihood) / 12


def test_the_table_is_counted_and_the_die_and_the_coin_draw_from_it() -> None:
    pairs = Counter(pair for line in DATA for pair in pairwise(["", *line.split()]))
    rows = Counter({row: sum(n for (a, _), n in pairs.items() if a == row) for row, _ in pairs})
    table = overview_diagram.chances(DATA)
    for row, values in zip(overview_diagram.ROWS, table, strict=True):
        for word, value in zip(overview_diagram.WORDS, values, strict=True):
            assert value == pytest.approx(pairs[row, word] / rows[row])
            die = chance(word, Fraction(2, 3)) if (row in ("", "saw")) == (word in "Ann Tom") else 0
            assert value == pytest.approx(float(die))
    said("In the row *saw* stands 2/3 for *Ann* and 1/3 for *Tom*", "At 1 to 4 write *Ann*")
    assert pairs["saw", "Ann"] == 2
    assert rows["saw"] == 3
    assert chance(DATA[0], Fraction(2, 3)) == Fraction(1, 18)
    said("have the probabilities 2/3, 1/2, 1/3 and 1/2, and their product is 1/18")
    assert "Tom saw Tom ." not in DATA
    assert chance("Tom saw Tom .", Fraction(2, 3)) == Fraction(1, 36)
    said("In one case of 36 the result is *Tom saw Tom.*")


def test_the_die_has_the_larger_likelihood_and_the_smaller_loss() -> None:
    die, coin = (
        math.prod(chance(line, ann) for line in DATA) for ann in (Fraction(2, 3), Fraction(1, 2))
    )
    assert [chance(line, Fraction(2, 3)) for line in DATA] == [
        Fraction(1, 18),
        Fraction(1, 18),
        Fraction(1, 9),
    ]
    said(f"their product, {die.numerator}/{die.denominator:,}.")
    said(f"each sentence has the probability {chance(DATA[0], Fraction(1, 2))}")
    said(f"the likelihood is {coin.numerator}/{coin.denominator:,}:")
    said(rf"$\ln({die.denominator})/12 \approx {mean_loss(die):.2f}$")
    said(rf"$\ln({coin.denominator})/12 \approx {mean_loss(coin):.2f}$")
    assert overview_diagram.loss(DATA) == pytest.approx(mean_loss(die))
    assert mean_loss(die) < mean_loss(coin)


def test_gradient_descent_goes_from_the_coin_to_the_die() -> None:
    def derivative(q: float) -> float:
        return -(4 / q - 2 / (1 - q)) / 12

    said("$-(4/q - 2/(1 - q))/12$")
    table = style.read_table(style.DOCS / "overview/index/descent.csv")
    visited = [q for q in table["visited"] if not math.isnan(q)]
    assert derivative(0.5) == pytest.approx(-1 / 3)
    q = 0.5
    for there in visited[1:]:
        q -= overview.STEP * derivative(q)
        assert there == pytest.approx(q, abs=1e-6)
    said(
        f"A step of {overview.STEP} times",
        f"$q = {visited[1]:.1f}$; the next leads to {visited[2]:.3f}",
    )
    said(f"at 0.5, {visited[1]:.1f}, {visited[2]:.3f} and {visited[3]:.3f}, each step shorter")
    for q, value in zip(table["q"], table["loss"], strict=True):
        likelihood = math.prod(chance(line, Fraction(q).limit_denominator(100)) for line in DATA)
        assert value == pytest.approx(mean_loss(likelihood), abs=1e-6)
    for _ in range(50):
        q -= overview.STEP * derivative(q)
    assert q == pytest.approx(2 / 3)


def test_two_more_sentences_change_the_table_as_the_page_says() -> None:
    table = style.read_table(style.DOCS / "overview/index/diagram.csv")
    before, after = table["table"][13], table["saw_after"][1]
    said("of *Tom* after *saw* rises from 1/3 to 3/5", "Tom after saw rises from 0.33 to 0.60")
    assert (before, after) == (pytest.approx(1 / 3, abs=1e-6), pytest.approx(3 / 5))
    said(f"gives {table['saw_after'][0]:.2f} to Ann and {after:.2f} to Tom as the next token")


def test_the_softmax_of_the_two_logits_is_the_die() -> None:
    said("The logits 0.69 and 0 have the exponentials 2 and 1, rounded, and so become 2/3 and 1/3")
    p = torch.tensor([0.69, 0.0]).softmax(-1)
    assert p.tolist() == pytest.approx([2 / 3, 1 / 3], abs=0.001)


@pytest.mark.equation("eq-overview-bayes")
def test_bayes_rule_turns_a_generative_model_into_a_classifier(printed: Equations) -> None:
    table = style.read_table(style.DOCS / "overview/index/views.csv")
    oracle = GaussianNB()
    oracle.classes_ = np.array([1, 2])
    oracle.class_prior_ = np.array(overview.PRIOR)
    oracle.theta_ = np.array(overview.MEANS)[:, None]
    oracle.var_ = np.square(overview.DEVIATIONS)[:, None]
    expected = oracle.predict_proba(np.array(table["x"])[:, None])[:, 1]
    np.testing.assert_allclose(table["class_2_given_x"], expected, atol=1e-6)
    density = r"p(\cdot \mid \cdot)"
    laws = [stats.norm(m, s) for m, s in zip(overview.MEANS, overview.DEVIATIONS, strict=True)]
    printed("eq-overview-bayes").holds(
        {
            r"p(y \mid x)": Given(
                ("x", "y"), lambda x, y: oracle.predict_proba([[x]])[0, y - 1].item()
            ),
            density: lambda x, y: laws[y - 1].pdf(x),
            r"p(\cdot)": lambda y: overview.PRIOR[y - 1],
            "x": 0.37,
            "y": Each([1, 2]),
            "y'": Each([1, 2]),
        },
        free=("x", density, r"p(\cdot)"),  # a factor common to all classes cancels
    )


@pytest.mark.equation("eq-overview-bayes")
def test_bayes_rule_gives_the_frequencies_among_drawn_points() -> None:
    draw = np.random.default_rng(0)
    y = draw.random(400_000) < overview.PRIOR[1]
    x = np.where(
        y,
        draw.normal(overview.MEANS[1], overview.DEVIATIONS[1], y.size),
        draw.normal(overview.MEANS[0], overview.DEVIATIONS[0], y.size),
    )
    table = style.read_table(style.DOCS / "overview/index/views.csv")
    for at, p in zip(table["x"], table["class_2_given_x"], strict=True):
        near = np.abs(x - at) < 0.03
        if near.sum() > 3000:  # enough for a standard error below 0.01
            assert y[near].mean() == pytest.approx(p, abs=0.04)


def test_the_curve_falls_again_at_the_far_right() -> None:
    column = style.read_table(style.DOCS / "overview/index/views.csv")["class_2_given_x"]
    assert column[-1] < max(column)
