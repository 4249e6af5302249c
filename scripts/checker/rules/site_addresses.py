"""Addresses of the built site, as a link reaches them."""

from __future__ import annotations

import posixpath
import re

from scripts.checker.project import Site

Verdict = tuple[str, str]
"""What is wrong with a link: its kind, and a message."""

DYNAMIC = re.compile(r"\{\{|\{%|%7B%7B|\$\{|^<|>$|^\$|^@")


def join(base: str, path: str) -> str:
    """The address to which a browser takes a path on a page of an address."""
    folder = base if base.endswith("/") or not base else posixpath.dirname(base)
    joined = posixpath.normpath("/" + posixpath.join(folder, path))
    slash = path.endswith(("/", "/.", "/..")) or path in (".", "..")
    result = joined.lstrip("/")
    return result + "/" if slash and result else result


def in_blog(site: Site, page: str) -> bool:
    """Whether a page belongs to the blog, whose addresses are the plugin's."""
    return site.blog is not None and page.startswith(site.blog)


def is_of_blog(site: Site, url: str) -> bool:
    """Whether an address belongs to the blog."""
    return site.blog is not None and url.startswith(site.blog)
