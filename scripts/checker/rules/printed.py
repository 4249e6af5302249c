"""Which marks must not stand in the text of a rendered page, and which extension reads each.

One list for both: the rules of the source ask it what a page prints, the rules of the built site what a reader sees.
A pattern is applied to the text of a block: code, escapes and markup are no part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scripts.checker.page import Page
from scripts.checker.problem import Problem
from scripts.checker.render import Block


def text_blocks(page: Page) -> Iterator[Block]:
    """The blocks of a page that were read as Markdown and stand in its own source."""
    for block in page.rendered.blocks:
        if not block.raw and block.line not in page.rendered.included:
            yield block


def near_fence(page: Page, line: int) -> bool:
    """Whether a broken fence explains what is printed here."""
    return any(
        re.match(r"[ \t>]*(?:`{3,}|~{3,})", page.line(n)) and not page.in_fence(n)
        for n in range(line - 12, line + 13)
    )


def source_of(page: Page, block: Block) -> tuple[int, str]:
    """The first line of a block, and its source without code spans and comments."""
    last = block.line_at(len(block.text.rstrip()))
    return block.line, "\n".join(page.clean[block.line - 1 : max(last, block.line)])


def rows(block: Block) -> Iterator[tuple[int, str]]:
    """The rows of a block's text, each with its place."""
    place = 0
    for row in block.text.split("\n"):
        yield place, row
        place += len(row) + 1


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark that a reader must not see.

    what: the mark in words; sign: what every such text holds; pattern: the mark in a text;
    extension: what reads it, empty for Markdown itself; write: how to write it where the extension is on;
    item: it is one only at the head of a list item.
    """

    what: str
    sign: str
    pattern: re.Pattern[str]
    extension: str = ""
    write: str = ""
    item: bool = False


def _around(sign: str, inner: str = "") -> re.Pattern[str]:
    """Words between two equal signs, as a mark around them."""
    one, own = re.escape(sign), re.escape(sign[0])
    inner = inner or rf"(?=[^\s{own}])[^{own}\n]*[^\s{own}]"
    return re.compile(rf"(?<![\w{own}<>!{{\\]){one}(?!{own}){inner}{one}(?![\w{own}}}])")


MARKS = (
    Mark("deleted text", "~~", _around("~~"), "pymdownx.tilde", "~~text~~"),
    Mark("marked text", "==", _around("=="), "pymdownx.mark", "==text=="),
    Mark("inserted text", "^^", _around("^^"), "pymdownx.caret", "^^text^^"),
    Mark(
        "keys",
        "++",
        _around(
            "++", r"(?:[a-z0-9-]{1,12}|\"[^\"\n]+\")(?:\+(?:[a-z0-9-]{1,12}|\"[^\"\n]+\")){0,4}"
        ),
        "pymdownx.keys",
        "++ctrl+c++",
    ),
    Mark(
        "a task list",
        "]",
        re.compile(r"\A\s*\[[ xX]\](?=\s)"),
        "pymdownx.tasklist",
        "- [ ] task",
        item=True,
    ),
    Mark(
        "a definition",
        ":",
        re.compile(r"(?:\A|\n)[ ]{0,3}:[ ]{1,3}(?=\w[^:\n]*\w)"),
        "def_list",
        "':   text' below the term",
    ),
    Mark(
        "an abbreviation",
        "*[",
        re.compile(r"(?:\A|\n)[ ]{0,3}\*\[[^\]\n]+\][ ]?:"),
        "abbr",
        "*[HTML]: text",
    ),
    Mark(
        "a change",
        "{",
        re.compile(
            r"\{(?:\+\+[^{}\n]+\+\+|--[^{}\n]+--|==[^{}\n]+==|>>[^{}\n]+<<|~~[^{}\n]+~>[^{}\n]*~~)\}"
        ),
        "pymdownx.critic",
        "{++text++}",
    ),
    Mark(
        "an attribute list",
        "{",
        re.compile(
            r"\{:?[ ]?[.#][A-Za-z][\w-]*(?:[ ]+(?:[.#][A-Za-z][\w-]*|[A-Za-z-]+=\S+))*[ ]*\}"
        ),
        "attr_list",
        "{ .class }",
    ),
    Mark(
        "an excerpt",
        "8<",
        re.compile(r"-{2,}8<-{2,}[ ]+[\"“]"),
        "pymdownx.snippets",
        '--8<-- "file"',
    ),
)


def extension_off(page: Page) -> Iterator[Problem]:
    """A mark is printed, since the extension that reads it is not enabled.

    Bad: ~~old~~ without pymdownx.tilde in mkdocs.yml
    Good: pymdownx.tilde under markdown_extensions
    Why: The reader sees the signs and not what they stand for.
    """
    if page.missing_extensions:
        return
    hooks = page.config.hook_text
    for mark in MARKS:
        if not mark.extension or page.config.has(mark.extension) or mark.sign in hooks:
            continue
        for block in text_blocks(page):
            if mark.sign not in block.text or (
                mark.item and "li" not in (block.tag, *block.path[-2:])
            ):
                continue
            for found in mark.pattern.finditer(block.text):
                start = found.start() + len(found[0]) - len(found[0].lstrip())
                shown = found[0].strip()
                line, column = page.place(block, start, shown[:2])
                if page.is_code(line) or shown[:2] not in page.line(line) or near_fence(page, line):
                    continue
                yield page.problem(
                    line,
                    f"'{shown[:40]}' is printed: {mark.what} needs '{mark.extension}'; add it to"
                    " markdown_extensions",
                    column,
                )
