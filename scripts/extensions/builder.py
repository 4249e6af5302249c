"""Which page a Markdown instance renders: asked of the builder, or given by the check.

The builder is asked by duck typing: MkDocs and ProperDocs register a tree processor `relpath` that carries
the file. Without a builder a page has no path: what needs none still works.

A problem is logged as a warning under the builder's own logger, so that strict builds fail, and reads
`docs/models/vae.md:12:5: E01 what is wrong; what to do`.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown
from markdown.preprocessors import Preprocessor

from scripts.checker import files
from scripts.checker.config import Config
from scripts.checker.inputs import Inputs
from scripts.checker.page import Page, page_of
from scripts.checker.problem import Problem
from scripts.extensions import numbers

DOCS = Path(__file__).resolve().parents[2] / "docs"


# Without a builder nobody has asked to hear of problems: they are kept in the page.
logging.getLogger("scripts.extensions").addHandler(logging.NullHandler())


@dataclass(frozen=True)
class Record:
    """What is kept of a rendered page: what it was made from, and its problems."""

    inputs: Inputs
    problems: list[Problem]


rendered: dict[str, Record] = {}
# What has been computed once for the present build, known by the builder's own list of files.
_build: tuple[object, dict[Hashable, Any]] = (None, {})


def of(md: Markdown) -> Page:
    """The page that a Markdown instance renders; the first call makes the instance keep one."""
    page = page_of(md)
    if page is None:
        page = _none()
        md.page = page  # type: ignore[attr-defined]
    if "page-start" not in md.preprocessors:
        md.preprocessors.register(_Start(md), "page-start", 1000)
        md.treeprocessors.register(numbers.Numbers(md), "page-numbers", 16)
    return page


def _none() -> Page:
    """A page of which nothing is known."""
    return Page("", "", Config(DOCS.parent, DOCS))


class _Start(Preprocessor):
    """Sees the text of the page before anything else does."""

    def run(self, lines: list[str]) -> list[str]:
        page = page_of(self.md)
        if page is None or not page.marked:
            page = self.md.page = begin(self.md, "\n".join(lines))  # type: ignore[attr-defined]
            if page.path:
                rendered[page.path] = Record(page.inputs, page.problems)
        return lines


def begin(md: Markdown, body: str) -> Page:
    """A page at the start of its rendering: whose it is, the builder knows."""
    page = _none()
    builder = ""
    if "relpath" in md.treeprocessors:
        processor = md.treeprocessors["relpath"]
        builder = type(processor).__module__.partition(".")[0]
        page = _of_mkdocs(processor) or page
    elif "rendering_context" in md.preprocessors:
        builder = "zensical"
        page = _of_zensical(md.preprocessors["rendering_context"]) or page
    page.text = _whole(page.file, body)
    log = logging.getLogger(f"{builder}.scripts.extensions" if builder else "scripts.extensions")
    page.tell = lambda problem, shared: log.warning(
        "%s", told(page, problem), extra={"shared": told(page, problem) if shared else ""}
    )
    return page


def told(page: Page, problem: Problem) -> str:
    """A problem with a path that an author can open."""
    return f"{page.docs.name}/{problem}" if problem.path else f"page{problem}"


def _of_mkdocs(processor: object) -> Page | None:
    """MkDocs and ProperDocs: the processor of links knows the file."""
    global _build
    file = getattr(processor, "file", None)
    uri, path = getattr(file, "src_uri", None), getattr(file, "abs_src_path", None)
    if not isinstance(uri, str):
        return None
    folder = getattr(getattr(processor, "config", None), "docs_dir", None)
    if isinstance(path, str) and path.replace("\\", "/").endswith("/" + uri):
        folder = path[: -len(uri) - 1]
    docs = Path(folder) if folder else DOCS
    build = getattr(processor, "files", None)
    if build is None or build is not _build[0]:
        _build = (build, {})
    file_path = Path(path) if isinstance(path, str) else None
    return Page(uri, "", Config(docs.parent, docs), file=file_path, shared=_build[1])


def _of_zensical(processor: object) -> Page | None:
    """Zensical: a preprocessor carries the page and the settings."""
    uri = getattr(getattr(processor, "page", None), "path", None)
    config = getattr(processor, "config", None)
    if not isinstance(uri, str) or not isinstance(config, dict):
        return None
    uri = uri.replace("\\", "/")
    docs = Path(str(config.get("docs_dir") or DOCS)).absolute()
    return Page(uri, "", Config(docs.parent, docs), file=docs / uri)


def _whole(file: Path | None, body: str) -> str:
    """The text of a page with its front matter, of which the builder gives only what stands below it."""
    if file is None:
        return body
    try:
        whole = files.read(file)
    except (OSError, UnicodeDecodeError):
        return body
    return whole if whole.rstrip("\n").endswith(body.strip("\n")) else body


def parents(root: Element) -> Iterator[tuple[Element, int, Element]]:
    """Every element with its parent and its place there, safe against changes of what was passed."""
    for parent in list(root.iter()):
        for index, child in enumerate(list(parent)):
            yield parent, index, child


def sub(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    """A new child; attribute names lose a trailing underscore and turn inner ones into hyphens."""
    made = SubElement(
        parent, tag, {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
    )
    made.text = text
    return made
