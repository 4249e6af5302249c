"""The visual language of the diagrams: how a model is put together, drawn twice with the same parts.

A recipe names the figure, the function that draws it on a `Sheet`, and, if numbers are computed, the one
that computes them. It writes a wide drawing, a narrow one for phones, and the numbers.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.figures import style
from scripts.figures.diagram.legible import faults
from scripts.figures.diagram.lettering import decimal, vector
from scripts.figures.diagram.shapes import Arrow, Port, Shape
from scripts.figures.diagram.sheet import LOSS, NARROW, WIDE, Sheet

__all__ = [
    "LOSS",
    "NARROW",
    "WIDE",
    "Arrow",
    "Port",
    "Recipe",
    "Shape",
    "Sheet",
    "decimal",
    "faults",
    "vector",
]


@dataclass(frozen=True)
class Recipe(style.Recipe):
    """A diagram: `name.svg`, 704 pixels wide, `name.narrow.svg`, 350 wide, and `name.csv`.

    Args:
        name: path below `docs/` without ending, such as `models/vae/diagram`.
        compute: returns the table; columns may differ in length. Without numbers it returns {}.
        draw: draws the table on a sheet and uses no other data; `sheet.narrow` says which drawing it is.
        tolerance, absolute: as of any recipe.
    """

    @property
    def narrow(self) -> Path:
        """The drawing for a phone."""
        return self.svg.with_name(f"{self.svg.stem}.narrow.svg")

    @property
    def drawings(self) -> list[Path]:
        """Both drawings."""
        return [self.svg, self.narrow]

    def numbers(self) -> style.Table:
        """The table, its columns filled up to one length with what is no number."""
        table = self.compute()
        rows = max((len(column) for column in table.values()), default=0)
        return {
            name: [*column, *[math.nan] * (rows - len(column))] for name, column in table.items()
        }

    def sheets(self, table: Mapping[str, Sequence[float]]) -> list[Sheet]:
        """Both drawings of a table, as shapes and words."""
        kept = {name: [v for v in column if not math.isnan(v)] for name, column in table.items()}
        made = []
        for width in (WIDE, NARROW):
            sheet = Sheet(width)
            self.draw(kept, sheet)
            made.append(sheet)
        return made

    def render(self, table: style.Table) -> list[str]:
        """The text of both files."""
        digest = hashlib.sha256(style.table_text(table).encode()).hexdigest()
        return [sheet.svg(digest) for sheet in self.sheets(table)]

    def changed(self, drawn: str, written: str) -> bool:
        """Whether a written file is no longer what the recipe draws: the same on every machine."""
        return drawn != written
