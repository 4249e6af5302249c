"""What earlier runs found, by the content of the page and of everything else that it was made from."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
from pathlib import Path

from scripts.checker import inputs
from scripts.checker.config import Config
from scripts.checker.one_page import Checked
from scripts.checker.problem import Problem


def folder(config: Config) -> Path:
    """Where a project is remembered: where it says, or with the caches of this user."""
    named = config.house.get("cache")
    if isinstance(named, str) and named:
        return config.root / named
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "check-docs"


class Memory:
    """A small database for one project; every fault in it is taken as emptiness."""

    def __init__(self, where: Path | None, config: Config, version: str) -> None:
        self.base: sqlite3.Connection | None = None
        self.version = version
        self.pending: list[tuple[str, str, str, str]] = []
        self.asked: inputs.Inputs = {}
        if where is not None and where.name == "none":
            return
        name = hashlib.blake2b(
            f"{config.docs}\0{config.file}".encode("utf-8", "replace"), digest_size=12
        ).hexdigest()
        self._open((where or folder(config)) / f"{name}.sqlite")

    def _open(self, path: Path) -> None:
        for attempt in range(2):
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                self.base = sqlite3.connect(path, timeout=1.0)
                self.base.execute("pragma synchronous=off")
                self.base.execute(
                    "create table if not exists pages (path text primary key, digest text, version"
                    " text, data text)"
                )
                return
            except (sqlite3.Error, OSError):
                self.base = None
                if attempt == 0:
                    with contextlib.suppress(OSError):
                        path.unlink(missing_ok=True)

    def get(self, path: str, digest: str) -> Checked | None:
        """What an earlier run found on a page of this content, if all that it was made from is the same."""
        if self.base is None:
            return None
        try:
            row = self.base.execute(
                "select digest, version, data from pages where path = ?", (path,)
            ).fetchone()
            if row is None or row[:2] != (digest, self.version):
                return None
            problems, facts, known = json.loads(row[2])
            found = {tuple(question): answer for question, answer in known}
            if not inputs.current(found, self.asked):
                return None
            unpacked = [Problem.unpack(item) for item in problems]
            return Checked(path, digest, unpacked, facts, found)
        except (sqlite3.Error, ValueError, TypeError, KeyError, IndexError):
            return None

    def put(self, checked: Checked) -> None:
        """Remember what this run found, but for what may go better the next time."""
        if self.base is None or any(problem.code in ("Z01", "Z02") for problem in checked.problems):
            return
        data = json.dumps(
            [
                [problem.pack() for problem in checked.problems],
                checked.facts,
                [[list(question), answer] for question, answer in checked.inputs.items()],
            ],
            ensure_ascii=False,
            separators=(",", ":"),
        )
        self.pending.append((checked.path, checked.digest, self.version, data))

    def close(self) -> None:
        """Write what is new."""
        if self.base is None:
            return
        try:
            if self.pending:
                with self.base:
                    self.base.executemany(
                        "insert or replace into pages values (?, ?, ?, ?)", self.pending
                    )
            self.base.close()
        except (sqlite3.Error, UnicodeError):
            pass
        self.base, self.pending = None, []
