"""Demos: a paragraph that is one link to a module, `[Move a code](vae/demo.mjs){ .demo }`.

The link gets a box that docs/assets/demos/mount.mjs turns into the running demo; without a script it
stays a link to the source.
"""

from __future__ import annotations

from collections.abc import Callable
from xml.etree.ElementTree import Element

from markdown import Extension, Markdown
from markdown.treeprocessors import Treeprocessor

from scripts.checker.page import Page
from scripts.extensions.builder import of


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


RULES: dict[str, Callable[..., object]] = {"D01": not_alone, "D02": no_module, "D03": foreign}


class _Demos(Treeprocessor):
    """Boxes for demos."""

    def run(self, root: Element) -> None:
        if not any("demo" in (link.get("class") or "").split() for link in root.iter("a")):
            return
        for paragraph in list(root.iter("p")):
            links = [a for a in paragraph.iter("a") if "demo" in (a.get("class") or "").split()]
            if not links:
                continue
            page = of(self.md)
            link = links[0]
            source = link.get("href", "")
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


class DemosExtension(Extension):
    """Boxes for demos."""

    def extendMarkdown(self, md: Markdown) -> None:
        of(md)
        md.treeprocessors.register(_Demos(md), "demos", 4)


def makeExtension(**kwargs: object) -> DemosExtension:
    """For Python-Markdown."""
    return DemosExtension(**kwargs)
