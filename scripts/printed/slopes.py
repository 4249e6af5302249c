"""Derivatives of what is printed, by differences of fourth order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scripts.printed.tree import Node

STEP = 1e-3


def variable(node: Node) -> Node | None:
    """The name by which a sign such as ∂/∂a or ∇_a asks to derive; None if it does not."""
    if node.kind == "sub" and node.parts[0].text == r"\nabla":
        return node.parts[1]
    if node.kind != "fraction":
        return None
    above, below = node.parts
    if above.text not in {r"\partial", "d"} or below.kind not in {"product", "apply"}:
        return None
    return below.parts[1] if len(below.parts) == 2 and below.parts[0].text == above.text else None


def quotient(node: Node) -> tuple[Node, Node] | None:
    """What a quotient such as dx/dt derives, and by which name; None if it derives nothing."""
    above, below = node.parts
    if not {above.kind, below.kind} <= {"product", "apply"} or len(below.parts) > 2:
        return None
    sign = below.parts[0]
    if sign.text not in {r"\partial", "d"} or above.parts[0] != sign or any(above.seps):
        return None
    rest = above.parts[1:]
    body = rest[0] if len(rest) == 1 else Node("product", rest, "", above.seps[1:])
    return body, below.parts[1]


def slope(value: Callable[[Any], Any], at: Any) -> Any:
    """The derivative of a function of a number, or the gradient, in the shape of the array `at`."""
    if not np.ndim(at):
        return difference(lambda step: value(at + step))
    at = np.asarray(at, dtype=float)
    result = np.empty_like(at)
    for place in np.ndindex(at.shape):
        unit = np.zeros_like(at)
        unit[place] = 1.0
        result[place] = difference(lambda step, unit=unit: value(at + step * unit))  # type: ignore[misc]
    return result


def difference(value: Callable[[float], Any]) -> Any:
    """The derivative at zero."""
    there = {k: value(k * STEP) for k in (-2, -1, 1, 2)}
    return (8 * (there[1] - there[-1]) - (there[2] - there[-2])) / (12 * STEP)
