"""The claims of docs/overview/index.md."""

import numpy as np
import pytest
from scipy import stats
from sklearn.naive_bayes import GaussianNB

from scripts.figures import overview, style
from scripts.printed.values import Each, Given
from tests.printed.plugin import Equations


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
