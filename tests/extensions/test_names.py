"""What is written as a sign has a name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.extensions.project import OPTIONS, make, render


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(OPTIONS, "toc", {"permalink": "#", "permalink_title": "Link"})
    return make(tmp_path)


def test_a_link_to_a_section_has_the_name_of_the_section(root: Path) -> None:
    made = render('## Costs of $O(n)$ & *more*[^kingma2014auto] "here"\n\nText.\n', root)
    names = re.findall(r'<a aria-label="([^"]*)" class="headerlink"', made.html)
    assert names[0] == "Link to section Costs of O(n) &amp; more &quot;here&quot;"
    assert 'title="Link' not in made.html


def test_marks_are_named_by_their_kind_and_the_ways_back_by_where_they_lead(root: Path) -> None:
    made = render("One[^kingma2014auto], two[^own].\n\n[^own]: A note.\n", root)
    assert re.findall(r'<a aria-label="([^"]*)" class="footnote-ref"', made.html) == [
        "Source 1",
        "Note 2",
    ]
    names = re.findall(r'<a aria-label="([^"]*)" class="footnote-backref"', made.html)
    assert len(names) == 2
    assert all(re.search(rf"\b{number}\b", name) for number, name in enumerate(names, 1))


def test_a_head_that_is_a_formula_has_a_name(root: Path) -> None:
    made = render("| | $L_2$ | so $x$ |\n| --- | --- | --- |\n| one | 2 | 3 |\n", root)
    assert '<th aria-label="L2" scope="col">' in made.html
    assert '<th scope="col">so ' in made.html
