"""The example of docs/training/rlhf.md: three answers that can be followed with a pencil."""

import itertools
import math
import re

import pytest
import torch
from scipy import optimize, special

from docs.training.rlhf import practice, rlhf
from scripts.figures import style
from tests.answers.plugin import Bench
from tests.said import sayings, tables

PAGE = style.DOCS / "training" / "rlhf.md"
said = sayings(PAGE)
rows_of = tables(PAGE)
REF = rlhf.THREE_REF.exp()
STRENGTHS = torch.tensor([6.0, 2.0, 1.0], dtype=torch.float64)
REWARD = STRENGTHS.log()
NAMES = "ABC"


def chosen() -> list[tuple[int, int]]:
    """Each comparison of the example as a pair (winner, loser)."""
    return [
        pair
        for pair in itertools.permutations(range(3), 2)
        for _ in range(int(rlhf.THREE_WINS[pair]))
    ]


def test_the_answers_are_three_of_the_twelve_and_the_reference_is_printed() -> None:
    rows = rows_of("tab-rlhf-reference")
    assert [row[1] for row in rows] == [rlhf.ANSWERS[i][0] for i in (0, 4, 8)]
    assert [row[2] for row in rows] == [f"{p:.2f}" for p in REF]
    assert REF.sum().item() == pytest.approx(1)
    said("of which A, B and C are the answers 1, 5 and 9")


def test_the_comparisons_are_printed_and_their_odds_are_ratios_of_the_strengths() -> None:
    for name, first, second, odds in rows_of("tab-rlhf-votes"):
        i, j = (NAMES.index(letter) for letter in name.split(" against "))
        assert [int(first), int(second)] == [rlhf.THREE_WINS[i, j], rlhf.THREE_WINS[j, i]]
        assert float(odds) == int(first) / int(second) == STRENGTHS[i] / STRENGTHS[j]
    said(
        f"People compare the answers {int(rlhf.THREE_WINS.sum()):d} times",
        f"starts with the three answers and the {int(rlhf.THREE_WINS.sum()):d} comparisons",
    )


def test_the_fit_gives_the_strengths_and_the_loss_of_the_page_and_the_library_agrees() -> None:
    r = rlhf.fit_reward(rlhf.THREE_WINS, torch.eye(3, dtype=torch.float64), prior=1e-9)
    torch.testing.assert_close(r - r[2], REWARD, atol=1e-6, rtol=0)
    assert practice.strengths(chosen(), 3) == pytest.approx([6, 2, 1], rel=1e-5)
    said(
        "the strengths 6, 2 and 1 fit every row",
        f"$r = \\log 6 = {REWARD[0]:.2f}$ for A, $\\log 2 = {REWARD[1]:.2f}$ for B, and 0 for C",
        "the strengths 12, 4 and 2 would tell the same",
        f"over the 21 choices is {rlhf.preference_loss(REWARD, rlhf.THREE_WINS):.2f}; a coin would have "
        f"$-\\log 0.5 = {math.log(2):.2f}$.",
        f"with $\\sigma(1.79 - 0.69) = {rlhf.preferred(REWARD)[0, 1]:.2f}$, six times in eight, and the "
        f"loss of such a choice is $-\\log 0.75 = {-rlhf.preferred(REWARD)[0, 1].log():.2f}$",
    )
    weights = STRENGTHS.tolist()
    told = [math.log(weights[w] / (weights[w] + weights[l])) for w, l in chosen()]
    loss = rlhf.preference_loss(REWARD, rlhf.THREE_WINS).item()
    assert loss == pytest.approx(-sum(told) / 21)


def test_the_table_leads_from_the_reference_to_the_best_policies() -> None:
    best = {beta: rlhf.optimum(rlhf.THREE_REF, REWARD, beta).exp() for beta in (1.0, 0.5)}
    *rows, total = rows_of("tab-rlhf-best")
    for i, row in enumerate(rows):
        product = REF[i] * STRENGTHS[i]
        shares = [best[beta][i] for beta in (1.0, 0.5)]
        assert row[1:] == [f"{REF[i]:.2f}", f"{STRENGTHS[i]:.0f}", f"{product:.2f}"] + [
            f"{share:.2f}" for share in shares
        ]
    assert total[3] == f"{(REF * STRENGTHS).sum():.2f}"
    shares = [f"{name} {100 * p:.0f} %" for name, p in zip(NAMES, best[1.0], strict=True)]
    said(
        f"the best policy for β = 1: {shares[0]}, {shares[1]}, {shares[2]}. Lower β to 0.5, and A "
        f"reaches {100 * best[0.5][0]:.0f} %."
    )
    squares = REF * STRENGTHS**2
    torch.testing.assert_close(best[0.5], squares / squares.sum())
    told = ", ".join(f"{p:.1f}" for p in squares[:2]) + f" and {squares[2]:.1f}"
    said(
        f"the factors are the squares 36, 4 and 1, the products {told} with the sum {squares.sum():.1f}, "
        f"and $0.5 \\log 9.5 = {0.5 * squares.sum().log():.2f}$ is left",
    )
    top = rlhf.objective(best[0.5].log(), rlhf.THREE_REF, REWARD, 0.5)
    torch.testing.assert_close(top, 0.5 * squares.sum().log())


def test_reward_less_penalty_is_the_logarithm_of_the_sum() -> None:
    best = rlhf.optimum(rlhf.THREE_REF, REWARD, 1.0)
    before, after = REF @ REWARD, best.exp() @ REWARD
    far = float(special.rel_entr(best.exp().numpy(), REF.numpy()).sum())
    top = rlhf.objective(best, rlhf.THREE_REF, REWARD, 1.0).item()
    assert top == pytest.approx(math.log(2.5))
    said(
        f"it earns $0.2 \\cdot 1.79 + 0.5 \\cdot 0.69 = {before:.2f}$ and pays nothing",
        f"The mean reward rises to {after:.2f}, and the divergence is $0.48 \\log 2.4 + 0.40 \\log 0.8 "
        f"+ 0.12 \\log 0.4 = {far:.2f}$",
        f"So ${after:.2f} - {far:.2f} = {top:.2f}$ is left, more than {before:.2f} and than 0.18.",
        f"here $\\log 2.5 = {top:.2f}$",
        f"earn {REWARD[0]:.2f} and pay $\\log(1 / 0.20) = \\log 5 = {-REF[0].log():.2f}$ for the move: "
        f"{REWARD[0] + REF[0].log():.2f} would be left",
    )
    printed = 0.48 * math.log(2.4) + 0.40 * math.log(0.8) + 0.12 * math.log(0.4)
    assert printed == pytest.approx(far)
    means = [round(sum(p * r for p, r in zip(ps, (1.79, 0.69, 0), strict=True)), 2)
             for ps in ((0.2, 0.5, 0.3), (0.48, 0.40, 0.12))]  # fmt: skip
    assert means == [
        round(before.item(), 2),
        round(after.item(), 2),
    ]  # with the pencil, from the print


def test_the_group_of_four_has_the_printed_advantages() -> None:
    group = REWARD[[1, 2, 0, 1]]
    b, c, a, _ = rlhf.leave_one_out_advantage(group).tolist()
    others = [(group.sum() - group[i]) / 3 for i in range(4)]
    said(
        f"with the rewards {group[0]:.2f}, 0, {group[2]:.2f} and {group[3]:.2f}",
        f"A gets $1.79 - {others[2]:.2f} = {a:.2f}$, each B gets $0.69 - {others[0]:.2f} = {b:.2f}$, "
        f"and C gets $0 - {others[1]:.2f} = {c:.2f}$",
    )


def test_at_the_best_policy_all_answers_earn_the_same_and_it_implies_the_odds_of_the_people() -> (
    None
):
    best = rlhf.optimum(rlhf.THREE_REF, REWARD, 1.0)
    ratios = (best - rlhf.THREE_REF).exp().tolist()
    told = re.findall(r"\$\\log (\d) - \\log (\d\.\d)", PAGE.read_text(encoding="utf-8"))
    assert [float(x) for x, _ in told] == STRENGTHS.tolist()
    assert [float(y) for _, y in told] == pytest.approx(ratios)
    assert [float(x) / float(y) for x, y in told] == pytest.approx([2.5] * 3)
    said(
        "A with 0.48 instead of 0.20, A is charged $\\log(0.48 / 0.20) = \\log 2.4$, times",
        "has the implicit rewards $\\log 2.4$, $\\log 0.8$ and $\\log 0.4$; between A and B the "
        "difference is $\\log 3$",
    )
    said("A is ahead of B by $\\log 2.4 - \\log 0.8 = \\log 3$, the odds of the people")
    assert ratios[0] / ratios[1] == pytest.approx(3)


def test_dpo_and_the_policy_gradient_end_at_the_policy_of_the_table() -> None:
    best = rlhf.optimum(rlhf.THREE_REF, REWARD, 1.0)
    log_pi = best.clone().requires_grad_()
    loss = rlhf.dpo_loss(torch.log_softmax(log_pi, 0), rlhf.THREE_REF, rlhf.THREE_WINS, 1.0)
    (slope,) = torch.autograd.grad(loss, log_pi)
    assert slope.abs().max() < 1e-12
    worse = rlhf.dpo_loss(rlhf.THREE_REF, rlhf.THREE_REF, rlhf.THREE_WINS, 1.0)
    assert worse.item() == pytest.approx(math.log(2))


def test_the_diagram_has_the_numbers_of_the_example() -> None:
    table = style.read_table(PAGE.with_suffix("") / "diagram.csv")
    assert table["reward"] == pytest.approx(REWARD.tolist(), abs=1e-4)
    assert table["reference"] == pytest.approx(REF.tolist())
    assert table["loss"][0] == pytest.approx(math.log(4 / 3), abs=1e-4)
    assert table["earned"][0] == pytest.approx(math.log(2.5), abs=1e-4)
    said(
        f"the preferred answer A gets {table['reward'][0]:.2f} and answer B "
        f"{table['reward'][1]:.2f}, and the loss is {table['loss'][0]:.2f}",
        f"the reward less the KL penalty, here {table['earned'][0]:.2f}, whose",
        f"and {table['earned'][0]:.2f} is what A is left with at the end of stage 3",
    )


@pytest.mark.answer("answer-rlhf-half")
def test_exercise_6_how_far_half_the_penalty_lets_the_policy_go(answer: Bench) -> None:
    ways = {}
    for beta in (0.5, 1.0):
        best = rlhf.optimum(rlhf.THREE_REF, REWARD, beta).exp()
        ways[beta] = float(special.rel_entr(best.numpy(), REF.numpy()).sum())
    best = rlhf.optimum(rlhf.THREE_REF, REWARD, 0.5).exp()
    mean, left = float(best @ REWARD), 0.5 * math.log(9.5)
    assert mean - 0.5 * ways[0.5] == pytest.approx(left)
    answer("answer-rlhf-half").is_(ways[0.5], ways[1.0])
    said(
        f"\\approx {ways[0.5]:.3f}$ nats.",
        f"The mean reward is {mean:.3f}, and ${mean:.3f} - 0.5 \\cdot {ways[0.5]:.3f} = {left:.3f}$",
    )


@pytest.mark.answer("answer-rlhf-equal")
def test_exercise_7_where_two_answers_are_equally_probable(answer: Bench) -> None:
    def ahead(beta: float) -> float:
        best = rlhf.optimum(rlhf.THREE_REF, REWARD, beta)
        return float(best[0] - best[1])

    equal = optimize.brentq(ahead, 0.5, 5)
    assert ahead(1.0) > 0 > ahead(2.0)
    answer("answer-rlhf-equal").is_(equal)
    said(f"$\\beta = \\log 3 / \\log 2.5 \\approx {equal:.3f}$")
    assert math.log(3) / math.log(2.5) == pytest.approx(equal)
