"""Check the documentation of a MkDocs project: what breaks for the reader, where, why, and how to mend it.

    python -m scripts.checker                       the project here
    python -m scripts.checker path/to/project       any MkDocs project, docs folder or page
    python -m scripts.checker --fix                 mend what has one safe mend, and show it
    python -m scripts.checker --site site           the built site in that folder as well
    python -m scripts.checker --explain A01         what a rule is for

Exit status: 0 clean, 1 findings, 2 could not run.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from scripts.checker import report, rulebook
from scripts.checker.aside import aside
from scripts.checker.config import CannotRun, find
from scripts.checker.engine import check
from scripts.checker.request import Outcome, Request
from scripts.checker.rulebook import Rulebook


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="check", description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "paths", nargs="*", type=Path, help="project, docs folder or pages (default: here)"
    )
    parser.add_argument(
        "--format", choices=report.FORMATS, default="text", help="form of the report"
    )
    parser.add_argument("--select", default="", help="only these rules, by code or letter: A,L01")
    parser.add_argument("--ignore", default="", help="not these rules, by code or letter")
    parser.add_argument(
        "--style",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="rules of house style on or off",
    )
    parser.add_argument(
        "--rules",
        metavar="MODULE",
        default="",
        help="the rules of a house besides, in place of those that pyproject.toml names",
    )
    parser.add_argument(
        "--site", metavar="FOLDER", type=Path, help="check the site built into this folder as well"
    )
    parser.add_argument("--fix", action="store_true", help="apply the safe mends and show them")
    parser.add_argument("--explain", metavar="CODE", help="say what a rule is for, and stop")
    parser.add_argument(
        "--jobs", type=int, default=0, help="processes (default: one for each processor)"
    )
    parser.add_argument(
        "--cache-dir", type=Path, default=None, help="where to remember what was found"
    )
    parser.add_argument("--no-cache", action="store_true", help="remember nothing")
    return parser.parse_args(arguments)


def _codes(text: str) -> tuple[str, ...]:
    return tuple(part.strip().upper() for part in text.replace(",", " ").split())


def _book(paths: list[Path], house: str, style: bool | None) -> Rulebook:
    """The rules of the project that the first path names."""
    return rulebook.of(find(paths[0]), house, style)


def _fix(request: Request, outcome: Outcome, out: TextIO) -> Outcome:
    """Mend in rounds until nothing safe is left; a file that would get worse is left as it was."""
    from scripts.checker import fix

    settled: set[str] = set()
    for _ in range(10):
        changed = False
        for path, file in outcome.files.items():
            found = [p for p in outcome.problems if p.path == path]
            if path in settled or not any(p.fix for p in found):
                continue
            result = fix.mended(file, found)
            if result is None:
                settled.add(path)
                continue
            before, after, data = result
            original = file.read_bytes()
            fix.write(file, data)
            again = list(check(replace(request, paths=[file], jobs=1, site=None)).problems)
            if len(again) >= len(found):
                fix.write(file, original)
                settled.add(path)
                continue
            out.write(fix.difference(path, before, after))
            changed = True
        if not changed:
            break
        outcome = check(request)
    return outcome


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    options = _arguments(arguments)
    with aside() as report_to:
        return _run(options, report_to)


def _run(options: argparse.Namespace, out: TextIO) -> int:
    paths = options.paths or [Path()]
    try:
        book = _book(paths, options.rules, options.style)
    except CannotRun as error:
        print(f"check: {error}", file=sys.stderr)
        return 2
    select, ignore = _codes(options.select), _codes(options.ignore)
    explained = _codes(options.explain or "")
    for code in (*select, *ignore, *explained):
        if code != "ALL" and not any(known.startswith(code) for known in book.rules):
            print(f"check: no rule '{code}'", file=sys.stderr)
            return 2
    if explained:
        known = [code for code in book.rules if code.startswith(explained)]
        print("\n".join(report.explain(code, book) for code in known), end="", file=out)
        return 0
    chosen = {code for code in book.rules if "ALL" in select or code.startswith(select)}
    if select and chosen <= set(book.site) and options.site is None:
        print(
            f"check: {options.select} looks at the built site: name its folder with --site",
            file=sys.stderr,
        )
        return 2
    cache = Path("none") if options.no_cache else options.cache_dir
    request = Request(
        paths, select, ignore, options.style, options.jobs, cache, options.site, options.rules
    )
    try:
        outcome = check(request)
        if options.fix:
            outcome = _fix(request, outcome, out)
    except CannotRun as error:
        print(f"check: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"check: {error.filename or ''}: {error.strerror or error}", file=sys.stderr)
        return 2
    return _finish(outcome, options.format, options.site, out)


def _finish(outcome: Outcome, form: str, site: Path | None, out: TextIO) -> int:
    try:
        out.write(report.write(outcome.problems, form, outcome.rules))
        out.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
    for error in outcome.errors:
        print(f"check: {error}", file=sys.stderr)
    if form == "text":
        count = len(outcome.problems)
        where = f"{outcome.pages} page{'' if outcome.pages == 1 else 's'}"
        if site is not None:
            where += f" and {outcome.built} files of the built site"
        print(f"{count} finding{'' if count == 1 else 's'} in {where}", file=sys.stderr)
    if outcome.errors or any(
        p.code == "Z02" and "failed on this page" in p.text for p in outcome.problems
    ):
        return 2
    return 1 if outcome.problems else 0
