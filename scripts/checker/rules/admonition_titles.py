"""Rules on the title of a box: its quotes, and what stands between them.

`Opener.unread` says what the author of a line meant that opened nothing, `Opener.header` what was read of one
that opened.
"""

from __future__ import annotations

import re

from scripts.checker import openers
from scripts.checker.openers import CURLY, INVISIBLE, QUOTES, Opener, Unread
from scripts.checker.page import Page
from scripts.checker.problem import Problem
from scripts.checker.rendered import Box


def title_unclosed(page: Page, opener: Opener) -> Problem | None:
    """A quote of the title is missing.

    Bad:
        !!! note "Before you start
            The body.
    Good:
        !!! note "Before you start"
            The body.
    Why: Without both quotes no box opens: the line is printed and the body becomes code.
    """
    meant = opener.unread()
    title = meant.title
    if title.count('"') != 1:
        return None
    edit = None
    if title.startswith('"') and len(title) > 1:
        edit = opener.mended(page, f' {meant.types} {title}"')
        message = "the title has no closing quote; add '\"' at the end"
    elif title.endswith('"'):
        message = "the title has no opening quote; add '\"' before it"
    else:
        message = "the title has only one quote; put it in straight double quotes"
    return page.problem(opener.line, message, edit=edit, code="A02")


def _in_single_quotes(title: str) -> bool:
    return title[:1] in ("'", "‘", "’")


def _in_curly_quotes(title: str) -> bool:
    return any(sign in CURLY for sign in title[:1] + title[-1:]) and title[:1] in QUOTES


def title_quotes(page: Page, opener: Opener) -> Problem | None:
    """The title stands in curly or single quotes.

    Bad:
        !!! note “Before you start”
            The body.
    Good:
        !!! note "Before you start"
            The body.
    Why: Only straight double quotes are read; with any other the opener is printed.
    """
    meant = opener.unread()
    title, rest = meant.title, opener.rest
    message = 'the title has curly quotes; write straight ones: "…"'
    if _in_single_quotes(title):
        message = "the title stands in single quotes; write straight double quotes"
        mended = title.strip("'‘’`")
        if '"' not in mended:
            rest = f' {meant.types} "{mended}"'
    elif _in_curly_quotes(title):
        mended = title.strip(QUOTES)
        if title[-1:] in QUOTES and '"' not in mended:
            rest = f' {meant.types} "{mended}"'
    elif '"' in title or title[-1:] not in CURLY:
        return None
    return page.problem(opener.line, message, edit=opener.mended(page, rest), code="A03")


def title_unquoted(page: Page, opener: Opener) -> Problem | None:
    """The title has no quotes.

    Bad:
        !!! note Before you start
            The body.
    Good:
        !!! note "Before you start"
            The body.
    Why: The words become CSS classes and the title is lost, or the opener is printed.
    """
    header = opener.header()
    if header is None:
        meant = opener.unread()
        if not meant.title:
            return None
        kind = meant.types.split()[0] if meant.types else "note"
        shown = opener.rest.strip()[len(kind) :] if meant.types else meant.title
        message = f'the title is not quoted; write {opener.mark} {kind} "{shown.strip()[:40]}"'
        return page.problem(opener.line, message, code="A04")
    extra = openers.extra(header, page)
    sides = len(extra) == 1 and extra[0].lower() in ("left", "right")
    if header.title is not None or not extra or sides:
        return None
    kind = header.names.split()[0]
    message = (
        f"the title is not quoted and is lost; write '{opener.mark} {kind}"
        f' "{header.names[len(kind) :].strip()}"\''
    )
    return page.problem(opener.line, message, code="A04")


def _glued(opener: Opener, meant: Unread) -> bool:
    """Whether a title in quotes touches the type."""
    return (
        meant.title.startswith('"')
        and meant.title.count('"') >= 2
        and not _in_curly_quotes(meant.title)
        and bool(meant.types)
        and not opener.rest.lstrip().startswith(meant.types + " ")
    )


def title_space(page: Page, opener: Opener) -> Problem | None:
    """No ordinary space stands between type and title.

    Bad:
        !!! note"Before you start"
            The body.
    Good:
        !!! note "Before you start"
            The body.
    Why: The opener is not recognised and is printed.
    """
    meant = opener.unread()
    if meant.after[:1] and meant.after[0] in INVISIBLE:
        rest = f" {meant.types} {meant.after.lstrip(INVISIBLE + ' ')}"
        message = "a no-break space stands before the title; write an ordinary space"
    elif _glued(opener, meant):
        rest = f" {meant.types} {opener.rest.lstrip()[len(meant.types) :].lstrip()}"
        message = "no space before the title; write one"
    else:
        return None
    return page.problem(opener.line, message, edit=opener.mended(page, rest), code="A05")


def title_newline(page: Page, opener: Opener) -> Problem | None:
    """The title goes on in the next line.

    Bad:
        !!! note "Before you
        start"
            The body.
    Good:
        !!! note "Before you start"
            The body.
    Why: An opener is one line; a broken title stops the box.
    """
    title = opener.unread().title
    following = page.line(opener.line + 1).strip()
    begins = title.startswith('"') and title.count('"') == 1 and len(title) > 1
    ends = following.endswith('"') and following.count('"') == 1 and not following.startswith('"')
    if not begins or not ends:
        return None
    message = "the title goes on in the next line; write it in one line"
    return page.problem(opener.line, message, code="A06")


def title_escape(page: Page, opener: Opener) -> Problem | None:
    r"""Quotes inside a title are escaped.

    Bad:
        !!! note "The \"best\" model"
            The body.
    Good:
        !!! note "The "best" model"
            The body.
    Why: The backslashes are shown; inner quotes need none.
    """
    header = opener.header()
    if header is None or '\\"' not in (header.title or ""):
        return None
    message = "backslashes before quotes are shown in the title; write plain quotes inside it"
    return page.problem(opener.line, message, code="A07")


def title_double(page: Page, opener: Opener) -> Problem | None:
    """An admonition has two titles.

    Bad:
        !!! note "One" "Two"
            The body.
    Good:
        !!! note "One: two"
            The body.
    Why: The reader sees the inner quotes as part of one odd title.
    """
    header = opener.header()
    if header is None or not re.search(r'" +"', header.title or ""):
        return None
    message = "two titles: only the outer quotes are read; join them into one"
    return page.problem(opener.line, message, code="A08")


def trailing(page: Page, opener: Opener) -> Problem | None:
    """Something follows the title of an admonition.

    Bad:
        !!! note "Title" { .wide }
            The body.
    Good:
        !!! note wide "Title"
            The body.
    Why: Nothing may follow the closing quote; the opener is printed.
    """
    title = opener.unread().title
    tail = title[title.rfind('"') + 1 :].strip()
    if not title.startswith('"') or title.count('"') < 2 or not tail:
        return None
    message = f"'{tail[:30]}' after the title stops the box; nothing may follow the closing quote"
    return page.problem(opener.line, message, code="A09")


def summary_link(page: Page, box: Box) -> Problem | None:
    """The title of a collapsible holds a link or a button.

    Bad:
        ??? tip "[A paper](https://example.com)"
            The body.
    Good:
        ??? tip "A paper"
            [It](https://example.com) says more.
    Why: A click follows the link instead of opening the box.
    """
    if box.kind != "details" or not box.interactive:
        return None
    message = (
        "a link in the title of a collapsible opens the link instead of the box; move it into"
        " the body"
    )
    return page.problem(box.line, message, code="A27")


def title_long(page: Page, box: Box) -> Problem | None:
    """A whole paragraph stands in the title of a box.

    Bad:
        !!! tip "It is no name if a box says in it all one is to read, so that it is cut and all of it is in bold"
            The body.
    Good:
        !!! tip "A short name"
            And the paragraph below it.
    Why: Titles are names; a bold paragraph is hard to read.
    """
    if len(box.title) <= 80:
        return None
    words = len(box.title.split())
    sentences = len(re.findall(r"[.!?](?:\s|$)", box.title))
    wordy = words > 16 or (len(box.title) > 85 and box.interactive) or sentences > 1
    if not wordy or not (box.interactive or (box.first and words > 25)):
        return None
    message = f"the title has {words} words; give it a short name and put the text into the body"
    return page.problem(box.line, message, code="A28")
