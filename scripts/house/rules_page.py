"""Write the page of all rules, docs/contributing/rules.md, from the rules themselves.

python -m scripts.house.rules_page rewrites the page and exits 1 if it was out of date.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from scripts.checker import rulebook
from scripts.checker.report import parts

ROOT = Path(__file__).resolve().parents[2]

BOOK = rulebook.load("scripts.house.rules")
PAGE = ROOT / "docs" / "contributing" / "rules.md"
HEAD = """\
---
title: Rules
description: Every rule that checks the pages, with a bad and a good example and the reason, written from the rules.
kind: reference
needs: [contributing/checks.md]
reviewed: 2026-11-21
---

# Rules

`python3 scripts/dev.py make rules` writes this page from the rules themselves.
[Add a rule](checks.md#add-a-rule) says how a new one comes here.
A rule looks at one page, unless it says otherwise: one of level *project* looks at the whole source, one of level *site* at the built site.
Rules of *house style* are on for this site and off for other projects.
"""  # noqa: E501  one sentence a line, as on every page


def code(text: str) -> str:
    """A text as a code span, whatever backticks it holds."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    if not longest:
        return f"`{text}`"
    fence = "`" * (longest + 1)
    return f"{fence} {text} {fence}"


def plain(text: str) -> str:
    """A sentence in which nothing but its code spans is read as Markdown."""
    pieces = re.split(r"(`[^`]+`)", text)
    return "".join(
        piece if piece.startswith("`") else re.sub(r"([<>*_\[\]])", r"\\\1", piece)
        for piece in pieces
    )


def example(name: str, text: str) -> list[str]:
    """An example in a line, or in a block of its own."""
    if "\n" not in text:
        return [f"- {name}: {code(text)}"]
    longest = max((len(run) for run in re.findall(r"[`]+", text)), default=0)
    fence = "`" * max(longest + 1, 3)
    lines = [f"{fence}text", *text.split("\n"), fence]
    return [f"- {name}:", "", *(f"    {line}".rstrip() for line in lines), ""]


def entry(rule: str) -> str:
    """The section of one rule."""
    told = parts(BOOK.rules[rule])
    name = BOOK.rules[rule].__name__.replace("_", " ")
    level = BOOK.level(rule)
    kept = [f"level {level}"] if level != "page" else []
    kept += ["house style"] if rule in BOOK.style else []
    rows = [f"### {rule}: {name} {{#{rule.lower()}}}", "", plain(told["sentence"]), ""]
    rows += [f"- {', '.join(kept).capitalize()}."] if kept else []
    rows += [*example("Bad", told["bad"]), *example("Good", told["good"])]
    rows += [f"- Why: {plain(told['why'])}", ""]
    return "\n".join(rows)


def page() -> str:
    """The whole page."""
    rows = [HEAD]
    for letter, subject in BOOK.subjects.items():
        rules = sorted(rule for rule in BOOK.rules if rule[0] == letter)
        if rules:
            rows.append(f"## {subject}\n")
            rows.extend(entry(rule) for rule in rules)
    return "\n".join(rows).rstrip() + "\n"


def main() -> int:
    """Rewrite the page; 1 if it was out of date."""
    text = page()
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    PAGE.write_text(text, encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)} was out of date and is rewritten")
    return 1


if __name__ == "__main__":
    sys.exit(main())
