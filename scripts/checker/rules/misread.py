"""Rules on blocks that their author meant otherwise: tables, headings, lists, tasks, definitions, comments.

All of them ask what the reader sees. A sign that is shown in code, or escaped, was meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.checker import leaks
from scripts.checker.page import Page
from scripts.checker.problem import Problem
from scripts.checker.rendered import ESCAPED, Block
from scripts.checker.rules.printed import near_fence, rows, text_blocks

_CELLS = ("td", "th")
_DASHES = re.compile(r"\s*\|?(?:\s*:?-+:?\s*\|)+\s*(?::?-+:?)?\s*$")
_NO_TEXT = re.compile(r"[\s|:=+–—_.-]+$")


def table_rows(page: Page) -> Iterator[Problem]:
    """Rows of a table have no line of dashes below a head.

    Bad:
        | Tue. | 09:30 |
        | Fri. | 07:30 |
    Good:
        | Day | Time |
        | --- | --- |
        | Tue. | 09:30 |
        | Fri. | 07:30 |
    Why: Without it they are no table: the rows are printed in one paragraph, with their bars.
    """
    for block in text_blocks(page):
        if "|" not in block.text or block.tag in _CELLS:
            continue
        for place, run in leaks.table_rows(block.text):
            yield from _table(page, block, place, run)


def _table(page: Page, block: Block, place: int, run: list[str]) -> Iterator[Problem]:
    headless = bool(_DASHES.match(run[0]))
    if len(run) > 1 and _NO_TEXT.match(run[1]) and not headless:
        return  # S11 and S12 say what is wrong with its line of dashes
    line, column = page.place(block, place, "|")
    if page.is_code(line) or near_fence(page, line) or not page.line(line).count("|"):
        return
    what = (
        "the table has no head, so it is printed; put a row of heads above the line of dashes"
        if headless
        else "these rows are printed with their bars: a table needs a head and a line '| --- |'"
        " below it"
    )
    yield page.problem(line, what, column)


def heading_signs(page: Page) -> Iterator[Problem]:
    """The signs of a heading are printed.

    Bad:
           ## Overview

        Text.
    Good:
        ## Overview

        Text.
    Why: A heading starts where its block starts; elsewhere its signs stand in the text, and no outline has it.
    """
    for block in text_blocks(page):
        if "#" in block.text and not re.fullmatch(r"h[1-6]", block.tag):
            for place, row in rows(block):
                found = leaks.HEADING.match(row)
                if not found or (block.tag in _CELLS and len(found[1].strip()) < 2):
                    continue
                sign = found[1].strip()
                line, column = page.place(block, place + found.start(1), sign)
                if page.is_code(line) or sign not in page.line(line) or near_fence(page, line):
                    continue
                where = (
                    "delete the signs, or write the heading above the box"
                    if block.tag in ("title", *_CELLS)
                    else "start it at column 1, or indent it by 4 in a list item"
                )
                yield page.problem(line, f"'{sign}' is printed; {where}", column)
        merged = re.search(r"<{7}|>{7}", block.text)  # S15 tells of a conflict
        for place, row in rows(block) if "===" in block.text and not merged else ():
            line, column = page.place(block, place + row.find("="), "===")
            if re.fullmatch(r"\s*={3,}\s*", row) and page.line(line).strip(" >\t") == row.strip():
                yield page.problem(
                    line,
                    "the line of '=' is printed; put it directly below the heading, or write '#'"
                    " before the heading",
                    column,
                )
    for heading in page.rendered.headings:
        if re.match(r"[ >]*#{7,}", page.line(heading.line)):
            yield page.problem(
                heading.line, "a heading has six signs '#' at most; the rest is printed"
            )


def list_signs(page: Page) -> Iterator[Problem]:
    """Lines begin with signs that are no list signs here.

    Bad:
        1) First
        2) Second
    Good:
        1. First
        2. Second
    Why: Only '-', '*', '+' and '1.' make a list; the lines run into one paragraph, with their signs.
    """
    if page.config.has("nl2br"):
        return
    for block in text_blocks(page):
        found = None if block.tag in ("title", "dt") else leaks.list_start(block.text)
        if found is None:
            continue
        place, sign = found
        line, column = page.place(block, place, sign)
        if page.is_code(line) or sign not in page.line(line) or near_fence(page, line):
            continue
        right = "1." if sign.strip("()").rstrip("、．.)").isalnum() and sign != "o" else "-"
        yield page.problem(
            line,
            f"'{sign}' is no list sign here: the lines run into one paragraph; write '{right}'",
            column,
        )


_TASK = re.compile(
    r"\A\s*(?P<box>\[(?:|[ ]{2,}|[ ]+[xX][ ]*|[xX][ ]+|[✓✔√✗✘vV*-])\](?=[ \n])|\[[ xX]\](?=[A-Za-z]))"
)
_BARE_TASK = re.compile(r"\s*(?P<box>\[ \]|\[[xX]\])[ ]+(?=\S)")


def task_marks(page: Page) -> Iterator[Problem]:
    """The box of a task is not one.

    Bad:
        - [] first
        - [ x ] second
    Good:
        - [ ] first
        - [x] second

        in mkdocs.yml:
        markdown_extensions: [pymdownx.tasklist]
    Why: Only '[ ]' and '[x]' with a blank behind them make a box; the brackets are printed.
    """
    for block in text_blocks(page):
        if "[" not in block.text:
            continue
        in_item = "li" in (block.tag, *block.path[-2:])
        found = _TASK.match(block.text) if in_item else None
        if found:
            line, column = page.place(block, found.start("box"), "[")
            if not page.is_code(line) and found["box"] in page.line(line):
                done = "x" if found["box"].strip("[] ") not in ("", "-", "*", "✗", "✘") else " "
                yield page.problem(
                    line, f"'{found['box']}' is printed; write '[{done}] ' for a task", column
                )
        elif block.tag == "p" and not in_item:
            starts = [(p, m) for p, row in rows(block) if (m := _BARE_TASK.match(row))]
            if starts and (len(starts) > 1 or starts[0][1]["box"] == "[ ]"):
                line, column = page.place(block, starts[0][0] + starts[0][1].start("box"), "[")
                if not page.is_code(line) and "[" in page.line(line):
                    yield page.problem(
                        line, "a task without a list sign is printed; write '- [ ] task'", column
                    )


_ABBREVIATION = re.compile(
    r"[ ]{0,3}\*(?:\[[^\]\n]+\](?![ ]?:)[ ]?:?|[({][A-Z][\w-]*[)}]:)[ ]*(?=\S)"
)
_DEFINITION = re.compile(r"[ ]*(?:：[ ]*|:[ ]{1,3})(?=\w[^:\n]*\w)")
_GLUED = re.compile(r"[ ]{0,3}:(?=[A-Z][a-z]*[ ][^:\n]*$)")


def definition_marks(page: Page) -> Iterator[Problem]:
    """A definition or an abbreviation has the wrong sign.

    Bad:
        CSS is known.

        *[CSS] Cascading
    Good:
        CSS is known.

        *[CSS]: Cascading
    Why: It is printed where it stands, and explains nothing.
    """
    abbreviations, definitions = page.config.has("abbr"), page.config.has("def_list")
    for block in text_blocks(page):
        if block.tag in (*_CELLS, "title"):
            continue
        for index, (place, row) in enumerate(rows(block)):
            if abbreviations and "*" in row and _ABBREVIATION.match(row):
                line, column = page.place(block, place + row.index("*"), "*")
                if not page.is_code(line) and "*" in page.line(line):
                    yield page.problem(
                        line,
                        "the abbreviation is printed; write '*[NAME]: its words', with the colon",
                        column,
                    )
            elif definitions and (_DEFINITION.match(row) or (index and _GLUED.match(row))):
                sign = row.strip()[0]
                line, column = page.place(block, place + row.index(sign), sign)
                if not page.is_code(line) and sign in page.line(line):
                    yield page.problem(
                        line,
                        "the definition is printed; write its term in the line above, and ':' with"
                        " three blanks before the text",
                        column,
                    )


def comment(page: Page) -> Iterator[Problem]:
    """An HTML comment is not closed.

    Bad:
        <!-- a note, and no end

        Text.
    Good: <!-- a note -->
    Why: The reader sees it; or all the text up to the end of the next comment is hidden.
    """
    for block in text_blocks(page):
        for found in re.finditer(r"<!(?:--|[–—]-?|-[ ]|[ ]-)", block.text):
            line, column = page.place(block, found.start(), found[0])
            if not page.is_code(line) and "<!" in page.line(line):
                yield page.problem(
                    line,
                    f"'{found[0]}' is printed: the comment is not closed; end it with '-->'",
                    column,
                )
        for place, row in rows(block):
            if row.strip() == "-->":
                line, column = page.place(block, place + row.index("-"), "-->")
                if not page.is_code(line) and "-->" in page.line(line):
                    yield page.problem(line, "'-->' closes no comment and is printed", column)
    yield from _swallowed(page)


def _swallowed(page: Page) -> Iterator[Problem]:
    """A comment that ran on to the end of the next one."""
    opened = 0
    for number, text in enumerate(page.body, 1):
        if page.in_fence(number) or ("<!--" not in text and "-->" not in text):
            continue
        for found in re.finditer(r"<!--|-->", re.sub(r"`[^`]*`", lambda m: "x" * len(m[0]), text)):
            if found[0] == "-->":
                opened = 0
            elif opened and page.context(opened) == "comment" and number > opened:
                yield page.problem(
                    opened,
                    f"the comment is not closed before the next one in line {number}; add '-->'",
                )
                opened = number
            else:
                opened = number


def bar_in_code(page: Page) -> Iterator[Problem]:
    r"""A bar in the code of a table is escaped.

    Bad:
        | a | b |
        | --- | --- |
        | `a \| b` | 2 |
    Good:
        | a | b |
        | --- | --- |
        | `a | b` | 2 |
    Why: Python-Markdown divides no cell inside code: the backslash is printed.
    """
    told: set[tuple[int, str]] = set()
    for line, text in page.rendered.inline_code:
        found = re.search(r"\\\||&(?:#124|#x7c|vert|verbar);", text, re.IGNORECASE)
        if not found or (line, text) in told or line in page.rendered.included:
            continue
        if not {"td", "th"} & set(page.rendered.path_of.get(line, ())):
            continue
        told.add((line, text))
        column = page.line(line).find(text) + found.start() + 1
        yield page.problem(
            line,
            f"'{found[0]}' is printed as it is written; a bar inside code needs no escape",
            column,
        )


def hard_break(page: Page) -> Iterator[Problem]:
    r"""A line ends with a backslash.

    Bad:
        The first line ends here.\
        The second.
    Good:
        The first line ends here.<br>
        The second.
    Why: Python-Markdown breaks no line by a backslash: it is printed, and the lines run on.
    """
    for block in text_blocks(page):
        if (
            "\\\n" not in block.text and f"{ESCAPED}\n" not in block.text
        ) or "\\begin{" in block.text:
            continue
        for found in re.finditer(rf"[\\{ESCAPED}]\n(?=[^\n]*\S)", block.text):
            line = block.line_at(found.start())
            source = page.line(line).rstrip()
            if (
                page.is_code(line)
                or not re.search(r"(?:^|[^\\])\\{1,2}$", source)
                or near_fence(page, line)
            ):
                continue
            yield page.problem(
                line,
                "the backslash at the end of the line is printed; end the line with two blanks or"
                " <br>",
                len(source),
            )


def angle(page: Page) -> Iterator[Problem]:
    """An angle bracket around an address has no partner.

    Bad: [the page](<index.md)
    Good: [the page](<index.md>) or [the page](index.md)
    Why: The bracket becomes a part of the address, and the link leads to nothing.
    """
    told: dict[int, int] = {}
    for link in page.rendered.links:
        href = link.href.strip()
        opened, closed = href.startswith("<"), href.endswith(">")
        if link.raw or opened == closed or page.is_code(link.line):
            continue
        if (">" if opened else "<") in href:
            continue  # a placeholder, of which H07 tells
        if "{" in href or "\x02" in href or link.line in page.rendered.included:
            continue
        source = page.line(link.line)
        column = source.find("](<" if opened else ">)", told.get(link.line, 0))
        if column < 0:
            continue
        told[link.line] = column + 1
        lacks, right = (">", f"<{href[1:]}>") if opened else ("<", href[:-1])
        yield page.problem(
            link.line,
            f"'{href[:60]}' lacks its '{lacks}', so the bracket is part of the address; write"
            f" '{right[:60]}'",
            column + (3 if opened else 1),
        )
    for block in text_blocks(page):
        for found in re.finditer(r"<(?:https?://|mailto:)[^\s<>]*", block.text):
            line, column = page.place(block, found.start(), found[0])
            if not page.is_code(line) and "<" in page.line(line):
                yield page.problem(
                    line,
                    f"'{found[0][:60]}' lacks its '>' and is printed; close it, without a blank inside",
                    column,
                )
