"""Symbolic links that lead out of the repository: what they name would be published."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=64)
def repository(folder: Path) -> str:
    """The repository that a folder of pages belongs to, or the folder of its mkdocs.yml; else itself."""
    around = (folder, *folder.parents)
    for mark in (".git", "mkdocs.yml", "mkdocs.yaml"):
        for place in around:
            if (place / mark).exists():
                return os.path.realpath(place)
    return os.path.realpath(folder)


def outward(path: str | Path, folder: Path) -> str:
    """Where the file behind a path below a folder of pages lies, if it may not be published; else nothing."""
    try:
        inside = Path(os.path.realpath(path)).relative_to(repository(folder))
    except ValueError:
        return "out of the repository"
    hidden = [part for part in inside.parts[:-1] if part.startswith(".")]
    hidden += [part for part in inside.parts[-1:] if part.startswith(".") and part != ".pages"]
    return "into a hidden part of the repository" if hidden else ""


def links(folder: Path) -> Iterator[tuple[str, str]]:
    """The links below a folder that lead out, by their paths from there, and where they lead."""
    for place, folders, names in os.walk(folder):
        for name in sorted((*folders, *names)):
            path = Path(place, name)
            if path.is_symlink() and (where := outward(path, folder)):
                yield path.relative_to(folder).as_posix(), where
