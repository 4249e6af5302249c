"""A term of the glossary in all its spellings, and where a text uses it.

Two spellings are one if they differ in hyphens and blanks (pre-training, pretraining), in -ise and -ize, in
accents, in capitals, or in the plural. An abbreviation is known by its capitals.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

WORD = re.compile(r"[^\W_]+(?:['’@‐-―-][^\W_]+)*")
LONGEST = 7  # words of a term
_JOINT = re.compile(r"['’@‐-―\s-]+")
_ISE = re.compile(r"iz(?=e|ing|ation|er)")
_BRACKET = re.compile(r"\W{0,3}\(\W{0,3}")
# What may stand beside a term in a heading or in emphasis that is about nothing else.
_BEFORE = re.compile(r"(?:.*(?:[,;:(/–]|\band|\bor))?\s*(?:an?|the)?\s*", re.DOTALL | re.IGNORECASE)
_AFTER = re.compile(r"\s*(?:[,;:)/(.–].*|(?:and|or)\b.*)?", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class Term:
    """A term, its abbreviation, if it has one, and its id in the glossary."""

    term: str
    short: str
    anchor: str


@dataclass(frozen=True)
class Found:
    """A use of a term in a text: which one, and from where to where."""

    term: Term
    start: int
    end: int


@lru_cache(maxsize=8192)
def spelling(word: str) -> str:
    """A word or a whole term without what differs between spellings."""
    parts = (_singular(part) for part in _JOINT.split(_plain(word)))
    return _ISE.sub("is", "".join(parts)).replace("parametri", "parameteri")


def _plain(word: str) -> str:
    return "".join(
        sign
        for sign in unicodedata.normalize("NFKD", word.lower())
        if not unicodedata.combining(sign)
    )


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if len(word) > 2 and word.endswith("s") and word[-2] not in "sui" else word


class Terms:
    """The terms of a glossary, to be found by their name or abbreviation."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self.words = {spelling(term.term): term for term in terms}
        self.shorts = {term.short: term for term in self.words.values() if term.short}
        self.heads = {key[:size] for key in self.words for size in (1, 2, 3)}

    def named(self, text: str) -> Term | None:
        """The term that a text names, in whatever spelling."""
        short = self.shorts.get(text) or self.shorts.get(text.removesuffix("s"))
        return short or self.words.get(spelling(text))

    def uses(self, text: str) -> Iterator[Found]:
        """Where a text uses a term, in its order; of two that overlap, the longer one."""
        words = [(match[0], match.start(), match.end()) for match in WORD.finditer(text)]
        index, last = 0, Found(Term("", "", ""), 0, 0)
        while index < len(words):
            found, count = self._at(text, words, index)
            if found:
                # A term and its abbreviation in brackets, or the other way round, are one use.
                if found.term != last.term or not _BRACKET.fullmatch(text[last.end : found.start]):
                    yield found
                last = found
            index += count

    def _at(
        self, text: str, words: Sequence[tuple[str, int, int]], index: int
    ) -> tuple[Found | None, int]:
        word, start, _ = words[index]
        if spelling(word)[:3] in self.heads:
            key, last = "", index
            keys: list[str] = []
            for last in range(index, min(index + LONGEST, len(words))):
                if last > index and text[words[last - 1][2] : words[last][1]].strip():
                    break
                key += spelling(words[last][0])
                keys.append(key)
            for count in range(len(keys), 0, -1):
                if keys[count - 1] in self.words:
                    end = words[index + count - 1][2]
                    return Found(self.words[keys[count - 1]], start, end), count
        short = self.shorts.get(word) or self.shorts.get(word.removesuffix("s"))
        return (Found(short, start, words[index][2]) if short else None), 1


def alone(text: str, found: Found, start: int, end: int) -> bool:
    """Whether a part of a text, such as a heading, is the name of the term, or a list with it."""
    return bool(
        _BEFORE.fullmatch(text[start : found.start]) and _AFTER.fullmatch(text[found.end : end])
    )
