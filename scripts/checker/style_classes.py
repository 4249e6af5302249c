"""The classes of boxes that a project's own style sheets know."""

from __future__ import annotations

import re

from scripts.checker.config import Config
from scripts.checker.project import walk


def own_classes(config: Config) -> frozenset[str]:
    """The classes that the project's own style sheets give to boxes."""
    found: set[str] = set()
    sheets = [config.docs / name for name in config.extra_css if "://" not in name]
    if config.custom_dir is not None and config.custom_dir.is_dir():
        sheets += [
            path for name, path in walk(config.custom_dir) if name.endswith((".css", ".scss"))
        ]
    for sheet in sheets[:200]:
        try:
            text = sheet.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        found |= classes_in(text)
    return frozenset(found)


def classes_in(text: str) -> frozenset[str]:
    """The classes that a style sheet gives to boxes."""
    found = {name.lower() for name in re.findall(r"--md-admonition-icon--([\w-]+)", text)}
    for part in text.split("{")[:-1]:
        selector = part.rpartition("}")[2]
        if not re.search("admonition|details|summary", selector):
            continue
        found.update(name.lower() for name in re.findall(r"\.([\w-]+)", selector))
    return frozenset(found - {"admonition", "admonition-title", "md-typeset", "details"})
