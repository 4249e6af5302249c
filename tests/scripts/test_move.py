"""The command that renames a page with all that belongs to it."""

from __future__ import annotations

import json
import posixpath
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import move, recipes
from scripts.devtools import building
from scripts.move import Place, Refused
from tests.site import addresses

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = shutil.ignore_patterns("__pycache__")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the repository."""
    for name in ("docs", "overrides", "scripts", "tests", ".github"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=SKIPPED)
    for name in ("mkdocs.yml", "pyproject.toml", "requirements-test.txt", "README.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def state(root: Path) -> dict[str, bytes]:
    """Every file of a project."""
    files = (p for p in root.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in files}


def left_nothing_behind(root: Path, place: Place, target: Place, before: int) -> None:
    """Assert that a page has moved with all that belongs to it, and that its figures are as they were."""
    now = state(root)
    assert len(now) == before, "a file was lost or is there twice"
    assert not any(place.stem in path for path in now)
    assert f"docs/{target.name}/{target.module}.py" in now
    assert f"        {place.name}.md: {target.name}.md\n".encode() in now["mkdocs.yml"]


def test_pages_that_move_leave_nothing_behind(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    # One after the other, as an editor does it: what the check knows serves both, and the site is built once.
    moves = [
        ("training/rlhf", "training/human-feedback"),  # no import statement can name a hyphen
        ("overview/language-models", "models/words"),  # to another section, without one
    ]
    memory, before, held = tmp_path_factory.mktemp("memory"), len(state(project)), recipes.held()
    for old, new in moves:
        place, target = Place.of(old), Place.of(new)
        move.moved(project, move.plan(project, place, target), memory)
        left_nothing_behind(project, place, target, before)
        held = {
            re.sub(f"^{place.module}", target.module, name): read for name, read in held.items()
        }
    assert held.keys() <= json.loads(move.recipes(project, "--held")).keys(), "a figure is another"
    out = project / "site"
    building.build(out, root=project, echo=False)
    assert addresses.known() | {f"{new}/" for _, new in moves} <= addresses.answered(out)
    for old, new in moves:
        leads = posixpath.relpath(new, old)
        assert f'url={leads}/"' in (out / old / "index.html").read_text(encoding="utf-8")
    tests = sorted(
        path.relative_to(project).as_posix()
        for target in (Place.of(new) for _, new in moves)
        for path in (project / "tests" / target.folder).glob(f"test_{target.module}*.py")
    )
    assert len(tests) >= len(moves)
    for arguments in (["tests/test_tree.py"], ["--collect-only", *tests]):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
            cwd=project,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


@pytest.mark.parametrize(
    ("written", "importable", "hyphened"),
    [
        (
            "from docs.models.gan import gan, practice",
            "from docs.models.game import game as gan\nfrom docs.models.game import practice",
            'gan = import_module("docs.models.two-games.two_games")\n'
            'practice = import_module("docs.models.two-games.practice")',
        ),
        (
            "from docs.models.gan.practice import fit as train",
            "from docs.models.game.practice import fit as train",
            'train = import_module("docs.models.two-games.practice").fit',
        ),
        (
            "from docs.models.gan.gan import main",
            "from docs.models.game.game import main",
            'main = import_module("docs.models.two-games.two_games").main',
        ),
        (
            'p = import_module("docs.models.gan.practice")',
            'p = import_module("docs.models.game.practice")',
            'p = import_module("docs.models.two-games.practice")',
        ),
    ],
)
def test_a_test_imports_the_code_and_the_practice_of_a_moved_page(
    written: str, importable: str, hyphened: str
) -> None:
    old = Place.of("models/gan")
    for new, wanted in (("models/game", importable), ("models/two-games", hyphened)):
        change = move.Change(ROOT, old, Place.of(new))
        text = move.reimported(change, "tests/models/test_gan.py", f"import math\n{written}\n")
        assert wanted in text
        assert "docs.models.gan" not in text


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("models/none", "models/other", "there is no docs/models/none.md"),
        ("models/gan", "models/vae", "docs/models/vae.md exists already"),
        ("models/gan", "models/gan", "the same"),
        ("models/gan", "elsewhere/gan", "there is no section docs/elsewhere"),
        ("models/index", "models/all", "the index of a section"),
        ("models/gan", "training/rlhf", "exists already"),
    ],
)
def test_what_cannot_be_moved_is_refused(old: str, new: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        move.plan(ROOT, Place.of(old), Place.of(new))


@pytest.mark.parametrize("name", ["vae", "models/", "Models/VAE", "models/a b", "../x/y", "a/b/c"])
def test_a_name_that_cannot_be_an_address_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="give folder/stem"):
        Place.of(name)


def test_a_fault_that_the_move_would_make_puts_everything_back(project: Path) -> None:
    page = project / "docs" / "models" / "gan.md"
    for other in project.glob("docs/*/*.md"):  # to be read anew, and of no matter here
        if other != page and other.parent.name != "references":
            other.unlink()
    text = page.read_text(encoding="utf-8")
    # A link that the command does not see as one: only the check does.
    page.write_text(text + "\n<a href=gan/modes.csv>Modes</a>\n", encoding="utf-8")
    before = state(project)
    with pytest.raises(Refused, match=r"modes\.csv"):
        move.move(project, Place.of("models/gan"), Place.of("models/adversarial"))
    assert state(project) == before
