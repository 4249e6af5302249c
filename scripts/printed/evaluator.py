"""Evaluates a tree on bound values: strictly, and with the shapes that are printed."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from scripts.printed import slopes
from scripts.printed.lexer import Unreadable
from scripts.printed.reading import read
from scripts.printed.tree import Node, normal
from scripts.printed.values import By, Each, Finite, From, Scope, key, plain

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    r"\log": np.log,
    r"\ln": np.log,
    r"\exp": np.exp,
    r"\sin": np.sin,
    r"\cos": np.cos,
    r"\tan": np.tan,
    r"\tanh": np.tanh,
    r"\sinh": np.sinh,
    r"\cosh": np.cosh,
    r"\det": np.linalg.det,
}
ARGUMENTS = {r"\arg\max", r"\arg\min"}
EXTREMES: dict[str, Callable[[Any], Any]] = {r"\max": max, r"\min": min}
EXTREMES |= {r"\arg\max": max, r"\arg\min": min}
COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(np.all(a == b)),
    r"\neq": lambda a, b: bool(np.all(a != b)),
    r"\leq": lambda a, b: bool(np.all(a <= b)),
    r"\geq": lambda a, b: bool(np.all(a >= b)),
    "<": lambda a, b: bool(np.all(a < b)),
    ">": lambda a, b: bool(np.all(a > b)),
    r"\in": lambda a, b: a in b,
    r"\notin": lambda a, b: a not in b,
}


def evaluate(node: Node, scope: Scope) -> Any:
    """The value of a tree. Raises Unreadable where something is unbound or does not fit."""
    bound = scope.find(normal(node))
    if bound is not None:
        if isinstance(bound, Each):
            raise Unreadable(f"{node} is an index that nothing runs through here")
        return bound
    return EVALUATORS[node.kind](node, scope) if node.kind in EVALUATORS else unbound(node, scope)


def unbound(node: Node, scope: Scope) -> Any:
    """A name that nothing is bound to."""
    if node.kind == "name" and node.text == "e":
        return math.e
    if node.kind == "word":
        return node.text
    raise Unreadable(f"{node} is bound to nothing: name it in the test's bindings")


def number(node: Node, scope: Scope) -> Any:
    """A printed number."""
    return float(node.text) if "." in node.text else int(node.text)


def one(value: Any) -> Any:
    """A matrix of one number as that number."""
    return value.item() if isinstance(value, np.ndarray) and value.size == 1 else value


def total(node: Node, scope: Scope) -> Any:
    """A sum of terms; their shapes must be the same."""
    result: Any = None
    for sign, part in zip(node.seps, node.parts, strict=True):
        value = one(evaluate(part, scope))
        factor = {"+": 1, "-": -1}.get(sign)
        if factor is None:
            factor = scope.find(sign)
            if factor is None:
                raise Unreadable(f"{sign} has two readings: bind it to 1 or -1")
        if result is not None and np.shape(result) != np.shape(value):
            raise Unreadable(f"{node} adds shapes {np.shape(result)} and {np.shape(value)}")
        result = factor * value if result is None else result + factor * value
    return result


def times(a: Any, b: Any, sign: str, node: Node) -> Any:
    """Two factors: matrices multiply as such, numbers scale."""
    a, b = one(a), one(b)
    if callable(a) or callable(b) or isinstance(a, Finite) or isinstance(b, Finite):
        raise Unreadable(f"{node} multiplies a function: call it, or bind the whole")
    if sign == "/":
        if np.ndim(b):
            raise Unreadable(f"{node} divides by an array of shape {np.shape(b)}")
        return a / b
    if sign == r"\odot":
        if np.shape(a) != np.shape(b) and np.ndim(a) and np.ndim(b):
            raise Unreadable(f"{node} multiplies shapes {np.shape(a)} and {np.shape(b)} one by one")
        return a * b
    if np.ndim(a) and np.ndim(b):
        if np.ndim(a) != 2 or np.ndim(b) != 2 or np.shape(a)[1] != np.shape(b)[0]:
            raise Unreadable(
                f"{node} multiplies shapes {np.shape(a)} and {np.shape(b)}: bind vectors as rows or columns"
            )
        return one(a @ b)
    return a * b


def product(node: Node, scope: Scope) -> Any:
    """A product; a function followed by brackets is called, a derivative takes the rest."""
    result: Any = None
    sign, at = "", 0
    while at < len(node.parts):
        value, after = taken(node, at, scope)
        result = value if result is None else times(result, value, sign, node)
        sign = node.seps[after - 1] if after < len(node.parts) else ""
        at = after
    return result


def taken(node: Node, at: int, scope: Scope) -> tuple[Any, int]:
    """The value of the factor at a place with all that it takes, and where the next one begins."""
    end = at + 1
    while end < len(node.parts) and node.seps[end - 1] == "":
        end += 1
    for stop in range(end, at + 1, -1):  # the longest part that is bound as a whole
        if stop - at > 1 and (stop - at) < len(node.parts):
            run = Node("product", node.parts[at:stop], "", node.seps[at : stop - 1])
            bound = scope.find(normal(run))
            if bound is not None:
                return bound, stop
    first = node.parts[at]
    variable = derived_by(first, scope)
    if variable is not None and at + 1 < len(node.parts):
        rest = node.parts[at + 1 :]
        body = rest[0] if len(rest) == 1 else Node("product", rest, "", node.seps[at + 1 :])
        return derivative(body, variable, scope), len(node.parts)
    if at + 1 < len(node.parts) and node.seps[at] == "":
        base = node.parts[at + 1]
        wraps = []
        while base.kind in {"power", "sub", "mark", "label"}:
            wraps.append(base)
            base = base.parts[0]
        if base.kind == "group" and base.text in {"(", "["}:
            called = call(first, base, scope)
            if called is not None:
                for wrap in reversed(wraps):
                    inner = scope.with_({"⟨value⟩": called[0]})
                    swapped = Node(
                        wrap.kind, (Node("name", (), "⟨value⟩"), *wrap.parts[1:]), wrap.text
                    )
                    called = (evaluate(swapped, inner),)
                return called[0], at + 2
    return evaluate(first, scope), at + 1


def derived_by(sign: Node, scope: Scope) -> Node | None:
    """The name by which a sign such as ∂/∂a or ∇ asks to derive; None if it does not."""
    bound = scope.values.get(normal(sign))
    if isinstance(bound, By):
        scope.used.add(normal(sign))
        return read(bound.name)
    return slopes.variable(sign) if bound is None else None


def derivative(body: Node, variable: Node, scope: Scope) -> Any:
    """The slope of what is printed by a name, where the name is."""
    name = normal(variable)
    return slopes.slope(
        lambda x: one(evaluate(body, scope.with_({name: x}))), evaluate(variable, scope)
    )


def call(function: Node, group: Node, scope: Scope) -> tuple[Any] | None:
    """The value of a call; None if the name is no function, so that brackets are a factor."""
    whole = scope.find(normal(Node("product", (function, group), "", ("",))))
    if whole is not None:
        return (whole,)
    dots = tuple(Node("name", (), r"\cdot") for _ in group.parts)
    pattern = Node("product", (function, Node("group", dots, group.text, group.seps)), "", ("",))
    value = scope.find(normal(pattern))
    if value is None:
        if function.kind == "power" and callable(scope.find(normal(function.parts[0]))):
            raise Unreadable(f"{function}{group} has two readings: write the power behind the call")
        if function.kind in {"number", "group", "fraction", "root", "apply", "big", "power"}:
            return None
        value = evaluate(function, scope)
    if isinstance(value, Finite):
        return (moment(value, group.parts, scope),)
    if not callable(value):
        return None
    return (plain(value(*arguments(group, scope))),)


def arguments(group: Node, scope: Scope) -> list[Any]:
    """The values between the brackets of a call; dots are what they stand for."""
    values: list[Any] = []
    parts = list(group.parts)
    for index, part in enumerate(parts):
        if part.kind == "dots":
            first, last = parts[index - 1], parts[index + 1]
            values += listed(first, last, scope)
        elif "dots" not in (other.kind for other in parts[max(index - 1, 0) : index + 2]):
            value = evaluate(part, scope)
            values += list(value) if isinstance(value, tuple) else [value]
    return values


def listed(first: Node, last: Node, scope: Scope) -> list[Any]:
    """What dots stand for, with both ends: whole numbers, or elements of one thing."""
    if first.kind == last.kind == "sub" or first.kind == last.kind == "label":
        if first.parts[0] != last.parts[0]:
            raise Unreadable(f"{first} and {last} are elements of two things: no dots between them")
        low, high = (whole(evaluate(part.parts[1], scope), part) for part in (first, last))
        return [element(first.parts[0], [i], scope) for i in range(low, high + 1)]
    low, high = (whole(evaluate(part, scope), part) for part in (first, last))
    return list(range(low, high + 1))


def sub(node: Node, scope: Scope) -> Any:
    """An element: indices count from one, unless the binding says from where."""
    base, index = node.parts
    if index.kind == "before":
        values = evaluate(base, scope)
        limit = evaluate(index.parts[0], scope)
        return tuple(values[: limit - 1 if index.text == "<" else limit])
    several = index.kind == "product" and all(
        part.kind == "name" and not sign
        for part, sign in zip(index.parts, ("", *index.seps), strict=True)
    )
    parts = index.parts if several or index.kind == "group" else (index,)
    return element(base, [evaluate(part, scope) for part in parts], scope)


def element(base: Node, indices: Sequence[Any], scope: Scope) -> Any:
    """An element of what a name is bound to."""
    values = evaluate(base, scope)
    for index in indices:
        if isinstance(values, Mapping):
            if index not in values:
                raise Unreadable(f"{base} has no {index!r}")
            values = values[index]
            continue
        start = values.start if isinstance(values, From) else 1
        values = values.values if isinstance(values, From) else values
        if isinstance(index, bool) or not isinstance(index, int | np.integer):
            raise Unreadable(f"{base} is given the index {index!r}, which is no whole number")
        if callable(values) or (not np.ndim(values) and not isinstance(values, list | tuple)):
            raise Unreadable(f"{base} has no elements, but an index")
        if not 0 <= index - start < len(values):
            raise Unreadable(f"{base} has no element {index}")
        values = values[index - start]
    return values


def power(node: Node, scope: Scope) -> Any:
    """A power; of a square matrix a whole one or the square root."""
    base, exponent = (one(evaluate(part, scope)) for part in node.parts)
    if np.ndim(exponent):
        raise Unreadable(f"{node} has an exponent of shape {np.shape(exponent)}")
    if np.ndim(base) == 2:
        if isinstance(exponent, int | np.integer):
            return np.linalg.matrix_power(base, int(exponent))
        if exponent == 0.5 and np.allclose(base, base.T):
            values, vectors = np.linalg.eigh(base)
            return vectors @ np.diag(np.sqrt(values)) @ vectors.T
        raise Unreadable(f"{node} is no power of a matrix that is read: whole ones and 1/2 are")
    if isinstance(base, int) and isinstance(exponent, int):
        return float(base) ** exponent if exponent < 0 else base**exponent
    return base**exponent


def fraction(node: Node, scope: Scope) -> Any:
    """A quotient; of two differentials a derivative."""
    derived = slopes.quotient(node)
    if derived is not None and scope.find(normal(node.parts[0])) is None:
        return derivative(*derived, scope)
    above, below = (evaluate(part, scope) for part in node.parts)
    return times(above, below, "/", node)


def mark(node: Node, scope: Scope) -> Any:
    r"""A transpose or a factorial; every other mark belongs to a name, which must be bound with it."""
    if node.text == r"\top":
        value = evaluate(node.parts[0], scope)
        if np.ndim(value) != 2:
            raise Unreadable(f"{node} transposes shape {np.shape(value)}: bind a row or a column")
        return value.T
    if node.text == "!":
        return math.factorial(evaluate(node.parts[0], scope))
    return unbound(node, scope)


def label(node: Node, scope: Scope) -> Any:
    """One of several things that a label in brackets counts."""
    return element(node.parts[0], [evaluate(node.parts[1], scope)], scope)


def group(node: Node, scope: Scope) -> Any:
    """Brackets: of a value, of a claim (one if it holds), of a list."""
    first = node.parts[0]
    if node.text == r"\{" and node.seps == (":",):  # the values for which a claim holds
        name, values = domain(first, scope)
        inner = [scope.with_({normal(name): value}) for value in values]
        return [evaluate(first, s) for s in inner if truth(node.parts[1], s)]
    if node.text == "[" and first.kind == "chain":
        return int(truth(first, scope))
    if len(node.parts) > 1:
        if node.text == "[":
            return np.hstack(arguments(node, scope))
        return tuple(arguments(node, scope))
    value = one(evaluate(first, scope))
    if node.text == r"\lVert":
        return float(np.linalg.norm(np.asarray(value)))
    if node.text == r"\lvert":
        return abs(value)
    if node.text == r"\lfloor":
        return math.floor(value)
    return math.ceil(value) if node.text == r"\lceil" else value


def truth(node: Node, scope: Scope) -> bool:
    """Whether a claim holds exactly, as a condition."""
    if node.kind == "word":
        value = scope.find(normal(node))
        if value is None:
            raise Unreadable(f"the condition {node} is bound to nothing: bind it to True or False")
        return bool(value)
    if node.kind != "chain":
        raise Unreadable(f"{node} is no condition")
    values = [evaluate(part, scope) for part in node.parts]
    for sign, a, b in zip(node.seps, values, values[1:], strict=False):
        if sign not in COMPARED:
            raise Unreadable(f"'{sign}' in {node} is no condition")
        if not COMPARED[sign](a, b):
            return False
    return True


def running(low: Node, high: Node, scope: Scope) -> Iterator[Scope]:
    """The scopes of a sum: one for each value of its index."""
    condition = low if low.kind == "chain" else None
    name = low.parts[0] if condition else low
    if condition and condition.seps == ("=",):
        first, last = (whole(evaluate(part, scope), part) for part in (low.parts[1], high))
        down = high.kind == "number" != low.parts[1].kind and last < first
        if last < first - 1 and not down and low.parts[1].kind != "number":
            raise Unreadable(
                f"{low} to {high} runs from {first} to {last}: empty, or downwards? "
                "Let it run upwards, or down to a number"
            )
        values: Sequence[Any] = range(first, last - 1, -1) if down else range(first, last + 1)
        condition = None
    elif condition and condition.seps == (r"\in",):
        values, condition = evaluate(low.parts[1], scope), None
    else:
        name, values = domain(name, scope)
    for value in values:
        inner = scope.with_({normal(name): value})
        if name.kind == "group":  # several at once
            named = zip(map(normal, name.parts), value, strict=True)
            inner = inner.with_(dict(named))
        if condition is None or truth(condition, inner):
            yield inner


def domain(side: Node, scope: Scope) -> tuple[Node, Sequence[Any]]:
    """The index in what stands below a sum, and what it is said to run through."""
    for name in side.walk():
        values = scope.values.get(f"∈{normal(name)}", scope.values.get(normal(name)))
        if isinstance(values, Each):
            scope.used.add(normal(name))
            return name, values.values
    raise Unreadable(f"nothing says what {side} runs through: bind it to Each(…)")


def whole(value: Any, node: Node) -> int:
    """A limit of a sum."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int | np.integer):
        raise Unreadable(f"the limit {node} is {value!r}, no whole number")
    return int(value)


def big(node: Node, scope: Scope) -> Any:
    """A sum, a product, or the largest or smallest value over an index."""
    low, high, body = node.parts
    if node.text not in {r"\sum", r"\prod"}:
        raise Unreadable(f"{node.text} is not evaluated: bind {node} as a whole")
    values = [one(evaluate(body, inner)) for inner in running(low, high, scope)]
    if node.text == r"\sum":
        return sum(values[1:], start=values[0]) if values else 0
    return functools.reduce(lambda a, b: times(a, b, "", node), values, 1)


def applied(node: Node, scope: Scope) -> Any:
    """A function and its argument."""
    function, argument = node.parts
    if function.kind == "big":
        low, high, _ = function.parts
        if function.text not in EXTREMES or (function.text in ARGUMENTS and low.kind != "name"):
            raise Unreadable(f"{function.text} is not evaluated: bind {node} as a whole")
        best = EXTREMES[function.text]
        if low.kind == "empty":
            return best(evaluate(argument, scope))
        scopes = list(running(low, high, scope))
        values = [one(evaluate(argument, inner)) for inner in scopes]
        if function.text in ARGUMENTS:
            return scopes[values.index(best(values))].values[normal(low)]
        return best(values)
    if function.text in EXTREMES:
        return EXTREMES[function.text](arguments(argument, scope))
    bound = scope.find(normal(function))
    value = one(evaluate(argument, scope))
    if bound is not None and callable(bound):
        return plain(bound(value))
    if bound is not None and function.kind == "operator":
        return times(bound, value, "", node)
    if function.kind == "sub" and function.parts[0].text == r"\log":
        return np.log(value) / np.log(one(evaluate(function.parts[1], scope)))
    if function.text not in FUNCTIONS:
        raise Unreadable(f"{function} is bound to nothing: name it in the test's bindings")
    if function.text != r"\det" and np.ndim(value) > 1 and min(np.shape(value)) > 1:
        raise Unreadable(f"{node} is a function of a matrix")
    return FUNCTIONS[function.text](value)


def expect(node: Node, scope: Scope) -> Any:
    """An expectation over a finite set."""
    low, body = node.parts
    named = scope.find(rf"\mathbb{{E}}_{{{normal(low)}}}") if low.kind != "empty" else None
    over = named if named is not None else scope.find(r"\mathbb{E}")
    if isinstance(over, Finite):
        return moment(over, body.parts, scope)
    if low.kind == "chain" and low.seps == (r"\sim",):
        name, law = low.parts
        scopes = list(running(name, Node("empty"), scope))
        brackets = Node("group", (name,), "(")
        weights = [evaluate(Node("product", (law, brackets), "", ("",)), s) for s in scopes]
        values = [one(evaluate(body, s)) for s in scopes]
        return sum((w * v for w, v in zip(weights, values, strict=True)), start=0 * values[0])
    raise Unreadable(f"nothing says over what {node} is taken: bind \\mathbb{{E}} to Finite(…)")


def moment(over: Finite, body: Sequence[Node], scope: Scope) -> Any:
    """The mean or variance of a body over a finite distribution."""
    names = [key(name) for name in over.values]
    rows = list(zip(*over.values.values(), strict=True))
    weights = over.weights if over.weights is not None else [1 / len(rows)] * len(rows)
    if len(body) != 1:
        raise Unreadable("a moment is taken of one thing")
    values = [
        one(evaluate(body[0], scope.with_(dict(zip(names, row, strict=True))))) for row in rows
    ]
    mean = sum(w * v for w, v in zip(weights, values, strict=True))
    if over.moment == "mean":
        return mean
    return sum(w * (v - mean) ** 2 for w, v in zip(weights, values, strict=True))


def table(node: Node, scope: Scope) -> Any:
    """A matrix of blocks."""
    columns = int(node.seps[0])
    cells = [np.atleast_2d(evaluate(part, scope)) for part in node.parts]
    return np.block([cells[i : i + columns] for i in range(0, len(cells), columns)])


def cases(node: Node, scope: Scope) -> Any:
    """The value of the first case that holds."""
    for value, condition in zip(node.parts[::2], node.parts[1::2], strict=True):
        if condition.text in {"otherwise", "else"} or truth(condition, scope):
            return evaluate(value, scope)
    raise Unreadable(f"no case of {node} holds")


EVALUATORS: dict[str, Callable[[Node, Scope], Any]] = {
    "number": number,
    "sum": total,
    "product": product,
    "sub": sub,
    "power": power,
    "mark": mark,
    "label": label,
    "group": group,
    "fraction": fraction,
    "root": lambda node, scope: np.sqrt(one(evaluate(node.parts[0], scope))),
    "big": big,
    "apply": applied,
    "expect": expect,
    "matrix": table,
    "cases": cases,
}
