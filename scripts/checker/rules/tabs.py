"""Rules T01 to T07: content tabs (`===`), and the pass over them.

Tried and dropped: two tab sets with a paragraph between them in general (deliberate in 4 of 5 places).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping

from scripts.checker import openers
from scripts.checker.openers import INVISIBLE, Tab
from scripts.checker.page import Page, indent
from scripts.checker.problem import Problem
from scripts.checker.rendered import Box

_NOT_BODY = re.compile(r"\{\{|\{%|#{1,6}\s|={3}[+! ]|!!!|\?\?\?|///|-{3,}\s*$|</|<!--")
_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s")
Boxes = Mapping[int, Box]
"""The tabs that opened, by their lines."""


def findings(page: Page) -> Iterator[Problem]:
    """What is wrong with the tabs of a page, and with the lines that were meant as tabs."""
    boxes = {box.line: box for box in page.rendered.boxes if box.kind == "tab" and box.line}
    off_is_told = False
    fallen: set[int] = set()
    for number, text in enumerate(page.body, 1):
        if "==" not in text or page.in_fence(number) or page.context(number) == "comment":
            continue
        tab = openers.read_tab(text, number)
        if tab is None:
            continue
        if number in boxes:
            for problem in _opened(page, tab, boxes):
                if problem.code == "T03":
                    fallen.add(problem.line)
                yield problem
        elif page.is_code(number):
            yield from _found(tab_place(page, tab))
        elif not _meant(page, tab):
            continue
        elif not page.config.has("pymdownx.tabbed") and openers.TAB.match(tab.text):
            if not page.missing_extensions and not off_is_told:
                off_is_told = True
                yield tab_off(page, tab)
        else:
            why = tab_place if tab.header() else tab_title
            yield from _found(tab_marker(page, tab) or why(page, tab))
    for first, second in itertools.pairwise(_sets(boxes)):
        yield from _found(tab_split(page, first, second, fallen))


def _found(problem: Problem | None) -> Iterator[Problem]:
    if problem is not None:
        yield problem


def _meant(page: Page, tab: Tab) -> bool:
    """Whether the author meant a tab, not marked text or a line of signs."""
    text = tab.text
    quoted = tab.rest.strip().lstrip("+! " + INVISIBLE)[:1] in tuple("\"“”'„‘«")
    if quoted:
        return True
    if re.match(r"={2}[^\s=].*[^\s=]={2}", text) or len(tab.mark) != 3 or text[3:4] != " ":
        return False
    following = page.next_text(tab.line)
    return bool(following) and indent(page.line(following)) >= tab.column + 4


def _opened(page: Page, tab: Tab, boxes: Boxes) -> Iterator[Problem]:
    if tab.header():
        yield from _found(tab_title(page, tab))
    if not tab.quote:
        yield from _found(tab_body(page, tab, boxes) or tab_empty(page, tab, boxes))


def _sets(boxes: Boxes) -> list[list[Box]]:
    """The tabs by the sets that they form, in the order of the page."""
    groups: dict[int, list[Box]] = {}
    for box in boxes.values():
        groups.setdefault(box.group, []).append(box)
    return sorted(groups.values(), key=lambda group: group[0].line)


def tab_title(page: Page, tab: Tab) -> Problem | None:
    """The title of a tab is not in straight double quotes, or is empty.

    Bad:
        === Linux
            Text.
    Good:
        === "Linux"
            Text.
    Why: Without the quotes, or without a space before them, the line is printed and the body becomes code.
    """
    header = tab.header()
    if header is None:
        message, title = _title_fault(tab.rest[len(tab.signs) :])
        edit = tab.mended(page, title) if title else None
        return page.problem(tab.line, message, edit=edit, code="T01")
    if header[1].strip():
        return None
    return page.problem(tab.line, "the tab has an empty title; name it", code="T01")


def _title_fault(tail: str) -> tuple[str, str]:
    """What is wrong with what stands behind the marker, and the title as it was meant, if that is plain."""
    title = tail.strip()
    if tail[:1] in tuple(INVISIBLE):
        message = "a no-break space follows '==='; write an ordinary space"
        return message, title.lstrip(INVISIBLE)
    if title[:1] == '"' and tail[:1] == '"':
        return "no space after '==='; write '=== \"Title\"'", title
    if title[:1] in tuple("“”„«") or title[-1:] in tuple("“”»"):
        message = 'the tab title has curly quotes; write straight ones: "…"'
        return message, f'"{title.strip(chr(34) + "“”„«»")}"'
    if title[:1] in tuple("'‘"):
        message = "the tab title stands in single quotes; write straight double quotes"
        return message, '"' + title.strip("'‘’") + '"'
    if title.startswith('"') and title.count('"') == 1:
        return "the tab title has no closing quote; add '\"' at the end", title + '"'
    if title.endswith('"') and title.count('"') == 1:
        return "the tab title has no opening quote; add '\"' before it", ""
    if title.startswith('"'):
        extra = title[title.rfind('"') + 1 :].strip()[:30]
        return (
            f"'{extra}' after the tab title stops the tab; nothing may follow the closing quote",
            "",
        )
    return f"the tab title is not quoted; write '=== \"{title[:40]}\"'", f'"{title}"'


def tab_marker(page: Page, tab: Tab) -> Problem | None:
    """The marker of a tab has the wrong number or form of signs.

    Bad:
        == "Linux"
            Text.
    Good:
        === "Linux"
            Text.
    Why: Exactly three open a tab; the line is printed.
    """
    edit = None
    if any(sign in tab.indent for sign in INVISIBLE):
        message = "an invisible character stands before '==='; delete it"
    elif len(tab.mark) != 3:
        message = f"'{tab.mark}' opens no tab; write exactly three: '==='"
        if openers.TAB.match("===" + tab.rest):
            fixed = page.lines[tab.line - 1].replace(tab.mark, "===", 1)
            edit = page.replace(tab.line, fixed)
    elif re.match(r" +[+!]", tab.rest):
        message = "the '+' or '!' must touch the marks: '===+ \"Title\"'"
    else:
        return None
    return page.problem(tab.line, message, edit=edit, code="T02")


def _is_empty(box: Box) -> bool:
    return not box.first and not box.children


def _for_its_own_sake(boxes: Boxes, box: Box) -> bool:
    """Whether the tab belongs to a set of several that are all empty: tabs shown for their own sake."""
    group = [other for other in boxes.values() if other.group == box.group]
    return len(group) > 1 and all(map(_is_empty, group))


def _below(page: Page, tab: Tab) -> str:
    """The first text below the opener."""
    following = page.next_text(tab.line)
    return page.line(following).strip() if following else ""


def tab_body(page: Page, tab: Tab, boxes: Boxes) -> Problem | None:
    """The body of a tab is not indented by four columns.

    Bad:
        === "Linux"
        Text.
    Good:
        === "Linux"
            Text.
    Why: The tab stays empty, its text stands below, and the next tab starts a second set.
    """
    box = boxes[tab.line]
    if not _is_empty(box):
        return _rest(page, tab, box)
    text = _below(page, tab)
    if not text or _for_its_own_sake(boxes, box) or text.startswith(("{{", "{%")):
        return None
    following = page.next_text(tab.line)
    relative = indent(page.line(following)) - tab.column
    if page.line(following)[:1] in tuple(INVISIBLE):
        message = "the body of the tab is indented by no-break spaces; use 4 ordinary spaces"
    elif 0 < relative < 4:
        message = f"the body of the tab is indented by {relative}, so it falls out; indent by 4"
    elif relative == 0 and not _NOT_BODY.match(text):
        message = "the body of the tab is not indented, so the tab is empty; indent by 4"
    else:
        return None
    return page.problem(following, message, code="T03")


def _rest(page: Page, tab: Tab, box: Box) -> Problem | None:
    """A line below the body that was meant to be in it."""
    last = max(box.last, tab.line)
    while last < len(page.body) and (
        indent(page.line(last + 1)) >= tab.column + 4 and page.line(last + 1).strip()
    ):
        last += 1
    following = page.next_text(last)
    if not following or (page.is_code(following) and not page.in_fence(following)):
        return None
    line = page.line(following)
    relative = indent(line) - tab.column
    if re.match(r"\s*\*?\[[^\]]+\]:", line):
        return None
    if 0 < relative < 4:
        above = page.previous_text(tab.line)
        of_list = not tab.column and _ITEM.match(line) and above and _ITEM.match(page.line(above))
        shown = line.lstrip().startswith(("</", "===")) or page.context(following) == "raw"
        if of_list or shown:
            return None
        message = f"this line is indented by {relative} and falls out of the tab above; indent by 4"
    elif relative <= 0 and following == last + 1 and _continues(page.line(last), line.strip()):
        message = (
            "this line goes on with the sentence above but falls out of the tab; indent it by 4"
        )
    else:
        return None
    return page.problem(following, message, code="T03")


def _continues(before: str, text: str) -> bool:
    return (
        text[:1].islower()
        and before.rstrip()[-1:] not in tuple(".!?:;|>`")
        and not re.match(r"[-*+] |\d+\.", text)
    )


def tab_place(page: Page, tab: Tab) -> Problem | None:
    """A tab stands where it cannot open.

    Bad:
          === "Linux"
              Text.
    Good:
        === "Linux"
            Text.
    Why: It is printed, or becomes code.
    """
    line, column = tab.line, tab.column
    path = page.rendered.path_of.get(line, ())
    if page.is_code(line):
        if not _meant_in_code(page, tab):
            return None
        message = (
            f"'===' is indented by {column} columns and becomes a code block; start it at the"
            " column of the text around it"
        )
    elif page.context(line) == "raw" or "raw" in path:
        message = (
            "'===' inside raw HTML is printed; add the attribute 'markdown' to the element around"
            " it"
        )
    elif "td" in path or "th" in path:
        message = "a table cell cannot hold tabs; put them below the table"
    elif "li" in path and column % 4 == 0 and page.line(line - 1).strip():
        message = (
            "'===' directly under the text of a list item is printed; put a blank line before it"
        )
    elif column % 4 or "li" in path:
        message = (
            f"'===' is indented by {column} columns and opens no tab; indent by 4 for each level,"
            " or not at all"
        )
    else:
        return None
    return page.problem(line, message, code="T04")


def _meant_in_code(page: Page, tab: Tab) -> bool:
    """Whether a tab was meant where an indented code block is shown."""
    if not openers.TAB.match(tab.text) or tab.quote:
        return False
    above = page.previous_text(tab.line)
    if (page.context(above) == "code" and not page.in_fence(above)) or page.line(
        above
    ).rstrip().endswith(":"):
        return False
    following = page.next_text(tab.line)
    return (
        bool(following)
        and indent(page.line(following)) >= tab.column + 4
        and page.config.has("pymdownx.tabbed")
    )


def tab_split(page: Page, first: list[Box], second: list[Box], fallen: set[int]) -> Problem | None:
    """A stray block cuts a set of tabs in two.

    Bad:
        === "A"
            Text.

        A line between.

        === "B"
            Text.
    Good:
        === "A"
            Text.

            A line inside.

        === "B"
            Text.
    Why: The reader gets two sets with one tab each.
    """
    between = _between(page, first, second)
    if not between or any(re.match(r"\s*(?:#{1,6}\s|\{\{|\{%)", page.line(n)) for n in between):
        return None
    if not fallen.isdisjoint((*between, *(box.line for box in first))):
        return None
    blocks = 1 + sum(
        1 for a, b in itertools.pairwise(between) if b > a + 1 and not page.in_fence(a)
    )
    single = min(len(first), len(second)) == 1 and blocks == 1 and len(between) <= 6
    if not single and not _is_box(page, between):
        return None
    message = (
        "this block between two tabs cuts the set in two; indent it by 4 into the tab above, or"
        " move it"
    )
    return page.problem(between[0], message, code="T05")


def _between(page: Page, first: list[Box], second: list[Box]) -> list[int]:
    """The lines at the column of two sets, or further left, between them; none if they can't be one set."""
    end = max(max(box.last, box.line) for box in first)
    start = second[0].line
    column = indent(page.line(start))
    if (
        first[0].parent != second[0].parent
        or indent(page.line(first[0].line)) != column
        or {box.title for box in first} & {box.title for box in second}
    ):
        return []
    return [
        number
        for number in range(end + 1, start)
        if page.line(number).strip() and indent(page.line(number)) < column + 4
    ]


def _is_box(page: Page, between: list[int]) -> bool:
    opener = openers.read(page.line(between[0]), between[0])
    return opener is not None and indent(page.line(between[-1])) >= 4


def tab_empty(page: Page, tab: Tab, boxes: Boxes) -> Problem | None:
    """A tab has no body.

    Bad:
        === "A"

        === "B"
            Text.
    Good:
        === "A"
            Text.

        === "B"
            Text.
    Why: The reader opens an empty tab.
    """
    box = boxes[tab.line]
    if not _is_empty(box) or _for_its_own_sake(boxes, box):
        return None
    if _below(page, tab).startswith(("{{", "{%")):
        return None
    return page.problem(tab.line, "the tab is empty; give it a body, or delete it", code="T06")


def tab_off(page: Page, tab: Tab) -> Problem:
    """Tabs are used though the extension is not enabled.

    Bad:
        === "A"
            Text.

        in mkdocs.yml:
        markdown_extensions: [admonition, tables]
    Good:
        === "A"
            Text.

        in mkdocs.yml:
        markdown_extensions:
          - pymdownx.tabbed:
              alternate_style: true
    Why: Every title is printed, and no build says a word.
    """
    message = "'===' is printed as text; add 'pymdownx.tabbed' to markdown_extensions"
    return page.problem(tab.line, message, code="T07")
