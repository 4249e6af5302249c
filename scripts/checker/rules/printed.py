"""What rules on printed marks share, and the rule on marks whose extension is not enabled."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.checker.leaks import MARKS
from scripts.checker.page import Page
from scripts.checker.problem import Problem
from scripts.checker.rendered import Block


def text_blocks(page: Page) -> Iterator[Block]:
    """The blocks of a page that were read as Markdown and stand in its own source."""
    for block in page.rendered.blocks:
        if not block.raw and block.line not in page.rendered.included:
            yield block


def near_fence(page: Page, line: int) -> bool:
    """Whether a broken fence explains what is printed here."""
    return any(
        re.match(r"[ \t>]*(?:`{3,}|~{3,})", page.line(n)) and not page.in_fence(n)
        for n in range(line - 12, line + 13)
    )


def source_of(page: Page, block: Block) -> tuple[int, str]:
    """The first line of a block, and its source without code spans and comments."""
    last = block.line_at(len(block.text.rstrip()))
    return block.line, "\n".join(page.clean[block.line - 1 : max(last, block.line)])


def rows(block: Block) -> Iterator[tuple[int, str]]:
    """The rows of a block's text, each with its place."""
    place = 0
    for row in block.text.split("\n"):
        yield place, row
        place += len(row) + 1


def reads_formulas(page: Page) -> bool:
    """Whether an extension of the project reads mathematics."""
    return any(
        "arithmatex" in name or "math" in name or "katex" in name for name in page.config.extensions
    )


def _reads(page: Page, extension: str) -> bool:
    """Whether something reads the marks of an extension: it does, or, for mathematics, a script or another one."""
    if extension == "pymdownx.arithmatex":
        return reads_formulas(page) or page.config.draws_formulas
    return page.config.has(extension)


def extension_off(page: Page) -> Iterator[Problem]:
    """A mark is printed, since the extension that reads it is not enabled.

    Bad: ~~old~~ without pymdownx.tilde in mkdocs.yml
    Good: pymdownx.tilde under markdown_extensions
    Why: The reader sees the signs and not what they stand for.
    """
    if page.missing_extensions:
        return
    for mark in MARKS:
        if mark.code != "M13" or _reads(page, mark.extension):
            continue
        for block in text_blocks(page):
            if mark.item and "li" not in (block.tag, *block.path[-2:]):
                continue
            for start, end in mark.find(block.text):
                shown = block.text[start:end].strip()
                line, column = page.place(block, start, shown[:2])
                if (
                    page.is_code(line)
                    or shown[:2] not in page.line(line)
                    or shown[:2] in page.config.hook_text
                    or near_fence(page, line)
                ):
                    continue
                yield page.problem(
                    line,
                    f"'{shown[:40]}' is printed as it is written; add '{mark.extension}' to"
                    " markdown_extensions",
                    column,
                )
