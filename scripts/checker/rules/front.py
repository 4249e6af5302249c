"""Rules S16 and S23: front matter that cannot be read, has wrong signs, or stands too low."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.checker.page import Page
from scripts.checker.problem import Problem

_KEY = re.compile(r"[a-z][\w-]*:(?:[ \t]|$)")
_ANY_KEY = re.compile(r"[A-Za-z][\w-]*:(?:[ \t]|$)")
_MORE = re.compile(r"[ \t]+\S|-[ \t]+\S|#|\]|\}")
_END = re.compile(r"(?:---|\.\.\.)[ \t]*$")
_LIKE = re.compile(
    r"[ \t]*(?:[-–—]{1,8}|-[ ]-[ ]-|\+{3}|={3,}|~{3}|\*{3}|_{3}|\.{3}|;{3})[ \t]*\w{0,4}[ \t]*$"
)


def front_matter(page: Page) -> Iterator[Problem]:
    """The front matter cannot be read.

    Bad:
        in docs/page.md:
        ---
        title: A: B
        ---

        # Page

        Text.
    Good:
        in docs/page.md:
        ---
        title: "A: B"
        ---

        # Page

        Text.
    Why: MkDocs drops all of it, or prints it at the head of the page.
    """
    import yaml

    text = page.text.removeprefix("\ufeff")
    if not text.startswith("---"):
        blank = re.match(r"\s+---[ \t]*\n(?:[A-Za-z_-]+:[^\n]*\n)+---[ \t]*\n", text)
        if blank:
            line = blank[0][: len(blank[0]) - len(blank[0].lstrip())].count("\n") + 1
            yield page.problem(
                line,
                "the front matter does not start on the first line and is printed; delete the lines"
                " above it",
            )
        return
    found = re.match(r"-{3}[ \t]*\r?\n(.*?\r?\n)?(?:\.{3}|-{3})[ \t]*(?:\r?\n|$)", text, re.DOTALL)
    if not found:
        if re.match(r"---[ \t]*\n[A-Za-z_-]+:", text):
            yield page.problem(
                1, "the front matter is not closed and is printed; end it with '---'"
            )
        return
    try:
        data = yaml.load(found[1] or "", Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "context_mark", None) or getattr(error, "problem_mark", None)
        line = (mark.line if mark else 0) + 2
        yield page.problem(
            min(line, found[0].count("\n")),
            f"the front matter is not valid YAML ({getattr(error, 'problem', None) or 'syntax'});"
            " put values with ':' or '#' in quotes",
        )
        return
    except ValueError as error:
        yield page.problem(2, f"the front matter is not valid: {error}")
        return
    if data is not None and not isinstance(data, dict) and re.search(r"(?m)^\w+:", found[1] or ""):
        yield page.problem(2, "the front matter is no mapping; write 'key: value' in every line")


def misplaced(page: Page) -> Iterator[Problem]:
    """The front matter is not read: its opening sign is wrong, or something stands above it.

    Bad:
        in docs/page.md:
        --
        title: Page
        ---

        # Page

        Text.
    Good:
        in docs/page.md:
        ---
        title: Page
        ---

        # Page

        Text.
    Why: It is printed at the head of the page, and what it says has no effect.
    """
    if page.text.removeprefix("\ufeff").startswith("---\n"):
        first = page.front_lines
    else:
        first = 0
        head = next((n for n, text in enumerate(page.lines, 1) if text.strip()), 0)
        problem = _at_head(page, head) if head else None
        if problem is not None:
            yield problem
            return
    for number in range(max(first, 1) + 1, len(page.lines)):
        if (
            page.lines[number - 1].rstrip() == "---"
            and not page.in_fence(number)
            and (first or any(page.lines[n].strip() for n in range(number - 1)))
            and _KEY.match(page.lines[number])
            and not page.is_code(number + 1)
            and _end(page, number + 1)
        ):
            yield page.problem(
                number,
                "this front matter is printed: it is read only from the first line of the file;"
                " move it there",
            )
            return


def _at_head(page: Page, head: int) -> Problem | None:
    """Front matter whose first line is not `---`."""
    text = page.lines[head - 1]
    if _LIKE.match(text) and text.strip() != "---":  # S16 looks at those with the right sign
        following = page.lines[head] if head < len(page.lines) else ""
        if _ANY_KEY.match(following) or re.match(r"\w+ = ", following):
            if not _end(page, head + 1, any_end=True):
                return None
            return page.problem(
                head,
                f"'{text.strip()}' does not open the front matter, so it is printed; write '---' in"
                " the first line",
            )
    elif head == 1 and _KEY.match(text):
        end = _end(page, 1)
        if end:
            return page.problem(
                1,
                "the front matter has no '---' above it, and the one below is shown as a line; add it",
            )
    return None


def _end(page: Page, number: int, any_end: bool = False) -> int:
    """The line that ends keys and values which start at a line, or 0."""
    keys = 0
    for line in range(number, min(number + 60, len(page.lines)) + 1):
        text = page.lines[line - 1]
        if _END.match(text) or (any_end and _LIKE.match(text)):
            return line if keys else 0
        if (_ANY_KEY if any_end else _KEY).match(text) or (any_end and re.match(r"\w+ = ", text)):
            keys += 1
        elif not _MORE.match(text):
            return 0
    return 0
