"""Rule C03: what stands behind the signs that open a block of code."""

from __future__ import annotations

import re
from difflib import get_close_matches

from scripts.checker import fence as fences
from scripts.checker.fence import Fence
from scripts.checker.page import Page
from scripts.checker.problem import Problem

_OPTIONS = ("title", "hl_lines", "linenums", "title_mode")
_WORDS = re.compile(r"\w+(?:\s+\w+)*")
_FAR = 300


def option(page: Page, fence: Fence) -> Problem | None:
    """The header of a code block has an option that cannot be read.

    Bad:
        ```python titel="a.py"
        x = 1
        ```
    Good:
        ```python title="a.py"
        x = 1
        ```
    Why: The whole block becomes a line of inline code.
    """
    if not fence.info:
        return None
    message = (
        _quotes(fence.info)
        or _names(fence.info)
        or _values(fence.info)
        or (_rest(page, fence) if page.config.has("pymdownx.superfences") else _brace(fence.info))
    )
    return page.problem(fence.line, message, code="C03") if message else None


def _quotes(info: str) -> str:
    if re.search(r"[“”„]", info):
        return 'curly quotes in the options stop the code block; write straight ones: "…"'
    if info.count('"') % 2:
        return "a quote in the options is not closed, so the code block is not read; add '\"'"
    return ""


def _names(info: str) -> str:
    for key in re.findall(r"([A-Za-z_]\w*)\s*=", re.sub(r'"[^"]*"', '""', info)):
        near = get_close_matches(key, _OPTIONS, 1, 0.6)
        if key not in _OPTIONS and near and "{" not in info:
            return f"no option '{key}', so the code block is not read; use '{near[0]}'"
    return ""


def _values(info: str) -> str:
    if re.search(r"(?:hl_lines|linenums|title)\s*=\s*[^\"'\s]", info) or re.search(
        r"(?:hl_lines|linenums|title)\s+=|(?:hl_lines|linenums|title)=\s", info
    ):
        return 'the value of an option needs straight double quotes: hl_lines="1 2"'
    lines = re.search(r'hl_lines="([^"]*)"', info)
    if lines and not re.fullmatch(r"\d+(?:-\d+)?(?:[ \t]+\d+(?:-\d+)?)*", lines[1]):
        return (
            f'hl_lines="{lines[1]}" is not read; write numbers and ranges with blanks between:'
            ' hl_lines="1 3-5"'
        )
    first = re.search(r'linenums="([^"]*)"', info)
    if first and not re.match(r"\d+", first[1]):
        return f'linenums="{first[1]}" is not read; write a number: linenums="1"'
    return ""


def _rest(page: Page, fence: Fence) -> str:
    """What is wrong with what is neither the language nor an option."""
    options = re.sub(r'[A-Za-z_]\w*="[^"]*"', "", fence.info).strip()
    rest = re.sub(r"^[\w#.+-]+", "", options).strip()
    words = _WORDS.fullmatch(rest)
    if rest and not rest.startswith("{") and not words:
        return f"'{rest[:30]}' in the header stops the code block; write options as key=\"value\""
    if message := _brace(fence.info):
        return message
    if words and _is_closed(page, fence):
        return (
            f"'{rest[:30]}' is no option, so the code block is not read; write the language and"
            ' key="value"'
        )
    return ""


def _brace(info: str) -> str:
    if re.search(r"\{[^}]*$", info):
        return "a brace in the options is not closed, so the code block is not read; add '}'"
    return ""


def _is_closed(page: Page, fence: Fence) -> bool:
    """Whether the next fence of the same kind closes it."""
    for line in range(fence.line + 1, min(fence.line + _FAR, len(page.body)) + 1):
        other = fences.read(page.line(line), line)
        if other is not None and other.same_sign(fence) and other.as_long(fence):
            return not other.info
    return False
