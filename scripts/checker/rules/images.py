"""Rules I: images."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.checker.page import Page
from scripts.checker.problem import Problem
from scripts.checker.rendered import Link
from scripts.checker.rules import places

EMPTY_WORDS = frozenset(
    "image img picture pic photo figure fig screenshot screen graphic alt text alt-text alttext"
    " untitled unnamed placeholder thumbnail png jpg gif svg".split()
) | {
    "alt text",
    "image alt",
    "image description",
    "screen shot",
    "image alt text",
    "enter image description here",
}
HOTLINKS = re.compile(
    r"https?://(?:github\.com/[\w.-]+/[\w.-]+/assets/|github\.com/user-attachments/|user-images\.githubusercontent\.com/"
    r"|private-user-images\.githubusercontent\.com/|(?:i\.)?imgur\.com/|cdn\.discordapp\.com/|media\.discordapp\.net/"
    r"|lh\d\.googleusercontent\.com/|drive\.google\.com/|www\.dropbox\.com/)",
    re.IGNORECASE,
)


def images(page: Page) -> Iterator[Link]:
    """The images of a page, Markdown and HTML."""
    for link in page.rendered.links:
        if (
            link.tag == "img"
            and link.attribute == "src"
            and link.line not in page.rendered.included
        ):
            yield link


def _place(page: Page, link: Link) -> tuple[int, int]:
    """Where the image stands, if its fault is one of the image and not of its address."""
    part = "![" if places.is_defined(page, link) else link.href[:40] or "<img"
    return page.locate(link.line, part, 12)


def alternative(page: Page) -> Iterator[Problem]:
    """An image has no alternative text, or one that says nothing.

    Bad: ![](loss.png) and ![image](loss.png)
    Good: ![The loss falls fast, then levels off](loss.png)
    Why: Who cannot see the picture, or when it does not load, gets nothing.
    """
    for link in images(page):
        attributes = link.attributes
        if (
            not link.href.strip()
            or attributes.get("role") in ("presentation", "none")
            or attributes.get("aria-hidden") == "true"
        ):
            continue
        decorative = "emoji" in attributes.get("class", "") or "twemoji" in attributes.get(
            "class", ""
        )
        if (
            decorative
            or attributes.get("aria-label")
            or (re.search(r"badge|shields\.io", link.href) and link.text.strip())
        ):
            continue
        text = " ".join(link.text.split()).strip()
        line, column = _place(page, link)
        missing = "alt" not in attributes if link.raw else not text
        if (
            link.raw
            and "alt" in attributes
            and not text
            and attributes.get("width", "") in ("1", "0")
        ):
            continue
        if missing or (not text and not link.raw):
            yield page.problem(
                line, "the image has no alternative text; say in a few words what it shows", column
            )
        elif text and _says_nothing(text, link.href):
            yield page.problem(
                line,
                f"the alternative text '{text[:40]}' says nothing; say what the image shows",
                column,
            )


def _says_nothing(text: str, href: str) -> bool:
    plain = text.lower().strip(" .:-_[]()")
    if plain in EMPTY_WORDS or re.fullmatch(
        r"(?:image|img|figure|fig|screenshot|picture|photo)[ _-]?\d*", plain
    ):
        return True
    name = href.rsplit("/", 1)[-1].split("?")[0].split("#")[0]
    return (plain == name.lower() and "." in name) or bool(
        re.fullmatch(r"[\w-]+\.(?:png|jpe?g|gif|svg|webp)", plain)
    )


def hotlinked(page: Page) -> Iterator[Problem]:
    """An image is loaded from a place that keeps no promise.

    Bad: ![A diagram](https://github.com/someone/project/assets/1/a0bf6426)
    Good: ![A diagram](loss.svg)
    Why: Attachments of chats and issues are deleted without a word, and tell their host who reads the page.
    """
    for link in images(page):
        if HOTLINKS.match(link.href):
            line, column = places.of_address(page, link, link.href[:40], 12)
            yield page.problem(
                line,
                "the image is an attachment on another site; keep a copy beside the page",
                column,
            )


def fixed_width(page: Page) -> Iterator[Problem]:
    """An HTML image has a fixed width and no height.

    Bad: <img width="1393" alt="The loss" src="loss.png">
    Good: ![The loss](loss.png)
    Why: The text jumps when it loads, and a wide one is wider than a phone.
    """
    for link in images(page):
        width = link.attributes.get("width", "")
        styled = "height" in link.attributes or "style" in link.attributes
        if link.raw and width.isdigit() and int(width) > 64 and not styled:
            line, column = _place(page, link)
            yield page.problem(
                line,
                f"the image is fixed to {width} pixels; use ![text](file) or give width and height",
                column,
            )
