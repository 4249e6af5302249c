"""The claims of docs/paradigms/self-supervised.md."""

import itertools
import math
from importlib import import_module

import pytest
import torch

from scripts.figures import style
from scripts.printed.values import Finite
from tests.printed.plugin import Equations
from tests.said import sayings

said = sayings(style.DOCS / "paradigms" / "self-supervised.md")

ssl = import_module("docs.paradigms.self-supervised.self_supervised")

JOINT = torch.tensor([[0.30, 0.05, 0.05], [0.02, 0.20, 0.03], [0.05, 0.10, 0.20]]).double()


def information(joint: torch.Tensor) -> float:
    product = joint.sum(1)[:, None] * joint.sum(0)
    return (joint * (joint / product).log()).sum().item()


def batches(
    critic: torch.Tensor, K: int, joint: torch.Tensor = JOINT
) -> tuple[list[float], list[float]]:
    """The loss of every batch of K pairs, and how probable the batch is."""
    pairs = list(itertools.product(range(3), range(3)))
    losses, chances = [], []
    for drawn in itertools.product(pairs, repeat=K):
        chances.append(math.prod(joint[pair].item() for pair in drawn))
        x, y = (torch.tensor(side) for side in zip(*drawn, strict=True))
        losses.append(torch.nn.functional.cross_entropy(critic[x][:, y], torch.arange(K)).item())
    return losses, chances


def expected_bound(critic: torch.Tensor, K: int) -> float:
    """log K minus the exact expectation of the loss over all batches of K pairs."""
    return math.log(K) - sum(a * b for a, b in zip(*batches(critic, K), strict=True))


@pytest.mark.equation("eq-self-supervised-infonce")
def test_the_printed_bound_is_loose_and_for_independent_views_tight(printed: Equations) -> None:
    product = JOINT.sum(1)[:, None] * JOINT.sum(0)
    for joint in (JOINT, 0.9995 * product + 0.0005 * JOINT):
        best = (joint / joint.sum(1)[:, None] / joint.sum(0)).log()
        losses, chances = batches(best, 3, joint)
        printed("eq-self-supervised-infonce").holds(
            {
                "I(X; Y)": information(joint),
                "K": 3,
                r"\mathbb{E}": Finite({r"\mathcal{L}_K": losses}, chances),
            },
            free=("I(X; Y)",),
        )


@pytest.mark.equation("eq-self-supervised-loss")
def test_the_loss_equals_the_cross_entropy_of_the_library(printed: Equations) -> None:
    f = torch.randn(5, 5, generator=torch.Generator().manual_seed(0))
    printed("eq-self-supervised-loss").holds(
        {r"\mathcal{L}_K": ssl.info_nce(f.double()).item(), "K": 5, "f": f.double().numpy()}
    )
    expected = torch.nn.functional.cross_entropy(f, torch.arange(5))
    torch.testing.assert_close(ssl.info_nce(f), expected)
    torch.testing.assert_close(ssl.information_bound(f), math.log(5) - expected)


@pytest.mark.equation("eq-self-supervised-infonce")
@pytest.mark.parametrize("K", [2, 3])
def test_the_expected_loss_bounds_the_information_for_any_scores(K: int) -> None:
    best = (JOINT / JOINT.sum(1)[:, None] / JOINT.sum(0)).log()
    truth, tightest = information(JOINT), expected_bound(best, K)
    assert 0 < tightest < truth
    draw = torch.Generator().manual_seed(0)
    for _ in range(3):
        critic = best + torch.randn(3, 3, generator=draw, dtype=torch.float64)
        assert expected_bound(critic, K) < tightest


@pytest.mark.equation("eq-self-supervised-infonce")
def test_more_pairs_certify_more() -> None:
    best = (JOINT / JOINT.sum(1)[:, None] / JOINT.sum(0)).log()
    assert expected_bound(best, 2) < expected_bound(best, 3) < information(JOINT)


def test_the_bound_never_exceeds_log_k() -> None:
    f = 1000 * torch.eye(8, dtype=torch.float64)  # perfect scores
    assert ssl.information_bound(f).item() == pytest.approx(math.log(8))
    draw = torch.Generator().manual_seed(0)
    for _ in range(20):
        assert ssl.information_bound(5 * torch.randn(8, 8, generator=draw)) <= math.log(8)


@pytest.mark.equation("eq-self-supervised-infonce")
def test_the_figure_stays_below_both_limits_and_comes_close() -> None:
    table = style.read_table(style.DOCS / "paradigms/self-supervised/bound.csv")
    for shared in (0.5, 2.0, 4.0):
        column = table[f"certified_{shared:g}"]
        assert all(value <= shared + 0.02 for value in column)  # sampling error of the means
        assert all(v <= limit for v, limit in zip(column, table["log_K"], strict=True))
        assert column[-1] > 0.93 * shared
    certified = dict(zip(table["K"], table["certified_4"], strict=True))
    said(
        f"for pairs that share 4 nats, 64 pairs certify {certified[64]:.1f} nats "
        f"and 256 pairs {certified[256]:.1f}"
    )


def test_gaussian_pairs_share_the_information_stated() -> None:
    x, y = ssl.gaussian_pairs(0.8, 200_000, torch.Generator().manual_seed(0))
    c = torch.corrcoef(torch.stack([x, y]))[0, 1].item()
    assert c == pytest.approx(0.8, abs=0.01)
    # I = E log p(y | x) / p(y)
    conditional = torch.distributions.Normal(0.8 * x, math.sqrt(1 - 0.64)).log_prob(y)
    marginal = torch.distributions.Normal(0.0, 1.0).log_prob(y)
    measured = (conditional - marginal).mean().item()
    assert measured == pytest.approx(ssl.gaussian_information(0.8), abs=0.01)


def test_the_gaussian_scores_are_the_log_ratio_up_to_a_constant() -> None:
    x, y = ssl.gaussian_pairs(0.6, 6, torch.Generator().manual_seed(1))
    ratio = torch.distributions.Normal(0.6 * x[:, None], 0.8).log_prob(y)
    ratio = ratio - torch.distributions.Normal(0.0, 1.0).log_prob(y)
    difference = ssl.gaussian_scores(x, y, 0.6) - ratio
    torch.testing.assert_close(difference, difference[0, 0].expand(6, 6))


def test_equal_representations_agree_and_certify_nothing() -> None:
    assert ssl.information_bound(torch.ones(4, 4)).item() == pytest.approx(0, abs=1e-6)


def test_scores_that_are_not_square_are_refused() -> None:
    with pytest.raises(ValueError, match=r"scores are \(2, 3\)"):
        ssl.info_nce(torch.zeros(2, 3))
