"""Rules W of files that are published as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from scripts.checker import drawings, files
from scripts.checker.problem import Problem
from scripts.checker.project import Site


def _read(path: Path) -> list[tuple[int, int, str]]:
    try:
        return drawings.faults(files.read(path))
    except UnicodeDecodeError:
        return [(1, 1, "is not UTF-8")]


def faults(path: Path) -> list[tuple[int, int, str]]:
    """What a file has that it may not have: line, column and what it does; nothing if it is no drawing."""
    return files.load(path, _read) if path.suffix.lower() == ".svg" and path.is_file() else []


def acting(site: Site) -> Iterator[Problem]:
    """A drawing does more than show: it has a script, a handler, or a link that leads out of it.

    Bad: docs/models/vae/gap.svg with <script>
    Good: docs/models/vae/gap.svg with shapes and texts alone
    Why: Whoever opens it runs what it holds, as a page of this site.
    """
    for path, file in sorted(site.files.items()):
        for line, column, what in faults(file):
            yield site.problem(path, line, f"this drawing {what}; take it out", column)


PROJECT: dict[str, Callable[..., Any]] = {"W04": acting}
