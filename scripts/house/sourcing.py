"""Rules X on references: what a page cites, and how."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from scripts.checker.page import Page
from scripts.checker.problem import Problem
from scripts.checker.project import Site
from scripts.checker.rendered import OBJECT, RAW
from scripts.house.prose import load, running


def arxiv(page: Page) -> Iterator[Problem]:
    """A link leads to the PDF of a paper instead of its page.

    Bad: See [a survey](https://arxiv.org/pdf/2303.18223.pdf).
    Good: See [a survey](https://arxiv.org/abs/2303.18223).
    Why: A PDF has no abstract and no list of versions, and is heavy on a phone.
    """
    for link in page.rendered.links:
        found = re.match(r"https?://(?:www\.)?arxiv\.org/pdf/([\w.-]+?)(?:\.pdf)?$", link.href)
        if found:
            line, column = page.locate(link.line, link.href)
            edit = (
                page.replace(
                    line,
                    page.lines[line - 1].replace(link.href, f"https://arxiv.org/abs/{found[1]}"),
                )
                if link.href in page.line(line)
                else None
            )
            yield page.problem(
                line,
                f"a link to a PDF; write https://arxiv.org/abs/{found[1]}, or cite it",
                column,
                edit,
            )


def moved(page: Page) -> Iterator[Problem]:
    """A link has an address that is known to be wrong, moved or unfit.

    Bad: https://en.wikipedia.org/wiki/Foundation_models
    Good: https://en.wikipedia.org/wiki/Foundation_model
    Why: It redirects, is dead, or cannot be checked.
    """
    for link in page.rendered.links:
        for entry in load("terms.toml")["address"]:
            named = link.text.strip() in entry.get("text", (link.text.strip(),))
            if named and re.search(entry["pattern"], link.href):
                line, column = page.locate(link.line, link.href[:60])
                yield page.problem(line, f"{entry['fault']}; {entry['right']}", column)


def link_text(page: Page) -> Iterator[Problem]:
    """The text of a link differs from the title of what it leads to.

    Bad: See [LLM Engineering by Huyen Chip](https://huyenchip.com/2023/04/11/llm-engineering.html).
    Good: See [Building LLM applications for production](https://huyenchip.com/2023/04/11/llm-engineering.html).
    Why: The reader looks for a title that does not exist.
    """
    for link in page.rendered.links:
        for entry in load("terms.toml")["title"]:
            if (
                entry["address"] in link.href
                and link.tag == "a"
                and link.text.strip() in entry["wrong"]
            ):
                line, column = page.locate(link.line, link.text.strip()[:30])
                yield page.problem(
                    line, f"the text is not the title; write '{entry['right']}'", column
                )


def wordless(page: Page) -> Iterator[Problem]:
    """The text of a link has no word.

    Bad: With a wrong cue, [95 %](#parted) of the answers repeat it.
    Good: With a wrong cue, [95 % of the answers](#parted) repeat it.
    Why: Who jumps from link to link, by eye or by ear, meets a number of nothing.
    """
    for link in page.rendered.links:
        text = link.text.strip()
        if (
            link.tag != "a"
            or link.raw
            or link.attribute != "href"
            or "zq-image" in link.attributes
            or f"[{text}](" not in page.line(link.line)  # written by an extension
            or re.search(rf"[{RAW}{OBJECT}]|[^\W\d_]{{2}}|∞", text)
        ):
            continue
        line, column = page.locate(link.line, text[:30])
        yield page.problem(
            line, f"'{text[:30]}' has no word as the text of a link; say of what it is", column
        )


def annotated(page: Page) -> Iterator[Problem]:
    """A list of references gives titles only.

    Bad: - [A title](https://example.com)
    Good: - [A title](https://example.com): who, when, why
    Why: A title alone does not say whether it is worth the click.
    """
    for number, text in enumerate(page.body, 1):
        if re.match(
            r"[ \t]*[-*+][ \t]+\[[^\]]+\]\(https?://[^)\]]+[)\]]\.?[ \t]*$", text
        ) and not page.is_code(number):
            yield page.problem(
                number, "the reference has no note; add author, year and one sentence on why"
            )


def everywhere(site: Site) -> Iterator[Problem]:
    """Several pages keep the same external reference.

    Bad: one survey in the lists of three pages
    Good: one entry in the bibliography, cited by its key
    Why: Each copy ages by itself.
    """
    seen: dict[str, tuple[str, int]] = {}
    for path, facts in site.chosen_facts():
        for line, url in facts.get("references", ()):
            if url in seen and seen[url][0] != path:
                yield site.problem(
                    path,
                    line,
                    f"'{url[:60]}' stands also in {seen[url][0]}, line {seen[url][1]}; cite it by"
                    " a key",
                )
            seen.setdefault(url, (path, line))


_PUBLICATION = re.compile(
    r"https?://(?:[\w-]+\.)?(?:wikipedia\.org|arxiv\.org|doi\.org|openreview\.net|aclanthology\.org)/"
)


def references(page: Page) -> list[list[Any]]:
    """The external addresses in list items of a page, and of publications anywhere."""
    found: list[list[Any]] = []
    for number, text in enumerate(page.body, 1):
        match = re.match(r"[ \t]*[-*+][ \t]+.*?\]\((https?://[^)\s]+)\)", text)
        if match and not page.is_code(number):
            found.append([number, match[1].rstrip("/")])
    for link in page.rendered.links:
        line, _ = page.locate(link.line, link.href[:60])
        entry = [line, link.href.rstrip("/")]
        if link.tag == "a" and _PUBLICATION.match(link.href) and link.href in page.line(line):
            found += [] if entry in found else [entry]
    return sorted(found)


def unsourced(page: Page) -> Iterator[Problem]:
    """A page of prose names no source.

    Bad: a page of a hundred words without a link or a citation
    Good: a citation behind each claim that is not common knowledge
    Why: The reader cannot tell knowledge from opinion.
    """
    if re.search(
        r"(?m)^kind:\s*(?:index|guide|reference)\b", "\n".join(page.lines[: page.front_lines])
    ):
        return
    cited = {link.line for link in page.rendered.links if link.href.startswith("http")}
    cited |= {number for number, text in enumerate(page.body, 1) if "[^" in text}
    limit = 400 if cited else 120
    words, start, last = 0, 0, 0
    for line, end, count in _paragraph_lengths(page):
        if any(last < number <= end + 1 for number in cited):
            words, last = 0, end
            continue
        start = start if words else line
        words, last = words + count, end
        if words > limit:
            what = "this part of the page" if cited else "the page"
            yield page.problem(start, f"{what} names no source; cite one behind each claim")
            return


_WORKED = frozenset(
    {"Idea", "Training and generation", "Forward and cost", "Try it", "Exercises", "References"}
)
"""Sections that work an example: what they say is computed, not told by somebody."""


def _paragraph_lengths(page: Page) -> Iterator[tuple[int, int, int]]:
    """The paragraphs outside of the sections that work an example: first line, last line, words."""
    sections = [h for h in page.rendered.headings if h.level <= 2]
    for block in running(page):
        above = [h.text.strip() for h in sections if h.line <= block.line]
        if block.tag == "p" and not (above and above[-1] in _WORKED):
            yield block.lines[0], block.lines[-1], len(block.text.split())
