"""Check one page: read it, render it, and let the rules look at it."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from scripts.checker import dependents, exceptions, style_classes
from scripts.checker.config import Config
from scripts.checker.inputs import Inputs
from scripts.checker.page import Page
from scripts.checker.problem import Place, Problem
from scripts.checker.project import Facts, ignored_by_git
from scripts.checker.render import Renderer
from scripts.checker.rulebook import Rule, Rulebook
from scripts.checker.rules import nav
from scripts.checker.rules.page_facts import page_facts
from scripts.checker.time_limit import time_limit

LARGEST = 3_000_000
LONGEST = 200_000
SECONDS = 20


@dataclass
class Checked:
    """What is known of a page: its findings, its facts, and what they were made from."""

    path: str
    digest: str
    problems: list[Problem] = field(default_factory=list)
    facts: Facts = field(default_factory=dict)
    inputs: Inputs = field(default_factory=dict)


class Checker:
    """Checks pages one at a time; lives once in every process."""

    def __init__(self, config: Config, book: Rulebook) -> None:
        self.config = config
        self.book = book
        self.shared: dict[Hashable, Any] = {}
        self._renderer: Renderer | None = None
        self._styles: frozenset[str] | None = None
        self._titled: set[str] | None = None

    @property
    def renderer(self) -> Renderer:
        """Python-Markdown as the project has it; made anew after a page that took too long."""
        if self._renderer is None:
            self._renderer = Renderer(self.config)
        return self._renderer

    def checked(self, path: str, file: Path, data: bytes | None) -> Checked:
        """What is found on a page, in a time that has an end."""
        digest = digest_of(data)
        try:
            with time_limit(SECONDS * 2):
                page = self._page(path, file, data)
                problems, facts = self._problems(page)
                return Checked(path, digest, problems, facts, page.inputs)
        except TimeoutError:
            slow = (
                f"the page takes more than {SECONDS * 2} seconds and was not checked;"
                " simplify or split it"
            )
            return Checked(path, digest, [Problem("Z02", Place(path, 1, 1), slow)], empty_facts())

    def check(self, path: str, file: Path, data: bytes | None) -> tuple[list[Problem], Facts]:
        """The findings and facts of one page."""
        return self._problems(self._page(path, file, data))

    def _problems(self, page: Page) -> tuple[list[Problem], Facts]:
        problems = [*page.problems]
        if _is_seen(page):
            for look in self.book.passes:
                subject = look.__module__.rsplit(".", 1)[-1]
                problems += self._found(page, look, f"the pass over {subject}")
        for code in sorted(self.book.page):
            if code == "Z03" or not _applies(page, code):
                continue
            problems += self._found(page, self.book.page[code], f"rule {code}", code)
        problems = dependents.judged(problems, page.missing_extensions)
        facts = self._facts(page)
        return exceptions.excepted(page, problems, self.book), facts

    def _found(self, page: Page, look: Rule, name: str, code: str = "") -> Iterator[Problem]:
        """What a rule or a pass finds; one that fails is a finding of its own.

        What a pass finds carries its code; to what a rule finds its own is given.
        """
        try:
            for problem in look(page):
                yield replace(problem, code=code) if code else problem
        except TimeoutError:
            raise
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            yield Problem(
                "Z02",
                Place(page.path, 1, 1),
                f"{name} failed on this page: {what}; please report it",
            )

    def _facts(self, page: Page) -> Facts:
        try:
            facts = page_facts(page)
        except TimeoutError:
            raise
        except Exception:
            facts = empty_facts()
        facts["missing"] = list(page.missing_extensions)
        if _is_seen(page):
            facts |= {name: make(page) for name, make in self.book.facts.items()}
        return facts

    def _page(self, path: str, file: Path, data: bytes | None) -> Page:
        page = Page(path, "", self.config, file=file, shared=self.shared, marked=True)
        text = _readable(page, data)
        if text is None:
            return page
        page.text = text
        if _too_large(page, len(data or b"")):
            page.text = ""
            return page
        if self._styles is None:
            self._styles = style_classes.own_classes(self.config)
        own = style_classes.classes_in(text) if "<style" in text else frozenset[str]()
        page.styles = self._styles | own
        page.missing_extensions = tuple(self.renderer.missing)
        page.notes["file"] = str(file)
        page.notes["titled"] = self._has_title(path)
        try:
            with time_limit(SECONDS):
                page.rendered = self.renderer.render(page)
            page.rendered.missing_snippets = [
                (line, name)
                for line, name in page.rendered.missing_snippets
                if not ignored_by_git(self.config.root, name)
            ]
        except TimeoutError:
            self._renderer = None
            slow = (
                f"the page takes more than {SECONDS} seconds to render and was not checked;"
                " simplify or split it"
            )
            page.found["unrendered"] = [Problem("", Place(path, 1, 1), slow)]
        return page

    def _has_title(self, path: str) -> bool:
        config = self.config
        if config.plugin("literate-nav", "awesome-nav"):
            return True
        if config.nav is None:
            return False
        if self._titled is None:
            self._titled = nav.listed(config.nav) - nav.titles(config.nav)
        return path not in self._titled


def digest_of(data: bytes | None) -> str:
    """What changes when the content of a page does."""
    return hashlib.blake2b(data or b"", digest_size=16).hexdigest()


def _is_seen(page: Page) -> bool:
    """Whether a page has been read and rendered."""
    return not (page.found.get("unreadable") or page.found.get("unrendered"))


def _applies(page: Page, code: str) -> bool:
    """Whether a rule can look at a page that may not have been read or rendered."""
    if page.found.get("unreadable"):
        return code == "Z01"
    return code in ("Z01", "Z02") if page.found.get("unrendered") else True


def _readable(page: Page, data: bytes | None) -> str | None:
    """The text of a page; None, and why, if there is none."""
    if data is None:
        page.found["unreadable"] = [
            page.problem(1, "the file cannot be read; it has vanished or may not be opened")
        ]
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        wrong = f"the file is not UTF-8 (byte {error.start}); save it as UTF-8"
        page.found["unreadable"] = [Problem("", Place(page.path, line, 1), wrong)]
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _too_large(page: Page, size: int) -> bool:
    longest = max(map(len, page.text.split("\n")), default=0)
    if size <= LARGEST and longest <= LONGEST:
        return False
    what = f"one line has {longest:,} characters" if longest > LONGEST else f"it has {size:,} bytes"
    wrong = f"the page is too large to be checked ({what}); split it"
    page.found["unrendered"] = [Problem("", Place(page.path, 1, 1), wrong)]
    return True


def empty_facts() -> Facts:
    """The facts of a page of which nothing is known."""
    return {
        "links": [],
        "ids": [],
        "unknown": 2,
        "autorefs": [],
        "modules": [],
        "http": [],
        "https": [],
    }
