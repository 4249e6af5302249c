"""The place that has been reached in a rendered tree: its line, its block, and what it stands in."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any
from xml.etree.ElementTree import Element

from scripts.checker.rendered import ESCAPED, Block, Link, Rendered


class Cursor:
    """A place in a rendered tree; what passes it is noted in the result."""

    def __init__(self, stash: list[Any], bare: list[tuple[int, str]], result: Rendered) -> None:
        self.stash: list[Any] = stash
        self.bare = bare
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

    def _note_child(self, tag: str) -> None:
        if self.box >= 0:
            self.result.boxes[self.box].children.append(tag)
