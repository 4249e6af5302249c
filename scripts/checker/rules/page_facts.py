"""What other pages and the project's rules need to know of a page."""

from __future__ import annotations

import re
from typing import Any

from scripts.checker import project
from scripts.checker.project import Facts
from scripts.checker.rendered import Link
from scripts.checker.rules import places, urls


def page_facts(page: Any) -> Facts:
    """What other pages and the project's rules need to know of a page."""
    rendered = page.rendered
    links = []
    last: dict[tuple[int, str], int] = {}
    made = any(
        "." in name and not name.startswith(("pymdownx.", "markdown."))
        for name in page.config.extensions
    )
    plain = (
        _plain(page.text)
        + "".join(_plain(text) for lines in rendered.included.values() for text in lines)
        if made
        else ""
    )
    for link in rendered.links:
        if not _may_lead_here(link) or link.tag == "link":
            continue
        if made and not link.raw and _plain(link.href) not in plain:
            continue
        line, column = (
            (link.line, 1)
            if link.line in rendered.included
            else places.of_address(page, link, _written(link.href))
        )
        if places.is_defined(page, link):
            links.append([line, column, link.href, link.tag, link.attribute, link.raw])
            continue
        start = last.get((line, link.href), 0)
        whole = rf"(?<![\w./#-]){re.escape(_written(link.href))}(?![\w./#-])"
        exact = re.compile(whole).search(page.line(line), start)
        again = exact.start() if exact else page.line(line).find(_written(link.href), start)
        column = again + 1 if exact or again >= column else column
        last[line, link.href] = column
        links.append([line, column, link.href, link.tag, link.attribute, link.raw])
    autorefs = [
        [line, page.column_of(line, f"[{name}]"), name]
        for line, name in page.notes.get("autorefs", ())
    ]
    modules = re.findall(r"(?m)^[ \t]*::: ?([\w.]+)", page.text) if ":::" in page.text else []
    return {
        "links": links,
        "ids": sorted({name for name, _, _ in rendered.ids}),
        "unknown": (
            2
            if rendered.error or rendered.missing_snippets
            else project.anchors_unknown(page.text, page.config, page.missing_extensions)
        ),
        "comments": (
            sorted(
                set(
                    re.findall(
                        r"[\w.+:-]+", " ".join(re.findall(r"<!--(.*?)-->", page.text, re.DOTALL))
                    )
                )
            )
            if page.config.hooks
            else []
        ),
        "autorefs": autorefs,
        "modules": modules,
        "lines": len(page.lines),
        "bare": page.notes.get("bare", []),
        "http": [list(item) for item in urls.http_links(page)],
        "https": sorted(urls.linked_hosts(page)),
    }


def _may_lead_here(link: Link) -> bool:
    """Whether a link may lead to a file or an anchor of the project."""
    href = link.href.strip()
    return bool(href) and not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|\{|%7B|\$|<", href)


def _plain(text: str) -> str:
    return re.sub(r"[\s\\<>]|&amp;|&|%20", "", text)


def _written(href: str) -> str:
    return href.split("&")[0][:60].rstrip()
