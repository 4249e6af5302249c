"""Rule H09: a tag of HTML whose quotes do not pair, so that it is printed.

Tried and dropped: values without quotes (HTML allows them).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.checker.page import Page
from scripts.checker.problem import Problem
from scripts.checker.rules.printed import near_fence

KNOWN = frozenset(
    "a abbr acronym address area article aside audio b base bdi bdo big blockquote body br button"
    " canvas caption center cite code col colgroup data datalist dd del details dfn dialog dir div"
    " dl dt em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6"
    " head header hgroup hr html i iframe img input ins kbd label legend li link main map mark"
    " marquee math menu meta meter nav nobr noframes noscript object ol optgroup option output p"
    " param picture pre progress q rp rt ruby s samp script search section select slot small source"
    " span strike strong style sub summary sup svg table tbody td template textarea tfoot th thead"
    " time title tr track tt u ul var video wbr path circle rect line polyline polygon ellipse g"
    " defs use symbol text tspan lineargradient radialgradient stop clippath mask filter image"
    " foreignobject marker pattern animate animatetransform mi mo mn mrow msup msub mfrac msqrt"
    " mtext mtable mtr mtd semantics annotation mover munder munderover mspace mstyle mpadded"
    " menclose mroot msubsup".split()
)

_TAG = re.compile(
    r"<(?P<name>[a-zA-Z][a-zA-Z0-9]*)(?P<rest>(?:\s[^<>]*)?\s[a-zA-Z][\w:-]*\s*=[^<>]*)>"
)
_VALUE = re.compile(r"=\s*(?:\"[^\"=]*\"|'[^'=]*'|[^\s\"'=<>`]+)(?=[\s/]|$)")


def quotes(page: Page) -> Iterator[Problem]:
    """The quotes around a value of an HTML tag do not pair.

    Bad: <img src="../img/a.png alt="A curve that falls">
    Good: <img src="../img/a.png" alt="A curve that falls">
    Why: The browser never sees the tag: it is printed, with all that stands in it.
    """
    for number, column, name, rest in broken(page):
        yield page.problem(
            number,
            f"the quotes of <{name}> do not pair at '{_fault(rest)}', so the tag is printed;"
            " write one before and one behind each value",
            column,
        )


def broken(page: Page) -> list[tuple[int, int, str, str]]:
    """The tags whose quotes do not pair, one a line: line, column, name and what stands behind it."""
    if "broken-tags" not in page.notes:
        page.notes["broken-tags"] = [
            (number, *found)
            for number, text in enumerate(page.clean, 1)
            if "<" in text and "=" in text and (found := _broken(page, number, text)) is not None
        ]
    result: list[tuple[int, int, str, str]] = page.notes["broken-tags"]
    return result


def _broken(page: Page, number: int, text: str) -> tuple[int, str, str] | None:
    if page.is_code(number) or page.in_fence(number) or "{{" in text or "{%" in text:
        return None
    for found in _TAG.finditer(text):
        name, rest = found["name"].lower(), found["rest"]
        if name not in KNOWN or text[: found.start()].endswith("\\"):
            continue
        if rest.count('"') % 2 and not near_fence(page, number):
            return found.start() + 1, name, rest
    return None


def _fault(rest: str) -> str:
    """The first value that is not as it should be."""
    for found in re.finditer(r"([a-zA-Z][\w:-]*\s*)(=[^=]*?)(?=\s+[a-zA-Z][\w:-]*\s*=|/?$)", rest):
        if not re.fullmatch(_VALUE.pattern, found[2].rstrip()):
            return (found[1] + found[2]).strip()[:40]
    return rest.strip()[:40]
