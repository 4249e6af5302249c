"""`/// equations`: the ledger of all displayed equations, with the tests that check them, a page a section.

`python -m scripts.extensions.equations` prints the counts and exits 1 if an equation has no state or a
test names an equation that no page has.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from markdown import Extension, Markdown
from markdown.blockparser import BlockParser
from markdown.blockprocessors import BlockProcessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

from scripts.checker import files
from scripts.checker.page import Page
from scripts.extensions import all_pages, equation_tests, mathematics, mathml, states
from scripts.extensions.builder import DOCS, of, sub

DISPLAY = re.compile(rf"^[ \t>]*{mathematics.DISPLAY}", re.MULTILINE)


LINES = 8  # of a test that the ledger shows


@dataclass(frozen=True)
class Entry:
    """An equation and where it stands."""

    uri: str
    line: int
    equation: states.Equation


def read(path: Path) -> tuple[tuple[int, states.Equation], ...]:
    """The displayed equations of a page, each with its line."""
    page = files.load(path, all_pages.read)
    return tuple(
        (
            page.text.count("\n", 0, match.start("display")) + 1,
            mathematics.parse(match["display"], match["attributes"] or ""),
        )
        for match in DISPLAY.finditer(page.blanked)
    )


def ledger(docs: Path) -> list[Entry]:
    """All numbered equations of the site, page by page."""
    return [
        Entry(uri, line, equation)
        for uri, page in all_pages.pages(docs).items()
        for line, equation in files.load(page.path, read)
        if equation.kind != "unnumbered"
    ]


def said(docs: Path) -> list[tuple[str, states.Equation]]:
    """The ledger without the lines, of which it shows nothing."""
    return [(entry.uri, entry.equation) for entry in ledger(docs)]


def kind(equation: states.Equation, tests: dict[str, tuple[equation_tests.Test, ...]]) -> str:
    """`checked`, `definition`, `unchecked` or, if it is none of these, nothing."""
    if equation.kind in {"definition", "unchecked"}:
        return equation.kind
    return "checked" if equation.name in tests else ""


def printed(docs: Path) -> dict[str, str]:
    """The TeX of every displayed equation, by its id."""
    return {entry.equation.name: entry.equation.tex for entry in ledger(docs)}


def section_of(uri: str) -> str:
    """The section that a page stands in."""
    return uri.partition("/")[0]


class _Block(BlockProcessor):
    """The ledger as a block: `/// equations` of all sections, `/// equations models` of one or a part of it."""

    PATTERN = re.compile(
        r"^/// equations(?P<section>[ ]+[a-z0-9-]+)?[ ]*\n(?:[ ]*\n)*///[ ]*$", re.MULTILINE
    )

    def __init__(self, parser: BlockParser, md: Markdown) -> None:
        super().__init__(parser)
        self.md = md

    def test(self, parent: Element, block: str) -> bool:
        return bool(self.PATTERN.fullmatch(block.strip("\n")))

    def run(self, parent: Element, blocks: list[str]) -> bool:
        found = self.PATTERN.fullmatch(blocks.pop(0).strip("\n"))
        section = (found["section"] or "").strip() if found else ""
        sub(parent, "div", class_="ledger", data_section=section)
        return True


class _Ledger(Treeprocessor):
    """Fills the block, after the text of the page has been read: what is set here is final."""

    def run(self, root: Element) -> None:
        for box in root.iter("div"):
            if box.get("class") == "ledger":
                section = box.attrib.pop("data-section", "")
                self._fill(of(self.md), box, section)

    @staticmethod
    def _fill(page: Page, box: Element, section: str) -> None:
        page.ask(said, page.docs)
        entries = page.once("ledger", lambda: ledger(page.docs))
        here = {
            uri
            for uri in {entry.uri for entry in entries}
            if mathematics.ledger_of(page, uri) == page.path and section in {"", section_of(uri)}
        }
        shown = [entry for entry in entries if entry.uri in here]
        parted = not section and len(shown) < len(entries)
        if parted:
            _overview(page, box, entries)
        else:
            _section(page, box, shown)


def _counts(page: Page, box: Element, entries: list[Entry]) -> None:
    """How many equations there are in each state."""
    tests = page.ask(equation_tests.of, page.config.root / "tests")
    found = [held(page, entry.equation, tests) for entry in entries]
    counts = sub(box, "p", f"{len(entries)} displayed equations: ", class_="ledger-counts")
    words = {name: words for name, (words, _) in states.HELD.items()}
    words |= {"definition": "definitions", "unchecked": "not checked", "": "without a state"}
    shown = [(name, word) for name, word in words.items() if name in found or name == "evaluated"]
    for name, word in shown:
        number = sub(counts, "strong", str(found.count(name)))
        number.tail = f" {word}" + ("." if (name, word) == shown[-1] else "; ")


def held(
    page: Page, equation: states.Equation, tests: dict[str, tuple[equation_tests.Test, ...]]
) -> str:
    """The state of an equation; of one that is checked, how its print is held."""
    state = kind(equation, tests)
    return mathematics.held(page).get(equation.name, "locked") if state == "checked" else state


def _overview(page: Page, box: Element, entries: list[Entry]) -> None:
    """The counts, and below each section a link to every equation: an old address stays an anchor."""
    _counts(page, box, entries)
    titles = page.ask(all_pages.titles, page.docs)
    by_section: dict[str, dict[str, list[Entry]]] = {}
    for entry in entries:
        by_section.setdefault(section_of(entry.uri), {}).setdefault(entry.uri, []).append(entry)
    for section, uris in by_section.items():
        ledger_page = mathematics.ledger_of(page, f"{section}/index.md")
        heading = sub(box, "h2", id=f"section-{section}")
        name = titles.get(f"{section}/index.md", section.capitalize())
        sub(heading, "a", name, href=page.link(ledger_page))
        rows = sub(box, "ul", class_="ledger-pages")
        for uri, found in uris.items():
            row = sub(rows, "li")
            sub(row, "a", titles[uri], href=page.link(uri)).tail = ": "
            shown_on = mathematics.ledger_of(page, uri)
            for number, entry in enumerate(found, 1):
                link = page.link(shown_on, entry.equation.name)
                label = f"Equation {number} of {titles[uri]} in the ledger"
                made = sub(row, "a", f"({number})", href=link, aria_label=label)
                made.set("id", entry.equation.name)
                made.set("class", "ledger-number")
                made.tail = " "


def _section(page: Page, box: Element, entries: list[Entry]) -> None:
    """The equations of a section with their states and tests, page by page."""
    _counts(page, box, entries)
    tests = page.ask(equation_tests.of, page.config.root / "tests")
    titles = page.ask(all_pages.titles, page.docs)
    uri, number_on_page = "", 0
    shown: dict[str, str] = {}
    for entry in entries:
        if entry.uri != uri:
            uri, number_on_page = entry.uri, 0
            _heading(page, box, uri, titles[uri])
        number_on_page += 1
        _entry(page, box, entry, number_on_page, shown, tests)


def _heading(page: Page, box: Element, uri: str, title: str) -> None:
    """The title of a page, with a link to it."""
    name = re.sub(r"[^a-z0-9]+", "-", uri.removesuffix(".md").lower())
    heading = sub(box, "h2", id=f"page-{name}")
    sub(heading, "a", title, href=page.link(uri))


def _entry(
    page: Page,
    box: Element,
    entry: Entry,
    number: int,
    shown: dict[str, str],
    tests: dict[str, tuple[equation_tests.Test, ...]],
) -> None:
    """An equation with the number that it has on its page, its state and its tests.

    A test of several equations stands at the first of them; `shown` holds where.
    """
    equation = entry.equation
    item = sub(box, "div", class_="ledger-entry", id=equation.name or f"{entry.line}")
    scroll = sub(item, "div", class_="equation-scroll", data_search_exclude="true")
    body = sub(scroll, "span", class_="equation-body")
    try:
        rendered = mathml.render(equation.tex, True)
    except mathml.TexError:
        rendered = mathematics.broken(equation.tex)
    body.text = mathematics.store(page, rendered, equation.tex)
    link = page.link(entry.uri, equation.name)
    label = f"Equation {number} on its page"
    sub(scroll, "a", f"({number})", class_="equation-number", href=link, aria_label=label)
    line = sub(item, "p", class_="ledger-state")
    name = sub(line, "code")
    name.text, name.tail = AtomicString(equation.name or f"line {entry.line}"), " "
    state, how = kind(equation, tests), held(page, equation, tests)
    words = {name: words for name, (words, _) in states.HELD.items()}
    words |= {"definition": "definition", "": "no state"}
    mark = words.get(how, f"not checked: {equation.reason}")
    made = sub(line, "span", mark, class_=f"equation-state equation-{state or 'missing'}")
    if how in states.HELD:
        made.set("title", states.HELD[how][1])
    for test in tests.get(equation.name, ()):
        if test.label in shown:
            again = sub(item, "p", class_="ledger-again")
            at = shown[test.label]
            sub(sub(again, "a", href=f"#{at}"), "code").text = AtomicString(test.label)
            continue
        shown[test.label] = equation.name
        folded = sub(item, "details", class_="ledger-test")
        sub(sub(folded, "summary"), "code").text = AtomicString(test.label)
        # Not coloured: a thousand lines of tests would weigh more than the page.
        code = sub(sub(folded, "pre", data_search_exclude="true"), "code")
        code.text = AtomicString(_cut(test.source))


def _cut(source: str) -> str:
    """The beginning of a test: the ledger is one page for all of them."""
    lines = source.rstrip().split("\n")
    if len(lines) <= LINES + 1:
        return source
    return "\n".join([*lines[:LINES], f"    # … and {len(lines) - LINES} lines more"])


class EquationsExtension(Extension):
    """The block `/// equations`."""

    def extendMarkdown(self, md: Markdown) -> None:
        of(md)
        md.parser.blockprocessors.register(_Block(md.parser, md), "equations", 78)
        md.treeprocessors.register(_Ledger(md), "equations-ledger", 18)


def makeExtension(**kwargs: object) -> EquationsExtension:
    """For Python-Markdown."""
    return EquationsExtension(**kwargs)


def main(docs: Path = DOCS) -> int:
    """Print the counts and what has lost its other half."""
    tests = equation_tests.of(docs.parent / "tests")
    labels = equation_tests.labels(docs.parent / "tests")
    entries = ledger(docs)
    names = {entry.equation.name for entry in entries}
    problems = []
    places: dict[str, str] = {}
    for entry in entries:
        name, place = entry.equation.name, f"{docs.name}/{entry.uri}:{entry.line}"
        if name and places.setdefault(name, place) != place:
            problems.append(f"{place}:1: {name} stands at {places[name]} already; rename one")
        wrong = states.fault(entry.equation, entry.uri, labels)
        if wrong:
            problems.append(f"{docs.name}/{entry.uri}:{entry.line}:1: {wrong[0]} {wrong[1]}")
    for test in equation_tests.every(docs.parent / "tests"):
        where = test.path.relative_to(docs.parent).as_posix()
        problems += [
            f'{where}:{test.line}:1: no page has the equation "{name}" that {test.name} checks'
            for name in test.equations
            if name not in names
        ]
    found = [kind(entry.equation, tests) for entry in entries]
    print(
        "\n".join(problems) if problems else "every equation has its state, every mark its equation"
    )
    print(
        f"{len(entries)} equations: {found.count('checked')} checked by tests, "
        f"{found.count('definition')} definitions, {found.count('unchecked')} not checked"
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
