"""What the openers of boxes look like: as the parsers read them, and as authors mean them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from scripts.checker.page import Page
from scripts.checker.problem import Edit

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

QUOTES = '"“”„‟«»″'
CURLY = "“”„‟«»″"
INVISIBLE = "\u00a0\u200b\ufeff\u2002\u2003\u2009\u202f\u3000"
_LEAD = re.compile(
    rf"(?P<quote>(?:(?:[ \t]*>)+[ ]?)?)(?P<indent>[ \t{INVISIBLE}]*)(?P<list>(?:(?:[-*+]|\d+\.)["
    r" \t]+)*)"
    rf"(?P<wrap>(?:#{{1,6}}[ \t]+|\*{{1,3}}|_{{1,3}})?)(?P<hidden>[{INVISIBLE}]*)"
    r"(?P<mark>!{2,}|\?{2,}|！{2,}|？{2,}|!(?:[ \t]!)+|\?(?:[ \t]\?)+)(?P<rest>.*)$"
)


@dataclass(frozen=True, slots=True)
class Header:
    """What the parser reads behind a marker: the type and its modifiers, and the title if there is one."""

    names: str
    title: str | None


@dataclass(frozen=True, slots=True)
class Unread:
    """What the author meant behind a marker where the parser reads nothing.

    Args:
        rest: all of it.
        first: its first word.
        types: the words that may be a type and modifiers.
        after: what follows them, blanks included.
    """

    rest: str
    first: str
    types: str
    after: str

    @property
    def title(self) -> str:
        """What was meant as the title, with its quotes."""
        return self.after.strip()


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

    @property
    def exact(self) -> bool:
        """Whether it has one of the two markers."""
        return self.mark in ("!!!", "???")

    def header(self) -> Header | None:
        """What the parser makes of it, if anything."""
        if self.hidden or any(sign in self.indent for sign in INVISIBLE):
            return None
        text = self.text.expandtabs(4)
        if self.details:
            found = DETAILS.match(text)
            return Header(found[2] or found[4] or "", found[3]) if found else None
        found = ADMONITION.match(text)
        return Header(found[1], found[2]) if found else None

    def unread(self) -> Unread:
        """What the author meant, where the parser makes nothing of it."""
        rest = self.rest.strip()
        if self.details:
            rest = rest.removeprefix("+").lstrip()
        word = re.match(r"(\S+?)(?=[\s\"“„'«]|$)", rest)
        types = re.match(r"[\w-]+(?: +[\w-]+)*", rest)
        return Unread(
            rest,
            word[1] if word else rest,
            types[0] if types else "",
            rest[types.end() :] if types else rest,
        )

    def mended(self, page: Page, rest: str) -> Edit | None:
        """A mend that writes something else behind the marker."""
        source = page.lines[self.line - 1]
        at = source.find(self.text)
        if at < 0 or rest == self.rest:
            return None
        return page.replace(self.line, source[:at] + self.mark + rest)


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


def extra(header: Header, page: Page) -> list[str]:
    """The words behind the type that are neither modifiers nor styles of the project."""
    return [
        word
        for word in header.names.split()[1:]
        if word.lower() not in MODIFIERS and word.lower() not in page.styles
    ]


# content tabs


_TAB = re.compile(
    rf"(?P<quote>(?:(?:[ \t]*>)+[ ]?)?)(?P<indent>[ \t{INVISIBLE}]*)(?P<list>(?:(?:[-*+]|\d+\.)["
    r" \t]+)*)"
    r"(?P<mark>={2,5})(?P<rest>(?:\+|!|\+!|!\+)?(?!=).*)$"
)


@dataclass(frozen=True, slots=True)
class Tab:
    """A line that its author may have meant as the opener of a content tab."""

    line: int
    quote: str
    indent: str
    mark: str
    rest: str
    column: int

    @property
    def text(self) -> str:
        """The opener from its marker on."""
        return self.mark + self.rest

    def header(self) -> re.Match[str] | None:
        """What the parser makes of it: the title is group 1."""
        return TAB.match(self.text.expandtabs(4))

    @property
    def signs(self) -> str:
        """The `+` and `!` behind the marker."""
        found = re.match(r"[+!]*", self.rest)
        return found[0] if found else ""

    def mended(self, page: Page, title: str) -> Edit | None:
        """A mend that writes another title, if that would open a tab."""
        if not TAB.match(f"==={self.signs} {title}"):
            return None
        source = page.lines[self.line - 1]
        at = source.find(self.text)
        if at < 0:
            return None
        return page.replace(self.line, f"{source[:at]}{self.mark}{self.signs} {title}")


def read_tab(text: str, line: int) -> Tab | None:
    """The opener of a tab that a line may be."""
    found = _TAB.match(text)
    if not found or not found["rest"].strip(" \t="):
        return None
    column = len(found["quote"]) + len(found["indent"].expandtabs(4)) + len(found["list"])
    return Tab(line, found["quote"], found["indent"], found["mark"], found["rest"], column)
