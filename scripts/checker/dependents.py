"""What cannot be judged where an extension of the project cannot be imported.

What such an extension would have read stands in the rendered text as it was written, so that rules on printed marks
would blame the author for it. N08 says once that it is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from scripts.checker.problem import Problem

PRINTED = (
    "A T C F M H03 H04 H05 H06 H07 L11 L12 L13 L14 L21 L22 L23 L25 U13"
    " S06 S07 S08 S09 S10 S11 S12 S14 S17 S18 S19 S20 S21 S22 S24 S25"
).split()
"""Rules that look at what a reader sees of the marks, by code or letter: all of them depend on an unknown extension."""

_BY_NAME: tuple[tuple[str, str], ...] = (
    (r"include|snippet", "L21 L13 F01"),
    (r"math|katex|tex\b", "M"),
    (r"list|sane", "S07 S08 S09 S10 S18 S19 S22 S25 C05 A20 A21 M14"),
    (r"emoji|icon", "M05"),
    (r"linkif|urliz|magiclink|wikilink|autolink", "U13 L11 L13 L23"),
    (r"mermaid|uml|graphviz|kroki|diagram|dot\b", "C"),
    (r"mkdocstrings|autodoc|click|autorefs", "L13"),
)
"""What depends on extensions whose names say what they read."""


def codes(missing: Iterable[str]) -> tuple[str, ...]:
    """The codes, or letters of codes, that depend on extensions."""
    found: list[str] = []
    for name in missing:
        last = name.rsplit(".", 1)[-1].lower()
        rows = [text for pattern, text in _BY_NAME if re.search(pattern, last)]
        found += " ".join(rows).split() if rows else PRINTED
    return tuple(dict.fromkeys(found))


def judged(problems: Sequence[Problem], missing: Iterable[str]) -> list[Problem]:
    """The problems that stand whatever the missing extensions would have done."""
    dependent = codes(missing)
    return [p for p in problems if not dependent or not p.code.startswith(dependent)]
