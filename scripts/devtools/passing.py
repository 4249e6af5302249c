"""What a verb is given for the program that it runs: its help, and paths as the person who types them sees them."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

HELP = {"-h", "--help"}


@dataclass(frozen=True)
class Passing:
    """How a program reads its arguments: which options take a path, which another value.

    What stands alone is a path if `alone` says so.
    """

    paths: frozenset[str]
    values: frozenset[str]
    alone: bool = True


CHECK = Passing(
    frozenset({"--site", "--cache-dir"}),
    frozenset({"--format", "--select", "--ignore", "--explain", "--jobs"}),
)
LINKS = Passing(frozenset({"--docs", "--memory", "--report"}), frozenset({"--pause"}), alone=False)
TEST = Passing(
    frozenset({"--rootdir", "--basetemp", "--junitxml", "--junit-xml", "--ignore", "--confcutdir"})
    | {"--deselect", "--log-file", "-c", "--config-file"},
    frozenset({"-k", "-m", "-n", "-o", "-p", "-r", "-W", "--color", "--capture", "--dist"})
    | {"--durations", "--durations-min", "--ignore-glob", "--import-mode", "--log-level"}
    | {"--maxfail", "--numprocesses", "--override-ini", "--tb", "--verbosity"},
)


def wants_help(arguments: list[str]) -> bool:
    """Whether somebody asks what a verb does: then it does nothing."""
    return not HELP.isdisjoint(arguments)


def from_here(arguments: list[str], passing: Passing, root: Path, here: Path) -> list[str]:
    """The arguments for a program that runs in `root`: paths were written in the folder `here`."""
    if here == root:
        return arguments
    return list(_moved(arguments, passing, root, here))


def _moved(arguments: list[str], passing: Passing, root: Path, here: Path) -> Iterator[str]:
    before = ""
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if before in passing.paths:
            yield _move(argument, root, here)
        elif before in passing.values:
            yield argument
        elif equals and name in passing.paths:
            yield f"{name}={_move(value, root, here)}"
        elif argument.startswith("-") or not passing.alone:
            yield argument
        else:
            yield _move(argument, root, here)
        took = before in passing.paths or before in passing.values
        before = "" if took else argument


def _move(path: str, root: Path, here: Path) -> str:
    """A path, or a test in a file (`path::test`), as it is written in `root`."""
    file, colons, test = path.partition("::")
    moved = os.path.normpath(here / file)
    with suppress(ValueError):  # another drive of Windows
        moved = os.path.relpath(moved, root)
    return moved + colons + test
