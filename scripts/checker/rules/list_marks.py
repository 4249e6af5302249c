"""Rules S07 to S10: the marks of lists, the blanks behind them and the lines above them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.checker.page import Page, indent
from scripts.checker.problem import Problem
from scripts.checker.rendered import Block
from scripts.checker.source import unquoted

_ITEM = re.compile(r"(?P<indent>[ \t]*)(?P<mark>[-*+]|\d+[.)])[ \t]+(?=\S)")

EMPTY_ITEM = re.compile(r"(?:[ \t]*>)*[ \t]*(?:[-*+]|\d+\.)[ \t]*$")


def surrounded(page: Page, number: int, context: str) -> bool:
    """Whether a line stands between others of a context that are no fences."""
    above, below = page.previous_text(number), page.next_text(number)
    return (
        bool(above)
        and page.context(above) == context
        and not page.in_fence(above)
        and (not below or page.context(below) == context or indent(page.line(below)) < 4)
    )


def empty_item(page: Page) -> Iterator[Problem]:
    """A list item is empty.

    Bad:
        - One
        -
        - Two
    Good:
        - One
        - Two
    Why: A lone dash under text makes a heading of it; otherwise the next lines fall into the item.
    """
    for number, text in enumerate(page.body, 1):
        if (
            not EMPTY_ITEM.match(text)
            or not text.strip(" >\t")
            or page.is_code(number)
            or page.context(number) == "raw"
        ):
            continue
        if surrounded(page, number, "code") and indent(text) >= 4:
            continue
        above, below = page.line(number - 1), page.line(number + 1)
        if text.strip()[0].isdigit() and not (_ITEM.match(above) or _ITEM.match(below)):
            continue
        if not above.strip() and not below.strip() and text.strip() not in ("-", "*", "+"):
            continue
        if page.rendered.included and not above.strip():
            continue
        if "{%" in above + below or ("|" in above and "|" in below):
            continue
        if text.strip() == "+" and not _ITEM.match(above) and not _ITEM.match(below):
            continue
        heading = any(
            h.line == number - 1 for h in page.rendered.headings
        ) and not above.lstrip().startswith("#")
        reason = " and makes a heading of the line above" if heading else ""
        yield page.problem(number, f"the list item is empty{reason}; write it or delete the line")


def _paragraphs(page: Page) -> Iterator[Block]:
    for block in page.rendered.blocks:
        if not block.raw and block.tag in ("p", "li", "dd", "root", "div", "blockquote", "td"):
            yield block


def glued_list(page: Page) -> Iterator[Problem]:
    """A list follows a paragraph without a blank line.

    Bad:
        Three steps:
        - one
        - two
    Good:
        Three steps:

        - one
        - two
    Why: The items run on in the paragraph, with their dashes.
    """
    for block in _paragraphs(page):
        if "\n" not in block.text or block.line in page.rendered.included:
            continue
        lines = block.text.split("\n")
        offset = 0
        hits: list[int] = []
        for index, text in enumerate(lines):
            if index and re.match(r"[ ]{0,3}(?:[-*+]|\d+\.)[ ]+\S", text):
                hits.append(offset)
            offset += len(text) + 1
        if not hits:
            continue
        line = block.line_at(hits[0] + 1)
        near = (line, line + 1, line - 1)
        line = next((n for n in near if _ITEM.match(unquoted(page.line(n)))), line)
        if not _ITEM.match(unquoted(page.line(line))) or page.is_code(line):
            continue
        if _really_list(page, line, len(hits)):
            yield page.problem(
                line,
                "the list directly under the paragraph is printed as text; put a blank line"
                " before it",
            )
    yield from _under_tables(page)


def _under_tables(page: Page) -> Iterator[Problem]:
    """Lists whose items have become rows of the table above them."""
    cells = page.rendered.path_of
    for number, text in enumerate(page.clean, 1):
        above = page.line(number - 1)
        if (
            "td" in cells.get(number, ())
            and "|" not in text
            and _ITEM.match(unquoted(text))
            and "|" in above
            and "raw" not in cells[number]
            and not _ITEM.match(unquoted(above))
        ):
            yield page.problem(
                number,
                "the list directly under the table becomes a row of it; put a blank line before it",
            )


def _really_list(page: Page, line: int, hits: int) -> bool:
    text, above = unquoted(page.line(line)), unquoted(page.line(line - 1)).rstrip()
    number = re.match(r"\s*(\d+)[.)]", text)
    if _ITEM.match(above) and indent(above) == indent(text):
        return False
    if number and number[1] not in ("0", "1"):
        return False
    if hits > 1 or above.endswith((":", "：")):
        return True
    return above.endswith((".", "!", "?")) and not number


def flat_list(page: Page) -> Iterator[Problem]:
    """A nested list is indented by fewer than four columns.

    Bad:
        - One
          - Nested
    Good:
        - One
            - Nested
    Why: Python-Markdown needs four: the nested items land on the outer level.
    """
    if any(
        "sane_list" in name or "mdx_truly" in name or "fancylists" in name
        for name in page.config.extensions
        if name != "sane_lists"
    ):
        return
    outer: tuple[int, int] | None = None
    reported = 0
    for number, text in enumerate(page.body, 1):
        found = _ITEM.match(text)
        if not text.strip():
            continue
        if page.is_code(number) or page.context(number) == "raw":
            continue
        if not found:
            if indent(text) == 0:
                outer = None
            continue
        width = indent(text)
        if (
            outer is not None
            and width - outer[0] in (2, 3)
            and reported != outer[1]
            and _same_level(page, outer[1], number)
        ):
            reported = outer[1]
            yield page.problem(
                number,
                f"the nested item is indented by {width - outer[0]} and lands on the outer level;"
                " indent by 4",
            )
        elif outer is None or width <= outer[0] or width - outer[0] >= 4:
            outer = (width, number)


def _same_level(page: Page, outer: int, inner: int) -> bool:
    paths = page.rendered.path_of
    if inner not in paths or outer not in paths:
        return False
    return paths[inner].count("li") <= paths[outer].count("li") and "li" in paths[inner]


def no_space(page: Page) -> Iterator[Problem]:
    """A list item has no blank after its sign.

    Bad:
        -item
        -another
    Good:
        - item
        - another
    Why: It is no list; the dashes are printed in one paragraph.
    """
    for block in _paragraphs(page):
        hits = list(
            re.finditer(
                r"(?:^|\n)["
                r" ]{0,3}(?:[-+](?=[A-Za-z\[`])|\*(?=[A-Za-z`])(?![^\n]*\*)|\d{1,2}[.)](?=[A-Za-z\[]))",
                block.text,
            )
        )
        if not hits:
            continue
        line = block.line_at(hits[0].end())
        text = page.line(line)
        if (
            page.is_code(line)
            or not re.match(r"\s*(?:[-*+]|\d+[.)])[^\s\d]", text)
            or line in page.rendered.included
        ):
            continue
        neighbours = [
            page.line(n)
            for n in (line - 1, line + 1, page.previous_text(line), page.next_text(line))
        ]
        if (
            (
                (len(hits) > 1 and text.strip()[0] != "*")
                or any(
                    _ITEM.match(other) and other.strip()[0] == text.strip()[0]
                    for other in neighbours
                )
            )
            and not re.match(r"\s*--|\s*-\w+[= ]?<", text)
            and (len(hits) == 1 or not re.match(r"\s*-[a-z]\b", text))
        ):
            yield page.problem(
                line, "no blank after the list sign, so it is printed; write '- text'"
            )
