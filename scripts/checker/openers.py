"""What the openers of boxes look like: as the parsers read them, and as authors mean them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

MATERIAL = (
    "note abstract info tip success question warning failure danger bug example quote".split()
)
ALIASES = {
    "summary": "abstract",
    "tldr": "abstract",
    "todo": "info",
    "hint": "tip",
    "important": "tip",
    "check": "success",
    "done": "success",
    "help": "question",
    "faq": "question",
    "caution": "warning",
    "attention": "warning",
    "fail": "failure",
    "missing": "failure",
    "error": "danger",
    "snippet": "example",
    "cite": "quote",
    "seealso": "info",
    "notice": "note",
    "alert": "warning",
    "information": "info",
    "warn": "warning",
    "tips": "tip",
    "notes": "note",
    "advice": "tip",
    "remark": "note",
    "critical": "danger",
    "important_note": "tip",
    "definition": "abstract",
}
WORDS = (*MATERIAL, *(alias for alias in ALIASES if alias not in MATERIAL))
MODIFIERS = frozenset("inline end annotate no-title highlight on-top".split())

ADMONITION = re.compile(r'!!! ?([\w-]+(?: +[\w-]+)*)(?: +"(.*?)")? *$')
DETAILS = re.compile(
    r'\?{3}(\+)? ?(?:([\w-]+(?: +[\w-]+)*?)?(?: +"(.*?)")|([\w-]+(?: +[\w-]+)*?)) *$'
)
TAB = re.compile(r'={3}(?:\+|\+!|!\+|!)? +"(.*?)" *$')

_INVISIBLE = "\u00a0\u200b\ufeff\u2002\u2003\u2009\u202f\u3000"
_LEAD = re.compile(
    rf"(?P<quote>(?:(?:[ \t]*>)+[ ]?)?)(?P<indent>[ \t{_INVISIBLE}]*)(?P<list>(?:(?:[-*+]|\d+\.)["
    r" \t]+)*)"
    rf"(?P<wrap>(?:#{{1,6}}[ \t]+|\*{{1,3}}|_{{1,3}})?)(?P<hidden>[{_INVISIBLE}]*)"
    r"(?P<mark>!{2,}|\?{2,}|！{2,}|？{2,}|!(?:[ \t]!)+|\?(?:[ \t]\?)+)(?P<rest>.*)$"
)


@dataclass(frozen=True, slots=True)
class Opener:
    """A line that its author may have meant as the opener of an admonition or a collapsible."""

    line: int
    quote: str
    indent: str
    list: str
    wrap: str
    hidden: str
    mark: str
    rest: str
    column: int

    @property
    def text(self) -> str:
        """The opener from its marker on."""
        return self.mark + self.rest

    @property
    def details(self) -> bool:
        """Whether it is a collapsible."""
        return self.mark[0] in "?？"

    def strict(self) -> re.Match[str] | None:
        """What the parser makes of it, if anything."""
        if self.hidden or any(sign in self.indent for sign in _INVISIBLE):
            return None
        text = self.text.expandtabs(4)
        return DETAILS.match(text) if self.details else ADMONITION.match(text)


def read(text: str, line: int) -> Opener | None:
    """The opener that a line may be."""
    found = _LEAD.match(text)
    if not found:
        return None
    column = len(found["quote"]) + len(found["indent"].expandtabs(4)) + len(found["list"])
    return Opener(
        line,
        found["quote"],
        found["indent"],
        found["list"],
        found["wrap"],
        found["hidden"],
        found["mark"],
        found["rest"],
        column,
    )


@lru_cache(maxsize=4096)
def nearest(word: str, names: tuple[str, ...] = WORDS) -> str:
    """The known type that a word comes close to, or starts with before a capital, or an empty text."""
    glued = re.match(r"[a-z]+(?=[A-Z])", word)
    if glued and glued[0] in names:
        return glued[0]
    word = word.lower()
    if word in names:
        return word
    matches = get_close_matches(word, names, 1, 0.72)
    if matches:
        return matches[0]
    return next((name for name in names if sorted(name) == sorted(word)), "")
