"""The reading list and the page of misconceptions keep what they promise."""

import re
from collections import Counter
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "references"


def test_the_reading_list_is_not_of_one_year_and_reads_on_images_at_each_level() -> None:
    text = (FOLDER / "index.md").read_text(encoding="utf-8")
    levels = re.split(r"^## .*\{#(?:first|second|third)\}$", text, flags=re.M)[1:]
    assert len(levels) == 3
    years = Counter(year for level in levels for year in re.findall(r"\b(20\d\d)[\[,]", level))
    assert max(years.values()) <= sum(years.values()) / 2, years
    for level in levels:
        assert re.search("diffusion|adversarial", level, flags=re.I)


def test_each_misconception_says_where_it_was_met() -> None:
    text = (FOLDER / "misconceptions.md").read_text(encoding="utf-8")
    entries = re.split(r"^### ", text, flags=re.M)[1:]
    assert len(entries) > 10
    for entry in entries:
        parts = re.findall(r"^\*\*(Met in|Right|Why it may be believed):\*\* \S", entry, flags=re.M)
        assert parts == ["Met in", "Right", "Why it may be believed"], entry.splitlines()[0]
        assert re.search(r"^> \*\*[^*]+:\*\* \".+\"", entry, flags=re.M), entry.splitlines()[0]
