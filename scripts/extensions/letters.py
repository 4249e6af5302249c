"""The letters above a long list: each leads to the first entry that begins with it.

They need no anchors of their own, so an entry costs nothing more. A letter without an entry is no link. The template
sets the filter beside them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from string import ascii_uppercase
from xml.etree.ElementTree import Element

from markdown.util import AtomicString

from scripts.extensions.builder import sub

OTHER = "0–9"
GREEK = re.compile(r"GREEK \w+ LETTER (.)")
SHORT = 40  # entries of a list that needs no letters


def letter(name: str) -> str:
    """Under which letter a name stands: Š under S, β-VAE under B, 3-D under 0–9."""
    for sign in unicodedata.normalize("NFKD", name):
        greek = GREEK.match(unicodedata.name(sign, ""))
        if greek or (sign.isascii() and sign.isalpha()):
            return greek[1] if greek else sign.upper()
        if sign.isdigit():
            break
    return OTHER


def letters(entries: Iterable[tuple[str, str]]) -> Element:
    """The row of letters for a list, from the name and the address of each entry in its order."""
    first: dict[str, str] = {}
    for name, href in entries:
        first.setdefault(letter(name), href)
    row = Element(
        "div",
        {
            "class": "letters",
            "role": "navigation",
            "aria-label": "Letters",
            "data-search-exclude": "",
        },
    )
    for sign in [OTHER] * (OTHER in first) + list(ascii_uppercase):
        shown = {"href": first.get(sign, ""), "aria-label": f"Entries under {sign}"}
        piece = sub(row, "a", **shown) if sign in first else sub(row, "span")
        piece.text = AtomicString(sign)
    return row
