"""What stands in the bibliography, the glossary, captions and alternative texts is text on every page."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser, LexborNode

from tests.extensions.project import make, render

FIELDS = ("author", "title", "journal", "year", "volume", "number", "pages", "note", "doi")
PIECES = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</a></li><svg onload=alert(1)>",
    "&lt;script&gt;",
    "<img src=x onerror=alert(1) ",
    "[link](javascript:alert(1))",
    "**bold**",
    "<",
    ">",
    '"',
    "'",
    "&",
    "-->",
    " ",
    "a",
]
TEXTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map(
    lambda parts: f"Xy{''.join(parts)}z"
)
CITING = "Words[^kingma2014auto], and a VAE.\n"


def elements(node: LexborNode) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every element, with the names of its attributes."""
    if node.tag and not node.tag.startswith("-"):
        yield node.tag, tuple(node.attributes)
    for child in node.iter():
        yield from elements(child)


def shape(html: str) -> list[tuple[str, tuple[str, ...]]]:
    root = LexborHTMLParser(html).root
    assert root is not None
    return list(elements(root))


def shapes(texts: dict[str, str], term: str) -> tuple[list[tuple[str, tuple[str, ...]]], ...]:
    """The shapes of the bibliography and of a page that cites it and uses a term."""
    with tempfile.TemporaryDirectory() as folder:
        root = make(Path(folder))
        fields = "".join(f"  {key} = {{{value}}},\n" for key, value in texts.items())
        entry = f"@article{{kingma2014auto,\n{fields}}}\n"
        (root / "docs/references/bibliography.bib").write_text(entry, encoding="utf-8")
        glossary = f"# Glossary\n\n{term} (VAE)\n:   Words.\n"
        (root / "docs/references/glossary.md").write_text(glossary, encoding="utf-8")
        listing = render("/// bibliography\n///\n", root, "references/bibliography.md")
        citing = render(CITING, root)
        assert not listing.problems
        assert not citing.problems
        return shape(listing.html), shape(citing.html)


@given(texts=st.fixed_dictionaries(dict.fromkeys(FIELDS, TEXTS)), term=TEXTS)
@settings(max_examples=60, deadline=None)
def test_no_entry_and_no_term_changes_the_shape_of_a_page(texts: dict[str, str], term: str) -> None:
    assert shapes(texts, term.replace("*", "")) == shapes(dict.fromkeys(FIELDS, "X"), "Term")


@given(alt=TEXTS)
@settings(max_examples=40, deadline=None)
def test_no_alternative_text_changes_the_shape_of_a_figure(alt: str) -> None:
    def figure(text: str) -> list[tuple[str, tuple[str, ...]]]:
        with tempfile.TemporaryDirectory() as folder:
            return shape(render(f"![{text}](vae/bare.svg)\nWords.\n", make(Path(folder))).html)

    assert figure(alt.replace("[", "").replace("]", "")) == figure("Harmless")


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "//example.org"]
)
def test_an_entry_links_to_the_web_only(address: str, tmp_path: Path) -> None:
    make(tmp_path)
    path = tmp_path / "docs/references/bibliography.bib"
    path.write_text(f"@misc{{kingma2014auto,\n title = {{A}},\n url = {{{address}}},\n}}\n")
    found = render(CITING, tmp_path)
    assert address not in found.html
