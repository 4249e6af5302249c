"""Rules on what falls out of a list, and on numbers that start again.

All ask the rendering one question: does a block still stand inside the `<li>` to which its indent gives it?
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from scripts.checker.page import Page
from scripts.checker.problem import Edit, Problem
from scripts.checker.rendered import BLOCKS

_QUOTE = re.compile(r"[ ]{0,3}>[ ]?")
_ITEM = re.compile(r"(?:[-*+]|(?P<number>\d+)\.)[ ]+(?=\S)")
_DEFINITION = re.compile(r"[ ]{0,3}:[ ]{1,3}(?=(?:[-*+]|\d+\.)[ ])")
_OPENER = re.compile(r"(?:!!!|\?\?\?|===|///|:::)")
_FORMULA = re.compile(r"\$\$|\\\[|\\begin\{")
_REACH = 400


@dataclass(frozen=True, slots=True)
class Shape:
    """How a line stands: in how many quotations, at which column inside them, and with what text."""

    quotes: int
    column: int
    text: str

    @property
    def number(self) -> int | None:
        """The number of a numbered item."""
        found = _ITEM.match(self.text)
        return int(found["number"]) if found and found["number"] else None


@lru_cache(maxsize=4096)
def shape(line: str, most: int = 9) -> Shape:
    """How a line of the source stands; of its signs of quotation at most so many are read as such."""
    rest, quotes = line.expandtabs(4), 0
    while quotes < most and (found := _QUOTE.match(rest)):
        rest, quotes = rest[found.end() :], quotes + 1
    found = _DEFINITION.match(rest)
    if found:
        rest = " " * found.end() + rest[found.end() :]
    text = rest.lstrip(" ")
    return Shape(quotes, len(rest) - len(text), text.rstrip())


def _depth(page: Page, number: int) -> int:
    """In how many list items a line stands in the rendering; -1 if that is not known."""
    path = page.rendered.path_of.get(number)
    return -1 if path is None else path.count("li")


def _item_depth(page: Page, number: int) -> int:
    """In how many list items the outermost item of a line stands, itself counted: `- 1. text` opens two."""
    depth, rest = _depth(page, number), shape(page.line(number)).text
    found = _ITEM.match(rest)
    while found and _ITEM.match(rest[found.end() :]):
        rest, depth = rest[found.end() :], depth - 1
        found = _ITEM.match(rest)
    return depth


def _fence_starts(page: Page) -> dict[int, int]:
    """The opening line of the fenced block to which a line belongs."""
    if "fence-starts" not in page.notes:
        page.notes["fence-starts"] = {
            line: start for start, end in page.rendered.fences for line in range(start, end + 1)
        }
    starts: dict[int, int] = page.notes["fence-starts"]
    return starts


def _sunk(page: Page) -> dict[int, int]:
    """The items that stand deeper in the rendering than the item before them at their column, which is the value."""
    if "sunk" in page.notes:
        known: dict[int, int] = page.notes["sunk"]
        return known
    found: dict[int, int] = {}
    page.notes["sunk"] = found
    before: dict[tuple[int, int], int] = {}
    fences = _fence_starts(page)
    for number in range(page.front_lines + 1, len(page.body) + 1):
        own = shape(page.line(number))
        if not own.text or number in fences:
            continue
        before = {key: line for key, line in before.items() if key[1] <= own.column}
        if not _is_item(page, number):
            continue
        sibling = before.get((own.quotes, own.column), 0)
        if sibling and _item_depth(page, sibling) < _item_depth(page, number):
            found[number] = sibling
        else:
            before[own.quotes, own.column] = number
    return found


def _is_item(page: Page, number: int) -> bool:
    return bool(_ITEM.match(shape(page.line(number)).text)) and _depth(page, number) > 0


def owner(page: Page, number: int) -> tuple[int, Shape]:
    """The line of the list item to which a line belongs by its indent, or 0, and how the line stands there."""
    full = shape(page.line(number))
    for most in range(full.quotes, -1, -1):
        own = shape(page.line(number), most)
        item = _owner(page, number, own) if own.column else 0
        if item:
            return item, own
    return 0, full


def _owner(page: Page, number: int, own: Shape) -> int:
    limit, fences = own.column, _fence_starts(page)
    line = number - 1
    while line > max(number - _REACH, page.front_lines):
        if line in fences:
            line = fences[line]
        here = shape(page.line(line), own.quotes)
        if not here.text:
            line -= 1
            continue
        if here.quotes != own.quotes:
            return 0
        top = line
        while not (here.column < limit and _is_item(page, top)):
            above = shape(page.line(top - 1), own.quotes)
            if not above.text or above.quotes != own.quotes or top - 1 in fences:
                break
            top, here = top - 1, above
        else:
            return top
        limit = min(limit, here.column)
        if not limit:
            return 0
        line = top - 1
    return 0


def _needed(page: Page, item: int) -> int:
    """The column at which a block stands inside an item."""
    return shape(page.line(item)).column // 4 * 4 + 4


def _shown(page: Page) -> dict[int, int]:
    """The number that the reader sees before each item of a numbered list, by its line."""
    if "shown" not in page.notes:
        page.notes["shown"] = {
            box.first: box.number for box in page.rendered.boxes if box.number and box.first
        }
    shown: dict[int, int] = page.notes["shown"]
    return shown


def _next_item(page: Page, number: int, item: int) -> str:
    """What becomes of the number of the item after a block that fell out of a list."""
    own = shape(page.line(item))
    if own.number is None:
        return ""
    for line in range(number + 1, min(number + _REACH, len(page.body)) + 1):
        here = shape(page.line(line))
        if line in _fence_starts(page) or not here.text or here.column > own.column:
            continue
        if here.column < own.column or here.number is None:
            return ""
        shown = _shown(page).get(line, here.number)
        return f"; step {here.number} is shown as {shown}" if shown != here.number else ""
    return ""


def _shift(page: Page, start: int, end: int, by: int) -> Edit | None:
    before = tuple(page.lines[start - 1 : end])
    if any("\t" in line or line.lstrip().startswith(">") for line in before):
        return None
    return Edit(
        start, end, before, tuple(" " * by + line if line.strip() else line for line in before)
    )


def _what(text: str) -> str:
    if text.startswith(("![", "[![")):
        return "image"
    if text.startswith(">"):
        return "quotation"
    if text.startswith("|"):
        return "table"
    return "formula" if _FORMULA.match(text) else "paragraph"


def _begins(page: Page, number: int, own: Shape) -> bool:
    """Whether a line begins a block of its own."""
    above = shape(page.line(number - 1), own.quotes)
    return not above.text or number - 1 in _fence_starts(page)


def _fallen(page: Page) -> dict[int, int]:
    """The lines that begin a block which fell out of its list item, each with the line of that item."""
    if "fallen" in page.notes:
        known: dict[int, int] = page.notes["fallen"]
        return known
    found: dict[int, int] = {}
    page.notes["fallen"] = found
    unknown = any("list" in name or "sane" in name for name in page.missing_extensions)
    for number in range(page.front_lines + 2, len(page.body) + 1):
        own = shape(page.line(number))
        if (
            unknown
            or not own.text
            or (not own.column and ">" not in page.line(number))
            or number in _fence_starts(page)
            or page.is_code(number)
            or number in page.rendered.included
            or _ITEM.match(own.text)
            or _OPENER.match(own.text)
        ):
            continue
        item, own = owner(page, number)
        if (
            not item
            or item in _sunk(page)
            or own.column - shape(page.line(item), own.quotes).column < 2
            or not _begins(page, number, own)
        ):
            continue
        depth = _depth(page, number)
        if (depth < 0 and _FORMULA.match(own.text) and own.column < _needed(page, item)) or (
            0 <= depth < _item_depth(page, item)
        ):
            found[number] = item
    return found


def left_list(page: Page) -> Iterator[Problem]:
    """A block below a list item stands outside the item.

    Bad:
        1. Step

           What it does.

        2. Step
    Good:
        1. Step

            What it does.

        2. Step
    Why: Python-Markdown needs four: the list ends, and a numbered one starts again at 1.
    """
    for number, item in _fallen(page).items():
        own = shape(page.line(number), shape(page.line(item)).quotes)
        block = re.match(r"</?([a-z][\w-]*)", own.text)
        if own.text.startswith("#") or (block and block[1] in BLOCKS):
            continue  # a heading is printed, which S21 says; a block of HTML stands where it stands
        need, last = _needed(page, item), number
        while shape(page.line(last + 1), own.quotes).text and not _ITEM.match(
            shape(page.line(last + 1)).text
        ):
            last += 1
        where = "card" if _in_cards(page, item) else "list item"
        yield page.problem(
            number,
            f"the {_what(own.text)} is indented by {own.column} and stands outside its {where};"
            f" indent it by {need}{_next_item(page, number, item)}",
            0,
            _shift(page, number, last, need - own.column) if own.column < need else None,
        )


def _in_cards(page: Page, number: int) -> bool:
    """Whether a list is one of cards: the element around it has the class of them."""
    return any(
        "cards" in tag.attributes.get("class", "").split() and tag.line < number
        for tag in page.rendered.raw_tags
        if not tag.close
    )


def fence_in_list(page: Page) -> Iterator[Problem]:
    """A code block in a list is indented by fewer than four columns.

    Bad:
        - item

          ```python
          x = 1
          ```
    Good:
        - item

            ```python
            x = 1
            ```
    Why: The list ends, and a numbered list starts again at 1.
    """
    for start, end in page.rendered.fences:
        item, own = owner(page, start)
        code = next((n for n in range(start, end + 1) if _depth(page, n) >= 0), 0)
        if not item or item in _sunk(page) or not code:
            continue
        if _depth(page, code) >= _item_depth(page, item):
            continue
        need = _needed(page, item)
        yield page.problem(
            start,
            f"the code block is indented by {own.column} and falls out of the list above; indent"
            f" by {need}{_next_item(page, end, item)}",
            0,
            _shift(page, start, end, need - own.column) if own.column < need else None,
        )


def restarted(page: Page) -> Iterator[Problem]:
    """The numbers of a list start again in its middle.

    Bad:
        1. Start

        ```sh
        run
        ```

        2. Stop
    Good:
        1. Start

            ```sh
            run
            ```

        2. Stop
    Why: The reader sees 1 where 2 is written, and is told to do step 2, which is not there.
    """
    items: dict[tuple[int, int], tuple[int, int]] = {}
    for line, shown in sorted(_shown(page).items()):
        own = shape(page.line(line))
        if own.number is None or line in page.rendered.included or line in _sunk(page):
            continue
        key = (own.quotes, own.column)
        before, number = items.get(key, (0, 0))
        items[key] = (line, own.number)
        if not before or shown != 1:
            continue
        cut = _cut(page, before, line)
        if own.number == number + 1:
            yield from _restart(page, before, line, cut)
        elif own.number == number == 1 and cut and _glued(page, cut, line):
            yield page.problem(
                cut,
                "this block cuts the numbered list: the item in line"
                f" {line} is shown as 1; indent the block by {_needed(page, before)}",
            )


def _restart(page: Page, before: int, line: int, cut: int) -> Iterator[Problem]:
    own = shape(page.line(line))
    told = f"step {own.number} is shown as 1"
    if cut in _fallen(page):
        return  # S18 or S21 says so, and what to do
    if not cut or shape(page.line(cut)).text.startswith("#"):
        yield page.problem(
            line, f"{told}, since a new list starts here; enable sane_lists, which keeps the number"
        )
        return
    text = shape(page.line(cut))
    if text.column > shape(page.line(before)).column and (
        cut in _fence_starts(page) or _OPENER.match(text.text)
    ):
        return  # C05 or A20 says so, and what to do
    yield page.problem(
        cut,
        f"this {_block(page, cut, own.quotes)} cuts the numbered list: {told}; indent it by"
        f" {_needed(page, before)}",
    )


def _block(page: Page, number: int, quotes: int) -> str:
    text = shape(page.line(number), quotes).text
    if number in _fence_starts(page):
        return "code block"
    return "box" if _OPENER.match(text) else "block" if text.startswith("<") else _what(text)


def _cut(page: Page, before: int, line: int) -> int:
    """The first line between two items that stands outside the list, or 0."""
    depth, fences = _item_depth(page, before), _fence_starts(page)
    for number in range(before + 1, line):
        text = shape(page.line(number))
        if not text.text:
            continue
        if number in fences:
            if fences[number] != number:
                continue
            end = max(n for n, start in fences.items() if start == number)
            inside = next((d for n in range(number, end + 1) if (d := _depth(page, n)) >= 0), depth)
        else:
            inside = _depth(page, number)
            if inside < 0 and (_FORMULA.match(text.text) or _OPENER.match(text.text)):
                box = page.rendered.box_of.get(number, -1)
                inside = 0 if box < 0 and text.column < 4 else depth
        if 0 <= inside < depth:
            return number
    return 0


def _glued(page: Page, cut: int, line: int) -> bool:
    """Whether a block that cuts a list touches it, so that it was meant as a part of it."""
    text = shape(page.line(cut)).text
    block = re.match(r"</?([a-z][\w-]*)", text)
    known = cut in _fence_starts(page) or _OPENER.match(text) or (block and block[1] in BLOCKS)
    return bool(known) and bool(shape(page.line(cut - 1)).text and shape(page.line(line - 1)).text)


def sunken(page: Page) -> Iterator[Problem]:
    """A list item stands inside the item before it.

    Bad:
        - One

            !!! note
                The body.
        - Two
    Good:
        - One

            !!! note
                The body.

        - Two
    Why: The items were to stand side by side; now the second one is a list inside the first, and so are all below.
    """
    told = 0
    for number, sibling in _sunk(page).items():
        if sibling == told:
            continue
        told = sibling
        yield page.problem(
            number,
            f"this item stands inside the item of line {sibling}, not beside it; put a blank line"
            " above it",
        )
