"""Rule L24: ids that are not unique on a page."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.checker.page import Page
from scripts.checker.problem import Problem


def same_id(page: Page) -> Iterator[Problem]:
    """An id occurs twice on a page.

    Bad:
        ## One { #m }

        Text.

        ## Two { #m }

        Text.
    Good:
        ## One { #m }

        Text.

        ## Two { #n }

        Text.
    Why: Every link to it leads to the first one.
    """
    seen: dict[str, tuple[int, bool]] = {}
    told: set[tuple[int, int]] = set()
    for name, line, raw in page.rendered.ids:
        if name.startswith(("__", "fn:", "fnref")) or "{{" in name:
            continue
        if name in seen and (line != seen[name][0]):
            first, first_raw = seen[name]
            attribute = re.search(rf"\{{[^}}]*#{re.escape(name)}\b", page.line(line)) or re.search(
                rf"\{{[^}}]*#{re.escape(name)}\b", page.line(first)
            )
            if raw != first_raw and not attribute and 0 < line - first <= 2:
                continue  # an anchor that stands directly above the heading of its name
            if (raw or first_raw or attribute) and (first, line) not in told:
                told.add((first, line))
                yield page.problem(
                    line,
                    f"the id '{name}' is already used in line {first}; choose another",
                    page.column_of(line, name),
                )
        seen.setdefault(name, (line, raw))
