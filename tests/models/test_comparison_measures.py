"""What is measured of samples: against hand-made lists, scikit-learn, closed forms and the known density."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import integrate, stats
from sklearn.datasets import load_digits
from torch import Tensor

from docs.models.comparison import measures, practice
from tests.answers.plugin import Bench
from tests.printed.plugin import Equations
from tests.said import sayings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "comparison.md"
said = sayings(PAGE)


def column(*values: float) -> Tensor:
    """Items of one number each."""
    return torch.tensor(values, dtype=torch.float64)[:, None]


DATA, SHARP, BROAD = column(0, 1, 10, 11), column(0, 1, 2, 3), column(*range(16))


def apart(x: Tensor, y: Tensor) -> float:
    """The energy distance of two lists as whole distributions, pair by pair."""
    a, b = x[:, 0].numpy(), y[:, 0].numpy()
    across, within_a, within_b = (
        np.mean(np.abs(np.subtract.outer(p, q))) for p, q in ((a, b), (a, a), (b, b))
    )
    return float(2 * across - within_a - within_b)


def test_the_two_models_of_the_example() -> None:
    assert (measures.precision(SHARP, DATA, 1), measures.recall(SHARP, DATA, 1)) == (0.75, 0.5)
    assert measures.precision(BROAD, DATA, 1) == pytest.approx(7 / 16)
    assert measures.recall(BROAD, DATA, 1) == 1
    assert apart(SHARP, DATA) == pytest.approx(3.75)
    assert apart(BROAD, DATA) == pytest.approx(1.0625)
    lists = [[f"{v:.0f}" for v in values[:, 0]] for values in (DATA, SHARP, BROAD)]
    y, a, b = ([*names[:-1], f"and {names[-1]}"] for names in lists)
    reach = torch.cdist(DATA, DATA).kthvalue(2, dim=1).values
    for made in (SHARP, BROAD):
        assert torch.cdist(made, made).kthvalue(2, dim=1).values.tolist() == [1] * len(made)
    broad = torch.cdist(BROAD, DATA) <= reach
    inside = [int(v) for v, near in zip(BROAD[:, 0], broad.any(1), strict=True) if near]
    assert inside == [0, 1, 2, 9, 10, 11, 12]
    assert reach.tolist() == [1] * len(DATA)
    said(
        f"Four test items lie at {', '.join(y[:-1])} {y[-1]}: two groups.",
        f"Model A gives only {', '.join(a[:-1])} {a[-1]}, each with probability 1/{len(SHARP)}.",
        f"Model B gives {', '.join(b[:3])}, … {lists[2][-1]}, each with probability 1/{len(BROAD)}.",
        f"Here each reach is {reach[0]:.0f}, of data and of samples.",
        f"in a neighbourhood of the data: 0, 1 and 2 are, 3 is not, so A has {3}/{len(SHARP)}.",
        f"of the samples: 0 and 1 are, 10 and 11 are not, so {2}/{len(DATA)}.",
        f"Of B's samples 0, 1, 2 and 9, 10, 11, 12 are near data, {len(inside)} of {len(BROAD)}; its "
        f"recall is {len(DATA)}/{len(DATA)}.",
        f"on each, {math.log2(len(BROAD)) - math.log2(len(DATA)):.0f} above that.",
    )


@pytest.mark.equation("eq-comparison-distance")
def test_the_energy_distance_pairs_no_item_with_itself() -> None:
    own = sum(abs(a - b) for a in (0, 1, 10, 11) for b in (0, 1, 10, 11)) / 12
    made = sum(abs(a - b) for a in range(4) for b in range(4)) / 12
    assert measures.energy_distance(SHARP, DATA) == pytest.approx(2 * 5.125 - own - made)
    a, b = (measures.energy_distance(x, DATA) for x in (SHARP, BROAD))
    said(f"this code gives {a:.3f} for A and {b:.3f} for B.".replace("-", "−"))
    found = [
        measures.energy_distance(measures.ring(300, n), measures.ring(300, 50 + n))
        for n in range(20)
    ]
    assert abs(np.mean(found)) < 4 * np.std(found) / math.sqrt(20)
    assert min(found) < 0 < max(found)


@pytest.mark.equation("eq-comparison-precision")
def test_neighbourhoods_are_those_of_scikit_learn() -> None:
    x, y = measures.ring(200, 1).double(), 0.9 * measures.ring(200, 2).double()
    wanted = practice.precision_recall(x.numpy(), y.numpy())
    assert wanted == pytest.approx((measures.precision(x, y), measures.recall(x, y)))
    assert 0.2 < wanted[0] < 0.99
    assert wanted[0] != wanted[1]


def test_a_share_near_a_mode_and_the_modes() -> None:
    share, modes = measures.near(measures.ring(100_000, 0))
    assert share == pytest.approx(1 - math.exp(-4.5), abs=2e-3)
    assert modes == 8
    one = measures.centres()[:1].repeat(31, 1)
    rest = measures.centres()[1:2]
    assert measures.near(torch.cat([one, rest])) == (1, 1), (
        "1 of 32 is a quarter of an eighth, no more"
    )
    assert measures.near(torch.cat([one[:30], rest]))[1] == 2
    assert measures.near(torch.tensor([[1.4, 0.46], [1.4, 0.44]]))[0] == 0.5


def test_the_ring_has_the_density_that_is_used() -> None:
    axis = torch.arange(-3, 3, 0.02) + 0.01
    grid = torch.cartesian_prod(axis, axis)
    assert float(measures.log_ring(grid).exp().sum()) * 0.02**2 == pytest.approx(1, abs=1e-4)
    x = measures.ring(50_000, 3)
    np.testing.assert_allclose(x.T.cov(), torch.eye(2) * (1.4**2 / 2 + 0.15**2), atol=0.02)
    assert float(-measures.log_ring(x).mean()) / math.log(2) == pytest.approx(
        measures.ENTROPY, abs=0.02
    )


@pytest.mark.equation("eq-comparison-entropy")
def test_entropy_of_the_ring(printed: Equations) -> None:
    plane = 2 * float(stats.norm(scale=0.3).entropy()) / math.log(2)
    printed("eq-comparison-entropy").holds(
        {r"\mathrm{H}": 3 + plane, r"\sigma": 0.3, r"\pi": math.pi}
    )
    assert pytest.approx(1.620, abs=5e-4) == measures.ENTROPY


@pytest.mark.equation("eq-comparison-dimension")
def test_bits_of_a_pixel_are_those_of_the_levels(printed: Equations) -> None:
    probabilities = torch.tensor(np.random.default_rng(0).dirichlet(np.ones(17), 64))
    levels = torch.randint(17, (64,), generator=torch.Generator().manual_seed(0))
    chosen = probabilities[torch.arange(64), levels]
    wanted = float(-chosen.log2().mean())
    scaled = float((chosen / (4 / 17)).log().sum())  # the density on the scaled axis
    assert measures.bits(torch.tensor([scaled])) == pytest.approx(wanted, rel=1e-5)
    printed("eq-comparison-dimension").holds({"b": wanted, r"\log p_\theta(x)": scaled, "D": 64})


@pytest.mark.equation("eq-comparison-lost")
def test_a_lost_mode_costs_a_divergence(printed: Equations) -> None:
    for rare in (0.1, 0.03):
        wanted = float(stats.entropy([0.5, 0.5], [1 - rare, rare], base=2))
        printed("eq-comparison-lost").holds({"D": wanted, r"\varepsilon": rare})
    costs = [float(stats.entropy([0.5, 0.5], [1 - e, e], base=2)) for e in (0.1, 0.01)]
    assert costs == pytest.approx([0.737, 2.33], abs=4e-3)


@pytest.mark.equation("eq-comparison-sure")
def test_how_sure_a_share_is(printed: Equations) -> None:
    spread = float(stats.binom(50, 0.3).std()) / 50
    printed("eq-comparison-sure").holds({"s": spread, "q": 0.3, "n": 50})
    assert math.sqrt(0.9 * 0.1 / 2000) == pytest.approx(0.007, abs=5e-4)


def test_digits_are_scaled_by_level_and_split() -> None:
    train, rest = measures.digits(torch.tensor(load_digits().data, dtype=torch.float32), 0)
    assert (len(train), len(rest)) == (1000, 797)
    both = torch.cat([train, rest])
    assert both.min() >= -2
    assert both.max() <= 2
    levels = ((both / 4 + 0.5) * 17).floor()
    assert sorted(map(tuple, levels.int().tolist())) == sorted(
        map(tuple, load_digits().data.astype(int).tolist())
    )
    inside = (both / 4 + 0.5) * 17 - levels
    assert float(inside.mean()) == pytest.approx(0.5, abs=0.01)


def test_a_copy_is_seen() -> None:
    train, test = measures.ring(400, 0), measures.ring(400, 1)
    assert measures.copied(train[:50], test, train) == 1
    assert measures.copied(test, test, train) == pytest.approx(0.05, abs=0.01)


@pytest.mark.answer("answer-comparison-twice")
@pytest.mark.answer("answer-comparison-rare")
@pytest.mark.answer("answer-comparison-pixel")
@pytest.mark.answer("answer-comparison-many")
@pytest.mark.answer("answer-comparison-second")
def test_exercises_by_hand(answer: Bench) -> None:
    twice = column(0, 1, 10, 10)
    answer("answer-comparison-twice").is_(
        [measures.precision(twice, DATA, 1), measures.recall(twice, DATA, 1)], [1, 1]
    )
    rare = float(stats.entropy([0.5, 0.5], [31 / 32, 1 / 32], base=2))
    answer("answer-comparison-rare").is_(rare, math.log2((1 / 2) / (1 / 32)))
    answer("answer-comparison-pixel").is_(measures.bits(torch.zeros(1)), 0)
    answer("answer-comparison-many").is_(0.5 * 0.5 / 0.01**2, 1 / 0.01)
    answer("answer-comparison-second").is_(
        [measures.precision(SHARP, DATA, 2), measures.recall(SHARP, DATA, 2)], [0.75, 0.5]
    )


@pytest.mark.answer("answer-comparison-which")
def test_exercise_4_a_few_kinds(answer: Bench) -> None:
    x = measures.ring(2000, 0)
    few = x[torch.atan2(x[:, 1], x[:, 0]) > 1.2]
    y = measures.ring(len(few), 1)
    assert measures.precision(few, y) > 0.9
    assert measures.recall(few, y) < 0.5
    narrow = measures.centres()[torch.arange(2000) % measures.MODES]
    narrow = narrow + 0.04 * torch.randn(2000, 2, generator=torch.Generator().manual_seed(0))
    assert measures.precision(narrow, x) > 0.95
    assert measures.recall(narrow, x) < 0.5
    answer("answer-comparison-which").is_(
        "Like data, but of a few kinds, or too much alike within each."
    )


def test_integral_of_the_entropy_of_a_normal() -> None:
    density = stats.norm(scale=0.15)
    found, _ = integrate.quad(lambda v: -density.pdf(v) * density.logpdf(v), -1.5, 1.5)
    assert 3 + 2 * found / math.log(2) == pytest.approx(measures.ENTROPY)
