"""Snippets as a page includes them: each line counts as the one that includes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from scripts.checker import marks


class Snippets:
    """The snippet preprocessor, with the lines that it includes marked as the line that includes them."""

    def __init__(self, inner: Any, appended: Sequence[str]) -> None:
        self.inner = inner
        self.appended = appended
        self.download = inner.download
        self.missing: list[tuple[int, str]] = []
        self.included: dict[int, list[str]] = {}
        self.sources: set[str] = set()
        self.look: Callable[[Path], object] = lambda path: None
        self._search = inner.get_snippet_path
        inner.get_snippet_path = self._found

    def begin(self, lines: Sequence[str]) -> None:
        """Forget the last page."""
        self.missing, self.included, self.sources = [], {}, set()

    def run(self, lines: list[str]) -> list[str]:
        """Include what the page names."""
        result: list[str] = []
        origins = marks.origins(lines)
        index = 0
        self.inner.seen = set()
        while index < len(lines):
            end = self._end(lines, index)
            group = lines[index:end]
            if end - index == 1 and "8<-" not in group[0]:
                result.append(group[0])
            else:
                result.extend(self._include(group, origins[index]))
            index = end
        for name in self.appended:
            missing = len(self.missing)
            result += ["", *self._include([f'--8<-- "{name}"'], len(lines) + 1)]
            del self.missing[missing:]  # which is no fault of each page: N06 says it once
        return result

    def _found(self, path: str) -> Any:
        """Where a snippet lies; the page is made from every place that is looked at, file or none."""
        for base, _ in self.inner.get_bases():
            self.look(Path(base, path))
        return self._search(path)

    def _end(self, lines: list[str], start: int) -> int:
        if not re.match(r"[ \t]*-+8<-+[ \t]*$", lines[start]):
            return start + 1
        for index in range(start + 1, len(lines)):
            if re.match(r"[ \t]*-+8<-+[ \t]*$", lines[index]):
                return index + 1
        return start + 1

    def _include(self, group: list[str], line: int) -> list[str]:
        plain = [marks.strip(item) for item in group]
        self.note(plain, line)
        try:
            found = self.inner.parse_snippets(list(plain))
        except TimeoutError:
            raise
        except Exception as error:
            self.missing.append((line, marks.strip(str(error))))
            return [""] * len(group)
        if found == plain:
            return group
        self.included[line] = list(found)
        return [marks.mark_line(marks.MARK.sub("\ufffd", item), line) for item in found] or [""]

    def note(self, group: list[str], line: int) -> None:
        """Note which files are included, and which do not exist."""
        for text in group:
            for name in _snippet_names(text, len(group) > 1):
                parts = self.inner.split_path(name) if hasattr(self.inner, "split_path") else None
                path = (parts[0] if parts else None) or name
                if path.startswith(("http://", "https://")) or not path:
                    continue
                found = self.inner.get_snippet_path(path)
                if found is None:
                    self.missing.append((line, path))
                    continue
                self.sources.add(str(found))
                section = parts[2] if parts else None
                if section and not _has_section(Path(found), section.lstrip(":")):
                    self.missing.append((line, name))


def _has_section(path: Path, name: str) -> bool:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return bool(
        re.search(
            rf"8<-+[ \t]+\[[ \t]*start[ \t]*:[ \t]*{re.escape(name)}[ \t]*\]", text, re.IGNORECASE
        )
    )


def _snippet_names(text: str, block: bool) -> Iterator[str]:
    found = re.match(r"[ \t]*-+8<-+[ \t]+(?:\"([^\"]+)\"|'([^']+)')[ \t]*$", text)
    if found:
        yield (found[1] or found[2]).strip()
    elif block and text.strip() and not re.match(r"[ \t]*(?:;|-+8<-+)", text):
        yield text.strip()
