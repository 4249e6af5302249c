"""The rules of front matter and of the kinds of page, for the check and for the build; `kinds` says what holds."""

from __future__ import annotations

import datetime
import difflib
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from scripts.checker import source
from scripts.checker.page import Page
from scripts.checker.problem import Place, Problem
from scripts.checker.project import Site
from scripts.house import kinds

Listed = list[list[Any]]  # line, column and value of each item of a list in the front matter
HEADING = re.compile(r"^##[ \t]+(?P<text>.+?)[ \t]*(?:\{[^{}]*\}[ \t]*)?#*[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Value:
    """Where something stands in the file, and what is written there."""

    line: int
    column: int
    value: Any


@dataclass(frozen=True)
class Entry:
    """A key of the front matter, its value, and the items of the value if it is a list."""

    name: str
    line: int
    column: int
    value: Value
    items: tuple[Value, ...] = ()


def entries(page: Page) -> list[Entry] | None:
    """The front matter key by key; None if there is none that can be read."""
    if "front matter" not in page.notes:
        page.notes["front matter"] = _entries(page.text)
    found: list[Entry] | None = page.notes["front matter"]
    return found


def _entries(text: str) -> list[Entry] | None:
    import yaml

    front = source.FRONT.match(text)
    if front is None:
        return None
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(front[1])
    try:
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            return None
        return [_entry(loader, key, value) for key, value in node.value]
    except (yaml.YAMLError, ValueError, RecursionError, TypeError):
        return None
    finally:
        loader.dispose()


def _entry(loader: Any, key: Any, value: Any) -> Entry:
    parts = value.value if isinstance(value.value, list) and value.id == "sequence" else ()
    items = tuple(_place(loader, part) for part in parts)
    at = _place(loader, key)
    return Entry(str(at.value), at.line, at.column, _place(loader, value), items)


def _place(loader: Any, node: Any) -> Value:
    mark = node.start_mark
    return Value(mark.line + 2, mark.column + 1, loader.construct_object(node, deep=True))


def _found(page: Page, name: str) -> Entry | None:
    return next((entry for entry in entries(page) or () if entry.name == name), None)


def kind_of(page: Page) -> str:
    """The kind that the front matter gives a page; empty if it gives none."""
    entry = _found(page, "kind")
    return entry.value.value if entry and isinstance(entry.value.value, str) else ""


def schema(page: Page) -> Iterator[Problem]:
    """The front matter lacks a key, has one that nobody knows, or has them in another order.

    Bad:
        in docs/page.md:
        # Page

        Text.
    Good:
        in docs/page.md:
        ---
        title: Page
        description: A page.
        kind: guide
        needs: []
        reviewed: 2026-11-21
        ---

        # Page

        Text.
    Why: Navigation, reading order and the date of review are made from it.
    """
    known = entries(page)
    wanted = ", ".join(name for name in kinds.FRONT_MATTER if name not in kinds.MAY_LACK)
    if known is None:
        # That it is no YAML or not closed is said by a rule for all projects.
        front = source.FRONT.match(page.text)
        if front is None and not re.match(r"---[ \t]*\n[A-Za-z_-]+:", page.text):
            yield page.problem(1, f"the page has no front matter; give it {wanted}", 1)
        elif front is not None and not re.search(r"(?m)^\w+:", front[1]):
            yield page.problem(2, "the front matter is no list of keys; write 'key: value'", 1)
        return
    names = [entry.name for entry in known]
    missing = [name for name in kinds.FRONT_MATTER if name not in {*names, *kinds.MAY_LACK}]
    if missing:
        yield page.problem(1, f"the front matter lacks {', '.join(missing)}; add it", 1)
    for index, entry in enumerate(known):
        if entry.name in names[:index]:
            yield page.problem(entry.line, f"'{entry.name}' stands twice; delete one", entry.column)
        elif entry.name not in (*kinds.FRONT_MATTER, *kinds.ALSO):
            near = difflib.get_close_matches(entry.name, kinds.FRONT_MATTER, 1)
            advice = f"write '{near[0]}'" if near else f"known are {wanted}"
            yield page.problem(
                entry.line, f"'{entry.name}' is no key of the front matter; {advice}", entry.column
            )
    rank = {name: place for place, name in enumerate(kinds.FRONT_MATTER)}
    ranked = [entry for entry in known if entry.name in rank]
    for above, entry in pairwise(ranked):
        if rank[entry.name] < rank[above.name]:
            yield page.problem(
                entry.line,
                f"'{entry.name}' stands below '{above.name}'; the order is "
                + ", ".join(kinds.FRONT_MATTER),
                entry.column,
            )
            return


def description(page: Page) -> Iterator[Problem]:
    """The title or the description is not a text, is empty, or is longer than what is shown.

    Bad:
        in docs/page.md:
        ---
        title: Page
        description: >-
          A page that says at length what it is about.
          A page that says at length what it is about.
          A page that says at length what it is about.
          A page that says at length what it is about.
          A page that says at length what it is about.
        kind: guide
        needs: []
        reviewed: 2026-11-21
        ---

        # Page

        Text.
    Good:
        in docs/page.md:
        ---
        title: Page
        description: A page.
        kind: guide
        needs: []
        reviewed: 2026-11-21
        ---

        # Page

        Text.
    Why: It stands in the list of a search engine, which cuts it, and under the title on maps.
    """
    for name, limit in (("title", 0), ("description", kinds.DESCRIPTION_LIMIT)):
        entry = _found(page, name)
        if entry is None:
            continue
        value, line, column = entry.value.value, entry.value.line, entry.value.column
        if not isinstance(value, str) or not value.strip():
            yield page.problem(entry.line, f"'{name}' holds no text; write one", entry.column)
        elif limit and len(value) > limit:
            yield page.problem(
                line, f"the description has {len(value)} characters; {limit} are shown", column
            )


def kind(page: Page) -> Iterator[Problem]:
    """The kind of a page is none that there is.

    Bad:
        in docs/page.md:
        ---
        title: Page
        description: A page.
        kind: giude
        needs: []
        reviewed: 2026-11-21
        ---

        # Page

        Text.
    Good:
        in docs/page.md:
        ---
        title: Page
        description: A page.
        kind: guide
        needs: []
        reviewed: 2026-11-21
        ---

        # Page

        Text.
    Why: The kind fixes the headings, so that readers find the same thing in the same place.
    """
    entry = _found(page, "kind")
    if entry is None or str(entry.value.value) in kinds.KINDS:
        return
    near = difflib.get_close_matches(str(entry.value.value), kinds.KINDS, 1)
    advice = f"write '{near[0]}'" if near else f"there are {', '.join(kinds.KINDS)}"
    yield page.problem(
        entry.value.line, f"'{entry.value.value}' is no kind of page; {advice}", entry.value.column
    )


def headings(page: Page) -> Iterator[Problem]:
    """The headings of a page are not those of its kind, or stand in another order.

    Bad: a page of kind model without ## Exercises
    Good: the headings of the kind, each once, in their order
    Why: Who has read one page of a kind finds everything on the next one.
    """
    entry = _found(page, "kind")
    of = (
        kinds.KINDS.get(entry.value.value) if entry and isinstance(entry.value.value, str) else None
    )
    if entry is None or of is None or not of.headings:
        return
    text = source.blank(page.text)
    found = [
        (match["text"], *source.position(text, match.start())) for match in HEADING.finditer(text)
    ]
    yield from _missing(page, of, entry.value.value, [name for name, *_ in found])
    last = -1
    for index, (name, line, column) in enumerate(found):
        if name not in of.headings:
            if not of.free:
                yield page.problem(
                    line,
                    f"a page of kind {entry.value.value} has no heading '{name}'; "
                    f"its headings are {', '.join(of.headings)}",
                    column,
                )
            continue
        place = of.headings.index(name)
        if name in [other for other, *_ in found[:index]]:
            yield page.problem(line, f"the heading '{name}' stands twice; rename one", column)
        elif place < last or (of.free and not last + 1 and index):
            before = of.headings[place + 1] if place + 1 < len(of.headings) else "all others"
            yield page.problem(
                line, f"the heading '{name}' stands too late; move it above {before}", column
            )
        last = max(last, place)


def _missing(page: Page, of: kinds.Kind, name: str, there: Sequence[str]) -> Iterator[Problem]:
    for wanted in of.headings:
        if wanted in there or wanted in of.optional:
            continue
        near = difflib.get_close_matches(wanted, [h for h in there if h not in of.headings], 1, 0.7)
        advice = f"is '{near[0]}' meant? write ## {wanted}" if near else f"write ## {wanted}"
        yield page.problem(1, f"a page of kind {name} has the heading '{wanted}'; {advice}", 1)


def reviewed(page: Page) -> Iterator[Problem]:
    """The date of the last review is no date, or lies in the future.

    Bad:
        in docs/page.md:
        ---
        title: Page
        description: A page.
        kind: guide
        needs: []
        reviewed: soon
        ---

        # Page

        Text.
    Good:
        in docs/page.md:
        ---
        title: Page
        description: A page.
        kind: guide
        needs: []
        reviewed: 2026-11-21
        ---

        # Page

        Text.
    Why: It tells how far the page can be trusted, and what is to be read again.
    """
    entry = _found(page, "reviewed")
    if entry is None:
        return
    value, line, column = entry.value.value, entry.value.line, entry.value.column
    if isinstance(value, datetime.datetime) or not isinstance(value, datetime.date):
        yield page.problem(line, f"'{value}' is no date; write it as 2026-11-21", column)
    elif value > page.ask(today):
        yield page.problem(line, f"{value} lies in the future; write the day of the review", column)


def today() -> datetime.date:
    """The day by which `reviewed` is judged: where a day begins first, so that no zone calls today the future."""
    return datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=14))).date()


def needs(page: Page) -> Listed:
    """The pages that the front matter says to read first: line, column and path."""
    return listed(page, "needs")


def listed(page: Page, name: str) -> Listed:
    """The items of a list in the front matter: line, column and value."""
    entry = _found(page, name)
    if entry is None:
        return []
    places = entry.items or ([] if entry.value.value in ([], None) else [entry.value])
    return [[place.line, place.column, str(place.value)] for place in places]


def needed(site: Site) -> Iterator[Problem]:
    """A page needs one that does not exist, or itself, or one that needs it in turn.

    Bad: needs: [models/vea.md]
    Good: needs: [models/vae.md]
    Why: The list of what to read first would lead to nothing, or never to an end.
    """
    yield from wrong_needs(Fronts(site, "needs"), site.pages)


class Fronts(Mapping[str, Listed]):
    """A list of every page's front matter, which is a fact of the page as well; read only of those asked for."""

    def __init__(self, site: Site, name: str) -> None:
        self.site = site
        self.name = name
        self.known: dict[str, Listed] = {}

    def __getitem__(self, path: str) -> Listed:
        if path not in self.known:
            if path not in self:
                raise KeyError(path)
            self.known[path] = self._read(path)
        return self.known[path]

    def _read(self, path: str) -> Listed:
        if path in self.site.chosen:
            facts = self.site.facts_of(path) or {}
            return list(facts.get(self.name, ()))
        try:
            text = self.site.files[path].read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):
            return []
        return listed(Page(path, text, self.site.config), self.name)

    def __contains__(self, path: object) -> bool:
        return str(path).endswith(".md") and path in self.site.files

    def __iter__(self) -> Iterator[str]:
        return (path for path in sorted(self.site.files) if path in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def wrong_needs(pages: Mapping[str, Listed], chosen: Iterable[str]) -> Iterator[Problem]:
    """What is wrong with what some of the pages need: for every page line, column and path of each."""
    for path in chosen:
        seen: set[str] = set()
        for line, column, value in pages.get(path, ()):
            fault = _need(path, value, pages)
            if value in seen:
                fault = f"'needs' names '{value}' twice; delete one"
            seen.add(value)
            if fault:
                yield Problem("N05", Place(path, line, column), fault)


def _need(path: str, value: str, pages: Mapping[str, Listed]) -> str:
    """What is wrong with a page that another one needs, or nothing."""
    if value == path:
        return "the page needs itself; delete the entry"
    if value not in pages:
        names = {posixpath.basename(other): other for other in pages}
        close = difflib.get_close_matches(value, names.values(), 1, 0.8)
        near = names.get(posixpath.basename(value)) or (close[0] if close else "")
        advice = f"write '{near}'" if near else "correct it"
        return f"'needs' names '{value}', which does not exist; {advice}"
    circle = _way(value, path, pages)
    if circle:
        return f"'needs' goes round in a circle: {' → '.join([path, *circle])}; cut it"
    return ""


def _way(start: str, end: str, pages: Mapping[str, Listed]) -> list[str]:
    """A chain of needs from one page to another, or nothing."""
    ways = {start: [start]}
    todo = [start]
    while todo:
        here = todo.pop(0)
        if here == end:
            return ways[here]
        for _, _, other in pages.get(here, ()):
            if other not in ways:
                ways[other] = [*ways[here], other]
                todo.append(other)
    return []


PAGE: dict[str, Callable[..., Any]] = {
    "P23": schema,
    "V01": description,
    "V02": kind,
    "V03": headings,
    "V04": reviewed,
}
PROJECT: dict[str, Callable[..., Any]] = {"N05": needed}


def problems(page: Page) -> Iterator[Problem]:
    """What the rules find that look at one page, for a build."""
    for code, rule in PAGE.items():
        for problem in rule(page):
            yield replace(problem, code=code)
