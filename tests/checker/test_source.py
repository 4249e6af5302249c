"""Which parts of a page are code, and where something stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.checker import source


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: X\n---\n",
        "`X`",
        "`` X ` X ``",
        "`a\nX`",
        "<!-- X\n\nX -->",
        "<!-- X",
        "```\nX\n```",
        "````md\n```\nX\n```\n````",
        "~~~ text\nX\n~~~",
        "- item\n\n    ```\n    X\n    ```",
        "> ```\n> X\n> ```",
        "```\nX",
        "Text.\n\n    X\n\n    X",
        "<pre>\nX\n</pre>",
        "<code>X</code>",
        "<script>X</script>",
    ],
)
def test_code_is_blank(text: str) -> None:
    assert "X" not in source.blank(text)


@pytest.mark.parametrize(
    "text",
    [
        "X",
        "`a` X `b`",
        "\\`X\\`",
        "a ` X",
        "`a\n\nX`",
        "- item\n\n    X",
        '!!! note "T"\n\n    X',
        "Term\n:   a\n\n    X",
        "Text\n    X",
        "```a`b``` X",
        "```\na\n```\nX",
        "<!-- a --> X",
        "1. a\n\n    - b\n\n        X",
    ],
)
def test_text_stays(text: str) -> None:
    assert "X" in source.blank(text)


@given(st.text(alphabet="aX`~\n -<>!\\:#", max_size=60))
def test_every_place_keeps_its_offset(text: str) -> None:
    blanked = source.blank(text)
    assert len(blanked) == len(text)
    assert all(new in (old, " ") for old, new in zip(text, blanked, strict=True))
    assert blanked.count("\n") == text.count("\n")


def test_places_are_counted_from_one() -> None:
    assert source.position("ab\ncd", 0) == (1, 1)
    assert source.position("ab\ncd", 4) == (2, 2)


def test_lines_are_found_whatever_their_indentation() -> None:
    text = "a\n    b\n    c\nb\nc"
    assert source.find_lines(text, ["b", "c"]) == 1
    assert source.find_lines(text, ["b", "c"], 2) == 3
    assert source.find_lines(text, ["d"]) == -1
