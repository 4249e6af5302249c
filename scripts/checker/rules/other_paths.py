"""Links by a path from the root of the site, and paths in raw HTML, which MkDocs leaves as they are."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import unquote

from scripts.checker.project import PAGES, Site
from scripts.checker.rules import anchors, site_addresses
from scripts.checker.rules.site_addresses import Verdict


def rooted(
    site: Site, page: str, path: str, anchor: str, tag: str, raw: bool = False
) -> Verdict | None:
    """What is wrong with a link by a path from the root, if anything."""
    target = unquote(path).lstrip("/")
    if target in site.files and posixpath.splitext(target)[1].lower() in PAGES:
        if site.config.wanted("links", "absolute_links") == "relative_to_docs":
            return anchors.missing(site, page, target, anchor, path)
        return (
            "absolute",
            (
                f"'{path}' is not rewritten and leads to nothing; write"
                f" '{posixpath.relpath(target, posixpath.dirname(page) or '.')}'"
            ),
        )
    if posixpath.splitext(target)[1].lower() in PAGES and not site.made_by_build(target):
        near = site.nearest(page, path.lstrip("/"))
        advice = f"write '{near}'" if near else "write a path relative to this page"
        return "absolute", f"'{path}' is not rewritten and leads to nothing; {advice}"
    base = site.base_path
    if base and target != base and not target.startswith(base + "/"):
        if target and not (
            _versions(site) and re.match(r"(?:latest|stable|dev|main|v?\d)", target)
        ):
            return (
                "absolute",
                (
                    f"'{path}' leaves the site, which lies under /{base}/; write a path relative to"
                    " this page"
                ),
            )
        return None
    if base:
        target = target[len(base) :].lstrip("/")
    file = site.at(target)
    if (
        file in site.files
        and tag == "a"
        and posixpath.splitext(file)[1].lower() in PAGES
        and not raw
    ):
        near = posixpath.relpath(file, posixpath.dirname(page) or ".")
        return (
            "absolute",
            f"'{path}' is not rewritten and works only at the root of a host; write '{near}'",
        )
    if file is not None:
        return anchors.missing(site, page, file, anchor, path)
    if (
        site.static(target)
        or site_addresses.is_of_blog(site, target)
        or site.generated
        or (_versions(site) and re.match(r"(?:latest|stable|dev|main|v?\d)", target))
    ):
        return None
    if (
        posixpath.splitext(target)[1].lower() in PAGES
        or not posixpath.splitext(target)[1]
        or tag == "img"
    ):
        return (
            "absolute",
            (
                f"'{path}' leads to nothing on this site; write a path to the file relative to this"
                " page"
            ),
        )
    return None


def _versions(site: Site) -> bool:
    return site.config.plugin("mike") or "version" in site.config.extra


def in_html(site: Site, page: str, path: str, anchor: str, tag: str) -> Verdict | None:
    """What is wrong with a path in raw HTML, if anything."""
    decoded = unquote(path)
    if decoded.startswith("/"):
        return rooted(site, page, path, anchor, tag, True)
    if site_addresses.in_blog(site, page):
        name = posixpath.basename(decoded.rstrip("/")).lower()
        page_like = posixpath.splitext(decoded)[1].lower() in PAGES
        known = name in site.by_name or f"{name}.md" in site.by_name or name in site.names
        if not page_like and (known or not name.strip(".")):
            return None
        kind = (
            "raw-image"
            if tag in ("img", "source", "video", "audio", "object", "embed", "iframe")
            else "raw"
        )
        return kind, f"'{path}' in HTML leads to nothing; correct it"
    url = site_addresses.join(site.address(page), decoded)
    file = site.at(url)
    if file is not None:
        if posixpath.splitext(url)[1].lower() in PAGES:
            return (
                "raw",
                (
                    f"'{path}' in HTML is not rewritten and does not exist on the site; write"
                    f" '{_browser(site, page, file)}' or a Markdown link"
                ),
            )
        return anchors.missing(site, page, file, anchor, path)
    source = posixpath.normpath(posixpath.join(posixpath.dirname(page), decoded))
    if site.static(url) or site_addresses.is_of_blog(site, url):
        return None
    if source in site.files:
        kind = "image" if tag in ("img", "source", "video", "audio") else "raw"
        return (
            kind if kind == "raw" else "raw-image",
            (
                f"'{path}' in HTML is not rewritten and leads to /{url}; write"
                f" '{_browser(site, page, source)}'"
            ),
        )
    if site.generated and not site.nearest(page, path):
        return None
    kind = (
        "raw-image"
        if tag in ("img", "source", "video", "audio", "object", "embed", "iframe")
        else "raw"
    )
    near = site.nearest(page, path)
    advice = (
        "write"
        f" '{_browser(site, page, posixpath.normpath(posixpath.join(posixpath.dirname(page), near)))}'"
        if near
        else "correct it"
    )
    return kind, f"'{path}' in HTML leads to /{url}, where there is nothing; {advice}"


def _browser(site: Site, page: str, target: str) -> str:
    """The path that a browser needs from one page to a file."""
    base = site.address(page)
    folder = base if base.endswith("/") else posixpath.dirname(base)
    url = site.address(target)
    relative = posixpath.relpath("/" + url, "/" + folder)
    return relative + "/" if url.endswith("/") and relative != "." else relative
