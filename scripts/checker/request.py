"""What a run is asked for, and what it found."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from scripts.checker.problem import Problem
from scripts.checker.rulebook import Rule


@dataclass
class Request:
    """What the command line asks for."""

    paths: list[Path]
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    style: bool | None = None
    jobs: int = 0
    cache: Path | None = None
    site: Path | None = None
    rules: str = ""


@dataclass
class Outcome:
    """What a run found."""

    problems: list[Problem] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    pages: int = 0
    built: int = 0
    rules: dict[str, Rule] = field(default_factory=dict)
