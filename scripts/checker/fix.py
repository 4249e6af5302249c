"""Apply the mends that are safe, and show what they change."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from scripts.checker.problem import Edit, Problem


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text after all edits that still fit and do not touch each other."""
    lines = text.split("\n")
    taken = len(lines) + 1
    for edit in sorted(set(edits), key=lambda e: (e.first, e.last), reverse=True):
        if edit.last >= taken or tuple(lines[edit.first - 1 : edit.last]) != edit.before:
            continue
        lines[edit.first - 1 : edit.last] = edit.lines
        taken = edit.first
    return "\n".join(lines)


def difference(path: str, before: str, after: str) -> str:
    """What a mend changes."""
    rows = difflib.unified_diff(
        before.splitlines(), after.splitlines(), path, path, lineterm="", n=0
    )
    return "".join(f"{row}\n" for row in rows)


def mended(file: Path, problems: Iterable[Problem]) -> tuple[str, str, bytes] | None:
    """The text of a file before and after its mends, and the bytes to write; None if nothing changes."""
    data = file.read_bytes()
    raw = data.decode("utf-8")
    mark = "\ufeff" if raw.startswith("\ufeff") else ""
    crlf = "\r\n" in raw and "\n" not in raw.replace("\r\n", "")
    if not crlf and "\r" in raw:
        return None
    text = raw[len(mark) :].replace("\r\n", "\n")
    after = apply(text, [p.fix for p in problems if p.fix is not None])
    if after == text:
        return None
    written = mark + (after.replace("\n", "\r\n") if crlf else after)
    return text, after, written.encode("utf-8")


def write(file: Path, data: bytes) -> None:
    """Replace a file in one step."""
    target = Path(os.path.realpath(file))
    mode = target.stat().st_mode & 0o777
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".check-")
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
        os.chmod(name, mode)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
