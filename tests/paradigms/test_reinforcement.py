"""The claims of docs/paradigms/reinforcement.md."""

import pytest
import torch

from docs.paradigms.reinforcement import reinforcement as rl
from scripts.figures import style
from scripts.printed.values import Each, Given
from tests.printed.plugin import Equations
from tests.said import sayings

said = sayings(style.DOCS / "paradigms" / "reinforcement.md")


def task() -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(0)
    z = torch.randn(5, generator=draw, dtype=torch.float64)
    return z, torch.tensor([0.0, 2.0, -1.0, 3.0, 0.5]).double()


@pytest.mark.equation("eq-reinforcement-gradient")
@pytest.mark.parametrize("b", [0.0, 1.5, -40.0])
def test_the_expected_estimate_is_the_gradient_whatever_the_baseline(b: float) -> None:
    z, r = task()
    leaf = z.clone().requires_grad_()
    (exact,) = torch.autograd.grad((leaf.softmax(0) * r).sum(), leaf)
    one_by_one = [rl.estimate(z, torch.tensor([a]), r[a : a + 1], b) for a in range(5)]
    expected = sum(p * g for p, g in zip(z.softmax(0), one_by_one, strict=True))
    torch.testing.assert_close(expected, exact)


@pytest.mark.equation("eq-reinforcement-objective")
@pytest.mark.equation("eq-reinforcement-gradient")
def test_the_printed_gradient_is_that_of_autograd(printed: Equations) -> None:
    z, r = task()
    leaf = z.clone().requires_grad_()
    (exact,) = torch.autograd.grad((leaf.softmax(0) * r).sum(), leaf)
    policy = Given((r"\theta",), lambda z: lambda a: torch.tensor(z).softmax(0)[a].item())
    shared = {"r": lambda a: r[a].item(), "a": Each(range(5)), r"\pi_\theta": policy}
    for b in (1.5, -40.0):
        printed("eq-reinforcement-gradient").holds(
            {**shared, r"\nabla_\theta J": exact.numpy(), r"\theta": z.numpy(), "b": b},
            free=("b",),
        )
    printed.excuse(
        r"\nabla_{\theta} J = \mathbb{E}_{a \sim \pi_{\theta}}"
        r"[(r (a) + b) \nabla_{\theta} \log ⟨\pi_{\theta} (a)⟩]",
        "the claim is that any baseline does",
    )
    printed("eq-reinforcement-objective").holds(
        {**shared, r"J(\theta)": rl.expected_reward(z, r).item(), r"\theta": z.numpy()}
    )


@pytest.mark.equation("eq-reinforcement-gradient")
def test_the_score_is_the_gradient_of_the_log_probability() -> None:
    z, _ = task()
    for a in range(5):
        leaf = z.clone().requires_grad_()
        (exact,) = torch.autograd.grad(leaf.log_softmax(0)[a], leaf)
        torch.testing.assert_close(rl.score(z, torch.tensor([a]))[0], exact)


def test_the_mean_reward_as_baseline_removes_much_of_the_noise() -> None:
    z, r = task()
    r, p = r + 10, z.softmax(0)  # a constant on every reward changes no policy
    spread = {}
    for b in (0.0, rl.expected_reward(z, r).item()):
        g = torch.stack([rl.estimate(z, torch.tensor([a]), r[a : a + 1], b) for a in range(5)])
        mean = p @ g
        spread[b] = (p @ (g - mean).square()).sum().item()
    without, with_mean = spread.values()
    assert with_mean < without / 10


def test_expected_reward_is_the_mean_over_drawn_actions() -> None:
    z, r = task()
    draw = torch.Generator().manual_seed(0)
    a = torch.multinomial(z.softmax(0), 100_000, replacement=True, generator=draw)
    assert r[a].mean().item() == pytest.approx(rl.expected_reward(z, r).item(), abs=0.02)


def test_learning_finds_the_better_action() -> None:
    _, r = task()
    history = rl.learn(r, 2000, 0.2, torch.Generator().manual_seed(0))
    assert history[0] == pytest.approx(r.mean().item())
    assert history[-1] > 2.5  # the second best action gives 2


def test_a_reward_says_less_than_a_label() -> None:
    table = style.read_table(style.DOCS / "paradigms/reinforcement/signal.csv")

    def steps(name: str) -> float:
        pairs = zip(table["step"], table[name], strict=True)
        return next(step for step, value in pairs if value > 0.8)

    assert steps("label_10") < 10 < steps("reward_10") < 100
    assert steps("label_100") <= 13 < 100 < steps("reward_100")
    few, many = (
        [f"{steps(f'{kind}_{actions}'):.0f}" for actions in (10, 100)]
        for kind in ("label", "reward")
    )
    said(
        f"that of step {few[0]} (10 actions) or {few[1]} (100) with labels",
        f"of step {many[0]} or {many[1]} with rewards",
    )
    for actions in (10, 100):
        low, mean, high = (table[f"{name}_{actions}"] for name in ("low", "reward", "high"))
        assert all(a <= c for a, c in zip(low, high, strict=True))
        assert max(c - a for a, c in zip(low, high, strict=True)) > 0.5  # the bands are wide
        assert mean[-1] > 0.99


def test_rewards_for_other_actions_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(5,\) logits but \(4,\) rewards"):
        rl.expected_reward(torch.zeros(5), torch.zeros(4))
