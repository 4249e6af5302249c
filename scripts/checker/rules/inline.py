"""Rules M: marks inside a line – emphasis, code, keys, attribute lists, emoji, mathematics, abbreviations.

Tried and dropped: a single `*` or `_` that is not closed (footnote stars, globs and names: 31 false in 40).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.checker.page import Page
from scripts.checker.problem import Problem
from scripts.checker.rendered import ESCAPED
from scripts.checker.rules.printed import near_fence, text_blocks

_PYTHON = re.compile(
    r"\*\*(?:kw\w*|kwargs|args|options|data|params|config|opts|context|fields|values|extra|other|self|\w+\))|\*\*/|/\*\*|\w\*\*\d|\d\s*\*\*|\*\*[=,)]|\(\*\*|,"
    r" \*\*"
)


def bold(page: Page) -> Iterator[Problem]:
    """Bold text is not closed.

    Bad: This is **important.
    Good: This is **important**.
    Why: The stars are printed.
    """
    for block in text_blocks(page):
        if "**" not in block.text and "__" not in block.text:
            continue
        for found in re.finditer(r"(?<![*\ue001\\])\*\*(?!\*)", block.text):
            around = block.text[max(found.start() - 3, 0) : found.end() + 12]
            if (
                _PYTHON.search(around)
                or block.text[found.end() : found.end() + 1]
                in (
                    "/",
                    ".",
                    "",
                )
            ) and not _ends_word(block.text[: found.start()]):
                continue
            if re.match(r"\s", block.text[found.end() : found.end() + 1] or " ") and re.search(
                r"\s\*\*$", block.text[: found.end()]
            ):
                continue
            if "td" in block.path and footnote_stars(page, block.text[: found.end()]):
                continue
            line, column = page.place(block, found.start(), "**")
            if page.is_code(line) or near_fence(page, line) or "**" not in page.line(line):
                continue
            yield page.problem(
                line,
                "'**' is printed: the bold text is not closed, or a blank stands on the wrong side"
                " of the stars",
                column,
            )
            break


def _ends_word(text: str) -> bool:
    """Whether a text ends with a word of prose, and not with a path or a name in which stars stand for any."""
    words = text.split()
    last = words[-1] if words and text == text.rstrip() else ""
    if last.endswith((":", ";", ",", ".", "!", "?", ")")):
        return not re.search(r"[/\\=*]|\.\w", last)
    return bool(re.search(r"\w$", last))


def footnote_stars(page: Page, text: str) -> bool:
    """Whether stars behind a cell's text are explained by a line that starts with them."""
    return bool(re.search(r"\w\*\*$", text)) and any(
        re.match(r"[ ]{0,3}(?:\\\*\\?\*|\*\*(?=\s))", line) for line in page.body
    )


def code(page: Page) -> Iterator[Problem]:
    """Inline code is not closed.

    Bad: This is `code text.
    Good: This is `code` text.
    Why: The backtick is printed, and the code is read as Markdown.
    """
    for block in text_blocks(page):
        if "`" not in block.text:
            continue
        for found in re.finditer(r"`+", block.text):
            line, column = page.place(block, found.start(), "`")
            before, after = (
                block.text[found.start() - 1 : found.start()],
                block.text[found.end() : found.end() + 1],
            )
            if page.is_code(line) or near_fence(page, line) or "`" not in page.line(line):
                continue
            if (
                before == ESCAPED
                or (before in ("(", "'", '"') and after in (")", "'", '"'))
                or (
                    len(found[0]) >= 3
                    and not block.text[: found.start()].rpartition("\n")[2].strip()
                )
            ):
                continue
            yield page.problem(
                line, "a backtick is printed: the inline code is not closed; add '`'", column
            )
            break


_MARKS = (
    (
        "++",
        "pymdownx.keys",
        r"(?<![\w+{])\+\+(?=[a-z0-9\"])(?!\+)",
        "the keys are not closed; write ++ctrl+alt+delete++",
    ),
    (
        "==",
        "pymdownx.mark",
        r"(?<![=\w!<>{\ue000])==(?=[A-Za-z])(?!=)",
        "the marked text is not closed; write ==text==",
    ),
    (
        "~~",
        "pymdownx.tilde",
        r"(?<![~\w{/])~~(?=[A-Za-z])(?!~)",
        "the deleted text is not closed; write ~~text~~",
    ),
    (
        "^^",
        "pymdownx.caret",
        r"(?<![\^\w{])\^\^(?=[A-Za-z])(?!\^)",
        "the inserted text is not closed; write ^^text^^",
    ),
)


def marks(page: Page) -> Iterator[Problem]:
    """Keys, marked, deleted or inserted text is not closed.

    Bad: Press ++ctrl+alt+ now
    Good: Press ++ctrl+alt++ now
    Why: The signs are printed.
    """
    for sign, extension, pattern, message in _MARKS:
        if not page.config.has(extension):
            continue
        for block in text_blocks(page):
            if sign not in block.text:
                continue
            found = re.search(pattern, block.text) or re.search(
                r"(?<=[A-Za-z])" + re.escape(sign) + r"(?=[\s.,;:]|$)" if sign == "==" else r"(?!)",
                block.text,
            )
            if not found:
                continue
            line, column = page.place(block, found.start(), sign)
            if not page.is_code(line) and not near_fence(page, line):
                yield page.problem(line, f"'{sign}' is printed: {message}", column)


_ATTRIBUTES = re.compile(
    r"\{:?["
    r" \t]*(?:[.#][A-Za-z][\w:-]*|[A-Za-z][\w-]*=(?:\"[^\"\n]*\"|'[^'\n]*'|“[^”\n]*”|[\w%.-]+)|:[\w-]+)(?:["
    r" \t]+(?:[.#]?[A-Za-z][\w:-]*(?:=(?:\"[^\"\n]*\"|'[^'\n]*'|“[^”\n]*”|[\w%.-]+))?))*[ \t]*\}"
)
_OPEN_ATTRIBUTES = re.compile(
    r"(?:^|[\s)\]*_`\ue000])\{:?[ \t]*[.#][A-Za-z][\w-]*(?:[ \t]+[.#]?[\w=\"-]+)*[ \t]*(?=\n|$)"
)


def attributes(page: Page) -> Iterator[Problem]:
    """An attribute list is printed.

    Bad: [x](page.md) { .md-button }
    Good: [x](page.md){ .md-button }
    Why: It must touch what it belongs to, and be closed; otherwise the braces are printed.
    """
    if not page.config.has("attr_list"):
        return
    for block in text_blocks(page):
        if "{" not in block.text:
            continue
        for found in _ATTRIBUTES.finditer(block.text):
            line, column = page.place(block, found.start(), "{")
            if (
                page.is_code(line)
                or near_fence(page, line)
                or "{" not in page.line(line)
                or "{{" in page.line(line)
                or "{%" in page.line(line)
            ):
                continue
            if re.match(r"\s*(?:!!!|\?\?\?|===|///)", page.line(line)):
                continue
            if "math" in block.path or ("$" in page.line(line) and "\\" in page.line(line)):
                continue
            yield page.problem(
                line,
                f"the attribute list '{found[0][:40]}' is printed; it must directly follow a link,"
                " image or code, or end a heading",
                column,
            )
        cut = _OPEN_ATTRIBUTES.search(block.text)
        if cut:
            line, column = page.locate(block.line_at(cut.start() + 1), "{")
            if not page.is_code(line) and "{" in page.line(line) and "{%" not in page.line(line):
                yield page.problem(
                    line, "the attribute list is not closed and is printed; add '}'", column
                )
    for line, key, value in page.rendered.odd_attributes:
        number, column = page.locate(line, key)
        yield page.problem(
            number, f"curly quotes in {key}={value[:30]}; write straight ones", column
        )


def emoji(page: Page) -> Iterator[Problem]:
    """An emoji or icon has a name that does not exist.

    Bad: :material-chekc:
    Good: :material-check:
    Why: The name is printed.
    """
    on = page.config.has("pymdownx.emoji")
    for block in text_blocks(page):
        if ":" not in block.text:
            continue
        for found in re.finditer(
            r"(?<![\w:/`\\\ue001]):((?:material|fontawesome|octicons|simple)-[\w-]+|[a-z][a-z0-9]*(?:[_-][a-z0-9]+)+|[a-z]{4,}):(?![\w/`:\ue000])",
            block.text,
        ):
            name = found[1]
            line, column = page.place(block, found.start(), found[0])
            if page.is_code(line) or found[0] not in page.line(line):
                continue
            if re.match(r"\s*:[\w-]+: ", page.line(line)) and any(
                ":::" in page.line(n) for n in range(line - 8, line)
            ):
                continue
            icon = re.match(r"(?:material|fontawesome|octicons|simple)-", name)
            if icon and not on:
                yield page.problem(
                    line,
                    f"':{name}:' is printed; add 'pymdownx.emoji' to markdown_extensions",
                    column,
                )
            elif on and (icon or _is_alone(block.text, found)):
                yield page.problem(
                    line, f"no emoji or icon '{name}'; look it up in the list of names", column
                )


def _is_alone(text: str, found: re.Match[str]) -> bool:
    before, after = text[: found.start()][-1:], text[found.end() :][:1]
    return (not before or before in " \n(|") and (not after or after in " \n.,;!?)|")


def abbreviation(page: Page) -> Iterator[Problem]:
    """An abbreviation is defined but never used, or twice.

    Bad: *[XYZ]: A term that no text names
    Good:
        The XYZ is set.

        *[XYZ]: A term
    Why: It is left over, or hides the other definition.
    """
    if not page.config.has("abbr"):
        return
    seen: dict[str, int] = {}
    text = ""
    for number, line in enumerate(page.body, 1):
        found = re.match(r"[ ]{0,3}\*\[([^\]]+)\]:(.*)$", line)
        if not found or page.is_code(number):
            continue
        name = found[1].strip()
        if name in seen:
            yield page.problem(
                number, f"'{name}' is already defined in line {seen[name]}; delete one"
            )
            continue
        seen[name] = number
        text = text or "\n".join(t for t in page.clean if not re.match(r"[ ]{0,3}\*\[", t))
        if (
            not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)
            and not page.notes.get("glossary")
            and len(seen) < 40
        ):
            yield page.problem(
                number, f"the abbreviation '{name}' is never used on this page; delete it"
            )
