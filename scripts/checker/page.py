"""A page as the rules see it: its source lines, what they became, and helpers to report."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from scripts.checker import marks
from scripts.checker.config import FRONT, Config
from scripts.checker.problem import Edit, Problem
from scripts.checker.render import Block, Rendered

_META = re.compile(r"(?:[A-Za-z0-9_-]+:[^\n]*\n)+(?:[ ]{4,}[^\n]*\n)*(?=\s*\n)")
_SPAN = re.compile(r"(?<![\\`])(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_FENCE = re.compile(
    r"([ \t>]*(?:`{3,}|~{3,})[ \t]*[\w#.+-]+)[ \t]+((?:[A-Za-z][\w-]{2,}(?:=\"[^\"]*\")?[ \t]*)+)$"
)
_COMMENT = re.compile(r"<!--.*?-->")
# Plugins that run a page through Jinja, and what a page says for and against it.
_TEMPLATES = ("macros", "markdownextradata")
_NO_TEMPLATE = re.compile(
    r"(?:ignore_macros\s*:\s*true|render_macros\s*:\s*false)\b", re.IGNORECASE
)
_TEMPLATE = re.compile(r"(?:ignore_macros\s*:\s*false|render_macros\s*:\s*true)\b", re.IGNORECASE)


@dataclass
class Page:
    """One Markdown file of a project."""

    path: str
    text: str
    config: Config
    rendered: Rendered = field(default_factory=Rendered)
    missing_extensions: tuple[str, ...] = ()
    styles: frozenset[str] = frozenset()
    found: dict[str, list[Problem]] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)

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
        self, line: int, message: str, column: int = 0, edit: Edit | None = None
    ) -> Problem:
        """A finding on this page; without a column at the first sign of the line."""
        line = min(max(line, 1), max(len(self.lines), 1))
        if not column:
            source = self.lines[line - 1]
            column = len(source) - len(source.lstrip()) + 1
        return Problem(self.path, line, column, "", marks.shown(message), edit)

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

        The line is the parser's; in it the sign is counted, code and comments left out.
        """
        line = block.line_at(offset)
        start = offset
        while start and block.text[start - 1] != "\n" and block.line_at(start - 1) == line:
            start -= 1
        column = -1
        source = self.clean[line - 1] if 0 < line <= len(self.clean) else ""
        for _ in range(block.text.count(sign, start, offset) + 1):
            following = source.find(sign, column + 1)
            if following < 0:
                break
            column = following
        return line, column + 1 if column >= 0 else self.column_of(line, "")

    def locate(self, line: int, part: str, reach: int = 6) -> tuple[int, int]:
        """The line and column where a part of the source stands, from a line onwards."""
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


def front_lines(text: str) -> int:
    """How many lines MkDocs takes from the head of a page as its metadata."""
    found = FRONT.match(text)
    if found:
        import yaml

        try:
            data = yaml.load(found[1], Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        except Exception:
            return found[0].count("\n")
        return found[0].count("\n") if isinstance(data, dict) or data is None else 0
    if text.startswith("---"):
        return 0
    meta = _META.match(text)
    return meta[0].count("\n") if meta and not text.startswith(("http:", "https:")) else 0


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


def clean_line(line: str) -> str:
    """The line with code spans and comments replaced by signs of the same length."""
    if "`" in line:
        line = _SPAN.sub(lambda m: "\ue000" * len(m[0]), line)
    if "<!--" in line:
        line = _COMMENT.sub(lambda m: "\ue000" * len(m[0]), line)
    return line


def in_code_span(line: str, column: int) -> bool:
    """Whether a place in a line lies inside a code span."""
    return any(found.start() <= column < found.end() for found in _SPAN.finditer(line))


def indent(line: str) -> int:
    """The width of the blanks at the head of a line; a tab counts up to the next fourth column."""
    width = 0
    for sign in line:
        if sign == " ":
            width += 1
        elif sign == "\t":
            width += 4 - width % 4
        else:
            break
    return width
