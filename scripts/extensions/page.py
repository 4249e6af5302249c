"""The page that is being rendered: its path, its problems, links to other pages, and the numbers on it.

The path is learnt from the builder by duck typing: MkDocs and ProperDocs register a tree processor
`relpath` that carries the file. Without a builder a page has no path: what needs none still works.

A problem is logged as a warning under the builder's own logger, so that strict builds fail, and reads
`docs/models/vae.md:12:5: what is wrong; what to do`.
"""

from __future__ import annotations

import logging
import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor

from scripts.extensions import equation_tests, files, source

DOCS = Path(__file__).resolve().parents[2] / "docs"
T = TypeVar("T")
NUMBERED = {"equation": "({})", "figure": "Figure {}", "table": "Table {}"}


# Without a builder nobody has asked to hear of problems: they are kept in the page.
logging.getLogger("scripts.extensions").addHandler(logging.NullHandler())


@dataclass(frozen=True, order=True)
class Problem:
    """What is wrong where."""

    path: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.message}"


@dataclass(frozen=True)
class Input:
    """Something besides its source that a page was made from: what it was, and how to ask again."""

    value: object
    ask: Callable[[], object]


@dataclass
class Page:
    """One page while it is rendered, and what is known of it afterwards."""

    md: Markdown
    uri: str = ""
    docs: Path = DOCS
    path: Path | None = None
    builder: str = ""
    text: str = ""
    problems: list[Problem] = field(default_factory=list)
    inputs: dict[str, Input] = field(default_factory=dict)
    formulas: list[tuple[str, str]] = field(default_factory=list)
    _seen: dict[str, int] = field(default_factory=dict)
    _site: dict[str, Any] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        """The folder that holds docs/ and tests/."""
        return self.docs.parent

    @property
    def tests(self) -> dict[str, tuple[equation_tests.Test, ...]]:
        """The tests of each equation, looked for once a build."""
        folder = self.root / "tests"  # not `self`: who asks later must not keep the builder
        self.uses("tests", lambda: equation_tests.labels(folder))
        return self.once("tests", lambda: equation_tests.of(folder))

    def once(self, key: str, make: Callable[[], T]) -> T:
        """What `make` gives, computed once a build: nothing changes on disk while one runs."""
        if key not in self._site:
            self._site[key] = make()
        found: T = self._site[key]
        return found

    def uses(self, key: str, ask: Callable[[], object]) -> None:
        """Say that the page is made from something that may change without its source changing."""
        if key not in self.inputs:
            self.inputs[key] = Input(self.once(f"input {key}", ask), ask)

    def reads(self, path: Path) -> None:
        """Say that the page is made from a file."""
        self.uses(f"file {path}", lambda: files.signature(path))

    @property
    def folder(self) -> Path | None:
        """The folder of the page's source."""
        return self.path.parent if self.path else None

    def start(self, text: str) -> None:
        """Begin a conversion: ask the builder which page this is."""
        self.text, self.problems, self.inputs, self._seen = text, [], {}, {}
        self.formulas, self._site = [], {}
        self.uri, self.path, self.docs, self.builder = "", None, DOCS, ""
        if "relpath" in self.md.treeprocessors:
            self._ask_mkdocs(self.md.treeprocessors["relpath"])
        elif "rendering_context" in self.md.preprocessors:
            self._ask_zensical(self.md.preprocessors["rendering_context"])

    def _ask_mkdocs(self, processor: object) -> None:
        """MkDocs and ProperDocs: the processor of links knows the file."""
        self.builder = type(processor).__module__.partition(".")[0]
        file = getattr(processor, "file", None)
        uri, path = getattr(file, "src_uri", None), getattr(file, "abs_src_path", None)
        if not isinstance(uri, str):
            return
        self.uri = uri
        folder = getattr(getattr(processor, "config", None), "docs_dir", None)
        if isinstance(path, str):
            self.path = Path(path)
            if path.replace("\\", "/").endswith("/" + uri):
                folder = path[: -len(uri) - 1]
        if folder:
            self.docs = Path(folder)
        global _build
        build = getattr(processor, "files", None)
        if build is None or build is not _build[0]:
            _build = (build, {})
        self._site = _build[1]

    def _ask_zensical(self, processor: object) -> None:
        """Zensical: a preprocessor carries the page and the settings."""
        self.builder = "zensical"
        uri = getattr(getattr(processor, "page", None), "path", None)
        config = getattr(processor, "config", None)
        if not isinstance(uri, str) or not isinstance(config, dict):
            return
        self.uri = uri.replace("\\", "/")
        self.docs = Path(str(config.get("docs_dir") or DOCS)).absolute()
        self.path = self.docs / self.uri

    def _front_matter(self) -> int:
        """How many lines of the file the builder has cut off before the text."""
        if self.path is None:
            return 0
        try:
            whole = files.read(self.path)
        except (OSError, UnicodeDecodeError):
            return 0
        at = whole.rfind(self.text.strip("\n")) if self.text.strip() else -1
        if at < 0:
            return 0
        lead = len(self.text) - len(self.text.lstrip("\n"))
        return whole.count("\n", 0, at) - lead

    def report(self, message: str, offset: int = 0, shared: str = "") -> None:
        """Tell of a problem at an offset of the text.

        `shared` says the same of a file from which other pages are made, too: a server for authors says
        it once, and shows no page that was made without that file.
        """
        line, column = source.position(self.text, max(offset, 0))
        name = f"{self.docs.name}/{self.uri}" if self.uri else "page"
        problem = Problem(name, line + self._front_matter(), column, message)
        if problem in self.problems:
            return
        self.problems.append(problem)
        prefix = f"{self.builder}." if self.builder else ""
        log = logging.getLogger(f"{prefix}scripts.extensions")
        log.warning(str(problem), extra={"shared": shared})

    def find(self, needle: str) -> int:
        """The offset of a text outside code; the next one each time the same text is looked for."""
        blanked = source.blank(self.text)
        start = self._seen.get(needle, 0)
        at = blanked.find(needle, start)
        if at < 0:
            at = blanked.find(needle) if start else self.text.find(needle)
        else:
            self._seen[needle] = at + 1
        return max(at, 0)

    def find_block(self, block: str) -> int:
        """The offset of lines that stand together, indented or not; the next one each time."""
        wanted = block.strip("\n").split("\n")
        key = "\n" + block
        at = source.find_lines(self.text, wanted, self._seen.get(key, 0))
        if at < 0:
            return self.find(wanted[0].strip())
        self._seen[key] = at + 1
        lines = self.text.split("\n")
        indent = len(lines[at]) - len(lines[at].lstrip(" \t>"))
        return sum(len(line) + 1 for line in lines[:at]) + indent

    def link(self, uri: str, anchor: str = "") -> str:
        """A relative link to a file below docs/, as an author would write it: the builder checks it."""
        here = posixpath.dirname(self.uri)
        path = self.once(f"link {here} {uri}", lambda: posixpath.relpath(uri, here or "."))
        return f"{path}#{anchor}" if anchor else path

    def target(self, link: str) -> Path | None:
        """The file that a relative link of this page means; None outside docs/ or without a page path."""
        if self.folder is None or re.match(r"[a-z][a-z0-9+.-]*:|[/\\#]", link, re.IGNORECASE):
            return None
        path = Path(posixpath.normpath((self.folder / link).as_posix()))
        return path if path.is_relative_to(self.docs) else None

    def has(self, uri: str) -> bool:
        """Whether docs/ has the file, so that a link to it can stand."""
        return bool(self.uri) and self.once(f"has {uri}", (self.docs / uri).is_file)


@dataclass(frozen=True)
class Record:
    """What is kept of a rendered page: what it was made from, and its problems."""

    inputs: dict[str, Input]
    problems: list[Problem]


rendered: dict[str, Record] = {}
# What has been computed once for the present build, known by the builder's own list of files.
_build: tuple[object, dict[str, Any]] = (None, {})


def of(md: Markdown) -> Page:
    """The page that a Markdown instance renders; the first call makes the instance keep one."""
    page = getattr(md, "page", None)
    if not isinstance(page, Page):
        page = Page(md)
        md.page = page  # type: ignore[attr-defined]
        md.preprocessors.register(_Start(md), "page-start", 1000)
        md.treeprocessors.register(_Numbers(md), "page-numbers", 16)
    return page


class _Start(Preprocessor):
    """Sees the text of the page before anything else does."""

    def run(self, lines: list[str]) -> list[str]:
        page = of(self.md)
        page.start("\n".join(lines))
        if page.uri:
            rendered[page.uri] = Record(page.inputs, page.problems)
        return lines


class _Numbers(Treeprocessor):
    """Numbers equations, figures and tables, and writes the numbers into links to them."""

    def run(self, root: Element) -> None:
        page = of(self.md)
        counts = dict.fromkeys(NUMBERED, 0)
        labels: dict[str, str] = {}
        for element in root.iter():
            kind = element.attrib.pop("data-number", None)
            if kind is None:
                continue
            counts[kind] += 1
            label = NUMBERED[kind].format(counts[kind])
            for part in element.iter():
                if part.get("data-label") == kind:
                    del part.attrib["data-label"]
                    part.text = label
                    if part.tag == "a":
                        part.set("aria-label", f"{kind.capitalize()} {counts[kind]}")
            name = element.get("id")
            if name in labels:
                page.report(f"the id '{name}' is used twice; rename one", page.find(f"#{name}"))
            elif name:
                labels[name] = label
        if labels:
            self._refer(root, labels)

    def _refer(self, root: Element, labels: dict[str, str]) -> None:
        for link in root.iter("a"):
            href = link.get("href", "")
            label = labels.get(href[1:]) if href.startswith("#") else None
            if label is None or "number" in (link.get("class") or ""):
                continue
            mark = Element("span", {"class": "reference-number"})
            mark.text = label if label.startswith("(") else f"({label})"
            if len(link):
                link[-1].tail = (link[-1].tail or "") + "\u00a0"
            elif link.text:
                link.text += "\u00a0"
            link.append(mark)


def parents(root: Element) -> Iterator[tuple[Element, int, Element]]:
    """Every element with its parent and its place there, safe against changes of what was passed."""
    for parent in list(root.iter()):
        for index, child in enumerate(list(parent)):
            yield parent, index, child


def sub(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    """A new child; attribute names lose a trailing underscore and turn inner ones into hyphens."""
    made = SubElement(
        parent, tag, {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
    )
    made.text = text
    return made
