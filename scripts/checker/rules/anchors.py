"""Anchors that links name and their page does not have."""

from __future__ import annotations

import posixpath
import re
from difflib import get_close_matches
from urllib.parse import unquote

from scripts.checker.project import PAGES, Site
from scripts.checker.rules import site_addresses
from scripts.checker.rules.site_addresses import Verdict

_FREE = re.compile(
    r"__|top$|:~:|tag:|!|/|_source|tabbed|page=|t=\d|L\d+(?:-L\d+)?$|xpointer|searchresults?$"
)


def missing(site: Site, page: str, target: str, anchor: str, shown: str) -> Verdict | None:
    """What is wrong with the anchor of a link, if anything."""
    if (
        not anchor
        or _FREE.match(anchor)
        or posixpath.splitext(target)[1].lower() not in PAGES
        or site_addresses.DYNAMIC.search(anchor)
    ):
        return None
    facts = site.facts_of(target)
    if facts is None:
        return None
    ids: set[str] = facts.setdefault("id_set", set(facts["ids"]))
    name = unquote(anchor)
    if anchor in ids or name in ids or ":~:" in anchor:
        return None
    if facts["unknown"] == 2 and ("." in name or not get_close_matches(name.lower(), ids, 1, 0.85)):
        return None
    if facts["unknown"] == 1 and (re.search(r"[.+:]", name) or name in facts.get("comments", ())):
        return None
    where = "this page" if target == page else f"'{posixpath.basename(target)}'"
    by_case = {other.lower(): other for other in ids}
    if name.lower() in by_case:
        return (
            "anchor-case",
            f"the anchor '#{anchor}' differs in case on {where}; write '#{by_case[name.lower()]}'",
        )
    same = _squeeze(name)
    near = next((other for other in sorted(ids) if same and _squeeze(other) == same), "")
    if not near:
        close = get_close_matches(
            name.lower(), [other for other in ids if not other.startswith("__")], 1, 0.75
        )
        near = close[0] if close else ""
    advice = f"write '#{near}'" if near else "correct it"
    return "anchor", f"the anchor '#{anchor}' does not exist on {where}; {advice}"


def _squeeze(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
