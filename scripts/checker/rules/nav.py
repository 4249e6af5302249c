"""Rules N: what the configuration names – navigation, redirects, files of awesome-pages."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from scripts.checker.problem import Problem
from scripts.checker.project import PAGES, Site

_KEYS = frozenset(
    "title nav order sort_type order_by collapse collapse_single_pages hide arrange arrange_pages"
    " ignore flatten_single_child_sections preserve_directory_names append_unmatched".split()
)


def _entries(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    elif isinstance(nav, list):
        for item in nav:
            yield from _entries(item)
    elif isinstance(nav, dict):
        for item in nav.values():
            yield from _entries(item)


def titles(nav: Any) -> set[str]:
    """The pages to which the navigation gives a title of its own."""
    found: set[str] = set()
    for item in nav if isinstance(nav, list) else []:
        if isinstance(item, dict):
            for value in item.values():
                if isinstance(value, str):
                    found.add(value)
                else:
                    found |= titles(value)
    return found


def listed(nav: Any) -> set[str]:
    """The pages that the navigation names."""
    return set(_entries(nav))


def _line(text: str, value: str) -> tuple[int, int]:
    pattern = re.compile(rf"(?<![\w/.-]){re.escape(value)}(?![\w/.-])")
    for number, line in enumerate(text.split("\n"), 1):
        found = pattern.search(line)
        if found and not line.lstrip().startswith("#"):
            return number, found.start() + 1
    return 1, 1


def _name(site: Site) -> str:
    return "\0" + str(site.config.file) if site.config.file else ""


def _is_path(value: str) -> bool:
    return (
        bool(value)
        and not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|/|\.\./|!|\*", value)
        and "*" not in value
        and "{" not in value
    )


def missing_page(site: Site) -> Iterator[Problem]:
    """The navigation names a page that does not exist.

    Bad: - VAE: models/vea.md
    Good: - VAE: models/vae.md
    Why: The entry leads to an error page.
    """
    if site.config.nav is None or not site.config.file:
        return
    for value in _entries(site.config.nav):
        path, anchor = value.partition("#")[::2]
        if (
            not _is_path(path)
            or path in site.files
            or site.generated
            or path.rstrip("/") in site.folders
        ):
            continue
        if posixpath.splitext(path)[1] not in PAGES and site.at(path) is not None:
            continue
        if (
            site.config.plugin("literate-nav", "awesome-nav", "awesome-pages")
            and posixpath.splitext(path)[1] not in PAGES
        ):
            continue
        if site.made_by_build(path):
            continue
        line, column = _line(site.config.text, value)
        near = site.nearest("index.md", path)
        advice = f"write '{near}'" if near else "correct the path or delete the entry"
        yield site.problem(
            _name(site),
            line,
            f"the navigation names '{path}', which does not exist; {advice}",
            column,
        )
        del anchor


def redirect_source(site: Site) -> Iterator[Problem]:
    """A redirect starts at a page that exists.

    Bad: models/vae.md: models/gan.md while models/vae.md exists
    Good: only pages that are gone
    Why: The redirect overwrites the page without a word.
    """
    for old in site.redirects:
        if old in site.files:
            line, column = _line(site.config.text, old)
            yield site.problem(
                _name(site),
                line,
                f"the redirect from '{old}' overwrites a page that exists; delete one of them",
                column,
            )


def redirect_target(site: Site) -> Iterator[Problem]:
    """A redirect leads to a page or anchor that does not exist.

    Bad: old.md: models/vae.md#elbow
    Good: old.md: models/vae.md#elbo
    Why: Old addresses lead from one error to the next.
    """
    from scripts.checker.rules.targets import _anchor

    for old, new in site.redirects.items():
        path, _, anchor = new.partition("#")
        if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|/", new) or site.generated:
            continue
        line, column = _line(site.config.text, new)
        if posixpath.splitext(path)[1] in PAGES:
            if path in site.redirects:
                yield site.problem(
                    _name(site),
                    line,
                    f"the redirect from '{old}' leads to another redirect; write"
                    f" '{site.redirects[path]}'",
                    column,
                )
            elif path not in site.files and not site.made_by_build(path):
                yield site.problem(
                    _name(site),
                    line,
                    f"the redirect from '{old}' leads to '{path}', which does not exist;"
                    " correct it",
                    column,
                )
            elif anchor and path in site.files:
                fault = _anchor(site, "", path, anchor, new)
                if fault:
                    yield site.problem(
                        _name(site), line, f"redirect from '{old}': {fault[1]}", column
                    )
        elif path and not path.startswith("..") and site.at(path) is None and not site.static(path):
            yield site.problem(
                _name(site),
                line,
                f"the redirect from '{old}' leads to '{path}', where there is nothing; correct it",
                column,
            )


def pages_file(site: Site) -> Iterator[Problem]:
    """A `.pages` file names something that does not exist, or a key that has no meaning.

    Bad: arange: [index.md]
    Good: nav: [index.md]
    Why: awesome-pages stops the build without a line number, or drops the key silently.
    """
    if not site.config.plugin("awesome-pages"):
        return
    for path, file in sorted(site.files.items()):
        if posixpath.basename(path) == ".pages":
            yield from _pages_file(site, path, file)


def _pages_file(site: Site, path: str, file: Any) -> Iterator[Problem]:
    from scripts.checker.config import CannotRun, load_yaml

    try:
        data, text = load_yaml(file)
    except CannotRun as error:
        yield site.problem(path, 1, f"the file is not valid YAML: {str(error).rpartition(': ')[2]}")
        return
    if not isinstance(data, dict):
        return
    for key in data:
        if str(key) not in _KEYS:
            line, column = _line(text, str(key))
            yield site.problem(
                path,
                line,
                f"'{key}' is no key of a .pages file; known are title, nav, hide, order, sort_type,"
                " collapse_single_pages",
                column,
            )
    folder = posixpath.dirname(path)
    for value in _entries(data.get("nav") or data.get("arrange") or []):
        target = posixpath.normpath(
            posixpath.join(folder, value.partition(" ")[0].partition("#")[0])
        )
        if (
            value.startswith("...")
            or re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|/", value)
            or "*" in value
            or target.startswith("..")
        ):
            continue
        if target not in site.files and target not in site.folders and not site.generated:
            line, column = _line(text, value)
            yield site.problem(
                path, line, f"'{value}' does not exist; correct it or delete the entry", column
            )
    named = {
        posixpath.normpath(posixpath.join(folder, value))
        for value in _entries(data.get("nav") or [])
    }
    if isinstance(data.get("nav"), list) and not any(
        value.startswith("...") for value in _entries(data["nav"])
    ):
        for other in sorted(site.files):
            if (
                posixpath.dirname(other) == folder
                and posixpath.splitext(other)[1] in PAGES
                and other not in named
            ):
                yield site.problem(
                    path,
                    1,
                    f"'{posixpath.basename(other)}' is left out of the navigation; add it, or"
                    " '...'",
                )


def front_links(site: Site) -> Iterator[Problem]:
    """The front matter names a page that does not exist.

    Bad: needs: [models/vea.md]
    Good: needs: [models/vae.md]
    Why: The list of what to read first would lead to nothing.
    """
    for path, facts in site.chosen_facts():
        for line, value in facts.get("needs", ()):
            if value not in site.files:
                near = site.nearest("index.md", value)
                advice = f"write '{near}'" if near else "correct it"
                yield site.problem(
                    path, line, f"'needs' names '{value}', which does not exist; {advice}"
                )
