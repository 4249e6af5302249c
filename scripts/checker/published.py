"""Which files of a docs folder MkDocs publishes: its own answer, without starting it.

`tests/checker/test_published.py` compares it with MkDocs, file by file.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from fnmatch import fnmatch
from typing import Any

from scripts.checker.config import Config
from scripts.checker.problem import Place, Problem

# What MkDocs leaves out of every site.
ALWAYS = (".*", "/templates/")
# The ending of a page decides nothing about its address.
MARKDOWN = (".md", ".markdown", ".mdown", ".mkdn", ".mkd")


def _patterns(config: Config) -> Any:
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines([*ALWAYS, *config.excluded.split("\n")])


def _by_plugin(config: Config, path: str) -> bool:
    """Whether the plugin `exclude` takes a file out of the site."""
    for key, options in config.plugins.items():
        if key.rsplit("/", 1)[-1] != "exclude":
            continue
        globs, expressions = options.get("glob") or [], options.get("regex") or []
        globs = [globs] if isinstance(globs, str) else globs
        expressions = [expressions] if isinstance(expressions, str) else expressions
        if any(fnmatch(path, str(glob)) for glob in globs):
            return True
        if any(re.match(str(expression), path) for expression in expressions):
            return True
    return False


def destination(path: str, directory_urls: bool) -> str:
    """The file of the site that a file of the docs folder becomes."""
    folder, name = posixpath.split(path)
    stem, suffix = posixpath.splitext(name)
    if suffix.lower() not in MARKDOWN:
        return path
    stem = "index" if stem == "README" else stem
    if directory_urls and stem != "index":
        return posixpath.join(folder, stem, "index.html")
    return posixpath.join(folder, stem + ".html")


def _order(path: str) -> tuple[str, bool, str]:
    folder, name = posixpath.split(path)
    return folder, posixpath.splitext(name)[0] not in ("index", "README"), name


def unpublished(config: Config, files: Iterable[str]) -> dict[str, str]:
    """The files that are not published, each with the file that takes its place, if it is for one."""
    spec = _patterns(config)
    paths = sorted(files, key=_order)
    found = {path: "" for path in paths if spec.match_file(path) or _by_plugin(config, path)}
    first: dict[tuple[str, str], str] = {}
    for path in paths:
        place = posixpath.dirname(path), destination(path, config.directory_urls)
        other = first.setdefault(place, path)
        if other != path:
            loser, winner = (path, other) if path in found else (other, path)
            found.setdefault(loser, winner)
    return found


def appending(config: Config, message: str, number: int = 0) -> Problem:
    """A finding where the settings name what is appended to every page."""
    places = config.places.values("markdown_extensions", "pymdownx.snippets", "auto_append")
    if number >= len(places):
        return Problem("", Place("\0" + str(config.file), 1, 1), message)
    place = places[number]
    return Problem("", Place("\0" + str(place.file), place.line, place.column), message)
