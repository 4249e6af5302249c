"""The tables of docs/inference/calculators.md, computed from docs/inference/calculators/models.toml.

`python3 scripts/dev.py make calculators` puts them into the page; a test compares them and says what a row lacks.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docs.inference.calculators import calculators as calc
from docs.inference.calculators import pictures
from scripts.house import page_tables

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "inference" / "calculators.md"
MODELS, RUNS = "tab-calculators-models", "tab-calculators-runs"
LONG = 131_072  # tokens of the cache in the table
HOURLY = 2  # of a GPU in the table of runs
OFF = 0.01  # more than this needs a reason
KEYS = frozenset("name date width published source".split())
HEADS = {
    MODELS: [
        "| Model | Parameters | Published | Active | Multiply | bf16, GB | int4, GB | Cache, GB |",
        "| --- | --: | --- | --: | --: | --: | --: | --: |",
    ],
    RUNS: [
        "| Run | Tokens | Operations, $6 P_m T$ | Published | Share of the peak | At 2 an hour |",
        "| --- | --: | --: | --- | --: | --: |",
    ],
}


def digits(value: float, unit: float = 1e9) -> str:
    """Three digits: 0.124, 6.74, 70.6, 405."""
    value /= unit
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def whole(value: float) -> str:
    """A number of two to six digits, with a comma at the thousands."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def power(value: float) -> str:
    """A number as $3.14 \\cdot 10^{23}$."""
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"${mantissa} \\cdot 10^{{{int(exponent)}}}$"


def cite(row: dict[str, Any]) -> str:
    """The footnotes of a row."""
    return "".join(f"[^{row[key]}]" for key in ("source", "also") if key in row)


def total(row: dict[str, Any]) -> int:
    """The parameters of any entry of the data."""
    if row.get("kind") == "unet":
        return pictures.unet(row)
    if row.get("kind") == "dit":
        return pictures.dit(row)["total"]
    return calc.parameters(calc.complete(row))["total"]


def faults(table: dict[str, Any], known: set[str]) -> list[str]:
    """What rows lack: keys, a source of the bibliography, a count within 1 % or the reason."""
    said = []
    for row in table["model"]:
        name = row.get("name", "a row without a name")
        if missing := KEYS - row.keys():
            said.append(f"{name} has no {', '.join(sorted(missing))}")
            continue
        pairs = [(total(row), row["published"])]
        if "published_active" in row:
            active = calc.parameters(calc.complete(row))["active"]
            pairs.append((active, row["published_active"]))
        off = max(abs(ours / theirs - 1) for ours, theirs in pairs)
        if (off > OFF) != ("reason" in row):
            said.append(f"{name} is {off:.1%} away: a reason is given where it is more than 1 %")
    for row in [*table["model"], *table["run"], *table["gpu"]]:
        keys = [row[key] for key in ("source", "also") if key in row]
        said += [f"no entry {key} in the bibliography" for key in keys if key not in known]
    return said


def model_line(row: dict[str, Any]) -> str:
    """A row of the table of models."""
    n = total(row)
    unit = 1e6 if row["published"] < 1e9 else 1e9
    letter = "M" if unit == 1e6 else "B"
    off = f"{n / row['published'] - 1:+.1%}".replace("-", "−").replace("%", " %")
    published = f"{row['published'] / unit:g} {letter}"
    if "published_active" in row:
        published += f", {row['published_active'] / 1e9:g} B active"
    published += f"{cite(row)}: {off}"
    if "reason" in row:
        published += f"; {row['reason']}"
    language = row.get("kind") not in ("dit", "unet")
    p = calc.parameters(calc.complete(row)) if language else {}
    long = language and not row.get("positions")
    kept = whole(calc.cache(calc.complete(row), LONG) / 1e9) if long else "–"
    cells = [
        f"{row['name']}, {row['date']}",
        f"{n:,}",
        published,
        digits(p["active"]) if language else "–",
        digits(p["multiplied"]) if language else "–",
        whole(calc.weights(n, 16) / 1e9),
        whole(calc.weights(n, 4, 128) / 1e9),
        kept,
    ]
    return f"| {' | '.join(cells)} |"


def run_line(row: dict[str, Any], models: dict[str, calc.Model], peaks: dict[str, float]) -> str:
    """A row of the table of runs, with the models and the peaks of the GPUs by their names."""
    work = 6 * calc.parameters(models[row["model"]])["multiplied"] * row["tokens"]
    published = [f"{power(row['flops'])} operations"] if "flops" in row else []
    share = money = "–"
    if "hours" in row:
        machine = row.get("machine", row["gpu"].split()[0])
        published.append(f"{row['hours']:,} hours of {machine}")
        share = f"{100 * calc.utilisation(work, peaks[row['gpu']], row['hours']):.0f} %"
        money = f"{row['hours'] * HOURLY / 1e6:.2f} M"
    cells = [
        row.get("name", row["model"]),
        f"{row['tokens'] / 1e12:g} T",
        power(work),
        f"{', '.join(published)}{cite(row)}",
        share,
        money,
    ]
    return f"| {' | '.join(cells)} |"


def tables() -> dict[str, str]:
    """Both tables in Markdown, by their ids."""
    table, models = calc.data(), calc.models()
    peaks = {gpu["name"]: gpu["peak"] for gpu in table["gpu"]}
    lines = {
        MODELS: [model_line(row) for row in table["model"]],
        RUNS: [run_line(row, models, peaks) for row in table["run"]],
    }
    return {name: "\n".join([*HEADS[name], *rows]) + "\n" for name, rows in lines.items()}


def stale() -> str:
    """Why the page must be written anew; empty if it need not."""
    return page_tables.stale(PAGE, tables())


def write() -> None:
    """Put the tables into the page."""
    page_tables.write(PAGE, tables())
