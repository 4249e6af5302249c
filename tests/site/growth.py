"""A site of 112 pages: the pages of this one, and copies of them with other words and other neighbours.

A plain copy would cost a compressed index almost nothing. So each section of a copy takes its words, as many as
the section has, from all sections of its page, and every second rare word becomes a new one.
"""

from __future__ import annotations

import json
import random
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

from scripts import search_index
from scripts.search_index import FINAL, MORE, Words

PAGES = 112
RARE = 3  # sections that hold a rare word, at most
INDEX = "search/search_index.json"


def numbers(signs: str) -> list[int]:
    """What `search_index.gaps` was made of."""
    found: list[int] = []
    last, high = -1, 0
    for code in signs.encode("ascii"):
        if code > 92:
            high = high * MORE + code - 93
        else:
            last += high * FINAL + code - 34
            high = 0
            found.append(last)
    return found


def grown(index: dict[str, Any]) -> dict[str, Any]:
    """The index of the grown site."""
    chance = random.Random(110)
    forms = index["words"].split(" ")
    words = Words()
    inside: dict[int, list[str]] = defaultdict(list)
    rare = set()
    for form, signs in zip(forms, index["places"].split(" "), strict=True):
        sections = numbers(signs)
        if len(sections) <= RARE:
            rare.add(form)
        for section in sections:
            inside[section].append(form)
            words.add(form, section)
    pages = [list(page) for page in index["pages"]]
    firsts = [0]
    for page in pages:
        firsts.append(firsts[-1] + len(page) - 1)
    number = firsts[-1]
    for copy in range(PAGES - len(pages)):
        source = 1 + copy % (len(index["pages"]) - 1)  # the entrance is there once
        address, title, *sections = index["pages"][source]
        held = range(firsts[source], firsts[source + 1])
        all_words = [word for section in held for word in inside[section]]
        for section in held:
            for word in chance.sample(all_words, len(inside[section])):
                fresh = word in rare and chance.random() < 0.5
                words.add(f"{word}{'abcdefgh'[copy % 8]}on" if fresh else word, number)
            number += 1
        name = f"copy-{copy}"
        pages.append([f"{name}/{address}", f"{title} {name}", *sections])
    return {**index, "pages": pages, **words.packed()}


def grow(site: Path, out: Path) -> dict[str, Any]:
    """A copy of the built site with the index and the texts of the grown one; its index."""
    shutil.copytree(site, out)
    index = grown(json.loads((out / INDEX).read_text(encoding="utf-8")))
    (out / INDEX).write_text(search_index.dumped(index), encoding="utf-8")
    for address, *_ in index["pages"]:
        place = out / "search" / search_index.place(address)
        if not place.is_file():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(out / "search" / search_index.place(address.partition("/")[2]), place)
    return index
