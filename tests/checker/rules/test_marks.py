"""A mark in every line changes nothing of what is rendered, and names the line that it stands in."""

from __future__ import annotations

import re

import markdown
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.checker import marks

EXTENSIONS = [
    "abbr",
    "admonition",
    "attr_list",
    "def_list",
    "footnotes",
    "md_in_html",
    "tables",
    "pymdownx.details",
    "pymdownx.highlight",
    "pymdownx.superfences",
    "pymdownx.tabbed",
    "pymdownx.tilde",
    "pymdownx.keys",
    "pymdownx.blocks.admonition",
]
OPTIONS = {
    "pymdownx.tabbed": {"alternate_style": True},
    "pymdownx.highlight": {"use_pygments": False},
}
LINES = [
    "A sentence of plain text.",
    "It goes on, with **bold**, _italic_ and `code`.",
    "**Bold at the start** of a line.",
    "## A heading { #here }",
    "- an item",
    "    - a nested item",
    "1. a numbered item",
    "    continued in the item",
    '!!! note "Title"',
    "!!! tip",
    "    A body of a box.",
    '    ??? note "Inner"',
    "        An inner body.",
    '=== "Tab"',
    "/// note | Block",
    "///",
    "> a quotation",
    "| a | b |",
    "| --- | --- |",
    "| 1 | 2 |",
    "```python",
    "x = 1",
    "```",
    "Term",
    ":   Definition",
    "[a link](page.md) and text",
    "![a picture](a.png)",
    "[a reference][r]",
    "[r]: page.md",
    "text with a note[^1]",
    "[^1]: The note.",
    "<div markdown>",
    "</div>",
    "<!-- a comment -->",
    "++ctrl+c++ copies",
    "~~gone~~ here",
    "*[HTML]: Hypertext",
    "HTML is short",
    "https://example.org/a",
    "<https://example.org/a>",
    "",
    "",
    "",
]


def rendered(lines: list[str]) -> str:
    """The page as Python-Markdown makes it, without marks and without blanks between tags."""
    md = markdown.Markdown(extensions=EXTENSIONS, extension_configs=OPTIONS)
    text = marks.strip(md.convert("\n".join(lines)).replace("&quot;", '"'))
    text = re.sub(rf'{marks.WORD}(?:="\d+"|\d+) ?| class=""| title="Hypertext"', "", text)
    text = re.sub(r'(<[^<>]*") >', r"\1>", text)
    return re.sub(r"\s+", " ", re.sub(r'</?abbr>|(?<=") (?=")', "", text)).replace(' "', '"')


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=14))
def test_a_marked_page_renders_as_the_unmarked_one(lines: list[str]) -> None:
    # A mark in code is a letter or a word that the highlighter colours; it leaves an empty span.
    marked = re.sub(r'<span class="\w+"></span> ?', "", rendered(marks.mark(lines)))
    assert marked == rendered(lines)


@given(st.integers(min_value=1, max_value=100_000))
def test_a_mark_names_its_line(line: int) -> None:
    assert marks.number(marks.character(line)) == line


@given(st.lists(st.text(max_size=40).map(lambda text: text.replace("\n", " ")), max_size=8))
def test_stripping_the_marks_gives_the_lines_back(lines: list[str]) -> None:
    clean = [marks.ANY_MARK.sub("", line) for line in lines]
    back = [marks.strip(line) for line in marks.mark(clean)]
    assert [line.rstrip() for line in back] == [line.rstrip() for line in clean]
