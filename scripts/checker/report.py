"""The forms in which findings are written: text, JSON, SARIF, annotations of a forge."""

from __future__ import annotations

import inspect
import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scripts.checker.problem import Problem
from scripts.checker.rulebook import Rule, Rulebook

Rules = Mapping[str, Rule]

FORMATS = ("text", "json", "sarif", "github")


def sentence(problem: Problem) -> str:
    """The message: what is wrong – what to do."""
    return problem.text.replace("; ", " – ", 1)


def text(problems: Iterable[Problem]) -> str:
    """One line for each finding."""
    return "".join(f"{p.path}:{p.line}:{p.column}: {p.code} {sentence(p)}\n" for p in problems)


def as_json(problems: Iterable[Problem], rules: Rules) -> str:
    """A list of objects."""
    rows = [
        {
            "path": p.path,
            "line": p.line,
            "column": p.column,
            "code": p.code,
            "rule": name(p.code, rules),
            "message": sentence(p),
            "fixable": p.fix is not None,
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


def sarif(problems: Sequence[Problem], rules: Rules) -> str:
    """SARIF 2.1.0, with the rules that have found something."""
    codes = sorted({p.code for p in problems})
    described = [
        {
            "id": code,
            "name": name(code, rules),
            "shortDescription": {"text": parts(rules[code])["sentence"]},
            "help": {"text": _explained(code, rules[code])},
        }
        for code in codes
    ]
    results = [_result(p, codes.index(p.code)) for p in problems]
    run = {
        "tool": {"driver": {"name": "check", "rules": described}},
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


def name(code: str, rules: Rules) -> str:
    """The name of a rule's function."""
    rule = rules.get(code)
    return rule.__name__ if rule else code


def parts(rule: Rule) -> dict[str, str]:
    """What the docstring of a rule says: sentence, bad, good and why.

    An example is what stands behind its name, or the lines indented below it.
    """
    document = inspect.getdoc(rule) or ""
    lines = document.split("\n")
    found = {"sentence": lines[0], "bad": "", "good": "", "why": ""}
    key, block = "", False
    for line in lines[1:]:
        head, colon, rest = line.partition(":")
        if colon and head.lower() in ("bad", "good", "why"):
            key = head.lower()
            found[key] = rest.strip()
            block = not found[key]
        elif key and block:
            found[key] += line[4:].rstrip() + "\n"
        elif key and line.strip():
            found[key] += " " + line.strip()
    return {key: text.rstrip("\n") for key, text in found.items()}


def _explained(code: str, rule: Rule, more: str = "") -> str:
    told = parts(rule)
    head = f"{code}{f' ({more})' if more else ''}: {told['sentence']}"
    bad, good = (_set(told[key]) for key in ("bad", "good"))
    return f"{head}\n  Bad:  {bad}\n  Good: {good}\n  Why:  {told['why']}\n"


def _set(example: str) -> str:
    """An example for a screen; one of several lines stands below its head."""
    return example if "\n" not in example else "\n" + textwrap.indent(example, "    ")


def explain(code: str, book: Rulebook) -> str:
    """What a rule is for."""
    style = ", house style" if code in book.style else ""
    return _explained(code, book.rules[code], f"{book.level(code)}{style}")


def write(problems: Sequence[Problem], form: str, rules: Rules) -> str:
    """The findings in one of the forms."""
    if form == "json":
        return as_json(problems, rules)
    if form == "sarif":
        return sarif(problems, rules)
    return {"text": text, "github": github}[form](problems)
