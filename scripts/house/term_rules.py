"""Rules on the terms of the glossary: which page owns one, and where a reader meets it first.

Counted as a use: running text, headings, captions, lists and cells. Not counted: code, mathematics, citations, what
stands in quotation marks or with more words in emphasis, the title of a work that a link names, a link to the page
that owns the term, and the cells of a table of relatives or of history.

A definition is what the author marks as one: the term alone in emphasis, in a heading or before the mark of a
definition list. A link to the glossary is none: who follows it has left the page.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from scripts.checker.page import Page
from scripts.checker.problem import Problem
from scripts.checker.project import Site
from scripts.checker.rendered import Block
from scripts.extensions import glossary
from scripts.extensions.terms import Found, Terms, alone
from scripts.house import kind_rules, prose

Use = list[
    Any
]  # line, column, as it is written, whether it is a definition, the page to which it is a link
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "dt"))
LOOKED_UP = ("references/", "contributing/")
"""Folders whose pages are looked up by who knows the words, or are about this site: their uses are not judged."""
_ASIDE = re.compile(r"(?:relatives|history|references|further reading|sources)\b", re.IGNORECASE)
_LINK = re.compile(r"\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<href>[^()\s]*)[^()]*\)")
_OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def _terms(page: Page) -> Terms:
    every = page.ask(glossary.every, page.docs / glossary.PAGE)
    return page.once(("terms", every), lambda: Terms(every))


def _common() -> Mapping[str, str]:
    """Terms that everybody knows who can read a page, each with the reason."""
    found: Mapping[str, str] = prose.load("terms.toml")["common"]
    return found


def met(page: Page) -> dict[str, list[Use]]:
    """The uses of each term on a page, up to its definition or to the second one that is no link."""
    if "terms met" not in page.notes:
        page.notes["terms met"] = _met(page, _terms(page))
    found: dict[str, list[Use]] = page.notes["terms met"]
    return found


def _met(page: Page, terms: Terms) -> dict[str, list[Use]]:
    found: dict[str, list[Use]] = {}
    settled: set[str] = set()
    for block in sorted(prose.running(page), key=lambda block: block.line):
        if block.tag == "td" and _ASIDE.match(_section(page, block.line)):
            continue
        for use in terms.uses(block.text):
            name = use.term.term
            if name in settled or not _counts(block, use):
                continue
            written = " ".join(block.text[use.start : use.end].split())
            first = block.text[use.start : use.end].split("\n")[0].rstrip()
            line, column = page.place(block, use.start, first)
            target = _linked(page, line, column)
            if target is None or not page.line(line).startswith(first, column - 1):
                continue  # the title of a work, or what an extension has written
            places = found.setdefault(name, [])
            places.append([line, column, written, _defines(block, use), target])
            if places[-1][3] or sum(not place[4] for place in places) == 2:
                settled.add(name)
    return found


def _section(page: Page, line: int) -> str:
    """The heading above a line."""
    above = [heading for heading in page.rendered.headings if heading.line <= line]
    return above[-1].text.strip() if above else ""


def _counts(block: Block, use: Found) -> bool:
    """Whether a use is the author's own, no quotation and no part of a title or an example in emphasis."""
    return not prose.quoted(block, use.start) and not any(
        start <= use.start and use.end <= end and not alone(block.text, use, start, end)
        for start, end in block.emphasis
    )


def _linked(page: Page, line: int, column: int) -> str | None:
    """The page to which a place in the source is a link, or nothing; None if it leads out of the site."""
    for link in _LINK.finditer(page.line(line)):
        if link.start("text") <= column - 1 < link.end("text"):
            href = link["href"].partition("#")[0]
            if _OUTSIDE.match(href):
                return None
            return (
                posixpath.normpath(posixpath.join(posixpath.dirname(page.path), href))
                if href
                else ""
            )
    return ""


def _defines(block: Block, use: Found) -> bool:
    text = block.text
    if block.tag in HEADINGS:
        return alone(text, use, 0, len(text))
    return any(
        start <= use.start and use.end <= end and alone(text, use, start, end)
        for start, end in block.emphasis
    )


def owned(page: Page) -> kind_rules.Listed:
    """The terms that a page owns: line, column and name."""
    return kind_rules.listed(page, "terms")


def uses(page: Page) -> list[list[Any]]:
    """The terms that a page uses twice before it defines them: the name, then line, column, text and link of each."""
    if page.path.startswith(LOOKED_UP):
        return []
    return [
        [name, *([*place[:3], place[4]] for place in places)]
        for name, places in met(page).items()
        if not places[-1][3] or len([place for place in places[:-1] if not place[4]]) > 1
    ]


def own(page: Page) -> Iterator[Problem]:
    """A page owns a term that the glossary does not have, or that it does not define where it first uses it.

    Bad:
        in docs/page.md:
        ---
        title: Page
        description: A page.
        kind: reference
        needs: []
        terms: [latent variable]
        reviewed: 2026-11-21
        ---

        # Page

        A latent variable is never observed.
    Good:
        in docs/page.md:
        ---
        title: Page
        description: A page.
        kind: reference
        needs: []
        terms: [latent variable]
        reviewed: 2026-11-21
        ---

        # Page

        A *latent variable* is never observed.
    Why: Other pages rely on this one, the glossary and the search lead to it, and its reader looks for the word.
    """
    listed = owned(page)
    if not listed:
        return
    terms = _terms(page)
    seen: set[str] = set()
    for line, column, value in listed:
        term = terms.named(value)
        if term is None:
            fault = f"the glossary has no entry '{value}'; write one in docs/{glossary.PAGE}"
        elif term.term in seen:
            fault = f"'terms' names '{value}' twice; delete one"
        else:
            seen.add(term.term)
            places = [place for place in met(page).get(term.term, ()) if not place[4] or place[3]]
            fault = ""
            if not places:
                fault = f"the page owns '{value}' and never uses it; define it, or delete the entry"
            elif not places[0][3]:
                line, column, written, *_ = places[0]
                fault = (
                    f"'{written}' is used here first, and the page owns it; define it here, and"
                    f" write *{written}*"
                )
        if fault:
            yield page.problem(line, fault, column)


def two_owners(site: Site) -> Iterator[Problem]:
    """Two pages own one term.

    Bad: `terms: [logits]` in the front matter of two pages
    Good: `terms: [logits]` on one of them, and the other one needs that page
    Why: The glossary and the search must know one page that explains the term.
    """
    terms, owners = _glossary(site), kind_rules.Fronts(site, "terms")
    if not any(owners[path] for path in site.pages if path in owners):
        return
    first: dict[str, str] = {}
    for path in owners:
        for line, column, value in owners[path]:
            term = terms.named(value)
            other = first.setdefault(term.term, path) if term else path
            if term and other != path:
                for here, there in ((path, other), (other, path)):
                    place = _entry(owners[here], term.term, terms) or [line, column]
                    if here in site.chosen:
                        yield site.problem(
                            here,
                            place[0],
                            f"'{value}' is owned by {there} as well; delete it on one of the two",
                            place[1],
                        )


def _entry(listed: kind_rules.Listed, name: str, terms: Terms) -> list[Any] | None:
    return next(
        (place for place in listed if (term := terms.named(place[2])) and term.term == name), None
    )


def _glossary(site: Site) -> Terms:
    file = site.files.get(glossary.PAGE)
    return Terms(glossary.every(file) if file else ())


def undefined(site: Site) -> Iterator[Problem]:
    """A term is used a second time, and defined neither before nor on a page that is to be read first.

    Bad: The logits are divided by the temperature, and logits that are equal stay equal.
    Good: The *logits*, the numbers before the softmax, are divided by the temperature; equal logits stay equal.
    Why: Here a newcomer gets lost: the glossary has the word because it is none of everyday language.
    """
    terms = _glossary(site)
    needs = kind_rules.Fronts(site, "needs")
    owners = {
        term.term: path
        for path, listed in kind_rules.Fronts(site, "terms").items()
        for *_, value in listed
        if (term := terms.named(value))
    }
    for path, facts in site.chosen_facts():
        first = _before(path, needs)
        for name, *places in facts.get("uses", ()):
            owner = owners.get(name, "")
            places = [place for place in places if not place[3] or place[3] != owner]
            if len(places) < 2 or name in _common() or owner in {path, *first}:
                continue
            (at, *_), (line, column, written, _) = places[:2]
            where = "earlier in this line" if at == line else f"line {at}"
            advice = (
                f", or let the page need {owner}, which owns it"
                if owner and path not in _before(owner, needs)
                else ""
            )
            yield site.problem(
                path,
                line,
                f"'{written}' is used here a second time and defined neither before nor on a page"
                f" that 'needs' names: define it at its first use, {where}{advice}",
                column,
            )


def _before(path: str, needs: Mapping[str, kind_rules.Listed]) -> set[str]:
    """The pages that a page needs, directly or through others."""
    found: set[str] = set()
    todo = [path]
    while todo:
        for *_, other in needs.get(todo.pop(), ()):
            if other not in found:
                found.add(other)
                todo.append(other)
    return found


PAGE: dict[str, Callable[..., Any]] = {"V05": own}
PROJECT: dict[str, Callable[..., Any]] = {"V06": two_owners, "P40": undefined}
FACTS: dict[str, Callable[..., Any]] = {"terms": owned, "uses": uses}
