"""Rules A: admonitions (`!!!`) and collapsibles (`???`).

Every line that looks like an opener is compared with what the renderer made of it.
A box that opened is checked for its type, its title and its body; a line that did not open gets the one reason why.

Tried and dropped: a second paragraph at column 0 after a box (normal prose follows 99 boxes in 100), a fenced
block at column 0 after a box (the same), a box with a title and no body in general (a style: 33 times in one project).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.checker import openers
from scripts.checker.openers import Opener
from scripts.checker.page import Page, indent
from scripts.checker.problem import Edit, Problem
from scripts.checker.project import Site
from scripts.checker.rendered import Box

_QUOTES = '"“”„‟«»″'
_CURLY = "“”„‟«»″"
_INVISIBLE = "\u00a0\u200b\ufeff\u2002\u2003\u2009\u202f\u3000"
_BADGE = re.compile(
    r"\b(?:version|added|introduced|changed|deprecated|removed|since|new"
    r" in|available|requires?|parameter|experimental|beta|optional)\b|\d\.\d",
    re.IGNORECASE,
)
_BLOCK_START = re.compile(
    r"[ \t]*(?:#{1,6}|[-*+][ \t]|\d+[.)]["
    r" \t]|>|```|~~~|\||<|!!!|\?\?\?|===|///|\[[^\]]+\]:|\*\[|-{3,}|:::)"
)


def _report(
    page: Page, kind: str, line: int, message: str, column: int = 0, edit: Edit | None = None
) -> None:
    page.found.setdefault(kind, []).append(page.problem(line, message, column, edit))


def diagnosed(page: Page, kind: str) -> Iterator[Problem]:
    """The findings of one kind; the page is diagnosed at the first call."""
    if "admonitions" not in page.notes:
        page.notes["admonitions"] = True
        _Diagnosis(page).run()
    yield from page.found.get(kind, ())


class _Diagnosis:
    """Walks over the openers of a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.boxes: dict[int, Box] = {}
        for box in page.rendered.boxes:
            if box.kind in ("admonition", "details"):
                self.boxes.setdefault(box.line, box)

    def run(self) -> None:
        page = self.page
        for number, text in enumerate(page.body, 1):
            if not text or not (
                "!" in text
                or "?" in text
                or "！" in text
                or "？" in text
                or "[!" in text
                or ":" in text
            ):
                continue
            if (
                page.in_fence(number)
                or page.context(number) == "comment"
                or number in page.rendered.span_lines
            ):
                continue
            opener = openers.read(text, number)
            if opener is None:
                self._cell(text, number)
                self._foreign(text, number)
            elif page.is_code(number):
                self._in_code(opener)
            elif number in self.boxes:
                self._opened(opener, self.boxes[number])
            else:
                self._closed(opener)
        for box in page.rendered.boxes:
            if box.kind in ("admonition", "details") and box.line:
                self._title(box)
        self._foreign_fences()

    # lines that did not open

    def _meant(self, opener: Opener) -> bool:
        """Whether the author meant an opener, not prose that starts with marks."""
        rest = opener.rest.strip(_INVISIBLE + " \t+-")
        word = re.match(r"[\[.:*(]*([\w-]+)", rest)
        known = (
            bool(word) and (openers.nearest(word[1]) != "" or word[1].lower() in self.page.styles)
            if word
            else False
        )
        quoted = bool(re.search(rf"[{_QUOTES}']", rest)) and len(rest) < 200
        below = self._below(opener)
        proper = opener.mark in ("!!!", "???", "！！！", "？？？", "! ! !", "? ? ?")
        if opener.wrap.strip("# ") and not (known and (quoted or len(rest.split()) == 1)):
            return False
        if not rest.strip(_QUOTES):
            return proper and not opener.hidden and below >= opener.column + 1
        if proper:
            return (
                known or (quoted and bool(word)) or below >= opener.column + 4 or rest[0] in _QUOTES
            )
        return known and (below > opener.column or quoted)

    def _below(self, opener: Opener) -> int:
        following = self.page.next_text(opener.line)
        if not following:
            return -1
        text = self.page.line(following)
        return indent(
            text[len(opener.quote) :]
            if text.startswith(opener.quote.rstrip()) and opener.quote
            else text
        )

    def _closed(self, opener: Opener) -> None:
        page = self.page
        if page.line(opener.line).lstrip().startswith("\\") or not self._meant(opener):
            return
        name = "pymdownx.details" if opener.details else "admonition"
        if not page.config.has(name) and opener.strict() and not page.missing_extensions:
            self._extension_off(opener, name)
            return
        if opener.wrap:
            _report(
                page,
                "count",
                opener.line,
                f"{opener.mark[:3]} inside {_wrapped(opener)} opens no box; put it alone at the"
                " start of the line",
            )
            return
        if (
            not self._spacing(opener)
            and not self._marker(opener)
            and not opener.strict()
            and self._header(opener)
        ):
            return
        if opener.strict() and opener.mark in ("!!!", "???"):
            self._place(opener)

    def _extension_off(self, opener: Opener, name: str) -> None:
        if "extension-off" not in self.page.found:
            _report(
                self.page,
                "extension-off",
                opener.line,
                f"'{opener.mark}' is printed as text; add '{name}' to markdown_extensions",
            )

    def _spacing(self, opener: Opener) -> bool:
        page, rest = self.page, opener.rest
        if opener.hidden or any(sign in opener.indent for sign in _INVISIBLE):
            fixed = page.line(opener.line).replace(opener.hidden, "") if opener.hidden else None
            edit = (
                page.replace(opener.line, fixed)
                if fixed and page.line(opener.line) == page.lines[opener.line - 1]
                else None
            )
            _report(
                page,
                "marker-space",
                opener.line,
                f"an invisible character stands before '{opener.mark}'; delete it",
                edit=edit,
            )
            return True
        if opener.mark not in ("!!!", "???"):
            return False
        if rest[:1] and rest[0] in _INVISIBLE:
            self._mend(
                opener,
                "marker-space",
                " " + rest.lstrip(_INVISIBLE + " "),
                f"a no-break or invisible space follows '{opener.mark}'; write an ordinary space",
            )
            return True
        if re.match(r"\+?(?: {2,}|\t+ *)[\w-]", rest) and not opener.strict():
            plus = "+" if rest.startswith("+") else ""
            self._mend(
                opener,
                "marker-space",
                f"{plus} {rest.lstrip('+').lstrip()}",
                f"more than one space follows '{opener.mark}{plus}'; write one",
            )
            return True
        return False

    def _mend(self, opener: Opener, kind: str, rest: str, message: str) -> None:
        page = self.page
        source = page.lines[opener.line - 1]
        at = source.find(opener.text)
        edit = (
            page.replace(opener.line, source[:at] + opener.mark + rest)
            if at >= 0 and rest != opener.rest
            else None
        )
        _report(page, kind, opener.line, message, edit=edit)

    def _marker(self, opener: Opener) -> bool:
        page, mark, rest = self.page, opener.mark, opener.rest
        right = "???" if opener.details else "!!!"
        if mark != right:
            source = page.lines[opener.line - 1]
            at = source.find(mark)
            edit = page.replace(opener.line, source[:at] + right + source[at + len(mark) :])
            _report(
                page,
                "count",
                opener.line,
                f"'{mark}' is not a marker; write exactly three: '{right}'",
                edit=edit,
            )
            return True
        if not opener.details and re.match(r" ?\+", rest):
            _report(
                page,
                "plus",
                opener.line,
                "'!!!' takes no '+'; use '???+' for a box that is open and can be folded",
            )
            return True
        if opener.details and re.match(r" +\+", rest):
            self._mend(
                opener,
                "plus",
                "+ " + rest.lstrip().lstrip("+").lstrip(),
                "the '+' must touch the marks: '???+'",
            )
            return True
        if opener.details and re.match(r" ?-", rest):
            self._mend(
                opener,
                "plus",
                " " + rest.lstrip(" -"),
                "'???-' does not exist; '???' is already folded",
            )
            return True
        return False

    def _header(self, opener: Opener) -> bool:
        """Say why the text after the marker is no header."""
        _page, rest = self.page, opener.rest.strip()
        if opener.details:
            rest = rest.removeprefix("+").lstrip()
        if not rest or (rest[0] in _QUOTES + "'" and not opener.details):
            edit_rest = f" note {rest}".rstrip()
            self._mend(
                opener,
                "no-type",
                edit_rest,
                f"no type after '{opener.mark}'; write for instance '{opener.mark} note'",
            )
            return True
        word = re.match(r"(\S+?)(?=[\s\"“„'«]|$)", rest)
        first = word[1] if word else rest
        types = re.match(r"[\w-]+(?: +[\w-]+)*", rest)
        after = rest[types.end() :] if types else rest
        if first and not re.fullmatch(r"[\w-]+", first) and rest[0] not in _QUOTES:
            return self._type_characters(opener, first)
        if types is None:
            if rest[0] in _QUOTES + "'":
                return self._title_quotes(opener, "", rest)
            return self._type_characters(opener, first)
        return self._title_quotes(opener, types[0], after)

    def _type_characters(self, opener: Opener, first: str) -> bool:
        name = openers.nearest(re.sub(r"[^\w-]", "", first)) or "note"
        colon = first.endswith(":")
        reason = "a colon after the type" if colon else f"'{first}' is not a type"
        advice = f"write '{opener.mark} {name}'" + (
            ' and the title in "double quotes"' if colon else ""
        )
        _report(
            self.page,
            "type-characters",
            opener.line,
            f"{reason}; {advice}, only letters, digits and '-'",
        )
        return True

    def _title_quotes(self, opener: Opener, types: str, after: str) -> bool:
        title = after.strip()
        if after[:1] and after[0] in _INVISIBLE:
            self._mend(
                opener,
                "title-space",
                f" {types} {after.lstrip(_INVISIBLE + ' ')}",
                "a no-break space stands before the title; write an ordinary space",
            )
            return True
        if title[:1] in ("'", "‘", "’"):
            mended = title.strip("'‘’`")
            edit_rest = f' {types} "{mended}"' if '"' not in mended else opener.rest
            self._mend(
                opener,
                "title-quotes",
                edit_rest,
                "the title stands in single quotes; write straight double quotes",
            )
            return True
        if any(sign in _CURLY for sign in title[:1] + title[-1:]) and title[:1] in _QUOTES:
            mended = title.strip(_QUOTES)
            edit_rest = (
                f' {types} "{mended}"'
                if title[-1:] in _QUOTES and '"' not in mended
                else opener.rest
            )
            self._mend(
                opener,
                "title-quotes",
                edit_rest,
                'the title has curly quotes; write straight ones: "…"',
            )
            return True
        return self._straight_quotes(opener, types, title)

    def _straight_quotes(self, opener: Opener, types: str, title: str) -> bool:
        page = self.page
        count = title.count('"')
        following = page.line(opener.line + 1).strip()
        if title.startswith('"') and count == 1 and len(title) > 1:
            if (
                following.endswith('"')
                and following.count('"') == 1
                and not following.startswith('"')
            ):
                _report(
                    page,
                    "title-newline",
                    opener.line,
                    "the title goes on in the next line; write it in one line",
                )
                return True
            self._mend(
                opener,
                "title-unclosed",
                f' {types} {title}"',
                "the title has no closing quote; add '\"' at the end",
            )
            return True
        if count == 1 and title.endswith('"') and title:
            _report(
                page,
                "title-unclosed",
                opener.line,
                "the title has no opening quote; add '\"' before it",
            )
            return True
        if title.startswith('"') and count >= 2:
            end = title.rfind('"') + 1
            tail = title[end:].strip()
            if types and not opener.rest.lstrip().startswith(types + " "):
                fixed = opener.rest.lstrip()
                self._mend(
                    opener,
                    "title-space",
                    f" {types} {fixed[len(types) :].lstrip()}",
                    "no space before the title; write one",
                )
                return True
            if tail:
                _report(
                    page,
                    "trailing",
                    opener.line,
                    f"'{tail[:30]}' after the title stops the box; nothing may follow the closing"
                    " quote",
                )
                return True
        if count == 0 and title[-1:] in _CURLY:
            self._mend(
                opener,
                "title-quotes",
                opener.rest,
                'the title has curly quotes; write straight ones: "…"',
            )
            return True
        if count == 1:
            _report(
                page,
                "title-unclosed",
                opener.line,
                "the title has only one quote; put it in straight double quotes",
            )
            return True
        if title:
            _report(
                page,
                "title-unquoted",
                opener.line,
                f"the title is not quoted; write {opener.mark}"
                f" {types.split()[0] if types else 'note'}"
                f' "{(opener.rest.strip()[len(types.split()[0]) :] if types else title).strip()[:40]}"',
            )
            return True
        return False

    def _place(self, opener: Opener) -> None:
        """A right header that was not read as one because of where it stands."""
        page, line = self.page, opener.line
        path = page.rendered.path_of.get(line, ())
        context = page.context(line)
        if context == "raw" or "raw" in path:
            _report(
                page,
                "in-html",
                line,
                f"'{opener.mark}' inside raw HTML is printed; add the attribute 'markdown' to the"
                " element around it",
            )
            return
        if "td" in path or "th" in path or page.line(line).lstrip().startswith("|"):
            _report(
                page, "in-table", line, "a table cell cannot hold a box; put it below the table"
            )
            return
        before = page.line(line - 1)
        if "li" in path or _list_above(page, line):
            inside = "li" in path
            previous = before.strip() and not openers.read(before, line - 1)
            if inside and previous and indent(page.line(line)) % 4 == 0:
                _report(
                    page,
                    "list-blank",
                    line,
                    f"'{opener.mark}' directly under the text of a list item is printed; put a"
                    " blank line before it",
                )
            else:
                _report(
                    page,
                    "list-indent",
                    line,
                    f"'{opener.mark}' is indented by {opener.column} columns; inside a list item it"
                    " needs 4 for each level",
                )
            return
        if opener.column:
            _report(
                page,
                "opener-indent",
                line,
                f"'{opener.mark}' is indented by {opener.column} columns and is printed; start it"
                f" at column {opener.column // 4 * 4 + 1}",
            )
            return
        if any(0 <= line - tag.line < 4 for tag in page.rendered.raw_tags):
            _report(
                page,
                "in-html",
                line,
                f"'{opener.mark}' inside this HTML element is printed; use a <div markdown>"
                " around it",
            )

    def _in_code(self, opener: Opener) -> None:
        """An opener in an indented code block that was meant as a box."""
        page, line = self.page, opener.line
        if not opener.strict() or opener.mark not in ("!!!", "???") or opener.quote:
            return
        path = page.rendered.path_of.get(line, ())
        above = page.previous_text(line)
        if path[-1:] != ("pre",) or (
            page.context(above) == "code"
            and indent(page.line(above)) >= 4
            and not page.in_fence(above)
        ):
            return
        types = re.match(r"[?+! ]*([\w-]+)", opener.text)
        if not types or not openers.nearest(types[1]) or page.line(above).rstrip().endswith(":"):
            return
        below = page.next_text(line)
        if not below or indent(page.line(below)) < opener.column + 4:
            return
        if page.config.has("admonition") or opener.details:
            _report(
                page,
                "opener-indent",
                line,
                f"'{opener.mark}' is indented by {opener.column} columns and becomes a code block;"
                " start it at the column of the text around it",
            )

    def _cell(self, text: str, line: int) -> None:
        if (
            text.lstrip().startswith("|")
            and re.search(
                r"\|\s*(?:!!!|\?\?\?\+?) ?[\w-]+(?: +\"[^\"|]*\")?\s*\|", self.page.clean[line - 1]
            )
            and (
                "td" in self.page.rendered.path_of.get(line, ())
                or self.page.context(line) == "text"
            )
        ):
            _report(
                self.page,
                "in-table",
                line,
                "a table cell cannot hold a box; put it below the table",
            )

    # openers of other tools

    def _foreign(self, text: str, line: int) -> None:
        page = self.page
        if page.is_code(line):
            return
        alert = re.match(r"\s*>\s*\[!(\w+)\]", text)
        if alert and not page.config.plugin(
            "gh-admonitions", "callouts", "github-admonitions", "obsidian-callouts", "alerts"
        ):
            if any(
                "alert" in name or "callout" in name or "gfm" in name or name == "pymdownx.quotes"
                for name in page.config.extensions
            ):
                return
            name = openers.nearest(alert[1]) or "note"
            _report(
                page,
                "foreign",
                line,
                f"'[!{alert[1]}]' is GitHub's syntax and is printed; write '!!!"
                f" {openers.ALIASES.get(name, name)}'",
            )
            return
        colons = re.match(r"\s*:{3,}\s?\{?([a-z][\w-]*)\}?(?=[\s\[{]|$)", text)
        if (
            colons
            and openers.nearest(colons[1]) in openers.WORDS
            and not re.match(r"\s*::: [\w.]+\.[\w.]+", text)
        ):
            if not any(
                "container" in name or "fenced_div" in name for name in page.config.extensions
            ):
                closed = any(
                    re.match(r"\s*:{3,}\s*$", other) for other in page.body[line : line + 60]
                )
                if closed or not page.config.plugin("mkdocstrings"):
                    _report(
                        page,
                        "foreign",
                        line,
                        f"':::{colons[1]}' is Docusaurus' syntax and is printed; write '!!!"
                        f" {openers.nearest(colons[1])}'",
                    )
            return
        directive = re.match(r"\s*\.\. ([a-z]+)::(?:\s|$)", text)
        if directive and openers.nearest(directive[1]) == directive[1]:
            _report(
                page,
                "foreign",
                line,
                f"'.. {directive[1]}::' is reStructuredText and is printed; write '!!!"
                f" {directive[1]}'",
            )

    def _foreign_fences(self) -> None:
        for start, _ in self.page.rendered.fences:
            found = re.match(
                r"[ >\t]*(?:`{3,}|~{3,}|:{3,})\s*\{([a-z]+)\}\s*(\S.*)?$", self.page.line(start)
            )
            if found and (found[1] in openers.WORDS or found[1] in self.page.styles):
                _report(
                    self.page,
                    "foreign",
                    start,
                    f"'{{{found[1]}}}' is MyST's syntax and becomes a code block; write '!!!"
                    f" {found[1]}'",
                )

    # boxes that opened

    def _opened(self, opener: Opener, box: Box) -> None:
        page, line = self.page, opener.line
        if page.context(line) == "raw":
            return
        strict = opener.strict()
        if strict is None:
            return
        if opener.details and re.match(r"-", opener.rest):
            self._mend(
                opener,
                "plus",
                " " + opener.rest.lstrip(" -"),
                "'???-' does not exist; '???' is already folded",
            )
            return
        title = strict[3] if opener.details else strict[2]
        names = (strict[2] or strict[4] or "") if opener.details else strict[1]
        self._types(opener, names, title)
        self._title_text(opener, title)
        self._body(opener, box, title)

    def _types(self, opener: Opener, names: str, title: str | None) -> None:
        page = self.page
        words = names.split()
        if not words:
            return
        kind = words[0].lower()
        extra = [
            word
            for word in words[1:]
            if word.lower() not in openers.MODIFIERS and word.lower() not in page.styles
        ]
        known = kind in openers.MATERIAL or kind in page.styles
        if (
            title is None
            and extra
            and (len(extra) > 1 or extra[0].lower() not in ("left", "right"))
        ):
            shown = names[len(words[0]) :].strip()
            _report(
                page,
                "title-unquoted",
                opener.line,
                f"the title is not quoted and is lost; write '{opener.mark} {words[0]}"
                f' "{shown}"\'',
            )
        elif extra and extra[0].lower() in (
            "left",
            "right",
            "start",
            "float",
            "open",
            "closed",
            "collapsed",
            "collapse",
        ):
            _report(
                page,
                "modifier",
                opener.line,
                f"'{extra[0]}' has no meaning here; the modifiers are 'inline' and 'inline end'",
            )
        elif (
            extra
            and openers.nearest(extra[0], ("inline", "end", "annotate"))
            and page.config.theme == "material"
        ):
            _report(
                page,
                "modifier",
                opener.line,
                f"unknown modifier '{extra[0]}'; use"
                f" '{openers.nearest(extra[0], ('inline', 'end', 'annotate'))}'",
            )
        if not known:
            self._unknown_type(opener, words[0])

    def _unknown_type(self, opener: Opener, word: str) -> None:
        page = self.page
        near = openers.nearest(word)
        if word.lower() in openers.ALIASES and near == word.lower():
            if page.config.theme != "material" or page.notes.get("own-css"):
                return
            _report(
                page,
                "type-unknown",
                opener.line,
                f"the type '{word}' has no style in this theme and looks like a note; use"
                f" '{openers.ALIASES[near]}'",
                page.column_of(opener.line, word),
            )
        elif near or page.config.theme == "material":
            advice = (
                f"use '{openers.ALIASES.get(near, near)}'"
                if near
                else "known are " + ", ".join(openers.MATERIAL)
            )
            _report(
                page,
                "type-unknown",
                opener.line,
                f"no admonition type '{word}'; {advice}",
                page.column_of(opener.line, word),
            )

    def _title_text(self, opener: Opener, title: str | None) -> None:
        page = self.page
        if title is None:
            return
        if '\\"' in title:
            _report(
                page,
                "title-escape",
                opener.line,
                "backslashes before quotes are shown in the title; write plain quotes inside it",
            )
        elif re.search(r'" +"', title):
            _report(
                page,
                "title-double",
                opener.line,
                "two titles: only the outer quotes are read; join them into one",
            )

    def _body(self, opener: Opener, box: Box, title: str | None) -> None:
        page, line = self.page, opener.line
        following = page.next_text(line)
        while following and page.context(following) == "comment":
            following = page.next_text(following)
        if not box.first and not box.children:
            self._empty(opener, following, title)
            return
        if (
            all(child == "pre" for child in box.children)
            and box.children
            and following
            and not page.in_fence(following)
        ):
            self._code_body(opener, following)
            return
        self._escape(opener, box)

    def _relative(self, opener: Opener, line: int) -> int | None:
        """The indent of a line against the opener's, or None outside the opener's quotation."""
        text = self.page.line(line)
        if opener.quote:
            if not text.lstrip().startswith(">"):
                return None
            text = re.sub(r"^[ \t]*" + r">[ ]?" * opener.quote.count(">"), lambda m: " " * 0, text)
            base = opener.column - len(opener.quote)
        else:
            base = opener.column
        return indent(text) - base

    def _empty(self, opener: Opener, following: int, title: str | None) -> None:
        page, line = self.page, opener.line
        left = opener.quote and following and self._relative(opener, following) is None
        if left and indent(page.line(following)) >= 4 and following - line <= 2:
            message = "the body has left the quotation; start its lines with '>' and 4 spaces"
            _report(page, "body-indent", following, message)
            return
        relative = self._relative(opener, following) if following else None
        text = page.line(following).lstrip() if following else ""
        if (following and text[:1] in tuple(_INVISIBLE)) or (
            following and page.line(following)[:1] in tuple(_INVISIBLE)
        ):
            _report(
                page,
                "body-nbsp",
                following,
                "the body is indented by no-break spaces; use 4 ordinary spaces",
            )
            return
        if relative is not None and 0 < relative < 4:
            edit = self._indent_edit(following, opener.column + 4)
            _report(
                page,
                "body-indent",
                following,
                f"the body is indented by {relative}, so it falls out of the box; indent by 4",
                edit=edit,
            )
            return
        glued = following == line + 1
        if text.startswith(("{{", "{%", "{!")):
            return
        ends = (
            not following
            or not text
            or bool(re.match(r"#{1,6}\s|!!!|\?\?\?|===\s|///|-{3,}\s*$|</|\[[^\]]+\]:|<!--", text))
        )
        in_list = bool(re.match(r"(?:[-*+]|\d+[.)])\s", text)) and opener.column > 0
        if (
            relative == 0
            and not ends
            and not in_list
            and (glued or title is None or _is_short(title))
            and text
        ):
            if glued or not title or opener.details:
                _report(
                    page,
                    "body-indent",
                    following,
                    "the body is not indented, so the box is empty; indent by 4",
                )
            else:
                self._bare(line, following, title)
            return
        if title is None or title == "":
            _report(page, "empty", line, "the box has no body; write one, or delete the box")
        elif (
            ends
            and not in_list
            and len(title.split()) <= 4
            and not _is_bare_link(title)
            and not re.search(r"[.!?:]$|\]\(", title)
        ):
            self._bare(line, 0, title)
        elif _is_bare_link(title):
            _report(
                page,
                "empty",
                line,
                "the box has a link as its title and no body; make it a list item or say what it"
                " holds",
            )

    def _bare(self, line: int, following: int, title: str) -> None:
        """Keep a box that has a title and no body for the project to judge."""
        if not _BADGE.search(title) or len(title.split()) > 6:
            self.page.notes.setdefault("bare", []).append(
                [line, following, re.sub(r"[\d.]+", "#", title.lower())]
            )

    def _indent_edit(self, first: int, width: int) -> Edit | None:
        """Re-indent a body that is indented by one to three columns."""
        page = self.page
        own = indent(page.line(first))
        last = first
        for number in range(first, len(page.body) + 1):
            text = page.line(number)
            if text.strip() and indent(text) < own:
                break
            if text.strip() and not (indent(text) >= own and indent(text) > 0):
                break
            if text.strip():
                last = number
        before = tuple(page.lines[first - 1 : last])
        if any("\t" in text for text in before):
            return None
        after = tuple(" " * (width - own) + text if text.strip() else text for text in before)
        return Edit(first, last, before, after)

    def _code_body(self, opener: Opener, following: int) -> None:
        page = self.page
        relative = self._relative(opener, following)
        text = page.line(following).strip()
        if relative is None or page.line(following).lstrip().startswith(("```", "~~~", "<")):
            return
        if opener.list and following == opener.line + 1:
            _report(
                page,
                "body-code",
                following,
                "the body directly under '- "
                + opener.mark
                + "' becomes a code block; put a blank line between",
            )
        elif relative >= 8 and _is_prose(text):
            _report(
                page,
                "body-code",
                following,
                f"the body is indented by {relative} and becomes a code block; indent by 4",
            )

    def _escape(self, opener: Opener, box: Box) -> None:
        """Lines that fall out of the box though they were meant inside."""
        page = self.page
        last = box.last
        while page.in_fence(last + 1) and self._inside(opener, last + 1):
            last += 1
        following = page.next_text(last)
        if not following or (page.is_code(following) and not page.in_fence(following)):
            return
        relative = self._relative(opener, following)
        text = page.line(following).strip()
        if (
            relative is None
            or (following in self.boxes and relative == 0)
            or re.match(r"\*?\[[^\]]+\]:", text)
        ):
            return
        if 0 < relative < 4 and page.context(following) != "raw" and not text.startswith("</"):
            if opener.column or not _nested_list_item(page, following, opener.line):
                edit = self._indent_edit(following, opener.column + 4)
                _report(
                    page,
                    "body-indent",
                    following,
                    f"this line is indented by {relative} and falls out of the box above; indent"
                    " by 4",
                    edit=edit,
                )
        elif relative <= 0 and following == last + 1 and self._continues(page.line(last), text):
            _report(
                page,
                "body-escape",
                following,
                "this line goes on with the sentence above but falls out of the box; indent it"
                " by 4",
            )

    def _inside(self, opener: Opener, line: int) -> bool:
        relative = self._relative(opener, line)
        return relative is not None and (relative >= 4 or not self.page.line(line).strip())

    @staticmethod
    def _continues(before: str, text: str) -> bool:
        if _BLOCK_START.match(text) or not text:
            return False
        return before.rstrip()[-1:] not in tuple(".!?:;…>|`") and (
            text[0].islower() or text[0] in "(`["
        )

    def _title(self, box: Box) -> None:
        page = self.page
        if box.kind == "details" and box.interactive:
            _report(
                page,
                "summary-link",
                box.line,
                "a link in the title of a collapsible opens the link instead of the box; move it"
                " into the body",
            )
        words = box.title.split()
        sentences = len(re.findall(r"[.!?](?:\s|$)", box.title))
        if (
            (len(words) > 16 or (len(box.title) > 85 and box.interactive) or sentences > 1)
            and len(box.title) > 80
            and (box.interactive or (box.first and len(words) > 25))
        ):
            _report(
                page,
                "title-long",
                box.line,
                f"the title has {len(words)} words; give it a short name and put the text into"
                " the body",
            )


def _wrapped(opener: Opener) -> str:
    return "a heading" if "#" in opener.wrap else "bold or italic signs"


def _is_short(title: str) -> bool:
    return len(title.split()) <= 8 and not title.rstrip().endswith((".", "!"))


def _is_bare_link(title: str) -> bool:
    return bool(re.fullmatch(r"\s*\[[^\]]+\]\([^)]+\)\s*", title))


def _is_prose(text: str) -> bool:
    words = re.findall(r"[A-Za-z’']+", text)
    return (
        len(words) >= 2
        and not re.search(
            r"[=;{}$<>]|\w\(|^\W*(?:import|from|def|class|pip|npm|git|cd|docker)\b|--\w|^\$|^#",
            text,
        )
        and bool(re.match(r"[A-Z*_`\[“\"]|\w+ \w+", text))
    )


def _list_above(page: Page, line: int) -> bool:
    """Whether the block above belongs to a list that the line was meant to go on with."""
    own = indent(page.line(line))
    number = line
    while number := page.previous_text(number):
        text = page.line(number)
        if re.match(r"\s*(?:[-*+]|\d+[.)])\s", text):
            return indent(text) < own
        if indent(text) == 0 and not page.in_fence(number):
            return False
        if line - number > 40:
            return False
    return False


def _nested_list_item(page: Page, line: int, opener: int) -> bool:
    """Whether the line belongs to a list that started before the opener."""
    return bool(re.match(r"\s*(?:[-*+]|\d+[.)])\s", page.line(line))) and _list_above(page, opener)


def type_unknown(page: Page) -> Iterator[Problem]:
    """An admonition has a type that the theme does not know.

    Bad: !!! abstrct "In short"
    Good: !!! abstract "In short"
    Why: An unknown type is drawn as a plain note, with the wrong icon, colour and name.
    """
    yield from diagnosed(page, "type-unknown")


def title_unclosed(page: Page) -> Iterator[Problem]:
    """A quote of the title is missing.

    Bad: !!! note "Before you start
    Good: !!! note "Before you start"
    Why: Without both quotes no box opens: the line is printed and the body becomes code.
    """
    yield from diagnosed(page, "title-unclosed")


def title_quotes(page: Page) -> Iterator[Problem]:
    """The title stands in curly or single quotes.

    Bad: !!! note “Before you start”
    Good: !!! note "Before you start"
    Why: Only straight double quotes are read; with any other the opener is printed.
    """
    yield from diagnosed(page, "title-quotes")


def title_unquoted(page: Page) -> Iterator[Problem]:
    """The title has no quotes.

    Bad: !!! note Before you start
    Good: !!! note "Before you start"
    Why: The words become CSS classes and the title is lost, or the opener is printed.
    """
    yield from diagnosed(page, "title-unquoted")


def title_space(page: Page) -> Iterator[Problem]:
    """No ordinary space stands between type and title.

    Bad: !!! note"Before you start"
    Good: !!! note "Before you start"
    Why: The opener is not recognised and is printed.
    """
    yield from diagnosed(page, "title-space")


def title_newline(page: Page) -> Iterator[Problem]:
    """The title goes on in the next line.

    Bad: !!! note "Before you
    Good: !!! note "Before you start"
    Why: An opener is one line; a broken title stops the box.
    """
    yield from diagnosed(page, "title-newline")


def title_escape(page: Page) -> Iterator[Problem]:
    r"""Quotes inside a title are escaped.

    Bad: !!! note "The \"best\" model"
    Good: !!! note "The "best" model"
    Why: The backslashes are shown; inner quotes need none.
    """
    yield from diagnosed(page, "title-escape")


def title_double(page: Page) -> Iterator[Problem]:
    """An admonition has two titles.

    Bad: !!! note "One" "Two"
    Good: !!! note "One: two"
    Why: The reader sees the inner quotes as part of one odd title.
    """
    yield from diagnosed(page, "title-double")


def trailing(page: Page) -> Iterator[Problem]:
    """Something follows the title of an admonition.

    Bad: !!! note "Title" { .wide }
    Good: !!! note wide "Title"
    Why: Nothing may follow the closing quote; the opener is printed.
    """
    yield from diagnosed(page, "trailing")


def no_type(page: Page) -> Iterator[Problem]:
    """An admonition has no type.

    Bad: !!! "Before you start"
    Good: !!! note "Before you start"
    Why: The opener is printed; only `???` with a title may go without a type.
    """
    yield from diagnosed(page, "no-type")


def marker_space(page: Page) -> Iterator[Problem]:
    """Wrong or invisible blanks stand around the marker.

    Bad: !!!  note
    Good: !!! note
    Why: With two spaces, a no-break space or a zero-width character the opener is printed.
    """
    yield from diagnosed(page, "marker-space")


def marker_count(page: Page) -> Iterator[Problem]:
    """The marker has the wrong number or form of marks.

    Bad: !! note "Title"
    Good: !!! note "Title"
    Why: Exactly three marks at the start of the line open a box.
    """
    yield from diagnosed(page, "count")


def plus(page: Page) -> Iterator[Problem]:
    """A plus or minus sign is misplaced.

    Bad: ??? + note
    Good: ???+ note
    Why: The opener is printed, or the sign becomes a class.
    """
    yield from diagnosed(page, "plus")


def type_characters(page: Page) -> Iterator[Problem]:
    """The type holds signs that no type may hold.

    Bad: !!! note: Title
    Good: !!! note "Title"
    Why: A type is letters, digits and hyphens; with a colon, dot, bracket or emoji the opener is printed.
    """
    yield from diagnosed(page, "type-characters")


def body_indent(page: Page) -> Iterator[Problem]:
    """The body of a box is not indented by four columns.

    Bad: a body at two columns below !!! note
    Good: a body at four columns below !!! note
    Why: The box ends there: it stays empty, or loses its rest, and the text stands below it.
    """
    yield from diagnosed(page, "body-indent")


def body_escape(page: Page) -> Iterator[Problem]:
    """A wrapped line falls out of the box.

    Bad: the second line of a paragraph at column 0
    Good: every line of the body at four columns
    Why: A box has no lazy continuation; the sentence is cut in two.
    """
    yield from diagnosed(page, "body-escape")


def body_code(page: Page) -> Iterator[Problem]:
    """The body is indented so far that it becomes code.

    Bad: a body at eight columns
    Good: a body at four columns
    Why: Four columns more than the body make an indented code block.
    """
    yield from diagnosed(page, "body-code")


def body_nbsp(page: Page) -> Iterator[Problem]:
    """The body is indented by no-break spaces.

    Bad: a body after four no-break spaces
    Good: a body after four spaces
    Why: Only ordinary spaces and tabs count; the box stays empty.
    """
    yield from diagnosed(page, "body-nbsp")


def opener_indent(page: Page) -> Iterator[Problem]:
    """An opener is indented where nothing asks for it.

    Bad: two spaces before !!! note
    Good: !!! note at the start of the line
    Why: With one to three columns it is printed, with four it becomes code.
    """
    yield from diagnosed(page, "opener-indent")


def list_indent(page: Page) -> Iterator[Problem]:
    """A box in a list item has the wrong indent.

    Bad: three spaces before !!! note inside `1. Item`
    Good: four spaces before !!! note inside `1. Item`
    Why: Python-Markdown needs four columns for each level; the list is cut and the opener printed.
    """
    yield from diagnosed(page, "list-indent")


def list_blank(page: Page) -> Iterator[Problem]:
    """A box follows the text of a list item without a blank line.

    Bad: `1. Item` and !!! note in the next line
    Good: a blank line between them
    Why: The opener is read as the next line of the item's text and printed.
    """
    yield from diagnosed(page, "list-blank")


def in_html(page: Page) -> Iterator[Problem]:
    """A box stands inside raw HTML that is not read as Markdown.

    Bad: <div class="grid"> around !!! note
    Good: <div class="grid" markdown> around !!! note
    Why: Everything inside raw HTML is printed as it is written.
    """
    yield from diagnosed(page, "in-html")


def in_table(page: Page) -> Iterator[Problem]:
    """A box stands in a table cell.

    Bad: | !!! note "Title" | text |
    Good: the box below the table
    Why: A cell holds one line of text; the opener is printed.
    """
    yield from diagnosed(page, "in-table")


def foreign(page: Page) -> Iterator[Problem]:
    """A box is written in the syntax of another tool.

    Bad: > [!NOTE]
    Good: !!! note
    Why: It is printed, or shown as a quotation or code.
    """
    yield from diagnosed(page, "foreign")


def empty(page: Page) -> Iterator[Problem]:
    """A box without a title of its own has no body.

    Bad: !!! note and nothing below it
    Good: !!! note with a body
    Why: The reader sees an empty bar.
    """
    yield from diagnosed(page, "empty")


def title_only(site: Site) -> Iterator[Problem]:
    """A box has a title, but its body stands below it, or nowhere.

    Bad: !!! note "Before you start", and the text at column 0
    Good: the text at four columns
    Why: The box is a bare bar. Projects that use such bars as a style are left alone.
    """
    found = [(path, *item) for path, facts in site.chosen_facts() for item in facts.get("bare", ())]
    titles = [title for *_, title in found]
    if len(found) > max(4, len(site.chosen) // 12):
        return
    for path, line, following, title in found:
        if titles.count(title) > 1:
            continue
        if following:
            yield site.problem(
                path, following, "the body is not indented, so the box above is empty; indent by 4"
            )
        else:
            yield site.problem(
                path, line, "the box has a title but no body; write one, or delete the box"
            )


def extension_off(page: Page) -> Iterator[Problem]:
    """Boxes are used though the extension is not enabled.

    Bad: ??? note without pymdownx.details in mkdocs.yml
    Good: pymdownx.details under markdown_extensions
    Why: Every opener is printed, and no build says a word.
    """
    yield from diagnosed(page, "extension-off")


def summary_link(page: Page) -> Iterator[Problem]:
    """The title of a collapsible holds a link or a button.

    Bad: ??? tip "[A paper](https://example.com)"
    Good: ??? tip "A paper", with the link in the body
    Why: A click follows the link instead of opening the box.
    """
    yield from diagnosed(page, "summary-link")


def title_long(page: Page) -> Iterator[Problem]:
    """A whole paragraph stands in the title of a box.

    Bad: !!! tip "A long paragraph of thirty words …"
    Good: !!! tip "A short name", with the paragraph in the body
    Why: Titles are names; a bold paragraph is hard to read.
    """
    yield from diagnosed(page, "title-long")


def modifier(page: Page) -> Iterator[Problem]:
    """An admonition has a modifier that does not exist.

    Bad: !!! note left "Title"
    Good: !!! note inline "Title"
    Why: Material knows `inline` and `inline end`; other words do nothing.
    """
    yield from diagnosed(page, "modifier")
