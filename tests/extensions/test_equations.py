"""The ledger of equations, and the command that counts them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.extensions import equations, mathematics
from tests.extensions.project import make, render

PAGE = """---
title: Variational autoencoder
---

# VAE

$$
x < y
$$ {#eq-vae-elbo}

$$ z $$ {#eq-vae-z .definition}

$$ w $$ {#eq-vae-w .unchecked reason="a limit"}

```markdown
$$ not $$ {#eq-vae-not}
```
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make(tmp_path)
    (tmp_path / "docs/models/vae.md").write_text(PAGE)
    return tmp_path


def test_the_ledger_shows_every_equation_with_its_state_and_its_test(root: Path) -> None:
    made = render("/// equations\n///\n", root, "references/equations.md")
    assert made.problems == []
    text = re.sub(r"<[^>]+>", "", made.html)
    assert (
        "3 displayed equations: 0 tested as printed; 1 tested, print locked; "
        "1 definitions; 1 not checked." in text
    )
    assert re.findall(r'<div class="ledger-entry" id="([^"]+)">', made.html) == [
        "eq-vae-elbo",
        "eq-vae-z",
        "eq-vae-w",
    ]
    assert '<a href="../models/vae.md">Variational autoencoder</a></h2>' in made.html
    assert re.findall(r'class="equation-number" href="([^"]+)">\((\d)\)', made.html) == [
        ("../models/vae.md#eq-vae-elbo", "1"),
        ("../models/vae.md#eq-vae-z", "2"),
        ("../models/vae.md#eq-vae-w", "3"),
    ]
    assert "<summary><code>models/test_vae.py::test_the_bound_holds</code></summary>" in made.html
    assert "assert 1 &lt; 2" in made.html
    assert "not checked: a limit" in made.html


def test_the_ledger_of_a_section_is_a_page_and_old_addresses_stay_anchors(root: Path) -> None:
    section = "/// equations models\n///\n"
    (root / "docs/references/equations-models.md").write_text(f"# Models\n\n{section}")
    (root / "docs/overview").mkdir(exist_ok=True)
    (root / "docs/overview/other.md").write_text("# Other\n\n$$ a $$ {#eq-other-a .definition}\n")
    made = render("/// equations\n///\n", root, "references/equations.md")
    links = re.findall(r'<a [^>]*class="ledger-number"[^>]*>', made.html)
    assert len(links) == 4
    assert 'href="equations-models.md#eq-vae-elbo"' in links[0]
    assert 'id="eq-vae-elbo"' in links[0]
    assert "ledger-entry" not in made.html
    part = render(section, root, "references/equations-models.md")
    assert len(re.findall('class="ledger-entry"', part.html)) == 3
    assert "eq-other-a" not in part.html
    shown = render("$$ x $$ {#eq-vae-elbo}\n", root, "models/vae.md")
    assert 'href="../references/equations-models.md#eq-vae-elbo"' in shown.html


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("* x", "tested as printed"),
        ("* x\n  y", "tested in part as printed"),
        ("* x\n  \\text{with}\n* y", "tested as printed"),
        ("* x\n  \\text{for } j", "tested in part as printed"),
        ("  x", "tested, print locked"),
    ],
)
def test_a_page_says_how_the_print_of_an_equation_is_held(
    root: Path, rows: str, words: str
) -> None:
    (root / "tests/equations.lock").write_text(f"[eq-vae-elbo]\n{rows}\n")
    made = render("$$ x $$ {#eq-vae-elbo}\n", root, "models/vae.md")
    assert f">{words}</a>" in made.html


def test_a_part_of_a_section_is_a_page_and_the_section_shows_the_rest(root: Path) -> None:
    block = "/// equations models\n///\n"
    for name in ("equations-models", "equations-models-w-z"):
        (root / f"docs/references/{name}.md").write_text(f"# Models\n\n{block}")
    (root / "docs/models/wave.md").write_text("# Wave\n\n$$ a $$ {#eq-wave-a .definition}\n")
    (root / "docs/models/index.md").write_text("# All\n\n$$ b $$ {#eq-all-b .definition}\n")
    rest = render(block, root, "references/equations-models.md").html
    assert "eq-wave-a" not in rest
    assert rest.count('class="ledger-entry"') == 4
    part = render(block, root, "references/equations-models-w-z.md").html
    assert re.findall(r'class="ledger-entry" id="([^"]+)"', part) == ["eq-wave-a"]
    whole = render("/// equations\n///\n", root, "references/equations.md").html
    assert 'href="equations-models-w-z.md#eq-wave-a"' in whole
    assert 'href="equations-models.md#eq-all-b"' in whole
    assert '<a href="equations-models.md">' in whole


def test_every_section_with_equations_has_its_page_of_the_ledger() -> None:
    found = {equations.section_of(entry.uri) for entry in equations.ledger(equations.DOCS)}
    pages = [mathematics.PARTED.fullmatch(name) for name in mathematics.ledgers(equations.DOCS)]
    sections = [page["section"] for page in pages if page and not page["first"]]
    assert sorted(found | {"inference"}) == sorted(sections)
    assert {page["section"] for page in pages if page} == set(sections)


def test_pages_of_the_ledger_are_in_the_contents(root: Path) -> None:
    made = render("/// equations\n///\n", root, "references/equations.md")
    tokens = made.md.toc_tokens  # type: ignore[attr-defined]
    assert [(token["id"], token["name"]) for token in tokens] == [
        ("page-models-vae", "Variational autoencoder")
    ]


def test_the_command_counts_and_names_what_has_lost_its_other_half(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (root / "docs/models/vae.md").open("a") as page:
        page.write("\n$$ v $$ {#eq-vae-v}\n\n$$ u $$\n\n$$ z $$ {#eq-vae-z .definition}\n")
    assert equations.main(root / "docs") == 1
    said = capsys.readouterr().out
    assert 'docs/models/vae.md:19:1: E05 no test carries @pytest.mark.equation("eq-vae-v")' in said
    assert "docs/models/vae.md:21:1: E03 the equation has no id" in said
    assert "docs/models/vae.md:23:1: eq-vae-z stands at docs/models/vae.md:11 already" in said
    assert 'tests/models/test_vae.py:10:1: no page has the equation "eq-vae-gone"' in said
    assert "6 equations: 1 checked by tests, 2 definitions, 1 not checked" in said


def test_the_command_is_content_when_everything_fits(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = root / "tests/models/test_vae.py"
    path.write_text(path.read_text().replace("eq-vae-gone", "eq-vae-elbo"))
    assert equations.main(root / "docs") == 0
    assert "3 equations: 1 checked by tests" in capsys.readouterr().out
