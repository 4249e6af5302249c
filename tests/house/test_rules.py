"""Every rule of the house has two fixtures, and they are checked with the site's own configuration."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from scripts.checker import report, rulebook
from scripts.checker.engine import check
from scripts.checker.problem import Problem
from scripts.checker.request import Request
from scripts.house import rules as house
from tests.checker.rules.fixtures import Fixture, read
from tests.extensions.project import make, render

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent / "rules"
BOOK = rulebook.load("scripts.house.rules")
# A fixture of the built site stands in tests/checker/test_built_site.py.
CODES = sorted(BOOK.style - set(BOOK.site))
# Prose and front matter are not what the fixtures of the extensions are about.
ASIDE = ("P", "X", "V", "N", "S01")


def found(folder: Path, code: str, fixture: Fixture) -> list[str]:
    """What the check says of a fixture: of a rule of style that rule, of an extension everything."""
    make(folder)
    for name in ("mkdocs.yml", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    (folder / "docs" / "page.md").write_text(fixture.text, encoding="utf-8")
    (folder / "docs" / "other.md").write_text("# Other\n\n## Section one\n\nText.\n", "utf-8")
    for name, content in fixture.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    ignore = ASIDE if code in house.TOLD else ()
    select = () if code in house.TOLD else (code,)
    rows = []
    for problem in check(Request([folder], select, ignore, jobs=1, cache=Path("none"))).problems:
        path = Path(problem.path).relative_to(folder).as_posix()
        if code not in house.TOLD and path not in ("docs/page.md", *fixture.files):
            continue
        place = f"{problem.line}" if path == "docs/page.md" else f"{path}:{problem.line}"
        rows.append(f"{place} {problem.code}")
    return sorted(rows)


@pytest.mark.parametrize("code", CODES)
def test_the_bad_fixture_is_found_at_its_line(code: str, tmp_path: Path) -> None:
    fixture = read(HERE / f"{code}-bad.md")
    assert code in fixture.expected, f"{code}-bad.md expects nothing of {code}"
    assert found(tmp_path, code, fixture) == fixture.rows


@pytest.mark.parametrize("code", CODES)
def test_the_good_fixture_is_silent(code: str, tmp_path: Path) -> None:
    fixture = read(HERE / f"{code}-good.md")
    assert fixture.rows == []
    assert found(tmp_path, code, fixture) == []


@pytest.mark.parametrize("code", sorted(BOOK.style))
def test_a_rule_says_what_it_wants_and_why(code: str) -> None:
    told = report.parts(BOOK.rules[code])
    assert told["sentence"].endswith(".")
    assert all(told[key] for key in ("bad", "good", "why")), told
    assert BOOK.level(code) in {"page", "project", "site"}


def test_every_fixture_has_a_rule_and_every_letter_a_subject() -> None:
    assert {path.name[:3] for path in HERE.glob("*.md")} == set(CODES)
    assert {code[0] for code in BOOK.rules} == set(BOOK.subjects)


def test_every_code_that_an_extension_reports_is_in_the_table() -> None:
    reported: set[str] = set()
    for path in (ROOT / "scripts" / "extensions").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        reported |= set(re.findall(r'"([A-Z]\d\d)"', text))
    assert reported == set(house.TOLD)


@pytest.mark.parametrize("code", sorted(house.TOLD))
def test_the_build_and_the_check_report_the_same(code: str, tmp_path: Path) -> None:
    """The check renders a page with a mark in every line; what the extensions say must not differ."""
    fixture = read(HERE / f"{code}-bad.md")
    make(tmp_path)
    for name in ("mkdocs.yml", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    for name, content in fixture.files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    built = render(fixture.text, tmp_path, "page.md").page.problems
    outcome = check(Request([tmp_path / "docs" / "page.md"], jobs=1, cache=Path("none")))
    docs = tmp_path / "docs"
    checked = [
        p.within(Path(p.path).relative_to(docs).as_posix())
        for p in outcome.problems
        if p.code in house.TOLD
    ]
    assert sorted(built, key=Problem.key) == checked
    assert [p.code for p in checked] == [code]
