"""Where a site that is served is built: what a build writes reaches the folder when it has succeeded."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from scripts.devtools import mutex

PREFIX = "served-site-"
LOCK = "in-use"
GRACE = (
    3  # seconds in which a folder or its lock may be new: its process has not taken the lock yet
)


class Scratch:
    """A folder for the sites of this process, below the system's temporary one.

    Its lock ends with the process, however that ends: who starts later removes what was left behind.
    """

    def __init__(self) -> None:
        sweep(Path(tempfile.gettempdir()))
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._lock: IO[bytes] = (self.path / LOCK).open("wb")
        mutex.take(self._lock.fileno(), wait=False)

    def folder(self) -> Path:
        """A new empty folder."""
        return Path(tempfile.mkdtemp(dir=self.path, prefix=""))

    def remove(self) -> None:
        """Remove all of it."""
        self._lock.close()
        shutil.rmtree(self.path, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Remove the folders of processes that are no more."""
    for left in folder.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            status = left.lstat()
            if hasattr(os, "getuid") and status.st_uid != os.getuid():
                continue
            lock = left / LOCK
            made = (lock.stat() if lock.exists() else status).st_mtime
            if time.time() - made > GRACE and not mutex.is_held(lock):
                shutil.rmtree(left, ignore_errors=True)


@dataclass
class Written:
    """What builds have written into a folder."""

    folder: Path
    pages: dict[str, bytes] = field(default_factory=dict)
    copied: set[str] = field(default_factory=set)


class Output:
    """Keeps what a build writes until it has succeeded, and then writes what differs."""

    def __init__(self, written: Written) -> None:
        self.written = written
        self.pending: dict[str, bytes] = {}
        self.copies: dict[str, str] = {}

    def write_file(self, content: bytes, output_path: str) -> None:
        """In place of `utils.write_file`."""
        self.copies.pop(output_path, None)
        self.pending[output_path] = content

    def copy_file(self, source_path: str, output_path: str) -> None:
        """In place of `utils.copy_file`."""
        self.pending.pop(output_path, None)
        self.copies[output_path] = source_path

    def flush(self) -> None:
        """Bring the folder to what the build wants."""
        written = self.written.pages
        for place, content in self.pending.items():
            if written.get(place) != content or not os.path.exists(place):
                Path(place).parent.mkdir(parents=True, exist_ok=True)
                Path(place).write_bytes(content)
                written[place] = content
        for place, source in self.copies.items():
            new = os.stat(source)
            with contextlib.suppress(OSError):
                old = os.stat(place)
                if (old.st_mtime_ns, old.st_size) == (new.st_mtime_ns, new.st_size):
                    continue
            Path(place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, place)
        self._remove_others()

    def _remove_others(self) -> None:
        """Remove pages and files that no longer are part of the site."""
        wanted = self.pending.keys() | self.copies.keys()
        for place in (self.written.pages.keys() | self.written.copied) - wanted:
            self.written.pages.pop(place, None)
            with contextlib.suppress(OSError):
                os.remove(place)
        self.written.copied = set(self.copies)
