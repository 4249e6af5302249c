"""The source of a page as text: which parts of it are code, and where something stands."""

from __future__ import annotations

import re
from functools import lru_cache

FRONT_MATTER = re.compile(r"\A---[ \t]*\n.*?\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
FENCE = re.compile(
    r"^(?P<indent>[ \t>]*)(?:[-*+] +|\d+[.)] +)?(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)$"
)
INLINE = re.compile(
    r"\\[\\`<]"
    r"|(?P<comment><!--.*?(?:-->|\Z))"
    r"|(?P<raw><(?P<tag>pre|code|script|style)\b[^>]*>.*?</(?P=tag)>)"
    r"|(?<!`)(?P<ticks>`+)(?!`)(?P<code>(?:(?!\n[ \t>]*\n).)+?)(?<!`)(?P=ticks)(?!`)",
    re.DOTALL | re.IGNORECASE,
)
LIST = re.compile(r"[ \t>]*(?:[-*+]|\d+[.)]|:|!!!|\?\?\?|===|\[\^)")


def _spaces(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _blank_fences(text: str) -> str:
    lines = text.split("\n")
    fence = ""
    for number, line in enumerate(lines):
        found = FENCE.match(line)
        if fence:
            lines[number] = " " * len(line)
            closes = found and not found["info"].strip() and found["fence"].startswith(fence)
            if closes:
                fence = ""
        elif found and not ("`" in found["fence"] and "`" in found["info"]):
            lines[number] = " " * len(line)
            fence = found["fence"]
    return "\n".join(lines)


def _blank_indented(text: str) -> str:
    """Indented code at the outer level: after a blank line, with no list or box above it."""
    lines = text.split("\n")
    above, blank = "", True
    for number, line in enumerate(lines):
        if not line.strip():
            blank = True
            continue
        if blank and line.startswith(("    ", "\t")) and not LIST.match(above):
            lines[number] = " " * len(line)
            continue
        if not line.startswith((" ", "\t")):
            above = line
        blank = False
    return "\n".join(lines)


def _blank_match(match: re.Match[str]) -> str:
    return _spaces(match[0]) if match["comment"] or match["raw"] or match["code"] else match[0]


@lru_cache(maxsize=16)  # whole pages: asked for many times while one is rendered
def blank(text: str) -> str:
    """The text with front matter, code and comments made spaces: every place keeps its offset."""
    text = FRONT_MATTER.sub(lambda match: _spaces(match[0]), text)
    return INLINE.sub(_blank_match, _blank_indented(_blank_fences(text)))


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column, counted from 1, of an offset."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def find_lines(text: str, wanted: list[str], start: int = 0) -> int:
    """The index of the line where lines stand one after the other, whatever their indentation; or -1."""
    lines = [line.strip(" \t>") for line in text.split("\n")]
    wanted = [line.strip(" \t>") for line in wanted]
    for index in range(start, len(lines) - len(wanted) + 1):
        if lines[index : index + len(wanted)] == wanted:
            return index
    return -1
