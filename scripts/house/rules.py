"""The rules of this house, in tables that pyproject.toml hands to the checker: `[tool.check] rules`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scripts.checker.rules import images
from scripts.extensions import (
    answers,
    citations,
    demos,
    excerpts,
    figures,
    harmless,
    mathematics,
    numbers,
    states,
    steps,
    tables,
)
from scripts.house import (
    components,
    form,
    kind_rules,
    outline,
    raw_files,
    repetition,
    sourcing,
    term_rules,
    unrun,
    wording,
)

PAGE: dict[str, Callable[..., Any]] = {
    "I05": images.fixed_width,
    "P01": wording.repeated_word,
    "P02": wording.spelling,
    "P03": wording.terms,
    "P04": wording.undated,
    "P06": wording.unfinished,
    "P07": wording.abbreviation,
    "P08": wording.claims,
    "P09": form.promise,
    "P10": form.heading_end,
    "P11": form.blanks,
    "P12": form.bullets,
    "P13": form.list_margin,
    "P14": form.broken_item,
    "P15": form.split_list,
    "P16": form.glued,
    "P17": form.wrapper,
    "P18": form.bare_figure,
    "P19": form.caption,
    "P20": form.code_mathematics,
    "P21": form.emoji,
    "P22": form.dots,
    "X01": sourcing.arxiv,
    "X02": sourcing.moved,
    "X03": sourcing.link_text,
    "X04": sourcing.annotated,
    "X06": sourcing.unsourced,
    "X07": sourcing.wordless,
    **outline.PAGE,
    **kind_rules.PAGE,
    **components.PAGE,
    **term_rules.PAGE,
    **unrun.PAGE,
}
PROJECT: dict[str, Callable[..., Any]] = {
    "P05": repetition.same_paragraph,
    "X05": sourcing.everywhere,
    **outline.PROJECT,
    **kind_rules.PROJECT,
    **raw_files.PROJECT,
    **term_rules.PROJECT,
}
TOLD: dict[str, Callable[..., Any]] = {
    **mathematics.RULES,
    **states.RULES,
    **numbers.RULES,
    **citations.RULES,
    **excerpts.RULES,
    **steps.RULES,
    **figures.RULES,
    **tables.RULES,
    **demos.RULES,
    **answers.RULES,
    **harmless.RULES,
}
"""What the extensions report while they render a page: the rule is the function that makes the finding."""

FACTS: dict[str, Callable[..., Any]] = {
    "paragraphs": repetition.paragraphs,
    "references": sourcing.references,
    "shorts": outline.shorts,
    "needs": kind_rules.needs,
    **term_rules.FACTS,
}
INSTEAD = {
    "E02": ("M06",),
    "E09": ("L24",),
    "G01": ("P18",),
    "G02": ("I02",),
    "G04": ("I01",),
    "Q03": ("L21",),
    "Y01": ("M04", "P06"),
    "R01": ("M04", "M05"),
    "R03": ("C06",),
    "R04": ("M04", "M13"),
    "R06": ("M09",),
    "R07": ("T16",),
}
"""What a rule of the house reports, and the rules that would say the same without knowing the house."""

SUBJECTS = {
    "E": "Equations",
    "K": "Citations and the bibliography",
    "Q": "Excerpts and lines of code",
    "G": "Figures",
    "Y": "Tables",
    "D": "Demos",
    "J": "Exercises that answer back",
    "W": "What a page may hold",
    "V": "Front matter and kinds of page",
    "P": "Prose",
    "X": "References",
    "R": "Components that this house writes otherwise",
}
