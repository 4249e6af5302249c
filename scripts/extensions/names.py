"""Names for what is written as a sign: a screen reader says "Link to section Idea", not "number sign".

Marks of sources are named "Source 1", those of other footnotes "Note 1", the ways back from them by where
they lead, a header cell that holds nothing but a formula by the letters of the formula, and the box of a
task by what it says when it is ticked.
"""

from __future__ import annotations

import html
from copy import copy
from xml.etree.ElementTree import Element

from markdown import Extension, Markdown
from markdown.extensions.toc import remove_fnrefs, render_inner_html, strip_tags
from markdown.treeprocessors import Treeprocessor

from scripts.extensions.builder import of

HEADINGS = {f"h{level}" for level in range(1, 7)}
BOX = '<input type="checkbox" disabled'  # as pymdownx.tasklist writes it


class _Names(Treeprocessor):
    """Names links and header cells, when their texts are final."""

    def run(self, root: Element) -> None:
        of(self.md)
        for element in root.iter():
            if element.tag in HEADINGS:
                self._heading(element)
            elif element.tag == "a" and element.get("class") == "footnote-backref":
                element.set("aria-label", element.attrib.pop("title", "Back to the text"))
            elif element.tag == "table":
                self._table(element)
        stash = self.md.htmlStash.rawHtmlBlocks
        for index, raw in enumerate(stash):
            if isinstance(raw, str) and raw.startswith(BOX):
                stash[index] = raw.replace(BOX, f'{BOX} aria-label="Done"', 1)

    def _heading(self, heading: Element) -> None:
        links = [link for link in heading if link.get("class") == "headerlink"]
        if not links:
            return
        bare = copy(heading)
        for link in links:
            bare.remove(link)
        name = self._text(bare)
        for link in links:
            link.attrib.pop("title", None)
            link.set("aria-label", f"Link to section {name}")

    def _text(self, element: Element) -> str:
        """What a reader sees of an element, formulas as their letters."""
        return html.unescape(strip_tags(render_inner_html(remove_fnrefs(element), self.md)))

    def _table(self, table: Element) -> None:
        for cell in table.iter("th"):
            text = "".join(cell.itertext()).strip()
            if text.startswith("\x02") and text.endswith("\x03") and text.count("\x02") == 1:
                cell.set("aria-label", self._text(cell))


class NamesExtension(Extension):
    """Names for signs."""

    def extendMarkdown(self, md: Markdown) -> None:
        of(md)
        # After the contents and the links to sections (5), before attributes get their formulas (3).
        md.treeprocessors.register(_Names(md), "names", 4)


def makeExtension(**kwargs: object) -> NamesExtension:
    """For Python-Markdown."""
    return NamesExtension(**kwargs)
