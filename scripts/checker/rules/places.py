"""Where a link is written: in its paragraph, or in the definition that it names."""

from __future__ import annotations

import re

from scripts.checker.definitions import KEY
from scripts.checker.page import Page
from scripts.checker.rendered import Link


def of_address(page: Page, link: Link, part: str, reach: int = 6) -> tuple[int, int]:
    """The line and column of a link's address, of which `part` is the beginning."""
    line = _defined(page).get(link.attributes.get(KEY, ""), 0)
    if not line:
        return page.locate(link.line, part, reach)
    for number in (line, line + 1):
        source = page.line(number)
        column = source.find(part, source.find("]:") + 1 if number == line else 0)
        if column >= 0:
            return number, column + 1
    return line, page.column_of(line, "[")


def is_defined(page: Page, link: Link) -> bool:
    """Whether the address of a link stands in a definition of the page."""
    return link.attributes.get(KEY, "") in _defined(page)


def _defined(page: Page) -> dict[str, int]:
    """The lines of the definitions by their labels, as the parser reads them; the last one of a label counts."""
    if "defined" not in page.notes:
        found = {}
        for number, text in enumerate(page.body, 1):
            if "]:" not in text or page.is_code(number) or page.context(number) == "raw":
                continue
            match = re.match(r"(?:[ \t]*>)*[ \t]*\[(?!\^)([^\[\]]+)\]:", text)
            label = match[1].strip().lower() if match else ""
            if label and label in page.rendered.references:
                found[label] = number
        page.notes["defined"] = found
    result: dict[str, int] = page.notes["defined"]
    return result
