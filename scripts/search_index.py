"""The index of the search: which section of which page holds which word, and the texts for excerpts.

One file, `search/search_index.json`, is loaded with the first search. It knows every word by its commonest
form, and the sections that hold it as gaps between their numbers. The texts, from which excerpts are cut,
lie beside it, a file for each page, and are loaded for the pages that are shown. So the search does not
grow with every sentence.

The script that searches reads what is written here: `fold`, `stem` and `slug` are the same functions there,
and a test compares them on all words and headings of the site.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

from scripts.extensions.terms import Term

# Words that say nothing of what is asked; neither the index nor a query counts them.
STOP = (
    "a about after again all also am an and any are as at be because been before being between both but by"
    " can cannot could d did do does doing done during each either else even ever every few for from get gets"
    " give given gives had has have having he her here his how however i if in into is it its itself just ll"
    " made make makes many may me might more most much must my need needed needs no nor not now of off often on once"
    " one only or other our out over own per quite re s same shall she should since so some still such t than"
    " that the their them then there these they this those through thus to too under until up upon us use"
    " used uses using ve very versus via vs was way we well were what when where whether which while who"
    " whose why will with within without would yes yet you your difference explain explained mean meaning"
    " means two three four five six seven eight nine ten hundred first second third last another together"
    " instead enough nothing good take takes come comes go goes say says tell tells become becomes see seen"
    " let look looks ask asks asked call called stand stands keeps begins thing things"
)
STOPPED = frozenset(STOP.split())
BLOCK = re.compile(r"</?(?:p|li|ol|ul|pre|h[1-6])\b[^>]*>")
CODE = re.compile(r"<pre\b.*?</pre>", re.DOTALL)
TAG = re.compile(r"<[^>]+>")
CITED = re.compile(r"\b[a-z]+(?:19|20)\d\d[a-z]+\b")
WORD = re.compile(r"[^\W_]+")
YEAR = re.compile(r"(?:19|20)\d\d")
LONGEST = 30  # letters of a word that somebody types
MANY = 100  # sections of a page from which on its texts are several files, by the first sign of the anchor
FINAL, MORE = 57, 34  # signs of the last digit of a gap, and of those before it


def fold(text: str) -> str:
    """What one types: lower case, no accents, no ligatures."""
    plain = unicodedata.normalize("NFKD", text)
    if not plain.isascii():
        plain = "".join(one for one in plain if one < "\x80" or unicodedata.category(one)[0] != "M")
    return plain.lower().replace("ß", "ss")


def words(text: str) -> list[str]:
    """The words of a text as they are typed."""
    return WORD.findall(fold(text))


@cache
def stem(word: str) -> str:
    """The word without the endings of plural and verb, roughly; -ize is -ise, -our is -or."""
    if len(word) < 4:
        return word
    word = re.sub(r"ies$", "y", word)
    word = re.sub(r"(ss|x|ch|sh)es$", r"\1", word)
    word = re.sub(r"(?<![si])(?<!ia)(?<!...u)s$", "", word)
    word = re.sub(r"(?<=..)y$", "i", word)
    word = re.sub(r"(?<=...)(?:ation|ing|er|ed|e)$", "", word)
    word = re.sub(r"(?<=.{5})at$", "", word)  # hallucinate, hallucination
    word = re.sub(r"ional$", "ion", word)
    word = re.sub(r"([bdglmnprt])\1$", r"\1", word)
    word = re.sub(r"([iy])z$", r"\1s", word)
    return re.sub(r"our$", "or", re.sub(r"parametris$", "parameteris", word))


def slug(title: str) -> str:
    """The anchor of a section that has no name of its own."""
    return re.sub(r"[-\s]+", "-", re.sub(r"[^a-z0-9_\s-]", "", fold(title)).strip())


def plain(html: str) -> str:
    """The text of a piece of HTML as the plugin of the builder gives it."""
    text = unescape(TAG.sub("", BLOCK.sub(" ", html)))
    return re.sub(r"\s+", " ", re.sub(r"[\u2060-\u2064\u200b¶]", "", text)).strip()


def indexed(text: str) -> Iterable[str]:
    """The words of a section that the index knows: no single signs, no numbers but years."""
    for word in words(CITED.sub(" ", text)):
        if word in STOPPED or not 1 < len(word) <= LONGEST:
            continue
        if not word.isnumeric() or YEAR.fullmatch(word):
            yield word


def gaps(numbers: Iterable[int]) -> str:
    """Rising numbers as signs: each gap has a last digit, and digits before it if it is large."""
    signs, last = "", -1
    for number in numbers:
        gap, last = number - last - 1, number
        high, low = divmod(gap, FINAL)
        more = ""
        while high:
            high, digit = divmod(high, MORE)
            more = chr(93 + digit) + more
        signs += more + chr(35 + low)
    return signs


def grouped(docs: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """The entries of each page, the page itself first."""
    pages: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for doc in docs:
        pages[str(doc["location"]).partition("#")[0]].append(doc)
    for entries in pages.values():
        entries.sort(key=lambda doc: "#" in str(doc["location"]))
    return dict(pages)


def known(
    pages: Mapping[str, Sequence[Mapping[str, Any]]], glossary: Iterable[Term]
) -> list[tuple[str, str, int]]:
    """Each term, its abbreviation, and the number of the page that owns it, or -1."""
    owners: dict[str, int] = {}
    for number, entries in enumerate(pages.values()):
        for tag in map(str, entries[0].get("tags") or ()):
            # An abbreviation is known by its letters: CLIP is not clipping.
            owners.setdefault(stemmed(tag), number)
            owners.setdefault(f"={''.join(words(tag))}", number)
    found = []
    met = set()
    for term in glossary:
        # Its own letters before its stem: the page on CLIP does not own clipping.
        spelt = [f"={''.join(words(name))}" for name in (term.term, term.short) if name]
        names = [*spelt, stemmed(term.term)]
        met.update(names)
        owner = next((owners[name] for name in names if name in owners), -1)
        found.append((term.term, term.short, owner))
    for number, entries in enumerate(pages.values()):
        for tag in map(str, entries[0].get("tags") or ()):
            names = [stemmed(tag), f"={''.join(words(tag))}"]
            if met.isdisjoint(names):
                found.append((tag, "", number))
            met.update(names)
    return found


def stemmed(term: str) -> str:
    """A term in one spelling of all: "pre-training" is "pretraining"."""
    return "".join(map(stem, words(term)))


@dataclass
class Words:
    """Where words are: for each stem how often each of its forms was met, and the numbers of its sections."""

    forms: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    places: dict[str, dict[int, None]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, word: str, section: int) -> None:
        """Note that a section holds a word."""
        one = stem(word)
        self.forms[one][word] += 1
        self.places[one][section] = None

    def packed(self) -> dict[str, str]:
        """The commonest form of each word, and its sections; of forms as common as each other the first."""
        order = sorted(self.places)
        best = (min(self.forms[one].items(), key=lambda form: (-form[1], form[0])) for one in order)
        return {
            "words": " ".join(word for word, _ in best),
            "places": " ".join(gaps(self.places[one]) for one in order),
        }


def index(docs: Sequence[Mapping[str, Any]], glossary: Iterable[Term]) -> dict[str, Any]:
    """The index from the entries of the plugin: pages with their sections, words, terms."""
    pages = grouped(docs)
    listed: list[list[str]] = []
    found = Words()
    number = 0
    for address, entries in pages.items():
        sections: list[str] = []
        for entry in entries:
            title = plain(entry["title"])
            anchor = str(entry["location"]).partition("#")[2]
            if anchor:
                sections.append(title if anchor == slug(title) else f"{title}#{anchor}")
            also = f"{entry.get('about', '')} {entry.get('also', '')}"
            for word in indexed(f"{plain(entry['text'])} {also}"):
                found.add(word, number)
            number += 1
        listed.append([address, plain(entries[0]["title"]), *sections])
    return {"stop": STOP, "pages": listed, "terms": known(pages, glossary), **found.packed()}


def texts(docs: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """For the address of each page the texts of its sections, without code, by their anchors."""
    return {
        address: {
            str(entry["location"]).partition("#")[2]: text
            for entry in entries
            if (text := plain(CODE.sub(" ", entry["text"])) or str(entry.get("about", "")))
        }
        for address, entries in grouped(docs).items()
    }


def dumped(data: Any) -> str:
    """JSON as short as it can be."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def place(address: str, anchor: str = "", sections: int = 0) -> str:
    """Where the text of a section lies, below the folder of the search, if its page has so many sections."""
    stem = address.rstrip("/") or "index"
    return f"texts/{stem}/{anchor[0]}.json" if anchor and sections > MANY else f"texts/{stem}.json"


def publish(
    folder: Path, docs: Sequence[Mapping[str, Any]], write: Callable[[bytes, str], None]
) -> None:
    """Write the texts of all pages below the folder of the search, by the function of the builder."""
    counts = {address: len(entries) for address, entries in grouped(docs).items()}
    files: dict[str, dict[str, str]] = defaultdict(dict)
    for address, sections in texts(docs).items():
        files[place(address)] = {}
        for anchor, text in sections.items():
            files[place(address, anchor, counts[address])][anchor] = text
    for file, held in files.items():
        write(dumped(held).encode(), str(folder / file))
