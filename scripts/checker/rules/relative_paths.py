"""Links by a path that is relative to their page."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import unquote

from scripts.checker.project import PAGES, Site
from scripts.checker.rules import anchors, site_addresses
from scripts.checker.rules.site_addresses import Verdict


def judged(site: Site, page: str, path: str, anchor: str, tag: str) -> Verdict | None:
    """What is wrong with a link by a relative path, if anything."""
    decoded = unquote(path)
    if "\\" in decoded:
        return "form", f"'{path}' has backslashes; write '{decoded.replace(chr(92), '/')}'"
    target = posixpath.normpath(posixpath.join(posixpath.dirname(page), decoded))
    if target in site.unpublished and not decoded.endswith("/"):
        return _unpublished(site, path, target, tag)
    if target in site.files and not decoded.endswith("/"):
        return anchors.missing(site, page, target, anchor, path)
    if target.startswith("../") or target == "..":
        return _outside(site, page, path, target)
    suffix = posixpath.splitext(target)[1].lower()
    if decoded.endswith("/") or not re.fullmatch(r"\.\w{1,12}", suffix):
        suffix = suffix if suffix in PAGES else ""
    other = site.lower.get(target.lower())
    if other is not None and not decoded.endswith("/"):
        return (
            "case",
            (
                f"'{path}' differs in case from the file; write"
                f" '{posixpath.relpath(other, posixpath.dirname(page) or '.')}'"
            ),
        )
    if suffix in PAGES or (suffix and suffix not in (".html", ".htm") and not _is_version(target)):
        return _missing(site, page, path, target, tag)
    return _address(site, page, path, target)


def _is_version(target: str) -> bool:
    return bool(re.search(r"\.\d+$", target))


def _missing(site: Site, page: str, path: str, target: str, tag: str) -> Verdict | None:
    if target in site.redirects:
        return None
    if (posixpath.splitext(target)[1] == ".md" and site.static(target)) or site.static(target):
        return None
    if (
        site.config.docs.joinpath(target).exists()
        and not site.config.docs.joinpath(target).is_dir()
    ):
        return None
    near = site.nearest(page, path)
    if site.made_by_build(target) or (site.generated and not near):
        return None
    if site.generated and posixpath.dirname(target) not in site.folders:
        return None
    if (
        site.config.plugin("blog")
        and site.blog
        and target.startswith(site.blog)
        and tag == "a"
        and "/archive" in target
    ):
        return None
    what = "image" if tag == "img" else "file"
    kind = (
        "image" if tag == "img" else "file" if posixpath.splitext(target)[1] in PAGES else "asset"
    )
    advice = f"write '{near}'" if near else "correct the path or delete the link"
    if near and posixpath.normpath(posixpath.join(posixpath.dirname(page), near)) == target:
        advice = "correct the path or delete the link"
    return kind, f"the {what} '{path}' does not exist; {advice}"


def _outside(site: Site, page: str, path: str, target: str) -> Verdict | None:
    below = target
    while below.startswith("../"):
        below = below[3:]
    if site_addresses.in_blog(site, page):
        return None
    reached = _reached(site, page, path)
    if reached is not None:
        return reached
    if _address(site, page, path, target) is None:
        return None
    real = site.config.docs / posixpath.normpath(target)
    if (
        posixpath.splitext(target)[1].lower() in (*PAGES, ".py", ".toml", ".yml", ".txt")
        and real.exists()
    ):
        return (
            "outside",
            (
                f"'{path}' lies outside the docs folder and is not on the site; link to the"
                " repository instead"
            ),
        )
    near = site.nearest(page, path)
    advice = f"write '{near}'" if near else "correct the path"
    if site.generated and not near:
        return None
    return (
        "file",
        f"the file '{path}' does not exist (it would lie outside the docs folder); {advice}",
    )


def _address(site: Site, page: str, path: str, target: str) -> Verdict | None:
    """A link that is no file: judge by the address to which a browser takes it."""
    if site_addresses.in_blog(site, page):
        return None
    url = site_addresses.join(site.address(page), unquote(path))
    found = site.at(url)
    reached = _reached(site, page, path)
    if reached is not None:
        return reached
    if found is not None or site_addresses.is_of_blog(site, url) or site.static(url):
        return None
    stem = posixpath.splitext(target)[0] if target.endswith((".html", ".htm")) else target
    candidates = (
        stem + ".md",
        posixpath.join(stem, "index.md"),
        stem + ".ipynb",
        posixpath.join(stem, "README.md"),
    )
    meant = next((candidate for candidate in candidates if candidate in site.files), "")
    if meant:
        return (
            "form",
            (
                f"'{path}' leads to /{url}, which does not exist; write"
                f" '{posixpath.relpath(meant, posixpath.dirname(page) or '.')}'"
            ),
        )
    for candidate in (url.rstrip("/") + ".md", url.rstrip("/") + "/index.md"):
        if candidate.lower() in site.lower:
            return (
                "case",
                (
                    f"'{path}' differs in case from the page; write"
                    f" '{posixpath.relpath(site.lower[candidate.lower()], posixpath.dirname(page) or '.')}'"
                ),
            )
    if site.generated or (site.config.docs.joinpath(target).is_dir() and not path.endswith("/")):
        return None
    return "form", f"'{path}' leads to /{url}, where there is nothing; link to the .md file"


def _reached(site: Site, page: str, path: str) -> Verdict | None:
    """A link by address that does lead to a page."""
    found = site.at(site_addresses.join(site.address(page), unquote(path)))
    if found is None or not site.is_page(found) or found not in site.files:
        return None
    near = posixpath.relpath(found, posixpath.dirname(page) or ".")
    return (
        "form",
        (
            f"'{path}' is no path to a file: it is not checked, and breaks when a page moves;"
            f" write '{near}'"
        ),
    )


def _unpublished(site: Site, path: str, target: str, tag: str) -> Verdict:
    """A link to a file that lies in the docs folder and is no part of the site."""
    other = site.unpublished[target]
    why = f"'{posixpath.basename(other)}' takes its place" if other else "the project excludes it"
    kind = "image" if tag == "img" else "file" if site.is_page(target) else "asset"
    return kind, f"'{path}' is not published, since {why}; link to a page of the site"
