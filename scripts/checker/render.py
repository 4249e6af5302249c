"""Render a page as the site does and read back what became of every source line."""

from __future__ import annotations

import html
import importlib
import logging
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from markdown.util import AtomicString

from scripts.checker import marks, swift
from scripts.checker.config import Config, resolve

CODE, ESCAPED, RAW, OBJECT = marks.CODE, marks.ESCAPED, marks.RAW, marks.OBJECT

_STASHED = re.compile("\x02wzxhzdk:(\\d+)\x03")
_SPECIAL = re.compile(
    "\x02wzxhzdk:(\\d+)\x03|\x02(\\d+)\x03|\x02amp\x03|\x02[^\x02\x03]*\x03|[\U000f0000-\U0010fffd]"
    f'| {marks.WORD}=?"?(\\d+)"?'
)
_RAW_TOKEN = re.compile(
    r"<!--(?P<comment>.*?)(?:-->|\Z)|<(?P<close>/?)(?P<tag>[a-zA-Z][\w:.-]*)(?P<attrs>(?:[^<>\"'`]|\"[^\"]*\"|'[^']*')*)>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([^\s=>/\"']+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")
_LINE_ATTRIBUTE = re.compile(rf' {marks.WORD}="(\d+)"')
_LINE_CLASS = re.compile(rf"\b{marks.WORD}(\d+)\b")

BLOCKS = frozenset(
    "address article aside blockquote body center dd details dialog dir div dl dt fieldset"
    " figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 header hgroup hr html iframe legend"
    " li link main menu nav noframes noscript ol optgroup option p param pre script section source"
    " style summary table tbody td template tfoot th thead title tr ul video audio canvas math".split()
)
VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
QUIET = frozenset("code pre script style kbd samp math svg textarea template var".split())
SKIP_CLASSES = frozenset(("headerlink", "footnote-backref"))


@dataclass(slots=True)
class Block:
    """The text of one block as the reader sees it, code and markup replaced by placeholders."""

    tag: str
    path: tuple[str, ...]
    box: int
    text: str
    starts: list[int]
    lines: list[int]
    raw: bool = False
    emphasis: list[tuple[int, int]] = field(default_factory=list)

    def line_at(self, offset: int) -> int:
        """The source line of a place in the text; a line without a mark is counted from the one above."""
        index = max(bisect_right(self.starts, offset) - 1, 0)
        line = self.lines[index]
        beyond = self.text.count("\n", self.starts[index], offset)
        if not beyond or self.raw:
            return line
        following = self.lines[index + 1] if index + 1 < len(self.lines) else line + beyond + 1
        return max(line, min(line + beyond, following))

    @property
    def line(self) -> int:
        """The source line where the block starts."""
        return self.lines[0]


@dataclass(slots=True)
class Box:
    """An admonition, a collapsible, a content tab, a quotation, a list item, a cell: what other blocks stand in."""

    kind: str
    line: int
    parent: int
    title: str = ""
    classes: tuple[str, ...] = ()
    first: int = 0
    last: int = 0
    children: list[str] = field(default_factory=list)
    interactive: str = ""
    index: int = 0
    group: int = -1
    number: int = 0


@dataclass(slots=True)
class Link:
    """A link or an image as it is written into the page."""

    href: str
    text: str
    line: int
    tag: str
    attribute: str
    raw: bool
    title: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    in_code: bool = False


@dataclass(slots=True)
class Heading:
    """A heading of the rendered page."""

    level: int
    text: str
    identity: str
    line: int
    path: tuple[str, ...]


@dataclass(slots=True)
class RawTag:
    """A tag that the author wrote as HTML."""

    name: str
    close: bool
    line: int
    attributes: dict[str, str]
    inline: bool
    self_closed: bool = False
    stash: int = -1
    solo: bool = False
    written: str = ""


@dataclass
class Rendered:
    """What a page became."""

    blocks: list[Block] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    ids: list[tuple[str, int, bool]] = field(default_factory=list)
    raw_tags: list[RawTag] = field(default_factory=list)
    fences: list[tuple[int, int]] = field(default_factory=list)
    context: dict[int, str] = field(default_factory=dict)
    box_of: dict[int, int] = field(default_factory=dict)
    path_of: dict[int, tuple[str, ...]] = field(default_factory=dict)
    references: set[str] = field(default_factory=set)
    missing_snippets: list[tuple[int, str]] = field(default_factory=list)
    included: dict[int, list[str]] = field(default_factory=dict)
    sources: set[str] = field(default_factory=set)
    inline_code: list[tuple[int, str]] = field(default_factory=list)
    span_lines: set[int] = field(default_factory=set)
    odd_attributes: list[tuple[int, str, str]] = field(default_factory=list)
    formulas: list[tuple[int, str]] = field(default_factory=list)
    error: str = ""


class Renderer:
    """Python-Markdown with a project's extensions, prepared to be read back."""

    def __init__(self, config: Config) -> None:
        import markdown

        logging.getLogger("MARKDOWN").setLevel(logging.CRITICAL)
        self.config = config
        self.missing: list[str] = []
        self.appended: list[str] = []
        self.md = markdown.Markdown()
        self.fences: list[tuple[int, int]] = []
        self.origin: Sequence[int] = ()
        self.bare: list[tuple[int, str]] = []
        self.result = Rendered()
        for name in config.extensions:
            self._add(name)
        self._prepare_code()
        self.snippets = self._prepare_snippets()
        self.page: Any = None
        swift.install(self.md)
        self.dense = swift.Dense(self.md)
        self.md.treeprocessors.register(self.dense, "check-dense", 21)
        catch = _Catch(self)
        processors: Any = self.md.treeprocessors
        processors.register(catch, "check", 0.5)
        processors.register(_Nothing(self), "relpath", 0)

    def _add(self, name: str) -> None:
        options = resolve(self.config.options.get(name, {}))
        if name == "pymdownx.emoji":
            options["emoji_generator"] = _emoji
        if name == "pymdownx.snippets":
            options["url_download"] = False
            options["check_paths"] = False
            options["base_path"] = self._bases(options.get("base_path", ["."]))
            self.appended = [str(item) for item in options.pop("auto_append", None) or []]
        if name in {"pymdownx.superfences"}:
            options.setdefault("custom_fences", [])
            options["custom_fences"] = [
                f for f in options["custom_fences"] if isinstance(f, dict) and "name" in f
            ]
            for fence in options["custom_fences"]:
                fence.setdefault("class", fence["name"])
                fence.pop("format", None)
            if self.config.plugin("markdown-exec"):
                options["custom_fences"] += [_executed(name) for name in EXECUTED]
        if name in {"pymdownx.highlight", "codehilite"}:
            options.pop("pygments_lang_class", None)
        if name in UNNEEDED:
            return
        try:
            importlib.import_module(name if "." in name else f"markdown.extensions.{name}")
        except ImportError:
            if not self._entry_point(name):
                self.missing.append(name)
                return
        except Exception:
            self.missing.append(name)
            return
        try:
            self.md.registerExtensions([name], {name: options})
        except Exception:
            try:
                self.md.registerExtensions([name], {})
            except Exception:
                self.missing.append(name)

    @staticmethod
    def _entry_point(name: str) -> bool:
        from importlib.metadata import entry_points

        return bool(entry_points(group="markdown.extensions", name=name))

    def _bases(self, value: Any) -> list[str]:
        values = [value] if isinstance(value, str) else list(value)
        return [str(self.config.root / str(item)) for item in values if item is not None]

    def _prepare_code(self) -> None:
        """Make code blocks cheap and note where they are."""
        for name in ("indent-highlight", "hilite"):
            if name in self.md.treeprocessors:
                self.md.treeprocessors.deregister(name)
        if "fenced_raw_block" in self.md.preprocessors:
            self.md.preprocessors.deregister("fenced_raw_block")
        if "fenced_code_block" not in self.md.preprocessors:
            return
        fenced: Any = self.md.preprocessors["fenced_code_block"]
        if hasattr(fenced, "search_nested"):
            for entry in fenced.extension.superfences:
                entry["formatter"] = _code_block
            self._watch_superfences(fenced)
        else:
            fenced.checked_for_deps = True
            fenced.codehilite_conf = {}
            self._watch_fenced_code(fenced)

    def _watch_superfences(self, fenced: Any) -> None:
        store, search = fenced._store, fenced.search_nested

        def watched_store(source: str, code: str, start: int, end: int) -> None:
            self.fences.append((start, end))
            store(source, code, start, end)

        def watched_search(lines: list[str]) -> list[str]:
            self.origin = _origins(lines)
            found: list[str] = search(lines)
            return found

        fenced._store, fenced.search_nested = watched_store, watched_search

    def _watch_fenced_code(self, fenced: Any) -> None:
        run, pattern = fenced.run, fenced.FENCED_BLOCK_RE

        def watched_run(lines: list[str]) -> list[str]:
            self.origin = _origins(lines)
            text = "\n".join(lines)
            for found in pattern.finditer(text):
                start = text.count("\n", 0, found.start())
                self.fences.append((start, start + found[0].rstrip("\n").count("\n") + 1))
            result: list[str] = run(lines)
            return result

        fenced.run = watched_run

    def _prepare_snippets(self) -> _Snippets | None:
        if "snippet" not in self.md.preprocessors:
            return None
        watched = _Snippets(self.md.preprocessors["snippet"], self.appended)
        watched.look = lambda path: self.page.reads(path)
        processors: Any = self.md.preprocessors
        processors.register(watched, "snippet", 32)
        return watched

    def render(self, page: Any) -> Rendered:
        """Render a page; what the extensions have to say of it stands in the page afterwards."""
        from scripts.checker.page import for_rendering

        result = Rendered()
        text = for_rendering(page)
        processed: Any = self.md
        processed.page = page
        self.page = page
        lines = marks.MARK.sub("\ufffd", text).split("\n")
        marked = marks.mark(lines)
        self.bare = [
            (number, line.lstrip(" >\t"))
            for number, (line, other) in enumerate(zip(lines, marked, strict=True), 1)
            if line == other and line.strip()
        ]
        self.fences, self.origin, self.result = [], (), result
        self.md.reset()
        self.dense.most = 0
        if self.snippets:
            self.snippets.begin(lines)
        try:
            self.md.convert("\n".join(marked))
        except _Read:
            pass
        except RecursionError:
            result.error = "is nested too deeply to be rendered"
        except TimeoutError:
            raise
        except Exception as error:
            result.error = (
                f"cannot be rendered: {type(error).__name__}: {marks.strip(str(error))[:200]}"
            )
        if self.dense.most and not result.error:
            result.error = f"has a paragraph with {self.dense.most:,} marks that open something"
        result.references = {marks.strip(str(key)) for key in self.md.references}
        if self.snippets:
            result.missing_snippets = self.snippets.missing
            result.included = self.snippets.included
            result.sources = self.snippets.sources
        result.fences = [(self._line(start), self._line(end - 1)) for start, end in self.fences]
        for start, end in result.fences:
            for line in range(start, end + 1):
                if result.context.get(line, "code") != "comment":
                    result.context[line] = "code"
        return result

    def read_back(self, root: Element) -> None:
        """Fill the result from a finished tree."""
        try:
            Walker(self, self.result).walk(root)
        except RecursionError:
            self.result.error = "is nested too deeply to be read back"

    def _line(self, index: int) -> int:
        return self.origin[index] if index < len(self.origin) else 0


class _Read(Exception):
    """The tree has been read back: there is no need to write it."""


class _Catch:
    """A tree processor that reads the finished tree back."""

    def __init__(self, renderer: Renderer) -> None:
        self.renderer = renderer
        self.md = renderer.md

    def run(self, root: Element) -> None:
        """Read the tree back before escapes are resolved; nothing is made of it afterwards."""
        self.renderer.read_back(root)
        raise _Read


class _Nothing(_Catch):
    """Stands for MkDocs' own tree processor, which some extensions look for."""

    def run(self, root: Element) -> None:
        """Leave the tree as it is."""


class _Snippets:
    """The snippet preprocessor, with the lines that it includes marked as the line that includes them."""

    def __init__(self, inner: Any, appended: Sequence[str]) -> None:
        self.inner = inner
        self.appended = appended
        self.download = inner.download
        self.missing: list[tuple[int, str]] = []
        self.included: dict[int, list[str]] = {}
        self.sources: set[str] = set()
        self.look: Callable[[Path], object] = lambda path: None
        self._search = inner.get_snippet_path
        inner.get_snippet_path = self._found

    def begin(self, lines: Sequence[str]) -> None:
        """Forget the last page."""
        self.missing, self.included, self.sources = [], {}, set()

    def run(self, lines: list[str]) -> list[str]:
        """Include what the page names."""
        result: list[str] = []
        origins = _origins(lines)
        index = 0
        self.inner.seen = set()
        while index < len(lines):
            end = self._end(lines, index)
            group = lines[index:end]
            if end - index == 1 and "8<-" not in group[0]:
                result.append(group[0])
            else:
                result.extend(self._include(group, origins[index]))
            index = end
        for name in self.appended:
            missing = len(self.missing)
            result += ["", *self._include([f'--8<-- "{name}"'], len(lines) + 1)]
            del self.missing[missing:]  # which is no fault of each page: N06 says it once
        return result

    def _found(self, path: str) -> Any:
        """Where a snippet lies; the page is made from every place that is looked at, file or none."""
        for base, _ in self.inner.get_bases():
            self.look(Path(base, path))
        return self._search(path)

    def _end(self, lines: list[str], start: int) -> int:
        if not re.match(r"[ \t]*-+8<-+[ \t]*$", lines[start]):
            return start + 1
        for index in range(start + 1, len(lines)):
            if re.match(r"[ \t]*-+8<-+[ \t]*$", lines[index]):
                return index + 1
        return start + 1

    def _include(self, group: list[str], line: int) -> list[str]:
        plain = [marks.strip(item) for item in group]
        self.note(plain, line)
        try:
            found = self.inner.parse_snippets(list(plain))
        except TimeoutError:
            raise
        except Exception as error:
            self.missing.append((line, marks.strip(str(error))))
            return [""] * len(group)
        if found == plain:
            return group
        self.included[line] = list(found)
        return [marks.mark_line(marks.MARK.sub("\ufffd", item), line) for item in found] or [""]

    def note(self, group: list[str], line: int) -> None:
        """Note which files are included, and which do not exist."""
        for text in group:
            for name in _snippet_names(text, len(group) > 1):
                parts = self.inner.split_path(name) if hasattr(self.inner, "split_path") else None
                path = (parts[0] if parts else None) or name
                if path.startswith(("http://", "https://")) or not path:
                    continue
                found = self.inner.get_snippet_path(path)
                if found is None:
                    self.missing.append((line, path))
                    continue
                self.sources.add(str(found))
                section = parts[2] if parts else None
                if section and not _has_section(Path(found), section.lstrip(":")):
                    self.missing.append((line, name))


def _has_section(path: Path, name: str) -> bool:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return bool(
        re.search(
            rf"8<-+[ \t]+\[[ \t]*start[ \t]*:[ \t]*{re.escape(name)}[ \t]*\]", text, re.IGNORECASE
        )
    )


def _snippet_names(text: str, block: bool) -> Iterator[str]:
    found = re.match(r"[ \t]*-+8<-+[ \t]+(?:\"([^\"]+)\"|'([^']+)')[ \t]*$", text)
    if found:
        yield (found[1] or found[2]).strip()
    elif block and text.strip() and not re.match(r"[ \t]*(?:;|-+8<-+)", text):
        yield text.strip()


def _origins(lines: Sequence[str]) -> list[int]:
    """The source line of every line that a preprocessor sees."""
    origins: list[int] = []
    last, run = 0, 0
    for text in lines:
        found = marks.MARK.search(text)
        number = marks.number(found[0]) if found else 0
        if not number:
            other = re.search(rf'{marks.WORD}="?(\d+)', text)
            number = int(other[1]) if other else 0
        if number:
            missing = number - last - 1
            if run and missing > 0 and run >= missing:
                for back in range(1, missing + 1):
                    origins[-back] = number - back
            last, run = number, 0
            origins.append(number)
        else:
            run += 1
            origins.append(last + run)
    return origins


UNNEEDED = frozenset(("material.extensions.preview", "zensical.extensions.preview"))
EXECUTED = (
    "python",
    "py",
    "bash",
    "sh",
    "console",
    "pycon",
    "md",
    "markdown",
    "pyodide",
    "tree",
    "pygments",
    "yaml",
)


def _executed(language: str) -> dict[str, Any]:
    """The fence that markdown-exec registers for a language: it takes any option once `exec` is there."""

    def validate(name: str, inputs: dict[str, str], *_: Any) -> bool:
        return "exec" in inputs or name in ("pyodide", "tree")

    return {"name": language, "class": language, "validator": validate}


def _emoji(
    index: str, shortname: str, alias: str, uc: Any, alt: str, *_: Any, **__: Any
) -> Element:
    element = Element("span", {"class": "twemoji"})
    element.text = ""
    return element


def _code_block(src: str = "", *_: Any, source: str = "", id_value: str = "", **__: Any) -> str:
    identity = f' id="{html.escape(id_value)}"' if id_value else ""
    return f"<pre{identity}>{html.escape(src or source, quote=False)}</pre>"


class Walker:
    """Reads a rendered tree into blocks, boxes, links and lines."""

    def __init__(self, renderer: Renderer, result: Rendered) -> None:
        self.stash: list[Any] = list(renderer.md.htmlStash.rawHtmlBlocks)
        self.bare = renderer.bare
        self.result = result
        self.line = 1
        self.block: Block | None = None
        self.path: tuple[str, ...] = ()
        self.box = -1
        self.quiet = 0
        self.links: list[Link] = []
        self.pending: list[str] = []
        self.placed = False
        self.groups = 0
        self.unread = 0
        self.numbers: dict[Element, int] = {}

    def walk(self, root: Element) -> None:
        """Read the tree from its root."""
        for ordered in root.iter("ol"):
            start = ordered.get("start") or "1"
            items = (child for child in ordered if child.tag == "li")
            self.numbers.update(zip(items, count(int(start) if start.isdigit() else 1)))
        self._open("root")
        self._text(root.text)
        for child in root:
            self._element(child)
            self._text(child.tail)
        self._close()

    # blocks

    def _open(self, tag: str, raw: bool = False) -> None:
        self._close()
        unread = raw or self.unread > 0
        self.block = Block(tag, self.path, self.box, "", [0], [self.line], unread)
        self.pending = []
        self.placed = False

    def _close(self) -> None:
        block = self.block
        if block is not None:
            block.text = "".join(self.pending)
            if block.text.strip():
                if not self.placed:
                    self._place(block)
                self.result.blocks.append(block)
        self.block, self.pending = None, []

    def _place(self, block: Block) -> None:
        """Find the line of a block none of whose lines had a place for a mark: it starts at such a line."""
        head = block.text.strip()[:1].replace(ESCAPED, "\\")
        for line, text in self.bare[bisect_right(self.bare, (self.line, "\U0010ffff")) :]:
            if text.startswith(head):
                block.lines[0] = self.line = line
                return

    def _add(self, text: str) -> None:
        if self.quiet:
            return
        if self.block is None:
            self._open(self.path[-1] if self.path else "root")
        self.pending.append(text)
        for link in self.links:
            link.text += text

    def _at(self, line: int) -> None:
        """Note that the text from here on stands on this line."""
        if line <= 0:
            return
        self.line = line
        result = self.result
        context = "raw" if self.unread else "text"
        if self.quiet and self.path[-1:] == ("pre",):
            context = "code"
        if result.context.get(line) not in ("code", "comment", "raw"):
            result.context[line] = context
        result.box_of.setdefault(line, self.box)
        result.path_of.setdefault(line, self.path)
        box = self.box
        while box >= 0:
            current = result.boxes[box]
            if line != current.line:
                current.first = min(current.first or line, line)
                current.last = max(current.last, line)
            box = current.parent
        block = self.block
        if block is not None and not self.quiet:
            offset = sum(map(len, self.pending)) if len(self.pending) < 64 else self._squash()
            if not self.placed:  # what stands above the first mark had no place for one
                block.lines[0] = max(line - "".join(self.pending).count("\n"), 1)
                self.placed = True
            elif not offset and len(block.lines) == 1:
                block.lines[0] = line
            if offset:
                block.starts.append(offset)
                block.lines.append(line)

    def _squash(self) -> int:
        joined = "".join(self.pending)
        self.pending = [joined]
        return len(joined)

    # text

    def _text(self, text: str | None) -> None:
        if not text:
            return
        position = 0
        for found in _SPECIAL.finditer(text):
            if found.start() > position:
                self._add(text[position : found.start()])
            position = found.end()
            if found[1] is not None:
                self._stashed(int(found[1]))
            elif found[2] is not None:
                self._add(ESCAPED)
            elif found[3] is not None:
                self._at(int(found[3]))
            elif found[0][0] == "\x02":
                self._add("&" if found[0] == "\x02amp\x03" else "")
            else:
                self._at(marks.number(found[0]))
        if position < len(text):
            self._add(text[position:])

    def _stashed(self, number: int) -> None:
        item = self.stash[number] if number < len(self.stash) else ""
        if isinstance(item, Element):
            self._element(item)
        elif item:
            self._raw(str(item), number)

    # elements

    def _element(self, element: Element) -> None:
        tag = element.tag if isinstance(element.tag, str) else "comment"
        classes = (element.get("class") or "").split()
        own = element.attrib.get(marks.WORD)
        if own and own.isdigit():
            self._at(int(own))
            self.result.raw_tags.append(
                RawTag(tag, False, self.line, dict(element.attrib), False, False, -2)
            )
        if SKIP_CLASSES.intersection(classes):
            return
        if "toclink" in classes:
            self._text(element.text)
            for child in element:
                self._element(child)
                self._text(child.tail)
            return
        if "toc" in classes and tag == "div":
            return
        identity = element.get("id")
        if identity:
            self.result.ids.append((marks.strip(identity), self.line, bool(own)))
        for key in element.attrib:
            value = str(element.attrib[key] or "")
            found = marks.MARK.search(value)
            if found and tag in ("img", "a"):
                self._at(marks.number(found[0]))
            if (
                value[:1] in "“”„"
                and value
                and key not in ("alt", "title", "href", "src", "aria-label", "content")
            ):
                self.result.odd_attributes.append((self.line, key, value))
        if tag in QUIET:
            self._code(element, tag)
        elif tag in BLOCKS:
            self._block_element(element, tag, classes)
        else:
            self._inline(element, tag, classes)

    def _code(self, element: Element, tag: str) -> None:
        outer = self.path
        inline = tag != "pre"
        if inline:
            self._add(CODE)
        else:
            self.path = (*outer, "pre")
            self._note_child("pre")
            self._close()
        self.quiet += 1
        start = self.line
        content = []
        for text in element.itertext():
            content.append(text)
            for line in marks.lines_in(text):
                if inline:
                    self.result.span_lines.add(line)
                self._at(line)
        if inline:
            self.result.inline_code.append((start, self._plain(marks.strip("".join(content)))))
        self.quiet -= 1
        self.path = outer

    def _note_child(self, tag: str) -> None:
        if self.box >= 0:
            self.result.boxes[self.box].children.append(tag)

    def _block_element(self, element: Element, tag: str, classes: list[str]) -> None:
        outer_path, outer_box = self.path, self.box
        if "arithmatex" in classes or tag == "math":
            formula = marks.strip("".join(element.itertext()))
            self.result.formulas.append((self.line, formula))
            self._code(element, "pre")
            return
        if tag not in ("summary",) and "admonition-title" not in classes:
            self._note_child(tag)
        kind = _box_kind(tag, classes)
        self.path = (*outer_path, tag)
        if kind:
            self._enter_box(element, kind, classes)
        is_title = tag == "summary" or "admonition-title" in classes
        # md_in_html leaves the text of an element without the attribute `markdown` as it is.
        unread = self.unread
        self.unread += isinstance(element.text, AtomicString) and "\n" in element.text
        self._open("title" if is_title else tag)
        heading = self._start_heading(element, tag)
        self._text(element.text)
        if "tabbed-set" in classes:
            self._tabs(element)
        else:
            for child in element:
                self._element(child)
                self._text(child.tail)
        text = "".join(self.pending)
        if heading is not None:
            heading.text = text.strip()
            block = self.block
            heading.line = block.line if block and text.strip() else self.line
        if is_title and self.box >= 0:
            self.result.boxes[self.box].title = text.strip()
            if any(child.tag in ("a", "button", "input") for child in element.iter()):
                self.result.boxes[self.box].interactive = "link"
        self._close()
        self.path, self.box, self.unread = outer_path, outer_box, unread

    def _start_heading(self, element: Element, tag: str) -> Heading | None:
        if len(tag) != 2 or tag[0] != "h" or tag[1] not in "123456":
            return None
        heading = Heading(
            int(tag[1]), "", marks.strip(element.get("id") or ""), self.line, self.path[:-1]
        )
        self.result.headings.append(heading)
        return heading

    def _enter_box(self, element: Element, kind: str, classes: list[str]) -> None:
        line = self.line
        names = []
        for name in classes:
            found = _LINE_CLASS.fullmatch(name)
            if found:
                line = int(found[1])
            elif name != "admonition":
                names.append(name)
        box = Box(kind, line, self.box, classes=tuple(names), index=len(self.result.boxes))
        box.number = self.numbers.get(element, 0)
        if line != self.line or kind in ("admonition", "details"):
            self.result.context.setdefault(line, "text")
            self.result.box_of.setdefault(line, self.box)
        self.result.boxes.append(box)
        outer = self.box
        self.box = box.index
        while outer >= 0:
            current = self.result.boxes[outer]
            if line != current.line:
                current.first = min(current.first or line, line)
                current.last = max(current.last, line)
            outer = current.parent
        if line > self.line:
            self.line = line

    def _tabs(self, element: Element) -> None:
        """The tabs of a set: one box for each label, filled by the content of the same place."""
        self.groups += 1
        for part in element:
            if part.tag == "input" and part.get("id"):
                self.result.ids.append((marks.strip(part.get("id") or ""), self.line, False))
        labels = [
            child
            for part in element
            for child in ([part] if part.tag == "label" else _labels(part))
        ]
        contents = [child for part in element for child in _contents(part)]
        outer = self.box
        for number, label in enumerate(labels):
            found = marks.MARK.search("".join(label.itertext()))
            line = marks.number(found[0]) if found else self.line
            box = Box(
                "tab",
                line,
                outer,
                marks.strip("".join(label.itertext())),
                index=len(self.result.boxes),
            )
            box.group = self.groups
            if found is None and number < len(contents):
                box.line = 0
            self.result.boxes.append(box)
            self.result.context.setdefault(line, "text")
            self.box = outer
            self._note_child("tab")
            if outer >= 0:
                parent = self.result.boxes[outer]
                parent.first = min(parent.first or line, line)
                parent.last = max(parent.last, line)
            self.box = box.index
            self._open("title")
            self._text(label.text)
            for child in label:
                self._element(child)
                self._text(child.tail)
            self._close()
            if number < len(contents):
                content = contents[number]
                self._open("div")
                self._text(content.text)
                for child in content:
                    self._element(child)
                    self._text(child.tail)
                self._close()
        self.box = outer

    def _inline(self, element: Element, tag: str, classes: list[str]) -> None:
        if tag == "input" or "footnote-ref" in classes:
            return
        if tag == "a":
            self._link(element)
            return
        if tag == "img":
            self._image(element)
            return
        if tag == "br":
            self._add("\n")
            return
        quiet = bool({"arithmatex", "keys"} & set(classes))
        if quiet:
            self._add(CODE)
        self.quiet += quiet
        block, start = self.block, sum(map(len, self.pending))
        self._text(element.text)
        for child in element:
            self._element(child)
            self._text(child.tail)
        if tag in ("em", "strong") and block is not None and block is self.block:
            block.emphasis.append((start, sum(map(len, self.pending))))
        self.quiet -= quiet
        if "twemoji" in classes or not (element.text or len(element)):
            self._add(OBJECT)

    def _link(self, element: Element) -> None:
        attributes = {key: marks.strip(value) for key, value in element.attrib.items()}
        href = attributes.get("href")
        link = Link(
            self._plain(href or ""),
            "",
            self.line,
            "a",
            "href",
            False,
            attributes.get("title", ""),
            attributes,
        )
        if href is not None:
            self.result.links.append(link)
        elif attributes.get("name"):
            self.result.ids.append((attributes["name"], self.line, False))
        if self.links and not self.links[-1].raw and href is not None:
            attributes["zq-nested"] = "1"
        self.links.append(link)
        found = marks.MARK.search(element.text or "")
        if found and not (element.text or "")[: found.start()].strip():
            link.line = marks.number(found[0])
        before = len(self.result.links)
        self._text(element.text)
        for child in element:
            if child.tag == "code":
                link.text += "".join(child.itertext())
            self._element(child)
            self._text(child.tail)
        self.links.pop()
        link.text = link.text.replace(CODE, "")
        if any(inner.tag == "img" for inner in self.result.links[before:]):
            link.attributes["zq-image"] = next(
                i.text for i in self.result.links[before:] if i.tag == "img"
            )

    def _plain(self, text: str) -> str:
        """The text of an attribute, without escapes and with the raw HTML that it took in."""

        def raw(found: re.Match[str]) -> str:
            number = int(found[1])
            item = self.stash[number] if number < len(self.stash) else ""
            return marks.strip(item) if isinstance(item, str) else ""

        return _unescape(_STASHED.sub(raw, text))

    def _image(self, element: Element) -> None:
        attributes = {key: marks.strip(value) for key, value in element.attrib.items()}
        self.result.links.append(
            Link(
                self._plain(attributes.get("src", "")),
                self._plain(attributes.get("alt", "")),
                self.line,
                "img",
                "src",
                False,
                attributes.get("title", ""),
                attributes,
            )
        )
        self._add(OBJECT)

    # raw HTML

    def _raw(self, text: str, number: int) -> None:
        stripped = text.strip()
        single = _RAW_TOKEN.fullmatch(stripped)
        if single and single["tag"] is None:
            self._comment(text)
            return
        if single and not stripped.startswith("<pre"):
            self._raw_tag(single, number, solo=single["tag"].lower() not in BLOCKS)
            if single["tag"].lower() not in BLOCKS:
                self._add(RAW)
            return
        if stripped.startswith("&") and stripped.endswith(";"):
            self._add(ESCAPED)
            return
        if stripped.startswith(("<pre", "<script", "<style")) and stripped.count("<pre") < 2:
            self._raw_code(text, "pre" if stripped.startswith("<pre") else "raw")
            return
        if re.match(r"<(?:code|span class=\"(?:arithmatex|keys))", stripped):
            self._add(CODE)
            for found in marks.MARK.finditer(text):
                self.result.span_lines.add(marks.number(found[0]))
                self._at(marks.number(found[0]))
            return
        self._raw_block(text, number)

    def _comment(self, text: str) -> None:
        for found in marks.MARK.finditer(text):
            self.result.context[marks.number(found[0])] = "comment"

    def _raw_code(self, text: str, kind: str) -> None:
        self._note_child("pre")
        outer = self.path
        self._close()
        self.path = (*outer, "pre")
        self.quiet += 1
        own = _LINE_ATTRIBUTE.search(text)
        if own and text.lstrip().startswith(f"<pre {marks.WORD}"):
            self._at(int(own[1]))
        tag = _RAW_TOKEN.match(text.strip())
        if tag and tag["attrs"]:
            attributes = _attributes(tag["attrs"])
            if attributes.get("id"):
                self.result.ids.append((attributes["id"], self.line, True))
        for found in marks.MARK.finditer(text):
            self._at(marks.number(found[0]))
            self.result.context[self.line] = "code"
        for found in re.finditer(rf"{marks.WORD}=?\"?(\d+)", text):
            self.result.context[int(found[1])] = "code"
        self.quiet -= 1
        self.path = outer

    def _raw_block(self, text: str, number: int) -> None:
        outer = self.path
        self.path = (*outer, "raw")
        self._close()
        self._open("raw", raw=True)
        position, quiet = 0, 0
        for token in _RAW_TOKEN.finditer(text):
            self._raw_text(text[position : token.start()], quiet)
            position = token.end()
            if token["tag"] is None:
                self._comment(token[0])
                continue
            name = token["tag"].lower()
            if name in QUIET:
                quiet = max(0, quiet - 1) if token["close"] else quiet + 1
                self._add(CODE)
            self._raw_tag(
                token, number, solo=False, hidden=quiet > 1 or (quiet == 1 and name not in QUIET)
            )
            if name in BLOCKS:
                self._open("raw", raw=True)
            elif name not in QUIET:
                self._add(RAW)
        self._raw_text(text[position:], quiet)
        self._close()
        self.path = outer

    def _raw_text(self, text: str, quiet: int) -> None:
        self.quiet += 1 if quiet else 0
        position = 0
        for found in marks.MARK.finditer(text):
            self._add(text[position : found.start()])
            position = found.end()
            line = marks.number(found[0])
            self._at(line)
            if self.result.context.get(line) != "code":
                self.result.context[line] = "code" if quiet else "raw"
        for found in re.finditer(rf" {marks.WORD}(\d+)", text):
            self.result.context[int(found[1])] = "code" if quiet else "raw"
        self._add(
            html.unescape(marks.strip(text[position:]))
            if "&" in text
            else marks.strip(text[position:])
        )
        self.quiet -= 1 if quiet else 0

    def _raw_tag(self, token: re.Match[str], number: int, solo: bool, hidden: bool = False) -> None:
        name = token["tag"].lower()
        source = token["attrs"] or ""
        own = _LINE_ATTRIBUTE.search(source)
        if own:
            line = int(own[1])
            self._at(line)
            if not solo and self.result.context.get(line) != "code":
                self.result.context[line] = "raw"
        attributes = _attributes(marks.strip(source))
        attributes.pop(marks.WORD, None)
        tag = RawTag(
            name,
            bool(token["close"]),
            self.line,
            attributes,
            solo,
            source.rstrip().endswith("/"),
            number,
            solo,
            token["tag"],
        )
        self.result.raw_tags.append(tag)
        if solo and name in QUIET and name not in ("svg", "math"):
            self.quiet = max(0, self.quiet - 1) if tag.close else self.quiet + 1
        if tag.close:
            if name == "a" and self.links and self.links[-1].raw:
                self.links.pop()
            return
        identity = attributes.get("id") or (attributes.get("name") if name == "a" else "")
        if identity:
            self.result.ids.append((identity, self.line, not hidden))
        self._raw_links(name, attributes)

    def _raw_links(self, name: str, attributes: dict[str, str]) -> None:
        for key in ("href", "src", "srcset", "poster", "data"):
            if key not in attributes or (key == "data" and name != "object"):
                continue
            if key == "href" and name not in ("a", "area", "link"):
                continue
            text = attributes.get("alt", "") if name == "img" else ""
            link = Link(
                html.unescape(attributes[key]),
                text,
                self.line,
                name,
                key,
                True,
                attributes.get("title", ""),
                attributes,
            )
            self.result.links.append(link)
            if name == "a" and key == "href":
                if self.links and self.links[-1].raw:
                    self.links.pop()
                self.links.append(link)
        if name == "img" and self.links:
            self.links[-1].attributes["zq-image"] = attributes.get("alt", "")
        if name == "img" and "src" not in attributes:
            self.result.links.append(
                Link("", attributes.get("alt", ""), self.line, "img", "src", True, "", attributes)
            )


def _attributes(source: str) -> dict[str, str]:
    return {
        m[1].lower(): m[2] or m[3] or m[4] or ""
        for m in _ATTRIBUTE.finditer(source.rstrip().removesuffix("/"))
    }


def _unescape(text: str) -> str:
    text = re.sub("\x02(\\d+)\x03", lambda m: chr(int(m[1])) if int(m[1]) < 0x110000 else "", text)
    return html.unescape(re.sub("\x02amp\x03", "&", text))


def _labels(part: Element) -> list[Element]:
    if part.tag == "div" and "tabbed-labels" in (part.get("class") or ""):
        return [child for child in part if child.tag == "label"]
    return []


def _contents(part: Element) -> list[Element]:
    classes = (part.get("class") or "").split()
    if "tabbed-content" not in classes:
        return []
    blocks = [child for child in part if "tabbed-block" in (child.get("class") or "").split()]
    return blocks or [part]


def _box_kind(tag: str, classes: list[str]) -> str:
    if tag == "div" and "admonition" in classes:
        return "admonition"
    if tag in ("details", "blockquote", "li", "dd", "td", "th"):
        return tag
    return ""


Formatter = Callable[..., str]
