"""Code in a line that names its language, `#!python range(3)`, has the colours of that language.

pymdownx.inlinehilite hides the text of every piece of code, so that whoever measures a table or names a term
by its text reads a mark instead. Here it gets the pieces that name a language, and no others.
"""

from __future__ import annotations

import re
from typing import Any
from xml.etree.ElementTree import Element

from markdown import Extension, Markdown
from markdown.inlinepatterns import BACKTICK_RE, BacktickInlineProcessor

LANGUAGE = re.compile(r"#![\w#.+-]+[ ]+\S")


class _Code(BacktickInlineProcessor):
    """Python-Markdown's own, but for code that names its language."""

    def __init__(self, coloured: Any) -> None:
        super().__init__(BACKTICK_RE)
        self.coloured = coloured

    def handleMatch(  # type: ignore[override]
        self, m: re.Match[str], data: str
    ) -> tuple[Element | str | None, int | None, int | None]:
        found = super().handleMatch(m, data)
        if isinstance(found[0], Element) and LANGUAGE.match(found[0].text or ""):
            found = self.coloured.handleMatch(m, data)
        return found


class InlineCodeExtension(Extension):
    """Colours for code in a line."""

    def extendMarkdown(self, md: Markdown) -> None:
        md.registerExtensions(["pymdownx.inlinehilite"], {})
        md.inlinePatterns.register(_Code(md.inlinePatterns["backtick"]), "backtick", 190)


def makeExtension(**kwargs: object) -> InlineCodeExtension:
    """For Python-Markdown."""
    return InlineCodeExtension(**kwargs)
