"""What a print says, as a tree, and its normal form: one text for all prints that say the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

OPEN = {"(": ")", "[": "]", r"\{": r"\}", r"\lfloor": r"\rfloor", r"\lceil": r"\rceil"}
OPEN |= {r"\lvert": r"\rvert", r"\lVert": r"\rVert"}


@dataclass(frozen=True)
class Node:
    r"""One part of a formula.

    Args:
        kind: what it is:
            `number`, `name`, `word`, `dots`;
            `sub`, `power`, `mark` (a star, a prime, \top, a label in brackets): base and script;
            `group`: brackets, `text` the opening one, `seps` what stands between the parts;
            `product`: factors, `seps` the signs between them, blank where none is printed;
            `sum`: terms, `seps` the sign of each; `chain`: sides, `seps` the relations;
            `fraction`, `root`, `apply` (a function and its bare argument);
            `big`: \sum or \prod (`text`), lower limit, upper limit, body;
            `matrix`, `cases`: `seps` the number of columns; rows one after the other.
        parts: the parts that it is made of.
        text: see above.
        seps: see above.
    """

    kind: str
    parts: tuple[Node, ...] = ()
    text: str = ""
    seps: tuple[str, ...] = ()

    def __str__(self) -> str:
        return normal(self)

    def walk(self) -> Iterator[Node]:
        """The node and all below it."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def paths(self) -> Iterator[tuple[tuple[int, ...], Node]]:
        """All nodes with the way that leads to each."""
        yield (), self
        for index, part in enumerate(self.parts):
            for path, node in part.paths():
                yield (index, *path), node

    def swapped(self, path: tuple[int, ...], new: Node) -> Node:
        """The tree with another node at the end of a way."""
        if not path:
            return new
        parts = list(self.parts)
        parts[path[0]] = parts[path[0]].swapped(path[1:], new)
        return replace(self, parts=tuple(parts))


EMPTY = Node("empty")


def normal(node: Node) -> str:
    """The normal form: TeX in one spelling, with brackets where the reading needs them."""
    return WRITERS.get(node.kind, _other)(node)


def _tight(node: Node) -> str:
    """A node as a base of a script or as one factor."""
    text = normal(node)
    loose = node.kind in {"sum", "product", "chain", "big", "apply"}
    return f"⟨{text}⟩" if loose else text


def _other(node: Node) -> str:
    return node.text


def _sum(node: Node) -> str:
    rows = [f"{sign} {_term(part)}" for sign, part in zip(node.seps, node.parts, strict=True)]
    text = " ".join(rows)
    return text.removeprefix("+ ") if text.startswith("+ ") else text


def _term(node: Node) -> str:
    return f"⟨{normal(node)}⟩" if node.kind in {"sum", "chain"} else normal(node)


def _product(node: Node) -> str:
    text = _factor(node.parts[0])
    for sign, part in zip(node.seps, node.parts[1:], strict=True):
        text += (f" {sign} " if sign else " ") + _factor(part)
    return text


def _factor(node: Node) -> str:
    return f"⟨{normal(node)}⟩" if node.kind in {"sum", "chain", "product"} else normal(node)


def _group(node: Node) -> str:
    text = "".join(
        normal(part) + (f" {sep} " if sep == "|" else f"{sep} " if sep else "")
        for part, sep in zip(node.parts, (*node.seps, ""), strict=True)
    )
    space = " " if node.text[-1].isalpha() and text[:1].isalpha() else ""
    return f"{node.text}{space}{text}{OPEN[node.text]}"


def _mark(node: Node) -> str:
    base = _tight(node.parts[0])
    return f"{base}{node.text}" if node.text in {"'", "!"} else f"{base}^{{{node.text}}}"


def _apply(node: Node) -> str:
    function, argument = node.parts
    if function.kind == "big":  # a maximum over something
        below = normal(function.parts[0])
        name = function.text + (f"_{{{below}}}" if below else "")
    else:
        name = _tight(function)
    return f"{name} {_factor(argument)}"


def _chain(node: Node) -> str:
    text = normal(node.parts[0])
    for sign, part in zip(node.seps, node.parts[1:], strict=True):
        text += f" {sign} {normal(part)}"
    return text


def _big(node: Node) -> str:
    low, high, body = node.parts
    limits = f"_{{{normal(low)}}}" if low.kind != "empty" else ""
    limits += f"^{{{normal(high)}}}" if high.kind != "empty" else ""
    return f"{node.text}{limits} {_factor(body)}"


def _rows(node: Node) -> str:
    columns = int(node.seps[0])
    cells = [normal(part) for part in node.parts]
    rows = [" & ".join(cells[i : i + columns]) for i in range(0, len(cells), columns)]
    return f"{node.kind}[" + r" \\ ".join(rows) + "]"


WRITERS: dict[str, Callable[[Node], str]] = {
    "operator": lambda node: rf"\operatorname{{{node.text}}}",
    "before": lambda node: f"{node.text}{normal(node.parts[0])}",
    "iff": lambda node: rf"{normal(node.parts[0])} \Longleftrightarrow {normal(node.parts[1])}",
    "expect": lambda node: rf"\mathbb{{E}}_{{{normal(node.parts[0])}}}{normal(node.parts[1])}",
    "empty": lambda node: "",
    "dots": lambda node: r"\dots",
    "word": lambda node: rf"\text{{{node.text}}}",
    "sub": lambda node: f"{_tight(node.parts[0])}_{{{normal(node.parts[1])}}}",
    "power": lambda node: f"{_tight(node.parts[0])}^{{{normal(node.parts[1])}}}",
    "mark": _mark,
    "label": lambda node: f"{_tight(node.parts[0])}^{{({normal(node.parts[1])})}}",
    "fraction": lambda node: rf"\frac{{{normal(node.parts[0])}}}{{{normal(node.parts[1])}}}",
    "root": lambda node: rf"\sqrt{{{normal(node.parts[0])}}}",
    "apply": _apply,
    "sum": _sum,
    "product": _product,
    "group": _group,
    "chain": _chain,
    "big": _big,
    "matrix": _rows,
    "cases": _rows,
}
