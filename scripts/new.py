"""Make an empty page with its companions: `python3 scripts/dev.py new model models/flow-matching`.

Writes the page with the headings of its kind and, with `--code`, `--figure` and `--demo`, the files of
the same stem that belong to it. Nothing that exists is overwritten. What is made passes every check
but those that ask for content.
"""

import argparse
import datetime
import json
import re
import sys
from pathlib import Path

from scripts.house.kinds import KINDS

ROOT = Path(__file__).resolve().parents[1]

HINTS = {
    "In short": "Two to four sentences: what goes in, what comes out, what is trained on what. "
    "Then the diagram: how it is put together, with the symbols and shapes of the page.",
    "Idea": "One example with numbers that can be followed with a pencil; no displayed formula; "
    "every term defined where it is first used.",
    "Training and generation": "Two boxes of at most ten numbered steps, each with its line of code.",
    "Forward and cost": "Two boxes of at most ten numbered steps, each with its line of code.",
    "Objective": "The derivation, line by line with its reasons; under each equation the excerpt "
    "of the code that computes it.",
    "Definition": "The definition; under each equation the excerpt of the code that computes it.",
    "Try it": "What to do, in the demo or with a command, and what to see. Here the first depth ends.",
    "Failure modes": "How it fails, produced and cured, and what the cure costs.",
    "In practice": "Real systems with sizes, settings, sources and dates; the lines of a library; "
    "what differs from the example.",
    "Relatives": "What it grew from and what grew from it, with dates.",
    "Misconceptions": "What is often said, and what is right, with its source.",
    "Exercises": "Answers folded; a test computes each of them.",
    "How it is trained": "The signal, the loss, what the data must be.",
    "Where it is used": "Systems that are trained so, with their sources.",
    "Limits": "What it cannot do, and when it fails.",
}


def page(kind: str, title: str, name: str, demo: bool, figure: bool) -> str:
    """The text of an empty page; the figure is the still of the demo."""
    still = f" still={name}/shown.svg" if figure else ""
    rows = [
        "---",
        f"title: {title}",
        f"description: What {title} is, in at most 160 characters.",
        f"kind: {kind}",
        "needs: []",
        f"reviewed: {datetime.date.today().isoformat()}",
        "---",
        "",
        f"# {title}",
        "",
    ]
    for heading in KINDS[kind].headings:
        rows += [f"## {heading}", "", f"<!-- {HINTS[heading]} -->", ""]
        if heading == "Try it" and demo:
            rows += [f"[Say what to do here]({name}/demo.mjs){{ .demo{still} }}", ""]
    if rows[-2] == f"# {title}":
        rows += ["<!-- The text. -->", ""]
    return "\n".join(rows)


def code(title: str) -> str:
    """The text of an empty reference implementation."""
    letters = "The letters: what each stands for, and the paper's letter if it differs."
    return f'"""{title} in one sentence.\n\n{letters}\n"""\n'


def imports(module: str, folder: str, stem: str, demo: bool) -> str:
    """How a test imports the code: the name of a folder may have hyphens, that of a module may not."""
    plain = module == stem
    standard = [] if plain else ["from importlib import import_module"]
    standard += ["from pathlib import Path", "from typing import Any"] if demo else []
    ours = [f"from docs.{folder}.{stem} import {module}"] if plain else []
    ours += ["from tests import golden as shared"] if demo else []
    blocks = ["\n".join(block) for block in (standard, ["import pytest"], ours) if block]
    named = [] if plain else [f'{module} = import_module("docs.{folder}.{stem}.{module}")']
    named += [f'GOLDEN = Path(__file__).with_name("{stem}.golden.json")'] if demo else []
    return "\n\n".join([*blocks, "\n".join(named)] if named else blocks) + "\n\n\n"


GOLDEN_TEST = '''

def golden() -> dict[str, Any]:
    """What the demo must give."""
    cases = [{"function": "value", "args": [1], "returns": 1}]
    sums = "%s.mjs"
    return {"module": sums, "tolerance": 1e-5, "cases": cases}


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())
'''


def code_test(module: str, folder: str, stem: str, demo: bool) -> str:
    """The text of a test that asks for the first claim, and gives the values of the demo."""
    return (
        f'"""The claims of docs/{folder}/{stem}.md."""\n\n'
        f"{imports(module, folder, stem, demo)}"
        "def test_the_first_claim_of_the_page() -> None:\n"
        f'    pytest.fail(f"assert the first claim of the page on {{{module}.__name__}}")\n'
        + (GOLDEN_TEST % f"{folder}/{stem}/{stem}" if demo else "")
    )


def recipe(module: str, folder: str, stem: str) -> str:
    """The text of a figure's recipe."""
    return (
        f'"""docs/{folder}/{stem}/shown.svg: what it shows."""\n\n'
        "from scripts.figures import style\n\n\n"
        "def numbers() -> style.Table:\n"
        '    """The numbers of the figure."""\n'
        '    return {"x": [0.0, 1.0], "y": [0.0, 1.0]}\n\n\n'
        "def draw(table: style.Table, axes: style.Axes) -> None:\n"
        '    """The picture, from the numbers alone."""\n'
        '    axes.plot(table["x"], table["y"])\n\n\n'
        f'FIGURES = [style.Recipe("{folder}/{stem}/shown", numbers, draw)]\n\n'
        'if __name__ == "__main__":\n'
        "    style.main(FIGURES)\n"
    )


SUMS = """/** %s: the sums of the page's code. */

/** @param {number} x @returns {number} the value that the page's code gives */
export function value(x) {
  return x;
}
"""

STAGE = """/** The stage of %s.mjs: what the reader does and sees. */

import { button, frame } from "../../assets/demos/ui.mjs";
import { value } from "./%s.mjs";

/** @param {HTMLElement} root */
export function mount(root) {
  const { buttons, status } = frame(root);
  button(buttons, "Reset", () => status(`The value is ${value(0)}.`));
}
"""

DEMO_TEST = '''"""The demo of docs/%s.md."""

import pytest

from tests.site.kit import OpenDemo

pytestmark = pytest.mark.browser


def test_reset_says_what_is_seen(open_demo: OpenDemo) -> None:
    _, demo = open_demo("%s")
    demo.get_by_role("button", name="Reset").click()
    demo.get_by_role("status").get_by_text("The value is 0.").wait_for()
'''


def plan(arguments: argparse.Namespace) -> dict[Path, str]:
    """The files to write and their text. Raises ValueError for a name that cannot be an address."""
    match = re.fullmatch(
        r"([a-z0-9-]+)/([a-z0-9]+(?:-[a-z0-9]+)*)", arguments.name.removesuffix(".md")
    )
    if not match:
        raise ValueError(
            f"the name is {arguments.name!r}; give folder/stem in lower case, such as models/flow-matching"
        )
    folder, stem = match.groups()
    docs, tests = ROOT / "docs" / folder, ROOT / "tests" / folder
    section = arguments.kind == "index" and stem == "index"
    if not docs.is_dir() and not section:
        known = ", ".join(
            sorted(path.name for path in (ROOT / "docs").iterdir() if (path / ".pages").exists())
        )
        raise ValueError(
            f"there is no folder docs/{folder}; the folders are {known}; "
            f"a new section begins with: new index {folder}/index"
        )
    if not KINDS[arguments.kind].code and (arguments.code or arguments.demo or arguments.figure):
        raise ValueError(f"a page of kind {arguments.kind} has no code, figure or demo")
    module = stem.replace("-", "_")
    name = folder if section else stem
    title = arguments.title or name.replace("-", " ").capitalize()
    files = {
        docs / f"{stem}.md": page(arguments.kind, title, stem, arguments.demo, arguments.figure)
    }
    if section and not docs.is_dir():
        files[docs / ".pages"] = f"title: {title}\nnav:\n    - index.md\n    - ...\n"
    if arguments.code or arguments.demo:
        files[docs / stem / f"{module}.py"] = code(title)
        files[tests / f"test_{module}.py"] = code_test(module, folder, stem, arguments.demo)
    if arguments.figure:
        files[ROOT / "scripts" / "figures" / f"{module}.py"] = recipe(module, folder, stem)
    if arguments.demo:
        golden = {
            "module": f"{folder}/{stem}/{stem}.mjs",
            "tolerance": 1e-5,
            "cases": [{"function": "value", "args": [1], "returns": 1}],
        }
        files[docs / stem / f"{stem}.mjs"] = SUMS % title
        files[docs / stem / "demo.mjs"] = STAGE % (stem, stem)
        files[tests / f"{stem}.golden.json"] = json.dumps(golden, indent=2) + "\n"
        files[tests / f"test_{module}_demo.py"] = DEMO_TEST % (
            f"{folder}/{stem}",
            f"{folder}/{stem}",
        )
    return files


def main() -> int:
    """Write the files; 2 if the name is no good or a file exists already."""
    parser = argparse.ArgumentParser(
        prog="dev.py new", description="Make an empty page with its companions."
    )
    parser.add_argument("kind", choices=sorted(KINDS), help="the kind of page")
    parser.add_argument("name", help="folder and stem, such as models/flow-matching")
    parser.add_argument("--title", help="the title, if it is not the stem in words")
    parser.add_argument(
        "--code", action="store_true", help="a reference implementation and its test"
    )
    parser.add_argument("--figure", action="store_true", help="a figure's recipe")
    parser.add_argument(
        "--demo", action="store_true", help="a demo with its values and tests, and code"
    )
    arguments = parser.parse_args()
    try:
        files = plan(arguments)
    except ValueError as error:
        print(f"new: {error}", file=sys.stderr)
        return 2
    taken = [path for path in files if path.exists()]
    if taken:
        names = ", ".join(path.relative_to(ROOT).as_posix() for path in taken)
        print(f"new: {names} exists already; nothing was written", file=sys.stderr)
        return 2
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        print(path.relative_to(ROOT).as_posix())
    folder = arguments.name.split("/")[0]
    made = any(path.name == ".pages" for path in files)
    named = f"name {folder} in docs/.pages" if made else f"name it in docs/{folder}/.pages"
    print(f"Next: write the page, {named}, run: python3 scripts/dev.py addresses, and check")
    return 0


if __name__ == "__main__":
    sys.exit(main())
