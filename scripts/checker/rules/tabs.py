"""Rules T: content tabs (`===`) and pymdownx blocks (`///`).

Tried and dropped: two tab sets with a paragraph between them in general (deliberate in 4 of 5 places).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from scripts.checker import openers
from scripts.checker.page import Page, indent
from scripts.checker.problem import Edit, Problem
from scripts.checker.rendered import Box

_INVISIBLE = "\u00a0\u200b\ufeff\u2002\u2003\u2009\u202f\u3000"
_LOOSE = re.compile(
    rf"(?P<quote>(?:(?:[ \t]*>)+[ ]?)?)(?P<indent>[ \t{_INVISIBLE}]*)(?P<list>(?:(?:[-*+]|\d+\.)["
    r" \t]+)*)"
    r"(?P<mark>={2,5})(?P<rest>(?:\+|!|\+!|!\+)?(?!=).*)$"
)
_HEADER = re.compile(
    r"[ ]{0,3}(?P<fence>/{3,})[ ]*(?P<name>[\w-]+)[ ]*(?P<pipe>\|[ ]*(?P<title>.*?)[ ]*)?$"
)
_END = re.compile(r"[ ]{0,3}(?P<fence>/{3,})[ ]*$")
_NOT_BODY = re.compile(r"\{\{|\{%|#{1,6}\s|={3}[+! ]|!!!|\?\?\?|///|-{3,}\s*$|</|<!--")

BLOCK_TYPES = ("note", "attention", "caution", "danger", "error", "tip", "hint", "warning")
BLOCKS = {
    "pymdownx.blocks.admonition": ("admonition",),
    "pymdownx.blocks.details": ("details",),
    "pymdownx.blocks.tab": ("tab",),
    "pymdownx.blocks.html": ("html",),
    "pymdownx.blocks.definition": ("define",),
    "pymdownx.blocks.caption": ("caption", "figure-caption", "table-caption"),
}


def _report(
    page: Page, kind: str, line: int, message: str, edit: Edit | None = None, column: int = 0
) -> None:
    page.found.setdefault(kind, []).append(page.problem(line, message, column, edit))


def diagnosed(page: Page, kind: str) -> Iterator[Problem]:
    """The findings of one kind; the page is diagnosed at the first call."""
    if "tabs" not in page.notes:
        page.notes["tabs"] = True
        _Tabs(page).run()
        _Blocks(page).run()
    yield from page.found.get(kind, ())


class _Tabs:
    """Walks over the tab openers of a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.boxes = {
            box.line: box for box in page.rendered.boxes if box.kind == "tab" and box.line
        }

    def run(self) -> None:
        page = self.page
        for number, text in enumerate(page.body, 1):
            if "==" not in text or page.in_fence(number) or page.context(number) == "comment":
                continue
            found = _LOOSE.match(text)
            if not found or not found["rest"].strip(" \t="):
                continue
            if number in self.boxes:
                self._opened(number, found, self.boxes[number])
            elif page.is_code(number):
                self._in_code(number, found)
            else:
                self._closed(number, found)
        self._split()

    def _column(self, found: re.Match[str]) -> int:
        return len(found["quote"]) + len(found["indent"].expandtabs(4)) + len(found["list"])

    def _below(self, number: int) -> int:
        following = self.page.next_text(number)
        return indent(self.page.line(following)) if following else -1

    def _closed(self, number: int, found: re.Match[str]) -> None:
        page = self.page
        mark, rest = found["mark"], found["rest"].strip()
        text = mark + found["rest"]
        body = self._below(number) >= self._column(found) + 4
        quoted = rest.lstrip("+! " + _INVISIBLE)[:1] in tuple("\"“”'„‘«")
        marked_text = bool(re.match(r"={2}[^\s=].*[^\s=]={2}", text)) and not quoted
        if marked_text or not (quoted or (body and len(mark) == 3 and text[3:4] == " ")):
            return
        hidden = any(sign in found["indent"] for sign in _INVISIBLE)
        if not page.config.has("pymdownx.tabbed") and openers.TAB.match(text):
            if not page.missing_extensions and "tab-off" not in page.found:
                _report(
                    page,
                    "tab-off",
                    number,
                    "'===' is printed as text; add 'pymdownx.tabbed' to markdown_extensions",
                )
            return
        if hidden:
            _report(
                page, "tab-marker", number, "an invisible character stands before '==='; delete it"
            )
        elif len(mark) != 3:
            source = page.lines[number - 1]
            edit = (
                page.replace(number, source.replace(mark, "===", 1))
                if openers.TAB.match("===" + found["rest"])
                else None
            )
            _report(
                page,
                "tab-marker",
                number,
                f"'{mark}' opens no tab; write exactly three: '==='",
                edit,
            )
        elif re.match(r" +[+!]", found["rest"]):
            _report(
                page, "tab-marker", number, "the '+' or '!' must touch the marks: '===+ \"Title\"'"
            )
        elif not openers.TAB.match(text.expandtabs(4)):
            self._title(number, found)
        else:
            self._place(number, found)

    def _title(self, number: int, found: re.Match[str]) -> None:
        page, rest = self.page, found["rest"]
        plus = re.match(r"[+!]*", rest)
        tail = rest[plus.end() if plus else 0 :]
        title = tail.strip()
        if tail[:1] in tuple(_INVISIBLE):
            self._mend(
                number,
                found,
                title.lstrip(_INVISIBLE),
                "a no-break space follows '==='; write an ordinary space",
            )
        elif title[:1] == '"' and tail[:1] == '"':
            self._mend(number, found, title, "no space after '==='; write '=== \"Title\"'")
        elif title[:1] in tuple("“”„«") or title[-1:] in tuple("“”»"):
            self._mend(
                number,
                found,
                f'"{title.strip(chr(34) + "“”„«»")}"',
                'the tab title has curly quotes; write straight ones: "…"',
            )
        elif title[:1] in tuple("'‘"):
            self._mend(
                number,
                found,
                '"' + title.strip("'‘’") + '"',
                "the tab title stands in single quotes; write straight double quotes",
            )
        elif title.startswith('"') and title.count('"') == 1:
            self._mend(
                number,
                found,
                title + '"',
                "the tab title has no closing quote; add '\"' at the end",
            )
        elif title.endswith('"') and title.count('"') == 1:
            _report(
                page, "tab-title", number, "the tab title has no opening quote; add '\"' before it"
            )
        elif title.startswith('"'):
            extra = title[title.rfind('"') + 1 :].strip()
            _report(
                page,
                "tab-title",
                number,
                f"'{extra[:30]}' after the tab title stops the tab; nothing may follow the closing"
                " quote",
            )
        else:
            self._mend(
                number,
                found,
                f'"{title}"',
                f"the tab title is not quoted; write '=== \"{title[:40]}\"'",
            )

    def _mend(self, number: int, found: re.Match[str], title: str, message: str) -> None:
        page = self.page
        source = page.lines[number - 1]
        plus = re.match(r"[+!]*", found["rest"])
        head = source[: found.start("rest")] + (plus[0] if plus else "")
        edit = (
            page.replace(number, f"{head} {title}")
            if openers.TAB.match(f"==={plus[0] if plus else ''} {title}")
            else None
        )
        _report(page, "tab-title", number, message, edit)

    def _place(self, number: int, found: re.Match[str]) -> None:
        page = self.page
        path = page.rendered.path_of.get(number, ())
        column = self._column(found)
        if page.context(number) == "raw" or "raw" in path:
            _report(
                page,
                "tab-place",
                number,
                "'===' inside raw HTML is printed; add the attribute 'markdown' to the element"
                " around it",
            )
        elif "td" in path or "th" in path:
            _report(
                page, "tab-place", number, "a table cell cannot hold tabs; put them below the table"
            )
        elif "li" in path and column % 4 == 0 and page.line(number - 1).strip():
            _report(
                page,
                "tab-place",
                number,
                "'===' directly under the text of a list item is printed; put a blank line"
                " before it",
            )
        elif column % 4 or "li" in path:
            _report(
                page,
                "tab-place",
                number,
                f"'===' is indented by {column} columns and opens no tab; indent by 4 for each"
                " level, or not at all",
            )

    def _in_code(self, number: int, found: re.Match[str]) -> None:
        page = self.page
        text = found["mark"] + found["rest"]
        if not openers.TAB.match(text) or found["quote"]:
            return
        above = page.previous_text(number)
        column = self._column(found)
        if (page.context(above) == "code" and not page.in_fence(above)) or page.line(
            above
        ).rstrip().endswith(":"):
            return
        following = page.next_text(number)
        if (
            following
            and indent(page.line(following)) >= column + 4
            and page.config.has("pymdownx.tabbed")
        ):
            _report(
                page,
                "tab-place",
                number,
                f"'===' is indented by {column} columns and becomes a code block; start it at the"
                " column of the text around it",
            )

    def _opened(self, number: int, found: re.Match[str], box: Box) -> None:
        page = self.page
        title = openers.TAB.match((found["mark"] + found["rest"]).expandtabs(4))
        if title and not title[1].strip():
            _report(page, "tab-title", number, "the tab has an empty title; name it")
        following = page.next_text(number)
        column = self._column(found)
        relative = indent(page.line(following)) - column if following else -1
        text = page.line(following).strip() if following else ""
        if found["quote"]:
            return
        if not box.first and not box.children:
            if self._all_empty(box) or text.startswith(("{{", "{%")):
                return
            if following and page.line(following)[:1] in tuple(_INVISIBLE):
                _report(
                    page,
                    "tab-body",
                    following,
                    "the body of the tab is indented by no-break spaces; use 4 ordinary spaces",
                )
            elif 0 < relative < 4:
                _report(
                    page,
                    "tab-body",
                    following,
                    f"the body of the tab is indented by {relative}, so it falls out; indent by 4",
                )
            elif relative == 0 and not _NOT_BODY.match(text):
                _report(
                    page,
                    "tab-body",
                    following,
                    "the body of the tab is not indented, so the tab is empty; indent by 4",
                )
            else:
                _report(page, "tab-empty", number, "the tab is empty; give it a body, or delete it")
            return
        self._rest(number, column, box)

    def _all_empty(self, box: Box) -> bool:
        """Whether the tab belongs to a set of several that are all empty: tabs shown for their own sake."""
        group = [other for other in self.boxes.values() if other.group == box.group]
        return len(group) > 1 and not any(other.first or other.children for other in group)

    def _rest(self, number: int, column: int, box: Box) -> None:
        page = self.page
        last = max(box.last, number)
        while last < len(page.body) and (
            indent(page.line(last + 1)) >= column + 4 and page.line(last + 1).strip()
        ):
            last += 1
        following = page.next_text(last)
        if not following or (page.is_code(following) and not page.in_fence(following)):
            return
        relative = indent(page.line(following)) - column
        if re.match(r"\s*\*?\[[^\]]+\]:", page.line(following)):
            return
        if (
            0 < relative < 4
            and not page.line(following).lstrip().startswith(("</", "==="))
            and page.context(following) != "raw"
        ):
            if not (
                column == 0
                and re.match(r"\s*(?:[-*+]|\d+[.)])\s", page.line(following))
                and _after_list(page, number)
            ):
                _report(
                    page,
                    "tab-body",
                    following,
                    f"this line is indented by {relative} and falls out of the tab above; indent"
                    " by 4",
                )
        elif relative <= 0 and following == last + 1:
            text, before = page.line(following).strip(), page.line(last).rstrip()
            if (
                text[:1].islower()
                and before[-1:] not in tuple(".!?:;|>`")
                and not re.match(r"[-*+] |\d+\.", text)
            ):
                _report(
                    page,
                    "tab-body",
                    following,
                    "this line goes on with the sentence above but falls out of the tab; indent it"
                    " by 4",
                )

    def _split(self) -> None:
        """Sets of tabs that one stray block has cut in two."""
        groups: dict[int, list[Box]] = {}
        for box in self.boxes.values():
            groups.setdefault(box.group, []).append(box)
        ordered = sorted(groups.values(), key=lambda boxes: boxes[0].line)
        for first, second in itertools.pairwise(ordered):
            self._between(first, second)

    def _between(self, first: list[Box], second: list[Box]) -> None:
        page = self.page
        end = max(max(box.last, box.line) for box in first)
        start = second[0].line
        column = indent(page.line(start))
        if (
            first[0].parent != second[0].parent
            or indent(page.line(first[0].line)) != column
            or start <= end
        ):
            return
        if {box.title for box in first} & {box.title for box in second}:
            return
        between = [
            n
            for n in range(end + 1, start)
            if page.line(n).strip() and not (indent(page.line(n)) >= column + 4)
        ]
        if any(re.match(r"\s*(?:#{1,6}\s|\{\{|\{%)", page.line(n)) for n in between) or not between:
            return
        if any(
            problem.line in between or problem.line in (box.line for box in first)
            for problem in page.found.get("tab-body", ())
        ):
            return
        blocks = 1 + sum(
            1 for a, b in itertools.pairwise(between) if b > a + 1 and not page.in_fence(a)
        )
        if (
            min(len(first), len(second)) == 1 and blocks == 1 and len(between) <= 6
        ) or self._is_box(between):
            _report(
                page,
                "tab-split",
                between[0],
                "this block between two tabs cuts the set in two; indent it by 4 into the tab"
                " above, or move it",
            )

    def _is_box(self, between: list[int]) -> bool:
        return (
            bool(between)
            and bool(openers.read(self.page.line(between[0]), 1))
            and indent(self.page.line(between[-1])) >= 4
        )


def _after_list(page: Page, number: int) -> bool:
    above = page.previous_text(number)
    return bool(above) and bool(re.match(r"\s*(?:[-*+]|\d+[.)])\s", page.line(above)))


class _Blocks:
    """Follows the `///` blocks of a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        names: list[str] = []
        for extension, own in BLOCKS.items():
            if not page.config.has(extension):
                continue
            options = page.config.options.get(extension, {})
            names.extend(own)
            if extension.endswith((".admonition", ".details")):
                types = options.get(
                    "types", BLOCK_TYPES if extension.endswith("admonition") else ()
                )
                names.extend(
                    item["name"] if isinstance(item, dict) else str(item) for item in types
                )
            if extension.endswith(".caption") and isinstance(options.get("types"), list):
                names.extend(
                    item["name"] if isinstance(item, dict) else str(item)
                    for item in options["types"]
                )
        self.names = tuple(dict.fromkeys(names))
        self.on = bool(names)
        self.foreign = any(
            "." in name and not name.startswith(("pymdownx.", "markdown."))
            for name in page.config.extensions
        )
        self.printed = self._printed()

    def _printed(self) -> set[int]:
        """The lines on which a `///` reached the reader."""
        found: set[int] = set()
        for block in self.page.rendered.blocks:
            for hit in re.finditer(r"(?:^|\n)[ ]{0,3}/{3,}", block.text):
                around = block.line_at(hit.end() - 1)
                start = hit.start() + (block.text[hit.start()] == "\n")
                text = block.text[start:].split("\n")[0].strip()
                exact = [
                    n for n in range(around - 2, around + 12) if self.page.line(n).strip() == text
                ]
                found.update(exact or range(around - 2, around + 3))
        return found

    def run(self) -> None:
        page = self.page
        if not any(line.lstrip().startswith("///") for line in page.body):
            return
        stack: list[tuple[int, int]] = []
        for number, text in enumerate(page.body, 1):
            stripped = text.lstrip()
            if (
                not stripped.startswith("///")
                or page.in_fence(number)
                or page.context(number) == "comment"
            ):
                continue
            shown = text if indent(text) < 4 else stripped
            above = number - 1
            if indent(text) >= 4 and page.context(above) == "code" and not page.in_fence(above):
                continue
            end, header = _END.match(shown), _HEADER.match(shown)
            if end:
                self._end(number, len(end["fence"]), stack)
            elif header and self._opens(number, header):
                stack.append((len(header["fence"]), number))
            else:
                self._not_opened(number, shown, header, stack)
        for _, number in stack:
            _report(
                page,
                "block-unclosed",
                number,
                "this block is never closed and swallows the rest of the page; end it with the same"
                " number of slashes",
            )

    def _end(self, number: int, length: int, stack: list[tuple[int, int]]) -> None:
        page = self.page
        if stack and stack[-1][0] == length:
            stack.pop()
        elif any(size == length for size, _ in stack):
            while stack[-1][0] != length:
                size, start = stack.pop()
                _report(
                    page,
                    "block-unclosed",
                    start,
                    f"this block of {size} slashes is never closed; end it with {size} slashes",
                )
            stack.pop()
        elif stack and self.on:
            size, start = stack.pop()
            _report(
                page,
                "block-unclosed",
                start,
                f"this block of {size} slashes meets an end of {length}; use the same number",
            )
        elif self.on:
            _report(
                page,
                "block-stray",
                number,
                "this '///' ends nothing and is printed; delete it, or open the block above",
            )

    def _opens(self, number: int, header: re.Match[str]) -> bool:
        name = header["name"].lower()
        if (
            self.page.missing_extensions
            and name not in self.names
            and not openers.nearest(name, self.names)
        ):
            return True
        if not self.on:
            return self.foreign and number not in self.printed
        if name in self.names:
            return not (number in self.printed and self._really_printed(number))
        return self.foreign and number not in self.printed

    def _really_printed(self, number: int) -> bool:
        source = self.page.line(number).strip()
        return any(
            source in block.text for block in self.page.rendered.blocks if "///" in block.text
        )

    def _not_opened(
        self, number: int, text: str, header: re.Match[str] | None, stack: list[tuple[int, int]]
    ) -> None:
        page = self.page
        rest = text.strip().lstrip("/").strip()
        if not self.on:
            self._off(number, header)
            return
        word = re.match(r"([\w-]+)", rest)
        if not word:
            if rest.startswith("|") and rest[1:].strip():
                _report(
                    page,
                    "block-header",
                    number,
                    "the block has no name before '|'; write for instance '/// note | Title'",
                )
                self._swallow_end(number, stack)
            return
        name = word[1].lower()
        near = openers.nearest(name, self.names)
        length = len(text.strip()) - len(text.strip().lstrip("/"))
        if name in self.names and header is None:
            _report(
                page,
                "block-header",
                number,
                f"the title of a block stands after '|': '/// {name} |"
                f" {rest[len(name) :].strip(' |:')[:40]}'",
            )
        elif name in self.names:
            self._options(number, name)
        elif near or header is not None:
            advice = f"use '{near}'" if near else "known are " + ", ".join(self.names[:12])
            _report(page, "block-unknown", number, f"no block '{word[1]}'; {advice}")
        else:
            return
        stack.append((length, number))
        self._forget_end(number, length, stack)

    def _forget_end(self, number: int, length: int, stack: list[tuple[int, int]]) -> None:
        """A block that did not open still has an end, which is no fault of its own."""
        depth = 0
        for index in range(number + 1, len(self.page.body) + 1):
            text = self.page.line(index)
            if self.page.in_fence(index) or not text.lstrip().startswith("///"):
                continue
            end = _END.match(text.lstrip() if indent(text) >= 4 else text)
            if end and len(end["fence"]) == length:
                if not depth:
                    return
                depth -= 1
            elif not end and _HEADER.match(text):
                depth += 1
        stack.pop()

    def _swallow_end(self, number: int, stack: list[tuple[int, int]]) -> None:
        stack.append((len(self.page.line(number).strip().split()[0]), number))
        self._forget_end(number, stack[-1][0], stack)

    def _off(self, number: int, header: re.Match[str] | None) -> None:
        page = self.page
        if (
            header
            and number in self.printed
            and openers.nearest(
                header["name"], (*BLOCK_TYPES, "admonition", "details", "tab", "html")
            )
        ) and (
            not page.missing_extensions
            and "block-off" not in page.found
            and self._closed_later(number)
        ):
            _report(
                page,
                "block-off",
                number,
                f"'/// {header['name']}' is printed as text; add a pymdownx.blocks extension to"
                " markdown_extensions",
            )

    def _closed_later(self, number: int) -> bool:
        return any(_END.match(line) for line in self.page.body[number:])

    def _options(self, number: int, name: str) -> None:
        page = self.page
        following = page.line(number + 1)
        option = re.match(r"\s+([\w-]+):\s*(.*)$", following)
        if option:
            _report(
                page,
                "block-option",
                number,
                f"the option '{option[1]}: {option[2]}' is not valid for '{name}', so the block is"
                " printed; correct or delete it",
            )
        else:
            _report(
                page,
                "block-header",
                number,
                f"this '/// {name}' header is printed; put it at the start of the line after a"
                " blank line",
            )


def tab_title(page: Page) -> Iterator[Problem]:
    """The title of a tab is not in straight double quotes, or is empty.

    Bad: === Linux
    Good: === "Linux"
    Why: Without the quotes, or without a space before them, the line is printed and the body becomes code.
    """
    yield from diagnosed(page, "tab-title")


def tab_marker(page: Page) -> Iterator[Problem]:
    """The marker of a tab has the wrong number or form of signs.

    Bad: == "Linux"
    Good: === "Linux"
    Why: Exactly three open a tab; the line is printed.
    """
    yield from diagnosed(page, "tab-marker")


def tab_body(page: Page) -> Iterator[Problem]:
    """The body of a tab is not indented by four columns.

    Bad: a body at column 0 or two below === "Linux"
    Good: a body at four columns
    Why: The tab stays empty, its text stands below, and the next tab starts a second set.
    """
    yield from diagnosed(page, "tab-body")


def tab_place(page: Page) -> Iterator[Problem]:
    """A tab stands where it cannot open.

    Bad: two spaces before === "Linux"
    Good: === "Linux" at the start of the line, or at four columns in a list item after a blank line
    Why: It is printed, or becomes code.
    """
    yield from diagnosed(page, "tab-place")


def tab_split(page: Page) -> Iterator[Problem]:
    """A stray block cuts a set of tabs in two.

    Bad: a line at column 0 between two tabs
    Good: the line inside a tab
    Why: The reader gets two sets with one tab each.
    """
    yield from diagnosed(page, "tab-split")


def tab_empty(page: Page) -> Iterator[Problem]:
    """A tab has no body.

    Bad: === "A" followed by === "B"
    Good: === "A" with a body
    Why: The reader opens an empty tab.
    """
    yield from diagnosed(page, "tab-empty")


def tab_off(page: Page) -> Iterator[Problem]:
    """Tabs are used though the extension is not enabled.

    Bad: === "A" without pymdownx.tabbed in mkdocs.yml
    Good: pymdownx.tabbed under markdown_extensions
    Why: Every title is printed, and no build says a word.
    """
    yield from diagnosed(page, "tab-off")


def block_unclosed(page: Page) -> Iterator[Problem]:
    """A block is never closed.

    Bad: /// note | Title without an end
    Good: /// note | Title … ///
    Why: The rest of the page is swallowed into the box, silently.
    """
    yield from diagnosed(page, "block-unclosed")


def block_header(page: Page) -> Iterator[Problem]:
    """The header of a block cannot be read.

    Bad: /// note Title
    Good: /// note | Title
    Why: The header and the end are printed.
    """
    yield from diagnosed(page, "block-header")


def block_unknown(page: Page) -> Iterator[Problem]:
    """A block has a name that no extension knows.

    Bad: /// nte | Title
    Good: /// note | Title
    Why: The header and the end are printed.
    """
    yield from diagnosed(page, "block-unknown")


def block_option(page: Page) -> Iterator[Problem]:
    """A block has an option that is not valid.

    Bad: an option typ: note below /// admonition
    Good: an option type: note
    Why: One wrong option rejects the whole block.
    """
    yield from diagnosed(page, "block-option")
    yield from _late_options(page)


def _late_options(page: Page) -> Iterator[Problem]:
    """Options after a blank line, which become content."""
    for number, text in enumerate(page.body, 1):
        header = _HEADER.match(text)
        if (
            not header
            or not header["name"]
            or page.in_fence(number)
            or page.line(number + 1).strip()
        ):
            continue
        option = re.match(
            r" {4,}(type|attrs|open|new|select|title|name|tag):\s*\S+\s*$", page.line(number + 2)
        )
        if option and page.config.has(*BLOCKS):
            yield page.problem(
                number + 2,
                f"the option '{option[1]}' comes after a blank line and is shown as code; put it"
                " directly under the header",
            )


def block_stray(page: Page) -> Iterator[Problem]:
    """An end of a block ends nothing.

    Bad: /// alone without a block above
    Good: no such line
    Why: It is printed.
    """
    yield from diagnosed(page, "block-stray")


def block_off(page: Page) -> Iterator[Problem]:
    """Blocks are used though no block extension is enabled.

    Bad: /// note | Title without pymdownx.blocks.admonition
    Good: the extension under markdown_extensions
    Why: Header and end are printed.
    """
    yield from diagnosed(page, "block-off")
