"""Tables of a page that are written from data: each stands above the caption that names it."""

from __future__ import annotations

import re
from pathlib import Path


def pattern(name: str) -> re.Pattern[str]:
    """A table of a page by the id of its caption."""
    return re.compile(rf"(?:^\|.*\n)+(?=\nTable: [^\n]*\{{#{name}\}})", re.MULTILINE)


def stale(page: Path, tables: dict[str, str]) -> str:
    """Why the page must be written anew, its tables in Markdown given by their ids; empty if it need not."""
    text = page.read_text(encoding="utf-8")
    for name, made in tables.items():
        found = pattern(name).search(text)
        if not found:
            return f"the page has no table {name}"
        if found[0] != made:
            return f"the data or the code of {name} have changed"
    return ""


def write(page: Path, tables: dict[str, str]) -> None:
    """Put the tables into the page, in place of those that stand above their captions."""
    text = page.read_text(encoding="utf-8")
    for name, made in tables.items():
        text = pattern(name).sub(lambda _, made=made: made, text)  # type: ignore[misc]
    page.write_text(text, encoding="utf-8", newline="\n")
