"""The reader of numbers: what it finds, what it leaves out, and that a changed number is found out."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.prose import bindings, test_numbers
from tests.prose.bindings import bound
from tests.prose.reading import numbers
from tests.prose.used import constants, uses, value
from tests.said import sayings, tables, tellings

CITED = "[^kingma2014auto]"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It needs 3.5 nats.", {"3.5": ""}),
        ("It needs $3.5$ nats and `4` tokens.", {}),
        ("# 2 heads\n\n1. One.\n\n**3.** Why?", {}),
        ("See [the 7](a.md#b-8){ .md-button-9 } and [^note1].", {"7": ""}),
        (f"It needs 504 draws{CITED}. With 12 it fails.", {"504": "cited", "12": ""}),
        (f"| a | b{CITED} |\n| --- | --- |\n| x | 7 |\n| y | 8 |", {"7": "cited", "8": "cited"}),
        ("| a | b |\n| --- | --- |\n| x | 7 |\n\nTable: B" + CITED + " {#tab-b}", {"7": "cited"}),
        ("Since 2017 GPT-2 has 24 layers.", {"2017": "date", "2": "name", "24": ""}),
        ("As of 2026-11.", {"2026": "date", "11": "date"}),
        ("Two networks play.", {"Two": "counting"}),
        ("It is about two times as long.", {"two": ""}),
        ("Nearly seven of eight modes.", {"seven": "", "eight": ""}),
        ("The mean of five seeds.", {"five": ""}),
        ("It is fifty-six times too wide.", {"fifty-six": ""}),
        ("Less than a fifth lies there, within three hundredths.", {"fifth": "", "three": ""}),
        ("![A line that ends at 0.7](a/b.svg)\n**A.** It ends at 0.8.", {"0.7": "", "0.8": ""}),
        ('```\n5\n```\n\n--8<-- "a.py:b6"\n\n$$\n7\n$$ {#eq-a-8}\n', {}),
        ('??? success "Answer 1"\n    It is 0.102.', {"1": "name", "0.102": ""}),
    ],
)
def test_a_number_is_found_and_its_kind_told(text: str, found: dict[str, str]) -> None:
    assert {number.text: number.kind for number in numbers(f"\n\n{text}\n")} == found


@pytest.mark.parametrize(
    ("text", "worth"),
    [
        ("30,000", 30_000),
        ("0.5", 0.5),
        ("fifty-six", 56),
        ("a hundred", 100),
        ("two hundred", 200),
        ("elevenfold", 11),
        ("half", 0.5),
        ("Twice", 2),
    ],
)
def test_words_are_worth_what_they_say(text: str, worth: float) -> None:
    assert value(text) == worth


def test_a_percentage_may_be_a_share_in_the_test() -> None:
    assert uses("38", (0.38,), percent=True)
    assert not uses("38", (0.38,))


PAGE = """A gap of 0.84 nats. A gap of 0.31 bits, twice told. A gap of 0.31 bits, twice told.

| Game | Modes |
| --- | --- |
| one | 7.5 |

Table: Games {#tab-a-games}
"""
TEST = """
said = sayings(PAGE)
rows_of = tables(PAGE)

def test_it():
    said(f"A gap of {gap:.2f} nats")
    said("A gap of 0.31 bits")
    said(f"{anything}")
    assert rows_of("tab-a-games") == [["one", "7.5"]]
"""


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page with a test, and nothing else."""
    page = tmp_path / "docs" / "part" / "a.md"
    test = tmp_path / "tests" / "part" / "test_a.py"
    for path, text in ((page, PAGE), (test, TEST)):
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(bindings, "DOCS", tmp_path / "docs")
    monkeypatch.setattr(bindings, "TESTS", tmp_path / "tests")
    return page


def test_what_a_test_reads_once_or_as_a_table_is_bound_and_nothing_else(small: Path) -> None:
    spans = bound(small)
    held = {
        (number.text, number.start)
        for number in numbers(PAGE)
        if any(start <= number.start and number.end <= end for start, end in spans)
    }
    assert held == {("0.84", PAGE.index("0.84")), ("7.5", PAGE.index("7.5"))}


def test_the_readers_refuse_what_is_not_there_once(small: Path) -> None:
    said, tells, rows_of = sayings(small), tellings(small), tables(small)
    said("A gap of 0.84 nats")
    assert tells(r"gap of ([\d.]+) nats") == ("0.84",)
    assert rows_of("tab-a-games") == [["one", "7.5"]]
    with pytest.raises(AssertionError, match="does not say"):
        said("A gap of 0.85 nats")
    with pytest.raises(AssertionError, match="2 times"):
        said("A gap of 0.31 bits")
    with pytest.raises(AssertionError, match="2 times, not once"):
        tells(r"gap of ([\d.]+) bits")
    with pytest.raises(AssertionError, match="no table"):
        rows_of("tab-b")


@pytest.mark.parametrize(
    ("page", "old", "new"),
    [
        ("models/gan", "98.9 % of the data", "98.8 % of the data"),  # a figure's number
        ("models/gan", "| 3.2, growing", "| 3.3, growing"),  # read as a table: see below
        ("models/gan", "last 200 of 2,000", "last 300 of 2,000"),  # listed with a test
        ("models/vae", "from 6.5 nats", "from 6.6 nats"),  # listed with a figure
        ("models/vae", "for 120 test digits", "for 130 test digits"),  # listed with a constant
        ("training/rlhf", "About 40 contractors", "About 50 contractors"),  # listed with a reason
        ("models/diffusion", "ten of DDIM 0.85", "ten of DDIM 0.86"),  # an exercise
    ],
)
def test_a_changed_number_is_told(
    page: str, old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bindings.DOCS / f"{page}.md"
    source = path.read_text(encoding="utf-8")
    assert source.count(old) == 1
    before = {number.text for number, held in test_numbers.decided(path) if not held}
    changed = source.replace(old, new)
    real = Path.read_text
    monkeypatch.setattr(
        Path, "read_text", lambda self, *a, **k: changed if self == path else real(self, *a, **k)
    )
    test_numbers.decided.cache_clear()
    loose = {number.text for number, held in test_numbers.decided(path) if not held}
    test_numbers.decided.cache_clear()
    if "growing" in old or "98.9" in old:
        assert loose == before  # still read by its test, which fails: the readers compare
    else:
        assert loose > before, new


def test_a_version_in_a_test_is_no_number() -> None:
    assert list(constants(ast.parse("version = '5.24.0'; share = 'two of 0.5'"))) == [2.0, 0.5]
