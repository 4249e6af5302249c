"""The rules on fences of code, C01, C02 and C04, and the pass over them.

The lines that look like fences are compared with the fences that were read: what was not read is paired as its
author may have meant it.

Tried and dropped: a fence without a language (house style, not a defect), an unknown language name (Pygments differs).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from scripts.checker.fence import Fence, read
from scripts.checker.page import Page, indent
from scripts.checker.problem import Problem
from scripts.checker.rules import code_options, swallowed

_CODE = re.compile(
    r"[=(){};<>$]|^\s{4,}\S|^\s*(?:import|from|def|class|pip|npm|git|cd|docker|uv|\$|>>>|#!|@|--)|^\s*[\w.-]+:\s"
)
_TEXT = re.compile(r"\s*(?:#{1,6} |!!!|\?\?\?|\[)")
_FAR = 400


def findings(page: Page) -> Iterator[Problem]:
    """What is wrong with the fences of a page."""
    yield from swallowed.moved(page, list(_seen(page)))


def _seen(page: Page) -> Iterator[Problem]:
    told: set[int] = set()
    for problem in _unpaired(page, _loose(page)):
        if problem.code == "C01":
            told.add(problem.line)
        yield problem
    for start, end in page.rendered.fences:
        opener = read(page.line(start), start)
        if opener is None:
            continue
        inner = _swallowed(page, opener, end)
        if inner is not None:
            told.add(start)
            yield unclosed(page, opener, inner)
        lone = _of_other_sign(page, opener, end)
        if lone is not None and start not in told:
            told.add(start)
            yield unclosed(page, opener, lone)


# lines that were not read as fences


def _loose(page: Page) -> list[Fence]:
    """The lines that look like fences and were not read as such."""
    loose = []
    for number, text in enumerate(page.body, 1):
        if "```" not in text and "~~~" not in text:
            continue
        fence = read(text, number)
        if fence is None or page.in_fence(number):
            continue
        if page.context(number) == "comment" or _is_quoted(page, number):
            continue
        if "`" not in fence.info or fence.signs[0] != "`":
            loose.append(fence)
    return loose


def _is_quoted(page: Page, number: int) -> bool:
    """Whether the line is shown as indented code, or stands in raw HTML."""
    path = page.rendered.path_of.get(number, ())
    above = page.previous_text(number)
    if above and (page.context(above) != "code" or page.in_fence(above)) and "pre" not in path:
        return False
    near = [page.context(n) for n in (number - 1, number + 1) if page.line(n).strip()]
    return "pre" in path or (
        indent(page.line(number)) >= 4
        and bool(near)
        and all(context == "code" for context in near)
        and not page.in_fence(number - 1)
        and not page.in_fence(number + 1)
    )


def _unpaired(page: Page, loose: list[Fence]) -> Iterator[Problem]:
    explained = False
    for fence, following in itertools.zip_longest(loose, loose[1:]):
        if explained:
            explained = False
            continue
        if following is not None and following.line - fence.line < _FAR:
            problem, explained = _pair(page, fence, following)
        elif not fence.info and _is_stray(page, fence):
            problem = stray(page, fence)
        else:
            problem = _open(page, fence)
        if problem is not None:
            yield problem


def _pair(page: Page, first: Fence, second: Fence) -> tuple[Problem | None, bool]:
    """What is wrong with two fences that were meant as one block, and whether that explains both."""
    same = first.same_sign(second)
    if second.info and first.info and same and code_options.option(page, first):
        return None, False
    if same and second.as_long(first) and not second.info:
        problem = code_options.option(page, first) or fence_indent(page, first, second)
        if problem:
            return problem, True
        if not first.info:
            if _looks_like_code(page.line(page.next_text(first.line))):
                return _open(page, first), True
            return stray(page, first, paired=True), False
    if not first.info and second.as_long(first) and _is_stray(page, first):
        return stray(page, first), False
    if _repeats_language(first, second) if second.info else not same or not second.as_long(first):
        return unclosed(page, first, second), True
    return _open(page, first), False


def _repeats_language(first: Fence, second: Fence) -> bool:
    """Whether a closing fence was given the language of its opener."""
    return (
        first.same_sign(second)
        and bool(re.fullmatch(r"[\w+#.-]+", second.info))
        and second.info.lower() == first.info.lower().split(" ")[0]
    )


def _open(page: Page, fence: Fence) -> Problem:
    """What is wrong with a fence that opens and is not closed."""
    return code_options.option(page, fence) or unclosed(page, fence)


def _is_stray(page: Page, fence: Fence) -> bool:
    """A bare fence at whose line nothing starts: the text above was already closed or never opened."""
    above = page.previous_text(fence.line)
    below = page.next_text(fence.line)
    if above and any(above in pair for pair in page.rendered.fences):
        return True
    looks = _looks_like_code(page.line(below) if below else "")
    before = _looks_like_code(page.line(above)) if above else False
    return not looks or before


def _looks_like_code(text: str) -> bool:
    return bool(_CODE.search(text)) and not _TEXT.match(text)


# blocks that were read, and ran on


def _swallowed(page: Page, opener: Fence, end: int) -> Fence | None:
    """The opener of another block inside a block whose closing fence was lost."""
    outer = opener.info.lower()
    shows_fences = "markdown" in outer or re.match(
        r"\.?(?:md|markdown|mdx|text|txt|rst|plain)\b", outer
    )
    if shows_fences or end - opener.line < 2:
        return None
    for number in range(opener.line + 1, end):
        inner = read(page.line(number), number)
        if (
            inner is not None
            and inner.same_sign(opener)
            and inner.as_long(opener)
            and inner.lead == opener.lead
            and re.match(r"\.?[\w+#.-]+", inner.info)
        ):
            return inner
    return None


def _of_other_sign(page: Page, opener: Fence, end: int) -> Fence | None:
    """The one closing fence of the other sign inside a block that ran on."""
    if re.match(r"\.?(?:md|markdown|text|txt)\b", opener.info):
        return None
    other = "~~~" if opener.signs[0] == "`" else "```"
    column = indent(page.line(opener.line))
    lone = [
        line
        for line in range(opener.line + 1, end)
        if page.line(line).strip() == other and indent(page.line(line)) == column
    ]
    return Fence(lone[0], opener.lead, other, "") if len(lone) == 1 else None


# the rules


def unclosed(page: Page, fence: Fence, end: Fence | None = None) -> Problem:
    """A code block is never closed, or by the wrong fence.

    Bad:
        ```python
        x = 1
        ~~~
    Good:
        ```python
        x = 1
        ```
    Why: The code is printed as text, or swallows the text up to the next fence.
    """
    signs = fence.signs
    if end is None:
        message = (
            f"the code block opened by '{signs}' is never closed; close it with '{signs}' at the"
            " same indent"
        )
    elif page.in_fence(end.line) and end.info:
        message = (
            f"the code block is not closed before line {end.line}, where the next one opens; add"
            f" '{signs}'"
        )
    elif end.info:
        message = (
            f"the code block is closed by '{end.signs} {end.info}'; a closing fence has nothing"
            " after it"
        )
    elif not fence.same_sign(end):
        message = (
            f"the code block is opened by '{signs}' but closed by '{end.signs}'; use the same signs"
        )
    else:
        message = (
            f"the code block is opened by {len(signs)} signs but closed by {len(end.signs)}; use"
            " as many"
        )
    return page.problem(fence.line, message, code="C01")


def stray(page: Page, fence: Fence, paired: bool = False) -> Problem:
    """A fence closes nothing.

    Bad:
        ```python
        x = 1
        ```

        ```
    Good:
        ```python
        x = 1
        ```
    Why: It is printed, or opens a block that swallows the text below.
    """
    what = "fence is printed" if paired else f"'{fence.signs}' closes nothing and is printed"
    message = f"this {what}; delete it, or open the block above"
    return page.problem(fence.line, message, code="C02")


def fence_indent(page: Page, fence: Fence, end: Fence) -> Problem | None:
    """The lines of a code block have different indents.

    Bad:
        ```python
        x = 1
            ```
    Good:
        ```python
        x = 1
        ```
    Why: The block is not recognised and is printed.
    """
    column, line = fence.column, end.line
    inner = (
        number
        for number in range(fence.line + 1, end.line)
        if page.line(number).strip() and indent(page.line(number)) < column
    )
    if end.column != column:
        message = (
            f"the closing fence is indented by {end.column}, the opening one by {column}; give"
            " both the same indent"
        )
    elif left := next(inner, 0):
        line = left
        message = (
            f"this line is indented less than its fence ({column}), which ends the code block;"
            " indent it"
        )
    elif column and not page.config.has("pymdownx.superfences"):
        line = fence.line
        message = (
            "an indented fence needs pymdownx.superfences; enable it, or start the fence at"
            " column 1"
        )
    else:
        return None
    return page.problem(line, message, code="C04")
