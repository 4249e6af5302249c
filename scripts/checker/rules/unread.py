"""The raw HTML around a line: the element that would have to carry the attribute `markdown`."""

from __future__ import annotations

from scripts.checker.page import Page
from scripts.checker.rendered import BLOCKS, VOID, RawTag


def opener(page: Page, line: int) -> RawTag | None:
    """The outermost element of raw HTML that stands around a line, if its tags are paired."""
    return _openers(page).get(line)


def _openers(page: Page) -> dict[int, RawTag]:
    if "openers" not in page.notes:
        found: dict[int, RawTag] = {}
        stack: list[RawTag] = []
        for tag in page.rendered.raw_tags:
            if tag.name in VOID or tag.self_closed or tag.name not in BLOCKS or tag.stash == -2:
                continue
            if not tag.close:
                stack.append(tag)
                continue
            names = [entry.name for entry in stack]
            if tag.name not in names:
                continue
            index = len(names) - 1 - names[::-1].index(tag.name)
            outer = stack[index]
            del stack[index:]
            if not stack:
                found.update(dict.fromkeys(range(outer.line, tag.line + 1), outer))
        page.notes["openers"] = found
    result: dict[int, RawTag] = page.notes["openers"]
    return result
