"""What earlier runs found, by the content of the page, the settings of the project and the rules themselves."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from scripts.checker.config import Config


def folder() -> Path:
    """Where the caches of this user lie."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "check-docs"


class Cache:
    """A small database for one project; every fault in it is taken as emptiness."""

    def __init__(self, where: Path | None, config: Config, style_on: bool) -> None:
        self.base: Any = None
        self.pending: list[tuple[str, str, str, str]] = []
        if where is not None and where.name == "none":
            return
        from scripts.checker.engine import rules_digest, settings_digest

        self.version = rules_digest() + settings_digest(config, style_on)
        name = hashlib.blake2b(
            f"{config.docs}\0{config.file}".encode("utf-8", "replace"), digest_size=12
        ).hexdigest()
        self._open((where or folder()) / f"{name}.sqlite")

    def _open(self, path: Path) -> None:
        import sqlite3

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
                    try:
                        path.unlink(missing_ok=True)
                    except OSError:
                        return

    def get(self, path: str, data: bytes) -> tuple[list[Any], dict[str, Any]] | None:
        """What an earlier run found on a page of this content."""
        if self.base is None:
            return None
        import sqlite3

        try:
            row = self.base.execute(
                "select digest, version, data from pages where path = ?", (path,)
            ).fetchone()
            if (
                row is None
                or row[1] != self.version
                or row[0] != hashlib.blake2b(data, digest_size=16).hexdigest()
            ):
                return None
            problems, facts, sources = json.loads(row[2])
            if any(_stamp(source) != stamp for source, stamp in sources):
                return None
            return problems, facts
        except (sqlite3.Error, ValueError, TypeError, KeyError):
            return None

    def put(
        self, path: str, digest: str, problems: list[Any], facts: dict[str, Any], sources: list[str]
    ) -> None:
        """Remember what this run found."""
        if self.base is None or any(item[3] == "Z01" or item[3] == "Z02" for item in problems):
            return
        plain = {key: value for key, value in facts.items() if not isinstance(value, set)}
        if any(item[3] == "L21" for item in problems):
            return
        data = json.dumps(
            [problems, plain, [[s, _stamp(s)] for s in sources]],
            ensure_ascii=False,
            separators=(",", ":"),
        )
        self.pending.append((path, digest, self.version, data))

    def close(self) -> None:
        """Write what is new."""
        if self.base is None:
            return
        import sqlite3

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


def _stamp(source: str) -> str:
    try:
        with open(source, "rb") as file:
            return hashlib.blake2b(file.read(), digest_size=12).hexdigest()
    except OSError:
        return ""
