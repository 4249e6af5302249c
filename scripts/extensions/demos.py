"""Demos: a paragraph that is one link to a module, `[Move a code](vae/demo.mjs){ .demo }`.

The link gets a box that docs/assets/demos/mount.mjs turns into the running demo; without a script it
stays a link to the source. `{ .demo height=420 }` keeps that many pixels free for the demo.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from markdown import Extension, Markdown
from markdown.treeprocessors import Treeprocessor

from scripts.extensions.page import of


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
                page.report("a demo stands alone in its paragraph", page.find(f"({source})"))
                continue
            if not source.endswith(".mjs"):
                page.report(f"a demo is a module; '{source}' is none", page.find(f"({source})") + 1)
                continue
            paragraph.tag = "div"
            paragraph.set("class", "demo")
            height = link.attrib.pop("height", "")
            if height.isdigit():
                paragraph.set("style", f"--demo-height: {height}px")


class DemosExtension(Extension):
    """Boxes for demos."""

    def extendMarkdown(self, md: Markdown) -> None:
        of(md)
        md.treeprocessors.register(_Demos(md), "demos", 4)


def makeExtension(**kwargs: object) -> DemosExtension:
    """For Python-Markdown."""
    return DemosExtension(**kwargs)
