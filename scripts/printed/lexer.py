"""TeX as tokens: what only moves ink is dropped, what could be misread is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Space, size and alignment: they move ink and mean nothing.
DROPPED = {
    *(rf"\{name}" for name in (",", ";", ":", "!", " ", "left", "right", "middle", "displaystyle")),
    *(rf"\{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m")),
    "&",
    "~",
}
SAME = {
    r"\tfrac": r"\frac",
    r"\dfrac": r"\frac",
    r"\le": r"\leq",
    r"\ge": r"\geq",
    r"\ne": r"\neq",
    r"\lbrack": "[",
    r"\rbrack": "]",
    r"\Vert": r"\|",
    r"\to": r"\rightarrow",
    r"\boldsymbol": r"\mathbf",
    r"\qquad": r"\quad",
    r"\vert": "|",
    r"\mid": "|",
    r"\ldots": r"\dots",
    r"\cdots": r"\dots",
}
WORDS = {r"\text", r"\operatorname", r"\mathrm", r"\textrm"}
ACCENTS = {r"\mathbf", r"\mathcal", r"\mathbb", r"\hat", r"\tilde", r"\bar", r"\dot"}
TOKEN = re.compile(
    r"(?P<command>\\(?:[A-Za-z]+|.))|(?P<number>\d+(?:\{,\}\d{3})*(?:\.\d+)?)|(?P<space>\s+)|(?P<sign>.)",
    re.DOTALL,
)


class Unreadable(ValueError):
    """A print that has no reading here, or more than one; the text says what to write instead."""


@dataclass(frozen=True)
class Token:
    """One sign of a formula.

    Args:
        kind: `command`, `number`, `letter`, `sign`, `word` (of \\text), `operator` (of \\operatorname),
            `begin`, `end`.
        text: the sign, a command in its one spelling, or the words.
        at: where it stands in the TeX.
    """

    kind: str
    text: str
    at: int


def tokens(tex: str) -> list[Token]:
    """The signs of a formula. Raises Unreadable for an exponent or index of several bare signs."""
    found: list[Token] = []
    inside: list[str] = []
    at = 0
    while at < len(tex):
        match = TOKEN.match(tex, at)
        assert match is not None  # the last alternative takes any sign
        text, start, at = match[0], at, match.end()
        if text == "&" and inside[-1:] == ["aligned"] and tex[at:].lstrip().startswith("&"):
            at = row_end(tex, at)  # the column of reasons says why, not what
            continue
        column = text == "&" and inside[-1:] not in ([], ["aligned"])
        if match["space"] or (text in DROPPED and not column):
            continue
        if match["number"]:
            text = text.replace("{,}", "")  # thousands
            if found and found[-1].text in "^_" and len(text) > 1:
                raise Unreadable(
                    f"{found[-1].text}{text} raises only its first digit: write "
                    f"{found[-1].text}{{{text}}}"
                )
            if found and found[-1].text == r"\frac" and len(text) > 1:  # \frac12 is a half
                if len(text) > 2:
                    raise Unreadable(rf"\frac{text} has two readings: write \frac{{…}}{{…}}")
                found.append(Token("number", text[0], start))
                text = text[1]
            found.append(Token("number", text, start))
        elif text in WORDS:
            word, at = braced(tex, at)
            kind = "word" if text in {r"\text", r"\textrm"} else "operator"
            found.append(Token(kind, word, start))
        elif text in {r"\begin", r"\end"}:
            word, at = braced(tex, at)
            if text == r"\begin":
                inside.append(word)
            elif inside:
                inside.pop()
            found.append(Token(text[1:], word, start))
        elif match["command"]:
            found.append(Token("command", SAME.get(text, text), start))
        else:
            found.append(Token("letter" if text.isalpha() else "sign", text, start))
    return merged(found)


def row_end(tex: str, at: int) -> int:
    """Where the row of an `aligned` ends that goes on at a place."""
    depth = 0
    for match in TOKEN.finditer(tex, at):
        depth += (match[0] == "{") - (match[0] == "}")
        if depth == 0 and match[0] in {"\\\\", r"\end"}:
            return match.start()
    return len(tex)


def merged(found: list[Token]) -> list[Token]:
    """Without empty groups, which only space an operator."""
    kept: list[Token] = []
    for token in found:
        if token.text == "}" and kept and kept[-1].text == "{" and token.kind == "sign":
            before = kept[-2].text if len(kept) > 1 else ""
            if before not in {*ACCENTS, r"\frac", r"\sqrt", r"\underbrace", "^", "_", "}"}:
                kept.pop()
                continue
        kept.append(token)
    return kept


def braced(tex: str, at: int) -> tuple[str, int]:
    """The raw text of a group that begins at or after a place, and where it ends."""
    while at < len(tex) and tex[at].isspace():
        at += 1
    if at >= len(tex) or tex[at] != "{":
        raise Unreadable(f"a brace is missing after {tex[max(at - 15, 0) : at]!r}")
    depth = 0
    for end in range(at, len(tex)):
        depth += (tex[end] == "{") - (tex[end] == "}")
        if depth == 0:
            return " ".join(tex[at + 1 : end].split()), end + 1
    raise Unreadable("a brace is never closed")
