"""Figures: a paragraph that begins with images alone on their lines; the rest is the caption.

    ![What the picture shows, in one or two sentences](vae/gap.svg)
    **The gap closes.** What to see, in one to three sentences.

SVG files are put into the page, so that they follow its colours. Figures are numbered, have the id
`fig-` and the folder and name of their first file (or `{#fig-name}` at the end of the caption), and link to their
files and to the CSV files of the same names. Other images are loaded when they come near, with their size known before.

Beside `diagram.svg` may lie `diagram.narrow.svg`, the same drawn for a phone: both are put into the page, and
its style shows the one that fits. They share the label, and neither comes late.

An attribute list behind an image, `{ width=300 }`, is read as anywhere. With `{ align=right }` in it the image
stands beside the text that follows, and is no figure.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from markdown import Extension, Markdown
from markdown.blockparser import BlockParser
from markdown.blockprocessors import BlockProcessor
from markdown.extensions.attr_list import get_attrs_and_remainder
from markdown.treeprocessors import Treeprocessor

from scripts.checker import drawings, files
from scripts.checker.page import Page
from scripts.extensions import palette
from scripts.extensions.builder import of, sub
from scripts.extensions.mathematics import SHOW
from scripts.extensions.numbers import identifier

IMAGE = re.compile(
    r"[ ]{0,3}!\[(?P<alt>(?:[^\[\]\\]|\\.|\[[^\[\]]*\])*)\]"
    r"\([ ]*(?P<source><[^>\n]*>|[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)(?:[ ]+\"[^\"\n]*\")?[ ]*\)"
    r"(?P<list>\{[^{}\n]*\})?[ ]*"
)
ASIDE = re.compile(r"\balign[ ]*=")
WIDTH = re.compile(r"\d+(?:px|%)?|\d+(?:\.\d+)?r?em")
NAMED = re.compile(r"[ \n]*\{:?[ ]*#(?P<id>[\w-]+)[ ]*\}[ ]*\Z")
INLINED = 40_000  # characters of drawings in one page beside its diagrams, about 9 kB compressed


@dataclass(frozen=True)
class Drawing:
    """An SVG file made ready to stand in a page, but for its label."""

    head: str
    body: str
    problem: str = ""


def read_svg(path: Path) -> Drawing:
    """An SVG without prolog, comments and metadata; its ids carry its name, so that they stay unique."""
    text = files.read(path)
    text = re.sub(r"<!--.*?-->|<metadata\b.*?</metadata>", "", text, flags=re.DOTALL)
    text = text[max(text.find("<svg"), 0) :].strip()
    for _, _, wrong in drawings.faults(text, inlined=True):
        return Drawing("", "", f"{path.name} {wrong}")
    text = palette.following(drawings.unstyled(text))
    stem = identifier(path.as_posix())
    text = re.sub(r'(\s)id="([^"]+)"', rf'\1id="{stem}-\2"', text)
    text = re.sub(r'href="#([^"]+)"', rf'href="#{stem}-\1"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{stem}-\1)", text)
    text = re.sub(r'(aria-(?:labelledby|describedby))="([^"]+)"', "", text)
    opening, _, body = text.partition(">")
    return _drawing(path, opening, body)


def _drawing(path: Path, opening: str, body: str) -> Drawing:
    attributes = dict(re.findall(r'([\w:.-]+)="([^"]*)"', opening))
    size = [re.match(r"[\d.]+", attributes.pop(name, "")) for name in ("width", "height")]
    if "viewBox" not in attributes:
        if size[0] is None or size[1] is None:
            return Drawing("", "", f"{path.name} has no viewBox, so that its shape is unknown")
        attributes["viewBox"] = f"0 0 {size[0][0]} {size[1][0]}"
    for name in (
        "role",
        "aria-label",
        "xmlns",
        "xmlns:xlink",
        "version",
        "baseProfile",
        "class",
        "data-csv",
    ):
        attributes.pop(name, None)
    if "xlink:" in body:
        body = body.replace("xlink:href", "href")
    width = float(re.split(r"[\s,]+", attributes["viewBox"].strip())[2])
    attributes["width"] = f"{width:g}"
    body = re.sub(r"\A\s*<title\b.*?</title>", "", body, flags=re.DOTALL)
    body = (
        re.sub(r">\s+<", "><", body) if "<text" not in body else re.sub(r">\s*\n\s*<", "><", body)
    )
    body = _flat(body)
    head = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return Drawing(head, body)


def _flat(body: str) -> str:
    """The drawing without groups that say nothing."""
    parts = re.split(r"(<g>|<g\s[^>]*[^/]>|</g>)", body)
    kept: list[bool] = []
    for index in range(1, len(parts), 2):
        if parts[index] == "</g>":
            parts[index] = "</g>" if kept and kept.pop() else ""
        else:
            kept.append(parts[index] != "<g>")
            parts[index] = parts[index] if kept[-1] else ""
    return "".join(parts)


def image_size(path: Path) -> tuple[int, int] | None:
    """Width and height of an SVG, PNG, GIF, JPEG or WebP file, from its first bytes."""
    data = path.read_bytes()
    if box := re.search(
        rb"<svg\b[^>]*?\sviewBox=\"[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)\"", data[:2000]
    ):
        return round(float(box[1])), round(float(box[2]))
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return struct.unpack(">II", data[16:24])
    if data[:4] == b"GIF8":
        return struct.unpack("<HH", data[6:10])
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    at = 2
    while data[:2] == b"\xff\xd8" and at + 9 < len(data):
        kind, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + length
    return None


def _webp(data: bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if kind == b"VP8X":
        return (
            int.from_bytes(data[24:27], "little") + 1,
            int.from_bytes(data[27:30], "little") + 1,
        )
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return None


def no_caption(page: Page, written: str) -> None:
    """A figure has no caption.

    Bad: ![The gap shrinks](vae/gap.svg)
    Good:
        ![The gap shrinks](vae/gap.svg)
        The bound touches the evidence.
    Why: A picture without a sentence is decoration, and a figure without a caption has no number.
    """
    at = page.find(written.strip())
    page.report("G01", "the figure has no caption; say on the next line what to see", at)


def no_alternative(page: Page, written: str) -> None:
    """A figure has no alternative text.

    Bad: ![](vae/gap.svg)
    Good: ![The bound approaches the log-likelihood while the gap shrinks](vae/gap.svg)
    Why: Who cannot see the picture gets nothing.
    """
    at = page.find(written.strip())
    page.report(
        "G02", "the image has no alternative text; say between the brackets what it shows", at
    )


def outside(page: Page, source: str) -> None:
    """A figure does not lie below docs/.

    Bad: ![Points](https://example.com/points.svg)
    Good: ![Points](gan/points.svg)
    Why: It can vanish or change, and it tells another host who reads the page.
    """
    page.report("G03", f"{source} is not below docs/; keep a copy there", page.find(source))


def missing(page: Page, source: str) -> None:
    """The drawing of a figure is missing.

    Bad: ![The gap](vae/gpa.svg)
    Good: ![The gap](vae/gap.svg)
    Why: The page has a caption and no picture.
    """
    at = page.find(source)
    page.report("G04", f"the figure {source} is missing; draw it with its recipe", at)


def unfit(page: Page, source: str, fault: str) -> None:
    """A drawing cannot stand in a page.

    Bad: an SVG file with a style element, a script, a link to another host, or no viewBox
    Good: an SVG file of shapes with their own attributes and a viewBox
    Why: A drawing becomes part of its page: its styles and scripts would reach all of it.
    """
    page.report("G05", f"{fault}; mend the recipe and draw it again", page.find(source))


RULES: dict[str, Callable[..., object]] = {
    "G01": no_caption,
    "G02": no_alternative,
    "G03": outside,
    "G04": missing,
    "G05": unfit,
}


def _image(page: Page, line: str) -> re.Match[str] | None:
    """An image alone on its line; a mark of the check stands inside its brackets, or else before it."""
    match = IMAGE.fullmatch(line) or IMAGE.fullmatch(page.plain(line))
    return None if match and ASIDE.search(match["list"] or "") else match


def _attributes(written: str | None) -> dict[str, str]:
    """What an attribute list behind an image says."""
    pairs, _ = get_attrs_and_remainder((written or "").strip("{: }"))
    return {"class" if name == "." else name: value for name, value in pairs if name != "loading"}


def _fit(head: str, attributes: dict[str, str]) -> str:
    """The head of a drawing with the width that its author wishes; it is narrower where there is no room."""
    width = attributes.get("width", "")
    if not WIDTH.fullmatch(width):
        return head
    return re.sub(r' width="[^"]*"', f' width="{width.removesuffix("px")}"', head)


class _Figure(BlockProcessor):
    """A paragraph that begins with images alone on their lines."""

    def __init__(self, parser: BlockParser, md: Markdown) -> None:
        super().__init__(parser)
        self.md = md

    def test(self, parent: Element, block: str) -> bool:
        first = block.lstrip("\n").split("\n")[0]
        return "](" in first and bool(_image(of(self.md), first))

    def run(self, parent: Element, blocks: list[str]) -> bool:
        lines = blocks.pop(0).strip("\n").split("\n")
        images = []
        page = of(self.md)
        while lines and (match := _image(page, lines[0])):
            source = match["source"].strip("<>")
            images.append((match["alt"].strip(), source, match[0], _attributes(match["list"])))
            lines.pop(0)
        caption = "\n".join(line.strip() for line in lines)
        named = NAMED.search(caption)
        caption = NAMED.sub("", caption)
        name = named["id"] if named else f"fig-{identifier(images[0][1])}"
        figure = sub(parent, "figure", class_="figure", id=name, data_number="figure")
        if len(images) > 1:
            figure.set("class", f"figure figure-{len(images)}")
        panels = sub(figure, "div", class_="figure-panels")
        files = [self._panel(panels, page, *image) for image in images]
        if not caption:
            no_caption(page, images[-1][2])
        words = sub(figure, "figcaption")
        number = sub(words, "span", class_="figure-number", data_label="figure")
        number.tail = f" {caption}"
        self._data(words, [name for name, _ in files], [name for _, name in files])
        return True

    def _panel(
        self,
        panels: Element,
        page: Page,
        alt: str,
        source: str,
        written: str,
        attributes: dict[str, str],
    ) -> tuple[str, str]:
        """One image of a figure. Returns the links to the drawing and to its numbers, if they are there."""
        alt = re.sub(r"\\([\\`*_{}\[\]()#+.!-])", r"\1", alt.translate(SHOW))
        if not page.plain(alt):
            no_alternative(page, written)
        path = page.target(source.partition("#")[0])
        if path is not None:
            page.reads(path)
        elif page.folder is not None:
            outside(page, source)
        # A drawing for one colour scheme, `#only-dark`, is told by its address.
        if path is None or path.suffix.lower() != ".svg" or "#" in source:
            sub(panels, "img", src=source, alt=alt, **attributes)
            return "", ""
        if not path.is_file():
            missing(page, source)
            return "", ""
        drawing = files.load(path, read_svg)
        if drawing.problem:
            unfit(page, source, drawing.problem)
            return "", ""
        numbers = path.with_suffix(".csv")
        page.reads(numbers)
        link = re.sub(r"\.svg$", ".csv", source) if numbers.is_file() else ""
        narrow = path.with_suffix(".narrow.svg")
        page.reads(narrow)
        if narrow.is_file():
            panels.set("class", "figure-panels figure-diagram")
            self._twice(panels, page, alt, source, drawing, files.load(narrow, read_svg))
            return source, link
        inlined = page.notes["inlined"] = page.notes.get("inlined", 0) + len(drawing.body)
        if inlined > INLINED:  # a page with many figures stays light: the later ones come late
            holder = sub(panels, "div", class_="figure-panel")
            box = re.search(r'viewBox="[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)"', drawing.head)
            width, height = (float(box[1]), float(box[2])) if box else (360.0, 270.0)
            wished = re.fullmatch(r"(\d+)(?:px)?", attributes.get("width", ""))
            scale = float(wished[1]) / width if wished else 1.0
            image = sub(holder, "img", class_="figure-late", src=source, alt=alt)
            image.set("width", f"{width * scale:g}")
            image.set("height", f"{height * scale:g}")
            return source, link
        self._inline(panels, page, alt, _fit(drawing.head, attributes), drawing.body)
        return source, link

    def _inline(
        self, panels: Element, page: Page, alt: str, head: str, body: str, kind: str = ""
    ) -> None:
        """Put a drawing into the page."""
        label = alt.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
        html = f'<svg role="img" aria-label="{label}"{head}>{body}'
        page.notes.setdefault("drawn", set()).add(html)  # it is harmless: its file has been read
        name = f"figure-panel {kind}".strip()
        holder = sub(panels, "div", class_=name, data_search_exclude="true")
        holder.text = self.md.htmlStash.store(html)

    def _twice(
        self,
        panels: Element,
        page: Page,
        alt: str,
        source: str,
        wide: Drawing,
        narrow: Drawing,
    ) -> None:
        """Put both drawings of a diagram into the page."""
        if narrow.problem:
            unfit(page, source, narrow.problem)
            return
        self._inline(panels, page, alt, wide.head, wide.body, "diagram-wide")
        self._inline(panels, page, alt, narrow.head, narrow.body, "diagram-narrow")

    @staticmethod
    def _data(words: Element, drawings: list[str], numbers: list[str]) -> None:
        """The line with the files of a figure: to look at, and to use elsewhere."""
        given = [("Numbers: ", numbers), ("Picture: ", drawings)]
        lists = [(head, [link for link in links if link]) for head, links in given]
        lists = [(head, links) for head, links in lists if links]
        if not lists:
            return
        line = sub(words, "span", class_="figure-data")
        words[0].tail = (words[0].tail or "") + " "
        for head, links in lists:
            if len(line):
                line[-1].tail = f". {head}"
            else:
                line.text = head
            for link in links:
                made = sub(line, "a", link.rpartition("/")[2], href=link)
                made.tail = ", " if link != links[-1] else ""


class _Images(Treeprocessor):
    """Images beside drawings: their size, so that nothing moves, their side, and loading when they come near."""

    def run(self, root: Element) -> None:
        page: Page | None = None
        for image in root.iter("img"):
            page = page or of(self.md)
            image.set("loading", "lazy")
            image.set("decoding", "async")
            side = image.attrib.pop("align", "")
            if side:  # an attribute that browsers alone still know
                image.set("class", f"{image.get('class', '')} align-{side}".strip())
            path = page.target(image.get("src", "").partition("#")[0])
            if path is None or not path.is_file():
                continue
            page.reads(path)
            size = files.load(path, image_size)
            width = image.get("width", "")
            if size and not image.get("height") and (not width or width.isdigit()):
                image.set("width", width or str(size[0]))
                high = size[1] * int(width or size[0]) / size[0]
                image.set("height", str(round(high)))


class FiguresExtension(Extension):
    """Numbered figures and well-behaved images."""

    def extendMarkdown(self, md: Markdown) -> None:
        of(md)
        md.parser.blockprocessors.register(_Figure(md.parser, md), "figures", 76)
        md.treeprocessors.register(_Images(md), "figures-images", 4)


def makeExtension(**kwargs: object) -> FiguresExtension:
    """For Python-Markdown."""
    return FiguresExtension(**kwargs)
