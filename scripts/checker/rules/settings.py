"""Rules N on what the settings make of the files: what is appended to every page, what is not published."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path

from scripts.checker.problem import Place, Problem
from scripts.checker.project import Site, ignored_by_git
from scripts.checker.published import appending


def appended(site: Site) -> Iterator[Problem]:
    """What is to be appended to every page does not exist.

    Bad:
        in mkdocs.yml:
        markdown_extensions:
          - pymdownx.snippets:
              base_path: [docs]
              auto_append: [term.txt]

        in docs/terms.txt:
        *[KL]: Kullback and Leibler
    Good:
        in mkdocs.yml:
        markdown_extensions:
          - pymdownx.snippets:
              base_path: [docs]
              auto_append: [terms.txt]

        in docs/terms.txt:
        *[KL]: Kullback and Leibler
    Why: It is missing on every page, without a word.
    """
    config = site.config
    bases = config.options.get("pymdownx.snippets", {}).get("base_path", ["."])
    folders = [
        config.root / str(base) for base in ([bases] if isinstance(bases, str) else bases) if base
    ]
    for number, name in enumerate(config.appended):
        path = name.partition(":")[0]
        if not path or "://" in name or any(_is_there(folder, path) for folder in folders):
            continue
        if ignored_by_git(config.root, path) or site.made_by_build(path):
            continue
        message = f"'{name}', which is to be appended to every page, does not exist"
        yield appending(config, f"{message}; correct the path", number)


def _is_there(folder: Path, path: str) -> bool:
    """Whether a base finds a file: a folder that holds it, or the file itself."""
    if folder.is_file():
        return folder.name == path
    return (folder / path).is_file()


def unpublished(site: Site) -> Iterator[Problem]:
    """A page is not published, since another file takes its address.

    Bad:
        in docs/models/README.md:
        # Read me

        Text.

        in docs/models/index.md:
        # Models

        Text.
    Good:
        in docs/models/index.md:
        # Models

        Text.
    Why: MkDocs leaves README.md out; what stands in it reaches no reader, and links to it lead to nothing.
    """
    for path, other in sorted(site.unpublished.items()):
        if other and site.is_page(path):
            yield site.problem(
                path,
                1,
                f"this file is not published: '{posixpath.basename(other)}' takes its address; put"
                " what it says there, or exclude this file",
            )


def missing_extension(site: Site) -> Iterator[Problem]:
    """An extension of Markdown cannot be imported.

    Bad:
        in mkdocs.yml:
        markdown_extensions: [admonitions]
    Good:
        in mkdocs.yml:
        markdown_extensions: [admonition]
    Why: MkDocs stops. Here nothing is said of what the extension would have read.
    """
    names = dict.fromkeys(
        str(name) for _, facts in site.chosen_facts() for name in facts.get("missing", ())
    )
    for name in names:
        message = f"the extension '{name}' cannot be imported, so what depends on it is not checked"
        place = site.config.places.item(name, "markdown_extensions")
        at = Place("\0" + str(place.file), place.line, place.column) if place else None
        yield Problem(
            "",
            at or Place("\0" + str(site.config.file or site.config.docs), 1, 1),
            f"{message}; install it, or correct its name",
        )
