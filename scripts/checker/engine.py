"""Run the rules over a project: read, render over processes, remember, and collect what they report."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import posixpath
import re
import signal
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.checker.config import CannotRun, Config, find
from scripts.checker.page import Page, for_rendering, front_lines, in_code_span
from scripts.checker.problem import Problem
from scripts.checker.project import PAGES, Facts, Site, ignored_by_git, walk
from scripts.checker.published import unpublished

LARGEST = 3_000_000
LONGEST = 200_000
SECONDS = 20
_IGNORE = re.compile(r"<!--\s*check:\s*ignore(?P<file>-file)?\b(?P<rest>.*?)-->", re.DOTALL)


@dataclass
class Request:
    """What the command line asks for."""

    paths: list[Path]
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    style: bool | None = None
    jobs: int = 0
    cache: Path | None = None
    site: Path | None = None


@dataclass
class Outcome:
    """What a run found."""

    problems: list[Problem] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    pages: int = 0
    built: int = 0


def chosen_codes(request: Request, config: Config) -> frozenset[str]:
    """The rules that are on."""
    from scripts.checker.rules import RULES, STYLE

    style = config.file is None or config.opted if request.style is None else request.style
    codes = {code for code in RULES if style or code not in STYLE}
    ignored = (*request.ignore, *map(str, config.house.get("ignore", ())))
    if request.select:
        codes = {
            code for code in RULES if "ALL" in request.select or code.startswith(request.select)
        }
    return frozenset(code for code in codes if not ignored or not code.startswith(tuple(ignored)))


class Checker:
    """Checks pages one at a time; lives once in every process."""

    def __init__(self, config: Config, codes: frozenset[str]) -> None:
        self.config = config
        self.codes = codes
        self._renderer: Any = None
        self._styles: frozenset[str] | None = None
        self._titled: set[str] | None = None

    @property
    def renderer(self) -> Any:
        if self._renderer is None:
            from scripts.checker.render import Renderer

            self._renderer = Renderer(self.config)
        return self._renderer

    @property
    def styles(self) -> frozenset[str]:
        if self._styles is None:
            self._styles = own_classes(self.config)
        return self._styles

    def check(self, path: str, file: Path, data: bytes | None) -> tuple[list[Problem], Facts]:
        """The findings and facts of one page."""
        page = self._page(path, file, data)
        from scripts.checker.rules import PAGE, STYLE, STYLE_PAGE, targets

        problems: list[Problem] = []
        rules = {**PAGE, **STYLE_PAGE} if self.codes & STYLE else PAGE
        for code in sorted(rules):
            if code == "Z03":
                continue
            if (page.found.get("unreadable") and code != "Z01") or (
                page.found.get("unrendered") and code not in ("Z01", "Z02")
            ):
                continue
            try:
                for problem in rules[code](page):
                    problems.append(
                        Problem(
                            problem.path,
                            problem.line,
                            problem.column,
                            code,
                            problem.message,
                            problem.edit,
                        )
                    )
            except TimeoutError:
                raise
            except Exception as error:
                problems.append(
                    Problem(
                        path,
                        1,
                        1,
                        "Z02",
                        f"rule {code} failed on this page: {type(error).__name__}: {error}; please"
                        " report it",
                    )
                )
        try:
            facts = targets.page_facts(page)
        except Exception:
            facts = empty_facts()
        facts["needs"] = _needs(page)
        if self.codes & {"P05", "X05"}:
            from scripts.house import repetition, sources

            facts["paragraphs"] = repetition.paragraphs(page)
            facts["references"] = sources.references(page)
        return excepted(page, problems), facts

    def _page(self, path: str, file: Path, data: bytes | None) -> Page:
        page = Page(path, "", self.config)
        if data is None:
            page.found["unreadable"] = [
                page.problem(1, "the file cannot be read; it has vanished or may not be opened")
            ]
            return page
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            page.found["unreadable"] = [
                Problem(
                    path,
                    line,
                    1,
                    "",
                    f"the file is not UTF-8 (byte {error.start}); save it as UTF-8",
                )
            ]
            return page
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        page.text = text
        longest = max(map(len, text.split("\n")), default=0)
        if len(data) > LARGEST or longest > LONGEST:
            what = (
                f"one line has {longest:,} characters"
                if longest > LONGEST
                else f"it has {len(data):,} bytes"
            )
            page.found["unrendered"] = [
                Problem(path, 1, 1, "", f"the page is too large to be checked ({what}); split it")
            ]
            page.text = ""
            return page
        page.styles = self.styles | classes_in(text) if "<style" in text else self.styles
        page.missing_extensions = tuple(self.renderer.missing)
        page.notes["file"] = str(file)
        page.notes["titled"] = self._has_title(path)
        body = for_rendering(page)
        try:
            with time_limit(SECONDS):
                page.rendered = self.renderer.render(body)
            page.rendered.missing_snippets = [
                (line, name)
                for line, name in page.rendered.missing_snippets
                if not ignored_by_git(self.config.root, name)
            ]
        except TimeoutError:
            self._renderer = None
            page.found["unrendered"] = [
                Problem(
                    path,
                    1,
                    1,
                    "",
                    f"the page takes more than {SECONDS} seconds to render and was not checked;"
                    " simplify or split it",
                )
            ]
        return page

    def _has_title(self, path: str) -> bool:
        from scripts.checker.rules import nav

        config = self.config
        if config.plugin(
            "literate-nav", "awesome-nav", "awesome-pages", "section-index"
        ) and config.plugin("literate-nav", "awesome-nav"):
            return True
        if config.nav is None:
            return False
        if self._titled is None:
            listed = nav.listed(config.nav)
            self._titled = listed - nav.titles(config.nav)
        return path not in self._titled


@contextlib.contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Raise TimeoutError in the block when it takes too long, where the system can."""
    import threading

    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    def stop(*_: Any) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def empty_facts() -> Facts:
    """The facts of a page of which nothing is known."""
    return {
        "links": [],
        "ids": [],
        "unknown": 2,
        "autorefs": [],
        "modules": [],
        "http": [],
        "https": [],
        "needs": [],
    }


def _needs(page: Page) -> list[list[Any]]:
    """The pages that the front matter says to read first."""
    if not page.config.house or not page.front_lines:
        return []
    found: list[list[Any]] = []
    inside = False
    for number in range(2, page.front_lines):
        text = page.lines[number - 1]
        if re.match(r"needs\s*:", text):
            inside = True
            found.extend([number, value] for value in re.findall(r"[\w./-]+\.md", text))
        elif inside and re.match(r"\s+-|\s*-", text):
            found.extend([number, value] for value in re.findall(r"[\w./-]+\.md", text))
        elif not text.startswith((" ", "-")):
            inside = False
    return found


def own_classes(config: Config) -> frozenset[str]:
    """The classes that the project's own style sheets give to boxes."""
    found: set[str] = set()
    sheets = [config.docs / name for name in config.extra_css if "://" not in name]
    if config.custom_dir is not None and config.custom_dir.is_dir():
        sheets += [
            path for name, path in walk(config.custom_dir) if name.endswith((".css", ".scss"))
        ]
    for sheet in sheets[:200]:
        try:
            text = sheet.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        found |= classes_in(text)
    return frozenset(found)


def classes_in(text: str) -> frozenset[str]:
    """The classes that a style sheet gives to boxes."""
    found = {name.lower() for name in re.findall(r"--md-admonition-icon--([\w-]+)", text)}
    for part in text.split("{")[:-1]:
        selector = part.rpartition("}")[2]
        if not re.search("admonition|details|summary", selector):
            continue
        found.update(name.lower() for name in re.findall(r"\.([\w-]+)", selector))
    return frozenset(found - {"admonition", "admonition-title", "md-typeset", "details"})


def excepted(page: Page, problems: list[Problem]) -> list[Problem]:
    """The problems without those that the page excepts, and with what is wrong about its exceptions."""
    if "check:" not in page.text:
        return problems
    from scripts.checker.rules import RULES

    kept = list(problems)
    for found in _IGNORE.finditer(page.text):
        line = page.text.count("\n", 0, found.start()) + 1
        column = found.start() - (page.text.rfind("\n", 0, found.start()) + 1)
        if page.in_fence(line) or in_code_span(page.lines[line - 1], column):
            continue
        words = found["rest"].replace(",", " ").split()
        codes = [word for word in words if re.fullmatch(r"[A-Z]\d\d", word)]
        reason = " ".join(words[len(codes) :])
        unknown = [code for code in codes if code not in RULES]
        if not codes or unknown or len(reason) < 3:
            fault = (
                f"'{unknown[0]}' is no rule"
                if unknown
                else "the exception has no reason"
                if codes
                else "the exception names no rule"
            )
            kept.append(
                Problem(
                    page.path,
                    line,
                    1,
                    "Z03",
                    f"{fault}; write <!-- check: ignore A01 why it is right here -->",
                )
            )
            continue
        last = (
            len(page.lines)
            if found["file"]
            else _reach(page, page.text.count("\n", 0, found.end()) + 1)
        )
        first = 1 if found["file"] else line
        hidden = [p for p in kept if p.code in codes and first <= p.line <= last]
        kept = [p for p in kept if p not in hidden]
        page.notes.setdefault("exceptions", []).append([codes, first, last])
        project = [code for code in codes if code[0] in "LIUNPB"]
        if not hidden and not project:
            kept.append(
                Problem(
                    page.path,
                    line,
                    1,
                    "Z03",
                    f"the exception from {', '.join(codes)} is not needed; delete it",
                )
            )
    return kept


def _reach(page: Page, line: int) -> int:
    """The last line for which an exception counts: its own block, or the next one if it stands alone."""
    text = page.lines[line - 1]
    alone = not re.sub(r"<!--.*?-->|-->", "", text).strip()
    last = line
    if alone:
        while last < len(page.lines) and not page.lines[last].strip():
            last += 1
    while last < len(page.lines) and page.lines[last].strip():
        last += 1
    return last


# the project


_checker: Checker | None = None


def _begin(config: Config, codes: frozenset[str]) -> None:
    global _checker
    _checker = Checker(config, codes)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _work(task: tuple[str, str]) -> tuple[str, str, list[Any], Facts, list[str], Any]:
    path, file = task
    assert _checker is not None
    return _checked(_checker, path, Path(file), read(Path(file)))


def _checked(
    checker: Checker, path: str, file: Path, data: bytes | None
) -> tuple[str, str, list[Any], Facts, list[str], Any]:
    try:
        with time_limit(SECONDS * 2):
            page_problems, facts = checker.check(path, file, data)
    except TimeoutError:
        page_problems = [
            Problem(
                path,
                1,
                1,
                "Z02",
                f"the page takes more than {SECONDS * 2} seconds and was not checked; simplify or"
                " split it",
            )
        ]
        facts = empty_facts()
    sources = (
        sorted(checker.renderer.snippets.sources)
        if data is not None and checker._renderer and checker.renderer.snippets
        else []
    )
    digest = hashlib.blake2b(data or b"", digest_size=16).hexdigest()
    return path, digest, [p.pack() for p in page_problems], facts, sources, None


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
        from scripts.checker.memory import Cache
        from scripts.checker.rules import STYLE

        self.config = config
        self.request = request
        self.codes = chosen_codes(request, config)
        self.files = dict(walk(config.docs))
        if config.file is None:
            self.files = {
                path: file
                for path, file in self.files.items()
                if not path.startswith(("site/", ".cache/"))
            }
        self.unpublished = unpublished(config, self.files)
        pages = {
            path
            for path in self.files
            if posixpath.splitext(path)[1].lower() in PAGES and path not in self.unpublished
        }
        self.pages = pages
        self.chosen = pages if only is None else only & pages
        self.cache = Cache(request.cache, config, bool(self.codes & STYLE))
        self.results: dict[str, tuple[list[Problem], Facts]] = {}
        self.checker: Checker | None = None

    def run(self) -> list[Problem]:
        """Every finding in the chosen pages and in the project."""
        from scripts.checker.rules import PROJECT, STYLE_PROJECT

        self._pages(sorted(self.chosen))
        site = Site(self.config, self.files, self.chosen, self.facts, self.unpublished)
        problems = [p for path in sorted(self.chosen) for p in self.results[path][0]]
        for code, rule in {**PROJECT, **STYLE_PROJECT}.items():
            if code not in self.codes:
                continue
            for problem in rule(site):
                problems.append(
                    Problem(
                        problem.path,
                        problem.line,
                        problem.column,
                        code,
                        problem.message,
                        problem.edit,
                    )
                )
        self.cache.close()
        problems = [p for p in problems if p.code in self.codes]
        return self._excepted(problems)

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
            found.append(Problem(path, problem.line, problem.column, problem.code, problem.message))
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
        excepted(page, [])
        return [(codes, first, last) for codes, first, last in page.notes.get("exceptions", [])]

    def facts(self, path: str) -> Facts | None:
        """The facts of a page, checked now if need be."""
        if path not in self.results:
            if path not in self.files:
                return None
            self._pages([path])
        return self.results[path][1]

    def _pages(self, paths: Sequence[str]) -> None:
        todo: list[tuple[str, str]] = []
        contents: dict[str, bytes | None] = {}
        for path in paths:
            data = read(self.files[path])
            hit = self.cache.get(path, data) if data is not None else None
            if hit is not None:
                self.results[path] = ([Problem.unpack(item) for item in hit[0]], hit[1])
            else:
                contents[path] = data
                todo.append((path, str(self.files[path])))
        jobs = self.request.jobs or min(os.cpu_count() or 1, 8)
        if (
            jobs > 1
            and sum(len(data or b"") for data in contents.values()) > 150_000
            and len(todo) > 3
        ):
            self._over_processes(todo, contents, jobs)
            return
        for path, file in todo:
            if self.checker is None:
                self.checker = Checker(self.config, self.codes)
            self._keep(_checked(self.checker, path, Path(file), contents[path]))

    def _over_processes(
        self, todo: list[tuple[str, str]], contents: dict[str, bytes | None], jobs: int
    ) -> None:
        import multiprocessing
        import threading

        todo.sort(key=lambda task: -len(contents[task[0]] or b""))
        # A fork of a process with threads may wait forever for a lock that one of them held.
        forks = "fork" in multiprocessing.get_all_start_methods() and threading.active_count() == 1
        method = "fork" if forks else "spawn"
        context = multiprocessing.get_context(method)
        if method == "fork":
            from scripts.checker import render  # noqa: F401
        with context.Pool(jobs, _begin, (self.config, self.codes)) as pool:
            for result in pool.imap_unordered(_work, todo, chunksize=1 if len(todo) < 200 else 4):
                self._keep(result)

    def _keep(self, result: tuple[str, str, list[Any], Facts, list[str], Any]) -> None:
        path, digest, problems, facts, sources, _ = result
        self.results[path] = ([Problem.unpack(item) for item in problems], facts)
        self.cache.put(path, digest, problems, facts, sources)


def check(request: Request) -> Outcome:
    """Check what the command line names."""
    from scripts.checker.rules import SITE

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
        if request.site is not None:
            for problem in project.built(request.site, outcome):
                outcome.problems.append(_shown(problem, config, project, outcome))
            if project.codes <= set(SITE):
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
    return Problem(
        shown.replace(os.sep, "/"),
        problem.line,
        problem.column,
        problem.code,
        problem.message,
        problem.edit,
    )


def rules_digest() -> str:
    """A digest of the rules themselves and of the libraries that they stand on."""
    digest = hashlib.blake2b(digest_size=16)
    scripts = Path(__file__).parents[1]
    files = [file for name in ("checker", "house") for file in (scripts / name).rglob("*.*")]
    for file in sorted(file for file in files if file.suffix in {".py", ".toml"}):
        digest.update(file.relative_to(scripts).as_posix().encode())
        digest.update(file.read_bytes())
    import sys

    digest.update(sys.version.encode())
    for name in ("markdown", "pymdownx", "material"):
        digest.update(_version(name).encode())
    return digest.hexdigest()


def _version(name: str) -> str:
    import importlib.util

    spec = importlib.util.find_spec(name)
    if spec is None or not spec.origin:
        return "none"
    folder = Path(spec.origin).parent
    parent = folder.parent
    labels = {
        "markdown": "Markdown-*.dist-info",
        "pymdownx": "pymdown_extensions-*.dist-info",
        "material": "mkdocs_material-*.dist-info",
    }
    found = sorted(
        path.name
        for pattern in (labels[name], labels[name].lower())
        for path in parent.glob(pattern)
    )
    return found[0] if found else str(os.stat(spec.origin).st_mtime_ns)


def settings_digest(config: Config, style_on: bool) -> str:
    """A digest of everything outside a page that decides what is found on it."""
    parts: list[Any] = [
        config.extensions,
        config.options,
        config.plugins,
        config.hooks,
        config.theme,
        config.extra_css,
        config.nav,
    ]
    parts += [
        config.directory_urls,
        config.house,
        str(config.docs),
        config.extra,
        str(config.custom_dir),
    ]
    digest = hashlib.blake2b(repr(parts).encode("utf-8", "replace"), digest_size=16)
    parts = [style_on]
    digest.update(repr(parts).encode())
    digest.update("\0".join(sorted(own_classes(config))).encode())
    for name in config.extensions:
        if name.startswith("scripts."):
            file = config.root / (name.replace(".", "/") + ".py")
            digest.update(read(file) or b"")
    front = front_lines("")
    return f"{digest.hexdigest()}{front}"


def dump(data: Any) -> str:
    """JSON in its shortest form."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def codes_in(problems: Iterable[Problem]) -> set[str]:
    """The rules that have found something."""
    return {problem.code for problem in problems}
