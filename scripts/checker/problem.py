"""What a rule reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Edit:
    """One safe mend: the lines `first` to `last` become `lines`; `before` is what must stand there."""

    first: int
    last: int
    before: tuple[str, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding, with the place where it stands and what to do."""

    path: str
    line: int
    column: int
    code: str
    message: str
    edit: Edit | None = field(default=None, compare=False)

    def key(self) -> tuple[str, int, int, str, str]:
        """The order of a report."""
        return (self.path, self.line, self.column, self.code, self.message)

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.code} {self.message}"

    def pack(self) -> list[Any]:
        """A form that JSON can hold."""
        edit = self.edit
        packed = [edit.first, edit.last, list(edit.before), list(edit.lines)] if edit else None
        return [self.path, self.line, self.column, self.code, self.message, packed]

    @staticmethod
    def unpack(data: list[Any]) -> Problem:
        """The problem that `pack` made the data of."""
        path, line, column, code, message, packed = data
        edit = Edit(packed[0], packed[1], tuple(packed[2]), tuple(packed[3])) if packed else None
        return Problem(path, line, column, code, message, edit)
