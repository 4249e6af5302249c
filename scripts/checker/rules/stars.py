"""Rule M16: stars of emphasis that reach the reader.

A star alone is a footnote, a glob or a product as often as a slip. It is reported only where the rest of the block
says which: it touches what was emphasised, it has a partner that was not read, or there are three and more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.checker.page import Page
from scripts.checker.problem import Problem
from scripts.checker.rendered import ESCAPED, RAW, Block
from scripts.checker.rules.printed import near_fence, text_blocks

_MANY = re.compile(r"(?<=[.,;:!?)\]”\"])\*{3,}(?=\s|$)|(?:^|(?<=[\s(]))\*{3,}(?=[^\W\d]{2})")
_OPENS = re.compile(r"(?:^|(?<=[\s(“\"']))\*(?=[^\W\d_*])")
_CLOSES = re.compile(
    r"(?<=[^\s*/({\[=,])\*{1,2}(?=[\s.,;:!?)”]|$)|(?<=[^\S\n])\*{1,2}(?=\n|$|[ ]+[^\W\d])|(?<=\n)\*{1,2}(?=\n|$)"
)
_LEFT = re.compile(r"(?<=[A-Za-z.,;:!?)][ ])\*{2}(?=\s*$)")
_APART = re.compile(
    r"(?<=[A-Za-z,.;:][ ])\*[ ](?P<text>[^*\n]*[A-Za-z]{3}[^*\n]*[A-Za-z.!?])\*(?=[\s.,;:!?)]|$)"
)
_CODE = re.compile(r"\*\*?(?:args|kw|kwargs|options|params)\b|\(\*|\*\)|/\*|\*/|\*\.|\w\*\w")


def loose(page: Page) -> Iterator[Problem]:
    """Stars of emphasis are printed.

    Bad: *text *, **text*, or text.****
    Good: *text*, **text**, or text.
    Why: Opening and closing stars must be as many, and touch the text; otherwise the reader sees them.
    """
    for block in text_blocks(page):
        if "*" not in block.text:
            continue
        place = _place(page, block)
        if place is None:
            continue
        run = re.match(r"\*+", block.text[place:])
        assert run is not None
        line, column = page.place(block, place, run[0])
        source = page.line(line)
        if page.is_code(line) or run[0] not in source or near_fence(page, line):
            continue
        yield page.problem(
            line,
            f"'{run[0]}' is printed: the stars around emphasised text must be as many on both sides,"
            " and touch it",
            column,
        )


def _place(page: Page, block: Block) -> int | None:
    """Where the first star stands that was meant as a mark."""
    text = block.text
    found = _MANY.search(text)
    if not found and not _has_note(page):
        found = _LEFT.search(text)
    if found:
        return found.start()
    for start, end in block.emphasis:
        if start and text[start - 1] == "*" and text[start : start + 1] != "*":
            return start - len(re.findall(r"\*+$", text[:start])[0])
        behind = text[end : end + 1] == "*" and text[end - 1 : end] not in ("*", "")
        if behind and "td" not in block.path and not _has_note(page):
            return end
    if _CODE.search(text):
        return None
    opening = _OPENS.search(text)
    while opening:
        closing = _CLOSES.search(text, opening.end() + 1)
        if closing is None:
            break
        following = _OPENS.search(text, opening.end())
        if following is None or following.start() >= closing.start():
            return opening.start()
        opening = following
    apart = _APART.search(text)
    return apart.start() if apart else None


def _has_note(page: Page) -> bool:
    """Whether a paragraph that starts with a star explains stars behind other words."""
    return any(
        re.match(rf"[{RAW}\s]*[*{ESCAPED}]+\s?\w", block.text) for block in text_blocks(page)
    )
