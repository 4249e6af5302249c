"""The command that makes what a machine makes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts import make, recipes
from scripts.house import rules_page
from tests import golden
from tests.site import addresses


def test_every_product_of_the_repository_is_known() -> None:
    named = {product.path for kind in (make.values, make.weights) for product in kind()}
    for product in make.figures():
        found = recipes.recipes(Path(product.path).stem)
        named |= {recipe.svg.relative_to(make.ROOT).as_posix() for recipe in found}
        assert product.stems == {recipe.svg.parent.name for recipe in found}
    files = [path for folder in ("docs", "tests") for path in (make.ROOT / folder).rglob("*")]
    made = {
        path.relative_to(make.ROOT).as_posix()
        for path in files
        if path.name.endswith(".golden.json")
        or (path.suffix == ".svg" and path.with_suffix(".csv").is_file())
        or path.name == "weights.json"
    }
    assert made <= named


def test_values_that_are_lost_are_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tests" / "models"
    folder.mkdir(parents=True)
    text = 'GOLDEN = Path(__file__).with_name("vae.golden.json")\n'
    (folder / "test_vae.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(make, "ROOT", tmp_path)
    [lost] = make.values()
    assert lost.path == "tests/models/vae.golden.json"
    assert lost.stale() == "it is missing"


def test_what_is_out_of_date_is_written_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page, listed = tmp_path / "docs/contributing/rules.md", tmp_path / "tests/site/addresses.txt"
    for path in (page, listed):
        path.parent.mkdir(parents=True)
    (tmp_path / "docs" / "models").mkdir()
    for name in ("index.md", "models/new.md", "contributing/index.md"):
        (tmp_path / "docs" / name).write_text("# Title\n", encoding="utf-8")
    page.write_text("old", encoding="utf-8")
    listed.write_text("# Kept.\n/\ngone/\n", encoding="utf-8")
    monkeypatch.setattr(make, "ROOT", tmp_path)
    monkeypatch.setattr(rules_page, "ROOT", tmp_path)
    monkeypatch.setattr(rules_page, "PAGE", page)
    monkeypatch.setattr(addresses, "LIST", listed)
    for kind in ("figures", "values", "tables", "comparison"):
        monkeypatch.setattr(make, kind, lambda: iter(()))
    assert make.make(set()) == ["docs/contributing/rules.md", "tests/site/addresses.txt"]
    assert page.read_text(encoding="utf-8") == rules_page.page()
    assert {"gone/", "models/new/", ""} <= addresses.known(), "nothing ever leaves the list"
    assert "models/new/" in capsys.readouterr().out
    assert make.make(set()) == []
    with pytest.raises(ValueError, match="nothing is made for vea"):
        make.make({"vea"})


def test_values_that_differ_are_told_with_their_place_and_written(tmp_path: Path) -> None:
    path = tmp_path / "x.golden.json"
    content = {"cases": [{"function": "f", "args": [1], "returns": [0.5, True, "a"]}]}
    assert golden.stale(path, content) == "it is missing"
    golden.write(path, content)
    assert golden.stale(path, content) == ""
    assert json.loads(path.read_text(encoding="utf-8")) == content
    for wrong in (
        [0.6, True, "a"],
        [0.5, 1, "a"],
        [0.5, True, "b"],
        [0.5, True],
        [0.5, True, "a", 1],
    ):
        other = {"cases": [{**content["cases"][0], "returns": wrong}]}
        with pytest.raises(AssertionError, match=r"x\.golden\.json: .*dev\.py make x"):
            golden.current(path, other)
