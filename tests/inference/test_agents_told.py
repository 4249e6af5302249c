"""What the page on agents tells of its example, its figures, its failures and its exercises."""

import random
from math import inf
from pathlib import Path

import pytest

from docs.inference.agents import agents, failures, sums
from docs.training.evaluation import evaluation
from scripts.figures import agents as recipe
from scripts.figures import agents_diagram, style
from tests.answers.plugin import Bench
from tests.inference.test_agents_sums import QUESTION, TOOLS, simulated
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "inference" / "agents.md"
HOME = PAGE.with_suffix("")
said = sayings(PAGE)
rows_of = tables(PAGE)
Limits = agents.Limits


def read(name: str) -> style.Table:
    """The numbers of a figure."""
    return style.read_table(HOME / f"{name}.csv")


# The example.


def test_the_example_as_told() -> None:
    run = agents.loop(agents.flawless(agents.ORDER), TOOLS, QUESTION)
    lengths = [len(agents.tokens(agents.render(TOOLS, p))) for p in run.prompts]
    rows = rows_of("tab-agents-example")
    assert [row[1] for row in rows] == [f"{n} tokens" for n in lengths]
    results = [m.text for m in run.prompts[-1] if m.role == "tool"]
    assert [row[3] for row in rows] == [*results, "–"]
    assert rows[-1][2] == run.answer
    assert f"*{QUESTION}*" in PAGE.read_text(encoding="utf-8")
    all_, new = agents.account(run, TOOLS)
    said(
        f"adds the first call and its result: {lengths[1] - lengths[0]} tokens.",
        f"read $84 + 110 + 136 + 168 = {all_}$ tokens, since",
        f"the second by {lengths[1] - lengths[0]} a call.",
        f"then only 84, 26, 26 and {lengths[3] - lengths[2]} tokens are new, {new} in all.",
    )
    assert lengths == [84, 110, 136, 168]
    assert agents_diagram.numbers()["read"] == lengths
    first = agents.render(TOOLS, run.prompts[1]).split(" <|user|>")[1]
    said(f'tools: [{{"name": "price", …}}] <|user|>{first}`')
    forty, fresh = sums.read(84, 26, 40)
    said(
        f"For 40 calls of 26 tokens each the numbers are {forty:,.0f} and {fresh:,.0f}.",
        "$1{,}098 + 2{,}254.2 = 3{,}352$ new tokens: smaller",
        f"For $n = 40$ the bill at a tenth is {forty / sums.bill(84, 26, 40, 0.1):.1f} times less",
    )
    assert 0.1 * (forty - fresh) == pytest.approx(2254.2)
    assert round(sums.bill(84, 26, 40, 0.1)) == 3352
    said(
        f"so its bill of {new + 0.1 * (all_ - new):.0f} is above the "
        f"{sums.bill(84, 26, 4, 0.1):.0f} of four look-ups."
    )


def test_success_as_told() -> None:
    s, calls = sums.step(0.9, 0.8, 3)
    said(
        f"$0.9^4 = 0.81 \\cdot 0.81 = {0.9**4:.3f}$, and one of 40 calls with $0.9^{{40}} = {0.9**40:.3f}$.",
        f"$0.9 + 0.08 \\cdot 0.9 + 0.08^2 \\cdot 0.9 = {s:.3f}$ after up to three tries.",
        f"With up to 3 tries a step takes {calls:.2f} calls on average.",
        f"Four steps succeed with $0.97776^4 = {s**4:.3f}$, for {calls:.2f} calls a step.",
        f"In the example $K = {calls:.3f}$ and $s = {s:.3f}$.",
        f"steps: {sums.half(0.9):.1f} for $s = 0.9$, {sums.half(0.99):.1f} for 0.99.",
    )
    assert round(0.97776**4, 3) == round(s**4, 3)
    last = sums.step(0.9, 0.8, inf)[0]
    said(f"With $d = 0.8$ it is {last:.3f}, and four steps reach {last**4:.3f} at most.")
    for tries, ran, closed in rows_of("tab-agents-try"):
        share = sum(run.answer == "22" for run in simulated(int(tries))) / 2000
        assert ran == f"{share:.3f}"
        exact = sums.step(0.9, 0.8, int(tries))[0] ** 4
        assert closed == f"{exact:.3f}"
        assert abs(share - exact) < (exact * (1 - exact) / 2000) ** 0.5
    said("There is one seed; each share lies within one standard error of the closed form.")


def test_the_two_agents_as_told() -> None:
    always = (evaluation.pass_at_k(8, 8, 8) + evaluation.pass_at_k(8, 0, 8)) / 2
    both = (sums.pass_all(8, 8, 8) + sums.pass_all(8, 0, 8)) / 2
    assert (always, both) == (0.5, 0.5)
    said(f"the second has pass@8 = {1 - 0.5**8:.3f} and $\\operatorname{{pass}}^8 = {0.5**8:.3f}$.")
    said(f"With 5 of 8 and $k = 2$ it is $10/28 = {sums.pass_all(8, 5, 2):.3f}$, and")
    said(f"is $1 - 3/28 = {evaluation.pass_at_k(8, 5, 2):.3f}$.")


# The figures.


def test_the_figures_hold_what_is_said_of_them() -> None:
    steps = read("steps")
    for name in recipe.WAYS:
        ends = [steps[name][0], steps[name][-1]]
        assert all(a > b for a, b in zip(steps[name], steps[name][1:], strict=False))
        assert f"{ends[0]:.2f} to {ends[1]:.2f}" in PAGE.read_text(encoding="utf-8")
        for exact, ran, error in zip(
            steps[name], steps[f"{name}, runs"], steps[f"{name}, error"], strict=True
        ):
            assert abs(exact - ran) < 3 * error
    said(
        "p = 0.99 falls from 0.97 to 0.71, p = 0.9 with up to 3 tries from 0.93 to 0.47, "
        "p = 0.9 without from 0.73 to 0.03."
    )
    tokens = read("tokens")
    for n, *counted in zip(*(tokens[name] for name in ("n", "read", "new")), strict=True):
        assert tuple(counted) == sums.read(84, 26, int(n))
    said(
        f"Read in all rises from 84 to {tokens['read'][-1]:,.0f}, the bill with cached tokens at 0.1 "
        f"to {tokens['bill'][-1]:,.0f}, what is new for the cache to {tokens['new'][-1]:,.0f}]"
    )
    passed = read("passed")
    for name in ("any", "all"):
        for exact, mean in zip(passed[name], passed[f"{name}, estimated"], strict=True):
            assert abs(exact - mean) < 0.03
    power = passed["all, power of the share"]
    assert all(p > a for p, a in zip(power[1:], passed["all"][1:], strict=True))
    said(
        f"for $k = 8$ it gave {power[-1]:.2f} where the truth is {passed['all'][-1]:.3f}.",
        f"pass@k rises from {passed['any'][0]:.2f} towards 1, pass^k falls from 0.66 to "
        f"{passed['all'][-1]:.2f}.",
        f"from k = 2 on, at {power[-1]:.2f} for k = 8]",
    )


# The exercises.


@pytest.mark.answer("answer-agents-try")
def test_try_it_half(answer: Bench) -> None:
    answer("answer-agents-try").is_(int(sums.half(0.99)), 50)
    said(
        f"$0.99^{{50}} = {0.99**50:.3f}$",
        f"$0.99^{{68}} = {0.99**68:.3f}$ and $0.99^{{69}} = {0.99**69:.4f}$",
    )


@pytest.mark.answer("answer-agents-step")
def test_exercise_1_a_step(answer: Bench) -> None:
    answer("answer-agents-step").is_(
        (sums.step(0.8, 0.5, 2)[0], sums.step(0.8, 0.5, inf)[0]),
        (sums.step(0.8, 1.0, 2)[0], sums.step(0.8, 1.0, inf)[0]),
    )


@pytest.mark.answer("answer-agents-tokens")
def test_exercise_2_tokens(answer: Bench) -> None:
    answer("answer-agents-tokens").is_(sums.read(1000, 200, 10), (10 * 1200, 1000 + 10 * 200))


@pytest.mark.answer("answer-agents-passhat")
def test_exercise_3_all_of_three(answer: Bench) -> None:
    answer("answer-agents-passhat").is_(
        (evaluation.pass_at_k(10, 8, 3), sums.pass_all(10, 8, 3)), (1 - 0.2**3, 0.8**3)
    )


@pytest.mark.answer("answer-agents-cache")
def test_exercise_4_the_cache(answer: Bench) -> None:
    answer("answer-agents-cache").is_("A result is appended at the end.")
    prompts = agents.loop(agents.flawless(agents.ORDER), TOOLS, QUESTION).prompts
    grown = agents.account(agents.Run(prompts=prompts[:2]), TOOLS)[1]
    turned = [agents.render(kit, prompts[0]) for kit in (TOOLS, TOOLS[::-1])]
    same = next(
        i for i, (a, b) in enumerate(zip(*map(agents.tokens, turned), strict=True)) if a != b
    )
    assert grown == len(agents.tokens(agents.render(TOOLS, prompts[1])))
    assert same < 12


@pytest.mark.answer("answer-agents-planted")
def test_exercise_5_the_pages(answer: Bench) -> None:
    answer("answer-agents-planted").is_(
        "A person confirms each mail, or the tool is taken away in this task."
    )
    assert failures.planted(False, Limits(tries=2))[1] == []
    assert failures.planted(True, Limits(tries=2, calls=3))[1] == [50]


@pytest.mark.answer("answer-agents-window")
def test_exercise_6_a_small_window(answer: Bench) -> None:
    run, tools = failures.forgotten(Limits(calls=20, window=1, notes=True))
    answer("answer-agents-window").is_((len(run.prompts), agents.account(run, tools)[0]))


@pytest.mark.answer("answer-agents-bill")
def test_exercise_7_the_bill(answer: Bench) -> None:
    ratios = [sums.bill(84, 26, n, 0.1) / sums.read(84, 26, n)[1] for n in range(1, 100)]
    first = next(n for n, ratio in enumerate(ratios, start=1) if ratio >= 5)
    answer("answer-agents-bill").is_(first)
    said(f"The ratio grows by about {ratios[first] - ratios[first - 1]:.2f} with each call.")


def test_the_policy_is_right_as_often_as_it_says() -> None:
    policy = agents.clumsy(agents.flawless(agents.ORDER), 0.9, 0.8, random.Random(3))
    first = [policy([agents.Message("user", QUESTION)]) for _ in range(4000)]
    items = [a.arguments["item"] for a in first if isinstance(a, agents.Call)]
    assert items.count("pen") / 4000 == pytest.approx(0.9, abs=0.02)
    assert items.count("pn") / 4000 == pytest.approx(0.08, abs=0.015)
    assert items.count("gem") / 4000 == pytest.approx(0.02, abs=0.01)
