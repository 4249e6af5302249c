"""The table `[tool.check]` of a project's pyproject.toml, refused where it says what nothing reads."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

KEYS: dict[str, type[Any]] = {
    "rules": str,
    "style": bool,
    "ignore": list,
    "cache": str,
    "glossary": str,
}
"""What the table may say, and the kind of each value."""
_WORDS = {str: "a text", bool: "true or false", list: "a list of codes"}


def fault(table: dict[str, Any]) -> str:
    """What is wrong with the keys or the kinds of their values; empty if nothing is."""
    for key, value in table.items():
        if key not in KEYS:
            near = get_close_matches(key, KEYS, 1)
            known = f"write '{near[0]}'" if near else f"it knows {', '.join(sorted(KEYS))}"
            return f"[tool.check] knows no key '{key}'; {known}"
        if not isinstance(value, KEYS[key]) or (
            key == "ignore" and not all(isinstance(item, str) for item in list(value))
        ):
            return f"'{key}' of [tool.check] must be {_WORDS[KEYS[key]]}"
    if table.get("style") and not table.get("rules"):
        return 'style = true of [tool.check] needs the rules of a house; add rules = "its.module"'
    return ""


def unknown_code(table: dict[str, Any], codes: Iterable[str]) -> str:
    """What is wrong with the codes that are not wanted; empty if nothing is."""
    known = tuple(codes)
    for code in table.get("ignore", ()):
        if not code or not any(other.startswith(code) for other in known):
            return f"'{code}' in ignore of [tool.check] is no rule, and no letter of one"
    return ""


def read(root: Path) -> dict[str, Any] | None:
    """The table as it is written; None where there is none.

    Raises:
        ValueError: if the file has such a table and is no TOML.
    """
    import tomllib

    try:
        text = (root / "pyproject.toml").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    if "check" not in text:
        return None
    try:
        data = tomllib.loads(text)
    except ValueError:
        if "[tool.check]" in text:
            raise
        return None
    table = data.get("tool", {}).get("check")
    return table if isinstance(table, dict) else None
