"""The search gives the page that owns a term, however the term is spelt: first, with few exceptions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from scripts.extensions import glossary
from scripts.extensions.terms import Terms
from tests.site.kit import DOCS, address
from tests.site.server import Server

pytestmark = pytest.mark.browser

FIND = """async ([base, queries]) => {
  const { find, read } = await import(`${base}assets/search-engine.mjs`);
  const answer = await fetch(`${base}search/search_index.json`);
  const index = await read(await answer.json());
  return queries.map((query) => find(index, query).groups.slice(0, 3).map((found) => found.page.address));
}"""


def spellings(word: str) -> list[str]:
    """A term as it is typed: as it is written, with -ise and with -ize, with and without hyphens."""
    other = re.sub(r"is(?=e|ing|ation)", "iz", word)
    other = re.sub(r"iz(?=e|ing|ation)", "is", word) if other == word else other
    return list(dict.fromkeys([word, other, word.replace("-", " "), word.lower()]))


def owned() -> dict[str, str]:
    """What a reader may type for each term that a page owns, and the address of that page."""
    terms = Terms(glossary.every(DOCS / glossary.PAGE))
    found: dict[str, str] = {}
    for path in sorted(DOCS.rglob("*.md")):
        for name in glossary.owned(path):
            term = terms.named(name)
            known = [name, term.term, term.short] if term else [name]
            there = address(path.relative_to(DOCS).with_suffix("").as_posix())
            found |= {query: there for word in known if word for query in spellings(word)}
    return found


def test_to_the_search_two_spellings_are_one(page: Page, server: Server) -> None:
    pairs = {
        "normalisation": "normalization",
        "tokenisers": "tokenizer",
        "optimised": "optimizing",
        "reparameterisation": "reparametrization",
    }
    page.goto("")
    ask = """async ([base, words]) => {
      const { stem } = await import(`${base}assets/search-index.mjs`);
      return words.map(stem);
    }"""
    ones, others = (
        page.evaluate(ask, [server.url, list(words)]) for words in (pairs, pairs.values())
    )
    assert ones == others
    assert len({*ones, *page.evaluate(ask, [server.url, ["prize", "price", "size"]])}) == 7


def test_the_search_gives_the_owner_of_a_term_among_the_first_three(
    page: Page, server: Server
) -> None:
    wanted = owned()
    assert wanted
    page.goto("")
    given = page.evaluate(FIND, [server.url, list(wanted)])
    lost = {
        query: found
        for (query, there), found in zip(wanted.items(), given, strict=True)
        if there not in found
    }
    assert lost == {}
    first = sum(found[0] == there for found, there in zip(given, wanted.values(), strict=True))
    assert first >= 0.97 * len(wanted), {
        query: found[0]
        for (query, there), found in zip(wanted.items(), given, strict=True)
        if found[0] != there
    }


def test_the_entries_of_the_glossary_lead_to_where_the_owners_define_them(site: Path) -> None:
    pages: dict[str, str] = {}
    html = (site / "references/glossary/index.html").read_text(encoding="utf-8")
    terms = Terms(glossary.every(DOCS / glossary.PAGE))
    for path in sorted(DOCS.rglob("*.md")):
        there = address(path.relative_to(DOCS).with_suffix("").as_posix())
        pages[there] = (site / there / "index.html").read_text(encoding="utf-8")
        for name in glossary.owned(path):
            term = terms.named(name)
            assert term, name
            entry = re.search(rf'<dt id="{term.anchor}">.*?</dd>', html, re.DOTALL)
            assert entry, name
            link = re.search(rf'href="../../{re.escape(there)}#([^"]+)">[^<]*</a>\.</dd>', entry[0])
            assert link, f"{name}: {entry[0]}"
            section = re.split(rf'<h[1-6][^>]* id="{re.escape(link[1])}"', pages[there])[1]
            section = re.split(r"<h[1-6]\b", section)[0]
            marked = re.findall(r"<(?:em|strong)>(.*?)</(?:em|strong)>|^[^>]*>(.*?)<", section)
            said = [re.sub(r"<[^>]*>", "", text) for pair in marked for text in pair]
            assert any(use.term == term for text in said for use in terms.uses(text)), name
