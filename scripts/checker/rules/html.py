"""Rules H: HTML inside Markdown.

Tried and dropped: end tags that HTML lets you leave out (`</p>`, `</li>`, `</td>`), attributes without quotes.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from difflib import get_close_matches

from scripts.checker.page import Page, indent
from scripts.checker.problem import Problem
from scripts.checker.rendered import CODE, VOID
from scripts.checker.rules import unread
from scripts.checker.rules.tags import KNOWN, broken

OPTIONAL = frozenset(
    "p li dt dd tr td th thead tbody tfoot option optgroup colgroup caption rp rt html head body".split()
)
BLOCK_TAGS = (
    "div|section|article|aside|details|figure|table|ul|ol|dl|header|footer|main|nav|form|center"
)
_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?P<close>/?)(?P<name>[a-zA-Z][\w:-]*)(?P<attrs>(?:\s+(?:[^<>\"'\ue000]|\"[^\"]*\"|'[^']*')*)?/?)>",
    re.DOTALL,
)


def _source(page: Page) -> str:
    """The body with everything blanked that is no HTML of the author's."""
    lines = []
    run = False
    for number, text in enumerate(page.clean, 1):
        hidden = page.in_fence(number) or (
            page.context(number) in ("code", "comment") and "-->" not in text and "<!--" not in text
        )
        if (
            hidden
            and re.match(r"\s*</?(?:pre|script|style)\b", text)
            and not page.in_fence(number)
            and indent(text) < 4
        ):
            hidden = False
        hidden = hidden or (run and indent(text) >= 4 and not page.context(number))
        if text.strip():
            run = hidden and not page.in_fence(number) and page.context(number) != "comment"
        lines.append("" if hidden else text.replace("\\<", "\ue001\ue001"))
    joined = "\n".join(lines)
    return re.sub(
        r"(?<!`)(`+)(?!`)(?:[^`]|(?<!`)`(?!`))*?(?<!`)\1(?!`)",
        lambda m: re.sub(r"[^\n]", "\ue000", m[0]),
        joined,
    )


def _balance(page: Page) -> None:
    if "html" in page.notes:
        return
    page.notes["html"] = True
    text = _source(page)
    if lost := {line for line, *_ in broken(page)}:  # a quote without partner would reach far
        rows = enumerate(text.split("\n"), 1)
        text = "\n".join(re.sub("[\"']", " ", row) if n in lost else row for n, row in rows)
    if "{%" in text and re.search(r"\{%-?\s*(?:if|for)", text):
        return
    starts = [0]
    for row in text.split("\n"):
        starts.append(starts[-1] + len(row) + 1)

    stack: list[tuple[str, int]] = []
    quiet = ""
    for found in _TAG.finditer(text):
        name = (found["name"] or "").lower()
        line = bisect_right(starts, found.start())
        if not name or (quiet and not (found["close"] and name == quiet)):
            continue
        quiet = ""
        if found["close"]:
            _closed(page, name, line, stack)
        elif name in VOID or found["attrs"].endswith("/") or name not in KNOWN:
            continue
        else:
            stack.append((name, line))
            if name in ("pre", "script", "style", "textarea", "svg", "math"):
                quiet = (
                    name if re.search(rf"</{name}\s*>", text[found.end() :], re.IGNORECASE) else ""
                )
    for name, line in stack:
        if name not in OPTIONAL:
            _add(page, "unclosed", line, f"<{name}> is never closed; add </{name}>", name)


def _closed(page: Page, name: str, line: int, stack: list[tuple[str, int]]) -> None:
    names = [entry[0] for entry in stack]
    if name in VOID:
        return
    if name not in names:
        if name == "pre" and _opened_as_code(page, line):
            return
        if name in KNOWN:
            _add(
                page,
                "stray",
                line,
                f"</{name}> closes nothing; delete it, or open <{name}> before",
                "/" + name,
            )
        return
    while stack:
        last, start = stack.pop()
        if last == name:
            return
        if last not in OPTIONAL:
            _add(
                page,
                "unclosed",
                start,
                f"<{last}> is not closed before </{name}> in line {line}; add </{last}>",
                last,
            )


def _opened_as_code(page: Page, line: int) -> bool:
    """Whether the element that ends here was opened on a line that is shown as code."""
    for number in range(line - 1, 0, -1):
        text = page.line(number)
        if "</pre>" in text:
            return False
        if re.search(r"<pre\b", text):
            return page.is_code(number) and not page.in_fence(number)
    return False


def _add(page: Page, kind: str, line: int, message: str, tag: str) -> None:
    column = page.column_of(line, f"<{tag}")
    page.found.setdefault("html-" + kind, []).append(page.problem(line, message, column))


def unclosed(page: Page) -> Iterator[Problem]:
    """An HTML element is never closed.

    Bad:
        <div class="result">
        Text.
    Good:
        <div class="result">
        Text.
        </div>
    Why: Everything below it stands inside it.
    """
    _balance(page)
    yield from page.found.get("html-unclosed", ())


def stray(page: Page) -> Iterator[Problem]:
    """An end tag closes nothing.

    Bad: </div> without <div>
    Good: no such tag
    Why: It closes an element of the theme around the page, or is dropped.
    """
    _balance(page)
    lost = [(line, name) for line, _, name, _ in broken(page)]  # H09 tells of their openers
    for problem in page.found.get("html-stray", ()):
        opener = next(
            (o for o in lost if o[0] <= problem.line and f"</{o[1]}>" in problem.text), None
        )
        if opener is None:
            yield problem
        else:
            lost.remove(opener)


def glued(page: Page) -> Iterator[Problem]:
    """Text is glued to an end tag, or a tag has lost its bracket.

    Bad:
        <div>
        Text.
        </div>dic>
    Good:
        <div>
        Text.
        </div>
    Why: The rest of the tag is printed.
    """
    for number, text in enumerate(_source(page).split("\n"), 1):
        if "<" not in text and ">" not in text:
            continue
        found = re.search(rf"</(?:{BLOCK_TAGS})>([\w/][^<]*)", text)
        if found and not page.is_code(number):
            yield page.problem(
                number,
                f"'{found[1].strip()[:30]}' is glued to the end tag and is printed; delete it, or"
                " put it on its own line",
                found.start(1) + 1,
            )
            continue
        found = re.match(rf"\s*/?(?:{BLOCK_TAGS}|summary|span|figcaption)>\s*$", text)
        if found and not _continued_tag(page, number):
            yield page.problem(
                number, f"'{text.strip()}' lacks its '<' and is printed; complete the tag"
            )
    for block in page.rendered.blocks:
        if block.raw:
            continue
        for found in re.finditer(
            rf"<(/?)({BLOCK_TAGS}|summary|span|figcaption|a|img|kbd|sup|sub)(?=[\s/\n]|$)([^<>]*)(?=<|$)",
            block.text,
        ):
            line, column = page.locate(block.line_at(found.start()), "<" + found[1] + found[2])
            if page.is_code(line) or f"<{found[1]}{found[2]}" not in page.line(line):
                continue
            yield page.problem(
                line,
                f"the tag <{found[1]}{found[2]}…  has no closing '>' and is printed; complete it",
                column,
            )


def _continued_tag(page: Page, number: int) -> bool:
    for line in range(number - 1, max(number - 15, 0), -1):
        text = page.line(line)
        if text.rfind("<") > text.rfind(">"):
            return True
        if ">" in text or not text.strip():
            return False
    return False


def markdown_attribute(page: Page) -> Iterator[Problem]:
    """The attribute `markdown` is misspelt or has a value that does nothing.

    Bad:
        <div markdown="true">
        Text.
        </div>
    Good:
        <div markdown>
        Text.
        </div>
    Why: Only `markdown`, "1", "block" and "span" are known; the content is printed as it is written.
    """
    if not page.config.has("md_in_html"):
        return
    for tag in page.rendered.raw_tags:
        if tag.close or tag.stash == -2:
            continue
        for key, value in tag.attributes.items():
            if key == "markdown" and value.lower() not in (
                "",
                "1",
                "block",
                "span",
                "0",
                "markdown",
            ):
                yield page.problem(
                    tag.line,
                    f"markdown=\"{value}\" does nothing; write 'markdown' alone",
                    page.column_of(tag.line, "markdown"),
                )
            elif (
                key != "markdown"
                and not value
                and key not in ("download", "data-markdown")
                and get_close_matches(key, ["markdown"], 1, 0.75)
            ):
                yield page.problem(
                    tag.line,
                    f"the attribute '{key}' does nothing; write 'markdown'",
                    page.column_of(tag.line, key),
                )


_MARKDOWN = re.compile(
    r"(?m)^[ ]{0,12}(?:#{2,6} \w|[-*+] +(?:\[|\*\*|__|`|\w)|\d+\."
    r" +\w|\|[^\n|]+\|[^\n|]*\|)|\*\*\w[^*\n]*\w\*\*|(?<![\w`])__\w[^_\n]*\w__(?!\w)|!\[[^\]\n]*\]\("
    r"|(?<![\w:]):(?:material|octicons|fontawesome|simple)-[\w-]+:|(?<=[\w)])\{"
    r" ?[.#][a-z][\w-]* ?\}"
)


def no_markdown(page: Page) -> Iterator[Problem]:
    """Markdown stands inside raw HTML that is not read as Markdown.

    Bad:
        <div class="grid cards">

        - **One**

        </div>
    Good:
        <div class="grid cards" markdown>

        - **One**

        </div>
    Why: Stars, dashes and brackets are printed.
    """
    last = -10
    told: set[int] = page.notes.setdefault("unread", set())
    for block in page.rendered.blocks:
        if not block.raw or "{%" in block.text or "{{" in block.text:
            continue
        found = _MARKDOWN.search(block.text.replace(CODE, " "))
        if not found:
            continue
        sample = found[0].strip().split("\n")[0][:4]
        near = (
            block.line_at(found.end() - 1),
            block.line_at(min(found.end() + 3, len(block.text) - 1)),
        )
        line = next(
            (n for first in near for n in (first, first + 1) if sample in page.line(n)), near[0]
        )
        if page.is_code(line) or line in page.rendered.included or sample not in page.line(line):
            continue
        around = unread.opener(page, line)
        if around is not None:
            near_by, line = around.line in told, around.line
            told.add(line)
        else:
            near_by, last = line - last <= 6, line
        if near_by:
            continue
        advice = (
            "add the attribute 'markdown' to the element around it"
            if page.config.has("md_in_html")
            else "enable md_in_html and add the attribute 'markdown'"
        )
        what = f" <{around.name}>" if around else ""
        yield page.problem(
            line,
            f"Markdown inside the raw HTML{what} is printed as it is written; {advice}",
        )


def extension_off(page: Page) -> Iterator[Problem]:
    """The attribute `markdown` is used though the extension is not enabled.

    Bad:
        <div markdown>
        Text.
        </div>

        in mkdocs.yml:
        markdown_extensions: [admonition, tables]
    Good:
        <div markdown>
        Text.
        </div>

        in mkdocs.yml:
        markdown_extensions: [md_in_html]
    Why: The content is printed as it is written.
    """
    if page.config.has("md_in_html") or page.missing_extensions:
        return
    for tag in page.rendered.raw_tags:
        if not tag.close and "markdown" in tag.attributes:
            yield page.problem(
                tag.line,
                "the attribute 'markdown' does nothing here; add 'md_in_html' to"
                " markdown_extensions",
            )
            return


def placeholder(page: Page) -> Iterator[Problem]:
    """A placeholder in angle brackets is swallowed by the browser.

    Bad: replace <name> with your own
    Good: replace `<name>` with your own
    Why: The browser takes it for an unknown tag and shows nothing.
    """
    closed = {tag.name for tag in page.rendered.raw_tags if tag.close}
    told: dict[tuple[int, str], int] = {}
    for tag in page.rendered.raw_tags:
        if (
            tag.close
            or tag.name in KNOWN
            or tag.name in closed
            or tag.self_closed
            or tag.stash == -2
        ):
            continue
        if (
            any(value for value in tag.attributes.values())
            or ("-" in tag.name and len(tag.attributes) > 0)
            or ":" in tag.name
        ):
            continue
        if tag.name.upper() in page.config.hook_text and f"<{tag.name.upper()}" in page.text:
            continue
        if page.is_code(tag.line) or tag.line in page.rendered.included:
            continue
        line, column = _find_tag(page, tag.line, tag.name, told)
        if line:
            written = tag.written or tag.name
            yield page.problem(
                line,
                f"the browser swallows '<{written}>'; put it in backticks, or write &lt;",
                column,
            )


def _find_tag(
    page: Page, line: int, name: str, told: dict[tuple[int, str], int]
) -> tuple[int, int]:
    """Where a tag of that name opens, from its line on, behind those that are told already."""
    for number in range(line, min(line + 6, len(page.clean)) + 1):
        source = page.clean[number - 1].lower()
        found = source.find(f"<{name}", told.get((number, name), 0))
        if found >= 0 and not page.is_code(number):
            told[number, name] = found + 1
            return number, found + 1
    return 0, 0
