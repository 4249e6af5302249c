"""Recipes of numbers alone: what a page tells in words, from runs that are too long for a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.figures import style


def nothing(table: style.Table, axes: Any) -> None:
    """Draws nothing."""


@dataclass(frozen=True)
class Numbers(style.Recipe):
    """Numbers that a page tells in words, from runs that are too long for a test: a table without a picture."""

    draw: Callable[[style.Table, Any], None] = nothing

    @property
    def drawings(self) -> list[Path]:
        """There are none."""
        return []

    def render(self, table: style.Table) -> list[str]:
        """There is nothing to draw."""
        return []

    def changed(self, drawn: str, written: str) -> bool:
        """No picture can have other words."""
        return False

    def refresh(self) -> list[str]:
        """Compute the numbers and write them if they have come out differently."""
        table = self.numbers()
        problems = style.compared(self, table)
        if not problems:
            return []
        style.put(self, table)
        why = problems[0].partition(": run python3 ")[0]
        return [f"{self.csv.relative_to(style.DOCS.parent).as_posix()}: {why}"]
