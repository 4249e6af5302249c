"""A fence that was not closed and swallows headings up to the next one: the fault stands at its opener."""

from __future__ import annotations

import re
from dataclasses import replace

from scripts.checker.page import Page
from scripts.checker.problem import Place, Problem

_PLAIN = re.compile(r"\W*(?:md|markdown|mdx|text|txt|rst|plain|jinja|html|diff)\b", re.IGNORECASE)


def moved(page: Page, problems: list[Problem]) -> list[Problem]:
    """The problems, one of which is told at the fence that swallows headings and not at the mark that it orphans."""
    starts = {start for start, _ in page.rendered.fences}
    told = {p.line for p in problems if p.code == "C01"} & starts
    orphans = [p for p in problems if p.code in ("C01", "C02") and p.line not in starts]
    if not orphans:
        return problems
    last = max(orphans, key=lambda p: p.line)
    for start, end in sorted(page.rendered.fences):
        heading = _heading(page, start, end) if end <= last.line else 0
        if heading:
            message = (
                f"the code block is not closed before the heading of line {heading}; add '```'"
            )
            fault = replace(
                last, code="C01", place=Place(page.path, start, 1), text=message, fix=None
            )
            return [p for p in problems if p is not last] + ([] if start in told else [fault])
    return problems


def _heading(page: Page, start: int, end: int) -> int:
    """The first line in a fence that can only be a heading of the page; 0 if there is none."""
    opener = re.match(r"[ \t>]*(?:`{3,}|~{3,})(?P<info>.*)$", page.line(start))
    if opener is None or _PLAIN.match(opener["info"]):
        return 0
    for number in range(start + 2, end - 1):
        text = page.line(number)
        if (
            re.match(r"#{2,6} [A-Z0-9\"'`*]", text)
            and not page.line(number - 1).strip()
            and not page.line(number + 1).strip()
            and re.match(r"[A-Z\[*!`-]", page.line(page.next_text(number)))
        ):
            return number
    return 0
