"""The kinds of page: said once, printed for authors, and law in the build as in the check."""

from __future__ import annotations

import datetime
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.checker.config import Config
from scripts.checker.engine import check
from scripts.checker.page import Page
from scripts.checker.request import Request
from scripts.house import kind_rules, kinds
from scripts.house.kind_rules import wrong_needs
from tests.extensions.project import make

ROOT = Path(__file__).resolve().parents[2]
FRONT = {
    "title": "A title",
    "description": "What it is about.",
    "kind": "guide",
    "needs": "[]",
    "reviewed": "2026-11-21",
}
MODEL = "\n\n".join(f"## {heading}\n\nText." for heading in kinds.KINDS["model"].headings)


def text(body: str = "## In short\n\nText.\n", **changes: str | None) -> str:
    """A page whose front matter has other values; None leaves a key out."""
    front = {**FRONT, **changes}
    rows = [f"{key}: {value}" for key, value in front.items() if value is not None]
    return "\n".join(["---", *rows, "---", "", "# A title", "", body])


def found(source: str) -> list[str]:
    """Line, column and code of what is wrong with a page."""
    page = Page("a.md", source, Config(Path("/none"), Path("/none/docs")))
    return [f"{p.line}:{p.column} {p.code}" for p in kind_rules.problems(page)]


def test_the_contributing_pages_print_the_kinds() -> None:
    page = (ROOT / "docs" / "contributing" / "index.md").read_text(encoding="utf-8")
    assert kinds.table() in page
    assert f"at most {kinds.DESCRIPTION_LIMIT} characters" in page
    assert [f"`{key}`" in page for key in kinds.FRONT_MATTER] == [True] * len(kinds.FRONT_MATTER)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (text(), []),
        (text(MODEL, kind="model"), []),
        (text(MODEL.replace("## Try it\n\nText.", ""), kind="model"), ["1:1 V03"]),
        ("# A title\n", ["1:1 P23"]),
        ("---\n- a\n- b\n---\n\n# A title\n", ["2:1 P23"]),
        ("---\ntitle: [\n---\n\n# A title\n", []),  # the rule of all projects tells it
        ("---\ntitle: A\n\n# A title\n", []),
        (text(kind=None), ["1:1 P23"]),
        (text(kidn="x"), ["7:1 P23"]),
        (text(title="B\ntitle: C"), ["3:1 P23"]),
        (text(description="x\nneeds: []", needs=None, kind="guide"), ["5:1 P23"]),
        (text(needs="[]\nterms: [GAN]"), []),
        (text(kind="guide\nterms: [GAN]"), ["6:1 P23"]),
        (text(title='""'), ["2:1 V01"]),
        (text(description="x" * 161), ["3:14 V01"]),
        (text(kind="modell"), ["4:7 V02"]),
        (text(kind="[guide]"), ["4:7 V02"]),
        (text("## Steps\n\nText.\n"), ["1:1 V03"]),
        (text("## Steps\n\nText.\n\n## In short\n\nText.\n"), ["15:1 V03"]),
        (text(MODEL.replace("Exercises", "Exercise"), kind="model"), ["1:1 V03", "47:1 V03"]),
        (text(MODEL + "\n\n## Idea\n", kind="model"), ["51:1 V03"]),
        (
            text(
                MODEL.replace("Idea", "X").replace("Objective", "Idea").replace("X", "Objective"),
                kind="model",
            ),
            ["19:1 V03", "23:1 V03", "27:1 V03"],
        ),
        (text("```\n## Steps\n```\n\n## In short {#short}\n\nText.\n"), []),
        (text(reviewed="soon"), ["6:11 V04"]),
        (text(reviewed="'2026-11-21'"), ["6:11 V04"]),
        (text(reviewed="2999-01-01"), ["6:11 V04"]),
        (text(reviewed=datetime.date.today().isoformat()), []),
    ],
)
def test_a_page_is_what_its_kind_says(source: str, expected: list[str]) -> None:
    assert found(source) == expected


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        ({"a.md": ["b.md"], "b.md": []}, []),
        ({"a.md": ["a.md"]}, ["a.md the page needs itself"]),
        ({"a.md": ["c.md"], "b.md": []}, ["a.md 'needs' names 'c.md', which does not exist"]),
        ({"a.md": ["b.md", "b.md"], "b.md": []}, ["a.md 'needs' names 'b.md' twice"]),
        (
            {"a.md": ["b.md"], "b.md": ["c.md"], "c.md": ["a.md"]},
            [
                "a.md 'needs' goes round in a circle: a.md → b.md → c.md → a.md",
                "b.md 'needs' goes round in a circle: b.md → c.md → a.md → b.md",
                "c.md 'needs' goes round in a circle: c.md → a.md → b.md → c.md",
            ],
        ),
        ({"a.md": ["b.md"], "b.md": ["c.md"], "c.md": []}, []),
    ],
)
def test_what_a_page_needs_is_there_and_leads_to_an_end(
    needs: dict[str, list[str]], expected: list[str]
) -> None:
    places = {path: [[5, 9, value] for value in wanted] for path, wanted in needs.items()}
    said = [f"{p.path} {p.text.split(';')[0]}" for p in wrong_needs(places, places)]
    assert said == expected


@pytest.mark.parametrize(
    "front",
    ["---\n- a\n- b\n---\n", "---\ntitle: [\n---\n", "---\ntitle: A\n", "---\na\nb: c\n---\n"],
)
def test_front_matter_that_cannot_be_read_is_one_finding(front: str, tmp_path: Path) -> None:
    make(tmp_path)
    for name in ("mkdocs.yml", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    page = tmp_path / "docs" / "page.md"
    page.write_text(f"{front}\n# A title\n\nA sentence.\n", encoding="utf-8")
    outcome = check(Request([page], ("S", "P23", "V"), jobs=1, cache=Path("none")))
    assert len(outcome.problems) == 1, outcome.problems


def test_the_build_says_the_same_with_its_places(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "mkdocs.yml").write_text(
        "site_name: S\nstrict: true\ntheme: {name: mkdocs, custom_dir: overrides}\n"
        f"hooks: [{(ROOT / 'scripts' / 'hooks.py').as_posix()}]\n"
    )
    (tmp_path / "overrides").mkdir()
    for path in (tmp_path / "docs").rglob("*.md"):
        path.write_text(text(), encoding="utf-8")
    (tmp_path / "docs" / "models" / "vae.md").write_text(
        text(kind="modell", needs="[models/vae.md]"), encoding="utf-8"
    )
    (tmp_path / "docs" / "open.md").write_text("---\n- a\n- b\n---\n\n# Open\n", encoding="utf-8")
    (tmp_path / "docs" / "broken.md").write_text("---\na: [b\n---\n\n# B\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--site-dir", str(tmp_path / "out")],
        cwd=tmp_path,
        env={"PATH": "", "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    for place in (
        "docs/models/vae.md:4:7: V02",
        "docs/models/vae.md:5:9: N05",
        "docs/open.md:2:1: ",
        "docs/broken.md:3:1: ",
    ):
        assert f"WARNING -  {place}" in said, said
