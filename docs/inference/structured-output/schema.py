"""A subset of JSON Schema as a grammar, and the same checked by hand with the standard library.

A rule may refer to itself through $ref; a keyword that is not in the subset is refused, never ignored.
The texts are compact: no spaces outside strings, and in them printable ASCII without " and \\.
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
SILENT = {"$defs", "title", "description"}  # say nothing of an answer
TYPES = {"string": str, "integer": int, "boolean": bool, "null": type(None)}
KNOWN = {"array": {"items"}, "object": {"properties", "required", "additionalProperties"}}
BASE: Grammar = {  # rules that all schemas share; those of a schema are named as JSON pointers, from #
    "root": [("#",)],
    "characters": [(), (PLAIN, "characters")],
    "string": [(frozenset('"'), "characters", frozenset('"'))],
    "digits": [(), (DIGITS, "digits")],
    "natural": [(frozenset("0"),), (DIGITS - {"0"}, "digits")],
    "integer": [("natural",), (frozenset("-"), "natural")],
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
    for name, part in schema.get("$defs", {}).items():
        add(grammar, part, f"#/$defs/{pointer(name)}")
    add(grammar, schema, "#")
    named = {s for rows in grammar.values() for row in rows for s in row if isinstance(s, str)}
    if named - set(grammar):
        raise ValueError(f"not in the subset: {sorted(named - set(grammar))}")
    return grammar


def pointer(key: str) -> str:
    """A key as a step of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def add(grammar: Grammar, schema: Schema, name: str) -> str:
    """Add the rule of a schema, and say its name. Raises ValueError outside the subset."""
    if not isinstance(schema, dict):  # true allows anything
        raise ValueError(f"not in the subset: {schema}")
    rows: list[Row]
    kind = str(schema.get("type"))
    if "$ref" in schema:
        known, rows = {"$ref"}, [(str(schema["$ref"]),)]
    elif "enum" in schema:
        known, values = {"enum", "type"}, schema["enum"]
        if "type" in schema and any(type(value) is not TYPES.get(kind) for value in values):
            raise ValueError(f"not in the subset: {schema}")
        rows = [literal(json.dumps(value, separators=(",", ":"))) for value in values]
    elif "anyOf" in schema:
        known, parts = {"anyOf"}, enumerate(schema["anyOf"])
        rows = [(add(grammar, one, f"{name}/anyOf/{n}"),) for n, one in parts]
    else:
        known, rows = {"type", *KNOWN.get(kind, ())}, typed(grammar, schema, name)
    if set(schema) - SILENT - known:
        raise ValueError(f"not in the subset: {sorted(set(schema) - SILENT - known)}")
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
    if kind == "array" and "items" in schema:
        item, more = add(grammar, schema["items"], f"{name}/items"), f"{name}/more"
        grammar[more] = [literal("]"), (*literal(","), item, more)]
        return [literal("[]"), (*literal("["), item, more)]
    keys = schema.get("properties", {})
    if kind == "object" and list(schema.get("required", ())) == list(keys):
        row: Row = literal("{")
        for n, (key, part) in enumerate(keys.items()):
            value = add(grammar, part, f"{name}/properties/{pointer(key)}")
            row += (*literal("," * bool(n) + json.dumps(key) + ":"), value)
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
        if rule.startswith("#"):
            print(rule, len(rows), "alternatives")
    for text in (
        '{"drink":"tea","note":"no milk"}',
        '{"drink":"wine","note":""}',
        '{"drink":"tea"',
    ):
        print(text, faults(text, finished=True) or "valid")
