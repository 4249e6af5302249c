"""The words of a diagram: a line of text with formulas in it, how wide it is, and its SVG.

A formula stands between dollar signs and is written as on the page, in the part of TeX that a label needs:
letters, Greek, sub- and superscripts, `\\hat`, `\\tilde`, `\\bar`, `\\mathbf`, `\\mathcal`, `\\text`.
Widths come from the site's own fonts of formulas and, for the sans serif, from DejaVu Sans, the widest of
the fonts that a system may have for it: what fits there fits everywhere.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

import matplotlib
from fontTools.ttLib import TTFont

from scripts.extensions import characters, palette

__all__ = ["ASCENT", "DESCENT", "Run", "decimal", "formula", "runs", "svg", "vector", "width"]

FONTS = Path(__file__).resolve().parents[3] / "docs" / "assets" / "fonts"
MATH = palette.MATH
LARGER = 1.2
"""How much larger the font of formulas is set than the sans serif, so that letters look as large."""
SMALLER, SMALLEST = 0.76, 11.6
ASCENT, DESCENT = 0.75, 0.22
"""Of the em: how far letters reach above and below the line they stand on."""
DROP, RISE = 0.2, -0.36
"""Of the em: where subscripts and superscripts stand, downwards."""

SIGNS = dict(
    pair.split("=", 1)
    for pair in (
        "cdot=· times=× odot=⊙ oplus=⊕ pm=± le=≤ ge=≥ leq=≤ geq=≥ ne=≠ neq=≠ approx=≈ sim=∼ equiv=≡"
        " mid=∣ to=→ in=∈ infty=∞ propto=∝ partial=∂ nabla=∇ sum=∑ prod=∏ int=∫ lVert=‖ rVert=‖ |=‖"
        " vert=| lvert=| rvert=| dots=… ldots=… cdots=⋯ top=⊤ ell=ℓ langle=⟨ rangle=⟩ star=⋆"
        " leftarrow=← rightarrow=→ circ=∘ prime=′ sqrt=√ gg=≫ ll=≪ ,=\u2009 ;=\u2004 quad=\u2003"
        " {={ }=} != bigl= bigr= left= right= big="
    ).split(" ")
) | {" ": " "}
GREEK = dict(
    zip(
        "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho"
        " varsigma sigma tau upsilon varphi chi psi omega".split(),
        characters.span("α", "ω"),
        strict=True,
    )
) | {"epsilon": "ϵ", "phi": "ϕ"}
CAPITALS = dict(
    zip("Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega".split(), "ΓΔΘΛΞΠΣΦΨΩ", strict=True)
)
ACCENTS = {"hat": "\u0302", "tilde": "\u0303", "bar": "\u0305"}
WORDS = frozenset("log exp max min arg argmax argmin softmax KL sin cos tanh det".split())
STYLED = frozenset("mathbf boldsymbol mathcal mathbb mathrm text operatorname".split())
RELATIONS = frozenset("=≠≈∼≤≥∈→←∝<>∣≡≫≪")
BINARY = frozenset("+−×·⊙⊕±∘⋆")
OPENING = frozenset("([{⟨,")
TOKEN = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL)


@dataclass(frozen=True)
class Run:
    """Letters of one font, size and height.

    Args:
        text: the letters.
        math: whether they are set in the font of formulas.
        level: 0, or -1 for a subscript and 1 for a superscript.
    """

    text: str
    math: bool = False
    level: int = 0

    def size(self, size: float) -> float:
        """The font size of the run in a line of a size."""
        if not self.math:
            return size
        return max(LARGER * size * SMALLER, SMALLEST) if self.level else LARGER * size

    def shift(self, size: float) -> float:
        """How far below the line the run stands in a line of a size."""
        return LARGER * size * (0, RISE, DROP)[self.level]


def _alphabet(style: str, text: str) -> str:
    """Letters in bold, script or double-struck; upright ones as they are."""
    if style in ("mathrm", "text", "operatorname"):
        return text
    sets = {"mathcal": characters.LETTER_SCRIPT, "mathbb": characters.LETTER_DOUBLE}
    letters = sets.get(style, characters.LETTER_BOLD)
    table = dict(zip(characters.LATIN, letters, strict=False))
    greek = dict(zip(characters.span("α", "ω"), characters.GREEK_BOLD_ITALIC, strict=False))
    table |= greek | dict(zip("0123456789", characters.DIGITS[:10], strict=True))
    return "".join(table.get(letter, letter) for letter in text)


def _group(tokens: list[str]) -> list[str]:
    """Take the next token, or all tokens of the next group in braces."""
    first = tokens.pop(0)
    if first != "{":
        return [first]
    taken: list[str] = []
    depth = 1
    while tokens:
        token = tokens.pop(0)
        depth += (token == "{") - (token == "}")
        if not depth:
            return taken
        taken.append(token)
    raise ValueError("a brace of a formula is not closed")


def _atoms(tokens: list[str], level: int = 0) -> Iterator[tuple[str, int]]:
    """The signs of a formula with their level. Raises ValueError for a command that is not known."""
    while tokens:
        token = tokens.pop(0)
        name = token.removeprefix("\\")
        if token in ("_", "^"):
            yield from _atoms(_group(tokens), -1 if token == "_" else 1)
        elif token in ("{", "}", " "):
            continue
        elif token == "-":
            yield "−", level
        elif token == "'":
            yield "′", level
        elif not token.startswith("\\"):
            yield characters.BECOMES_ITALIC.get(token, token), level
        elif name in GREEK:
            yield characters.BECOMES_ITALIC[GREEK[name]], level
        elif name in ACCENTS:
            accented = list(_atoms(_group(tokens), level))
            yield accented[0][0] + ACCENTS[name], level
            yield from accented[1:]
        elif name in STYLED:
            inner = "".join(
                GREEK.get(part.removeprefix("\\"), CAPITALS.get(part.removeprefix("\\"), part))
                for part in _group(tokens)
            )
            yield _alphabet(name, inner), level
        elif name in WORDS:
            yield name, level
        elif name in SIGNS or name in CAPITALS:
            yield SIGNS.get(name, CAPITALS.get(name, "")), level
        else:
            raise ValueError(f"a label cannot write {token}")


def formula(tex: str) -> list[Run]:
    """The runs of a formula: signs of one level joined, with the spaces that TeX would set."""
    atoms = [atom for atom in _atoms(TOKEN.findall(tex)) if atom[0]]
    joined: list[Run] = []
    before = "("
    for place, (sign, level) in enumerate(atoms):
        written = sign
        if not level:
            unary = before in OPENING or before in RELATIONS or before in BINARY
            if sign in RELATIONS:
                written = f"\u2004{sign}\u2004"
            elif sign in BINARY and not unary:
                written = f"\u2005{sign}\u2005"
            elif sign == ",":
                written = ",\u2005"
            elif sign in WORDS:
                after = atoms[place + 1][0] if place + 1 < len(atoms) else "("
                lead = "" if unary or sign == "KL" else "\u2005"
                written = lead + sign + ("" if after in "([" else "\u2005")
            before = sign
        if joined and joined[-1].level == level:
            joined[-1] = Run(joined[-1].text + written, True, level)
        else:
            joined.append(Run(written, True, level))
    return joined


def runs(text: str) -> list[Run]:
    """The runs of a line: plain text, and formulas between dollar signs."""
    parts = text.split("$")
    if len(parts) % 2 == 0:
        raise ValueError(f"a dollar sign has no partner: {text}")
    found: list[Run] = []
    for place, part in enumerate(parts):
        if part:
            found += formula(part) if place % 2 else [Run(part)]
    return found


def _widths(font: TTFont) -> dict[str, float]:
    """Widths of all signs of a font, of the em."""
    metrics, unit = font["hmtx"], font["head"].unitsPerEm
    return {chr(code): metrics[sign][0] / unit for code, sign in font.getBestCmap().items()}


@cache
def _sans(bold: bool) -> dict[str, float]:
    """Widths of the letters of DejaVu Sans."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return _widths(TTFont(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name))


@cache
def _math() -> dict[str, float]:
    """Widths of the signs of the site's fonts of formulas."""
    rare, everyday = (_widths(TTFont(FONTS / f"{name}.woff2")) for name in ("math-rare", "math"))
    return rare | everyday | dict.fromkeys(ACCENTS.values(), 0.0)


def width(text: str, size: float, bold: bool = False) -> float:
    """How wide a line is, in pixels. Raises ValueError for a sign that the font of formulas lacks."""
    total = 0.0
    for run in runs(text):
        table = _math() if run.math else _sans(bold)
        for letter in run.text:
            if run.math and letter not in table:
                raise ValueError(f"the font of formulas lacks {letter!r} (U+{ord(letter):04X})")
            total += table.get(letter, 0.6) * run.size(size)
    return total


def svg(text: str, size: float) -> str:
    """What stands inside the text element of a line."""
    out = []
    height = 0.0
    for run in runs(text):
        move = round(run.shift(size) - height, 2)
        height += move
        dy = f' dy="{move:g}"' if move else ""
        content = escape(run.text, quote=False)
        if run.math:
            set_in = f' font-family="{MATH}" font-size="{run.size(size):.4g}"'
            out.append(f"<tspan{dy}{set_in}>{content}</tspan>")
        else:
            out.append(f"<tspan{dy}>{content}</tspan>" if dy else content)
    return "".join(out)


def decimal(value: float, form: str = "g") -> str:
    """A number as it stands in a box, with a true minus sign."""
    return f"{value:{form}}".replace("-", "−")


def vector(values: Iterable[float], form: str = "g") -> str:
    """A vector as it stands in a box, with true minus signs; `form` is of each number."""
    return "(" + ", ".join(decimal(value, form) for value in values) + ")"
