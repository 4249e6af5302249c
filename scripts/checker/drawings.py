"""SVG files that do nothing but show: an allow-list of elements, attributes and properties of style.

A drawing is a document that may run scripts and ask other hosts, and one that is put into a page is a part
of it. What is not named here is refused, so that nobody needs to know every way of doing harm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.parsers import expat

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
# What drawing programs write about a drawing inside <metadata>; no browser does anything with it.
ABOUT = (
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "http://creativecommons.org/ns#",
    "http://web.resource.org/cc/",
    "http://purl.org/dc/elements/1.1/",
)
ELEMENTS = frozenset(
    "svg g defs symbol use path rect circle ellipse line polyline polygon text tspan textPath title desc"
    " metadata linearGradient radialGradient stop clipPath mask pattern marker image".split()
)
# Each may be an attribute, and a property of the attribute `style`.
PROPERTIES = frozenset(
    "clip-path clip-rule color color-interpolation color-rendering cursor direction display"
    " dominant-baseline fill fill-opacity fill-rule font-family font-size font-size-adjust font-stretch"
    " font-style font-variant font-weight image-rendering letter-spacing marker-end marker-mid"
    " marker-start mask opacity overflow paint-order shape-rendering stop-color stop-opacity stroke"
    " stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity"
    " stroke-width text-anchor text-decoration text-rendering unicode-bidi vector-effect visibility"
    " word-spacing writing-mode".split()
)
ATTRIBUTES = PROPERTIES | frozenset(
    "about baseProfile class clipPathUnits cx cy d dx dy focusable fr fx fy gradientTransform"
    " gradientUnits height href id lang lengthAdjust markerHeight markerUnits markerWidth"
    " maskContentUnits maskUnits offset orient patternContentUnits patternTransform patternUnits points"
    " preserveAspectRatio r refX refY role rotate rx ry spreadMethod startOffset style tabindex"
    " textLength transform type version viewBox width x x1 x2 y y1 y2".split()
)
TARGET = re.compile(r"#[\w.:-]+|data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*")
STYLED = re.compile(r'(?P<before><[^<>]*?) style="(?P<style>[^"]*)"(?P<after>[^<>]*>)')
FOREIGN = re.compile(r"url\(\s*[\"']?(?!#)|image-set\(|@import|expression\(|\\", re.IGNORECASE)


class _Reader:
    """Reads a drawing from its beginning to its end and keeps what is not allowed."""

    def __init__(self, text: str, inlined: bool) -> None:
        self.inlined = inlined
        self.found: list[tuple[int, int, str]] = []
        self.inside: list[str] = []
        self.parser = parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.text
        parser.StartDoctypeDeclHandler = self.doctype
        parser.ProcessingInstructionHandler = self.instruction
        try:
            parser.Parse(text.encode("utf-8", "replace"), True)
        except expat.ExpatError as error:
            what = f"is not well-formed ({expat.errors.messages[error.code]})"
            self.found.append((error.lineno, error.offset + 1, what))

    def tell(self, what: str) -> None:
        place = (self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1)
        self.found.append((*place, what))

    def doctype(self, name: str, system: str | None, public: str | None, subset: bool) -> None:
        if subset:
            self.tell("defines entities")

    def instruction(self, target: str, data: str) -> None:
        self.tell(f"has an instruction, <?{target}>")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        self.inside.append(local)
        if space in ABOUT and "metadata" in self.inside:
            return
        if space not in (SVG, "") or local not in ELEMENTS | {"style"}:
            self.tell(f"has an element that is not allowed, <{local}>")
        elif local == "style" and self.inlined:
            self.tell("has a <style>, which would reach the whole page")
        for key, value in attributes.items():
            self.attribute(key, value)

    def end(self, name: str) -> None:
        self.inside.pop()

    def text(self, text: str) -> None:
        if self.inside[-1] == "style" and FOREIGN.search(text):
            self.tell("has a style that asks for another file")

    def attribute(self, key: str, value: str) -> None:
        space, _, local = key.rpartition(" ")
        if space and space not in (XLINK, "http://www.w3.org/XML/1998/namespace"):
            return  # of a drawing program
        if space == XLINK and local not in ("href", "title", "type"):
            self.tell(f"has an attribute that is not allowed, xlink:{local}")
        elif local == "href" and not TARGET.fullmatch(value.strip()):
            self.tell(f"leads out of itself, to '{value[:40]}'")
        elif local == "style":
            for wrong in strange(value):
                self.tell(f"has a style that is not allowed, {wrong}")
        elif not space and not _allowed(local):
            self.tell(f"has an attribute that is not allowed, {local}")
        elif local in PROPERTIES and FOREIGN.search(value):
            self.tell(f"asks for another file in its {local}, '{value[:40]}'")
        elif space and local not in ("href", "space", "lang", "title", "type"):
            self.tell(f"has an attribute that is not allowed, xml:{local}")


def _allowed(name: str) -> bool:
    return name in ATTRIBUTES or name.startswith(("aria-", "data-"))


def declarations(style: str) -> Iterator[tuple[str, str]]:
    """The properties and values of an attribute `style`."""
    for part in style.split(";"):
        name, _, value = part.partition(":")
        if name.strip():
            yield name.strip().lower(), value.strip()


def strange(style: str) -> Iterator[str]:
    """The declarations of a style that a drawing may not have."""
    for name, value in declarations(style):
        if name not in PROPERTIES or FOREIGN.search(value):
            yield f"{name}: {value[:40]}"


def faults(text: str, inlined: bool = False) -> list[tuple[int, int, str]]:
    """What a drawing has that it may not have: line, column, and what it does; said of the file.

    Args:
        text: the file.
        inlined: whether it is put into a page, which its style sheet would reach.
    """
    return _Reader(text, inlined).found


def unstyled(text: str) -> str:
    """A drawing with attributes for its styles, which a site's policy may forbid in a page."""
    return STYLED.sub(_attributes, text) if "style=" in text else text


def _attributes(match: re.Match[str]) -> str:
    tag, made = match["before"] + match["after"], ""
    for name, value in declarations(match["style"]):
        if f' {name}="' in tag:  # a style counts for more than an attribute
            tag = re.sub(rf' {name}="[^"]*"', "", tag)
        made += f' {name}="{value}"'
    end = "/>" if tag.endswith("/>") else ">"
    return tag.removesuffix(end).rstrip() + made + end
