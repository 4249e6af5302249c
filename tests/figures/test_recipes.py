"""Every figure's recipe still gives the numbers and the picture that are committed.

The recipes take a minute. They run again only when a file has changed that a number could depend on
(tests/memory.py says how to run them all).
"""

import ast
import hashlib
import importlib
import platform
from functools import lru_cache
from pathlib import Path

import pytest

from scripts import make
from scripts.figures import style
from tests import memory

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(
    path.stem
    for path in (ROOT / "scripts" / "figures").glob("*.py")
    if path.stem not in {"__init__", "style"}
)


def recipes(module: str) -> list[style.Recipe]:
    """The figures that a recipe file writes."""
    found = importlib.import_module(f"scripts.figures.{module}").FIGURES
    assert found, f"scripts/figures/{module}.py names no figure in FIGURES"
    return list(found)


def code(path: Path, found: set[Path]) -> set[Path]:
    """A file of this repository and all that it imports from there."""
    found.add(path)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "import_module":
            names = [part.value for part in node.args if isinstance(part, ast.Constant)]
        for name in names:
            place = ROOT.joinpath(*name.split("."))
            for imported in (place.with_suffix(".py"), place / "__init__.py"):
                if imported.is_file() and imported not in found:
                    code(imported, found)
    return found


@lru_cache(maxsize=1)
def data() -> set[Path]:
    """What a recipe could read: all data of the pages and the tests but the figures themselves."""
    paths = [ROOT / "requirements-test.txt", *(ROOT / "tests").rglob("*.txt")]
    for folder in ("docs", "scripts/weights"):
        paths += [p for p in (ROOT / folder).rglob("*") if p.suffix in {".json", ".csv", ".svg"}]
    return {path for path in paths if not is_figure(path)}


def is_figure(path: Path) -> bool:
    """Whether a file is the picture or the numbers of a recipe."""
    name = path.with_name(path.name.replace(".narrow.svg", ".svg"))  # a diagram may have no numbers
    twice = name.with_suffix(".narrow.svg").is_file()
    return name.with_suffix(".svg").is_file() and (twice or name.with_suffix(".csv").is_file())


@lru_cache
def inputs(module: str) -> str:
    """What changes when a number of a recipe file could: its code, all data, the libraries, its figures."""
    paths = code(ROOT / "scripts" / "figures" / f"{module}.py", set()) | data()
    for recipe in recipes(module):
        paths |= {path for path in (recipe.csv, *recipe.drawings) if path.is_file()}
    found = hashlib.sha256(f"{platform.machine()} {platform.python_version()}".encode())
    for path in sorted(paths):
        found.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def key(kind: str, module: str) -> str:
    """What is remembered of a recipe file that has given these very numbers, or this very picture."""
    return memory.digest([kind, module, inputs(module)])


@pytest.mark.parametrize("module", MODULES)
def test_recipe_gives_the_committed_numbers(module: str) -> None:
    if memory.has(key("figures", module)):
        return  # these very files have given these very numbers
    problems = [problem for recipe in recipes(module) for problem in style.check(recipe)]
    assert not problems, "\n".join(problems)
    memory.add(key("figures", module))


@pytest.mark.parametrize("module", MODULES)
def test_picture_is_drawn_from_the_committed_numbers(module: str) -> None:
    if memory.has(key("pictures", module)):
        return  # these very numbers have given this very picture
    problems = [problem for recipe in recipes(module) for problem in style.relabelled(recipe)]
    assert not problems, "\n".join(problems)
    memory.add(key("pictures", module))


def test_changed_labels_are_seen_and_drawn_anew_by_the_command_that_the_message_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(style, "DOCS", tmp_path)
    title = ["before"]

    def draw(table: style.Table, axes: style.Axes) -> None:
        axes.set_title(title[0])

    recipe = style.Recipe("line", lambda: {"x": [0.0, 1.0]}, draw)
    style.write(recipe)
    assert make.faults_of_figure(recipe) == []
    title[0] = "after"
    mend = f"run python3 scripts/dev.py make {tmp_path.name}"
    assert make.faults_of_figure(recipe) == [f"line.svg: its labels have changed: {mend}"]
    style.write(recipe)
    assert make.faults_of_figure(recipe) == []


def test_a_recipe_runs_again_for_its_own_code_and_not_for_that_of_others() -> None:
    names = {
        path.relative_to(ROOT).as_posix()
        for path in code(ROOT / "scripts" / "figures" / "gpt.py", set())
    }
    assert {"scripts/figures/style.py", "docs/models/gpt/gpt.py", "scripts/weights/gpt.py"} <= names
    assert "scripts/weights/pack.py" in names, "what it imports by way of others"
    assert "docs/models/vae/vae.py" not in names
    assert ROOT / "docs" / "models" / "vae" / "weights.json" in data()
    assert ROOT / "docs" / "assets" / "wordmark.svg" in data()
    assert ROOT / "docs" / "models" / "vae" / "gap.csv" not in data()


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


def test_a_figure_follows_the_colour_scheme_and_styles_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(style, "DOCS", tmp_path)

    def draw(table: style.Table, axes: style.Axes) -> None:
        axes.plot(table["x"], table["y"], color=style.SERIES[1])
        axes.set_title("0.50 stays 0.50")

    recipe = style.Recipe("line", lambda: {"x": [0.0, 1.0], "y": [0.0, 1.0]}, draw)
    svg = style.render(recipe, recipe.compute())
    assert "var(--fig-2" in svg
    assert "0.50 stays 0.50" in svg
    assert "#0102" not in svg
    assert "<style" not in svg
    assert "DejaVu" not in svg
    assert svg == style.render(recipe, recipe.compute())


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"columns differ in length: \{'x': 1, 'y': 2\}"):
        style.table_text({"x": [1.0], "y": [1.0, 2.0]})
