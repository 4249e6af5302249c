"""Read what a MkDocs project says about itself: docs folder, extensions, plugins, navigation, theme."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from scripts.checker import table
from scripts.checker.yaml_places import Places

DEFAULT_EXTENSIONS = ("toc", "tables", "fenced_code")
NAMES = ("mkdocs.yml", "mkdocs.yaml", "properdocs.yml", "properdocs.yaml")


class CannotRun(Exception):
    """The project cannot be checked at all; the message names the file and says why."""


@dataclass
class Config:
    """What the rules need to know of a project."""

    root: Path
    docs: Path
    file: Path | None = None
    name: str = ""
    extensions: list[str] = field(default_factory=lambda: list(DEFAULT_EXTENSIONS))
    options: dict[str, dict[str, Any]] = field(default_factory=dict)
    plugins: dict[str, Any] = field(default_factory=dict)
    hooks: list[str] = field(default_factory=list)
    nav: Any = None
    theme: str = "mkdocs"
    custom_dir: Path | None = None
    extra_css: list[str] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    directory_urls: bool = True
    site_url: str = ""
    text: str = ""
    excluded: str = ""
    sources: list[tuple[Path, str]] = field(default_factory=list)
    validation: dict[str, Any] = field(default_factory=dict)
    house: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def hook_text(self) -> str:
        """The source of the project's hooks, which may give a meaning to what Markdown does not know."""
        found = []
        for folder in sorted({(self.root / hook).parent for hook in self.hooks}):
            for file in sorted(folder.glob("*.py"))[:40]:
                try:
                    found.append(file.read_text(encoding="utf-8", errors="replace"))
                except OSError:
                    continue
        return "\n".join(found)

    def has(self, *names: str) -> bool:
        """Whether one of the Markdown extensions is on."""
        return any(name in self.extensions for name in names)

    def plugin(self, *names: str) -> bool:
        """Whether one of the plugins is on, with or without the prefix of its theme."""
        return any(key.rsplit("/", 1)[-1] in names for key in self.plugins)

    @cached_property
    def appended(self) -> list[str]:
        """What is appended to every page."""
        names = self.options.get("pymdownx.snippets", {}).get("auto_append") or []
        return [str(name) for name in names] if isinstance(names, list) else []

    @cached_property
    def draws_formulas(self) -> bool:
        """Whether a script, plugin or template of the project draws mathematics in the browser."""
        texts = [text for _, text in self.sources] + [self.hook_text, " ".join(self.plugins)]
        folder = self.custom_dir
        if folder is not None and folder.is_dir():
            for file in sorted(folder.rglob("*.html"))[:200]:
                with contextlib.suppress(OSError):
                    texts.append(file.read_text(encoding="utf-8", errors="replace"))
        return any(
            re.search(r"mathjax|katex|mathml|asciimath", text, re.IGNORECASE) for text in texts
        )

    @cached_property
    def places(self) -> Places:
        """Where the settings stand in the files."""
        return Places(self.sources, loader())

    def wanted(self, group: str, key: str) -> str:
        """What the project wants MkDocs to do about a fault: `ignore`, `info`, `warn`, or nothing said.

        What stands directly below `validation` counts for each group that does not say it itself.
        """
        own = self.validation.get(group)
        found = own.get(key) if isinstance(own, dict) else None
        return str(self.validation.get(key, "") if found is None else found)


def loader() -> Any:
    """A YAML loader that knows MkDocs' tags and never runs code."""
    import yaml

    base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc,valid-type]
        pass

    def environment(loader: Any, node: Any) -> Any:
        if isinstance(node, yaml.SequenceNode):
            parts = loader.construct_sequence(node)
            names, default = (
                parts[:-1] if len(parts) > 1 else parts,
                parts[-1] if len(parts) > 1 else None,
            )
            found = next(
                (os.environ[n] for n in names if isinstance(n, str) and n in os.environ), default
            )
        else:
            found = os.environ.get(str(loader.construct_scalar(node)))
        return yaml.safe_load(found) if isinstance(found, str) and found else found

    def python(loader: Any, suffix: str, node: Any) -> Any:
        kind, _, name = suffix.partition(":")
        if kind == "name":
            return Name(name)
        if isinstance(node, yaml.MappingNode):
            arguments = loader.construct_mapping(node, deep=True)
        elif isinstance(node, yaml.SequenceNode):
            arguments = {"args": loader.construct_sequence(node, deep=True)}
        else:
            arguments = {}
        return Name(name, arguments)

    def anything(loader: Any, suffix: str, node: Any) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return loader.construct_scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return loader.construct_sequence(node, deep=True)
        return loader.construct_mapping(node, deep=True)

    Loader.add_constructor("!ENV", environment)
    Loader.add_multi_constructor("tag:yaml.org,2002:python/", python)
    Loader.add_multi_constructor("!", anything)
    return Loader


@dataclass(frozen=True)
class Name:
    """A Python object that the configuration names."""

    path: str
    call: dict[str, Any] | None = field(default=None, hash=False)

    def resolve(self) -> Any:
        """The object, or None if it is not installed."""
        module, _, attribute = self.path.rpartition(".")
        while module:
            try:
                found: Any = importlib.import_module(module)
                for part in attribute.split("."):
                    found = getattr(found, part)
            except ImportError:
                module, _, last = module.rpartition(".")
                attribute = f"{last}.{attribute}"
                continue
            except Exception:
                return None
            if self.call is None:
                return found
            try:
                return found(*self.call.get("args", ()), **self.call.get("kwds", {}))
            except Exception:
                return None
        return None


def resolve(value: Any) -> Any:
    """The value with every named object in place; what cannot be found is left out."""
    if isinstance(value, Name):
        return value.resolve()
    if isinstance(value, dict):
        pairs = ((key, resolve(item)) for key, item in value.items())
        return {key: item for key, item in pairs if item is not None}
    if isinstance(value, list):
        return [resolve(item) for item in value]
    return value


def load_yaml(path: Path) -> tuple[Any, str]:
    """The parsed file and its text; raises CannotRun with the place of the error."""
    import yaml

    try:
        text = path.read_text(encoding="utf-8-sig")
        return yaml.load(text, Loader=loader()), text
    except OSError as error:
        raise CannotRun(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise CannotRun(f"{path}: is not UTF-8 (byte {error.start})") from error
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        where = f":{place.line + 1}:{place.column + 1}" if place else ""
        problem = getattr(error, "problem", None) or "not valid YAML"
        raise CannotRun(f"{path}{where}: broken YAML: {problem}") from error
    except (ValueError, RecursionError, TypeError, AttributeError) as error:
        raise CannotRun(f"{path}: broken YAML: {error}") from error


def _merged(base: Any, over: Any) -> Any:
    if isinstance(base, dict) and isinstance(over, dict):
        return {**base, **{key: _merged(base.get(key), value) for key, value in over.items()}}
    return over


def _inherited(
    path: Path, seen: tuple[Path, ...] = ()
) -> tuple[dict[str, Any], list[tuple[Path, str]]]:
    data, text = load_yaml(path)
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise CannotRun(f"{path}: is not a mapping of settings")
    parent = data.pop("INHERIT", None)
    if parent is None:
        return data, [(path, text)]
    target = (path.parent / str(parent)).resolve()
    if target in seen or len(seen) > 20:
        raise CannotRun(f"{path}: INHERIT goes round in a circle")
    base, sources = _inherited(target, (*seen, path.resolve()))
    return _merged(base, data), [(path, text), *sources]


def _pairs(items: Any) -> Iterator[tuple[str, Any]]:
    """The entries of a list such as `plugins:`, each with its options."""
    if isinstance(items, dict):
        items = [{key: value} for key, value in items.items()]
    for item in items if isinstance(items, list) else []:
        if isinstance(item, str):
            yield item, {}
        elif isinstance(item, dict):
            for key, value in item.items():
                yield str(key), value if isinstance(value, dict) else {}


SHORT = {
    "smarty",
    "toc",
    "tables",
    "admonition",
    "abbr",
    "attr_list",
    "def_list",
    "fenced_code",
    "footnotes",
}
SHORT |= {
    "md_in_html",
    "meta",
    "nl2br",
    "sane_lists",
    "codehilite",
    "extra",
    "wikilinks",
    "legacy_attrs",
}
SHORT |= {"legacy_em"}
EXTRA = ("fenced_code", "footnotes", "attr_list", "def_list", "tables", "abbr", "md_in_html")
PYMDOWN_EXTRA: tuple[str, ...] = (
    "pymdownx.betterem",
    "pymdownx.superfences",
    "footnotes",
    "attr_list",
    "def_list",
    "tables",
)
PYMDOWN_EXTRA += ("abbr", "md_in_html")


def _extensions(config: Config, items: Any) -> None:
    for name, options in _pairs(items):
        short = name.removeprefix("markdown.extensions.")
        name = short if short in SHORT else name
        if name == "extra":
            group: tuple[str, ...] = EXTRA
        elif name == "pymdownx.extra":
            group = PYMDOWN_EXTRA
        else:
            group = (name,)
        for part in group:
            if part not in config.extensions:
                config.extensions.append(part)
            given = options.get(part, {}) if len(group) > 1 or name.endswith("extra") else options
            if given:
                config.options[part] = _merged(config.options.get(part, {}), given)


def house_of(root: Path) -> dict[str, Any] | None:
    """The table `[tool.check]` of the project's pyproject.toml.

    Raises:
        CannotRun: if it says what nothing reads.
    """
    try:
        found = table.read(root)
    except ValueError as error:
        raise CannotRun(f"{root / 'pyproject.toml'}: broken TOML: {error}") from error
    fault = table.fault(found) if found else ""
    if fault:
        raise CannotRun(f"{root / 'pyproject.toml'}: {fault}")
    return found


def _path(root: Path, value: Any, default: str) -> Path:
    return Path(os.path.normpath(root / str(value if isinstance(value, str) else default)))


def from_file(path: Path) -> Config:
    """The configuration that a mkdocs.yml gives."""
    data, sources = _inherited(path)
    root = path.parent
    config = Config(root=root, docs=_path(root, data.get("docs_dir"), "docs"), file=path)
    config.sources, config.text = sources, sources[0][1]
    config.name = str(data.get("site_name") or "")
    _extensions(config, data.get("markdown_extensions"))
    plugins = data.get("plugins", ["search"])
    config.plugins = dict(_pairs(plugins))
    hooks = data.get("hooks")
    config.hooks = [str(hook) for hook in hooks] if isinstance(hooks, list) else []
    config.nav = data.get("nav")
    for key in ("exclude_docs", "draft_docs"):
        if isinstance(data.get(key), str):
            config.excluded += data[key] + "\n"
    if isinstance(data.get("validation"), dict):
        config.validation = data["validation"]
    theme = data.get("theme")
    if isinstance(theme, dict):
        config.theme = str(theme.get("name") or "")
        if isinstance(theme.get("custom_dir"), str):
            config.custom_dir = _path(root, theme["custom_dir"], "")
    elif isinstance(theme, str):
        config.theme = theme
    css = data.get("extra_css")
    config.extra_css = [str(item) for item in css] if isinstance(css, list) else []
    config.extra = data["extra"] if isinstance(data.get("extra"), dict) else {}
    config.directory_urls = data.get("use_directory_urls") is not False
    config.site_url = str(data.get("site_url") or "")
    config.house = house_of(root) or {}
    if not config.docs.is_dir():
        raise CannotRun(f"{path}: its docs folder {config.docs} does not exist")
    return config


RICH = (
    "abbr",
    "admonition",
    "attr_list",
    "def_list",
    "footnotes",
    "md_in_html",
    "tables",
    "toc",
    "pymdownx.betterem",
    "pymdownx.caret",
    "pymdownx.details",
    "pymdownx.keys",
    "pymdownx.mark",
    "pymdownx.superfences",
    "pymdownx.tabbed",
    "pymdownx.tasklist",
    "pymdownx.tilde",
    "pymdownx.highlight",
)


def from_folder(folder: Path) -> Config:
    """The configuration for a bare folder of Markdown: the extensions that a documentation site usually has."""
    config = Config(root=folder, docs=folder, extensions=list(RICH), theme="material")
    config.options = {"pymdownx.tabbed": {"alternate_style": True}}
    return config


def _other(folder: Path) -> Path | None:
    """A configuration under another name, in a folder without a mkdocs.yml."""
    found = sorted(
        path for pattern in ("mkdocs*.yml", "mkdocs*.yaml") for path in folder.glob(pattern)
    )
    whole = [
        path for path in found if "INHERIT" in path.read_text(encoding="utf-8", errors="replace")
    ]
    return next(iter(whole[-1:] or found), None)


def find(path: Path) -> Config:
    """The configuration for a project, a mkdocs.yml, a docs folder or a file inside one."""
    if path.is_file() and path.suffix in {".yml", ".yaml"}:
        return from_file(path.absolute())
    start = (path if path.is_dir() else path.parent).absolute()
    for folder in (start, *start.parents):
        for name in NAMES:
            if (folder / name).is_file():
                config = from_file(folder / name)
                if folder == start or _inside(start, config.docs):
                    return config
    other = _other(start) if path.is_dir() else None
    if other is not None:
        return from_file(other)
    if (start / "docs").is_dir() and path.is_dir() and not list(start.glob("*.md"))[1:]:
        return from_folder(start / "docs")
    return from_folder(start)


def _inside(path: Path, folder: Path) -> bool:
    return path == folder or folder in path.parents


def guard(function: Callable[[], Any]) -> Any:
    """The function's result, or None where a project's own object fails."""
    try:
        return function()
    except Exception:
        return None
