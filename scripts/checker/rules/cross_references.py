"""Rule L09: references that a plugin resolves over all pages."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from difflib import get_close_matches

from scripts.checker.problem import Problem
from scripts.checker.project import PAGES, Site


def undefined_reference(site: Site) -> Iterator[Problem]:
    """A cross-reference names nothing in the project.

    Bad:
        [the trainer][train-er]

        in mkdocs.yml:
        plugins: [autorefs]
    Good:
        [the trainer][trainer]

        ## Trainer

        Text.

        in mkdocs.yml:
        plugins: [autorefs]
    Why: The brackets are printed.
    """
    if not any(facts.get("autorefs") for _, facts in site.chosen_facts()):
        return
    names: set[str] | None = None
    indexed = re.search(r"objects\.inv|inventories\s*:", site.config.text) is not None
    for path, facts in site.chosen_facts():
        for line, column, name in facts.get("autorefs", ()):
            spaced = " " in name and re.search(r"[A-Z\d]", name)
            if (
                not name
                or "." in name
                or (re.search(r"[A-Z_(]", name) and not spaced)
                or (not re.search(r"[-\d ]", name) and _standard(name))
            ):
                continue
            if names is None:
                names = _all_names(site)
            plain = name.strip("`").lower()
            if (
                plain in names
                or name.strip("`") in names
                or (indexed and not spaced and not get_close_matches(plain, names, 1, 0.85))
            ):
                continue
            yield site.problem(
                path,
                line,
                f"no definition for the reference '[{name[:60]}]'; add '[{name[:60]}]: target' or"
                " write the target in parentheses",
                column,
            )


def _standard(name: str) -> bool:
    """Whether a word may be a name that Python's own index explains."""
    import builtins
    import sys

    plain = name.strip("`")
    terms = {
        "mapping",
        "sequence",
        "iterable",
        "iterator",
        "callable",
        "generator",
        "awaitable",
        "coroutine",
        "module",
        "mutable",
    }
    return hasattr(builtins, plain) or plain in sys.stdlib_module_names or plain in terms


def _all_names(site: Site) -> set[str]:
    found: set[str] = set()
    for path in site.files:
        if posixpath.splitext(path)[1].lower() in PAGES:
            facts = site.facts_of(path)
            if facts:
                found.update(facts["ids"])
                found.update(facts.get("modules", ()))
    found |= {name.rsplit(".", 1)[-1] for name in found}
    return found | {name.lower() for name in found}
