"""The table of docs/training/scaling-laws.md that is computed from docs/training/scaling-laws/models.toml.

`python3 scripts/dev.py make scaling-laws` puts it into the page; a test compares them and says what a row lacks.
"""

from __future__ import annotations

import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

from scripts.house import page_tables

scaling = import_module("docs.training.scaling-laws.scaling_laws")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "training" / "scaling-laws.md"
DATA = PAGE.with_suffix("") / "models.toml"
NAME = "tab-scaling-laws-models"
KEYS = frozenset("name date size tokens source".split())
HEAD = [
    "| Model | Parameters (active) | Tokens | Tokens a parameter | an active one | Operations | Best size |",
    "| --- | --: | --: | --: | --: | --: | --: |",
]


def models() -> list[dict[str, Any]]:
    """The rows of the data."""
    rows: list[dict[str, Any]] = tomllib.loads(DATA.read_text(encoding="utf-8"))["model"]
    return rows


def faults(rows: list[dict[str, Any]], known: set[str]) -> list[str]:
    """What rows lack: keys, or a source of the bibliography; active parameters are fewer than all."""
    said = []
    for row in rows:
        name = row.get("name", "a row without a name")
        if missing := KEYS - row.keys():
            said.append(f"{name} has no {', '.join(sorted(missing))}")
            continue
        if row["source"] not in known:
            said.append(f"no entry {row['source']} in the bibliography")
        if row.get("active", 0) >= row["size"]:
            said.append(f"{name} has more active parameters than parameters")
    return said


def short(value: float) -> str:
    """Three digits at most: 1.71, 18.6, 1,875."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def line(row: dict[str, Any]) -> str:
    """A row of the table; the best size is that of the law of 2024 for the same operations."""
    works = row.get("active", row["size"])
    work = 6 * works * row["tokens"]
    best = scaling.optimum(scaling.BESIROGLU, work)[0]
    mantissa, exponent = f"{work:.1e}".split("e")
    cells = [
        f"{row['name']}, {row['date']}[^{row['source']}]",
        f"{short(row['size'] / 1e9)} B" + (f" ({short(works / 1e9)} B)" if "active" in row else ""),
        f"{short(row['tokens'] / 1e12)} T",
        short(row["tokens"] / row["size"]),
        short(row["tokens"] / works),
        f"${mantissa} \\cdot 10^{{{int(exponent)}}}$",
        f"{short(best / 1e9)} B",
    ]
    return f"| {' | '.join(cells)} |"


def table() -> str:
    """The table in Markdown."""
    return "\n".join([*HEAD, *map(line, models())]) + "\n"


def stale() -> str:
    """Why the page must be written anew; empty if it need not."""
    return page_tables.stale(PAGE, {NAME: table()})


def write() -> None:
    """Put the table into the page."""
    page_tables.write(PAGE, {NAME: table()})
