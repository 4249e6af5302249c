"""Front matter that the builder cannot read: it prints it on the page, and says nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

WHOLE = re.compile(r"---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
OPEN = re.compile(r"---[ \t]*\n[ \t]*[A-Za-z_][\w-]*[ \t]*:(?:\s|\Z)")


@dataclass(frozen=True)
class Fault:
    """What is wrong with the front matter of a file, where, and the text behind it."""

    line: int
    column: int
    message: str
    rest: str


def fault(text: str) -> Fault | None:
    """Why a text's front matter is none for the builder; None if it is, or if there is none."""
    text = text.replace("\r\n", "\n")
    found = WHOLE.match(text)
    if found is None:
        unclosed = "the front matter is not closed; write '---' below it"
        return Fault(1, 1, unclosed, text) if OPEN.match(text) else None
    rest = text[found.end() :]
    try:
        data: Any = yaml.load(found[1], Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 2, mark.column + 1) if mark else (1, 1)
        return Fault(line, column, f"the front matter is no YAML: {error.problem}", rest)
    except (yaml.YAMLError, ValueError) as error:
        said = " ".join(str(error).split())
        return Fault(1, 1, f"the front matter is no YAML: {said}", rest)
    if isinstance(data, dict) or (data is None and not found[1].strip()):
        return None
    return Fault(2, 1, "the front matter is no list of keys; write 'key: value'", rest)
