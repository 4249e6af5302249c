"""Files that are read once a process, and again when they have changed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

Signature = tuple[int, int]

_cache: dict[tuple[str, str], tuple[Signature, Any, Exception | None]] = {}


def signature(path: Path | str) -> Signature | None:
    """What changes when the file does: its time and size; None if it is no file."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return (found.st_mtime_ns, found.st_size)


def read(path: Path) -> str:
    """The text of a file, as UTF-8 with plain line ends. Raises OSError or UnicodeDecodeError."""
    return path.read_text(encoding="utf-8-sig")


def load(path: Path, make: Callable[[Path], T]) -> T:
    """What `make` gives for a file, computed again only when the file has changed.

    Raises:
        OSError: if there is no such file, or whatever `make` raises, until the file changes.
    """
    key = (os.fspath(path), f"{make.__module__}.{make.__qualname__}")
    now = signature(path)
    if now is None:
        raise FileNotFoundError(f"{path} is missing")
    old = _cache.get(key)
    if old is None or old[0] != now:
        try:
            old = (now, make(path), None)
        except Exception as error:
            old = (now, None, error)
        _cache[key] = old
    if old[2] is not None:
        raise old[2]
    result: T = old[1]
    return result
