"""Tables: a paragraph `Table: caption {#tab-name}` directly after a table becomes its numbered caption.

Header cells get their scope. Each table stands in a box of its own that scrolls sideways when it must;
one that is too wide for a phone can be reached with the keyboard.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree.ElementTree import Element

from markdown import Extension, Markdown
from markdown.treeprocessors import Treeprocessor

from scripts.checker.page import Page
from scripts.extensions.builder import of, parents, sub

CAPTION = re.compile(
    r"Table:[ ]+(?P<text>.*?)(?:[ \n]*\{:?[ ]*#(?P<id>[\w-]+)[ ]*\})?[ ]*", re.DOTALL
)
SIDES = {
    "text-align: left;": "",
    "text-align: right;": "to-right",
    "text-align: center;": "to-middle",
}
WIDE = 36  # characters that fit side by side on a phone
CELL = 14  # a cell is broken into lines before it gets wider than this


def lost_caption(page: Page, text: str) -> None:
    """The caption of a table does not stand directly after it.

    Bad:
        | a | b |
        | --- | --- |
        | 1 | 2 |

        A paragraph.

        Table: What it shows {#tab-x}
    Good:
        | a | b |
        | --- | --- |
        | 1 | 2 |

        Table: What it shows {#tab-x}
    Why: A caption without its table is printed as a paragraph, and the table has no number.
    """
    at = page.find(text.split("\n")[0])
    page.report("Y01", "no table stands directly above this caption; move it below its table", at)


RULES: dict[str, Callable[..., object]] = {"Y01": lost_caption}


class _Captions(Treeprocessor):
    """Moves captions into their tables, before the text is read."""

    def run(self, root: Element) -> None:
        page = of(self.md)
        used: set[Element] = set()
        if not any((p.text or "").startswith("Table:") for p in root.iter("p")):
            return
        for parent, _, child in list(parents(root)):
            if child.tag != "p" or not (child.text or "").startswith("Table:"):
                continue
            match = CAPTION.fullmatch(child.text or "")
            siblings = list(parent)
            position = siblings.index(child)
            table = siblings[position - 1] if position else None
            if table is None or table.tag != "table" or match is None or table in used:
                lost_caption(page, child.text or "")
                continue
            used.add(table)
            caption = Element("caption")
            number = sub(caption, "span", class_="table-number", data_label="table")
            number.tail = f" {match['text']}"
            table.insert(0, caption)
            table.set("data-number", "table")
            if match["id"]:
                table.set("id", match["id"])
            parent.remove(child)


class _Boxes(Treeprocessor):
    """Wraps each table and gives its header cells their scope."""

    def run(self, root: Element) -> None:
        page = of(self.md)
        count = 0
        if next(root.iter("table"), None) is None:
            return
        for parent, _, table in list(parents(root)):
            if table.tag != "table":
                continue
            count += 1
            self._sides(table)
            self._heads(table)
            position = list(parent).index(table)
            box = Element("div", {"class": "table-box"})
            box.tail, table.tail = table.tail, None
            parent[position] = box
            box.append(table)
            if width(table) > WIDE:
                self._region(page, box, table, count)

    @staticmethod
    def _sides(table: Element) -> None:
        """The side of a column is a class: the site's policy allows no styles in a page."""
        for cell in table.iter():
            side = SIDES.get(cell.get("style", "")) if cell.tag in ("td", "th") else None
            if side is not None:
                del cell.attrib["style"]
                if side:
                    cell.set("class", f"{cell.get('class', '')} {side}".strip())

    @staticmethod
    def _heads(table: Element) -> None:
        for head in table.iter("thead"):
            for cell in head.iter("th"):
                if len(cell) or (cell.text or "").strip():
                    cell.set("scope", "col")
                else:
                    cell.tag = "td"
                    if cell is head.find("tr/*"):
                        _Boxes._row_heads(table)

    @staticmethod
    def _row_heads(table: Element) -> None:
        """Where the first head is empty, the first column holds the heads of the rows."""
        for row in table.iterfind("tbody/tr"):
            cell = row[0]
            if len(cell) or (cell.text or "").strip():
                cell.tag = "th"
                cell.set("scope", "row")

    @staticmethod
    def _region(page: Page, box: Element, table: Element, count: int) -> None:
        box.set("role", "region")
        box.set("tabindex", "0")
        caption = table.find("caption")
        if caption is None:
            box.set("aria-label", f"Table {count}")
            return
        name = caption.get("id") or f"{table.get('id') or f'table-{count}'}-caption"
        caption.set("id", name)
        box.set("aria-labelledby", name)


def width(table: Element) -> int:
    """About how many characters wide a table gets when all that can be broken into lines is."""
    columns: dict[int, int] = {}
    for row in table.iter("tr"):
        for index, cell in enumerate(row):
            text = " ".join("".join(cell.itertext()).split())
            longest = max((len(word) for word in text.split()), default=0)
            columns[index] = max(columns.get(index, 0), longest, min(len(text), CELL))
    return sum(columns.values()) + 2 * len(columns)


class TablesExtension(Extension):
    """Captions, scopes and boxes for tables."""

    def extendMarkdown(self, md: Markdown) -> None:
        of(md)
        md.treeprocessors.register(_Captions(md), "tables-captions", 40)
        md.treeprocessors.register(_Boxes(md), "tables-boxes", 12)


def makeExtension(**kwargs: object) -> TablesExtension:
    """For Python-Markdown."""
    return TablesExtension(**kwargs)
