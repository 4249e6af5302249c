"""Rules L that one page alone can answer: the syntax, the text and the definitions of links.

Tried and dropped: "this" and "more" as link texts (often part of a sentence that says where the link goes), the same
address twice anywhere on a page (a good page may cite a source twice).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from urllib.parse import urlsplit

from scripts.checker.page import Page
from scripts.checker.problem import Problem
from scripts.checker.rendered import CODE, ESCAPED, OBJECT, RAW, Block, Link
from scripts.checker.rules import places, unread

TARGET = re.compile(
    r"(?:\.{1,2}/|/)?[\w%~.@/-]+\.(?:md|html?|png|jpe?g|gif|svg|webp|pdf|ya?ml|toml|py|json|txt|ipynb|zip|css|js)(?:#\S*)?$"
    r"|(?:https?|ftp)://\S+$|\.{1,2}/\S*$|#[\w-]+$|mailto:\S+@\S+$",
    re.IGNORECASE,
)
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
_DEFINITION = re.compile(
    r"[ ]{0,3}\[(?!\^)([^\[\]]+)\]:[ \t]*(?:\n[ \t]*)?(\S+)[ \t]*(?:\n["
    r" \t]*)?(?:\"[^\n]*\"|'[^\n]*'|\([^\n]*\))?[ \t]*(?=\n|$)"
)
_REFERENCE = re.compile(r"(?<![\w\]\\\ue001])\[((?:[^\[\]\n]|\n(?!\n))+)\]\[([^\[\]\n]*)\]")


def definitions(page: Page) -> list[tuple[int, str, str]]:
    """The reference definitions of a page: line, id and target."""
    if "definitions" not in page.notes:
        found = []
        for number, text in enumerate(page.body, 1):
            if "]:" not in text or page.is_code(number) or page.context(number) == "raw":
                continue
            match = _DEFINITION.match(
                "\n".join((text, page.line(number + 1), page.line(number + 2)))
            )
            if match and match[1].strip().lower() in page.rendered.references:
                found.append((number, match[1].strip(), match[2].strip()))
        page.notes["definitions"] = found
    result: list[tuple[int, str, str]] = page.notes["definitions"]
    return result


def _text_blocks(page: Page) -> Iterator[Block]:
    for block in page.rendered.blocks:
        if not block.raw:
            yield block


def leaks(page: Page, kind: str) -> Iterator[Problem]:
    """The links of a page that reached the reader as text."""
    if "links" not in page.notes:
        page.notes["links"] = True
        for block in _text_blocks(page):
            _block_leaks(page, block)
    yield from page.found.get(kind, ())


def _add(page: Page, kind: str, line: int, part: str, message: str) -> None:
    number, column = page.locate(line, part.split("\n")[0]) if part else (line, 0)
    page.found.setdefault(kind, []).append(page.problem(number, message, column))


def _block_leaks(page: Page, block: Block) -> None:
    text = block.text
    if "[" not in text and "](" not in text and "]（" not in text:
        return
    starts: list[int] = []
    ends: list[int] = []

    def claim(found: re.Match[str]) -> bool:
        index = bisect_right(starts, found.start())
        if (index and ends[index - 1] > found.start()) or (
            index < len(starts) and starts[index] < found.end()
        ):
            return False
        starts.insert(index, found.start())
        ends.insert(index, found.end())
        return True

    for found in re.finditer(r"\]\(", text):
        if claim(found):
            _leaked_link(page, block, found)
    for pattern, advice in _SLIPS:
        for found in re.finditer(pattern, text):
            target = found["target"].strip()
            if (TARGET.match(target) or _is_local_word(page, target)) and claim(found):
                _add(
                    page,
                    "syntax",
                    block.line_at(found.start()),
                    found[0].replace(CODE, "")[:1] if CODE in found[0] else found[0],
                    advice,
                )
    for found in _REFERENCE.finditer(text):
        if claim(found):
            _leaked_reference(page, block, found)
    for found in re.finditer(r"(?<![\[\w])\[\[(#?[\w\ue003][\w /#|.:'\ue003-]*)\]\](?!\()", text):
        if claim(found) and not _wiki(page):
            line = block.line_at(found.start())
            _add(
                page,
                "wiki",
                line,
                found[0],
                f"'{found[0][:60]}' is wiki syntax and is printed; write [text](page.md)",
            )


def _is_local_word(page: Page, target: str) -> bool:
    return False


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


def _leaked_link(page: Page, block: Block, found: re.Match[str]) -> None:
    text = block.text
    line = block.line_at(found.start())
    rest = text[found.end() : found.end() + 400].split("\n")[0]
    head = text[: found.start()]
    label = head[head.rfind("[") + 1 :] if "[" in head else ""
    start = max(line - label.count("\n"), 1)
    if not re.search(r"\w|[./#<]|" + RAW, rest[:3]) and rest[:1] not in (")", ""):
        return
    if ("td" in block.path or "th" in block.path) and "[" not in head:
        _add(
            page,
            "syntax",
            line,
            "](",
            "a '|' inside the link text ends the table cell; write '\\|'",
        )
        return
    if ESCAPED in head[head.rfind("[") + 1 :]:
        return
    if "[" not in head:
        _add(
            page,
            "syntax",
            line,
            "](",
            "']' has no '[': the link text is not opened; write [text](target)",
        )
        return
    if any(
        "](" in link.text and abs(link.line - line) < 3 and rest.split(")")[0] in link.text
        for link in page.rendered.links
    ):
        _add(
            page,
            "nested",
            line,
            "](" + rest[:20].split(")")[0],
            "a link inside the text of a link: only one of them works; take them apart",
        )
        return
    inner = [
        link
        for link in page.rendered.links
        if link.tag == "a" and not link.raw and line - 1 <= link.line <= line + 1 and link.text
    ]
    if any(label.find(link.text) > 0 or link.text in label for link in inner) and ")" in rest:
        _add(
            page,
            "nested",
            start,
            "](" + rest[:20].split(")")[0],
            "a link inside the text of a link: only the inner one works; take them apart",
        )
        return
    target = re.match(r"<?([^\s()<>]*(?:\([^\s()]*\))?[^\s()<>]*)", rest)
    shown = target[1][:60] if target else rest[:40]
    if re.match(r"[^()\s]*\]", rest):
        _add(
            page,
            "syntax",
            line,
            "](",
            f"the link to '{shown.rstrip(']')}' is closed with ']'; write ')'",
        )
    elif ")" not in rest:
        _add(page, "syntax", line, "](", f"the link to '{shown}' is never closed; add ')'")
    elif rest.count("(") > rest[: rest.find(")") + 1].count(")"):
        _add(
            page,
            "syntax",
            line,
            "](",
            f"the parentheses of the link to '{shown}' are not balanced; write %28 and %29 for"
            " those in the address",
        )
    else:
        _add(
            page,
            "syntax",
            line,
            "](",
            f"the link to '{shown}' is printed; check its brackets and quotes",
        )


def _wiki(page: Page) -> bool:
    config = page.config
    return config.has("wikilinks", "mdx_wikilink_plus") or config.plugin(
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


def _leaked_reference(page: Page, block: Block, found: re.Match[str]) -> None:
    label, name = found[1], found[2]
    shown = (name or label).replace("\n", " ").strip()
    if found[1].startswith("^") or not re.search(r"\w", shown) or name.startswith("^"):
        return
    if re.fullmatch(r"[\d\s,.:*-]+", label) and not name:
        return
    if label.strip() in ("", "x", " ") and not name:
        return
    line = block.line_at(found.start())
    if shown and any(
        shown in comment for comment in re.findall(r"<!--.*?-->", page.text, re.DOTALL)
    ):
        return
    if CODE in shown or ESCAPED in shown or OBJECT in shown or RAW in shown:
        if page.config.plugin("autorefs", "mkdocstrings") or name:
            return
        shown = re.sub(r"[\ue000-\ue003]", "…", shown)
    if page.config.plugin("autorefs", "mkdocstrings"):
        page.notes.setdefault("autorefs", []).append((line, shown))
        return
    if any("autorefs" in name or "mkdocstrings" in name for name in page.config.extensions):
        return
    if not shown:
        return
    _add(
        page,
        "undefined",
        line,
        f"[{name}]" if name else f"[{label}]"[:40],
        f"no definition for the reference '[{shown[:60]}]'; add '[{shown[:60]}]: target' or write"
        " the target in parentheses",
    )


def syntax(page: Page) -> Iterator[Problem]:
    """A link has a slip in its brackets.

    Bad: [the paper](https://example.com]
    Good: [the paper](https://example.com)
    Why: The reader sees brackets and an address instead of a link.
    """
    yield from leaks(page, "syntax")
    for link in page.rendered.links:
        if link.raw:
            continue
        if link.href.startswith("(") and link.tag == "a":
            line, column = page.locate(link.line, "]((")
            yield page.problem(
                line, "the target stands in double parentheses; write [text](target)", column
            )
        elif re.search(r"\s[“”„«'].*$|[“„]", link.href) and not link.href.startswith("data:"):
            line, column = places.of_address(page, link, link.href[:20])
            yield page.problem(
                line,
                "the link title has no straight double quotes and becomes part of the address;"
                ' write (target "Title")',
                column,
            )


def nested(page: Page) -> Iterator[Problem]:
    """A link stands inside the text of a link.

    Bad: [see [the page](a.md) now](b.md)
    Good: see [the page](a.md)
    Why: Only the inner one becomes a link; the rest is printed.
    """
    yield from leaks(page, "nested")
    for link in page.rendered.links:
        if "zq-nested" in link.attributes and "magiclink" not in link.attributes.get("class", ""):
            line, column = page.locate(link.line, "](" + link.href[:20])
            yield page.problem(
                line,
                "a link inside the text of a link: only one of them works; take them apart",
                column,
            )


def undefined(page: Page) -> Iterator[Problem]:
    """A reference link has no definition.

    Bad: [the paper][smith] without [smith]: …
    Good: [the paper][smith] with [smith]: https://example.com
    Why: The brackets are printed.
    """
    yield from leaks(page, "undefined")


def wiki(page: Page) -> Iterator[Problem]:
    """A link is written in wiki syntax.

    Bad: [[attention]]
    Good: [attention](attention.md)
    Why: Without an extension for it the brackets are printed.
    """
    yield from leaks(page, "wiki")


def _uses(page: Page) -> set[str]:
    used: set[str] = set()
    code = any("`" in name for _, name, _ in definitions(page))
    lines = [re.sub(r"^[ ]{0,3}\[[^\]]*\]:", "", t) for t in (page.body if code else page.clean)]
    for number, text in enumerate(lines, 1):
        if "[" not in text or page.in_fence(number):
            continue
        joined = text + " " + "".join(lines[number : number + 1]).strip()
        for found in re.finditer(r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\]", joined):
            used.add(" ".join(found[1].split()).lower())
            used.update(
                " ".join(inner.split()).lower() for inner in re.findall(r"\[([^\[\]]*)\]", found[1])
            )
    for included in page.rendered.included.values():
        for text in included:
            used.update(name.lower() for name in re.findall(r"\[([^\[\]]+)\]", text))
    return used


def unused(page: Page) -> Iterator[Problem]:
    """A reference definition is never used.

    Bad: [smith]: https://example.com that no text names
    Good: no such line, or a link [text][smith]
    Why: It is left over, or its use has a typo.
    """
    found = definitions(page)
    if not found:
        return
    used = _uses(page)
    for line, name, target in found:
        if (
            re.fullmatch(r"//|comment|_+|#|\W*|>.*|<.*", name)
            or (target.startswith(("#", "<>")) and " " in target)
            or "{{" in target
        ):
            continue
        if " ".join(name.split()).lower() not in used:
            yield page.problem(
                line,
                f"the definition '[{name}]' is never used; delete it, or check the links that"
                " should name it",
            )


def twice_defined(page: Page) -> Iterator[Problem]:
    """A reference is defined twice.

    Bad: [a]: one.md and [a]: two.md
    Good: two names
    Why: Only the last definition counts, for every link that uses the name.
    """
    seen: dict[str, tuple[int, str]] = {}
    for line, name, target in definitions(page):
        key = " ".join(name.split()).lower()
        if re.fullmatch(r"//|comment|_+|#|\W*", name) or (target.startswith("#") and "(" in target):
            continue
        if key in seen:
            same = seen[key][1] == target
            yield page.problem(
                line,
                f"'[{name}]' is already defined in line {seen[key][0]};"
                f" {'delete one' if same else 'its target is another, so rename one'}",
            )
        seen.setdefault(key, (line, target))


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
        if (
            shown != real
            and not real.startswith(shown)
            and shown.split("/")[0] != real.split("/")[0]
        ) or (
            shown != real
            and not real.startswith(shown)
            and "/" in shown
            and not text.endswith("...")
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

    Bad: two items - [A survey](https://example.com/a)
    Good: one
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


def snippet(page: Page) -> Iterator[Problem]:
    """A snippet does not resolve, includes itself, or shows its marks.

    Bad: --8<-- "no/such/file.md"
    Good: --8<-- "includes/file.md"
    Why: The text is missing without a word.
    """
    for line, name in page.rendered.missing_snippets:
        number = next((n for n in range(max(line, 1), line + 12) if name in page.line(n)), line)
        yield page.problem(
            number,
            f"the snippet '{name}' does not exist; correct the path or the section",
            page.column_of(number, name),
        )
    for line, included in page.rendered.included.items():
        for text in included:
            if re.search(r"(?<!;)-+8<-+[ \t]+\[[ \t]*(?:start|end)", text):
                yield page.problem(
                    line,
                    "the snippet shows its own section marks; include a section, or take the marks"
                    " out of it",
                )
                break
    for source in page.rendered.sources:
        if page.notes.get("file") == source:
            line = next(
                (
                    n
                    for n, text in enumerate(page.body, 1)
                    if "8<-" in text and source.rsplit("/", 1)[-1] in text
                ),
                1,
            )
            yield page.problem(line, "the page includes itself as a snippet; include another file")
    for block in _text_blocks(page):
        for found in re.finditer(r"-{2,}8<-{2,}", block.text):
            line, column = page.locate(block.line_at(found.start()), "8<-")
            if not page.is_code(line):
                yield page.problem(
                    line,
                    "this snippet mark is printed; put it alone on a line with the path in quotes,"
                    " and enable pymdownx.snippets",
                    column,
                )


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


def same_id(page: Page) -> Iterator[Problem]:
    """An id occurs twice on a page.

    Bad: two headings with { #results }
    Good: { #results } and { #more-results }
    Why: Every link to it leads to the first one.
    """
    seen: dict[str, tuple[int, bool]] = {}
    told: set[tuple[int, int]] = set()
    for name, line, raw in page.rendered.ids:
        if name.startswith(("__", "fn:", "fnref")) or "{{" in name:
            continue
        if name in seen and (line != seen[name][0]):
            first, first_raw = seen[name]
            attribute = re.search(rf"\{{[^}}]*#{re.escape(name)}\b", page.line(line)) or re.search(
                rf"\{{[^}}]*#{re.escape(name)}\b", page.line(first)
            )
            if (raw or first_raw or attribute) and (first, line) not in told:
                told.add((first, line))
                yield page.problem(
                    line,
                    f"the id '{name}' is already used in line {first}; choose another",
                    page.column_of(line, name),
                )
        seen.setdefault(name, (line, raw))


def is_page_link(link: Link) -> bool:
    """Whether a link may lead to a file or an anchor of the project."""
    href = link.href.strip()
    return bool(href) and not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|\{|%7B|\$|<", href)
