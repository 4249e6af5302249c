"""The letters of docs/references/notation.md are those of the pages that it names, and none is missing."""

import re
from collections import defaultdict
from functools import lru_cache
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = DOCS / "references" / "notation.md"

WORDS = re.compile(
    r"\\(?:operatorname\*?|text\w*|math(?:rm|sf|tt)|begin|end|htmlId|label)\{[^}]*\}"
)
SYMBOL = re.compile(
    r"\\(?:mathbf|boldsymbol|mathcal|mathbb|bar|hat|tilde)\s*\{?\\?[A-Za-z]+\}?"
    r"|\\(?:alpha|beta|gamma|delta|epsilon|varepsilon|eta|theta|lambda|mu|pi|rho|sigma|tau|phi|psi"
    r"|omega|Lambda|Sigma|Omega|Delta|Phi)(?![A-Za-z])"
    r"|(?<![A-Za-z\\])[A-Za-z](?![A-Za-z])"
)
LINK = re.compile(r"\]\(([\w./-]+\.md)[^)]*\)")


def symbols(tex: str) -> set[str]:
    """The letters of a formula with their dress: x, \\mathbf{x}, \\bar\\alpha, but no words."""
    found = SYMBOL.findall(WORDS.sub(" ", tex).replace("\\varepsilon", "\\epsilon"))
    return {re.sub(r"[{}\s]", "", symbol) for symbol in found}


def formulas(text: str) -> tuple[list[str], list[str]]:
    """The displayed and the inline mathematics of a page, without its code."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    displayed = re.findall(r"\$\$(.*?)\$\$", text, flags=re.S)
    text = re.sub(r"\$\$.*?\$\$", "", text, flags=re.S)
    return displayed, re.findall(r"(?<![\\$\w])\$([^$\n]+)\$", text)


@lru_cache
def used(page: Path) -> set[str]:
    """All letters of a page."""
    displayed, inline = formulas(page.read_text(encoding="utf-8"))
    return set().union(*(symbols(tex) for tex in displayed + inline))


def rows() -> list[list[str]]:
    """The cells of all rows of all tables of the page, without heads and rules."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:2] == "| "]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [row for row in cells if row[0].strip().startswith("$")]


def listed(row: list[str]) -> set[str]:
    return set().union(*(symbols(tex) for tex in formulas(row[0])[1]))


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0].strip())
def test_each_letter_stands_on_the_pages_that_its_row_names(row: list[str]) -> None:
    for cell in row[1:]:
        pages = [PAGE.parent.joinpath(link).resolve() for link in LINK.findall(cell)]
        for page in pages:
            assert listed(row) & used(page), f"{page.name} does not use {row[0]}"
    pages = [PAGE.parent.joinpath(link).resolve() for link in LINK.findall(" ".join(row[1:]))]
    assert pages, f"no page is named for {row[0]}"
    missing = listed(row) - set().union(*(used(page) for page in pages))
    assert not missing, f"no page of the row uses {missing}"


def test_each_letter_of_the_equations_of_three_pages_is_listed() -> None:
    where = defaultdict(set)
    for page in DOCS.rglob("*.md"):
        if page.is_relative_to(DOCS / "contributing") or page == PAGE:
            continue
        for tex in formulas(page.read_text(encoding="utf-8"))[0]:
            for symbol in symbols(tex):
                where[symbol].add(page.relative_to(DOCS).as_posix())
    known = set().union(*(listed(row) for row in rows()))
    shared = {symbol: sorted(pages) for symbol, pages in where.items() if len(pages) >= 3}
    missing = {symbol: pages for symbol, pages in shared.items() if symbol not in known}
    assert not missing, f"not on the page of notation: {missing}"


def test_each_meaning_of_a_letter_that_clashes_names_its_page() -> None:
    clashes = [row for row in rows() if len(row) == 4]
    assert len(clashes) > 20
    for row in clashes:
        meanings = [cell for cell in row[1:] if cell.strip(" –")]
        assert len(meanings) >= 2, f"{row[0]} has one meaning"
        assert all(LINK.search(cell) for cell in meanings), f"{row[0]}: a meaning without a page"


def test_no_letter_stands_in_two_rows() -> None:
    letters = [symbol for row in rows() for symbol in sorted(listed(row))]
    assert len(letters) == len(set(letters))
