"""What decides, besides a page and its inputs, what is found on it: settings, rules, extensions, libraries."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from scripts.checker import style_classes
from scripts.checker.config import Config
from scripts.checker.rulebook import Rulebook


def version(config: Config, book: Rulebook) -> str:
    """A digest of all that, by content."""
    digest = hashlib.blake2b(digest_size=16)
    for part in _parts(config, book):
        digest.update(part.encode("utf-8", "replace"))
        digest.update(b"\0")
    return digest.hexdigest()


def _parts(config: Config, book: Rulebook) -> Iterator[str]:
    yield sys.version
    yield from sorted(_distributions())
    for folder in sorted(folders(config, book)):
        yield from code(folder)
    yield repr(settings(config))
    yield book.name
    yield from sorted(style_classes.own_classes(config))
    yield config.hook_text
    ignored = config.root / ".gitignore"
    yield ignored.read_text(encoding="utf-8", errors="replace") if ignored.is_file() else ""


def settings(config: Config) -> list[object]:
    """The settings that decide what is found on a page: not the redirects, which lead from no page.

    What their rules say of them is asked at every run, and a page that moves leaves one behind.
    """
    known = {
        field.name: getattr(config, field.name)
        for field in fields(config)
        if field.name not in {"text", "sources", "plugins"}
    }
    plugins = {
        name: {key: value for key, value in options.items() if key != "redirect_maps"}
        if isinstance(options, dict)
        else options
        for name, options in config.plugins.items()
    }
    return [
        sorted((name, str(value)) for name, value in known.items()),
        plugins,
        config.draws_formulas,
    ]


def _distributions() -> Iterator[str]:
    """Every installed library with its version."""
    for place in dict.fromkeys(sys.path):
        try:
            names = os.listdir(place or ".")
        except OSError:
            continue
        yield from (name for name in names if name.endswith((".dist-info", ".egg-info")))


def folders(config: Config, book: Rulebook) -> set[Path]:
    """The packages of the checker, of the house, and of the project's own extensions."""
    found = {Path(__file__).parent}
    for name in (*config.extensions, book.name):
        if "." not in name or name.startswith(("pymdownx.", "markdown.", "material.")):
            continue
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError):
            continue
        if spec is not None and spec.origin and "site-packages" not in spec.origin:
            found.add(Path(spec.origin).parent)
    return found


def code(folder: Path) -> Iterator[str]:
    """The names and contents of the code and data of a package."""
    for file in sorted(folder.rglob("*.*")):
        if file.suffix in {".py", ".toml"} and "__pycache__" not in file.parts:
            yield file.as_posix()
            yield file.read_text(encoding="utf-8", errors="replace")
