"""The extensions inside real builders: MkDocs and ProperDocs give the same pages and count the same faults."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.extensions.project import ALL, make

ROOT = Path(__file__).resolve().parents[2]
PAGE = """---
title: VAE
---

# VAE

The ELBO holds[^kingma2014auto][^muller1999one], for $x<y$; see [the bound](#eq-vae-elbo).

$$
x \\le y
$$ {#eq-vae-elbo}

--8<-- "models/vae/vae.py:loss"

![The gap](vae/gap.svg)
**The gap.** It closes.

| a | b |
| - | - |
| 1 | 2 |

Table: Numbers {#tab-x}

[Move it](vae/vae.mjs){ .demo }
"""
CONFIG = """site_name: Small
strict: true
theme: {{name: null, custom_dir: theme}}
plugins: []
use_directory_urls: true
validation:
  links: {{anchors: warn, absolute_links: warn, unrecognized_links: warn}}
markdown_extensions:
{extensions}
"""


def project(root: Path, page: str = PAGE) -> Path:
    make(root)
    (root / "docs/models/vae.md").write_text(page, encoding="utf-8")
    (root / "tests/models/test_vae.py").write_text(
        '@pytest.mark.equation("eq-vae-elbo")\ndef test_it() -> None: ...\n'
    )
    (root / "theme").mkdir()
    (root / "theme/main.html").write_text("<title>{{ page.title }}</title>{{ page.content }}")
    lines = [f"  - {name}" for name in ALL if name not in ("toc", "tables", "footnotes")]
    lines += ["  - footnotes: {USE_DEFINITION_ORDER: false}"]
    for builder in ("mkdocs", "properdocs"):
        text = CONFIG.format(extensions="\n".join(lines))
        (root / f"{builder}.yml").write_text(text)
    return root


def build(builder: str, root: Path, seed: str = "0") -> tuple[int, str, dict[str, str]]:
    """Exit code, what was said, and the content of each page."""
    pytest.importorskip(builder)
    out = root / f"site-{builder}-{seed}"
    command = [sys.executable, "-m", builder, "build", "-f", f"{builder}.yml", "-d", str(out)]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "SOURCE_DATE_EPOCH": "1700000000",
        "PYTHONHASHSEED": seed,
        "NO_MKDOCS_2_WARNING": "1",
    }
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    pages = {
        path.relative_to(out).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(out.rglob("index.html"))
    }
    return done.returncode, done.stdout + done.stderr, pages


def test_mkdocs_and_properdocs_give_the_same_content(tmp_path: Path) -> None:
    project(tmp_path)
    results = {name: build(name, tmp_path) for name in ("mkdocs", "properdocs")}
    for code, said, _ in results.values():
        assert code == 0, said
    ours, theirs = results["mkdocs"][2], results["properdocs"][2]
    assert list(ours) == list(theirs)
    assert len(ours) == 5
    assert ours == theirs
    assert "<math" in ours["models/vae/index.html"]


def test_links_are_rewritten_by_the_builder(tmp_path: Path) -> None:
    _, _, pages = build("mkdocs", project(tmp_path))
    page = pages["models/vae/index.html"]
    for link in (
        "../../references/bibliography/#ref-kingma2014auto",
        "../../references/equations/#eq-vae-elbo",
        "../../references/glossary/#evidence-lower-bound",
        "vae.py",
        "vae.mjs",
        "gap.csv",
    ):
        assert f'href="{link}"' in page, link


WRONG = {
    "A[^nothing2000x].": "2: K01 'nothing2000x' is neither",
    "$\\foo$": "2: E01 TeX: Unknown command",
    "$$ x $$ {#eq-vae-none}": "1: E05 no test carries",
    '--8<-- "models/vae/vae.py:none"': "9: Q05 docs/models/vae/vae.py has no part",
    "![A](none.svg)\nC.": "6: G04 the figure none.svg is missing",
    "Table: x": "1: Y01 no table stands directly above",
    "a [b](vae/vae.mjs){ .demo }": "6: D01 a demo stands alone",
}


@pytest.mark.parametrize("builder", ["mkdocs", "properdocs"])
def test_each_problem_counts_in_a_strict_build_and_says_where(tmp_path: Path, builder: str) -> None:
    page, line, expected = "---\ntitle: VAE\n---\n\n", 5, []
    for text, problem in WRONG.items():
        page += text + "\n\n"
        expected.append(f"docs/models/vae.md:{line}:{problem}")
        line += text.count("\n") + 2
    code, said, _ = build(builder, project(tmp_path, page))
    assert code == 1
    assert [problem for problem in expected if problem not in said] == []
    assert f"Aborted with {len(WRONG)} warnings in strict mode" in said


def test_two_builds_are_identical_whatever_the_order_of_hashes(tmp_path: Path) -> None:
    project(tmp_path)
    assert build("mkdocs", tmp_path, "1")[2] == build("mkdocs", tmp_path, "2")[2]
