"""Raw HTML in a page: its tags, its links and its text."""

from __future__ import annotations

import html
import re
from html.entities import html5

from scripts.checker import marks
from scripts.checker.cursor import Cursor
from scripts.checker.rendered import BLOCKS, CODE, ESCAPED, QUIET, RAW, Link, RawTag

_RAW_TOKEN = re.compile(
    r"<!--(?P<comment>.*?)(?:-->|\Z)|<(?P<close>/?)(?P<tag>[a-zA-Z][\w:.-]*)(?P<attrs>(?:[^<>\"'`]|\"[^\"]*\"|'[^']*')*)>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([^\s=>/\"']+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")
_REFERENCE = re.compile(
    r"(?P<all>&(?:(?P<number>#(?:[0-9]+|[xX][0-9a-fA-F]+))|(?P<name>[A-Za-z][A-Za-z0-9]*))(?P<end>;?))(?P<equals>=)?"
)
_LINE_ATTRIBUTE = re.compile(rf' {marks.WORD}="(\d+)"')


class RawReader(Cursor):
    """Reads what the author wrote as HTML."""

    def _raw(self, text: str, number: int) -> None:
        stripped = text.strip()
        single = _RAW_TOKEN.fullmatch(stripped)
        if single and single["tag"] is None:
            self._comment(text)
            return
        if single and not stripped.startswith("<pre"):
            self._raw_tag(single, number, solo=single["tag"].lower() not in BLOCKS)
            if single["tag"].lower() not in BLOCKS:
                self._add(RAW)
            return
        if stripped.startswith("&") and stripped.endswith(";"):
            self._add(ESCAPED)
            return
        if stripped.startswith(("<pre", "<script", "<style")) and stripped.count("<pre") < 2:
            self._raw_code(text, "pre" if stripped.startswith("<pre") else "raw")
            return
        if re.match(r"<(?:code|span class=\"(?:arithmatex|keys))", stripped):
            self._add(CODE)
            for found in marks.MARK.finditer(text):
                self.result.span_lines.add(marks.number(found[0]))
                self._at(marks.number(found[0]))
            return
        self._raw_block(text, number)

    def _comment(self, text: str) -> None:
        for found in marks.MARK.finditer(text):
            self.result.context[marks.number(found[0])] = "comment"

    def _raw_code(self, text: str, kind: str) -> None:
        self._note_child("pre")
        outer = self.path
        self._close()
        self.path = (*outer, "pre")
        self.quiet += 1
        own = _LINE_ATTRIBUTE.search(text)
        if own and text.lstrip().startswith(f"<pre {marks.WORD}"):
            self._at(int(own[1]))
        tag = _RAW_TOKEN.match(text.strip())
        if tag and tag["attrs"]:
            attributes = _attributes(tag["attrs"])
            if attributes.get("id"):
                self.result.ids.append((attributes["id"], self.line, True))
        for found in marks.MARK.finditer(text):
            self._at(marks.number(found[0]))
            self.result.context[self.line] = "code"
        for found in re.finditer(rf"{marks.WORD}=?\"?(\d+)", text):
            self.result.context[int(found[1])] = "code"
        self.quiet -= 1
        self.path = outer

    def _raw_block(self, text: str, number: int) -> None:
        outer = self.path
        self.path = (*outer, "raw")
        self._close()
        self._open("raw", raw=True)
        position, quiet = 0, 0
        for token in _RAW_TOKEN.finditer(text):
            self._raw_text(text[position : token.start()], quiet)
            position = token.end()
            if token["tag"] is None:
                self._comment(token[0])
                continue
            name = token["tag"].lower()
            if name in QUIET:
                quiet = max(0, quiet - 1) if token["close"] else quiet + 1
                self._add(CODE)
            self._raw_tag(
                token, number, solo=False, hidden=quiet > 1 or (quiet == 1 and name not in QUIET)
            )
            if name in BLOCKS:
                self._open("raw", raw=True)
            elif name not in QUIET:
                self._add(RAW)
        self._raw_text(text[position:], quiet)
        self._close()
        self.path = outer

    def _raw_text(self, text: str, quiet: int) -> None:
        self.quiet += 1 if quiet else 0
        position = 0
        for found in marks.MARK.finditer(text):
            self._add(text[position : found.start()])
            position = found.end()
            line = marks.number(found[0])
            self._at(line)
            if self.result.context.get(line) != "code":
                self.result.context[line] = "code" if quiet else "raw"
        for found in re.finditer(rf" {marks.WORD}(\d+)", text):
            self.result.context[int(found[1])] = "code" if quiet else "raw"
        self._add(
            html.unescape(marks.strip(text[position:]))
            if "&" in text
            else marks.strip(text[position:])
        )
        self.quiet -= 1 if quiet else 0

    def _raw_tag(self, token: re.Match[str], number: int, solo: bool, hidden: bool = False) -> None:
        name = token["tag"].lower()
        source = token["attrs"] or ""
        own = _LINE_ATTRIBUTE.search(source)
        if own:
            line = int(own[1])
            self._at(line)
            if not solo and self.result.context.get(line) != "code":
                self.result.context[line] = "raw"
        attributes = _attributes(marks.strip(source))
        attributes.pop(marks.WORD, None)
        tag = RawTag(
            name,
            bool(token["close"]),
            self.line,
            attributes,
            solo,
            source.rstrip().endswith("/"),
            number,
            solo,
            token["tag"],
        )
        self.result.raw_tags.append(tag)
        if solo and name in QUIET and name not in ("svg", "math"):
            self.quiet = max(0, self.quiet - 1) if tag.close else self.quiet + 1
        if tag.close:
            if name == "a" and self.links and self.links[-1].raw:
                self.links.pop()
            return
        identity = attributes.get("id") or (attributes.get("name") if name == "a" else "")
        if identity:
            self.result.ids.append((identity, self.line, not hidden))
        self._raw_links(name, attributes)

    def _raw_links(self, name: str, attributes: dict[str, str]) -> None:
        for key in ("href", "src", "srcset", "poster", "data"):
            if key not in attributes or (key == "data" and name != "object"):
                continue
            if key == "href" and name not in ("a", "area", "link"):
                continue
            text = attributes.get("alt", "") if name == "img" else ""
            link = Link(
                attribute(attributes[key]),
                text,
                self.line,
                name,
                key,
                True,
                attributes.get("title", ""),
                attributes,
            )
            self.result.links.append(link)
            if name == "a" and key == "href":
                if self.links and self.links[-1].raw:
                    self.links.pop()
                self.links.append(link)
        if name == "img" and self.links:
            self.links[-1].attributes["zq-image"] = attributes.get("alt", "")
        if name == "img" and "src" not in attributes:
            self.result.links.append(
                Link("", attributes.get("alt", ""), self.line, "img", "src", True, "", attributes)
            )


def attribute(text: str, markdown: bool = False) -> str:
    """What a browser reads in an attribute: `?a=1&copy=2` holds no sign of copyright.

    In HTML, a name needs no semicolon unless a letter, a digit or `=` follows. Python-Markdown escapes
    whatever has none.
    """

    def read(found: re.Match[str]) -> str:
        if found["end"] or (found["number"] and not markdown):
            known = found["number"] or f"{found['name']};" in html5
        else:
            known = not markdown and found["name"] in html5 and found["equals"] is None
        return (html.unescape(found["all"]) if known else found["all"]) + (found["equals"] or "")

    return _REFERENCE.sub(read, text) if "&" in text else text


def _attributes(source: str) -> dict[str, str]:
    return {
        m[1].lower(): m[2] or m[3] or m[4] or ""
        for m in _ATTRIBUTE.finditer(source.rstrip().removesuffix("/"))
    }
