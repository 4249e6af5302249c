"""Rules S01 to S06: the title of a page, its headings, and what stands under them.

Tried and dropped: a section that holds only subsections (normal).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.checker.page import Page
from scripts.checker.problem import Problem
from scripts.checker.rendered import CODE
from scripts.checker.rules.list_marks import EMPTY_ITEM, surrounded


def one_title(page: Page) -> Iterator[Problem]:
    """A page has more than one title.

    Bad:
        # A second title

        Text.
    Good:
        ## A section

        Text.
    Why: Browser tab, search and outline show the first one only.
    """
    first = None
    for heading in page.rendered.headings:
        if (
            heading.level != 1
            or heading.path
            or not heading.text
            or heading.line in page.rendered.included
        ):
            continue
        if first is not None and first != heading.line:
            yield page.problem(
                heading.line, f"a second title; the first is in line {first}: use '##'"
            )
        first = first or heading.line


def no_title(page: Page) -> Iterator[Problem]:
    """A page has no title.

    Bad:
        in docs/page.md:
        ## Models

        Text.
    Good:
        in docs/page.md:
        # Models

        Text.
    Why: Tab, navigation and search show the name of the file instead.
    """
    if (
        not any(line.strip() for line in page.body)
        or page.notes.get("titled")
        or page.rendered.error
    ):
        return
    if any(heading.level == 1 for heading in page.rendered.headings) or re.search(
        r"(?m)^title\s*:", "\n".join(page.lines[: page.front_lines])
    ):
        return
    if any(
        re.match(r"<h1|\{[{%]|:::|-+8<-+|<!--\s*material/", line.strip()) for line in page.body
    ) or any(t.name == "h1" for t in page.rendered.raw_tags):
        return
    line = next((n for n, text in enumerate(page.body, 1) if text.strip()), 1)
    first = next((h for h in page.rendered.headings if h.line and not h.path), None)
    low = f", its headings start at level {first.level} in line {first.line}" if first else ""
    yield page.problem(
        line,
        f"the page has no title{low}; start it with '# …' or give 'title' in the front matter",
    )


def skipped(page: Page) -> Iterator[Problem]:
    """A heading skips a level.

    Bad:
        ## Models

        Text.

        #### Sizes

        Text.
    Good:
        ## Models

        Text.

        ### Sizes

        Text.
    Why: The outline, and who reads by it, loses the thread.
    """
    before = 0
    for heading in page.rendered.headings:
        if heading.path or heading.line in page.rendered.included or not heading.line:
            continue
        if before and heading.level > before + 1:
            yield page.problem(
                heading.line,
                f"level {heading.level} after level {before}; use '{'#' * (before + 1)}'",
            )
        elif not before and heading.level > 2 and page.line(heading.line).lstrip().startswith("#"):
            yield page.problem(
                heading.line, f"the first heading has level {heading.level}; use '#' or '##'"
            )
        before = heading.level


def empty_section(page: Page) -> Iterator[Problem]:
    """A section has a heading and nothing else.

    Bad:
        ## Mixture of experts

        ## Multimodal models

        Text.
    Good:
        ## Mixture of experts

        Text.

        ## Multimodal models

        Text.
    Why: The reader follows the outline to nothing.
    """
    headings = [
        h
        for h in page.rendered.headings
        if h.line and h.line not in page.rendered.included and not h.path
    ]
    for index, heading in enumerate(headings):
        following = headings[index + 1] if index + 1 < len(headings) else None
        if following is not None and (
            following.level > heading.level or following.line <= heading.line
        ):
            continue
        end = following.line if following else len(page.body) + 1
        if not page.line(heading.line).lstrip().startswith("#"):
            continue
        if heading.text.lstrip().startswith(":::"):
            continue  # mkdocstrings fills it
        if (heading.level == 1 and following is None) or heading.text.strip().lower().strip(
            "[]"
        ) == "unreleased":
            continue
        if not any(page.line(number).strip() for number in range(heading.line + 1, end)):
            yield page.problem(
                heading.line,
                f"the section '{heading.text.replace(CODE, '…')[:50]}' is empty; write it or delete"
                " the heading",
            )


def empty_heading(page: Page) -> Iterator[Problem]:
    """A heading has no text.

    Bad:
        ##

        Text.
    Good:
        ## Results

        Text.
    Why: An empty line stands in the outline.
    """
    for number, text in enumerate(page.body, 1):
        if (
            re.match(r"[ ]{0,3}#{1,6}[ \t]*#*[ \t]*(?:\{[^}]*\})?[ \t]*$", text)
            and not page.is_code(number)
            and page.context(number) != "raw"
        ):
            if not page.context(number) and surrounded(page, number, "code"):
                continue
            yield page.problem(number, "the heading has no text; write it, or delete the signs")


def accidental_heading(page: Page) -> Iterator[Problem]:
    """A line became a heading by accident.

    Bad:
        A sentence.
        ---

        Text.
    Good:
        A sentence.

        ---

        Text.
    Why: A line of dashes or equals signs under text makes a heading of it, in the outline and the search.
    """
    for heading in page.rendered.headings:
        line = heading.line
        if (
            not line
            or page.line(line).lstrip(" >").startswith("#")
            or line in page.rendered.included
        ):
            continue
        under = page.line(line + 1).strip(" >\t")
        if not re.fullmatch(r"=+|-+", under) or EMPTY_ITEM.match(page.line(line + 1)):
            continue
        text = heading.text
        item = re.match(r"\s*(?:[-*+]|\d+[.)])\s", page.line(line))
        table = page.line(line).count("|") > 1
        sentence = text.rstrip().endswith((".", ":", ",", ";")) or len(text.split()) > 12
        if item or table or sentence or "li" in heading.path or (len(under) < 3 and len(text) > 6):
            yield page.problem(
                line + 1,
                "this line makes a heading of the line above; put a blank line between them",
            )
