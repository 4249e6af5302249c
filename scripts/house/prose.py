"""What the rules of house style share: running text, places in it, and the data files."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from scripts.checker.page import Page
from scripts.checker.rendered import CODE, ESCAPED, OBJECT, RAW, Block

DATA = Path(__file__).parent
PLACEHOLDERS = re.compile(f"[{CODE}{ESCAPED}{OBJECT}{RAW}]")
# What looks at the ends of a text, or at what does not follow.
ANCHORED = re.compile(r"\^|\$|\(\?<?!|\\n")
ITEM = re.compile(r"[ \t]*(?:[-*+]|\d+[.)])[ \t]+")


@lru_cache(maxsize=8)
def load(name: str) -> dict[str, Any]:
    """A data file of the rules."""
    import tomllib

    return tomllib.loads((DATA / name).read_text(encoding="utf-8"))


def running(page: Page) -> list[Block]:
    """The blocks of running text: paragraphs, items, cells, titles."""
    if "running" not in page.notes:
        page.notes["running"] = [
            block
            for block in page.rendered.blocks
            if not block.raw
            and block.line not in page.rendered.included
            and "pre" not in block.path
        ]
    found: list[Block] = page.notes["running"]
    return found


def having(page: Page, pattern: re.Pattern[str]) -> list[Block]:
    """The blocks of running text in which a pattern may be found; most patterns are on no page at all."""
    if ANCHORED.search(pattern.pattern):
        return running(page)
    if "running text" not in page.notes:
        page.notes["running text"] = "\n\ue004\n".join(block.text for block in running(page))
    return running(page) if pattern.search(page.notes["running text"]) else []


def placed(page: Page, block: Block, start: int, part: str) -> tuple[int, int]:
    """Where a part of a block stands in the source; line 0 if an extension has written it."""
    line = block.line_at(start)
    first = part.split("\n")[0].strip()
    number, column = page.locate(line, first, 4)
    return (number, column) if first and first in page.line(number) else (0, 0)


def quoted(block: Block, start: int) -> bool:
    """Whether a place stands inside quotes, as a wrong statement may."""
    before = block.text[:start]
    return before.count('"') % 2 == 1 or before.rfind("“") > before.rfind("”")


@lru_cache(maxsize=512)
def compiled(text: str, case: bool = False) -> re.Pattern[str]:
    return re.compile(text, 0 if case else re.IGNORECASE)
