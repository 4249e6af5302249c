"""Tables, the glossary and the boxes of demos."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.extensions.project import make, render

TABLE = "| a | b |\n| --- | --: |\n| 1 | 2 |\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make(tmp_path)


def test_a_table_gets_its_caption_number_id_and_scopes(root: Path) -> None:
    made = render(TABLE + "\nTable: What **counts** {#tab-x}\n", root)
    assert made.problems == []
    assert '<div class="table-box">' in made.html
    assert (
        '<table id="tab-x"><caption><span class="table-number">Table 1</span> '
        "What <strong>counts</strong></caption>" in made.html
    )
    assert len(re.findall(r"<th\b[^>]* scope=.col.", made.html)) == 2
    assert "<p>Table" not in made.html


def test_tables_are_numbered_and_need_no_id(root: Path) -> None:
    made = render(f"{TABLE}\nTable: One\n\n{TABLE}\nText.\n\n{TABLE}\nTable: Two $x$\n", root)
    assert re.findall(r"Table (\d)</span> (\w+)", made.html) == [("1", "One"), ("2", "Two")]
    assert made.html.count("<caption>") == 2


def test_an_empty_head_is_no_header_and_the_first_column_holds_those_of_the_rows(
    root: Path,
) -> None:
    made = render("| | b |\n| --- | --- |\n| 1 | 2 |\n| | 3 |\n", root)
    assert re.search(r'<thead>\s*<tr>\s*<td></td>\s*<th scope="col">b</th>', made.html)
    assert re.search(r'<tbody>\s*<tr>\s*<th scope="row">1</th>\s*<td>2</td>', made.html)
    assert re.search(r"<tr>\s*<td></td>\s*<td>3</td>", made.html)
    assert 'scope="row"' not in render("| a | b |\n| --- | --- |\n| 1 | 2 |\n", root).html


def test_a_wide_table_can_be_reached_and_is_named(root: Path) -> None:
    wide = "| " + " | ".join(f"heading {n}" for n in range(6)) + " |\n" + "| --- " * 6 + "|\n"
    wide += "| " + " | ".join(f"some words {n}" for n in range(6)) + " |\n"
    named = render(wide + "\nTable: All {#tab-w}\n", root).html
    assert 'role="region" tabindex="0"' in named
    assert 'aria-labelledby="tab-w-caption"' in named
    assert 'id="tab-w-caption"' in named
    assert 'aria-label="Table 1"' in render(wide, root).html
    assert "tabindex" not in render(TABLE, root).html


def test_a_caption_without_its_table_is_told(root: Path) -> None:
    made = render("Text.\n\nTable: Lost\n", root)
    assert made.problems == [
        "7:1: no table stands directly above this caption; move it below its table"
    ]
    twice = render(f"{TABLE}\nTable: One\n\nTable: Two\n", root)
    assert twice.problems == [
        "11:1: no table stands directly above this caption; move it below its table"
    ]


def test_a_table_in_code_or_a_sentence_about_tables_is_left_alone(root: Path) -> None:
    made = render("`Table: x`\n\n```text\nTable: y\n```\n\nThe Table: z.\n", root)
    assert made.problems == []


def test_the_first_abbreviation_of_a_page_links_and_that_of_each_section_explains(
    root: Path,
) -> None:
    made = render("# T\n\nThe ELBO, the ELBO.\n\n## B\n\nAn ELBO and ELBO.\n", root)
    assert made.html.count('<abbr title="Evidence lower bound">ELBO</abbr>') == 2
    assert (
        made.html.count('<a class="term" href="../references/glossary.md#evidence-lower-bound">')
        == 1
    )


@pytest.mark.parametrize(
    "text",
    [
        "# The ELBO\n",
        "[ELBO](vae.md)\n",
        "`ELBO`\n",
        "```text\nELBO\n```\n",
        "$ELBO$\n",
        "ELBOX XELBO ELBO2 X-ELBO\n",
        "<!-- ELBO -->\n",
        "Text[^1].\n\n[^1]: ELBO\n",
    ],
)
def test_headings_links_code_mathematics_and_parts_of_words_are_left_alone(
    root: Path, text: str
) -> None:
    assert "<abbr" not in render(text, root).html


@pytest.mark.parametrize(
    "text", ["Two GANs.\n", "GAN-like.\n", "(GAN)\n", "**GAN**\n", "- a GAN\n"]
)
def test_plurals_and_neighbours_do_not_matter(root: Path, text: str) -> None:
    assert 'title="Generative adversarial network">GAN' in render(text, root).html


def test_text_around_abbreviations_is_kept(root: Path) -> None:
    made = render("A GAN, *b* KL c GAN and `d` ELBO e.\n", root)
    assert re.sub(r"<[^>]+>", "", made.html) == "A GAN, b KL c GAN and d ELBO e."
    assert made.html.count("<abbr") == 3


def test_a_summary_holds_no_link(root: Path) -> None:
    made = render('??? note "The GAN"\n\n    A GAN.\n', root)
    summary = re.search(r"<summary>.*?</summary>", made.html)
    assert summary
    assert "<abbr" in summary[0]
    assert "<a " not in summary[0]


def test_every_term_of_the_glossary_has_an_id_and_no_tooltip(root: Path) -> None:
    made = render(
        (root / "docs/references/glossary.md").read_text().partition("---\n\n")[2],
        root,
        "references/glossary.md",
    )
    assert re.findall(r'<dt id="([^"]+)">', made.html) == [
        "evidence-lower-bound",
        "generative-adversarial-network",
        "latent-variable",
        "kullback-leibler-divergence",
    ]
    assert "<abbr" not in made.html


def test_the_entry_of_a_term_leads_to_the_page_that_owns_it(root: Path) -> None:
    glossary = root / "docs/references/glossary.md"
    head, _, text = glossary.read_text(encoding="utf-8").partition("---\n\n")
    text = text.replace("Two networks.", "Two networks; see [GAN](../models/gan.md#idea).")
    glossary.write_text(f"{head}---\n\n{text}", encoding="utf-8")
    for name, terms in {
        "vae": "[ELBO, latent variables, no such term]",
        "gan": "[generative adversarial network]",
        "none": "nothing",
        "broken": "[",
    }.items():
        page = f"---\ntitle: The {name} & more\nterms: {terms}\n---\n\n# T\n\nA *bound*.\n\n"
        page += "## The `ELBO` {.a #named}\n\nAn ELBO; the *long ELBO* is another.\n\n"
        page += (
            "## An `x` and `ELBO`\n\nThe *evidence lower bound* (ELBO) and *latent variables*.\n"
        )
        (root / f"docs/models/{name}.md").write_text(page, encoding="utf-8")
    made = render(text, root, "references/glossary.md").html
    link = 'Explained on <a href="../models/vae.md#an-x-and-elbo">The vae &amp; more</a>.'
    assert made.count(link) == made.count("Explained on") == 2
    assert re.search(rf"<dd>A bound. {re.escape(link)}</dd>", made)


def test_without_a_glossary_nothing_happens(tmp_path: Path) -> None:
    (tmp_path / "docs/models").mkdir(parents=True)
    assert "<abbr" not in render("The ELBO.\n", tmp_path).html


def test_a_demo_gets_its_box_and_stays_a_link(root: Path) -> None:
    made = render("[Move a code](vae/vae.mjs){ .demo }\n", root)
    assert made.problems == []
    box = '<div class="demo" id="demo"><a class="demo" href="vae/vae.mjs">Move a code</a></div>'
    assert box in made.html


def test_a_still_stands_below_the_link_and_only_the_first_demo_is_named(root: Path) -> None:
    made = render(
        "[A](vae/vae.mjs){ .demo still=vae/gap.svg }\n\n[B](vae/vae.mjs){ .demo }\n", root
    )
    assert made.problems == []
    still = re.search(r'<a class="demo" href="vae/vae.mjs">A</a><img ([^>]*)', made.html)
    assert still
    for part in ('alt="A figure', 'src="vae/gap.svg"', 'width="360"', 'height="270"'):
        assert part in still[1]
    assert 'loading="lazy"' in still[1]  # who never comes near does not load it
    assert '<div class="demo"><a class="demo" href="vae/vae.mjs">B</a></div>' in made.html
    assert "still=" not in made.html


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "Try [it](vae/vae.mjs){ .demo } now.\n",
            "5:9: a demo stands alone in its paragraph; put blank lines around it",
        ),
        (
            "[it](vae.py){ .demo }\n",
            "5:6: a demo is a module, and 'vae.py' is none; name an .mjs file",
        ),
        (
            "[it](vae/vae.mjs){ .demo still=vae/no.svg }\n",
            "5:6: the still 'vae/no.svg' of this demo is no drawing; name a figure",
        ),
    ],
)
def test_a_wrong_demo_is_told(root: Path, text: str, problem: str) -> None:
    assert render(text, root).problems == [problem]


def test_other_links_are_left_alone(root: Path) -> None:
    assert 'class="demo"' not in render("[code](vae/vae.mjs)\n\n`[a](b.mjs){ .demo }`\n", root).html
