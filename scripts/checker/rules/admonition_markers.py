"""Rules on the marker of a box: `!!!`, `???`, `???+`, and the blanks around it."""

from __future__ import annotations

import re

from scripts.checker.openers import INVISIBLE, Opener
from scripts.checker.page import Page
from scripts.checker.problem import Problem


def marker_space(page: Page, opener: Opener) -> Problem | None:
    """Wrong or invisible blanks stand around the marker.

    Bad:
        !!!  note
            The body.
    Good:
        !!! note
            The body.
    Why: With two spaces, a no-break space or a zero-width character the opener is printed.
    """
    line, rest = opener.line, opener.rest
    if opener.hidden or any(sign in opener.indent for sign in INVISIBLE):
        edit = None
        if opener.hidden and page.line(line) == page.lines[line - 1]:
            fixed = page.line(line).replace(opener.hidden, "")
            edit = page.replace(line, fixed)
        message = f"an invisible character stands before '{opener.mark}'; delete it"
        return page.problem(line, message, edit=edit, code="A11")
    if not opener.exact:
        return None
    if rest[:1] and rest[0] in INVISIBLE:
        edit = opener.mended(page, " " + rest.lstrip(INVISIBLE + " "))
        message = f"a no-break or invisible space follows '{opener.mark}'; write an ordinary space"
        return page.problem(line, message, edit=edit, code="A11")
    if re.match(r"\+?(?: {2,}|\t+ *)[\w-]", rest) and not opener.header():
        plus = "+" if rest.startswith("+") else ""
        edit = opener.mended(page, f"{plus} {rest.lstrip('+').lstrip()}")
        message = f"more than one space follows '{opener.mark}{plus}'; write one"
        return page.problem(line, message, edit=edit, code="A11")
    return None


def marker_count(page: Page, opener: Opener) -> Problem | None:
    """The marker has the wrong number or form of marks.

    Bad:
        !! note "Title"
            The body.
    Good:
        !!! note "Title"
            The body.
    Why: Exactly three marks at the start of the line open a box.
    """
    line, mark = opener.line, opener.mark
    if opener.wrap:
        around = "a heading" if "#" in opener.wrap else "bold or italic signs"
        message = f"{mark[:3]} inside {around} opens no box; put it alone at the start of the line"
        return page.problem(line, message, code="A12")
    right = "???" if opener.details else "!!!"
    if mark == right:
        return None
    source = page.lines[line - 1]
    at = source.find(mark)
    edit = page.replace(line, source[:at] + right + source[at + len(mark) :])
    message = f"'{mark}' is not a marker; write exactly three: '{right}'"
    return page.problem(line, message, edit=edit, code="A12")


def plus(page: Page, opener: Opener) -> Problem | None:
    """A plus or minus sign is misplaced.

    Bad:
        ??? + note
            The body.
    Good:
        ???+ note
            The body.
    Why: The opener is printed, or the sign becomes a class.
    """
    line, rest = opener.line, opener.rest
    if not opener.details:
        message = "'!!!' takes no '+'; use '???+' for a box that is open and can be folded"
        return page.problem(line, message, code="A13") if re.match(r" ?\+", rest) else None
    if re.match(r" +\+", rest):
        edit = opener.mended(page, "+ " + rest.lstrip().lstrip("+").lstrip())
        message = "the '+' must touch the marks: '???+'"
        return page.problem(line, message, edit=edit, code="A13")
    if re.match(r" ?-", rest):
        edit = opener.mended(page, " " + rest.lstrip(" -"))
        message = "'???-' does not exist; '???' is already folded"
        return page.problem(line, message, edit=edit, code="A13")
    return None
