"""The glossary is in alphabetical order, and has one sentence for each term."""

import re
import unicodedata
from collections import Counter
from itertools import pairwise
from pathlib import Path

TEXT = (Path(__file__).resolve().parents[2] / "docs/references/glossary.md").read_text("utf-8")
ENTRY = re.compile(
    r"^\*\*(?P<term>.+?)\*\*(?: \((?P<short>[^()]+)\))?\n:   (?P<meaning>.+)$", re.MULTILINE
)
ENTRIES = list(ENTRY.finditer(TEXT))


def order(term: str) -> str:
    """A term without case, accents and hyphens; a Greek letter stands at its name."""
    named = re.sub(
        "[α-ω]", lambda m: unicodedata.name(m[0]).rsplit(" ", 1)[-1], re.sub(r"[–-]", " ", term)
    )
    spaced = unicodedata.normalize("NFKD", named.lower())
    return re.sub(r"[^a-z0-9 ]", "", spaced)


def test_every_entry_is_read() -> None:
    assert len(ENTRIES) == TEXT.count("\n:   ") > 80


def test_the_terms_are_in_alphabetical_order() -> None:
    terms = [entry["term"] for entry in ENTRIES]
    for before, after in pairwise(terms):
        assert order(before) <= order(after), f"{after!r} stands behind {before!r}"


def test_no_term_and_no_abbreviation_stands_twice() -> None:
    words = [word for entry in ENTRIES for word in (entry["term"], entry["short"]) if word]
    assert [word for word, times in Counter(words).items() if times > 1] == []


def test_a_meaning_is_a_sentence() -> None:
    wrong = [entry["term"] for entry in ENTRIES if not entry["meaning"].endswith(".")]
    assert wrong == []
