"""The subset of JSON Schema: what the grammar accepts is what json and a check by hand accept."""

import json
import random
import runpy
from importlib import import_module
from typing import Any

import pytest

output: Any = import_module("docs.inference.structured-output.structured_output")
schema: Any = import_module("docs.inference.structured-output.schema")

NODE = {
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "size": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                "open": {"type": "boolean"},
                "below": {"type": "array", "items": {"$ref": "#/$defs/node"}},
            },
            "required": ["name", "size", "open", "below"],
        }
    },
    "$ref": "#/$defs/node",
}


def is_node(value: Any) -> bool:
    """The schema, by hand, keys in their order."""
    return (
        isinstance(value, dict)
        and list(value) == ["name", "size", "open", "below"]
        and isinstance(value["name"], str)
        and (value["size"] is None or type(value["size"]) is int)
        and type(value["open"]) is bool
        and isinstance(value["below"], list)
        and all(is_node(one) for one in value["below"])
    )


def by_hand(text: str) -> bool:
    """Compact JSON without escapes that is a node."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return False
    compact = json.dumps(value, separators=(",", ":"))
    return is_node(value) and compact == text and "\\" not in text


def accepts(grammar: Any, text: str) -> bool:
    """Whether nothing may follow behind the text."""
    return bool(output.advance(grammar, output.start(grammar), text) == output.COMPLETE)


def some(rng: random.Random, depth: int) -> dict[str, Any]:
    """A random node."""
    many = rng.randrange(3) if depth else 0
    return {
        "name": "".join(rng.choice("ab {}[],:") for _ in range(rng.randrange(4))),
        "size": rng.choice([None, 0, 7, -12, 305]),
        "open": rng.random() < 0.5,
        "below": [some(rng, depth - 1) for _ in range(many)],
    }


def test_the_grammar_accepts_what_json_and_a_check_by_hand_accept() -> None:
    grammar = schema.compile_schema(NODE)
    rng = random.Random(1)
    good = bad = 0
    for _ in range(150):
        text = json.dumps(some(rng, 2), separators=(",", ":"))
        assert by_hand(text)
        assert accepts(grammar, text)
        at = rng.randrange(len(text))
        changed = text[:at] + rng.choice('0"{}[],:a-t ') * rng.randrange(2) + text[at + 1 :]
        assert accepts(grammar, changed) == by_hand(changed), changed
        good, bad = good + by_hand(changed), bad + (not by_hand(changed))
    assert min(good, bad) > 5


def test_nesting_needs_a_stack_that_grows() -> None:
    grammar = schema.compile_schema(NODE)
    head = '{"name":"","size":0,"open":true,"below":['
    sizes = []
    for depth in (1, 4, 9):
        state = output.advance(grammar, output.start(grammar), head * depth)
        sizes.append(max(len(stack) for stack in state))
        assert accepts(grammar, head * depth + "]}" * depth)
        assert not accepts(grammar, head * depth + "]}" * (depth - 1))
    assert sizes[0] < sizes[1] < sizes[2]
    menu = {"root": [output.literal(word) for word in output.MENU]}
    beginnings = {word[:n] for word in output.MENU for n in range(len(word))}
    states = {output.advance(menu, output.start(menu), text) for text in beginnings}
    assert len(states) == len(beginnings)


@pytest.mark.parametrize(
    "part",
    [
        {"type": "number"},
        {"type": "integer", "minimum": 1},
        {"type": "string", "pattern": "a"},
        {"type": "object", "properties": {"a": {"type": "null"}}, "required": []},
        {"not": {}},
        {"$ref": "#/$defs/short", "maxLength": 1, "$defs": {"short": {"type": "string"}}},
        {"$ref": "#/$defs/nowhere"},
        {"enum": [1], "type": "string"},
        {"enum": [True], "type": "integer"},
        {"enum": [[1]], "type": "array"},
        {"enum": ["a"], "maxLength": 1},
        {"anyOf": [{"type": "integer"}], "type": "string"},
        {"type": "string", "required": []},
        {"type": "array"},
        {"type": "array", "items": True},
        {"type": ["string", "null"]},
        {},
    ],
)
def test_what_is_not_supported_is_refused(part: Any) -> None:
    with pytest.raises(ValueError, match="not in the subset"):
        schema.compile_schema(part)


def test_names_of_a_schema_meet_no_other_rule() -> None:
    number, word = {"type": "integer"}, {"type": "string"}
    inner = {"type": "object", "properties": {"b": number}, "required": ["b"]}
    keys = {"a": inner, "a.b": word, "a/properties/b": word, "c": {"$ref": "#/$defs/string"}}
    names = {"string": number, "root": number, "#": word}
    whole = {"type": "object", "properties": keys, "required": list(keys), "$defs": names}
    grammar = schema.compile_schema(whole)
    good = {"a": {"b": 1}, "a.b": "x", "a/properties/b": "y", "c": 2}
    assert accepts(grammar, json.dumps(good, separators=(",", ":")))
    for key, wrong in (("a", {"b": "x"}), ("a.b", 1), ("a/properties/b", 1), ("c", "x")):
        assert not accepts(grammar, json.dumps(good | {key: wrong}, separators=(",", ":")))


def test_values_of_an_enum_are_compact() -> None:
    grammar = schema.compile_schema({"enum": [{"a": [1, 2]}, "a"]})
    assert accepts(grammar, '{"a":[1,2]}')
    assert accepts(grammar, '"a"')


def test_integers_are_those_of_json() -> None:
    number = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    grammar = schema.compile_schema(number)
    for text in ("0", "-0", "7", "-3", "120", "00", "01", "-01", "+1", "", "-", "1.0", "1e3"):
        try:
            wanted = type(json.loads(text)) is int
        except json.JSONDecodeError:
            wanted = False
        assert accepts(grammar, f'{{"n":{text}}}') == wanted, text


def test_faults_in_answers() -> None:
    good = '{"drink":"tea","note":"no milk"}'
    assert schema.faults(good, True) == []
    assert schema.faults(good, False) == ["cut off at the token limit"]
    assert schema.faults(good[:-1], True)[0].startswith("no JSON")
    assert schema.faults('{"drink":"wine","note":1}', True) == [
        "drink is not on the menu",
        "note is no string",
    ]
    assert schema.faults("[]", True) == schema.faults('{"drink":"tea"}', True)


def test_the_program_tells_three_answers(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(schema.__file__, run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3].endswith("valid")
    assert "menu" in lines[-2]
    assert "no JSON" in lines[-1]
