"""Rules Z: files that cannot be read or rendered, and exceptions that are out of order."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.checker import symlinks
from scripts.checker.page import Page
from scripts.checker.problem import Problem
from scripts.checker.project import Site


def _noted(page: Page, kind: str) -> Iterator[Problem]:
    yield from page.found.get(kind, ())


def unreadable(page: Page) -> Iterator[Problem]:
    """A page cannot be read: it is not UTF-8, has vanished, or may not be opened.

    Bad: a page saved as Latin-1
    Good: a page saved as UTF-8
    Why: MkDocs stops, or shows signs of no meaning.
    """
    yield from _noted(page, "unreadable")


def unrendered(page: Page) -> Iterator[Problem]:
    """A page is too large, too deep or too slow to be rendered.

    Bad: ten megabytes in one line
    Good: pages that a reader can read
    Why: What cannot be rendered here stops the build or hangs it.
    """
    yield from _noted(page, "unrendered")
    if page.rendered.error:
        yield page.problem(1, f"the page {page.rendered.error}; simplify or split it")


def exception(page: Page) -> Iterator[Problem]:
    """An exception has no reason, names no rule, or is not needed.

    Bad:
        <!-- check: ignore A01 -->
        !!! own
            The body.
    Good:
        <!-- check: ignore A01 the type comes from a plugin -->
        !!! own
            The body.
    Why: Exceptions without reasons are never taken back.
    """
    yield from _noted(page, "exception")


def outward(site: Site) -> Iterator[Problem]:
    """A symbolic link leads out of the repository, or into a hidden part of it.

    Bad: docs/notes.md as a link to /home/me/notes.md
    Good: docs/notes.md as a file, or as a link to another file of the repository
    Why: The build publishes what it leads to, on the machine that builds: keys and settings as well.
    """
    for path, where in symlinks.links(site.config.docs):
        yield site.problem(
            path, 1, f"the symbolic link leads {where}; put the file itself in its place"
        )
