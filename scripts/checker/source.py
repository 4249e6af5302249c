"""The source of a page as text: front matter, fences, code spans, and where something stands."""

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


# the front matter


_META = re.compile(r"(?:[A-Za-z0-9_-]+:[^\n]*\n)+(?:[ ]{4,}[^\n]*\n)*(?=\s*\n)")
# As MkDocs reads it.
FRONT = re.compile(r"\ufeff?-{3}[ \t]*\r?\n(.*?\r?\n)(?:\.{3}|-{3})[ \t]*(?:\r?\n|$)", re.DOTALL)


def front_lines(text: str) -> int:
    """How many lines MkDocs takes from the head of a page as its metadata."""
    found = FRONT.match(text)
    if found:
        import yaml

        try:
            data = yaml.load(found[1], Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        except Exception:
            return found[0].count("\n")
        return found[0].count("\n") if isinstance(data, dict) or data is None else 0
    if text.startswith("---"):
        return 0
    meta = _META.match(text)
    return meta[0].count("\n") if meta and not text.startswith(("http:", "https:")) else 0


# single lines


_SPAN = re.compile(r"(?<![\\`])(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_COMMENT = re.compile(r"<!--.*?-->")


def clean_line(line: str) -> str:
    """The line with code spans and comments replaced by signs of the same length."""
    if "`" in line:
        line = _SPAN.sub(lambda m: "\ue000" * len(m[0]), line)
    if "<!--" in line:
        line = _COMMENT.sub(lambda m: "\ue000" * len(m[0]), line)
    return line


def unquoted(line: str) -> str:
    """The line without the signs of the quotations in which it stands."""
    return re.sub(r"^(?:[ \t]*>[ ]?)+", "", line) if ">" in line else line


def in_code_span(line: str, column: int) -> bool:
    """Whether a place in a line lies inside a code span."""
    return any(found.start() <= column < found.end() for found in _SPAN.finditer(line))


def indent(line: str) -> int:
    """The width of the blanks at the head of a line; a tab counts up to the next fourth column."""
    width = 0
    for sign in line:
        if sign == " ":
            width += 1
        elif sign == "\t":
            width += 4 - width % 4
        else:
            break
    return width
