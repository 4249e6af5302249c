"""TeX to MathML Core, the part of MathML that browsers draw, by the library math-core.

It was chosen over KaTeX's MathML after a comparison of what Chromium draws of both with what KaTeX draws:
KaTeX's needs mending of letters, columns, spaces, signs and fences, takes a hundred times as long, and
comes as a package that is built anew for every Python. What math-core does not know is refused with its
place, never guessed. Two things are added here: mathematics inside `\\text`, and accents that one font holds.
"""

from __future__ import annotations

import re
from functools import cache
from html import escape, unescape

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
# What the library writes as a style is a class of the site's style sheet: its policy allows no styles in
# a page. What is not here is refused: colours, rules in tables, distances of one's own.
CLASSES = {
    "text-align: left;justify-items: start;": "to-left",
    "text-align: right;justify-items: end;": "to-right",
    "padding-left: 0;": "flush-left",
    "padding-right: 0;": "flush-right",
    "padding-left:1em;": "apart",
    "padding-top: 0;padding-bottom: 0;": "dense",
    "margin-left:-0.16666667em;": "back-3",
    "margin-left:-0.22222222em;": "back-4",
    "margin-left:-0.2777778em;": "back-5",
}
STYLE = re.compile(r'(?<= )style="([^"]*)"')
STRUT = '<mspace height=".77em" depth=".27em"/>'
TAG = re.compile(r"<[^>]*>")
CARRIED = re.compile(r'(?P<before><math\b[^>]*?) data-tex="(?P<tex>[^"]*)"')
TEXT = re.compile(r"\\text\{((?:[^{}$\\]|\\.)*)\$((?:[^$\\]|\\.)+)\$((?:[^{}\\]|\\.)*)\}")


class TexError(ValueError):
    """TeX that cannot be read; `place` is the offset of the mistake."""

    def __init__(self, message: str, place: int) -> None:
        super().__init__(message)
        self.place = place


@cache
def _converter() -> math_core.LatexToMathML:
    return math_core.LatexToMathML(macros=MACROS, fancy_error=False)


def _classes(match: re.Match[str]) -> str:
    """The classes that stand for a style of the library."""
    rest, names = match[1], []
    for style, name in CLASSES.items():
        if style in rest:
            rest = rest.replace(style, "")
            names.append(name)
    if rest:
        raise TexError(
            f"'{rest.strip(';')}' has no class in the site's style sheet; leave it out", 0
        )
    return f'class="{" ".join(names)}"'


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
    made = STYLE.sub(_classes, made.replace("<msqrt>", f"<msqrt>{STRUT}"))
    return SINGLE.sub(r"<mi>\1</mi>", made.translate(SIGNS))


@cache
def carrying(made: str, tex: str) -> str:
    """A formula with its TeX as an attribute, for whoever copies it; what is its own TeX needs none.

    Args:
        made: what `render` has given.
        tex: what it was given.
    """
    lines = "\n".join(line.strip() for line in tex.strip().split("\n"))
    signs = unescape(TAG.sub("", made))
    if not made.startswith("<math") or "".join(signs.split()) == "".join(lines.split()):
        return made
    return made.replace(">", f' data-tex="{escape(lines)}">', 1)


def parted(page: str) -> tuple[str, list[str | None]]:
    """A page without the TeX that its formulas carry, and that TeX, formula by formula.

    A page with some hundred formulas would be heavier by a tenth, and few readers copy one.
    """
    told: list[str | None] = []
    for tag in re.findall(r"<math\b[^>]*>", page):
        found = CARRIED.match(tag)
        told.append(unescape(found["tex"]) if found else None)
    return CARRIED.sub(r"\g<before>", page), told
