"""The pass over admonitions (`!!!`) and collapsibles (`???`), rules A.

Every line that looks like an opener is compared with what the renderer made of it.
A box that opened is checked for its type, its title and its body; a line that did not open gets the one reason why.

Tried and dropped: a second paragraph at column 0 after a box (normal prose follows 99 boxes in 100), a fenced
block at column 0 after a box (the same), a box with a title and no body in general (a style: 33 times in one project).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.checker import openers
from scripts.checker.openers import Opener
from scripts.checker.page import Page, indent
from scripts.checker.problem import Problem
from scripts.checker.rendered import Box
from scripts.checker.rules import (
    admonition_bodies,
    admonition_markers,
    admonition_places,
    admonition_titles,
    admonition_types,
)

_SIGNS = frozenset("!?！？:")
_MARKERS = ("!!!", "???", "！！！", "？？？", "! ! !", "? ? ?")
BOXES = ("admonition", "details")


def findings(page: Page) -> Iterator[Problem]:
    """What is wrong with the boxes of a page, and with the lines that were meant as boxes."""
    boxes: dict[int, Box] = {}
    for box in page.rendered.boxes:
        if box.kind in BOXES:
            boxes.setdefault(box.line, box)
    off_is_told = False
    for number, text in enumerate(page.body, 1):
        if _SIGNS.isdisjoint(text) or _is_hidden(page, number):
            continue
        opener = openers.read(text, number)
        if opener is None:
            if text.lstrip().startswith("|"):
                yield from _found(admonition_places.in_table(page, number))
            else:
                yield from _found(admonition_types.foreign(page, number))
        elif page.is_code(number):
            yield from _found(_in_code(page, opener))
        elif number in boxes:
            yield from _opened(page, opener, boxes)
        elif _is_off(page, opener):
            if not off_is_told:
                off_is_told = True
                yield admonition_types.extension_off(page, opener)
        elif _meant(page, opener):
            yield from _not_opened(page, opener)
    for box in page.rendered.boxes:
        if box.kind in BOXES and box.line:
            yield from _found(admonition_titles.summary_link(page, box))
            yield from _found(admonition_titles.title_long(page, box))
    for start, _ in page.rendered.fences:
        yield from _found(admonition_types.foreign(page, start))


def _found(problem: Problem | None) -> Iterator[Problem]:
    if problem is not None:
        yield problem


def _is_hidden(page: Page, number: int) -> bool:
    return (
        page.in_fence(number)
        or page.context(number) == "comment"
        or number in page.rendered.span_lines
    )


# lines that did not open


def _meant(page: Page, opener: Opener) -> bool:
    """Whether the author meant an opener, not prose that starts with marks."""
    if page.line(opener.line).lstrip().startswith("\\"):
        return False
    rest = opener.rest.strip(openers.INVISIBLE + " \t+-")
    word = re.match(r"[\[.:*(]*([\w-]+)", rest)
    known = word is not None and (openers.nearest(word[1]) != "" or word[1].lower() in page.styles)
    quoted = bool(re.search(rf"[{openers.QUOTES}']", rest)) and len(rest) < 200
    below = _below(page, opener)
    proper = opener.mark in _MARKERS
    if opener.wrap.strip("# ") and not (known and (quoted or len(rest.split()) == 1)):
        return False
    if not rest.strip(openers.QUOTES):
        return proper and not opener.hidden and below >= opener.column + 1
    if proper:
        return (
            known
            or (quoted and word is not None)
            or below >= opener.column + 4
            or rest[0] in openers.QUOTES
        )
    return known and (below > opener.column or quoted)


def _below(page: Page, opener: Opener) -> int:
    """The indent of the text below, or -1."""
    following = page.next_text(opener.line)
    if not following:
        return -1
    text = page.line(following)
    quoted = opener.quote and text.startswith(opener.quote.rstrip())
    return indent(text[len(opener.quote) :] if quoted else text)


def _is_off(page: Page, opener: Opener) -> bool:
    """Whether it did not open because its extension is not enabled."""
    name = "pymdownx.details" if opener.details else "admonition"
    return (
        not page.config.has(name)
        and opener.header() is not None
        and not page.missing_extensions
        and _meant(page, opener)
    )


def _not_opened(page: Page, opener: Opener) -> Iterator[Problem]:
    """The reason why a line that was meant as an opener opened nothing."""
    if opener.wrap:
        yield from _found(admonition_markers.marker_count(page, opener))
        return
    if opener.header() is None:
        yield from _found(_misspelt(page, opener))
        return
    yield from _found(_mismarked(page, opener))
    if opener.exact:
        yield from _found(_misplaced(page, opener))


def _mismarked(page: Page, opener: Opener) -> Problem | None:
    return (
        admonition_markers.marker_space(page, opener)
        or admonition_markers.marker_count(page, opener)
        or admonition_markers.plus(page, opener)
    )


def _misspelt(page: Page, opener: Opener) -> Problem | None:
    return (
        _mismarked(page, opener)
        or admonition_types.no_type(page, opener)
        or admonition_types.type_characters(page, opener)
        or admonition_titles.title_space(page, opener)
        or admonition_titles.title_quotes(page, opener)
        or admonition_titles.title_newline(page, opener)
        or admonition_titles.title_unclosed(page, opener)
        or admonition_titles.trailing(page, opener)
        or admonition_titles.title_unquoted(page, opener)
    )


def _misplaced(page: Page, opener: Opener) -> Problem | None:
    """Why a right header was not read as one: where it stands."""
    return (
        admonition_places.in_html(page, opener)
        or admonition_places.in_table(page, opener.line)
        or admonition_places.list_blank(page, opener)
        or admonition_places.list_indent(page, opener)
        or admonition_places.opener_indent(page, opener)
    )


def _in_code(page: Page, opener: Opener) -> Problem | None:
    if not opener.header() or not opener.exact or opener.quote:
        return None
    return admonition_places.opener_indent(page, opener)


# boxes that opened


def _opened(page: Page, opener: Opener, boxes: dict[int, Box]) -> Iterator[Problem]:
    header = opener.header()
    if page.context(opener.line) == "raw" or header is None:
        return
    if opener.details and opener.rest.startswith("-"):
        yield from _found(admonition_markers.plus(page, opener))
        return
    yield from _found(
        admonition_titles.title_unquoted(page, opener) or admonition_types.modifier(page, opener)
    )
    yield from _found(admonition_types.type_unknown(page, opener))
    yield from _found(
        admonition_titles.title_escape(page, opener) or admonition_titles.title_double(page, opener)
    )
    body = admonition_bodies.body_of(page, opener, boxes)
    problem = (
        admonition_bodies.body_nbsp(page, body)
        or admonition_bodies.body_indent(page, body)
        or admonition_bodies.body_code(page, body)
        or admonition_bodies.body_escape(page, body)
        or admonition_bodies.empty(page, body)
    )
    yield from _found(problem)
    if problem is None:
        admonition_bodies.note_bare(page, body)
