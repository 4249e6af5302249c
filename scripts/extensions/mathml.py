"""TeX to MathML Core, the part of MathML that browsers draw, by the library math-core.

It was chosen over KaTeX's MathML after a comparison of what Chromium draws of both with what KaTeX draws:
KaTeX's needs mending of letters, columns, spaces, signs and fences, takes a hundred times as long, and
comes as a package that is built anew for every Python. What math-core does not know is refused with its
place, never guessed. Two things are added here: mathematics inside `\\text`, and accents that one font holds.
"""

from __future__ import annotations

import re
from functools import cache

import math_core

MACROS = {
    "mathds": r"\mathbb{#1}",
    "argmax": r"\operatorname*{argmax}",
    "argmin": r"\operatorname*{argmin}",
}
# Signs that the font of the site has under another number, and the choice between two kinds of script
# letters, of which it has one.
SIGNS = str.maketrans({"\u0332": "‾", "\u20d7": "→", "\ufe00": None, "\ufe01": None})
# A script letter that lost its choice is one character again and needs no guard around it.
SINGLE = re.compile(r"<mrow><mspace/><mi>([\U0001d400-\U0001d7ff\u2100-\u214f])</mi></mrow>")
REFUSED = {
    r"\\begin\{(?:align|equation|gather|multline|eqnarray)\}": "equations are numbered by the page; use aligned",
    r"\\begin\{\w+\*?\}\[": "the option in brackets is not known here; leave it out",
    r"\\(?:label|tag|ref|eqref)\b": "equations are numbered and linked by the page; use {#eq-stem-name}",
    r"\\(?:boxed|fbox|[bx]?cancel|sout)\b": "browsers do not draw this",
}
# Browsers draw the smallest sign of a root as tall as it is and let it hang below what is lower: under
# each root stands something invisible that is as tall as the sign.
STRUT = '<mspace height=".77em" depth=".27em"/>'
TEXT = re.compile(r"\\text\{((?:[^{}$\\]|\\.)*)\$((?:[^$\\]|\\.)+)\$((?:[^{}\\]|\\.)*)\}")


class TexError(ValueError):
    """TeX that cannot be read; `place` is the offset of the mistake."""

    def __init__(self, message: str, place: int) -> None:
        super().__init__(message)
        self.place = place


@cache
def _converter() -> math_core.LatexToMathML:
    return math_core.LatexToMathML(macros=MACROS, fancy_error=False)


@cache
def render(tex: str, display: bool = False) -> str:
    """The MathML of a formula.

    Args:
        tex: the formula, without dollar signs.
        display: whether it stands on lines of its own.

    Raises:
        TexError: if it cannot be read or drawn.
    """
    for pattern, reason in REFUSED.items():
        found = re.search(pattern, tex)
        if found:
            raise TexError(f"{found[0]}: {reason}", found.start())
    plain = tex
    while (split := TEXT.sub(r"\\text{\1}\2\\text{\3}", plain)) != plain:
        plain = split
    try:
        made = _converter().convert_with_local_state(plain, displaystyle=display)
    except math_core.LatexError as error:
        place, _, message = str(error).partition(": ")
        at = int(place) if place.isdigit() and plain == tex else 0
        raise TexError((message or str(error)).rstrip("."), at) from None
    made = made.replace("<msqrt>", f"<msqrt>{STRUT}")
    return SINGLE.sub(r"<mi>\1</mi>", made.translate(SIGNS))
