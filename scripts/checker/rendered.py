"""What a page became: the data that the rules look at."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from scripts.checker import marks

CODE = marks.CODE
ESCAPED = marks.ESCAPED
RAW = marks.RAW
OBJECT = marks.OBJECT
BLOCKS = frozenset(
    "address article aside blockquote body center dd details dialog dir div dl dt fieldset"
    " figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 header hgroup hr html iframe legend"
    " li link main menu nav noframes noscript ol optgroup option p param pre script section source"
    " style summary table tbody td template tfoot th thead title tr ul video audio canvas math".split()
)
VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
QUIET = frozenset("code pre script style kbd samp math svg textarea template var".split())


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
