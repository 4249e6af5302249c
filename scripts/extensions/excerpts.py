"""Excerpts: a line `--8<-- "models/vae/vae.py:loss"` shows the part of a tested file that has this name.

In the file, `# --8<-- [start:loss]` stands above the part and `# --8<-- [end:loss]` at its end.
Paths are relative to docs/. Parts are named, never numbered, and have at most twenty lines.
"""

from __future__ import annotations

import difflib
import posixpath
import re
import textwrap
from pathlib import Path
from xml.etree.ElementTree import Element

from markdown import Extension, Markdown
from markdown.blockparser import BlockParser
from markdown.blockprocessors import BlockProcessor
from markdown.util import AtomicString

from scripts.extensions import files, highlighting
from scripts.extensions.page import Page, of, sub

LIMIT = 20
LINE = re.compile(r"^[ ]{0,3}(-+8<-+)(?P<rest>[^\n]*)$", re.MULTILINE)
QUOTED = re.compile(r'[ ]+"(?P<path>[^":]+)(?::(?P<name>[^"]*))?"[ ]*')
MARK = re.compile(r"-+8<-+[ ]*\[(?P<side>start|end):[ ]*(?P<name>[\w-]+)[ ]*\]")


class Wrong(ValueError):
    """An excerpt that cannot be shown."""


def parts(path: Path) -> dict[str, str]:
    """The named parts of a file, unindented. A part whose marks are wrong has an empty name's message."""
    found: dict[str, str] = {}
    open_parts: dict[str, list[str]] = {}
    for number, line in enumerate(files.read(path).split("\n"), start=1):
        mark = MARK.search(line)
        if mark is None:
            for lines in open_parts.values():
                lines.append(line)
            continue
        name = mark["name"]
        if mark["side"] == "start":
            if name in found or name in open_parts:
                raise Wrong(f"{path.name}:{number} starts '{name}' a second time; rename one")
            open_parts[name] = []
        elif name in open_parts:
            found[name] = textwrap.dedent("\n".join(open_parts.pop(name))).strip("\n")
        else:
            raise Wrong(f"{path.name}:{number} ends '{name}', which has not started")
    if open_parts:
        raise Wrong(f"{path.name} starts '{next(iter(open_parts))}' and never ends it")
    return found


def fetch(docs: Path, path: str, name: str | None) -> tuple[Path, str]:
    """The file and the text of an excerpt. Raises Wrong."""
    clean = posixpath.normpath(path)
    if path.startswith("/") or "\\" in path or clean.startswith("..") or re.match(r"\w+:", path):
        raise Wrong(f"'{path}' leads out of docs/; excerpts come from there")
    file = docs / clean
    if not file.is_file():
        raise Wrong(f"docs/{clean} is missing; paths are relative to docs/")
    if name is not None and re.fullmatch(r"[\d:, ]*", name):
        raise Wrong(f"'{path}:{name}' counts lines; name the part with marks in the file instead")
    try:
        known = files.load(file, parts)
        text = files.read(file) if name is None else known.get(name)
    except UnicodeDecodeError:
        raise Wrong(f"docs/{clean} is not text") from None
    if text is None:
        near = difflib.get_close_matches(name or "", known, 1, 0.5)
        hint = f"did you mean '{near[0]}'?" if near else f"it has {', '.join(known) or 'none'}"
        raise Wrong(f"docs/{clean} has no part '{name}'; {hint}")
    text = text.strip("\n")
    count = text.count("\n") + 1
    if not text.strip():
        raise Wrong(f"'{path}:{name}' is empty")
    if count > LIMIT:
        raise Wrong(f"'{path}:{name or ''}' has {count} lines, more than {LIMIT}; show less")
    return file, text


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
            page.report('an excerpt is written --8<-- "models/vae/vae.py:loss"', place)
            return True
        path, name = quoted["path"], quoted["name"]
        page.reads(page.docs / path)
        try:
            file, text = fetch(page.docs, path, name)
        except Wrong as error:
            page.report(str(error), place + match[0].strip().find('"') + 1)
            return True
        self._element(parent, page, file, name, text)
        return True

    def _element(
        self, parent: Element, page: Page, file: Path, name: str | None, text: str
    ) -> None:
        language = highlighting.LANGUAGES.get(file.suffix, "text")
        uri = file.relative_to(page.docs).as_posix()
        box = sub(parent, "div", class_=f"language-{language} highlight excerpt")
        head = sub(box, "span", class_="filename")
        source = sub(head, "a", href=page.link(uri)) if page.uri else sub(head, "span")
        source.text = AtomicString(uri)
        if name:
            source.tail = " "
            sub(head, "span", class_="excerpt-name").text = AtomicString(name)
        head.tail = self.md.htmlStash.store(highlighting.pre(text, language))


class ExcerptsExtension(Extension):
    """Named excerpts of files below docs/."""

    def extendMarkdown(self, md: Markdown) -> None:
        of(md)
        md.parser.blockprocessors.register(_Excerpt(md.parser, md), "excerpts", 77)


def makeExtension(**kwargs: object) -> ExcerptsExtension:
    """For Python-Markdown."""
    return ExcerptsExtension(**kwargs)
