"""What a result was made from: questions that can be asked again, each with a digest of its answer.

A question is the name of a function, `module:function`, and the paths that it is given. So it can be written
down, and another process can ask whether a remembered result still holds.
"""

from __future__ import annotations

import hashlib
import importlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from scripts.checker import files

Question = tuple[str, ...]
Inputs = dict[Question, str]

_digests: dict[str, tuple[files.Signature, str]] = {}


def contents(path: Path) -> str:
    """A digest of what a file holds; empty if it cannot be read."""
    name = os.fspath(path)
    now = files.signature(name)
    if now is None:
        return ""
    known = _digests.get(name)
    if known is None or known[0] != now:
        try:
            data = Path(name).read_bytes()
        except OSError:
            return ""
        known = _digests[name] = (now, hashlib.blake2b(data, digest_size=12).hexdigest())
    return known[1]


def exists(path: Path) -> bool:
    """Whether there is such a file."""
    return os.path.isfile(path)


def digest(answer: object) -> str:
    """What changes when an answer does; a short text is its own digest."""
    if isinstance(answer, str) and len(answer) < 32:
        return answer
    return hashlib.blake2b(repr(answer).encode("utf-8", "replace"), digest_size=12).hexdigest()


def question(function: Callable[..., Any], *paths: Path) -> Question:
    """A function of a module and its paths, as they can be written down."""
    return (f"{function.__module__}:{function.__qualname__}", *map(os.fspath, paths))


def ask(asked: Question) -> str:
    """The digest of the answer now; one of its own where the function cannot answer."""
    name, *paths = asked
    module, _, function = name.partition(":")
    try:
        return digest(getattr(importlib.import_module(module), function)(*map(Path, paths)))
    except Exception as error:
        return digest((type(error).__name__, str(error)))


def current(inputs: Mapping[Question, str], asked: dict[Question, str]) -> bool:
    """Whether every input is what it was; `asked` holds what has been asked since anything could change."""
    for key, value in inputs.items():
        if key not in asked:
            asked[key] = ask(key)
        if asked[key] != value:
            return False
    return True
