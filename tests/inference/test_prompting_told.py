"""What the page on prompting tells of its example, its figures, its failures and its exercises."""

import itertools
import math
import re
import runpy
from fractions import Fraction
from pathlib import Path
from statistics import fmean, stdev

import pytest

from docs.inference.prompting import practice, prompting
from docs.training.evaluation import evaluation
from scripts.figures import prompting as recipe
from scripts.figures import prompting_diagram, style
from tests.answers.plugin import Bench
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "inference" / "prompting.md"
HOME = PAGE.with_suffix("")
said = sayings(PAGE)
rows_of = tables(PAGE)
LINE = "fresh: good"


def read(name: str) -> dict[str, list[float]]:
    """The numbers of a recipe."""
    return style.read_table(HOME / f"{name}.csv")


# The example.


def test_the_example_by_pencil() -> None:
    rows = rows_of("tab-prompting-example")
    for row, kind in zip(rows, prompting.PRIOR, strict=True):
        after = prompting.AFTER_WARM[kind]
        words = ("good", "bad", "cold", "cool")
        assert [Fraction(cell) for cell in row[1:]] == [after.get(w, Fraction(0)) for w in words]
    none, one, two = (prompting.answer([LINE] * n) for n in range(3))
    assert (none["good"], none["cold"]) == (Fraction(1, 4), Fraction(9, 16))
    said(
        r"$\frac14 \cdot \frac34 + \frac34 \cdot \frac1{12} = \frac14$",
        r"$\frac34 \cdot \frac34 = \frac9{16}$",
        f"$\\frac34 \\cdot \\frac34 + \\frac14 \\cdot \\frac1{{12}} = {float(one['good']):.3f}$",
        f"The odds are 27 to 1, and *good* gets {float(two['good']):.3f}.",
    )
    share = prompting.posterior([LINE, LINE])
    assert share["opinions"] / share["opposites"] == 27
    first = [float(prompting.answer([w])["good"]) for w in prompting.WORDINGS]
    last = [float(prompting.answer([w, LINE, LINE])["good"]) for w in prompting.WORDINGS]
    said(
        f"with the first alone *good* gets {first[0]:.3f}, with the second {first[1]:.3f}, "
        f"with the third {first[2]:.3f}.",
        f"After two examples behind each it is {last[0]:.3f}, {last[1]:.3f} and {last[2]:.3f}",
    )
    ratios = [
        prompting.LINES[w]["opinions"] / prompting.LINES[w]["opposites"] for w in prompting.WORDINGS
    ]
    assert ratios == [27, 3, 1]
    wanted = math.log(99 * 3) / math.log(9), math.log(99 / 9) / math.log(9)
    said(f"and $o = 99$ give {wanted[0]:.1f}.", f"and {wanted[1]:.1f} lines, so two, suffice.")
    assert prompting.examples_needed(9, 9, 99) == 2


def test_the_label_and_the_two_coins_by_pencil() -> None:
    found = prompting.calibrated((0.6, 0.4), (0.75, 0.25))
    assert found == pytest.approx([1 / 3, 2 / 3])
    said("$0.6 / 0.75 = 0.8$ and $0.4 / 0.25 = 1.6$, which are 1/3 and 2/3 of their sum.")
    law = {n: Fraction(math.comb(2, n), 4) for n in range(3)}
    below = [sum(p for n, p in law.items() if n <= most) ** 2 for most in range(3)]
    best = [below[0], below[1] - below[0], below[2] - below[1]]
    assert best == [Fraction(1, 16), Fraction(8, 16), Fraction(7, 16)]
    seems = float(prompting.seeming_best(2, 2))
    said(f"$\\frac{{7}}{{16}} + \\frac12 \\cdot \\frac{{8}}{{16}} = {seems:.4f}$ of the items")


def test_the_row_of_the_roles_is_that_of_the_library_lines() -> None:
    text = PAGE.read_text(encoding="utf-8")
    row = re.findall(r"```text\n(.*?)```", text, re.S)
    given = re.findall(r'\{"role": "(\w+)", "content": "(.*?)"\}', text)
    messages = [{"role": role, "content": content} for role, content in given]
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert row == [practice.render(messages)]


def test_the_diagram_and_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    table = read("diagram")
    assert prompting_diagram.numbers()["p"] == pytest.approx(table["p"], abs=1e-6)
    good, bad, cold, cool = table["p"]
    said(
        f"it gives good {good:.2f}, bad {bad:.2f}, cold {cold:.2f} and cool {cool:.2f}; "
        f"with the random number u = {prompting_diagram.U} good is drawn"
    )
    runpy.run_path(str(HOME / "prompting.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert "2 examples: good 0.726, cold 0.027" in out
    assert "best of two coins on two items 0.6875" in out


# The figures.


def test_the_lines_of_the_examples_meet() -> None:
    table = read("examples")
    lines = [table[w] for w in prompting.WORDINGS]
    said(f"begin at {lines[0][0]:.2f}, {lines[1][0]:.2f} and {lines[2][0]:.2f}, rise, and meet")
    for line in lines:
        assert all(a < b < 0.75 for a, b in itertools.pairwise(line))
    assert max(x[-1] for x in lines) - min(x[-1] for x in lines) < 0.001


def test_the_wordings_as_told() -> None:
    table, pairs = read("wordings"), read("compared")
    raw, better, bits = (table[name] for name in ("raw", "calibrated", "bits"))
    spread = stdev(raw)
    said(
        f"The mean is {100 * fmean(raw):.1f} %, the standard deviation over wordings "
        f"{100 * spread:.1f} points, the range {100 * min(raw):.1f} to {100 * max(raw):.1f} %.",
        f"{100 * min(raw):.0f} to {100 * max(raw):.0f} % with 16 wordings",
        f"costs {100 * pairs['Answer:'][0]:.1f} ± {100 * pairs['Answer: error'][0]:.1f} points",
        f"{100 * fmean(better):.0f} % in place of {100 * fmean(raw):.0f} %, on average over",
        f"All 16 wordings get better: {100 * fmean(better):.1f} % on average, "
        f"{100 * pairs['calibrated'][0]:.1f} ± {100 * pairs['calibrated error'][0]:.1f} points more.",
        f"The spread over wordings is {100 * stdev(better):.1f} points as before",
        f"correlate ({pairs['correlation'][0]:.2f} on average), and four are better",
    )
    errors = [100 * math.sqrt(x * (1 - x) / recipe.ITEMS) for x in raw + better]
    said(f"the standard error of a mark is {min(errors):.1f} to {max(errors):.1f} points.")
    assert round(spread, 3) == round(stdev(better), 3)
    assert all(a < b for a, b in zip(raw, better, strict=True))
    joints = [raw[4 * n : 4 * n + 4] for n in range(4)]
    assert min(joints[0]) > max(raw[4:])
    assert len(rows_of("tab-prompting-claims")) == 12
    widest = max(max(j) - min(j) for j in joints)
    said(f"at most {100 * widest:.1f} points within a joint.")
    means = [fmean(j) for j in joints]
    assert means[3] < 0.25 < means[0]
    assert all(abs(mean - 0.25) < 0.01 for mean in means[1:])
    cost = [fmean(bits[4 * n : 4 * n + 4]) - fmean(bits[:4]) for n in range(4)]
    said(f"*...* costs {cost[1]:.1f} bits a token more than nothing, *Answer:* {cost[3]:.1f}, and")
    assert abs(means[1] - means[3]) < 0.01
    said(
        f"right in {min(joints[0]):.2f} to {max(joints[0]):.2f}, with the others in "
        f"{min(raw[4:]):.2f} to {max(raw[4:]):.2f}.",
        f"{min(better[:4]):.2f} to {max(better[:4]):.2f} with nothing, "
        f"{min(better[4:]):.2f} to {max(better[4:]):.2f} with the others.",
        f"Sixteen wordings on {recipe.ITEMS} items are {16 * recipe.ITEMS:,} prompts",
    )


def test_the_examples_of_the_gpt_as_told() -> None:
    table = read("shots")
    none, one, two = (100 * x for x in table["right"])
    said(
        f"it is right in {one:.1f} %, with two in {two:.1f} %, in place of {none:.1f} %",
        f"−{-100 * table['more'][1]:.1f} ± {100 * table['error'][1]:.1f} and "
        f"−{-100 * table['more'][2]:.1f} ± {100 * table['error'][2]:.1f} points",
    )
    assert all(abs(m) < 2 * e for m, e in zip(table["more"][1:], table["error"][1:], strict=True))


def test_the_winner_as_told() -> None:
    table = read("best")
    raw = read("wordings")["raw"]
    test, fresh = table["test 20"], table["fresh 20"]
    mean = 100 * fmean(raw)
    gain, bias = 100 * test[-1] - mean, 100 * (test[-1] - fresh[-1])
    said(
        f"the winner seems to be right in {100 * test[-1]:.1f} %, and is in {100 * fresh[-1]:.1f} %; "
        f"a wording at random has {mean:.1f} %.",
        f"So almost half of the gain, {bias:.1f} of {gain:.1f} points, is selection.",
        f"standard deviations of {100 * table['test 20 spread'][-1]:.1f} and "
        f"{100 * table['fresh 20 spread'][-1]:.1f} points",
        f"{100 * test[-1]:.0f} % on the 20 items that chose, {100 * fresh[-1]:.0f} % on others",
        f"With 80 items {100 * table['test 80'][-1]:.1f} % become {100 * table['fresh 80'][-1]:.1f} %.",
        f"it rises from {test[0]:.2f} to {test[-1]:.2f} on these, and to {fresh[-1]:.2f} on the other 260.",
        f"it rises to {table['test 80'][-1]:.2f} on these and {table['fresh 80'][-1]:.2f} on the other 200.",
    )
    assert 0.45 < bias / gain < 0.5
    for size in recipe.SIZES:
        line, others = table[f"test {size}"], table[f"fresh {size}"]
        assert all(a < b for a, b in itertools.pairwise(line))
        assert others[-1] > others[0] + 0.05
        pairs = zip(table[f"test {size}"], table[f"fresh {size}"], strict=True)
        assert all(a > b for a, b in pairs)
    gaps = [a - f for a, f in zip(table["test 80"], table["fresh 80"], strict=True)]
    assert any(b < a for a, b in itertools.pairwise(gaps))  # it can also shrink
    independent = 100 * evaluation.expected_best(20, fmean(raw), 16)
    said(f"the best of 16 would seem to have {independent:.1f} % on 20 items")
    said(f"at a score of 36 % they are {0.36 * 0.64 / 0.03**2:.0f}.")


def test_the_prices_as_told() -> None:
    table = {name: values[0] for name, values in read("escapes").items()}
    html, json = (100 * (table[name] / table["plain"] - 1) for name in ("html", "json"))
    said(
        f"cost {html:.1f} % more tokens, and a JSON string {json:.1f} %;",
        f"| {html:.1f} to {json:.1f} % more tokens |",
    )
    first, last = (prompting.bill(900, 100, 1000, 0.1, way) for way in (True, False))
    said(
        f"and $r = 0.1$ these are {first:,.0f} and {last:,.0f}.",
        f"1,000 requests then cost {last / first:.1f} times as much in the example",
        f"each request pays all of its {last / 1000:,.0f} tokens, in place of {first / 1000:.0f} |",
    )
    more = prompting.bill(950, 100, 10**6, 0.1) - prompting.bill(900, 100, 10**6, 0.1)
    assert round(more / 10**6, 3) == 5
    said("An example of 50 tokens in the fixed part costs 5 a request, and 50 where")


# The exercises.


@pytest.mark.answer("answer-prompting-try")
def test_try_it(answer: Bench) -> None:
    answer("answer-prompting-try").is_(prompting.examples_needed(1 / 3, 9, 99), 2)
    assert prompting.posterior([LINE] * 2)["opinions"] < Fraction(99, 100)


@pytest.mark.answer("answer-prompting-odds")
def test_exercise_1_odds(answer: Bench) -> None:
    shares = [odds / (1 + odds) for odds in (1.0, 4.0, 8.0)]
    answer("answer-prompting-odds").is_(shares[:2], shares[1:])


@pytest.mark.answer("answer-prompting-calibrated")
def test_exercise_2_labels(answer: Bench) -> None:
    p, f = (0.5, 0.3, 0.2), (0.6, 0.2, 0.2)
    wrong = [a * b for a, b in zip(p, f, strict=True)]
    answer("answer-prompting-calibrated").is_(
        prompting.calibrated(p, f), [w / sum(wrong) for w in wrong]
    )


@pytest.mark.answer("answer-prompting-best")
def test_exercise_3_two_of_three(answer: Bench) -> None:
    scores = (0.6, 0.7, 0.9)
    answer("answer-prompting-best").is_(prompting.best_of(scores, 2), fmean(scores))


@pytest.mark.answer("answer-prompting-selection")
def test_exercise_4_the_winner(answer: Bench) -> None:
    answer("answer-prompting-selection").is_(
        "The items chose the winner, so its score on them is too high on average."
    )
    assert evaluation.expected_best(50, 0.5, 30) > 0.6


@pytest.mark.answer("answer-prompting-bill")
def test_exercise_5_the_bill(answer: Bench) -> None:
    both = [prompting.bill(2000, 50, 100, 0.1, way) for way in (True, False)]
    answer("answer-prompting-bill").is_(both, [prompting.bill(2000, 50, 100, 0.0), both[1]])


@pytest.mark.answer("answer-prompting-seeming")
def test_exercise_6_three_wordings(answer: Bench) -> None:
    answer("answer-prompting-seeming").is_(float(prompting.seeming_best(4, 3)), 0.5)


@pytest.mark.answer("answer-prompting-frame")
def test_exercise_7_frames(answer: Bench) -> None:
    found = [
        len(prompting.read(prompting.framed(text))[0])
        for text in (prompting.ATTACK, prompting.escaped(prompting.ATTACK))
    ]
    answer("answer-prompting-frame").is_(found, [1, 1])
