r"""Rules R: what Material's reference shows and this house writes in another way.

Everything else in that reference works here: tests/site/kitchen.md shows it.

Tried and dropped: `\[ … \]` inside a line (escaped brackets of prose, one in two), and a number in brackets in
running text (as in "see (1)").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from scripts.checker.page import Page, indent
from scripts.checker.problem import Problem
from scripts.checker.rules.code_notes import annotations_of

_SHORTCODE = re.compile(r"(?<![\w:/`\\]):(?P<name>[a-z0-9_+-]+):(?![\w/`:])")
_ICON = re.compile(r"(?:material|fontawesome|octicons|simple)-[a-z0-9-]+")


def _lines(page: Page) -> Iterator[tuple[int, str]]:
    """The lines of a page that are neither code nor front matter, with code spans blanked."""
    for number, text in enumerate(page.clean, 1):
        if number > page.front_lines and text.strip() and not page.is_code(number):
            yield number, text


@cache
def _emoji() -> frozenset[str]:
    """The names of emoji, without their colons."""
    from pymdownx.twemoji_db import aliases, emoji

    return frozenset(name.strip(":") for name in (*emoji, *aliases))


def shortcode(page: Page) -> Iterator[Problem]:
    """An emoji or an icon is written by its name.

    Bad: :material-check: The encoder is trained.
    Good: **Done.** The encoder is trained.
    Why: The name is printed. A picture that stands for a word is read aloud by its name, and not as what you meant.
    """
    for number, text in _lines(page):
        for found in _SHORTCODE.finditer(text):
            if _ICON.fullmatch(found["name"]) or found["name"] in _emoji():
                message = f"'{found[0]}' is printed; say it in words"
                yield page.problem(number, message, found.start() + 1)


def diagram(page: Page) -> Iterator[Problem]:
    """A diagram is written in Mermaid.

    Bad:
        ```mermaid
        graph LR
          A --> B
        ```
    Good:
        ![Data go through the encoder to the code](img/a.png)
        Data become a code.
    Why: Mermaid is megabytes of script, and draws when the page has long been there. Here its text is shown.
    """
    for start, _ in page.rendered.fences:
        if re.match(r"[ \t>]*(?:`{3,}|~{3,})[ \t]*\{?[ \t]*\.?mermaid\b", page.line(start)):
            message = "a Mermaid diagram is shown as its text; draw an SVG by a recipe in scripts/figures/"
            yield page.problem(start, message)


_ANNOTATE = re.compile(
    r"\{[^{}]*\.annotate\b[^{}]*\}|<[a-z]+[^<>]*\bclass=[\"'][^\"'<>]*\bannotate\b[^<>]*>"
    r"|^[ \t]*(?:!!!|\?\?\?\+?)[ \t]+[\w-]+[ \t]+(?:[\w-]+[ \t]+)*?annotate\b"
)


def annotation(page: Page) -> Iterator[Problem]:
    """A text or a code has annotations that open on a click.

    Bad:
        ```python
        x = 1  # (1)!
        ```

        1. The start.
    Good:
        ```python
        x = 1  # the start
        ```
    Why: The mark is printed as it is written. What a reader should know stands where it is seen, and on paper.
    """
    for number, text in _lines(page):
        found = _ANNOTATE.search(text)
        if found:
            yield page.problem(
                number,
                "annotations are not opened here, and their marks are printed; write a sentence, or a"
                " footnote '[^name]'",
                found.start() + len(found[0]) - len(found[0].lstrip()) + 1,
            )
    for start, end in page.rendered.fences:
        marks, listed = annotations_of(page, start, end)
        lines = [number for number in marks.values() if listed or ")!" in page.line(number)]
        if lines:
            message = "the mark of an annotation is printed; write the comment itself, or a sentence below the code"
            yield page.problem(min(lines), message, page.line(min(lines)).rfind("(") + 1)
        elif re.search(r"\{[^{}]*\.annotate\b", page.line(start)):
            yield page.problem(start, "annotations are not opened here; take '.annotate' away")


_CRITIC = re.compile(
    r"\{(?:\+\+[^{}]+\+\+|--[^{}]+--|==[^{}]+==|>>[^{}]+<<|~~[^{}]+~>[^{}]*~~)\}"
    r"|^[ \t]*\{(?:\+\+|--|==)[ \t]*$"
)


def change(page: Page) -> Iterator[Problem]:
    """A change is suggested on the page.

    Bad: The bound is {--never--}{++seldom++} tight.
    Good: The bound is seldom tight.
    Why: Readers want what holds. Suggestions stand in the pull request, where they are answered.
    """
    for number, text in _lines(page):
        found = _CRITIC.search(text)
        if found and "$" not in text[: found.start()]:
            yield page.problem(
                number,
                f"'{found[0].strip()[:30]}' suggests a change; make it, and write ==text== to mark"
                " something",
                found.start() + len(found[0]) - len(found[0].lstrip()) + 1,
            )


MOST_TABS = 8
_TAB = re.compile(r"[ \t]*===(?P<new>!)?\+?[ \t]+[\"']")


def tabs(page: Page) -> Iterator[Problem]:
    """A set has more tabs than the style sheet shows.

    Bad:
        === "1"
            Text 1.
        === "2"
            Text 2.
        === "3"
            Text 3.
        === "4"
            Text 4.
        === "5"
            Text 5.
        === "6"
            Text 6.
        === "7"
            Text 7.
        === "8"
            Text 8.
        === "9"
            Text 9.
    Good:
        === "1"
            Text 1.
        === "2"
            Text 2.
        === "3"
            Text 3.
    Why: The words of the ninth tab would never be seen, and nobody finds the eighth.
    """
    sets: dict[int, int] = {}  # the tabs of the open sets, by their indents
    for number, text in enumerate(page.body, 1):
        if number <= page.front_lines or not text.strip():
            continue
        column = indent(text)
        found = None if page.in_fence(number) else _TAB.match(text)
        sets = {at: count for at, count in sets.items() if at < column or (found and at == column)}
        if found:
            sets[column] = 1 if found["new"] else sets.get(column, 0) + 1
            if sets[column] == MOST_TABS + 1:
                message = f"the set has more than {MOST_TABS} tabs, and the rest are never shown"
                yield page.problem(number, f"{message}; write headings instead", column + 1)


_ROUND = re.compile(r"(?<![\w\\])\\\((?P<tex>(?:(?!\\[()]).)+)\\\)")
_SQUARE = re.compile(r"[ \t]*\\\[(?P<tex>.*?)(?:\\\])?[ \t]*")
_TEX = re.compile(r"\\[a-zA-Z]+|[\^_=<>+]")
_LETTER = re.compile(r"[ ]*[A-Za-z][ ]*")


def brackets(page: Page) -> Iterator[Problem]:
    r"""A formula stands between backslashes and brackets.

    Bad: The code \(z\) is a vector.
    Good: The code $z$ is a vector.
    Why: The brackets are printed and the formula is not set.
    """
    for number, text in _lines(page):
        for found in _ROUND.finditer(text):
            if _TEX.search(found["tex"]) or _LETTER.fullmatch(found["tex"]):
                message = f"'{found[0][:30]}' is printed; write ${found['tex'].strip()[:30]}$"
                yield page.problem(number, message, found.start() + 1)
        alone = _SQUARE.fullmatch(text)
        if alone and (_TEX.search(alone["tex"]) or not alone["tex"].strip()):
            message = r"'\[' is printed; write $$ on a line above and below the formula"
            yield page.problem(number, message, indent(text) + 1)


_BLOCK = re.compile(r"[ \t]*/{3,}[ \t]*(?P<name>[a-z][\w-]*)")
_INSTEAD_OF = {
    "caption": "write the caption in the line below the image, without marks; below a table, 'Table: …'",
    "details": "write '??? note \"Title\"' and indent the text by 4",
    "tab": "write '=== \"Title\"' and indent the text by 4",
    "html": "write the element with the attribute 'markdown'",
    "define": "write the term, and ':   text' below it",
    "admonition": "write '!!! note \"Title\"' and indent the text by 4",
}


def block(page: Page) -> Iterator[Problem]:
    """A block of pymdownx stands between slashes.

    Bad: /// caption below an image, then the caption, then ///
    Good: the caption in the line below the image
    Why: The slashes are printed; what they stand for has a form that every page here uses.
    """
    for number, text in _lines(page):
        found = _BLOCK.match(text)
        name = found["name"].removeprefix("figure-").removeprefix("table-") if found else ""
        if found and name in _INSTEAD_OF:
            message = f"'{found[0].strip()}' is printed; {_INSTEAD_OF[name]}"
            yield page.problem(number, message, indent(text) + 1)


_EXCERPT = re.compile(r"[ \t]*-{2,}8<-{2,}[ \t]+[\"'].+[\"'][ \t]*")


def fenced_excerpt(page: Page) -> Iterator[Problem]:
    """An excerpt stands inside a fence.

    Bad:
        ```python
        --8<-- "models/vae/vae.py:loss"
        ```
    Good: --8<-- "models/vae/vae.py:loss"
    Why: In a fence it is shown as it is written. The extension makes the box itself, with the file's name.
    """
    for start, end in page.rendered.fences:
        if re.match(r"[ \t>]*[`~]{3,}[ \t]*\{?[ \t]*\.?(?:md|markdown)\b", page.line(start)):
            continue
        body = [number for number in range(start + 1, end) if page.line(number).strip()]
        if len(body) == 1 and _EXCERPT.fullmatch(page.line(body[0])):
            message = "the excerpt is shown as it is written; take the fence around it away"
            yield page.problem(body[0], message, indent(page.line(body[0])) + 1)


PAGE = {
    "R01": shortcode,
    "R02": diagram,
    "R03": annotation,
    "R04": change,
    "R05": tabs,
    "R06": brackets,
    "R07": block,
    "R08": fenced_excerpt,
}
