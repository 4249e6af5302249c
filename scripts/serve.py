"""Serve the site while it is written: `python -m scripts.serve`. A saved page shows at once.

MkDocs' own server and builder do the work; what is added is a memory. A page is rendered again only when
its source, or something else that it was made from, has changed: the extensions tell what that is (see
`Page.uses`). The same holds for what the template makes of it, and for its part of the search index.
Every build still runs from its beginning to its end, so that links, navigation and warnings are those of
a full build. What a build writes reaches the folder that is served only when the build has succeeded:
a broken page, template or mkdocs.yml is told, and the last good site stays.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import errno
import importlib
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")

import jinja2
from mkdocs import utils
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort, ConfigurationError
from mkdocs.livereload import LiveReloadServer
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page
from mkdocs.theme import Theme
from mkdocs.utils import meta
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingObserver

ROOT = Path(__file__).resolve().parents[1]
EXTENSIONS = "scripts.extensions"
WATCHED = ("docs", "overrides", "tests", "scripts/extensions", "mkdocs.yml")
CHANGES = {"created", "modified", "moved", "deleted"}
PAUSE = 0.04  # seconds without a further change after which a build begins
POLL = 0.4  # seconds between two looks where the system does not tell of changes

log = logging.getLogger("mkdocs.serve")


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


class Plain(logging.Formatter):
    """News as they are, warnings and errors with their level before them."""

    def format(self, record: logging.LogRecord) -> str:
        """One line or more."""
        text = record.getMessage()
        return text if record.levelno < logging.WARNING else f"{record.levelname.lower()}: {text}"


def signatures(*folders: Path) -> tuple[tuple[str, int, int], ...]:
    """Name, time and size of every file below some folders."""
    found = []
    for folder in folders:
        for place, inner, names in os.walk(folder):
            inner[:] = [name for name in inner if name != "__pycache__"]
            for name in names:
                path = os.path.join(place, name)
                with contextlib.suppress(OSError):
                    status = os.stat(path)
                    found.append((path, status.st_mtime_ns, status.st_size))
    return tuple(sorted(found))


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
        self.written: dict[str, bytes] = {}
        self.copied: set[str] = set()
        self.asked: dict[str, object] = {}
        self.navigation: object = None
        self.rendered = 0

    def start(self, settings: object) -> bool:
        """Begin a build. If the settings or templates have changed, forget everything, and say so."""
        self.asked, self.navigation, self.rendered = {}, None, 0
        if len(self.fronts) > 5000:
            self.fronts.clear()
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

    def is_current(self, inputs: dict[str, Any]) -> bool:
        """Whether all that a page was made from is what it was; each thing is asked once a build."""
        for key, known in inputs.items():
            if key not in self.asked:
                self.asked[key] = known.ask()
            if self.asked[key] != known.value:
                return False
        return True


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
        rendered = importlib.import_module(f"{EXTENSIONS}.page").rendered
        rendered.pop(uri, None)
        with Records.of("mkdocs") as records:
            original(page, config, files)
        told = rendered.get(uri)
        inputs = told.inputs if told else {}
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
        if text not in memory.fronts:
            memory.fronts[text] = original(text)
        body, data = memory.fronts[text]
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


class Output:
    """Keeps what a build writes until it has succeeded, and then writes what differs."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.pending: dict[str, bytes] = {}
        self.copies: dict[str, str] = {}

    def write_file(self, content: bytes, output_path: str) -> None:
        """In place of `utils.write_file`."""
        self.copies.pop(output_path, None)
        self.pending[output_path] = content

    def copy_file(self, source_path: str, output_path: str) -> None:
        """In place of `utils.copy_file`."""
        self.pending.pop(output_path, None)
        self.copies[output_path] = source_path

    def flush(self) -> None:
        """Bring the folder to what the build wants."""
        written = self.memory.written
        for place, content in self.pending.items():
            if written.get(place) != content or not os.path.exists(place):
                Path(place).parent.mkdir(parents=True, exist_ok=True)
                Path(place).write_bytes(content)
                written[place] = content
        for place, source in self.copies.items():
            new = os.stat(source)
            with contextlib.suppress(OSError):
                old = os.stat(place)
                if (old.st_mtime_ns, old.st_size) == (new.st_mtime_ns, new.st_size):
                    continue
            Path(place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, place)
        self._remove_others()

    def _remove_others(self) -> None:
        """Remove pages and files that no longer are part of the site."""
        wanted = self.pending.keys() | self.copies.keys()
        for place in (self.memory.written.keys() | self.memory.copied) - wanted:
            self.memory.written.pop(place, None)
            with contextlib.suppress(OSError):
                os.remove(place)
        self.memory.copied = set(self.copies)


@contextlib.contextmanager
def remembering(memory: Memory, output: Output) -> Iterator[None]:
    """MkDocs with a memory, while the block runs."""
    places: list[tuple[Any, str, Any]] = [
        (Page, "render", _render(memory, Page.render)),
        (jinja2.Template, "render", _template(memory, jinja2.Template.render)),
        (Theme, "get_env", _environment(memory, Theme.get_env)),
        (meta, "get_data", _front_matter(memory, meta.get_data)),
        (utils, "write_file", output.write_file),
        (utils, "copy_file", output.copy_file),
        (utils, "clean_directory", lambda directory: None),
    ]
    with contextlib.suppress(ImportError):
        search = importlib.import_module("material.plugins.search.plugin").SearchPlugin
        places.append((search, "on_page_context", _search(memory, search.on_page_context)))
    with contextlib.ExitStack() as stack:
        for owner, name, replacement in places:
            stack.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, replacement)
        yield


class Site:
    """The site that is served, and how it is built."""

    def __init__(self, root: Path, url: str) -> None:
        self.root = root
        self.url = url
        self.folder = self.next = Path(tempfile.mkdtemp(prefix="site-"))
        self.generation = 0
        self.memory = Memory()
        self.code = signatures(root / "scripts" / "extensions")

    def build(self) -> bool:
        """Build; tell what went wrong. Returns whether the site is now what the sources say."""
        started = time.monotonic()
        try:
            self._build()
        except (Abort, ConfigurationError, SystemExit) as error:
            log.error("%s", error)
        except OSError as error:
            log.error("%s", error)
        except Exception as error:
            log.error("%s", self._explain(error))
        else:
            seconds = time.monotonic() - started
            log.info("Built in %.2f s (%d pages rendered).", seconds, self.memory.rendered)
            return True
        log.error("Not built: the last good site stays until this is mended.")
        return False

    def _build(self) -> None:
        code = signatures(self.root / "scripts" / "extensions")
        if code != self.code:
            self._forget_code()
            self.code = code
        overrides = signatures(self.root / "overrides")
        settings = (overrides, (self.root / "mkdocs.yml").read_bytes(), self.generation)
        if self.memory.start(settings) and self.memory.written:
            # Some of what plugins write is not known here: begin with an empty folder.
            self.memory.written, self.memory.copied = {}, set()
            self.next = Path(tempfile.mkdtemp(prefix="site-"))
        output = Output(self.memory)
        with remembering(self.memory, output):
            config = self._config(self.next)
            config.plugins.on_startup(command="serve", dirty=False)
            build(config, serve_url=self.url)
        output.flush()
        if self.next != self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = self.next

    def close(self) -> None:
        """Remove what was built."""
        for folder in {self.folder, self.next}:
            shutil.rmtree(folder, ignore_errors=True)

    def _config(self, folder: Path) -> MkDocsConfig:
        """The settings, and the memory told of the site's files when they are known."""
        config = load_config(
            str(self.root / "mkdocs.yml"),
            site_dir=str(folder),
            strict=False,
            site_url=self.url,
        )
        original = config.plugins.on_files

        def on_files(files: Files, config: MkDocsConfig) -> Files:
            files = original(files, config=config)
            self.memory.files(files)
            return files

        config.plugins.on_files = on_files  # type: ignore[method-assign]
        return config

    def _forget_code(self) -> None:
        """Load the extensions anew with the next build."""
        for name in [name for name in sys.modules if name.startswith(EXTENSIONS)]:
            del sys.modules[name]
        importlib.invalidate_caches()
        self.generation += 1

    def _explain(self, error: Exception) -> str:
        """An unforeseen error: its last place in this repository, and what it says."""
        frames = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in frames if frame.filename.startswith(str(self.root))]
        ours = [frame for frame in ours if Path(frame.filename) != Path(__file__)]
        if isinstance(error, jinja2.TemplateSyntaxError):
            return f"{error.filename or error.name}:{error.lineno}: {error.message}"
        if isinstance(error, SyntaxError):
            return f"{error.filename}:{error.lineno}: {error.msg}"
        if ours:
            place = Path(ours[-1].filename)
            place = place.relative_to(self.root) if place.is_relative_to(self.root) else place
            return f"{place}:{ours[-1].lineno}: {type(error).__name__}: {error}"
        return f"{type(error).__name__}: {error}"

    def page_not_found(self, code: int) -> bytes | None:
        """What is served for an error."""
        page = self.folder / f"{code}.html"
        return page.read_bytes() if page.is_file() else None


def matters(path: str) -> bool:
    """Whether a change of a file can change the site: not bytecode, nor what editors leave."""
    name = os.path.basename(path)
    if "__pycache__" in path or name.endswith((".pyc", "~", ".swp", ".swx", ".tmp", ".new")):
        return False
    return (not name.startswith(".") or name == ".pages") and name != "4913"


class Server(LiveReloadServer):
    """MkDocs' server that is told of changes instead of looking for them, where the system can tell."""

    def __init__(self, site: Site, host: str, port: int) -> None:
        super().__init__(lambda: None, host, port, str(site.folder), "/", shutdown_delay=0.1)
        self.site = site
        self.build_delay = PAUSE
        self.builder = self.rebuild
        self.error_handler = site.page_not_found
        self.changed: set[str] = set()
        self._bound = False
        self.server_bind()
        self.server_activate()
        self._bound = True
        self.observer = self._observe(Observer()) or self._observe(PollingObserver(timeout=POLL))

    def server_bind(self) -> None:
        """Bind once: before the first build, so that a taken port is told at once."""
        if not getattr(self, "_bound", False):
            super().server_bind()

    def server_activate(self) -> None:
        """Listen once."""
        if not getattr(self, "_bound", False):
            super().server_activate()

    def rebuild(self) -> None:
        """Build again; errors are told, never raised."""
        with self._rebuild_cond:
            names, self.changed = sorted(self.changed), set()
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            log.info("Changed: %s%s", ", ".join(names[:3]), more)
        self.site.build()
        self.root = str(self.site.folder)

    def _observe(self, observer: BaseObserver) -> Any:
        """An observer of all that the site is made from; None if the system refuses."""
        handler = FileSystemEventHandler()
        handler.on_any_event = self._changed  # type: ignore[method-assign]
        try:
            for name in WATCHED:
                path = self.site.root / name
                folder = path if path.is_dir() else path.parent
                if folder.is_dir() and str(folder) not in self._watched_paths:
                    observer.schedule(handler, str(folder), recursive=path.is_dir())
                    self._watched_paths[str(folder)] = 1
            observer.start()
        except OSError:
            self._watched_paths.clear()
            return None
        return _Started(observer)

    def _changed(self, event: FileSystemEvent) -> None:
        if event.is_directory or event.event_type not in CHANGES:
            return
        paths = [os.fsdecode(event.src_path), os.fsdecode(event.dest_path or "")]
        names = [path for path in paths if path and matters(path) and self._is_ours(path)]
        if not names:
            return
        with self._rebuild_cond:
            self.changed |= {os.path.relpath(name, self.site.root) for name in names}
            self._want_rebuild = True
            self._rebuild_cond.notify_all()

    def _is_ours(self, path: str) -> bool:
        """The folder of mkdocs.yml is watched, but only that file in it counts."""
        return os.path.dirname(path) != str(self.site.root) or path.endswith("mkdocs.yml")


class _Started:
    """An observer that already runs: MkDocs' server may start it once more."""

    def __init__(self, observer: BaseObserver) -> None:
        self._observer = observer

    def start(self) -> None:
        """It runs."""

    def stop(self) -> None:
        """End it."""
        self._observer.stop()

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end."""
        self._observer.join(timeout)


def arguments(given: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.serve", description="Serve the site; a saved page shows at once."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (%(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen at (%(default)s)")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    wanted = parser.parse_args(given)
    if not 0 <= wanted.port <= 65535:
        parser.error(f"--port {wanted.port} is not between 0 and 65535")
    return wanted


def refuse(host: str, port: int, error: OSError) -> str:
    """Why the server cannot listen, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use: end what uses it, or choose another with --port."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Port {port} is not allowed: choose one above 1023 with --port."
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine: choose another with --host."
    return f"Cannot listen at {host}:{port}: {error.strerror or error}."


def _stop(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(given: list[str] | None = None) -> int:
    """Serve until Ctrl-C. 2 if the server cannot listen."""
    wanted = arguments(given)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Plain())
    logging.basicConfig(handlers=[handler])
    logging.getLogger("mkdocs").setLevel(logging.WARNING)
    log.setLevel(logging.INFO)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _stop)
    root = wanted.root.resolve()
    os.chdir(root)
    host = f"[{wanted.host}]" if ":" in wanted.host else wanted.host
    site = Site(root, f"http://{host}:{wanted.port}/")
    try:
        try:
            server = Server(site, wanted.host, wanted.port)
        except OSError as error:
            print(refuse(wanted.host, wanted.port, error), file=sys.stderr)
            return 2
        return _serve(server, site)
    finally:
        site.close()


def _serve(server: Server, site: Site) -> int:
    try:
        log.info("Building the site …")
        server.rebuild()
        log.info("The site is at %s (Ctrl-C ends it).", site.url)
        server.serve()  # type: ignore[no-untyped-call]
    except KeyboardInterrupt:
        log.info("Ended.")
    finally:
        server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
