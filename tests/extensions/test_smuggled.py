"""The build refuses what the check finds, and publishes none of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.extensions.project import SVG, make, render

ROOT = Path(__file__).resolve().parents[2]
HEAD = """---
title: Home
description: Words.
kind: index
needs: []
reviewed: 2026-11-01
---

"""
CONFIG = """site_name: Small
strict: true
theme: {{name: null, custom_dir: theme}}
plugins: []
hooks: ["{hooks}"]
markdown_extensions: [attr_list, md_in_html, scripts.extensions.harmless]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small project with the hooks of this site."""
    for name, text in {
        "docs/index.md": f"{HEAD}# Home\n\nWords.\n",
        "docs/a.svg": '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>',
        "theme/main.html": "{{ page.content | safe }}",
        "drafts/inside.csv": "kept",
        "mkdocs.yml": CONFIG.format(hooks=(ROOT / "scripts/hooks.py").as_posix()),
    }.items():
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "root/docs/inside.csv").symlink_to("../drafts/inside.csv")
    return tmp_path / "root"


def build(root: Path, *options: str) -> tuple[int, str]:
    """The exit code, and what was said."""
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", *options],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def test_what_is_harmless_is_published(root: Path) -> None:
    code, said = build(root)
    assert code == 0, said
    assert (root / "site/inside.csv").read_text() == "kept"
    assert (root / "site/a.svg").is_file()


def test_links_out_and_drawings_that_act_are_refused(root: Path) -> None:
    secret = root.parent / "secret"
    secret.mkdir()
    (secret / "key.csv").write_text("SECRET")
    (secret / "page.md").write_text("SECRET")
    (root / "docs/folder").symlink_to(secret)
    (root / "docs/page.md").symlink_to(secret / "page.md")
    (root / "docs/key.csv").symlink_to(secret / "key.csv")
    text = '<svg xmlns="http://www.w3.org/2000/svg">\n<script>alert(1)</script></svg>'
    (root / "docs/b.svg").write_text(text)
    code, said = build(root)
    assert code != 0
    for path in ("folder/key.csv", "folder/page.md", "page.md", "key.csv"):
        assert f"docs/{path}:1:1: the symbolic link leads out of the repository" in said
    assert "docs/b.svg:2:1: this drawing has an element that is not allowed, <script>" in said
    build(root, "--no-strict")
    published = [path for path in (root / "site").rglob("*") if path.is_file()]
    assert (root / "site/index.html") in published
    assert not (root / "site/b.svg").exists()
    assert not [path for path in published if b"SECRET" in path.read_bytes()]


def test_a_page_that_acts_is_refused_with_its_line(root: Path) -> None:
    (root / "docs/index.md").write_text(f"{HEAD}# Home\n\nA <b onclick='go()'>word</b>.\n")
    code, said = build(root)
    assert code != 0
    assert "docs/index.md:11:6: W02 onclick may not be an attribute of <b>" in said


def test_a_page_shows_nothing_of_what_a_link_leads_out_to(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key.py").write_text("SECRET = 1\n")
    (secret / "key.svg").write_text(SVG.replace("0.5", "SECRET"))
    made = make(tmp_path / "root")
    (made / "mkdocs.yml").write_text("site_name: Small\n")
    (made / "docs/out").symlink_to(secret)
    text = '--8<-- "out/key.py"\n\n![A](../out/key.svg)\nWords.\n'
    found = render(text, made)
    assert "SECRET" not in found.html
    assert {problem.code for problem in found.page.problems} == {"Q02", "G03"}
