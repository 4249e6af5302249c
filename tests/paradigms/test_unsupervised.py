"""The claims of docs/paradigms/unsupervised.md."""

import itertools
from collections.abc import Callable

import pytest
import torch
from sklearn.mixture import GaussianMixture

from docs.paradigms.unsupervised import unsupervised
from scripts.figures import paradigms, style
from scripts.printed.values import Each
from tests.printed.plugin import Equations
from tests.said import sayings

said = sayings(style.DOCS / "paradigms" / "unsupervised.md")

TRUTH = (
    torch.tensor([0.3, 0.7]).double(),
    torch.tensor([[-2.0, 0.0], [2.0, 1.0]]).double(),
    torch.tensor([0.5, 1.5]).double(),
)


def data(count: int = 500) -> torch.Tensor:
    return unsupervised.sample(TRUTH, count, torch.Generator().manual_seed(0))


@pytest.mark.equation("eq-unsupervised-likelihood")
def test_expected_loss_is_entropy_plus_divergence(printed: Equations) -> None:
    draw = torch.Generator().manual_seed(0)
    for _ in range(20):
        p, q = torch.rand(2, 6, generator=draw, dtype=torch.float64).softmax(1)
        entropy = torch.distributions.Categorical(p).entropy()
        divergence = torch.distributions.kl_divergence(
            torch.distributions.Categorical(p), torch.distributions.Categorical(q)
        )
        torch.testing.assert_close(-(p * q.log()).sum(), entropy + divergence)
        assert divergence > 0
    printed("eq-unsupervised-likelihood").holds(
        {
            "p": lambda x: p[x].item(),
            r"p_\theta": lambda x: q[x].item(),
            "H": lambda p: listed(p).entropy().item(),
            r"\operatorname{KL}": lambda p, q: torch.distributions.kl_divergence(
                listed(p), listed(q)
            ).item(),
            "x": Each(range(6)),
        }
    )


def listed(p: Callable[[int], float]) -> torch.distributions.Categorical:
    """A distribution over six values for the library, which makes it sum to one."""
    return torch.distributions.Categorical(
        torch.tensor([p(x) for x in range(6)], dtype=torch.float64)
    )


@pytest.mark.equation("eq-unsupervised-likelihood")
def test_the_truth_has_the_lowest_expected_loss_and_it_is_the_entropy() -> None:
    x = data(200_000)
    floor = unsupervised.negative_log_likelihood(x, TRUTH).item()
    w, m, s = TRUTH
    wrong = ((w.flip(0), m, s), (w, m + 0.3, s), (w, m, s * 1.5))
    assert all(unsupervised.negative_log_likelihood(x, other) > floor for other in wrong)


def test_log_joint_equals_the_library() -> None:
    x = data()
    oracle = GaussianMixture(2, covariance_type="spherical")
    w, m, s = TRUTH
    oracle.weights_, oracle.means_, oracle.covariances_ = w.numpy(), m.numpy(), s.numpy()
    oracle.precisions_cholesky_ = 1 / s.sqrt().numpy()
    expected = -oracle.score(x.numpy())
    assert unsupervised.negative_log_likelihood(x, TRUTH).item() == pytest.approx(expected)
    responsibilities = torch.from_numpy(oracle.predict_proba(x.numpy()))
    torch.testing.assert_close(unsupervised.log_joint(x, TRUTH).softmax(1), responsibilities)


@pytest.mark.parametrize("floor", [1e-9, 0.8])  # far below the variances, and among them
def test_no_round_of_em_makes_the_likelihood_smaller(floor: float) -> None:
    x = data()
    mixture = unsupervised.fit(x, 4, torch.Generator().manual_seed(1), steps=0)
    losses = []
    for _ in range(40):
        losses.append(unsupervised.negative_log_likelihood(x, mixture).item())
        mixture = unsupervised.em_step(x, mixture, floor)
    assert all(after <= before + 1e-12 for before, after in itertools.pairwise(losses))
    assert losses[-1] < losses[0] - 0.1


def test_em_reaches_the_solution_of_the_library() -> None:
    x = data(3000)
    ours = unsupervised.fit(x, 2, torch.Generator().manual_seed(0), steps=200)
    theirs = GaussianMixture(2, covariance_type="spherical", tol=1e-9, random_state=0).fit(x)
    order = ours[0].argsort()
    assert unsupervised.negative_log_likelihood(x, ours).item() == pytest.approx(
        -theirs.score(x.numpy()), abs=1e-4
    )
    torch.testing.assert_close(ours[1][order], TRUTH[1], atol=0.15, rtol=0)


def unguarded(x: torch.Tensor, components: int, seed: int) -> unsupervised.Mixture:
    """What EM without a floor ends in."""
    draw = torch.Generator().manual_seed(seed)
    mixture = unsupervised.fit(x, components, draw, steps=0)
    for _ in range(60):
        mixture = unsupervised.em_step(x, mixture, 0.0)
    return mixture


def finite(mixture: unsupervised.Mixture) -> bool:
    return all(bool(part.isfinite().all()) for part in mixture)


def test_the_likelihood_of_a_mixture_has_no_maximum() -> None:
    x, (w, m, s) = data(), TRUTH
    losses = []
    for variance in (1e-2, 1e-20, 1e-100, 1e-300):
        narrow = torch.stack([torch.tensor(variance, dtype=torch.float64), s[1]])
        at_an_example = torch.stack([x[0], m[1]])
        losses.append(unsupervised.negative_log_likelihood(x, (w, at_an_example, narrow)).item())
    assert all(after < before - 0.05 for before, after in itertools.pairwise(losses))


def test_without_a_floor_some_starts_end_in_no_number_and_with_it_none_does() -> None:
    x, _ = paradigms.arms(paradigms.POINTS, 0)
    seeds = range(100)
    bare = sum(not finite(unguarded(x, paradigms.COMPONENTS, seed)) for seed in seeds)
    said(f"{bare:d} of {len(seeds):d} starts on the {paradigms.POINTS:d} points")
    for seed in seeds:
        draw = torch.Generator().manual_seed(seed)
        mixture = unsupervised.fit(x, paradigms.COMPONENTS, draw)
        assert finite(mixture)
        assert mixture[2].min() >= 0.0099 * x.var(0).mean()


def test_equal_examples_and_an_idle_component_stay_numbers() -> None:
    x = torch.zeros(5, 2, dtype=torch.float64)
    x[4] = 3
    assert finite(unsupervised.fit(x, 3, torch.Generator().manual_seed(0)))
    far = (TRUTH[0], TRUTH[1] + 1e6 * torch.eye(2).double(), torch.tensor([1e-3, 1.0]).double())
    assert finite(unsupervised.em_step(x, far, 1e-3))


def test_a_mixture_without_a_floor_or_with_too_few_examples_is_refused() -> None:
    draw = torch.Generator()
    with pytest.raises(ValueError, match="must be positive, not 0"):
        unsupervised.fit(data(), 2, draw, share=0)
    with pytest.raises(ValueError, match="501 components need as many examples, not 500"):
        unsupervised.fit(data(), 501, draw)


def test_samples_have_the_moments_of_the_mixture() -> None:
    x = data(100_000)
    w, m, s = TRUTH
    mean = w @ m
    variance = (w[:, None] * (s[:, None] + (m - mean) ** 2)).sum(0)
    torch.testing.assert_close(x.mean(0), mean, atol=0.03, rtol=0)
    torch.testing.assert_close(x.var(0), variance, atol=0.06, rtol=0)


def test_a_mixture_of_other_dimension_is_refused() -> None:
    with pytest.raises(ValueError, match="x has 3 dimensions but the means have 2"):
        unsupervised.log_joint(torch.zeros(1, 3).double(), TRUTH)
