"""Rule U14: brackets and braces of an address that do not pair."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.checker.page import Page
from scripts.checker.problem import Problem
from scripts.checker.rules.urls import addresses

_PAIRS = (("[", "]"), ("{", "}"), ("<", ">"))


def brackets(page: Page) -> Iterator[Problem]:
    """A bracket or brace of an address has no partner.

    Bad: [x](https://example.com/a])
    Good: [x](https://example.com/a)
    Why: It is a slip of the link around it, and the server looks for a page with a bracket in its name.
    """
    for link, line, column in addresses(page):
        href = link.href.strip()
        if not re.match(r"https?://", href):
            continue
        path = (
            re.sub(r"^https?://\[[0-9a-fA-F:.]+\]", "", href)
            .replace("&lt;", "<")
            .replace("&gt;", ">")
        )
        for opening, closing in _PAIRS[: 2 if link.raw else 3]:
            lone = path.count(opening) - path.count(closing)
            if not lone or (closing == ">" and path.endswith(">")):
                continue  # of a '>' at the end L25 tells
            sign = opening if lone > 0 else closing
            yield page.problem(
                line,
                f"'{sign}' in the address has no partner; delete it, or write {_code(sign)}",
                column,
            )
            break


def _code(sign: str) -> str:
    return f"%{ord(sign):02X}"
