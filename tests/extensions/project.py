"""A small site for the tests of the extensions, and a page of it rendered as a builder would."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.treeprocessors import Treeprocessor

from scripts.checker.page import Page
from scripts.extensions.builder import of

ALL = (
    "admonition",
    "attr_list",
    "def_list",
    "footnotes",
    "md_in_html",
    "sane_lists",
    "tables",
    "toc",
    "pymdownx.details",
    "pymdownx.highlight",
    "pymdownx.superfences",
    "scripts.extensions.citations",
    "scripts.extensions.mathematics",
    "scripts.extensions.equations",
    "scripts.extensions.excerpts",
    "scripts.extensions.steps",
    "scripts.extensions.figures",
    "scripts.extensions.tables",
    "scripts.extensions.glossary",
    "scripts.extensions.demos",
    "scripts.extensions.answers",
    "scripts.extensions.names",
    "scripts.extensions.length",
    "scripts.extensions.harmless",
)
OPTIONS: dict[str, dict[str, object]] = {"footnotes": {"USE_DEFINITION_ORDER": False}}

BIBLIOGRAPHY = r"""
@inproceedings{kingma2014auto,
  author = {Kingma, Diederik P. and Welling, Max},
  title = {Auto-Encoding Variational {Bayes}},
  booktitle = {International Conference on Learning Representations},
  year = {2014},
  eprint = {1312.6114},
  archiveprefix = {arXiv},
}

@article{muller1999one,
  author = {M{\"u}ller, J{\'e}r{\^o}me and {\O}stby, {\AA}sa and van den Oord, A{\"a}ron},
  title = {One \& Only: the {$\beta$-VAE} -- a ``Study''},
  journal = {Journal of Things},
  year = {1999},
  volume = {12},
  number = {3},
  pages = {45--67},
  doi = {10.1000/xyz},
}

@misc{many2020list,
  author = {A, One and B, Two and C, Three and D, Four and E, Five and F, Six},
  title = {A List},
  year = {2020},
  url = {https://example.org/list},
  urldate = {2026-11-21},
}

@misc{others2021more,
  author = {Zeta, Zoe and others},
  title = {More_or *less* [x]},
  year = {2021},
  eprint = {2101.00001},
  archiveprefix = {arXiv},
}
"""
GLOSSARY = """---
title: Glossary
---

# Glossary

**Evidence lower bound** (ELBO)
:   A bound.

**Generative adversarial network** (GAN)
:   Two networks.

Latent variable
:   It has no abbreviation.

**Kullback–Leibler divergence** (KL)
:   A distance that is none.
"""
CODE = (
    '''"""Code."""

import math


# --8<-- [start:loss]
def loss(x: float) -> float:
    """A loss."""
    if x < 0:
        # --8<-- [start:inner]
        return -x
        # --8<-- [end:inner]
    return math.log(x)
    # --8<-- [end:loss]


# --8<-- [start:long]
'''
    + "".join(f"a{number} = {number}\n" for number in range(21))
    + "# --8<-- [end:long]\n"
)
SVG = """<?xml version="1.0"?>
<!DOCTYPE svg>
<!-- a comment -->
<svg xmlns="http://www.w3.org/2000/svg" width="360" height="270" viewBox="0 0 360 270" data-csv="00">
<title>old</title>
<metadata>secret</metadata>
<defs><path id="m1" d="M0 0"/><clipPath id="c"><rect width="9" height="9"/></clipPath></defs>
<g>
<g clip-path="url(#c)"><use href="#m1" x="3"/></g>
<text>0.5 <tspan>one</tspan> two</text>
</g>
</svg>
"""
TEST = """import pytest


@pytest.mark.equation("eq-vae-elbo")
def test_the_bound_holds() -> None:
    assert 1 < 2


@pytest.mark.equation("eq-vae-gone")
def test_of_nothing() -> None:
    pass
"""


def make(root: Path) -> Path:
    """Write the small site below a folder."""
    files = {
        "docs/index.md": "# Home\n",
        "docs/models/vae.md": "# VAE\n",
        "docs/models/vae/vae.py": CODE,
        "docs/models/vae/vae.mjs": "export function mount(root) {}\n",
        "docs/models/vae/gap.svg": SVG,
        "docs/models/vae/gap.csv": "x,y\n1,2\n",
        "docs/models/vae/bare.svg": SVG,
        "docs/references/bibliography.bib": BIBLIOGRAPHY,
        "docs/references/bibliography.md": "# Bibliography\n\n/// bibliography\n///\n",
        "docs/references/equations.md": "# Equations\n\n/// equations\n///\n",
        "docs/references/glossary.md": GLOSSARY,
        "tests/models/test_vae.py": TEST,
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


class Builder(Treeprocessor):
    """What MkDocs registers as `relpath`, as far as the extensions look at it."""

    def __init__(self, md: Markdown, root: Path, uri: str) -> None:
        super().__init__(md)
        path = root / "docs" / uri
        self.file = SimpleNamespace(src_uri=uri, abs_src_path=str(path))
        self.config = SimpleNamespace(docs_dir=str(root / "docs"))
        self.files = object()

    def run(self, root: Element) -> None:
        """Leave the links as they are."""


@dataclass(frozen=True)
class Rendered:
    """A page and what was wrong with it."""

    html: str
    page: Page
    md: Markdown

    @property
    def problems(self) -> list[str]:
        """Line, column and message of each problem."""
        return [f"{p.line}:{p.column}: {p.text}" for p in self.page.problems]


def render(text: str, root: Path | None = None, uri: str = "models/vae.md") -> Rendered:
    """Render a page; without a root there is no builder and no path."""
    md = Markdown(extensions=list(ALL), extension_configs=OPTIONS)
    if root is not None:
        path = root / "docs" / uri
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"---\ntitle: Page\n---\n\n{text}", encoding="utf-8")
        md.treeprocessors.register(Builder(md, root, uri), "relpath", 0)
    html = md.convert(text)
    return Rendered(html, of(md), md)
