"""Rules C: fenced code.

Tried and dropped: a fence without a language (house style, not a defect), an unknown language name (Pygments differs).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from scripts.checker.page import Page, indent
from scripts.checker.problem import Edit, Problem

_FENCE = re.compile(
    r"(?P<lead>[ \t]*(?:>[ \t]?)*[ \t]*(?:(?:[-*+]|\d+\.)["
    r" \t]+)*)(?P<fence>`{3,}|~{3,})(?P<info>.*)$"
)
_OPTIONS = ("title", "hl_lines", "linenums", "title_mode")


def _report(page: Page, kind: str, line: int, message: str, edit: Edit | None = None) -> None:
    page.found.setdefault(kind, []).append(page.problem(line, message, 0, edit))


def diagnosed(page: Page, kind: str) -> Iterator[Problem]:
    """The findings of one kind; the page is diagnosed at the first call."""
    if "fences" not in page.notes:
        page.notes["fences"] = True
        _Fences(page).run()
    yield from page.found.get(kind, ())


class _Fences:
    """Compares the lines that look like fences with the fences that were read."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.delimiters = {line for pair in page.rendered.fences for line in pair}

    def run(self) -> None:
        page = self.page
        loose = []
        for number, text in enumerate(page.body, 1):
            if "```" not in text and "~~~" not in text:
                continue
            found = _FENCE.match(text)
            if not found or page.in_fence(number):
                continue
            if page.context(number) in ("comment",) or self._quoted(number):
                continue
            if "`" in found["info"] and found["fence"][0] == "`":
                self._inline(number, found)
                continue
            loose.append((number, found))
        self._loose(loose)
        for start, end in page.rendered.fences:
            self._swallow(start, end)
            self._other_sign(start, end)

    def _quoted(self, number: int) -> bool:
        """Whether the line is shown as indented code, or stands in raw HTML."""
        page = self.page
        path = page.rendered.path_of.get(number, ())
        above = page.previous_text(number)
        if above and (page.context(above) != "code" or page.in_fence(above)) and "pre" not in path:
            return False
        near = [page.context(n) for n in (number - 1, number + 1) if page.line(n).strip()]
        deep = indent(page.line(number)) >= 4
        return "pre" in path or (
            deep
            and bool(near)
            and all(c == "code" for c in near)
            and not self._beside_fence(number)
        )

    def _beside_fence(self, number: int) -> bool:
        return self.page.in_fence(number - 1) or self.page.in_fence(number + 1)

    def _inline(self, number: int, found: re.Match[str]) -> None:
        info, fence = found["info"], found["fence"]
        if (
            info.rstrip().endswith(fence)
            or fence in info
            or (info.count("`") % 2 == 1 and len(fence) == 3)
        ):
            return

    def _loose(self, loose: list[tuple[int, re.Match[str]]]) -> None:
        page = self.page
        index = 0
        while index < len(loose):
            number, found = loose[index]
            index += 1
            info = found["info"].strip()
            following = loose[index] if index < len(loose) else None
            pair = following is not None and self._pairs(number, found, following)
            if pair and following is not None:
                if self._pair(number, found, following):
                    index += 1
                continue
            if not info and self._is_stray(number):
                _report(
                    page,
                    "fence-stray",
                    number,
                    f"this '{found['fence']}' closes nothing and is printed; delete it, or open the"
                    " block above",
                )
            else:
                self._open(number, found)

    def _pairs(self, number: int, found: re.Match[str], other: tuple[int, re.Match[str]]) -> bool:
        return other[0] - number < 400

    def _is_stray(self, number: int) -> bool:
        """A bare fence at whose line nothing starts: the text above was already closed or never opened."""
        page = self.page
        above = page.previous_text(number)
        below = page.next_text(number)
        if above and above in self.delimiters:
            return True
        following = page.line(below) if below else ""
        looks = _looks_like_code(following)
        before = _looks_like_code(page.line(above)) if above else False
        return not looks or before

    def _pair(self, number: int, found: re.Match[str], other: tuple[int, re.Match[str]]) -> bool:
        """Two loose fences that were meant as one block; says whether both are explained."""
        page = self.page
        line, second = other
        info, tail = found["info"].strip(), second["info"].strip()
        first_fence, second_fence = found["fence"], second["fence"]
        if (
            tail
            and info
            and first_fence[0] == second_fence[0]
            and self._option_fault(number, found)
        ):
            return False
        if first_fence[0] == second_fence[0] and len(second_fence) >= len(first_fence) and not tail:
            reason = self._option_fault(number, found)
            if reason:
                _report(page, "fence-option", number, reason)
                return True
            if self._indent_fault(number, found, line, second):
                return True
            if not info and not tail:
                return self._bare_pair(number, line)
        if not info and len(second_fence) >= len(first_fence) and self._is_stray(number):
            _report(
                page,
                "fence-stray",
                number,
                f"this '{first_fence}' closes nothing and is printed; delete it, or open the block"
                " above",
            )
            return False
        if (
            first_fence[0] == second_fence[0]
            and tail
            and re.fullmatch(r"[\w+#.-]+", tail)
            and tail.lower() == info.lower().split(" ")[0]
            and not self._ends_later(line)
        ):
            _report(
                page,
                "fence-unclosed",
                number,
                f"the code block is closed by '{second_fence} {tail}'; a closing fence has nothing"
                " after it",
            )
            return True
        if first_fence[0] != second_fence[0] and not tail:
            _report(
                page,
                "fence-unclosed",
                number,
                f"the code block is opened by '{first_fence}' but closed by '{second_fence}'; use"
                " the same signs",
            )
            return True
        if len(second_fence) < len(first_fence) and not tail:
            _report(
                page,
                "fence-unclosed",
                number,
                f"the code block is opened by {len(first_fence)} signs but closed by"
                f" {len(second_fence)}; use as many",
            )
            return True
        self._open(number, found)
        return False

    def _ends_later(self, line: int) -> bool:
        return False

    def _bare_pair(self, number: int, line: int) -> bool:
        if _looks_like_code(self.page.line(self.page.next_text(number))):
            self._open(number, _FENCE.match(self.page.line(number)))
            return True
        _report(
            self.page,
            "fence-stray",
            number,
            "this fence is printed; delete it, or open the block above",
        )
        return False

    def _open(self, number: int, found: re.Match[str] | None) -> None:
        page = self.page
        if found is None:
            return
        reason = self._option_fault(number, found)
        if reason:
            _report(page, "fence-option", number, reason)
            return
        _report(
            page,
            "fence-unclosed",
            number,
            f"the code block opened by '{found['fence']}' is never closed; close it with"
            f" '{found['fence']}' at the same indent",
        )

    def _indent_fault(
        self, number: int, found: re.Match[str], line: int, second: re.Match[str]
    ) -> bool:
        page = self.page
        column = len(found["lead"].expandtabs(4))
        end = len(second["lead"].expandtabs(4))
        if end != column:
            _report(
                page,
                "fence-indent",
                line,
                f"the closing fence is indented by {end}, the opening one by {column}; give both"
                " the same indent",
            )
            return True
        for inner in range(number + 1, line):
            text = page.line(inner)
            if text.strip() and indent(text) < column:
                _report(
                    page,
                    "fence-indent",
                    inner,
                    f"this line is indented less than its fence ({column}), which ends the code"
                    " block; indent it",
                )
                return True
        if column and not page.config.has("pymdownx.superfences"):
            _report(
                page,
                "fence-indent",
                number,
                "an indented fence needs pymdownx.superfences; enable it, or start the fence at"
                " column 1",
            )
            return True
        return False

    def _option_fault(self, number: int, found: re.Match[str]) -> str:
        info = found["info"].strip()
        if not info:
            return ""
        quotes = info.count('"')
        if re.search(r"[“”„]", info):
            return 'curly quotes in the options stop the code block; write straight ones: "…"'
        if quotes % 2:
            return "a quote in the options is not closed, so the code block is not read; add '\"'"
        for key in re.findall(r"([A-Za-z_]\w*)\s*=", re.sub(r'"[^"]*"', '""', info)):
            near = get_close_matches(key, _OPTIONS, 1, 0.6)
            if key not in _OPTIONS and near and "{" not in info:
                return f"no option '{key}', so the code block is not read; use '{near[0]}'"
        if re.search(r"(?:hl_lines|linenums|title)\s*=\s*[^\"'\s]", info) or re.search(
            r"(?:hl_lines|linenums|title)\s+=|(?:hl_lines|linenums|title)=\s", info
        ):
            return 'the value of an option needs straight double quotes: hl_lines="1 2"'
        option = re.search(r'hl_lines="([^"]*)"', info)
        if option and not re.fullmatch(r"\d+(?:-\d+)?(?:[ \t]+\d+(?:-\d+)?)*", option[1]):
            return (
                f'hl_lines="{option[1]}" is not read; write numbers and ranges with blanks between:'
                ' hl_lines="1 3-5"'
            )
        option = re.search(r'linenums="([^"]*)"', info)
        if option and not re.match(r"\d+", option[1]):
            return f'linenums="{option[1]}" is not read; write a number: linenums="1"'
        rest = re.sub(r"^[\w#.+-]+", "", re.sub(r'[A-Za-z_]\w*="[^"]*"', "", info).strip()).strip()
        if (
            rest
            and not rest.startswith("{")
            and self.page.config.has("pymdownx.superfences")
            and not re.fullmatch(r"\w+(?:\s+\w+)*", rest)
        ):
            return (
                f"'{rest[:30]}' in the header stops the code block; write options as key=\"value\""
            )
        if re.search(r"\{[^}]*$", info):
            return "a brace in the options is not closed, so the code block is not read; add '}'"
        if (
            rest
            and re.fullmatch(r"\w+(?:\s+\w+)*", rest)
            and self.page.config.has("pymdownx.superfences")
            and not self._closed_below(number, found)
        ):
            return ""
        if (
            rest
            and re.fullmatch(r"\w+(?:\s+\w+)*", rest)
            and self.page.config.has("pymdownx.superfences")
        ):
            return (
                f"'{rest[:30]}' is no option, so the code block is not read; write the language and"
                ' key="value"'
            )
        return ""

    def _closed_below(self, number: int, found: re.Match[str]) -> bool:
        for line in range(number + 1, min(number + 300, len(self.page.body)) + 1):
            other = _FENCE.match(self.page.line(line))
            if (
                other
                and other["fence"][0] == found["fence"][0]
                and len(other["fence"]) >= len(found["fence"])
            ):
                return not other["info"].strip()
        return False

    def _swallow(self, start: int, end: int) -> None:
        """A closing fence that was lost, so that the block ran on to the next opener."""
        page = self.page
        fence = _FENCE.match(page.line(start))
        if not fence or end - start < 2:
            return
        for inner in range(start + 1, end):
            text = page.line(inner)
            found = _FENCE.match(text)
            if (
                not found
                or found["fence"][0] != fence["fence"][0]
                or len(found["fence"]) < len(fence["fence"])
            ):
                continue
            info = found["info"].strip()
            language = re.match(r"\.?([\w+#.-]+)", info)
            if not language or found["lead"] != fence["lead"]:
                continue
            outer = fence["info"].strip().lower()
            if (
                re.match(r"\.?(?:md|markdown|mdx|text|txt|rst|plain)\b", outer)
                or "markdown" in outer
            ):
                continue
            if language[1].lower() == outer.split(" ")[0].split("{")[0].strip(
                " ."
            ) and self._only_blank_between(inner, end):
                _report(
                    page,
                    "fence-unclosed",
                    start,
                    f"the code block is closed by '{text.strip()}'; a closing fence has nothing"
                    " after it",
                )
            else:
                _report(
                    page,
                    "fence-unclosed",
                    start,
                    f"the code block is not closed before line {inner}, where the next one opens;"
                    f" add '{fence['fence']}'",
                )
            return

    def _other_sign(self, start: int, end: int) -> None:
        """A closing fence of the other sign, so that the block ran on."""
        page = self.page
        opener = _FENCE.match(page.line(start))
        if not opener or re.match(r"\.?(?:md|markdown|text|txt)\b", opener["info"].strip()):
            return
        other = "~~~" if opener["fence"][0] == "`" else "```"
        column = indent(page.line(start))
        lone = [
            line
            for line in range(start + 1, end)
            if page.line(line).strip() == other and indent(page.line(line)) == column
        ]
        told = {problem.line for problem in page.found.get("fence-unclosed", ())}
        if len(lone) == 1 and start not in told:
            message = f"the code block is opened by '{opener['fence']}' but closed by '{other}'"
            _report(page, "fence-unclosed", start, f"{message}; use the same signs")

    def _only_blank_between(self, inner: int, end: int) -> bool:
        return False


def _looks_like_code(text: str) -> bool:
    return bool(
        re.search(
            r"[=(){};<>$]|^\s{4,}\S|^\s*(?:import|from|def|class|pip|npm|git|cd|docker|uv|\$|>>>|#!|@|--)|^\s*[\w.-]+:\s",
            text,
        )
    ) and not re.match(r"\s*(?:#{1,6} |!!!|\?\?\?|\[)", text)


def unclosed(page: Page) -> Iterator[Problem]:
    """A code block is never closed, or by the wrong fence.

    Bad: ```python closed by ~~~, by fewer signs, or not at all
    Good: ```python closed by ```
    Why: The code is printed as text, or swallows the text up to the next fence.
    """
    yield from diagnosed(page, "fence-unclosed")


def stray(page: Page) -> Iterator[Problem]:
    """A fence closes nothing.

    Bad: ``` alone after a block that is already closed
    Good: no such line
    Why: It is printed, or opens a block that swallows the text below.
    """
    yield from diagnosed(page, "fence-stray")


def option(page: Page) -> Iterator[Problem]:
    """The header of a code block has an option that cannot be read.

    Bad: ```python titel="a.py"
    Good: ```python title="a.py"
    Why: The whole block becomes a line of inline code.
    """
    yield from diagnosed(page, "fence-option")


def fence_indent(page: Page) -> Iterator[Problem]:
    """The lines of a code block have different indents.

    Bad: a closing fence at another column than the opening one
    Good: both at the same column
    Why: The block is not recognised and is printed.
    """
    yield from diagnosed(page, "fence-indent")


def annotation(page: Page) -> Iterator[Problem]:
    """A code annotation has no text.

    Bad: a comment # (1)! in code and no numbered list below
    Good: the list 1. … directly below the block
    Why: The mark is shown as it is written, or opens an empty bubble.
    """
    features = page.config.extra.get("theme_features", ())
    if page.config.theme != "material" and not features:
        return
    for start, end in page.rendered.fences:
        marks, listed = annotations_of(page, start, end)
        if not marks:
            continue
        if listed == 0:
            if any(")!" in page.line(n) for n in marks.values()):
                yield page.problem(
                    min(marks.values()),
                    "the annotation has no text; put the numbered list directly below the code"
                    " block",
                )
            continue
        for mark, number in sorted(marks.items()):
            if mark > listed:
                yield page.problem(
                    number, f"annotation ({mark}) has no text; the list below ends at {listed}"
                )


def annotations_of(page: Page, start: int, end: int) -> tuple[dict[int, int], int]:
    """The marks of annotations in a code block by their numbers, each with its line; and how many have a text."""
    if re.match(r"[ >\t]*[`~]{3,}\s*(?:md|markdown|mermaid|text|txt)\b", page.line(start)):
        return {}, 0
    marks: dict[int, int] = {}
    for number in range(start + 1, end):
        for found in re.finditer(
            r"(?:#|//|--|<!--|/\*|;)\s*\((\d+)\)!?(?:\s*(?:-->|\*/))?\s*$", page.line(number)
        ):
            marks.setdefault(int(found[1]), number)
    if not marks or (
        "(1)!" not in " ".join(page.line(n) for n in range(start, end)) and 1 not in marks
    ):
        return {}, 0
    return marks, _listed(page, start, end)


def _listed(page: Page, start: int, end: int) -> int:
    """How many items the numbered list after a code block has."""
    number = page.next_text(end)
    column = indent(page.line(start))
    if (
        not number
        or not re.match(r"\s*\d+\.\s", page.line(number))
        or not column <= indent(page.line(number)) < column + 4
    ):
        return 0
    count, column = 0, indent(page.line(number))
    while number:
        text = page.line(number)
        if indent(text) == column and not page.in_fence(number):
            if re.match(r"\s*\d+\.\s", text):
                count += 1
            elif not page.line(number - 1).strip():
                break
        elif indent(text) < column:
            break
        number = page.next_text(number)
    return count
