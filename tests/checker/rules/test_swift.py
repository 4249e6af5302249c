"""What is read in linear time is what Python-Markdown reads; pages of thousands of marks do not hang."""

from __future__ import annotations

import time
from pathlib import Path

import markdown
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown.inlinepatterns import LinkInlineProcessor

from scripts.checker import rulebook, swift
from scripts.checker.config import from_folder
from scripts.checker.one_page import Checker
from scripts.checker.style_classes import classes_in

CHECKER = Checker(from_folder(Path(__file__).parent), rulebook.load())
SIGNS = st.sampled_from(list("[[[]]]()x '\"<>!\\\n"))


@settings(max_examples=500, deadline=None)
@given(st.text(SIGNS, max_size=120), st.integers(min_value=0, max_value=120))
def test_brackets_are_paired_as_by_python_markdown(text: str, index: int) -> None:
    pattern = LinkInlineProcessor(r"\[", markdown.Markdown())
    index = min(index, len(text))
    assert swift.bracketed(text, index) == pattern.getText(text, index)


@settings(max_examples=300, deadline=None)
@given(st.text(SIGNS, max_size=80))
@example("[]('(")
def test_links_are_rendered_as_by_python_markdown(text: str) -> None:
    plain, quick = markdown.Markdown(), markdown.Markdown()
    swift.install(quick)
    assert quick.convert(text) == plain.convert(text)


HEAD = "# Title\n\n"
PAGES = {
    "open brackets": HEAD + "[\n" * 3000,
    "open images": HEAD + "![ a " * 3000,
    "open references": HEAD + "[a][" * 3000,
    "open links": HEAD + "[x](" * 5000 + "don't) 'stop' \"now\"",
    "open marks": HEAD + "[^1]\n" * 3000,
    "open data": HEAD + "<![CDATA[" * 3000,
    "a style sheet": HEAD + "<style>\n" + "word summary " * 8000 + "\n</style>\n",
    "one word": HEAD + "TODO" * 5000 + "\n",
    "deep quotations": HEAD + "> " * 3000 + "a\n\n" + "> " * 60 + "!\n",
    "front matter": "---\na: " + "[" * 3000 + "\n---\n" + HEAD,
}


@pytest.mark.parametrize("name", PAGES)
def test_thousands_of_marks_do_not_hang(name: str) -> None:
    start = time.process_time()
    problems, _ = CHECKER.check("page.md", Path("page.md"), PAGES[name].encode())
    assert time.process_time() - start < 6
    assert not [p.text for p in problems if "failed" in p.text or "seconds" in p.text]


def test_a_paragraph_that_is_not_read_is_a_finding() -> None:
    problems, _ = CHECKER.check("page.md", Path("page.md"), PAGES["open marks"].encode())
    assert [p.code for p in problems if p.code == "Z02"] == ["Z02"]


def test_the_classes_of_a_style_sheet_are_read() -> None:
    sheet = ".a .admonition.pepper, details.salt { color: red }\n.other { }\n:root { --md-admonition-icon--oil: url() }"
    assert classes_in(sheet) >= {"pepper", "salt", "oil"}
    assert "other" not in classes_in(sheet)
