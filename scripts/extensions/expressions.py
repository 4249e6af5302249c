"""Short expressions as an author writes them in an answer: `2^10`, `13/8`, `(1 - exp(-x))/2`.

They are read as Python's own grammar reads them, and nothing but sums, products, powers, a few functions and
named numbers has a value. docs/assets/answer-values.mjs reads the same, and more, in the browser.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping

FUNCTIONS: dict[str, Callable[[float], float]] = {
    **{name: getattr(math, name) for name in "sqrt exp log log2 log10 sin cos tan tanh".split()},
    "ln": math.log,
    "abs": abs,
}
CONSTANTS = {"pi": math.pi, "e": math.e, "inf": math.inf}
BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: math.pow,
}


def evaluate(text: str, names: Mapping[str, float] | None = None) -> float:
    """The value of an expression; ValueError if it has none."""
    try:
        tree = ast.parse(text.strip().replace("^", "**"), mode="eval")
        return float(_value(tree.body, {**CONSTANTS, **(names or {})}))
    except (SyntaxError, ArithmeticError, RecursionError, MemoryError) as error:
        raise ValueError(f"{text!r} has no value") from error


def _value(node: ast.expr, names: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float(number)
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, names)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in BINARY:
            return BINARY[type(op)](_value(left, names), _value(right, names))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
            return FUNCTIONS[name](_value(argument, names))
    raise ValueError(f"{ast.unparse(node)!r} has no value")
