"""The glossary: docs/references/glossary.md is the one source of terms and abbreviations.

It is a definition list; an abbreviation stands in parentheses behind its term:

    **Evidence lower bound** (ELBO)
    :   A lower bound of the log-likelihood that a VAE maximises.

Every term gets the id of its words (`#evidence-lower-bound`). On all other pages the first `ELBO` of a
section gets the tooltip "Evidence lower bound", and the first one of the page links to the entry.
Headings, links, code, mathematics and references are left alone. A plural such as `GANs` counts.

A page that owns terms names them in its front matter: `terms: [ELBO, latent variable]`. The entry of such a term
ends with a link to the section of that page that defines it: where the term stands alone in emphasis, as the check
asks of owners, or is the heading.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from xml.etree.ElementTree import Element

import yaml
from markdown import Extension, Markdown
from markdown.extensions.toc import slugify, unique
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

from scripts.checker import files, source
from scripts.checker.page import Page
from scripts.extensions import all_pages
from scripts.extensions.builder import of, parents, sub
from scripts.extensions.letters import SHORT, letters
from scripts.extensions.terms import Term, Terms, alone

PAGE = "references/glossary.md"
TERM = re.compile(
    r"\**(?P<term>[^*\n]+?)\**(?:[ ]+\((?P<short>[^()\s]*[A-Z][^()\s]*[A-Z][^()\s]*)\))?"
)
LEAVE = {"a", "abbr", "code", "pre", "script", "style", "math", "svg", "button", "label", "kbd"}
HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
SECTION = re.compile(r"#{1,6}[ \t]+(?P<text>.+?)[ \t]*(?:\{[^}]*?#(?P<id>[\w-]+)[^}]*\})?[ \t]*$")
EMPHASIS = re.compile(
    r"(?<![\w*])(?P<mark>\*{1,3})(?=[^\s*])(?P<text>.+?)(?<=[^\s*])(?P=mark)(?![\w*])"
)
OURS = re.compile(r"\b(?:footnote|equation|ledger|bibliography|filename)\b")


def slug(term: str) -> str:
    """The id of a term."""
    return re.sub(r"[^a-z0-9]+", "-", term.lower()).strip("-")


def parse(line: str) -> Term | None:
    """The term of a line of the definition list."""
    match = TERM.fullmatch(line.strip())
    if match is None:
        return None
    return Term(match["term"].strip(), match["short"] or "", slug(match["term"]))


def read(path: Path) -> tuple[Term, ...]:
    """All terms of a glossary, in its order."""
    lines = source.blank(files.read(path)).split("\n")
    found: list[Term] = []
    for index, line in enumerate(lines):
        following = next((text for text in lines[index + 1 : index + 4] if text.strip()), "")
        if not line.strip() or line.startswith((" ", ":", "#")) or not following.startswith(":"):
            continue
        if term := parse(line):
            found.append(term)
    return tuple(found)


def every(path: Path) -> tuple[Term, ...]:
    """The terms of a glossary; none if there is no such file."""
    return files.load(path, read) if path.is_file() else ()


def known(path: Path) -> dict[str, Term]:
    """The terms of a glossary that have an abbreviation, by the abbreviation."""
    found: dict[str, Term] = {}
    for term in every(path):
        if term.short:
            found.setdefault(term.short, term)
    return found


@lru_cache(maxsize=16)
def _pattern(shorts: tuple[str, ...]) -> re.Pattern[str]:
    words = "|".join(re.escape(short) for short in sorted(shorts, key=len, reverse=True))
    return re.compile(rf"(?<![\w-])(?P<short>{words})(?P<plural>s?)(?![\w])")


class _Abbreviations(Treeprocessor):
    """Gives abbreviations their tooltips."""

    def run(self, root: Element) -> None:
        page = of(self.md)
        if page.path == PAGE:
            _name_terms(root)
            _name_owners(root, page)
            _name_letters(root)
            return
        # The terms, not the file: who words an explanation anew does not wait for all other pages.
        if terms := page.ask(known, page.docs / PAGE):
            _Walk(page, terms).element(root)


def _name_terms(root: Element) -> None:
    for element in root.iter("dt"):
        term = parse("".join(element.itertext()))
        if term and not element.get("id"):
            element.set("id", term.anchor)


def _name_letters(root: Element) -> None:
    for parent, index, items in parents(root):
        if items.tag == "dl":
            named = [("".join(dt.itertext()), dt.get("id") or "") for dt in items.iter("dt")]
            if len(named) > SHORT:
                parent.insert(
                    index, letters((name, f"#{anchor}") for name, anchor in named if anchor)
                )
            return


def owned(path: Path) -> tuple[str, ...]:
    """The terms that the front matter of a page says it owns, as they are written there."""
    front = source.FRONT.match(files.read(path))
    if front is None or not re.search(r"^terms[ \t]*:", front[1], re.MULTILINE):
        return ()
    try:
        data = yaml.load(front[1], Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, ValueError):
        return ()
    named = data.get("terms") if isinstance(data, dict) else None
    return tuple(str(name) for name in named) if isinstance(named, list) else ()


def places(page: all_pages.Source, terms: Terms) -> dict[str, str]:
    """The anchor of the section of a page that defines each term."""
    found: dict[str, str] = {}
    seen: set[str] = set()
    anchor = ""
    for written, line in zip(page.text.split("\n"), page.blanked.split("\n"), strict=False):
        heading, named = SECTION.match(line), SECTION.match(written)
        if heading and named:
            # Code in a heading is part of its name, and none of the terms.
            plain = re.sub(r"[*_`]", "", named["text"])
            anchor = unique(named["id"] or slugify(plain, "-"), seen)
        pieces = [(heading.start("text"), heading.end("text"))] if heading else []
        pieces += [match.span("text") for match in EMPHASIS.finditer(line)]
        for start, end in pieces:
            for use in terms.uses(line[start:end]):
                if alone(line[start:end], use, 0, end - start):
                    found.setdefault(use.term.anchor, anchor)
    return found


def owners(docs: Path) -> dict[str, tuple[str, str, str]]:
    """For each term of the glossary that a page owns, the path of the page, the section, and the title."""
    terms = Terms(every(docs / PAGE))
    found: dict[str, tuple[str, str, str]] = {}
    for uri, page in all_pages.pages(docs).items():
        names = files.load(page.path, owned)
        there = places(page, terms) if names else {}
        for name in names:
            if term := terms.named(name):
                found.setdefault(term.anchor, (uri, there.get(term.anchor, ""), page.title))
    return found


def _name_owners(root: Element, page: Page) -> None:
    """Behind the meaning of each term a link to the page that explains it, unless there is one already."""
    known = page.ask(owners, page.docs)
    anchor = ""
    for element in root.iter():
        if element.tag == "dt":
            anchor = element.get("id") or ""
        elif element.tag == "dd" and anchor in known:
            uri, section, title = known.pop(anchor)
            link = page.link(uri)
            paragraphs = element.findall("p")
            last = paragraphs[-1] if paragraphs else element
            if any(a.get("href", "").partition("#")[0] == link for a in element.iter("a")):
                continue
            if len(last):
                last[-1].tail = f"{(last[-1].tail or '').rstrip()} Explained on "
            else:
                last.text = f"{(last.text or '').rstrip()} Explained on "
            sub(last, "a", title, href=page.link(uri, section)).tail = "."


class _Walk:
    """One page read from its beginning to its end."""

    def __init__(self, page: Page, terms: dict[str, Term]) -> None:
        self.page = page
        self.terms = terms
        self.pattern = _pattern(tuple(terms))
        self.section: set[str] = set()
        self.linked: set[str] = set()
        self.links = page.has(PAGE)

    def element(self, element: Element, links: bool = True) -> None:
        """Read an element: its text, then its children, each followed by its tail."""
        links = links and element.tag not in ("summary", "caption", "th")
        self._text(element, None, links)
        index = 0
        while index < len(element):
            child = element[index]
            if child.tag in HEADINGS:
                self.section = set()
            elif child.tag not in LEAVE and not OURS.search(child.get("class") or ""):
                self.element(child, links)
            index += 1 + self._text(element, child, links)

    def _text(self, parent: Element, after: Element | None, links: bool) -> int:
        """Mark the text at the start of `parent` or after a child; returns how many elements came in."""
        text = parent.text if after is None else after.tail
        if not text or isinstance(text, AtomicString):
            return 0
        pieces: list[Element] = []
        first, last = text, 0
        for match in self.pattern.finditer(text):
            if match["short"] in self.section:
                continue
            self.section.add(match["short"])
            before = text[last : match.start()]
            if pieces:
                pieces[-1].tail = before
            else:
                first = before
            pieces.append(self._piece(match, links))
            last = match.end()
        if not pieces:
            return 0
        pieces[-1].tail = text[last:]
        if after is None:
            parent.text, start = first, 0
        else:
            after.tail, start = first, list(parent).index(after) + 1
        parent[start:start] = pieces
        # A start text's pieces are seen as children next, and left alone.
        return 0 if after is None else len(pieces)

    def _piece(self, match: re.Match[str], links: bool) -> Element:
        term = self.terms[match["short"]]
        short = Element("abbr", {"title": term.term})
        short.text = AtomicString(match[0])
        if not links or not self.links or term.short in self.linked:
            return short
        self.linked.add(term.short)
        link = Element("a", {"class": "term", "href": self.page.link(PAGE, term.anchor)})
        link.append(short)
        return link


class GlossaryExtension(Extension):
    """Tooltips from the glossary."""

    def extendMarkdown(self, md: Markdown) -> None:
        of(md)
        md.treeprocessors.register(_Abbreviations(md), "glossary", 7)


def makeExtension(**kwargs: object) -> GlossaryExtension:
    """For Python-Markdown."""
    return GlossaryExtension(**kwargs)
