"""Rule C06: annotations of code, a mark in a comment and its text in a list below the block."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.checker.page import Page, indent
from scripts.checker.problem import Problem


def annotation(page: Page) -> Iterator[Problem]:
    """A code annotation has no text.

    Bad:
        ```python
        x = 1  # (1)!
        ```

        Text.
    Good:
        ```python
        x = 1  # (1)!
        ```

        1. The start.
    Why: The mark is shown as it is written, or opens an empty bubble.
    """
    features = page.config.extra.get("theme_features", ())
    if page.config.theme != "material" and not features:
        return
    for start, end in page.rendered.fences:
        marks, listed = annotations_of(page, start, end)
        if not marks:
            continue
        if listed == 0:
            if any(")!" in page.line(n) for n in marks.values()):
                yield page.problem(
                    min(marks.values()),
                    "the annotation has no text; put the numbered list directly below the code"
                    " block",
                )
            continue
        for mark, number in sorted(marks.items()):
            if mark > listed:
                yield page.problem(
                    number, f"annotation ({mark}) has no text; the list below ends at {listed}"
                )


def annotations_of(page: Page, start: int, end: int) -> tuple[dict[int, int], int]:
    """The marks of annotations in a code block by their numbers, each with its line; and how many have a text."""
    if re.match(r"[ >\t]*[`~]{3,}\s*(?:md|markdown|mermaid|text|txt)\b", page.line(start)):
        return {}, 0
    marks: dict[int, int] = {}
    for number in range(start + 1, end):
        for found in re.finditer(
            r"(?:#|//|--|<!--|/\*|;)\s*\((\d+)\)!?(?:\s*(?:-->|\*/))?\s*$", page.line(number)
        ):
            marks.setdefault(int(found[1]), number)
    if not marks or (
        "(1)!" not in " ".join(page.line(n) for n in range(start, end)) and 1 not in marks
    ):
        return {}, 0
    return marks, _listed(page, start, end)


def _listed(page: Page, start: int, end: int) -> int:
    """How many items the numbered list after a code block has."""
    number = page.next_text(end)
    column = indent(page.line(start))
    if (
        not number
        or not re.match(r"\s*\d+\.\s", page.line(number))
        or not column <= indent(page.line(number)) < column + 4
    ):
        return 0
    count, column = 0, indent(page.line(number))
    while number:
        text = page.line(number)
        if indent(text) == column and not page.in_fence(number):
            if re.match(r"\s*\d+\.\s", text):
                count += 1
            elif not page.line(number - 1).strip():
                break
        elif indent(text) < column:
            break
        number = page.next_text(number)
    return count
