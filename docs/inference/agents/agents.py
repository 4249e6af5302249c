"""An agent: a policy that calls tools in a loop, with stop rules, memory, and an account of tokens.

The policy is made, with known error rates, so that every number can be computed; the tools are real.
Run as a program it prints the page's example and its tokens.
"""

import ast
import json
import operator
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

PRICES = {"pen": 3, "pad": 5, "gem": 100}
ORDER = (("pen", 4), ("pad", 2))
OPERATORS: dict[type, Callable[[int, int], int]] = {ast.Add: operator.add, ast.Mult: operator.mul}


@dataclass(frozen=True)
class Call:
    """What the model writes to have a tool run; the id links it to its result."""

    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Message:
    """One entry of the history: user, assistant (a call or a text), tool (a result) or notes."""

    role: str
    text: str
    call: Call | None = None

    @property
    def error(self) -> bool:
        """Whether a tool, or the check of the answer, has refused."""
        return self.text.startswith("error")


@dataclass(frozen=True)
class Tool:
    """A function with the schema by which the model knows it."""

    name: str
    description: str
    parameters: Mapping[str, str]  # each with its type
    run: Callable[..., Any]


# --8<-- [start:tools]
def price(prices: Mapping[str, Any]) -> Tool:
    """Look one item up in a table."""
    return Tool("price", "price of one item", {"item": "string"}, lambda item: prices[item])


def calculator() -> Tool:
    """Sums and products of whole numbers, and nothing else: no eval."""

    def value(node: ast.expr) -> int:
        if isinstance(node, ast.BinOp):
            return OPERATORS[type(node.op)](value(node.left), value(node.right))
        return int(ast.literal_eval(node))

    parameters = {"expression": "string"}
    run = lambda expression: value(ast.parse(expression, mode="eval").body)  # noqa: E731
    return Tool("calculate", "sums and products", parameters, run)


def result(call: Call, tools: Sequence[Tool]) -> Message:
    """Run a call: what the tool gives, or an error in words that the model can read."""
    try:
        tool = {tool.name: tool for tool in tools}[call.name]
        text = str(tool.run(**call.arguments))
    except (KeyError, TypeError, ValueError, SyntaxError) as error:
        text = f"error: {type(error).__name__} {error}"
    return Message("tool", text, call)
    # --8<-- [end:tools]


# --8<-- [start:template]
def render(tools: Iterable[Tool], history: Iterable[Message]) -> str:
    """What the model reads: schemas, messages and results, all as one text with marks of roles."""
    schemas = [{"name": t.name, "does": t.description, "takes": dict(t.parameters)} for t in tools]
    parts = [f"<|system|> tools: {json.dumps(schemas)}"]
    for m in history:
        written = m.text
        if m.call and m.role == "assistant":
            written = json.dumps({"name": m.call.name, "arguments": dict(m.call.arguments)})
        parts.append(f"<|{m.role}|> {written}")
    return " ".join([*parts, "<|assistant|>"])


def tokens(text: str) -> list[str]:
    """A made tokenizer: marks of roles, words and numbers, single signs."""
    return re.findall(r"<\|\w+\|>|\w+|[^\w\s]", text)
    # --8<-- [end:template]


Policy = Callable[[Sequence[Message]], "Call | str"]


def task(order: Sequence[tuple[str, int]]) -> str:
    """The question of the user."""
    return f"What do {' and '.join(f'{count} {item}' for item, count in order)} cost?"


def facts(history: Sequence[Message]) -> dict[str, str]:
    """What the results in a history say, each under the id of its call."""
    found = [m for m in history if m.role == "tool" and not m.error]
    return {m.call.id: m.text.split()[0] for m in found if m.call}


def flawless(order: Sequence[tuple[str, int]]) -> Policy:
    """Look up what is missing in the history, calculate, answer."""

    def policy(history: Sequence[Message]) -> Call | str:
        known = facts(history)
        for note in (n for m in history if m.role == "notes" for n in m.text.split("; ")):
            known |= dict([note.split(" = ")])
        for item, _ in order:
            if item not in known:
                return Call(item, "price", {"item": item})
        if "sum" not in known:
            terms = [f"{count} * {known[item]}" for item, count in order]
            return Call("sum", "calculate", {"expression": " + ".join(terms)})
        return known["sum"]

    return policy


# --8<-- [start:policy]
def clumsy(right: Policy, p: float, d: float, generator: random.Random) -> Policy:
    """With 1 - p it errs: a share d of its errors is refused by a tool, the rest is plausible and wrong."""

    def policy(history: Sequence[Message]) -> Call | str:
        action = right(history)
        if generator.random() < p:
            return action
        refused = generator.random() < d
        if isinstance(action, str):
            return "a lot" if refused else str(int(action) + 1)
        if action.name == "price":
            return Call(action.id, "price", {"item": "pn" if refused else "gem"})
        sum_ = action.arguments["expression"]
        return Call(action.id, "calculate", {"expression": sum_ + (" +" if refused else " + 1")})

    return policy
    # --8<-- [end:policy]


@dataclass(frozen=True)
class Limits:
    """Stop rules and memory; as given, one refusal ends the run, and nothing is forgotten."""

    calls: int = 1000  # budget
    tries: int = 1  # refused calls in a row that end the run
    same: int = 1000  # equal calls that end the run
    window: int = 1000  # results that stay in the history
    notes: bool = False  # results are also written into a store
    confirm: tuple[str, ...] = ()  # tools that a person is asked about
    person: Callable[[Call], bool] = lambda _: False


@dataclass
class Run:
    """How a run ended, and what the model read at each call."""

    answer: str = ""
    stopped: str = ""
    prompts: list[list[Message]] = field(default_factory=list)


def remembered(history: Sequence[Message], limits: Limits) -> list[Message]:
    """The question, a summary of what is older than the window, the last calls with their results, the notes."""
    later = history[1:]
    kept, dropped = later[-2 * limits.window :], later[: -2 * limits.window]
    if dropped:
        kept = [Message("summary", f"{len(dropped) // 2} earlier calls"), *kept]
    if limits.notes and (known := facts(history)):
        kept = [*kept, Message("notes", "; ".join(f"{k} = {v}" for k, v in known.items()))]
    return [history[0], *kept]


def loop(policy: Policy, tools: Sequence[Tool], question: str, limits: Limits = Limits()) -> Run:
    """Ask the model, run what it calls, append both, until it answers or a rule stops it. Source: yao2023react."""
    history, run, refused = [Message("user", question)], Run(), 0
    made: list[Call] = []
    while len(run.prompts) < limits.calls:
        # --8<-- [start:loop]
        run.prompts.append(remembered(history, limits))
        action = policy(run.prompts[-1])
        if isinstance(action, str):
            if action.isdigit():  # the check of the answer
                run.answer, run.stopped = action, "answer"
                return run
            seen = Message("tool", "error: the answer must be a number")
            written = Message("assistant", action)
        else:
            made.append(action)
            if made.count(action) >= limits.same:
                run.stopped = "same call"
                return run
            written = Message("assistant", "", action)
            allowed = action.name not in limits.confirm or limits.person(action)
            seen = result(action, tools) if allowed else Message("tool", "error: refused", action)
        history += [written, seen]
        # --8<-- [end:loop]
        refused = refused + 1 if seen.error else 0
        if refused >= limits.tries:
            run.stopped = "refused"
            return run
    run.stopped = "budget"
    return run


# --8<-- [start:account]
def account(run: Run, tools: Sequence[Tool]) -> tuple[int, int]:
    """Tokens that are read in all calls, and those of them that no cache of the last prompt holds."""
    read, new, before = 0, 0, list[str]()
    for prompt in run.prompts:
        now = tokens(render(tools, prompt))
        pairs = zip(before, now, strict=False)
        same = len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
        read, new, before = read + len(now), new + len(now) - same, now
    return read, new
    # --8<-- [end:account]


def main() -> None:
    """The example as the model reads it, with its tokens counted call by call, and counted in sum."""
    tools = [price(PRICES), calculator()]
    run = loop(flawless(ORDER), tools, task(ORDER))
    print(render(tools, run.prompts[-1]), run.answer)
    print("tokens a call:", [len(tokens(render(tools, prompt))) for prompt in run.prompts])
    print("read, and new for a cache:", account(run, tools))


if __name__ == "__main__":
    main()
