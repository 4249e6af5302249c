"""Read a rendered tree into blocks, boxes, links and lines."""

from __future__ import annotations

import re
from itertools import count
from xml.etree.ElementTree import Element

from markdown.util import AtomicString

from scripts.checker import marks
from scripts.checker.raw_html import RawReader, attribute
from scripts.checker.rendered import (
    BLOCKS,
    CODE,
    ESCAPED,
    OBJECT,
    QUIET,
    Box,
    Heading,
    Link,
    RawTag,
)

_STASHED = re.compile("\x02wzxhzdk:(\\d+)\x03")
_SPECIAL = re.compile(
    "\x02wzxhzdk:(\\d+)\x03|\x02(\\d+)\x03|\x02amp\x03|\x02[^\x02\x03]*\x03|[\U000f0000-\U0010fffd]"
    f'| {marks.WORD}=?"?(\\d+)"?'
)
_LINE_CLASS = re.compile(rf"\b{marks.WORD}(\d+)\b")
SKIP_CLASSES = frozenset(("headerlink", "footnote-backref"))


class Walker(RawReader):
    """Reads a rendered tree from its root."""

    def walk(self, root: Element) -> None:
        """Read the tree from its root."""
        for ordered in root.iter("ol"):
            start = ordered.get("start") or "1"
            items = (child for child in ordered if child.tag == "li")
            self.numbers.update(zip(items, count(int(start) if start.isdigit() else 1)))
        self._open("root")
        self._text(root.text)
        for child in root:
            self._element(child)
            self._text(child.tail)
        self._close()

    def _text(self, text: str | None) -> None:
        if not text:
            return
        position = 0
        for found in _SPECIAL.finditer(text):
            if found.start() > position:
                self._add(text[position : found.start()])
            position = found.end()
            if found[1] is not None:
                self._stashed(int(found[1]))
            elif found[2] is not None:
                self._add(ESCAPED)
            elif found[3] is not None:
                self._at(int(found[3]))
            elif found[0][0] == "\x02":
                self._add("&" if found[0] == "\x02amp\x03" else "")
            else:
                self._at(marks.number(found[0]))
        if position < len(text):
            self._add(text[position:])

    def _stashed(self, number: int) -> None:
        item = self.stash[number] if number < len(self.stash) else ""
        if isinstance(item, Element):
            self._element(item)
        elif item:
            self._raw(str(item), number)

    def _element(self, element: Element) -> None:
        tag = element.tag if isinstance(element.tag, str) else "comment"
        classes = (element.get("class") or "").split()
        own = element.attrib.get(marks.WORD)
        if own and own.isdigit():
            self._at(int(own))
            self.result.raw_tags.append(
                RawTag(tag, False, self.line, dict(element.attrib), False, False, -2)
            )
        if SKIP_CLASSES.intersection(classes):
            return
        if "toclink" in classes:
            self._text(element.text)
            for child in element:
                self._element(child)
                self._text(child.tail)
            return
        if "toc" in classes and tag == "div":
            return
        identity = element.get("id")
        if identity:
            self.result.ids.append((marks.strip(identity), self._begins(element), bool(own)))
        for key in element.attrib:
            value = str(element.attrib[key] or "")
            found = marks.MARK.search(value)
            if found and tag in ("img", "a"):
                self._at(marks.number(found[0]))
            if (
                value[:1] in "“”„"
                and value
                and key not in ("alt", "title", "href", "src", "aria-label", "content")
            ):
                self.result.odd_attributes.append((self.line, key, value))
        if tag in QUIET:
            self._code(element, tag)
        elif tag in BLOCKS:
            self._block_element(element, tag, classes)
        else:
            self._inline(element, tag, classes)

    def _begins(self, element: Element) -> int:
        """The line on which an element begins: a heading's is known by its text."""
        if re.fullmatch(r"h[1-6]", str(element.tag)):
            text = "".join(element.itertext())
            stashed = (str(self.stash[int(n)]) for n in _STASHED.findall(text))
            lines = marks.lines_in(text) or marks.lines_in("".join(stashed))
            return lines[0] if lines else self.line
        return self.line

    def _code(self, element: Element, tag: str) -> None:
        outer = self.path
        inline = tag != "pre"
        if inline:
            self._add(CODE)
        else:
            self.path = (*outer, "pre")
            self._note_child("pre")
            self._close()
        self.quiet += 1
        start = self.line
        content = []
        for text in element.itertext():
            content.append(text)
            for line in marks.lines_in(text):
                if inline:
                    self.result.span_lines.add(line)
                self._at(line)
        if inline:
            self.result.inline_code.append((start, self._plain(marks.strip("".join(content)))))
        self.quiet -= 1
        self.path = outer

    def _block_element(self, element: Element, tag: str, classes: list[str]) -> None:
        outer_path, outer_box = self.path, self.box
        if "arithmatex" in classes or tag == "math":
            formula = marks.strip("".join(element.itertext()))
            self.result.formulas.append((self.line, formula))
            self._code(element, "pre")
            return
        if tag not in ("summary",) and "admonition-title" not in classes:
            self._note_child(tag)
        kind = _box_kind(tag, classes)
        self.path = (*outer_path, tag)
        if kind:
            self._enter_box(element, kind, classes)
        is_title = tag == "summary" or "admonition-title" in classes
        # md_in_html leaves the text of an element without the attribute `markdown` as it is.
        unread = self.unread
        titled = tag == "summary" and marks.strip(element.text).startswith("#")
        self.unread += isinstance(element.text, AtomicString) and not titled
        self._open("title" if is_title else tag)
        heading = self._start_heading(element, tag)
        self._text(element.text)
        if "tabbed-set" in classes:
            self._tabs(element)
        else:
            for child in element:
                self._element(child)
                self._text(child.tail)
        text = "".join(self.pending)
        if heading is not None:
            heading.text = text.strip()
            block = self.block
            heading.line = block.line if block and text.strip() else self.line
        if is_title and self.box >= 0:
            self.result.boxes[self.box].title = text.strip()
            if any(child.tag in ("a", "button", "input") for child in element.iter()):
                self.result.boxes[self.box].interactive = "link"
        self._close()
        self.path, self.box, self.unread = outer_path, outer_box, unread

    def _start_heading(self, element: Element, tag: str) -> Heading | None:
        if len(tag) != 2 or tag[0] != "h" or tag[1] not in "123456":
            return None
        heading = Heading(
            int(tag[1]), "", marks.strip(element.get("id") or ""), self.line, self.path[:-1]
        )
        self.result.headings.append(heading)
        return heading

    def _enter_box(self, element: Element, kind: str, classes: list[str]) -> None:
        line = self.line
        names = []
        for name in classes:
            found = _LINE_CLASS.fullmatch(name)
            if found:
                line = int(found[1])
            elif name != "admonition":
                names.append(name)
        box = Box(kind, line, self.box, classes=tuple(names), index=len(self.result.boxes))
        box.number = self.numbers.get(element, 0)
        if line != self.line or kind in ("admonition", "details"):
            self.result.context.setdefault(line, "text")
            self.result.box_of.setdefault(line, self.box)
        self.result.boxes.append(box)
        outer = self.box
        self.box = box.index
        while outer >= 0:
            current = self.result.boxes[outer]
            if line != current.line:
                current.first = min(current.first or line, line)
                current.last = max(current.last, line)
            outer = current.parent
        if line > self.line:
            self.line = line

    def _tabs(self, element: Element) -> None:
        """The tabs of a set: one box for each label, filled by the content of the same place."""
        self.groups += 1
        for part in element:
            if part.tag == "input" and part.get("id"):
                self.result.ids.append((marks.strip(part.get("id") or ""), self.line, False))
        labels = [
            child
            for part in element
            for child in ([part] if part.tag == "label" else _labels(part))
        ]
        contents = [child for part in element for child in _contents(part)]
        outer = self.box
        for number, label in enumerate(labels):
            found = marks.MARK.search("".join(label.itertext()))
            line = marks.number(found[0]) if found else self.line
            box = Box(
                "tab",
                line,
                outer,
                marks.strip("".join(label.itertext())),
                index=len(self.result.boxes),
            )
            box.group = self.groups
            if found is None and number < len(contents):
                box.line = 0
            self.result.boxes.append(box)
            self.result.context.setdefault(line, "text")
            self.box = outer
            self._note_child("tab")
            if outer >= 0:
                parent = self.result.boxes[outer]
                parent.first = min(parent.first or line, line)
                parent.last = max(parent.last, line)
            self.box = box.index
            self._open("title")
            self._text(label.text)
            for child in label:
                self._element(child)
                self._text(child.tail)
            self._close()
            if number < len(contents):
                content = contents[number]
                self._open("div")
                self._text(content.text)
                for child in content:
                    self._element(child)
                    self._text(child.tail)
                self._close()
        self.box = outer

    def _inline(self, element: Element, tag: str, classes: list[str]) -> None:
        if tag == "input" or "footnote-ref" in classes:
            return
        if tag == "a":
            self._link(element)
            return
        if tag == "img":
            self._image(element)
            return
        if tag == "br":
            self._add("\n")
            return
        quiet = bool({"arithmatex", "keys"} & set(classes))
        if quiet:
            self._add(CODE)
        self.quiet += quiet
        block, start = self.block, sum(map(len, self.pending))
        self._text(element.text)
        for child in element:
            self._element(child)
            self._text(child.tail)
        if tag in ("em", "strong") and block is not None and block is self.block:
            block.emphasis.append((start, sum(map(len, self.pending))))
        self.quiet -= quiet
        if "twemoji" in classes or not (element.text or len(element)):
            self._add(OBJECT)

    def _link(self, element: Element) -> None:
        attributes = {key: marks.strip(value) for key, value in element.attrib.items()}
        href = attributes.get("href")
        link = Link(
            self._plain(href or ""),
            "",
            self.line,
            "a",
            "href",
            False,
            attributes.get("title", ""),
            attributes,
        )
        if href is not None:
            self.result.links.append(link)
        elif attributes.get("name"):
            self.result.ids.append((attributes["name"], self.line, False))
        if self.links and not self.links[-1].raw and href is not None:
            attributes["zq-nested"] = "1"
        self.links.append(link)
        found = marks.MARK.search(element.text or "")
        if found and not (element.text or "")[: found.start()].strip():
            link.line = marks.number(found[0])
        before = len(self.result.links)
        self._text(element.text)
        for child in element:
            if child.tag == "code":
                link.text += "".join(child.itertext())
            self._element(child)
            self._text(child.tail)
        self.links.pop()
        link.text = link.text.replace(CODE, "")
        if any(inner.tag == "img" for inner in self.result.links[before:]):
            link.attributes["zq-image"] = next(
                i.text for i in self.result.links[before:] if i.tag == "img"
            )

    def _plain(self, text: str) -> str:
        """The text of an attribute, without escapes and with the raw HTML that it took in."""

        def raw(found: re.Match[str]) -> str:
            number = int(found[1])
            item = self.stash[number] if number < len(self.stash) else ""
            return marks.strip(item) if isinstance(item, str) else ""

        return _unescape(_STASHED.sub(raw, text))

    def _image(self, element: Element) -> None:
        attributes = {key: marks.strip(value) for key, value in element.attrib.items()}
        self.result.links.append(
            Link(
                self._plain(attributes.get("src", "")),
                self._plain(attributes.get("alt", "")),
                self.line,
                "img",
                "src",
                False,
                attributes.get("title", ""),
                attributes,
            )
        )
        self._add(OBJECT)


def _unescape(text: str) -> str:
    text = re.sub("\x02(\\d+)\x03", lambda m: chr(int(m[1])) if int(m[1]) < 0x110000 else "", text)
    return attribute(re.sub("\x02amp\x03", "&", text), markdown=True)


def _labels(part: Element) -> list[Element]:
    if part.tag == "div" and "tabbed-labels" in (part.get("class") or ""):
        return [child for child in part if child.tag == "label"]
    return []


def _contents(part: Element) -> list[Element]:
    classes = (part.get("class") or "").split()
    if "tabbed-content" not in classes:
        return []
    blocks = [child for child in part if "tabbed-block" in (child.get("class") or "").split()]
    return blocks or [part]


def _box_kind(tag: str, classes: list[str]) -> str:
    if tag == "div" and "admonition" in classes:
        return "admonition"
    if tag in ("details", "blockquote", "li", "dd", "td", "th"):
        return tag
    return ""
