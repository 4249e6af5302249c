"""The claims of docs/training/rlhf.md."""

import itertools
import math
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import optimize, special
from scipy.sparse.csgraph import connected_components
from torch import Tensor
from torch.distributions import Categorical, kl_divergence

from docs.training.rlhf import rlhf
from scripts.figures import rlhf as figures
from scripts.figures import style
from scripts.printed.values import By, Each, Finite, Given
from tests import golden as shared
from tests.answers.plugin import Bench
from tests.printed.plugin import Equations
from tests.said import sayings

GOLDEN = Path(__file__).with_name("rlhf.golden.json")
PAGE = style.DOCS / "training" / "rlhf.md"
FIGURES = PAGE.with_suffix("")
BETA = 0.5
TABLE = torch.eye(len(rlhf.ANSWERS), dtype=torch.float64)
said = sayings(PAGE)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def random_policy(seed: int) -> Tensor:
    logits = torch.randn(len(rlhf.ANSWERS), generator=seeded(seed), dtype=torch.float64)
    return torch.log_softmax(logits, 0)


def expected_wins(r: Tensor) -> Tensor:
    """Counts in proportion to what endless comparisons of answers of the reference would give."""
    ref = rlhf.LOG_REF.exp()
    wins = rlhf.preferred(r) * ref[:, None] * ref[None, :]
    return wins - torch.diag_embed(wins.diagonal())


def function(values: Any) -> Callable[[int], float]:
    """The values of all answers, as a function of the answer."""
    return lambda y: float(values[y])


SMALL = 5  # answers, of the twelve, for prints that are derived
ALL = Each(range(len(rlhf.ANSWERS)))
FEW = Each(range(SMALL))


def softmax(theta: Any) -> Callable[[int], float]:
    """A policy over a few answers, by its logits."""
    return function(torch.softmax(torch.as_tensor(theta), 0))


def log_policy(theta: Any) -> Tensor:
    return torch.log_softmax(torch.as_tensor(theta), 0)


def few(values: Tensor) -> Tensor:
    """Log-probabilities of the first few answers, as a policy of their own."""
    return torch.log_softmax(values[:SMALL], 0)


def between(p: Callable[[int], float], q: Callable[[int], float]) -> float:
    """The divergence of two policies over a few answers, by the library."""
    return float(sum(special.rel_entr(p(y), q(y)) for y in FEW.values))


def below_each(log_ref: Tensor, r: Tensor) -> Tensor:
    """How often each answer is better than one of the reference, ties counted half."""
    higher = (r[:, None] > r[None, :]).double() + 0.5 * (r[:, None] == r[None, :]).double()
    return higher @ log_ref.exp()


def centred(r: Tensor) -> Tensor:
    return r - r.mean()


@pytest.mark.equation("eq-rlhf-shift")
def test_a_constant_added_to_all_rewards_changes_no_preference(printed: Equations) -> None:
    shifted = rlhf.preferred(rlhf.GOLD + 7.5)
    torch.testing.assert_close(shifted, rlhf.preferred(rlhf.GOLD))
    odds = shifted / shifted.T
    torch.testing.assert_close(odds.log(), rlhf.GOLD[:, None] - rlhf.GOLD[None, :])
    chance = {
        r"P(i \succ j)": Given(("i", "j"), lambda i, j: shifted[i - 1, j - 1]),
        r"P(j \succ i)": Given(("i", "j"), lambda i, j: shifted[j - 1, i - 1]),
    }
    values = {**chance, "r": rlhf.GOLD, "c": 7.5, "i": 3, "j": 10}
    printed("eq-rlhf-shift").holds(values, free=("c", "i", "j"))


def test_endless_comparisons_give_the_reward_back_up_to_a_constant() -> None:
    fitted = rlhf.fit_reward(expected_wins(rlhf.GOLD), TABLE, prior=1e-9)
    torch.testing.assert_close(centred(fitted), centred(rlhf.GOLD), atol=1e-4, rtol=0)


def test_an_answer_that_always_wins_has_a_reward_only_by_the_prior() -> None:
    wins = torch.tensor([[0.0, 5.0], [0.0, 0.0]], dtype=torch.float64)
    gaps = []
    for prior in (1e-1, 1e-2, 1e-3):
        r = rlhf.fit_reward(wins, torch.eye(2, dtype=torch.float64), prior)
        gaps.append((r[0] - r[1]).item())
    assert gaps[0] > 1
    assert gaps[1] > gaps[0] + 1.5
    assert gaps[2] > gaps[1] + 1.5


@pytest.mark.equation("eq-rlhf-preference")
def test_the_preference_is_the_share_that_exponentials_of_the_rewards_give(
    printed: Equations,
) -> None:
    weight = rlhf.GOLD.exp()
    expected = weight[:, None] / (weight[:, None] + weight[None, :])
    torch.testing.assert_close(rlhf.preferred(rlhf.GOLD), expected)
    printed("eq-rlhf-preference").holds(
        {
            r"P(i \succ j)": Given(("i", "j"), lambda i, j: expected[i - 1, j - 1]),
            r"\sigma": lambda x: torch.sigmoid(torch.tensor(x)),
            "r": rlhf.GOLD,
            "i": 3,
            "j": 10,
        },
        free=("i", "j"),
    )


@pytest.mark.equation("eq-rlhf-loss")
@pytest.mark.equation("eq-rlhf-dpo")
def test_the_printed_losses_are_those_of_the_code(printed: Equations) -> None:
    pairs = [(3, 8), (1, 10), (3, 8), (6, 2), (12, 5)]
    wins = torch.zeros(12, 12, dtype=torch.float64)
    for winner, loser in pairs:
        wins[winner - 1, loser - 1] += 1
    w, l = zip(*pairs, strict=True)
    sigmoid = {r"\sigma": lambda x: 1 / (1 + math.exp(-x)), "n": 5, "w": w, "l": l}
    values = {"L(r)": rlhf.preference_loss(rlhf.GOLD, wins), "r": rlhf.GOLD}
    printed("eq-rlhf-loss").holds({**sigmoid, **values})
    policy = random_policy(6)
    printed("eq-rlhf-dpo").holds(
        {
            **sigmoid,
            r"L_{\text{DPO}}": rlhf.dpo_loss(policy, rlhf.LOG_REF, wins, 0.7),
            r"\beta": 0.7,
            r"\pi": lambda y: policy[y - 1].exp(),
            r"\pi_{\text{ref}}": lambda y: rlhf.LOG_REF[y - 1].exp(),
        },
        free=(r"\pi", r"\pi_{\text{ref}}"),
    )


def test_comparisons_follow_the_model_and_draw_from_the_policy() -> None:
    wins = rlhf.compare(rlhf.GOLD, 200_000, rlhf.LOG_REF, seeded(9))
    assert wins.sum().item() == 200_000
    share = (wins[0, 8] / (wins[0, 8] + wins[8, 0])).item()
    assert share == pytest.approx(1 / (1 + math.exp(-(2.96 - 0.08))), abs=0.01)
    both = rlhf.LOG_REF.exp()[:, None] * rlhf.LOG_REF.exp()[None, :]
    both.fill_diagonal_(0)  # an answer is never compared with itself
    shown = (wins + wins.T) / 200_000
    torch.testing.assert_close(shown, 2 * both / both.sum(), atol=0.002, rtol=0)


def test_the_fit_agrees_with_a_general_optimiser() -> None:
    wins = rlhf.compare(rlhf.GOLD, 300, rlhf.LOG_REF, seeded(3))

    def loss(w: np.ndarray[Any, Any]) -> float:
        r = rlhf.FEATURES.numpy() @ w
        gaps = r[:, None] - r[None, :]
        data = (wins.numpy() * np.log1p(np.exp(-gaps))).sum() / wins.sum().item()
        return float(data + 1e-3 / 2 * (w**2).sum())

    best = optimize.minimize(loss, np.zeros(5), tol=1e-12).x
    np.testing.assert_allclose(rlhf.fit_reward(wins, rlhf.FEATURES), best, atol=2e-4)


def test_the_error_of_the_fit_halves_with_four_times_the_comparisons() -> None:
    def error(n: int) -> float:
        found = []
        for seed in range(64):  # the ratio of roots of two means of 64 squares strays by about 0.1
            wins = rlhf.compare(rlhf.GOLD, n, rlhf.LOG_REF, seeded(100 + seed))
            r = rlhf.FEATURES @ rlhf.fit_reward(wins, rlhf.FEATURES, prior=1e-6)
            found.append((centred(r) - centred(rlhf.GOLD)).pow(2).mean().item())
        return math.sqrt(np.mean(found))

    said("four times the comparisons halve it, as a test of this page measures")
    assert error(1000) / error(4000) == pytest.approx(2, rel=0.25)


@pytest.mark.equation("eq-rlhf-optimum")
def test_the_closed_form_is_the_best_of_all_policies(printed: Equations) -> None:
    def loss(logits: np.ndarray[Any, Any]) -> float:
        p = np.exp(logits - logits.max())
        p /= p.sum()
        ref = rlhf.LOG_REF.exp().numpy()
        return float(-(p @ rlhf.GOLD.numpy()) + BETA * (p * np.log(p / ref)).sum())

    best = optimize.minimize(loss, np.zeros(len(rlhf.ANSWERS)), tol=1e-12).x
    ours = rlhf.optimum(rlhf.LOG_REF, rlhf.GOLD, BETA).exp().numpy()
    np.testing.assert_allclose(ours, np.exp(best) / np.exp(best).sum(), atol=1e-4)
    mass = float((rlhf.LOG_REF.exp() * (rlhf.GOLD / BETA).exp()).sum())
    printed("eq-rlhf-optimum").holds(
        {
            r"\pi^{*}": function(ours),
            r"\pi_{\text{ref}}": function(rlhf.LOG_REF.exp()),
            "r": function(rlhf.GOLD),
            "Z": mass,
            r"\beta": BETA,
            "y": ALL,
        }
    )


@pytest.mark.equation("eq-rlhf-objective")
@pytest.mark.equation("eq-rlhf-gap")
def test_the_printed_objective_and_what_is_missed_of_it(printed: Equations) -> None:
    policy, best = random_policy(4), rlhf.optimum(rlhf.LOG_REF, rlhf.GOLD, BETA)
    laws = {
        r"\pi": function(policy.exp()),
        r"\pi_{\text{ref}}": function(rlhf.LOG_REF.exp()),
        "r": function(rlhf.GOLD),
        "y": ALL,
        r"\beta": BETA,
        r"J(\pi)": rlhf.objective(policy, rlhf.LOG_REF, rlhf.GOLD, BETA),
    }

    def divergence(other: Tensor) -> Tensor:
        return kl_divergence(Categorical(logits=policy), Categorical(logits=other))

    penalty = divergence(rlhf.LOG_REF)
    distance = {r"\operatorname{KL}(\pi \,\|\, \pi_{\text{ref}})": penalty}
    used = {name: value for name, value in laws.items() if name != r"\pi_{\text{ref}}"}
    printed("eq-rlhf-objective").holds({**used, **distance})
    printed("eq-rlhf-gap").holds(
        {
            **laws,
            r"\pi^{*}": function(best.exp()),
            r"\operatorname{KL}(\pi \,\|\, \pi^{*})": divergence(best),
            "Z": torch.logsumexp(rlhf.LOG_REF + rlhf.GOLD / BETA, 0).exp(),
        }
    )


@pytest.mark.equation("eq-rlhf-gap")
@pytest.mark.parametrize("seed", range(4))
def test_what_a_policy_misses_is_beta_times_its_divergence_from_the_optimum(seed: int) -> None:
    policy, best = random_policy(seed), rlhf.optimum(rlhf.LOG_REF, rlhf.GOLD, BETA)
    log_z = torch.logsumexp(rlhf.LOG_REF + rlhf.GOLD / BETA, 0)
    gap = BETA * kl_divergence(Categorical(logits=policy), Categorical(logits=best))
    reached = rlhf.objective(policy, rlhf.LOG_REF, rlhf.GOLD, BETA)
    torch.testing.assert_close(reached, BETA * log_z - gap)


def test_the_divergence_equals_the_library() -> None:
    policy = random_policy(1)
    expected = kl_divergence(Categorical(logits=policy), Categorical(logits=rlhf.LOG_REF))
    torch.testing.assert_close(rlhf.divergence(policy, rlhf.LOG_REF), expected)


def score_gradient(logits: Tensor, weight: Tensor) -> Tensor:
    """The sum over answers of pi * weight * grad log pi, by the logits, written out."""
    pi = torch.softmax(logits, 0)
    return pi * (weight - (pi * weight).sum())


@pytest.mark.equation("eq-rlhf-gradient")
@pytest.mark.equation("eq-rlhf-baseline")
def test_the_policy_gradient_is_the_gradient_of_the_objective_with_any_baseline() -> None:
    logits = torch.randn(len(rlhf.ANSWERS), generator=seeded(5), dtype=torch.float64)
    logits.requires_grad_()
    log_pi = torch.log_softmax(logits, 0)
    value = rlhf.objective(log_pi, rlhf.LOG_REF, rlhf.GOLD, BETA)
    (exact,) = torch.autograd.grad(value, logits, retain_graph=True)
    charged = (rlhf.GOLD - BETA * (log_pi - rlhf.LOG_REF)).detach()
    for baseline in (0.0, 3.7):
        weight = charged - baseline
        surrogate = (log_pi.detach().exp() * log_pi * weight).sum()
        (found,) = torch.autograd.grad(surrogate, logits, retain_graph=True)
        torch.testing.assert_close(found, exact)
        torch.testing.assert_close(score_gradient(logits.detach(), weight), exact)


@pytest.mark.equation("eq-rlhf-gradient")
@pytest.mark.equation("eq-rlhf-baseline")
def test_the_printed_gradient_is_that_of_autograd_and_a_constant_adds_nothing(
    printed: Equations,
) -> None:
    theta, ref = random_policy(5)[:SMALL].clone().requires_grad_(), few(rlhf.LOG_REF)
    value = rlhf.objective(torch.log_softmax(theta, 0), ref, rlhf.GOLD[:SMALL], BETA)
    (exact,) = torch.autograd.grad(value, theta)
    shared = {
        r"\nabla": By(r"\theta"),
        r"\theta": theta,
        r"\pi": Given((r"\theta",), softmax),
        "y": FEW,
    }
    printed("eq-rlhf-gradient").holds(
        {
            **shared,
            r"\nabla J": exact,
            "r": function(rlhf.GOLD),
            r"\pi_{\text{ref}}": function(ref.exp()),
            r"\beta": BETA,
        },
        free=(r"\pi_{\text{ref}}",),
    )
    printed("eq-rlhf-baseline").holds({**shared, "b": 3.7}, free=("b", r"\pi", r"\theta"))
    score, slope = r"\nabla \log ⟨\pi (y)⟩", r"\sum_{y} ⟨\nabla \pi (y)⟩ = 0"
    mean = r"\mathbb{E}_{y \sim \pi}"
    for nothing in (f"{mean}[{score}] = b {slope}", f"{mean}[b {score}] = {slope}"):
        printed.excuse(nothing, "all are zero")
    left = r"\sum_{y} ⟨\nabla \pi (y) (r (y) - \beta \log \frac{\pi (y)}{\pi_{\text{ref}} (y)})⟩"
    mean = (
        r"\mathbb{E}_{y \sim \pi}[(r (y) - \beta \log \frac{\pi (y)}{\pi_{\text{ref}} (y)}) "
        r"\nabla \log ⟨\pi (y)⟩]"
    )
    for nothing in ("", r" + \beta \sum_{y} ⟨{}⟩", r" - \sum_{y} ⟨{}⟩"):
        term = nothing.replace("{}", r"\pi (y) \nabla \log ⟨\pi (y)⟩")
        printed.excuse(rf"\nabla J = {left}{term} = {left} = {mean}", "the sum is zero")


@pytest.mark.equation("eq-rlhf-ppo")
@pytest.mark.equation("eq-rlhf-ppo-start")
def test_the_printed_loss_of_ppo_and_its_first_step_are_those_of_the_code(
    printed: Equations,
) -> None:
    counts = [1, 3, 2, 5, 4]
    y = torch.repeat_interleave(torch.arange(SMALL), torch.tensor(counts))
    old = (torch.tensor(counts).double() / sum(counts)).log()
    ratio = torch.tensor([1.45, 0.6, 1.1, 0.7, 1.3], dtype=torch.float64)
    advantage = torch.tensor([1.2, 0.8, -0.5, -1.4, -0.9], dtype=torch.float64)
    of_answer = {
        r"\pi_{\text{old}}": function(old.exp()),
        "A": Given(("y",), function(advantage)),
        "y": FEW,
    }
    printed("eq-rlhf-ppo").holds(
        {
            **of_answer,
            r"L_{\text{PPO}}": rlhf.ppo_loss((old + ratio.log())[y], old[y], advantage[y], 0.25),
            r"\rho": Given(("y",), function(ratio)),
            r"\operatorname{clip}": lambda x, low, high: min(max(x, low), high),
            r"\varepsilon": 0.25,
        }
    )

    def loss(theta: Any) -> Tensor:
        return rlhf.ppo_loss(log_policy(theta)[y], old[y], advantage[y])

    printed("eq-rlhf-ppo-start").holds(
        {
            **of_answer,
            r"L_{\text{PPO}}": Given((r"\theta",), loss),
            r"\pi": Given((r"\theta",), softmax),
            r"\nabla": By(r"\theta"),
            r"\theta": old + 0.3,  # the same policy: logits have no zero
        },
        free=(r"\pi",),
    )


@pytest.mark.equation("eq-rlhf-ppo-start")
def test_the_first_step_of_ppo_is_the_policy_gradient() -> None:
    logits = torch.randn(6, generator=seeded(2), dtype=torch.float64, requires_grad=True)
    y = torch.tensor([0, 3, 3, 5, 1])
    advantage = torch.tensor([1.0, -2.0, 0.5, 0.3, -0.1], dtype=torch.float64)
    log_new = torch.log_softmax(logits, 0)[y]
    (ppo,) = torch.autograd.grad(
        rlhf.ppo_loss(log_new, log_new.detach(), advantage), logits, retain_graph=True
    )
    (plain,) = torch.autograd.grad(-(log_new * advantage).mean(), logits)
    torch.testing.assert_close(ppo, plain)


@pytest.mark.parametrize(
    ("ratio", "advantage", "slope"),
    [(1.1, 1.0, True), (1.3, 1.0, False), (0.7, 1.0, True), (0.7, -1.0, False), (1.3, -1.0, True)],
)
def test_ppo_stops_where_the_ratio_has_gone_far_enough_in_the_good_direction(
    ratio: float, advantage: float, slope: bool
) -> None:
    log_new = torch.tensor([math.log(ratio)], requires_grad=True)
    loss = rlhf.ppo_loss(log_new, torch.zeros(1), torch.tensor([advantage]))
    (found,) = torch.autograd.grad(loss, log_new)
    assert (found.item() != 0) == slope


def test_ppo_loses_no_more_than_the_clipped_gain() -> None:
    ratios = torch.tensor([0.5, 0.9, 1.0, 1.1, 1.5], dtype=torch.float64)
    for a, expected in ((2.0, [1.0, 1.8, 2.0, 2.2, 2.4]), (-2.0, [-1.6, -1.8, -2.0, -2.2, -3.0])):
        for ratio, gain in zip(ratios, expected, strict=True):
            advantage = torch.tensor([a], dtype=torch.float64)
            loss = rlhf.ppo_loss(ratio.log()[None], torch.zeros(1).double(), advantage)
            assert -loss.item() == pytest.approx(gain)


@pytest.mark.equation("eq-rlhf-tokens")
def test_logarithms_and_divergences_add_up_over_tokens(printed: Equations) -> None:
    first, second = torch.randn(2, 3, generator=seeded(1), dtype=torch.float64)
    later = torch.randn(2, 3, 3, generator=seeded(2), dtype=torch.float64)
    tokens = [torch.log_softmax(first, 0), torch.log_softmax(second, 0)]  # policy, reference
    rest = [torch.log_softmax(table, 1) for table in later]
    whole = [(a[:, None] + b).flatten() for a, b in zip(tokens, rest, strict=True)]
    torch.testing.assert_close(whole[0].exp().sum(), torch.tensor(1.0, dtype=torch.float64))
    library = kl_divergence(Categorical(logits=tokens[0]), Categorical(logits=tokens[1]))
    by_start = kl_divergence(Categorical(logits=rest[0]), Categorical(logits=rest[1]))
    expected = library + (tokens[0].exp() * by_start).sum()
    torch.testing.assert_close(rlhf.divergence(whole[0], whole[1]), expected)
    laws = []
    for start, then in zip(tokens, rest, strict=True):

        def law(y: int, *before: int, start: Tensor = start, then: Tensor = then) -> Tensor:
            return (then[before[0] - 1] if before else start)[y - 1].exp()

        laws.append(law)
    each = [np.array([whole[0][3 * i + j] for j in range(3)]) for i in range(3)]

    def after(which: int) -> Given:
        return Given(("y", "t"), lambda y, t: [laws[which](k, *y[: t - 1]) for k in (1, 2, 3)])

    printed("eq-rlhf-tokens").holds(
        {
            r"\pi(\cdot)": lambda first, second: math.exp(each[first - 1][second - 1]),
            r"\pi(\cdot \mid \cdot)": laws[0],
            r"\operatorname{KL}(\pi \,\|\, \pi_{\text{ref}})": rlhf.divergence(*whole),
            r"\operatorname{KL}": lambda p, q: special.rel_entr(p, q).sum(),
            r"\pi(\cdot \mid y_{<t})": after(0),
            r"\pi_{\text{ref}}(\cdot \mid y_{<t})": after(1),
            "y": Each(list(itertools.product((1, 2, 3), repeat=2))),
            "t": Each((1, 2)),
        }
    )


@pytest.mark.equation("eq-rlhf-rloo")
@pytest.mark.equation("eq-rlhf-grpo")
def test_advantages_of_a_group_by_hand(printed: Equations) -> None:
    reward = torch.tensor([1.0, 0.0, 0.0, 1.0, 3.0], dtype=torch.float64)
    others = [(reward.sum() - x) / 4 for x in reward]
    expected = torch.stack([x - mean for x, mean in zip(reward, others, strict=True)])
    torch.testing.assert_close(rlhf.leave_one_out_advantage(reward), expected)
    spread = math.sqrt(6 / 5)  # deviations 0, 1, 1, 0, 2 from the mean 1
    by_hand = torch.tensor([0.0, -1.0, -1.0, 0.0, 2.0], dtype=torch.float64) / spread
    torch.testing.assert_close(rlhf.group_advantage(reward), by_hand, atol=1e-7, rtol=0)
    reward = torch.tensor([1.3, 0.4, -0.7, 2.6, 3.1], dtype=torch.float64)
    group = {"r": reward, r"\bar{r}": reward.mean(), "n": 5, "i": Each(range(1, 6))}
    advantage = {"A": rlhf.leave_one_out_advantage(reward)}
    printed("eq-rlhf-rloo").holds({**group, **advantage, "j": Each(range(1, 6))})
    values = {**group, "A": rlhf.group_advantage(reward)}
    values[r"\operatorname{std}"] = lambda *r: statistics.pstdev(r)
    printed("eq-rlhf-grpo").holds(values, tolerance=1e-7)


def test_the_group_advantage_forgets_how_large_the_rewards_are() -> None:
    reward = torch.tensor([0.2, 0.1, 0.4], dtype=torch.float64)
    near = rlhf.group_advantage(reward)
    torch.testing.assert_close(near, rlhf.group_advantage(100 * reward), atol=1e-5, rtol=0)


@pytest.mark.equation("eq-rlhf-estimates")
def test_two_estimates_of_the_divergence_have_no_bias_and_the_third_the_least_spread(
    printed: Equations,
) -> None:
    close = torch.log_softmax(rlhf.LOG_REF + 0.1 * random_policy(4), 0)
    for policy in (close, random_policy(4)):
        weights = policy.exp()
        exact = rlhf.divergence(policy, rlhf.LOG_REF).item()
        means = [(weights * k).sum().item() for k in rlhf.kl_estimates(policy, rlhf.LOG_REF)]
        assert means[0] == pytest.approx(exact, abs=1e-12)
        assert means[2] == pytest.approx(exact, abs=1e-12)
    far = random_policy(4)
    biased = (far.exp() * rlhf.kl_estimates(far, rlhf.LOG_REF)[1]).sum().item()
    assert abs(biased / rlhf.divergence(far, rlhf.LOG_REF).item() - 1) > 0.05
    k1, k2, k3 = rlhf.kl_estimates(close, rlhf.LOG_REF)
    spread = [
        ((close.exp() * k**2).sum() - (close.exp() * k).sum() ** 2).item() for k in (k1, k2, k3)
    ]
    assert spread[2] < spread[0] / 100
    assert bool((k3 >= 0).all())
    assert bool((k1 < 0).any())
    estimates = rlhf.kl_estimates(far, rlhf.LOG_REF)
    library = kl_divergence(Categorical(logits=far), Categorical(logits=rlhf.LOG_REF))
    for y in (0, 4, 11):
        values = {f"k_{i}": k[y] for i, k in enumerate(estimates, 1)}
        means = {"k_1": estimates[0].tolist(), "k_3": estimates[2].tolist()}
        printed("eq-rlhf-estimates").holds(
            {
                **values,
                "x": rlhf.LOG_REF[y] - far[y],
                r"\mathbb{E}": Finite(means, far.exp().tolist()),
                r"\operatorname{KL}": library,
            }
        )


@pytest.mark.equation("eq-rlhf-rloo")
def test_the_leave_one_out_estimate_has_no_bias_and_the_group_normalised_one_has() -> None:
    logits = torch.tensor([0.3, -0.2, 0.5], dtype=torch.float64, requires_grad=True)
    reward = torch.tensor([0.0, 1.0, 3.0], dtype=torch.float64)
    log_pi = torch.log_softmax(logits, 0)
    (exact,) = torch.autograd.grad((log_pi.exp() * reward).sum(), logits, retain_graph=True)
    pi = log_pi.exp().detach()
    scores = torch.eye(3, dtype=torch.float64) - pi  # row y: the gradient of log pi(y)
    means = {}
    for name in ("leave_one_out_advantage", "group_advantage"):
        total = torch.zeros(3, dtype=torch.float64)
        for group in torch.cartesian_prod(*[torch.arange(3)] * 4):
            advantage = getattr(rlhf, name)(reward[group])
            total += pi[group].prod() * (advantage[:, None] * scores[group]).mean(0)
        means[name] = total
    torch.testing.assert_close(means["leave_one_out_advantage"], exact)
    cosine = torch.nn.functional.cosine_similarity(means["group_advantage"], exact, dim=0)
    assert cosine.item() < 0.9999
    same = torch.full((5,), 2.0, dtype=torch.float64)
    assert rlhf.group_advantage(same).abs().max() == 0


@pytest.mark.equation("eq-rlhf-estimate-gradients")
def test_as_losses_the_estimates_follow_nothing_the_divergence_and_the_opposite_one(
    printed: Equations,
) -> None:
    logits = random_policy(3).clone().requires_grad_()
    log_pi = torch.log_softmax(logits, 0)
    fixed = log_pi.detach().exp()  # the answers are drawn, then held
    found = [
        torch.autograd.grad((fixed * k).sum(), logits, retain_graph=True)[0]
        for k in rlhf.kl_estimates(log_pi, rlhf.LOG_REF)
    ]
    forwards = kl_divergence(Categorical(logits=logits), Categorical(logits=rlhf.LOG_REF))
    backwards = kl_divergence(Categorical(logits=rlhf.LOG_REF), Categorical(logits=logits))
    torch.testing.assert_close(found[0], torch.zeros_like(logits), atol=1e-12, rtol=0)
    for gradient, divergence in ((found[1], forwards), (found[2], backwards)):
        (expected,) = torch.autograd.grad(divergence, logits, retain_graph=True)
        torch.testing.assert_close(gradient, expected)
    ref = few(rlhf.LOG_REF)

    def estimate(which: int) -> Given:
        def of(theta: Any, y: int) -> Tensor:
            return rlhf.kl_estimates(log_policy(theta), ref)[which][y]

        return Given((r"\theta", "y"), of)

    printed("eq-rlhf-estimate-gradients").holds(
        {
            **{f"k_{i + 1}": estimate(i) for i in range(3)},
            "x": Given((r"\theta", "y"), lambda theta, y: (ref - log_policy(theta))[y]),
            r"\operatorname{KL}": between,
            r"\pi": Given((r"\theta",), softmax),
            r"\pi_{\text{ref}}": function(ref.exp()),
            r"\nabla": By(r"\theta"),
            r"\theta": random_policy(3)[:SMALL],
            "y": FEW,
        },
        free=(r"\theta", "k_1"),
    )


def test_at_the_optimum_every_answer_earns_the_same_after_the_penalty_so_the_noise_is_gone() -> (
    None
):
    best = rlhf.optimum(rlhf.LOG_REF, rlhf.GOLD, BETA)
    charged = rlhf.GOLD - BETA * (best - rlhf.LOG_REF)
    value = BETA * math.log((rlhf.LOG_REF.exp() * (rlhf.GOLD / BETA).exp()).sum().item())
    torch.testing.assert_close(charged, torch.full_like(charged, value))
    assert rlhf.leave_one_out_advantage(charged).abs().max() < 1e-12


def test_training_reaches_the_closed_form_and_four_steps_on_a_set_get_closer_than_one() -> None:
    torch.set_num_threads(1)
    best = rlhf.optimum(rlhf.LOG_REF, rlhf.GOLD, BETA)
    top = rlhf.objective(best, rlhf.LOG_REF, rlhf.GOLD, BETA).item()
    assert top - rlhf.objective(rlhf.LOG_REF, rlhf.LOG_REF, rlhf.GOLD, BETA).item() > 0.5
    told = []
    for method, digits in (("reinforce", 4), ("ppo", 5)):
        policies = [rlhf.train(rlhf.GOLD, BETA, 300, seeded(seed), method) for seed in range(5)]
        gaps = [top - rlhf.objective(p, rlhf.LOG_REF, rlhf.GOLD, BETA).item() for p in policies]
        assert min(gaps) >= 0
        assert max((p.exp() - best.exp()).abs().max().item() for p in policies) < 0.015
        told.append(f"within {np.mean(gaps):.{digits}f} ± {np.std(gaps, ddof=1):.{digits}f}")
    said(
        f"On the twelve answers 300 sets of 256 bring plain policy gradient {told[0]} nats",
        f"and PPO, with four steps on each set, {told[1]} (mean and standard deviation of five seeds)",
    )


def test_training_starts_from_the_reference_and_ppo_takes_four_steps_on_a_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start = rlhf.train(rlhf.GOLD, BETA, 0, seeded())
    torch.testing.assert_close(start, rlhf.LOG_REF)
    ratios = []
    true_loss = rlhf.ppo_loss

    def watched(log_new: Tensor, log_old: Tensor, advantage: Tensor) -> Tensor:
        ratios.append((log_new - log_old).abs().max().item())
        return true_loss(log_new, log_old, advantage)

    monkeypatch.setattr(rlhf, "ppo_loss", watched)
    rlhf.train(rlhf.GOLD, BETA, 2, seeded())
    assert [ratio > 0 for ratio in ratios] == [False, True, True, True] * 2


@pytest.mark.parametrize(("method", "times"), [("reinforce", 1), ("ppo", 4)])
def test_training_is_the_printed_loop_with_the_whole_penalty(method: str, times: int) -> None:
    logits, generator = rlhf.LOG_REF.clone().requires_grad_(), seeded(14)
    optimizer = torch.optim.Adam([logits], lr=0.02)
    for _ in range(5):
        old = torch.softmax(logits, 0).detach()
        y = torch.multinomial(old, 256, replacement=True, generator=generator)
        earned = rlhf.GOLD - BETA * (old / rlhf.LOG_REF.exp()).log()
        above = torch.stack([earned[k] * 256 / 255 - earned[y].sum() / 255 for k in y])
        for _ in range(times):
            rho = (torch.softmax(logits, 0) / old)[y]
            gain = (
                torch.minimum(rho * above, rho.clip(0.8, 1.2) * above) if times > 1 else rho * above
            )
            optimizer.zero_grad()
            torch.autograd.backward(-gain.mean())
            optimizer.step()
    found = rlhf.train(rlhf.GOLD, BETA, 5, seeded(14), method)
    torch.testing.assert_close(found, torch.log_softmax(logits, 0).detach(), atol=1e-9, rtol=0)


@pytest.mark.equation("eq-rlhf-implied")
def test_a_policy_that_is_best_for_a_reward_tells_it_up_to_a_constant(printed: Equations) -> None:
    best = rlhf.optimum(rlhf.LOG_REF, rlhf.GOLD, BETA)
    log_z = torch.logsumexp(rlhf.LOG_REF + rlhf.GOLD / BETA, 0)
    torch.testing.assert_close(BETA * (best - rlhf.LOG_REF) + BETA * log_z, rlhf.GOLD)
    printed("eq-rlhf-implied").holds(
        {
            "r": function(rlhf.GOLD),
            r"\pi^{*}": function(best.exp()),
            r"\pi_{\text{ref}}": function(rlhf.LOG_REF.exp()),
            r"\beta": BETA,
            "Z": (rlhf.LOG_REF.exp() * (rlhf.GOLD / BETA).exp()).sum(),
            "y": ALL,
        }
    )


@pytest.mark.equation("eq-rlhf-dpo-gradient")
def test_the_slope_of_dpo_weighs_a_pair_by_how_wrong_the_implied_reward_is(
    printed: Equations,
) -> None:
    logits = random_policy(8).clone().requires_grad_()
    log_pi = torch.log_softmax(logits, 0)
    wins = torch.zeros(12, 12, dtype=torch.float64)
    wins[3, 7] = 1
    (found,) = torch.autograd.grad(rlhf.dpo_loss(log_pi, rlhf.LOG_REF, wins, BETA), logits)
    implied = BETA * (random_policy(8) - rlhf.LOG_REF)
    weight = torch.sigmoid(implied[7] - implied[3])
    by_logits = torch.zeros(12, dtype=torch.float64)
    by_logits[3], by_logits[7] = 1, -1  # the log-partition cancels in the difference
    torch.testing.assert_close(found, -BETA * weight * by_logits)
    # The print: several pairs among few answers.
    theta, ref, pairs = random_policy(8)[:SMALL], few(rlhf.LOG_REF), [(1, 4), (3, 2), (5, 4)]
    wins = torch.zeros(SMALL, SMALL, dtype=torch.float64)
    for winner, loser in pairs:
        wins[winner - 1, loser - 1] += 1
    w, l = zip(*pairs, strict=True)
    printed("eq-rlhf-dpo-gradient").holds(
        {
            r"L_{\text{DPO}}": Given(
                (r"\theta",), lambda theta: rlhf.dpo_loss(log_policy(theta), ref, wins, 0.7)
            ),
            r"\nabla": By(r"\theta"),
            r"\theta": theta,
            r"\pi": Given((r"\theta",), lambda theta: lambda y: softmax(theta)(y - 1)),
            r"\hat{r}": 0.7 * (log_policy(theta) - ref),
            r"\sigma": lambda x: 1 / (1 + math.exp(-x)),
            r"\beta": 0.7,
            "n": 3,
            "w": w,
            "l": l,
        },
        free=(r"\pi",),
    )


@pytest.mark.equation("eq-rlhf-dpo-optimum")
def test_dpo_ends_at_the_policy_that_rlhf_looks_for(printed: Equations) -> None:
    best = rlhf.optimum(rlhf.LOG_REF, rlhf.GOLD, BETA).exp()
    tuned = figures.tune(expected_wins(rlhf.GOLD), BETA).exp()
    torch.testing.assert_close(tuned, best, atol=1e-4, rtol=0)
    # The print: both ends among others that are as near as can be told apart.
    wins, policy = expected_wins(rlhf.GOLD), tuned.log()
    reward = rlhf.fit_reward(wins, TABLE, prior=1e-9)

    def shaken(values: Tensor) -> Each:
        moves = 0.02 * torch.randn(12, 12, generator=seeded(13), dtype=torch.float64)
        return Each([values, *(torch.log_softmax(values + move, 0) for move in moves)])

    printed("eq-rlhf-dpo-optimum").holds(
        {
            r"\hat\pi": function(policy.exp()),
            r"\pi_{\text{ref}}": function(rlhf.LOG_REF.exp()),
            r"\hat{r}": function(reward),
            r"\beta": BETA,
            "Z": (rlhf.LOG_REF.exp() * (reward / BETA).exp()).sum(),
            "y": ALL,
        },
        tolerance=2e-4,
        only=0,
    )
    loss = {
        r"L_{\text{DPO}}": lambda p: rlhf.dpo_loss(torch.as_tensor(p), rlhf.LOG_REF, wins, BETA)
    }
    printed("eq-rlhf-dpo-optimum").holds(
        {r"\hat\pi": policy, r"\pi": shaken(policy), **loss}, only=1, free=tuple(loss)
    )
    likelihood = {"L": lambda r: rlhf.preference_loss(torch.as_tensor(r), wins)}
    printed("eq-rlhf-dpo-optimum").holds(
        {r"\hat{r}": reward, "r": shaken(reward), **likelihood}, only=2, free=tuple(likelihood)
    )


@pytest.mark.equation("eq-rlhf-dpo-optimum")
@pytest.mark.parametrize("n", [600, 3000])
def test_for_the_same_few_comparisons_dpo_ends_at_the_optimum_of_the_fitted_reward(n: int) -> None:
    even = torch.full((12,), -math.log(12), dtype=torch.float64)
    wins = rlhf.compare(rlhf.GOLD, n, even, seeded(12))
    fitted = rlhf.fit_reward(wins, TABLE, prior=1e-8)
    best = rlhf.optimum(rlhf.LOG_REF, fitted, BETA).exp()
    torch.testing.assert_close(figures.tune(wins, BETA).exp(), best, atol=2e-4, rtol=0)
    assert (best - rlhf.optimum(rlhf.LOG_REF, rlhf.GOLD, BETA).exp()).abs().max() > 0.01


def test_how_many_comparisons_settle_what_fits_best() -> None:
    whole = []
    for n in (40, 100, 400):
        sets = [rlhf.compare(rlhf.GOLD, n, rlhf.LOG_REF, seeded(seed)) for seed in range(40)]
        # Ford's condition: from each answer a chain of wins leads to each other one.
        chains = [connected_components(wins.numpy(), connection="strong")[0] for wins in sets]
        whole.append(sum(count == 1 for count in chains))
    said(
        f"of 40 sets of comparisons between the twelve answers, in {whole[0]} with 40 comparisons each, "
        f"in {whole[1]} with 100 and in all with 400."
    )
    assert whole[2] == 40


@pytest.mark.parametrize("method", ["policy gradient", "ppo", "dpo"])
def test_all_three_reach_the_same_policy_from_the_same_comparisons(method: str) -> None:
    """The trained policies are those of the figure, which the test of the recipes trains anew."""
    table = style.read_table(FIGURES / "policies.csv")
    even = torch.full((12,), -math.log(12), dtype=torch.float64)
    wins = rlhf.compare(rlhf.GOLD, 20_000, even, seeded())

    def loss(r: np.ndarray[Any, Any]) -> float:
        return float((wins.numpy() * np.logaddexp(0, r[None, :] - r[:, None])).sum() / 20_000)

    fitted = torch.tensor(optimize.minimize(loss, np.zeros(12), tol=1e-10).x)
    best = rlhf.optimum(rlhf.LOG_REF, fitted, BETA)
    reached = torch.tensor(table[method], dtype=torch.float64)
    top, at = (rlhf.objective(p, rlhf.LOG_REF, fitted, BETA).item() for p in (best, reached.log()))
    assert top - at < 0.01
    torch.testing.assert_close(reached, best.exp(), atol=0.006, rtol=0)
    moved = (best.exp() - rlhf.optimum(rlhf.LOG_REF, rlhf.GOLD, BETA).exp()).abs().max()
    assert moved > 0.02  # the noise of the comparisons, which all three keep


def test_where_all_agree_the_loss_of_dpo_falls_for_ever() -> None:
    wins = torch.tensor([[0.0, 1.0], [0.0, 0.0]], dtype=torch.float64)
    log_ref = torch.log(torch.tensor([0.5, 0.5], dtype=torch.float64))

    def loss(gap: float) -> float:
        log_pi = torch.log_softmax(torch.tensor([gap, 0.0], dtype=torch.float64), 0)
        return rlhf.dpo_loss(log_pi, log_ref, wins, BETA).item()

    found = [loss(gap) for gap in (0.0, 1.0, 10.0, 100.0)]
    assert found == sorted(found, reverse=True)
    assert 0 < found[-1] < 1e-20


def test_a_pair_on_which_all_agree_has_a_finite_best_fit_in_a_circle() -> None:
    wins = torch.tensor([[0, 5, 0], [0, 0, 3], [1, 1, 0]], dtype=torch.float64)
    log_ref = torch.log_softmax(torch.zeros(3, dtype=torch.float64), 0)
    logits = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([logits], max_iter=200, tolerance_change=1e-14)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = rlhf.dpo_loss(torch.log_softmax(logits, 0), log_ref, wins, BETA)
        torch.autograd.backward(loss)
        return loss

    optimizer.step(closure)
    implied = BETA * logits.detach()
    gaps = implied[:, None] - implied[None, :]
    told = (wins * torch.sigmoid(-gaps)).sum(1) - (wins * torch.sigmoid(-gaps)).sum(0)
    assert told.abs().max() < 1e-5  # wins beyond what is expected, answer by answer
    assert gaps.max() < 5


def test_dpo_gives_up_what_only_lost_and_rl_stops_where_its_weight_decay_says() -> None:
    table = style.read_table(FIGURES / "agreed.csv")
    end = {name: column[-1] for name, column in table.items()}
    assert table["dpo"] == sorted(table["dpo"], reverse=True)
    assert end["dpo"] < end["rl, 0.01"] / 20
    assert end["rl, 1e-05"] == pytest.approx(end["dpo"], rel=0.05)
    assert end["ipo"] > 0.75 * table["ipo"][0]
    assert end["ipo"] == pytest.approx(table["ipo"][-6], abs=1e-4)  # it has come to rest
    sets = [figures.losing(figures.few(seed)[0]) for seed in range(figures.SEEDS)]
    counts = [int(losers.sum()) for losers in sets]
    found = [losers for losers in sets if losers.any()]
    start = np.mean([rlhf.LOG_REF.exp()[losers].sum().item() for losers in found])
    assert table["dpo"][0] == pytest.approx(start, abs=1e-6)
    some = [count for count in counts if count]
    assert table["dpo, a quarter below"][-1] < end["dpo"]
    assert table["ipo, a quarter below"][-1] < end["ipo"] < table["ipo, a quarter above"][-1]
    said(
        f"in {len(found)} of {len(sets)} sets some answer only lost, "
        f"{np.mean(some):.1f} ± {np.std(some, ddof=1):.1f} of the twelve there",
        f"mean share of such answers over the {len(found)}, for β = {figures.AGREED_BETA:.0f}, and half of "
        "the sets lie in the bands",
        f"against {figures.STEPS:d} steps of training with beta {figures.AGREED_BETA:.0f}: DPO falls "
        f"from {100 * start:.1f} to {100 * end['dpo']:.2f} percent; IPO stays at "
        f"{100 * end['ipo']:.1f} percent; the level of RL is {100 * end['rl, 0.01']:.1f} percent with "
        f"a weight decay of {figures.DECAYS[0]:.2f} in its reward model and "
        f"{100 * end['rl, 1e-05']:.2f} percent with a thousandth of it",
    )
    assert figures.DECAYS[0] / figures.DECAYS[1] == pytest.approx(1000)
    losers, row = sets[2], sum(count > 0 for count in counts[:2])
    alone = figures.few(2)[0]
    logits = rlhf.LOG_REF.clone().requires_grad_()  # one set by itself goes the same way
    optimizer = torch.optim.Adam([logits], lr=0.05)
    for _ in range(20):
        optimizer.zero_grad()
        log_pi = torch.log_softmax(logits, 0)
        torch.autograd.backward(rlhf.dpo_loss(log_pi, rlhf.LOG_REF, alone, 2.0))
        optimizer.step()
    share = torch.softmax(logits.detach(), 0)[losers].sum().item()
    assert share == pytest.approx(figures.given_up(figures.dpo, 2.0, 20)[20][row], rel=1e-6)


def test_where_all_agree_ipo_rests_at_the_log_ratio_that_the_page_names() -> None:
    for beta in (0.5, 2.0):
        gap = torch.tensor(0.1, dtype=torch.float64, requires_grad=True)  # beta times the log-ratio
        optimizer = torch.optim.LBFGS([gap], max_iter=50)

        def closure(gap: Tensor = gap, beta: float = beta) -> Tensor:
            gap.grad = None
            loss = figures.ipo(gap, beta)
            torch.autograd.backward(loss)
            return loss

        optimizer.step(closure)
        assert gap.item() / beta == pytest.approx(1 / (2 * beta), rel=1e-4)


def test_how_often_a_reward_from_forty_comparisons_costs_something() -> None:
    table = {name: np.array(column) for name, column in figures.fallen().items()}
    lost = table["peak"] - table["end"]
    said(
        f"from {figures.BETAS[0]:.1f} to {figures.BETAS[-1]:.3f}, the true reward rises from "
        f"{table['start'][0]:.2f} of the reference to {table['end'].mean():.2f} "
        f"± {table['end'].std(ddof=1):.2f} (mean and standard deviation of {len(lost)} sets)",
        f"with {(lost > 0.01).sum()} of the {len(lost)} it ends more than 0.01 nats below its own "
        f"peak, with {(lost > 0.2).sum()} of them more than 0.2, and with "
        f"{(table['end'] < table['start']).sum()} below its start.",
    )
    drawn = style.read_table(FIGURES / "curve.csv")
    assert drawn["gold, few"][-1] == pytest.approx(table["end"].mean(), rel=1e-6)
    said(
        "at each β eight in ten of their true rewards lie in the band"
    )  # from the tenth below to the tenth above
    assert drawn["gold, few, a tenth below"][-1] < drawn["gold, few"][-1]


def test_the_figure_of_the_estimates_says_what_the_page_says() -> None:
    table = style.read_table(FIGURES / "estimates.csv")
    bias = table["bias of k2"]
    said(
        f"is {100 * bias[0]:.1f} % of the divergence at the left edge and "
        f"{100 * bias[-1]:.0f} % at the right one",
        f"grows from {100 * bias[0]:.1f} to {100 * bias[-1]:.0f} percent",
    )
    assert round(table["k1"][0]) == 56
    said(
        "the standard deviation of k1 is fifty-six times the divergence",
        f"the standard deviation of $k_3$ is {table['k3'][0]:.1f} times the divergence",
        f"in {figures.SEEDS} random directions",
    )
    for name in ("k1", "k2", "k3"):
        quarters = [table[f"{name}, a quarter {side}"] for side in ("below", "above")]
        assert all(
            low <= middle <= high
            for low, middle, high in zip(quarters[0], table[name], quarters[1], strict=True)
        )
    said("lines are medians, and half of the directions lie in the bands")
    assert bias[0] == min(bias)
    assert bias[-1] > 0.9 * max(bias)
    assert max(table["k2"]) < 1.25
    assert table["k3"][-1] > 10 * table["k2"][-1]
    assert abs(table["k3"][0] - table["k2"][0]) < 0.01


def test_a_low_penalty_leaves_few_answers() -> None:
    def answers(log_pi: Tensor) -> float:
        return math.exp(Categorical(logits=log_pi).entropy().item())

    high, middle, low = (
        answers(rlhf.optimum(rlhf.LOG_REF, rlhf.GOLD, beta)) for beta in (2.0, 0.5, 0.05)
    )
    said(
        f"as varied as {answers(rlhf.LOG_REF):.1f} equally probable answers, the best policy as "
        f"{high:.1f} for β = 2, as {middle:.1f} for 0.5 and as {low:.1f} for 0.05.",
    )


@pytest.mark.equation("eq-rlhf-best-of")
@pytest.mark.equation("eq-rlhf-win")
def test_the_printed_bounds_of_the_best_of_n_are_tight_for_many_answers(printed: Equations) -> None:
    many = torch.full((4000,), -math.log(4000), dtype=torch.float64)
    for n, ref, r in ((4, rlhf.LOG_REF, rlhf.GOLD), (5, many, torch.arange(4000.0).double())):
        best = rlhf.best_of(n, ref, r)
        below = ref.exp().cumsum(0) - 0.5 * ref.exp() if ref is many else below_each(ref, r)
        values = {
            r"\operatorname{KL}": lambda p, q: kl_divergence(
                Categorical(logits=torch.tensor(p)), Categorical(logits=torch.tensor(q))
            ),
            r"\pi_{\text{best of } n}": best,
            r"\pi_{\text{ref}}": ref,
            "n": n,
        }
        printed("eq-rlhf-best-of").holds(values, free=tuple(values))
        wins = {r"P(\text{best of } n \succ \text{one})": best.exp() @ below, "n": n}
        printed("eq-rlhf-win").holds(wins, free=tuple(wins))


@pytest.mark.equation("eq-rlhf-best-of")
@pytest.mark.parametrize("n", [1, 2, 4, 16, 64])
def test_the_divergence_of_the_best_of_n_stays_below_its_bound(n: int) -> None:
    bound = math.log(n) - (n - 1) / n
    found = rlhf.divergence(rlhf.best_of(n, rlhf.LOG_REF, rlhf.GOLD), rlhf.LOG_REF).item()
    assert found <= bound + 1e-12
    many = torch.full((200_000,), -math.log(200_000), dtype=torch.float64)
    fine = rlhf.divergence(rlhf.best_of(n, many, torch.arange(200_000.0).double()), many).item()
    assert fine == pytest.approx(bound, abs=1e-3)
    if n == 16:
        said(f"$n = 16$ the divergence stays {bound - found:.2f} nats below")


def test_the_best_of_n_is_what_drawing_and_choosing_gives() -> None:
    y = rlhf.draw(rlhf.LOG_REF, 4 * 60_000, seeded(6)).view(-1, 4)
    chosen = y.gather(1, rlhf.GOLD[y].argmax(1, keepdim=True))[:, 0]
    share = torch.bincount(chosen, minlength=12).double() / len(chosen)
    exact = rlhf.best_of(4, rlhf.LOG_REF, rlhf.GOLD).exp()
    torch.testing.assert_close(share, exact, atol=0.01, rtol=0)


@pytest.mark.equation("eq-rlhf-win")
@pytest.mark.parametrize("n", [1, 2, 4, 16])
def test_the_best_of_n_wins_at_most_n_of_n_plus_one_times(n: int) -> None:
    def share(log_ref: Tensor, r: Tensor) -> float:
        return (rlhf.best_of(n, log_ref, r).exp() @ below_each(log_ref, r)).item()

    assert share(rlhf.LOG_REF, rlhf.GOLD) <= n / (n + 1) + 1e-12
    many = torch.full((800,), -math.log(800), dtype=torch.float64)
    assert share(many, torch.arange(800.0).double()) == pytest.approx(n / (n + 1), abs=1e-3)


@pytest.mark.equation("eq-rlhf-covariance")
@pytest.mark.parametrize("beta", [5.0, 0.7, 0.1])
def test_the_truth_moves_as_its_covariance_with_the_fitted_reward(
    beta: float, printed: Equations
) -> None:
    r, g = proxy(), rlhf.GOLD

    def mean(inverse: float) -> float:
        return float(rlhf.optimum(rlhf.LOG_REF, r, 1 / inverse).exp() @ g)

    h = 1e-4
    slope = (mean(1 / beta + h) - mean(1 / beta - h)) / (2 * h)
    weights = rlhf.optimum(rlhf.LOG_REF, r, beta).exp().numpy()
    covariance = np.cov(g.numpy(), r.numpy(), aweights=weights, ddof=0)[0, 1]
    assert slope == pytest.approx(covariance, rel=1e-5)
    if beta == 0.7:  # the print, at one of them

        def law(inverse: float) -> np.ndarray[Any, Any]:
            return rlhf.optimum(rlhf.LOG_REF, r, 1 / inverse).exp().numpy()

        def covariance_of(inverse: float) -> Callable[[Any, Any], float]:
            return lambda g, r: np.cov(g, r, aweights=law(inverse), ddof=0)[0, 1]

        both = {"g": g.tolist(), "r": r.tolist()}
        printed("eq-rlhf-covariance").holds(
            {
                r"\mathbb{E}_{\pi^{*}}": Given((r"\lambda",), lambda at: Finite(both, law(at))),
                r"\operatorname{Cov}_{\pi^{*}}": Given((r"\lambda",), covariance_of),
                r"\lambda": 1 / beta,
                "g": g,
                "r": r,
            },
            free=("g", r"\lambda", r"\mathbb{E}_{\pi^{*}}"),
        )


def test_the_curve_peaks_where_the_two_rewards_no_longer_go_together() -> None:
    r = proxy()

    def covariance(log_beta: float) -> float:
        weights = rlhf.optimum(rlhf.LOG_REF, r, math.exp(log_beta)).exp().numpy()
        return float(np.cov(rlhf.GOLD.numpy(), r.numpy(), aweights=weights, ddof=0)[0, 1])

    zero = math.exp(optimize.brentq(covariance, math.log(0.05), math.log(10)))
    table = style.read_table(FIGURES / "curve.csv")
    peak = table["beta"][int(np.argmax(table["gold, surface"]))]
    assert zero == pytest.approx(peak, rel=0.15)


@pytest.mark.equation("eq-rlhf-root")
def test_near_the_reference_the_gain_is_the_spread_times_the_root_of_twice_the_divergence(
    printed: Equations,
) -> None:
    ref = rlhf.LOG_REF.exp().numpy()
    spread = math.sqrt(np.cov(rlhf.GOLD.numpy(), aweights=ref, ddof=0))
    for beta, tolerance in ((1000.0, 1e-3), (10.0, 0.05)):
        policy = rlhf.optimum(rlhf.LOG_REF, rlhf.GOLD, beta)
        gain = (policy.exp() @ rlhf.GOLD - rlhf.LOG_REF.exp() @ rlhf.GOLD).item()
        told = spread * math.sqrt(2 * rlhf.divergence(policy, rlhf.LOG_REF).item())
        assert gain == pytest.approx(told, rel=tolerance)
    policy = rlhf.optimum(rlhf.LOG_REF, rlhf.GOLD, 1000.0)
    reward = {"r": rlhf.GOLD.tolist()}
    printed("eq-rlhf-root").holds(
        {
            r"\mathbb{E}_{\pi^{*}}": Finite(reward, policy.exp().tolist()),
            r"\mathbb{E}_{\pi_{\text{ref}}}": Finite(reward, ref.tolist()),
            r"\operatorname{std}_{\text{ref}}": lambda r: math.sqrt(
                np.cov(r, aweights=ref, ddof=0)
            ),
            r"\operatorname{KL}(\pi^{*} \,\|\, \pi_{\text{ref}})": kl_divergence(
                Categorical(logits=policy), Categorical(logits=rlhf.LOG_REF)
            ),
            r"\lambda": 1 / 1000.0,
            "r": rlhf.GOLD,
        },
        about=1e-3,
    )


def proxy() -> Tensor:
    """The reward that a hurried reader's comparisons give."""
    return rlhf.SURFACE @ rlhf.fit_reward(expected_wins(rlhf.GOLD), rlhf.SURFACE)


def test_a_wrong_reward_is_over_optimised() -> None:
    gold = []
    for beta in (100.0, 0.25, 0.02):
        policy = rlhf.optimum(rlhf.LOG_REF, proxy(), beta).exp()
        gold.append((policy @ rlhf.GOLD).item())
    at_start, at_peak, at_end = gold
    assert at_peak > at_start > at_end
    shares = [
        (rlhf.optimum(rlhf.LOG_REF, proxy(), beta).exp() @ proxy()).item()
        for beta in (100.0, 0.25, 0.02)
    ]
    assert shares == sorted(shares)


def test_the_curve_on_the_page_has_its_peak_inside() -> None:
    table = style.read_table(FIGURES / "curve.csv")
    gold = table["gold, surface"]
    peak = int(np.argmax(gold))
    assert 0 < peak < len(gold) - 1
    assert gold[-1] < gold[0]
    assert table["gold, true"] == sorted(table["gold, true"])


def test_preferences_that_run_in_a_circle_have_no_reward() -> None:
    wins = torch.tensor([[0, 9, 1], [1, 0, 9], [9, 1, 0]], dtype=torch.float64)
    r = rlhf.fit_reward(wins, torch.eye(3, dtype=torch.float64))
    assert r.abs().max() < 1e-9
    assert rlhf.preference_loss(r, wins).item() == pytest.approx(math.log(2))


def test_the_trained_policy_keeps_what_the_reference_never_says() -> None:
    log_ref = torch.log(torch.tensor([0.5, 0.5, 0.0], dtype=torch.float64))
    best = rlhf.optimum(log_ref, torch.tensor([0.0, 0.0, 100.0], dtype=torch.float64), 0.1)
    assert best.exp().tolist() == pytest.approx([0.5, 0.5, 0.0])


@pytest.mark.answer("answer-rlhf-odds")
def test_exercise_1_odds_of_a_preference(answer: Bench) -> None:
    r = torch.tensor([2.0, 0.5])
    share = rlhf.preferred(r)[0, 1].item()
    said(f"approx {share:.3f}$, about nine times in eleven")
    assert share == pytest.approx(9 / 11, abs=1e-3)
    answer("answer-rlhf-odds").is_(share, 1 - share)


@pytest.mark.answer("answer-rlhf-shares")
def test_exercise_2_two_answers_and_the_penalty(answer: Bench) -> None:
    ref, r = torch.log(torch.tensor([0.9, 0.1])), torch.tensor([0.0, 1.0])
    shares = [rlhf.optimum(ref, r, beta).exp()[1].item() for beta in (1.0, 0.2)]
    said(
        f"$e/9$, a probability of {shares[0]:.3f}; for β = 0.2 they become $e^{{5}}/9$, "
        f"a probability of {shares[1]:.3f}."
    )
    odds = [math.e / 9, math.exp(5) / 9]
    assert shares == pytest.approx([o / (1 + o) for o in odds], abs=1e-6)
    answer("answer-rlhf-shares").is_(tuple(shares))


@pytest.mark.answer("answer-rlhf-eight")
def test_exercise_3_best_of_eight(answer: Bench) -> None:
    many = torch.full((200_000,), -math.log(200_000), dtype=torch.float64)  # the bound, nearly
    reached = rlhf.divergence(rlhf.best_of(8, many, torch.arange(200_000.0).double()), many).item()
    assert reached == pytest.approx(math.log(8) - 7 / 8, abs=1e-3)
    said(f"approx {math.log(8) - 7 / 8:.3f}$ nats")
    answer("answer-rlhf-eight").is_(math.log(8) - 7 / 8, math.log(8))


@pytest.mark.answer("answer-rlhf-group")
def test_exercise_4_a_group_of_four(answer: Bench) -> None:
    reward = torch.tensor([1.0, 0.0, 0.0, 0.0], dtype=torch.float64)
    right, *wrong = rlhf.group_advantage(reward).tolist()
    assert wrong == pytest.approx([-1 / math.sqrt(3)] * 3, abs=1e-5)
    one_out = rlhf.leave_one_out_advantage(reward)[0].item()
    other = ((reward - reward.mean()) / reward.std())[0].item()  # torch divides by n - 1
    answer("answer-rlhf-group").is_((right, one_out), (other, one_out))
    said(f"GRPO gives {right:.3f} and three times −{-wrong[0]:.3f}. RLOO gives 1")
    assert rlhf.leave_one_out_advantage(reward).tolist() == pytest.approx(
        [1, -1 / 3, -1 / 3, -1 / 3]
    )


def test_exercise_5_a_hundredth_of_the_comparisons_makes_the_error_about_ten_times_as_large() -> (
    None
):
    def error(n: int, seed: int) -> float:
        wins = rlhf.compare(rlhf.GOLD, n, rlhf.LOG_REF, seeded(seed))
        r = rlhf.FEATURES @ rlhf.fit_reward(wins, rlhf.FEATURES)
        return (centred(r) - centred(rlhf.GOLD)).abs().max().item()

    medians = [float(np.median([error(n, seed) for seed in range(12)])) for n in (5000, 50)]
    said(
        f"largest error grows from {error(5000, 0):.2f} to {error(50, 0):.2f} nats",
        f"the seeds 0 to 11 grows from {medians[0]:.2f} to {medians[1]:.2f}, about thirteenfold",
    )
    assert medians[1] / medians[0] == pytest.approx(13, abs=0.5)


def test_the_answers_have_the_rewards_and_the_reference_that_the_demo_shows() -> None:
    assert len(rlhf.ANSWERS) == 12
    assert rlhf.GOLD[0].item() == pytest.approx(2 + 1 - 0.2 * 0.7 + 0.1)
    assert rlhf.GOLD[11].item() == pytest.approx(0.3 - 0.2 * 2.9 + 0.1)
    steps = rlhf.LOG_REF.diff()
    torch.testing.assert_close(steps, torch.full_like(steps, -1.2 / 11))
    ref = rlhf.LOG_REF.exp()
    assert ref.sum().item() == pytest.approx(1)
    said(f"lies between {100 * ref.min():.0f} and {100 * ref.max():.0f} percent")


def test_bad_input_is_refused_with_its_values() -> None:
    with pytest.raises(ValueError, match="beta is 0, not positive"):
        rlhf.optimum(rlhf.LOG_REF, rlhf.GOLD, 0)
    with pytest.raises(ValueError, match=r"wins \(2, 2\) sum 0"):
        rlhf.fit_reward(torch.zeros(2, 2), torch.zeros(2, 1))


def golden() -> dict[str, Any]:
    """What the demo must give."""
    wins = rlhf.compare(rlhf.GOLD, 60, rlhf.LOG_REF, seeded(1))
    matrix, right = [[4.0, 1.0, 0.5], [1.0, 3.0, -1.0], [0.5, -1.0, 2.0]], [1.0, 2.0, -3.0]
    root = np.linalg.solve(np.array(matrix), np.array(right)).tolist()
    cases: list[dict[str, Any]] = [
        {"function": "solve", "args": [matrix, right], "returns": root},
        {"function": "texts", "args": [], "returns": [text for text, _ in rlhf.ANSWERS]},
        {"function": "gold", "args": [], "returns": rlhf.GOLD.tolist()},
        {"function": "reference", "args": [], "returns": rlhf.LOG_REF.tolist()},
    ]
    ends = rlhf.LOG_REF.exp().cumsum(0)
    for u in (0.0, 0.14, 0.15, 0.5, 0.999):
        drawn = int(torch.searchsorted(ends, u, right=True))
        args = [rlhf.LOG_REF.tolist(), u]
        cases.append({"function": "choose", "args": args, "returns": drawn})
    fitted = rlhf.fit_reward(rlhf.THREE_WINS, torch.eye(3, dtype=torch.float64), 1e-6).tolist()
    three = rlhf.THREE_WINS.tolist()
    cases += [
        {"function": "exampleWins", "args": [], "returns": three},
        {"function": "exampleReference", "args": [], "returns": rlhf.THREE_REF.tolist()},
        {"function": "fitReward", "args": [three, "table", 1e-6], "returns": fitted},
    ]
    for name, features in (("all", rlhf.FEATURES), ("surface", rlhf.SURFACE), ("table", TABLE)):
        prior = 0.01
        r = features @ rlhf.fit_reward(wins, features, prior)
        cases.append(
            {"function": "fitReward", "args": [wins.tolist(), name, prior], "returns": r.tolist()}
        )
        for beta in (2.0, 0.1):
            best = rlhf.optimum(rlhf.LOG_REF, r, beta)
            cases.append(
                {
                    "function": "optimum",
                    "args": [rlhf.LOG_REF.tolist(), r.tolist(), beta],
                    "returns": best.tolist(),
                }
            )
            kl = rlhf.divergence(best, rlhf.LOG_REF).item()
            cases.append(
                {
                    "function": "divergence",
                    "args": [best.tolist(), rlhf.LOG_REF.tolist()],
                    "returns": kl,
                }
            )
            start = rlhf.LOG_REF.exp() @ (rlhf.GOLD - r)
            at = {
                "way": math.sqrt(kl),
                "gold": (best.exp() @ rlhf.GOLD).item(),
                "proxy": (best.exp() @ r + start).item(),
            }
            cases.append(
                {
                    "function": "standing",
                    "args": [best.tolist(), rlhf.LOG_REF.tolist(), r.tolist(), rlhf.GOLD.tolist()],
                    "returns": at,
                }
            )
    return {"module": "training/rlhf/rlhf.mjs", "tolerance": 1e-5, "cases": cases}


@pytest.mark.equation("eq-rlhf-gae", "eq-rlhf-gae-whole")
@pytest.mark.parametrize("decay", [0.0, 0.7, 1.0])
def test_the_advantage_of_a_token_is_the_sum_of_the_surprises_that_follow(
    decay: float, printed: Equations
) -> None:
    rng = np.random.default_rng(3)
    reward, value = rng.normal(size=6), rng.normal(size=6)
    before = value.copy()
    found = rlhf.token_advantage(torch.tensor(reward), torch.tensor(value), decay).numpy()
    ahead = [*value[1:], 0.0]
    surprise = [reward[t] + ahead[t] - value[t] for t in range(6)]
    wanted = [sum(decay**k * surprise[t + k] for k in range(6 - t)) for t in range(6)]
    assert found == pytest.approx(np.array(wanted))
    if decay == 0.0:
        assert found == pytest.approx(np.array(surprise))
    if decay == 1.0:
        assert found == pytest.approx(reward[::-1].cumsum()[::-1] - value)
    assert (value == before).all()
    tokens = {"t": Each(range(1, 7)), "k": Each(range(-1, 6))}
    nothing = [0.0] * 6  # beyond the last token
    if decay == 0.7:
        printed("eq-rlhf-gae").holds(
            {
                **tokens,
                "A": [*found, *nothing],
                r"\delta": [*surprise, *nothing],
                r"\lambda": decay,
            }
        )
    if decay == 1.0:
        printed("eq-rlhf-gae-whole").holds(
            {**tokens, "A": found, "r": [*reward, *nothing], "V": value}
        )


def test_the_third_estimate_is_never_negative_in_single_precision() -> None:
    log_ratio = (
        torch.logspace(-8, 1, 200).repeat(2)
        * torch.tensor([[1.0], [-1.0]]).repeat(1, 200).flatten()
    )
    estimates = rlhf.kl_estimates(torch.zeros(400), log_ratio)
    assert estimates[2].dtype == torch.float32
    assert (estimates[2] >= 0).all()


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())
