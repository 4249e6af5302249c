"""Demos: a paragraph that is one link to a module, `[Move a code](vae/demo.mjs){ .demo still=vae/plane.svg }`.

The link gets a box, the first of a page with the id `demo`, that docs/assets/demos/mount.mjs turns into the
running demo. Until then a figure of the page stands below it, its still; without a script both stay, and
the link leads to the source.
"""

from __future__ import annotations

from collections.abc import Callable
from xml.etree.ElementTree import Element

from markdown import Extension, Markdown
from markdown.treeprocessors import Treeprocessor

from scripts.checker.page import Page
from scripts.extensions.builder import of, sub


def not_alone(page: Page, source: str) -> None:
    """A demo does not stand alone in its paragraph.

    Bad: Try [the sampler](gan/gan.mjs){ .demo } now.
    Good:
        Try it:

        [the sampler](gan/gan.mjs){ .demo }
    Why: The demo takes the place of its paragraph, and the words around it would be lost.
    """
    at = page.find(f"({source})")
    page.report("D01", "a demo stands alone in its paragraph; put blank lines around it", at)


def no_module(page: Page, source: str) -> None:
    """A demo is no JavaScript module.

    Bad: [Move a code](vae/gap.svg){ .demo }
    Good: [Move a code](vae/vae.mjs){ .demo }
    Why: Only a module can be run in the box that the link gets.
    """
    at = page.find(f"({source})") + 1
    page.report("D02", f"a demo is a module, and '{source}' is none; name an .mjs file", at)


def foreign(page: Page, source: str) -> None:
    """A demo is a module of another site, or of no page.

    Bad: [Move a code](https://example.org/vae.mjs){ .demo }
    Good: [Move a code](vae/vae.mjs){ .demo }
    Why: It runs with all that the page may do, and nobody here has looked at it.
    """
    at = page.find(f"({source})") + 1
    page.report("D03", f"a demo lies below {page.docs.name}/, and '{source}' does not", at)


def no_still(page: Page, source: str, still: str) -> None:
    """The still of a demo is no drawing of this site.

    Bad: [Move a code](models/vae/vae.mjs){ .demo still=models/vae/gone.svg }
    Good: [Move a code](models/vae/vae.mjs){ .demo still=models/vae/gap.svg }
    Why: Until the demo runs, and without JavaScript, its place would be an empty box.
    """
    at = page.find(f"({source})") + 1
    page.report("D04", f"the still '{still}' of this demo is no drawing; name a figure", at)


RULES: dict[str, Callable[..., object]] = {
    "D01": not_alone,
    "D02": no_module,
    "D03": foreign,
    "D04": no_still,
}
ALTERNATIVE = "A figure of this page, shown until the demo runs"
ID = "demo"
"""Of the first demo of a page: where the lists of demos lead."""


class _Demos(Treeprocessor):
    """Boxes for demos."""

    def run(self, root: Element) -> None:
        if not any("demo" in (link.get("class") or "").split() for link in root.iter("a")):
            return
        name = ID
        for paragraph in list(root.iter("p")):
            links = [a for a in paragraph.iter("a") if "demo" in (a.get("class") or "").split()]
            if not links:
                continue
            page = of(self.md)
            link = links[0]
            source = link.get("href", "")
            still = link.attrib.pop("still", "")
            alone = len(paragraph) == 1 and not (paragraph.text or "").strip()
            if not alone or (link.tail or "").strip():
                not_alone(page, source)
                continue
            if not source.endswith(".mjs"):
                no_module(page, source)
                continue
            if page.folder is not None and page.target(source) is None:
                foreign(page, source)
                link.set("class", "")
                continue
            paragraph.tag = "div"
            paragraph.set("class", "demo")
            if name:
                paragraph.set("id", name)
                name = ""
            if still:
                _still(page, paragraph, source, still)


def _still(page: Page, box: Element, source: str, still: str) -> None:
    """The picture before the start; what it shows is told where it stands as a figure."""
    path = page.target(still)
    if page.folder is not None and (path is None or path.suffix != ".svg" or not path.is_file()):
        no_still(page, source, still)
        return
    sub(box, "img", class_="demo-still figure-late", src=still, alt=ALTERNATIVE)


class DemosExtension(Extension):
    """Boxes for demos."""

    def extendMarkdown(self, md: Markdown) -> None:
        of(md)
        # Before the builder notes what can be linked to (5), and images (4) get their size.
        md.treeprocessors.register(_Demos(md), "demos", 5.5)


def makeExtension(**kwargs: object) -> DemosExtension:
    """For Python-Markdown."""
    return DemosExtension(**kwargs)
