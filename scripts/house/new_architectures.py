"""The table of docs/models/developing.md, written from docs/models/developing/architectures.toml.

`python3 scripts/dev.py make developing` puts it into the page; a test compares the two and says what a row lacks.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from scripts.house import page_tables

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "models" / "developing.md"
DATA = ROOT / "docs" / "models" / "developing" / "architectures.toml"
NAME = "tab-developing-architectures"
MONTHS = 36  # no row is older than so many months before the date of the table

KEYS = frozenset(
    "name date source group changes by claim status others others_sources cost".split()
)
STATUSES = {
    "reproduced": "others came to the same numbers",
    "in part": "others confirm some of it",
    "disputed": "others find a smaller effect or another reason",
    "built on": "others use it, or its idea, in a model of their own; that is no test of the claim",
    "none found": "we found no test by others",
}
HEAD = ["| What it changes, and its cost | Claimed, by whom | By others |", "| --- | --- | --- |"]
MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


def data() -> dict[str, Any]:
    """The file as it stands."""
    return tomllib.loads(DATA.read_text(encoding="utf-8"))


def months(date: str) -> int:
    """A year and a month as a number of months."""
    year, month = MONTH.fullmatch(date).groups()  # type: ignore[union-attr]
    return 12 * int(year) + int(month) - 1


def faults(table: dict[str, Any], known: set[str]) -> list[str]:
    """What rows lack: keys, sources of the bibliography, a date within the last months, the mark of a claim."""
    said = []
    rows = table["architecture"]
    for row in rows:
        name = row.get("name", "a row without a name")
        said += [f"{name} has no {key}" for key in sorted(KEYS - row.keys())]
        said += [
            f"{name}: {key} is empty"
            for key in KEYS - {"others", "others_sources"}
            if row.get(key) == ""
        ]
        if KEYS - row.keys():
            continue
        if not MONTH.fullmatch(row["date"]):
            said.append(f"{name}: the date is a year and a month, not {row['date']}")
        elif not 0 <= months(table["as_of"]) - months(row["date"]) < MONTHS:
            said.append(
                f"{name}: {row['date']} is not within {MONTHS} months up to {table['as_of']}"
            )
        if row["status"] not in STATUSES:
            said.append(f"{name}: no status {row['status']!r}; there is {', '.join(STATUSES)}")
        tested = row["status"] != "none found"
        if tested != bool(row["others"]) or tested != bool(row["others_sources"]):
            said.append(f"{name}: what others found needs a source, and nothing found has neither")
        sources = [row["source"], *row.get("claim_sources", []), *row["others_sources"]]
        sources += row.get("cost_sources", [])
        said += [
            f"{name}: no entry {key} in the bibliography" for key in sources if key not in known
        ]
        if row["source"] in row["others_sources"]:
            said.append(f"{name}: its own source is no test by others")
    dates = [row.get("date", "") for row in rows]
    if dates != sorted(dates):
        said.append("the rows are not in the order of their dates")
    return said


def cite(keys: list[str]) -> str:
    """The footnotes of some sources."""
    return "".join(f"[^{key}]" for key in keys)


def line(row: dict[str, Any]) -> str:
    """A row of the table."""
    claim = f"{row['by']}: {row['claim']}{cite(row.get('claim_sources', []))}"
    others = f"**{row['status']}**"
    if row["others"]:
        others += f": {row['others']}{cite(row['others_sources'])}"
    cost = f"{row['cost']}{cite(row.get('cost_sources', []))}"
    first = (
        f"**{row['name']}**, {row['date']}: {row['changes']}{cite([row['source']])}. Cost: {cost}."
    )
    return f"| {first} | {claim} | {others} |"


def table() -> str:
    """The table in Markdown."""
    return "\n".join([*HEAD, *(line(row) for row in data()["architecture"])]) + "\n"


def stale() -> str:
    """Why the page must be written anew; empty if it need not."""
    return page_tables.stale(PAGE, {NAME: table()})


def write() -> None:
    """Put the table into the page."""
    page_tables.write(PAGE, {NAME: table()})
