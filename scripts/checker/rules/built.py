"""Rules B: the built site, as a reader's browser meets it. scripts/checker/built_site.py reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from scripts.checker.built_site import Built, Named, built, place, places
from scripts.checker.problem import Place, Problem


def _problems(site: Built, path: str, value: str, count: int, message: str) -> Iterator[Problem]:
    """A problem for each time that a page names a value."""
    for line, column in list(islice(places(site.text(path), value), count)) or [(1, 1)]:
        yield Problem("", Place(path, line, column), message)


def _origin(site: Built, path: str) -> str:
    """Where to mend what is wrong on a page: its source, where that is known."""
    source = site.source_of(path)
    return f" in {source}" if source else ""


def _gone(site: Built, path: str, names: Iterable[Named]) -> Iterator[Problem]:
    """A problem for each named file that the site does not have."""
    for named in names:
        if site.file(named.path) is None:
            message = (
                f"the site has no {named.path or named.value}, which '{named.value}' names; correct"
                f" it{_origin(site, path)}"
            )
            yield from _problems(site, path, named.value, named.count, message)


def _anchorless(site: Built, path: str, names: Iterable[Named]) -> Iterator[Problem]:
    """A problem for each named anchor that its page does not have."""
    for named in names:
        file = site.lacks(named)
        if file:
            ids = site.pages[file].ids
            near = next((known for known in ids if known.lower() == named.fragment.lower()), "")
            what = f"write '#{near}'" if near else "correct it"
            message = f"{file} has no anchor #{named.fragment}, which '{named.value}' names; {what}"
            yield from _problems(
                site, path, named.value, named.count, f"{message}{_origin(site, path)}"
            )


def missing_page(site: Built) -> Iterator[Problem]:
    """A link of the built site names a page or file that the site does not have.

    Bad: <a href="../gone/"> without gone/index.html
    Good: <a href="../guide/"> with guide/index.html
    Why: The reader gets an error page; case counts, as it does on the server.
    """
    for path, page in site.pages.items():
        yield from _gone(site, path, page.links)


def missing_anchor(site: Built) -> Iterator[Problem]:
    """A link of the built site names an anchor that its page does not have.

    Bad: <a href="../guide/#RLHF"> where the id is rlhf
    Good: <a href="../guide/#rlhf">
    Why: The reader lands at the top of the page and has to search.
    """
    for path, page in site.pages.items():
        yield from _anchorless(site, path, page.links)


def missing_asset(site: Built) -> Iterator[Problem]:
    """A built page, style sheet or module asks for a file that the site does not have.

    Bad: <img src="gone.png">
    Good: <img src="figure.png"> with figure.png beside the page
    Why: A picture is missing, or the page is without its style or its script.
    """
    for path, page in site.pages.items():
        yield from _gone(site, path, page.assets)


def leaked_markdown(site: Built) -> Iterator[Problem]:
    """Markdown stands in the text of a built page as it was typed.

    Bad: <p>!!! note "Title"</p>
    Good: <div class="admonition note">
    Why: The reader sees signs where a box, a link or a note was meant.
    """
    for path, page in site.pages.items():
        for (what, shown), count in page.leaks.items():
            message = f"{what} stands in the text: '{shown}'; mend its Markdown"
            yield from _problems(site, path, shown[:20], count, f"{message}{_origin(site, path)}")


def other_host(site: Built) -> Iterator[Problem]:
    """A built page asks another host for something as it is shown.

    Bad: <script src="https://cdn.example/x.js">
    Good: <script src="assets/x.js">
    Why: It tells a stranger who reads the page, and fails when the stranger does.
    """
    for path, page in site.pages.items():
        for value, count in page.foreign.items():
            message = f"asks another host for '{value}'; keep a copy in the site"
            yield from _problems(site, path, value, count, message)


def repeated_id(site: Built) -> Iterator[Problem]:
    """An id occurs twice on a built page.

    Bad: <h2 id="part"> and <div id="part">
    Good: <h2 id="part"> and <div id="part-figure">
    Why: A link to the second one ends at the first.
    """
    for path, page in site.pages.items():
        for name, count in page.ids.items():
            # Those that begin so are counted by the highlighter and by the theme; nobody links to them.
            if count > 1 and not name.startswith("__"):
                message = f"the id '{name}' occurs {count} times; give each its own"
                line, column = place(site.text(path), name, 2)
                yield Problem("", Place(path, line, column), f"{message}{_origin(site, path)}")


def lost_redirect(site: Built) -> Iterator[Problem]:
    """A redirect of the built site leads to a page or anchor that the site does not have.

    Bad: <meta http-equiv="refresh" content="0; url=../gone/">
    Good: <meta http-equiv="refresh" content="0; url=../guide/">
    Why: The old address was kept for nothing.
    """
    for path, page in site.pages.items():
        if page.redirect is not None:
            yield from _gone(site, path, [page.redirect])
            yield from _anchorless(site, path, [page.redirect])


def unreadable(site: Built) -> Iterator[Problem]:
    """A page, style sheet or module of the built site cannot be read.

    Bad: a page in Latin-1
    Good: a page in UTF-8
    Why: A browser guesses, and shows signs of no meaning.
    """
    for path, page in site.pages.items():
        if page.fault:
            yield Problem(
                "", Place(path, 1, 1), f"the file cannot be read: {page.fault}; build it anew"
            )


def check(
    root: Path, address: str = "", codes: Iterable[str] | None = None, jobs: int = 0
) -> list[Problem]:
    """The findings on a built site alone, sorted, with paths below it.

    Args:
        root: the folder that holds `index.html`.
        address: of the site, such as `https://example.org/docs/`.
        codes: the rules to apply; all without it.
        jobs: processes; 0 for one for each core.
    """
    return findings(built(root, address, jobs), codes)


def findings(site: Built, codes: Iterable[str] | None = None) -> list[Problem]:
    """What the rules find on a site, sorted."""
    found = {
        Problem(code, Place(problem.path, problem.line, problem.column), problem.text)
        for code in (RULES if codes is None else codes)
        if code in RULES
        for problem in RULES[code](site)
    }
    return sorted(found, key=Problem.key)


RULES: dict[str, Callable[..., Iterator[Problem]]] = {
    "B01": missing_page,
    "B02": missing_anchor,
    "B03": missing_asset,
    "B04": leaked_markdown,
    "B05": other_host,
    "B06": repeated_id,
    "B07": lost_redirect,
    "B08": unreadable,
}
