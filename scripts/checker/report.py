"""The forms in which findings are written: text, JSON, SARIF, annotations of a forge."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Sequence
from typing import Any

from scripts.checker.problem import Problem

FORMATS = ("text", "json", "sarif", "github")


def sentence(problem: Problem) -> str:
    """The message: what is wrong – what to do."""
    return problem.message.replace("; ", " – ", 1)


def text(problems: Iterable[Problem]) -> str:
    """One line for each finding."""
    return "".join(f"{p.path}:{p.line}:{p.column}: {p.code} {sentence(p)}\n" for p in problems)


def as_json(problems: Iterable[Problem]) -> str:
    """A list of objects."""
    rows = [
        {
            "path": p.path,
            "line": p.line,
            "column": p.column,
            "code": p.code,
            "rule": name(p.code),
            "message": sentence(p),
            "fixable": p.edit is not None,
        }
        for p in problems
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"


def github(problems: Iterable[Problem]) -> str:
    """Workflow commands that a forge shows beside the changed lines."""
    rows = []
    for p in problems:
        path = p.path.replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
        message = sentence(p).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        rows.append(f"::error file={path},line={p.line},col={p.column},title={p.code}::{message}\n")
    return "".join(rows)


def sarif(problems: Sequence[Problem]) -> str:
    """SARIF 2.1.0, with the rules that have found something."""
    codes = sorted({p.code for p in problems})
    rules = [
        {
            "id": code,
            "name": name(code),
            "shortDescription": {"text": parts(code)["sentence"]},
            "help": {"text": explain(code)},
        }
        for code in codes
    ]
    results = [_result(p, codes.index(p.code)) for p in problems]
    run = {
        "tool": {"driver": {"name": "check", "rules": rules}},
        "results": results,
        "columnKind": "unicodeCodePoints",
    }
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _result(problem: Problem, index: int) -> dict[str, Any]:
    from urllib.parse import quote

    region = {"startLine": problem.line, "startColumn": problem.column}
    place = {
        "physicalLocation": {"artifactLocation": {"uri": quote(problem.path)}, "region": region}
    }
    return {
        "ruleId": problem.code,
        "ruleIndex": index,
        "level": "error",
        "message": {"text": sentence(problem)},
        "locations": [place],
    }


def name(code: str) -> str:
    """The name of a rule's function."""
    from scripts.checker.rules import RULES

    rule = RULES.get(code)
    return rule.__name__ if rule else code


def parts(code: str) -> dict[str, str]:
    """What the docstring of a rule says: sentence, bad, good and why."""
    from scripts.checker.rules import RULES

    document = inspect.getdoc(RULES[code]) or ""
    lines = document.split("\n")
    found = {"sentence": lines[0], "bad": "", "good": "", "why": ""}
    key = ""
    for line in lines[1:]:
        head, colon, rest = line.partition(": ")
        if colon and head.lower() in ("bad", "good", "why"):
            key = head.lower()
            found[key] = rest.strip()
        elif key and line.strip():
            found[key] += " " + line.strip()
    return found


def explain(code: str) -> str:
    """What a rule is for."""
    from scripts.checker.rules import STYLE, level

    told = parts(code)
    style = ", house style" if code in STYLE else ""
    return (
        f"{code} ({level(code)}{style}): {told['sentence']}\n  Bad:  {told['bad']}\n  Good:"
        f" {told['good']}\n  Why:  {told['why']}\n"
    )


def write(problems: Sequence[Problem], form: str) -> str:
    """The findings in one of the forms."""
    return {"text": text, "json": as_json, "sarif": sarif, "github": github}[form](problems)
