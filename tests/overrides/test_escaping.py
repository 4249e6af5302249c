"""Whatever an author writes as text is shown as text: it makes no element and no attribute on any page.

The same small site is built twice by this site's templates, hooks and extensions, once with harmless texts
and once with hostile ones: both must have the same elements with the same attributes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from mkdocs.commands.build import build
from mkdocs.config import load_config
from selectolax.lexbor import LexborHTMLParser, LexborNode

from tests.extensions.project import make

ROOT = Path(__file__).resolve().parents[2]
OVERRIDES = ROOT / "overrides"
HARMLESS = "Harmless words"
EVIL = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title><svg onload=alert(1)>",
    "</h1></header><form action=https://example.org>",
    "<!-- map --></figcaption>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<img src=x onerror=alert(1) ",
    "{{ config }}{% raw %}",
    "--><base href=https://example.org/>",
]
FIELDS = ("site", "footer", "section", "nav", "title", "description", "kind", "reviewed", "needs")
CONFIG = """site_name: {site}
site_url: https://example.org/docs/
edit_uri_template: https://example.org/edit/{{path}}
theme: {{name: material, custom_dir: {overrides}, font: false}}
plugins: [search, awesome-pages]
hooks: [{hooks}]
extra_javascript: [assets/site.mjs]
extra:
  footer: [{{title: {footer}, url: models/}}]
markdown_extensions:
  - attr_list
  - toc: {{permalink: "#"}}
"""


def front(texts: dict[str, Any]) -> str:
    """The head of a page; JSON is YAML."""
    keys = ("title", "description", "kind", "reviewed", "needs")
    return "---\n" + "".join(f"{key}: {json.dumps(texts[key])}\n" for key in keys) + "---\n\n"


def site(root: Path, texts: dict[str, Any]) -> dict[str, str]:
    """The pages of a small site, by their paths; every kind of page that the templates tell apart."""
    quoted = {key: json.dumps(texts[key]) for key in ("site", "footer")}
    pages = {
        "index.md": front(texts) + "Words.\n\n<!-- map -->\n\n## Part\n\nMore.\n",
        "models/index.md": front(texts) + "No heading of its own.\n\n## Part\n\nMore.\n",
        "models/headed.md": front(texts) + "# Headed\n\nWords.\n\n## Part\n\n### Of it\n",
        "models/last.md": "# Last\n\nNothing before it.\n",
        "models/.pages": f"title: {json.dumps(texts['section'])}\nnav:\n"
        f"  - index.md\n  - {json.dumps(texts['nav'])}: headed.md\n  - last.md\n",
    }
    for name, text in pages.items():
        path = root / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    hooks = json.dumps(str(ROOT / "scripts" / "hooks.py"))
    settings_ = CONFIG.format(overrides=json.dumps(str(OVERRIDES)), hooks=hooks, **quoted)
    (root / "mkdocs.yml").write_text(settings_, encoding="utf-8")
    config = load_config(str(root / "mkdocs.yml"), site_dir=str(root / "site"))
    build(config)
    return {
        path.relative_to(root / "site").as_posix(): path.read_text(encoding="utf-8")
        for path in (root / "site").rglob("*.html")
    }


def shape(html: str) -> list[tuple[str, tuple[str, ...]]]:
    """The elements of a page in their order, each with the names of its attributes."""
    root = LexborHTMLParser(html).root
    assert root is not None
    return [(node.tag or "", tuple(node.attributes)) for node in elements(root)]


def elements(node: LexborNode) -> Iterator[LexborNode]:
    """An element and all those in it, without texts."""
    if node.tag and not node.tag.startswith("-"):
        yield node
    for child in node.iter():
        yield from elements(child)


@pytest.fixture(scope="module")
def harmless(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The shapes of the pages of the harmless site."""
    pages = site(tmp_path_factory.mktemp("harmless"), dict.fromkeys(FIELDS, HARMLESS))
    return {name: shape(html) for name, html in pages.items()}


def check(root: Path, texts: dict[str, Any], harmless: dict[str, Any]) -> None:
    """Build with these texts, and compare."""
    pages = site(root, texts)
    assert set(pages) == set(harmless) == {
        "404.html", "index.html", "models/index.html", "models/headed/index.html",
        "models/last/index.html",
    }  # fmt: skip
    for name, html in pages.items():
        assert shape(html) == harmless[name], name


@pytest.mark.parametrize("evil", EVIL)
def test_a_hostile_text_changes_no_page(
    evil: str, harmless: dict[str, Any], tmp_path: Path
) -> None:
    check(tmp_path, dict.fromkeys(FIELDS, evil), harmless)


PIECES = st.sampled_from(
    [*EVIL, "<", ">", '"', "'", "&", "&lt;", "`", "=", " ", "a", "\u2028", "--"]
)
TEXTS = st.lists(PIECES, min_size=1, max_size=5).map(lambda parts: f"x{''.join(parts)}")


@given(texts=st.fixed_dictionaries(dict.fromkeys(FIELDS, TEXTS)))
@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.generate],  # a build takes too long to look for the smallest example
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_front_matter_changes_the_shape_of_a_page(
    texts: dict[str, str],
    harmless: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    check(tmp_path_factory.mktemp("hostile"), texts, harmless)


@pytest.mark.parametrize("value", [0, 1.5, True, None, ["a"], {"a": "b"}, [["a"]], "2026-11-29"])
def test_a_key_of_another_type_ends_no_build(value: Any, tmp_path: Path) -> None:
    texts = dict.fromkeys(FIELDS, HARMLESS)
    site(tmp_path, texts | dict.fromkeys(("description", "kind", "reviewed", "needs"), value))


def test_a_heading_is_a_title_once(tmp_path: Path) -> None:
    make(tmp_path)
    texts = dict.fromkeys(FIELDS, HARMLESS)
    (tmp_path / "docs/models").mkdir(parents=True, exist_ok=True)
    (tmp_path / "docs/models/signs.md").write_text("# `p<q` & *r*\n\n## `s<t` & *u*\n")
    html = site(tmp_path, texts)["models/signs/index.html"]
    tree = LexborHTMLParser(html)
    title, entry = tree.css_first("title"), tree.css_first("#toc li a")
    assert title is not None
    assert title.text().startswith("p<q & r")
    assert entry is not None
    assert entry.text() == "s<t & u"
