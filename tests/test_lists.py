"""Lists of pages that are kept by hand: each entry is a page, so that none is forgotten when a page moves.

The check looks after the navigation, redirects, links and what pages need (N01 to N05, L01); the test of the
entrance after the anchors of its map.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from scripts.checker.config import find

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGE = re.compile(r"[\"']([a-z0-9][\w-]*/[\w/-]*\.md)(?:#[\w-]+)?[\"']")
# Constants that name a page; what a docstring or a message shows as an example is not one.
CONSTANT = re.compile(r"^[A-Z]\w* = .*$|^ {4}[\"'][\w/-]+\.md[\"'],$", re.MULTILINE)


def named() -> list[tuple[str, str]]:
    """Every page that a template or a script names, with the file that does."""
    found = []
    for path in sorted((ROOT / "overrides").rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        found += [(path.relative_to(ROOT).as_posix(), page) for page in PAGE.findall(text)]
    for folder in ("extensions", "house", "serving", "checker"):
        for path in sorted((ROOT / "scripts" / folder).rglob("*.py")):
            lines = "\n".join(CONSTANT.findall(path.read_text(encoding="utf-8")))
            found += [(path.relative_to(ROOT).as_posix(), page) for page in PAGE.findall(lines)]
    return found


def test_there_are_such_lists() -> None:
    assert len({file for file, _ in named()}) > 3


@pytest.mark.parametrize(("file", "page"), sorted(set(named())))
def test_a_page_that_is_named_is_there(file: str, page: str) -> None:
    assert (DOCS / page).is_file(), f"{file} names {page}, which is not there"


def test_the_foot_of_every_page_leads_to_pages() -> None:
    links = find(ROOT).extra["footer"]
    assert links
    for link in links:
        url = link["url"].rstrip("/")
        assert (DOCS / f"{url}.md").is_file() or (DOCS / url / "index.md").is_file(), url


def test_every_folder_of_pages_says_its_order() -> None:
    for folder in sorted({path.parent for path in DOCS.rglob("*.md")}):
        order = yaml.safe_load((folder / ".pages").read_text(encoding="utf-8"))["nav"]
        wanted = {
            str(next(iter(item.values())) if isinstance(item, dict) else item) for item in order
        }
        assert {page.name for page in folder.glob("*.md")} <= wanted, folder
