"""The command that makes an empty page with its companions."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import new
from scripts.checker import door
from scripts.house.kinds import KINDS

ROOT = Path(__file__).resolve().parents[2]
# A section that holds only a comment; a still that `make` draws.
ASKS_FOR_CONTENT = {"P30", "D04"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what the command and the check read."""
    for name in ("docs", "overrides", "scripts", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("mkdocs.yml", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.setattr(new, "ROOT", tmp_path)
    return tmp_path


def make(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["new", *arguments])
    return new.main()


def test_a_new_page_of_each_kind_passes_all_checks_but_those_that_ask_for_content(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = project / "docs" / "training" / ".pages"
    for kind, what in KINDS.items():
        companions = ["--code", "--figure", "--demo"] if what.code else []
        assert make(monkeypatch, kind, f"training/a-new-{kind}", *companions) == 0
        pages.write_text(f"{pages.read_text()}    - a-new-{kind}.md\n")
    capsys.readouterr()
    assert door.main([str(project), "--format", "json", "--no-cache", "--jobs", "1"]) == 1
    findings = json.loads(capsys.readouterr().out)
    assert {found["code"] for found in findings} == ASKS_FOR_CONTENT
    paths = {Path(found["path"]).stem for found in findings}
    assert paths == {f"a-new-{kind}" for kind in KINDS}
    made = list(project.rglob("*a_new_*.py"))
    assert len(made) == 4 * sum(what.code for what in KINDS.values())
    ruff = [sys.executable, "-m", "ruff"]
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [*ruff, *command, *made], cwd=project, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_new_section_has_its_order_and_its_title(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make(monkeypatch, "index", "safety-tests/index") == 0
    assert "name safety-tests in docs/.pages" in capsys.readouterr().out
    folder = project / "docs" / "safety-tests"
    assert (folder / ".pages").read_text() == (
        "title: Safety tests\nnav:\n    - index.md\n    - ...\n"
    )
    assert "# Safety tests\n" in (folder / "index.md").read_text()
    assert make(monkeypatch, "guide", "safety-tests/red-teaming") == 0
    assert "name it in docs/safety-tests/.pages" in capsys.readouterr().out


@pytest.mark.parametrize("stem", ["flows", "spring-mass"])
def test_the_test_of_a_new_demo_gives_its_values(
    stem: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert make(monkeypatch, "model", f"models/{stem}", "--demo") == 0
    code = (
        "import importlib, sys; sys.path.insert(0, '.'); from tests import golden\n"
        f"module = importlib.import_module('tests.models.test_{stem.replace('-', '_')}')\n"
        "print(golden.stale(module.GOLDEN, module.golden()), end='')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_what_exists_is_never_overwritten(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = project / "docs" / "models" / "vae.md"
    before = page.read_bytes()
    assert make(monkeypatch, "model", "models/vae", "--figure") == 2
    assert "docs/models/vae.md" in capsys.readouterr().err
    assert page.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["model", "models/Flow Matching"], "in lower case"),
        (["model", "../models/flow"], "give folder/stem"),
        (["model", "nowhere/flow"], "there is no folder docs/nowhere; the folders are "),
        (["model", "nowhere/flow"], "a new section begins with: new index nowhere/index"),
        (["index", "nowhere/flow"], "there is no folder docs/nowhere"),
        (["guide", "models/flow", "--code"], "a page of kind guide has no code"),
    ],
)
def test_a_name_that_cannot_be_an_address_is_told_in_one_line(
    arguments: list[str],
    told: str,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert make(monkeypatch, *arguments) == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1
