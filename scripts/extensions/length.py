"""How long a page is: minutes to read it, displayed equations, and where its demo stands.

The numbers stand on the title, `<h1 data-minutes="25" data-equations="22" data-demo="try-it">`; the template of
the page writes them into its head.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from markdown import Extension, Markdown
from markdown.treeprocessors import Treeprocessor

from scripts.extensions.builder import of

WORDS = 230  # a minute, of an adult who reads prose
SECONDS = 20  # that a displayed equation takes, at a first glance
WORD = re.compile(r"[^\W\d_]{2,}")
UNREAD = {"pre", "code", "script", "style", "svg", "math"}


def prose(element: Element) -> Iterator[str]:
    """The texts of an element that are read as sentences: no code, no formula, no list of sources."""
    classes = (element.get("class") or "").split()
    if element.tag in UNREAD or {"equation", "footnote", "excerpt"} & set(classes):
        return
    yield element.text or ""
    for child in element:
        yield from prose(child)
        yield child.tail or ""


def minutes(words: int, equations: int) -> int:
    """How long a reader takes, at least a minute."""
    return max(1, round(words / WORDS + equations * SECONDS / 60))


class _Length(Treeprocessor):
    """Counts, when the page is complete."""

    def run(self, root: Element) -> None:
        of(self.md)
        title = next(root.iter("h1"), None)
        if title is None:
            return
        equations, demo, section = 0, "", ""
        for element in root.iter():
            classes = (element.get("class") or "").split()
            if element.tag in {"h2", "h3"}:
                section = element.get("id") or section
            if "equation" in classes:
                equations += 1
            if "demo" in classes and element.tag == "div" and not demo:
                demo = section
        words = sum(len(WORD.findall(text)) for text in prose(root))
        title.set("data-minutes", str(minutes(words, equations)))
        if equations:
            title.set("data-equations", str(equations))
        if demo:
            title.set("data-demo", demo)


class LengthExtension(Extension):
    """The length of a page on its title."""

    def extendMarkdown(self, md: Markdown) -> None:
        of(md)
        # After demos have their boxes (4) and headings their names.
        md.treeprocessors.register(_Length(md), "length", 3.5)


def makeExtension(**kwargs: object) -> LengthExtension:
    """For Python-Markdown."""
    return LengthExtension(**kwargs)
