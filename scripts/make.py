"""Make anew what a machine makes and what is out of date: `python3 scripts/dev.py make [STEM …]`.

Figures and their numbers, the values that demos must give, the pages written from rules, the addresses of
new pages. Weights take minutes: they are trained anew only with `--weights`.
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = re.compile(r'^GOLDEN = Path\(__file__\)\.with_name\("([^"]+)"\)', re.MULTILINE)


@dataclass(frozen=True)
class Product:
    """Something that is written by a machine.

    Args:
        path: the file, from the root.
        stems: the pages that it belongs to, such as `vae`, or what it is: `rules`, `addresses`.
        stale: why it must be written anew; empty if it need not.
        write: writes it; returns what it wrote, with the reason, if that is not just `path`.
    """

    path: str
    stems: set[str]
    stale: Callable[[], str]
    write: Callable[[], list[str] | None]


def figures() -> Iterator[Product]:
    """The pictures and their numbers, a file of recipes at a time."""
    from scripts import recipes

    for module in recipes.modules():
        stems = {recipe.svg.parent.name for recipe in recipes.recipes(module)}

        def stale(module: str = module) -> str:
            known = recipes.locked(module)
            return "" if known else "its recipes, or what they read, have changed since they ran"

        yield Product(
            f"scripts/figures/{module}.py", stems, stale, partial(recipes.refresh, module)
        )


def values() -> Iterator[Product]:
    """What the demos must give."""
    from tests import golden

    files = set((ROOT / "tests").rglob("*.golden.json"))
    for test in (ROOT / "tests").rglob("test_*.py"):  # a file that is lost is named there
        if named := GOLDEN.search(test.read_text(encoding="utf-8")):
            files.add(test.with_name(named[1]))
    for file in sorted(files):
        stem = file.name.removesuffix(".golden.json")
        name = f"tests.{file.parent.name}.test_{stem.replace('-', '_')}"

        def content(name: str = name) -> object:
            module = importlib.import_module(name)
            if not hasattr(module, "golden"):
                raise ValueError(f"{name.replace('.', '/')}.py has no golden(), the demo's values")
            return module.golden()

        def stale(file: Path = file, content: Callable[[], object] = content) -> str:
            return golden.stale(file, content())

        def write(file: Path = file, content: Callable[[], object] = content) -> None:
            golden.write(file, content())

        yield Product(file.relative_to(ROOT).as_posix(), {stem}, stale, write)


def pages() -> Iterator[Product]:
    """The pages that are written from code."""
    from scripts.house import rules_page

    def stale() -> str:
        old = rules_page.PAGE.read_text(encoding="utf-8") if rules_page.PAGE.is_file() else ""
        return "" if old == rules_page.page() else "the rules have changed"

    def write() -> None:
        rules_page.main()

    path = rules_page.PAGE.relative_to(ROOT).as_posix()
    yield Product(path, {"rules"}, stale, write)


def tables() -> Iterator[Product]:
    """The tables of pages that are written from data."""
    from scripts.house import calculator_tables, new_architectures, scaling_tables

    path = new_architectures.PAGE.relative_to(ROOT).as_posix()
    yield Product(path, {"developing"}, new_architectures.stale, new_architectures.write)
    path = calculator_tables.PAGE.relative_to(ROOT).as_posix()
    yield Product(path, {"calculators"}, calculator_tables.stale, calculator_tables.write)
    path = scaling_tables.PAGE.relative_to(ROOT).as_posix()
    yield Product(path, {"scaling-laws"}, scaling_tables.stale, scaling_tables.write)


def addresses() -> Iterator[Product]:
    """The list of all addresses: pages that it lacks."""
    from tests.site import addresses as listed

    def new() -> set[str]:
        docs = ROOT / "docs"
        found = (path.relative_to(docs).with_suffix("").as_posix() for path in docs.rglob("*.md"))
        named = {f"{name}/".removesuffix("index/") for name in found}
        return named - listed.known()

    def stale() -> str:
        return f"it lacks {', '.join(sorted(new()))}" if new() else ""

    path = listed.LIST.relative_to(ROOT).as_posix()
    yield Product(path, {"addresses"}, stale, lambda: listed.write(listed.known() | new()))


def weights() -> Iterator[Product]:
    """The trained weights of the demos."""
    for file in sorted((ROOT / "docs").rglob("weights.json")):
        module = file.parent.name.replace("-", "_")

        def write(module: str = module) -> None:
            importlib.import_module(f"scripts.weights.{module}").main()

        yield Product(
            file.relative_to(ROOT).as_posix(), {file.parent.name}, lambda: "asked for", write
        )


def comparison() -> Iterator[Product]:
    """The runs of the comparison of all classes: anew when the code that trains and measures has changed."""
    path = ROOT / "scripts" / "weights" / "comparison_runs.json"

    def stale() -> str:
        runs = importlib.import_module("scripts.weights.comparison")
        found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        return "" if found.get("code") == runs.code() else "the code that trains has changed"

    def write() -> None:
        importlib.import_module("scripts.weights.comparison").main()

    yield Product(path.relative_to(ROOT).as_posix(), {"comparison"}, stale, write)


def make(stems: set[str], train: bool = False) -> list[str]:
    """Write what is out of date. Returns the paths that were written.

    Raises:
        ValueError: if nothing belongs to one of the stems, or a test does not give a demo's values.
    """
    products = [
        *(weights() if train else ()),
        *comparison(),
        *figures(),
        *values(),
        *pages(),
        *tables(),
        *addresses(),
    ]
    all_stems = set().union(*(product.stems for product in products))
    unknown = stems - all_stems
    if unknown:
        known = ", ".join(sorted(all_stems - {""}))
        raise ValueError(f"nothing is made for {', '.join(sorted(unknown))}; there is {known}")
    written = []
    for product in products:
        if stems and not stems & product.stems:
            continue
        why = product.stale()
        if why:
            told = product.write()
            told = [f"{product.path}: {why}"] if told is None else told
            written += [line.partition(": ")[0] for line in told]
            print("".join(f"{line}; written\n" for line in told), end="", flush=True)
    return written


def main() -> int:
    """Run the command line; 2 for a stem that nothing belongs to."""
    parser = argparse.ArgumentParser(
        prog="dev.py make", description="Make anew what is made by machine and out of date."
    )
    parser.add_argument("stem", nargs="*", help="only what belongs to this page, such as vae")
    parser.add_argument("--weights", action="store_true", help="train the demos' weights as well")
    wanted = parser.parse_args()
    try:
        written = make(set(wanted.stem), wanted.weights)
    except ValueError as error:
        print(f"make: {error}", file=sys.stderr)
        return 2
    print(f"{len(written)} written." if written else "Everything is up to date.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
