"""The numbers in the text of a page, each with where it stands and why it needs no reason, if it needs none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scripts.checker.source import blank, position

UNITS = "two three four five six seven eight nine ten eleven twelve".split()
TEENS = "thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
GREAT = "hundred thousand million billion trillion".split()
PARTS = "half|third|quarter|fifth|sixth|seventh|eighth|ninth|tenth|sixteenth|eighteenth|hundredth|thousandth"
CARDINAL = "|".join([*(f"{ten}-(?:one|{'|'.join(UNITS)})" for ten in TENS), *TEENS, *TENS, *UNITS])
GREATER = "|".join(GREAT)
WORD = (
    rf"(?:{CARDINAL}|a) (?:{GREATER})(?: (?:{GREATER}))*|(?:{CARDINAL})(?:fold)?"
    rf"|(?<=\bone )(?:{PARTS})|(?<=\ba )(?:{PARTS})|(?:{PARTS})(?= of\b)|twice|(?:{GREATER})fold"
)
DIGITS = r"\d+(?:[.,]\d+)*(?:e-?\d+)?"
NUMBER = re.compile(rf"(?<![\w.])(?P<digits>{DIGITS})|\b(?P<word>{WORD})\b", re.IGNORECASE)

# What is no running text is made spaces, so that every place keeps its offset.
MASKED = [
    re.compile(pattern, re.DOTALL | re.MULTILINE)
    for pattern in (
        r"^[ \t]*--8<--.*?$",
        r"(?<!\\)\$\$.*?\$\$(?:[ \t]*\{[^}\n]*\})?",
        r"(?<![\\$])\$(?!\$)(?:\\.|[^$\\])+\$",
        r"\[\^[^\]\n]*\]",
        r"(?<=\])\([^)\n]*\)(?:\{[^}\n]*\})?",
        r"\{ ?[#.:][^}\n]*\}",
        r"\b\w+=\d+\b(?=[^{\n]*\})",
        r"https?://\S+",
        r"^[ \t]*(?:\d+[.)]|#+ \d+\.?)(?=[ \t])",
        r"^\*\*\d+\.\*\*",
    )
]
CITED = re.compile(r"\[\^[a-z][\w-]*\d{4}[\w-]*\]")

# Why a number needs no reason of its own.
DATE = re.compile(
    r"\b(?:19|20)\d\d-\d\d(?:-\d\d)?\b|\((?:19|20)\d\d\)|(?<=\n\| )(?:19|20)\d\d(?= \|)"
    r"|\b(?:in|of|since|from|until|to|and|about|by|before|after|January|February|March|April|May|June|July"
    r"|August|September|October|November|December) (?:19|20)\d\d(?![\d.,]?\d|-\d| (?:steps|samples|tokens|digits))",
    re.IGNORECASE,
)
NAME = re.compile(
    r"\b(?:[A-Z][\w-]*-|(?:Llama|Exercise|Answer|Equation|Figure|Table|Section|Chapter|Appendix|Algorithm|Step|Stage"
    r"|equation|equations|figure|table|section|chapter|appendix|algorithm|exercise|step|version) )"
    r"(?P<number>\d[\d.]*\w*(?: \d+B\b)?)|(?<=\n\| )(?P<size>\d+B)(?= \|)"
)
UNIT = (
    r"times|per ?cent|percent|%|nats?|bits?|bytes?|seeds?|runs?|steps?|rounds?|epochs?|samples?|draws?|parameters"
    r"|standard|orders?|points|digits|tokens?|minutes?|seconds?|tenths?|hundredths?|thousandths?|thirds|fifths"
    r"|quarters|eighths|sixteenths|pairs|hours?|years?|texts|lines|percentage|copies|figures|decimals|degrees"
)
MEASURED_BEHIND = re.compile(
    rf"[ -](?:(?:further|different|more|other|such|of the|new|fresh|independent|random|training) )?(?:{UNIT})\b"
    rf"|[ ](?:in|of|out of|to|and a half|or) (?:the |its |these |those |every )?(?:\d|one|a hundred|{CARDINAL})\b",
    re.IGNORECASE,
)
MEASURED_BEFORE = re.compile(
    rf"(?:\b(?:about|nearly|almost|roughly|around|over|within|above|below|than|at least|at most|up to|some"
    rf"|not quite|factor of|mean of|average of|near)"
    rf"|(?:\d|\b(?:one|{CARDINAL})) (?:in|of|out of|to|or)(?: the)?) $",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Number:
    """A number in the text of a page."""

    text: str
    start: int
    end: int
    line: int
    sentence: str
    kind: str  # cited, date, name, counting, or nothing: it must be bound or listed


def masked(source: str) -> str:
    """The running text of a page, everything else made spaces."""
    text = blank(source)
    for pattern in MASKED:
        text = pattern.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    return text


def block(source: str, at: int) -> tuple[int, int]:
    """The line around a place, which is one sentence or a row."""
    start = source.rfind("\n", 0, at) + 1
    end = source.find("\n", at)
    return start, len(source) if end < 0 else end


def sentence(source: str, at: int) -> tuple[int, int]:
    """Where the sentence, or the row of a table, around a place begins and ends."""
    start, end = block(source, at)
    line = source[start:end]
    if line.lstrip().startswith("|"):
        return start, end
    ends = [
        found.end()
        for found in re.finditer(r"[.!?](?:\*\*|[\"”)])?(?:\[\^[^\]]*\])* (?=[A-Z*\"“`$\[])", line)
    ]
    before = max((stop for stop in ends if start + stop <= at), default=0)
    after = min((stop for stop in ends if start + stop > at), default=len(line))
    return start + before, start + after


def cited_table(source: str, at: int) -> bool:
    """Whether the head or the caption of the table around a place cites."""
    start, end = block(source, at)
    if not source[start:end].lstrip().startswith("|"):
        return False
    caption = re.match(r"(?:[ \t]*\|[^\n]*\n)*\n(Table:[^\n]*)", source[end + 1 :])
    first = source[source.rfind("\n\n", 0, end) + 2 :].split("\n", 1)[0]
    return bool(CITED.search(first) or (caption and CITED.search(caption[1])))


def is_counting(text: str, found: re.Match[str]) -> bool:
    """Whether a word counts things that stand there, and measures nothing."""
    word = found["word"]
    if not word or word.lower() not in UNITS:
        return False
    behind, before = (
        text[found.end() : found.end() + 40],
        text[max(0, found.start() - 40) : found.start()],
    )
    return not (MEASURED_BEHIND.match(behind) or MEASURED_BEFORE.search(before))


def numbers(source: str) -> Iterator[Number]:
    """The numbers in the text of a page, in their order."""
    text = masked(source)
    free = {
        "date": [found.span() for found in DATE.finditer(text)],
        "name": [found.span() for found in NAME.finditer(text)],
    }
    for found in NUMBER.finditer(text):
        at = found.start()
        start, end = sentence(source, at)
        kind = next(
            (kind for kind, spans in free.items() if any(a <= at < b for a, b in spans)), ""
        )
        if not kind and is_counting(text, found):
            kind = "counting"
        if not kind and (CITED.search(source[start:end]) or cited_table(source, at)):
            kind = "cited"
        yield Number(
            found[0], at, found.end(), position(source, at)[0], source[start:end].strip(), kind
        )
