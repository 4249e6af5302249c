"""The examples in the docstrings of the rules, made projects of: what a docstring shows is what is checked.

An example stands below a title and a sentence. A line such as `in mkdocs.yml:` begins another file of the project;
`in docs/page.md:` begins the whole page.
"""

from __future__ import annotations

import re
from pathlib import Path

from scripts.checker import rulebook
from scripts.checker.engine import check
from scripts.checker.report import parts
from scripts.checker.request import Request
from scripts.checker.rulebook import Rule

HEAD = "# Title\n\nA sentence to start with.\n\n"
PAGE = "# Page\n\n## {}\n\nText.\n"
NAMES = "a b one other vae prompting attention supervised target".split()
FILES = {
    **{f"docs/{name}.md": PAGE.format("Part") for name in NAMES},
    "docs/index.md": PAGE.format("Home"),
    "docs/learning.md": PAGE.format("RLHF"),
    "docs/models/vae.md": PAGE.format("Elbo"),
    "docs/loss.svg": "<svg/>",
    "docs/loss.png": "a picture",
    "docs/img/a.png": "a picture",
    "README.md": "# Read me\n",
}
_FILE = re.compile(r"(?m)^in (\S+):\n")


def files_of(example: str, config: str) -> dict[str, str]:
    """The files of the project that an example stands for."""
    page, *others = _FILE.split(example)
    files = {**FILES, "mkdocs.yml": config, "docs/page.md": f"{HEAD}{page.strip(chr(10))}\n"}
    for name, text in zip(others[::2], others[1::2], strict=True):
        text = text.strip("\n") + "\n"
        start = "site_name: Examples\ntheme: material\n" if name == "mkdocs.yml" else ""
        files[name] = start + text
    return files


def found(folder: Path, example: str, config: str) -> set[str]:
    """The rules that find something in the project of an example."""
    for name, text in files_of(example, config).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return {p.code for p in check(Request([folder], jobs=1, cache=Path("none"))).problems}


def told(rule: Rule) -> tuple[str, str]:
    """The bad and the good example of a rule."""
    document = parts(rule)
    return document["bad"], document["good"]


RULES = rulebook.load().rules
