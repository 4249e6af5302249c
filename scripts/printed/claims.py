"""An equation as it is printed, and whether it holds on a test's own numbers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from scripts.printed.evaluator import evaluate, one
from scripts.printed.lexer import Unreadable
from scripts.printed.reading import Statement, statements
from scripts.printed.tree import Node, normal
from scripts.printed.values import Bindings, Each, Finite, From, Given, Scope, key, plain

INEQUALITIES = {r"\leq", r"\geq", "<", ">"}


class Broken(AssertionError):
    """A printed equation that does not hold on the test's numbers."""


@dataclass
class Binding:
    """One use of an equation by a test: what was bound, and how closely its sides must agree.

    Args:
        values: what each name of the print is bound to.
        tolerance: relative to the larger side, or to one.
        about: the same for ≈.
        only: the numbers of the statements that it is about, from zero; all if none is given.
        free: bound names that may change without breaking the equation.
        tight: where an inequality is nearly an equation: statement, relation, and which value of an index.
    """

    values: dict[str, Any]
    tolerance: float = 1e-9
    about: float | None = None
    only: tuple[int, ...] = ()
    free: tuple[str, ...] = ()
    tight: set[tuple[int, int, int]] = field(default_factory=set)


@dataclass
class Printed:
    """A displayed equation and what tests have bound to it.

    Args:
        name: its id.
        tex: its TeX, as the page has it.
    """

    name: str
    tex: str
    bindings: list[Binding] = field(default_factory=list)
    tight: set[tuple[int, int]] = field(default_factory=set)
    loose: set[tuple[int, int]] = field(default_factory=set)

    @property
    def statements(self) -> tuple[Statement, ...]:
        """What it claims."""
        return statements(self.tex)

    def holds(
        self,
        values: Bindings,
        *,
        tolerance: float = 1e-9,
        about: float | None = None,
        only: int | tuple[int, ...] = (),
        free: tuple[str, ...] = (),
    ) -> None:
        """Check that the equation holds as it is printed.

        Args:
            values: TeX of a name, call or part to its value: a number, an array, a function, `Each`,
                `From`, `Given`, `Finite`.
            tolerance: relative to the larger side, or to one.
            about: the tolerance of ≈, without which it is refused.
            only: the statements that are meant, from zero; all that can be read if none is given.
            free: names whose values may change without breaking the equation.

        Raises:
            Broken: if a statement does not hold, or if it holds whatever is bound to a name.
            Unreadable: if a statement cannot be read, or a name is bound to nothing or not used.
        """
        chosen = (only,) if isinstance(only, int) else only
        bound = {name: plain(value) for name, value in values.items()}
        binding = Binding(bound, tolerance, about, chosen, free)
        self.check(binding, record=True)
        self.guard(binding)
        self.bindings.append(binding)

    def meant(self, binding: Binding) -> Iterator[tuple[int, Node]]:
        """The statements that a binding is about."""
        found = self.statements
        if binding.only and max(binding.only) >= len(found):
            raise Unreadable(f"{self.name} has {len(found)} statements, from 0")
        for index, statement in enumerate(found):
            if binding.only and index not in binding.only:
                continue
            if statement.node is None or statement.node.kind not in {"chain", "iff"}:
                if binding.only:
                    raise Unreadable(
                        f"statement {index} of {self.name} is read no further: {statement.why}"
                    )
                continue
            yield index, statement.node

    def check(
        self, binding: Binding, nodes: list[tuple[int, Node]] | None = None, record: bool = False
    ) -> None:
        """Check the statements, or others in their place, on bound values.

        Args:
            binding: what is bound.
            nodes: the others, with the numbers of their statements.
            record: keep which inequalities were near equality.
        """
        scope = Scope.of(binding.values)
        found = list(self.meant(binding)) if nodes is None else nodes
        if not found:
            raise Unreadable(f"{self.name} has no statement that can be evaluated")
        for index, node in found:
            for turn, inner in enumerate(each(node, scope)):
                self._one((index, turn), node, inner, binding, record)
        unused = set(scope.values) - scope.used
        if unused:
            raise Unreadable(f"{self.name} does not print {', '.join(sorted(unused))}")

    def _one(
        self, at: tuple[int, int], node: Node, scope: Scope, binding: Binding, record: bool
    ) -> None:
        index, turn = at
        if node.kind == "iff":
            truths = {self._true(part, scope, binding) for part in node.parts}
            if len(truths) > 1:
                raise Broken(f"{self.name}: one side of {node} holds, the other does not")
            return
        for place, (sign, a, b) in enumerate(relations(node, scope)):
            fault = disagreement(sign, a, b, binding)
            if fault:
                parts = f"{node.parts[place]} {sign} {node.parts[place + 1]}"
                raise Broken(f"{self.name}: {parts}: {fault}")
            if sign in INEQUALITIES:
                close = np.allclose(a, b, rtol=1e-3, atol=1e-6)
                if record:
                    (self.tight if close else self.loose).add((index, place))
                    binding.tight.update({(index, place, turn)} if close else ())
                elif not close and (index, place, turn) in binding.tight:
                    raise Broken(f"{self.name}: {node} is no longer tight where the print is")

    @staticmethod
    def _true(node: Node, scope: Scope, binding: Binding) -> bool:
        found = relations(node, scope)
        return not any(disagreement(sign, a, b, binding) for sign, a, b in found)

    def guard(self, binding: Binding) -> None:
        """Change each bound value by a tenth, up and down: an equation that still holds does not test it."""
        for name in binding.values:
            if name in binding.free or not changeable(binding.values[name]):
                continue
            others = (
                replace(
                    binding,
                    values={**binding.values, name: changed(binding.values[name], way)},
                    tight=set(),
                )
                for way in (1, -1)
            )
            if all(self.survives(other) for other in others):
                raise Broken(
                    f"{self.name} holds whatever {name} is: choose values that tell, "
                    f'or say free=(r"{name}",)'
                )

    def survives(self, binding: Binding, nodes: list[tuple[int, Node]] | None = None) -> bool:
        """Whether the equation, or another in its place, holds on bound values."""
        try:
            with np.errstate(all="ignore"):
                self.check(binding, nodes)
        except (
            AssertionError,
            ValueError,
            TypeError,
            ArithmeticError,
            LookupError,
            AttributeError,
            RuntimeError,  # of a library that is given shapes that do not fit
        ):
            return False
        return True

    def untried(self) -> list[str]:
        """Inequalities that no binding has brought near equality: they would hold with a wrong constant."""
        found = self.statements
        return [
            f"{found[index].text} (relation {place + 1})"
            for index, place in sorted(self.loose - self.tight)
        ]


def relations(node: Node, scope: Scope) -> list[tuple[str, Any, Any]]:
    """The relations of a chain, each with the values of its two sides."""
    sides = [one(evaluate(part, scope)) for part in node.parts]
    return list(zip(node.seps, sides, sides[1:], strict=False))


def each(node: Node, scope: Scope) -> Iterator[Scope]:
    """The scopes of a claim: one for each value of the indices that are free in it."""
    domains = {name: v for name, v in scope.values.items() if isinstance(v, Each)}
    kept = {f"∈{name}": value for name, value in domains.items()}
    free = [name for name in domains if is_free(node, name)]
    scope.used.update(free)
    for values in itertools.product(*(domains[name].values for name in free)):
        yield scope.with_({**kept, **dict(zip(free, values, strict=True))})


def is_free(node: Node, name: str) -> bool:
    """Whether a name stands in a tree outside the sums that run over it."""
    if normal(node) == name:
        return True
    parts: tuple[Node, ...] = node.parts
    if node.text == r"\{" and node.seps == (":",) and normal(parts[0]) == name:
        return False
    if node.kind in {"big", "expect"} or (node.kind == "apply" and node.parts[0].kind == "big"):
        low = node.parts[0].parts[0] if node.kind == "apply" else node.parts[0]
        index = low.parts[0] if low.kind == "chain" else low
        plain = index.kind in {"name", "sub", "mark", "label"}
        if normal(index) == name or (
            not plain and any(normal(part) == name for part in index.walk())
        ):
            rest = low.parts[1:] if low.kind == "chain" else ()
            return any(is_free(part, name) for part in rest)
    return any(is_free(part, name) for part in parts)


def disagreement(sign: str, a: Any, b: Any, binding: Binding) -> str:
    """Why a relation does not hold between two values; empty if it does."""
    if sign == r"\approx" and binding.about is None:
        raise Unreadable("≈ needs about=…: how near the sides must be")
    if sign not in {"=", r"\approx", r"\neq", *INEQUALITIES}:
        raise Unreadable(f"'{sign}' is no relation between numbers")
    nothing = any(type(side) is int and side == 0 for side in (a, b))  # also a vector of zeros
    if np.shape(a) != np.shape(b) and not (
        (sign in INEQUALITIES or nothing) and not (np.ndim(a) and np.ndim(b))
    ):
        return f"shapes {np.shape(a)} and {np.shape(b)}"
    kind = complex if np.iscomplexobj(a) or np.iscomplexobj(b) else float
    left, right = np.asarray(a, dtype=kind), np.asarray(b, dtype=kind)
    if not (np.isfinite(left).all() and np.isfinite(right).all()):
        return f"{shown(left)} and {shown(right)} are not all finite"
    within = binding.about if sign == r"\approx" else binding.tolerance
    room = float(within or 0) * np.maximum(1.0, np.maximum(abs(left), abs(right)))
    tests: dict[str, Callable[[], Any]] = {
        "=": lambda: abs(left - right) <= room,
        r"\approx": lambda: (
            abs(left - right) <= float(within or 0) * np.maximum(abs(left), abs(right))
        ),
        r"\neq": lambda: abs(left - right) > room,
        r"\leq": lambda: left <= right + room,
        r"\geq": lambda: left >= right - room,
        "<": lambda: left < right,
        ">": lambda: left > right,
    }
    return "" if np.all(tests[sign]()) else f"{shown(left)} and {shown(right)}"


def shown(value: np.ndarray) -> str:
    """A value for a message."""
    return (
        f"{value.item():.10g}"
        if value.size == 1
        else np.array2string(value, threshold=6, precision=6)
    )


def changeable(value: Any) -> bool:
    """Whether a bound value can be changed by a tenth."""
    if isinstance(value, bool | str | range | Each | set | frozenset | Finite | Mapping):
        return False
    return callable(value) or isinstance(
        value, From | Given | int | float | complex | list | tuple | np.ndarray
    )


def changed(value: Any, way: int) -> Any:
    """A bound value that differs by a tenth, up or down; of a whole number, the next."""
    if isinstance(value, From):
        return From(value.start, changed(value.values, way))
    if isinstance(value, Given):
        return Given(value.names, lambda *names: changed(plain(value.value(*names)), way))
    if callable(value):
        return lambda *names: changed(plain(value(*names)), way)
    if isinstance(value, list | tuple):
        return type(value)(changed(item, way) for item in value)
    if isinstance(value, int | np.integer) or (
        isinstance(value, np.ndarray) and value.dtype.kind in "iu"
    ):
        return value + way
    return value * (1 + 0.1 * way) if isinstance(value, float | complex | np.ndarray) else value


__all__ = ["Binding", "Broken", "Each", "Finite", "From", "Given", "Printed", "key"]
