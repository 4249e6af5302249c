"""Hooks of the builder: what the index of the search reads of a page, and front matter that cannot be read.

The theme's scripts, styles and pictures, 2.5 MB that no page of ours asks for, are not published, and our
own without their comments.

The search plugin parses each page once more, tag by tag, and drops most tags. They are dropped here
before, by two patterns, and the build takes a third less time.

Left out is what is no answer to a reader's question: the numbers of sources and the lists of them, the
entries of the bibliography and of the ledger of equations, and the bad examples of the rules, which hold
the very slips that readers make. These pages are found by their titles and their first paragraphs.
"""

from __future__ import annotations

import gc
import importlib
import json
import logging
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

from scripts import policy, search_index, smaller
from scripts.checker import symlinks
from scripts.checker.config import Config as Settings
from scripts.checker.page import Page as CheckedPage
from scripts.extensions import bibliography, citations, front_matter, glossary, mathml, terms
from scripts.house import kind_rules, raw_files

FORMULA = re.compile(r"<math\b.*?</math>", re.DOTALL)
LISTS = re.compile(
    r'(?:<h2 id="(?:references|notes)">(?:(?!<h2\b).)*?</h2>\s*)?'
    r'<(?P<tag>div|ul) class="(?:footnote|ledger|bibliography(?:-keys)?)"[^>]*>',
    re.DOTALL,
)
BAD = re.compile(r"<li>\s*(?:<p>)?Bad:.*?</li>", re.DOTALL)
UNREAD = re.compile(
    r'<svg\b.*?</svg>|<sup id="fnref.*?</sup>|<a\b[^>]*\bclass="headerlink".*?</a>'
    r'|<(?P<state>a|span) class="equation-state.*?</(?P=state)>|<span class="filename">.*?</span>(?:\s*</span>)?'
    # Neither holds another of its kind.
    r"|<(?P<box>div|pre)\b[^>]*\bdata-search-exclude\b[^>]*>.*?</(?P=box)>",
    re.DOTALL,
)
# What is above, below or over something else cannot be told in one line of an excerpt.
STACKED = re.compile(r"<m(?:sub|sup|subsup|frac|under|over|underover|sqrt|root|table)\b")
ANNOTATION = re.compile(r"<annotation\b.*?</annotation>", re.DOTALL)
ENTRY = re.compile(r'<dt id="(?P<id>[^"]+)">(?P<term>.*?)</dt>', re.DOTALL)
TAG = re.compile(r"<[^>]*>")
DROPPED = re.compile(r"</?(?!(?:p|code|pre|li|ol|ul|sub|sup|h[1-6]|script|style)\b)[a-z][^>]*>")


def without_lists(html: str) -> str:
    """The HTML of a page without its list of sources, the bibliography and the ledger."""
    while found := LISTS.search(html):
        depth, end = 1, len(html)
        for tag in re.compile(rf"<(/?){found['tag']}\b").finditer(html, found.end()):
            depth += -1 if tag[1] else 1
            if not depth:
                end = html.index(">", tag.end()) + 1
                break
        html = html[: found.start()] + html[end:]
    return html


def lean(html: str) -> str:
    """The HTML of a page without the tags that the index drops anyway, and without what it leaves out."""
    html = BAD.sub("", without_lists(html))
    html = FORMULA.sub(readable, UNREAD.sub("", html))
    return DROPPED.sub("", ENTRY.sub(r'<h3 id="\g<id>">\g<term></h3>', html))


def readable(formula: re.Match[str]) -> str:
    """A formula as text if it is a row of signs, else three dots."""
    text = ANNOTATION.sub("", formula[0])
    return "…" if STACKED.search(text) else TAG.sub("", text)


def on_startup(*, command: str, **_: Any) -> None:
    """A build makes millions of objects and few circles: do not look for those, or as a server seldom."""
    policy.serving = command == "serve"
    if policy.serving:
        gc.set_threshold(50_000, 20, 50)
    else:
        gc.disable()


def on_page_markdown(markdown: str, *, page: Any, config: Any, **_: Any) -> str:
    """Front matter that cannot be read, or is not that of its kind, is a warning with its place.

    What cannot be read is not printed on the page.
    """
    tell = logging.getLogger(f"{type(page).__module__.partition('.')[0]}.hooks").warning
    docs = Path(config.docs_dir)
    text = page.file.content_string
    fault = front_matter.fault(text) if markdown.startswith("---") and not page.meta else None
    if fault is not None:
        place = f"{docs.name}/{page.file.src_uri}:{fault.line}:{fault.column}"
        tell("%s: %s", place, fault.message)
        return fault.rest
    for problem in kind_rules.problems(CheckedPage(page.file.src_uri, text, Settings(docs, docs))):
        tell("%s", f"{docs.name}/{problem}")
    return markdown


def on_env(env: Any, *, config: Any, files: Any, **_: Any) -> Any:
    """All pages are read, none is indexed or set in a template yet: strict templates, lean pages.

    Here it is known what the pages need.
    """
    # What an author writes is text to a template of ours; the theme's own were not written for this.
    own = Path(config.theme.custom_dir)
    env.globals["policy"] = policy.of
    env.autoescape = lambda name: bool(name) and (own / name).is_file()
    tell = logging.getLogger(f"{type(files).__module__.partition('.')[0]}.hooks").warning
    needs = {
        file.src_uri: kind_rules.needs(
            CheckedPage(file.src_uri, file.content_string, Settings(docs, docs))
        )
        for docs in [Path(config.docs_dir)]
        for file in files.documentation_pages()
    }
    for problem in kind_rules.wrong_needs(needs, needs):
        tell("%s", f"{Path(config.docs_dir).name}/{problem}")
    for name, plugin in config.plugins.items():
        index = getattr(plugin, "search_index", None)
        if name.endswith("search") and index is not None:
            known = terms.Terms(glossary.every(Path(config.docs_dir) / glossary.PAGE))
            index.add_entry_from_context = _adding(index, known, Path(config.docs_dir))
            folder = Path(config.site_dir) / "search"
            index.generate_search_index = _writing(index, known, folder, _write(config))
    return env


def on_page_content(html: str, *, page: Any, **_: Any) -> None:
    """A title that was taken from the page's heading is HTML; every other one is text. Make it text."""
    if "title" not in vars(page) and "title" not in page.meta:
        page.title = unescape(str(page.title))


def on_post_page(output: str, *, page: Any, config: Any, **_: Any) -> str:
    """The TeX of the formulas of a page lies beside it, in a file that is asked for when somebody copies one."""
    output, told = mathml.parted(output)
    if told:
        path = (Path(config.site_dir) / page.file.dest_uri).parent / "formulas.json"
        _write(page)(json.dumps(told, ensure_ascii=False).encode(), str(path))
    return output


def _write(thing: Any) -> Callable[[bytes, str], None]:
    """The function by which the builder of a thing writes: `serve` knows then what was written, and what is no more."""
    utils = importlib.import_module(f"{type(thing).__module__.partition('.')[0]}.utils")
    write: Callable[[bytes, str], None] = utils.write_file
    return write


def on_files(files: Any, *, config: Any, **_: Any) -> Any:
    """All files are known, the theme's among them: leave out those that are not of docs/, or do harm.

    These are links out of the repository and drawings that do more than show; each is a warning.
    """
    tell = logging.getLogger(f"{type(files).__module__.partition('.')[0]}.hooks").warning
    docs = Path(config.docs_dir)
    for file in list(files):
        if file.src_dir and Path(file.src_dir) != docs:
            files.remove(file)
        elif file.abs_src_path and (wrong := _harm(Path(file.abs_src_path), docs)):
            tell("%s/%s%s; it is not published", docs.name, file.src_uri, wrong)
            files.remove(file)
    return files


def _harm(path: Path, docs: Path) -> str:
    """Why a file may not be published: its place in the file and what is wrong there, or nothing."""
    if where := symlinks.outward(path, docs):
        return f":1:1: the symbolic link leads {where}"
    for line, column, what in raw_files.faults(path):
        return f":{line}:{column}: this drawing {what}"
    return ""


def on_post_build(*, config: Any, **_: Any) -> None:
    """All is written: what every page asks for becomes smaller, and every page gets its policy."""
    smaller.publish(Path(config.site_dir))
    policy.publish(Path(config.site_dir))


def _adding(index: Any, known: terms.Terms, docs: Path) -> Callable[[Any], None]:
    """What adds a page to the index of the search: the page is lean, and tagged by the terms that it owns.

    Who asks for an author is led to the part of the bibliography that says where the works are cited.
    """
    add: Callable[[Any], None] = index.add_entry_from_context

    def added(page: Any) -> None:
        before = len(index.entries)
        add(Lean(page))
        owned = page.meta.get("terms")
        for entry in index.entries[before:]:
            if "#" not in entry["location"]:
                entry["about"] = str(page.meta.get("description", ""))
                if named := authors(docs, page.file.src_uri):
                    entry["also"] = " ".join(named)
                if isinstance(owned, list):
                    entry["tags"] = tags(owned, known)

    return added


def _writing(
    index: Any, known: terms.Terms, folder: Path, write: Callable[[bytes, str], None]
) -> Callable[[Any], str]:
    """What makes the file of the index: ours, from all entries, and beside it the texts of the pages."""
    make: Callable[[Any], str] = index.generate_search_index

    def written(before: Any) -> str:
        docs = json.loads(make(before))["docs"]
        search_index.publish(folder, docs, write)
        return search_index.dumped(search_index.index(docs, known.words.values()))

    return written


def authors(docs: Path, uri: str) -> list[str]:
    """The surnames of the first two authors of each work that a page of the bibliography shows."""
    if uri != citations.PAGE and not citations.PARTED.fullmatch(uri):
        return []
    try:
        works = bibliography.load(docs).values()
    except bibliography.Broken:  # which the page itself tells
        return []
    pages = citations.parts(docs)
    shown = [work for work in works if citations.part_of(pages, work.key) == uri]
    return sorted({name for work in shown for name in work.surnames[:2]})


def tags(owned: list[Any], known: terms.Terms) -> list[str]:
    """The words under which the search finds the owner of terms: as it writes them, and as the glossary does."""
    found: dict[str, None] = {}
    for name in map(str, owned):
        term = known.named(name)
        found |= dict.fromkeys([name, term.term, term.short] if term else [name])
    return [word for word in found if word]


class Lean:
    """A page of the builder whose content is lean; everything else is the page's own."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.content = lean(page.content)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.page, name)
