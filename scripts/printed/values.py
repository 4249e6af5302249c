"""What a test binds to the names of a print."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from scripts.printed.reading import read
from scripts.printed.tree import normal


@dataclass(frozen=True)
class Each:
    """The values that an index runs through: a claim about it is checked for each."""

    values: Sequence[Any]


@dataclass(frozen=True)
class From:
    """A sequence whose first index is not one, as arrays of mathematics have it."""

    start: int
    values: Any


@dataclass(frozen=True)
class By:
    """For a bare `\\nabla`: the name that it derives by, which need not be printed."""

    name: str


@dataclass(frozen=True)
class Given:
    """A part of a print that is not read on: its value, by the values of the names that it depends on."""

    names: tuple[str, ...]
    value: Callable[..., Any]


@dataclass(frozen=True)
class Finite:
    """A finite distribution: for `\\mathbb{E}` the mean over it, for `\\operatorname{Var}` the variance.

    Args:
        values: for each name the values that it takes together with the others.
        weights: probabilities; equal ones if not given.
        moment: `mean` or `variance`.
    """

    values: Mapping[str, Sequence[Any]]
    weights: Sequence[float] | None = None
    moment: str = "mean"


Bindings = Mapping[str, Any]


def plain(value: Any) -> Any:
    """A value in numbers and arrays: tensors of a library become such, also within lists and tables."""
    if hasattr(value, "detach"):
        value = value.detach().numpy()
        return value if value.ndim else value.item()
    if isinstance(value, From):
        return From(value.start, plain(value.values))
    if type(value) is dict:
        return {name: plain(item) for name, item in value.items()}
    if type(value) in {list, tuple}:
        return type(value)(plain(item) for item in value)
    return value


BARE = {r"\pm", r"\mp", r"\mathbb{E}"}


@lru_cache(maxsize=1000)
def key(tex: str) -> str:
    """The normal form of a name or part, as a table of bindings has it; of words, the words.

    An expectation over something, of anything, is written without its bracket: `\\mathbb{E}_{q}`.
    """
    tex = tex.strip()
    over = re.fullmatch(r"\\mathbb\{E\}_(?:\{([^\[]+)\}|(\w|\\\w+))", tex)
    if over:
        listed = read(f"[{over[1] or over[2]}]")
        below = listed if len(listed.parts) > 1 else listed.parts[0]
        return rf"\mathbb{{E}}_{{{normal(below)}}}"
    return tex if tex in BARE or re.fullmatch(r"\\text\{[^{}]*\}", tex) else normal(read(tex))


@dataclass
class Scope:
    """What names mean here, and which of the bindings were used."""

    values: dict[str, Any]
    used: set[str] = field(default_factory=set)

    @staticmethod
    def of(bindings: Bindings) -> Scope:
        """A scope of bindings whose keys are TeX."""
        return Scope({key(name): plain(value) for name, value in bindings.items()})

    def with_(self, more: Mapping[str, Any]) -> Scope:
        """A scope in which some names mean something else."""
        return Scope({**self.values, **more}, self.used)

    def find(self, name: str) -> Any:
        """What a name is bound to; None if to nothing."""
        if name not in self.values:
            return None
        self.used.add(name)
        value = self.values[name]
        if isinstance(value, Given):
            return plain(value.value(*(self.find(key(other)) for other in value.names)))
        return value
