"""How long a page is: minutes to read it, displayed equations, and where its demo is.

The numbers stand on the title, `<h1 data-minutes="25" data-first="8" data-equations="22" data-demo="demo">`; the
template of the page writes them into its head. `data-first` counts the first depth alone, of pages that have two.
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
SECOND = {"objective", "definition"}
"""The anchors of the headings with which a second depth begins; a test compares them with the kinds of page."""
UNREAD = {"pre", "code", "script", "style", "svg", "math", "template"}


def prose(element: Element) -> Iterator[str]:
    """The texts of an element that are read as sentences: no code, no formula, no list of sources."""
    classes = (element.get("class") or "").split()
    if element.tag in UNREAD or {"equation", "footnote", "excerpt"} & set(classes):
        return
    yield element.text or ""
    for child in element:
        yield from prose(child)
        yield child.tail or ""


def before(root: Element) -> list[Element]:
    """The parts of a page above its second depth; none if it has but one."""
    parts = list(root)
    for place, part in enumerate(parts):
        if part.tag == "h2" and part.get("id") in SECOND:
            return parts[:place]
    return []


def minutes(words: int, equations: int) -> int:
    """How long a reader takes, at least a minute."""
    return max(1, round(words / WORDS + equations * SECONDS / 60))


def count(parts: list[Element]) -> int:
    """The words of the sentences in some parts of a page."""
    return sum(len(WORD.findall(text)) for part in parts for text in prose(part))


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
                demo = element.get("id") or section
        title.set("data-minutes", str(minutes(count([root]), equations)))
        first = before(root)
        if first:
            shown = sum("equation" in (part.get("class") or "").split() for part in first)
            title.set("data-first", str(minutes(count(first), shown)))
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
