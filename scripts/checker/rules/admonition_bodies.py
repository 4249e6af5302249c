"""Rules on the body of a box: its indent, and whether there is one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scripts.checker.openers import INVISIBLE, Opener
from scripts.checker.page import Page, indent
from scripts.checker.problem import Edit, Problem
from scripts.checker.project import Site
from scripts.checker.rendered import Box
from scripts.checker.rules.admonition_places import ITEM, list_above

_BADGE = re.compile(
    r"\b(?:version|added|introduced|changed|deprecated|removed|since|new"
    r" in|available|requires?|parameter|experimental|beta|optional)\b|\d\.\d",
    re.IGNORECASE,
)
_BLOCK_START = re.compile(
    r"[ \t]*(?:#{1,6}|[-*+][ \t]|\d+[.)]["
    r" \t]|>|```|~~~|\||<|!!!|\?\?\?|===|///|\[[^\]]+\]:|\*\[|-{3,}|:::)"
)
_NO_BODY = re.compile(r"#{1,6}\s|!!!|\?\?\?|===\s|///|-{3,}\s*$|</|\[[^\]]+\]:|<!--")
_REFERENCE = re.compile(r"\*?\[[^\]]+\]:")


@dataclass(frozen=True, slots=True)
class Body:
    """What stands in a box and below it.

    Args:
        opener: the line that opens the box.
        title: what stands in its quotes, if there are any.
        kind: `empty` if the box is, `code` if nothing but code is in it, else `text`.
        line: the first line that may have been meant as a part of the body and is none, or shows
            as code; 0 if there is none.
        relative: its indent against the opener's; None outside the opener's quotation.
        last: the last line that is in the box.
    """

    opener: Opener
    title: str | None
    kind: str
    line: int
    relative: int | None
    text: str
    last: int = 0

    @property
    def glued(self) -> bool:
        """Whether that line stands directly below the opener."""
        return self.line == self.opener.line + 1


def body_of(page: Page, opener: Opener, boxes: Mapping[int, Box]) -> Body:
    """What stands in the box that a line opens, and below it.

    Args:
        boxes: the boxes of the page by the lines on which they open.
    """
    box, header = boxes[opener.line], opener.header()
    title = header.title if header else None
    following = page.next_text(opener.line)
    while following and page.context(following) == "comment":
        following = page.next_text(following)
    kind, last = "empty", 0
    if box.first or box.children:
        only_code = bool(box.children) and all(child == "pre" for child in box.children)
        kind = "code" if only_code and following and not page.in_fence(following) else "text"
    if kind == "text":
        last, following = _after(page, opener, box)
    text = page.line(following).lstrip() if following else ""
    relative = _relative(page, opener, following) if following else None
    if kind == "text" and ((following in boxes and relative == 0) or _REFERENCE.match(text)):
        relative = None
    return Body(opener, title, kind, following, relative, text, last)


def _after(page: Page, opener: Opener, box: Box) -> tuple[int, int]:
    """The last line of a box, and the first text below it that is not shown as code."""
    last = box.last
    while page.in_fence(last + 1):
        relative = _relative(page, opener, last + 1)
        if relative is None or (relative < 4 and page.line(last + 1).strip()):
            break
        last += 1
    following = page.next_text(last)
    if following and page.is_code(following) and not page.in_fence(following):
        following = 0
    return last, following


def _relative(page: Page, opener: Opener, line: int) -> int | None:
    """The indent of a line against the opener's, or None outside the opener's quotation."""
    text = page.line(line)
    if not opener.quote:
        return indent(text) - opener.column
    if not text.lstrip().startswith(">"):
        return None
    text = re.sub(r"^[ \t]*" + r">[ ]?" * opener.quote.count(">"), "", text)
    return indent(text) - (opener.column - len(opener.quote))


def body_indent(page: Page, body: Body) -> Problem | None:
    """The body of a box is not indented by four columns.

    Bad:
        !!! note
          The body.
    Good:
        !!! note
            The body.
    Why: The box ends there: it stays empty, or loses its rest, and the text stands below it.
    """
    message, edit, relative = "", None, body.relative
    if relative is not None and 0 < relative < 4:
        if body.kind == "empty":
            message = f"the body is indented by {relative}, so it falls out of the box; indent by 4"
        elif body.kind == "text" and _falls_out(page, body):
            message = (
                f"this line is indented by {relative} and falls out of the box above; indent by 4"
            )
        if message:
            edit = _indented(page, body.line, body.opener.column + 4)
    elif body.kind == "empty" and _has_left(page, body):
        message = "the body has left the quotation; start its lines with '>' and 4 spaces"
    elif _stands_below(body) and (body.glued or not body.title or body.opener.details):
        message = "the body is not indented, so the box is empty; indent by 4"
    return page.problem(body.line, message, edit=edit, code="A15") if message else None


def _has_left(page: Page, body: Body) -> bool:
    """Whether the body of a box in a quotation stands outside it."""
    return (
        bool(body.opener.quote and body.line)
        and body.relative is None
        and indent(page.line(body.line)) >= 4
        and body.line - body.opener.line <= 2
    )


def _falls_out(page: Page, body: Body) -> bool:
    """Whether a line with too small an indent was meant to be inside the box."""
    if page.context(body.line) == "raw" or body.text.startswith("</"):
        return False
    # An item of a list that started before the opener goes on with that list.
    of_list = bool(ITEM.match(page.line(body.line))) and list_above(page, body.opener.line)
    return bool(body.opener.column) or not of_list


def _ends(body: Body) -> bool:
    """Whether what stands below an empty box is no body of it."""
    return not body.text or bool(_NO_BODY.match(body.text))


def _in_list(body: Body) -> bool:
    item = re.match(r"(?:[-*+]|\d+[.)])\s", body.text)
    return bool(item) and body.opener.column > 0


def _stands_below(body: Body) -> bool:
    """Whether the body of an empty box stands below it at the opener's own column."""
    return (
        body.kind == "empty"
        and body.relative == 0
        and not _is_made(body)
        and not _ends(body)
        and not _in_list(body)
        and (body.glued or body.title is None or _is_short(body.title))
    )


def _indented(page: Page, first: int, width: int) -> Edit | None:
    """A mend that indents a body by more than its one to three columns."""
    own = indent(page.line(first))
    last = first
    for number in range(first, len(page.body) + 1):
        text = page.line(number)
        if text.strip():
            if indent(text) < max(own, 1):
                break
            last = number
    before = tuple(page.lines[first - 1 : last])
    if any("\t" in text for text in before):
        return None
    after = tuple(" " * (width - own) + text if text.strip() else text for text in before)
    return Edit(first, last, before, after)


def body_escape(page: Page, body: Body) -> Problem | None:
    """A wrapped line falls out of the box.

    Bad:
        !!! note
            The body goes on
        at the start of the line.
    Good:
        !!! note
            The body goes on
            at four columns.
    Why: A box has no lazy continuation; the sentence is cut in two.
    """
    if body.kind != "text" or body.relative is None or body.relative > 0:
        return None
    if body.line != body.last + 1 or not _continues(page.line(body.last), body.text):
        return None
    message = "this line goes on with the sentence above but falls out of the box; indent it by 4"
    return page.problem(body.line, message, code="A16")


def _continues(before: str, text: str) -> bool:
    if _BLOCK_START.match(text) or not text:
        return False
    return before.rstrip()[-1:] not in tuple(".!?:;…>|`") and (
        text[0].islower() or text[0] in "(`["
    )


def body_code(page: Page, body: Body) -> Problem | None:
    """The body is indented so far that it becomes code.

    Bad:
        !!! note
                The body.
    Good:
        !!! note
            The body.
    Why: Four columns more than the body make an indented code block.
    """
    relative = body.relative
    if body.kind != "code" or relative is None or body.text.startswith(("```", "~~~", "<")):
        return None
    if body.opener.list and body.glued:
        message = (
            f"the body directly under '- {body.opener.mark}' becomes a code block; put a blank"
            " line between"
        )
    elif relative >= 8 and _is_prose(body.text):
        message = f"the body is indented by {relative} and becomes a code block; indent by 4"
    else:
        return None
    return page.problem(body.line, message, code="A17")


def _is_prose(text: str) -> bool:
    words = re.findall(r"[A-Za-z’']+", text)
    return (
        len(words) >= 2
        and not re.search(
            r"[=;{}$<>]|\w\(|^\W*(?:import|from|def|class|pip|npm|git|cd|docker)\b|--\w|^\$|^#",
            text,
        )
        and bool(re.match(r"[A-Z*_`\[“\"]|\w+ \w+", text))
    )


def body_nbsp(page: Page, body: Body) -> Problem | None:
    """The body is indented by no-break spaces.

    Bad:
        !!! note
        \u00a0\u00a0\u00a0\u00a0The body.
    Good:
        !!! note
            The body.
    Why: Only ordinary spaces and tabs count; the box stays empty.
    """
    if body.kind != "empty" or not body.line or _has_left(page, body):
        return None
    starts = (body.text[:1], page.line(body.line)[:1])
    if not any(sign in tuple(INVISIBLE) for sign in starts):
        return None
    message = "the body is indented by no-break spaces; use 4 ordinary spaces"
    return page.problem(body.line, message, code="A18")


def empty(page: Page, body: Body) -> Problem | None:
    """A box without a title of its own has no body.

    Bad:
        !!! note

        ## Next

        Text.
    Good:
        !!! note
            The body.
    Why: The reader sees an empty bar.
    """
    if body.kind != "empty" or _is_made(body) or _stands_below(body):
        return None
    if not body.title:
        message = "the box has no body; write one, or delete the box"
    elif _is_bare_link(body.title):
        message = (
            "the box has a link as its title and no body; make it a list item or say what it holds"
        )
    else:
        return None
    return page.problem(body.opener.line, message, code="A25")


def _is_made(body: Body) -> bool:
    """Whether a template engine writes what stands below."""
    return body.text.startswith(("{{", "{%", "{!"))


def _is_short(title: str) -> bool:
    return len(title.split()) <= 8 and not title.rstrip().endswith((".", "!"))


def _is_bare_link(title: str) -> bool:
    return bool(re.fullmatch(r"\s*\[[^\]]+\]\([^)]+\)\s*", title))


def note_bare(page: Page, body: Body) -> None:
    """Keep a box that has a title and no body for the project to judge."""
    title = body.title
    if body.kind != "empty" or not title or _is_made(body):
        return
    following = body.line if _stands_below(body) else 0
    if not following and (
        not _ends(body)
        or _in_list(body)
        or len(title.split()) > 4
        or _is_bare_link(title)
        or re.search(r"[.!?:]$|\]\(", title)
    ):
        return
    if not _BADGE.search(title) or len(title.split()) > 6:
        page.notes.setdefault("bare", []).append(
            [body.opener.line, following, re.sub(r"[\d.]+", "#", title.lower())]
        )


def title_only(site: Site) -> Iterator[Problem]:
    """A box has a title, but its body stands below it, or nowhere.

    Bad:
        !!! note "Before you start"

        The body.
    Good:
        !!! note "Before you start"

            The body.
    Why: The box is a bare bar. Projects that use such bars as a style are left alone.
    """
    found = [(path, *item) for path, facts in site.chosen_facts() for item in facts.get("bare", ())]
    titles = [title for *_, title in found]
    if len(found) > max(4, len(site.chosen) // 12):
        return
    for path, line, following, title in found:
        if titles.count(title) > 1:
            continue
        if following:
            yield site.problem(
                path, following, "the body is not indented, so the box above is empty; indent by 4"
            )
        else:
            yield site.problem(
                path, line, "the box has a title but no body; write one, or delete the box"
            )
