"""What a page excepts from the rules, each with a reason."""

from __future__ import annotations

import re

from scripts.checker import source
from scripts.checker.page import Page
from scripts.checker.problem import Place, Problem
from scripts.checker.rulebook import Rulebook

_IGNORE = re.compile(r"<!--\s*check:\s*ignore(?P<file>-file)?\b(?P<rest>.*?)-->", re.DOTALL)


def excepted(page: Page, problems: list[Problem], book: Rulebook) -> list[Problem]:
    """The problems without those that the page excepts, and with what is wrong about its exceptions."""
    if "check:" not in page.text:
        return problems
    kept = list(problems)
    for found in _IGNORE.finditer(page.text):
        line = page.text.count("\n", 0, found.start()) + 1
        column = found.start() - (page.text.rfind("\n", 0, found.start()) + 1)
        if page.in_fence(line) or source.in_code_span(page.lines[line - 1], column):
            continue
        words = found["rest"].replace(",", " ").split()
        codes = [word for word in words if re.fullmatch(r"[A-Z]\d\d", word)]
        reason = " ".join(words[len(codes) :])
        unknown = [code for code in codes if code not in book.rules]
        if not codes or unknown or len(reason) < 3:
            fault = (
                f"'{unknown[0]}' is no rule"
                if unknown
                else "the exception has no reason"
                if codes
                else "the exception names no rule"
            )
            kept.append(
                Problem(
                    "Z03",
                    Place(page.path, line, 1),
                    f"{fault}; write <!-- check: ignore A01 why it is right here -->",
                )
            )
            continue
        last = (
            len(page.lines)
            if found["file"]
            else _reach(page, page.text.count("\n", 0, found.end()) + 1)
        )
        first = 1 if found["file"] else line
        hidden = [
            p for p in kept if p.path == page.path and p.code in codes and first <= p.line <= last
        ]
        kept = [p for p in kept if p not in hidden]
        page.notes.setdefault("exceptions", []).append([codes, first, last])
        project = [code for code in codes if book.level(code) != "page"]
        if not hidden and not project:
            kept.append(
                Problem(
                    "Z03",
                    Place(page.path, line, 1),
                    f"the exception from {', '.join(codes)} is not needed; delete it",
                )
            )
    return kept


def _reach(page: Page, line: int) -> int:
    """The last line for which an exception counts: its own block, or the next one if it stands alone."""
    text = page.lines[line - 1]
    alone = not re.sub(r"<!--.*?-->|-->", "", text).strip()
    last = line
    if alone:
        while last < len(page.lines) and not page.lines[last].strip():
            last += 1
    while last < len(page.lines) and page.lines[last].strip():
        last += 1
    return last
