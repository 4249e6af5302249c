"""Reasoning: votes, verifiers, search and second looks in closed form, against enumeration and draws."""

import itertools
import math
from collections import Counter
from pathlib import Path

import pytest
import torch
from scipy import optimize, stats
from torch import Tensor

from docs.training.reasoning import reasoning as code
from tests import golden as shared
from tests.answers.plugin import Bench
from tests.printed.plugin import Equations
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "training" / "reasoning.md"
GOLDEN = Path(__file__).with_name("reasoning.golden.json")
said = sayings(PAGE)
rows_of = tables(PAGE)


def exactly(value: float) -> Tensor:
    """A probability in double precision, as a batch of one."""
    return torch.tensor([value], dtype=torch.float64)


def every(chances: dict[str, float], n: int) -> list[tuple[tuple[str, ...], float]]:
    """All sequences of n outcomes with their probabilities."""
    return [
        (texts, math.prod(chances[t] for t in texts))
        for texts in itertools.product(chances, repeat=n)
    ]


def by_counting(q: tuple[float, ...], right: int, n: int) -> float:
    """Majority with ties drawn, by all sequences of answers."""
    total = 0.0
    for answers, p in every({str(a): v for a, v in enumerate(q)}, n):
        counts = Counter(answers)
        top = [a for a, k in counts.items() if k == max(counts.values())]
        total += p * (str(right) in top) / len(top)
    return total


@pytest.mark.equation("eq-reasoning-chain")
def test_a_chain_without_error(printed: Equations) -> None:
    steps = [0.8, 0.7, 0.9]
    outcomes = itertools.product((True, False), repeat=3)
    wrong = sum(
        math.prod(r if good else 1 - r for r, good in zip(steps, one, strict=True))
        for one in outcomes
        if not all(one)
    )
    printed("eq-reasoning-chain").holds({"p": 1 - wrong, "r": steps, "L": 3})
    said("a chain of three is right with $0.8^3 = 0.512$")


@pytest.mark.equation("eq-reasoning-pass")
def test_one_of_several_tries(printed: Equations) -> None:
    found = sum(p for texts, p in every({"r": 0.3, "w": 0.7}, 4) if "r" in texts)
    assert float(code.pass_at(exactly(0.3), 4)) == pytest.approx(found)
    printed("eq-reasoning-pass").holds({"P_n": found, "p": 0.3, "n": 4})


@pytest.mark.equation("eq-reasoning-search")
def test_tries_for_each_step(printed: Equations) -> None:
    r, length, m = 0.6, 3, 4
    found = sum(
        p
        for texts, p in every({"r": r, "w": 1 - r}, length * m)
        if all("r" in texts[i * m : (i + 1) * m] for i in range(length))
    )
    assert code.stepwise(r, length, m) == pytest.approx(found)
    printed("eq-reasoning-search").holds({"S_m": found, "r": r, "m": m, "L": length})
    chains = sum(
        p
        for texts, p in every({"r": r, "w": 1 - r}, length * m)
        if any(set(texts[i * length : (i + 1) * length]) == {"r"} for i in range(m))
    )
    assert code.whole(r, length, m) == pytest.approx(chains)
    said(
        f"at least one of them is right with probability {code.whole(0.8, 3, 2):.3f}",
        f"give $(1 - 0.2^2)^3 = {code.stepwise(0.8, 3, 2):.3f}$",
    )


@pytest.mark.equation("eq-reasoning-majority")
def test_the_majority_is_that_of_all_sequences() -> None:
    for q, right in (((0.5, 0.3, 0.2), 0), ((0.2, 0.45, 0.05, 0.3), 3), ((0.25,) * 4, 1)):
        for n in range(1, 7):
            found = code.majority(torch.tensor([q], dtype=torch.float64), torch.tensor([right]), n)
            assert float(found) == pytest.approx(by_counting(q, right, n))
    many = torch.tensor([[0.5, 0.3, 0.2], [0.3, 0.5, 0.2]], dtype=torch.float64)
    both = code.majority(many, torch.tensor([0, 1]), 9)
    assert float(both[0]) == pytest.approx(float(both[1]))


@pytest.mark.equation("eq-reasoning-two")
def test_with_two_answers_the_majority_is_a_binomial_tail(printed: Equations) -> None:
    p, n = 0.65, 5
    found = by_counting((p, 1 - p), 0, n)
    assert stats.binom.sf(n // 2, n, p) == pytest.approx(found)
    printed("eq-reasoning-two").holds({"M_n": found, "p": p, "n": n})


@pytest.mark.equation("eq-reasoning-rival")
def test_a_rival_gets_as_many_votes_ever_less_often() -> None:
    for own, other in ((0.5, 0.3), (0.4, 0.1), (0.6, 0.0)):
        for n in range(1, 7):
            outcomes = every({"c": own, "a": other, "-": 1 - own - other}, n)
            found = sum(p for texts, p in outcomes if texts.count("a") >= texts.count("c"))
            bound = (1 - (math.sqrt(own) - math.sqrt(other)) ** 2) ** n
            assert found <= bound * (1 + 1e-12)
            if other == 0:
                assert found == pytest.approx(bound)  # the bound is tight

            def moment(t: float, own: float = own, other: float = other, n: int = n) -> float:
                return float((other * t + own / t + 1 - own - other) ** n)

            if other:
                least = optimize.minimize_scalar(moment, bounds=(1, 20), method="bounded")
                assert least.fun == pytest.approx(bound, rel=1e-6)
                assert least.x == pytest.approx(math.sqrt(own / other), rel=1e-3)


@pytest.mark.equation("eq-reasoning-accepted")
def test_a_verifier_that_accepts_wrong_answers(printed: Equations) -> None:
    p, f, n = 0.35, 0.15, 5
    outcomes = every({"right": p, "fooled": (1 - p) * f, "wrong": (1 - p) * (1 - f)}, n)
    found = 0.0
    for texts, chance in outcomes:
        accepted = [t for t in texts if t != "wrong"]
        found += chance * (accepted[:1] == ["right"])
    assert float(code.accepted(exactly(p), f, n)) == pytest.approx(found)
    printed("eq-reasoning-accepted").holds({"A_n": found, "p": p, "f": f, "n": n})
    assert pytest.approx(float(code.accepted(exactly(0.5), 0.2, 200))) == 0.5 / (0.5 + 0.5 * 0.2)
    said("at most $0.5 / (0.5 + 0.5 \\cdot 0.2) = 0.833$ can be reached")


@pytest.mark.equation("eq-reasoning-scored")
def test_a_verifier_that_scores_some_wrong_answers_highest(printed: Equations) -> None:
    p, e, n = 0.35, 0.15, 5
    outcomes = every({"right": p, "high": e, "wrong": 1 - p - e}, n)
    found = sum(q for texts, q in outcomes if "high" not in texts and "right" in texts)
    assert float(code.scored(exactly(p), exactly(e), n)) == pytest.approx(found)
    printed("eq-reasoning-scored").holds({"B_n": found, "p": p, "e": e, "n": n})
    three, nine = (float(code.scored(exactly(0.5), exactly(0.1), k)) for k in (3, 9))
    said(f"three draws give $0.9^3 - 0.4^3 = {three:.3f}$ and nine give {nine:.3f}")


@pytest.mark.equation("eq-reasoning-best")
def test_the_best_number_of_answers(printed: Equations) -> None:
    def found(p: float, e: float) -> float:
        def slope(n: float) -> float:
            return float((1 - e) ** n * math.log(1 - e) - (1 - p - e) ** n * math.log(1 - p - e))

        return float(optimize.brentq(slope, 0.1, 60, xtol=1e-13))

    printed("eq-reasoning-best").holds({r"n^{*}": found(0.2, 0.05), "p": 0.2, "e": 0.05})
    whole = [float(code.scored(exactly(0.5), exactly(0.1), n)) for n in range(1, 12)]
    assert whole.index(max(whole)) == 2
    for p in (0.2, 0.4, 0.6, 0.8):
        for e in (0.01, 0.03, 0.1, 0.15):
            rises = bool(code.scored(exactly(p), exactly(e), 2) > p + 1e-12)
            assert rises or found(p, e) < 2
    said(f"In the example, $p = 0.5$ and $e = 0.1$, it is {found(0.5, 0.1):.2f}: three draws.")


@pytest.mark.equation("eq-reasoning-cost")
def test_the_cost_token_by_token(printed: Equations) -> None:
    tokens = [1.5] * 30 + [4.0] * (3 * (50 + 7))  # read once, written three times
    assert code.price(30, 50, 7, 3, 1.5, 4.0) == pytest.approx(sum(tokens))
    printed("eq-reasoning-cost").holds(
        {"C": sum(tokens), "P": 30, "T": 50, "A": 7, "n": 3, "u": 1.5, "w": 4.0}
    )
    long, short = code.price(500, 4000, 200, 8, 1, 4), code.price(500, 0, 200, 1, 1, 4)
    said(
        f"that is $134{{,}}900\\, u$, against $1{{,}}300\\, u$ for one answer without thought: "
        f"{long / short:.0f} times",
        "where a token written costs four times a token read, "
        f"eight chains of 4,000 tokens cost [{long / short:.0f} times](#cost)",
        "With $P = 500$, $T = 4{,}000$, $A = 200$, $n = 8$ and $w = 4u$",
    )
    assert (long, short) == (134_900, 1_300)


@pytest.mark.equation("eq-reasoning-rechecked")
def test_second_looks_are_a_markov_chain(printed: Equations) -> None:
    start, mend, spoil, rounds = 0.3, 0.25, 0.15, 3
    share = start
    for _ in range(rounds):
        share = share * (1 - spoil) + (1 - share) * mend
    assert code.rechecked(start, mend, spoil, rounds) == pytest.approx(share)
    matrix = torch.tensor([[1 - spoil, spoil], [mend, 1 - mend]], dtype=torch.float64)
    limit = float(torch.linalg.matrix_power(matrix, 200)[0, 0])
    printed("eq-reasoning-rechecked").holds(
        {"a_t": share, "a_0": start, r"a^{*}": limit, "g": mend, "b": spoil, "t": rounds}
    )
    easy, hard = (code.rechecked(a, 0.2, 0.1, 1) for a in (0.8, 0.3))
    end = code.rechecked(0.8, 0.2, 0.1, 100)
    said(
        f"With $g = 0.2$ and $b = 0.1$ it goes to {end:.3f}",
        f"an easy question with 0.8 loses, {easy:.2f} after the first look; a hard one with 0.3 "
        f"gains, {hard:.2f} after the first",
        f"in an example from 80 to {100 * end:.0f} %",
    )


# Voting and choosing among drawn answers.


def test_a_vote_takes_the_most_frequent_and_draws_ties() -> None:
    generator = torch.Generator().manual_seed(0)
    rows = torch.tensor([[3, 1, 3, 0], [2, 2, 0, 2]])
    assert code.vote(rows, generator).tolist() == [3, 2]
    tied = code.vote(torch.tensor([[0, 1, 2]]).expand(6000, 3), generator)
    assert stats.chisquare(torch.bincount(tied).numpy()).pvalue > 1e-3
    scores = torch.tensor([[0.0, 2.0, 1.0], [1.0, 0.0, 0.0]])
    assert code.best(scores, torch.tensor([[7, 8, 9], [4, 5, 6]]), generator).tolist() == [8, 4]


def test_votes_on_the_example_by_pencil() -> None:
    q, right = torch.tensor([code.ANSWERS], dtype=torch.float64), torch.tensor([0])
    three, many = (float(code.majority(q, right, n)) for n in (3, 25))
    assert three == pytest.approx(0.5 + 0.18 / 3)
    said(
        f"with $1 - 0.5^3 = {float(code.pass_at(q[:, 0], 3)):.3f}$; this is [pass@3]",
        "$3 \\cdot 0.5^2 \\cdot 0.5 + 0.5^3 = 0.5$; three different answers, $6 \\cdot 0.5 "
        "\\cdot 0.3 \\cdot 0.2 = 0.18$, are a tie, and a third of it, 0.06, is won",
        f"Together {three:.2f}, and with 25 draws {many:.3f}.",
        "answers the question with 5 with probability 0.5, with 2 (a wrong second step, chain *6 "
        "3 2*) with 0.3, and with 4 with 0.2",
    )
    assert code.ANSWERS == (0.5, 0.3, 0.2)


def test_a_narrow_policy_is_overtaken_by_a_wide_one() -> None:
    one, two, three = (code.coverage(code.SOLVED, code.BASE, k) for k in (1, 2, 3))
    assert code.coverage(code.SOLVED, (1.0, 0.0), 1000) == pytest.approx(code.SOLVED[0])
    assert two < code.SOLVED[0] < three
    said(
        f"$0.7 \\cdot 0.5 + 0.3 \\cdot 0.2 = {one:.2f}$",
        f"passes that between two tries, {two:.3f}, and three, {three:.3f}",
        "one solves 70 % of the questions, the other the remaining 30 %",
        "tries the first with 0.5, the second with 0.2",
        "one answer is right with 0.7, but pass@1000 is 0.7 as well",
    )
    assert (code.SOLVED, code.BASE) == ((0.7, 0.3), (0.5, 0.2))


# A verifier that is hacked.


def test_the_step_of_training_is_on_average_the_gradient_of_the_reward() -> None:
    passed = torch.tensor([0.6, 0.2, 0.9**1], dtype=torch.float64)
    z = torch.tensor(code.START, dtype=torch.float64).log().requires_grad_()
    (slope,) = torch.autograd.grad(z.softmax(0) @ passed, z)
    after = code.learn(1, seeds=4000, steps=1, rate=0.01)
    moved = (after.trick[1] - after.trick[0]).mean()  # to first order, by the chain rule
    pi = torch.tensor(code.START, dtype=torch.float64)
    step = 0.01 * slope * (1 - 1 / 16)  # the mean holds the answer itself
    expected = pi[2] * (step[2] - pi @ step)
    assert float(moved) == pytest.approx(float(expected), rel=0.05)


def test_the_table_of_hacked_verifiers() -> None:
    made = [(1, 0.0), (1, 0.2), (4, 0.0), (5, 0.0), (20, 0.0)]
    for row, (tests, beta) in zip(rows_of("tab-reasoning-hacked"), made, strict=True):
        learned = code.learn(tests, beta)
        assert row[1:] == [f"{x[-1].mean():.3f} ± {x[-1].std():.3f}" for x in learned]
    start = code.learn(1, steps=0)
    said(
        f"at the start {float(start.right[0].mean()):.2f} are right",
        f"$0.9^4 = {code.PASSES**4:.3f}$ and $0.9^5 = {code.PASSES**5:.3f}$",
        "reward 0.90, right answers 0.5 % | twenty tests in place of one: 59.6 % | twenty checks for each answer",
        "right in 60 % of cases, *guess*, right in 20 %",
        "It begins with 20, 70 and 10 %.",
    )
    five, twenty = (float(code.learn(t).trick[-1].mean()) for t in (5, 20))
    said(
        f"from five tests on work pays more: at the end {100 * five:.1f} % of the answers are "
        f"tricks with five tests and {100 * twenty:.1f} % with twenty",
    )
    first, good = (torch.tensor(x, dtype=torch.float64) for x in (code.START, code.RIGHT))
    pays = torch.tensor([*code.RIGHT[:2], code.PASSES], dtype=torch.float64)
    ends = (first.log() + pays / 0.2).softmax(0)
    held = code.learn(1, 0.2)
    assert float(held.trick[-1].mean()) == pytest.approx(float(ends[2]), abs=0.03)
    assert ends @ good < first @ good
    said(
        "The KL penalty with β = 0.2 does not prevent the hack, it sets where it ends.",
        f"{100 * float(ends[2]):.0f} % tricks, and {float(ends @ good):.3f} are right, less than at the start",
    )
    assert (code.RIGHT, code.START) == ((0.6, 0.2, 0.0), (0.2, 0.7, 0.1))
    assert code.PASSES**5 < code.RIGHT[0] < code.PASSES**4


# Exercises.


@pytest.mark.answer("answer-reasoning-try")
def test_the_likeliest_answer_is_wrong(answer: Bench) -> None:
    asked = answer("answer-reasoning-try")
    asked.is_(by_counting((0.3, 0.5, 0.2), 0, 3), by_counting(code.ANSWERS, 0, 3))
    said("$0.3^3 + 3 \\cdot 0.3^2 \\cdot 0.7$, and a third of $6 \\cdot 0.3 \\cdot 0.5 \\cdot 0.2$")


@pytest.mark.answer("answer-reasoning-vote")
def test_exercise_2_a_vote(answer: Bench) -> None:
    found = by_counting((0.6, 0.3, 0.1), 0, 3)
    answer("answer-reasoning-vote").is_(
        (found, 1 - 0.4**3), (stats.binom.sf(1, 3, 0.6), 1 - 0.4**3)
    )
    said(
        "$0.216 + 0.432 + 0.036 = 0.684$; $1 - 0.4^3 = 0.936$",
        "Answers have 0.6 (right), 0.3 and 0.1.",
    )


@pytest.mark.answer("answer-reasoning-ceiling")
def test_exercise_3_a_ceiling(answer: Bench) -> None:
    answer("answer-reasoning-ceiling").is_(float(code.accepted(exactly(0.25), 0.1, 500)), 0.9)
    said("$0.25 / 0.325 = 0.769$", "$0.25 / (0.25 + 0.75 \\cdot 0.1)$")


@pytest.mark.answer("answer-reasoning-reason")
def test_exercise_4_reward_up_and_truth_down(answer: Bench) -> None:
    learned = code.learn(1)
    assert learned.reward[-1].mean() > learned.reward[0].mean()
    assert learned.right[-1].mean() < learned.right[0].mean()
    answer("answer-reasoning-reason").is_(
        "The verifier passes wrong answers, and the policy has learned to give these."
    )


@pytest.mark.answer("answer-reasoning-look")
def test_exercise_5_a_second_look(answer: Bench) -> None:
    limit, once = (code.rechecked(0.9, 0.1, 0.02, t) for t in (300, 1))
    answer("answer-reasoning-look").is_((limit, once))
    said(
        "A second look mends with 0.1 and spoils with 0.02.",
        "$0.1 / 0.12$; and $0.9 \\cdot 0.98 + 0.1 \\cdot 0.1$",
    )


@pytest.mark.answer("answer-reasoning-code")
def test_exercise_6_two_verifiers(answer: Bench) -> None:
    first = code.accepted(exactly(0.2), 0.1, 10)
    second = code.scored(exactly(0.2), exactly(0.05), 10)
    answer("answer-reasoning-code").is_((float(first), float(second)))
    said("$0.714 \\cdot (1 - 0.72^{10})$; $0.95^{10} - 0.75^{10}$")
    assert pytest.approx(0.714, abs=5e-4) == 0.2 / (0.2 + 0.8 * 0.1)


@pytest.mark.answer("answer-reasoning-learn")
def test_exercise_7_three_tests(answer: Bench) -> None:
    answer("answer-reasoning-learn").is_(float(code.learn(3).trick[-1].mean()))
    said(f"$0.9^3 = {code.PASSES**3:.3f}$ is more than 0.6")


# The demo.


def golden() -> dict[str, object]:
    """What the demo and Python must agree on: four ways to use n answers."""
    cases = []
    for p, frequent, f, e, n in (
        (0.5, 0.6, 0.2, 0.0, 3),
        (0.5, 0.6, 0.2, 0.1, 9),
        (0.3, 0.8, 0.5, 0.3, 32),
        (0.9, 1.0, 0.0, 0.5, 6),
        (0.05, 0.0, 1.0, 0.2, 17),
    ):
        q = torch.tensor([[p, (1 - p) * frequent, (1 - p) * (1 - frequent)]], dtype=torch.float64)
        told = (
            code.pass_at(q[:, 0], n),
            code.majority(q, torch.tensor([0]), n),
            code.accepted(q[:, 0], f, n),
            code.scored(q[:, 0], exactly(min(e, 1 - p)), n),
        )
        setting = {"p": p, "frequent": frequent, "f": f, "e": e}
        returns = [float(one[0]) for one in told]
        cases.append({"function": "outcome", "args": [setting, n], "returns": returns})
    return {"module": "training/reasoning/reasoning.mjs", "tolerance": 1e-5, "cases": cases}


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())
