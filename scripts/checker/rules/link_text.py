"""Rules L16 to L20: what a link shows, and whether it leads anywhere.

Tried and dropped: "this" and "more" as link texts (often part of a sentence that says where the link goes), the same
address twice anywhere on a page (a good page may cite a source twice).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from scripts.checker.page import Page
from scripts.checker.problem import Problem
from scripts.checker.rendered import OBJECT, RAW
from scripts.checker.rules.link_definitions import definitions

VAGUE = frozenset(
    (
        "here",
        "click here",
        "this link",
        "link",
        "click this link",
        "right here",
        "over here",
        "press here",
        "in here",
        "this url",
        "go here",
        "see here",
        "look here",
        "clicking here",
        "by clicking here",
    )
)


def empty(page: Page) -> Iterator[Problem]:
    """A link has no target, or only '#'.

    Bad: [supervised learning]()
    Good: [supervised learning](supervised.md)
    Why: It leads back to the top of the same page.
    """
    for link in page.rendered.links:
        if link.tag not in ("a", "img") or link.attribute not in ("href", "src"):
            continue
        href = link.href.strip()
        if href not in ("", "#") or "{{" in href:
            continue
        if link.raw and ("src" if link.tag == "img" else "href") not in link.attributes:
            continue
        if not link.raw and (link.attributes.get("id") or link.attributes.get("name")):
            continue
        if link.raw and any(
            key.startswith(("on", "data-", "v-", "@", ":", "x-")) for key in link.attributes
        ):
            continue
        if (
            not link.raw
            and href == "#"
            and re.search(r"\b(?:top|back|up)\b|↑", link.text, re.IGNORECASE)
        ):
            continue
        what = "image" if link.tag == "img" else "link"
        part = f"{link.text[:30]}](" if not link.raw else f"<{link.tag}"
        line, column = page.locate(link.line, part)
        name = f" '{link.text.strip()[:40]}'" if link.text.strip() else ""
        yield page.problem(
            line, f"the {what}{name} has no target; write one, or take the {what} away", column
        )
    for line, name, target in definitions(page):
        if not target or target == "<>":
            yield page.problem(line, f"the definition '[{name}]' has no target; write one")


def no_text(page: Page) -> Iterator[Problem]:
    """A link has no text.

    Bad: [](target.md)
    Good: [the target](target.md)
    Why: There is nothing to see, to click or to read aloud.
    """
    for link in page.rendered.links:
        if (
            link.tag != "a"
            or link.attribute != "href"
            or not link.href
            or link.href.startswith("{")
        ):
            continue
        if (
            link.text.strip(" \n\t" + RAW)
            or "zq-image" in link.attributes
            or link.attributes.get("aria-label")
        ):
            continue
        if link.raw or link.attributes.get("id") or link.attributes.get("name") or link.title:
            continue
        if re.search(rf"\[\s*<?\w*[^\]]+\]\({re.escape(link.href)}", page.line(link.line)):
            continue
        if OBJECT in link.text or link.attributes.get("class", "").strip():
            continue
        line, column = page.locate(link.line, "](" + link.href[:20])
        if (
            "[](" not in page.line(line)
            and "[ ](" not in page.line(line)
            and "[][" not in page.line(line)
        ):
            continue
        yield page.problem(
            line, f"the link to '{link.href[:60]}' has no text; write what it leads to", column
        )


def vague(page: Page) -> Iterator[Problem]:
    """A link's text says nothing.

    Bad: read more [here](prompting.md)
    Good: read more on [prompting](prompting.md)
    Why: Who jumps from link to link, by eye or by ear, hears only "here".
    """
    for link in page.rendered.links:
        if (
            link.tag != "a"
            or link.attribute != "href"
            or not link.href
            or "zq-image" in link.attributes
        ):
            continue
        text = " ".join(link.text.split()).strip(".,:;!?()\"'*_→»> ").lower()
        if text in VAGUE and not link.attributes.get("aria-label") and not link.title:
            line, column = page.locate(link.line, link.text.strip()[:30])
            yield page.problem(
                line, f"'{text}' says nothing as the text of a link; name what it leads to", column
            )


def _plain(url: str) -> str:
    parts = urlsplit(url.strip().rstrip("/…").replace("&amp;", "&"))
    host = (parts.netloc or "").lower().removeprefix("www.")
    return (
        f"{host}{parts.path.rstrip('/')}"
        + (f"?{parts.query}" if parts.query else "")
        + (f"#{parts.fragment}" if parts.fragment else "")
    )


def mismatch(page: Page) -> Iterator[Problem]:
    """A link shows one address and leads to another.

    Bad: [https://example.com/a](https://example.org/b)
    Good: [https://example.com/a](https://example.com/a)
    Why: The reader lands somewhere else than promised.
    """
    for link in page.rendered.links:
        text = link.text.strip().strip("`")
        if (
            link.tag != "a"
            or link.attribute != "href"
            or not re.fullmatch(rf"https?://[^\s<>…*{RAW}{OBJECT}]+", text)
            or not link.href.startswith("http")
        ):
            continue
        try:
            shown, real = _plain(text), _plain(link.href)
        except ValueError:
            continue
        if (shown != real and shown not in real and shown.split("/")[0] != real.split("/")[0]) or (
            shown != real and shown not in real and "/" in shown and not text.endswith("...")
        ):
            line, column = page.locate(link.line, text[:40])
            yield page.problem(
                line,
                f"the text shows '{text[:60]}' but the link leads to '{link.href[:60]}'; make them"
                " agree",
                column,
            )


def repeated(page: Page) -> Iterator[Problem]:
    """A list of references holds the same entry twice.

    Bad:
        - [A survey](https://example.com/a)
        - [A survey](https://example.com/a)
    Good: - [A survey](https://example.com/a)
    Why: One of them is left over, or has the wrong address.
    """
    seen: dict[tuple[int, str, str], int] = {}
    notes: dict[tuple[int, str, str], str] = {}
    section = 0
    headings = {heading.line for heading in page.rendered.headings}
    for number, text in enumerate(page.body, 1):
        if number in headings:
            section = number
        found = re.match(r"[ \t]*[-*+][ \t]+\[([^\]]+)\]\((https?://[^\s)]+)\)", text)
        if not found or page.is_code(number):
            continue
        key = (section, " ".join(found[1].split()).lower(), found[2].rstrip("/"))
        note = " ".join(text[found.end() :].split())
        if key in seen and not (note and notes[key] and note != notes[key]):
            yield page.problem(
                number, f"'{found[1][:50]}' stands already in line {seen[key]}; delete one"
            )
        seen.setdefault(key, number)
        notes.setdefault(key, note)
