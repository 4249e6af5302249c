"""Straight quotes in the text become the ones that a printer sets; code and mathematics keep theirs.

So does the blank on each side of "±": a line never ends between a number and its spread.

Python-Markdown's own `smarty` looks at one piece of text at a time, and there is nothing before the quote
in `*"word"*` or behind the one in `"GAN"` when *GAN* has become a link: it sets some the wrong way round.
Here a paragraph is read from its beginning to its end, whatever stands in it.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from markdown import Extension, Markdown
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

# What stands in a line of text and does not end it.
INLINE = {
    "a",
    "abbr",
    "b",
    "cite",
    "del",
    "em",
    "i",
    "ins",
    "mark",
    "q",
    "s",
    "small",
    "span",
    "strong",
}
KEPT = {"code", "kbd", "math", "pre", "samp", "script", "style", "svg", "var", "img", "sup", "sub"}
OPENS = re.compile(r"[\s(\[{“‘—–/]$|^$")
YEARS = re.compile(r"\d\ds?\b")  # the '90s
QUOTE = re.compile("[\"']")
SPREAD = re.compile(r"(?<=\d) ± (?=\d)")
UNSEEN = re.compile("[\U000f0000-\U0010ffff]+")  # marks that a check leaves in the text


class _Quotes(Treeprocessor):
    """Reads a page from its beginning to its end."""

    def run(self, root: Element) -> None:
        self.before = ""
        self._element(root)

    def _element(self, element: Element) -> None:
        if element.tag in KEPT:
            self.before = "x"
            return
        line = element.tag in INLINE
        if not line:
            self.before = ""
        element.text = self._text(element.text)
        for child in element:
            self._element(child)
            child.tail = self._text(child.tail)
        if not line:
            self.before = ""

    def _text(self, text: str | None) -> str | None:
        """A piece of text with its quotes right, read behind what stands before it."""
        if not text:
            return text
        if not isinstance(text, AtomicString):
            start = self.before
            text = QUOTE.sub(lambda found: self._quote(start, found), text)
            text = SPREAD.sub("\u00a0±\u00a0", text)
        self.before = UNSEEN.sub("", text)[-1:] or self.before
        return text

    @staticmethod
    def _quote(start: str, found: re.Match[str]) -> str:
        before = UNSEEN.sub("", found.string[: found.start()]) or start
        # Of two quotes side by side the first is not set yet: '"Yes"' opens twice and closes twice.
        opens = bool(OPENS.search(before.rstrip("\"'") if before[-1:] in "\"'" else before))
        if found[0] == '"':
            return "“" if opens else "”"
        return "‘" if opens and not YEARS.match(found.string, found.end()) else "’"


class QuotesExtension(Extension):
    """Typographic quotes."""

    def extendMarkdown(self, md: Markdown) -> None:
        # After the attribute lists, which need theirs straight, and before the glossary.
        md.treeprocessors.register(_Quotes(md), "quotes", 7.5)


def makeExtension(**kwargs: object) -> QuotesExtension:
    """For Python-Markdown."""
    return QuotesExtension(**kwargs)
