"""Rule L21: snippets that are not there, and their marks that are printed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.checker.page import Page
from scripts.checker.problem import Problem


def snippet(page: Page) -> Iterator[Problem]:
    """A snippet does not resolve, includes itself, or shows its marks.

    Bad: --8<-- "no/such/file.md"
    Good: --8<-- "one.md"
    Why: The text is missing without a word.
    """
    for line, name in page.rendered.missing_snippets:
        number = next((n for n in range(max(line, 1), line + 12) if name in page.line(n)), line)
        yield page.problem(
            number,
            f"the snippet '{name}' does not exist; correct the path or the section",
            page.column_of(number, name),
        )
    for line, included in page.rendered.included.items():
        for text in included:
            if re.search(r"(?<!;)-+8<-+[ \t]+\[[ \t]*(?:start|end)", text):
                yield page.problem(
                    line,
                    "the snippet shows its own section marks; include a section, or take the marks"
                    " out of it",
                )
                break
    for source in page.rendered.sources:
        if page.notes.get("file") == source:
            line = next(
                (
                    n
                    for n, text in enumerate(page.body, 1)
                    if "8<-" in text and source.rsplit("/", 1)[-1] in text
                ),
                1,
            )
            yield page.problem(line, "the page includes itself as a snippet; include another file")
    for block in page.rendered.blocks:
        if block.raw:
            continue
        for found in re.finditer(r"-{2,}8<-{2,}", block.text):
            line, column = page.locate(block.line_at(found.start()), "8<-")
            if not page.is_code(line):
                yield page.problem(
                    line,
                    "this snippet mark is printed; put it alone on a line with the path in quotes,"
                    " and enable pymdownx.snippets",
                    column,
                )
