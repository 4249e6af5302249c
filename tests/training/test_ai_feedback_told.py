"""What the page on AI feedback tells: its example, its figures and runs, its exercises."""

import math
import statistics
from importlib import import_module
from typing import Any

import pytest
import torch

from scripts.figures import ai_feedback as figures
from scripts.figures import style
from tests.answers.plugin import Bench
from tests.said import sayings, tables
from tests.training.test_ai_feedback import kept, read

code: Any = import_module("docs.training.ai-feedback.ai_feedback")
PAGE = style.DOCS / "training" / "ai-feedback.md"
said = sayings(PAGE)
rows_of = tables(PAGE)
FIRST, SECOND = code.judged(0.2, 0.8)
MEAN = (FIRST + SECOND) / 2
GIVEN = code.answers()
TRUE = GIVEN.score(-0.4)


def apart(values: list[float], digits: int = 2) -> str:
    """Mean and deviation as the page prints them."""
    return f"{statistics.mean(values):.{digits}f} ± {statistics.stdev(values):.{digits}f}"


def test_the_lazy_judge_as_the_page_tells_it() -> None:
    said(
        f"$0.2 + 0.8 \\cdot 0.8 = {FIRST:.2f}$ right",
        f"- Better answer second: $0.8 \\cdot 0.8 = {SECOND:.2f}$ right",
        f"- In random order: {MEAN:.2f} right, and {1 - MEAN:.2f} wrong.",
        f"with $0.84 \\cdot 0.64 = {FIRST * SECOND:.2f}$ and both wrong "
        f"with $0.16 \\cdot 0.36 = {(1 - FIRST) * (1 - SECOND):.2f}$.",
    )
    share, right = code.agreeing(FIRST, SECOND)
    said(f"Of the pairs on which they agree, {100 * right:.0f} % are right.")
    assert round(5 * (1 - share)) == 2  # two pairs of five are lost


def test_what_is_told_of_measuring() -> None:
    first, fair = code.measured(0.4, FIRST, SECOND), code.measured(0.4, MEAN, MEAN)
    said(
        f"$0.4 \\cdot 0.84 + 0.6 \\cdot 0.36 = {first:.3f}$ of the verdicts",
        f"$0.4 \\cdot 0.74 + 0.6 \\cdot 0.26 = {fair:.3f}$: the right side",
        f"never better would still get {code.measured(0, MEAN, MEAN):.2f}; one that is always better gets "
        f"${code.measured(1, MEAN, MEAN):.2f}$, which is $0.74 - 0.26 = {2 * MEAN - 1:.2f}$ more.",
        f"A has $0.452 - 0.26 = {fair - code.measured(0, MEAN, MEAN):.3f}$ more, so its true share is "
        f"$0.192 / 0.48 = {code.corrected(fair, MEAN, MEAN):.1f}$.",
    )
    more = (code.error(0.4, MEAN, MEAN, 1, math.inf, math.inf)) ** 2 / 0.24
    said(f"the example needs {more:.1f} times as many verdicts")
    table = read("share.csv")
    ends = [table[name][at] for name in ("first", "fair") for at in (0, -1)]
    said(
        f"the line runs from {ends[0]:.2f} to {ends[1]:.2f}, "
        f"in random order from {ends[2]:.2f} to {ends[3]:.2f};"
    )
    at = table["share"].index(0.4)
    names = ("first seen", "first corrected", "fair seen", "fair corrected")
    mean = [table[name][at] for name in names]
    bar = [table[f"{name}, deviation"][at] for name in names]
    said(
        f"A first measured {mean[0]:.3f} ± {bar[0]:.3f}, corrected {mean[1]:.3f} ± {bar[1]:.3f}; "
        f"in random order {mean[2]:.3f} ± {bar[2]:.3f}, corrected {mean[3]:.3f} ± {bar[3]:.3f}."
    )
    said(f"Marks: {figures.SEEDS} simulations of {figures.VERDICTS} verdicts each")
    said(
        f"Of {figures.SEEDS} simulations with {figures.VERDICTS} verdicts and a true share of 0.4,"
    )
    for name in ("first", "fair"):
        for line, mark, off in zip(
            table[name], table[f"{name} seen"], table[f"{name} seen, deviation"], strict=True
        ):
            assert mark == pytest.approx(line, abs=4 * off / math.sqrt(20) + 1e-9)


def test_what_is_told_of_a_round() -> None:
    law = torch.tensor([0.4, 0.6]).double()
    after = kept(law, code.wins(torch.tensor([1.0, 0.0]).double(), 1 - MEAN))
    best = kept(law, code.wins(torch.tensor([1.0, 0.0]).double(), 0.0))
    said(
        f"$2 \\cdot 0.4 \\cdot 0.6 \\cdot 0.74 = {2 * 0.24 * MEAN:.3f}$: from 0.40 to {after[0]:.2f} in"
    )
    said(f"A faultless judge would have given {best[0]:.2f}.")
    step = (float(after[0]) - 0.4) / (float(best[0]) - 0.4)
    said(f"The step is ${step:.2f}$ times as long")
    said(f"for $e = 0.26$ a round is worth {1 - 2 * 0.26:.2f} rounds at the start.")
    diagram = read("diagram.csv")
    assert [diagram[k][0] for k in ("first", "second", "before")] == [0.84, 0.64, 0.4]
    assert diagram["after"][0] == pytest.approx(float(after[0]))


def test_what_is_told_of_labels() -> None:
    table = read("calibrate.csv")
    known = code.error(0.4, MEAN, MEAN, 1000, math.inf, math.inf)
    both = code.error(0.4, MEAN, MEAN, 1000, 100, 100)
    alone = math.sqrt(0.24 / 200)
    said(
        f"In the example 1,000 verdicts have a standard error of {known:.3f} if the rates are known; "
        f"with rates from 100 and 100 labels it is {both:.3f}."
    )
    said(
        f"The 200 labels, drawn at random and used as they are, have $\\sqrt{{0.24 / 200}} = {alone:.3f}$."
    )
    said(
        f"it falls steeply from above the picture to {table['labelled'][-1]:.3f}; with known rates "
        f"from {table['known'][0]:.3f} to {table['known'][-1]:.3f}."
    )
    said(f"The level line of 200 labels alone, {alone:.3f}, is crossed near 0.9 by the first")
    for name, cross in (("labelled", 0.9), ("known", 0.73)):
        at = next(r for r, e in zip(table["rate"], table[name], strict=True) if e < alone)
        assert at == pytest.approx(cross, abs=0.021)
    assert figures.LABELS * 2 == 200
    assert figures.MANY == 1000
    assert table["people"] == [pytest.approx(alone, rel=1e-5)] * 20


def test_what_is_told_of_panels() -> None:
    table = read("panel.csv")
    last = [table[f"right {c}"][-1] for c in ("0.0", "0.25", "0.5", "1.0")]
    said(
        f"Independent judges rise from {MEAN:.2f} to {last[0]:.3f}, with a quarter shared to "
        f"{last[1]:.2f}, with half shared to {last[2]:.2f}; copies of one judge stay at {last[3]:.2f}]"
    )
    said(
        f"each with its own random order, is right with {code.panel(MEAN, 3, 0.0):.2f} if",
        f"it is {code.panel(MEAN, 3, 0.5):.2f}, and no number of such judges passes "
        f"{code.panel(MEAN, 999, 0.5):.2f} ([below](#panel)).",
    )
    shared = (9 / 2 - 1) / 8
    assert code.votes(9, shared) == pytest.approx(2)
    said(f"as with $c = {shared:.2f}$ here.")
    assert code.panel(MEAN, 9, 0.5) < 0.5 * MEAN + 0.5


def test_what_is_told_of_rounds() -> None:
    table = read("rounds.csv")
    judge, score = table["judge"], table["score"]
    top = judge.index(max(judge))
    said(
        f"The true value is {judge[0]:.3f} at the start, {judge[top]:.2f} after {top} rounds "
        f"and {judge[-1]:.2f} after 40, when every answer carries four sentences of filler."
    )
    assert table["filler"][-1] == pytest.approx(4, abs=1e-3)
    assert score == sorted(score)
    exact = table["exact"]
    sooner = exact.index(max(exact))
    said(f"Without random errors the top, {max(exact):.2f}, comes after {sooner} rounds")
    assert exact[10] < judge[10]
    said(
        f"their true value rises from {judge[0]:.3f} to {judge[top]:.2f}.",
        f"and the value falls to {judge[-1]:.2f} ([below]",
    )
    assert table["people 0.3"][-1] < table["people 0.3"][-10] < max(table["people 0.3"])
    assert table["people 0.5"] == sorted(table["people 0.5"])
    names = (
        "judge",
        "fair",
        "blind",
        "people 0.1",
        "people 0.3",
        "people 0.5",
        "keep 0.1",
        "keep 0.2",
    )
    for row, name in zip(rows_of("tab-ai-feedback-cures"), names, strict=True):
        assert row[1:3] == [f"{max(table[name]):.2f}", f"{table[name][-1]:.2f}"], name
        if name.startswith("people"):
            assert row[3] == f"{float(name.split()[1]) * figures.PAIRS:.0f} labels a round"
    assert max(table["keep 0.1"]) < max(judge)
    said(
        f"the judge's score rises from {score[0]:.1f} to {score[-1]:.1f} and stays; the true value "
        f"rises from {judge[0]:.1f} to {judge[top]:.1f} at round {top} and falls to {judge[20]:.1f} by round 20;"
    )
    ends = [table[n][-1] for n in ("fair", "blind", "people 0.3", "judge", "keep 0.1")]
    said(
        f"a fair judge rises to {ends[0]:.1f}, one blind to filler to {ends[1]:.1f}; people's labels "
        f"on 30 % rise to {max(table['people 0.3']):.1f} and sink slowly to {ends[2]:.1f}; without "
        f"a cure {ends[3]:.1f}; with 10 % of the first answers kept {ends[4]:.1f}]"
    )
    said(f"Marks: {figures.SEEDS} seeds of {figures.PAIRS} drawn pairs a round")
    for line, mark, bar in zip(judge, table["drawn"], table["drawn, deviation"], strict=True):
        assert abs(line - mark) < 0.1 + bar


def test_what_is_told_of_stopping() -> None:
    table = read("stopped.csv")
    assert len(table["seed"]) == figures.SEEDS == 20
    last, spread = statistics.mean(table["last"]), statistics.stdev(table["last"])
    said(
        f"kept a true value of {apart(table['value'])}, where the best round had "
        f"{apart(table['highest'])} and 40 rounds ended at {last:.2f} ± {spread:.2f}."
    )
    rounds = statistics.mean(table["rounds"])
    said(f"It took {apart(table['rounds'], 1)} rounds, so about {100 * (rounds + 1):,.0f} scores")
    assert (figures.CHECKED, figures.PATIENCE) == (100, 3)
    path = figures.ran(3) @ TRUE
    assert table["last"][3] == pytest.approx(float(path[-1]), rel=1e-5)
    assert table["highest"][3] == pytest.approx(float(path.max()), rel=1e-5)
    assert table["value"][3] in [pytest.approx(float(v), rel=1e-5) for v in path]


def test_what_is_told_of_a_critique() -> None:
    low, same, high = (code.revised(a, 0.6, 0.2, 0.5) for a in (0.4, 0.75, 0.9))
    assert same == pytest.approx(code.even(0.6, 0.2, 0.5)) == pytest.approx(0.75)
    said(
        f"a model goes from 0.40 to {low:.2f}, one at 0.75 stays, and one at 0.90 falls to {high:.2f}."
    )


def test_the_table_of_failures() -> None:
    rows = {row[0].split("]")[0].strip("["): row[1:] for row in rows_of("tab-ai-feedback-fails")}
    judge = read("rounds.csv")["judge"]
    fair = code.measured(0.4, MEAN, MEAN)
    both = code.error(0.4, MEAN, MEAN, 1000, 100, 100)
    assert rows["Order"][0] == f"{code.measured(0.4, FIRST, SECOND):.3f} for the worse model"
    assert rows["Shrunk differences"][0] == f"{fair:.3f} for 0.4"
    assert (
        rows["Too few labels"][0]
        == f"standard error {both:.3f} with 200 labels; the labels alone {math.sqrt(0.24 / 200):.3f}"
    )
    assert rows["Copies of a judge"][0] == (
        f"{code.panel(MEAN, 3, 0.5):.2f} for three that share half, "
        f"{code.panel(MEAN, 3, 0.0):.2f} for three independent"
    )
    assert rows["Bias as aim"][0] == f"{max(judge):.2f}, then {judge[-1]:.2f}"
    assert (
        rows["A critic's false alarms"][0]
        == f"0.90 falls to {code.revised(0.9, 0.6, 0.2, 0.5):.2f}"
    )
    assert rows["Shrunk differences"][2].endswith(
        f"{fair * (1 - fair) / 0.48**2 / 0.24:.1f} times the verdicts"
    )


def test_captions_say_what_the_recipes_set() -> None:
    after = read("diagram.csv")["after"][0]
    said(f"right in {100 * FIRST:.0f} % or {100 * SECOND:.0f} % as the better one stands first")
    said(f"changes the model, which is now right with {after:.2f}.")
    said(f"the judge adds {code.LIKES} points for each, people take {code.COSTS} away.")
    said(
        f"True value: a point for each step, less {code.COSTS} for each sentence of filler; the judge "
        f"adds {code.LIKES} instead and turns {100 * (1 - MEAN):.0f} % of its verdicts at random."
    )
    said(
        f"By the formula; true share {code.SHARE}, {figures.MANY:,} verdicts, "
        f"{figures.LABELS} labels of each kind, one rate for both."
    )
    said(f"How often the majority is right, against 1 to {figures.JUDGES[-1]} judges.")
    said(f"for judges that are right in {100 * MEAN:.0f} % of the pairs.")
    said(
        f"Two panels against 0 to {figures.ROUNDS} rounds.", f"Trained for {figures.ROUNDS} rounds,"
    )
    said(f"how often the judge is right, {figures.RATES[0]} to {figures.RATES[-1]:.2f}.")
    said(f"let people score {figures.CHECKED} answers after each round and stop when three rounds")
    said(f"The toy has one prompt, {len(GIVEN.p)} answers and a frozen judge.")
    said(f"Less than the {math.sqrt(0.24 / 200):.3f} of the labels alone.")


def test_the_program_prints_the_example(capsys: pytest.CaptureFixture[str]) -> None:
    code.main()
    out = capsys.readouterr().out
    assert "better first 0.84, second 0.64, mean 0.74" in out
    assert "three judges: [0.832, 0.786, 0.74]" in out
    assert "best 1.97 after 8, 1.40 after 40" in out


# Exercises.


@pytest.mark.answer("answer-ai-feedback-lazier")
def test_exercise_0_another_judge(answer: Bench) -> None:
    first, second = code.judged(0.4, 0.9)
    t = (first + second) / 2
    answer("answer-ai-feedback-lazier").is_(
        (t, code.measured(0.4, t, t)), (first, code.measured(0.4, t, t))
    )
    said(f"{first:.2f} and {second:.2f}, {t:.2f} on average:")
    rates = code.judged(0.6, 0.8)
    assert code.corrected(code.measured(0.4, *rates), *rates) == pytest.approx(0.4)


@pytest.mark.answer("answer-ai-feedback-correct")
def test_exercise_1_the_true_share(answer: Bench) -> None:
    answer("answer-ai-feedback-correct").is_(code.corrected(0.55, 0.9, 0.8), 0.55 / 0.9)


@pytest.mark.answer("answer-ai-feedback-round")
def test_exercise_2_a_round(answer: Bench) -> None:
    after = kept(torch.tensor([0.3, 0.7]).double(), torch.tensor([[0.5, 0.9], [0.1, 0.5]]).double())
    answer("answer-ai-feedback-round").is_(float(after[0]), 0.3 * 0.7 * 0.9 * 2)


@pytest.mark.answer("answer-ai-feedback-worth")
def test_exercise_3_five_judges(answer: Bench) -> None:
    answer("answer-ai-feedback-worth").is_(
        (code.votes(5, 0.5), code.votes(10**9, 0.5)), (5 * 0.5, 2)
    )


@pytest.mark.answer("answer-ai-feedback-first")
def test_exercise_4_what_to_ask_first(answer: Bench) -> None:
    table = read("rounds.csv")
    assert (
        table["fair"][-1] > 2 * table["judge"][-1] > 2
    )  # the same random errors, with and without bias
    assert code.panel(0.7, 3, 1.0) == pytest.approx(0.7)
    answer("answer-ai-feedback-first").is_(
        "Whether its errors go together with something that answers can have more of, such as length."
    )


@pytest.mark.answer("answer-ai-feedback-up-to")
def test_exercise_5_up_to_which_share(answer: Bench) -> None:
    answer("answer-ai-feedback-up-to").is_(code.even(0.5, 0.05, 0.5), 0.5)


@pytest.mark.answer("answer-ai-feedback-good")
def test_exercise_6_a_better_judge(answer: Bench) -> None:
    answer("answer-ai-feedback-good").is_(
        code.error(0.4, 0.95, 0.95, 1000, 100, 100),
        code.error(0.4, 0.95, 0.95, 1000, math.inf, math.inf),
    )


@pytest.mark.answer("answer-ai-feedback-tenth")
def test_exercise_7_a_smaller_liking(answer: Bench) -> None:
    tops = []
    for likes in (0.1, 0.3):
        path = code.rounds(GIVEN.p, code.wins(GIVEN.score(likes), 0.26), 40) @ TRUE
        tops.append(float(path.max()))
        assert float(path[-1]) == pytest.approx(1.4, abs=1e-3)
    answer("answer-ai-feedback-tenth").is_(*tops)
