"""Rename a page with all that belongs to it: `python3 scripts/dev.py move models/vae models/autoencoder`.

The page, its companions, tests and recipes are renamed; every link, entry of the navigation, `needs`, list
and excerpt that names them is rewritten; the old address leads to the new one for ever. All or nothing:
if the check finds a fault that it did not find before, everything is put back and the fault is told.
"""

from __future__ import annotations

import argparse
import ast
import json
import posixpath
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.checker import source
from scripts.checker.engine import check
from scripts.checker.request import Request

ROOT = Path(__file__).resolve().parents[1]
NAME = re.compile(r"(?P<folder>[a-z0-9-]+)/(?P<stem>[a-z0-9]+(?:-[a-z0-9]+)*)")
FOLDERS = ("docs", "overrides", "scripts", "tests", ".github")
TOP = ("mkdocs.yml", "README.md")
TEXTS = {".md", ".py", ".mjs", ".yml", ".html", ".json", ".toml", ".txt", ".css", ".pages"}
KEPT = ("tests/site/addresses.txt", "docs/references/bibliography.bib")
LINK = re.compile(
    r"(?P<head>\]\(<?|\]:[ \t]*<?|\b(?:href|src)=\"|\bstill=)(?P<target>[^\s()<>{}\"#?]+)"
)


class Refused(ValueError):
    """The page cannot be moved; the text says why, and what to do."""


@dataclass(frozen=True)
class Place:
    """Where a page stands: `models/vae` is docs/models/vae.md with its folder docs/models/vae/."""

    folder: str
    stem: str

    @staticmethod
    def of(name: str) -> Place:
        """The place that a name means. Raises Refused for a name that cannot be an address."""
        found = NAME.fullmatch(name.removeprefix("docs/").removesuffix(".md").rstrip("/"))
        if found is None:
            raise Refused(
                f"the name is {name!r}; give folder/stem in lower case, such as models/vae"
            )
        return Place(found["folder"], found["stem"])

    @property
    def name(self) -> str:
        """Folder and stem."""
        return f"{self.folder}/{self.stem}"

    @property
    def module(self) -> str:
        """The name of its code: Python's underscore."""
        return self.stem.replace("-", "_")

    @property
    def importable(self) -> bool:
        """Whether an import statement can name the folder."""
        return self.stem == self.module

    @property
    def files(self) -> dict[str, str]:
        """The files outside its folder, by what they are; those that a page may have."""
        return {
            "page": f"docs/{self.name}.md",
            "test": f"tests/{self.folder}/test_{self.module}.py",
            "test of the demo": f"tests/{self.folder}/test_{self.module}_demo.py",
            "values of the demo": f"tests/{self.folder}/{self.stem}.golden.json",
            "numbers of the text": f"tests/{self.name}.numbers.toml",
            "recipe of the figures": f"scripts/figures/{self.module}.py",
            "recipe of the weights": f"scripts/weights/{self.module}.py",
        }


LOCK = "tests/recipes.lock"  # which recipes have given the committed figures


@dataclass
class Change:
    """What a move does to the files below a root: new paths and new texts."""

    root: Path
    old: Place
    new: Place
    paths: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def moved(self, path: str) -> str:
        """Where a file is afterwards."""
        return self.paths.get(path, path)


def parts(root: Path, old: Place, new: Place, known: Container[str]) -> dict[str, str]:
    """Further tests and recipes of a page, such as `test_rlhf_language.py`, and where they go."""
    others = {page.stem.replace("-", "_") for page in (root / "docs").rglob("*.md")}
    found = {}
    for before, after in (
        (f"tests/{old.folder}/test_", f"tests/{new.folder}/test_"),
        ("scripts/figures/", "scripts/figures/"),
        ("scripts/weights/", "scripts/weights/"),
    ):
        for file in sorted(root.glob(f"{before}{old.module}_*.py")):
            path = file.relative_to(root).as_posix()
            name = path.removeprefix(before).removesuffix(".py")
            if path not in known and name not in others:
                found[path] = f"{after}{new.module}{name.removeprefix(old.module)}.py"
    return found


def plan(root: Path, old: Place, new: Place) -> Change:
    """What has to change. Raises Refused if the page cannot be moved."""
    refuse(root, old, new)
    change = Change(root, old, new)
    for what, path in old.files.items():
        if (root / path).is_file():
            target = new.files[what]
            if (root / target).exists():
                raise Refused(f"{target}, the {what}, exists already; rename it first")
            change.paths[path] = target
    change.paths |= parts(root, old, new, change.paths)
    folder = root / "docs" / old.name
    for file in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if file.is_file() and "__pycache__" not in file.parts:
            inner = file.relative_to(folder).as_posix()
            renamed = {f"{old.module}.py": f"{new.module}.py", f"{old.stem}.mjs": f"{new.stem}.mjs"}
            change.paths[f"docs/{old.name}/{inner}"] = (
                f"docs/{new.name}/{renamed.get(inner, inner)}"
            )
    for path, text in sorted(read(root)):
        after = rewritten(change, path, text)
        if after != text:
            change.texts[path] = after
    redirect(change)
    return change


def refuse(root: Path, old: Place, new: Place) -> None:
    """Raise Refused for a page that cannot be moved to this place."""
    if not (root / "docs" / f"{old.name}.md").is_file():
        raise Refused(f"there is no docs/{old.name}.md; name a page by folder and stem")
    if old == new:
        raise Refused("old and new name are the same")
    if "index" in (old.stem, new.stem):
        raise Refused("the index of a section cannot be moved: it is the section's address")
    if not (root / "docs" / new.folder / ".pages").is_file():
        raise Refused(f"there is no section docs/{new.folder}; make it first, with its .pages")
    for taken in (root / "docs" / f"{new.name}.md", root / "docs" / new.name):
        if taken.exists():
            raise Refused(
                f"{taken.relative_to(root).as_posix()} exists already; choose another name"
            )


def read(root: Path) -> Iterator[tuple[str, str]]:
    """Path and text of every file that may name a page."""
    paths = [root / name for name in TOP]
    for folder in FOLDERS:
        paths += (path for path in (root / folder).rglob("*") if "__pycache__" not in path.parts)
    for path in paths:
        name = path.relative_to(root).as_posix()
        kind = path.suffix or path.name
        if kind in TEXTS and path.is_file() and not path.is_symlink() and name not in KEPT:
            try:
                yield name, path.read_text(encoding="utf-8")
            except UnicodeDecodeError as error:
                raise Refused(f"{name} is not UTF-8 (byte {error.start}); mend it first") from None


def rewritten(change: Change, path: str, text: str) -> str:
    """The text of a file after the move."""
    if path.startswith("docs/") and path.endswith(".md"):
        text = relinked(change, path, text)
    text = renamed(change, text)
    if path.endswith(".py"):
        text = reimported(change, path, text)
    if path in change.paths or path.startswith(f"tests/{change.old.folder}/"):
        text = inside(change, text)
        # The answer of an exercise is named by its page, on the page and in its test.
        old, new = (re.escape(f"answer-{change.old.stem}-"), f"answer-{change.new.stem}-")
        text = re.sub(rf"\b{old}", new, text)
    return listed(change, path, text) if path.endswith("/.pages") else text


def relinked(change: Change, path: str, text: str) -> str:
    """A page whose relative links lead to the files at their new places."""
    here, there = posixpath.dirname(path), posixpath.dirname(change.moved(path))
    blanked = source.blank(text)

    def replace(found: re.Match[str]) -> str:
        target = found["target"]
        if not blanked[found.start()].strip() or re.match(r"[a-z][a-z0-9+.-]*:|/", target, re.I):
            return found[0]
        whole = posixpath.normpath(posixpath.join(here, target))
        if here == there and whole not in change.paths:
            return found[0]
        new = posixpath.relpath(change.moved(whole), there or ".")
        return found["head"] + new + ("/" if target.endswith("/") else "")

    text = LINK.sub(replace, text)
    old, new = f"fig-{change.old.stem}-", f"fig-{change.new.stem}-"
    return re.sub(rf"(?<=#){re.escape(old)}", new, text) if old != new else text


def renamed(change: Change, text: str) -> str:
    """A text in which paths from the root, from docs/ and in pieces name the new place."""
    old, new = change.old, change.new
    head = r"(?<![\w/.-])(?P<docs>(?:docs/)?)"
    pairs: list[tuple[str, str]] = [
        (rf"{head}{old.name}/{old.module}\.py\b", rf"\g<docs>{new.name}/{new.module}.py"),
        (rf"{head}{old.name}/{old.stem}\.mjs\b", rf"\g<docs>{new.name}/{new.stem}.mjs"),
        (rf"{head}{old.name}(?![\w-])", rf"\g<docs>{new.name}"),
        (
            rf'"{old.folder}" / "{old.stem}(?=["./])',
            f'"{new.folder}" / "{new.stem}',
        ),
    ]
    pairs += [
        (rf"(?<![\w/-]){re.escape(path)}\b", change.paths[path])
        for path in old.files.values()
        if path in change.paths and not path.startswith("docs/")
    ]
    for pattern, replacement in pairs:
        text = re.sub(pattern, replacement, text)
    return text


def inside(change: Change, text: str) -> str:
    """A file that belongs to the page: names of its neighbours."""
    old, new = change.old, change.new
    for a, b in (
        (f'"./{old.stem}.mjs"', f'"./{new.stem}.mjs"'),
        (f'"{old.stem}.golden.json"', f'"{new.stem}.golden.json"'),
        (f'"{old.stem}.mjs"', f'"{new.stem}.mjs"'),
        (f'"{old.module}.py"', f'"{new.module}.py"'),
    ):
        text = text.replace(a, b)
    return text


def reimported(change: Change, path: str, text: str) -> str:
    """A Python file that imports the moved modules; the names that it uses stay."""
    old, new = change.old, change.new
    text = re.sub(
        rf'"docs\.{old.folder}\.{old.stem}\.(\w+)"',
        lambda m: f'"docs.{new.folder}.{new.stem}.{new.module if m[1] == old.module else m[1]}"',
        text,
    )
    for before, after in change.paths.items():
        recipe = re.fullmatch(r"scripts/(figures|weights)/(\w+)\.py", before)
        if not recipe:
            continue
        kind, name, now = *recipe.groups(), Path(after).stem
        text = re.sub(
            rf"^(from scripts\.{kind} import ){name}( as \w+)?$",
            lambda m, name=name, now=now: m[1] + now + (m[2] or f" as {name}"),  # type: ignore[misc]
            text,
            flags=re.M,
        )
        text = re.sub(rf"\bscripts\.{kind}\.{name}\b", f"scripts.{kind}.{now}", text)
    package, late = f"docs.{new.folder}.{new.stem}", list[str]()

    def replace(found: re.Match[str]) -> str:
        inner = new.module if found["inner"] == old.module else found["inner"]
        rows = []
        for written in found["names"].split(", "):
            name, _, alias = written.partition(" as ")
            module = inner or (new.module if name == old.module else name)
            if new.importable:
                name = name if inner else module
                alias = alias or written
                rows.append(
                    f"from {package}{f'.{inner}' if inner else ''} import {name}"
                    + (f" as {alias}" if alias != name else "")
                )
            else:
                call = f'import_module("{package}.{module}")'
                late.append(f"{alias or name} = {call}" + (f".{name}" if inner else ""))
        return "\n".join(rows)

    one = r"\w+(?: as \w+)?"
    pattern = (
        rf"^from docs\.{old.folder}\.{old.module}(?:\.(?P<inner>\w+))? import "
        rf"(?P<names>{one}(?:, {one})*)$"
    )
    text = re.sub(pattern, replace, text, flags=re.M)
    return assigned(text, late) if late else text


def assigned(text: str, late: list[str]) -> str:
    """A Python file with assignments after its imports, and `import_module` among those."""
    nodes = [n for n in ast.parse(text).body if isinstance(n, ast.Import | ast.ImportFrom)]
    first, last = nodes[0].lineno - 1, max(node.end_lineno or 0 for node in nodes)
    lines = text.split("\n")
    known = "from importlib import import_module" in lines
    head = [] if known else ["from importlib import import_module"]
    return "\n".join(
        [*lines[:first], *head, *lines[first:last], "", *late, *lines[last:]],
    )


def listed(change: Change, path: str, text: str) -> str:
    """The navigation of a section without the old page, or with the new one."""
    old, new = change.old, change.new
    entry = re.compile(
        rf"^(?P<head>[ \t]*- (?:[^:\n]+: )?){re.escape(old.stem)}\.md[ \t]*\n?", re.M
    )
    if path == f"docs/{old.folder}/.pages":
        if old.folder == new.folder:
            return entry.sub(lambda m: f"{m['head']}{new.stem}.md\n", text)
        text = entry.sub("", text)
    if path == f"docs/{new.folder}/.pages":
        text = text.rstrip("\n") + f"\n    - {new.stem}.md\n"
    return text


def redirect(change: Change) -> None:
    """The old address leads to the new one, and the new one is in the list of addresses."""
    path = "mkdocs.yml"
    text = change.texts.get(path) or (change.root / path).read_text(encoding="utf-8")
    # The new place is a page now: what led there leads to itself.
    text = re.sub(rf"^[ \t]+{re.escape(change.new.name)}\.md: .*\n", "", text, flags=re.M)
    found = re.search(r"^[ \t]+redirect_maps:[ \t]*\n(?P<indent>[ \t]+)", text, re.M)
    if found is None:
        raise Refused("mkdocs.yml has no redirect_maps, so that the old address would be lost")
    row = f"{change.old.name}.md: {change.new.name}.md\n{found['indent']}"
    text = text[: found.end()] + row + text[found.end() :]
    change.texts[path] = text
    kept = change.root / KEPT[0]
    if kept.is_file():
        addresses = kept.read_text(encoding="utf-8")
        if f"\n{change.new.name}/\n" not in addresses:
            lines = addresses.splitlines()
            head = [line for line in lines if line.startswith("#")]
            rest = sorted({*lines, f"{change.new.name}/"} - {*head, ""})
            change.texts[KEPT[0]] = "\n".join([*head, *rest, ""])


def apply(change: Change) -> Callable[[], None]:
    """Carry a change out. Returns what puts everything back."""
    kept = {LOCK} if (change.root / LOCK).is_file() else set()
    before = {
        path: (change.root / path).read_bytes() for path in {*change.texts, *change.paths, *kept}
    }

    def undo() -> None:
        for target in change.paths.values():
            (change.root / target).unlink(missing_ok=True)
        for path, data in before.items():
            (change.root / path).parent.mkdir(parents=True, exist_ok=True)
            (change.root / path).write_bytes(data)
        empty(change.root / "docs" / change.new.name)

    try:
        for path, text in change.texts.items():
            (change.root / path).write_text(text, encoding="utf-8", newline="\n")
        for path, target in change.paths.items():
            (change.root / target).parent.mkdir(parents=True, exist_ok=True)
            (change.root / path).rename(change.root / target)
        empty(change.root / "docs" / change.old.name)
    except BaseException:
        undo()
        raise
    return undo


def empty(folder: Path) -> None:
    """Remove a folder in which nothing is left but bytecode."""
    if folder.is_dir() and all("__pycache__" in p.parts for p in folder.rglob("*") if p.is_file()):
        shutil.rmtree(folder)


def findings(root: Path, memory: Path) -> set[str]:
    """What the check says of the project, without the numbers of lines."""
    # One process: a program with threads may not be forked.
    outcome = check(Request([root], jobs=1, cache=memory))
    return {f"{p.path}: {p.code} {p.text}" for p in outcome.problems}


def tidy(change: Change) -> None:
    """Let the formatter sort the imports that were rewritten, where it is at hand."""
    changed = [change.moved(path) for path in change.texts if path.endswith(".py")]
    if changed:
        for command in (["check", "--select", "I", "--fix", "-q"], ["format", "-q"]):
            subprocess.run(
                [sys.executable, "-m", "ruff", *command, "--no-cache", *changed],
                cwd=change.root,
                capture_output=True,
                check=False,
            )


def recipes(root: Path, *arguments: str) -> str:
    """What scripts/recipes.py says; nothing where it can't run."""
    command = [sys.executable, "-m", "scripts.recipes", *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def relock(change: Change, held: str) -> None:
    """Keep what is known of the figures: a move changes the names of a recipe's files, and no number."""
    rows = json.loads(held or "{}")
    if rows:
        kept = {
            Path(change.moved(f"scripts/figures/{name}.py")).stem: [*map(change.moved, read)]
            for name, read in rows.items()
        }
        recipes(change.root, "--renamed", json.dumps(kept))


def move(root: Path, old: Place, new: Place) -> Change:
    """Move a page. Raises Refused, with everything as it was, if it cannot be done."""
    change = plan(root, old, new)
    with TemporaryDirectory() as memory:
        return moved(root, change, Path(memory))


def moved(root: Path, change: Change, memory: Path) -> Change:
    """Carry a plan out; what did not change is checked once."""
    before = findings(root, memory)
    held = recipes(root, "--held")
    undo = apply(change)
    try:
        tidy(change)
        relock(change, held)
        worse = sorted(findings(root, memory) - before)
    except BaseException:
        undo()
        raise
    if worse:
        undo()
        raise Refused("the check would find:\n  " + "\n  ".join(worse) + "\nNothing was changed.")
    return change


def main() -> int:
    """Run the command line; 2 if the page cannot be moved."""
    parser = argparse.ArgumentParser(
        prog="dev.py move", description="Rename a page with all that belongs to it."
    )
    parser.add_argument("old", help="the page as it is, such as models/vae")
    parser.add_argument("new", help="the page as it shall be, such as models/autoencoder")
    arguments = parser.parse_args()
    try:
        change = move(ROOT, Place.of(arguments.old), Place.of(arguments.new))
    except Refused as error:
        print(f"move: {error}", file=sys.stderr)
        return 2
    for path, target in change.paths.items():
        print(f"{path} -> {target}")
    for path in sorted(set(change.texts) - set(change.paths)):
        print(f"rewritten: {path}")
    print("Next: read the difference, run python3 scripts/dev.py test")
    return 0


if __name__ == "__main__":
    sys.exit(main())
