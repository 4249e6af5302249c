"""The rules of house style, on where pyproject.toml has a table `[tool.check]`, or for a bare folder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scripts.house import form, outline, repetition, sources, wording

PAGE: dict[str, Callable[[Any], Any]] = {
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
    "P23": form.schema,
    "X01": sources.arxiv,
    "X02": sources.moved,
    "X03": sources.link_text,
    "X04": sources.annotated,
    "X06": sources.unsourced,
    **outline.PAGE,
}
PROJECT: dict[str, Callable[[Any], Any]] = {
    "P05": repetition.same_paragraph,
    "X05": sources.everywhere,
    **outline.PROJECT,
}
