"""Rules on where a box stands: in raw HTML, a table, a list, at which indent."""

from __future__ import annotations

import re

from scripts.checker import openers
from scripts.checker.openers import Opener
from scripts.checker.page import Page, indent
from scripts.checker.problem import Problem

ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s")
_CELL = re.compile(r"\|\s*(?:!!!|\?\?\?\+?) ?[\w-]+(?: +\"[^\"|]*\")?\s*\|")


def list_above(page: Page, line: int) -> bool:
    """Whether the block above belongs to a list that the line was meant to go on with."""
    own = indent(page.line(line))
    number = line
    while number := page.previous_text(number):
        text = page.line(number)
        if ITEM.match(text):
            return indent(text) < own
        if indent(text) == 0 and not page.in_fence(number):
            return False
        if line - number > 40:
            return False
    return False


def _path(page: Page, line: int) -> tuple[str, ...]:
    return page.rendered.path_of.get(line, ())


def _in_list(page: Page, line: int) -> bool:
    return "li" in _path(page, line) or list_above(page, line)


def _under_text(page: Page, line: int) -> bool:
    """Whether it stands directly under the text of a list item, at a column that could be right."""
    before = page.line(line - 1)
    return (
        "li" in _path(page, line)
        and bool(before.strip())
        and not openers.read(before, line - 1)
        and indent(page.line(line)) % 4 == 0
    )


def in_html(page: Page, opener: Opener) -> Problem | None:
    """A box stands inside raw HTML that is not read as Markdown.

    Bad:
        <div class="grid">

        !!! note
            The body.

        </div>
    Good:
        <div class="grid" markdown>

        !!! note
            The body.

        </div>
    Why: Everything inside raw HTML is printed as it is written.
    """
    line = opener.line
    if page.context(line) == "raw" or "raw" in _path(page, line):
        message = (
            f"'{opener.mark}' inside raw HTML is printed; add the attribute 'markdown' to the"
            " element around it"
        )
        return page.problem(line, message, code="A22")
    if opener.column or in_table(page, line) or _in_list(page, line):
        return None
    if any(0 <= line - tag.line < 4 for tag in page.rendered.raw_tags):
        message = (
            f"'{opener.mark}' inside this HTML element is printed; use a <div markdown> around it"
        )
        return page.problem(line, message, code="A22")
    return None


def in_table(page: Page, line: int) -> Problem | None:
    """A box stands in a table cell.

    Bad: | !!! note "Title" | text |
    Good: the box below the table
    Why: A cell holds one line of text; the opener is printed.
    """
    path = _path(page, line)
    if page.line(line).lstrip().startswith("|"):
        shown = "td" in path or page.context(line) == "text"
        found = shown and bool(_CELL.search(page.clean[line - 1]))
    else:
        found = "td" in path or "th" in path
    message = "a table cell cannot hold a box; put it below the table"
    return page.problem(line, message, code="A23") if found else None


def list_blank(page: Page, opener: Opener) -> Problem | None:
    """A box follows the text of a list item without a blank line.

    Bad:
        1. Item
            !!! note
                The body.
    Good:
        1. Item

            !!! note
                The body.
    Why: The opener is read as the next line of the item's text and printed.
    """
    if not _under_text(page, opener.line):
        return None
    message = (
        f"'{opener.mark}' directly under the text of a list item is printed; put a blank line"
        " before it"
    )
    return page.problem(opener.line, message, code="A21")


def list_indent(page: Page, opener: Opener) -> Problem | None:
    """A box in a list item has the wrong indent.

    Bad:
        1. Item

           !!! note
               The body.
    Good:
        1. Item

            !!! note
                The body.
    Why: Python-Markdown needs four columns for each level; the list is cut and the opener printed.
    """
    if not _in_list(page, opener.line):
        return None
    message = (
        f"'{opener.mark}' is indented by {opener.column} columns; inside a list item it needs 4"
        " for each level"
    )
    return page.problem(opener.line, message, code="A20")


def opener_indent(page: Page, opener: Opener) -> Problem | None:
    """An opener is indented where nothing asks for it.

    Bad:
          !!! note
              The body.
    Good:
        !!! note
            The body.
    Why: With one to three columns it is printed, with four it becomes code.
    """
    if page.is_code(opener.line):
        if not _meant_as_box(page, opener):
            return None
        what = "becomes a code block; start it at the column of the text around it"
    elif opener.column:
        what = f"is printed; start it at column {opener.column // 4 * 4 + 1}"
    else:
        return None
    message = f"'{opener.mark}' is indented by {opener.column} columns and {what}"
    return page.problem(opener.line, message, code="A19")


def _meant_as_box(page: Page, opener: Opener) -> bool:
    """Whether an opener in an indented code block was meant as a box."""
    line = opener.line
    above = page.previous_text(line)
    if _path(page, line)[-1:] != ("pre",) or (
        page.context(above) == "code" and indent(page.line(above)) >= 4 and not page.in_fence(above)
    ):
        return False
    types = re.match(r"[?+! ]*([\w-]+)", opener.text)
    if not types or not openers.nearest(types[1]) or page.line(above).rstrip().endswith(":"):
        return False
    below = page.next_text(line)
    if not below or indent(page.line(below)) < opener.column + 4:
        return False
    return opener.details or page.config.has("admonition")
