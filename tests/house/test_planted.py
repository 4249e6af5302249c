"""Faults planted in a page of ours are found by the check: each at its place, and nothing besides."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scripts.checker.engine import check
from scripts.checker.request import Request

ROOT = Path(__file__).resolve().parents[2]
PAGE = "docs/models/gan.md"
KEY = "goodfellow2014generative"
END = "\n\n## Idea\n"  # in front of this heading the faults are planted

FAULTS = {
    "TeX in the text": ("It is $\\frc{1}{2}$ then.", 1, 8, "E01"),
    "TeX on lines": ("$$\nx = \\foo\n$$ {#eq-gan-planted .definition}", 2, 5, "E01"),
    "no such part": ('--8<-- "models/gan/gan.py:losss"', 1, 9, "Q05"),
    "no such file": ('--8<-- "models/gan/gna.py:loss"', 1, 9, "Q03"),
    "counted lines": ('--8<-- "models/gan/gan.py:3:9"', 1, 9, "Q04"),
    "no id": ("$$\nx = y\n$$", 1, 1, "E03"),
    "no test": ("$$\nx = y\n$$ {#eq-gan-planted}", 1, 1, "E05"),
    "no reason": ("$$\nx = y\n$$ {#eq-gan-planted .unchecked}", 1, 1, "E06"),
    "id twice": (
        "$$\nx = y\n$$ {#eq-gan-planted .definition}\n\nThe same again, said otherwise.\n\n"
        "$$\nx = z\n$$ {#eq-gan-planted .definition}",
        9,
        4,
        "E09",
    ),
    "unknown key": (f"Such a claim needs its source[^{KEY}x].", 1, 30, "K01"),
    "no caption": ("![The points, and where they came from](gan/rounds.svg)", 1, 1, "G01"),
    "lost caption": ("Table: Nothing stands above this {#tab-gan-planted}", 1, 1, "Y01"),
    "demo in text": ("Try [the sampler](gan/demo.mjs){ .demo } now.", 1, 18, "D01"),
    "type of box": ('!!! nte "Title"\n\n    A sentence.', 1, 5, "A01"),
    "link": ("See [the page](vea.md) of it.", 1, 16, "L01"),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of our pages, their tests and their settings."""
    root = tmp_path_factory.mktemp("copy")
    for name in ("docs", "tests", "overrides"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("mkdocs.yml", "pyproject.toml", ".gitignore"):
        shutil.copy(ROOT / name, root)
    return root


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_one_finding_at_its_place(name: str, site: Path) -> None:
    page = site / PAGE
    clean = (ROOT / PAGE).read_text(encoding="utf-8")
    assert END in clean
    planted, line, column, code = FAULTS[name]
    before, after = clean.split(END, 1)
    page.write_text(f"{before}\n\n{planted}{END}{after}", encoding="utf-8")
    first = before.count("\n") + 3
    outcome = check(Request([page], jobs=1, cache=site / ".cache"))
    found = [(p.line - first + 1, p.column, p.code) for p in outcome.problems]
    assert found == [(line, column, code)], [str(problem) for problem in outcome.problems]
    # What is remembered says the same.
    again = check(Request([page], jobs=1, cache=site / ".cache"))
    assert again.problems == outcome.problems
