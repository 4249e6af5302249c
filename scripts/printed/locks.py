"""The lock of all prints: `tests/equations.lock` holds the normal form of each displayed equation.

A line that begins with a star is evaluated by a test on its own numbers; the others are compared with this
file alone, so that a print does not change without somebody reading its test again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.printed.reading import Statement, statements

HEAD = """\
# The displayed equations of the site in their normal form: a star before what a test evaluates as printed.
# Written by `python3 scripts/dev.py equations --lock ID …`, after the test was read again.
"""


@dataclass(frozen=True)
class Lock:
    """What is known of an equation: its statements, and which of them a test evaluates."""

    lines: tuple[str, ...]
    evaluated: frozenset[int] = frozenset()

    @property
    def state(self) -> str:
        """`evaluated`, `in part`, or `locked`."""
        if not self.evaluated:
            return "locked"
        return "evaluated" if len(self.evaluated) == len(self.lines) else "in part"


def lines(found: tuple[Statement, ...]) -> tuple[str, ...]:
    """The statements of an equation, a line each."""
    return tuple(" ".join(statement.text.split()) for statement in found)


def of(tex: str, evaluated: frozenset[int] = frozenset()) -> Lock:
    """The lock of an equation."""
    return Lock(lines(statements(tex)), evaluated)


def read(path: Path) -> dict[str, Lock]:
    """All locks of a file; none if there is no file."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        if line.startswith("[") and line.endswith("]"):
            name = line[1:-1]
            found[name] = []
        elif line.strip() and not line.startswith("#"):
            found[name].append(line)
    return {
        name: Lock(
            tuple(row[2:] for row in rows),
            frozenset(i for i, row in enumerate(rows) if row.startswith("*")),
        )
        for name, rows in found.items()
    }


def text(locks: Mapping[str, Lock]) -> str:
    """The text of the file."""
    parts = [HEAD]
    for name, lock in sorted(locks.items()):
        rows = [
            f"{'*' if index in lock.evaluated else ' '} {line}"
            for index, line in enumerate(lock.lines)
        ]
        parts.append("\n".join([f"[{name}]", *rows, ""]))
    return "\n".join(parts)


def difference(name: str, lock: Lock | None, tex: str) -> str:
    """What a print says now and what was locked; empty if they agree."""
    now = lines(statements(tex))
    if lock is None:
        return f"{name} is not locked: run python3 scripts/dev.py equations --lock {name}"
    if now == lock.lines:
        return ""
    was, is_ = "\n    ".join(lock.lines), "\n    ".join(now)
    return (
        f"{name} was printed as\n    {was}\nand is printed as\n    {is_}\n"
        f"Read its test again; if it tests what is printed now, run "
        f"python3 scripts/dev.py equations --lock {name}"
    )
