"""Tell of every change of what the site is made from."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingObserver

from scripts.serving import sources

CHANGES = {"created", "modified", "moved", "deleted"}
POLL = 0.4  # seconds between two looks where the system does not tell of changes

# It says so of a folder that left and came back, and watches it all the same.
warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning)

log = logging.getLogger("mkdocs.serve")

Identity = tuple[int, int]


class Watch:
    """Watches folders and single files of a repository, and what the links below docs/ lead to."""

    def __init__(self, root: Path, tell: Callable[[set[str]], None]) -> None:
        self.root = root
        self.tell = tell
        self.files: set[str] = set()
        self.trees: set[str] = set()
        self.scheduled: dict[tuple[str, bool], tuple[Identity, Any]] = {}
        self.handler = FileSystemEventHandler()
        self.handler.on_any_event = self._changed  # type: ignore[method-assign]
        self.polls = False
        self.observer: BaseObserver = Observer()
        self.observer.start()
        self.refresh()

    def refresh(self) -> None:
        """Watch what there is to watch now: links may have come or gone, folders been replaced."""
        try:
            self._schedule()
        except OSError:
            if self.polls:
                log.warning("Some folders cannot be watched: save mkdocs.yml to build again.")
                return
            # The system watches no more folders: look for changes instead.
            self.stop()
            self.polls = True
            self.observer = PollingObserver(timeout=POLL)
            self.observer.start()
            self.scheduled.clear()
            self.refresh()

    def stop(self) -> None:
        """End it."""
        self.observer.stop()
        self.observer.join()

    def _schedule(self) -> None:
        wanted = self._wanted()
        for key in [key for key, (seen, _) in self.scheduled.items() if wanted.get(key) != seen]:
            _, watch = self.scheduled.pop(key)
            try:
                self.observer.unschedule(watch)
            except (KeyError, OSError):
                continue  # its folder is gone, and so is the watch
        for (path, recursive), seen in wanted.items():
            if (path, recursive) not in self.scheduled:
                watch = self.observer.schedule(self.handler, path, recursive=recursive)
                self.scheduled[path, recursive] = (seen, watch)

    def _wanted(self) -> dict[tuple[str, bool], Identity]:
        """The folders to watch, whether with all below them, and which folders they are now."""
        targets = sources.links(self.root)
        trees = {self.root / name for name in sources.FOLDERS}
        trees |= {path for path in targets if path.is_dir()}
        files = {self.root / name for name in sources.FILES} | {p for p in targets if p.is_file()}
        # Two watches of one folder are one too many: a tree within a tree is watched already.
        trees = {path for path in trees if not any(other in path.parents for other in trees)}
        self.trees = {str(path) for path in trees}
        self.files = {str(path) for path in files} | self.trees
        folders = {(str(path.parent), False) for path in files | trees}
        folders = {(path, deep) for path, deep in folders if not self._within(path)}
        wanted = {}
        for path, deep in folders | {(tree, True) for tree in self.trees}:
            if os.path.isdir(path):
                status = os.stat(path)
                wanted[path, deep] = (status.st_dev, status.st_ino)
        return wanted

    def _within(self, path: str) -> bool:
        """Whether a path is a tree that is watched, or lies in one."""
        return any(path == tree or path.startswith(tree + os.sep) for tree in self.trees)

    def _changed(self, event: FileSystemEvent) -> None:
        """An event: a folder that comes or goes takes its files along, and nobody tells of those."""
        if event.event_type not in CHANGES:
            return
        if event.is_directory and event.event_type == "modified":
            return
        paths = [os.fsdecode(event.src_path), os.fsdecode(event.dest_path or "")]
        names = {path for path in paths if path and sources.matters(path) and self._counts(path)}
        if names:
            self.tell({Path(os.path.relpath(name, self.root)).as_posix() for name in names})

    def _counts(self, path: str) -> bool:
        """Of a folder that is watched for one file in it only that file counts."""
        return path in self.files or self._within(path)
