"""Carry from the parser by which definition a link was made, so that a fault in one is told once, where it stands."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element

from markdown.inlinepatterns import ReferenceInlineProcessor

from scripts.checker import marks

KEY = "zq-reference"
"""The attribute of a rendered link that names its definition."""


class _Target(str):
    """The address of a definition, and the label under which it is defined."""

    __slots__ = ("label",)
    label: str


class _References(dict[str, Any]):
    """The definitions of a page, whose addresses know their labels."""

    def __setitem__(self, label: str, value: Any) -> None:
        if isinstance(value, tuple) and len(value) == 2:
            target = _Target(value[0])
            target.label = marks.strip(label)
            value = (target, value[1])
        super().__setitem__(label, value)


def carry(md: Any) -> None:
    """Let each link that names a definition say so in an attribute."""
    md.references = _References(md.references)
    for pattern in md.inlinePatterns:
        if isinstance(pattern, ReferenceInlineProcessor):
            changed: Any = pattern
            changed.makeTag = _labelled(pattern.makeTag)


def _labelled(original: Any) -> Any:
    def made(href: Any, title: Any, text: Any) -> Element | None:
        element: Element | None = original(href, title, text)
        if element is not None and isinstance(href, _Target):
            element.set(KEY, href.label)
        return element

    return made
