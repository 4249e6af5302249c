"""The claims of docs/paradigms/supervised.md."""

import pytest
import torch

from docs.paradigms.supervised import supervised
from scripts.printed.values import Each, Given
from tests.printed.plugin import Equations


def batch(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(seed)
    z = 2 * torch.randn(7, 4, generator=draw, dtype=torch.float64)
    return z, torch.randint(0, 4, (7,), generator=draw)


@pytest.mark.equation("eq-supervised-loss")
def test_cross_entropy_equals_the_library(printed: Equations) -> None:
    z, y = batch()
    expected = torch.nn.functional.cross_entropy(z, y)
    torch.testing.assert_close(supervised.cross_entropy(z, y), expected)
    printed("eq-supervised-loss").holds(
        {
            r"\mathcal{L}(\theta)": supervised.cross_entropy(z, y).item(),
            "B": 7,
            r"p_\theta(\cdot \mid \cdot)": lambda y, x: z.softmax(1)[x, y].item(),
            "x": list(range(7)),
            "y": y.tolist(),
        },
        free=("x", "y"),  # rows and classes; a wrong index is seen
    )


@pytest.mark.equation("eq-supervised-gradient")
def test_the_printed_gradient_is_that_of_autograd(printed: Equations) -> None:
    z, y = batch()
    leaf = z.clone().requires_grad_()
    (exact,) = torch.autograd.grad(torch.nn.functional.cross_entropy(leaf, y), leaf)
    printed("eq-supervised-gradient").holds(
        {
            r"\frac{\partial \mathcal{L}}{\partial z_i}": Given(
                ("i",), lambda i: exact[i - 1].numpy()
            ),
            "B": 7,
            "p": z.softmax(1).numpy(),
            "e": torch.eye(4).double().numpy(),
            "y": (y + 1).tolist(),
            "i": Each(range(1, 8)),
        }
    )


@pytest.mark.equation("eq-supervised-gradient")
@pytest.mark.parametrize("seed", range(3))
def test_the_gradient_is_predicted_minus_seen(seed: int) -> None:
    z, y = batch(seed)
    z.requires_grad_()
    (expected,) = torch.autograd.grad(torch.nn.functional.cross_entropy(z, y), z)
    torch.testing.assert_close(supervised.gradient(z.detach(), y), expected)


def test_the_gradient_pulls_only_the_right_class_up_and_sums_to_zero() -> None:
    z, y = batch()
    gradient = supervised.gradient(z, y)
    torch.testing.assert_close(gradient.sum(1), torch.zeros(7).double())
    assert ((gradient < 0).long().argmax(1) == y).all()
    assert ((gradient < 0).sum(1) == 1).all()


def test_the_minimum_is_the_true_conditional() -> None:
    x = torch.eye(2).double().repeat_interleave(10, 0)  # two inputs, ten labels each
    y = torch.tensor([0] * 7 + [1] * 3 + [0] * 2 + [1] * 8)
    p = supervised.fit(x, y, 2, steps=3000, rate=2.0)[:2].softmax(1)
    torch.testing.assert_close(p[:, 0], torch.tensor([0.7, 0.2]).double(), atol=1e-4, rtol=0)


def test_squared_error_learns_the_mean_of_two_right_answers() -> None:
    answers = torch.tensor([-1.0, 1.0])
    guesses = torch.linspace(-1, 1, 201)
    loss = (guesses[:, None] - answers).square().mean(1)
    assert guesses[loss.argmin()].abs() < 1e-6


def test_shapes_that_do_not_fit_are_refused() -> None:
    z, y = batch()
    with pytest.raises(ValueError, match=r"logits are \(7, 4\) but labels \(3,\)"):
        supervised.cross_entropy(z, y[:3])
