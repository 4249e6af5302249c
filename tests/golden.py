"""The values that a demo must give, `tests/FOLDER/STEM.golden.json`: written and compared in one way.

A test module with a demo has `GOLDEN`, the file, and `golden()`, what Python gives today.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PLACES = 12  # of a number in the file; the demo is compared to 1e-5


def leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """All numbers and words of nested lists and tables, with their places, in order."""
    if isinstance(value, dict):
        for key in sorted(value):
            yield from leaves(value[key], f"{place}.{key}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from leaves(item, f"{place}[{index}]")
    else:
        yield place, value


def difference(old: Any, new: Any, tolerance: float = 1e-7) -> str:
    """The first place where two contents differ by more than the tolerance; empty if they agree."""
    before, after = list(leaves(old)), list(leaves(new))
    for (place, a), (other, b) in zip(before, after, strict=False):
        numbers = isinstance(a, int | float) and isinstance(b, int | float)
        same = type(a) is type(b) or (numbers and bool not in (type(a), type(b)))
        # `not >` lets a pair of nan through, which is what equal contents have.
        close = not abs(a - b) > tolerance * max(1.0, abs(b)) if same and numbers else a == b
        if place != other or not same or not close:
            return f"{place} is {a!r}, the code gives {b!r} at {other}"
    return "" if len(before) == len(after) else f"{len(before)} values, the code gives {len(after)}"


def stale(path: Path, content: Any) -> str:
    """Why a file of values must be written anew; empty if it need not."""
    if not path.is_file():
        return "it is missing"
    return difference(json.loads(path.read_text(encoding="utf-8")), content)


def current(path: Path, content: Any) -> None:
    """Fail, and say how to mend it, if a file of values is not what the code gives."""
    why = stale(path, content)
    stem = path.name.removesuffix(".golden.json")
    assert not why, f"{path.name}: {why}; run python3 scripts/dev.py make {stem}"


def rounded(value: Any) -> Any:
    """Numbers to some places, for a file that can be read."""
    if isinstance(value, float):
        return round(value, PLACES)
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return value


def write(path: Path, content: Any) -> None:
    """Write a file of values, a line a case."""
    text = json.dumps(rounded(content), ensure_ascii=False, separators=(",", ":"))
    path.write_text(text.replace('{"function"', '\n{"function"') + "\n", encoding="utf-8")
