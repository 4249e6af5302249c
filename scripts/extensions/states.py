"""What is wrong with the id or the state of an equation: it is checked by a test, a definition, or unchecked.

Each fault is a function of the equation, the page that it stands on and the first test of every equation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Equation:
    """A displayed equation as it is written."""

    tex: str
    name: str = ""
    kind: str = ""
    reason: str = ""


HELD = {
    "evaluated": (
        "tested as printed",
        "A test evaluates both sides of this equation as it is printed, on numbers of its own",
    ),
    "in part": (
        "tested in part as printed",
        "A test evaluates some statements of this equation as they are printed and checks the others",
    ),
    "locked": (
        "tested, print locked",
        "A test checks this equation; its print is locked: it cannot change unless the test is read again",
    ),
}
"""How the print of an equation is held, in words and in a sentence."""

Tests = Mapping[str, str]
Fault = Callable[[Equation, str, Tests], str]


def no_id(equation: Equation, page: str, tests: Tests) -> str:
    """A displayed equation has no id.

    Bad: $$ x = y $$
    Good: $$ x = y $$ {#eq-vae-elbo}
    Why: Without an id no test can check it, and no sentence can name it.
    """
    if equation.name or equation.kind == "unnumbered":
        return ""
    return "the equation has no id; end it with $$ {#eq-stem-name}"


def odd_id(equation: Equation, page: str, tests: Tests) -> str:
    """The id of an equation has another form than all others.

    Bad: $$ x = y $$ {#ELBO}
    Good: $$ x = y $$ {#eq-vae-elbo}
    Why: Ids share one space with headings, figures and tables; the form says what one names.
    """
    name = equation.name
    if not name or equation.kind == "unnumbered":
        return ""
    if re.fullmatch(r"eq-[a-z0-9]+(?:-[a-z0-9]+)+", name):
        return ""
    return f"the id '{name}' is not of the form eq-stem-name; write it so, in lower case"


def no_test(equation: Equation, page: str, tests: Tests) -> str:
    """An equation has neither a test nor a word on why it has none.

    Bad: $$ x = y $$ {#eq-vae-elbo}, and no test that carries the id
    Good: @pytest.mark.equation("eq-vae-elbo") above a test, or .definition behind the id
    Why: The page says of every equation whether it was checked.
    """
    if not equation.name or equation.kind or equation.name in tests:
        return ""
    return (
        f'no test carries @pytest.mark.equation("{equation.name}"); '
        'add one, or say .definition or .unchecked reason="…"'
    )


def no_reason(equation: Equation, page: str, tests: Tests) -> str:
    """An equation is not checked and does not say why.

    Bad: $$ x = y $$ {#eq-vae-bound .unchecked}
    Good: $$ x = y $$ {#eq-vae-bound .unchecked reason="proved in the source"}
    Why: The reader must be able to judge how far it can be trusted.
    """
    if equation.kind != "unchecked" or equation.reason or not equation.name:
        return ""
    return f'{equation.name} does not say why it is not checked; add reason="…"'


def checked_after_all(equation: Equation, page: str, tests: Tests) -> str:
    """An equation that a test checks is called unchecked or a definition.

    Bad: $$ x = y $$ {#eq-vae-elbo .unchecked reason="hard"}, and a test that carries the id
    Good: $$ x = y $$ {#eq-vae-elbo}
    Why: The page would hide that the equation was checked.
    """
    if equation.kind not in {"unchecked", "definition"} or equation.name not in tests:
        return ""
    return f"{equation.name} is checked by {tests[equation.name]}; drop .{equation.kind}"


def unnumbered(equation: Equation, page: str, tests: Tests) -> str:
    """An equation without a number stands outside the contributing pages.

    Bad: $$ x = y $$ {.unnumbered} on a page of a model
    Good: $$ x = y $$ {#eq-vae-elbo}
    Why: Only the examples of the contributing pages claim nothing.
    """
    if equation.kind != "unnumbered" or not page or page.startswith("contributing/"):
        return ""
    return "only contributing pages have unnumbered equations; give it an id: $$ {#eq-stem-name}"


RULES: dict[str, Fault] = {
    "E03": no_id,
    "E04": odd_id,
    "E05": no_test,
    "E06": no_reason,
    "E07": checked_after_all,
    "E08": unnumbered,
}


def fault(equation: Equation, page: str, tests: Tests) -> tuple[str, str] | None:
    """The first thing that is wrong: its code, and what to do; None if nothing is."""
    for code, rule in RULES.items():
        text = rule(equation, page, tests)
        if text:
            return code, text
    return None
