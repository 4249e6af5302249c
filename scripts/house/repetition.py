"""Rules P on texts that stand on several pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from scripts.checker.page import Page
from scripts.checker.problem import Problem
from scripts.checker.project import Site
from scripts.house.prose import PLACEHOLDERS, placed, running


def paragraphs(page: Page) -> list[list[Any]]:
    """The paragraphs of a page that are long enough to be compared: line and normalised words."""
    found: list[list[Any]] = []
    for block in running(page):
        words = re.findall(r"[a-z0-9]+", block.text.lower())
        if len(words) < 25 or block.tag in ("td", "th"):
            continue
        head = PLACEHOLDERS.sub(" ", block.text).split()[:4]
        if head and placed(page, block, 0, max(head, key=len))[0]:
            found.append([block.line, " ".join(words)])
    return found


def _shingles(words: list[str]) -> set[tuple[str, ...]]:
    return {tuple(words[i : i + 8]) for i in range(len(words) - 7)}


def same_paragraph(site: Site) -> Iterator[Problem]:
    """Two pages hold the same paragraph, or nearly.

    Bad: the definition of a language model on two pages
    Good: the definition on one page, and a link on the other
    Why: Copies begin to differ, and then one of them is wrong.
    """
    seen: dict[tuple[str, ...], list[tuple[str, int, int]]] = {}
    for path, facts in site.chosen_facts():
        for line, text in facts.get("paragraphs", ()):
            shingles = _shingles(text.split())
            hits: dict[tuple[str, int], int] = {}
            for shingle in shingles:
                for other, number, _ in seen.get(shingle, ()):
                    if other != path:
                        hits[(other, number)] = hits.get((other, number), 0) + 1
            if hits:
                (other, number), count = max(hits.items(), key=lambda item: (item[1], item[0]))
                if count >= 18 or count >= 0.6 * len(shingles):
                    yield site.problem(
                        path,
                        line,
                        f"this paragraph stands nearly word for word in {other}, line {number};"
                        " keep one and link to it",
                    )
            for shingle in shingles:
                seen.setdefault(shingle, []).append((path, line, len(shingles)))
