"""Rules on marks of which one half was lost or misspelt: bold text between underscores, attribute lists.

Tried and dropped: `__word` in a page that writes no bold text with underscores (names of code: most of them).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.checker.page import Page
from scripts.checker.problem import Problem
from scripts.checker.rules.printed import near_fence, text_blocks

_PAIR = re.compile(r"(?<![\w\\])__(?=\w)[^_\n]*\w__(?!\w)")
_OPEN = re.compile(r"(?<![\w\\_\ue001])__(?=[A-Za-z][a-z]+(?:[\s,.;:!?)-]|$))")
_CLOSE = re.compile(r"(?<=[a-z,.:!?)])__(?=[\s.,;:!?)]|$)(?!_)")
_NAMES = frozenset("typename schema type proto init main dirname filename name version".split())


def underscores(page: Page) -> Iterator[Problem]:
    """Bold text between underscores is not closed, or not opened.

    Bad: This is __quite important and more.
    Good: This is __quite important__ and more.
    Why: The underscores are printed.
    """
    body = "\n".join(page.clean)
    used = len(_PAIR.findall(body)) > 0
    for block in text_blocks(page):
        if "__" not in block.text:
            continue
        found = _OPEN.search(block.text) or _CLOSE.search(block.text)
        if not found or not (used or _phrase(block.text, found)):
            continue
        line, column = page.place(block, found.start(), "__")
        if page.is_code(line) or near_fence(page, line) or "__" not in page.line(line):
            continue
        if "{{" in page.line(line) or "{%" in page.line(line) or page.line(line).count("$") > 1:
            continue
        word = re.match(r"__(\w+)", block.text[found.start() :])
        if word and word[1].lower() in _NAMES:
            continue
        yield page.problem(
            line,
            "'__' is printed: the bold text is not closed, or not opened; write __text__",
            column,
        )


def _phrase(text: str, found: re.Match[str]) -> bool:
    """Whether words of prose follow an opening mark, as they do not follow the name of a thing of code."""
    return bool(re.match(r"__[a-zA-Z][a-z]+(?:[ ,]+[a-z]+){2,}", text[found.start() :]))


_UNCLOSED = re.compile(
    r"(?<=[)\]`*_])\{:?[ \t]*(?:[.#][A-Za-z][\w-]*|[a-z-]+=(?:\"[^\"\n]*\"|[\w%.-]+))(?=[ \t]|$)[^{}$]*$"
)
_LIST = re.compile(r"(?<=[)\]`*_])\{:?[ ]*([^{}\n]+?)[ ]*\}(\})?")
_HEADING = re.compile(r"[ ]{0,3}#{1,6}[ ].*?[ ]\{:?[ ]*([^{}\n]+?)[ ]*\}[ #]*$")
_ROUND = re.compile(
    r"\]\([^()\s]+\)[(\[][ ]*(?P<list>[.#][A-Za-z][\w-]*(?:[ ]+\.[\w-]+)*)[ ]*[)\]]"
)
_KNOWN = re.compile(r"md-button(?:--primary)?|md-[\w-]+|annotate|no-check|glightbox")


def attribute_signs(page: Page) -> Iterator[Problem]:
    """A sign of an attribute list is missing, or one too many.

    Bad: ![The loss](loss.png){ width=300
    Good: ![The loss](loss.png){ width=300 }
    Why: The braces are printed, or the class or the id has another name than was meant.
    """
    if not page.config.has("attr_list"):
        return
    for number, text in enumerate(page.clean, 1):
        if number <= page.front_lines or page.is_code(number) or page.in_fence(number):
            continue
        if not re.search(r"[{}]|\)[(\[][ ]*[.#]", text) or "{{" in text or "{%" in text:
            continue
        message = _fault(page, text)
        if message and not near_fence(page, number):
            column = max(text.rfind("{"), 0) if "{" in text else text.find(")") + 1
            yield page.problem(number, message, column + 1)


def _fault(page: Page, text: str) -> str:
    if _UNCLOSED.search(text):
        return "the attribute list is not closed and is printed; add '}'"
    lists = [*_LIST.finditer(text)]
    heading = _HEADING.match(text)
    for found in (*lists, *([heading] if heading else [])):
        if found.re is _LIST and found[2] and text.count("{") < text.count("}"):
            return "one '}' too many behind the attribute list; delete it"
        inner = found[1]
        if inner.count('"') % 2:
            return "a quote of the attribute list is not closed; write one before and one behind the value"
        bare = next(
            (word for word in re.sub(r'"[^"]*"', '""', inner).split() if _bare(page, word)), ""
        )
        if bare:
            return f"'{bare}' in the attribute list is no class; write '.{bare}'"
    found_round = _ROUND.search(text)
    if found_round:
        listed = found_round["list"]
        return f"the attribute list '{listed}' does not stand in braces and is printed; write {{ {listed} }}"
    return ""


def _bare(page: Page, word: str) -> bool:
    """Whether a word of a list was meant as a class."""
    return (
        "=" not in word
        and bool(_KNOWN.fullmatch(word) or word in page.styles)
        and word not in ("hidden", "open", "controls", "markdown")
    )
