"""Citations and the bibliography."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.extensions import bibliography, bibtex, citations
from tests.extensions.project import BIBLIOGRAPHY, make, render


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make(tmp_path)


def notes(html: str) -> list[str]:
    """The items of the list of references."""
    return re.findall(r'<li id="fn:[^"]*">\s*(.*?)\s*</li>', html, re.DOTALL)


def test_a_key_becomes_a_footnote_with_its_entry(root: Path) -> None:
    made = render("A fact[^kingma2014auto].\n", root)
    assert made.problems == []
    assert (
        '<sup id="fnref:kingma2014auto"><a aria-label="Source 1" class="footnote-ref"' in made.html
    )
    [note] = notes(made.html)
    assert "Diederik P. Kingma and Max Welling (2014). " in note
    assert '<a href="https://arxiv.org/abs/1312.6114">Auto-Encoding Variational Bayes</a>' in note
    assert "<cite>International Conference on Learning Representations</cite>" in note
    assert 'href="../references/bibliography.md#ref-kingma2014auto"' in note
    assert 'class="footnote-backref" href="#fnref:kingma2014auto"' in note


def test_entries_are_numbered_by_first_use_and_printed_once(root: Path) -> None:
    made = render("One[^muller1999one], two[^kingma2014auto][^muller1999one].\n", root)
    assert re.findall(r'footnote-ref" href="#fn:(\w+)">(\d)', made.html) == [
        ("muller1999one", "1"),
        ("kingma2014auto", "2"),
        ("muller1999one", "1"),
    ]
    assert re.findall(r'<li id="fn:(\w+)">', made.html) == ["muller1999one", "kingma2014auto"]
    assert made.html.count('href="#fnref2:muller1999one"') == 1


def test_numbers_follow_the_reader_through_lists_tables_and_notes(root: Path) -> None:
    text = (
        "- One[^muller1999one]\n\n| A | B |\n| --- | --- |\n| x[^many2020list] | y[^1] |\n\n"
        "End[^kingma2014auto].\n\n[^1]: See[^others2021more].\n"
    )
    html = render(text, root).html
    numbers = re.findall(r'footnote-ref" href="#fn:(\w+)">(\d)', html)
    order = ["muller1999one", "many2020list", "1", "kingma2014auto", "others2021more"]
    assert numbers == [(key, str(place)) for place, key in enumerate(order, 1)]
    assert re.findall(r'<li id="fn:(\w+)">', html) == order


def test_accents_dashes_quotes_and_mathematics_of_an_entry_are_right(root: Path) -> None:
    [note] = notes(render("A[^muller1999one].\n", root).html)
    assert "Jérôme Müller, Åsa Østby and Aäron van den Oord (1999). " in note
    assert '<a href="https://doi.org/10.1000/xyz">One &amp; Only: the ' in note
    beta = r'<math class="few" data-tex="\beta"><mi>β</mi></math>'
    assert f'<span class="held">{beta}-</span>VAE – a “Study”</a>' in note
    assert "<cite>Journal of Things</cite> 12(3), 45–67." in note


def test_marks_stand_behind_the_stop_that_follows_them(root: Path) -> None:
    text = (
        "One[^muller1999one]. *Two*[^many2020list][^others2021more], three $x$[^muller1999one]; "
        "`f`[^1].\n\n[^1]: N\n"
    )
    html = render(text, root).html.split("<h2")[0]
    plain = re.sub(r"<math.*?</math>", "x", html)
    plain = re.sub(r"<sup[^>]*>.*?</sup>", "^", plain)
    assert re.sub(r"<[^>]*>", "", plain).strip() == "One.^ Two,^^ three x;^ f.^"


def test_signs_of_markdown_in_an_entry_are_only_signs(root: Path) -> None:
    [note] = notes(render("A[^others2021more].\n", root).html)
    assert ">More_or *less* [x]</a>" in note
    assert "arXiv:2101.00001." in note


def test_long_lists_of_authors_are_shortened(root: Path) -> None:
    [many, others] = notes(render("A[^many2020list] b[^others2021more].\n", root).html)
    assert many.partition("One A, Two B, Three C et al. (2020).")[1]
    assert others.partition("Zoe Zeta et al. (2021).")[1]
    assert "read 2026-11-21." in many


def test_the_list_has_a_heading_that_is_in_the_contents(root: Path) -> None:
    made = render("## In short\n\nA[^kingma2014auto].\n", root)
    tokens = made.md.toc_tokens  # type: ignore[attr-defined]
    assert [token["id"] for token in tokens] == ["in-short", "references"]
    assert made.html.index('<h2 id="references">References</h2>') < made.html.index('footnote">')


def test_plain_footnotes_stay_and_mix(root: Path) -> None:
    plain = render("A[^1].\n\n[^1]: Only a note.\n", root)
    assert plain.problems == []
    assert '<h2 id="notes">Notes</h2>' in plain.html
    mixed = render("A[^1] b[^kingma2014auto].\n\n[^1]: See also [^muller1999one].\n", root)
    assert mixed.problems == []
    assert re.findall(r'<li id="fn:(\w+)">', mixed.html) == ["1", "kingma2014auto", "muller1999one"]
    assert '<h2 id="references">' in mixed.html


def test_a_page_without_citations_has_no_list(root: Path) -> None:
    assert "footnote" not in render("Nothing.\n", root).html


def test_an_unknown_key_is_told_once_with_its_place_and_the_nearest_key(root: Path) -> None:
    made = render(
        "First.\n\nA `[^kingma2014aut]` b[^kingma2014aut], again[^kingma2014aut].\n", root
    )
    assert made.problems == [
        "7:23: 'kingma2014aut' is neither in references/bibliography.bib nor a footnote of this page; "
        "write '[^kingma2014auto]'"
    ]
    assert "[^kingma2014aut]," in made.html


@pytest.mark.parametrize(
    "text",
    [
        "A `[^kingma2014auto]`.\n",
        "```text\n[^kingma2014auto]\n```\n",
        "    [^kingma2014auto]\n",
        "<!-- [^kingma2014auto] -->\n",
        "A \\[^kingma2014auto].\n",
        "A $x[^kingma2014auto]$.\n",
        "<pre>[^kingma2014auto]</pre>\n",
    ],
)
def test_code_comments_and_mathematics_cite_nothing(root: Path, text: str) -> None:
    made = render(text, root)
    assert made.problems == []
    assert "footnote" not in made.html


@pytest.mark.parametrize(
    "text",
    [
        "- A[^kingma2014auto]\n",
        "| a |\n| --- |\n| b[^kingma2014auto] |\n",
        '!!! note "T"\n\n    A[^kingma2014auto]\n',
        '??? success "Answer 1"\n\n    A[^kingma2014auto]\n',
        "Term\n:   A[^kingma2014auto]\n",
        "![Alt text](vae/gap.svg)\n**C.** A[^kingma2014auto].\n",
        "| a |\n| --- |\n| b |\n\nTable: C[^kingma2014auto]\n",
        "**Wrong[^kingma2014auto].** Right.\n",
    ],
)
def test_a_citation_may_stand_wherever_text_stands(root: Path, text: str) -> None:
    made = render(text, root)
    assert made.problems == []
    assert len(notes(made.html)) == 1


def test_without_a_page_path_the_entry_stands_without_the_link(root: Path) -> None:
    made = render("A fact[^kingma2014auto] and[^nothing2000x].\n")
    assert "bibliography.md" not in made.html
    assert [problem.split(";")[0] for problem in made.problems] == [
        "1:28: 'nothing2000x' is neither in references/bibliography.bib nor a footnote of this page"
    ]


def test_a_broken_bibliography_is_told_with_its_line(root: Path) -> None:
    (root / "docs" / bibliography.FILE).write_text(
        "@misc{a2000b,\n  title = {A},\n  year 2000\n}\n"
    )
    made = render("A[^a2000b] and[^b2001c].\n", root)
    assert made.problems == ["3:3: no '=' follows 'year'; write year = {…}"]
    assert made.page.problems[0].path == bibliography.FILE


def test_the_bibliography_is_read_again_when_it_changes(root: Path) -> None:
    path = root / "docs" / bibliography.FILE
    assert "kingma2014auto" in bibliography.load(root / "docs")
    path.write_text("@misc{new2020thing, title = {A Thing}, year = {2020}}\n")
    assert list(bibliography.load(root / "docs")) == ["new2020thing"]


def test_the_bibliography_prints_every_entry_sorted_with_the_pages_that_cite_it(root: Path) -> None:
    (root / "docs/index.md").write_text("---\ntitle: The home\n---\n\nA[^kingma2014auto].\n")
    (root / "docs/models/vae.md").write_text(
        "# VAE {#vae}\n\n`[^many2020list]` [^kingma2014auto]\n"
    )
    made = render("/// bibliography\n///\n", root, "references/bibliography.md")
    assert made.problems == []
    assert re.findall(r'<li id="(ref-\w+)">', made.html) == [
        "ref-kingma2014auto",
        "ref-many2020list",
        "ref-muller1999one",
        "ref-others2021more",
    ]
    assert (
        'Cited on <a href="../index.md">The home</a>, <a href="../models/vae.md">VAE</a>.</div>'
        in made.html
    )
    assert made.html.count("Cited on") == 1
    assert "One A, Two B, Three C et al. (2020)" in made.html


def test_a_part_of_the_bibliography_is_a_page_and_the_page_of_all_leads_to_it(root: Path) -> None:
    block = "/// bibliography\n///\n"
    for name in ("bibliography", "bibliography-a-m"):
        (root / f"docs/references/{name}.md").write_text(f"# Works\n\n{block}")
    part = render(block, root, "references/bibliography-a-m.md")
    assert re.findall(r'<li id="ref-(\w+)">', part.html) == [
        "kingma2014auto",
        "many2020list",
        "muller1999one",
    ]
    whole = render(block, root, "references/bibliography.md").html
    assert '<li id="ref-muller1999one">' in whole
    assert 'href="bibliography-a-m.md#ref-muller1999one"' in whole
    cited = render("Text[^muller1999one].\n", root, "models/vae.md").html
    assert 'href="../references/bibliography-a-m.md#ref-muller1999one"' in cited


def test_each_key_stands_on_one_part_of_the_bibliography() -> None:
    docs = Path(__file__).parents[2] / "docs"
    pages = citations.parts(docs)
    shown = {citations.part_of(pages, key) for key in bibliography.keys(docs / bibliography.FILE)}
    assert shown == set(pages)


def test_cited_on_knows_plain_footnotes_from_keys(root: Path) -> None:
    path = root / "docs/models/vae.md"
    path.write_text("A[^1] b[^kingma2014auto].\n\n[^1]: text\n")
    assert citations.cited(path) == ("kingma2014auto",)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("Bayes}},", "Bayes}}"), "4:46 K02"),
        (("@article{muller", "@article{kingma2014auto,\n}\n@article{muller"), "11:10 K03"),
        (("  author = {Kingma", "  autor = {Kingma"), "3:3 K04"),
        (("https://example.org/list", "javascript:alert(1)"), "26:9 K05"),
        (("https://example.org/list", "ftp://example.org"), "26:9 K05"),
        (("Max},", "Max,"), "3:12 K02"),
        (("@misc{many2020list,", "@misc{"), "22:7 K02"),
        (("@misc{many2020list,", "@misc{many2020list"), "22:19 K02"),
        (("year = {2014}", "year {2014}"), "6:3 K02"),
        (("year = {2014}", "year = "), "6:10 K02"),
        (("  archiveprefix = {arXiv},\n}\n\n@article", "\n@article"), "2:16 K02"),
    ],
)
def test_what_is_wrong_with_the_bibliography_is_one_fault_at_its_place(
    change: tuple[str, str], expected: str
) -> None:
    assert BIBLIOGRAPHY.count(change[0]) == 1
    found = bibtex.faults(BIBLIOGRAPHY.replace(*change))
    assert [f"{line}:{column} {code}" for line, column, code, _ in found] == [expected]


def test_a_sound_bibliography_has_no_fault_and_all_its_keys() -> None:
    text = (
        BIBLIOGRAPHY
        + '@string{n = "N"}\n@comment{x}\n@misc{q1, title = "A {"}Q{"}" # n, year = 1999}\n'
    )
    assert bibtex.faults(text) == []
    keys = [item.key for item in bibtex.items(text)]
    assert keys == ["kingma2014auto", "muller1999one", "many2020list", "others2021more", "q1"]
