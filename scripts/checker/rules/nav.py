"""Rules N: what the configuration names – navigation, redirects, files of awesome-pages."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from scripts.checker.problem import Problem
from scripts.checker.project import PAGES, Site
from scripts.checker.rules import anchors
from scripts.checker.yaml_places import Place, Places

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


def _name(site: Site) -> str:
    return "\0" + str(site.config.file) if site.config.file else ""


def _is_path(value: str) -> bool:
    return (
        bool(value)
        and not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|/|!|\*", value)
        and "*" not in value
        and "{" not in value
    )


def _found(site: Site, place: Place | None, message: str) -> Problem:
    """A finding at a place of a file of settings."""
    if place is None:
        return site.problem(_name(site), 1, message)
    return site.problem("\0" + str(place.file), place.line, message, place.column)


def missing_page(site: Site) -> Iterator[Problem]:
    """The navigation names a page that does not exist.

    Bad:
        in mkdocs.yml:
        nav:
          - VAE: models/vea.md
    Good:
        in mkdocs.yml:
        nav:
          - VAE: models/vae.md
    Why: The entry leads to an error page.
    """
    config = site.config
    if config.nav is None or not config.file or config.wanted("nav", "not_found") == "ignore":
        return
    places = config.places.values("nav")
    listed = [place.value for place in places]
    for number, value in enumerate(listed or _entries(config.nav)):
        path = value.partition("#")[0]
        if _is_path(path) and not _exists(site, posixpath.normpath(path), path.endswith("/")):
            near = site.nearest("index.md", path)
            advice = f"write '{near}'" if near else "correct the path or delete the entry"
            yield _found(
                site,
                places[number] if places else None,
                f"the navigation names '{path}', which does not exist; {advice}",
            )


def _exists(site: Site, path: str, folder: bool) -> bool:
    """Whether an entry of the navigation leads to something, as far as can be known."""
    if path in site.files and not folder:
        return path not in site.unpublished
    if site.generated or path in site.folders or site.made_by_build(path):
        return True
    if posixpath.splitext(path)[1] in PAGES:
        return False
    return site.at(path + "/" if folder else path) is not None or site.config.plugin(
        "literate-nav", "awesome-nav", "awesome-pages"
    )


def _redirects(site: Site) -> dict[str, tuple[Place, Place]]:
    return site.config.places.mapping("plugins", "redirects", "redirect_maps")


def redirect_source(site: Site) -> Iterator[Problem]:
    """A redirect starts at a page that exists.

    Bad:
        in mkdocs.yml:
        plugins:
          - redirects:
              redirect_maps:
                models/vae.md: other.md
    Good:
        in mkdocs.yml:
        plugins:
          - redirects:
              redirect_maps:
                models/vae-old.md: other.md
    Why: The redirect overwrites the page without a word.
    """
    places = _redirects(site)
    for old in site.redirects:
        if old in site.files and old not in site.unpublished:
            place = places[old][0] if old in places else None
            message = f"the redirect from '{old}' overwrites a page that exists"
            yield _found(site, place, f"{message}; delete one of them")


def redirect_target(site: Site) -> Iterator[Problem]:
    """A redirect leads to a page or anchor that does not exist.

    Bad:
        in mkdocs.yml:
        plugins:
          - redirects:
              redirect_maps:
                old.md: models/vae.md#elbow
    Good:
        in mkdocs.yml:
        plugins:
          - redirects:
              redirect_maps:
                old.md: models/vae.md#elbo
    Why: No redirect is written, and old addresses lead to an error page.
    """
    places = _redirects(site)
    for old, new in site.redirects.items():
        path, _, anchor = new.partition("#")
        if new.lower().startswith(("http://", "https://")):
            continue
        place = places[old][1] if old in places else None
        if site.is_page(path) and path in site.files and path not in site.unpublished:
            fault = anchors.missing(site, "", path, anchor, new) if anchor else None
            if fault:
                yield _found(site, place, f"redirect from '{old}': {fault[1]}")
        elif path in site.redirects:
            message = f"the redirect from '{old}' leads to another redirect"
            yield _found(site, place, f"{message}; write '{site.redirects[path]}'")
        elif not site.generated and not site.made_by_build(path):
            near = _page_meant(site, path)
            advice = f"write '{near}'" if near else "correct it"
            what = "which does not exist" if site.is_page(path) else "which is no page"
            yield _found(
                site, place, f"the redirect from '{old}' leads to '{path}', {what}; {advice}"
            )


def _page_meant(site: Site, path: str) -> str:
    """The page that a target without its ending was to name."""
    plain = posixpath.normpath(path.strip("/") or ".")
    stem = plain.removesuffix(".html")
    names = (plain, f"{stem}.md", f"{stem}/index.md".removeprefix("./"))
    return next((name for name in names if name in site.files and site.is_page(name)), "")


def pages_file(site: Site) -> Iterator[Problem]:
    """A `.pages` file names something that does not exist, or a key that has no meaning.

    Bad:
        in docs/models/.pages:
        arange: [vae.md]

        in mkdocs.yml:
        plugins: [awesome-pages]
    Good:
        in docs/models/.pages:
        nav: [vae.md]

        in mkdocs.yml:
        plugins: [awesome-pages]
    Why: awesome-pages stops the build without a line number, or drops the key silently.
    """
    if not site.config.plugin("awesome-pages"):
        return
    for path, file in sorted(site.files.items()):
        if posixpath.basename(path) == ".pages":
            yield from _pages_file(site, path, file)


def _pages_file(site: Site, path: str, file: Any) -> Iterator[Problem]:
    from scripts.checker.config import CannotRun, load_yaml, loader

    try:
        data, text = load_yaml(file)
    except CannotRun as error:
        yield site.problem(path, 1, f"the file is not valid YAML: {str(error).rpartition(': ')[2]}")
        return
    if not isinstance(data, dict):
        return
    places = Places([(file, text)], loader())
    for name, (key, _) in places.mapping().items():
        if name not in _KEYS:
            yield site.problem(
                path,
                key.line,
                f"'{name}' is no key of a .pages file; known are title, nav, hide, order, sort_type,"
                " collapse_single_pages",
                key.column,
            )
    folder = posixpath.dirname(path)
    for entry in places.values("nav") or places.values("arrange"):
        value = entry.value
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
            message = f"'{value}' does not exist; correct it or delete the entry"
            yield site.problem(path, entry.line, message, entry.column)
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
                and other not in site.unpublished
            ):
                yield site.problem(
                    path,
                    1,
                    f"'{posixpath.basename(other)}' is left out of the navigation; add it, or"
                    " '...'",
                )
