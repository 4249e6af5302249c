"""Which files the site is made from: those below docs/ and, through links, those of the repository.

A link that leads out of the repository or into its hidden parts, in a circle or to nothing is not
followed, and a line says so: the site is built without what is behind it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

log = logging.getLogger("mkdocs.serve")

CODE = ("scripts/extensions", "scripts/checker", "scripts/house")
FOLDERS = ("docs", "overrides", "tests", *CODE)
FILES = ("mkdocs.yml", "scripts/hooks.py")


def signatures(*folders: Path) -> tuple[tuple[str, int, int], ...]:
    """Name, time and size of every file below some folders."""
    found = []
    for folder in folders:
        for place, inner, names in os.walk(folder):
            inner[:] = [name for name in inner if name != "__pycache__"]
            for name in names:
                path = os.path.join(place, name)
                with contextlib.suppress(OSError):
                    status = os.stat(path)
                    found.append((path, status.st_mtime_ns, status.st_size))
    return tuple(sorted(found))


def matters(path: str) -> bool:
    """Whether a change of a file can change the site: not bytecode, nor what editors leave."""
    name = os.path.basename(path)
    if "__pycache__" in path or name.endswith((".pyc", "~", ".swp", ".swx", ".tmp", ".new")):
        return False
    return (not name.startswith(".") or name == ".pages") and name != "4913"


@dataclass
class Walk:
    """A walk through a folder of the repository, as `os.walk` does it, that keeps inside."""

    root: Path
    refused: list[str] = field(default_factory=list)
    links: set[Path] = field(default_factory=set)  # what the links lead to that were followed

    def walk(self, top: str | Path) -> Iterator[tuple[str, list[str], list[str]]]:
        """Each folder with the names of its folders and files; links are followed."""
        yield from self._walk(os.fspath(top), (os.path.realpath(top),))

    def _walk(
        self, place: str, above: tuple[str, ...]
    ) -> Iterator[tuple[str, list[str], list[str]]]:
        folders, files = [], []
        try:
            entries = list(os.scandir(place))
        except OSError as error:
            self._refuse(place, f"cannot be read ({error.strerror})")
            return
        for entry in entries:
            wrong = self._wrong(entry, above)
            if wrong:
                if matters(entry.name):
                    self._refuse(entry.path, wrong)
            elif entry.is_dir():
                folders.append(entry.name)
            else:
                files.append(entry.name)
            if not wrong and entry.is_symlink():
                self.links.add(Path(os.path.realpath(entry.path)))
        yield place, folders, files
        for name in folders:
            path = os.path.join(place, name)
            real = os.path.join(above[-1], name)
            real = os.path.realpath(path) if os.path.islink(path) else real
            yield from self._walk(path, (*above, real))

    def _wrong(self, entry: os.DirEntry[str], above: tuple[str, ...]) -> str:
        """Why something is no source of the site; empty if it is one."""
        if not entry.is_symlink():
            plain = entry.is_file() or entry.is_dir()
            return "" if plain else "is neither a file nor a folder"
        real = os.path.realpath(entry.path)
        target = f"leads to {_shown(entry)}, "
        try:
            mode = os.stat(entry.path).st_mode
        except OSError:
            return target + "which cannot be read or does not exist"
        try:
            inside = Path(real).relative_to(os.path.realpath(self.root))
        except ValueError:
            return target + "out of the repository"
        if any(part.startswith(".") for part in inside.parts):
            return target + "a hidden part of the repository"
        if stat.S_ISDIR(mode):
            if any(Path(place).is_relative_to(real) for place in above):
                return target + "a folder that it stands in"
        elif not stat.S_ISREG(mode):
            return target + "which is neither a file nor a folder"
        return ""

    def _refuse(self, path: str, why: str) -> None:
        name = os.path.relpath(path, self.root).replace(os.sep, "/")
        self.refused.append(f"{name} {why}: it is left out")


def _shown(entry: os.DirEntry[str]) -> str:
    try:
        return os.readlink(entry.path)
    except OSError:
        return "somewhere"


class System:
    """The module `os` as MkDocs' search for files sees it: its walk keeps inside the repository."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def walk(self, top: str, **_: Any) -> Iterator[tuple[str, list[str], list[str]]]:
        """In place of `os.walk`; a line for each thing that is left out."""
        walk = Walk(self._root)
        yield from walk.walk(top)
        for line in walk.refused:
            log.warning("%s", line)


def links(root: Path) -> set[Path]:
    """What the links below docs/ lead to: it is watched as well."""
    walk = Walk(root)
    for _ in walk.walk(root / "docs"):
        pass
    return walk.links
