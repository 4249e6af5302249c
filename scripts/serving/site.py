"""The site that is served, and how it is built: a build that fails leaves the last good site."""

from __future__ import annotations

import importlib
import logging
import shutil
import sys
import threading
import time
from pathlib import Path
from types import TracebackType

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.config.config_options import Hooks
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort, ConfigurationError
from mkdocs.structure.files import Files

from scripts.serving import faults, sources
from scripts.serving.faults import Fault
from scripts.serving.memory import PACKAGES, Memory, Records, remembering
from scripts.serving.output import Output, Scratch, Written

FIRST, NEXT = 2.0, 10.0  # seconds after which a build that goes on says what it is at
LARGE = 200_000  # letters of a page that are worth a word

log = logging.getLogger("mkdocs.serve")


class Patience:
    """Says what a long build is at, while the block runs."""

    def __init__(self, memory: Memory, first: float, following: float) -> None:
        self.memory = memory
        self.pauses = (first, following)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._tell, daemon=True)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.over.set()
        self.thread.join()

    def _tell(self) -> None:
        started = time.monotonic()
        pause = self.pauses[0]
        while not self.over.wait(pause):
            at, length = self.memory.now, self.memory.length
            what = f", at docs/{at}" if at else ""
            what += f" of {length / 1e6:.1f} million characters" if at and length > LARGE else ""
            log.info("Still building after %.0f s%s …", time.monotonic() - started, what)
            pause = self.pauses[1]


class Site:
    """The site that is served, and how it is built."""

    patience = (FIRST, NEXT)

    def __init__(self, root: Path, url: str) -> None:
        self.root = root
        self.url = url
        self.scratch = Scratch()
        self.written = Written(self.scratch.folder())
        self.folder = self.written.folder
        self.generation = 0
        self.memory = Memory()
        self.code = self._code()
        self.good = False  # whether a build has succeeded
        self.fault = "The site is being built."  # what is told while there is no good site

    def build(self) -> bool:
        """Build; tell what went wrong. Returns whether the site is now what the sources say."""
        started = time.monotonic()
        with Records.of("mkdocs") as records:
            try:
                with Patience(self.memory, *self.patience):
                    self._build(records)
            except (Abort, ConfigurationError, SystemExit, Fault) as error:
                fault = str(error)
            except Exception as error:
                fault = faults.explain(error, self.root)
            else:
                self.fault, self.good = "", True
                seconds = time.monotonic() - started
                log.info("Built in %.2f s (%d pages rendered).", seconds, self.memory.rendered)
                return True
        # What the builder itself has called an error is said already, and says more than its last word.
        errors = [record.getMessage() for record in records if record.levelno >= logging.ERROR]
        self.fault = "\n".join([*errors, fault])
        log.error("%s", fault)
        what = "the last good site stays" if self.good else "there is no site"
        log.error("Not built: %s until this is mended.", what)
        return False

    def _build(self, records: list[logging.LogRecord]) -> None:
        code = self._code()
        if code != self.code:
            self._forget_code()
            self.code = code
        overrides = sources.signatures(self.root / "overrides")
        settings = (overrides, (self.root / "mkdocs.yml").read_bytes(), self.generation)
        if self.memory.start(settings) and self.written.pages:
            # Some of what plugins write is not known here: begin with an empty folder.
            self.written = Written(self.scratch.folder())
        output = Output(self.written)
        with remembering(self.memory, output, self.root):
            config = self._config(self.written.folder)
            config.plugins.on_startup(command="serve", dirty=False)
            build(config, serve_url=self.url)
        if wrong := faults.shared(records):
            raise Fault("\n".join(wrong))
        output.flush()
        if self.folder != self.written.folder:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = self.written.folder

    def close(self) -> None:
        """Remove what was built."""
        self.scratch.remove()

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

    def _code(self) -> object:
        """What changes when the extensions or hooks do."""
        hooks = self.root / "scripts" / "hooks.py"
        there = (hooks.stat().st_mtime_ns, hooks.stat().st_size) if hooks.is_file() else None
        return sources.signatures(*(self.root / folder for folder in sources.CODE)), there

    def _forget_code(self) -> None:
        """Load the extensions and hooks anew with the next build."""
        for name in [name for name in sys.modules if name.startswith(PACKAGES)]:
            del sys.modules[name]
        importlib.invalidate_caches()
        Hooks._load_hook.cache_clear()
        self.generation += 1

    def page_not_found(self, code: int) -> bytes | None:
        """What is served for an error."""
        page = self.folder / f"{code}.html"
        return page.read_bytes() if page.is_file() else None
