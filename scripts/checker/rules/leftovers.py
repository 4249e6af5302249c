"""Rules S14, S15 and S17: what an author has left in a page.

Tried and dropped: "lorem ipsum" (used in the examples of a theme: 96 times in one project).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.checker.page import Page, indent
from scripts.checker.problem import Problem

_WORK = re.compile(
    r"(?<![\w/`'\"#@.-])(?:TODO|FIXME|TBD|XXX|TBC)(?=\s*[:(]|\s*$)|^\s*(?:TODO|FIXME|TBD)\b(?=\s+[a-zA-Z])|\((?:TODO|TBD|FIXME)\)|\bTO"
    r" SORT\b"
    r"|\b(?:page|section|document|chapter|documentation) is (?:still )?(?:under construction|yet to"
    r" be (?:built|written))|^\s*[*_]*(?:under construction|yet to be (?:built|written))\b",
    re.MULTILINE,
)


def work_marker(page: Page) -> Iterator[Problem]:
    """A work marker was left in the text.

    Bad: ## TO SORT
    Good: the work done, or an issue
    Why: Readers see the workshop instead of the work.
    """
    for block in page.rendered.blocks:
        if block.line in page.rendered.included:
            continue
        for found in _WORK.finditer(block.text):
            if (
                found[0].strip() in ("TODO", "FIXME", "TBD", "XXX", "TBC")
                and block.tag in ("td", "th", "title", "dt")
                and not block.text.strip().startswith(found[0].strip() + ":")
            ):
                continue
            line, column = page.locate(
                block.line_at(found.start() + len(found[0]) - len(found[0].lstrip())),
                found[0].strip(),
            )
            if not page.is_code(line) and found[0].strip() in page.line(line):
                yield page.problem(
                    line,
                    f"the work marker '{found[0].strip()}' is published; do the work or open an"
                    " issue",
                    column,
                )


def residue(page: Page) -> Iterator[Problem]:
    """The marks of a merge conflict were left in.

    Bad: <<<<<<< HEAD
    Good: the text that was meant
    Why: Both versions and the marks are printed.
    """
    found = [
        n
        for n, text in enumerate(page.body, 1)
        if re.match(r"\s*(?:<{7} \S|>{7} \S)", text) and not page.in_fence(n)
    ]
    for number in found:
        if not page.is_code(number) or indent(page.line(number)) < 4:
            yield page.problem(
                number, "a mark of a merge conflict; choose one version and delete the marks"
            )
    if found:
        for number, text in enumerate(page.body, 1):
            if (
                re.match(r"={7}$", text)
                and not page.in_fence(number)
                and any(abs(number - n) < 60 for n in found)
            ):
                yield page.problem(
                    number, "a mark of a merge conflict; choose one version and delete the marks"
                )


def consecutive_links(page: Page) -> Iterator[Problem]:
    """Links on lines of their own run into one line.

    Bad:
        [One](one.md)
        [Two](b.md)
    Good:
        - [One](one.md)
        - [Two](b.md)
    Why: Line ends are blanks in Markdown; the reader sees one line.
    """
    number = 1
    only = re.compile(r"\s{0,3}!?\[[^\]\[]+\]\([^()\s]+(?: \"[^\"]*\")?\)[ ]{0,1}$")
    while number <= len(page.body):
        end = number
        while (
            only.match(page.line(end))
            and not page.is_code(end)
            and page.line(end).lstrip()[0] != "!"
        ):
            end += 1
        alone = not page.line(number - 1).strip() and not page.line(end).strip()
        if end - number >= 2 and alone and not page.config.has("nl2br"):
            yield page.problem(
                number, f"these {end - number} links run into one line; make them a list"
            )
        number = max(end, number + 1)
