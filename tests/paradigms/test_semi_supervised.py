"""The claims of docs/paradigms/semi-supervised.md."""

import math
from importlib import import_module

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from scripts.printed.values import Each
from tests.printed.plugin import Equations

semi = import_module("docs.paradigms.semi-supervised.semi_supervised")


LOGITS = st.lists(st.floats(-20, 20), min_size=2, max_size=8)


@pytest.mark.equation("eq-semi-supervised-pseudo")
@settings(deadline=None)
@given(LOGITS)
def test_pseudo_label_loss_is_at_most_the_entropy(values: list[float]) -> None:
    u = torch.tensor([values], dtype=torch.float64)
    p = u.softmax(1)[0]
    pseudo = -math.log(p.max().item())
    h = -sum(q * math.log(q) for q in p.tolist() if q > 0)
    assert -1e-9 <= pseudo <= h + 1e-9 <= math.log(len(values)) + 2e-9
    assert semi.entropy(u).item() == pytest.approx(h, abs=1e-9)
    assert semi.pseudo_label(u, 1e-12).item() == pytest.approx(pseudo, abs=1e-9)


@pytest.mark.equation("eq-semi-supervised-pseudo")
def test_the_printed_order_of_loss_and_entropy_has_tight_cases(printed: Equations) -> None:
    most = 1 - 3e-8
    for p in ([0.5, 0.2, 0.16, 0.14], [most, 1e-8, 1e-8, 1e-8], [0.2501, 0.25, 0.25, 0.2499]):
        printed("eq-semi-supervised-pseudo").holds(
            {"p": p, "c": Each(range(1, 5)), "H": stats.entropy, "C": 4}, free=("p", "H", "C")
        )


@pytest.mark.equation("eq-semi-supervised-pseudo")
def test_both_are_zero_for_a_certain_prediction_and_equal_for_a_uniform_one() -> None:
    certain, uniform = torch.tensor([[60.0, 0, 0]]).double(), torch.zeros(1, 3).double()
    assert semi.entropy(certain).item() == pytest.approx(0, abs=1e-20)
    assert semi.pseudo_label(certain, 0.5).item() == pytest.approx(0, abs=1e-20)
    assert semi.entropy(uniform).item() == pytest.approx(math.log(3))
    assert semi.pseudo_label(uniform, 0.1).item() == pytest.approx(math.log(3))


def test_a_doubtful_prediction_gets_no_pseudo_label() -> None:
    u = torch.tensor([[0.8, 0.2], [0.99, 0.01]]).log()
    loss = semi.pseudo_label(u, 0.95)
    torch.testing.assert_close(loss, torch.tensor([0.0, -math.log(0.99)]))


def test_pseudo_labels_are_constants() -> None:
    u = torch.tensor([[2.0, 0.0, -1.0]], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(semi.pseudo_label(u, 0.1).sum(), u)
    (expected,) = torch.autograd.grad(torch.nn.functional.cross_entropy(u, torch.tensor([0])), u)
    torch.testing.assert_close(gradient, expected)


@pytest.mark.equation("eq-semi-supervised-loss")
def test_the_loss_is_the_supervised_loss_plus_the_weighted_entropy(printed: Equations) -> None:
    draw = torch.Generator().manual_seed(0)
    z, u = torch.randn(4, 3, generator=draw), torch.randn(9, 3, generator=draw)
    y = torch.tensor([0, 1, 2, 0])
    expected = torch.nn.functional.cross_entropy(z, y)
    expected = expected + 0.3 * torch.distributions.Categorical(logits=u).entropy().mean()
    torch.testing.assert_close(semi.loss(z, y, u, 0.3), expected)
    z, u = z.double(), u.double()
    printed("eq-semi-supervised-loss").holds(
        {
            r"\mathcal{L}": semi.loss(z, y, u, 0.3).item(),
            r"p_\theta(\cdot \mid \cdot)": lambda y, x: z.softmax(1)[x, y].item(),
            r"R_\theta": lambda x: stats.entropy(u[x].exp()),
            "x": list(range(9)),
            "y": y.tolist(),
            "B": 4,
            "U": 9,
            r"\lambda": 0.3,
        },
        free=("x", "y"),  # rows and classes; a wrong index is seen
    )
    with pytest.raises(ValueError, match="3 classes with and 2 without labels"):
        semi.loss(z, y, u[:, :2], 0.3)


def graph() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    x = torch.randn(12, 2, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    return semi.likeness(x, 0.8), torch.tensor([0, 5, 7]), torch.tensor([1, 0, 1])


def test_likeness_fades_with_distance_and_is_zero_with_itself() -> None:
    w = semi.likeness(torch.tensor([[0.0, 0.0], [3.0, 4.0]]).double(), 5)
    expected = math.exp(-25 / 50) * (1 - torch.eye(2)).double()
    torch.testing.assert_close(w, expected)


@pytest.mark.equation("eq-semi-supervised-harmonic")
def test_the_printed_mean_over_neighbours_is_what_the_solution_has(printed: Equations) -> None:
    w, known, y = graph()
    w = w * torch.linspace(0.5, 1.5, 144).reshape(12, 12)  # an index in the wrong place is seen
    free = [u for u in range(1, 13) if u - 1 not in known.tolist()]
    printed("eq-semi-supervised-harmonic").holds(
        {
            "g": semi.spread(w, known, y, 2).numpy(),
            "w": (w + torch.eye(12)).numpy(),  # what a point shares with itself does not count
            "u": Each(free),
            "v": Each(range(1, 13)),
        },
        free=("g", "w"),  # a common factor cancels
    )


@pytest.mark.equation("eq-semi-supervised-harmonic")
def test_every_free_example_is_the_weighted_mean_of_the_others() -> None:
    w, known, y = graph()
    g = semi.spread(w, known, y, 2)
    for u in set(range(12)) - set(known.tolist()):
        others = [v for v in range(12) if v != u]
        mean = (w[u, others][:, None] * g[others]).sum(0) / w[u, others].sum()
        torch.testing.assert_close(g[u], mean)
    torch.testing.assert_close(g[known, y], torch.ones(3).double())


@pytest.mark.equation("eq-semi-supervised-harmonic")
def test_it_is_the_best_compromise_between_neighbours() -> None:
    w, known, y = graph()
    best = semi.spread(w, known, y, 2)

    def disagreement(g: torch.Tensor) -> torch.Tensor:
        return (w * torch.cdist(g, g).square()).sum()

    draw = torch.Generator().manual_seed(0)
    for _ in range(50):
        other = best + 0.1 * torch.randn(12, 2, generator=draw, dtype=torch.float64)
        other[known] = best[known]
        assert disagreement(other) > disagreement(best)


def test_spread_labels_stay_probabilities() -> None:
    w, known, y = graph()
    g = semi.spread(w, known, y, 2)
    torch.testing.assert_close(g.sum(1), torch.ones(12).double())
    assert (g >= 0).all()
