"""Numbers that a test computes with: constants of the test, compared by value with those of the text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from tests.prose.reading import GREAT, NUMBER, PARTS, TEENS, TENS, UNITS

VALUES = {
    **{word: float(value) for value, word in enumerate(UNITS, 2)},
    **{word: float(value) for value, word in enumerate(TEENS, 13)},
    **{word: 10.0 * value for value, word in enumerate(TENS, 2)},
    "a": 1.0,
    "one": 1.0,
    "twice": 2.0,
}
SIZES = dict(zip(GREAT, (1e2, 1e3, 1e6, 1e9, 1e12), strict=True))
SHARES = dict(zip(PARTS.split("|"), (2, 3, 4, 5, 6, 7, 8, 9, 10, 16, 18, 100, 1000), strict=True))
EXERCISE = re.compile(r"^\*\*(\d+)\.\*\*", re.MULTILINE)


def value(text: str) -> float:
    """What a number of the text is worth, in digits or in words."""
    text = text.lower()
    if text[0].isdigit():
        return float(text.replace(",", ""))
    if text in SHARES:
        return 1 / SHARES[text]
    product = 1.0
    for word in text.removesuffix("fold").split():
        parts = [VALUES.get(part) for part in word.split("-")]
        product *= SIZES[word] if word in SIZES else sum(part or 0.0 for part in parts)
    return product


@lru_cache
def functions(path: Path) -> dict[str, tuple[float, ...]]:
    """The constants that each function of a test module names, those of the module that it reads included."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    outer = {
        target.id: list(constants(node.value))
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            read = [one.id for one in ast.walk(node) if isinstance(one, ast.Name)]
            inner = [*constants(node), *(value for name in read for value in outer.get(name, []))]
            found[node.name] = tuple(inner)
    return found


def constants(tree: ast.AST) -> Iterator[float]:
    """The numbers of an expression, those in its strings included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            if isinstance(node.value, int | float) and not isinstance(node.value, bool):
                yield float(node.value)
            elif isinstance(node.value, str) and len(node.value) < 400:
                for found in NUMBER.finditer(node.value):
                    with suppress(ValueError):  # "5.24.0" is no number
                        yield value(found[0])


def uses(text: str, known: tuple[float, ...], *, percent: bool = False) -> bool:
    """Whether a number of the text is among the constants; a percentage may be a share there."""
    wanted = [value(text), value(text) / 100] if percent else [value(text)]
    return any(abs(one - other) <= 1e-9 * max(1.0, abs(one)) for one in wanted for other in known)


def exercise(source: str, at: int) -> str:
    """The number of the exercise around a place, or nothing."""
    start = source.find("\n## Exercises")
    end = source.find("\n## ", start + 4)
    if not start < at < (end if end > 0 else len(source)) or start < 0:
        return ""
    heads = list(EXERCISE.finditer(source, start, at))
    return heads[-1][1] if heads else ""
