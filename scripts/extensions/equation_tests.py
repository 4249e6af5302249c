"""Which tests check which equations: found in the tests' source by `@pytest.mark.equation("eq-…")`."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.extensions import files

MARK = "mark.equation"


@dataclass(frozen=True)
class Test:
    """A test that says which equations it checks."""

    path: Path
    name: str
    line: int
    source: str
    equations: tuple[str, ...]
    __test__ = False

    @property
    def label(self) -> str:
        """How a reader finds the test."""
        return f"{self.path.parent.name}/{self.path.name}::{self.name}"


def of(folder: Path) -> dict[str, tuple[Test, ...]]:
    """The tests of each equation, by the equation's id."""
    found: dict[str, list[Test]] = {}
    for test in every(folder):
        for equation in test.equations:
            found.setdefault(equation, []).append(test)
    return {name: tuple(tests) for name, tests in sorted(found.items())}


def labels(folder: Path) -> dict[str, str]:
    """The first test of each equation as a reader finds it: all that the pages themselves show."""
    return {name: tests[0].label for name, tests in of(folder).items()}


def every(folder: Path) -> list[Test]:
    """All tests below a folder that carry the mark, in the order of their files."""
    tests: list[Test] = []
    for path in paths(folder):
        try:
            tests += files.load(path, _tests)
        except OSError:
            continue
    return tests


def paths(folder: Path) -> list[Path]:
    """The test files below a folder."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__")))
        found += [
            Path(place, n) for n in sorted(names) if n.startswith("test_") and n.endswith(".py")
        ]
    return found


def _tests(path: Path) -> list[Test]:
    try:
        text = files.read(path)
        if MARK not in text:
            return []
        tree = ast.parse(text)
    except (UnicodeDecodeError, SyntaxError, ValueError):
        return []
    lines = text.split("\n")
    return list(_walk(tree, (), path, lines, ""))


def _walk(
    node: ast.AST, outer: tuple[str, ...], path: Path, lines: list[str], prefix: str
) -> Iterator[Test]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            marks = outer + _marks(child.decorator_list)
            yield from _walk(child, marks, path, lines, f"{prefix}{child.name}::")
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            marks = outer + _marks(child.decorator_list)
            if marks and child.name.startswith("test"):
                text = "\n".join(lines[child.lineno - 1 : child.end_lineno])
                yield Test(path, prefix + child.name, child.lineno, text, marks)


def _marks(decorators: list[ast.expr]) -> tuple[str, ...]:
    return tuple(
        argument.value
        for call in decorators
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith(MARK)
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    )
