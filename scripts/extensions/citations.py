"""Citations: `[^key]` with a key of docs/references/bibliography.bib, and nothing else.

    The encoder and the decoder are trained together[^kingma2014auto].

The build writes the footnote, numbers it in the order of first use, and puts the heading *References*
above the list. Plain footnotes (`[^note]` and `[^note]: text`) work beside it.
`/// bibliography` on a page of its own prints all entries, with links to the pages that cite them. Where
`bibliography-a-f.md` stands beside it, that page prints the entries whose keys begin with these letters, and the
page of all leads to each entry by its key.
"""

from __future__ import annotations

import contextlib
import difflib
import re
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from markdown import Extension, Markdown
from markdown.blockparser import BlockParser
from markdown.blockprocessors import BlockProcessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

from scripts.checker import files
from scripts.checker.page import Page
from scripts.checker.problem import Place, Problem
from scripts.extensions import all_pages, bibliography, bibtex, mathematics, mathml
from scripts.extensions.bibliography import Entry
from scripts.extensions.builder import of, parents, sub
from scripts.extensions.letters import SHORT, letters

PAGE = "references/bibliography.md"
PARTED = re.compile(r"references/bibliography-(?P<first>[a-z])-(?P<last>[a-z])\.md")
REFERENCE = re.compile(r"(?<![!\\])\[\^([^\]\s]+)\]")
DEFINITION = re.compile(r"^[ ]{0,3}\[\^([^\]\s]+)\]:", re.MULTILINE)
MARK = "\x02citation\x03"
FATAL = ("K02", "K03")  # faults with which no entry can be read
UNREAD = "The bibliography cannot be read."
AUTHORS = 5  # authors printed; more are shortened to three


def set_entry(page: Page, parent: Element, entry: Entry) -> Element:
    """Append an entry to an element: authors, year, linked title, venue. Returns the last element."""
    who = entry.names(AUTHORS)
    lead = f"{who} ({entry.year}). " if who else f"({entry.year}). "
    if len(parent):
        parent[-1].tail = AtomicString((parent[-1].tail or "") + lead)
    else:
        parent.text = AtomicString((parent.text or "") + lead)
    tag = {"href": entry.link} if entry.link else {}
    title = sub(parent, "a" if entry.link else "cite", **tag)
    title.text = _title(page, entry.title)
    title.tail = AtomicString(". ")
    if entry.venue:
        last = sub(parent, "cite")
        last.text = AtomicString(entry.venue)
        last.tail = AtomicString((f" {entry.detail}" if entry.detail else "") + ". ")
        title = last
    elif entry.detail:
        title.tail = AtomicString(f". {entry.detail}. ")
    if entry.note:
        title.tail = AtomicString(f"{title.tail}{entry.note.rstrip('.')}. ")
    return title


def _title(page: Page, title: str) -> AtomicString:
    """A title, its mathematics rendered."""
    parts = bibliography.MATHEMATICS.split(title)
    for index in range(1, len(parts), 2):
        with contextlib.suppress(mathml.TexError):
            parts[index] = _formula(page, parts[index][1:-1])
    return AtomicString("".join(parts))


def _formula(page: Page, tex: str) -> str:
    return mathematics.store(page, mathml.render(tex), tex)


def _keys(page: Page) -> Collection[str] | None:
    """The keys of the bibliography; the check needs no more, and reading all entries takes long."""
    if not page.marked:
        return _entries(page)
    path = page.docs / bibliography.FILE
    page.reads(path)
    _tell(page, path)
    faults = bibliography.faults(path)
    if any(code in FATAL for *_, code, _ in faults):
        return None
    return bibliography.keys(path)


def _tell(page: Page, path: Path) -> None:
    """Say what is wrong with the bibliography."""
    for line, column, code, text in bibliography.faults(path):
        problem = Problem(code, Place(bibliography.FILE, line, column), text)
        page.report_at(problem, shared=code in FATAL)


def _entries(page: Page) -> dict[str, Entry] | None:
    """The bibliography; None if it cannot be read, which is told of its file and of nothing else."""
    path = page.docs / bibliography.FILE
    page.reads(path)
    _tell(page, path)
    try:
        return bibliography.load(page.docs)
    except bibliography.Broken as error:
        if not bibliography.faults(path):
            text = f"the bibliography cannot be read ({error}); mend it"
            page.report_at(
                Problem("K02", Place(bibliography.FILE, error.line or 1, 1), text), shared=True
            )
        return None


def _texts(root: Element) -> list[str]:
    """Every text of a page that is not code."""
    found: list[str | None] = []

    def walk(element: Element) -> None:
        if element.tag not in ("pre", "code", "script", "style"):
            found.append(element.text)
            for child in element:
                walk(child)
                found.append(child.tail)

    walk(root)
    return [text for text in found if text and "[^" in text and not isinstance(text, AtomicString)]


def keys(text: str) -> list[str]:
    """The keys that a text refers to, code and mathematics left out."""
    if "[^" not in text:
        return []
    text = mathematics.SCAN.sub(_skip, text)
    return REFERENCE.findall(DEFINITION.sub(" ", text))


def _skip(match: re.Match[str]) -> str:
    return match[0] if match[0].startswith("\\") else " "


class _Define(Treeprocessor):
    """Defines a footnote for each key of the bibliography that the page refers to."""

    def run(self, root: Element) -> None:
        notes = _footnotes(self.md)
        if notes is None:
            return
        page = of(self.md)
        texts = _texts(root)
        texts += [text for text in notes.footnotes.values() if "[^" in text]
        wanted = dict.fromkeys(key for text in texts for key in keys(text))
        missing = [key for key in wanted if key not in notes.footnotes]
        if not missing:
            return
        entries = _keys(page)
        if entries is not None and not entries:
            # Without any entry it is the file that is wrong, not the page.
            text = "the bibliography has no entry, and pages cite some; write the entries"
            page.report_at(Problem("K02", Place(bibliography.FILE, 1, 1), text), shared=True)
            entries = None
        for key in missing:
            if entries is None:
                notes.setFootnote(key, UNREAD)
            elif key in entries:
                notes.setFootnote(key, MARK)
            else:
                unknown_key(page, key, entries)
                if page.marked:  # it is told, and no rule need find the brackets that are printed
                    notes.setFootnote(key, UNREAD)


def unknown_key(page: Page, key: str, entries: Collection[str]) -> None:
    """A citation names a key that the bibliography does not have.

    Bad: a bound[^kingma2014aut]
    Good: a bound[^kingma2014auto], a key of docs/references/bibliography.bib
    Why: The brackets are printed, and the claim has no source.
    """
    near = difflib.get_close_matches(key, entries, 1, 0.75)
    page.report(
        "K01",
        f"'{key}' is neither in {bibliography.FILE} nor a footnote of this page; "
        + (f"write '[^{near[0]}]'" if near else "add the entry to that file"),
        page.find(f"[^{key}]"),
    )


RULES: dict[str, Callable[..., object]] = {"K01": unknown_key, **bibtex.RULES}


def _footnotes(md: Markdown) -> Any:
    """Python-Markdown's footnotes, if that extension is on."""
    if "footnote" not in md.treeprocessors:
        return None
    return getattr(md.treeprocessors["footnote"], "footnotes", None)


class _Number(Treeprocessor):
    """Numbers the footnotes as the reader meets them; Python-Markdown reads tables last."""

    def run(self, root: Element) -> None:
        notes = _footnotes(self.md)
        if notes is None or notes.getConfig("USE_DEFINITION_ORDER"):
            return
        links = [a for a in root.iter("a") if a.get("class") == "footnote-ref"]
        order = dict.fromkeys(_key(a.get("href", "")) for a in links)
        notes.footnote_order[:] = [
            *order,
            *(key for key in notes.footnote_order if key not in order),
        ]
        label = notes.getConfig("SUPERSCRIPT_TEXT")
        for link in links:
            number = notes.footnote_order.index(_key(link.get("href", ""))) + 1
            link.text = label.format(number)
            kind = "Source" if notes.footnotes.get(_key(link.get("href", ""))) == MARK else "Note"
            link.set("aria-label", f"{kind} {number}")


def _key(href: str) -> str:
    """The key of the footnote that an address or an identifier names: `#fn:key`, `fn:key`."""
    return href.partition(":")[2]


class _Behind(Treeprocessor):
    """Sets marks behind the stop that follows them: `word[^key].` is printed `word.¹`."""

    STOP = re.compile(r"[.,;:!?]+(?=\s|$)")

    def run(self, root: Element) -> None:
        for parent in root.iter():
            start = 0  # of the marks in a row
            for index, mark in enumerate(parent):
                if mark.tag != "sup" or not (mark.get("id") or "").startswith("fnref"):
                    start = index + 1
                    continue
                stop = self.STOP.match(mark.tail or "")
                if stop and not isinstance(mark.tail, AtomicString):
                    mark.tail = (mark.tail or "")[stop.end() :]
                    self._append(parent, start, stop[0])
                if mark.tail:
                    start = index + 1

    @staticmethod
    def _append(parent: Element, index: int, stop: str) -> None:
        """Write a stop in front of a child."""
        if index:
            parent[index - 1].tail = (parent[index - 1].tail or "") + stop
        else:
            parent.text = (parent.text or "") + stop


class _Fill(Treeprocessor):
    """Sets the entries in the footnotes that stand for them."""

    def run(self, root: Element) -> None:
        page = of(self.md)
        box = _box(root)
        items = box.find("ol") if box is not None else None
        if items is None:
            return
        entries = {} if page.marked else _entries(page) or {}
        pages = page.ask(parts, page.docs)
        for item in items:
            paragraph = item.find("p")
            if paragraph is None or not (paragraph.text or "").startswith(MARK):
                continue
            back = list(paragraph)
            paragraph[:] = []
            paragraph.text = ""
            paragraph.set("class", "citation")
            if page.marked:
                continue
            entry = entries[_key(item.get("id", ""))]
            last = set_entry(page, paragraph, entry)
            shown = part_of(pages, entry.key)
            if page.has(shown):
                href = page.link(shown, f"ref-{entry.key}")
                last = sub(paragraph, "a", class_="citation-key", href=href)
                last.text = AtomicString(entry.key)
            last.tail = AtomicString((last.tail or "").rstrip() + "\u00a0")
            paragraph.extend(back)


class _Head(Treeprocessor):
    """Drops what nobody refers to after all, and puts the heading above the list."""

    def run(self, root: Element) -> None:
        notes = _footnotes(self.md)
        box = _box(root)
        items = box.find("ol") if box is not None else None
        if notes is None or box is None or items is None:
            return
        for item in list(items):
            paragraph = item.find("p")
            key = _key(item.get("id", ""))
            cited = paragraph is not None and paragraph.get("class") == "citation"
            if cited and key not in notes.footnote_order:
                items.remove(item)
        for rule in box.findall("hr"):
            box.remove(rule)
        at = list(root).index(box) if box in list(root) else -1
        if not len(items):
            if at >= 0:
                root.remove(box)
            return
        if at >= 0:
            cited = any(p.get("class") == "citation" for p in items.iter("p"))
            heading = Element("h2", {"id": "references" if cited else "notes"})
            heading.text = "References" if cited else "Notes"
            root.insert(at, heading)


def _box(root: Element) -> Element | None:
    return next((div for div in root.iter("div") if div.get("class") == "footnote"), None)


def cited(path: Path) -> tuple[str, ...]:
    """The keys that a page cites, each once, by its source."""
    page = files.load(path, all_pages.read)
    own = set(DEFINITION.findall(page.blanked))
    return tuple(dict.fromkeys(key for key in keys(page.blanked) if key not in own))


def cited_on(docs: Path) -> dict[str, list[str]]:
    """The pages that cite each key, by their paths."""
    found: dict[str, list[str]] = {}
    for uri, page in all_pages.pages(docs).items():
        for key in files.load(page.path, cited):
            found.setdefault(key, []).append(uri)
    return found


def parts(docs: Path) -> tuple[str, ...]:
    """The pages that show a part of the bibliography, by its letters."""
    found = (
        path.relative_to(docs).as_posix() for path in docs.glob("references/bibliography-*.md")
    )
    return tuple(sorted(uri for uri in found if PARTED.fullmatch(uri)))


def part_of(pages: Iterable[str], key: str) -> str:
    """The page that shows an entry: the part for the first letter of its key, or the page of all."""
    for uri in pages:
        found = PARTED.fullmatch(uri)
        if found and found["first"] <= key[:1].lower() <= found["last"]:
            return uri
    return PAGE


class _Bibliography(BlockProcessor):
    """The whole bibliography, or a part of it, as a block."""

    PATTERN = re.compile(r"/// bibliography[ ]*(?:\n[ ]*)*///[ ]*")

    def __init__(self, parser: BlockParser, md: Markdown) -> None:
        super().__init__(parser)
        self.md = md

    def test(self, parent: Element, block: str) -> bool:
        return bool(self.PATTERN.fullmatch(block.strip("\n")))

    def run(self, parent: Element, blocks: list[str]) -> bool:
        blocks.pop(0)
        sub(parent, "ul", class_="bibliography")
        return True


class _List(Treeprocessor):
    """Fills the block, after the text of the page has been read: what is set here is final."""

    def run(self, root: Element) -> None:
        page = of(self.md)
        for parent, index, items in parents(root):
            if items.tag == "ul" and items.get("class") == "bibliography":
                pages = page.ask(parts, page.docs)
                found = sorted(_keys(page) or (), key=str.lower)
                if pages and page.path == PAGE:
                    items.set("class", "bibliography-keys")
                    self._lead(page, items, found, pages)
                    pages = ()
                else:
                    here = [key for key in found if not pages or part_of(pages, key) == page.path]
                    self._fill(page, items, here)
                if len(found) > SHORT and not page.marked:
                    parent.insert(index, self._letters(page, found, pages))

    @staticmethod
    def _letters(page: Page, found: list[str], pages: tuple[str, ...]) -> Element:
        """The letters; those of another part lead there."""

        def href(key: str) -> str:
            shown = part_of(pages, key)
            here = not pages or shown == page.path
            return f"#ref-{key}" if here else page.link(shown, f"ref-{key}")

        return letters((key, href(key)) for key in found)

    @staticmethod
    def _lead(page: Page, items: Element, found: list[str], pages: tuple[str, ...]) -> None:
        """Write the keys, each leading to its entry; what was an address of an entry stays an anchor."""
        for key in found:
            item = sub(items, "li", id=f"ref-{key}")
            sub(item, "a", key, href=page.link(part_of(pages, key), f"ref-{key}"))

    @staticmethod
    def _fill(page: Page, items: Element, here: list[str]) -> None:
        """Write the entries."""
        if page.marked:
            for key in here:
                sub(items, "li", id=f"ref-{key}")
            return
        entries = _entries(page) or {}
        places = page.ask(cited_on, page.docs)
        titles = page.ask(all_pages.titles, page.docs)
        for key in here:
            item = sub(items, "li", id=f"ref-{key}")
            set_entry(page, item, entries[key])
            sub(item, "code").text = AtomicString(key)
            uris = places.get(key, [])
            if uris:
                line = sub(item, "div", "Cited on ")
                for uri in uris:
                    link = sub(line, "a", href=page.link(uri))
                    link.text = AtomicString(titles[uri])
                    link.tail = ", " if uri != uris[-1] else "."


class CitationsExtension(Extension):
    """Citations and the bibliography."""

    def extendMarkdown(self, md: Markdown) -> None:
        of(md)
        md.parser.blockprocessors.register(_Bibliography(md.parser, md), "bibliography", 78)
        md.treeprocessors.register(_Define(md), "citations-define", 60)
        md.treeprocessors.register(_Number(md), "citations-number", 19.5)
        md.treeprocessors.register(_Behind(md), "citations-behind", 19.2)
        md.treeprocessors.register(_Fill(md), "citations-fill", 18)
        md.treeprocessors.register(_List(md), "bibliography-list", 18)
        md.treeprocessors.register(_Head(md), "citations-head", 14)


def makeExtension(**kwargs: object) -> CitationsExtension:
    """For Python-Markdown."""
    return CitationsExtension(**kwargs)
