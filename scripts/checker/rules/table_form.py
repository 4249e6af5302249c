"""Rules S11 to S13: the form of tables. A pass shows S11 and S12 the lines that may stand under a head."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.checker.page import Page, indent
from scripts.checker.problem import Problem
from scripts.checker.source import unquoted

_DELIMITER = re.compile(r"[ ]{0,3}\|?[ ]*:?-+:?[ ]*(?:\|[ ]*:?-+:?[ ]*)*\|?[ ]*$")
_ODD = re.compile(r"[ ]*\|[\s|:=+–—_-]*[-–—=][\s|:=+–—_-]*\|?[ ]*")


def findings(page: Page) -> Iterator[Problem]:
    """What is wrong with the tables of a page that are printed as text."""
    for number in range(2, len(page.body) + 1):
        if _under_printed_head(page, number):
            problem = table_delimiter(page, number) or table_blank(page, number)
            if problem is not None:
                yield problem


def _under_printed_head(page: Page, number: int) -> bool:
    """Whether a line was meant to stand under the head of a table, and the head is printed as text."""
    text = unquoted(page.line(number))
    if "-" not in text or "|" not in text or page.is_code(number) or page.in_fence(number):
        return False
    text = text.lstrip() if indent(text) > 3 else text
    path = page.rendered.path_of.get(number - 1, ())
    return (
        "|" in page.line(number - 1)
        and bool(_DELIMITER.match(text) or _ODD.fullmatch(text))
        and "td" not in page.rendered.path_of.get(number, ())
        and page.context(number - 1) == "text"
        and "th" not in path
        and "td" not in path
        and path[-1:] != ("raw",)
        and page.config.has("tables")
    )


def _cells(row: str) -> int:
    row = re.sub(r"(`+).+?\1", lambda m: "x" * len(m[0]), row.strip())
    row = re.sub(r"\\.", "xx", row)
    return len(row.removeprefix("|").removesuffix("|").split("|"))


def table_blank(page: Page, number: int) -> Problem | None:
    """A table follows a paragraph without a blank line.

    Bad:
        The sizes:
        | a | b |
        | --- | --- |
        | 1 | 2 |
    Good:
        The sizes:

        | a | b |
        | --- | --- |
        | 1 | 2 |
    Why: The whole table is printed as text.
    """
    head, above = unquoted(page.line(number - 1)), unquoted(page.line(number - 2))
    path = page.rendered.path_of.get(number - 1, ())
    if above.strip() and not above.lstrip().startswith(("#", "|")):
        message = (
            "the table directly under the paragraph is printed as text; put a blank line before it"
        )
    elif indent(head) in (1, 2, 3) or (indent(head) > 3 and "li" in path):
        message = (
            "the table is printed as text; put a blank line before it and start it at the column"
            " of the text around it"
        )
    else:
        return None
    return page.problem(number - 1, message, code="S11")


def table_delimiter(page: Page, number: int) -> Problem | None:
    """The line under a table's head does not fit it.

    Bad:
        | a | b |
        | --- |
        | 1 | 2 |
    Good:
        | a | b |
        | --- | --- |
        | 1 | 2 |
    Why: The whole table is printed as text.
    """
    text = unquoted(page.line(number))
    text = text.lstrip() if indent(text) > 3 else text
    cells, marks = _cells(unquoted(page.line(number - 1))), _cells(text)
    if cells != marks:
        message = (
            f"the line under the table's head has {marks} cells, the head {cells}, so the table"
            " is printed; correct it"
        )
    elif not _DELIMITER.match(text):
        message = (
            "the line under the table's head holds signs other than '-', ':' and '|', so the table"
            " is printed; correct it"
        )
    elif unquoted(page.line(number - 2)).lstrip().startswith("|"):
        message = (
            "a second line stands above the line of dashes, so the table is printed; delete one"
        )
    else:
        return None
    return page.problem(number, message, code="S12")


def table_cells(page: Page) -> Iterator[Problem]:
    """A row of a table has more cells than the table.

    Bad:
        | a | b |
        | --- | --- |
        | 1 | 2 | 3 |
    Good:
        | a | b |
        | --- | --- |
        | 1 | 2 |
    Why: The surplus is dropped without a word.
    """
    width, inside = 0, False
    for number in range(2, len(page.body) + 1):
        text = page.line(number)
        if (
            _DELIMITER.match(text)
            and "|" in text
            and (
                "th" in page.rendered.path_of.get(number - 1, ())
                or "td" in page.rendered.path_of.get(number + 1, ())
            )
        ):
            width, inside = _cells(text), True
            continue
        if not inside or "td" not in page.rendered.path_of.get(number, ()) or "|" not in text:
            inside = inside and bool(text.strip()) and "|" in text
            continue
        count = _cells(text)
        if count > width and text.strip().startswith("|"):
            yield page.problem(
                number,
                f"the row has {count} cells, the table {width}: the rest is dropped; write '\\|'"
                " for a sign inside a cell",
            )
        elif (
            width > 1
            and count < width
            and text.strip().startswith("|")
            and text.strip().endswith("|")
            and text.count("|") > 2
        ):
            yield page.problem(
                number, f"the row has {count} cells, the table {width}; add the missing ones"
            )
