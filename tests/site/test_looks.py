"""What is remembered of looks at pages: a test runs again when anything that it looks at has changed."""

from pathlib import Path

import pytest

from tests import memory
from tests.site.looks import page_of

PAGE = b'<nav class="nav"><a href="../b/">B</a></nav><main>A</main>'


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site of two pages."""
    for name, text in {
        "a/index.html": PAGE,
        "a/demo.mjs": b"1",
        "a/inner/index.html": b"I",
        "b/index.html": b"B",
        "assets/site.css": b"{}",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(text)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "text", "whole", "again"),
    [
        ("a/index.html", PAGE.replace(b">A<", b">C<"), False, True),
        ("a/demo.mjs", b"2", False, True),
        ("a/new.json", b"2", False, True),
        ("a/index.html", PAGE.replace(b"../b/", b"../c/"), True, True),
        ("a/index.html", PAGE.replace(b"../b/", b"../c/"), False, False),
        ("a/inner/index.html", b"J", False, False),
        ("b/index.html", b"C", True, False),
    ],
)
def test_a_page_is_looked_at_again_when_it_or_what_is_its_own_has_changed(
    site: Path, name: str, text: bytes, whole: bool, again: bool
) -> None:
    before = memory.looked_at(site, "a/", whole)
    (site / name).write_bytes(text)
    assert (memory.looked_at(site, "a/", whole) != before) is again


@pytest.mark.parametrize("name", ["site.css", "new.mjs", "fonts/x.woff2"])
def test_all_pages_are_looked_at_again_when_what_all_of_them_load_has_changed(
    site: Path, name: str
) -> None:
    before = memory.assets(site)
    memory.assets.cache_clear()
    (site / "assets" / name).parent.mkdir(exist_ok=True)
    (site / "assets" / name).write_bytes(b"changed")
    assert memory.assets(site) != before
    memory.assets.cache_clear()


@pytest.mark.parametrize(
    "name", ["tests/site/kit.py", "tests/conftest.py", "requirements-test.txt"]
)
def test_the_code_of_the_tests_and_their_libraries_are_part_of_the_key(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "tests" / "site").mkdir(parents=True)
    before = memory.files(tmp_path / part for part in memory.CODE)
    (tmp_path / name).write_text("changed", encoding="utf-8")
    assert memory.files(tmp_path / part for part in memory.CODE) != before


def test_a_key_is_kept_while_it_is_met_and_forgotten_after_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "FOLDER", tmp_path)
    monkeypatch.delenv("TEST_EVERYTHING", raising=False)
    assert not memory.has("x")
    memory.add("x")
    assert memory.has("x")
    monkeypatch.setenv("TEST_EVERYTHING", "1")
    assert not memory.has("x")
    later = (tmp_path / "x").stat().st_mtime + (memory.DAYS + 1) * 86_400
    assert memory.forget(later) == 1
    assert list(tmp_path.iterdir()) == []


def test_only_tests_of_one_page_are_remembered(request: pytest.FixtureRequest) -> None:
    assert page_of(request.node) is None
    pages = {page_of(item) for item in request.session.items if item.path.parent.name == "site"}
    assert None in pages
