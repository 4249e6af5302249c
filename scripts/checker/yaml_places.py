"""Where the settings of a project stand in its files, as the YAML parser read them.

A file may inherit from another one; what is asked for is looked up in the nearest that says it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yaml.nodes import Node


@dataclass(frozen=True, slots=True)
class Place:
    """A value of a file, with its line and column counted from 1."""

    file: Path
    line: int
    column: int
    value: str


def compose(text: str, loader: Any) -> Node | None:
    """The tree of a YAML text; None if it has none."""
    import yaml

    try:
        return yaml.compose(text, Loader=loader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def at(node: Node, file: Path) -> Place:
    """The place of a node."""
    mark = node.start_mark
    value = node.value if isinstance(node.value, str) else ""
    return Place(file, mark.line + 1, mark.column + 1, value)


def pairs(node: Node | None) -> Iterator[tuple[Node, Node]]:
    """The keys and values of a mapping, or of the mappings in a list, as of `plugins`."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        yield from node.value
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            if isinstance(item, yaml.MappingNode):
                yield from item.value


def leaves(node: Node | None) -> Iterator[Node]:
    """The values of a tree of lists and mappings, in their order."""
    import yaml

    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from leaves(item)
    elif isinstance(node, yaml.MappingNode):
        for _, value in node.value:
            yield from leaves(value)


def below(node: Node | None, *names: str) -> Node | None:
    """What a tree says under names, one below the other; a name may lack the prefix that it has in the file."""
    for name in names:
        node = next(
            (value for key, value in pairs(node) if str(key.value).rsplit("/", 1)[-1] == name), None
        )
    return node


class Places:
    """The places of a project's settings."""

    def __init__(self, sources: Sequence[tuple[Path, str]], loader: Any) -> None:
        self.trees = [(file, compose(text, loader)) for file, text in sources]

    def values(self, *names: str) -> list[Place]:
        """The values below names, of the nearest file that has them."""
        for file, tree in self.trees:
            node = below(tree, *names)
            if node is not None:
                return [at(leaf, file) for leaf in leaves(node)]
        return []

    def item(self, name: str, *names: str) -> Place | None:
        """Where a list or mapping below names has an entry, with options or without."""
        for file, tree in self.trees:
            node = below(tree, *names)
            keys = [key for key, _ in pairs(node)]
            for entry in (*keys, *leaves(node)):
                if str(entry.value).removeprefix("markdown.extensions.") == name:
                    return at(entry, file)
        return None

    def mapping(self, *names: str) -> dict[str, tuple[Place, Place]]:
        """The places of the keys below names, and of their values."""
        found: dict[str, tuple[Place, Place]] = {}
        for file, tree in self.trees:
            for key, value in pairs(below(tree, *names)):
                found.setdefault(str(key.value), (at(key, file), at(value, file)))
        return found
