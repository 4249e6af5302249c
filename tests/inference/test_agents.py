"""The loop of an agent: what is read, which tools run, when it stops; and the lines of practice."""

import itertools
import json
import random

import pytest

from docs.inference.agents import agents, practice

TOOLS = [agents.price(agents.PRICES), agents.calculator()]
QUESTION = agents.task(agents.ORDER)


# The loop.


def test_a_run_without_errors() -> None:
    run = agents.loop(agents.flawless(agents.ORDER), TOOLS, QUESTION)
    assert (run.answer, run.stopped, len(run.prompts)) == ("22", "answer", 4)
    last = run.prompts[-1]
    assert [m.role for m in last] == ["user", *["assistant", "tool"] * 3]
    assert [m.text for m in last if m.role == "tool"] == ["3", "5", "22"]
    assert all(m.call for m in last[1:])


def test_the_text_holds_schemas_roles_and_results_and_only_grows() -> None:
    run = agents.loop(agents.flawless(agents.ORDER), TOOLS, QUESTION)
    texts = [agents.render(TOOLS, prompt) for prompt in run.prompts]
    for before, after in itertools.pairwise(texts):
        assert after.startswith(before)
    schemas = json.loads(texts[0].split("tools: ")[1].split(" <|user|>")[0])
    assert [s["name"] for s in schemas] == ["price", "calculate"]
    assert texts[-1].endswith("<|tool|> 22 <|assistant|>")
    assert agents.tokens('<|tool|> {"a": 22}') == ["<|tool|>", "{", '"', "a", '"', ":", "22", "}"]


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("price", {"item": "pen"}, "3"),
        ("price", {"item": "pn"}, "error: KeyError 'pn'"),
        ("price", {"thing": "pen"}, "error: TypeError"),
        ("cost", {"item": "pen"}, "error: KeyError 'cost'"),
        ("calculate", {"expression": "4 * 3 + 2 * 5"}, "22"),
        ("calculate", {"expression": "2 * (3 + 4)"}, "14"),
        ("calculate", {"expression": "4 +"}, "error: SyntaxError"),
        ("calculate", {"expression": "__import__('os')"}, "error: ValueError"),
        ("calculate", {"expression": "2 ** 9"}, "error: KeyError"),
    ],
)
def test_tools_run_or_refuse_in_words(name: str, arguments: dict[str, str], text: str) -> None:
    given = agents.result(agents.Call("x", name, arguments), TOOLS)
    assert given.text.startswith(text)
    assert given.error is text.startswith("error")


def test_each_kind_of_error_is_refused_or_leads_to_a_wrong_answer() -> None:
    for d, stops in ((1.0, "refused"), (0.0, "answer")):
        policy = agents.clumsy(agents.flawless(agents.ORDER), 0.5, d, random.Random(2))
        for _ in range(200):
            run = agents.loop(policy, TOOLS, QUESTION)
            if run.answer != "22":
                assert run.stopped == stops
                assert run.answer == "" or int(run.answer) > 22


def test_refusals_in_a_row_are_counted_anew_after_a_good_call() -> None:
    said = iter([{"item": "pn"}, {"item": "pen"}, {"item": "pn"}, {"item": "pad"}])
    policy = lambda _: agents.Call("x", "price", a) if (a := next(said, None)) else "22"  # noqa: E731
    run = agents.loop(policy, TOOLS, QUESTION, agents.Limits(tries=2))
    assert (run.stopped, len(run.prompts)) == ("answer", 5)


# Practice.


def test_a_schema_comes_from_the_signature() -> None:
    found = practice.schema(practice.price)
    assert found["name"] == "price"
    assert found["description"] == "Price of one item."
    assert found["inputSchema"] == {
        "type": "object",
        "properties": {"item": {"type": "string"}},
        "required": ["item"],
    }

    def other(n: int, share: float = 1.0) -> float:
        return n * share

    assert practice.schema(other)["inputSchema"]["required"] == ["n"]


def test_two_requests_of_the_protocol() -> None:
    def ask(method: str, key: str = "result", **params: object) -> dict[str, object]:
        line = json.dumps({"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
        answer = json.loads(practice.serve(line, [practice.price]))
        assert (answer["jsonrpc"], answer["id"]) == ("2.0", 7)
        assert set(answer) == {"jsonrpc", "id", key}
        return dict(answer[key])

    assert ask("tools/list")["tools"] == [practice.schema(practice.price)]
    good = ask("tools/call", name="price", arguments={"item": "pen"})
    assert good["content"] == [{"type": "text", "text": "3"}]
    assert good["isError"] is False
    bad = ask("tools/call", name="price", arguments={"item": "pn"})
    assert bad["isError"] is True
    # An unknown tool is an error of the protocol, which a model cannot mend: code and text of the specification.
    unknown = ask("tools/call", "error", name="cost", arguments={})
    assert unknown == {"code": -32602, "message": "Unknown tool: cost"}
