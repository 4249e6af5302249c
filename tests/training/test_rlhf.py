"""The claims of docs/training/rlhf.md."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import optimize
from torch import Tensor
from torch.distributions import Categorical, kl_divergence

from docs.training import rlhf
from scripts.figures import style

GOLDEN = Path(__file__).with_name("rlhf.golden.json")
BETA = 0.5
TABLE = torch.eye(len(rlhf.ANSWERS), dtype=torch.float64)


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


def centred(r: Tensor) -> Tensor:
    return r - r.mean()


@pytest.mark.equation("eq-rlhf-shift")
def test_a_constant_added_to_all_rewards_changes_no_preference() -> None:
    shifted = rlhf.preferred(rlhf.GOLD + 7.5)
    torch.testing.assert_close(shifted, rlhf.preferred(rlhf.GOLD))
    odds = shifted / shifted.T
    torch.testing.assert_close(odds.log(), rlhf.GOLD[:, None] - rlhf.GOLD[None, :])


def test_endless_comparisons_give_the_reward_back_up_to_a_constant() -> None:
    fitted = rlhf.fit_reward(expected_wins(rlhf.GOLD), TABLE, prior=1e-9)
    torch.testing.assert_close(centred(fitted), centred(rlhf.GOLD), atol=1e-4, rtol=0)


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
        for seed in range(24):
            wins = rlhf.compare(rlhf.GOLD, n, rlhf.LOG_REF, seeded(100 + seed))
            r = rlhf.FEATURES @ rlhf.fit_reward(wins, rlhf.FEATURES, prior=1e-6)
            found.append((centred(r) - centred(rlhf.GOLD)).pow(2).mean().item())
        return math.sqrt(np.mean(found))

    assert error(1000) / error(4000) == pytest.approx(2, rel=0.25)


@pytest.mark.equation("eq-rlhf-optimum")
def test_the_closed_form_is_the_best_of_all_policies() -> None:
    def loss(logits: np.ndarray[Any, Any]) -> float:
        p = np.exp(logits - logits.max())
        p /= p.sum()
        ref = rlhf.LOG_REF.exp().numpy()
        return float(-(p @ rlhf.GOLD.numpy()) + BETA * (p * np.log(p / ref)).sum())

    best = optimize.minimize(loss, np.zeros(len(rlhf.ANSWERS)), tol=1e-12).x
    ours = rlhf.optimum(rlhf.LOG_REF, rlhf.GOLD, BETA).exp().numpy()
    np.testing.assert_allclose(ours, np.exp(best) / np.exp(best).sum(), atol=1e-4)


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


@pytest.mark.equation("eq-rlhf-rloo")
@pytest.mark.equation("eq-rlhf-grpo")
def test_advantages_of_a_group_by_hand() -> None:
    reward = torch.tensor([1.0, 0.0, 0.0, 1.0, 3.0], dtype=torch.float64)
    others = [(reward.sum() - x) / 4 for x in reward]
    expected = torch.stack([x - mean for x, mean in zip(reward, others, strict=True)])
    torch.testing.assert_close(rlhf.leave_one_out_advantage(reward), expected)
    spread = math.sqrt(6 / 5)  # deviations 0, 1, 1, 0, 2 from the mean 1
    by_hand = torch.tensor([0.0, -1.0, -1.0, 0.0, 2.0], dtype=torch.float64) / spread
    torch.testing.assert_close(rlhf.group_advantage(reward), by_hand, atol=1e-7, rtol=0)


def test_the_group_advantage_forgets_how_large_the_rewards_are() -> None:
    reward = torch.tensor([0.2, 0.1, 0.4], dtype=torch.float64)
    near = rlhf.group_advantage(reward)
    torch.testing.assert_close(near, rlhf.group_advantage(100 * reward), atol=1e-5, rtol=0)


@pytest.mark.equation("eq-rlhf-estimates")
def test_two_estimates_of_the_divergence_have_no_bias_and_the_third_the_least_spread() -> None:
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


@pytest.mark.parametrize("method", ["reinforce", "ppo"])
def test_training_reaches_the_closed_form(method: str) -> None:
    torch.set_num_threads(1)
    best = rlhf.optimum(rlhf.LOG_REF, rlhf.GOLD, BETA)
    reached = rlhf.train(rlhf.GOLD, BETA, 500, seeded(), method)
    at = [
        rlhf.objective(p, rlhf.LOG_REF, rlhf.GOLD, BETA).item()
        for p in (best, reached, rlhf.LOG_REF)
    ]
    assert at[0] - at[1] < 0.02
    assert at[0] - at[2] > 0.5  # the trivial baseline: no training at all
    assert (reached.exp() - best.exp()).abs().max() < 0.05


@pytest.mark.equation("eq-rlhf-implied")
def test_a_policy_that_is_best_for_a_reward_tells_it_up_to_a_constant() -> None:
    best = rlhf.optimum(rlhf.LOG_REF, rlhf.GOLD, BETA)
    log_z = torch.logsumexp(rlhf.LOG_REF + rlhf.GOLD / BETA, 0)
    torch.testing.assert_close(BETA * (best - rlhf.LOG_REF) + BETA * log_z, rlhf.GOLD)


@pytest.mark.equation("eq-rlhf-dpo-gradient")
def test_the_slope_of_dpo_weighs_a_pair_by_how_wrong_the_implied_reward_is() -> None:
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


@pytest.mark.equation("eq-rlhf-dpo-optimum")
def test_dpo_ends_at_the_policy_that_rlhf_looks_for() -> None:
    wins = expected_wins(rlhf.GOLD)
    logits = torch.zeros(12, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([logits], max_iter=500, tolerance_grad=1e-12, tolerance_change=0)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = rlhf.dpo_loss(torch.log_softmax(logits, 0), rlhf.LOG_REF, wins, BETA)
        torch.autograd.backward(loss)
        return loss

    optimizer.step(closure)
    best = rlhf.optimum(rlhf.LOG_REF, rlhf.GOLD, BETA).exp()
    torch.testing.assert_close(torch.softmax(logits.detach(), 0), best, atol=1e-4, rtol=0)


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
        assert bound - found > 0.1  # with few answers the bound is not tight


def test_the_best_of_n_is_what_drawing_and_choosing_gives() -> None:
    y = rlhf.draw(rlhf.LOG_REF, 4 * 60_000, seeded(6)).view(-1, 4)
    chosen = y.gather(1, rlhf.GOLD[y].argmax(1, keepdim=True))[:, 0]
    share = torch.bincount(chosen, minlength=12).double() / len(chosen)
    exact = rlhf.best_of(4, rlhf.LOG_REF, rlhf.GOLD).exp()
    torch.testing.assert_close(share, exact, atol=0.01, rtol=0)


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
    table = style.read_table(style.DOCS / "training" / "rlhf.curve.csv")
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


def test_exercise_1_odds_of_a_preference() -> None:
    r = torch.tensor([2.0, 0.5])
    assert rlhf.preferred(r)[0, 1].item() == pytest.approx(0.818, abs=5e-4)


def test_exercise_2_two_answers_and_the_price() -> None:
    ref, r = torch.log(torch.tensor([0.9, 0.1])), torch.tensor([0.0, 1.0])
    shares = [rlhf.optimum(ref, r, beta).exp()[1].item() for beta in (1.0, 0.2)]
    assert shares == pytest.approx([0.232, 0.943], abs=5e-4)


def test_exercise_3_best_of_eight() -> None:
    assert math.log(8) - 7 / 8 == pytest.approx(1.204, abs=5e-4)


def test_exercise_4_a_group_of_four() -> None:
    reward = torch.tensor([1.0, 0.0, 0.0, 0.0], dtype=torch.float64)
    assert rlhf.group_advantage(reward).tolist() == pytest.approx(
        [1.732, -0.577, -0.577, -0.577], abs=5e-4
    )
    assert rlhf.leave_one_out_advantage(reward).tolist() == pytest.approx(
        [1, -1 / 3, -1 / 3, -1 / 3]
    )


def test_bad_input_is_refused_with_its_values() -> None:
    with pytest.raises(ValueError, match="beta is 0, not positive"):
        rlhf.optimum(rlhf.LOG_REF, rlhf.GOLD, 0)
    with pytest.raises(ValueError, match=r"wins \(2, 2\) sum 0"):
        rlhf.fit_reward(torch.zeros(2, 2), torch.zeros(2, 1))


def golden() -> dict[str, Any]:
    """What the demo must give."""
    wins = rlhf.compare(rlhf.GOLD, 60, rlhf.LOG_REF, seeded(1))
    cases: list[dict[str, Any]] = [
        {"function": "texts", "args": [], "returns": [text for text, _ in rlhf.ANSWERS]},
        {"function": "gold", "args": [], "returns": rlhf.GOLD.tolist()},
        {"function": "reference", "args": [], "returns": rlhf.LOG_REF.tolist()},
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
    return {"module": "training/rlhf.mjs", "tolerance": 1e-5, "cases": cases}


def flat(value: Any) -> list[Any]:
    """All leaves of nested lists and tables, in order."""
    if isinstance(value, dict):
        return [leaf for key in sorted(value) for leaf in [key, *flat(value[key])]]
    if isinstance(value, list):
        return [leaf for item in value for leaf in flat(item)]
    return [value]


def test_golden_values_are_current() -> None:
    committed, now = flat(json.loads(GOLDEN.read_text())), flat(golden())
    assert len(committed) == len(now)
    for a, b in zip(committed, now, strict=True):
        assert a == (b if isinstance(b, str) else pytest.approx(b, abs=1e-7))


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(golden()) + "\n")
