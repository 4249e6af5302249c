"""What a rule reports."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Edit:
    """One safe mend: the lines `first` to `last` become `lines`; `before` is what must stand there."""

    first: int
    last: int
    before: tuple[str, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands: a file of the project, a line and a column, both counted from 1."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: the code of its rule, where it stands, what is wrong and what to do, and a safe mend."""

    code: str
    place: Place
    text: str
    fix: Edit | None = field(default=None, compare=False)

    @property
    def path(self) -> str:
        """The file in which it stands."""
        return self.place.path

    @property
    def line(self) -> int:
        """The line on which it stands."""
        return self.place.line

    @property
    def column(self) -> int:
        """The column at which it stands."""
        return self.place.column

    def key(self) -> tuple[Place, str, str]:
        """The order of a report."""
        return (self.place, self.code, self.text)

    def __str__(self) -> str:
        return f"{self.place}: {self.code} {self.text}"

    def within(self, path: str) -> Problem:
        """The same finding in a file of another path."""
        return replace(self, place=replace(self.place, path=path))

    def pack(self) -> list[Any]:
        """A form that JSON can hold."""
        fix = self.fix
        packed = [fix.first, fix.last, list(fix.before), list(fix.lines)] if fix else None
        return [self.code, self.path, self.line, self.column, self.text, packed]

    @staticmethod
    def unpack(data: list[Any]) -> Problem:
        """The problem that `pack` made the data of."""
        code, path, line, column, text, packed = data
        fix = Edit(packed[0], packed[1], tuple(packed[2]), tuple(packed[3])) if packed else None
        return Problem(code, Place(path, line, column), text, fix)
