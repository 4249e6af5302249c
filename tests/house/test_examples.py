"""What a rule of the house documents as bad is found, and what it documents as good is silent."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scripts.checker.engine import check
from scripts.checker.request import Request
from tests.checker.rules import examples
from tests.extensions.project import make
from tests.house.test_rules import BOOK, CODES, ROOT

# Their examples are said in words, since they show other files: tests, the bibliography, code, several pages.
# Their fixtures in tests/house/rules/ are what is run.
IN_WORDS = frozenset(
    "E05 E07 E08 G04 G05 K02 K03 K04 K05 K06 N05 P05 P40 Q06 Q07 Q08 Q09 Q10 V03 V06 W04"
    " X02 X05 X06".split()
)


def found(folder: Path, code: str, example: str) -> bool:
    """Whether a rule finds something in its example, with the site's own configuration."""
    make(folder)
    for name in ("mkdocs.yml", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    for name, text in examples.files_of(example, "").items():
        if name.startswith("docs/") and not (folder / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    page = examples.files_of(example, "")["docs/page.md"]
    (folder / "docs" / "page.md").write_text(page, encoding="utf-8")
    problems = check(Request([folder], (code,), jobs=1, cache=Path("none"))).problems
    return any(Path(problem.path) == folder / "docs" / "page.md" for problem in problems)


@pytest.mark.parametrize("code", sorted(set(CODES) - IN_WORDS))
def test_a_bad_example_is_found_and_a_good_one_is_silent(code: str, tmp_path: Path) -> None:
    bad, good = examples.told(BOOK.rules[code])
    assert found(tmp_path / "bad", code, bad)
    assert not found(tmp_path / "good", code, good)
