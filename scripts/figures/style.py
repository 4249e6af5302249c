"""The look of every computed figure, and the one way to write it.

A recipe computes a table, the table is written as CSV, and the picture is drawn from that table alone.
The SVG carries the SHA-256 of its CSV, so that a test sees when the two part.
Colours are written as plain attributes, those of the light scheme: a file that is used elsewhere shows what
the page shows. Where the page takes a figure in, it puts its own variables for them, which follow its scheme.
"""

import argparse
import csv
import hashlib
import io
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from cycler import cycler

matplotlib.use("svg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts.checker import drawings
from scripts.extensions import palette

__all__ = [
    "GRID",
    "INK",
    "MUTED",
    "PAPER",
    "SERIES",
    "Axes",
    "Recipe",
    "Table",
    "bare",
    "check",
    "label_line",
    "main",
    "read_table",
    "relabelled",
    "write",
]

DOCS = Path(__file__).resolve().parents[2] / "docs"

Table = dict[str, list[float]]
"""Named columns of equal length."""

INK, MUTED, GRID, PAPER = (palette.COLOURS[name] for name in ("ink", "muted", "grid", "paper"))
SERIES = tuple(palette.COLOURS[str(number)] for number in range(1, 7))

WORDS = re.compile(r">([^<>]+)</text>")
PIXELS_PER_INCH = 72  # one SVG unit is one point, so one unit is one CSS pixel at full size

RC: Any = {
    "svg.fonttype": "none",
    "figure.dpi": PIXELS_PER_INCH,
    "font.family": "sans-serif",
    "font.size": 12,
    "axes.titlesize": 13,
    "axes.titleweight": "normal",
    "axes.titlelocation": "left",
    "axes.labelsize": 12,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "legend.fontsize": 11,
    "legend.frameon": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "lines.linewidth": 2,
    "lines.markersize": 5,
    "patch.edgecolor": PAPER,
    "axes.prop_cycle": cycler(color=SERIES),
    "figure.constrained_layout.use": True,
    "path.simplify_threshold": 0.5,
}


@dataclass(frozen=True)
class Recipe:
    """A figure: where it is written, how its numbers are computed, how they are drawn.

    Args:
        name: path below `docs/` without ending, such as `models/vae/gap`.
        compute: returns the table; deterministic, seconds on one core.
        draw: draws the table on the axes and uses no other data. With `grid` larger than one
            panel it is given the list of axes, row by row.
        size: width and height in CSS pixels; 360 wide fits a phone.
        grid: rows and columns of panels.
        tolerance: relative tolerance with which a second run must give the same numbers.
        absolute: absolute tolerance, for columns that pass through zero; of some columns only, if
            it is a table from a part of their names to their tolerance.
    """

    name: str
    compute: Callable[[], Table]
    draw: Callable[[Table, Any], None]
    size: tuple[int, int] = (360, 270)
    grid: tuple[int, int] = (1, 1)
    tolerance: float = 1e-3
    absolute: float | Mapping[str, float] = 1e-6

    def agrees(self, column: str, old: float, new: float) -> bool:
        """Whether a second run gives the same number of a column."""
        if math.isnan(old) or math.isnan(new):
            return math.isnan(old) and math.isnan(new)
        absolute = self.absolute
        if isinstance(absolute, Mapping):
            absolute = next((most for part, most in absolute.items() if part in column), 1e-6)
        return old == new or abs(old - new) <= absolute + self.tolerance * abs(new)

    @property
    def svg(self) -> Path:
        """The picture."""
        return DOCS / f"{self.name}.svg"

    @property
    def csv(self) -> Path:
        """The numbers."""
        return DOCS / f"{self.name}.csv"

    @property
    def drawings(self) -> list[Path]:
        """The pictures that are drawn from the numbers."""
        return [self.svg]

    def numbers(self) -> Table:
        """The table as it is written."""
        return self.compute()

    def render(self, table: Table) -> list[str]:
        """The text of each picture for a table."""
        return [render(self, table)]

    def changed(self, drawn: str, written: str) -> bool:
        """Whether the words of a written picture are no longer those that the recipe draws.

        Positions of text differ with the fonts of a machine; what is said must not.
        """
        return WORDS.findall(drawn) != WORDS.findall(written)

    def written(self) -> Table:
        """The table as it was written; empty if the recipe has no numbers."""
        return read_table(self.csv) if self.csv.exists() else {}

    def refresh(self) -> list[str]:
        """Compute the numbers and write what has come out differently. Returns each file with the reason."""
        table = self.numbers()
        problems = compared(self, table) or relabelled(self) or redrawn(self)
        if not problems:
            return []
        put(self, table)
        why = problems[0].partition(": run python3 ")[0]
        return [f"{self.svg.relative_to(DOCS.parent).as_posix()}: {why}"]


def bare(axes: Axes) -> None:
    """Take the frame, ticks and grid away: for pictures whose axes mean nothing."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def label_line(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    *,
    color: str = INK,
    dx: float = 4,
    dy: float = 4,
    **kwargs: Any,
) -> None:
    """Write a label beside the point (x, y) of a line, dx and dy pixels away."""
    axes.annotate(
        text, (x, y), (dx, dy), textcoords="offset points", color=color, fontsize=11, **kwargs
    )


def table_text(table: Mapping[str, Sequence[float]]) -> str:
    """The table as CSV with seven significant digits. Raises ValueError if columns differ in length."""
    lengths = {name: len(column) for name, column in table.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"columns differ in length: {lengths}")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table)
    for row in zip(*table.values(), strict=True):
        writer.writerow(f"{float(value):.7g}" for value in row)
    return out.getvalue()


def read_table(path: Path) -> Table:
    """Read a CSV that `write` has written."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return {name: [float(row[i]) for row in rows[1:]] for i, name in enumerate(rows[0])}


def _shorten(tag: str) -> str:
    """The numbers of one tag with two decimals at most, without trailing zeros."""
    tag = re.sub(r"(\d+\.\d{2})\d+", r"\1", tag)
    return re.sub(r"(\.\d*?)0+(?=\D)", lambda match: match[1].rstrip("."), tag)


def _tidy(svg: str, digest: str) -> str:
    """Matplotlib's SVG made small, free of prolog and metadata, with attributes for styles."""
    svg = re.sub(r"\A.*?(?=<svg)", "", svg, flags=re.S)
    # A style element would reach the whole page once the figure is inlined.
    svg = re.sub(r"\s*<(metadata|style)\b.*?</\1>", "", svg, flags=re.S)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.S)
    svg = re.sub(
        r'<svg [^>]*?viewBox="([^"]*)"[^>]*>',
        r'<svg xmlns="http://www.w3.org/2000/svg" '
        rf'viewBox="\1" data-csv="{digest}" '
        rf'stroke-linejoin="round" font-family="{palette.FONT}">',
        svg,
        count=1,
        flags=re.S,
    )
    svg = svg.replace("xlink:href", "href")
    svg = re.sub(r"font-family: [^;\"]*;? ?", "", svg)
    svg = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", svg)
    svg = re.sub(r' transform="rotate\(-0 [^"]*\)"', "", svg)
    svg = re.sub(r"<[^>]+>", lambda match: _shorten(match[0]), svg)
    used = set(re.findall(r"#([\w.-]+)", svg))
    svg = re.sub(r' id="([^"]*)"', lambda match: match[0] if match[1] in used else "", svg)
    svg = re.sub(r'<g>\s*<path d="[^"]*" style="fill: none"/>\s*</g>', "", svg)
    svg = re.sub(r"\s+", " ", svg).replace("> <", ">\n<")
    svg = re.sub(r"<defs>\s*</defs>\n?", "", svg)
    svg = drawings.unstyled(svg)
    # The stem of an arrow of width 0: nothing is drawn.
    return re.sub(r'<path d="[^"]*" fill="none"/>\n?', "", svg).strip() + "\n"


def render(recipe: Recipe, table: Table) -> str:
    """The SVG text of a recipe for a table; the same bytes for the same table and Matplotlib."""
    digest = hashlib.sha256(table_text(table).encode()).hexdigest()
    width, height = (pixels / PIXELS_PER_INCH for pixels in recipe.size)
    with plt.rc_context(RC | {"svg.hashsalt": recipe.name}):
        figure: Figure
        figure, axes = plt.subplots(*recipe.grid, figsize=(width, height), squeeze=False)
        panels = list(axes.flat)
        recipe.draw(table, panels[0] if len(panels) == 1 else panels)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
        plt.close(figure)
    return _tidy(out.getvalue(), digest)


def write(recipe: Recipe) -> None:
    """Compute the numbers and write the CSV and, drawn from what the CSV holds, the pictures."""
    put(recipe, recipe.numbers())


def put(recipe: Recipe, table: Table) -> None:
    """Write a table and, drawn from what the CSV holds, the pictures."""
    if table:
        recipe.csv.write_text(table_text(table), encoding="utf-8", newline="\n")
    for path, text in zip(recipe.drawings, recipe.render(recipe.written()), strict=True):
        path.write_text(text, encoding="utf-8", newline="\n")


def redrawn(recipe: Recipe) -> list[str]:
    """Which pictures come out otherwise though their numbers and words have stayed: a limit, a colour, a width.

    Only who makes a picture anew asks: another machine may round a line otherwise.
    """
    pictures = zip(recipe.drawings, recipe.render(recipe.written()), strict=True)
    return [
        f"{path.name}: its drawing has changed"
        for path, text in pictures
        if path.read_text(encoding="utf-8") != text
    ]


def check(recipe: Recipe) -> list[str]:
    """What is no longer true of the written files: numbers that changed, a picture of other numbers."""
    return compared(recipe, recipe.numbers())


def compared(recipe: Recipe, new: Table) -> list[str]:
    """What is not true of the written files when the numbers are these."""
    problems = []
    mend = f"run python3 scripts/dev.py make {recipe.svg.parent.name}"
    for path in ([recipe.csv] if new else []) + recipe.drawings:
        if not path.exists():
            problems.append(f"{path.name} is missing: {mend}")
    if problems:
        return problems
    old = recipe.written()
    digest = hashlib.sha256(table_text(old).encode()).hexdigest()
    problems += [
        f"{path.name} was not drawn from {recipe.csv.name}: {mend}"
        for path in recipe.drawings
        if digest not in path.read_text(encoding="utf-8")
    ]
    if list(old) != list(new):
        return [*problems, f"{recipe.csv.name} has columns {list(old)}, the recipe {list(new)}"]
    for name, column in new.items():
        if len(column) != len(old[name]):
            problems.append(
                f"{recipe.csv.name}: {name} has {len(old[name])} rows, not {len(column)}"
            )
            continue
        for row, (a, b) in enumerate(zip(old[name], column, strict=True), start=2):
            if not recipe.agrees(name, a, b):
                problems.append(
                    f"{recipe.csv.name}:{row}: {name} is {a:.6g}, the recipe gives {b:.6g}"
                )
    return problems


def relabelled(recipe: Recipe) -> list[str]:
    """The pictures that say something else than what their recipe draws."""
    mend = f"run python3 scripts/dev.py make {recipe.svg.parent.name}"
    return [
        f"{path.name}: its labels have changed: {mend}"
        for path, text in zip(recipe.drawings, recipe.render(recipe.written()), strict=True)
        if recipe.changed(text, path.read_text(encoding="utf-8"))
    ]


def main(recipes: Iterable[Recipe]) -> None:
    """The command line of a recipe file: write all figures, or with `--check` only compare."""
    parser = argparse.ArgumentParser(description="Write the figures of this recipe.")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("names", nargs="*", help="only these figures")
    arguments = parser.parse_args()
    failed = False
    for recipe in recipes:
        if arguments.names and not any(name in recipe.name for name in arguments.names):
            continue
        if arguments.check:
            problems = check(recipe)
            failed = failed or bool(problems)
            print("\n".join(problems) or f"{recipe.name}: as committed")
        else:
            write(recipe)
            print(f"{recipe.name}.svg: {recipe.svg.stat().st_size / 1000:.0f} kB")
    raise SystemExit(failed)
