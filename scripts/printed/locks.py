"""The normal form of every displayed equation, compared with the one that is locked."""

from __future__ import annotations

from scripts.extensions.locked import Lock
from scripts.printed.reading import Statement, statements


def lines(found: tuple[Statement, ...]) -> tuple[str, ...]:
    """The statements of an equation, a line each."""
    return tuple(" ".join(statement.text.split()) for statement in found)


def of(tex: str, evaluated: frozenset[int] = frozenset()) -> Lock:
    """The lock of an equation."""
    return Lock(lines(statements(tex)), evaluated)


def difference(name: str, lock: Lock | None, tex: str) -> str:
    """What a print says now and what was locked; empty if they agree."""
    now = lines(statements(tex))
    if lock is None:
        return f"{name} is not locked: run python3 scripts/dev.py equations --lock {name}"
    if now == lock.lines:
        return ""
    was, is_ = "\n    ".join(lock.lines), "\n    ".join(now)
    return (
        f"{name} was printed as\n    {was}\nand is printed as\n    {is_}\n"
        f"Read its test again; if it tests what is printed now, run "
        f"python3 scripts/dev.py equations --lock {name}"
    )
