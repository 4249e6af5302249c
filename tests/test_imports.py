"""Arrows run one way: what knows less imports nothing of what knows more, and nothing goes round in a circle."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# What a part of scripts/ may import of the others. A part is a package or a module beside it.
ARROWS: dict[str, set[str]] = {
    "checker": set(),
    "extensions": {"checker"},
    "house": {"checker", "extensions"},
    "hooks": {"checker", "extensions", "house", "policy", "search_index", "smaller"},
    "policy": {"checker"},
    "serving": {"checker", "devtools"},
    "serve": {"serving"},
    "devtools": set(),
    "dev": {"devtools"},
    "new": {"house"},
    "move": {"checker"},
    "make": {"house", "recipes"},
    "recipes": {"figures"},
    "fonts": {"extensions"},
    "search_index": {"extensions"},
    "smaller": set(),
    "printed": {"extensions"},
    "outside": {"checker", "extensions"},
    # The letters of the fonts of formulas; what a drawing may not hold.
    "figures": {"weights", "extensions", "checker"},
    "weights": set(),
}
# What the extensions know of the checker: the page, its source, and what these are made of.
DOOR_OF_EXTENSIONS = {
    "page",
    "source",
    "files",
    "problem",
    "inputs",
    "config",
    "marks",
    "drawings",
    "symlinks",
}
# Recipes share the name of their page on purpose, and packages their own.
SHARED = {"__init__", "__main__"}
RECIPES = {"figures", "weights"}


def modules(root: Path) -> dict[str, Path]:
    """Every module below scripts/ by its dotted name."""
    found = {}
    for path in sorted((root / "scripts").rglob("*.py")):
        parts = list(path.relative_to(root).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(path: Path, known: dict[str, Path]) -> set[str]:
    """The modules of ours that a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            inside = names & known.keys()
            found |= inside if inside == names else inside | {node.module}
    return found & known.keys()


def graph(root: Path = ROOT) -> dict[str, set[str]]:
    """What each module imports."""
    known = modules(root)
    return {name: imported(path, known) - {name} for name, path in known.items()}


def part(module: str) -> str:
    """The part of scripts/ that a module belongs to."""
    return module.split(".")[1] if "." in module else ""


def upwards(arrows: dict[str, set[str]]) -> list[str]:
    """The imports that no arrow allows."""
    return [
        f"{module} imports {other}"
        for module, others in sorted(arrows.items())
        for other in sorted(others)
        if part(module) in ARROWS and part(other) not in {part(module), "", *ARROWS[part(module)]}
    ]


def circle(arrows: dict[str, set[str]]) -> list[str]:
    """A chain of imports that ends where it began, or nothing."""
    done: set[str] = set()

    def walk(here: str, way: list[str]) -> list[str]:
        if here in way:
            return [*way[way.index(here) :], here]
        if here in done:
            return []
        for other in sorted(arrows[here]):
            found = walk(other, [*way, here])
            if found:
                return found
        done.add(here)
        return []

    return next((found for module in sorted(arrows) if (found := walk(module, []))), [])


def test_no_arrow_points_upwards() -> None:
    assert upwards(graph()) == []


def test_every_part_of_scripts_has_its_arrows() -> None:
    assert {part(module) for module in graph()} - {""} == ARROWS.keys()


def test_nothing_imports_in_a_circle() -> None:
    assert circle(graph()) == []


def test_extensions_know_the_page_and_the_source_of_the_checker_and_nothing_else() -> None:
    known = {
        other.removeprefix("scripts.checker.")
        for module, others in graph().items()
        if part(module) == "extensions"
        for other in others
        if part(other) == "checker"
    }
    assert known <= DOOR_OF_EXTENSIONS


def test_the_checker_names_nothing_of_the_site() -> None:
    named = [
        f"{path.relative_to(ROOT)}: {found}"
        for path in sorted((ROOT / "scripts" / "checker").rglob("*.py"))
        for found in re.findall(
            r"(?:from|import) scripts\.(?!checker\b)\w+", path.read_text(encoding="utf-8")
        )
    ]
    assert named == []


def test_no_two_modules_have_one_name() -> None:
    names = Counter(
        path.stem
        for path in modules(ROOT).values()
        if path.stem not in SHARED and path.parent.name not in RECIPES
    )
    assert {name for name, count in names.items() if count > 1} == set()
    style = {path.stem for path in modules(ROOT).values() if path.parent.name in RECIPES}
    assert style & names.keys() == set()


@pytest.mark.parametrize(
    ("files", "wrong", "round_"),
    [
        ({"checker/a": "from scripts.house import b", "house/b": ""}, 1, 0),
        ({"extensions/a": "import scripts.house.b", "house/b": ""}, 1, 0),
        ({"house/a": "from scripts.checker.b import x", "checker/b": "x = 1"}, 0, 0),
        (
            {
                "checker/a": "def f():\n    from scripts.checker import b",
                "checker/b": "from scripts.checker.a import f",
            },
            0,
            3,
        ),
    ],
)
def test_a_wrong_arrow_and_a_circle_are_found(
    files: dict[str, str], wrong: int, round_: int, tmp_path: Path
) -> None:
    for name, text in files.items():
        path = tmp_path / "scripts" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    drawn = graph(tmp_path)
    assert len(upwards(drawn)) == wrong
    assert len(circle(drawn)) == round_
