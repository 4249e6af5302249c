"""Rules T11 to T16: blocks (`///`), and the pass that pairs their headers with their ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scripts.checker import openers
from scripts.checker.page import Page, indent
from scripts.checker.problem import Problem

_HEADER = re.compile(
    r"[ ]{0,3}(?P<fence>/{3,})[ ]*(?P<name>[\w-]+)[ ]*(?P<pipe>\|[ ]*(?P<title>.*?)[ ]*)?$"
)
_END = re.compile(r"[ ]{0,3}(?P<fence>/{3,})[ ]*$")
_OPTION = re.compile(r"\s+([\w-]+):\s*(.*)$")
_LATE = re.compile(r" {4,}(type|attrs|open|new|select|title|name|tag):\s*\S+\s*$")

TYPES = ("note", "attention", "caution", "danger", "error", "tip", "hint", "warning")
BLOCKS = {
    "pymdownx.blocks.admonition": ("admonition",),
    "pymdownx.blocks.details": ("details",),
    "pymdownx.blocks.tab": ("tab",),
    "pymdownx.blocks.html": ("html",),
    "pymdownx.blocks.definition": ("define",),
    "pymdownx.blocks.caption": ("caption", "figure-caption", "table-caption"),
}

Stack = list[tuple[int, int]]
"""The blocks that are open: how many slashes each has, and its line."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a page can know of blocks.

    Args:
        names: those that the extensions of the project read.
        foreign: whether it has extensions of others, which may read more.
        printed: the lines on which a `///` reached the reader.
    """

    names: tuple[str, ...]
    foreign: bool
    printed: frozenset[int]


def findings(page: Page) -> Iterator[Problem]:
    """What is wrong with the blocks of a page."""
    if not any(line.lstrip().startswith("///") for line in page.body):
        return
    known = Known(_names(page), _foreign(page), _printed(page))
    stack: Stack = []
    off_is_told = False
    for number, text in enumerate(page.body, 1):
        if not text.lstrip().startswith("///") or _is_hidden(page, number):
            continue
        shown = text if indent(text) < 4 else text.lstrip()
        end, header = _END.match(shown), _HEADER.match(shown)
        if end:
            yield from _ended(page, number, len(end["fence"]), stack, known)
        elif header and _opens(page, number, header, known):
            stack.append((len(header["fence"]), number))
        elif known.names:
            yield from _found(_not_opened(page, number, shown, stack, known))
        elif header and not off_is_told and _meant(page, number, header, known):
            off_is_told = True
            yield block_off(page, number, header["name"])
    for _, number in stack:
        yield block_unclosed(page, number)
    for number, text in enumerate(page.body, 1):
        if _HEADER.match(text) and not page.in_fence(number):
            yield from _found(block_option(page, number))


def _found(problem: Problem | None) -> Iterator[Problem]:
    if problem is not None:
        yield problem


def _is_hidden(page: Page, number: int) -> bool:
    """Whether a line is part of a code block or a comment."""
    if page.in_fence(number) or page.context(number) == "comment":
        return True
    above = number - 1
    return (
        indent(page.line(number)) >= 4
        and page.context(above) == "code"
        and not page.in_fence(above)
    )


# what is known


def _names(page: Page) -> tuple[str, ...]:
    names: list[str] = []
    for extension, own in BLOCKS.items():
        if not page.config.has(extension):
            continue
        names.extend(own)
        usual = TYPES if extension.endswith("admonition") else ()
        types = page.config.options.get(extension, {}).get("types", usual)
        read = extension.endswith((".admonition", ".details")) or (
            extension.endswith(".caption") and isinstance(types, list)
        )
        if read:
            names.extend(item["name"] if isinstance(item, dict) else str(item) for item in types)
    return tuple(dict.fromkeys(names))


def _foreign(page: Page) -> bool:
    return any(
        "." in name and not name.startswith(("pymdownx.", "markdown."))
        for name in page.config.extensions
    )


def _printed(page: Page) -> frozenset[int]:
    found: set[int] = set()
    for block in page.rendered.blocks:
        for hit in re.finditer(r"(?:^|\n)[ ]{0,3}/{3,}", block.text):
            around = block.line_at(hit.end() - 1)
            start = hit.start() + (block.text[hit.start()] == "\n")
            text = block.text[start:].split("\n")[0].strip()
            exact = [n for n in range(around - 2, around + 12) if page.line(n).strip() == text]
            found.update(exact or range(around - 2, around + 3))
    return frozenset(found)


def _really_printed(page: Page, number: int) -> bool:
    source = page.line(number).strip()
    return any(source in block.text for block in page.rendered.blocks if "///" in block.text)


# headers and ends


def _opens(page: Page, number: int, header: re.Match[str], known: Known) -> bool:
    name = header["name"].lower()
    if (
        page.missing_extensions
        and name not in known.names
        and not openers.nearest(name, known.names)
    ):
        return True
    if name in known.names:
        return not (number in known.printed and _really_printed(page, number))
    return known.foreign and number not in known.printed


def _ended(page: Page, number: int, length: int, stack: Stack, known: Known) -> Iterator[Problem]:
    """Close the block that an end belongs to."""
    if any(size == length for size, _ in stack):
        while stack[-1][0] != length:
            size, start = stack.pop()
            yield block_unclosed(page, start, size)
        stack.pop()
    elif stack and known.names:
        size, start = stack.pop()
        yield block_unclosed(page, start, size, length)
    elif known.names:
        yield block_stray(page, number)


def _not_opened(page: Page, number: int, text: str, stack: Stack, known: Known) -> Problem | None:
    """Why a line opened no block, though it was meant to."""
    rest = text.strip().lstrip("/").strip()
    word = re.match(r"[\w-]+", rest)
    if not word:
        if not rest.startswith("|") or not rest[1:].strip():
            return None
        _pass_over(page, number, len(page.line(number).strip().split()[0]), stack)
        return block_header(page, number, text)
    name = word[0].lower()
    if name in known.names:
        wrong_option = block_option(page, number, name) if _HEADER.match(text) else None
        problem = wrong_option or block_header(page, number, text, name)
    elif openers.nearest(name, known.names) or _HEADER.match(text):
        problem = block_unknown(page, number, word[0], known)
    else:
        return None
    stripped = text.strip()
    _pass_over(page, number, len(stripped) - len(stripped.lstrip("/")), stack)
    return problem


def _pass_over(page: Page, number: int, length: int, stack: Stack) -> None:
    """Open a block that did not open, if it has an end: that is no fault of its own."""
    depth = 0
    for index in range(number + 1, len(page.body) + 1):
        text = page.line(index)
        if page.in_fence(index) or not text.lstrip().startswith("///"):
            continue
        end = _END.match(text.lstrip() if indent(text) >= 4 else text)
        if end and len(end["fence"]) == length:
            if not depth:
                stack.append((length, number))
                return
            depth -= 1
        elif not end and _HEADER.match(text):
            depth += 1


def _meant(page: Page, number: int, header: re.Match[str], known: Known) -> bool:
    """Whether a line is a header of a block though no extension reads blocks."""
    usual = (*TYPES, "admonition", "details", "tab", "html")
    return (
        number in known.printed
        and bool(openers.nearest(header["name"], usual))
        and not page.missing_extensions
        and any(_END.match(line) for line in page.body[number:])
    )


# the rules


def block_unclosed(page: Page, line: int, size: int = 0, end: int = 0) -> Problem:
    """A block is never closed.

    Bad:
        /// note | Title
        Text.
    Good:
        /// note | Title
        Text.
        ///
    Why: The rest of the page is swallowed into the box, silently.
    """
    message = (
        "this block is never closed and swallows the rest of the page; end it with the same"
        " number of slashes"
    )
    if end:
        message = f"this block of {size} slashes meets an end of {end}; use the same number"
    elif size:
        message = f"this block of {size} slashes is never closed; end it with {size} slashes"
    return page.problem(line, message, code="T11")


def block_header(page: Page, line: int, text: str, name: str = "") -> Problem:
    """The header of a block cannot be read.

    Bad:
        /// note Title
        Text.
        ///
    Good:
        /// note | Title
        Text.
        ///
    Why: The header and the end are printed.
    """
    if not name:
        message = "the block has no name before '|'; write for instance '/// note | Title'"
    elif _HEADER.match(text):
        message = (
            f"this '/// {name}' header is printed; put it at the start of the line after a blank"
            " line"
        )
    else:
        title = text.strip().lstrip("/").strip()[len(name) :].strip(" |:")[:40]
        message = f"the title of a block stands after '|': '/// {name} | {title}'"
    return page.problem(line, message, code="T12")


def block_unknown(page: Page, line: int, word: str, known: Known) -> Problem:
    """A block has a name that no extension knows.

    Bad:
        /// nte | Title
        Text.
        ///
    Good:
        /// note | Title
        Text.
        ///
    Why: The header and the end are printed.
    """
    near = openers.nearest(word.lower(), known.names)
    advice = f"use '{near}'" if near else "known are " + ", ".join(known.names[:12])
    return page.problem(line, f"no block '{word}'; {advice}", code="T13")


def block_option(page: Page, line: int, name: str = "") -> Problem | None:
    """A block has an option that is not valid.

    Bad:
        /// admonition | Title
            typ: note
        Text.
        ///
    Good:
        /// admonition | Title
            type: note
        Text.
        ///
    Why: One wrong option rejects the whole block.
    """
    following = page.line(line + 1)
    if name:
        option = _OPTION.match(following)
        message = (
            f"the option '{option[1]}: {option[2]}' is not valid for '{name}', so the block is"
            " printed; correct or delete it"
            if option
            else ""
        )
        return page.problem(line, message, code="T14") if option else None
    # After a blank line an option becomes content.
    late = None if following.strip() else _LATE.match(page.line(line + 2))
    if not late or not page.config.has(*BLOCKS):
        return None
    message = (
        f"the option '{late[1]}' comes after a blank line and is shown as code; put it directly"
        " under the header"
    )
    return page.problem(line + 2, message, code="T14")


def block_stray(page: Page, line: int) -> Problem:
    """An end of a block ends nothing.

    Bad:
        Text.

        ///
    Good: Text.
    Why: It is printed.
    """
    message = "this '///' ends nothing and is printed; delete it, or open the block above"
    return page.problem(line, message, code="T15")


def block_off(page: Page, line: int, name: str) -> Problem:
    """Blocks are used though no block extension is enabled.

    Bad:
        /// note | Title
        Text.
        ///

        in mkdocs.yml:
        markdown_extensions: [admonition, tables]
    Good:
        /// note | Title
        Text.
        ///

        in mkdocs.yml:
        markdown_extensions: [pymdownx.blocks.admonition]
    Why: Header and end are printed.
    """
    message = (
        f"'/// {name}' is printed as text; add a pymdownx.blocks extension to markdown_extensions"
    )
    return page.problem(line, message, code="T16")
