"""Policy gradients against autograd, all texts listed, binomial laws, PyTorch, and what the page tells."""

import itertools
import math
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from scripts.figures import policy_gradient as figures
from scripts.figures import style
from scripts.printed.values import By, Each, Finite, From, Given
from tests import golden as shared
from tests.draws import normal
from tests.printed.plugin import Equations
from tests.rng import Random
from tests.said import sayings, tables

code: Any = import_module("docs.training.policy-gradient.policy_gradient")
PAGE = style.DOCS / "training" / "policy-gradient.md"
GOLDEN = Path(__file__).with_name("policy-gradient.golden.json")
said = sayings(PAGE)
rows_of = tables(PAGE)
PROCESS, LOGITS = code.example()
P = code.log_probabilities(LOGITS, PROCESS).sum(-1).exp()
SCORE = code.scores(LOGITS, PROCESS)
REWARD = PROCESS.rewards.sum(-1)
FIRST = SCORE[:, 0, 0, 0]  # of the logit of "4"


def read(name: str) -> dict[str, list[float]]:
    """The numbers of a figure or of runs."""
    return style.read_table(PAGE.parent / "policy-gradient" / name)


def small() -> tuple[Any, Tensor]:
    """Texts of three tokens of three kinds, drawn rewards and logits: 27 texts, 13 states."""
    return code.texts(normal(13, 3), 3), normal(13, 3, seed=1)


def gradient(process: Any, logits: Tensor) -> Tensor:
    """By autograd through the sum over all texts."""
    theta = logits.clone().requires_grad_()
    return torch.autograd.grad(code.expected(theta, process), theta)[0]


def variance(p: Tensor, x: Tensor) -> float:
    """Of numbers, by its definition."""
    return float((p * x**2).sum() - (p * x).sum() ** 2)


# The texts and their exact gradient.


def test_all_texts_are_listed_once() -> None:
    process, logits = small()
    assert {tuple(row) for row in process.tokens.tolist()} == set(
        itertools.product(range(3), repeat=3)
    )
    p = code.log_probabilities(logits, process).sum(-1).exp()
    assert float(p.sum()) == pytest.approx(1, abs=1e-12)
    by_hand = 0.0
    for a, b, c in itertools.product(range(3), repeat=3):  # a walk through the tree
        second, third = 1 + a, 1 + 3 * (1 + a) + b
        chance = math.prod(
            float(logits[s].softmax(-1)[t]) for s, t in ((0, a), (second, b), (third, c))
        )
        table = normal(13, 3)
        by_hand += chance * float(table[0, a] + table[second, b] + table[third, c])
    assert float(code.expected(logits, process)) == pytest.approx(by_hand)


@pytest.mark.parametrize("b", [0.0, 1.7, -40.0])
def test_the_mean_estimate_is_the_gradient_to_twelve_digits(b: float) -> None:
    for process, logits in (code.example(), small()):
        true = gradient(process, logits)
        p = code.log_probabilities(logits, process).sum(-1).exp()
        score = code.scores(logits, process)
        whole = (process.rewards.sum(-1, keepdim=True) - b).expand_as(process.rewards)
        for advantage in (whole, code.to_go(process.rewards) - b):
            mean, _ = code.moments(p, code.estimate(advantage, score))
            torch.testing.assert_close(mean, true, atol=1e-12, rtol=0)


@pytest.mark.equation("eq-policy-gradient-score")
def test_the_printed_gradient_is_that_of_autograd(printed: Equations) -> None:
    reward, theta = normal(5), normal(5, seed=1)
    leaf = theta.clone().requires_grad_()
    (exact,) = torch.autograd.grad((leaf.softmax(0) * reward).sum(), leaf)
    policy = Given((r"\theta",), lambda z: lambda y: torch.tensor(z).softmax(0)[y].item())
    printed("eq-policy-gradient-score").holds(
        {
            r"\nabla J": exact.numpy(),
            r"\nabla": By(r"\theta"),
            r"\theta": theta.numpy(),
            r"\pi": policy,
            "R": lambda y: reward[y].item(),
            "y": Each(range(5)),
        }
    )


@pytest.mark.equation("eq-policy-gradient-softmax")
def test_the_slope_of_a_log_probability(printed: Equations) -> None:
    z = normal(4)
    matrix = torch.autograd.functional.jacobian(lambda v: v.log_softmax(-1), z)
    for a, k in ((1, 3), (2, 2), (4, 1)):
        printed("eq-policy-gradient-softmax").holds(
            {
                r"\frac{\partial \log p_a}{\partial z_k}": matrix[a - 1, k - 1],
                "I": np.eye(4),
                "p": z.softmax(-1).numpy(),
                "a": a,
                "k": k,
            },
            free=("I",),
        )
    printed.excuse(
        r"\frac{\partial \log p_{a}}{\partial z_{k}} = I_{k a} - p_{k}", "the identity is symmetric"
    )


@pytest.mark.equation("eq-policy-gradient-togo")
def test_rewards_to_go_and_any_baseline_of_the_past(printed: Equations) -> None:
    process, logits = small()
    p = code.log_probabilities(logits, process).sum(-1).exp()
    past = normal(13, seed=2)[process.states]
    printed("eq-policy-gradient-togo").holds(
        {
            r"\nabla J": gradient(process, logits).numpy().ravel(),
            r"\mathbb{E}_{y \sim \pi}": Finite(
                {
                    "r": process.rewards.numpy(),
                    "b": past.numpy(),
                    "s": code.scores(logits, process).flatten(2).numpy(),
                },
                p.tolist(),
            ),
            "T": 3,
        },
        free=("b",),
    )
    mean = (
        r"\nabla J = \mathbb{E}_{y \sim \pi}[\sum_{t = 1}^{T} ⟨(\sum_{k = t}^{T} r_{k}{}) s_{t}⟩]"
    )
    for other in (" + b_{t}", ""):
        printed.excuse(mean.replace("{}", other), "any baseline of the past does")


# The best baseline.


@pytest.mark.equation("eq-policy-gradient-best")
@pytest.mark.equation("eq-policy-gradient-parabola")
def test_the_best_baseline_and_what_another_costs(printed: Equations) -> None:
    process, logits = small()
    p = code.log_probabilities(logits, process).sum(-1).exp()
    score = code.scores(logits, process).sum(1)
    reward = process.rewards.sum(-1)

    def total(b: float) -> float:
        return float(code.moments(p, (reward - b)[:, None, None] * score)[1].sum())

    best = float(code.best_baseline(p, score, reward))
    grid = [best + d for d in (-0.3, 0.2, 1.4)]
    assert all(total(b) > total(best) for b in grid)
    exact = gradient(process, logits)
    names = {
        r"\operatorname{Var}": total,
        "b^{*}": best,
        r"\mathbb{E}": Finite({"s": score.flatten(1).numpy(), "R": reward.tolist()}, p.tolist()),
    }
    for b in grid:
        printed("eq-policy-gradient-parabola").holds(
            {**names, "b": b},
            tolerance=1e-9,
            free=("b",),  # it holds for each
        )
        steep = {**names, "b": b, r"\nabla J": exact.numpy().reshape(-1, 1)}
        printed("eq-policy-gradient-best").holds(steep, tolerance=1e-9, free=("b",))
    for factor in ("2", "-", "- 3"):
        printed.excuse(
            rf"0 = {factor} \mathbb{{E}}_{{}}[\lVert s\rVert^{{2}} (R - b^{{*}})]",
            "the mean is zero",
        )


def test_the_table_of_baselines_and_its_draws() -> None:
    drawn = torch.multinomial(P, 100_000, True, generator=torch.Generator().manual_seed(0))
    best = float(code.best_baseline(P, FIRST[:, None], REWARD))
    mean = float(P @ REWARD)
    assert (mean, best) == (pytest.approx(1.8), pytest.approx(4.2))
    for row, b in zip(rows_of("tab-policy-gradient-baselines"), (0.0, mean, best), strict=True):
        x = (REWARD - b) * FIRST
        assert row[1:] == [
            f"{float(P @ x):.2f}",
            f"{variance(P, x):.4f}",
            f"{float(x[drawn].var()):.3f}",
        ]
    said(f"it is $0.672 / 0.16 = {best:.1f}$,")
    assert float(P @ (FIRST**2 * REWARD)) == pytest.approx(0.672)
    assert float(P @ FIRST**2) == pytest.approx(0.16)


# GAE.


@pytest.mark.equation("eq-policy-gradient-gae")
@pytest.mark.equation("eq-policy-gradient-bias")
def test_the_bias_of_gae_with_a_wrong_critic(printed: Equations) -> None:
    process, logits = small()
    p = code.log_probabilities(logits, process).sum(-1).exp()
    score = code.scores(logits, process)
    right, wrong = code.values(logits, process), normal(13, seed=3)
    for decay in (0.3, 0.8):
        critic = (right + wrong)[process.states]
        advantage = code.gae(process.rewards, critic, decay)
        ends = torch.cat([critic, torch.zeros(27, 1)], 1)
        deltas = process.rewards + ends[:, 1:] - ends[:, :-1]
        for row in (3, 20):
            for t in (1, 2):
                printed("eq-policy-gradient-gae").holds(
                    {
                        r"\delta": deltas[row],
                        "r": process.rewards[row],
                        "V": ends[row],
                        "A": advantage[row],
                        r"\lambda": decay,
                        "T": 3,
                        "t": t,
                    },
                    free=("t",),
                )
        printed("eq-policy-gradient-bias").holds(
            {
                r"\nabla J": gradient(process, logits).numpy().ravel(),
                r"\mathbb{E}": Finite(
                    {
                        "A": advantage.numpy(),
                        "e": wrong[process.states].numpy(),
                        "s": score.flatten(2).numpy(),
                    },
                    p.tolist(),
                ),
                r"\lambda": decay,
                "T": 3,
            },
            tolerance=1e-9,
        )
    sides = (
        r"\mathbb{E}_{}[\sum_{t = 1}^{T} ⟨A_{t} s_{t}⟩] - \nabla J = (1 - \lambda) \mathbb{E}_{}"
        r"[\sum_{t = 1}^{END} \sum_{k = 0}^{T - t - 1} ⟨\lambda^{k} e_{t + 1 + k} s_{t}⟩]"
    )
    for end in ("T", "T + 1"):
        printed.excuse(sides.replace("END", end), "the inner sum of the last token is empty")
    sure = code.estimate(code.gae(process.rewards, critic, 1.0), score)
    torch.testing.assert_close(code.moments(p, sure)[0], gradient(process, logits))


def test_values_are_mean_rewards_to_go() -> None:
    process, logits = small()
    value = code.values(logits, process)
    assert float(value[0]) == pytest.approx(float(code.expected(logits, process)))
    last = 1 + 3 * (1 + 2) + 1  # after 2, 1
    table = normal(13, 3)
    assert float(value[last]) == pytest.approx(float(logits[last].softmax(-1) @ table[last]))


def test_the_loss_of_a_critic_is_least_at_the_mean_rewards_to_go() -> None:
    """Ten texts in the shares of the example: by autograd, the slope is zero at the exact values alone."""
    batch = torch.tensor([0, 1] + 6 * [2] + 2 * [3])
    states, rewards = PROCESS.states[batch], PROCESS.rewards[batch]
    value = code.values(LOGITS, PROCESS).requires_grad_()
    (slope,) = torch.autograd.grad(code.critic_loss(value[states], rewards), value)
    torch.testing.assert_close(slope, torch.zeros_like(slope), atol=1e-12, rtol=0)
    above = (value.detach() + 1).requires_grad_()
    (slope,) = torch.autograd.grad(code.critic_loss(above[states], rewards), above)
    torch.testing.assert_close(slope, torch.tensor([1.0, 0.2, 0.8]).double())
    raised = code.critic_loss(above[states], rewards) - code.critic_loss(value[states], rewards)
    assert raised.item() == pytest.approx(1)


# Groups.


@pytest.mark.equation("eq-policy-gradient-group")
def test_groups_listed(printed: Equations) -> None:
    true = gradient(PROCESS, LOGITS)
    whole = SCORE.sum(1)
    for n in (2, 4):
        plain, _ = code.of_groups(P, whole, REWARD, n, "mean")
        others, _ = code.of_groups(P, whole, REWARD, n, "others")
        torch.testing.assert_close(others, true, atol=1e-12, rtol=0)
        torch.testing.assert_close(plain, (n - 1) / n * true, atol=1e-12, rtol=0)
    said("Listing all 256 groups of four of the example")
    index = torch.cartesian_prod(*[torch.arange(4)] * 3)
    chance = P[index].prod(-1)
    reward = REWARD[index]
    printed("eq-policy-gradient-group").holds(
        {
            r"\mathbb{E}": Finite(
                {
                    "R": reward.numpy(),
                    r"\bar{R}": reward.mean(-1).tolist(),
                    "s": whole[index].flatten(2).numpy(),
                },
                chance.tolist(),
            ),
            r"\nabla J": true.numpy().ravel(),
            "n": 3,
        },
        tolerance=1e-9,
    )
    divided, _ = code.of_groups(P, whole, REWARD, 4, "divided")
    share = float((divided * true).sum() / true.square().sum())
    off = float((divided - share * true).norm())
    said(f"the mean over all groups of four is {share:.2f} of the gradient and {off:.3f} off it.")
    with pytest.raises(ValueError, match="half is none of"):
        code.group(REWARD, "half")


@pytest.mark.equation("eq-policy-gradient-weight")
def test_the_weight_of_a_question(printed: Equations) -> None:
    logits = torch.tensor([[-0.4, 0.9]]).double()  # one token: right or wrong
    process = code.texts(torch.tensor([[1.0, 0.0]]).double(), 1)
    p = code.log_probabilities(logits, process).sum(-1).exp()
    for n in (3, 5):
        score = code.scores(logits, process).sum(1)
        mean, _ = code.of_groups(p, score, process.rewards[:, 0], n, "divided")
        q = float(p[0])
        printed("eq-policy-gradient-weight").holds(
            {
                r"\mathbb{E}\bigl[\hat g\bigr]": mean.numpy().ravel(),
                r"\nabla q": gradient(process, logits).numpy().ravel(),
                "w": figures.weight(q, n),
                "q": q,
                "n": n,
                "P": From(0, stats.binom(n, q).pmf(range(n + 1)).tolist()),
            },
            tolerance=1e-9,
        )
        law = stats.binom(n, q)
        spread = sum(law.pmf(k) * np.std([1] * k + [0] * (n - k)) for k in range(n + 1))
        assert figures.weight(q, n) == pytest.approx(spread / (q * (1 - q)))
    printed.excuse(
        r"w = \frac{1}{q (1 - q)} \sum_{K = 1}^{n} ⟨P_{K} \frac{\sqrt{K (n - K)}}{n}⟩",
        "a group without a right one adds nothing",
    )
    table = read("weights.csv")
    at = {q: i for i, q in enumerate(table["share"])}
    low, half = at[0.02], at[0.5]
    said(
        f"With groups of 4 the weights at $q = 0.02$ and at $q = 0.5$ are {table['n 4'][low]:.2f} "
        f"and {table['n 4'][half]:.2f}, and with groups of 64 they are "
        f"{table['n 64'][low]:.2f} and {table['n 64'][half]:.2f}."
    )
    for n in figures.GROUPS:
        assert table[f"n {n}"][0] > table[f"n {n}"][half] > 1
        assert table[f"n {n}"][-1] > table[f"n {n}"][half]


# The ratio, the clip and the divergence.


@pytest.mark.equation("eq-policy-gradient-ratio")
def test_the_ratio_makes_old_texts_right(printed: Equations) -> None:
    reward, theta, old = normal(5), normal(5, seed=1), normal(5, seed=2).softmax(0)
    leaf = theta.clone().requires_grad_()
    (exact,) = torch.autograd.grad((leaf.softmax(0) * reward).sum(), leaf)
    policy = Given((r"\theta",), lambda z: lambda y: torch.tensor(z).softmax(0)[y].item())
    printed("eq-policy-gradient-ratio").holds(
        {
            r"\nabla J": exact.numpy(),
            r"\nabla": By(r"\theta"),
            r"\theta": theta.numpy(),
            r"\pi": policy,
            r"\mu": lambda y: old[y].item(),
            "R": lambda y: reward[y].item(),
            "y": Each(range(5)),
        },
        free=(r"\mu",),
    )


@pytest.mark.equation("eq-policy-gradient-clip")
def test_the_clip_without_cases_and_where_its_gradient_is_zero(printed: Equations) -> None:
    for ratio, advantage in itertools.product((0.6, 0.9, 1.1, 1.4), (1.7, -0.6)):
        printed("eq-policy-gradient-clip").holds(
            {
                r"\rho": ratio,
                "A": advantage,
                r"\varepsilon": 0.25,
                r"\operatorname{clip}": lambda x, low, high: min(max(x, low), high),
            },
            free=(r"\rho", "A", r"\varepsilon", r"\operatorname{clip}"),  # it holds for all
        )
        rho = torch.tensor(ratio, requires_grad=True)
        gain = code.surrogate(rho, torch.tensor(advantage), 0.25, 0.25)
        (slope,) = torch.autograd.grad(gain, rho)
        gone = ratio > 1.25 if advantage > 0 else ratio < 0.75
        assert float(slope) == pytest.approx(0 if gone else advantage)
        assert float(gain.detach()) == pytest.approx(
            min(ratio * advantage, advantage + 0.25 * abs(advantage)), abs=1e-6
        )
    high = code.surrogate(torch.tensor(1.25), torch.tensor(1.0), 0.2, 0.28)
    assert float(high) == pytest.approx(1.25)
    table = read("clip.csv")
    for r, good, bad in zip(*(table[k] for k in ("ratio", "good slope", "bad slope")), strict=True):
        if min(abs(r - 0.8), abs(r - 1.2)) > 1e-9:
            assert (good, bad) == (1.0 * (r < 1.2), -1.0 * (r > 0.8))


def test_the_terms_of_the_divergence_listed() -> None:
    moved = LOGITS.clone()
    moved[0] = 0.0  # 4 with probability 0.5
    now = code.log_probabilities(moved, PROCESS).sum(-1).exp()
    exact = float((now * (now / P).log()).sum())
    said(f"The divergence is {exact:.3f} nats; all texts listed")
    found = code.divergences(now, P)
    for row, (mean, spread) in zip(rows_of("tab-policy-gradient-kl"), found.values(), strict=True):
        bias = round(mean - exact, 9)
        assert row[1:] == [f"{mean:.3f}", f"{bias:.3f}" if bias else "0", f"{spread:.3f}"]


# The program's training.


def test_a_step_of_the_program_is_the_estimate_of_what_it_drew() -> None:
    setting = code.Settings(samples=4, rate=0.3, bonus=0.2)
    curve, theta = code.train(PROCESS, LOGITS, 1, setting, 1)
    drawn = torch.multinomial(P[None], 4, True, generator=torch.Generator().manual_seed(0))[0]
    advantage = code.group(REWARD[drawn], "others")
    step = (advantage[:, None, None] * SCORE.sum(1)[drawn]).mean(0)
    leaf = LOGITS.clone().requires_grad_()
    (calm,) = torch.autograd.grad(code.entropy(leaf, PROCESS), leaf)
    torch.testing.assert_close(theta[0], LOGITS + 0.3 * (step + 0.2 * calm))
    assert float(curve[0, 0]) == pytest.approx(1.8)
    assert float(code.entropy(LOGITS, PROCESS)) == pytest.approx(stats.entropy(P.numpy()))


# The demo.


def followed(kind: str, texts: int, rate: float, lift: float, steps: int, seed: int) -> list[float]:
    """Mean reward before each step and after the last, then the texts' probabilities, with the demo's draws."""
    chance, theta, curve = Random(seed), LOGITS, []
    for t in range(steps + 1):
        p = code.log_probabilities(theta, PROCESS).sum(-1).exp()
        curve.append(float(p @ REWARD))
        if t == steps:
            return [*curve, *p.tolist()]
        below = p.cumsum(0)
        drawn = [int((below <= chance.uniform()).sum()) for _ in range(texts)]
        advantage = code.group(REWARD[drawn] + lift, kind)
        score = code.scores(theta, PROCESS)[drawn]
        theta = theta + rate * code.estimate(advantage[:, None].expand(-1, 2), score).mean(0)
    raise AssertionError


def golden() -> dict[str, object]:
    """What the demo and Python must agree on: a run, and the exact moments of the first estimate."""
    cases: list[dict[str, object]] = []
    for kind, texts, rate, lift, seed in (
        ("none", 4, 0.1, 10.0, 1),
        ("others", 3, 0.5, 0.0, 2),
        ("mean", 6, 1.5, 3.0, 3),
        ("divided", 5, 0.3, 0.0, 4),
    ):
        setting = {"kind": kind, "texts": texts, "rate": rate, "lift": lift, "steps": 12}
        run = followed(kind, texts, rate, lift, 12, seed)
        cases.append({"function": "outcome", "args": [setting, seed], "returns": run})
        if texts < 5:
            mean, var = code.of_groups(P, SCORE.sum(1), REWARD + lift, texts, kind)
            told = [float(mean[0, 0]), float(var[0, 0]) ** 0.5]
            cases.append({"function": "moments", "args": [setting], "returns": told})
    module = "training/policy-gradient/policy-gradient.mjs"
    return {"module": module, "tolerance": 1e-5, "cases": cases}


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())
