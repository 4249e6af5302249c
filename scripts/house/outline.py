"""Rules P on the outline of a page and on abbreviations: house style.

Tried and dropped: a lead sentence under every heading that has subsections (27 in our own pages, and right there).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from scripts.checker.page import Page
from scripts.checker.problem import Problem
from scripts.checker.project import Site
from scripts.checker.rendered import Heading
from scripts.house.prose import load

_CATCH_ALL = re.compile(
    r"(?:more |other |additional |useful |further )?(?:resources?|links?|misc|miscellaneous|others?|various"
    r"|materials?|notes|more|stuff)$",
    re.IGNORECASE,
)
_REFERENCES = re.compile(
    r"(?:(?:quality|key|main|further|more) )?(?:references|bibliography|literature|reading)$",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"references|bibliography|literature|reading|appendi|acknowledg|notes|credits|licen[cs]e|changes|changelog"
    r"|links|resources|see also|glossary|next|authors?|contact",
    re.IGNORECASE,
)


_CAPITALS = re.compile(r"(?<![\w/.@#_-])[A-Z]{7,}(?![\w/@])")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def _headings(page: Page) -> list[Heading]:
    return [
        heading
        for heading in page.rendered.headings
        if heading.line and not heading.path and heading.line not in page.rendered.included
    ]


def _name(heading: Heading) -> str:
    return heading.text.strip().rstrip(".:;,")


def _empty(page: Page, first: Heading, second: Heading) -> bool:
    return not any(page.line(n).strip() for n in range(first.line + 1, second.line))


def no_lead(page: Page) -> Iterator[Problem]:
    """A heading that says nothing has no sentence below it before its first subsection.

    Bad:
        ## Resources

        ### Recordings

        Text.
    Good:
        ## Resources

        What to watch first.

        ### Recordings

        Text.
    Why: Neither the outline nor the page says what the section holds.
    """
    headings = _headings(page)
    for heading, following in pairwise(headings):
        if (
            following.level > heading.level > 1
            and _CATCH_ALL.match(_name(heading))
            and _empty(page, heading, following)
        ):
            yield page.problem(
                heading.line,
                f"the section '{_name(heading)}' starts with a subsection; say first what it holds",
            )


def unwritten(page: Page) -> Iterator[Problem]:
    """A section holds a comment and nothing else.

    Bad:
        ## Limits

        <!-- What it cannot do. -->

        ## Relatives

        Text.
    Good:
        ## Limits

        It cannot count.

        ## Relatives

        Text.
    Why: The author knows what is still to be written; the reader finds a heading and nothing.
    """
    headings = _headings(page)
    for heading, following in zip(headings, [*headings[1:], None], strict=True):
        if following and (following.level > heading.level or following.line <= heading.line):
            continue
        end = following.line if following else len(page.body) + 1
        text = "\n".join(page.line(number) for number in range(heading.line + 1, end))
        if text.strip() and not _COMMENT.sub("", text).strip():
            yield page.problem(
                heading.line,
                f"the section '{_name(heading)}' holds only a comment; write it or delete the heading",
            )


def after_references(page: Page) -> Iterator[Problem]:
    """A section stands after the references.

    Bad:
        ### References

        - A.

        ### Another way

        Text.
    Good:
        ### Another way

        Text.

        ### References

        - A.
    Why: Who meets the references takes the page for read; the outline counts the section to them.
    """
    headings = _headings(page)
    for heading, following in pairwise(headings):
        if (
            following.level == heading.level > 1
            and _REFERENCES.match(_name(heading))
            and not _TAIL.search(_name(following))
        ):
            yield page.problem(
                following.line,
                f"the section '{_name(following)}' stands after the references; give it its own"
                " place above them",
            )


def misplaced(page: Page) -> Iterator[Problem]:
    """A section stands under a heading that it is no part of.

    Bad:
        ### Hybrid learning methods

        Text.

        #### GPT architectures

        Text.
    Good:
        ## Model classes

        Text.

        ### GPT

        Text.
    Why: The outline is the first thing that is learnt from a page.
    """
    above: list[Heading] = []
    for heading in _headings(page):
        above = [other for other in above if other.level < heading.level]
        for entry in load("terms.toml")["place"]:
            parent = next(
                (o for o in reversed(above) if re.search(entry["under"], _name(o), re.IGNORECASE)),
                None,
            )
            if parent and re.search(entry["heading"], _name(heading), re.IGNORECASE):
                yield page.problem(
                    heading.line,
                    f"'{_name(heading)}' is no part of '{_name(parent)}'; {entry['right']}",
                )
        above.append(heading)


def off_topic(page: Page) -> Iterator[Problem]:
    """A section never names the abbreviation in its heading.

    Bad:
        ## GPT architectures

        There are several ways to learn, and each of them needs other data.
    Good:
        ## GPT architectures

        A GPT predicts the next token from those before it.
    Why: Heading and text were parted, and the reader looks in vain.
    """
    headings = _headings(page)
    for index, heading in enumerate(headings):
        following = headings[index + 1] if index + 1 < len(headings) else None
        if following is not None and following.level > heading.level:
            continue
        end = following.line if following else len(page.body) + 1
        text = "\n".join(page.line(n) for n in range(heading.line + 1, end))
        if len(re.findall(r"[A-Za-z]{2,}", text)) < 10:
            continue
        for short, meaning in load("terms.toml")["abbreviation"].items():
            if not re.search(rf"\b{short}s?\b", heading.text):
                continue
            if not re.search(rf"{short}|{_loose(meaning)}", text, re.IGNORECASE):
                yield page.problem(
                    heading.line,
                    f"the text under '{_name(heading)}' never names {short}; write on it, or change"
                    " the heading",
                )


def _loose(meaning: str) -> str:
    return r"[\s-]?".join(re.escape(word) for word in re.findall(r"\w+", meaning))


# words in capitals


def placeholder(page: Page) -> Iterator[Problem]:
    """A word of seven capitals or more stands where a number or a name should.

    Bad: It plays MEASURED rounds a second.
    Good: It plays 60 rounds a second.
    Why: Such a word was a place kept for what is still to be found, and the reader gets the place.
    """
    for block in page.rendered.blocks:
        if block.raw or "pre" in block.path or block.line in page.rendered.included:
            continue
        for found in _CAPITALS.finditer(block.text):
            line, column = page.locate(block.line_at(found.start()), found[0])
            if (
                found[0] not in load("terms.toml")["capitals"]
                and found[0] in page.line(line)
                and not page.is_code(line)
            ):
                yield page.problem(
                    line, f"'{found[0]}' looks like a placeholder; put what it stands for", column
                )


# abbreviations


def shorts(page: Page) -> list[list[Any]]:
    """The first use of each listed abbreviation that the page does not explain: line, column, abbreviation."""
    data = load("terms.toml")
    names = [*data["abbreviation"], *data["explain"]]
    pattern = re.compile(rf"(?<![\w/.@#-])({'|'.join(names)})s?(?![\w/@]|[.'’-]\w)")
    if not pattern.search(page.text):
        return []
    found: dict[str, list[Any]] = {}
    everything = page.text + "\n".join(
        text for lines in page.rendered.included.values() for text in lines
    )
    for block in page.rendered.blocks:
        if block.raw or "pre" in block.path or block.line in page.rendered.included:
            continue
        for match in pattern.finditer(block.text):
            name = match[1]
            if name in found or _explained(name, everything):
                continue
            line = block.line_at(match.start())
            line, column = page.locate(line, name)
            if name in page.line(line):
                found[name] = [line, column, name]
    return list(found.values())


def _explained(name: str, text: str) -> bool:
    """Whether an abbreviation is expanded anywhere: words before it in brackets, or the other way round."""
    return bool(
        re.search(rf"\w[*_]*\s+\(\W*{name}s?\b", text)
        or re.search(rf"\b{name}s?[*_]*\s+\([A-Za-z]{{3}}", text)
        or re.search(rf"\*\[{name}s?\]:", text)
        or re.search(rf"<abbr[^>]*>{name}s?<", text)
    )


def unexplained(site: Site) -> Iterator[Problem]:
    """An abbreviation is explained neither on its page nor in the glossary.

    Bad: a DL framework, on a page that never says what DL is
    Good: a deep learning (DL) framework
    Why: Who knows the words may not know the letters.
    """
    glossary = site.files.get(str(site.config.house.get("glossary", "references/glossary.md")))
    try:
        known = glossary.read_text(encoding="utf-8", errors="replace") if glossary else ""
    except OSError:
        known = ""
    for path, facts in site.chosen_facts():
        for line, column, name in facts.get("shorts", ()):
            if not re.search(rf"\({name}s?\b|^{name}\b", known, re.MULTILINE):
                yield site.problem(
                    path,
                    line,
                    f"'{name}' is explained neither here nor in the glossary; write its words at the"
                    " first use",
                    column,
                )


def capital_anchor(site: Site) -> Iterator[Problem]:
    """A link to a page that is not there has an anchor with capitals.

    Bad: See [feedback](gone.md#RLHF).
    Good: See [feedback](other.md#section-one).
    Why: Ids are made in lower case: the anchor stays dead when the page is mended.
    """
    for path, facts in site.chosen_facts():
        for line, column, href, tag, *_ in facts["links"]:
            target, _, anchor = href.partition("#")
            there = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
            if (
                tag == "a"
                and target.endswith(".md")
                and anchor != anchor.lower()
                and there not in site.files
            ):
                yield site.problem(
                    path,
                    line,
                    f"the anchor '#{anchor}' has capitals, and ids have none; write"
                    f" '#{anchor.lower()}'",
                    column,
                )


PAGE: dict[str, Callable[[Any], Any]] = {
    "P24": no_lead,
    "P25": after_references,
    "P26": misplaced,
    "P27": off_topic,
    "P30": unwritten,
    "P31": placeholder,
}
PROJECT: dict[str, Callable[[Any], Any]] = {"P28": unexplained, "P29": capital_anchor}
