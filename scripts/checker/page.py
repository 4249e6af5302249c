"""A page: its source, what became of it, what is wrong with it, and what it was made from.

The check, the builder and the server share it: the rules read it, and extensions of Python-Markdown report
through it (`page_of`). Whoever renders a page hands it to its Markdown instance.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from scripts.checker import inputs, marks, source, symlinks
from scripts.checker.config import Config
from scripts.checker.inputs import Inputs
from scripts.checker.problem import Edit, Place, Problem
from scripts.checker.rendered import Block, Rendered
from scripts.checker.source import clean_line, front_lines
from scripts.checker.source import indent as indent

T = TypeVar("T")

_FENCE = re.compile(
    r"([ \t>]*(?:`{3,}|~{3,})[ \t]*[\w#.+-]+)[ \t]+((?:[A-Za-z][\w-]{2,}(?:=\"[^\"]*\")?[ \t]*)+)$"
)
# Where the text of a block and its source part: placeholders, marks and the ends of lines.
_OTHER = re.compile("[\ue000-\ue003\n]")
# Stands for the path of what the settings append to every page: a fault in it is one of the project.
APPENDED = "\0appended"
# Plugins that run a page through Jinja, and what a page says for and against it.
_TEMPLATES = ("macros", "markdownextradata")
_NO_TEMPLATE = re.compile(
    r"(?:ignore_macros\s*:\s*true|render_macros\s*:\s*false)\b", re.IGNORECASE
)
_TEMPLATE = re.compile(r"(?:ignore_macros\s*:\s*false|render_macros\s*:\s*true)\b", re.IGNORECASE)


@dataclass
class Page:
    """One Markdown file of a project.

    Args:
        path: where it lies below the docs folder; empty if nobody knows.
        text: the whole file, front matter included.
        file: the file itself.
        problems: what the extensions have reported while they rendered it.
        inputs: what it was made from besides its text.
        shared: what has been computed once for all pages of the present build or check.
        marked: whether the text that is rendered carries the marks of the check.
        tell: whom to tell of a problem at once, and whether other pages have it as well.
    """

    path: str
    text: str
    config: Config
    rendered: Rendered = field(default_factory=Rendered)
    missing_extensions: tuple[str, ...] = ()
    styles: frozenset[str] = frozenset()
    found: dict[str, list[Problem]] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    file: Path | None = None
    problems: list[Problem] = field(default_factory=list)
    inputs: Inputs = field(default_factory=dict)
    shared: dict[Hashable, Any] = field(default_factory=dict)
    marked: bool = False
    tell: Callable[[Problem, bool], object] = lambda problem, shared: None
    _seen: dict[str, int] = field(default_factory=dict)

    @cached_property
    def lines(self) -> list[str]:
        """The source lines; line 1 is `lines[0]`."""
        return self.text.split("\n")

    @cached_property
    def front_lines(self) -> int:
        """How many lines the front matter takes."""
        return front_lines(self.text)

    @cached_property
    def body(self) -> list[str]:
        """The source lines with the front matter and the comments of a template blanked."""
        body = [""] * self.front_lines + self.lines[self.front_lines :]
        return without_comments(body, self.config, self.lines[: self.front_lines])

    @cached_property
    def clean(self) -> list[str]:
        """The body's lines with code spans and comments blanked by characters of no meaning."""
        return [clean_line(line) for line in self.body]

    def line(self, number: int) -> str:
        """A source line, empty outside the page."""
        return self.body[number - 1] if 0 < number <= len(self.body) else ""

    def context(self, number: int) -> str:
        """What became of a line: text, code, raw, comment or nothing."""
        return self.rendered.context.get(number, "")

    def is_code(self, number: int) -> bool:
        """Whether a line is shown as code or not at all."""
        context = self.rendered.context.get(number, "")
        return context in ("code", "comment")

    def in_fence(self, number: int) -> bool:
        """Whether a line belongs to a fenced code block."""
        return number in self._fenced

    @cached_property
    def _fenced(self) -> frozenset[int]:
        return frozenset(n for start, end in self.rendered.fences for n in range(start, end + 1))

    def next_text(self, number: int) -> int:
        """The next line that is not blank, or 0."""
        for index in range(number, len(self.body)):
            if self.body[index].strip():
                return index + 1
        return 0

    def previous_text(self, number: int) -> int:
        """The last line before that is not blank, or 0."""
        for index in range(number - 2, -1, -1):
            if self.body[index].strip():
                return index + 1
        return 0

    def problem(
        self,
        line: int,
        message: str,
        column: int = 0,
        edit: Edit | None = None,
        code: str = "",
    ) -> Problem:
        """A finding on this page; without a column at the first sign of the line."""
        if line > len(self.lines) and self.config.appended:
            return Problem(code, Place(APPENDED, 1, 1), marks.shown(message))
        line = min(max(line, 1), max(len(self.lines), 1))
        if not column:
            source = self.lines[line - 1]
            column = len(source) - len(source.lstrip()) + 1
        return Problem(code, Place(self.path, line, column), marks.shown(message), edit)

    def replace(self, line: int, new: str) -> Edit:
        """A mend that replaces one line."""
        return Edit(line, line, (self.lines[line - 1],), (new,))

    def column_of(self, line: int, part: str) -> int:
        """Where a part stands in a line, or its first sign."""
        source = self.line(line)
        found = source.find(part) if part else -1
        return found + 1 if found >= 0 else len(source) - len(source.lstrip()) + 1

    def place(self, block: Block, offset: int, sign: str) -> tuple[int, int]:
        """The line and column of a sign that stands at a place in a block's text.

        The line is the parser's; in it the sign is known by what stands around it, code and comments left out.
        """
        line = block.line_at(offset)
        source = self.clean[line - 1] if 0 < line <= len(self.clean) else ""
        before = _OTHER.split(block.text[max(offset - 24, 0) : offset])[-1]
        after = _OTHER.split(block.text[offset + len(sign) : offset + len(sign) + 24])[0]
        for reach in (24, 8, 3, 1):
            head, tail = before[-reach:], after[:reach]
            for part, skip in (
                (head + sign + tail, len(head)),
                (head + sign, len(head)),
                (sign + tail, 0),
            ):
                if part != sign and source.count(part) == 1:
                    return line, source.index(part) + skip + 1
        ends = not block.text[offset + len(sign) :].partition("\n")[0].strip()
        column = source.rfind(sign) if ends else source.find(sign)
        return line, column + 1 if column >= 0 else self.column_of(line, "")

    def locate(self, line: int, part: str, reach: int = 6) -> tuple[int, int]:
        """The line and column where a part of the source stands, from a line onwards."""
        if line > len(self.lines) and self.config.appended:
            return line, 1
        line = min(max(line, 1), len(self.lines))
        for number in range(max(line, 1), min(line + reach, len(self.lines)) + 1):
            found = self.lines[number - 1].find(part)
            if found >= 0:
                return number, found + 1
        for number in range(max(line - 1, 1), max(line - reach, 0), -1):
            found = self.lines[number - 1].find(part)
            if found >= 0:
                return number, found + 1
        return line, self.column_of(line, "")

    # what the extensions ask and say

    @property
    def docs(self) -> Path:
        """The folder of all pages."""
        return self.config.docs

    @property
    def folder(self) -> Path | None:
        """The folder of the page's source."""
        return self.file.parent if self.file else None

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, computed once a build: nothing changes on disk while one runs."""
        if key not in self.shared:
            self.shared[key] = make()
        found: T = self.shared[key]
        return found

    def ask(self, function: Callable[..., T], *paths: Path) -> T:
        """What a function gives; the page is made from its answer, which may change when the source does not.

        It is a function of a module, so that the same can be asked again by another process.
        """
        question = inputs.question(function, *paths)
        answer = self.once(question, lambda: function(*paths))
        if question not in self.inputs:
            self.inputs[question] = self.once(("digest", question), lambda: inputs.digest(answer))
        return answer

    def reads(self, path: Path) -> None:
        """Say that the page is made from a file, or from there being none."""
        self.ask(inputs.contents, path)

    def has(self, path: str) -> bool:
        """Whether the docs folder has the file, so that a link to it can stand."""
        return bool(self.path) and self.ask(inputs.exists, self.docs / path)

    def plain(self, text: str) -> str:
        """A text of the page as its author wrote it, without the marks of the check."""
        return marks.strip(text) if self.marked else text

    def report(self, code: str, text: str, offset: int = 0) -> None:
        """Tell of a problem at an offset of the text."""
        line, column = source.position(self.text, max(offset, 0))
        self.report_at(Problem(code, Place(self.path, line, column), text))

    def report_at(self, problem: Problem, shared: bool = False) -> None:
        """Tell of a problem once, be it in this page or in a file from which it is made.

        `shared` says that no page which is made from that file can be right.
        """
        if problem not in self.problems:
            self.problems.append(problem)
            if problem.path == self.path or shared:
                self.tell(problem, shared)
            else:
                self.once(problem, lambda: self.tell(problem, shared))

    @cached_property
    def unquoted(self) -> str:
        """The text with its code blanked; every offset is that of the text."""
        return source.blank(self.text)

    def find(self, needle: str) -> int:
        """The offset of a text outside code; the next one each time the same text is looked for."""
        needle = self.plain(needle)
        start = self._seen.get(needle, 0)
        at = self.unquoted.find(needle, start)
        if at < 0:
            at = self.unquoted.find(needle) if start else self.text.find(needle)
        else:
            self._seen[needle] = at + 1
        return max(at, 0)

    def find_block(self, block: str) -> int:
        """The offset of lines that stand together, indented or not; the next one each time."""
        block = self.plain(block)
        wanted = block.strip("\n").split("\n")
        key = "\n" + block
        at = source.find_lines(self.text, wanted, self._seen.get(key, 0))
        if at < 0:
            return self.find(wanted[0].strip())
        self._seen[key] = at + 1
        lines = self.text.split("\n")
        lead = len(lines[at]) - len(lines[at].lstrip(" \t>"))
        return sum(len(line) + 1 for line in lines[:at]) + lead

    def link(self, path: str, anchor: str = "") -> str:
        """A relative link to a file below docs/, as an author would write it: the builder checks it."""
        here = posixpath.dirname(self.path)
        link = self.once(("link", here, path), lambda: posixpath.relpath(path, here or "."))
        return f"{link}#{anchor}" if anchor else link

    def target(self, link: str) -> Path | None:
        """The file that a relative link of this page means; None outside docs/ or without a page path."""
        if self.folder is None or re.match(r"[a-z][a-z0-9+.-]*:|[/\\#]", link, re.IGNORECASE):
            return None
        path = Path(posixpath.normpath((self.folder / link).as_posix()))
        if not path.is_relative_to(self.docs) or symlinks.outward(path, self.docs):
            return None
        return path


def page_of(md: Any) -> Page | None:
    """The page that a Markdown instance renders, if one was handed to it."""
    found = getattr(md, "page", None)
    return found if isinstance(found, Page) else None


def without_comments(lines: list[str], config: Config, front: Sequence[str]) -> list[str]:
    """The lines without what a template engine takes out of them before Markdown is read."""
    options = next(
        (o for key, o in config.plugins.items() if key.rsplit("/", 1)[-1] in _TEMPLATES), None
    )
    if options is None or any(_NO_TEMPLATE.match(line) for line in front):
        return lines
    if options.get("render_by_default") is False and not any(_TEMPLATE.match(n) for n in front):
        return lines
    opening = str(options.get("j2_comment_start_string") or "{#")
    closing = str(options.get("j2_comment_end_string") or "#}")
    text = "\n".join(lines)
    if opening not in text:
        return lines
    pattern = re.compile(rf"{re.escape(opening)}.*?{re.escape(closing)}", re.DOTALL)
    return pattern.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text).split("\n")


def for_rendering(page: Page) -> str:
    """The body without options of fences that only the project's hooks understand."""
    hooks = page.config.hook_text
    if not hooks:
        return "\n".join(page.body)
    lines = []
    for text in page.body:
        found = _FENCE.match(text)
        words = re.findall(r"([A-Za-z][\w-]+=?)(?:\"[^\"]*\")?", found[2]) if found else []
        known = words and all(
            word in hooks and (len(word) > 4 or word.endswith("=")) for word in words
        )
        lines.append(
            found[1]
            if found and known and not {"title=", "hl_lines=", "linenums="} & set(words)
            else text
        )
    return "\n".join(lines)
