"""Which tests check which equations: found in the tests' source by `@pytest.mark.equation("eq-…")`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.checker import files

MARK = "mark.equation"
DECORATOR = re.compile(r"[ \t]*@(?:\w+\.)*mark\.equation\(")
DEFINITION = re.compile(r"(?P<indent>[ \t]*)(?:async +)?(?P<kind>def|class) +(?P<name>\w+)")
STRING = re.compile(r"[\"']([\w-]+)[\"']")


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


def names(folder: Path) -> dict[str, str]:
    """The equations that have a test, without its label: all that the pages themselves show of the tests."""
    return dict.fromkeys(of(folder), "")


def labels(folder: Path) -> dict[str, str]:
    """The first test of each equation as a reader finds it."""
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
    except UnicodeDecodeError:
        return []
    if MARK not in text:
        return []
    lines = text.split("\n")
    return list(_walk(lines, path))


def _walk(lines: list[str], path: Path) -> Iterator[Test]:
    """The marked tests of a file, by its lines: reading it as Python takes ten times as long."""
    classes: list[tuple[int, str, tuple[str, ...]]] = []
    marks: tuple[str, ...] = ()
    for number, line in enumerate(lines):
        found = DEFINITION.match(line)
        if found is None:
            marks += tuple(STRING.findall(_call(lines, number))) if DECORATOR.match(line) else ()
            continue
        indent = len(found["indent"])
        classes = [outer for outer in classes if outer[0] < indent]
        marks += tuple(mark for _, _, outer in classes for mark in outer)
        if found["kind"] == "class":
            classes.append((indent, found["name"], marks))
        elif marks and found["name"].startswith("test"):
            name = "::".join([*(outer for _, outer, _ in classes), found["name"]])
            yield Test(path, name, number + 1, _body(lines, number, indent), marks)
        marks = ()


def _call(lines: list[str], start: int) -> str:
    """A decorator with its arguments, on one line or several."""
    text = lines[start]
    while text.count("(") > text.count(")") and start + 1 < len(lines):
        start += 1
        text += lines[start]
    return text


def _body(lines: list[str], start: int, indent: int) -> str:
    """A function from its first line to its last, unindented."""
    end = start + 1
    while end < len(lines) and (not lines[end].strip() or _depth(lines[end]) > indent):
        end += 1
    # The closing line of a long signature stands where the function began.
    if end < len(lines) and lines[end].lstrip().startswith(")"):
        end += 1
        while end < len(lines) and (not lines[end].strip() or _depth(lines[end]) > indent):
            end += 1
    return "\n".join(line[indent:] for line in lines[start:end]).rstrip()


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())
