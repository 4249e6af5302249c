"""Read a built site for the rules of scripts/checker/rules/built.py.

Every page is parsed once, by as many processes as the machine has cores. What a page names is resolved
there as well, so that the rules only compare. The line of a fault is looked for when there is one.
"""

from __future__ import annotations

import html
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

from scripts.checker.leaks import leaks
from scripts.checker.marks import CODE

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode


@dataclass(frozen=True, slots=True)
class Named:
    """A URL that a page names: how often, and the path and fragment that it stands for."""

    value: str
    count: int
    path: str
    fragment: str


@dataclass
class Page:
    """What one parse of a file of the site finds."""

    path: str
    ids: dict[str, int] = field(default_factory=dict)
    links: list[Named] = field(default_factory=list)
    assets: list[Named] = field(default_factory=list)
    foreign: dict[str, int] = field(default_factory=dict)
    redirect: Named | None = None
    leaks: dict[tuple[str, str], int] = field(default_factory=dict)
    fault: str = ""


# Elements and attributes with which a page asks for something as it is shown.
ASSETS = {
    "img": ("src", "srcset"),
    "script": ("src",),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "track": ("src",),
    "iframe": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "input": ("src",),
    "image": ("href", "xlink:href"),
    "use": ("href", "xlink:href"),
}
RELATIONS = {
    "stylesheet",
    "icon",
    "preload",
    "modulepreload",
    "prefetch",
    "preconnect",
    "dns-prefetch",
    "manifest",
    "apple-touch-icon",
    "shortcut",
}
# Text inside these is not prose: what looks like Markdown there was meant.
LITERAL = {"code", "pre", "script", "style", "math", "svg", "textarea", "kbd", "samp", "noscript"}
URL_IN_CSS = re.compile(r"""url\(\s*["']?([^"')]+)["']?\s*\)|@import\s+["']([^"']+)""")
URL_IN_MODULE = re.compile(
    r"""(?:\bfrom\s*|\bimport\s*\(?\s*|\bfetch\s*\(\s*|new\s+(?:Worker|URL)\(\s*)["'`]([^"'`\s]+)["'`]"""
)
PLAIN = re.compile(r"[\w.~-][\w./~-]*")
DATA = ("data:", "mailto:", "tel:", "javascript:", "blob:", "about:")


def is_foreign(url: str, address: str) -> bool:
    """Whether a URL names another host than the site's own."""
    if "//" not in url:
        return False
    try:
        host = urlsplit(url).netloc
    except ValueError:  # as in http://[
        return True
    return bool(host) and host != urlsplit(address).netloc


@lru_cache(maxsize=65536)
def _resolve(value: str, folder: str, base: str, address: str) -> tuple[str, str] | None:
    if value.startswith(DATA) or is_foreign(value, address):
        return None
    try:
        parts = urlsplit(urljoin(f"http://site{base}{folder}", value))
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"}:
        return None
    path = unquote(parts.path)
    if not path.startswith(base):
        return None if not value.startswith("/") else (path.lstrip("/"), unquote(parts.fragment))
    return path[len(base) :], unquote(parts.fragment)


def resolve(value: str, page: str, base: str, address: str) -> tuple[str, str] | None:
    """The path below the site and the fragment that a URL names; None if it is not the site's own."""
    if value.startswith(("#", "?")) or not value:
        return page, unquote(value.partition("#")[2])
    path, _, fragment = value.partition("#")
    if PLAIN.fullmatch(path):  # as nearly all are: ten times as fast as by way of urljoin
        parts = page.split("/")[:-1]
        steps = path.split("/")
        for step in steps:
            if step == ".." and not parts:
                break
            if step == "..":
                parts.pop()
            elif step not in {"", "."}:
                parts.append(step)
        else:
            slash = "/" if parts and steps[-1] in {"", ".", ".."} else ""
            return "/".join(parts) + slash, unquote(fragment)
    return _resolve(value, page[: page.rfind("/") + 1], base, address)


def candidates(value: str, name: str) -> Iterator[str]:
    """The URLs of an attribute: several in a `srcset`, else one."""
    if name == "srcset":
        for part in value.split(","):
            if part.strip():
                yield part.split()[0]
    else:
        yield value.strip()


def _piece(node: LexborNode) -> str:
    """What a part of a block adds to its text: an element stands there as one sign, as code does in a source."""
    if node.tag == "-text":
        return node.text(deep=False)
    return "\n" if node.tag == "br" else CODE


def texts(root: LexborNode) -> Iterator[tuple[str, bool]]:
    """The text of each block of a page, without what is literal, and whether a list item starts with it."""
    stack = [root]
    while stack:
        node = stack.pop()
        if node.tag in LITERAL or "arithmatex" in (node.attributes.get("class") or ""):
            continue
        own = "".join(map(_piece, node.iter(include_text=True)))
        if own.strip(f"{CODE} \n\t\r"):
            parent = node.parent
            in_item = node.tag == "li" or (parent is not None and parent.tag == "li")
            yield own, in_item
        stack.extend(node.iter())


def read(path: str, root: Path, address: str) -> Page:
    """Parse one page, style sheet or module and collect all that is to be compared.

    Args:
        path: below `root`, with slashes.
        root: the folder of the site.
        address: of the site; links that start with it are the site's own.
    """
    page = Page(path)
    try:
        source = (root / path).read_text(encoding="utf-8")
    except OSError as error:
        page.fault = error.strerror or str(error)
        return page
    except UnicodeDecodeError as error:
        page.fault = f"it is not UTF-8 (byte {error.start})"
        return page
    base = base_of(address)
    if path.endswith(".css"):
        _wanted(page, _in_css(source), base, address)
        return page
    if path.endswith(".mjs"):
        found = (match[1] for match in URL_IN_MODULE.finditer(source))
        _wanted(page, filter(_is_file, found), base, address)
        return page
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(source)
    page.ids = dict(Counter(str(node.attributes.get("id")) for node in tree.css("[id]")))
    page.ids.pop("", None)
    for node in tree.css("a[name]"):
        page.ids.setdefault(node.attributes.get("name") or "top", 1)
    anchors = tree.css("a[href], area[href]")
    links = Counter((node.attributes.get("href") or "").strip() for node in anchors)
    page.links = list(_named(links, path, base, address))
    _wanted(page, _asked(tree), base, address)
    page.redirect = _redirect(tree, path, base, address)
    body = tree.body
    if body is not None:
        page.leaks = Counter(leak for text, in_item in texts(body) for leak in leaks(text, in_item))
    return page


def _is_file(value: str) -> bool:
    """Whether a module asks for a file: not for a package, nor for a folder to start from."""
    return "${" not in value and ("//" in value or (value[0] == "." and value[-1] != "."))


def _in_css(text: str) -> Iterator[str]:
    for match in URL_IN_CSS.finditer(text):
        yield match[1] or match[2]


def _named(values: dict[str, int], page: str, base: str, address: str) -> Iterator[Named]:
    for value, count in values.items():
        target = resolve(value, page, base, address)
        if target is not None:
            yield Named(value, count, *target)


def _wanted(page: Page, values: Iterable[str], base: str, address: str) -> None:
    """Sort what a page asks for as it is shown into its own and that of other hosts."""
    own: Counter[str] = Counter()
    foreign: Counter[str] = Counter()
    for value in values:
        if value and not value.startswith(("#", *DATA)):
            (foreign if is_foreign(value, address) else own)[value] += 1
    page.foreign = dict(foreign)
    page.assets = list(_named(own, page.path, base, address))


def _asked(tree: LexborHTMLParser) -> Iterator[str]:
    """The URLs of pictures, scripts, styles and the like."""
    for node in tree.css("link[href]"):
        if RELATIONS & set((node.attributes.get("rel") or "").lower().split()):
            yield (node.attributes.get("href") or "").strip()
    for node in tree.css(", ".join(ASSETS)):
        attributes = node.attributes
        for name in ASSETS[str(node.tag)]:
            yield from candidates(attributes.get(name) or "", name)
    for node in tree.css("style, [style]"):
        yield from _in_css(
            node.text() if node.tag == "style" else node.attributes.get("style") or ""
        )


def _redirect(tree: LexborHTMLParser, page: str, base: str, address: str) -> Named | None:
    node = tree.css_first('meta[http-equiv="refresh" i]')
    content = (node.attributes.get("content") or "") if node is not None else ""
    found = re.search(r"url\s*=\s*['\"]?([^'\"]+)", content, re.I)
    return next(_named({found[1].strip(): 1}, page, base, address), None) if found else None


def base_of(address: str) -> str:
    """The path of a site's address, with a slash at both ends."""
    return f"/{urlsplit(address).path.strip('/')}/".replace("//", "/")


def places(source: str, value: str) -> Iterator[tuple[int, int]]:
    """Line and column of each time that a value stands in a source, counted from 1."""
    for text in filter(None, dict.fromkeys((value, html.escape(value, False), html.escape(value)))):
        for pattern in (rf"=\s*[\"']?\s*{re.escape(text)}(?=[\"'\s>])", re.escape(text)):
            line, last, before = 1, 0, -1
            for match in re.finditer(pattern, source):
                start = match.end() - len(text)
                line += source.count("\n", last, start)
                before = max(before, source.rfind("\n", last, start))
                last = start
                yield line, start - before
            if last:
                return


def place(source: str, value: str, number: int = 1) -> tuple[int, int]:
    """Where a value stands for the first time, or for the time of that number; 1, 1 if it cannot be found."""
    found = list(islice(places(source, value), number))
    return found[-1] if found else (1, 1)


@dataclass
class Built:
    """A built site: every page and what it names."""

    root: Path
    files: frozenset[str]
    pages: dict[str, Page]
    source_of: Callable[[str], str] = lambda _: ""
    found: dict[str, str | None] = field(default_factory=dict)

    @cached_property
    def folders(self) -> set[str]:
        """Every folder that holds a file."""
        return {str(parent) for file in self.files for parent in PurePosixPath(file).parents}

    def text(self, path: str) -> str:
        """The source of a page, read again to find a place in it."""
        return (self.root / path).read_text(encoding="utf-8", errors="replace")

    def file(self, path: str) -> str | None:
        """The file that a server gives for a path, or None."""
        if path not in self.found:
            self.found[path] = self._file(path)
        return self.found[path]

    def _file(self, path: str) -> str | None:
        if path in self.files:
            return path
        if path:
            path = str(PurePosixPath(path)) + ("/" if path.endswith("/") else "")
            if path in self.files:
                return path
        folder = path.rstrip("/")
        if folder in {"", "."}:
            return "index.html" if "index.html" in self.files else None
        index = f"{folder}/index.html"
        return index if folder in self.folders and index in self.files else None

    def lacks(self, named: Named) -> str:
        """The page that lacks the anchor which a URL names, or an empty text."""
        if named.fragment in {"", "top"} or named.fragment.startswith(":~:"):
            return ""  # the last is a text to find, no anchor
        file = self.file(named.path) or ""
        page = self.pages.get(file)
        if page is None or page.fault or not file.endswith((".html", ".htm")):
            return ""
        return "" if named.fragment in page.ids else file


def _read_many(arguments: tuple[list[str], Path, str]) -> list[Page]:
    paths, root, address = arguments
    return [read(path, root, address) for path in paths]


def built(root: Path, address: str = "", jobs: int = 0) -> Built:
    """Read a built site.

    Args:
        root: the folder that holds `index.html`.
        address: of the site, such as `https://example.org/docs/`; its path is the base of links that
            begin with a slash.
        jobs: processes; 0 for one for each core.

    Raises:
        ValueError: if the folder holds no page.
    """
    files = frozenset(_files(root))
    paths = sorted(file for file in files if file.endswith((".html", ".htm", ".css", ".mjs")))
    if not any(path.endswith((".html", ".htm")) for path in paths):
        raise ValueError(f"{root} holds no page: build the site first")
    jobs = jobs or min(os.cpu_count() or 1, 8)
    if jobs == 1 or len(paths) < 40:
        pages = _read_many((paths, root, address))
    else:
        from concurrent.futures import ProcessPoolExecutor

        size = max(1, len(paths) // (jobs * 4))
        chunks = [paths[start : start + size] for start in range(0, len(paths), size)]
        with ProcessPoolExecutor(jobs) as pool:
            work = [(chunk, root, address) for chunk in chunks]
            pages = [page for part in pool.map(_read_many, work) for page in part]
    return Built(root, files, {page.path: page for page in pages})


def _files(root: Path) -> Iterator[str]:
    """Every file below a folder, with slashes."""
    for folder, _, names in os.walk(root):
        prefix = Path(folder).relative_to(root).as_posix()
        for name in names:
            yield name if prefix == "." else f"{prefix}/{name}"
