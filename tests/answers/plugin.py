"""The fixture `answer`: the answer of an exercise as the page prints it, for the test that carries its id."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import pytest

from scripts.extensions import answers
from scripts.extensions.expressions import evaluate

ROOT = Path(__file__).resolve().parents[2]
Numbers = float | Sequence[float]


@lru_cache(maxsize=1)
def pages() -> dict[str, answers.Answer]:
    """The answers of all pages by their ids, read once a process."""
    return {one.name: one for found in answers.printed(ROOT / "docs").values() for one in found}


def row(numbers: Numbers) -> list[float]:
    """One number or several, as a list."""
    return [float(one) for one in (numbers if isinstance(numbers, Sequence) else [numbers])]


class Asked:
    """An answer that a test compares with what it has computed."""

    def __init__(self, printed: answers.Answer) -> None:
        self.printed = printed
        self.compared = False

    @property
    def options(self) -> list[str]:
        """The options of a choice, as they are written."""
        return [one.texts[0] for one in self.printed.replies if one.says != "hint"]

    def is_(self, computed: Numbers | str | Callable[..., float], *others: Numbers) -> None:
        """Whether the page prints what was computed, to its last digit.

        A number, or several: `others` are those of the lines `Nearly:` and `Wrong:`, in their order. Of a
        choice the right option as it is written, of an expression the function of its variables.
        """
        self.compared = True
        name = self.printed.name
        if self.printed.kind == "choice":
            right = [one.texts[0] for one in self.printed.replies if one.says == "right"]
            assert [computed] == right, f"{name}: the page calls {right[0]!r} right"
        elif self.printed.kind == "expression":
            assert callable(computed), f"{name}: give a function of {self.printed.variables}"
            for at in answers.points(self.printed.variables):
                value, wanted = evaluate(self.printed.expected, at), float(computed(**at))
                assert math.isclose(value, wanted, rel_tol=1e-9), f"{name}: {value} at {at}"
        else:
            assert not isinstance(computed, str), f"{name}: give a number"
            assert not callable(computed), f"{name}: give a number"
            self._numbers([part.text for part in self.printed.parts], row(computed))
            lines = [one.numbers for one in self.printed.replies if one.numbers]
            assert len(lines) == len(others), f"{name}: {len(lines)} other lines have numbers"
            for texts, values in zip(lines, others, strict=True):
                self._numbers(list(texts), row(values))

    def _numbers(self, texts: list[str], values: list[float]) -> None:
        assert len(texts) == len(values), f"{self.printed.name}: the page has {texts}"
        for text, value in zip(texts, values, strict=True):
            shown = evaluate(text)
            near = shown == value or abs(shown - value) <= answers.rounding(text, shown) * 1.000001
            assert near, f"{self.printed.name}: the page has {text}, computed is {value!r}"


class Bench:
    """The answers that a test has asked for."""

    def __init__(self, allowed: set[str]) -> None:
        self.allowed = allowed
        self.found: dict[str, Asked] = {}

    def __call__(self, name: str) -> Asked:
        """The answer of this id, which the test must be marked with."""
        if name not in self.allowed:
            pytest.fail(f'mark the test with @pytest.mark.answer("{name}")', pytrace=False)
        if name not in pages():
            pytest.fail(f"no page has the answer {name}", pytrace=False)
        return self.found.setdefault(name, Asked(pages()[name]))

    def faults(self) -> list[str]:
        """The answers that the mark names and nothing was compared with."""
        compared = {name for name, asked in self.found.items() if asked.compared}
        return [f'compare it: answer("{name}").is_(…)' for name in sorted(self.allowed - compared)]


@pytest.fixture
def answer(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """`answer("answer-vae-code").is_(1.6254)`: what the page prints is what the test has computed."""
    names = {name for mark in request.node.iter_markers("answer") for name in mark.args}
    bench = Bench(names)
    failed = request.session.testsfailed
    yield bench
    if request.session.testsfailed == failed and (faults := bench.faults()):
        pytest.fail("\n".join(faults), pytrace=False)
