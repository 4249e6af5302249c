"""How each displayed equation is held: the file `tests/equations.lock`, which `dev.py equations` writes.

Below the id of an equation stand its statements in their normal form. A line that begins with a star is
evaluated by a test on its own numbers; the others are compared with this file alone, so that a print does
not change without somebody reading its test again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HEAD = """\
# The displayed equations of the site in their normal form: a star before what a test evaluates as printed.
# Written by `python3 scripts/dev.py equations --lock ID …`, after the test was read again.
"""
REMARK = re.compile(r"\\text\{[^{}]*\}")  # words alone claim nothing: "with", "operations."


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
        claims = {i for i, line in enumerate(self.lines) if not REMARK.fullmatch(line)}
        return "evaluated" if claims <= self.evaluated else "in part"


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


def states(path: Path) -> dict[str, str]:
    """How each equation is held: all that the pages show of the file."""
    return {name: lock.state for name, lock in read(path).items()}
