"""Reads the TeX of a displayed equation into statements."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.printed.lexer import Token, Unreadable, tokens
from scripts.printed.parsing import CLOSE, RELATIONS, SIGNS, TIMES, Parser
from scripts.printed.tree import OPEN, Node


@dataclass(frozen=True)
class Statement:
    """One claim of an equation.

    Args:
        node: what it says, if it can be read; None for a remark in words.
        text: its normal form; of a remark, its signs.
        why: why it cannot be read; empty if it can, or if it is a remark.
    """

    node: Node | None
    text: str
    why: str = ""


def statements(tex: str) -> tuple[Statement, ...]:
    """The claims of a displayed equation, in their order."""
    return tuple(_statement(piece) for piece in pieces(tokens(tex)))


def read(tex: str) -> Node:
    """The tree of one claim or expression. Raises Unreadable."""
    found = statements(tex)
    if len(found) != 1:
        raise Unreadable(f"{tex!r} has {len(found)} statements, not one")
    if found[0].node is None:
        raise Unreadable(found[0].why or f"{tex!r} is a remark in words")
    return found[0].node


def pieces(found: list[Token]) -> list[list[Token]]:
    """The tokens of each statement: commas, wide space and ends of rows part them."""
    found = [t for t in found if not (t.kind in {"begin", "end"} and t.text == "aligned")]
    parts: list[list[Token]] = [[]]
    inside: list[str] = []
    for token in found:
        closes = token.kind == "end" or token.text in CLOSE or token.text == "}"
        if token.kind == "begin" or token.text in OPEN or token.text == "{":
            inside.append(token.kind)
        elif closes and inside:
            inside.pop()
        if not inside and not closes and token.text in {",", r"\quad", r"\\", "."}:
            parts.append([])
        elif inside and inside[-1] != "begin" and token.text in {r"\quad", r"\\"}:
            continue  # a long bracket goes on in the next row
        else:
            parts[-1].append(token)
    joined: list[list[Token]] = []
    for part in parts:
        if not part:
            continue
        first = part[0].text
        goes_on = first in RELATIONS | SIGNS | TIMES or first == r"\Longleftrightarrow"
        open_end = joined and joined[-1][-1].text in RELATIONS | SIGNS | TIMES
        listed = first == r"\dots" or (joined and joined[-1][-1].text == r"\dots")
        if joined and (
            goes_on or open_end or listed or joined[-1][-1].text == r"\Longleftrightarrow"
        ):
            joined[-1] += ([Token("sign", ",", part[0].at)] if listed else []) + part
        else:
            joined.append(part)
    return joined


def _statement(piece: list[Token]) -> Statement:
    words = " ".join(
        rf"\text{{{t.text}}}"
        if t.kind == "word"
        else rf"\operatorname{{{t.text}}}"
        if t.kind == "operator"
        else t.text
        for t in piece
    )
    listed = any(t.text == r"\dots" for t in piece) and any(
        t.text == "," and _depth(piece, i) == 0 for i, t in enumerate(piece)
    )
    relation = len(piece) > 1 and piece[1].text in RELATIONS
    if listed or (piece[0].kind == "word" and not relation):
        return Statement(None, words)
    end = len(piece)
    while piece[end - 1].kind == "word" and piece[end - 2].text not in RELATIONS | SIGNS | TIMES:
        end -= 1  # a condition behind the formula
    for index in range(1, end):
        if piece[index].kind == "word" and _depth(piece, index) == 0:
            before = piece[index - 1].text
            if before not in RELATIONS | SIGNS | TIMES:
                end = index
                break
    try:
        node = Parser(piece[:end]).whole()
    except Unreadable as error:
        return Statement(None, words, str(error))
    rest = " ".join(rf"\text{{{t.text}}}" if t.kind == "word" else t.text for t in piece[end:])
    return Statement(node, f"{node} {rest}".rstrip())


def _depth(piece: list[Token], index: int) -> int:
    before = piece[:index]
    opened = sum(t.text in OPEN or t.text == "{" or t.kind == "begin" for t in before)
    return opened - sum(t.text in CLOSE or t.text == "}" or t.kind == "end" for t in before)
