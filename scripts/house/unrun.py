"""Rules R on code that is shown and not run: it says so in its title, and it is Python at least."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator

from scripts.checker.page import Page, indent
from scripts.checker.problem import Problem
from scripts.house import kind_rules, kinds

LABEL = "compiled, not run here"
_PYTHON = re.compile(
    r"[ \t>]*(?:`{3,}|~{3,})[ \t]*(?:\{[^{}]*?\.|\{[ \t]*)?(?:python3?|py3?)(?![\w+-])(?P<rest>.*)",
    re.IGNORECASE,
)
_TITLE = re.compile(rf"title=(?P<quote>[\"'])\S.*[ ]v?\d+(?:\.\w+)* · {LABEL}(?P=quote)")


def _fences(page: Page) -> Iterator[tuple[int, int, bool]]:
    """The fences in Python: their first and last line, and whether the title says that they are not run."""
    for start, end in page.rendered.fences:
        opened = _PYTHON.match(page.line(start))
        if opened:
            yield start, end, _TITLE.search(opened["rest"]) is not None


def unlabelled(page: Page) -> Iterator[Problem]:
    """Code in Python is no excerpt and does not say that it is not run.

    Bad:
        in docs/page.md:
        ---
        title: Page
        kind: model
        ---

        # Page

        ```python
        pipe = DiffusionPipeline.from_pretrained(name)
        ```
    Good:
        in docs/page.md:
        ---
        title: Page
        kind: model
        ---

        # Page

        ```python title="diffusers 0.35 · compiled, not run here"
        pipe = DiffusionPipeline.from_pretrained(name)
        ```
    Why: Readers take the code of these pages for tested. What no test runs ages without a word.
    """
    kind = kinds.KINDS.get(kind_rules.kind_of(page))
    if kind is None or not kind.code:
        return
    for start, _, labelled in _fences(page):
        if not labelled:
            message = (
                f'this code is run by no test; show an excerpt, or give it title="library 1.2 · {LABEL}"'
                " with the library's version"
            )
            yield page.problem(start, message, indent(page.line(start)) + 1)


def uncompiled(page: Page) -> Iterator[Problem]:
    """Code that says that it was compiled is no Python.

    Bad:
        ```python title="diffusers 0.35 · compiled, not run here"
        image = pipe(prompt="a cat"
        ```
    Good:
        ```python title="diffusers 0.35 · compiled, not run here"
        image = pipe(prompt="a cat")
        ```
    Why: Who copies it gets an error before anything is run.
    """
    for start, end, labelled in _fences(page):
        if not labelled:
            continue
        lines = [re.sub(r"^[ \t]*>[ ]?", "", page.line(n)) for n in range(start + 1, end)]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ast.parse(textwrap.dedent("\n".join(lines)))
        except (SyntaxError, ValueError) as error:
            line = min(start + (getattr(error, "lineno", None) or 1), end)
            said = getattr(error, "msg", None) or str(error)
            message = f"the title says 'compiled', and Python says: {said}; mend the code"
            yield page.problem(line, message, indent(page.line(line)) + 1)


PAGE = {"R09": unlabelled, "R10": uncompiled}
