"""Which recipes have given the figures and numbers that are committed, from which files.

`tests/recipes.lock` has a line for each file of recipes: its name, a digest of everything that its numbers
could depend on, and the data that it read. While the digest holds, the recipe need not run again; `dev.py
make` runs what has changed, writes what has come out differently, and then the line.

What a recipe reads is seen while it runs, in a process of its own, so that nothing is read before.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import json
import os
import re
import subprocess
import sys
import tomllib
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scripts.figures.style import Recipe

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "scripts" / "figures"
LOCK = ROOT / "tests" / "recipes.lock"
LIBRARIES = re.compile(r"^(?:matplotlib|numpy|scikit-learn|scipy)==\S+", re.MULTILINE)
HEAD = "# Written by `dev.py make`: recipes, a digest of what their numbers depend on, the data that they read.\n"
APART = {".cache", ".git", ".venv", "__pycache__"}  # folders that hold nothing of a recipe


def modules() -> list[str]:
    """The names of all files of recipes."""
    return sorted(p.stem for p in FOLDER.glob("*.py") if p.stem not in {"__init__", "style"})


def recipes(module: str) -> list[Recipe]:
    """The figures that a file of recipes writes.

    Raises:
        ValueError: if it names none.
    """
    found = list(importlib.import_module(f"scripts.figures.{module}").FIGURES)
    if not found:
        raise ValueError(f"scripts/figures/{module}.py names no figure in FIGURES")
    return found


@cache
def imported(path: Path) -> tuple[Path, ...]:
    """The files of this repository that a file imports."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "import_module":
            names = [str(part.value) for part in node.args if isinstance(part, ast.Constant)]
        for name in names:
            place = ROOT.joinpath(*name.split("."))
            found += [p for p in (place.with_suffix(".py"), place / "__init__.py") if p.is_file()]
    return tuple(dict.fromkeys(found))


def code(path: Path, found: set[Path]) -> set[Path]:
    """A file of this repository and all that it imports from there."""
    found.add(path)
    for other in imported(path):
        if other not in found:
            code(other, found)
    return found


@lru_cache(maxsize=1)
def libraries() -> str:
    """The versions of the libraries that compute and draw."""
    locked = (ROOT / "requirements-test.txt").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return " ".join([*project["dependency-groups"]["torch"], *LIBRARIES.findall(locked)])


def digest(module: str, read: list[str]) -> str:
    """A digest of a file of recipes: its code, libraries, what it read, and what it has written."""
    paths = code(FOLDER / f"{module}.py", set()) | {ROOT / name for name in read}
    for recipe in recipes(module):
        paths |= {recipe.csv, *recipe.drawings}
    found = hashlib.sha256(libraries().encode())
    for path in sorted(paths):
        content = b""
        if path.is_dir():
            content = "\n".join(sorted(p.name for p in path.iterdir())).encode()
        elif path.is_file():
            content = path.read_bytes().replace(b"\r\n", b"\n")
        name = path.relative_to(ROOT).as_posix().encode()
        found.update(name + b"\0" + str(len(content)).encode() + b"\0" + content)
    return found.hexdigest()[:32]


def lines() -> dict[str, list[str]]:
    """What is locked of each file of recipes: its digest and the data that it read."""
    if not LOCK.is_file():
        return {}
    rows = (row.split() for row in LOCK.read_text(encoding="utf-8").splitlines())
    return {row[0]: row[1:] for row in rows if len(row) > 1 and row[0] != "#"}


def locked(module: str) -> bool:
    """Whether a file of recipes has given what is committed, from the files as they are."""
    row = lines().get(module)
    return row is not None and digest(module, row[1:]) == row[0]


def lock(module: str, read: list[str]) -> None:
    """Write the line of a file of recipes, and forget the files that are no more."""
    known = set(modules())
    rows = {name: row for name, row in lines().items() if name in known}
    rows[module] = [digest(module, read), *read]
    text = HEAD + "".join(f"{name} {' '.join(rows[name])}\n" for name in sorted(rows))
    LOCK.write_text(text, encoding="utf-8", newline="\n")


def watch(read: set[str]) -> None:
    """Note from now on what this process reads of the repository, but no module that it imports."""

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if event not in {"open", "os.listdir", "os.scandir"} or not arguments:
            return
        if sys._getframe(1).f_code.co_filename.startswith("<frozen importlib"):
            return  # a folder in which a module is looked for
        name = arguments[0]
        if not isinstance(name, (str, bytes, Path)):
            return
        path = Path(name.decode() if isinstance(name, bytes) else name).absolute()
        writes = event == "open" and "w" in str(arguments[1])
        if writes or not path.is_relative_to(ROOT) or path.suffix in {".pyc", ".tmp"}:
            return
        inside = path.relative_to(ROOT)
        if not APART & set(inside.parts) and inside.parts and path.exists():
            read.add(inside.as_posix())

    sys.addaudithook(note)


def run(module: str) -> list[str]:
    """Compute the figures of a file of recipes, write those that differ, lock them. Returns what it wrote.

    Raises:
        ValueError: if it names no figure.
    """
    read: set[str] = set()
    watch(read)
    written = []
    # Libraries look into the files of the code that runs; these count already, and this one computes nothing.
    own = code(FOLDER / f"{module}.py", set()) | {Path(__file__).resolve()}
    for recipe in recipes(module):
        own |= {recipe.csv, *recipe.drawings}
        written += recipe.refresh()
    lock(module, sorted(read - {path.relative_to(ROOT).as_posix() for path in own}))
    return written


def refresh(module: str) -> list[str]:
    """`run` in a process of its own.

    Raises:
        ValueError: if the recipe fails, with the end of what it said.
    """
    # As in the tests: small networks train faster on one thread than on several that wait for each other.
    one = {"OMP_NUM_THREADS": "1", **os.environ}
    command = [sys.executable, "-m", "scripts.recipes", module]
    done = subprocess.run(command, cwd=ROOT, env=one, capture_output=True, text=True)
    if done.returncode:
        said = "\n".join(done.stderr.strip().splitlines()[-8:])
        raise ValueError(f"scripts/figures/{module}.py failed:\n{said}")
    return done.stdout.splitlines()


def held() -> dict[str, list[str]]:
    """The files of recipes that are locked as they are, with the data that each read."""
    rows, known = lines(), set(modules())
    return {
        name: read
        for name, (found, *read) in rows.items()
        if name in known and digest(name, read) == found
    }


def renamed(rows: dict[str, list[str]]) -> None:
    """Lock what held before files were renamed, by their new names: nothing that is computed has changed."""
    for module, read in rows.items():
        if not locked(module):
            lock(module, read)


def main(arguments: list[str]) -> int:
    """`MODULE` runs it; `--held` prints what is locked; `--renamed` takes the same as JSON, with new names."""
    if arguments == ["--held"]:
        print(json.dumps(held()))
    elif arguments[0] == "--renamed":
        renamed(json.loads(arguments[1]))
    else:
        print("".join(f"{line}\n" for line in run(arguments[0])), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
