"""Which addresses outside the pages and the bibliography name, and where.

A page is rendered as the site renders it, and the addresses are those of its links: nothing is guessed from
the text, so that punctuation, escapes, entities and code are what they are for the reader.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from scripts.checker import source
from scripts.checker.config import find
from scripts.checker.page import Page
from scripts.checker.project import PAGES, walk
from scripts.checker.render import Renderer
from scripts.checker.rendered import Link
from scripts.extensions import bibtex

PREFIX = {"url": "", "eprint": "https://arxiv.org/abs/", "doi": "https://doi.org/"}
# What a browser leaves as it is in an address (WHATWG URL, special schemes); the rest it encodes.
KEPT = "".join(map(chr, range(0x21, 0x7F))).translate(dict.fromkeys(map(ord, '"<>`')))
IN_PATH = KEPT.translate(dict.fromkeys(map(ord, "^{}")))


@dataclass(frozen=True, order=True)
class Place:
    """Where an address stands."""

    path: str
    line: int


def normal(written: str) -> str:
    """The address that a browser asks for when a page or a server says this one.

    An address that makes no sense is given back as it is: asking for it will say what is wrong.
    """
    text = re.sub(r"[\t\r\n]", "", written.strip(" \0\t\r\n\f"))
    found = re.match(r"(https?):[/\\]{2}([^/\\?#]*)([^?#]*)(\?[^#]*)?(#.*)?", text, re.I | re.S)
    if found is None:
        return text
    scheme, host, path, query, fragment = (part or "" for part in found.groups())
    host = host.lower() if "@" not in host else host
    if not host.isascii():
        try:
            host = parse_url(f"http://{host}").netloc or host
        except LocationParseError:
            return text
    path = quote(path.replace("\\", "/"), safe=IN_PATH)
    return f"{scheme.lower()}://{host}{path}{quote(query, safe=KEPT)}{quote(fragment, safe=KEPT)}"


def is_outside(href: str) -> bool:
    """Whether a link leads to a server of the web; without a scheme it takes that of the page."""
    return bool(re.match(r"\s*(?:https?:)?[/\\]{2}[^/\\]", href, re.I))


def named(link: Link) -> list[str]:
    """The addresses outside that a link, a picture or another element of a page names."""
    written = [link.href]
    if link.attribute == "srcset":
        written = [part.split()[0] for part in re.split(r",\s", link.href) if part.strip()]
    hrefs = [re.sub(r"^\s*[/\\]{2}", "https://", href) for href in written if is_outside(href)]
    return [normal(href) for href in hrefs]


def of_page(path: Path, docs: Path, renderer: Renderer) -> Iterator[tuple[int, str]]:
    """Lines and addresses of a page. Raises ValueError if it cannot be read."""
    text = re.sub(r"\r\n?", "\n", readable(path))
    page = Page(path.relative_to(docs).as_posix(), text, renderer.config, file=path, marked=True)
    rendered = renderer.render(page)
    if rendered.error:
        raise ValueError(f"{path}: {rendered.error}")
    for link in rendered.links:
        for url in [] if link.in_code else named(link):
            yield min(max(link.line, 1), len(page.lines)), url


def of_bibliography(path: Path) -> Iterator[tuple[int, str]]:
    """Lines and addresses of a bibliography. Raises ValueError if it cannot be read."""
    text = readable(path)
    try:
        for entry in bibtex.items(text):
            for field in entry.fields:
                if field.name in PREFIX and field.value.strip():
                    value = re.sub(r"\\([_%&#$~])", r"\1", field.value.strip())
                    line = source.position(text, field.place)[0]
                    yield line, normal(PREFIX[field.name] + value)
    except bibtex.Fault as fault:
        line = source.position(text, fault.place)[0]
        raise ValueError(f"{path}:{line}: {fault}") from fault


def readable(path: Path) -> str:
    """The text of a file. Raises ValueError, which names it, if it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: is not UTF-8: {error}") from error


def addresses(docs: Path) -> dict[str, list[Place]]:
    """Every address outside of the pages and the bibliographies, with its places.

    Raises:
        OSError, ValueError: if a file cannot be read; the message names it.
    """
    docs = docs.resolve()
    config = find(docs)
    renderer = Renderer(config)
    found: dict[str, set[Place]] = {}
    pages = [path for _, path in walk(docs) if path.suffix.lower() in PAGES]
    for path in sorted([*pages, *docs.rglob("*.bib")]):
        if not path.is_file():
            continue
        bib = path.suffix == ".bib"
        for line, url in of_bibliography(path) if bib else of_page(path, docs, renderer):
            if is_outside(url):
                place = Place(path.relative_to(docs.parent).as_posix(), line)
                found.setdefault(url, set()).add(place)
    return {url: sorted(places) for url, places in found.items()}


def host_of(url: str) -> str:
    """The host and port of an address, or nothing if there is none to be told."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return f"{parts.hostname}:{port}" if parts.hostname else ""
    except ValueError:
        return ""
