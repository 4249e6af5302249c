"""The table of new architectures: written from its data, and each row with sources, a date and the mark of a claim."""

import copy
import re
from collections import Counter

import pytest

from scripts.figures import style
from scripts.house import new_architectures as new
from tests.said import sayings, tables

PAGE = style.DOCS / "models" / "developing.md"
said = sayings(PAGE)
rows_of = tables(PAGE)
KNOWN = set(
    re.findall(
        r"^@\w+\{([^,]+),",
        (style.DOCS / "references" / "bibliography.bib").read_text("utf-8"),
        re.M,
    )
)


def test_the_table_is_that_of_the_data() -> None:
    assert new.stale() == "", "run: python3 scripts/dev.py make developing"
    rows = new.data()["architecture"]
    printed = rows_of("tab-developing-architectures")
    assert [row[0].partition(". Cost: ")[0] for row in printed] == [
        f"**{row['name']}**, {row['date']}: {row['changes']}[^{row['source']}]" for row in rows
    ]
    assert all(row["cost"] in cells[0] for row, cells in zip(rows, printed, strict=True))
    assert 14 <= len(rows) <= 24


def test_each_row_has_its_sources_its_date_and_its_mark() -> None:
    assert new.faults(new.data(), KNOWN) == []
    assert new.data()["as_of"] == "2026-11"
    said("(as of 2026-11); the source is that", "of the 36 months up to November 2026")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"source": "nobody2020nothing"}, "no entry nobody2020nothing"),
        ({"date": "2023-11"}, "not within 36 months"),
        ({"date": "2026-12"}, "not within 36 months"),
        ({"date": "2024"}, "a year and a month"),
        ({"status": "proved"}, "no status"),
        ({"status": "none found"}, "nothing found has neither"),
        ({"others_sources": []}, "needs a source"),
        ({"others_sources": ["gloeckle2024better"]}, "no test by others"),
        ({"claim": ""}, "claim is empty"),
    ],
)
def test_a_row_that_lacks_something_is_found(changed: dict[str, object], told: str) -> None:
    table = copy.deepcopy(new.data())
    table["architecture"][0] |= changed
    assert any(told in fault for fault in new.faults(table, KNOWN))


def test_a_lost_key_and_a_wrong_order_are_found() -> None:
    table = copy.deepcopy(new.data())
    del table["architecture"][0]["cost"]
    assert any("has no cost" in fault for fault in new.faults(table, KNOWN))
    table = copy.deepcopy(new.data())
    table["architecture"].reverse()
    assert any("order of their dates" in fault for fault in new.faults(table, KNOWN))


def test_the_six_questions_name_each_architecture_once() -> None:
    text = PAGE.read_text(encoding="utf-8")
    listed = text.partition("### The table {#table}")[2].partition("In the last column")[0]
    for row in new.data()["architecture"]:
        line = next(n for n in listed.splitlines() if row["name"] in n)
        assert listed.count(row["name"]) == 1, row["name"]
        groups = line.partition("**: ")[0].lower()
        assert row["group"] in groups or row["group"].removeprefix("an") in groups, row["name"]
    assert listed.count("\n- **") == 6
    groups = Counter(row["group"] for row in new.data()["architecture"])
    assert len(groups) == 7  # two of them stand in one line
    assert min(groups.values()) >= 2
    said("The table is chosen so that each has at least two rows; it is not complete.")


def test_the_marks_are_those_of_the_rows() -> None:
    marks = Counter(row["status"] for row in new.data()["architecture"])
    used = set(marks)
    word = {4: "four", 5: "five", 8: "eight", 21: "twenty-one"}
    said(
        f"[one table](#table) of {word[marks.total()]} from three years,",
        f"Of the {word[marks.total()]}, others confirm some of the claims of {word[marks['in part']]}, find"
        f" less or another reason for {word[marks['disputed']]}, and build on {word[marks['built on']]}; for"
        f" {word[marks['none found']]} we found no test.",
    )
    assert set(new.STATUSES) - used == {"reproduced"}
    said(
        "**reproduced** would mean that others came to the same numbers in everything; no row has it."
    )
    for status, meaning in list(new.STATUSES.items())[1:]:
        assert f"**{status.capitalize()}**: {meaning}" in PAGE.read_text(encoding="utf-8")
