"""Small changes of a print, each of which must turn its test red: signs, terms, factors, indices, exponents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scripts.printed.claims import Binding, Printed
from scripts.printed.parsing import FUNCTIONS
from scripts.printed.tree import Node, normal

FLIPPED = {"+": "-", "-": "+", r"\pm": r"\mp", r"\mp": r"\pm"}
TURNED = {r"\leq": r"\geq", r"\geq": r"\leq", "<": ">", ">": "<"}
EXCHANGED = {r"\sin": r"\cos", r"\cos": r"\sin", r"\max": r"\min", r"\min": r"\max"}
ORDERED = {(r"\|",), ("|",)}  # of a divergence and of a conditional: what stands on its two sides
EXCHANGED |= {r"\arg\max": r"\arg\min", r"\arg\min": r"\arg\max"}
EXCHANGED |= {r"\sum": r"\prod", r"\prod": r"\sum"}
UP_TO = {"<": r"\leq", r"\leq": "<", ">": r"\geq", r"\geq": ">", r"\neq": r"\leq"}


def mutants(node: Node) -> Iterator[Node]:
    """Every tree that differs from a statement in one small thing."""
    seen = {normal(node)}
    for path, part in node.paths():
        for changed in changes(part):
            mutant = node.swapped(path, changed)
            text = normal(mutant)
            if text not in seen:
                seen.add(text)
                yield mutant


def changes(node: Node) -> Iterator[Node]:
    """What one part could have been by a slip."""
    if node.kind == "sum":
        for index, sign in enumerate(node.seps):
            seps = (*node.seps[:index], FLIPPED[sign], *node.seps[index + 1 :])
            yield replace(node, seps=seps)
        for index in range(len(node.parts) if len(node.parts) > 1 else 0):
            rest = node.parts[:index] + node.parts[index + 1 :]
            signs = node.seps[:index] + node.seps[index + 1 :]
            yield rest[0] if signs == ("+",) else replace(node, parts=rest, seps=signs)
    elif node.kind == "before":
        yield replace(node, text=UP_TO[node.text])
    elif node.kind == "chain":
        for index, sign in enumerate(node.seps):
            if sign in TURNED:
                yield replace(
                    node, seps=(*node.seps[:index], TURNED[sign], *node.seps[index + 1 :])
                )
    elif node.kind == "number":
        value = float(node.text) * 1.1 if "." in node.text else int(node.text) + 1
        yield replace(node, text=str(value))
    elif node.kind == "product":
        yield from factors(node)
    elif (node.kind == "group" and node.seps in ORDERED) or node.kind == "fraction":
        yield replace(node, parts=node.parts[::-1])
    elif node.kind in {"root", "power"} or (node.kind == "mark" and node.text == r"\top"):
        yield node.parts[0]
    elif node.kind == "sub":
        yield from indices(node)
    elif node.kind == "apply":
        function, argument = node.parts
        if function.text in EXCHANGED:
            other = replace(function, text=EXCHANGED[function.text])
            yield replace(node, parts=(other, argument))
        if function.text in FUNCTIONS:
            yield argument
    elif (
        node.kind == "big"
        and node.text in EXCHANGED
        and node.parts[2].text not in {r"\max", r"\min"}
    ):
        yield replace(node, text=EXCHANGED[node.text])


def factors(node: Node) -> Iterator[Node]:
    """A product without one of its factors, and with a division that is none."""
    parts, seps = node.parts, node.seps
    for index, part in enumerate(parts):
        called = index + 1 < len(parts) and seps[index] == "" and parts[index + 1].kind != "number"
        base = parts[index + 1] if called else part
        while base.kind in {"power", "sub", "mark", "label"}:
            base = base.parts[0]
        if (
            called
            and base.kind == "group"
            and part.kind not in {"number", "fraction", "power", "root"}
        ):
            continue  # the name of a function
        before = index > 0 and seps[index - 1] == "" and part.kind == "group"
        if before and parts[index - 1].kind in {"name", "sub", "operator", "mark", "label"}:
            continue  # its brackets
        rest = parts[:index] + parts[index + 1 :]
        signs = seps[:index] + seps[index + 1 :] if index < len(seps) else seps[:-1]
        if index == 0 and seps and seps[0] == "/":
            continue
        yield rest[0] if len(rest) == 1 else replace(node, parts=rest, seps=signs)
    for index, sign in enumerate(seps):
        if sign == "/":
            yield replace(node, seps=(*seps[:index], r"\cdot", *seps[index + 1 :]))


def indices(node: Node) -> Iterator[Node]:
    """An element with another index."""
    base, index = node.parts
    pair = len(index.parts) == 2 and (
        index.kind == "group"
        or (index.kind == "product" and not {"number", "group"} & {p.kind for p in index.parts})
    )
    if pair and index.parts[0] != index.parts[1]:
        yield replace(node, parts=(base, replace(index, parts=index.parts[::-1])))
    elif index.kind == "name" and len(index.text) == 1:
        one = Node("number", (), "1")
        yield replace(node, parts=(base, Node("sum", (index, one), "", ("+", "+"))))


def survivors(printed: Printed) -> tuple[int, list[str]]:
    """How many changed prints there are, and those that every binding of the equation lets pass."""
    count, passed = 0, []
    about: dict[int, list[Binding]] = {}
    nodes: dict[int, Node] = {}
    for binding in printed.bindings:
        for index, node in printed.meant(binding):
            about.setdefault(index, []).append(binding)
            nodes[index] = node
    for index, node in nodes.items():
        for mutant in mutants(node):
            count += 1
            if all(alive(printed, binding, index, mutant) for binding in about[index]):
                passed.append(normal(mutant))
    return count, passed


def alive(printed: Printed, binding: Binding, index: int, mutant: Node) -> bool:
    """Whether a binding lets a changed statement pass, in company of the other statements."""
    found = [(i, mutant if i == index else node) for i, node in printed.meant(binding)]
    return printed.survives(binding, found)
