"""Parse a page of the built site once, and find what the standard for HTML does not allow.

html5lib is old, but of the parsers in Python it is the one that reports every error of the standard's
tokeniser and tree builder; newer ones (justhtml 3, selectolax) mend most of them without a word.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import html5lib
from html5lib.constants import E

INTERACTIVE = {"a", "button", "details", "iframe", "input", "label", "select", "textarea"}
# What may stand directly in an element.
CHILDREN = {
    "dl": {"dt", "dd", "div", "script", "template"},
    "ol": {"li", "script", "template"},
    "select": {"option", "optgroup", "hr", "script", "template"},
    "tr": {"td", "th", "script", "template"},
    "ul": {"li", "script", "template"},
}
PARENTS = {
    "dd": {"dl", "div"},
    "dt": {"dl", "div"},
    "figcaption": {"figure"},
    "li": {"ol", "ul", "menu"},
    "summary": {"details"},
}
# Elements that hold running text only, and what is therefore not allowed in them.
PHRASING = {"abbr", "button", "code", "em", "kbd", "label", "span", "strong", "sub", "sup"}
PHRASING |= {"h1", "h2", "h3", "h4", "h5", "h6", "p", "pre", "summary"}
BLOCKS = {"article", "aside", "blockquote", "details", "dialog", "div", "dl", "fieldset", "figure"}
BLOCKS |= {"footer", "form", "header", "hr", "main", "nav", "ol", "p", "pre", "section", "table"}
BLOCKS |= {"ul"}
REFERENCES = ("aria-controls", "aria-describedby", "aria-labelledby", "for", "popovertarget")
OBSOLETE = {"acronym", "big", "center", "font", "marquee", "strike", "tt"}
OBSOLETE_ATTRIBUTES = {"align", "bgcolor", "border", "cellpadding", "cellspacing", "valign"}
XHTML = "{http://www.w3.org/1999/xhtml}"


@dataclass
class Parsed:
    """A page as it was parsed."""

    path: Path
    faults: list[str]
    ids: set[str]


def parse(path: Path) -> Parsed:
    """Parse a page and look for faults."""
    source = path.read_bytes()
    parser = html5lib.HTMLParser()
    root = parser.parse(source, transport_encoding="utf-8")
    lines = source.decode("utf-8").splitlines()
    faults = []
    for (line, column), code, values in parser.errors:
        near = lines[line - 1][max(0, column - 60) : column + 20] if line <= len(lines) else ""
        faults.append(f"line {line}: {E.get(code, code) % values} near {near!r}")
    ids = Counter(element.get("id") for element in root.iter() if element.get("id") is not None)
    faults += [f"the id {name!r} stands {n} times" for name, n in ids.items() if n > 1]
    faults += [f"the id {name!r} is no name" for name in ids if not re.fullmatch(r"\S+", name)]
    faults += look(root, (), set(ids))
    return Parsed(path, faults, set(ids))


def look(element: Any, above: tuple[str, ...], ids: set[str]) -> Iterator[str]:
    """What is wrong with an element and with those in it; `above` are the names around it."""
    if not isinstance(element.tag, str):
        return
    if element.tag.startswith(XHTML):
        name = element.tag.removeprefix(XHTML)
        shown = name + "".join(f".{part}" for part in element.get("class", "").split())
        yield from (f"<{shown}>: {text}" for text in nesting(element, name, above))
        yield from (f"<{shown}>: {text}" for text in attributes(element, name, ids))
        above = (name, *above)
    for child in element:
        yield from look(child, above, ids)


def nesting(element: Any, name: str, above: tuple[str, ...]) -> Iterator[str]:
    """What is wrong with the place of an element."""
    parent = above[0] if above else ""
    if name in OBSOLETE:
        yield "is obsolete"
    if parent in CHILDREN and name not in CHILDREN[parent]:
        yield f"stands directly in <{parent}>"
    if name in PARENTS and parent not in PARENTS[name]:
        yield f"stands outside of <{'> or <'.join(sorted(PARENTS[name]))}>"
    if name in BLOCKS and parent in PHRASING:
        yield f"stands in <{parent}>"
    hidden = name == "input" and element.get("type") == "hidden"
    if name in INTERACTIVE and not hidden and {"a", "button", "summary"} & set(above[:3]):
        yield f"stands in <{'> in <'.join(above[:3])}>"
    if name == "figcaption" and above.count("figure") > 1:
        yield "stands in a figure in a figure"


def attributes(element: Any, name: str, ids: set[str]) -> Iterator[str]:
    """What is wrong with the attributes of an element."""
    if name == "img" and element.get("alt") is None:
        yield "has no alt"
    for attribute in REFERENCES:
        for target in (element.get(attribute) or "").split():
            if target not in ids:
                yield f'{attribute}="{target}" names no id of the page'
    for attribute in sorted(OBSOLETE_ATTRIBUTES & set(element.keys())):
        yield f"the attribute {attribute} is obsolete"
    if name == "a" and element.get("href") == "":
        yield "has no target"
