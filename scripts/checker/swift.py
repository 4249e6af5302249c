"""What Python-Markdown does in quadratic time, done in linear time with the same result.

It reads on from every `[` to the matching `]`, sign by sign; where thousands of them stay open, a page takes minutes.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any
from xml.etree.ElementTree import Element

from markdown.inlinepatterns import LinkInlineProcessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

_BRACKET = re.compile(r"[\[\]]")
_NEAR = 24
DENSEST = 1_500


@lru_cache(maxsize=4)
def _partners(data: str) -> dict[int, int]:
    """The place of the `]` that closes each `[`."""
    found: dict[int, int] = {}
    stack: list[int] = []
    for match in _BRACKET.finditer(data):
        if match[0] == "[":
            stack.append(match.start())
        elif stack:
            found[stack.pop()] = match.start()
    return found


def bracketed(data: str, index: int) -> tuple[str, int, bool]:
    """The text from here to the `]` that closes it, where to go on, and whether there is one."""
    depth, position = 1, index
    for _ in range(_NEAR):
        found = _BRACKET.search(data, position)
        if found is None:
            return data[index:], len(data), False
        depth += 1 if found[0] == "[" else -1
        position = found.end()
        if depth == 0:
            return data[index : position - 1], position, True
    if index < 1 or data[index - 1] != "[":
        return LinkInlineProcessor.getText(_ANY, data, index)
    end = _partners(data).get(index - 1)
    return (data[index:], len(data), False) if end is None else (data[index:end], end + 1, True)


_ANY: Any = None  # the method looks at nothing but its arguments


def install(md: Any) -> None:
    """Let the links and images of a Markdown instance be read in linear time."""
    for pattern in md.inlinePatterns:
        kind = type(pattern)
        if not isinstance(pattern, LinkInlineProcessor):
            continue
        swift: Any = pattern
        if kind.getText is LinkInlineProcessor.getText:
            swift.getText = bracketed
        if kind.getLink is LinkInlineProcessor.getLink:
            swift.getLink = _linked(pattern.getLink)


def _linked(original: Any) -> Any:
    def linked(data: str, index: int) -> Any:
        # Without a quotation mark, in which brackets count otherwise, only a `)` ends an address.
        if all(data.find(sign, index) < 0 for sign in ")'\""):
            return "", None, index, False
        return original(data, index)

    return linked


class Dense(Treeprocessor):
    """Leaves a paragraph as it is that has more open marks than can be paired in reasonable time."""

    def __init__(self, md: Any) -> None:
        super().__init__(md)
        self.most = 0

    def run(self, root: Element) -> None:
        """Look at every text before its marks are read."""
        for element in root.iter():
            text = element.text
            if text and len(text) > DENSEST and not isinstance(text, AtomicString):
                count = max(_runs(text), text.count("](") - text.count(")"))
                if count > DENSEST:
                    self.most = max(self.most, count)
                    element.text = AtomicString(text)


_OPENERS = re.compile(r"(\*+|_+|\^+|~+|={2,}|\+{2,})(?=[^\s*_^~=+])")


def _runs(text: str) -> int:
    """How many runs of signs of emphasis may open something, of the sign with the most."""
    counts: dict[str, int] = {}
    for found in _OPENERS.finditer(text):
        counts[found[1][0]] = counts.get(found[1][0], 0) + 1
    return max(counts.values(), default=0)
