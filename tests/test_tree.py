"""One stem: what belongs together has one name, and nothing stands alone."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
TESTS = ROOT / "tests"
PAGES = sorted(DOCS.rglob("*.md"))
TEXTS = {page: page.read_text(encoding="utf-8") for page in PAGES}


def files(pattern: str) -> list[Path]:
    """Files below docs/ outside the shared assets."""
    found = (path for path in DOCS.rglob(pattern) if "assets" not in path.parts)
    return sorted(path for path in found if "__pycache__" not in path.parts)


def stem(path: Path) -> str:
    """The page that a file belongs to: the name of its folder."""
    return path.parent.name


def test_path(path: Path) -> Path:
    """The test of a page's code."""
    folder = TESTS / path.parent.parent.relative_to(DOCS)
    return folder / f"test_{stem(path).replace('-', '_')}.py"


test_path.__test__ = False  # type: ignore[attr-defined]


def name(path: Path) -> str:
    """A path as it is shown."""
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", files("*.py"), ids=name)
def test_code_has_a_page_and_a_test(path: Path) -> None:
    assert path.parent.with_suffix(".md").exists(), "no page of this stem"
    assert test_path(path).exists(), f"no {name(test_path(path))}"


@pytest.mark.parametrize("path", files("demo.mjs"), ids=name)
def test_a_demo_has_a_page_that_shows_it_sums_with_values_that_they_must_give_and_a_test(
    path: Path,
) -> None:
    page = path.parent.with_suffix(".md")
    assert f"]({stem(path)}/demo.mjs){{ .demo }}" in TEXTS[page]
    assert (path.parent / f"{stem(path)}.mjs").exists()
    folder = TESTS / path.parent.parent.relative_to(DOCS)
    assert (folder / f"{stem(path)}.golden.json").exists()
    assert (folder / f"test_{stem(path).replace('-', '_')}_demo.py").exists()


@pytest.mark.parametrize("path", files("*.mjs"), ids=name)
def test_a_module_belongs_to_a_demo(path: Path) -> None:
    assert (path.parent / "demo.mjs").exists()
    if path.stem == stem(path):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\b(document|window|mount)\b", text), "sums know nothing of the page"


@pytest.mark.parametrize("path", files("*.svg"), ids=name)
def test_a_figure_is_shown_by_its_page_and_has_a_recipe(path: Path) -> None:
    page = path.parent.with_suffix(".md")
    assert f"]({stem(path)}/{path.name})" in TEXTS[page], f"{name(page)} does not show it"
    wanted = f'"{path.relative_to(DOCS).with_suffix("").as_posix()}"'
    recipes = (ROOT / "scripts" / "figures").glob("*.py")
    assert any(wanted in recipe.read_text(encoding="utf-8") for recipe in recipes), (
        f"no recipe in scripts/figures/ names {wanted}"
    )


@pytest.mark.parametrize("path", files("*.csv"), ids=name)
def test_numbers_have_their_picture(path: Path) -> None:
    assert path.with_suffix(".svg").exists()


@pytest.mark.parametrize("path", files("*.py"), ids=name)
def test_a_reference_implementation_is_short_and_imports_nothing_of_ours(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 250
    assert not re.search(r"^\s*(from|import) (docs|scripts|tests)\b", text, re.M)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_has_a_name_that_an_address_can_keep(page: Path) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", page.stem)
    assert page.parent == DOCS or len(page.relative_to(DOCS).parts) == 2
