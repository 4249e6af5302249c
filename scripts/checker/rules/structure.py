"""Rules S: headings, lists, tables and what is left over in a page.

Tried and dropped: "lorem ipsum" (used in the examples
of a theme: 96 times in one project), a section that holds only subsections (normal).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.checker.page import Page, indent
from scripts.checker.problem import Problem
from scripts.checker.rendered import CODE, Block

_ITEM = re.compile(r"(?P<indent>[ \t]*)(?P<mark>[-*+]|\d+[.)])[ \t]+(?=\S)")
_EMPTY_ITEM = re.compile(r"(?:[ \t]*>)*[ \t]*(?:[-*+]|\d+\.)[ \t]*$")
_DELIMITER = re.compile(r"[ ]{0,3}\|?[ ]*:?-+:?[ ]*(?:\|[ ]*:?-+:?[ ]*)*\|?[ ]*$")


def one_title(page: Page) -> Iterator[Problem]:
    """A page has more than one title.

    Bad: # One and # Two on a page
    Good: # One and ## Two
    Why: Browser tab, search and outline show the first one only.
    """
    first = None
    for heading in page.rendered.headings:
        if (
            heading.level != 1
            or heading.path
            or not heading.text
            or heading.line in page.rendered.included
        ):
            continue
        if first is not None and first != heading.line:
            yield page.problem(
                heading.line, f"a second title; the first is in line {first}: use '##'"
            )
        first = first or heading.line


def no_title(page: Page) -> Iterator[Problem]:
    """A page has no title.

    Bad: a page that starts with ## Models
    Good: # Models at its head
    Why: Tab, navigation and search show the name of the file instead.
    """
    if (
        not any(line.strip() for line in page.body)
        or page.notes.get("titled")
        or page.rendered.error
    ):
        return
    if any(heading.level == 1 for heading in page.rendered.headings) or re.search(
        r"(?m)^title\s*:", "\n".join(page.lines[: page.front_lines])
    ):
        return
    if any(
        re.match(r"<h1|\{[{%]|:::|-+8<-+|<!--\s*material/", line.strip()) for line in page.body
    ) or any(t.name == "h1" for t in page.rendered.raw_tags):
        return
    line = next((n for n, text in enumerate(page.body, 1) if text.strip()), 1)
    first = next((h for h in page.rendered.headings if h.line and not h.path), None)
    low = f", its headings start at level {first.level} in line {first.line}" if first else ""
    yield page.problem(
        line,
        f"the page has no title{low}; start it with '# …' or give 'title' in the front matter",
    )


def skipped(page: Page) -> Iterator[Problem]:
    """A heading skips a level.

    Bad: ## Models, then #### Sizes
    Good: ## Models, then ### Sizes
    Why: The outline, and who reads by it, loses the thread.
    """
    before = 0
    for heading in page.rendered.headings:
        if heading.path or heading.line in page.rendered.included or not heading.line:
            continue
        if before and heading.level > before + 1:
            yield page.problem(
                heading.line,
                f"level {heading.level} after level {before}; use '{'#' * (before + 1)}'",
            )
        elif not before and heading.level > 2 and page.line(heading.line).lstrip().startswith("#"):
            yield page.problem(
                heading.line, f"the first heading has level {heading.level}; use '#' or '##'"
            )
        before = heading.level


def empty_section(page: Page) -> Iterator[Problem]:
    """A section has a heading and nothing else.

    Bad: ## Mixture of experts, followed by ## Multimodal models
    Good: text under each heading
    Why: The reader follows the outline to nothing.
    """
    headings = [
        h
        for h in page.rendered.headings
        if h.line and h.line not in page.rendered.included and not h.path
    ]
    for index, heading in enumerate(headings):
        following = headings[index + 1] if index + 1 < len(headings) else None
        if following is not None and (
            following.level > heading.level or following.line <= heading.line
        ):
            continue
        end = following.line if following else len(page.body) + 1
        if not page.line(heading.line).lstrip().startswith("#"):
            continue
        if (heading.level == 1 and following is None) or heading.text.strip().lower().strip(
            "[]"
        ) == "unreleased":
            continue
        if not any(page.line(number).strip() for number in range(heading.line + 1, end)):
            yield page.problem(
                heading.line,
                f"the section '{heading.text.replace(CODE, '…')[:50]}' is empty; write it or delete"
                " the heading",
            )


def empty_heading(page: Page) -> Iterator[Problem]:
    """A heading has no text.

    Bad: ## and nothing else
    Good: ## Results
    Why: An empty line stands in the outline.
    """
    for number, text in enumerate(page.body, 1):
        if (
            re.match(r"[ ]{0,3}#{1,6}[ \t]*#*[ \t]*(?:\{[^}]*\})?[ \t]*$", text)
            and not page.is_code(number)
            and page.context(number) != "raw"
        ):
            if not page.context(number) and _surrounded(page, number, "code"):
                continue
            yield page.problem(number, "the heading has no text; write it, or delete the signs")


def _surrounded(page: Page, number: int, context: str) -> bool:
    above, below = page.previous_text(number), page.next_text(number)
    return (
        bool(above)
        and page.context(above) == context
        and not page.in_fence(above)
        and (not below or page.context(below) == context or indent(page.line(below)) < 4)
    )


def accidental_heading(page: Page) -> Iterator[Problem]:
    """A line became a heading by accident.

    Bad: a sentence with --- directly below it
    Good: a blank line between them
    Why: A line of dashes or equals signs under text makes a heading of it, in the outline and the search.
    """
    for heading in page.rendered.headings:
        line = heading.line
        if (
            not line
            or page.line(line).lstrip(" >").startswith("#")
            or line in page.rendered.included
        ):
            continue
        under = page.line(line + 1).strip(" >\t")
        if not re.fullmatch(r"=+|-+", under) or _EMPTY_ITEM.match(page.line(line + 1)):
            continue
        text = heading.text
        item = re.match(r"\s*(?:[-*+]|\d+[.)])\s", page.line(line))
        table = page.line(line).count("|") > 1
        sentence = text.rstrip().endswith((".", ":", ",", ";")) or len(text.split()) > 12
        if item or table or sentence or "li" in heading.path or (len(under) < 3 and len(text) > 6):
            yield page.problem(
                line + 1,
                "this line makes a heading of the line above; put a blank line between them",
            )


def empty_item(page: Page) -> Iterator[Problem]:
    """A list item is empty.

    Bad: - alone on a line
    Good: - text
    Why: A lone dash under text makes a heading of it; otherwise the next lines fall into the item.
    """
    for number, text in enumerate(page.body, 1):
        if (
            not _EMPTY_ITEM.match(text)
            or not text.strip(" >\t")
            or page.is_code(number)
            or page.context(number) == "raw"
        ):
            continue
        if _surrounded(page, number, "code") and indent(text) >= 4:
            continue
        above, below = page.line(number - 1), page.line(number + 1)
        if text.strip()[0].isdigit() and not (_ITEM.match(above) or _ITEM.match(below)):
            continue
        if not above.strip() and not below.strip() and text.strip() not in ("-", "*", "+"):
            continue
        if page.rendered.included and not above.strip():
            continue
        if "{%" in above + below or ("|" in above and "|" in below):
            continue
        if text.strip() == "+" and not _ITEM.match(above) and not _ITEM.match(below):
            continue
        heading = any(
            h.line == number - 1 for h in page.rendered.headings
        ) and not above.lstrip().startswith("#")
        reason = " and makes a heading of the line above" if heading else ""
        yield page.problem(number, f"the list item is empty{reason}; write it or delete the line")


def _paragraphs(page: Page) -> Iterator[Block]:
    for block in page.rendered.blocks:
        if not block.raw and block.tag in ("p", "li", "dd", "root", "div", "blockquote", "td"):
            yield block


def glued_list(page: Page) -> Iterator[Problem]:
    """A list follows a paragraph without a blank line.

    Bad: "Three steps:" and - one in the next line
    Good: a blank line before the list
    Why: The items run on in the paragraph, with their dashes.
    """
    for block in _paragraphs(page):
        if "\n" not in block.text or block.line in page.rendered.included:
            continue
        lines = block.text.split("\n")
        offset = 0
        hits: list[int] = []
        for index, text in enumerate(lines):
            if index and re.match(r"[ ]{0,3}(?:[-*+]|\d+\.)[ ]+\S", text):
                hits.append(offset)
            offset += len(text) + 1
        if not hits:
            continue
        line = block.line_at(hits[0] + 1)
        line = next((n for n in (line, line + 1, line - 1) if _ITEM.match(page.line(n))), line)
        if not _ITEM.match(page.line(line)) or page.is_code(line):
            continue
        if _really_list(page, line, len(hits)):
            yield page.problem(
                line,
                "the list directly under the paragraph is printed as text; put a blank line"
                " before it",
            )


def _really_list(page: Page, line: int, hits: int) -> bool:
    text, above = page.line(line), page.line(line - 1).rstrip()
    number = re.match(r"\s*(\d+)[.)]", text)
    if _ITEM.match(above) and indent(above) == indent(text):
        return False
    if number and number[1] not in ("0", "1"):
        return False
    if hits > 1 or above.endswith((":", "：")):
        return True
    return above.endswith((".", "!", "?")) and not number


def flat_list(page: Page) -> Iterator[Problem]:
    """A nested list is indented by fewer than four columns.

    Bad: two spaces before a nested -
    Good: four spaces
    Why: Python-Markdown needs four: the nested items land on the outer level.
    """
    if any(
        "sane_list" in name or "mdx_truly" in name or "fancylists" in name
        for name in page.config.extensions
        if name != "sane_lists"
    ):
        return
    outer: tuple[int, int] | None = None
    reported = 0
    for number, text in enumerate(page.body, 1):
        found = _ITEM.match(text)
        if not text.strip():
            continue
        if page.is_code(number) or page.context(number) == "raw":
            continue
        if not found:
            if indent(text) == 0:
                outer = None
            continue
        width = indent(text)
        if (
            outer is not None
            and width - outer[0] in (2, 3)
            and reported != outer[1]
            and _same_level(page, outer[1], number)
        ):
            reported = outer[1]
            yield page.problem(
                number,
                f"the nested item is indented by {width - outer[0]} and lands on the outer level;"
                " indent by 4",
            )
        elif outer is None or width <= outer[0] or width - outer[0] >= 4:
            outer = (width, number)


def _same_level(page: Page, outer: int, inner: int) -> bool:
    paths = page.rendered.path_of
    if inner not in paths or outer not in paths:
        return False
    return paths[inner].count("li") <= paths[outer].count("li") and "li" in paths[inner]


def no_space(page: Page) -> Iterator[Problem]:
    """A list item has no blank after its sign.

    Bad: -item
    Good: - item
    Why: It is no list; the dashes are printed in one paragraph.
    """
    for block in _paragraphs(page):
        hits = list(
            re.finditer(
                r"(?:^|\n)["
                r" ]{0,3}(?:[-+](?=[A-Za-z\[`])|\*(?=[A-Za-z`])(?![^\n]*\*)|\d{1,2}[.)](?=[A-Za-z\[]))",
                block.text,
            )
        )
        if not hits:
            continue
        line = block.line_at(hits[0].end())
        text = page.line(line)
        if (
            page.is_code(line)
            or not re.match(r"\s*(?:[-*+]|\d+[.)])[^\s\d]", text)
            or line in page.rendered.included
        ):
            continue
        neighbours = [
            page.line(n)
            for n in (line - 1, line + 1, page.previous_text(line), page.next_text(line))
        ]
        if (
            (
                (len(hits) > 1 and text.strip()[0] != "*")
                or any(
                    _ITEM.match(other) and other.strip()[0] == text.strip()[0]
                    for other in neighbours
                )
            )
            and not re.match(r"\s*--|\s*-\w+[= ]?<", text)
            and (len(hits) == 1 or not re.match(r"\s*-[a-z]\b", text))
        ):
            yield page.problem(
                line, "no blank after the list sign, so it is printed; write '- text'"
            )


def _cells(row: str) -> int:
    row = re.sub(r"(`+).+?\1", lambda m: "x" * len(m[0]), row.strip())
    row = re.sub(r"\\.", "xx", row)
    return len(row.removeprefix("|").removesuffix("|").split("|"))


def table_blank(page: Page) -> Iterator[Problem]:
    """A table follows a paragraph without a blank line.

    Bad: "The sizes:" and | a | b | in the next line
    Good: a blank line before the table
    Why: The whole table is printed as text.
    """
    yield from _tables(page, "blank")


def table_delimiter(page: Page) -> Iterator[Problem]:
    """The line under a table's head does not fit it.

    Bad: | a | b | over |---|
    Good: | a | b | over |---|---|
    Why: The whole table is printed as text.
    """
    yield from _tables(page, "delimiter")


def _tables(page: Page, kind: str) -> Iterator[Problem]:
    if "tables" not in page.notes:
        page.notes["tables"] = True
        for number in range(2, len(page.body) + 1):
            _table(page, number)
    yield from page.found.get("table-" + kind, ())


def _table(page: Page, number: int) -> None:
    text = page.line(number)
    if "-" not in text or "|" not in text or page.is_code(number) or page.in_fence(number):
        return
    head = page.line(number - 1)
    broken = re.fullmatch(r"[ ]*\|[\s|:=+–—_-]*[-–—=][\s|:=+–—_-]*\|?[ ]*", text)
    if (
        "|" not in head
        or not (_DELIMITER.match(text) or broken)
        or "td" in page.rendered.path_of.get(number, ())
    ):
        return
    if (
        page.context(number - 1) != "text"
        or "th" in page.rendered.path_of.get(number - 1, ())
        or "td" in page.rendered.path_of.get(number - 1, ())
    ):
        return
    if page.config.has("tables") is False:
        return
    path = page.rendered.path_of.get(number - 1, ())
    cells, marks = _cells(head), _cells(text)
    above = page.line(number - 2)
    if path[-1:] == ("raw",):
        return
    if not _DELIMITER.match(text) or cells != marks:
        reason = (
            f"has {marks} cells, the head {cells}"
            if cells != marks
            else "holds signs other than '-', ':' and '|'"
        )
        page.found.setdefault("table-delimiter", []).append(
            page.problem(
                number,
                f"the line under the table's head {reason}, so the table is printed; correct it",
            )
        )
    elif above.strip() and not above.lstrip().startswith(("#", "|")):
        page.found.setdefault("table-blank", []).append(
            page.problem(
                number - 1,
                "the table directly under the paragraph is printed as text; put a blank line"
                " before it",
            )
        )
    elif above.strip() and not above.lstrip().startswith("#"):
        page.found.setdefault("table-delimiter", []).append(
            page.problem(
                number,
                "a second line stands above the line of dashes, so the table is printed;"
                " delete one",
            )
        )
    elif indent(head) in (1, 2, 3) or (indent(head) > 3 and "li" in path):
        page.found.setdefault("table-blank", []).append(
            page.problem(
                number - 1,
                "the table is printed as text; put a blank line before it and start it at the"
                " column of the text around it",
            )
        )


def table_cells(page: Page) -> Iterator[Problem]:
    """A row of a table has more cells than the table.

    Bad: | 1 | 2 | 3 | in a table of two columns
    Good: | 1 | 2 |
    Why: The surplus is dropped without a word.
    """
    width, inside = 0, False
    for number in range(2, len(page.body) + 1):
        text = page.line(number)
        if (
            _DELIMITER.match(text)
            and "|" in text
            and (
                "th" in page.rendered.path_of.get(number - 1, ())
                or "td" in page.rendered.path_of.get(number + 1, ())
            )
        ):
            width, inside = _cells(text), True
            continue
        if not inside or "td" not in page.rendered.path_of.get(number, ()) or "|" not in text:
            inside = inside and bool(text.strip()) and "|" in text
            continue
        count = _cells(text)
        if count > width and text.strip().startswith("|"):
            yield page.problem(
                number,
                f"the row has {count} cells, the table {width}: the rest is dropped; write '\\|'"
                " for a sign inside a cell",
            )
        elif (
            width > 1
            and count < width
            and text.strip().startswith("|")
            and text.strip().endswith("|")
            and text.count("|") > 2
        ):
            yield page.problem(
                number, f"the row has {count} cells, the table {width}; add the missing ones"
            )


_WORK = re.compile(
    r"(?<![\w/`'\"#@.-])(?:TODO|FIXME|TBD|XXX|TBC)(?=\s*[:(]|\s*$)|^\s*(?:TODO|FIXME|TBD)\b(?=\s+[a-zA-Z])|\((?:TODO|TBD|FIXME)\)|\bTO"
    r" SORT\b"
    r"|\b(?:page|section|document|chapter|documentation) is (?:still )?(?:under construction|yet to"
    r" be (?:built|written))|^\s*[*_]*(?:under construction|yet to be (?:built|written))\b",
    re.MULTILINE,
)


def work_marker(page: Page) -> Iterator[Problem]:
    """A work marker was left in the text.

    Bad: ## TO SORT
    Good: the work done, or an issue
    Why: Readers see the workshop instead of the work.
    """
    for block in page.rendered.blocks:
        if block.line in page.rendered.included:
            continue
        for found in _WORK.finditer(block.text):
            if (
                found[0].strip() in ("TODO", "FIXME", "TBD", "XXX", "TBC")
                and block.tag in ("td", "th", "title", "dt")
                and not block.text.strip().startswith(found[0].strip() + ":")
            ):
                continue
            line, column = page.locate(
                block.line_at(found.start() + len(found[0]) - len(found[0].lstrip())),
                found[0].strip(),
            )
            if not page.is_code(line) and found[0].strip() in page.line(line):
                yield page.problem(
                    line,
                    f"the work marker '{found[0].strip()}' is published; do the work or open an"
                    " issue",
                    column,
                )


def residue(page: Page) -> Iterator[Problem]:
    """The marks of a merge conflict were left in.

    Bad: <<<<<<< HEAD
    Good: the text that was meant
    Why: Both versions and the marks are printed.
    """
    found = [
        n
        for n, text in enumerate(page.body, 1)
        if re.match(r"\s*(?:<{7} \S|>{7} \S)", text) and not page.in_fence(n)
    ]
    for number in found:
        if not page.is_code(number) or indent(page.line(number)) < 4:
            yield page.problem(
                number, "a mark of a merge conflict; choose one version and delete the marks"
            )
    if found:
        for number, text in enumerate(page.body, 1):
            if (
                re.match(r"={7}$", text)
                and not page.in_fence(number)
                and any(abs(number - n) < 60 for n in found)
            ):
                yield page.problem(
                    number, "a mark of a merge conflict; choose one version and delete the marks"
                )


def front_matter(page: Page) -> Iterator[Problem]:
    """The front matter cannot be read.

    Bad: title: A: B between the lines ---
    Good: title: "A: B"
    Why: MkDocs drops all of it, or prints it at the head of the page.
    """
    import yaml

    text = page.text.removeprefix("\ufeff")
    if not text.startswith("---"):
        blank = re.match(r"\s+---[ \t]*\n(?:[A-Za-z_-]+:[^\n]*\n)+---[ \t]*\n", text)
        if blank:
            line = blank[0][: len(blank[0]) - len(blank[0].lstrip())].count("\n") + 1
            yield page.problem(
                line,
                "the front matter does not start on the first line and is printed; delete the lines"
                " above it",
            )
        return
    found = re.match(r"-{3}[ \t]*\r?\n(.*?\r?\n)?(?:\.{3}|-{3})[ \t]*(?:\r?\n|$)", text, re.DOTALL)
    if not found:
        if re.match(r"---[ \t]*\n[A-Za-z_-]+:", text):
            yield page.problem(
                1, "the front matter is not closed and is printed; end it with '---'"
            )
        return
    try:
        data = yaml.load(found[1] or "", Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "context_mark", None) or getattr(error, "problem_mark", None)
        line = (mark.line if mark else 0) + 2
        yield page.problem(
            min(line, found[0].count("\n")),
            f"the front matter is not valid YAML ({getattr(error, 'problem', None) or 'syntax'});"
            " put values with ':' or '#' in quotes",
        )
        return
    except ValueError as error:
        yield page.problem(2, f"the front matter is not valid: {error}")
        return
    if data is not None and not isinstance(data, dict) and re.search(r"(?m)^\w+:", found[1] or ""):
        yield page.problem(2, "the front matter is no mapping; write 'key: value' in every line")


def consecutive_links(page: Page) -> Iterator[Problem]:
    """Links on lines of their own run into one line.

    Bad: two links on two lines
    Good: a list of two links
    Why: Line ends are blanks in Markdown; the reader sees one line.
    """
    number = 1
    only = re.compile(r"\s{0,3}!?\[[^\]\[]+\]\([^()\s]+(?: \"[^\"]*\")?\)[ ]{0,1}$")
    while number <= len(page.body):
        end = number
        while (
            only.match(page.line(end))
            and not page.is_code(end)
            and page.line(end).lstrip()[0] != "!"
        ):
            end += 1
        alone = not page.line(number - 1).strip() and not page.line(end).strip()
        if end - number >= 2 and alone and not page.config.has("nl2br"):
            yield page.problem(
                number, f"these {end - number} links run into one line; make them a list"
            )
        number = max(end, number + 1)
