"""The entries of docs/references/bibliography.bib, made ready to be set."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.checker import files
from scripts.extensions import bibtex

FILE = "references/bibliography.bib"
TEX = re.compile(r"[\\$~`'%\"]")  # what takes more than braces away and dashes in
MATHEMATICS = re.compile(r"(\$(?:\\.|[^$\\])+\$)")


class Broken(ValueError):
    """The file cannot be read as BibTeX; `line` is where, or 0."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Entry:
    """One work: what is printed of it, without TeX but for `$…$` in titles."""

    key: str
    authors: tuple[str, ...]
    more: bool
    surnames: tuple[str, ...]
    year: str
    title: str
    link: str
    venue: str
    detail: str
    note: str

    def names(self, limit: int) -> str:
        """The authors, or the first three of them when there are more than `limit`."""
        shown = self.authors
        if self.more or len(shown) > limit:
            shown = shown[: 3 if len(shown) > limit else limit]
            return ", ".join(shown) + " et al."
        if len(shown) > 1:
            return ", ".join(shown[:-1]) + " and " + shown[-1]
        return "".join(shown)


def _curly(text: str) -> str:
    """Straight quotes as a printer sets them: opening ones stand at a start, behind a blank or a bracket."""
    text = re.sub(r"(?<![^\s(\[“])\"", "“", text).replace('"', "”")
    return re.sub(r"(?<![^\s(\[“])'(?!\d)", "‘", text).replace("'", "’")


def _text(tex: str) -> str:
    """TeX as text: accents, dashes and quotes right, braces and commands gone, mathematics kept."""
    if not TEX.search(tex):
        plain = re.sub(r"[{}]", "", tex).replace("---", "—").replace("--", "–")
        return " ".join(plain.split())
    parts = MATHEMATICS.split(tex)
    for index in range(0, len(parts), 2):
        decoded = str(codecs.decode(parts[index], "ulatex"))  # type: ignore[arg-type]
        decoded = re.sub(r"\\(?:emph|textit|textbf|texttt|url|textsc)\s*", "", decoded)
        parts[index] = _curly(re.sub(r"[{}]", "", decoded))
    return re.sub(r"[ \t\n]+", " ", "".join(parts)).strip()


def _entry(key: str, entry: Any) -> Entry:
    def get(name: str) -> str:
        return _text(str(entry.fields.get(name, "")))

    people = entry.persons.get("author") or entry.persons.get("editor") or []
    more = bool(people) and str(people[-1]) == "others"
    people = people[:-1] if more else people
    names = [
        [*p.first_names, *p.middle_names, *p.prelast_names, *p.last_names, *p.lineage_names]
        for p in people
    ]
    surnames = tuple(_text(" ".join([*p.prelast_names, *p.last_names])) for p in people)
    eprint, doi = entry.fields.get("eprint", ""), entry.fields.get("doi", "")
    link = entry.fields.get("url", "")
    link = link if bibtex.is_address(link) else ""
    if eprint:
        link = f"https://arxiv.org/abs/{eprint}"
    elif doi:
        link = f"https://doi.org/{doi}"
    venue = get("journal") or get("booktitle")
    volume, number, pages = get("volume"), get("number"), get("pages")
    detail = volume + (f"({number})" if number else "")
    if pages:
        detail += (", " if detail else "") + pages.replace("--", "–").replace("-", "–")
    if not venue:
        venue = get("publisher") or get("howpublished") or get("organization")
        if not venue and eprint:
            detail = f"arXiv:{eprint}"
    if not venue and not detail and entry.fields.get("urldate"):
        detail = f"read {entry.fields['urldate']}"
    return Entry(
        key=key,
        authors=tuple(_text(" ".join(parts)) for parts in names),
        more=more,
        surnames=surnames,
        year=get("year"),
        title=get("title"),
        link=link,
        venue=venue,
        detail=detail,
        note=get("note"),
    )


def read(path: Path) -> dict[str, Entry]:
    """All entries of a file by their keys, in the order of the file.

    Raises:
        Broken: if it cannot be read.
    """
    # They take long to import, and a check needs them not.
    import latexcodec  # noqa: F401  (registers the codec `ulatex`)
    from pybtex.database import parse_string
    from pybtex.exceptions import PybtexError

    try:
        data = parse_string(files.read(path), "bibtex")
    except (PybtexError, UnicodeDecodeError) as error:
        raise Broken(str(error), getattr(error, "lineno", None) or 0) from error
    return {key: _entry(key, entry) for key, entry in data.entries.items()}


def _faults(path: Path) -> list[tuple[int, int, str, str]]:
    try:
        return bibtex.faults(files.read(path))
    except UnicodeDecodeError:
        return [(1, 1, "K02", "the bibliography is not UTF-8; save it as UTF-8")]


def faults(path: Path) -> list[tuple[int, int, str, str]]:
    """What is wrong with a bibliography: line, column, code and what to do; nothing if it is missing."""
    return files.load(path, _faults) if path.is_file() else []


def _keys(path: Path) -> tuple[str, ...]:
    return tuple(item.key for item in bibtex.items(files.read(path)))


def keys(path: Path) -> tuple[str, ...]:
    """The keys of a bibliography in which nothing is wrong, in the order of the file."""
    return files.load(path, _keys) if path.is_file() else ()


def load(docs: Path) -> dict[str, Entry]:
    """The bibliography of a site; empty if it has none. Raises Broken."""
    path = docs / FILE
    return files.load(path, read) if path.is_file() else {}
