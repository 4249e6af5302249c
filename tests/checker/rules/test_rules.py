"""Every rule has two fixtures: the bad one says what it expects, the good one is silent."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from scripts.checker import report, rulebook
from scripts.checker.engine import check
from scripts.checker.request import Request
from scripts.checker.rules import PASSED, RULES, SITE
from tests.checker.rules.fixtures import Fixture, read

HERE = Path(__file__).parent
# What cannot be read or rendered, or leads out, is made in test_door.py, a built site in test_built_site.py.
UNFIXTURED = {"Z01", "Z02", "Z04", *SITE}
EXTENSIONS = """\
site_name: Fixtures
theme: material
markdown_extensions:
  - abbr
  - admonition
  - attr_list
  - def_list
  - footnotes
  - md_in_html
  - tables
  - toc
  - pymdownx.arithmatex:
      generic: true
  - pymdownx.blocks.admonition
  - pymdownx.blocks.details
  - pymdownx.details
  - pymdownx.emoji:
      emoji_index: !!python/name:material.extensions.emoji.twemoji
  - pymdownx.keys
  - pymdownx.snippets:
      base_path: [docs]
  - pymdownx.superfences
  - pymdownx.tabbed:
      alternate_style: true
"""
OTHER = "# Other\n\n## Section one\n\nText.\n"


def _project(folder: Path, text: str, files: dict[str, str]) -> None:
    docs = folder / "docs"
    (docs / "img").mkdir(parents=True)
    (docs / "img" / "a.png").write_bytes(b"picture")
    (docs / "other.md").write_text(OTHER, encoding="utf-8")
    (docs / "index.md").write_text("# Home\n\nText.\n", encoding="utf-8")
    (docs / "part.md").write_text("# Part\n\nText.\n", encoding="utf-8")
    (folder / "README.md").write_text("# Read me\n", encoding="utf-8")
    (folder / "mkdocs.yml").write_text(EXTENSIONS, encoding="utf-8")
    (docs / "page.md").write_text(text, encoding="utf-8")
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    if "part.md" not in text:
        (docs / "part.md").unlink()


def _found(folder: Path, fixture: Fixture) -> list[str]:
    _project(folder, fixture.text, fixture.files)
    rows = []
    for problem in check(Request([folder], jobs=1, cache=Path("none"))).problems:
        path = Path(problem.path).relative_to(folder).as_posix()
        place = f"{problem.line}" if path == "docs/page.md" else f"{path}:{problem.line}"
        rows.append(f"{place} {problem.code}")
    return sorted(rows)


@pytest.mark.parametrize("code", sorted(set(RULES) - UNFIXTURED))
def test_the_bad_fixture_is_found_at_its_line(code: str, tmp_path: Path) -> None:
    fixture = read(HERE / f"{code}-bad.md")
    assert code in fixture.expected, f"{code}-bad.md expects nothing of {code}"
    assert _found(tmp_path, fixture) == fixture.rows


@pytest.mark.parametrize("code", sorted(set(RULES) - UNFIXTURED))
def test_the_good_fixture_is_silent(code: str, tmp_path: Path) -> None:
    fixture = read(HERE / f"{code}-good.md")
    assert fixture.rows == []
    assert _found(tmp_path, fixture) == []


@pytest.mark.parametrize("code", sorted(RULES))
def test_a_rule_says_what_it_wants_and_why(code: str) -> None:
    told = report.parts(RULES[code])
    assert told["sentence"].endswith(".")
    assert all(told[key] for key in ("bad", "good", "why")), told
    assert rulebook.load("scripts.house.rules").level(code) in {"page", "project", "site"}


@pytest.mark.parametrize("code", sorted(PASSED))
def test_what_a_pass_asks_carries_the_code_under_which_it_stands_in_the_table(code: str) -> None:
    codes = set(re.findall(r'"([A-Z]\d\d)"', inspect.getsource(PASSED[code])))
    assert codes == {code}


def test_every_fixture_has_a_rule() -> None:
    codes = {path.name[:3] for path in HERE.glob("*.md")}
    assert codes == set(RULES) - UNFIXTURED


@pytest.mark.parametrize("case", sorted(path.stem for path in (HERE / "cases").glob("*.md")))
def test_a_case_is_found_where_it_stands_and_nothing_else(case: str, tmp_path: Path) -> None:
    """Whole kinds of faults, each in several shapes; what MkDocs renders was looked at for each."""
    fixture = read(HERE / "cases" / f"{case}.md")
    assert _found(tmp_path, fixture) == fixture.rows
