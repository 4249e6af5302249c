"""What U05 and U14 look for in an address: a host that has lost its dot, and brackets that do not pair."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from scripts.checker.page import Page
from scripts.checker.problem import Problem

_ENDINGS = "com|org|net|edu|gov|info|github|githubio"
_WORDS = frozenset(
    "intranet internet ethernet extranet subnet botnet planet cabinet telnet fortinet telecom dotcom"
    " intercom sitecom".split()
)
_PAIRS = (("[", "]"), ("{", "}"), ("<", ">"))


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    """The names that well-known hosts have before their ending, such as `github`."""
    from scripts.checker.rules.urls import SECURE

    return frozenset(host.split(".")[-2] for host in SECURE if len(host.split(".")[-2]) > 4)


def dotless(name: str) -> str:
    """What a host without a dot lacks; empty if it may be one of an own network."""
    plain = name.lower()
    if "." in plain or plain == "localhost" or not plain or plain.isdigit():
        return ""
    if plain.startswith("www") and len(plain) > 3:
        return f"'{name[:50]}' is no host name: a dot is missing behind 'www'"
    if plain in _WORDS:
        return ""
    found = re.fullmatch(rf"([a-z0-9-]{{2,}}?)({_ENDINGS})", plain)
    if found:
        return f"'{name[:50]}' is no host name: a dot is missing before '{found[2]}'"
    if plain in _names() or plain == "www":
        return f"'{name[:50]}' is no host name: its ending is missing, as '.com' or '.org'"
    return ""


def brackets(page: Page) -> Iterator[Problem]:
    """A bracket or brace of an address has no partner.

    Bad: [x](https://example.com/a])
    Good: [x](https://example.com/a)
    Why: It is a slip of the link around it, and the server looks for a page with a bracket in its name.
    """
    from scripts.checker.rules.urls import addresses

    for link, line, column in addresses(page):
        href = link.href.strip()
        if not re.match(r"https?://", href):
            continue
        path = (
            re.sub(r"^https?://\[[0-9a-fA-F:.]+\]", "", href)
            .replace("&lt;", "<")
            .replace("&gt;", ">")
        )
        for opening, closing in _PAIRS[: 2 if link.raw else 3]:
            lone = path.count(opening) - path.count(closing)
            if not lone or (closing == ">" and path.endswith(">")):
                continue  # of a '>' at the end L25 tells
            sign = opening if lone > 0 else closing
            yield page.problem(
                line,
                f"'{sign}' in the address has no partner; delete it, or write {_code(sign)}",
                column,
            )
            break


def _code(sign: str) -> str:
    return f"%{ord(sign):02X}"
