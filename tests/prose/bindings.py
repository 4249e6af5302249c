"""Which places of a page its tests read: found in the source of the tests, without running them.

A test reads the page by `said(text, …)`, which fails unless the page holds the text exactly once, or by
`told(pattern)`, which gives what a regular expression finds there. Both are made from `tests/said.py`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS, TESTS = ROOT / "docs", ROOT / "tests"
NUMERIC = re.compile(r"[-+,]*\.?\d*[df%,]$")
COUNT, ANY = r"[-+−]?\d[\d.,{}]*%?", r"[^|\n]{1,60}?"
# A text that consists of blanks to fill says nothing of its place.
LEAST = 8
READERS = {"sayings": "said", "tellings": "told", "tables": "rows"}


@dataclass(frozen=True)
class Reading:
    """What a test reads from its page."""

    kind: str  # said, told, rows
    pattern: str
    line: int
    weight: int = field(compare=False)  # how much of it is fixed


def modules_for(page: Path) -> list[Path]:
    """The test modules of a page's stem: `test_rlhf.py`, `test_rlhf_demo.py`, `test_rlhf_language.py`."""
    folder, stem = TESTS / page.parent.relative_to(DOCS), page.stem.replace("-", "_")
    others = {f"test_{other.stem.replace('-', '_')}" for other in page.parent.glob("*.md")}
    found = sorted(folder.glob(f"test_{stem}_*.py"))
    parts = [path for path in found if path.stem not in others]
    return [path for path in (folder / f"test_{stem}.py", *parts) if path.exists()]


def pieces(node: ast.expr) -> Iterator[tuple[str, str]]:
    """A string as its pieces: fixed text, or the pattern of what is filled in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield "text", node.value
    elif isinstance(node, ast.JoinedStr):
        for part in node.values:
            yield from pieces(part)
    elif isinstance(node, ast.FormattedValue):
        spec = "".join(text for _, text in pieces(node.format_spec)) if node.format_spec else ""
        yield "blank", COUNT if NUMERIC.search(spec) else ANY
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr == "replace" and all(isinstance(a, ast.Constant) for a in node.args):
            old, new = (str(a.value) for a in node.args if isinstance(a, ast.Constant))
            for kind, text in pieces(node.func.value):
                # What is filled in may hold what is replaced as well.
                yield kind, text.replace(old, new) if kind == "text" else ANY
    else:
        yield "blank", ANY


def reading(node: ast.expr, kind: str) -> Reading:
    """The pattern that a call's argument asks for."""
    parts = list(pieces(node))
    fixed = "".join(text for what, text in parts if what == "text")
    weight = sum(sign.isalpha() for sign in fixed)
    weight += sum(LEAST // 2 for what, text in parts if what == "blank" and text == COUNT)
    pattern = "".join(
        re.escape(text) if what == "text" and kind == "said" else text for what, text in parts
    )
    return Reading(kind, pattern, node.lineno, weight)


@lru_cache
def readings(path: Path) -> list[Reading]:
    """All that a test module reads from its page, wherever in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            maker = node.value.func
            if isinstance(maker, ast.Name) and maker.id in READERS:
                named |= {
                    name.id: READERS[maker.id]
                    for name in node.targets
                    if isinstance(name, ast.Name)
                }
    return [
        reading(argument, named[node.func.id])
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in named
        for argument in node.args
        if not isinstance(argument, ast.Starred)
    ]


@lru_cache(maxsize=16)
def evened(source: str) -> tuple[str, tuple[int, ...]]:
    """The page as `text_of` gives it, and where each sign of that stands in the source."""
    signs: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(source):
        sign = " " if sign.isspace() else sign
        if sign == " " and (not signs or signs[-1] == " "):
            continue
        signs.append(sign)
        places.append(place)
    return "".join(signs), (*places, len(source))


def body(source: str, name: str) -> tuple[int, int]:
    """Where the rows of a table below its head begin and end."""
    before, caption, _ = source.partition(f"{{#{name}}}")
    if not caption:
        return (0, 0)
    end = before.rindex("\n\n")
    start = before.rfind("\n\n", 0, end) + 2
    return before.index("\n", before.index("\n", start) + 1), end


ANSWER = re.compile(r"^Answer:.*\{.*#(?P<name>[\w-]+).*\}$(?P<lines>(?:\n.+)*)", re.MULTILINE)
COMPARED = re.compile(r"^(?:Nearly|Wrong):[^\n]*?=>", re.MULTILINE)


def answered(source: str, tests: str) -> Iterator[tuple[int, int]]:
    """The numbers of the answers that a test is marked with: `tests/answers/plugin.py` compares each."""
    for found in ANSWER.finditer(source):
        if f'mark.answer("{found["name"]}")' not in tests:
            continue
        yield found.start(), found.start("lines")
        if not found[0].startswith("Answer: {"):  # the options of a choice are text
            for line in COMPARED.finditer(source, found.start("lines"), found.end()):
                yield line.span()


def bound(page: Path) -> list[tuple[int, int]]:
    """The places of a page's source that a test reads.

    A text that stands at two places binds neither, since one of them could change.
    """
    source = page.read_text(encoding="utf-8")
    text, places = evened(source)
    tests = "".join(path.read_text(encoding="utf-8") for path in modules_for(page))
    spans = list(answered(source, tests))
    for read in (one for path in modules_for(page) for one in readings(path)):
        if read.kind == "rows":
            spans.append(body(source, read.pattern))
        elif read.weight >= LEAST:
            found = [match.span() for match in re.finditer(read.pattern, text)]
            if len(found) == 1:
                spans.append((places[found[0][0]], places[found[0][1]]))
    return spans
