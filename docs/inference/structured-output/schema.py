"""A subset of JSON Schema as a grammar, and the same checked by hand with the standard library.

A rule may refer to itself through $ref; what is not in the subset is refused, never ignored.
Run it: a schema, its rules, and what a check says of three answers.
"""

import json
from typing import Any

Symbol = str | frozenset[str]
Row = tuple[Symbol, ...]
Grammar = dict[str, list[Row]]
Schema = dict[str, Any]

PLAIN = frozenset(map(chr, range(32, 127))) - {'"', "\\"}
DIGITS = frozenset("0123456789")
SILENT = {"$defs", "title", "description", "required", "additionalProperties"}
BASE: Grammar = {  # rules that all schemas share
    "characters": [(), (PLAIN, "characters")],
    "string": [(frozenset('"'), "characters", frozenset('"'))],
    "digits": [(), (DIGITS, "digits")],
    "natural": [(frozenset("0"),), (DIGITS - {"0"}, "digits")],
    "integer": [("natural",), (frozenset("-"), DIGITS - {"0"}, "digits")],
}
ORDER: Schema = {
    "type": "object",
    "properties": {"drink": {"enum": ["tea", "milk", "coke"]}, "note": {"type": "string"}},
    "required": ["drink", "note"],
}


def literal(text: str) -> Row:
    """Exactly this text, as a row of symbols."""
    return tuple(frozenset(c) for c in text)


# --8<-- [start:compile]
def compile_schema(schema: Schema) -> Grammar:
    """Grammar of the compact JSON texts that a schema allows. Raises ValueError outside the subset."""
    grammar = dict(BASE)
    for name, part in {**schema.get("$defs", {}), "root": schema}.items():
        target = add(grammar, part, name)
        if target != name:
            grammar[name] = [(target,)]
    return grammar


def add(grammar: Grammar, schema: Schema, name: str) -> str:
    """Add the rule of a schema, and say its name. Raises ValueError outside the subset."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix("#/$defs/")
    if "enum" in schema:
        rows = [literal(json.dumps(value)) for value in schema["enum"]]
    elif "anyOf" in schema:
        rows = [(add(grammar, one, f"{name}|{n}"),) for n, one in enumerate(schema["anyOf"])]
    else:
        rows = typed(grammar, schema, name)
    unknown = set(schema) - SILENT - {"enum", "anyOf", "type", "properties", "items"}
    if unknown:
        raise ValueError(f"not in the subset: {sorted(unknown)}")
    grammar[name] = rows
    return name
    # --8<-- [end:compile]


# --8<-- [start:typed]
def typed(grammar: Grammar, schema: Schema, name: str) -> list[Row]:
    """Alternatives of a schema with a type. Raises ValueError outside the subset."""
    kind = schema.get("type")
    if kind in ("string", "integer"):
        return [(kind,)]
    if kind in ("boolean", "null"):
        return [literal(text) for text in {"boolean": ("true", "false"), "null": ("null",)}[kind]]
    if kind == "array":
        item, more = add(grammar, schema["items"], f"{name}[]"), f"{name}[]more"
        grammar[more] = [literal("]"), (*literal(","), item, more)]
        return [literal("[]"), (*literal("["), item, more)]
    if kind == "object" and list(schema.get("required", ())) == list(schema["properties"]):
        row: Row = literal("{")
        for n, (key, part) in enumerate(schema["properties"].items()):
            row += (
                *literal("," * bool(n) + json.dumps(key) + ":"),
                add(grammar, part, f"{name}.{key}"),
            )
        return [(*row, *literal("}"))]
    raise ValueError(f"not in the subset: {schema}")
    # --8<-- [end:typed]


# --8<-- [start:check]
def faults(text: str, finished: bool) -> list[str]:
    """What is wrong with an answer to ORDER: first whether it ended, then the syntax, the types, the values."""
    if not finished:
        return ["cut off at the token limit"]
    try:
        answer = json.loads(text)
    except json.JSONDecodeError as error:
        return [f"no JSON: {error.msg}"]
    if not isinstance(answer, dict) or set(answer) != {"drink", "note"}:
        return ["other keys than drink and note"]
    wrong = [] if answer["drink"] in ("tea", "milk", "coke") else ["drink is not on the menu"]
    return wrong + ([] if isinstance(answer["note"], str) else ["note is no string"])
    # --8<-- [end:check]


if __name__ == "__main__":
    for rule, rows in compile_schema(ORDER).items():
        if rule.startswith("root"):
            print(rule, len(rows), "alternatives")
    for text in (
        '{"drink":"tea","note":"no milk"}',
        '{"drink":"wine","note":""}',
        '{"drink":"tea"',
    ):
        print(text, faults(text, finished=True) or "valid")
