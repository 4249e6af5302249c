"""The fixtures of the rules, read.

The last comment of a fixture reads `expect 5 A01, mkdocs.yml:3 N01` or `expect nothing`; below it may stand
files of the project, each as `file NAME` and its lines after `| `.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Fixture:
    """A page, what is expected of it, and the files of the project that it needs."""

    text: str
    expected: str
    files: dict[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> list[str]:
        """What is expected: line and code each, or file, line and code."""
        return [] if self.expected == "nothing" else sorted(self.expected.split(", "))


def read(path: Path) -> Fixture:
    """A fixture from its file."""
    text = path.read_text(encoding="utf-8")
    found = re.search(r"\n<!-- expect ([^\n]*?)(?: -->|\n((?:(?:file |\| ?).*\n)*)-->)\n\Z", text)
    assert found, f"{path.name} does not say what it expects"
    files: dict[str, str] = {}
    name = ""
    for line in (found[2] or "").splitlines():
        if line.startswith("file "):
            name = line[5:]
            files[name] = ""
        else:
            files[name] += line[2:] + "\n"
    return Fixture(text[: found.start()], found[1], files)
