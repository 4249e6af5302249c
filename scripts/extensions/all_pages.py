"""All pages of the site as text: for what one page says of the others, such as "cited on"."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from scripts.checker import files, source

TITLE = re.compile(r"^title:[ \t]*[\"']?(.+?)[\"']?[ \t]*$", re.MULTILINE)
HEADING = re.compile(r"^#[ \t]+(.+?)[ \t]*(?:\{[^}]*\})?[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Source:
    """A page: its title, its text, and its text with everything that is code blanked out."""

    path: Path
    title: str
    text: str
    blanked: str


def read(path: Path) -> Source:
    """A page from its file."""
    text = files.read(path)
    blanked = source.blank(text)
    front = source.FRONT_MATTER.match(text)
    title = (TITLE.search(front[0]) if front else None) or HEADING.search(blanked)
    return Source(path, title[1] if title else path.stem, text, blanked)


def pages(docs: Path) -> dict[str, Source]:
    """All pages below docs/ by their path there; a file that cannot be read is the builder's problem."""
    found = {}
    for place, folders, names in os.walk(docs):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if path.suffix == ".md":
                try:
                    found[path.relative_to(docs).as_posix()] = files.load(path, read)
                except (OSError, UnicodeDecodeError):
                    continue
    return dict(sorted(found.items()))


def titles(docs: Path) -> dict[str, str]:
    """The titles of all pages."""
    return {uri: page.title for uri, page in pages(docs).items()}
