"""What an author may put into a page: an allow-list of elements, attributes and addresses.

Raw HTML and attribute lists can run scripts, cover the page, send forms and ask other hosts. What is not
named here is refused by the check and by the build, whatever it would do; the page's policy stops a browser
from doing it as well. Drawings have an allow-list of their own.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable
from xml.etree.ElementTree import Element

from markdown import Extension, Markdown
from markdown.treeprocessors import Treeprocessor

from scripts.checker import marks
from scripts.checker.page import Page
from scripts.extensions.builder import of

ELEMENTS = frozenset(
    "a abbr article aside b blockquote br caption cite code col colgroup dd del details dfn div dl dt em"
    " figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i img input ins kbd label li mark ol p picture pre"
    " q s samp section small source span strong sub summary sup table tbody td tfoot th thead time tr u"
    " ul var audio video track wbr button".split()
)
ATTRIBUTES = frozenset(
    "abbr align alt checked cite class colspan controls datetime decoding dir disabled download for headers"
    " height hidden href hreflang id kind label lang linenums loading loop markdown media muted name open"
    " poster preload rel reversed role rowspan scope sizes span src srclang srcset start tabindex target"
    " title type value width".split()
)
ADDRESSES = ("href", "src", "srcset", "poster", "cite", "xlink:href")
SCHEMES = ("http", "https", "mailto", "tel")
INPUTS = ("checkbox", "radio")
BUTTONS = ("button",)
TAG = re.compile(
    r"<(?P<name>[a-zA-Z][^\s/>]*)(?P<attributes>(?:[^>\"']|\"[^\"]*\"|'[^']*'|[\"'])*?)(?:>|\Z)"
)
ATTRIBUTE = re.compile(
    r"(?P<name>[^\s\"'<>/=]+)(?:\s*=\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^\s>]+)))?"
)
SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):")


def element(page: Page, name: str) -> None:
    """An HTML element is not on the list of those that a page may have.

    Bad: <iframe src="https://example.org/"></iframe>
    Good: [the example](https://example.org/)
    Why: It can run scripts, send what a reader types, or show another site as if it were this one.
    """
    page.report(
        "W01", f"<{name}> may not stand in a page; write Markdown instead", page.find(f"<{name}")
    )


def attribute(page: Page, name: str, value: str, tag: str) -> None:
    """An attribute is not on the list of those that a page may have.

    Bad: [a page](other.md){ onclick="go()" }
    Good: [a page](other.md)
    Why: It can run scripts, or lay something over the page; the site's policy stops styles in pages.
    """
    written = (f'{name}="{value}"', f"{name}='{value}'", f"{name}={value}", f"{name}=", name)
    at = page.find(next(text for text in written if text in page.text or text == name))
    page.report("W02", f"{name} may not be an attribute of <{tag}>; take it out", at)


def address(page: Page, value: str, scheme: str) -> None:
    """An address is neither of the web nor of mail.

    Bad: <a href="data:text/html,words">words</a>
    Good: <a href="../other/">words</a>
    Why: It brings a page or a script with it that nobody has looked at.
    """
    text = f"an address may not begin with '{scheme}:'; link to a file or to a page of the web"
    page.report("W03", text, page.find(value))


RULES: dict[str, Callable[..., object]] = {"W01": element, "W02": attribute, "W03": address}


class _Harmless(Treeprocessor):
    """Looks at everything that is printed, after all else is done."""

    def run(self, root: Element) -> None:
        self.page = of(self.md)
        held = self.page.notes.get("held", ())  # templates of ours; an author writes none
        for node in root.iter():
            if isinstance(node.tag, str) and not any(node is one for one in held):
                self._look(node.tag, node.attrib.items())
        drawn = self.page.notes.get("drawn", ())
        for block in self.md.htmlStash.rawHtmlBlocks:
            if isinstance(block, Element):
                for node in block.iter():
                    self._look(str(node.tag), node.attrib.items())
            elif "<" in block and block not in drawn:
                for tag in TAG.finditer(self.page.plain(block)):
                    pairs = ATTRIBUTE.finditer(tag["attributes"])
                    self._look(tag["name"], [(p["name"].lower(), _value(p)) for p in pairs])

    def _look(self, tag: str, attributes: Iterable[tuple[str, str]]) -> None:
        """One element; `attributes` are the names and values as they are printed."""
        if tag.lower() not in ELEMENTS:
            element(self.page, tag)
            return
        for name, written in attributes:
            if name.startswith(("aria-", "data-")) or name == marks.WORD:
                continue
            value = self.page.plain(str(written))
            if name not in ATTRIBUTES or not _type_fits(tag.lower(), name, value):
                attribute(self.page, name, value, tag)
            elif name in ADDRESSES:
                self._address(name, value)

    def _address(self, name: str, value: str) -> None:
        plain = html.unescape(value.replace("\x02amp\x03", "&"))
        for part in plain.split(",") if name == "srcset" else [plain]:
            scheme = SCHEME.match(re.sub(r"[\x00-\x20]+", "", part).lower())
            if scheme and scheme[1] not in SCHEMES:
                address(self.page, value, scheme[1])
                return


def _value(match: re.Match[str]) -> str:
    return match["double"] or match["single"] or match["bare"] or ""


def _type_fits(tag: str, name: str, value: str) -> bool:
    """Whether an input is one of those that send nothing, and a button one that does nothing by itself."""
    if name != "type" or tag not in ("input", "button"):
        return True
    return value in (INPUTS if tag == "input" else BUTTONS)


class HarmlessExtension(Extension):
    """The allow-list of pages."""

    def extendMarkdown(self, md: Markdown) -> None:
        of(md)
        md.treeprocessors.register(_Harmless(md), "harmless", 0.7)  # the check reads at 0.5


def makeExtension(**kwargs: object) -> HarmlessExtension:
    """For Python-Markdown."""
    return HarmlessExtension(**kwargs)
