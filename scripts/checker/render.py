"""Render a page as the site does, and have the tree read back that Python-Markdown makes of it."""

from __future__ import annotations

import html
import importlib
import logging
from collections.abc import Sequence
from typing import Any
from xml.etree.ElementTree import Element

from scripts.checker import definitions, marks, swift
from scripts.checker.config import Config, resolve
from scripts.checker.page import Page, for_rendering
from scripts.checker.rendered import Rendered
from scripts.checker.snippets import Snippets
from scripts.checker.walker import Walker

UNNEEDED = frozenset(("material.extensions.preview", "zensical.extensions.preview"))
EXECUTED = (
    "python",
    "py",
    "bash",
    "sh",
    "console",
    "pycon",
    "md",
    "markdown",
    "pyodide",
    "tree",
    "pygments",
    "yaml",
)


class Renderer:
    """Python-Markdown with a project's extensions, prepared to be read back."""

    def __init__(self, config: Config) -> None:
        import markdown

        logging.getLogger("MARKDOWN").setLevel(logging.CRITICAL)
        self.config = config
        self.missing: list[str] = []
        self.appended: list[str] = []
        self.md = markdown.Markdown()
        self.fences: list[tuple[int, int]] = []
        self.origin: Sequence[int] = ()
        self.bare: list[tuple[int, str]] = []
        self.result = Rendered()
        for name in config.extensions:
            self._add(name)
        self._prepare_code()
        self.snippets = self._prepare_snippets()
        self.page: Page | None = None
        swift.install(self.md)
        definitions.carry(self.md)
        self.dense = swift.Dense(self.md)
        self.md.treeprocessors.register(self.dense, "check-dense", 21)
        catch = _Catch(self)
        processors: Any = self.md.treeprocessors
        processors.register(catch, "check", 0.5)
        processors.register(_Nothing(self), "relpath", 0)

    def _add(self, name: str) -> None:
        options = resolve(self.config.options.get(name, {}))
        if name == "pymdownx.emoji":
            options["emoji_generator"] = _emoji
        if name == "pymdownx.snippets":
            options["url_download"] = False
            options["check_paths"] = False
            options["base_path"] = self._bases(options.get("base_path", ["."]))
            self.appended = [str(item) for item in options.pop("auto_append", None) or []]
        if name in {"pymdownx.superfences"}:
            options.setdefault("custom_fences", [])
            options["custom_fences"] = [
                f for f in options["custom_fences"] if isinstance(f, dict) and "name" in f
            ]
            for fence in options["custom_fences"]:
                fence.setdefault("class", fence["name"])
                fence.pop("format", None)
            if self.config.plugin("markdown-exec"):
                options["custom_fences"] += [_executed(name) for name in EXECUTED]
        if name in {"pymdownx.highlight", "codehilite"}:
            options.pop("pygments_lang_class", None)
        if name in UNNEEDED:
            return
        if not self._found(name):
            self.missing.append(name)
            return
        try:
            self.md.registerExtensions([name], {name: options})
        except Exception:
            try:
                self.md.registerExtensions([name], {})
            except Exception:
                self.missing.append(name)

    @staticmethod
    def _found(name: str) -> bool:
        """Whether Python-Markdown can import an extension: as a short name, or as a module."""
        from importlib.metadata import entry_points

        module = name.partition(":")[0]
        for candidate in (module,) if "." in module else (f"markdown.extensions.{module}", module):
            try:
                importlib.import_module(candidate)
                return True
            except ImportError:
                continue
            except Exception:
                return False
        return bool(entry_points(group="markdown.extensions", name=name))

    def _bases(self, value: Any) -> list[str]:
        values = [value] if isinstance(value, str) else list(value)
        return [str(self.config.root / str(item)) for item in values if item is not None]

    def _prepare_code(self) -> None:
        """Make code blocks cheap and note where they are."""
        for name in ("indent-highlight", "hilite"):
            if name in self.md.treeprocessors:
                self.md.treeprocessors.deregister(name)
        if "fenced_raw_block" in self.md.preprocessors:
            self.md.preprocessors.deregister("fenced_raw_block")
        if "fenced_code_block" not in self.md.preprocessors:
            return
        fenced: Any = self.md.preprocessors["fenced_code_block"]
        if hasattr(fenced, "search_nested"):
            for entry in fenced.extension.superfences:
                entry["formatter"] = _code_block
            self._watch_superfences(fenced)
        else:
            fenced.checked_for_deps = True
            fenced.codehilite_conf = {}
            self._watch_fenced_code(fenced)

    def _watch_superfences(self, fenced: Any) -> None:
        store, search = fenced._store, fenced.search_nested

        def watched_store(source: str, code: str, start: int, end: int) -> None:
            self.fences.append((start, end))
            store(source, code, start, end)

        def watched_search(lines: list[str]) -> list[str]:
            self.origin = marks.origins(lines)
            found: list[str] = search(lines)
            return found

        fenced._store, fenced.search_nested = watched_store, watched_search

    def _watch_fenced_code(self, fenced: Any) -> None:
        run, pattern = fenced.run, fenced.FENCED_BLOCK_RE

        def watched_run(lines: list[str]) -> list[str]:
            self.origin = marks.origins(lines)
            text = "\n".join(lines)
            for found in pattern.finditer(text):
                start = text.count("\n", 0, found.start())
                self.fences.append((start, start + found[0].rstrip("\n").count("\n") + 1))
            result: list[str] = run(lines)
            return result

        fenced.run = watched_run

    def _prepare_snippets(self) -> Snippets | None:
        if "snippet" not in self.md.preprocessors:
            return None
        watched = Snippets(self.md.preprocessors["snippet"], self.appended)
        watched.look = lambda path: self.page.reads(path) if self.page else None
        processors: Any = self.md.preprocessors
        processors.register(watched, "snippet", 32)
        return watched

    def render(self, page: Page) -> Rendered:
        """Render a page; what the extensions have to say of it stands in the page afterwards."""

        result = Rendered()
        text = for_rendering(page)
        processed: Any = self.md
        processed.page = page
        self.page = page
        lines = marks.MARK.sub("\ufffd", text).split("\n")
        marked = marks.mark(lines)
        self.bare = [
            (number, line.lstrip(" >\t"))
            for number, (line, other) in enumerate(zip(lines, marked, strict=True), 1)
            if line == other and line.strip()
        ]
        self.fences, self.origin, self.result = [], (), result
        self.md.reset()
        self.dense.most = 0
        if self.snippets:
            self.snippets.begin(lines)
        try:
            self.md.convert("\n".join(marked))
        except _Read:
            pass
        except RecursionError:
            result.error = "is nested too deeply to be rendered"
        except TimeoutError:
            raise
        except Exception as error:
            result.error = (
                f"cannot be rendered: {type(error).__name__}: {marks.strip(str(error))[:200]}"
            )
        if self.dense.most and not result.error:
            result.error = f"has a paragraph with {self.dense.most:,} marks that open something"
        result.references = {marks.strip(str(key)) for key in self.md.references}
        if self.snippets:
            result.missing_snippets = self.snippets.missing
            result.included = self.snippets.included
            result.sources = self.snippets.sources
        result.fences = [(self._line(start), self._line(end - 1)) for start, end in self.fences]
        for start, end in result.fences:
            for line in range(start, end + 1):
                if result.context.get(line, "code") != "comment":
                    result.context[line] = "code"
        return result

    def read_back(self, root: Element) -> None:
        """Fill the result from a finished tree."""
        try:
            stash = list(self.md.htmlStash.rawHtmlBlocks)
            Walker(stash, self.bare, self.result).walk(root)
        except RecursionError:
            self.result.error = "is nested too deeply to be read back"

    def _line(self, index: int) -> int:
        return self.origin[index] if index < len(self.origin) else 0


class _Read(Exception):
    """The tree has been read back: there is no need to write it."""


class _Catch:
    """A tree processor that reads the finished tree back."""

    def __init__(self, renderer: Renderer) -> None:
        self.renderer = renderer
        self.md = renderer.md

    def run(self, root: Element) -> None:
        """Read the tree back before escapes are resolved; nothing is made of it afterwards."""
        self.renderer.read_back(root)
        raise _Read


class _Nothing(_Catch):
    """Stands for MkDocs' own tree processor, which some extensions look for."""

    def run(self, root: Element) -> None:
        """Leave the tree as it is."""


def _executed(language: str) -> dict[str, Any]:
    """The fence that markdown-exec registers for a language: it takes any option once `exec` is there."""

    def validate(name: str, inputs: dict[str, str], *_: Any) -> bool:
        return "exec" in inputs or name in ("pyodide", "tree")

    return {"name": language, "class": language, "validator": validate}


def _emoji(
    index: str, shortname: str, alias: str, uc: Any, alt: str, *_: Any, **__: Any
) -> Element:
    element = Element("span", {"class": "twemoji"})
    element.text = ""
    return element


def _code_block(src: str = "", *_: Any, source: str = "", id_value: str = "", **__: Any) -> str:
    identity = f' id="{html.escape(id_value)}"' if id_value else ""
    return f"<pre{identity}>{html.escape(src or source, quote=False)}</pre>"
