"""Rules F: footnotes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.checker.page import Page, indent
from scripts.checker.problem import Problem

_DEFINITION = re.compile(r"(?P<indent>[ \t]*)(?:>[ ]?)*\[\^(?P<name>[^\]\s]*)\]:(?P<text>.*)$")
_USE = re.compile(r"\[\^([^\]\s]+)\]")


def _definitions(page: Page) -> list[tuple[int, str]]:
    if "footnotes" not in page.notes:
        found = []
        for number, text in enumerate(page.body, 1):
            match = _DEFINITION.match(text)
            if match and not page.is_code(number) and page.context(number) != "raw":
                found.append((number, match["name"]))
        page.notes["footnotes"] = found
    result: list[tuple[int, str]] = page.notes["footnotes"]
    return result


def _uses(page: Page) -> set[str]:
    used: set[str] = set()
    for number, text in enumerate(page.clean, 1):
        if "[^" in text and not page.in_fence(number) and page.context(number) != "comment":
            match = _DEFINITION.match(text)
            used.update(_USE.findall(match["text"] if match else text))
    for included in page.rendered.included.values():
        for text in included:
            used.update(_USE.findall(text))
    return used


def _on(page: Page) -> bool:
    return page.config.has("footnotes")


def undefined(page: Page) -> Iterator[Problem]:
    """A footnote is cited but not defined.

    Bad: text[^nope]
    Good:
        text[^1]

        [^1]: The note.
    Why: The brackets are printed.
    """
    if not _on(page) or page.config.plugin("bibtex", "mkdocs-bibtex", "bibtex-plugin"):
        return
    defined = {name for _, name in _definitions(page)}
    for block in page.rendered.blocks:
        if block.raw:
            continue
        for found in re.finditer(
            r"(?<!\ue001)\[\^([^\]\[\n\ue000-\ue003]{1,60})\](?!\()", block.text
        ):
            line, column = page.locate(block.line_at(found.start()), found[0])
            name = found[1]
            if page.is_code(line) or (
                re.fullmatch(r"[a-zA-Z0-9]-[a-zA-Z0-9].*", name)
                and not re.fullmatch(r"[\w-]+", name)
            ):
                continue
            if block.text[found.end() : found.end() + 1] == ":" or re.match(
                r"\s*" + re.escape(found[0]) + r"\s*:", page.line(line)
            ):
                yield page.problem(
                    line,
                    f"the definition of the footnote '[^{name}]' is not read; write '[^{name}]:"
                    " text' at the start of a line",
                    column,
                )
            elif name in defined:
                yield page.problem(
                    line,
                    f"the footnote '[^{name}]' is printed here; it cannot be cited in this place",
                    column,
                )
            else:
                yield page.problem(
                    line, f"the footnote '[^{name}]' is not defined; add '[^{name}]: text'", column
                )


def unused(page: Page) -> Iterator[Problem]:
    """A footnote is defined but never cited.

    Bad: [^old]: A note that no text cites.
    Good:
        text[^old]

        [^old]: The note.
    Why: It is printed at the end of the page, and its back link leads nowhere.
    """
    definitions = _definitions(page)
    if not _on(page) or not definitions:
        return
    used = _uses(page)
    for line, name in definitions:
        if name and name not in used:
            yield page.problem(
                line,
                f"the footnote '[^{name}]' is never cited; cite it or delete it",
                page.column_of(line, "[^"),
            )


def twice(page: Page) -> Iterator[Problem]:
    """A footnote is defined twice.

    Bad:
        text[^a]

        [^a]: One.

        [^a]: Two.
    Good:
        text[^a][^b]

        [^a]: One.

        [^b]: Two.
    Why: Only the last definition is shown.
    """
    seen: dict[str, int] = {}
    if not _on(page):
        return
    for line, name in _definitions(page):
        if name in seen:
            yield page.problem(
                line,
                f"the footnote '[^{name}]' is already defined in line {seen[name]}; rename one",
                page.column_of(line, "[^"),
            )
        seen.setdefault(name, line)


def empty(page: Page) -> Iterator[Problem]:
    """The text of a footnote is not indented below its mark.

    Bad:
        text[^a]

        [^a]:

        The note.
    Good:
        text[^a]

        [^a]: The note.
    Why: The footnote is empty, and what it should say stands in the text.
    """
    if not _on(page):
        return
    for line, name in _definitions(page):
        match = _DEFINITION.match(page.line(line))
        if match is None or match["text"].strip() or page.line(line + 1).strip():
            continue
        below = page.next_text(line)
        if not below or indent(page.line(below)) < indent(page.line(line)) + 4:
            yield page.problem(
                line,
                f"the footnote '[^{name}]' is empty; write its text behind the colon, or indent it"
                " by 4",
                page.column_of(line, "[^"),
            )


def malformed(page: Page) -> Iterator[Problem]:
    """A footnote mark is written the wrong way.

    Bad: text[1^], text^[note], [ ^1]
    Good:
        text[^1]

        [^1]: The note.
    Why: It is printed.
    """
    if not _on(page):
        return
    defined = {name for _, name in _definitions(page)}
    for block in page.rendered.blocks:
        if block.raw:
            continue
        for found in re.finditer(
            r"\[(?P<a>[\w-]{1,30})\^\](?!\()|(?<=[\w.,)])\^\[(?P<b>[^\]\n]{1,200})\](?!\()|\[["
            r" ]\^(?P<c>[\w-]{1,30})\]|\[\^(?P<d>[\w-]{1,30})(?![\w\]-])(?=[ .,;]|$)",
            block.text,
        ):
            line, column = page.locate(block.line_at(found.start()), found[0][:20])
            if page.is_code(line):
                continue
            if found["b"] and page.config.plugin("inline-footnotes"):
                continue
            if found["d"] and found["d"] not in defined:
                continue
            name = found["a"] or found["c"] or found["d"] or "1"
            yield page.problem(
                line,
                f"'{found[0][:30]}' is no footnote mark; write '[^{name}]' and define it on a line"
                " of its own",
                column,
            )


def extension_off(page: Page) -> Iterator[Problem]:
    """Footnotes are used though the extension is not enabled.

    Bad:
        text[^1]

        [^1]: The note.

        in mkdocs.yml:
        markdown_extensions: [admonition, tables]
    Good:
        text[^1]

        [^1]: The note.

        in mkdocs.yml:
        markdown_extensions: [footnotes]
    Why: Marks and definitions are printed or lost.
    """
    if _on(page) or page.missing_extensions:
        return
    definitions = _definitions(page)
    if definitions and any(name in _uses(page) for _, name in definitions):
        yield page.problem(
            definitions[0][0],
            "footnotes are printed as text; add 'footnotes' to markdown_extensions",
        )
