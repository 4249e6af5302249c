"""The form of a BibTeX file, read with the place of every entry and field: what is wrong where.

The reader of the entries themselves is a library; it stops at a fault lines below its cause, or not at all.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from scripts.checker import source

FIELDS = frozenset(
    "address author booktitle chapter doi edition editor eprint archiveprefix primaryclass howpublished"
    " institution journal key month note number organization pages publisher school series title type url"
    " urldate volume year isbn issn abstract keywords crossref annote".split()
)
START = re.compile(r"@[ \t]*(?P<kind>[A-Za-z]+)[ \t\n]*\{")
KEY = re.compile(r"\s*(?P<key>[^\s,{}=]*)\s*")
NAME = re.compile(r"\s*(?P<name>[A-Za-z][\w-]*)\s*(?P<sign>=?)\s*")
WORD = re.compile(r"[\w.:/+-]+")
IDENTIFIERS = frozenset(("doi", "eprint", "url"))  # each of one work
NO_ENTRIES = frozenset(("comment", "preamble", "string"))


@dataclass(frozen=True)
class Field:
    """A field of an entry, and where it starts."""

    name: str
    value: str
    place: int
    inside: int


@dataclass
class Item:
    """An entry, and where its key stands."""

    key: str
    place: int
    fields: list[Field] = field(default_factory=list)


class Fault(ValueError):
    """What is wrong in a file, and where."""

    def __init__(self, code: str, place: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.place = place


def malformed(place: int, text: str) -> Fault:
    """The bibliography is not written as BibTeX.

    Bad: title = {A Title} and on the next line year = {2020}, without a comma between them
    Good: title = {A Title}, and on the next line year = {2020},
    Why: No entry can be read, and no page can be built.
    """
    return Fault("K02", place, text)


def key_twice(item: Item, line: int) -> Fault:
    """A key of the bibliography names two entries.

    Bad: @misc{kingma2014auto, … twice
    Good: a key of its own for each work: surname, year, first word of the title
    Why: A citation leads to one of them, and nobody can tell to which.
    """
    return Fault(
        "K03", item.place, f"the key '{item.key}' stands in line {line} already; rename one"
    )


def unknown_field(given: Field) -> Fault:
    """A field of the bibliography is misspelt.

    Bad: jounal = {Nature}
    Good: journal = {Nature}
    Why: What it says is left out of the reference without a word.
    """
    near = difflib.get_close_matches(given.name, sorted(FIELDS), 1, 0.6)
    advice = f"write '{near[0]}'" if near else "delete it"
    return Fault("K04", given.place, f"'{given.name}' is no field of BibTeX; {advice}")


def odd_address(given: Field) -> Fault:
    """An address of the bibliography is not one of the web.

    Bad: url = {javascript:alert(1)}
    Good: url = {https://example.org/paper}
    Why: The link does nothing, or does in the reader's name what its author wants.
    """
    shown = given.value[:40]
    return Fault("K05", given.inside, f"'{shown}' is no address of the web; start it with https://")


def work_twice(given: Field, key: str) -> Fault:
    """Two entries of the bibliography have one identifier or address.

    Bad: eprint = {1312.6114} in the entries kingma2014auto and kingma2013autoencoding
    Good: one entry, and its key on every page
    Why: A work stands twice in the list, and each of its places names half of the pages that cite it.
    """
    return Fault(
        "K06",
        given.inside,
        f"'{given.value}' is the {given.name} of '{key}' already; cite that key and delete this entry",
    )


RULES: dict[str, Callable[..., object]] = {
    "K02": malformed,
    "K03": key_twice,
    "K04": unknown_field,
    "K05": odd_address,
    "K06": work_twice,
}


def is_address(text: str) -> bool:
    """Whether a text is an address that a browser may be sent to."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def faults(text: str) -> list[tuple[int, int, str, str]]:
    """What is wrong with a file: line, column, code and what to do. A broken form is told alone."""
    found: list[Fault] = []
    seen: dict[str, Item] = {}
    works: dict[tuple[str, str], str] = {}
    try:
        for item in items(text):
            first = seen.setdefault(item.key.lower(), item)
            if first is not item:
                raise key_twice(item, source.position(text, first.place)[0])
            found += [unknown_field(given) for given in item.fields if given.name not in FIELDS]
            found += [
                odd_address(given)
                for given in item.fields
                if given.name == "url" and not is_address(given.value)
            ]
            for given in item.fields:
                if given.name in IDENTIFIERS and given.value:
                    first_key = works.setdefault(
                        (given.name, given.value.lower().rstrip("/")), item.key
                    )
                    if first_key != item.key:
                        found.append(work_twice(given, first_key))
    except Fault as fault:
        found = [fault]
    return [(*source.position(text, fault.place), fault.code, str(fault)) for fault in found]


def items(text: str) -> Iterator[Item]:
    """The entries of a file. Raises Fault where its form is broken."""
    at = 0
    while (start := START.search(text, at)) is not None:
        if start["kind"].lower() in NO_ENTRIES:
            at = _braces(text, start.end() - 1, "this")
            continue
        key = KEY.match(text, start.end())
        assert key is not None
        if not key["key"] or text[key.end() : key.end() + 1] == "=":
            raise malformed(start.end(), "the entry has no key; write it behind the brace")
        item = Item(key["key"], key.start("key"))
        at = key.end()
        if text[at : at + 1] not in (",", "}"):
            raise malformed(key.end("key"), f"no comma follows the key '{item.key}'; add one")
        at = _fields(text, at, item)
        yield item


def _fields(text: str, at: int, item: Item) -> int:
    """Read the fields of an entry from the sign behind its key on; returns where the entry ends."""
    while text[at : at + 1] == ",":
        at = _blank(text, at + 1)
        if text[at : at + 1] == "}":
            break
        name = NAME.match(text, at)
        if name is None:
            raise malformed(item.place, f"the entry '{item.key}' does not end; write '}}' below it")
        if not name["sign"]:
            raise malformed(
                name.start("name"), f"no '=' follows '{name['name']}'; write {name['name']} = {{…}}"
            )
        end, value = _value(text, name.end(), name["name"])
        item.fields.append(Field(name["name"].lower(), value, name.start("name"), name.end()))
        at = _blank(text, end)
        if text[at : at + 1] not in (",", "}"):
            if not text[at : at + 1] or text[at] == "@":
                raise malformed(
                    item.place, f"the entry '{item.key}' does not end; write '}}' below it"
                )
            raise malformed(end, f"no comma follows the field '{name['name']}'; add one")
    return at + 1


def _value(text: str, at: int, name: str) -> tuple[int, str]:
    """Where the value of a field ends, and what it says."""
    parts = []
    while True:
        sign = text[at : at + 1]
        if sign == "{":
            end = _braces(text, at, f"the value of '{name}'")
            parts.append(text[at + 1 : end - 1])
        elif sign == '"':
            end = _quotes(text, at, name)
            parts.append(text[at + 1 : end - 1])
        else:
            word = WORD.match(text, at)
            if word is None:
                raise malformed(at, f"the field '{name}' has no value; write {name} = {{…}}")
            end = word.end()
            parts.append(word[0])
        at = _blank(text, end)
        if text[at : at + 1] != "#":
            return end, "".join(parts)
        at = _blank(text, at + 1)


def _blank(text: str, at: int) -> int:
    """The next place that is no blank."""
    while text[at : at + 1].isspace():
        at += 1
    return at


# A line that begins an entry or a field ends a value whose brace was forgotten.
_BRACE = re.compile(r"\\.|[{}]|\n[ \t]*(?:@\w+\{|[A-Za-z]\w*[ \t]*=[ \t]*[{\"])", re.DOTALL)


def _braces(text: str, at: int, what: str) -> int:
    """The end of what stands in braces from a place on."""
    depth = 0
    for found in _BRACE.finditer(text, at):
        if found[0] == "{":
            depth += 1
        elif found[0] == "}":
            depth -= 1
            if not depth:
                return found.end()
        elif found[0][0] == "\n":
            break
    raise malformed(at, f"{what} does not end; close its brace")


def _quotes(text: str, at: int, name: str) -> int:
    """The end of a value in quotes; those inside braces do not count."""
    depth = 0
    for found in re.finditer(r'\\.|[{}"]', text[at + 1 :], re.DOTALL):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if found[0] == '"' and not depth:
            return at + 1 + found.end()
    raise malformed(at, f"the value of '{name}' does not end; close its quotes")
