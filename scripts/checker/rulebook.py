"""All rules that a project is checked by: those of the checker, and those of the house that the project names.

A house is a module with tables of its own rules. `[tool.check] rules = "its.module"` in pyproject.toml hands it
to the checker, which knows no house by itself.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from scripts.checker import rules as own
from scripts.checker import table as tables
from scripts.checker.config import CannotRun, Config, house_of

Rule = Callable[..., Any]


@dataclass(frozen=True)
class Rulebook:
    """The rules by their codes.

    Args:
        page: those that look at a page.
        passed: those that a pass over a page asks, at every line that may concern them.
        passes: these passes; what they find carries its code.
        project: those that look at the whole source.
        site: those that look at the built site.
        told: those whose findings an extension reports while it renders a page.
        style: the codes of the house.
        facts: what the rules of the project need to know of every page, by name.
        instead: for a code that is told, those that would say the same with a worse mend.
        subjects: what the letters of the codes stand for.
        name: the module of the house.
    """

    page: Mapping[str, Rule]
    project: Mapping[str, Rule]
    site: Mapping[str, Rule]
    passed: Mapping[str, Rule] = field(default_factory=dict)
    passes: tuple[Rule, ...] = ()
    told: Mapping[str, Rule] = field(default_factory=dict)
    style: frozenset[str] = frozenset()
    facts: Mapping[str, Rule] = field(default_factory=dict)
    instead: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    subjects: Mapping[str, str] = field(default_factory=dict)
    name: str = ""

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """Every rule by its code."""
        return {**self.page, **self.passed, **self.told, **self.project, **self.site}

    def level(self, code: str) -> str:
        """What a rule looks at: a page, the project, or the built site."""
        if code in self.site:
            return "site"
        return "project" if code in self.project else "page"


@lru_cache(maxsize=8)
def load(house: str = "") -> Rulebook:
    """The rules of the checker, and those of a house.

    Raises:
        CannotRun: if the house is no module.
    """
    if not house:
        site = {code: rule for code, rule in own.SITE.items() if code not in own.ASKED}
        return Rulebook(own.PAGE, own.PROJECT, site, own.PASSED, own.PASSES, subjects=own.SUBJECTS)
    try:
        module = importlib.import_module(house)
    except ImportError as error:
        raise CannotRun(f"the rules '{house}' cannot be imported: {error}") from error
    tables = {
        name: getattr(module, name, {})
        for name in ("PAGE", "PROJECT", "TOLD", "FACTS", "INSTEAD", "SUBJECTS")
    }
    return Rulebook(
        {**own.PAGE, **tables["PAGE"]},
        {**own.PROJECT, **tables["PROJECT"]},
        own.SITE,
        own.PASSED,
        own.PASSES,
        tables["TOLD"],
        own.ASKED.union(*(tables[name] for name in ("PAGE", "PROJECT", "TOLD"))),
        tables["FACTS"],
        tables["INSTEAD"],
        {**own.SUBJECTS, **tables["SUBJECTS"]},
        house,
    )


def of(config: Config, asked: str = "", style: bool | None = None) -> Rulebook:
    """The rules of a project, with those of its house unless they are switched off.

    Where style is asked for and no house is named, it is that of the folder in which the command is run,
    or of the project in which the checker lies.
    """
    table = config.house
    house = asked or str(table.get("rules") or "")
    if table.get("ignore"):
        named = {str(table.get("rules") or ""), house}
        fault = tables.unknown_code(table, {code for name in named for code in load(name).rules})
        if fault:
            raise CannotRun(f"{config.root / 'pyproject.toml'}: {fault}")
    if style is None:
        style = bool(house) if table.get("style") is None or asked else bool(table["style"])
    if style and not house:
        near = (house_of(folder) or {} for folder in (Path(), Path(__file__).parents[2]))
        house = next((str(table["rules"]) for table in near if table.get("rules")), "")
    if style and not house:
        raise CannotRun(
            'no rules of a house are named; write rules = "its.module" under [tool.check] of pyproject.toml'
        )
    return load(house if style else "")
