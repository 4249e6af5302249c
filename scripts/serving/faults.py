"""What went wrong in a build, in one line that names the file to mend."""

from __future__ import annotations

import logging
import os
import re
import traceback
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import jinja2
import yaml
from mkdocs.structure.files import File
from mkdocs.structure.pages import Page

SOURCES = ("docs", "overrides", "tests", "mkdocs.yml")
SCRIPTS = "scripts"
MACHINERY = Path(__file__).resolve().parent


class Fault(Exception):
    """The site cannot be what its sources say; the message is for who writes them."""


class Plain(logging.Formatter):
    """News as they are, warnings and errors with their level before them."""

    def format(self, record: logging.LogRecord) -> str:
        """One line or more."""
        text = record.getMessage()
        return text if record.levelno < logging.WARNING else f"{record.levelname.lower()}: {text}"


def shared(records: list[logging.LogRecord]) -> list[str]:
    """What is wrong with a file that many pages are made from, each once."""
    found = [getattr(record, "shared", "") for record in records]
    return list(dict.fromkeys(text for text in found if text))


def is_new(record: logging.LogRecord) -> bool:
    """A filter: what is wrong with a shared file is said once, and not for each page of the file."""
    return not getattr(record, "shared", None)


def explain(error: BaseException, root: Path) -> str:
    """Where an error comes from and what it says, in one line.

    Frames of installed packages say nothing to who writes a page, wherever they are installed: the place
    is the file that the error names, or the one that was being read, or a script of this repository.
    """
    if isinstance(error, jinja2.TemplateSyntaxError):
        return _place(root, error.filename or error.name or "template", error.lineno, error.message)
    if isinstance(error, SyntaxError) and error.filename:
        return _place(root, error.filename, error.lineno, error.msg)
    if isinstance(error, OSError) and error.filename and error.strerror:
        return _place(root, os.fsdecode(error.filename), None, error.strerror)
    frames = list(traceback.walk_tb(error.__traceback__))
    source = next(_read(frames, root), None)
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        named = Path(mark.name) if mark and Path(mark.name).is_file() else source
        return _place(root, named or "YAML", line, error.problem or "not valid YAML")
    if isinstance(error, UnicodeDecodeError):
        line = bytes(error.object[: error.start]).count(b"\n") + 1
        text = f"is not UTF-8 (byte {error.start})"
        return _place(root, source or "a file", line if source else None, text)
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if named := next(_named(said, root), None):
        return _place(root, named, None, said)
    script = next(_ours(frames, root), None)
    if script is None:
        return f"{_name(root, source)}: {said}" if source else said
    place = f"{_name(root, script[0])}:{script[1]}: {said}"
    return f"{_name(root, source)}: {place}" if source and source != script[0] else place


def _place(root: Path, path: str | Path, line: int | None, text: object) -> str:
    return f"{_name(root, path)}{f':{line}' if line else ''}: {' '.join(str(text).split())}"


def _name(root: Path, path: str | Path) -> str:
    with suppress(ValueError):
        return Path(path).relative_to(root).as_posix()
    return str(path)


def _named(said: str, root: Path) -> Iterator[Path]:
    """The sources that a message names as plugins do: `Nav entry "x.md" not found. [models/.pages]`."""
    for name in re.findall(r"\[([^\[\]]+)\]", said):
        for folder in (root / "docs", root):
            if len(name) < 300 and (folder / name).is_file():
                yield folder / name


def _ours(frames: list[tuple[FrameType, int]], root: Path) -> Iterator[tuple[Path, int]]:
    """The places in scripts and templates of this repository, the last one first."""
    for frame, line in reversed(frames):
        path = Path(frame.f_code.co_filename)
        parts = path.relative_to(root).parts if path.is_relative_to(root) else ()
        if parts and parts[0] in (SCRIPTS, *SOURCES) and MACHINERY not in path.parents:
            yield path, line


def _read(frames: list[tuple[FrameType, int]], root: Path) -> Iterator[Path]:
    """The sources that were being worked on, the last one first."""
    for frame, _ in reversed(frames):
        for value in list(frame.f_locals.values()):
            path = _source(value)
            if path is None or not path.is_absolute() or not path.is_relative_to(root):
                continue
            first = path.relative_to(root).parts[:1]
            if first and first[0] in SOURCES and path.is_file():
                yield path


def _source(value: Any) -> Path | None:
    """The file that a local variable stands for."""
    if isinstance(value, Page):
        value = value.file
    if isinstance(value, File):
        value = value.abs_src_path
    if isinstance(value, Path):
        return value
    if isinstance(value, str) and 0 < len(value) < 1000 and "\n" not in value:
        return Path(value)
    return None
