"""Every figure's recipe still gives the numbers and the picture that are committed.

`tests/recipes.lock` says which have given them, from the very files that are here: they are not run again
(TEST_EVERYTHING=1 runs all, and so does a run once a week).
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import recipes
from scripts.extensions import palette
from scripts.figures import style
from tests import memory

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("module", recipes.modules())
def test_recipe_gives_the_committed_numbers_and_pictures(module: str) -> None:
    locked = recipes.locked(module)
    if locked and not memory.everything():
        return  # these very files have given these very numbers and pictures
    key = memory.digest([module, recipes.digest(module, [])])
    if locked or not memory.has(key):
        found = recipes.recipes(module)
        problems = [problem for recipe in found for problem in style.check(recipe)]
        problems += [problem for recipe in found for problem in style.relabelled(recipe)]
        assert not problems, "\n".join(problems)
        memory.add(key)
    stem = recipes.recipes(module)[0].svg.parent.name
    if os.environ.get("CI"):
        assert locked, f"tests/recipes.lock is old: run python3 scripts/dev.py make {stem}"


def test_changed_labels_are_seen_and_drawn_anew_by_the_command_that_the_message_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(style, "DOCS", tmp_path)
    title, top = ["before"], [1.0]

    def draw(table: style.Table, axes: style.Axes) -> None:
        axes.set_title(title[0])
        axes.axhline(top[0])

    recipe = style.Recipe("line", lambda: {"x": [0.0, 1.0]}, draw)
    style.write(recipe)
    assert recipe.refresh() == []
    title[0] = "after"
    mend = f"run python3 scripts/dev.py make {tmp_path.name}"
    assert style.relabelled(recipe) == [f"line.svg: its labels have changed: {mend}"]
    assert recipe.refresh() == [f"{tmp_path.name}/line.svg: line.svg: its labels have changed"]
    assert recipe.refresh() == []
    top[0] = 0.5  # neither a number of the table nor a word
    assert recipe.refresh()[0].endswith("line.svg: its drawing has changed")
    assert recipe.refresh() == []


def test_a_recipe_runs_again_for_its_own_code_and_not_for_that_of_others() -> None:
    names = {
        path.relative_to(ROOT).as_posix()
        for path in recipes.code(ROOT / "scripts" / "figures" / "gpt.py", set())
    }
    assert {"scripts/figures/style.py", "docs/models/gpt/gpt.py", "scripts/weights/gpt.py"} <= names
    assert "scripts/weights/pack.py" in names, "what it imports by way of others"
    assert "docs/models/vae/vae.py" not in names


def test_what_a_recipe_reads_is_seen_and_no_module() -> None:
    asked = """
import sys
from scripts import recipes
from scripts.extensions import palette
read = set()
recipes.watch(read)
import scripts.figures.home
from pathlib import Path
Path("docs/models/vae/weights.json").read_bytes()
open("README.md").close()
list(Path("docs/models/vae").iterdir())
print(*sorted(read))
"""
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True
    )
    read = set(done.stdout.split())
    assert {"README.md", "docs/models/vae", "docs/models/vae/weights.json"} <= read
    assert not {name for name in read if name.endswith(".py") or name == "docs/models"}


def test_a_lock_holds_until_something_that_it_names_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data.json").write_text("1")
    (tmp_path / "many").mkdir()
    (tmp_path / "line.py").write_text("import other\n")
    (tmp_path / "other.py").write_text("")
    monkeypatch.setattr(recipes, "ROOT", tmp_path)
    monkeypatch.setattr(recipes, "FOLDER", tmp_path)
    monkeypatch.setattr(recipes, "LOCK", tmp_path / "recipes.lock")
    monkeypatch.setattr(recipes, "libraries", lambda: "numpy==1")
    monkeypatch.setattr(style, "DOCS", tmp_path)
    recipe = style.Recipe("line", lambda: {"x": [0.0, 1.0]}, lambda _table, _axes: None)
    monkeypatch.setattr(recipes, "recipes", lambda _module: [recipe])
    recipe.refresh()

    def change(name: str, text: str) -> None:
        recipes.lock("line", ["data.json", "many"])
        assert recipes.locked("line")
        (tmp_path / name).write_text(text)

    assert not recipes.locked("line")
    for name, text in [
        ("data.json", "2"),
        ("many/one", ""),
        ("line.py", "import other  # again\n"),
        ("other.py", "1\n"),
        ("line.csv", "x\n0\n2\n"),
        ("line.svg", "<svg/>"),
    ]:
        change(name, text)
        assert not recipes.locked("line"), name
    recipes.lock("line", [])
    monkeypatch.setattr(recipes, "libraries", lambda: "numpy==2")
    assert not recipes.locked("line")
    recipes.lock("line", [])
    (tmp_path / "line.py").unlink()
    (tmp_path / "new.py").write_text("")
    recipes.lock("new", [])
    assert list(recipes.lines()) == ["new"], "what is no more is forgotten"


def test_a_changed_number_and_a_picture_of_other_numbers_are_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(style, "DOCS", tmp_path)

    def draw(table: style.Table, axes: style.Axes) -> None:
        axes.plot(table["x"], table["y"])

    values = [1.0, 2.0]
    recipe = style.Recipe("line", lambda: {"x": [0.0, 1.0], "y": list(values)}, draw)
    mend = f"run python3 scripts/dev.py make {tmp_path.name}"
    assert style.check(recipe) == [
        f"line.csv is missing: {mend}",
        f"line.svg is missing: {mend}",
    ]
    style.write(recipe)
    assert style.check(recipe) == []
    values[1] = 2.1
    assert style.check(recipe) == ["line.csv:3: y is 2, the recipe gives 2.1"]
    recipe.csv.write_text("x,y\n0,1\n1,2.1\n")
    assert style.check(recipe) == [f"line.svg was not drawn from line.csv: {mend}"]


@pytest.mark.parametrize(
    ("column", "old", "new", "same"),
    [
        ("modes, hasty", 3.0, 4.0, True),
        ("modes, hasty", 3.0, 4.2, False),
        ("share, hasty", 0.5, 0.6, False),
        ("round", 20.0, 20.01, True),
        ("round", 20.0, 21.0, False),
        ("round", float("nan"), float("nan"), True),
        ("round", float("nan"), 1.0, False),
        ("round", 1.0, float("nan"), False),
        ("round", float("inf"), float("inf"), True),
    ],
)
def test_each_column_has_its_tolerance(column: str, old: float, new: float, same: bool) -> None:
    recipe = style.Recipe("x", dict, print, absolute={"modes": 1.0, "share": 0.02})
    assert recipe.agrees(column, old, new) == same


def test_a_figure_has_plain_colours_of_the_palette_and_styles_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(style, "DOCS", tmp_path)

    def draw(table: style.Table, axes: style.Axes) -> None:
        axes.plot(table["x"], table["y"], color=style.SERIES[1])
        axes.set_title("0.50 stays 0.50")

    recipe = style.Recipe("line", lambda: {"x": [0.0, 1.0], "y": [0.0, 1.0]}, draw)
    svg = style.render(recipe, recipe.compute())
    assert f'stroke="{palette.COLOURS["2"]}"' in svg
    assert 'stroke="var(--fig-2)"' in palette.following(svg)
    assert "var(" not in svg
    assert "0.50 stays 0.50" in svg
    assert "<style" not in svg
    assert "DejaVu" not in svg
    assert svg == style.render(recipe, recipe.compute())


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"columns differ in length: \{'x': 1, 'y': 2\}"):
        style.table_text({"x": [1.0], "y": [1.0, 2.0]})


def test_each_file_of_recipes_is_locked_once() -> None:
    rows = recipes.LOCK.read_text(encoding="utf-8").splitlines()[1:]
    names = [row.split()[0] for row in rows]
    assert names == sorted(set(names)), (
        "a merge has kept old lines; `dev.py make` writes the list anew"
    )
