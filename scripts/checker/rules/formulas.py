"""Rules M on mathematics: formulas that are printed as they are written, or are read as another one.

Dollars are money and names as well. A pair of them is taken for a formula only if what stands between is
mathematics: signs, commands and short names, no words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.checker.leaks import ENVIRONMENT, blank_formulas, mathematical
from scripts.checker.page import Page
from scripts.checker.problem import Problem
from scripts.checker.rendered import CODE, ESCAPED, Block
from scripts.checker.rules.printed import near_fence, reads_formulas, source_of, text_blocks


def _blocks(page: Page, sign: str) -> Iterator[Block]:
    if reads_formulas(page):
        for block in text_blocks(page):
            if sign in block.text:
                yield block


def not_closed(page: Page) -> Iterator[Problem]:
    """A formula is not closed.

    Bad:
        $$
        x = 1

        Text.
    Good:
        $$
        x = 1
        $$
    Why: The formula is printed as it is written, and may swallow the text below.
    """
    for block in _blocks(page, "$$"):
        for found in re.finditer(rf"(?<![\\${ESCAPED}])\$\$(?!\$)", block.text):
            line, column = page.place(block, found.start(), "$$")
            if (
                _opens_or_closes(block.text, found.start())
                and not page.is_code(line)
                and "$$" in page.line(line)
                and not near_fence(page, line)
            ):
                yield page.problem(
                    line,
                    "'$$' is printed: the formula is not closed, or no blank line stands around it",
                    column,
                )
                break


def _opens_or_closes(text: str, place: int) -> bool:
    """Whether a `$$` in a text was meant as the sign of a formula, and not as the two signs themselves."""
    before, after = text[:place], text[place + 2 :]
    row, rest = before.rpartition("\n")[2], after.partition("\n")[0]
    if not row.strip() and not rest.strip():
        return True
    if after[:1].strip() and re.match(
        rf"[\\{ESCAPED}A-Za-z]\S{{0,3}}(?=[\s=^_({{]|$)|\S*[\\^_=]", after
    ):
        return True
    if re.match(r"\s*(?:\\[A-Za-z]+|[A-Za-z](?:[_^]\w)?)\s*[=<>≤≥^_(\\]", after):
        return True
    inner = after.partition("$$")
    if inner[1] and mathematical(inner[0]):
        return True
    inner = before.rpartition("$$")
    if inner[1] and mathematical(inner[2]):
        return True
    return (not row.strip() and mathematical(rest)) or (
        not rest.strip() and (mathematical(row) or mathematical(after.strip().partition("\n")[0]))
    )


def blank_inside(page: Page) -> Iterator[Problem]:
    """A formula has a blank inside its dollars.

    Bad: $ x + y $
    Good: $x + y$
    Why: A dollar beside a blank is taken for money, and the formula is printed.
    """
    for block in _blocks(page, "$"):
        for place, tex in blank_formulas(block.text):
            line, column = page.place(block, place, "$")
            pattern = re.escape(tex.split("\n")[0]).replace(ESCAPED, r"\\.")
            found = re.compile(rf"\$({pattern})\$?").search(page.line(line), column - 1)
            found = found or re.search(rf"\$({pattern})\$?", page.line(line))
            if page.is_code(line) or found is None:
                continue
            written = found[1] if found[0].endswith("$") else tex.replace(ESCAPED, "\\")
            yield page.problem(
                line,
                f"'${_short(written)}$' is printed with its dollars: no blank may stand inside them;"
                f" write '${_short(written.strip())}$'",
                found.start() + 1,
            )


def _short(tex: str) -> str:
    tex = tex.replace("\n", " ")
    return tex if len(tex) < 40 else tex[:39] + "…"


# In brackets a lone letter may be an index or a box to tick.
_FORMAL = re.compile(r"[=^_\\≤≥≈∈∑∏]|\s[-+*/<>]\s")
_BRACKETS = re.compile(
    r"(?<![\\\w])(?P<sign>\\\[)(?P<square>.+?)(?<!\\)\\\]|(?<!\\)(?P<twice>\\\\[\[(])(?P<tex>.+?)\\\\[\])]",
    re.DOTALL,
)


def brackets(page: Page) -> Iterator[Problem]:
    r"""A formula in `\[ … \]` stands inside a paragraph, or its backslashes are doubled.

    Bad: The loss is \[ L = a \] here.
    Good: The loss is \( L = a \) here.
    Why: The backslashes are taken for escapes, and the formula is printed in plain brackets.
    """
    for block in _blocks(page, ESCAPED):
        first, source = source_of(page, block)
        for found in _BRACKETS.finditer(source):
            tex = found["square"] or found["tex"] or ""
            line = first + source.count("\n", 0, found.start())
            column = found.start() - source.rfind("\n", 0, found.start())
            if not mathematical(tex) or not _FORMAL.search(tex) or page.is_code(line):
                continue
            if found["twice"]:
                advice = f"'{found['twice']}' is printed; write it with one backslash"
            else:
                advice = (
                    r"'\[' loses its backslash inside a paragraph, and the formula is printed; put"
                    r" blank lines around it, or write '\( … \)'"
                )
            yield page.problem(line, advice, column)


def environment(page: Page) -> Iterator[Problem]:
    r"""A formula in `\begin … \end` stands directly below a line of text.

    Bad:
        The update is
        \begin{align}
        a &= b
        \end{align}
    Good:
        The update is

        \begin{align}
        a &= b
        \end{align}
    Why: It is read as a part of the paragraph and printed, with half of its backslashes.
    """
    for block in _blocks(page, "\\begin{"):
        found = ENVIRONMENT.search(block.text)
        if not found or "$$" in block.text:
            continue
        line, column = page.place(block, found.start(), "\\begin{")
        if page.is_code(line) or "\\begin{" not in page.line(line):
            continue
        closed = f"\\end{{{found[1]}}}" in block.text
        advice = (
            "put a blank line before and after the formula"
            if closed
            else f"add '\\end{{{found[1]}}}', and no blank line inside the formula"
        )
        yield page.problem(line, f"'\\begin{{{found[1]}}}' is printed; {advice}", column)


def foreign(page: Page) -> Iterator[Problem]:
    """A formula is written as GitHub reads it.

    Bad: $`a + b`$, or a fence with the language math
    Good: $a + b$, or $$ around the formula
    Why: The first is printed with two dollars around code, the second is shown as code.
    """
    for block in text_blocks(page):
        for found in re.finditer(rf"(?<![\w$])\${CODE}\$(?![\w$])", block.text):
            line, column = _dollar_tick(page, block.line_at(found.start()))
            if column:
                yield page.problem(
                    line,
                    "'$`…`$' is GitHub's way to write a formula, and is printed with its dollars;"
                    " write '$…$'",
                    column,
                )
    custom = page.config.options.get("pymdownx.superfences", {}).get("custom_fences") or []
    if any(isinstance(fence, dict) and fence.get("name") == "math" for fence in custom):
        return
    for start, _ in page.rendered.fences:
        if re.match(
            r"[ \t>]*(?:[-*+]|\d+\.)?[ \t]*(?:`{3,}|~{3,})[ \t]*\{?\.?math\b", page.line(start)
        ):
            yield page.problem(
                start, "a fence with the language 'math' is shown as code; write '$$' around it"
            )


def _dollar_tick(page: Page, line: int) -> tuple[int, int]:
    told = page.notes.setdefault("dollar-ticks", set())
    for found in re.finditer(r"\$`[^`]+`\$", page.line(line)):
        if (line, found.start()) not in told:
            told.add((line, found.start()))
            return line, found.start() + 1
    return line, 0


def two_in_one(page: Page) -> Iterator[Problem]:
    """Two formulas follow each other without a blank line.

    Bad:
        $$ a = b $$
        $$ c = d $$
    Good:
        $$ a = b $$

        $$ c = d $$
    Why: Both are read as one formula from the first sign to the last, which is shown as an error.
    """
    if not reads_formulas(page):
        return
    taken = 0
    for after, tex in page.rendered.formulas:
        if "$$" not in tex and tex.count("\\[") < 2:
            continue
        sign = "$$" if "$$" in tex else "\\["
        for line in range(max(after, taken + 1), min(after + 200, len(page.body)) + 1):
            if page.line(line).lstrip(" >\t").startswith(sign) and _run(page, line).count(sign) > 1:
                taken = line + _run(page, line).count("\n")
                yield page.problem(
                    line,
                    "this formula and the next one are read as one, and shown as an error; put a"
                    " blank line between them",
                    page.line(line).find(sign) + 1,
                )
                break


def _run(page: Page, line: int) -> str:
    """The lines from one on up to the next blank one."""
    last = line
    while page.line(last + 1).strip(" >\t"):
        last += 1
    return "\n".join(page.line(number) for number in range(line, last + 1))
