"""What earlier builds have made, and MkDocs told to ask for it.

A page is rendered again only when its source, or something else that it was made from, has changed: the
extensions tell what that is (see `Page.ask`). The same holds for what the template makes of it, and for
its part of the search index. Every build still runs from its beginning to its end, so that links,
navigation and warnings are those of a full build.
"""

from __future__ import annotations

import contextlib
import copy
import importlib
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jinja2
from mkdocs import utils
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure import files as structure
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page
from mkdocs.theme import Theme
from mkdocs.utils import meta

from scripts.checker.inputs import Inputs, current
from scripts.serving import sources
from scripts.serving.output import Output

EXTENSIONS = "scripts.extensions"
PACKAGES = (EXTENSIONS, "scripts.checker", "scripts.house")  # loaded anew when they change


class Records(logging.Handler):
    """What is logged while a page is rendered, so that it can be said again when it is not."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        self.records.append(record)

    @classmethod
    @contextlib.contextmanager
    def of(cls, name: str) -> Iterator[list[logging.LogRecord]]:
        """All warnings below a logger while the block runs."""
        handler = cls()
        logging.getLogger(name).addHandler(handler)
        try:
            yield handler.records
        finally:
            logging.getLogger(name).removeHandler(handler)


class Memory:
    """What earlier builds made, and from what."""

    def __init__(self) -> None:
        self.settings: object = None
        self.uris: object = None
        self.environment: jinja2.Environment | None = None
        self.pages: dict[str, tuple[object, dict[str, Any]]] = {}
        self.outputs: dict[str, tuple[object, str]] = {}
        self.search: dict[str, tuple[object, list[dict[str, Any]], str | None]] = {}
        self.fronts: dict[str, tuple[str, dict[str, Any]]] = {}
        self.seen: dict[str, tuple[str, dict[str, Any]]] = {}
        self.asked: Inputs = {}
        self.navigation: object = None
        self.rendered = 0
        self.now = ""  # the page that is being rendered, and the length of its text
        self.length = 0

    def start(self, settings: object) -> bool:
        """Begin a build. If the settings or templates have changed, forget everything, and say so."""
        self.asked, self.navigation, self.rendered, self.now = {}, None, 0, ""
        # What the last build did not read is of an older state of its page.
        self.fronts, self.seen = self.seen or self.fronts, {}
        if settings == self.settings:
            return False
        self.settings, self.environment = settings, None
        self.forget()
        return True

    def files(self, files: Files) -> None:
        """Forget everything if files have come or gone: links depend on them."""
        uris = frozenset(file.src_uri for file in files)
        if uris != self.uris:
            self.uris = uris
            self.forget()

    def forget(self) -> None:
        """Forget what was made of the pages."""
        self.pages.clear()
        self.outputs.clear()
        self.search.clear()

    def is_current(self, inputs: Inputs) -> bool:
        """Whether all that a page was made from is what it was; each thing is asked once a build."""
        return current(inputs, self.asked)


def _parts(page: Page) -> dict[str, Any]:
    """What rendering has made of a page, free of this build's objects."""
    links = page.links_to_anchors or {}
    return {
        "content": page.content,
        "toc": page.toc,
        "title": page._title_from_render,
        "anchors": page.present_anchor_ids,
        "links": {file.src_uri: anchors for file, anchors in links.items()},
    }


def _restore(page: Page, parts: dict[str, Any], files: Files) -> None:
    page.content, page.toc = parts["content"], parts["toc"]
    page._title_from_render, page.present_anchor_ids = parts["title"], parts["anchors"]
    found = {files.get_file_from_path(uri): anchors for uri, anchors in parts["links"].items()}
    page.links_to_anchors = {file: anchors for file, anchors in found.items() if file is not None}


def _render(memory: Memory, original: Callable[..., None]) -> Callable[..., None]:
    """`Page.render` that remembers."""

    def render(page: Page, config: MkDocsConfig, files: Files) -> None:
        uri, known = page.file.src_uri, memory.pages.get(page.file.src_uri)
        if known and known[0] == page.markdown and memory.is_current(known[1]["inputs"]):
            _restore(page, known[1], files)
            for record in known[1]["records"]:
                logging.getLogger(record.name).handle(record)
            return
        memory.rendered += 1
        memory.now, memory.length = uri, len(page.markdown or "")
        rendered = importlib.import_module(f"{EXTENSIONS}.builder").rendered
        rendered.pop(uri, None)
        with Records.of("mkdocs") as records:
            original(page, config, files)
        told = rendered.get(uri)
        inputs = told.inputs if told else {}
        memory.now = ""
        memory.pages[uri] = (page.markdown, {**_parts(page), "inputs": inputs, "records": records})

    return render


def _navigation(context: dict[str, Any]) -> object:
    """All that the template may show of other pages."""
    pages = [file.page for file in context["pages"] if file.page is not None]
    order = [(p.url, p.previous_page and p.previous_page.url) for p in context["nav"].pages]
    sections: list[str] = []

    def walk(items: Any, depth: int) -> None:
        for item in items:
            sections.append(f"{depth} {item.title} {getattr(item, 'url', '')}")
            walk(item.children or [], depth + 1)

    walk(context["nav"].items, 0)
    return ([(p.url, p.title, repr(p.meta)) for p in pages], order, sections)


def _template(memory: Memory, original: Callable[..., str]) -> Callable[..., str]:
    """`Template.render` that remembers the pages it has made."""

    def render(template: jinja2.Template, *args: Any, **kwargs: Any) -> str:
        context = args[0] if args and isinstance(args[0], dict) else {}
        page = context.get("page")
        if not isinstance(page, Page):
            return original(template, *args, **kwargs)
        if memory.navigation is None:
            memory.navigation = _navigation(context)
        key = (template.name, page.content, page.edit_url, memory.navigation)
        known = memory.outputs.get(page.url)
        if known is None or known[0] != key:
            known = memory.outputs[page.url] = (key, original(template, *args, **kwargs))
        return known[1]

    return render


def _search(memory: Memory, original: Callable[..., Any]) -> Callable[..., Any]:
    """The search plugin's `on_page_context` that remembers what it adds to the index."""

    def on_page_context(plugin: Any, context: Any, *, page: Page, **kwargs: Any) -> Any:
        entries = plugin.search_index.entries
        key = (page.content, repr(page.meta), page.title)
        known = memory.search.get(page.url)
        if known is None or known[0] != key:
            before = len(entries)
            original(plugin, context, page=page, **kwargs)
            added = copy.deepcopy(entries[before:])
            known = memory.search[page.url] = (key, added, page.content)
        else:
            entries.extend(dict(entry) for entry in known[1])
            page.content = known[2]
        return context

    return on_page_context


def _front_matter(memory: Memory, original: Callable[..., Any]) -> Callable[..., Any]:
    """`meta.get_data` that remembers: reading YAML takes long."""

    def get_data(text: str) -> tuple[str, dict[str, Any]]:
        found = memory.seen[text] = memory.fronts.get(text) or original(text)
        body, data = found
        return body, copy.deepcopy(data)

    return get_data


def _environment(memory: Memory, original: Callable[..., Any]) -> Callable[..., Any]:
    """`Theme.get_env` that remembers, and with it the compiled templates and their list."""

    def get_env(theme: Theme) -> jinja2.Environment:
        if memory.environment is None:
            memory.environment = original(theme)
            environment = memory.environment
            # MkDocs asks once a build for all files of the theme but its templates.
            environment.list_templates = cache_one(environment.list_templates)  # type: ignore
        return memory.environment

    return get_env


def cache_one(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, run once: later calls get what the first one got."""
    results: list[Any] = []

    def first(*args: Any, **kwargs: Any) -> Any:
        if not results:
            results.append(function(*args, **kwargs))
        return results[0]

    return first


@contextlib.contextmanager
def remembering(memory: Memory, output: Output, root: Path) -> Iterator[None]:
    """MkDocs with a memory, and kept inside the repository, while the block runs."""
    places: list[tuple[Any, str, Any]] = [
        (Page, "render", _render(memory, Page.render)),
        (jinja2.Template, "render", _template(memory, jinja2.Template.render)),
        (Theme, "get_env", _environment(memory, Theme.get_env)),
        (meta, "get_data", _front_matter(memory, meta.get_data)),
        (utils, "write_file", output.write_file),
        (utils, "copy_file", output.copy_file),
        (utils, "clean_directory", lambda directory: None),
        (structure, "os", sources.System(root)),
    ]
    with contextlib.suppress(ImportError):
        search = importlib.import_module("material.plugins.search.plugin").SearchPlugin
        places.append((search, "on_page_context", _search(memory, search.on_page_context)))
    with contextlib.ExitStack() as stack:
        for owner, name, replacement in places:
            stack.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, replacement)
        yield
