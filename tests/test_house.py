"""The house stays easy to read: no module of scripts/ is over 500 lines, and no function over 80.

The linter says the same of JavaScript (tests/javascript/biome.json).
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULE = 500
FUNCTION = 80


def long_modules(root: Path) -> Iterator[tuple[str, int]]:
    """Modules over the limit, and their lines."""
    for path in sorted((root / "scripts").rglob("*.py")):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > MODULE:
            yield path.relative_to(root).as_posix(), lines


def long_functions(root: Path) -> Iterator[tuple[str, int]]:
    """Functions and methods over the limit, from `def` to their last line, decorators not counted."""
    for path in sorted((root / "scripts").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION:
                    yield f"{path.relative_to(root).as_posix()}:{node.name}", lines


def test_modules_are_short() -> None:
    assert dict(long_modules(ROOT)) == {}, f"over {MODULE} lines: carve them"


def test_functions_are_short() -> None:
    assert dict(long_functions(ROOT)) == {}, f"over {FUNCTION} lines: carve them"


@pytest.mark.parametrize(("over", "expected"), [(0, []), (1, [("scripts/a.py", 501)])])
def test_a_long_module_is_found(over: int, expected: list[tuple[str, int]], tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "a.py").write_text("a = 1\n" * (MODULE + over))
    assert list(long_modules(tmp_path)) == expected


@pytest.mark.parametrize(("over", "expected"), [(0, []), (1, [("scripts/a.py:f", 81)])])
def test_a_long_function_is_found(
    over: int, expected: list[tuple[str, int]], tmp_path: Path
) -> None:
    (tmp_path / "scripts").mkdir()
    body = "        a = 1\n" * (FUNCTION + over - 1)
    (tmp_path / "scripts" / "a.py").write_text(f"class A:\n    async def f(self):\n{body}")
    assert list(long_functions(tmp_path)) == expected
