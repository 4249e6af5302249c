"""What the rules know of a whole project: its files, its addresses and the facts of every page."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from scripts.checker import marks, symlinks
from scripts.checker.config import Config
from scripts.checker.problem import Edit, Place, Problem

PAGES = (".md", ".markdown", ".mdown", ".mkdn", ".mkd")
MAKES_FILES = (
    "gen-files",
    "autoapi",
    "mkdoxy",
    "gallery",
    "multirepo",
    "monorepo",
    "i18n",
    "api-autonav",
    "mkapi",
    "simple-hooks",
    "same-dir",
    "simple",
    "projects",
    "build_plantuml",
    "kroki",
    "coverage",
    "click2md",
    "awesome-nav-gen",
)

Facts = dict[str, Any]


def walk(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file below a folder, each real folder once, with its path from there.

    A link that leads out of the repository is not followed.
    """
    seen: set[str] = set()
    stack = [(folder, "")]
    while stack:
        here, prefix = stack.pop()
        real = os.path.realpath(here)
        if real in seen:
            continue
        seen.add(real)
        try:
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            if (entry.name.startswith(".") and entry.name != ".pages") or entry.name in (
                "__pycache__",
                "node_modules",
            ):
                continue
            try:
                is_folder = entry.is_dir()
            except OSError:
                continue
            if entry.is_symlink() and symlinks.outward(entry.path, folder):
                continue
            if is_folder:
                stack.append((Path(entry.path), f"{prefix}{entry.name}/"))
            else:
                yield prefix + entry.name, Path(entry.path)


@dataclass
class Site:
    """A project with all its files."""

    config: Config
    files: dict[str, Path]
    chosen: set[str]
    facts_of: Callable[[str], Facts | None]
    unpublished: dict[str, str] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)

    def problem(
        self, path: str, line: int, message: str, column: int = 1, edit: Edit | None = None
    ) -> Problem:
        """A finding in a file of the project."""
        return Problem("", Place(path, max(line, 1), max(column, 1)), marks.shown(message), edit)

    @property
    def pages(self) -> list[str]:
        """The pages that are checked, in order."""
        return sorted(self.chosen)

    def chosen_facts(self) -> Iterator[tuple[str, Facts]]:
        """The pages that are checked, with their facts."""
        for path in self.pages:
            facts = self.facts_of(path)
            if facts is not None:
                yield path, facts

    @cached_property
    def lower(self) -> dict[str, str]:
        """Every path by its lower-case form."""
        return {path.lower(): path for path in self.files}

    @cached_property
    def folders(self) -> set[str]:
        """Every folder that holds a file."""
        found = {""}
        for path in self.files:
            parts = path.split("/")[:-1]
            for size in range(len(parts)):
                found.add("/".join(parts[: size + 1]))
        return found

    @cached_property
    def names(self) -> set[str]:
        """The last name of every folder."""
        return {folder.rsplit("/", 1)[-1].lower() for folder in self.folders}

    @cached_property
    def by_name(self) -> dict[str, list[str]]:
        """Every path by its file name."""
        found: dict[str, list[str]] = {}
        for path in self.files:
            found.setdefault(path.rsplit("/", 1)[-1].lower(), []).append(path)
        return found

    @cached_property
    def generated(self) -> bool:
        """Whether a plugin makes pages that are not in the folder."""
        return self.config.plugin(*MAKES_FILES)

    @cached_property
    def blog(self) -> str | None:
        """The folder of a blog, whose addresses are made from dates."""
        for key, options in self.config.plugins.items():
            if key.rsplit("/", 1)[-1] == "blog":
                return str(options.get("blog_dir", "blog")).strip("/") + "/"
        return None

    @cached_property
    def _notebooks(self) -> bool:
        return self.config.plugin("mkdocs-jupyter", "mknotebooks")

    def is_page(self, path: str) -> bool:
        """Whether a file becomes a page: Markdown, and notebooks where a plugin reads them."""
        suffix = posixpath.splitext(path)[1].lower()
        return suffix in PAGES or (suffix in (".ipynb", ".py") and self._notebooks)

    def address(self, path: str) -> str:
        """The address of a file on the site, from its root."""
        if not self.is_page(path):
            return path
        stem = posixpath.splitext(path)[0]
        folder, _, name = stem.rpartition("/")
        if name == "index" or (
            name == "README" and f"{folder}/index.md".lstrip("/") not in self.files
        ):
            return f"{folder}/" if folder else ""
        return f"{stem}/" if self.config.directory_urls else f"{stem}.html"

    @cached_property
    def addresses(self) -> dict[str, str]:
        """Every address of the site, with the file behind it."""
        found: dict[str, str] = {}
        for path in self.files:
            if path in self.unpublished:
                continue
            url = self.address(path)
            found[url] = path
            found.setdefault(path, path)
            if url.endswith("/") or not url:
                found[url + "index.html"] = path
        for old in self.redirects:
            found.setdefault(self.address(old), old)
        return found

    @cached_property
    def redirects(self) -> dict[str, str]:
        """The redirects that the project names."""
        for key, options in self.config.plugins.items():
            if key.rsplit("/", 1)[-1] == "redirects" and isinstance(
                options.get("redirect_maps"), dict
            ):
                return {str(old): str(new) for old, new in options["redirect_maps"].items()}
        return {}

    @cached_property
    def base_path(self) -> str:
        """The path below which the site is served, without slashes at its ends."""
        try:
            return urlsplit(self.config.site_url).path.strip("/")
        except ValueError:
            return ""

    def made_by_build(self, path: str) -> bool:
        """Whether a file that is not there is made before the build: git ignores it, or a hook names it."""
        if posixpath.basename(path) in self.config.hook_text and len(posixpath.basename(path)) > 5:
            return True
        return any(re.fullmatch(pattern, path) for pattern in self._ignored)

    @cached_property
    def _ignored(self) -> list[str]:
        """What git ignores below the docs folder, as patterns for paths from there."""
        found: list[str] = []
        docs = self.config.docs
        for folder in (docs, *docs.parents):
            file = folder / ".gitignore"
            if file.is_file():
                prefix = docs.relative_to(folder).as_posix()
                try:
                    text = file.read_text(encoding="utf-8", errors="replace")
                except OSError:
                    continue
                found.extend(_git_patterns(text, "" if prefix == "." else prefix + "/"))
            if (folder / ".git").exists() or folder == self.config.root:
                break
        for path, file in self.files.items():
            if path.endswith("/.gitignore"):
                found.extend(
                    re.escape(path[:-10]) + p
                    for p in _git_patterns(file.read_text(errors="replace"), "")
                )
        return found

    def static(self, path: str) -> bool:
        """Whether the theme or its folder of overrides brings a file."""
        if self.config.custom_dir is not None and (self.config.custom_dir / path).exists():
            return True
        if posixpath.splitext(path)[1] in _PICTURES and _theme_has(self.config.theme, path):
            return True
        return path in (
            "img/favicon.ico",
            "img/grid.png",
            "sitemap.xml",
            "404.html",
            "search/search_index.json",
            "sitemap.xml.gz",
            "objects.inv",
            "llms.txt",
            "llms-full.txt",
        ) or path.startswith(
            ("assets/javascripts/", "assets/stylesheets/", "feed_", "rss", "feed", "tags/")
        )

    def at(self, url: str) -> str | None:
        """The file behind an address from the root; None if there is none."""
        url = unquote(url)
        found = self.addresses.get(url)
        if found is None and not url.endswith("/"):
            found = self.addresses.get(url + "/")
        if found is None and url.rstrip("/") + "/index.html" in self.files:
            found = url.rstrip("/") + "/index.html"
        return found

    def nearest(self, page: str, target: str) -> str:
        """A path from the page to the file that was probably meant, or an empty text."""
        from difflib import get_close_matches

        name = target.rsplit("/", 1)[-1].lower()
        same = self.by_name.get(name, [])
        if len(same) == 1 or (same and len(same) < 4):
            return posixpath.relpath(min(same, key=len), posixpath.dirname(page) or ".")
        folder = posixpath.normpath(
            posixpath.join(posixpath.dirname(page), posixpath.dirname(target))
        )
        folder = "" if folder == "." else folder + "/"
        around = [
            path
            for path in self.files
            if path.startswith(folder) and "/" not in path[len(folder) :]
        ]
        close = get_close_matches(folder + target.rsplit("/", 1)[-1], around, 1, 0.8)
        return posixpath.relpath(close[0], posixpath.dirname(page) or ".") if close else ""


_PICTURES = (".png", ".svg", ".ico", ".jpg", ".gif", ".webp")


@lru_cache(maxsize=64)
def _theme_has(theme: str, path: str) -> bool:
    """Whether a theme that is installed brings a picture, which MkDocs copies into every site."""
    from importlib.metadata import entry_points
    from importlib.util import find_spec

    for entry in entry_points(group="mkdocs.themes", name=theme):
        spec = find_spec(entry.module)
        if spec is not None and spec.origin:
            return (Path(spec.origin).parent / path).is_file()
    return False


def ignored_by_git(root: Path, path: str) -> bool:
    """Whether git ignores a path below a project's root, as it does for what is made before the build."""
    file = root / ".gitignore"
    if not file.is_file():
        return False
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return any(re.fullmatch(pattern, path) for pattern in _git_patterns(text, ""))


def _git_patterns(text: str, prefix: str) -> list[str]:
    """The lines of a .gitignore that concern a folder, as regular expressions for paths inside it."""
    found = []
    for line in text.split("\n"):
        entry = line.strip()
        if not entry or entry.startswith(("#", "!")):
            continue
        anchored = "/" in entry.rstrip("/")
        body = entry.strip("/")
        if anchored:
            if not body.startswith(prefix):
                continue
            body = body[len(prefix) :]
        elif "*" in body and "." not in body:
            continue
        pattern = (
            re.escape(body)
            .replace(r"\*\*/", "(?:.*/)?")
            .replace(r"\*", "[^/]*")
            .replace(r"\?", "[^/]")
        )
        if body:
            found.append(("" if anchored else "(?:.*/)?") + pattern + "(?:/.*)?")
    return found


def _short(text: str) -> bool:
    """Whether a page has so little of its own that a macro writes most of it."""
    return sum(1 for line in text.split("\n") if line.strip()) < 20


def anchors_unknown(text: str, config: Config, missing: tuple[str, ...]) -> int:
    """Whether the page may have anchors that rendering does not show: 0 no, 1 hardly, 2 probably."""
    if config.plugin("mkdocstrings", "autodoc", "autoapi", "api-autonav") and re.search(
        r"(?m)^[ \t]*(?:#{1,6}[ \t]+)?::: ?\w", text
    ):
        return 2
    if re.search(
        r"(?m)^[ \t]*(?:#{1,6}[ \t]+)?::: ?[\w.]+\s*$|\{%[+-]?\s*(?:include|import|for)|<!--\s*material/",
        text,
    ):
        return 2
    if config.plugin(
        "macros", "markdownextradata", "include-markdown", "mkdocs-jinja", "jinja"
    ) and re.search(r"\{[%{]", text):
        return 2 if _short(text) else 1
    if config.hooks and re.search(r"\{\{ *\w+ *\}\}", text) and _short(text):
        return 2
    if config.hooks and re.search(r"\{[%{]|<!--", text):
        return 1
    return 1 if missing and re.search(r"(?m)^[ \t]*(?:::: ?\w|\{!|\{\*)", text) else 0
