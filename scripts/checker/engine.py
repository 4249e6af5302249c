"""Run the rules over a project: read, render over processes, remember, and collect what they report."""

from __future__ import annotations

import os
import posixpath
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from scripts.checker import digests, exceptions, rulebook
from scripts.checker.config import CannotRun, Config, find
from scripts.checker.one_page import Checked, Checker, digest_of
from scripts.checker.page import APPENDED, Page
from scripts.checker.problem import Place, Problem
from scripts.checker.project import PAGES, Facts, Site, walk
from scripts.checker.published import appending, unpublished
from scripts.checker.remembered import Memory
from scripts.checker.request import Outcome, Request
from scripts.checker.rulebook import Rulebook


def chosen_codes(request: Request, config: Config, book: Rulebook | None = None) -> frozenset[str]:
    """The rules that are on: a rule that the project ignores is on if the command line names its whole code."""
    rules = (book or rulebook.of(config, request.rules, request.style)).rules
    codes = set(rules)
    ignored = (*request.ignore, *map(str, config.house.get("ignore", ())))
    if request.select:
        codes = {
            code for code in rules if "ALL" in request.select or code.startswith(request.select)
        }
    asked = {code for code in request.select if not code.startswith(request.ignore or ("-",))}
    return frozenset(
        code
        for code in codes
        if code in asked or not ignored or not code.startswith(tuple(ignored))
    )


# The one checker of a process that works for another.
_checker: Checker | None = None


def _begin(config: Config, house: str) -> None:
    global _checker
    _checker = Checker(config, rulebook.load(house))
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _work(task: tuple[str, str]) -> Checked:
    path, file = task
    assert _checker is not None
    return _checker.checked(path, Path(file), read(Path(file)))


def read(file: Path) -> bytes | None:
    """The bytes of a file, or None if it cannot be read."""
    try:
        if file.stat().st_size > 64_000_000 or not file.is_file():
            return None
        return file.read_bytes()
    except OSError:
        return None


class Project:
    """One project and what was found in it."""

    def __init__(self, config: Config, request: Request, only: set[str] | None) -> None:
        self.config = config
        self.request = request
        self.book = rulebook.of(config, request.rules, request.style)
        self.codes = chosen_codes(request, config, self.book)
        self.files = dict(walk(config.docs))
        if config.file is None:
            self.files = {
                path: file
                for path, file in self.files.items()
                if not path.startswith(("site/", ".cache/"))
            }
        self.unpublished = unpublished(config, self.files)
        self.pages = {
            path
            for path in self.files
            if posixpath.splitext(path)[1].lower() in PAGES and path not in self.unpublished
        }
        self.chosen = self.pages if only is None else only & self.pages
        self.memory = Memory(request.cache, config, digests.version(config, self.book))
        self.results: dict[str, Checked] = {}
        self.checker: Checker | None = None

    def run(self) -> list[Problem]:
        """Every finding in the chosen pages and in the project."""
        self._pages(sorted(self.chosen))
        site = Site(self.config, self.files, self.chosen, self.facts, self.unpublished)
        problems = [
            self._placed(p) for path in sorted(self.chosen) for p in self.results[path].problems
        ]
        for code, rule in self.book.project.items():
            if code in self.codes:
                problems += [replace(problem, code=code) for problem in rule(site)]
        self.memory.close()
        problems = [p for p in self._once(problems) if p.code in self.codes]
        return self._excepted(problems)

    def _placed(self, problem: Problem) -> Problem:
        """A fault in what is appended to every page, at the setting that appends it: it is said once."""
        if problem.path != APPENDED:
            return problem
        message = f"in what is appended to every page: {problem.text}"
        return replace(appending(self.config, message), code=problem.code)

    def _once(self, problems: list[Problem]) -> list[Problem]:
        """Leave out what says again, with a worse mend, what an extension has told of the same line."""
        told = {
            (code, p.path, p.line) for p in problems for code in self.book.instead.get(p.code, ())
        }
        return [p for p in problems if (p.code, p.path, p.line) not in told]

    def built(self, root: Path, outcome: Outcome) -> list[Problem]:
        """Every finding in the built site; of a part of the project, those in that part's pages."""
        from scripts.checker.built_site import built
        from scripts.checker.rules.built import findings

        try:
            site = built(root, self.config.site_url, self.request.jobs)
        except ValueError as error:
            raise CannotRun(str(error)) from error
        except ImportError as error:
            raise CannotRun(f"--site needs the package {error.name}: install it") from error
        addresses = Site(
            self.config, self.files, self.chosen, self.facts, self.unpublished
        ).addresses
        sources = {url: path for url, path in addresses.items() if path in self.chosen}
        docs = os.path.relpath(self.config.docs, self.config.root).replace(os.sep, "/")
        site.source_of = lambda path: f"{docs}/{sources[path]}" if path in sources else ""
        whole = self.chosen == self.pages
        outcome.built += len(site.pages) if whole else len(set(site.pages) & set(sources))
        found = []
        for problem in findings(site, self.codes):
            source = sources.get(problem.path)
            if (source is None and not whole) or any(
                problem.code in codes for codes, *_ in self._exceptions(source or "")
            ):
                continue
            path = "\0" + os.path.abspath(root / problem.path)
            found.append(
                Problem(problem.code, Place(path, problem.line, problem.column), problem.text)
            )
        return found

    def _excepted(self, problems: list[Problem]) -> list[Problem]:
        """Leave out findings of the project's rules that a page excepts."""
        texts: dict[str, list[tuple[list[str], int, int]]] = {}
        kept = []
        for problem in problems:
            if problem.path not in texts:
                texts[problem.path] = self._exceptions(problem.path)
            if not any(
                problem.code in codes and first <= problem.line <= last
                for codes, first, last in texts[problem.path]
            ):
                kept.append(problem)
        return kept

    def _exceptions(self, path: str) -> list[tuple[list[str], int, int]]:
        file = self.files.get(path)
        data = read(file) if file else None
        if data is None or b"check:" not in data:
            return []
        page = Page(path, data.decode("utf-8", errors="replace").replace("\r\n", "\n"), self.config)
        exceptions.excepted(page, [], self.book)
        return [(codes, first, last) for codes, first, last in page.notes.get("exceptions", [])]

    def facts(self, path: str) -> Facts | None:
        """The facts of a page, checked now if need be."""
        if path not in self.results:
            if path not in self.files:
                return None
            self._pages([path])
        return self.results[path].facts

    def _pages(self, paths: Sequence[str]) -> None:
        todo: list[tuple[str, str]] = []
        contents: dict[str, bytes | None] = {}
        for path in paths:
            data = read(self.files[path])
            known = self.memory.get(path, digest_of(data)) if data is not None else None
            if known is not None:
                self.results[path] = known
            else:
                contents[path] = data
                todo.append((path, str(self.files[path])))
        jobs = self.request.jobs or min(os.cpu_count() or 1, 8)
        size = sum(len(data or b"") for data in contents.values())
        if jobs > 1 and size > 150_000 and len(todo) > 3:
            self._over_processes(todo, contents, jobs)
            return
        for path, file in todo:
            if self.checker is None:
                self.checker = Checker(self.config, self.book)
            self._keep(self.checker.checked(path, Path(file), contents[path]))

    def _over_processes(
        self, todo: list[tuple[str, str]], contents: dict[str, bytes | None], jobs: int
    ) -> None:
        import multiprocessing
        import threading

        todo.sort(key=lambda task: -len(contents[task[0]] or b""))
        # A fork of a process with threads may wait forever for a lock that one of them held.
        forks = "fork" in multiprocessing.get_all_start_methods() and threading.active_count() == 1
        context = multiprocessing.get_context("fork" if forks else "spawn")
        with context.Pool(jobs, _begin, (self.config, self.book.name)) as pool:
            for result in pool.imap_unordered(_work, todo, chunksize=1 if len(todo) < 200 else 4):
                self._keep(result)

    def _keep(self, checked: Checked) -> None:
        self.results[checked.path] = checked
        self.memory.put(checked)


def check(request: Request) -> Outcome:
    """Check what the command line names."""
    outcome = Outcome()
    groups: dict[tuple[str, str], tuple[Config, set[str] | None]] = {}
    for path in request.paths:
        if not path.exists():
            raise CannotRun(f"{path}: does not exist")
        config = find(path)
        key = (str(config.file or ""), str(config.docs))
        only = _part(config, path)
        before = groups.get(key)
        if before is None:
            groups[key] = (config, only)
        elif before[1] is not None:
            groups[key] = (before[0], None if only is None else before[1] | only)
    if request.site is not None and len(groups) > 1:
        raise CannotRun(f"{request.site}: is the site of one project, and {len(groups)} are named")
    for config, chosen in groups.values():
        project = Project(config, request, chosen)
        outcome.rules |= project.book.rules
        if request.site is not None:
            for problem in project.built(request.site, outcome):
                outcome.problems.append(_shown(problem, config, project, outcome))
            if project.codes <= set(project.book.site):
                continue
        if not project.chosen and chosen is None:
            outcome.errors.append(f"{config.docs}: no Markdown page in this folder")
        for problem in project.run():
            outcome.problems.append(_shown(problem, config, project, outcome))
        outcome.pages += len(project.chosen)
    outcome.problems = sorted(set(outcome.problems), key=Problem.key)
    return outcome


def _part(config: Config, path: Path) -> set[str] | None:
    """The pages that a path stands for, or None for the whole project."""
    absolute = Path(os.path.abspath(path))
    if (
        absolute in (config.root, config.docs)
        or absolute == config.file
        or config.docs.is_relative_to(absolute)
    ):
        return None
    if not absolute.is_relative_to(config.docs):
        if absolute.is_file() and absolute.suffix.lower() in PAGES:
            raise CannotRun(f"{path}: lies outside the docs folder {config.docs}")
        return None
    if absolute.is_file():
        return {absolute.relative_to(config.docs).as_posix()}
    prefix = absolute.relative_to(config.docs).as_posix() + "/"
    return {name for name, _ in walk(config.docs) if name.startswith(prefix)}


def _shown(problem: Problem, config: Config, project: Project, outcome: Outcome) -> Problem:
    """The problem with a path that the reader of the report can open."""
    file = (
        Path(problem.path[1:])
        if problem.path.startswith("\0")
        else project.files.get(problem.path, config.docs / problem.path)
    )
    shown = os.path.abspath(file)
    here = os.getcwd()
    if shown.startswith(here + os.sep):
        shown = shown[len(here) + 1 :]
    outcome.files[shown] = Path(file)
    return problem.within(shown.replace(os.sep, "/"))
