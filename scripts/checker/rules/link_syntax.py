"""The pass over links that reached the reader as text, and its rules L11, L12, L13 and L23; L22 for links in HTML."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from scripts.checker.page import Page
from scripts.checker.problem import Problem
from scripts.checker.rendered import CODE, ESCAPED, OBJECT, RAW, Block, Link
from scripts.checker.rules import places, unread

TARGET = re.compile(
    r"(?:\.{1,2}/|/)?[\w%~.@/-]+\.(?:md|html?|png|jpe?g|gif|svg|webp|pdf|ya?ml|toml|py|json|txt|ipynb|zip|css|js)(?:#\S*)?$"
    r"|(?:https?|ftp)://\S+$|\.{1,2}/\S*$|#[\w-]+$|mailto:\S+@\S+$",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"(?<![\w\]\\\ue001])\[((?:[^\[\]\n]|\n(?!\n))+)\]\[([^\[\]\n]*)\]")
_WIKI = re.compile(r"(?<![\[\w])\[\[(#?[\w\ue003][\w /#|.:'\ue003-]*)\]\](?!\()")
_WIKI_PLUGINS = (
    "roamlinks",
    "ezlinks",
    "ez-links",
    "wikilinks",
    "autolinks",
    "obsidian-bridge",
    "obsidian_support",
    "mdx_wikilink_plus",
    "obsidian-interactive-graph",
)
_LABEL = r"\[(?P<text>[^\[\]\n]{1,200})\]"
_SLIPS = (
    (
        r"(?<![\w\]])\((?P<text>[^()\n]{1,100})\)\[(?P<target>[^\[\]\s]+)\]",
        "brackets the wrong way round: write [text](target)",
    ),
    (
        _LABEL + r"[ \u00a0]{1,3}\((?P<target>[^()\s]+)(?: \"[^\"]*\")?\)",
        "a blank stands between ']' and '(': delete it",
    ),
    (
        _LABEL + r"\n[ ]*\((?P<target>[^()\s]+)(?: \"[^\"]*\")?\)",
        "a line break stands between ']' and '(': join the lines",
    ),
    (
        r"(?<!\w)\[(?P<text>[^\[\]()\n]{1,150})\((?P<target>[^()\s]+)\)(?!\])",
        "the link text is not closed: write [text](target)",
    ),
    (_LABEL + r"\{(?P<target>[^{}\s]+)\}", "the target stands in braces: write [text](target)"),
    (
        _LABEL + r"（(?P<target>[^（）\s]+)）",
        "the target stands in full-width parentheses: write [text](target)",
    ),
    (
        _LABEL + r"<(?P<target>[^<>\s]+)>",
        "the target stands in angle brackets: write [text](target)",
    ),
)


def findings(page: Page) -> Iterator[Problem]:
    """The links of a page that reached the reader as text, and those that became another link than was meant."""
    for block in page.rendered.blocks:
        if not block.raw:
            yield from _leaks(page, block)
    for link in page.rendered.links:
        yield from _misread(page, link)


class _Claims:
    """The stretches of a text that a finding has explained."""

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []

    def claim(self, found: re.Match[str]) -> bool:
        """Take a stretch; says whether it was free."""
        index = bisect_right(self.starts, found.start())
        if (index and self.ends[index - 1] > found.start()) or (
            index < len(self.starts) and self.starts[index] < found.end()
        ):
            return False
        self.starts.insert(index, found.start())
        self.ends.insert(index, found.end())
        return True


def _leaks(page: Page, block: Block) -> Iterator[Problem]:
    text = block.text
    if "[" not in text and "](" not in text and "]（" not in text:
        return
    claims = _Claims()
    for found in re.finditer(r"\]\(", text):
        if claims.claim(found):
            yield from _leaked_link(page, block, found)
    for pattern, advice in _SLIPS:
        for found in re.finditer(pattern, text):
            if TARGET.match(found["target"].strip()) and claims.claim(found):
                part = found[0].replace(CODE, "")[:1] if CODE in found[0] else found[0]
                yield syntax(page, _at(page, block.line_at(found.start()), part), advice)
    for found in _REFERENCE.finditer(text):
        if claims.claim(found):
            yield from _leaked_reference(page, block, found)
    for found in _WIKI.finditer(text):
        if claims.claim(found) and not _reads_wiki(page):
            yield wiki(page, block.line_at(found.start()), found[0])


def _at(page: Page, line: int, part: str) -> tuple[int, int]:
    """Where a part of the source stands, from a line onwards."""
    return page.locate(line, part.split("\n")[0]) if part else (line, 0)


def _reads_wiki(page: Page) -> bool:
    config = page.config
    return config.has("wikilinks", "mdx_wikilink_plus") or config.plugin(*_WIKI_PLUGINS)


def _leaked_link(page: Page, block: Block, found: re.Match[str]) -> Iterator[Problem]:
    """What is wrong with a link of which `](` is printed."""
    line = block.line_at(found.start())
    rest = block.text[found.end() : found.end() + 400].split("\n")[0]
    head = block.text[: found.start()]
    label = head[head.rfind("[") + 1 :]
    if not re.search(r"\w|[./#<]|" + RAW, rest[:3]) and rest[:1] not in (")", ""):
        return
    if ("td" in block.path or "th" in block.path) and "[" not in head:
        message = "a '|' inside the link text ends the table cell; write '\\|'"
        yield syntax(page, _at(page, line, "]("), message)
        return
    if ESCAPED in label:
        return
    if "[" not in head:
        message = "']' has no '[': the link text is not opened; write [text](target)"
        yield syntax(page, _at(page, line, "]("), message)
        return
    part = "](" + rest[:20].split(")")[0]
    if _is_in_link(page, line, rest):
        yield nested(page, line, part)
    elif ")" in rest and _holds_link(page, line, label):
        yield nested(page, max(line - label.count("\n"), 1), part, "the inner one")
    else:
        yield syntax(page, _at(page, line, "]("), _fault(rest))


def _is_in_link(page: Page, line: int, rest: str) -> bool:
    """Whether the printed signs stand in the text of a link."""
    return any(
        "](" in link.text and abs(link.line - line) < 3 and rest.split(")")[0] in link.text
        for link in page.rendered.links
    )


def _holds_link(page: Page, line: int, label: str) -> bool:
    """Whether a link stands in what was meant as the text of a link."""
    inner = [
        link
        for link in page.rendered.links
        if link.tag == "a" and not link.raw and line - 1 <= link.line <= line + 1 and link.text
    ]
    return any(label.find(link.text) > 0 or link.text in label for link in inner)


def _fault(rest: str) -> str:
    """What is wrong with the address of a link, or with what ends it."""
    target = re.match(r"<?([^\s()<>]*(?:\([^\s()]*\))?[^\s()<>]*)", rest)
    shown = target[1][:60] if target else rest[:40]
    if re.match(r"[^()\s]*\]", rest):
        return f"the link to '{shown.rstrip(']')}' is closed with ']'; write ')'"
    if ")" not in rest:
        return f"the link to '{shown}' is never closed; add ')'"
    if rest.count("(") > rest[: rest.find(")") + 1].count(")"):
        return (
            f"the parentheses of the link to '{shown}' are not balanced; write %28 and %29 for"
            " those in the address"
        )
    return f"the link to '{shown}' is printed; check its brackets and quotes"


def _leaked_reference(page: Page, block: Block, found: re.Match[str]) -> Iterator[Problem]:
    label, name = found[1], found[2]
    shown = (name or label).replace("\n", " ").strip()
    if label.startswith("^") or not re.search(r"\w", shown) or name.startswith("^"):
        return
    if not name and (re.fullmatch(r"[\d\s,.:*-]+", label) or label.strip() in ("", "x")):
        return
    line = block.line_at(found.start())
    if any(shown in comment for comment in re.findall(r"<!--.*?-->", page.text, re.DOTALL)):
        return
    if CODE in shown or ESCAPED in shown or OBJECT in shown or RAW in shown:
        if page.config.plugin("autorefs", "mkdocstrings") or name:
            return
        shown = re.sub(r"[\ue000-\ue003]", "…", shown)
    if page.config.plugin("autorefs", "mkdocstrings"):
        page.notes.setdefault("autorefs", []).append((line, shown))
        return
    if any("autorefs" in known or "mkdocstrings" in known for known in page.config.extensions):
        return
    yield undefined(page, line, f"[{name}]" if name else f"[{label}]"[:40], shown)


def _misread(page: Page, link: Link) -> Iterator[Problem]:
    """A link that was read as another than its author meant."""
    if "zq-nested" in link.attributes and "magiclink" not in link.attributes.get("class", ""):
        yield nested(page, link.line, "](" + link.href[:20])
    if link.raw:
        return
    if link.href.startswith("(") and link.tag == "a":
        message = "the target stands in double parentheses; write [text](target)"
        yield syntax(page, _at(page, link.line, "](("), message)
    elif re.search(r"\s[“”„«'].*$|[“„]", link.href) and not link.href.startswith("data:"):
        place = places.of_address(page, link, link.href[:20])
        message = (
            "the link title has no straight double quotes and becomes part of the address;"
            ' write (target "Title")'
        )
        yield syntax(page, place, message)


# the rules


def syntax(page: Page, place: tuple[int, int], message: str) -> Problem:
    """A link has a slip in its brackets.

    Bad: [the paper](https://example.com]
    Good: [the paper](https://example.com)
    Why: The reader sees brackets and an address instead of a link.
    """
    line, column = place
    return page.problem(line, message, column, code="L11")


def nested(page: Page, line: int, part: str, works: str = "one of them") -> Problem:
    """A link stands inside the text of a link.

    Bad: [see [the page](a.md) now](b.md)
    Good: see [the page](a.md)
    Why: Only the inner one becomes a link; the rest is printed.
    """
    line, column = _at(page, line, part)
    message = f"a link inside the text of a link: only {works} works; take them apart"
    return page.problem(line, message, column, code="L12")


def undefined(page: Page, line: int, part: str, shown: str) -> Problem:
    """A reference link has no definition.

    Bad: [the paper][smith]
    Good:
        [the paper][smith]

        [smith]: https://example.com
    Why: The brackets are printed.
    """
    line, column = _at(page, line, part)
    message = (
        f"no definition for the reference '[{shown[:60]}]'; add '[{shown[:60]}]: target' or write"
        " the target in parentheses"
    )
    return page.problem(line, message, column, code="L13")


def wiki(page: Page, line: int, part: str) -> Problem:
    """A link is written in wiki syntax.

    Bad: [[attention]]
    Good: [attention](attention.md)
    Why: Without an extension for it the brackets are printed.
    """
    line, column = _at(page, line, part)
    message = f"'{part[:60]}' is wiki syntax and is printed; write [text](page.md)"
    return page.problem(line, message, column, code="L23")


def in_html(page: Page) -> Iterator[Problem]:
    """A Markdown link stands inside raw HTML.

    Bad: <div>[x](page.md)</div>
    Good: <div markdown>[x](page.md)</div>
    Why: Raw HTML is not read as Markdown: the brackets are printed.
    """
    for block in page.rendered.blocks:
        if not block.raw:
            continue
        for found in re.finditer(r"!?\[[^\[\]\n]+\]\([^()\s]+(?: \"[^\"]*\")?\)", block.text):
            line, column = page.locate(block.line_at(found.start()), found[0][:40])
            if page.is_code(line) or found[0] not in page.line(line):
                continue
            around = unread.opener(page, line)
            if around is None or around.line not in page.notes.setdefault("unread", set()):
                if around is not None:
                    page.notes["unread"].add(around.line)
                    column = column if around.line == line else 0
                    line = around.line
                yield page.problem(
                    line,
                    "a Markdown link inside raw HTML is printed; add the attribute 'markdown' to"
                    " the element, or write <a href>",
                    column,
                )
