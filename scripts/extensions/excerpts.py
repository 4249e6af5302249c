"""Excerpts: a line `--8<-- "models/vae/vae.py:loss"` shows the part of a tested file that has this name.

In the file, `# --8<-- [start:loss]` stands above the part and `# --8<-- [end:loss]` at its end.
Paths are relative to docs/. Parts are named, never numbered, and have at most twenty lines.
"""

from __future__ import annotations

import difflib
import posixpath
import re
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from markdown import Extension, Markdown
from markdown.blockparser import BlockParser
from markdown.blockprocessors import BlockProcessor
from markdown.util import AtomicString

from scripts.checker import files, symlinks
from scripts.checker.page import Page
from scripts.checker.problem import Place, Problem
from scripts.extensions import highlighting
from scripts.extensions.builder import of, sub

LIMIT = 20
LINE = re.compile(r"^[ ]{0,3}(-+8<-+)(?P<rest>[^\n]*)$", re.MULTILINE)
QUOTED = re.compile(r'[ ]+"(?P<path>[^":]+)(?::(?P<name>[^"]*))?"[ ]*')
MARK = re.compile(r"-+8<-+[ ]*\[(?P<side>start|end):[ ]*(?P<name>[\w-]+)[ ]*\]")


@dataclass(frozen=True)
class Part:
    """What an excerpt shows, and which line of the file each of its lines is."""

    text: str
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Shown:
    """An excerpt on a page: its file, its name, the numbers of its lines, and where its HTML waits."""

    file: Path
    name: str
    numbers: tuple[int, ...]
    block: int


class Wrong(ValueError):
    """An excerpt that cannot be shown, and why; `line` is that of its file if the fault is there."""

    def __init__(self, code: str, text: str, line: int = 0) -> None:
        super().__init__(text)
        self.code = code
        self.line = line


def malformed() -> Wrong:
    """The line of an excerpt is not written as one.

    Bad: --8<-- vae/vae.py
    Good: --8<-- "models/vae/vae.py:loss"
    Why: Nothing is shown.
    """
    return Wrong("Q01", 'an excerpt has another form; write --8<-- "models/vae/vae.py:loss"')


def outside(path: str) -> Wrong:
    """An excerpt is not taken from a file below docs/.

    Bad: --8<-- "../scripts/new.py:main"
    Good: --8<-- "models/vae/vae.py:loss"
    Why: Only what is published can be read in full by who sees a part of it.
    """
    return Wrong("Q02", f"'{path}' leads out of docs/; take the excerpt from a file there")


def no_file(path: str, fault: str = "is missing") -> Wrong:
    """The file of an excerpt is missing, or is no text.

    Bad: --8<-- "models/vae/vea.py:loss"
    Good: --8<-- "models/vae/vae.py:loss"
    Why: Nothing is shown.
    """
    return Wrong("Q03", f"docs/{path} {fault}; correct the path, which is relative to docs/")


def counted(path: str, name: str) -> Wrong:
    """An excerpt is named by the numbers of its lines.

    Bad: --8<-- "models/vae/vae.py:12:31"
    Good: --8<-- "models/vae/vae.py:loss"
    Why: The next edit of the file moves the lines, and the page shows others without a word.
    """
    return Wrong(
        "Q04", f"'{path}:{name}' counts lines; name the part with marks in the file instead"
    )


def no_part(path: str, name: str, known: Iterable[str]) -> Wrong:
    """The file of an excerpt has no part of that name.

    Bad: --8<-- "models/vae/vae.py:los"
    Good: --8<-- "models/vae/vae.py:loss"
    Why: Nothing is shown.
    """
    near = difflib.get_close_matches(name, known, 1, 0.5)
    hint = f"write '{near[0]}'" if near else f"it has {', '.join(known) or 'none'}"
    return Wrong("Q05", f"docs/{path} has no part '{name}'; {hint}")


def empty(path: str, name: str) -> Wrong:
    """An excerpt holds nothing.

    Bad: the two marks of a part directly one below the other
    Good: the part between its marks
    Why: The reader sees a box without code.
    """
    return Wrong("Q06", f"'{path}:{name}' is empty; move its marks around the part")


def too_long(path: str, name: str, count: int) -> Wrong:
    """An excerpt has more than twenty lines.

    Bad: --8<-- "models/vae/vae.py", a whole file
    Good: --8<-- "models/vae/vae.py:loss"
    Why: Nobody reads a long listing inside a text; the file is one click away.
    """
    return Wrong("Q07", f"'{path}:{name}' has {count} lines, more than {LIMIT}; show less")


def broken_marks(line: int, fault: str) -> Wrong:
    """The marks of the parts of a file are out of order.

    Bad: # --8<-- [start:loss] without an end
    Good: # --8<-- [start:loss] above the part, # --8<-- [end:loss] at its end
    Why: Where a part ends is then decided by chance.
    """
    return Wrong("Q08", fault, line)


RULES: dict[str, Callable[..., object]] = {
    "Q01": malformed,
    "Q02": outside,
    "Q03": no_file,
    "Q04": counted,
    "Q05": no_part,
    "Q06": empty,
    "Q07": too_long,
    "Q08": broken_marks,
}


def parts(path: Path) -> dict[str, Part]:
    """The named parts of a file, unindented. Raises Wrong if its marks are."""
    found: dict[str, Part] = {}
    open_parts: dict[str, tuple[int, list[tuple[int, str]]]] = {}
    for number, line in enumerate(files.read(path).split("\n"), start=1):
        mark = MARK.search(line)
        if mark is None:
            for _, lines in open_parts.values():
                lines.append((number, line))
            continue
        name = mark["name"]
        if mark["side"] == "start":
            if name in found or name in open_parts:
                raise broken_marks(number, f"'{name}' starts a second time; rename one")
            open_parts[name] = (number, [])
        elif name in open_parts:
            found[name] = _part(open_parts.pop(name)[1])
        else:
            raise broken_marks(number, f"'{name}' ends and has not started; mark its start")
    for name, (number, _) in open_parts.items():
        raise broken_marks(number, f"'{name}' starts and never ends; mark its end")
    return found


def _part(lines: list[tuple[int, str]]) -> Part:
    """Numbered lines without the blank ones at both ends, unindented."""
    kept = [number for number, line in lines if line.strip()] or [0]
    lines = [row for row in lines if kept[0] <= row[0] <= kept[-1]]
    text = textwrap.dedent("\n".join(line for _, line in lines))
    return Part(text, tuple(number for number, _ in lines))


def fetch(docs: Path, path: str, name: str | None) -> tuple[Path, Part]:
    """The file and what an excerpt shows of it. Raises Wrong."""
    clean = posixpath.normpath(path)
    if path.startswith("/") or "\\" in path or clean.startswith("..") or re.match(r"\w+:", path):
        raise outside(path)
    file = docs / clean
    if symlinks.outward(file, docs):
        raise outside(path)
    if not file.is_file():
        raise no_file(clean)
    if name is not None and re.fullmatch(r"[\d:, ]*", name):
        raise counted(path, name)
    try:
        known = files.load(file, parts)
        lines = files.read(file).split("\n") if name is None else []
    except UnicodeDecodeError:
        raise no_file(clean, "is not text") from None
    part = _part(list(enumerate(lines, start=1))) if name is None else known.get(name)
    if part is None:
        raise no_part(clean, name or "", list(known))
    count = len(part.numbers)
    if not part.text.strip():
        raise empty(path, name or "")
    if count > LIMIT:
        raise too_long(path, name or "", count)
    return file, part


class _Excerpt(BlockProcessor):
    """A line that names an excerpt."""

    def __init__(self, parser: BlockParser, md: Markdown) -> None:
        super().__init__(parser)
        self.md = md

    def test(self, parent: Element, block: str) -> bool:
        return "8<-" in block and bool(LINE.search(block))

    def run(self, parent: Element, blocks: list[str]) -> bool:
        block = blocks.pop(0)
        match = LINE.search(block)
        assert match is not None
        if block[: match.start()].strip():
            self.parser.parseBlocks(parent, [block[: match.start()].rstrip("\n")])
        rest = block[match.end() :].strip("\n")
        if rest:
            blocks.insert(0, rest)
        page = of(self.md)
        place = page.find_block(match[0])
        quoted = QUOTED.fullmatch(match["rest"])
        if quoted is None:
            wrong = malformed()
            page.report(wrong.code, str(wrong), place)
            return True
        path, name = page.plain(quoted["path"]), quoted["name"]
        page.reads(page.docs / path)
        try:
            file, part = fetch(page.docs, path, name)
        except Wrong as error:
            if error.line:
                uri = posixpath.normpath(path)
                page.report_at(Problem(error.code, Place(uri, error.line, 1), str(error)))
            else:
                at = place + page.plain(match[0]).strip().find('"') + 1
                page.report(error.code, str(error), at)
            return True
        self._element(parent, page, file, name, part)
        return True

    def _element(
        self, parent: Element, page: Page, file: Path, name: str | None, part: Part
    ) -> None:
        language = highlighting.LANGUAGES.get(file.suffix, "text")
        uri = file.relative_to(page.docs).as_posix()
        box = sub(parent, "div", class_=f"language-{language} highlight excerpt")
        head = sub(box, "span", class_="filename")
        source = sub(head, "a", href=page.link(uri)) if page.path else sub(head, "span")
        source.text = AtomicString(uri)
        if name:
            source.tail = " "
            sub(head, "span", class_="excerpt-name").text = AtomicString(name)
        text = part.text
        made = highlighting.plain(text) if page.marked else highlighting.pre(text, language)
        shown = Shown(file, name or "", part.numbers, self.md.htmlStash.html_counter)
        page.notes.setdefault("excerpts", []).append(shown)
        head.tail = self.md.htmlStash.store(made)


class ExcerptsExtension(Extension):
    """Named excerpts of files below docs/."""

    def extendMarkdown(self, md: Markdown) -> None:
        of(md)
        md.parser.blockprocessors.register(_Excerpt(md.parser, md), "excerpts", 77)


def makeExtension(**kwargs: object) -> ExcerptsExtension:
    """For Python-Markdown."""
    return ExcerptsExtension(**kwargs)
