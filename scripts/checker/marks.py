"""Put an invisible mark with its line number into every source line, so that the rendered page can be read back.

A mark is one character from a private plane of Unicode, or, where no text may stand, a class name or an attribute.
It is placed where no Markdown parser gives it a meaning: the marked page renders exactly as the unmarked one.
`tests/checker/rules/test_marks.py` holds this as a property.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

BASE = 0xF0000
LIMIT = 0x1FFF0
WORD = "zqline"

# What stands in the text of a block for code, an escaped sign, raw HTML and an image.
CODE = "\ue000"
ESCAPED = "\ue001"
RAW = "\ue002"
OBJECT = "\ue003"

MARK = re.compile("[\U000f0000-\U0010fffd]")
ANY_MARK = re.compile(f'[\U000f0000-\U0010fffd]| {WORD}="\\d+"| {WORD}\\d+')

_SIGN = r"(?:[-*+]|\d+[.)])[ \t]+"
_PREFIX = re.compile(
    rf"(?:[ \t]*>)*[ \t]*(?:{_SIGN}(?:\[[ xX]\][ \t]+)?)*(?:#{{1,6}}[ \t]*|:[ \t]+(?:{_SIGN})*)?"
)
_STRUCTURAL = re.compile(
    r"(?:`{3,}|~{3,})|[-=*_ \t]+$|[|:\-+="
    r" \t]+$|\{|\[(?!\^)[^\]]*\]:|\*\[[^\]]*\][ ]?:|;*-+8<-+|:{2,}|\$\$|\\\[|\\begin|%%"
)
_ADMONITION = re.compile(r'(!!! ?[\w-]+(?: +[\w-]+)*)((?: +".*?")?[ \t]*)$')
_DETAILS = re.compile(r'(\?{3}\+? ?)((?:[\w-]+(?: +[\w-]+)*?)?)((?: +".*?")?[ \t]*)$')
_TAB = re.compile(r'(={3}(?:\+|\+!|!\+|!)?[ \t]+".*)("[ \t]*)$')
_BLOCK = re.compile(r"(/{3,}[ \t]*[\w-]+[ \t]*\|[ \t]*)(?=\S)")
_TAG = re.compile(r"<[a-zA-Z][\w-]*(?=[\s>/]|$)")
_RUN = re.compile(r"(?:\*+|_+|~+|=+|\^+)(?=\S)")
_OPEN_TAG = re.compile(r"<[a-zA-Z][^<>]*$")
_LABEL = re.compile(r"(?:\[\^[^\]]+\]:[ \t]*|[A-Za-z]\w*:[ \t]+)(?=\S)")
_LINK = re.compile(r"(?:\[!\[|!\[|\[)(?=[^\]^!][^\]]*\][(\[])")


def character(line: int) -> str:
    """The mark of a line (counted from 1)."""
    return chr(BASE + line % LIMIT)


def number(mark: str) -> int:
    """The line that a mark stands for."""
    return ord(mark) - BASE


def strip(text: str | None) -> str:
    """The text without its marks."""
    return ANY_MARK.sub("", str(text)) if text else ""


# Signs of this package and of Python-Markdown for what stands elsewhere; no reader has seen one.
_INNER = re.compile(
    "[\ue000-\ue003\ue1e1-\ue1e5]+|\x02[^\x02\x03]*\x03?|\x03|(?:wzxhzdk|klzzwxh):\\d+"
)


def shown(text: str) -> str:
    """A text without marks, as it can be shown to an author."""
    return _INNER.sub("…", strip(text)) if _INNER.search(text) or ANY_MARK.search(text) else text


def lines_in(text: str) -> list[int]:
    """The lines whose marks stand in a text, of whatever form."""
    return [
        number(found[0]) if len(found[0]) == 1 else int(re.sub(r"\D", "", found[0]))
        for found in ANY_MARK.finditer(text)
    ]


def _mark_opener(rest: str, line: int) -> str | None:
    """An opener of a box, marked by a class or inside its title; None if it is none."""
    found = _ADMONITION.match(rest)
    if found:
        return f"{found[1]} {WORD}{line}{found[2]}"
    found = _DETAILS.match(rest)
    if found and (found[2] or found[3].strip()):
        gap = " " if found[2] else ""
        return f"{found[1]}{found[2]}{gap}{WORD}{line}{found[3]}"
    found = _TAB.match(rest)
    if found:
        return found[1] + character(line) + found[2]
    if rest.startswith(("!!!", "???")) or (rest.startswith("===") and rest.strip("= \t")):
        return rest.rstrip() + character(line)
    if rest.startswith("///"):
        found = _BLOCK.match(rest)
        return found[0] + character(line) + rest[found.end() :] if found else rest
    return None


def _mark_rest(rest: str, line: int, before: str) -> str:
    """What follows the list, quote and heading signs of a line, marked."""
    opener = _mark_opener(rest, line)
    if opener is not None:
        return opener
    if _STRUCTURAL.match(rest) or re.fullmatch(r"\[\^[^\]]+\]:[ \t]*", rest):
        return rest
    mark = character(line)
    if rest[0] == "<":
        tag = _TAG.match(rest)
        if tag:
            return f'{tag[0]} {WORD}="{line}"{rest[tag.end() :]}'
        if rest.startswith("<!--"):
            return f"<!--{mark}{rest[4:]}" if rest[4:5] not in ("", "-", ">") else rest
        return rest if rest[1:2] in "/!?" else mark + rest
    if rest[0] == "|":
        cell = len(rest) - len(rest[1:].lstrip(" \t"))
        return f"{rest[:cell]}{mark}{rest[cell:]}"
    label = _LABEL.match(rest) or _LINK.match(rest)
    if label:
        return label[0] + mark + rest[label.end() :]
    if rest[0] in "[(" and before.rstrip().endswith("]"):
        return rest
    if before.rfind("[") > before.rfind("]") and re.search(r"\](?!\()", rest):
        return rest
    run = _RUN.match(rest)
    if run:
        return run[0] + mark + rest[run.end() :]
    return mark + rest


def mark_line(text: str, line: int, before: str = "") -> str:
    """One line with its mark, if there is a place for it."""
    prefix = _PREFIX.match(text)
    end = prefix.end() if prefix else 0
    rest = text[end:]
    if not rest.strip():
        return text
    if rest.startswith(":::") and "#" in text[:end]:  # a heading that another tool fills
        return text + character(line)
    return text[:end] + _mark_rest(rest, line, before)


def _mathematics_end(lines: Sequence[str], start: int) -> int:
    """The index of the line that closes a display formula opened at `start`, or `start`."""
    if lines[start].count("$$") > 1:
        return start
    for index in range(start + 1, min(start + 80, len(lines))):
        if "$$" in lines[index]:
            return index
        if lines[index].startswith("#") or lines[index].lstrip().startswith(("```", "~~~")):
            break
    return start


def mark(lines: Sequence[str]) -> list[str]:
    """All lines of a page with their marks."""
    marked: list[str] = []
    resume = 0
    for index, text in enumerate(lines):
        stripped = text.lstrip(" \t>")
        if index < resume:
            marked.append(text)
            continue
        if stripped.startswith("$$"):
            resume = _mathematics_end(lines, index) + 1
            marked.append(text)
            continue
        before = lines[index - 1] if index else ""
        marked.append(mark_line(text, index + 1, before))
        if "<" in text and _OPEN_TAG.search(text):
            resume = _tag_end(lines, index)
    return marked


def _tag_end(lines: Sequence[str], start: int) -> int:
    """The index after the line that closes an HTML tag left open at the end of a line."""
    for index in range(start + 1, min(start + 30, len(lines))):
        if not lines[index].strip():
            break
        if ">" in lines[index]:
            return index + 1
    return start + 1


def origins(lines: Sequence[str]) -> list[int]:
    """The source line of every line that a preprocessor sees."""
    origins: list[int] = []
    last, run = 0, 0
    for text in lines:
        found = MARK.search(text)
        line = number(found[0]) if found else 0
        if not line:
            other = re.search(rf'{WORD}="?(\d+)', text)
            line = int(other[1]) if other else 0
        if line:
            missing = line - last - 1
            if run and missing > 0 and run >= missing:
                for back in range(1, missing + 1):
                    origins[-back] = line - back
            last, run = line, 0
            origins.append(line)
        else:
            run += 1
            origins.append(last + run)
    return origins
