"""The numbers in the text of pages that no test reads from the page: each with what it agrees with, or why.

They stand beside the tests of the page, in `tests/SECTION/STEM.numbers.toml`. An entry `[[numbers]]` quotes the
text, so that a changed number is no longer listed, and says what the numbers in it agree with:

- `figure`, `columns`: the numbers of a figure's data, rounded as they are printed; `row` is "ends" (first and
  last), "extremes" (least and greatest) or a row by its value, such as "width=64";
- `test`: constants of that test of the page, which computes with the same numbers;
- `value`: a constant, or the constants of a function: `file:name`;
- `reason`: why no machine compares it; a reason holds for every text of its entry.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from scripts.figures.style import read_table
from tests.prose.bindings import DOCS, ROOT, evened, modules_for
from tests.prose.used import functions, uses

TESTS = Path(__file__).parents[1]
ENDING = ".numbers.toml"
# Each entry has `text` or `texts`, and one of these; `columns` and `row` say where in the figure's numbers.
WAYS = ("reason", "test", "value", "figure")


@dataclass(frozen=True)
class Entry:
    """A text of a page, and what its numbers agree with."""

    text: str
    given: tuple[tuple[str, Any], ...]

    @property
    def way(self) -> str:
        """Which of the ways it is."""
        return next(name for name, _ in self.given if name in WAYS)

    def __getitem__(self, name: str) -> Any:
        return dict(self.given).get(name)


@lru_cache
def listed() -> dict[str, list[Entry]]:
    """The entries of each page, by its name below docs/."""
    found: dict[str, list[Entry]] = {}
    for path in sorted(TESTS.rglob(f"*{ENDING}")):
        name = path.relative_to(TESTS).as_posix().removesuffix(ENDING)
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["numbers"]:
            texts = entry.pop("texts", []) + ([entry.pop("text")] if "text" in entry else [])
            if len(WAYS & entry.keys()) != 1 or not texts:
                raise ValueError(f"{name}: an entry needs texts and one of {WAYS}: {entry}")
            given = tuple((key, tuple(v) if isinstance(v, list) else v) for key, v in entry.items())
            found.setdefault(name, []).extend(Entry(text, given) for text in texts)
    return found


def places(source: str, entry: Entry) -> list[tuple[int, int]]:
    """Where the text of an entry stands in the source."""
    text, places = evened(source)
    found = [match.span() for match in re.finditer(re.escape(entry.text), text)]
    return [(places[start], places[end]) for start, end in found]


def flat(values: Any) -> Iterator[float]:
    """The numbers of a value, however deep."""
    if isinstance(values, bool | str) or values is None:
        return
    if isinstance(values, int | float):
        yield float(values)
    elif isinstance(values, dict):
        yield from flat(list(values.values()))
    elif isinstance(values, Iterable):
        for value in values:
            yield from flat(value.tolist() if hasattr(value, "tolist") else value)
    elif hasattr(values, "__dict__"):
        yield from flat(vars(values))


def of_value(path: str) -> tuple[float, ...]:
    """The numbers of a constant, or those that a function names: `scripts/figures/gan.py:ROUNDS`."""
    file, _, name = path.partition(":")
    if not (ROOT / file).exists():
        return ()
    named = functions(ROOT / file)
    if name in named:
        return named[name]
    module = import_module(file.removesuffix(".py").replace("/", "."))
    return tuple(flat(getattr(module, name, None)))


def of_figure(page: Path, entry: Entry) -> list[float]:
    """The numbers of some columns of a figure's data; of the first, the last or the named row if one is named."""
    table = read_table(page.with_suffix("") / entry["figure"])
    chosen = [table[name] for name in entry["columns"]]
    if entry["row"] == "ends":
        return [column[at] for column in chosen for at in (0, -1)]
    if entry["row"] == "extremes":
        return [value for column in chosen for value in (min(column), max(column))]
    if entry["row"] is not None:
        by, _, value = entry["row"].partition("=")
        at = table[by].index(float(value))
        return [column[at] for column in chosen]
    return [value for column in chosen for value in column]


def rounded(text: str, values: list[float], *, percent: bool) -> bool:
    """Whether a number of the text is one of the values, as many digits as it prints."""
    decimals = len(text.partition(".")[2])
    scaled = [100 * value for value in values] if percent else values
    return uses(text, tuple(round(value, decimals) for value in scaled))


def agrees(page: Path, entry: Entry, text: str, *, percent: bool) -> bool:
    """Whether a number agrees with what the entry says that it agrees with."""
    if entry.way == "reason":
        return True
    if entry.way == "figure":
        return rounded(text, of_figure(page, entry), percent=percent)
    if entry.way == "value":
        return uses(text, of_value(entry["value"]), percent=percent)
    known = {name: values for path in modules_for(page) for name, values in functions(path).items()}
    return entry["test"] in known and uses(text, known[entry["test"]], percent=percent)


def name_of(page: Path) -> str:
    """A page as the list names it."""
    return page.relative_to(DOCS).with_suffix("").as_posix()
