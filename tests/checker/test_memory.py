"""What is remembered is what would be found: whatever a page is made from may change between two runs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.checker import digests, inputs, rulebook
from scripts.checker.config import find
from scripts.checker.engine import check
from scripts.checker.one_page import Checker
from scripts.checker.request import Request
from scripts.extensions import equation_tests, glossary
from tests.extensions.project import BIBLIOGRAPHY, CODE, GLOSSARY, SVG, TEST, make

ROOT = Path(__file__).resolve().parents[2]
HEAD = "---\ntitle: {}\ndescription: A page.\nkind: {}\nneeds: [{}]\nreviewed: 2026-11-21\n---\n\n# {}\n\n"
PAGE = (
    HEAD.format("A", "reference", "b.md", "A")
    + """\
A claim[^kingma2014auto] on the ELBO, and [a part](b.md#part) of [it](c.md).

$$
x = y
$$ {#eq-vae-elbo}

--8<-- "models/vae/vae.py:loss"

![The gap](models/vae/gap.svg)
**The gap.** It shrinks.

![A picture](made.png)
"""
)
OTHER = HEAD.format("B", "reference", "", "B") + "## Part\n\nText.\n"
NAV = "nav:\n  - index.md\n  - a.md\n  - b.md\n  - ...\n"

SETTINGS = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
MAPS = "      redirect_maps:\n"

# Every file that a finding may depend on, in several states; None: the file is not there.
STATES: dict[str, list[str | None]] = {
    "docs/references/bibliography.bib": [
        BIBLIOGRAPHY,
        BIBLIOGRAPHY.replace("kingma2014auto", "kingma2015auto"),
        BIBLIOGRAPHY.replace("eprint = {1312.6114},", "eprint = {1312.6114}"),
        None,
    ],
    "docs/references/glossary.md": [GLOSSARY, GLOSSARY.replace("ELBO", "ELBOW"), None],
    "docs/models/vae/vae.py": [
        CODE,
        CODE.replace(":loss]", ":lost]".replace("lost", "loss2")),
        None,
    ],
    "docs/models/vae/gap.svg": [SVG, SVG.replace("<defs>", "<style></style><defs>"), None],
    "docs/models/vae/gap.csv": ["x,y\n1,2\n", None],
    "docs/made.png": ["picture", None],
    "tests/models/test_vae.py": [TEST, TEST.replace("elbo", "gap"), None],
    "docs/b.md": [OTHER, OTHER.replace("Part", "Other"), OTHER.replace("[]", "[a.md]"), None],
    "docs/c.md": [OTHER.replace("title: B", "title: C"), None],
    "docs/.pages": [NAV, NAV.replace("  - ...\n", ""), None],
    "docs/a.md": [PAGE, PAGE.replace("c.md", "d.md")],
    "docs/assets/stylesheets/site.css": ["", ".admonition.nte { color: red }"],
    "mkdocs.yml": [
        SETTINGS,
        SETTINGS.replace(MAPS, f"{MAPS}        old.md: b.md\n"),
        SETTINGS.replace(MAPS, f"{MAPS}        old.md: lost.md\n"),
        SETTINGS.replace("  - pymdownx.mark\n", ""),
    ],
    ".gitignore": ["site/\n", "docs/made.png\n"],
}
CHANGES = [(name, state) for name, states in STATES.items() for state in range(len(states))]


def put(root: Path, name: str, state: int) -> None:
    """Bring a file into one of its states."""
    path, text = root / name, STATES[name][state]
    if text is None:
        path.unlink(missing_ok=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small site with our own settings."""
    root = make(tmp_path_factory.mktemp("site"))
    shutil.copy(ROOT / "pyproject.toml", root)
    for name in STATES:
        put(root, name, 0)
    return root


def said(root: Path, cache: Path) -> list[str]:
    """All findings of a run."""
    return [str(found) for found in check(Request([root], jobs=1, cache=cache)).problems]


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(changes=st.lists(st.sampled_from(CHANGES), min_size=1, max_size=4))
def test_after_any_changes_the_memory_says_what_a_fresh_run_says(
    changes: list[tuple[str, int]], site: Path
) -> None:
    memory = site / ".cache" / "check"
    for name, state in changes:
        put(site, name, state)
        assert said(site, memory) == said(site, Path("none"))


@pytest.mark.parametrize(("name", "state"), [c for c in CHANGES if c[1]], ids=str)
def test_each_change_is_seen_and_so_is_its_end(name: str, state: int, site: Path) -> None:
    memory = site / ".cache" / "each"
    for other in STATES:
        put(site, other, 0)
    before = said(site, memory)
    put(site, name, state)
    assert said(site, memory) == said(site, Path("none"))
    put(site, name, 0)
    assert said(site, memory) == before


def never(*_: object) -> None:
    """Stands in for what checks a page."""
    raise AssertionError("a page is checked again")


def test_a_run_with_nothing_changed_renders_nothing(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = site / ".cache" / "same"
    before = said(site, memory)
    monkeypatch.setattr(Checker, "checked", never)
    assert said(site, memory) == before


def test_a_redirect_makes_no_page_anew(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = site / ".cache" / "redirect"
    put(site, "mkdocs.yml", 0)
    before = said(site, memory)
    monkeypatch.setattr(Checker, "checked", never)
    put(site, "mkdocs.yml", 2)
    found = said(site, memory)
    put(site, "mkdocs.yml", 0)
    assert len(found) == len(before) + 1, "the redirect leads nowhere, and nothing says so"


def test_the_memory_lies_where_the_command_that_cleans_looks(site: Path) -> None:
    from scripts.devtools.commands import CACHES

    check(Request([site], jobs=1))
    [database] = (site / ".cache" / "check").glob("*.sqlite")
    assert database.relative_to(site).parts[0] in CACHES


def test_code_of_the_rules_the_house_and_the_extensions_is_part_of_the_version(
    tmp_path: Path,
) -> None:
    folders = {
        path.relative_to(ROOT).as_posix()
        for path in digests.folders(find(ROOT), rulebook.load("scripts.house.rules"))
    }
    assert {"scripts/checker", "scripts/house", "scripts/extensions"} <= folders
    for name, text in (("a.py", "1"), ("a.py", "2"), ("terms.toml", "3")):
        before = list(digests.code(tmp_path))
        (tmp_path / name).write_text(text)
        assert list(digests.code(tmp_path)) != before


@pytest.mark.parametrize("function", [inputs.contents, inputs.exists, glossary.known])
def test_a_question_is_asked_again_by_its_name(
    function: Callable[[Path], object], tmp_path: Path
) -> None:
    path = tmp_path / "file.md"
    asked = inputs.question(function, path)
    before = inputs.ask(asked)
    path.write_text(GLOSSARY, encoding="utf-8")
    assert inputs.ask(asked) == inputs.digest(function(path)) != before


def test_a_question_that_cannot_be_answered_has_an_answer_of_its_own(tmp_path: Path) -> None:
    good = inputs.ask(inputs.question(equation_tests.labels, tmp_path))
    assert inputs.ask(("scripts.extensions.equation_tests:gone", str(tmp_path))) != good
    assert inputs.ask(("scripts.no_such:labels", str(tmp_path))) != good
