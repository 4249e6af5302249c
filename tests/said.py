"""Numbers that stand on a page are compared with what the code gives: the test reads the page.

`tests/prose/` finds the calls of these readers in the source of the tests, and knows by them which numbers
of a page are bound. So the texts stand in the calls themselves, as strings or f-strings.
"""

import re
from collections.abc import Callable
from pathlib import Path


def text_of(page: Path) -> str:
    """The page with each run of white space as one blank, so that lines may break anywhere."""
    return " ".join(page.read_text(encoding="utf-8").split())


def sayings(page: Path) -> Callable[..., None]:
    """`said("at 0.84 nats")`: the page says each of these, and says it once."""

    def said(*texts: str) -> None:
        for text in texts:
            count = text_of(page).count(text)
            assert count, f"{page.name} does not say {text!r}"
            assert count == 1, (
                f"{page.name} says {text!r} {count} times: ask for more of the sentence"
            )

    return said


def tellings(page: Path) -> Callable[[str], tuple[str, ...]]:
    """`told(r"at ([\\d.]+) nats")`: the groups of what the page tells in one place only."""

    def told(pattern: str) -> tuple[str, ...]:
        found = list(re.finditer(pattern, text_of(page)))
        assert len(found) == 1, f"{page.name} tells {pattern!r} {len(found)} times, not once"
        return found[0].groups()

    return told


def tables(page: Path) -> Callable[[str], list[list[str]]]:
    """`rows_of("tab-gan-rest")`: the rows of the table of this id, below its head, as cells of text.

    All its numbers count as bound: whoever reads a table compares all of it.
    """

    def rows_of(name: str) -> list[list[str]]:
        before, caption, _ = page.read_text(encoding="utf-8").partition(f"{{#{name}}}")
        assert caption, f"{page.name} has no table {name!r}"
        lines = before[: before.rindex("\n\n")].rsplit("\n\n", 1)[-1].splitlines()
        return [[cell.strip() for cell in line.strip()[1:-1].split("|")] for line in lines[2:]]

    return rows_of
