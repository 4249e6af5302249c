"""What a line looks like that may open or close a block of code."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCE = re.compile(
    r"(?P<lead>[ \t]*(?:>[ \t]?)*[ \t]*(?:(?:[-*+]|\d+\.)["
    r" \t]+)*)(?P<signs>`{3,}|~{3,})(?P<info>.*)$"
)


@dataclass(frozen=True, slots=True)
class Fence:
    """A line that may open or close a block of code.

    Args:
        lead: what stands before its signs.
        info: what stands behind them, without the blanks around it.
    """

    line: int
    lead: str
    signs: str
    info: str

    @property
    def column(self) -> int:
        """The column of its signs."""
        return len(self.lead.expandtabs(4))

    def same_sign(self, other: Fence) -> bool:
        """Whether both are of backticks, or both of tildes."""
        return self.signs[0] == other.signs[0]

    def as_long(self, other: Fence) -> bool:
        """Whether it has at least as many signs."""
        return len(self.signs) >= len(other.signs)


def read(text: str, line: int) -> Fence | None:
    """The fence that a line may be."""
    found = _FENCE.match(text)
    return Fence(line, found["lead"], found["signs"], found["info"].strip()) if found else None
