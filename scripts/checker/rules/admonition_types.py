"""Rules on the type of a box: unknown, missing, misspelt, or of another tool."""

from __future__ import annotations

import re

from scripts.checker import openers
from scripts.checker.openers import QUOTES, Opener
from scripts.checker.page import Page
from scripts.checker.problem import Problem

_NEAR = ("inline", "end", "annotate")
_NO_MODIFIER = frozenset("left right start float open closed collapsed collapse".split())
_ALERTS = ("gh-admonitions", "callouts", "github-admonitions", "obsidian-callouts", "alerts")


def type_unknown(page: Page, opener: Opener) -> Problem | None:
    """An admonition has a type that the theme does not know.

    Bad:
        !!! abstrct "In short"
            The body.
    Good:
        !!! abstract "In short"
            The body.
    Why: An unknown type is drawn as a plain note, with the wrong icon, colour and name.
    """
    header = opener.header()
    words = header.names.split() if header else []
    if not words or words[0].lower() in openers.MATERIAL or words[0].lower() in page.styles:
        return None
    word, near, material = words[0], openers.nearest(words[0]), page.config.theme == "material"
    if word.lower() in openers.ALIASES and near == word.lower():
        if not material or page.notes.get("own-css"):
            return None
        message = (
            f"the type '{word}' has no style in this theme and looks like a note; use"
            f" '{openers.ALIASES[near]}'"
        )
    elif near:
        message = f"no admonition type '{word}'; use '{openers.ALIASES.get(near, near)}'"
    elif material:
        message = f"no admonition type '{word}'; known are " + ", ".join(openers.MATERIAL)
    else:
        return None
    return page.problem(opener.line, message, page.column_of(opener.line, word), code="A01")


def no_type(page: Page, opener: Opener) -> Problem | None:
    """An admonition has no type.

    Bad:
        !!! "Before you start"
            The body.
    Good:
        !!! note "Before you start"
            The body.
    Why: The opener is printed; only `???` with a title may go without a type.
    """
    rest = opener.unread().rest
    if rest and (rest[0] not in QUOTES + "'" or opener.details):
        return None
    edit = opener.mended(page, f" note {rest}".rstrip())
    message = f"no type after '{opener.mark}'; write for instance '{opener.mark} note'"
    return page.problem(opener.line, message, edit=edit, code="A10")


def type_characters(page: Page, opener: Opener) -> Problem | None:
    """The type holds signs that no type may hold.

    Bad:
        !!! note: Title
            The body.
    Good:
        !!! note "Title"
            The body.
    Why: A type is letters, digits and hyphens; with a colon, dot, bracket or emoji the opener is printed.
    """
    meant = opener.unread()
    first, sign = meant.first, meant.rest[:1]
    odd = first and not re.fullmatch(r"[\w-]+", first) and sign not in QUOTES
    if not odd and (meant.types or sign in QUOTES + "'"):
        return None
    name = openers.nearest(re.sub(r"[^\w-]", "", first)) or "note"
    message = f"'{first}' is not a type; write '{opener.mark} {name}'"
    if first.endswith(":"):
        message = (
            f"a colon after the type; write '{opener.mark} {name}' and the title in"
            ' "double quotes"'
        )
    message += ", only letters, digits and '-'"
    return page.problem(opener.line, message, code="A14")


def modifier(page: Page, opener: Opener) -> Problem | None:
    """An admonition has a modifier that does not exist.

    Bad:
        !!! note left "Title"
            The body.
    Good:
        !!! note inline "Title"
            The body.
    Why: Material knows `inline` and `inline end`; other words do nothing.
    """
    header = opener.header()
    extra = openers.extra(header, page) if header else []
    if not extra:
        return None
    near = openers.nearest(extra[0], _NEAR)
    if extra[0].lower() in _NO_MODIFIER:
        message = f"'{extra[0]}' has no meaning here; the modifiers are 'inline' and 'inline end'"
    elif near and page.config.theme == "material":
        message = f"unknown modifier '{extra[0]}'; use '{near}'"
    else:
        return None
    return page.problem(opener.line, message, code="A29")


def extension_off(page: Page, opener: Opener) -> Problem:
    """Boxes are used though the extension is not enabled.

    Bad:
        ??? note
            The body.

        in mkdocs.yml:
        markdown_extensions: [admonition, tables]
    Good:
        ??? note
            The body.

        in mkdocs.yml:
        markdown_extensions: [admonition, pymdownx.details]
    Why: Every opener is printed, and no build says a word.
    """
    name = "pymdownx.details" if opener.details else "admonition"
    message = f"'{opener.mark}' is printed as text; add '{name}' to markdown_extensions"
    return page.problem(opener.line, message, code="A26")


def foreign(page: Page, line: int) -> Problem | None:
    """A box is written in the syntax of another tool.

    Bad:
        > [!NOTE]
        > The body.
    Good:
        !!! note
            The body.
    Why: It is printed, or shown as a quotation or code.
    """
    if page.in_fence(line):
        message = _myst(page, line)
    elif page.is_code(line):
        return None
    else:
        message = _alert(page, line) or _container(page, line) or _directive(page, line)
    return page.problem(line, message, code="A24") if message else None


def _alert(page: Page, line: int) -> str:
    found = re.match(r"\s*>\s*\[!(\w+)\]", page.line(line))
    if not found or page.config.plugin(*_ALERTS):
        return ""
    if any(
        "alert" in name or "callout" in name or "gfm" in name or name == "pymdownx.quotes"
        for name in page.config.extensions
    ):
        return ""
    name = openers.nearest(found[1]) or "note"
    right = openers.ALIASES.get(name, name)
    return f"'[!{found[1]}]' is GitHub's syntax and is printed; write '!!! {right}'"


def _container(page: Page, line: int) -> str:
    text = page.line(line)
    found = re.match(r"\s*:{3,}\s?\{?([a-z][\w-]*)\}?(?=[\s\[{]|$)", text)
    if not found or re.match(r"\s*::: [\w.]+\.[\w.]+", text):
        return ""
    name = openers.nearest(found[1])
    if name not in openers.WORDS or any(
        "container" in known or "fenced_div" in known for known in page.config.extensions
    ):
        return ""
    closed = any(re.match(r"\s*:{3,}\s*$", other) for other in page.body[line : line + 60])
    if not closed and page.config.plugin("mkdocstrings"):
        return ""
    return f"':::{found[1]}' is Docusaurus' syntax and is printed; write '!!! {name}'"


def _directive(page: Page, line: int) -> str:
    found = re.match(r"\s*\.\. ([a-z]+)::(?:\s|$)", page.line(line))
    if not found or openers.nearest(found[1]) != found[1]:
        return ""
    return f"'.. {found[1]}::' is reStructuredText and is printed; write '!!! {found[1]}'"


def _myst(page: Page, line: int) -> str:
    """What opens a fenced block as a box of MyST."""
    found = re.match(r"[ >\t]*(?:`{3,}|~{3,}|:{3,})\s*\{([a-z]+)\}\s*(\S.*)?$", page.line(line))
    if not found or (found[1] not in openers.WORDS and found[1] not in page.styles):
        return ""
    return f"'{{{found[1]}}}' is MyST's syntax and becomes a code block; write '!!! {found[1]}'"
